"""Sondages : valeurs publiées et comptées à la main."""

import numpy as np
import pytest

from solidiag.statistics.plan_de_sondage import Plan, variance_linearisee
from solidiag.statistics.sondages import (
    MethodeIntervalle,
    Recrutement,
    clopper_pearson,
    effet_de_plan,
    estimer_moyenne,
    estimer_part,
    taille_effective,
)
from solidiag.statistics.taille_echantillon import taille_echantillon

HASARD = Recrutement.ALEATOIRE


def test_the_province91_sample_has_the_published_standard_error() -> None:
    """Chômeurs de huit communes tirées parmi trente-deux, deux strates, un quart tiré.

    Lehtonen et Pahkinen, *Practical Methods for Design and Analysis of Complex Surveys*, p. 46,
    tableau 2.6, repris par l'UCLA (OARC) : total 23 580, erreur type 11 801. La moyenne est le
    total divisé par 32.
    """
    chomeurs = np.array([4123, 721, 194, 129, 239, 61, 262, 166], dtype=float)
    plan = Plan(strates=["1"] * 2 + ["2"] * 6, taux_de_sondage={"1": 0.25, "2": 0.25})
    variance = variance_linearisee(chomeurs, np.full(8, 4.0), plan=plan)
    assert variance is not None
    assert 4 * chomeurs.sum() == 23_580
    assert 32 * variance.variance**0.5 == pytest.approx(11_801, abs=0.6)
    assert variance.degres_de_liberte == 6


def test_the_kish_effect_by_hand() -> None:
    """Vingt poids 1 et dix poids 4 : 30 × (20 + 160) / 60² = 1,5, soit 20 personnes."""
    poids = [1] * 20 + [4] * 10
    assert effet_de_plan(poids) == pytest.approx(1.5)
    assert taille_effective(poids) == pytest.approx(20)
    # 1 + carré du coefficient de variation : moyenne 2, variance (20 × 1 + 10 × 4) / 30 = 2.
    assert effet_de_plan(poids) == pytest.approx(1 + 2 / 2**2)


def test_a_part_with_equal_weights_has_the_interval_of_wilson() -> None:
    """65 sur 100 : 0,552544 et 0,736358, valeurs de l'agence de santé publique anglaise."""
    reponses = [True] * 65 + [False] * 35
    estimee = estimer_part(reponses, recrutement=HASARD)
    assert estimee.valeur == pytest.approx(0.65)
    assert (estimee.lower, estimee.upper) == pytest.approx((0.552544, 0.736358), abs=1e-6)
    assert (estimee.effet_de_plan, estimee.taille_effective) == (1.0, 100.0)


def test_unequal_weights_widen_the_interval_as_fewer_persons_would() -> None:
    # Effet de plan 1,5 : trente réponses valent vingt ; la part pondérée est 36/60.
    reponses = [True] * 16 + [False] * 4 + [True] * 5 + [False] * 5
    estimee = estimer_part(reponses, [1] * 20 + [4] * 10, recrutement=HASARD)
    assert estimee.valeur == pytest.approx(0.6)
    comme = estimer_part([True] * 12 + [False] * 8, recrutement=HASARD)
    assert (estimee.lower, estimee.upper) == pytest.approx((comme.lower, comme.upper))


def test_the_exact_interval_is_that_of_clopper_and_pearson() -> None:
    """Aucun succès sur n : borne haute 1 - 0,025^(1/n) ; tous : borne basse 0,025^(1/n)."""
    assert clopper_pearson(0, 20) == pytest.approx((0, 1 - 0.025 ** (1 / 20)))
    assert clopper_pearson(20, 20) == pytest.approx((0.025 ** (1 / 20), 1))


def test_korn_and_graubard_without_plan_is_the_exact_interval() -> None:
    reponses = [True] * 3 + [False] * 37
    estimee = estimer_part(reponses, recrutement=HASARD, methode=MethodeIntervalle.KORN_GRAUBARD)
    assert (estimee.lower, estimee.upper) == pytest.approx(clopper_pearson(3, 40))


def test_the_logit_interval_by_hand() -> None:
    """Dix oui sur quarante : logit ln(1/3), erreur type √(0,25 × 0,75 / 39) / (0,25 × 0,75)."""
    estimee = estimer_part(
        [True] * 10 + [False] * 30, recrutement=HASARD, methode=MethodeIntervalle.LOGIT
    )
    student = 2.02269092  # quantile 0,975 de la loi de Student à 39 degrés de liberté
    rayon = student * (0.25 * 0.75 / 39) ** 0.5 / (0.25 * 0.75)
    bornes = [1 / (1 + np.exp(-(np.log(1 / 3) + s * rayon))) for s in (-1, 1)]
    assert (estimee.lower, estimee.upper) == pytest.approx(bornes, abs=1e-8)


def test_a_mean_by_hand() -> None:
    """Douze valeurs, 1 à 12 : moyenne 6,5, variance 13, erreur type √(13/12)."""
    estimee = estimer_moyenne([float(v) for v in range(1, 13)], recrutement=HASARD)
    student = 2.20098516  # quantile 0,975 à 11 degrés de liberté
    rayon = student * (13 / 12) ** 0.5
    assert estimee.valeur == pytest.approx(6.5)
    assert (estimee.lower, estimee.upper) == pytest.approx((6.5 - rayon, 6.5 + rayon), abs=1e-7)


def test_the_sample_size_by_hand() -> None:
    """1,959964² × 0,25 / 0,05² = 384,15 ; parmi 1 000 : 384,15 / (1 + 383,15 / 1 000) = 277,7."""
    assert taille_echantillon(0.05).repondants == 385
    assert taille_echantillon(0.05, population=1000).repondants == 278
    # 0,2 × 0,8 au lieu de 0,25, effet de plan 1,5, un tiers de réponses : 245,85 × 1,5 = 368,8.
    taille = taille_echantillon(0.05, part=0.2, effet=1.5, taux_de_reponse=1 / 3)
    assert (taille.repondants, taille.sollicitations) == (369, 1107)
