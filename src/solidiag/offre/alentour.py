"""Ce qui est à portée d'un lieu : services où l'on se rend, services qui viennent, et le reste.

Rien ne disparaît en silence : un service fermé, réservé à d'autres territoires, sans lieu connu ou
sans horaires quand on demande le samedi est compté à part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from solidiag.catalogue.acces import ReglagesAcces
from solidiag.catalogue.service import CategorieService
from solidiag.geography.couples import Itineraires
from solidiag.model.observation import mettre_au_schema
from solidiag.offre.cadre import Cadre
from solidiag.offre.doublons import un_par_service
from solidiag.offre.eligibilite import Perimetre, eligibles, nommes
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.lieux import lieux

ALENTOUR: dict[str, pl.DataType] = {
    "id": pl.String(),
    "nom": pl.String(),
    "structure": pl.String(),
    "categorie": pl.String(),
    "domaines": pl.List(pl.String()),
    "portee": pl.String(),
    "genre": pl.String(),
    "commune": pl.String(),
    "code_insee": pl.String(),
    "adresse": pl.String(),
    "precision_geo": pl.String(),
    "minutes": pl.Float64(),
    "minutes_bas": pl.Float64(),
    "minutes_haut": pl.Float64(),
    "horaires": pl.String(),
    "samedi": pl.Boolean(),
    "soir": pl.Boolean(),
    "capacite": pl.Float64(),
    "capacite_unite": pl.String(),
    "saturation": pl.String(),
    "delai_jours": pl.Float64(),
    "publics": pl.List(pl.String()),
    "zone_eligibilite": pl.List(pl.String()),
    "date_source": pl.String(),
    "age_mois": pl.Int32(),
    "ancien": pl.Boolean(),
    "sources": pl.List(pl.String()),
    "lien": pl.String(),
    "remarque": pl.String(),
}
"""Une ligne par service.

