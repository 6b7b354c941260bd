"""Distances à vol d'oiseau et temps de trajet estimés.

L'estimation est une convention, dite comme telle : distance orthodromique × facteur de détour,
parcourue à une vitesse qui dépend de la densité des deux communes, avec une borne basse et une
borne haute. Elle cède la place à un réseau routier ou à un serveur d'itinéraires dès qu'il y en a.

References
----------
Boscoe, Henry et Zdeb (2012), « A Nationwide Comparison of Driving Distance Versus Straight-Line
Distance to Hospitals », *The Professional Geographer*, 64(2) : distance à vol d'oiseau et temps de
route y sont très corrélés, sauf près des rivages et des obstacles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Reels = npt.NDArray[np.float64]

RAYON_TERRE_KM = 6371.0088
"""Rayon moyen de la Terre (Union géodésique et géophysique internationale)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bande:
    """Valeur centrale et bornes, dans l'ordre ``0 < bas <= central <= haut``."""

    central: float
    bas: float
    haut: float

    def __post_init__(self) -> None:
        """Vérifie l'ordre des bornes."""
        if not 0 < self.bas <= self.central <= self.haut:
            msg = f"bornes dans le désordre : {self.bas}, {self.central}, {self.haut}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParametresTrajet:
    """Conventions de l'estimation.

    Parameters
    ----------
    detour
        Longueur de la route rapportée à la distance à vol d'oiseau (au moins 1).
    vitesses
        Vitesse en km/h par niveau de densité (1 à 7).
    vitesse_sans_densite
        Vitesse en km/h quand la densité n'est pas connue.
    portee_locale_km, vitesse_longue
        Longueur de route parcourue à la vitesse locale, et vitesse en km/h au-delà.
    plafond_minutes
        Temps au-delà duquel l'estimation n'a plus de sens et n'est pas publiée.
    """

    detour: Bande
    vitesses: Mapping[int, Bande]
    vitesse_sans_densite: Bande
    plafond_minutes: float
    portee_locale_km: float
    vitesse_longue: Bande

    @classmethod
    def depuis(cls, contenu: Mapping[str, Any]) -> ParametresTrajet:
        """Renvoie les paramètres d'une déclaration ``temps_de_trajet``.

        Raises
        ------
        KeyError
            S'il manque une clé.
        ValueError
            Si des bornes sont dans le désordre.
        """
        return cls(
            detour=Bande(**contenu["detour"]),
            vitesses={
                int(niveau): Bande(**bande) for niveau, bande in contenu["vitesses_km_h"].items()
            },
            vitesse_sans_densite=Bande(**contenu["vitesse_sans_densite_km_h"]),
            plafond_minutes=float(contenu["plafond_minutes"]),
            portee_locale_km=float(contenu["portee_locale_km"]),
            vitesse_longue=Bande(**contenu["vitesse_longue_km_h"]),
        )

    def vitesse(self, niveau: int | None) -> Bande:
        """Renvoie la vitesse d'un niveau de densité."""
        if niveau is None:
            return self.vitesse_sans_densite
        return self.vitesses.get(niveau, self.vitesse_sans_densite)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Temps:
    """Temps estimés, en minutes, de même forme que les distances données."""

    central: Reels
    bas: Reels
    haut: Reels


def distances_km(
    latitudes: npt.ArrayLike,
    longitudes: npt.ArrayLike,
    *,
    vers_latitudes: npt.ArrayLike,
    vers_longitudes: npt.ArrayLike,
) -> Reels:
    """Renvoie la matrice des distances orthodromiques, en kilomètres.

    Parameters
    ----------
    latitudes, longitudes, vers_latitudes, vers_longitudes
        Points de départ (lignes) et d'arrivée (colonnes), en degrés ; ``nan`` donne ``nan``.

    References
    ----------
    Formule de haversine (R. W. Sinnott, 1984, *Sky and Telescope*, 68).

    Examples
    --------
    Un degré de méridien mesure 2π × 6 371,0088 / 360 km.

    >>> d = distances_km([43.0], [-0.5], vers_latitudes=[44.0], vers_longitudes=[-0.5])
    >>> round(float(d[0, 0]), 3)
    111.195
    """
    phi = np.radians(np.asarray(latitudes, dtype=float))[:, None]
    phi_vers = np.radians(np.asarray(vers_latitudes, dtype=float))[None, :]
    ecart = (
        np.radians(np.asarray(vers_longitudes, dtype=float))[None, :]
        - (np.radians(np.asarray(longitudes, dtype=float))[:, None])
    )
    corde = (
        np.sin((phi_vers - phi) / 2) ** 2 + np.cos(phi) * np.cos(phi_vers) * np.sin(ecart / 2) ** 2
    )
    return np.asarray(2 * RAYON_TERRE_KM * np.arcsin(np.sqrt(np.clip(corde, 0, 1))), dtype=float)


def distance_interne_km(superficie_km2: npt.ArrayLike) -> Reels:
    """Renvoie une longueur type de trajet à l'intérieur d'une commune, √superficie / 2.

    Elle évite de donner 0 minute à qui habite la commune du service.
    """
    return np.asarray(np.sqrt(np.asarray(superficie_km2, dtype=float)) / 2, dtype=float)


def temps_estimes(
    distances: Reels,
    parametres: ParametresTrajet,
    *,
    densites: list[int | None],
    vers_densites: list[int | None],
) -> Temps:
    """Renvoie les temps de trajet estimés en voiture, en minutes, avec leur bande.

    Parameters
    ----------
    distances
        Distances à vol d'oiseau, en kilomètres (départs en lignes, arrivées en colonnes).
    densites, vers_densites
        Niveau de densité des communes de départ et d'arrivée, ou ``None``.

    Raises
    ------
    ValueError
        Si les formes ne s'accordent pas.
    """
    if distances.shape != (len(densites), len(vers_densites)):
        msg = f"matrice {distances.shape} pour {len(densites)} × {len(vers_densites)} communes"
        raise ValueError(msg)
    departs = [parametres.vitesse(niveau) for niveau in densites]
    arrivees = [parametres.vitesse(niveau) for niveau in vers_densites]

    def minutes(detour: float, vitesse: str) -> Reels:
        lenteur_depart = np.array([1 / getattr(bande, vitesse) for bande in departs])[:, None]
        lenteur_arrivee = np.array([1 / getattr(bande, vitesse) for bande in arrivees])[None, :]
        route = distances * detour
        locale = np.minimum(route, parametres.portee_locale_km)
        longue = (route - locale) / getattr(parametres.vitesse_longue, vitesse)
        return np.asarray(
            locale * (lenteur_depart + lenteur_arrivee) * 30 + longue * 60, dtype=float
        )

    return Temps(
        central=minutes(parametres.detour.central, "central"),
        bas=minutes(parametres.detour.bas, "haut"),
        haut=minutes(parametres.detour.haut, "bas"),
    )
