"""Parcours avec France Travail : étapes, maillon manquant, présence."""

from __future__ import annotations

import polars as pl

from solidiag.model.coordination import LIENS, PARCOURS
from solidiag.model.observation import OBSERVATIONS
from solidiag.model.service import SERVICES
from solidiag.offre.coordination.france_travail import (
    ETAPES,
    TEMPS,
    constats_du_parcours,
    etat_des_etapes,
    maillon_manquant,
    parcours_complet,
    presence,
)
from solidiag.offre.coordination.matrice import situer_dans
from solidiag.offre.coordination.registre import en_table

MARSAN, DAX, LANDES = "EPCI-244000808", "EPCI-244000675", "DEP-40"


def test_a_step_nobody_wrote_is_unknown_and_never_absent(gabarit):
    complet = parcours_complet(gabarit["parcours"], [MARSAN, DAX, LANDES])
    assert complet.height == 12
    suivi = complet.filter(pl.col("territoire") == MARSAN, pl.col("etape") == "suivi")
    assert suivi.select("etat", "provenance").row(0) == ("inconnu", "deduit")
    assert complet.filter(pl.col("territoire") == LANDES)["etat"].to_list() == ["inconnu"] * 4
    assert complet.filter(pl.col("territoire") == DAX)["etape"].to_list() == list(ETAPES)


def test_the_missing_link_is_the_first_step_not_established(gabarit):
    etats = etat_des_etapes(gabarit["parcours"])
    assert maillon_manquant(etats[MARSAN]) == ("referent", "absent")
    assert maillon_manquant(etats[DAX]) is None
    assert maillon_manquant({}) == ("orientation", "inconnu")


def test_a_written_absence_wins_over_a_step_said_established(gabarit):
    contraire = (
        gabarit["parcours"]
        .filter(pl.col("territoire") == DAX, pl.col("etape") == "suivi")
        .with_columns(etat=pl.lit("absent"), domaine=pl.lit("accompagnement-rsa"))
    )
    deux = pl.concat([gabarit["parcours"], contraire])
    assert etat_des_etapes(deux)[DAX]["suivi"] == "absent"


def test_a_missing_link_is_established_only_if_someone_wrote_it(gabarit):
    constats = constats_du_parcours(gabarit["parcours"], [MARSAN, DAX, LANDES])
    assert [(c["territoire"], c["objet"], c["confiance"]) for c in constats] == [
        (MARSAN, "referent", "etabli"),
        (LANDES, "orientation", "inconnu"),
    ]


def test_agencies_links_and_time_by_territory(gabarit):
    services = pl.DataFrame(
        [
            {"id": "1", "groupe": "1", "categorie": "france-travail", "code_insee": "40192",
             "commune": "Mont-de-Marsan", "date_source": "2019"},
            {"id": "2", "groupe": "1", "categorie": "france-travail", "code_insee": "40192",
             "commune": "Mont-de-Marsan", "date_source": "2024"},
            {"id": "3", "groupe": "3", "categorie": "creche", "code_insee": "40088"},
        ],
        schema=SERVICES,
    )  # fmt: skip
    temps = pl.DataFrame(
        [{"indicateur": TEMPS, "territoire": DAX, "periode": "2019", "value": 12.5, "lower": 9.0,
          "upper": 15.0, "status": "E"}],
        schema=OBSERVATIONS,
    )  # fmt: skip
    liens = pl.concat(
        [
            gabarit["liens"],
            en_table(
                [
                    {"acteur_a": "france-travail", "acteur_b": "x", "type": "lieu_partage",
                     "territoire": DAX, "provenance": "deduit"},
                    {"acteur_a": "france-travail", "acteur_b": "y", "type": "label",
                     "territoire": DAX, "provenance": "texte"},
                ],
                LIENS,
            ),
        ]
    )  # fmt: skip
    table = presence(
        services,
        temps,
        liens,
        gabarit["parcours"],
        territoires=[MARSAN, DAX, LANDES],
        situer=situer_dans(
            {"40192": MARSAN, "40088": DAX}, departement=LANDES, locaux=[MARSAN, DAX]
        ),
        departement=LANDES,
    )
    lignes = {ligne["territoire"]: ligne for ligne in table.iter_rows(named=True)}
    assert [lignes[t]["agences"] for t in (MARSAN, DAX, LANDES)] == [1, 0, 1]
    assert lignes[MARSAN]["communes"] == ["Mont-de-Marsan"]
    assert [lignes[t]["liens"] for t in (MARSAN, DAX, LANDES)] == [2, 1, 3]
    assert [lignes[t]["lieux_partages"] for t in (MARSAN, DAX, LANDES)] == [0, 1, 1]
    assert (lignes[DAX]["temps"], lignes[DAX]["temps_haut"]) == (12.5, 15.0)
    assert (lignes[MARSAN]["temps"], lignes[MARSAN]["temps_statut"]) == (None, "L")
    assert lignes[MARSAN]["maillon"] == "referent"
    assert lignes[DAX]["maillon"] is None


def test_an_empty_path_is_unknown_everywhere():
    vide = pl.DataFrame(schema=PARCOURS)
    assert set(parcours_complet(vide, [MARSAN, DAX])["etat"]) == {"inconnu"}
