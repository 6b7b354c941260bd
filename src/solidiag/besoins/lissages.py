"""Taux lissés des communes : ce que montre une carte quand les effectifs sont petits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from solidiag.catalogue.indicateur import Indicateur, Lecture
from solidiag.model.observation import AVEC_VALEUR, ObsStatus, Precision
from solidiag.model.territoire import Niveau
from solidiag.statistics.lissage import bayes_global

LISSAGES: dict[str, pl.DataType] = {
    "indicateur": pl.String(),
    "territoire": pl.String(),
    "periode": pl.String(),
    "unite": pl.String(),
    "value": pl.Float64(),
    "brut": pl.Float64(),
    "poids": pl.Float64(),
    "moyenne": pl.Float64(),
    "numerateur": pl.Float64(),
    "denominateur": pl.Float64(),
    "attendus": pl.Float64(),
    "status": pl.String(),
    "motif": pl.String(),
    "origin": pl.String(),
}
"""Une ligne par (indicateur, commune, periode) : ``value`` est le taux lissé, ``brut`` l'observé.

``poids`` : part de l'observé dans le lissé (0 à 1). ``moyenne`` : taux du département, dans l'unité
de l'indicateur. ``attendus`` : événements attendus au taux du département. Une commune sans taux
observé n'a pas de taux lissé : elle garde son statut et son motif, et aucun chiffre.
"""

CLES_LISSAGES = ("indicateur", "territoire", "periode")


def lisser_cartes(
    observations: pl.DataFrame,
    *,
    communes: Sequence[str],
    departement: str,
    indicateurs: Mapping[str, Indicateur],
    parametres: Mapping[str, Any],
) -> pl.DataFrame:
    """Renvoie les taux lissés des indicateurs dont les effectifs communaux sont petits.

    Parameters
    ----------
    observations
        Table `OBSERVATIONS`, déjà contrôlée pour le secret : ce qui y manque ne sert à rien ici.
    communes
        Identifiants des communes du département (``COM-40192``).
    departement
        Identifiant du département : son taux est celui vers lequel on lisse.
    parametres
        ``declarations/parametres/lissages.yaml``.

    Returns
    -------
    polars.DataFrame
        Au schéma `LISSAGES`, toutes les communes de chaque indicateur lissé ; vide si aucun ne
        l'est.

    References
    ----------
    Marshall R. J. (1991), *Mapping disease and mortality rates using empirical Bayes estimators*,
    Applied Statistics, 40, 283-294.
    """
    lots = []
    table = observations.filter(pl.col("territoire").is_in([*communes, departement]))
    for (identifiant,), lignes in table.partition_by(
        "indicateur", as_dict=True, maintain_order=True
    ).items():
        declaration = indicateurs.get(str(identifiant))
        if declaration is None or not _lissable(declaration, parametres):
            continue
        lot = _lisser(
            lignes,
            declaration,
            communes=communes,
            departement=departement,
            parametres=parametres,
        )
        if lot is not None:
            lots.append(lot)
    return pl.concat(lots).sort(CLES_LISSAGES) if lots else pl.DataFrame(schema=LISSAGES)


def _lissable(declaration: Indicateur, parametres: Mapping[str, Any]) -> bool:
    return (
        declaration.carte == "taux"
        and declaration.niveau_carte == Niveau.COMMUNE.value
        and declaration.unite in parametres["lois"]
        and declaration.id not in parametres["jamais"]
    )


def _lisser(
    lignes: pl.DataFrame,
    declaration: Indicateur,
    *,
    communes: Sequence[str],
    departement: str,
    parametres: Mapping[str, Any],
) -> pl.DataFrame | None:
    """Renvoie les taux lissés d'un indicateur, ou rien si la règle ne le demande pas."""
    lues = lignes.filter(
        pl.col("territoire").is_in(list(communes)), pl.col("status").is_in(list(AVEC_VALEUR))
    )
    if lues.is_empty():
        return None
    periode = lues["periode"].max()
    lues = lues.filter(periode=periode)
    lecture = _lecture(declaration, str(periode))
    ensemble = lignes.filter(
        pl.col("status").is_in(list(AVEC_VALEUR)), territoire=departement, periode=periode
    )
    if lecture is None or ensemble.is_empty() or not _effectifs_connus(lues, communes, parametres):
        return None
    loi = parametres["lois"][declaration.unite]
    x, n = (lues[nom].to_numpy() for nom in ("numerateur", "denominateur"))
    num, den = ensemble["numerateur"][0], ensemble["denominateur"][0]
    if num is None or not den or (loi == "binomiale" and (num > den or (x > n).any())):
        return None
    moyenne = num / den
    attendus = n * moyenne
    rares = float((x < parametres["evenements_minimum"]).mean())
    petits = float(np.median(attendus)) < parametres["attendus_medians"]
    if not petits and rares <= parametres["part_de_communes"]:
        return None
    lisse = bayes_global(x, n, loi=loi, moyenne=moyenne)
    calcules = lues.select(
        "territoire",
        "numerateur",
        "denominateur",
        pl.col("value").alias("brut"),
        pl.lit(ObsStatus.ESTIME.value).alias("status"),
        pl.Series("value", lisse.taux * lecture.facteur),
        pl.Series("poids", lisse.poids),
        pl.Series("attendus", attendus),
        "origin",
    )
    fixes = {
        "indicateur": declaration.id,
        "periode": str(periode),
        "unite": declaration.unite,
        "moyenne": moyenne * lecture.facteur,
    }
    return (
        _toutes(lignes, calcules, communes, str(periode))
        .with_columns(pl.lit(valeur).alias(nom) for nom, valeur in fixes.items())
        .select(pl.col(nom).cast(genre) for nom, genre in LISSAGES.items())
    )


def _lecture(declaration: Indicateur, periode: str) -> Lecture | None:
    """Renvoie la lecture communale de cette période, si c'est un rapport d'effectifs."""
    lectures = [
        lecture
        for lecture in declaration.lectures
        if lecture.periode == periode and Niveau.COMMUNE.value in lecture.niveaux
    ]
    rapports = all(lecture.formule == "ratio" for lecture in lectures)
    facteurs = {lecture.facteur for lecture in lectures}
    return lectures[0] if rapports and len(facteurs) == 1 else None


def _effectifs_connus(
    lues: pl.DataFrame, communes: Sequence[str], parametres: Mapping[str, Any]
) -> bool:
    """Dit si assez de communes se lisent, et toutes avec leurs deux effectifs exacts."""
    assez = max(parametres["communes_minimum"], parametres["part_lue"] * len(communes))
    if lues.height < assez:
        return False
    connus = (
        pl.col("numerateur").is_not_null()
        & (pl.col("denominateur") > 0).fill_null(value=False)
        & (pl.col("precision") != Precision.PLANCHER.value).fill_null(value=True)
    )
    return bool(lues.select(connus.all()).item())


def _toutes(
    lignes: pl.DataFrame, calcules: pl.DataFrame, communes: Sequence[str], periode: str
) -> pl.DataFrame:
    """Rend chaque commune : lissée, ou avec son absence et son motif."""
    absences = lignes.filter(~pl.col("status").is_in(list(AVEC_VALEUR)), periode=periode).select(
        "territoire", pl.col("status").alias("absence"), "motif"
    )
    return (
        pl.DataFrame({"territoire": sorted(communes)})
        .join(calcules, on="territoire", how="left", maintain_order="left")
        .join(absences, on="territoire", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("status", "absence", pl.lit(ObsStatus.NON_FOURNI.value)).alias("status")
        )
    )
