"""Lecture des réglages de l'accès par domaine : toutes les fautes à la fois, en français."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from solidiag.catalogue.acces import ReglagesAcces
from solidiag.errors import DeclarationInvalide
from solidiag.geography.decroissances import Decroissance

NOM = "parametres/acces.yaml"

_MESSAGES = {
    "missing": "à remplir",
    "extra_forbidden": "champ inconnu",
    "literal_error": "« {input} » n'est pas admis ; choix : {expected}",
    "greater_than_equal": "{input} est trop petit : au moins {ge}",
    "greater_than": "{input} est trop petit : plus de {gt}",
    "less_than_equal": "{input} est trop grand : au plus {le}",
    "less_than": "{input} est trop grand : moins de {lt}",
    "string_too_short": "à remplir",
    "too_short": "au moins un élément attendu",
    "value_error": "{error}",
    "string_type": "texte attendu",
    "int_parsing": "nombre entier attendu",
    "int_type": "nombre entier attendu",
    "int_from_float": "nombre entier attendu",
    "float_parsing": "nombre attendu",
    "float_type": "nombre attendu",
    "tuple_type": "liste attendue, [a, b]",
    "dict_type": "table attendue, {{clé: valeur}}",
    "model_type": "champs attendus, un par ligne",
    "model_attributes_type": "champs attendus, un par ligne",
}


def lire_reglages_acces(
    contenu: Mapping[str, Any], *, domaines: Collection[str], categories: Collection[str]
) -> ReglagesAcces:
    """Renvoie les réglages validés.

    Parameters
    ----------
    contenu
        ``declarations/parametres/acces.yaml``.
    domaines, categories
        Domaines de la grille et catégories de services déclarées.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes : champ inconnu ou vide, valeur hors bornes, domaine oublié ou
        étranger, catégorie ou décroissance non déclarée, courbe fautive.
    """
    try:
        reglages = ReglagesAcces.model_validate(contenu)
    except ValidationError as erreur:
        fautes = [f"{_place(faute['loc'])} : {_dire(faute)}" for faute in erreur.errors()]
        raise DeclarationInvalide(NOM, [*fautes, *_fautes_de_courbe(contenu)]) from erreur
    fautes = reglages.fautes(domaines=set(domaines), categories=set(categories))
    fautes += _fautes_de_courbe(contenu)
    if fautes:
        raise DeclarationInvalide(NOM, fautes)
    return reglages


def courbes(reglages: ReglagesAcces) -> dict[str, Decroissance]:
    """Renvoie les décroissances déclarées, par nom."""
    return {nom: Decroissance.depuis(d.courbe) for nom, d in reglages.decroissances.items()}


def _fautes_de_courbe(contenu: Mapping[str, Any]) -> list[str]:
    fautes = []
    declarees = contenu.get("decroissances")
    for nom, declaree in (declarees if isinstance(declarees, Mapping) else {}).items():
        courbe = declaree.get("courbe") if isinstance(declaree, Mapping) else None
        if not isinstance(courbe, Mapping):
            continue
        try:
            Decroissance.depuis(courbe)
        except (ValueError, TypeError) as erreur:
            fautes.append(f"decroissances.{nom}.courbe : {erreur}")
    return fautes


def _place(lieu: tuple[int | str, ...]) -> str:
    return ".".join(str(partie) for partie in lieu) or "(racine)"


def _dire(faute: Any) -> str:
    modele = _MESSAGES.get(faute["type"])
    if modele is None:
        return str(faute["msg"])
    contexte = {nom: str(v).replace(" or ", " ou ") for nom, v in faute.get("ctx", {}).items()}
    return modele.format(input=faute["input"], **contexte)
