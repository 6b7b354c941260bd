"""Propriétés des écarts et de l'ordre : ni l'échelle ni l'ordre des lignes ne comptent."""

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from solidiag.catalogue.indicateur import Croisement
from solidiag.ecarts.matrice import CLASSES, CONFIANCES, croiser
from solidiag.ecarts.positions import Mesure, situer
from solidiag.ecarts.synthese import Compte, resumer
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.priorites.ordre import ranger, somme_ponderee, tirer_rangs

PARAMETRES: dict[str, Any] = {
    "marges": {"besoin": 0.1, "offre": 0.1},
    "references": ["DEP", "REG", "FR"],
    "demi_pas": {"percent": 0.5},
    "annees_entre_besoin_et_offre": 3,
    "age_maximal": 5,
    "marges_sans_intervalle": 2,
    "faiblesses": {"forte": 0, "moyenne": 2},
}
EPCI = [f"EPCI-20000000{i}" for i in range(4)]
CROISEMENTS = {
    p: Croisement.model_validate(
        {"domaine": p, "portee": p, "besoin": "b", "offre": "" if p == "aucune" else "o"}
    )
    for p in ("volume", "presence", "aucune")
}
nombres = st.floats(0, 1000, allow_nan=False).map(lambda x: round(x, 3))
cellules = st.tuples(
    st.sampled_from(["A", "Q", "O", "L", "M", "E"]),
    nombres,
    st.sampled_from(["exact", "rounded", "floor", "rounded_down"]),
)
grilles = st.fixed_dictionaries({(i, t): cellules for i in ("b", "o") for t in (*EPCI, "DEP-99")})


def matrice(
    cellules: dict[tuple[str, str], tuple[str, float, str]], epci: list[str]
) -> pl.DataFrame:
    lignes = [
        {
            "indicateur": i,
            "territoire": t,
            "periode": "2023",
            "unite": "percent",
            "value": valeur if statut in "AE" else None,
            "status": statut,
            "precision": precision,
        }
        for (i, t), (statut, valeur, precision) in cellules.items()
    ]
    return croiser(
        CROISEMENTS,
        mettre_au_schema(pl.DataFrame(lignes, infer_schema_length=None), OBSERVATIONS),
        epci=epci,
        departement="99",
        indicateurs={},
        mesures={},
        parametres=PARAMETRES,
        annee=2024,
    )


@given(grilles, st.permutations(EPCI))
def test_every_cell_comes_back_once_and_order_does_not_matter(
    cellules: dict[tuple[str, str], tuple[str, float, str]], epci: list[str]
) -> None:
    table = matrice(cellules, epci)
    assert table.height == len(CROISEMENTS) * len(EPCI)
    assert set(table["classe"]) <= set(CLASSES)
    assert set(table["confiance"]) <= set(CONFIANCES)
    assert ((table["classe"] == "non_mesure") == (table["confiance"] == "aucune")).all()
    cles = ["domaine", "territoire"]
    melangees = dict(reversed(cellules.items()))
    assert table.sort(cles).equals(matrice(melangees, EPCI).sort(cles))


@given(grilles)
def test_nothing_without_a_readable_value_is_classified(
    cellules: dict[tuple[str, str], tuple[str, float, str]],
) -> None:
    for ligne in matrice(cellules, EPCI).iter_rows(named=True):
        if ligne["classe"] in {"tension", "vigilance", "couvert", "a_redeployer"}:
            for indicateur in ("b", "o"):
                statut, _, precision = cellules[indicateur, ligne["territoire"]]
                assert statut in "AE"
                assert precision != "floor"


@given(grilles)
def test_the_counts_of_a_summary_are_those_of_the_matrix(
    cellules: dict[tuple[str, str], tuple[str, float, str]],
) -> None:
    table = matrice(cellules, EPCI)
    for domaine, synthese in resumer(table, CROISEMENTS).items():
        assert sum(synthese.comptes.values()) == len(EPCI)
        dits = sum(m.nombre for m in synthese.phrase if isinstance(m, Compte))
        assert dits in {0, len(EPCI)}, domaine
        assert synthese.texte.endswith(".")


@given(
    st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.floats(0.01, 100), st.sampled_from([0.05, 0.1])
)
def test_the_unit_does_not_change_a_place(
    valeur: float, reference: float, facteur: float, marge: float
) -> None:
    ecart = abs(valeur - reference) / reference
    if abs(ecart - marge) < 1e-9:
        return
    place = situer(Mesure(valeur=valeur), Mesure(valeur=reference), marge=marge)
    autre = situer(Mesure(valeur=valeur * facteur), Mesure(valeur=reference * facteur), marge=marge)
    assert place.sens == autre.sens


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.floats(0, 1e3), st.floats(0, 1e3))
def test_a_wider_uncertainty_never_creates_a_difference(
    valeur: float, reference: float, bas: float, haut: float
) -> None:
    nette = situer(Mesure(valeur=valeur), Mesure(valeur=reference), marge=0.1)
    floue = situer(
        Mesure(valeur=valeur, bas=valeur - bas, haut=valeur + haut),
        Mesure(valeur=reference),
        marge=0.1,
    )
    assert floue.sens in {0, nette.sens}


tableaux = st.integers(1, 6).flatmap(
    lambda n: st.lists(
        st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=n, max_size=n
    ).map(lambda lignes: np.asarray(lignes, dtype=np.float64))
)


@given(tableaux, st.lists(st.floats(0.01, 10), min_size=3, max_size=3), st.floats(0.1, 100))
def test_a_weighted_mean_stays_between_its_criteria_and_ignores_the_scale_of_weights(
    valeurs: np.ndarray[Any, np.dtype[np.float64]], poids: list[float], facteur: float
) -> None:
    scores = somme_ponderee(valeurs, np.asarray(poids))
    assert (scores >= valeurs.min(axis=1) - 1e-9).all()
    assert (scores <= valeurs.max(axis=1) + 1e-9).all()
    np.testing.assert_allclose(scores, somme_ponderee(valeurs, np.asarray(poids) * facteur))


@given(tableaux, st.integers(0, 5))
def test_a_dominating_row_never_ranks_behind(
    valeurs: np.ndarray[Any, np.dtype[np.float64]], graine: int
) -> None:
    avec = np.vstack([valeurs, valeurs.max(axis=0)])
    rangs = tirer_rangs(avec, ["b", "b", "o"], tirages=20, rng=np.random.default_rng(graine))
    assert (rangs[:, -1] == 1).all()
    assert rangs.min() == 1
    assert rangs.max() <= avec.shape[0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_ranks_follow_scores(scores: list[float]) -> None:
    rangs = ranger(np.asarray(scores))
    for i, a in enumerate(scores):
        for j, b in enumerate(scores):
            if a > b + 1e-9:
                assert rangs[i] < rangs[j]
