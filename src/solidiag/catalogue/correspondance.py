"""Correspondance entre les codes d'un producteur et nos catégories de services.

Une personne du métier modifie ces tables (``declarations/services/finess.yaml``...) ; elles sont
lues à chaque calcul, et non figées à l'import d'un fichier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solidiag.catalogue.fautes import dire_faute
from solidiag.catalogue.source import Source
from solidiag.errors import DeclarationInvalide


class Regle(BaseModel):
    """Ce que devient un code.

    Parameters
    ----------
    categorie
        Identifiant de catégorie (``categories.yaml``) ; vide : le code est connu, et laissé de
        côté.
    libelle
        Libellé du producteur.
    nom
        Nom donné au service quand le fichier n'en porte pas.
    thematiques, type_service, reseaux
        Vocabulaires de data·inclusion v1.
    unite
        Unité de la capacité que le fichier donne pour ce code.
    depuis, jusqu_a
        Premier et dernier millésime de la nomenclature qui porte ce code ; vides si l'on ne le
        sait pas.
    confiance
        ``lu`` : dans une nomenclature ou un vrai fichier ; ``a_verifier`` sinon.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    categorie: str = ""
    libelle: str = ""
    nom: str = ""
    thematiques: tuple[str, ...] = ()
    type_service: str = ""
    reseaux: tuple[str, ...] = ()
    unite: str = ""
    depuis: int | None = None
    jusqu_a: int | None = None
    confiance: Literal["lu", "a_verifier"] = "lu"
    remarque: str = ""

    def vaut(self, annee: int) -> bool:
        """Dit si le code existe dans la nomenclature d'un millésime.

        Examples
        --------
        >>> Regle(categorie="creche", depuis=2020).vaut(2019)
        False
        """
        return (self.depuis is None or annee >= self.depuis) and (
            self.jusqu_a is None or annee <= self.jusqu_a
        )


class Correspondance(BaseModel):
    """Table d'un producteur.

    Parameters
    ----------
    table
        Nom du fichier de la table, sans extension.
    origine
        D'où viennent les codes, et qui a choisi les catégories.
    codes
        Code du producteur → ce qu'il devient. Un code absent d'ici est laissé de côté.
    publics, modes, frais
        Autres vocabulaires du producteur → ceux de data·inclusion v1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str = ""
    origine: str
    codes: dict[str, Regle] = Field(min_length=1)
    publics: dict[str, tuple[str, ...]] = {}
    modes: dict[str, str] = {}
    frais: dict[str, str] = {}

    def retenus(self, annee: int) -> dict[str, Regle]:
        """Renvoie les codes qui ont une catégorie dans la nomenclature de ce millésime."""
        return {
            code: regle
            for code, regle in self.codes.items()
            if regle.categorie and regle.vaut(annee)
        }


def lire_correspondance(nom: str, contenu: Mapping[str, Any]) -> Correspondance:
    """Renvoie une table validée.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes de la table.
    """
    try:
        return Correspondance.model_validate(contenu)
    except ValidationError as erreur:
        fautes = [
            f"{'.'.join(str(partie) for partie in faute['loc'])} : {dire_faute(faute)}"
            for faute in erreur.errors()
        ]
        raise DeclarationInvalide(f"services/{nom}.yaml", fautes) from erreur


OPTION = "correspondance"
"""Option d'un fichier qui nomme la table de ses codes."""


def garnir(options: Mapping[str, Any], lire: Callable[[str], Any]) -> dict[str, Any]:
    """Renvoie les options, la table nommée remplacée par son contenu d'aujourd'hui.

    Parameters
    ----------
    lire
        Ce qui lit un fichier de ``declarations/``.

    Examples
    --------
    >>> garnir({"correspondance": "essai"}, lambda chemin: {"origine": chemin})
    {'correspondance': {'table': 'essai', 'origine': 'services/essai.yaml'}}
    """
    nom = _nom(options)
    if not nom:
        return dict(options)
    return {**options, OPTION: {"table": nom, **lire(f"services/{nom}.yaml")}}


def degarnir(options: Mapping[str, Any]) -> dict[str, Any]:
    """Renvoie les options où la table n'est plus que nommée : ce que l'on garde d'un ajout.

    Examples
    --------
    >>> degarnir({"correspondance": {"table": "essai", "origine": "x"}})
    {'correspondance': 'essai'}
    """
    nom = _nom(options)
    return {**options, OPTION: nom} if nom else dict(options)


def _nom(options: Mapping[str, Any]) -> str:
    voulue = options.get(OPTION)
    return str(voulue.get("table", "") if isinstance(voulue, Mapping) else voulue or "")


def garnir_source(source: Source, lire: Callable[[str], Any]) -> Source:
    """Renvoie la source, chaque fichier avec le contenu de la table qu'il nomme."""
    return _refaire(source, lambda options: garnir(options, lire))


def degarnir_source(source: Source) -> Source:
    """Renvoie la source telle qu'elle se garde, ses tables seulement nommées."""
    return _refaire(source, degarnir)


def _refaire(source: Source, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Source:
    if not any(OPTION in fichier.options for fichier in source.fichiers):
        return source
    fichiers = tuple(
        fichier.model_copy(update={"options": change(fichier.options)})
        for fichier in source.fichiers
    )
    return source.model_copy(update={"fichiers": fichiers})
