"""Catégories de services : ce qu'une personne du métier déclare pour lire un inventaire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from solidiag.catalogue.fautes import dire_faute
from solidiag.errors import DeclarationInvalide


class CategorieService(BaseModel):
    """Une catégorie de services.

    Parameters
    ----------
    nature
        ``presence`` : offre propre d'au moins un domaine (un lieu, jamais un volume) ;
        ``indirecte`` : ne mesure l'offre propre d'aucun domaine.
    domaines, domaines_indirects
        Domaines dont c'est une offre propre ; domaines qu'elle éclaire seulement.
    population
        Population rapportée dans un taux.
    compatibles
        Catégories dont une ligne peut décrire le même service.
    remplacee_par
        Catégorie qui a pris la suite : un service sans suite retrouvée est tenu pour fermé.
    marqueurs
        Mot du nom → type de guichet ; deux types différents ne sont jamais réunis.
    mots_communs
        Mots du nom qui n'identifient rien.
    partout
        Le service se rend aussi ailleurs ou à distance : la distance au site mesure mal l'accès.
    recense
        Faux pour un lieu qui n'est pas un service d'accompagnement : le fichier lu le contient,
        l'inventaire ne le compte pas.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    libelle: str
    libelle_pluriel: str
    nature: Literal["presence", "indirecte"]
    domaines: tuple[str, ...] = ()
    domaines_indirects: tuple[str, ...] = ()
    thematiques: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    reseau: str = ""
    population: str = "tous"
    compatibles: tuple[str, ...] = ()
    remplacee_par: str = ""
    marqueurs: dict[str, str] = {}
    mots_communs: tuple[str, ...] = ()
    partout: bool = False
    recense: bool = True
    remarque: str = ""

    @property
    def generique(self) -> bool:
        """Dit si la catégorie ne dit rien : chaque ligne dit elle-même ses domaines."""
        return not (self.domaines or self.domaines_indirects or self.thematiques)


def lire_categories(contenu: Mapping[str, Any]) -> dict[str, CategorieService]:
    """Renvoie les catégories déclarées, par identifiant.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes : champ inconnu, nature qui contredit les domaines, renvoi à une
        catégorie absente ou non réciproque.
    """
    categories: dict[str, CategorieService] = {}
    fautes: list[str] = []
    for nom, valeur in contenu.items():
        try:
            categories[nom] = CategorieService.model_validate(valeur)
        except ValidationError as erreur:
            fautes += [
                f"{nom}.{'.'.join(str(partie) for partie in faute['loc'])} : {dire_faute(faute)}"
                for faute in erreur.errors()
            ]
    for nom, categorie in categories.items():
        if (categorie.nature == "presence") != bool(categorie.domaines):
            fautes.append(f"{nom} : « presence » demande des domaines, « indirecte » les exclut")
        deux_fois = set(categorie.domaines) & set(categorie.domaines_indirects)
        if deux_fois:
            fautes.append(f"{nom} : domaine propre et indirect à la fois, {sorted(deux_fois)}")
        for autre in categorie.compatibles:
            if autre not in contenu:
                fautes.append(f"{nom}.compatibles : catégorie « {autre} » absente")
            elif autre in categories and nom not in categories[autre].compatibles:
                fautes.append(f"{nom}.compatibles : « {autre} » ne le dit pas aussi")
        if categorie.remplacee_par and categorie.remplacee_par not in contenu:
            fautes.append(f"{nom}.remplacee_par : « {categorie.remplacee_par} » absente")
    if fautes:
        raise DeclarationInvalide("services/categories.yaml", fautes)
    return categories
