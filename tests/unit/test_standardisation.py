import numpy as np
import pytest

from solidiag.statistics.intervalles import poisson_exact
from solidiag.statistics.standardisation import (
    EFFECTIF_MANQUANT,
    SANS_ATTENDU,
    SANS_POPULATION,
    TROP_PEU,
    rapport_standardise,
    taux,
    taux_direct,
)

REFERENCE = [5.0, 3.0, 2.0]


@pytest.mark.parametrize(("effectifs", "refuse"), [([3, 3, 3], True), ([3, 3, 4], False)])
def test_a_direct_rate_needs_ten_events(effectifs, refuse):
    t = taux_direct(effectifs, [100, 100, 100], REFERENCE)
    assert (t.motif == TROP_PEU) == refuse
    assert np.isnan([t.valeur, t.bas, t.haut]).all() == refuse
    assert t.effectif == sum(effectifs)


@pytest.mark.parametrize(
    ("effectifs", "populations", "motif"),
    [
        ([20, np.nan, 5], [100, 100, 100], EFFECTIF_MANQUANT),
        ([20, -1, 5], [100, 100, 100], EFFECTIF_MANQUANT),
        ([20, 0, 5], [100, 0, 100], SANS_POPULATION),
        ([20, 0, 5], [100, np.nan, 100], SANS_POPULATION),
    ],
)
def test_a_missing_class_is_never_a_zero(effectifs, populations, motif):
    t = taux_direct(effectifs, populations, REFERENCE)
    assert t.motif == motif
    assert np.isnan([t.valeur, t.bas, t.haut]).all()


def test_no_event_at_all_gives_no_interval_whatever_the_threshold():
    assert taux_direct([0, 0, 0], [9, 9, 9], REFERENCE, effectif_minimal=0).motif == TROP_PEU


def test_a_class_without_reference_weight_needs_no_population():
    t = taux_direct([20, 0, 5], [100, 0, 100], [1.0, 0.0, 1.0], facteur=1)
    assert t.motif == ""
    assert t.valeur == pytest.approx(0.125)


def test_only_the_proportions_of_the_reference_count():
    un = taux_direct([20, 10, 5], [100, 200, 300], REFERENCE)
    mille = taux_direct([20, 10, 5], [100, 200, 300], [1000 * r for r in REFERENCE])
    np.testing.assert_allclose([un.valeur, un.bas], [mille.valeur, mille.bas], rtol=1e-12)


def test_territories_are_computed_together_as_alone():
    x, n = [[20, 10, 5], [1, 1, 1]], [[100, 200, 300], [50, 50, 50]]
    ensemble = taux_direct(x, n, REFERENCE)
    assert ensemble.motif.tolist() == ["", TROP_PEU]
    assert ensemble.valeur[0] == taux_direct(x[0], n[0], REFERENCE).valeur
    assert np.isnan(ensemble.valeur[1])


@pytest.mark.parametrize("reference", [[1.0, 2.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0]])
def test_a_wrong_reference_population_is_refused(reference):
    with pytest.raises(ValueError, match="population de référence"):
        taux_direct([20, 10, 5], [100, 200, 300], reference)


def test_an_indirect_ratio_under_ten_events_has_the_exact_interval():
    r = rapport_standardise([2, 3], [1000, 1000], [0.002, 0.002])
    bas, haut = poisson_exact([5.0])
    assert r.valeur == pytest.approx(1.25)
    np.testing.assert_allclose([r.bas, r.haut], [bas[0] / 4, haut[0] / 4], rtol=1e-12)


def test_a_ratio_without_expected_events_is_refused():
    r = rapport_standardise([2, 3], [1000, 1000], [0.0, 0.0])
    assert r.motif == SANS_ATTENDU
    assert np.isnan(r.valeur)


def test_a_ratio_with_a_missing_count_is_refused():
    assert rapport_standardise([2, np.nan], [10, 10], [0.1, 0.1]).motif == EFFECTIF_MANQUANT
    with pytest.raises(ValueError, match="taux de référence"):
        rapport_standardise([2, 3], [10, 10], [0.1])
    with pytest.raises(ValueError, match="dernier axe"):
        rapport_standardise(2, 10, [0.1])


def test_a_rate_without_population_or_count_is_missing_and_zero_is_a_measure():
    valeur, bas, haut = taux([0, 3, np.nan], [100, 0, 100], facteur=1000)
    assert valeur[0] == bas[0] == 0
    assert haut[0] == pytest.approx(36.8888, abs=1e-4)
    assert np.isnan(valeur[1:]).all()
    assert np.isnan(haut[1:]).all()
