"""Distances du calage : ce que coûte l'écart d'un poids calé à son poids de départ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Tableau = npt.NDArray[np.float64]

PLUS_GRAND_EXPOSANT = 600.0
"""Exposant au-delà duquel le raking est hors d'atteinte (le double déborde vers 709)."""


class Methode(StrEnum):
    """Distance entre les poids calés et les poids de départ.

    La méthode linéaire donne parfois des poids négatifs ; le raking n'en donne jamais, mais ses
    rapports n'ont pas de plafond ; les deux autres tiennent des bornes.
    """

    LINEAIRE = "linéaire"
    RAKING = "raking"
    LOGIT = "logit"
    TRONQUEE = "linéaire tronquée"

    @property
    def bornee(self) -> bool:
        """La méthode tient un plus petit et un plus grand rapports."""
        return self in (Methode.LOGIT, Methode.TRONQUEE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bornes:
    """Plus petit et plus grand rapports admis, avec 0 ≤ bas < 1 < haut.

    Raises
    ------
    ValueError
        Si les bornes n'entourent pas 1, ou si la basse est négative.
    """

    bas: float
    haut: float

    def __post_init__(self) -> None:
        """Vérifie que les bornes entourent 1."""
        if not 0 <= self.bas < 1 < self.haut < np.inf:
            raise ValueError(
                "bornes : attendu 0 ≤ bas < 1 < haut, trouvé "
                f"bas = {self.bas:g} et haut = {self.haut:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """Une méthode, par ses trois fonctions de ``u = x'λ``.

    Parameters
    ----------
    duale
        Fonction convexe dont ``rapports`` est la dérivée.
    rapports
        Rapport du poids calé au poids de départ, 1 en zéro.
    pentes
        Dérivée de ``rapports``, 1 en zéro.
    """

    duale: Callable[[Tableau], Tableau]
    rapports: Callable[[Tableau], Tableau]
    pentes: Callable[[Tableau], Tableau]


def distance_de(methode: Methode, bornes: Bornes | None) -> Distance:
    """Renvoie les fonctions d'une méthode.

    References
    ----------
    Deville J.-C. et Särndal C.-E. (1992), *Calibration estimators in survey sampling*, Journal of
    the American Statistical Association, 87, p. 376-382.

    Examples
    --------
    >>> logit = distance_de(Methode.LOGIT, Bornes(bas=0.5, haut=2.0))
    >>> float(logit.rapports(np.array([0.0]))[0])
    1.0
    """
    if methode is Methode.LINEAIRE:
        return Distance(duale=lambda u: u + u**2 / 2, rapports=lambda u: 1 + u, pentes=np.ones_like)
    if methode is Methode.RAKING:
        return Distance(duale=_exp, rapports=_exp, pentes=_exp)
    if bornes is None:
        raise ValueError(f"la méthode « {methode} » demande des bornes")
    return _logit(bornes) if methode is Methode.LOGIT else _tronquee(bornes)


def _exp(u: Tableau) -> Tableau:
    """Exponentielle qui vaut l'infini, sans avertir, bien avant de déborder."""
    return np.where(u > PLUS_GRAND_EXPOSANT, np.inf, np.exp(np.minimum(u, PLUS_GRAND_EXPOSANT)))


def _logit(bornes: Bornes) -> Distance:
    bas, haut = bornes.bas, bornes.haut
    a = (haut - bas) / ((1 - bas) * (haut - 1))
    decalage = np.log((1 - bas) / (haut - 1))

    def position(u: Tableau) -> Tableau:
        """Place du rapport entre les bornes, de 0 à 1."""
        return np.asarray(expit(a * u + decalage))

    def pentes(u: Tableau) -> Tableau:
        p = position(u)
        return (haut - bas) * a * p * (1 - p)

    return Distance(
        duale=lambda u: bas * u + (haut - bas) / a * np.logaddexp(0.0, a * u + decalage),
        rapports=lambda u: bas + (haut - bas) * position(u),
        pentes=pentes,
    )


def _tronquee(bornes: Bornes) -> Distance:
    def rapports(u: Tableau) -> Tableau:
        return np.clip(1 + u, bornes.bas, bornes.haut)

    def duale(u: Tableau) -> Tableau:
        g = rapports(u)
        return u * g - (g - 1) ** 2 / 2

    def pentes(u: Tableau) -> Tableau:
        return ((1 + u > bornes.bas) & (1 + u < bornes.haut)).astype(np.float64)

    return Distance(duale=duale, rapports=rapports, pentes=pentes)
