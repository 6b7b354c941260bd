"""Les questions de ``sources importer --indicateur``, posées dans un vrai terminal (pty)."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from solidiag.storage.depot import Depot

DELAI = 120.0
"""Secondes au-delà desquelles une question attendue est tenue pour absente."""

RELANCE = 5.0
"""Secondes avant de presser de nouveau une touche restée sans effet."""

TABLE = "Insee;Foyers aidés;Foyers\n40192;120;900\n40088;80;700\n40046;60;500\n"


_LANCEUR = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv[0] = "solidiag"
runpy.run_module("solidiag", run_name="__main__")
"""
"""Prend le terminal pour soi, comme une commande lancée par une personne : Ctrl-C l'atteint."""


class Terminal:
    """Une commande dans un terminal : ce qu'elle écrit, ce qu'on lui répond."""

    def __init__(self, dossier: Path, *arguments: str) -> None:
        self.maitre, esclave = pty.openpty()
        self.processus = subprocess.Popen(
            [sys.executable, "-c", _LANCEUR, *arguments],
            stdin=esclave,
            stdout=esclave,
            stderr=esclave,
            cwd=dossier,
            env={
                **os.environ,
                "SOLIDIAG_DONNEES": str(dossier / "donnees"),
                "COLUMNS": "200",
                "PYTHONIOENCODING": "utf-8",
            },
            start_new_session=True,
        )
        os.close(esclave)
        self.vu = ""

    def attendre(self, texte: str) -> str:
        """Lit jusqu'à ce texte ; renvoie ce qui a été écrit depuis la dernière fois."""
        fin = time.monotonic() + DELAI
        octets = self.vu.encode()
        while texte not in octets.decode(errors="ignore"):
            prets, _, _ = select.select([self.maitre], [], [], max(0.0, fin - time.monotonic()))
            try:
                morceau = os.read(self.maitre, 4096) if prets else b""
            except OSError:
                morceau = b""
            assert morceau, f"« {texte} » n'est pas venu ; vu : {octets.decode(errors='ignore')}"
            octets += morceau
        avant, _, self.vu = octets.decode(errors="ignore").partition(texte)
        return avant

    def repondre(self, question: str, reponse: str) -> str:
        """Attend une question et y répond ; renvoie ce qui la précédait."""
        avant = self.attendre(question)
        self.attendre(" : ")
        os.write(self.maitre, f"{reponse}\n".encode())
        return avant

    def finir(self, touche: bytes = b"") -> tuple[int, str]:
        """Renvoie le code de sortie et la fin de ce qui a été écrit.

        ``touche`` est pressée de nouveau, comme le ferait une personne, si rien ne vient : un
        signal reçu juste avant que la lecture ne bloque ne l'interrompt pas.
        """
        octets, fin = self.vu.encode(), time.monotonic() + DELAI
        while True:
            reste = fin - time.monotonic()
            prets, _, _ = select.select(
                [self.maitre], [], [], max(0.0, min(reste, RELANCE) if touche else reste)
            )
            try:
                morceau = os.read(self.maitre, 4096) if prets else b""
            except OSError:
                break
            if not prets and touche and reste > 0:
                os.write(self.maitre, touche)
                continue
            assert morceau, f"la commande ne finit pas ; vu : {octets.decode(errors='ignore')}"
            octets += morceau
        return self.processus.wait(timeout=DELAI), octets.decode(errors="ignore")

    def fermer(self) -> None:
        if self.processus.poll() is None:
            self.processus.kill()
            self.processus.wait()
        os.close(self.maitre)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")
    ouvert = Terminal(tmp_path, "sources", "importer", "t.csv", "--indicateur")
    yield ouvert
    ouvert.fermer()


