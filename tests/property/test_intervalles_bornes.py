import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solidiag.statistics.intervalles import arrondi, byar, poisson, poisson_exact, wilson

effectifs = st.integers(min_value=0, max_value=1_000_000)
niveaux = st.floats(min_value=0.5, max_value=0.999)


@given(x=effectifs, reste=effectifs, niveau=niveaux)
def test_wilson_holds_the_proportion_and_stays_between_zero_and_one(x, reste, niveau):
    n = x + reste
    bas, haut = wilson([x], [n], niveau=niveau)
    if n == 0:
        assert np.isnan(bas[0])
        return
    assert 0 <= bas[0] <= x / n + 1e-12
    assert x / n - 1e-12 <= haut[0] <= 1


@given(x=effectifs, reste=effectifs)
def test_wilson_is_symmetric(x, reste):
    n = x + reste + 1
    bas, haut = wilson([x], [n])
    bas_oppose, haut_oppose = wilson([n - x], [n])
    assert bas[0] == pytest.approx(1 - haut_oppose[0], abs=1e-9)
    assert haut[0] == pytest.approx(1 - bas_oppose[0], abs=1e-9)


@given(x=effectifs, niveau=niveaux)
def test_poisson_holds_the_count(x, niveau):
    for bas, haut in (poisson([x], niveau=niveau), poisson_exact([x], niveau=niveau)):
        assert 0 <= bas[0] <= x <= haut[0]


@given(x=st.integers(min_value=10, max_value=100_000))
def test_byar_is_close_to_exact_from_ten_events(x):
    approche, exact = byar([x]), poisson_exact([x])
    np.testing.assert_allclose(np.concatenate(approche), np.concatenate(exact), rtol=0.01)


@given(x=st.floats(min_value=0, max_value=1e6), pas=st.sampled_from([0.1, 1.0, 10.0]))
def test_rounding_bounds_are_half_a_step_each_side(x, pas):
    bas, haut = arrondi([x], [pas])
    assert haut[0] - bas[0] == pytest.approx(pas, abs=1e-6)


def test_a_missing_count_has_no_interval():
    assert np.isnan(wilson([np.nan], [10.0])[0][0])
    assert np.isnan(poisson([np.nan])[0][0])


def test_more_events_than_people_has_no_wilson_interval():
    bas, haut = wilson([11.0], [10.0])
    assert np.isnan(bas[0])
    assert np.isnan(haut[0])


@pytest.mark.parametrize("niveau", [0.0, 1.0, -0.1, 95.0])
def test_an_impossible_confidence_level_is_refused(niveau):
    with pytest.raises(ValueError, match="niveau de confiance"):
        wilson([1.0], [2.0], niveau=niveau)
