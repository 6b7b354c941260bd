"""Lecteurs de tables : grille de textes → une ligne par cellule, encore en texte (`BRUT`)."""

from __future__ import annotations

import re

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import FormatInattendu
from solidiag.sources.grilles import LIGNE, entete, lire_grille
from solidiag.sources.options import Options

BRUT: dict[str, pl.DataType] = {
    "niveau": pl.String(),
    "code": pl.String(),
    "variable": pl.String(),
    "periode": pl.String(),
    "brut": pl.String(),
    "ligne": pl.UInt32(),
}
"""Une ligne par cellule : ``brut`` est le texte du fichier."""

_ARRONDISSEMENTS_MUNICIPAUX = r"^(751(0[1-9]|1\d|20)|6938[1-9]|132(0[1-9]|1[0-6]))$"


def lire_colonnes(
    octets: bytes,
    source: Source,
    fichier: Fichier,
    *,
    options: Options,
    variables: set[str] | None,
) -> pl.DataFrame:
    """Renvoie les cellules d'une table large : une colonne par variable."""
    fixes = _colonnes_fixes(options)
    if variables is None:
        presentes = entete(octets, source, fichier, options=options)
        valeurs = [colonne for colonne in presentes if colonne and colonne not in fixes]
    else:
        valeurs = sorted(variables)
    grille = lire_grille(octets, source, fichier, options=options, colonnes=[*fixes, *valeurs])
    grille = _situer(grille, source, fichier, options=options)
    return grille.unpivot(
        on=valeurs,
        index=["niveau", "code", "periode", "ligne"],
        variable_name="variable",
        value_name="brut",
    ).select(*BRUT)


def lire_pivot(
    octets: bytes,
    source: Source,
    fichier: Fichier,
    *,
    options: Options,
    variables: set[str] | None,
) -> pl.DataFrame:
    """Renvoie les cellules d'une table longue : une ligne par territoire, clés et période."""
    if not options.cles or not options.colonne_valeur:
        raise FormatInattendu(
            source.id, fichier.fichier, attendu="« cles » et « colonne_valeur »", trouve="rien"
        )
    colonnes = [
        *(*_colonnes_fixes(options), *options.cles),
        *(*options.colonnes_statut, options.colonne_valeur),
    ]
    grille = lire_grille(octets, source, fichier, options=options, colonnes=colonnes)
    grille = _situer(grille, source, fichier, options=options)
    longue = grille.with_columns(
        pl.concat_str([pl.col(cle).str.strip_chars() for cle in options.cles], separator="|").alias(
            "variable"
        ),
        _valeur_ou_statut(source, options).alias("brut"),
    ).select(*BRUT)
    if variables is None:
        return longue
    absentes = variables - set(longue["variable"].unique())
    if absentes:
        raise FormatInattendu(
            source.id,
            fichier.fichier,
            attendu=f"des lignes « {min(absentes)} »",
            trouve="aucune ligne de cette clé",
        )
    return longue.filter(pl.col("variable").is_in(variables))


def _valeur_ou_statut(source: Source, options: Options) -> pl.Expr:
    """Texte de la valeur, ou la première marque déclarée que porte une colonne de statut."""
    marques = [marque for marque in {**source.marques, **options.marques} if marque]
    valeur = pl.col(options.colonne_valeur)
    for colonne in reversed(options.colonnes_statut):
        statut = pl.col(colonne).str.strip_chars()
        valeur = pl.when(statut.is_in(marques)).then(statut).otherwise(valeur)
    return valeur


def lire_periodes_en_colonnes(
    octets: bytes,
    source: Source,
    fichier: Fichier,
    *,
    options: Options,
    variables: set[str] | None,
) -> pl.DataFrame:
    """Renvoie les cellules d'une table d'une seule variable, une colonne par période."""
    if variables is not None and variables - {options.variable}:
        raise FormatInattendu(
            source.id,
            fichier.fichier,
            attendu=f"la variable « {min(variables - {options.variable})} »",
            trouve=f"la seule variable « {options.variable} »",
        )
    presentes = entete(octets, source, fichier, options=options)
    periodes = [colonne for colonne in presentes if re.match(options.periodes, colonne)]
    if not periodes:
        raise FormatInattendu(
            source.id, fichier.fichier, attendu="des colonnes de période", trouve="aucune"
        )
    fixes = _colonnes_fixes(options)
    grille = lire_grille(octets, source, fichier, options=options, colonnes=[*fixes, *periodes])
    grille = _situer(grille, source, fichier, options=options)
    return (
        grille.drop("periode")
        .unpivot(
            on=periodes,
            index=["niveau", "code", "ligne"],
            variable_name="periode",
            value_name="brut",
        )
        .with_columns(pl.lit(options.variable).alias("variable"))
        .select(*BRUT)
    )


def _colonnes_fixes(options: Options) -> list[str]:
    fixes = [options.colonne_code, options.colonne_niveau, options.colonne_periode]
    return list(dict.fromkeys([*(c for c in fixes if c), *options.filtre]))


