"""Valeurs des Landes retrouvées à partir des fichiers embarqués.

Origine : étude de couverture du projet, 23 novembre 2026 (valeurs relues indicateur par indicateur
dans les fichiers). Tolérance : l'arrondi auquel l'étude écrit la valeur (un demi de la dernière
décimale, et un peu plus quand la valeur tombe au milieu). ``None`` : l'étude n'écrit pas de valeur.
"""

from functools import partial

import polars as pl
import pytest

from solidiag.besoins.formules import calculer, variables_requises, variables_sommables
from solidiag.besoins.termes import Referentiel
from solidiag.besoins.tracer import lectures_possibles, tracer
from solidiag.geography.alignement import aligner
from solidiag.sources.registre import lire
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot

# (indicateur, période, département, Mont-de-Marsan, Dax, communes renseignées, tolérance)
VALEURS = [
    ("ctx_pop", "2023", 433570, 31592, 22109, 327, 0.5),
    ("ctx_pop", "2022", 428427, None, None, 327, 5),
    ("ctx_tx_pauvrete", "2021", 11.7, 16, 20, 38, 0.05),
    ("ctx_med_nv", "2021", 22840, 22030, 20570, 312, 0.5),
    ("ctx_med_nv", "2019", 21620, None, None, None, 0.5),
    ("ctx_d1", "2021", 13230, 11950, 11130, 40, 0.5),
    ("ctx_interdecile", "2021", 2.8, 3.1, 3.2, 40, 0.05),
    ("ctx_part_presta", "2021", 4.7, 6.9, 8.3, 40, 0.05),
    ("ctx_minima", "2021", 2.2, 3.6, 4.7, 40, 0.05),
    ("pauv_moins30", "2021", 17.8, 22, 29, 2, 0.05),
    ("pauv_75p", "2021", 10.2, 8, 11, 2, 0.05),
    ("pauv_locataires", "2021", 23.7, 30, 31, 26, 0.05),
    ("pauv_proprietaires", "2021", 6.7, 5, 7, 19, 0.05),
    ("pauv_monoparentales", "2021", 26.3, 29, 38, 11, 0.05),
    ("naissances", "2023", 3151, 225, 168, 292, 0.5),
    ("naissances", "2022", 3602, 314, 187, None, 0.5),
    ("pop_0_2", "2021-2023", 10247, 813, 560, 261, 0.5),
    ("couv_accueil_je", "2021", 64.5, 78.6, 72.3, 256, 0.05),
    ("ips_ecoles", "2022", 104.1, 101.9, 103.8, 146, 0.05),
    ("ips_colleges", "2022", 104.2, 105.3, 108.1, 35, 0.05),
    ("neet_1524", "2018", 18.3, 21.9, 24.5, 327, 0.05),
    ("chom_jeunes", "2022", None, None, None, 314, 0.05),
    ("scol_1517", "2017", 3.7, 7.8, 5.6, 323, 0.05),
    ("res_sec", "2022", 20.4, 2.3, 17.6, 327, 0.05),
    ("loyer_m2", "2025", None, 12.74, 14.06, 29, 0.005),
    ("rsa_pop", "2023", 4.8, 8.5, 13.2, 249, 0.055),
    ("rsa_orientation", "2018", 83, None, None, 0, 0.5),
    ("rsa_cer", "2018", 46, None, None, 0, 0.5),
    ("rsa_cer", "2015", 56, None, None, 0, 0.5),
    ("rsa_delai", "2018", 120, None, None, 0, 0.5),
    ("rsa_delai", "2017", 113, None, None, 0, 0.5),
    ("defm_abc", "2023", 14.2, 12.1, 19.8, 326, 0.055),
    ("tx_chomage", "2024-T4", 6.5, None, None, 0, 0.05),
    ("freins_mob", "2021", None, 14.1, 22.2, 327, 0.05),
    ("vuln_mob", "2021", None, 76.5, 77.2, 327, 0.05),
    ("actifs_hors_com", "2016", 65.2, 26.9, 41.4, 327, 0.055),
    ("immigres", "2022", 5.4, 8.8, 9.4, None, 0.05),
    ("ppa_part", "2023", 14.8, 19.7, 21.3, 320, 0.05),
    ("saisonnalite", "2015", 28.2, None, None, 0, 0.05),
    ("c2s", "2024", 7.7, 19.6, 17.2, 123, 0.055),
    ("asll_dem", "2017", None, 29.6, 33.4, 5, 0.05),
    ("hlm_part", "2022", 6.5, 12.5, 15.0, 327, 0.05),
    ("hlm_part", "2016", 6.1, None, None, None, 0.05),
    ("hlm_stock", "2024", 7.9, 14.8, 20.1, 160, 0.05),
    ("suroccup", "2020", None, 2.2, 3.3, 327, 0.05),
    ("apl_mg", "2023", 4.33, 4.49, 4.88, 327, 0.006),
    ("apl_mg", "2022", None, 4.396, None, None, 0.0006),
    ("apl_autres", "2023", 158.2, 202.6, 161.0, 327, 0.05),
    ("p75_seules", "2022", 39.7, 49.6, 49.5, 327, 0.055),
    ("aspa", "2016", 3.0, None, None, 0, 0.055),
    ("dpe_fg", "2025", 6.9, 5.2, 7.3, 313, 0.055),
    ("dpe_fg", "2024", 8.8, None, None, None, 0.05),
    ("ase_accueil", "2022", 58.5, None, None, 0, 0.05),
    ("ald", "2024", 21.2, 20.5, 23.9, 303, 0.05),
    ("sans_mt", "2024", 11.3, 17.1, 14.8, 286, 0.05),
    ("fam_mono", "2022", 8.8, 10.0, 9.0, 327, 0.05),
    ("nodip_adultes", "2022", 53.0, 49.9, 54.0, 327, 0.055),
    ("pmi_med", "2020", 9.8, None, None, 0, 0.055),
    ("ase_tx_mesures", "2021", 29.9, None, None, 0, 0.05),
    ("psychiatres", "2024", 4.3, None, None, 0, 0.05),
    ("temps_eq", "2021", 7.9, 0, 0, 327, 0.05),
    ("fam_3enf", "2021", None, 14.5, None, 11, 0.05),
    ("boursiers", "2020", 20.7, None, None, 0, 0.05),
    ("desert_alim", "2019", 25.5, 0, 0, 327, 0.05),
    ("part_65p", "2022", 26.3, None, None, 327, 0.05),
    ("sans_dentiste_24m", "2024", 35.8, None, None, None, 0.05),
    ("sans_mg_24m", "2024", 9.3, None, None, None, 0.05),
    ("retraites_exo_csg", "2024", 22.4, None, None, None, 0.05),
    ("qf_bas", "2023", 15.3, None, None, None, 0.05),
    ("defm_50p", "2023", 29.9, None, None, None, 0.05),
    ("eloignement_eq", "2021", 6.3, 0, 0, 327, 0.05),
    ("eau_conformite", "2025", 84.0, None, None, None, 0.05),
    ("mort_tous_ages", "2023", 988.3, None, None, 0, 0.05),
    ("ase_jeunes_majeurs", "2020", 311, None, None, 0, 0.5),
]


