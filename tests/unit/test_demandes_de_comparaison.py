"""Demandes de comparaison : une référence contient le territoire, ou la raison est dite."""

import polars as pl
import pytest

from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.comparaisons import contenu_en_partie, demandes_de
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot().octets)


def demander(referentiel, epci, departement):
    vides = pl.DataFrame(
        schema={"territoire": pl.String, "semblable": pl.String, "ordre": pl.Int64}
    )
    demandes = demandes_de(referentiel, [epci], vides, departement=departement)
    return {d.reference: d for d in demandes}


def test_greater_paris_is_not_compared_with_paris_alone(referentiel):
    demande = demander(referentiel, "EPCI-200054781", "75")["DEP"]
    assert demande.motif == "le département n'en contient qu'une partie"
    assert not demande.inclus


def test_an_epci_inside_its_departement_is_compared_with_the_rest_of_it(referentiel):
    demande = demander(referentiel, "EPCI-244000808", "40")["DEP"]
    assert (demande.inclus, demande.motif) == (True, "")


@pytest.mark.parametrize(
    ("habitants", "reference", "motif"),
    [
        ([60, 40], {"1", "9"}, ""),
        ([40, 60], {"1", "9"}, "la zone d'emploi n'en contient qu'une partie"),
        ([60, 40], {"1"}, "la zone d'emploi n'en contient qu'une partie"),
        ([60, 40], {"1", "2", "9"}, ""),
    ],
)
def test_half_of_the_people_must_be_inside_and_the_reference_must_not_be_a_part(
    habitants, reference, motif
):
    communes = pl.DataFrame({"code": ["1", "2"], "population": habitants})
    assert contenu_en_partie(communes, reference, "ZE") == motif


def test_no_epci_of_france_is_compared_with_a_departement_that_holds_less_than_half_of_it(
    referentiel,
):
    epci = referentiel.appartenance("EPCI").join(
        referentiel.communes.select("code", "departement", "population"),
        left_on="commune", right_on="code",
    )  # fmt: skip
    parts = (
        epci.group_by("territoire", "departement")
        .agg(pl.col("population").sum())
        .with_columns(part=pl.col("population") / pl.col("population").sum().over("territoire"))
        .filter(pl.col("part") < 0.5)
    )
    assert parts.height > 80
    for territoire, departement, *_ in parts.iter_rows():
        assert demander(referentiel, territoire, departement)["DEP"].motif
