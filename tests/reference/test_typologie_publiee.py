"""ACP, Ward, silhouette, Moran : valeurs publiées, et autres logiciels."""

from __future__ import annotations

import numpy as np
import pytest

from solidiag.statistics.autocorrelation import moran_global, moran_local
from solidiag.statistics.indices import rangs, spearman
from solidiag.statistics.typologie import (
    acp,
    cah,
    consolider,
    couper,
    inerties_internes,
    silhouettes,
    valeurs_tests,
)

IRIS_VALEURS_PROPRES = (2.91849782, 0.91403047, 0.14675688, 0.02071484)
"""ACP normée des iris de Fisher, valeurs des cours et de ``prcomp(iris[,1:4], scale. = TRUE)``
(écarts-types 1.7083611, 0.9560494, 0.3830886, 0.1439265), tolérance 1e-6."""


@pytest.fixture(scope="module")
def iris() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_iris

    jeu = load_iris()
    return np.asarray(jeu.data, dtype=float), np.asarray(jeu.target)


def test_les_valeurs_propres_des_iris_sont_celles_que_l_on_publie(iris) -> None:
    composantes = acp(iris[0])
    np.testing.assert_allclose(composantes.valeurs_propres, IRIS_VALEURS_PROPRES, atol=1e-6)
    ecarts_types = np.sqrt(composantes.valeurs_propres)
    np.testing.assert_allclose(
        ecarts_types, (1.7083611, 0.9560494, 0.3830886, 0.1439265), atol=1e-6
    )
    assert composantes.part_d_inertie(1) == pytest.approx(0.7296, abs=5e-5)
    assert composantes.part_d_inertie(2) == pytest.approx(0.9581, abs=5e-5)
    assert composantes.axes_pour(0.9) == 2


def test_l_acp_est_celle_de_scikit_learn_au_facteur_n_sur_n_moins_un(iris) -> None:
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    reduits = StandardScaler().fit_transform(iris[0])
    autre = PCA().fit(reduits)
    n = len(reduits)
    notre = acp(iris[0])
    np.testing.assert_allclose(
        notre.valeurs_propres * n / (n - 1), autre.explained_variance_, atol=1e-7
    )
    np.testing.assert_allclose(
        np.abs(notre.coordonnees), np.abs(autre.transform(reduits)), atol=1e-7
    )


def test_ward_suit_l_exemple_de_la_documentation_de_scipy() -> None:
    """scipy.cluster.hierarchy.ward, exemple : douze points, quatre groupes de trois."""
    points = np.array(
        "0 0;0 1;1 0;0 4;0 3;1 4;4 0;3 0;4 1;4 4;3 4;4 3".replace(";", " ").split(), dtype=float
    ).reshape(12, 2)
    arbre = cah(points)
    np.testing.assert_allclose(
        arbre[:, 2],
        np.repeat([1, 1.29099445, 5.77350269, 8.16496581], [4, 4, 2, 1]),
    )
    assert couper(arbre, 4).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    inerties = inerties_internes(arbre)
    assert inerties[0] == pytest.approx(points.var(axis=0).sum())
    assert inerties[-1] == 0


def test_consolidation_et_silhouette_sont_celles_de_scikit_learn(iris) -> None:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_samples

    coordonnees = acp(iris[0]).coordonnees[:, :2]
    depart = couper(cah(coordonnees), 3)
    notre = consolider(coordonnees, depart)
    centres = np.array([coordonnees[depart == c].mean(axis=0) for c in range(3)])
    autre = KMeans(3, init=centres, n_init=1, algorithm="lloyd", tol=0.0).fit(coordonnees)
    assert notre.tolist() == autre.labels_.tolist()
    np.testing.assert_allclose(
        silhouettes(coordonnees, notre), silhouette_samples(coordonnees, notre), atol=1e-9
    )


def test_une_valeur_test_se_calcule_a_la_main() -> None:
    """n = 4, classe de 2 : (1,5 - 2,5) / racine(1,25 / 2 × 2 / 3) = -1,549193."""
    tests = valeurs_tests(np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(tests[:, 0], [-1.5491933, 1.5491933], atol=1e-7)


def _grille(cote: int) -> tuple[tuple[int, ...], ...]:
    """Voisins par un bord d'une grille carrée."""
    voisins = []
    for i in range(cote * cote):
        x, y = i % cote, i // cote
        voisins.append(
            tuple(
                b * cote + a
                for a, b in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1))
                if 0 <= a < cote and 0 <= b < cote
            )
        )
    return tuple(voisins)


@pytest.mark.filterwarnings("ignore")
def test_moran_est_celui_d_esda() -> None:
    """``esda`` divise par n - 1 l'indice local : le rapport est (n - 1) / n."""
    import esda
    from libpysal.weights import W

    voisins = _grille(9)
    valeurs = np.random.default_rng(3).normal(size=81).cumsum()
    poids = W({i: list(v) for i, v in enumerate(voisins)}, silence_warnings=True)
    poids.transform = "r"
    rng = np.random.default_rng(1)
    global_ = moran_global(valeurs, voisins, permutations=199, rng=rng)
    locale = moran_local(valeurs, voisins, permutations=1999, rng=rng)
    autre_globale = esda.Moran(valeurs, poids, permutations=0)
    autre_locale = esda.Moran_Local(valeurs, poids, permutations=1999, seed=1, n_jobs=1)
    assert global_.indice == pytest.approx(autre_globale.I, abs=1e-9)
    assert global_.esperance == pytest.approx(autre_globale.EI, abs=1e-12)
    np.testing.assert_allclose(locale.indices * 80 / 81, autre_locale.Is, atol=1e-9)
    noms = {1: "haut_haut", 2: "bas_haut", 3: "bas_bas", 4: "haut_bas"}
    assert list(locale.quadrants) == [noms[q] for q in autre_locale.q]
    np.testing.assert_allclose(np.minimum(1, 2 * autre_locale.p_sim), locale.p, atol=0.08)


def test_rangs_et_spearman_sont_ceux_de_scipy() -> None:
    from scipy import stats

    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 9, 60).astype(float), rng.normal(size=60)
    np.testing.assert_allclose(rangs(a), stats.rankdata(a))
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
