"""Comparaisons : même période, même source, le reste de la référence, des tests ajustés."""

import numpy as np
import polars as pl
import pytest

from solidiag.besoins.confrontation import Demande, ajuster_ensemble, conclure, confronter
from solidiag.besoins.evolutions import conclure_tendances, suivre
from solidiag.besoins.regles import Famille, Regles, Rupture
from solidiag.catalogue.indicateur import ESTIMATION_DE_SONDAGE, Indicateur
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.statistics.tests import deux_proportions


def regles(**changes):
    defauts = {
        "alpha": 0.05,
        "seuils": {"defaut": 0.05},
        "minimums": {"percent": 0.1},
        "population_sans_marge": 2000,
        "proportions": frozenset({"compte"}),
        "taux": frozenset(),
        "part_independante": {},
        "arrondi_seul": frozenset({"publie"}),
        "familles": (
            Famille(indicateurs=frozenset({"publie"}), sources=frozenset({"insee", "copie"})),
        ),
        "ruptures": (
            Rupture(
                indicateurs=frozenset({"publie", "compte"}), avant="2021", apres="2023", motif="x"
            ),
        ),
        "semblables_minimum": 3,
    }
    return Regles(**(defauts | changes))


def declarer(identifiant, **changes):
    return Indicateur.model_validate(
        {
            "id": identifiant, "libelle": "e", "libelle_court": "e", "definition": "e",
            "unite": "percent", "sens": "plus_haut_est_plus_fragile", "lecture": "e",
            "lectures": [{"niveaux": ["DEP"], "formule": "publie", "periode": "2021",
                          "valeur": {"fichier": "s/f", "variables": ["v"]}}],
        } | changes
    )  # fmt: skip


INDICATEURS = {i: declarer(i) for i in ("compte", "publie", "nu")}
INDICATEURS["effectif"] = declarer("effectif", unite="nombre")


def observer(
    indicateur, territoire, value, *, periode="2021", effectifs=None, origin="insee", **plus
):
    numerateur, denominateur = effectifs or (None, None)
    return {
        "indicateur": indicateur, "territoire": territoire, "periode": periode,
        "unite": "percent", "value": value, "status": "A", "precision": "exact",
        "origin": origin, "numerateur": numerateur, "denominateur": denominateur,
    } | plus  # fmt: skip


def table(*lignes):
    return mettre_au_schema(
        pl.DataFrame(list(lignes), schema_overrides=OBSERVATIONS, infer_schema_length=None),
        OBSERVATIONS,
    )


def comparer(observations, *demandes, choisis=(), **changes):
    observations, les_regles = table(*observations), regles(**changes)
    brutes = confronter(
        observations,
        demandes,
        indicateurs=INDICATEURS,
        regles=les_regles,
        sources={nom: frozenset({nom}) for nom in ("insee", "copie", "autre")},
        choisis=choisis,
    )
    (ajustees,) = ajuster_ensemble(brutes)
    rendues = conclure(ajustees, observations, indicateurs=INDICATEURS, regles=les_regles)
    return rendues.row(0, named=True)


FRANCE = Demande(territoire="DEP-1", reference="FR", cibles=("FR-FR",), inclus=True)
GROUPE = Demande(territoire="DEP-1", reference="SEMBLABLES", cibles=("DEP-2", "DEP-3", "DEP-4"))


def test_an_area_is_compared_with_the_rest_of_its_reference():
    """60 sur 300 contre 100 sur 1 000 : le reste est 40 sur 700."""
    ligne = comparer(
        [
            observer("compte", "DEP-1", 20.0, effectifs=(60, 300)),
            observer("compte", "FR-FR", 10.0, effectifs=(100, 1000)),
        ],
        FRANCE,
    )
    assert ligne["contre"] == "reste"
    assert ligne["p_valeur"] == pytest.approx(deux_proportions(60, 300, 40, 700).p_valeur)
    assert (ligne["verdict"], ligne["nette"], ligne["lecture"]) == (
        "plus_haut",
        True,
        "plus_fragile",
    )


