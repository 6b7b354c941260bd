"""Dépôt : un fichier embarqué altéré, absent ou tronqué est dit, et rien n'en est tiré."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from solidiag.errors import DeclarationInvalide, FichierAbsent, FichierAltere
from solidiag.storage.declarations import lire_yaml
from solidiag.storage.depot import Depot, empreinte
from solidiag.storage.verrous import verrouiller

CHEMIN = "essai/table.csv"
CONTENU = b"code;valeur\n40192;16\n"

SOURCE = """
id: essai.table
titre: Essai
producteur: Essai
licence: {id: etalab-2.0}
champ: essai
fichiers:
  - {id: f, fichier: essai/table.csv, millesime: "2021", cog: 2026, niveau: COM}
"""


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    (tmp_path / "donnees" / "essai").mkdir(parents=True)
    (tmp_path / "donnees" / CHEMIN).write_bytes(CONTENU)
    (tmp_path / "declarations" / "sources").mkdir(parents=True)
    (tmp_path / "declarations" / "sources" / "essai.yaml").write_text(SOURCE, encoding="utf-8")
    verrouiller(Depot(tmp_path), "essai.table", obtenu_le=date(2026, 1, 1))
    return Depot(tmp_path)


def test_an_intact_file_is_read(depot: Depot) -> None:
    assert depot.octets(CHEMIN) == CONTENU
    assert depot.controler() == 1


@pytest.mark.parametrize(
    "octets", [CONTENU.replace(b"16", b"17"), CONTENU[:-4], b"", CONTENU + b"\n"]
)
def test_an_altered_or_truncated_file_is_refused(depot: Depot, octets: bytes) -> None:
    (depot.donnees / CHEMIN).write_bytes(octets)
    with pytest.raises(FichierAltere) as erreur:
        depot.octets(CHEMIN)
    assert CHEMIN in str(erreur.value)
    assert erreur.value.trouve == empreinte(octets)
    with pytest.raises(FichierAltere):
        depot.controler()


def test_a_missing_file_is_said(depot: Depot) -> None:
    (depot.donnees / CHEMIN).unlink()
    with pytest.raises(FichierAbsent, match=CHEMIN):
        depot.octets(CHEMIN)


def test_a_folder_in_place_of_a_file_is_said(depot: Depot) -> None:
    (depot.donnees / CHEMIN).unlink()
    (depot.donnees / CHEMIN).mkdir()
    with pytest.raises(FichierAbsent, match=CHEMIN):
        depot.octets(CHEMIN)


def test_a_file_without_a_lock_is_refused(depot: Depot) -> None:
    shutil.copy(depot.donnees / CHEMIN, depot.donnees / "autre.csv")
    with pytest.raises(FichierAbsent, match=r"autre\.csv"):
        depot.octets("autre.csv")


@pytest.mark.parametrize("texte", ["", "{", "[]", '{"fichiers": []}', '{"fichiers": {"f": {}}}'])
def test_an_unreadable_lock_is_said(depot: Depot, texte: str) -> None:
    (depot.donnees / "verrous" / "essai.table.json").write_text(texte, encoding="utf-8")
    with pytest.raises(DeclarationInvalide, match="verrou illisible"):
        Depot(depot.racine).octets(CHEMIN)


def test_the_lock_keeps_the_date_of_an_unchanged_file(depot: Depot) -> None:
    verrouiller(depot, "essai.table", obtenu_le=date(2027, 1, 1))
    chemin = depot.donnees / "verrous" / "essai.table.json"
    assert json.loads(chemin.read_text())["fichiers"]["f"]["obtenu_le"] == "2026-01-01"
    (depot.donnees / CHEMIN).write_bytes(CONTENU + b"\n")
    verrouiller(depot, "essai.table", obtenu_le=date(2027, 1, 1))
    assert json.loads(chemin.read_text())["fichiers"]["f"]["obtenu_le"] == "2027-01-01"


def test_an_undeclared_reference_is_said(depot: Depot) -> None:
    assert depot.fichier("essai.table/f")[1].fichier == CHEMIN
    for reference in ("essai.table/g", "autre/f", "rien"):
        with pytest.raises(DeclarationInvalide, match="non déclaré"):
            depot.fichier(reference)


def test_a_changed_file_changes_the_digest_of_the_installation(depot: Depot) -> None:
    avant = depot.empreinte
    (depot.donnees / CHEMIN).write_bytes(CONTENU + b"\n")
    verrouiller(depot, "essai.table", obtenu_le=date(2026, 1, 1))
    assert Depot(depot.racine).empreinte != avant


@pytest.mark.parametrize(
    ("texte", "dit"),
    [
        (b"a: 1\nb: 2\na: 3\n", "ligne 3 : clé écrite deux fois : a"),
        (b"a:\n  b: 1\n  b: 2\n", "ligne 3 : clé écrite deux fois : b"),
        (b"? [1, 2]\n: x\n", "ligne 1"),
        (b"a: [1\n", "inval"),
        (b"\xff\xfe\x00", "inval"),
    ],
)
def test_a_faulty_yaml_is_said_with_its_line(tmp_path: Path, texte: bytes, dit: str) -> None:
    chemin = tmp_path / "faute.yaml"
    chemin.write_bytes(texte)
    with pytest.raises(DeclarationInvalide, match=dit):
        lire_yaml(chemin)


def test_a_missing_yaml_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeclarationInvalide, match="absent"):
        lire_yaml(tmp_path / "rien.yaml")


def test_all_the_faults_of_a_declaration_are_said_at_once(depot: Depot) -> None:
    chemin = depot.declarations / "sources" / "essai.yaml"
    texte = SOURCE.replace("titre: Essai\n", "titr: Essai\n").replace("champ: essai\n", "")
    chemin.write_text(texte, encoding="utf-8")
    with pytest.raises(DeclarationInvalide) as erreur:
        _ = Depot(depot.racine).sources
    assert {faute.split(" ")[0] for faute in erreur.value.fautes} == {"titre", "titr", "champ"}
