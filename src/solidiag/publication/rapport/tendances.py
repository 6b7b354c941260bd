"""Verdict d'une tendance en mots, et la réserve d'un montant en euros courants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solidiag.catalogue.indicateur import EUROS

_DITES: dict[str, str] = {
    "hausse": "en hausse{reserve}, de façon nette",
    "baisse": "en baisse{reserve}, de façon nette",
    "sans_tendance": "sans tendance établie",
    "serie_courte": "série trop courte",
    "non_teste": "tendance non testée",
}


def reserve_de(unite: str) -> str:
    """Renvoie « (en euros courants) », précédé d'une espace, pour un montant ; rien sinon.

    Examples
    --------
    >>> reserve_de("euro"), reserve_de("percent")
    (' (en euros courants)', '')
    """
    return " (en euros courants)" if unite in EUROS else ""


def tendance_dite(tendance: Mapping[str, Any]) -> str:
    """Renvoie le verdict d'une ligne de la table des tendances, dans une légende ou une cellule.

    Examples
    --------
    >>> tendance_dite({"verdict": "hausse", "unite": "euro"})
    'en hausse (en euros courants), de façon nette'
    """
    return _DITES[tendance["verdict"]].format(reserve=reserve_de(tendance["unite"]))
