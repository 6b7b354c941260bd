"""Table territoires × indicateurs d'une typologie : lue, lissée, bornée, jamais imputée."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from solidiag.catalogue.indicateur import Indicateur
from solidiag.model.observation import AVEC_VALEUR, MARQUES
from solidiag.statistics.lissage import bayes_global
from solidiag.statistics.typologie import Reels, centrer_reduire

_ORDRE_ABSENCES = ("Q", "O", "L", "M")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lus:
    """Indicateurs lus pour une typologie.

    Parameters
    ----------
    actifs, illustratifs
        Période lue de chaque indicateur gardé.
    parts
        Part des territoires où chaque indicateur actif demandé se lit, gardé ou non (0 à 1).
    complets
        Territoires qui ont tous les indicateurs actifs, triés.
    valeurs
        Une ligne par territoire complet, une colonne par indicateur actif : réduites et bornées.
    publiees
        Valeurs publiées des mêmes territoires, actifs puis illustratifs (``nan`` si absente).
    lisses
        Indicateurs ramenés vers l'ensemble quand leur base est petite.
    bornees
        Nombre de valeurs ramenées à la borne.
    statuts, motifs
        Pour tout territoire : ``A`` s'il est complet, sinon l'absence et ce qui manque.
    """

    actifs: Mapping[str, str]
    illustratifs: Mapping[str, str]
    parts: Mapping[str, float]
    complets: tuple[str, ...]
    valeurs: Reels
    publiees: Reels
    lisses: tuple[str, ...] = ()
    bornees: int = 0
    statuts: Mapping[str, str] = field(default_factory=dict)
    motifs: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def ecartes(self) -> tuple[str, ...]:
        """Indicateurs demandés qui se lisent dans trop peu de territoires."""
        return tuple(i for i in self.parts if i not in self.actifs)


class _Table:
    """Observations d'un niveau, par indicateur et par territoire, à la période choisie."""

    def __init__(self, observations: pl.DataFrame, ids: Sequence[str], noms: Sequence[str]) -> None:
        self.ids = ids
        colonnes = ("indicateur", "territoire", "periode", "value", "status")
        table = observations.filter(
            pl.col("indicateur").is_in(list(noms)), pl.col("territoire").is_in(list(ids))
        ).select(*colonnes, "numerateur", "denominateur")
        self._par: dict[tuple[str, str], dict[str, tuple[Any, ...]]] = {}
        for indicateur, territoire, periode, *reste in table.iter_rows():
            self._par.setdefault((indicateur, periode), {})[territoire] = tuple(reste)

    def periode(self, indicateur: str, part: float) -> tuple[str, float]:
        """Renvoie la période la plus récente assez lue (à défaut ``""``), et la part lue."""
        meilleure = 0.0
        for periode in sorted((p for i, p in self._par if i == indicateur), reverse=True):
            lues = sum(1 for v, s, *_ in self._lignes(indicateur, periode) if _lisible(v, s))
            lue = lues / len(self.ids) if self.ids else 0.0
            if lue >= part:
                return periode, lue
            meilleure = max(meilleure, lue)
        return "", meilleure

    def _lignes(self, indicateur: str, periode: str) -> list[tuple[Any, ...]]:
        return list(self._par.get((indicateur, periode), {}).values())

    def ligne(self, indicateur: str, periode: str, territoire: str) -> tuple[Any, ...]:
        """Renvoie valeur, statut, numérateur, dénominateur ; une absence si rien n'est connu."""
        return self._par.get((indicateur, periode), {}).get(territoire, (None, "L", None, None))


def _lisible(valeur: float | None, statut: str) -> bool:
    return valeur is not None and statut in AVEC_VALEUR


