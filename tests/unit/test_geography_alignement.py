"""Alignement : ce que devient chaque ligne d'un fichier."""

from __future__ import annotations

import polars as pl
import pytest

from solidiag.geography.alignement import aligner
from solidiag.geography.passages import Passages
from solidiag.model.observation import TABLE_ALIGNEE, TABLE_SOURCE

MOUVEMENTS = [
    # A et B fusionnent dans A en 2016.
    ("2016-01-01", 1, "00001", "00001"),
    ("2016-01-01", 1, "00002", "00001"),
    # C change de département (nouveau code) le jour où il fusionne avec D.
    ("2018-01-01", 0, "00003", "00033"),
    ("2018-01-01", 1, "00033", "00004"),
    ("2018-01-01", 1, "00004", "00004"),
    # E et F fusionnent en 2017 puis F est rétablie en 2024.
    ("2017-01-01", 1, "00005", "00005"),
    ("2017-01-01", 1, "00006", "00005"),
    ("2024-01-01", 1, "00005", "00005"),
    ("2024-01-01", 1, "00005", "00006"),
]
COMMUNES = frozenset({"00001", "00004", "00005", "00006", "00007", "75056"})
MUNICIPAUX = {"75101": "75056", "75102": "75056"}


@pytest.fixture
def passages() -> Passages:
    return Passages(
        cog=2026,
        communes=COMMUNES,
        mouvements=pl.DataFrame(
            MOUVEMENTS, schema=["date", "ordre", "avant", "apres"], orient="row"
        ),
        deleguees={"00002": "00001"},
        arrondissements=MUNICIPAUX,
    )


def ligne(code: str, valeur: float | None, **changements: object) -> dict[str, object]:
    base: dict[str, object] = {
        "niveau": "COM",
        "code": code,
        "variable": "effectif",
        "periode": "2021",
        "valeur": valeur,
        "statut": "A" if valeur is not None else "Q",
        "precision": "exact",
        "ligne": 2,
    }
    return base | changements


def table(*lignes: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(lignes), schema=TABLE_SOURCE)


def aligne(
    source: pl.DataFrame, passages: Passages, *, cog_fichier: int, **options: object
) -> dict[str, dict[str, object]]:
    sommables = options.pop("sommables", frozenset({"effectif"}))
    alignee = aligner(
        source, passages, cog_fichier=cog_fichier, cog=2026, sommables=sommables, **options
    )
    assert dict(alignee.schema) == TABLE_ALIGNEE
    lignes = {f"{r['niveau']}-{r['code']}": r for r in alignee.iter_rows(named=True)}
    assert len(lignes) == alignee.height
    return lignes


def test_an_unchanged_commune_keeps_its_value_and_line(passages: Passages) -> None:
    lignes = aligne(table(ligne("00007", 3.0, ligne=9)), passages, cog_fichier=2012)
    assert lignes["COM-00007"]["valeur"] == 3.0
    assert lignes["COM-00007"]["statut_cog"] == "unchanged"
    assert lignes["COM-00007"]["ligne"] == 9


def test_a_merged_commune_sums_its_counts(passages: Passages) -> None:
    source = table(
        ligne("00001", 10.0, ligne=4, precision="rounded"), ligne("00002", 5.0, ligne=3, statut="E")
    )
    lignes = aligne(source, passages, cog_fichier=2012)
    assert lignes["COM-00001"]["valeur"] == 15.0
    assert lignes["COM-00001"]["statut"] == "E"
    assert lignes["COM-00001"]["precision"] == "rounded"
    assert lignes["COM-00001"]["ligne"] == 3
    assert lignes["COM-00001"]["statut_cog"] == "merged"


def test_a_zero_part_is_a_measure_and_is_summed(passages: Passages) -> None:
    lignes = aligne(table(ligne("00001", 0.0), ligne("00002", 0.0)), passages, cog_fichier=2012)
    assert lignes["COM-00001"]["valeur"] == 0.0
    assert lignes["COM-00001"]["statut"] == "A"


@pytest.mark.parametrize("statut", ["Q", "O", "L", "M"])
def test_a_missing_part_forbids_the_sum(passages: Passages, statut: str) -> None:
    source = table(ligne("00001", 10.0), ligne("00002", None, statut=statut))
    lignes = aligne(source, passages, cog_fichier=2012)
    assert lignes["COM-00001"]["valeur"] is None
    assert lignes["COM-00001"]["statut"] == ("Q" if statut == "Q" else "O")


def test_a_rate_of_a_merged_commune_is_not_computed(passages: Passages) -> None:
    source = table(ligne("00001", 10.0), ligne("00002", 20.0))
    lignes = aligne(source, passages, cog_fichier=2012, sommables=frozenset())
    assert lignes["COM-00001"]["valeur"] is None
    assert lignes["COM-00001"]["statut"] == "O"
    assert lignes["COM-00001"]["statut_cog"] == "merged"


