"""Essais sur le dépôt lui-même : rien d'orphelin, rien d'un département, rien de cette machine."""

from __future__ import annotations

import argparse
import inspect
import re
from pathlib import Path

import pytest

import solidiag
from solidiag import errors
from solidiag.besoins.operations import FORMULES
from solidiag.catalogue.indicateur import Terme
from solidiag.cli.application import analyseur
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.storage.depot import Depot

PAQUET = Path(solidiag.__file__).parent
DEPOT = PAQUET.parent.parent
LIGNES_MAXIMUM = 500

CODE = sorted(PAQUET.rglob("*.py"))
GABARITS = sorted(
    chemin for motif in ("*.j2", "*.js", "*.css", "*.typ") for chemin in PAQUET.rglob(motif)
)


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot()


@pytest.fixture(scope="module")
def referentiel(depot: Depot) -> Referentiel:
    return charger_referentiel(depot)


def test_every_indicator_has_a_source_file_for_each_term(depot: Depot) -> None:
    for indicateur in depot.indicateurs.values():
        assert indicateur.lectures, indicateur.id
        for lecture in indicateur.lectures:
            termes = [t for t in vars(lecture).values() if isinstance(t, Terme)]
            assert termes, (indicateur.id, lecture.periode)
            for terme in termes:
                _, fichier = depot.fichier(terme.fichier)
                assert fichier.fichier in depot.verrous, terme.fichier


def test_every_formula_is_in_the_closed_registry(depot: Depot) -> None:
    employees = {
        lecture.formule
        for declaration in (*depot.indicateurs.values(), *depot.mesures.values())
        for lecture in declaration.lectures
    }
    assert employees <= set(FORMULES)


def test_every_source_has_a_licence_a_lock_and_a_producer(depot: Depot) -> None:
    for source in depot.sources.values():
        assert source.licence.id, source.id
        assert source.producteur, source.id
        assert (depot.donnees / "verrous" / f"{source.id}.json").is_file(), source.id


def test_every_embedded_file_is_declared_and_every_lock_has_its_file(depot: Depot) -> None:
    declares = {f.fichier for source in depot.sources.values() for f in source.fichiers}
    assert set(depot.verrous) == declares
    assert depot.controler() == len(declares)


def test_the_grid_has_its_thirty_domains_and_four_axes(depot: Depot) -> None:
    grille = depot.grille
    assert len(grille.axes) == 4
    assert len(grille.domaines) == 30
    assert len({domaine.id for domaine in grille.domaines}) == 30
    assert set(depot.croisements) <= {domaine.id for domaine in grille.domaines}


def test_every_indicator_with_values_belongs_to_the_grid_or_says_it_does_not(depot: Depot) -> None:
    connus = set(depot.grille.indicateurs)
    for indicateur in depot.indicateurs.values():
        hors = indicateur.correspondance == "hors_grille"
        assert (indicateur.id in connus) or hors, indicateur.id


def test_every_command_and_option_has_a_help() -> None:
    racine = analyseur()
    for action in racine._actions:
        if isinstance(action, argparse._SubParsersAction):
            assert len(action._choices_actions) == len(action.choices)
            for commande in action.choices.values():
                assert commande.description
                assert all(a.help for a in commande._actions), commande.prog
        else:
            assert action.help, action.dest


EXEMPLES: dict[type[errors.SolidiagError], errors.SolidiagError] = {
    type(exemple): exemple
    for exemple in (
        errors.TerritoireInconnu("4O", cog=2026, proches=["40 (Landes)"]),
        errors.ListeDeCommunesInvalide("un code est inconnu", codes=["4O088"], indication="40088"),
        errors.DessinInvalide("il ne touche aucune commune", conseil="Vérifiez les coordonnées."),
        errors.FichierIllisible("liste.csv"),
        errors.IndicateurInconnu("x", proches=["y"]),
        errors.IndicateurAmbigu("temps", code="40", candidats=["acces.a.temps", "acces.b.temps"]),
        errors.ChoixInconnu("domaine", "aide", proches=["aide-alimentaire"]),
        errors.ArbitrageImpossible("la date ne se lit pas", conseil="Attendu : AAAA-MM-JJ."),
        errors.CalageRefuse(["un poids manque dans la ligne 2"], codes=["poids_manquant"]),
        errors.DeclarationInvalide("a.yaml", ["faute"]),
        errors.FichierAbsent("a.csv"),
        errors.FichierAltere("a.csv", attendu="0" * 64, trouve="1" * 64),
        errors.FormatInattendu("s", "f", attendu="une colonne", trouve="rien"),
        errors.MarqueInconnue("s", "f", colonne="c", marques=["x"]),
        errors.FichierRefuse("f.csv", "il est vide", "téléchargez-le à nouveau"),
        errors.ClasseurFautif(
            "offre.xlsx", ["Offre, ligne 3 : la case est vide"], bonnes=1, fautives=1
        ),
        errors.RecuperationImpossible(
            "https://exemple.fr/f.csv",
            cause="reseau",
            raison="le réseau ou le serveur ne répond pas",
            conseil="Vérifiez la connexion",
        ),
        errors.SortieImpossible("sortie", "le disque est plein"),
        errors.RenduImpossible("PDF", "une figure n'a pas de texte"),
        errors.VerificationImpossible("sortie", "ce dossier n'existe pas"),
        errors.PublicationInterdite("table", "une valeur est secrète"),
        errors.DejaMontre("table", [("COM-40192",)]),
    )
}

