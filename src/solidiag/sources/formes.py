"""Forme d'un texte : encodage, séparateur, place de l'en-tête, décimale, milliers, codes.

Rien n'est corrigé dans le fichier : la forme reconnue devient des options de lecture, et ce qui a
été reconnu est dit.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

SEPARATEURS = (";", ",", "\t", "|")

LIGNES_DE_TETE = 31
"""Trente lignes peuvent précéder l'en-tête."""

_TETE = 1 << 18
"""Octets du début où se lisent séparateur et en-tête."""

_ESPACES = "\u202f\u00a0\u2009 "
_MILLIERS = rf"^-?\d{{1,3}}([{_ESPACES}]\d{{3}})+([.,]\d+)?$"
_TABLEUR = r"^\d([.,]\d+)?[Ee]\+\d+$"
_PART_DE_ZEROS = 0.5
"""Part des codes courts qui, le zéro remis, doivent être de vrais codes."""

Encodage = Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]

NOMS_D_ENCODAGE: dict[str, str] = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "cp1252 (Windows)",
    "latin-1": "latin-1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tete:
    """Une façon de lire le début d'un texte : un séparateur, et les lignes qu'il donne."""

    separateur: str
    lignes: tuple[tuple[str, ...], ...]


def encodage_de(octets: bytes) -> Encodage:
    """Renvoie l'encodage d'un texte : sa marque, sinon UTF-8 s'il en est, sinon Windows.

    Examples
    --------
    >>> encodage_de("Forêt".encode("cp1252"))
    'cp1252'
    >>> encodage_de("Forêt".encode())
    'utf-8'
    """
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    debut = octets[:4096]
    if b"\0" in debut:
        return "utf-16-le" if debut[1::2].count(0) >= debut[::2].count(0) else "utf-16-be"
    for encodage in ("utf-8", "cp1252"):
        try:
            octets.decode(encodage)
        except UnicodeDecodeError:
            continue
        return encodage
    return "latin-1"


def tetes(octets: bytes, encodage: Encodage) -> tuple[Tete, ...]:
    """Renvoie les premières lignes du texte, pour chaque séparateur possible."""
    debut = octets[:_TETE].decode(encodage, errors="ignore").removeprefix("\ufeff")
    lues = []
    for separateur in SEPARATEURS:
        lignes = tuple(_premieres(debut, separateur))
        if any(len(ligne) > 1 for ligne in lignes):
            lues.append(Tete(separateur=separateur, lignes=lignes))
    if not lues:
        lues.append(Tete(separateur=";", lignes=tuple(_premieres(debut, ";"))))
    return tuple(lues)


def _premieres(debut: str, separateur: str) -> Iterator[tuple[str, ...]]:
    """Lignes physiques du début, coupées une à une : une cellule sur deux lignes n'en cache pas."""
    textes = re.split(r"\r\n|\n|\r", debut)
    for texte in textes[: LIGNES_DE_TETE + 200]:
        try:
            yield tuple(next(csv.reader(io.StringIO(texte), delimiter=separateur), []))
        except csv.Error:
            yield (texte,)


def fins_de_ligne(octets: bytes, encodage: Encodage) -> Literal["LF", "CRLF", "CR"]:
    """Renvoie la fin de ligne employée."""
    debut = octets[:_TETE].decode(encodage, errors="ignore")
    if "\r\n" in debut:
        return "CRLF"
    return "CR" if "\r" in debut and "\n" not in debut else "LF"


def entete_probable(lignes: Sequence[Sequence[str]]) -> int:
    """Renvoie le rang de la ligne d'en-tête la plus probable d'une table sans gabarit.

    C'est la première ligne aussi large que la plus large, faite de noms distincts et non vides.
    """
    largeur = max((len(ligne) for ligne in lignes), default=0)
    for rang, ligne in enumerate(lignes[:LIGNES_DE_TETE]):
        noms = [cellule.strip() for cellule in ligne]
        distincts = all(noms) and len(set(noms)) == len(noms)
        nombres = any(re.fullmatch(r"-?\d+([.,]\d+)?", nom) for nom in noms)
        if len(ligne) == largeur and distincts and not nombres:
            return rang
    return 0


