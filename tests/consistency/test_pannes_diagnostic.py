"""Pannes d'un vrai diagnostic : tué à tout moment, disque plein, deux à la fois."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from solidiag.errors import SortieImpossible
from solidiag.pipeline.diagnostic import produire
from solidiag.storage.cache import Cache
from solidiag.storage.depot import empreinte

pytestmark = pytest.mark.xdist_group("diagnostic")

ETAPES = 8
"""Lignes qu'écrit un diagnostic avant son bilan, à peu près."""


def lancer(dossier: Path, formats: str) -> subprocess.Popen[str]:
    arguments = ["diagnostic", "90", "--vers", str(dossier), "--formats", formats]
    return subprocess.Popen(
        [sys.executable, "-m", "solidiag", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def tuer_apres(enfant: subprocess.Popen[str], lignes: int) -> None:
    """Tue un diagnostic dès qu'il a écrit tant de lignes (kill -9)."""
    assert enfant.stdout is not None
    for _ in range(lignes):
        enfant.stdout.readline()
    enfant.kill()
    enfant.communicate()


def tuer_au_bout_de(enfant: subprocess.Popen[str], secondes: float) -> bool:
    """Tue un diagnostic au bout d'un temps (kill -9) ; faux s'il avait fini avant."""
    try:
        enfant.communicate(timeout=secondes)
    except subprocess.TimeoutExpired:
        enfant.kill()
        enfant.communicate()
        return True
    return False


def verifier_entier(dossier: Path) -> list[str]:
    """Renvoie les formats du résultat, après avoir vérifié que chaque fichier est entier."""
    manifeste = json.loads((dossier / "manifeste.json").read_text(encoding="utf-8"))
    presents = {
        chemin.relative_to(dossier).as_posix()
        for chemin in dossier.rglob("*")
        if chemin.is_file() and chemin.name != "manifeste.json"
    }
    assert presents == set(manifeste["fichiers"])
    for nom, connu in manifeste["fichiers"].items():
        assert empreinte((dossier / nom).read_bytes()) == connu["sha256"], nom
    return list(manifeste["formats"])


@pytest.fixture
def copie(diagnostic: Path, tmp_path: Path) -> Path:
    """Un résultat entier et à jour."""
    dossier = tmp_path / "diagnostic-90"
    shutil.copytree(diagnostic, dossier)
    return dossier


@pytest.fixture
def resultat(copie: Path) -> Path:
    """Un résultat entier, d'autres données : il sera refait, et la panne doit le laisser tel."""
    chemin = copie / "manifeste.json"
    manifeste = json.loads(chemin.read_text(encoding="utf-8"))
    chemin.write_text(json.dumps({**manifeste, "cle": "perimee"}), encoding="utf-8")
    return copie


def finir(dossier: Path, formats: str = "donnees") -> None:
    """Relance jusqu'au bout : le résultat est entier, et rien ne traîne à côté."""
    enfant = lancer(dossier, formats)
    _, erreur = enfant.communicate()
    assert enfant.returncode == 0, erreur
    assert set(formats.split(",")) <= set(verifier_entier(dossier))
    assert [chemin.name for chemin in dossier.parent.iterdir()] == [dossier.name]


@pytest.mark.parametrize("graine", [1, 2])
def test_a_killed_diagnosis_leaves_the_earlier_result_whole(resultat: Path, graine: int) -> None:
    avant = verifier_entier(resultat)
    lignes = random.Random(graine).randrange(1, ETAPES)  # noqa: S311
    tuer_apres(lancer(resultat, "donnees"), lignes)
    assert verifier_entier(resultat) in (avant, ["donnees"])
    if graine == 1:
        finir(resultat)


@pytest.mark.epreuve
def test_twenty_kills_at_random_moments_leave_a_whole_result(resultat: Path) -> None:
    hasard = random.Random(40)  # noqa: S311
    enfants = 0
    for tour in range(20):
        formats = ("docx,donnees", "pdf,site")[tour % 2]
        enfants += tuer_au_bout_de(lancer(resultat, formats), hasard.uniform(0.3, 20.0))
        verifier_entier(resultat)
    assert enfants >= 5
    finir(resultat, "odt")


def test_a_kill_before_any_result_leaves_nothing_that_blocks(
    tmp_path: Path, diagnostic: Path
) -> None:
    assert diagnostic.is_dir()
    dossier = tmp_path / "neuf" / "diagnostic-90"
    tuer_apres(lancer(dossier, "donnees"), 2)
    assert not dossier.exists()
    finir(dossier)


def test_two_diagnoses_of_one_folder_the_second_refuses(resultat: Path) -> None:
    premier = lancer(resultat, "donnees")
    assert premier.stdout is not None
    premier.stdout.readline()
    while not (resultat.parent / ".diagnostic-90.en-cours").exists():
        assert premier.poll() is None
    with pytest.raises(SortieImpossible, match=f"processus {premier.pid}"):
        produire("90", vers=resultat, formats=("pdf",), cache=Cache(None))
    premier.kill()
    premier.communicate()
    verifier_entier(resultat)


def test_a_full_disk_is_said_and_the_earlier_result_is_whole(
    resultat: Path, cache_a_part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    avant = verifier_entier(resultat)
    vrai = Path.write_bytes

    def plein(chemin: Path, octets: bytes) -> int:
        if chemin.suffix == ".csv":
            vrai(chemin, octets[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return vrai(chemin, octets)

    monkeypatch.setattr(Path, "write_bytes", plein)
    with pytest.raises(SortieImpossible, match="le disque est plein"):
        produire("90", vers=resultat, formats=("donnees",), cache=Cache(cache_a_part))
    assert verifier_entier(resultat) == avant
    assert [chemin.name for chemin in resultat.parent.iterdir()] == [resultat.name]


def test_a_second_run_with_nothing_changed_reuses_the_result(
    copie: Path, cache_a_part: Path
) -> None:
    avant = {chemin: chemin.stat().st_mtime_ns for chemin in copie.rglob("*")}
    bilan = produire("90", vers=copie, cache=Cache(cache_a_part))
    assert bilan.reutilise
    assert {chemin: chemin.stat().st_mtime_ns for chemin in copie.rglob("*")} == avant


def test_a_damaged_result_is_made_again(resultat: Path, cache_a_part: Path) -> None:
    formats = ("donnees",)
    produire("90", vers=resultat, formats=formats, cache=Cache(cache_a_part))
    table = resultat / "donnees" / "observations.csv"
    octets = table.read_bytes()
    table.write_bytes(octets[:-10])
    bilan = produire("90", vers=resultat, formats=formats, cache=Cache(cache_a_part))
    assert not bilan.reutilise
    assert table.read_bytes() == octets
