"""Registres réunis : rien ne se perd, ce qui se contredit est dit des deux côtés."""

from __future__ import annotations

import polars as pl
import pytest

from solidiag.catalogue.dispositif import Coordination
from solidiag.model.coordination import ACTEURS, LIENS
from solidiag.offre.coordination.registre import (
    RETIREE,
    Registres,
    completer_acteurs,
    en_table,
    identifiant,
    reunir_registres,
)
from solidiag.pipeline.coordination import charger_declarations
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def coordination() -> Coordination:
    return charger_declarations(Depot.embarque()).coordination


def _remarque(table: pl.DataFrame, cle: str, provenance: str) -> str:
    ligne = table.filter(pl.col("id") == cle, pl.col("provenance") == provenance)
    assert ligne.height == 1
    return ligne["remarque"][0] or ""


def test_every_row_of_both_sides_stays(public, gabarit, coordination):
    reunis = reunir_registres(public, gabarit, coordination)
    for nom, table in reunis.tables.items():
        attendu = getattr(public, nom).height + gabarit[nom].height
        assert table.height == attendu, nom


def test_two_ends_that_disagree_are_both_kept_and_both_say_so(public, gabarit, coordination):
    table = reunir_registres(public, gabarit, coordination).dispositifs
    cle = "contrat-de-ville-ca-mont-de-marsan-agglomeration"
    assert "fin : la source publique dit « 2030 »" in _remarque(table, cle, "gabarit")
    assert "fin : le classeur dit « 2027 »" in _remarque(table, cle, "public")
    assert table.filter(pl.col("id") == cle)["fin"].sort().to_list() == ["2027", "2030"]


def test_a_known_institution_and_a_known_name_take_the_public_identifier(
    public, gabarit, coordination
):
    reunis = reunir_registres(public, gabarit, coordination)
    assert "caf-ici" not in reunis.acteurs["id"]
    assert reunis.acteurs.filter(pl.col("id") == "caf").height == 2
    assert reunis.acteurs.filter(pl.col("id") == "siren-999999999").height == 2
    assert set(reunis.liens["acteur_b"]) == {
        "passerelle",
        "siren-999999999",
        "epicerie",
        "france-travail",
    }
    pilotes = reunis.dispositifs.filter(pl.col("id") == "ctg-marsan")
    assert pilotes["pilote"].to_list() == ["caf"]
    assert pilotes["financeurs"].to_list() == [["caf"]]


def test_an_actor_only_cited_gets_a_row_that_says_so(public, gabarit, coordination):
    reunis = reunir_registres(public, gabarit, coordination)
    complets = completer_acteurs(reunis, coordination)
    ajoutes = complets.acteurs.filter(pl.col("remarque") == "cité par une ligne, sans description")
    assert ajoutes.select("id", "nom", "provenance").rows() == [
        ("france-travail", "France Travail", "gabarit")
    ]
    assert completer_acteurs(complets, coordination).acteurs.equals(complets.acteurs)


def test_an_association_that_only_mentions_an_institution_is_not_it(public, gabarit, coordination):
    acteurs = gabarit["acteurs"].with_columns(
        pl.when(pl.col("id") == "caf-ici")
        .then(pl.lit("Amicale des anciens de la Caf (EXEMPLE FICTIF)"))
        .otherwise("nom")
        .alias("nom")
    )
    reunis = reunir_registres(public, {**gabarit, "acteurs": acteurs}, coordination)
    assert "caf-ici" in reunis.acteurs["id"].to_list()


def test_an_address_or_a_phone_number_written_by_hand_does_not_go_through(public, gabarit):
    liens = gabarit["liens"].with_columns(
        objet=pl.lit("écrire à prenom.nom@exemple.fr ou appeler le 05 00 00 00 00")
    )
    textes = reunir_registres(public, {**gabarit, "liens": liens}).liens["objet"].unique()
    assert textes.to_list() == [f"écrire à {RETIREE} ou appeler le {RETIREE}"]


def test_a_siret_is_not_taken_for_a_phone_number(public, gabarit):
    liens = gabarit["liens"].with_columns(objet=pl.lit("siret 21400088700015"))
    reunis = reunir_registres(public, {**gabarit, "liens": liens})
    assert reunis.liens["objet"].unique().to_list() == ["siret 21400088700015"]


def test_an_unknown_register_or_field_is_refused(gabarit):
    with pytest.raises(ValueError, match="registres inconnus"):
        Registres.depuis({"instances": gabarit["liens"]})
    with pytest.raises(ValueError, match="hors du schéma"):
        en_table([{"acteur_a": "a", "telephone": "x"}], LIENS)


def test_an_identifier_has_no_accent_nor_space():
    assert identifiant("Épicerie sociale — L'Étang") == "epicerie-sociale-l-etang"


@pytest.mark.parametrize(
    "ecrit",
    [
        "prenom.nom@pref.essai.gouv.fr",
        "05\u00a000\u202f00\u00a000\u00a000",
        "05/00/00/00/00",
        "+33 (0)5 00 00 00 00",
        "0033500000000",
        "+262 262 00 00 00",
    ],
)
def test_a_mail_or_a_phone_is_taken_out_whole_however_it_is_typed(ecrit):
    table = en_table(
        [{"acteur_a": "a", "acteur_b": "b", "type": "convention", "objet": f"voir {ecrit} ici"}],
        LIENS,
    )
    reunis = reunir_registres(Registres.depuis({}), {"liens": table})
    assert reunis.liens["objet"].to_list() == [f"voir {RETIREE} ici"]


@pytest.mark.parametrize("garde", ["Siret 00542013400012", "le 01/02/2026, 30 places", "40192"])
def test_a_siret_or_a_date_is_not_a_phone(garde):
    table = en_table(
        [{"acteur_a": "a", "acteur_b": "b", "type": "convention", "objet": garde}], LIENS
    )
    reunis = reunir_registres(Registres.depuis({}), {"liens": table})
    assert reunis.liens["objet"].to_list() == [garde]


def test_a_list_of_texts_has_no_mail_either():
    acteur = {"id": "a", "nom": "A", "type": "autre", "competences": ["x", "dire a@b.fr"]}
    reunis = reunir_registres(Registres.depuis({}), {"acteurs": en_table([acteur], ACTEURS)})
    assert reunis.acteurs["competences"].to_list() == [["x", f"dire {RETIREE}"]]


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("Essai fictif – France Travail Dax", "france-travail"),
        ("agence France Travail de Dax", "france-travail"),
        ("FT Dax", "france-travail"),
        ("Pôle emploi", "france-travail"),
        ("Département des Landes", "departement"),
        ("Conseil départemental", "departement"),
        ("Direction départementale des territoires", "ddt"),
        ("CCAS de Dax", "siren-1"),
        ("Amicale de la Caf", "saisi"),
    ],
)
def test_an_institution_is_known_however_its_name_is_written(coordination, nom, attendu):
    public = {"id": "siren-1", "nom": "Centre communal d'action sociale de Dax"}
    saisi = {"id": "saisi", "nom": nom, "provenance": "gabarit"}
    reunis = reunir_registres(
        Registres.depuis({"acteurs": en_table([{**public, "provenance": "public"}], ACTEURS)}),
        {"acteurs": en_table([saisi], ACTEURS)},
        coordination,
    )
    ligne = reunis.acteurs.row(1, named=True)
    assert ligne["id"] == attendu
    assert bool(ligne["remarque"]) == (attendu == "saisi")
