"""Territoires semblables : distance, variables communes, absence dite."""

import math

import polars as pl
import pytest

from solidiag.besoins.semblables import Reglage, Variable, chercher, mesures_du_referentiel


def reglage(**changes):
    defauts = {
        "nombre": {"DEP": 2},
        "borne": 3.0,
        "variables_minimum": 2,
        "distance_maximale": 2.0,
        "groupe_minimum": 2,
        "variables": tuple(Variable(id=v, libelle=v, court=v) for v in ("a", "b")),
    }
    return Reglage(**(defauts | changes))


TABLE = pl.DataFrame(
    {
        "territoire": [f"DEP-{i}" for i in range(1, 7)],
        "a": [1.0, 1.1, 1.2, 5.0, 9.0, 9.1],
        "b": [1.0, 1.1, 1.3, 5.0, 9.0, None],
    }
)


def chercher_pour(identifiant, table=TABLE, **changes):
    return chercher(table, reglage(**changes), niveau="DEP", pour=[identifiant])


def test_the_nearest_come_first_and_a_territory_is_not_like_itself():
    trouves = chercher_pour("DEP-1")
    assert trouves["semblable"].to_list() == ["DEP-2", "DEP-3"]
    assert trouves["ordre"].to_list() == [1, 2]
    assert trouves["distance"].is_sorted()


def test_a_territory_without_enough_known_variables_has_no_like_territory():
    assert chercher_pour("DEP-6").is_empty()
    assert "DEP-6" not in chercher_pour("DEP-5", distance_maximale=9.0)["semblable"].to_list()


def test_far_territories_are_not_said_alike():
    assert chercher_pour("DEP-5", distance_maximale=0.2).is_empty()


def test_the_order_of_the_rows_does_not_matter():
    melangee = TABLE.sample(fraction=1.0, shuffle=True, seed=3)
    assert chercher_pour("DEP-1", melangee).equals(chercher_pour("DEP-1"))


def test_the_unit_of_a_variable_does_not_matter():
    autre = TABLE.with_columns(pl.col("a") * 1000 + 7)
    assert chercher_pour("DEP-1", autre)["distance"].to_list() == pytest.approx(
        chercher_pour("DEP-1")["distance"].to_list()
    )


def test_density_is_unknown_when_the_area_of_an_inhabited_commune_is():
    communes = pl.DataFrame(
        {
            "code": ["1", "2", "3"],
            "population": [100, 300, 50],
            "superficie_km2": [10.0, 10.0, None],
            "densite_niveau": [6, 3, 7],
        }
    )
    appartenance = pl.DataFrame({"commune": ["1", "2", "3"], "territoire": ["D", "D", "E"]})
    mesures = mesures_du_referentiel(communes, appartenance).sort("territoire")
    assert mesures["log_densite"].to_list() == [pytest.approx(math.log(20)), None]
    assert mesures["part_rurale"].to_list() == [25.0, 100.0]