@pytest.fixture(scope="module")
def observations():
    depot = Depot()
    geo = charger_referentiel(depot.octets)
    indicateurs = list(depot.indicateurs.values())
    sommables = variables_sommables(indicateurs)
    tables, couvertures, retrievals = {}, {}, {}
    for reference, variables in variables_requises(indicateurs).items():
        source, fichier = depot.fichier(reference)
        lue = lire(depot.octets(fichier.fichier), source, fichier, variables=variables)
        tables[reference] = aligner(
            lue, geo.passages, cog_fichier=fichier.cog, cog=geo.cog,
            sommables=sommables.get(reference, frozenset()),
        )  # fmt: skip
        couvertures[reference] = depot.couverture(reference)
        retrievals[reference] = depot.retrieval(reference)
    appartenance = pl.concat(geo.appartenance(n) for n in ("EPCI", "BV", "ZE", "DEP", "REG", "FR"))
    landaises = geo.communes_du_departement("40")
    territoires = [f"COM-{c}" for c in landaises] + sorted(
        appartenance.filter(pl.col("commune").is_in(landaises))["territoire"].unique()
    )
    table, _ = calculer(
        indicateurs,
        tables,
        Referentiel(
            communes=geo.communes.select("code", "departement", "population"),
            appartenance=appartenance,
            arrondissements_municipaux=geo.arrondissements_municipaux.select("code", "commune"),
        ),
        territoires=territoires,
        cog=geo.cog,
        retrievals=retrievals,
        couvertures=couvertures,
    )
    return table


