"""Temps de trajet sur un réseau routier : accrochage des points et plus courts chemins.

Les temps dépendent des seules conventions d'un mode (`ConventionsRoutes`) et du réseau. Le graphe
est d'abord réduit aux points interrogés (`eliminer`), puis parcouru par l'algorithme de Dijkstra.

References
----------
Dijkstra (1959), « A note on two problems in connexion with graphs », *Numerische Mathematik*, 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from solidiag.geography.conventions_routes import ConventionsRoutes
from solidiag.geography.couples import Couples
from solidiag.geography.distances import RAYON_TERRE_KM, distance_interne_km
from solidiag.geography.elimination import Arcs, arcs, compacter, eliminer
from solidiag.geography.troncons import SENS, Reseau

Reels = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

_CASES = 8_000_000
_MINUTES_MINIMALES = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Accroches:
    """Points ramenés au réseau.

    Parameters
    ----------
    noeud
        Rang du point du réseau, -1 si le point est manquant ou trop loin.
    minutes
        Temps pour rejoindre le réseau.
    loin
        Rangs des points dont le réseau est trop loin.
    """

    noeud: Longs
    minutes: Reels
    loin: Longs


class ReseauRoutier:
    """Un réseau, et les fournisseurs de trajets qu'il donne à chaque mode.

    Parameters
    ----------
    nom
        Nom imprimé du réseau (« landes-latest.osm.pbf, du 3 novembre 2026 »).
    conventions
        Contenu de la déclaration ``routes``.
    remarques
        Ce que la lecture de l'extrait a laissé de côté.
    """

    def __init__(
        self,
        reseau: Reseau,
        *,
        nom: str,
        conventions: Mapping[str, Any],
        remarques: tuple[str, ...] = (),
    ) -> None:
        self.reseau, self.nom, self.remarques = reseau, nom, remarques
        self._conventions = conventions

    def itineraires(self, mode: str = "voiture") -> ItinerairesRoutiers:
        """Renvoie le fournisseur de trajets d'un mode.

        Raises
        ------
        ValueError
            Si le mode est inconnu ou si une convention est hors de ses limites.
        """
        return ItinerairesRoutiers(
            self.reseau,
            nom=self.nom,
            conventions=ConventionsRoutes.depuis(self._conventions, mode=mode),
            remarques=self.remarques,
        )


class ItinerairesRoutiers:
    """Fournisseur de temps de trajet d'un mode sur un réseau (voir `Itineraires`)."""

    estime = False

    def __init__(
        self,
        reseau: Reseau,
        *,
        nom: str,
        conventions: ConventionsRoutes,
        remarques: tuple[str, ...] = (),
    ) -> None:
        self._reseau, self._conventions = reseau, conventions
        self._nom, self._fixes = nom, remarques
        self._loin: tuple[set[bytes], set[bytes]] = (set(), set())

    @property
    def nom(self) -> str:
        """Nom imprimé du fournisseur."""
        auteurs = "© les contributeurs d'OpenStreetMap, ODbL"
        return f"réseau routier OpenStreetMap ({self._nom} ; {auteurs})"

    @property
    def mode(self) -> str:
        """``voiture``, ``velo`` ou ``pied``."""
        return self._conventions.mode

    @property
    def remarques(self) -> tuple[str, ...]:
        """Ce que l'extrait a laissé de côté, et les points loin du réseau, tous calculs réunis."""
        loin = tuple(
            f"{len(points)} point{'s' * (len(points) > 1)} {cote} loin du réseau (plus de "
            f"{self._conventions.acces_m:.0f} m) : aucun temps n'en est calculé."
            for cote, points in zip(("de départ", "d'arrivée"), self._loin, strict=True)
            if points
        )
        return (*self._fixes, *loin)

    def limite_de_bande(self, limite: float) -> float:
        """Renvoie la limite qui donne tous les couples dont la borne basse est sous ``limite``."""
        return limite / self._conventions.bas

    @cached_property
    def graphe(self) -> Arcs:
        """Arcs permis à ce mode, dans les parties du réseau qui sont gardées."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        reseau = self._reseau
        minutes = minutes_des_troncons(reseau, self._conventions)
        aller, retour = SENS[self._conventions.mode]
        en_avant = (reseau.sens & aller > 0) & np.isfinite(minutes)
        en_arriere = (reseau.sens & retour > 0) & np.isfinite(minutes)
        tous = arcs(
            len(reseau.latitude),
            np.concatenate((reseau.de[en_avant], reseau.vers[en_arriere])),
            np.concatenate((reseau.vers[en_avant], reseau.de[en_arriere])),
            np.concatenate((minutes[en_avant], minutes[en_arriere])),
        )
        if not len(tous.de):
            return tous
        matrice = csr_array((tous.minutes, (tous.de, tous.vers)), shape=(tous.n, tous.n))
        _, partie = connected_components(matrice, directed=True, connection="strong")
        presents = np.zeros(tous.n, dtype=bool)
        presents[tous.de] = presents[tous.vers] = True
        taille = np.bincount(partie[presents], minlength=partie.max() + 1)
        assez = (taille >= self._conventions.part_composante * presents.sum()) & (taille > 1)
        assez[np.argmax(taille)] = True
        bon = assez[partie] & presents
        utiles = bon[tous.de] & bon[tous.vers]
        return Arcs(
            n=tous.n,
            de=tous.de[utiles],
            vers=tous.vers[utiles],
            minutes=np.maximum(tous.minutes[utiles], _MINUTES_MINIMALES),
        )

    @cached_property
    def _accrochables(self) -> Longs:
        return np.unique(np.concatenate((self.graphe.de, self.graphe.vers)))

    @cached_property
    def _arbre(self) -> Any:
        from scipy.spatial import cKDTree

        rangs = self._accrochables
        return cKDTree(sphere(self._reseau.latitude[rangs], self._reseau.longitude[rangs]))

    def accrocher(self, points: pl.DataFrame) -> Accroches:
        """Ramène des points (``latitude``, ``longitude``) au point du réseau le plus proche."""
        latitude = points["latitude"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        longitude = points["longitude"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        noeud = np.full(len(latitude), -1, dtype=np.int64)
        minutes = np.full(len(latitude), np.nan)
        connus = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
        if not len(connus) or not len(self._accrochables):
            return Accroches(noeud=noeud, minutes=minutes, loin=connus)
        corde, proche = self._arbre.query(sphere(latitude[connus], longitude[connus]))
        metres = 2000 * RAYON_TERRE_KM * np.arcsin(np.clip(corde / 2, 0, 1))
        pres = metres <= self._conventions.acces_m
        noeud[connus[pres]] = self._accrochables[proche[pres]]
        minutes[connus[pres]] = metres[pres] / 1000 / self._conventions.acces_km_h * 60
        return Accroches(noeud=noeud, minutes=minutes, loin=connus[~pres])

    def part_pres(self, points: pl.DataFrame) -> float:
        """Renvoie la part des points connus que le réseau dessert (0 à 1), 0 s'il n'y en a pas."""
        accroches = self.accrocher(points)
        connus = int((accroches.noeud >= 0).sum()) + len(accroches.loin)
        return float((accroches.noeud >= 0).sum() / connus) if connus else 0.0

    def couples(self, departs: pl.DataFrame, arrivees: pl.DataFrame, *, limite: float) -> Couples:
        """Renvoie les couples à portée (voir `Itineraires`).

        Le temps compte l'accès au réseau aux deux bouts. Un même point du réseau pour les deux
        bouts laisse ces deux accès : le temps n'est jamais plus court que le vrai chemin connu.
        """
        partis, arrives = self.accrocher(departs), self.accrocher(arrivees)
        for vus, table, accroches in zip(
            self._loin, (departs, arrivees), (partis, arrives), strict=True
        ):
            lieux = table.select("latitude", "longitude").cast(pl.Float64).to_numpy()
            vus.update(lieu.tobytes() for lieu in lieux[accroches.loin])
        un, deux = np.flatnonzero(partis.noeud >= 0), np.flatnonzero(arrives.noeud >= 0)
        if not len(un) or not len(deux):
            return _trier(departs, arrivees, [], self._conventions, limite=limite)
        graphe = self.graphe
        garder = np.zeros(graphe.n, dtype=bool)
        garder[partis.noeud[un]] = garder[arrives.noeud[deux]] = True
        reduit, anciens = compacter(eliminer(graphe, garder, limite=limite), garder)
        inverse = len(np.unique(arrives.noeud[deux])) < len(np.unique(partis.noeud[un]))
        sources, cibles = (arrives, partis) if inverse else (partis, arrives)
        siens, autres = (deux, un) if inverse else (un, deux)
        morceaux = list(
            _blocs(
                Arcs(n=reduit.n, de=reduit.vers, vers=reduit.de, minutes=reduit.minutes)
                if inverse
                else reduit,
                np.searchsorted(anciens, sources.noeud[siens]),
                np.searchsorted(anciens, cibles.noeud[autres]),
                acces=(sources.minutes[siens], cibles.minutes[autres]),
                limite=limite,
            )
        )
        lots = [
            (autres[v], siens[d], t) if inverse else (siens[d], autres[v], t)
            for d, v, t in morceaux
        ]
        return _trier(departs, arrivees, lots, self._conventions, limite=limite)


def minutes_des_troncons(reseau: Reseau, conventions: ConventionsRoutes) -> Reels:
    """Renvoie le temps de chaque tronçon en minutes, ``inf`` si sa classe est fermée au mode.

    La vitesse est la plus petite de celle de la classe et de la part tenue de la limite lue.
    """
    par_classe = np.array(
        [
            conventions.vitesses.get(classe, 0.0) if classe != "ferry" or conventions.bacs else 0.0
            for classe in reseau.classes
        ],
        dtype=float,
    )
    vitesse = par_classe[reseau.classe] if len(par_classe) else np.zeros(len(reseau.de))
    if conventions.mode != "pied":
        permise = reseau.limite_km_h * conventions.part_de_la_limite
        vitesse = np.fmin(vitesse, np.where(permise > 0, permise, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        minutes = reseau.longueur_m / 1000 / vitesse * 60
    return np.where(vitesse > 0, minutes, np.inf)


def sphere(latitude: Reels, longitude: Reels) -> Reels:
    """Renvoie les points de la sphère de rayon 1, n lignes et trois colonnes."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.column_stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))


