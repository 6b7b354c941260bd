"""Un extrait d'OpenStreetMap en vrai PBF donne les temps calculés à la main."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.contract.extrait_osm import (
    METRES_PAR_DEGRE,
    PAS,
    POINTS,
    RAYON_M,
    VOIES,
    ecrire_geopackage,
    ecrire_pbf,
)

from solidiag.errors import FichierRefuse
from solidiag.geography.reseau_routier import ReseauRoutier
from solidiag.sources.osm import Extrait, est_un_extrait, lire_extrait
from solidiag.sources.osm_etiquettes import Lecteur, etiquettes_geofabrik
from solidiag.storage.depot import Depot

CONVENTIONS: dict[str, Any] = Depot.embarque().parametres("routes")
KM = METRES_PAR_DEGRE * PAS / 1000
"""1,11195 km, d'un point au suivant sur le méridien."""


def parallele_km(latitude: float, degres: float) -> float:
    """Distance orthodromique le long d'un parallèle, par la formule de haversine."""
    moitie = math.radians(degres / 2)
    return 2 * RAYON_M * math.asin(math.cos(math.radians(latitude)) * math.sin(moitie)) / 1000


# En voiture. La vitesse est la plus petite de celle de la classe et de 0,9 fois la limite.
UN_DEUX = KM / 70 * 60  # primaire sans limite : 70 km/h, 0,953 min
DEUX_TROIS = KM / 45 * 60  # primaire limitée à 50 : 0,9 × 50 = 45 km/h, 1,483 min
TROIS_QUATRE = KM / 70 * 60
QUATRE_CINQ = parallele_km(44.03, 0.02) / 25 * 60  # zone 30 : 27 > 25, la classe l'emporte
SIX_CINQ = 3 * KM / 25 * 60  # 8,006 min, dans ce seul sens
SIX_UN = parallele_km(44.0, 0.02) / (10 * 1.609344 * 0.9) * 60  # 10 mph × 0,9 = 14,48 km/h

VOITURE = {
    (1, 2): UN_DEUX,
    (1, 3): UN_DEUX + DEUX_TROIS,
    (1, 4): UN_DEUX + DEUX_TROIS + TROIS_QUATRE,
    (1, 5): UN_DEUX + DEUX_TROIS + TROIS_QUATRE + QUATRE_CINQ,
    (6, 5): SIX_CINQ,
    (5, 6): QUATRE_CINQ + TROIS_QUATRE + DEUX_TROIS + UN_DEUX + SIX_UN,
    (7, 8): KM / 25 * 60,
}

VELO = {
    (1, 4): 3 * KM / 15 * 60,  # 15 km/h : la limite de 50 n'y change rien
    (6, 5): 3 * KM / 15 * 60,
    (5, 6): (parallele_km(44.03, 0.02) + 3 * KM + parallele_km(44.0, 0.02)) / 15 * 60,
    (3, 9): parallele_km(44.02, 0.01) / 15 * 60,
}

PIED = {
    (1, 4): 3 * KM / 4.5 * 60,
    (5, 6): 3 * KM / 4.5 * 60,  # le sens unique ne vaut pas pour un piéton
    (2, 11): parallele_km(44.01, 0.01) / 2.5 * 60,  # escaliers
    (3, 9): parallele_km(44.02, 0.01) / 4.5 * 60,
}


def points(*rangs: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "latitude": [POINTS[r][0] for r in rangs],
            "longitude": [POINTS[r][1] for r in rangs],
        }
    )


def temps(extrait: Extrait, mode: str, un: int, deux: int, **changes: Any) -> float | None:
    routier = ReseauRoutier(extrait.reseau, nom="essai", conventions=CONVENTIONS | changes)
    trouves = routier.itineraires(mode).couples(points(un), points(deux), limite=600)
    return float(trouves.temps[0]) if len(trouves.temps) else None


@pytest.fixture(scope="module")
def extraits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Extrait]:
    dossier = tmp_path_factory.mktemp("osm")
    chemins = {
        "pbf": ecrire_pbf(dossier / "un-nom-quelconque"),
        "gdal": ecrire_geopackage(dossier / "gdal.gpkg"),
        "colonnes": ecrire_geopackage(
            dossier / "colonnes.gpkg",
            colonnes=("highway", "maxspeed", "oneway", "access"),
            couche="routes",
        ),
    }
    return {nom: lire_extrait(chemin, conventions=CONVENTIONS) for nom, chemin in chemins.items()}