def test_a_tiny_significant_gap_is_said_close():
    ligne = comparer(
        [
            observer("compte", "DEP-1", 10.2, effectifs=(1_020_000, 10_000_000)),
            observer("compte", "FR-FR", 10.0, effectifs=(6_500_000, 65_000_000)),
        ],
        FRANCE,
    )
    assert ligne["p_ajustee"] < 0.001
    assert (ligne["verdict"], ligne["nette"]) == ("proche", False)


def test_a_large_gap_on_few_people_does_not_conclude():
    ligne = comparer(
        [
            observer("compte", "DEP-1", 20.0, effectifs=(4, 20)),
            observer("compte", "FR-FR", 10.0, effectifs=(100, 1000)),
        ],
        FRANCE,
    )
    assert (ligne["verdict"], ligne["lecture"]) == ("non_concluant", "neutre")


def test_people_of_one_household_widen_the_test():
    observations = [
        observer("compte", "DEP-1", 14.0, effectifs=(56, 400)),
        observer("compte", "FR-FR", 10.0, effectifs=(400, 4000)),
    ]
    assert comparer(observations, FRANCE)["nette"]
    groupees = comparer(observations, FRANCE, part_independante={"compte": 0.4})
    assert groupees["verdict"] == "non_concluant"


def test_a_survey_estimate_without_published_precision_is_not_tested():
    regle = regles(proportions=frozenset({"compte"}))
    assert regle.essai(declarer("compte")) == "proportions"
    assert regle.essai(declarer("compte", motif=ESTIMATION_DE_SONDAGE)) == ""


def test_groups_of_two_or_three_people_make_five_percent_tests_cry_wolf_without_the_factor():
    """Hypothèse nulle, personnes comptées par foyers de un à quatre : taille pondérée 2,5."""
    rng = np.random.default_rng(6)
    fausses = dict.fromkeys((1.0, 0.4), 0)
    for _ in range(2000):
        effectifs = []
        for foyers in (800, 4000):
            tailles = rng.choice([1, 2, 3, 4], size=foyers, p=[0.4, 0.3, 0.2, 0.1])
            couverts = rng.random(foyers) < 0.1
            effectifs += [(tailles * couverts).sum(), tailles.sum()]
        for part in fausses:
            x, n, y, m = (e * part for e in effectifs)
            fausses[part] += deux_proportions(x, n, y, m).p_valeur <= 0.05
    assert fausses[1.0] / 2000 > 0.15
    assert fausses[0.4] / 2000 < 0.065


@pytest.mark.parametrize(
    ("reference", "motif"),
    [
        (observer("publie", "FR-FR", 10.0, periode="2019"), "à la même période"),
        (observer("publie", "FR-FR", 10.0, origin="autre"), "autre source"),
    ],
)
def test_another_date_or_another_source_is_not_comparable_and_says_why(reference, motif):
    ligne = comparer([observer("publie", "DEP-1", 12.0), reference], FRANCE)
    assert ligne["verdict"] == "non_comparable"
    assert ligne["reference_valeur"] is None
    assert motif in ligne["motif"]


def test_two_copies_of_one_table_are_the_same_source():
    ligne = comparer(
        [
            observer("publie", "DEP-1", 12.0, lower=11.95, upper=12.05, method="arrondi"),
            observer(
                "publie", "FR-FR", 10.0, lower=9.95, upper=10.05, method="arrondi", origin="copie"
            ),
        ],
        FRANCE,
    )
    assert (ligne["verdict"], ligne["nette"], ligne["methode"]) == ("plus_haut", True, "bornes")


def test_the_rounding_of_an_estimate_is_not_its_uncertainty():
    bornes = {"method": "arrondi"}
    ligne = comparer(
        [
            observer("nu", "DEP-1", 12.0, lower=11.95, upper=12.05, **bornes),
            observer("nu", "FR-FR", 10.0, lower=9.95, upper=10.05, **bornes),
        ],
        FRANCE,
    )
    assert (ligne["verdict"], ligne["nette"]) == ("plus_haut", False)


