"""Ressource de data.gouv.fr : adresse stable d'une ressource, ou jeu dont une ressource est prise.

``…/api/1/datasets/r/<identifiant>`` mène au fichier. ``…/api/1/datasets/<jeu>/`` décrit le jeu :
la ressource prise est la première dont le titre ou l'adresse suit ``Telechargement.ressource``.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.fichier import ecriture, nom_de, telecharger
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.protocoles.session import Session, sans_parametres

_DESCRIPTION_MAXIMALE = 16 << 20
_EMPREINTES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "md5": hashlib.md5}


def recuperer(session: Session, adresse: str, vers: Path, *, ressource: str = "") -> Recuperation:
    """Renvoie une ressource ; son empreinte est comparée à celle du portail s'il en donne une.

    Raises
    ------
    RecuperationImpossible
        Aucune ressource de ce titre, empreinte différente, ou raison du réseau.
    """
    if "/datasets/r/" in adresse or not ressource:
        return telecharger(session, adresse, vers)
    choisie = _choisir(session, adresse, ressource)
    recu = telecharger(session, choisie["url"], vers, nom=nom_de(choisie["url"]))
    _controler_empreinte(recu, choisie.get("checksum") or {}, adresse)
    return recu


def _choisir(session: Session, adresse: str, expression: str) -> dict[str, Any]:
    try:
        contenu = json.loads(session.lire(adresse, limite=_DESCRIPTION_MAXIMALE))
        ressources = [dict(r) for r in contenu["resources"] if r["url"]]
    except (ValueError, LookupError, TypeError) as erreur:
        raise _reponse(adresse, "la description du jeu n'a pas la forme attendue") from erreur
    for ressource in ressources:
        noms = (str(ressource.get("title") or ""), str(ressource["url"]))
        if any(re.search(expression, nom, re.IGNORECASE) for nom in noms):
            return ressource
    titres = ", ".join(f"« {r.get('title')} »" for r in ressources[:5]) or "rien"
    raise _reponse(adresse, f"aucune ressource du jeu ne suit « {expression} » ; il a {titres}")


def _controler_empreinte(recu: Recuperation, annonce: dict[str, Any], adresse: str) -> None:
    fabrique = _EMPREINTES.get(str(annonce.get("type", "")).lower())
    attendue = str(annonce.get("value") or "").lower()
    if fabrique is None or not attendue:
        return
    condense = fabrique(usedforsecurity=False)
    with ecriture(adresse):
        with recu.chemin.open("rb") as flux:
            while bloc := flux.read(1 << 20):
                condense.update(bloc)
        if condense.hexdigest() == attendue:
            return
        recu.chemin.unlink()
    raise RecuperationImpossible(
        sans_parametres(adresse),
        cause="tronque",
        raison="l'empreinte du fichier reçu n'est pas celle que le portail annonce",
        conseil="Recommencez, puis signalez-le au producteur",
    )


def _reponse(adresse: str, raison: str) -> RecuperationImpossible:
    return RecuperationImpossible(
        sans_parametres(adresse),
        cause="reponse",
        raison=raison,
        conseil="Cherchez le fichier sur la page du producteur et importez-le",
    )
