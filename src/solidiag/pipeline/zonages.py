"""Zonages et contrats qu'une personne fournit : où ils s'appliquent, commune par commune."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from solidiag.catalogue.dispositif import TypeDispositif
from solidiag.catalogue.source import Fichier, Source
from solidiag.geography.lieux import Doute, Lieux
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import Report, reporter
from solidiag.sources.controle import Partie
from solidiag.sources.reparations import Connus
from solidiag.sources.zonages_fournis import (
    LECTEUR_ZONAGE,
    OFFICIELS,
    lire_zonage,
    options_de_zonage,
)
from solidiag.storage.depot import Depot

ZONAGES_FOURNIS: dict[str, pl.DataType] = {
    "commune": pl.String(),
    "zonage": pl.String(),
    "valeur": pl.String(),
    "territoire": pl.String(),
    "debut": pl.String(),
    "millesime": pl.String(),
    "provenance": pl.String(),
    "source": pl.String(),
    "origin": pl.String(),
    "ligne": pl.UInt32(),
}
"""Une ligne par commune du COG courant et contrat. ``zonage`` : type de dispositif ; ``valeur`` :
nom du contrat ; ``territoire`` : identifiant de ce que le fichier nomme (``EPCI-…``, ``COM-…``) ;
``provenance`` : ``public`` (fichier de l'ANCT) ou ``gabarit`` (table d'une personne)."""

EMBARQUES = frozenset({"frr", "industrie", "pvd", "acv"})
"""Zonages qu'un fichier embarqué donne déjà, contrat par contrat ou classement entier."""

_REMPLACEES = re.compile("aucun indicateur|inconnus? du code|n'existent plus sous ce code")
_COMMUNE = re.compile(r"^(?:\d{4,5}|2[ABab]\d{3})$")
_EPCI = re.compile(r"^\d{9}$")


@dataclass(frozen=True, kw_only=True)
class Lieu:
    """Ce qu'un texte désigne.

    Parameters
    ----------
    territoire
        Identifiant (``EPCI-…``, ``COM-…``, ``DEP-…``), vide s'il n'est pas compris.
    communes
        Codes des communes du COG courant.
    report
        Ce qu'un ancien code est devenu.
    motif
        Pourquoi il n'est pas compris.
    """

    territoire: str = ""
    communes: tuple[str, ...] = ()
    report: Report | None = None
    motif: str = ""


def situer_les_territoires(textes: Iterable[str], referentiel: Referentiel) -> dict[str, Lieu]:
    """Renvoie ce que chaque texte désigne : code de commune, ancien ou actuel, Siren, ou nom."""
    voulus = list(dict.fromkeys(textes))
    epci = [texte for texte in voulus if _EPCI.match(texte)]
    par_epci: dict[str, list[str]] = dict(
        referentiel.communes.filter(pl.col("epci").is_in(epci))
        .group_by("epci")
        .agg("code")
        .iter_rows()
    )
    reports = reporter(
        (texte.upper() for texte in voulus if _COMMUNE.match(texte) and not _EPCI.match(texte)),
        referentiel,
    )
    lieux = functools.cache(lambda: Lieux(referentiel))
    return {
        texte: _situer(texte, referentiel, par_epci=par_epci, reports=reports, lieux=lieux)
        for texte in voulus
    }


def _situer(
    texte: str,
    referentiel: Referentiel,
    *,
    par_epci: Mapping[str, list[str]],
    reports: Mapping[str, Report | None],
    lieux: Callable[[], Lieux],
) -> Lieu:
    if not texte:
        return Lieu(motif="la cellule est vide")
    if _EPCI.match(texte):
        if texte in par_epci:
            return Lieu(territoire=f"EPCI-{texte}", communes=tuple(par_epci[texte]))
        if texte.startswith("21"):
            return Lieu(motif="est le Siren d'une commune : donnez son code Insee")
        return Lieu(motif="n'est pas une intercommunalité d'aujourd'hui")
    if _COMMUNE.match(texte):
        report = reports[texte.upper()]
        if report is None:
            return Lieu(
                motif="n'est celui d'aucune commune, actuelle ou ancienne (est-ce un code postal ?)"
            )
        territoire = f"COM-{report.communes[0]}" if len(report.communes) == 1 else "COM"
        return Lieu(
            territoire=territoire,
            communes=report.communes,
            report=report if report.statut else None,
        )
    trouve = lieux().territoire(texte)
    if isinstance(trouve, Doute):
        proches = f" ; vouliez-vous dire {' ou '.join(trouve.proches)} ?" if trouve.proches else ""
        return Lieu(motif=f"{trouve.motif}{proches}")
    if trouve.partition("-")[0] not in ("COM", "EPCI", "DEP"):
        return Lieu(motif="n'est ni une commune, ni une intercommunalité, ni un département")
    return Lieu(territoire=trouve, communes=tuple(referentiel.communes_de(trouve)))


