"""Ce qu'une personne écrit pour dire un lieu : nom, code, ancien code, fautes de frappe."""

from __future__ import annotations

import pytest

from solidiag.geography.lieux import Doute, Lieux
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.storage.depot import Depot

REFERENTIEL = charger_referentiel(Depot())
LANDES = Lieux(REFERENTIEL, departement="40")


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        ("Dax", "40088"),
        ("  DAX ", "40088"),
        ("40088", "40088"),
        ("Dax (40088)", "40088"),
        ("40088 - Dax", "40088"),
        ("st-vincent de paul", "40283"),
        ("Saint Sever", "40282"),
        ("Bayonne", "64102"),
        ("Mont de Marsan cedex 2", "40192"),
        ("le Frêche", "40100"),
    ],
)
def test_a_commune_is_found_however_it_is_written(texte: str, code: str) -> None:
    assert LANDES.commune(texte) == code


def test_a_lost_zero_and_a_corsican_code_are_understood() -> None:
    assert Lieux(REFERENTIEL, departement="01").commune("1004") == "01004"
    assert Lieux(REFERENTIEL, departement="2A").commune("2a004") == "2A004"


def test_a_name_of_the_departement_wins_over_another() -> None:
    assert LANDES.commune("Labastide-d'Armagnac") == "40131"
    ailleurs = LANDES.commune("Saint-Denis")
    assert isinstance(ailleurs, Doute)
    assert "communes (écrivez le code)" in ailleurs.motif
    assert Lieux(REFERENTIEL, departement="974").commune("Saint-Denis") == "97411"


@pytest.mark.parametrize(
    ("texte", "phrase"),
    [
        ("Daxx", "n'est pas une commune ; vouliez-vous dire « Dax » (40088) ?"),
        (
            "Dax (40192)",
            "se contredit : 40192 est « Mont-de-Marsan » ; vouliez-vous dire « Dax » (40088) ?",
        ),
        ("zzzzzz", "n'est pas une commune"),
    ],
)
def test_a_doubt_says_why_and_offers_names(texte: str, phrase: str) -> None:
    doute = LANDES.commune(texte)
    assert isinstance(doute, Doute)
    assert doute.phrase == phrase


def test_a_postal_code_is_not_a_commune_code() -> None:
    doute = LANDES.commune("40990")
    assert isinstance(doute, Doute)
    assert "code postal" in doute.motif


@pytest.mark.parametrize(
    ("texte", "identifiant"),
    [
        ("Landes", "DEP-40"),
        ("département", "DEP-40"),
        ("Landes (40)", "DEP-40"),
        ("40", "DEP-40"),
        ("Dax", "COM-40088"),
        ("France", "FR-FR"),
        ("CA du Grand Dax (244000675)", "EPCI-244000675"),
        ("ca du grand dax", "EPCI-244000675"),
    ],
)
def test_a_territory_is_found_by_name_or_code(texte: str, identifiant: str) -> None:
    assert LANDES.territoire(texte) == identifiant


def test_an_unknown_territory_is_a_doubt() -> None:
    doute = LANDES.territoire("Pays de Nulle Part")
    assert isinstance(doute, Doute)
    assert "n'est pas" in doute.phrase
