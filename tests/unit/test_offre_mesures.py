"""Compter des lieux sans confondre zéro, absence et hors champ."""

from typing import Any

import polars as pl
import pytest

from solidiag.catalogue.indicateur import MesureOffre
from solidiag.catalogue.source import Couverture, Source
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.model.origin import Origin, Retrieval
from solidiag.model.service import SERVICES
from solidiag.offre.mesures import (
    HORS_CHAMP,
    HORS_INVENTAIRE,
    LIEU_INCONNU,
    Territoires,
    categories_de,
    compter,
    couvertures_par_categorie,
    en_indicateur,
)

APPARTENANCE = [
    ("40001", "COM-40001"), ("40002", "COM-40002"), ("64001", "COM-64001"),
    ("40001", "EPCI-1"), ("40002", "EPCI-1"), ("40002", "EPCI-2"), ("64001", "EPCI-2"),
    ("40001", "DEP-40"), ("40002", "DEP-40"),
]  # fmt: skip


def mesure(**plus: Any) -> MesureOffre:
    return MesureOffre.model_validate(
        {
            "id": "m",
            "libelle": "m",
            "libelle_court": "m",
            "domaines": ["d"],
            "nature": "presence",
            "origine": "services",
            "selection": {"categories": ["gare"]},
        }
        | plus
    )


def service(rang: int, commune: str | None, **plus: Any) -> dict[str, Any]:
    return {
        "id": f"s{rang}",
        "source": "x",
        "categorie": "gare",
        "code_insee": commune,
        "date_source": "2024-05",
    } | plus


RETRIEVAL = Retrieval(
    source="x", fichier="f", millesime="2024", licence="etalab-2.0", url="", retrieved_at="",
    sha256="0", size=1,
)  # fmt: skip


def lancer(
    services: list[dict[str, Any]],
    declaree: MesureOffre,
    *,
    couverture: Couverture | None = None,
    populations: dict[str, dict[str, float]] | None = None,
    inventoriees: tuple[str, ...] = ("40001", "40002", "64001"),
) -> tuple[dict[str, dict[str, Any]], dict[str, Origin]]:
    table, origines = compter(
        [declaree],
        mettre_au_schema(
            pl.DataFrame(services, schema_overrides={"code_insee": pl.String}), SERVICES
        )
        if services
        else pl.DataFrame(schema=SERVICES),
        Territoires(
            appartenance=pl.DataFrame(APPARTENANCE, schema=["commune", "territoire"], orient="row"),
            departements={"40001": "40", "40002": "40", "64001": "64"},
            inventoriees=frozenset(inventoriees),
            demandes=(*dict.fromkeys(t for _, t in APPARTENANCE), "EPCI-9"),
        ),
        couvertures={"gare": {"x": couverture or Couverture(departements=("40",))}},
        populations=populations or {},
        origines={"x": [RETRIEVAL]},
        cog=2026,
    )
    assert dict(table.schema) == OBSERVATIONS
    return {ligne["territoire"]: ligne for ligne in table.iter_rows(named=True)}, origines


def test_services_are_counted_at_each_level() -> None:
    lignes, origines = lancer([service(1, "40001"), service(2, "40002")], mesure())
    assert lignes["COM-40001"]["value"] == 1
    assert lignes["EPCI-1"]["value"] == 2
    assert lignes["DEP-40"]["value"] == 2
    assert lignes["DEP-40"]["periode"] == "2024"
    assert origines[lignes["DEP-40"]["origin"]].retrievals == (RETRIEVAL,)


def test_joined_rows_count_once() -> None:
    lignes, _ = lancer(
        [service(1, "40001", groupe="s1"), service(2, "40001", groupe="s1")], mesure()
    )
    assert lignes["DEP-40"]["value"] == 1


def test_a_closed_service_or_one_without_commune_is_not_counted() -> None:
    lignes, _ = lancer(
        [service(1, "40001"), service(2, "40001", fermeture="fermé"), service(3, None)], mesure()
    )
    assert lignes["DEP-40"]["value"] == 1


def test_another_category_is_not_counted() -> None:
    lignes, _ = lancer([service(1, "40001", categorie="ehpad")], mesure())
    assert lignes["DEP-40"]["status"] == "L"


