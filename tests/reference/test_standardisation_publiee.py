"""Taux standardisé direct comparé à un exemple publié.

Données : naissances et cas de trisomie 21 de rang cinq et plus, Michigan, 1950-1964 (Stark et
Mantell, 1966 ; tableau II de Fay et Feuer, 1997, Statistics in Medicine, 16, 791-801).
Valeurs attendues : vignette « dsrTest - examples » du paquet R dsrTest 1.0.0 (M. Nelson), méthode
de Dobson, loi de Poisson exacte : 75,52901 [67,63284 ; 83,86703] pour 100 000.
Tolérance : la dernière décimale imprimée, 5e-6.
"""

import numpy as np
import pytest

from solidiag.statistics.intervalles import byar
from solidiag.statistics.standardisation import rapport_standardise, taux, taux_direct

CAS = [0, 8, 63, 112, 262, 295]
NAISSANCES = [327, 30666, 123419, 149919, 104088, 34392]
STANDARD = [319933, 931318, 786511, 488235, 237863, 61313]


def test_dobson_matches_the_published_example():
    t = taux_direct(CAS, NAISSANCES, STANDARD, loi="exacte")
    assert t.valeur == pytest.approx(75.52901, abs=5e-6)
    assert t.bas == pytest.approx(67.63284, abs=5e-6)
    assert t.haut == pytest.approx(83.86703, abs=5e-6)


def test_dobson_with_byar_follows_its_formula_term_by_term():
    """La formule de l'agence anglaise (Dobson sur les bornes de Byar), écrite terme à terme."""
    t = taux_direct(CAS, NAISSANCES, STANDARD)
    valeur = variance = 0.0
    for cas, naissances, reference in zip(CAS, NAISSANCES, STANDARD, strict=True):
        valeur += cas / naissances * reference / sum(STANDARD)
        variance += cas * (reference / sum(STANDARD) / naissances) ** 2
    bas, haut = (float(borne[0]) for borne in byar([float(sum(CAS))]))
    pas = (variance / sum(CAS)) ** 0.5
    attendus = (valeur, valeur + pas * (bas - sum(CAS)), valeur + pas * (haut - sum(CAS)))
    np.testing.assert_allclose([t.valeur, t.bas, t.haut], np.array(attendus) * 1e5, rtol=1e-12)


def test_a_single_class_is_a_plain_rate_and_a_plain_ratio():
    """Avec une seule classe, la standardisation ne change rien : ce sont les bornes de Byar."""
    direct = taux_direct([65], [100], [1], facteur=100)
    indirect = rapport_standardise([65], [100], [0.5], facteur=100)
    simple = taux(65, 100, facteur=100)
    np.testing.assert_allclose([direct.valeur, direct.bas, direct.haut], simple, rtol=1e-12)
    np.testing.assert_allclose(
        [indirect.valeur, indirect.bas, indirect.haut], np.array(simple) * 2, rtol=1e-12
    )
