import pytest

from solidiag.besoins.comparaison import Lecture, Mesure, Verdict, comparer
from solidiag.catalogue.indicateur import Indicateur


def declaration(sens="plus_haut_est_plus_fragile"):
    return Indicateur.model_validate(
        {
            "id": "e", "libelle": "e", "libelle_court": "e", "definition": "e", "unite": "percent",
            "sens": sens, "lecture": "e",
            "lectures": [{"niveaux": ["COM"], "formule": "publie", "periode": "2021",
                          "valeur": {"fichier": "s/f", "variables": ["v"]}}],
        }
    )  # fmt: skip


def comparer_a(mesure, reference, sens="plus_haut_est_plus_fragile"):
    return comparer(mesure, reference, indicateur=declaration(sens))


def test_two_rounded_rates_one_point_apart_do_not_conclude_until_bounds_part():
    un = comparer_a(Mesure(valeur=16, bas=15.5, haut=16.5), Mesure(valeur=17, bas=16.5, haut=17.5))
    assert un.verdict is Verdict.NON_CONCLUANT
    assert un.mots == "non concluant"
    deux = comparer_a(
        Mesure(valeur=16, bas=15.5, haut=16.5), Mesure(valeur=18, bas=17.5, haut=18.5)
    )
    assert (deux.verdict, deux.certaine) == (Verdict.PLUS_BAS, True)


def test_a_floored_rate_is_not_said_lower_than_a_rate_within_its_bounds():
    plancher = Mesure(valeur=5, bas=0, haut=5.5)
    assert comparer_a(plancher, Mesure(valeur=5.3, bas=5.25, haut=5.35)).verdict is (
        Verdict.NON_CONCLUANT
    )


def test_a_clear_difference_is_said_so():
    net = comparer_a(
        Mesure(valeur=20, bas=19.5, haut=20.5), Mesure(valeur=11.7, bas=11.6, haut=11.8)
    )
    assert net.mots == "plus élevé, de façon nette"
    assert net.ecart == pytest.approx(8.3)


def test_without_any_bound_nothing_is_clear():
    sans = comparer_a(Mesure(valeur=20), Mesure(valeur=10))
    assert (sans.verdict, sans.certaine, sans.mots) == (Verdict.PLUS_HAUT, False, "plus élevé")


@pytest.mark.parametrize(
    ("valeur", "verdict"),
    [
        (104.9, Verdict.PROCHE),
        (105.1, Verdict.PLUS_HAUT),
        (95.1, Verdict.PROCHE),
        (94.9, Verdict.PLUS_BAS),
    ],
)
def test_values_within_five_percent_are_close(valeur, verdict):
    assert comparer_a(Mesure(valeur=valeur), Mesure(valeur=100)).verdict is verdict


@pytest.mark.parametrize(
    ("sens", "attendu"),
    [
        ("plus_haut_est_plus_fragile", Lecture.PLUS_FRAGILE),
        ("plus_bas_est_plus_fragile", Lecture.MOINS_FRAGILE),
        ("contexte", Lecture.NEUTRE),
    ],
)
def test_the_reading_follows_the_direction_of_the_indicator(sens, attendu):
    assert comparer_a(Mesure(valeur=20), Mesure(valeur=10), sens).lecture is attendu


def test_a_missing_value_or_reference_is_not_compared():
    for paire in ((Mesure(valeur=None), Mesure(valeur=1)), (Mesure(valeur=1), Mesure(valeur=None))):
        resultat = comparer_a(*paire)
        assert (resultat.verdict, resultat.ecart) == (Verdict.INDISPONIBLE, None)
        assert resultat.mots == "non disponible"


def test_a_zero_reference_has_no_relative_difference():
    resultat = comparer_a(Mesure(valeur=1), Mesure(valeur=0))
    assert (resultat.ecart_relatif, resultat.verdict) == (None, Verdict.PLUS_HAUT)
    assert comparer_a(Mesure(valeur=0), Mesure(valeur=0)).verdict is Verdict.PROCHE
