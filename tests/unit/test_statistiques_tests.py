"""Bornes et refus des tests de différence et de tendance."""

import math

import numpy as np
import pytest

from solidiag.statistics.tendances import (
    dernier_segment,
    khi2_tendance,
    khi2_tendance_effectifs,
    mann_kendall,
)
from solidiag.statistics.tests import ajuster, deux_proportions, deux_taux, reste


def test_equal_shares_are_not_different():
    assert deux_proportions(10, 100, 100, 1000).p_valeur == pytest.approx(1.0)
    assert deux_taux(10, 100, 100, 1000).p_valeur == pytest.approx(1.0)


@pytest.mark.parametrize("cas", [(0, 10, 0, 20), (10, 10, 20, 20)])
def test_shares_all_zero_or_all_one_are_not_different(cas):
    assert deux_proportions(*cas).p_valeur == 1.0


@pytest.mark.parametrize("cas", [(-1, 10, 1, 10), (11, 10, 1, 10), (1, 0, 1, 10)])
def test_impossible_counts_are_refused(cas):
    with pytest.raises(ValueError, match="bornes"):
        deux_proportions(*cas)


def test_the_rest_of_a_reference_that_is_the_territory_itself_is_nothing():
    assert reste(5, 50, 5, 50) is None
    assert reste(6, 50, 5, 60) is None


def test_a_missing_test_is_neither_counted_nor_adjusted():
    avec = ajuster([0.01, math.nan, 0.04])
    assert math.isnan(avec[1])
    np.testing.assert_allclose(avec[[0, 2]], ajuster([0.01, 0.04]))


def test_adjusted_probabilities_never_pass_one_nor_fall_under_the_raw_ones():
    p = np.random.default_rng(4).uniform(size=200)
    ajustees = ajuster(p)
    assert np.all(ajustees >= p)
    assert np.all(ajustees <= 1)


def test_a_probability_out_of_bounds_is_refused():
    with pytest.raises(ValueError, match="hors de"):
        ajuster([0.5, 1.5])


@pytest.mark.parametrize(
    "essai",
    [
        lambda: mann_kendall([1, 2, 3, 4]),
        lambda: khi2_tendance([1, 2, 3, 4], [9, 9, 9, 9]),
        lambda: khi2_tendance_effectifs([1, 2, 3, 4]),
    ],
)
def test_four_points_are_too_few(essai):
    with pytest.raises(ValueError, match="trop courte"):
        essai()


def test_a_constant_series_has_no_trend():
    assert mann_kendall([3.0] * 6).p_valeur == 1.0
    assert khi2_tendance([5] * 5, [50] * 5).p_valeur == pytest.approx(1.0)


def test_ties_do_not_make_a_trend_surer_than_the_exact_law():
    assert mann_kendall([1, 2, 2, 3, 4]).p_valeur > mann_kendall([1, 2, 2.1, 3, 4]).p_valeur


@pytest.mark.parametrize(
    ("periodes", "attendu"),
    [
        (["2019", "2021", "2023"], (2, "2021 → 2023")),
        (["2023", "2024"], (0, "")),
        (["2016", "2021"], (0, "")),
    ],
)
def test_a_break_cuts_the_series(periodes, attendu):
    assert dernier_segment(periodes, [("2021", "2023")]) == attendu
