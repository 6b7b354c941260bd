"""Ce que donne le calcul de l'accès d'un domaine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from solidiag.catalogue.acces import DomaineAcces
from solidiag.offre.points import Public

AU_PLUS = "au plus : au-delà de la limite couverte, l'offre n'est pas documentée"
AU_MOINS = "au moins : au-delà de la limite couverte, l'offre n'est pas documentée"
ITINERANT = "au plus : un service itinérant, à la desserte non connue, n'est pas compté"
SANS_LISTE = "au plus : lieux d'un annuaire que chacun remplit, qui n'en est pas la liste complète"
POUR = {True: (10_000.0, "pour_10000"), False: (100_000.0, "pour_100000")}
"""Personnes auxquelles des lieux se rapportent : le public compté, ou les habitants."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesure:
    """Une mesure calculée d'un domaine.

    Parameters
    ----------
    suffixe
        Fin de l'identifiant (``temps``, ``dans_30``, ``e2sfca``...).
    unite
        Clé des unités imprimées.
    lignes
        Schéma `acces_groupes.LIGNES`.
    """

    suffixe: str
    unite: str
    lignes: pl.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class AccesDomaine:
    """Ce que l'on mesure d'un domaine, et sur quoi.

    Parameters
    ----------
    domaine, reglage
        Identifiant, et ce qui est déclaré.
    categories, partout
        Catégories comptées ; parmi elles, celles dont la distance au site mesure mal l'accès.
    sans_source
        Catégories de l'offre propre du domaine qu'aucune source ne couvre ici.
    mesures
        Vide si aucun lieu n'est connu.
    public
        Public qui pèse.
    lieux
        Lieux rejoints, voisins compris (schéma `LIEUX`).
    locaux
        Nombre de lieux du département et de ses intercommunalités.
    a_part
        Genre (`lieux.A_PART`) → services du département non comptés dans les temps.
    itinerants
        EPCI → services itinérants dont on ne connaît pas la desserte.
    sans_point
        Lieux du département sans position.
    partielles
        Parmi elles, celles dont un annuaire ou une saisie fait pourtant connaître des lieux.
    samedi, soir
        Services d'ici connus pour ouvrir le samedi, le soir.
    horaires_connus, a_portee
        Lieux à portée d'un habitant : ceux dont les horaires sont connus, et tous.
    """

    domaine: str
    reglage: DomaineAcces
    categories: tuple[str, ...]
    partout: tuple[str, ...]
    sans_source: tuple[str, ...]
    public: Public
    lieux: pl.DataFrame
    mesures: tuple[Mesure, ...] = ()
    locaux: int = 0
    a_part: Mapping[str, int] = field(default_factory=dict)
    itinerants: Mapping[str, int] = field(default_factory=dict)
    sans_point: int = 0
    horaires_connus: int = 0
    a_portee: int = 0
    partielles: tuple[str, ...] = ()
    samedi: int = 0
    soir: int = 0
