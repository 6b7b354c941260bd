"""Du dessin d'une personne (GeoJSON) aux communes qu'il couvre.

Une commune dont presque toute la surface est dans le dessin y est entière ; une commune à peine
touchée n'y est pas ; entre les deux, elle y est pour sa part de surface, qui tient lieu de part de
population. Les contours embarqués sont simplifiés : les seuils disent ce qu'ils ne distinguent pas.

References
----------
RFC 7946, *The GeoJSON Format* (longitude puis latitude, WGS 84).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyproj
import shapely
from shapely import MultiPolygon, Polygon

from solidiag.errors import DessinInvalide
from solidiag.geography.contours import Contours, Surface, projection_legale, projeter
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import TerritoirePropre, code_propre

PART_ENTIERE = 0.98
"""Part de surface à partir de laquelle une commune est entière."""

PART_NEGLIGEE = 0.02
"""Part de surface sous laquelle une commune n'est pas retenue."""

SOMMETS_MAXIMUM = 200_000
SURFACES_MAXIMUM = 5_000

_EPSG = re.compile(r"(?:EPSG:{1,2}|EPSG/0/)(\d{4,6})$", re.IGNORECASE)
_WGS84 = re.compile(r"(CRS:?84|EPSG:{1,2}4326|EPSG/0/4326)$", re.IGNORECASE)
_CADRE_DEGRES = 0.6
"""Marge, en degrés, autour du dessin, où l'on cherche le point d'une commune."""

_CADRE_GRAND = 3.0
_GRANDES = ("973",)
"""Départements dont les communes s'étendent bien au-delà de cette marge."""

_CADRES_FRANCAIS = (
    (-5.6, 41.0, 9.9, 51.5),
    (-62.0, 14.0, -60.5, 17.0),
    (-55.0, 2.0, -51.0, 6.2),
    (55.0, -21.6, 56.0, -20.7),
    (44.9, -13.2, 45.4, -12.5),
)
"""Ouest, sud, est, nord : Hexagone et Corse, Antilles, Guyane, La Réunion, Mayotte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoupe:
    """Part de surface de chaque commune touchée, avant les seuils."""

    parts: dict[str, float]
    sans_contour: tuple[str, ...]


def lire_dessin(contenu: Any) -> Surface:
    """Renvoie la surface d'un GeoJSON, en longitude et latitude WGS 84.

    Parameters
    ----------
    contenu
        GeoJSON décodé : ``Polygon``, ``MultiPolygon``, ``Feature``, ``FeatureCollection`` ou
        ``GeometryCollection`` ; ``crs`` (ancienne norme) est compris s'il nomme un code EPSG.

    Raises
    ------
    DessinInvalide
        Si ce n'est pas une surface valide et mesurée, avec ce qu'il faut corriger.
    """
    if not isinstance(contenu, Mapping):
        raise DessinInvalide(
            "ce n'est pas un objet GeoJSON",
            conseil="Attendu : un objet de type Polygon, MultiPolygon, Feature ou "
            "FeatureCollection.",
        )
    epsg = _projection(contenu)
    polygones: list[Polygon] = []
    sommets = 0
    for rang, anneaux in enumerate(_polygones(contenu), start=1):
        if rang > SURFACES_MAXIMUM:
            raise DessinInvalide(
                f"plus de {SURFACES_MAXIMUM} surfaces",
                conseil="Gardez les seules surfaces du territoire, ou fusionnez-les.",
            )
        lus = [_anneau(anneau, rang) for anneau in anneaux]
        sommets += sum(len(anneau) for anneau in lus)
        if sommets > SOMMETS_MAXIMUM:
            raise DessinInvalide(
                f"plus de {SOMMETS_MAXIMUM} sommets",
                conseil="Simplifiez le dessin : une précision de cent mètres suffit.",
            )
        polygones.append(_polygone([_en_degres(anneau, epsg) for anneau in lus], rang))
    if not polygones:
        raise DessinInvalide(
            "il ne porte aucune surface",
            conseil="Attendu : au moins un Polygon ou un MultiPolygon ; un point ou une ligne ne "
            "délimitent pas un territoire.",
        )
    surface = shapely.union_all(polygones)
    if not isinstance(surface, Polygon | MultiPolygon) or surface.area == 0:
        raise DessinInvalide("sa surface est nulle", conseil="Dessinez un contour fermé.")
    return surface


def _projection(contenu: Mapping[str, Any]) -> int | None:
    """Renvoie le code EPSG déclaré, ou rien pour WGS 84."""
    crs = contenu.get("crs")
    if crs is None:
        return None
    nom = crs.get("properties", {}).get("name", "") if isinstance(crs, Mapping) else ""
    if isinstance(nom, str) and _WGS84.search(nom):
        return None
    trouve = _EPSG.search(nom) if isinstance(nom, str) else None
    if trouve is None:
        raise DessinInvalide(
            "le système de coordonnées déclaré (crs) n'est pas compris",
            conseil="Exportez en WGS 84 (EPSG:4326), ou déclarez un code comme "
            "« urn:ogc:def:crs:EPSG::2154 ».",
        )
    try:
        pyproj.CRS.from_epsg(int(trouve[1]))
    except pyproj.exceptions.CRSError as erreur:
        raise DessinInvalide(
            f"le code EPSG {trouve[1]} n'existe pas", conseil="Exportez en WGS 84 (EPSG:4326)."
        ) from erreur
    return int(trouve[1])


def _polygones(contenu: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Parcourt les polygones d'un GeoJSON, chacun en liste d'anneaux ; sans récursion."""
    pile: list[Any] = [contenu]
    vus = 0
    while pile:
        objet = pile.pop()
        vus += 1
        if vus > 10 * SURFACES_MAXIMUM:
            raise DessinInvalide(
                "trop d'objets", conseil="Gardez les seules surfaces du territoire."
            )
        if objet is None:
            continue
        if not isinstance(objet, Mapping):
            raise _structure("un objet GeoJSON")
        genre = objet.get("type")
        if genre == "FeatureCollection":
            pile.extend(reversed(_liste(objet.get("features"), "« features »")))
        elif genre == "Feature":
            pile.append(objet.get("geometry"))
        elif genre == "GeometryCollection":
            pile.extend(reversed(_liste(objet.get("geometries"), "« geometries »")))
        elif genre == "Polygon":
            yield _liste(objet.get("coordinates"), "« coordinates »")
        elif genre == "MultiPolygon":
            for polygone in _liste(objet.get("coordinates"), "« coordinates »"):
                yield _liste(polygone, "un polygone")
        elif genre in ("Point", "MultiPoint", "LineString", "MultiLineString"):
            continue
        else:
            raise _structure(f"un type GeoJSON connu, trouvé « {str(genre)[:40]} »")


