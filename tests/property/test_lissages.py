"""Taux lissés : bornes, ordre des lignes, secret."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.besoins.lissages import lisser_cartes
from solidiag.catalogue.indicateur import Indicateur
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.statistics.lissage import bayes_global

DECLARATION = Indicateur.model_validate(
    {
        "id": "essai",
        "libelle": "Essai",
        "libelle_court": "Essai",
        "definition": "d",
        "unite": "percent",
        "sens": "contexte",
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
)
PARAMETRES = {
    "attendus_medians": 1e9,
    "evenements_minimum": 10,
    "part_de_communes": 1 / 3,
    "part_lue": 0.1,
    "communes_minimum": 1,
    "lois": {"percent": "binomiale"},
    "jamais": {},
}

COMMUNES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(60, 900), st.booleans()), min_size=1, max_size=30
)


def table(communes: list[tuple[int, int, bool]]) -> pl.DataFrame:
    """Une ligne par commune ; le booléen dit si le producteur la tait."""
    x, n = (sum(c[i] for c in communes) for i in (0, 1))
    lignes = [
        {"territoire": f"COM-{i:05}", "status": "Q"}
        if tue
        else {
            "territoire": f"COM-{i:05}",
            "status": "A",
            "value": 100 * e / b,
            "numerateur": float(e),
            "denominateur": float(b),
        }
        for i, (e, b, tue) in enumerate(communes)
    ]
    ensemble = {"status": "A", "value": 100 * x / n, "numerateur": x + 0.0, "denominateur": n + 0.0}
    lignes.append({"territoire": "DEP-01"} | ensemble)
    commun = {"indicateur": "essai", "periode": "2021", "unite": "percent"}
    return mettre_au_schema(
        pl.DataFrame([commun | ligne for ligne in lignes], infer_schema_length=None), OBSERVATIONS
    )


def lisser(observations: pl.DataFrame, nombre: int) -> pl.DataFrame:
    return lisser_cartes(
        observations,
        communes=[f"COM-{i:05}" for i in range(nombre)],
        departement="DEP-01",
        indicateurs={"essai": DECLARATION},
        parametres=PARAMETRES,
    )


@settings(max_examples=80)
@given(communes=COMMUNES)
def test_a_smoothed_rate_is_between_the_observed_one_and_the_departement(
    communes: list[tuple[int, int, bool]],
) -> None:
    lisses = lisser(table(communes), len(communes))
    for ligne in lisses.filter(pl.col("value").is_not_null()).iter_rows(named=True):
        bas, haut = sorted((ligne["brut"], ligne["moyenne"]))
        assert bas - 1e-9 <= ligne["value"] <= haut + 1e-9
        assert 0 <= ligne["poids"] <= 1


@settings(max_examples=80)
@given(communes=COMMUNES)
def test_every_commune_comes_back_and_a_silent_one_stays_silent(
    communes: list[tuple[int, int, bool]],
) -> None:
    lisses = lisser(table(communes), len(communes))
    if all(tue for _, _, tue in communes):
        assert lisses.is_empty()
        return
    if lisses.is_empty():
        return
    assert lisses.height == len(communes)
    for (_, _, tue), ligne in zip(communes, lisses.iter_rows(named=True), strict=True):
        chiffres = [ligne[c] for c in ("value", "brut", "poids", "numerateur", "denominateur")]
        assert all((c is None) == tue for c in chiffres)
        assert ligne["status"] == ("Q" if tue else "E")


@settings(max_examples=40)
@given(communes=COMMUNES, graine=st.integers(0, 1000))
def test_the_order_of_the_rows_does_not_matter(
    communes: list[tuple[int, int, bool]], graine: int
) -> None:
    droite = table(communes)
    melee = droite.sample(fraction=1.0, shuffle=True, seed=graine)
    a, b = (lisser(t, len(communes)) for t in (droite, melee))
    assert a.drop("value", "poids").equals(b.drop("value", "poids"))
    for nom in ("value", "poids"):
        np.testing.assert_allclose(
            a[nom].fill_null(np.nan).to_numpy(), b[nom].fill_null(np.nan).to_numpy(), atol=1e-9
        )


@settings(max_examples=60)
@given(
    communes=st.lists(st.tuples(st.integers(0, 50), st.integers(50, 900)), min_size=2, max_size=30),
)
def test_a_larger_base_keeps_more_of_its_own_rate(communes: list[tuple[int, int]]) -> None:
    e, b = (np.array([c[i] for c in communes], dtype=float) for i in (0, 1))
    for loi in ("binomiale", "poisson"):
        poids = bayes_global(e, b, loi=loi).poids  # type: ignore[arg-type]
        assert (np.diff(poids[np.argsort(b, kind="stable")]) >= -1e-12).all()
