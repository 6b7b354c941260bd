"""Chaque case a une classe que ses valeurs fondent, ou dit pourquoi elle n'en a pas."""

from typing import Any

import polars as pl
import pytest

from solidiag.catalogue.indicateur import Croisement, Indicateur, MesureOffre
from solidiag.ecarts.matrice import croiser
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.model.service import ECARTS

PARAMETRES: dict[str, Any] = {
    "marges": {"besoin": 0.1, "offre": 0.1},
    "marges_sans_intervalle": 2,
    "references": ["DEP", "REG", "FR"],
    "demi_pas": {"percent": 0.5},
    "annees_entre_besoin_et_offre": 3,
    "age_maximal": 5,
    "faiblesses": {"forte": 0, "moyenne": 2},
}
A, B = "EPCI-200000001", "EPCI-200000002"


def obs(indicateur: str, territoire: str, value: float | None, **plus: Any) -> dict[str, Any]:
    return {
        "indicateur": indicateur,
        "territoire": territoire,
        "periode": "2023",
        "unite": "percent",
        "value": value,
        "status": "A" if value is not None else "L",
        "lower": value,
        "upper": value,
        "precision": "exact",
        "confidentiality": "F",
    } | plus


def indicateur(nom: str, **plus: Any) -> Indicateur:
    return Indicateur.model_validate(
        {
            "id": nom,
            "libelle": nom,
            "libelle_court": nom,
            "definition": nom,
            "unite": "percent",
            "sens": "plus_haut_est_plus_fragile",
            "lecture": "{valeur}",
            "lectures": [{"niveaux": ["EPCI"], "formule": "publie", "periode": "2023"}],
        }
        | plus
    )


def mesure(nom: str, **plus: Any) -> MesureOffre:
    return MesureOffre.model_validate(
        {
            "id": nom,
            "libelle": nom,
            "libelle_court": nom,
            "domaines": ["d"],
            "nature": "volume",
            "origine": "table",
        }
        | plus
    )


def lancer(
    observations: list[dict[str, Any]],
    *,
    croisement: dict[str, Any] | None = None,
    besoin: dict[str, Any] | None = None,
    offre: dict[str, Any] | None = None,
    epci: tuple[str, ...] = (A, B),
    annee: int = 2024,
) -> dict[str, dict[str, Any]]:
    declare = Croisement.model_validate(
        {"domaine": "d", "portee": "volume", "besoin": "b", "appui": "a", "offre": "o"}
        | (croisement or {})
    )
    table = croiser(
        {"d": declare},
        mettre_au_schema(pl.DataFrame(observations, infer_schema_length=None), OBSERVATIONS),
        epci=epci,
        departement="99",
        region="98",
        indicateurs={"b": indicateur("b", **(besoin or {})), "a": indicateur("a")},
        mesures={"o": mesure("o", **(offre or {})), "s": mesure("s")},
        parametres=PARAMETRES,
        annee=annee,
    )
    assert dict(table.schema) == ECARTS
    return {ligne["territoire"]: ligne for ligne in table.iter_rows(named=True)}


def plein(b: float = 20.0, o: float = 5.0, a: float = 20.0) -> list[dict[str, Any]]:
    lignes = [obs("b", A, b), obs("o", A, o), obs("a", A, a)]
    return lignes + [obs(nom, "DEP-99", 10.0) for nom in ("b", "o", "a")]


@pytest.mark.parametrize(
    ("besoin", "offre", "classe"),
    [
        (20, 5, "tension"),
        (20, 10, "vigilance"),
        (20, 20, "couvert"),
        (10, 5, "vigilance"),
        (10, 10, "couvert"),
        (10, 20, "couvert"),
        (5, 5, "couvert"),
        (5, 10, "couvert"),
        (5, 20, "a_redeployer"),
    ],
)
def test_each_pair_of_places_has_its_class(besoin: float, offre: float, classe: str) -> None:
    case = lancer(plein(besoin, offre, besoin))[A]
    assert case["classe"] == classe
    assert case["confiance"] == "forte"
    assert (case["besoin_valeur"], case["besoin_reference"]) == (besoin, 10.0)
    assert (case["offre_valeur"], case["offre_reference"]) == (offre, 10.0)


