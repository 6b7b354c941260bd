"""Taux lissés des communes : qui est lissé, vers quoi, et ce qui reste caché."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from solidiag.besoins.lissages import CLES_LISSAGES, LISSAGES, lisser_cartes
from solidiag.catalogue.indicateur import Indicateur
from solidiag.confidentiality.publication import publier
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.storage.depot import Depot

PARAMETRES: dict[str, Any] = {
    "attendus_medians": 20,
    "evenements_minimum": 10,
    "part_de_communes": 1 / 3,
    "part_lue": 0.6,
    "communes_minimum": 5,
    "lois": {"percent": "binomiale", "pour_1000": "poisson"},
    "jamais": {"interdit": "une raison"},
}
COMMUNES = [f"COM-0100{i}" for i in range(8)]


def indicateur(**champs: Any) -> Indicateur:
    base = {
        "id": "essai",
        "libelle": "Essai",
        "libelle_court": "Essai",
        "definition": "d",
        "unite": "percent",
        "sens": "plus_haut_est_plus_fragile",
        "lecture": "{valeur}",
        "lectures": [
            {
                "niveaux": ["COM", "DEP"],
                "formule": "ratio",
                "numerateur": {"fichier": "s/f", "variables": ["n"]},
                "denominateur": {"fichier": "s/f", "variables": ["d"]},
                "facteur": 100.0,
                "periode": "2021",
            }
        ],
    }
    return Indicateur.model_validate(base | champs)


def observations(
    effectifs: list[tuple[float, float] | str],
    *,
    departement: tuple[float, float] | None = (500, 5000),
    nom: str = "essai",
    unite: str = "percent",
    periode: str = "2021",
    precision: str = "exact",
) -> pl.DataFrame:
    """Un couple (numérateur, dénominateur) par commune, ou un statut d'absence."""
    lignes: list[dict[str, Any]] = []
    for territoire, lu in [*zip(COMMUNES, effectifs, strict=False), ("DEP-01", departement)]:
        if lu is None:
            continue
        ligne = {"indicateur": nom, "territoire": territoire, "periode": periode, "unite": unite}
        if isinstance(lu, str):
            ligne |= {"status": lu, "motif": "tu par le producteur"}
        else:
            x, n = lu
            ligne |= {
                "status": "A",
                "value": 100 * x / n,
                "numerateur": float(x),
                "denominateur": float(n),
                "precision": precision,
                "origin": "abc",
            }
        lignes.append({"confidentiality": "F"} | ligne)
    return mettre_au_schema(pl.DataFrame(lignes, infer_schema_length=None), {**OBSERVATIONS})


def lisser(
    table: pl.DataFrame, declaration: Indicateur | None = None, **autres: Any
) -> pl.DataFrame:
    declaration = declaration or indicateur()
    return lisser_cartes(
        table,
        communes=COMMUNES,
        departement="DEP-01",
        indicateurs={declaration.id: declaration},
        parametres=PARAMETRES | autres,
    )


PETITS: list[tuple[float, float] | str] = [
    (5, 10), (0, 12), (3, 30), (20, 80), (9, 300), (8, 20), "Q", "O",
]  # fmt: skip


def test_small_counts_are_drawn_towards_the_rate_of_the_departement() -> None:
    table = lisser(observations(PETITS))
    assert table.schema == pl.Schema(LISSAGES)
    lus = table.filter(pl.col("value").is_not_null())
    assert lus["moyenne"].unique().to_list() == [10.0]
    premier = lus.row(0, named=True)
    assert premier["brut"] == 50
    assert 10 < premier["value"] < 50
    assert premier["value"] == pytest.approx(10 + premier["poids"] * 40)
    assert premier["attendus"] == pytest.approx(1.0)
    assert set(lus["status"]) == {"E"}


def test_a_suppressed_value_is_never_estimated() -> None:
    table = lisser(observations(PETITS))
    assert table["territoire"].to_list() == COMMUNES
    caches = table.filter(pl.col("territoire").is_in(COMMUNES[6:]))
    assert caches["status"].to_list() == ["Q", "O"]
    assert caches["motif"].to_list() == ["tu par le producteur"] * 2
    chiffres = caches.select("value", "brut", "poids", "numerateur", "denominateur", "attendus")
    assert sum(chiffres.null_count().row(0)) == 2 * 6
    publier(table, "lissages", cles=CLES_LISSAGES)


def test_what_is_suppressed_does_not_change_what_is_shown() -> None:
    sans = lisser(observations(PETITS)).filter(pl.col("value").is_not_null())
    autres = [*PETITS[:6], "L"]
    avec = lisser(observations(autres)).filter(pl.col("value").is_not_null())
    assert sans.equals(avec)


def test_a_commune_the_table_does_not_name_is_not_documented() -> None:
    table = lisser(observations(PETITS[:6]))
    assert table["status"].to_list()[6:] == ["L", "L"]


GRANDS: list[tuple[float, float] | str] = [(100 + i, 1000) for i in range(8)]


def test_large_counts_are_not_smoothed() -> None:
    assert lisser(observations(GRANDS)).is_empty()


@pytest.mark.parametrize(
    ("mediane", "part", "lissee"),
    [(20, 1 / 3, False), (101, 1 / 3, True), (100, 1 / 3, False), (20, -0.1, True)],
)
def test_either_rule_is_enough_and_its_bound_is_left_out(
    mediane: float, part: float, *, lissee: bool
) -> None:
    table = lisser(observations(GRANDS), attendus_medians=mediane, part_de_communes=part)
    assert table.is_empty() != lissee


@pytest.mark.parametrize(
    "champs",
    [
        {"id": "interdit"},
        {"carte": "effectif"},
        {"niveau_carte": "EPCI"},
        {"unite": "euro"},
    ],
)
def test_what_the_map_or_the_nature_forbids_is_not_smoothed(champs: dict[str, Any]) -> None:
    declaration = indicateur(**champs)
    assert lisser(observations(PETITS, nom=declaration.id), declaration).is_empty()


def test_a_published_rate_without_counts_is_not_smoothed() -> None:
    publie = {
        "niveaux": ["COM"],
        "formule": "publie",
        "valeur": {"fichier": "s/f", "variables": ["t"]},
        "periode": "2021",
    }
    assert lisser(observations(PETITS), indicateur(lectures=[publie])).is_empty()


def test_no_rate_of_the_departement_no_smoothing() -> None:
    assert lisser(observations(PETITS, departement=None)).is_empty()


def test_a_floor_of_the_producer_is_not_a_count() -> None:
    assert lisser(observations(PETITS, precision="floor")).is_empty()


def test_too_few_communes_read_no_smoothing() -> None:
    peu: list[tuple[float, float] | str] = [*PETITS[:4], "Q", "Q", "Q", "Q"]
    assert lisser(observations(peu)).is_empty()


def test_a_numerator_above_its_base_is_not_a_share() -> None:
    assert lisser(observations([(11, 10), *PETITS[1:]])).is_empty()


def test_only_the_last_period_read_is_smoothed() -> None:
    ancienne = observations([(1, 10)] * 8, periode="2014")
    table = lisser(pl.concat([ancienne, observations(PETITS)]))
    assert table["periode"].unique().to_list() == ["2021"]


def test_the_embedded_rules_name_declared_indicators_and_give_a_reason() -> None:
    depot = Depot()
    parametres = depot.parametres("lissages")
    assert set(parametres["jamais"]) <= set(depot.catalogue)
    assert all(parametres["jamais"].values())
    assert set(parametres["lois"].values()) <= {"binomiale", "poisson"}
