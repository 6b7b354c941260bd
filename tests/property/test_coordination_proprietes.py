"""Propriétés de la coordination : réunir est idempotent, un lien de plus ne coupe personne."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.model.coordination import ACTEURS, DISPOSITIFS, LIENS, PARCOURS
from solidiag.offre.coordination.france_travail import ETAPES, etat_des_etapes, parcours_complet
from solidiag.offre.coordination.registre import Registres, en_table, reunir_registres
from solidiag.offre.coordination.reseau import composantes, disposition, mesurer_reseau

ACTEUR = st.sampled_from("abcdefgh")
PAIRES = st.lists(st.tuples(ACTEUR, ACTEUR), max_size=14)
DATES = st.sampled_from([None, "2024", "2026", "2027-06"])


def liens(paires: list[tuple[str, str]]) -> pl.DataFrame:
    lignes = [
        {"acteur_a": a, "acteur_b": b, "type": "orientation", "provenance": "gabarit"}
        for a, b in paires
    ]
    return en_table(lignes, LIENS)


@st.composite
def registres(draw: st.DrawFn, provenance: str) -> dict[str, pl.DataFrame]:
    noms = draw(st.lists(st.sampled_from(["Un", "Deux", "Trois", "Caf des Landes"]), max_size=4))
    acteurs = [
        {"id": f"{provenance}-{i}", "nom": nom, "type": draw(st.sampled_from(["etat", "caisse"])),
         "provenance": provenance, "ligne": i}
        for i, nom in enumerate(noms)
    ]  # fmt: skip
    dispositifs = [
        {"id": draw(st.sampled_from(["x", "y"])), "fin": draw(DATES), "debut": draw(DATES),
         "pilote": draw(st.sampled_from([None, "gabarit-0", "public-0"])), "provenance": provenance,
         "ligne": i}
        for i in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    return {
        "acteurs": en_table(acteurs, ACTEURS),
        "dispositifs": en_table(dispositifs, DISPOSITIFS),
        "liens": liens(draw(PAIRES)).with_columns(provenance=pl.lit(provenance)),
    }


@settings(max_examples=25)
@given(registres("public"), registres("gabarit"))
def test_merging_the_same_workbook_twice_changes_nothing(public, gabarit):
    une = reunir_registres(Registres.depuis(public), gabarit)
    deux = reunir_registres(une, gabarit)
    for nom, table in une.tables.items():
        assert table.equals(getattr(deux, nom)), nom


@settings(max_examples=25)
@given(registres("public"), registres("gabarit"))
def test_merging_loses_no_row_and_changes_no_value_but_the_remark(public, gabarit):
    reunis = reunir_registres(Registres.depuis(public), gabarit)
    for nom in ("acteurs", "dispositifs", "liens"):
        table = getattr(reunis, nom)
        for avant, provenance in ((public[nom], "public"), (gabarit[nom], "gabarit")):
            apres = table.filter(pl.col("provenance") == provenance)
            assert apres.height == avant.unique().height
            if provenance == "public":
                garde = pl.exclude("remarque")
                assert apres.select(garde).equals(avant.unique(maintain_order=True).select(garde))


@settings(max_examples=40)
@given(PAIRES, st.tuples(ACTEUR, ACTEUR))
def test_one_more_link_never_separates_actors_nor_removes_a_neighbour(paires, ajoute):
    avant, apres = liens(paires), liens([*paires, ajoute])
    groupe_de = {a: i for i, groupe in enumerate(composantes(apres)) for a in groupe}
    for groupe in composantes(avant):
        assert len({groupe_de[a] for a in groupe}) == 1
    degres = dict(mesurer_reseau(avant, {}).select("acteur", "liens").iter_rows())
    nouveaux = dict(mesurer_reseau(apres, {}).select("acteur", "liens").iter_rows())
    assert all(nouveaux[acteur] >= degre for acteur, degre in degres.items())


@settings(max_examples=40)
@given(PAIRES, st.randoms(use_true_random=False))
def test_the_order_and_direction_of_links_change_nothing(paires, hasard):
    melanges = [(b, a) if hasard.random() < 0.5 else (a, b) for a, b in paires]
    hasard.shuffle(melanges)
    assert mesurer_reseau(liens(paires), {}).equals(mesurer_reseau(liens(melanges), {}))
    assert disposition(liens(paires)) == disposition(liens(melanges))


@settings(max_examples=40)
@given(PAIRES)
def test_betweenness_is_a_share_and_only_a_bridge_separates(paires):
    for ligne in mesurer_reseau(liens(paires), {}).iter_rows(named=True):
        assert 0 <= ligne["intermediarite"] <= 1
        assert ligne["seul_pont"] == bool(ligne["separes"])
        if ligne["seul_pont"]:
            assert ligne["intermediarite"] > 0


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["EPCI-1", "EPCI-2"]),
            st.sampled_from(ETAPES),
            st.sampled_from(["etabli", "absent", "inconnu"]),
        ),
        max_size=10,
    )
)
def test_a_path_is_never_absent_unless_written_and_completing_it_is_idempotent(dites):
    parcours = en_table(
        [
            {"territoire": t, "etape": e, "etat": s, "provenance": "gabarit"}
            for t, e, s in dites
        ],
        PARCOURS,
    )  # fmt: skip
    complet = parcours_complet(parcours, ["EPCI-1", "EPCI-2"])
    assert complet.equals(parcours_complet(complet, ["EPCI-1", "EPCI-2"]))
    for territoire, etapes in etat_des_etapes(complet).items():
        for etape, etat in etapes.items():
            if etat == "absent":
                assert (territoire, etape, "absent") in dites