def _structure(attendu: str) -> DessinInvalide:
    return DessinInvalide(
        f"sa structure n'est pas celle d'un GeoJSON (attendu : {attendu})",
        conseil="Exportez de nouveau le dessin au format GeoJSON.",
    )


def _liste(valeur: Any, quoi: str) -> list[Any]:
    if not isinstance(valeur, list):
        raise _structure(f"une liste pour {quoi}")
    return valeur


def _anneau(points: Any, rang: int) -> list[tuple[float, float]]:
    lus: list[tuple[float, float]] = []
    for point in _liste(points, "un contour"):
        if (
            not isinstance(point, list)
            or len(point) < 2
            or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in point[:2])
        ):
            raise _structure("des points de deux nombres, longitude puis latitude")
        x, y = float(point[0]), float(point[1])
        if not (math.isfinite(x) and math.isfinite(y)):
            raise DessinInvalide(
                "une coordonnée n'est pas un nombre fini", conseil="Exportez de nouveau le dessin."
            )
        lus.append((x, y))
    if len(lus) < 4:
        raise DessinInvalide(
            f"le contour {rang} n'a que {len(lus)} points",
            conseil="Un contour fermé a au moins quatre points, le dernier égal au premier.",
        )
    if lus[0] != lus[-1]:
        lus.append(lus[0])
    return lus


def _en_degres(anneau: list[tuple[float, float]], epsg: int | None) -> list[tuple[float, float]]:
    if epsg is not None:
        transformation = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)
        x, y = np.asarray(anneau, dtype=float).T
        longitudes, latitudes = transformation.transform(x, y)
        anneau = list(zip(np.atleast_1d(longitudes), np.atleast_1d(latitudes), strict=True))
    if not all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in anneau):
        raise DessinInvalide(
            "des coordonnées sortent du domaine des longitudes et latitudes",
            conseil="Si le dessin est en Lambert-93 ou dans une autre projection, exportez-le en "
            "WGS 84 (EPSG:4326) ou déclarez sa projection (« crs »).",
        )
    if not any(_en_france(x, y) for x, y in anneau) and any(_en_france(y, x) for x, y in anneau):
        raise DessinInvalide(
            "longitude et latitude semblent inversées",
            conseil="Un point s'écrit longitude puis latitude : [-1.05, 43.71] pour Dax.",
        )
    return anneau


def _en_france(longitude: float, latitude: float) -> bool:
    return any(
        ouest <= longitude <= est and sud <= latitude <= nord
        for ouest, sud, est, nord in _CADRES_FRANCAIS
    )


def _polygone(anneaux: list[list[tuple[float, float]]], rang: int) -> Polygon:
    if not anneaux:
        raise _structure("au moins un contour par polygone")
    polygone = Polygon(anneaux[0], anneaux[1:])
    if not polygone.is_valid:
        raise DessinInvalide(
            f"le contour {rang} se recoupe lui-même ({_lieu(polygone)})",
            conseil="Redessinez-le sans croisement : sa surface n'est pas définie.",
        )
    return polygone


