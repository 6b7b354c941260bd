import polars as pl
import pytest
from pydantic import ValidationError

from solidiag.besoins.personnes import SANS_BASE, SANS_MARGE, SOMME_PARTIELLE, compter
from solidiag.catalogue.personnes import Compte, Conversion, PersonnesDomaine
from solidiag.confidentiality.publication import publier
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.model.personnes import CLES_PERSONNES

APPARTENANCE = pl.DataFrame(
    {
        "commune": ["01", "02", "03", "01", "02", "03", "99"],
        "territoire": ["EPCI-1", "EPCI-1", "EPCI-2", "DEP-0", "DEP-0", "DEP-0", "EPCI-2"],
    }
)
TERRITOIRES = ["COM-01", "COM-02", "COM-03", "EPCI-1", "EPCI-2", "DEP-0"]
AXES = {"a": "axe", "b": "axe", "c": "axe"}


def observation(territoire, **changes):
    ligne = {
        "indicateur": "i",
        "territoire": territoire,
        "periode": "2023",
        "unite": "percent",
        "status": "A",
        "precision": "exact",
        "origin": f"o-{changes.get('indicateur', 'i')}",
    }
    return ligne | changes


def observations(*lignes):
    schema = {nom: OBSERVATIONS[nom] for ligne in lignes for nom in ligne}
    return mettre_au_schema(pl.DataFrame(lignes, schema=schema), OBSERVATIONS)


def declaration(domaine="a", **changes):
    compte = Compte(**({"forme": "numerateur", "indicateur": "i"} | changes.pop("compte", {})))
    base = {"domaine": domaine, "compte": compte, "qui": "Personnes", "hypothese": "Supposé."}
    return PersonnesDomaine(**(base | changes))


def ligne(declarations, table, territoire, domaine="a"):
    resultat = compter(
        declarations, table, territoires=TERRITOIRES, axes=AXES, appartenance=APPARTENANCE
    )
    publier(resultat, "personnes", cles=CLES_PERSONNES)
    return resultat.filter(
        (pl.col("territoire") == territoire) & (pl.col("domaine") == domaine)
    ).row(0, named=True)


def test_the_count_is_the_numerator_and_its_interval_follows_the_rate():
    table = observations(
        observation(
            "DEP-0",
            value=10.0,
            lower=8.0,
            upper=13.0,
            method="wilson",
            numerateur=50.0,
            denominateur=500.0,
        )
    )
    lue = ligne([declaration()], table, "DEP-0")
    assert (lue["value"], lue["lower"], lue["upper"]) == (50, 40, 65)
    assert (lue["method"], lue["motif"], lue["status"]) == ("wilson", None, "A")
    assert (lue["indicateurs"], lue["origin"]) == ("i", "o-i")


@pytest.mark.parametrize(("cumule", "demi"), [(False, 2.5), (True, 7.5)])
def test_a_rounded_count_keeps_its_rounding_and_a_sum_of_communes_adds_them(cumule, demi):
    compte = {"pas_arrondi": {"EPCI": 5}, "arrondi_cumule": cumule}
    table = observations(
        observation("EPCI-1", value=10.0, numerateur=50.0, n_publies=3),
        observation("DEP-0", value=10.0, numerateur=50.0, n_publies=3),
    )
    epci = ligne([declaration(compte=compte)], table, "EPCI-1")
    assert (epci["lower"], epci["upper"], epci["method"]) == (50 - demi, 50 + demi, "arrondi")
    departement = ligne([declaration(compte=compte)], table, "DEP-0")
    assert departement["lower"] is None
    assert departement["motif"] == SANS_MARGE


@pytest.mark.parametrize(
    ("statut", "motif", "attendu"),
    [("Q", None, "secret"), ("L", "hors du champ", "hors du champ"), ("O", None, "non publié")],
)
def test_a_missing_count_keeps_its_status_and_is_never_zero(statut, motif, attendu):
    table = observations(observation("COM-01", status=statut, motif=motif, precision=None))
    lue = ligne([declaration()], table, "COM-01")
    assert (lue["value"], lue["status"], lue["motif"]) == (None, statut, attendu)


