"""Prépare les fichiers embarqués des mesures d'offre en table.

Usage : ``python outils/preparer_mesures.py DOSSIER_BRUT [DOSSIER_SORTIE]``

``DOSSIER_BRUT`` range les fichiers tels qu'ils ont été obtenus (``besoins/``,
``communes_compilees/``). Les valeurs ne sont pas touchées : des colonnes et des types
d'équipements sont gardés, les autres laissés. Deux exécutions donnent les mêmes octets.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import polars as pl

COMPILEES: dict[str, tuple[str, list[str]]] = {
    "places_accueil_2020.csv.gz": ("paccueil.parquet", ["assmat", "eaje", "autr"]),
    "equipements_2024.csv.gz": (
        "bpe.parquet",
        ["pharma", "plac_persagees", "soin_persagees", "aide_persagees"],
    ),
}
"""Fichier écrit → table de la compilation, et colonnes gardées."""

EQUIPEMENTS_2019 = (
    "C301", "C302", "C303", "C305", "C601", "C603", "C605", "C701",
    "D101", "D104", "D106", "D108", "D109",
)  # fmt: skip
"""Types de la BPE 2019 comptés par commune, qu'aucune liste de services ne décrit.

La base ne cite que les équipements présents : un type absent d'une commune citée y vaut zéro.
"""


def _ecrire(table: pl.DataFrame, chemin: Path) -> None:
    texte = table.write_csv(separator=";").encode()
    with (
        chemin.open("wb") as sortie,
        gzip.GzipFile(filename="", mode="wb", fileobj=sortie, compresslevel=9, mtime=0) as archive,
    ):
        archive.write(texte)


def _nombre(colonne: str) -> pl.Expr:
    """Texte d'un nombre sans décimale inutile ; le reste est gardé tel quel."""
    return pl.col(colonne).cast(pl.String).fill_null("").str.replace(r"\.0$", "").alias(colonne)


def preparer(brut: Path, sortie: Path) -> None:
    """Écrit les fichiers des mesures dans ``sortie``."""
    sortie.mkdir(parents=True, exist_ok=True)
    compilees = brut / "communes_compilees" / "terribot_national"
    for nom, (table, colonnes) in COMPILEES.items():
        lue = pl.read_parquet(compilees / table, columns=["id", *colonnes])
        gardee = lue.filter(pl.col("id").is_not_null()).select("id", *map(_nombre, colonnes))
        _ecrire(gardee, sortie / nom)
    bpe = pl.read_parquet(brut / "besoins" / "bpe_2019_commune_typequ.parquet")
    large = (
        bpe.filter(pl.col("TYPEQU").is_in(EQUIPEMENTS_2019))
        .pivot("TYPEQU", index="DEPCOM", values="NB_EQUIP")
        .select("DEPCOM", *(pl.col(code).fill_null(0) for code in EQUIPEMENTS_2019))
        .sort("DEPCOM")
    )
    _ecrire(large, sortie / "equipements_2019.csv.gz")


if __name__ == "__main__":
    racine = Path(__file__).parents[1] / "src" / "solidiag" / "donnees" / "mesures"
    preparer(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else racine)
