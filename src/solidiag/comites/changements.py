"""Ce qui a changé d'un résultat au suivant : réglages, fichiers, valeurs, classes."""

from __future__ import annotations

import polars as pl

ETAT: dict[str, pl.DataType] = {
    "genre": pl.String(),
    "cle": pl.String(),
    "territoire": pl.String(),
    "periode": pl.String(),
    "texte": pl.String(),
    "valeur": pl.Float64(),
    "unite": pl.String(),
}
"""État d'un résultat, une ligne par chose qui peut changer.

``genre`` : ``reglage`` (``cle`` : ``fichier:place``), ``fichier`` (``source/fichier``), ``valeur``
(indicateur ou mesure), ``classe`` (domaine), ``version``. ``texte`` : la valeur en texte quand ce
n'est pas un nombre."""

CHANGEMENTS: dict[str, pl.DataType] = {
    "genre": pl.String(),
    "cle": pl.String(),
    "territoire": pl.String(),
    "periode": pl.String(),
    "periode_avant": pl.String(),
    "avant": pl.String(),
    "apres": pl.String(),
    "valeur_avant": pl.Float64(),
    "valeur_apres": pl.Float64(),
    "unite": pl.String(),
    "depuis": pl.String(),
}
"""Une ligne par chose qui n'est plus la même. Vide d'un côté : elle n'y était pas, ou n'y est plus.

``depuis`` : date du résultat précédent."""

CLES_CHANGEMENTS = ("genre", "cle", "territoire")

AUTRE_UNITE = "autre unité"
"""``avant`` d'une valeur dont l'unité a changé."""

_TOLERANCE = 1e-9


def comparer_etats(avant: pl.DataFrame, apres: pl.DataFrame, *, depuis: str) -> pl.DataFrame:
    """Renvoie ce qui diffère entre deux états (schéma `CHANGEMENTS`).

    Deux nombres égaux à un milliardième près sont le même.

    Parameters
    ----------
    avant, apres
        Au schéma `ETAT`, une ligne par (``genre``, ``cle``, ``territoire``).
    depuis
        Date du résultat précédent.
    """
    cles = list(CLES_CHANGEMENTS)
    joints = avant.join(apres, on=cles, how="full", suffix="_b", coalesce=True, nulls_equal=True)
    ecart = (pl.col("valeur") - pl.col("valeur_b")).abs()
    ampleur = pl.max_horizontal(pl.col("valeur").abs(), pl.col("valeur_b").abs(), pl.lit(1.0))
    meme_valeur = pl.col("valeur").eq_missing(pl.col("valeur_b")) | (ecart <= _TOLERANCE * ampleur)
    # Deux unités ne se comparent pas : la valeur d'avant n'est pas redite dans l'unité d'après.
    autre_unite = (pl.col("unite") != pl.col("unite_b")).fill_null(value=False)
    memes = meme_valeur.fill_null(value=False) & pl.col("texte").eq_missing(pl.col("texte_b"))
    return (
        joints.filter(~memes | autre_unite)
        .select(
            *cles,
            periode=pl.coalesce("periode_b", "periode"),
            periode_avant="periode",
            avant=pl.when(autre_unite).then(pl.lit(AUTRE_UNITE)).otherwise("texte"),
            apres="texte_b",
            valeur_avant=pl.when(~autre_unite).then("valeur"),
            valeur_apres="valeur_b",
            unite=pl.coalesce("unite_b", "unite"),
            depuis=pl.lit(depuis),
        )
        .select(pl.col(nom).cast(genre) for nom, genre in CHANGEMENTS.items())
        .sort(cles, nulls_last=True)
    )
