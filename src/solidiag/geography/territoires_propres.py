"""Territoires propres : une liste de communes, un zonage ou un dessin devient un territoire.

Une commune y est entière, ou pour une part. Sa part de population n'est connue qu'à Paris, Lyon et
Marseille, par arrondissement ; ailleurs elle est supposée égale à sa part de surface : c'est une
convention, et tout chiffre qui en dépend est une estimation.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import polars as pl

from solidiag.errors import ListeDeCommunesInvalide
from solidiag.geography.passages import (
    ARRONDISSEMENT,
    DELEGUEE,
    FUSIONNEE,
    INCHANGEE,
    PARTAGEE,
)
from solidiag.geography.referentiel import Referentiel
from solidiag.model.territoire import Niveau, Territoire

CODES_MAXIMUM = 40_000
"""Nombre de codes au-delà duquel une liste est refusée : la France a moins de communes."""

COG_LE_PLUS_ANCIEN = 2003
"""Année du plus ancien code officiel géographique où l'on cherche un code disparu."""

Genre = Literal["liste", "zonage", "canton", "dessin"]

_CODE = re.compile(r"^(?:\d{5}|2[ABab]\d{3})$")
_SANS_ZERO = re.compile(r"^\d{4}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Code donné qui n'est pas une commune entière du COG courant, et ce qu'il est devenu.

    Parameters
    ----------
    donne
        Code tel qu'il est écrit.
    communes
        Codes des communes du COG courant qui en tiennent lieu.
    statut
        ``unchanged`` (code changé), ``merged``, ``split``, ``deleguee``, ``arm`` ou ``zero``
        (zéro de tête perdu).
    autres
        Anciennes communes réunies dans la même commune nouvelle et absentes de la liste.
    """

    donne: str
    communes: tuple[str, ...]
    statut: str
    autres: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TerritoirePropre:
    """Territoire composé par une personne.

    Parameters
    ----------
    code
        Code propre, sans espace ; l'identifiant est ``LIB-<code>``.
    nom
        Nom écrit dans les documents.
    genre
        D'où vient la composition.
    parts
        Commune du COG courant → part de sa population dans le territoire, de 0 exclu à 1.
    par_population
        Communes dont la part est connue par leurs arrondissements municipaux.
    reports
        Codes donnés qui ont demandé un report.
    doubles
        Codes donnés plusieurs fois.
    precisions
        Phrases à dire au lecteur sur la composition (seuils du dessin, millésime du zonage).
    """

    code: str
    nom: str
    genre: Genre
    parts: Mapping[str, float]
    par_population: frozenset[str] = frozenset()
    reports: tuple[Report, ...] = ()
    doubles: tuple[str, ...] = ()
    precisions: tuple[str, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        """Refuse une part hors de ]0, 1] ou une composition vide."""
        if not self.parts:
            raise ValueError("un territoire propre a au moins une commune")
        if any(not 0 < part <= 1 for part in self.parts.values()):
            raise ValueError("une part est comprise entre 0 exclu et 1")

    @cached_property
    def territoire(self) -> Territoire:
        """Le territoire, tel que les phrases le nomment."""
        return Territoire(niveau=Niveau.LIBRE, code=self.code, nom=self.nom)

    @property
    def id(self) -> str:
        """Identifiant du territoire (``LIB-…``)."""
        return self.territoire.id

    @cached_property
    def coupees(self) -> tuple[str, ...]:
        """Communes dont une part seulement est dans le territoire."""
        return tuple(sorted(code for code, part in self.parts.items() if part < 1))

    @cached_property
    def estime(self) -> bool:
        """Dit si un chiffre du territoire est une estimation."""
        return bool(self.coupees)

    def appartenance(self) -> pl.DataFrame:
        """Renvoie ``commune, territoire, part``, comme les formules la demandent."""
        communes = sorted(self.parts)
        return pl.DataFrame(
            {
                "commune": communes,
                "territoire": [self.id] * len(communes),
                "part": [float(self.parts[code]) for code in communes],
            },
            schema={"commune": pl.String, "territoire": pl.String, "part": pl.Float64},
        )

    def population(self, populations: Mapping[str, int]) -> float:
        """Renvoie la population, part par part (`Referentiel.populations`)."""
        return sum(
            part * (populations.get(f"COM-{code}") or 0) for code, part in self.parts.items()
        )


def code_propre(parts: Mapping[str, float]) -> str:
    """Renvoie un code court tiré de la composition : la même composition a le même code.

    Examples
    --------
    >>> code_propre({"40088": 1.0}) == code_propre({"40088": 1.0})
    True
    """
    texte = ";".join(f"{code}={parts[code]:.6f}" for code in sorted(parts))
    return hashlib.sha256(texte.encode()).hexdigest()[:8]


def depuis_codes(
    codes: Iterable[str],
    referentiel: Referentiel,
    *,
    nom: str = "",
    genre: Genre = "liste",
    code: str = "",
    precisions: Sequence[str] = (),
) -> TerritoirePropre:
    """Renvoie le territoire formé par des codes de communes, anciens ou actuels.

    Un code disparu est reporté sur le COG courant : une commune fusionnée amène toute la commune
    nouvelle, une commune partagée toutes celles qui en viennent, et chaque report est gardé pour
    être dit. Un arrondissement municipal amène sa commune pour sa part de population.

    Parameters
    ----------
    codes
        Codes Insee de communes ; « 1001 » vaut « 01001 ».
    nom
        Nom du territoire ; à défaut il dit le nombre de communes.

    Raises
    ------
    ListeDeCommunesInvalide
        Si la liste est vide, trop longue, ou si un code n'a jamais été celui d'une commune.
    """
    donnes = [texte.strip().upper() for texte in codes if texte.strip()]
    if not donnes:
        raise ListeDeCommunesInvalide("aucun code de commune n'y est écrit")
    if len(donnes) > CODES_MAXIMUM:
        raise ListeDeCommunesInvalide(f"{len(donnes)} codes, au plus {CODES_MAXIMUM} attendus")
    uniques = list(dict.fromkeys(donnes))
    doubles = (
        tuple(sorted({texte for texte in donnes if donnes.count(texte) > 1}))
        if len(uniques) < len(donnes)
        else ()
    )
    registre = _Registre(referentiel)
    reports: list[Report] = []
    entieres: set[str] = set()
    municipaux: dict[str, set[str]] = {}
    inconnus: list[str] = []
    for donne in uniques:
        report = registre.reporter(donne)
        if report is None:
            inconnus.append(donne)
            continue
        if report.statut == ARRONDISSEMENT:
            municipaux.setdefault(report.communes[0], set()).add(donne)
        else:
            entieres.update(report.communes)
        if report.statut:
            reports.append(report)
    if inconnus:
        raise ListeDeCommunesInvalide(
            "code qui n'est celui d'aucune commune, actuelle ou ancienne",
            codes=inconnus,
            indication=_indication(inconnus),
        )
    parts = dict.fromkeys(sorted(entieres), 1.0)
    for commune, arrondissements in sorted(municipaux.items()):
        if commune not in entieres:
            parts[commune] = registre.part_de_population(commune, arrondissements)
    return TerritoirePropre(
        code=code or code_propre(parts),
        nom=nom or _nom_par_defaut(parts),
        genre=genre,
        parts=parts,
        par_population=frozenset(municipaux),
        reports=tuple(_sans_les_presents(reports, set(uniques))),
        doubles=doubles,
        precisions=tuple(precisions),
    )


def reporter(codes: Iterable[str], referentiel: Referentiel) -> dict[str, Report | None]:
    """Renvoie ce que chaque code de commune est devenu ; rien pour un code jamais attribué.

    Parameters
    ----------
    codes
        Codes Insee de communes, actuels ou anciens ; « 1001 » vaut « 01001 ».
    """
    registre = _Registre(referentiel)
    return {code: registre.reporter(code) for code in dict.fromkeys(codes)}


def _nom_par_defaut(parts: Mapping[str, float]) -> str:
    return f"Territoire de {len(parts)} commune{'s' if len(parts) > 1 else ''}"


def _indication(inconnus: Sequence[str]) -> str:
    if all(re.fullmatch(r"\d{9}", code) for code in inconnus):
        return "neuf chiffres font un numéro d'intercommunalité : donnez celui de ses communes"
    if all(_CODE.match(code) for code in inconnus):
        return "est-ce un code postal ? Il faut le code Insee de la commune"
    return "un code de commune a cinq caractères (40088, 2A004)"


class _Registre:
    """Cherche ce qu'un code de commune est devenu."""

    def __init__(self, referentiel: Referentiel) -> None:
        self.referentiel = referentiel
        self.actuels = frozenset(referentiel.communes["code"])
        self.municipaux: dict[str, str] = dict(
            referentiel.arrondissements_municipaux.select("code", "commune").iter_rows()
        )
        self._communes_au = functools.cache(referentiel.passages.communes_au)

    def reporter(self, donne: str) -> Report | None:
        """Renvoie le report d'un code ; statut vide s'il n'y a rien à en dire."""
        code = f"0{donne}" if _SANS_ZERO.match(donne) else donne
        statut = "zero" if code != donne else ""
        if not _CODE.match(code):
            return None
        if code in self.actuels:
            return Report(donne=donne, communes=(code,), statut=statut)
        if code in self.municipaux:
            return Report(donne=donne, communes=(self.municipaux[code],), statut=ARRONDISSEMENT)
        return self._ancien(donne, code)

    def _ancien(self, donne: str, code: str) -> Report | None:
        passages = self.referentiel.passages
        cog = self.referentiel.cog
        for annee in range(cog - 1, COG_LE_PLUS_ANCIEN - 1, -1):
            if code not in self._communes_au(annee):
                continue
            table = passages.entre(annee, cog)
            lignes = table.filter(
                (pl.col("ancien") == code)
                & pl.col("relation").is_in([INCHANGEE, FUSIONNEE, PARTAGEE])
            )
            if lignes.is_empty():
                break
            communes = tuple(sorted(lignes["nouveau"]))
            statut = str(lignes["relation"][0])
            autres = self._reunies(table, communes, code) if statut == FUSIONNEE else ()
            return Report(donne=donne, communes=communes, statut=statut, autres=autres)
        mere = passages.deleguees.get(code)
        if mere is not None:
            return Report(donne=donne, communes=(mere,), statut=DELEGUEE)
        return None

    @staticmethod
    def _reunies(table: pl.DataFrame, communes: Sequence[str], code: str) -> tuple[str, ...]:
        memes = table.filter(
            pl.col("nouveau").is_in(list(communes))
            & (pl.col("relation") == FUSIONNEE)
            & (pl.col("ancien") != code)
        )
        return tuple(sorted(memes["ancien"]))

    def part_de_population(self, commune: str, arrondissements: Iterable[str]) -> float:
        """Renvoie la part de la population d'une commune dans certains de ses arrondissements."""
        tous = self.referentiel.arrondissements_municipaux.filter(pl.col("commune") == commune)
        populations: dict[str, int] = dict(tous.select("code", "population").iter_rows())
        voulus = set(arrondissements)
        if voulus >= set(populations):
            return 1.0
        return sum(populations[code] for code in voulus) / sum(populations.values())


def _sans_les_presents(reports: Sequence[Report], donnes: set[str]) -> Iterable[Report]:
    """Retire des « autres » les anciennes communes que la liste donne aussi."""
    presents = donnes | {f"0{code}" for code in donnes if _SANS_ZERO.match(code)}
    for report in reports:
        autres = tuple(code for code in report.autres if code not in presents)
        yield replace(report, autres=autres)
