"""Contours : décodage d'une topologie, projection légale, fond de carte d'un département.

Une topologie (TopoJSON) garde chaque ligne commune à deux communes une seule fois. Les contours de
deux communes voisines s'ajustent donc exactement, avant comme après projection, et l'union des
communes d'une intercommunalité n'a ni trou ni recouvrement.

References
----------
M. Bostock et C. Metcalf, *The TopoJSON Format Specification* (arcs codés par différences).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyproj
import shapely
from shapely import MultiPolygon, Point, Polygon

from solidiag.geography.referentiel import Referentiel

Surface: TypeAlias = Polygon | MultiPolygon

_PROJECTION_HEXAGONE = 2154
PROJECTIONS_LEGALES: dict[str, int] = {
    "971": 5490,
    "972": 5490,
    "973": 2972,
    "974": 2975,
    "976": 4471,
}
"""Code EPSG de la projection légale outre-mer (décret 2000-1276 modifié)."""

LIEUX_MIN, LIEUX_MAX = 8, 12


def projection_legale(departement: str) -> int:
    """Renvoie le code EPSG de la projection légale d'un département.

    Examples
    --------
    >>> projection_legale("2A"), projection_legale("974")
    (2154, 2975)
    """
    return PROJECTIONS_LEGALES.get(departement, _PROJECTION_HEXAGONE)


@cache
def _transformation(epsg: int) -> Any:
    return pyproj.Transformer.from_crs(4326, epsg, always_xy=True)


def projeter(
    longitudes: npt.NDArray[np.float64], latitudes: npt.NDArray[np.float64], *, epsg: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Renvoie les coordonnées projetées, en mètres, de points en degrés."""
    x, y = _transformation(epsg).transform(longitudes, latitudes)
    return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contours:
    """Topologie des communes.

    Parameters
    ----------
    arcs
        Lignes partagées, en entiers codés par différences.
    echelle, origine
        Passage des entiers aux degrés (longitude, latitude).
    geometries
        Code de commune → polygones ; un polygone est une suite d'anneaux, un anneau une suite
        d'indices d'arcs (``~i`` : arc ``i`` à l'envers).
    """

    arcs: Sequence[Sequence[Sequence[int]]]
    echelle: tuple[float, float]
    origine: tuple[float, float]
    geometries: Mapping[str, tuple[tuple[tuple[int, ...], ...], ...]]

    @classmethod
    def depuis_topojson(cls, contenu: Mapping[str, Any]) -> Contours:
        """Renvoie les contours d'un contenu TopoJSON dont chaque objet porte ``code``.

        Raises
        ------
        KeyError
            S'il manque une clé attendue.
        """
        geometries = {}
        for objet in contenu["objects"].values():
            for geometrie in objet["geometries"]:
                arcs = geometrie["arcs"]
                polygones = arcs if geometrie["type"] == "MultiPolygon" else [arcs]
                geometries[str(geometrie["properties"]["code"])] = tuple(
                    tuple(tuple(anneau) for anneau in polygone) for polygone in polygones
                )
        transformation = contenu["transform"]
        return cls(
            arcs=contenu["arcs"],
            echelle=tuple(transformation["scale"]),
            origine=tuple(transformation["translate"]),
            geometries=geometries,
        )

    def surfaces(self, communes: Iterable[str], *, epsg: int) -> dict[str, Surface]:
        """Renvoie la surface projetée de chaque commune qui a un contour."""
        codes = [code for code in communes if code in self.geometries]
        lignes = self._lignes(codes, epsg)
        surfaces: dict[str, Surface] = {}
        for code in codes:
            polygones = []
            for polygone in self.geometries[code]:
                contours = [_anneau(anneau, lignes) for anneau in polygone]
                polygones.append(shapely.polygons(contours[0], holes=contours[1:] or None))
            surface = polygones[0] if len(polygones) == 1 else shapely.multipolygons(polygones)
            surfaces[code] = surface if surface.is_valid else shapely.make_valid(surface)
        return surfaces

    def _lignes(self, codes: Iterable[str], epsg: int) -> dict[int, npt.NDArray[np.float64]]:
        """Renvoie, projetés d'un seul coup, les arcs dont ces communes se servent."""
        indices = sorted(
            {
                indice if indice >= 0 else ~indice
                for code in codes
                for polygone in self.geometries[code]
                for anneau in polygone
                for indice in anneau
            }
        )
        if not indices:
            return {}
        arcs = [np.cumsum(np.asarray(self.arcs[indice]), axis=0) for indice in indices]
        longueurs = np.cumsum([len(arc) for arc in arcs])[:-1]
        points = np.concatenate(arcs) * self.echelle + self.origine
        x, y = projeter(points[:, 0], points[:, 1], epsg=epsg)
        return dict(zip(indices, np.split(np.column_stack([x, y]), longueurs), strict=True))


