"""L'export de l'inventaire réel passe le schéma officiel data·inclusion v1, ligne par ligne."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest
from data_inclusion.schema.v1 import Service, Structure
from tests.inventaires import depot_embarque, inventaire_embarque

from solidiag.catalogue.service import lire_categories
from solidiag.model.service import SERVICES
from solidiag.publication.data_inclusion import (
    CHAMPS_SERVICE,
    CHAMPS_STRUCTURE,
    LICENCE_OUVERTE,
    Export,
    ecrire_export,
    exporter,
)
from solidiag.publication.donnees import services_ouverts
from solidiag.publication.matiere import Matiere

DEPARTEMENTS = ("40", "2A", "974")


def _exporter(services: pl.DataFrame, licences: dict[str, str] | None = None) -> Export:
    depot = depot_embarque()
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    return exporter(
        services,
        libelles={nom: categorie.libelle for nom, categorie in categories.items()},
        reseaux={nom: c.reseau for nom, c in categories.items() if c.reseau},
        vocabulaire=depot.declaration("services/vocabulaire.yaml"),
        licences=licences or {s.id: s.licence.id for s in depot.sources.values()},
    )


@cache
def _inventaire(departement: str) -> pl.DataFrame:
    return inventaire_embarque(departement).services


@cache
def _export_reel(departement: str) -> Export:
    return _exporter(_inventaire(departement))


def _table(*lignes: dict[str, Any]) -> pl.DataFrame:
    """Lignes fictives."""
    defaut = {
        "source": "offre.siae", "nom": "Atelier (exemple fictif)", "categorie": "siae",
        "date_source": "2024", "code_insee": "40088", "commune": "Dax", "precision_geo": "rue",
        "latitude": 43.7, "longitude": -1.05,
    }  # fmt: skip
    entieres = [{**defaut, "groupe": ligne["id"], **ligne} for ligne in lignes]
    return pl.DataFrame(entieres, schema=SERVICES)


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_every_row_passes_the_official_schema(departement: str) -> None:
    export = _export_reel(departement)
    valides = 0
    for lot in export.lots.values():
        for modele, lignes, champs in (
            (Service, lot.services, CHAMPS_SERVICE),
            (Structure, lot.structures, CHAMPS_STRUCTURE),
        ):
            assert set(champs) <= set(modele.model_fields)
            for ligne in lignes:
                assert tuple(ligne) == champs
                modele.model_validate(ligne, context={"ignore_warnings": False})
                valides += 1
    assert valides > 50


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_no_service_is_lost_in_silence(departement: str) -> None:
    services = _inventaire(departement)
    export = _export_reel(departement)
    exportes = sum(len(lot.services) for lot in export.lots.values())
    assert exportes + len(export.refus) == services["groupe"].n_unique()
    assert all(refus.raison for refus in export.refus)


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_each_service_has_its_structure_and_its_sources(departement: str) -> None:
    services = _inventaire(departement)
    lus = 0
    for lot in _export_reel(departement).lots.values():
        structures = {structure["id"] for structure in lot.structures}
        ids = [service["id"] for service in lot.services]
        assert len(ids) == len(set(ids))
        assert {service["structure_id"] for service in lot.services} == structures
        assert set(lot.provenances["service_id"]) == set(ids)
        lus += lot.provenances.height
    refusees = {refus.id for refus in _export_reel(departement).refus}
    gardees = services.filter(~pl.col("groupe").is_in(list(refusees)))
    assert lus == gardees.height


def test_rows_under_a_share_alike_licence_are_never_mixed() -> None:
    lots = _export_reel("40").lots
    assert set(lots) == {LICENCE_OUVERTE, "odbl-1.0"}
    partagees = {"offre.laposte", "offre.gares"}
    assert not partagees & set(lots[LICENCE_OUVERTE].provenances["source"])
    assert set(lots["odbl-1.0"].provenances["source"]) == partagees


def test_a_service_of_two_licences_goes_under_the_stricter_one() -> None:
    table = _table(
        {"id": "offre.siae:1", "groupe": "offre.siae:1"},
        {"id": "offre.laposte:2", "source": "offre.laposte", "groupe": "offre.siae:1"},
        {"id": "offre.siae:3"},
        {"id": "offre.inconnue:4", "source": "offre.inconnue"},
    )
    export = _exporter(table)
    assert [len(lot.services) for _, lot in sorted(export.lots.items())] == [1, 1]
    assert len(export.lots["odbl-1.0"].provenances) == 2
    assert [refus.raison for refus in export.refus] == ["licence inconnue (offre.inconnue)"]
    licences = {"offre.siae": "a", "offre.laposte": "b"}
    melees = _exporter(table.head(2), licences).refus
    assert [refus.raison for refus in melees] == ["licences à ne pas mêler (a, b)"]


def test_each_row_of_the_open_table_of_services_says_its_licence() -> None:
    matiere = SimpleNamespace(
        services=SimpleNamespace(frame=_inventaire("40")),
        sources={source.id: source for source in depot_embarque().sources.values()},
    )
    table = services_ouverts(cast("Matiere", matiere))
    assert table["licence"].null_count() == 0
    sous_odbl = set(table.filter(pl.col("licence") == "odbl-1.0")["source"])
    assert sous_odbl == {"offre.laposte", "offre.gares"}


def test_what_cannot_be_valid_is_counted_with_its_reason() -> None:
    export = _exporter(
        _table(
            {"id": "a:1", "date_source": None},
            {"id": "a:2", "nom": "x"},
            {"id": "a:3", "date_source": "1998"},
            {"id": "a:4"},
            {"id": "a:5", "date_source": "2026-13-45"},
        ).with_columns(source=pl.lit("offre.siae"))
    )
    assert {refus.id: refus.raison for refus in export.refus} == {
        "a:1": "date de l'information inconnue",
        "a:2": "nom absent ou de moins de trois caractères",
        "a:3": "date de l'information antérieure à 2000",
        "a:5": "date de l'information qui n'existe pas",
    }


def test_a_date_is_never_made_younger_and_a_town_centre_is_not_a_place() -> None:
    service = (
        _exporter(_table({"id": "a:1", "date_source": "2024-06", "precision_geo": "commune"}))
        .lots[LICENCE_OUVERTE]
        .services[0]
    )
    assert service["date_maj"] == "2024-06-01"
    assert service["latitude"] is service["longitude"] is None


def test_words_outside_the_vocabulary_and_bad_codes_are_left_out() -> None:
    export = _exporter(
        _table(
            {
                "id": "a:1", "nom": "Guichet" * 40 + ".", "thematiques": ["sante--addictions", "x"],
                "publics": ["jeunes", "tous-publics"], "frais": "selon", "code_postal": "4010",
                "siret": "12", "lien": "javascript:alert(1)",
                "zone_eligibilite": ["40", "Dax", "france"], "modes_accueil": ["en-presentiel"],
            }
        )
    )  # fmt: skip
    lot = export.lots[LICENCE_OUVERTE]
    service, structure = lot.services[0], lot.structures[0]
    Service.model_validate(service, context={"ignore_warnings": False})
    assert service["thematiques"] == ["sante--addictions"]
    assert service["publics"] == ["tous-publics"]
    assert service["zone_eligibilite"] == ["40", "france"]
    assert service["frais"] is service["lien_source"] is service["code_postal"] is None
    assert structure["siret"] is None
    assert len(service["nom"]) <= 150
    assert export.abreges == 1


def test_two_services_of_one_siret_share_a_structure_without_a_false_place() -> None:
    siret = "42413546500021"
    lot = _exporter(
        _table(
            {"id": "a:1", "siret": siret, "adresse": "1 rue A"},
            {"id": "a:2", "siret": siret, "adresse": "2 rue B"},
        )
    ).lots[LICENCE_OUVERTE]
    assert len(lot.structures) == 1
    assert lot.structures[0]["siret"] == siret
    assert lot.structures[0]["adresse"] is None
    assert [service["adresse"] for service in lot.services] == ["1 rue A", "2 rue B"]


def test_the_files_written_are_read_again_by_licence(tmp_path: Path) -> None:
    export = _export_reel("40")
    ecrits = ecrire_export(export, tmp_path, territoire="Landes")
    assert all(chemin.is_file() for chemin in ecrits)
    for dossier, licence in ((tmp_path, LICENCE_OUVERTE), (tmp_path / "odbl-1.0", "odbl-1.0")):
        lot = export.lots[licence]
        lus = json.loads((dossier / "services.json").read_text(encoding="utf-8"))
        assert lus == [dict(service) for service in lot.services]
        with (dossier / "structures.csv").open(encoding="utf-8", newline="") as flux:
            lignes = list(csv.DictReader(flux))
        assert [ligne["id"] for ligne in lignes] == [s["id"] for s in lot.structures]
        assert all("[" not in (ligne["reseaux_porteurs"] or "") for ligne in lignes)
    mode_d_emploi = (tmp_path / "LISEZ-MOI.txt").read_text(encoding="utf-8")
    assert f"Services non exportés : {len(export.refus)}" in mode_d_emploi
    assert "odbl-1.0 (dossier odbl-1.0)" in mode_d_emploi