def lire_indicateurs(
    observations: pl.DataFrame,
    ids: Sequence[str],
    reglages: Mapping[str, Any],
    *,
    indicateurs: Mapping[str, Indicateur],
    bornage: float,
) -> Lus:
    """Renvoie la table à classer d'un niveau.

    Parameters
    ----------
    observations
        Table `OBSERVATIONS`.
    ids
        Identifiants du niveau, triés.
    reglages
        ``actifs``, ``illustratifs``, ``part_lue``.
    indicateurs
        Déclarations ; un indicateur qui n'y est pas est ignoré.
    bornage
        Nombre d'écarts-types au-delà duquel une valeur réduite est ramenée à la borne.
    """
    demandes = [i for i in reglages["actifs"] if i in indicateurs]
    autres = [i for i in reglages["illustratifs"] if i in indicateurs]
    table = _Table(observations, ids, [*demandes, *autres])
    parts, actifs = {}, {}
    for indicateur in demandes:
        periode, parts[indicateur] = table.periode(indicateur, reglages["part_lue"])
        if periode:
            actifs[indicateur] = periode
    illustratifs = {
        i: p for i in autres if (p := table.periode(i, 1.0 / max(len(ids), 1))[0]) and ids
    }
    manques = {t: _manques(table, actifs, t) for t in ids}
    complets = tuple(t for t in ids if actifs and not manques[t])
    colonnes, lisses = [], []
    for indicateur, periode in actifs.items():
        colonne, lisse = _colonne(table, indicateur, periode, complets)
        colonnes.append(colonne)
        if lisse:
            lisses.append(indicateur)
    brutes = np.column_stack(colonnes) if complets else np.zeros((0, len(actifs)))
    reduites = centrer_reduire(brutes) if complets else brutes
    return Lus(
        actifs=actifs,
        illustratifs=illustratifs,
        parts=parts,
        complets=complets,
        valeurs=np.clip(reduites, -bornage, bornage),
        publiees=_publiees(table, {**actifs, **illustratifs}, complets),
        lisses=tuple(lisses),
        bornees=int((np.abs(reduites) > bornage).sum()),
        statuts={t: _absence(manques[t]) for t in ids},
        motifs={t: _motif(manques[t], indicateurs) for t in ids},
    )


def _manques(table: _Table, actifs: Mapping[str, str], territoire: str) -> dict[str, str]:
    """Renvoie le statut de chaque indicateur qui manque à un territoire."""
    manques = {}
    for indicateur, periode in actifs.items():
        valeur, statut, *_ = table.ligne(indicateur, periode, territoire)
        if not _lisible(valeur, statut):
            manques[indicateur] = statut if statut in MARQUES else "L"
    return manques


def _absence(manques: Mapping[str, str]) -> str:
    return next((s for s in _ORDRE_ABSENCES if s in manques.values()), "A")


def _motif(manques: Mapping[str, str], indicateurs: Mapping[str, Indicateur]) -> str | None:
    dits = [f"{indicateurs[i].libelle_court} : {MARQUES[s]}" for i, s in manques.items()]
    return " ; ".join(dits) or None


def _colonne(
    table: _Table, indicateur: str, periode: str, ids: Sequence[str]
) -> tuple[Reels, bool]:
    """Renvoie les valeurs d'un indicateur, lissées si ses effectifs sont connus partout."""
    lignes = [table.ligne(indicateur, periode, t) for t in ids]
    valeurs = np.array([ligne[0] for ligne in lignes], dtype=np.float64)
    effectifs = [(x, n) for _, _, x, n in lignes]
    if not all(x is not None and n is not None and n >= x >= 0 and n > 0 for x, n in effectifs):
        return valeurs, False
    numerateurs, denominateurs = [x for x, _ in effectifs], [n for _, n in effectifs]
    return bayes_global(numerateurs, denominateurs, loi="binomiale").taux, True


def _publiees(table: _Table, periodes: Mapping[str, str], ids: Sequence[str]) -> Reels:
    sortie = np.full((len(ids), len(periodes)), np.nan)
    for j, (indicateur, periode) in enumerate(periodes.items()):
        for i, territoire in enumerate(ids):
            valeur, statut, *_ = table.ligne(indicateur, periode, territoire)
            if _lisible(valeur, statut):
                sortie[i, j] = valeur
    return sortie