def _anneau(
    anneau: Sequence[int], lignes: Mapping[int, npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    morceaux = [lignes[indice] if indice >= 0 else lignes[~indice][::-1] for indice in anneau]
    return np.concatenate([morceaux[0], *(morceau[1:] for morceau in morceaux[1:])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lieu:
    """Nom de commune à écrire sur la carte, et où."""

    commune: str
    nom: str
    x: float
    y: float
    population: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fond:
    """Fond de carte d'un département, en mètres dans la projection légale.

    Parameters
    ----------
    departement, epsg
        Code du département et de la projection.
    communes
        Surface des communes du département, par code.
    epci
        Surface entière de chaque EPCI qui touche le département, par identifiant
        (``EPCI-244000808``), communes d'autres départements comprises.
    communes_epci
        Surface des communes d'autres départements qui sont dans ces EPCI.
    contour
        Surface du département.
    voisins
        Surface des départements limitrophes, par code.
    lieux
        Principaux lieux à nommer, du plus peuplé au moins peuplé.
    centres
        Point de chaque commune du département (et de celles de ``communes_epci``), pour les
        cercles proportionnels.
    sans_contour
        Codes des communes et arrondissements municipaux du département sans contour.
    """

    departement: str
    epsg: int
    communes: Mapping[str, Surface]
    epci: Mapping[str, Surface]
    communes_epci: Mapping[str, Surface]
    contour: Surface
    voisins: Mapping[str, Surface]
    lieux: tuple[Lieu, ...]
    centres: Mapping[str, tuple[float, float]]
    sans_contour: tuple[str, ...]

    @property
    def emprise(self) -> tuple[float, float, float, float]:
        """Rectangle du département : ``xmin, ymin, xmax, ymax``."""
        xmin, ymin, xmax, ymax = self.contour.bounds
        return float(xmin), float(ymin), float(xmax), float(ymax)


def fond(referentiel: Referentiel, contours: Contours, departement: str) -> Fond:
    """Renvoie le fond de carte d'un département.

    Raises
    ------
    TerritoireInconnu
        Si le code n'est pas celui d'un département.
    """
    code = referentiel.resoudre_departement(departement)
    epsg = projection_legale(code)
    propres = referentiel.communes_du_departement(code)
    membres = {
        f"EPCI-{epci}": referentiel.communes_de(f"EPCI-{epci}")
        for epci in referentiel.epci_du_departement(code)
    }
    limitrophes = {
        voisin: referentiel.communes_du_departement(voisin)
        for voisin in referentiel.limitrophes(code)
    }
    toutes = {*propres}
    for groupe in (*membres.values(), *limitrophes.values()):
        toutes.update(groupe)
    surfaces = contours.surfaces(sorted(toutes), epsg=epsg)
    communes = {commune: surfaces[commune] for commune in propres if commune in surfaces}
    exterieures = {
        commune: surfaces[commune]
        for groupe in membres.values()
        for commune in groupe
        if commune in surfaces and commune not in communes
    }
    municipaux = referentiel.arrondissements_municipaux.filter(pl.col("commune").is_in(propres))
    centres = _centres(referentiel, {**communes, **exterieures}, epsg=epsg)
    return Fond(
        departement=code,
        epsg=epsg,
        communes=communes,
        epci={
            identifiant: reunir(surfaces, groupe)
            for identifiant, groupe in membres.items()
            if any(commune in surfaces for commune in groupe)
        },
        communes_epci=exterieures,
        contour=reunir(surfaces, propres),
        voisins={voisin: reunir(surfaces, groupe) for voisin, groupe in limitrophes.items()},
        lieux=_lieux(referentiel, communes, centres),
        centres=centres,
        sans_contour=(
            *(commune for commune in propres if commune not in surfaces),
            *municipaux["code"].to_list(),
        ),
    )


def reunir(surfaces: Mapping[str, Surface], communes: Collection[str]) -> Surface:
    """Renvoie l'union des communes qui ont un contour.

    Les contours partagent leurs lignes : l'union de couverture les fond exactement ; si la
    couverture a un défaut, l'union générale prend le relais.
    """
    parties = [surfaces[commune] for commune in communes if commune in surfaces]
    try:
        union = shapely.coverage_union_all(parties)
    except shapely.errors.GEOSException:
        union = shapely.union_all(parties)
    if not union.is_valid or union.geom_type not in ("Polygon", "MultiPolygon"):
        union = shapely.union_all([shapely.make_valid(partie) for partie in parties])
    return union


def _centres(
    referentiel: Referentiel, surfaces: Mapping[str, Surface], *, epsg: int
) -> dict[str, tuple[float, float]]:
    """Renvoie un point de chaque commune : le sien s'il tombe dedans, sinon un point intérieur."""
    table = referentiel.communes.filter(
        pl.col("code").is_in(list(surfaces)) & pl.col("latitude").is_not_null()
    )
    x, y = projeter(table["longitude"].to_numpy(), table["latitude"].to_numpy(), epsg=epsg)
    connus = {code: Point(a, b) for code, a, b in zip(table["code"], x, y, strict=True)}
    centres = {}
    for code, surface in surfaces.items():
        point = connus.get(code)
        if point is None or not shapely.contains(surface, point):
            point = surface.representative_point()
        centres[code] = (float(point.x), float(point.y))
    return centres


def _lieux(
    referentiel: Referentiel,
    communes: Mapping[str, Surface],
    centres: Mapping[str, tuple[float, float]],
) -> tuple[Lieu, ...]:
    """Choisit huit à douze communes peuplées et espacées."""
    table = (
        referentiel.communes.filter(pl.col("code").is_in(list(communes)))
        .select("code", "nom", "population")
        .sort("population", descending=True)
    )
    candidats = [
        Lieu(commune=code, nom=nom, x=centres[code][0], y=centres[code][1], population=population)
        for code, nom, population in table.iter_rows()
    ]
    if not candidats:
        return ()
    etendue = float(np.hypot(*(np.ptp([axe[i] for axe in centres.values()]) for i in (0, 1))))
    for part in (0.12, 0.09, 0.06, 0.03, 0.0):
        retenus = _espacer(candidats, etendue * part)
        if len(retenus) >= min(LIEUX_MIN, len(candidats)):
            break
    return tuple(retenus)


def _espacer(candidats: Sequence[Lieu], distance: float) -> list[Lieu]:
    retenus: list[Lieu] = []
    for lieu in candidats:
        if all(np.hypot(lieu.x - autre.x, lieu.y - autre.y) >= distance for autre in retenus):
            retenus.append(lieu)
        if len(retenus) == LIEUX_MAX:
            break
    return retenus
