"""Classes d'une carte : bornes, égalités, zéros."""

from __future__ import annotations

import math

import pytest

from solidiag.statistics.classes import Classes, classer, classer_autour, jenks


def test_no_value_gives_no_class() -> None:
    classes = classer([])
    assert classes.nombre == 0
    with pytest.raises(ValueError, match="aucune classe"):
        classes.rang(1.0)


def test_one_repeated_value_is_one_class() -> None:
    classes = classer([4.0] * 9, decimales=0)
    assert classes.effectifs([4.0] * 9) == (9,)
    assert classes.intervalle(0) == (4.0, 4.0)


def test_few_distinct_values_are_a_class_each() -> None:
    classes = classer([1, 1, 2, 3, 3, 3], decimales=0)
    assert classes.methode == "distinctes"
    assert classes.effectifs([1, 1, 2, 3, 3, 3]) == (2, 1, 3)
    assert [classes.intervalle(r) for r in range(3)] == [(1, 1), (2, 2), (3, 3)]


def test_many_zeros_get_their_own_class() -> None:
    serie = [0.0] * 40 + [float(v) for v in range(1, 41)]
    classes = classer(serie, decimales=0)
    assert classes.zero_a_part
    assert classes.effectifs(serie)[0] == 40
    assert classes.intervalle(0) == (0.0, 0.0)
    assert classes.rang(1.0) == 1


def test_equal_values_stay_together_in_quantiles() -> None:
    serie = [1.0] + [5.0] * 50 + [float(v) for v in range(6, 20)]
    classes = classer(serie, decimales=0, methode="quantiles")
    assert sum(classes.effectifs(serie)) == len(serie)
    assert classes.effectifs(serie)[classes.rang(5.0)] >= 50
    assert min(classes.effectifs(serie)) >= 1


def test_an_outlier_makes_quantiles_take_over() -> None:
    serie = [10 + i / 10 for i in range(100)] + [500.0]
    assert classer(serie).methode == "quantiles"
    assert classer(serie, methode="jenks").methode == "jenks"


def test_bounds_are_round_when_that_moves_few_values() -> None:
    serie = [8 + 0.13 * i for i in range(150)]
    coupures = classer(serie, decimales=2).bornes[1:-1]
    assert all(math.isclose(c * 2, round(c * 2)) for c in coupures)


def test_a_value_is_classed_as_it_is_printed() -> None:
    classes = Classes(bornes=(5.0, 12.0, 20.0), decimales=1, methode="jenks")
    assert classes.rang(11.96) == 1
    assert classes.rang(11.94) == 0


def test_values_out_of_bounds_go_to_the_end_classes() -> None:
    classes = Classes(bornes=(5.0, 12.0, 20.0), decimales=0, methode="jenks")
    assert (classes.rang(-3), classes.rang(99)) == (0, 1)


def test_classes_around_a_reference_are_symmetric() -> None:
    bornes = classer_autour([2, 6, 9, 10, 11, 13, 15, 19], 10, decimales=0).bornes
    assert bornes[2] + bornes[3] == pytest.approx(20)
    assert bornes[1] + bornes[4] == pytest.approx(20)


@pytest.mark.parametrize("serie", [[], [1.0, math.nan]])
def test_jenks_refuses_missing_values(serie: list[float]) -> None:
    with pytest.raises(ValueError, match="finies"):
        jenks(serie, 3)


@pytest.mark.parametrize("bornes", [(3.0,), (3.0, 2.0)])
def test_wrong_bounds_are_refused(bornes: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="borne"):
        Classes(bornes=bornes, decimales=0, methode="jenks")
