"""Registre fermé des formules : d'une lecture déclarée à une valeur par territoire."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from solidiag.besoins.termes import (
    Referentiel,
    Tables,
    completer_par_arrondissements,
    evaluer,
    evaluer_lignes,
    evaluer_produit,
    precision_de,
    rang_absence,
    rang_precision,
    statut_absence,
)
from solidiag.catalogue.indicateur import Lecture, Terme
from solidiag.model.observation import mettre_au_schema

PART_MINIMALE_MIXTE = 0.99
"""Part de population exigée d'un terme sommé quand l'autre est publié pour le territoire."""

RESULTAT: dict[str, pl.DataType] = {
    "territoire": pl.String(),
    "value": pl.Float64(),
    "status": pl.String(),
    "precision": pl.String(),
    "numerateur": pl.Float64(),
    "denominateur": pl.Float64(),
    "n_publies": pl.Int32(),
    "n_total": pl.Int32(),
    "motif": pl.String(),
}
"""Sortie d'une formule, avant l'intervalle et la provenance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demande:
    """Ce qu'une formule reçoit pour une lecture.

    ``cibles`` : ``territoire``, ``niveau``, ``code`` des territoires demandés à ces niveaux.
    ``effectifs`` : ``territoire``, ``n_total``, ``population_totale``.
    """

    lecture: Lecture
    tables: Tables
    referentiel: Referentiel
    appartenance: pl.DataFrame
    effectifs: pl.DataFrame
    cibles: pl.DataFrame


Formule = Callable[[Demande], pl.DataFrame]


def _exiger(lecture: Lecture, *noms: str) -> None:
    manquants = [nom for nom in noms if getattr(lecture, nom) is None]
    if manquants:
        raise ValueError(f"la formule « {lecture.formule} » demande le terme « {manquants[0]} »")


def publie(demande: Demande) -> pl.DataFrame:
    """Renvoie la valeur publiée du territoire ; jamais agrégée."""
    lecture = demande.lecture
    _exiger(lecture, "valeur")
    assert lecture.valeur is not None  # noqa: S101
    unites = evaluer(demande.tables, lecture.valeur, periode=lecture.periode)
    changee = (pl.col("lignes") > len(lecture.valeur.variables)) | (
        (pl.col("cog") != "unchanged") & pl.col("valeur").is_null()
    )
    valeur = pl.col("valeur") * lecture.facteur
    if lecture.complement is not None:
        valeur = lecture.complement - valeur
    jointes = demande.cibles.join(
        unites.drop("niveau", "code"), on="territoire", how="left", maintain_order="left"
    )
    return mettre_au_schema(
        jointes.select(
            "territoire",
            pl.when(changee).then(None).otherwise(valeur).alias("value"),
            pl.when(changee)
            .then(pl.lit("L"))
            .otherwise(pl.col("statut").fill_null("L"))
            .alias("status"),
            "precision",
            pl.when(changee)
            .then(
                pl.lit(
                    "commune fusionnée ou séparée depuis : la valeur publiée ne porte pas sur le "
                    "territoire actuel"
                )
            )
            .alias("motif"),
        ),
        RESULTAT,
    )


def somme(demande: Demande) -> pl.DataFrame:
    """Renvoie la somme d'effectifs, publiée pour le territoire ou faite de ses communes."""
    lecture = demande.lecture
    _exiger(lecture, "valeur")
    assert lecture.valeur is not None  # noqa: S101
    assemble = _assembler(demande, {"valeur": lecture.valeur})
    partielle = pl.col("n_publies") < pl.col("n_total")
    return mettre_au_schema(
        assemble.select(
            "territoire",
            (pl.col("valeur") * lecture.facteur).alias("value"),
            "status",
            pl.when(partielle)
            .then(pl.lit("rounded_down"))
            .otherwise(pl.col("precision"))
            .alias("precision"),
            "n_publies",
            "n_total",
            pl.when(partielle & pl.col("motif").is_null() & (lecture.part_minimale > 0))
            .then(pl.lit("somme des seules communes diffusées : un minimum"))
            .otherwise(pl.col("motif"))
            .alias("motif"),
        ),
        RESULTAT,
    )


