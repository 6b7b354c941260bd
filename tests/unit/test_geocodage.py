"""Géocodage : serveur factice (délais, pannes, réponses partielles), refus, mémoire, emploi."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import polars as pl
import pytest
from tests.unit.test_reseau import HorlogeFausse, serveur

from solidiag.errors import DeclarationInvalide, RecuperationImpossible
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.geocodage import (
    AdresseCherchee,
    PointTrouve,
    ReponseAdresse,
    a_geocoder,
    appliquer,
    retenir,
)
from solidiag.sources.geocodage import GeocodeurBan
from solidiag.sources.protocoles import session as protocole_session
from solidiag.storage.depot import Depot
from solidiag.storage.geocodages import Geocodages

PARAMETRES = Depot().parametres("geocodage")
DAX = AdresseCherchee(adresse="1 rue Exemple", commune="Dax", code_insee="40088")
SABRES = AdresseCherchee(adresse="2 place Exemple", commune="Sabres", code_insee="40246")
ENTETE = (
    "ligne,adresse,commune,longitude,latitude,result_score,result_label,result_type,"
    "result_citycode,result_status"
)

Repondre = Callable[[BaseHTTPRequestHandler, int, bytes], None]


def envoyer(poignee: BaseHTTPRequestHandler, corps: str, *, code: int = 200) -> None:
    octets = corps.encode()
    poignee.send_response(code)
    poignee.send_header("Content-Length", str(len(octets)))
    poignee.end_headers()
    poignee.wfile.write(octets)


def interroger(repondre: Repondre, *, lot: int = 1000) -> list[ReponseAdresse | None]:
    """Interroge un serveur local qui reçoit le fichier envoyé."""

    def traiter(poignee: BaseHTTPRequestHandler, rang: int) -> None:
        recu = poignee.rfile.read(int(poignee.headers["Content-Length"]))
        repondre(poignee, rang, recu)

    with serveur(traiter) as adresse:
        geocodeur = GeocodeurBan(
            f"{adresse}/search/csv", nom="factice", lot=lot, horloge=HorlogeFausse()
        )
        return geocodeur.geocoder([DAX, SABRES])


def juste(poignee: BaseHTTPRequestHandler, _rang: int, recu: bytes) -> None:
    """Répond à chaque ligne reçue, dans l'ordre inverse."""
    texte = recu.decode()
    fichier = re.search(r"ligne,adresse,commune\r\n(.*?)\r\n--", texte, re.DOTALL)
    assert fichier is not None
    lignes = [
        f'{ligne[0]},"{ligne[1]}",{ligne[2]},-1.05,43.71,0.95,étiquette,housenumber,40088,ok'
        for ligne in csv.reader(io.StringIO(fichier[1]))
    ]
    envoyer(poignee, "\n".join([ENTETE, *reversed(lignes)]) + "\n")


def test_only_the_address_and_the_commune_are_sent_and_rows_are_matched_by_number() -> None:
    vus: list[bytes] = []

    def repondre(poignee: BaseHTTPRequestHandler, rang: int, recu: bytes) -> None:
        vus.append(recu)
        assert poignee.command == "POST"
        juste(poignee, rang, recu)

    reponses = interroger(repondre, lot=1)
    assert [r.libelle if r else None for r in reponses] == ["étiquette", "étiquette"]
    assert len(vus) == 2
    texte = vus[0].decode()
    assert texte.count('name="columns"') == 2
    assert "0,1 rue Exemple,Dax" in texte
    assert "40088" not in texte
    assert "Sabres" not in texte


def test_a_row_left_out_or_unreadable_is_an_address_without_answer() -> None:
    def repondre(poignee: BaseHTTPRequestHandler, _rang: int, _recu: bytes) -> None:
        envoyer(poignee, f"{ENTETE}\n1,2 place Exemple,Sabres,,,,,,,not-found\n")

    assert interroger(repondre) == [None, None]


@pytest.mark.parametrize(
    ("corps", "raison"),
    [
        ("<html>maintenance</html>", "il manque la colonne « ligne »"),
        ("ligne,latitude\n0,43", "il manque la colonne « longitude »"),
        ("", "il manque la colonne « ligne »"),
    ],
)
def test_an_unexpected_answer_is_said(corps: str, raison: str) -> None:
    with pytest.raises(RecuperationImpossible) as faute:
        interroger(lambda poignee, _rang, _recu: envoyer(poignee, corps))
    assert raison in str(faute.value)
    assert "situés à leur commune" in str(faute.value)


def test_a_server_in_trouble_is_asked_again_then_given_up() -> None:
    def passager(poignee: BaseHTTPRequestHandler, rang: int, recu: bytes) -> None:
        if rang < 2:
            envoyer(poignee, "panne", code=503)
        else:
            juste(poignee, rang, recu)

    assert None not in interroger(passager)
    with pytest.raises(RecuperationImpossible, match="en panne"):
        interroger(lambda poignee, _rang, _recu: envoyer(poignee, "panne", code=500))
    with pytest.raises(RecuperationImpossible, match="refuse l'accès"):
        interroger(lambda poignee, _rang, _recu: envoyer(poignee, "non", code=403))


