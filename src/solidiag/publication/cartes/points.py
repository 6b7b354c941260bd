"""Carte de services : un point par lieu, une forme par catégorie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from solidiag.publication.cartes.assemblage import (
    dessiner,
    largeur_legende,
    legende_fond,
)
from solidiag.publication.cartes.ecriture import nombre_svg
from solidiag.publication.cartes.etiquettes import Boite, Etiquette, placer_lieux
from solidiag.publication.cartes.fond_svg import FondSvg
from solidiag.publication.cartes.legende import Legende, Signe
from solidiag.publication.charte import ACCENT, BLANC, ENCRE, SEQUENTIEL
from solidiag.publication.francais import compter

_FOND: Final = "#fbfaf8"
_RAYON: Final = 3.6
_TEINTE_CLAIRE: Final = SEQUENTIEL[3]
_SUR_PLACE: Final = 2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCarte:
    """Un lieu sur la carte.

    Parameters
    ----------
    id
        Identifiant du service.
    categorie
        Clé de la catégorie, dans l'ordre donné à `carte_points`.
    incertain
        Vrai si le lieu n'est connu qu'à la commune, ou si son point est douteux : le signe est
        creux.
    """

    id: str
    categorie: str
    latitude: float
    longitude: float
    incertain: bool = False


def _polygone(cotes: int, rayon: float, depart: float) -> str:
    sommets = [
        (rayon * cos(depart + 2 * pi * i / cotes), rayon * sin(depart + 2 * pi * i / cotes))
        for i in range(cotes)
    ]
    points = "L".join(f"{nombre_svg(x)} {nombre_svg(y)}" for x, y in sommets)
    return f"M{points}z"


def _etoile(rayon: float) -> str:
    sommets = []
    for i in range(10):
        r = rayon if i % 2 == 0 else rayon * 0.45
        angle = -pi / 2 + pi * i / 5
        sommets.append(f"{nombre_svg(r * cos(angle))} {nombre_svg(r * sin(angle))}")
    return f"M{'L'.join(sommets)}z"


def _croix(rayon: float) -> str:
    a, b = nombre_svg(rayon), nombre_svg(rayon * 0.38)
    return f"M-{b} -{a}H{b}V-{b}H{a}V{b}H{b}V{a}H-{b}V{b}H-{a}V-{b}H-{b}z"


def _disque(rayon: float) -> str:
    r = nombre_svg(rayon)
    return (
        f"M-{r} 0a{r} {r} 0 1 0 {nombre_svg(2 * rayon)} 0a{r} {r} 0 1 0 -{nombre_svg(2 * rayon)} 0z"
    )


FORMES: Final[tuple[tuple[str, str, str], ...]] = (
    ("disque", _disque(_RAYON), ACCENT),
    ("carré", _polygone(4, _RAYON * 1.3, pi / 4), ENCRE),
    ("triangle", _polygone(3, _RAYON * 1.4, -pi / 2), _TEINTE_CLAIRE),
    ("losange", _polygone(4, _RAYON * 1.4, 0), ACCENT),
    ("croix", _croix(_RAYON * 1.2), ENCRE),
    ("étoile", _etoile(_RAYON * 1.5), _TEINTE_CLAIRE),
    ("triangle renversé", _polygone(3, _RAYON * 1.4, pi / 2), ENCRE),
    ("hexagone", _polygone(6, _RAYON * 1.2, 0), _TEINTE_CLAIRE),
)
"""Nom, tracé et couleur de la forme de chaque rang de catégorie."""


def carte_points(
    fond: FondSvg,
    points: Sequence[PointCarte],
    *,
    categories: Mapping[str, str],
    legende: str,
    prefixe: str,
    date: str = "",
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie une carte de services, en SVG.

    Parameters
    ----------
    categories
        Libellé de chaque catégorie, huit au plus, dans l'ordre de la légende.
    date
        Date ou millésime de la situation montrée : « situation de 2024 ».

    Raises
    ------
    ValueError
        S'il y a trop de catégories, ou un point d'une catégorie non donnée.
    """
    if len(categories) > len(FORMES):
        raise ValueError(f"{len(FORMES)} catégories au plus, {len(categories)} données")
    inconnues = {point.categorie for point in points} - set(categories)
    if inconnues:
        raise ValueError(f"catégories non données : {sorted(inconnues)}")
    rang_de = {categorie: rang for rang, categorie in enumerate(categories)}
    places = _ecarter([(p, *fond.placer(p.longitude, p.latitude)) for p in points])
    visibles = [(p, x, y) for p, x, y in places if fond.contient(x, y)]
    signes = "".join(
        _signe(rang_de[p.categorie], x, y, creux=p.incertain, attributs=f' data-s="{p.id}"')
        for p, x, y in visibles
    )
    boite = Legende(largeur_legende(fond))
    boite.titre(legende)
    if date:
        boite.note(date)
    boite.espace(2)
    boite.entete_effectifs("lieux")
    for categorie, rang in rang_de.items():
        compte = sum(1 for p, _, _ in visibles if p.categorie == categorie)
        boite.entree(_symbole(rang), categories[categorie], effectif=compte)
    creux = sum(1 for p, _, _ in visibles if p.incertain)
    if creux:
        boite.espace(3)
        boite.entree(_symbole(0, creux=True), "signe creux\u00a0: place imprécise", effectif=creux)
    hors_cadre = len(points) - len(visibles)
    if hors_cadre:
        boite.note(f"{compter(hors_cadre, 'lieu', 'lieux')} hors du cadre")
    legende_fond(boite, fond, niveau="COM")
    communes = "".join(
        f'<path data-t="{nom}" d="{trace}"/>' for nom, trace in fond.communes.items()
    )
    return dessiner(
        fond,
        [f'<g fill="{_FOND}">{communes}</g>'],
        legende=boite,
        prefixe=prefixe,
        dessus=[f'<g stroke="{BLANC}" stroke-width=".6">{signes}</g>'],
        titre=titre,
        description=description,
        noms=_noms(fond, [_boite(x, y) for _, x, y in visibles]),
    )


