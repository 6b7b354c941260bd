"""Calage : ce qui est refusé, ce qui est dit."""

from typing import Any

import numpy as np
import pytest

from solidiag.errors import CalageRefuse
from solidiag.statistics.calage import calibrer
from solidiag.statistics.calage_methodes import Bornes, Methode
from solidiag.statistics.plan_de_sondage import Plan, variance_linearisee

BASE: dict[str, Any] = {
    "categories": {"sexe": ["f", "f", "h", "h"], "age": ["j", "v", "j", "v"]},
    "marges": {"sexe": {"f": 60, "h": 40}, "age": {"j": 30, "v": 70}},
}


def refus(poids: Any, **changements: Any) -> CalageRefuse:
    with pytest.raises(CalageRefuse) as erreur:
        calibrer(poids, **{**BASE, **changements})
    return erreur.value


def test_every_margin_is_met_and_reported() -> None:
    cale = calibrer([1, 1, 1, 1], **BASE)
    assert [m.apres for m in cale.marges] == pytest.approx([60, 40, 30, 70])
    assert [m.avant for m in cale.marges] == [2, 2, 2, 2]
    assert [m.repondants for m in cale.marges] == [2, 2, 2, 2]
    assert [m.redondante for m in cale.marges] == [False, False, False, True]
    assert cale.redondantes == ()
    assert cale.repartition.minimum == pytest.approx(12)
    assert cale.repartition.maximum == pytest.approx(42)
    assert cale.iterations > 0


@pytest.mark.parametrize(
    ("poids", "code", "ligne"),
    [
        ([], "echantillon_vide", "aucun répondant"),
        ([1, None, 1, 1], "poids_manquant", "ligne 2"),
        ([1, float("nan"), float("inf"), 1], "poids_manquant", "lignes 2, 3"),
        ([1, 1, 0, 1], "poids_non_positif", "ligne 3"),
        ([-1, 1, 1, 1], "poids_non_positif", "ligne 1"),
    ],
)
def test_missing_and_non_positive_weights_are_refused(
    poids: list[float | None], code: str, ligne: str
) -> None:
    n = len(poids)
    categories = {v: c[:n] for v, c in BASE["categories"].items()}
    erreur = refus(poids, categories=categories)
    assert code in erreur.codes
    assert ligne in str(erreur)


def test_margins_whose_sums_differ_are_refused() -> None:
    marges = {"sexe": {"f": 60, "h": 40}, "age": {"j": 130, "v": 170}}
    erreur = refus([1] * 4, marges=marges)
    assert erreur.codes == ("sommes_differentes",)
    assert "300" in str(erreur)
    assert "100" in str(erreur)


def test_rounded_margins_are_brought_back_and_it_is_said() -> None:
    marges = {"sexe": {"f": 60, "h": 40}, "age": {"j": 30, "v": 70.5}}
    assert refus([1] * 4, marges=marges).codes == ("sommes_differentes",)
    cale = calibrer([1] * 4, **{**BASE, "marges": marges}, tolerance_des_marges=0.01)
    assert dict(cale.ramenees) == {"age": pytest.approx(100 / 100.5)}
    assert cale.poids.sum() == pytest.approx(100)
    assert calibrer([1] * 4, **BASE).ramenees == {}


