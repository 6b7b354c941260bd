"""Écriture d'un classeur vierge : listes déroulantes, mode d'emploi, ligne d'exemple.

Le classeur se lit au lecteur d'écran : un tableau par feuille, une seule ligne de titres, aucune
cellule fusionnée, aucun sens porté par la seule couleur.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from solidiag.catalogue.classeur import MENTION_EXEMPLE, Classeur, Colonne, Feuille
from solidiag.sources.classeurs.feuilles import FEUILLE_DE_MARQUE

MODE_D_EMPLOI = "Mode d'emploi"
LISTES = "Listes"
LIGNES_PRETES = 2000
"""Dernière ligne qui porte une liste déroulante ; au-delà, on écrit sans elle."""

_GENRES = {
    "texte": "texte",
    "nombre": "nombre",
    "date": "date",
    "oui_non": "oui ou non",
    "liste": "une valeur de la liste",
    "plusieurs": "valeurs de la liste, séparées par « ; »",
    "textes": "textes séparés par « ; »",
    "commune": "commune : nom ou code Insee",
    "territoire": "territoire : nom ou code",
    "territoires": "territoires séparés par « ; »",
    "reference": "ligne d'une autre feuille : son nom",
    "references": "lignes d'une autre feuille, séparées par « ; »",
}
_TITRE_MAXIMAL = 32
_MESSAGE_MAXIMAL = 255
_BORNE = 1e12


@dataclass(frozen=True, kw_only=True)
class Vierge:
    """Ce que le programme met dans un classeur vierge.

    Parameters
    ----------
    listes
        Liste → valeur stable → libellé, communes et territoires compris.
    departement, nom_du_departement
        Code, et nom tel qu'on l'imprime.
    organisme
        Qui remplira le classeur ; vide si l'on ne sait pas.
    exemples
        Genre → valeur de la ligne d'exemple (une vraie commune, un vrai territoire).
    """

    listes: Mapping[str, Mapping[str, str]]
    departement: str
    nom_du_departement: str
    organisme: str
    jour: date
    exemples: Mapping[str, str]


def ecrire_classeur(classeur: Classeur, vierge: Vierge) -> bytes:
    """Renvoie les octets d'un XLSX vierge, prêt à remplir.

    Les mêmes arguments donnent les mêmes octets.
    """
    import xlsxwriter

    tampon = io.BytesIO()
    livre = xlsxwriter.Workbook(tampon, {"in_memory": True, "strings_to_urls": False})
    livre.set_properties(
        {
            "title": f"{classeur.titre} – {vierge.nom_du_departement}",
            "author": "Solidiag",
            "comments": "Classeur à remplir, puis à donner à « solidiag sources importer ».",
            "created": _minuit(vierge.jour),
        }
    )
    formats = {
        "titre": livre.add_format({"bold": True, "font_size": 14}),
        "entete": livre.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E6E6E6"}
        ),
        "texte": livre.add_format({"text_wrap": True, "valign": "top", "num_format": "@"}),
        "libre": livre.add_format({"text_wrap": True, "valign": "top"}),
        "exemple": livre.add_format({"italic": True, "text_wrap": True, "valign": "top"}),
    }
    places = _places_des_listes(classeur, vierge)
    _ecrire_mode_d_emploi(livre.add_worksheet(MODE_D_EMPLOI), classeur, vierge, formats)
    for rang, feuille in enumerate(classeur.feuilles):
        page = livre.add_worksheet(feuille.titre)
        _ecrire_feuille(page, feuille, classeur, places, vierge, formats)
        if rang == 0:
            page.activate()
    _ecrire_listes(livre.add_worksheet(LISTES), places, vierge, formats)
    _ecrire_marque(livre.add_worksheet(FEUILLE_DE_MARQUE), classeur, vierge)
    livre.close()
    return tampon.getvalue()


def _minuit(jour: date) -> Any:
    from datetime import datetime

    return datetime(jour.year, jour.month, jour.day)  # noqa: DTZ001


def _places_des_listes(classeur: Classeur, vierge: Vierge) -> dict[str, int]:
    """Renvoie les listes employées, et leur colonne dans la feuille des listes."""
    voulues: list[str] = []
    for feuille in classeur.feuilles:
        for colonne in feuille.colonnes:
            nom = _liste_de(colonne)
            if nom and vierge.listes.get(nom):
                voulues.append(nom)
    return {nom: place for place, nom in enumerate(dict.fromkeys(voulues))}


def _liste_de(colonne: Colonne) -> str:
    if colonne.genre == "commune":
        return "communes"
    if colonne.genre in ("territoire", "territoires"):
        return "territoires"
    return colonne.liste


def _ecrire_mode_d_emploi(
    page: Any, classeur: Classeur, vierge: Vierge, formats: Mapping[str, Any]
) -> None:
    page.set_column(0, 0, 30)
    page.set_column(1, 1, 30)
    page.set_column(2, 2, 12)
    page.set_column(3, 3, 34)
    page.set_column(4, 4, 70)
    page.write_string(0, 0, classeur.titre, formats["titre"])
    page.write_string(1, 0, f"Département : {vierge.nom_du_departement}")
    if vierge.organisme:
        page.write_string(2, 0, f"Rempli par : {vierge.organisme}")
    rang = 3
    for consigne in classeur.mode_emploi:
        page.write_string(rang, 0, f"– {consigne}")
        rang += 1
    rang += 1
    for place, titre in enumerate(("Feuille", "Colonne", "Obligatoire", "Forme", "Aide")):
        page.write_string(rang, place, titre, formats["entete"])
    for feuille in classeur.feuilles:
        for colonne in feuille.colonnes:
            rang += 1
            cellules = (
                feuille.titre,
                colonne.titre,
                "oui" if colonne.requise else "non",
                _GENRES[colonne.genre],
                colonne.aide,
            )
            for place, texte in enumerate(cellules):
                page.write_string(rang, place, texte, formats["libre"])


def _ecrire_feuille(
    page: Any,
    feuille: Feuille,
    classeur: Classeur,
    places: Mapping[str, int],
    vierge: Vierge,
    formats: Mapping[str, Any],
) -> None:
    page.freeze_panes(1, 1)
    page.set_row(0, 48)
    for place, colonne in enumerate(feuille.colonnes):
        texte = colonne.genre not in ("nombre", "date")
        page.set_column(place, place, colonne.largeur, formats["texte" if texte else "libre"])
        page.write_string(0, place, colonne.entete, formats["entete"])
        exemple = _exemple(colonne, vierge)
        if place == 0:
            exemple = f"{MENTION_EXEMPLE} : {exemple}" if exemple else MENTION_EXEMPLE
        if exemple:
            page.write_string(1, place, exemple, formats["exemple"])
        page.data_validation(
            1, place, LIGNES_PRETES, place, _validation(colonne, classeur, places, vierge)
        )
    page.autofilter(0, 0, LIGNES_PRETES, len(feuille.colonnes) - 1)


def _exemple(colonne: Colonne, vierge: Vierge) -> str:
    return colonne.exemple or (vierge.exemples.get(colonne.genre, "") if colonne.requise else "")


def _validation(
    colonne: Colonne, classeur: Classeur, places: Mapping[str, int], vierge: Vierge
) -> dict[str, Any]:
    """Renvoie la règle de saisie d'une colonne : aide à l'écran, liste, message en français."""
    regle: dict[str, Any] = {
        "validate": "any",
        "input_title": _couper(colonne.titre, _TITRE_MAXIMAL),
        "input_message": _couper(colonne.aide, _MESSAGE_MAXIMAL),
        "error_title": "Valeur non admise",
    }
    liste = _liste_de(colonne)
    if liste in places:
        regle |= {
            "validate": "list",
            "source": _plage(places[liste], len(vierge.listes[liste])),
            **_souplesse(colonne),
        }
    elif colonne.genre == "oui_non":
        regle |= {
            "validate": "list",
            "source": ["oui", "non"],
            "error_message": "Écrivez oui ou non, ou laissez la case vide.",
        }
    elif colonne.genre == "nombre":
        mini = -_BORNE if colonne.mini is None else colonne.mini
        maxi = _BORNE if colonne.maxi is None else colonne.maxi
        regle |= {
            "validate": "decimal",
            "criteria": "between",
            "minimum": mini,
            "maximum": maxi,
            "error_message": "Écrivez un nombre seul, sans unité, ou laissez la case vide.",
        }
    elif colonne.feuille:
        place = [f.id for f in classeur.feuilles].index(colonne.feuille)
        titre = classeur.feuilles[place].titre
        regle |= {
            "validate": "list",
            "source": f"='{titre}'!$A$3:$A${LIGNES_PRETES}",
            "show_error": False,
        }
    return regle


def _souplesse(colonne: Colonne) -> dict[str, Any]:
    """Renvoie la sévérité d'une liste : ferme, avertie (une commune d'ailleurs), ou libre."""
    if colonne.genre == "liste":
        return {"error_message": "Choisissez une valeur de la liste, ou laissez la case vide."}
    if colonne.genre in ("commune", "territoire"):
        return {
            "error_type": "warning",
            "error_title": "Hors de la liste",
            "error_message": "Cette valeur n'est pas dans la liste du département. Si elle est "
            "juste (commune voisine, par exemple), gardez-la.",
        }
    return {"show_error": False}


def _plage(place: int, nombre: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    lettre = xl_col_to_name(place)
    return f"={LISTES}!${lettre}$2:${lettre}${nombre + 1}"


def _couper(texte: str, longueur: int) -> str:
    return texte if len(texte) <= longueur else texte[: longueur - 1] + "…"


def _ecrire_listes(
    page: Any, places: Mapping[str, int], vierge: Vierge, formats: Mapping[str, Any]
) -> None:
    page.freeze_panes(1, 0)
    for nom, place in places.items():
        libelles = list(vierge.listes[nom].values())
        largeur = min(60, max(12, *(len(libelle) for libelle in libelles)))
        page.set_column(place, place, largeur)
        page.write_string(0, place, nom.replace("_", " "), formats["entete"])
        for rang, libelle in enumerate(libelles, start=1):
            page.write_string(rang, place, libelle)


def _ecrire_marque(page: Any, classeur: Classeur, vierge: Vierge) -> None:
    lignes = (
        ("classeur", classeur.id),
        ("version", str(classeur.version)),
        ("departement", vierge.departement),
        ("organisme", vierge.organisme),
    )
    for rang, (cle, valeur) in enumerate(lignes):
        page.write_string(rang, 0, cle)
        page.write_string(rang, 1, valeur)
    page.hide()