``portee`` : ``propre`` (offre propre d'un domaine demandé), ``indirecte`` (l'éclaire seulement).
``genre`` : ``lieu``, ``arret``, ``permanence``, ``domicile``, ``itinerant``, ``distance``,
``domicile_sans_zone``. ``minutes`` vide : on ne s'y rend pas, ou sa desserte n'est pas connue.
``ancien`` : l'information a plus de mois que le seuil. ``sources`` : celles qui le
décrivent.
"""

_VIENNENT = ("domicile", "itinerant", "distance", "domicile_sans_zone")
_MOIS = 12


@dataclass(frozen=True, kw_only=True)
class Filtre:
    """Ce que l'on cherche.

    Parameters
    ----------
    minutes
        Temps de trajet central, au plus.
    domaines, publics
        Vides : tous. Un service qui ne dit pas ses publics est gardé.
    samedi, soir
        Ouvert le samedi, ouvert le soir, d'après des horaires connus.
    age_ancien
        Mois au-delà desquels une information est dite ancienne.
    """

    minutes: float
    domaines: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    samedi: bool = False
    soir: bool = False
    age_ancien: int = 24


@dataclass(frozen=True, kw_only=True, eq=False)
class Alentour:
    """Ce qui est à portée, et ce qui ne se rejoint pas.

    Parameters
    ----------
    a_portee
        Services où l'on se rend, du plus proche au plus lointain (schéma `ALENTOUR`).
    viennent
        Services qui viennent ou se rendent à distance, sans temps de trajet.
    fermes
        Services fermés qui auraient été à portée, ``fermeture`` en remarque.
    comptes
        Écartés, par raison : ``hors_zone``, ``sans_lieu``, ``horaires_inconnus``,
        ``itinerants_ailleurs``.
    """

    a_portee: pl.DataFrame
    viennent: pl.DataFrame
    fermes: pl.DataFrame
    comptes: Mapping[str, int] = field(default_factory=dict)


def chercher(
    inventaire: Inventaire,
    filtre: Filtre,
    *,
    depart: pl.DataFrame,
    cadre: Cadre,
    itineraires: Itineraires,
    reglages: ReglagesAcces,
    categories: Mapping[str, CategorieService],
    jour: date,
) -> Alentour:
    """Renvoie les services à portée d'un point, au-delà des limites administratives.

    Parameters
    ----------
    depart
        Une ligne : ``code``, ``latitude``, ``longitude``, ``densite_niveau``, ``superficie_km2``.
    itineraires
        Fournisseur de temps de trajet, dans le mode voulu.
    """
    perimetre = Perimetre.depuis(cadre, frozenset(depart["code"].drop_nulls()))
    tous = pl.concat([inventaire.services, inventaire.alentour, inventaire.a_distance]).unique(
        "id", keep="first", maintain_order=True
    )
    voulus = _voulus(tous, filtre, categories)
    permis = eligibles(voulus, perimetre).drop("eligibilite")
    situes = lieux(permis.drop("portee"), reglages)
    detail = _detail(permis, situes, filtre, jour=jour)
    rejoints = situes.filter(~pl.col("genre").is_in(_VIENNENT))
    temps = _temps(rejoints, depart, cadre, itineraires, limite=filtre.minutes)
    joints = detail.join(temps, on="id", how="inner")
    gardes, inconnus = _ouverts(joints, filtre)
    mobiles, ailleurs = _d_ici(
        detail.filter(pl.col("genre").is_in(_VIENNENT)), perimetre, inventaire, cadre
    )
    viennent, _ = _ouverts(mobiles, filtre)
    fermes = _voulus(inventaire.ecartes, filtre, categories)
    loin = _temps(
        fermes.select("id", "latitude", "longitude", code=pl.col("code_insee"), service="id"),
        depart,
        cadre,
        itineraires,
        limite=filtre.minutes,
    )
    return Alentour(
        a_portee=mettre_au_schema(gardes, ALENTOUR).sort("minutes", "nom", "id"),
        viennent=mettre_au_schema(viennent, ALENTOUR).sort("genre", "nom", "id"),
        fermes=fermes.join(loin, on="id").select("id", "nom", "commune", "fermeture").sort("nom"),
        comptes={
            "hors_zone": voulus["groupe"].n_unique() - permis["groupe"].n_unique(),
            "sans_lieu": rejoints.filter(pl.col("latitude").is_null())["service"].n_unique(),
            "horaires_inconnus": inconnus,
            "itinerants_ailleurs": ailleurs,
        },
    )


def _voulus(
    services: pl.DataFrame, filtre: Filtre, categories: Mapping[str, CategorieService]
) -> pl.DataFrame:
    """Services des domaines et des publics demandés, avec leur ``portee``."""
    services = services.with_columns(pl.coalesce("groupe", "id").alias("groupe"))
    if filtre.publics:
        siens = pl.lit([*filtre.publics, "tous-publics"], dtype=pl.List(pl.String))
        dits = pl.col("publics").list.len().fill_null(0)
        communs = pl.col("publics").list.set_intersection(siens).list.len().fill_null(0)
        services = services.filter((dits == 0) | (communs > 0))
    if not filtre.domaines:
        return services.with_columns(portee=pl.lit("propre"))
    voulus = pl.lit(list(filtre.domaines), dtype=pl.List(pl.String))
    propre = pl.col("domaines").list.set_intersection(voulus).list.len().fill_null(0) > 0
    eclairent = [
        nom for nom, c in categories.items() if set(c.domaines_indirects) & set(filtre.domaines)
    ]
    indirecte = pl.col("categorie").is_in(eclairent).fill_null(value=False)
    return services.with_columns(
        portee=pl.when(propre).then(pl.lit("propre")).when(indirecte).then(pl.lit("indirecte"))
    ).filter(pl.col("portee").is_not_null())


def _detail(
    services: pl.DataFrame, situes: pl.DataFrame, filtre: Filtre, *, jour: date
) -> pl.DataFrame:
    """Une ligne par service : ce qu'en disent toutes ses sources."""
    portees = services.group_by("groupe").agg(
        pl.col("portee").sort(descending=True).first(),
        pl.col("source").unique().sort().alias("sources"),
        pl.col("categorie").drop_nulls().first().alias("__categorie__"),
    )
    ouvertures = situes.group_by("service").agg(
        pl.col("genre").sort().first(),
        pl.col("samedi").any(ignore_nulls=False),
        pl.col("soir").any(ignore_nulls=False),
    )
    un = un_par_service(services.drop("portee")).join(portees, on="groupe")
    un = un.join(ouvertures, left_on="groupe", right_on="service")
    age = _age_en_mois(pl.col("date_source"), jour)
    return un.with_columns(
        pl.col("groupe").alias("id"),
        pl.coalesce("categorie", "__categorie__").alias("categorie"),
        age.alias("age_mois"),
        (age > filtre.age_ancien).alias("ancien"),
    ).select(nom for nom in ALENTOUR if not nom.startswith("minutes"))


