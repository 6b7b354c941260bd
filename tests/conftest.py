"""Ce que les essais partagent : un cache à part, et un diagnostic produit une seule fois."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings

# `make test` tire toujours les mêmes exemples : un essai qui échoue échoue chez tout le monde.
# `make epreuve` en tire d'autres (`--hypothesis-profile hasard`).
settings.register_profile("solidiag", deadline=None, derandomize=True)
settings.register_profile("hasard", deadline=None, max_examples=300)
settings.load_profile("solidiag")

# Aucun essai ne lit le dossier de données de la personne qui les lance : celui-ci n'existe pas.
os.environ["SOLIDIAG_DONNEES"] = str(Path(__file__).with_name("aucun-ajout"))

DEPARTEMENT = "90"
"""Petit département : le Territoire de Belfort, trois intercommunalités."""

JOUR = date(2026, 11, 24)


@pytest.fixture(scope="session")
def racine_partagee(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dossier commun à tous les processus d'essai."""
    base = tmp_path_factory.getbasetemp()
    racine = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    dossier = racine / "partage"
    dossier.mkdir(exist_ok=True)
    return dossier


@pytest.fixture(scope="session", autouse=True)
def cache_a_part(racine_partagee: Path) -> Iterator[Path]:
    """Aucun essai ne lit ni n'écrit le cache de la personne qui les lance."""
    dossier = racine_partagee / "cache"
    avant = os.environ.get("SOLIDIAG_CACHE")
    os.environ["SOLIDIAG_CACHE"] = str(dossier)
    yield dossier
    if avant is None:
        del os.environ["SOLIDIAG_CACHE"]
    else:
        os.environ["SOLIDIAG_CACHE"] = avant


@pytest.fixture(scope="session")
def diagnostic(racine_partagee: Path, cache_a_part: Path) -> Path:
    """Diagnostic complet d'un petit département ; le lire, ne jamais y écrire."""
    from solidiag.pipeline.diagnostic import produire
    from solidiag.storage.cache import Cache

    dossier = racine_partagee / f"diagnostic-{DEPARTEMENT}"
    with (racine_partagee / "diagnostic.verrou").open("w") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        if not dossier.exists():
            produire(DEPARTEMENT, vers=dossier, cache=Cache(cache_a_part), jour=JOUR)
    return dossier
