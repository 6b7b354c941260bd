"""Bande de points : un territoire parmi ses semblables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.ecriture import (
    cercle,
    document_svg,
    largeur_texte,
    ligne,
    rectangle,
    texte_svg,
)
from solidiag.publication.charte import ACCENT, BLANC, ENCRE, ENCRE_DOUCE
from solidiag.publication.graphiques.axe import CORPS, CORPS_NOTE, LARGEUR, Axe, ecarter

_RAYON: Final = 2.7
_POINT: Final = "#8794a1"
_PAS: Final = 2 * _RAYON + 0.3
_RANGS: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Valeur de comparaison : nom, valeur, et la valeur telle qu'elle s'imprime."""

    nom: str
    valeur: float
    texte: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choisi:
    """Territoire du lecteur : identifiant, nom, valeur imprimée, intervalle s'il y en a un."""

    id: str
    nom: str
    texte: str
    intervalle: tuple[float, float] | None = None


def bande(
    points: Sequence[tuple[str, float]],
    *,
    titre_axe: str,
    prefixe: str,
    unite: str = "",
    choisi: Choisi | None = None,
    references: Sequence[Reference] = (),
    note: str = "",
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie une bande : un point par territoire, les références en repères.

    Parameters
    ----------
    points
        Identifiant et valeur de chaque territoire.
    titre_axe
        Ce que montre l'axe, avec son unité.
    note
        Phrase courte sous l'axe (territoires sans valeur, par exemple).

    Raises
    ------
    ValueError
        S'il n'y a aucun point, ou si le territoire choisi n'en est pas un.
    """
    valeurs = dict(points)
    if choisi is not None and choisi.id not in valeurs:
        raise ValueError(f"le territoire choisi n'a pas de point : {choisi.id}")
    etendue = [*valeurs.values(), *(r.valeur for r in references)]
    if choisi is not None and choisi.intervalle is not None:
        etendue += choisi.intervalle
    axe = Axe.pour(etendue, debut=22, fin=LARGEUR - 22, unite=unite)
    places = _essaim([(nom, axe.place(v)) for nom, v in points])
    rangs = max(abs(rang) for _, _, rang in places)
    demi = rangs * _PAS + _RAYON + 4
    haut = 4 + (30.0 if references else 4.0) + (26 if choisi else 0)
    milieu = haut + demi
    bas = milieu + demi
    corps = [axe.horizontal(haut, bas)]
    for nom, x, rang in places:
        if choisi is None or nom != choisi.id:
            corps.append(
                cercle(
                    x,
                    milieu + rang * _PAS,
                    _RAYON,
                    attributs=f'class="point" data-t="{nom}" fill="{_POINT}" fill-opacity=".75"',
                )
            )
    corps.append(_references(references, axe, haut=haut - (26 if choisi else 0), bas=bas))
    if choisi is not None:
        rang = next(r for nom, _, r in places if nom == choisi.id)
        corps.append(
            _choisi(choisi, axe.place(valeurs[choisi.id]), milieu + rang * _PAS, axe, haut)
        )
    corps.append(
        texte_svg(
            titre_axe, LARGEUR / 2, bas + 25, corps=CORPS, ancre="middle", couleur=ENCRE_DOUCE
        )
    )
    hauteur = bas + 30
    if note:
        hauteur += 13
        corps.append(
            texte_svg(
                note,
                LARGEUR / 2,
                hauteur - 3,
                corps=CORPS_NOTE,
                ancre="middle",
                couleur=ENCRE_DOUCE,
            )
        )
    return document_svg(
        corps,
        largeur=LARGEUR,
        hauteur=hauteur,
        titre=titre,
        description=description,
        prefixe=prefixe,
    )


def _essaim(places: Sequence[tuple[str, float]]) -> list[tuple[str, float, int]]:
    """Écarte les points à la verticale : aucun n'en cache un autre, sauf foule extrême."""
    rangees: dict[int, float] = {}
    sortie = []
    ordre = [0]
    for i in range(1, _RANGS):
        ordre += [i, -i]
    for nom, x in sorted(places, key=lambda paire: (paire[1], paire[0])):
        libre = next((r for r in ordre if x - rangees.get(r, -1e9) >= 2 * _RAYON), None)
        rang = min(ordre, key=lambda r: rangees.get(r, -1e9)) if libre is None else libre
        rangees[rang] = x
        sortie.append((nom, x, rang))
    return sortie


def _references(references: Sequence[Reference], axe: Axe, *, haut: float, bas: float) -> str:
    """Renvoie les repères, leurs noms écartés et rattachés à leur trait."""
    if not references:
        return ""
    textes = [f"{r.nom} {r.texte}" for r in references]
    largeurs = [largeur_texte(t, CORPS_NOTE) for t in textes]
    places = [axe.place(r.valeur) for r in references]
    poses = ecarter(places, max(largeurs) + 8)
    debord_droite = max(
        0.0, max(p + l_ / 2 for p, l_ in zip(poses, largeurs, strict=True)) - LARGEUR
    )
    poses = [p - debord_droite for p in poses]
    debord_gauche = max(0.0, -min(p - l_ / 2 for p, l_ in zip(poses, largeurs, strict=True)))
    poses = [p + debord_gauche for p in poses]
    morceaux = []
    for texte, x, pose in zip(textes, places, poses, strict=True):
        morceaux.append(
            f'<path d="M{pose:.1f} {haut - 17:.1f}L{x:.1f} {haut - 6:.1f}" fill="none"'
            f' stroke="{ENCRE}" stroke-width=".6"/>'
        )
        morceaux.append(ligne(x, haut - 6, x, bas, couleur=ENCRE, epaisseur=1, tirets="3 2"))
        morceaux.append(texte_svg(texte, pose, haut - 20, corps=CORPS_NOTE, ancre="middle"))
    return "".join(morceaux)


def _choisi(choisi: Choisi, x: float, y: float, axe: Axe, haut: float) -> str:
    morceaux = []
    if choisi.intervalle is not None:
        bas, fin = (axe.place(v) for v in choisi.intervalle)
        for couleur, epaisseur in ((BLANC, 4.0), (ACCENT, 2.0)):
            morceaux.append(ligne(bas, y, fin, y, couleur=couleur, epaisseur=epaisseur))
    texte = f"{choisi.nom}\u00a0: {choisi.texte}"
    large = largeur_texte(texte, CORPS, gras=True)
    pose = min(max(x, large / 2 + 2), LARGEUR - large / 2 - 2)
    morceaux += [
        rectangle(pose - large / 2 - 3, haut - 22, large + 6, 14, attributs=f'fill="{BLANC}"'),
        ligne(x, haut - 8, x, y, couleur=ACCENT, epaisseur=0.9),
        texte_svg(
            texte,
            pose,
            haut - 12,
            corps=CORPS,
            ancre="middle",
            gras=True,
            couleur=ACCENT,
            halo=BLANC,
        ),
        cercle(
            x,
            y,
            4.6,
            attributs=f'class="choisi" data-t="{choisi.id}" fill="{ACCENT}" stroke="{BLANC}"',
        ),
    ]
    return "".join(morceaux)
