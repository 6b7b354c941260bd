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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Reels = npt.NDArray[np.float64]

Entiers = npt.NDArray[np.int32]

RAYON_TERRE_KM = 6371.0088
"""Rayon moyen de la Terre (Union géodésique et géophysique internationale)."""


class Mode(StrEnum):
    """Façons de se déplacer."""

    VOITURE = "voiture"
    VELO = "velo"
    PIED = "pied"


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

    def __post_init__(self) -> None:
        """Vérifie que le plafond est positif et que la portée locale n'est pas négative."""
        if not (self.plafond_minutes > 0 and self.portee_locale_km >= 0):
            msg = (
                f"plafond_minutes ({self.plafond_minutes:g}) doit être positif, et "
                f"portee_locale_km ({self.portee_locale_km:g}) positif ou nul"
            )
            raise ValueError(msg)

    @classmethod
    def depuis(cls, contenu: Mapping[str, Any], *, mode: str = Mode.VOITURE) -> ParametresTrajet:
        """Renvoie les paramètres d'une déclaration ``temps_de_trajet``.

        Parameters
        ----------
        contenu
            La déclaration.
        mode
            ``voiture``, ``velo`` ou ``pied`` ; à vélo et à pied, une seule vitesse, quelles que
            soient la densité et la longueur du trajet.

        Raises
        ------
        KeyError
            S'il manque une clé.
        ValueError
            Si des bornes sont dans le désordre, ou le mode inconnu.
        """
        voiture = cls(
            detour=Bande(**contenu["detour"]),
            vitesses={
                int(niveau): Bande(**bande) for niveau, bande in contenu["vitesses_km_h"].items()
            },
            vitesse_sans_densite=Bande(**contenu["vitesse_sans_densite_km_h"]),
            plafond_minutes=float(contenu["plafond_minutes"]),
            portee_locale_km=float(contenu["portee_locale_km"]),
            vitesse_longue=Bande(**contenu["vitesse_longue_km_h"]),
        )
        # Tous les modes sont lus, quel que soit le mode demandé : une faute se voit tout de suite.
        lus = {Mode.VOITURE: voiture}
        for nom, lent in contenu.get("modes", {}).items():
            vitesse = Bande(**lent["vitesse_km_h"])
            lus[Mode(nom)] = replace(
                voiture,
                vitesses={},
                vitesse_sans_densite=vitesse,
                vitesse_longue=vitesse,
                plafond_minutes=float(lent["plafond_minutes"]),
            )
        return lus[Mode(mode)]

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
    phi, lam = _radians(latitudes), _radians(longitudes)
    phi_vers, lam_vers = _radians(vers_latitudes), _radians(vers_longitudes)
    return _haversine(phi[:, None], phi_vers[None, :], ecart=lam_vers[None, :] - lam[:, None])


def distances_de_couples_km(
    latitudes: npt.ArrayLike,
    longitudes: npt.ArrayLike,
    *,
    vers_latitudes: npt.ArrayLike,
    vers_longitudes: npt.ArrayLike,
) -> Reels:
    """Renvoie la distance de chaque couple de points de même rang, en kilomètres.

    Mêmes conventions que `distances_km`, dont elle donne une case par couple.
    """
    phi, phi_vers = _radians(latitudes), _radians(vers_latitudes)
    return _haversine(phi, phi_vers, ecart=_radians(vers_longitudes) - _radians(longitudes))


def _radians(degres: npt.ArrayLike) -> Reels:
    return np.asarray(np.radians(np.asarray(degres, dtype=float)), dtype=float)


def _haversine(phi: Reels, phi_vers: Reels, *, ecart: Reels) -> Reels:
    """Distance en kilomètres de latitudes et d'un écart de longitude en radians."""
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
    departs = lenteurs(parametres, densites)
    arrivees = lenteurs(parametres, vers_densites)
    central, bas, haut = (
        _minutes(distances, parametres, departs[sens][:, None] + arrivees[sens][None, :], sens)
        for sens in _VITESSE_DE
    )
    return Temps(central=central, bas=bas, haut=haut)


_VITESSE_DE = {"central": "central", "bas": "haut", "haut": "bas"}
"""Borne du temps → borne de la vitesse : on va au plus vite quand le temps est bas."""


def lenteurs(parametres: ParametresTrajet, niveaux: Sequence[int | None]) -> dict[str, Reels]:
    """Renvoie l'inverse de la vitesse locale (h/km) de chaque point, par borne du temps."""
    differents = {niveau: rang for rang, niveau in enumerate(dict.fromkeys(niveaux))}
    rangs = np.fromiter(
        (differents[niveau] for niveau in niveaux), dtype=np.intp, count=len(niveaux)
    )
    vitesses = [parametres.vitesse(niveau) for niveau in differents]
    return {
        sens: np.array([1 / getattr(bande, borne) for bande in vitesses], dtype=float)[rangs]
        for sens, borne in _VITESSE_DE.items()
    }


def temps_de_couples(
    distances: Reels,
    parametres: ParametresTrajet,
    *,
    lenteurs_depart: Mapping[str, Reels],
    lenteurs_arrivee: Mapping[str, Reels],
    depart: Entiers,
    arrivee: Entiers,
) -> Temps:
    """Renvoie les temps estimés de couples de points ; voir `temps_estimes`.

    Parameters
    ----------
    distances
        Distance à vol d'oiseau de chaque couple, en kilomètres.
    lenteurs_depart, lenteurs_arrivee
        Lenteurs des départs et des arrivées (`lenteurs`).
    depart, arrivee
        Rangs dans ces tables, un par distance.
    """
    central, bas, haut = (
        _minutes(
            distances,
            parametres,
            lenteurs_depart[sens][depart] + lenteurs_arrivee[sens][arrivee],
            sens,
        )
        for sens in _VITESSE_DE
    )
    return Temps(central=central, bas=bas, haut=haut)


def _minutes(
    distances: Reels, parametres: ParametresTrajet, somme_lenteurs: Reels, sens: str
) -> Reels:
    """Minutes d'un trajet, la somme des lenteurs locales de ses deux bouts en h/km."""
    route = distances * getattr(parametres.detour, sens)
    locale = np.minimum(route, parametres.portee_locale_km)
    longue = (route - locale) / getattr(parametres.vitesse_longue, _VITESSE_DE[sens])
    return np.asarray(locale * somme_lenteurs * 30 + longue * 60, dtype=float)


def rayon_km(parametres: ParametresTrajet, limite: float, *, lenteur: float) -> float:
    """Renvoie la distance à vol d'oiseau au-delà de laquelle le temps central passe ``limite``.

    Parameters
    ----------
    limite
        Minutes.
    lenteur
        Moyenne des lenteurs locales des deux bouts, en h/km.

    Examples
    --------
    À 60 km/h puis 120 km/h après vingt kilomètres, sans détour, 25 minutes mènent à 30 km.

    >>> fixe = Bande(central=120, bas=120, haut=120)
    >>> p = ParametresTrajet(
    ...     detour=Bande(central=1, bas=1, haut=1),
    ...     vitesses={},
    ...     vitesse_sans_densite=fixe,
    ...     plafond_minutes=180,
    ...     portee_locale_km=20,
    ...     vitesse_longue=fixe,
    ... )
    >>> round(rayon_km(p, 25, lenteur=1 / 60), 6)
    30.0
    """
    local = parametres.portee_locale_km * lenteur * 60
    if limite <= local:
        route = limite / (lenteur * 60)
    else:
        route = parametres.portee_locale_km + (limite - local) * (
            parametres.vitesse_longue.central / 60
        )
    return float(route / parametres.detour.central)
