"""Inventaires réels, calculés une fois pour tous les essais qui les lisent."""

from __future__ import annotations

from functools import cache

from solidiag.catalogue.service import lire_categories
from solidiag.geography.referentiel import Referentiel
from solidiag.offre.inventaire import Inventaire
from solidiag.pipeline.offre import inventorier
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot


@cache
def depot_embarque() -> Depot:
    """Renvoie le dépôt embarqué, sans les fichiers d'une personne."""
    return Depot.embarque()


@cache
def referentiel_embarque() -> Referentiel:
    """Renvoie les territoires du dépôt embarqué."""
    return charger_referentiel(depot_embarque().octets)


@cache
def inventaire_embarque(departement: str) -> Inventaire:
    """Renvoie l'inventaire d'un département, à ne pas modifier."""
    depot = depot_embarque()
    inventaire, _ = inventorier(
        depot,
        referentiel_embarque(),
        departement=departement,
        categories=lire_categories(depot.declaration("services/categories.yaml")),
    )
    return inventaire