def ratio(demande: Demande) -> pl.DataFrame:
    """Renvoie Σ numérateur / Σ dénominateur × facteur, sur les communes où les deux sont connus."""
    lecture = demande.lecture
    _exiger(lecture, "numerateur", "denominateur")
    assert lecture.numerateur is not None  # noqa: S101
    assert lecture.denominateur is not None  # noqa: S101
    termes = {"numerateur": lecture.numerateur, "denominateur": lecture.denominateur}
    return _rapporter(_assembler(demande, termes), lecture)


def moyenne_ponderee(demande: Demande) -> pl.DataFrame:
    """Renvoie Σ valeur × poids / Σ poids sur les communes ; la ligne publiée n'est pas lue."""
    lecture = demande.lecture
    _exiger(lecture, "valeur", "poids")
    assert lecture.valeur is not None  # noqa: S101
    assert lecture.poids is not None  # noqa: S101
    produits, poids = evaluer_produit(
        demande.tables,
        lecture.valeur,
        lecture.poids,
        periode=lecture.periode,
        referentiel=demande.referentiel,
    )
    assemble = _sommer(demande, {"numerateur": produits, "denominateur": poids}, demande.cibles)
    return _rapporter(assemble, lecture)


def amplitude(demande: Demande) -> pl.DataFrame:
    """Renvoie (maximum − minimum) / moyenne des mois d'une année, en part × facteur."""
    lecture = demande.lecture
    _exiger(lecture, "valeur")
    assert lecture.valeur is not None  # noqa: S101
    terme = lecture.valeur.model_copy(update={"periode": ""})
    mois = sorted(
        periode
        for periode in demande.tables.periodes(terme.fichier)
        if periode.startswith(f"{lecture.periode}-")
    )
    lots = [
        evaluer(demande.tables, terme.model_copy(update={"periode": m}), periode=m) for m in mois
    ]
    if not lots:
        return _sans_valeur(demande.cibles)
    series = (
        pl.concat(lots)
        .group_by("territoire")
        .agg(
            pl.col("valeur").max().alias("haut"),
            pl.col("valeur").min().alias("bas"),
            pl.col("valeur").mean().alias("moyenne"),
            pl.col("valeur").count().alias("mois"),
            pl.col("precision").first(),
        )
    )
    complet = (pl.col("mois") == 12) & (pl.col("moyenne") > 0)
    valeur = (pl.col("haut") - pl.col("bas")) / pl.col("moyenne") * lecture.facteur
    return mettre_au_schema(
        demande.cibles.join(series, on="territoire", how="left", maintain_order="left").select(
            "territoire",
            pl.when(complet).then(valeur).alias("value"),
            pl.when(complet).then(pl.lit("A")).otherwise(pl.lit("L")).alias("status"),
            "precision",
            pl.when(complet).then(pl.col("haut") - pl.col("bas")).alias("numerateur"),
            pl.when(complet).then(pl.col("moyenne")).alias("denominateur"),
            pl.when(pl.col("mois").is_between(1, 11))
            .then(pl.lit("année incomplète"))
            .alias("motif"),
        ),
        RESULTAT,
    )


FORMULES: dict[str, Formule] = {
    "publie": publie,
    "ratio": ratio,
    "moyenne_ponderee": moyenne_ponderee,
    "somme": somme,
    "amplitude": amplitude,
}
"""Registre fermé : le nom qu'une déclaration emploie, et l'opération."""


def _sans_valeur(cibles: pl.DataFrame) -> pl.DataFrame:
    return mettre_au_schema(cibles.select("territoire", pl.lit("L").alias("status")), RESULTAT)


