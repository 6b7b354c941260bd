"""Tables croisées d'un questionnaire : ce qui est montré ne rend rien de ce qui est caché.

Réponses tirées au hasard, tables « territoire × réponse », « sexe × réponse » et « territoire ×
sexe » publiées ensemble. L'attaquant sait qu'elles viennent des mêmes personnes : il raisonne sur
la table à trois dimensions, que personne ne publie.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solidiag.confidentiality.attaque import Deduction, attaquer
from solidiag.confidentiality.partenaires import controler, proteger_observations
from solidiag.confidentiality.protection import TableBrute, TableProtegee, proteger
from solidiag.confidentiality.secret import Marque, Regles
from solidiag.confidentiality.structure import Cellule, Structure, croiser, modalites_et_total
from solidiag.model.observation import OBSERVATIONS

R = Regles(seuil=11)
SENSIBLE = Regles(seuil=11, zero_confidentiel=True)
"""Question sensible : un zéro dit que tout un groupe a répondu de même ; il se cache aussi."""

LIEUX = ("EPCI-1", "EPCI-2", "EPCI-3")
SEXES = ("femmes", "hommes")
REPONSES = ("oui", "non", "sans réponse")
"""« Sans réponse » est une modalité : sans elle, les totaux de deux questions se soustraient."""

PLEINE = croiser(*(modalites_et_total("T", modalites) for modalites in (LIEUX, SEXES, REPONSES)))
"""Toutes les sommes, tables à trois dimensions comprises : ce que sait l'attaquant."""

PUBLIABLES = frozenset(c for c in PLEINE.cellules if "T" in c)
CROISEES = Structure(
    equations=tuple(e for e in PLEINE.equations if {e.total, *e.parties} <= PUBLIABLES)
)
"""Les sommes des tables publiées seulement."""

Personne = tuple[str, str, str]


@st.composite
def questionnaires(tirer: st.DrawFn) -> tuple[list[Personne], list[float]]:
    """Personnes interrogées, et leurs poids, en quarts : leurs sommes tombent juste."""
    rng = np.random.default_rng(tirer(st.integers(0, 2**31)))
    n = tirer(st.integers(25, 250))
    tirages = [rng.choice(m, size=n, p=rng.dirichlet([2.0] * len(m))) for m in (LIEUX, SEXES)]
    reponses = rng.choice(REPONSES, size=n, p=[0.6, 0.33, 0.07])
    personnes = [(str(a), str(b), str(c)) for a, b, c in zip(*tirages, reponses, strict=True)]
    return personnes, [float(w) for w in rng.integers(2, 120, n) / 4]


def compter(personnes: list[Personne], poids: list[float] | None = None) -> dict[Cellule, float]:
    """Effectifs (ou poids) de toutes les cases, totaux compris."""
    valeurs = dict.fromkeys(PLEINE.cellules, 0.0)
    for rang, personne in enumerate(personnes):
        for cellule in product(*((modalite, "T") for modalite in personne)):
            valeurs[cellule] += 1.0 if poids is None else poids[rang]
    return valeurs


def publiables(valeurs: Mapping[Cellule, float]) -> dict[Cellule, float]:
    return {c: v for c, v in valeurs.items() if c in PUBLIABLES}


def deviner(protegee: TableProtegee, **options: Any) -> tuple[Deduction, ...]:
    """Attaque avec la table à trois dimensions, que l'on n'a pas protégée."""
    visees = [c for c in PUBLIABLES if c not in protegee.valeurs]
    return attaquer(PLEINE, protegee.valeurs, cibles=visees, **options)


@given(questionnaires(), st.sampled_from([R, SENSIBLE]))
@settings(max_examples=4)
def test_linked_tables_of_a_questionnaire_give_nothing_back(
    questionnaire: tuple[list[Personne], list[float]], regles: Regles
) -> None:
    effectifs = compter(questionnaire[0])
    protegee = proteger(TableBrute(nom="q", valeurs=publiables(effectifs)), CROISEES, regles)
    for valeur in protegee.valeurs.values():
        assert valeur >= regles.seuil or (valeur == 0 and not regles.zero_confidentiel)
    for d in deviner(protegee):
        assert d.bas - 1e-6 <= effectifs[d.cellule] <= d.haut + 1e-6
        assert not d.exacte, d
    for d in deviner(protegee, a_priori=protegee.a_priori):
        assert not d.exacte, d
        if protegee.marques[d.cellule] is Marque.PRIMAIRE:
            assert d.possibles >= R.valeurs_possibles, d


