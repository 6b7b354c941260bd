"""Un extrait importé devient le fournisseur de trajets du département qu'il couvre."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.contract.extrait_osm import POINTS, ecrire_pbf
from tests.contract.test_extrait_osm import VOITURE
from tests.unit.test_itineraires import osrm
from tests.unit.test_reseau import HorlogeFausse, serveur

from solidiag.cli import main
from solidiag.errors import (
    DeclarationInvalide,
    FichierAltere,
    FichierRefuse,
    RecuperationImpossible,
)
from solidiag.geography.couples import Itineraires
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import controler_fichiers
from solidiag.pipeline.reseaux import ajouter_reseau, examiner_reseau, reseaux_de, retirer_reseau
from solidiag.pipeline.trajets import TrajetsChoisis, fournisseur_de_trajets
from solidiag.storage.depot import Depot
from solidiag.storage.reseaux import empreinte_des_trajets

JOUR = date(2026, 11, 24)
VARIABLE = "SOLIDIAG_ITINERAIRES"

ICI = pl.DataFrame(
    {
        "code": ["40001", "40002"],
        "latitude": [POINTS[1][0], POINTS[5][0]],
        "longitude": [POINTS[1][1], POINTS[5][1]],
    }
)
AILLEURS = ICI.with_columns(pl.lit(48.8).alias("latitude"))


@pytest.fixture
def depot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Depot:
    monkeypatch.setenv("SOLIDIAG_DONNEES", str(tmp_path / "donnees"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return Depot()


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot.embarque())


@pytest.fixture
def importe(depot: Depot, referentiel: Referentiel, tmp_path: Path) -> Depot:
    extrait = ecrire_pbf(tmp_path / "Essai-latest.osm.pbf")
    examen = examiner_reseau(extrait, depot=depot, referentiel=referentiel)
    assert ajouter_reseau(examen, depot=depot, jour=JOUR) == "Ajouté : reseau.essai"
    return depot


@pytest.fixture
def faux_osrm() -> Iterator[str]:
    with serveur(osrm) as adresse:
        yield adresse


def test_the_lock_says_where_the_network_comes_from(importe: Depot, tmp_path: Path) -> None:
    verrou = reseaux_de(importe).verrou("reseau.essai")
    extrait = tmp_path / "Essai-latest.osm.pbf"
    assert verrou["origine"]["fichier"] == "Essai-latest.osm.pbf"
    assert verrou["origine"]["taille"] == extrait.stat().st_size
    assert verrou["licence"] == "ODbL-1.0"
    assert "contributeurs d'OpenStreetMap" in verrou["mention"]
    assert verrou["copie"].startswith("retravaillée")
    assert verrou["obtenu_le"] == "2026-11-24"
    assert verrou["departements"] == []


def test_the_same_extract_changes_nothing_and_another_keeps_the_first(
    importe: Depot, referentiel: Referentiel, tmp_path: Path
) -> None:
    meme = examiner_reseau(
        tmp_path / "Essai-latest.osm.pbf", depot=importe, referentiel=referentiel
    )
    assert ajouter_reseau(meme, depot=importe, jour=JOUR).startswith("Déjà ajouté")
    autre = ecrire_pbf(tmp_path / "essai-261101.osm.pbf", voies=[((1, 2), {"highway": "primary"})])
    examen = examiner_reseau(autre, depot=importe, referentiel=referentiel)
    assert "anciens" in ajouter_reseau(examen, depot=importe, jour=JOUR)
    assert len(reseaux_de(importe).lire("reseau.essai").reseau.de) == 1
    assert (reseaux_de(importe).racine / "anciens" / "reseau.essai.1" / "reseau.npz").is_file()


def test_the_imported_network_gives_the_times_of_the_extract(importe: Depot) -> None:
    trajets: Itineraires = fournisseur_de_trajets(importe, communes=ICI)
    trouves = trajets.couples(ICI, ICI, limite=60)
    matrice = np.full((2, 2), np.nan)
    matrice[trouves.depart, trouves.arrivee] = trouves.temps
    assert matrice[0, 1] == pytest.approx(VOITURE[1, 5], rel=1e-6)
    assert not trajets.estime
    assert "Essai-latest.osm.pbf, importé le 2026-11-24" in trajets.nom
    assert "© les contributeurs d'OpenStreetMap, ODbL" in trajets.nom
    assert "ODbL" in trajets.remarques[0]


def test_a_speed_of_the_person_changes_the_times_and_a_fault_is_said(importe: Depot) -> None:
    livre = importe.declarations / "parametres" / "routes.yaml"
    copie = reseaux_de(importe).racine / "reglages" / "parametres" / "routes.yaml"
    copie.parent.mkdir(parents=True)
    texte = livre.read_text("utf-8")
    copie.write_text(texte.replace("    primary: 70\n", "    primary: 35\n"), "utf-8")
    trajets = fournisseur_de_trajets(Depot(), communes=ICI)
    aller = trajets.couples(ICI, ICI, limite=60)
    plus_lent = aller.temps[(aller.depart == 0) & (aller.arrivee == 1)]
    assert plus_lent[0] > VOITURE[1, 5] + 1
    copie.write_text(texte.replace("    primary: 70\n", "    primary: -1\n"), "utf-8")
    with pytest.raises(DeclarationInvalide, match=r"routes\.yaml.*primary"):
        fournisseur_de_trajets(Depot(), communes=ICI)


def test_a_network_that_does_not_cover_is_not_used_and_it_is_said(importe: Depot) -> None:
    trajets = fournisseur_de_trajets(importe, communes=AILLEURS)
    assert trajets.estime
    assert trajets.remarques[0].startswith("Temps estimés à vol d'oiseau")
    assert trajets.remarques[1] == (
        "Le réseau reseau.essai ne dessert que 0\u202f% des communes : il ne sert pas."
    )


def test_without_anything_the_times_are_estimated(depot: Depot) -> None:
    for mode in ("voiture", "velo", "pied"):
        trajets = fournisseur_de_trajets(depot, mode=mode, communes=ICI)
        assert (trajets.estime, trajets.mode) == (True, mode)
        assert trajets.limite_de_bande(30) > 30
    with pytest.raises(ValueError, match="moto"):
        fournisseur_de_trajets(depot, mode="moto")


def test_an_altered_network_is_ignored_said_and_found_by_the_check(importe: Depot) -> None:
    chemin = reseaux_de(importe).dossier / "reseau.essai" / "reseau.npz"
    chemin.write_bytes(chemin.read_bytes()[:-5])
    with pytest.raises(FichierAltere):
        reseaux_de(importe).lire("reseau.essai")
    trajets = fournisseur_de_trajets(importe, communes=ICI)
    assert trajets.estime
    assert "a été modifié" in trajets.remarques[1]
    fautes = controler_fichiers(importe).fautes
    assert len(fautes) == 1
    assert "reseau.npz" in fautes[0]


def test_a_removed_network_is_kept_aside_then_destroyed(importe: Depot) -> None:
    retirer_reseau("reseau.essai", depot=importe)
    assert reseaux_de(importe).noms() == []
    with pytest.raises(FichierRefuse, match="aucun"):
        retirer_reseau("reseau.essai", depot=importe)
    assert reseaux_de(importe).detruire("reseau.essai") == 1
    assert list((reseaux_de(importe).racine / "anciens").iterdir()) == []


def test_a_network_or_a_server_makes_a_diagnosis_again(
    importe: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    racine = reseaux_de(importe).racine
    avec = empreinte_des_trajets(racine)
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:5000")
    assert empreinte_des_trajets(racine) != avec
    monkeypatch.delenv(VARIABLE)
    retirer_reseau("reseau.essai", depot=importe)
    assert avec
    assert empreinte_des_trajets(racine) == ""


def test_the_server_of_the_setting_comes_first(importe: Depot, faux_osrm: str) -> None:
    trajets = fournisseur_de_trajets(importe, communes=ICI, environnement={VARIABLE: faux_osrm})
    assert trajets.nom == "serveur d'itinéraires OSRM"
    assert len(trajets.couples(ICI, ICI, limite=60).temps) == 4
    assert not trajets.estime


def test_the_setting_may_be_a_file(depot: Depot, faux_osrm: str) -> None:
    racine = reseaux_de(depot).racine
    racine.mkdir()
    (racine / "itineraires.yaml").write_text(f"type: osrm\nadresse: {faux_osrm}\n", "utf-8")
    assert fournisseur_de_trajets(depot, environnement={}).nom == "serveur d'itinéraires OSRM"
    (racine / "itineraires.yaml").write_text("type: osrm\nadrese: x\n", "utf-8")
    with pytest.raises(DeclarationInvalide, match=r"itineraires\.yaml"):
        fournisseur_de_trajets(depot, environnement={})


def lancer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str]:
    """Lance ``solidiag sources`` ; renvoie son code et tout ce qu'elle a écrit."""
    monkeypatch.setattr(sys, "argv", ["solidiag", "sources", *arguments])
    with pytest.raises(SystemExit) as fin:
        main()
    lu = capsys.readouterr()
    return int(fin.value.code or 0), lu.out + lu.err


