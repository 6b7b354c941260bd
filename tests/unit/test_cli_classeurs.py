"""``solidiag sources classeur`` puis ``importer`` : codes de sortie, fautes, accord."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from tests.unit.test_cli import Lancer, lancer, mots_anglais

__all__ = ["lancer"]


def test_a_workbook_is_written_filled_and_imported(
    lancer: Lancer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLIDIAG_DONNEES", str(tmp_path / "donnees"))
    vierge = tmp_path / "vierge.xlsx"
    ecrit = lancer(
        *("sources", "classeur", "offre", "--departement", "40", "--vers", str(vierge)),
        *("--organisme", "CCAS (exemple fictif)"),
    )
    assert ecrit.code == 0
    assert f"solidiag sources importer {vierge}" in ecrit.sortie
    livre = openpyxl.load_workbook(vierge)
    for colonne, valeur in (("A", "Épicerie (exemple fictif)"), ("D", "Mobilité solidaire")):
        livre["Offre"][f"{colonne}3"] = valeur
    livre["Offre"]["F3"], livre["Offre"]["U3"] = "Sabres", "2025"
    livre["Offre"]["A4"] = "Sans commune (exemple fictif)"
    livre.save(tmp_path / "rempli.xlsx")
    refus = lancer("sources", "importer", str(tmp_path / "rempli.xlsx"), "--oui")
    assert refus.code == 1
    assert refus.sortie == ""
    assert "Offre, ligne 4, colonne « Commune » : la case est vide" in refus.erreur
    assert "--malgre-les-lignes-fautives" in refus.erreur
    assert mots_anglais(refus.erreur) == set()
    assert not (tmp_path / "donnees").exists()
    force = lancer(
        *("sources", "importer", str(tmp_path / "rempli.xlsx"), "--oui"),
        "--malgre-les-lignes-fautives",
    )
    assert force.code == 0
    assert "Écartées, 1 ligne fautive" in force.sortie
    assert "1 ligne ajoutée ; 1 fautive, mise de côté." in force.sortie
    assert "Domaines (1) : Mobilité solidaire" in force.sortie
    assert "Communes (1) : Sabres" in force.sortie
    assert "Ajouté : ajout.offre-saisie.ccas-exemple-fictif.40" in force.sortie


def test_a_workbook_needs_a_known_name_and_a_departement(lancer: Lancer, tmp_path: Path) -> None:
    assert lancer("sources", "classeur", "budget", "--departement", "40").code == 2
    assert lancer("sources", "classeur", "offre").code == 2
    faute = lancer("sources", "classeur", "offre", "--departement", "4O")
    assert faute.code == 1
    assert "40 (Landes)" in faute.erreur
