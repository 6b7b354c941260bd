"""Propriétés de la réunion des doublons, quelles que soient les lignes."""

from __future__ import annotations

from functools import cache

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.model.service import SERVICES
from solidiag.offre.doublons import reunir, un_par_service
from solidiag.storage.depot import Depot


@cache
def _categories() -> dict[str, CategorieService]:
    return lire_categories(Depot().declaration("services/categories.yaml"))


LIGNES = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["x", "y", "z"]),
            "nom": st.sampled_from(["EHPAD Le Conte", "EHPAD", "LE CONTE", "Les Pins", None]),
            "categorie": st.sampled_from(["ehpad", "msap", "france-services", "siae"]),
            "adresse": st.sampled_from(["4 rue des Pins", "rue des Pins", "5 av. du Lac", None]),
            "siret": st.sampled_from(["1" * 14, "2" * 14, None]),
            "code_insee": st.sampled_from(["40088", "40192", None]),
            "latitude": st.sampled_from([43.7, 43.7001, 43.8]),
            "date_source": st.sampled_from(["2019", "2022-06"]),
        }
    ),
    max_size=8,
)


def _table(lignes: list[dict[str, object]]) -> pl.DataFrame:
    rangees = [
        ligne | {"id": f"{ligne['source']}:{rang}-{ligne['nom']}", "longitude": -1.0,
                 "precision_geo": "point"}
        for rang, ligne in enumerate(lignes)
    ]  # fmt: skip
    return pl.DataFrame(rangees, schema=SERVICES)


@given(LIGNES)
@settings(deadline=None, max_examples=150)
def test_groups_partition_the_rows(lignes: list[dict[str, object]]) -> None:
    table, paires = reunir(_table(lignes), _categories())
    assert table.height == len(lignes)
    assert set(table["groupe"]) <= set(table["id"])
    tetes = table.filter(pl.col("id") == pl.col("groupe"))
    assert tetes.height == table["groupe"].n_unique()
    assert un_par_service(table).height == tetes.height
    assert paires.filter(pl.col("motif") == "").is_empty()


@given(LIGNES)
@settings(deadline=None, max_examples=150)
def test_two_known_communes_never_share_a_group(lignes: list[dict[str, object]]) -> None:
    table, paires = reunir(_table(lignes), _categories())
    directes = paires.filter(pl.col("reunies") & (pl.col("verdict") == "meme"))
    codes = dict(table.select("id", "code_insee").iter_rows())
    for a, b in directes.select("id_a", "id_b").iter_rows():
        assert codes[a] is None or codes[b] is None or codes[a] == codes[b]
    communes = table.group_by("groupe").agg(pl.col("code_insee").drop_nulls().n_unique())
    assert (communes["code_insee"] <= 1).all()


@given(LIGNES, st.randoms())
@settings(deadline=None, max_examples=80)
def test_the_order_of_rows_changes_nothing(lignes, alea) -> None:
    table = _table(lignes)
    melangee = table.sample(fraction=1.0, shuffle=True, seed=alea.randint(0, 999))
    droit, envers = (reunir(t, _categories())[0].sort("id") for t in (table, melangee))
    assert droit.equals(envers)
