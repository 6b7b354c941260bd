"""Listes embarquées dont un fichier ajouté, plus récent, prend la suite ; capacités portées.

Sans cela, la même liste à deux dates compterait deux fois ses services, et une capacité donnée
à part de son établissement resterait sans lieu.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from solidiag.catalogue.source import Couverture

PART_D_UNE_SUITE = 0.5
"""Lignes de la nouvelle liste sur celles de l'ancienne, là où elle couvre, en dessous desquelles ce
n'est qu'un extrait : il s'ajoute à l'ancienne et ne la remplace pas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remplacement:
    """Une liste ajoutée et celle, embarquée, dont elle prend la suite.

    Parameters
    ----------
    ancienne, nouvelle
        Identifiants de source.
    couverture
        Territoires de la nouvelle : ailleurs, l'ancienne reste.
    """

    ancienne: str
    nouvelle: str
    couverture: Couverture


def ecarter_les_remplaces(
    services: pl.DataFrame, remplacements: Sequence[Remplacement]
) -> pl.DataFrame:
    """Renvoie les services sans ceux d'une liste remplacée, là où la nouvelle couvre.

    Cela se juge département par département : là où la nouvelle liste est bien plus courte que
    l'ancienne, ce n'est qu'un extrait, et elle ne remplace rien. Une ligne sans code de commune ni
    code postal n'est écartée que si la nouvelle liste est nationale et remplace l'ancienne quelque
    part. Un code postal corse vaut les deux départements.
    """
    codes = pl.coalesce("code_insee", "code_postal")
    departement = (
        pl.when(codes.str.starts_with("97"))
        .then(codes.str.slice(0, 3))
        .otherwise(codes.str.slice(0, 2))
    )
    for remplacement in remplacements:
        comptes = (
            services.filter(pl.col("source").is_in([remplacement.ancienne, remplacement.nouvelle]))
            .group_by(departement.alias("departement"))
            .agg(
                (pl.col("source") == remplacement.ancienne).sum().alias("anciens"),
                (pl.col("source") == remplacement.nouvelle).sum().alias("nouveaux"),
            )
            .filter(
                pl.col("departement").is_not_null(),
                pl.col("nouveaux") > 0,
                pl.col("nouveaux") >= PART_D_UNE_SUITE * pl.col("anciens"),
            )
        )
        couverture = remplacement.couverture
        la = [d for d in comptes["departement"] if couverture.couvre(d)]
        if {"2A", "2B"} & set(la):
            la.append("20")
        ecartees = departement.is_in(la).fill_null(value=False)
        if la and not couverture.departements:
            ecartees |= departement.is_null()
        services = services.filter(~((pl.col("source") == remplacement.ancienne) & ecartees))
    return services


def porter_les_capacites(services: pl.DataFrame) -> pl.DataFrame:
    """Renvoie les services, les capacités données à part portées sur leur établissement.

    Une ligne sans catégorie ni lieu qui partage un identifiant (``finess:…``) avec un service
    lui donne sa capacité s'il n'en a pas, et disparaît ; sans service à qui la porter, elle
    disparaît aussi, car elle ne peut être ni située ni classée.
    """
    a_part = services.filter(
        pl.col("categorie").is_null()
        & pl.col("capacite").is_not_null()
        & pl.col("code_insee").is_null()
        & pl.col("code_postal").is_null()
        & (pl.col("identifiants").list.len() > 0)
    )
    if a_part.is_empty():
        return services
    reste = services.join(a_part.select("id"), on="id", how="anti", maintain_order="left")
    portees = a_part.select(
        pl.col("identifiants").list.first().alias("cle"),
        pl.col("capacite").alias("capacite_portee"),
        pl.col("capacite_unite").alias("unite_portee"),
        pl.format("{} ({}, {})", "remarque", "source", "date_source").alias("remarque_portee"),
    ).unique("cle", keep="first", maintain_order=True)
    premier = pl.col("identifiants").list.filter(pl.element().is_in(portees["cle"].to_list()))
    vide = pl.col("capacite").is_null() & pl.col("capacite_portee").is_not_null()
    return (
        reste.with_columns(premier.list.first().alias("cle"))
        .join(portees, on="cle", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("capacite", "capacite_portee").alias("capacite"),
            pl.when(vide).then("unite_portee").otherwise("capacite_unite").alias("capacite_unite"),
            pl.when(vide)
            .then(pl.concat_str("remarque", "remarque_portee", separator=" ; ", ignore_nulls=True))
            .otherwise("remarque")
            .alias("remarque"),
        )
        .drop("cle", "capacite_portee", "unite_portee", "remarque_portee")
    )
