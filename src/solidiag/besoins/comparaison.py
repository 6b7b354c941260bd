"""Comparaison d'une observation avec une référence, sans dépasser ce que le chiffre permet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from solidiag.catalogue.indicateur import Indicateur

SEUIL_PROCHE = 0.05
"""Écart relatif sous lequel deux valeurs sont dites proches."""


class Verdict(StrEnum):
    """Ce que l'on peut dire d'un écart."""

    PLUS_HAUT = "plus_haut"
    PLUS_BAS = "plus_bas"
    PROCHE = "proche"
    NON_CONCLUANT = "non_concluant"
    INDISPONIBLE = "indisponible"
    NON_COMPARABLE = "non_comparable"


class Lecture(StrEnum):
    """Ce que l'écart veut dire pour les habitants."""

    PLUS_FRAGILE = "plus_fragile"
    MOINS_FRAGILE = "moins_fragile"
    NEUTRE = "neutre"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesure:
    """Une valeur et ce que l'on sait de ses bornes.

    Parameters
    ----------
    valeur
        Valeur, ou ``None`` si elle n'est pas disponible.
    bas, haut
        Bornes de l'intervalle ou de l'arrondi ; ``None`` si elles ne sont pas connues.
    """

    valeur: float | None
    bas: float | None = None
    haut: float | None = None

    def bornes(self) -> tuple[float, float] | None:
        """Renvoie les bornes, réduites à la valeur si on ne les connaît pas."""
        if self.valeur is None:
            return None
        bas = self.valeur if self.bas is None else self.bas
        haut = self.valeur if self.haut is None else self.haut
        return bas, haut


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparaison:
    """Écart d'un territoire à une référence."""

    verdict: Verdict
    lecture: Lecture
    ecart: float | None
    ecart_relatif: float | None
    certaine: bool

    @property
    def mots(self) -> str:
        """L'écart en mots, pour une phrase."""
        if self.verdict is Verdict.PLUS_HAUT:
            return "plus élevé, de façon nette" if self.certaine else "plus élevé"
        if self.verdict is Verdict.PLUS_BAS:
            return "plus bas, de façon nette" if self.certaine else "plus bas"
        return {
            Verdict.PROCHE: "proche",
            Verdict.NON_CONCLUANT: "non concluant",
            Verdict.INDISPONIBLE: "non disponible",
            Verdict.NON_COMPARABLE: "non comparable",
        }[self.verdict]


def comparer(mesure: Mesure, reference: Mesure, *, indicateur: Indicateur) -> Comparaison:
    """Renvoie ce que l'on peut dire de l'écart entre un territoire et une référence.

    Deux valeurs ne diffèrent de façon nette que si leurs bornes (intervalle ou arrondi) ne se
    recoupent pas. Sans aucune borne connue, un écart d'au moins 5 % est dit « plus élevé » ou
    « plus bas », jamais « net ».

    Parameters
    ----------
    mesure, reference
        Valeurs comparées, de même indicateur et de même période.
    indicateur
        Déclaration, pour son sens.
    """
    bornes, bornes_reference = mesure.bornes(), reference.bornes()
    if (
        bornes is None
        or bornes_reference is None
        or mesure.valeur is None
        or reference.valeur is None
    ):
        return Comparaison(
            verdict=Verdict.INDISPONIBLE,
            lecture=Lecture.NEUTRE,
            ecart=None,
            ecart_relatif=None,
            certaine=False,
        )
    ecart = mesure.valeur - reference.valeur
    relatif = ecart / abs(reference.valeur) if reference.valeur else None
    disjointes = bornes[0] > bornes_reference[1] or bornes[1] < bornes_reference[0]
    connues = any(
        borne is not None for borne in (mesure.bas, mesure.haut, reference.bas, reference.haut)
    )
    petite = relatif is not None and abs(relatif) < SEUIL_PROCHE
    certaine = connues and disjointes and not petite
    if ecart == 0 or petite:
        verdict = Verdict.PROCHE
    elif connues and not disjointes:
        verdict = Verdict.NON_CONCLUANT
    else:
        verdict = Verdict.PLUS_HAUT if ecart > 0 else Verdict.PLUS_BAS
    return Comparaison(
        verdict=verdict,
        lecture=lire(verdict, indicateur.sens),
        ecart=ecart,
        ecart_relatif=relatif,
        certaine=certaine,
    )


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