MOTS_FRANCAIS = frozenset(
    {"le", "la", "les", "un", "une", "est", "pas", "dans", "de", "vous", "trouvé", "invalide"}
)
MOTS_ANGLAIS = frozenset({"the", "is", "not", "file", "of", "cannot", "missing", "expected"})


def test_every_error_has_a_french_sentence() -> None:
    classes = {
        classe
        for _, classe in inspect.getmembers(errors, inspect.isclass)
        if issubclass(classe, errors.SolidiagError) and "__init__" in vars(classe)
    }
    assert classes == set(EXEMPLES)
    for erreur in EXEMPLES.values():
        phrase = str(erreur)
        mots = set(re.findall(r"\w+", phrase.lower()))
        assert mots & MOTS_FRANCAIS, phrase
        assert not mots & MOTS_ANGLAIS, phrase


def test_near_names_are_cut_at_five() -> None:
    phrase = str(errors.TerritoireInconnu("x", cog=2026, proches=[str(n) for n in range(8)]))
    assert "« 4 » et 3 autres" in phrase


@pytest.mark.parametrize("chemin", CODE, ids=lambda c: c.relative_to(PAQUET).as_posix())
def test_no_file_is_longer_than_five_hundred_lines(chemin: Path) -> None:
    assert len(chemin.read_text(encoding="utf-8").splitlines()) <= LIGNES_MAXIMUM


def sans_exemples(texte: str) -> str:
    """Renvoie le code sans ses docstrings, qui peuvent citer un territoire en exemple."""
    return re.sub(r'r?""".*?"""', "", texte, flags=re.DOTALL)


def test_no_territory_name_is_written_in_the_code_or_the_templates(
    referentiel: Referentiel,
) -> None:
    noms = {
        territoire["nom"]
        for territoire in referentiel.territoires.iter_rows(named=True)
        if territoire["id"].startswith("DEP-") and len(territoire["nom"]) > 4
    }
    assert "Landes" in noms
    permis = {"francais.py", "referentiel.py", "recherche.py"}
    motif = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, sorted(noms))) + r")(?![\w-])")
    trouves = {
        (chemin.relative_to(PAQUET).as_posix(), nom)
        for chemin in (*CODE, *GABARITS)
        if chemin.name not in permis
        for nom in motif.findall(sans_exemples(chemin.read_text(encoding="utf-8")))
    }
    assert trouves <= EXEMPLES_D_AIDE


EXEMPLES_D_AIDE = {(f"cli/{nom}.py", "Gironde") for nom in ("application", "fiches", "offre")}
"""Un exemple de nom dans l'aide d'une commande n'est pas une règle."""

CHEMINS_DE_MACHINE = re.compile(
    r"/root/|/home/\w|/Users/|/tmp/|/mnt/|localhost|file:///[a-z]|"
    + re.escape(str(DEPOT.parent))
    + "/"
)


def test_no_path_of_a_machine_is_written_anywhere() -> None:
    suivis = [
        *CODE,
        *GABARITS,
        *PAQUET.rglob("*.yaml"),
        *(DEPOT / "docs").rglob("*.md"),
        *(DEPOT / "outils").glob("*"),
        *(DEPOT / name for name in ("README.md", "CHANGELOG.md", "Makefile", "pyproject.toml")),
    ]
    trouves = {
        (chemin.relative_to(DEPOT).as_posix(), trouve)
        for chemin in suivis
        if chemin.is_file()
        for trouve in CHEMINS_DE_MACHINE.findall(chemin.read_text(encoding="utf-8"))
    }
    assert trouves == set()


def test_no_drawer_for_everything() -> None:
    interdits = {"utils", "helpers", "common"}
    assert not {chemin.stem for chemin in CODE} & interdits


def test_the_embedded_data_stay_under_sixty_megabytes(depot: Depot) -> None:
    taille = sum(f.stat().st_size for f in depot.donnees.rglob("*") if f.is_file())
    assert taille < 60_000_000
