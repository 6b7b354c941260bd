"""Ce qu'une typologie rend : tables, types décrits, indice composite, regroupements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from solidiag.besoins.types_lecture import Lus
from solidiag.confidentiality.publication import PublishedTable
from solidiag.statistics.autocorrelation import MoranGlobal
from solidiag.statistics.typologie import Partition

LETTRES = "ABCDEFGHIJ"

TYPES: dict[str, pl.DataType] = {
    "niveau": pl.String(),
    "territoire": pl.String(),
    "type": pl.String(),
    "type_voisin": pl.String(),
    "distance": pl.Float64(),
    "silhouette": pl.Float64(),
    "stabilite": pl.Float64(),
    "parangon": pl.Boolean(),
    "indice": pl.Float64(),
    "cinquieme": pl.Int64(),
    "cinquieme_minimal": pl.Int64(),
    "cinquieme_maximal": pl.Int64(),
    "moran": pl.Float64(),
    "moran_p_ajustee": pl.Float64(),
    "regroupement": pl.String(),
    "statut": pl.String(),
    "motif": pl.String(),
}
"""Une ligne par territoire et par niveau. ``type`` est vide quand un indicateur manque."""

PROFILS: dict[str, pl.DataType] = {
    "niveau": pl.String(),
    "type": pl.String(),
    "indicateur": pl.String(),
    "periode": pl.String(),
    "role": pl.String(),
    "territoires_lus": pl.Int64(),
    "mediane": pl.Float64(),
    "mediane_ensemble": pl.Float64(),
    "valeur_test": pl.Float64(),
    "ecart": pl.Float64(),
}
"""Une ligne par type et par indicateur ; ``ecart`` en écarts-types de l'ensemble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refus:
    """Pourquoi il n'y a pas de types à ce niveau.

    Parameters
    ----------
    motif
        ``effectif`` : trop peu de territoires ; ``requis`` : l'indicateur ``indicateur`` se lit
        dans une trop petite part d'entre eux ; ``indicateurs`` : trop peu d'indicateurs se lisent ;
        ``complets`` : trop peu de territoires les ont tous ; ``classes`` : aucune partition n'a de
        classes assez grandes.
    valeur, seuil
        Ce qui est trouvé, ce qu'il faudrait.
    """

    motif: Literal["effectif", "requis", "indicateurs", "complets", "classes"]
    valeur: float
    seuil: float
    indicateur: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marque:
    """Un indicateur qui distingue un type ; ``ecart`` en écarts-types de l'ensemble."""

    indicateur: str
    valeur_test: float
    ecart: float
    net: bool
    actif: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDecrit:
    """Un type de territoires.

    Parameters
    ----------
    territoires
        Identifiants, triés.
    population, part_population
        Habitants du type, et leur part parmi ceux des territoires qui ont un type (0 à 1).
    parangon
        Territoire le plus proche du centre du type.
    marques
        Indicateurs marqués, du plus net au moins net.
    """

    lettre: str
    territoires: tuple[str, ...]
    population: int
    part_population: float
    stabilite: float
    parangon: str
    marques: tuple[Marque, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Typologie:
    """Typologie d'un niveau, ou la raison de son absence."""

    niveau: str
    n_total: int
    n_complets: int
    lus: Lus
    refus: Refus | None = None
    axes: int = 0
    part_inertie: float = 0.0
    valeurs_propres: tuple[float, ...] = ()
    partitions: tuple[Partition, ...] = ()
    retenue: Partition | None = None
    frontieres: int = 0
    """Territoires plus proches, en moyenne, d'un autre type que du leur."""
    types: tuple[TypeDecrit, ...] = ()

    @property
    def possible(self) -> bool:
        """Dit s'il y a des types."""
        return self.refus is None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndiceComposite:
    """Indice composite de fragilité : ce qu'il réunit et ce qu'il vaut."""

    indicateurs: tuple[str, ...]
    correlations: Mapping[str, float]
    """Corrélation des rangs de chaque variante avec l'indice ; ``poids_acp`` et une par retrait."""
    n: int
    memes_cinquiemes: int
    """Communes du même cinquième dans toutes les variantes."""
    dernier: int
    """Communes du cinquième le plus fragile."""
    toujours_dernier: int
    """Communes du cinquième le plus fragile dans toutes les variantes."""
    etendue_mediane: float
    """Étendue des rangs, médiane des communes."""
    etendue_maximale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Regroupements:
    """Regroupements de communes voisines, d'après l'indice composite."""

    globale: MoranGlobal
    communes: Mapping[str, tuple[str, ...]]
    """Communes de chaque regroupement : ``haut``, ``bas``, ``haut_isole``, ``bas_isole``."""
    non_distinguees: int
    sans_voisin: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TypesDeTerritoires:
    """Résultat entier, prêt à publier."""

    table: PublishedTable
    profils: PublishedTable
    typologies: Mapping[str, Typologie]
    indice: IndiceComposite | None
    regroupements: Regroupements | None
    parametres: Mapping[str, Any]
