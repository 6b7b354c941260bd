"""Verdicts d'une fiche : chaque chiffre face à sa référence, ou deux territoires face à face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from solidiag.besoins.comparaison import Verdict, lire
from solidiag.besoins.confrontation import (
    COMPARAISONS,
    Demande,
    ajuster_ensemble,
    conclure,
    confronter,
)
from solidiag.besoins.regles import Regles
from solidiag.catalogue.indicateur import Indicateur
from solidiag.confidentiality.publication import PublishedTable, publier
from solidiag.geography.referentiel import Referentiel
from solidiag.model.origin import Origin
from solidiag.model.territoire import Niveau
from solidiag.pipeline.comparaisons import sources_des_origines
from solidiag.pipeline.profil_territoires import Sujet
from solidiag.publication.profil.matiere import FACE_A_FACE, Fiche

_ORDRES: dict[Niveau, tuple[str, ...]] = {
    Niveau.DEPARTEMENT: ("FR", "REG"),
    Niveau.EPCI: ("DEP", "REG", "FR"),
}
_ORDRE = ("DEP", "EPCI", "COM", "REG", "FR")
"""Références d'un territoire, la première d'abord, comme dans le rapport."""

_INVERSES = {Verdict.PLUS_HAUT.value: Verdict.PLUS_BAS, Verdict.PLUS_BAS.value: Verdict.PLUS_HAUT}
_EFFECTIFS = ("numerateur", "denominateur")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duel:
    """Deux territoires face à face : lequel se compare à l'autre, et si leurs habitants se mêlent.

    Parameters
    ----------
    inverse
        Le second de la fiche se compare au premier : son verdict est à retourner.
    meles
        Ils se recouvrent sans que l'un comprenne l'autre : leurs effectifs ne se testent pas.
    """

    demande: Demande
    inverse: bool
    meles: bool


def comparer_fiches(
    observations: pl.DataFrame,
    sujets: Sequence[Sujet],
    fiches: Sequence[Fiche],
    *,
    indicateurs: Sequence[Indicateur],
    regles: Regles,
    referentiel: Referentiel,
    origines: Mapping[str, Origin],
) -> PublishedTable:
    """Renvoie une ligne par indicateur : le verdict que la fiche montre.

    Un territoire seul est comparé à la première de ses références qui se lit à la même période et
    de la même source ; deux territoires le sont l'un à l'autre. Les règles sont celles du rapport,
    et tous les tests de la fiche sont ajustés ensemble.

    Parameters
    ----------
    observations
        Observations publiées, réduites aux périodes montrées.
    fiches
        Dans l'ordre des sujets.
    """
    if len(fiches) == 1:
        demandes = _demandes_seules(sujets[0], fiches[0], referentiel)
        lues = observations
        duel = None
    else:
        duel = _duel(sujets, referentiel)
        demandes = [duel.demande]
        lues = _sans_effectifs(observations, pl.lit(value=True)) if duel.meles else observations
    lues = _sans_effectifs(
        lues, pl.col("territoire").str.starts_with("LIB-") & (pl.col("status") == "E")
    )
    declares = {i.id: i for i in indicateurs}
    populations = referentiel.populations | {
        s.id: round(s.propre.population(referentiel.populations)) for s in sujets if s.propre
    }
    toutes = confronter(
        lues,
        demandes,
        indicateurs=declares,
        regles=regles,
        sources=sources_des_origines(origines),
        populations=populations,
    )
    (retenues,) = ajuster_ensemble(_premieres(toutes, [d.reference for d in demandes]))
    conclues = conclure(retenues, lues, indicateurs=declares, regles=regles)
    if duel is not None and duel.inverse:
        conclues = _retourner(conclues, declares)
    return publier(
        conclues.select(COMPARAISONS.keys()).with_columns(pl.col(pl.Float64).round_sig_figs(12)),
        "comparaisons",
        cles=("indicateur", "territoire", "reference"),
    )


def _demandes_seules(sujet: Sujet, fiche: Fiche, referentiel: Referentiel) -> list[Demande]:
    siennes = set(sujet.parts)
    entier = sujet.territoire.niveau is not Niveau.ARRONDISSEMENT_MUNICIPAL
    possibles = {t.niveau.value: t for t in fiche.comparateurs}
    return [
        Demande(
            territoire=fiche.id,
            reference=genre,
            cibles=(possibles[genre].id,),
            inclus=entier and siennes <= set(referentiel.communes_de(possibles[genre].id)),
        )
        for genre in _ORDRES.get(sujet.territoire.niveau, _ORDRE)
        if genre in possibles
    ]


def _duel(sujets: Sequence[Sujet], referentiel: Referentiel) -> _Duel:
    """Renvoie la comparaison du moins peuplé au plus peuplé : c'est lui que la prudence regarde."""
    gauche, droite = sujets
    habitants = [_habitants(s, referentiel) for s in sujets]
    inverse = habitants[0] > habitants[1]
    petit, grand = (droite, gauche) if inverse else (gauche, droite)
    communs = set(petit.parts) & set(grand.parts)
    entiers = all(part == 1 for s in sujets for part in s.parts.values())
    inclus = entiers and bool(communs) and set(petit.parts) < set(grand.parts)
    return _Duel(
        demande=Demande(
            territoire=petit.id, reference=FACE_A_FACE, cibles=(grand.id,), inclus=inclus
        ),
        inverse=inverse,
        meles=bool(communs) and not inclus,
    )


def _habitants(sujet: Sujet, referentiel: Referentiel) -> float:
    if sujet.propre is not None:
        return sujet.propre.population(referentiel.populations)
    return float(referentiel.populations.get(sujet.id) or 0)


def _sans_effectifs(observations: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """Ôte les effectifs : un écart y est dit, jamais testé."""
    return observations.with_columns(
        pl.when(~condition).then(pl.col(nom)).alias(nom) for nom in _EFFECTIFS
    )


def _premieres(comparaisons: pl.DataFrame, ordre: Sequence[str]) -> pl.DataFrame:
    """Garde, par indicateur, la première référence qui a une valeur comparable."""
    rangs = {genre: rang for rang, genre in enumerate(ordre)}
    return (
        comparaisons.with_columns(
            pl.col("reference").replace_strict(rangs, return_dtype=pl.Int32).alias("rang"),
            pl.col("reference_valeur").is_null().alias("muette"),
        )
        .sort("muette", "rang")
        .unique("indicateur", keep="first", maintain_order=True)
        .sort("indicateur")
        .select(COMPARAISONS.keys())
    )


def _retourner(comparaisons: pl.DataFrame, indicateurs: Mapping[str, Indicateur]) -> pl.DataFrame:
    """Renvoie les verdicts du point de vue du premier territoire de la fiche."""
    lignes = []
    for ligne in comparaisons.iter_rows(named=True):
        verdict = _INVERSES.get(ligne["verdict"])
        if verdict is not None:
            sens = indicateurs[ligne["indicateur"]].sens
            ligne |= {"verdict": verdict.value, "lecture": lire(verdict, sens).value}
        lignes.append(ligne)
    return pl.DataFrame(lignes, schema=COMPARAISONS)
