"""Typologie : ni l'ordre des lignes, ni l'échelle des colonnes ne changent les types."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.statistics.indices import spearman
from solidiag.statistics.lissage import bayes_global
from solidiag.statistics.tests import ajuster
from solidiag.statistics.typologie import acp, partitions, silhouettes

_GRAINES = st.integers(0, 10_000)


def _groupes(x: np.ndarray, noms: np.ndarray, nombre: int) -> set[frozenset[int]]:
    coordonnees = acp(x).coordonnees
    classes = partitions(coordonnees, [nombre])[nombre].classes
    return {frozenset(noms[classes == c].tolist()) for c in range(nombre)}


@settings(max_examples=40)
@given(graine=_GRAINES, nombre=st.integers(2, 5))
def test_permuter_les_lignes_ne_change_pas_les_types(graine: int, nombre: int) -> None:
    rng = np.random.default_rng(graine)
    x, noms = rng.normal(size=(40, 5)), np.arange(40)
    ordre = rng.permutation(40)
    assert _groupes(x, noms, nombre) == _groupes(x[ordre], noms[ordre], nombre)


@settings(max_examples=40)
@given(graine=_GRAINES, nombre=st.integers(2, 5))
def test_l_unite_d_une_colonne_ne_change_pas_les_types(graine: int, nombre: int) -> None:
    rng = np.random.default_rng(graine)
    x, noms = rng.normal(size=(40, 5)), np.arange(40)
    autre = x * np.array([1000.0, 0.01, -1.0, 7.0, 1.0]) + np.array([5.0, -3.0, 0.0, 100.0, 1.0])
    assert _groupes(x, noms, nombre) == _groupes(autre, noms, nombre)


@settings(max_examples=40)
@given(graine=_GRAINES)
def test_les_valeurs_propres_font_le_nombre_de_variables(graine: int) -> None:
    x = np.random.default_rng(graine).normal(size=(30, 6))
    composantes = acp(x)
    assert abs(composantes.valeurs_propres.sum() - 6) < 1e-6
    assert (np.diff(composantes.valeurs_propres) <= 0).all()
    s = silhouettes(composantes.coordonnees, np.arange(30) % 3)
    assert ((s >= -1) & (s <= 1)).all()


@settings(max_examples=60)
@given(p=st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=40))
def test_les_probabilites_ajustees_sont_plus_grandes_et_dans_le_meme_ordre(p: list[float]) -> None:
    ajustees = ajuster(p)
    assert (ajustees >= np.array(p) - 1e-12).all()
    assert (ajustees <= 1).all()
    assert (np.diff(ajustees[np.argsort(p, kind="stable")]) >= -1e-12).all()


@settings(max_examples=60)
@given(graine=_GRAINES, n=st.integers(2, 40))
def test_un_taux_lisse_est_entre_le_taux_et_celui_de_l_ensemble(graine: int, n: int) -> None:
    rng = np.random.default_rng(graine)
    denominateurs = rng.integers(1, 500, n)
    numerateurs = rng.binomial(denominateurs, rng.uniform(0.05, 0.6, n))
    lisses = bayes_global(numerateurs, denominateurs, loi="binomiale").taux
    ensemble = numerateurs.sum() / denominateurs.sum()
    bas = np.minimum(numerateurs / denominateurs, ensemble) - 1e-9
    haut = np.maximum(numerateurs / denominateurs, ensemble) + 1e-9
    assert ((lisses >= bas) & (lisses <= haut)).all()
    assert -1 - 1e-9 <= spearman(lisses, denominateurs) <= 1 + 1e-9
