"""Graphiques en SVG : bande, haltères, évolution, barres, rangs."""

from solidiag.publication.graphiques.bande import Choisi, Reference, bande
from solidiag.publication.graphiques.barres import (
    CelluleBarre,
    LigneBarres,
    Part,
    barre_empilee,
    barres_cellule,
)
from solidiag.publication.graphiques.evolution import PointEvolution, SerieEvolution, evolution
from solidiag.publication.graphiques.haltere import LigneHaltere, Mesure, haltere
from solidiag.publication.graphiques.rangs import LigneRang, rangs

__all__ = [
    "CelluleBarre",
    "Choisi",
    "LigneBarres",
    "LigneHaltere",
    "LigneRang",
    "Mesure",
    "Part",
    "PointEvolution",
    "Reference",
    "SerieEvolution",
    "bande",
    "barre_empilee",
    "barres_cellule",
    "evolution",
    "haltere",
    "rangs",
]
