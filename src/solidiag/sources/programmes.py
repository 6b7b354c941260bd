"""Programmes de l'ANCT par commune : un fichier qui mêle plusieurs programmes d'un département."""

from __future__ import annotations

import io

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import FormatInattendu

_COLONNES = ("programme", "codes_communes")


def communes_du_programme(
    octets: bytes, source: Source, fichier: Fichier, *, programme: str
) -> list[str]:
    """Renvoie les codes des communes d'un programme, triés.

    Raises
    ------
    FormatInattendu
        Si le fichier n'est pas un CSV, ou s'il lui manque une colonne.
    """
    try:
        table = pl.read_csv(io.BytesIO(octets), infer_schema=False)
    except pl.exceptions.PolarsError as erreur:
        raise FormatInattendu(
            source.id, fichier.fichier, attendu="un fichier CSV en UTF-8", trouve=str(erreur)
        ) from erreur
    manquantes = [nom for nom in _COLONNES if nom not in table.columns]
    if manquantes:
        raise FormatInattendu(
            source.id,
            fichier.fichier,
            attendu=f"les colonnes {', '.join(_COLONNES)}",
            trouve=", ".join(table.columns[:8]),
        )
    lignes = table.filter(pl.col("programme") == programme)["codes_communes"]
    return sorted({code.strip() for texte in lignes.drop_nulls() for code in texte.split(",")})
