"""Accord entre codeurs : cas limites et cohérence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.statistics.accord import (
    Ponderation,
    accord_par_modalite,
    alpha_nominal,
    croiser_codages,
    kappa,
    poids_d_accord,
    pourcentage_d_accord,
)

TABLES = st.integers(2, 4).flatmap(
    lambda k: st.lists(
        st.lists(st.integers(0, 12), min_size=k, max_size=k), min_size=k, max_size=k
    ).filter(lambda t: sum(map(sum, t)) > 0)
)


def test_uncoded_passages_are_counted_apart() -> None:
    table = croiser_codages(["a", None, "b", "a"], ["a", "b", None, "b"])
    assert table.incomplets == 2
    assert table.effectifs.tolist() == [[1, 1], [0, 0]]


def test_the_given_order_of_the_categories_is_kept() -> None:
    table = croiser_codages(["fort"], ["faible"], modalites=["faible", "moyen", "fort"])
    assert table.modalites == ("faible", "moyen", "fort")
    assert table.effectifs[2, 0] == 1


def test_codes_out_of_the_list_and_uneven_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="hors de la liste"):
        croiser_codages(["a"], ["z"], modalites=["a", "b"])
    with pytest.raises(ValueError, match="2 passages d'un côté, 1 de l'autre"):
        croiser_codages(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="longueurs différentes"):
        alpha_nominal([["a", "b"], ["a"]])


def test_a_table_without_passage_has_no_agreement() -> None:
    for fonction in (kappa, pourcentage_d_accord):
        with pytest.raises(ValueError, match="aucun passage"):
            fonction([[0, 0], [0, 0]])
        with pytest.raises(ValueError, match="un carré"):
            fonction([[1, 2]])
        with pytest.raises(ValueError, match="positifs ou nuls"):
            fonction([[1, -2], [0, 1]])


def test_a_single_category_gives_no_kappa_and_says_why() -> None:
    k = kappa([[12, 0], [0, 0]])
    assert (k.valeur, k.lower, k.upper) == (None, None, None)
    assert k.accord_observe == 1
    assert "une seule modalité" in k.motif
    alpha = alpha_nominal([["a", "a"], ["a", "a"]])
    assert alpha.valeur is None
    assert "une seule modalité" in alpha.motif
    vide = alpha_nominal([["a", None], [None, "b"]])
    assert vide.valeur is None
    assert vide.motif == "aucune unité codée deux fois"


def test_wrong_weights_are_refused() -> None:
    for poids in ([[1, 2], [0, 1]], [[0.5, 0], [0, 1]], [[1.0]]):
        with pytest.raises(ValueError, match="poids d'accord"):
            kappa([[1, 2], [3, 4]], poids=poids)
    with pytest.raises(ValueError, match="niveau"):
        kappa([[1, 2], [3, 4]], niveau=95)


def test_a_blurred_category_is_shown() -> None:
    premier = ["logement"] * 6 + ["santé"] * 4
    second = ["logement"] * 6 + ["santé", "santé", "emploi", "emploi"]
    par_nom = {m.modalite: m for m in accord_par_modalite(croiser_codages(premier, second))}
    assert par_nom["logement"].accord_specifique == 1
    assert par_nom["logement"].kappa.valeur == pytest.approx(1)
    assert par_nom["santé"].accord_specifique == pytest.approx(4 / 6)
    assert par_nom["emploi"].accord_specifique == 0
    assert (par_nom["emploi"].premier, par_nom["emploi"].second) == (0, 2)


def test_a_category_nobody_used_has_no_specific_agreement() -> None:
    table = croiser_codages(["a", "b"], ["a", "b"], modalites=["a", "b", "c"])
    derniere = accord_par_modalite(table)[2]
    assert derniere.accord_specifique is None
    assert derniere.kappa.valeur is None


@given(TABLES)
@settings(max_examples=60)
def test_kappa_holds_its_bounds_and_does_not_know_who_is_first(table: list[list[int]]) -> None:
    for ponderation in Ponderation:
        k = kappa(table, poids=ponderation)
        if k.valeur is None:
            continue
        assert -1 <= k.lower <= k.valeur + 1e-12 <= k.upper + 2e-12
        assert k.upper <= 1
        retourne = kappa(np.array(table).T, poids=ponderation)
        assert retourne.valeur == pytest.approx(k.valeur)
        assert retourne.erreur_type == pytest.approx(k.erreur_type, abs=1e-9)


@given(TABLES)
@settings(max_examples=40)
def test_kappa_is_one_only_when_the_two_always_agree(table: list[list[int]]) -> None:
    k = kappa(table)
    if k.valeur is not None:
        assert (k.valeur > 1 - 1e-12) == (pourcentage_d_accord(table) == 1)


@given(TABLES)
@settings(max_examples=40)
def test_alpha_of_two_full_coders_uses_their_pooled_margins(table: list[list[int]]) -> None:
    """À deux codeurs complets, alpha est le pi de Scott, corrigé de la petite taille."""
    couples = [(i, j) for i, rang in enumerate(table) for j, n in enumerate(rang) for _ in range(n)]
    alpha = alpha_nominal([[str(i) for i, _ in couples], [str(j) for _, j in couples]])
    effectifs = np.array(table, dtype=float)
    n = effectifs.sum()
    marges = (effectifs.sum(axis=0) + effectifs.sum(axis=1)) / (2 * n)
    attendu = float(marges @ marges)
    if attendu == 1:
        assert alpha.valeur is None
        return
    pi = (pourcentage_d_accord(table) - attendu) / (1 - attendu)
    assert alpha.valeur == pytest.approx(1 - (1 - pi) * (2 * n - 1) / (2 * n))


def test_two_categories_make_all_weightings_alike() -> None:
    assert poids_d_accord(2, Ponderation.QUADRATIQUE).tolist() == np.eye(2).tolist()
    assert poids_d_accord(1, Ponderation.LINEAIRE).tolist() == [[1.0]]
