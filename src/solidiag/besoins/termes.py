"""Termes d'une formule : des cellules de tables alignées à une valeur par territoire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from solidiag.catalogue.indicateur import Terme
from solidiag.model.observation import AVEC_VALEUR

_ORDRE_ABSENCE = ("M", "L", "O", "Q")
"""De la plus faible à la plus forte : un secret l'emporte sur une simple absence."""

_ORDRE_PRECISION = ("exact", "rounded", "rounded_down", "floor")
"""De la plus sûre à la plus faible : une valeur a la précision de son terme le plus faible."""


def rang_absence(statut: pl.Expr, *, defaut: int = -1) -> pl.Expr:
    """Renvoie le rang d'un statut d'absence ; le plus fort est le maximum."""
    rangs = {nom: rang for rang, nom in enumerate(_ORDRE_ABSENCE)}
    return statut.replace_strict(rangs, default=defaut, return_dtype=pl.Int8)


def statut_absence(rang: pl.Expr) -> pl.Expr:
    """Renvoie le statut d'absence de ce rang, « non documenté » à défaut."""
    return rang.replace_strict(dict(enumerate(_ORDRE_ABSENCE)), default="L", return_dtype=pl.String)


def rang_precision(precision: pl.Expr) -> pl.Expr:
    """Renvoie le rang d'une précision ; la plus faible est le maximum."""
    rangs = {nom: rang for rang, nom in enumerate(_ORDRE_PRECISION)}
    return precision.replace_strict(rangs, default=0, return_dtype=pl.Int8)


def precision_de(rang: pl.Expr) -> pl.Expr:
    """Renvoie la précision de ce rang."""
    return rang.replace_strict(dict(enumerate(_ORDRE_PRECISION)), return_dtype=pl.String)


@dataclass(frozen=True, slots=True, kw_only=True)
class Referentiel:
    """Ce que le calcul demande au référentiel géographique.

    Parameters
    ----------
    communes
        ``code``, ``departement``, ``population`` des communes du COG courant.
    appartenance
        ``commune`` (code), ``territoire`` (identifiant) : chaque commune dans chacun de ses
        territoires ; ``part`` (0 à 1), si elle est là, dit la part de la commune qui y est.
    arrondissements_municipaux
        ``code``, ``commune`` : les arrondissements de Paris, Lyon et Marseille.
    """

    communes: pl.DataFrame
    appartenance: pl.DataFrame
    arrondissements_municipaux: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"code": pl.String, "commune": pl.String})
    )

    def appartenance_pesee(self) -> pl.DataFrame:
        """Renvoie ``commune, territoire, part`` ; sans part connue, la commune y est entière."""
        part = pl.col("part") if "part" in self.appartenance.columns else pl.lit(1.0)
        return self.appartenance.select(
            "commune", "territoire", part.cast(pl.Float64).alias("part")
        )


class Tables:
    """Tables alignées, découpées par variable pour ne les parcourir qu'une fois."""

    def __init__(self, tables: Mapping[str, pl.DataFrame]) -> None:
        self._tables = tables
        self._variables: dict[str, dict[str, pl.DataFrame]] = {}
        self._niveaux: dict[str, frozenset[str]] = {}
        self._periodes: dict[str, frozenset[str]] = {}

    def _decouper(self, reference: str) -> dict[str, pl.DataFrame]:
        if reference not in self._variables:
            parts = self._tables[reference].partition_by("variable", as_dict=True)
            self._variables[reference] = {str(cle[0]): part for cle, part in parts.items()}
        return self._variables[reference]

    def niveaux(self, reference: str) -> frozenset[str]:
        """Renvoie les niveaux que porte une table."""
        if reference not in self._niveaux:
            self._niveaux[reference] = frozenset(self._tables[reference]["niveau"].unique())
        return self._niveaux[reference]

    def periodes(self, reference: str) -> frozenset[str]:
        """Renvoie les périodes que porte une table."""
        if reference not in self._periodes:
            self._periodes[reference] = frozenset(self._tables[reference]["periode"].unique())
        return self._periodes[reference]

    def cellules(self, terme: Terme, periode: str) -> pl.DataFrame:
        """Renvoie les cellules d'un terme, avec leur signe.

        La période est celle du terme, ou celle de la lecture si la table en porte plusieurs.
        """
        signes = [(v, 1.0) for v in terme.variables] + [(v, -1.0) for v in terme.moins]
        parts = self._decouper(terme.fichier)
        vide = self._tables[terme.fichier].clear()
        cellules = pl.concat(
            parts.get(variable, vide).with_columns(pl.lit(signe).alias("signe"))
            for variable, signe in signes
        )
        voulue = terme.periode or (periode if len(self.periodes(terme.fichier)) > 1 else "")
        return cellules.filter(pl.col("periode") == voulue) if voulue else cellules


