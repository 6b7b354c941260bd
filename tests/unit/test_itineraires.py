"""Serveur d'itinéraires : un faux OSRM local répond, tarde, refuse, se trompe."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from tests.unit.test_reseau import HorlogeFausse, serveur

from solidiag.errors import RecuperationImpossible
from solidiag.geography.couples import Couples, Itineraires
from solidiag.geography.distances import distances_km
from solidiag.sources.itineraires.reglage import Reglage
from solidiag.sources.itineraires.serveur import ItinerairesServeur

Points = list[tuple[float, float]]

DEPARTS = pl.DataFrame(
    {"latitude": [43.90, 43.95, None, 44.00], "longitude": [-0.50, -0.60, -0.5, -0.70]}
)
ARRIVEES = pl.DataFrame({"latitude": [43.91, 44.05, 43.70], "longitude": [-0.52, -0.72, -1.05]})


def secondes(departs: Points, arrivees: Points) -> list[list[float]]:
    """Temps du faux serveur : la ligne droite × 1,3 à 60 km/h."""
    km = distances_km(
        [p[0] for p in departs],
        [p[1] for p in departs],
        vers_latitudes=[p[0] for p in arrivees],
        vers_longitudes=[p[1] for p in arrivees],
    )
    return (km * 1.3 * 60).tolist()


ATTENDUS = (
    np.array(
        secondes([p for p in DEPARTS.iter_rows() if p[0] is not None], list(ARRIVEES.iter_rows()))
    )
    / 60
)


def lire_osrm(chemin: str) -> tuple[Points, list[int], list[int]]:
    parties = urlsplit(chemin)
    assert parties.path.startswith("/table/v1/driving/")
    points = [
        (float(b), float(a))
        for a, b in (p.split(",") for p in parties.path.rpartition("/")[2].split(";"))
    ]
    question = parse_qs(parties.query)
    assert question["annotations"] == ["duration"]
    rangs = [[int(i) for i in question[nom][0].split(";")] for nom in ("sources", "destinations")]
    return points, rangs[0], rangs[1]


def rendre(requete: BaseHTTPRequestHandler, contenu: Any, code: int = 200, **entetes: str) -> None:
    corps = contenu if isinstance(contenu, bytes) else json.dumps(contenu).encode()
    requete.send_response(code)
    for nom, valeur in entetes.items():
        requete.send_header(nom.replace("_", "-"), valeur)
    requete.send_header("Content-Length", str(len(corps)))
    requete.end_headers()
    requete.wfile.write(corps)


def osrm(requete: BaseHTTPRequestHandler, _: int = 0) -> None:
    """Répond comme le service « table » d'OSRM, qui refuse plus de quatre points."""
    points, sources, cibles = lire_osrm(requete.path)
    if len(points) > 4:
        rendre(requete, {"code": "TooBig", "message": "Too many table coordinates"}, 400)
        return
    temps = secondes([points[i] for i in sources], [points[j] for j in cibles])
    rendre(requete, {"code": "Ok", "durations": temps})


def fournisseur(
    adresse: str, horloge: HorlogeFausse | None = None, **reglage: Any
) -> ItinerairesServeur:
    return ItinerairesServeur(
        Reglage(type="osrm", adresse=adresse, **reglage),
        interne_km_h=30,
        horloge=horloge or HorlogeFausse(),
    )


def dense(trouves: Couples) -> np.ndarray[Any, Any]:
    matrice = np.full((trouves.n_departs, trouves.n_arrivees), np.nan)
    matrice[trouves.depart, trouves.arrivee] = trouves.temps
    return matrice


@pytest.mark.parametrize("par_requete", [2, 4, 0])
def test_a_local_osrm_is_asked_through_the_same_interface(par_requete: int) -> None:
    """0 : celui d'usage, que le serveur trouve trop grand ; le lot est alors coupé."""
    with serveur(osrm) as adresse:
        service: Itineraires = fournisseur(adresse, par_requete=par_requete)
        trouves = service.couples(DEPARTS, ARRIVEES, limite=120)
    lus = dense(trouves)
    assert np.isnan(lus[2]).all()
    assert np.allclose(lus[[0, 1, 3]], ATTENDUS, rtol=1e-4)
    assert service.remarques == ()
    assert not service.estime
    assert np.array_equal(trouves.bas, trouves.temps)


