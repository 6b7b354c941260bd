"""Connecteurs d'offre : chaque vraie forme se reconnaît, se lit juste, ou se refuse en français."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.contract.exemples_offre import (
    ECHANTILLONS,
    FINESS,
    FINESS_REELLES,
    MEDNUM,
    SAE_ID,
    SAE_PERINAT,
    SAE_PSY,
    archive,
    fiches_dila,
)

from solidiag.catalogue.service import lire_categories
from solidiag.errors import FichierRefuse
from solidiag.model.service import SERVICES
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import ajouter, territoires_connus
from solidiag.pipeline.offre import inventorier
from solidiag.sources.controle import Partie
from solidiag.sources.reconnaissance import reconnaitre
from solidiag.sources.registre_services import lire_offre
from solidiag.sources.reparations import Connus
from solidiag.storage.depot import Depot

DEPOT = Depot.embarque()
TEXTES = {
    nom: (fichier, octets)
    for nom, (fichier, octets) in ECHANTILLONS.items()
    if fichier.endswith(".csv")
}
AVEC_ENTETE = {nom: v for nom, v in TEXTES.items() if not nom.startswith("finess.")}


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(DEPOT))


def importer(octets: bytes, nom: str, connus: Connus) -> Partie:
    """Reconnaît un fichier parmi tous les gabarits, sans dire lequel."""
    (partie,) = reconnaitre(octets, nom, DEPOT.gabarits.values(), connus=connus).parties
    return partie


def lire(octets: bytes, nom: str, connus: Connus) -> pl.DataFrame:
    partie = importer(octets, nom, connus)
    return lire_offre(octets, partie.source, partie.fichier)


def lu(gabarit: str, connus: Connus) -> dict[str, dict[str, object]]:
    """Renvoie les services d'un échantillon par leur identifiant dans le fichier."""
    nom, octets = ECHANTILLONS[gabarit]
    table = lire(octets, nom, connus)
    return {s["id"].partition(":")[2]: s for s in table.iter_rows(named=True)}


@pytest.mark.parametrize("gabarit", ECHANTILLONS)
def test_a_true_form_is_recognised_alone_and_enters_the_schema(
    gabarit: str, connus: Connus
) -> None:
    nom, octets = ECHANTILLONS[gabarit]
    partie = importer(octets, nom, connus)
    assert partie.gabarit.id == gabarit
    assert partie.remplit == {}
    table = lire_offre(octets, partie.source, partie.fichier)
    assert dict(table.schema) == SERVICES
    assert table.height == partie.lignes > 0
    assert table["date_source"].null_count() == table["origin"].null_count() == 0
    textes = " ".join(str(valeur) for valeur in table.select(pl.col(pl.String)).rows())
    assert "0500000000" not in textes
    assert "05 00 00 00 00" not in textes
    assert "exemple.invalid" not in textes
    assert "nom de personne" not in textes


@pytest.mark.parametrize("gabarit", ECHANTILLONS)
def test_a_form_that_was_not_seen_says_so(gabarit: str, connus: Connus) -> None:
    nom, octets = ECHANTILLONS[gabarit]
    partie = importer(octets, nom, connus)
    dite = any("Relisez quelques lignes" in remarque for remarque in partie.remarques)
    assert dite == (partie.gabarit.format in ("décrit", "supposé"))


