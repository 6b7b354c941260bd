"""Fichiers d'une personne qui décrivent un territoire : liste de communes, dessin GeoJSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from solidiag.errors import DessinInvalide, ListeDeCommunesInvalide

TAILLE_MAXIMALE = 20_000_000
"""Taille (octets) au-delà de laquelle un fichier de territoire est refusé."""

_ENTETES = (
    "codgeo", "code_insee", "insee_com", "code_commune", "codecommune", "codeinsee", "com",
    "depcom", "insee", "code_geo", "code_insee_commune", "code",
)  # fmt: skip
_CODE = re.compile(r"^(?:\d{4,5}|2[ABab]\d{3})$")
_PART_MINIMALE = 0.8


def lire_liste(octets: bytes, nom: str) -> list[str]:
    """Renvoie les codes de communes écrits dans un fichier, dans l'ordre.

    Parameters
    ----------
    octets
        CSV (virgule, point-virgule, tabulation), texte (un code par ligne, ou séparés par des
        blancs), ou classeur XLSX ; en-tête facultatif, encodage UTF-8 ou Windows.
    nom
        Nom du fichier, dit dans les erreurs ; la forme est reconnue au contenu.

    Raises
    ------
    ListeDeCommunesInvalide
        Si le fichier est vide, démesuré, illisible ou sans colonne de codes.
    """
    _refuser_demesure(octets, nom)
    rangees = _classeur(octets, nom) if octets[:2] == b"PK" else _texte(octets, nom)
    if not rangees:
        raise ListeDeCommunesInvalide(f"« {nom} » est vide")
    return _codes(rangees, nom)


def _refuser_demesure(octets: bytes, nom: str) -> None:
    if len(octets) > TAILLE_MAXIMALE:
        raise ListeDeCommunesInvalide(f"« {nom} » pèse plus de {TAILLE_MAXIMALE // 1_000_000} Mo")


def _classeur(octets: bytes, nom: str) -> list[list[str]]:
    try:
        table = pl.read_excel(
            io.BytesIO(octets), has_header=False, infer_schema_length=0, drop_empty_rows=True
        )
    except Exception as erreur:  # toute archive qui n'est pas un classeur
        raise ListeDeCommunesInvalide(f"« {nom} » n'est pas un classeur XLSX lisible") from erreur
    lignes = table.cast(pl.String).fill_null("").rows()
    return [[_sans_decimale(str(cellule)) for cellule in ligne] for ligne in lignes]


def _sans_decimale(texte: str) -> str:
    """Un tableur écrit parfois 40088 comme 40088.0."""
    return texte.removesuffix(".0").strip()


def _texte(octets: bytes, nom: str) -> list[list[str]]:
    if b"\x00" in octets[:4096] and not octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ListeDeCommunesInvalide(f"« {nom} » n'est pas un fichier de texte")
    texte = _decoder(octets)
    if not texte.strip():
        return []
    separateur = max(";,\t", key=texte[:10_000].count)
    if separateur not in texte:
        return [[morceau] for morceau in texte.split()]
    if "\n" not in texte.strip():
        return [[morceau.strip().strip('"')] for morceau in texte.split(separateur)]
    try:
        lues = csv.reader(io.StringIO(texte), delimiter=separateur)
        return [[cellule.strip() for cellule in ligne] for ligne in lues if any(ligne)]
    except csv.Error as erreur:
        raise ListeDeCommunesInvalide(f"« {nom} » n'est pas un tableau lisible") from erreur


def _decoder(octets: bytes) -> str:
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16", errors="replace")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", errors="replace")


def _codes(rangees: Sequence[Sequence[str]], nom: str) -> list[str]:
    entete = [_simplifier(cellule) for cellule in rangees[0]]
    for voulu in _ENTETES:
        if voulu in entete:
            return [v for v in _colonne(rangees[1:], entete.index(voulu)) if v]
    largeur = max(len(rangee) for rangee in rangees)
    debut = 0 if any(_CODE.match(cellule) for cellule in rangees[0]) else 1
    for rang in range(largeur):
        if rang < len(entete) and "postal" in entete[rang]:
            continue
        valeurs = [v for v in _colonne(rangees[debut:], rang) if v]
        codes = [v for v in valeurs if _CODE.match(v)]
        if valeurs and len(codes) >= _PART_MINIMALE * len(valeurs):
            return valeurs
    raise ListeDeCommunesInvalide(
        f"« {nom} » n'a pas de colonne de codes de communes",
        indication=f"colonnes trouvées : {', '.join(rangees[0][:6])[:120]}",
    )


def _simplifier(texte: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", texte.strip().lower()).strip("_")


def _colonne(rangees: Sequence[Sequence[str]], rang: int) -> Iterator[str]:
    for rangee in rangees:
        yield rangee[rang].strip() if rang < len(rangee) else ""


def lire_geojson(octets: bytes, nom: str) -> Any:
    """Renvoie le contenu décodé d'un GeoJSON.

    Raises
    ------
    DessinInvalide
        Si le fichier est démesuré ou n'est pas du JSON.
    """
    if len(octets) > TAILLE_MAXIMALE:
        raise DessinInvalide(
            f"« {nom} » pèse plus de {TAILLE_MAXIMALE // 1_000_000} Mo",
            conseil="Simplifiez le dessin : une précision de cent mètres suffit.",
        )
    try:
        return json.loads(octets.decode("utf-8-sig"), parse_constant=_refuser_constante)
    except (ValueError, RecursionError) as erreur:
        raise DessinInvalide(
            f"« {nom} » n'est pas un GeoJSON lisible",
            conseil="Exportez de nouveau le dessin au format GeoJSON, en UTF-8.",
        ) from erreur


def _refuser_constante(nom: str) -> float:
    raise ValueError(f"constante {nom}")
