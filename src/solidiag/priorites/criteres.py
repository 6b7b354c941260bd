"""Critères de mise en ordre : ce que l'on sait du besoin et de l'offre d'un domaine, de 0 à 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from solidiag.catalogue.grille import Grille
from solidiag.catalogue.indicateur import Indicateur
from solidiag.ecarts.positions import Mesure, mesurer, situer

CRITERES: dict[str, pl.DataType] = {
    "domaine": pl.String(),
    "famille": pl.String(),
    "critere": pl.String(),
    "valeur": pl.Float64(),
    "numerateur": pl.Float64(),
    "denominateur": pl.Float64(),
    "motif": pl.String(),
}
"""Un critère par ligne ; ``valeur`` vide avec un ``motif`` quand il n'est pas documenté."""

_EN_VOLUME = ("tension", "vigilance", "couvert", "a_redeployer")

_ORIENTES = {"plus_haut_est_plus_fragile": 1, "plus_bas_est_plus_fragile": -1}


def evaluer_criteres(
    grille: Grille,
    ecarts: pl.DataFrame,
    observations: pl.DataFrame,
    *,
    populations: Mapping[str, float],
    departement: str,
    region: str,
    indicateurs: Mapping[str, Indicateur],
    parametres: Mapping[str, Any],
    demi_pas: Mapping[str, float],
) -> pl.DataFrame:
    """Renvoie les critères de chaque domaine de la grille.

    Parameters
    ----------
    ecarts
        Matrice au schéma `ECARTS`.
    observations
        Besoin et offre, au schéma `OBSERVATIONS`.
    populations
        Population de chaque intercommunalité (identifiant « EPCI-… »), dans le département.
    departement, region
        Codes des territoires comparés.
    parametres
        Contenu de ``declarations/parametres/priorites.yaml``.
    demi_pas
        Demi-pas d'arrondi par unité (``declarations/parametres/ecarts.yaml``).

    Returns
    -------
    polars.DataFrame
        Au schéma `CRITERES`, une ligne par domaine et critère déclaré.
    """
    familles = {
        critere: famille
        for famille, contenu in parametres["familles"].items()
        for critere in contenu["criteres"]
    }
    d_offre = set(parametres["indicateurs_d_offre"])
    niveaux = _niveaux(
        observations,
        {nom: i for nom, i in indicateurs.items() if nom not in d_offre},
        departement=f"DEP-{departement}",
        references=("FR-FR", f"REG-{region}"),
        marge=float(parametres["marge"]),
        demi_pas=demi_pas,
    )
    lignes: list[dict[str, Any]] = []
    for domaine in grille.domaines:
        cases = ecarts.filter(pl.col("domaine") == domaine.id)
        calculs = {
            "niveau": _part_fragile(domaine.indicateurs_besoin, niveaux),
            "territoires": _part_population(
                cases, populations, indicateurs=indicateurs, marge=float(parametres["marge"])
            ),
            "tension": _tension(cases, populations, poids=float(parametres["poids_vigilance"])),
        }
        lignes.extend(
            {"domaine": domaine.id, "famille": famille, "critere": critere, **calculs[critere]}
            for critere, famille in familles.items()
        )
    return pl.DataFrame(lignes, schema=CRITERES)


def par_presence(ecarts: pl.DataFrame) -> frozenset[str]:
    """Renvoie les domaines dont l'offre n'est connue que par sa présence.

    Une présence n'est jamais un volume : elle n'est pas sur l'échelle d'une population en tension,
    et ces domaines ne se mettent pas en ordre avec les autres.
    """
    presents = ecarts.filter(pl.col("classe") == "presence_seulement")["domaine"]
    mesures = ecarts.filter(pl.col("classe").is_in(list(_EN_VOLUME)))["domaine"]
    return frozenset(presents) - frozenset(mesures)


def _critere(numerateur: float, denominateur: float) -> dict[str, Any]:
    return {
        "valeur": numerateur / denominateur,
        "numerateur": numerateur,
        "denominateur": denominateur,
        "motif": None,
    }


def _absent(motif: str) -> dict[str, Any]:
    return {"valeur": None, "numerateur": None, "denominateur": None, "motif": motif}


def _niveaux(
    observations: pl.DataFrame,
    indicateurs: Mapping[str, Indicateur],
    *,
    departement: str,
    references: Sequence[str],
    marge: float,
    demi_pas: Mapping[str, float],
) -> dict[str, bool]:
    """Renvoie, par indicateur comparable, si le département est nettement plus fragile."""
    territoires = [departement, *references]
    table = observations.filter(
        pl.col("territoire").is_in(territoires) & pl.col("indicateur").is_in(list(indicateurs))
    )
    lues: dict[str, dict[str, dict[str, Mesure]]] = {}
    for ligne in table.iter_rows(named=True):
        mesure = mesurer(ligne, demi_pas)
        if mesure.lisible:
            periodes = lues.setdefault(str(ligne["indicateur"]), {})
            periodes.setdefault(str(ligne["periode"]), {})[str(ligne["territoire"])] = mesure
    fragiles: dict[str, bool] = {}
    for indicateur, periodes in lues.items():
        sens = _ORIENTES.get(indicateurs[indicateur].sens)
        if sens is None:
            continue
        for periode in sorted(periodes, reverse=True):
            mesures = periodes[periode]
            reference = next((mesures[r] for r in references if r in mesures), None)
            if departement in mesures and reference is not None:
                place = situer(mesures[departement], reference, marge=marge)
                fragiles[indicateur] = place.sens * sens > 0
                break
    return fragiles


def _part_fragile(identifiants: Sequence[str], niveaux: Mapping[str, bool]) -> dict[str, Any]:
    connus = [niveaux[i] for i in identifiants if i in niveaux]
    if not connus:
        return _absent("aucun indicateur du domaine ne se compare à la France ou à la région")
    return _critere(float(sum(connus)), float(len(connus)))


def _peser(
    cases: pl.DataFrame, populations: Mapping[str, float]
) -> list[tuple[dict[str, Any], float]]:
    return [
        (ligne, float(populations[ligne["territoire"]]))
        for ligne in cases.iter_rows(named=True)
        if populations.get(ligne["territoire"])
    ]


def _part_population(
    cases: pl.DataFrame,
    populations: Mapping[str, float],
    *,
    indicateurs: Mapping[str, Indicateur],
    marge: float,
) -> dict[str, Any]:
    total, haute = 0.0, 0.0
    for ligne, population in _peser(cases, populations):
        valeur, reference = ligne["besoin_valeur"], ligne["besoin_reference"]
        declaration = indicateurs.get(str(ligne["besoin"]))
        sens = _ORIENTES.get(declaration.sens) if declaration is not None else None
        if valeur is None or reference is None or sens is None:
            continue
        total += population
        if (valeur - reference) * sens > marge * abs(reference):
            haute += population
    if not total:
        return _absent("le besoin ne se lit dans aucune intercommunalité")
    return _critere(haute, total)


def _tension(
    cases: pl.DataFrame, populations: Mapping[str, float], *, poids: float
) -> dict[str, Any]:
    valeurs = dict(zip(_EN_VOLUME, (1.0, poids, 0.0, 0.0), strict=True))
    pesees = [
        (valeurs[ligne["classe"]], population)
        for ligne, population in _peser(cases, populations)
        if ligne["classe"] in valeurs
    ]
    if not pesees:
        return _absent("l'offre n'est mesurée en volume dans aucune intercommunalité")
    return _critere(sum(v * p for v, p in pesees), sum(p for _, p in pesees))