def code_net(colonne: pl.Expr, options: Options) -> pl.Expr:
    """Renvoie le code du fichier, sans espaces, réparé de ce qu'un tableur lui a ôté ou ajouté."""
    code = colonne.str.strip_chars()
    if options.codes_nets:
        code = code.str.replace(r"\.0$", "")
    if options.zeros:
        court = code.str.contains(r"^\d+$") & (code.str.len_chars() == options.zeros - 1)
        code = pl.when(court).then(pl.concat_str(pl.lit("0"), code)).otherwise(code)
    return code


def _situer(
    grille: pl.DataFrame, source: Source, fichier: Fichier, *, options: Options
) -> pl.DataFrame:
    """Ajoute ``niveau``, ``code``, ``periode`` et ``ligne``, sans les lignes à exclure."""
    for colonne, gardees in options.filtre.items():
        grille = grille.filter(pl.col(colonne).str.strip_chars().is_in(gardees))
    tels_quels = [*options.codes, *options.exclure]
    brut = code_net(pl.col(options.colonne_code), options)
    if options.forme_code:
        grille = grille.filter(brut.is_in(tels_quels) | brut.str.contains(options.forme_code))
    if options.extrait:
        extrait = brut.str.extract(options.extrait)
        brut = pl.when(brut.is_in(tels_quels)).then(brut).otherwise(extrait)
    periode = (
        pl.col(options.colonne_periode).str.strip_chars()
        if options.colonne_periode
        else pl.lit(fichier.millesime)
    )
    if options.longueur_periode:
        periode = periode.str.slice(0, options.longueur_periode)
    grille = grille.with_columns(
        brut.fill_null("").alias("code"), periode.alias("periode"), pl.col(LIGNE).alias("ligne")
    ).filter(~pl.col("code").is_in(list(options.exclure)))
    grille = _niveaux(grille, source, fichier, options=options)
    if options.codes:
        identifiant = pl.col("code").replace_strict(options.codes, default=None)
        grille = grille.with_columns(
            pl.coalesce(identifiant.str.extract(r"^([A-Z]+)-"), pl.col("niveau")).alias("niveau"),
            pl.coalesce(identifiant.str.extract(r"^[A-Z]+-(.+)$"), pl.col("code")).alias("code"),
        )
    if options.largeur:
        local = pl.col("niveau").is_in(["COM", "DEP", "REG"])
        grille = grille.with_columns(
            pl.when(local)
            .then(pl.col("code").str.zfill(options.largeur))
            .otherwise(pl.col("code"))
            .alias("code")
        )
    municipal = (pl.col("niveau") == "COM") & pl.col("code").str.contains(
        _ARRONDISSEMENTS_MUNICIPAUX
    )
    grille = grille.with_columns(
        pl.when(municipal).then(pl.lit("ARM")).otherwise(pl.col("niveau")).alias("niveau")
    )
    vides = grille.filter(pl.col("code") == "")
    if not vides.is_empty():
        raise FormatInattendu(
            source.id,
            fichier.fichier,
            attendu=f"un code de territoire dans « {options.colonne_code} »",
            trouve=f"rien à la ligne {vides['ligne'][0]}",
        )
    return grille


def _niveaux(
    grille: pl.DataFrame, source: Source, fichier: Fichier, *, options: Options
) -> pl.DataFrame:
    code = pl.col("code")
    if options.colonne_niveau:
        lu = pl.col(options.colonne_niveau).str.strip_chars()
        if options.extrait_niveau:
            lu = lu.str.extract(options.extrait_niveau).fill_null("")
        grille = grille.with_columns(
            lu.replace_strict(options.niveaux, default=options.niveaux.get("*")).alias("niveau")
        )
        inconnus = grille.filter(pl.col("niveau").is_null())
        if not inconnus.is_empty():
            raise FormatInattendu(
                source.id,
                fichier.fichier,
                attendu=f"dans « {options.colonne_niveau} », un des niveaux déclarés",
                trouve=f"« {inconnus[options.colonne_niveau][0]} »",
            )
        return grille.filter(pl.col("niveau") != "")
    if options.format_code == "prefixe":
        return grille.with_columns(
            pl.when(code.str.contains(r"^D\w{1,3}$"))
            .then(pl.lit("DEP"))
            .when(code.str.contains(r"^R\d{1,2}$"))
            .then(pl.lit("REG"))
            .when(code.str.contains(r"^\d{9}$"))
            .then(pl.lit("EPCI"))
            .otherwise(pl.lit("COM"))
            .alias("niveau")
        ).with_columns(
            pl.when(code.is_in(list(options.codes)))
            .then(code)
            .when(pl.col("niveau").is_in(["DEP", "REG"]))
            .then(code.str.slice(1).str.zfill(2))
            .when(pl.col("niveau") == "COM")
            .then(code.str.zfill(5))
            .otherwise(code)
            .alias("code")
        )
    return grille.with_columns(pl.lit(fichier.niveau).alias("niveau"))
