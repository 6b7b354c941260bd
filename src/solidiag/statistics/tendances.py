"""Tests de tendance sur cinq points au moins, sans jamais franchir une rupture de série."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

POINTS_MINIMUM = 5
"""Nombre de points sous lequel une série est trop courte pour un test."""

_EXACT_MAXIMUM = 40


class EssaiTendance(NamedTuple):
    """Résultat d'un test de tendance.

    Parameters
    ----------
    pente
        Signe et, pour le khi-deux, pente par unité de temps ; ``tau`` pour Mann-Kendall.
    p_valeur
        Probabilité bilatérale.
    methode
        ``khi2_tendance``, ``khi2_tendance_effectifs`` ou ``mann_kendall``.
    """

    pente: float
    p_valeur: float
    methode: str


def _verifier(n: int) -> None:
    if n < POINTS_MINIMUM:
        raise ValueError(f"série trop courte : {n} points, il en faut {POINTS_MINIMUM}")


def khi2_tendance(
    numerateurs: npt.ArrayLike, denominateurs: npt.ArrayLike, temps: npt.ArrayLike | None = None
) -> EssaiTendance:
    """Renvoie le test du khi-deux de tendance d'une proportion (Cochran-Armitage).

    Parameters
    ----------
    numerateurs, denominateurs
        Effectifs de chaque date, avec 0 ≤ numérateur ≤ dénominateur.
    temps
        Dates ; à défaut, des dates régulières.

    Raises
    ------
    ValueError
        Si la série a moins de cinq points, des longueurs différentes ou un effectif hors bornes.

    References
    ----------
    Armitage P. (1955), *Tests for linear trends in proportions and frequencies*, Biometrics, 11.
    Public Health England, *Fingertips trend markers*, Public health technical guidance : cinq
    derniers points, aucune rupture.
    """
    x = np.asarray(numerateurs, dtype=np.float64)
    n = np.asarray(denominateurs, dtype=np.float64)
    t = np.arange(x.size, dtype=np.float64) if temps is None else np.asarray(temps, np.float64)
    if not x.size == n.size == t.size:
        raise ValueError("numérateurs, dénominateurs et dates n'ont pas la même longueur")
    _verifier(x.size)
    if np.any(n <= 0) or np.any(x < 0) or np.any(x > n):
        raise ValueError("un effectif est hors de ses bornes")
    part = x.sum() / n.sum()
    centre = t - (n * t).sum() / n.sum()
    etalement = float((n * centre**2).sum())
    score = float((x * centre).sum())
    if part in (0.0, 1.0) or etalement == 0:
        return EssaiTendance(0.0, 1.0, "khi2_tendance")
    z = score / np.sqrt(part * (1 - part) * etalement)
    return EssaiTendance(score / etalement, float(2 * ndtr(-abs(z))), "khi2_tendance")


def khi2_tendance_effectifs(
    effectifs: npt.ArrayLike, temps: npt.ArrayLike | None = None
) -> EssaiTendance:
    """Renvoie le test de tendance de dénombrements indépendants (loi de Poisson).

    Raises
    ------
    ValueError
        Si la série a moins de cinq points ou un effectif négatif.

    References
    ----------
    Armitage P., Berry G. et Matthews J. N. S. (2002), *Statistical methods in medical research*,
    4e édition, chap. 15.
    """
    x = np.asarray(effectifs, dtype=np.float64)
    t = np.arange(x.size, dtype=np.float64) if temps is None else np.asarray(temps, np.float64)
    if x.size != t.size:
        raise ValueError("effectifs et dates n'ont pas la même longueur")
    _verifier(x.size)
    if np.any(x < 0):
        raise ValueError("un effectif est négatif")
    centre = t - t.mean()
    etalement = float((centre**2).sum())
    moyenne = float(x.mean())
    if moyenne == 0 or etalement == 0:
        return EssaiTendance(0.0, 1.0, "khi2_tendance_effectifs")
    score = float((x * centre).sum())
    z = score / np.sqrt(moyenne * etalement)
    return EssaiTendance(score / etalement, float(2 * ndtr(-abs(z))), "khi2_tendance_effectifs")


@lru_cache(maxsize=64)
def _inversions(n: int) -> tuple[int, ...]:
    """Renvoie le nombre de permutations de n éléments par nombre d'inversions."""
    comptes = [1]
    for taille in range(2, n + 1):
        suivants = [0] * (len(comptes) + taille - 1)
        for inversions, effectif in enumerate(comptes):
            for ajout in range(taille):
                suivants[inversions + ajout] += effectif
        comptes = suivants
    return tuple(comptes)


def mann_kendall(valeurs: npt.ArrayLike) -> EssaiTendance:
    """Renvoie le test de Mann-Kendall d'une série dont on ne connaît pas les effectifs.

    La loi est exacte jusqu'à quarante points sans ex æquo ; avec des ex æquo, la variance corrigée
    et la correction de continuité de Kendall.

    Parameters
    ----------
    valeurs
        Valeurs dans l'ordre du temps ; les écarts entre dates peuvent être inégaux.

    Raises
    ------
    ValueError
        Si la série a moins de cinq points.

    References
    ----------
    Mann H. B. (1945), *Nonparametric tests against trend*, Econometrica, 13 ; Kendall M. G. (1975),
    *Rank correlation methods*, 4e édition.

    Examples
    --------
    >>> essai = mann_kendall([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> essai.pente, round(essai.p_valeur, 5)
    (1.0, 0.01667)
    """
    x = np.asarray(valeurs, dtype=np.float64)
    n = x.size
    _verifier(n)
    paires = n * (n - 1) // 2
    s = int(sum(np.sign(x[j] - x[:j]).sum() for j in range(1, n)))
    _, egaux = np.unique(x, return_counts=True)
    if s == 0:
        return EssaiTendance(0.0, 1.0, "mann_kendall")
    if n <= _EXACT_MAXIMUM and egaux.max() == 1:
        comptes = _inversions(n)
        extremes = (paires - abs(s)) // 2
        p = min(1.0, 2 * sum(comptes[: extremes + 1]) / sum(comptes))
    else:
        variance = (
            n * (n - 1) * (2 * n + 5) - sum(e * (e - 1) * (2 * e + 5) for e in egaux.tolist())
        ) / 18
        p = float(2 * ndtr(-(abs(s) - 1) / np.sqrt(variance)))
    return EssaiTendance(s / paires, p, "mann_kendall")


def dernier_segment(
    periodes: Sequence[str], ruptures: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Renvoie le début du dernier segment sans rupture, et la rupture qui le précède.

    Parameters
    ----------
    periodes
        Périodes croissantes (``2019``, ``2024-T4``).
    ruptures
        Paires (dernière période avant, première période après) : deux périodes de part et d'autre
        ne se comparent pas.

    Returns
    -------
    tuple
        Rang de la première période comparable à la dernière, et « avant → après » ou ``""``.

    Examples
    --------
    >>> dernier_segment(["2019", "2021", "2023", "2024"], [("2021", "2023")])
    (2, '2021 → 2023')
    """
    debut, dite = 0, ""
    for avant, apres in ruptures:
        suivant = next((rang for rang, p in enumerate(periodes) if p >= apres), None)
        if suivant is not None and suivant > debut:
            debut, dite = suivant, f"{avant} → {apres}"
    return debut, dite