def test_only_the_pairs_within_the_limit_come_back_sorted() -> None:
    with serveur(osrm) as adresse:
        trouves = fournisseur(adresse).couples(DEPARTS, ARRIVEES, limite=20)
    attendus = [
        (d, a) for rang, d in enumerate((0, 1, 3)) for a in range(3) if ATTENDUS[rang, a] <= 20
    ]
    assert list(zip(trouves.depart, trouves.arrivee, strict=True)) == attendus
    assert 0 < len(attendus) < 9


def test_a_pair_out_of_reach_in_straight_line_is_not_asked() -> None:
    vus: list[str] = []

    def noter(requete: BaseHTTPRequestHandler, rang: int) -> None:
        vus.append(requete.path)
        osrm(requete, rang)

    loin = pl.DataFrame({"latitude": [48.85], "longitude": [2.35]})
    with serveur(noter) as adresse:
        trouves = fournisseur(adresse).couples(DEPARTS, loin, limite=30)
    assert len(trouves.temps) == 0
    assert vus == []


def test_a_null_is_no_route_and_never_a_time() -> None:
    def sans(requete: BaseHTTPRequestHandler, _: int) -> None:
        _, sources, cibles = lire_osrm(requete.path)
        rendre(requete, {"code": "Ok", "durations": [[None] * len(cibles) for _ in sources]})

    with serveur(sans) as adresse:
        service = fournisseur(adresse)
        for _ in range(2):
            trouves = service.couples(DEPARTS, ARRIVEES, limite=120)
    assert len(trouves.temps) == 0
    assert service.remarques == (
        "Le serveur d'itinéraires ne trouve aucun trajet pour 18 couples sur 18.",
    )


def test_a_point_snapped_too_far_has_no_time() -> None:
    def loin(requete: BaseHTTPRequestHandler, _: int) -> None:
        points, sources, cibles = lire_osrm(requete.path)
        rendre(
            requete,
            {
                "code": "Ok",
                "durations": secondes([points[i] for i in sources], [points[j] for j in cibles]),
                "sources": [{"distance": 9000.0 if points[i][0] == 43.9 else 5.0} for i in sources],
                "destinations": [{"distance": 12.0}] * len(cibles),
            },
        )

    with serveur(loin) as adresse:
        lus = dense(fournisseur(adresse).couples(DEPARTS, ARRIVEES, limite=120))
    assert np.isnan(lus).all(axis=1).tolist() == [True, False, True, False]


def test_a_partial_answer_is_kept_and_what_is_missing_is_said() -> None:
    def panne_ensuite(requete: BaseHTTPRequestHandler, rang: int) -> None:
        if rang == 0:
            osrm(requete)
        else:
            rendre(requete, {}, 503)

    horloge = HorlogeFausse()
    with serveur(panne_ensuite) as adresse:
        service = fournisseur(adresse, horloge, par_requete=2, essais=2)
        trouves = service.couples(DEPARTS, ARRIVEES, limite=120)
    assert len(trouves.temps) == 1
    assert service.remarques == (
        "Réponses incomplètes du serveur d'itinéraires : 8 couples sur 9 n'ont aucun temps. "
        "Dernière cause : serveur d'itinéraires : il est en panne (erreur 503).",
    )
    # Trois lots refusés de suite, deux essais chacun : les cinq autres ne sont plus demandés.
    assert horloge.attentes == [1.0, 1.0, 1.0]


def test_a_busy_server_is_waited_for_as_long_as_it_says() -> None:
    def occupe(requete: BaseHTTPRequestHandler, rang: int) -> None:
        if rang < 2:
            rendre(requete, {}, 429, Retry_After="7")
        else:
            osrm(requete)

    horloge = HorlogeFausse()
    with serveur(occupe) as adresse:
        trouves = fournisseur(adresse, horloge, par_requete=4).couples(
            DEPARTS, ARRIVEES, limite=120
        )
    assert len(trouves.temps) == 9
    assert horloge.attentes == [7.0, 7.0]


def test_a_server_that_never_answers_is_given_up_in_french() -> None:
    with socket.socket() as muet:
        muet.bind(("127.0.0.1", 0))
        muet.listen()
        adresse = f"http://127.0.0.1:{muet.getsockname()[1]}"
        with pytest.raises(RecuperationImpossible, match="ne répond pas à temps") as erreur:
            fournisseur(adresse, delai_s=0.05, essais=2).couples(DEPARTS, ARRIVEES, limite=120)
    assert erreur.value.cause == "delai"
    assert "itineraires" in str(erreur.value)


