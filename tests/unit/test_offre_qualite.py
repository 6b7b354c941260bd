"""Qualité et fraîcheur de l'inventaire : calculées à la main sur une petite table."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from solidiag.model.service import SERVICES
from solidiag.offre.manques import manques_d_offre
from solidiag.offre.qualite import (
    CHAMPS,
    FICHES,
    LIEU_INCONNU,
    QUALITE,
    SANS_SOURCE,
    qualifier,
    qualite_par_territoire,
)
from solidiag.storage.depot import Depot

JOUR = date(2026, 11, 24)
ATTENDUS = {"rapide": 12}


def _services() -> pl.DataFrame:
    """Exemple fictif : un service décrit deux fois, un autre sans date ni commune."""
    commun = {"categorie": "siae", "publics": ["jeunes"], "domaines": ["emploi"]}
    return pl.DataFrame(
        [
            {
                **commun, "id": "a:1", "groupe": "a:1", "source": "rapide", "code_insee": "40088",
                "precision_geo": "rue", "date_source": "2025-06-30", "siret": "1" * 14,
            },
            {
                **commun, "id": "b:1", "groupe": "a:1", "source": "lente", "code_insee": "40088",
                "precision_geo": "commune", "date_source": "2023", "horaires": "lundi",
                "capacite": 12.0,
            },
            {
                "id": "b:2", "groupe": "b:2", "source": "lente", "precision_geo": "inconnue",
                "domaines": ["emploi", "logement"],
            },
            {
                **commun, "id": "b:3", "groupe": "b:3", "source": "lente", "code_insee": "40192",
                "precision_geo": "point", "date_source": "2026-01", "lien": "https://exemple.fr",
            },
        ],
        schema=SERVICES,
    )  # fmt: skip


def _fiches() -> pl.DataFrame:
    return qualifier(_services(), jour=JOUR, attendus=ATTENDUS, defaut=24)


def test_each_missing_field_is_named_and_counted() -> None:
    fiches = _fiches()
    assert dict(fiches.schema) == FICHES
    premiere, deuxieme, troisieme, _ = fiches.iter_rows(named=True)
    assert premiere["manquants"] == ["horaires", "capacité", "lien vers le service"]
    assert premiere["completude"] == pytest.approx(5 / 8)
    assert deuxieme["manquants"] == ["situé à la rue", "lien vers le service", "numéro Siret"]
    assert troisieme["manquants"] == list(CHAMPS.values())
    assert troisieme["completude"] == 0


def test_age_is_in_months_and_old_follows_the_pace_of_the_source() -> None:
    fiches = _fiches()
    assert fiches["age_mois"].to_list() == [17, 35, None, 10]
    assert fiches["attendu_mois"].to_list() == [12, 24, 24, 24]
    assert fiches["ancien"].to_list() == [True, True, None, False]


def test_a_date_after_the_report_is_not_a_negative_age() -> None:
    plus_tard = _services().head(1).with_columns(date_source=pl.lit("2027-02"))
    fiche = qualifier(plus_tard, jour=JOUR, attendus={}, defaut=24)
    assert fiche["age_mois"].to_list() == [0]


def _qualite() -> pl.DataFrame:
    return qualite_par_territoire(
        _services(),
        _fiches(),
        communes={"DEP-40": ["40088", "40192"], "EPCI-1": ["40088"], "EPCI-2": ["40001"]},
        territoires_entiers=["DEP-40"],
        domaines=["emploi", "logement", "mobilite"],
    )


def _ligne(territoire: str, domaine: str) -> dict[str, object]:
    table = _qualite().filter((pl.col("territoire") == territoire) & (pl.col("domaine") == domaine))
    return table.row(0, named=True)


def test_a_service_described_twice_counts_once_with_all_that_is_known() -> None:
    ligne = _ligne("EPCI-1", "emploi")
    assert ligne["services"] == 1
    assert ligne["part_confirmes"] == 1
    assert ligne["part_avec_horaires"] == 1
    assert ligne["part_avec_capacite"] == 1
    assert ligne["part_situes_a_la_rue"] == 1
    assert ligne["date_mediane"] == "2025-06"


def test_the_department_also_counts_a_service_without_a_commune() -> None:
    ligne = _ligne("DEP-40", "emploi")
    assert ligne["services"] == 3
    assert ligne["sans_date"] == 1
    assert ligne["date_la_plus_ancienne"] == "2025-06"
    assert ligne["date_mediane"] == "2025-06"
    assert ligne["part_anciens"] == pytest.approx(1 / 2)
    assert ligne["part_situes_a_la_rue"] == pytest.approx(2 / 3)
    assert ligne["part_confirmes"] == pytest.approx(1 / 3)


def test_what_is_not_known_is_said_and_never_zero() -> None:
    table = _qualite()
    assert dict(table.schema) == QUALITE
    assert table.height == 3 * 4
    muettes = table.filter(pl.col("statut") == "L")
    assert muettes["services"].null_count() == muettes.height > 0
    assert not (table["services"] == 0).any()
    assert _ligne("DEP-40", "mobilite")["motif"] == SANS_SOURCE
    assert _ligne("EPCI-2", "emploi")["motif"] == LIEU_INCONNU
    assert _ligne("EPCI-1", "logement")["motif"] == LIEU_INCONNU


def test_every_domain_without_offer_says_what_to_ask_and_from_whom() -> None:
    depot = Depot.embarque()
    manques = manques_d_offre(depot.grille, depot.mesures, _services().clear())
    assert set(manques["domaine"]) == {domaine.id for domaine in depot.grille.domaines}
    muets = manques.filter(pl.col("etat") == "non mesuré")
    assert muets.height > 0
    assert muets["quoi"].null_count() == muets["a_qui"].null_count() == 0
    assert muets["services"].null_count() == muets.height
    axe4 = manques.filter(pl.col("axe") == "axe4")
    assert "non mesuré" in set(axe4["etat"])


@pytest.mark.parametrize(
    ("aller_vers", "zone", "attendus"),
    [
        ("itinerant", ["1"], {"DEP-40", "EPCI-1"}),
        (None, ["1"], set()),
        ("domicile", None, {"DEP-40"}),
    ],
)
def test_a_mobile_service_from_elsewhere_counts_where_its_zone_says(
    aller_vers: str | None, zone: list[str] | None, attendus: set[str]
) -> None:
    venu = (
        _services()
        .head(1)
        .with_columns(
            code_insee=pl.lit("64102"),
            aller_vers=pl.lit(aller_vers, dtype=pl.String),
            zone_eligibilite=pl.lit(zone, dtype=pl.List(pl.String)),
        )
    )
    table = qualite_par_territoire(
        venu,
        qualifier(venu, jour=JOUR, attendus={}, defaut=24),
        communes={"DEP-40": ["40088", "40192"], "EPCI-1": ["40088"], "EPCI-2": ["40001"]},
        territoires_entiers=["DEP-40"],
        domaines=["emploi"],
    )
    comptes = table.filter((pl.col("domaine") == "ensemble") & (pl.col("services") == 1))
    assert set(comptes["territoire"]) == attendus
