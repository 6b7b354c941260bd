"""L'offre du rapport, les fiches de domaine et la synthèse : phrases, fourchettes, silences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from solidiag.catalogue.indicateur import MesureOffre
from solidiag.cli.application import executer
from solidiag.errors import ChoixInconnu
from solidiag.model.territoire import Niveau, Territoire
from solidiag.pipeline import synthese_offre as pipeline
from solidiag.pipeline.calculs import preparer
from solidiag.pipeline.suivi import Muet
from solidiag.publication.document import (
    Absence,
    Document,
    Encadre,
    Figure,
    Nombre,
    Tableau,
    parcourir,
    texte_brut,
)
from solidiag.publication.matiere import Matiere, Observe
from solidiag.publication.profil.html import composer as composer_html
from solidiag.publication.rapport.offre_domaine import formes_acces
from solidiag.publication.rapport.offre_faits import (
    AccesLu,
    avertir,
    dates_de,
    mention_de,
    valeur_bornee,
)
from solidiag.publication.rendus.docx_parties import styles_xml
from solidiag.publication.verification.attendus import jetons_attendus, textes_sans_cle
from solidiag.publication.verification.comparaison import orphelins
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

JOUR = date(2026, 11, 24)


class FausseMatiere(SimpleNamespace):
    """Juste de quoi imprimer une observation inventée."""

    departement = Territoire(niveau=Niveau.DEPARTEMENT, code="40", nom="Landes", tncc=4)
    imprimer = Matiere.imprimer

    def decimales(self, *_: Any) -> None:
        return None


def observe(**champs: Any) -> Observe:
    base = {
        "indicateur": "acces.essai.temps", "territoire": "DEP-40", "periode": "2024",
        "unite": "minutes", "value": 8.2, "lower": 5.4, "upper": 11.6, "method": None,
        "motif": None, "status": "E", "precision": "exact", "numerateur": None,
        "n_publies": None, "n_total": None, "origin": None,
    }  # fmt: skip
    return Observe(**(base | champs))


def dit(**champs: Any) -> str:
    return texte_brut(valeur_bornee(FausseMatiere(), observe(**champs))).replace("\u00a0", " ")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        ({}, "8 minutes [5 à 12]"),
        ({"motif": "au plus : au-delà de la limite couverte"}, "8 minutes [5 à 12]"),
        ({"value": 15.0, "lower": 5.0, "upper": 40.0}, "de 5 à 40 minutes"),
        (
            {"unite": "percent", "value": 12.67, "lower": 4.79, "upper": 32.13},
            "12,7 % [4,8 à 32,1]",
        ),
        (
            {"unite": "percent", "value": 46.6, "lower": 26.9, "upper": 99.1},
            "de 26,9 à 99,1 %",
        ),
        ({"unite": "percent", "value": 3.0, "lower": 0.0, "upper": 97.0}, "trop incertain"),
        (
            {"unite": "percent", "value": 0.0, "lower": 0.0, "upper": 7.4, "motif": "au plus : x"},
            "moins de 0,1 % [0,0 à 7,4]",
        ),
        ({"lower": None, "upper": None}, "8 minutes"),
        ({"value": None, "status": "L"}, "non documenté"),
    ],
)
def test_a_value_is_printed_with_its_range_or_its_silence(
    champs: dict[str, Any], attendu: str
) -> None:
    assert dit(**champs) == attendu


def test_every_printed_figure_has_its_key() -> None:
    contenu = valeur_bornee(FausseMatiere(), observe())  # type: ignore[arg-type]
    nombres = [ligne for ligne in contenu if isinstance(ligne, Nombre)]
    assert [n.cle.champ for n in nombres] == ["value", "bas", "haut"]
    assert {n.cle.indicateur for n in nombres} == {"acces.essai.temps"}


def acces(lus: dict[str, Observe | None]) -> AccesLu:
    mesures = {
        genre: MesureOffre(
            id=f"acces.essai.{genre}", libelle=genre, libelle_court=genre, domaines=("essai",),
            nature="presence", origine="services",
        )
        for genre in lus
    }  # fmt: skip
    return AccesLu(
        domaine="essai",
        resume={
            "etat": "mesure",
            "seuil_min": 30,
            "reserve": "trajets : essai, en voiture.",
            "lieux_comptes": "gares de voyageurs",
            "annees": "2019",
        },
        mesures=mesures,
        public="ménages inventés pour l'essai",
    )


def test_the_sentences_of_access_are_all_different_and_none_without_a_time() -> None:
    lus = {
        "temps": observe(),
        "part_hors": observe(
            indicateur="acces.essai.part_hors", unite="percent", value=12.0, lower=5.0, upper=30.0
        ),
    }
    matiere: Any = FausseMatiere(derniere=lambda i, _t: lus.get(i.rpartition(".")[2]))
    formes = [texte_brut(f) for f in formes_acces(matiere, acces(lus))]
    assert len(set(formes)) == len(formes) >= 5
    assert all("ménages inventés" in forme and forme.endswith(".") for forme in formes)
    assert all("gares de voyageurs, d'après des lieux de 2019" in forme for forme in formes)
    assert formes_acces(matiere, acces({"part_hors": None})) == ()


def test_an_unknown_date_is_not_a_year() -> None:
    assert dates_de(None) == (Absence("L"),)
    vide = {"date_la_plus_ancienne": None, "date_mediane": None}
    assert texte_brut(dates_de(vide)) == "sans date"
    lue = {"date_la_plus_ancienne": "2019-01", "date_mediane": "2024-08"}
    assert texte_brut(dates_de(lue)) == "2019 à 2024"


def test_fictitious_services_are_said_and_real_ones_are_not() -> None:
    for nom, attendu in (("EXEMPLE FICTIF Relais", 1), ("Relais", 0)):
        services = SimpleNamespace(frame=pl.DataFrame({"nom": [nom, None]}))
        matiere: Any = FausseMatiere(services=services)
        assert len(avertir(matiere)) == attendu
        assert ("exemple fictif" in mention_de(matiere)) is bool(attendu)


# ------------------------------------------------------- documents d'un vrai petit département


@pytest.fixture(scope="module")
def matiere(cache_a_part: Path) -> Matiere:
    return preparer("90", depot=Depot(), cache=Cache(cache_a_part), suivi=Muet(), jour=JOUR)


@pytest.fixture(scope="module")
def documents(matiere: Matiere) -> dict[str, Document]:
    domaines = ["petite-enfance", "aide-alimentaire", "acces-aux-droits-non-recours"]
    return pipeline.documents_de(matiere, domaines, synthese=True)


def test_no_figure_is_an_orphan_in_sheets_and_synthesis(documents: dict[str, Document]) -> None:
    assert len(documents) == 4
    for nom, document in documents.items():
        fautes = [e.phrase() for e in orphelins(jetons_attendus(document), fichier=nom)]
        assert fautes == []
        assert textes_sans_cle(document) == []


def test_the_synthesis_says_each_domain_once_and_no_zero_for_unknown(
    documents: dict[str, Document], matiere: Matiere
) -> None:
    synthese = documents["synthese-offre-90"]
    tables = {b.id: b for b in parcourir(synthese.blocs) if isinstance(b, Tableau)}
    lignes = tables["tab-synthese-domaines"].lignes
    noms = [texte_brut(ligne[0].contenu).replace("\u00a0", " ") for ligne in lignes]
    assert len(noms) == len(set(noms)) == len(matiere.grille.domaines)
    muets = [ligne for ligne in lignes if ligne[1].classe == "inconnue"]
    assert muets
    for ligne in muets:
        cellules = [texte_brut(cellule.contenu) for cellule in ligne]
        assert cellules[1] == "non documentée"
        assert cellules[2] == cellules[3] == "non documenté"
    assert 2 <= sum(isinstance(b, Figure) for b in synthese.blocs) <= 3
    assert not any(isinstance(b, Encadre) and b.titre == "Exemple fictif" for b in synthese.blocs)


def test_a_sheet_holds_the_eight_questions_and_a_map_in_html(
    documents: dict[str, Document],
) -> None:
    fiche = documents["fiche-90-petite-enfance"]
    assert fiche.genre == "fiche"
    assert fiche.sous_titre.endswith("?")
    titres = {b.id.rpartition("-")[2] for b in fiche.blocs if hasattr(b, "niveau")}
    assert titres == {"besoin", "offre", "coordination", "ecart", "demander"}
    page = composer_html(fiche).decode()
    assert page.count("<svg") == page.count('role="img"') == 1
    assert "<figcaption>" in page


def test_a_map_says_the_extent_of_what_it_shows(documents: dict[str, Document]) -> None:
    (figure,) = [b for b in documents["fiche-90-petite-enfance"].blocs if isinstance(b, Figure)]
    titre = texte_brut(figure.legende)
    assert "jusqu'au lieu connu le plus proche, selon la commune" in titre.replace("’", "'")
    assert "estimation" in texte_brut(figure.sous_titre)


def test_the_map_of_a_sheet_is_not_cut_by_an_exact_line_height() -> None:
    styles = styles_xml(fiche=True).decode()
    (image,) = re.findall(r'<w:style [^>]*w:styleId="Illustration"[^>]*>.*?</w:style>', styles)
    assert 'w:lineRule="atLeast"' in image
    (texte,) = re.findall(r'<w:style [^>]*w:styleId="Texte"[^>]*>.*?</w:style>', styles)
    assert 'w:lineRule="exact"' in texte


@pytest.fixture
def calcule(matiere: Matiere, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Le calcul, long, n'est fait qu'une fois pour le module."""
    monkeypatch.setattr(pipeline, "preparer", lambda *_a, **_k: matiere)
    return


@pytest.mark.usefixtures("calcule")
def test_the_command_writes_the_synthesis_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vers = tmp_path / "synthese"
    assert (
        executer(["fiches", "90", "--synthese", "--formats", "docx,pdf", "--vers", str(vers)]) == 0
    )
    noms = {chemin.name for chemin in vers.iterdir()}
    assert noms == {"manifeste.json", "synthese-offre-90.docx", "synthese-offre-90.pdf"}
    assert "Écrit" in capsys.readouterr().out


@pytest.mark.usefixtures("calcule")
def test_the_command_writes_the_sheets_asked_for(tmp_path: Path) -> None:
    vers = tmp_path / "fiches"
    assert (
        executer(["fiches", "90", "petite-enfance", "--formats", "html", "--vers", str(vers)]) == 0
    )
    assert (vers / "fiche-90-petite-enfance.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_an_unknown_domain_is_refused_in_french_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ChoixInconnu, match="petite-enfance"):
        pipeline.produire_fiches("90", domaines=["petite-enfanse"], vers=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_an_unknown_format_is_refused_before_any_work(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as sortie:
        executer(["fiches", "90", "--formats", "txt"])
    assert sortie.value.code == 2
    assert "format inconnu : txt" in capsys.readouterr().err
