"""À qui un service s'adresse, d'après sa zone d'éligibilité et son lieu.

Une zone est une liste de codes : communes, EPCI, départements, ou ``france`` ; vide, le service est
ouvert partout. Un service est d'un territoire par son lieu, par sa zone, ou par les deux.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import polars as pl

from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.cadre import Cadre
from solidiag.offre.structures import noter

FRANCE = "france"

HORS_ZONE = "réservé aux habitants d'autres territoires"
"""Remarque d'un service rendu ici, mais pour d'autres."""

BASE_AILLEURS = "basé hors du département, dessert"
"""Début de la remarque d'un service qui vient d'un autre département."""

MOBILES = ("itinerant", "domicile")
"""Façons de venir vers les gens, sans qu'ils se rendent au lieu du service."""

_LISTE = pl.List(pl.String)


@dataclass(frozen=True, kw_only=True)
class Perimetre:
    """Un territoire, et les codes d'une zone d'éligibilité qui le touchent.

    Parameters
    ----------
    communes
        Codes du COG courant.
    codes
        Ceux-ci, leurs anciens codes, et les codes des EPCI et départements de ces communes.
    """

    communes: frozenset[str]
    codes: frozenset[str]

    @classmethod
    def depuis(cls, cadre: Cadre, communes: frozenset[str]) -> Self:
        """Renvoie le périmètre de communes du COG courant."""
        siennes = cadre.communes.filter(pl.col("code").is_in(list(communes)))
        anciens = {ancien for ancien, actuel in cadre.anciens.items() if actuel in communes}
        autour = {*siennes["epci"].drop_nulls(), *siennes["departement"].drop_nulls()} - {""}
        return cls(communes=communes, codes=frozenset(communes | anciens | autour))

    @classmethod
    def du_departement(cls, cadre: Cadre, departement: str) -> Self:
        """Renvoie le périmètre d'un département."""
        siennes = cadre.communes.filter(pl.col("departement") == departement)["code"]
        return cls.depuis(cadre, frozenset(siennes))


def nommes(perimetre: Perimetre) -> pl.Expr:
    """Dit si la zone nomme le territoire : une de ses communes, son EPCI ou son département."""
    codes = pl.lit(sorted(perimetre.codes), dtype=_LISTE)
    communs = pl.col("zone_eligibilite").list.set_intersection(codes)
    return (communs.list.len() > 0).fill_null(value=False)


def partout() -> pl.Expr:
    """Dit si la zone est vide, ou toute la France."""
    vide = pl.col("zone_eligibilite").list.len().fill_null(0) == 0
    return vide | pl.col("zone_eligibilite").list.contains(FRANCE).fill_null(value=False)


def eligibles(services: pl.DataFrame, perimetre: Perimetre) -> pl.DataFrame:
    """Renvoie les services qui s'adressent aux habitants d'un territoire.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`, située ou non.

    Returns
    -------
    polars.DataFrame
        Les mêmes lignes, et une colonne ``eligibilite`` : ``zone`` (la zone nomme le territoire)
        ou ``partout`` (zone vide ou France).

    Examples
    --------
    >>> perimetre = Perimetre(communes=frozenset({"40192"}), codes=frozenset({"40192", "40"}))
    >>> zones = pl.DataFrame({"zone_eligibilite": [["40"], ["33"], ["france"], None]})
    >>> eligibles(zones, perimetre)["eligibilite"].to_list()
    ['zone', 'partout', 'partout']
    """
    dite = pl.when(nommes(perimetre)).then(pl.lit("zone")).when(partout()).then(pl.lit("partout"))
    return services.with_columns(dite.alias("eligibilite")).filter(
        pl.col("eligibilite").is_not_null()
    )


