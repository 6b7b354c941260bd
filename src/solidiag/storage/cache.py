"""Cache de tables adressées par leur contenu : ce qui n'a pas changé n'est pas relu."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, MutableMapping
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
        try:
            return pl.read_ipc(chemin) if chemin.is_file() else None
        except (pl.exceptions.PolarsError, OSError):
            with contextlib.suppress(OSError):
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


class CacheOctets(MutableMapping[str, bytes]):
    """Octets gardés sous une clé, dans le même dossier que les tables.

    Parameters
    ----------
    cache
        Cache de tables ; si lui ne garde rien, celui-ci ne garde qu'en mémoire.
    """

    def __init__(self, cache: Cache) -> None:
        self._dossier = cache.dossier
        self._memoire: dict[str, bytes] = {}

    def __getitem__(self, cle: str) -> bytes:
        if cle in self._memoire:
            return self._memoire[cle]
        if self._dossier is None:
            raise KeyError(cle)
        try:
            octets = (self._dossier / f"{cle}.octets").read_bytes()
        except OSError:
            raise KeyError(cle) from None
        contenu, empreinte = octets[:-32], octets[-32:]
        if hashlib.sha256(contenu).digest() != empreinte:
            raise KeyError(cle)
        self._memoire[cle] = contenu
        return contenu

    def __setitem__(self, cle: str, octets: bytes) -> None:
        self._memoire[cle] = octets
        if self._dossier is None:
            return
        try:
            self._dossier.mkdir(parents=True, exist_ok=True)
            temporaire = self._dossier / f"{cle}.{os.getpid()}.partiel"
            temporaire.write_bytes(octets + hashlib.sha256(octets).digest())
            temporaire.replace(self._dossier / f"{cle}.octets")
        except OSError:
            return

    def __delitem__(self, cle: str) -> None:
        del self._memoire[cle]

    def __iter__(self) -> Iterator[str]:
        return iter(self._memoire)

    def __len__(self) -> int:
        return len(self._memoire)

    def __contains__(self, cle: object) -> bool:
        try:
            self[str(cle)]
        except KeyError:
            return False
        return True