@pytest.mark.parametrize("forme", ["pbf", "gdal", "colonnes"])
@pytest.mark.parametrize(
    ("mode", "attendus"), [("voiture", VOITURE), ("velo", VELO), ("pied", PIED)]
)
def test_the_times_are_those_computed_by_hand(
    extraits: dict[str, Extrait], forme: str, mode: str, attendus: dict[tuple[int, int], float]
) -> None:
    for (un, deux), attendu in attendus.items():
        assert temps(extraits[forme], mode, un, deux) == pytest.approx(attendu, rel=1e-7), (
            un,
            deux,
        )


def test_what_is_closed_to_a_mode_gives_no_time(extraits: dict[str, Extrait]) -> None:
    acces = CONVENTIONS["acces"] | {"distance_maximale_m": 300}
    for mode, un, deux in (
        ("voiture", 1, 9),
        ("voiture", 1, 10),
        ("velo", 1, 11),
        ("pied", 1, 10),
        ("voiture", 1, 7),
    ):
        assert temps(extraits["pbf"], mode, un, deux, acces=acces) is None, (mode, un, deux)


def test_a_small_isolated_part_is_left_out_and_its_points_are_said_far(
    extraits: dict[str, Extrait],
) -> None:
    routier = ReseauRoutier(
        extraits["pbf"].reseau,
        nom="essai",
        conventions=CONVENTIONS | {"part_composante_minimale": 0.5},
    ).itineraires()
    trouves = routier.couples(points(1, 7), points(4, 8), limite=600)
    assert list(zip(trouves.depart, trouves.arrivee, strict=True)) == [(0, 0)]
    assert [r for r in routier.remarques if "loin du réseau" in r] == [
        "1 point de départ loin du réseau (plus de 2000 m) : aucun temps n'en est calculé.",
        "1 point d'arrivée loin du réseau (plus de 2000 m) : aucun temps n'en est calculé.",
    ]


def test_a_speed_changed_by_an_expert_needs_no_new_import(extraits: dict[str, Extrait]) -> None:
    vitesses = dict(CONVENTIONS["vitesses_km_h"])
    vitesses["voiture"] = vitesses["voiture"] | {"primary": 35}
    assert temps(extraits["pbf"], "voiture", 1, 2, vitesses_km_h=vitesses) == pytest.approx(
        2 * UN_DEUX
    )


def test_a_ferry_is_taken_only_if_the_declaration_says_so(tmp_path: Path) -> None:
    voies = [*VOIES, ((4, 7), {"route": "ferry"})]
    extrait = lire_extrait(ecrire_pbf(tmp_path / "bac", voies=voies), conventions=CONVENTIONS)
    assert temps(extrait, "voiture", 1, 7) is None
    avec = temps(extrait, "voiture", 1, 7, bacs={"empruntes": True})
    assert avec == pytest.approx(VOITURE[1, 4] + 17 * KM / 8 * 60)


@pytest.mark.parametrize(
    ("etiquettes", "aller", "retour"),
    [
        ({"highway": "motorway"}, True, False),
        ({"highway": "motorway", "oneway": "no"}, True, True),
        ({"highway": "tertiary", "oneway": "-1"}, False, True),
        ({"highway": "tertiary", "oneway": "1"}, True, False),
        ({"highway": "tertiary", "junction": "roundabout"}, True, False),
        ({"highway": "tertiary"}, True, True),
        ({"highway": "tertiary", "motor_vehicle": "no"}, False, False),
        ({"highway": "tertiary", "access": "no", "motorcar": "yes"}, True, True),
        ({"highway": "tertiary", "access": "destination"}, True, True),
        ({"highway": "construction"}, False, False),
        ({"highway": "service", "area": "yes"}, False, False),
        ({"highway": "footway"}, False, False),
    ],
)
def test_the_directions_open_to_a_car(
    etiquettes: dict[str, str], aller: bool, retour: bool
) -> None:
    voie = Lecteur(conventions=CONVENTIONS).lire(etiquettes)
    sens = voie.sens if voie else 0
    assert (bool(sens & 1), bool(sens & 2)) == (aller, retour)


