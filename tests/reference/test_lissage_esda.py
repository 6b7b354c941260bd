"""Lissage comparé à un autre outil, esda (module smoothing), sur des données de synthèse.

Tolérance : 1e-9 en relatif. esda ne ramène pas à zéro une variance globale négative : les données
sont prises assez dispersées pour que la question ne se pose pas, et le cas a son propre essai.
"""

import numpy as np
import pytest
from esda.smoothing import Empirical_Bayes, Spatial_Empirical_Bayes
from libpysal.weights import lat2W

from solidiag.statistics.lissage import bayes_global, bayes_local

COTE = 12


@pytest.fixture(params=[1, 2, 3])
def carte(request):
    rng = np.random.default_rng(request.param)
    populations = rng.integers(40, 6_000, COTE**2).astype(float)
    risques = rng.gamma(6.0, 0.02, COTE**2)
    return rng.poisson(risques * populations).astype(float), populations


def test_global_smoothing_equals_esda(carte):
    effectifs, populations = carte
    attendu = Empirical_Bayes(effectifs, populations).r.ravel()
    lisse = bayes_global(effectifs, populations)
    assert (lisse.poids > 0).all()
    np.testing.assert_allclose(lisse.taux, attendu, rtol=1e-9)


def test_local_smoothing_equals_esda(carte):
    effectifs, populations = carte
    voisins = lat2W(COTE, COTE)
    voisins.id_order = list(range(COTE**2))
    attendu = Spatial_Empirical_Bayes(effectifs, populations, voisins).r.ravel()
    lisse = bayes_local(effectifs, populations, voisins.sparse)
    np.testing.assert_allclose(lisse.taux, attendu, rtol=1e-9)
    np.testing.assert_allclose(
        bayes_local(effectifs, populations, voisins.sparse.toarray()).taux, attendu, rtol=1e-9
    )