def test_soliguide_keeps_what_is_open_to_all_and_says_what_is_closed(connus: Connus) -> None:
    services = lu("soliguide.lieux", connus)
    assert services["a"]["categorie"] == "distribution-alimentaire"
    assert services["a"]["horaires_osm"] == "Mo-Tu 09:00-12:00"
    assert services["a"]["publics"] == ["tous-publics"]
    assert services["a"]["code_insee"] == "40088"
    assert services["a"]["frais"] == "gratuit"
    assert services["a"]["saturation"] is None
    assert services["b"]["saturation"] == "sature"
    assert "file" in str(services["b"]["remarque"])
    assert "c" not in services
    assert services["d"]["categorie"] == "non-classe"
    assert "un_code_inconnu" in str(services["d"]["remarque"])
    assert services["e"]["fermeture"] == "service dit fermé à partir du 2026-03-01"
    assert services["f"]["fermeture"] is None
    assert "jusqu'au 2026-08-31" in str(services["f"]["remarque"])
    assert services["f"]["horaires"] == "samedi 10h-11h30 ; 1er samedi"
    assert services["f"]["horaires_osm"] is None
    assert {"s2", "s3"}.isdisjoint(services)
    assert services["s4"]["fermeture"] == "lieu fermé définitivement"
    assert services["s6"]["publics"] == ["familles", "femmes", "jeunes", "personnes-exilees"]


def test_a_mobile_round_is_one_row_per_stop(connus: Connus) -> None:
    services = lu("soliguide.lieux", connus)
    arrets = [services["s5@0"], services["s5@1"]]
    assert [s["aller_vers"] for s in arrets] == ["itinerant", "itinerant"]
    # Un « cityCode » qui répète le code postal n'est pas un code de commune.
    assert [s["code_insee"] for s in arrets] == ["40246", None]
    assert [s["commune"] for s in arrets] == ["Sabres", "Morcenx"]


def test_finess_joins_its_two_sections_each_in_its_projection(connus: Connus) -> None:
    services = lu("finess.etablissements", connus)
    assert set(services) == {"400999991", "400999992", "970999993"}
    csapa = services["400999991"]
    assert (csapa["categorie"], csapa["code_insee"], csapa["precision_geo"]) == (
        "csapa", "40192", "point",
    )  # fmt: skip
    # Près de Mont-de-Marsan et de Saint-Denis ; le calcul est essayé dans test_offre_projections.
    assert csapa["latitude"] == pytest.approx(43.893, abs=0.01)
    assert csapa["longitude"] == pytest.approx(-0.495, abs=0.02)
    chrs = services["970999993"]
    assert (chrs["code_insee"], chrs["precision_geo"]) == ("97411", "rue")
    assert -21.0 < float(str(chrs["latitude"])) < -20.8
    assert 55.4 < float(str(chrs["longitude"])) < 55.5
    assert csapa["date_source"] == "2026-05-12"
    assert "mise à jour le 2019-03-04" in str(csapa["remarque"])
    assert csapa["identifiants"] == ["finess:400999991", "finess-ej:400999990"]


def test_a_place_that_is_a_home_keeps_only_its_commune(connus: Connus) -> None:
    lieu = lu("finess.etablissements", connus)["400999992"]
    assert lieu["nom"] == 'EXEMPLE FICTIF LIEU DE VIE "LES PINS"'
    assert (lieu["adresse"], lieu["latitude"], lieu["code_insee"]) == (None, None, "40246")


def test_real_finess_rows_give_the_commune_overseas_too(connus: Connus) -> None:
    table = lire(
        FINESS_REELLES.encode("cp1252"), "etalab-cs1100502-stock-20260512-0339.csv", connus
    )
    assert table["code_insee"].to_list() == ["01451", "97207"]
    assert table["categorie"].to_list() == ["hopital", "camsp-cmpp"]
    assert table["siret"].to_list() == ["26010004500012", "50254756500015"]
    assert table["precision_geo"].to_list() == ["inconnue", "inconnue"]


def test_finess_capacities_leave_out_what_was_withdrawn(connus: Connus) -> None:
    (places,) = lu("finess.equipements", connus).values()
    assert (places["capacite"], places["capacite_unite"]) == (31.0, "places")
    assert places["identifiants"] == ["finess:400999991"]
    assert "supprimé" not in str(places["remarque"])
    nom, octets = ECHANTILLONS["finess.equipements"]
    remarques = importer(octets, nom, connus).remarques
    assert any("importez aussi leur liste" in remarque for remarque in remarques)


