"""Axe de valeurs : graduations rondes, filets, titre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

from solidiag.publication.cartes.ecriture import (
    largeur_texte,
    ligne,
    nombre_svg,
    texte_svg,
)
from solidiag.publication.cartes.legende import SUFFIXES
from solidiag.publication.charte import CARTE_LIMITE, ENCRE_DOUCE
from solidiag.publication.francais import nombre
from solidiag.statistics.classes import graduations

LARGEUR: Final = 440.0
"""Largeur d'un graphique, celle d'une carte."""
CORPS: Final = 10.5
CORPS_NOTE: Final = 9.0
FILET: Final = "#dfe4e9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axe:
    """Correspondance entre des valeurs et un côté du dessin.

    Parameters
    ----------
    debut, fin
        Place de la première et de la dernière graduation.
    reperes
        Graduations croissantes.
    unite
        Clé d'unité, écrite après la dernière graduation.
    """

    debut: float
    fin: float
    reperes: tuple[float, ...]
    unite: str = ""

    @classmethod
    def pour(
        cls,
        valeurs: Sequence[float],
        *,
        debut: float,
        fin: float,
        unite: str = "",
        depuis_zero: bool = False,
        parts: int = 5,
    ) -> Axe:
        """Renvoie l'axe qui montre toutes les valeurs."""
        if not valeurs:
            raise ValueError("un axe montre au moins une valeur")
        bas, haut = min(valeurs), max(valeurs)
        if depuis_zero:
            bas, haut = min(bas, 0.0), max(haut, 0.0)
        return cls(debut=debut, fin=fin, reperes=graduations(bas, haut, parts), unite=unite)

    def place(self, valeur: float) -> float:
        """Renvoie la place d'une valeur."""
        bas, haut = self.reperes[0], self.reperes[-1]
        return self.debut + (valeur - bas) / (haut - bas) * (self.fin - self.debut)

    @property
    def decimales(self) -> int:
        """Nombre de décimales qu'il faut pour écrire les graduations."""
        pas = self.reperes[1] - self.reperes[0]
        return max(0, -floor(log10(pas) + 1e-9))

    def libelle(self, repere: float) -> str:
        """Renvoie une graduation écrite en français."""
        suffixe = SUFFIXES.get(self.unite, "")
        return nombre(repere, decimales=self.decimales) + suffixe

    def horizontal(self, haut: float, bas: float) -> str:
        """Renvoie les filets verticaux et les graduations, sous le graphique."""
        morceaux = []
        for repere in self.reperes:
            x = self.place(repere)
            couleur = CARTE_LIMITE if repere == 0 else FILET
            morceaux.append(ligne(x, haut, x, bas, couleur=couleur, epaisseur=0.7))
            morceaux.append(
                texte_svg(
                    self.libelle(repere),
                    x,
                    bas + 11,
                    corps=CORPS_NOTE,
                    ancre="middle",
                    couleur=ENCRE_DOUCE,
                )
            )
        return "".join(morceaux)

    def vertical(self, gauche: float, droite: float) -> str:
        """Renvoie les filets horizontaux et les graduations, à gauche du graphique."""
        morceaux = []
        for repere in self.reperes:
            y = self.place(repere)
            couleur = CARTE_LIMITE if repere == 0 else FILET
            morceaux.append(ligne(gauche, y, droite, y, couleur=couleur, epaisseur=0.7))
            morceaux.append(
                texte_svg(
                    self.libelle(repere),
                    gauche - 5,
                    y + 3,
                    corps=CORPS_NOTE,
                    ancre="end",
                    couleur=ENCRE_DOUCE,
                )
            )
        return "".join(morceaux)

    @property
    def largeur_libelles(self) -> float:
        """Largeur de la plus longue graduation."""
        return max(largeur_texte(self.libelle(r), CORPS_NOTE) for r in self.reperes)


def chemin_ferme(points: Sequence[tuple[float, float]], *, attributs: str) -> str:
    """Renvoie un polygone."""
    d = "L".join(f"{nombre_svg(x)} {nombre_svg(y)}" for x, y in points)
    return f'<path d="M{d}z" {attributs}/>'


def ecarter(places: Sequence[float], distance: float) -> list[float]:
    """Renvoie les places écartées d'au moins une distance, dans le même ordre de grandeur.

    Examples
    --------
    >>> ecarter([10, 12, 40], 8)
    [7.0, 15.0, 40.0]
    """
    ordre = sorted(range(len(places)), key=lambda i: places[i])
    blocs: list[tuple[list[int], float]] = []
    for i in ordre:
        blocs.append(([i], float(places[i])))
        while len(blocs) > 1:
            (avant, milieu), (apres, suivant) = blocs[-2], blocs[-1]
            demi = distance * (len(avant) + len(apres)) / 2
            if suivant - milieu >= demi - 1e-9:
                break
            reunis = avant + apres
            centre = sum(places[k] for k in reunis) / len(reunis)
            blocs[-2:] = [(reunis, centre)]
    sortie = [0.0] * len(places)
    for membres, milieu in blocs:
        for rang, i in enumerate(membres):
            sortie[i] = milieu + (rang - (len(membres) - 1) / 2) * distance
    return sortie
