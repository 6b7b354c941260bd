"""Réduction d'un graphe orienté qui garde les temps entre les points que l'on veut.

Un point que l'on n'interroge pas est ôté, et chaque passage par lui devient un arc direct. Ôter un
point qui a d'un à trois voisins n'ajoute jamais plus d'arcs qu'il n'en retire : un réseau routier
perd ainsi presque tous ses points sans perdre un temps.

References
----------
Geisberger, Sanders, Schultes et Delling (2008), « Contraction Hierarchies », *WEA* : la
contraction d'un sommet ; ici en lots indépendants, sans recherche de témoin, et arrêtée avant que
le graphe ne grossisse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Entiers = npt.NDArray[np.int64]
Reels = npt.NDArray[np.float64]

VOISINS = 5
"""Nombre de voisins au-delà duquel un point n'est pas ôté : les arcs croîtraient."""

_TOURS = 40
_PART_UTILE = 0.02
_MELANGE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arcs:
    """Arcs d'un graphe orienté, un au plus par couple de points.

    Parameters
    ----------
    n
        Nombre de points.
    de, vers
        Rangs, de longueur m.
    minutes
        Temps, positifs ou nuls, de longueur m.
    """

    n: int
    de: Entiers
    vers: Entiers
    minutes: Reels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Liens:
    """Couples de points voisins (``un < deux``), triés, et leur temps dans chaque sens."""

    n: int
    un: Entiers
    deux: Entiers
    aller: Reels
    retour: Reels


