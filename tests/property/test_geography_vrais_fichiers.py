"""Fichiers de 2014, 2018, 2022 sur les communes de 2026 : un statut par ligne, tout compté."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.geography.alignement import aligner
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import TABLE_SOURCE
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot

ECHANTILLONS = Path(__file__).parents[1] / "contract" / "echantillons"
STATUTS = {"unchanged", "merged", "split", "absent"}
COG_DES_FICHIERS = {2014: 2015, 2018: 2019, 2022: 2025}
"""Découpage communal de chaque fichier."""

DEPARTEMENTS = ("40", "49", "61", "2A")
"""Deux départements très fusionnés (Maine-et-Loire, Orne), les Landes et la Corse-du-Sud."""


@cache
def referentiel() -> Referentiel:
    return charger_referentiel(Depot.embarque().octets)


@cache
def vrai_fichier(annee: int) -> pl.DataFrame:
    """Effectifs communaux d'un vrai fichier : ménages fiscaux (2014, 2018), recensement (2022)."""
    if annee == 2022:
        lu = pl.read_csv(
            Depot.embarque().octets("besoins/tiers/rp2022_communes.csv.gz"),
            separator=";",
            infer_schema=False,
        ).select(code=pl.col("COM"), valeur=pl.col("pop_22").cast(pl.Float64))
        lu = lu.filter(pl.col("code").str.slice(0, 2).is_in(DEPARTEMENTS))
    else:
        lu = pl.read_csv(
            ECHANTILLONS / f"menages_fiscaux_{annee}.csv", separator=";", infer_schema=False
        )
        lu = lu.select(
            code=pl.col("CODGEO"),
            valeur=pl.col(lu.columns[1]).str.replace(",", ".").cast(pl.Float64),
        )
    return (
        lu.drop_nulls("valeur")
        .with_columns(
            niveau=pl.lit("COM"),
            variable=pl.lit("effectif"),
            periode=pl.lit(str(annee)),
            statut=pl.lit("A"),
            precision=pl.lit("exact"),
            ligne=pl.int_range(2, pl.len() + 2),
        )
        .select(pl.col(nom).cast(genre) for nom, genre in TABLE_SOURCE.items())
    )


def alignee_de(table: pl.DataFrame, annee: int, **options: object) -> pl.DataFrame:
    return aligner(
        table,
        referentiel().passages,
        cog_fichier=COG_DES_FICHIERS[annee],
        cog=2026,
        sommables=frozenset({"effectif"}),
        **options,  # type: ignore[arg-type]
    )


def parts_sans_valeur(table: pl.DataFrame, alignee: pl.DataFrame, annee: int) -> float:
    """Effectif du fichier dont la commune d'aujourd'hui est sans valeur, et dit pourquoi."""
    passages = referentiel().passages.entre(COG_DES_FICHIERS[annee], 2026)
    muettes = set(alignee.filter(pl.col("valeur").is_null())["code"])
    anciennes = set(passages.filter(pl.col("nouveau").is_in(muettes))["ancien"]) | muettes
    return float(table.filter(pl.col("code").is_in(anciennes))["valeur"].sum())


@pytest.mark.parametrize("annee", [2014, 2018, 2022])
def test_un_vrai_fichier_arrive_sur_2026_avec_un_statut_par_ligne(annee: int) -> None:
    table = vrai_fichier(annee)
    departements = set(table["code"].str.slice(0, 2))
    attendues = (
        referentiel()
        .communes.filter(pl.col("code").str.slice(0, 2).is_in(departements))["code"]
        .to_list()
    )
    alignee = alignee_de(table, annee, communes=attendues)
    assert alignee["statut_cog"].is_in(STATUTS).all()
    assert alignee.select("code", "variable").is_unique().all()
    assert set(attendues) <= set(alignee["code"])
    sans = alignee.filter(pl.col("valeur").is_null())
    assert (sans["statut"] != "A").all(), "une absence n'est jamais une mesure"
    avec = alignee.filter(pl.col("valeur").is_not_null())
    assert set(avec["statut_cog"]) <= {"unchanged", "merged"}
    conservee = float(avec["valeur"].sum()) + parts_sans_valeur(table, alignee, annee)
    assert conservee == pytest.approx(float(table["valeur"].sum()), abs=1e-6)


def test_les_fusions_de_l_anjou_et_de_l_orne_s_additionnent() -> None:
    alignee = alignee_de(vrai_fichier(2014), 2014)
    fusionnees = alignee.filter((pl.col("statut_cog") == "merged") & pl.col("valeur").is_not_null())
    assert fusionnees.height >= 20


@settings(max_examples=10, deadline=None)
@given(
    annee=st.sampled_from([2014, 2018, 2022]),
    graine=st.integers(0, 10_000),
    part=st.floats(0.3, 1.0),
)
def test_un_fichier_incomplet_ne_perd_ni_n_invente_un_habitant(
    annee: int, graine: int, part: float
) -> None:
    table = vrai_fichier(annee).sample(fraction=part, seed=graine, shuffle=True)
    alignee = alignee_de(table, annee)
    avec = alignee.filter(pl.col("valeur").is_not_null())
    conservee = float(avec["valeur"].sum()) + parts_sans_valeur(table, alignee, annee)
    assert conservee == pytest.approx(float(table["valeur"].sum()), abs=1e-6)
    assert alignee["statut_cog"].is_in(STATUTS).all()
