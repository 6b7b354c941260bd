"""Accès par domaine et par public : temps, lieux à portée, part du public au-delà, horaires.

Chaque mesure est une observation ``acces.<domaine>.<mesure>``. Elle se calcule au point de
population, puis se résume au territoire en pesant par la population concernée du domaine quand
elle est comptée, par les habitants sinon.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from solidiag.catalogue.acces import ReglagesAcces
from solidiag.catalogue.source import Couverture
from solidiag.geography.accessibilite import Encadrement, PlusProche, plus_proche
from solidiag.geography.couples import Couples, Itineraires
from solidiag.geography.decroissances import Decroissance
from solidiag.geography.estimation import points_connus
from solidiag.offre.acces_couples import (
    Terrain,
    garder,
    infini,
    ouverts_a_portee,
    services_a_portee,
)
from solidiag.offre.acces_groupes import Booleens, Groupes, Index, Reels
from solidiag.offre.acces_modele import AccesDomaine, Mesure
from solidiag.offre.cadre import Cadre
from solidiag.offre.capacites import capacite_a_portee, delai_median, flottant, part_saturee
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.lieux import A_PART, lieux
from solidiag.offre.points import Public, habitants, public_du_domaine
from solidiag.offre.reglages_acces import courbes

AU_PLUS = "au plus : au-delà de la limite couverte, l'offre n'est pas documentée"
AU_MOINS = "au moins : au-delà de la limite couverte, l'offre n'est pas documentée"
SANS_LISTE = "au plus : lieux d'un annuaire que chacun remplit, qui n'en est pas la liste complète"
SANS_LISTE_AU_MOINS = SANS_LISTE.replace("au plus", "au moins")
METHODE_ESTIMEE = "estimation de trajet"
ENSEMBLES = ("EPCI", "DEP", "ZON")
TOUS = ("COM", *ENSEMBLES)
POUR = {True: (10_000.0, "pour_10000"), False: (100_000.0, "pour_100000")}
"""Personnes auxquelles des lieux se rapportent : le public compté, ou les habitants."""


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
        acces = AccesDomaine(
            domaine=domaine,
            reglage=reglage,
            categories=categories,
            partout=tuple(c for c in categories if c in self.partout),
            sans_source=tuple(c for c in self.declarees(domaine) if c not in categories),
            public=self._public(domaine),
            lieux=retenus,
            locaux=locaux.filter(situes)["service"].n_unique(),
            a_part=a_part,
            sans_point=locaux.filter(rejoints & ~situes)["service"].n_unique(),
        )
        if retenus.is_empty():
            return acces
        return _Domaine(
            etude=self, acces=acces, courbe=self._courbes[reglage.decroissance]
        ).mesurer()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Domaine:
    etude: Etude
    acces: AccesDomaine
    courbe: Decroissance

    @cached_property
    def couples(self) -> Couples:
        """Couples du domaine, de tous les points vers ses seuls lieux."""
        return self._terrain.couples_vers(self.acces.lieux)

    @cached_property
    def proches(self) -> PlusProche:
        """Lieu le plus proche de chaque point d'ici ; un temps infini s'il n'y en a pas."""
        trouve = plus_proche(garder(self.couples, self.couples.depart < self._n))
        return PlusProche(
            arrivee=trouve.arrivee[: self._n],
            temps=infini(trouve.temps[: self._n]),
            bas=infini(trouve.bas[: self._n]),
            haut=infini(trouve.haut[: self._n]),
        )

    @cached_property
    def a_portee(self) -> Couples:
        """Couples des points d'ici, à portée au moins au trajet le plus court."""
        couples = self.couples
        return garder(
            couples, (couples.depart < self._n) & (couples.bas <= self.acces.reglage.seuil.minutes)
        )

    @cached_property
    def _couverts(self) -> frozenset[str]:
        """Départements dont l'offre est documentée ; sans liste, celui du diagnostic seul."""
        if not self.acces.categories:
            return frozenset({self.etude.inventaire.departement})
        return self.etude.couvertes(self.acces.categories)

    @cached_property
    def groupes(self) -> Groupes:
        communes = self.etude.communes
        couvertes = communes.filter(
            pl.col("departement").is_in(list(self._couverts))
            | (pl.col("ici") & (not self.acces.categories))
        )["code"]
        return Groupes(
            points=self.etude.departs.head(self._n),
            index=self.etude.index,
            couvertes=frozenset(couvertes),
        )

    @property
    def _n(self) -> int:
        return self.etude.n_ici

    @property
    def _terrain(self) -> Terrain:
        return self.etude.terrain(self.acces.reglage.mode)

    @cached_property
    def _poids(self) -> Reels:
        return self.acces.public.effectifs[: self._n]

    @cached_property
    def _connus(self) -> Booleens:
        return points_connus(self.groupes.points)

    @property
    def _methode(self) -> str:
        itineraires = self.etude.itineraires[self.acces.reglage.mode]
        return METHODE_ESTIMEE if itineraires.estime else itineraires.nom

    def mesurer(self) -> AccesDomaine:
        seuil = self.acces.reglage.seuil.minutes
        temps, proche_limite = self._temps()
        tronque = proche_limite <= seuil
        mesures = [
            temps,
            self._dans(seuil, tronque),
            self._hors(seuil, tronque),
            self._flottant(tronque),
            *self._horaires(seuil),
            *self._capacites(),
        ]
        a_portee = np.unique(self.a_portee.arrivee[self.a_portee.temps <= seuil])
        connus = self.acces.lieux["samedi"].is_not_null().to_numpy()[a_portee]
        return replace(
            self.acces,
            mesures=tuple(mesures),
            horaires_connus=int(connus.sum()),
            a_portee=len(a_portee),
        )

    def _temps(self) -> tuple[Mesure, Reels]:
        """Temps au plus proche, et temps le plus court vers une commune sans source."""
        central, bas, haut = self.proches.temps, self.proches.bas, self.proches.haut
        limite = self._terrain.vers_non_couvertes(self._couverts)
        au_plus = limite.temps < central
        bas = np.where(au_plus, np.fmin(bas, limite.bas), bas)
        lignes = self.groupes.medianes(
            (central, bas, haut),
            poids=self._poids,
            connus=self._connus,
            niveaux=TOUS,
            methode=self._methode,
            motifs=self._motifs(au_plus, AU_PLUS),
            plafond=self.etude.plafond,
        )
        return Mesure(suffixe="temps", unite="minutes", lignes=lignes), limite.bas

    def _dans(self, seuil: int, tronque: Booleens) -> Mesure:
        nombre = services_a_portee(self.a_portee, self.acces.lieux["service"], seuil=seuil)
        return Mesure(
            suffixe=f"dans_{seuil}",
            unite="lieux",
            lignes=self._moyennes(nombre, tronque, niveaux=TOUS, motif=AU_MOINS),
        )

    def _hors(self, seuil: int, tronque: Booleens) -> Mesure:
        def hors(temps: Reels) -> Reels:
            return np.where(temps <= seuil, 0.0, 100.0)

        proches = self.proches
        valeurs = Encadrement(
            central=hors(proches.temps), bas=hors(proches.bas), haut=hors(proches.haut)
        )
        return Mesure(
            suffixe=f"part_hors_{seuil}",
            unite="percent",
            lignes=self._moyennes(valeurs, tronque, niveaux=self._niveaux_des_parts, motif=AU_PLUS),
        )

    @property
    def _niveaux_des_parts(self) -> tuple[str, ...]:
        """Au point d'une commune, une part vaut 0 ou 100 : elle ne se lit qu'à plusieurs points."""
        fins = self.groupes.points["nature"].n_unique() > 1
        return TOUS if fins or (self.groupes.points["nature"] != "commune").any() else ENSEMBLES

    def _flottant(self, tronque: Booleens) -> Mesure:
        methode = self.acces.reglage.methode
        courbe = Decroissance.binaire(self.courbe.portee) if methode == "2sfca" else self.courbe
        acces = flottant(
            self.couples,
            public=self.acces.public,
            offre=Encadrement.sans_marge(self.acces.lieux["poids"].to_numpy()),
            decroissance=courbe,
            selection=methode == "3sfca",
        )
        facteur, unite = POUR[self.acces.public.compte]
        return Mesure(
            suffixe=methode,
            unite=unite,
            lignes=self._moyennes(
                _fois(acces, facteur), tronque, niveaux=TOUS, motif=AU_MOINS, decimales=3
            ),
        )

    def _horaires(self, seuil: int) -> list[Mesure]:
        mesures = []
        for suffixe in ("samedi", "soir"):
            ouverts = self.acces.lieux[suffixe]
            a_portee = ouverts_a_portee(self.a_portee, ouverts, seuil=seuil)
            connus = ouverts.is_not_null().sum()
            motif = f"horaires connus pour {connus} lieux sur {len(ouverts)}, voisins compris"
            if not connus:
                motif = "aucun horaire connu : une ouverture inconnue n'est pas une fermeture"
            lignes = self._moyennes(
                a_portee, np.ones(self._n, dtype=bool), niveaux=ENSEMBLES, motif=motif
            )
            mesures.append(
                Mesure(
                    suffixe=suffixe,
                    unite="percent",
                    lignes=lignes if connus else _non_documente(lignes, motif),
                )
            )
        return mesures

    def _capacites(self) -> list[Mesure]:
        mesures = []
        unite = self.acces.reglage.unite_capacite
        siennes = self.acces.lieux
        if unite and siennes["capacite"].is_not_null().any():
            acces, motif = capacite_a_portee(
                self.couples, siennes, public=self.acces.public, decroissance=self.courbe
            )
            lignes = self._moyennes(
                acces, np.ones(self._n, dtype=bool), niveaux=TOUS, motif=motif, decimales=2
            )
            mesures.append(Mesure(suffixe="capacite", unite="pour_1000", lignes=lignes))
        ensembles = self.etude.appartenance.filter(
            pl.col("territoire").str.starts_with("EPCI-")
            | pl.col("territoire").str.starts_with("DEP-")
        )
        mesures.append(
            Mesure(suffixe="satures", unite="percent", lignes=part_saturee(siennes, ensembles))
        )
        mesures.append(
            Mesure(suffixe="delai", unite="jours", lignes=delai_median(siennes, ensembles))
        )
        return mesures

    def _motifs(self, designes: Booleens, motif: str) -> dict[str, str]:
        if self.acces.categories or motif not in (AU_PLUS, AU_MOINS):
            return self.groupes.concernes(designes, motif)
        sans_liste = SANS_LISTE if motif == AU_PLUS else SANS_LISTE_AU_MOINS
        return self.groupes.concernes(np.ones_like(designes), sans_liste)

    def _moyennes(
        self,
        valeurs: Encadrement,
        designes: Booleens,
        *,
        niveaux: Sequence[str],
        motif: str,
        decimales: int = 2,
    ) -> pl.DataFrame:
        return self.groupes.moyennes(
            _tete(valeurs, self._n),
            poids=self._poids,
            connus=self._connus,
            niveaux=niveaux,
            methode=self._methode,
            motifs=self._motifs(designes, motif),
            decimales=decimales,
        )


def _tete(valeurs: Encadrement, n: int) -> Encadrement:
    return Encadrement(central=valeurs.central[:n], bas=valeurs.bas[:n], haut=valeurs.haut[:n])


def _fois(valeurs: Encadrement, facteur: float) -> Encadrement:
    return Encadrement(
        central=valeurs.central * facteur, bas=valeurs.bas * facteur, haut=valeurs.haut * facteur
    )


def _non_documente(lignes: pl.DataFrame, motif: str) -> pl.DataFrame:
    """La seule ligne du département, sans valeur."""
    return lignes.filter(pl.col("territoire").str.starts_with("DEP-")).with_columns(
        pl.lit(None, dtype=pl.Float64).alias("value"),
        pl.lit(None, dtype=pl.Float64).alias("lower"),
        pl.lit(None, dtype=pl.Float64).alias("upper"),
        pl.lit(None, dtype=pl.String).alias("method"),
        pl.lit("L").alias("status"),
        pl.lit(motif).alias("motif"),
    )
