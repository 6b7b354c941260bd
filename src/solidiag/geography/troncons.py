"""Réseau routier tel qu'il est gardé : points, tronçons, et leur découpage aux carrefours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solidiag.geography.distances import RAYON_TERRE_KM

Entiers = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Reels = npt.NDArray[np.float64]
Octets = npt.NDArray[np.uint8]

SENS = {"voiture": (1, 2), "velo": (4, 8), "pied": (16, 32)}
"""Bits de ``Reseau.sens`` : dans le sens du tracé, puis dans l'autre, par mode."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reseau:
    """Points et tronçons d'un réseau routier, sans vitesse : elle vient des conventions.

    Parameters
    ----------
    latitude, longitude
        Degrés, de longueur n (points).
    de, vers
        Rangs des points d'un tronçon, de longueur m, dans le sens du tracé.
    longueur_m
        Longueur du tracé en mètres, de longueur m.
    classe
        Rang dans ``classes``, de longueur m.
    limite_km_h
        Vitesse limite lue, ``nan`` si elle est inconnue, de longueur m.
    sens
        Sens permis à chaque mode (bits de `SENS`), de longueur m.
    classes
        Noms des classes de voie (« highway » d'OpenStreetMap).
    """

    latitude: Reels
    longitude: Reels
    de: Entiers
    vers: Entiers
    longueur_m: Reels
    classe: Octets
    limite_km_h: Reels
    sens: Octets
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Vérifie que les longueurs s'accordent et que les rangs existent."""
        n, m = len(self.latitude), len(self.de)
        autres = (self.vers, self.longueur_m, self.classe, self.limite_km_h, self.sens)
        if len(self.longitude) != n or any(len(colonne) != m for colonne in autres):
            msg = "colonnes de longueurs différentes"
            raise ValueError(msg)
        if m and (
            min(self.de.min(), self.vers.min()) < 0
            or max(self.de.max(), self.vers.max()) >= n
            or self.classe.max() >= len(self.classes)
        ):
            msg = "rang de point ou de classe inconnu"
            raise ValueError(msg)


def longueurs_m(
    latitude: Reels, longitude: Reels, *, vers_latitude: Reels, vers_longitude: Reels
) -> Reels:
    """Renvoie les distances orthodromiques deux à deux, en mètres (formule de haversine).

    Examples
    --------
    Un centième de degré de méridien.

    >>> un = np.array([44.0]), np.array([-0.5])
    >>> deux = np.array([44.01]), np.array([-0.5])
    >>> d = longueurs_m(*un, vers_latitude=deux[0], vers_longitude=deux[1])
    >>> round(float(d[0]), 1)
    1112.0
    """
    phi, vers_phi = np.radians(latitude), np.radians(vers_latitude)
    corde = (
        np.sin((vers_phi - phi) / 2) ** 2
        + np.cos(phi) * np.cos(vers_phi) * np.sin(np.radians(vers_longitude - longitude) / 2) ** 2
    )
    return np.asarray(2000 * RAYON_TERRE_KM * np.arcsin(np.sqrt(np.clip(corde, 0, 1))), dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voies:
    """Voies lues d'un extrait, avant leur découpage.

    Parameters
    ----------
    latitude, longitude
        Points, en degrés.
    points
        Rangs des points des voies, l'une après l'autre.
    debuts
        Rang dans ``points`` du premier point de chaque voie, puis leur nombre : longueur k + 1.
    classe, limite_km_h, sens
        Une valeur par voie (voir `Reseau`).
    classes
        Noms des classes.
    """

    latitude: Reels
    longitude: Reels
    points: Longs
    debuts: Longs
    classe: Octets
    limite_km_h: Reels
    sens: Octets
    classes: tuple[str, ...]


def decouper(voies: Voies, *, pas_m: float) -> Reseau:
    """Renvoie le réseau des voies, coupées à leurs bouts et à chaque point qu'elles partagent.

    Les autres points ne servent qu'à mesurer, sauf un au plus tous les ``pas_m`` mètres, gardé
    pour que l'on puisse rejoindre le réseau ailleurs qu'à un carrefour. Les longueurs sont celles
    du tracé entier : le pas n'en change aucune.

    Parameters
    ----------
    pas_m
        Mètres ; 0 garde tous les points.
    """
    points, debuts = voies.points, voies.debuts
    tailles = np.diff(debuts)
    voie = np.repeat(np.arange(len(tailles)), tailles)
    passages = np.bincount(points, minlength=len(voies.latitude))
    garde = passages[points] > 1
    garde[debuts[:-1][tailles > 0]] = True
    garde[debuts[1:][tailles > 0] - 1] = True
    suite = voie[1:] == voie[:-1]
    pas = np.zeros(len(points))
    pas[1:] = np.where(
        suite,
        longueurs_m(
            voies.latitude[points[:-1]],
            voies.longitude[points[:-1]],
            vers_latitude=voies.latitude[points[1:]],
            vers_longitude=voies.longitude[points[1:]],
        ),
        0.0,
    )
    parcouru = np.cumsum(pas)
    if pas_m > 0:
        debut_de_partie = np.maximum.accumulate(np.where(garde, np.arange(len(points)), 0))
        etape = np.floor((parcouru - parcouru[debut_de_partie]) / pas_m)
        garde[1:] |= suite & (etape[1:] > etape[:-1])
    else:
        garde[:] = True
    rangs = np.flatnonzero(garde)
    memes = voie[rangs[1:]] == voie[rangs[:-1]]
    un, deux = rangs[:-1][memes], rangs[1:][memes]
    utile = points[un] != points[deux]
    un, deux = un[utile], deux[utile]
    gardes, nouveaux = np.unique(np.concatenate((points[un], points[deux])), return_inverse=True)
    sienne = voie[un]
    return Reseau(
        latitude=voies.latitude[gardes],
        longitude=voies.longitude[gardes],
        de=nouveaux[: len(un)].astype(np.int32),
        vers=nouveaux[len(un) :].astype(np.int32),
        longueur_m=parcouru[deux] - parcouru[un],
        classe=voies.classe[sienne],
        limite_km_h=voies.limite_km_h[sienne],
        sens=voies.sens[sienne],
        classes=voies.classes,
    )
