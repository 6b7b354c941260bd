"""Services et structures de data·inclusion : chacun porte ce que l'autre sait."""

from __future__ import annotations

import polars as pl

from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES

PREFIXE_SERVICE = "data-inclusion:"
"""Début de l'identifiant d'un service de data·inclusion."""

PREFIXE_STRUCTURE = "data-inclusion-structure:"
"""Début de l'identifiant d'une structure, et de la référence qu'un service en garde."""

CATEGORIE_SERVICE = "service-data-inclusion"
CATEGORIE_STRUCTURE = "structure-data-inclusion"
CATEGORIE_LIEU = "lieu-data-inclusion"

STRUCTURE_ABSENTE = "structure non fournie : ni Siret ni réseau porteur connus"
LIEU_DE_LA_STRUCTURE = "lieu du service non dit : celui de la structure est pris"

_LIEU = ("commune", "code_insee", "code_postal", "adresse", "latitude", "longitude")
_REPRIS = (*_LIEU, "precision_geo", "nom", "siret", "reseaux", "horaires_osm")


def rattacher(services: pl.DataFrame, *, dire_absentes: bool = True) -> pl.DataFrame:
    """Renvoie les services complétés par leur structure : nom, Siret, réseaux, lieu, horaires.

    Le Siret est celui de l'organisme, commun à tous ses services : il va dans ``identifiants``
    (``siret:…``) et non dans ``siret``, qui réunirait ces services en un seul.

    Un service sans aucun lieu, et qui ne se rend pas seulement à distance, prend celui de sa
    structure, ce qu'une remarque dit. Une structure que le fichier ne donne pas est dite elle
    aussi. Rattacher deux fois ne change rien.

    Parameters
    ----------
    services
        Table au schéma `SERVICES` ; ses lignes dont l'identifiant commence par
        `PREFIXE_STRUCTURE` sont des structures.
    dire_absentes
        Faux tant que les structures peuvent venir d'un autre fichier.
    """
    est_une_structure = pl.col("id").str.starts_with(PREFIXE_STRUCTURE)
    structures = (
        services.filter(est_une_structure)
        .sort("date_source", descending=True, nulls_last=True)
        .unique("id", keep="first", maintain_order=True)
    )
    references = (
        pl.col("identifiants")
        .list.join(" ")
        .str.extract(rf"({PREFIXE_STRUCTURE}\S+)")
        .alias("__structure__")
    )
    siens = services.with_columns(pl.when(~est_une_structure).then(references))
    if siens["__structure__"].null_count() == siens.height:
        return services
    joints = siens.join(
        structures.select(pl.col("id").alias("__structure__"), *_REPRIS),
        on="__structure__",
        how="left",
        suffix="__s",
        maintain_order="left",
    )
    connue = pl.col("nom__s").is_not_null()
    sans_lieu = (
        pl.all_horizontal(pl.col(champ).is_null() for champ in _LIEU)
        & connue
        & (pl.col("aller_vers").fill_null("") != "distance")
        & pl.any_horizontal(pl.col(f"{champ}__s").is_not_null() for champ in _LIEU)
    )
    a_un_siret = pl.col("siret__s").is_not_null() & pl.col("identifiants").is_not_null()
    deja = pl.col("identifiants").list.join(" ").str.contains("siret:", literal=True)
    absente = (
        pl.col("__structure__").is_not_null() & ~connue & pl.col("structure").is_null()
    ).fill_null(value=False)
    return mettre_au_schema(
        joints.with_columns(
            *(pl.when(sans_lieu).then(f"{c}__s").otherwise(c).alias(c) for c in _LIEU),
            pl.when(sans_lieu)
            .then("precision_geo__s")
            .otherwise("precision_geo")
            .alias("precision_geo"),
            pl.coalesce("structure", "nom__s").alias("structure"),
            pl.when(a_un_siret & ~deja)
            .then(pl.concat_list("identifiants", pl.lit("siret:") + pl.col("siret__s")))
            .otherwise("identifiants")
            .alias("identifiants"),
            pl.coalesce("reseaux", "reseaux__s").alias("reseaux"),
            pl.coalesce("horaires_osm", "horaires_osm__s").alias("horaires_osm"),
            noter(
                pl.col("remarque"),
                pl.when(sans_lieu).then(pl.lit(LIEU_DE_LA_STRUCTURE)),
                pl.when(absente & ~_deja(STRUCTURE_ABSENTE) & pl.lit(dire_absentes)).then(
                    pl.lit(STRUCTURE_ABSENTE)
                ),
            ).alias("remarque"),
        ).select(SERVICES.keys()),
        SERVICES,
    )


def liste_d_origine() -> pl.Expr:
    """Renvoie la liste d'où vient chaque ligne (``source``) : data·inclusion en réunit plusieurs.

    Deux lignes d'une même liste sont deux services ; deux producteurs que data·inclusion réunit
    peuvent, eux, décrire le même.
    """
    producteur = pl.col("id").str.extract(r"^data-inclusion(?:-structure)?:(.+?)--")
    return pl.concat_str([pl.col("source"), producteur], separator="/", ignore_nulls=True).alias(
        "source"
    )


def noter(*parties: pl.Expr) -> pl.Expr:
    """Renvoie des remarques jointes, vide si aucune n'est là."""
    jointes = pl.concat_str(parties, separator=" ; ", ignore_nulls=True)
    return pl.when(jointes != "").then(jointes)


def _deja(phrase: str) -> pl.Expr:
    return pl.col("remarque").fill_null("").str.contains(phrase, literal=True)
