"""Lecture des déclarations YAML : toutes les fautes d'un fichier sont rapportées à la fois."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from solidiag.catalogue.fautes import dire_faute
from solidiag.errors import DeclarationInvalide

_Modele = TypeVar("_Modele", bound=BaseModel)


class _SansDoublon(yaml.CSafeLoader):
    """Chargeur YAML qui refuse une clé écrite deux fois."""


def _mapping(chargeur: yaml.CSafeLoader, noeud: yaml.MappingNode) -> Any:
    vues: set[Any] = set()
    for cle, _ in noeud.value:
        ligne = cle.start_mark.line + 1
        nom = chargeur.construct_object(cle, deep=True)
        if not isinstance(nom, Hashable):
            raise yaml.YAMLError(f"ligne {ligne} : cette clé n'est pas un mot")
        if nom in vues:
            raise yaml.YAMLError(f"ligne {ligne} : clé écrite deux fois : {nom}")
        vues.add(nom)
    return yaml.CSafeLoader.construct_mapping(chargeur, noeud, deep=True)


_SansDoublon.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def lire_yaml(chemin: Path) -> Any:
    """Renvoie le contenu d'un fichier YAML.

    Raises
    ------
    DeclarationInvalide
        Si le fichier manque, ou n'est pas du YAML UTF-8 sans clé répétée.
    """
    try:
        return yaml.load(chemin.read_text(encoding="utf-8"), Loader=_SansDoublon)  # noqa: S506
    except UnicodeDecodeError as erreur:
        faute = "ce n'est pas un texte UTF-8 : enregistrez-le en UTF-8"
        raise DeclarationInvalide(chemin.name, [faute]) from erreur
    except yaml.YAMLError as erreur:
        raise DeclarationInvalide(chemin.name, [_dire_yaml(erreur)]) from erreur
    except OSError as erreur:
        raise DeclarationInvalide(chemin.name, ["fichier illisible ou absent"]) from erreur


def _dire_yaml(erreur: yaml.YAMLError) -> str:
    """Renvoie une faute d'écriture en français, avec sa place."""
    place = getattr(erreur, "problem_mark", None)
    if place is None:
        return str(erreur)
    return (
        f"ligne {place.line + 1}, colonne {place.column + 1} : écriture fautive ; vérifiez les "
        "deux-points, les accolades, les guillemets et l'alignement (des espaces, pas de "
        "tabulation)"
    )


def valider(modele: type[_Modele], contenu: Any, *, nom: str) -> _Modele:
    """Renvoie le contenu validé par le modèle.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes du contenu.
    """
    try:
        return modele.model_validate(contenu)
    except ValidationError as erreur:
        fautes = [
            f"{'.'.join(map(str, faute['loc'])) or '(racine)'} : {dire_faute(faute)}"
            for faute in erreur.errors()
        ]
        raise DeclarationInvalide(nom, fautes) from erreur


def charger_dossier(
    dossier: Path, modele: type[_Modele], *, lire: Callable[[Path], Any] = lire_yaml
) -> Iterator[_Modele]:
    """Parcourt les déclarations d'un dossier, par ordre de nom de fichier.

    Un fichier porte une déclaration, ou une liste de déclarations ; ``lire`` en rend le contenu.
    """
    for chemin in sorted(dossier.rglob("*.yaml")):
        contenu = lire(chemin)
        for element in contenu if isinstance(contenu, list) else [contenu]:
            yield valider(modele, element, nom=chemin.name)
