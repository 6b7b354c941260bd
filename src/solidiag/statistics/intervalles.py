"""Intervalles de confiance et bornes d'arrondi, sur des tableaux."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtri

Tableau = npt.NDArray[np.float64]


def _quantile(niveau: float) -> float:
    if not 0 < niveau < 1:
        raise ValueError(f"niveau de confiance hors de ]0, 1[ : {niveau}")
    return float(ndtri(0.5 + niveau / 2))


def wilson(
    numerateur: npt.ArrayLike, denominateur: npt.ArrayLike, *, niveau: float = 0.95
) -> tuple[Tableau, Tableau]:
    """Renvoie les bornes de Wilson d'une proportion.

    Parameters
    ----------
    numerateur, denominateur
        Effectifs, avec 0 ≤ numérateur ≤ dénominateur ; ``nan`` si l'un manque.
    niveau
        Niveau de confiance, entre 0 et 1 exclus.

    Returns
    -------
    tuple
        Bornes basse et haute, entre 0 et 1 ; ``nan`` où le calcul n'a pas de sens.

    References
    ----------
    Wilson E. B. (1927), *Probable inference, the law of succession, and statistical inference*,
    Journal of the American Statistical Association, 22.

    Examples
    --------
    >>> bas, haut = wilson([65.0], [100.0])
    >>> round(float(bas[0]), 6), round(float(haut[0]), 6)
    (0.552544, 0.736358)
    """
    x = np.asarray(numerateur, dtype=np.float64)
    n = np.asarray(denominateur, dtype=np.float64)
    z = _quantile(niveau)
    valide = (n > 0) & (x >= 0) & (x <= n)
    n_sur = np.where(valide, n, np.nan)
    centre = 2 * x + z**2
    rayon = z * np.sqrt(z**2 + 4 * x * (1 - np.where(valide, x, np.nan) / n_sur))
    base = 2 * (n_sur + z**2)
    return np.maximum((centre - rayon) / base, 0.0), np.minimum((centre + rayon) / base, 1.0)


def byar(effectif: npt.ArrayLike, *, niveau: float = 0.95) -> tuple[Tableau, Tableau]:
    """Renvoie les bornes de Byar d'un effectif poissonien.

    L'approximation vaut à partir de dix événements ; voir `poisson` pour la règle complète.

    References
    ----------
    Breslow N. E. et Day N. E. (1987), *Statistical methods in cancer research*, vol. II, p. 69.

    Examples
    --------
    >>> bas, haut = byar([65.0])
    >>> round(float(bas[0]), 4), round(float(haut[0]), 4)
    (50.1632, 82.8491)
    """
    x = np.asarray(effectif, dtype=np.float64)
    z = _quantile(niveau)
    valide = x >= 0
    x_sur = np.where(valide, x, np.nan)
    positif = np.where(x_sur > 0, x_sur, np.nan)
    bas = positif * (1 - 1 / (9 * positif) - z / (3 * np.sqrt(positif))) ** 3
    bas = np.where(valide & (x_sur == 0), 0.0, bas)
    plus = x_sur + 1
    haut = plus * (1 - 1 / (9 * plus) + z / (3 * np.sqrt(plus))) ** 3
    return bas, haut


def poisson_exact(effectif: npt.ArrayLike, *, niveau: float = 0.95) -> tuple[Tableau, Tableau]:
    """Renvoie les bornes exactes d'un effectif poissonien, par la loi du khi-deux.

    Examples
    --------
    >>> bas, haut = poisson_exact([0.0, 5.0])
    >>> float(bas[0]), round(float(haut[0]), 4), round(float(haut[1]), 4)
    (0.0, 3.6889, 11.6683)
    """
    _quantile(niveau)
    x = np.asarray(effectif, dtype=np.float64)
    alpha = 1 - niveau
    valide = np.where(x >= 0, x, np.nan)
    bas = np.where(valide == 0, 0.0, gammaincinv(np.where(valide > 0, valide, np.nan), alpha / 2))
    haut = gammaincinv(valide + 1, 1 - alpha / 2)
    return bas, haut


def poisson(effectif: npt.ArrayLike, *, niveau: float = 0.95) -> tuple[Tableau, Tableau]:
    """Renvoie les bornes exactes sous dix événements, celles de Byar à partir de dix."""
    x = np.asarray(effectif, dtype=np.float64)
    exactes = poisson_exact(x, niveau=niveau)
    approchees = byar(x, niveau=niveau)
    petit = x < 10
    return (
        np.where(petit, exactes[0], approchees[0]),
        np.where(petit, exactes[1], approchees[1]),
    )


def arrondi(
    valeur: npt.ArrayLike, pas: npt.ArrayLike, *, plancher: npt.ArrayLike = False
) -> tuple[Tableau, Tableau]:
    """Renvoie les bornes d'une valeur que le producteur a arrondie.

    Parameters
    ----------
    valeur
        Valeur publiée.
    pas
        Pas de l'arrondi : 1 pour l'unité, 0,1 pour une décimale.
    plancher
        Vrai où la valeur est le plancher du producteur : la borne basse est alors 0.

    Examples
    --------
    >>> bas, haut = arrondi([16.0, 5.0], 1.0, plancher=[False, True])
    >>> bas.tolist(), haut.tolist()
    ([15.5, 0.0], [16.5, 5.5])
    """
    x = np.asarray(valeur, dtype=np.float64)
    demi = np.asarray(pas, dtype=np.float64) / 2
    bas = np.where(np.asarray(plancher, dtype=bool), np.minimum(0.0, x), x - demi)
    return bas, x + demi
