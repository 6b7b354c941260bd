"""Coordination sur les vraies lignes de quatre départements, comptées à la main dans les fichiers.

Landes : ``zcat qpv_2024.csv.gz | grep ^40`` donne trois communes (40088 ; 40192 et 40281, deux
intercommunalités) ; ``frr_2025`` deux classements (207 et 68 communes) ; ``pvd_2021`` 14 ;
``acv_2024`` 2 ; ``territoires_industrie_2026`` 1 territoire ; ``programmes_anct_2024_40`` 33
villages d'avenir, 3 fabriques ; les postes de 2023 citent les contrats CV132 (employeurs publics
à Dax) et CV133 (à Mont-de-Marsan), réunis aux deux contrats nommés.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl
import pytest

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.confidentiality.publication import PublishedTable
from solidiag.geography.referentiel import Referentiel
from solidiag.model.coordination import CONSTATEES
from solidiag.model.observation import OBSERVATIONS
from solidiag.offre.coordination.dispositifs import CONTRAT_CITE, meme_organisme
from solidiag.offre.coordination.reseau import disposition, liens_des_solidarites
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.coordination import calculer_coordination, charger_declarations
from solidiag.pipeline.offre import inventorier
from solidiag.storage.depot import Depot

JOUR = date(2026, 11, 24)


@dataclass(frozen=True)
class Connue:
    services: pl.DataFrame
    comparees: pl.DataFrame
    observations: pl.DataFrame
    categories: Mapping[str, CategorieService]


@cache
def _base() -> tuple[Depot, Referentiel]:
    depot = Depot.embarque()
    return depot, charger_referentiel(depot)


@cache
def offre(code: str) -> Connue:
    depot, referentiel = _base()
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    inventaire, _ = inventorier(depot, referentiel, departement=code, categories=categories)
    return Connue(
        inventaire.services, inventaire.paires, pl.DataFrame(schema=OBSERVATIONS), categories
    )


@cache
def tables(code: str) -> dict[str, PublishedTable]:
    depot, referentiel = _base()
    return calculer_coordination(depot, referentiel, offre(code), departement=code, jour=JOUR)


def par_type(code: str) -> Counter[str]:
    return Counter(tables(code)["dispositifs"].frame["type"])


def test_schemes_of_the_landes_counted_by_hand():
    assert par_type("40") == {
        "contrat-de-ville": 2,
        "frr": 2,
        "territoires-d-industrie": 1,
        "petites-villes-de-demain": 1,
        "action-coeur-de-ville": 1,
        "villages-d-avenir": 1,
        "france-services": 1,
        "conseillers-numeriques": 1,
        "fabrique-de-territoire": 1,
        "adultes-relais": 1,
        "postes-fonjep": 1,
        "conventionnement-iae": 1,
    }
    lieux = {
        ligne["id"]: len(ligne["territoires"])
        for ligne in tables("40")["dispositifs"].frame.iter_rows(named=True)
    }
    assert lieux["petites-villes-de-demain"] == 14
    assert lieux["villages-d-avenir"] == 33
    assert lieux["frr-frr-socle"] == 207
    assert lieux["contrat-de-ville-ca-mont-de-marsan-agglomeration"] == 2


def test_a_contract_known_by_its_code_joins_the_named_one_and_is_not_counted_twice():
    table = tables("40")["dispositifs"].frame
    remarques = dict(table.select("id", "remarque").iter_rows())
    assert "CV132" in remarques["contrat-de-ville-ca-du-grand-dax"]
    assert "CV133" in remarques["contrat-de-ville-ca-mont-de-marsan-agglomeration"]
    assert not table["id"].str.starts_with(CONTRAT_CITE).any()


@pytest.mark.parametrize("code", ["40", "33", "974", "2A"])
def test_without_a_link_of_work_no_path_and_no_bridge_is_measured(code):
    reseau = tables(code)["reseau"].frame
    assert reseau.height > 0
    assert reseau["intermediarite"].null_count() == reseau.height
    assert reseau["seul_pont"].null_count() == reseau.height


def test_neighbours_by_address_without_a_role_are_not_in_the_network():
    rendues = tables("40")
    noms = dict(rendues["acteurs"].frame.select("id", "nom").iter_rows())
    relies = [noms[acteur].lower() for acteur in rendues["reseau"].frame["acteur"]]
    assert not [nom for nom in relies if "autodialyse" in nom or "smur" in nom]
    for a, b in (
        rendues["liens"]
        .frame.filter(pl.col("type") == "lieu_partage")
        .select("acteur_a", "acteur_b")
        .iter_rows()
    ):
        assert not meme_organisme((noms[a], noms[b])), (noms[a], noms[b])


@pytest.mark.parametrize(
    ("code", "contrats", "industrie", "debut"),
    [("33", 3, 2, "2024"), ("974", 5, 2, "2025"), ("2A", 2, 1, "2024")],
)
def test_schemes_elsewhere_and_overseas_dates(code, contrats, industrie, debut):
    comptes = par_type(code)
    assert (comptes["contrat-de-ville"], comptes["territoires-d-industrie"]) == (
        contrats,
        industrie,
    )
    assert "adultes-relais" not in comptes
    assert "villages-d-avenir" not in comptes
    table = tables(code)["dispositifs"].frame
    assert set(table.filter(pl.col("type") == "contrat-de-ville")["debut"]) == {debut}


def test_a_department_whose_text_differs_has_no_date_of_others():
    contrat = charger_declarations(_base()[0]).types["contrat-de-ville"]
    assert contrat.periode_de("40").fin == "2030"
    assert contrat.periode_de("974").debut == "2025"
    assert contrat.periode_de("976").debut == ""


def test_no_date_is_written_without_the_text_that_gives_it():
    for code in ("40", "33", "974", "2A"):
        dates = tables(code)["dispositifs"].frame.filter(
            pl.col("debut").is_not_null() | pl.col("fin").is_not_null()
        )
        assert dates["remarque"].str.contains("dates d'après : ").all()


def test_employers_of_the_town_contracts_are_linked_to_the_state():
    liens = tables("40")["liens"].frame.filter(pl.col("type") == "cofinancement")
    par_contrat = Counter(texte[-5:] for texte in liens["objet"])
    assert par_contrat == {"CV132": 3, "CV133": 9}
    assert set(liens["acteur_a"]) == {"prefet"}
    assert {"epci-244000675", "epci-244000808"} <= set(liens["acteur_b"])


def test_four_employers_at_one_address_in_dax_stay_four_and_share_a_place():
    adresse = offre("40").services.filter(
        pl.col("categorie") == "siae", pl.col("code_insee") == "40088"
    )
    sirens = {f"siren-{siret[:9]}" for siret in adresse["siret"]}
    liens = tables("40")["liens"].frame.filter(
        pl.col("type") == "lieu_partage",
        pl.col("acteur_a").is_in(list(sirens)),
        pl.col("acteur_b").is_in(list(sirens)),
    )
    assert liens.height == 6
    assert len({*liens["acteur_a"], *liens["acteur_b"]}) == 4


@pytest.mark.parametrize("code", ["40", "33", "974", "2A"])
def test_what_is_foreseen_never_counts_as_found(code):
    rendues = tables(code)
    roles = rendues["roles"].frame
    prevus = roles.filter(pl.col("provenance") == "texte")
    assert set(prevus["role"]) == {"pilote", "partenaire"}
    assert set(prevus["territoire"]) == {f"DEP-{code}"}
    liens = rendues["liens"].frame
    assert set(liens.filter(pl.col("type") == "label")["provenance"]) == {"texte"}
    places = Counter(liens.filter(pl.col("type") == "label")["acteur_b"])
    assert set(places.values()) == {9}
    reseau = set(rendues["reseau"].frame["acteur"])
    domaines = dict(
        roles.filter(pl.col("provenance") != "texte")
        .group_by("acteur")
        .agg(pl.col("domaine").n_unique())
        .iter_rows()
    )
    liens = liens_des_solidarites(liens, domaines)
    trouves = liens.filter(
        pl.col("provenance").is_in(list(CONSTATEES)), pl.col("type") != "meme_dispositif"
    )
    assert reseau == {*trouves["acteur_a"], *trouves["acteur_b"]}
    assert set(disposition(liens)) == reseau


@pytest.mark.parametrize("code", ["40", "33", "974", "2A"])
def test_without_a_workbook_nothing_is_said_absent(code):
    rendues = tables(code)
    assert set(rendues["parcours"].frame["etat"]) == {"inconnu"}
    constats = rendues["constats"].frame
    assert "etabli" not in set(constats["confiance"])
    assert set(constats["genre"]) == {"trou", "orphelin", "echeance", "maillon_manquant"}
    epci = _base()[1].epci_du_departement(code)
    assert rendues["france_travail"].frame["territoire"].to_list() == [
        *(f"EPCI-{c}" for c in epci),
        f"DEP-{code}",
    ]


def test_agencies_of_the_landes():
    table = tables("40")["france_travail"].frame
    ligne = table.filter(pl.col("territoire") == "DEP-40").row(0, named=True)
    assert ligne["agences"] == 5
    assert ligne["communes"] == [
        "Dax", "Mont-de-Marsan", "Parentis-en-Born", "Saint-Paul-lès-Dax",
        "Saint-Vincent-de-Tyrosse",
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["40", "974"])
def test_every_actor_of_a_link_or_role_is_in_the_register(code):
    rendues = tables(code)
    connus = set(rendues["acteurs"].frame["id"])
    liens = rendues["liens"].frame
    cites = {*liens["acteur_a"], *liens["acteur_b"], *rendues["roles"].frame["acteur"]}
    assert cites <= connus
