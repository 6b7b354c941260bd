"""Points d'Iris fournis par une personne ; les Iris et leurs habitants sont inventés."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from solidiag.errors import ClasseurFautif, FichierRefuse
from solidiag.geography.referentiel import Referentiel
from solidiag.offre.cadre import Cadre
from solidiag.offre.points import FINS, Nature, affiner, points_des_communes
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.points import (
    decrire_carreaux,
    est_un_carroyage,
    est_un_fichier_d_iris,
    importer_iris,
    points_de,
    points_du_departement,
    retirer_carreaux,
)
from solidiag.sources.carreaux import SOURCE as CARREAUX
from solidiag.sources.iris import SOURCE, lire_iris
from solidiag.storage.depot import Depot

JOUR = date(2026, 11, 24)
# Exemple fictif : deux Iris de Dax et un de Bellegarde-sur-Valserine (aujourd'hui Valserhône).
TABLE = """\
CODE_IRIS;Latitude;Longitude;Population
400880101;43,71;-1,05;3000
400880102;43.70;-1.06;1000
10910000;46.11;5.83;500
"""


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot.embarque())


@pytest.fixture(scope="module")
def cadre(referentiel: Referentiel) -> Cadre:
    vides = pl.DataFrame(schema={"code_postal": pl.String, "code": pl.String})
    return Cadre.depuis(referentiel, vides)


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(ajouts=tmp_path / "donnees")


@pytest.fixture
def fichier(tmp_path: Path) -> Path:
    chemin = tmp_path / "iris.csv"
    chemin.write_text(TABLE, encoding="utf-8")
    return chemin


def test_des_iris_deviennent_les_points_de_leurs_communes(
    depot: Depot, fichier: Path, referentiel: Referentiel, cadre: Cadre
) -> None:
    assert est_un_fichier_d_iris(fichier)
    assert not est_un_carroyage(fichier)
    avant = depot.empreinte
    phrase = importer_iris(fichier, depot=depot, referentiel=referentiel, jour=JOUR)
    assert phrase.startswith("Iris importés : 3 points dans 2 communes.")
    assert Depot(ajouts=fichier.parent / "donnees").empreinte != avant
    trouves = points_du_departement(depot, cadre, departement="40")
    assert trouves is not None
    assert (trouves.nature, trouves.origine.licence) == (Nature.IRIS, "saisie-locale")
    assert dict(trouves.points.schema) == FINS
    dax = referentiel.communes.filter(pl.col("code") == "40088")
    points = affiner(points_des_communes(dax), trouves.points, nature=trouves.nature)
    assert points["nature"].to_list() == ["iris", "iris"]
    habitants = float(dax["population"][0])
    assert points["population"].to_list() == pytest.approx([habitants / 4, 3 * habitants / 4])
    assert points["superficie_km2"].to_list() == pytest.approx([dax["superficie_km2"][0] / 2] * 2)
    ain = points_du_departement(depot, cadre, departement="01")
    assert ain is not None
    assert ain.points["code"].to_list() == ["01033"]


def test_des_iris_retires_ne_servent_plus(
    depot: Depot, fichier: Path, referentiel: Referentiel, cadre: Cadre
) -> None:
    importer_iris(fichier, depot=depot, referentiel=referentiel, jour=JOUR)
    encore = importer_iris(fichier, depot=depot, referentiel=referentiel, jour=JOUR)
    assert encore.endswith("Ils remplacent les points importés avant.")
    assert decrire_carreaux(depot) == [f"{SOURCE} : Iris, iris.csv, importés le 2026-11-24"]
    assert not retirer_carreaux(CARREAUX, depot)
    assert retirer_carreaux(SOURCE, depot)
    assert points_du_departement(depot, cadre, departement="40") is None


@pytest.mark.parametrize(
    ("ligne", "faute"),
    [
        ("4008801;43.7;-1.05;10", "« 4008801 » n'est pas un code d'Iris"),
        ("400880103;;-1.05;10", "ligne 5 : latitude vide"),
        ("400880103;43.7;-1.05;inf", "population « inf » n'est pas un nombre"),
        ("400880103;43.7;-1.05;-2", "la population est négative"),
        ("400880103;6200000;370000;10", "ne sont pas des degrés"),
        ("400880101;43.7;-1.05;10", "« 400880101 » est déjà ligne 2"),
        ("400880103;-1.05;43.7;10", "latitude et longitude inversées"),
        ("999990101;43.7;-1.05;10", "« 99999 » n'est celui d'aucune commune"),
    ],
)
def test_une_ligne_fautive_est_dite_et_rien_n_est_garde(
    depot: Depot, fichier: Path, referentiel: Referentiel, ligne: str, faute: str
) -> None:
    fichier.write_text(TABLE + ligne + "\n", encoding="utf-8")
    with pytest.raises(ClasseurFautif, match=faute):
        importer_iris(fichier, depot=depot, referentiel=referentiel, jour=JOUR)
    assert not points_de(depot).presents


@pytest.mark.parametrize("texte", ["", "CODE_IRIS;Latitude\n1;2\n", TABLE.splitlines()[0] + "\n"])
def test_un_tableau_vide_ou_sans_colonne_est_refuse(
    depot: Depot, fichier: Path, referentiel: Referentiel, texte: str
) -> None:
    fichier.write_text(texte, encoding="utf-8")
    with pytest.raises(FichierRefuse):
        importer_iris(fichier, depot=depot, referentiel=referentiel, jour=JOUR)


def test_un_fichier_d_iris_sans_point_n_est_pas_pris_pour_le_notre(tmp_path: Path) -> None:
    chemin = tmp_path / "reference.csv"
    chemin.write_text("CODE_IRIS,LIB_IRIS,DEPCOM\n400880101,x,40088\n", encoding="utf-8")
    assert not est_un_fichier_d_iris(chemin)
    assert not est_un_fichier_d_iris(tmp_path / "absent.csv")
    assert lire_iris(TABLE.encode("cp1252"), fichier="iris.csv").height == 3
