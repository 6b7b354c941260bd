"""L'offre d'un département : inventaire, doublons, mesures et accès."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from solidiag.catalogue.indicateur import MesureOffre
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import OBSERVATIONS, table_vide
from solidiag.model.origin import Origin
from solidiag.model.service import SERVICES
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot


@dataclass(frozen=True, kw_only=True)
class Offre:
    """L'offre calculée d'un département.

    Parameters
    ----------
    services
        Inventaire au schéma `SERVICES`.
    paires
        Paires de lignes réunies, avec leur raison.
    observations
        Mesures d'offre au schéma `OBSERVATIONS`.
    mesures
        Mesures déduites de l'inventaire, en plus de celles déclarées.
    categories
        Déclaration de chaque catégorie de service.
    """

    services: pl.DataFrame
    paires: Sequence[Mapping[str, Any]]
    observations: pl.DataFrame
    origines: Mapping[str, Origin]
    mesures: Mapping[str, MesureOffre] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def calculer_offre(
    depot: Depot,
    referentiel: Referentiel,
    *,
    departement: str,
    territoires: list[str],
    cache: Cache,
) -> Offre:
    """Renvoie l'offre d'un département."""
    del referentiel, departement, territoires, cache
    return Offre(
        services=table_vide(SERVICES),
        paires=(),
        observations=table_vide(OBSERVATIONS),
        origines={},
        categories=depot.declaration("services/categories.yaml"),
    )
