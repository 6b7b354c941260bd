"""Ce qui a changé d'un résultat au suivant."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solidiag.comites.changements import CHANGEMENTS, CLES_CHANGEMENTS, ETAT, comparer_etats
from solidiag.pipeline.diagnostic import comparer_au_precedent
from solidiag.pipeline.etat import (
    CHANGEMENTS_ECRITS,
    ETAT_ECRIT,
    lire_changements,
    lire_etat,
    octets_etat,
)
from solidiag.storage.depot import Depot
from solidiag.storage.sorties import MANIFESTE

Ligne = tuple[str, str, str, str | None, str | None, float | None, str | None]


def etat(*lignes: Ligne) -> pl.DataFrame:
    return pl.DataFrame(list(lignes), schema=ETAT, orient="row")


def valeur(cle: str, nombre: float | None, territoire: str = "DEP-40") -> Ligne:
    return ("valeur", cle, territoire, "2024", None, nombre, "minutes")


def texte(genre: str, cle: str, dit: str) -> Ligne:
    return (genre, cle, "DEP-40", None, dit, None, None)


def test_seul_ce_qui_differe_est_dit() -> None:
    avant = etat(
        texte("reglage", "parametres/temps_de_trajet:detour.central", "1,3"),
        texte("classe", "petite-enfance", "vigilance"),
        valeur("offre.of_creches.temps", 12.0),
        valeur("offre.of_pmi.temps", 20.0),
        valeur("retiree", 1.0),
    )
    apres = etat(
        texte("reglage", "parametres/temps_de_trajet:detour.central", "1,4"),
        texte("classe", "petite-enfance", "tension"),
        valeur("offre.of_creches.temps", 12.9),
        valeur("offre.of_pmi.temps", 20.0 + 1e-12),
        valeur("ajoutee", 2.0),
    )
    changes = comparer_etats(avant, apres, depuis="2026-11-24")
    assert changes.schema == pl.Schema(CHANGEMENTS)
    lus = changes.select("genre", "cle", "avant", "apres", "valeur_avant", "valeur_apres").rows()
    assert lus == [
        ("classe", "petite-enfance", "vigilance", "tension", None, None),
        ("reglage", "parametres/temps_de_trajet:detour.central", "1,3", "1,4", None, None),
        ("valeur", "ajoutee", None, None, None, 2.0),
        ("valeur", "offre.of_creches.temps", None, None, 12.0, 12.9),
        ("valeur", "retiree", None, None, 1.0, None),
    ]
    assert set(changes["depuis"]) == {"2026-11-24"}


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.floats(-1e6, 1e6), max_size=6),
    st.dictionaries(st.sampled_from("abcdef"), st.floats(-1e6, 1e6), max_size=6),
)
def test_les_changements_menent_d_un_etat_a_l_autre(
    avant: dict[str, float], apres: dict[str, float]
) -> None:
    changes = comparer_etats(
        etat(*(valeur(c, v) for c, v in avant.items())),
        etat(*(valeur(c, v) for c, v in apres.items())),
        depuis="2026-01-01",
    )
    assert not changes.select(CLES_CHANGEMENTS).is_duplicated().any()
    reconstruit = dict(avant)
    for ligne in changes.iter_rows(named=True):
        reconstruit.pop(ligne["cle"], None)
        if ligne["valeur_apres"] is not None:
            reconstruit[ligne["cle"]] = ligne["valeur_apres"]
    assert reconstruit == pytest.approx(apres, rel=1e-8, abs=1e-8)


def test_un_etat_illisible_est_comme_absent(tmp_path: Path) -> None:
    chemin = tmp_path / ETAT_ECRIT
    assert lire_etat(tmp_path) is None
    chemin.parent.mkdir()
    chemin.write_bytes(b"PAR1 tronque")
    assert lire_etat(tmp_path) is None
    double = etat(valeur("a", 1.0), valeur("a", 2.0))
    chemin.write_bytes(octets_etat(double))
    assert lire_etat(tmp_path) is None
    chemin.write_bytes(octets_etat(double[:1]))
    lu = lire_etat(tmp_path)
    assert lu is not None
    assert lu.equals(double[:1])
    assert lire_changements(tmp_path) is None


def test_une_valeur_qui_change_d_unite_ne_se_lit_pas_dans_la_nouvelle() -> None:
    avant = etat(("valeur", "taux", "DEP-40", "2023", None, 12.0, "percent"))
    apres = etat(("valeur", "taux", "DEP-40", "2024", None, 12.0, "pour_1000"))
    change = comparer_etats(avant, apres, depuis="2026-11-24").row(0, named=True)
    assert (change["avant"], change["valeur_avant"]) == ("autre unité", None)
    assert (change["valeur_apres"], change["unite"]) == (12.0, "pour_1000")


@pytest.mark.parametrize(
    "change",
    [
        {"depuis": "hier"},
        {"depuis": None},
        {"territoire": None},
        {"de trop": 1},
    ],
)
def test_des_changements_retouches_ne_se_lisent_pas(
    tmp_path: Path, change: dict[str, object]
) -> None:
    table = comparer_etats(etat(valeur("a", 1.0)), etat(valeur("a", 2.0)), depuis="2026-11-24")
    chemin = tmp_path / CHANGEMENTS_ECRITS
    chemin.parent.mkdir()
    chemin.write_bytes(octets_etat(table))
    assert lire_changements(tmp_path) is not None
    chemin.write_bytes(octets_etat(table.with_columns(**{k: pl.lit(v) for k, v in change.items()})))
    assert lire_changements(tmp_path) is None


@pytest.mark.parametrize("date_ecrite", ["hier", "", None, ["2026"]])
def test_un_manifeste_sans_vraie_date_ne_donne_aucun_changement(
    tmp_path: Path, date_ecrite: object
) -> None:
    manifeste = {"solidiag": "1", "cle": "a", "fichiers": {}, "formats": [], "departement": "40"}
    manifeste |= {} if date_ecrite is None else {"date": date_ecrite}
    (tmp_path / MANIFESTE).write_text(json.dumps(manifeste), encoding="utf-8")
    garde = tmp_path / ETAT_ECRIT
    garde.parent.mkdir()
    garde.write_bytes(octets_etat(etat(valeur("a", 1.0))))
    assert lire_etat(tmp_path) is not None
    matiere: Any = SimpleNamespace(departement=SimpleNamespace(code="40"))
    assert comparer_au_precedent(matiere, Depot.embarque(), tmp_path, cle="b") is matiere
