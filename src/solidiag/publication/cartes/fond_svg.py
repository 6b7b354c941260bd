"""Fond de carte prêt à dessiner : tracés écrits une fois, noms placés une fois."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely import Polygon
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from solidiag.geography.contours import Fond, Surface, projeter
from solidiag.publication.cartes.ecriture import chemin
from solidiag.publication.cartes.etiquettes import (
    Boite,
    Etiquette,
    placer_lieux,
    placer_noms,
)

LARGEUR_CARTE: Final = 296.0
HAUTEURS: Final = (250.0, 330.0)
_MARGE: Final = 12.0
_TOLERANCE: Final = 0.3
_VOISINS: Final = 0.6
_COTE_ILLISIBLE: Final = 8.5
_PART_PEUPLEE: Final = 0.01
_RAYON_GROSSI: Final = 4.2


class BarreEchelle(NamedTuple):
    """Barre d'échelle : place du coin bas gauche, longueur dessinée, kilomètres."""

    x: float
    y: float
    longueur: float
    km: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FondSvg:
    """Fond de carte d'un département, en unités de dessin.

    Parameters
    ----------
    largeur, hauteur
        Cadre de la carte.
    echelle, origine
        Unités par mètre ; coin haut gauche en mètres.
    communes, communes_hors
        Tracé de chaque commune du département, et des communes d'autres départements qui sont
        dans une de ses intercommunalités ; par identifiant (``COM-40192``).
    epci, epci_hors
        Tracé de la partie de chaque intercommunalité dans le département, et hors de lui.
    surfaces_epci
        Surface de la partie de chaque intercommunalité dans le département.
    limites_epci, contour, voisins
        Tracés des limites d'intercommunalités, du département, de ses voisins.
    epci_de
        Intercommunalité de chaque commune dessinée.
    centres
        Point de chaque commune et de chaque intercommunalité.
    grossies
        Communes peuplées trop petites pour être lues : un cercle les double.
    villes
        Nom et point des principaux lieux, du plus peuplé au moins peuplé.
    lieux, noms_epci
        Étiquettes placées sans chevauchement.
    sans_contour
        Communes et arrondissements municipaux que la carte ne peut pas montrer.
    """

    departement: str
    epsg: int
    largeur: float
    hauteur: float
    echelle: float
    origine: tuple[float, float]
    communes: Mapping[str, str]
    communes_hors: Mapping[str, str]
    epci: Mapping[str, str]
    epci_hors: Mapping[str, str]
    surfaces_epci: Mapping[str, Surface]
    limites_epci: str
    contour: str
    voisins: str
    epci_de: Mapping[str, str]
    centres: Mapping[str, tuple[float, float]]
    grossies: Mapping[str, float]
    villes: tuple[tuple[str, float, float], ...]
    lieux: tuple[Etiquette, ...]
    noms_epci: tuple[Etiquette, ...]
    barre: BarreEchelle
    boite_barre: Boite
    sans_contour: tuple[str, ...]

    @property
    def cartographiable(self) -> bool:
        """Dit si la carte compare au moins trois territoires."""
        return len(self.communes) >= 3

    def placer(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Renvoie la place d'un point en degrés, en unités de dessin."""
        x, y = projeter(np.asarray([longitude]), np.asarray([latitude]), epsg=self.epsg)
        return (
            (float(x[0]) - self.origine[0]) * self.echelle,
            (self.origine[1] - float(y[0])) * self.echelle,
        )

    def epci_au(self, x: float, y: float) -> str | None:
        """Renvoie l'intercommunalité où tombe un point, ou rien hors du département."""
        point = shapely.Point(x, y)
        return next((cle for cle, s in self.surfaces_epci.items() if s.intersects(point)), None)

    def contient(self, x: float, y: float) -> bool:
        """Dit si un point est dans le cadre."""
        return 0 <= x <= self.largeur and 0 <= y <= self.hauteur


def preparer_fond(
    fond: Fond,
    *,
    populations: Mapping[str, int] | None = None,
    noms_epci: Mapping[str, str] | None = None,
    largeur: float = LARGEUR_CARTE,
) -> FondSvg:
    """Renvoie le fond prêt à dessiner d'un département.

    Parameters
    ----------
    populations
        Population par identifiant ; les communes peuplées mais illisibles sont doublées d'un
        cercle.
    noms_epci
        Nom court par identifiant d'intercommunalité, pour les cartes à ce niveau.
    largeur
        Largeur de la carte, légende non comprise ; 360 pour une légende dessous.
    """
    cadre = _Cadre.autour(fond, largeur)
    communes, hors = _simplifier(fond, cadre)
    epci_de = _appartenances(fond, {**communes, **hors})
    epci = _reunir(communes, epci_de)
    epci_hors = _reunir(hors, epci_de)
    entiers = _reunir({**communes, **hors}, epci_de)
    contour = _union(list(communes.values()))
    voisins = [_dessiner(v, cadre, _VOISINS) for v in fond.voisins.values()]
    vue = shapely.box(-2, -2, cadre.largeur + 2, cadre.hauteur + 2)
    villes = tuple((lieu.nom, *cadre.point(lieu.x, lieu.y)) for lieu in fond.lieux)
    barre, boite = _barre(cadre, contour)
    centres = {f"COM-{c}": cadre.point(*xy) for c, xy in fond.centres.items()}
    centres |= {nom: _milieu(surface) for nom, surface in epci.items()}
    grossies = _grossies(communes, populations or {}, centres)
    return FondSvg(
        departement=fond.departement,
        epsg=fond.epsg,
        largeur=cadre.largeur,
        hauteur=cadre.hauteur,
        echelle=cadre.echelle,
        origine=cadre.origine,
        communes={nom: chemin(surface) for nom, surface in communes.items()},
        communes_hors={nom: chemin(surface) for nom, surface in hors.items()},
        epci={nom: chemin(surface) for nom, surface in epci.items()},
        epci_hors={
            nom: chemin(visible)
            for nom, surface in epci_hors.items()
            if not (visible := shapely.intersection(surface, vue)).is_empty
        },
        surfaces_epci=epci,
        limites_epci=chemin(_limites(entiers.values(), vue)),
        contour=chemin(contour),
        voisins="".join(chemin(shapely.intersection(v, vue)) for v in voisins),
        epci_de=epci_de,
        centres=centres,
        grossies=grossies,
        villes=villes,
        lieux=placer_lieux(
            villes,
            largeur=cadre.largeur,
            hauteur=cadre.hauteur,
            obstacles=[boite],
        ),
        noms_epci=placer_noms(
            [(nom, epci[cle]) for cle, nom in (noms_epci or {}).items() if cle in epci],
            largeur=cadre.largeur,
            hauteur=cadre.hauteur,
            obstacles=[boite],
        ),
        barre=barre,
        boite_barre=boite,
        sans_contour=fond.sans_contour,
    )


class _Cadre(NamedTuple):
    largeur: float
    hauteur: float
    echelle: float
    origine: tuple[float, float]

    @classmethod
    def autour(cls, fond: Fond, largeur: float) -> _Cadre:
        xmin, ymin, xmax, ymax = fond.emprise
        utile = largeur - 2 * _MARGE
        echelle = min(utile / (xmax - xmin), (HAUTEURS[1] - 2 * _MARGE) / (ymax - ymin))
        hauteur = min(max((ymax - ymin) * echelle + 2 * _MARGE, HAUTEURS[0]), HAUTEURS[1])
        milieu = ((xmin + xmax) / 2, (ymin + ymax) / 2)
        origine = (milieu[0] - largeur / 2 / echelle, milieu[1] + hauteur / 2 / echelle)
        return cls(largeur, hauteur, echelle, origine)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.origine[0]) * self.echelle, (self.origine[1] - y) * self.echelle

    def matrice(self) -> list[float]:
        e, (x0, y0) = self.echelle, self.origine
        return [e, 0, 0, -e, -x0 * e, y0 * e]