def test_a_territory_without_observation_comes_back_undocumented():
    lue = ligne([declaration()], observations(observation("DEP-0", numerateur=5.0)), "COM-02")
    assert (lue["value"], lue["status"]) == (None, "L")


def test_zero_persons_is_a_measure():
    lue = ligne([declaration()], observations(observation("DEP-0", numerateur=0.0)), "DEP-0")
    assert (lue["value"], lue["status"]) == (0, "A")


def test_a_complement_is_what_remains_of_the_denominator_and_is_an_estimate():
    compte = {"forme": "complement", "facteur": 0.01}
    table = observations(observation("DEP-0", numerateur=7500.0, denominateur=100.0))
    lue = ligne([declaration(compte=compte)], table, "DEP-0")
    assert (lue["value"], lue["status"], lue["lower"]) == (25, "E", None)


TAUX = {"forme": "taux", "indicateur": "t", "base": "p", "majorant": "m"}


def par_taux(*autres, **changes):
    taux = {"value": 10.0, "lower": 9.5, "upper": 10.5, "method": "arrondi", "precision": "rounded"}
    table = observations(observation("DEP-0", indicateur="t", **(taux | changes)), *autres)
    return ligne([declaration(compte=TAUX)], table, "DEP-0")


def test_a_rate_times_a_population_keeps_the_rounding_of_the_rate():
    lue = par_taux(observation("DEP-0", indicateur="p", value=1000.0, unite="nombre"))
    assert (lue["value"], lue["lower"], lue["upper"]) == (100, 95, 105)
    assert (lue["status"], lue["method"], lue["origin"]) == ("E", "arrondi", "o-t o-p")


def test_a_partial_population_is_a_minimum_and_widens_the_upper_bound():
    partielle = observation("DEP-0", indicateur="p", value=900.0, precision="rounded_down")
    lue = par_taux(partielle, observation("DEP-0", indicateur="m", value=1200.0))
    assert (lue["value"], lue["lower"], lue["upper"]) == (90, 85.5, 126)
    assert (lue["precision"], lue["motif"]) == ("rounded_down", SOMME_PARTIELLE)


def test_without_a_ceiling_a_partial_population_has_no_upper_bound():
    lue = par_taux(observation("DEP-0", indicateur="p", value=900.0, precision="rounded_down"))
    assert (lue["value"], lue["lower"], lue["upper"]) == (90, None, None)


def test_a_floor_rate_goes_down_to_zero_persons():
    base = observation("DEP-0", indicateur="p", value=1000.0)
    lue = par_taux(base, value=5.0, lower=0.0, upper=5.5, precision="floor")
    assert (lue["value"], lue["lower"], lue["upper"], lue["precision"]) == (50, 0, 55, "floor")


def test_a_secret_rate_or_an_unknown_population_gives_no_count():
    base = observation("DEP-0", indicateur="p", value=1000.0)
    secret = par_taux(base, value=None, lower=None, upper=None, status="Q", precision=None)
    assert (secret["value"], secret["status"]) == (None, "Q")
    sans = par_taux()
    assert (sans["value"], sans["status"], sans["motif"]) == (None, "L", SANS_BASE)


def test_one_period_serves_all_territories():
    table = observations(
        observation("EPCI-1", periode="2023", numerateur=5.0),
        observation("EPCI-2", periode="2022", numerateur=9.0),
    )
    assert ligne([declaration()], table, "EPCI-1")["value"] == 5
    assert ligne([declaration()], table, "EPCI-2")["value"] is None
    ancien = declaration(compte={"periode": "2022"})
    assert ligne([ancien], table, "EPCI-2")["value"] == 9


def test_a_conversion_changes_the_unit_and_the_count():
    foyers = declaration(
        unite="foyers", conversion=Conversion(facteur=2.0, unite="personnes", source="Cnaf")
    )
    lue = ligne([foyers], observations(observation("DEP-0", numerateur=5.0)), "DEP-0")
    assert (lue["value"], lue["unite"]) == (10, "personnes")


