"""Intervalle d'une observation, ou la raison pour laquelle il n'y en a pas."""

from __future__ import annotations

import numpy as np
import polars as pl

from solidiag.catalogue.indicateur import Indicateur, Lecture
from solidiag.statistics.intervalles import Tableau, arrondi, poisson, wilson

NIVEAU = 0.95
"""Niveau de confiance de tous les intervalles calculés."""

SANS_EFFECTIFS = "effectifs non publiés à ce niveau : pas d'intervalle"


def ajouter_intervalles(
    resultat: pl.DataFrame, indicateur: Indicateur, lecture: Lecture
) -> pl.DataFrame:
    """Renvoie le résultat avec ``lower``, ``upper``, ``level``, ``method`` et un ``motif``.

    ``wilson`` et ``byar`` demandent des effectifs ; ``arrondi`` demande, dans
    ``indicateur.parametres``, le pas d'arrondi par niveau (``pas_arrondi: {COM: 1, DEP: 0.1}``),
    que ``lecture.pas_arrondi`` remplace.
    """
    valeurs = _colonne(resultat, "value")
    bas = np.full(len(valeurs), np.nan)
    haut = np.full(len(valeurs), np.nan)
    methode, niveau = "", NIVEAU
    if indicateur.incertitude == "wilson":
        bas, haut = wilson(
            _colonne(resultat, "numerateur"), _colonne(resultat, "denominateur"), niveau=NIVEAU
        )
        bas, haut = bas * lecture.facteur, haut * lecture.facteur
        methode = "wilson"
    elif indicateur.incertitude == "byar":
        bas, haut = _poisson(resultat, lecture)
        methode = "byar"
    elif indicateur.incertitude == "arrondi":
        bas, haut = _arrondi(resultat, indicateur, lecture)
        methode, niveau = "arrondi", np.nan
    bornee = np.isfinite(bas) & np.isfinite(haut) & np.isfinite(valeurs)
    raison = indicateur.motif or SANS_EFFECTIFS
    return (
        resultat.with_columns(
            pl.Series("lower", np.where(bornee, bas, np.nan)).fill_nan(None),
            pl.Series("upper", np.where(bornee, haut, np.nan)).fill_nan(None),
            pl.Series("level", np.where(bornee, niveau, np.nan)).fill_nan(None),
            pl.Series("method", [methode if b else None for b in bornee], dtype=pl.String),
            pl.Series("bornee", bornee),
        )
        .with_columns(
            pl.when(pl.col("value").is_not_null() & ~pl.col("bornee") & pl.col("motif").is_null())
            .then(pl.lit(raison))
            .otherwise(pl.col("motif"))
            .alias("motif")
        )
        .drop("bornee")
    )


def _colonne(resultat: pl.DataFrame, nom: str) -> Tableau:
    return np.asarray(resultat[nom].cast(pl.Float64).fill_null(np.nan).to_numpy(), dtype=np.float64)


def _poisson(resultat: pl.DataFrame, lecture: Lecture) -> tuple[Tableau, Tableau]:
    if lecture.denominateur is None:
        return poisson(_colonne(resultat, "value"), niveau=NIVEAU)
    bas, haut = poisson(_colonne(resultat, "numerateur"), niveau=NIVEAU)
    denominateur = _colonne(resultat, "denominateur")
    echelle = lecture.facteur / np.where(denominateur > 0, denominateur, np.nan)
    return bas * echelle, haut * echelle


def _arrondi(
    resultat: pl.DataFrame, indicateur: Indicateur, lecture: Lecture
) -> tuple[Tableau, Tableau]:
    pas = {str(n): float(p) for n, p in indicateur.parametres.get("pas_arrondi", {}).items()}
    niveaux = resultat["territoire"].str.extract(r"^([A-Z]+)-")
    if "COM" in pas:
        pas.setdefault("ARM", pas["COM"])
    if lecture.pas_arrondi is not None:
        pas_ligne = np.full(resultat.height, lecture.pas_arrondi, dtype=np.float64)
    else:
        pas_ligne = np.asarray([pas.get(n, np.nan) for n in niveaux], dtype=np.float64)
    plancher = (resultat["precision"] == "floor").fill_null(value=False).to_numpy()
    return arrondi(_colonne(resultat, "value"), pas_ligne, plancher=plancher)
