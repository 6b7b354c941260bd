import polars as pl
import pytest

from solidiag.besoins.formules import calculer, variables_requises, variables_sommables
from solidiag.besoins.operations import FORMULES
from solidiag.besoins.termes import Referentiel
from solidiag.catalogue.indicateur import Indicateur
from solidiag.catalogue.source import Couverture
from solidiag.model.observation import OBSERVATIONS, TABLE_ALIGNEE, mettre_au_schema
from solidiag.model.origin import Retrieval

REFERENTIEL = Referentiel(
    communes=pl.DataFrame(
        {
            "code": ["01001", "01002", "02001", "75056"],
            "departement": ["01", "01", "02", "75"],
            "population": [900, 100, 1000, 2000],
        }
    ),
    appartenance=pl.DataFrame(
        {
            "commune": ["01001", "01002", "01001", "01002", "02001", "02001", "75056"],
            "territoire": ["DEP-01", "DEP-01", "EPCI-1", "EPCI-1", "EPCI-1", "DEP-02", "DEP-75"],
        }
    ),
    arrondissements_municipaux=pl.DataFrame(
        {"code": ["75101", "75102"], "commune": ["75056", "75056"]}
    ),
)


def table(*lignes):
    """Lignes (niveau, code, variable, valeur[, statut[, champs en plus]])."""
    cellules = []
    for rang, ligne in enumerate(lignes):
        niveau, code, variable, valeur, *reste = ligne
        base = {
            "niveau": niveau,
            "code": code,
            "variable": variable,
            "periode": "2021",
            "valeur": None if valeur is None else float(valeur),
            "statut": reste[0] if reste else "A",
            "precision": "exact",
            "ligne": rang + 2,
            "statut_cog": "unchanged",
        }
        cellules.append(base | (reste[1] if len(reste) > 1 else {}))
    return mettre_au_schema(
        pl.DataFrame(cellules, schema_overrides={"valeur": pl.Float64}), TABLE_ALIGNEE
    )


def indicateur(*lectures, **champs):
    base = {
        "id": "essai",
        "libelle": "Essai",
        "libelle_court": "Essai",
        "definition": "d",
        "unite": "percent",
        "sens": "plus_haut_est_plus_fragile",
        "lecture": "{valeur}",
        "lectures": [{"periode": "2021", **lecture} for lecture in lectures],
    }
    return Indicateur.model_validate(base | champs)


def terme(*variables, **champs):
    return {"fichier": "s/f", "variables": list(variables), **champs}


RATIO = {
    "niveaux": ["COM", "EPCI", "DEP"],
    "formule": "ratio",
    "numerateur": terme("n"),
    "denominateur": terme("d"),
    "facteur": 100.0,
}


def observer(declaration, cellules, *territoires, couverture=None):
    observations, origines = calculer(
        [declaration],
        {"s/f": cellules},
        REFERENTIEL,
        territoires=territoires,
        cog=2026,
        retrievals={
            "s/f": Retrieval(
                source="s", fichier="f.csv", millesime="2021", licence="l", url="", retrieved_at="",
                sha256="0", size=1,
            )
        },
        couvertures={"s/f": couverture or Couverture()},
    )  # fmt: skip
    assert dict(observations.schema) == OBSERVATIONS
    assert set(observations["origin"].drop_nulls()) <= set(origines)
    return {ligne["territoire"]: ligne for ligne in observations.iter_rows(named=True)}


COMPLET = table(
    ("COM", "01001", "n", 9), ("COM", "01001", "d", 90),
    ("COM", "01002", "n", 1), ("COM", "01002", "d", 2),
    ("COM", "02001", "n", 0), ("COM", "02001", "d", 8),
)  # fmt: skip


def test_a_ratio_is_the_sum_over_the_sum_and_never_the_mean_of_rates():
    vues = observer(indicateur(RATIO), COMPLET, "DEP-01", "COM-01002", "EPCI-1")
    assert vues["DEP-01"]["value"] == pytest.approx(100 * 10 / 92)
    assert vues["DEP-01"]["value"] != pytest.approx((10 + 50) / 2)
    assert (vues["DEP-01"]["numerateur"], vues["DEP-01"]["denominateur"]) == (10, 92)
    assert (vues["EPCI-1"]["n_publies"], vues["EPCI-1"]["n_total"]) == (3, 3)
    assert vues["COM-01002"]["value"] == 50
    assert vues["COM-01002"]["n_total"] is None


def test_a_measured_zero_stays_zero():
    assert observer(indicateur(RATIO), COMPLET, "COM-02001")["COM-02001"]["value"] == 0


