"""Paires de lignes comparées dans un département, avec les noms et la raison."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from solidiag.pipeline.alentour import Base

_VERDICTS = {
    ("meme", True): "réunies",
    ("meme", False): "semblables, non réunies",
    ("different", False): "tenues pour différentes",
    ("meme_lieu", False): "même lieu, services distincts",
}


@dataclass(frozen=True, kw_only=True)
class PaireMontree:
    """Une paire de lignes, et ce qui en a été décidé."""

    id_a: str
    id_b: str
    nom_a: str
    nom_b: str
    source_a: str
    source_b: str
    commune: str
    verdict: str
    motif: str


def paires_montrees(base: Base) -> tuple[list[PaireMontree], int, int]:
    """Renvoie les paires réunies ou tranchées, par commune, et deux nombres.

    Le premier est celui des paires réunies de services ouverts, que dit aussi le rapport ; le
    second, celui des lieux partagés.

    Une paire du même lieu tenue pour deux services distincts est comptée, non listée : le fichier
    des doublons du diagnostic les donne toutes.
    """
    inventaire = base.inventaire
    noms = pl.concat([inventaire.services, inventaire.ecartes]).select(
        "id", "nom", "source", "commune"
    )
    tables = (
        inventaire.paires.join(noms, left_on="id_a", right_on="id", how="left")
        .join(noms, left_on="id_b", right_on="id", how="left", suffix="_b")
        .with_columns(pl.coalesce("commune", "commune_b").alias("commune"))
        .sort("commune", "nom", "id_a", "id_b", nulls_last=True)
    )
    listees = (pl.col("verdict") != "meme_lieu") | pl.col("arbitrage").is_not_null()
    fermes = set(inventaire.ecartes["id"])
    paires = [
        PaireMontree(
            id_a=ligne["id_a"],
            id_b=ligne["id_b"],
            nom_a=ligne["nom"] or "(sans nom)",
            nom_b=ligne["nom_b"] or "(sans nom)",
            source_a=_titre(base, ligne["source"]),
            source_b=_titre(base, ligne["source_b"]),
            commune=ligne["commune"] or "commune inconnue",
            verdict=_VERDICTS.get((ligne["verdict"], ligne["reunies"]), ligne["verdict"])
            + (" (service fermé)" if fermes & {ligne["id_a"], ligne["id_b"]} else ""),
            motif=ligne["motif"] or "",
        )
        for ligne in tables.filter(listees).iter_rows(named=True)
    ]
    return paires, inventaire.reunions.height, tables.filter(~listees).height


def identifiants(base: Base) -> frozenset[str]:
    """Renvoie les identifiants des lignes que l'on peut trancher, fermées comprises."""
    return frozenset(base.inventaire.services["id"]) | frozenset(base.inventaire.ecartes["id"])


def _titre(base: Base, source: str | None) -> str:
    if source is None:
        return "source inconnue"
    declaree = base.depot.sources.get(source)
    return declaree.titre if declaree else source
