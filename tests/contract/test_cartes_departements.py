"""Cartes des vrais départements : rien ne manque, rien ne sort du cadre."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from solidiag.geography.contours import Contours, fond
from solidiag.geography.referentiel import Referentiel
from solidiag.publication.cartes import carte_choroplethe, preparer_fond
from solidiag.publication.francais import nom_court
from solidiag.publication.rendus.images import polices
from solidiag.sources.territoires import charger_contours, charger_referentiel
from solidiag.statistics.classes import classer
from solidiag.storage.depot import Depot

TAILLE_MAX = 160_000
"""Octets au plus d'une carte de commune : un rapport en porte des dizaines."""


@pytest.fixture(scope="module")
def territoires() -> tuple[Referentiel, Contours]:
    depot = Depot()
    return charger_referentiel(depot.octets), charger_contours(depot.octets)


@pytest.mark.parametrize("code", ["40", "64", "75", "13", "2A", "974", "976"])
def test_every_commune_and_epci_of_a_departement_is_on_the_map(
    territoires: tuple[Referentiel, Contours], code: str
) -> None:
    referentiel, contours = territoires
    brut = fond(referentiel, contours, code)
    dessin = preparer_fond(
        brut,
        populations=referentiel.populations,
        noms_epci={cle: nom_court(referentiel.territoire(cle)) for cle in brut.epci},
    )
    communes = {f"COM-{c}" for c in referentiel.communes_du_departement(code)}
    assert set(dessin.communes) == communes
    assert all(trace.startswith("M") for trace in dessin.communes.values())
    assert set(dessin.epci) == set(brut.epci)
    assert all(dessin.epci_de[nom] in brut.epci for nom in communes if nom in dessin.epci_de)
    for etiquette in (*dessin.lieux, *dessin.noms_epci):
        assert etiquette.boite.dans(dessin.largeur, dessin.hauteur)
    valeurs = {nom: float(rang % 17) for rang, nom in enumerate(sorted(communes))}
    svg = carte_choroplethe(
        dessin,
        valeurs,
        classes=classer(valeurs.values(), decimales=0),
        legende="Valeur d'essai",
        prefixe="essai",
    )
    racine = ET.fromstring(svg)  # noqa: S314
    assert {e.attrib["data-t"] for e in racine.iter() if "data-t" in e.attrib} == communes
    assert len(svg) < TAILLE_MAX
    largeur, hauteur = (float(v) for v in racine.attrib["viewBox"].split()[2:])
    assert largeur == 440
    assert 150 <= hauteur <= 400
    dehors = [float(x) for x in re.findall(r'<text x="([-\d.]+)"', svg)]
    assert all(0 <= x <= largeur for x in dehors)


def test_the_font_of_the_package_has_the_widths_the_maps_count_on() -> None:
    typst = pytest.importorskip("typst")
    from solidiag.publication.cartes.ecriture import largeur_texte

    texte = "Saint-Étienne-de-Baïgorry, 16,0 à 20,1\u00a0%"
    source = (
        '#set text(font: "Solidiag Sans", size: 10pt, kerning: false, ligatures: false)\n'
        f'#context [#metadata(measure("{texte}").width.pt()) <large>]'
    )
    mesure = float(
        typst.query(source.encode(), "<large>", field="value", one=True, font_paths=polices())
    )
    assert largeur_texte(texte, 10) == pytest.approx(mesure, rel=0.03)
