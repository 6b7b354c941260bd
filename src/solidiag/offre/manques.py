"""Ce qui manque à l'offre de chaque domaine, et à qui le demander."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from solidiag.catalogue.grille import Grille
from solidiag.catalogue.indicateur import MesureOffre

MANQUES: dict[str, pl.DataType] = {
    "domaine": pl.String(),
    "axe": pl.String(),
    "etat": pl.String(),
    "mesures": pl.UInt32(),
    "services": pl.UInt32(),
    "quoi": pl.String(),
    "a_qui": pl.String(),
}
"""Ce qui manque à l'offre de chaque domaine, une ligne par donnée à demander.

``etat`` : ``non mesuré`` (ni mesure, ni service), ``indirecte seulement`` (aucune offre propre au
domaine), ``présence seulement`` (des lieux, aucun volume) ou ``mesuré``. ``services`` est vide, et
non nul, quand aucune source ne recense ce domaine.
"""


def manques_d_offre(
    grille: Grille, mesures: Mapping[str, MesureOffre], services: pl.DataFrame
) -> pl.DataFrame:
    """Renvoie, pour chaque domaine, ce qui manque à son offre et à qui le demander (`MANQUES`).

    Un domaine que rien ne mesure est « non mesuré », jamais à zéro. Chaque domaine y est, par la
    grille, au moins une fois.

    Parameters
    ----------
    mesures
        Mesures d'offre déclarées, par identifiant.
    services
        Services ouverts de l'inventaire (schéma `SERVICES`).
    """
    compte = dict(
        services.explode("domaines")
        .filter(pl.col("domaines").is_not_null())
        .group_by("domaines")
        .agg(pl.col("groupe").n_unique())
        .iter_rows()
    )
    lignes = []
    for domaine in grille.domaines:
        siennes = [mesure for mesure in mesures.values() if domaine.id in mesure.domaines]
        base = {
            "domaine": domaine.id,
            "axe": domaine.axe,
            "etat": _etat(siennes, recense=domaine.id in compte),
            "mesures": len(siennes),
            "services": compte.get(domaine.id),
        }
        lignes += [
            {**base, "quoi": demande.fichier, "a_qui": demande.detenteur}
            for demande in domaine.a_demander_offre
        ] or [{**base, "quoi": None, "a_qui": None}]
    return pl.DataFrame(lignes, schema=MANQUES)


def _etat(mesures: Sequence[MesureOffre], *, recense: bool) -> str:
    natures = {mesure.nature for mesure in mesures}
    if "volume" in natures:
        return "mesuré"
    if "presence" in natures or recense:
        return "présence seulement"
    return "indirecte seulement" if natures else "non mesuré"
