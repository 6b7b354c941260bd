"""Vues d'un fichier reçu : chaque tableau qu'il porte, et ses premières lignes en texte."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from solidiag.errors import FichierRefuse
from solidiag.sources.contenants import Contenu
from solidiag.sources.formes import LIGNES_DE_TETE, Encodage, encodage_de, tetes
from solidiag.sources.grilles import aplatir, premiers_objets

_LIGNES_VUES = LIGNES_DE_TETE + 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Vue:
    """Un tableau, tel qu'on peut commencer à le lire.

    Parameters
    ----------
    feuille
        Feuille du classeur, vide ailleurs.
    separateur, encodage
        Façon de couper et de décoder un texte.
    lignes
        Premières lignes, une cellule par colonne.
    """

    contenu: Contenu
    feuille: str = ""
    separateur: str = ""
    encodage: Encodage = "utf-8"
    lignes: tuple[tuple[str, ...], ...]

    @property
    def place(self) -> str:
        """Où est ce tableau : membre de l'archive, feuille."""
        return ", ".join(
            texte
            for texte in (
                self.contenu.membre,
                f"feuille « {self.feuille} »" if self.feuille else "",
            )
            if texte
        )


def vues_de(contenu: Contenu, nom: str) -> list[list[Vue]]:
    """Renvoie les tableaux d'un contenu ; pour chacun, les façons de le lire.

    Raises
    ------
    FichierRefuse
        Si le classeur, le Parquet ou le JSON ne s'ouvre pas.
    """
    if contenu.genre == "texte":
        encodage = encodage_de(contenu.octets)
        return [
            [
                Vue(
                    contenu=contenu,
                    separateur=tete.separateur,
                    encodage=encodage,
                    lignes=tete.lignes,
                )
                for tete in tetes(contenu.octets, encodage)
            ]
        ]
    if contenu.genre == "classeur":
        return [[vue] for vue in _feuilles(contenu, nom)]
    if contenu.genre == "parquet":
        return [[Vue(contenu=contenu, lignes=_parquet(contenu, nom))]]
    return [[Vue(contenu=contenu, lignes=lignes)] for lignes in _json(contenu, nom)]


def _feuilles(contenu: Contenu, nom: str) -> Iterator[Vue]:
    import fastexcel

    try:
        classeur = fastexcel.read_excel(contenu.octets)
        for feuille in classeur.sheet_names:
            brut = classeur.load_sheet(
                feuille, header_row=None, skip_rows=0, n_rows=_LIGNES_VUES, dtypes="string"
            ).to_polars()
            lignes = tuple(
                tuple("" if cellule is None else str(cellule) for cellule in ligne)
                for ligne in brut.iter_rows()
            )
            if lignes:
                yield Vue(contenu=contenu, feuille=feuille, lignes=lignes)
    except fastexcel.FastExcelError as erreur:
        raise FichierRefuse(
            nom,
            "le classeur est tronqué, protégé ou abîmé",
            "ouvrez-le dans un tableur et enregistrez-le en CSV ou en XLSX sans mot de passe",
        ) from erreur


def _parquet(contenu: Contenu, nom: str) -> tuple[tuple[str, ...], ...]:
    try:
        tete = pl.read_parquet(io.BytesIO(contenu.octets), n_rows=_LIGNES_VUES)
    except (pl.exceptions.PolarsError, OSError) as erreur:
        raise FichierRefuse(
            nom, "le fichier Parquet est abîmé", "demandez-le ou téléchargez-le à nouveau"
        ) from erreur
    textes = tete.select(_en_texte(nom, genre) for nom, genre in tete.schema.items())
    return (tuple(textes.columns), *textes.iter_rows())


def _en_texte(nom: str, genre: pl.DataType) -> pl.Expr:
    colonne = pl.col(nom)
    if isinstance(genre, pl.List):
        colonne = colonne.cast(pl.List(pl.String)).list.join("|", ignore_nulls=True)
    return colonne.cast(pl.String, strict=False).fill_null("")


def _json(contenu: Contenu, nom: str) -> list[tuple[tuple[str, ...], ...]]:
    """Premiers enregistrements d'une liste, clés emboîtées jointes par un point.

    Un JSON qui porte à la fois des services et des structures (data·inclusion) a deux listes ; de
    tout autre, la première seule est lue.
    """
    try:
        lu: Any = json.loads(contenu.octets)
    except (ValueError, RecursionError) as erreur:
        raise FichierRefuse(
            nom, "le JSON est tronqué ou abîmé", "demandez-le ou téléchargez-le à nouveau"
        ) from erreur
    listes = [premiers_objets(lu)]
    if isinstance(lu, dict) and lu.keys() >= _LISTES_JUMELLES:
        listes = [premiers_objets(lu[cle]) for cle in sorted(_LISTES_JUMELLES) if lu[cle]]
    return [_lignes_d_objets(objets) for objets in listes]


_LISTES_JUMELLES = frozenset({"services", "structures"})


def _lignes_d_objets(objets: list[dict[str, Any]]) -> tuple[tuple[str, ...], ...]:
    plats = [aplatir(objet) for objet in objets[:_LIGNES_VUES]]
    noms = list(dict.fromkeys(cle for plat in plats for cle in plat))
    return (tuple(noms), *(tuple(plat.get(cle, "") for cle in noms) for plat in plats))
