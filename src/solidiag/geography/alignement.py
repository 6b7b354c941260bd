"""Alignement d'une table lue dans un fichier sur un code officiel géographique.

Règles :

- une commune qui passe seule d'un COG à l'autre garde sa valeur (``unchanged``), même si son code
  a changé ;
- une commune fusionnée reçoit la somme de ses parties pour les variables sommables, si toutes
  sont connues ; un taux ou une médiane ne se combine pas (``merged``, valeur absente) ;
- la part d'une commune partagée ou rétablie n'est pas connue (``split``, valeur absente) ;
- une commune sans ligne est « non documentée » (``absent``, statut L), jamais zéro.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from solidiag.geography.passages import (
    ABSENTE,
    ARRONDISSEMENT,
    DELEGUEE,
    FUSIONNEE,
    INCHANGEE,
    PARTAGEE,
    Passages,
)
from solidiag.model.observation import TABLE_ALIGNEE, ObsStatus, Precision, mettre_au_schema
from solidiag.model.territoire import Niveau

_NIVEAUX = (Niveau.COMMUNE.value, Niveau.ARRONDISSEMENT_MUNICIPAL.value)
_CELLULE = ("code", "variable", "periode")
_PRECISIONS = [precision.value for precision in Precision]
_DU_PLUS_SUR = [statut.value for statut in (
    ObsStatus.NORMAL, ObsStatus.PROVISOIRE, ObsStatus.ESTIME, ObsStatus.RUPTURE,
)]  # fmt: skip


def aligner(
    table: pl.DataFrame,
    passages: Passages,
    *,
    cog_fichier: int,
    cog: int,
    sommables: frozenset[str] = frozenset(),
    communes: Collection[str] | None = None,
) -> pl.DataFrame:
    """Renvoie la table sur le COG demandé, au schéma `TABLE_ALIGNEE`.

    Les lignes des autres niveaux que la commune et l'arrondissement municipal passent telles
    quelles (``unchanged``).

    Parameters
    ----------
    table
        Table au schéma `TABLE_SOURCE`.
    passages
        Passages entre COG du référentiel.
    cog_fichier, cog
        COG du fichier et COG d'arrivée.
    sommables
        Variables dont la valeur d'une commune fusionnée est la somme de celles de ses parties.
    communes
        Si donné, chaque commune de cette liste sans ligne pour une variable et une période en
        reçoit une, au statut L (``absent``).

    Raises
    ------
    ValueError
        Si le passage demandé remonte le temps.

    Notes
    -----
    Le fichier peut être plus récent que sa déclaration : un code qui n'existait pas au COG déclaré
    mais existe au COG d'arrivée est gardé tel quel et l'emporte sur ce que ses anciennes parties
    donneraient. Quand seule la commune qui a gardé le code a des lignes, sa valeur est gardée, avec
    la marque ``merged``. Un code inconnu des deux COG garde sa ligne, sans valeur (L, ``absent``).
    """
    communales = table.filter(pl.col("niveau").is_in(_NIVEAUX))
    autres = table.filter(~pl.col("niveau").is_in(_NIVEAUX))
    relations = _relations_utiles(
        communales["code"].unique(), passages.entre(cog_fichier, cog), passages.communes_au(cog)
    )
    jointes = communales.join(relations, left_on="code", right_on="ancien", how="left")
    simples = jointes.filter(pl.col("relation").is_in([INCHANGEE, ARRONDISSEMENT]))
    morceaux = [
        _sans_changement(simples),
        _isolees(jointes.filter(pl.col("relation") == "isolee")),
        _parts(jointes.filter(pl.col("relation") == PARTAGEE)),
        _sommes(
            jointes.filter(pl.col("relation").is_in([FUSIONNEE, "somme_arm", DELEGUEE])),
            sommables=sommables,
        ),
        _inconnues(jointes.filter(pl.col("relation").is_null())),
        autres.with_columns(statut_cog=pl.lit(INCHANGEE)),
    ]
    alignee = pl.concat(
        [mettre_au_schema(morceau, TABLE_ALIGNEE) for morceau in morceaux if not morceau.is_empty()]
        or [pl.DataFrame(schema=TABLE_ALIGNEE)]
    )
    if communes is None:
        return alignee
    return pl.concat([alignee, _absentes(alignee, communes)])


def _relations_utiles(
    codes: pl.Series, passages: pl.DataFrame, arrivee: frozenset[str]
) -> pl.DataFrame:
    """Renvoie ``ancien, nouveau, relation, attendus`` pour les codes du fichier."""
    presents = set(codes.to_list())
    attendus = passages.group_by("nouveau", "relation").agg(attendus=pl.len())
    table = passages.join(attendus, on=["nouveau", "relation"])
    connus = set(passages["ancien"].to_list())
    nouveaux = sorted((presents & arrivee) - connus)
    # Communes du fichier plus récent que sa déclaration, et partages qu'il connaît déjà.
    partages = passages.filter(pl.col("relation") == PARTAGEE)
    parts = partages.group_by("ancien").agg(parts=pl.col("nouveau"))
    deja = {
        ancien
        for ancien, codes_parts in parts.iter_rows()
        if ancien in codes_parts and set(codes_parts) <= presents
    }
    directs = pl.DataFrame(
        {"ancien": nouveaux + sorted(deja & presents)}, schema={"ancien": pl.String()}
    ).select(
        "ancien",
        nouveau=pl.col("ancien"),
        relation=pl.lit(INCHANGEE),
        attendus=pl.lit(1, dtype=pl.get_index_type()),
    )
    table = table.filter(
        pl.col("ancien").is_in(presents)
        & ~pl.col("ancien").is_in(deja)
        & ~(pl.col("nouveau").is_in(nouveaux) & (pl.col("relation") != ARRONDISSEMENT))
    )
    fusions = table.filter(pl.col("relation") == FUSIONNEE)
    seules = fusions.filter(
        (pl.len().over("nouveau") == 1) & (pl.col("ancien") == pl.col("nouveau"))
    )["ancien"]
    table = table.with_columns(
        relation=pl.when(
            pl.col("ancien").is_in(seules.to_list()) & (pl.col("relation") == FUSIONNEE)
        )
        .then(pl.lit("isolee"))
        .otherwise("relation")
    )
    # Parties de commune (arrondissements, déléguées) : rien à ajouter si la commune a sa ligne.
    avec_ligne = set(table.filter(~pl.col("relation").is_in([DELEGUEE, ARRONDISSEMENT]))["nouveau"])
    avec_ligne |= set(nouveaux)
    sommees = table.filter(
        (pl.col("relation") == ARRONDISSEMENT) & ~pl.col("nouveau").is_in(avec_ligne)
    ).with_columns(relation=pl.lit("somme_arm"))
    table = table.filter((pl.col("relation") != DELEGUEE) | ~pl.col("nouveau").is_in(avec_ligne))
    sans_effet = pl.DataFrame({"ancien": sorted(presents & connus)}, schema={"ancien": pl.String()})
    ecartees = sans_effet.join(table, on="ancien", how="anti").filter(~pl.col("ancien").is_in(deja))
    ecartees = ecartees.select(
        "ancien",
        nouveau=pl.lit(None, dtype=pl.String()),
        relation=pl.lit("ecartee"),
        attendus=pl.lit(0, dtype=pl.get_index_type()),
    )
    return pl.concat([table, directs, sommees, ecartees])


def _sans_changement(jointes: pl.DataFrame) -> pl.DataFrame:
    arrondissement = pl.col("relation") == ARRONDISSEMENT
    return jointes.with_columns(
        code=pl.when(arrondissement).then("code").otherwise("nouveau"),
        niveau=pl.when(arrondissement)
        .then(pl.lit(Niveau.ARRONDISSEMENT_MUNICIPAL.value))
        .otherwise(pl.lit(Niveau.COMMUNE.value)),
        statut_cog=pl.lit(INCHANGEE),
    ).drop("nouveau", "relation", "attendus")


def _isolees(jointes: pl.DataFrame) -> pl.DataFrame:
    return jointes.with_columns(code=pl.col("nouveau"), statut_cog=pl.lit(FUSIONNEE)).drop(
        "nouveau", "relation", "attendus"
    )


def _parts(jointes: pl.DataFrame) -> pl.DataFrame:
    return (
        jointes.group_by("nouveau", "variable", "periode", maintain_order=True)
        .agg(ligne=pl.col("ligne").min())
        .select(
            "variable",
            "periode",
            "ligne",
            code=pl.col("nouveau"),
            niveau=pl.lit(Niveau.COMMUNE.value),
            statut=pl.lit(ObsStatus.NON_PUBLIE.value),
            precision=pl.lit(Precision.EXACTE.value),
            statut_cog=pl.lit(PARTAGEE),
        )
    )


def _sommes(jointes: pl.DataFrame, *, sommables: frozenset[str]) -> pl.DataFrame:
    statut = pl.col("statut")
    connue = pl.col("valeur").is_not_null()
    rang_statut = statut.replace_strict(
        _DU_PLUS_SUR, list(range(len(_DU_PLUS_SUR))), default=None, return_dtype=pl.Int8
    )
    rang_precision = pl.col("precision").replace_strict(
        _PRECISIONS, list(range(len(_PRECISIONS))), default=0, return_dtype=pl.Int8
    )
    groupes = jointes.group_by("nouveau", "variable", "periode", maintain_order=True).agg(
        somme=pl.col("valeur").sum(),
        connues=pl.col("code").filter(connue).n_unique(),
        attendus=pl.col("attendus").max(),
        delegues=(pl.col("relation") == DELEGUEE).any(),
        rang_statut=rang_statut.max(),
        rang_precision=rang_precision.max(),
        ligne=pl.col("ligne").min(),
        secret=(statut == ObsStatus.SECRET.value).any(),
        non_fourni=(statut == ObsStatus.NON_FOURNI.value).all(),
        sans_objet=(statut == ObsStatus.SANS_OBJET.value).all(),
    )
    entiere = (
        pl.col("variable").is_in(sorted(sommables))
        & (pl.col("connues") == pl.col("attendus"))
        & ~pl.col("delegues")
    )
    sommable = pl.col("variable").is_in(sorted(sommables))
    return groupes.select(
        "variable",
        "periode",
        "ligne",
        code=pl.col("nouveau"),
        niveau=pl.lit(Niveau.COMMUNE.value),
        valeur=pl.when(entiere).then("somme"),
        statut=pl.when(entiere)
        .then(pl.col("rang_statut").replace_strict(
            list(range(len(_DU_PLUS_SUR))), _DU_PLUS_SUR, default=ObsStatus.NORMAL.value
        ))
        .when(sommable & pl.col("secret"))
        .then(pl.lit(ObsStatus.SECRET.value))
        .when(sommable & pl.col("non_fourni"))
        .then(pl.lit(ObsStatus.NON_FOURNI.value))
        .when(pl.col("sans_objet"))
        .then(pl.lit(ObsStatus.SANS_OBJET.value))
        .otherwise(pl.lit(ObsStatus.NON_PUBLIE.value)),
        precision=pl.when(entiere)
        .then(pl.col("rang_precision").replace_strict(
            list(range(len(_PRECISIONS))), _PRECISIONS, default=Precision.EXACTE.value
        ))
        .otherwise(pl.lit(Precision.EXACTE.value)),
        statut_cog=pl.lit(FUSIONNEE),
    )  # fmt: skip


def _inconnues(jointes: pl.DataFrame) -> pl.DataFrame:
    return jointes.with_columns(
        valeur=pl.lit(None, dtype=pl.Float64()),
        statut=pl.lit(ObsStatus.NON_FOURNI.value),
        statut_cog=pl.lit(ABSENTE),
    ).drop("nouveau", "relation", "attendus")


def _absentes(alignee: pl.DataFrame, communes: Collection[str]) -> pl.DataFrame:
    communales = alignee.filter(pl.col("niveau") == Niveau.COMMUNE.value)
    voulues = (
        communales.select("variable", "periode")
        .unique(maintain_order=True)
        .join(pl.DataFrame({"code": sorted(communes)}, schema={"code": pl.String()}), how="cross")
    )
    manquantes = voulues.join(communales, on=list(_CELLULE), how="anti").with_columns(
        niveau=pl.lit(Niveau.COMMUNE.value),
        statut=pl.lit(ObsStatus.NON_FOURNI.value),
        precision=pl.lit(Precision.EXACTE.value),
        statut_cog=pl.lit(ABSENTE),
    )
    return mettre_au_schema(manquantes, TABLE_ALIGNEE)
