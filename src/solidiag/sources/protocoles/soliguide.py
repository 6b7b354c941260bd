"""API de Soliguide : lieux d'un département, page par page, réunis en un seul fichier.

Le jeton, que Solinum donne sur convention, ne va qu'au serveur demandé et n'est écrit nulle part.
Un lieu répété d'une page à l'autre n'est gardé qu'une fois ; ce qui manque au total est dit.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.fichier import TAILLE_MAXIMALE, ecriture, empreinte_de
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.protocoles.session import Session, sans_parametres, trop_gros

JETON = "SOLIDIAG_JETON_SOLIGUIDE"
"""Variable d'environnement qui porte le jeton, tel que Solinum le donne (« JWT … »)."""

PAGE = 100
"""Lieux demandés par page."""

PAGES_MAXIMUM = 500
_PAGE_MAXIMALE = 64 << 20

_NOMS = (
    "01 ain 02 aisne 03 allier 04 alpes-de-haute-provence 05 hautes-alpes 06 alpes-maritimes "
    "07 ardeche 08 ardennes 09 ariege 10 aube 11 aude 12 aveyron 13 bouches-du-rhone 14 calvados "
    "15 cantal 16 charente 17 charente-maritime 18 cher 19 correze 21 cote-d-or 22 cotes-d-armor "
    "23 creuse 24 dordogne 25 doubs 26 drome 27 eure 28 eure-et-loir 29 finistere 2A corse-du-sud "
    "2B haute-corse 30 gard 31 haute-garonne 32 gers 33 gironde 34 herault 35 ille-et-vilaine "
    "36 indre 37 indre-et-loire 38 isere 39 jura 40 landes 41 loir-et-cher 42 loire "
    "43 haute-loire 44 loire-atlantique 45 loiret 46 lot 47 lot-et-garonne 48 lozere "
    "49 maine-et-loire 50 manche 51 marne 52 haute-marne 53 mayenne 54 meurthe-et-moselle "
    "55 meuse 56 morbihan 57 moselle 58 nievre 59 nord 60 oise 61 orne 62 pas-de-calais "
    "63 puy-de-dome 64 pyrenees-atlantiques 65 hautes-pyrenees 66 pyrenees-orientales 67 bas-rhin "
    "68 haut-rhin 69 rhone 70 haute-saone 71 saone-et-loire 72 sarthe 73 savoie 74 haute-savoie "
    "75 paris 76 seine-maritime 77 seine-et-marne 78 yvelines 79 deux-sevres 80 somme 81 tarn "
    "82 tarn-et-garonne 83 var 84 vaucluse 85 vendee 86 vienne 87 haute-vienne 88 vosges 89 yonne "
    "90 territoire-de-belfort 91 essonne 92 hauts-de-seine 93 seine-saint-denis 94 val-de-marne "
    "95 val-d-oise 971 guadeloupe 972 martinique 973 guyane 974 la-reunion 976 mayotte"
)

DEPARTEMENTS = dict(zip(_NOMS.split()[::2], _NOMS.split()[1::2], strict=True))
"""Code du département → nom que l'API attend (sans accent, mots joints par un tiret)."""


