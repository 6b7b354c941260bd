"""Placement des noms sur une carte, sans chevauchement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import shapely
from shapely import MultiPolygon, Polygon

from solidiag.publication.cartes.ecriture import Ancre, couper, largeur_texte

CORPS_LIEU: Final = 10.0
CORPS_EPCI: Final = 9.0
_INTERLIGNE: Final = 1.05
_ECART: Final = 3.2


class Boite(NamedTuple):
    """Rectangle : coin haut gauche, coin bas droit."""

    x1: float
    y1: float
    x2: float
    y2: float

    def touche(self, autre: Boite) -> bool:
        """Dit si deux rectangles se chevauchent."""
        return (
            self.x1 < autre.x2 and autre.x1 < self.x2 and self.y1 < autre.y2 and autre.y1 < self.y2
        )

    def dans(self, largeur: float, hauteur: float) -> bool:
        """Dit si le rectangle tient dans un cadre."""
        return self.x1 >= 1 and self.y1 >= 1 and self.x2 <= largeur - 1 and self.y2 <= hauteur - 1


class Etiquette(NamedTuple):
    """Nom placé : lignes, ancrage de la première, point montré (ou rien), encombrement."""

    lignes: tuple[str, ...]
    x: float
    y: float
    ancre: Ancre
    corps: float
    point: tuple[float, float] | None
    boite: Boite


def placer_lieux(
    lieux: Sequence[tuple[str, float, float]],
    *,
    largeur: float,
    hauteur: float,
    obstacles: Sequence[Boite] = (),
) -> tuple[Etiquette, ...]:
    """Place le nom de chaque lieu près de son point ; un nom sans place libre est omis.

    Parameters
    ----------
    lieux
        Nom et point, du plus important au moins important.
    obstacles
        Rectangles où rien ne doit s'écrire.
    """
    points = [Boite(x - 2, y - 2, x + 2, y + 2) for _, x, y in lieux]
    occupes = list(obstacles)
    placees: list[Etiquette] = []
    for rang, (nom, x, y) in enumerate(lieux):
        autres = [boite for autre, boite in enumerate(points) if autre != rang]
        for candidate in _places(nom, x, y):
            gene = any(candidate.boite.touche(o) for o in (*occupes, *autres))
            if candidate.boite.dans(largeur, hauteur) and not gene:
                placees.append(candidate)
                occupes.append(candidate.boite)
                break
    return tuple(placees)


def _places(nom: str, x: float, y: float) -> Iterator[Etiquette]:
    corps = CORPS_LIEU
    long = largeur_texte(nom, corps) + 1
    haut, bas = corps * 0.74, corps * 0.2
    choix: list[tuple[float, float, Ancre]] = [
        (x + _ECART, y + 3.2, "start"),
        (x - _ECART, y + 3.2, "end"),
        (x, y - _ECART - 1, "middle"),
        (x, y + _ECART + haut, "middle"),
        (x + _ECART, y - 2, "start"),
        (x + _ECART, y + 9, "start"),
        (x - _ECART, y - 2, "end"),
        (x - _ECART, y + 9, "end"),
    ]
    loin = 3.5 * _ECART
    choix += [
        (x + loin, y + 3.2, "start"),
        (x - loin, y + 3.2, "end"),
        (x, y - loin, "middle"),
        (x, y + loin + haut, "middle"),
    ]
    for tx, ty, ancre in choix:
        gauche = tx - {"start": 0.0, "middle": long / 2, "end": long}[ancre]
        boite = Boite(gauche, ty - haut, gauche + long, ty + bas)
        yield Etiquette((nom,), tx, ty, ancre, corps, (x, y), boite)


def placer_noms(
    surfaces: Sequence[tuple[str, Polygon | MultiPolygon]],
    *,
    largeur: float,
    hauteur: float,
    obstacles: Sequence[Boite] = (),
) -> tuple[Etiquette, ...]:
    """Place le nom de chaque surface en son milieu, sur une à trois lignes.

    Les plus grandes surfaces d'abord ; un nom qui ne tient pas est omis.
    """
    occupes = list(obstacles)
    placees: list[Etiquette] = []
    for nom, surface in sorted(surfaces, key=lambda paire: -paire[1].area):
        for candidate in _au_milieu(nom, surface):
            gene = any(candidate.boite.touche(occupe) for occupe in occupes)
            if candidate.boite.dans(largeur, hauteur) and not gene:
                placees.append(candidate)
                occupes.append(candidate.boite)
                break
    return tuple(placees)


def _au_milieu(nom: str, surface: Polygon | MultiPolygon) -> Iterator[Etiquette]:
    cercle = shapely.maximum_inscribed_circle(surface, tolerance=1.0)
    (x, y), (bx, by) = shapely.get_coordinates(cercle)[:2]
    diametre = 2 * float(((bx - x) ** 2 + (by - y) ** 2) ** 0.5)
    vus: set[tuple[str, ...]] = set()
    for corps in (CORPS_EPCI, CORPS_EPCI - 1):
        for place in (max(diametre, 40.0), 60.0, 38.0):
            lignes = tuple(couper(nom, place, corps=corps))
            if len(lignes) > 4 or (*lignes, str(corps)) in vus:
                continue
            vus.add((*lignes, str(corps)))
            long = max(largeur_texte(ligne, corps) for ligne in lignes)
            total = len(lignes) * corps * _INTERLIGNE
            if long > diametre * 1.5 + 12:
                continue
            for decalage in (0.0, -6.0, 6.0):
                premier = float(y) + decalage - total / 2 + corps * 0.82
                boite = Boite(
                    float(x) - long / 2 - 1,
                    premier - corps * 0.8,
                    float(x) + long / 2 + 1,
                    premier - corps * 0.8 + total,
                )
                yield Etiquette(lignes, float(x), premier, "middle", corps, None, boite)
