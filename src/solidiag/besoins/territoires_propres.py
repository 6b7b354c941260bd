"""Indicateurs d'un territoire propre : ce qui s'additionne, et ce qui ne s'agrège pas."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from solidiag.catalogue.indicateur import Indicateur, Lecture
from solidiag.model.observation import AVEC_VALEUR
from solidiag.model.territoire import Niveau

AGREGEABLES = frozenset({"ratio", "somme", "moyenne_ponderee"})
"""Formules dont la valeur d'un territoire se refait avec des sommes de communes."""

NON_AGREGEABLE = (
    "non agrégeable : la valeur publiée (médiane, taux arrondi ou part sans ses effectifs) ne se "
    "refait pas à partir de celles des communes"
)
ESTIME = "estimation : une commune coupée compte pour sa part, sans intervalle calculable"


def ouvrir(indicateur: Indicateur) -> Indicateur:
    """Renvoie l'indicateur, ses lectures faites de sommes de communes ouvertes aux ``LIB``.

    Une valeur publiée n'est jamais ni sommée, ni moyennée.
    """
    return indicateur.model_copy(update={"lectures": tuple(map(_ouvrir, indicateur.lectures))})


def _ouvrir(lecture: Lecture) -> Lecture:
    communale = {Niveau.COMMUNE.value, Niveau.EPCI.value} & set(lecture.niveaux)
    if lecture.formule not in AGREGEABLES or not communale:
        return lecture
    return lecture.model_copy(update={"niveaux": (*lecture.niveaux, Niveau.LIBRE.value)})


def est_agregeable(indicateur: Indicateur) -> bool:
    """Dit si l'indicateur a une lecture qui se refait avec des sommes de communes."""
    return any(_ouvrir(lecture) is not lecture for lecture in indicateur.lectures)


def expliquer(
    observations: pl.DataFrame,
    *,
    agregeables: Collection[str],
    periodes: Collection[tuple[str, str]],
) -> pl.DataFrame:
    """Renvoie les observations ; un territoire propre y dit ce qui ne s'agrège pas.

    Parameters
    ----------
    observations
        Table au schéma `OBSERVATIONS`.
    agregeables
        Indicateurs dont une lecture s'agrège.
    periodes
        Couples (indicateur, période) lus par une formule qui s'agrège.
    """
    libre = pl.col("territoire").str.starts_with(f"{Niveau.LIBRE.value}-")
    lues = [f"{indicateur}|{periode}" for indicateur, periode in periodes]
    publiee = ~pl.concat_str("indicateur", pl.lit("|"), "periode").is_in(lues)
    muette = libre & pl.col("value").is_null() & publiee
    jamais = muette & ~pl.col("indicateur").is_in(list(agregeables))
    estimee = libre & (pl.col("status") == "E") & pl.col("status").is_in(list(AVEC_VALEUR))
    return observations.with_columns(
        pl.when(jamais).then(pl.lit("O")).otherwise(pl.col("status")).alias("status"),
        pl.when(muette)
        .then(pl.lit(NON_AGREGEABLE))
        .when(estimee)
        .then(pl.lit(ESTIME))
        .otherwise(pl.col("motif"))
        .alias("motif"),
        *(
            pl.when(estimee).then(None).otherwise(pl.col(nom)).alias(nom)
            for nom in ("lower", "upper", "level", "method")
        ),
    )


def periodes_agregees(indicateur: Indicateur) -> set[tuple[str, str]]:
    """Renvoie les couples (indicateur, période) que l'on sait agréger."""
    return {
        (indicateur.id, lecture.periode)
        for lecture in indicateur.lectures
        if _ouvrir(lecture) is not lecture
    }