def arcs(n: int, de: npt.ArrayLike, vers: npt.ArrayLike, minutes: npt.ArrayLike) -> Arcs:
    """Renvoie les arcs les plus courts de chaque couple, sans boucle, triés.

    Examples
    --------
    >>> a = arcs(3, [0, 0, 1, 2], [1, 1, 1, 0], [5, 4, 1, 7])
    >>> list(zip(a.de.tolist(), a.vers.tolist(), a.minutes.tolist()))
    [(0, 1, 4.0), (2, 0, 7.0)]
    """
    de, vers = np.asarray(de, dtype=np.int64), np.asarray(vers, dtype=np.int64)
    temps = np.asarray(minutes, dtype=float)
    cle = de * n + vers
    ordre = np.argsort(cle, kind="stable")
    ordre = ordre[de[ordre] != vers[ordre]]
    cle = cle[ordre]
    debuts = _debuts(cle)
    if not len(debuts):
        return Arcs(n=n, de=cle, vers=cle, minutes=np.zeros(0))
    cle = cle[debuts]
    return Arcs(n=n, de=cle // n, vers=cle % n, minutes=np.minimum.reduceat(temps[ordre], debuts))


def eliminer(
    graphe: Arcs,
    garder: npt.NDArray[np.bool_],
    *,
    limite: float = np.inf,
    voisins: int = VOISINS,
) -> Arcs:
    """Renvoie le graphe réduit : mêmes rangs, mêmes temps entre les points à garder.

    Parameters
    ----------
    garder
        Vrai pour les points qui restent, de longueur ``graphe.n``.
    limite
        Minutes : un passage plus long n'est pas gardé (0 ou plus).
    voisins
        Nombre de voisins au-delà duquel un point reste (1 à 8).

    Notes
    -----
    Un temps d'au plus ``limite`` est le même avant et après, aux arrondis près ; un temps plus
    long peut devenir infini. On s'arrête quand un tour n'ôte presque plus rien.
    """
    inverse = graphe.de > graphe.vers
    liens = _fusionner(
        graphe.n,
        np.where(inverse, graphe.vers, graphe.de),
        np.where(inverse, graphe.de, graphe.vers),
        np.where(inverse, np.inf, graphe.minutes),
        np.where(inverse, graphe.minutes, np.inf),
    )
    for _ in range(_TOURS):
        degre = np.bincount(liens.un, minlength=liens.n) + np.bincount(
            liens.deux, minlength=liens.n
        )
        choisis = _independants(liens, degre, ~garder & (degre > 0) & (degre <= voisins))
        if choisis.sum() <= _PART_UTILE * (degre > 0).sum():
            break
        liens = _oter(liens, choisis, voisins=voisins, limite=limite)
    aller, retour = np.isfinite(liens.aller), np.isfinite(liens.retour)
    return arcs(
        liens.n,
        np.concatenate((liens.un[aller], liens.deux[retour])),
        np.concatenate((liens.deux[aller], liens.un[retour])),
        np.concatenate((liens.aller[aller], liens.retour[retour])),
    )


def _independants(
    liens: _Liens, degre: Entiers, libres: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Points à ôter ensemble : d'abord ceux de peu de voisins, jamais deux voisins à la fois."""
    # Ordre arbitraire mais fixe entre points de même degré : un mélange du rang.
    melange = (np.arange(liens.n, dtype=np.uint64) * _MELANGE) >> np.uint64(16)
    rang = (np.minimum(degre, 15).astype(np.uint64) << np.uint64(48)) | melange
    rivaux = libres[liens.un] & libres[liens.deux]
    un, deux = liens.un[rivaux], liens.deux[rivaux]
    choisis = libres.copy()
    choisis[np.where(rang[un] > rang[deux], un, deux)] = False
    return choisis


def _oter(liens: _Liens, choisis: npt.NDArray[np.bool_], *, voisins: int, limite: float) -> _Liens:
    """Ôte des points dont aucun n'est voisin d'un autre, et relie leurs voisins deux à deux."""
    par_un, par_deux = choisis[liens.un], choisis[liens.deux]
    reste = ~(par_un | par_deux)
    milieu = np.concatenate((liens.un[par_un], liens.deux[par_deux]))
    voisin = np.concatenate((liens.deux[par_un], liens.un[par_deux]))
    entree = np.concatenate((liens.retour[par_un], liens.aller[par_deux]))
    sortie = np.concatenate((liens.aller[par_un], liens.retour[par_deux]))
    ordre = np.argsort(milieu, kind="stable")
    milieu, voisin = milieu[ordre], voisin[ordre]
    entree, sortie = entree[ordre], sortie[ordre]
    debuts = _debuts(milieu)
    combien = np.diff(np.append(debuts, len(milieu)))
    nouveaux: list[tuple[Entiers, Entiers, Reels, Reels]] = []
    for premier in range(voisins):
        for second in range(premier + 1, voisins):
            base = debuts[combien > second]
            a, b = base + premier, base + second
            aller, retour = entree[a] + sortie[b], entree[b] + sortie[a]
            aller = np.where(aller <= limite, aller, np.inf)
            retour = np.where(retour <= limite, retour, np.inf)
            utiles = np.isfinite(aller) | np.isfinite(retour)
            a, b, aller, retour = a[utiles], b[utiles], aller[utiles], retour[utiles]
            inverse = voisin[a] > voisin[b]
            nouveaux.append(
                (
                    np.where(inverse, voisin[b], voisin[a]),
                    np.where(inverse, voisin[a], voisin[b]),
                    np.where(inverse, retour, aller),
                    np.where(inverse, aller, retour),
                )
            )
    return _fusionner(
        liens.n,
        np.concatenate((liens.un[reste], *(lot[0] for lot in nouveaux))),
        np.concatenate((liens.deux[reste], *(lot[1] for lot in nouveaux))),
        np.concatenate((liens.aller[reste], *(lot[2] for lot in nouveaux))),
        np.concatenate((liens.retour[reste], *(lot[3] for lot in nouveaux))),
    )


def _fusionner(n: int, un: Entiers, deux: Entiers, aller: Reels, retour: Reels) -> _Liens:
    """Garde, de chaque couple, le temps le plus court dans chaque sens."""
    cle = un * n + deux
    ordre = np.argsort(cle, kind="stable")
    cle = cle[ordre]
    debuts = _debuts(cle)
    if not len(debuts):
        return _Liens(n=n, un=un, deux=deux, aller=aller, retour=retour)
    cle = cle[debuts]
    return _Liens(
        n=n,
        un=cle // n,
        deux=cle % n,
        aller=np.minimum.reduceat(aller[ordre], debuts),
        retour=np.minimum.reduceat(retour[ordre], debuts),
    )


def _debuts(triees: Entiers) -> Entiers:
    """Rang du premier de chaque suite de valeurs égales."""
    if not len(triees):
        return np.zeros(0, dtype=np.int64)
    return np.concatenate(([0], np.flatnonzero(triees[1:] != triees[:-1]) + 1))


def compacter(graphe: Arcs, garder: npt.NDArray[np.bool_]) -> tuple[Arcs, Entiers]:
    """Renvoie le graphe des points gardés ou qui ont un arc, et leurs anciens rangs, triés."""
    anciens = np.unique(np.concatenate((graphe.de, graphe.vers, np.flatnonzero(garder))))
    return (
        Arcs(
            n=len(anciens),
            de=np.searchsorted(anciens, graphe.de),
            vers=np.searchsorted(anciens, graphe.vers),
            minutes=graphe.minutes,
        ),
        anciens,
    )
