"""Lissage bayésien empirique des taux de petits effectifs, pour les cartes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from solidiag.statistics.intervalles import Tableau

Loi = Literal["poisson", "binomiale"]
"""Hasard d'un taux : ``poisson`` pour des événements rares, ``binomiale`` pour une part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lissage:
    """Taux lissés.

    Parameters
    ----------
    taux
        Taux lissé par territoire : ``poids`` × taux observé + (1 - ``poids``) × ``moyenne``.
        ``nan`` là où l'effectif manque ou la population n'est pas positive.
    poids
        Part du taux observé, entre 0 (rien que la moyenne) et 1 (rien que l'observé).
    moyenne
        Taux vers lequel on lisse : celui de l'ensemble.
    """

    taux: Tableau
    poids: Tableau
    moyenne: Tableau


def bayes_global(
    effectifs: npt.ArrayLike,
    populations: npt.ArrayLike,
    *,
    loi: Loi = "poisson",
    moyenne: float | None = None,
) -> Lissage:
    """Renvoie les taux lissés vers le taux de l'ensemble.

    Quand la dispersion des taux ne dépasse pas celle du hasard, la variance estimée est nulle : le
    poids est 0 et chaque territoire reçoit le taux de l'ensemble.

    Parameters
    ----------
    effectifs, populations
        Un élément par territoire. ``nan`` si l'effectif manque : le territoire ne compte pas.
    loi
        Variance du hasard pour un taux m et une base n : m / n (``poisson``, l'estimateur de
        Marshall) ou m (1 - m) / n (``binomiale``, pour une part).
    moyenne
        Taux vers lequel lisser, entre 0 et 1 pour une part ; celui des territoires donnés sinon.

    Raises
    ------
    ValueError
        Si un effectif ou une population est négatif, si les longueurs diffèrent, ou si une part
        moyenne n'est pas entre 0 et 1.

    References
    ----------
    Marshall R. J. (1991), *Mapping disease and mortality rates using empirical Bayes estimators*,
    Applied Statistics, 40, 283-294.

    Examples
    --------
    >>> lisse = bayes_global([2.0, 30.0, 0.0], [100.0, 1000.0, 50.0])
    >>> [round(float(t), 5) for t in lisse.taux]
    [0.02783, 0.02783, 0.02783]
    """
    e, b, valide = _valider(effectifs, populations)
    somme, nombre = b[valide].sum(), int(valide.sum())
    if not nombre:
        vide = np.full(len(e), np.nan)
        return Lissage(taux=vide, poids=vide, moyenne=vide)
    vers = e[valide].sum() / somme if moyenne is None else moyenne
    if vers < 0 or (loi == "binomiale" and vers > 1):
        raise ValueError(f"taux moyen hors de ses bornes : {vers}")
    ecarts = np.where(valide, b * (_rapport(e, b) - vers) ** 2, 0.0)
    unitaire = vers * (1.0 - vers) if loi == "binomiale" else vers
    return _lisser(
        e,
        b,
        valide,
        moyenne=np.full(len(e), vers),
        unitaire=np.full(len(e), unitaire),
        variance=np.full(len(e), ecarts.sum() / somme - unitaire * nombre / somme),
    )


def _valider(
    effectifs: npt.ArrayLike, populations: npt.ArrayLike
) -> tuple[Tableau, Tableau, npt.NDArray[np.bool_]]:
    e = np.asarray(effectifs, dtype=np.float64)
    b = np.asarray(populations, dtype=np.float64)
    if e.ndim != 1 or e.shape != b.shape:
        raise ValueError(f"effectifs {e.shape} et populations {b.shape} : longueurs différentes")
    if (e < 0).any() or (b < 0).any():
        raise ValueError("un effectif ou une population est négatif")
    return e, b, np.isfinite(e) & (b > 0)


def _rapport(e: Tableau, b: Tableau) -> Tableau:
    return e / np.where(b > 0, b, np.nan)


def _lisser(
    e: Tableau,
    b: Tableau,
    valide: npt.NDArray[np.bool_],
    *,
    moyenne: Tableau,
    unitaire: Tableau,
    variance: Tableau,
) -> Lissage:
    """Ramène chaque taux ; ``unitaire`` est la variance du hasard pour une base de un."""
    a_priori = np.maximum(variance, 0.0)
    total = a_priori + unitaire / np.where(b > 0, b, np.nan)
    poids = np.where(total > 0, a_priori / np.where(total > 0, total, 1.0), 0.0)
    poids = np.where(valide, poids, np.nan)
    taux = moyenne + poids * (_rapport(e, b) - moyenne)
    return Lissage(taux=np.where(valide, taux, np.nan), poids=poids, moyenne=moyenne)