def test_every_territory_asked_comes_back_once():
    demandes = ("DEP-01", "COM-01001", "REG-84", "FR-FR", "COM-99999", "EPCI-1")
    vues = observer(indicateur(RATIO), COMPLET, *demandes)
    assert set(vues) == set(demandes)
    assert all(vue["status"] for vue in vues.values())
    assert vues["REG-84"]["status"] == "L"
    assert "région" in vues["REG-84"]["motif"]


def test_a_secret_is_kept_and_is_confidential():
    secret = table(("COM", "01001", "n", None, "Q"), ("COM", "01001", "d", 90))
    vue = observer(indicateur(RATIO), secret, "COM-01001")["COM-01001"]
    assert (vue["value"], vue["status"], vue["confidentiality"]) == (None, "Q", "C")
    assert "secret" in vue["motif"]


def test_a_sum_needs_enough_of_the_population():
    manque = COMPLET.filter(~((pl.col("code") == "01002") & (pl.col("variable") == "n")))
    vue = observer(indicateur(RATIO), manque, "DEP-01")["DEP-01"]
    assert (vue["value"], vue["status"]) == (None, "L")
    assert vue["motif"] == "trop peu de communes diffusées : 1 sur 2"
    permise = indicateur(RATIO | {"part_minimale": 0.9})
    vue = observer(permise, manque, "DEP-01")["DEP-01"]
    assert vue["value"] == pytest.approx(10.0)
    assert (vue["n_publies"], vue["n_total"]) == (1, 2)


def test_a_secret_commune_is_never_guessed_from_the_published_total():
    cellules = pl.concat([COMPLET.filter(pl.col("code") != "01002"), table(
        ("COM", "01002", "n", None, "Q"), ("DEP", "01", "n", 10))])  # fmt: skip
    declaration = indicateur({"niveaux": ["COM", "DEP"], "formule": "somme", "valeur": terme("n")})
    vues = observer(declaration, cellules, "DEP-01", "COM-01002")
    assert vues["DEP-01"]["value"] == 10
    assert vues["COM-01002"]["value"] is None


def test_the_published_row_of_a_territory_is_preferred_to_the_sum():
    cellules = pl.concat([COMPLET, table(("DEP", "01", "n", 20), ("DEP", "01", "d", 100))])
    assert observer(indicateur(RATIO), cellules, "DEP-01")["DEP-01"]["value"] == 20
    somme = RATIO | {
        "numerateur": terme("n", echelle="communes"),
        "denominateur": terme("d", echelle="communes"),
    }
    assert observer(indicateur(somme), cellules, "DEP-01")["DEP-01"]["numerateur"] == 10


def test_a_commune_absent_from_an_exhaustive_file_counts_for_nothing_in_sums_only():
    manque = COMPLET.filter(~((pl.col("code") == "01002") & (pl.col("variable") == "n")))
    declaration = indicateur(
        RATIO | {"numerateur": terme("n", absente="nulle")},
        parametres={"sans_objet": "pas de parc"},
    )
    vues = observer(declaration, manque, "DEP-01", "COM-01002")
    assert vues["DEP-01"]["value"] == pytest.approx(100 * 9 / 92)
    assert (vues["COM-01002"]["value"], vues["COM-01002"]["status"]) == (None, "M")
    assert vues["COM-01002"]["motif"] == "pas de parc"


def test_a_published_value_is_never_aggregated():
    publie = indicateur({"niveaux": ["COM", "DEP"], "formule": "publie", "valeur": terme("n")})
    vues = observer(publie, COMPLET, "DEP-01", "COM-01001")
    assert vues["COM-01001"]["value"] == 9
    assert (vues["DEP-01"]["value"], vues["DEP-01"]["status"]) == (None, "L")


def test_a_published_complement_is_subtracted():
    publie = indicateur(
        {"niveaux": ["COM"], "formule": "publie", "valeur": terme("n"), "complement": 100.0}
    )
    assert observer(publie, COMPLET, "COM-01001")["COM-01001"]["value"] == 91


def test_a_published_value_of_a_merged_commune_is_not_shown():
    fusion = {"statut_cog": "merged"}
    cellules = table(("COM", "01001", "n", None, "L", fusion))
    publie = indicateur({"niveaux": ["COM"], "formule": "publie", "valeur": terme("n")})
    vue = observer(publie, cellules, "COM-01001")["COM-01001"]
    assert (vue["value"], vue["status"]) == (None, "L")
    assert "fusionnée" in vue["motif"]
    deux = table(("COM", "01001", "n", 3, "A", fusion), ("COM", "01001", "n", 4, "A", fusion))
    assert observer(publie, deux, "COM-01001")["COM-01001"]["value"] is None


