"""Sorties : remplacées d'un coup, jamais à moitié, une seule exécution à la fois."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from solidiag.errors import SortieImpossible
from solidiag.storage import sorties
from solidiag.storage.exclusivite import exclusivite, fichier_de_verrou
from solidiag.storage.sorties import remplacer, verifier_place

FICHIERS = 6

ECRIVAIN = f"""
import hashlib, json, sys
from pathlib import Path
from solidiag.storage.sorties import remplacer
dossier, debut = Path(sys.argv[1]), int(sys.argv[2])
for tour in range(debut, debut + 1000):
    with remplacer(dossier) as travail:
        print("debut", tour, flush=True)
        for rang in range({FICHIERS}):
            (travail / f"{{rang}}.txt").write_text(str(tour) * 2000)
            print("ecrit", tour, flush=True)
        empreinte = hashlib.sha256((str(tour) * 2000).encode()).hexdigest()
        fichiers = {{f"{{rang}}.txt": {{"sha256": empreinte}} for rang in range({FICHIERS})}}
        manifeste = {{"solidiag": "essai", "cle": tour, "formats": [], "fichiers": fichiers}}
        (travail / "manifeste.json").write_text(json.dumps(manifeste))
    print("fait", tour, flush=True)
"""

OCCUPANT = """
import sys
from pathlib import Path
from solidiag.storage.sorties import remplacer
with remplacer(Path(sys.argv[1])):
    print("dedans", flush=True)
    sys.stdin.read()
"""


def ecrire(dossier: Path, tour: int) -> None:
    with remplacer(dossier) as travail:
        for rang in range(FICHIERS):
            (travail / f"{rang}.txt").write_text(str(tour) * 2000)
        (travail / "manifeste.json").write_text(json.dumps(manifeste(tour)))


def manifeste(tour: int) -> dict[str, object]:
    empreinte = hashlib.sha256((str(tour) * 2000).encode()).hexdigest()
    fichiers = {f"{rang}.txt": {"sha256": empreinte} for rang in range(FICHIERS)}
    return {"solidiag": "essai", "cle": tour, "formats": [], "fichiers": fichiers}


def lire_entier(dossier: Path) -> int:
    """Renvoie le tour du résultat, après avoir vérifié qu'il est entier."""
    tour = int(json.loads((dossier / "manifeste.json").read_text())["cle"])
    assert len(list(dossier.iterdir())) == FICHIERS + 1
    for rang in range(FICHIERS):
        assert (dossier / f"{rang}.txt").read_text() == str(tour) * 2000
    return tour


def sans_echange(*chemins: Path) -> bool:
    """Tient lieu d'un système qui ne sait pas échanger deux dossiers."""
    return False


def echouer(dossier: Path, erreur: BaseException) -> None:
    """Commence une sortie, puis échoue."""
    with remplacer(dossier) as travail:
        (travail / "0.txt").write_text("moitié")
        raise erreur


def voisins(dossier: Path) -> list[str]:
    return sorted(chemin.name for chemin in dossier.parent.iterdir())


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    return tmp_path / "sortie"


def test_a_result_replaces_the_earlier_one_and_leaves_nothing_behind(dossier: Path) -> None:
    ecrire(dossier, 1)
    ecrire(dossier, 2)
    assert lire_entier(dossier) == 2
    assert voisins(dossier) == ["sortie"]


def test_without_atomic_exchange_the_result_is_the_same(
    dossier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorties, "_echange_atomique", sans_echange)
    ecrire(dossier, 1)
    ecrire(dossier, 2)
    assert lire_entier(dossier) == 2
    assert voisins(dossier) == ["sortie"]


