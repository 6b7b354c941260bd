"""L'offre d'un département : inventaire, doublons, mesures et accès."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.geography.distances import ParametresTrajet
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import AVEC_VALEUR
from solidiag.model.origin import Origin
from solidiag.model.territoire import Niveau
from solidiag.offre.acces import mesurer_acces
from solidiag.offre.cadre import Cadre
from solidiag.offre.inventaire import Inventaire, inventaire_du_departement
from solidiag.offre.mesures import (
    Territoires,
    compter,
    en_indicateur,
    mesurables,
)
from solidiag.offre.trajets import TrajetEstime
from solidiag.pipeline.arbitrages import lire_decisions
from solidiag.pipeline.services_lus import (
    charger_thematiques,
    couvertures_des_listes,
    lire_tous_les_services,
)
from solidiag.sources.services import lire_codes_postaux
from solidiag.storage.depot import Depot

CalculTable = Callable[[Iterable[Indicateur]], tuple[pl.DataFrame, dict[str, Origin]]]

SUFFIXES: dict[str, tuple[str, str, str]] = {
    "temps": ("Temps estimé jusqu'au plus proche : {}", "temps estimé, {}", "minutes"),
    "part_plus_20": (
        "Habitants à plus de vingt minutes estimées : {}",
        "à plus de vingt minutes, {}",
        "percent",
    ),
    "part_plus_30": (
        "Habitants à plus de trente minutes estimées : {}",
        "à plus de trente minutes, {}",
        "percent",
    ),
    "capacite": ("Capacité connue : {}", "capacité, {}", "nombre"),
}
"""Mesures d'accès déduites d'une mesure de services : libellé, libellé court, unité."""

_SANS_COMMUNES_ENTIERES = (
    Niveau.QPV,
    Niveau.IRIS,
    Niveau.ARRONDISSEMENT_MUNICIPAL,
    Niveau.LIBRE,
)


@dataclass(frozen=True, kw_only=True)
class Offre:
    """L'offre calculée d'un département.

    Parameters
    ----------
    services
        Inventaire au schéma `SERVICES`, doublons réunis.
    paires
        Paires de lignes réunies, avec leur raison.
    observations
        Mesures d'offre au schéma `OBSERVATIONS`.
    mesures
        Mesures d'accès déduites de celles déclarées.
    categories
        Déclaration de chaque catégorie de service.
    comparees
        Toutes les paires comparées, services distincts d'un même lieu compris (schéma
        `solidiag.offre.doublons.PAIRES`).
    a_distance
        Services à distance ou sans lieu, ouverts aux habitants (schéma `SERVICES`) ; ni temps de
        trajet, ni nombre.
    ecartes
        Services fermés ou remplacés, avec leur raison (schéma `SERVICES`).
    inventaire, provenances
        De quoi mesurer l'accès par domaine : voisins compris ; source → provenances.
    """

    services: pl.DataFrame
    paires: Sequence[Mapping[str, Any]]
    observations: pl.DataFrame
    origines: Mapping[str, Origin]
    mesures: Mapping[str, MesureOffre]
    categories: Mapping[str, CategorieService]
    comparees: pl.DataFrame
    a_distance: pl.DataFrame
    ecartes: pl.DataFrame
    inventaire: Inventaire
    provenances: Mapping[str, Sequence[Origin]]


def calculer_offre(
    depot: Depot,
    referentiel: Referentiel,
    *,
    departement: str,
    territoires: Sequence[str],
    besoins: pl.DataFrame,
    calculer_tables: CalculTable,
) -> Offre:
    """Renvoie l'offre d'un département.

    Parameters
    ----------
    territoires
        Identifiants demandés, comparateurs compris.
    besoins
        Observations de besoin : elles donnent les publics rapportés.
    calculer_tables
        Calcul des mesures qui se lisent dans une table, comme un indicateur.
    """
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    inventaire, origines_services = inventorier(
        depot, referentiel, departement=departement, categories=categories
    )
    de_table = [m for m in depot.mesures.values() if m.origine == "table"]
    de_services = [m for m in depot.mesures.values() if m.origine == "services"]
    lots, origines = [], dict[str, Origin]()
    tables, provenances = calculer_tables(en_indicateur(mesure) for mesure in de_table)
    lots.append(tables)
    origines.update(provenances)
    couvertures = couvertures_des_listes(depot, inventaire)
    compte = replace(
        inventaire,
        services=mesurables(inventaire.services, couvertures),
        alentour=mesurables(inventaire.alentour, couvertures),
    )
    comptees, provenances = compter(
        de_services,
        compte.services,
        territoires_comptes(referentiel, territoires, departement=departement),
        couvertures=couvertures,
        populations={"tous": _population(besoins)},
        origines=origines_services,
        cog=referentiel.cog,
    )
    lots.append(comptees)
    origines.update(provenances)
    cadre = charger_cadre(depot, referentiel)
    conventions = ParametresTrajet.depuis(depot.parametres("temps_de_trajet"))
    trajets = TrajetEstime(parametres=conventions)
    deduites: dict[str, MesureOffre] = {}
    for mesure in de_services:
        acces = mesurer_acces(
            mesure,
            compte,
            cadre=cadre,
            trajets=trajets,
            couvertures=couvertures,
            origines=origines_services,
            plafond=conventions.plafond_minutes,
        )
        lots.append(
            acces.observations.filter(pl.col("territoire").is_in(list(territoires))).with_columns(
                pl.when(pl.col("indicateur").str.ends_with(".capacite"))
                .then(pl.lit("nombre"))
                .otherwise(pl.col("unite"))
                .alias("unite")
            )
        )
        origines.update(acces.origines)
        for identifiant in acces.observations["indicateur"].unique().sort():
            deduites[identifiant] = deduire(mesure, identifiant)
    return Offre(
        services=inventaire.services,
        paires=tuple(inventaire.reunions.iter_rows(named=True)),
        observations=pl.concat(lots),
        origines=origines,
        mesures=deduites,
        categories=categories,
        comparees=inventaire.paires,
        a_distance=inventaire.a_distance,
        ecartes=inventaire.ecartes,
        inventaire=inventaire,
        provenances=origines_services,
    )


def inventorier(
    depot: Depot,
    referentiel: Referentiel,
    *,
    departement: str,
    categories: Mapping[str, CategorieService],
) -> tuple[Inventaire, dict[str, list[Origin]]]:
    """Renvoie l'inventaire d'un département, et les provenances de chaque source."""
    cadre = charger_cadre(depot, referentiel)
    limitrophes = referentiel.limitrophes(departement)
    lus = lire_tous_les_services(depot, cadre, departement=departement, limitrophes=limitrophes)
    inventaire = inventaire_du_departement(
        lus.services,
        cadre,
        departement=departement,
        categories=categories,
        couvertures=lus.couvertures,
        limitrophes=limitrophes,
        arbitrages=lire_decisions(depot),
        geocodes=depot.geocodages.lire() if depot.geocodages is not None else (),
        thematiques=charger_thematiques(depot),
    )
    return inventaire, lus.origines


def charger_cadre(depot: Depot, referentiel: Referentiel) -> Cadre:
    """Renvoie le cadre territorial de l'inventaire, codes postaux compris."""
    source, fichier = next(
        (source, fichier)
        for source in depot.sources.values()
        for fichier in source.fichiers
        if fichier.lecteur == "codes_postaux"
    )
    codes = lire_codes_postaux(depot.octets(fichier.fichier), source, fichier)
    return Cadre.depuis(referentiel, codes)