def test_a_floor_is_not_compared():
    ligne = comparer(
        [observer("nu", "DEP-1", 5.0, precision="floor"), observer("nu", "FR-FR", 10.0)], FRANCE
    )
    assert ligne["verdict"] == "non_comparable"
    assert "plancher" in ligne["motif"]


def test_two_tiny_shares_that_print_alike_are_close():
    ligne = comparer([observer("nu", "DEP-1", 0.04), observer("nu", "FR-FR", 0.01)], FRANCE)
    assert ligne["verdict"] == "proche"


@pytest.mark.parametrize(("habitants", "verdict"), [(37, "non_concluant"), (5000, "plus_bas")])
def test_a_share_without_margin_does_not_conclude_in_a_tiny_commune(habitants, verdict):
    observations = table(observer("nu", "COM-1", 0.0), observer("nu", "DEP-1", 19.5))
    brutes = confronter(
        observations,
        [Demande(territoire="COM-1", reference="DEP", cibles=("DEP-1",), inclus=True)],
        indicateurs=INDICATEURS,
        regles=regles(),
        sources={"insee": frozenset({"insee"})},
        populations={"COM-1": habitants},
    )
    (ajustees,) = ajuster_ensemble(brutes)
    rendue = conclure(ajustees, observations, indicateurs=INDICATEURS, regles=regles())
    assert rendue["verdict"].to_list() == [verdict]


def test_a_count_is_never_compared():
    observations = table(observer("effectif", "DEP-1", 5.0), observer("effectif", "FR-FR", 50.0))
    assert confronter(
        observations, [FRANCE], indicateurs=INDICATEURS, regles=regles(), sources={}
    ).is_empty()


def test_a_group_of_like_territories_is_a_sum_of_counts_and_not_a_mean_of_rates():
    ligne = comparer(
        [
            observer("compte", "DEP-1", 10.0, effectifs=(100, 1000)),
            observer("compte", "DEP-2", 50.0, effectifs=(50, 100)),
            observer("compte", "DEP-3", 10.0, effectifs=(100, 1000)),
            observer("compte", "DEP-4", 10.0, effectifs=(100, 1000)),
        ],
        GROUPE,
    )
    assert ligne["contre"] == "somme"
    assert ligne["reference_valeur"] == pytest.approx(100 * 250 / 2100)
    assert (ligne["reference_bas"], ligne["reference_haut"]) == (10.0, 50.0)


def test_without_counts_the_group_gives_its_median_and_its_range():
    dedans = [observer("publie", f"DEP-{i}", v) for i, v in ((2, 8.0), (3, 12.0), (4, 20.0))]
    ligne = comparer([observer("publie", "DEP-1", 15.0), *dedans], GROUPE)
    assert (ligne["contre"], ligne["reference_valeur"]) == ("mediane", 12.0)
    assert ligne["verdict"] == "non_concluant"


def test_out_of_the_range_of_like_territories_is_never_clear():
    bornes = {"method": "arrondi"}
    groupe = [observer("publie", f"DEP-{i}", v) for i, v in ((2, 8.0), (3, 12.0), (4, 20.0))]
    mesure = observer("publie", "DEP-1", 25.0, lower=24.95, upper=25.05, **bornes)
    dehors = comparer([mesure, *groupe], GROUPE)
    assert (dehors["verdict"], dehors["methode"]) == ("plus_haut", "etendue")
    assert dehors["nette"] is False


@pytest.mark.parametrize(
    ("france", "motif"), [((60, 300), "le territoire lui-même"), ((59, 1000), "ne comprennent pas")]
)
def test_what_is_left_of_a_reference_has_two_reasons_to_be_missing(france, motif):
    ligne = comparer(
        [
            observer("compte", "DEP-1", 20.0, effectifs=(60, 300)),
            observer("compte", "FR-FR", 100 * france[0] / france[1], effectifs=france),
        ],
        FRANCE,
    )
    assert ligne["verdict"] == "non_comparable"
    assert motif in ligne["motif"]


