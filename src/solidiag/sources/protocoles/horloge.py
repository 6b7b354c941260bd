"""Heure et attente, données en argument pour que les essais n'attendent pas."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Horloge(Protocol):
    """Ce que la récupération demande au temps."""

    def instant(self) -> float:
        """Renvoie un nombre de secondes qui ne recule jamais."""

    def maintenant(self) -> datetime:
        """Renvoie la date et l'heure, avec leur fuseau."""

    def attendre(self, secondes: float) -> None:
        """Attend."""


class HorlogeDuSysteme:
    """Horloge de la machine."""

    def instant(self) -> float:
        """Renvoie l'horloge monotone du système, en secondes."""
        return time.monotonic()

    def maintenant(self) -> datetime:
        """Renvoie la date et l'heure en temps universel."""
        return datetime.now(UTC)

    def attendre(self, secondes: float) -> None:
        """Attend ce nombre de secondes."""
        time.sleep(secondes)
