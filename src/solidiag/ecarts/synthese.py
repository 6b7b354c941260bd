"""Synthèse de la matrice : une phrase prudente par domaine.

Rien n'est rendu ici : une phrase est une suite de morceaux, textes ou nombres, que la publication
met en forme et dont elle garde la clé. Toute phrase est un brouillon calculé.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from solidiag.catalogue.indicateur import Croisement
from solidiag.ecarts.matrice import CLASSES, CONFIANCES


@dataclass(frozen=True, slots=True, kw_only=True)
class Compte:
    """Nombre d'intercommunalités d'une classe, dans une phrase.

    ``classe`` : une de `CLASSES`, ou ``avec_lieu`` et ``sans_lieu`` pour une offre connue par sa
    seule présence.
    """

    classe: str
    nombre: int


Morceau = str | Compte
"""Morceau de phrase : un texte sans chiffre, ou un compte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheseDomaine:
    """Ce que la matrice dit d'un domaine.

    Parameters
    ----------
    comptes
        Nombre d'intercommunalités par classe, toutes les classes présentes (0 compris).
    confiance
        Confiance la plus faible des cases classées, ``aucune`` si rien ne l'est.
    phrase
        Morceaux d'une phrase, à valider par une personne.
    """

    domaine: str
    portee: str
    comptes: Mapping[str, int]
    confiance: str
    phrase: tuple[Morceau, ...]

    @property
    def texte(self) -> str:
        """La phrase en clair, pour un terminal ou un fichier de données."""
        return "".join(m if isinstance(m, str) else str(m.nombre) for m in self.phrase)


class _Case(NamedTuple):
    """Ce que la synthèse retient d'une case ; ``lieu`` : au moins un lieu inscrit."""

    classe: str
    confiance: str
    lieu: bool


_VERBES: tuple[tuple[str, str, str], ...] = (
    ("tension", "est en tension", "sont en tension"),
    ("vigilance", "appelle la vigilance", "appellent la vigilance"),
    ("couvert", "ne montre pas d'écart", "ne montrent pas d'écart"),
    (
        "a_redeployer",
        "a une offre au-dessus de la référence pour un besoin au-dessous",
        "ont une offre au-dessus de la référence pour un besoin au-dessous",
    ),
)


def resumer(
    ecarts: pl.DataFrame, croisements: Mapping[str, Croisement]
) -> dict[str, SyntheseDomaine]:
    """Renvoie la synthèse de chaque domaine croisé, dans l'ordre des croisements.

    Parameters
    ----------
    ecarts
        Matrice au schéma `ECARTS`.
    """
    cases: dict[str, list[_Case]] = {}
    colonnes = ecarts.select("domaine", "classe", "confiance", "offre_valeur")
    for domaine, classe, confiance, offre in colonnes.iter_rows():
        case = _Case(str(classe), str(confiance), lieu=bool(offre))
        cases.setdefault(str(domaine), []).append(case)
    return {
        domaine: _resumer(croisement, cases.get(domaine, []))
        for domaine, croisement in croisements.items()
    }


def _resumer(croisement: Croisement, cases: list[_Case]) -> SyntheseDomaine:
    vus = Counter(case.classe for case in cases)
    comptes = {classe: vus.get(classe, 0) for classe in CLASSES}
    connues = [case.confiance for case in cases if case.classe != "non_mesure"]
    presence = [case for case in cases if case.classe == "presence_seulement"]
    return SyntheseDomaine(
        domaine=croisement.domaine,
        portee=croisement.portee,
        comptes=comptes,
        confiance=max(connues, key=CONFIANCES.index, default="aucune"),
        phrase=_phrase(
            croisement, comptes, total=len(cases), lieux=sum(case.lieu for case in presence)
        ),
    )


def _phrase(
    croisement: Croisement, comptes: Mapping[str, int], *, total: int, lieux: int
) -> tuple[Morceau, ...]:
    if comptes["non_mesure"] == total:
        return (_sans_mesure(croisement),)
    phrase: list[Morceau] = []
    if comptes["presence_seulement"]:
        phrase += _presence(lieux, comptes["presence_seulement"] - lieux)
    for classe, singulier, pluriel in _VERBES:
        nombre = comptes[classe]
        if not nombre:
            continue
        if not phrase:
            phrase += [
                "Parmi les intercommunalités mesurées, ",
                Compte(classe=classe, nombre=nombre),
            ]
        else:
            phrase += [", ", Compte(classe=classe, nombre=nombre)]
        phrase.append(f" {singulier if nombre == 1 else pluriel}")
    if comptes["non_mesure"]:
        nombre = comptes["non_mesure"]
        verbe = "n'est pas mesurée" if nombre == 1 else "ne sont pas mesurées"
        phrase += ["\u00a0; ", Compte(classe="non_mesure", nombre=nombre), f" {verbe}"]
    return (*phrase, ".")


def _presence(avec: int, sans: int) -> list[Morceau]:
    """Morceaux d'une offre connue par sa présence ; une liste complète dit aussi où elle manque."""
    debut = "L'offre n'est connue que par sa présence\u00a0: "
    phrase: list[Morceau] = [debut]
    if avec:
        phrase += [
            Compte(classe="avec_lieu", nombre=avec),
            " intercommunalité a au moins un lieu inscrit"
            if avec == 1
            else " intercommunalités ont au moins un lieu inscrit",
        ]
    if sans:
        phrase += [
            ", " if avec else "",
            Compte(classe="sans_lieu", nombre=sans),
            " n'en a aucun à la liste" if sans == 1 else " n'en ont aucun à la liste",
        ]
    return [morceau for morceau in phrase if morceau != ""]


def _sans_mesure(croisement: Croisement) -> str:
    if croisement.motif:
        return croisement.motif
    if croisement.portee == "aucune" and croisement.etat_offre == "aucune":
        return (
            "Aucun fichier ouvert ne décrit d'offre propre à ce domaine : ce silence n'est ni une "
            "absence de besoin, ni une absence d'offre."
        )
    if croisement.portee == "aucune":
        return (
            "Les fichiers ouverts ne permettent pas de comparer le besoin et l'offre de ce domaine "
            "dans les intercommunalités."
        )
    return (
        "Le besoin ou l'offre de ce domaine ne se lit dans aucune intercommunalité du département."
    )
