"""Contrats qu'une liste fournie fait connaître, au schéma des dispositifs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from solidiag.catalogue.dispositif import TypeDispositif
from solidiag.model.coordination import DISPOSITIFS
from solidiag.offre.coordination.registre import en_table, identifiant


def dispositifs_des_listes(
    fournis: pl.DataFrame,
    types: Mapping[str, TypeDispositif],
    *,
    epci: Mapping[str, str],
    departement: str,
) -> pl.DataFrame:
    """Renvoie un dispositif par contrat d'une liste fournie, au schéma `DISPOSITIFS`.

    Les communes qui font une intercommunalité entière sont dites par elle. Sans date dans la
    liste, le dispositif n'en a pas : celles du type valent pour un contrat, non pour un autre.

    Parameters
    ----------
    fournis
        ``commune, zonage, valeur, territoire, debut, millesime, provenance, source, origin, ligne``
        (`solidiag.pipeline.zonages.ZONAGES_FOURNIS`), contrats du département entiers.
    epci
        Code de commune → code d'EPCI, pour toute la France.
    departement
        Code du département.
    """
    tailles: dict[str, int] = {}
    for code in epci.values():
        tailles[code] = tailles.get(code, 0) + 1
    lignes: list[dict[str, Any]] = []
    for (zonage, valeur), lot in fournis.group_by("zonage", "valeur", maintain_order=True):
        genre = types.get(str(zonage))
        if genre is None:
            continue
        communes = sorted(lot["commune"].unique())
        premiere = lot.row(0, named=True)
        nom = str(valeur)
        lignes.append(
            {
                "id": f"{genre.id}-{identifiant(nom)}",
                "type": genre.id,
                "nom": nom if _nomme(genre, nom) else f"{genre.titre} : {nom}",
                "debut": min(lot["debut"].drop_nulls(), default=None),
                "territoires": _territoires(communes, epci, tailles, departement),
                "publics": list(genre.publics),
                "domaines": list(genre.domaines),
                "hors_champ": genre.hors_champ,
                "financeurs": [],
                "provenance": premiere["provenance"],
                "date_source": premiere["millesime"],
                "source": premiere["source"],
                "origin": premiere["origin"],
                "ligne": premiere["ligne"],
                "remarque": f"liste fournie ; {len(communes)} commune"
                + ("s" if len(communes) > 1 else "")
                + " ; domaines : ceux que le type touche d'ordinaire",
            }
        )
    return en_table(lignes, DISPOSITIFS)


def _nomme(genre: TypeDispositif, nom: str) -> bool:
    """Dit si le nom d'un contrat dit déjà son type."""
    debut = identifiant(nom)
    return any(debut.startswith(f"{identifiant(mot)}-") for mot in (genre.nom, genre.sigle) if mot)


def _territoires(
    communes: Sequence[str], epci: Mapping[str, str], tailles: Mapping[str, int], departement: str
) -> list[str]:
    """Renvoie les intercommunalités entières, puis les communes du reste."""
    par_epci: dict[str, list[str]] = {}
    for code in communes:
        par_epci.setdefault(epci.get(code, ""), []).append(code)
    entieres = [f"EPCI-{e}" for e, lot in par_epci.items() if e and len(lot) == tailles[e]]
    autres = [
        f"COM-{code}" for e, lot in par_epci.items() for code in lot if f"EPCI-{e}" not in entieres
    ]
    return sorted(entieres) + sorted(autres) or [f"DEP-{departement}"]
