"""L'ordre des domaines est transparent, et ne cache pas ce qui manque."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from solidiag.model.service import PRIORITES
from solidiag.priorites.criteres import CRITERES
from solidiag.priorites.ordre import ordonner, ranger, regrouper, tirer_rangs

FAMILLES = {"niveau": "besoin", "territoires": "besoin", "tension": "offre", "autre": "offre"}
PARAMETRES: dict[str, Any] = {
    "familles_requises": ["besoin", "offre"],
    "tirages": 400,
    "robustesse": {"robuste": 0.2, "discutable": 0.5},
}


def criteres(**domaines: tuple[float | None, ...]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"domaine": d, "famille": FAMILLES[c], "critere": c, "valeur": v}
            for d, valeurs in domaines.items()
            for c, v in zip(FAMILLES, valeurs, strict=True)
        ],
        schema={n: CRITERES[n] for n in ("domaine", "famille", "critere", "valeur")},
    )


def lancer(
    table: pl.DataFrame,
    graine: int = 1,
    presences: frozenset[str] = frozenset(),
    approches: frozenset[str] = frozenset(),
) -> dict[str, dict[str, Any]]:
    ordre = ordonner(
        table,
        presences=presences,
        approches=approches,
        parametres=PARAMETRES,
        rng=np.random.default_rng(graine),
    )
    assert dict(ordre.schema) == PRIORITES
    return {ligne["domaine"]: ligne for ligne in ordre.iter_rows(named=True)}


def test_families_weigh_the_same_whatever_they_document() -> None:
    ordre = lancer(criteres(a=(1.0, 1.0, 0.0, None), b=(1.0, None, 0.0, None)))
    assert ordre["a"]["score"] == ordre["b"]["score"] == 0.5
    assert ordre["a"]["rang"] == ordre["b"]["rang"] == 1


def test_a_domain_without_a_family_is_to_be_documented_and_never_last() -> None:
    ordre = lancer(
        criteres(
            sans_offre=(1.0, 1.0, None, None),
            haut=(1.0, 1.0, 1.0, None),
            rien=(None, None, None, None),
            bas=(0.0, 0.0, 0.0, None),
        )
    )
    assert list(ordre) == ["haut", "bas", "sans_offre", "rien"]
    for nom in ("sans_offre", "rien"):
        assert ordre[nom]["statut"] == "non_classe"
        assert ordre[nom]["rang"] is None
        assert ordre[nom]["score"] is None
        assert ordre[nom]["rang_max"] is None
        assert "à documenter" in ordre[nom]["motif"]
    assert ordre["bas"]["rang_max"] == 2
    assert ordre["sans_offre"]["criteres_documentes"] == 2
    assert ordre["rien"]["criteres_documentes"] == 0


def test_a_need_known_only_by_its_context_is_not_ranked() -> None:
    table = criteres(
        rien=(1.0, None, None, None), contexte=(1.0, 1.0, 1.0, None), mesure=(0.1, 0.1, 0.1, None)
    )
    ordre = lancer(table, approches=frozenset({"contexte", "rien"}))
    assert list(ordre) == ["mesure", "contexte", "rien"]
    assert [ligne["statut"] for ligne in ordre.values()] == ["classe", "approche", "non_classe"]
    assert (ordre["mesure"]["rang"], ordre["mesure"]["rang_max"]) == (1, 1)
    assert ordre["contexte"]["rang"] is None
    assert "approché" in ordre["contexte"]["motif"]


def test_a_domain_known_by_its_presence_is_listed_apart_whatever_its_criteria() -> None:
    table = criteres(
        rien=(1.0, None, None, None), lieu=(1.0, 1.0, 1.0, None), volume=(0.1, 0.1, 0.1, None)
    )
    ordre = lancer(table, presences=frozenset({"lieu"}))
    assert list(ordre) == ["volume", "lieu", "rien"]
    assert [ligne["statut"] for ligne in ordre.values()] == ["classe", "presence", "non_classe"]
    assert (ordre["volume"]["rang"], ordre["volume"]["rang_max"]) == (1, 1)
    assert (ordre["lieu"]["rang"], ordre["lieu"]["score"]) == (None, None)
    assert "seule" not in ordre["rien"]["motif"]
    assert "présence" in ordre["lieu"]["motif"]


def test_a_domain_above_everywhere_keeps_its_rank_for_all_weights() -> None:
    ordre = lancer(criteres(haut=(0.9, 0.9, 0.9, None), bas=(0.1, 0.1, 0.1, None)))
    assert (ordre["haut"]["rang_min"], ordre["haut"]["rang_max"]) == (1, 1)
    assert ordre["haut"]["robustesse"] == "robuste"


def test_opposite_domains_exchange_their_ranks_and_say_it() -> None:
    ordre = lancer(criteres(a=(1.0, 1.0, 0.0, None), b=(0.0, 0.0, 1.0, None)))
    for nom in ("a", "b"):
        assert (ordre[nom]["rang_min"], ordre[nom]["rang_max"]) == (1, 2)
        assert ordre[nom]["robustesse"] == "sensible"


def test_the_same_seed_gives_the_same_ranks() -> None:
    table = criteres(a=(1.0, 0.0, 0.3, None), b=(0.2, 0.9, None, 0.4), c=(0.5, 0.5, 0.5, None))
    assert lancer(table, 7) == lancer(table, 7)


def test_every_sentence_says_that_it_is_a_draft() -> None:
    ordre = lancer(criteres(a=(1.0, 1.0, 0.0, None)))
    assert "Brouillon calculé" in ordre["a"]["motif"]


def test_without_any_complete_domain_nothing_is_ranked() -> None:
    ordre = lancer(criteres(a=(1.0, None, None, None)))
    assert ordre["a"]["statut"] == "non_classe"


def test_equal_scores_share_the_best_rank() -> None:
    assert ranger(np.array([0.1, 0.3, 0.3, 0.2])).tolist() == [4, 1, 1, 3]


def test_a_family_is_the_mean_of_what_is_known() -> None:
    groupes, noms = regrouper(
        np.array([[0.2, 0.4, np.nan], [np.nan, np.nan, 1.0]]), ["b", "b", "o"]
    )
    assert noms == ["b", "o"]
    np.testing.assert_allclose(groupes, [[0.3, np.nan], [np.nan, 1.0]])


@pytest.mark.parametrize("graine", [0, 1])
def test_draws_explore_the_weights(graine: int) -> None:
    valeurs = np.array([[1.0, 0.0], [0.0, 1.0]])
    rangs = tirer_rangs(valeurs, ["b", "o"], tirages=2000, rng=np.random.default_rng(graine))
    assert rangs.shape == (2000, 2)
    assert abs((rangs[:, 0] == 1).mean() - 0.5) < 0.05
