"""Inventaire de l'offre d'un département : lignes situées, classées, réunies, fermées écartées."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from solidiag.catalogue.service import CategorieService
from solidiag.catalogue.source import Couverture
from solidiag.catalogue.thematiques import TableThematiques
from solidiag.model.observation import mettre_au_schema, table_vide
from solidiag.model.service import SERVICES
from solidiag.offre.arbitrages import Arbitrage
from solidiag.offre.cadre import Cadre
from solidiag.offre.comparaison import Seuils
from solidiag.offre.domaines import completer, placer_structures
from solidiag.offre.doublons import reunir
from solidiag.offre.eligibilite import (
    Perimetre,
    accessible_sans_lieu,
    marquer_hors_zone,
    marquer_venus,
    nommes,
    partout,
    reunir_sans_lieu,
    viennent,
)
from solidiag.offre.geocodage import PointTrouve, appliquer
from solidiag.offre.situer import situer


@dataclass(frozen=True, kw_only=True, eq=False)
class Inventaire:
    """Offre d'un département.

    Parameters
    ----------
    departement, limitrophes
        Code du département, et de ses voisins.
    services
        Services ouverts du département et des communes voisines de ses EPCI, doublons réunis
        (``groupe``). Les lignes sans commune d'une source propre au département y sont. Un service
        rendu ici pour d'autres territoires y est, comme un service mobile basé ailleurs qui dit
        venir ici ; leur remarque le dit.
    alentour
        Services ouverts des autres communes, jusqu'aux départements limitrophes, qui s'adressent
        aussi aux habitants d'ici : ils comptent dans les temps de trajet, pas dans les nombres.
    a_distance
        Services ouverts aux habitants du département sans qu'on s'y rende en un lieu à portée : à
        distance, nationaux, ou d'ailleurs mais pour eux. Ni temps de trajet, ni nombre.
    ecartes
        Services fermés ou remplacés, ``fermeture`` disant pourquoi.
    paires
        Paires réunies, et services distincts d'un même lieu (schéma `doublons.PAIRES`).
    """

    departement: str
    limitrophes: tuple[str, ...]
    services: pl.DataFrame
    alentour: pl.DataFrame
    ecartes: pl.DataFrame
    paires: pl.DataFrame
    a_distance: pl.DataFrame = field(default_factory=lambda: table_vide(SERVICES))

    @property
    def reunions(self) -> pl.DataFrame:
        """Paires réunies, avec les noms, pour l'annexe du rapport."""
        noms = self.services.select("id", "nom", "commune", "source")
        return (
            self.paires.filter(pl.col("reunies") & (pl.col("verdict") == "meme"))
            .join(noms, left_on="id_a", right_on="id")
            .join(noms.drop("commune"), left_on="id_b", right_on="id", suffix="_b")
            .select(
                "id_a", "id_b", "commune", nom_a="nom", nom_b="nom_b", source_a="source",
                source_b="source_b", motif="motif", note="note", arbitrage="arbitrage",
            )
            .sort("commune", "nom_a", "id_a", "id_b", nulls_last=True)
        )  # fmt: skip


def classer(services: pl.DataFrame, categories: Mapping[str, CategorieService]) -> pl.DataFrame:
    """Renvoie les services avec domaines, thématiques et publics de leur catégorie.

    ``domaines`` ne porte que les domaines dont la catégorie est une offre propre. Ce que la ligne
    dit elle-même (classeur rempli à la main, annuaire) l'emporte sur sa catégorie.

    Raises
    ------
    ValueError
        Si une catégorie n'est pas déclarée.
    """
    inconnues = sorted(set(services["categorie"].drop_nulls()) - set(categories))
    if inconnues:
        msg = f"catégories de services non déclarées : {inconnues}"
        raise ValueError(msg)
    colonnes = {"domaines": "domaines", "thematiques": "thematiques", "publics": "publics"}
    table = pl.DataFrame(
        [
            {
                "categorie": nom,
                **{
                    champ: list(getattr(categorie, attribut))
                    for champ, attribut in colonnes.items()
                },
            }
            for nom, categorie in categories.items()
        ],
        schema={"categorie": pl.String(), **{champ: SERVICES[champ] for champ in colonnes}},
    )
    jointe = services.join(
        table, on="categorie", how="left", maintain_order="left", suffix="__categorie"
    )
    propres = jointe.with_columns(
        pl.coalesce(champ, f"{champ}__categorie").alias(champ) for champ in colonnes
    )
    return mettre_au_schema(propres.select(services.columns), SERVICES)


