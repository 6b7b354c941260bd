"""Cartes et graphiques du rapport, chacun une seule fois."""

from __future__ import annotations

from collections.abc import Iterator

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.publication.document import Figure
from solidiag.publication.matiere import Matiere


class Cartotheque:
    """Donne chaque carte une fois, et se souvient des indicateurs déjà commentés."""

    def __init__(self, matiere: Matiere) -> None:
        self._matiere = matiere
        self._dits: set[str] = set()
        self._traces: set[str] = set()

    def deja_dit(self, indicateur: str) -> bool:
        """Dit si un indicateur a déjà été commenté."""
        return indicateur in self._dits

    def dire(self, indicateur: str) -> None:
        """Note qu'un indicateur est commenté."""
        self._dits.add(indicateur)

    def carte(self, indicateur: Indicateur) -> Figure | None:
        return None

    def carte_offre(self, mesure: MesureOffre) -> Figure | None:
        return None

    def carte_par_id(self, indicateur: str) -> Figure | None:
        return None

    def bande(self, indicateur: str) -> Figure | None:
        return None

    def evolution(self, indicateur: str) -> Figure | None:
        return None

    def rangs(self) -> Figure | None:
        return None

    def cartes_de_points(self) -> Iterator[Figure]:
        return iter(())


def fonds_de_site(matiere: Matiere):
    return ()
