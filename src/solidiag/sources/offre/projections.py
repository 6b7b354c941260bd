"""Coordonnées en mètres des producteurs → latitude et longitude (WGS 84).

Chaque territoire a sa projection légale : Lambert-93 dans l'Hexagone et en Corse, une projection
UTM outre-mer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

HEXAGONE = 2154

PAR_DEPARTEMENT = {
    "971": 5490, "972": 5490, "973": 2972, "974": 2975, "975": 4467, "976": 4471,
    "977": 5490, "978": 5490,
}  # fmt: skip
"""Code EPSG de la projection légale des territoires d'outre-mer ; ailleurs, Lambert-93.

Références : décret n° 2000-1276 modifié ; registre EPSG.
"""

PAR_NOM = {
    "LAMBERT_93": 2154,
    "UTM_N20": 5490,
    "UTM_N21": 4467,
    "UTM_N22": 2972,
    "UTM_S40": 2975,
    "UTM_S38": 4471,
}
"""Nom que Finess donne à la projection d'une coordonnée → code EPSG."""


def projection_de(code_insee: str) -> int:
    """Renvoie le code EPSG de la projection légale d'une commune ou d'un département.

    Examples
    --------
    >>> projection_de("40192"), projection_de("97411"), projection_de("2A004")
    (2154, 2975, 2154)
    """
    return PAR_DEPARTEMENT.get(code_insee[:3], HEXAGONE)


def en_degres(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], epsg: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Renvoie latitudes et longitudes (degrés) de points projetés ; NaN là où rien n'est calculé.

    Parameters
    ----------
    x, y
        Coordonnées en mètres.
    epsg
        Projection de chaque point ; 0 là où elle n'est pas connue.

    Notes
    -----
    Un point hors du domaine de sa projection (coordonnées nulles, interverties) donne NaN.
    """
    latitude = np.full(x.shape, np.nan)
    longitude = np.full(x.shape, np.nan)
    for code in np.unique(epsg[epsg > 0]):
        ici = (epsg == code) & np.isfinite(x) & np.isfinite(y)
        if not ici.any():
            continue
        from pyproj import Transformer

        vers = Transformer.from_crs(int(code), 4326, always_xy=True)
        lon, lat = vers.transform(x[ici], y[ici])
        ouest, sud, est, nord = _domaine(int(code))
        dedans = (lon >= ouest) & (lon <= est) & (lat >= sud) & (lat <= nord)
        longitude[ici] = np.where(dedans, lon, np.nan)
        latitude[ici] = np.where(dedans, lat, np.nan)
    return latitude, longitude


_DOMAINES = {
    2154: (-6.0, 41.0, 10.5, 51.6),
    5490: (-63.5, 14.0, -60.5, 18.6),
    2972: (-55.0, 2.0, -51.3, 6.2),
    2975: (55.0, -21.6, 56.0, -20.7),
    4467: (-57.0, 46.5, -55.8, 47.4),
    4471: (44.8, -13.2, 45.5, -12.4),
}
"""Ouest, sud, est, nord (degrés) de ce que couvre chaque projection, un peu élargi."""


def _domaine(code: int) -> tuple[float, float, float, float]:
    return _DOMAINES.get(code, (-180.0, -90.0, 180.0, 90.0))
