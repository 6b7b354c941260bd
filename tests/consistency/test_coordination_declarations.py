"""Dispositifs et institutions déclarés : complets, cités, et liés à la grille."""

from __future__ import annotations

import re

import pytest

from solidiag.catalogue.dispositif import (
    TypeDispositif,
    lire_coordination_declaree,
    lire_dispositifs,
)
from solidiag.errors import DeclarationInvalide
from solidiag.offre.coordination.france_travail import ID, TEMPS
from solidiag.offre.noms import simplifier
from solidiag.pipeline.coordination import charger_declarations
from solidiag.storage.depot import Depot

DEPOT = Depot.embarque()
DECLAREES = charger_declarations(DEPOT)
DEMANDES = (
    "programme-departemental-d-insertion", "pacte-territorial-d-insertion",
    "convention-territoriale-globale", "contrat-de-ville", "crte", "territoires-d-industrie", "frr",
    "contrat-local-de-sante", "conseil-local-sante-mentale", "projet-alimentaire-territorial",
    "pdalhpd", "spie", "convention-insertion-emploi", "calpae", "pacte-local-des-solidarites",
    "petites-villes-de-demain", "action-coeur-de-ville", "villages-d-avenir",
    "fabrique-de-territoire", "france-services", "conseillers-numeriques", "adultes-relais",
    "postes-fonjep", "sdaasp", "schema-gens-du-voyage", "programme-local-habitat", "opah",
)  # fmt: skip


@pytest.mark.parametrize("cle", DEMANDES)
def test_each_scheme_of_the_request_is_declared(cle):
    assert cle in DECLAREES.types


@pytest.mark.parametrize("genre", DECLAREES.types.values(), ids=lambda g: g.id)
def test_each_scheme_says_what_who_and_from_which_text(genre):
    assert genre.description.endswith(".")
    assert genre.texte
    assert genre.pilote
    assert genre.liste_chez
    assert genre.institutions
    for periode in (genre.periode, genre.periode_outre_mer):
        if periode and (periode.debut or periode.fin):
            assert len(periode.d_apres) > 20
    if genre.zonage and genre.donnees == "territoires":
        zonages = set(DEPOT_ZONAGES)
        assert genre.zonage in zonages


DEPOT_ZONAGES = ("frr", "industrie", "pvd", "acv", "qpv")


def test_a_domain_of_the_grid_has_a_scheme_or_is_known_not_to():
    touches = {domaine for genre in DECLAREES.types.values() for domaine in genre.domaines}
    sans = {domaine.id for domaine in DEPOT.grille.domaines} - touches
    assert sans == {"formation-adultes-competences-base", "travailleurs-pauvres"}


@pytest.mark.parametrize("domaine", DEPOT.grille.domaines, ids=lambda d: d.id)
def test_the_pilot_of_each_domain_is_a_declared_institution(domaine):
    assert DECLAREES.coordination.nommees(simplifier(domaine.pilote))


@pytest.mark.parametrize("domaine", DEPOT.grille.domaines, ids=lambda d: d.id)
def test_questions_to_france_travail_are_whole_sentences(domaine):
    assert domaine.questions_france_travail
    for question in domaine.questions_france_travail:
        assert question.endswith(" ?")
        assert question[0].isupper()
        assert len(question.split()) >= 9
        assert not re.search(r"\b(FT|ML|BRSA|CD|DE|EPCI|PCB|IAE|SI|TNS|VIF)\b|→|<|>", question)


@pytest.mark.parametrize(
    ("nom", "institution"),
    [
        ("Caf des Landes", "caf"),
        ("CPAM", "cpam"),
        ("Conseil départemental de la Gironde", "departement"),
        ("Agence de Pôle emploi", "france-travail"),
        ("Association des Restos du cœur", "restos-du-coeur"),
    ],
)
def test_an_institution_is_known_by_its_names(nom, institution):
    assert institution in [i.id for i in DECLAREES.coordination.nommees(simplifier(nom))]


@pytest.mark.parametrize(
    "nom", ["Pôle multi-accueil", "Maison de la forêt", "Union départementale"]
)
def test_a_common_name_is_no_institution(nom):
    assert not DECLAREES.coordination.nommees(simplifier(nom))


def test_the_time_to_an_agency_is_a_measure_of_its_agencies():
    mesure = DEPOT.mesures[TEMPS.removeprefix("offre.").removesuffix(".temps")]
    assert mesure.selection["categories"] == [ID]
    assert mesure.origine == "services"


def _lire(**champs: object) -> dict[str, TypeDispositif]:
    modele = DECLAREES.types["opah"].model_dump() | champs
    return lire_dispositifs(
        [TypeDispositif.model_validate(modele)],
        domaines=[domaine.id for domaine in DEPOT.grille.domaines],
        institutions=DECLAREES.coordination.par_id,
    )


@pytest.mark.parametrize(
    ("champs", "faute"),
    [
        ({"domaines": ["inconnu"]}, "domaine « inconnu » inconnu"),
        ({"institutions": ["personne"]}, "institution « personne » inconnue"),
        ({"periode": {"debut": "2024"}}, "une date sans le texte"),
        ({"hors_champ": True}, "exclut les domaines"),
        ({"donnees": "territoires"}, "demande un zonage"),
    ],
)
def test_a_wrong_declaration_says_its_fault(champs, faute):
    assert _lire()
    with pytest.raises(DeclarationInvalide, match=faute):
        _lire(**champs)


def test_institutions_cited_and_not_declared_are_all_said():
    contenu = DEPOT.declaration("coordination/acteurs.yaml")
    contenu["categories"] = {"creche": {"institution": "nulle"}, "planete": {}}
    with pytest.raises(DeclarationInvalide) as erreur:
        lire_coordination_declaree(contenu, categories=["creche"])
    assert "« nulle » citée et non déclarée" in str(erreur.value)
    assert "« planete » inconnue" in str(erreur.value)
