"""EXEMPLE FICTIF : un classeur rempli fait tout le chapitre, sans changer le code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl
import pytest

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.confidentiality.publication import PublishedTable
from solidiag.model.observation import OBSERVATIONS
from solidiag.model.service import SERVICES
from solidiag.offre.coordination.reseau import disposition, mesurer_reseau
from solidiag.offre.doublons import PAIRES
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.coordination import calculer_coordination
from solidiag.storage.depot import Depot

MARSAN, DAX, LANDES = "EPCI-244000808", "EPCI-244000675", "DEP-40"


@dataclass(frozen=True)
class SansOffre:
    """Un inventaire vide : seuls parlent les zonages et le classeur."""

    categories: Mapping[str, CategorieService]
    services: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SERVICES))
    comparees: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PAIRES))
    observations: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OBSERVATIONS))


@pytest.fixture(scope="module")
def calculer():
    depot = Depot.embarque()
    referentiel = charger_referentiel(depot)
    offre = SansOffre(lire_categories(depot.declaration("services/categories.yaml")))

    def calcul(gabarit: Mapping[str, pl.DataFrame]) -> dict[str, PublishedTable]:
        return calculer_coordination(
            depot,
            referentiel,
            offre,
            departement="40",
            jour=date(2026, 11, 24),
            gabarit=gabarit,
        )

    return calcul


@pytest.fixture
def rendues(calculer, gabarit) -> dict[str, PublishedTable]:
    return calculer(gabarit)


def test_the_whole_matrix_tells_who_does_what_where(rendues):
    roles = rendues["roles"].frame.filter(pl.col("provenance") == "gabarit")
    ici = roles.filter(pl.col("domaine") == "mobilite-solidaire", pl.col("territoire") == MARSAN)
    assert set(ici.select("acteur", "role").iter_rows()) == {
        ("passerelle", "met_en_oeuvre"),
        ("passerelle", "partenaire"),
        ("garage", "partenaire"),
    }
    partout = roles.filter(
        pl.col("domaine") == "mobilite-solidaire", pl.col("territoire") == LANDES
    )
    assert ("garage", "met_en_oeuvre") in set(partout.select("acteur", "role").iter_rows())
    petite = roles.filter(pl.col("domaine") == "petite-enfance", pl.col("territoire") == MARSAN)
    assert set(petite.select("acteur", "role").iter_rows()) == {
        ("caf", "pilote"),
        ("caf", "finance"),
        ("caf", "partenaire"),
    }


def test_constats_of_each_kind_are_there(rendues):
    constats = rendues["constats"].frame
    assert set(constats["genre"]) == {
        "chevauchement",
        "trou",
        "orphelin",
        "echeance",
        "maillon_manquant",
    }
    etablis = constats.filter(pl.col("confiance") == "etabli")
    assert set(etablis["genre"]) == {"chevauchement", "echeance", "maillon_manquant"}
    combles = constats.filter(
        pl.col("genre") == "trou",
        pl.col("territoire") == MARSAN,
        pl.col("domaine").is_in(["mobilite-solidaire", "aide-alimentaire", "petite-enfance"]),
    )
    assert combles.is_empty()
    manques = constats.filter(pl.col("genre") == "maillon_manquant", pl.col("territoire") == DAX)
    assert manques.is_empty()


def test_the_network_names_the_only_bridges_and_who_would_be_cut_off(rendues):
    mesures = mesurer_reseau(rendues["liens"].frame, {"passerelle": 2})
    places = {ligne["acteur"]: ligne for ligne in mesures.iter_rows(named=True)}
    assert set(places) == {"caf", "france-travail", "passerelle", "garage", "epicerie"}
    # caf - france-travail - passerelle - (garage, epicerie) : cinq des six paires par passerelle.
    assert places["passerelle"]["intermediarite"] == pytest.approx(5 / 6)
    assert places["france-travail"]["intermediarite"] == pytest.approx(0.5)
    assert places["passerelle"]["separes"] == ["epicerie", "garage"]
    assert places["france-travail"]["separes"] == ["caf"]
    assert not places["caf"]["seul_pont"]
    assert places["passerelle"]["domaines"] == 2
    assert set(disposition(rendues["liens"].frame)) == set(places)
    # Quatre liens de travail sont trop peu : la table publiée tait chemins et ponts.
    publiee = rendues["reseau"].frame
    assert set(publiee["acteur"]) == set(places)
    assert set(publiee["seul_pont"]) == {None}


def test_france_travail_has_its_links_and_its_missing_link(rendues):
    table = {
        ligne["territoire"]: ligne
        for ligne in rendues["france_travail"].frame.iter_rows(named=True)
    }
    assert (table[MARSAN]["liens"], table[MARSAN]["maillon"]) == (2, "referent")
    assert table[MARSAN]["maillon_etat"] == "absent"
    assert table[DAX]["maillon"] is None
    assert (table[LANDES]["maillon"], table[LANDES]["maillon_etat"]) == ("orientation", "inconnu")


def test_a_scheme_of_the_workbook_meets_the_public_one_by_type_and_place(calculer, gabarit):
    autre = gabarit["dispositifs"].with_columns(
        pl.col("id").replace(
            "contrat-de-ville-ca-mont-de-marsan-agglomeration", "le-contrat-du-marsan"
        )
    )
    table = calculer({**gabarit, "dispositifs": autre})["dispositifs"].frame
    remarques = {
        ligne["id"]: ligne["remarque"] or ""
        for ligne in table.filter(pl.col("type") == "contrat-de-ville").iter_rows(named=True)
    }
    assert (
        "fin : le classeur dit « 2027 »"
        in remarques["contrat-de-ville-ca-mont-de-marsan-agglomeration"]
    )
    assert "fin : la source publique dit « 2030 »" in remarques["le-contrat-du-marsan"]
    assert "classeur" not in remarques["contrat-de-ville-ca-du-grand-dax"]


def test_links_of_france_travail_are_sorted_by_domain(rendues):
    table = rendues["liens_france_travail"].frame
    assert set(table.select("domaine", "acteur", "type", "domaine_dit").iter_rows()) == {
        ("aide-alimentaire", "passerelle", "orientation", False),
        ("mobilite-solidaire", "passerelle", "orientation", False),
        ("petite-enfance", "caf", "orientation", False),
    }


def test_every_filled_row_keeps_its_label_and_its_origin(rendues):
    for nom in ("acteurs", "dispositifs", "actions"):
        lignes = rendues[nom].frame.filter(pl.col("provenance") == "gabarit")
        decrites = lignes.filter(
            pl.col("remarque").fill_null("") != "cité par une ligne, sans description"
        )
        assert decrites.height >= 3
        assert decrites["nom"].str.contains("EXEMPLE FICTIF").all()
        assert set(decrites["origin"]) == {"classeur-fictif/fichier"}


def test_an_empty_workbook_leaves_the_public_rows_alone(calculer):
    rendues = calculer({})
    assert set(rendues["dispositifs"].frame["provenance"]) == {"public"}
    assert rendues["actions"].frame.is_empty()
    assert rendues["reseau"].frame.is_empty()


def test_published_tables_are_numbered_from_zero(rendues):
    for table in rendues.values():
        assert table.frame["rang"].to_list() == list(range(len(table)))
