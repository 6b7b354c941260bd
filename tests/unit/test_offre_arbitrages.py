"""Arbitrages sur les doublons : ils l'emportent, se suivent, et ne se contredisent pas."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.errors import ArbitrageImpossible
from solidiag.model.service import SERVICES
from solidiag.offre.arbitrages import Arbitrage, suites, verifier
from solidiag.offre.cadre import Cadre
from solidiag.offre.doublons import provenances, reunir
from solidiag.offre.inventaire import inventaire_du_departement
from solidiag.sources.services import lire_codes_postaux
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot


@cache
def _categories() -> dict[str, CategorieService]:
    return lire_categories(Depot.embarque().declaration("services/categories.yaml"))


def _arbitrage(a: str, b: str, verdict: str = "meme", **champs: str) -> Arbitrage:
    defaut = {"motif": "appel au guichet", "auteur": "chargée de mission", "jour": "2026-11-03"}
    return Arbitrage(id_a=a, id_b=b, verdict=verdict, **{**defaut, **champs})  # type: ignore[arg-type]


def _ligne(identifiant: str, nom: str, **champs: object) -> dict[str, object]:
    return {
        "id": identifiant,
        "source": identifiant.split(":")[0],
        "nom": nom,
        "categorie": "siae",
        "commune": "Dax",
        "code_insee": "40088",
        "precision_geo": "rue",
        "date_source": "2024",
        "adresse": "7 rue des Prairies",
        **champs,
    }


def _reunir(
    *lignes: dict[str, object], arbitrages: tuple[Arbitrage, ...] = ()
) -> tuple[dict[str, str], pl.DataFrame, pl.DataFrame]:
    table, paires = reunir(
        pl.DataFrame(list(lignes), schema=SERVICES), _categories(), arbitrages=arbitrages
    )
    return dict(table.select("id", "groupe").iter_rows()), paires, table


ATELIER = _ligne("a:1", "Atelier du Fil", siret="35347299600027")
MEME = _ligne("b:1", "ATELIER FIL", siret="35347299600027")
AUTRE = _ligne("c:1", "Jardins de Cocagne", siret="82293150700013", adresse="2 place Thiers")


def test_a_ruling_joins_what_the_rules_keep_apart() -> None:
    sans, _, _ = _reunir(ATELIER, AUTRE)
    assert len(set(sans.values())) == 2
    avec, paires, table = _reunir(ATELIER, AUTRE, arbitrages=(_arbitrage("a:1", "c:1"),))
    assert len(set(avec.values())) == 1
    ligne = paires.row(0, named=True)
    assert ligne["verdict"] == "meme"
    assert ligne["reunies"]
    assert ligne["arbitrage"] == "tranché par chargée de mission le 03/11/2026 : appel au guichet"
    assert "chargée de mission" in table["motif_groupe"][0]


def test_a_ruling_joins_across_two_communes() -> None:
    ailleurs = {**AUTRE, "code_insee": "40192", "commune": "Mont-de-Marsan"}
    groupes, _, _ = _reunir(ATELIER, ailleurs, arbitrages=(_arbitrage("a:1", "c:1"),))
    assert len(set(groupes.values())) == 1


def test_a_ruling_parts_what_the_rules_join() -> None:
    sans, _, _ = _reunir(ATELIER, MEME)
    assert len(set(sans.values())) == 1
    separe = (_arbitrage("a:1", "b:1", "different"),)
    groupes, paires, _ = _reunir(ATELIER, MEME, arbitrages=separe)
    assert len(set(groupes.values())) == 2
    ligne = paires.row(0, named=True)
    assert (ligne["verdict"], ligne["reunies"]) == ("different", False)


def test_two_parted_rows_are_not_joined_through_a_third_and_it_is_said() -> None:
    troisieme = _ligne("d:1", "Atelier du Fil", siret="35347299600027")
    separe = (_arbitrage("a:1", "b:1", "different"),)
    groupes, paires, _ = _reunir(ATELIER, MEME, troisieme, arbitrages=separe)
    assert groupes["a:1"] != groupes["b:1"]
    refusees = paires.filter((pl.col("verdict") == "meme") & ~pl.col("reunies"))
    assert len(refusees) == 1
    assert "un arbitrage sépare leurs services" in refusees["motif"][0]


def test_a_ruling_about_an_absent_row_changes_nothing() -> None:
    sans = _reunir(ATELIER, MEME, AUTRE)
    avec = _reunir(ATELIER, MEME, AUTRE, arbitrages=(_arbitrage("a:1", "ailleurs:9"),))
    assert sans[0] == avec[0]
    assert sans[1].equals(avec[1])


def test_two_opposite_rulings_are_refused_and_both_named() -> None:
    with pytest.raises(ArbitrageImpossible) as prise:
        verifier([_arbitrage("a", "b"), _arbitrage("b", "a", "different", auteur="référent")])
    assert "le même service (chargée de mission" in str(prise.value)
    assert "deux services différents (référent" in str(prise.value)


def test_a_chain_that_contradicts_a_ruling_is_refused_with_its_links() -> None:
    with pytest.raises(ArbitrageImpossible) as prise:
        verifier(
            [
                _arbitrage("a", "b"),
                _arbitrage("c", "d"),
                _arbitrage("b", "c"),
                _arbitrage("d", "a", "different"),
            ]
        )
    for lien in ("« a » et « b »", "« b » et « c »", "« c » et « d »", "« d » et « a »"):
        assert lien in str(prise.value)


def test_what_follows_from_a_ruling_is_said() -> None:
    deja = [_arbitrage("a", "b"), _arbitrage("c", "d"), _arbitrage("d", "e", "different")]
    dites = suites(deja, _arbitrage("b", "c"))
    assert "Par suite, « a » et « d » sont aussi le même service." in dites
    assert len([d for d in dites if d.startswith("Par suite")]) == 3
    assert [d for d in dites if d.startswith("Reste séparé") and "« e »" in d]
    assert suites([], _arbitrage("b", "c")) == ()


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        ({"id_b": "a"}, "elle-même"),
        ({"motif": "  "}, "« motif » est vide"),
        ({"auteur": "prenom.nom@exemple.fr"}, "adresse électronique"),
        ({"auteur": "05 58 00 00 00"}, "téléphone"),
        ({"jour": "3 novembre"}, "ne se lit pas"),
        ({"jour": "20261103"}, "ne se lit pas"),
        ({"jour": "2026-W45-2"}, "ne se lit pas"),
        ({"verdict": "peut-être"}, "est inconnu"),
    ],
)
def test_a_ruling_badly_written_says_what_is_expected(champs: dict[str, str], attendu: str) -> None:
    entiers = {
        "id_a": "a", "id_b": "b", "verdict": "meme", "motif": "vu sur place",
        "auteur": "chargée de mission", "jour": "2026-11-03", **champs,
    }  # fmt: skip
    with pytest.raises(ArbitrageImpossible, match=attendu):
        Arbitrage(**entiers)  # type: ignore[arg-type]


def test_a_merged_service_keeps_every_source_id_and_date() -> None:
    _, _, table = _reunir(ATELIER, {**MEME, "date_source": "2021-05"}, AUTRE)
    ligne = provenances(table).filter(pl.col("n_sources") == 2).row(0, named=True)
    assert ligne["sources"] == ["a", "b"]
    assert ligne["ids"] == ["a:1", "b:1"]
    assert ligne["dates"] == ["2024", "2021-05"]


def test_a_finess_number_joins_and_another_parts() -> None:
    esat = {"categorie": "esat", "siret": None}
    premier = _ligne("a:1", "Esat du Marensin", identifiants=["finess:400000011"], **esat)
    meme = _ligne("b:1", "Les Ateliers", identifiants=["finess:400000011"], **esat)
    autre = _ligne("c:1", "Esat du Marensin", identifiants=["finess:400000022"], **esat)
    groupes, _, _ = _reunir(premier, meme, autre)
    assert groupes["a:1"] == groupes["b:1"] != groupes["c:1"]


def test_the_siret_of_a_town_does_not_name_one_of_its_libraries() -> None:
    ville = {"categorie": "conseiller-numerique", "siret": "21350238800019", "source": "lieux"}
    groupes, _, _ = _reunir(
        _ligne("lieux:1", "Bibliothèque Triangle", **{**ville, "adresse": "3 boulevard Sud"}),
        _ligne("lieux:2", "Bibliothèque Verdun", **{**ville, "adresse": "2 boulevard Nord"}),
        _ligne(
            "structures:1", "COMMUNE DE DAX", categorie="structure-conseiller-numerique",
            siret="21350238800019", adresse="place de la mairie",
        ),
    )  # fmt: skip
    assert len(set(groupes.values())) == 3


def test_a_ruling_enters_the_inventory_of_a_department_and_its_table_of_pairs() -> None:
    depot = Depot.embarque()
    source, fichier = depot.fichier("offre.codes_postaux/codes_2026")
    cadre = Cadre.depuis(
        charger_referentiel(depot.octets),
        lire_codes_postaux(depot.octets(fichier.fichier), source, fichier),
    )
    table = pl.DataFrame([ATELIER, AUTRE], schema=SERVICES)
    rendu = inventaire_du_departement(
        table,
        cadre,
        departement="40",
        categories=_categories(),
        couvertures={},
        limitrophes=(),
        arbitrages=[_arbitrage("c:1", "a:1")],
    )
    assert rendu.services["groupe"].n_unique() == 1
    assert rendu.reunions["arbitrage"].to_list() == [_arbitrage("a:1", "c:1").dit]


def test_two_sites_of_one_siret_are_not_joined_through_a_row_without_an_address() -> None:
    siret = {"siret": "24400069100026"}
    groupes, paires, _ = _reunir(
        _ligne(
            "lieux:1", "Médiathèque", categorie="conseiller-numerique",
            **{**siret, "adresse": "12 place Bouyssou"},
        ),
        _ligne(
            "s2021:1", "CC DU PAYS", categorie="structure-conseiller-numerique",
            **{**siret, "adresse": "4 rue de la Gare"},
        ),
        _ligne(
            "s2022:1", "CC DU PAYS", categorie="structure-conseiller-numerique",
            **{**siret, "adresse": None},
        ),
    )  # fmt: skip
    assert groupes["s2021:1"] == groupes["s2022:1"] != groupes["lieux:1"]
    refusee = paires.filter((pl.col("verdict") == "meme") & ~pl.col("reunies"))
    assert "autre site" in refusee["motif"][0]
