"""Sondages : ce qui se publie, ce qui ne se dit pas, ce que le plan change."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.statistics.plan_de_sondage import Plan, variance_linearisee
from solidiag.statistics.sondages import (
    MethodeIntervalle,
    Recrutement,
    effet_de_plan,
    estimer_moyenne,
    estimer_part,
    portee,
    taille_effective,
)
from solidiag.statistics.taille_echantillon import taille_echantillon

HASARD = Recrutement.ALEATOIRE
OUI_NON = [True, False] * 20


@pytest.mark.parametrize(("n", "publiee"), [(0, False), (1, False), (10, False), (11, True)])
def test_fewer_than_eleven_answers_are_not_published(n: int, publiee: bool) -> None:
    for estimee in (
        estimer_part([True] * n, recrutement=HASARD),
        estimer_moyenne([3.0] * n, recrutement=HASARD),
    ):
        assert (estimee.valeur is not None) is publiee
        assert (estimee.motif == "") is publiee
        if not publiee:
            assert estimee.lower is estimee.upper is estimee.taille_effective is None
            assert "moins de 11" in estimee.motif


def test_no_answer_is_not_a_no() -> None:
    estimee = estimer_part([True] * 15 + [None] * 15, recrutement=HASARD)
    assert estimee.valeur == 1
    assert (estimee.repondants, estimee.sans_reponse) == (15, 15)
    assert estimer_part([True] * 10 + [None] * 15, recrutement=HASARD).valeur is None


@pytest.mark.parametrize("recrutement", [Recrutement.GUICHET, Recrutement.VOLONTAIRE])
def test_there_is_no_interval_when_nobody_was_drawn_at_random(recrutement: Recrutement) -> None:
    poids = [1.0, 3.0] * 20
    for estimee in (
        estimer_part(OUI_NON, poids, recrutement=recrutement),
        estimer_part(OUI_NON, poids, recrutement=recrutement, plan=Plan()),
        estimer_moyenne([1.0, 2.0] * 20, poids, recrutement=recrutement),
    ):
        assert estimee.valeur is not None
        assert estimee.lower is estimee.upper is estimee.niveau is estimee.methode is None
        assert "non représentatif" in estimee.motif


def test_what_may_be_said_depends_on_how_people_came() -> None:
    assert portee(HASARD).representatif
    assert portee(HASARD, cale=True) == portee(HASARD)
    for recrutement in (Recrutement.GUICHET, Recrutement.VOLONTAIRE):
        dite = portee(recrutement)
        assert not dite.representatif
        assert not dite.intervalle
        assert dite.mention.startswith("non représentatif")
        assert "répondants" in dite.phrase
        calee = portee(recrutement, cale=True)
        assert not calee.representatif
        assert not calee.intervalle
        assert "sans rendre l'enquête représentative" in calee.phrase


def test_without_any_no_the_interval_still_has_a_width() -> None:
    for methode in MethodeIntervalle:
        estimee = estimer_part([True] * 30, recrutement=HASARD, methode=methode)
        assert estimee.upper == 1
        assert estimee.lower is not None
        assert 0.8 < estimee.lower < 0.95
    logit = estimer_part([True] * 30, recrutement=HASARD, methode=MethodeIntervalle.LOGIT)
    assert logit.methode == "korn_graubard"


def test_people_alike_in_a_cluster_widen_the_interval() -> None:
    # Dix lieux de quatre personnes qui répondent toutes pareil : dix réponses, pas quarante.
    reponses = [lieu % 2 == 0 for lieu in range(10) for _ in range(4)]
    lieux = [f"lieu {lieu}" for lieu in range(10) for _ in range(4)]
    seul = estimer_part(reponses, recrutement=HASARD)
    plan = estimer_part(reponses, recrutement=HASARD, plan=Plan(grappes=lieux))
    assert plan.valeur == seul.valeur
    # Variance des dix lieux : 0,25 / 9 ; d'un tirage simple : 0,25 / 39.
    assert plan.effet_de_plan == pytest.approx(39 / 9)
    assert plan.taille_effective == pytest.approx(40 * 9 / 39)
    for methode in MethodeIntervalle:
        large = estimer_part(
            reponses, recrutement=HASARD, plan=Plan(grappes=lieux), methode=methode
        )
        etroit = estimer_part(reponses, recrutement=HASARD, methode=methode)
        assert large.lower < etroit.lower  # type: ignore[operator]
        assert large.upper > etroit.upper  # type: ignore[operator]


def test_a_stratum_drawn_whole_adds_no_variance() -> None:
    y = np.array([0.0, 1.0] * 10)
    strates = ["a"] * 10 + ["b"] * 10
    moitie = variance_linearisee(
        y, np.ones(20), plan=Plan(strates=strates, taux_de_sondage={"a": 1.0})
    )
    entiere = variance_linearisee(y, np.ones(20), plan=Plan(strates=strates))
    assert moitie is not None
    assert entiere is not None
    assert moitie.variance == pytest.approx(entiere.variance / 2)


def test_a_stratum_with_one_cluster_gives_no_interval() -> None:
    plan = Plan(strates=["a"] * 39 + ["b"])
    estimee = estimer_part(OUI_NON, recrutement=HASARD, plan=plan)
    assert estimee.valeur == 0.5
    assert estimee.lower is None
    assert "trop peu de grappes" in estimee.motif


def test_two_strata_may_name_their_clusters_alike() -> None:
    y = np.array([0.0, 1.0, 0.0, 1.0])
    plan = Plan(strates=["a", "a", "b", "b"], grappes=["1", "2", "1", "2"])
    variance = variance_linearisee(y, np.ones(4), plan=plan)
    assert variance is not None
    assert variance.degres_de_liberte == 2


def test_a_subpopulation_keeps_the_clusters_it_is_absent_from() -> None:
    y = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    dans = np.array([True, True, True, True, False, False])
    plan = Plan(grappes=["1", "1", "2", "2", "3", "3"])
    variance = variance_linearisee(y, np.ones(6), plan=plan, dans=dans)
    assert variance is not None
    assert variance.degres_de_liberte == 1


@pytest.mark.parametrize(
    ("changement", "message"),
    [
        ({"poids": [1.0] * 39}, "39 valeurs pour 40"),
        ({"poids": [1.0] * 39 + [0.0]}, "positifs"),
        ({"poids": [1.0] * 39 + [float("nan")]}, "positifs"),
        ({"dans": [True]}, "sous-population"),
        ({"niveau": 95}, "niveau de confiance"),
        ({"plan": Plan(strates=["a"])}, "une strate, une grappe et un poids"),
    ],
)
def test_wrong_arguments_are_refused(changement: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimer_part(OUI_NON, **{"recrutement": HASARD, **changement})


def test_wrong_plans_and_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="hors de"):
        Plan(taux_de_sondage={"a": 1.5})
    for arguments in (
        {"marge": 0.0},
        {"marge": 5},
        {"marge": 0.05, "part": 1},
        {"marge": 0.05, "effet": 0.5},
        {"marge": 0.05, "population": 0},
        {"marge": 0.05, "taux_de_reponse": 0},
    ):
        with pytest.raises(ValueError, match="attendu"):
            taille_echantillon(arguments.pop("marge"), **arguments)


def test_a_small_population_is_asked_whole() -> None:
    taille = taille_echantillon(0.05, population=30, effet=2, taux_de_reponse=0.5)
    assert taille.recensement
    assert (taille.repondants, taille.sollicitations) == (30, 30)


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0.1, 50)), min_size=11, max_size=60),
    st.sampled_from(MethodeIntervalle),
)
@settings(max_examples=60)
def test_the_interval_holds_the_part_and_scale_does_not_matter(
    repondants: list[tuple[bool, float]], methode: MethodeIntervalle
) -> None:
    reponses, poids = [r for r, _ in repondants], np.array([w for _, w in repondants])
    estimee = estimer_part(reponses, poids, recrutement=HASARD, methode=methode)
    assert estimee.valeur is not None
    assert estimee.lower is not None
    assert estimee.upper is not None
    assert 0 <= estimee.lower <= estimee.valeur + 1e-9
    assert estimee.valeur - 1e-9 <= estimee.upper <= 1
    double = estimer_part(reponses, 1000 * poids, recrutement=HASARD, methode=methode)
    assert (double.lower, double.upper) == pytest.approx((estimee.lower, estimee.upper))
    assert 1 - 1e-12 <= effet_de_plan(poids) <= poids.size
    assert effet_de_plan(poids) * taille_effective(poids) == pytest.approx(poids.size)