@pytest.mark.parametrize("texte", [True, False])
def test_the_directory_reads_json_held_in_text_or_not(texte: bool, connus: Connus) -> None:
    octets = json.dumps({"service": fiches_dila(texte=texte)}).encode()
    table = lire(octets, "annuaire_2023-08.json", connus)
    services = {s["id"].partition(":")[2]: s for s in table.iter_rows(named=True)}
    assert set(services) == {"fiche-1", "fiche-2", "fiche-2#centre_social"}
    locale = services["fiche-1"]
    assert (locale["adresse"], locale["code_postal"]) == ("3 rue Fictive", "40100")
    assert locale["horaires_osm"] == "Mo-Th 09:00-12:00,14:00-17:00"
    assert locale["date_source"] == "2023-08-09"
    assert services["fiche-2"]["horaires_osm"] is None
    assert "sauf le 1er lundi du mois" in services["fiche-2"]["horaires"]
    # Le CSV dit la même chose que le JSON.
    assert set(lu("dila.annuaire", connus)) == set(services)


def test_hours_that_make_no_sense_are_said_and_not_put_in_notation(connus: Connus) -> None:
    fiches = fiches_dila(texte=False)[:1]
    fiches[0]["plage_ouverture"] = [
        {"nom_jour_debut": "Lundi", "nom_jour_fin": "Lundi", "valeur_heure_debut_1": "14:00:00",
         "valeur_heure_fin_1": "12:00:00", "valeur_heure_debut_2": "20:00:00",
         "valeur_heure_fin_2": "00:00:00"},
    ]  # fmt: skip
    octets = json.dumps({"service": fiches}).encode()
    guichet = lire(octets, "annuaire_2023-08.json", connus).row(0, named=True)
    assert guichet["horaires_osm"] is None
    assert guichet["horaires"].startswith("lundi 20h-24h ; une plage")


def test_digital_mediation_reads_both_ages_of_its_schema(connus: Connus) -> None:
    services = lu("mednum.lieux", connus)
    assert services["m1"]["categorie"] == "mediation-numerique"
    assert services["m1"]["publics"] == ["jeunes", "seniors"]
    assert services["m1"]["aller_vers"] == "itinerant"
    assert services["m2"]["categorie"] == "conseiller-numerique"
    anciens = lire(json.dumps(MEDNUM).encode(), "lieux.json", connus)
    assert anciens["categorie"].to_list() == ["conseiller-numerique"] * 2
    assert anciens["siret"].to_list() == ["22400001800016", "24400088100049"]
    assert anciens["horaires_osm"][1] == "Tu-Fr 09:30-12:30,13:30-18:30; Sa 09:30-12:30"
    assert anciens["frais"].to_list() == ["gratuit", "gratuit"]


def test_inclusion_employers_are_one_row_per_kind_with_no_invented_capacity(connus: Connus) -> None:
    services = lu("emplois.siae", connus)
    assert set(services) == {"99999999900011-ACI", "99999999900029-GEIQ"}
    chantier = services["99999999900011-ACI"]
    assert (chantier["categorie"], chantier["saturation"], chantier["capacite"]) == (
        "siae", "sature", None,
    )  # fmt: skip
    assert "2 postes ouverts au recrutement" in str(chantier["remarque"])
    assert services["99999999900029-GEIQ"]["categorie"] == "geiq"


def test_france_services_gives_hours_in_the_openstreetmap_form(connus: Connus) -> None:
    services = lu("france_services.liste", connus)
    assert services["124"]["horaires_osm"] == "Mo-Fr 08:00-15:00"
    assert services["247"]["horaires_osm"] == (
        "Tu 09:30-12:00,13:30-17:15; We-Fr 09:00-12:00,14:00-17:15; Sa 09:00-12:00"
    )
    assert services["124"]["code_insee"] == "2A004"
    (ancien,) = lu("france_services.geojson", connus).values()
    assert (ancien["code_insee"], ancien["latitude"]) == ("40224", 43.55478)
    assert str(ancien["horaires_osm"]).startswith("Mo 09:00-12:30,13:30-17:00")
    nom, octets = ECHANTILLONS["france_services.geojson"]
    abime = lire(octets.replace(b'"40224"', b'"4O24"'), nom, connus).row(0, named=True)
    assert (abime["code_insee"], abime["code_postal"]) == (None, "40300")


