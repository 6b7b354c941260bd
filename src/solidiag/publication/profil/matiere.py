"""Matière d'une fiche : un ou deux territoires, leurs observations, et comment y puiser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.catalogue.source import Source
from solidiag.confidentiality.publication import PublishedTable
from solidiag.model.origin import Origin
from solidiag.model.territoire import Territoire
from solidiag.publication.document import Absence, Cle, Ligne, Nombre, Texte
from solidiag.publication.francais import formater, nombre
from solidiag.publication.matiere import Observe, bornes_imprimees

SANS_LECTURE = "aucun fichier embarqué ne porte cet indicateur"
"""Début du motif d'une période que rien ne donne au niveau du territoire."""

TU = "non montré"
"""Début du motif d'une valeur publiée que la fiche tait : elle reposerait sur quelques cas."""

FACE_A_FACE = "FICHE"
"""Référence d'une comparaison entre les deux territoires d'une fiche."""


@dataclass(frozen=True, kw_only=True)
class Fiche:
    """Un territoire et ce que l'on dit de lui avant ses chiffres.

    Parameters
    ----------
    appartenances
        Couples (ce que c'est, nom) : intercommunalité, département...
    zonages
        Triplets (zonage, précision, millésime).
    comparateurs
        Territoires de comparaison, du plus proche au plus large.
    sans_services
        Pourquoi les services ne sont pas comptés, ou rien.
    commande
        Le territoire tel qu'on l'écrit dans une commande (``40088``, ``--communes LISTE``).
    """

    territoire: Territoire
    nature: str
    communes: int
    appartenances: tuple[tuple[str, str], ...] = ()
    zonages: tuple[tuple[str, str, str], ...] = ()
    comparateurs: tuple[Territoire, ...] = ()
    remarques: tuple[str, ...] = ()
    sans_services: str = ""
    commande: str = ""

    @property
    def id(self) -> str:
        """Identifiant du territoire."""
        return self.territoire.id


