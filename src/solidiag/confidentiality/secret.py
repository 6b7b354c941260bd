"""Secret primaire : les règles, et les cases qu'elles interdisent de montrer.

Une case est secrète par elle-même quand elle porte sur trop peu de personnes (fréquence), ou
quand un petit nombre de contributeurs en fait l'essentiel (dominance). Zéro est une mesure : il se
montre, sauf demande contraire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Vecteur = npt.NDArray[np.float64]
Masque = npt.NDArray[np.bool_]


class Marque(StrEnum):
    """Ce qu'il advient d'une case dans la table publiée."""

    MONTREE = "montrée"
    PRIMAIRE = "primaire"
    SECONDAIRE = "secondaire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Regles:
    """Règles de secret d'une table ; elles sont publiques, l'attaquant les connaît.

    Parameters
    ----------
    seuil
        Plus petit effectif que l'on montre ; de 1 à ``seuil - 1``, la case est secrète.
    zero_confidentiel
        Cacher aussi les zéros (quand dire « personne » apprend quelque chose sur chacun).
    dominance
        ``(n, k)`` : la case est secrète si ses ``n`` plus gros contributeurs font plus de ``k`` %
        du total. ``None`` : règle non appliquée.
    p_pourcent
        La case est secrète si le deuxième contributeur peut estimer le premier à moins de ``p`` %
        près. ``None`` : règle non appliquée.
    etendue
        Demi-largeur exigée autour de la valeur d'une case secrète, en personnes ; le seuil par
        défaut. L'attaquant ne doit pas pouvoir écarter une valeur située à moins de cette distance,
        sauf celles que la règle écarte déjà.
    etendue_relative
        Même chose pour les montants, en part de la valeur (0,1 : plus ou moins 10 %).
    valeurs_possibles
        Nombre d'effectifs entre lesquels l'attaquant doit au moins hésiter.

    Raises
    ------
    ValueError
        Si un paramètre est hors de ses bornes.

    References
    ----------
    Hundepool A. et al. (2012), *Statistical Disclosure Control*, Wiley, chap. 4.
    """

    seuil: int = 11
    zero_confidentiel: bool = False
    dominance: tuple[int, float] | None = None
    p_pourcent: float | None = None
    etendue: float | None = None
    etendue_relative: float = 0.10
    valeurs_possibles: int = 3

    def __post_init__(self) -> None:
        """Vérifie les bornes."""
        if self.seuil < 2:
            raise ValueError(f"seuil : attendu un entier d'au moins 2, trouvé {self.seuil}")
        if self.dominance is not None:
            n, k = self.dominance
            if n < 1 or not 0 < k <= 100:
                raise ValueError(
                    f"dominance : attendu (n, k) avec n ≥ 1 et 0 < k ≤ 100, trouvé {self.dominance}"
                )
        if self.p_pourcent is not None and not 0 < self.p_pourcent <= 100:
            raise ValueError(f"p_pourcent : attendu entre 0 et 100, trouvé {self.p_pourcent}")
        if self.etendue is not None and self.etendue <= 0:
            raise ValueError(f"etendue : attendu un nombre positif, trouvé {self.etendue}")
        if not 0 < self.etendue_relative <= 1:
            raise ValueError(
                f"etendue_relative : attendu entre 0 et 1, trouvé {self.etendue_relative}"
            )
        if self.valeurs_possibles < 2:
            raise ValueError(
                f"valeurs_possibles : attendu au moins 2, trouvé {self.valeurs_possibles}"
            )

    @property
    def demi_largeur(self) -> float:
        """Demi-largeur exigée autour d'un effectif secret, en personnes."""
        return float(self.seuil) if self.etendue is None else self.etendue


def sous_le_seuil(effectifs: npt.ArrayLike, regles: Regles) -> Masque:
    """Dit quels effectifs sont secrets par fréquence.

    Parameters
    ----------
    effectifs
        Nombres de personnes ; ``nan`` si l'effectif manque (jamais secret par lui-même).

    Examples
    --------
    >>> sous_le_seuil([0, 1, 10, 11], Regles()).tolist()
    [False, True, True, False]
    """
    x = np.asarray(effectifs, dtype=np.float64)
    bas = x >= 0 if regles.zero_confidentiel else x > 0
    return np.asarray(bas & (x < regles.seuil), dtype=np.bool_)


def domine(contributions: Sequence[float], total: float, regles: Regles) -> bool:
    """Dit si un montant est secret par dominance ou par la règle des p %.

    Parameters
    ----------
    contributions
        Plus gros contributeurs de la case, au moins les ``n`` premiers (deux pour la règle des
        p %). Un contributeur non donné compte pour zéro.
    total
        Valeur de la case.

    Examples
    --------
    >>> domine([38], 40, Regles(dominance=(1, 85)))
    True
    >>> domine([50, 40, 3], 93, Regles(p_pourcent=10))
    True
    >>> domine([50, 30, 10, 5], 95, Regles(p_pourcent=10))
    False
    """
    if total <= 0:
        return False
    tries = sorted((float(c) for c in contributions), reverse=True)
    if regles.dominance is not None:
        n, k = regles.dominance
        if 100 * sum(tries[:n]) > k * total:
            return True
    if regles.p_pourcent is not None and tries:
        reste = total - sum(tries[:2])
        if 100 * reste < regles.p_pourcent * tries[0]:
            return True
    return False