def test_a_free_comment_that_says_closed_closes(connus: Connus) -> None:
    nom, octets = ECHANTILLONS["france_services.liste"]
    ferme = octets.replace(
        b'"Non",,"Principal","Bus',
        '"Non","Structure fermée temporairement, 05 00 00 00 00","Principal","Bus'.encode(),
    )
    assert ferme != octets
    fermetures = lire(ferme, nom, connus)["fermeture"].to_list()
    assert fermetures == ["Structure fermée temporairement, …", None, None]


def test_lost_leading_zeros_are_put_back(connus: Connus) -> None:
    services = lu("dgcs.esat", connus)
    perdu = services["010008951"]
    assert (perdu["code_insee"], perdu["code_postal"]) == ("01047", "01150")
    assert perdu["identifiants"] == ["finess:010008951"]
    assert services["2A0002861"]["code_insee"] == "2A247"
    assert services["400781399"]["capacite"] == 64


def test_the_whole_sae_archive_adds_psychiatry_and_maternity(connus: Connus) -> None:
    seul = lu("drees.sae.id", connus)
    assert {s["categorie"] for s in seul.values()} == {"hopital"}
    zippe = archive(ID_2023r__csv=SAE_ID, PSY_2023r__csv=SAE_PSY, PERINAT_2023r__csv=SAE_PERINAT)
    table = lire(zippe, "SAE_2023.zip", connus)
    capacites = dict(table.select("id", "capacite").iter_rows())
    racine = table["source"][0]
    assert capacites[f"{racine}:400000105#psychiatrie"] == 58
    assert capacites[f"{racine}:400000113#psychiatrie"] == 153
    assert capacites[f"{racine}:400000105#maternite"] == 17
    assert f"{racine}:400000113#maternite" not in capacites
    assert capacites[f"{racine}:400000147"] is None


def test_bpe_codes_are_those_of_their_year_and_zero_is_unknown(connus: Connus) -> None:
    creches = lu("insee.bpe.detail", connus)
    assert [s["capacite"] for s in creches.values()] == [25.0, None]
    assert [s["precision_geo"] for s in creches.values()] == ["point", "inconnue"]
    assert {s["categorie"] for s in creches.values()} == {"creche"}
    anciennes = lu("insee.bpe.ensemble_xy", connus)
    # D503 n'est pas de la nomenclature de 2019 : la ligne n'est pas lue sous le sens de 2024.
    assert [s["code_insee"] for s in anciennes.values()] == ["40192", "97411"]
    assert [s["nom"] for s in anciennes.values()] == ["Crèche", "Crèche"]
    reunion = list(anciennes.values())[1]
    assert 55.4 < float(str(reunion["longitude"])) < 55.5


def test_imported_lists_enter_the_inventory_once(connus: Connus, tmp_path: Path) -> None:
    depot = Depot(DEPOT.racine, ajouts=tmp_path / "donnees")
    for gabarit in (
        "finess.etablissements", "finess.equipements", "dila.annuaire", "soliguide.lieux",
    ):  # fmt: skip
        nom, octets = ECHANTILLONS[gabarit]
        examen = reconnaitre(octets, nom, DEPOT.gabarits.values(), connus=connus)
        ajouter(examen, depot=depot, jour=date(2026, 11, 24))
    relu = Depot(DEPOT.racine, ajouts=tmp_path / "donnees")
    garde = (tmp_path / "donnees" / "ajouts").glob("*/source.yaml")
    assert all(len(chemin.read_text(encoding="utf-8")) < 4000 for chemin in garde)
    inventaire, _ = inventorier(
        relu,
        charger_referentiel(relu),
        departement="40",
        categories=lire_categories(relu.declaration("services/categories.yaml")),
    )
    services = inventaire.services
    # Trois guichets ne sont qu'un extrait de l'annuaire : celui de 2019 reste.
    assert not services.filter(source="offre.annuaire_administration").is_empty()
    ajoutes = services.filter(pl.col("source").str.starts_with("ajout."))
    csapa = ajoutes.filter(categorie="csapa").row(0, named=True)
    assert (csapa["capacite"], csapa["capacite_unite"]) == (31.0, "places")
    assert csapa["domaines"] == ["sante-mentale-addictions"]
    assert not ajoutes["categorie"].has_nulls()
    fermes = inventaire.ecartes["fermeture"].to_list()
    assert "lieu fermé définitivement" in fermes


