"""Chevauchements, trous, orphelins, échéances : sur l'exemple fictif, comptés à la main."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from solidiag.model.coordination import ACTIONS, DISPOSITIFS, ROLES
from solidiag.offre.coordination.constats import (
    chevauchements,
    echeances,
    orphelins,
    situer_echeance,
    table_des_constats,
    trous,
)
from solidiag.offre.coordination.matrice import situer_dans
from solidiag.offre.coordination.registre import en_table

MARSAN, DAX, LANDES = "EPCI-244000808", "EPCI-244000675", "DEP-40"
JOUR = date(2026, 11, 24)


@pytest.fixture
def situer():
    return situer_dans(
        {"40192": MARSAN, "40088": DAX, "64000": DAX},
        departement=LANDES,
        locaux=[MARSAN, DAX],
        dehors={"64000"},
    )


def test_same_public_place_and_purpose_is_an_overlap(gabarit, situer):
    trouves = chevauchements(gabarit["actions"], situer=situer, departement=LANDES)
    par_objet = {c["objet"].split(" (")[0]: c for c in trouves}
    mobilite = [c for c in trouves if c["domaine"] == "mobilite-solidaire"]
    assert [c["dispositifs"] for c in mobilite] == [["ctg-marsan", "pdi"]]
    assert mobilite[0]["confiance"] == "etabli"
    assert mobilite[0]["territoire"] == MARSAN
    assert mobilite[0]["acteurs"] == ["garage", "passerelle"]
    assert set(par_objet) == {"scooters", "colis"}


def test_an_overlap_that_lacks_a_public_or_a_date_is_to_check(gabarit, situer):
    trouves = chevauchements(gabarit["actions"], situer=situer, departement=LANDES)
    colis = [c for c in trouves if c["domaine"] == "aide-alimentaire"]
    assert [(c["confiance"], c["territoire"]) for c in colis] == [("a_verifier", MARSAN)]


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        ("publics", ["personnes âgées"]),
        ("territoires", [DAX]),
        ("debut", "2028-01-01"),
        ("but", "réparer des vélos"),
        ("domaine", "hors-champ"),
    ],
)
def test_one_difference_is_enough_for_no_overlap(gabarit, situer, champ, valeur):
    lignes = gabarit["actions"].filter(pl.col("id").is_in(["scooters", "voitures"])).to_dicts()
    lignes[1]["territoires"] = [MARSAN]
    assert chevauchements(en_table(lignes, ACTIONS), situer=situer, departement=LANDES)
    lignes[1][champ] = valeur
    if champ == "debut":
        lignes[1]["fin"] = None
    assert not chevauchements(en_table(lignes, ACTIONS), situer=situer, departement=LANDES)


def test_two_actions_of_one_actor_in_one_scheme_do_not_overlap(gabarit, situer):
    lignes = gabarit["actions"].filter(pl.col("id") == "scooters").to_dicts() * 2
    assert not chevauchements(en_table(lignes, ACTIONS), situer=situer, departement=LANDES)


def test_a_gap_is_unknown_and_a_role_only_foreseen_does_not_fill_it():
    roles = en_table(
        [
            {"domaine": "a", "territoire": MARSAN, "acteur": "x", "provenance": "public"},
            {"domaine": "b", "territoire": MARSAN, "acteur": "x", "provenance": "texte"},
        ],
        ROLES,
    )
    manques = trous(roles, ["a", "b"], [MARSAN, DAX])
    assert [(c["domaine"], c["territoire"]) for c in manques] == [
        ("a", DAX),
        ("b", MARSAN),
        ("b", DAX),
    ]
    assert {c["confiance"] for c in manques} == {"inconnu"}


def test_a_domain_no_scheme_carries_cites_what_the_texts_foresee(gabarit):
    trouves = orphelins(
        gabarit["dispositifs"],
        gabarit["actions"],
        ["petite-enfance", "aide-alimentaire", "eau-tarification-sociale"],
        departement=LANDES,
        prevus={"eau-tarification-sociale": ["convention-fsl"]},
    )
    assert [(c["domaine"], c["dispositifs"], c["confiance"]) for c in trouves] == [
        ("eau-tarification-sociale", ["convention-fsl"], "inconnu")
    ]


@pytest.mark.parametrize(
    ("fin", "situation"),
    [
        ("2025-12-31", "passee"),
        ("2026-11-23", "passee"),
        ("2026-11-24", "proche"),
        ("2026", "proche"),
        ("2027-11-24", "proche"),
        ("2027-11-25", "a_venir"),
        ("2027-11", "a_venir"),
        ("2030", "a_venir"),
        (None, "inconnue"),
        ("", "inconnue"),
        ("bientôt", "inconnue"),
        ("2026-13", "inconnue"),
    ],
)
def test_where_an_end_stands(fin, situation):
    assert situer_echeance(fin, JOUR) == situation


def test_the_calendar_goes_from_the_oldest_end_and_leaves_out_the_unknown(gabarit, situer):
    calendrier = echeances(
        gabarit["dispositifs"], gabarit["actions"], jour=JOUR, situer=situer, departement=LANDES
    )
    assert [c["date"] for c in calendrier] == [
        "2025-12-31", "2026-11-01", "2026-12-31", "2027", "2027-12-31", "2027-12-31", "2027-12-31",
    ]  # fmt: skip
    assert calendrier[0]["objet"] == "fin passée : PDI (EXEMPLE FICTIF)"
    assert calendrier[2]["objet"] == "fin proche : CTG (EXEMPLE FICTIF)"
    assert calendrier[2]["acteurs"] == ["caf-ici"]
    assert calendrier[2]["territoire"] == MARSAN


def test_a_scheme_of_several_places_ends_in_the_department(gabarit, situer):
    deux = gabarit["dispositifs"].filter(pl.col("id") == "ctg-marsan").to_dicts()
    deux = [{**deux[0], "territoires": t} for t in ([MARSAN, DAX], ["COM-40192", MARSAN])]
    calendrier = echeances(
        en_table(deux, DISPOSITIFS),
        en_table([], ACTIONS),
        jour=JOUR,
        situer=situer,
        departement=LANDES,
    )
    assert [c["territoire"] for c in calendrier] == [LANDES, MARSAN]


def test_an_action_for_everyone_meets_any_public(gabarit, situer):
    lignes = gabarit["actions"].filter(pl.col("id").is_in(["scooters", "voitures"])).to_dicts()
    lignes[0]["publics"] = ["tous-publics"]
    trouves = chevauchements(en_table(lignes, ACTIONS), situer=situer, departement=LANDES)
    assert [c["confiance"] for c in trouves] == ["etabli"]


def test_constats_have_the_declared_schema(gabarit, situer):
    table = table_des_constats(
        chevauchements(gabarit["actions"], situer=situer, departement=LANDES),
        echeances(
            en_table([], DISPOSITIFS),
            gabarit["actions"],
            jour=JOUR,
            situer=situer,
            departement=LANDES,
        ),
    )
    assert table.height == 6
    assert table["genre"].value_counts().sort("genre")["count"].to_list() == [2, 4]


def test_a_commune_counts_in_its_group_and_a_department_only_in_itself(situer):
    assert tuple(situer("COM-40192")) == (MARSAN, LANDES)
    assert tuple(situer("COM-64000")) == (DAX,)
    assert tuple(situer(DAX)) == (DAX, LANDES)
    assert tuple(situer(LANDES)) == (LANDES,)
    assert tuple(situer("COM-99999")) == (LANDES,)


def test_a_bare_year_ends_after_its_months(gabarit, situer):
    modele = gabarit["dispositifs"].to_dicts()[0]
    lignes = [{**modele, "nom": f, "fin": f} for f in ("2026", "2026-12", "2026-06-30", "2026-10")]
    calendrier = echeances(
        en_table(lignes, DISPOSITIFS),
        en_table([], ACTIONS),
        jour=JOUR,
        situer=situer,
        departement=LANDES,
    )
    assert [c["date"] for c in calendrier] == ["2026-06-30", "2026-10", "2026", "2026-12"]