def test_a_server_that_is_not_there_is_an_error() -> None:
    with socket.socket() as ferme:
        ferme.bind(("127.0.0.1", 0))
        port = ferme.getsockname()[1]
    with pytest.raises(RecuperationImpossible, match="n'est pas joignable"):
        fournisseur(f"http://127.0.0.1:{port}", essais=1).couples(DEPARTS, ARRIVEES, limite=120)


@pytest.mark.parametrize(
    ("corps", "dit"),
    [
        (b"<html>proxy</html>", "n'est pas du JSON"),
        (b"[1, 2]", "n'est pas un objet"),
        ({"code": "Ok"}, "forme ou les temps"),
        ({"code": "Ok", "durations": [[1.0]]}, "forme ou les temps"),
        ({"code": "InvalidOptions"}, "forme ou les temps"),
        (b"[" * 200_000, "n'est pas du JSON"),
        ({"code": "Ok", "durations": [[10**400] * 3] * 3}, "forme ou les temps"),
        ({"code": "Ok", "durations": [["vite"] * 3] * 3}, "forme ou les temps"),
        ({"code": "Ok", "durations": [[-5.0] * 3] * 3}, "forme ou les temps"),
        # des minutes au lieu de secondes : plus court que la ligne droite à 130 km/h
        ({"code": "Ok", "durations": (ATTENDUS / 10).tolist()}, "forme ou les temps"),
    ],
)
def test_a_wrong_answer_is_refused_and_no_time_is_invented(corps: Any, dit: str) -> None:
    with (
        serveur(lambda requete, _: rendre(requete, corps)) as adresse,
        pytest.raises(RecuperationImpossible, match=dit),
    ):
        fournisseur(adresse, essais=1).couples(DEPARTS, ARRIVEES, limite=120)


def test_a_wait_that_is_not_a_number_does_not_stop_the_next_try() -> None:
    def occupe(requete: BaseHTTPRequestHandler, rang: int) -> None:
        if rang == 0:
            rendre(requete, {}, 503, Retry_After="\u00b2")
        else:
            osrm(requete)

    with serveur(occupe) as adresse:
        assert len(fournisseur(adresse).couples(DEPARTS, ARRIVEES, limite=120).temps) == 9


def test_a_password_in_the_address_is_not_repeated() -> None:
    with serveur(lambda requete, _: rendre(requete, {"code": "Ok"})) as adresse:
        service = fournisseur(adresse.replace("http://", "http://moi:secret@"), essais=1)
        with pytest.raises(RecuperationImpossible) as erreur:
            service.couples(DEPARTS, ARRIVEES, limite=120)
    assert "secret" not in str(erreur.value)


def test_a_refused_profile_says_what_the_server_answers() -> None:
    def refuser(requete: BaseHTTPRequestHandler, _: int) -> None:
        rendre(requete, {"code": "InvalidValue", "message": "profile unknown"}, 400)

    with (
        serveur(refuser) as adresse,
        pytest.raises(RecuperationImpossible, match="InvalidValue profile unknown"),
    ):
        fournisseur(adresse).couples(DEPARTS, ARRIVEES, limite=120)


def test_living_in_the_commune_of_the_service_is_not_zero_minute() -> None:
    ici = {"latitude": [43.9], "longitude": [-0.5], "code": ["40088"]}
    with serveur(osrm) as adresse:
        trouves = fournisseur(adresse).couples(
            pl.DataFrame({**ici, "superficie_km2": [16.0]}), pl.DataFrame(ici), limite=60
        )
    assert trouves.temps.tolist() == [4.0]  # √16 / 2 = 2 km à 30 km/h


def transporte(
    genre: str, repondre: Callable[[httpx.Request], httpx.Response], **reglage: Any
) -> ItinerairesServeur:
    return ItinerairesServeur(
        Reglage(type=genre, adresse=reglage.pop("adresse", "http://127.0.0.1:8002"), **reglage),  # type: ignore[arg-type]
        mode=reglage.pop("mode", "voiture"),
        interne_km_h=30,
        transport=httpx.MockTransport(repondre),
        horloge=HorlogeFausse(),
    )


