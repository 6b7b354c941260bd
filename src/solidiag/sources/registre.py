"""Registre fermé des lecteurs : des octets d'un fichier déclaré à une table déclarée."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import DeclarationInvalide, FormatInattendu, MarqueInconnue
from solidiag.model.observation import (
    AVEC_VALEUR,
    TABLE_SOURCE,
    ObsStatus,
    Precision,
    mettre_au_schema,
)
from solidiag.sources.lecteurs import lire_colonnes, lire_periodes_en_colonnes, lire_pivot
from solidiag.sources.options import Options, options_de


class Lecteur(Protocol):
    """Transforme des octets en une ligne par cellule, encore en texte."""

    def __call__(
        self,
        octets: bytes,
        source: Source,
        fichier: Fichier,
        *,
        options: Options,
        variables: set[str] | None,
    ) -> pl.DataFrame:
        """Renvoie une table au schéma `solidiag.sources.lecteurs.BRUT`."""


LECTEURS: dict[str, Lecteur] = {
    "colonnes": lire_colonnes,
    "pivot": lire_pivot,
    "periodes_en_colonnes": lire_periodes_en_colonnes,
}
"""Lecteurs connus, par le nom que les déclarations emploient."""

_CELLULE = ["niveau", "code", "variable", "periode"]

_STATUTS_DE_MARQUE = {statut.value for statut in ObsStatus} - AVEC_VALEUR


def lire(
    octets: bytes, source: Source, fichier: Fichier, *, variables: set[str] | None = None
) -> pl.DataFrame:
    """Renvoie la table déclarée d'un fichier, une ligne par cellule.

    Parameters
    ----------
    octets
        Contenu du fichier tel que publié, compressé ou non.
    variables
        Variables à lire ; toutes si ``None``.

    Returns
    -------
    polars.DataFrame
        Au schéma `TABLE_SOURCE`, une seule ligne par territoire, variable et période, sauf si le
        fichier déclare ``lignes: plusieurs``.

    Raises
    ------
    FormatInattendu
        Structure qui n'est pas celle déclarée, ou lignes répétées qui se contredisent.
    MarqueInconnue
        Cellule qui n'est ni un nombre, ni une marque déclarée.
    DeclarationInvalide
        Lecteur inconnu ou options fautives.
    """
    options = options_de(source, fichier)
    brut = _lecteur(source, fichier)(octets, source, fichier, options=options, variables=variables)
    table = _interpreter(brut, source, fichier, options=options)
    return table if options.lignes == "plusieurs" else _sans_repetition(table, source, fichier)


def lire_cellules(
    octets: bytes,
    source: Source,
    fichier: Fichier,
    *,
    variables: set[str],
    lignes: Iterable[int],
) -> pl.DataFrame:
    """Renvoie le texte brut de quelques cellules (schéma `BRUT`), pour remonter à la source."""
    options = options_de(source, fichier)
    brut = _lecteur(source, fichier)(octets, source, fichier, options=options, variables=variables)
    return brut.filter(pl.col("ligne").is_in(list(lignes)))


def _lecteur(source: Source, fichier: Fichier) -> Lecteur:
    lecteur = LECTEURS.get(fichier.lecteur)
    if lecteur is None:
        connus = ", ".join(sorted(LECTEURS))
        faute = f"lecteur « {fichier.lecteur} » inconnu ; lecteurs connus : {connus}"
        raise DeclarationInvalide(f"{source.id}/{fichier.id}", [faute])
    return lecteur


def _interpreter(
    brut: pl.DataFrame, source: Source, fichier: Fichier, *, options: Options
) -> pl.DataFrame:
    """Donne à chaque cellule sa valeur ou son statut, et sa précision."""
    marques = {**source.marques, **options.marques}
    fautives = [m for m, statut in marques.items() if statut not in _STATUTS_DE_MARQUE]
    if fautives:
        faute = f"la marque « {fautives[0]} » n'a pas un statut d'absence (Q, O, L ou M)"
        raise DeclarationInvalide(f"{source.id}/{fichier.id}", [faute])
    statut = pl.lit(ObsStatus.NORMAL.value)
    table = brut.with_columns(_nombre(pl.col("brut"), options).alias("valeur"))
    if table["valeur"].null_count():
        texte = pl.col("brut").str.strip_chars()
        table = brut.with_columns(texte.alias("brut"), _nombre(texte, options).alias("valeur"))
        statut = (
            pl.when(pl.col("valeur").is_null())
            .then(pl.col("brut").replace_strict(marques, default=None, return_dtype=pl.String))
            .otherwise(statut)
        )
    table = table.with_columns(statut.alias("statut"))
    inconnues = table.filter(pl.col("statut").is_null())
    if not inconnues.is_empty():
        colonne = inconnues["variable"][0]
        vues = inconnues.filter(pl.col("variable") == colonne)["brut"].unique(maintain_order=True)
        raise MarqueInconnue(
            source.id,
            fichier.fichier,
            colonne=colonne,
            marques=[marque or "(vide)" for marque in vues],
        )
    if options.zero == "indetermine":
        nul = pl.col("valeur") == 0
        table = table.with_columns(
            pl.when(nul)
            .then(pl.lit(ObsStatus.NON_PUBLIE.value))
            .otherwise(pl.col("statut"))
            .alias("statut"),
            pl.when(nul).then(None).otherwise(pl.col("valeur")).alias("valeur"),
        )
    return mettre_au_schema(
        table.with_columns(_precision(options).alias("precision")).drop("brut"), TABLE_SOURCE
    )


def _nombre(texte: pl.Expr, options: Options) -> pl.Expr:
    """Renvoie le nombre fini que dit un texte, ou rien."""
    for caractere in options.milliers:
        texte = texte.str.replace_all(caractere, "", literal=True)
    if options.decimale == ",":
        texte = texte.str.replace_all(",", ".", literal=True)
    nombre = texte.cast(pl.Float64, strict=False)
    return pl.when(nombre.is_finite()).then(nombre).otherwise(None)


def _sans_repetition(table: pl.DataFrame, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Garde une ligne par cellule : la première, ou la première remplie si l'autre est vide."""
    if fichier.lecteur == "colonnes" and not table.is_empty():
        # Chaque ligne du fichier porte toutes les variables : en regarder une suffit.
        premiere_variable = table.filter(pl.col("variable") == table["variable"][0])
        if not premiere_variable.select(pl.struct(_CELLULE).is_duplicated().any()).item():
            return table
    repetee = table.select(pl.struct(_CELLULE).is_duplicated()).to_series()
    if not repetee.any():
        return table
    repetitions = table.filter(repetee).sort(pl.col("valeur").is_null(), "ligne")
    remplies = repetitions.filter(pl.col("valeur").is_not_null())
    vides = repetitions.join(remplies, on=_CELLULE, how="anti")
    for lignes, dite in ((remplies, "valeur"), (vides, "statut")):
        contraires = (
            lignes.group_by(_CELLULE)
            .agg(pl.col("ligne").sort(), pl.col(dite).n_unique().alias("distinctes"))
            .filter(pl.col("distinctes") > 1)
            .sort(*_CELLULE)
        )
        if not contraires.is_empty():
            premiere = contraires.row(0, named=True)
            numeros = " et ".join(str(numero) for numero in premiere["ligne"][:2])
            raise FormatInattendu(
                source.id,
                fichier.fichier,
                attendu="une seule ligne par territoire (sinon déclarer « lignes: plusieurs »)",
                trouve=(
                    f"pour {premiere['niveau']}-{premiere['code']}, « {premiere['variable']} » "
                    f"({premiere['periode']}), des lignes qui se contredisent : {numeros}"
                ),
            )
    gardees = repetitions.unique(_CELLULE, keep="first", maintain_order=True)
    return pl.concat([table.filter(~repetee), gardees])


def _precision(options: Options) -> pl.Expr:
    precision = pl.lit(Precision.EXACTE.value)
    arrondies = [*options.arrondis, *options.recomposees]
    if arrondies:
        precision = (
            pl.when(pl.col("variable").is_in(arrondies))
            .then(pl.lit(Precision.ARRONDIE.value))
            .otherwise(precision)
        )
    for variable, plancher in options.planchers.items():
        precision = (
            pl.when((pl.col("variable") == variable) & (pl.col("valeur") <= plancher))
            .then(pl.lit(Precision.PLANCHER.value))
            .otherwise(precision)
        )
    return precision
