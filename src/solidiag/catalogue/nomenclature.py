"""Codes d'une nomenclature, par millésime : un code absent d'un millésime n'y vaut pas zéro."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Presence = Literal["documenté", "non documenté", "inconnu"]


class Edition(BaseModel):
    """Codes qu'un millésime porte.

    ``entiere`` : la liste est celle de tous les codes du millésime ; sinon un code qu'elle n'a pas
    est inconnu, et rien n'est dit de lui. ``source`` : d'où vient la liste.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    entiere: bool
    source: str
    codes: frozenset[str]


class Nomenclature(BaseModel):
    """Nomenclature dont les codes changent d'un millésime à l'autre.

    Examples
    --------
    >>> bpe = Nomenclature.model_validate(
    ...     {
    ...         "titre": "Base permanente des équipements",
    ...         "editions": {
    ...             "2018": {"entiere": True, "source": "fichier", "codes": ["A101"]},
    ...             "2019": {"entiere": True, "source": "fichier", "codes": ["A101", "A127"]},
    ...             "2024": {"entiere": False, "source": "notice", "codes": ["A128"]},
    ...         },
    ...     }
    ... )
    >>> bpe.presence("A127", "2018"), bpe.presence("A127", "2019"), bpe.presence("A127", "2024")
    ('non documenté', 'documenté', 'inconnu')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    titre: str
    editions: dict[str, Edition]

    def presence(self, code: str, millesime: str) -> Presence:
        """Dit si un code est documenté dans un millésime ; ``inconnu`` si l'on ne sait pas."""
        edition = self.editions.get(millesime)
        if edition is None:
            return "inconnu"
        if code in edition.codes:
            return "documenté"
        return "non documenté" if edition.entiere else "inconnu"

    def communs(self, *millesimes: str) -> frozenset[str]:
        """Renvoie les codes documentés dans tous ces millésimes : les seuls à comparer."""
        listes = [self.editions[m].codes for m in millesimes if m in self.editions]
        if len(listes) < len(millesimes) or not listes:
            return frozenset()
        return frozenset.intersection(*listes)
