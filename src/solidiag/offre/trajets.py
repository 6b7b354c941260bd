"""Temps de trajet : le contrat d'un fournisseur, et l'estimation à vol d'oiseau."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from solidiag.geography.distances import (
    ParametresTrajet,
    Temps,
    distance_interne_km,
    distances_km,
    temps_estimes,
)


class Trajets(Protocol):
    """Fournisseur de temps de trajet en voiture."""

    def __call__(self, departs: pl.DataFrame, arrivees: pl.DataFrame) -> Temps:
        """Renvoie les temps en minutes, départs en lignes et arrivées en colonnes.

        Parameters
        ----------
        departs, arrivees
            ``code`` (commune), ``latitude``, ``longitude``, ``densite_niveau``,
            ``superficie_km2``. Un point manquant donne ``nan``.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrajetEstime:
    """Estimation : vol d'oiseau × détour, vitesse selon la densité, bande basse et haute.

    Dans la commune du service, le trajet n'est jamais plus court que la longueur type d'un
    déplacement intérieur : y habiter n'est pas être à 0 minute.
    """

    parametres: ParametresTrajet

    def __call__(self, departs: pl.DataFrame, arrivees: pl.DataFrame) -> Temps:
        """Renvoie les temps estimés (voir `Trajets`)."""
        distances = distances_km(
            departs["latitude"].cast(pl.Float64).to_numpy(),
            departs["longitude"].cast(pl.Float64).to_numpy(),
            vers_latitudes=arrivees["latitude"].cast(pl.Float64).to_numpy(),
            vers_longitudes=arrivees["longitude"].cast(pl.Float64).to_numpy(),
        )
        interne = distance_interne_km(
            departs["superficie_km2"].cast(pl.Float64).fill_null(0.0).to_numpy()
        )
        rangs = {code: rang for rang, code in enumerate(departs["code"])}
        for colonne, code in enumerate(arrivees["code"]):
            rang = rangs.get(code)
            if rang is not None:
                distances[rang, colonne] = np.fmax(distances[rang, colonne], interne[rang])
        return temps_estimes(
            distances,
            self.parametres,
            densites=departs["densite_niveau"].to_list(),
            vers_densites=arrivees["densite_niveau"].to_list(),
        )
