"""Accès par domaine et par public d'un département : des réglages déclarés aux observations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from solidiag.catalogue.acces import ReglagesAcces
from solidiag.catalogue.indicateur import MesureOffre
from solidiag.catalogue.service import CategorieService
from solidiag.catalogue.source import Couverture
from solidiag.geography.couples import Itineraires
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import AVEC_VALEUR, OBSERVATIONS
from solidiag.model.origin import Origin
from solidiag.offre.acces_domaines import Etude
from solidiag.offre.acces_groupes import appartenance, zones_du_departement
from solidiag.offre.acces_mesures import (
    declarer,
    observations,
    resumer,
    table_des_zonages,
)
from solidiag.offre.acces_modele import AccesDomaine
from solidiag.offre.cadre import Cadre
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.points import Nature, affiner, points_des_communes
from solidiag.offre.reglages_acces import lire_reglages_acces
from solidiag.pipeline.offre import Offre, charger_cadre
from solidiag.pipeline.points import points_du_departement
from solidiag.pipeline.services_lus import couvertures_des_listes
from solidiag.pipeline.trajets import fournisseur_de_trajets
from solidiag.pipeline.zonages_acces import libelles_des_zones, zones_fournies
from solidiag.storage.depot import Depot

_DEPARTS = {
    Nature.COMMUNE.value: "point de la commune",
    Nature.IRIS.value: "centre de l'Iris là où il est fourni, point de la commune ailleurs",
    Nature.CARREAU.value: "carreau de 200 mètres là où il est fourni, point de la commune ailleurs",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class AccesParDomaine:
    """Accès par domaine d'un département.

    Parameters
    ----------
    observations
        Schéma `OBSERVATIONS`, identifiants ``acces.<domaine>.<mesure>``.
    mesures
        Déclaration de chaque mesure.
    origines
        Provenances, par identifiant.
    zonages
        Accès des communes d'un zonage (schéma `acces_mesures.ZONAGES`).
    resumes
        Un domaine par ligne (schéma `acces_mesures.RESUMES`).
    remarques_trajets
        Le fournisseur de temps choisi et pourquoi, puis ce qui lui a manqué : à imprimer.
    """

    observations: pl.DataFrame
    mesures: Mapping[str, MesureOffre]
    origines: Mapping[str, Origin]
    zonages: pl.DataFrame
    resumes: pl.DataFrame
    remarques_trajets: tuple[str, ...] = ()


def calculer_acces_par_domaine(
    depot: Depot,
    referentiel: Referentiel,
    *,
    departement: str,
    territoires: Sequence[str],
    inventaire: Inventaire,
    cadre: Cadre,
    categories: Mapping[str, CategorieService],
    couvertures: Mapping[str, Mapping[str, Couverture]],
    personnes: pl.DataFrame,
    provenances: Mapping[str, Sequence[Origin]],
    origines: Mapping[str, Origin],
    itineraires: Mapping[str, Itineraires] | None = None,
    zonages: pl.DataFrame | None = None,
    points_fins: pl.DataFrame | None = None,
    nature: Nature = Nature.CARREAU,
    domaines: Collection[str] = (),
    besoins: pl.DataFrame | None = None,
) -> AccesParDomaine:
    """Renvoie l'accès de chaque domaine de la grille.

    Parameters
    ----------
    territoires
        Identifiants publiés ; les autres sont ôtés.
    personnes
        Table **publiée** des personnes concernées.
    provenances
        Source de services → provenances de ses fichiers.
    origines
        Provenances des besoins, par identifiant.
    itineraires
        Mode de déplacement → fournisseur de temps de trajet ; à défaut celui que l'installation
        a (`fournisseur_de_trajets`).
    zonages
        ``commune, zonage, valeur`` en plus de ceux du référentiel (``crte``...) ; à défaut, ceux
        que la personne a fournis (`solidiag.pipeline.zonages_acces`).
    domaines
        Ceux que l'on mesure ; vide : tous.
    besoins
        Observations, d'où se lisent les effectifs par âge qu'un réglage demande.
    points_fins, nature
        Points plus fins que la commune (schéma `points.FINS`), et ce qu'ils sont ; à défaut, les
        carreaux ou les Iris que la personne a importés.

    Raises
    ------
    DeclarationInvalide
        Si ``parametres/acces.yaml`` porte des fautes.
    """
    reglages = lire_reglages_acces(
        depot.parametres("acces"),
        domaines=[domaine.id for domaine in depot.grille.domaines],
        categories=categories,
    )
    conventions = depot.parametres("temps_de_trajet")
    trajets: dict[str, Itineraires] = {
        mode: (itineraires or {}).get(mode)
        or fournisseur_de_trajets(
            depot,
            mode=mode,
            communes=cadre.communes.filter(pl.col("departement") == departement),
        )
        for mode in sorted({domaine.mode for domaine in reglages.domaines.values()})
    }
    if zonages is None:
        zonages = zones_fournies(depot, referentiel, departement=departement)
    table = pl.concat(
        [t.select("commune", "zonage", "valeur") for t in (referentiel.zonages, zonages)]
    )
    communes = cadre.communes
    zones = zones_du_departement(
        table,
        communes.filter(pl.col("departement") == departement)["code"],
        libelles=libelles_des_zones(depot),
    )
    epci = communes.filter(pl.col("departement") == departement)["epci"].drop_nulls().unique()
    autour = [departement, *inventaire.limitrophes]
    points = points_des_communes(
        communes.filter(pl.col("departement").is_in(autour) | pl.col("epci").is_in(epci.implode()))
    )
    depart = _DEPARTS[Nature.COMMUNE.value]
    fournis = None
    if points_fins is None:
        fournis = points_du_departement(depot, cadre, departement=departement)
        points_fins = fournis.points if fournis else None
        nature = fournis.nature if fournis else nature
    if points_fins is not None:
        points = affiner(points, points_fins, nature=nature)
        depart = _DEPARTS[nature.value]
    if fournis:
        depart += " ; carreaux réunis par kilomètre" if fournis.reunis else ""
        if nature is Nature.CARREAU:
            imputes = round(100 * fournis.part_imputee)
            depart += f" ; {imputes} % des habitants dans un carreau imputé"
    propres: dict[str, list[str]] = {}
    for nom, categorie in categories.items():
        for domaine in categorie.domaines if categorie.recense else ():
            propres.setdefault(domaine, []).append(nom)
    etude = Etude(
        reglages=reglages,
        inventaire=inventaire,
        cadre=cadre,
        points=points,
        itineraires=trajets,
        propres=propres,
        partout=frozenset(nom for nom, categorie in categories.items() if categorie.partout),
        couvertures=couvertures,
        personnes=personnes,
        publics={
            nom: compte.titre_court[:1].lower() + compte.titre_court[1:]
            for nom, compte in depot.personnes.items()
        },
        appartenance=appartenance(communes, departement=departement, zones=zones),
        plafond=float(conventions["plafond_minutes"]),
        effectifs=_effectifs(reglages, besoins),
    )
    lus = etude.calculer(domaines)
    lots, mesures, trouvees = [pl.DataFrame(schema=OBSERVATIONS)], {}, dict[str, Origin]()
    departs: dict[str, str] = {mode: f"{depart} ; trajets : {t.nom}" for mode, t in trajets.items()}
    libelles = {domaine.id: domaine.libelle for domaine in depot.grille.domaines}
    for acces in lus:
        observees, siennes = observations(
            acces,
            departement=departement,
            cog=cadre.cog,
            decroissance=reglages.decroissances[acces.reglage.decroissance].libelle,
            trajets=trajets[acces.reglage.mode].nom,
            points=depart,
            origines=provenances,
            du_public=_du_public(acces, personnes, origines, departement=departement),
            des_points=(fournis.origine,) if fournis else (),
        )
        lots.append(observees)
        trouvees.update(siennes)
        mesures.update(
            declarer(
                acces,
                libelle=libelles[acces.domaine],
                soir=reglages.soir,
                categories=categories,
                points=departs[acces.reglage.mode],
            )
        )
    toutes = pl.concat(lots)
    return AccesParDomaine(
        observations=toutes.filter(pl.col("territoire").is_in(list(territoires))),
        mesures=mesures,
        origines=trouvees,
        zonages=table_des_zonages(toutes, zones),
        resumes=resumer(
            lus,
            categories,
            decroissances={nom: d.libelle for nom, d in reglages.decroissances.items()},
            points=departs,
        ),
        remarques_trajets=tuple(
            dict.fromkeys(remarque for t in trajets.values() for remarque in t.remarques)
        ),
    )


def _effectifs(
    reglages: ReglagesAcces, besoins: pl.DataFrame | None
) -> dict[str, dict[str, float]]:
    """Personnes de chaque tranche d'âge déclarée, par commune, à la période la plus récente."""
    voulus = {
        nom
        for domaine in reglages.domaines.values()
        if domaine.besoin_par_age
        for nom in domaine.besoin_par_age.tranches
    }
    if not voulus or besoins is None:
        return {}
    lues = besoins.filter(
        pl.col("indicateur").is_in(sorted(voulus)),
        pl.col("territoire").str.starts_with("COM-"),
        pl.col("status").is_in(list(AVEC_VALEUR)),
    ).sort("periode")
    effectifs: dict[str, dict[str, float]] = {}
    for nom, territoire, valeur, numerateur in lues.select(
        "indicateur", "territoire", "value", "numerateur"
    ).iter_rows():
        nombre = numerateur if numerateur is not None else valeur
        effectifs.setdefault(nom, {})[territoire.removeprefix("COM-")] = nombre
    return effectifs


