"""Mise des lignes sur le code officiel géographique : la bonne commune, un point crédible."""

from __future__ import annotations

import polars as pl
import pytest

from solidiag.model.service import SERVICES
from solidiag.offre.cadre import Cadre
from solidiag.offre.situer import situer

COMMUNES = pl.DataFrame(
    [
        ("40088", "Dax", "40", "E1", 20000, 43.71, -1.05, 19.7, 4),
        ("40312", "Tarnos", "40", "E2", 13000, 43.54, -1.46, 26.4, 4),
        ("40217", "Parentis-en-Born", "40", "E3", 7000, 44.35, -1.07, 120.0, 6),
        ("40192", "Mont-de-Marsan", "40", "E4", 29000, 43.89, -0.50, 37.0, 3),
        ("40197", "Morcenx-la-Nouvelle", "40", "E5", 5000, 44.03, -0.91, 130.0, 6),
        ("40006", "Arengosse", "40", "E5", 700, 44.00, -0.78, 64.0, 7),
        ("67482", "Strasbourg", "67", "E6", 290000, 48.57, 7.75, 78.0, 1),
        ("55039", "Beaumont-en-Verdunois", "55", None, 0, None, None, None, 7),
    ],
    schema=[
        "code", "nom", "departement", "epci", "population", "latitude", "longitude",
        "superficie_km2", "densite_niveau",
    ],
    orient="row",
)  # fmt: skip
CADRE = Cadre(
    cog=2026,
    communes=COMMUNES,
    anciens={"40009": "40197", "67999": "67482"},
    codes_postaux=pl.DataFrame(
        {
            "code_postal": ["40100", "40220", "40160", "40000", "40110", "40110", "67000"],
            "code": ["40088", "40312", "40217", "40192", "40197", "40006", "67482"],
        }
    ),
)


def _situer(**champs: object) -> dict[str, object]:
    ligne = {"id": "x:1", "source": "x", "nom": "n", "categorie": "siae", "precision_geo": "point"}
    return situer(pl.DataFrame([ligne | champs], schema=SERVICES), CADRE).row(0, named=True)


def test_a_service_geocoded_far_away_keeps_its_commune_and_takes_its_point() -> None:
    geiq = _situer(code_postal="40220", commune="Strasbourg", latitude=48.553, longitude=7.769)
    assert geiq["code_insee"] == "40312"
    assert geiq["precision_geo"] == "douteuse"
    assert (geiq["latitude"], geiq["longitude"]) == (43.54, -1.46)
    assert "Strasbourg" in str(geiq["remarque"])


def test_the_name_wins_over_a_code_it_contradicts() -> None:
    pif = _situer(code_insee="40192", code_postal="40160", commune="Parentis-en-Born")
    assert pif["code_insee"] == "40217"
    assert "40192" in str(pif["remarque"])


def test_an_old_code_becomes_the_commune_of_today() -> None:
    poste = _situer(code_insee="40009", code_postal="40110", commune="ARJUZANX")
    assert (poste["code_insee"], poste["commune"]) == ("40197", "Morcenx-la-Nouvelle")


@pytest.mark.parametrize(
    ("nom", "code_postal", "attendu"),
    [
        ("MONT DE MARSAN", "40000", "40192"),
        ("Mont-de-Marsan Cedex", "40025", "40192"),
        ("Parentis en Born", "40160", "40217"),
        ("Morcenx la nouvele", "40110", "40197"),
        ("Le Bourg", "40110", None),
        ("Atlantide", "99999", None),
        (None, "40100", "40088"),
    ],
)
def test_a_name_and_a_postal_code_give_a_commune_or_none(
    nom: str | None, code_postal: str, attendu: str | None
) -> None:
    assert _situer(commune=nom, code_postal=code_postal)["code_insee"] == attendu


def test_the_point_chooses_between_communes_of_one_postal_code() -> None:
    lieu = _situer(commune="Le Bourg", code_postal="40110", latitude=44.001, longitude=-0.781)
    assert lieu["code_insee"] == "40006"


def test_a_service_without_a_point_takes_the_point_of_its_commune() -> None:
    assert _situer(code_insee="40088")["precision_geo"] == "commune"
    sans_point = _situer(code_insee="55039")
    assert (sans_point["precision_geo"], sans_point["latitude"]) == ("inconnue", None)


def test_no_row_disappears() -> None:
    table = pl.DataFrame(
        [{"id": f"x:{rang}", "commune": nom} for rang, nom in enumerate(["Dax", None, "?"])],
        schema=SERVICES,
    )
    assert situer(table, CADRE)["id"].to_list() == ["x:0", "x:1", "x:2"]
