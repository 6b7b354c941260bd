"""Somme pondérée : cas publiés.

- SPOTIS : Dezert, J. et al. (2020), *The SPOTIS rank reversal free method for multi-criteria
  decision-making support*, FUSION 2020, exemple 1. Le score est la moyenne pondérée des distances
  normalisées à la solution idéale (le plus bas est le meilleur).
- Somme pondérée de pymcdm 1.4.0 (MIT, kotbaton/pymcdm, test/test_mcdm.py), normalisation par la
  somme, poids qui ne font pas 1 : la moyenne est multipliée par leur somme.

Tolérance : une demi-unité de la dernière décimale publiée.
"""

import numpy as np

from solidiag.priorites.ordre import ranger, somme_ponderee


def test_spotis_published_scores_and_ranks() -> None:
    matrice = np.array([[10.5, -3.1, 1.7], [-4.7, 0, 3.4], [8.1, 0.3, 1.3], [3.2, 7.3, -5.3]])
    bornes = np.array([[-5, 12], [-6, 10], [-8, 5]], dtype=float)
    ideal = np.array([12.0, -6.0, 5.0])
    distances = np.abs(matrice - ideal) / (bornes[:, 1] - bornes[:, 0])
    scores = somme_ponderee(distances, np.array([0.2, 0.3, 0.5]))
    np.testing.assert_allclose(scores, [0.1989, 0.3705, 0.3063, 0.7491], atol=5e-5)
    assert ranger(-scores).tolist() == [1, 3, 2, 4]


def test_weighted_sum_of_pymcdm() -> None:
    matrice = np.array(
        [[96, 83, 75, 7], [63, 5, 56, 9], [72, 30, 32, 48], [11, 4, 27, 9], [77, 21, 17, 11]],
        dtype=float,
    )
    poids = np.array([8, 5, 6, 7]) / 13
    utile = matrice.copy()
    utile[:, 2:] = 1 / utile[:, 2:]
    normalisee = utile / utile.sum(axis=0)
    scores = somme_ponderee(normalisee, poids) * poids.sum()
    np.testing.assert_allclose(scores, [0.609, 0.313, 0.334, 0.265, 0.479], atol=5e-4)
    assert ranger(scores).tolist() == [1, 4, 3, 5, 2]