def test_too_few_like_territories_or_a_chosen_indicator_are_not_comparable():
    peu = [observer("nu", "DEP-1", 15.0), observer("nu", "DEP-2", 8.0)]
    assert comparer(peu, GROUPE)["verdict"] == "non_comparable"
    tous = [observer("nu", f"DEP-{i}", 8.0 + i) for i in (1, 2, 3, 4)]
    assert "sert à choisir" in comparer(tous, GROUPE, choisis=("nu",))["motif"]
    sans = Demande(territoire="DEP-1", reference="SEMBLABLES", cibles=())
    assert comparer(tous, sans)["motif"] == "pas de territoire semblable calculé"


def suivre_un(lignes, indicateurs=INDICATEURS, **changes):
    observations, les_regles = table(*lignes), regles(**changes)
    brutes = suivre(
        observations,
        ["DEP-1"],
        indicateurs=indicateurs,
        regles=les_regles,
        sources={nom: frozenset({nom}) for nom in ("insee", "copie", "autre")},
    )
    (ajustees,) = ajuster_ensemble(brutes)
    return conclure_tendances(ajustees, indicateurs=indicateurs, regles=les_regles)


def serie(valeurs, debut=2010, indicateur="nu", **plus):
    return [
        observer(indicateur, "DEP-1", v, periode=str(debut + i), **plus)
        for i, v in enumerate(valeurs)
    ]


def test_five_points_that_all_rise_are_a_rise_and_four_are_too_few():
    assert suivre_un(serie([1, 2, 3, 4, 5])).row(0, named=True)["verdict"] == "hausse"
    assert suivre_un(serie([1, 2, 3, 4])).row(0, named=True)["verdict"] == "serie_courte"


def test_a_rise_in_current_euros_says_nothing_of_how_people_live():
    euros = {**INDICATEURS, "nu": declarer("nu", unite="euro", sens="plus_bas_est_plus_fragile")}
    ligne = suivre_un(serie([1, 2, 3, 4, 5]), indicateurs=euros).row(0, named=True)
    assert (ligne["verdict"], ligne["lecture"]) == ("hausse", "neutre")
    assert "euros courants" in ligne["motif"]


def test_a_series_that_no_test_reads_is_not_said_too_short_and_says_why():
    dates = serie([1, 2, 3, 4, 5])
    dates[1]["periode"] = "2011-T1"
    ligne = suivre_un(dates).row(0, named=True)
    assert (ligne["verdict"], ligne["p_valeur"]) == ("non_teste", None)
    assert "même durée" in ligne["motif"]
    compte = suivre_un(serie([1, 2, 3, 4, 5], indicateur="effectif")).row(0, named=True)
    assert compte["verdict"] == "non_teste"
    assert "loi" in compte["motif"]


def test_points_without_order_have_no_trend():
    assert suivre_un(serie([3, 1, 4, 2, 3.5])).row(0, named=True)["verdict"] == "sans_tendance"


def test_a_test_never_crosses_a_break():
    ligne = suivre_un(serie([1, 2, 3, 4, 5, 6], debut=2019, indicateur="publie")).row(0, named=True)
    assert (ligne["debut"], ligne["rupture"], ligne["verdict"]) == (
        "2023",
        "2021 → 2023",
        "serie_courte",
    )


def test_a_break_of_the_producer_or_another_source_cuts_the_series():
    casse = serie([1, 2, 3, 4, 5, 6])
    casse[1]["status"] = "B"
    assert suivre_un(casse).row(0, named=True)["debut"] == "2011"
    change = serie([1, 2, 3, 4, 5, 6])
    change[0]["origin"] = "autre"
    ligne = suivre_un(change).row(0, named=True)
    assert (ligne["debut"], ligne["rupture"]) == ("2011", "changement de source")


def test_all_the_tests_of_a_report_are_adjusted_together():
    un, deux = (pl.DataFrame({"p_valeur": p}) for p in ([0.01, None], [0.04, 0.03]))
    ensemble = ajuster_ensemble(un, deux)
    assert ensemble[0]["p_ajustee"].to_list() == [pytest.approx(0.03), None]
    assert ensemble[1]["p_ajustee"].to_list() == [pytest.approx(0.04), pytest.approx(0.04)]
