"""Tests de différence entre deux effectifs ou deux parts, et part des fausses découvertes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Tableau = npt.NDArray[np.float64]

PETIT_EFFECTIF = 5.0
"""Effectif attendu sous lequel un test approché cède la place au test exact."""


class Essai(NamedTuple):
    """Résultat d'un test.

    Parameters
    ----------
    statistique
        Statistique centrée réduite ; ``nan`` pour un test exact.
    p_valeur
        Probabilité bilatérale, entre 0 et 1.
    methode
        ``deux_proportions``, ``fisher``, ``deux_taux`` ou ``deux_taux_exact``.
    """

    statistique: float
    p_valeur: float
    methode: str


def deux_proportions(
    numerateur: float, denominateur: float, numerateur_autre: float, denominateur_autre: float
) -> Essai:
    """Renvoie le test de l'égalité de deux proportions.

    Khi-deux de Pearson sans correction de continuité, sous la proportion commune ; test exact de
    Fisher si un effectif attendu est inférieur à `PETIT_EFFECTIF`.

    Parameters
    ----------
    numerateur, denominateur, numerateur_autre, denominateur_autre
        Effectifs, avec 0 ≤ numérateur ≤ dénominateur et dénominateur > 0.

    Raises
    ------
    ValueError
        Si un effectif est hors de ses bornes.

    References
    ----------
    Fleiss J. L., Levin B. et Paik M. C. (2003), *Statistical methods for rates and proportions*,
    3e édition, chap. 3.

    Examples
    --------
    >>> round(deux_proportions(83, 86, 70, 82).p_valeur, 4)
    0.0113
    """
    for x, n in ((numerateur, denominateur), (numerateur_autre, denominateur_autre)):
        if not (n > 0 and 0 <= x <= n):
            raise ValueError(f"effectif hors de ses bornes : {x} sur {n}")
    total = denominateur + denominateur_autre
    commune = (numerateur + numerateur_autre) / total
    if commune in (0.0, 1.0):
        return Essai(0.0, 1.0, "deux_proportions")
    attendus = [n * p for n in (denominateur, denominateur_autre) for p in (commune, 1 - commune)]
    if min(attendus) < PETIT_EFFECTIF:
        from scipy.stats import fisher_exact

        table = [
            [round(numerateur), round(denominateur - numerateur)],
            [round(numerateur_autre), round(denominateur_autre - numerateur_autre)],
        ]
        return Essai(float("nan"), float(fisher_exact(table).pvalue), "fisher")
    ecart = numerateur / denominateur - numerateur_autre / denominateur_autre
    z = ecart / np.sqrt(commune * (1 - commune) * (1 / denominateur + 1 / denominateur_autre))
    return Essai(float(z), float(2 * ndtr(-abs(z))), "deux_proportions")


def deux_taux(
    evenements: float, exposition: float, evenements_autre: float, exposition_autre: float
) -> Essai:
    """Renvoie le test de l'égalité de deux taux, événements rapportés à une exposition.

    Sachant le total, les événements du premier suivent une loi binomiale sous l'hypothèse d'égalité
    (Przyborowski et Wilenski) ; approchée par la loi normale quand les effectifs le permettent.

    Raises
    ------
    ValueError
        Si une exposition n'est pas positive, ou un effectif négatif.

    References
    ----------
    Przyborowski J. et Wilenski H. (1940), *Homogeneity of results in testing samples from Poisson
    series*, Biometrika, 31.
    """
    if exposition <= 0 or exposition_autre <= 0 or evenements < 0 or evenements_autre < 0:
        raise ValueError("une exposition doit être positive et un effectif positif ou nul")
    total = evenements + evenements_autre
    if total == 0:
        return Essai(0.0, 1.0, "deux_taux")
    part = exposition / (exposition + exposition_autre)
    if total * min(part, 1 - part) < PETIT_EFFECTIF:
        from scipy.stats import binomtest

        p = binomtest(round(evenements), round(total), part).pvalue
        return Essai(float("nan"), float(p), "deux_taux_exact")
    z = (evenements - total * part) / np.sqrt(total * part * (1 - part))
    return Essai(float(z), float(2 * ndtr(-abs(z))), "deux_taux")


def reste(
    numerateur: float, denominateur: float, numerateur_total: float, denominateur_total: float
) -> tuple[float, float] | None:
    """Renvoie ce qu'il reste d'une référence quand on en retire le territoire qu'elle comprend.

    Renvoie ``None`` si le reste est vide ou impossible (arrondis, périmètres différents).

    Examples
    --------
    >>> reste(10, 100, 60, 400)
    (50, 300)
    >>> reste(10, 100, 10, 100) is None
    True
    """
    x, n = numerateur_total - numerateur, denominateur_total - denominateur
    return (x, n) if n > 0 and x >= 0 else None


def ajuster(p_valeurs: npt.ArrayLike) -> Tableau:
    """Renvoie les probabilités ajustées de Benjamini et Hochberg.

    Rejeter les hypothèses dont la probabilité ajustée ne dépasse pas α tient à α la part moyenne
    de fausses découvertes parmi les rejets, pour des tests indépendants ou positivement liés.

    Parameters
    ----------
    p_valeurs
        Probabilités entre 0 et 1 ; ``nan`` là où il n'y a pas de test, rendu ``nan`` et non compté.

    Raises
    ------
    ValueError
        Si une probabilité est hors de [0, 1].

    References
    ----------
    Benjamini Y. et Hochberg Y. (1995), *Controlling the false discovery rate*, Journal of the Royal
    Statistical Society, B, 57, p. 289-300.

    Examples
    --------
    >>> ajuster([0.01, 0.04, 0.03, float("nan")]).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    p = np.asarray(p_valeurs, dtype=np.float64)
    testees = np.isfinite(p)
    if np.any((p[testees] < 0) | (p[testees] > 1)):
        raise ValueError("une probabilité est hors de [0, 1]")
    ajustees = np.full(p.shape, np.nan)
    connues = p[testees]
    ordre = np.argsort(connues, kind="stable")[::-1]
    rangs = np.arange(connues.size, 0, -1)
    cumul = np.minimum.accumulate(connues[ordre] * connues.size / rangs)
    rendues = np.empty_like(connues)
    rendues[ordre] = np.minimum(cumul, 1.0)
    ajustees[testees] = rendues
    return ajustees
