"""Tables de partenaires : le secret posé sur des lignes d'observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from solidiag.confidentiality.secret import Regles, taux_secret
from solidiag.model.observation import ConfStatus, ObsStatus

_CHIFFRES = ("value", "lower", "upper", "level", "numerateur", "denominateur")


def proteger_observations(
    observations: pl.DataFrame, *, parents: Mapping[str, Sequence[str]], regles: Regles
) -> pl.DataFrame:
    """Renvoie les observations d'un partenaire, secret primaire et secondaire posés.

    Parameters
    ----------
    observations
        Lignes au schéma `OBSERVATIONS` ; ``unite`` « percent » avec son numérateur et son
        dénominateur pour un taux, sinon ``value`` est un effectif.
    parents
        Par identifiant de territoire (``COM-40192``), les territoires qui le contiennent et dont
        la valeur est la somme de celles de leurs communes (``EPCI-…``, ``DEP-40``).
    regles
        Règles de secret.
    """
    boucles = [enfant for enfant, zones in parents.items() if enfant in zones]
    if boucles:
        raise ValueError(f"territoire parent de lui-même : {boucles[0]}")
    taux = pl.col("denominateur").is_not_null()
    numerateur = pl.when(taux).then(pl.col("numerateur")).otherwise(pl.col("value"))
    secrets = taux_secret(
        observations.select(numerateur).to_series().to_numpy(),
        observations["denominateur"].to_numpy(),
        regles,
    )
    cachee = pl.Series("cachee", secrets)
    return observations.with_columns(
        *(pl.when(cachee).then(None).otherwise(pl.col(c)).alias(c) for c in _CHIFFRES),
        pl.when(cachee)
        .then(pl.lit(ObsStatus.SECRET.value))
        .otherwise(pl.col("status"))
        .alias("status"),
        pl.when(cachee)
        .then(pl.lit(ConfStatus.CONFIDENTIELLE.value))
        .otherwise(pl.col("confidentiality"))
        .alias("confidentiality"),
    )
