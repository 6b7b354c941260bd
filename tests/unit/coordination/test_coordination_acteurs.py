"""Acteurs d'un inventaire : une institution départementale d'à côté n'est pas celle d'ici."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from solidiag.catalogue.dispositif import Coordination
from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.model.service import SERVICES
from solidiag.offre.coordination.acteurs import attribuer
from solidiag.offre.coordination.dispositifs import liens_de_label
from solidiag.pipeline.coordination import charger_declarations
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def declarees() -> tuple[Coordination, dict[str, CategorieService]]:
    depot = Depot.embarque()
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    return charger_declarations(depot).coordination, dict(categories)


def services(*lignes: dict[str, Any]) -> pl.DataFrame:
    completes = [
        {nom: {"groupe": ligne["id"], "source": "essai", **ligne}.get(nom) for nom in SERVICES}
        for ligne in lignes
    ]
    return pl.DataFrame(completes, schema=SERVICES)


def test_two_departments_have_two_councils_and_one_post_office(declarees):
    coordination, categories = declarees
    table = services(
        {"id": "a", "categorie": "pmi", "code_insee": "75101"},
        {"id": "b", "categorie": "pmi", "code_insee": "93010"},
        {"id": "c", "categorie": "point-postal", "code_insee": "93010"},
        {"id": "d", "categorie": "pmi", "code_insee": None},
    )
    acteurs = attribuer(table, coordination, categories, {}, departement="75")
    assert {cle: acteur.id for cle, acteur in acteurs.items()} == {
        "a": "departement",
        "b": "departement-93",
        "c": "la-poste",
        "d": "departement",
    }
    assert acteurs["b"].nom == "Conseil départemental (département 93)"


def test_a_place_of_access_to_the_law_does_not_say_who_runs_it(declarees):
    coordination, categories = declarees
    noms = ["France services Point d'accès au droit de Bondy", "France services La Poste de Piana"]
    table = services(
        *(
            {"id": f"f{i}", "categorie": "france-services", "nom": nom, "code_insee": "93010"}
            for i, nom in enumerate(noms)
        )
    )
    acteurs = attribuer(table, coordination, categories, {}, departement="93")
    liens = liens_de_label(table, acteurs, coordination, territoires={}, departement="93")
    porteurs = liens.filter(pl.col("type") == "pilotage")["acteur_a"].to_list()
    assert porteurs == ["la-poste"]


def test_a_typed_service_without_its_organisation_does_not_become_an_actor(declarees):
    coordination, categories = declarees
    table = services(
        {"id": "a", "categorie": "siae", "nom": "Atelier vélo fictif", "source": "classeur"},
        {"id": "b", "categorie": "siae", "nom": "Atelier bois fictif", "source": "classeur",
         "structure": "Association fictive"},
        {"id": "c", "categorie": "siae", "nom": "Atelier public fictif"},
    )  # fmt: skip
    acteurs = attribuer(table, coordination, categories, {}, saisies={"classeur"})
    assert not acteurs["a"].nomme
    assert acteurs["b"].id == "association-fictive"
    assert acteurs["c"].id == "atelier-public-fictif"
