"""Deux calculs des mêmes fichiers donnent les mêmes octets, quel que soit l'ordre des sommes."""

from __future__ import annotations

import math
from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from solidiag.pipeline.calculs import stabiliser

HABITANTS = st.integers(1, 90_000)
CENTIEMES = st.integers(0, 30_000).map(lambda n: n / 100)


def stable(valeur: float) -> float:
    return float(stabiliser(pl.DataFrame({"value": [valeur]}))["value"][0])


@given(
    termes=st.lists(st.tuples(HABITANTS, CENTIEMES), min_size=1, max_size=60), hasard=st.randoms()
)
def test_the_order_of_a_sum_does_not_show(termes: list[tuple[int, float]], hasard: Random) -> None:
    produits = [poids * taux for poids, taux in termes]
    autre = list(produits)
    hasard.shuffle(autre)
    assert stable(sum(produits)) == stable(sum(autre)) == stable(math.fsum(produits))


def test_a_value_exactly_between_two_roundings_does_not_waver() -> None:
    juste = 5027998.658145
    assert stable(math.nextafter(juste, math.inf)) == stable(math.nextafter(juste, -math.inf))


def test_zero_missing_and_text_are_left_alone() -> None:
    table = pl.DataFrame({"value": [0.0, None, 433570.0], "status": ["A", "Q", "A"]})
    assert stabiliser(table).equals(table)
