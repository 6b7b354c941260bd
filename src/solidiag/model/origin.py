"""Provenance : d'où vient un chiffre, jusqu'aux octets du fichier."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Une copie d'un fichier publié.

    Parameters
    ----------
    source, fichier
        Identifiant de la source déclarée et chemin du fichier embarqué.
    millesime
        Année dont parle le fichier.
    sha256, size
        Empreinte et taille en octets de la copie.
    copie
        ``producteur`` (octets du producteur) ou ``retravaillee`` (par un tiers ou par nous).
    """

    source: str
    fichier: str
    millesime: str
    licence: str
    url: str
    retrieved_at: str
    sha256: str
    size: int
    copie: str = "producteur"
    copie_note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Renvoie une forme sérialisable en JSON."""
        return {"type": "retrieval", **{champ: getattr(self, champ) for champ in self.__slots__}}

    @property
    def id(self) -> str:
        """Empreinte de tout ce qui précède."""
        return _digest(self.to_dict())

    @property
    def retrievals(self) -> tuple[Retrieval, ...]:
        """Les fichiers d'où vient le chiffre : lui-même."""
        return (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """Une transformation d'autres origines.

    Parameters
    ----------
    operation, version
        Nom de l'opération du registre et sa version.
    parameters
        Paires triées (nom, valeur).
    inputs
        Origines dont elle part.
    """

    operation: str
    version: str
    parameters: tuple[tuple[str, str], ...]
    inputs: tuple[Origin, ...]

    def to_dict(self) -> dict[str, Any]:
        """Renvoie une forme sérialisable en JSON."""
        return {
            "type": "derivation",
            "operation": self.operation,
            "version": self.version,
            "parameters": [list(paire) for paire in self.parameters],
            "inputs": [entree.to_dict() for entree in self.inputs],
        }

    @property
    def id(self) -> str:
        """Empreinte de tout ce qui précède."""
        return _digest(self.to_dict())

    @property
    def retrievals(self) -> tuple[Retrieval, ...]:
        """Les fichiers d'où vient le chiffre, sans double, dans l'ordre."""
        vus: dict[str, Retrieval] = {}
        for entree in self.inputs:
            for retrieval in entree.retrievals:
                vus.setdefault(retrieval.id, retrieval)
        return tuple(vus.values())


Origin = Retrieval | Derivation


def _digest(contenu: dict[str, Any]) -> str:
    texte = json.dumps(contenu, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(texte.encode()).hexdigest()[:16]
