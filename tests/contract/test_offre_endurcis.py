"""Connecteurs d'offre : ni coordonnée de personne, ni trace sur un fichier d'une forme imprévue."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.exemples_offre import ECHANTILLONS, FINESS, lieu_soliguide

from solidiag.confidentiality.publication import publier
from solidiag.errors import FormatInattendu
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import territoires_connus
from solidiag.sources.controle import Partie
from solidiag.sources.offre.lignes import jour_de, sans_contact
from solidiag.sources.reconnaissance import reconnaitre
from solidiag.sources.registre_services import lire_offre
from solidiag.sources.reparations import Connus
from solidiag.storage.depot import Depot

DEPOT = Depot.embarque()
COORDONNEES = ("05 58 00 00 00", "contact@exemple.invalid")


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(DEPOT))


def partie(octets: bytes, nom: str, connus: Connus) -> Partie:
    (lue,) = reconnaitre(octets, nom, DEPOT.gabarits.values(), connus=connus).parties
    return lue


def lire(octets: bytes, nom: str, connus: Connus) -> pl.DataFrame:
    lue = partie(octets, nom, connus)
    return lire_offre(octets, lue.source, lue.fichier)


def soliguide(*lieux: dict[str, Any]) -> bytes:
    return json.dumps({"nbResults": len(lieux), "places": list(lieux)}).encode()


@pytest.mark.parametrize(
    "texte",
    [
        "+33 (0)5 58 00 00 00", "0033558000000", "+33558000000", "05-58-00-00-00", "0558 00 00 00",
        "05.58.00.00.00", "05/58/00/00/00", "tel0558000000x", "a.b+c@exemple.invalid",
        "+262 262 00 00 00", "05\u00a058\u00a000\u00a000\u00a000",
    ],
)  # fmt: skip
def test_a_contact_is_removed_however_written(texte: str) -> None:
    net = sans_contact(f"Voir {texte} le matin")
    assert "@" not in net
    assert sum(lettre.isdigit() for lettre in net) == 0


@pytest.mark.parametrize(
    "texte",
    ["Siret 00512345678901", "Siret 02345678901234", "le 01/02/2023 10 h", "Finess 400011078",
     "40 000 habitants", "appeler le 3919", "2023-01-02 10:00"],
)  # fmt: skip
def test_a_number_that_is_no_telephone_stays(texte: str) -> None:
    assert sans_contact(texte) == texte


@settings(max_examples=15)
@given(st.lists(st.text(alphabet="0158 .-/()+@a,\u00a0", max_size=40), min_size=20))
def test_what_publication_refuses_is_never_left(textes: list[str]) -> None:
    noms = [sans_contact(texte) for texte in textes]
    ids = [str(rang) for rang in range(len(noms))]
    net = pl.DataFrame({"nom": noms, "id": ids}).with_columns(source=pl.lit("x"))
    publier(mettre_au_schema(net, SERVICES), "services")


def test_an_impossible_day_is_no_date() -> None:
    assert jour_de("2026-02-30") is None
    assert jour_de("31/02/2026") is None
    assert jour_de("2026-13-01T00:00:00") is None


def test_contacts_leave_every_text_at_reading_so_that_the_list_can_be_published(
    connus: Connus,
) -> None:
    dit = " ou ".join(COORDONNEES)
    lieu = lieu_soliguide(1, name=f"Lieu, {dit}", seo_url="x?mail=contact@exemple.invalid")
    lieu["position"] = lieu["position"] | {"address": f"1 rue Fictive {dit}"}
    lieu["services_all"][0] |= {
        "description": dit,
        "close": {"actif": True, "dateDebut": None, "dateFin": "2026-08-31"},
        "saturated": {"status": "HIGH", "precision": dit},
    }
    table = lire(soliguide(lieu), "soliguide.json", connus)
    publier(table, "services")
    ecrit = json.dumps(table.drop("ligne").to_dicts())
    assert "00 00" not in ecrit
    assert "contact@" not in ecrit
    assert table["nom"][0].startswith("Lieu, … ou …")


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ('=HYPERLINK("http://exemple.invalid";"x")', 'HYPERLINK("http://exemple.invalid";"x")'),
        ("@SUM(1)", "SUM(1)"),
        ("-cmd|' /C calc'!A0", "cmd|' /C calc'!A0"),
        ("+ de lien (association)", "+ de lien (association)"),
        ("@ctif", "@ctif"),
    ],
)
def test_a_spreadsheet_formula_does_not_enter(nom: str, attendu: str, connus: Connus) -> None:
    table = lire(soliguide(lieu_soliguide(1, name=nom)), "soliguide.json", connus)
    assert table["nom"].to_list() == [attendu]


def test_contacts_leave_a_csv_list_too(connus: Connus) -> None:
    nom, octets = ECHANTILLONS["mednum.lieux"]
    texte = octets.decode()
    dit = f"atelier du code {COORDONNEES[0]} {COORDONNEES[1]}"
    change = texte.replace("atelier du code", dit, 1)
    assert change != texte
    table = lire(change.encode(), nom, connus)
    publier(table, "services")
    assert table["nom"].str.contains("… …").any()


@pytest.mark.parametrize(
    "change",
    [
        {"position": {"location": []}},
        {"position": {"location": {"coordinates": [1.0]}}},
        {"position": {"location": {"coordinates": "x"}, "postalCode": 40100, "city": "Dax"}},
        {"newhours": {"description": "", "monday": "fermé"}},
        {"newhours": {"monday": {"open": True, "timeslot": [{"start": "9h", "end": None}, 3]}}},
        {"modalities": "sur rendez-vous"},
        {"publics": [1]},
        {"publics": {"accueil": 1, "age": 3, "administrative": 4}},
        {"tempInfos": "fermé"},
        {"parcours": 3, "placeType": "PARCOURS_MOBILE"},
        {"name": 1234},
        {"updatedByUserAt": "2026-02-31", "updatedAt": None},
    ],
)
def test_an_unforeseen_shape_is_read_without_what_it_does_not_say(
    change: dict[str, Any], connus: Connus
) -> None:
    octets = soliguide(lieu_soliguide(1, **change), lieu_soliguide(2))
    assert lire(octets, "soliguide.json", connus).height == 2


def test_a_number_where_text_is_due_becomes_text(connus: Connus) -> None:
    nom, octets = ECHANTILLONS["emplois.siae"]
    contenu = json.loads(octets)
    structure = (contenu["results"] if isinstance(contenu, dict) else contenu)[0]
    structure |= {"code_postal": 1000, "enseigne": 42, "postes": 3}
    table = lire(json.dumps(contenu).encode(), nom, connus)
    assert "42" in table["nom"].to_list()
    assert "01000" in table["code_postal"].to_list()


def test_a_finess_line_that_cannot_be_cut_says_where(connus: Connus) -> None:
    lue = partie(FINESS.encode(), "finess.csv", connus)
    enorme = FINESS + 'structureet;"' + "x" * 200_000 + "\n"
    with pytest.raises(FormatInattendu, match="ne se découpe pas"):
        lire_offre(enorme.encode(), lue.source, lue.fichier)