def test_a_file_newer_than_declared_keeps_the_merged_commune(passages: Passages) -> None:
    lignes = aligne(table(ligne("00001", 12.5)), passages, cog_fichier=2012, sommables=frozenset())
    assert lignes["COM-00001"]["valeur"] == 12.5
    assert lignes["COM-00001"]["statut_cog"] == "merged"


def test_the_other_part_alone_is_not_the_merged_commune(passages: Passages) -> None:
    lignes = aligne(table(ligne("00002", 12.5)), passages, cog_fichier=2012)
    assert lignes["COM-00001"]["valeur"] is None


def test_a_code_change_the_day_of_a_merger_is_followed(passages: Passages) -> None:
    lignes = aligne(table(ligne("00003", 1.0), ligne("00004", 2.0)), passages, cog_fichier=2017)
    assert lignes["COM-00004"]["valeur"] == 3.0
    suivis = passages.entre(2017, 2026).filter(pl.col("nouveau") == "00004")
    assert sorted(suivis["ancien"]) == ["00003", "00004"]


def test_a_merger_undone_gives_back_each_part(passages: Passages) -> None:
    lignes = aligne(table(ligne("00005", 1.0), ligne("00006", 2.0)), passages, cog_fichier=2015)
    assert (lignes["COM-00005"]["valeur"], lignes["COM-00006"]["valeur"]) == (1.0, 2.0)
    assert lignes["COM-00006"]["statut_cog"] == "unchanged"


def test_the_part_of_a_split_commune_is_unknown(passages: Passages) -> None:
    lignes = aligne(table(ligne("00005", 3.0, ligne=7)), passages, cog_fichier=2020)
    for code in ("COM-00005", "COM-00006"):
        assert lignes[code]["valeur"] is None
        assert lignes[code]["statut"] == "O"
        assert lignes[code]["statut_cog"] == "split"
        assert lignes[code]["ligne"] == 7


def test_a_file_that_already_knows_the_split_is_kept(passages: Passages) -> None:
    lignes = aligne(table(ligne("00005", 1.0), ligne("00006", 2.0)), passages, cog_fichier=2020)
    assert (lignes["COM-00005"]["valeur"], lignes["COM-00006"]["valeur"]) == (1.0, 2.0)


def test_a_commune_without_row_is_not_documented(passages: Passages) -> None:
    lignes = aligne(
        table(ligne("00007", 1.0)), passages, cog_fichier=2026, communes=["00007", "00001"]
    )
    assert lignes["COM-00001"]["statut"] == "L"
    assert lignes["COM-00001"]["statut_cog"] == "absent"
    assert lignes["COM-00001"]["valeur"] is None


def test_an_unknown_code_keeps_its_row_without_value(passages: Passages) -> None:
    lignes = aligne(table(ligne("99999", 1.0)), passages, cog_fichier=2020)
    assert lignes["COM-99999"]["valeur"] is None
    assert lignes["COM-99999"]["statut_cog"] == "absent"


def test_municipal_districts_are_kept_and_summed(passages: Passages) -> None:
    source = table(ligne("75101", 4.0, niveau="ARM"), ligne("75102", 6.0, niveau="ARM", ligne=3))
    lignes = aligne(source, passages, cog_fichier=2020)
    assert lignes["COM-75056"]["valeur"] == 10.0
    assert lignes["ARM-75101"]["valeur"] == 4.0


def test_municipal_districts_coded_as_communes_get_their_level(passages: Passages) -> None:
    lignes = aligne(table(ligne("75101", 4.0)), passages, cog_fichier=2020)
    assert "ARM-75101" in lignes
    assert lignes["COM-75056"]["valeur"] is None  # il manque le 2e arrondissement


def test_the_row_of_the_commune_wins_over_its_districts(passages: Passages) -> None:
    source = table(
        ligne("75056", 11.0), ligne("75101", 4.0, niveau="ARM"), ligne("75102", 6.0, niveau="ARM")
    )
    lignes = aligne(source, passages, cog_fichier=2020)
    assert lignes["COM-75056"]["valeur"] == 11.0
    assert len(lignes) == 3


def test_a_delegated_commune_is_never_counted_twice(passages: Passages) -> None:
    source = table(ligne("00001", 15.0), ligne("00002", 5.0))
    lignes = aligne(source, passages, cog_fichier=2020)
    assert lignes["COM-00001"]["valeur"] == 15.0
    assert lignes["COM-00001"]["statut_cog"] == "unchanged"
    assert len(lignes) == 1


def test_other_levels_pass_through(passages: Passages) -> None:
    lignes = aligne(table(ligne("40", 1.0, niveau="DEP")), passages, cog_fichier=2020)
    assert lignes["DEP-40"]["statut_cog"] == "unchanged"


def test_going_back_in_time_is_refused(passages: Passages) -> None:
    with pytest.raises(ValueError, match="impossible"):
        aligner(table(), passages, cog_fichier=2027, cog=2026)


def test_an_empty_table_stays_empty(passages: Passages) -> None:
    assert aligner(table(), passages, cog_fichier=2020, cog=2026).is_empty()
