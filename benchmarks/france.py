"""Calculer tous les indicateurs pour les 101 départements, en une fois et sans cache."""

from __future__ import annotations

from solidiag.pipeline.calculs import (
    calculer_indicateurs,
    charger_referentiel,
    territoires_du_diagnostic,
)
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

if __name__ == "__main__":
    depot = Depot()
    referentiel = charger_referentiel(depot)
    departements = referentiel.communes["departement"].unique().sort()
    ids = {
        identifiant
        for departement in departements
        for identifiant in territoires_du_diagnostic(referentiel, departement)
    }
    observations, _ = calculer_indicateurs(
        depot.indicateurs.values(), depot, referentiel, territoires=sorted(ids), cache=Cache(None)
    )
    print(len(departements), len(ids), observations.height)
