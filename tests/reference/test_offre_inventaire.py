"""Inventaire réel : nombres lus à la main dans les fichiers, d'un département à l'autre."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest

from solidiag.catalogue.indicateur import MesureOffre
from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.geography.distances import ParametresTrajet
from solidiag.geography.referentiel import Referentiel
from solidiag.offre.acces import Acces, mesurer_acces
from solidiag.offre.cadre import Cadre
from solidiag.offre.inventaire import Inventaire, inventaire_du_departement
from solidiag.offre.mesures import couvertures_par_categorie
from solidiag.offre.trajets import TrajetEstime
from solidiag.sources.services import lire_codes_postaux, lire_services
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot


@cache
def _depot() -> Depot:
    return Depot()


@cache
def _referentiel() -> Referentiel:
    return charger_referentiel(_depot().octets)


@cache
def _cadre() -> Cadre:
    source, fichier = _depot().fichier("offre.codes_postaux/codes_2026")
    codes = lire_codes_postaux(_depot().octets(fichier.fichier), source, fichier)
    return Cadre.depuis(_referentiel(), codes)


@cache
def _lus() -> pl.DataFrame:
    return pl.concat(
        lire_services(_depot().octets(fichier.fichier), source, fichier)
        for source in _depot().sources.values()
        for fichier in source.fichiers
        if fichier.lecteur == "services"
    )


@cache
def _categories() -> dict[str, CategorieService]:
    return lire_categories(_depot().declaration("services/categories.yaml"))


@cache
def _inventaire(departement: str) -> Inventaire:
    return inventaire_du_departement(
        _lus(),
        _cadre(),
        departement=departement,
        categories=_categories(),
        couvertures={source.id: source.couverture for source in _depot().sources.values()},
        limitrophes=_referentiel().limitrophes(departement),
    )


@cache
def _acces(departement: str, categorie: str) -> Acces:
    mesure = MesureOffre(
        id=categorie, libelle="x", libelle_court="x", domaines=("x",), nature="presence",
        origine="services", selection={"categories": [categorie]},
    )  # fmt: skip
    parametres = ParametresTrajet.depuis(_depot().parametres("temps_de_trajet"))
    return mesurer_acces(
        mesure,
        _inventaire(departement),
        cadre=_cadre(),
        trajets=TrajetEstime(parametres=parametres),
        couvertures=couvertures_par_categorie(_depot().sources.values()),
        origines={},
        plafond=parametres.plafond_minutes,
    )


def _services(departement: str, categorie: str) -> pl.DataFrame:
    inventaire = _inventaire(departement)
    communes = _referentiel().communes_du_departement(departement)
    return inventaire.services.filter(
        (pl.col("categorie") == categorie) & pl.col("code_insee").is_in(communes)
    )


@pytest.mark.parametrize(
    ("categorie", "lignes", "services", "communes"),
    [
        ("france-services", 20, 20, 20),
        ("maison-des-solidarites", 22, 22, 20),
        ("conseiller-numerique", 50, 48, 34),
        ("siae", 32, 32, 18),
        ("esat", 9, 9, 7),
        ("ehpad", 106, 59, None),
        ("point-postal", 164, 164, None),
        ("gare", 15, 15, 15),
        ("pmi", 6, 6, 5),
        ("mission-locale", 2, 2, 2),
        ("information-jeunesse", 9, 9, 9),
        ("point-justice", 11, 11, 10),
        ("cio", 4, 4, 4),
        ("clic", 3, 3, 3),
        ("cidff", 2, 2, 2),
        ("france-travail", 5, 5, 5),
        ("psychiatrie", 7, 7, 6),
        ("maternite", 2, 2, 2),
        ("creche", 48, 48, 32),
    ],
)
def test_counts_of_a_known_department(
    categorie: str, lignes: int, services: int, communes: int | None
) -> None:
    table = _services("40", categorie)
    assert table.height == lignes
    assert table["groupe"].n_unique() == services
    if communes is not None:
        assert table["code_insee"].n_unique() == communes


@pytest.mark.parametrize("departement", ["971", "972", "973", "974", "976", "2A"])
def test_no_service_comes_across_the_sea(departement: str) -> None:
    alentour = _inventaire(departement).alentour
    voisins = alentour.join(
        _cadre().communes.select("code", "departement"), left_on="code_insee", right_on="code"
    )
    assert set(voisins["departement"]) <= ({"2B"} if departement == "2A" else set())
    assert voisins.height == alentour.height


def test_without_a_place_by_road_a_time_says_why() -> None:
    temps = _acces("976", "esat").observations.filter(pl.col("indicateur") == "offre.esat.temps")
    assert set(temps["motif"]) == {"aucun lieu connu n'est accessible par la route"}
    assert set(temps["status"]) == {"L"}
    assert temps["value"].null_count() == temps.height > 0


def test_town_halls_are_read_but_not_counted_as_services() -> None:
    assert "mairie" in set(_lus()["categorie"])
    inventaire = _inventaire("40")
    for table in (inventaire.services, inventaire.alentour, inventaire.ecartes):
        assert "mairie" not in set(table["categorie"])


def test_capacities_of_a_known_department() -> None:
    def total(categorie: str) -> float:
        table = _acces("40", categorie).observations
        return float(
            table.filter(
                (pl.col("territoire") == "DEP-40")
                & (pl.col("indicateur") == f"offre.{categorie}.capacite")
            )["value"][0]
        )

    assert total("ehpad") == 4577
    assert total("esat") == 624
    structures = _services("40", "structure-conseiller-numerique")
    assert structures.filter(pl.col("source").str.ends_with("2022"))["capacite"].sum() == 32


def test_the_traps_of_the_files_are_avoided() -> None:
    services = _inventaire("40").services
    geiq = services.filter(pl.col("nom").str.contains("GEIQ"))
    assert geiq["code_insee"].to_list() == ["40312"] * 3
    assert set(geiq["precision_geo"]) == {"douteuse"}
    assert geiq["groupe"].n_unique() == 3
    dax = services.filter(
        (pl.col("categorie") == "siae") & (pl.col("adresse") == "7 Rue des Prairies")
    )
    assert dax["groupe"].n_unique() == 4
    parentis = services.filter(pl.col("id").str.ends_with(":pif-40192-01"))
    assert parentis["code_insee"].to_list() == ["40217"]


def test_services_without_a_successor_are_closed_with_a_reason() -> None:
    inventaire = _inventaire("40")
    assert inventaire.ecartes["categorie"].to_list() == ["msap"] * 5
    assert inventaire.ecartes["fermeture"].null_count() == 0
    repris = inventaire.services.filter(pl.col("categorie") == "msap")
    assert repris.height == 4
    assert repris["groupe"].str.starts_with("offre.france_services:").all()


def test_a_post_office_hosting_france_services_is_shown_as_a_shared_place() -> None:
    inventaire = _inventaire("40")
    lieux = inventaire.paires.filter(pl.col("verdict") == "meme_lieu")
    postes = lieux.filter(
        pl.col("id_a").str.starts_with("offre.france_services")
        & pl.col("id_b").str.starts_with("offre.laposte")
    )
    assert postes.height >= 2
    assert not postes["reunies"].any()


def test_reunions_have_a_reason_and_two_names() -> None:
    reunions = _inventaire("40").reunions
    assert reunions.height > 80
    assert reunions.drop("commune", "arbitrage").null_count().sum_horizontal()[0] == 0


@pytest.mark.parametrize("departement", ["64", "33", "2A", "75", "13", "974", "976"])
def test_other_departments_have_the_national_lists_only(departement: str) -> None:
    inventaire = _inventaire(departement)
    locales = {
        source.id
        for source in _depot().sources.values()
        if source.couverture.departements == ("40",)
    }
    communes = _referentiel().communes_du_departement(departement)
    ici = inventaire.services.filter(pl.col("code_insee").is_in(communes))
    voulues = locales - {"offre.maisons_solidarites"}
    assert not set(ici["source"]) & voulues
    assert ici.filter(pl.col("categorie") == "france-services").height > 0
    table = _acces(departement, "gare").observations
    assert set(table["status"]) == {"L"}
    temps = _acces(departement, "france-services").observations.filter(
        pl.col("territoire") == f"DEP-{departement}"
    )
    assert temps["value"].null_count() == 0


def test_france_services_across_the_border_shorten_a_time() -> None:
    detail = _acces("40", "france-services").detail
    codes = dict(_inventaire("40").alentour.select("id", "code_insee").iter_rows())
    voisins = detail.filter(pl.col("service").is_in(list(codes)))
    assert voisins.height > 10
    assert not detail["au_plus"].any()


def test_every_time_is_inside_its_band() -> None:
    table = _acces("40", "ehpad").observations.filter(pl.col("status") == "E")
    assert table.filter(
        (pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value"))
    ).is_empty()
    assert table.filter(pl.col("motif").str.starts_with("au plus")).height > 10