def test_a_bicycle_may_go_against_a_one_way_street_that_allows_it() -> None:
    lecteur = Lecteur(conventions=CONVENTIONS)
    rue = {"highway": "residential", "oneway": "yes"}
    bits = []
    for autres in ({}, {"oneway:bicycle": "no"}, {"cycleway:left": "opposite_lane"}):
        voie = lecteur.lire({**rue, **autres})
        assert voie is not None
        bits.append(voie.sens & 15)
    assert bits == [1 + 4, 1 + 4 + 8, 1 + 4 + 8]


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("50", 50.0),
        ("50 km/h", 50.0),
        ("30 mph", 48.28032),
        ("FR:urban", 50.0),
        ("FR:rural", 80.0),
        ("FR:zone30", 30.0),
        ("90;70", 70.0),
        ("none", math.nan),
        ("", math.nan),
    ],
)
def test_the_speed_limits_that_are_understood(texte: str, attendu: float) -> None:
    lecteur = Lecteur(conventions=CONVENTIONS)
    assert lecteur.limite(texte) == pytest.approx(attendu, nan_ok=True)
    assert not lecteur.limites_inconnues


def test_a_speed_limit_not_understood_is_unknown_and_said(tmp_path: Path) -> None:
    voies = [((1, 2), {"highway": "primary", "maxspeed": "vite"}), *VOIES[1:]]
    extrait = lire_extrait(ecrire_pbf(tmp_path / "x", voies=voies), conventions=CONVENTIONS)
    assert temps(extrait, "voiture", 1, 2) == pytest.approx(UN_DEUX)
    assert "« vite »" in extrait.remarques[0]


def test_the_geofabrik_free_form_gives_the_same_car_times(tmp_path: Path) -> None:
    sens = {"yes": "F"}
    limites = {"50": 50, "FR:zone30": 30, "10 mph": 16}
    voies = [
        (
            noeuds,
            {
                "fclass": tags["highway"],
                "oneway": sens.get(tags.get("oneway", ""), "B"),
                "maxspeed": limites.get(tags.get("maxspeed", ""), 0),
            },
        )
        for noeuds, tags in VOIES
        if "access" not in tags
    ]
    chemin = ecrire_geopackage(
        tmp_path / "libre.gpkg",
        voies=voies,  # type: ignore[arg-type]
        colonnes=("fclass", "oneway", "maxspeed"),
        couche="gis_osm_roads_free",
    )
    extrait = lire_extrait(chemin, conventions=CONVENTIONS)
    assert temps(extrait, "voiture", 1, 5) == pytest.approx(VOITURE[1, 5], rel=1e-7)
    assert temps(extrait, "voiture", 6, 5) == pytest.approx(VOITURE[6, 5], rel=1e-7)
    assert any("Geofabrik" in remarque for remarque in extrait.remarques)


def test_a_way_with_a_missing_point_is_cut_there_and_it_is_said(tmp_path: Path) -> None:
    points_ = {rang: lieu for rang, lieu in POINTS.items() if rang != 3}
    voies = [((1, 2, 3, 4), {"highway": "primary"}), ((4, 5), {"highway": "primary"})]
    extrait = lire_extrait(
        ecrire_pbf(tmp_path / "x", points=points_, voies=voies), conventions=CONVENTIONS
    )
    assert temps(extrait, "voiture", 1, 4) is None
    assert temps(extrait, "voiture", 1, 2) == pytest.approx(UN_DEUX)
    assert "absents de l'extrait : 1" in extrait.remarques[0]


def _octets(tmp_path: Path, octets: bytes) -> Path:
    chemin = tmp_path / "recu.osm.pbf"
    chemin.write_bytes(octets)
    return chemin