@pytest.mark.parametrize(
    ("changement", "code"),
    [
        ({"marges": {"sexe": {"f": 60}, "age": {"j": 30, "v": 30}}}, "modalite_absente_des_marges"),
        (
            {"marges": {"sexe": {"f": 50, "h": 40, "x": 10}, "age": {"j": 30, "v": 70}}},
            "modalite_sans_repondant",
        ),
        ({"marges": {"sexe": {"f": 60, "h": 40}}}, "variable_sans_marge"),
        ({"marges": {**BASE["marges"], "diplome": {"oui": 100}}}, "marge_sans_variable"),
        ({"totaux": {"revenu": 10}}, "marge_sans_variable"),
        ({"numeriques": {"revenu": [1, 2, 3, 4]}}, "variable_sans_marge"),
        (
            {"numeriques": {"revenu": [1, None, 3, 4]}, "totaux": {"revenu": 10}},
            "valeur_manquante",
        ),
        (
            {"numeriques": {"revenu": [1, 2, 3, 4]}, "totaux": {"revenu": float("nan")}},
            "marge_invalide",
        ),
        ({"numeriques": {"revenu": [1, 2]}, "totaux": {"revenu": 10}}, "longueur"),
        ({"categories": {"sexe": ["f"], "age": ["j", "v", "j", "v"]}}, "longueur"),
        (
            {"categories": {"sexe": ["f", None, "h", " "], "age": ["j", "v", "j", "v"]}},
            "valeur_manquante",
        ),
        ({"marges": {"sexe": {"f": 140, "h": -40}, "age": {"j": 30, "v": 70}}}, "marge_invalide"),
        ({"marges": {"sexe": {"f": 100, "h": 0}, "age": {"j": 30, "v": 70}}}, "marge_nulle"),
        (
            {"marges": {"sexe": {"f": 0, "h": 0}, "age": {"j": 0, "v": 0}}},
            "marge_invalide",
        ),
        ({"categories": {}, "marges": {}}, "sans_contrainte"),
    ],
)
def test_what_must_be_refused_is_refused(changement: dict[str, Any], code: str) -> None:
    assert code in refus([1] * 4, **changement).codes


def test_all_the_faults_are_said_at_once() -> None:
    erreur = refus(
        [1, None, 0, 1],
        categories={"sexe": ["f", "f", "x", None], "age": ["j", "v", "j", "v"]},
        marges={"sexe": {"f": 60, "h": 40}},
    )
    assert set(erreur.codes) == {
        "poids_manquant",
        "poids_non_positif",
        "valeur_manquante",
        "modalite_absente_des_marges",
        "modalite_sans_repondant",
        "variable_sans_marge",
    }
    assert len(erreur.fautes) == 6


def test_an_empty_category_without_respondent_is_not_a_fault() -> None:
    marges = {"sexe": {"f": 60, "h": 40, "autre": 0}, "age": {"j": 30, "v": 70}}
    assert calibrer([1] * 4, **{**BASE, "marges": marges}).poids.sum() == pytest.approx(100)


def test_collinear_constraints_are_left_out_and_said() -> None:
    double = [2.0, 2.0, 0.0, 0.0]
    cale = calibrer([1] * 4, **BASE, numeriques={"double": double}, totaux={"double": 120})
    assert cale.redondantes == ("total de double",)
    assert cale.poids == pytest.approx(calibrer([1] * 4, **BASE).poids)


def test_a_collinear_constraint_with_another_total_is_refused() -> None:
    double = [2.0, 2.0, 0.0, 0.0]
    erreur = refus([1] * 4, numeriques={"double": double}, totaux={"double": 130})
    assert erreur.codes == ("contraintes_incompatibles",)
    assert "120" in str(erreur)


def test_constraints_that_no_positive_weights_meet_are_refused() -> None:
    # Toutes les femmes sont jeunes, et il faudrait plus de femmes que de jeunes.
    categories = {"sexe": ["f", "f", "h", "h"], "age": ["j", "j", "j", "v"]}
    marges = {"sexe": {"f": 60, "h": 40}, "age": {"j": 50, "v": 50}}
    for methode, bornes in (
        (Methode.RAKING, None),
        (Methode.LOGIT, Bornes(bas=0.1, haut=100.0)),
        (Methode.TRONQUEE, Bornes(bas=0.0, haut=100.0)),
    ):
        erreur = refus(
            [1] * 4, categories=categories, marges=marges, methode=methode, bornes=bornes
        )
        assert erreur.codes == ("sans_solution",), methode
    lineaire = calibrer([1] * 4, categories=categories, marges=marges, methode=Methode.LINEAIRE)
    assert lineaire.negatifs == 1


