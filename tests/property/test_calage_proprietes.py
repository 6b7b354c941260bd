"""Calage : marges tenues, bornes tenues, ordre sans effet, deux fois comme une, égal à la GREG."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.errors import CalageRefuse
from solidiag.statistics.calage import Calage, calibrer
from solidiag.statistics.calage_methodes import Bornes, Methode

METHODES: tuple[tuple[Methode, Bornes | None], ...] = (
    (Methode.LINEAIRE, None),
    (Methode.RAKING, None),
    (Methode.LOGIT, Bornes(bas=0.2, haut=4.0)),
    (Methode.TRONQUEE, Bornes(bas=0.2, haut=4.0)),
)


@st.composite
def enquetes(tirer: st.DrawFn) -> dict[str, Any]:
    """Répondants, et marges d'une population qui leur ressemble à peu près."""
    n = tirer(st.integers(12, 40))
    graine = tirer(st.integers(0, 2**31))
    rng = np.random.default_rng(graine)
    modalites = tirer(st.integers(2, 4))
    poids = rng.uniform(0.5, 20.0, n)
    vrais = poids * rng.uniform(0.5, 2.0, n)
    age = [str(i % modalites) for i in range(n)]
    sexe = [str(v) for v in rng.integers(0, 2, n)]
    revenu = rng.gamma(2.0, 800.0, n)
    marges: dict[str, dict[str, float]] = {"age": {}, "sexe": {}}
    for nom, valeurs in (("age", age), ("sexe", sexe)):
        for valeur, w in zip(valeurs, vrais, strict=True):
            marges[nom][valeur] = marges[nom].get(valeur, 0.0) + float(w)
    return {
        "poids": poids,
        "categories": {"age": age, "sexe": sexe},
        "marges": marges,
        "numeriques": {"revenu": revenu},
        "totaux": {"revenu": float(vrais @ revenu)},
    }


def caler(enquete: dict[str, Any], methode: Methode, bornes: Bornes | None) -> Calage:
    autres = {nom: v for nom, v in enquete.items() if nom != "poids"}
    return calibrer(enquete["poids"], **autres, methode=methode, bornes=bornes)


@given(enquetes(), st.sampled_from(METHODES))
@settings(max_examples=70)
def test_margins_are_met_and_bounds_are_kept(
    enquete: dict[str, Any], methode: tuple[Methode, Bornes | None]
) -> None:
    # Une solution dans les bornes existe par construction : il n'y a pas de refus permis.
    cale = caler(enquete, *methode)
    for nom, marge in enquete["marges"].items():
        for modalite, voulu in marge.items():
            porteurs = np.array([v == modalite for v in enquete["categories"][nom]])
            assert cale.poids[porteurs].sum() == pytest.approx(voulu, rel=1e-8)
    revenu = enquete["numeriques"]["revenu"]
    assert cale.poids @ revenu == pytest.approx(enquete["totaux"]["revenu"], rel=1e-8)
    if methode[0] is not Methode.LINEAIRE:
        assert np.all(cale.poids > 0)
    if (bornes := methode[1]) is not None:
        assert cale.rapports.min() >= bornes.bas - 1e-12
        assert cale.rapports.max() <= bornes.haut + 1e-12
    assert cale.poids == pytest.approx(cale.rapports * enquete["poids"])


@given(enquetes(), st.sampled_from(METHODES), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_the_order_of_the_respondents_does_not_matter(
    enquete: dict[str, Any], methode: tuple[Methode, Bornes | None], hasard: Any
) -> None:
    ordre = list(range(len(enquete["poids"])))
    hasard.shuffle(ordre)
    melangee = {
        **enquete,
        "poids": enquete["poids"][ordre],
        "categories": {n: [v[i] for i in ordre] for n, v in enquete["categories"].items()},
        "numeriques": {"revenu": enquete["numeriques"]["revenu"][ordre]},
    }
    avant, apres = caler(enquete, *methode), caler(melangee, *methode)
    assert apres.poids == pytest.approx(avant.poids[ordre], rel=1e-6)


@given(enquetes(), st.sampled_from(METHODES))
@settings(max_examples=25)
def test_calibrating_twice_changes_nothing(
    enquete: dict[str, Any], methode: tuple[Methode, Bornes | None]
) -> None:
    une = caler(enquete, *methode)
    if une.negatifs:
        with pytest.raises(CalageRefuse, match="nul ou négatif"):
            caler({**enquete, "poids": une.poids}, *methode)
        return
    deux = caler({**enquete, "poids": une.poids}, *methode)
    assert deux.iterations == 0
    assert deux.poids == pytest.approx(une.poids, rel=1e-8)


@given(enquetes(), st.integers(0, 1000))
@settings(max_examples=25)
def test_the_linear_method_is_the_regression_estimator(
    enquete: dict[str, Any], graine: int
) -> None:
    """GREG : total des poids de départ, plus l'écart aux marges fois la régression de y sur x."""
    cale = caler(enquete, Methode.LINEAIRE, None)
    colonnes, voulus = [], []
    for nom, marge in enquete["marges"].items():
        for modalite, voulu in list(marge.items())[: None if nom == "age" else -1]:
            colonnes.append([float(v == modalite) for v in enquete["categories"][nom]])
            voulus.append(voulu)
    colonnes.append(list(enquete["numeriques"]["revenu"] / 1000))
    voulus.append(enquete["totaux"]["revenu"] / 1000)
    x, t, d = np.array(colonnes).T, np.array(voulus), enquete["poids"]
    y = np.random.default_rng(graine).normal(10.0, 3.0, d.size)
    regression = np.linalg.lstsq(x * np.sqrt(d)[:, None], y * np.sqrt(d), rcond=None)[0]
    greg = d @ y + (t - d @ x) @ regression
    assert cale.poids @ y == pytest.approx(greg, rel=1e-8)
    assert cale.iterations <= 1
