"""Fichiers de territoires : octets → référentiel et contours."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable, Sequence

import polars as pl

from solidiag.errors import FormatInattendu
from solidiag.geography.contours import Contours
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.tables import COLONNES, TablesTerritoires

COG = 2026
"""Année du code officiel géographique embarqué."""

FICHIERS: dict[str, tuple[str, str, str]] = {
    "communes": ("territoires.cog", "territoires/cog/communes_2026.csv.gz", ","),
    "mouvements": ("territoires.cog", "territoires/cog/mouvements_communes_2026.csv.gz", ","),
    "arrondissements": ("territoires.cog", "territoires/cog/arrondissements_2026.csv.gz", ","),
    "departements": ("territoires.cog", "territoires/cog/departements_2026.csv.gz", ","),
    "regions": ("territoires.cog", "territoires/cog/regions_2026.csv.gz", ","),
    "limitrophes": ("territoires.cog", "territoires/departements_limitrophes.csv.gz", ","),
    "populations": ("territoires.populations", "territoires/populations_2023.csv.gz", ","),
    "outre_mer": ("territoires.populations", "territoires/outre_mer_2026.csv.gz", ","),
    "epci": ("territoires.intercommunalites", "territoires/epci_2026.csv.gz", ","),
    "appartenance": (
        "territoires.zones_etude",
        "territoires/cogugaison/table_supracom_2024.csv.gz",
        ",",
    ),
    "libelles": (
        "territoires.zones_etude",
        "territoires/cogugaison/libelles_supracom_2024.csv.gz",
        ",",
    ),
    "points": ("territoires.points", "territoires/points_2024.csv.gz", ","),
    "densite": ("territoires.densite", "territoires/zonages/densite_2025.csv.gz", ","),
    "frr": ("territoires.frr", "territoires/zonages/frr_2025.csv.gz", ";"),
    "pvd": ("territoires.pvd", "territoires/zonages/pvd_2021.csv.gz", ","),
    "acv": ("territoires.acv", "territoires/zonages/acv_2024.csv.gz", ","),
    "qpv": ("territoires.qpv", "territoires/zonages/qpv_2024.csv.gz", ","),
    "industrie": (
        "territoires.industrie",
        "territoires/zonages/territoires_industrie_2026.csv.gz",
        ",",
    ),
}
"""Table → source déclarée, chemin embarqué, séparateur."""

CONTOURS = ("territoires.contours", "territoires/contours/communes_2026.topojson.gz")

Octets = Callable[[str], bytes]
"""Donne les octets d'un fichier embarqué à partir de son chemin."""


def charger_referentiel(octets: Octets) -> Referentiel:
    """Renvoie le référentiel des territoires lu dans les fichiers embarqués.

    Parameters
    ----------
    octets
        Donne le contenu d'un fichier ; `Depot.octets` convient.

    Raises
    ------
    FormatInattendu
        Si un fichier n'est pas lisible ou s'il lui manque une colonne.
    """
    return Referentiel.construire(charger_tables(octets))


def charger_tables(octets: Octets) -> TablesTerritoires:
    """Renvoie les tables de territoires, en texte, les vides en chaînes vides."""
    tables = {
        nom: lire_table(octets(chemin), source, chemin, nom=nom, separateur=separateur)
        for nom, (source, chemin, separateur) in FICHIERS.items()
    }
    return TablesTerritoires(cog=COG, **tables)


def charger_cantons(octets: Octets) -> pl.DataFrame:
    """Renvoie ``commune, canton, nom`` : « canton ou ville » de chaque commune de 2024.

    Une ville partagée entre plusieurs cantons a le pseudo-canton de son nom : elle y est entière.

    Raises
    ------
    FormatInattendu
        Si un fichier n'est pas lisible ou s'il lui manque une colonne.
    """
    source, chemin, _ = FICHIERS["appartenance"]
    communes = _lire_colonnes(octets(chemin), source, chemin, colonnes=("CODGEO", "CANOV"))
    source, chemin, _ = FICHIERS["libelles"]
    noms = _lire_colonnes(octets(chemin), source, chemin, colonnes=COLONNES["libelles"])
    return (
        communes.filter(~pl.col("CANOV").str.contains("^Z*$"))
        .join(
            noms.filter(pl.col("NIVGEO") == "CANOV"), left_on="CANOV", right_on="CODGEO", how="left"
        )
        .select(commune="CODGEO", canton="CANOV", nom=pl.coalesce("LIBGEO", "CANOV"))
        .sort("canton", "commune")
    )


def charger_contours(octets: Octets) -> Contours:
    """Renvoie les contours des communes.

    Raises
    ------
    FormatInattendu
        Si le fichier n'est pas une topologie de communes.
    """
    source, chemin = CONTOURS
    try:
        return Contours.depuis_topojson(json.loads(_decompresser(octets(chemin), source, chemin)))
    except (json.JSONDecodeError, KeyError, UnicodeDecodeError) as erreur:
        raise FormatInattendu(
            source, chemin, attendu="une topologie TopoJSON de communes", trouve=str(erreur)
        ) from erreur


def lire_table(
    octets: bytes, source: str, chemin: str, *, nom: str, separateur: str
) -> pl.DataFrame:
    """Renvoie les colonnes attendues d'une table CSV, en texte.

    Raises
    ------
    FormatInattendu
        Si le fichier n'est pas du CSV ou s'il lui manque une colonne.
    """
    return _lire_colonnes(octets, source, chemin, colonnes=COLONNES[nom], separateur=separateur)


def _lire_colonnes(
    octets: bytes, source: str, chemin: str, *, colonnes: Sequence[str], separateur: str = ","
) -> pl.DataFrame:
    attendues = list(colonnes)
    try:
        table = pl.read_csv(
            io.BytesIO(_decompresser(octets, source, chemin)),
            separator=separateur,
            infer_schema=False,
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError as erreur:
        raise FormatInattendu(
            source, chemin, attendu="un fichier CSV en UTF-8", trouve=str(erreur).splitlines()[0]
        ) from erreur
    manquantes = [colonne for colonne in attendues if colonne not in table.columns]
    if manquantes:
        raise FormatInattendu(
            source,
            chemin,
            attendu=f"les colonnes {', '.join(manquantes)}",
            trouve=", ".join(table.columns[:8]),
        )
    return table.select(pl.col(attendues).fill_null("").str.strip_chars())


def _decompresser(octets: bytes, source: str, chemin: str) -> bytes:
    try:
        return gzip.decompress(octets)
    except (OSError, EOFError, zlib.error) as erreur:
        raise FormatInattendu(
            source, chemin, attendu="un fichier compressé (gzip)", trouve=str(erreur)
        ) from erreur
