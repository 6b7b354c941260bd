"""Points de population et public : d'où part-on, et combien de personnes concernées y vivent.

L'accès se calcule au point, jamais au territoire : déplacer une limite administrative ne change
l'accès de personne, seulement les groupes dont on fait la moyenne.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from solidiag.model.observation import AVEC_VALEUR

Reels = npt.NDArray[np.float64]

POINTS: dict[str, pl.DataType] = {
    "code": pl.String(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "population": pl.Float64(),
    "densite_niveau": pl.Int64(),
    "superficie_km2": pl.Float64(),
    "nature": pl.String(),
}
"""Points de départ. ``code`` : commune du COG courant ; ``nature`` : valeur de `Nature`."""

FINS: dict[str, pl.DataType] = {
    "code": pl.String(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "population": pl.Float64(),
    "superficie_km2": pl.Float64(),
    "impute": pl.Boolean(),
}
"""Points plus fins que la commune, fournis : Iris ou carreaux ; ``impute`` : valeur estimée."""


class Nature(StrEnum):
    """Ce qu'un point représente."""

    COMMUNE = "commune"
    IRIS = "iris"
    CARREAU = "carreau"


def points_des_communes(communes: pl.DataFrame) -> pl.DataFrame:
    """Renvoie un point par commune (schéma `POINTS`), à son point et avec ses habitants.

    Parameters
    ----------
    communes
        ``code, latitude, longitude, population, densite_niveau, superficie_km2``.
    """
    return communes.sort("code").select(
        "code",
        pl.col("latitude", "longitude", "population").cast(pl.Float64),
        pl.col("densite_niveau").cast(pl.Int64),
        pl.col("superficie_km2").cast(pl.Float64),
        nature=pl.lit(Nature.COMMUNE.value),
    )


def affiner(points: pl.DataFrame, fins: pl.DataFrame, *, nature: Nature) -> pl.DataFrame:
    """Renvoie les points, une commune remplacée par ses points plus fins quand elle en a.

    Les habitants d'une commune restent ceux de son dernier recensement : ils se répartissent entre
    ses points fins comme la population de ceux-ci. Une commune dont les points fins n'ont aucun
    habitant garde le sien.

    Parameters
    ----------
    points
        Schéma `POINTS`, un point par commune.
    fins
        Schéma `FINS`.

    Raises
    ------
    ValueError
        Si un point fin n'a pas de position ou a une population négative.
    """
    utiles = fins.filter(pl.col("code").is_in(points["code"].implode()))
    fautifs = utiles.filter(
        pl.col("latitude").is_null() | pl.col("longitude").is_null() | (pl.col("population") < 0)
    )
    if not fautifs.is_empty():
        msg = f"{fautifs.height} points sans position ou de population négative"
        raise ValueError(msg)
    utiles = utiles.with_columns(total=pl.col("population").sum().over("code")).filter(
        pl.col("total") > 0, pl.col("population") > 0
    )
    nouveaux = utiles.join(
        points.select("code", "densite_niveau", commune="population"), on="code"
    ).select(
        "code",
        "latitude",
        "longitude",
        pl.col("commune") * pl.col("population") / pl.col("total"),
        "densite_niveau",
        "superficie_km2",
        nature=pl.lit(nature.value),
    )
    gardes = points.filter(~pl.col("code").is_in(nouveaux["code"].implode()))
    return pl.concat([gardes, nouveaux.rename({"commune": "population"})]).sort(
        "code", "latitude", "longitude"
    )


