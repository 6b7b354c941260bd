"""Zones que l'accès mesure en plus de celles du référentiel : listes fournies, et classeur."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from solidiag.errors import TerritoireInconnu
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.coordination import lire_classeurs
from solidiag.pipeline.zonages import EMBARQUES, zonages_fournis
from solidiag.storage.depot import Depot

ZONES: dict[str, pl.DataType] = {
    "commune": pl.String(),
    "zonage": pl.String(),
    "valeur": pl.String(),
}


def zones_fournies(depot: Depot, referentiel: Referentiel, *, departement: str) -> pl.DataFrame:
    """Renvoie ``commune, zonage, valeur`` des contrats fournis dans le département.

    Viennent d'abord ceux des listes, puis les dispositifs du classeur de coordination dont les
    territoires sont plus petits que le département ; l'un d'eux qui a les communes d'un contrat
    de même type déjà donné n'est pas répété.
    """
    lots = [
        zonages_fournis(depot, referentiel, departement=departement).select(*ZONES),
    ]
    communes = set(referentiel.communes_du_departement(departement))
    vus = {
        (str(zonage), frozenset(set(lot["commune"]) & communes))
        for (zonage, _), lot in lots[0].group_by("zonage", "valeur")
    }
    classeurs = lire_classeurs(depot, departement) if depot.ajouts is not None else {}
    dispositifs = classeurs.get("dispositifs", pl.DataFrame())
    embarques = {genre.id for genre in depot.dispositifs if genre.zonage in EMBARQUES}
    for ligne in dispositifs.iter_rows(named=True):
        lieux = ligne["territoires"] or ()
        if ligne["type"] in (*embarques, "autre", None) or any(
            lieu.partition("-")[0] not in ("COM", "EPCI") for lieu in lieux
        ):
            continue
        codes = sorted({code for lieu in lieux for code in _communes(lieu, referentiel)})
        cle = (ligne["type"], frozenset(set(codes) & communes))
        if not cle[1] or cle in vus:
            continue
        vus.add(cle)
        lots.append(
            pl.DataFrame({"commune": codes}).with_columns(
                zonage=pl.lit(ligne["type"]), valeur=pl.lit(ligne["nom"])
            )
        )
    return pl.concat([lot.select(*ZONES) for lot in lots]).unique(maintain_order=True)


def _communes(lieu: str, referentiel: Referentiel) -> list[str]:
    try:
        return referentiel.communes_de(lieu)
    except TerritoireInconnu:
        return []


def libelles_des_zones(depot: Depot) -> Mapping[str, str]:
    """Renvoie le nom de chaque type de dispositif, pour titrer ses zones."""
    return {genre.id: genre.nom for genre in depot.dispositifs}
