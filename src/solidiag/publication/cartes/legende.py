"""Légende d'une carte : titre, classes et effectifs, marques d'absence, notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from solidiag.publication.cartes.ecriture import (
    couper,
    largeur_texte,
    ligne,
    rectangle,
    texte_svg,
)
from solidiag.publication.charte import ABSENCES, ACCENT, CARTE_EPCI, ENCRE_DOUCE
from solidiag.publication.francais import nombre
from solidiag.statistics.classes import Classes

CORPS: Final = 10.5
CORPS_NOTE: Final = 9.0
_LARGEUR_SIGNE: Final = 20.0
_HAUTEUR_SIGNE: Final = 12.0
_INTERLIGNE: Final = 12.5
_INTERLIGNE_NOTE: Final = 11.0

Signe = Callable[[float, float], str]
"""Dessine un signe de 20 × 12 à partir de son coin haut gauche."""

SUFFIXES: Final = {
    "percent": "\u00a0%",
    "euro": "\u00a0€",
    "euro_m2": "\u00a0€",
    "euro_m3": "\u00a0€",
    "minutes": "\u00a0min",
}


@dataclass(slots=True)
class Legende:
    """Légende qui se compose ligne à ligne, puis se dessine en une ou plusieurs colonnes."""

    largeur: float
    _morceaux: list[tuple[float, Callable[[float, float], str]]] = field(default_factory=list)

    def titre(self, texte: str) -> None:
        """Ajoute le titre, en gras."""
        lignes = couper(texte, self.largeur, corps=CORPS, gras=True)
        hauteur = len(lignes) * _INTERLIGNE + 3

        def dessin(x: float, y: float) -> str:
            return "".join(
                texte_svg(l_, x, y + 9 + rang * _INTERLIGNE, corps=CORPS, gras=True)
                for rang, l_ in enumerate(lignes)
            )

        self._morceaux.append((hauteur, dessin))

    def entete_effectifs(self, texte: str) -> None:
        """Ajoute le nom de ce que comptent les effectifs, à droite."""

        def dessin(x: float, y: float) -> str:
            return texte_svg(
                texte,
                x + self.largeur,
                y + 8,
                corps=CORPS_NOTE,
                ancre="end",
                couleur=ENCRE_DOUCE,
            )

        self._morceaux.append((_INTERLIGNE_NOTE + 1, dessin))

    def entree(self, signe: Signe, libelle: str, *, effectif: int | None = None) -> None:
        """Ajoute un signe, son libellé et le nombre de territoires qui le portent."""
        compte = "" if effectif is None else nombre(effectif)
        reste = self.largeur - _LARGEUR_SIGNE - 6
        place = reste - (largeur_texte(compte, CORPS) + 5 if compte else 0)
        lignes = couper(libelle, place, corps=CORPS)
        hauteur = max(15.5, len(lignes) * _INTERLIGNE + 3.5)

        def dessin(x: float, y: float) -> str:
            morceaux = [signe(x, y + 1)]
            tx = x + _LARGEUR_SIGNE + 6
            morceaux += [
                texte_svg(l_, tx, y + 10.6 + rang * _INTERLIGNE, corps=CORPS)
                for rang, l_ in enumerate(lignes)
            ]
            if compte:
                droite = x + self.largeur
                morceaux.append(
                    texte_svg(
                        compte, droite, y + 10.6, corps=CORPS, ancre="end", couleur=ENCRE_DOUCE
                    )
                )
            return "".join(morceaux)

        self._morceaux.append((hauteur, dessin))

    def dessin(self, hauteur: float, dessin: Callable[[float, float], str]) -> None:
        """Ajoute un dessin libre."""
        self._morceaux.append((hauteur, dessin))

    def note(self, texte: str, *, accent: bool = False) -> None:
        """Ajoute une note, en petit."""
        lignes = couper(texte, self.largeur, corps=CORPS_NOTE)

        def dessin(x: float, y: float) -> str:
            return "".join(
                texte_svg(
                    l_,
                    x,
                    y + 8 + rang * _INTERLIGNE_NOTE,
                    corps=CORPS_NOTE,
                    couleur=ACCENT if accent else ENCRE_DOUCE,
                )
                for rang, l_ in enumerate(lignes)
            )

        self._morceaux.append((len(lignes) * _INTERLIGNE_NOTE + 1.5, dessin))

    def reperes(self, valeurs: Sequence[tuple[str, str]]) -> None:
        """Ajoute les valeurs de comparaison : nom à gauche, valeur à droite."""
        self.espace(5)
        for nom, valeur in valeurs:
            place = self.largeur - largeur_texte(valeur, CORPS, gras=True) - 6
            lignes = couper(nom, place, corps=CORPS)

            def dessin(
                x: float, y: float, *, noms: list[str] = lignes, droite: str = valeur
            ) -> str:
                gauche = [
                    texte_svg(l_, x, y + 9.5 + rang * _INTERLIGNE, corps=CORPS, couleur=ACCENT)
                    for rang, l_ in enumerate(noms)
                ]
                return "".join(gauche) + texte_svg(
                    droite,
                    x + self.largeur,
                    y + 9.5,
                    corps=CORPS,
                    ancre="end",
                    gras=True,
                    couleur=ACCENT,
                )

            self._morceaux.append((len(lignes) * _INTERLIGNE + 1.5, dessin))

    def espace(self, hauteur: float = 6.0) -> None:
        """Ajoute un blanc."""
        self._morceaux.append((hauteur, lambda _x, _y: ""))

    def hauteur(self) -> float:
        """Renvoie la hauteur en une colonne."""
        return sum(hauteur for hauteur, _ in self._morceaux)

    def en_colonne(self, x: float, y: float) -> str:
        """Renvoie la légende en une colonne."""
        sortie = []
        for hauteur, dessin in self._morceaux:
            sortie.append(dessin(x, y))
            y += hauteur
        return "".join(sortie)

    def en_deux_colonnes(self, x: float, y: float, *, ecart: float) -> tuple[str, float]:
        """Renvoie la légende en deux colonnes de même largeur, et sa hauteur."""
        moitie, cumul, coupe = self.hauteur() / 2, 0.0, 0
        for rang, (hauteur, _) in enumerate(self._morceaux):
            if cumul >= moitie:
                break
            cumul += hauteur
            coupe = rang + 1
        colonnes = (self._morceaux[:coupe], self._morceaux[coupe:])
        sortie = []
        for rang, colonne in enumerate(colonnes):
            cx, cy = x + rang * (self.largeur + ecart), y
            for hauteur, dessin in colonne:
                sortie.append(dessin(cx, cy))
                cy += hauteur
        return "".join(sortie), max(sum(h for h, _ in colonne) for colonne in colonnes)


def pastille(attributs: str) -> Signe:
    """Renvoie un signe rectangulaire rempli."""

    def signe(x: float, y: float) -> str:
        return rectangle(
            x + 0.5, y + 0.5, _LARGEUR_SIGNE - 1, _HAUTEUR_SIGNE - 1, attributs=attributs
        )

    return signe


def pastille_absence(statut: str, remplissage: str) -> Signe:
    """Renvoie le signe d'une absence."""
    tirets = ' stroke-dasharray="2 1.6"' if ABSENCES[statut].motif == "contour" else ""
    trait = ABSENCES[statut].trait if tirets else ENCRE_DOUCE
    return pastille(f'fill="{remplissage}" stroke="{trait}" stroke-width=".7"{tirets}')


