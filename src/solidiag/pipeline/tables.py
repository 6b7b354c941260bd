"""Des fichiers embarqués aux tables alignées sur le code officiel géographique courant."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from solidiag.geography.alignement import aligner
from solidiag.geography.passages import Passages
from solidiag.sources.registre import lire
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

VERSION = "1"
"""Version de la lecture et de l'alignement ; elle change la clé du cache."""


def tables_alignees(
    depot: Depot,
    requises: Mapping[str, set[str]],
    passages: Passages,
    *,
    cog: int,
    sommables: Mapping[str, Collection[str]],
    cache: Cache,
) -> dict[str, pl.DataFrame]:
    """Renvoie, par ``source/fichier``, la table alignée des variables requises.

    Parameters
    ----------
    requises
        Variables à lire, par ``source/fichier``.
    sommables
        Variables qui sont des effectifs et s'additionnent quand des communes fusionnent.
    cache
        Tables déjà alignées ; la clé tient à l'empreinte du fichier, à sa déclaration et au code.
    """

    def une(reference: str) -> pl.DataFrame:
        return _table(
            depot,
            reference,
            requises[reference],
            passages,
            cog=cog,
            sommables=frozenset(sommables.get(reference, ())),
            cache=cache,
        )

    references = sorted(requises)
    with ThreadPoolExecutor(max_workers=2) as executeur:
        return dict(zip(references, executeur.map(une, references), strict=True))


def _table(
    depot: Depot,
    reference: str,
    variables: set[str],
    passages: Passages,
    *,
    cog: int,
    sommables: frozenset[str],
    cache: Cache,
) -> pl.DataFrame:
    source, fichier = depot.fichier(reference)
    octets = depot.octets(fichier.fichier)
    cle = _cle(
        VERSION,
        depot.empreinte_de_lecture,
        depot.retrieval(reference).sha256,
        source.model_dump_json(exclude={"fichiers"}),
        fichier.model_dump_json(),
        sorted(variables),
        sorted(sommables),
        cog,
    )
    gardee = cache.lire(cle)
    if gardee is not None:
        return gardee
    brute = lire(octets, source, fichier, variables=variables)
    table = aligner(brute, passages, cog_fichier=fichier.cog, cog=cog, sommables=sommables)
    cache.garder(cle, table)
    return table


def _cle(*morceaux: object) -> str:
    texte = json.dumps(morceaux, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(texte.encode()).hexdigest()
