"""Mesures de réseau contre des valeurs publiées et des réseaux calculés à la main.

Familles florentines : quinze familles liées par mariage. Les mariages sont ceux de J. Padgett, dans
R. Breiger et P. Pattison, « Cumulated social roles », Social Networks 8, 1986. L'intermédiarité des
Médicis, 0,522, et des autres familles est celle que M. O. Jackson donne dans « Social and Economic
Networks », Princeton University Press, 2008, chapitre 1 : Médicis 0,522, Guadagni 0,255, Strozzi
0,103.
"""

from __future__ import annotations

import polars as pl
import pytest

from solidiag.model.coordination import LIENS
from solidiag.offre.coordination.registre import en_table
from solidiag.offre.coordination.reseau import (
    MINIMUM_DE_LIENS,
    composantes,
    disposition,
    mesurer_reseau,
    reseau_des_solidarites,
)

MARIAGES = """
acciaiuoli medicis, castellani peruzzi, castellani strozzi, castellani barbadori, medicis barbadori,
medicis ridolfi, medicis tornabuoni, medicis albizzi, medicis salviati, salviati pazzi,
peruzzi strozzi, peruzzi bischeri, strozzi ridolfi, strozzi bischeri, ridolfi tornabuoni,
tornabuoni guadagni, albizzi ginori, albizzi guadagni, bischeri guadagni, guadagni lamberteschi
"""


def liens(texte: str, *, genre: str = "convention", provenance: str = "gabarit") -> pl.DataFrame:
    paires = [paire.split() for paire in texte.replace("\n", " ").split(",")]
    return en_table(
        [
            {"acteur_a": a, "acteur_b": b, "type": genre, "provenance": provenance}
            for a, b in paires
        ],
        LIENS,
    )


def mesures(table: pl.DataFrame) -> dict[str, dict]:
    return {ligne["acteur"]: ligne for ligne in mesurer_reseau(table, {}).iter_rows(named=True)}


@pytest.mark.parametrize(
    ("famille", "publiee"), [("medicis", 0.522), ("guadagni", 0.255), ("strozzi", 0.103)]
)
def test_betweenness_of_the_florentine_families_is_the_published_one(famille, publiee):
    assert mesures(liens(MARIAGES))[famille]["intermediarite"] == pytest.approx(publiee, abs=5e-4)


def test_the_medici_have_six_marriages_and_cut_off_three_families_without_them():
    medicis = mesures(liens(MARIAGES))["medicis"]
    assert medicis["liens"] == 6
    assert medicis["seul_pont"]
    assert medicis["separes"] == ["acciaiuoli", "pazzi", "salviati"]


def test_a_bridge_between_two_triangles_computed_by_hand():
    # a-b-c et d-e-f, reliés par c-d. Par c passent : a et b vers d, e, f, soit 6 des 10 paires.
    table = mesures(liens("a b, b c, a c, d e, e f, d f, c d"))
    assert table["c"]["intermediarite"] == pytest.approx(0.6)
    assert table["d"]["intermediarite"] == pytest.approx(0.6)
    assert [nom for nom, ligne in sorted(table.items()) if ligne["seul_pont"]] == ["c", "d"]
    assert table["c"]["separes"] == ["a", "b"]
    assert table["a"]["intermediarite"] == 0
    assert table["a"]["separes"] == []


def test_a_star_has_its_centre_at_one_and_a_ring_has_no_bridge():
    etoile = mesures(liens("m a, m b, m c, m d"))
    assert etoile["m"]["intermediarite"] == pytest.approx(1.0)
    assert etoile["m"]["separes"] == ["b", "c", "d"]
    anneau = mesures(liens("a b, b c, c d, d a"))
    assert not any(ligne["seul_pont"] for ligne in anneau.values())


def test_what_is_only_foreseen_or_only_shares_a_contract_is_not_in_the_network():
    prevu = liens("caf lieu", genre="label", provenance="texte")
    partage = liens("x y", genre="meme_dispositif", provenance="deduit")
    soi = liens("z z")
    assert mesurer_reseau(pl.concat([prevu, partage, soi]), {}).is_empty()


def test_two_links_between_the_same_actors_make_one_edge_and_keep_both_origins():
    deux = pl.concat([liens("a b"), liens("b a", genre="lieu_partage", provenance="deduit")])
    ligne = mesures(deux)["a"]
    assert (ligne["liens"], ligne["provenance"]) == (1, "deduit ; gabarit")


def test_components_go_from_the_largest():
    assert composantes(liens("a b, c d, d e")) == [["c", "d", "e"], ["a", "b"]]


def test_an_empty_network_has_no_measure_and_no_place():
    vide = pl.DataFrame(schema=LIENS)
    assert mesurer_reseau(vide, {}).is_empty()
    assert disposition(vide) == {}


def test_the_layout_is_the_same_each_time_inside_the_square_and_apart():
    table = pl.concat([liens(MARIAGES), liens("u v, v w"), liens("s t")])
    places = disposition(table)
    assert places == disposition(table.reverse())
    assert len(places) == 20
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places.values())
    assert len(set(places.values())) == 20


def test_paths_are_measured_on_links_of_work_alone_and_from_ten_of_them():
    voisins = liens("medicis voisin, strozzi voisin", genre="lieu_partage", provenance="deduit")
    roles = dict.fromkeys(["medicis", "strozzi", "voisin"], 1)
    table = reseau_des_solidarites(pl.concat([liens(MARIAGES), voisins]), roles)
    places = {ligne["acteur"]: ligne for ligne in table.iter_rows(named=True)}
    assert places["medicis"]["intermediarite"] == pytest.approx(0.522, abs=5e-4)
    assert places["medicis"]["liens"] == 7
    assert places["voisin"]["seul_pont"] is None
    peu = ", ".join(MARIAGES.replace("\n", " ").split(",")[: MINIMUM_DE_LIENS - 1])
    assert set(reseau_des_solidarites(liens(peu), {})["seul_pont"]) == {None}


def test_a_neighbour_without_a_role_is_not_linked_and_a_funded_employer_with_one_is():
    lieux = liens("caf dialyse, caf ehpad", genre="lieu_partage", provenance="deduit")
    postes = liens("prefet caf, prefet dialyse", genre="cofinancement", provenance="public")
    table = reseau_des_solidarites(pl.concat([lieux, postes]), {"caf": 2, "ehpad": 0})
    assert set(table["acteur"]) == {"caf", "prefet"}
