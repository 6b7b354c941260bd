"""Qualité et fraîcheur de l'inventaire d'un département, prêtes à publier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from solidiag.confidentiality.publication import PublishedTable, publier
from solidiag.geography.referentiel import Referentiel
from solidiag.offre.qualite import qualifier, qualite_par_territoire
from solidiag.storage.depot import Depot

ECARTES: tuple[str, ...] = (
    "id", "source", "nom", "categorie", "commune", "code_insee", "date_source", "fermeture",
)  # fmt: skip
"""Colonnes de la table des services écartés."""


@dataclass(frozen=True, kw_only=True)
class QualiteOffre:
    """Qualité de l'inventaire, prête à publier.

    Parameters
    ----------
    territoires
        Par territoire et domaine (schéma `solidiag.offre.qualite.QUALITE`).
    services
        Par ligne de service (schéma `solidiag.offre.qualite.FICHES`).
    ecartes
        Services fermés, avec leur raison et leur date.
    """

    territoires: PublishedTable
    services: PublishedTable
    ecartes: PublishedTable


def calculer_qualite(
    depot: Depot,
    referentiel: Referentiel,
    services: pl.DataFrame,
    ecartes: pl.DataFrame,
    *,
    departement: str,
    jour: date,
) -> QualiteOffre:
    """Renvoie la qualité de l'inventaire d'un département.

    Parameters
    ----------
    services, ecartes
        Services ouverts et services fermés (schéma `SERVICES`).
    jour
        Date du rapport : elle donne l'âge de chaque information.
    """
    attendus = depot.parametres("qualite_offre")["rafraichissement_mois"]
    fiches = qualifier(
        services, jour=jour, attendus=attendus["sources"], defaut=int(attendus["defaut"])
    )
    territoires = qualite_par_territoire(
        services,
        fiches,
        communes=_communes(referentiel, departement),
        territoires_entiers=[f"DEP-{departement}"],
        domaines=[domaine.id for domaine in depot.grille.domaines],
    )
    return QualiteOffre(
        territoires=publier(territoires, "qualite_offre", cles=("territoire", "domaine")),
        services=publier(fiches, "qualite_services", cles=("source", "id")),
        ecartes=publier(
            ecartes.select(ECARTES).sort("source", "id"), "services_ecartes", cles=("source", "id")
        ),
    )


def _communes(referentiel: Referentiel, departement: str) -> dict[str, list[str]]:
    """Communes du département et de chacune de ses intercommunalités."""
    communes = referentiel.communes
    dedans = communes.filter(pl.col("departement") == departement)
    epci = dedans["epci"].drop_nulls().unique()
    par_epci = (
        communes.filter(pl.col("epci").is_in(epci.implode()))
        .group_by("epci")
        .agg(pl.col("code"))
        .sort("epci")
    )
    return {
        f"DEP-{departement}": dedans["code"].to_list(),
        **{f"EPCI-{code}": codes for code, codes in par_epci.iter_rows()},
    }