def test_a_table_of_codes_that_changes_is_read_anew(connus: Connus, tmp_path: Path) -> None:
    depot = Depot(DEPOT.racine, ajouts=tmp_path)
    nom, octets = ECHANTILLONS["finess.etablissements"]
    examen = reconnaitre(octets, nom, DEPOT.gabarits.values(), connus=connus)
    (resultat,) = ajouter(examen, depot=depot, jour=date(2026, 11, 24))
    relu = Depot(DEPOT.racine, ajouts=tmp_path)
    source = relu.sources[resultat.source]
    table = source.fichiers[0].options["correspondance"]
    assert table["table"] == "finess"
    table["codes"]["620"] = {"categorie": "soins-solidaires", "libelle": "essai"}
    services = lire_offre(octets, source, source.fichiers[0])
    assert services.filter(categorie="soins-solidaires").height == 1
    (encore,) = ajouter(examen, depot=Depot(DEPOT.racine, ajouts=tmp_path), jour=date(2026, 11, 25))
    assert encore.deja


def test_a_count_of_facilities_is_as_many_services_at_their_commune(connus: Connus) -> None:
    lignes = lu("insee.bpe.ensemble", connus)
    assert {s["categorie"] for s in lignes.values()} == {"creche", "chrs"}
    assert sum(s["code_insee"] == "40192" for s in lignes.values()) == 5
    assert {s["date_source"] for s in lignes.values()} == {"2019"}
    nouvelles = lu("insee.bpe.long", connus)
    # Ni les totaux d'intercommunalité, ni un type que la table ne connaît pas.
    assert sorted(str(s["nom"]) for s in nouvelles.values()) == [
        "Crèche",
        "Crèche",
        "France services",
    ]


def test_a_real_file_with_none_of_our_types_is_refused(connus: Connus) -> None:
    octets = (Path(__file__).parent / "echantillons" / "bpe_2019.csv").read_bytes()
    assert "aucun service" in refus(octets, "bpe_2019.csv", connus)


# ------------------------------------------------------------------ fichiers fautifs


def refus(octets: bytes, nom: str, connus: Connus) -> str:
    with pytest.raises(FichierRefuse) as faute:
        importer(octets, nom, connus)
    phrase = str(faute.value)
    assert "Traceback" not in phrase
    return phrase


