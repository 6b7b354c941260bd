import numpy as np
import pytest

from solidiag.statistics.lissage import bayes_global


def test_rates_no_more_scattered_than_chance_all_become_the_mean():
    lisse = bayes_global([10, 20, 30], [100, 200, 300])
    np.testing.assert_allclose(lisse.poids, 0)
    np.testing.assert_allclose(lisse.taux, 0.1)


def test_no_event_anywhere_gives_zero_not_a_missing_rate():
    lisse = bayes_global([0, 0], [100, 200])
    assert lisse.taux.tolist() == [0, 0]


def test_a_place_without_people_or_count_has_no_rate_and_changes_no_other():
    sans = bayes_global([5, 400, 30], [100, 2000, 900])
    avec = bayes_global([5, 400, 30, 0, np.nan], [100, 2000, 900, 0, 500])
    np.testing.assert_allclose(avec.taux[:3], sans.taux)
    assert np.isnan(avec.taux[3:]).all()
    assert np.isnan(avec.poids[3:]).all()


def test_nowhere_to_smooth_gives_missing_rates():
    assert np.isnan(bayes_global([np.nan], [10]).taux).all()


def test_the_smaller_the_population_the_stronger_the_smoothing():
    lisse = bayes_global([30, 300, 1000, 10], [100, 1000, 10_000, 1000])
    assert lisse.poids[0] < lisse.poids[1]
    assert lisse.moyenne[0] < lisse.taux[0] < 0.3


@pytest.mark.parametrize(("e", "b"), [([-1, 2], [10, 10]), ([1, 2], [-10, 10]), ([1], [1, 2])])
def test_impossible_counts_are_refused(e, b):
    with pytest.raises(ValueError, match=r"négatif|longueurs"):
        bayes_global(e, b)


def test_a_small_base_is_drawn_towards_the_whole():
    lisse = bayes_global([2, 300, 100, 250], [2, 1000, 1000, 1000], loi="binomiale")
    assert lisse.taux[0] < 0.5
    assert lisse.taux[1] == pytest.approx(0.3, abs=0.01)


def test_shares_that_chance_is_enough_to_explain_become_equal():
    lisse = bayes_global([5, 5, 5], [50, 50, 50], loi="binomiale")
    assert lisse.taux.tolist() == [0.1, 0.1, 0.1]


def test_a_share_is_less_smoothed_than_a_rate_of_rare_events_of_the_same_counts():
    e, b = [40, 300, 700], [100, 1000, 1000]
    part, rare = bayes_global(e, b, loi="binomiale"), bayes_global(e, b)
    assert (part.poids > rare.poids).all()


def test_the_weights_are_those_computed_by_hand():
    lisse = bayes_global([10, 60], [100, 100], loi="binomiale", moyenne=0.3)
    vraie = (0.2**2 + 0.3**2) / 2 - 0.3 * 0.7 / 100
    poids = vraie / (vraie + 0.3 * 0.7 / 100)
    np.testing.assert_allclose(lisse.poids, poids)
    np.testing.assert_allclose(lisse.taux, [0.3 + poids * (0.1 - 0.3), 0.3 + poids * 0.3])


def test_a_share_above_one_is_refused():
    with pytest.raises(ValueError, match="hors de ses bornes"):
        bayes_global([1, 2], [10, 10], loi="binomiale", moyenne=1.2)
