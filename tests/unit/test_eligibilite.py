"""Zone d'éligibilité, services sans lieu, et domaines que disent les mots d'un service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from solidiag.catalogue.service import lire_categories
from solidiag.catalogue.thematiques import Mots, TableThematiques, lire_thematiques
from solidiag.errors import DeclarationInvalide
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.cadre import Cadre
from solidiag.offre.domaines import completer, domaines_dits, placer_structures
from solidiag.offre.eligibilite import (
    HORS_ZONE,
    Perimetre,
    accessible_sans_lieu,
    eligibles,
    marquer_hors_zone,
    marquer_venus,
    reunir_sans_lieu,
    viennent,
)
from solidiag.pipeline.services_lus import charger_thematiques
from solidiag.storage.depot import Depot

DEPOT = Depot.embarque()
TABLE = charger_thematiques(DEPOT)
LANDES = Perimetre(
    communes=frozenset({"40192", "40088"}),
    codes=frozenset({"40192", "40088", "40", "244000808", "244000675"}),
)


def services(*lignes: dict[str, Any]) -> pl.DataFrame:
    """Renvoie des services au schéma, identifiants donnés par leur rang."""
    table = pl.DataFrame(
        [
            {"id": f"x:{rang}", "nom": "EXEMPLE FICTIF", **ligne}
            for rang, ligne in enumerate(lignes)
        ],
        schema_overrides={n: g for n, g in SERVICES.items() if any(n in x for x in lignes)},
    )
    return mettre_au_schema(table, SERVICES)


@pytest.mark.parametrize(
    ("zone", "attendue"),
    [
        (None, "partout"),
        ([], "partout"),
        (["france"], "partout"),
        (["40"], "zone"),
        (["40192"], "zone"),
        (["244000808"], "zone"),
        (["33", "40"], "zone"),
        (["france", "40"], "zone"),
        (["33"], None),
        (["33063", "243300316"], None),
    ],
)
def test_a_zone_says_who_a_service_is_for(zone: list[str] | None, attendue: str | None) -> None:
    rendus = eligibles(services({"zone_eligibilite": zone}), LANDES)
    assert rendus["eligibilite"].to_list() == ([attendue] if attendue else [])


@pytest.mark.parametrize(
    ("ligne", "retenu"),
    [
        ({"aller_vers": "distance", "zone_eligibilite": ["france"], "code_insee": "75056"}, True),
        ({"aller_vers": "distance", "zone_eligibilite": ["33"]}, False),
        ({"aller_vers": "distance"}, True),
        ({"modes_accueil": ["en-presentiel"], "code_insee": "59350"}, False),
        (
            {
                "modes_accueil": ["en-presentiel"],
                "zone_eligibilite": ["40"],
                "code_insee": "59350",
            },
            True,
        ),
        ({"modes_accueil": ["en-presentiel"]}, True),
        (
            {
                "modes_accueil": ["a-distance", "en-presentiel"],
                "zone_eligibilite": ["france"],
                "code_insee": "59350",
            },
            True,
        ),
        ({"modes_accueil": ["a-distance", "en-presentiel"], "code_insee": "59350"}, False),
        ({}, False),
        ({"code_postal": "59000"}, False),
    ],
)  # fmt: skip
def test_a_service_without_a_place_here_is_kept_only_if_it_is_for_people_here(
    ligne: dict[str, Any], *, retenu: bool
) -> None:
    assert services(ligne).filter(accessible_sans_lieu(LANDES)).height == retenu


def test_a_service_for_others_says_so_once() -> None:
    marques = marquer_hors_zone(
        services({"zone_eligibilite": ["33", "64"]}, {"zone_eligibilite": ["40"]}, {}), LANDES
    )
    assert marques["remarque"].to_list() == [f"{HORS_ZONE} (zone 33, 64)", None, None]


def test_services_without_a_place_are_one_only_with_the_same_name_and_body() -> None:
    lus = reunir_sans_lieu(
        services(
            {"nom": "EXEMPLE FICTIF Ligne", "structure": "Alpha"},
            {"nom": "exemple fictif LIGNE", "structure": "ALPHA"},
            {"nom": "EXEMPLE FICTIF Ligne", "structure": "Bêta"},
            {"nom": "EXEMPLE FICTIF Ligne"},
        )
    )
    assert lus["groupe"].to_list() == ["x:0", "x:0", "x:2", "x:3"]


@pytest.mark.parametrize(
    ("ligne", "domaines"),
    [
        ({"thematiques": ["equipement-et-alimentation--alimentation"]}, ["aide-alimentaire"]),
        ({"thematiques": ["remobilisation--lien-social"]}, []),
        (
            {"thematiques": ["remobilisation--lien-social"], "publics": ["seniors"]},
            ["isolement-seniors-precaires"],
        ),
        (
            {
                "thematiques": ["logement-hebergement--louer-un-logement"],
                "publics": ["etudiants", "jeunes"],
            },
            ["hebergement-logement-dabord", "logement-jeunes"],
        ),
        ({"thematiques": ["mot--inconnu"]}, []),
        ({"thematiques": ["mot--inconnu"], "reseaux": ["siao"]}, ["hebergement-logement-dabord"]),
        (
            {"thematiques": ["numerique--acquerir-un-equipement"], "reseaux": ["siao"]},
            ["inclusion-numerique"],
        ),
        ({}, []),
    ],
)
def test_the_words_of_a_service_say_its_domains(ligne: dict[str, Any], domaines: list[str]) -> None:
    (dits,) = domaines_dits(services(ligne), TABLE).to_list()
    assert dits == domaines


def test_the_domains_a_row_brings_are_not_overwritten() -> None:
    lus = services(
        {"domaines": ["petite-enfance"], "thematiques": ["sante--addictions"], "categorie": "g"},
        {"thematiques": ["sante--addictions"], "categorie": "g"},
        {"thematiques": ["sante--addictions"], "categorie": "autre"},
    )
    rendus = completer(lus, TABLE, categories=["g"])["domaines"].to_list()
    assert rendus == [["petite-enfance"], ["sante-mentale-addictions"], None]


def test_a_structure_is_a_place_only_if_its_network_says_so() -> None:
    reference = "data-inclusion-structure:a--1"
    lus = services(
        {"id": reference, "reseaux": ["mission-locale"], "categorie": "structure-data-inclusion"},
        {"id": "data-inclusion-structure:a--2", "reseaux": ["siao"], "categorie": "x"},
        {"id": "data-inclusion-structure:a--3", "reseaux": ["siao"], "categorie": "x"},
        {"id": "data-inclusion-structure:a--4", "reseaux": ["egee"], "categorie": "x"},
        {"id": "data-inclusion:a--s", "categorie": "service-data-inclusion",
         "identifiants": ["data-inclusion-structure:a--3", "siret:1"]},
    )  # fmt: skip
    assert placer_structures(lus, TABLE)["categorie"].to_list() == [
        "mission-locale",
        "lieu-data-inclusion",
        "structure-data-inclusion",
        "structure-data-inclusion",
        "service-data-inclusion",
    ]


# ------------------------------------------------------------------ la table des thématiques


def mots() -> Mots:
    return Mots(
        vocabulaire=DEPOT.declaration("services/vocabulaire.yaml"),
        domaines=[d.id for d in DEPOT.grille.domaines],
        categories=lire_categories(DEPOT.declaration("services/categories.yaml")),
    )


def test_every_domain_is_measured_or_says_who_would_measure_it() -> None:
    tous = {d.id for d in DEPOT.grille.domaines}
    assert TABLE.domaines_mesures() | set(TABLE.sans_thematique) == tous
    assert not TABLE.domaines_mesures() & set(TABLE.sans_thematique)
    axe4 = {d.id for d in DEPOT.grille.domaines if d.axe == "axe4"}
    assert len(axe4 & set(TABLE.sans_thematique)) >= 3


def test_what_the_grid_ties_to_a_word_is_in_the_table_as_own_or_indirect() -> None:
    regles = {
        (mot, domaine)
        for regle in TABLE.regles
        for mot in regle.si.thematiques
        for domaine in regle.domaines
    }
    oublis = []
    for domaine in DEPOT.grille.domaines:
        declaree = DEPOT.declaration(f"grille/domaines/{domaine.id}.yaml")
        for mot in declaree["offre"]["data_inclusion_thematiques"]:
            entree = TABLE.thematiques[mot]
            cites = {*entree.domaines, *entree.indirects}
            if domaine.id not in cites and (mot, domaine.id) not in regles:
                oublis.append((domaine.id, mot))
    assert not oublis


def _sans(contenu: dict[str, Any]) -> None:
    contenu["thematiques"].pop("sante--addictions")


def _inconnue(contenu: dict[str, Any]) -> None:
    contenu["thematiques"]["sante--rien"] = {"domaines": ["petite-enfance"]}


def _domaine(contenu: dict[str, Any]) -> None:
    contenu["thematiques"]["sante--addictions"] = {"domaines": ["sante"]}


def _deux_fois(contenu: dict[str, Any]) -> None:
    entree = {"domaines": ["petite-enfance"], "indirects": ["petite-enfance"]}
    contenu["thematiques"]["famille--garde-denfants"] = entree


def _regle_vide(contenu: dict[str, Any]) -> None:
    contenu["regles"][0]["si"] = {}


def _regle_fausse(contenu: dict[str, Any]) -> None:
    contenu["regles"][0]["si"] = {"thematiques": ["mobilit--*"], "publics": ["rsa"]}


def _categorie(contenu: dict[str, Any]) -> None:
    contenu["reseaux"]["siao"]["categorie"] = "siao-inconnu"


def _muet(contenu: dict[str, Any]) -> None:
    contenu["sans_thematique"].pop("eau-tarification-sociale")


def _dit_deux_fois(contenu: dict[str, Any]) -> None:
    contenu["sans_thematique"]["aide-alimentaire"] = "x"


@pytest.mark.parametrize(
    ("changer", "dit"),
    [
        (_sans, "« sante--addictions » manque"),
        (_inconnue, "sante--rien : hors du vocabulaire"),
        (_domaine, "domaine « sante » absent de la grille"),
        (_deux_fois, "propre et indirect"),
        (_regle_vide, "ne demande rien"),
        (_regle_fausse, "« rsa » hors du vocabulaire"),
        (_regle_fausse, "« mobilit--* » hors du vocabulaire"),
        (_categorie, "siao-inconnu"),
        (_muet, "« eau-tarification-sociale »"),
        (_dit_deux_fois, "le mesure pourtant"),
    ],
)
def test_a_fault_of_the_table_is_said(changer: Callable[[dict[str, Any]], None], dit: str) -> None:
    contenu = DEPOT.declaration("services/thematiques.yaml")
    changer(contenu)
    with pytest.raises(DeclarationInvalide) as erreur:
        lire_thematiques(contenu, mots())
    assert dit in str(erreur.value)


def test_all_the_faults_are_said_at_once() -> None:
    contenu = DEPOT.declaration("services/thematiques.yaml")
    for changer in (_sans, _inconnue, _categorie, _muet):
        changer(contenu)
    with pytest.raises(DeclarationInvalide) as erreur:
        lire_thematiques(contenu, mots())
    assert len(erreur.value.fautes) >= 4
    with pytest.raises(DeclarationInvalide, match="thematique"):
        lire_thematiques({"thematique": {}}, mots())
    assert isinstance(TABLE, TableThematiques)


def test_a_mobile_service_from_elsewhere_says_whom_it_serves() -> None:
    cadre = Cadre(
        cog=2026,
        communes=pl.DataFrame(),
        anciens={},
        codes_postaux=pl.DataFrame(),
        noms_de_zones={"244000675": "CA du Grand Dax"},
    )
    bus = {"aller_vers": "itinerant", "zone_eligibilite": ["244000675"]}
    table = services(
        {"code_insee": "64102", **bus},
        {"code_insee": "40088", **bus},
        {"code_insee": "64102", "aller_vers": "itinerant", "zone_eligibilite": ["64"]},
        {"code_insee": "64102", "aller_vers": None, "zone_eligibilite": ["244000675"]},
    )
    assert table.select(v=viennent(LANDES))["v"].to_list() == [True, True, False, False]
    dits = marquer_venus(table, cadre, perimetre=LANDES, ici=["40088", "40192"])
    assert dits["remarque"].to_list() == [
        "basé hors du département, dessert CA du Grand Dax", None, None, None,
    ]  # fmt: skip
