"""Ce que l'appelant sait de l'avancement : des étapes nommées, et leur durée."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Suivi(Protocol):
    """Reçoit les étapes au fil du travail."""

    def debut(self, etape: str) -> None:
        """Une étape commence."""

    def fin(self, etape: str, detail: str = "") -> None:
        """L'étape est finie ; ``detail`` dit ce qu'elle a donné."""


class Muet:
    """Suivi qui ne dit rien."""

    def debut(self, etape: str) -> None:
        """Ne fait rien."""

    def fin(self, etape: str, detail: str = "") -> None:
        """Ne fait rien."""


class Etape:
    """Étape en cours, qui peut recevoir un détail à dire à la fin."""

    def __init__(self) -> None:
        self.detail = ""


@contextmanager
def etape(suivi: Suivi, nom: str) -> Iterator[Etape]:
    """Encadre une étape."""
    suivi.debut(nom)
    en_cours = Etape()
    yield en_cours
    suivi.fin(nom, en_cours.detail)


@dataclass(frozen=True, kw_only=True)
class Manque:
    """Ce qui manque au diagnostic, et le fichier qui le comblerait."""

    domaine: str
    quoi: str
    detenteur: str


@dataclass(frozen=True, kw_only=True)
class Bilan:
    """Ce qu'un diagnostic a produit.

    Parameters
    ----------
    reutilise
        Vrai si rien n'avait changé depuis l'exécution précédente.
    comptes
        Dénombrements à dire à la fin (indicateurs, communes, services...).
    manques
        Ce qui manque, et qui le détient.
    retires
        Formats d'une exécution précédente, périmés et non redemandés.
    """

    dossier: Path
    territoire: str
    fichiers: tuple[tuple[str, int], ...]
    reutilise: bool
    duree_s: float
    comptes: dict[str, int]
    manques: tuple[Manque, ...]
    retires: tuple[str, ...] = ()
