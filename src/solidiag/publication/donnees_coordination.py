"""Données ouvertes de la coordination : une table par registre, noms des territoires et acteurs."""

from __future__ import annotations

import polars as pl

from solidiag.publication.matiere import Matiere

_OUI_NON = {True: "oui", False: "non"}
_REFERENCES = ("acteur", "acteur_a", "acteur_b", "pilote")


def tables_coordination(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie les tables de coordination par nom de fichier, si elles sont calculées.

    Chaque identifiant d'acteur ou de territoire est suivi de son nom. Les lignes prévues par un
    texte y sont, sous leur ``provenance`` ; une table vide y est aussi : rien n'a été fourni.
    """
    acteurs = matiere.coordination.get("acteurs")
    if acteurs is None:
        return {}
    rangs = pl.col("provenance") != "gabarit", pl.col("provenance")
    noms = dict(
        acteurs.frame.sort(*rangs, descending=[False, True]).select("id", "nom").iter_rows()
    )
    lieux = dict(matiere.referentiel.territoires.select("id", "nom").iter_rows())
    return {
        f"coordination_{nom}": _nommer(publiee.frame, noms, lieux)
        for nom, publiee in matiere.coordination.items()
    }


def _nommer(table: pl.DataFrame, noms: dict[str, str], lieux: dict[str, str]) -> pl.DataFrame:
    colonnes: list[pl.Expr] = []
    for nom, genre in table.schema.items():
        colonne = pl.col(nom)
        if genre == pl.Boolean:
            colonne = colonne.replace_strict(_OUI_NON, default=None, return_dtype=pl.String)
        colonnes.append(colonne)
        connus = lieux if nom == "territoire" else noms if nom in _REFERENCES else None
        if connus is not None:
            colonnes.append(
                pl.col(nom)
                .replace_strict(connus, default=None, return_dtype=pl.String)
                .alias(f"nom_{nom}")
            )
    return table.select(colonnes)
