"""Client de l'API de Soliguide : jeton, pages, ce qui manque est dit ; aucun réseau."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.contract.exemples_offre import lieu_soliguide

from solidiag.catalogue.gabarit import Telechargement
from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles import soliguide
from solidiag.sources.reseau import Recuperation, recuperer
from solidiag.storage.depot import Depot

TELECHARGEMENT = Depot.embarque().gabarits["soliguide.lieux"].telechargements[0]


class Horloge:
    """Heure fixe, qui compte les attentes."""

    def __init__(self) -> None:
        self.attentes: list[float] = []

    def instant(self) -> float:
        return sum(self.attentes)

    def maintenant(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)

    def attendre(self, secondes: float) -> None:
        self.attentes.append(secondes)


@pytest.fixture(autouse=True)
def jeton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(soliguide.JETON, "JWT essai")
    monkeypatch.setattr(soliguide, "PAGE", 2)


def prendre(
    repondre: Callable[[httpx.Request], httpx.Response],
    vers: Path,
    *,
    departement: str = "40",
    telechargement: Telechargement = TELECHARGEMENT,
) -> Recuperation:
    return recuperer(
        telechargement,
        millesime="2026",
        departement=departement,
        vers=vers,
        transport=httpx.MockTransport(repondre),
        horloge=Horloge(),
    )


def serveur(numeros: list[list[int]], total: int, demandes: list[httpx.Request] | None = None):
    """Renvoie un serveur qui sert ces lieux, une liste par page."""

    def repondre(demande: httpx.Request) -> httpx.Response:
        if demandes is not None:
            demandes.append(demande)
        page = json.loads(demande.content)["options"]["page"]
        lus = numeros[page - 1] if page <= len(numeros) else []
        lieux = [lieu_soliguide(numero) for numero in lus]
        return httpx.Response(201, json={"nbResults": total, "places": lieux})

    return repondre


def test_pages_are_gathered_in_order_with_the_token(tmp_path: Path) -> None:
    demandes: list[httpx.Request] = []
    recu = prendre(serveur([[3, 10], [1]], 3, demandes), tmp_path)
    contenu = json.loads(recu.chemin.read_bytes())
    assert [lieu["lieu_id"] for lieu in contenu["places"]] == [1, 3, 10]
    assert recu.assemble
    assert recu.remarques == ()
    assert recu.adresse == "https://api.soliguide.fr/new-search"
    assert [d.method for d in demandes] == ["POST", "POST"]
    assert {d.headers["authorization"] for d in demandes} == {"JWT essai"}
    assert json.loads(demandes[0].content)["location"] == {
        "geoType": "departement",
        "geoValue": "landes",
    }
    assert b"essai" not in recu.chemin.read_bytes().replace(b"Lieu d'essai", b"").replace(
        b"essai@exemple", b""
    )


def test_a_place_seen_twice_is_kept_once_and_what_lacks_is_said(tmp_path: Path) -> None:
    recu = prendre(serveur([[1, 2], [2, 3], [3]], 5), tmp_path)
    assert len(json.loads(recu.chemin.read_bytes())["places"]) == 3
    assert recu.remarques == (
        "2 lieux répétés d'une page à l'autre, gardés une fois",
        "il manque 2 lieux sur 5 annoncés",
    )


def test_a_server_that_repeats_itself_does_not_loop(tmp_path: Path) -> None:
    demandes: list[httpx.Request] = []
    prendre(serveur([[1, 2]] * 50, 100, demandes), tmp_path)
    assert len(demandes) == 2


def test_a_passing_failure_is_tried_again(tmp_path: Path) -> None:
    codes = iter([503, 201])

    def repondre(_: httpx.Request) -> httpx.Response:
        lieux = {"nbResults": 1, "places": [lieu_soliguide(1)]}
        return httpx.Response(next(codes), json=lieux)

    assert prendre(repondre, tmp_path).taille > 0


@pytest.mark.parametrize(
    ("reponse", "cause", "dit"),
    [
        (httpx.Response(401), "refus", "refuse le jeton"),
        (httpx.Response(200, text="<html>"), "reponse", "places"),
        (httpx.Response(200, json={"nbResults": 0, "places": []}), "reponse", "aucun lieu"),
    ],
)
def test_a_bad_answer_is_said_in_french(
    reponse: httpx.Response, cause: str, dit: str, tmp_path: Path
) -> None:
    with pytest.raises(RecuperationImpossible) as faute:
        prendre(lambda _: reponse, tmp_path)
    assert faute.value.cause == cause
    assert dit in str(faute.value)
    assert "JWT" not in str(faute.value)


def test_no_token_asks_nothing_of_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(soliguide.JETON)
    demandes: list[httpx.Request] = []
    with pytest.raises(RecuperationImpossible, match=soliguide.JETON):
        prendre(serveur([[1]], 1, demandes), tmp_path)
    assert demandes == []


def test_a_code_that_is_no_departement_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecuperationImpossible, match="code d'un département"):
        prendre(serveur([[1]], 1), tmp_path, departement="20")


def test_every_departement_but_those_without_soliguide_has_its_name() -> None:
    assert len(soliguide.DEPARTEMENTS) == 101
    assert soliguide.DEPARTEMENTS["2A"] == "corse-du-sud"