def inventaire_du_departement(
    services: pl.DataFrame,
    cadre: Cadre,
    *,
    departement: str,
    categories: Mapping[str, CategorieService],
    couvertures: Mapping[str, Couverture],
    limitrophes: Sequence[str],
    seuils: Seuils | None = None,
    arbitrages: Iterable[Arbitrage] = (),
    thematiques: TableThematiques | None = None,
    geocodes: Iterable[PointTrouve] = (),
) -> Inventaire:
    """Renvoie l'inventaire de l'offre d'un département.

    Parameters
    ----------
    services
        Toutes les lignes lues des sources (schéma `SERVICES`), codes du fichier.
    cadre
        Communes du COG courant.
    categories
        Catégories déclarées ; celles que l'on ne recense pas sont laissées de côté.
    couvertures
        Identifiant de source → territoires qu'elle couvre.
    limitrophes
        Départements voisins par la route, dont les services comptent dans les temps de trajet ;
        aucun autre n'y compte.
    arbitrages
        Décisions d'une personne sur des paires de lignes ; elles l'emportent.
    thematiques
        Domaines que disent les mots d'un service, pour une ligne dont la catégorie n'en dit pas.
    geocodes
        Adresses géocodées : elles situent un service qui n'a que le point de sa commune.

    Raises
    ------
    ValueError
        Si une catégorie n'est pas déclarée.
    ArbitrageImpossible
        Si deux arbitrages se contredisent.
    """
    perimetre = Perimetre.du_departement(cadre, departement)
    retenues = retenir(services, cadre, departement=departement, limitrophes=limitrophes)
    if thematiques is not None:
        generiques = [nom for nom, categorie in categories.items() if categorie.generique]
        retenues = placer_structures(retenues, thematiques)
        retenues = completer(retenues, thematiques, categories=generiques)
    utiles = classer(appliquer(situer(retenues, cadre), geocodes), categories)
    a_part = [nom for nom, categorie in categories.items() if not categorie.recense]
    utiles = utiles.filter(~pl.col("categorie").is_in(a_part))
    partagees = _partagees(cadre, departement)
    propres = [
        source
        for source, couverture in couvertures.items()
        if couverture.departements == (departement,)
    ]
    sans_lieu = accessible_sans_lieu(perimetre)
    a_distance = (pl.col("aller_vers") == "distance").fill_null(value=False)
    ici = ~a_distance & (
        pl.col("code_insee").is_in(partagees)
        | (pl.col("code_insee").is_null() & pl.col("source").is_in(propres) & ~sans_lieu)
        | viennent(perimetre)
    ).fill_null(value=False)
    ouverts = pl.col("fermeture").is_null()
    voisines = set(cadre.communes.filter(pl.col("departement").is_in(list(limitrophes)))["code"])
    proches = (
        ~ici
        & ~a_distance
        & pl.col("code_insee").is_in(voisines).fill_null(value=False)
        & (nommes(perimetre) | partout())
    )
    locaux, paires = reunir(
        marquer_venus(
            marquer_hors_zone(utiles.filter(ici), perimetre),
            cadre,
            perimetre=perimetre,
            ici=partagees,
        ),
        categories,
        seuils=seuils,
        arbitrages=arbitrages,
    )
    locaux = _fermer_les_remplaces(locaux, categories)
    autour = utiles.filter(proches & ouverts)
    return Inventaire(
        departement=departement,
        limitrophes=tuple(limitrophes),
        services=locaux.filter(ouverts).sort("id"),
        alentour=mettre_au_schema(autour.with_columns(groupe=pl.col("id")), SERVICES).sort("id"),
        ecartes=locaux.filter(~ouverts).sort("id"),
        paires=paires,
        a_distance=reunir_sans_lieu(utiles.filter(~ici & ~proches & ouverts & sans_lieu)),
    )