def test_a_weighted_mean_multiplies_line_by_line():
    lignes = []
    for rang, (ips, effectif) in enumerate(((100, 30), (80, 10))):
        en_plus = {"ligne": rang + 2}
        lignes += [
            ("COM", "01001", "ips", ips, "A", en_plus),
            ("COM", "01001", "eff", effectif, "A", en_plus),
        ]
    moyenne = indicateur(
        {
            "niveaux": ["COM", "DEP"],
            "formule": "moyenne_ponderee",
            "valeur": terme("ips"),
            "poids": terme("eff"),
            "part_minimale": 0.0,
        },
    )
    vues = observer(moyenne, table(*lignes), "COM-01001", "DEP-01")
    assert vues["COM-01001"]["value"] == pytest.approx(95.0)
    assert vues["DEP-01"]["value"] == pytest.approx(95.0)


def test_lines_at_the_secret_are_left_out_of_both_terms():
    lignes = []
    for rang, (n, d) in enumerate(((5, 10), (None, 1000))):
        en_plus = {"ligne": rang + 2}
        lignes += [
            ("COM", "01001", "n", n, "A" if n else "Q", en_plus),
            ("COM", "01001", "d", d, "A", en_plus),
        ]
    declaration = indicateur(
        RATIO | {"numerateur": terme("n", echelle="lignes"),
                 "denominateur": terme("d", echelle="lignes")}
    )  # fmt: skip
    assert observer(declaration, table(*lignes), "COM-01001")["COM-01001"]["value"] == 50


def test_paris_is_the_sum_of_its_arrondissements_when_only_they_have_a_value():
    cellules = table(
        ("COM", "75056", "n", None, "O"), ("COM", "75056", "d", None, "O"),
        ("ARM", "75101", "n", 1), ("ARM", "75101", "d", 10),
        ("ARM", "75102", "n", 2), ("ARM", "75102", "d", 20),
    )  # fmt: skip
    declaration = indicateur(RATIO | {"niveaux": ["COM", "DEP", "ARM"]})
    vues = observer(declaration, cellules, "COM-75056", "DEP-75", "ARM-75102")
    assert vues["COM-75056"]["value"] == vues["DEP-75"]["value"] == 10
    assert vues["ARM-75102"]["value"] == 10
    publie = indicateur({"niveaux": ["COM"], "formule": "publie", "valeur": terme("n")})
    assert observer(publie, cellules, "COM-75056")["COM-75056"]["value"] is None


def test_a_null_denominator_has_no_object():
    cellules = table(("COM", "01001", "n", 0), ("COM", "01001", "d", 0))
    vue = observer(indicateur(RATIO), cellules, "COM-01001")["COM-01001"]
    assert (vue["value"], vue["status"]) == (None, "M")


def test_a_territory_out_of_the_source_is_not_documented():
    couverture = Couverture(departements=("01",))
    vues = observer(indicateur(RATIO), COMPLET.filter(pl.col("code") != "02001"), "DEP-02",
                    "EPCI-1", "DEP-01", couverture=couverture)  # fmt: skip
    assert vues["DEP-02"]["status"] == "L"
    assert vues["DEP-02"]["motif"] == "territoire hors du champ de la source"
    assert vues["EPCI-1"]["motif"].startswith(
        "territoire en partie hors du champ de la source\u00a0;"
    )
    assert vues["EPCI-1"]["status"] == "L"
    assert vues["DEP-01"]["status"] == "A"


def test_the_first_reading_with_a_value_wins():
    premiere = {"niveaux": ["COM"], "formule": "publie", "valeur": terme("vide")}
    seconde = {"niveaux": ["COM"], "formule": "publie", "valeur": terme("n")}
    assert observer(indicateur(premiere, seconde), COMPLET, "COM-01001")["COM-01001"]["value"] == 9


def test_a_yearly_amplitude_needs_twelve_months():
    mois = [("DEP", "40", "A", 100 + (50 if m == 7 else 0), "A", {"periode": f"2021-{m:02d}"})
            for m in range(1, 13)]  # fmt: skip
    declaration = indicateur(
        {"niveaux": ["DEP"], "formule": "amplitude", "valeur": terme("A"), "facteur": 100.0}
    )
    vue = observer(declaration, table(*mois), "DEP-40")["DEP-40"]
    assert vue["value"] == pytest.approx(100 * 50 / (1250 / 12))
    incomplet = observer(declaration, table(*mois[:11]), "DEP-40")["DEP-40"]
    assert (incomplet["value"], incomplet["motif"]) == (None, "année incomplète")


