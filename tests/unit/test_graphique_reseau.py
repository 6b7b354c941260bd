"""Réseau d'acteurs en arcs : un nom par ligne, les voisins rapprochés, rien d'oublié."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from solidiag.publication.graphiques.reseau import Sommet, dessiner_reseau, ranger

SOMMETS = [
    Sommet(id="d", nom="Département fictif", liens=3, pont=True),
    Sommet(id="a", nom="Agence fictive", liens=1),
    Sommet(id="b", nom="Banque fictive & fils", liens=1),
    Sommet(id="c", nom="Centre fictif", liens=1),
    Sommet(id="x", nom="Seul x", liens=1),
    Sommet(id="y", nom="Seul y", liens=1),
]
ARETES = [("a", "d"), ("b", "d"), ("c", "d"), ("x", "y")]


def test_chaque_groupe_relie_se_suit_le_plus_grand_d_abord() -> None:
    groupes = ranger({s.id: s for s in SOMMETS}, ARETES)
    assert groupes == [["d", "a", "b", "c"], ["x", "y"]]


def test_un_arc_par_lien_un_nom_par_acteur_un_carre_par_pont() -> None:
    svg = dessiner_reseau(SOMMETS, ARETES, titre="Réseau")
    assert svg.count("<path") == len(ARETES)
    assert svg.count("<circle") == len(SOMMETS) - 1 + 1
    assert svg.count("<rect") == 1 + 1
    assert "Banque fictive &amp; fils" in svg
    hauteurs = [float(y) for y in re.findall(r'<text x="250" y="([\d.]+)"', svg)]
    assert len(hauteurs) == len(SOMMETS)
    ecarts = [b - a for a, b in pairwise(hauteurs)]
    assert min(ecarts) >= 18


def test_l_ordre_des_aretes_ne_change_rien_au_rangement() -> None:
    connus = {s.id: s for s in SOMMETS}
    assert ranger(connus, ARETES) == ranger(connus, [(b, a) for a, b in reversed(ARETES)])


def test_une_arete_vers_un_absent_est_refusee() -> None:
    with pytest.raises(ValueError, match="absents"):
        dessiner_reseau(SOMMETS, [("a", "z")])
