"""Ligne de commande : aide en français, codes de sortie, noms proches, dossier impossible."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from solidiag.cli import main
from solidiag.cli.application import FORMATS, analyseur
from solidiag.errors import TerritoireInconnu
from solidiag.pipeline.rendus import RENDUS

COMMANDES = ("diagnostic", "expliquer", "fiches", "indicateurs", "offre", "verifier", "sources")

ANGLAIS = frozenset(
    {
        *("show", "this", "help", "message", "exit", "positional", "optional", "required"),
        *("error", "the", "and", "invalid", "choice", "following", "are", "unrecognized"),
        *("expected", "one", "default", "from", "with", "file", "folder", "usage:"),
    }
)


class Resultat(NamedTuple):
    """Ce qu'une commande a rendu."""

    code: int
    sortie: str
    erreur: str


Lancer = Callable[..., Resultat]


@pytest.fixture
def lancer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lancer:
    """Lance une commande dans ce processus, comme le ferait un terminal en anglais."""

    def executer(*arguments: str) -> Resultat:
        monkeypatch.setenv("LANGUAGE", "en")
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr(sys, "argv", ["solidiag", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as fin:
            main()
        lu = capsys.readouterr()
        return Resultat(int(fin.value.code or 0), lu.out, lu.err)

    return executer


def mots_anglais(texte: str) -> set[str]:
    sans_options = re.sub(r"--\w+", "", texte.lower())
    return ANGLAIS & set(re.findall(r"[a-z]+:?", sans_options))


@pytest.mark.parametrize("commande", [(), *((c,) for c in COMMANDES)])
def test_every_help_is_in_french_without_an_english_word(
    lancer: Lancer, commande: tuple[str, ...]
) -> None:
    aide = lancer(*commande, "--help")
    assert aide.code == 0
    assert aide.erreur == ""
    assert mots_anglais(aide.sortie) == set()
    assert "montrer cette aide" in aide.sortie


def test_the_help_lists_every_command_with_its_purpose(lancer: Lancer) -> None:
    aide = lancer("--help").sortie
    for commande in COMMANDES:
        assert re.search(rf"^ +{commande}\s+[A-Z]", aide, re.MULTILINE), commande


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("diagnostic",),
        ("inconnue",),
        ("diagnostic", "40", "--formats", "doc"),
        ("diagnostic", "40", "--formats", ""),
        ("diagnostic", "40", "--vers"),
        ("diagnostic", "40", "50"),
        ("verifier",),
        ("expliquer", "ctx_tx_pauvrete"),
        ("sources", "--tout"),
    ],
)
def test_a_badly_written_command_ends_with_two_and_a_french_sentence(
    lancer: Lancer,
    arguments: tuple[str, ...],
) -> None:
    faute = lancer(*arguments)
    assert faute.code == 2
    assert faute.sortie == ""
    assert "Erreur :" in faute.erreur
    assert mots_anglais(faute.erreur) == set()


@pytest.mark.parametrize(
    ("code", "proche"), [("4O", "40 (Landes)"), ("Lande", "40 (Landes)"), ("999", "974")]
)
def test_an_unknown_territory_ends_with_one_and_offers_near_names(
    lancer: Lancer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, proche: str
) -> None:
    monkeypatch.chdir(tmp_path)
    faute = lancer("diagnostic", code)
    assert faute.code == 1
    assert faute.erreur.startswith(f"Erreur : Territoire inconnu : « {code} »")
    assert proche in faute.erreur
    assert "Traceback" not in faute.erreur
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_indicator_offers_near_names(lancer: Lancer) -> None:
    faute = lancer("expliquer", "ctx_tx_pauvret", "40")
    assert faute.code == 1
    assert "« ctx_tx_pauvrete »" in faute.erreur


def test_debug_lets_the_trace_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["solidiag", "diagnostic", "999", "--debug"])
    with pytest.raises(TerritoireInconnu):
        main()


def test_the_program_runs_as_a_module_and_its_trace_goes_to_the_error_stream() -> None:
    faute = subprocess.run(
        [sys.executable, "-m", "solidiag", "verifier", "absent", "--debug"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert faute.returncode == 1
    assert faute.stdout == ""
    assert "Traceback" in faute.stderr
    assert "VerificationImpossible" in faute.stderr


def test_a_file_where_the_output_should_be_is_said_and_kept(lancer: Lancer, tmp_path: Path) -> None:
    sortie = tmp_path / "sortie"
    sortie.write_text("à moi", encoding="utf-8")
    faute = lancer("diagnostic", "90", "--vers", str(sortie))
    assert faute.code == 1
    assert "est un fichier, pas un dossier" in faute.erreur
    assert sortie.read_text(encoding="utf-8") == "à moi"


def test_a_foreign_folder_is_refused_and_kept(lancer: Lancer, tmp_path: Path) -> None:
    (tmp_path / "these.odt").write_text("à moi", encoding="utf-8")
    faute = lancer("diagnostic", "90", "--vers", str(tmp_path))
    assert faute.code == 1
    assert "ne veut pas effacer" in faute.erreur
    assert [chemin.name for chemin in tmp_path.iterdir()] == ["these.odt"]


@pytest.mark.parametrize("contenu", [None, "", "[]", '{"departement": "90"}'])
def test_a_folder_that_is_not_a_diagnosis_cannot_be_verified(
    lancer: Lancer, tmp_path: Path, contenu: str | None
) -> None:
    if contenu is not None:
        (tmp_path / "manifeste.json").write_text(contenu, encoding="utf-8")
    faute = lancer("verifier", str(tmp_path))
    assert faute.code == 1
    assert faute.erreur.startswith("Erreur : Impossible de vérifier")
    assert lancer("verifier", str(tmp_path / "absent")).code == 1


def test_sources_are_listed_with_their_age(lancer: Lancer) -> None:
    liste = lancer("sources")
    assert liste.code == 0
    assert "Revenus et pauvreté des ménages (Filosofi)\n   insee.filosofi\n" in liste.sortie
    assert "24 mois" in liste.sortie


def test_the_formats_of_the_command_line_are_those_that_are_rendered() -> None:
    assert set(FORMATS) == set(RENDUS)
    lus = analyseur().parse_args(["diagnostic", "40", "--formats", "pdf, site,pdf"])
    assert lus.formats == ("pdf", "site")


def test_the_version_is_that_of_the_package(lancer: Lancer) -> None:
    from solidiag import __version__

    assert lancer("--version").sortie.strip() == f"solidiag {__version__}"
