"""Propriétés des passages, de l'alignement, des distances et de l'écriture des nombres."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.geography.alignement import aligner
from solidiag.geography.distances import distances_km
from solidiag.geography.passages import Passages
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import TABLE_SOURCE
from solidiag.publication.francais import FINE, MOINS, enumerer, nombre, typographier
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot


@cache
def referentiel() -> Referentiel:
    return charger_referentiel(Depot().octets)


@cache
def communes_sans_partage(cog: int) -> tuple[str, ...]:
    passages = referentiel().passages
    partagees = set(passages.entre(cog, 2026).filter(pl.col("relation") == "split")["ancien"])
    return tuple(sorted(passages.communes_au(cog) - partagees))


def effectifs(codes: tuple[str, ...], valeurs: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "niveau": "COM",
            "code": list(codes),
            "variable": "effectif",
            "periode": "2020",
            "valeur": [float(valeurs[rang % len(valeurs)]) for rang in range(len(codes))],
            "statut": "A",
            "precision": "exact",
            "ligne": list(range(2, len(codes) + 2)),
        },
        schema=TABLE_SOURCE,
    )


@settings(max_examples=15, deadline=None)
@given(
    cog=st.integers(2012, 2026),
    valeurs=st.lists(st.integers(0, 10**6), min_size=1, max_size=50),
)
def test_counts_are_conserved(cog: int, valeurs: list[int]) -> None:
    table = effectifs(communes_sans_partage(cog), valeurs)
    alignee = aligner(
        table,
        referentiel().passages,
        cog_fichier=cog,
        cog=2026,
        sommables=frozenset({"effectif"}),
    )
    assert alignee["valeur"].sum() == table["valeur"].sum()
    assert alignee["valeur"].null_count() == 0
    assert alignee["code"].is_unique().all()
    assert set(alignee["code"]) <= set(referentiel().communes["code"])


@settings(max_examples=10, deadline=None)
@given(cog=st.integers(2012, 2025), graine=st.integers(0, 1000))
def test_row_order_does_not_matter(cog: int, graine: int) -> None:
    table = effectifs(communes_sans_partage(cog)[:3000], [1, 2, 3])
    options = {"cog_fichier": cog, "cog": 2026, "sommables": frozenset({"effectif"})}
    passages = referentiel().passages
    droite = aligner(table, passages, **options).sort("code")  # type: ignore[arg-type]
    melangee = table.sample(fraction=1.0, shuffle=True, seed=graine)
    autre = aligner(melangee, passages, **options).sort("code")  # type: ignore[arg-type]
    assert droite.equals(autre)


@settings(max_examples=10, deadline=None)
@given(debut=st.integers(2012, 2024), pas=st.integers(1, 6))
def test_passages_compose(debut: int, pas: int) -> None:
    milieu = min(debut + pas, 2026)
    passages = referentiel().passages
    suivies = ["unchanged", "merged"]
    premier = passages.entre(debut, milieu).filter(pl.col("relation").is_in(suivies))
    second = passages.entre(milieu, 2026).filter(pl.col("relation").is_in(suivies))
    direct = passages.entre(debut, 2026).filter(pl.col("relation").is_in(suivies))
    composes = set(
        premier.join(second, left_on="nouveau", right_on="ancien")
        .select("ancien", pl.col("nouveau_right"))
        .iter_rows()
    )
    assert composes <= set(direct.select("ancien", "nouveau").iter_rows())


@cache
def fusions_simulees() -> Passages:
    evenements = [("2020-01-01", 1, "B", "A"), ("2020-01-01", 1, "A", "A")]
    return Passages(
        cog=2026,
        communes=frozenset({"A"}),
        mouvements=pl.DataFrame(
            evenements, schema=["date", "ordre", "avant", "apres"], orient="row"
        ),
        deleguees={},
        arrondissements={},
    )


@settings(deadline=None)
@given(
    gauche=st.one_of(st.none(), st.integers(0, 1000)),
    droite=st.one_of(st.none(), st.integers(0, 1000)),
)
def test_a_sum_exists_only_if_every_part_is_known(gauche: int | None, droite: int | None) -> None:
    parts = [gauche, droite]
    table = pl.DataFrame(
        {
            "niveau": "COM",
            "code": ["A", "B"],
            "variable": "effectif",
            "periode": "2015",
            "valeur": parts,
            "statut": ["A" if part is not None else "Q" for part in parts],
            "precision": "exact",
            "ligne": [2, 3],
        },
        schema=TABLE_SOURCE,
        strict=False,
    )
    (ligne,) = aligner(
        table,
        fusions_simulees(),
        cog_fichier=2015,
        cog=2026,
        sommables=frozenset({"effectif"}),
    ).iter_rows(named=True)
    if gauche is None or droite is None:
        assert ligne["valeur"] is None
        assert ligne["statut"] == "Q"
    else:
        assert ligne["valeur"] == gauche + droite
        assert ligne["statut"] == "A"


degres = st.tuples(st.floats(-89, 89), st.floats(-179, 179))


@settings(deadline=None)
@given(a=degres, b=degres, c=degres)
def test_distance_is_a_metric(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]
) -> None:
    points = ([a[0], b[0], c[0]], [a[1], b[1], c[1]])
    d = distances_km(*points, vers_latitudes=points[0], vers_longitudes=points[1])
    assert (d >= 0).all()
    assert d[0, 0] == pytest.approx(0, abs=1e-6)
    assert d[0, 1] == pytest.approx(d[1, 0])
    assert d[0, 2] <= d[0, 1] + d[1, 2] + 1e-6


@settings(deadline=None)
@given(valeur=st.floats(-1e9, 1e9, allow_nan=False), decimales=st.integers(0, 3))
def test_a_written_number_reads_back(valeur: float, decimales: int) -> None:
    texte = nombre(valeur, decimales=decimales)
    relu = float(texte.replace(FINE, "").replace(",", ".").replace(MOINS, "-"))
    assert relu == pytest.approx(valeur, abs=0.5 * 10**-decimales + 1e-6)
    assert not texte.startswith(f"{MOINS}0,0") or float(relu) != 0


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True)))
def test_a_list_keeps_every_term(termes: list[str]) -> None:
    assert enumerer(termes).replace(" et ", ", ").split(", ") == (termes or [""])


@settings(deadline=None)
@given(st.text(alphabet="ab ?:;!«»%1 \u00a0/.@h"))
def test_typography_is_idempotent(texte: str) -> None:
    une_fois = typographier(texte)
    assert typographier(une_fois) == une_fois