def _noms(fond: FondSvg, occupes: Sequence[Boite]) -> list[Etiquette]:
    """Place les noms autour des lieux ; un lieu tient lieu de point à la ville qu'il couvre."""
    placees = placer_lieux(
        fond.villes,
        largeur=fond.largeur,
        hauteur=fond.hauteur,
        obstacles=[fond.boite_barre, *occupes],
    )
    return [
        etiquette._replace(point=None)
        if etiquette.point and any(_couvre(boite, *etiquette.point) for boite in occupes)
        else etiquette
        for etiquette in placees
    ]


def _couvre(boite: Boite, x: float, y: float) -> bool:
    return boite.touche(Boite(x - 1.5, y - 1.5, x + 1.5, y + 1.5))


def _boite(x: float, y: float) -> Boite:
    return Boite(x - _RAYON, y - _RAYON, x + _RAYON, y + _RAYON)


def _ecarter(
    places: Sequence[tuple[PointCarte, float, float]],
) -> list[tuple[PointCarte, float, float]]:
    """Écarte en rosace les lieux de même place, pour que tous se voient."""
    groupes: dict[tuple[int, int], list[tuple[PointCarte, float, float]]] = {}
    for p, x, y in sorted(places, key=lambda place: (place[0].categorie, place[0].id)):
        groupes.setdefault((round(x / _SUR_PLACE), round(y / _SUR_PLACE)), []).append((p, x, y))
    sortie = []
    for groupe in groupes.values():
        if len(groupe) == 1:
            sortie += groupe
            continue
        cx = sum(x for _, x, _ in groupe) / len(groupe)
        cy = sum(y for _, _, y in groupe) / len(groupe)
        rayon = max(_RAYON * 1.15, _RAYON * 2.1 * len(groupe) / (2 * pi))
        for rang, (p, _, _) in enumerate(groupe):
            angle = -pi / 2 + 2 * pi * rang / len(groupe)
            sortie.append((p, cx + rayon * cos(angle), cy + rayon * sin(angle)))
    return sortie


def _signe(rang: int, x: float, y: float, *, creux: bool, attributs: str = "") -> str:
    _, trace, couleur = FORMES[rang]
    style = (
        f' fill="{BLANC}" stroke="{couleur}" stroke-width="1.2"' if creux else f' fill="{couleur}"'
    )
    place = f"translate({nombre_svg(x)} {nombre_svg(y)})"
    return f'<path class="s{rang}" d="{trace}" transform="{place}"{style}{attributs}/>'


def _symbole(rang: int, *, creux: bool = False) -> Signe:
    def dessin(x: float, y: float) -> str:
        return _signe(rang, x + 10, y + 6, creux=creux)

    return dessin
