"""Réseau d'acteurs en arcs : un nom par ligne, un arc par lien ; aucun nom n'en cache un autre."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.ecriture import (
    ajuster,
    cercle,
    document_svg,
    nombre_svg,
    rectangle,
    texte_svg,
)
from solidiag.publication.charte import ACCENT, ENCRE, ENCRE_DOUCE
from solidiag.publication.graphiques.axe import CORPS, CORPS_NOTE, LARGEUR

_RANGEE: Final = 19.0
_NOMS: Final = 250.0
_RAYONS: Final = (2.8, 7.0)
_ECART_DE_GROUPE: Final = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sommet:
    """Un acteur : nombre d'acteurs liés, et s'il est le seul pont entre d'autres."""

    id: str
    nom: str
    liens: int
    pont: bool = False


def dessiner_reseau(
    sommets: Sequence[Sommet],
    aretes: Sequence[tuple[str, str]],
    *,
    prefixe: str = "reseau",
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie le réseau en arcs : les acteurs reliés se suivent, un filet blanc sépare les groupes.

    Parameters
    ----------
    aretes
        Paires d'identifiants de sommets.

    Raises
    ------
    ValueError
        Si une arête nomme un sommet absent, ou s'il n'y a pas de sommet.
    """
    connus = {sommet.id: sommet for sommet in sommets}
    inconnus = {bout for arete in aretes for bout in arete} - set(connus)
    if not sommets or inconnus:
        raise ValueError(f"arêtes vers des sommets absents : {sorted(inconnus)}")
    groupes = ranger(connus, aretes)
    places: dict[str, float] = {}
    y = 14.0
    for groupe in groupes:
        for identifiant in groupe:
            places[identifiant] = y
            y += _RANGEE
        y += _ECART_DE_GROUPE
    plus_long = max((abs(places[a] - places[b]) for a, b in aretes), default=1.0)
    corps = [_arc(places[a], places[b], plus_long) for a, b in aretes]
    for identifiant, place in places.items():
        corps.append(_sommet(connus[identifiant], place, max(s.liens for s in sommets)))
    hauteur = y + 4
    corps.append(_cle(hauteur, ponts=any(s.pont for s in sommets)))
    return document_svg(
        corps,
        largeur=LARGEUR,
        hauteur=hauteur + 18,
        titre=titre,
        description=description,
        prefixe=prefixe,
    )


def ranger(connus: Mapping[str, Sommet], aretes: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Renvoie les groupes d'acteurs reliés, le plus grand d'abord, les voisins rapprochés.

    Dans un groupe, on part du plus lié et l'on suit ses liens en largeur.
    """
    voisins: dict[str, set[str]] = defaultdict(set)
    for a, b in aretes:
        voisins[a].add(b)
        voisins[b].add(a)
    ordre = sorted(connus, key=lambda i: (-connus[i].liens, connus[i].nom))
    vus: set[str] = set()
    groupes = []
    for depart in ordre:
        if depart in vus:
            continue
        groupe, file = [], [depart]
        vus.add(depart)
        while file:
            courant = file.pop(0)
            groupe.append(courant)
            suivants = [i for i in ordre if i in voisins[courant] and i not in vus]
            vus.update(suivants)
            file += suivants
        groupes.append(groupe)
    return sorted(groupes, key=lambda groupe: -len(groupe))


def _arc(y_a: float, y_b: float, plus_long: float) -> str:
    """Renvoie un arc à droite des noms ; plus les acteurs sont loin, plus il s'écarte."""
    haut, bas = min(y_a, y_b), max(y_a, y_b)
    depart = _NOMS + 12
    fond = LARGEUR - depart - 6
    ecart = fond * (0.1 + 0.9 * (bas - haut) / plus_long)
    x = depart + ecart * 4 / 3
    return (
        f'<path d="M{nombre_svg(depart)} {nombre_svg(haut)}'
        f"C{nombre_svg(x)} {nombre_svg(haut)} {nombre_svg(x)} {nombre_svg(bas)}"
        f' {nombre_svg(depart)} {nombre_svg(bas)}"'
        f' stroke="{ACCENT}" stroke-width="1.2" fill="none" opacity="0.75"/>'
    )


def _sommet(sommet: Sommet, y: float, maximum: int) -> str:
    part = (sommet.liens / maximum) ** 0.5
    rayon = _RAYONS[0] + (_RAYONS[1] - _RAYONS[0]) * part
    noms, taille = ajuster(sommet.nom, _NOMS - 4, corps=CORPS, gras=sommet.pont)
    x = _NOMS + 12
    marque = (
        rectangle(x - rayon, y - rayon, 2 * rayon, 2 * rayon, attributs=f'fill="{ENCRE}"')
        if sommet.pont
        else cercle(x, y, rayon, attributs=f'fill="{ACCENT}"')
    )
    nom = texte_svg(noms[0], _NOMS, y + 3.6, corps=taille, ancre="end", gras=sommet.pont)
    return nom + marque


def _cle(y: float, *, ponts: bool) -> str:
    acteur = cercle(6, y + 6, 4, attributs=f'fill="{ACCENT}"') + texte_svg(
        "acteur (taille : nombre de liens)", 14, y + 9.4, corps=CORPS_NOTE
    )
    if not ponts:
        return acteur
    return "".join(
        [
            acteur,
            rectangle(186, y + 2, 8, 8, attributs=f'fill="{ENCRE}"'),
            texte_svg(
                "seul pont vers d'autres acteurs",
                198,
                y + 9.4,
                corps=CORPS_NOTE,
                couleur=ENCRE_DOUCE,
            ),
        ]
    )
