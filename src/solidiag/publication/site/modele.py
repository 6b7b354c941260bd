"""Ce que le site reçoit en plus du document : tables par indicateur, territoires, fonds de carte.

Chaque valeur arrive déjà imprimée (« 11,7 % », « ≤ 5 % ») : le site n'écrit aucun nombre qu'il
aurait formé lui-même.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from solidiag.publication.document import LIBELLES_ABSENCE, Cle

AVEC_VALEUR = frozenset({"A", "B", "E", "P"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTerritoire:
    """Territoire que le site sait nommer.

    ``parents`` : territoires de comparaison, du plus proche au plus large (``EPCI-...``,
    ``DEP-...``, ``REG-...``, ``FR-FR``).
    """

    id: str
    nom: str
    parents: tuple[str, ...] = ()

    @property
    def niveau(self) -> str:
        """Niveau du territoire (``COM``, ``EPCI``...)."""
        return self.id.partition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLigne:
    """Valeur d'un territoire.

    ``texte`` : la valeur telle qu'elle s'imprime, vide si le statut dit une absence. ``valeur`` :
    la même, pour trier et classer. ``intervalle`` : la marge d'incertitude imprimée (« bas à
    haut »). ``motif`` : pourquoi il n'y a pas de valeur, ou ce qu'il faut savoir pour la lire.
    ``lisse`` et ``valeur_lissee`` : le taux lissé imprimé et sa valeur, s'il y en a un.
    """

    territoire: str
    texte: str = ""
    valeur: float | None = None
    statut: str = "A"
    intervalle: str = ""
    motif: str = ""
    lisse: str = ""
    valeur_lissee: float | None = None

    def __post_init__(self) -> None:
        if self.lisible != (self.valeur is not None) or self.lisible != bool(self.texte):
            msg = f"{self.territoire} : le statut {self.statut} ne va pas avec la valeur donnée"
            raise ValueError(msg)
        if bool(self.lisse) != (self.valeur_lissee is not None) or (
            self.lisse and not self.lisible
        ):
            msg = f"{self.territoire} : un taux lissé sans taux observé, ou sans sa valeur"
            raise ValueError(msg)

    @property
    def lisible(self) -> bool:
        """Dit s'il y a une valeur à montrer."""
        return self.statut in AVEC_VALEUR

    @property
    def imprime(self) -> str:
        """La valeur imprimée, ou la marque d'absence."""
        return self.texte if self.lisible else LIBELLES_ABSENCE[self.statut]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTable:
    """Un indicateur, à une date, sur tous les territoires qui le portent.

    Parameters
    ----------
    id
        Identifiant dans le site (celui de l'indicateur, ou avec sa période s'il y en a plusieurs).
    indicateur, periode, table
        Adresse des valeurs dans les tables publiées (voir `solidiag.publication.document.Cle`).
    millesime
        Date dont les valeurs parlent, telle qu'elle s'imprime.
    genre
        ``taux`` se colore par classes, ``effectif`` se dessine en cercles, ``aucun`` ne se
        cartographie pas.
    groupe
        Titre sous lequel l'indicateur est rangé (axe et domaine, ou socle de contexte).
    classes
        Bornes hautes des classes, la dernière exclue ; vide : cinq classes d'effectifs égaux.
    fichier
        Nom du fichier de données ouvertes qui porte les mêmes valeurs, ou vide.
    lissage
        Ce que montre la carte des communes quand ce sont des taux lissés, en une phrase ; vide
        sinon.
    """

    id: str
    indicateur: str
    periode: str
    libelle: str
    unite: str
    definition: str
    source: str
    millesime: str
    lignes: tuple[SiteLigne, ...]
    table: str = "observations"
    genre: Literal["taux", "effectif", "aucun"] = "taux"
    theme: Literal["besoin", "offre", "ecart"] = "besoin"
    groupe: str = ""
    champ: str = ""
    limites: tuple[str, ...] = ()
    classes: tuple[float, ...] = ()
    fichier: str = ""
    lissage: str = ""

    def cle(self, ligne: SiteLigne) -> Cle:
        """Renvoie l'adresse d'une valeur de la table."""
        return Cle(
            indicateur=self.indicateur,
            territoire=ligne.territoire,
            periode=self.periode,
            table=self.table,
        )

    @property
    def source_nue(self) -> str:
        """La source sans « Source : », pour un endroit qui le dit déjà."""
        return re.sub(r"^Sources?\s*:\s*", "", self.source)

    @property
    def sans_intervalle(self) -> tuple[str, ...]:
        """Raisons pour lesquelles des valeurs n'ont pas d'intervalle, sans répétition."""
        raisons = (x.motif for x in self.lignes if x.lisible and x.motif and not x.intervalle)
        return tuple(dict.fromkeys(raisons))

    @property
    def raisons_communes(self) -> dict[str, str]:
        """Raison de chaque statut d'absence qui n'en a qu'une : elle se dit une fois."""
        raisons: dict[str, set[str]] = {}
        for ligne in self.lignes:
            if not ligne.lisible:
                raisons.setdefault(ligne.statut, set()).add(ligne.motif)
        communes = {statut: next(iter(r)) for statut, r in raisons.items() if len(r) == 1}
        return {statut: raison for statut, raison in communes.items() if raison}

    def niveaux(self) -> tuple[str, ...]:
        """Renvoie les niveaux présents, dans l'ordre des lignes."""
        vus = dict.fromkeys(ligne.territoire.partition("-")[0] for ligne in self.lignes)
        return tuple(vus)

    def de_niveau(self, niveau: str) -> Iterator[SiteLigne]:
        """Parcourt les lignes d'un niveau."""
        return (ligne for ligne in self.lignes if ligne.territoire.startswith(f"{niveau}-"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fond:
    """Fond de carte de l'explorateur : un SVG dont chaque forme porte ``data-t``."""

    niveau: str
    svg: str
    description: str = ""
