"""API dont chaque page nomme la suivante (« results », « next ») : pages réunies en un fichier."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.fichier import TAILLE_MAXIMALE, ecriture, empreinte_de
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.protocoles.session import Session, sans_parametres, trop_gros

PAGES_MAXIMUM = 500
_PAGE_MAXIMALE = 64 << 20


def recuperer(session: Session, adresse: str, vers: Path) -> Recuperation:
    """Renvoie les enregistrements de toutes les pages, dans un JSON assemblé.

    Raises
    ------
    RecuperationImpossible
        Page d'une autre forme, page suivante sur un autre serveur ou déjà lue, ou raison du réseau.
    """
    enregistrements: list[Any] = []
    lues: set[str] = set()
    suivante = adresse
    annonces = taille_lue = 0
    while suivante:
        if suivante in lues or len(lues) >= PAGES_MAXIMUM:
            raise _reponse(adresse, "la suite des pages n'a pas de fin")
        if urlsplit(suivante)[:2] != urlsplit(adresse)[:2]:
            raise _reponse(adresse, "la page suivante est sur un autre serveur")
        lues.add(suivante)
        octets = session.lire(suivante, limite=_PAGE_MAXIMALE)
        taille_lue += len(octets)
        if taille_lue > TAILLE_MAXIMALE:
            raise trop_gros(adresse, TAILLE_MAXIMALE)
        try:
            contenu = json.loads(octets)
            enregistrements += list(contenu["results"])
            annonces = int(contenu["count"])
            suivante = str(contenu["next"] or "")
        except (ValueError, LookupError, TypeError) as erreur:
            raise _reponse(
                adresse, "une page n'a pas « results », « count » et « next »"
            ) from erreur
    if not enregistrements:
        raise _reponse(adresse, "la liste est vide")
    parties = urlsplit(adresse)
    nom = re.sub(r"[^A-Za-z0-9]+", "_", f"{parties.path}{parties.query}").strip("_")[-80:] + ".json"
    with ecriture(adresse):
        vers.mkdir(parents=True, exist_ok=True)
        partiel = vers / f"{nom}.partiel"
        reunis = {"count": annonces, "results": enregistrements}
        partiel.write_text(json.dumps(reunis, ensure_ascii=False), encoding="utf-8")
        empreinte, taille = empreinte_de(partiel)
        partiel.replace(vers / nom)
    manque = annonces - len(enregistrements)
    return Recuperation(
        chemin=vers / nom,
        sha256=empreinte,
        taille=taille,
        adresse=sans_parametres(adresse),
        obtenu_le=session.horloge.maintenant(),
        assemble=True,
        remarques=(f"{annonces} enregistrements annoncés, {len(enregistrements)} reçus",)
        if manque
        else (),
    )


def _reponse(adresse: str, raison: str) -> RecuperationImpossible:
    return RecuperationImpossible(
        sans_parametres(adresse),
        cause="reponse",
        raison=raison,
        conseil="Récupérez le fichier vous-même et importez-le",
    )