def calculer_acces_du_diagnostic(
    depot: Depot,
    referentiel: Referentiel,
    offre: Offre,
    *,
    departement: str,
    territoires: Sequence[str],
    personnes: pl.DataFrame,
    besoins: pl.DataFrame | None = None,
    origines: Mapping[str, Origin],
) -> AccesParDomaine:
    """Renvoie l'accès par domaine d'un diagnostic, de son offre et de ses personnes concernées."""
    return calculer_acces_par_domaine(
        depot,
        referentiel,
        departement=departement,
        territoires=territoires,
        inventaire=offre.inventaire,
        cadre=charger_cadre(depot, referentiel),
        categories=offre.categories,
        couvertures=couvertures_des_listes(depot, offre.inventaire),
        personnes=personnes,
        provenances=offre.provenances,
        origines=origines,
        besoins=besoins,
    )


def _du_public(
    acces: AccesDomaine,
    personnes: pl.DataFrame,
    origines: Mapping[str, Origin],
    *,
    departement: str,
) -> tuple[Origin, ...]:
    """Provenances de la population concernée du département."""
    if not acces.public.compte:
        return ()
    ligne = personnes.filter(
        (pl.col("domaine") == acces.domaine) & (pl.col("territoire") == f"DEP-{departement}")
    )
    cles = str(ligne["origin"][0] or "").split() if ligne.height else []
    return tuple(origines[cle] for cle in cles if cle in origines)
