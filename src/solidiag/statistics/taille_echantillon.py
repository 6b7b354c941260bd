"""Taille d'échantillon : combien de réponses pour une marge d'erreur."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from scipy.special import ndtri


@dataclass(frozen=True, slots=True, kw_only=True)
class TailleEchantillon:
    """Nombre de personnes qu'il faut.

    Parameters
    ----------
    repondants
        Réponses nécessaires.
    sollicitations
        Personnes à solliciter, selon le taux de réponse ; ``None`` s'il n'est pas donné.
    recensement
        Il faudrait interroger toute la population.
    """

    repondants: int
    sollicitations: int | None
    recensement: bool


def taille_echantillon(
    marge: float,
    *,
    part: float = 0.5,
    population: int | None = None,
    effet: float = 1.0,
    niveau: float = 0.95,
    taux_de_reponse: float | None = None,
) -> TailleEchantillon:
    """Renvoie la taille d'un tirage simple qui tient une marge d'erreur sur une part.

    ``n0 = z² p (1 - p) / e²``, puis ``n = n0 / (1 + (n0 - 1) / N)`` dans une population finie, fois
    l'effet de plan. Ne vaut que pour un tirage au hasard.

    Parameters
    ----------
    marge
        Demi-largeur voulue, en part (0,05 : plus ou moins 5 points).
    part
        Part attendue ; 0,5 est le cas le plus exigeant.
    population
        Personnes de la population visée ; infinie par défaut.
    effet
        Effet de plan attendu, au moins 1.
    taux_de_reponse
        Part attendue de personnes qui répondent.

    Raises
    ------
    ValueError
        Si un paramètre est hors de ses bornes.

    References
    ----------
    Cochran W. G. (1977), *Sampling Techniques*, 3e édition, Wiley, chap. 4.

    Examples
    --------
    >>> taille_echantillon(0.05).repondants, taille_echantillon(0.05, population=1000).repondants
    (385, 278)
    """
    if not (0 < marge < 1 and 0 < part < 1 and 0 < niveau < 1):
        raise ValueError("marge, part et niveau : attendu des nombres de ]0, 1[")
    if effet < 1:
        raise ValueError(f"effet de plan : attendu au moins 1, trouvé {effet:g}")
    if population is not None and population < 1:
        raise ValueError(f"population : attendu un nombre positif, trouvé {population}")
    if taux_de_reponse is not None and not 0 < taux_de_reponse <= 1:
        raise ValueError(f"taux de réponse : attendu dans ]0, 1], trouvé {taux_de_reponse:g}")
    z = float(ndtri(0.5 + niveau / 2))
    n = z**2 * part * (1 - part) / marge**2
    if population is not None:
        n /= 1 + (n - 1) / population
    repondants = ceil(n * effet - 1e-9)
    recensement = population is not None and repondants >= population
    if recensement and population is not None:
        repondants = population
    envois = None if taux_de_reponse is None else ceil(repondants / taux_de_reponse - 1e-9)
    if envois is not None and population is not None:
        envois = min(envois, population)
    return TailleEchantillon(repondants=repondants, sollicitations=envois, recensement=recensement)
