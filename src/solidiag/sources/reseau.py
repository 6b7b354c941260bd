"""Récupération d'un fichier chez son producteur, seule porte du réseau.

La bibliothèque du réseau n'est chargée qu'ici, et seulement quand on récupère : tout le reste
fonctionne hors ligne.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from solidiag.catalogue.gabarit import Telechargement, remplacer
from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.horloge import Horloge, HorlogeDuSysteme
from solidiag.sources.protocoles.recu import Recuperation

if TYPE_CHECKING:
    import httpx

__all__ = ["Horloge", "Recuperation", "recuperer"]


def recuperer(
    telechargement: Telechargement,
    *,
    millesime: str,
    departement: str,
    vers: Path,
    transport: httpx.BaseTransport | None = None,
    horloge: Horloge | None = None,
) -> Recuperation:
    """Renvoie le fichier d'un producteur, entier, dans le dossier ``vers``.

    Le fichier arrive d'abord à côté (``.partiel``) : un arrêt ne perd rien, et la récupération
    suivante reprend où elle en était si le producteur n'a pas changé le fichier.

    Parameters
    ----------
    millesime, departement
        Valeurs de ``{aaaa}``, ``{aa}`` et ``{departement}`` dans l'adresse.
    vers
        Dossier où ranger le fichier ; il est créé.
    transport
        Ce qui porte les requêtes ; le réseau si ``None``.
    horloge
        Ce qui dit l'heure et attend ; l'horloge du système si ``None``.

    Raises
    ------
    RecuperationImpossible
        Réseau absent, certificat ou mandataire qui refuse, adresse sans fichier, trop de requêtes,
        fichier tronqué, trop gros ou d'une autre nature que celle attendue.
    """
    from solidiag.sources.protocoles import (
        data_inclusion,
        datagouv,
        fichier,
        melodi,
        opendatasoft,
        pages,
        soliguide,
    )
    from solidiag.sources.protocoles.session import Session

    adresse = str(remplacer(telechargement.adresse, millesime=millesime))
    adresse = adresse.replace("{departement}", departement)
    if not adresse.startswith(("https://", "http://127.0.0.1:")):
        raise RecuperationImpossible(
            adresse,
            cause="refus",
            raison="l'adresse n'est pas en https",
            conseil="Corrigez l'adresse du gabarit",
        )
    with Session(transport=transport, horloge=horloge or HorlogeDuSysteme()) as session:
        if telechargement.protocole == "melodi":
            return melodi.recuperer(session, adresse, vers)
        if telechargement.protocole == "opendatasoft":
            return opendatasoft.recuperer(session, adresse, vers)
        if telechargement.protocole == "datagouv":
            return datagouv.recuperer(session, adresse, vers, ressource=telechargement.ressource)
        if telechargement.protocole == "data_inclusion":
            return data_inclusion.recuperer(session, adresse, vers)
        if telechargement.protocole == "pages":
            return pages.recuperer(session, adresse, vers)
        if telechargement.protocole == "soliguide":
            return soliguide.recuperer(session, adresse, vers)
        return fichier.recuperer(session, adresse, vers)