def commencer(terminal: Terminal, *, partenaire: str = "non") -> None:
    """Répond aux premières questions, après une faute à chacune."""
    assert "Ctrl-C arrête sans rien ajouter" in terminal.repondre("Identifiant", "Ma table")
    assert "De 3 à 41 signes" in terminal.repondre("Identifiant", "ctx_tx_pauvrete")
    assert "déjà un indicateur" in terminal.repondre("Identifiant", "aide_locale")
    terminal.repondre("Titre", "")
    assert "Il faut une réponse" in terminal.repondre("Titre", "Foyers aidés")
    terminal.repondre("Producteur", "Essai")
    terminal.repondre("non publiques ?", partenaire)
    terminal.repondre("Licence", "")
    terminal.repondre("Période", "l'an dernier")
    assert "par exemple 2024" in terminal.repondre("Période", "2025")
    terminal.repondre("découpage communal", "")
    terminal.repondre("Colonne du code", "")
    terminal.repondre("Niveau", "")


def test_the_questions_lead_to_an_indicator(tmp_path: Path, terminal: Terminal) -> None:
    commencer(terminal)
    assert "valeur : un chiffre déjà calculé" in terminal.repondre("Nature", "rapport")
    terminal.repondre("Colonne du numérateur", "Foyers")
    terminal.repondre("Colonne du dénominateur", "Ménages")
    refus = terminal.repondre("Colonne du dénominateur", "Foyers")
    assert "Réponses possibles : Insee, Foyers aidés, Foyers" in refus
    terminal.repondre("Facteur", "cent")
    assert "Un nombre positif" in terminal.repondre("Facteur", "")
    terminal.repondre("Unité", "pommes")
    terminal.repondre("Unité", "")
    terminal.repondre("Sens", "")
    terminal.repondre("Domaine", "aide-alimentair")
    assert "aide-alimentaire" in terminal.repondre("Domaine", "aide-alimentaire")
    assert "aide_locale – Foyers aidés" in terminal.attendre("Ajouter ? [o/N]")
    os.write(terminal.maitre, b"o\n")
    code, fin = terminal.finir()
    assert code == 0
    assert "solidiag expliquer aide_locale" in fin
    depot = Depot(ajouts=tmp_path / "donnees")
    assert depot.catalogue["aide_locale"].lectures[0].periode == "2025"


def test_partner_questions_ask_for_the_right_and_the_threshold(
    tmp_path: Path, terminal: Terminal
) -> None:
    """Une valeur sans effectif n'est pas proposée ; un refus final rend les réponses."""
    commencer(terminal, partenaire="oui")
    assert "valeur :" not in terminal.repondre("Nature", "valeur")
    terminal.repondre("Nature", "effectif")
    terminal.repondre("Colonne de la valeur", "Foyers aidés")
    terminal.repondre("Unité", "")
    terminal.repondre("Sens", "")
    terminal.repondre("Domaine", "")
    terminal.repondre("Droit d'usage", "Convention d'essai")
    terminal.repondre("Accordé par", "Essai")
    terminal.repondre("Le (AAAA-MM-JJ)", "janvier")
    assert "2025-01-31" in terminal.repondre("Le (AAAA-MM-JJ)", "2025-01-31")
    terminal.repondre("Plus petit effectif", "2")
    terminal.repondre("Plus petit effectif", "")
    terminal.attendre("Ajouter ? [o/N]")
    (tmp_path / "donnees").write_text("un fichier à la place du dossier", encoding="utf-8")
    os.write(terminal.maitre, b"o\n")
    code, fin = terminal.finir()
    assert code == 1
    assert "Traceback" not in fin
    rendu = fin.replace("\r", "").partition("--declaration :\n\n")[2].partition("\n\n")[0]
    assert yaml.safe_load(rendu)["droit_d_usage"]["accorde_par"] == "Essai"


@pytest.mark.parametrize("touche", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize("moment", ["question", "confirmation"])
def test_leaving_adds_nothing(
    tmp_path: Path, terminal: Terminal, touche: bytes, moment: str
) -> None:
    if moment == "question":
        terminal.attendre("Identifiant")
        terminal.attendre(" : ")
    else:
        commencer(terminal)
        terminal.repondre("Nature", "")
        terminal.repondre("Colonne de la valeur", "Foyers")
        for question in ("Unité", "Sens", "Domaine"):
            terminal.repondre(question, "")
        terminal.attendre("Ajouter ? [o/N] ")
    os.write(terminal.maitre, touche)
    code, fin = terminal.finir(touche)
    assert code == 130
    assert "Interrompu" in fin
    assert "Traceback" not in fin
    assert not (tmp_path / "donnees").exists()
