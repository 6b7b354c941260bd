"""Lissage comparé à un autre outil, esda (module smoothing), sur des données de synthèse.

Tolérance : 1e-9 en relatif. esda ne ramène pas à zéro une variance globale négative : les données
sont prises assez dispersées pour que la question ne se pose pas, et le cas a son propre essai.
"""

import numpy as np
import pytest
from esda.smoothing import Empirical_Bayes

from solidiag.statistics.lissage import bayes_global

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
