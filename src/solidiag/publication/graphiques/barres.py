"""Barres : tableau d'indicateurs à barres dans les cellules, barre empilée. Toujours de zéro."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.ecriture import (
    ajuster,
    couper,
    document_svg,
    largeur_texte,
    ligne,
    rectangle,
    texte_svg,
)
from solidiag.publication.charte import (
    ABSENCES,
    ACCENT,
    BLANC,
    CARTE_LIMITE,
    ENCRE,
    ENCRE_DOUCE,
    FOND,
    SEQUENTIEL,
    contraste,
)
from solidiag.publication.graphiques.axe import CORPS, CORPS_NOTE, LARGEUR

_NOMS: Final = 126.0
_RANGEE: Final = 25.0
_BARRE: Final = 8.0
_EMPILEE: Final = 26.0
_ORDRE: Final[dict[int, tuple[int, ...]]] = {
    1: (3,),
    2: (4, 1),
    3: (4, 2, 0),
    4: (4, 3, 1, 0),
    5: (4, 3, 2, 1, 0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CelluleBarre:
    """Valeur d'une cellule : nombre, texte imprimé, intervalle ; ``statut`` si elle manque."""

    valeur: float | None = None
    texte: str = ""
    intervalle: tuple[float, float] | None = None
    statut: str = "L"


@dataclass(frozen=True, slots=True, kw_only=True)
class LigneBarres:
    """Ligne : territoire et une cellule par indicateur ; ``reference`` : bande à part."""

    id: str
    nom: str
    cellules: tuple[CelluleBarre, ...]
    reference: bool = False


