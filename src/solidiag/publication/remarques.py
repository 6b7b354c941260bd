"""Remarques des sources, leurs codes dits en mots."""

from __future__ import annotations

import re

CODES: tuple[tuple[str, str], ...] = (
    (r"\bBus_équivalent\b", "bus ou équivalent"),
    (r"\bFixe_antenne\(s\)", "accueil fixe, avec des antennes"),
    (r"\bsite Secondaire\b", "site secondaire"),
    (r"\bsite Principal\b", "site principal"),
    (r"\btype aci\b", "ateliers et chantiers d'insertion"),
    (r"\btype ai\b", "association intermédiaire"),
    (r"\btype etti\b", "entreprise de travail temporaire d'insertion"),
    (r"\btype eiti\b", "entreprise d'insertion par le travail indépendant"),
    (r"\btype ei\b", "entreprise d'insertion"),
)
"""Codes que des sources écrivent dans leurs remarques, et ce qu'ils veulent dire."""


def dire_remarque(texte: str) -> str:
    """Renvoie la remarque d'une source sans code à déchiffrer.

    Examples
    --------
    >>> dire_remarque("type aci")
    "ateliers et chantiers d'insertion"
    >>> dire_remarque("Bus_équivalent, Antenne")
    'bus ou équivalent, Antenne'
    """
    for motif, clair in CODES:
        texte = re.sub(motif, clair, texte)
    return texte