def separateur_probable(lues: Sequence[Tete]) -> Tete:
    """Renvoie la lecture dont les lignes ont le plus de colonnes, en nombre constant."""

    def note(tete: Tete) -> tuple[float, int]:
        largeurs = [len(ligne) for ligne in tete.lignes if ligne]
        courante = max(set(largeurs), key=largeurs.count, default=0)
        if courante < 2:
            return (0.0, 0)
        return (largeurs.count(courante) / len(largeurs), courante)

    return max(lues, key=note)


def decimale_de(valeurs: pl.Series) -> tuple[Literal[".", ","], bool]:
    """Renvoie la décimale des nombres d'une colonne de textes, et si les deux s'y mêlent.

    Examples
    --------
    >>> decimale_de(pl.Series(["12,5", "s", "3"]))
    (',', False)
    >>> decimale_de(pl.Series(["12.5", "3"]))
    ('.', False)
    """
    nets = valeurs.str.replace_all(rf"[{_ESPACES}]", "")
    virgule = nets.str.contains(r"^-?\d+,\d+$").any()
    point = nets.str.contains(r"^-?\d+\.\d+$").any()
    deux = nets.str.contains(r"^-?\d+[.,]\d+[.,]\d+").any()
    return ("," if virgule else "."), bool(deux or (virgule and point))


def milliers_de(valeurs: pl.Series) -> str:
    """Renvoie les espaces employées entre milliers, ou rien.

    Examples
    --------
    >>> milliers_de(pl.Series(["1\u202f036", "12"])) == "\u202f"
    True
    """
    groupes = valeurs.filter(valeurs.str.strip_chars().str.contains(_MILLIERS))
    texte = "".join(groupes.head(10_000).to_list())
    return "".join(espace for espace in _ESPACES if espace in texte)


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Ce que l'on voit d'une colonne de codes.

    ``largeur`` : celle où remettre le zéro de tête, 0 s'il n'en manque pas. ``courts`` : codes
    touchés, et ``exemple`` l'un d'eux. ``tableur`` : un code changé en nombre à exposant, ou rien.
    ``flottants`` : des codes finissent par « .0 ». ``sans_code`` : lignes dont la cellule n'est
    pas un code (note, total, ligne vide), et ``texte`` l'une d'elles.
    """

    largeur: int = 0
    courts: int = 0
    exemple: str = ""
    tableur: str = ""
    flottants: bool = False
    sans_code: int = 0
    texte: str = ""


def examiner_codes(
    codes: pl.Series, connus: Collection[str], *, tels_quels: Collection[str], lisible: str
) -> Codes:
    """Renvoie ce qui manque ou surprend dans une colonne de codes.

    Parameters
    ----------
    connus
        Vrais codes du niveau, tous millésimes ; un Iris se juge à sa commune.
    tels_quels
        Codes que le gabarit déclare (``France``…) : ils ne sont pas des fautes.
    lisible
        Expression d'une cellule qui peut être un code.
    """
    nets = codes.fill_null("").str.strip_chars()
    distincts = nets.filter(~nets.is_in(list(tels_quels)))
    flottants = bool(distincts.str.contains(r"^\d+\.0$").any())
    distincts = distincts.str.replace(r"\.0$", "")
    tableur = distincts.filter(distincts.str.contains(_TABLEUR))
    illisibles = distincts.filter(~distincts.str.contains(lisible))
    uniques = distincts.unique()
    largeur, courts, exemple = 0, 0, ""
    for court in (1, 4, 8):
        vus = uniques.filter(uniques.str.contains(rf"^\d{{{court}}}$"))
        if vus.is_empty():
            continue
        remis = (pl.lit("0") + pl.col("c")).str.slice(0, 5)
        table = pl.DataFrame({"c": vus}).with_columns(remis.alias("r"))
        vrais = table.filter(pl.col("r").is_in(list(connus)) & ~pl.col("c").is_in(list(connus)))
        if vrais.height >= _PART_DE_ZEROS * table.height:
            touches = distincts.is_in(vrais["c"].to_list()).sum()
            largeur, courts, exemple = court + 1, int(touches), str(vrais["c"].min())
    return Codes(
        largeur=largeur,
        courts=courts,
        exemple=exemple,
        tableur=str(tableur[0]) if tableur.len() else "",
        flottants=flottants,
        sans_code=illisibles.len(),
        texte=next((t for t in illisibles.to_list() if t), ""),
    )
