"""L'état d'un résultat : ce que le suivant lira pour dire ce qui a changé."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from solidiag.comites.changements import (
    CHANGEMENTS,
    CLES_CHANGEMENTS,
    ETAT,
    comparer_etats,
)
from solidiag.confidentiality.publication import PublishedTable, publier
from solidiag.model.observation import AVEC_VALEUR
from solidiag.publication.matiere import Matiere
from solidiag.storage.depot import Depot
from solidiag.storage.reglages import valeurs

DOSSIER = ".solidiag"
"""Dossier, dans la sortie, de ce qui sert au résultat suivant."""

ETAT_ECRIT = f"{DOSSIER}/etat.parquet"
CHANGEMENTS_ECRITS = f"{DOSSIER}/changements.parquet"


def etat_de(matiere: Matiere, depot: Depot) -> pl.DataFrame:
    """Renvoie l'état d'un résultat (schéma `ETAT`).

    Les valeurs sont celles du département et de ses intercommunalités, à leur période la plus
    récente ; les communes n'y sont pas.
    """
    lignes = [*_version(matiere), *_reglages(depot), *_fichiers(matiere), *_classes(matiere)]
    table = pl.DataFrame(lignes, schema=ETAT, orient="row").with_columns(
        pl.col("territoire").fill_null(matiere.departement.id)
    )
    return pl.concat([table, _valeurs(matiere)])


def changements_depuis(
    precedent: pl.DataFrame, matiere: Matiere, depot: Depot, *, depuis: str
) -> PublishedTable:
    """Renvoie la table publiée de ce qui a changé depuis un état précédent."""
    changes = comparer_etats(precedent, etat_de(matiere, depot), depuis=depuis)
    return publier(changes, "changements", cles=CLES_CHANGEMENTS)


def lire_etat(dossier: Path) -> pl.DataFrame | None:
    """Renvoie l'état gardé dans un dossier de sortie, ou rien s'il n'y est pas ou ne se lit pas."""
    lu = _lire(dossier / ETAT_ECRIT)
    if lu is None or lu.schema != pl.Schema(ETAT):
        return None
    return lu if _cles_uniques(lu) else None


def lire_changements(dossier: Path) -> PublishedTable | None:
    """Renvoie les changements écrits avec un résultat, ou rien s'ils ne se lisent pas."""
    lus = _lire(dossier / CHANGEMENTS_ECRITS)
    if lus is None or lus.schema != pl.Schema(CHANGEMENTS) or not _cles_uniques(lus):
        return None
    if not all(est_une_date(depuis) for depuis in lus["depuis"].unique()):
        return None
    return publier(lus, "changements", cles=CLES_CHANGEMENTS)


def ecrire_etat(matiere: Matiere, depot: Depot, dossier: Path) -> None:
    """Écrit l'état d'un résultat, et ce qui a changé, dans son dossier de sortie."""
    (dossier / DOSSIER).mkdir(exist_ok=True)
    (dossier / ETAT_ECRIT).write_bytes(octets_etat(etat_de(matiere, depot)))
    if matiere.changements is not None:
        (dossier / CHANGEMENTS_ECRITS).write_bytes(octets_etat(matiere.changements.frame))


def octets_etat(table: pl.DataFrame) -> bytes:
    """Renvoie les octets d'une table de l'état."""
    tampon = io.BytesIO()
    table.write_parquet(tampon, compression="zstd", statistics=False)
    return tampon.getvalue()


def _lire(chemin: Path) -> pl.DataFrame | None:
    try:
        return pl.read_parquet(io.BytesIO(chemin.read_bytes()))
    except (OSError, pl.exceptions.PolarsError):
        return None


def _cles_uniques(table: pl.DataFrame) -> bool:
    cles = table.select(CLES_CHANGEMENTS)
    return not any(cles.null_count().row(0)) and not cles.is_duplicated().any()


def est_une_date(texte: object) -> bool:
    """Dit si une date relue (AAAA-MM-JJ) en est une : un fichier a pu être retouché."""
    try:
        date.fromisoformat(str(texte))
    except ValueError:
        return False
    return True


Rangee = tuple[str, str, str | None, str | None, str | None, float | None, str | None]


def _version(matiere: Matiere) -> Iterator[Rangee]:
    yield ("version", "solidiag", None, None, matiere.version, None, None)


def _reglages(depot: Depot) -> Iterator[Rangee]:
    for fichier, cle, texte in valeurs(depot.reglables()):
        yield ("reglage", f"{fichier}:{cle}", None, None, texte, None, None)


def _fichiers(matiere: Matiere) -> Iterator[Rangee]:
    for source in matiere.sources.values():
        for fichier in source.fichiers:
            sha = str(matiere.verrous.get(fichier.fichier, {}).get("sha256", ""))
            texte = json.dumps([fichier.millesime, sha[:12]])
            yield ("fichier", f"{source.id}/{fichier.id}", None, None, texte, None, None)


def _classes(matiere: Matiere) -> Iterator[Rangee]:
    table = matiere.ecarts.frame.select("domaine", "territoire", "classe")
    for domaine, territoire, classe in table.iter_rows():
        yield ("classe", domaine, territoire, None, classe, None, None)


def _valeurs(matiere: Matiere) -> pl.DataFrame:
    retenus = [matiere.departement.id, *matiere.epci]
    return (
        matiere.observations.frame.filter(
            pl.col("territoire").is_in(retenus), pl.col("status").is_in(list(AVEC_VALEUR))
        )
        .sort("periode", descending=True)
        .unique(["indicateur", "territoire"], keep="first", maintain_order=True)
        .select(
            genre=pl.lit("valeur"),
            cle="indicateur",
            territoire="territoire",
            periode="periode",
            texte=pl.lit(None, dtype=pl.String),
            valeur="value",
            unite="unite",
        )
        .sort("cle", "territoire")
    )
