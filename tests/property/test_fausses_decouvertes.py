"""Fausses découvertes d'un rapport simulé : 35 indicateurs, 13 intercommunalités, le code livré.

Les observations simulées passent par ``confronter``, ``ajuster_ensemble`` et ``conclure`` ; le
département comprend chaque intercommunalité, comme dans un rapport.
"""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from solidiag.besoins.confrontation import Demande, ajuster_ensemble, conclure, confronter
from solidiag.besoins.regles import Regles
from solidiag.catalogue.indicateur import Indicateur
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.storage.depot import Depot

NOMS = [f"part_{i}" for i in range(35)]
EPCI = [f"EPCI-{t}" for t in range(13)]
INDICATEURS = {
    nom: Indicateur.model_validate(
        {
            "id": nom, "libelle": "e", "libelle_court": "e", "definition": "e", "unite": "percent",
            "sens": "plus_haut_est_plus_fragile", "lecture": "e", "incertitude": "wilson",
        }
    )
    for nom in NOMS
}  # fmt: skip
DEMANDES = [Demande(territoire=t, reference="DEP", cibles=("DEP-1",), inclus=True) for t in EPCI]
TOLERANCE = 0.999
"""Part des essais d'un générateur juste à 5 % qui restent sous la borne d'échec (loi binomiale)."""


@pytest.fixture(scope="module")
def regles():
    return Regles.lire(Depot().parametres("comparaisons"))


def conclure_un_rapport(rng, regles, *, differents):
    """Renvoie les comparaisons conclues d'un rapport, et le signe vrai de chaque écart.

    ``differents`` : part des indicateurs où une intercommunalité diffère (1,3 fois la part des
    autres). Le vrai écart d'une intercommunalité se prend au reste du département, où celle qui
    diffère compte.
    """
    effectifs = rng.integers(300, 30_000, (len(NOMS), len(EPCI)))
    parts = np.repeat(rng.uniform(0.03, 0.4, (len(NOMS), 1)), len(EPCI), axis=1)
    choisis = rng.integers(len(EPCI), size=len(NOMS))
    change = rng.random(len(NOMS)) < differents
    parts[change, choisis[change]] *= 1.3
    cas = rng.binomial(effectifs, parts)
    attendus = parts * effectifs
    restes = (attendus.sum(axis=1, keepdims=True) - attendus) / (
        effectifs.sum(axis=1, keepdims=True) - effectifs
    )
    signes = np.where(np.isclose(parts, restes), 0.0, np.sign(parts - restes))
    x = np.column_stack([cas, cas.sum(axis=1)]).ravel().astype(float)
    n = np.column_stack([effectifs, effectifs.sum(axis=1)]).ravel().astype(float)
    observations = mettre_au_schema(
        pl.DataFrame(
            {
                "indicateur": np.repeat(NOMS, len(EPCI) + 1),
                "territoire": [*EPCI, "DEP-1"] * len(NOMS),
                "value": 100 * x / n,
                "numerateur": x,
                "denominateur": n,
            }
        ).with_columns(
            periode=pl.lit("2021"),
            unite=pl.lit("percent"),
            status=pl.lit("A"),
            precision=pl.lit("exact"),
            origin=pl.lit("o"),
        ),
        OBSERVATIONS,
    )
    brutes = confronter(
        observations, DEMANDES, indicateurs=INDICATEURS, regles=regles, sources={"o": {"s"}}
    )
    (ajustees,) = ajuster_ensemble(brutes)
    conclues = conclure(ajustees, observations, indicateurs=INDICATEURS, regles=regles)
    vrais = pl.DataFrame(
        {
            "indicateur": np.repeat(NOMS, len(EPCI)),
            "territoire": EPCI * len(NOMS),
            "vrai": signes.ravel(),
        }
    )
    return conclues.join(vrais, on=["indicateur", "territoire"])


def rapports_qui_trouvent(rng, regles, essais):
    return sum(
        conclure_un_rapport(rng, regles, differents=0.0)
        .select((pl.col("p_ajustee") <= regles.alpha).any())
        .item()
        for _ in range(essais)
    )


def fausses_et_puissance(rng, regles, essais):
    """Renvoie la part moyenne d'écarts nets dont le sens est faux, et de vrais écarts trouvés."""
    fausses, trouvees = [], []
    for _ in range(essais):
        rapport = conclure_un_rapport(rng, regles, differents=0.6)
        nets = rapport.filter(pl.col("nette"))
        faux = nets.filter(pl.col("ecart").sign() != pl.col("vrai")).height
        fausses.append(faux / max(nets.height, 1))
        vrais = rapport.filter(pl.col("vrai") > 0)
        trouvees.append(vrais["nette"].sum() / max(vrais.height, 1))
    return float(np.mean(fausses)), float(np.mean(trouvees))


def test_the_simulated_report_is_the_one_the_code_makes(regles):
    rapport = conclure_un_rapport(np.random.default_rng(0), regles, differents=0.6)
    assert rapport.height == len(NOMS) * len(EPCI)
    assert set(rapport["contre"]) == {"reste"}
    assert rapport["p_valeur"].null_count() == 0


def test_without_any_difference_few_reports_discover_something(regles):
    trouves = rapports_qui_trouvent(np.random.default_rng(35), regles, 20)
    assert trouves <= binom.ppf(TOLERANCE, 20, regles.alpha)


def test_without_adjustment_the_same_reports_would_almost_all_discover_something(regles):
    """Témoin : la simulation voit bien les fausses découvertes que l'ajustement retient."""
    rng = np.random.default_rng(1)
    for _ in range(5):
        assert conclure_un_rapport(rng, regles, differents=0.0)["p_valeur"].min() <= regles.alpha


def test_clear_differences_are_found_and_are_seldom_false(regles):
    fausses, trouvees = fausses_et_puissance(np.random.default_rng(13), regles, 15)
    assert fausses <= regles.alpha
    assert trouvees > 0.5


@pytest.mark.epreuve
def test_under_a_global_null_at_most_five_reports_in_a_hundred_discover_anything(regles):
    trouves = rapports_qui_trouvent(np.random.default_rng(35_13), regles, 1000)
    assert trouves <= binom.ppf(TOLERANCE, 1000, regles.alpha)


@pytest.mark.epreuve
def test_with_true_differences_the_mean_share_of_false_discoveries_stays_under_five_percent(regles):
    fausses, trouvees = fausses_et_puissance(np.random.default_rng(13_35), regles, 300)
    assert fausses <= regles.alpha
    assert trouvees > 0.5
