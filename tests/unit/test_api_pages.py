"""API dont chaque page nomme la suivante : tout est réuni, et rien ne boucle ; aucun réseau."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from tests.unit.test_api_soliguide import Horloge

from solidiag.errors import RecuperationImpossible
from solidiag.sources.reseau import Recuperation, recuperer
from solidiag.storage.depot import Depot

TELECHARGEMENT = Depot.embarque().gabarits["emplois.siae"].telechargements[0]
RACINE = "https://emplois.inclusion.beta.gouv.fr/api/v1/siaes/?departement=40"


def prendre(pages: dict[str, object], vers: Path) -> Recuperation:
    """Récupère depuis un serveur qui sert ces pages, par adresse."""

    def repondre(demande: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=pages[str(demande.url)])

    return recuperer(
        TELECHARGEMENT,
        millesime="2026",
        departement="40",
        vers=vers,
        transport=httpx.MockTransport(repondre),
        horloge=Horloge(),
    )


def test_all_pages_make_one_file(tmp_path: Path) -> None:
    recu = prendre(
        {
            RACINE: {"count": 3, "next": f"{RACINE}&page=2", "results": [{"siret": "1"}]},
            f"{RACINE}&page=2": {"count": 3, "next": None, "results": [{"siret": "2"}]},
        },
        tmp_path,
    )
    contenu = json.loads(recu.chemin.read_bytes())
    assert [s["siret"] for s in contenu["results"]] == ["1", "2"]
    assert recu.assemble
    assert recu.remarques == ("3 enregistrements annoncés, 2 reçus",)


@pytest.mark.parametrize(
    ("suite", "dit"),
    [
        (RACINE, "pas de fin"),
        ("https://ailleurs.example/api", "un autre serveur"),
    ],
)
def test_a_next_page_that_goes_nowhere_good_is_refused(
    suite: str, dit: str, tmp_path: Path
) -> None:
    page = {"count": 2, "next": suite, "results": [{"siret": "1"}]}
    with pytest.raises(RecuperationImpossible, match=dit):
        prendre({RACINE: page}, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("page", "dit"),
    [([], "results"), ({"count": 0, "next": None, "results": []}, "vide")],
)
def test_another_form_is_said_in_french(page: object, dit: str, tmp_path: Path) -> None:
    with pytest.raises(RecuperationImpossible, match=dit):
        prendre({RACINE: page}, tmp_path)