@dataclass(frozen=True, kw_only=True)
class MatiereProfil:
    """Tout ce dont une fiche a besoin, déjà calculé.

    Parameters
    ----------
    observations
        Indicateurs et services des territoires et de leurs comparateurs, passés par le contrôle
        du secret.
    indicateurs, mesures
        Ce que la fiche montre, dans l'ordre.
    plus_proches
        (mesure, territoire) → commune du service le plus proche.
    comparaisons
        Une ligne par indicateur, au schéma `COMPARAISONS` : face à la référence, ou l'un à l'autre.
    demandes
        Triplets (domaine, fichier, détenteur) de ce que les fichiers ouverts ne disent pas.
    niveaux
        Indicateur → niveaux où il se lit, en mots.
    producteurs
        Indicateur → producteurs de ses fichiers.
    secrets
        Indicateur → ce que son producteur dit du secret.
    explications
        Statut d'absence → pourquoi, en clair.
    recul_ans
        Années au-delà desquelles une valeur est trop ancienne pour être montrée.
    """

    fiches: tuple[Fiche, ...]
    date: date
    version: str
    observations: PublishedTable
    indicateurs: Sequence[Indicateur]
    mesures: Sequence[MesureOffre]
    plus_proches: Mapping[tuple[str, str], str]
    sources: Mapping[str, Source]
    origines: Mapping[str, Origin]
    sources_services: tuple[str, ...] = ()
    demandes: tuple[tuple[str, str, str], ...] = ()
    niveaux: Mapping[str, str] = field(default_factory=dict)
    producteurs: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    explications: Mapping[str, str] = field(default_factory=dict)
    recul_ans: int = 5
    comparaisons: PublishedTable | None = None

    @cached_property
    def table(self) -> pl.DataFrame:
        """Les observations publiées."""
        return self.observations.frame

    @cached_property
    def _index(self) -> dict[tuple[str, str], list[Observe]]:
        index: dict[tuple[str, str], list[Observe]] = {}
        lues = self.table.select(Observe._fields).sort("periode", descending=True)
        for ligne in lues.iter_rows():
            observe = Observe(*ligne)
            index.setdefault((observe.indicateur, observe.territoire), []).append(observe)
        return index

    @cached_property
    def _verdicts(self) -> dict[str, dict[str, Any]]:
        if self.comparaisons is None:
            return {}
        return {li["indicateur"]: li for li in self.comparaisons.frame.iter_rows(named=True)}

    def comparaison(self, indicateur: str) -> dict[str, Any] | None:
        """Renvoie la comparaison d'un indicateur, ou rien s'il ne se compare pas."""
        return self._verdicts.get(indicateur)

    @cached_property
    def reference(self) -> Territoire | None:
        """La référence du plus grand nombre de lignes ; les autres lignes nomment la leur."""
        comptes = Counter(
            li["reference_territoire"]
            for li in self._verdicts.values()
            if li["verdict"] != "non_comparable"
        )
        connus = {t.id: t for f in self.fiches for t in (f.territoire, *f.comparateurs)}
        return connus[comptes.most_common(1)[0][0]] if comptes else None

    def montrees(self) -> pl.DataFrame:
        """Renvoie les observations des indicateurs, à la période montrée de chacun."""
        periodes = pl.DataFrame(
            [(i.id, self.periode(i.id)) for i in self.indicateurs],
            schema={"indicateur": pl.String(), "periode": pl.String()},
            orient="row",
        )
        return self.table.join(periodes, on=["indicateur", "periode"], how="semi")

    def serie(self, indicateur: str, territoire: str) -> list[Observe]:
        """Renvoie les observations d'un territoire, la plus récente d'abord."""
        return self._index.get((indicateur, territoire), [])

    def observe(self, indicateur: str, territoire: str, periode: str) -> Observe | None:
        """Renvoie l'observation de cette période, ou rien."""
        serie = self.serie(indicateur, territoire)
        return next((o for o in serie if o.periode == periode), None)

    def periode(self, indicateur: str) -> str:
        """Renvoie la période montrée : la plus récente où tous se lisent, à défaut l'un d'eux.

        Une période trop ancienne n'est pas montrée. Si rien ne se lit, c'est la plus récente que le
        producteur décrit au niveau du territoire, pour dire pourquoi elle manque.
        """
        recentes = self._recentes(indicateur)
        ids = [fiche.id for fiche in self.fiches]

        def lisibles(periode: str) -> int:
            lues = (self.observe(indicateur, i, periode) for i in ids)
            return sum(o is not None and o.lisible for o in lues)

        def decrite(periode: str) -> bool:
            lues = (self.observe(indicateur, i, periode) for i in ids)
            return any(o is not None and not (o.motif or "").startswith(SANS_LECTURE) for o in lues)

        meilleur = max((lisibles(p) for p in recentes), default=0)
        if meilleur:
            return next(p for p in recentes if lisibles(p) == meilleur)
        return next((p for p in recentes if decrite(p)), recentes[0] if recentes else "")

    def _recentes(self, indicateur: str) -> list[str]:
        toutes = self.table.filter(pl.col("indicateur") == indicateur)["periode"].unique()
        periodes = sorted(toutes.to_list(), reverse=True)
        if not periodes:
            return []
        limite = annee(periodes[0]) - self.recul_ans
        return [p for p in periodes if annee(p) >= limite]

    def _declaration(self, identifiant: str) -> Indicateur | MesureOffre | None:
        declares: Iterator[Indicateur | MesureOffre] = iter((*self.indicateurs, *self.mesures))
        return next((d for d in declares if d.id == identifiant), None)

    def decimales(self, observe: Observe) -> int | None:
        """Renvoie le nombre de décimales déclaré pour cette lecture, ou rien."""
        declaration = self._declaration(observe.indicateur)
        for lecture in declaration.lectures if declaration else ():
            somme = observe.niveau == "LIB" and lecture.formule != "publie"
            if lecture.periode == observe.periode and (somme or observe.niveau in lecture.niveaux):
                return lecture.decimales
        return None

    def imprimer(self, observe: Observe | None) -> Ligne:
        """Renvoie l'observation telle qu'elle s'imprime : un nombre, ou sa marque d'absence."""
        if observe is None:
            return Absence("L")
        if (observe.motif or "").startswith(TU):
            return Texte(TU)
        if not observe.lisible or observe.value is None:
            return Absence(observe.status)
        decimales = self.decimales(observe)
        if observe.unite == "apl":
            texte = nombre(observe.value, decimales=1 if decimales is None else decimales)
        else:
            texte = formater(
                observe.value,
                observe.unite,
                decimales=decimales,
                precision=observe.precision or "exact",
            )
        return Nombre(texte, cle_de(observe))

    def bornes(self, observe: Observe) -> tuple[Nombre, Nombre] | None:
        """Renvoie les bornes telles qu'elles s'impriment, ou rien."""
        if observe.lower is None or observe.upper is None or not observe.lisible:
            return None
        decimales = self.decimales(observe)
        if observe.unite == "minutes":
            bas, haut = nombre(observe.lower), nombre(observe.upper)
            return Nombre(bas, cle_de(observe, "lower")), Nombre(haut, cle_de(observe, "upper"))
        bas, haut = bornes_imprimees(
            observe.lower,
            observe.upper,
            observe.unite,
            decimales=1 if decimales is None else decimales,
        )
        return Nombre(bas, cle_de(observe, "lower")), Nombre(haut, cle_de(observe, "upper"))


def cle_de(observe: Observe, champ: str = "value") -> Cle:
    """Renvoie la clé d'une observation."""
    return Cle(
        indicateur=observe.indicateur,
        territoire=observe.territoire,
        periode=observe.periode,
        champ=champ,
    )


def annee(periode: str) -> int:
    """Renvoie la dernière année d'une période.

    Examples
    --------
    >>> annee("2021"), annee("2024-T4"), annee("2021-2023"), annee("2024-08-01")
    (2021, 2024, 2023, 2024)
    """
    premiere, _, reste = periode.partition("-")
    if len(reste) == 4 and reste.isdigit():
        return int(reste)
    return int(premiere)
