"""Des observations d'un diagnostic au nombre de personnes concernées, publié."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import polars as pl

from solidiag.besoins.personnes import compter
from solidiag.catalogue.indicateur import Indicateur
from solidiag.confidentiality.publication import PublishedTable, publier
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.model.origin import Origin
from solidiag.model.personnes import CLES_PERSONNES
from solidiag.storage.depot import Depot

Calcul = Callable[[Iterable[Indicateur]], tuple[pl.DataFrame, dict[str, Origin]]]
"""Calcule des indicateurs sur les territoires du diagnostic."""


def compter_personnes(
    depot: Depot,
    observations: pl.DataFrame,
    *,
    territoires: Sequence[str],
    appartenance: pl.DataFrame,
    calculer: Calcul,
    stabiliser: Callable[[pl.DataFrame], pl.DataFrame],
) -> tuple[PublishedTable, dict[str, Origin]]:
    """Renvoie la table des personnes concernées, et les provenances des bases de population.

    Parameters
    ----------
    observations
        Observations du diagnostic, au schéma `OBSERVATIONS`.
    appartenance
        ``commune``, ``territoire`` : communes de chaque territoire.
    calculer
        Calcul des bases de population, sur ces territoires.
    stabiliser
        Arrondi qui donne les mêmes octets d'un calcul à l'autre.
    """
    bases, origines = calculer(depot.bases.values())
    table = compter(
        list(depot.personnes.values()),
        pl.concat(mettre_au_schema(lot, OBSERVATIONS) for lot in (observations, stabiliser(bases))),
        territoires=territoires,
        axes={domaine.id: domaine.axe for domaine in depot.grille.domaines},
        appartenance=appartenance,
    )
    return publier(stabiliser(table), "personnes", cles=CLES_PERSONNES), origines
