"""Tables de territoires telles que les sources les donnent, avant assemblage."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

COLONNES: dict[str, tuple[str, ...]] = {
    "communes": ("TYPECOM", "COM", "REG", "DEP", "ARR", "TNCC", "LIBELLE", "COMPARENT"),
    "mouvements": ("MOD", "DATE_EFF", "TYPECOM_AV", "COM_AV", "TYPECOM_AP", "COM_AP"),
    "arrondissements": ("ARR", "DEP", "TNCC", "LIBELLE"),
    "departements": ("DEP", "REG", "CHEFLIEU", "TNCC", "LIBELLE"),
    "regions": ("REG", "TNCC", "LIBELLE"),
    "limitrophes": ("DEP", "LIMITROPHE"),
    "populations": ("TYPECOM", "COM", "PMUN"),
    "outre_mer": ("COM", "LIBELLE", "COMER", "LIBELLE_COMER"),
    "epci": ("COM", "EPCI", "NATURE", "LIBELLE"),
    "appartenance": ("CODGEO", "EPCI", "ZE2020", "BV2022"),
    "libelles": ("NIVGEO", "CODGEO", "LIBGEO"),
    "points": ("COM", "TYPECOM", "LATITUDE", "LONGITUDE", "SUPERFICIE_KM2"),
    "densite": ("insee_com", "niveau_densite"),
    "frr": ("Code_insee", "Classement FRR et FRR+ au 10 juillet 2025"),
    "pvd": ("insee_com", "id_pvd"),
    "acv": ("insee_com", "id_acv"),
    "qpv": ("COM", "CODES_QPV", "LIBELLES_QPV"),
    "industrie": ("ID_TI", "LIBELLE", "SIRENS"),
}
"""Colonnes de texte attendues de chaque table ; les vides y sont des chaînes vides."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TablesTerritoires:
    """Les tables de `COLONNES`, une par champ.

    Parameters
    ----------
    cog
        Année du code officiel géographique des tables de codes.
    """

    cog: int
    communes: pl.DataFrame
    mouvements: pl.DataFrame
    arrondissements: pl.DataFrame
    departements: pl.DataFrame
    regions: pl.DataFrame
    limitrophes: pl.DataFrame
    populations: pl.DataFrame
    outre_mer: pl.DataFrame
    epci: pl.DataFrame
    appartenance: pl.DataFrame
    libelles: pl.DataFrame
    points: pl.DataFrame
    densite: pl.DataFrame
    frr: pl.DataFrame
    pvd: pl.DataFrame
    acv: pl.DataFrame
    qpv: pl.DataFrame
    industrie: pl.DataFrame
