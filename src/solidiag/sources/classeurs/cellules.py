"""Une cellule de tableur → une valeur : nombres, dates et oui/non comme on les écrit en France."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from solidiag.geography.recherche import simplifier

_VIDES = frozenset({"", "-", "–", "—", "n/a", "nc", "n.c.", "nsp", "?"})
"""Ce que l'on écrit pour dire que l'on ne sait pas : une case vide."""

_OUI = frozenset({"oui", "o", "vrai", "true", "x", "1", "yes"})
_NON = frozenset({"non", "n", "faux", "false", "0", "no"})
_MOIS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre",
    "octobre", "novembre", "decembre",
)  # fmt: skip
_ORIGINE_DES_SERIES = date(1899, 12, 30)
_SERIES = (20_000, 80_000)
"""Numéros de jour d'un tableur : de 1954 à 2119. Une année (2024) n'en est pas un."""

_ANNEES = (1900, 2100)
_HEURE = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_DECIMALE_NULLE = re.compile(r"^(-?\d+)[.,]0+$")


def nettoyer(texte: str | None) -> str:
    r"""Renvoie le texte sans espaces superflus ; vide si la case dit « on ne sait pas ».

    Examples
    --------
    >>> nettoyer("  Mont-de-\xa0Marsan "), nettoyer(" N/A ")
    ('Mont-de- Marsan', '')
    """
    net = " ".join((texte or "").replace("\u200b", "").split())
    return "" if net.casefold() in _VIDES else net


def morceaux(texte: str) -> list[str]:
    """Renvoie les valeurs d'une case qui en accepte plusieurs, sans double.

    Examples
    --------
    >>> morceaux("Familles ; jeunes;; Familles")
    ['Familles', 'jeunes']
    """
    return list(dict.fromkeys(m for m in (nettoyer(m) for m in re.split(r"[;\n]", texte)) if m))


def nombre(texte: str) -> float | None:
    """Renvoie un nombre écrit à la française ou non, ou rien si ce n'en est pas un.

    Examples
    --------
    >>> nombre("1 234,5"), nombre("12.0"), nombre("0,5 ETP"), nombre("1e400")
    (1234.5, 12.0, None, None)
    """
    net = re.sub(r"(?<=\d)[\s\u202f\xa0](?=\d{3}(\D|$))", "", texte.strip())
    if net.count(",") == 1 and "." not in net:
        net = net.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", net):
        return None
    valeur = float(net)
    return valeur if math.isfinite(valeur) else None


def oui_non(texte: str) -> bool | None:
    """Renvoie vrai, faux, ou rien si ce n'est ni l'un ni l'autre.

    Examples
    --------
    >>> oui_non("Oui"), oui_non("x"), oui_non("NON"), oui_non("peut-être")
    (True, True, False, None)
    """
    mot = simplifier(texte)
    if mot in _OUI:
        return True
    return False if mot in _NON else None


def jour(texte: str) -> str | None:
    """Renvoie une date AAAA, AAAA-MM ou AAAA-MM-JJ, aussi précise qu'elle est écrite, ou rien.

    Une date de tableur, son numéro de jour, JJ/MM/AAAA, MM/AAAA et « mai 2024 » sont compris.

    Examples
    --------
    >>> jour("2024-05-03 00:00:00"), jour("45415"), jour("03/05/2024"), jour("3.5.24")
    ('2024-05-03', '2024-05-03', '2024-05-03', '2024-05-03')
    >>> jour("05/2024"), jour("Mai 2024"), jour("2024"), jour("31/02/2024"), jour("bientôt")
    ('2024-05', '2024-05', '2024', None, None)
    """
    net = _DECIMALE_NULLE.sub(r"\1", _HEURE.sub("", texte.strip()))
    if net.isdigit():
        return _jour_compte(int(net))
    if trouve := re.fullmatch(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?", net):
        annee, mois, quantieme = trouve.groups()
        return _ecrire(int(annee), int(mois), int(quantieme) if quantieme else None)
    if trouve := re.fullmatch(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})", net):
        quantieme, mois, annee = trouve.groups()
        siecle = 2000 if len(annee) == 2 else 0
        return _ecrire(int(annee) + siecle, int(mois), int(quantieme))
    if trouve := re.fullmatch(r"(\d{1,2})[-/.](\d{4})", net):
        return _ecrire(int(trouve[2]), int(trouve[1]), None)
    if trouve := re.fullmatch(r"(?:(\d{1,2})(?:er)? )?([a-z]+) (\d{4})", simplifier(net)):
        quantieme, nom, annee = trouve.groups()
        if nom in _MOIS:
            rang = _MOIS.index(nom) + 1
            return _ecrire(int(annee), rang, int(quantieme) if quantieme else None)
    return None


def _jour_compte(valeur: int) -> str | None:
    if _ANNEES[0] <= valeur <= _ANNEES[1]:
        return str(valeur)
    if _SERIES[0] <= valeur <= _SERIES[1]:
        return (_ORIGINE_DES_SERIES + timedelta(days=valeur)).isoformat()
    return None


def _ecrire(annee: int, mois: int, quantieme: int | None) -> str | None:
    try:
        exacte = date(annee, mois, quantieme or 1)
    except ValueError:
        return None
    if not _ANNEES[0] <= annee <= _ANNEES[1]:
        return None
    return exacte.isoformat() if quantieme else exacte.strftime("%Y-%m")
