"""Comparaison de suites de nombres : chaque changement est trouvé, et dit à sa place."""

from __future__ import annotations

from dataclasses import replace

from solidiag.publication.document import Cle
from solidiag.publication.verification.comparaison import (
    Ecart,
    commande_expliquer,
    comparer_ensembles,
    comparer_suites,
    orphelins,
)
from solidiag.publication.verification.jetons import Jeton


def suite(*valeurs: str, lieu: str = "tableau « essai »") -> list[Jeton]:
    return [
        Jeton(
            valeur=valeur,
            brut=valeur,
            lieu=lieu,
            nature="donnee",
            cle=Cle(indicateur="i", territoire="COM-40192", periode="2021"),
        )
        for valeur in valeurs
    ]


def genres(ecarts: list[Ecart]) -> list[tuple[str, str, str]]:
    return [(e.genre, e.attendu, e.trouve) for e in ecarts]


def test_equal_sequences_have_no_difference() -> None:
    assert comparer_suites(suite("1", "2"), suite("1", "2"), fichier="f") == []


def test_a_changed_number_is_a_difference_at_its_place() -> None:
    (ecart,) = comparer_suites(suite("1", "2", "3"), suite("1", "9", "3"), fichier="f.docx")
    assert (ecart.genre, ecart.attendu, ecart.trouve) == ("difference", "2", "9")
    assert ecart.phrase() == (
        "Différence — f.docx, tableau « essai » : attendu « 2 », trouvé « 9 » ; "
        "clé observations / i / COM-40192 / 2021 ; solidiag expliquer i 40192 --periode 2021."
    )


def test_two_swapped_numbers_are_two_differences() -> None:
    ecarts = comparer_suites(suite("1", "2", "3"), suite("2", "1", "3"), fichier="f")
    assert genres(ecarts) == [("difference", "1", "2"), ("difference", "2", "1")]


def test_a_removed_number_is_absent() -> None:
    ecarts = comparer_suites(suite("1", "2", "3"), suite("1", "3"), fichier="f")
    assert genres(ecarts) == [("absent", "2", "")]


def test_an_added_number_is_an_orphan() -> None:
    ecarts = comparer_suites(suite("1", "3"), suite("1", "2", "3"), fichier="f")
    assert genres(ecarts) == [("en_trop", "", "2")]
    assert ecarts[0].phrase().startswith("Orphelin — f")


def test_a_shift_is_not_reported_as_hundreds_of_differences() -> None:
    voulus = suite(*(str(n) for n in range(500)))
    vus = suite("x", *(str(n) for n in range(499)))
    assert len(comparer_suites(voulus, vus, fichier="f")) <= 2


def test_everything_missing_is_reported() -> None:
    assert len(comparer_suites(suite("1", "2"), [], fichier="f")) == 2


def test_orphans_of_the_document_are_listed() -> None:
    jetons = [*suite("1"), Jeton(valeur="12", brut="12", lieu="ici")]
    (ecart,) = orphelins(jetons, fichier="rapport")
    assert (ecart.genre, ecart.attendu, ecart.lieu) == ("orphelin", "12", "ici")


def lus(*valeurs: str, page: int = 1) -> list[Jeton]:
    return [Jeton(valeur=v, brut=v, lieu=f"page {page}") for v in valeurs]


def test_a_digit_changed_in_a_page_is_missing_and_in_excess() -> None:
    ecarts = comparer_ensembles(suite("433570", "2"), lus("2", "433571"), fichier="f")
    assert genres(ecarts) == [("absent", "433570", ""), ("en_trop", "", "433571")]


def test_sets_ignore_the_order_but_count_each_number() -> None:
    assert comparer_ensembles(suite("1", "2", "2"), lus("2", "1", "2"), fichier="f") == []
    assert genres(comparer_ensembles(suite("2", "2"), lus("2"), fichier="f")) == [
        ("absent", "2", "")
    ]


def test_a_repeated_header_is_not_an_orphan_but_an_unknown_number_is() -> None:
    trouves = [*lus("2021"), *lus("2021", "7", page=2)]
    ecarts = comparer_ensembles(suite("2021"), trouves, fichier="f", repetables=frozenset({"2021"}))
    assert genres(ecarts) == [("en_trop", "", "7")]
    assert ecarts[0].lieu == "page 2"


def test_regions_keep_their_prefix_in_the_command() -> None:
    cle = Cle(indicateur="i", territoire="REG-75", periode="2021")
    assert commande_expliquer(cle) == "solidiag expliquer i REG-75 --periode 2021"
    assert commande_expliquer(Cle(indicateur="i", territoire="FR-FR")) == "solidiag expliquer i FR"
    assert commande_expliquer(Cle(indicateur="n", table="comptes")) == ""
    comparee = Cle(
        indicateur="i",
        territoire="DEP-90",
        periode="2023",
        champ="SEMBLABLES.reference_valeur",
        table="comparaisons",
    )
    assert commande_expliquer(comparee) == "solidiag expliquer i 90 --periode 2023"
    assert commande_expliquer(replace(comparee, table="tendances")) == "solidiag expliquer i 90"
    assert commande_expliquer(replace(comparee, table="personnes")) == ""
