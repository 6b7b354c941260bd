"""Une liste plus récente remplace l'ancienne où elle couvre ; une capacité va à son lieu."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from solidiag.catalogue.source import Couverture
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.remplacements import (
    Remplacement,
    ecarter_les_remplaces,
    porter_les_capacites,
)


def table(*lignes: dict[str, Any]) -> pl.DataFrame:
    pleines = [{"id": str(rang), "source": "offre.x", **ligne} for rang, ligne in enumerate(lignes)]
    return mettre_au_schema(
        pl.DataFrame(pleines, schema_overrides=SERVICES, infer_schema_length=None), SERVICES
    )


ANCIENS = table(
    {"code_insee": "40192"},
    {"code_insee": "64102"},
    {"code_postal": "40100"},
    {"code_insee": "97411"},
    {"code_postal": "20000"},
    {},
    {"source": "offre.autre", "code_insee": "40192"},
)


@pytest.mark.parametrize(
    ("couverture", "gardes"),
    [
        (Couverture(departements=("40",)), ["1", "3", "4", "5", "6"]),
        (Couverture(departements=("974", "2A")), ["0", "1", "2", "5", "6"]),
        (Couverture(), ["6"]),
        (Couverture(sauf=("974",)), ["3", "6"]),
    ],
)
def test_an_older_list_goes_only_where_the_new_one_covers(
    couverture: Couverture, gardes: list[str]
) -> None:
    remplacement = Remplacement(ancienne="offre.x", nouvelle="ajout.x", couverture=couverture)
    nouveaux = table(
        *(
            {"source": "ajout.x", "code_insee": code}
            for code in ("40001", "64445", "97411", "2A004")
        )
    )
    restent = ecarter_les_remplaces(pl.concat([ANCIENS, nouveaux]), [remplacement])
    assert restent.filter(pl.col("source") != "ajout.x")["id"].to_list() == gardes
    assert restent.filter(source="ajout.x").height == 4


def test_a_mere_extract_replaces_nothing() -> None:
    anciens = table(*({"code_insee": "40192"} for _ in range(5)))
    extrait = table({"source": "ajout.x", "code_insee": "40192"}, {"source": "ajout.x"})
    remplacement = Remplacement(
        ancienne="offre.x", nouvelle="ajout.x", couverture=Couverture(departements=("40",))
    )
    assert ecarter_les_remplaces(pl.concat([anciens, extrait]), [remplacement]).height == 7


def test_a_capacity_goes_to_its_place_and_never_over_a_known_one() -> None:
    services = table(
        {"categorie": "chrs", "code_insee": "40192", "identifiants": ["finess:1", "siret:9"]},
        {"categorie": "chrs", "code_insee": "40088", "identifiants": ["finess:2"],
         "capacite": 12.0, "capacite_unite": "lits", "remarque": "à lui"},
        {"categorie": "chrs", "code_insee": "40088"},
        {"identifiants": ["finess:1"], "capacite": 31.0, "capacite_unite": "places",
         "remarque": "places installées", "date_source": "2026-05-12"},
        {"identifiants": ["finess:2"], "capacite": 40.0, "capacite_unite": "places"},
        {"identifiants": ["finess:3"], "capacite": 5.0, "capacite_unite": "places"},
    )  # fmt: skip
    portes = porter_les_capacites(services)
    assert dict(portes.schema) == SERVICES
    assert portes.select("id", "capacite", "capacite_unite").rows() == [
        ("0", 31.0, "places"),
        ("1", 12.0, "lits"),
        ("2", None, None),
    ]
    assert portes["remarque"].to_list() == [
        "places installées (offre.x, 2026-05-12)",
        "à lui",
        None,
    ]


def test_without_capacities_apart_nothing_moves() -> None:
    assert porter_les_capacites(ANCIENS).equals(ANCIENS)