@pytest.mark.parametrize("encodage", ["cp1252", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("gabarit", TEXTES)
def test_another_encoding_gives_the_same_services(
    gabarit: str, encodage: str, connus: Connus
) -> None:
    nom, octets = TEXTES[gabarit]
    change = octets.decode().encode(encodage)
    assert lire(change, nom, connus).equals(lire(octets, nom, connus))


@pytest.mark.parametrize("gabarit", ECHANTILLONS)
def test_a_truncated_archive_and_a_hostile_name_are_refused(gabarit: str, connus: Connus) -> None:
    nom, octets = ECHANTILLONS[gabarit]
    base = nom.replace(".csv", ".csv")
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as sortie:
        sortie.writestr(f"dossier/{base}", octets)
    zippe = tampon.getvalue()
    assert importer(zippe, f"2024-05-{nom}.zip", connus).gabarit.id == gabarit
    assert "tronquée" in refus(zippe[: len(zippe) // 2], "f.zip", connus)
    assert "tronqué" in refus(gzip.compress(octets)[:-9], f"{nom}.gz", connus)
    hostile = io.BytesIO()
    with zipfile.ZipFile(hostile, "w") as sortie:
        sortie.writestr(f"../../{base}", octets)
    assert "sort" in refus(hostile.getvalue(), "f.zip", connus)


@pytest.mark.parametrize("gabarit", AVEC_ENTETE)
def test_a_missing_column_is_refused(gabarit: str, connus: Connus) -> None:
    nom, octets = AVEC_ENTETE[gabarit]
    tete, _, corps = octets.decode().partition("\n")
    exigee = DEPOT.gabarits[gabarit].signature.colonnes[2].replace("\\", "")
    assert exigee in tete
    phrase = refus(f"{tete.replace(exigee, 'Z', 1)}\n{corps}".encode(), nom, connus)
    assert "manque" in phrase or "forme d'aucun" in phrase


@pytest.mark.parametrize(
    ("gabarit", "bon", "faux", "dit"),
    [
        ("france_services.liste", '"40192"', '"4O192"', "cinq caractères"),
        ("france_services.liste", "43.896475", "43.89.6475", "nombres"),
        ("france_services.liste", '"247"', '"245"', "identifiants distincts"),
        ("mednum.lieux", ",40088,", ",4008,", "cinq caractères"),
        ("mednum.lieux", "m2,", "m1,", "identifiants distincts"),
        ("dgcs.esat", ",64", ",beaucoup", "nombres"),
        ("drees.sae.id", "40088", "DAX", "cinq caractères"),
        ("dila.annuaire", '[{""type_service_local""', '[{""type_service_local', "JSON"),
        ("finess.etablissements", ";2019-03-04;", "", "champs"),
        ("finess.equipements", ";S;25;;;;;;N;", ";", "champs"),
        ("insee.bpe.detail", ";25;;376000.0", ";vingt-cinq;;376000.0", "nombres"),
        ("emplois.siae", '"type": "GEIQ"', '"type": ""', "siret"),
        ("soliguide.lieux", '"lieu_id": 5', '"lieu_id": null', "lieu_id"),
    ],
)
def test_a_bad_cell_says_where_in_french(
    gabarit: str, bon: str, faux: str, dit: str, connus: Connus
) -> None:
    nom, octets = ECHANTILLONS[gabarit]
    change = octets.decode().replace(bon, faux, 1)
    assert change != octets.decode()
    assert dit in refus(change.encode(), nom, connus)


def test_codes_that_are_no_communes_are_refused(connus: Connus) -> None:
    nom, octets = ECHANTILLONS["france_services.liste"]
    change = octets.decode()
    for code in ("40192", "40110", "2A004"):
        change = change.replace(f'"{code}"', '"99999"')
    assert "codes" in refus(change.encode(), nom, connus)


@pytest.mark.parametrize(
    ("nom", "octets"),
    [
        ("soliguide.json", b'{"places": [{"lieu_id": 1'),
        ("soliguide.json", b'{"places": []}'),
        ("annuaire.json", b'{"service": 3}'),
        ("finess.csv", b"finess;etalab;111;2026-05-12\n"),
        ("finess.csv", FINESS.replace("finess;etalab", "finess;autre").encode()),
        ("lieux.html", b"<html><body>Lieux</body></html>"),
        ("vide.csv", b""),
    ],
)
def test_a_wrong_or_broken_file_is_refused(nom: str, octets: bytes, connus: Connus) -> None:
    refus(octets, nom, connus)


def test_a_bomb_is_refused(connus: Connus) -> None:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as sortie:
        sortie.writestr("ID_2023r.csv", b"0" * (100 << 20))
    assert "piégée" in refus(tampon.getvalue(), "SAE.zip", connus)