def test_zero_is_a_measure_only_for_a_complete_list() -> None:
    complete, _ = lancer([service(1, "40001")], mesure(zero_interpretable=True))
    partielle, _ = lancer([service(1, "40001")], mesure())
    assert (complete["COM-40002"]["value"], complete["COM-40002"]["status"]) == (0.0, "A")
    assert (partielle["COM-40002"]["value"], partielle["COM-40002"]["status"]) == (None, "L")
    assert partielle["COM-40002"]["motif"] == LIEU_INCONNU


def test_outside_the_cover_nothing_is_known_even_with_a_service() -> None:
    lignes, _ = lancer([service(1, "64001")], mesure(zero_interpretable=True))
    for territoire in ("COM-64001", "EPCI-2", "EPCI-9"):
        assert lignes[territoire]["value"] is None, territoire
        assert lignes[territoire]["status"] == "L"
        assert lignes[territoire]["motif"] == HORS_CHAMP


def test_a_territory_wider_than_the_inventory_is_not_counted() -> None:
    lignes, _ = lancer(
        [service(1, "40001"), service(2, "40002")],
        mesure(zero_interpretable=True),
        couverture=Couverture(),
        inventoriees=("40001", "40002"),
    )
    assert lignes["DEP-40"]["value"] == 2
    for territoire in ("EPCI-2", "COM-64001"):
        assert lignes[territoire]["value"] is None
        assert lignes[territoire]["motif"] == HORS_INVENTAIRE


def test_every_category_of_a_measure_must_be_covered() -> None:
    deux = mesure(selection={"categories": ["gare", "tram"]}, zero_interpretable=True)
    lignes, _ = lancer([service(1, "40001")], deux)
    assert lignes["DEP-40"]["motif"] == HORS_CHAMP


def test_a_rate_keeps_its_two_terms() -> None:
    lignes, _ = lancer(
        [service(1, "40001")],
        mesure(unite="pour_10000", public="tous", zero_interpretable=True),
        populations={"tous": {"DEP-40": 5000.0, "COM-40002": 100.0, "COM-40001": 0.0}},
    )
    dep = lignes["DEP-40"]
    assert (dep["value"], dep["numerateur"], dep["denominateur"]) == (2.0, 1.0, 5000.0)
    assert lignes["COM-40002"]["value"] == 0.0
    assert lignes["COM-40001"]["status"] == "L"
    assert lignes["EPCI-1"]["status"] == "L"


def test_a_date_is_that_of_the_oldest_list() -> None:
    lignes, _ = lancer(
        [service(1, "40001"), service(2, "40001", source="y", date_source="2019")], mesure()
    )
    assert lignes["DEP-40"]["periode"] == "2019"


def test_categories_are_read_in_the_declared_sources() -> None:
    source = Source.model_validate(
        {
            "id": "x",
            "titre": "t",
            "producteur": "p",
            "licence": {"id": "l"},
            "champ": "c",
            "couverture": {"departements": ["40"]},
            "fichiers": [
                {
                    "id": "f", "fichier": "f.csv", "millesime": "2024", "cog": 2024,
                    "niveau": "COM", "options": {"vues": [{"categorie": "gare"}, {}]},
                }
            ],
        }
    )  # fmt: skip
    assert couvertures_par_categorie([source]) == {"gare": {"x": source.couverture}}


@pytest.mark.parametrize(
    "plus", [{"selection": {}}, {"selection": {"categories": ["a"], "source": "x"}},
             {"origine": "table"}],
)  # fmt: skip
def test_a_measure_that_selects_nothing_is_refused(plus: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ne choisit pas"):
        categories_de(mesure(**plus))


def test_a_measure_of_services_is_not_an_indicator() -> None:
    with pytest.raises(ValueError, match="ne se lit pas dans une table"):
        en_indicateur(mesure())
    lecture = {"niveaux": ["EPCI"], "formule": "publie", "periode": "2024"}
    with pytest.raises(ValueError, match="unité inconnue"):
        en_indicateur(mesure(origine="table", unite="lits", lectures=[lecture]))
    assert en_indicateur(mesure(origine="table", lectures=[lecture])).sens == "contexte"