def test_a_low_value_is_the_fragile_one_when_the_indicator_says_so() -> None:
    case = lancer(plein(5, 5, 20), besoin={"sens": "plus_bas_est_plus_fragile"})[A]
    assert case["classe"] == "tension"


def test_a_high_offer_can_be_the_weak_one() -> None:
    case = lancer(plein(20, 20), croisement={"sens_offre": "moins_est_mieux"})[A]
    assert case["classe"] == "tension"


def test_each_territory_comes_back_even_without_a_row() -> None:
    cases = lancer(plein())
    assert set(cases) == {A, B}
    assert cases[B]["classe"] == "non_mesure"
    assert cases[B]["confiance"] == "aucune"
    assert "non documenté" in cases[B]["motif"]


@pytest.mark.parametrize("cote", ["b", "o"])
@pytest.mark.parametrize(
    ("plus", "mot"),
    [
        ({"value": None, "status": "Q"}, "secret"),
        ({"value": None, "status": "O"}, "non publié"),
        ({"value": 3.0, "status": "A", "precision": "floor"}, "plancher"),
    ],
)
def test_a_secret_or_floor_value_never_classifies(
    cote: str, plus: dict[str, Any], mot: str
) -> None:
    lignes = [
        ligne | plus if (ligne["indicateur"], ligne["territoire"]) == (cote, A) else ligne
        for ligne in plein()
    ]
    autre = [obs(cote, B, 10.0)]
    case = lancer(lignes + autre)[A]
    assert case["classe"] == "non_mesure"
    assert mot in case["motif"]
    assert case["besoin_valeur" if cote == "b" else "offre_valeur"] is None


def test_without_any_reference_nothing_is_classified() -> None:
    lignes = [ligne for ligne in plein() if ligne["territoire"] == A]
    assert lancer(lignes)[A]["classe"] == "non_mesure"


def test_a_reference_of_another_year_is_not_used() -> None:
    lignes = [
        ligne | {"periode": "2016"} if ligne["territoire"] == "DEP-99" else ligne
        for ligne in plein()
    ]
    assert lancer(lignes)[A]["classe"] == "non_mesure"


def test_the_wider_reference_is_said_when_the_nearer_one_is_missing() -> None:
    lignes = [
        ligne | {"territoire": "FR-FR"} if ligne["territoire"] == "DEP-99" else ligne
        for ligne in plein()
    ]
    case = lancer(lignes)[A]
    assert case["classe"] == "tension"
    assert "de la France" in case["motif"]


def test_a_single_intercommunality_is_not_compared_with_its_own_department() -> None:
    lignes = [*plein(), *(obs(nom, "REG-98", 20.0) for nom in ("b", "o", "a"))]
    case = lancer(lignes, epci=(A,))[A]
    assert case["besoin_reference"] == 20.0
    assert "de la région" in case["motif"]


@pytest.mark.parametrize(
    ("changements", "mot"),
    [
        ({"annee": 2030}, "anciennes"),
        ({"besoin": {"correspondance": "proche", "difference": "x"}}, "approchante"),
        ({"offre": {"origine": "services"}}, "horaires"),
        ({"croisement": {"appui": ""}}, "un seul indicateur"),
        ({"croisement": {"etat_offre": "partielle"}}, "une partie du domaine seulement"),
    ],
)
def test_each_weakness_lowers_the_confidence_and_is_said(
    changements: dict[str, Any], mot: str
) -> None:
    case = lancer(plein(), **changements)[A]
    assert case["classe"] == "tension"
    assert case["confiance"] == "moyenne"
    assert mot in case["motif"]


