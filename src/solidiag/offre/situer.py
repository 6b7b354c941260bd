"""Mise des services sur le code officiel géographique courant, point vérifié."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from rapidfuzz import fuzz

from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.cadre import Cadre
from solidiag.offre.noms import cle_commune

_NOMS_PROCHES = 85.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    code: str | None
    remarque: str = ""


def situer(services: pl.DataFrame, cadre: Cadre) -> pl.DataFrame:
    """Renvoie les services avec ``code_insee`` du COG courant et un point vérifié.

    La commune vient du code du fichier, ou du couple code postal et nom. Quand le nom dit une
    autre commune que le code et qu'il n'en désigne qu'une, c'est le nom qui l'emporte, et une
    remarque le dit. Un point trop loin de sa commune est écarté : ``precision_geo`` devient
    ``douteuse`` et le point de la commune est pris. Un service sans point reçoit celui de sa
    commune (``commune``). Aucune ligne ne disparaît : sans commune, ``code_insee`` est vide.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`, telle que lue.
    """
    memoire: dict[tuple[object, ...], _Place] = {}
    codes: list[str | None] = []
    communes: list[str | None] = []
    latitudes: list[float | None] = []
    longitudes: list[float | None] = []
    precisions: list[str] = []
    remarques: list[str | None] = []
    colonnes = (
        "code_insee", "code_postal", "commune", "latitude", "longitude", "precision_geo",
        "remarque",
    )  # fmt: skip
    for code, cp, nom, latitude, longitude, precision, remarque in services.select(
        colonnes
    ).iter_rows():
        cle = (code, cp, nom) if code else (code, cp, nom, latitude, longitude)
        place = memoire.get(cle)
        if place is None:
            place = _placer(cadre, code, cp, nom, latitude, longitude)
            memoire[cle] = place
        lat, lon, quelle = _point(cadre, place.code, latitude, longitude, precision)
        notes = [note for note in (remarque, place.remarque) if note]
        if quelle == "douteuse":
            notes.append("point du fichier hors de la commune, remplacé par celui de la commune")
        codes.append(place.code)
        communes.append(cadre.fiches[place.code][0] if place.code else nom)
        latitudes.append(lat)
        longitudes.append(lon)
        precisions.append(quelle)
        remarques.append(" ; ".join(notes) or None)
    table = services.with_columns(
        pl.Series("code_insee", codes, dtype=pl.String),
        pl.Series("commune", communes, dtype=pl.String),
        pl.Series("latitude", latitudes, dtype=pl.Float64),
        pl.Series("longitude", longitudes, dtype=pl.Float64),
        pl.Series("precision_geo", precisions, dtype=pl.String),
        pl.Series("remarque", remarques, dtype=pl.String),
    )
    return mettre_au_schema(table, SERVICES)


def _placer(
    cadre: Cadre,
    code: str | None,
    code_postal: str | None,
    nom: str | None,
    latitude: float | None,
    longitude: float | None,
) -> _Place:
    actuel = cadre.actuel(code)
    if actuel is not None:
        return _verifier_nom(cadre, actuel, code_postal, nom)
    par_nom = _par_nom(cadre, code_postal, nom)
    if len(par_nom) == 1:
        return _Place(code=par_nom[0])
    candidats = par_nom or cadre.par_code_postal.get(code_postal or "", [])
    proche = _nom_le_plus_proche(cadre, candidats, nom)
    if proche is not None:
        return _Place(code=proche)
    if len(candidats) == 1:
        fiche = cadre.fiches[candidats[0]]
        remarque = (
            f"commune dite « {nom} », incompatible avec le code postal {code_postal} : "
            f"commune du code postal retenue ({fiche[0]})"
            if nom
            else "commune déduite du code postal"
        )
        return _Place(code=candidats[0], remarque=remarque)
    voisin = _point_le_plus_proche(cadre, candidats, latitude, longitude)
    if voisin is not None:
        return _Place(code=voisin, remarque="commune déduite du code postal et du point")
    return _Place(code=None, remarque="commune inconnue" if nom or code_postal else "")


def _verifier_nom(cadre: Cadre, code: str, code_postal: str | None, nom: str | None) -> _Place:
    if not nom or fuzz.ratio(cle_commune(nom), cle_commune(cadre.fiches[code][0])) >= _NOMS_PROCHES:
        return _Place(code=code)
    if code in cadre.par_code_postal.get(code_postal or "", []):
        return _Place(code=code)
    autres = _par_nom(cadre, code_postal, nom)
    if len(autres) == 1 and autres[0] != code:
        return _Place(
            code=autres[0],
            remarque=(
                f"code du fichier ({code}) contredit par le nom et le code postal : commune du "
                "nom retenue"
            ),
        )
    return _Place(code=code)


def _par_nom(cadre: Cadre, code_postal: str | None, nom: str | None) -> list[str]:
    """Renvoie les communes de ce nom, du code postal d'abord, du département sinon."""
    if not nom or not code_postal:
        return []
    cle = cle_commune(nom)
    candidats = cadre.par_code_postal.get(code_postal, [])
    exacts = [code for code in candidats if cle_commune(cadre.fiches[code][0]) == cle]
    if exacts:
        return exacts
    for departement in _departements(code_postal):
        trouves = cadre.de_ce_nom(departement, cle)
        if trouves:
            return trouves
    return []


def _departements(code_postal: str) -> tuple[str, ...]:
    if code_postal.startswith("20"):
        return ("2A", "2B")
    if code_postal.startswith("97"):
        return (code_postal[:3],)
    return (code_postal[:2],)


def _nom_le_plus_proche(cadre: Cadre, candidats: list[str], nom: str | None) -> str | None:
    if not nom:
        return None
    cle = cle_commune(nom)
    notes = sorted(
        ((fuzz.ratio(cle, cle_commune(cadre.fiches[code][0])), code) for code in candidats),
        reverse=True,
    )
    if notes and notes[0][0] >= _NOMS_PROCHES and (len(notes) == 1 or notes[1][0] < notes[0][0]):
        return notes[0][1]
    return None


def _point_le_plus_proche(
    cadre: Cadre, candidats: list[str], latitude: float | None, longitude: float | None
) -> str | None:
    if latitude is None or longitude is None:
        return None
    ecarts = [
        (ecart, code)
        for code in candidats
        if (ecart := cadre.ecart_km(code, latitude, longitude)) is not None
    ]
    ecarts.sort()
    return ecarts[0][1] if ecarts and ecarts[0][0] <= cadre.rayon_km(ecarts[0][1]) else None


def _point(
    cadre: Cadre,
    code: str | None,
    latitude: float | None,
    longitude: float | None,
    precision: str | None,
) -> tuple[float | None, float | None, str]:
    if code is None:
        return latitude, longitude, precision or "inconnue"
    _, _, lat, lon, _ = cadre.fiches[code]
    if latitude is None or longitude is None:
        return lat, lon, "commune" if lat is not None else "inconnue"
    ecart = cadre.ecart_km(code, latitude, longitude)
    if ecart is not None and ecart > cadre.rayon_km(code):
        return lat, lon, "douteuse"
    return latitude, longitude, precision or "inconnue"