def test_what_is_sent_does_not_follow_a_redirection() -> None:
    def ailleurs(poignee: BaseHTTPRequestHandler, _rang: int, _recu: bytes) -> None:
        poignee.send_response(307)
        poignee.send_header("Location", "http://127.0.0.1:9/ailleurs")
        poignee.send_header("Content-Length", "0")
        poignee.end_headers()

    with pytest.raises(RecuperationImpossible, match="erreur 307"):
        interroger(ailleurs)


def test_a_server_too_slow_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    fini = threading.Event()
    monkeypatch.setattr(protocole_session, "DELAIS", httpx.Timeout(0.05))
    monkeypatch.setattr(protocole_session, "ESSAIS", 1)

    def muet(_poignee: BaseHTTPRequestHandler, _rang: int, _recu: bytes) -> None:
        fini.wait(5)

    with pytest.raises(RecuperationImpossible, match="ne répond pas à temps"):
        interroger(muet)
    fini.set()


def _reponse(**champs: object) -> ReponseAdresse:
    defauts: dict[str, object] = {
        "latitude": 43.71,
        "longitude": -1.05,
        "score": 0.9,
        "genre": "housenumber",
        "code_insee": "40088",
        "libelle": "1 Rue Exemple 40100 Dax",
    }
    return ReponseAdresse(**(defauts | champs))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("champs", "precision", "refus"),
    [
        ({}, "point", ""),
        ({"genre": "street"}, "rue", ""),
        ({"genre": "locality"}, "rue", ""),
        ({"genre": "municipality"}, "commune", "ne connaît que la commune"),
        ({"code_insee": "40192"}, "point", "répond dans une autre commune (40192)"),
        ({"code_insee": ""}, "point", "répond dans une autre commune (inconnue)"),
        ({"score": 0.41}, "point", "score 0,41, trop faible"),
        ({"genre": "poi"}, "", "nature de réponse inconnue : « poi »"),
    ],
)
def test_an_answer_is_kept_only_in_its_commune_and_with_a_fair_score(
    champs: dict[str, object], precision: str, refus: str
) -> None:
    point = retenir(
        DAX,
        _reponse(**champs),
        actuel=lambda code: code or None,
        score_minimal=PARAMETRES["score_minimal"],
        precisions=PARAMETRES["precisions"],
    )
    assert (point.precision, point.refus) == (precision, refus)


def test_an_old_commune_or_an_arrondissement_is_the_commune_of_today() -> None:
    paris = AdresseCherchee(adresse="1 rue Exemple", commune="Paris", code_insee="75056")
    point = retenir(
        paris,
        _reponse(code_insee="75104"),
        actuel={"75104": "75056"}.get,
        score_minimal=0.5,
        precisions=PARAMETRES["precisions"],
    )
    assert point.refus == ""


def _services(*lignes: dict[str, object]) -> pl.DataFrame:
    return mettre_au_schema(pl.DataFrame(lignes, schema_overrides=SERVICES), SERVICES)


SITUES = _services(
    *(
        {"id": nom, "adresse": adresse, "commune": "Dax", "code_insee": "40088"}
        | {"precision_geo": precision, "latitude": 43.7, "longitude": -1.0}
        for nom, adresse, precision in (
            ("a", "1 rue Exemple", "commune"),
            ("b", "1, Rue EXEMPLE", "douteuse"),
            ("c", "1 rue Exemple", "point"),
            ("d", None, "commune"),
            ("e", "3 rue Exemple", "commune"),
        )
    )
)


def _point(adresse: str, *, refus: str = "") -> PointTrouve:
    return PointTrouve(
        adresse=adresse,
        code_insee="40088",
        latitude=43.712345,
        longitude=-1.054321,
        score=0.87,
        precision="point",
        code_trouve="40088",
        libelle="étiquette ; avec point-virgule",
        refus=refus,
    )


def test_only_services_at_their_commune_are_looked_for_once() -> None:
    assert [a.adresse for a in a_geocoder(SITUES)] == ["1 rue Exemple", "3 rue Exemple"]
    assert [a.adresse for a in a_geocoder(SITUES, deja=[DAX.cle])] == ["3 rue Exemple"]


def test_a_point_replaces_the_commune_never_the_point_of_the_source() -> None:
    table = appliquer(SITUES, [_point("1 rue Exemple"), _point("3 rue Exemple", refus="non")])
    assert table["precision_geo"].to_list() == ["point", "point", "point", "commune", "commune"]
    assert table["latitude"].to_list() == [43.712345, 43.712345, 43.7, 43.7, 43.7]
    assert table["remarque"][0] == "point trouvé par l'adresse (score 0,87)"
    assert table["remarque"].to_list()[2:] == [None, None, None]
    assert appliquer(SITUES, []).equals(SITUES)


def test_answers_are_kept_and_change_the_digest(tmp_path: Path) -> None:
    magasin = Geocodages(tmp_path)
    assert magasin.lire() == ()
    assert magasin.empreinte() == ""
    refusee = _point("3 rue Exemple", refus="score 0,30, trop faible")
    magasin.ajouter([_point("1 rue Exemple")], fournisseur="factice", jour="2026-11-24")
    magasin.ajouter([refusee], fournisseur="factice", jour="2026-11-25")
    assert magasin.lire() == (_point("1 rue Exemple"), refusee)
    assert magasin.empreinte()
    magasin.fichier.write_text("adresse;code\n", encoding="utf-8")
    with pytest.raises(DeclarationInvalide, match="colonnes attendues"):
        magasin.lire()
