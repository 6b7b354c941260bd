"""Options de lecture qu'un fichier de source déclare, validées avant toute lecture."""

from __future__ import annotations

import json
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import DeclarationInvalide


class Options(BaseModel):
    """Ce que la déclaration dit de la forme d'un fichier.

    Parameters
    ----------
    separateur, encodage, decimale, milliers, sauter
        Forme du texte : ``sauter`` lignes précèdent l'en-tête, chaque caractère de ``milliers``
        est retiré des nombres.
    membre, feuille
        Fichier d'une archive, feuille d'un classeur.
    noms
        Nom donné à une colonne vers l'expression qui est son nom entier dans le fichier, quand il
        change d'une année à l'autre (« Population standardisée 2022 pour… »).
    codes_nets, zeros, forme_code
        Réparations dites à l'ajout d'un fichier : ôter « .0 » à la fin des codes, remettre à cette
        largeur les zéros de tête perdus (avant ``extrait``), ignorer une ligne dont le code ne
        suit pas cette expression.
    lignes_inegales
        Des lignes portent plus de cellules que l'en-tête, toutes vides : elles sont ignorées.
    colonne_code, largeur, extrait
        Colonne du code, largeur où remettre les zéros de tête perdus, expression régulière dont
        le premier groupe est le code.
    format_code
        ``prefixe`` : ``D40`` est un département, ``R75`` une région, neuf chiffres un EPCI, le
        reste une commune.
    codes
        Code du fichier vers l'identifiant d'un territoire (``00FR: FR-FR``).
    exclure
        Codes de lignes qui ne sont pas des territoires.
    colonne_niveau, niveaux
        Colonne qui dit le niveau, et sa correspondance ; vide = ligne écartée. ``*`` vaut pour
        les niveaux non cités ; sans lui, un niveau inconnu arrête la lecture.
    extrait_niveau
        Expression dont le premier groupe est le niveau, dans ``colonne_niveau``.
    filtre
        Colonne vers valeurs gardées.
    colonne_periode, longueur_periode
        Colonne de la période, coupée à ``longueur_periode`` caractères si elle est donnée.
    cles, colonne_valeur
        Pour ``pivot`` : colonnes dont les valeurs, jointes par ``|``, font la variable.
    colonnes_statut
        Pour ``pivot`` : colonnes dont une valeur qui est une marque déclarée (``C`` dans
        ``CONF_STATUS``) l'emporte sur le nombre : il n'est pas lu.
    variable, periodes
        Pour ``periodes_en_colonnes`` : nom donné à la variable, et expression régulière des
        colonnes de période.
    arrondis, planchers
        Variable vers pas d'arrondi du producteur, et vers plancher en dessous duquel il ne
        descend pas.
    recomposees
        Variables recomposées par un tiers à partir de parts arrondies : arrondies, sans pas connu.
    lignes
        ``plusieurs`` : un territoire y a plusieurs lignes (Iris, écoles) qui s'additionnent ;
        ``une`` : une seule, et une répétition n'est jamais additionnée.
    zero
        ``indetermine`` : un 0 y est « nul ou non publié », donc sans valeur.
    marques
        Marques propres au fichier, qui s'ajoutent à celles de la source.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    separateur: str = ";"
    encodage: str = "utf-8"
    decimale: Literal[".", ","] = "."
    milliers: str = ""
    sauter: int = 0
    membre: str = ""
    feuille: str = ""
    noms: dict[str, str] = {}
    codes_nets: bool = False
    zeros: int = 0
    forme_code: str = ""
    lignes_inegales: bool = False
    colonne_code: str = "CODGEO"
    largeur: int = 0
    extrait: str = ""
    format_code: Literal["", "prefixe"] = ""
    codes: dict[str, str] = {}
    exclure: tuple[str, ...] = ()
    colonne_niveau: str = ""
    niveaux: dict[str, str] = {}
    extrait_niveau: str = ""
    filtre: dict[str, tuple[str, ...]] = {}
    colonne_periode: str = ""
    longueur_periode: int = 0
    cles: tuple[str, ...] = ()
    colonne_valeur: str = ""
    colonnes_statut: tuple[str, ...] = ()
    variable: str = ""
    periodes: str = r"^\d{4}(-T[1-4])?$"
    arrondis: dict[str, float] = {}
    planchers: dict[str, float] = {}
    recomposees: tuple[str, ...] = ()
    lignes: Literal["une", "plusieurs"] = "une"
    zero: Literal["mesure", "indetermine"] = "mesure"
    marques: dict[str, str] = {}


@cache
def _valider(source: str, fichier: str, contenu: str) -> Options:
    try:
        return Options.model_validate_json(contenu)
    except ValidationError as erreur:
        fautes = [
            f"options.{'.'.join(str(p) for p in faute['loc'])} : {faute['msg']}"
            for faute in erreur.errors()
        ]
        raise DeclarationInvalide(f"{source}/{fichier}", fautes) from erreur


def options_de(source: Source, fichier: Fichier) -> Options:
    """Renvoie les options validées d'un fichier.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes des options.
    """
    return _valider(source.id, fichier.id, json.dumps(fichier.options, ensure_ascii=False))
