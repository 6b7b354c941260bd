"""Export d'un jeu d'un portail Opendatasoft (Cnaf, DREES, Dares, DEPP, Cnam)."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.fichier import telecharger
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.protocoles.session import Session, sans_parametres

_EXPORT = re.compile(r"/catalog/datasets/(?P<jeu>[^/]+)/exports/(?P<format>csv|xlsx|json|parquet)$")

_OPTIONS_CSV = {"delimiter": ";", "use_labels": "false"}
"""Séparateur et noms techniques de colonnes, sauf si l'adresse en dit d'autres."""


def recuperer(session: Session, adresse: str, vers: Path) -> Recuperation:
    """Renvoie l'export entier d'un jeu (l'export n'a pas la limite des pages de l'API).

    Raises
    ------
    RecuperationImpossible
        Si l'adresse n'est pas celle d'un export, ou pour une raison du réseau.
    """
    parties = urlsplit(adresse)
    export = _EXPORT.search(parties.path)
    if export is None:
        raise RecuperationImpossible(
            sans_parametres(adresse),
            cause="reponse",
            raison="ce n'est pas l'adresse d'un export Opendatasoft",
            conseil="Elle finit par /catalog/datasets/<jeu>/exports/csv : corrigez le gabarit",
        )
    options = dict(parse_qsl(parties.query, keep_blank_values=True))
    if export["format"] == "csv":
        options = {**_OPTIONS_CSV, **options}
    entiere = urlunsplit(parties._replace(query=urlencode(options)))
    return telecharger(session, entiere, vers, nom=f"{export['jeu']}.{export['format']}")