def territoires_comptes(
    referentiel: Referentiel,
    demandes: Sequence[str],
    *,
    departement: str,
    propres: Sequence[pl.DataFrame] = (),
) -> Territoires:
    """Renvoie les territoires où l'on compte des services.

    Parameters
    ----------
    propres
        ``commune, territoire`` de territoires propres, en plus de ceux du référentiel.
    """
    communes = referentiel.communes
    epci = communes.filter(pl.col("departement") == departement)["epci"].drop_nulls().unique()
    inventoriees = communes.filter(
        (pl.col("departement") == departement) | pl.col("epci").is_in(epci.implode())
    )
    niveaux = [n for n in Niveau if n not in _SANS_COMMUNES_ENTIERES]
    return Territoires(
        appartenance=pl.concat(
            [
                *(referentiel.appartenance(n).select("commune", "territoire") for n in niveaux),
                *(table.select("commune", "territoire") for table in propres),
            ]
        ).unique(),
        departements=dict(communes.select("code", "departement").iter_rows()),
        inventoriees=frozenset(inventoriees["code"]),
        demandes=tuple(demandes),
    )


def _population(besoins: pl.DataFrame) -> dict[str, float]:
    """Renvoie la population municipale de chaque territoire, à sa période la plus récente."""
    lignes = besoins.filter(
        pl.col("indicateur") == "ctx_pop", pl.col("status").is_in(list(AVEC_VALEUR))
    ).sort("periode")
    return dict(lignes.select("territoire", "value").iter_rows())


def _sans_rapport(libelle: str) -> str:
    """Renvoie ce que compte une mesure, sans la population à laquelle elle le rapporte."""
    return libelle.partition(" pour 1")[0]


def deduire(mesure: MesureOffre, identifiant: str) -> MesureOffre:
    """Renvoie la déclaration d'une mesure d'accès (``offre.<mesure>.<suffixe>``)."""
    suffixe = identifiant.rpartition(".")[2]
    libelle, court, unite = SUFFIXES[suffixe]
    return MesureOffre(
        id=identifiant,
        libelle=libelle.format(_sans_rapport(mesure.libelle)),
        libelle_court=court.format(_sans_rapport(mesure.libelle_court)),
        domaines=mesure.domaines,
        nature=mesure.nature,
        origine="services",
        unite=unite,
        selection=mesure.selection,
        lecture=mesure.lecture,
        reserve=(
            "Estimation à vol d'oiseau corrigée d'un détour, avec sa fourchette."
            if suffixe != "capacite"
            else "Places connues des sources, sans les places vacantes."
        ),
        carte="taux" if suffixe != "capacite" else "effectif",
    )