def lue(observations, indicateur, periode, territoire):
    return observations.filter(
        (pl.col("indicateur") == indicateur)
        & (pl.col("periode") == periode)
        & (pl.col("territoire") == territoire)
    ).row(0, named=True)


@pytest.mark.parametrize(("indicateur", "periode", "dep", "mdm", "dax", "n", "tolerance"), VALEURS)
def test_values_of_the_landes_are_found_again(
    observations, indicateur, periode, dep, mdm, dax, n, tolerance
):
    valeur = partial(lue, observations, indicateur, periode)
    for territoire, attendue in (("DEP-40", dep), ("COM-40192", mdm), ("COM-40088", dax)):
        if attendue is not None:
            assert valeur(territoire)["value"] == pytest.approx(attendue, abs=tolerance), territoire
    if n is not None:
        publiees = observations.filter(
            (pl.col("indicateur") == indicateur)
            & (pl.col("periode") == periode)
            & pl.col("territoire").str.starts_with("COM-")
            & pl.col("value").is_not_null()
        )
        assert publiees.height == n


def test_the_poverty_rate_of_owners_in_mont_de_marsan_is_the_floor(observations):
    vue = lue(observations, "pauv_proprietaires", "2021", "COM-40192")
    assert (vue["value"], vue["precision"], vue["lower"], vue["upper"]) == (5, "floor", 0.0, 5.5)


def test_comparators_are_there_or_say_why_not(observations):
    taux = partial(lue, observations, "ctx_tx_pauvrete", "2021")
    assert taux("FR-FR")["value"] == 14.9
    assert taux("REG-75")["value"] == 13.8
    # la part des minima sociaux de la France n'est dans aucun fichier embarqué
    france = lue(observations, "ctx_minima", "2021", "FR-FR")
    assert (france["value"], france["status"]) == (None, "L")
    assert "France" in france["motif"]


def test_an_intercommunality_across_the_border_counts_its_communes_outside(observations):
    # CC d'Aire-sur-l'Adour, à cheval sur les Landes et le Gers
    vue = lue(observations, "immigres", "2022", "EPCI-200030435")
    landaises = observations.filter(pl.col("territoire").str.starts_with("COM-40"))
    assert vue["n_publies"] == vue["n_total"] > 20
    assert landaises["territoire"].n_unique() == 327


def test_every_territory_comes_back_with_a_status_and_a_reason(observations):
    assert observations["status"].null_count() == 0
    sans = observations.filter(pl.col("value").is_null())
    assert sans["motif"].null_count() == 0
    assert set(sans["status"].unique()) <= {"Q", "O", "L", "M"}
    avec = observations.filter(pl.col("value").is_not_null())
    assert set(avec["status"].unique()) <= {"A", "B", "E", "P"}
    assert avec.filter(pl.col("lower").is_null() & pl.col("motif").is_null()).is_empty()
    assert observations.select("indicateur", "territoire", "periode").is_duplicated().sum() == 0


def test_bounds_hold_the_value(observations):
    bornees = observations.filter(pl.col("lower").is_not_null())
    assert bornees.height > 1000
    assert bornees.filter(
        (pl.col("value") < pl.col("lower") - 1e-9) | (pl.col("value") > pl.col("upper") + 1e-9)
    ).is_empty()