def regrouper(fins: pl.DataFrame) -> pl.DataFrame:
    """Renvoie les points fins réunis par centième de degré (un kilomètre environ) et par commune.

    Le point d'un groupe est le centre de ses habitants ; leur somme est gardée.

    Parameters
    ----------
    fins
        Schéma `FINS`.
    """
    habites = fins.filter(pl.col("population") > 0)
    poids = pl.col("population")
    return (
        habites.group_by(
            "code",
            (pl.col("latitude") * 100).floor().alias("ligne"),
            (pl.col("longitude") * 100).floor().alias("colonne"),
        )
        .agg(
            (pl.col("latitude") * poids).sum() / poids.sum(),
            (pl.col("longitude") * poids).sum() / poids.sum(),
            poids.sum(),
            pl.col("superficie_km2").sum(),
            pl.col("impute").any(),
        )
        .select(*FINS)
        .sort("code", "latitude", "longitude")
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Public:
    """Public d'un domaine, point par point.

    Parameters
    ----------
    effectifs
        Personnes (ou foyers, ménages, enfants) de chaque point.
    compte
        Vrai si c'est la population concernée du domaine, faux si ce sont les habitants.
    nom
        « personnes couvertes par le RSA », « habitants »...
    bas, haut
        Bornes du public du département rapportées à sa valeur (1 sans intervalle connu).
    part_repartie
        Part du public du département répartie selon la population, faute de chiffre communal.
    """

    effectifs: Reels
    compte: bool
    nom: str
    bas: float = 1.0
    haut: float = 1.0
    part_repartie: float = 0.0


def habitants(points: pl.DataFrame) -> Public:
    """Renvoie les habitants de chaque point ; un point sans population connue en a zéro."""
    return Public(
        effectifs=points["population"].fill_null(0.0).to_numpy(), compte=False, nom="habitants"
    )


def public_du_domaine(
    points: pl.DataFrame,
    personnes: pl.DataFrame,
    *,
    domaine: str,
    nom: str,
    departement: str,
    communes: pl.DataFrame,
    part_connue: float,
) -> Public:
    """Renvoie la population concernée d'un domaine en chaque point, ou à défaut les habitants.

    Une commune dont le nombre est connu le garde. Ailleurs, ce qui reste du nombre de
    l'intercommunalité se répartit selon la population. Hors du département, le public est supposé
    dans la même proportion de la population que dans le département.

    Parameters
    ----------
    personnes
        Table publiée des personnes concernées (schéma `PERSONNES`).
    nom
        Qui l'on compte.
    communes
        ``code, departement, epci, population`` : celles des points.
    part_connue
        Part des habitants du département dont la commune ou l'intercommunalité est comptée, sous
        laquelle le public n'est pas retenu.
    """
    lues = personnes.filter(
        pl.col("genre") == "domaine",
        pl.col("domaine") == domaine,
        pl.col("status").is_in(list(AVEC_VALEUR)),
        pl.col("value").is_not_null(),
    )
    valeurs: dict[str, float] = dict(lues.select("territoire", "value").iter_rows())
    total = valeurs.get(f"DEP-{departement}", 0.0)
    ici = communes.filter(pl.col("departement") == departement)
    habitants_dep = float(ici["population"].fill_null(0).sum())
    if total <= 0 or habitants_dep <= 0:
        return habitants(points)
    estimes, repartis, connus = _communes(communes, valeurs, departement=departement)
    if connus < part_connue * habitants_dep:
        return habitants(points)
    taux = total / habitants_dep
    gens = points["population"].fill_null(0.0).to_numpy()
    par_commune = dict(communes.select("code", "population").iter_rows())
    parts = np.array(
        [
            estimes[code] / float(par_commune[code])
            if code in estimes and par_commune.get(code)
            else taux
            for code in points["code"]
        ]
    )
    ligne = lues.filter(pl.col("territoire") == f"DEP-{departement}").row(0, named=True)
    borne = ligne["lower"] is not None and ligne["upper"] is not None
    return Public(
        effectifs=gens * parts,
        compte=True,
        nom=nom,
        bas=ligne["lower"] / total if borne else 1.0,
        haut=ligne["upper"] / total if borne else 1.0,
        part_repartie=min(1.0, repartis / total),
    )


def besoins_par_age(
    points: pl.DataFrame,
    effectifs: Mapping[str, Mapping[str, float]],
    *,
    tranches: Mapping[str, float],
    autres: float,
) -> Reels | None:
    """Renvoie le besoin d'une personne de chaque point, relatif à la moyenne de ceux que l'on sait.

    Parameters
    ----------
    effectifs
        Indicateur → code de commune → personnes de la tranche d'âge.
    tranches, autres
        Poids de chaque tranche, et des habitants qui ne sont dans aucune.

    Returns
    -------
    Reels or None
        1 là où une tranche n'est pas comptée ; rien si elle ne l'est nulle part.
    """
    gens = points["population"].fill_null(0.0).to_numpy()
    par_commune = points.group_by("code").agg(pl.col("population").sum())
    totaux: dict[str, float] = dict(par_commune.iter_rows())
    besoins = {}
    for code, total in totaux.items():
        lus = {nom: effectifs.get(nom, {}).get(code) for nom in tranches}
        if total and all(nombre is not None for nombre in lus.values()):
            somme = sum(nombre for nombre in lus.values() if nombre is not None)
            ponderes = sum(tranches[nom] * (nombre or 0.0) for nom, nombre in lus.items())
            besoins[code] = (ponderes + autres * max(0.0, total - somme)) / total
    connus = np.array([code in besoins for code in points["code"]])
    bruts = np.array([besoins.get(code, 0.0) for code in points["code"]])
    moyen = float(bruts[connus] @ gens[connus] / gens[connus].sum()) if connus.any() else 0.0
    if moyen <= 0:
        return None
    return np.where(connus, bruts / moyen, 1.0)


def _communes(
    communes: pl.DataFrame, valeurs: Mapping[str, float], *, departement: str
) -> tuple[dict[str, float], float, float]:
    """Public de chaque commune ; part répartie et habitants comptés, dans le département."""
    estimes: dict[str, float] = {}
    repartis = connus = 0.0
    epci = communes.filter(pl.col("departement") == departement)["epci"].drop_nulls().unique()
    siennes = communes.filter(
        (pl.col("departement") == departement) | pl.col("epci").is_in(epci.implode())
    )
    for (code_epci,), groupe in siennes.group_by("epci", maintain_order=True):
        lignes = list(groupe.select("code", "departement", "population").iter_rows())
        for code, dep, gens in lignes:
            nombre = valeurs.get(f"COM-{code}")
            if nombre is not None and gens:
                estimes[code] = nombre
                connus += gens * (dep == departement)
        ensemble = valeurs.get(f"EPCI-{code_epci}") if code_epci else None
        restantes = [(c, d, float(g or 0)) for c, d, g in lignes if c not in estimes]
        sans = sum(gens for _, _, gens in restantes)
        if ensemble is None or sans <= 0:
            continue
        reste = max(0.0, ensemble - sum(estimes[c] for c, _, _ in lignes if c in estimes))
        for code, dep, gens in restantes:
            estimes[code] = reste * gens / sans
            if dep == departement:
                repartis += estimes[code]
                connus += gens
    return estimes, repartis, connus
