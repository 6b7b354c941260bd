"""Décroissances : valeurs connues, monotonie, déclarations refusées."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from solidiag.geography.decroissances import Decroissance

TOUTES = [
    Decroissance.binaire(30),
    Decroissance.par_paliers([(10, 1), (20, 0.68), (30, 0.22)]),
    Decroissance.gaussienne(30, echelle=12),
    Decroissance.exponentielle(30, echelle=10),
    Decroissance.puissance(30, exposant=1.5, plancher=2),
    Decroissance.logistique(30, centre=15, echelle=3),
]


@pytest.mark.parametrize("decroissance", TOUTES, ids=lambda d: d.forme)
def test_one_on_the_spot_never_rising_zero_beyond(decroissance: Decroissance) -> None:
    poids = decroissance.poids(np.linspace(0, 60, 601))
    assert poids[0] == pytest.approx(1)
    assert (np.diff(poids) <= 0).all()
    assert poids[300] > 0
    assert (poids[301:] == 0).all()
    assert decroissance.poids([math.nan, 31]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("decroissance", "minutes", "attendu"),
    [
        (TOUTES[1], [10, 10.5, 20, 30], [1, 0.68, 0.68, 0.22]),
        (Decroissance.gaussienne(60, echelle=20), [20, 40], [0.6065306597, 0.1353352832]),
        (TOUTES[3], [10, 20], [math.exp(-1), math.exp(-2)]),
        (Decroissance.puissance(60, exposant=2, plancher=1), [0.5, 1, 20], [1, 1, 1 / 400]),
        (
            Decroissance.logistique(60, centre=20, echelle=5),
            [20],
            [0.5 * (1 + math.exp(-4))],
        ),
        (Decroissance.logistique(5_000, centre=1, echelle=1), [4_000], [0]),
    ],
)
def test_known_values(decroissance: Decroissance, minutes: list[float], attendu: Any) -> None:
    assert decroissance.poids(minutes) == pytest.approx(attendu)


@pytest.mark.parametrize(
    ("contenu", "message"),
    [
        ({}, "forme de décroissance"),
        ({"forme": "linéaire"}, "attendu : binaire"),
        ({"forme": "binaire"}, "paramètres absents ; attendu : portee"),
        ({"forme": "binaire", "portee": 30, "echelle": 2}, "attendu : portee"),
        ({"forme": "gaussienne", "portee": 30, "echelle": 0}, "« echelle » doit être positif"),
        ({"forme": "binaire", "portee": math.nan}, "« portee » doit être positif"),
        ({"forme": "paliers", "paliers": {}}, "« paliers » manque"),
        ({"forme": "paliers", "paliers": {10: 0.5, 20: 0.7}}, "ne remontent pas"),
        ({"forme": "paliers", "paliers": {10: 1.5}}, "entre 1 et 0"),
        ({"forme": "paliers", "paliers": {0: 1, 10: 0.5}}, "croissantes et positives"),
    ],
)
def test_a_wrong_declaration_is_explained(contenu: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Decroissance.depuis(contenu)


@pytest.mark.parametrize("decroissance", TOUTES, ids=lambda d: d.forme)
def test_a_declaration_gives_the_same_curve(decroissance: Decroissance) -> None:
    noms = ("portee", "echelle", "exposant", "plancher", "centre")
    contenu: dict[str, Any] = {
        nom: getattr(decroissance, nom) for nom in noms if getattr(decroissance, nom) is not None
    }
    if decroissance.paliers:
        contenu = {"paliers": dict(reversed(decroissance.paliers))}
    assert Decroissance.depuis({"forme": str(decroissance.forme), **contenu}) == decroissance
