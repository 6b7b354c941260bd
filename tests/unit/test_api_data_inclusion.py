"""API de data·inclusion : jeton, pages qui se recouvrent ou manquent, sur un serveur local."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.exemples_data_inclusion import extrait

from solidiag.catalogue.gabarit import Telechargement
from solidiag.errors import RecuperationImpossible
from solidiag.pipeline.actualisation import mettre_a_jour
from solidiag.sources.protocoles import data_inclusion
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.reseau import recuperer
from solidiag.storage.depot import Depot

E = extrait(120)
JETON = "jeton-d-essai"
Trafic = Callable[[str, int, dict[str, Any]], dict[str, Any] | int]


class HorlogeFausse:
    """Heure qui n'avance que quand on attend."""

    secondes = 0.0

    def instant(self) -> float:
        return self.secondes

    def maintenant(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC) + timedelta(seconds=self.secondes)

    def attendre(self, secondes: float) -> None:
        self.secondes += secondes


@contextmanager
def api(
    *, taille: int = 25, trafic: Trafic = lambda _liste, _page, rendu: rendu
) -> Iterator[tuple[str, list[BaseHTTPRequestHandler]]]:
    """Donne l'adresse d'une fausse API, et les requêtes qu'elle reçoit.

    ``trafic`` reçoit la liste, la page et la réponse juste ; il renvoie la réponse rendue, ou un
    code d'erreur.
    """
    recues: list[BaseHTTPRequestHandler] = []
    listes = {"services": E.services, "structures": E.structures}

    class Poignee(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            recues.append(self)
            parties = urlsplit(self.path)
            demande = {nom: valeurs[0] for nom, valeurs in parse_qs(parties.query).items()}
            liste, page = parties.path.rpartition("/")[2], int(demande["page"])
            tous = list(listes[liste])
            juste = {
                "items": tous[(page - 1) * taille : page * taille],
                "total": len(tous),
                "page": page,
                "size": taille,
                "pages": -(-len(tous) // taille),
            }
            rendu: dict[str, Any] | int = 401
            if self.headers.get("Authorization") == f"Bearer {JETON}":
                rendu = trafic(liste, page, juste)
            corps = json.dumps(rendu).encode() if isinstance(rendu, dict) else b""
            self.send_response(200 if isinstance(rendu, dict) else rendu)
            self.send_header("Content-Length", str(len(corps)))
            self.end_headers()
            self.wfile.write(corps)

        def log_message(self, *_: object) -> None:
            return

    ecoute = ThreadingHTTPServer(("127.0.0.1", 0), Poignee)
    fil = Thread(target=ecoute.serve_forever, kwargs={"poll_interval": 0.01})
    fil.start()
    try:
        yield f"http://127.0.0.1:{ecoute.server_address[1]}/api/v1", recues
    finally:
        ecoute.shutdown()
        ecoute.server_close()
        fil.join()


@pytest.fixture(autouse=True)
def jeton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(data_inclusion.JETON, JETON)
    monkeypatch.delenv(data_inclusion.FICHIER_DU_JETON, raising=False)


PAR_DEPARTEMENT = "code_departement={departement}"


def demander(racine: str, vers: Path, *, filtre: str = PAR_DEPARTEMENT) -> Recuperation:
    """Récupère l'extrait des Landes d'une fausse API."""
    return recuperer(
        Telechargement(protocole="data_inclusion", adresse=f"{racine}?{filtre}"),
        millesime="2026",
        departement="40",
        vers=vers,
        horloge=HorlogeFausse(),
    )


def ids(recu: Recuperation, liste: str) -> list[str]:
    return [e["id"] for e in json.loads(recu.chemin.read_bytes())[liste]]


def test_all_pages_are_put_together_in_a_stable_order(tmp_path: Path) -> None:
    with api() as (racine, recues):
        recu = demander(racine, tmp_path / "a")
        autre = demander(racine, tmp_path / "b")
    assert ids(recu, "services") == sorted(s["id"] for s in E.services)
    assert ids(recu, "structures") == sorted(s["id"] for s in E.structures)
    assert recu.sha256 == autre.sha256
    assert recu.assemble
    assert recu.remarques == ()
    assert "code_departement=40" in recues[0].path
    assert "size=1000" in recues[0].path
    assert JETON not in recu.chemin.read_text(encoding="utf-8") + recu.adresse


def test_a_repeated_page_is_said_and_counted_once(tmp_path: Path) -> None:
    premiere: dict[str, Any] = {}

    def trafic(liste: str, page: int, juste: dict[str, Any]) -> dict[str, Any]:
        if liste == "services" and page == 1:
            premiere.update(juste)
        if liste == "services" and page == 2 and premiere:
            rendu = {**juste, "items": [*premiere["items"][:3], *juste["items"]]}
            premiere.clear()
            return rendu
        return juste

    with api(trafic=trafic) as (racine, _):
        recu = demander(racine, tmp_path)
    assert len(ids(recu, "services")) == len(E.services)
    assert any("3 enregistrements répétés" in r for r in recu.remarques)


def test_a_hole_is_filled_by_a_second_reading(tmp_path: Path) -> None:
    vues: list[int] = []

    def trafic(liste: str, page: int, juste: dict[str, Any]) -> dict[str, Any]:
        if liste == "services":
            vues.append(page)
            if page == 3 and vues.count(3) == 1:
                return {**juste, "items": juste["items"][:5]}
        return juste

    with api(trafic=trafic) as (racine, _):
        recu = demander(racine, tmp_path)
    assert len(ids(recu, "services")) == len(E.services)
    assert recu.remarques == ()
    assert vues.count(3) == 2


def test_a_page_that_never_comes_is_said(tmp_path: Path) -> None:
    def trafic(liste: str, page: int, juste: dict[str, Any]) -> dict[str, Any] | int:
        return 503 if (liste, page) == ("services", 2) else juste

    with api(trafic=trafic) as (racine, _):
        recu = demander(racine, tmp_path)
    assert len(ids(recu, "services")) == len(E.services) - 25
    dites = " ".join(recu.remarques)
    assert "pages que le serveur n'a pas données : 2" in dites
    assert "il manque 25 enregistrements sur 120" in dites


def test_a_total_that_changes_is_said(tmp_path: Path) -> None:
    def trafic(liste: str, page: int, juste: dict[str, Any]) -> dict[str, Any]:
        return {**juste, "total": juste["total"] - 1} if page == 1 else juste

    with api(trafic=trafic) as (racine, _):
        recu = demander(racine, tmp_path)
    assert any("de 119 à 120" in r for r in recu.remarques)


def test_a_page_without_an_end_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_inclusion, "PAGES_MAXIMUM", 6)

    def sans_fin(liste: str, page: int, juste: dict[str, Any]) -> dict[str, Any]:
        return {**juste, "items": list(E.services[:2]), "pages": page + 1}

    with api(trafic=sans_fin) as (racine, _), pytest.raises(RecuperationImpossible) as erreur:
        demander(racine, tmp_path)
    assert "6 pages" in str(erreur.value)


@pytest.mark.parametrize(
    ("trafic", "dit"),
    [
        (lambda _l, _p, _j: 500, "panne"),
        (lambda _l, _p, _j: 404, "il n'y a pas de fichier"),
        (lambda _l, _p, _j: {"detail": "?"}, "« items »"),
    ],
)
def test_a_first_page_that_fails_changes_nothing(trafic: Trafic, dit: str, tmp_path: Path) -> None:
    with api(trafic=trafic) as (racine, _), pytest.raises(RecuperationImpossible) as erreur:
        demander(racine, tmp_path)
    assert dit in str(erreur.value)
    assert not list(tmp_path.iterdir())


def test_a_missing_or_refused_token_says_how_to_give_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with api() as (racine, recues):
        refus = (("", "aucun n'est donné"), ("faux", "refuse le jeton"), ("é", "accents"))
        for valeur, dit in refus:
            monkeypatch.setenv(data_inclusion.JETON, valeur)
            with pytest.raises(RecuperationImpossible) as erreur:
                demander(racine, tmp_path)
            assert dit in str(erreur.value)
            assert data_inclusion.JETON in str(erreur.value)
            assert erreur.value.cause == "refus"
        assert len(recues) == 1
        fichier = tmp_path / "jeton.txt"
        fichier.write_text(f"{JETON}\n", encoding="utf-8")
        monkeypatch.setenv(data_inclusion.JETON, "")
        monkeypatch.setenv(data_inclusion.FICHIER_DU_JETON, str(fichier))
        assert demander(racine, tmp_path / "vers").taille > 1000
        monkeypatch.setenv(data_inclusion.FICHIER_DU_JETON, str(tmp_path / "absent"))
        with pytest.raises(RecuperationImpossible, match="ne se lit pas"):
            demander(racine, tmp_path)


def test_the_token_does_not_follow_to_another_server(tmp_path: Path) -> None:
    with api() as (ailleurs, recues):

        class Renvoi(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("Location", f"{ailleurs}/structures?page=1")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        ecoute = ThreadingHTTPServer(("127.0.0.1", 0), Renvoi)
        fil = Thread(target=ecoute.serve_forever, kwargs={"poll_interval": 0.01})
        fil.start()
        try:
            with pytest.raises(RecuperationImpossible, match="refuse le jeton"):
                demander(f"http://127.0.0.1:{ecoute.server_address[1]}", tmp_path)
        finally:
            ecoute.shutdown()
            ecoute.server_close()
            fil.join()
    assert [r.headers.get("Authorization") for r in recues] == [None]


def test_an_unknown_filter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecuperationImpossible, match="region"):
        demander("http://127.0.0.1:9", tmp_path, filtre="region=x")


def test_updating_adds_the_extract_and_says_what_is_missing(tmp_path: Path) -> None:
    def trafic(liste: str, page: int, juste: dict[str, Any]) -> dict[str, Any] | int:
        return 503 if (liste, page) == ("services", 2) else juste

    depot = Depot(Depot.embarque().racine, ajouts=tmp_path / "donnees")
    with api(trafic=trafic) as (racine, _):

        def par_l_api(
            telechargement: Telechargement, *, millesime: str, departement: str, vers: Path
        ) -> Recuperation:
            assert telechargement.protocole == "data_inclusion"
            local = telechargement.model_copy(
                update={"adresse": f"{racine}?{urlsplit(telechargement.adresse).query}"}
            )
            return recuperer(
                local,
                millesime=millesime,
                departement=departement,
                vers=vers,
                horloge=HorlogeFausse(),
            )

        (faite,) = mettre_a_jour(
            ["data_inclusion.services"],
            depot=depot,
            departement="40",
            jour=datetime(2026, 11, 24, tzinfo=UTC).date(),
            recuperer=par_l_api,
        )
    assert not faite.echec
    assert any("il manque 25" in r for r in faite.remarques)
    relu = Depot(depot.racine, ajouts=tmp_path / "donnees")
    (source,) = (s for s in relu.sources.values() if s.id.startswith("ajout.data_inclusion"))
    verrou = relu.verrous[source.fichiers[0].fichier]
    assert "il manque 25" in verrou["obtenu"]
    assert JETON not in json.dumps(verrou)