def test_secrets_stay_secret(observations):
    taux = observations.filter(
        (pl.col("indicateur") == "ctx_tx_pauvrete")
        & (pl.col("periode") == "2021")
        & pl.col("territoire").str.starts_with("COM-")
    )
    secrets = taux.filter(pl.col("status") == "Q")
    assert secrets.height == 327 - 38
    assert secrets["value"].null_count() == secrets.height
    assert set(secrets["confidentiality"]) == {"C"}


@pytest.mark.parametrize(
    ("indicateur", "territoire"),
    [
        ("ctx_tx_pauvrete", "COM-40192"),
        ("ctx_tx_pauvrete", "DEP-40"),
        ("rsa_pop", "EPCI-244000808"),
        ("immigres", "DEP-40"),
        ("apl_mg", "DEP-40"),
        ("ips_ecoles", "DEP-40"),
        ("hlm_stock", "DEP-40"),
        ("ctx_pop", "DEP-40"),
    ],
)
def test_the_chain_of_a_figure_gives_the_figure_back(observations, indicateur, territoire):
    depot = Depot()
    geo = charger_referentiel(depot.octets)
    declaration = depot.indicateurs[indicateur]
    lecture = next(
        essai
        for essai in lectures_possibles(declaration, territoire)
        if lue(observations, indicateur, essai.periode, territoire)["value"] is not None
    )
    brutes, passages, retrievals = {}, {}, {}
    for reference, variables in variables_requises([declaration]).items():
        source, fichier = depot.fichier(reference)
        brutes[reference] = lire(
            depot.octets(fichier.fichier), source, fichier, variables=variables
        )
        passages[reference] = geo.passages.entre(fichier.cog, geo.cog)
        retrievals[reference] = depot.retrieval(reference)
    niveaux = ("EPCI", "DEP")
    chaine = tracer(
        declaration,
        lecture,
        territoire,
        brutes=brutes,
        passages=passages,
        referentiel=Referentiel(
            communes=geo.communes.select("code", "departement", "population"),
            appartenance=pl.concat(geo.appartenance(n) for n in niveaux),
        ),
        retrievals=retrievals,
        limite=10_000,
    )
    termes = {
        terme.role: {(c.ligne, c.colonne): c.valeur for c in terme.cellules}
        for terme in chaine.termes
    }
    sommes = {role: sum(v for v in cellules.values() if v) for role, cellules in termes.items()}
    if lecture.formule == "ratio":
        obtenue = sommes["numérateur"] / sommes["dénominateur"] * lecture.facteur
    elif lecture.formule == "moyenne_ponderee":
        parts = {ligne: v for (ligne, _), v in termes["valeur"].items()}
        poids = {ligne: v for (ligne, _), v in termes["poids"].items()}
        obtenue = sum(parts[ligne] * poids[ligne] for ligne in parts) / sum(poids.values())
    else:
        obtenue = sommes["valeur"]
    attendue = lue(observations, indicateur, lecture.periode, territoire)["value"]
    assert obtenue == pytest.approx(attendue, rel=1e-9)


def test_the_2019_figures_of_the_country_are_those_of_the_departmental_table(observations):
    attendus = {
        "ctx_med_nv": 21930,
        "ctx_tx_pauvrete": 14.5,
        "ctx_interdecile": 3.4,
        "ctx_part_presta": 5.8,
    }
    assert {i: lue(observations, i, "2019", "FR-FR")["value"] for i in attendus} == attendus


def test_the_rounding_step_of_an_old_median_is_that_of_its_file(observations):
    ecarts = {"2014": 0.05, "2015": 0.05, "2016": 0.5, "2017": 5, "2018": 5}
    for periode, demi_pas in ecarts.items():
        vue = lue(observations, "ctx_med_nv", periode, "DEP-40")
        assert vue["upper"] - vue["value"] == pytest.approx(demi_pas), periode
    # CA Mont-de-Marsan Agglomération, tableaux de l'Insee
    marsan = partial(lue, observations, "ctx_med_nv")
    assert marsan("2016", "EPCI-244000808")["value"] == 20745
    assert marsan("2017", "EPCI-244000808")["value"] == 21080