def _rapporter(assemble: pl.DataFrame, lecture: Lecture) -> pl.DataFrame:
    nul = pl.col("denominateur") == 0
    valeur = pl.col("numerateur") / pl.col("denominateur") * lecture.facteur
    connu = pl.col("numerateur").is_not_null() & pl.col("denominateur").is_not_null()
    return mettre_au_schema(
        assemble.select(
            "territoire",
            pl.when(connu & ~nul).then(valeur).alias("value"),
            pl.when(connu & nul).then(pl.lit("M")).otherwise(pl.col("status")).alias("status"),
            "precision",
            pl.when(connu).then(pl.col("numerateur")).alias("numerateur"),
            pl.when(connu).then(pl.col("denominateur")).alias("denominateur"),
            "n_publies",
            "n_total",
            pl.when(connu & nul)
            .then(pl.lit("dénominateur nul dans ce territoire"))
            .otherwise(pl.col("motif"))
            .alias("motif"),
        ),
        RESULTAT,
    )


def _assembler(demande: Demande, termes: Mapping[str, Terme]) -> pl.DataFrame:
    """Renvoie une colonne par terme, lue sur la ligne du territoire ou sommée sur ses communes."""
    tables, lecture = demande.tables, demande.lecture
    if all(terme.echelle == "lignes" for terme in termes.values()):
        unites = evaluer_lignes(tables, termes, periode=lecture.periode)
    else:
        unites = {nom: evaluer(tables, t, periode=lecture.periode) for nom, t in termes.items()}
    nulles = {nom for nom, terme in termes.items() if terme.absente == "nulle"}
    groupes: dict[frozenset[str], list[str]] = {}
    for niveau in demande.cibles["niveau"].unique():
        propres = frozenset(
            nom
            for nom, terme in termes.items()
            if niveau == "ARM"
            or (
                terme.echelle == "auto"
                and niveau != "COM"
                and niveau in tables.niveaux(terme.fichier)
            )
        )
        groupes.setdefault(propres, []).append(niveau)
    return pl.concat(
        _sommer(
            demande,
            unites,
            demande.cibles.filter(pl.col("niveau").is_in(niveaux)),
            propres=propres,
            nulles=nulles,
        )
        for propres, niveaux in groupes.items()
    )


def _sommer(
    demande: Demande,
    unites: Mapping[str, pl.DataFrame],
    cibles: pl.DataFrame,
    *,
    propres: Collection[str] = (),
    nulles: Collection[str] = (),
) -> pl.DataFrame:
    """Réunit les termes de ``cibles`` : ceux de ``propres`` sur leur ligne, les autres sommés."""
    sommes = [nom for nom in unites if nom not in propres]
    assemble = cibles.select("territoire")
    statuts: list[pl.Expr] = []
    precisions: list[pl.Expr] = []
    for nom in propres:
        assemble = assemble.join(
            unites[nom].select(
                "territoire",
                pl.col("valeur").alias(nom),
                pl.col("statut").alias(f"statut_{nom}"),
                pl.col("precision").alias(f"precision_{nom}"),
            ),
            on="territoire",
            how="left",
            maintain_order="left",
        )
        statuts.append(pl.col(f"statut_{nom}").fill_null("L"))
        precisions.append(pl.col(f"precision_{nom}"))
    if sommes:
        somme_communes = _sommer_communes(
            demande,
            {nom: unites[nom] for nom in sommes},
            cibles,
            mixte=bool(propres),
            nulles=nulles,
        )
        assemble = assemble.join(
            somme_communes, on="territoire", how="left", maintain_order="left"
        ).with_columns(pl.col("statut_communes").fill_null("L"))
        statuts.append(pl.col("statut_communes"))
        precisions.append(pl.col("precision_communes"))
    else:
        assemble = assemble.with_columns(
            pl.lit(None, dtype=pl.Int32).alias("n_publies"),
            pl.lit(None, dtype=pl.Int32).alias("n_total"),
            pl.lit(None, dtype=pl.String).alias("motif"),
        )
    ordre = {"A": 0, "B": 1, "P": 2, "E": 3, "M": 4, "L": 5, "O": 6, "Q": 7}
    inverse = {rang: statut for statut, rang in ordre.items()}
    pire = pl.max_horizontal(
        *(s.replace_strict(ordre, default=5, return_dtype=pl.Int8) for s in statuts)
    )
    return assemble.with_columns(
        pire.replace_strict(inverse, return_dtype=pl.String).alias("status"),
        _pire_precision(precisions).alias("precision"),
    ).select("territoire", *unites, "status", "precision", "n_publies", "n_total", "motif")


