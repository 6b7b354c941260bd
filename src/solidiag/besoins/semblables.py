"""Territoires semblables : qui ressemble à qui, sur quelles variables, à quelle distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Tableau = npt.NDArray[np.float64]

RURAL = 5
"""Premier niveau rural de la grille de densité à sept niveaux."""

SEMBLABLES: dict[str, pl.DataType] = {
    "territoire": pl.String(),
    "semblable": pl.String(),
    "ordre": pl.Int32(),
    "distance": pl.Float64(),
    "variables": pl.Int32(),
}
"""Une ligne par (territoire, semblable), du plus proche au moins proche.

``variables`` : nombre de variables communes aux deux territoires, sur lesquelles porte la distance.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """Variable de ressemblance : un calcul du référentiel, ou un indicateur."""

    id: str
    libelle: str
    court: str
    calcul: str = ""
    indicateur: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reglage:
    """Paramètres de la ressemblance (``declarations/parametres/semblables.yaml``)."""

    nombre: Mapping[str, int]
    borne: float
    variables_minimum: int
    distance_maximale: float
    groupe_minimum: int
    variables: tuple[Variable, ...]

    @classmethod
    def lire(cls, parametres: Mapping[str, Any]) -> Reglage:
        """Renvoie les paramètres d'un fichier déjà lu."""
        return cls(
            nombre={str(n): int(k) for n, k in parametres["nombre"].items()},
            borne=float(parametres["borne"]),
            variables_minimum=int(parametres["variables_minimum"]),
            distance_maximale=float(parametres["distance_maximale"]),
            groupe_minimum=int(parametres["groupe_minimum"]),
            variables=tuple(Variable(**v) for v in parametres["variables"]),
        )

    @property
    def indicateurs(self) -> tuple[str, ...]:
        """Indicateurs qui servent à choisir, et ne se comparent donc pas à ce groupe."""
        return tuple(v.indicateur for v in self.variables if v.indicateur)


def mesures_du_referentiel(communes: pl.DataFrame, appartenance: pl.DataFrame) -> pl.DataFrame:
    """Renvoie, par territoire, population, densité (logarithmes) et part rurale (en %).

    Parameters
    ----------
    communes
        ``code, population, superficie_km2, densite_niveau``.
    appartenance
        ``commune, territoire``.

    Returns
    -------
    polars.DataFrame
        ``territoire, log_population, log_densite, part_rurale`` ; vide si un terme manque pour une
        commune du territoire.
    """
    rurale = pl.when(pl.col("densite_niveau") >= RURAL).then(pl.col("population")).otherwise(0)
    sommes = (
        appartenance.join(communes, left_on="commune", right_on="code")
        .group_by("territoire")
        .agg(
            pl.col("population").sum().cast(pl.Float64),
            pl.col("superficie_km2").sum().alias("superficie"),
            rurale.sum().cast(pl.Float64).alias("rurale"),
            (pl.col("superficie_km2").is_null() & (pl.col("population") > 0))
            .any()
            .alias("sans_superficie"),
            (pl.col("densite_niveau").is_null() & (pl.col("population") > 0))
            .any()
            .alias("sans_densite"),
        )
        .filter(pl.col("population") > 0)
    )
    return sommes.select(
        "territoire",
        pl.col("population").log().alias("log_population"),
        pl.when(~pl.col("sans_superficie") & (pl.col("superficie") > 0))
        .then((pl.col("population") / pl.col("superficie")).log())
        .alias("log_densite"),
        pl.when(~pl.col("sans_densite"))
        .then(100 * pl.col("rurale") / pl.col("population"))
        .alias("part_rurale"),
    )


def reduire(valeurs: Tableau, *, borne: float) -> Tableau:
    """Renvoie des valeurs centrées sur la médiane, réduites par l'écart interquartile, bornées.

    L'écart interquartile est divisé par 1,349 : pour une loi normale, l'unité est un écart-type.

    Examples
    --------
    >>> reduire(np.array([[1.0], [2.0], [3.0], [4.0], [1000.0]]), borne=3).ravel().round(2).tolist()
    [-1.35, -0.67, 0.0, 0.67, 3.0]
    """
    mediane = np.nanmedian(valeurs, axis=0)
    quart = np.nanquantile(valeurs, 0.75, axis=0) - np.nanquantile(valeurs, 0.25, axis=0)
    echelle = np.where(quart > 0, quart / 1.349, np.nan)
    return np.clip((valeurs - mediane) / echelle, -borne, borne)


def chercher(
    variables: pl.DataFrame, reglage: Reglage, *, niveau: str, pour: Sequence[str]
) -> pl.DataFrame:
    """Renvoie les territoires semblables de chacun des territoires demandés.

    La distance est la moyenne quadratique des écarts réduits sur les variables connues des deux
    territoires. Un territoire qui en a trop peu, ou dont aucun groupe assez fourni n'est assez
    proche, n'a pas de ligne : « pas de territoire semblable calculé ».

    Parameters
    ----------
    variables
        ``territoire`` et une colonne par identifiant de variable, pour tous les territoires du
        niveau.
    niveau
        ``DEP`` ou ``EPCI``.
    pour
        Identifiants des territoires dont on cherche les semblables.

    Returns
    -------
    polars.DataFrame
        Table au schéma `SEMBLABLES`.
    """
    triees = variables.sort("territoire")
    ids = triees["territoire"].to_list()
    noms = [v.id for v in reglage.variables]
    brutes = triees.select(pl.col(noms).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    reduites = reduire(brutes, borne=reglage.borne)
    rangs = {identifiant: rang for rang, identifiant in enumerate(ids)}
    lignes: list[dict[str, Any]] = []
    for identifiant in pour:
        rang = rangs.get(identifiant)
        if rang is None:
            continue
        ecarts = reduites - reduites[rang]
        connues = np.isfinite(ecarts)
        communes = connues.sum(axis=1)
        carres = np.where(connues, ecarts**2, 0.0).sum(axis=1)
        distances = np.sqrt(carres / np.maximum(communes, 1))
        admis = (communes >= reglage.variables_minimum) & (distances <= reglage.distance_maximale)
        admis[rang] = False
        ordre = [i for i in np.argsort(distances, kind="stable").tolist() if admis[i]]
        retenus = ordre[: reglage.nombre[niveau]]
        if len(retenus) < reglage.groupe_minimum:
            continue
        lignes += [
            {
                "territoire": identifiant,
                "semblable": ids[i],
                "ordre": place,
                "distance": float(distances[i]),
                "variables": int(communes[i]),
            }
            for place, i in enumerate(retenus, start=1)
        ]
    return pl.DataFrame(lignes, schema=SEMBLABLES)