def _dessiner(surface: BaseGeometry, cadre: _Cadre, tolerance: float) -> BaseGeometry:
    dessin = affine_transform(surface, cadre.matrice())
    simple = shapely.make_valid(shapely.simplify(dessin, tolerance))
    return dessin if simple.is_empty else simple


def _simplifier(fond: Fond, cadre: _Cadre) -> tuple[dict[str, Surface], dict[str, Surface]]:
    """Simplifie toutes les communes d'un coup : leurs limites communes restent communes."""
    codes = [*fond.communes, *fond.communes_epci]
    surfaces = [
        affine_transform(surface, cadre.matrice())
        for surface in (*fond.communes.values(), *fond.communes_epci.values())
    ]
    try:
        simples = shapely.coverage_simplify(np.asarray(surfaces, dtype=object), _TOLERANCE)
    except shapely.errors.GEOSException:
        simples = np.asarray(surfaces, dtype=object)
    retenus = {
        f"COM-{code}": brut if simple.is_empty else simple
        for code, brut, simple in zip(codes, surfaces, simples, strict=True)
    }
    propres = {f"COM-{code}" for code in fond.communes}
    return (
        {nom: surface for nom, surface in retenus.items() if nom in propres},
        {nom: surface for nom, surface in retenus.items() if nom not in propres},
    )


