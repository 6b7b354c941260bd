"""Arbitrages gardés : fichier entier ou intact, fautes dites, annulations rangées."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from solidiag.errors import ArbitrageImpossible, DeclarationInvalide, SortieImpossible
from solidiag.pipeline.arbitrages import annuler, lire_decisions, trancher
from solidiag.storage.arbitrages import COLONNES
from solidiag.storage.depot import Depot

JOUR = date(2026, 11, 3)
QUI = {"motif": "vérifié au téléphone", "auteur": "chargée de mission, DDETSPP"}


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(ajouts=tmp_path)


def _fichier(tmp_path: Path) -> Path:
    return tmp_path / "decisions" / "doublons.csv"


def test_a_ruling_is_kept_and_read_again(depot: Depot, tmp_path: Path) -> None:
    assert lire_decisions(depot) == ()
    trancher(depot, "b:2", "a:1", "meme", jour=JOUR, **QUI)
    lus = lire_decisions(Depot(ajouts=tmp_path))
    assert [(a.paire, a.verdict, a.motif, a.jour) for a in lus] == [
        (("a:1", "b:2"), "meme", QUI["motif"], "2026-11-03")
    ]
    entete = _fichier(tmp_path).read_text(encoding="utf-8-sig").splitlines()[0]
    assert entete == ";".join(COLONNES)


def test_a_ruling_changes_the_key_of_the_result(depot: Depot, tmp_path: Path) -> None:
    avant = depot.empreinte
    trancher(depot, "a:1", "b:2", "different", jour=JOUR, **QUI)
    assert depot.empreinte != avant
    assert Depot(ajouts=tmp_path).empreinte == depot.empreinte
    annuler(depot, "b:2", "a:1", jour=JOUR)
    assert depot.empreinte == avant


def test_what_follows_is_told_when_ruling(depot: Depot) -> None:
    trancher(depot, "a:1", "b:2", "meme", jour=JOUR, **QUI)
    rendu = trancher(depot, "b:2", "c:3", "meme", jour=JOUR, **QUI)
    assert rendu.suites == ("Par suite, « a:1 » et « c:3 » sont aussi le même service.",)


def test_a_contradiction_writes_nothing(depot: Depot, tmp_path: Path) -> None:
    trancher(depot, "a:1", "b:2", "meme", jour=JOUR, **QUI)
    trancher(depot, "b:2", "c:3", "meme", jour=JOUR, **QUI)
    avant = _fichier(tmp_path).read_bytes()
    with pytest.raises(ArbitrageImpossible, match="Annulez d'abord"):
        trancher(depot, "a:1", "c:3", "different", jour=JOUR, **QUI)
    with pytest.raises(ArbitrageImpossible, match="déjà tranché"):
        trancher(depot, "b:2", "a:1", "meme", jour=JOUR, **QUI)
    assert _fichier(tmp_path).read_bytes() == avant


def test_an_unknown_row_is_refused_with_near_names(depot: Depot) -> None:
    connus = ["offre.siae:siae--613", "offre.siae:siae--882"]
    with pytest.raises(ArbitrageImpossible, match="siae--613"):
        trancher(depot, connus[1], "offre.siae:siae-613", "meme", jour=JOUR, connus=connus, **QUI)
    assert lire_decisions(depot) == ()


def test_a_cancelled_ruling_is_put_away_with_its_date(depot: Depot, tmp_path: Path) -> None:
    trancher(depot, "a:1", "b:2", "meme", jour=JOUR, **QUI)
    retire = annuler(depot, "b:2", "a:1", jour=date(2026, 11, 20))
    assert retire.paire == ("a:1", "b:2")
    assert lire_decisions(depot) == ()
    ranges = (tmp_path / "decisions" / "doublons_annules.csv").read_text(encoding="utf-8-sig")
    assert "a:1;b:2;meme" in ranges
    assert "2026-11-20" in ranges
    with pytest.raises(ArbitrageImpossible, match="aucun arbitrage"):
        annuler(depot, "a:1", "b:2", jour=JOUR)


def test_a_motive_with_separators_and_lines_survives(depot: Depot, tmp_path: Path) -> None:
    motif = 'dit « guichet » ; "accueil"\nà 2 pas'
    trancher(depot, "a:1", "b:2", "meme", jour=JOUR, motif=motif, auteur=QUI["auteur"])
    assert lire_decisions(Depot(ajouts=tmp_path))[0].motif == motif


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("id_a;id_b\na;b\n", "colonnes attendues"),
        (";".join(COLONNES) + "\na;b;meme;vu\n", "ligne 2 : 6 champs attendus"),
        (
            ";".join(COLONNES) + "\na;b;oui;vu;moi;2026-01-01\na;a;meme;vu;moi;2026-01-01\n",
            "ligne 3",
        ),
        (";".join(COLONNES) + "\na;b;meme;vu;moi;hier\n", "ligne 2 : la date « hier »"),
    ],
)
def test_a_damaged_file_says_each_fault_and_is_left_as_it_is(
    depot: Depot, tmp_path: Path, texte: str, attendu: str
) -> None:
    _fichier(tmp_path).parent.mkdir()
    _fichier(tmp_path).write_text(texte, encoding="utf-8")
    with pytest.raises(DeclarationInvalide, match=attendu):
        lire_decisions(depot)
    with pytest.raises(DeclarationInvalide):
        trancher(depot, "x", "y", "meme", jour=JOUR, **QUI)
    assert _fichier(tmp_path).read_text(encoding="utf-8") == texte


def test_a_file_that_is_not_text_is_refused(depot: Depot, tmp_path: Path) -> None:
    _fichier(tmp_path).parent.mkdir()
    _fichier(tmp_path).write_bytes(b"id_a;\xff\xfe\x00")
    with pytest.raises(DeclarationInvalide, match="UTF-8"):
        lire_decisions(depot)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    obstacle = tmp_path / "fichier"
    obstacle.write_text("occupé")
    with pytest.raises(SortieImpossible):
        trancher(Depot(ajouts=obstacle), "a", "b", "meme", jour=JOUR, **QUI)