def retenir(
    services: pl.DataFrame, cadre: Cadre, *, departement: str, limitrophes: Sequence[str]
) -> pl.DataFrame:
    """Renvoie les lignes dont l'inventaire d'un département a besoin, les seules qu'il situe.

    Celles de ses communes et de ses voisins, celles d'ailleurs qui s'adressent à lui, et celles
    dont le lieu n'est pas dit.
    """
    a_portee = _a_portee(services, cadre, {departement, *limitrophes})
    perimetre = Perimetre.du_departement(cadre, departement)
    return services.filter(a_portee | accessible_sans_lieu(perimetre))


def _partagees(cadre: Cadre, departement: str) -> list[str]:
    """Communes du département, et les autres communes de ses EPCI."""
    dedans = cadre.communes.filter(pl.col("departement") == departement)
    epci = dedans["epci"].drop_nulls().unique()
    partagees = cadre.communes.filter(pl.col("epci").is_in(epci.implode()))["code"]
    return sorted({*dedans["code"], *partagees})


def _a_portee(services: pl.DataFrame, cadre: Cadre, departements: set[str]) -> pl.Series:
    """Dit quelles lignes ont un code ou un code postal de ces départements, ou inconnu."""
    codes = set(cadre.communes.filter(pl.col("departement").is_in(departements))["code"])
    anciens = {ancien for ancien, actuel in cadre.anciens.items() if actuel in codes}
    postaux = {
        code_postal
        for code_postal, communes in cadre.par_code_postal.items()
        if not codes.isdisjoint(communes)
    }
    par_code = pl.col("code_insee").is_in(codes | anciens)
    debuts = {debut for departement in departements for debut in _debuts_postaux(departement)}
    par_postal = pl.col("code_postal").is_in(postaux) | pl.any_horizontal(
        pl.col("code_postal").str.starts_with(debut) for debut in sorted(debuts)
    )
    sans = pl.col("code_insee").is_null() & pl.col("code_postal").is_null()
    return services.select(
        par_code.fill_null(value=False) | par_postal.fill_null(value=False) | sans
    ).to_series()


def _debuts_postaux(departement: str) -> tuple[str, ...]:
    """Début des codes postaux d'un département : le sien, sauf en Corse (20)."""
    return ("20",) if departement in ("2A", "2B") else (departement,)


def _fermer_les_remplaces(
    services: pl.DataFrame, categories: Mapping[str, CategorieService]
) -> pl.DataFrame:
    """Tient pour fermés les services d'une catégorie remplacée, sans suite dans leur groupe.

    La suite n'est cherchée que si la catégorie qui remplace est présente, plus récente, dans le
    département : sinon rien ne dit que le service a fermé.
    """
    for ancienne, categorie in categories.items():
        suite = categorie.remplacee_par
        nouvelles = services.filter(pl.col("categorie") == suite) if suite else services.clear()
        if nouvelles.is_empty():
            continue
        date = str(nouvelles["date_source"].max())
        repris = nouvelles["groupe"].unique().implode()
        sans_suite = (
            (pl.col("categorie") == ancienne)
            & ~pl.col("groupe").is_in(repris)
            & (pl.col("date_source") < date)
        )
        raison = (
            f"programme remplacé par {categories[suite].libelle} ; "
            f"service absent de la liste de {date}"
        )
        services = services.with_columns(
            pl.when(sans_suite & pl.col("fermeture").is_null())
            .then(pl.lit(raison))
            .otherwise(pl.col("fermeture"))
            .alias("fermeture")
        )
    return services