def accessible_sans_lieu(perimetre: Perimetre) -> pl.Expr:
    """Dit si un service s'adresse au territoire sans qu'on s'y rende en un lieu connu.

    Sa zone nomme le territoire ; ou elle est toute la France (ou vide) et il se rend à distance ou
    n'a pas de lieu. Il faut que la source dise une zone, un mode d'accueil ou un déplacement : un
    lieu mal renseigné n'est pas un service à distance.
    """
    dit = (
        pl.col("zone_eligibilite").list.len().fill_null(0)
        + pl.col("modes_accueil").list.len().fill_null(0)
        > 0
    ) | pl.col("aller_vers").is_not_null()
    sans_lieu = pl.all_horizontal(
        pl.col(champ).is_null() for champ in ("code_insee", "code_postal", "latitude")
    )
    seulement = (pl.col("aller_vers") == "distance").fill_null(value=False)
    aussi = pl.col("modes_accueil").list.contains("a-distance").fill_null(value=False) & pl.col(
        "zone_eligibilite"
    ).list.contains(FRANCE).fill_null(value=False)
    return dit & (nommes(perimetre) | (partout() & (seulement | sans_lieu | aussi)))


def marquer_hors_zone(services: pl.DataFrame, perimetre: Perimetre) -> pl.DataFrame:
    """Renvoie les services, ceux dont la zone exclut le territoire le disant en remarque."""
    exclus = ~nommes(perimetre) & ~partout()
    zone = pl.col("zone_eligibilite").list.head(5).list.join(", ")
    return services.with_columns(
        pl.when(exclus)
        .then(noter(pl.col("remarque"), pl.format(HORS_ZONE + " (zone {})", zone)))
        .otherwise("remarque")
        .alias("remarque")
    )


def viennent(perimetre: Perimetre) -> pl.Expr:
    """Dit si un service mobile dit venir dans le territoire, d'où qu'il parte."""
    mobile = pl.col("aller_vers").is_in(list(MOBILES)).fill_null(value=False)
    return mobile & nommes(perimetre)


def marquer_venus(
    services: pl.DataFrame, cadre: Cadre, *, perimetre: Perimetre, ici: Collection[str]
) -> pl.DataFrame:
    """Renvoie les services, ceux qui viennent d'ailleurs le disant en remarque.

    Parameters
    ----------
    ici
        Communes dont les services sont d'ici : les autres services mobiles viennent d'ailleurs.
    """
    dedans = pl.col("code_insee").is_in(list(ici))
    d_ailleurs = pl.col("code_insee").is_not_null() & ~dedans & viennent(perimetre)
    siens = pl.lit(sorted(perimetre.codes), dtype=_LISTE)
    noms = {code: cadre.noms_de_zones.get(code, code) for code in perimetre.codes}
    zones = (
        pl.col("zone_eligibilite")
        .list.set_intersection(siens)
        .list.eval(pl.element().replace(list(noms), list(noms.values())))
        .list.sort()
        .list.head(5)
        .list.join(", ")
    )
    return services.with_columns(
        pl.when(d_ailleurs)
        .then(noter(pl.col("remarque"), pl.format(BASE_AILLEURS + " {}", zones)))
        .otherwise("remarque")
        .alias("remarque")
    )


def reunir_sans_lieu(services: pl.DataFrame) -> pl.DataFrame:
    """Renvoie des services sans lieu avec leur ``groupe`` : même nom et même organisme.

    Aucune adresse ne les départage : un nom presque égal ne suffit pas.
    """
    nom = pl.col("nom").str.to_lowercase()
    organisme = pl.coalesce(pl.col("structure").str.to_lowercase(), "id")
    tete = pl.col("id").sort_by("id").first().over(nom, organisme)
    membres = pl.len().over(nom, organisme)
    return mettre_au_schema(
        services.with_columns(
            tete.alias("groupe"),
            pl.when(membres > 1)
            .then(pl.lit("même nom et même organisme, sans lieu"))
            .alias("motif_groupe"),
        ).sort("id"),
        SERVICES,
    )
