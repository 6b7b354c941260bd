"""Intervalles comparés aux valeurs publiées du paquet PHEindicatormethods (origine : JSON joint).

Tolérance : 1e-9 en relatif.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from solidiag.statistics.intervalles import byar, poisson, wilson

CAS = json.loads((Path(__file__).parent / "donnees" / "intervalles_phe.json").read_text("utf-8"))


@pytest.mark.parametrize(("methode", "x", "n", "niveau", "bas", "haut"), CAS["byar_wilson"])
def test_byar_and_wilson_match_the_published_values(methode, x, n, niveau, bas, haut):
    calcule = byar([x], niveau=niveau) if methode == "Byars" else wilson([x], [n], niveau=niveau)
    assert calcule[0][0] == pytest.approx(bas, rel=1e-9, abs=1e-12)
    assert calcule[1][0] == pytest.approx(haut, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("niveau", "rang"), [(0.95, 3), (0.998, 5)])
def test_proportions_match_the_published_values(niveau, rang):
    table = np.array(CAS["proportions"], dtype=float)
    bas, haut = wilson(table[:, 0], table[:, 1], niveau=niveau)
    np.testing.assert_allclose(bas * table[:, 2], table[:, rang], rtol=1e-9)
    np.testing.assert_allclose(haut * table[:, 2], table[:, rang + 1], rtol=1e-9)


@pytest.mark.parametrize(("niveau", "rang"), [(0.95, 3), (0.998, 5)])
def test_rates_are_exact_below_ten_events_and_byar_above(niveau, rang):
    table = np.array(CAS["taux"], dtype=float)
    bas, haut = poisson(table[:, 0], niveau=niveau)
    echelle = table[:, 2] / table[:, 1]
    np.testing.assert_allclose(bas * echelle, table[:, rang], rtol=1e-9)
    np.testing.assert_allclose(haut * echelle, table[:, rang + 1], rtol=1e-9)
