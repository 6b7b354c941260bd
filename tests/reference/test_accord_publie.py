"""Accord entre codeurs : valeurs publiées, et un kappa compté à la main."""

import numpy as np
import pytest

from solidiag.statistics.accord import Ponderation, alpha_nominal, kappa, pourcentage_d_accord

# Table d'un exemple de SAS/STAT (PROC FREQ, kappa simple et pondéré), reprise avec la sortie de SAS
# dans les essais de statsmodels (statsmodels/stats/tests/test_inter_rater.py), à quatre décimales.
SAS = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]


def test_the_simple_kappa_and_its_interval_are_those_of_sas() -> None:
    k = kappa(SAS)
    assert (k.valeur, k.erreur_type, k.lower, k.upper) == pytest.approx(
        (0.4842, 0.1380, 0.2137, 0.7547), abs=5e-5
    )


def test_the_weighted_kappa_and_its_interval_are_those_of_sas() -> None:
    k = kappa(SAS, poids=Ponderation.LINEAIRE)
    assert (k.valeur, k.erreur_type, k.lower, k.upper) == pytest.approx(
        (0.4701, 0.1457, 0.1845, 0.7558), abs=5e-5
    )


def test_the_two_by_two_kappa_is_that_of_statpsych() -> None:
    """Exemple de `ci.kappa(.05, 31, 12, 4, 58)`, documentation du paquet R statpsych."""
    k = kappa([[31, 12], [4, 58]])
    assert k.valeur == pytest.approx(0.6756757, abs=5e-8)
    assert k.erreur_type == pytest.approx(0.07344761, abs=5e-9)
    assert (k.lower, k.upper) == pytest.approx((0.5317210, 0.8196303), abs=1e-6)


# Proportions de l'exemple de Cohen (200 cas), et les valeurs qu'il publie (1968), telles que les
# rapporte l'aide de `cohen.kappa` dans le paquet R psych : 0,492, 0,348 et 0,353.
COHEN = np.array([[0.44, 0.07, 0.09], [0.05, 0.20, 0.05], [0.01, 0.03, 0.06]]) * 200


def test_the_kappas_that_cohen_published_are_found_again() -> None:
    assert kappa(COHEN).valeur == pytest.approx(0.492, abs=5e-4)
    pertes = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]])
    assert kappa(COHEN, poids=1 - pertes / 6).valeur == pytest.approx(0.348, abs=5e-4)
    inegales = np.array([[0, 1, 4], [1, 0, 6], [2, 2, 0]])
    assert kappa(COHEN, poids=1 - inegales / 6).valeur == pytest.approx(0.353, abs=5e-4)


def test_a_kappa_counted_by_hand() -> None:
    """Cinquante passages, 20 oui-oui, 5 oui-non, 10 non-oui, 15 non-non.

    Accord observé (20 + 15) / 50 = 0,7. Le premier dit oui 25 fois sur 50, le second 30 fois :
    accord attendu 0,5 × 0,6 + 0,5 × 0,4 = 0,5. Kappa (0,7 - 0,5) / (1 - 0,5) = 0,4.

    Variance de Fleiss, Cohen et Everitt, crédits 1 ou 0 : pour chaque case, la part fois le carré
    de « crédit - (somme des deux marges croisées) × 0,6 ».
    oui-oui : 0,4 × (1 - (0,6 + 0,5) × 0,6)² = 0,4 × 0,34² = 0,04624
    oui-non : 0,1 × (0 - (0,6 + 0,5) × 0,6)² = 0,1 × 0,66² = 0,04356
    non-oui : 0,2 × (0 - (0,4 + 0,5) × 0,6)² = 0,2 × 0,54² = 0,05832
    non-non : 0,3 × (1 - (0,4 + 0,5) × 0,6)² = 0,3 × 0,46² = 0,06348
    """
    # Le crédit moyen d'une ligne est la marge du second codeur pour la modalité de cette ligne ;
    # celui d'une colonne, la marge du premier : ligne oui 0,6, ligne non 0,4, colonnes 0,5.
    somme = 0.04624 + 0.04356 + 0.05832 + 0.06348
    variance = (somme - (0.4 - 0.5 * 0.6) ** 2) / (50 * 0.5**2)
    k = kappa([[20, 5], [10, 15]])
    assert k.accord_observe == pourcentage_d_accord([[20, 5], [10, 15]]) == 0.7
    assert k.accord_attendu == pytest.approx(0.5)
    assert k.valeur == pytest.approx(0.4)
    assert k.erreur_type == pytest.approx(variance**0.5)


# Quatre codeurs, douze unités, codages manquants : données « C » de Krippendorff, publiées avec le
# paquet R irr (aide de `kripp.alpha`), qui rend 0,743 pour des modalités sans ordre.
UNITES = "11.1 2232 3333 3333 2222 1234 4444 1121 2222 .555 ..11 ..3.".replace(
    " ", "\n"
).splitlines()


def test_the_nominal_alpha_with_missing_codes_is_that_of_krippendorff() -> None:
    codeurs = [[None if c == "." else c for c in codeur] for codeur in zip(*UNITES, strict=True)]
    alpha = alpha_nominal(codeurs)
    assert alpha.valeur == pytest.approx(0.743, abs=5e-4)
    assert (alpha.unites, alpha.codages, alpha.ecartees) == (11, 40, 1)


def test_an_alpha_counted_by_hand() -> None:
    """Deux codeurs, quatre unités : aa, ab, bb, bb.

    Un désaccord compte 2 sur (2 - 1) = 2. Codages : 3 a et 5 b, n = 8, couples différents
    2 × 3 × 5 = 30. Alpha 1 - 7 × 2 / 30 = 16/30.
    """
    assert alpha_nominal([["a", "a", "b", "b"], ["a", "b", "b", "b"]]).valeur == pytest.approx(
        16 / 30
    )
