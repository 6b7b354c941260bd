"""Qualité de l'inventaire réel des Landes : une ligne par territoire et domaine, rien d'inventé."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
from tests.inventaires import depot_embarque, inventaire_embarque, referentiel_embarque

from solidiag.offre.inventaire import Inventaire
from solidiag.offre.qualite import ENSEMBLE
from solidiag.pipeline.qualite_offre import QualiteOffre, calculer_qualite
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot


@cache
def _calcul() -> tuple[Inventaire, QualiteOffre]:
    inventaire = inventaire_embarque("40")
    qualite = calculer_qualite(
        depot_embarque(),
        referentiel_embarque(),
        inventaire.services,
        inventaire.ecartes,
        departement="40",
        jour=date(2026, 11, 24),
    )
    return inventaire, qualite


def test_each_territory_has_a_row_for_each_domain() -> None:
    table = _calcul()[1].territoires.frame
    domaines = {domaine.id for domaine in Depot.embarque().grille.domaines}
    assert set(table["domaine"]) == {ENSEMBLE, *domaines}
    assert table.height == 19 * (1 + len(domaines))
    parts = table.select(pl.col("^part_.*$"), "completude_moyenne")
    for colonne in parts.iter_columns():
        assert colonne.drop_nulls().is_between(0, 1).all()
    assert (table["services"].is_null() == (table["statut"] == "L")).all()
    assert (table["motif"].is_null() == (table["statut"] == "A")).all()


def test_the_department_is_the_sum_of_its_communes() -> None:
    inventaire, qualite = _calcul()
    communes = set(charger_referentiel(Depot.embarque().octets).communes_du_departement("40"))
    dedans = inventaire.services.filter(
        pl.col("code_insee").is_in(list(communes)) | pl.col("code_insee").is_null()
    )
    ligne = qualite.territoires.frame.row(0, named=True)
    assert (ligne["territoire"], ligne["domaine"]) == ("DEP-40", ENSEMBLE)
    assert ligne["services"] == dedans["groupe"].n_unique()


def test_each_row_of_the_inventory_has_its_sheet() -> None:
    inventaire, qualite = _calcul()
    fiches = qualite.services.frame
    assert fiches["id"].to_list() == inventaire.services["id"].to_list()
    france_services = fiches.filter(pl.col("source") == "offre.france_services")
    assert set(france_services["age_mois"]) == {27}
    assert france_services["ancien"].all()


def test_closed_services_are_kept_with_a_reason_and_a_date() -> None:
    ecartes = _calcul()[1].ecartes.frame
    assert ecartes.height == 5
    assert ecartes["fermeture"].str.contains("remplacé par France services").all()
    assert ecartes["date_source"].null_count() == 0


def test_the_method_page_says_the_figures_of_the_landes() -> None:
    ligne = _calcul()[1].territoires.frame.row(0, named=True)
    page = (Path(__file__).parents[2] / "docs/methode/inventaire.md").read_text(encoding="utf-8")
    assert ligne["date_mediane"] == "2020-12"
    assert (
        f"la date médiane des {ligne['services']} services est décembre 2020 et "
        f"{100 * ligne['part_anciens']:.0f} % sont anciens"
    ) in page
    assert (
        f"{100 * ligne['part_avec_horaires']:.0f} % ont des horaires, "
        f"{100 * ligne['part_avec_capacite']:.0f} % une capacité, "
        f"{100 * ligne['part_confirmes']:.0f} % deux sources"
    ) in page
