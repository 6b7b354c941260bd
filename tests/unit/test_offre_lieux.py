"""Lieux et aller-vers : bus à un seul point, tournée, permanence, domicile, distance."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
import pytest

from solidiag.catalogue.acces import ReglagesAcces
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.lieux import LIEUX, lieux

REGLAGES = ReglagesAcces.model_validate(
    {
        "titre": "essai",
        "statut": "essai",
        "signes_itinerants": ["Bus_équivalent"],
        "soir": 18,
        "permanence": {"heures_reference": 24, "reference": "essai", "confiance": "lu"},
        "part_connue": 0.9,
        "decroissances": {
            "d": {
                "libelle": "d", "courbe": {"forme": "binaire", "portee": 30},
                "reference": "essai", "pourquoi": "essai",
            }
        },
        "domaines": {},
    }
)  # fmt: skip


def _table(lignes: Iterable[dict[str, object]]) -> pl.DataFrame:
    """Services fictifs, complétés de leurs champs communs."""
    pleines = [
        {
            "source": "s", "nom": f"service {ligne['id']}", "categorie": "france-services",
            "code_insee": "40192", "latitude": 43.9, "longitude": -0.5, "groupe": ligne["id"],
            "date_source": "2024-08-01",
            **ligne,
        }
        for ligne in lignes
    ]  # fmt: skip
    connues = {nom: SERVICES[nom] for ligne in pleines for nom in ligne}
    return mettre_au_schema(pl.DataFrame(pleines, schema=connues), SERVICES)


def _lire(*lignes: dict[str, object]) -> pl.DataFrame:
    table = lieux(_table(lignes), REGLAGES)
    assert table.schema == pl.Schema(LIEUX)
    return table


def test_un_bus_a_un_seul_point_n_est_pas_un_lieu() -> None:
    """Les lignes de la liste France services : « Bus_équivalent, Principal »."""
    table = _lire({"id": "a", "remarque": "Bus_équivalent, Principal"}, {"id": "b"})
    assert table["genre"].to_list() == ["itinerant", "lieu"]


@pytest.mark.parametrize(
    ("zone", "genre"),
    [(["244000675"], "domicile"), (None, "itinerant"), (["france"], "itinerant")],
)
def test_une_tournee_sans_arrets_est_a_portee_de_la_zone_qu_elle_dit(
    zone: list[str] | None, genre: str
) -> None:
    table = _lire({"id": "a", "aller_vers": "itinerant", "zone_eligibilite": zone})
    assert table["genre"].to_list() == [genre]


def test_ce_que_dit_la_source_l_emporte_sur_la_remarque() -> None:
    table = _lire({"id": "a", "remarque": "Bus_équivalent", "aller_vers": "permanence"})
    assert table["genre"].to_list() == ["permanence"]


def test_les_arrets_d_une_tournee_sont_des_lieux_d_un_meme_service() -> None:
    arrets: list[dict[str, object]] = [
        {
            "id": f"a{n}", "nom": "bus", "aller_vers": "itinerant", "latitude": 43.9 + n / 10,
            "horaires": texte,
        }
        for n, texte in enumerate(["lundi 9h-12h", "mardi 9h-15h", None])
    ]  # fmt: skip
    table = _lire(*arrets)
    assert table["genre"].to_list() == ["arret"] * 3
    assert table["service"].n_unique() == 1
    # 3 h et 6 h pour 24 h de référence ; sans heures, un tiers de service par arrêt.
    assert table["poids"].to_list() == pytest.approx([3 / 24, 6 / 24, 1 / 3])
    assert table["poids_connu"].to_list() == [True, True, False]


def test_une_permanence_pese_ses_heures() -> None:
    table = _lire(
        {"id": "a", "aller_vers": "permanence", "heures_hebdo": 6.0},
        {"id": "b", "aller_vers": "permanence", "heures_hebdo": 40.0},
        {"id": "c", "aller_vers": "permanence"},
    )
    assert table["poids"].to_list() == [0.25, 1.0, 1.0]
    assert table["poids_connu"].to_list() == [True, True, False]


def test_un_service_a_domicile_demande_sa_zone() -> None:
    table = _lire(
        {"id": "a", "aller_vers": "domicile"},
        {"id": "b", "aller_vers": "domicile", "zone_eligibilite": ["40192"]},
        {"id": "c", "aller_vers": "distance"},
        {"id": "d", "modes_accueil": ["a-distance"]},
        {"id": "e", "modes_accueil": ["a-distance", "en-presentiel"]},
    )
    genres = dict(table.select("id", "genre").iter_rows())
    assert genres == {
        "a": "domicile_sans_zone", "b": "domicile", "c": "distance", "d": "distance", "e": "lieu",
    }  # fmt: skip


def test_un_service_ferme_n_est_pas_un_lieu() -> None:
    assert _lire({"id": "a", "fermeture": "fermé"}, {"id": "b"})["id"].to_list() == ["b"]


def test_les_lignes_d_un_meme_service_se_completent() -> None:
    table = _lire(
        {"id": "a", "capacite": 20.0, "date_source": "2020"},
        {
            "id": "b", "groupe": "a", "capacite": 26.0, "date_source": "2022",
            "horaires": "samedi 9h-12h",
        },
    )  # fmt: skip
    ligne = table.row(0, named=True)
    assert table.height == 1
    assert (ligne["capacite"], ligne["capacite_bas"], ligne["capacite_haut"]) == (26, 20, 26)
    assert (ligne["samedi"], ligne["soir"]) == (True, False)


def test_des_horaires_inconnus_ne_disent_pas_une_fermeture() -> None:
    ligne = _lire({"id": "a", "horaires": "sur rendez-vous"}).row(0, named=True)
    assert ligne["samedi"] is None
    assert ligne["soir"] is None
