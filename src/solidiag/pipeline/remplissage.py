"""La table d'une personne remplit un indicateur du catalogue que l'on demandait."""

from __future__ import annotations

import difflib
from typing import Any

from solidiag.catalogue.indicateur import Indicateur
from solidiag.catalogue.table_personnelle import TablePersonnelle
from solidiag.errors import DeclarationInvalide, FichierRefuse
from solidiag.storage.depot import Depot

FACTEURS = {"percent": 100.0, "ratio": 1.0, "pour_1000": 1e3, "pour_10000": 1e4, "pour_100000": 1e5}
"""Facteur d'un rapport de deux effectifs, par unité."""


def a_remplir(identifiant: str, depot: Depot) -> Indicateur:
    """Renvoie l'indicateur embarqué, sans lecture, qu'une table peut remplir.

    Raises
    ------
    FichierRefuse
        S'il n'existe pas, ou si des fichiers embarqués le documentent déjà.
    """
    indicateur = depot.declares.get(identifiant)
    if indicateur is None:
        libres = [nom for nom, i in depot.declares.items() if not i.lectures]
        proches = difflib.get_close_matches(identifiant, libres, n=3, cutoff=0.4)
        raise FichierRefuse(
            identifiant,
            "ce n'est pas un indicateur du catalogue",
            "cherchez-le avec « solidiag indicateurs MOT »"
            + (f" ; proches : {', '.join(proches)}" if proches else ""),
        )
    if indicateur.lectures:
        raise FichierRefuse(
            identifiant,
            f"« {identifiant} » est déjà un indicateur du catalogue, que des fichiers embarqués "
            "documentent",
            "choisissez un autre « id » : votre table fera un indicateur de plus",
        )
    return indicateur


def completer(contenu: Any, depot: Depot, *, nom: str) -> Any:
    """Renvoie une déclaration, complétée par le catalogue si elle remplit un de ses indicateurs.

    Raises
    ------
    DeclarationInvalide
        Si ``remplit`` nomme un indicateur qui ne se remplit pas.
    """
    if not isinstance(contenu, dict):
        return contenu
    contenu = {cle: valeur for cle, valeur in contenu.items() if valeur is not None}
    voulu = str(contenu.get("remplit") or "")
    if voulu:
        try:
            a_remplir(voulu, depot)
        except FichierRefuse as erreur:
            raise DeclarationInvalide(nom, [f"remplit : {erreur}"]) from erreur
    indicateur = depot.declares.get(voulu or str(contenu.get("id") or ""))
    if indicateur is None or indicateur.lectures:
        return contenu
    donne = {cle: valeur for cle, valeur in contenu.items() if valeur != ""}
    repris: dict[str, Any] = {
        "id": indicateur.id,
        "titre": indicateur.libelle,
        "titre_court": indicateur.libelle_court,
        "definition": indicateur.definition,
        "champ": indicateur.champ,
        "unite": indicateur.unite,
        "sens": indicateur.sens,
        "sujet": indicateur.sujet,
        "lecture": indicateur.lecture,
    }
    if indicateur.unite in FACTEURS:
        repris["facteur"] = FACTEURS[indicateur.unite]
    return repris | donne


def controler_remplissage(table: TablePersonnelle, depot: Depot, *, nom: str) -> None:
    """Contrôle qu'une table peut remplir l'indicateur du catalogue dont elle porte le nom.

    Raises
    ------
    FichierRefuse
        Si l'indicateur est déjà documenté, ou si l'unité, la nature ou le sens ne sont pas les
        siens.
    """
    if table.id not in depot.declares:
        return
    indicateur = a_remplir(table.id, depot)
    fautes = []
    if table.unite != indicateur.unite:
        fautes.append(f"son unité est « {table.unite} », celle du catalogue « {indicateur.unite} »")
    elif table.nature == "effectif" and indicateur.unite != "nombre":
        fautes.append(
            f"un effectif n'est pas en « {indicateur.unite} » : donnez un rapport (numerateur, "
            "denominateur)"
        )
    elif table.nature == "rapport" and table.facteur != FACTEURS.get(indicateur.unite):
        attendu = FACTEURS.get(indicateur.unite)
        fautes.append(
            f"son facteur est {table.facteur:g}, celui de « {indicateur.unite} » est {attendu:g}"
            if attendu
            else f"un rapport n'est pas en « {indicateur.unite} »"
        )
    if table.sens != indicateur.sens:
        fautes.append(f"son sens est « {table.sens} », celui du catalogue « {indicateur.sens} »")
    if fautes:
        raise FichierRefuse(
            nom,
            f"la table ne remplit pas « {table.id} » : " + " ; ".join(fautes),
            "corrigez la déclaration (un champ vide prend la valeur du catalogue), ou choisissez "
            "un autre « id » pour en faire un indicateur de plus",
        )
