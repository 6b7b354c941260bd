"""Table des tendances : une série, son dernier segment sans rupture, un test sur cinq points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from solidiag.besoins.comparaison import Lecture, Verdict, lire
from solidiag.besoins.regles import Regles
from solidiag.catalogue.indicateur import EUROS, Indicateur
from solidiag.model.observation import AVEC_VALEUR
from solidiag.statistics.tendances import (
    POINTS_MINIMUM,
    EssaiTendance,
    dernier_segment,
    khi2_tendance,
    khi2_tendance_effectifs,
    mann_kendall,
)

TENDANCES: dict[str, pl.DataType] = {
    "indicateur": pl.String(),
    "territoire": pl.String(),
    "unite": pl.String(),
    "debut": pl.String(),
    "fin": pl.String(),
    "points": pl.Int32(),
    "rupture": pl.String(),
    "premiere": pl.Float64(),
    "derniere": pl.Float64(),
    "ecart": pl.Float64(),
    "methode": pl.String(),
    "p_valeur": pl.Float64(),
    "p_ajustee": pl.Float64(),
    "verdict": pl.String(),
    "lecture": pl.String(),
    "motif": pl.String(),
}
"""Une ligne par (indicateur, territoire) qui a au moins deux dates.

``verdict`` : ``hausse``, ``baisse`` (nettes), ``sans_tendance``, ``serie_courte`` (moins de cinq
points) ou ``non_teste`` (``motif`` dit pourquoi). ``rupture`` : la rupture que la série ne franchit
pas, « avant → après ». ``lecture`` : neutre pour un montant en euros courants.
"""

CONTREDITE = "la pente et l'écart entre les deux dates extrêmes se contredisent"
PAS_DIFFERENTS = "les dates ne sont pas toutes de même durée"
EFFECTIF_SANS_LOI = "effectif sans loi déclarée : sa variation attendue n'est pas connue"


def suivre(
    observations: pl.DataFrame,
    territoires: Sequence[str],
    *,
    indicateurs: Mapping[str, Indicateur],
    regles: Regles,
    sources: Mapping[str, frozenset[str]],
) -> pl.DataFrame:
    """Renvoie la table des tendances de ces territoires, tests non encore ajustés.

    La série s'arrête en remontant le temps à une rupture déclarée, à un statut de rupture du
    producteur, ou à un changement de source.
    """
    lisibles = observations.filter(
        pl.col("territoire").is_in(list(territoires)),
        pl.col("status").is_in(list(AVEC_VALEUR)),
        pl.col("value").is_not_null(),
        pl.col("precision").fill_null("exact") != "floor",
    ).sort("periode")
    series: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for ligne in lisibles.iter_rows(named=True):
        series.setdefault((ligne["indicateur"], ligne["territoire"]), []).append(ligne)
    lignes = []
    for (identifiant, territoire), serie in sorted(series.items()):
        indicateur = indicateurs.get(identifiant)
        if indicateur is None or len(serie) < 2:
            continue
        segment, rupture = _segment(serie, identifiant, regles, sources)
        if len(segment) >= 2:
            lignes.append(_ligne(segment, indicateur, territoire, rupture, regles))
    return pl.DataFrame(lignes, schema=TENDANCES)


def _segment(
    serie: list[dict[str, Any]],
    identifiant: str,
    regles: Regles,
    sources: Mapping[str, frozenset[str]],
) -> tuple[list[dict[str, Any]], str]:
    periodes = [ligne["periode"] for ligne in serie]
    debut, rupture = dernier_segment(periodes, regles.ruptures_de(identifiant))
    for rang in range(len(serie) - 1, debut, -1):
        precedente, ligne = serie[rang - 1], serie[rang]
        if ligne["status"] == "B":
            return serie[rang:], f"{precedente['periode']} → {ligne['periode']}"
        if not regles.meme_source(
            identifiant,
            sources.get(precedente["origin"], frozenset()),
            sources.get(ligne["origin"], frozenset()),
        ):
            return serie[rang:], "changement de source"
    return serie[debut:], rupture


def _ligne(
    segment: list[dict[str, Any]],
    indicateur: Indicateur,
    territoire: str,
    rupture: str,
    regles: Regles,
) -> dict[str, Any]:
    premiere, derniere = segment[0], segment[-1]
    ligne: dict[str, Any] = dict.fromkeys(TENDANCES)
    ligne |= {
        "indicateur": indicateur.id,
        "territoire": territoire,
        "unite": indicateur.unite,
        "debut": premiere["periode"],
        "fin": derniere["periode"],
        "points": len(segment),
        "rupture": rupture,
        "premiere": premiere["value"],
        "derniere": derniere["value"],
        "ecart": derniere["value"] - premiere["value"],
        "verdict": "serie_courte",
        "lecture": "neutre",
        "motif": "euros courants, sans correction de l'inflation"
        if indicateur.unite in EUROS
        else "",
    }
    if len(segment) >= POINTS_MINIMUM:
        essai = _tester(segment, indicateur, regles)
        if isinstance(essai, str):
            ligne |= {"verdict": "non_teste", "motif": essai}
        else:
            ligne |= {
                "methode": essai.methode,
                "p_valeur": essai.p_valeur,
                "verdict": "sans_tendance",
            }
            if essai.pente * ligne["ecart"] < 0:
                ligne["motif"] = CONTREDITE
    return ligne


def _tester(
    segment: list[dict[str, Any]], indicateur: Indicateur, regles: Regles
) -> EssaiTendance | str:
    """Renvoie le test, ou la raison pour laquelle il n'y en a pas."""
    temps = [float(ligne["periode"][:4]) for ligne in segment]
    if len({ligne["periode"][4:] for ligne in segment}) > 1:
        return PAS_DIFFERENTS
    if indicateur.unite == "nombre":
        if indicateur.incertitude != "byar":
            return EFFECTIF_SANS_LOI
        return khi2_tendance_effectifs([ligne["value"] for ligne in segment], temps)
    paires = [(ligne["numerateur"], ligne["denominateur"]) for ligne in segment]
    complets = all(x is not None and n and 0 <= x <= n for x, n in paires)
    if regles.essai(indicateur) == "proportions" and complets:
        part = regles.part_independante.get(indicateur.id, 1.0)
        return khi2_tendance([x * part for x, _ in paires], [n * part for _, n in paires], temps)
    return mann_kendall([ligne["value"] for ligne in segment])


def conclure_tendances(
    tendances: pl.DataFrame, *, indicateurs: Mapping[str, Indicateur], regles: Regles
) -> pl.DataFrame:
    """Renvoie les tendances ajustées avec leur verdict et leur lecture.

    La hausse d'un montant en euros courants ne dit pas que l'on vit mieux : sa lecture est neutre.
    """
    lignes = []
    for ligne in tendances.iter_rows(named=True):
        nette = ligne["p_ajustee"] is not None and ligne["p_ajustee"] <= regles.alpha
        if nette and ligne["ecart"] and ligne["motif"] != CONTREDITE:
            hausse = ligne["ecart"] > 0
            indicateur = indicateurs[ligne["indicateur"]]
            lecture = lire(Verdict.PLUS_HAUT if hausse else Verdict.PLUS_BAS, indicateur.sens)
            courants = indicateur.unite in EUROS
            ligne |= {
                "verdict": "hausse" if hausse else "baisse",
                "lecture": (Lecture.NEUTRE if courants else lecture).value,
            }
        lignes.append(ligne)
    return pl.DataFrame(lignes, schema=TENDANCES)
