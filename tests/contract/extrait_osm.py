"""Un petit extrait d'OpenStreetMap, exemple fictif, écrit en vrai PBF ou en GeoPackage.

Les points sont sur un méridien et des parallèles, à des longitudes choisies pour que les longueurs
se calculent à la main (voir `METRES_PAR_DEGRE`) ::

    6 ─────────── 5            7 (île, seule, avec 8)
    │  résidentielle, sens     │
    │  unique 6 → 5            8
    1 ── 2 ── 3 ── 4
      route primaire, limite 50 de 2 à 3

    3 ─ 9 : piste cyclable ; 4 ─ 10 : accès privé ; 2 ─ 11 : escaliers
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

RAYON_M = 6_371_008.8
METRES_PAR_DEGRE = math.pi * RAYON_M / 180
"""Longueur d'un degré de méridien : 111 195,08 m."""

PAS = 0.01
"""Degrés de latitude d'un point au suivant : 1 111,95 m."""

Points = Mapping[int, tuple[float, float]]
Voies = Sequence[tuple[tuple[int, ...], Mapping[str, str]]]

POINTS: dict[int, tuple[float, float]] = {
    1: (44.00, -0.50),
    2: (44.01, -0.50),
    3: (44.02, -0.50),
    4: (44.03, -0.50),
    5: (44.03, -0.48),
    6: (44.00, -0.48),
    7: (44.20, -0.50),
    8: (44.21, -0.50),
    9: (44.02, -0.51),
    10: (44.04, -0.50),
    11: (44.01, -0.51),
}

VOIES: list[tuple[tuple[int, ...], dict[str, str]]] = [
    ((1, 2), {"highway": "primary"}),
    ((2, 3), {"highway": "primary", "maxspeed": "50"}),
    ((3, 4), {"highway": "primary"}),
    ((4, 5), {"highway": "residential", "maxspeed": "FR:zone30"}),
    ((6, 5), {"highway": "residential", "oneway": "yes"}),
    ((6, 1), {"highway": "residential", "maxspeed": "10 mph"}),
    ((7, 8), {"highway": "residential"}),
    ((3, 9), {"highway": "cycleway"}),
    ((4, 10), {"highway": "service", "access": "private"}),
    ((2, 11), {"highway": "steps"}),
]


def ecrire_pbf(chemin: Path, points: Points = POINTS, voies: Voies = VOIES) -> Path:
    """Écrit un extrait en PBF, par libosmium."""
    import osmium
    from osmium.osm import mutable

    ecrit = osmium.SimpleWriter(osmium.io.File(str(chemin), "pbf"), overwrite=True)
    for rang, (latitude, longitude) in sorted(points.items()):
        ecrit.add_node(mutable.Node(id=rang, location=(longitude, latitude)))
    for rang, (noeuds, etiquettes) in enumerate(voies, start=1):
        ecrit.add_way(mutable.Way(id=rang, nodes=list(noeuds), tags=dict(etiquettes)))
    ecrit.close()
    return chemin


def ecrire_geopackage(
    chemin: Path,
    points: Points = POINTS,
    voies: Voies = VOIES,
    *,
    colonnes: Sequence[str] = ("highway",),
    couche: str = "lines",
    crs: str = "EPSG:4326",
) -> Path:
    """Écrit le même extrait en GeoPackage, à la façon de GDAL ou, sans ``other_tags``, à plat."""
    import shapely
    from pyogrio.raw import write

    lignes = [shapely.LineString([points[n][::-1] for n in noeuds]) for noeuds, _ in voies]
    champs = [
        np.array([etiquettes.get(colonne) for _, etiquettes in voies], dtype=object)
        for colonne in colonnes
    ]
    noms = list(colonnes)
    if couche == "lines":
        noms.append("other_tags")
        champs.append(
            np.array(
                [
                    ",".join(f'"{c}"=>"{v}"' for c, v in tags.items() if c not in colonnes) or None
                    for _, tags in voies
                ],
                dtype=object,
            )
        )
    write(
        str(chemin),
        geometry=shapely.to_wkb(lignes),
        field_data=champs,
        fields=noms,
        layer=couche,
        driver="GPKG",
        geometry_type="LineString",
        crs=crs,
    )
    return chemin
