"""La commande ``offre`` sur les vraies lignes des Landes : Sabres (40246) et Dax (40088)."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.unit.test_cli import Lancer, lancer, mots_anglais

from solidiag.cli.affichage_offre import NON_MESURE
from solidiag.errors import SolidiagError
from solidiag.offre.horaires import lire_horaires
from solidiag.pipeline.alentour import Base, Question, repondre, resumer
from solidiag.pipeline.doublons import paires_montrees
from solidiag.pipeline.qualite_offre import calculer_qualite
from solidiag.sources.registre_services import lire_offre
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

__all__ = ["lancer"]


def test_what_is_within_reach_of_sabres(lancer: Lancer) -> None:
    fait = lancer("offre", "40", "--autour", "sabres", "--domaine", "inclusion-numerique")
    assert fait.code == 0
    assert fait.erreur == ""
    assert "Offre à portée : Sabres (40246), 30 minutes au plus en voiture" in fait.sortie
    assert "France services Coeur Haute Lande" in fait.sortie
    assert "mardi 09:00 - 18:00" in fait.sortie
    assert "C'est une convention, avec sa fourchette" in fait.sortie
    assert "2024-08-01 (2 ans, ancienne)" in fait.sortie
    assert "Itinérants (desserte non connue) : 3" in fait.sortie
    assert "Ce qui manque, et à qui le demander" in fait.sortie
    assert mots_anglais(fait.sortie) == set()


def test_the_domains_of_the_pact_come_before_other_useful_places(lancer: Lancer) -> None:
    fait = lancer("offre", "40", "--autour", "sabres")
    assert fait.code == 0
    sortie = fait.sortie
    pacte = sortie.index("Services à portée, par domaine du Pacte")
    autres = sortie.index("Autres lieux utiles")
    assert pacte < sortie.index("France services Coeur Haute Lande") < autres
    assert autres < sortie.index("La Poste", autres)
    assert sortie[pacte:autres].count(" min (") >= 15
    assert sortie[pacte:].count(" min (") == 30


def test_files_hold_every_line_and_the_question(lancer: Lancer, tmp_path: Path) -> None:
    fait = lancer(
        *("offre", "Landes", "--autour", "40088", "--minutes", "20"),
        *("--formats", "csv,json", "--vers", str(tmp_path / "sortie")),
    )
    assert fait.code == 0
    octets = (tmp_path / "sortie" / "offre-40-dax.csv").read_bytes()
    lignes = list(csv.DictReader(io.StringIO(octets.decode("utf-8-sig")), delimiter=";"))
    contenu = json.loads((tmp_path / "sortie" / "offre-40-dax.json").read_bytes())
    assert len(lignes) == len(contenu["a_portee"]) + len(contenu["viennent_ou_a_distance"])
    assert contenu["depart"] == {"commune": "40088", "nom": "Dax", "point": None}
    minutes = [ligne["minutes"] for ligne in contenu["a_portee"]]
    assert minutes == sorted(minutes)
    assert 5 < minutes[-1] <= 20
    siae = {ligne["nom"] for ligne in contenu["a_portee"] if ligne["categorie"] == "siae"}
    assert len(siae) >= 4
    for ligne in contenu["a_portee"]:
        assert ligne["minutes_bas"] <= ligne["minutes"] <= ligne["minutes_haut"]
        assert ligne["sources"]


@pytest.fixture(scope="module")
def landes(cache_a_part: Path) -> Base:
    return Base.charger("40", cache=Cache(cache_a_part))


def test_a_point_and_a_commune_are_two_departures(landes: Base) -> None:
    reponse = repondre(
        landes,
        Question(point=(44.148, -0.739), domaines=("inclusion-numerique",)),
        jour=date(2026, 11, 24),
    )
    proches = dict(reponse.alentour.a_portee.select("nom", "minutes").iter_rows())
    assert reponse.depart.id == "COM-40246"
    assert proches["France services Coeur Haute Lande"] < 1


@pytest.mark.parametrize(
    ("question", "phrase"),
    [
        (Question(lieu="Sabre"), "Vouliez-vous dire « Sabres (40246) »"),
        (Question(lieu="Bayonne"), "solidiag offre 64 --autour 64102"),
        (Question(lieu="Dax", domaines=("alimentation",)), "« alimentation-durable »"),
        (Question(lieu="Dax", publics=("zzz",)), "Public inconnu"),
        (Question(point=(48.85, 2.35)), "solidiag offre 75 --autour 75056"),
        (Question(point=(0.0, 0.0)), "n'est près d'aucune commune"),
    ],
)
def test_what_is_not_understood_is_said(landes: Base, question: Question, phrase: str) -> None:
    with pytest.raises(SolidiagError) as faute:
        repondre(landes, question, jour=date(2026, 11, 24))
    assert phrase in str(faute.value)


def test_what_is_not_understood_ends_with_one(lancer: Lancer) -> None:
    faute = lancer("offre", "40", "--autour", "Daxx")
    assert faute.code == 1
    assert faute.sortie == ""
    assert "« Dax (40088) »" in faute.erreur
    assert mots_anglais(faute.erreur) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--autour", "Dax", "--point=1,1"),
        ("--autour", "Dax", "--minutes", "500"),
        ("--point=nord,sud",),
        ("--autour", "Dax", "--mode", "avion"),
        ("--trancher", "a", "b", "peut-etre"),
        ("--trancher", "a", "b", "meme"),
    ],
)
def test_a_badly_written_request_ends_with_two(lancer: Lancer, arguments: tuple[str, ...]) -> None:
    faute = lancer("offre", "40", *arguments)
    assert faute.code == 2
    assert faute.sortie == ""


def test_the_summary_says_what_is_missing_and_who_holds_it(lancer: Lancer) -> None:
    fait = lancer("offre", "40")
    assert fait.code == 0
    assert "Domaines non documentés, et qui détient le fichier" in fait.sortie
    assert "Liste des points conseil budget labellisés : DGCS" in fait.sortie
    assert "Structures France services : 20 lignes, 2024-08-01 !" in fait.sortie


def test_the_summary_counts_what_the_report_counts(landes: Base) -> None:
    jour = date(2026, 11, 24)
    bilan = resumer(landes, jour=jour)
    inventaire = landes.inventaire
    qualite = calculer_qualite(
        landes.depot, landes.referentiel, inventaire.services, inventaire.ecartes,
        departement="40", jour=jour,
    ).territoires.frame.filter(pl.col("territoire") == "DEP-40")  # fmt: skip
    dits = {
        ligne["domaine"]: (ligne["services"] or 0, ligne["date_mediane"] or "")
        for ligne in qualite.iter_rows(named=True)
    }
    for ligne in bilan.domaines:
        assert (ligne.services, ligne.date) == dits[ligne.domaine.id]
    assert sum(not ligne.services and ligne.etat == NON_MESURE for ligne in bilan.domaines) == 8
    paires, reunies, _ = paires_montrees(landes)
    assert reunies == inventaire.reunions.height < len(paires)


def test_a_ruling_separates_two_lines_and_is_undone(
    lancer: Lancer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLIDIAG_DONNEES", str(tmp_path))
    paire = ("offre.ehpad_prix:EHPAD OLIVIER DARBLADE", "offre.personnes_agees:400783346")
    rendu = lancer(
        *("offre", "40", "--trancher", *paire, "different"),
        *("--motif", "deux établissements", "--auteur", "chargée de mission"),
    )
    assert rendu.code == 0
    apres = lancer("offre", "40", "--doublons").sortie
    assert "tenues pour différentes" in apres
    assert "tranché par chargée de mission" in apres.replace("\n", " ").replace("    ", "")
    assert lancer("offre", "40", "--annuler", *paire).code == 0
    assert Depot(ajouts=tmp_path).arbitrages.lire() == ()


def test_nothing_is_sent_without_consent(
    lancer: Lancer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLIDIAG_DONNEES", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    fait = lancer("offre", "40", "--geocoder")
    assert fait.code == 1
    assert "adresses de services à chercher (0 déjà connues)" in fait.sortie
    assert "et rien d'autre" in fait.sortie
    assert "Rien n'est envoyé" in fait.sortie
    assert list(tmp_path.iterdir()) == []


def test_the_two_notations_of_the_hours_agree_on_every_real_row() -> None:
    depot = Depot()
    source, fichier = depot.fichier("offre.france_services/structures_2024")
    table = lire_offre(depot.octets(fichier.fichier), source, fichier).filter(
        pl.col("horaires_osm").is_not_null()
    )
    assert table.height > 2500
    for francais, osm in table.select("horaires", "horaires_osm").iter_rows():
        assert lire_horaires(francais) == lire_horaires(osm)
