"""Doublons mesurés sur 159 paires de cinq familles, lues une à une dans six départements.

Le fichier ``donnees/paires_offre_solidiag.csv`` (annotateur « Solidiag ») donne pour chaque paire
les deux identifiants, le nom, l'adresse, la distance lue, la famille, l'étiquette et sa raison. Les
lignes sont relues dans leur source embarquée. L'empreinte des deux identifiants partage les paires
en deux moitiés : l'une a servi à revoir les règles, l'autre mesure.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.offre.cadre import Cadre
from solidiag.offre.comparaison import Comparateur, Decision
from solidiag.offre.doublons import reunir, sirets_partages
from solidiag.offre.situer import situer
from solidiag.sources.services import lire_codes_postaux, lire_services
from solidiag.sources.territoires import charger_referentiel
from solidiag.statistics.intervalles import wilson
from solidiag.storage.depot import Depot

ICI = Path(__file__).parent
DOCUMENT = ICI.parents[1] / "docs/methode/doublons.md"
CHAMPS = (
    "id", "source", "categorie", "nom", "adresse", "commune", "code_insee", "siret", "latitude",
    "longitude", "precision_geo", "identifiants",
)  # fmt: skip


@dataclass(frozen=True)
class Lue:
    famille: str
    departement: str
    etiquette: str
    moitie: str
    ids: tuple[str, str]
    decision: Decision

    @property
    def jointe(self) -> bool:
        return self.decision.verdict == "meme"

    @property
    def meme(self) -> bool:
        return self.etiquette == "meme"


@cache
def _brutes() -> tuple[dict[str, str], ...]:
    chemin = ICI / "donnees/paires_offre_solidiag.csv"
    with chemin.open(encoding="utf-8", newline="") as flux:
        return tuple(csv.DictReader(flux, delimiter=";"))


@cache
def _lignes() -> pl.DataFrame:
    """Toutes les lignes de France des sources citées, situées."""
    depot = Depot.embarque()
    source, fichier = depot.fichier("offre.codes_postaux/codes_2026")
    codes = lire_codes_postaux(depot.octets(fichier.fichier), source, fichier)
    cadre = Cadre.depuis(charger_referentiel(depot.octets), codes)
    voulues = {brute["id_a"].split(":")[0] for brute in _brutes()}
    voulues |= {brute["id_b"].split(":")[0] for brute in _brutes()}
    return situer(
        pl.concat(
            lire_services(depot.octets(fichier.fichier), source, fichier)
            for source in depot.sources.values()
            for fichier in source.fichiers
            if fichier.lecteur == "services" and source.id in voulues
        ),
        cadre,
    )


@cache
def _categories() -> dict[str, CategorieService]:
    return lire_categories(Depot.embarque().declaration("services/categories.yaml"))


@cache
def _lues() -> tuple[Lue, ...]:
    lignes = _lignes()
    comparateur = Comparateur(
        categories=_categories(),
        sirets_partages=sirets_partages(lignes),
    )
    ids = {brute[cote] for brute in _brutes() for cote in ("id_a", "id_b")}
    fiches = {
        ligne["id"]: comparateur.fiche(**ligne)
        for ligne in lignes.filter(pl.col("id").is_in(ids)).select(CHAMPS).iter_rows(named=True)
    }
    return tuple(
        Lue(
            famille=brute["famille"],
            departement=brute["departement"],
            etiquette=brute["etiquette"],
            moitie=_moitie(brute["id_a"], brute["id_b"]),
            ids=(brute["id_a"], brute["id_b"]),
            decision=comparateur.comparer(fiches[brute["id_a"]], fiches[brute["id_b"]]),
        )
        for brute in _brutes()
    )


def _moitie(id_a: str, id_b: str) -> str:
    octet = hashlib.sha256(f"{min(id_a, id_b)}|{max(id_a, id_b)}".encode()).digest()[0]
    return "réglage" if octet % 2 == 0 else "mesure"


def _part(compte: int, total: int) -> str:
    if not total:
        return "sans objet"
    bas, haut = wilson(float(compte), float(total))
    return f"{100 * compte / total:.0f}\u00a0% [{100 * float(bas):.0f} ; {100 * float(haut):.0f}]"


def rangee(nom: str, lues: list[Lue]) -> str:
    memes = [lue for lue in lues if lue.meme]
    vrais = sum(lue.jointe for lue in memes)
    faux = sum(lue.jointe and not lue.meme for lue in lues)
    return (
        f"| {nom} | {len(lues)} | {len(memes)} | {vrais} | {faux} | {len(memes) - vrais} | "
        f"{_part(vrais, vrais + faux)} | {_part(vrais, len(memes))} |"
    )


def tableau() -> Iterator[str]:
    mesure = [lue for lue in _lues() if lue.moitie == "mesure"]
    for famille in sorted({lue.famille for lue in mesure}):
        yield rangee(famille, [lue for lue in mesure if lue.famille == famille])
    landes = [lue for lue in mesure if lue.departement == "40"]
    yield rangee("*dont Landes*", landes)
    yield rangee("*dont cinq autres départements*", [x for x in mesure if x.departement != "40"])
    yield rangee("**Ensemble**", mesure)


def test_each_pair_is_read_once_with_a_reason_and_an_annotator() -> None:
    brutes = _brutes()
    assert len(brutes) == 159
    paires = {frozenset((brute["id_a"], brute["id_b"])) for brute in brutes}
    assert len(paires) == len(brutes)
    assert all(len(brute["motif"]) > 15 for brute in brutes)
    assert {brute["annotateur"] for brute in brutes} == {"Solidiag"}
    assert len({brute["departement"] for brute in brutes}) >= 3


def test_both_halves_hold_both_labels_of_the_families_that_have_them() -> None:
    for moitie in ("réglage", "mesure"):
        lues = [lue for lue in _lues() if lue.moitie == moitie]
        assert 60 <= len(lues) <= 100
        assert {lue.etiquette for lue in lues} == {
            "meme",
            "different",
            "meme_lieu_services_distincts",
        }


def test_the_measured_half_keeps_its_precision_and_recall() -> None:
    mesure = [lue for lue in _lues() if lue.moitie == "mesure"]
    a_tort = [lue.ids for lue in mesure if lue.jointe and not lue.meme]
    manquees = [lue.ids for lue in mesure if lue.meme and not lue.jointe]
    assert not a_tort
    assert len(manquees) <= 2


@pytest.mark.parametrize("etiquette", ["different", "meme_lieu_services_distincts"])
def test_distinct_services_are_never_joined(etiquette: str) -> None:
    assert not [lue.ids for lue in _lues() if lue.etiquette == etiquette and lue.jointe]


def test_the_groups_say_the_same_as_the_pairs() -> None:
    """Une paire séparée n'est pas réunie par une troisième ligne, ni l'inverse."""
    ids = {identifiant for lue in _lues() for identifiant in lue.ids}
    communes = _lignes().filter(pl.col("id").is_in(ids))["code_insee"].drop_nulls().unique()
    voisines = _lignes().filter(
        pl.col("code_insee").is_in(communes.implode()) | pl.col("id").is_in(ids)
    )
    table, _ = reunir(voisines, _categories())
    groupes = dict(table.select("id", "groupe").iter_rows())
    contraires = [
        lue.ids for lue in _lues() if (groupes[lue.ids[0]] == groupes[lue.ids[1]]) != lue.jointe
    ]
    assert not contraires


def test_every_decision_says_why_in_words() -> None:
    for lue in _lues():
        assert len(lue.decision.motif.split()) >= 2


def test_the_method_page_shows_the_measured_table() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    absentes = [ligne for ligne in tableau() if ligne not in page]
    assert not absentes