def _pire_precision(colonnes: Sequence[pl.Expr]) -> pl.Expr:
    return precision_de(pl.max_horizontal(*(rang_precision(colonne) for colonne in colonnes)))


def _sommer_communes(
    demande: Demande,
    unites: Mapping[str, pl.DataFrame],
    cibles: pl.DataFrame,
    *,
    mixte: bool,
    nulles: Collection[str],
) -> pl.DataFrame:
    """Somme chaque terme sur les communes où tous sont connus, si elles pèsent assez."""
    liens = demande.appartenance.filter(pl.col("territoire").is_in(cibles["territoire"].to_list()))
    noms = list(unites)
    for nom, unite in unites.items():
        completes = completer_par_arrondissements(unite, demande.referentiel)
        communes = completes.filter(pl.col("niveau") == "COM").select(
            pl.col("code").alias("commune"),
            pl.col("valeur").alias(nom),
            pl.col("statut").alias(f"statut_{nom}"),
            pl.col("precision").alias(f"precision_{nom}"),
        )
        liens = liens.join(communes, on="commune", how="left")
        if nom in nulles:
            tue = pl.col(f"statut_{nom}").is_null() | (pl.col(f"statut_{nom}") == "L")
            ailleurs = ~pl.col("territoire").str.starts_with("COM-")
            liens = liens.with_columns(
                pl.when(tue & ailleurs).then(0.0).otherwise(pl.col(nom)).alias(nom)
            )
    connue = pl.all_horizontal(pl.col(nom).is_not_null() for nom in noms)
    absence = pl.max_horizontal(
        *(rang_absence(pl.col(f"statut_{nom}").fill_null("L")) for nom in noms)
    )
    seuil = demande.lecture.part_minimale
    if mixte and seuil > 0:
        seuil = max(seuil, PART_MINIMALE_MIXTE)
    sommes = (
        liens.with_columns(connue.alias("connue"), absence.alias("absence"))
        .with_columns(
            pl.max_horizontal(*(rang_precision(pl.col(f"precision_{nom}")) for nom in noms)).alias(
                "prec"
            )
        )
        .group_by("territoire")
        .agg(
            *((pl.col(nom) * pl.col("part")).filter(pl.col("connue")).sum() for nom in noms),
            (pl.col("part") < 1).any().alias("coupe"),
            pl.col("connue").sum().cast(pl.Int32).alias("n_publies"),
            pl.len().cast(pl.Int32).alias("n_total"),
            pl.col("population").filter(pl.col("connue")).sum().alias("lue"),
            pl.col("population").sum().alias("totale"),
            pl.col("absence").max(),
            precision_de(pl.col("prec").filter(pl.col("connue")).max()).alias("precision_communes"),
        )
    )
    assez = (pl.col("n_publies") > 0) & (
        (pl.col("lue") >= seuil * pl.col("totale")) | (pl.col("n_publies") == pl.col("n_total"))
    )
    unique = pl.col("n_total") == 1
    statut_absent = pl.when(unique).then(statut_absence(pl.col("absence"))).otherwise(pl.lit("L"))
    motif = pl.concat_str(
        pl.lit("trop peu de communes diffusées : "),
        pl.col("n_publies").cast(pl.String),
        pl.lit(" sur "),
        pl.col("n_total").cast(pl.String),
    )
    commune_seule = pl.col("territoire").str.starts_with("COM-")
    return sommes.select(
        "territoire",
        *(pl.when(assez).then(pl.col(nom)).alias(nom) for nom in noms),
        pl.when(assez)
        .then(pl.when("coupe").then(pl.lit("E")).otherwise(pl.lit("A")))
        .otherwise(statut_absent)
        .alias("statut_communes"),
        "precision_communes",
        pl.when(commune_seule).then(None).otherwise(pl.col("n_publies")).alias("n_publies"),
        pl.when(commune_seule).then(None).otherwise(pl.col("n_total")).alias("n_total"),
        pl.when(~assez & ~unique).then(motif).alias("motif"),
    )