def test_bad_files_are_refused_in_french(tmp_path: Path) -> None:
    bon = ecrire_pbf(tmp_path / "bon").read_bytes()
    paquet = ecrire_geopackage(tmp_path / "bon.gpkg").read_bytes()
    entete = bon[: bon.index(b"OSMData") - 6]
    bombe = entete + b"\x00\x00\x00\x10\n\x07OSMData\x18\xff\xff\xff\x7f" + b"x" * 40
    for octets, dit in (
        (b"", "il est vide"),
        (bon[:-20], "tronqué ou abîmé"),
        (bombe, "tronqué ou abîmé"),
        (paquet[: len(paquet) // 3], "tronqué ou abîmé"),
        (b"PK\x03\x04" + bon, "archive ZIP"),
        (b"BZh91AY", "compressé"),
        (b"<?xml version='1.0'?><osm/>", "XML"),
        (b"code;libelle\n40001;Aire\n", "ni un extrait PBF"),
    ):
        with pytest.raises(FichierRefuse, match=dit):
            lire_extrait(_octets(tmp_path, octets), conventions=CONVENTIONS)
    with pytest.raises(FichierRefuse, match="ne s'ouvre pas"):
        lire_extrait(tmp_path / "absent.osm.pbf", conventions=CONVENTIONS)


def test_an_extract_without_any_road_is_refused(tmp_path: Path) -> None:
    vide = ecrire_pbf(tmp_path / "vide", voies=[((1, 2), {"waterway": "river"})])
    with pytest.raises(FichierRefuse, match="aucune voie"):
        lire_extrait(vide, conventions=CONVENTIONS)
    sans = ecrire_geopackage(tmp_path / "sans.gpkg", colonnes=("waterway",), couche="eaux")
    with pytest.raises(FichierRefuse, match="aucune couche"):
        lire_extrait(sans, conventions=CONVENTIONS)


def test_a_geopackage_in_metres_is_refused(tmp_path: Path) -> None:
    chemin = ecrire_geopackage(tmp_path / "l93.gpkg", crs="EPSG:2154")
    with pytest.raises(FichierRefuse, match="EPSG:2154"):
        lire_extrait(chemin, conventions=CONVENTIONS)


def test_an_extract_is_known_by_its_bytes(tmp_path: Path) -> None:
    assert est_un_extrait(ecrire_pbf(tmp_path / "sans-extension"))
    assert est_un_extrait(ecrire_geopackage(tmp_path / "routes.gpkg"))
    assert not est_un_extrait(_octets(tmp_path, b"code;libelle\n"))
    assert not est_un_extrait(tmp_path / "absent")


def test_the_step_of_the_kept_points_changes_no_time(tmp_path: Path) -> None:
    """Un tracé de 101 points, coupé ou non : mêmes longueurs, à l'arrondi près."""
    trace = {i: (44 + i * 0.001, -0.5 + 0.002 * math.sin(i / 7)) for i in range(1, 102)}
    voies = [(tuple(range(1, 102)), {"highway": "tertiary"}), ((40, 1), {"highway": "service"})]
    chemin = ecrire_pbf(tmp_path / "trace", points=trace, voies=voies)
    lus = {
        pas: lire_extrait(chemin, conventions=CONVENTIONS | {"pas_d_accrochage_m": pas})
        for pas in (0, 250, 1e9)
    }
    nombres = [len(extrait.reseau.latitude) for extrait in lus.values()]
    assert nombres[0] == 101
    assert nombres[0] > nombres[1] > nombres[2] == 3
    bouts = [
        pl.DataFrame({"latitude": [t[0]], "longitude": [t[1]]}) for t in (trace[1], trace[101])
    ]
    trouves = [
        ReseauRoutier(e.reseau, nom="x", conventions=CONVENTIONS)
        .itineraires()
        .couples(*bouts, limite=600)
        .temps[0]
        for e in lus.values()
    ]
    assert np.ptp(trouves) < 1e-9


@pytest.mark.parametrize(
    ("ecrit", "lue"),
    [(0, None), (None, None), ("50", "50"), (50.0, "50"), ("walk", "walk"), ("30 mph", "30 mph")],
)
def test_a_worded_limit_of_a_geopackage_is_kept_for_the_reader(
    ecrit: object, lue: str | None
) -> None:
    assert etiquettes_geofabrik("primary", "B", ecrit).get("maxspeed") == lue


@pytest.mark.parametrize("ailleurs", [(6_250_000.0, 400_000.0), (43.9, 181.0)])
def test_coordinates_that_are_not_degrees_are_refused(
    tmp_path: Path, ailleurs: tuple[float, float]
) -> None:
    points = {**POINTS, 2: ailleurs}
    with pytest.raises(FichierRefuse, match="ne sont pas des degrés"):
        lire_extrait(
            ecrire_geopackage(tmp_path / "metres.gpkg", points=points), conventions=CONVENTIONS
        )
