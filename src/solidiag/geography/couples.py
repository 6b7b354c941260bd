"""Couples départ-arrivée à portée : la forme creuse que rend chaque fournisseur de trajets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

Entiers = npt.NDArray[np.int32]
Reels = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Couples:
    """Temps de trajet des seuls couples à portée, triés par départ puis par arrivée.

    Parameters
    ----------
    n_departs, n_arrivees
        Nombre de points de chaque côté ; un départ sans couple n'a aucune arrivée à portée.
    depart, arrivee
        Rangs, de longueur n.
    temps
        Minutes, de longueur n.
    bas, haut
        Bornes, de longueur n ; égales à ``temps`` quand le fournisseur n'a pas d'incertitude.
    """

    n_departs: int
    n_arrivees: int
    depart: Entiers
    arrivee: Entiers
    temps: Reels
    bas: Reels
    haut: Reels


class Itineraires(Protocol):
    """Fournisseur de temps de trajet : estimation, réseau routier ou serveur d'itinéraires."""

    @property
    def nom(self) -> str:
        """Nom imprimé du fournisseur (« estimation à vol d'oiseau »...)."""
        ...

    @property
    def mode(self) -> str:
        """``voiture``, ``velo`` ou ``pied``."""
        ...

    @property
    def estime(self) -> bool:
        """Vrai si le temps est une convention et non un calcul sur un réseau."""
        ...

    @property
    def remarques(self) -> tuple[str, ...]:
        """Ce qui a manqué : extrait partiel, points loin du réseau, réponses incomplètes."""
        ...

    def couples(self, departs: pl.DataFrame, arrivees: pl.DataFrame, *, limite: float) -> Couples:
        """Renvoie les couples dont le temps central ne dépasse pas ``limite`` minutes.

        Parameters
        ----------
        departs, arrivees
            ``latitude``, ``longitude`` (degrés) ; ``densite_niveau`` et ``superficie_km2`` si on
            les a, ``code`` (commune) pour le trajet à l'intérieur d'une commune. Un point manquant
            n'est d'aucun couple.
        """
        ...
