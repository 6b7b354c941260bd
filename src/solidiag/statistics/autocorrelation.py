"""Autocorrélation spatiale : indice de Moran global et local."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from solidiag.statistics.typologie import Reels

Voisins = Sequence[Sequence[int]]
"""Rangs des voisins de chaque territoire, sans lui-même ; chaque voisin pèse autant."""

_DECIMALES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MoranGlobal:
    """Indice de Moran global.

    Parameters
    ----------
    indice
        Proche de l'espérance sous le hasard, -1 / (n - 1) ; positif si les voisins se ressemblent.
    p
        Probabilité d'un indice au moins aussi fort, par permutations.
    """

    indice: float
    esperance: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MoranLocal:
    """Indices de Moran locaux.

    Parameters
    ----------
    indices
        Indice de chaque territoire, variance divisée par n ; ``esda`` en donne (n - 1) / n fois
        la valeur. Zéro pour un territoire sans voisin.
    p
        Probabilité bilatérale par permutations conditionnelles ; un sans voisin.
    quadrants
        ``haut_haut``, ``bas_bas``, ``haut_bas`` ou ``bas_haut`` ; vide sans voisin.
    """

    indices: Reels
    p: Reels
    quadrants: tuple[str, ...]


def _retards(z: Reels, voisins: Voisins) -> Reels:
    """Renvoie la moyenne des voisins de chaque territoire ; zéro sans voisin."""
    return np.array([z[list(v)].mean() if len(v) else 0.0 for v in voisins])


def _centrer(valeurs: npt.ArrayLike, voisins: Voisins) -> Reels:
    x = np.asarray(valeurs, dtype=np.float64)
    if len(x) != len(voisins) or len(x) < 3:
        raise ValueError("au moins trois territoires, et les voisins de chacun")
    if not np.isfinite(x).all():
        raise ValueError("il manque une valeur")
    z = x - x.mean()
    if not np.abs(z).max() > 0:
        raise ValueError("toutes les valeurs sont égales")
    return np.asarray(z)


def moran_global(
    valeurs: npt.ArrayLike, voisins: Voisins, *, permutations: int, rng: np.random.Generator
) -> MoranGlobal:
    """Renvoie l'indice de Moran, poids standardisés en ligne, et sa probabilité (unilatérale).

    References
    ----------
    P. A. P. Moran (1950), *Notes on continuous stochastic phenomena*, Biometrika 37.
    """
    z = _centrer(valeurs, voisins)
    n, pourvus = len(z), sum(1 for v in voisins if len(v))
    if not pourvus:
        raise ValueError("aucun territoire n'a de voisin")
    lignes = np.repeat(np.arange(n), [len(v) for v in voisins])
    colonnes = np.array([j for v in voisins for j in v], dtype=np.int64)
    poids = np.array([1.0 / len(v) for v in voisins for _ in v])
    facteur = n / pourvus / float((z * z).sum())

    def indice(serie: Reels) -> float:
        return float((poids * serie[lignes] * serie[colonnes]).sum()) * facteur

    observe = indice(z)
    tirages = np.array([indice(rng.permutation(z)) for _ in range(permutations)])
    seuil = round(observe, _DECIMALES)
    plus_forts = int((np.round(tirages, _DECIMALES) >= seuil).sum())
    return MoranGlobal(
        indice=observe, esperance=-1.0 / (n - 1), p=(plus_forts + 1) / (permutations + 1)
    )


def permutations_suffisantes(territoires: int, alpha: float) -> int:
    """Renvoie le nombre de permutations sous lequel rien ne peut passer l'ajustement.

    La plus petite probabilité bilatérale est 2 / (permutations + 1) ; l'ajustement de Benjamini et
    Hochberg demande, pour un seul territoire net sur n, une probabilité d'au plus alpha / n.

    Examples
    --------
    >>> permutations_suffisantes(327, 0.05)
    13080
    """
    return ceil(2 * territoires / alpha)


def _tirer(
    parmi: int, nombre: int, *, permutations: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Renvoie, par permutation, ``nombre`` rangs distincts tirés parmi ``parmi``, dans l'ordre."""
    if nombre * nombre > parmi:
        hasard = rng.random((permutations, parmi))
        return np.argsort(hasard, axis=1, kind="stable")[:, :nombre].astype(np.int64)
    tires = rng.integers(parmi, size=(permutations, nombre))
    while True:
        ranges = np.sort(tires, axis=1)
        doubles = np.flatnonzero((ranges[:, 1:] == ranges[:, :-1]).any(axis=1))
        if not doubles.size:
            return tires
        tires[doubles] = rng.integers(parmi, size=(doubles.size, nombre))


def moran_local(
    valeurs: npt.ArrayLike, voisins: Voisins, *, permutations: int, rng: np.random.Generator
) -> MoranLocal:
    """Renvoie les indices de Moran locaux, poids standardisés en ligne.

    Permutations conditionnelles : la valeur du territoire reste, celles de ses voisins sont tirées
    sans remise parmi tous les autres. Les mêmes tirages de rangs servent à tous les territoires.

    References
    ----------
    L. Anselin (1995), *Local Indicators of Spatial Association: LISA*, Geographical Analysis 27.
    """
    z = _centrer(valeurs, voisins)
    n = len(z)
    variance = float((z * z).mean())
    retards = _retards(z, voisins)
    plus_grand = max((len(v) for v in voisins), default=0)
    tires = _tirer(n - 1, plus_grand, permutations=permutations, rng=rng)
    p = np.ones(n)
    for i, siens in enumerate(voisins):
        if not len(siens):
            continue
        autres = np.delete(z, i)
        sommes = np.round(autres[tires[:, : len(siens)]].mean(axis=1) * z[i], _DECIMALES)
        observe = round(float(retards[i] * z[i]), _DECIMALES)
        hauts = (int((sommes >= observe).sum()) + 1) / (permutations + 1)
        bas = (int((sommes <= observe).sum()) + 1) / (permutations + 1)
        p[i] = min(1.0, 2.0 * min(hauts, bas))
    return MoranLocal(
        indices=z * retards / variance,
        p=p,
        quadrants=tuple(
            f"{'haut' if z[i] > 0 else 'bas'}_{'haut' if retards[i] > 0 else 'bas'}"
            if len(v)
            else ""
            for i, v in enumerate(voisins)
        ),
    )