def _lieu(polygone: Polygon) -> str:
    raison = shapely.is_valid_reason(polygone)
    trouve = re.search(r"\[(-?[\d.eE+-]+) (-?[\d.eE+-]+)\]", raison)
    if trouve is None:
        return "géométrie incorrecte"
    return f"près de longitude {float(trouve[1]):.4f}, latitude {float(trouve[2]):.4f}"


def decouper(surface: Surface, contours: Contours, referentiel: Referentiel) -> Decoupe:
    """Renvoie la part de surface de chaque commune qui touche le dessin.

    Raises
    ------
    DessinInvalide
        Si le dessin n'est pas en France, ou s'étend sur deux projections légales.
    """
    ouest, sud, est, nord = surface.bounds
    marge = (
        pl.when(pl.col("departement").is_in(_GRANDES)).then(_CADRE_GRAND).otherwise(_CADRE_DEGRES)
    )
    proches = referentiel.communes.filter(
        pl.col("longitude").is_between(ouest - marge, est + marge)
        & pl.col("latitude").is_between(sud - marge, nord + marge)
    ).select("code", "departement", "longitude", "latitude")
    parts: dict[str, float] = {}
    sans: list[str] = []
    for epsg, communes in _par_projection(proches).items():
        dessin = _projeter(_autour(surface, communes), epsg)
        surfaces = contours.surfaces(communes["code"].to_list(), epsg=epsg)
        codes = list(surfaces)
        arbre = shapely.STRtree([surfaces[code] for code in codes])
        shapely.prepare(dessin)
        for rang in sorted(arbre.query(dessin, predicate="intersects")):
            commune = surfaces[codes[rang]]
            commun = float(shapely.intersection(dessin, commune).area)
            parts[codes[rang]] = min(1.0, commun / float(commune.area))
        for code, _, longitude, latitude in communes.iter_rows():
            if code not in surfaces and shapely.contains_xy(surface, longitude, latitude):
                sans.append(code)
    return Decoupe(parts=parts, sans_contour=tuple(sorted(sans)))


def _par_projection(communes: pl.DataFrame) -> dict[int, pl.DataFrame]:
    marquees = communes.with_columns(
        pl.col("departement").map_elements(projection_legale, return_dtype=pl.Int64).alias("epsg")
    )
    return {
        int(cle[0]): part.drop("epsg")
        for cle, part in marquees.partition_by("epsg", as_dict=True).items()
    }


def _autour(surface: Surface, communes: pl.DataFrame) -> Surface:
    """Renvoie le dessin borné au voisinage des communes, ses grands côtés découpés.

    Une projection légale n'a de sens que près de son département, et un côté droit en degrés ne
    l'est pas en mètres.
    """
    ouest, est = communes["longitude"].min(), communes["longitude"].max()
    sud, nord = communes["latitude"].min(), communes["latitude"].max()
    cadre = shapely.box(
        float(ouest) - _CADRE_DEGRES,  # type: ignore[arg-type]
        float(sud) - _CADRE_DEGRES,  # type: ignore[arg-type]
        float(est) + _CADRE_DEGRES,  # type: ignore[arg-type]
        float(nord) + _CADRE_DEGRES,  # type: ignore[arg-type]
    )
    bornee: Surface = shapely.segmentize(shapely.intersection(surface, cadre), 0.02)
    return bornee


def _projeter(surface: Surface, epsg: int) -> Surface:
    def transformer(points: Any) -> Any:
        x, y = projeter(points[:, 0], points[:, 1], epsg=epsg)
        return np.column_stack([x, y])

    projetee = shapely.transform(surface, transformer)
    return projetee if projetee.is_valid else shapely.make_valid(projetee)


def depuis_dessin(
    contenu: Any, contours: Contours, referentiel: Referentiel, *, nom: str = ""
) -> TerritoirePropre:
    """Renvoie le territoire d'un dessin : communes entières, et parts de celles qu'il coupe.

    Raises
    ------
    DessinInvalide
        Si le dessin ne peut pas être lu, ou s'il ne couvre aucune commune.
    """
    surface = lire_dessin(contenu)
    decoupe = decouper(surface, contours, referentiel)
    parts = _seuiller(decoupe.parts)
    parts.update(dict.fromkeys(decoupe.sans_contour, 1.0))
    if not parts:
        raise DessinInvalide(
            "il ne couvre aucune commune des départements français",
            conseil="Vérifiez ses coordonnées : longitude puis latitude, en degrés.",
        )
    return TerritoirePropre(
        code=code_propre(parts),
        nom=nom or "Territoire dessiné",
        genre="dessin",
        parts=dict(sorted(parts.items())),
        precisions=tuple(_precisions(decoupe.sans_contour)),
    )


def _seuiller(parts: Mapping[str, float]) -> dict[str, float]:
    retenues = {code: part for code, part in parts.items() if part > PART_NEGLIGEE}
    return {code: 1.0 if part >= PART_ENTIERE else part for code, part in retenues.items()}


def _precisions(sans_contour: Collection[str]) -> Iterator[str]:
    if sans_contour:
        yield (
            "Une commune sans contour embarqué est prise entière quand son point est dans le "
            "dessin."
        )
