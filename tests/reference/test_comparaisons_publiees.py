"""Tests de différence et de tendance comparés à des exemples publiés."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control, kendalltau, norm

from solidiag.statistics.tendances import khi2_tendance, khi2_tendance_effectifs, mann_kendall
from solidiag.statistics.tests import ajuster, deux_proportions, deux_taux

BH_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip
"""Benjamini et Hochberg (1995), section 3.2 : quinze hypothèses, quatre rejets à 5 %."""


def khi2(p_valeur: float) -> float:
    return float(norm.isf(p_valeur / 2) ** 2)


def test_benjamini_and_hochberg_reject_four_of_the_fifteen_published_hypotheses():
    ajustees = ajuster(BH_1995)
    assert (ajustees <= 0.05).tolist() == [True] * 4 + [False] * 11
    np.testing.assert_allclose(ajustees, false_discovery_control(BH_1995), rtol=1e-12)


def test_two_proportions_match_the_published_lewitt_and_machin_table():
    """Dalgaard, *Introductory Statistics with R*, 2e éd., 8.2 : 9 sur 12 et 4 sur 13.

    Sans correction de continuité, le khi-deux est celui du tableau 2 × 2 : 25 × (81 − 12)² /
    (12 × 13 × 13 × 12), soit 4,8907.
    """
    essai = deux_proportions(9, 12, 4, 13)
    assert essai.methode == "deux_proportions"
    assert khi2(essai.p_valeur) == pytest.approx(25 * (9 * 9 - 3 * 4) ** 2 / (12 * 13 * 13 * 12))


def test_fisher_matches_the_lady_tasting_tea():
    """Fisher (1935), *The design of experiments* : 3 tasses sur 4, p bilatérale 34/70."""
    essai = deux_proportions(3, 4, 1, 4)
    assert essai.methode == "fisher"
    assert essai.p_valeur == pytest.approx(34 / 70)


def test_trend_matches_the_published_breast_cancer_table():
    """Rosner, *Fundamentals of Biostatistics* : âge à la première naissance, χ² = 129,01."""
    essai = khi2_tendance([320, 1206, 1011, 463, 220], [1742, 5638, 3904, 1555, 626])
    assert khi2(essai.p_valeur) == pytest.approx(129.01, abs=0.005)
    assert essai.pente > 0


def test_trend_matches_the_published_shoe_size_table():
    """Altman (1991), p. 229, repris par Dalgaard : césariennes et pointure."""
    essai = khi2_tendance([5, 7, 6, 7, 8, 10], [22, 35, 42, 48, 54, 150])
    assert khi2(essai.p_valeur) == pytest.approx(8.0237, abs=5e-5)
    assert essai.p_valeur == pytest.approx(0.004617, abs=5e-7)
    assert essai.pente < 0


def test_the_trend_of_counts_is_the_limit_of_the_trend_of_rare_proportions():
    effectifs = [429, 455, 470, 498, 510]
    rares = khi2_tendance(effectifs, [10**9] * 5)
    assert khi2_tendance_effectifs(effectifs).p_valeur == pytest.approx(rares.p_valeur, rel=1e-4)


@pytest.mark.parametrize("graine", range(8))
def test_mann_kendall_is_exact_without_ties(graine):
    valeurs = np.random.default_rng(graine).normal(size=5 + graine)
    attendu = kendalltau(np.arange(valeurs.size), valeurs, method="exact")
    essai = mann_kendall(valeurs)
    assert essai.pente == pytest.approx(attendu.statistic)
    assert essai.p_valeur == pytest.approx(attendu.pvalue)


def test_two_rates_match_the_binomial_they_condition_on():
    """Huit événements contre deux, mêmes expositions : binomiale (10, 1/2), p = 112/1024."""
    assert deux_taux(8, 100, 2, 100).p_valeur == pytest.approx(
        float(2 * norm.sf((8 - 5) / np.sqrt(2.5)))
    )
    exact = deux_taux(5, 100, 2, 100)
    assert exact.methode == "deux_taux_exact"
    assert exact.p_valeur == pytest.approx(58 / 128)
