"""Part des tirages où l'intervalle à 95 % contient la vérité (graine fixée)."""

import numpy as np

from solidiag.statistics.plan_de_sondage import Plan
from solidiag.statistics.sondages import Estimation, Recrutement, estimer_part

TIRAGES = 300
VERITE = 0.4
HASARD = Recrutement.ALEATOIRE


def contient(estimee: Estimation) -> bool:
    assert estimee.lower is not None
    assert estimee.upper is not None
    return estimee.lower <= VERITE <= estimee.upper


def test_unequal_weights_keep_the_promised_level() -> None:
    rng = np.random.default_rng(20261124)
    dedans = []
    for _ in range(TIRAGES):
        poids = rng.choice([1.0, 4.0], size=60, p=[2 / 3, 1 / 3])
        reponses = [bool(r) for r in rng.random(60) < VERITE]
        dedans.append(contient(estimer_part(reponses, poids, recrutement=HASARD)))
    assert 0.92 <= np.mean(dedans) <= 0.985


def test_clusters_keep_the_promised_level_only_when_the_plan_is_known() -> None:
    """Quinze lieux de dix personnes, dont les réponses se ressemblent (corrélation 0,1)."""
    rng = np.random.default_rng(20261124)
    lieux = [str(lieu) for lieu in range(15) for _ in range(10)]
    avec, sans = [], []
    for _ in range(TIRAGES):
        parts = rng.beta(VERITE * 9, (1 - VERITE) * 9, size=15)
        reponses = [bool(r) for r in (rng.random((15, 10)) < parts[:, None]).ravel()]
        sans.append(contient(estimer_part(reponses, recrutement=HASARD)))
        avec.append(contient(estimer_part(reponses, recrutement=HASARD, plan=Plan(grappes=lieux))))
    assert np.mean(avec) >= 0.92
    assert np.mean(sans) <= 0.88
