"""Taux lissés d'un diagnostic entier : le fichier, le rapport du site, les marques d'absence."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from solidiag.publication.rapport.expressions import majuscule
from solidiag.publication.rapport.lissages import TAUX_LISSE, mention_lissee
from solidiag.publication.verification.jetons import jetons_de_contenu


def _lissages(diagnostic: Path) -> pl.DataFrame:
    return pl.read_csv(diagnostic / "donnees" / "lissages.csv", separator=";", decimal_comma=True)


def test_the_sentence_under_a_smoothed_map_carries_no_number() -> None:
    assert list(jetons_de_contenu(mention_lissee())) == []


def test_open_data_give_both_rates_and_nothing_where_one_is_missing(diagnostic: Path) -> None:
    table = _lissages(diagnostic)
    chiffres = ["taux_observe", "taux_lisse", "part_de_l_observe", "numerateur", "denominateur"]
    manques = table.select(pl.sum_horizontal(pl.col(c).is_null() for c in chiffres).alias("n"))
    assert set(manques["n"]) <= {0, len(chiffres)}
    caches = table.filter(pl.col("taux_observe").is_null())
    assert caches.height > 0
    assert set(caches["statut"]) <= {"Q", "O", "L", "M"}
    entre = table.filter(pl.col("taux_lisse").is_not_null()).select(
        (
            (pl.col("taux_observe") - pl.col("taux_lisse"))
            * (pl.col("taux_lisse") - pl.col("taux_du_departement"))
        ).min()
    )
    assert entre.item() >= -1e-9


def test_every_smoothed_map_says_so_in_its_caption_and_its_legend(diagnostic: Path) -> None:
    indicateurs = _lissages(diagnostic)["indicateur"].unique().to_list()
    pages = [p.read_text(encoding="utf-8") for p in (diagnostic / "site").glob("*.html")]
    vues = 0
    for page in pages:
        for identifiant in indicateurs:
            _, trouve, suite = page.partition(f'<figure class="figure" id="carte-{identifiant}"')
            figure = suite.partition("</figure>")[0]
            if trouve:
                vues += 1
                legende = figure.partition("<figcaption>")[2].partition("</figcaption>")[0]
                assert majuscule(TAUX_LISSE) in legende
                assert "bayésien" in figure.partition("<svg")[2]
                assert "lissages|" in figure
    assert vues > 0
