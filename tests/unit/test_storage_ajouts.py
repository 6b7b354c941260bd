"""Ajouts d'une personne : rangés d'un coup, fondus dans le dépôt, jamais perdus ni crus abîmés."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from solidiag.catalogue.indicateur import Lecture, Terme
from solidiag.catalogue.source import Source
from solidiag.errors import DeclarationInvalide, FichierAbsent, FichierAltere
from solidiag.storage.ajouts import Ajout, Ajouts, dossier_des_donnees
from solidiag.storage.depot import Depot, empreinte, placer

OCTETS = b"CODGEO;TP6023\n40192;17\n"
NOM = "ajout.essai.2023"


def ajout(octets: bytes = OCTETS, *, nom: str = NOM, periode: str = "2023") -> Ajout:
    chemin = f"ajouts/{nom}/octets/{empreinte(octets)}.csv"
    source = Source.model_validate(
        {
            "id": nom,
            "titre": "Essai",
            "producteur": "Essai",
            "licence": {"id": "etalab-2.0"},
            "champ": "essai",
            "fichiers": [
                {
                    "id": "fichier",
                    "fichier": chemin,
                    "millesime": periode,
                    "cog": 2026,
                    "niveau": "COM",
                }
            ],
        }
    )
    lecture = Lecture(
        niveaux=("COM",),
        formule="publie",
        valeur=Terme(fichier=f"{nom}/fichier", variables=("TP6023",)),
        periode=periode,
    )
    verrou = {
        "chemin": chemin,
        "sha256": empreinte(octets),
        "taille": len(octets),
        "obtenu_le": "2026-11-24",
        "copie": "producteur",
    }
    return Ajout(source=source, verrous={chemin: verrou}, remplit={"ctx_tx_pauvrete": (lecture,)})


def ranger(racine: Path, octets: bytes = OCTETS, **changes: str) -> Depot:
    un = ajout(octets, **changes)
    chemin = un.source.fichiers[0].fichier.removeprefix(f"ajouts/{un.source.id}/")
    Ajouts(racine).ajouter(un, {chemin: octets})
    return Depot(ajouts=racine)


def test_without_addition_the_repository_is_the_embedded_one(tmp_path: Path) -> None:
    vide, embarque = Depot(ajouts=tmp_path / "rien"), Depot.embarque()
    assert vide.empreinte == embarque.empreinte
    assert vide.catalogue == embarque.catalogue
    assert vide.sources == embarque.sources
    assert not (tmp_path / "rien").exists()


def test_the_tests_never_read_the_folder_of_the_person() -> None:
    assert dossier_des_donnees().name == "aucun-ajout"
    assert not dossier_des_donnees().exists()


def test_an_addition_is_read_with_its_digest(tmp_path: Path) -> None:
    depot = ranger(tmp_path)
    _, fichier = depot.fichier(f"{NOM}/fichier")
    assert depot.octets(fichier.fichier) == OCTETS
    assert depot.retrieval(f"{NOM}/fichier").sha256 == empreinte(OCTETS)
    assert depot.empreinte != Depot.embarque().empreinte
    assert depot.empreinte_de_lecture == Depot.embarque().empreinte_de_lecture


def test_added_readings_come_first_and_embedded_ones_stay(tmp_path: Path) -> None:
    avant = Depot.embarque().catalogue["ctx_tx_pauvrete"].lectures
    apres = ranger(tmp_path).catalogue["ctx_tx_pauvrete"].lectures
    assert apres[0].periode == "2023"
    assert apres[1:] == avant


@pytest.mark.parametrize(
    ("periode", "rang"), [("2023", 0), ("2021", 0), ("2020", 1), ("2019", 1), ("2001", 3)]
)
def test_an_older_reading_takes_its_place_in_time(periode: str, rang: int) -> None:
    def lecture(p: str, nom: str) -> Lecture:
        terme = Terme(fichier=nom, variables=("v",))
        return Lecture(niveaux=("COM",), formule="publie", valeur=terme, periode=p)

    embarquees = tuple(lecture(p, "e/f") for p in ("2021", "2019", "2016"))
    toutes = placer(embarquees, (lecture(periode, "a/f"),))
    assert [x for x in toutes if x.valeur and x.valeur.fichier == "e/f"] == list(embarquees)
    assert next(r for r, x in enumerate(toutes) if x.valeur and x.valeur.fichier == "a/f") == rang


def test_a_replaced_addition_is_kept(tmp_path: Path) -> None:
    ranger(tmp_path)
    depot = ranger(tmp_path, OCTETS + b"40088;12\n")
    assert depot.octets(depot.fichier(f"{NOM}/fichier")[1].fichier).endswith(b"40088;12\n")
    (ancien,) = (tmp_path / "anciens").iterdir()
    (garde,) = (ancien / "octets").iterdir()
    assert garde.read_bytes() == OCTETS


def test_a_removed_addition_is_kept(tmp_path: Path) -> None:
    ranger(tmp_path)
    dossier = Ajouts(tmp_path).retirer(NOM)
    assert (dossier / "source.yaml").is_file()
    assert Depot(ajouts=tmp_path).empreinte == Depot.embarque().empreinte
    with pytest.raises(FichierAbsent):
        Ajouts(tmp_path).retirer(NOM)


def test_a_destroyed_addition_leaves_no_received_byte_in_any_version(tmp_path: Path) -> None:
    racine = tmp_path / "donnees"
    ranger(racine)
    assert {d.stat().st_mode & 0o777 for d in (racine, racine / "ajouts")} == {0o700}
    ranger(racine, OCTETS + b"40088;12\n")
    Ajouts(racine).retirer(NOM)
    ranger(racine, OCTETS + b"40001;3\n", nom=f"{NOM}.autre")
    ranger(racine)
    assert len(Ajouts(racine).detruire(NOM)) == 3
    (reste,) = [p for p in racine.rglob("*") if p.is_file() and p.suffix == ".csv"]
    assert reste.read_bytes().endswith(b"40001;3\n")
    with pytest.raises(FichierAbsent):
        Ajouts(racine).detruire(NOM)


def test_a_destroyed_partner_table_keeps_only_what_it_showed(tmp_path: Path) -> None:
    fichiers = {"recu/brut": b"40192;3", "droit.yaml": b"seuil: 11\n"}
    nom = empreinte(OCTETS)
    Ajouts(tmp_path).ajouter(ajout(), {**fichiers, f"octets/{nom}.csv": OCTETS})
    Ajouts(tmp_path).retirer(NOM)
    (dossier,) = Ajouts(tmp_path).detruire(NOM)
    assert not (dossier / "recu").exists()
    assert (dossier / "octets" / f"{nom}.csv").read_bytes() == OCTETS
    assert Ajouts(tmp_path).detruire(NOM) == []


def _abimer_verrou(dossier: Path) -> None:
    (dossier / "verrou.json").write_text("{", encoding="utf-8")


def _abimer_source(dossier: Path) -> None:
    (dossier / "source.yaml").write_text("titre: [", encoding="utf-8")


def _oter_octets(dossier: Path) -> None:
    next((dossier / "octets").iterdir()).unlink()


def _raccourcir(dossier: Path) -> None:
    next((dossier / "octets").iterdir()).write_bytes(OCTETS[:-1])


def _oter_lectures(dossier: Path) -> None:
    (dossier / "remplit.yaml").write_text("ctx_tx_pauvrete: [{}]", encoding="utf-8")


def _lire_ailleurs(dossier: Path) -> None:
    chemin = dossier / "remplit.yaml"
    texte = chemin.read_text(encoding="utf-8").replace(f"{NOM}/fichier", "insee.disparu/f")
    chemin.write_text(texte, encoding="utf-8")


def _sortir_du_dossier(dossier: Path) -> None:
    verrou = json.loads((dossier / "verrou.json").read_text(encoding="utf-8"))
    (contenu,) = verrou["fichiers"].values()
    verrou["fichiers"] = {f"ajouts/{NOM}/../../x": contenu}
    (dossier / "verrou.json").write_text(json.dumps(verrou), encoding="utf-8")


@pytest.mark.parametrize(
    "abimer",
    [
        *(_abimer_verrou, _abimer_source, _oter_octets, _raccourcir),
        *(_oter_lectures, _lire_ailleurs, _sortir_du_dossier),
    ],
)
def test_a_broken_addition_is_said_and_ignored(tmp_path: Path, abimer: object) -> None:
    ranger(tmp_path, nom="ajout.autre.2023")
    ranger(tmp_path)
    assert callable(abimer)
    abimer(tmp_path / "ajouts" / NOM)
    depot = Depot(ajouts=tmp_path)
    assert NOM not in depot.sources
    assert "ajout.autre.2023" in depot.sources
    (faute,) = depot.fautes
    assert NOM in faute
    assert "ignoré" in faute


def test_changed_bytes_of_the_same_size_are_refused(tmp_path: Path) -> None:
    depot = ranger(tmp_path)
    chemin = depot.fichier(f"{NOM}/fichier")[1].fichier
    (tmp_path / chemin).write_bytes(OCTETS.replace(b"17", b"71"))
    with pytest.raises(FichierAltere):
        Depot(ajouts=tmp_path).octets(chemin)


def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationInvalide):
        ranger(tmp_path, nom="../dehors")
    assert not (tmp_path.parent / "dehors").exists()


def test_an_addition_set_aside_by_a_killed_replacement_still_counts(tmp_path: Path) -> None:
    ranger(tmp_path)
    (tmp_path / "ajouts" / NOM).rename(tmp_path / "ajouts" / f".precedent-{NOM}")
    (tmp_path / "ajouts" / f".en-cours-{NOM}").mkdir()
    depot = Depot(ajouts=tmp_path)
    assert depot.octets(depot.fichier(f"{NOM}/fichier")[1].fichier) == OCTETS
    ranger(tmp_path, nom="ajout.autre.2023")
    assert sorted(Ajouts(tmp_path).noms()) == ["ajout.autre.2023", NOM]
    assert not list((tmp_path / "ajouts").glob(".[ep][nr]*"))


_TUE = """
import os, signal, sys
from pathlib import Path
import solidiag.storage.ajouts as ajouts
sys.path.insert(0, {dossier!r})
etapes = int(sys.argv[2])
reel = Path.rename
ecrire = ajouts._ecrire
def compter():
    global etapes
    etapes -= 1
    if etapes < 0:
        os.kill(os.getpid(), signal.SIGKILL)