@pytest.mark.parametrize("forme", ["longue", "courte"])
def test_valhalla_is_asked_in_its_own_form(forme: str) -> None:
    def repondre(requete: httpx.Request) -> httpx.Response:
        assert requete.url.path == "/sources_to_targets"
        lu = json.loads(requete.content)
        assert lu["costing"] == "auto"
        points = [[(p["lat"], p["lon"]) for p in lu[nom]] for nom in ("sources", "targets")]
        temps = secondes(*points)
        if forme == "courte":
            return httpx.Response(200, json={"sources_to_targets": {"durations": temps}})
        cases = [[{"time": t, "distance": 1.0} for t in ligne] for ligne in temps]
        return httpx.Response(200, json={"sources_to_targets": cases})

    lus = dense(transporte("valhalla", repondre).couples(DEPARTS, ARRIVEES, limite=120))
    assert np.allclose(lus[[0, 1, 3]], ATTENDUS, rtol=1e-4)


def test_one_point_that_valhalla_cannot_place_does_not_lose_the_others() -> None:
    def repondre(requete: httpx.Request) -> httpx.Response:
        lu = json.loads(requete.content)
        if any(abs(p["lat"] - 43.95) < 1e-6 for p in lu["sources"]):
            erreur = {"error_code": 171, "error": "No suitable edges near location"}
            return httpx.Response(400, json=erreur)
        points = [[(p["lat"], p["lon"]) for p in lu[nom]] for nom in ("sources", "targets")]
        cases = [[{"time": t} for t in ligne] for ligne in secondes(*points)]
        return httpx.Response(200, json={"sources_to_targets": cases})

    service = transporte("valhalla", repondre)
    lus = dense(service.couples(DEPARTS, ARRIVEES, limite=120))
    assert np.isnan(lus).all(axis=1).tolist() == [False, True, True, False]
    assert "aucun trajet pour 3 couples sur 9" in service.remarques[0]


def ign(requete: httpx.Request) -> httpx.Response:
    assert requete.url.path == "/navigation/itineraire"
    question = dict(requete.url.params)
    assert question["resource"] == "bdtopo-osrm"
    assert question["profile"] == "car"
    un, deux = ((float(b), float(a)) for a, b in (question[n].split(",") for n in ("start", "end")))
    return httpx.Response(
        200,
        json={
            "duration": secondes([un], [deux])[0][0],
            "timeUnit": "second",
            "start": question["start"],
            "end": "-0.52,43.91" if deux[0] < 43.8 else question["end"],
        },
    )


def test_the_ign_is_asked_one_pair_at_a_time_and_its_far_points_are_left_out() -> None:
    service = transporte("ign", ign, adresse="https://data.geopf.fr/navigation")
    lus = dense(service.couples(DEPARTS, ARRIVEES, limite=120))
    assert np.allclose(lus[[0, 1, 3]][:, :2], ATTENDUS[:, :2], rtol=1e-4)
    assert np.isnan(lus[:, 2]).all()


def test_too_many_pairs_for_the_ign_are_refused_before_any_request() -> None:
    service = transporte("ign", ign, adresse="", couples_maximum=5)
    with pytest.raises(RecuperationImpossible, match="un couple par requête, et il y en a 9"):
        service.couples(DEPARTS, ARRIVEES, limite=120)


def test_a_mode_that_the_server_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="velo"):
        ItinerairesServeur(Reglage(type="ign"), mode="velo", interne_km_h=12)


def test_a_password_in_a_refused_setting_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as erreur:
        Reglage(adresse="http://moi:secret@exemple.fr")
    dits = [faute["msg"] for faute in erreur.value.errors()]
    assert "http://exemple.fr" in dits[0]
    assert "secret" not in dits[0]


@pytest.mark.parametrize(
    "contenu",
    [
        {"adresse": "exemple.fr"},
        {"adresse": "http://exemple.fr:5000"},
        {"adresse": "ftp://127.0.0.1"},
        {"adresse": ""},
        {"type": "autre", "adresse": "http://127.0.0.1"},
        {"adresse": "http://127.0.0.1", "delai_s": 0},
        {"adresse": "http://127.0.0.1", "inconnu": 1},
        {"adresse": "http://127.0.0.1:port"},
        {"adresse": "http://[::1"},
    ],
)
def test_a_wrong_setting_is_refused(contenu: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Reglage(**contenu)
