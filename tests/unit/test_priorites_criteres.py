"""Un critère vaut entre 0 et 1, ou dit pourquoi il n'existe pas."""

from typing import Any

import polars as pl

from solidiag.catalogue.grille import Axe, Domaine, Grille
from solidiag.catalogue.indicateur import Indicateur
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.model.service import ECARTS
from solidiag.priorites.criteres import CRITERES, evaluer_criteres, par_presence

PARAMETRES: dict[str, Any] = {
    "familles": {
        "besoin": {"criteres": {"niveau": {}, "territoires": {}}},
        "offre": {"criteres": {"tension": {}}},
    },
    "marge": 0.1,
    "poids_vigilance": 0.5,
    "indicateurs_d_offre": ["o1"],
}
LECTURE = {"niveaux": ["DEP"], "formule": "publie", "periode": "2023"}


def indicateur(nom: str, sens: str = "plus_haut_est_plus_fragile") -> Indicateur:
    return Indicateur.model_validate(
        {
            "id": nom, "libelle": nom, "libelle_court": nom, "definition": nom,
            "unite": "percent", "sens": sens, "lecture": "x", "lectures": [LECTURE],
        }
    )  # fmt: skip


def evaluer(
    cases: list[dict[str, Any]],
    observations: list[tuple[str, str, str, float]] = (),  # type: ignore[assignment]
) -> dict[str, dict[str, Any]]:
    besoins = ("b1", "b2", "o1", "ctx")
    grille = Grille(
        axes=(Axe(id="a", numero=1, libelle_pacte="", libelle_consultation="", titre_court=""),),
        domaines=(Domaine(id="d", axe="a", libelle="d", question="?", indicateurs_besoin=besoins),),
        socle_contexte=(),
        indicateurs=(),
    )
    table = evaluer_criteres(
        grille,
        mettre_au_schema(
            pl.DataFrame([{"domaine": "d"} | c for c in cases], infer_schema_length=None), ECARTS
        ),
        mettre_au_schema(
            pl.DataFrame(
                [
                    {
                        "indicateur": i, "territoire": t, "periode": p, "value": v,
                        "status": "A", "precision": "exact", "unite": "percent",
                    }
                    for i, t, p, v in observations
                ],
                schema={n: OBSERVATIONS[n] for n in (
                    "indicateur", "territoire", "periode", "value", "status", "precision", "unite"
                )},
            ),
            OBSERVATIONS,
        ),
        populations={"EPCI-1": 300.0, "EPCI-2": 100.0},
        departement="40",
        region="75",
        indicateurs={
            "b1": indicateur("b1"),
            "b2": indicateur("b2", "plus_bas_est_plus_fragile"),
            "o1": indicateur("o1"),
            "ctx": indicateur("ctx", "contexte"),
        },
        parametres=PARAMETRES,
        demi_pas={},
    )  # fmt: skip
    assert dict(table.schema) == CRITERES
    return {ligne["critere"]: ligne for ligne in table.iter_rows(named=True)}


VOLUME = [
    {"territoire": "EPCI-1", "classe": "vigilance", "besoin": "b1", "besoin_valeur": 20.0,
     "besoin_reference": 10.0},
    {"territoire": "EPCI-2", "classe": "tension", "besoin": "b1", "besoin_valeur": 10.5,
     "besoin_reference": 10.0},
]  # fmt: skip


def test_tension_weighs_people_and_half_counts_vigilance() -> None:
    criteres = evaluer(VOLUME)
    assert criteres["tension"]["valeur"] == (0.5 * 300 + 100) / 400
    assert criteres["territoires"]["valeur"] == 300 / 400


def test_an_unmeasured_territory_is_not_counted_as_covered() -> None:
    cases = [{**VOLUME[0], "classe": "non_mesure", "besoin_valeur": None}, VOLUME[1]]
    criteres = evaluer(cases)
    assert criteres["tension"]["valeur"] == 1.0
    assert criteres["territoires"]["valeur"] == 0.0


def test_a_presence_is_never_on_the_scale_of_a_volume() -> None:
    cases = [
        {"territoire": "EPCI-1", "classe": "presence_seulement", "offre": "m", "offre_valeur": 2.0},
        {"territoire": "EPCI-2", "classe": "presence_seulement", "offre": "m", "offre_valeur": 0.0},
    ]
    tension = evaluer(cases)["tension"]
    assert tension["valeur"] is None
    assert "volume" in tension["motif"]


def test_only_domains_without_any_volume_are_known_by_presence() -> None:
    table = pl.DataFrame(
        [("p", "presence_seulement"), ("p", "non_mesure"), ("v", "couvert"), ("n", "non_mesure")],
        schema=["domaine", "classe"],
        orient="row",
    )
    assert par_presence(table) == {"p"}


def test_the_level_compares_with_france_or_else_the_region_of_the_same_year() -> None:
    niveau = evaluer(
        VOLUME,
        [
            ("b1", "DEP-40", "2023", 20.0), ("b1", "FR-FR", "2023", 10.0),
            ("b2", "DEP-40", "2023", 10.0), ("b2", "REG-75", "2023", 10.0),
            ("b2", "DEP-40", "2016", 1.0), ("b2", "FR-FR", "2016", 10.0),
        ],
    )["niveau"]  # fmt: skip
    assert (niveau["numerateur"], niveau["denominateur"]) == (1.0, 2.0)


def test_a_context_or_offer_indicator_does_not_tell_a_level_of_need() -> None:
    niveau = evaluer(
        VOLUME,
        [(i, t, "2023", v) for i in ("o1", "ctx") for t, v in (("DEP-40", 20.0), ("FR-FR", 1.0))],
    )["niveau"]
    assert niveau["valeur"] is None
    assert niveau["motif"]