def test_kill_at_twenty_random_moments_leaves_the_earlier_result_whole(dossier: Path) -> None:
    hasard = random.Random(40)  # noqa: S311
    fini = -1
    for _ in range(20):
        arret = hasard.randrange(1, 3 * (FICHIERS + 2))
        enfant = subprocess.Popen(
            [sys.executable, "-c", ECRIVAIN, str(dossier), str(fini + 1)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert enfant.stdout is not None
        for _ in range(arret):
            mot, tour = enfant.stdout.readline().split()
            if mot == "fait":
                fini = int(tour)
        enfant.send_signal(signal.SIGKILL)
        enfant.communicate()
        if fini >= 0:
            assert lire_entier(dossier) >= fini
            fini = lire_entier(dossier)
        else:
            assert not dossier.exists() or lire_entier(dossier) >= 0
    assert fini > 10
    ecrire(dossier, fini + 1)
    assert lire_entier(dossier) == fini + 1
    assert voisins(dossier) == ["sortie"]


def test_a_kill_between_the_two_renames_is_repaired_by_the_next_run(dossier: Path) -> None:
    ecrire(dossier, 1)
    dossier.rename(dossier.with_name(".sortie.precedent"))
    dossier.with_name(".sortie.en-cours").mkdir()
    with pytest.raises(RuntimeError):
        echouer(dossier, RuntimeError())
    assert lire_entier(dossier) == 1
    assert voisins(dossier) == ["sortie"]


@pytest.mark.parametrize(
    ("numero", "dit"),
    [
        (errno.ENOSPC, "le disque est plein"),
        (errno.EROFS, "le disque est en lecture seule"),
        (errno.EDQUOT, "le quota de disque est atteint"),
    ],
)
def test_a_full_disk_is_said_and_the_earlier_result_is_whole(
    dossier: Path, numero: int, dit: str
) -> None:
    ecrire(dossier, 1)
    with pytest.raises(SortieImpossible, match=dit) as erreur:
        echouer(dossier, OSError(numero, os.strerror(numero)))
    assert "intact" in str(erreur.value)
    assert lire_entier(dossier) == 1
    assert voisins(dossier) == ["sortie"]


def test_a_failed_exchange_puts_the_earlier_result_back(
    dossier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ecrire(dossier, 1)
    vrai = Path.rename

    def plein(chemin: Path, cible: Path) -> Path:
        if chemin.name.endswith(".en-cours"):
            raise OSError(errno.ENOSPC, "plein")
        return vrai(chemin, cible)

    monkeypatch.setattr(sorties, "_echange_atomique", sans_echange)
    monkeypatch.setattr(Path, "rename", plein)
    with pytest.raises(SortieImpossible, match="le disque est plein"):
        ecrire(dossier, 2)
    assert lire_entier(dossier) == 1


def test_a_file_where_the_output_should_be_is_refused_and_kept(dossier: Path) -> None:
    dossier.write_text("à moi")
    with pytest.raises(SortieImpossible, match="est un fichier, pas un dossier"):
        ecrire(dossier, 1)
    assert dossier.read_text() == "à moi"


def test_a_file_as_parent_is_refused(dossier: Path) -> None:
    dossier.write_text("à moi")
    with pytest.raises(SortieImpossible, match="est un fichier"):
        verifier_place(dossier / "dedans")


def test_a_foreign_folder_is_never_erased(dossier: Path) -> None:
    dossier.mkdir()
    (dossier / "these.odt").write_text("trois ans de travail")
    with pytest.raises(SortieImpossible, match="ne veut pas effacer"):
        ecrire(dossier, 1)
    assert (dossier / "these.odt").read_text() == "trois ans de travail"


def test_the_root_and_parent_folders_are_refused(
    dossier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier.mkdir()
    (dossier / "autre").mkdir()
    monkeypatch.chdir(dossier / "autre")
    for chemin in (Path("/"), Path("..")):
        with pytest.raises(SortieImpossible):
            verifier_place(chemin)


def test_an_empty_folder_is_accepted(dossier: Path) -> None:
    dossier.mkdir()
    ecrire(dossier, 1)
    assert lire_entier(dossier) == 1


def test_a_symbolic_link_stays_a_link(dossier: Path) -> None:
    vrai = dossier.with_name("vrai")
    ecrire(vrai, 1)
    dossier.symlink_to(vrai)
    ecrire(dossier, 2)
    assert dossier.is_symlink()
    assert lire_entier(vrai) == 2


def test_two_runs_on_one_folder_the_second_refuses_clearly(dossier: Path) -> None:
    ecrire(dossier, 1)
    enfant = subprocess.Popen(
        [sys.executable, "-c", OCCUPANT, str(dossier)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert enfant.stdout is not None
    assert enfant.stdout.readline() == "dedans\n"
    with pytest.raises(SortieImpossible, match=f"processus {enfant.pid}"):
        ecrire(dossier, 9)
    assert lire_entier(dossier) == 1
    enfant.kill()
    enfant.communicate()
    ecrire(dossier, 10)
    assert lire_entier(dossier) == 10
    assert voisins(dossier) == ["sortie"]


def test_a_lock_file_left_by_a_dead_process_blocks_nobody(dossier: Path) -> None:
    fichier_de_verrou(dossier).write_text("999999\n")
    ecrire(dossier, 1)
    assert lire_entier(dossier) == 1
    assert voisins(dossier) == ["sortie"]


def test_the_lock_is_given_back_after_a_failure(dossier: Path) -> None:
    with pytest.raises(RuntimeError), exclusivite(dossier):
        raise RuntimeError
    with exclusivite(dossier):
        assert fichier_de_verrou(dossier).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root écrit partout")
def test_a_folder_without_the_right_to_write_is_said(dossier: Path) -> None:
    dossier.parent.chmod(0o500)
    try:
        with pytest.raises(SortieImpossible, match="le droit d'écrire manque"):
            ecrire(dossier, 1)
    finally:
        dossier.parent.chmod(0o700)


def test_what_a_person_added_or_changed_is_kept(tmp_path: Path) -> None:
    dossier = tmp_path / "sortie"
    ecrire(dossier, 1)
    (dossier / "notes.txt").write_text("à moi")
    (dossier / "0.txt").write_text("corrigé à la main")
    ecrire(dossier, 2)
    assert (dossier / "notes.txt").read_text() == "à moi"
    assert (dossier / "a-conserver" / "0.txt").read_text() == "corrigé à la main"
    assert (dossier / "0.txt").read_text() == "2" * 2000
    ecrire(dossier, 3)
    assert (dossier / "notes.txt").read_text() == "à moi"
    assert (dossier / "a-conserver" / "0.txt").read_text() == "corrigé à la main"


@pytest.mark.parametrize("texte", ["{}", "3", "[", '{"solidiag": 1, "fichiers": 2}'])
def test_a_manifest_that_is_not_ours_protects_the_folder(tmp_path: Path, texte: str) -> None:
    (tmp_path / "manifeste.json").write_text(texte)
    (tmp_path / "these.docx").write_text("trois ans de travail")
    with pytest.raises(SortieImpossible, match="ne veut pas effacer"):
        verifier_place(tmp_path)
    assert (tmp_path / "these.docx").read_text() == "trois ans de travail"