def _d_ici(
    mobiles: pl.DataFrame, perimetre: Perimetre, inventaire: Inventaire, cadre: Cadre
) -> tuple[pl.DataFrame, int]:
    """Services qui viennent, et combien ne viennent sans doute pas jusqu'ici.

    Un bus ou une équipe sans zone connue n'est gardé que s'il part du département ; un service à
    distance l'est toujours.
    """
    ici = cadre.communes.filter(pl.col("departement") == inventaire.departement)["code"]
    gardes = mobiles.filter(
        (pl.col("genre") == "distance")
        | nommes(perimetre)
        | pl.col("code_insee").is_in(ici.implode()).fill_null(value=False)
    )
    return gardes, mobiles.height - gardes.height


def _age_en_mois(dates: pl.Expr, jour: date) -> pl.Expr:
    """Mois écoulés depuis une date AAAA, AAAA-MM ou AAAA-MM-JJ ; d'une année, depuis décembre."""
    annee = dates.str.slice(0, 4).cast(pl.Int32, strict=False)
    mois = dates.str.slice(5, 2).cast(pl.Int32, strict=False).fill_null(_MOIS)
    ecoules = (jour.year - annee) * _MOIS + jour.month - mois
    return ecoules.clip(lower_bound=0).cast(pl.Int32)


def _temps(
    points: pl.DataFrame,
    depart: pl.DataFrame,
    cadre: Cadre,
    itineraires: Itineraires,
    *,
    limite: float,
) -> pl.DataFrame:
    """Temps du point de chaque service qui est à portée ; d'une tournée, son arrêt le plus proche.

    Returns
    -------
    polars.DataFrame
        ``id`` (du service), ``minutes``, ``minutes_bas``, ``minutes_haut``.
    """
    communes = cadre.communes.select("code", "densite_niveau")
    arrivees = points.join(communes, on="code", how="left", maintain_order="left")
    couples = itineraires.couples(depart, arrivees, limite=limite)
    return (
        pl.DataFrame(
            {
                "id": arrivees["service"].gather(couples.arrivee.tolist()),
                "minutes": couples.temps,
                "minutes_bas": couples.bas,
                "minutes_haut": couples.haut,
            },
            schema={
                "id": pl.String(),
                "minutes": pl.Float64(),
                "minutes_bas": pl.Float64(),
                "minutes_haut": pl.Float64(),
            },
        )
        .sort("minutes")
        .unique("id", keep="first", maintain_order=True)
    )


def _ouverts(services: pl.DataFrame, filtre: Filtre) -> tuple[pl.DataFrame, int]:
    """Services ouverts aux moments demandés, et combien n'ont pas d'horaires connus."""
    gardes, inconnus = services, services.filter(pl.lit(value=False))
    for voulu, colonne in ((filtre.samedi, "samedi"), (filtre.soir, "soir")):
        if voulu:
            inconnus = services.filter(pl.col(colonne).is_null())
            gardes = gardes.filter(pl.col(colonne).fill_null(value=False))
    return gardes, inconnus.height