@given(questionnaires())
@settings(max_examples=3)
def test_weighted_tables_hidden_with_the_counts_give_nothing_back(
    questionnaire: tuple[list[Personne], list[float]],
) -> None:
    """Effectifs puis poids : les cases cachées par l'un le sont par l'autre."""
    personnes, poids = questionnaire
    effectifs, ponderes = compter(personnes), compter(personnes, poids)
    comptes = proteger(TableBrute(nom="q", valeurs=publiables(effectifs)), CROISEES, R)
    cachees = frozenset(c for c in PUBLIABLES if c not in comptes.valeurs and ponderes[c] > 0)
    protegee = proteger(
        TableBrute(
            nom="q pondérée",
            valeurs=publiables(ponderes),
            effectifs=publiables(effectifs),
            forcees=cachees,
        ),
        CROISEES,
        R,
    )
    assert cachees.isdisjoint(protegee.valeurs)
    for d in deviner(protegee):
        assert d.bas - 1e-6 <= ponderes[d.cellule] <= d.haut + 1e-6
        assert not d.exacte, d
    # Les effectifs ne se montrent plus que là où les poids se montrent.
    communs = {c: v for c, v in comptes.valeurs.items() if c in protegee.valeurs}
    visees = [c for c in PUBLIABLES if c not in communs]
    assert not any(d.exacte for d in attaquer(PLEINE, communs, cibles=visees))


@given(questionnaires())
@settings(max_examples=12)
def test_hiding_only_the_small_counts_is_not_enough(
    questionnaire: tuple[list[Personne], list[float]],
) -> None:
    """L'attaque sait gagner : une case seule cachée dans une somme se retrouve."""
    effectifs = publiables(compter(questionnaire[0]))
    montrees = {c: v for c, v in effectifs.items() if not 0 < v < R.seuil}
    seules = {
        caches[0]
        for e in CROISEES.equations
        if len(caches := [c for c in (e.total, *e.parties) if c not in montrees]) == 1
    }
    assume(seules)
    trouvees = {d.cellule for d in attaquer(PLEINE, montrees, cibles=seules) if d.exacte}
    assert trouvees == seules


def observer(personnes: list[Personne]) -> pl.DataFrame:
    """Lignes d'observations : un indicateur par réponse, et leur total, par territoire."""
    effectifs = compter(personnes)
    lignes = [
        {
            "indicateur": "q1" if reponse == "T" else f"q1_{rang}",
            "territoire": "DEP-99" if lieu == "T" else lieu,
            "cog": 2026,
            "periode": "2026",
            "value": effectifs[lieu, "T", reponse],
            "unite": "persons",
            "status": "A",
            "precision": "exact",
            "confidentiality": "F",
        }
        for lieu in (*LIEUX, "T")
        for rang, reponse in enumerate((*REPONSES, "T"))
    ]
    return pl.DataFrame(
        [{**dict.fromkeys(OBSERVATIONS), **ligne} for ligne in lignes], schema=OBSERVATIONS
    )


@given(questionnaires())
@settings(max_examples=4)
def test_answers_by_territory_go_through_the_door_of_the_partners(
    questionnaire: tuple[list[Personne], list[float]],
) -> None:
    brutes = observer(questionnaire[0])
    options: dict[str, Any] = {
        "parents": {lieu: ["DEP-99"] for lieu in LIEUX},
        "regles": R,
        "modalites": {"q1": ["q1_0", "q1_1", "q1_2"]},
    }
    protegees = proteger_observations(brutes, **options)
    montrees = protegees.filter(pl.col("status") != "Q")
    assert all(v == 0 or v >= R.seuil for v in montrees["value"])
    assert protegees.filter(pl.col("status") == "Q")["value"].null_count() == (
        protegees.height - montrees.height
    )
    assert controler(protegees, **options).couvre(protegees, ["q1"])
