"""Voisinage : quels territoires se touchent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import shapely

from solidiag.geography.contours import Surface


def voisins_contigus(
    surfaces: Mapping[str, Surface], territoires: Sequence[str]
) -> tuple[tuple[int, ...], ...]:
    """Renvoie le rang des voisins de chaque territoire : ceux qu'il touche, fût-ce en un point.

    Un territoire sans contour, ou que rien ne touche parmi ceux donnés (île, voisins sans valeur),
    n'a pas de voisin.

    Parameters
    ----------
    surfaces
        Surface projetée de chaque territoire, par identifiant.
    territoires
        Identifiants, dans l'ordre des rangs rendus.
    """
    connus = [rang for rang, nom in enumerate(territoires) if nom in surfaces]
    formes = [surfaces[territoires[rang]] for rang in connus]
    touches: list[set[int]] = [set() for _ in territoires]
    if formes:
        arbre = shapely.STRtree(formes)
        a, b = arbre.query(formes, predicate="intersects")
        for i, j in zip(np.asarray(a).tolist(), np.asarray(b).tolist(), strict=True):
            if i != j:
                touches[connus[i]].add(connus[j])
    return tuple(tuple(sorted(siens)) for siens in touches)