def _appartenances(fond: Fond, communes: Mapping[str, Surface]) -> dict[str, str]:
    """Renvoie l'intercommunalité de chaque commune, d'après un point intérieur."""
    if not fond.epci:
        return {}
    noms = list(communes)
    bruts = {**fond.communes, **fond.communes_epci}
    points = [bruts[nom.removeprefix("COM-")].representative_point() for nom in noms]
    cles = list(fond.epci)
    arbre = shapely.STRtree([fond.epci[cle] for cle in cles])
    rangs, places = arbre.query(points, predicate="within")
    return {noms[i]: cles[j] for i, j in zip(rangs.tolist(), places.tolist(), strict=True)}


def _reunir(communes: Mapping[str, Surface], epci_de: Mapping[str, str]) -> dict[str, Surface]:
    groupes: dict[str, list[Surface]] = {}
    for nom, surface in communes.items():
        if nom in epci_de:
            groupes.setdefault(epci_de[nom], []).append(surface)
    return {cle: _union(parties) for cle, parties in groupes.items()}


def _union(parties: list[Surface]) -> Surface:
    union: Surface
    try:
        union = shapely.coverage_union_all(parties)
    except shapely.errors.GEOSException:
        union = shapely.union_all(parties)
    if not union.is_valid:
        union = shapely.union_all([shapely.make_valid(partie) for partie in parties])
    return union


def _limites(surfaces: Iterable[Surface], vue: Polygon) -> BaseGeometry:
    lignes = shapely.union_all([surface.boundary for surface in surfaces])
    return shapely.line_merge(shapely.intersection(lignes, vue))


def _milieu(surface: Surface) -> tuple[float, float]:
    cercle = shapely.maximum_inscribed_circle(surface, tolerance=1.0)
    x, y = shapely.get_coordinates(cercle)[0]
    return float(x), float(y)


def _grossies(
    communes: Mapping[str, Surface],
    populations: Mapping[str, int],
    centres: Mapping[str, tuple[float, float]],
) -> dict[str, float]:
    total = sum(populations.get(nom, 0) for nom in communes)
    return {
        nom: _RAYON_GROSSI
        for nom, surface in communes.items()
        if populations.get(nom, 0) > _PART_PEUPLEE * total
        and sqrt(surface.area) < _COTE_ILLISIBLE
        and nom in centres
    }


def _barre(cadre: _Cadre, contour: Surface) -> tuple[BarreEchelle, Boite]:
    """Choisit une longueur ronde et le coin où la barre gêne le moins."""
    cible = cadre.largeur / 5 / cadre.echelle / 1000
    km = max((k for k in (1, 2, 5, 10, 20, 50, 100) if k <= cible * 1.2), default=1)
    longueur = km * 1000 * cadre.echelle
    largeur, hauteur, marge = longueur + 14, 18.0, 5.0
    droite, bas = cadre.largeur - largeur - marge, cadre.hauteur - hauteur - marge
    coins = [(marge, bas), (droite, bas), (marge, marge), (droite, marge)]
    boites = [Boite(x, y, x + largeur, y + hauteur) for x, y in coins]
    boite = min(boites, key=lambda b: round(shapely.intersection(contour, shapely.box(*b)).area))
    return BarreEchelle(boite.x1 + 5, boite.y2 - 4, longueur, km), boite
