"""Classes d'une carte : ce qui tient pour toute série."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from solidiag.statistics.classes import arrondir, classer, classer_autour, graduations, jenks

TAUX = st.floats(min_value=0, max_value=100, allow_nan=False).map(lambda v: round(v, 2))
SERIES = st.lists(TAUX, min_size=1, max_size=80)
DECIMALES = st.integers(min_value=0, max_value=2)


@given(SERIES, DECIMALES)
def test_every_value_is_in_one_class_and_no_class_is_empty(
    serie: list[float], decimales: int
) -> None:
    classes = classer(serie, decimales=decimales)
    effectifs = classes.effectifs(serie)
    assert sum(effectifs) == len(serie)
    assert min(effectifs) > 0
    assert classes.nombre <= 5


@given(SERIES, DECIMALES)
def test_a_printed_value_is_within_the_printed_bounds_of_its_class(
    serie: list[float], decimales: int
) -> None:
    classes = classer(serie, decimales=decimales)
    for valeur in serie:
        bas, haut = classes.intervalle(classes.rang(valeur))
        assert bas - 1e-9 <= arrondir(valeur, decimales) <= haut + 1e-9


@given(SERIES, DECIMALES)
def test_printed_bounds_of_two_classes_never_overlap(serie: list[float], decimales: int) -> None:
    classes = classer(serie, decimales=decimales)
    intervalles = [classes.intervalle(rang) for rang in range(classes.nombre)]
    assert all(avant[1] < apres[0] for avant, apres in pairwise(intervalles))


@given(SERIES, st.randoms(use_true_random=False))
def test_the_order_of_values_does_not_matter(serie: list[float], hasard) -> None:
    melangee = list(serie)
    hasard.shuffle(melangee)
    assert classer(melangee) == classer(serie)


@given(st.lists(TAUX, min_size=4, max_size=9), st.integers(min_value=2, max_value=4))
def test_jenks_is_as_good_as_the_best_of_all_partitions(serie: list[float], nombre: int) -> None:
    distinctes = sorted(set(serie))
    nombre = min(nombre, len(distinctes))

    def cout(bornes: tuple[float, ...]) -> float:
        rangs = np.searchsorted(bornes, serie, side="left")
        groupes = [np.asarray(serie)[rangs == rang] for rang in range(len(bornes))]
        return sum(float(((g - g.mean()) ** 2).sum()) for g in groupes if g.size)

    meilleur = min(
        cout((*choix, distinctes[-1])) for choix in combinations(distinctes[:-1], nombre - 1)
    )
    assert cout(jenks(serie, nombre)) <= meilleur + 1e-6


@given(SERIES, TAUX)
@example([8.5], 8.45)
def test_classes_around_a_reference_keep_it_in_the_middle(
    serie: list[float], reference: float
) -> None:
    classes = classer_autour(serie, reference)
    assert classes.nombre == 5
    assert classes.rang(reference) == 2
    assert sum(classes.effectifs(serie)) == len(serie)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_graduations_surround_the_interval(bas: float, etendue: float) -> None:
    reperes = graduations(bas, bas + etendue)
    tolerance = 1e-6 * max(1, abs(bas), abs(etendue))
    assert reperes[0] <= bas + tolerance
    assert reperes[-1] >= bas + etendue - tolerance
    assert 2 <= len(reperes) <= 13
