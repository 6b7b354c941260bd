"""Publier des observations dont certaines viennent de tables de partenaires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from solidiag.confidentiality.publication import PublishedTable, publier
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.storage.depot import Depot

if TYPE_CHECKING:
    from solidiag.confidentiality.partenaires import ControlePartenaires


def seuils_des_partenaires(depot: Depot) -> dict[tuple[str, str], int]:
    """Renvoie le seuil du secret, par indicateur et période lus dans la table d'un partenaire."""
    sources = {nom: s.seuil_secret for nom, s in depot.sources.items() if s.seuil_secret}
    seuils: dict[tuple[str, str], int] = {}
    for indicateur in depot.indicateurs.values() if sources else ():
        for lecture in indicateur.lectures:
            cle = (indicateur.id, lecture.periode)
            for terme in (lecture.valeur, lecture.numerateur, lecture.denominateur, lecture.poids):
                seuil = sources.get(terme.fichier.partition("/")[0], 0) if terme else 0
                if seuil:
                    seuils[cle] = max(seuil, seuils.get(cle, 0))
    return seuils


def parents_des_communes(
    territoires: Sequence[str], referentiel: Referentiel
) -> dict[str, list[str]]:
    """Renvoie, par commune, les territoires demandés qui la contiennent."""
    demandes = set(territoires)
    parents = {}
    for code, epci, departement in referentiel.communes.select(
        "code", "epci", "departement"
    ).iter_rows():
        if f"COM-{code}" in demandes:
            zones = (f"EPCI-{epci}", f"DEP-{departement}")
            parents[f"COM-{code}"] = [zone for zone in zones if zone in demandes]
    return parents


def publier_observations(
    observations: pl.DataFrame, *, depot: Depot, referentiel: Referentiel
) -> PublishedTable:
    """Renvoie la table d'observations publiée, les lignes de partenaires attaquées avant.

    Raises
    ------
    PublicationInterdite
        Si une valeur secrète se retrouve, ou si la table montre ce qu'elle ne doit pas.
    """
    table = mettre_au_schema(observations, OBSERVATIONS)
    seuils = seuils_des_partenaires(depot)
    lus = set(table["indicateur"].unique())
    seuils = {cle: seuil for cle, seuil in seuils.items() if cle[0] in lus}
    if not seuils:
        return publier(table, "observations")
    return publier(
        table,
        "observations",
        partenaires=sorted({indicateur for indicateur, _ in seuils}),
        controle=_controle(table, seuils, referentiel, depot),
    )


def _controle(
    table: pl.DataFrame,
    seuils: Mapping[tuple[str, str], int],
    referentiel: Referentiel,
    depot: Depot,
) -> ControlePartenaires:
    """Attaque ensemble les indicateurs liés, par période, au seuil de leur table."""
    from solidiag.confidentiality.partenaires import controler
    from solidiag.confidentiality.secret import Regles
    from solidiag.pipeline.liens_partenaires import sommes_a_attaquer, sommes_des_ajouts

    lignes = table.filter(pl.col("indicateur").is_in(sorted({nom for nom, _ in seuils})))
    return controler(
        lignes,
        parents=parents_des_communes(lignes["territoire"].to_list(), referentiel),
        regles={cle: Regles(seuil=seuil) for cle, seuil in seuils.items()},
        modalites=sommes_a_attaquer(
            lignes, sommes_des_ajouts(depot.ajouts.lus if depot.ajouts else ())
        ),
    )