def trait_epci(x: float, y: float) -> str:
    """Dessine le signe d'une limite d'intercommunalité."""
    milieu = y + _HAUTEUR_SIGNE / 2
    return ligne(x, milieu, x + _LARGEUR_SIGNE, milieu, couleur=CARTE_EPCI, epaisseur=1)


def libelle_classe(classes: Classes, rang: int, *, unite: str = "", plancher: bool = False) -> str:
    r"""Renvoie les bornes d'une classe, telles qu'une valeur imprimée s'y range.

    Parameters
    ----------
    unite
        Clé d'unité ; le pour cent et l'euro s'écrivent après la borne haute.
    plancher
        Vrai si la plus petite valeur veut dire « au plus ».

    Examples
    --------
    >>> classes = Classes(bornes=(5, 10, 15), decimales=0, methode="quantiles")
    >>> libelle_classe(classes, 0, unite="percent"), libelle_classe(classes, 1)
    ('5 à 9\xa0%', '10 à 15')
    >>> libelle_classe(classes, 0, plancher=True)
    "jusqu'à 9"
    """
    bas, haut = classes.intervalle(rang)
    fin = nombre(haut, decimales=classes.decimales) + SUFFIXES.get(unite, "")
    if plancher and rang == 0:
        return f"jusqu'à {fin}"
    if bas == haut:
        return fin
    return f"{nombre(bas, decimales=classes.decimales)} à {fin}"


def explication(classes: Classes) -> str:
    """Renvoie en une ligne la méthode qui a donné les classes."""
    if not classes.nombre:
        return ""
    textes = {
        "jenks": "Classes homogènes (méthode de Jenks), bornes arrondies",
        "quantiles": "Classes d'effectifs voisins (quantiles), bornes arrondies",
        "distinctes": "Une classe par valeur",
        "reference": "Classes symétriques autour de la valeur de référence",
    }
    texte = textes[classes.methode]
    if classes.zero_a_part and classes.methode != "distinctes":
        return f"{texte}\u00a0; zéro à part"
    return texte
