"""Lecture d'un classeur XLSX, cellule par cellule, sans la bibliothèque qui l'a écrit."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from solidiag.publication.verification.tables import Feuilles

_M = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_P = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_PLACE = re.compile(r"([A-Z]+)(\d+)")


def lire_classeur(octets: bytes) -> Feuilles:
    """Renvoie les cellules de chaque feuille : textes, nombres, ou ``None``.

    Raises
    ------
    ValueError
        Si les octets ne sont pas un classeur XLSX.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            return {nom: _feuille(archive, partie) for nom, partie in _feuilles(archive)}
    except (zipfile.BadZipFile, KeyError, IndexError, ElementTree.ParseError) as erreur:
        msg = "ce fichier n'est pas un classeur XLSX entier"
        raise ValueError(msg) from erreur


def _xml(archive: zipfile.ZipFile, partie: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(partie))  # noqa: S314


def _feuilles(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    liens = _xml(archive, "xl/_rels/workbook.xml.rels")
    cibles = {lien.get("Id"): lien.get("Target") for lien in liens.iter(f"{_P}Relationship")}
    for feuille in _xml(archive, "xl/workbook.xml").iter(f"{_M}sheet"):
        cible = cibles[feuille.get(f"{_R}id")] or ""
        yield feuille.get("name") or "", f"xl/{cible.removeprefix('/xl/')}"


def _textes(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    racine = _xml(archive, "xl/sharedStrings.xml")
    return ["".join(t.text or "" for t in si.iter(f"{_M}t")) for si in racine.iter(f"{_M}si")]


def _feuille(archive: zipfile.ZipFile, partie: str) -> list[list[object]]:
    textes = _textes(archive)
    rangees: list[list[object]] = []
    for cellule in _xml(archive, partie).iter(f"{_M}c"):
        colonne, rang = _place(cellule.get("r") or "")
        while len(rangees) <= rang:
            rangees.append([])
        rangee = rangees[rang]
        rangee.extend([None] * (colonne + 1 - len(rangee)))
        rangee[colonne] = _valeur(cellule, textes)
    return rangees


def _place(reference: str) -> tuple[int, int]:
    trouve = _PLACE.fullmatch(reference)
    if trouve is None:
        raise KeyError(reference)
    colonne = 0
    for lettre in trouve[1]:
        colonne = colonne * 26 + ord(lettre) - 64
    return colonne - 1, int(trouve[2]) - 1


def _valeur(cellule: ElementTree.Element, textes: list[str]) -> object:
    genre = cellule.get("t", "n")
    if genre == "inlineStr":
        return "".join(t.text or "" for t in cellule.iter(f"{_M}t"))
    brut = cellule.findtext(f"{_M}v")
    if brut is None:
        return None
    if genre == "s":
        return textes[int(brut)]
    if genre == "n":
        return float(brut)
    return brut
