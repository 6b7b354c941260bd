"""Graphiques : place des points, intervalles, ruptures, absences, barres depuis zéro."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from solidiag.publication.charte import AXES, BLANC
from solidiag.publication.graphiques import (
    CelluleBarre,
    Choisi,
    LigneBarres,
    LigneHaltere,
    LigneRang,
    Mesure,
    Part,
    PointEvolution,
    Reference,
    SerieEvolution,
    bande,
    barre_empilee,
    barres_cellule,
    evolution,
    haltere,
    rangs,
)
from solidiag.publication.graphiques.axe import Axe, ecarter

SVG = "{http://www.w3.org/2000/svg}"


def racine(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314


def textes(svg: str) -> list[str]:
    return ["".join(t.itertext()) for t in racine(svg).iter(f"{SVG}text")]


def groupes(svg: str, attribut: str = "data-t") -> dict[str, ET.Element]:
    return {g.attrib[attribut]: g for g in racine(svg).iter(f"{SVG}g") if attribut in g.attrib}


def points_de_bande(svg: str) -> dict[str, tuple[float, float]]:
    return {
        c.attrib["data-t"]: (float(c.attrib["cx"]), float(c.attrib["cy"]))
        for c in racine(svg).iter(f"{SVG}circle")
    }


def test_a_strip_has_a_dot_per_territory_in_the_order_of_values() -> None:
    svg = bande([("A", 10.0), ("B", 10.0), ("C", 30.0)], titre_axe="Taux", prefixe="g")
    places = points_de_bande(svg)
    assert places["A"][0] == places["B"][0] < places["C"][0]
    assert abs(places["A"][1] - places["B"][1]) > 5


def test_no_dot_of_a_strip_hides_another() -> None:
    svg = bande([(f"T{i}", float(i % 12)) for i in range(150)], titre_axe="x", prefixe="g")
    places = list(points_de_bande(svg).values())
    assert len(places) == 150
    for rang, (x, y) in enumerate(places):
        assert all((x - a) ** 2 + (y - b) ** 2 > 5.3**2 for a, b in places[rang + 1 :])


def test_the_chosen_territory_is_named_with_its_interval_and_references() -> None:
    svg = bande(
        [("A", 10.0), ("B", 20.0)],
        titre_axe="Taux",
        prefixe="g",
        unite="percent",
        choisi=Choisi(id="B", nom="Bourg", texte="20\u00a0%", intervalle=(18.0, 23.0)),
        references=[Reference(nom="France", valeur=14.9, texte="14,9\u00a0%")],
    )
    ecrits = textes(svg)
    assert "Bourg\u00a0: 20\u00a0%" in ecrits
    assert "France 14,9\u00a0%" in ecrits
    choisi = next(c for c in racine(svg).iter(f"{SVG}circle") if c.attrib["class"] == "choisi")
    assert choisi.attrib["data-t"] == "B"
    assert list(points_de_bande(svg)) == ["A", "B"]


def test_a_chosen_territory_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="n'a pas de point"):
        bande(
            [("A", 1.0)],
            titre_axe="",
            prefixe="g",
            choisi=Choisi(id="Z", nom="", texte=""),
        )


def test_the_axis_writes_french_numbers_with_enough_decimals() -> None:
    axe = Axe.pour([0.12, 0.31], debut=0, fin=100, unite="percent")
    assert [axe.libelle(r) for r in axe.reperes][:2] == ["0,10\u00a0%", "0,15\u00a0%"]
    assert axe.place(axe.reperes[0]) == 0
    assert axe.place(axe.reperes[-1]) == 100


def test_labels_pushed_apart_keep_their_order() -> None:
    places = [10.0, 11.0, 12.0, 50.0]
    poses = ecarter(places, 5)
    assert poses == sorted(poses)
    assert all(b - a >= 5 - 1e-9 for a, b in pairwise(poses))


LIGNES = [
    LigneHaltere(
        id="A",
        nom="Premier pays",
        avant=Mesure(valeur=10.0, texte="10\u00a0%", intervalle=(9.0, 11.0)),
        apres=Mesure(valeur=14.0, texte="14\u00a0%"),
    ),
    LigneHaltere(
        id="B",
        nom="Deuxième pays",
        avant=Mesure(valeur=8.0, texte="8\u00a0%"),
        apres=Mesure(valeur=16.0, texte="16\u00a0%"),
        rupture=True,
    ),
    LigneHaltere(
        id="C",
        nom="Troisième pays",
        avant=Mesure(valeur=9.0, texte="9\u00a0%"),
        apres=Mesure(statut="Q"),
    ),
]


def test_a_dumbbell_links_two_dates_and_gaps_at_a_break() -> None:
    svg = haltere(LIGNES, dates=("2016", "2021"), titre_axe="Taux", prefixe="g")
    rangees = groupes(svg)
    traits = {nom: [p.attrib for p in g.iter(f"{SVG}path")] for nom, g in rangees.items()}
    assert len([t for t in traits["A"] if "stroke-dasharray" not in t]) == 2
    assert [("stroke-dasharray" in t) for t in traits["B"]] == [True, True]
    fins = [re.findall(r"[ML]([\d.]+)", t["d"]) for t in traits["B"]]
    assert abs(float(fins[0][1]) - float(fins[1][0])) > 4
    assert any(t.startswith("Trait interrompu") for t in textes(svg))
    assert any("marge d'incertitude" in t for t in textes(svg))


def test_a_missing_date_shows_its_sign_and_no_dot() -> None:
    svg = haltere(LIGNES, dates=("2016", "2021"), titre_axe="Taux", prefixe="g")
    rangee = groupes(svg)["C"]
    cercles = list(rangee.iter(f"{SVG}circle"))
    assert [c.attrib["fill"] for c in cercles] == [BLANC]
    assert "secret" in ["".join(t.itertext()) for t in rangee.iter(f"{SVG}text")]


def test_no_break_no_note() -> None:
    svg = haltere([LIGNES[2]], dates=("2016", "2021"), titre_axe="Taux", prefixe="g")
    assert not any("rupture" in t for t in textes(svg))


def serie(**changes: object) -> SerieEvolution:
    points = tuple(
        PointEvolution(periode=str(a), valeur=float(a - 2000), texte=str(a - 2000))
        for a in range(2015, 2020)
    )
    arguments: dict[str, object] = {"id": "DEP-99", "nom": "Pays", "points": points}
    return SerieEvolution(**(arguments | changes))  # type: ignore[arg-type]


def lignes_de(svg: str, identifiant: str) -> list[list[float]]:
    traits = [p for p in groupes(svg)[identifiant].iter(f"{SVG}path") if p.attrib["fill"] == "none"]
    return [[float(x) for x in re.findall(r"[ML]([\d.]+) ", p.attrib["d"])] for p in traits]


def test_a_line_without_break_is_one_stroke() -> None:
    assert [
        len(t) for t in lignes_de(evolution([serie()], titre_axe="x", prefixe="g"), "DEP-99")
    ] == [5]


def test_a_break_and_a_missing_value_cut_the_line() -> None:
    points = list(serie().points)
    points[2] = PointEvolution(periode="2017", valeur=17.0, rupture=True)
    rompue = evolution([serie(points=tuple(points))], titre_axe="x", prefixe="g")
    assert [len(t) for t in lignes_de(rompue, "DEP-99")] == [2, 3]
    assert "Ligne interrompue\u00a0: rupture de série" in textes(rompue)
    points[2] = PointEvolution(periode="2017", valeur=None)
    trouee = evolution([serie(points=tuple(points))], titre_axe="x", prefixe="g")
    assert [len(t) for t in lignes_de(trouee, "DEP-99")] == [2, 2]


def test_years_are_spaced_as_time_passes() -> None:
    points = tuple(
        PointEvolution(periode=p, valeur=float(i)) for i, p in enumerate(["2010", "2011", "2021"])
    )
    svg = evolution([serie(points=points)], titre_axe="x", prefixe="g")
    (places,) = lignes_de(svg, "DEP-99")
    assert (places[2] - places[1]) / (places[1] - places[0]) == pytest.approx(10, rel=0.02)


def test_intervals_of_a_line_are_a_band() -> None:
    points = tuple(
        PointEvolution(periode=str(a), valeur=10.0, intervalle=(8.0, 12.0)) for a in (2019, 2021)
    )
    svg = evolution([serie(points=points)], titre_axe="x", prefixe="g")
    bandes = [p for p in groupes(svg)["DEP-99"].iter(f"{SVG}path") if "fill-opacity" in p.attrib]
    assert len(bandes) == 1
    assert "Bande claire\u00a0: l'intervalle est la marge d'incertitude" in textes(svg)


def test_the_last_value_is_written_at_the_end_of_the_line() -> None:
    assert {"Pays", "19"} <= set(textes(evolution([serie()], titre_axe="x", prefixe="g")))


def test_a_chart_without_any_value_is_refused() -> None:
    vide = serie(points=(PointEvolution(periode="2019", valeur=None),))
    with pytest.raises(ValueError, match="au moins une valeur"):
        evolution([vide], titre_axe="x", prefixe="g")


def barres(*valeurs: float | None) -> list[LigneBarres]:
    return [
        LigneBarres(
            id=f"T{i}",
            nom=f"Pays {i}",
            cellules=(CelluleBarre(valeur=v, texte=str(v), statut="O"),),
        )
        for i, v in enumerate(valeurs)
    ]


def test_bars_start_at_zero() -> None:
    svg = barres_cellule(barres(100.0, 50.0, 0.0, None), ["Taux"], prefixe="g")
    largeurs = {
        nom: [float(r.attrib["width"]) for r in g.iter(f"{SVG}rect")]
        for nom, g in groupes(svg).items()
    }
    assert largeurs["T0"][0] == pytest.approx(2 * largeurs["T1"][0], abs=0.2)
    assert largeurs["T2"] == [0.0]
    assert largeurs["T3"] == []
    assert "non publié" in textes(svg)


def test_bars_refuse_negative_values_and_missing_cells() -> None:
    with pytest.raises(ValueError, match="zéro"):
        barres_cellule(barres(-1.0), ["Taux"], prefixe="g")
    with pytest.raises(ValueError, match="une cellule par colonne"):
        barres_cellule(barres(1.0), ["Taux", "Autre"], prefixe="g")


def test_a_long_name_is_never_cut_when_it_can_be_smaller() -> None:
    nom = "Communauté d'agglomération du Bassin de la Grande Rivière"
    rangee = LigneBarres(id="T", nom=nom, cellules=(CelluleBarre(valeur=1.0, texte="1"),))
    assert nom in " ".join(textes(barres_cellule([rangee], ["Taux"], prefixe="g")))


def test_a_stacked_bar_fills_the_width_in_proportion() -> None:
    parts = [
        Part(nom="Un", valeur=60, texte="60\u00a0%"),
        Part(nom="Deux", valeur=20, texte="20\u00a0%"),
    ]
    svg = barre_empilee(parts, prefixe="g")
    barres_ = [
        float(r.attrib["width"])
        for r in racine(svg).iter(f"{SVG}rect")
        if r.attrib.get("stroke") == BLANC
    ]
    assert barres_ == pytest.approx([330.0, 110.0])
    assert "Un\u00a0: 60\u00a0%" in textes(svg)


@pytest.mark.parametrize("valeurs", [[], [0.0], [3.0, -1.0], [1.0] * 6])
def test_a_stacked_bar_refuses_what_is_not_a_whole(valeurs: list[float]) -> None:
    with pytest.raises(ValueError, match="parts positives"):
        barre_empilee([Part(nom="x", valeur=v, texte="") for v in valeurs], prefixe="g")


def test_ranks_show_their_span_and_the_unranked_are_said() -> None:
    svg = rangs(
        [
            LigneRang(id="un", nom="Un", axe=1, rang=1, etendue=(1, 4), centrale=(1, 2)),
            LigneRang(id="deux", nom="Deux", axe=2, rang=2),
            LigneRang(id="trois", nom="Trois", axe=3),
        ],
        prefixe="g",
        axes={1: "Premier axe"},
    )
    rangees = groupes(svg, "data-d")
    assert set(rangees) == {"un", "deux"}
    fins = [
        [float(x) for x in re.findall(r"[ML]([\d.]+) ", p.attrib["d"])]
        for p in rangees["un"].iter(f"{SVG}path")
    ]
    assert fins[0][1] - fins[0][0] > fins[1][1] - fins[1][0] > 0
    centre = next(rangees["un"].iter(f"{SVG}circle"))
    assert centre.attrib["fill"] == AXES[0]
    assert "à documenter" in textes(svg)


def test_ranks_without_any_ranked_domain_are_refused() -> None:
    with pytest.raises(ValueError, match="aucun domaine"):
        rangs([LigneRang(id="a", nom="A", axe=1)], prefixe="g")
