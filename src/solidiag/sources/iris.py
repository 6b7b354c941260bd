"""Points d'Iris qu'une personne fournit : un tableau d'Iris avec un point et des habitants.

Le tableau a quatre colonnes, dont le nom est reconnu en majuscules ou minuscules : ``code_iris``
(neuf caractères, dont les cinq premiers sont la commune), ``latitude`` et ``longitude`` en degrés,
``population``. Ce n'est le fichier d'aucun producteur : la personne le tire des contours des Iris
et de leur population.
"""

from __future__ import annotations

import csv
import io
import math
import re

import polars as pl

from solidiag.errors import ClasseurFautif, FormatInattendu
from solidiag.sources.carreaux import CARREAUX

SOURCE = "personne.iris"

_COLONNES: dict[str, tuple[str, ...]] = {
    "code_iris": ("code_iris", "codeiris", "iris"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "population": ("population", "pop", "habitants"),
}
_CODE = re.compile(r"^(?:\d{9}|2[AB]\d{7})$")
_SANS_ZERO = re.compile(r"^\d{8}$")
_PLUS_AU_NORD = 90.0


def est_un_tableau_d_iris(premiere_ligne: str) -> bool:
    """Dit si une ligne d'en-tête a les quatre colonnes."""
    return len(_places(_coupee(premiere_ligne))) == len(_COLONNES)


def lire_iris(octets: bytes, *, fichier: str) -> pl.DataFrame:
    """Renvoie les points des Iris (schéma `CARREAUX`), superficie inconnue.

    Raises
    ------
    FormatInattendu
        Si une colonne manque, ou si le fichier n'est pas du texte.
    ClasseurFautif
        Avec toutes les lignes fautives : code, coordonnées ou population illisibles.
    """
    try:
        texte = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        texte = octets.decode("cp1252", errors="replace")
    lignes = texte.splitlines()
    entete = _coupee(lignes[0]) if lignes else []
    places = _places(entete)
    manquantes = [nom for nom in _COLONNES if nom not in places]
    if manquantes:
        raise FormatInattendu(
            SOURCE, fichier, trouve=", ".join(entete[:8]) or "rien", attendu=", ".join(manquantes)
        )
    separateur = _separateur(lignes[0])
    lues: list[dict[str, object]] = []
    fautes: list[str] = []
    vus: dict[str, int] = {}
    for rang, cellules in enumerate(csv.reader(io.StringIO(texte), delimiter=separateur), 1):
        if rang == 1 or not any(cellule.strip() for cellule in cellules):
            continue
        valeurs = {
            nom: cellules[place].strip() if place < len(cellules) else ""
            for nom, place in places.items()
        }
        siennes, point = _point(valeurs)
        code = valeurs["code_iris"]
        if code in vus:
            siennes.append(f"l'Iris « {code} » est déjà ligne {vus[code]}")
        vus.setdefault(code, rang)
        fautes += [f"ligne {rang} : {faute}" for faute in siennes]
        if not siennes:
            lues.append(point)
    if fautes:
        fautives = len({faute.partition(" :")[0] for faute in fautes})
        raise ClasseurFautif(fichier, fautes, bonnes=0, fautives=fautives)
    return pl.DataFrame(lues, schema=CARREAUX).sort("code", "latitude", "longitude")


def _point(valeurs: dict[str, str]) -> tuple[list[str], dict[str, object]]:
    """Fautes d'une ligne, et son point."""
    fautes = []
    code = valeurs["code_iris"].upper()
    code = f"0{code}" if _SANS_ZERO.match(code) else code
    if not _CODE.match(code):
        fautes.append(f"« {valeurs['code_iris']} » n'est pas un code d'Iris (neuf caractères)")
    nombres = {nom: _nombre(valeurs[nom]) for nom in ("latitude", "longitude", "population")}
    fautes += [
        f"{nom} « {valeurs[nom]} » n'est pas un nombre" if valeurs[nom] else f"{nom} vide"
        for nom, v in nombres.items()
        if v is None
    ]
    latitude, longitude, population = (nombres[n] or 0.0 for n in nombres)
    if abs(latitude) > _PLUS_AU_NORD or abs(longitude) > 2 * _PLUS_AU_NORD:
        fautes.append(
            "les coordonnées ne sont pas des degrés (sont-elles en mètres, ou projetées ?)"
        )
    if population < 0:
        fautes.append("la population est négative")
    return fautes, {
        "code": code[:5],
        "latitude": latitude,
        "longitude": longitude,
        "population": population,
        "superficie_km2": None,
        "impute": False,
    }


def _nombre(texte: str) -> float | None:
    try:
        nombre = float(texte.replace("\u202f", "").replace("\xa0", "").replace(",", "."))
    except ValueError:
        return None
    return nombre if math.isfinite(nombre) else None


def _separateur(ligne: str) -> str:
    return max(";,\t", key=ligne.count)


def _coupee(ligne: str) -> list[str]:
    return [nom.strip().strip('"') for nom in ligne.split(_separateur(ligne))]


def _places(entete: list[str]) -> dict[str, int]:
    noms = [nom.lower() for nom in entete]
    return {
        voulu: noms.index(trouve)
        for voulu, connus in _COLONNES.items()
        if (trouve := next((nom for nom in connus if nom in noms), ""))
    }
