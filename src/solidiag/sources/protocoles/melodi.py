"""API Melodi de l'Insee : fichier entier d'un jeu, ou pages d'une sélection réunies en une."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.fichier import (
    TAILLE_MAXIMALE,
    ecriture,
    empreinte_de,
    telecharger,
)
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.protocoles.session import Session, sans_parametres, trop_gros

PAGES_MAXIMUM = 2000

_PAGE_MAXIMALE = 64 << 20


def recuperer(session: Session, adresse: str, vers: Path) -> Recuperation:
    """Renvoie un jeu : ``/file/`` est l'archive du producteur, ``/data/`` des pages réunies.

    Chaque page est gardée dans ``<jeu>.pages`` : une interruption reprend à la page suivante. Le
    fichier réuni garde les observations dans l'ordre des pages ; il est dit assemblé.

    Raises
    ------
    RecuperationImpossible
        Page qui n'est pas du JSON de Melodi, pages sans fin, ou raison du réseau.
    """
    parties = urlsplit(adresse)
    if "/data/" not in parties.path:
        return telecharger(session, adresse, vers, nom=_nom_d_archive(parties.path))
    jeu = re.sub(r"[^A-Za-z0-9_-]", "_", parties.path.rpartition("/")[2])
    pages = vers / f"{jeu}.{hashlib.sha256(adresse.encode()).hexdigest()[:12]}.pages"
    with ecriture(adresse):
        pages.mkdir(parents=True, exist_ok=True)
    observations: list[Any] = []
    tete: dict[str, Any] = {}
    suivante: str | None = adresse
    rang = total = 0
    while suivante:
        rang += 1
        if rang > PAGES_MAXIMUM:
            raise _reponse(adresse, f"la réponse dépasse {PAGES_MAXIMUM} pages")
        octets = _page(session, suivante, pages / f"{rang:04d}.json", adresse=adresse)
        total += len(octets)
        if total > TAILLE_MAXIMALE:
            raise trop_gros(adresse, TAILLE_MAXIMALE)
        contenu = _lire_page(octets, adresse)
        tete = tete or {cle: valeur for cle, valeur in contenu.items() if cle != "paging"}
        observations += contenu["observations"]
        suivante = _suivante(contenu, adresse, courante=suivante)
    chemin = vers / f"{jeu}.json"
    with ecriture(adresse):
        partiel = vers / f"{jeu}.json.partiel"
        texte = json.dumps({**tete, "observations": observations}, ensure_ascii=False)
        partiel.write_text(texte, encoding="utf-8")
        empreinte, taille = empreinte_de(partiel)
        partiel.replace(chemin)
        shutil.rmtree(pages)
    return Recuperation(
        chemin=chemin,
        sha256=empreinte,
        taille=taille,
        adresse=sans_parametres(adresse),
        obtenu_le=session.horloge.maintenant(),
        assemble=True,
    )


def _nom_d_archive(chemin: str) -> str:
    nom = re.sub(r"[^A-Za-z0-9._-]", "_", chemin.rstrip("/").rpartition("/")[2])
    return nom if nom.lower().endswith(".zip") else f"{nom}.zip"


def _page(session: Session, page: str, garde: Path, *, adresse: str) -> bytes:
    """Renvoie une page, celle gardée d'une récupération interrompue si elle vient de la même."""
    with ecriture(adresse):
        if garde.is_file():
            demandee, _, octets = garde.read_bytes().partition(b"\n")
            if demandee.decode("utf-8", "replace") == page:
                return octets
    octets = session.lire(page, limite=_PAGE_MAXIMALE)
    _lire_page(octets, adresse)
    with ecriture(adresse):
        provisoire = garde.with_suffix(".en-cours")
        provisoire.write_bytes(page.encode() + b"\n" + octets)
        provisoire.replace(garde)
    return octets


def _lire_page(octets: bytes, adresse: str) -> dict[str, Any]:
    try:
        contenu = json.loads(octets)
    except ValueError as erreur:
        raise _reponse(adresse, "une page n'est pas du JSON") from erreur
    if not isinstance(contenu, dict) or not isinstance(contenu.get("observations"), list):
        raise _reponse(adresse, "une page n'a pas d'« observations »")
    return contenu


def _suivante(contenu: dict[str, Any], adresse: str, *, courante: str) -> str | None:
    """Renvoie l'adresse de la page suivante, sur le même serveur, s'il y en a une."""
    pagination = contenu.get("paging") or {}
    suivante = pagination.get("next")
    if not suivante or pagination.get("isLast") is True:
        return None
    if not isinstance(suivante, str) or suivante == courante:
        raise _reponse(adresse, "la page suivante est la même page")
    if urlsplit(suivante)[:2] != urlsplit(adresse)[:2]:
        raise _reponse(adresse, "la page suivante est sur un autre serveur")
    return suivante


def _reponse(adresse: str, raison: str) -> RecuperationImpossible:
    return RecuperationImpossible(
        sans_parametres(adresse),
        cause="reponse",
        raison=raison,
        conseil="Récupérez le fichier entier du jeu sur catalogue-donnees.insee.fr et importez-le",
    )
