"""Cache de tables adressées par leur contenu : ce qui n'a pas changé n'est pas relu."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import polars as pl


def dossier_de_cache() -> Path:
    """Renvoie le dossier de cache (``SOLIDIAG_CACHE``, sinon celui de l'utilisateur)."""
    declare = os.environ.get("SOLIDIAG_CACHE")
    if declare:
        return Path(declare)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "solidiag"


class Cache:
    """Tables gardées sous une clé ; une entrée illisible est refaite, jamais crue.

    Parameters
    ----------
    dossier
        Où garder les tables ; ``None`` : ne rien garder (c'est ce que fait `solidiag verifier`).
    """

    def __init__(self, dossier: Path | None) -> None:
        self.dossier = dossier

    def lire(self, cle: str) -> pl.DataFrame | None:
        """Renvoie la table gardée sous cette clé, ou rien."""
        if self.dossier is None:
            return None
        chemin = self.dossier / f"{cle}.arrow"
        if not chemin.is_file():
            return None
        try:
            return pl.read_ipc(chemin)
        except (pl.exceptions.PolarsError, OSError):
            chemin.unlink(missing_ok=True)
            return None

    def garder(self, cle: str, table: pl.DataFrame) -> None:
        """Garde une table ; un cache qu'on ne peut pas écrire n'empêche pas le calcul."""
        if self.dossier is None:
            return
        try:
            self.dossier.mkdir(parents=True, exist_ok=True)
            descripteur, nom = tempfile.mkstemp(dir=self.dossier, suffix=".partiel")
            os.close(descripteur)
            temporaire = Path(nom)
            try:
                table.write_ipc(temporaire, compression="lz4")
                temporaire.replace(self.dossier / f"{cle}.arrow")
            finally:
                temporaire.unlink(missing_ok=True)
        except OSError:
            return
