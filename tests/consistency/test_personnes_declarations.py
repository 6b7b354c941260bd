"""Chaque domaine a un compte défendable ou une raison ; chaque compte renvoie à ce qui existe."""

import pytest

from solidiag.storage.depot import Depot

DEPOT = Depot()


def test_every_domain_of_the_grid_is_counted_or_says_why_not():
    assert set(DEPOT.personnes) == {domaine.id for domaine in DEPOT.grille.domaines}


@pytest.mark.parametrize("domaine", sorted(DEPOT.personnes))
def test_every_count_refers_to_declared_indicators(domaine):
    declaration = DEPOT.personnes[domaine]
    connus = DEPOT.indicateurs.keys() | DEPOT.bases.keys()
    compte = declaration.compte
    if compte is None:
        assert declaration.detenteur, "qui a le fichier qui manque ?"
        return
    cites = {compte.indicateur, compte.base, compte.majorant} - {""}
    assert cites <= connus
    assert declaration.titre_court
    if compte.forme in ("numerateur", "complement"):
        lue = {**DEPOT.indicateurs, **DEPOT.bases}[compte.indicateur]
        assert {lecture.formule for lecture in lue.lectures} <= {"ratio", "moyenne_ponderee"}


def test_no_base_takes_the_name_of_an_indicator():
    assert not DEPOT.bases.keys() & DEPOT.catalogue.keys()


def test_domains_of_one_axis_that_count_the_same_people_are_declared_alike():
    """Un même compte dans deux domaines d'un axe se recouvre en entier : il serait doublé."""
    vus = {}
    for domaine in DEPOT.grille.domaines:
        declaration = DEPOT.personnes[domaine.id]
        if declaration.compte is None or declaration.portee != "difficulte":
            continue
        cle = (domaine.axe, declaration.compte.model_dump_json())
        assert cle not in vus, f"{domaine.id} compte comme {vus[cle]}"
        vus[cle] = domaine.id
