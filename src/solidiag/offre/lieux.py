"""Lieux où l'on se rend : un par service, un par arrêt d'une tournée ; l'aller-vers à part.

Un bus noté par un seul point n'est pas un lieu : sa desserte n'est pas connue, et lui prêter ce
point donnerait un temps faux ; s'il dit la zone où il vient, il est à portée de toute cette zone,
comme un service à domicile dont la zone est connue. Un service à distance (téléphone,
visioconférence) ne se rejoint pas : il est compté à part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from solidiag.catalogue.acces import ReglagesAcces
from solidiag.offre.eligibilite import FRANCE
from solidiag.offre.horaires import Semaine, lire_horaires

LIEUX: dict[str, pl.DataType] = {
    "id": pl.String(),
    "service": pl.String(),
    "categorie": pl.String(),
    "domaines": pl.List(pl.String()),
    "source": pl.String(),
    "date_source": pl.String(),
    "code": pl.String(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "genre": pl.String(),
    "poids": pl.Float64(),
    "poids_connu": pl.Boolean(),
    "capacite": pl.Float64(),
    "capacite_bas": pl.Float64(),
    "capacite_haut": pl.Float64(),
    "capacite_unite": pl.String(),
    "samedi": pl.Boolean(),
    "soir": pl.Boolean(),
    "zone": pl.List(pl.String()),
    "saturation": pl.String(),
    "delai_jours": pl.Float64(),
}
"""Un lieu par ligne.

``service`` est commun aux arrêts d'une même tournée. ``genre`` : ``lieu``, ``arret``,
``permanence``, ``domicile`` (vient dans sa zone), ou à part : ``itinerant`` (desserte non connue),
``distance``, ``domicile_sans_zone``. ``poids`` : ce que vaut le lieu, 1 pour un accueil ordinaire.
``samedi`` et ``soir`` : vides si les horaires ne sont pas connus. ``capacite_bas``,
``capacite_haut`` : bornes entre les sources qui décrivent le même service.
"""

A_PART: dict[str, str] = {
    "itinerant": "itinérants à la desserte non connue",
    "domicile_sans_zone": "à domicile, sans zone connue",
    "distance": "à distance",
}
"""Genres que l'on ne rejoint pas, en mots."""


@dataclass(frozen=True, kw_only=True)
class _Ligne:
    champs: dict[str, Any]
    semaine: Semaine | None

    def __getitem__(self, nom: str) -> Any:
        return self.champs[nom]


def lieux(services: pl.DataFrame, reglages: ReglagesAcces) -> pl.DataFrame:
    """Renvoie les lieux d'une table de services (schéma `LIEUX`).

    Parameters
    ----------
    services
        Schéma `SERVICES`, doublons réunis ; un service fermé n'est pas compté.
    reglages
        Signes d'un service itinérant, heure du soir, poids d'une permanence.
    """
    ouverts = services.filter(pl.col("fermeture").fill_null("") == "").with_columns(
        service=pl.coalesce("groupe", "id")
    )
    ouverts = ouverts.with_columns(seconde=pl.col("id") != pl.col("service")).sort(
        "service", "categorie", "seconde", "id"
    )
    tournees: dict[tuple[str, str, str], list[_Ligne]] = {}
    lignes: list[dict[str, Any]] = []
    for _, groupe in groupby(ouverts.to_dicts(), key=itemgetter("service", "categorie")):
        ligne = _reunir(list(groupe))
        genre = _genre(ligne, reglages.signes_itinerants)
        if genre == "itinerant":
            cle = (
                ligne["source"] or "",
                ligne["structure"] or ligne["nom"] or "",
                ligne["categorie"],
            )
            tournees.setdefault(cle, []).append(ligne)
        else:
            lignes.append(_lieu(ligne, genre, reglages, service=ligne["service"]))
    for arrets in tournees.values():
        lignes += _tournee(arrets, reglages)
    return pl.DataFrame(lignes, schema=LIEUX).sort("id", "categorie")