def _blocs(
    graphe: Arcs, sources: Longs, cibles: Longs, *, acces: tuple[Reels, Reels], limite: float
) -> Iterator[tuple[Longs, Longs, Reels]]:
    """Parcourt les couples à portée, par lots de sources de mémoire bornée."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    ordre = np.argsort(sources, kind="stable")
    matrice = csr_array((graphe.minutes, (graphe.de, graphe.vers)), shape=(graphe.n, graphe.n))
    lot = max(1, _CASES // max(graphe.n, len(cibles), 1))
    for debut in range(0, len(ordre), lot):
        points = ordre[debut : debut + lot]
        noeuds, ligne = np.unique(sources[points], return_inverse=True)
        chemins = dijkstra(matrice, directed=True, indices=noeuds, limit=limite)
        temps = np.asarray(chemins)[:, cibles]
        total = temps[ligne] + acces[0][points][:, None] + acces[1][None, :]
        un, deux = np.nonzero(total <= limite)
        yield points[un], deux, total[un, deux]


def _trier(
    departs: pl.DataFrame,
    arrivees: pl.DataFrame,
    lots: list[tuple[Longs, Longs, Reels]],
    conventions: ConventionsRoutes,
    *,
    limite: float,
) -> Couples:
    """Assemble les lots en couples triés, trajets internes allongés, bornes ajoutées."""
    vide = np.zeros(0, dtype=np.int64)
    un = np.concatenate([lot[0] for lot in lots]) if lots else vide
    deux = np.concatenate([lot[1] for lot in lots]) if lots else vide
    temps = np.concatenate([lot[2] for lot in lots]) if lots else np.zeros(0)
    temps = allonger_internes(
        departs, arrivees, couples=(un, deux), temps=temps, vitesse_km_h=conventions.interne_km_h
    )
    return couples_tries(
        len(departs),
        len(arrivees),
        couples=(un, deux),
        temps=temps,
        bande=(conventions.bas, conventions.haut),
        limite=limite,
    )


def couples_tries(
    n_departs: int,
    n_arrivees: int,
    *,
    couples: tuple[Longs, Longs],
    temps: Reels,
    bande: tuple[float, float] = (1.0, 1.0),
    limite: float,
) -> Couples:
    """Renvoie les couples d'au plus ``limite`` minutes, triés par départ puis par arrivée.

    Parameters
    ----------
    couples
        Rangs de départ et d'arrivée.
    bande
        Bornes, en multiple du temps.
    """
    un, deux = couples
    pris = np.flatnonzero(temps <= limite)
    pris = pris[np.lexsort((deux[pris], un[pris]))]
    return Couples(
        n_departs=n_departs,
        n_arrivees=n_arrivees,
        depart=un[pris].astype(np.int32),
        arrivee=deux[pris].astype(np.int32),
        temps=temps[pris],
        bas=temps[pris] * bande[0],
        haut=temps[pris] * bande[1],
    )


def allonger_internes(
    departs: pl.DataFrame,
    arrivees: pl.DataFrame,
    *,
    couples: tuple[Longs, Longs],
    temps: Reels,
    vitesse_km_h: float,
) -> Reels:
    """Renvoie les temps, au moins √superficie / 2 à cette vitesse dans une même commune.

    Sans ``code`` des deux côtés ni ``superficie_km2`` au départ (des carreaux, des adresses), rien
    ne change.
    """
    if not (
        {"code", "superficie_km2"} <= set(departs.columns)
        and "code" in arrivees.columns
        and len(temps)
    ):
        return temps
    codes = pl.concat([departs["code"].cast(pl.Utf8), arrivees["code"].cast(pl.Utf8)])
    rangs = codes.fill_null("").rank("dense").to_numpy()
    connus = (codes.fill_null("") != "").to_numpy()
    un, deux = couples[0], couples[1] + len(departs)
    superficie = departs["superficie_km2"].cast(pl.Float64).fill_null(0.0).to_numpy()
    au_moins = distance_interne_km(superficie)[couples[0]] / vitesse_km_h * 60
    memes = (rangs[un] == rangs[deux]) & connus[un]
    return np.where(memes, np.fmax(temps, au_moins), temps)
