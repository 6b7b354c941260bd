"""Couverture des intervalles : la part des tirages dont l'intervalle contient la vérité.

La moyenne se prend, pour chaque n, sur une grille de vérités : p de 2 à 98 % pour Wilson, une
espérance à 20 % autour de n pour un effectif. Elle doit rester entre 93 et 97 %. Les intervalles
exacts, sous dix événements, sont prudents par construction : ils dépassent 97 %, et c'est dit.
Un taux standardisé n'est pas calculé sous dix événements : autour de dix attendus, ceux qui restent
couvrent plus que promis, parce que les tirages les plus bas sont refusés. La méthode se mesure donc
sans ce refus, et le refus à part.
`make test` énumère les lois ; `make epreuve` tire au sort, graine fixée.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from scipy.stats import poisson as loi_poisson

from solidiag.statistics.intervalles import arrondi, byar, poisson, poisson_exact, wilson
from solidiag.statistics.standardisation import taux_direct

N = (10, 12, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000)
PARTS = np.linspace(0.02, 0.98, 97)
CLASSES = np.array([0.35, 0.3, 0.2, 0.1, 0.05])
"""Part de chaque classe d'âge dans la population de référence."""
VIEUX = np.array([0.15, 0.2, 0.25, 0.25, 0.15])
"""Part de chaque classe d'âge dans le territoire."""
RISQUES = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


def esperances(n):
    return np.linspace(0.8 * n, 1.2 * n, 41)


def couverture_wilson(n):
    x = np.arange(n + 1)
    bas, haut = wilson(x, np.full(n + 1, n))
    return np.array([binom.pmf(x, n, p)[(bas <= p) & (p <= haut)].sum() for p in PARTS])


def couverture_poisson(methode, verites):
    x = np.arange(int(verites.max() + 10 * np.sqrt(verites.max()) + 30))
    bas, haut = methode(x)
    return np.array([loi_poisson.pmf(x, v)[(bas <= v) & (v <= haut)].sum() for v in verites])


def couverture_dobson(n, *, tirages, rng, minimum=1):
    """Tire des effectifs par âge dont le total attendu est n ; vérité : le taux sans hasard."""
    populations = 1000.0 * VIEUX
    attendus = RISQUES * VIEUX * n / (RISQUES * VIEUX).sum()
    verite = float((attendus / populations * CLASSES).sum())
    tires = rng.poisson(attendus, (tirages, len(VIEUX)))
    t = taux_direct(tires, populations, CLASSES, facteur=1, effectif_minimal=minimum)
    calcules = t.motif == ""
    dedans = (t.bas <= verite) & (verite <= t.haut)
    return dedans[calcules].mean()


@pytest.mark.parametrize("n", N)
def test_wilson_covers_as_promised(n):
    assert 0.93 <= couverture_wilson(n).mean() <= 0.97


@pytest.mark.parametrize("n", N)
@pytest.mark.parametrize("methode", [poisson, byar, poisson_exact])
def test_counts_cover_as_promised_from_ten_expected_events(methode, n):
    couvertures = couverture_poisson(methode, esperances(n))
    assert 0.93 <= couvertures.mean() <= 0.97
    assert couvertures.min() >= 0.94


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_exact_intervals_of_small_counts_are_wider_than_promised_never_narrower(n):
    couvertures = couverture_poisson(poisson, esperances(n))
    assert couvertures.min() >= 0.95
    assert couvertures.mean() > 0.97


@pytest.mark.parametrize("n", [10, 20, 50, 200, 1000])
def test_dobson_covers_as_promised(n):
    rng = np.random.default_rng(n)
    assert 0.93 <= couverture_dobson(n, tirages=20_000, rng=rng) <= 0.97


@pytest.mark.parametrize("n", [10, 12])
def test_refusing_rates_under_ten_events_leaves_a_wider_coverage(n):
    rng = np.random.default_rng(n)
    assert 0.97 < couverture_dobson(n, tirages=20_000, rng=rng, minimum=10) < 0.99


@pytest.mark.epreuve
@pytest.mark.parametrize("n", N)
def test_drawn_coverage_of_every_interval(n):
    rng = np.random.default_rng(20_261_124 + n)
    tirages = 20_000
    part = rng.choice(PARTS, tirages)
    bas, haut = wilson(rng.binomial(n, part), np.full(tirages, n))
    assert 0.93 <= ((bas <= part) & (part <= haut)).mean() <= 0.97
    verite = rng.uniform(0.8 * n, 1.2 * n, tirages)
    for methode in (poisson, byar, poisson_exact):
        bas, haut = methode(rng.poisson(verite))
        assert 0.93 <= ((bas <= verite) & (verite <= haut)).mean() <= 0.97
    assert 0.93 <= couverture_dobson(n, tirages=200_000, rng=rng) <= 0.97


@given(
    verite=st.floats(min_value=0, max_value=1e5),
    pas=st.sampled_from([0.1, 1.0, 5.0, 10.0]),
)
def test_a_rounding_interval_always_holds_the_truth(verite, pas):
    publie = np.round(verite / pas) * pas
    bas, haut = arrondi([publie], [pas])
    assert bas[0] - 1e-9 * max(1, verite) <= verite <= haut[0] + 1e-9 * max(1, verite)
