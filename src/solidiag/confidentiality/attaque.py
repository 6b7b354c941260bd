"""L'attaquant : tout ce qui se déduit de ce qui est publié, par programmation linéaire.

Il connaît les sommes, les cases montrées par toutes les publications (celle-ci et les précédentes,
dans tous les zonages), et les règles de secret, qui sont publiques. La même fonction sert avant de
publier (contrôle) et dans les essais.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from solidiag.confidentiality.secret import Regles
from solidiag.confidentiality.structure import Cellule, Structure
from solidiag.confidentiality.systeme import PRECISION, Systeme, bornes_exactes


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """Ce que l'attaquant sait d'une case : elle est entre ``bas`` et ``haut`` (inclus)."""

    cellule: Cellule
    bas: float
    haut: float

    @property
    def exacte(self) -> bool:
        """La case est retrouvée (à un demi près, donc à l'unité pour un effectif)."""
        return self.haut - self.bas < 0.5

    @property
    def possibles(self) -> float:
        """Nombre d'effectifs entiers encore possibles."""
        return float(np.floor(self.haut + PRECISION) - np.ceil(self.bas - PRECISION) + 1)


def attaquer(
    structure: Structure,
    connues: Mapping[Cellule, float],
    *,
    a_priori: Mapping[Cellule, tuple[float, float]] | None = None,
    cibles: Iterable[Cellule] | None = None,
    entiers: bool = False,
) -> tuple[Deduction, ...]:
    """Renvoie ce qui se déduit de chaque case cachée.

    Parameters
    ----------
    structure
        Sommes entre les cases, zonages croisés compris.
    connues
        Cases montrées, toutes publications confondues (voir `cumuler`).
    a_priori
        Bornes que les règles donnent à une case cachée ; zéro ou plus par défaut.
    cibles
        Cases visées ; toutes celles qui ne sont pas connues par défaut.
    entiers
        Chercher parmi les effectifs entiers seulement (plus fort, beaucoup plus lent).

    Raises
    ------
    SystemeIncoherent
        Si les publications se contredisent.

    Examples
    --------
    >>> from solidiag.confidentiality.structure import croiser, modalites_et_total
    >>> sexe = croiser(modalites_et_total("ensemble", ["femmes", "hommes"]))
    >>> attaquer(sexe, {("ensemble",): 20.0, ("femmes",): 17.0})
    (Deduction(cellule=('hommes',), bas=3.0, haut=3.0),)
    """
    cellules = structure.cellules
    bornes = a_priori or {}
    bas = np.zeros(len(cellules))
    haut = np.full(len(cellules), np.inf)
    for rang, cellule in enumerate(cellules):
        if cellule in connues:
            bas[rang] = haut[rang] = connues[cellule]
        elif cellule in bornes:
            bas[rang], haut[rang] = bornes[cellule]
    voulues = set(cellules) - set(connues) if cibles is None else set(cibles)
    rangs = [rang for rang, cellule in enumerate(cellules) if cellule in voulues]
    systeme = Systeme(matrice=structure.matrice(cellules), bas=bas, haut=haut)
    minimum, maximum = bornes_exactes(systeme, rangs, entiers=entiers)
    return tuple(
        Deduction(cellule=cellules[r], bas=float(minimum[r]), haut=float(maximum[r])) for r in rangs
    )


def cumuler(*publications: Mapping[Cellule, float]) -> dict[Cellule, float]:
    """Renvoie tout ce que plusieurs publications ont montré ; la plus récente l'emporte."""
    memoire: dict[Cellule, float] = {}
    for publication in publications:
        memoire.update(publication)
    return memoire


def retrouvees(deductions: Iterable[Deduction], regles: Regles) -> tuple[Deduction, ...]:
    """Renvoie les cases pour lesquelles l'attaquant hésite entre trop peu d'effectifs."""
    return tuple(d for d in deductions if d.possibles < regles.valeurs_possibles)


def initie(
    structure: Structure,
    connues: Mapping[Cellule, float],
    siennes: Mapping[Cellule, float],
    *,
    a_priori: Mapping[Cellule, tuple[float, float]] | None = None,
) -> tuple[Deduction, ...]:
    """Renvoie ce que retrouve quelqu'un qui connaît déjà ses propres cases cachées.

    Une commune, un CCAS ou une structure connaît ses chiffres. Ce risque est mesuré, il n'est pas
    couvert par `proteger`.
    """
    return tuple(
        deduction
        for deduction in attaquer(structure, cumuler(connues, siennes), a_priori=a_priori)
        if deduction.exacte
    )