def rename(soi, cible):
    compter()
    return reel(soi, cible)
def ecrire_compte(chemin, octets):
    compter()
    return ecrire(chemin, octets)
Path.rename = rename
ajouts._ecrire = ecrire_compte
from test_storage_ajouts import ranger, OCTETS
ranger(Path(sys.argv[1]), OCTETS + b"40088;12\\n")
"""


@pytest.mark.parametrize("etapes", [0, 2, 4, 5, 6])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_addition(tmp_path: Path, etapes: int) -> None:
    racine = tmp_path / "donnees"
    ranger(racine)
    programme = _TUE.format(dossier=str(Path(__file__).parent))
    fin = subprocess.run(
        [sys.executable, "-c", programme, str(racine), str(etapes)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert fin.returncode == -signal.SIGKILL, fin.stderr.decode()
    depot = Depot(ajouts=racine)
    assert depot.fautes == ()
    octets = depot.octets(depot.fichier(f"{NOM}/fichier")[1].fichier)
    assert octets in (OCTETS, OCTETS + b"40088;12\n")
    apres = ranger(racine, OCTETS + b"40279;9\n")
    assert apres.octets(apres.fichier(f"{NOM}/fichier")[1].fichier).endswith(b"40279;9\n")
    assert not list((racine / "ajouts").glob(".*"))
