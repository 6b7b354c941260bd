"""Territoires propres : listes, anciens codes, dessins, fichiers hostiles."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from solidiag.errors import DessinInvalide, FichierIllisible, ListeDeCommunesInvalide
from solidiag.geography.contours import Contours
from solidiag.geography.dessins import SOMMETS_MAXIMUM, depuis_dessin
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import TerritoirePropre, depuis_codes
from solidiag.pipeline.profil_territoires import de_dessin, de_liste
from solidiag.sources.territoires import charger_contours, charger_referentiel
from solidiag.sources.territoires_utilisateur import TAILLE_MAXIMALE, lire_geojson, lire_liste
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot().octets)


@pytest.fixture(scope="module")
def contours() -> Contours:
    return charger_contours(Depot().octets)


def rectangle(ouest: float, sud: float, est: float, nord: float) -> dict[str, Any]:
    """Renvoie un rectangle en GeoJSON."""
    points = [[ouest, sud], [est, sud], [est, nord], [ouest, nord], [ouest, sud]]
    return {"type": "Polygon", "coordinates": [points]}


def test_an_old_code_becomes_its_current_commune_and_says_so(referentiel: Referentiel) -> None:
    propre = depuis_codes(["40009"], referentiel)
    assert dict(propre.parts) == {"40197": 1.0}
    (report,) = propre.reports
    assert report.statut == "merged"
    assert set(report.autres) == {"40107", "40197", "40302"}


def test_all_the_old_parts_together_leave_nothing_else_to_say(referentiel: Referentiel) -> None:
    propre = depuis_codes(["40009", "40107", "40197", "40302"], referentiel)
    assert dict(propre.parts) == {"40197": 1.0}
    assert all(report.autres == () for report in propre.reports)


def test_a_lost_leading_zero_is_found_and_said(referentiel: Referentiel) -> None:
    propre = depuis_codes(["1001"], referentiel)
    assert dict(propre.parts) == {"01001": 1.0}
    assert [report.statut for report in propre.reports] == ["zero"]


def test_an_arrondissement_counts_for_its_share_of_population(referentiel: Referentiel) -> None:
    propre = depuis_codes(["75101"], referentiel)
    attendu = referentiel.populations["ARM-75101"] / referentiel.populations["COM-75056"]
    assert propre.parts["75056"] == pytest.approx(attendu)
    assert propre.coupees == ("75056",)


def test_all_the_arrondissements_make_the_whole_city(referentiel: Referentiel) -> None:
    municipaux = referentiel.arrondissements_municipaux
    codes = municipaux.filter(municipaux["commune"] == "69123")["code"].to_list()
    assert dict(depuis_codes(codes, referentiel).parts) == {"69123": 1.0}


def test_doubles_count_once_and_are_kept(referentiel: Referentiel) -> None:
    propre = depuis_codes(["40088", "40192", "40088"], referentiel)
    assert len(propre.parts) == 2
    assert propre.doubles == ("40088",)


@pytest.mark.parametrize(
    ("codes", "dit"),
    [
        ([], "aucun code"),
        (["99999"], "99999"),
        (["244000675"], "intercommunalité"),
        (["Dax"], "cinq caractères"),
        ([f"{n:05d}" for n in range(40_001)], "au plus"),
    ],
)
def test_a_bad_list_is_refused_with_what_to_do(
    codes: list[str], dit: str, referentiel: Referentiel
) -> None:
    with pytest.raises(ListeDeCommunesInvalide, match=dit):
        depuis_codes(codes, referentiel)


def test_a_share_must_be_a_share() -> None:
    with pytest.raises(ValueError, match="part"):
        TerritoirePropre(code="x", nom="x", genre="liste", parts={"40088": 1.2})


@pytest.mark.parametrize(
    "octets",
    [
        b"40088\n40192\n",
        b"code;nom\n40088;Dax\n40192;Mont-de-Marsan\n",
        "\ufeffnom,codgeo\nDax,40088\nMont,40192\n".encode(),
        b"nom\tcode_insee\r\nDax\t40088\r\nMont\t40192\r\n",
        "commune;code_insee;d\xe9partement\nDax;40088;40\nMont;40192;40\n".encode("cp1252"),
        b"40088, 40192",
        "code\n40088\n40192\n".encode("utf-16"),
    ],
)
def test_a_list_is_read_whatever_its_shape(octets: bytes) -> None:
    assert lire_liste(octets, "liste") == ["40088", "40192"]


def test_a_postal_code_column_is_not_taken_for_commune_codes() -> None:
    octets = b"code_postal;autre\n40100;40088\n40000;40192\n"
    assert lire_liste(octets, "liste.csv") == ["40088", "40192"]


def test_a_workbook_that_lost_its_types_is_read() -> None:
    classeur = Workbook()
    feuille = classeur.active
    assert feuille is not None
    for ligne in (["nom", "Code Insee"], ["Dax", 40088], ["Ambérieu", 1004]):
        feuille.append(ligne)
    memoire = io.BytesIO()
    classeur.save(memoire)
    assert lire_liste(memoire.getvalue(), "liste.xlsx") == ["40088", "1004"]


@pytest.mark.parametrize(
    "octets",
    [b"", b"   \n", b"PK\x03\x04rien", b"\x00\x01\x02\x03", b"nom;ville\na;b\n", b"x" * 50],
)
def test_a_file_that_is_not_a_list_is_refused(octets: bytes) -> None:
    with pytest.raises(ListeDeCommunesInvalide):
        lire_liste(octets, "fichier")


def test_an_oversized_list_is_refused_before_reading() -> None:
    with pytest.raises(ListeDeCommunesInvalide, match="Mo"):
        lire_liste(b"4" * (TAILLE_MAXIMALE + 1), "grosse.csv")


def test_a_missing_file_is_said(tmp_path: Path, referentiel: Referentiel) -> None:
    with pytest.raises(FichierIllisible, match="absent"):
        de_liste(tmp_path / "absent.csv", referentiel)


def test_a_drawing_keeps_whole_communes_and_cuts_the_others(
    referentiel: Referentiel, contours: Contours
) -> None:
    propre = depuis_dessin(rectangle(-1.15, 43.65, -0.95, 43.78), contours, referentiel)
    assert propre.parts["40088"] == 1.0
    assert 0.02 < propre.parts["40003"] < 0.98
    assert propre.estime


def test_two_halves_of_a_drawing_share_the_cut_communes(
    referentiel: Referentiel, contours: Contours
) -> None:
    gauche = depuis_dessin(rectangle(-1.15, 43.65, -1.05, 43.78), contours, referentiel).parts
    droite = depuis_dessin(rectangle(-1.05, 43.65, -0.95, 43.78), contours, referentiel).parts
    tout = depuis_dessin(rectangle(-1.15, 43.65, -0.95, 43.78), contours, referentiel).parts
    for code in set(gauche) & set(droite):
        assert gauche[code] + droite[code] == pytest.approx(tout[code], abs=0.03)


def test_a_drawing_in_lambert_says_its_projection(
    referentiel: Referentiel, contours: Contours
) -> None:
    dessin = rectangle(377000, 6300000, 387000, 6310000)
    dessin["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    assert depuis_dessin(dessin, contours, referentiel).parts


def noeud() -> dict[str, Any]:
    """Renvoie un polygone croisé."""
    points = [[-1.1, 43.6], [-0.9, 43.8], [-0.9, 43.6], [-1.1, 43.8], [-1.1, 43.6]]
    return {"type": "Polygon", "coordinates": [points]}


def crs(nom: Any) -> dict[str, Any]:
    """Renvoie un rectangle dont la projection est déclarée."""
    return {**rectangle(-1.1, 43.6, -1, 43.7), "crs": {"properties": {"name": nom}}}


@pytest.mark.parametrize(
    ("dessin", "dit"),
    [
        (noeud(), "se recoupe"),
        (rectangle(43.65, -1.15, 43.78, -0.95), "inversées"),
        (rectangle(377000, 6300000, 387000, 6310000), "Lambert-93"),
        (rectangle(10, 10, 11, 11), "aucune commune"),
        (rectangle(-1, 43, -1, 43), "se recoupe|nulle"),
        ({"type": "Point", "coordinates": [1, 2]}, "aucune surface"),
        ({"type": "Polygon", "coordinates": []}, "structure"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}, "points"),
        ({"type": "Polygon", "coordinates": [[["a", 1]] * 4]}, "deux nombres"),
        ({"type": "Polygon", "coordinates": [[[1e400, 1]] * 4]}, "fini"),
        ({"type": "FeatureCollection", "features": "non"}, "liste"),
        ({"type": "Feature", "geometry": 3}, "GeoJSON"),
        ({"type": "Inconnu"}, "Inconnu"),
        ([], "objet GeoJSON"),
        (crs("urn:zut"), "crs"),
        (crs(12), "crs"),
        (crs("EPSG:999999"), "999999"),
    ],
)
def test_a_bad_drawing_is_refused_in_french(
    dessin: Any, dit: str, referentiel: Referentiel, contours: Contours
) -> None:
    with pytest.raises(DessinInvalide, match=dit):
        depuis_dessin(dessin, contours, referentiel)


def test_a_drawing_with_too_many_points_is_refused(
    referentiel: Referentiel, contours: Contours
) -> None:
    anneau = [[-1.0, 43.0 + n * 1e-6] for n in range(SOMMETS_MAXIMUM + 2)]
    with pytest.raises(DessinInvalide, match="sommets"):
        depuis_dessin({"type": "Polygon", "coordinates": [anneau]}, contours, referentiel)


@pytest.mark.parametrize("octets", [b"", b"{", b"[" * 100_000, b'{"a": NaN}', b"\xff\xfe"])
def test_a_file_that_is_not_json_is_refused(octets: bytes) -> None:
    with pytest.raises(DessinInvalide, match="GeoJSON"):
        lire_geojson(octets, "dessin.geojson")


def test_the_cut_and_its_convention_are_said(tmp_path: Path, referentiel: Referentiel) -> None:
    chemin = tmp_path / "d.geojson"
    chemin.write_text(json.dumps(rectangle(-1.15, 43.65, -0.95, 43.78)))
    sujet = de_dessin(chemin, referentiel, Depot().octets, nom="Autour de Dax")
    assert any("convention" in remarque for remarque in sujet.remarques)
    assert sujet.territoire.nom == "Autour de Dax"