def evaluer(tables: Tables, terme: Terme, *, periode: str) -> pl.DataFrame:
    """Renvoie la valeur d'un terme pour chaque territoire du fichier.

    Returns
    -------
    polars.DataFrame
        ``territoire``, ``niveau``, ``code``, ``valeur``, ``statut``, ``precision``, ``lignes``
        (nombre de lignes du fichier réunies) et ``cog`` (``unchanged`` ou ce qui a changé).
    """
    cellules = tables.cellules(terme, periode)
    attendues = len({*terme.variables, *terme.moins})
    return _reduire(cellules.with_columns(pl.col("valeur") * pl.col("signe")), attendues)


def evaluer_lignes(
    tables: Tables, termes: Mapping[str, Terme], *, periode: str
) -> dict[str, pl.DataFrame]:
    """Renvoie la somme de chaque terme sur les seules lignes où tous sont connus.

    Sert aux fichiers qui ont plusieurs lignes par commune (Iris), dont certaines au secret.
    """
    cles = ["niveau", "code", "ligne"]
    parts = {nom: tables.cellules(terme, periode) for nom, terme in termes.items()}
    completes: pl.DataFrame | None = None
    for nom, cellules in parts.items():
        attendues = len({*termes[nom].variables, *termes[nom].moins})
        connues = (
            cellules.filter(pl.col("valeur").is_not_null())
            .group_by(cles)
            .agg(pl.col("variable").n_unique().alias("vues"))
            .filter(pl.col("vues") == attendues)
            .select(cles)
        )
        completes = connues if completes is None else completes.join(connues, on=cles, how="semi")
    sortie: dict[str, pl.DataFrame] = {}
    for nom, cellules in parts.items():
        attendues = len({*termes[nom].variables, *termes[nom].moins})
        signees = cellules.with_columns(pl.col("valeur") * pl.col("signe"))
        gardees = signees if completes is None else signees.join(completes, on=cles, how="semi")
        vides = signees.join(gardees, on=["niveau", "code"], how="anti")
        sortie[nom] = _reduire(pl.concat([gardees, vides]), attendues)
    return sortie


