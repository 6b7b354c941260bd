"""Classes d'une carte : bornes, et légende écrite avec les valeurs imprimées des territoires."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from solidiag.publication.site.modele import SiteLigne

NOMBRE_DE_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Classement:
    """Classe de chaque ligne (-1 : pas de valeur) et libellé de chaque classe."""

    rangs: tuple[int, ...]
    libelles: tuple[str, ...]


def classer(lignes: Sequence[SiteLigne], *, bornes: Sequence[float] = ()) -> Classement:
    """Range des valeurs en classes.

    Sans ``bornes``, cinq classes d'effectifs proches, deux valeurs égales restant ensemble. La
    légende reprend la plus petite et la plus grande valeur imprimée de chaque classe : elle ne
    forme aucun nombre nouveau.

    Examples
    --------
    >>> lignes = [
    ...     SiteLigne(territoire=f"COM-{i}", texte=f"{v} %", valeur=v)
    ...     for i, v in enumerate([5, 8, 8, 12])
    ... ]
    >>> classer(lignes).libelles
    ('5 %', '8 %', '12 %')
    >>> classer(lignes, bornes=[10]).rangs
    (0, 0, 0, 1)
    """
    valeurs = sorted(ligne.valeur for ligne in lignes if ligne.valeur is not None)
    hautes = list(bornes) if bornes else _bornes_egales(valeurs)
    rangs = tuple(-1 if x.valeur is None else bisect_right(hautes, x.valeur) for x in lignes)
    libelles = tuple(
        _libelle([x for x, rang in zip(lignes, rangs, strict=True) if rang == classe])
        for classe in range(len(hautes) + 1)
    )
    return Classement(rangs, libelles if valeurs else ())


def _bornes_egales(valeurs: Sequence[float]) -> list[float]:
    distinctes = sorted(set(valeurs))
    if len(distinctes) <= NOMBRE_DE_CLASSES:
        return distinctes[1:]
    bornes: list[float] = []
    for rang in range(1, NOMBRE_DE_CLASSES):
        borne = valeurs[round(rang * len(valeurs) / NOMBRE_DE_CLASSES)]
        if borne > valeurs[0] and borne not in bornes:
            bornes.append(borne)
    return bornes


def _libelle(membres: Sequence[SiteLigne]) -> str:
    if not membres:
        return "aucun territoire"
    bas = min(membres, key=_valeur)
    haut = max(membres, key=_valeur)
    if bas.texte == haut.texte:
        return bas.texte
    if bas.texte.startswith("≤"):
        return f"jusqu'à {haut.texte}"
    return f"de {bas.texte} à {haut.texte}"


def _valeur(ligne: SiteLigne) -> float:
    return 0.0 if ligne.valeur is None else ligne.valeur
