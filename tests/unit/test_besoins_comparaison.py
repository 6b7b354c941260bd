import pytest

from solidiag.besoins.comparaison import Lecture, Verdict, dire, lire


@pytest.mark.parametrize(
    ("verdict", "nette", "mots"),
    [
        (Verdict.PLUS_HAUT, True, "plus élevé, de façon nette"),
        (Verdict.PLUS_HAUT, False, "plus élevé"),
        (Verdict.PLUS_BAS, True, "plus bas, de façon nette"),
        ("plus_bas", False, "plus bas"),
        (Verdict.PROCHE, True, "proche"),
        ("non_concluant", False, "non concluant"),
        (Verdict.NON_COMPARABLE, False, "non comparable"),
    ],
)
def test_each_verdict_has_its_words_and_only_a_difference_is_clear(verdict, nette, mots):
    assert dire(verdict, nette=nette) == mots


@pytest.mark.parametrize(
    ("verdict", "sens", "attendu"),
    [
        (Verdict.PLUS_HAUT, "plus_haut_est_plus_fragile", Lecture.PLUS_FRAGILE),
        (Verdict.PLUS_HAUT, "plus_bas_est_plus_fragile", Lecture.MOINS_FRAGILE),
        (Verdict.PLUS_BAS, "plus_bas_est_plus_fragile", Lecture.PLUS_FRAGILE),
        (Verdict.PLUS_HAUT, "contexte", Lecture.NEUTRE),
        (Verdict.PROCHE, "plus_haut_est_plus_fragile", Lecture.NEUTRE),
        (Verdict.NON_CONCLUANT, "plus_haut_est_plus_fragile", Lecture.NEUTRE),
    ],
)
def test_the_reading_follows_the_direction_of_the_indicator(verdict, sens, attendu):
    assert lire(verdict, sens) is attendu
