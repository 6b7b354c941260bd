"""Services d'un territoire pour sa fiche : combien, de quand, et le plus proche."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from solidiag.catalogue.indicateur import MesureOffre
from solidiag.catalogue.service import lire_categories
from solidiag.geography.distances import ParametresTrajet
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import TerritoirePropre
from solidiag.offre.acces import mesurer_acces
from solidiag.offre.mesures import categories_de, compter, couvertures_par_categorie, mesurables
from solidiag.offre.trajets import TrajetEstime
from solidiag.pipeline.offre import charger_cadre, inventorier, territoires_comptes
from solidiag.pipeline.services_lus import couvertures_des_listes
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

PLUS_PROCHES: dict[str, pl.DataType] = {
    "mesure": pl.String(),
    "territoire": pl.String(),
    "commune": pl.String(),
}
"""Commune du service le plus proche d'une commune."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ServicesDuProfil:
    """Services comptés pour des territoires d'un même département.

    Parameters
    ----------
    observations
        Nombres et temps estimés, au schéma `OBSERVATIONS`.
    plus_proches
        Commune du service le plus proche, schéma `PLUS_PROCHES`.
    """

    observations: pl.DataFrame
    plus_proches: pl.DataFrame


def compter_services(
    depot: Depot,
    referentiel: Referentiel,
    *,
    departement: str,
    territoires: Sequence[str],
    propres: Sequence[TerritoirePropre],
    mesures: Sequence[MesureOffre],
    cache: Cache,
) -> ServicesDuProfil:
    """Renvoie les services de territoires, comptés dans l'inventaire d'un département.

    Un territoire qui déborde de l'inventaire revient sans nombre, avec la raison.
    """
    cle = _cle(
        depot.empreinte,
        departement,
        sorted(territoires),
        [sorted(p.parts.items()) for p in propres],
    )
    observations = cache.lire(f"{cle}")
    plus_proches = cache.lire(_cle(cle, "plus_proches"))
    if observations is None or plus_proches is None:
        observations, plus_proches = _compter(
            depot,
            referentiel,
            departement=departement,
            territoires=territoires,
            propres=propres,
            mesures=mesures,
        )
        cache.garder(cle, observations)
        cache.garder(_cle(cle, "plus_proches"), plus_proches)
    return ServicesDuProfil(observations=observations, plus_proches=plus_proches)


def _cle(*morceaux: object) -> str:
    texte = json.dumps(["profil.services", *morceaux], ensure_ascii=False)
    return hashlib.sha256(texte.encode()).hexdigest()


def _compter(
    depot: Depot,
    referentiel: Referentiel,
    *,
    departement: str,
    territoires: Sequence[str],
    propres: Sequence[TerritoirePropre],
    mesures: Sequence[MesureOffre],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    inventaire, origines = inventorier(
        depot, referentiel, departement=departement, categories=categories
    )
    couvertures = couvertures_des_listes(depot, inventaire)
    inventaire = replace(
        inventaire,
        services=mesurables(inventaire.services, couvertures),
        alentour=mesurables(inventaire.alentour, couvertures),
    )
    comptees, _ = compter(
        mesures,
        inventaire.services,
        territoires_comptes(
            referentiel,
            territoires,
            departement=departement,
            propres=[propre.appartenance() for propre in propres],
        ),
        couvertures=couvertures,
        populations={},
        origines=origines,
        cog=referentiel.cog,
    )
    conventions = ParametresTrajet.depuis(depot.parametres("temps_de_trajet"))
    cadre = charger_cadre(depot, referentiel)
    noms = pl.concat([inventaire.services, inventaire.alentour]).select(
        pl.col("id").alias("service"), pl.col("code_insee").alias("code_service")
    )
    communes = referentiel.communes.select(
        pl.col("code").alias("code_service"), pl.col("nom").alias("commune")
    )
    lots, proches = [comptees], []
    for mesure in mesures:
        acces = mesurer_acces(
            mesure,
            inventaire,
            cadre=cadre,
            trajets=TrajetEstime(parametres=conventions),
            couvertures=couvertures,
            origines=origines,
            plafond=conventions.plafond_minutes,
        )
        lots.append(
            acces.observations.filter(
                pl.col("territoire").is_in(list(territoires))
                & pl.col("indicateur").str.ends_with(".temps")
            )
        )
        proches.append(
            acces.detail.select(
                pl.lit(mesure.id).alias("mesure"),
                pl.concat_str(pl.lit("COM-"), "code").alias("territoire"),
                "service",
            )
            .filter(pl.col("territoire").is_in(list(territoires)))
            .join(noms.unique("service"), on="service")
            .join(communes, on="code_service")
            .select(*PLUS_PROCHES)
        )
    return pl.concat(lots), pl.concat([pl.DataFrame(schema=PLUS_PROCHES), *proches])


def sources_de(mesure: MesureOffre, depot: Depot, departement: str) -> tuple[str, ...]:
    """Renvoie les sources qui recensent une mesure dans un département."""
    couvertures = couvertures_par_categorie(depot.sources.values())
    return tuple(
        dict.fromkeys(
            source
            for categorie in categories_de(mesure)
            for source, couverture in couvertures.get(categorie, {}).items()
            if couverture.couvre(departement)
        )
    )
