"""Carreaux importés : gardés avec leur verrou, lus au découpage courant, réunis s'ils sont trop."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from solidiag.errors import FichierAltere, FichierRefuse
from solidiag.offre.cadre import Cadre
from solidiag.offre.points import FINS, regrouper
from solidiag.pipeline.points import (
    decrire_carreaux,
    est_un_carroyage,
    importer_carreaux,
    points_de,
    points_du_departement,
    retirer_carreaux,
)
from solidiag.sources.carreaux import SOURCE
from solidiag.storage.depot import Depot

ENTETE = "idcar_200m,i_est_200,lcog_geo,ind"
JOUR = date(2026, 11, 24)
# Exemple fictif : carreaux et habitants inventés.
LIGNES = (
    "CRS3035RES200mN2300000E3500000,0,01001,30",
    "CRS3035RES200mN2300200E3500000,1,01001,10",
    "CRS3035RES200mN2310000E3500000,0,01999,20",
    "CRS3035RES200mN2320000E3500000,0,02001,99",
)


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(ajouts=tmp_path / "donnees")


@pytest.fixture
def fichier(tmp_path: Path) -> Path:
    chemin = tmp_path / "carreaux_200m_met.csv"
    chemin.write_text("\n".join([ENTETE, *LIGNES]) + "\n", encoding="utf-8")
    return chemin


def _cadre() -> Cadre:
    communes = pl.DataFrame(
        {
            "code": ["01001", "01002", "02001"],
            "departement": ["01", "01", "02"],
            "epci": ["E1", "E1", "E2"],
            "population": [100.0, 50.0, 10.0],
        }
    )
    return Cadre(
        cog=2026,
        communes=communes,
        anciens={"01999": "01002"},
        codes_postaux=pl.DataFrame(schema={"code_postal": pl.String, "code": pl.String}),
    )


def test_les_carreaux_d_un_departement_sont_au_decoupage_courant(
    depot: Depot, fichier: Path
) -> None:
    assert est_un_carroyage(fichier)
    avant = depot.empreinte
    assert importer_carreaux(fichier, depot=depot, jour=JOUR).startswith(
        "Carreaux importés : 4 points dans 3 communes."
    )
    trouves = points_du_departement(depot, _cadre(), departement="01")
    assert trouves is not None
    assert sorted(trouves.points["code"]) == ["01001", "01001", "01002"]
    assert not trouves.reunis
    assert trouves.part_imputee == pytest.approx(10 / 60)
    assert trouves.origine.copie == "retravaillee"
    # Le résultat d'un diagnostic dépend de ces points : sa clé aussi.
    assert Depot(ajouts=depot.ajouts.racine if depot.ajouts else None).empreinte != avant


def test_des_carreaux_retires_ne_servent_plus(depot: Depot, fichier: Path) -> None:
    importer_carreaux(fichier, depot=depot, jour=JOUR)
    assert decrire_carreaux(depot) == [
        "insee.carreaux : carreaux de population, carreaux_200m_met.csv, importés le 2026-11-24"
    ]
    assert not retirer_carreaux("autre", depot)
    assert retirer_carreaux(SOURCE, depot)
    assert points_du_departement(depot, _cadre(), departement="01") is None
    assert decrire_carreaux(depot) == []


def test_une_table_modifiee_est_refusee(depot: Depot, fichier: Path) -> None:
    importer_carreaux(fichier, depot=depot, jour=JOUR)
    gardes = points_de(depot)
    gardes.fichier.write_bytes(gardes.fichier.read_bytes() + b" ")
    with pytest.raises(FichierAltere):
        points_du_departement(depot, _cadre(), departement="01")


def test_un_departement_sans_carreau_garde_ses_communes(depot: Depot, fichier: Path) -> None:
    fichier.write_text("\n".join([ENTETE, LIGNES[3]]) + "\n", encoding="utf-8")
    importer_carreaux(fichier, depot=depot, jour=JOUR)
    assert points_du_departement(depot, _cadre(), departement="01") is None


@pytest.mark.parametrize("texte", [ENTETE + "\n", "autre,colonne\n1,2\n"])
def test_un_fichier_sans_carreau_n_est_pas_ajoute(depot: Depot, tmp_path: Path, texte: str) -> None:
    chemin = tmp_path / "x.csv"
    chemin.write_text(texte, encoding="utf-8")
    with pytest.raises(FichierRefuse):
        importer_carreaux(chemin, depot=depot, jour=JOUR)
    assert not points_de(depot).presents


def test_un_autre_fichier_n_est_pas_un_carroyage(tmp_path: Path) -> None:
    chemin = tmp_path / "autre.csv"
    chemin.write_text("a,b\n", encoding="utf-8")
    assert not est_un_carroyage(chemin)
    assert not est_un_carroyage(tmp_path / "absent.csv")


def test_reunir_garde_les_habitants_et_leur_centre() -> None:
    fins = pl.DataFrame(
        {
            "code": ["01001", "01001", "01001", "01002"],
            "latitude": [44.001, 44.003, 44.02, 44.001],
            "longitude": [-0.505, -0.505, -0.505, -0.505],
            "population": [10.0, 30.0, 5.0, 7.0],
            "superficie_km2": [0.04] * 4,
            "impute": [False, True, False, False],
        },
        schema=FINS,
    )
    reunis = regrouper(fins)
    assert reunis["population"].to_list() == [40.0, 5.0, 7.0]
    assert reunis["latitude"][0] == pytest.approx(44.0025)
    assert reunis["impute"].to_list() == [True, False, False]