def en_panne(requete: BaseHTTPRequestHandler, _: int) -> None:
    corps = json.dumps({}).encode()
    requete.send_response(503)
    requete.send_header("Content-Length", str(len(corps)))
    requete.end_headers()
    requete.wfile.write(corps)


def _avec_secours(depot: Depot, adresse: str, secours: str) -> TrajetsChoisis:
    racine = reseaux_de(depot).racine
    racine.mkdir(exist_ok=True)
    (racine / "itineraires.yaml").write_text(
        f"adresse: {adresse}\nsecours: {secours}\nessais: 1\n", "utf-8"
    )
    return fournisseur_de_trajets(depot, environnement={}, horloge=HorlogeFausse())


def test_a_dead_server_stops_unless_the_setting_allows_an_estimate(depot: Depot) -> None:
    with serveur(en_panne) as adresse:
        with pytest.raises(RecuperationImpossible, match="en panne"):
            _avec_secours(depot, adresse, "aucun").couples(ICI, ICI, limite=60)
        trajets = _avec_secours(depot, adresse, "estimation")
        assert not trajets.estime
        assert len(trajets.couples(ICI, ICI, limite=60).temps) == 4
    assert trajets.estime
    assert "n'a pas répondu" in trajets.remarques[1]
    assert "les temps sont estimés" in trajets.remarques[1]


