"""Rangs des domaines : la place, et l'étendue des places quand les poids changent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.ecriture import (
    ajuster,
    cercle,
    document_svg,
    largeur_texte,
    ligne,
    rectangle,
    texte_svg,
)
from solidiag.publication.charte import AXES, BLANC, CARTE_LIMITE, ENCRE, ENCRE_DOUCE
from solidiag.publication.francais import nombre
from solidiag.publication.graphiques.axe import CORPS_NOTE, FILET, LARGEUR

_NOMS: Final = 206.0
_RANGEE: Final = 17.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LigneRang:
    """Un domaine : rang retenu, rangs extrêmes, rangs de neuf tirages sur dix.

    ``axe`` va de 1 à 4. Sans ``rang``, le domaine n'est pas classé.
    """

    id: str
    nom: str
    axe: int
    rang: int | None = None
    etendue: tuple[int, int] | None = None
    centrale: tuple[int, int] | None = None


def rangs(
    lignes: Sequence[LigneRang],
    *,
    prefixe: str,
    axes: Mapping[int, str] | None = None,
    mention: str = "à documenter",
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie les domaines dans l'ordre donné, chacun avec l'étendue de ses rangs.

    Parameters
    ----------
    axes
        Nom de chaque axe, pour la légende.
    mention
        Ce qui s'écrit à la place du rang d'un domaine non classé.

    Raises
    ------
    ValueError
        Si aucun domaine n'est classé.
    """
    classes = [r for r in lignes if r.rang is not None]
    if not classes:
        raise ValueError("aucun domaine n'est classé")
    dernier = max([len(classes), *(r.etendue[1] for r in classes if r.etendue)])
    gauche, droite = _NOMS + 12, LARGEUR - 10
    pas = (droite - gauche) / max(dernier - 1, 1)

    def x_de(rang: float) -> float:
        return gauche + (rang - 1) * pas

    haut = 30.0
    bas = haut + len(classes) * _RANGEE
    corps = [
        texte_svg(
            "Rang (le premier est le plus prioritaire)",
            gauche,
            10,
            corps=CORPS_NOTE,
            couleur=ENCRE_DOUCE,
        )
    ]
    for rang in _reperes(dernier):
        corps.append(ligne(x_de(rang), haut - 3, x_de(rang), bas, couleur=FILET, epaisseur=0.7))
        corps.append(
            texte_svg(
                nombre(rang),
                x_de(rang),
                haut - 7,
                corps=CORPS_NOTE,
                ancre="middle",
                couleur=ENCRE_DOUCE,
            )
        )
    y = haut
    for rangee in [*classes, *(r for r in lignes if r.rang is None)]:
        corps.append(_rangee(rangee, y + _RANGEE / 2, x_de, mention))
        y += _RANGEE
    legende, hauteur = _legende(axes or {}, lignes, y + 8)
    corps.append(legende)
    return document_svg(
        corps,
        largeur=LARGEUR,
        hauteur=hauteur,
        titre=titre,
        description=description,
        prefixe=prefixe,
    )


def _reperes(dernier: int) -> list[int]:
    pas = next(p for p in (1, 2, 5, 10, 20, 50) if dernier / p <= 8)
    return [1, *(rang for rang in range(pas, dernier + 1, pas) if rang > 1 + pas / 2)]


def _rangee(rangee: LigneRang, y: float, x_de: Callable[[float], float], mention: str) -> str:
    couleur = AXES[rangee.axe - 1]
    morceaux = [_axe(rangee.axe, 0, y - 6)]
    (nom, *_), taille = ajuster(rangee.nom, _NOMS - 16, corps=CORPS_NOTE + 0.5)
    morceaux.append(texte_svg(nom, 16, y + 3.3, corps=taille))
    if rangee.rang is None:
        morceaux.append(
            texte_svg(
                mention,
                _NOMS + 12,
                y + 3.3,
                corps=CORPS_NOTE,
                italique=True,
                couleur=ENCRE_DOUCE,
            )
        )
        return f'<g class="rangee non-classe">{"".join(morceaux)}</g>'
    for bornes, epaisseur, opacite in ((rangee.etendue, 2.0, 0.45), (rangee.centrale, 5.0, 0.55)):
        if bornes is not None:
            a, b = x_de(bornes[0]), x_de(bornes[1])
            morceaux.append(
                f'<path d="M{a:.1f} {y:.1f}L{b + 0.01:.2f} {y:.1f}" stroke="{couleur}"'
                f' stroke-width="{epaisseur}" stroke-opacity="{opacite}" stroke-linecap="round"/>'
            )
    trait = f'fill="{couleur}" stroke="{BLANC}" stroke-width="1"'
    morceaux.append(cercle(x_de(rangee.rang), y, 4.4, attributs=trait))
    return f'<g class="rangee" data-d="{rangee.id}">{"".join(morceaux)}</g>'


def _axe(numero: int, x: float, y: float) -> str:
    """Renvoie le numéro d'un axe sur sa couleur."""
    fond = f'fill="{AXES[numero - 1]}" rx="2"'
    chiffre = texte_svg(
        str(numero), x + 6, y + 9.2, corps=CORPS_NOTE, ancre="middle", gras=True, couleur=BLANC
    )
    return rectangle(x, y, 12, 12, attributs=fond) + chiffre


def _legende(axes: Mapping[int, str], lignes: Sequence[LigneRang], y: float) -> tuple[str, float]:
    morceaux = [ligne(0, y - 4, LARGEUR, y - 4, couleur=CARTE_LIMITE, epaisseur=0.5)]
    trait = f'fill="{ENCRE}" stroke="{BLANC}" stroke-width="1"'
    morceaux += [
        cercle(8, y + 7, 4.4, attributs=trait),
        texte_svg("rang retenu", 17, y + 10.5, corps=CORPS_NOTE),
    ]
    x = 17 + largeur_texte("rang retenu", CORPS_NOTE) + 14
    for texte, epaisseur, opacite, present in (
        ("neuf tirages de poids sur dix", 5.0, 0.55, any(r.centrale for r in lignes)),
        ("tous les tirages", 2.0, 0.45, any(r.etendue for r in lignes)),
    ):
        if present:
            morceaux.append(
                f'<path d="M{x:.1f} {y + 7:.1f}h20" stroke="{ENCRE}" stroke-width="{epaisseur}"'
                f' stroke-opacity="{opacite}" stroke-linecap="round"/>'
            )
            morceaux.append(texte_svg(texte, x + 27, y + 10.5, corps=CORPS_NOTE))
            x += 27 + largeur_texte(texte, CORPS_NOTE) + 14
    y += 18
    x = 0.0
    for numero, nom in sorted(axes.items()):
        largeur = 17 + largeur_texte(nom, CORPS_NOTE) + 14
        if x and x + largeur - 14 > LARGEUR:
            x, y = 0.0, y + 15
        morceaux.append(_axe(numero, x, y))
        morceaux.append(texte_svg(nom, x + 17, y + 9.4, corps=CORPS_NOTE))
        x += largeur
    return "".join(morceaux), y + (16 if axes else 2)