@pytest.mark.parametrize("cote", ["b", "o"])
def test_an_unknown_uncertainty_is_a_weakness_and_a_known_rounding_is_not(cote: str) -> None:
    inconnue = {"lower": None, "upper": None}
    for precision, confiance in (("exact", "moyenne"), ("rounded", "forte")):
        case = lancer(
            [
                ligne | inconnue | {"precision": precision}
                if ligne["indicateur"] == cote
                else ligne
                for ligne in plein()
            ]
        )[A]
        assert case["classe"] == "tension"
        assert case["confiance"] == confiance
        assert ("incertitude inconnue" in case["motif"]) == (precision == "exact")


@pytest.mark.parametrize(
    ("besoin", "inconnu", "confiance"),
    [(11.8, True, "moyenne"), (11.8, False, "forte"), (12.5, True, "moyenne")],
)
def test_a_modest_gap_of_unknown_uncertainty_is_one_more_weakness(
    besoin: float, inconnu: bool, confiance: str
) -> None:
    bornes = {"lower": None, "upper": None} if inconnu else {}
    lignes = [ligne | bornes if ligne["indicateur"] == "b" else ligne for ligne in plein(besoin)]
    case = lancer(lignes)[A]
    assert case["classe"] == "tension"
    assert case["confiance"] == confiance
    assert ("écart modeste" in case["motif"]) == (inconnu and besoin < 12)
    assert (lancer(lignes, croisement={"appui": ""})[A]["confiance"] == "faible") == (
        inconnu and besoin < 12
    )


def test_two_distant_years_lower_the_confidence() -> None:
    lignes = [
        ligne | {"periode": "2018"} if ligne["indicateur"] == "o" else ligne for ligne in plein()
    ]
    case = lancer(lignes)[A]
    assert "dates éloignées" in case["motif"]
    assert case["confiance"] == "moyenne"


def test_a_second_need_that_says_the_contrary_is_told() -> None:
    assert "dit le contraire" in lancer(plein(20, 5, 5))[A]["motif"]


def test_three_weaknesses_leave_a_low_confidence() -> None:
    case = lancer(
        plein(),
        annee=2030,
        besoin={"correspondance": "proche"},
        offre={"origine": "services"},
    )[A]
    assert case["confiance"] == "faible"


def test_an_offer_known_by_its_presence_is_never_a_volume() -> None:
    cases = lancer(
        [*plein(20, 3), obs("o", B, 0.0), obs("b", B, 10.0)], croisement={"portee": "presence"}
    )
    assert {case["classe"] for case in cases.values()} == {"presence_seulement"}
    assert {case["confiance"] for case in cases.values()} == {"faible"}
    assert "Au moins un lieu" in cases[A]["motif"]
    assert "Aucun lieu inscrit" in cases[B]["motif"]


def test_an_unproven_absence_is_not_a_presence() -> None:
    cases = lancer([*plein(), obs("o", B, None)], croisement={"portee": "presence"})
    assert cases[B]["classe"] == "non_mesure"


def test_a_domain_without_reach_is_never_measured_but_keeps_its_need() -> None:
    case = lancer(plein(), croisement={"portee": "aucune", "offre": "", "etat_offre": "aucune"})[A]
    assert case["classe"] == "non_mesure"
    assert case["besoin_valeur"] == 20.0
    assert case["offre_valeur"] is None
    assert "Aucun fichier ouvert" in case["motif"]


def test_the_spare_offer_serves_only_where_the_first_is_read_nowhere() -> None:
    avec = lancer([*plein(), obs("s", A, 99.0)], croisement={"offre_secours": "s"})[A]
    assert avec["offre"] == "o"
    lignes = [ligne for ligne in plein() if ligne["indicateur"] != "o"]
    lignes += [obs("s", A, 5.0), obs("s", "DEP-99", 10.0)]
    sans = lancer(lignes, croisement={"offre_secours": "s"})[A]
    assert sans["offre"] == "s"
    assert sans["classe"] == "tension"
    assert "population plus large" in sans["motif"]


def test_a_reason_has_no_figure_and_ends_like_a_sentence() -> None:
    for portee in ("volume", "presence", "aucune"):
        for case in lancer(plein(), croisement={"portee": portee}).values():
            assert not any(c.isdigit() for c in case["motif"])
            assert case["motif"].endswith(".")