def evaluer_produit(
    tables: Tables, valeur: Terme, poids: Terme, *, periode: str, referentiel: Referentiel
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Renvoie Σ valeur × poids et Σ poids pour chaque territoire du fichier.

    Le produit se fait ligne à ligne quand les deux termes sont dans le même fichier : c'est exact
    pour plusieurs établissements d'une commune, et pour des communes fusionnées depuis.
    """
    if valeur.fichier == poids.fichier and len(valeur.variables) == len(poids.variables) == 1:
        cles = ["niveau", "code", "ligne"]
        gauche = tables.cellules(valeur, periode)
        droite = tables.cellules(poids, periode).select(
            *cles, pl.col("valeur").alias("poids"), pl.col("statut").alias("statut_poids")
        )
        paires = gauche.join(droite, on=cles, how="inner").with_columns(
            pl.when(pl.col("statut_poids").is_in(list(AVEC_VALEUR)))
            .then(pl.col("statut"))
            .otherwise(pl.col("statut_poids"))
            .alias("statut")
        )
        produits = paires.with_columns(pl.col("valeur") * pl.col("poids"))
        seuls = paires.with_columns(
            pl.when(pl.col("statut").is_in(list(AVEC_VALEUR))).then(pl.col("poids")).alias("valeur")
        )
        return (
            completer_par_arrondissements(_reduire(produits, 1), referentiel),
            completer_par_arrondissements(_reduire(seuls, 1), referentiel),
        )
    parts = evaluer(tables, valeur, periode=periode)
    effectifs = evaluer(tables, poids, periode=periode)
    parts = parts.filter((pl.col("lignes") == 1) | (pl.col("niveau") != "COM"))
    joints = parts.join(
        effectifs.select("territoire", pl.col("valeur").alias("poids")), on="territoire"
    )
    produits = joints.with_columns(pl.col("valeur") * pl.col("poids")).drop("poids")
    seuls = joints.with_columns(
        pl.when(pl.col("valeur").is_not_null()).then(pl.col("poids")).alias("valeur")
    ).drop("poids")
    return (
        completer_par_arrondissements(produits, referentiel),
        completer_par_arrondissements(seuls, referentiel),
    )


def _reduire(cellules: pl.DataFrame, attendues: int) -> pl.DataFrame:
    """Additionne les cellules d'un même territoire ; une cellule sans valeur les emporte toutes."""
    sans = pl.col("valeur").is_null()
    absence = rang_absence(pl.col("statut"))
    changee = pl.col("statut_cog") != "unchanged"
    reduites = cellules.group_by("niveau", "code").agg(
        pl.col("valeur").sum(),
        sans.any().alias("incomplet"),
        pl.col("variable").n_unique().alias("vues"),
        pl.col("ligne").n_unique().alias("lignes"),
        pl.when(sans).then(absence).max().alias("absence"),
        pl.when(~sans).then(pl.col("statut")).max().alias("connu"),
        rang_precision(pl.col("precision")).max().alias("rang"),
        pl.col("statut_cog").filter(changee).first().fill_null("unchanged").alias("cog"),
    )
    incomplet = pl.col("incomplet") | (pl.col("vues") < attendues)
    nom_absence = statut_absence(pl.col("absence"))
    return reduites.select(
        pl.concat_str("niveau", "code", separator="-").alias("territoire"),
        "niveau",
        "code",
        pl.when(incomplet).then(None).otherwise(pl.col("valeur")).alias("valeur"),
        pl.when(incomplet).then(nom_absence).otherwise(pl.col("connu")).alias("statut"),
        precision_de(pl.col("rang")).alias("precision"),
        pl.col("lignes").cast(pl.Int32),
        "cog",
    )


def completer_par_arrondissements(unites: pl.DataFrame, referentiel: Referentiel) -> pl.DataFrame:
    """Ajoute Paris, Lyon ou Marseille, en somme, là où seuls leurs arrondissements ont une valeur.

    Ne vaut que pour ce qui s'additionne.
    """
    municipaux = referentiel.arrondissements_municipaux
    if municipaux.is_empty() or not (unites["niveau"] == "ARM").any():
        return unites
    presentes = unites.filter((pl.col("niveau") == "COM") & pl.col("valeur").is_not_null())["code"]
    reunis = (
        unites.filter(pl.col("niveau") == "ARM")
        .join(municipaux.rename({"commune": "mere"}), on="code")
        .filter(~pl.col("mere").is_in(presentes.to_list()))
        .group_by("mere")
        .agg(
            pl.when(pl.col("valeur").is_null().any())
            .then(None)
            .otherwise(pl.col("valeur").sum())
            .alias("valeur"),
            pl.when(pl.col("valeur").is_null().any())
            .then(statut_absence(rang_absence(pl.col("statut")).max()))
            .otherwise(pl.col("statut").max())
            .alias("statut"),
            precision_de(rang_precision(pl.col("precision")).max()).alias("precision"),
            pl.col("lignes").sum().cast(pl.Int32),
            pl.lit("unchanged").alias("cog"),
        )
        .select(
            pl.concat_str(pl.lit("COM-"), "mere").alias("territoire"),
            pl.lit("COM").alias("niveau"),
            pl.col("mere").alias("code"),
            "valeur",
            "statut",
            "precision",
            "lignes",
            "cog",
        )
    )
    remplacees = pl.col("territoire").is_in(reunis["territoire"].to_list())
    return pl.concat([unites.filter(~remplacees), reunis])