def test_a_commune_under_the_population_floor_is_not_shown_but_counts():
    declaration = indicateur(RATIO, parametres={"population_minimale": 500})
    vues = observer(declaration, COMPLET, "COM-01002", "COM-01001", "DEP-01")
    assert (vues["COM-01002"]["value"], vues["COM-01002"]["numerateur"]) == (None, None)
    assert vues["COM-01002"]["status"] == "O"
    assert vues["COM-01001"]["value"] == 10
    assert vues["DEP-01"]["numerateur"] == 10


def test_intervals_come_with_their_method_or_a_reason():
    avec = observer(indicateur(RATIO, incertitude="wilson"), COMPLET, "DEP-01")["DEP-01"]
    assert avec["lower"] < avec["value"] < avec["upper"]
    assert (avec["method"], avec["level"]) == ("wilson", 0.95)
    sans = observer(indicateur(RATIO, motif="parce que"), COMPLET, "DEP-01")["DEP-01"]
    assert (sans["lower"], sans["method"], sans["motif"]) == (None, None, "parce que")


def test_a_rounded_value_has_its_rounding_bounds_and_a_floor_starts_at_zero():
    cellules = table(
        ("COM", "01001", "n", 16, "A", {"precision": "rounded"}),
        ("COM", "01002", "n", 5, "A", {"precision": "floor"}),
    )
    declaration = indicateur(
        {"niveaux": ["COM"], "formule": "publie", "valeur": terme("n")},
        incertitude="arrondi",
        parametres={"pas_arrondi": {"COM": 1}},
    )
    vues = observer(declaration, cellules, "COM-01001", "COM-01002")
    assert (vues["COM-01001"]["lower"], vues["COM-01001"]["upper"]) == (15.5, 16.5)
    assert (vues["COM-01002"]["lower"], vues["COM-01002"]["upper"]) == (0.0, 5.5)
    assert vues["COM-01001"]["level"] is None
    assert vues["COM-01002"]["precision"] == "floor"


def test_the_rounding_step_of_a_reading_replaces_that_of_the_indicator():
    cellules = table(("COM", "01001", "n", 16, "A", {"precision": "rounded"}))
    declaration = indicateur(
        {"niveaux": ["COM"], "formule": "publie", "valeur": terme("n"), "pas_arrondi": 0.5},
        incertitude="arrondi",
        parametres={"pas_arrondi": {"COM": 1}},
    )
    vue = observer(declaration, cellules, "COM-01001")["COM-01001"]
    assert (vue["lower"], vue["upper"]) == (15.75, 16.25)


def test_a_sum_has_the_precision_of_its_weakest_part():
    somme = {"niveaux": ["DEP"], "formule": "somme", "valeur": terme("n"), "part_minimale": 0}
    cellules = table(
        ("COM", "01001", "n", 5, "A", {"precision": "floor"}),
        ("COM", "01002", "n", 7, "A", {"precision": "rounded_down"}),
        ("ARM", "75101", "n", 5, "A", {"precision": "floor"}),
        ("ARM", "75102", "n", 7, "A", {"precision": "rounded_down"}),
    )
    vues = observer(indicateur(somme), cellules, "DEP-01", "DEP-75")
    assert {vue["precision"] for vue in vues.values()} == {"floor"}


def test_row_order_does_not_matter():
    demandes = ("DEP-01", "COM-01001", "EPCI-1")
    melange = COMPLET.sort("ligne", descending=True)
    assert observer(indicateur(RATIO), COMPLET, *demandes) == observer(
        indicateur(RATIO), melange, *demandes
    )


def test_same_input_gives_the_same_origin_and_another_formula_another():
    un = observer(indicateur(RATIO), COMPLET, "DEP-01")["DEP-01"]["origin"]
    assert un == observer(indicateur(RATIO), COMPLET, "DEP-01")["DEP-01"]["origin"]
    autre = indicateur(RATIO | {"facteur": 1000.0})
    assert un != observer(autre, COMPLET, "DEP-01")["DEP-01"]["origin"]


def test_required_and_additive_variables_are_told_apart():
    declaration = indicateur(
        RATIO, {"niveaux": ["COM"], "formule": "publie", "valeur": terme("taux")}
    )
    assert variables_requises([declaration]) == {"s/f": {"n", "d", "taux"}}
    assert variables_sommables([declaration]) == {"s/f": frozenset({"n", "d"})}


def test_the_registry_of_formulas_is_closed():
    assert set(FORMULES) == {"publie", "ratio", "moyenne_ponderee", "somme", "amplitude"}
