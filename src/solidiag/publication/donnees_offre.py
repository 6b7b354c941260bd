"""Données ouvertes de l'offre : qualité, services fermés, ce qui manque à chaque domaine."""

from __future__ import annotations

import polars as pl

from solidiag.offre.manques import manques_d_offre
from solidiag.publication.matiere import Matiere


def tables_offre(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie la qualité de l'inventaire, les services fermés, les manques et les arbitrages."""
    noms = matiere.referentiel.territoires.select(
        pl.col("id").alias("territoire"), pl.col("nom").alias("nom_territoire")
    )
    dedans = matiere.referentiel.communes_du_departement(matiere.departement.code)
    services = matiere.services.frame.filter(
        pl.col("code_insee").is_null() | pl.col("code_insee").is_in(list(dedans))
    )
    rendues = {"manques_offre": manques_d_offre(matiere.grille, matiere.mesures, services)}
    if matiere.qualite_offre is not None:
        table = matiere.qualite_offre.frame.join(
            noms, on="territoire", how="left", maintain_order="left"
        )
        devant = ("territoire", "nom_territoire")
        rendues["qualite_offre"] = table.select(*devant, pl.exclude(devant))
    if matiere.qualite_services is not None:
        rendues["qualite_services"] = matiere.qualite_services.frame
    if matiere.services_ecartes is not None:
        rendues["services_ecartes"] = matiere.services_ecartes.frame
    if matiere.arbitrages is not None and len(matiere.arbitrages):
        rendues["arbitrages"] = matiere.arbitrages.frame
    return rendues
