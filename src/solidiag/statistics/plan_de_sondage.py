"""Variance d'une moyenne ou d'une part dans un plan à un degré, stratifié ou en grappes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Tableau = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Plan de sondage à un degré.

    Parameters
    ----------
    strates
        Strate de chaque personne ; une seule par défaut.
    grappes
        Grappe de chaque personne (lieu d'enquête, ménage) ; chacune la sienne par défaut. Deux
        strates peuvent nommer leurs grappes pareil : ce sont deux grappes.
    taux_de_sondage
        Par strate, part des grappes de la population qui ont été tirées ; 0 par défaut (prudent).

    Raises
    ------
    ValueError
        Si un taux de sondage est hors de [0, 1].
    """

    strates: Sequence[str] | None = None
    grappes: Sequence[str] | None = None
    taux_de_sondage: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Vérifie les taux de sondage."""
        for strate, taux in self.taux_de_sondage.items():
            if not 0 <= taux <= 1:
                raise ValueError(f"taux de sondage de « {strate} » hors de [0, 1] : {taux:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceLinearisee:
    """Variance d'une moyenne pondérée, et ses degrés de liberté.

    Les degrés de liberté sont les grappes moins les strates où la sous-population est présente.
    """

    variance: float
    degres_de_liberte: int


def variance_linearisee(
    y: Tableau, poids: Tableau, *, plan: Plan, dans: npt.NDArray[np.bool_] | None = None
) -> VarianceLinearisee | None:
    """Renvoie la variance linéarisée (Taylor) de la moyenne pondérée de ``y``.

    ``z = w (y - moyenne) / Σw`` dans la sous-population, 0 ailleurs ; la variance est la somme, par
    strate, de ``(1 - f) n / (n - 1) Σ (z_grappe - moyenne des z_grappe)²``.

    Parameters
    ----------
    y, poids
        Valeur et poids de chaque personne tirée, sous-population ou non.
    dans
        Sous-population ; les grappes qui n'en ont personne comptent dans la variance.

    Returns
    -------
    VarianceLinearisee or None
        ``None`` si une strate n'a qu'une grappe, tirée parmi d'autres, ou s'il ne reste pas de
        degré de liberté : la variance ne s'estime pas.

    Raises
    ------
    ValueError
        Si les longueurs diffèrent ou si la sous-population est vide.

    References
    ----------
    Woodruff R. S. (1971), *A simple method for approximating the variance of a complicated
    estimate*, Journal of the American Statistical Association, 66. Särndal C.-E., Swensson B. et
    Wretman J. (1992), *Model Assisted Survey Sampling*, Springer, chap. 5.

    Examples
    --------
    >>> tirage = variance_linearisee(np.array([0.0, 1.0, 1.0, 0.0]), np.ones(4), plan=Plan())
    >>> round(tirage.variance, 6), tirage.degres_de_liberte
    (0.083333, 3)
    """
    n = y.size
    strates = ["" for _ in range(n)] if plan.strates is None else [str(s) for s in plan.strates]
    grappes = [str(i) for i in range(n)] if plan.grappes is None else [str(g) for g in plan.grappes]
    if not len(strates) == len(grappes) == poids.size == n:
        raise ValueError("plan : une strate, une grappe et un poids par personne sont attendus")
    visee = np.ones(n, dtype=np.bool_) if dans is None else dans
    if not visee.any():
        raise ValueError("plan : la sous-population est vide")
    moyenne = float(np.average(y[visee], weights=poids[visee]))
    z = np.zeros(n)
    z[visee] = poids[visee] * (y[visee] - moyenne) / np.sum(poids[visee])
    totaux: dict[str, dict[str, float]] = {}
    for strate, grappe, part in zip(strates, grappes, z, strict=True):
        siennes = totaux.setdefault(strate, {})
        siennes[grappe] = siennes.get(grappe, 0.0) + float(part)
    variance = 0.0
    for strate, siennes in totaux.items():
        libre = 1 - plan.taux_de_sondage.get(strate, 0.0)
        if libre == 0:
            continue
        if len(siennes) < 2:
            return None
        valeurs = np.fromiter(siennes.values(), dtype=np.float64)
        variance += libre * valeurs.size * float(np.var(valeurs, ddof=1))
    presentes = {(s, g) for s, g, v in zip(strates, grappes, visee, strict=True) if v}
    liberte = len(presentes) - len({strate for strate, _ in presentes})
    if liberte < 1:
        return None
    return VarianceLinearisee(variance=variance, degres_de_liberte=liberte)
