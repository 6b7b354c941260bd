"""Fausses découvertes simulées sur un rapport de 35 indicateurs et 13 territoires."""

import numpy as np
import pytest

from solidiag.statistics.tests import ajuster, deux_proportions, reste

INDICATEURS, TERRITOIRES, ALPHA = 35, 13, 0.05


def simuler(rng: np.random.Generator, *, vrais: float) -> tuple[np.ndarray, np.ndarray]:
    """Renvoie les p-valeurs d'un rapport, chaque territoire contre le reste, et ce qui est vrai.

    ``vrais`` : part des couples où le territoire diffère ; un indicateur a alors un seul
    territoire qui diffère, pour que les autres restent sous l'hypothèse nulle à peu près.
    """
    p_valeurs = np.empty((INDICATEURS, TERRITOIRES))
    differents = np.zeros((INDICATEURS, TERRITOIRES), dtype=bool)
    for i in range(INDICATEURS):
        effectifs = rng.integers(300, 30_000, TERRITOIRES)
        part = rng.uniform(0.03, 0.4)
        parts = np.full(TERRITOIRES, part)
        if rng.random() < vrais:
            # Un territoire hors de la référence : le reste, lui, ne change pas.
            choisi = rng.integers(TERRITOIRES)
            parts[choisi] = part * 1.3
            differents[i, choisi] = True
        cas = rng.binomial(effectifs, parts)
        communs = ~differents[i]
        for t in range(TERRITOIRES):
            base = communs | (np.arange(TERRITOIRES) == t)
            autre = reste(cas[t], effectifs[t], cas[base].sum(), effectifs[base].sum())
            p_valeurs[i, t] = deux_proportions(cas[t], effectifs[t], *autre).p_valeur
    return p_valeurs.ravel(), differents.ravel()


@pytest.mark.epreuve
def test_under_a_global_null_at_most_five_reports_in_a_hundred_discover_anything():
    rng = np.random.default_rng(35_13)
    rapports = [bool((ajuster(simuler(rng, vrais=0.0)[0]) <= ALPHA).any()) for _ in range(1000)]
    assert np.mean(rapports) <= ALPHA


@pytest.mark.epreuve
def test_with_true_differences_the_mean_share_of_false_discoveries_stays_under_five_percent():
    rng = np.random.default_rng(13_35)
    fausses, puissances = [], []
    for _ in range(300):
        p, vrai = simuler(rng, vrais=0.6)
        rejets = ajuster(p) <= ALPHA
        fausses.append((rejets & ~vrai).sum() / max(rejets.sum(), 1))
        puissances.append((rejets & vrai).sum() / max(vrai.sum(), 1))
    assert np.mean(fausses) <= ALPHA
    assert np.mean(puissances) > 0.5


def test_without_adjustment_the_same_reports_would_almost_all_discover_something():
    """Témoin : la simulation voit bien les fausses découvertes que l'ajustement retient."""
    rng = np.random.default_rng(1)
    rapports = [simuler(rng, vrais=0.0)[0].min() <= ALPHA for _ in range(5)]
    assert all(rapports)