def test_an_uncounted_domain_says_why_from_the_intercommunality_up():
    absent = PersonnesDomaine(domaine="a", absence="Aucun fichier.")
    resultat = compter(
        [absent], observations(), territoires=TERRITOIRES, axes=AXES, appartenance=APPARTENANCE
    )
    assert resultat["territoire"].to_list() == ["EPCI-1", "EPCI-2", "DEP-0"]
    assert set(resultat["motif"]) == {"Aucun fichier."}
    assert set(resultat["status"]) == {"L"}


def deux(valeurs):
    return observations(
        *(
            observation(territoire, indicateur=indicateur, numerateur=float(nombre))
            for indicateur, par_territoire in valeurs.items()
            for territoire, nombre in par_territoire.items()
        )
    )


DEUX = [declaration("a"), declaration("b", compte={"indicateur": "j"})]


def test_the_axis_takes_the_largest_domain_of_each_commune_then_adds():
    table = deux(
        {
            "i": {"COM-01": 10, "COM-02": 1, "EPCI-1": 11, "DEP-0": 11},
            "j": {"COM-01": 2, "COM-02": 8, "EPCI-1": 10, "DEP-0": 10},
        }
    )
    epci = ligne(DEUX, table, "EPCI-1", "axe")
    assert (epci["value"], epci["lower"], epci["upper"]) == (18, 18, 21)
    assert (epci["method"], epci["n_domaines"], epci["motif"]) == ("recouvrement", 2, None)
    assert ligne(DEUX, table, "DEP-0", "axe")["value"] == 18


def test_the_axis_never_exceeds_the_sum_even_when_rounded_communes_do():
    table = deux({"i": {"COM-01": 10, "COM-02": 10, "EPCI-1": 18}})
    lue = ligne(DEUX, table, "EPCI-1", "axe")
    assert (lue["value"], lue["upper"]) == (18, 18)
    assert lue["motif"] == "1 domaine lu sur 2 : la somme est incomplète"


def test_an_overflowing_intercommunality_is_not_a_part_of_the_department():
    """L'intercommunalité 2 déborde : le département ne compte que sa commune."""
    table = deux({"i": {"COM-03": 3, "EPCI-2": 50, "DEP-0": 5}, "j": {"COM-03": 4, "DEP-0": 5}})
    assert ligne(DEUX, table, "DEP-0", "axe")["value"] == 5


def test_units_and_whole_publics_are_never_added():
    autres = [
        declaration("a"),
        declaration("b", compte={"indicateur": "j"}, unite="ménages"),
        declaration("c", compte={"indicateur": "j"}, portee="public"),
    ]
    table = deux({"i": {"DEP-0": 10}, "j": {"DEP-0": 100}})
    resultat = compter(
        autres, table, territoires=TERRITOIRES, axes=AXES, appartenance=APPARTENANCE
    ).filter((pl.col("domaine") == "axe") & (pl.col("territoire") == "DEP-0"))
    assert dict(resultat.select("unite", "upper").iter_rows()) == {"personnes": 10, "ménages": 100}


@pytest.mark.parametrize(
    "champs",
    [
        {"domaine": "a"},
        {
            "domaine": "a",
            "absence": "x",
            "qui": "y",
            "hypothese": "z",
            "compte": Compte(forme="valeur", indicateur="i"),
        },
        {"domaine": "a", "compte": Compte(forme="valeur", indicateur="i")},
    ],
)
def test_a_declaration_counts_or_says_why_not(champs):
    with pytest.raises(ValidationError):
        PersonnesDomaine(**champs)


def test_a_rate_needs_a_base_and_nothing_else_takes_one():
    for champs in ({"forme": "taux"}, {"forme": "valeur", "base": "p"}):
        with pytest.raises(ValidationError, match="base"):
            Compte(indicateur="i", **champs)
