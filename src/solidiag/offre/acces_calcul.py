"""Les mesures d'un domaine, du point de population au territoire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from solidiag.geography.accessibilite import Encadrement, PlusProche, plus_proche
from solidiag.geography.couples import Couples
from solidiag.geography.decroissances import Decroissance
from solidiag.geography.estimation import points_connus
from solidiag.offre.acces_couples import (
    Terrain,
    fois,
    garder,
    infini,
    ouverts_a_portee,
    services_a_portee,
    tete,
)
from solidiag.offre.acces_groupes import Booleens, Groupes, Reels, sans_valeur
from solidiag.offre.acces_modele import (
    AU_MOINS,
    AU_PLUS,
    ITINERANT,
    POUR,
    SANS_LISTE,
    AccesDomaine,
    Mesure,
)
from solidiag.offre.capacites import capacite_a_portee, delai_median, flottant, part_saturee
from solidiag.offre.points import besoins_par_age, habitants

if TYPE_CHECKING:
    from solidiag.offre.acces_domaines import Etude

METHODE_ESTIMEE = "estimation de trajet"
PART_D_HORAIRES = 0.5
"""Part des lieux aux horaires connus, sous laquelle aucune part d'ouverture n'est donnée."""
ENSEMBLES = ("EPCI", "DEP", "ZON")
TOUS = ("COM", *ENSEMBLES)


@dataclass(frozen=True, kw_only=True, eq=False)
class CalculDeDomaine:
    """Mesures d'un domaine dont un lieu au moins est connu."""

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
        """Territoires du domaine, et ceux dont son offre est documentée."""
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
    def _itinerants(self) -> Reels:
        """Services itinérants de l'intercommunalité de chaque point, qui y passent peut-être."""
        epci = dict(self.etude.communes.select("code", "epci").iter_rows())
        nombres = self.acces.itinerants
        return np.array(
            [float(nombres.get(epci.get(code) or "", 0)) for code in self.groupes.points["code"]]
        )

    @cached_property
    def _connus(self) -> Booleens:
        return points_connus(self.groupes.points)

    @property
    def _methode(self) -> str:
        itineraires = self.etude.itineraires[self.acces.reglage.mode]
        return METHODE_ESTIMEE if itineraires.estime else itineraires.nom

    def mesurer(self) -> AccesDomaine:
        """Renvoie le domaine et ses mesures."""
        seuil = self.acces.reglage.seuil.minutes
        temps, proche_limite = self._temps()
        tronque = proche_limite <= seuil
        mesures = [
            temps,
            self._dans(seuil, tronque),
            self._hors(seuil, tronque),
            self._flottant(tronque),
            *self._par_age(tronque),
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
        bas = np.where(self._itinerants > 0, 0.0, bas)
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
        haut = nombre.haut.copy()
        haut[: self._n] += self._itinerants
        nombre = replace(nombre, haut=haut)
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
            central=hors(proches.temps),
            bas=np.where(self._itinerants > 0, 0.0, hors(proches.bas)),
            haut=hors(proches.haut),
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
                fois(acces, facteur), tronque, niveaux=TOUS, motif=AU_MOINS, decimales=3
            ),
        )

    def _par_age(self, tronque: Booleens) -> list[Mesure]:
        """Accès du type de l'APL : les habitants comptent selon le besoin de leur âge."""
        declare = self.acces.reglage.besoin_par_age
        if declare is None:
            return []
        gens = habitants(self.etude.departs)
        besoins = besoins_par_age(
            self.etude.departs,
            self.etude.effectifs,
            tranches=declare.tranches,
            autres=declare.autres,
        )
        if besoins is None:
            return []
        acces = flottant(
            self.couples,
            public=replace(gens, effectifs=gens.effectifs * besoins),
            offre=Encadrement.sans_marge(self.acces.lieux["poids"].to_numpy()),
            decroissance=self.courbe,
        )
        facteur, unite = POUR[False]
        lignes = self.groupes.moyennes(
            tete(fois(acces, facteur), self._n),
            poids=gens.effectifs[: self._n],
            connus=self._connus,
            niveaux=TOUS,
            methode=self._methode,
            motifs=self._motifs(tronque, AU_MOINS),
            decimales=3,
        )
        return [Mesure(suffixe="par_age", unite=unite, lignes=lignes)]

    def _horaires(self, seuil: int) -> list[Mesure]:
        mesures = []
        for suffixe in ("samedi", "soir"):
            ouverts = self.acces.lieux[suffixe]
            a_portee = ouverts_a_portee(self.a_portee, ouverts, seuil=seuil)
            connus = int(ouverts.is_not_null().sum())
            dits = f"horaires connus pour {connus} lieux sur {len(ouverts)}, voisins compris"
            assez = connus >= PART_D_HORAIRES * len(ouverts)
            motif = f"au moins : {dits}" if assez else f"{dits} : trop peu pour une part"
            if not connus:
                motif = "aucun horaire connu : une ouverture inconnue n'est pas une fermeture"
            lignes = self._moyennes(
                a_portee, np.ones(self._n, dtype=bool), niveaux=ENSEMBLES, motif=motif
            )
            mesures.append(
                Mesure(
                    suffixe=suffixe,
                    unite="percent",
                    lignes=lignes if assez else sans_valeur(lignes, motif),
                )
            )
        return mesures

    def _capacites(self) -> list[Mesure]:
        mesures = []
        unite = self.acces.reglage.unite_capacite
        siennes = self.acces.lieux
        memes = (pl.col("capacite_unite") == unite).fill_null(value=False)
        siennes = siennes.with_columns(
            pl.when(memes).then(pl.col(nom)).alias(nom)
            for nom in ("capacite", "capacite_bas", "capacite_haut")
        )
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
        """Ce qui manque à la valeur de chaque territoire : liste, limite ou desserte."""
        if motif not in (AU_PLUS, AU_MOINS):
            return self.groupes.concernes(designes, motif)
        if not self.acces.categories:
            dit, designes = SANS_LISTE, np.ones_like(designes)
        else:
            dit = AU_PLUS
        motifs = self.groupes.concernes(self._itinerants > 0, ITINERANT)
        for nom, bord in self.groupes.concernes(designes, dit).items():
            suite = f" ; {ITINERANT.removeprefix('au plus : ')}" if nom in motifs else ""
            motifs[nom] = bord + suite
        if motif == AU_PLUS:
            return motifs
        return {nom: texte.replace("au plus", "au moins", 1) for nom, texte in motifs.items()}

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
            tete(valeurs, self._n),
            poids=self._poids,
            connus=self._connus,
            niveaux=niveaux,
            methode=self._methode,
            motifs=self._motifs(designes, motif),
            decimales=decimales,
        )
