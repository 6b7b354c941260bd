"""Typologie : stabilité, choix du nombre, indice composite, fausses découvertes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from solidiag.geography.voisinage import voisins_contigus
from solidiag.statistics.autocorrelation import _tirer, moran_local, permutations_suffisantes
from solidiag.statistics.indices import composite, poids_acp, sensibilite
from solidiag.statistics.tests import ajuster
from solidiag.statistics.typologie import (
    Partition,
    acp,
    centrer_reduire,
    choisir,
    consolider,
    parangons,
    partitions,
    stabilite,
    valeurs_tests,
)


def _nuages(ecart: float, *, n: int = 40) -> np.ndarray:
    rng = np.random.default_rng(11)
    centres = np.array([[0, 0, 0, 0], [ecart, 0, ecart, 0], [0, ecart, 0, ecart]])
    return np.vstack([c + rng.normal(size=(n, 4)) for c in centres])


def _stabilites(x: np.ndarray, nombre: int) -> tuple[float, ...]:
    coordonnees = acp(x).coordonnees[:, :3]
    classes = partitions(coordonnees, [nombre])[nombre].classes
    rng = np.random.default_rng(2)
    return stabilite(x, {nombre: classes}, axes=3, tirages=40, rng=rng)[nombre]


def test_des_groupes_separes_sont_stables_et_du_bruit_ne_l_est_pas() -> None:
    assert min(_stabilites(_nuages(8.0), 3)) > 0.95
    bruit = np.random.default_rng(4).normal(size=(120, 4))
    assert max(_stabilites(bruit, 5)) < 0.75


def test_trois_groupes_separes_donnent_trois_types() -> None:
    x = _nuages(8.0)
    coordonnees = acp(x).coordonnees[:, :3]
    possibles = partitions(coordonnees, range(2, 7))
    stables = stabilite(
        x,
        {k: p.classes for k, p in possibles.items()},
        axes=3,
        tirages=20,
        rng=np.random.default_rng(0),
    )
    jugees = [
        Partition(
            nombre=k,
            classes=p.classes,
            quotient=p.quotient,
            silhouette=p.silhouette,
            stabilites=stables[k],
        )
        for k, p in possibles.items()
    ]
    retenue = choisir(jugees, effectif_minimal=5, stabilite_minimale=0.6)
    assert retenue is not None
    assert retenue.nombre == 3


def _partition(nombre: int, quotient: float, silhouette: float, stable: float) -> Partition:
    classes = np.repeat(np.arange(nombre), 10)
    return Partition(
        nombre=nombre,
        classes=classes,
        quotient=quotient,
        silhouette=silhouette,
        stabilites=(stable,) * nombre,
    )


def test_un_partage_stable_passe_avant_un_partage_plus_net() -> None:
    net, stable = _partition(3, 0.5, 0.5, 0.4), _partition(4, 0.8, 0.2, 0.7)
    assert choisir([net, stable], effectif_minimal=5, stabilite_minimale=0.6) is stable
    assert choisir([net], effectif_minimal=5, stabilite_minimale=0.6) is net


def test_aucun_partage_si_les_classes_sont_trop_petites() -> None:
    assert (
        choisir([_partition(3, 0.5, 0.5, 0.9)], effectif_minimal=11, stabilite_minimale=0) is None
    )


def test_une_valeur_manquante_est_refusee_et_non_imputee() -> None:
    with pytest.raises(ValueError, match="imputée"):
        acp(np.array([[1.0, np.nan], [2.0, 3.0]]))


def test_une_colonne_constante_ne_pese_rien() -> None:
    assert centrer_reduire([[0.1, 1.0], [0.1, 2.0]])[:, 0].tolist() == [0.0, 0.0]


def test_les_memes_points_a_egalite_ont_le_premier_pour_parangon() -> None:
    points = np.array([[0.0], [1.0], [10.0], [11.0]])
    assert parangons(points, np.array([0, 0, 1, 1])) == (0, 2)


def test_la_consolidation_rend_chacun_au_centre_le_plus_proche() -> None:
    points = np.array([[0.0], [0.2], [0.4], [9.0], [9.2]])
    assert consolider(points, np.array([0, 0, 1, 1, 1])).tolist() == [0, 0, 0, 1, 1]


def test_une_valeur_test_ecarte_les_absences_de_son_seul_indicateur() -> None:
    x = np.array([[1.0, 5.0], [2.0, np.nan], [3.0, 6.0], [4.0, 9.0]])
    tests = valeurs_tests(x, np.array([0, 0, 1, 1]))
    assert np.isfinite(tests).all()
    assert tests[0, 0] == pytest.approx(-1.5491933)


def test_l_indice_est_centre_sur_cent_et_suit_ses_colonnes() -> None:
    z = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
    indice = composite(z)
    assert indice.mean() == pytest.approx(100)
    assert indice.std() == pytest.approx(10)
    assert indice.tolist() == sorted(indice)


def test_un_indicateur_contraire_aux_autres_n_a_pas_de_poids_negatif() -> None:
    base = np.arange(20.0)
    poids = poids_acp(np.column_stack([base, base, base, -base]))
    assert poids[-1] == 0
    assert poids.sum() == pytest.approx(1)


def test_la_sensibilite_dit_l_etendue_des_rangs() -> None:
    rng = np.random.default_rng(8)
    base = rng.normal(size=(50, 1))
    accord = sensibilite(base + 0.01 * rng.normal(size=(50, 3)), ["a", "b", "c"])
    assert min(accord.correlations.values()) > 0.99
    hasard = sensibilite(rng.normal(size=(50, 3)), ["a", "b", "c"])
    etendue = hasard.rang_maximal - hasard.rang_minimal
    assert np.median(etendue) > np.median(accord.rang_maximal - accord.rang_minimal)
    assert set(hasard.correlations) == {"poids_acp", "a", "b", "c"}
    assert (hasard.cinquieme_minimal <= hasard.cinquieme).all()
    assert (hasard.cinquieme <= hasard.cinquieme_maximal).all()


def test_des_voisins_tires_au_hasard_ne_font_presque_aucun_regroupement() -> None:
    anneau = tuple(((i - 1) % 100, (i + 1) % 100) for i in range(100))
    permutations = permutations_suffisantes(100, 0.05)
    trouves = 0
    for graine in range(40):
        rng = np.random.default_rng(graine)
        p = moran_local(rng.normal(size=100), anneau, permutations=permutations, rng=rng).p
        trouves += int((ajuster(p) <= 0.05).any())
    assert trouves <= binom.ppf(0.999, 40, 0.05)


@pytest.mark.parametrize("n", [20, 100, 890])
def test_un_seul_territoire_net_peut_passer_l_ajustement(n: int) -> None:
    plus_petite = 2 / (permutations_suffisantes(n, 0.05) + 1)
    assert ajuster([plus_petite, *[1.0] * (n - 1)])[0] <= 0.05


@pytest.mark.parametrize(("n", "voisins"), [(40, 3), (40, 12)])
def test_les_voisins_tires_sont_distincts_et_egalement_probables(n: int, voisins: int) -> None:
    rng = np.random.default_rng(3)
    tires = _tirer(n, voisins, permutations=8000, rng=rng)
    assert tires.shape == (8000, voisins)
    assert all(len(set(ligne)) == voisins for ligne in tires.tolist())
    comptes = np.bincount(tires.ravel(), minlength=n)
    attendu = 8000 * voisins / n
    assert np.abs(comptes - attendu).max() < 5 * np.sqrt(attendu)


def test_un_regroupement_fait_expres_est_trouve() -> None:
    anneau = tuple(tuple((i + d) % 100 for d in (-3, -2, -1, 1, 2, 3)) for i in range(100))
    rng = np.random.default_rng(1)
    valeurs = rng.normal(size=100)
    valeurs[40:55] += 6
    locale = moran_local(valeurs, anneau, permutations=4999, rng=rng)
    hauts = [
        i
        for i, p in enumerate(ajuster(locale.p))
        if p <= 0.05 and locale.quadrants[i] == "haut_haut"
    ]
    assert set(range(43, 52)) <= set(hauts) <= set(range(37, 58))


def test_les_voisins_se_touchent_fut_ce_par_un_coin() -> None:
    from shapely import box

    carres = {"a": box(0, 0, 1, 1), "b": box(1, 1, 2, 2), "c": box(5, 5, 6, 6)}
    assert voisins_contigus(carres, ["a", "b", "c", "d"]) == ((1,), (0,), (), ())