def barres_cellule(
    lignes: Sequence[LigneBarres],
    colonnes: Sequence[str],
    *,
    prefixe: str,
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie un tableau dessiné : une barre par cellule, une échelle par colonne, dès zéro.

    Parameters
    ----------
    colonnes
        Titre de chaque colonne, unité comprise.

    Raises
    ------
    ValueError
        Si une ligne n'a pas une cellule par colonne, ou si une valeur est négative.
    """
    for rangee in lignes:
        if len(rangee.cellules) != len(colonnes):
            raise ValueError(f"{rangee.id} : il faut une cellule par colonne")
    largeur = (LARGEUR - _NOMS) / len(colonnes)
    entetes = [couper(nom, largeur - 10, corps=CORPS_NOTE, gras=True) for nom in colonnes]
    haut = max(len(e) for e in entetes) * 10.5 + 8
    corps = [
        texte_svg(
            texte,
            _NOMS + rang * largeur,
            haut - 8 - (len(entete) - 1 - i) * 10.5,
            corps=CORPS_NOTE,
            gras=True,
        )
        for rang, entete in enumerate(entetes)
        for i, texte in enumerate(entete)
    ]
    corps.append(ligne(0, haut - 2, LARGEUR, haut - 2, couleur=ENCRE, epaisseur=0.8))
    maxima = [_maximum([r.cellules[rang] for r in lignes]) for rang in range(len(colonnes))]
    for rang, rangee in enumerate(lignes):
        y = haut + rang * _RANGEE
        corps.append(_rangee(rangee, y, largeur, maxima))
    return document_svg(
        corps,
        largeur=LARGEUR,
        hauteur=haut + len(lignes) * _RANGEE + 3,
        titre=titre,
        description=description,
        prefixe=prefixe,
    )


def _maximum(cellules: Sequence[CelluleBarre]) -> float:
    valeurs = [c.valeur for c in cellules if c.valeur is not None]
    valeurs += [c.intervalle[1] for c in cellules if c.intervalle]
    if any(v < 0 for v in valeurs):
        raise ValueError("une barre part de zéro : pas de valeur négative")
    return max([*valeurs, 0.0]) or 1.0


def _rangee(rangee: LigneBarres, y: float, largeur: float, maxima: Sequence[float]) -> str:
    morceaux = []
    if rangee.reference:
        morceaux.append(rectangle(0, y, LARGEUR, _RANGEE, attributs=f'fill="{FOND}"'))
    noms, taille = ajuster(
        rangee.nom, _NOMS - 8, corps=CORPS_NOTE + 0.5, lignes=2, gras=rangee.reference
    )
    depart = y + _RANGEE / 2 + 3.4 - (len(noms) - 1) * 5.2
    morceaux += [
        texte_svg(nom, 0, depart + 10.4 * i, corps=taille, gras=rangee.reference)
        for i, nom in enumerate(noms)
    ]
    for rang, (cellule, maximum) in enumerate(zip(rangee.cellules, maxima, strict=True)):
        x = _NOMS + rang * largeur
        if cellule.valeur is None:
            morceaux.append(
                texte_svg(
                    ABSENCES[cellule.statut].libelle,
                    x,
                    y + 15,
                    corps=CORPS_NOTE,
                    italique=True,
                    couleur=ENCRE_DOUCE,
                )
            )
            continue
        place = largeur - 12
        couleur = ENCRE_DOUCE if rangee.reference else SEQUENTIEL[3]
        morceaux.append(texte_svg(cellule.texte, x, y + 10, corps=CORPS_NOTE + 0.5))
        morceaux.append(
            rectangle(
                x,
                y + 13,
                place * cellule.valeur / maximum,
                _BARRE,
                attributs=f'fill="{couleur}"',
            )
        )
        if cellule.intervalle is not None:
            a, b = (x + place * v / maximum for v in cellule.intervalle)
            milieu = y + 13 + _BARRE / 2
            morceaux.append(ligne(a, milieu, b, milieu, couleur=BLANC, epaisseur=2.6))
            morceaux.append(ligne(a, milieu, b, milieu, couleur=ENCRE, epaisseur=1.2))
        morceaux.append(ligne(x, y + 12, x, y + 22, couleur=CARTE_LIMITE, epaisseur=0.8))
    return f'<g class="rangee" data-t="{rangee.id}">{"".join(morceaux)}</g>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Part d'un tout : nom, valeur, texte imprimé."""

    nom: str
    valeur: float
    texte: str


def barre_empilee(
    parts: Sequence[Part],
    *,
    prefixe: str,
    total: str = "",
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie une barre empilée et sa légende, dans l'ordre donné.

    Parameters
    ----------
    total
        Phrase qui dit l'ensemble : « 433 570 habitants en 2023 ».

    Raises
    ------
    ValueError
        S'il y a plus de cinq parts, une part négative, ou un tout nul.
    """
    somme = sum(part.valeur for part in parts)
    if not 1 <= len(parts) <= len(_ORDRE) or somme <= 0 or any(p.valeur < 0 for p in parts):
        raise ValueError("une barre empilée montre d'une à cinq parts positives")
    couleurs = [SEQUENTIEL[i] for i in _ORDRE[len(parts)]]
    corps = []
    haut = 0.0
    if total:
        corps.append(texte_svg(total, 0, 11, corps=CORPS, couleur=ENCRE_DOUCE))
        haut = 17.0
    x = 0.0
    for part, couleur in zip(parts, couleurs, strict=True):
        largeur = LARGEUR * part.valeur / somme
        trait = f'fill="{couleur}" stroke="{BLANC}" stroke-width="1.2"'
        corps.append(rectangle(x, haut, largeur, _EMPILEE, attributs=trait))
        if largeur_texte(part.texte, CORPS, gras=True) + 8 < largeur:
            encre = ENCRE if contraste(ENCRE, couleur) >= 4.5 else BLANC
            corps.append(
                texte_svg(
                    part.texte,
                    x + largeur / 2,
                    haut + _EMPILEE / 2 + 3.8,
                    corps=CORPS,
                    ancre="middle",
                    gras=True,
                    couleur=encre,
                )
            )
        x += largeur
    corps.append(
        rectangle(
            0.3,
            haut + 0.3,
            LARGEUR - 0.6,
            _EMPILEE - 0.6,
            attributs=f'fill="none" stroke="{ACCENT}" stroke-width=".7"',
        )
    )
    legende, bas = _legende_parts(parts, couleurs, haut + _EMPILEE + 9)
    return document_svg(
        [*corps, legende],
        largeur=LARGEUR,
        hauteur=bas,
        titre=titre,
        description=description,
        prefixe=prefixe,
    )


def _legende_parts(parts: Sequence[Part], couleurs: Sequence[str], y: float) -> tuple[str, float]:
    morceaux, x = [], 0.0
    for part, couleur in zip(parts, couleurs, strict=True):
        texte = f"{part.nom}\u00a0: {part.texte}"
        largeur = 18 + largeur_texte(texte, CORPS) + 16
        if x and x + largeur - 16 > LARGEUR:
            x, y = 0.0, y + 15
        trait = f'fill="{couleur}" stroke="{ENCRE_DOUCE}" stroke-width=".6"'
        morceaux.append(rectangle(x + 0.5, y + 0.5, 12, 9, attributs=trait))
        morceaux.append(texte_svg(texte, x + 18, y + 9, corps=CORPS))
        x += largeur
    return "".join(morceaux), y + 15
