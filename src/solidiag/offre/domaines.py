"""Domaines d'un service d'après ses propres mots, et catégorie d'un lieu d'après son réseau."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce

import polars as pl

from solidiag.catalogue.thematiques import TableThematiques
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.structures import (
    CATEGORIE_LIEU,
    CATEGORIE_STRUCTURE,
    PREFIXE_STRUCTURE,
)

_CHAMPS = {
    "thematiques": "thematiques",
    "publics": "publics",
    "reseaux": "reseaux",
    "types": "type_service",
}
"""Champ d'une règle → colonne d'un service."""

_LISTE = pl.List(pl.String)


def domaines_dits(services: pl.DataFrame, table: TableThematiques) -> pl.Series:
    """Renvoie, ligne à ligne, les domaines que disent les mots d'un service.

    Ceux de ses thématiques et des règles qu'il suit ; à défaut, ceux de ses réseaux porteurs.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`.

    Returns
    -------
    polars.Series
        Listes triées, de même longueur que ``services`` ; vide, jamais nulle, si rien n'est dit.
    """
    rang = services.select(*_CHAMPS.values()).with_row_index("__rang__")
    lots = [_par_mot(rang, "thematiques", {m: t.domaines for m, t in table.thematiques.items()})]
    for regle in table.regles:
        suivies = reduce(
            lambda a, b: a & b, [_porte(_CHAMPS[champ], mots) for champ, mots in regle.si.listes()]
        )
        lots.append(
            rang.filter(suivies).select(
                "__rang__", pl.lit(list(regle.domaines), dtype=_LISTE).alias("domaines")
            )
        )
    dits = _reunir(lots)
    muets = rang.filter(~pl.col("__rang__").is_in(dits["__rang__"].implode()))
    par_reseau = _par_mot(muets, "reseaux", {m: r.domaines for m, r in table.reseaux.items()})
    tous = _reunir([dits, par_reseau])
    return (
        rang.select("__rang__")
        .join(tous, on="__rang__", how="left", maintain_order="left")
        .select(pl.col("domaines").fill_null(pl.lit([], dtype=_LISTE)))
        .to_series()
    )


def placer_structures(services: pl.DataFrame, table: TableThematiques) -> pl.DataFrame:
    """Renvoie les services, leurs structures rangées dans la catégorie de leur réseau porteur.

    Une structure dont le réseau n'a pas de catégorie n'est un lieu de l'inventaire que si aucun de
    ses services n'y est : sinon ce sont eux qui comptent.
    """
    est_une_structure = pl.col("id").str.starts_with(PREFIXE_STRUCTURE)
    if services.filter(est_une_structure).is_empty():
        return services
    rendues = (
        services.filter(~est_une_structure)
        .select(
            pl.col("identifiants").list.join(" ").str.extract(rf"({PREFIXE_STRUCTURE}\S+)").unique()
        )
        .to_series()
        .drop_nulls()
    )
    categories = {nom: r.categorie for nom, r in table.reseaux.items() if r.categorie}
    parlants = [nom for nom, reseau in table.reseaux.items() if reseau.domaines]
    trouvees = (
        pl.col("reseaux")
        .list.eval(pl.element().replace_strict(categories, default=None, return_dtype=pl.String))
        .list.drop_nulls()
        .list.first()
    )
    lieu = _porte("reseaux", tuple(parlants)) & ~pl.col("id").is_in(rendues.implode())
    return services.with_columns(
        pl.when(est_une_structure)
        .then(
            pl.coalesce(
                trouvees,
                pl.when(lieu).then(pl.lit(CATEGORIE_LIEU)),
                pl.lit(CATEGORIE_STRUCTURE),
            )
        )
        .otherwise("categorie")
        .alias("categorie")
    )


def completer(
    services: pl.DataFrame, table: TableThematiques, *, categories: Collection[str]
) -> pl.DataFrame:
    """Renvoie les services de ces catégories avec les domaines que disent leurs mots.

    Les domaines qu'une ligne porte déjà restent ; sans rien qui en dise, elle n'en a aucun.
    """
    muets = (pl.col("domaines").list.len().fill_null(0) == 0) & pl.col("categorie").is_in(
        list(categories)
    )
    if services.filter(muets).is_empty():
        return services
    dits = domaines_dits(services, table)
    return mettre_au_schema(
        services.with_columns(pl.when(muets).then(dits).otherwise("domaines").alias("domaines")),
        SERVICES,
    )


def _porte(colonne: str, mots: tuple[str, ...]) -> pl.Expr:
    """Dit si une ligne porte un de ces mots."""
    if SERVICES[colonne] == pl.String():
        return pl.col(colonne).is_in(list(mots)).fill_null(value=False)
    communs = pl.col(colonne).list.set_intersection(pl.lit(list(mots), dtype=_LISTE))
    return (communs.list.len() > 0).fill_null(value=False)


def _par_mot(
    rang: pl.DataFrame, colonne: str, domaines: dict[str, tuple[str, ...]]
) -> pl.DataFrame:
    correspondance = pl.DataFrame(
        {colonne: list(domaines), "domaines": [list(d) for d in domaines.values()]},
        schema={colonne: pl.String, "domaines": _LISTE},
    )
    return (
        rang.select("__rang__", colonne)
        .explode(colonne)
        .join(correspondance, on=colonne, how="inner")
        .select("__rang__", "domaines")
    )


def _reunir(lots: list[pl.DataFrame]) -> pl.DataFrame:
    """Une ligne par service qui a au moins un domaine : ses domaines, triés, sans double."""
    return (
        pl.concat(lots)
        .explode("domaines")
        .filter(pl.col("domaines").is_not_null())
        .group_by("__rang__")
        .agg(pl.col("domaines").unique().sort())
    )
