"""Verdicts d'une comparaison, leurs mots, et ce qu'ils veulent dire pour les habitants."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Ce que l'on peut dire d'un écart."""

    PLUS_HAUT = "plus_haut"
    PLUS_BAS = "plus_bas"
    PROCHE = "proche"
    NON_CONCLUANT = "non_concluant"
    NON_COMPARABLE = "non_comparable"


class Lecture(StrEnum):
    """Ce que l'écart veut dire pour les habitants."""

    PLUS_FRAGILE = "plus_fragile"
    MOINS_FRAGILE = "moins_fragile"
    NEUTRE = "neutre"


_MOTS: dict[Verdict, str] = {
    Verdict.PLUS_HAUT: "plus élevé",
    Verdict.PLUS_BAS: "plus bas",
    Verdict.PROCHE: "proche",
    Verdict.NON_CONCLUANT: "non concluant",
    Verdict.NON_COMPARABLE: "non comparable",
}


def dire(verdict: Verdict | str, *, nette: bool = False) -> str:
    """Renvoie un verdict en mots, sans référence ni sujet.

    Examples
    --------
    >>> dire("plus_haut", nette=True), dire("non_concluant")
    ('plus élevé, de façon nette', 'non concluant')
    """
    mots = _MOTS[Verdict(verdict)]
    sens = verdict in (Verdict.PLUS_HAUT, Verdict.PLUS_BAS)
    return f"{mots}, de façon nette" if nette and sens else mots


def lire(verdict: Verdict, sens: str) -> Lecture:
    """Renvoie ce qu'un verdict veut dire pour les habitants, selon le sens de l'indicateur.

    Examples
    --------
    >>> lire(Verdict.PLUS_BAS, "plus_bas_est_plus_fragile").value
    'plus_fragile'
    """
    if sens == "contexte" or verdict not in (Verdict.PLUS_HAUT, Verdict.PLUS_BAS):
        return Lecture.NEUTRE
    fragile = (verdict is Verdict.PLUS_HAUT) == (sens == "plus_haut_est_plus_fragile")
    return Lecture.PLUS_FRAGILE if fragile else Lecture.MOINS_FRAGILE