def test_a_server_that_dies_later_is_not_mixed_with_an_estimate(depot: Depot) -> None:
    def meurt(requete: BaseHTTPRequestHandler, rang: int) -> None:
        (osrm if rang == 0 else en_panne)(requete, rang)

    with serveur(meurt) as adresse:
        trajets = _avec_secours(depot, adresse, "estimation")
        assert len(trajets.couples(ICI, ICI, limite=60).temps) == 4
        with pytest.raises(RecuperationImpossible, match="en panne"):
            trajets.couples(ICI, ICI, limite=60)
    assert not trajets.estime


def test_a_server_without_the_mode_leaves_its_place(importe: Depot) -> None:
    trajets = fournisseur_de_trajets(
        importe, mode="velo", communes=ICI, environnement={VARIABLE: "ign"}
    )
    assert "réseau routier" in trajets.nom
    assert "n'a pas de mode « velo »" in trajets.remarques[1]


def test_the_command_imports_lists_checks_and_removes_a_network(
    depot: Depot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    extrait = ecrire_pbf(tmp_path / "petit.osm.pbf")
    code, ecrit = lancer(monkeypatch, capsys, "importer", str(extrait), "--oui")
    assert code == 0
    assert "réseau routier d'OpenStreetMap (OpenStreetMap PBF), licence ODbL 1.0" in ecrit
    assert "aucun département n'est couvert" in ecrit
    assert "Lecture des voies" in ecrit
    assert "Ajouté : reseau.petit" in ecrit
    assert "Réseau routier reseau.petit : petit.osm.pbf" in lancer(monkeypatch, capsys)[1]
    code, ecrit = lancer(monkeypatch, capsys, "retirer", "reseau.petit")
    assert (code, "Réseau routier retiré" in ecrit) == (0, True)
    code, ecrit = lancer(monkeypatch, capsys, "retirer", "reseau.petit", "--detruire")
    assert (code, "1 version de" in ecrit) == (0, True)


def test_the_command_refuses_a_truncated_extract_in_one_sentence(
    depot: Depot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    coupe = ecrire_pbf(tmp_path / "coupe.osm.pbf")
    coupe.write_bytes(coupe.read_bytes()[:-20])
    code, ecrit = lancer(monkeypatch, capsys, "importer", str(coupe), "--oui")
    assert code == 1
    assert "tronqué ou abîmé" in ecrit
    assert "Traceback" not in ecrit
    assert reseaux_de(depot).noms() == []


def test_the_embedded_files_alone_have_no_network_nor_server(
    importe: Depot, monkeypatch: pytest.MonkeyPatch, faux_osrm: str
) -> None:
    monkeypatch.setenv(VARIABLE, faux_osrm)
    assert not fournisseur_de_trajets(importe, communes=ICI).estime
    assert fournisseur_de_trajets(Depot.embarque(), communes=ICI).estime
    monkeypatch.delenv(VARIABLE)
    assert not fournisseur_de_trajets(importe, communes=ICI).estime
    assert fournisseur_de_trajets(Depot.embarque(), communes=ICI).estime


@pytest.mark.parametrize("retouche", [{"origine": "ici"}, {"origine": {}}, {"classes": 3}, None])
def test_a_retouched_lock_is_ignored_and_said(importe: Depot, retouche: dict[str, object]) -> None:
    chemin = reseaux_de(importe).dossier / "reseau.essai" / "verrou.json"
    lu = json.loads(chemin.read_text(encoding="utf-8"))
    if retouche is None:
        del lu["obtenu_le"]
    chemin.write_text(json.dumps({**lu, **(retouche or {})}), encoding="utf-8")
    choisi = fournisseur_de_trajets(importe, communes=ICI)
    assert choisi.estime
    assert any("Le réseau reseau.essai est ignoré" in phrase for phrase in choisi.remarques)
