"""Cartes : un petit département carré de neuf communes et trois intercommunalités."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest
import shapely

from solidiag.geography.contours import Fond, Lieu
from solidiag.publication.cartes import (
    EchelleCercles,
    FondSvg,
    PointCarte,
    alt_carte,
    alt_cercles,
    alt_classes,
    alt_points,
    carte_cercles,
    carte_choroplethe,
    carte_classes,
    carte_points,
    carte_vierge,
    echelle_commune,
    libelle_classe,
    preparer_fond,
    teintes,
)
from solidiag.publication.cartes.ecarts import STYLES
from solidiag.publication.charte import (
    ABSENCES,
    BLANC,
    CARTE_EPCI,
    CARTE_VOISINS,
    SEQUENTIEL,
    contraste,
    luminance,
)
from solidiag.publication.document import Nombre, Texte
from solidiag.statistics.classes import Classes, classer, classer_autour

SVG = "{http://www.w3.org/2000/svg}"
COTE = 10_000.0
X0, Y0 = 400_000.0, 6_300_000.0
CODES = [f"990{i:02d}" for i in range(1, 10)]


def carre(colonne: int, rangee: int) -> shapely.Polygon:
    x, y = X0 + colonne * COTE, Y0 + rangee * COTE
    return shapely.box(x, y, x + COTE, y + COTE)


def fabriquer(*, sans_contour: tuple[str, ...] = ()) -> Fond:
    """Trois colonnes, une intercommunalité chacune ; celle de droite déborde à l'est."""
    communes = {code: carre(i // 3, i % 3) for i, code in enumerate(CODES)}
    dehors = {"98001": carre(3, 0)}
    groupes = [[*CODES[:3]], [*CODES[3:6]], [*CODES[6:], "98001"]]
    toutes = {**communes, **dehors}
    return Fond(
        departement="99",
        epsg=2154,
        communes=communes,
        epci={
            f"EPCI-{rang}": shapely.union_all([toutes[c] for c in codes])
            for rang, codes in enumerate(groupes, start=1)
        },
        communes_epci=dehors,
        contour=shapely.union_all(list(communes.values())),
        voisins={"98": shapely.box(X0 + 3 * COTE, Y0, X0 + 5 * COTE, Y0 + 3 * COTE)},
        lieux=tuple(
            Lieu(
                commune=code,
                nom=f"Bourg-sur-la-Rivière {lettre}",
                x=X0 + (i // 3 + 0.5) * COTE,
                y=Y0 + (i % 3 + 0.5) * COTE,
                population=1000 - i,
            )
            for i, (code, lettre) in enumerate(zip(CODES, "ABCDEFGHI", strict=True))
        ),
        centres={
            code: (surface.centroid.x, surface.centroid.y) for code, surface in toutes.items()
        },
        sans_contour=sans_contour,
    )


@pytest.fixture(scope="module")
def fond() -> FondSvg:
    return preparer_fond(fabriquer(), noms_epci={f"EPCI-{i}": f"Pays {i}" for i in (1, 2, 3)})


@pytest.fixture(scope="module")
def valeurs() -> dict[str, float | None]:
    suite: list[float | None] = [0.0, 4.0, 8.0, 12.0, 16.0, None, None, None, None]
    return {f"COM-{code}": valeur for code, valeur in zip(CODES, suite, strict=True)}


STATUTS = {"COM-99006": "Q", "COM-99007": "O", "COM-99008": "L", "COM-99009": "M"}
CLASSES = Classes(bornes=(0.0, 4.0, 8.0, 12.0, 16.0, 20.0), decimales=0, methode="jenks")


def dessiner(fond: FondSvg, valeurs: dict[str, float | None], **changes: object) -> str:
    arguments: dict[str, object] = {
        "classes": CLASSES,
        "legende": "Taux, en %",
        "prefixe": "f1",
        "statuts": STATUTS,
        "unite": "percent",
    }
    return carte_choroplethe(fond, valeurs, **(arguments | changes))  # type: ignore[arg-type]


def racine(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314


def textes(svg: str) -> list[str]:
    return ["".join(t.itertext()) for t in racine(svg).iter(f"{SVG}text")]


def formes(svg: str) -> dict[str, str]:
    return {
        p.attrib["data-t"]: p.attrib["class"]
        for p in racine(svg).iter(f"{SVG}path")
        if "data-t" in p.attrib
    }


def test_each_commune_is_drawn_once_with_its_class(
    fond: FondSvg, valeurs: dict[str, float | None]
) -> None:
    dessinees = [
        p.attrib["data-t"]
        for p in racine(dessiner(fond, valeurs)).iter(f"{SVG}path")
        if "data-t" in p.attrib
    ]
    assert Counter(dessinees) == Counter(f"COM-{code}" for code in CODES)


def test_zero_is_a_value_and_absences_keep_apart(
    fond: FondSvg, valeurs: dict[str, float | None]
) -> None:
    classes = formes(dessiner(fond, valeurs))
    assert classes["COM-99001"] == "c0"
    assert [classes[f"COM-9900{i}"] for i in (6, 7, 8, 9)] == [
        "absence-q",
        "absence-o",
        "absence-l",
        "absence-m",
    ]


def test_a_territory_nobody_speaks_of_is_not_documented(fond: FondSvg) -> None:
    classes = formes(dessiner(fond, {"COM-99001": 3.0}, statuts={}))
    assert Counter(classes.values()) == {"c0": 1, "absence-l": 8}


def test_the_legend_counts_communes_by_class_and_absence(
    fond: FondSvg, valeurs: dict[str, float | None]
) -> None:
    ecrits = textes(dessiner(fond, valeurs))
    debut = ecrits.index("communes")
    entrees = ecrits[debut + 1 : debut + 1 + 2 * 9]
    assert dict(zip(entrees[::2], entrees[1::2], strict=True)) == {
        "16 à 20\u00a0%": "1",
        "12 à 15\u00a0%": "1",
        "8 à 11\u00a0%": "1",
        "4 à 7\u00a0%": "1",
        "0 à 3\u00a0%": "1",
        "secret": "1",
        "non publié": "1",
        "non documenté": "1",
        "sans objet": "1",
    }


def test_the_legend_shows_only_the_absences_of_the_map(fond: FondSvg) -> None:
    ecrits = textes(dessiner(fond, {f"COM-{code}": 5.0 for code in CODES}))
    assert not {signe.libelle for signe in ABSENCES.values()} & set(ecrits)


def test_internal_references_resolve_and_carry_the_prefix(
    fond: FondSvg, valeurs: dict[str, float | None]
) -> None:
    for svg in (
        dessiner(fond, valeurs, titre="Titre", description="Description"),
        carte_classes(fond, {"EPCI-1": "vigilance"}, legende="x", prefixe="f1"),
    ):
        ids = re.findall(r'\sid="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        assert all(identifiant.startswith("f1-") for identifiant in ids)
        cites = re.findall(r"url\(#([^)]+)\)", svg)
        cites += re.findall(r'aria-labelledby="([^"]+)"', svg)
        assert {mot for cite in cites for mot in cite.split()} <= set(ids)


def test_title_and_description_are_optional(
    fond: FondSvg, valeurs: dict[str, float | None]
) -> None:
    nu = racine(dessiner(fond, valeurs))
    assert nu.attrib["role"] == "img"
    assert "aria-labelledby" not in nu.attrib
    nomme = racine(dessiner(fond, valeurs, titre="Un titre <à> lire"))
    titre = nomme.find(f"{SVG}title")
    assert titre is not None
    assert titre.text == "Un titre <à> lire"


def test_fills_of_absence_are_their_signs(fond: FondSvg, valeurs: dict[str, float | None]) -> None:
    svg = dessiner(fond, valeurs)
    for statut in ("q", "o", "l"):
        assert f'fill="url(#f1-absence-{statut})"' in svg
    assert 'stroke-dasharray="2 1.6"' in svg


def test_an_epci_map_fills_whole_epci_and_pales_what_is_outside(fond: FondSvg) -> None:
    classes = classer([1.0, 2.0, 3.0], decimales=0)
    taux = {f"EPCI-{i}": float(i) for i in (1, 2, 3)}
    svg = dessiner(fond, taux, classes=classes, niveau="EPCI")
    assert formes(svg) == {"EPCI-1": "c0", "EPCI-2": "c1", "EPCI-3": "c2"}
    dehors = next(g for g in racine(svg).iter(f"{SVG}g") if g.attrib.get("class") == "hors")
    assert float(dehors.attrib["opacity"]) < 1
    assert [p.attrib["fill"] for p in dehors] == [SEQUENTIEL[4]]
    assert any("autre département" in texte for texte in textes(svg))
    assert "Pays 1" in textes(svg)


def test_an_unknown_level_is_refused(fond: FondSvg) -> None:
    with pytest.raises(ValueError, match="niveau sans contour"):
        dessiner(fond, {}, niveau="BV")


def test_places_without_a_shape_are_said() -> None:
    fond = preparer_fond(fabriquer(sans_contour=("99101", "99102")))
    texte = " ".join(textes(dessiner(fond, {"COM-99001": 3.0})))
    assert "2 territoires sans contour, lus dans le tableau" in texte


def test_names_do_not_overlap_and_stay_in_the_frame(fond: FondSvg) -> None:
    boites = [etiquette.boite for etiquette in fond.lieux]
    assert len(boites) >= 5
    for rang, boite in enumerate(boites):
        assert boite.dans(fond.largeur, fond.hauteur)
        assert not boite.touche(fond.boite_barre)
        assert not any(boite.touche(autre) for autre in boites[rang + 1 :])


def test_the_scale_bar_measures_what_it_says(fond: FondSvg) -> None:
    metres = fond.barre.longueur / fond.echelle
    assert metres == pytest.approx(fond.barre.km * 1000)
    carte = dessiner(fond, {"COM-99001": 1.0})
    assert f"{fond.barre.km}\u00a0km" in textes(carte)


def test_a_point_in_degrees_falls_at_its_place(fond: FondSvg) -> None:
    x, y = fond.placer(-0.546845, 43.876390)
    assert (x, y) == pytest.approx((fond.largeur / 2, fond.hauteur / 2), abs=0.01)
    assert fond.contient(x, y)
    assert not fond.contient(*fond.placer(40.0, 10.0))


def test_a_small_populated_commune_gets_a_circle() -> None:
    base = fabriquer()
    etroite = shapely.box(X0, Y0, X0 + 600, Y0 + 600)
    communes = {**base.communes, "99001": base.communes["99001"].difference(etroite)}
    communes["99099"] = etroite
    fond = preparer_fond(
        Fond(
            departement="99",
            epsg=2154,
            communes=communes,
            epci=base.epci,
            communes_epci=base.communes_epci,
            contour=base.contour,
            voisins=base.voisins,
            lieux=base.lieux,
            centres={**base.centres, "99099": (X0 + 300, Y0 + 300)},
            sans_contour=(),
        ),
        populations={"COM-99099": 5000, "COM-99001": 200},
    )
    assert set(fond.grossies) == {"COM-99099"}
    svg = dessiner(fond, {"COM-99099": 17.0, "COM-99001": 1.0})
    cercles = [c for c in racine(svg).iter(f"{SVG}circle") if c.attrib.get("class") == "grossie"]
    assert [(c.attrib["data-t"], c.attrib["fill"]) for c in cercles] == [
        ("COM-99099", SEQUENTIEL[4])
    ]
    assert any("grossie" in texte for texte in textes(svg))


def test_references_are_written_beside_the_classes(
    fond: FondSvg, valeurs: dict[str, float | None]
) -> None:
    ecrits = textes(dessiner(fond, valeurs, reperes=[("France", "14,9\u00a0%")]))
    assert ecrits[ecrits.index("France") + 1] == "14,9\u00a0%"


def test_a_diverging_map_uses_the_diverging_scale() -> None:
    assert len(set(teintes(classer_autour([1, 5, 9], 5)))) == 5
    with pytest.raises(ValueError, match="cinq classes"):
        teintes(Classes(bornes=(0, 1, 2, 3, 4, 5, 6), decimales=0, methode="jenks"))


@pytest.mark.parametrize("nombre", [1, 2, 3, 4, 5])
def test_class_shades_darken_step_by_step(nombre: int) -> None:
    classes = Classes(
        bornes=tuple(float(i) for i in range(nombre + 1)), decimales=0, methode="jenks"
    )
    clartes = [luminance(teinte) for teinte in teintes(classes)]
    assert len(clartes) == nombre
    assert clartes == sorted(set(clartes), reverse=True)


def test_the_outline_stands_out_from_every_light_shade() -> None:
    for fond_ in (BLANC, CARTE_VOISINS, SEQUENTIEL[0], SEQUENTIEL[1]):
        assert contraste(CARTE_EPCI, fond_) >= 3
    for statut in ("Q", "L", "M"):
        assert contraste(ABSENCES[statut].trait, ABSENCES[statut].fond) >= 3


def test_a_floor_is_said_in_the_first_class() -> None:
    assert libelle_classe(CLASSES, 0, unite="percent", plancher=True) == "jusqu'à 3\u00a0%"
    assert libelle_classe(CLASSES, 1, unite="percent", plancher=True) == "4 à 7\u00a0%"


def test_circle_areas_are_proportional_and_zero_has_none(fond: FondSvg) -> None:
    echelle = echelle_commune([[100, 25], [400, None]])
    svg = carte_cercles(
        fond,
        {"COM-99001": 400, "COM-99002": 100, "COM-99003": 0, "COM-99004": None},
        echelle=echelle,
        legende="Places",
        prefixe="f2",
        statuts={"COM-99004": "Q"},
    )
    rayons = {
        c.attrib["data-t"]: float(c.attrib["r"])
        for c in racine(svg).iter(f"{SVG}circle")
        if c.attrib.get("class") == "cercle"
    }
    assert set(rayons) == {"COM-99001", "COM-99002"}
    aires = [math.pi * rayons[nom] ** 2 for nom in ("COM-99001", "COM-99002")]
    assert aires[0] / aires[1] == pytest.approx(4, rel=1e-2)
    ecrits = textes(svg)
    assert ecrits[ecrits.index("zéro") + 1] == "1"
    assert ecrits[ecrits.index("avec un cercle") + 1] == "2"
    assert ecrits[ecrits.index("secret") + 1] == "1"
    assert {"400", "100", "20"} <= set(ecrits)


def test_one_scale_gives_the_same_circle_on_two_maps(fond: FondSvg) -> None:
    echelle = EchelleCercles(maximum=1000)
    rayons = []
    for autre in (10, 900):
        svg = carte_cercles(
            fond,
            {"COM-99001": 50, "COM-99002": autre},
            echelle=echelle,
            legende="x",
            prefixe="f",
        )
        trouve = re.search(r'r="([\d.]+)" class="cercle" data-t="COM-99001"', svg)
        assert trouve is not None
        rayons.append(trouve.group(1))
    assert rayons[0] == rayons[1]


@pytest.mark.parametrize("maximum", [0, -3])
def test_a_scale_needs_a_positive_maximum(maximum: float) -> None:
    with pytest.raises(ValueError, match="positifs"):
        EchelleCercles(maximum=maximum)


def test_points_have_a_shape_per_category_and_uncertain_ones_are_hollow(fond: FondSvg) -> None:
    points = [
        PointCarte(id="a", categorie="un", latitude=43.8764, longitude=-0.5468),
        PointCarte(id="b", categorie="deux", latitude=43.8764, longitude=-0.5468, incertain=True),
        PointCarte(id="c", categorie="deux", latitude=10.0, longitude=40.0),
    ]
    svg = carte_points(
        fond,
        points,
        categories={"un": "Premier", "deux": "Second"},
        legende="Lieux",
        prefixe="f3",
        date="situation de 2024",
    )
    signes = {
        p.attrib["data-s"]: p.attrib for p in racine(svg).iter(f"{SVG}path") if "data-s" in p.attrib
    }
    assert set(signes) == {"a", "b"}
    assert signes["a"]["d"] != signes["b"]["d"]
    assert signes["a"]["transform"] != signes["b"]["transform"]
    assert signes["b"]["fill"] == BLANC
    assert signes["a"]["fill"] != BLANC
    ecrits = textes(svg)
    assert "situation de 2024" in ecrits
    assert ecrits[ecrits.index("Second") + 1] == "1"
    assert "1 lieu hors du cadre" in [t.replace("\u00a0", " ") for t in ecrits]


def test_points_refuse_unknown_or_too_many_categories(fond: FondSvg) -> None:
    point = PointCarte(id="a", categorie="x", latitude=44, longitude=0)
    with pytest.raises(ValueError, match="catégories non données"):
        carte_points(fond, [point], categories={"y": "Y"}, legende="", prefixe="f")
    with pytest.raises(ValueError, match="au plus"):
        carte_points(
            fond, [], categories={str(i): str(i) for i in range(9)}, legende="", prefixe="f"
        )


def test_matrix_classes_are_told_apart_without_colour(fond: FondSvg) -> None:
    svg = carte_classes(
        fond,
        {"EPCI-1": "vigilance", "EPCI-2": "presence_seulement"},
        legende="Petite enfance",
        prefixe="f4",
    )
    assert formes(svg) == {
        "EPCI-1": "vigilance",
        "EPCI-2": "presence_seulement",
        "EPCI-3": "non_mesure",
    }
    assert "tension\u00a0: besoin fort, offre faible" not in textes(svg)
    aspects = {(style.dessin, round(luminance(style.fond), 2)) for style in STYLES.values()}
    assert len(aspects) >= len(STYLES) - 1
    with pytest.raises(ValueError, match="classes inconnues"):
        carte_classes(fond, {"EPCI-1": "grave"}, legende="", prefixe="f")


def test_the_blank_map_has_every_territory_and_no_text(fond: FondSvg) -> None:
    svg = carte_vierge(fond, prefixe="f5", niveau="EPCI")
    assert re.findall(r'data-t="([^"]+)"', svg) == ["EPCI-1", "EPCI-2", "EPCI-3"]
    assert not textes(svg)


def test_the_alternative_names_areas_and_counts_with_keys(fond: FondSvg) -> None:
    taux = {f"COM-{code}": float(2 * i) for i, code in enumerate(CODES)}
    taux["COM-99005"] = None  # type: ignore[assignment]
    alt = alt_carte(
        fond,
        taux,
        classes=Classes(bornes=(0.0, 6.0, 12.0, 16.0), decimales=0, methode="jenks"),
        sujet="le taux en 2021",
        indicateur="taux",
        periode="2021",
        noms={f"EPCI-{i}": f"le pays {i}" for i in (1, 2, 3)},
        statuts={"COM-99005": "Q"},
        unite="percent",
    )
    assert "les plus fortes se trouvent surtout dans le pays 3" in alt.texte
    assert "les plus faibles dans le pays 1" in alt.texte
    assert "Sans valeur\u00a0: 1 en «\u00a0secret\u00a0»." in alt.texte
    assert "Bourg" not in alt.texte
    nombres = [m for m in alt.contenu if isinstance(m, Nombre)]
    assert [m.texte for m in nombres] == ["3", "2", "3", "1"]
    assert all(m.cle.indicateur == "taux" for m in nombres)
    nus = "".join(m.texte for m in alt.contenu if isinstance(m, Texte) and "2021" not in m.texte)
    assert not re.search(r"\d", nus)


def test_the_alternative_says_when_nothing_stands_out(fond: FondSvg) -> None:
    taux = {f"COM-{code}": float(i % 3) for i, code in enumerate(CODES)}
    alt = alt_carte(
        fond,
        taux,
        classes=classer(taux.values(), decimales=0),
        sujet="le taux",
        indicateur="taux",
        periode="2021",
        noms={},
    )
    assert "Aucune intercommunalité ne se distingue nettement" in alt.texte


def test_a_wide_map_puts_its_legend_below(valeurs: dict[str, float | None]) -> None:
    fond = preparer_fond(fabriquer(), largeur=360)
    boite = racine(dessiner(fond, valeurs)).attrib["viewBox"].split()
    assert float(boite[2]) == 360
    assert float(boite[3]) > fond.hauteur + 50


def test_the_alternative_of_circles_says_zero_and_absence(fond: FondSvg) -> None:
    alt = alt_cercles(
        fond,
        {"COM-99001": 40, "COM-99004": 0, "COM-99007": 3},
        sujet="les places",
        indicateur="places",
        periode="2020",
        noms={f"EPCI-{i}": f"le pays {i}" for i in (1, 2, 3)},
    )
    assert "plus importants sont dans le pays 1." in alt.texte
    assert "avec un cercle\u00a0: 2\u00a0; à zéro\u00a0: 1." in alt.texte
    assert "6 en «\u00a0non documenté\u00a0»" in alt.texte


def test_the_alternative_of_points_names_areas_without_any(fond: FondSvg) -> None:
    point = PointCarte(id="a", categorie="un", latitude=43.87639, longitude=-0.54684)
    alt = alt_points(
        fond,
        [point],
        categories={"un": "Premier"},
        sujet="lieux connus",
        noms={f"EPCI-{i}": f"le pays {i}" for i in (1, 2, 3)},
    )
    assert "Premier\u00a0: 1." in alt.texte
    assert "Aucun lieu n'est connu dans le pays 1 et le pays 3." in alt.texte


def test_the_alternative_of_classes_lists_the_areas_of_each(fond: FondSvg) -> None:
    alt = alt_classes(
        fond,
        {"EPCI-1": "tension", "EPCI-2": "couvert"},
        domaine="petite enfance",
        noms={f"EPCI-{i}": f"le pays {i}" for i in (1, 2, 3)},
    )
    assert "Tension\u00a0: le pays 1." in alt.texte
    assert "Pas d'écart relevé\u00a0: le pays 2." in alt.texte
    assert "Non mesuré\u00a0: le pays 3." in alt.texte


def test_a_service_stands_for_the_dot_of_its_town(fond: FondSvg) -> None:
    nu = carte_points(fond, [], categories={"un": "Premier"}, legende="x", prefixe="f")
    avant = len(re.findall(r"<circle", nu))
    milieu = PointCarte(id="a", categorie="un", latitude=43.87639, longitude=-0.54684)
    assert fond.placer(milieu.longitude, milieu.latitude) == pytest.approx(
        next((a, b) for n, a, b in fond.villes if n.endswith("E")), abs=0.1
    )
    couvert = carte_points(fond, [milieu], categories={"un": "Premier"}, legende="x", prefixe="f")
    assert len(re.findall(r"<circle", couvert)) < avant
