"""Accès par domaine et par public : temps, lieux à portée, part du public au-delà, horaires.

Chaque mesure est une observation ``acces.<domaine>.<mesure>``. Elle se calcule au point de
population, puis se résume au territoire en pesant par la population concernée du domaine quand
elle est comptée, par les habitants sinon.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from solidiag.catalogue.acces import ReglagesAcces
from solidiag.catalogue.source import Couverture
from solidiag.geography.couples import Itineraires
from solidiag.geography.decroissances import Decroissance
from solidiag.offre.acces_calcul import CalculDeDomaine
from solidiag.offre.acces_couples import Terrain
from solidiag.offre.acces_groupes import Index
from solidiag.offre.acces_modele import AccesDomaine
from solidiag.offre.cadre import Cadre
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.lieux import A_PART, lieux
from solidiag.offre.points import Public, habitants, public_du_domaine
from solidiag.offre.reglages_acces import courbes


@dataclass(frozen=True, kw_only=True, eq=False)
class Etude:
    """De quoi mesurer l'accès d'un département.

    Parameters
    ----------
    points
        Points (schéma `POINTS`) du département, de ses intercommunalités et des départements
        limitrophes.
    itineraires
        Mode de déplacement → fournisseur de temps de trajet.
    propres
        Domaine → catégories dont il est l'offre propre.
    partout
        Catégories dont la distance au site mesure mal l'accès.
    couvertures
        Catégorie → source → territoires couverts.
    personnes
        Table publiée des personnes concernées.
    publics
        Domaine → nom de sa population concernée.
    appartenance
        ``territoire, code`` (`acces_groupes.appartenance`).
    plafond
        Minutes au-delà desquelles un temps n'est pas publié.
    effectifs
        Indicateur → code de commune → personnes d'une tranche d'âge.
    """

    reglages: ReglagesAcces
    inventaire: Inventaire
    cadre: Cadre
    points: pl.DataFrame
    itineraires: Mapping[str, Itineraires]
    propres: Mapping[str, Sequence[str]]
    partout: frozenset[str]
    couvertures: Mapping[str, Mapping[str, Couverture]]
    personnes: pl.DataFrame
    publics: Mapping[str, str]
    appartenance: pl.DataFrame
    plafond: float
    effectifs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def calculer(self, domaines: Collection[str] = ()) -> tuple[AccesDomaine, ...]:
        """Renvoie l'accès de chaque domaine demandé (tous par défaut), dans l'ordre déclaré."""
        return tuple(
            self._domaine(nom) for nom in self.reglages.domaines if not domaines or nom in domaines
        )

    def declarees(self, domaine: str) -> tuple[str, ...]:
        """Renvoie les catégories déclarées d'un domaine."""
        dites = self.reglages.domaines[domaine].categories
        return dites or tuple(self.propres.get(domaine, ()))

    def categories(self, domaine: str) -> tuple[str, ...]:
        """Renvoie les catégories comptées : celles qu'une source couvre dans le département."""
        departement = self.inventaire.departement
        return tuple(c for c in self.declarees(domaine) if departement in self.couvertes([c]))

    def _est_du_domaine(self, domaine: str) -> pl.Expr:
        """Lieux du domaine : de ses catégories, ou d'un service dont les mots le disent."""
        choisi = pl.col("categorie").is_in(self.categories(domaine))
        if self.reglages.domaines[domaine].categories:
            return choisi
        return choisi | pl.col("domaines").list.contains(domaine).fill_null(value=False)

    @cached_property
    def _lieux(self) -> pl.DataFrame:
        voulues = {c for domaine in self.reglages.domaines for c in self.declarees(domaine)}
        choisis = pl.col("categorie").is_in(sorted(voulues)) | (
            pl.col("domaines").list.len().fill_null(0) > 0
        )
        tables = (
            self.inventaire.services,
            self.inventaire.alentour,
            self.inventaire.a_distance,
        )
        services = pl.concat([table.filter(choisis) for table in tables])
        return lieux(services, self.reglages).join(
            self.cadre.communes.select("code", "densite_niveau", "superficie_km2", "departement"),
            on="code",
            how="left",
            maintain_order="left",
        )

    @cached_property
    def _courbes(self) -> dict[str, Decroissance]:
        return courbes(self.reglages)

    @cached_property
    def communes(self) -> pl.DataFrame:
        """Communes des points, avec ``ici`` (département et ses intercommunalités)."""
        departement = self.inventaire.departement
        table = self.cadre.communes
        epci = table.filter(pl.col("departement") == departement)["epci"].drop_nulls().unique()
        ici = (pl.col("departement") == departement) | pl.col("epci").is_in(epci.implode())
        return table.with_columns(ici=ici.fill_null(value=False)).filter(
            pl.col("ici") | pl.col("departement").is_in(list(self.inventaire.limitrophes))
        )

    @cached_property
    def departs(self) -> pl.DataFrame:
        """Points d'ici (`n_ici`), puis ceux des voisins, qui partagent l'offre."""
        dedans = pl.col("code").is_in(self._ici.implode())
        return pl.concat([self.points.filter(dedans), self.points.filter(~dedans)])

    @cached_property
    def n_ici(self) -> int:
        """Nombre de points du département et de ses intercommunalités."""
        return self.points.filter(pl.col("code").is_in(self._ici.implode())).height

    @cached_property
    def _ici(self) -> pl.Series:
        return self.communes.filter("ici")["code"]

    @cached_property
    def _terrains(self) -> dict[str, Terrain]:
        return {}

    def terrain(self, mode: str) -> Terrain:
        """Points, lieux et couples à portée, dans un mode de déplacement.

        Raises
        ------
        KeyError
            Si aucun fournisseur n'est donné pour ce mode.
        """
        if mode not in self._terrains:
            siens = [d for d in self.reglages.domaines.values() if d.mode == mode]
            portees = [self._courbes[d.decroissance].portee for d in siens]
            self._terrains[mode] = Terrain.depuis(
                self.departs,
                self._lieux,
                self.communes,
                itineraires=self.itineraires[mode],
                n_ici=self.n_ici,
                limite=max([*portees, *(float(d.seuil.minutes) for d in siens)]),
                plafond=self.plafond,
            )
        return self._terrains[mode]

    @cached_property
    def index(self) -> Index:
        """Points de chaque territoire."""
        return Index.depuis(self.departs.head(self.n_ici), self.appartenance)

    def couvertes(self, categories: Sequence[str]) -> frozenset[str]:
        """Renvoie les départements que couvre, pour chaque catégorie, une source au moins."""
        return frozenset(
            departement
            for departement in self.communes["departement"].unique()
            if all(
                any(c.couvre(departement) for c in self.couvertures.get(categorie, {}).values())
                for categorie in categories
            )
        )

    def _public(self, domaine: str) -> Public:
        if self.reglages.domaines[domaine].public == "habitants":
            return habitants(self.departs)
        return public_du_domaine(
            self.departs,
            self.personnes,
            domaine=domaine,
            nom=self.publics.get(domaine, "personnes concernées"),
            departement=self.inventaire.departement,
            communes=self.communes,
            part_connue=self.reglages.part_connue,
        )

    def _itinerants(self, siens: pl.DataFrame) -> dict[str, int]:
        """EPCI → nombre de services itinérants dont on ne connaît que le point de rattachement."""
        bus = siens.filter(pl.col("genre") == "itinerant").join(
            self.communes.select("code", "epci"), on="code"
        )
        nombres = bus.drop_nulls("epci").group_by("epci").agg(pl.col("service").n_unique())
        return dict(nombres.sort("epci").iter_rows())

    def _dans_un_annuaire(self, locaux: pl.DataFrame) -> bool:
        """Dit si un lieu d'ici vient d'un annuaire.

        Sans liste qui couvre le département, les lieux des voisins, ou les quelques lignes d'une
        liste hors de ce qu'elle couvre, ne diraient rien.
        """
        return any(
            source not in self.couvertures.get(categorie, {})
            for categorie, source in locaux.select("categorie", "source").unique().iter_rows()
        )

    def _domaine(self, domaine: str) -> AccesDomaine:
        reglage = self.reglages.domaines[domaine]
        categories = self.categories(domaine)
        siens = self._lieux.filter(self._est_du_domaine(domaine))
        ailleurs = self.communes.filter(~pl.col("ici"))["code"]
        locaux = siens.filter(pl.col("code").is_null() | ~pl.col("code").is_in(ailleurs.implode()))
        a_part = {
            genre: n
            for genre in A_PART
            if (n := locaux.filter(pl.col("genre") == genre)["service"].n_unique())
        }
        rejoints = ~pl.col("genre").is_in(list(A_PART))
        situes = rejoints & (pl.col("latitude").is_not_null() | (pl.col("genre") == "domicile"))
        retenus = siens.filter(situes).unique("id", keep="first", maintain_order=True)
        ici = locaux.filter(situes)
        presentes = set(locaux["categorie"])
        sans_source = tuple(c for c in self.declarees(domaine) if c not in categories)
        acces = AccesDomaine(
            domaine=domaine,
            reglage=reglage,
            categories=categories,
            partout=tuple(c for c in categories if c in self.partout),
            sans_source=sans_source,
            partielles=tuple(c for c in sans_source if c in presentes),
            public=self._public(domaine),
            lieux=retenus,
            locaux=ici["service"].n_unique(),
            samedi=ici.filter(pl.col("samedi"))["service"].n_unique(),
            soir=ici.filter(pl.col("soir"))["service"].n_unique(),
            a_part=a_part,
            itinerants=self._itinerants(siens),
            sans_point=locaux.filter(rejoints & ~situes)["service"].n_unique(),
        )
        if not reglage.mesurer:
            return acces
        if retenus.is_empty() or not (categories or self._dans_un_annuaire(locaux)):
            return replace(acces, locaux=0) if not categories else acces
        return CalculDeDomaine(
            etude=self, acces=acces, courbe=self._courbes[reglage.decroissance]
        ).mesurer()
