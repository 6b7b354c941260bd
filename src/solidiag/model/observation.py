"""Observation : la forme d'un chiffre dans toutes les tables, et ses statuts."""

from __future__ import annotations

from enum import StrEnum

import polars as pl


class ObsStatus(StrEnum):
    """Statut SDMX d'une valeur. Zéro est une mesure ; l'absence est un statut."""

    NORMAL = "A"
    RUPTURE = "B"
    ESTIME = "E"
    PROVISOIRE = "P"
    SECRET = "Q"  # noqa: S105
    NON_PUBLIE = "O"
    NON_FOURNI = "L"
    SANS_OBJET = "M"


AVEC_VALEUR = frozenset({"A", "B", "E", "P"})

MARQUES: dict[str, str] = {
    "Q": "secret",
    "O": "non publié",
    "L": "non documenté",
    "M": "sans objet",
}
"""Marque de lecture de chaque absence, la même partout."""


class Precision(StrEnum):
    """Ce que l'on sait de l'arrondi du producteur."""

    EXACTE = "exact"
    ARRONDIE = "rounded"
    ARRONDIE_BAS = "rounded_down"
    PLANCHER = "floor"


class ConfStatus(StrEnum):
    """Confidentialité SDMX."""

    LIBRE = "F"
    CONFIDENTIELLE = "C"
    SECONDAIRE = "D"


TABLE_SOURCE: dict[str, pl.DataType] = {
    "niveau": pl.String(),
    "code": pl.String(),
    "variable": pl.String(),
    "periode": pl.String(),
    "valeur": pl.Float64(),
    "statut": pl.String(),
    "precision": pl.String(),
    "ligne": pl.UInt32(),
}
"""Sortie d'un lecteur de `sources` : une ligne par cellule lue du fichier.

``niveau`` est une valeur de `Niveau`, ``code`` celui du fichier (dans son COG), ``variable`` le
nom de la colonne, ``ligne`` le numéro de ligne du fichier (1 = première ligne, en-tête compris).
"""

TABLE_ALIGNEE: dict[str, pl.DataType] = {**TABLE_SOURCE, "statut_cog": pl.String()}
"""Sortie de l'alignement : codes du COG courant, et comment chaque ligne y est arrivée.

``statut_cog`` : ``unchanged``, ``merged``, ``split``, ``absent``.
"""

OBSERVATIONS: dict[str, pl.DataType] = {
    "indicateur": pl.String(),
    "territoire": pl.String(),
    "cog": pl.Int32(),
    "periode": pl.String(),
    "unite": pl.String(),
    "value": pl.Float64(),
    "lower": pl.Float64(),
    "upper": pl.Float64(),
    "level": pl.Float64(),
    "method": pl.String(),
    "motif": pl.String(),
    "status": pl.String(),
    "precision": pl.String(),
    "confidentiality": pl.String(),
    "origin": pl.String(),
    "numerateur": pl.Float64(),
    "denominateur": pl.Float64(),
    "n_publies": pl.Int32(),
    "n_total": pl.Int32(),
}
"""Table longue des observations, une ligne par (indicateur, territoire, periode).

``territoire`` est `Territoire.id`. ``motif`` dit pourquoi il n'y a pas de valeur, ou à défaut
pourquoi il n'y a pas d'intervalle. ``n_publies``/``n_total`` : communes diffusées sur communes du
territoire, quand la valeur vient d'une somme de communes.
"""


def table_vide(schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Renvoie une table vide du schéma donné."""
    return pl.DataFrame(schema=schema)


def mettre_au_schema(table: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Renvoie la table avec exactement les colonnes et types du schéma.

    Les colonnes absentes sont ajoutées vides ; une colonne en trop est une faute de l'appelant.

    Raises
    ------
    ValueError
        Si la table porte une colonne hors du schéma.
    """
    en_trop = [nom for nom in table.columns if nom not in schema]
    if en_trop:
        msg = f"colonnes hors du schéma : {en_trop}"
        raise ValueError(msg)
    return table.select(
        pl.col(nom).cast(genre) if nom in table.columns else pl.lit(None, dtype=genre).alias(nom)
        for nom, genre in schema.items()
    )