def _reunir(lignes: Sequence[dict[str, Any]]) -> _Ligne:
    """Réunit les lignes d'un service : la ligne gardée d'abord, complétée par les autres."""
    champs = {
        nom: next((ligne[nom] for ligne in lignes if ligne[nom] not in (None, [])), None)
        for nom in lignes[0]
    }
    recentes = sorted(lignes, key=lambda ligne: str(ligne["date_source"] or ""), reverse=True)
    for nom in ("capacite", "saturation", "delai_jours", "heures_hebdo", "date_source"):
        champs[nom] = next((ligne[nom] for ligne in recentes if ligne[nom] is not None), None)
    dites = [ligne for ligne in recentes if ligne["capacite"] is not None]
    champs["capacite_unite"] = dites[0]["capacite_unite"] if dites else None
    capacites = [
        ligne["capacite"] for ligne in dites if ligne["capacite_unite"] == champs["capacite_unite"]
    ]
    champs["capacite_bas"] = min(capacites, default=None)
    champs["capacite_haut"] = max(capacites, default=None)
    textes = (texte for ligne in lignes for texte in (ligne["horaires_osm"], ligne["horaires"]))
    semaine = next((lue for texte in textes if (lue := lire_horaires(texte)) is not None), None)
    return _Ligne(champs=champs, semaine=semaine)


def _genre(ligne: _Ligne, signes: Sequence[str]) -> str:
    dit = ligne["aller_vers"]
    remarque = ligne["remarque"] or ""
    if dit == "itinerant" or (dit is None and any(signe in remarque for signe in signes)):
        return "itinerant"
    if dit == "distance" or (dit is None and ligne["modes_accueil"] == ["a-distance"]):
        return "distance"
    if dit == "domicile":
        return "domicile" if ligne["zone_eligibilite"] else "domicile_sans_zone"
    return "permanence" if dit == "permanence" else "lieu"


def _zone_dite(ligne: _Ligne) -> bool:
    """Dit si une tournée sans arrêts connus dit la zone où elle vient, plus petite que le pays."""
    zone = ligne["zone_eligibilite"] or []
    return bool(zone) and FRANCE not in {str(code).lower() for code in zone}


def _lieu(
    ligne: _Ligne,
    genre: str,
    reglages: ReglagesAcces,
    *,
    service: str,
    arrets: int = 1,
) -> dict[str, Any]:
    semaine = ligne.semaine
    heures = ligne["heures_hebdo"] or (semaine.heures if semaine else None)
    poids, connu = 1.0, True
    if genre == "permanence" or (genre == "arret" and heures):
        connu = bool(heures)
        poids = min(1.0, heures / reglages.permanence.heures_reference) if heures else 1.0
    elif genre == "arret":
        poids, connu = 1.0 / arrets, False
    return {
        "id": ligne["id"],
        "service": service,
        "categorie": ligne["categorie"],
        "domaines": ligne["domaines"],
        "source": ligne["source"],
        "date_source": ligne["date_source"],
        "code": ligne["code_insee"],
        "latitude": ligne["latitude"],
        "longitude": ligne["longitude"],
        "genre": genre,
        "poids": poids,
        "poids_connu": connu,
        "capacite": ligne["capacite"],
        "capacite_bas": ligne["capacite_bas"],
        "capacite_haut": ligne["capacite_haut"],
        "capacite_unite": ligne["capacite_unite"],
        "samedi": semaine.samedi if semaine else None,
        "soir": semaine.apres(reglages.soir * 60) if semaine else None,
        "zone": ligne["zone_eligibilite"],
        "saturation": ligne["saturation"],
        "delai_jours": ligne["delai_jours"],
    }


def _tournee(arrets: Sequence[_Ligne], reglages: ReglagesAcces) -> list[dict[str, Any]]:
    """Arrêts d'une tournée, ou un service à la desserte non connue s'il n'a qu'un point."""
    points = {(a["latitude"], a["longitude"]) for a in arrets if a["latitude"] is not None}
    if len(points) < 2:
        return [
            _lieu(
                arret,
                "domicile" if _zone_dite(arret) else "itinerant",
                reglages,
                service=arret["service"],
            )
            for arret in arrets
        ]
    service = arrets[0]["service"]
    return [
        _lieu(arret, "arret", reglages, service=service, arrets=len(arrets)) for arret in arrets
    ]
