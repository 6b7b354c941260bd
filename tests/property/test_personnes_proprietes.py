"""Personnes concernées : le plus grand ≤ sans double compte ≤ la somme ; manquer n'est pas zéro."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.besoins.personnes import compter
from solidiag.catalogue.personnes import Compte, PersonnesDomaine
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema

COMMUNES = [f"{i:02d}" for i in range(1, 7)]
EPCI = {"EPCI-1": COMMUNES[:2], "EPCI-2": COMMUNES[2:4], "EPCI-3": [*COMMUNES[4:], "99"]}
APPARTENANCE = pl.DataFrame(
    [(c, t) for t, communes in {**EPCI, "DEP-0": COMMUNES}.items() for c in communes],
    schema=["commune", "territoire"],
    orient="row",
)
TERRITOIRES = [*(f"COM-{c}" for c in COMMUNES), *EPCI, "DEP-0"]
DOMAINES = [
    PersonnesDomaine(
        domaine=nom, compte=Compte(forme="valeur", indicateur=nom), qui="q", hypothese="h"
    )
    for nom in ("a", "b", "c")
]

nombres = st.one_of(st.none(), st.integers(min_value=0, max_value=5000))
tables = st.fixed_dictionaries({(nom, t): nombres for nom in ("a", "b", "c") for t in TERRITOIRES})


def calculer(table):
    lignes = [
        {
            "indicateur": nom,
            "territoire": territoire,
            "periode": "2023",
            "unite": "nombre",
            "status": "Q" if valeur is None else "A",
            "precision": None if valeur is None else "exact",
            "value": None if valeur is None else float(valeur),
        }
        for (nom, territoire), valeur in table.items()
    ]
    observations = mettre_au_schema(pl.DataFrame(lignes, infer_schema_length=None), OBSERVATIONS)
    axes = dict.fromkeys(("a", "b", "c"), "axe")
    resultat = compter(
        DOMAINES, observations, territoires=TERRITOIRES, axes=axes, appartenance=APPARTENANCE
    )
    return {
        (ligne["domaine"], ligne["territoire"]): ligne for ligne in resultat.iter_rows(named=True)
    }


@settings(max_examples=25)
@given(table=tables)
def test_the_axis_lies_between_its_largest_domain_and_their_sum(table):
    lignes = calculer(table)
    for territoire in TERRITOIRES:
        connus = [v for nom in "abc" if (v := table[nom, territoire]) is not None]
        axe = lignes["axe", territoire]
        if not connus:
            assert axe["value"] is None
            assert axe["status"] == "L"
            continue
        assert max(connus) <= axe["value"] <= sum(connus) == axe["upper"]
        assert axe["lower"] <= axe["value"]
        assert axe["n_domaines"] == len(connus)


@settings(max_examples=25)
@given(table=tables)
def test_a_missing_count_is_never_zero_and_each_territory_comes_back(table):
    lignes = calculer(table)
    for (nom, territoire), valeur in table.items():
        ligne = lignes[nom, territoire]
        assert ligne["value"] == valeur
        assert (ligne["status"] == "Q") == (valeur is None)


@settings(max_examples=25)
@given(table=tables)
def test_a_territory_counts_at_least_its_parts_unless_its_own_sum_is_smaller(table):
    lignes = calculer(table)
    for territoire, communes in {**EPCI, "DEP-0": COMMUNES}.items():
        axe = lignes["axe", territoire]
        if axe["value"] is None:
            continue
        parties = sum(
            lignes["axe", f"COM-{c}"]["value"] or 0 for c in communes if f"COM-{c}" in TERRITOIRES
        )
        assert axe["value"] >= min(parties, axe["upper"])