def test_raking_does_not_drop_a_respondent_to_meet_the_margins() -> None:
    # La seule solution donne un poids nul à l'homme jeune.
    categories = {"sexe": ["f", "f", "h", "h"], "age": ["j", "j", "j", "v"]}
    marges = {"sexe": {"f": 60, "h": 40}, "age": {"j": 60, "v": 40}}
    assert refus([1] * 4, categories=categories, marges=marges).codes == ("sans_solution",)
    tronquee = calibrer(
        [1] * 4,
        categories=categories,
        marges=marges,
        methode=Methode.TRONQUEE,
        bornes=Bornes(bas=0.0, haut=100.0),
    )
    assert tronquee.poids == pytest.approx(np.array([30, 30, 0, 40]), abs=1e-6)


def test_raking_that_erases_respondents_is_refused_with_its_reason() -> None:
    # Revenu moyen de 0,2 : le poids décroît avec le revenu jusqu'à effacer le plus élevé.
    erreur = refus(
        [1] * 4,
        categories={"sexe": ["f"] * 4},
        marges={"sexe": {"f": 100}},
        numeriques={"revenu": [0.0, 1.0, 1.0, 1000.0]},
        totaux={"revenu": 20.0},
    )
    assert erreur.codes == ("repondants_annules",)
    assert "méthode à bornes" in str(erreur)


@pytest.mark.parametrize(("bas", "haut"), [(1.0, 2.0), (0.5, 1.0), (-0.1, 2.0), (0.5, np.inf)])
def test_bounds_that_do_not_surround_one_are_refused(bas: float, haut: float) -> None:
    with pytest.raises(ValueError, match="bas < 1 < haut"):
        Bornes(bas=bas, haut=haut)


def test_bounds_go_with_the_methods_that_keep_them() -> None:
    with pytest.raises(ValueError, match="demande des bornes"):
        calibrer([1] * 4, **BASE, methode=Methode.LOGIT)
    with pytest.raises(ValueError, match="ne tient pas de bornes"):
        calibrer([1] * 4, **BASE, methode=Methode.RAKING, bornes=Bornes(bas=0.5, haut=2))


def test_a_search_cut_short_is_not_a_result() -> None:
    erreur = refus([1] * 4, iterations=1)
    assert erreur.codes == ("non_converge",)


def test_what_the_margins_explain_is_no_longer_uncertain() -> None:
    """Calage sur le sexe seul : le résidu est l'écart à la moyenne du sexe, poids de départ."""
    cale = calibrer(
        [1, 3, 1, 1],
        categories={"sexe": ["f", "f", "h", "h"]},
        marges={"sexe": {"f": 60, "h": 40}},
    )
    # Femmes : (1 × 8 + 3 × 4) / 4 = 5 ; hommes : (1 + 3) / 2 = 2.
    assert cale.residus([8, 4, 1, 3]).tolist() == pytest.approx([3, -1, -1, 1])
    assert cale.residus([7, 7, 2, 2]) == pytest.approx(np.zeros(4), abs=1e-12)
    for y in ([1, 2, 3], [1, 2, 3, float("nan")]):
        with pytest.raises(ValueError, match="sans manquant"):
            cale.residus(y)


def test_the_variance_of_the_residuals_is_that_of_repeated_surveys() -> None:
    """Deux cent cinquante tirages de 80 personnes, calés sur le sexe et le revenu, graine fixée."""
    rng = np.random.default_rng(20261124)
    n = 80
    moyennes, annoncees, brutes = [], [], []
    for _ in range(250):
        femme = rng.random(n) < 0.5
        revenu = rng.gamma(4.0, 1.0, n)
        y = 2.0 * femme + revenu + rng.normal(0.0, 1.0, n)
        cale = calibrer(
            np.ones(n),
            categories={"sexe": ["f" if f else "h" for f in femme]},
            marges={"sexe": {"f": 500, "h": 500}},
            numeriques={"revenu": revenu},
            totaux={"revenu": 4000},
        )
        moyennes.append(float(np.average(y, weights=cale.poids)))
        for valeurs, liste in ((cale.residus(y), annoncees), (y, brutes)):
            variance = variance_linearisee(valeurs, cale.poids, plan=Plan())
            assert variance is not None
            liste.append(variance.variance)
    observee = float(np.var(moyennes, ddof=1))
    assert np.mean(moyennes) == pytest.approx(5.0, abs=0.03)
    assert 0.8 <= np.mean(annoncees) / observee <= 1.2
    assert np.mean(brutes) > 4 * observee
