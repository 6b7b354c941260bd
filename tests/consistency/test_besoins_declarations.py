"""Les déclarations d'indicateurs se tiennent : fichiers, formules, textes, niveaux."""

import re

import pytest

from solidiag.besoins.formules import termes_de
from solidiag.besoins.operations import FORMULES
from solidiag.model.territoire import Niveau
from solidiag.sources.registre import LECTEURS
from solidiag.storage.depot import Depot

DEPOT = Depot()
INDICATEURS = sorted(DEPOT.indicateurs.values(), key=lambda i: i.id)
PAR_ID = pytest.mark.parametrize("indicateur", INDICATEURS, ids=lambda i: i.id)


def test_there_are_at_least_forty_five_indicators_of_the_grid_from_enough_data_sets():
    assert sum(i.correspondance != "hors_grille" for i in INDICATEURS) >= 45
    assert sum(i.correspondance == "exacte" for i in INDICATEURS) >= 44
    jeux: dict[str, set[str]] = {}
    for indicateur in INDICATEURS:
        for lecture in indicateur.lectures:
            for terme in termes_de(lecture):
                jeux.setdefault(terme.fichier.partition("/")[0], set()).add(lecture.periode)
    assert len(jeux) >= 8
    assert sum(len(periodes) >= 2 for periodes in jeux.values()) >= 10


@PAR_ID
def test_each_reading_uses_declared_files_known_formulas_and_levels(indicateur):
    niveaux = {niveau.value for niveau in Niveau}
    attendus = {
        "publie": {"valeur"},
        "somme": {"valeur"},
        "amplitude": {"valeur"},
        "ratio": {"numerateur", "denominateur"},
        "moyenne_ponderee": {"valeur", "poids"},
    }
    for lecture in indicateur.lectures:
        assert lecture.formule in FORMULES
        presents = {
            nom
            for nom in ("valeur", "numerateur", "denominateur", "poids")
            if getattr(lecture, nom) is not None
        }
        assert presents == attendus[lecture.formule]
        assert set(lecture.niveaux) <= niveaux
        for terme in termes_de(lecture):
            assert DEPOT.fichier(terme.fichier)[1].lecteur in LECTEURS


@PAR_ID
def test_no_rate_or_median_is_summed(indicateur):
    for lecture in indicateur.lectures:
        if lecture.formule == "somme":
            assert indicateur.unite == "nombre"


@PAR_ID
def test_each_indicator_has_an_interval_or_the_reason_for_none(indicateur):
    if indicateur.incertitude == "inconnue":
        assert len(indicateur.motif) > 10
    if indicateur.incertitude == "arrondi":
        assert indicateur.parametres["pas_arrondi"]


@PAR_ID
def test_each_indicator_speaks_publishable_french(indicateur):
    assert "{valeur}" in indicateur.lecture
    assert "{territoire_dans}" in indicateur.lecture
    assert set(re.findall(r"\{(\w+)\}", indicateur.lecture)) == {"valeur", "territoire_dans"}
    assert re.match(r"^(le|la|les|l’|l')", indicateur.sujet)
    textes = [
        indicateur.libelle, indicateur.definition, indicateur.lecture, indicateur.motif,
        indicateur.difference, indicateur.champ, *indicateur.limites,
    ]  # fmt: skip
    for texte in textes:
        assert not re.search(r" [:;?!%€»]|« ", texte), texte
        assert not re.search(r"\b(les pauvres|assistés|cas sociaux)\b", texte, re.IGNORECASE)


@PAR_ID
def test_a_close_indicator_says_how_it_differs(indicateur):
    if indicateur.correspondance == "proche":
        assert indicateur.difference
    if indicateur.correspondance == "exacte":
        assert not indicateur.difference


@PAR_ID
def test_an_indicator_of_the_grid_keeps_its_identifier(indicateur):
    de_la_grille = set(DEPOT.grille.indicateurs)
    assert (indicateur.id in de_la_grille) == (indicateur.correspondance != "hors_grille")


def test_file_identifiers_are_unique_in_a_source():
    for source in DEPOT.sources.values():
        identifiants = [fichier.id for fichier in source.fichiers]
        assert len(identifiants) == len(set(identifiants)), source.id


def test_each_declared_needs_file_is_read_by_an_indicator_or_a_measure():
    lues = {
        terme.fichier
        for declaration in (*INDICATEURS, *DEPOT.mesures.values())
        for lecture in declaration.lectures
        for terme in termes_de(lecture)
    }
    declares = {
        f"{source.id}/{fichier.id}"
        for source in DEPOT.sources.values()
        for fichier in source.fichiers
        if fichier.fichier.startswith("besoins/")
    }
    assert declares <= lues


def test_no_needs_file_is_embedded_without_a_declaration():
    declares = {f.fichier for s in DEPOT.sources.values() for f in s.fichiers}
    presents = {
        chemin.relative_to(DEPOT.donnees).as_posix()
        for chemin in (DEPOT.donnees / "besoins").rglob("*")
        if chemin.is_file()
    }
    assert presents <= declares
    taille = sum((DEPOT.donnees / chemin).stat().st_size for chemin in presents)
    assert taille < 25_000_000
