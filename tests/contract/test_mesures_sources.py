"""Les fichiers des mesures se lisent comme leur déclaration le dit."""

import polars as pl
import pytest

from solidiag.sources.registre import lire
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot()


def lue(depot: Depot, reference: str, *variables: str) -> pl.DataFrame:
    source, fichier = depot.fichier(reference)
    return lire(depot.octets(fichier.fichier), source, fichier, variables=set(variables))


def cellule(table: pl.DataFrame, niveau: str, code: str, variable: str) -> tuple[object, str]:
    ligne = table.filter(
        (pl.col("niveau") == niveau) & (pl.col("code") == code) & (pl.col("variable") == variable)
    )
    assert ligne.height == 1, (niveau, code, variable)
    return ligne["valeur"][0], ligne["statut"][0]


def test_childcare_places_keep_an_undetermined_zero_apart(depot: Depot) -> None:
    table = lue(depot, "mesures.places_accueil/epci_2020", "eaje", "assmat")
    assert cellule(table, "DEP", "40", "eaje") == (1546.0, "A")
    assert cellule(table, "DEP", "40", "assmat") == (5052.0, "A")
    assert cellule(table, "EPCI", "244000824", "eaje") == (None, "O")
    assert cellule(table, "EPCI", "244000808", "eaje") == (239.0, "A")
    assert cellule(table, "FR", "FR", "assmat") == (710542.0, "A")
    assert cellule(table, "DEP", "2A", "eaje")[1] == "A"
    assert table.filter(pl.col("valeur") == 0).is_empty()


def test_equipment_of_2024_reads_overseas_and_paris(depot: Depot) -> None:
    table = lue(depot, "mesures.equipements_2024/epci_2024", "pharma", "aide_persagees")
    assert cellule(table, "DEP", "40", "pharma") == (131.0, "A")
    assert cellule(table, "DEP", "40", "aide_persagees") == (50.0, "A")
    assert cellule(table, "DEP", "976", "pharma") == (27.0, "A")
    assert cellule(table, "ARM", "75101", "pharma") == (16.0, "A")
    assert cellule(table, "COM", "75056", "pharma") == (None, "O")


def test_equipment_of_2019_writes_its_zeros(depot: Depot) -> None:
    table = lue(depot, "mesures.equipements_2019/com_2019", "C301", "D109")
    assert cellule(table, "COM", "40192", "C301")[0] > 0  # type: ignore[operator]
    zeros = table.filter(pl.col("valeur") == 0)
    assert not zeros.is_empty()
    assert set(table["statut"]) == {"A"}


def test_a_code_that_this_vintage_did_not_have_is_not_in_the_file(depot: Depot) -> None:
    source, fichier = depot.fichier("mesures.equipements_2019/com_2019")
    colonnes = set(lire(depot.octets(fichier.fichier), source, fichier)["variable"])
    assert not colonnes & {"A128", "C610", "D113B", "D265", "D710", "D711"}
