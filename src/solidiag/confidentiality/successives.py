"""Deux publications d'une même table : ce que leur comparaison rendrait.

Une table corrigée, ou réduite, peut être bien protégée et trahir pourtant la précédente : la
différence de deux totaux montrés est la valeur de la seule case qui a bougé.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solidiag.confidentiality.attaque import attaquer, retrouvees
from solidiag.confidentiality.secret import Regles, sous_le_seuil
from solidiag.confidentiality.structure import Cellule, Equation, Structure
from solidiag.confidentiality.systeme import PRECISION, SystemeIncoherent

AVANT, APRES = "avant", "après"


@dataclass(frozen=True, kw_only=True)
class Tour:
    """Une publication, et ce qu'elle cache.

    Parameters
    ----------
    effectifs
        Par territoire, l'effectif d'avant le secret.
    montrees
        Territoires dont l'effectif se voit.
    plafonds
        Par territoire, le dénominateur d'un taux, que l'attaquant est supposé connaître.
    """

    effectifs: Mapping[str, float]
    montrees: frozenset[str]
    plafonds: Mapping[str, float]


def trahies(
    avant: Tour, apres: Tour, *, parents: Mapping[str, Sequence[str]], regles: Regles
) -> tuple[str, ...]:
    """Renvoie les territoires dont un effectif secret se retrouve, les deux tables en main.

    L'attaquant sait en outre quels effectifs n'ont pas changé : c'est le plus qu'il puisse savoir.
    """
    equations: list[Equation] = []
    connues: dict[Cellule, float] = {}
    bornes: dict[Cellule, tuple[float, float]] = {}
    cibles: list[Cellule] = []
    for nom, tour in ((AVANT, avant), (APRES, apres)):
        equations += _sommes(nom, tour, parents)
        for territoire, effectif in tour.effectifs.items():
            cellule = (territoire, nom)
            if territoire in tour.montrees:
                connues[cellule] = effectif
                continue
            plafond = tour.plafonds.get(territoire, np.inf)
            bornes[cellule] = (0.0, plafond)
            if sous_le_seuil([effectif, plafond, plafond - effectif], regles).any():
                cibles.append(cellule)
    equations += [
        Equation(total=(territoire, AVANT), parties=((territoire, APRES),))
        for territoire, effectif in avant.effectifs.items()
        if apres.effectifs.get(territoire) == effectif
    ]
    structure = Structure(equations=tuple(equations))
    liees = set(structure.cellules)
    try:
        deductions = attaquer(
            structure,
            {c: v for c, v in connues.items() if c in liees},
            a_priori={c: b for c, b in bornes.items() if c in liees},
            cibles=[c for c in cibles if c in liees],
        )
    except SystemeIncoherent:
        return tuple(dict.fromkeys(c[0] for c in cibles))
    return tuple(dict.fromkeys(d.cellule[0] for d in retrouvees(deductions, regles)))


def _sommes(nom: str, tour: Tour, parents: Mapping[str, Sequence[str]]) -> list[Equation]:
    """Renvoie les sommes de cette table qui tombent juste : les autres n'apprennent rien."""
    parties: dict[str, list[str]] = {}
    for commune, zones in parents.items():
        for zone in zones:
            if commune in tour.effectifs and zone in tour.effectifs:
                parties.setdefault(zone, []).append(commune)
    return [
        Equation(total=(zone, nom), parties=tuple((c, nom) for c in communes))
        for zone, communes in parties.items()
        if abs(sum(tour.effectifs[c] for c in communes) - tour.effectifs[zone]) <= PRECISION
    ]