def recuperer(session: Session, adresse: str, vers: Path) -> Recuperation:
    """Renvoie les lieux d'un département, dans un JSON assemblé.

    Parameters
    ----------
    adresse
        Adresse de la recherche, le code du département après « ?departement= ».

    Raises
    ------
    RecuperationImpossible
        Département inconnu, jeton absent ou refusé, réponse d'une autre forme.
    """
    parties = urlsplit(adresse)
    code = dict(parse_qsl(parties.query)).get("departement", "")
    if code not in DEPARTEMENTS:
        raise _reponse(adresse, f"« {code} » n'est pas le code d'un département")
    recherche = sans_parametres(adresse)
    entetes = {"Authorization": _jeton(adresse), "Content-Type": "application/json"}
    lieux: dict[str, Any] = {}
    total = taille_lue = repetes = 0
    for rang in range(1, PAGES_MAXIMUM + 1):
        corps = {
            "location": {"geoType": "departement", "geoValue": DEPARTEMENTS[code]},
            "options": {"limit": PAGE, "page": rang},
        }
        octets = _page(session, recherche, json.dumps(corps).encode(), entetes)
        taille_lue += len(octets)
        if taille_lue > TAILLE_MAXIMALE:
            raise trop_gros(adresse, TAILLE_MAXIMALE)
        lus, total = _lire_page(octets, adresse)
        nouveaux = {str(lieu["lieu_id"]): lieu for lieu in lus if lieu.get("lieu_id") is not None}
        repetes += len(nouveaux.keys() & lieux.keys())
        avant = len(lieux)
        lieux |= nouveaux
        # Une page sans rien de neuf finit la lecture : le serveur répète ou n'a plus rien.
        if not lus or len(lieux) >= total or len(lieux) == avant:
            break
    if not lieux:
        raise _reponse(adresse, f"Soliguide n'a aucun lieu pour « {DEPARTEMENTS[code]} »")
    nom = f"soliguide_{code}.json"
    contenu = {"nbResults": total, "places": [lieux[numero] for numero in sorted(lieux, key=_rang)]}
    with ecriture(adresse):
        vers.mkdir(parents=True, exist_ok=True)
        partiel = vers / f"{nom}.partiel"
        partiel.write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")
        empreinte, taille = empreinte_de(partiel)
        partiel.replace(vers / nom)
    return Recuperation(
        chemin=vers / nom,
        sha256=empreinte,
        taille=taille,
        adresse=recherche,
        obtenu_le=session.horloge.maintenant(),
        assemble=True,
        remarques=tuple(_remarques(len(lieux), total=total, repetes=repetes)),
    )


def _page(session: Session, adresse: str, corps: bytes, entetes: dict[str, str]) -> bytes:
    try:
        return session.lire(adresse, limite=_PAGE_MAXIMALE, entetes=entetes, corps=corps)
    except RecuperationImpossible as erreur:
        if erreur.cause == "refus":
            raise _sans_jeton(adresse, "le serveur refuse le jeton donné") from erreur
        raise


def _lire_page(octets: bytes, adresse: str) -> tuple[list[dict[str, Any]], int]:
    try:
        contenu = json.loads(octets)
        lieux = [lieu for lieu in contenu["places"] if isinstance(lieu, dict)]
        return lieux, int(contenu["nbResults"])
    except (ValueError, LookupError, TypeError) as erreur:
        raise _reponse(adresse, "une page n'a pas « places » et « nbResults »") from erreur


def _remarques(gardes: int, *, total: int, repetes: int) -> list[str]:
    dites = []
    if repetes:
        dites.append(f"{repetes} lieux répétés d'une page à l'autre, gardés une fois")
    if gardes < total:
        dites.append(f"il manque {total - gardes} lieux sur {total} annoncés")
    return dites


def _rang(numero: str) -> tuple[int, str]:
    return (int(numero), "") if numero.isdigit() else (0, numero)


def _jeton(adresse: str) -> str:
    jeton = os.environ.get(JETON, "").strip()
    if not jeton:
        raise _sans_jeton(adresse, "l'API demande un jeton, et aucun n'est donné")
    if not re.fullmatch(r"[\x20-\x7e]+", jeton):
        raise _sans_jeton(adresse, "le jeton donné a des accents ou plusieurs lignes")
    return jeton


def _sans_jeton(adresse: str, raison: str) -> RecuperationImpossible:
    return RecuperationImpossible(
        sans_parametres(adresse),
        cause="refus",
        raison=raison,
        conseil=f"Demandez un jeton à Solinum et donnez-le dans {JETON}, ou importez l'export que "
        "Solinum vous remet",
    )


def _reponse(adresse: str, raison: str) -> RecuperationImpossible:
    return RecuperationImpossible(
        sans_parametres(adresse),
        cause="reponse",
        raison=raison,
        conseil="Demandez un export à Solinum et importez-le",
    )
