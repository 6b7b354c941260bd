"""Blocs de comparaison : les grandes communes ne coûtent pas le carré, et rien ne s'y perd."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import cache

import polars as pl
import pytest

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.model.service import SERVICES
from solidiag.offre import blocs
from solidiag.offre.doublons import reunir
from solidiag.storage.depot import Depot

MOTS = [
    "atelier", "jardin", "relais", "maison", "espace", "centre", "passerelle", "tremplin",
    "escale", "ancrage", "emploi", "avenir", "cocagne", "ressource", "mobilite", "numerique",
    "famille", "accueil", "horizon", "rivage", "pont", "lien", "parcours", "envol",
]  # fmt: skip
RUES = [
    "Victor Hugo", "Jean Jaurès", "de la République", "Gambetta", "Pasteur", "de la Gare", "Foch",
    "des Pins",
]  # fmt: skip


@cache
def _categories() -> dict[str, CategorieService]:
    return lire_categories(Depot.embarque().declaration("services/categories.yaml"))


def _fictifs(nombre: int, *, communes: int, graine: int) -> pl.DataFrame:
    """Exemple fictif : services tirés au sort, un sur six repris dans une autre liste."""
    alea = random.Random(graine)  # noqa: S311
    lignes: list[dict[str, object]] = []
    poids = [alea.paretovariate(0.8) for _ in range(communes)]
    categories = sorted(_categories())
    for rang in range(nombre):
        commune = alea.choices(range(communes), poids)[0]
        ligne: dict[str, object] = {
            "id": f"fictif{rang % 7}:{rang}",
            "source": f"fictif{rang % 7}",
            "nom": " ".join(alea.sample(MOTS, 3)).title(),
            "categorie": alea.choice(categories),
            "commune": f"Ville {commune}",
            "code_insee": f"40{commune:03d}",
            "adresse": f"{alea.randint(1, 60)} rue {alea.choice(RUES)}",
            "latitude": 43.9 + commune % 20 * 0.05 + alea.gauss(0, 0.008),
            "longitude": -0.8 + commune // 20 * 0.05 + alea.gauss(0, 0.01),
            "precision_geo": "rue",
            "date_source": "2025-03",
        }
        if alea.random() < 1 / 6 and lignes:
            modele = alea.choice(lignes)
            ligne = {
                **modele,
                "id": f"copie:{rang}",
                "source": "copie",
                "nom": str(modele["nom"]).upper(),
                "adresse": str(modele["adresse"]).replace("rue", "R"),
            }
        lignes.append(ligne)
    return pl.DataFrame(lignes, schema=SERVICES)


@pytest.fixture
def toutes_les_paires(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(blocs, "ENTIERE", 10**9)
    yield
    monkeypatch.undo()


def _groupes(table: pl.DataFrame) -> set[frozenset[str]]:
    rendus, _ = reunir(table, _categories())
    return {frozenset(ids) for ids in rendus.group_by("groupe").agg("id")["id"].to_list()}


def test_a_large_town_keeps_the_groups_of_the_full_comparison(
    request: pytest.FixtureRequest,
) -> None:
    table = _fictifs(600, communes=1, graine=7)
    par_blocs = _groupes(table)
    request.getfixturevalue("toutes_les_paires")
    assert par_blocs == _groupes(table)
    assert len(par_blocs) < table.height


def test_each_pair_comes_once_in_order() -> None:
    table = _fictifs(400, communes=2, graine=3)
    _, paires = reunir(table, _categories())
    cles = list(paires.select("id_a", "id_b").iter_rows())
    assert len(cles) == len(set(cles)) > 0
    assert all(a < b for a, b in cles)


def test_five_thousand_services_take_less_than_five_seconds() -> None:
    table = _fictifs(5_000, communes=327, graine=1)
    depart = time.process_time()
    rendus, _ = reunir(table, _categories())
    assert time.process_time() - depart < 5
    assert rendus["groupe"].n_unique() < 5_000


@pytest.mark.epreuve
def test_twenty_thousand_services_take_less_than_twenty_seconds() -> None:
    table = _fictifs(20_000, communes=648, graine=1)
    depart = time.process_time()
    rendus, _ = reunir(table, _categories())
    assert time.process_time() - depart < 20
    assert rendus["groupe"].n_unique() < 20_000