def zonages_fournis(depot: Depot, referentiel: Referentiel, *, departement: str) -> pl.DataFrame:
    """Renvoie les contrats fournis dont une commune est dans le département (`ZONAGES_FOURNIS`).

    D'un même zonage, la table d'une personne l'emporte dans le département sur les listes de
    l'ANCT ; de celles-ci, la plus récente est lue, celle des communes d'abord.

    Raises
    ------
    DeclarationInvalide, FormatInattendu
        Si un fichier n'est plus celui de l'import.
    """
    siennes = referentiel.communes_du_departement(departement)
    lots: dict[str, list[tuple[tuple[bool, str, bool], pl.DataFrame]]] = {}
    for source, fichier, zonage in fichiers_de_zonage(depot):
        if not (fichier.couverture or source.couverture).couvre(departement):
            continue
        table = _table(depot.octets(fichier.fichier), source, fichier, zonage, referentiel)
        touches = table.filter(pl.col("commune").is_in(siennes))["valeur"].unique()
        ici = table.filter(pl.col("valeur").is_in(touches.implode()))
        if not ici.is_empty():
            rang = (
                fichier.lecteur == LECTEUR_ZONAGE,
                fichier.millesime,
                fichier.niveau == "COM",
            )
            lots.setdefault(zonage, []).append((rang, ici))
    gardes = [pl.DataFrame(schema=ZONAGES_FOURNIS)]
    for candidats in lots.values():
        propres = [table for (propre, _, _), table in candidats if propre]
        gardes += propres or [max(candidats, key=lambda candidat: candidat[0])[1]]
    return pl.concat(gardes).unique(["commune", "zonage", "valeur"], maintain_order=True)


def fichiers_de_zonage(depot: Depot) -> Iterator[tuple[Source, Fichier, str]]:
    """Parcourt les fichiers ajoutés qui donnent un zonage, et le type de dispositif de chacun."""
    for source in depot.sources.values():
        for fichier in source.fichiers:
            options = options_de_zonage(source, fichier)
            if options is not None:
                yield source, fichier, options.zonage


def _table(
    octets: bytes, source: Source, fichier: Fichier, zonage: str, referentiel: Referentiel
) -> pl.DataFrame:
    lignes = lire_zonage(octets, source, fichier).filter(pl.col("valeur") != "")
    lieux = situer_les_territoires(lignes["territoire"], referentiel)
    propre = fichier.lecteur == LECTEUR_ZONAGE
    return pl.DataFrame(
        [
            {
                "commune": commune,
                "zonage": zonage,
                "valeur": ligne["valeur"],
                "territoire": lieu.territoire if lieu.territoire != "COM" else f"COM-{commune}",
                "debut": ligne["debut"] or None,
                "millesime": fichier.millesime,
                "provenance": "gabarit" if propre else "public",
                "source": source.id,
                "origin": f"{source.id}/{fichier.id}",
                "ligne": ligne["ligne"],
            }
            for ligne in lignes.iter_rows(named=True)
            for lieu in (lieux[ligne["territoire"]],)
            for commune in lieu.communes
        ],
        schema=ZONAGES_FOURNIS,
    )


def dire_zonage(partie: Partie, octets: bytes, connus: Connus) -> Partie:
    """Renvoie la partie d'un fichier reconnu, qui dit les contrats qu'elle donne et ce qui manque.

    Un fichier qui n'est pas une liste de contrats revient tel quel.
    """
    if partie.gabarit.id not in OFFICIELS:
        return partie
    lues = lire_zonage(octets, partie.source, partie.fichier)
    niveau = partie.fichier.niveau
    inconnus = sorted(
        texte
        for texte in lues["territoire"].unique()
        if not connus.connait(niveau, texte) and not connus.connait(niveau, f"0{texte}")
    )
    gardees = [
        r for r in partie.remarques if not re.search(r"aucun indicateur|inconnus? du code", r)
    ]
    nombre = lues.filter(pl.col("valeur") != "")["valeur"].n_unique()
    s = "s" if nombre > 1 else ""
    gardees.insert(
        0, f"{nombre} contrat{s} lu{s} : accès par contrat, et registre des dispositifs."
    )
    if inconnus:
        s = "s" if len(inconnus) > 1 else ""
        communes = sum(texte.startswith("21") for texte in inconnus)
        dont = f", dont {communes} Siren de commune" if communes and niveau == "EPCI" else ""
        gardees.append(
            f"{len(inconnus)} territoire{s} non situé{s}{dont} : "
            + ", ".join(f"« {texte} »" for texte in inconnus)
            + "."
        )
    return replace(partie, remarques=tuple(gardees))


def type_de_zonage(texte: str, types: Mapping[str, TypeDispositif]) -> TypeDispositif | None:
    """Renvoie le type qu'une personne a écrit : identifiant, sigle ou nom, casse indifférente."""
    cherche = texte.strip().casefold()
    for genre in types.values():
        sigle = genre.sigle.casefold()
        if cherche in (genre.id, sigle, sigle.partition(" ")[0], genre.nom.casefold()) and cherche:
            return genre
    return None
