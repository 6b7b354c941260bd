"""La grille se tient, et sert n'importe quel département."""

import re
from pathlib import Path

import pytest

from solidiag.pipeline.calculs import charger_referentiel
from solidiag.storage.depot import Depot

DECLARATIONS = Path(__file__).parents[2] / "src" / "solidiag" / "declarations"
DOSSIERS = ("grille", "mesures", "croisements")
MOTS_COURANTS = {"Nord", "Somme", "Manche", "Lot", "Ain", "Var", "Aude", "Orne", "Paris", "Allier"}
MARQUES_LOCALES = r"\b(Mont-de-Marsan|Dax|Sydec|SYDEC|ALPI|XL Habitat|Sud-Aquitaine|CDAD 40)\b"
STIGMATISANTS = r"\bles pauvres\b|\bassistés?\b|\bcas sociaux\b|\bSDF\b"


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot()


@pytest.fixture(scope="module")
def textes() -> dict[str, str]:
    return {
        str(chemin.relative_to(DECLARATIONS)): chemin.read_text(encoding="utf-8")
        for dossier in DOSSIERS
        for chemin in sorted((DECLARATIONS / dossier).rglob("*.yaml"))
    }


def test_the_grid_holds_four_axes_thirty_domains_and_138_indicators(depot: Depot) -> None:
    grille = depot.grille
    assert len(grille.axes) == 4
    assert len(grille.domaines) == 30
    assert len(set(grille.indicateurs)) == len(grille.indicateurs) == 138
    assert [len(grille.domaines_de(a.id)) for a in grille.axes] == [7, 6, 12, 5]


def test_each_identifier_of_the_grid_resolves(depot: Depot) -> None:
    grille = depot.grille
    connus = set(grille.indicateurs)
    cites = {i for d in grille.domaines for i in d.indicateurs_besoin} | set(grille.socle_contexte)
    assert cites == connus
    assert connus <= set(depot.catalogue)
    complements = {i for d in grille.domaines for i in d.indicateurs_complementaires}
    assert complements <= set(depot.catalogue) - connus
    assert {d.axe for d in grille.domaines} == {a.id for a in grille.axes}


def test_each_domain_says_who_holds_what_is_missing(depot: Depot) -> None:
    for domaine in depot.grille.domaines:
        demandes = (*domaine.a_demander_besoin, *domaine.a_demander_offre)
        assert domaine.a_demander_besoin, domaine.id
        assert domaine.a_demander_offre, domaine.id
        assert all(d.detenteur and d.fichier for d in demandes)


def test_no_text_names_a_department_or_a_region(textes: dict[str, str]) -> None:
    referentiel = charger_referentiel(Depot())
    noms = {referentiel.nom(f"DEP-{code}") for code in referentiel.departements}
    noms |= {
        referentiel.nom(f"REG-{referentiel.region_du_departement(code)}")
        for code in referentiel.departements
    }
    motif = re.compile(rf"\b({'|'.join(map(re.escape, sorted(noms - MOTS_COURANTS)))})\b")
    trouves = {nom: m.group() for nom, texte in textes.items() if (m := motif.search(texte))}
    assert trouves == {}


def test_no_text_names_a_local_body(textes: dict[str, str]) -> None:
    trouves = {n: m.group() for n, t in textes.items() if (m := re.search(MARQUES_LOCALES, t))}
    assert trouves == {}
    numeros = {n: m.group() for n, t in textes.items() if (m := re.search(r"[A-Za-z]+ 40\b", t))}
    assert numeros == {}


def test_no_text_stigmatises(textes: dict[str, str]) -> None:
    trouves = {n: m.group() for n, t in textes.items() if (m := re.search(STIGMATISANTS, t))}
    assert trouves == {}


def test_a_shop_a_craftsman_or_a_temp_agency_is_never_an_offer(depot: Depot) -> None:
    jamais = re.compile(r"^(A503|A203|A304|A301|A40\d|B\d{3}|C10[789]|A20[678])$")
    for domaine in depot.grille.domaines:
        propres = domaine.offre["bpe_typequ"]
        assert not [code for code in propres if jamais.match(code)], domaine.id
