"""Couples à portée par l'estimation à vol d'oiseau, sans matrice : recherche par voisinage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from solidiag.geography.couples import Couples, Entiers, Reels
from solidiag.geography.distances import (
    RAYON_TERRE_KM,
    Mode,
    ParametresTrajet,
    distance_interne_km,
    distances_de_couples_km,
    lenteurs,
    rayon_km,
    temps_de_couples,
)

Booleens = npt.NDArray[np.bool_]
Masque = Callable[[Entiers, Entiers], Booleens]
"""Rangs de départ et d'arrivée → couples permis (la mer les sépare-t-elle ?)."""

_CANDIDATS = 20_000_000
"""Couples possibles d'un bloc, au plus : borne la mémoire quelle que soit la limite."""

_NOMS = {Mode.VOITURE: "en voiture", Mode.VELO: "à vélo", Mode.PIED: "à pied"}


def points_connus(points: pl.DataFrame) -> Booleens:
    """Renvoie, par point, si sa latitude et sa longitude sont connues."""
    latitudes, longitudes = _reels(points, "latitude"), _reels(points, "longitude")
    return np.asarray(np.isfinite(latitudes) & np.isfinite(longitudes), dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItinerairesEstimes:
    """Estimation à vol d'oiseau (`solidiag.geography.distances`), au contrat `Itineraires`.

    Donne les mêmes temps que l'estimation en matrice, pour les seuls couples à portée : la limite
    devient une distance, et les arrivées d'un disque sont cherchées dans un arbre.

    Parameters
    ----------
    parametres
        Conventions du mode (`ParametresTrajet.depuis`).
    mode
        ``voiture``, ``velo`` ou ``pied``.
    """

    parametres: ParametresTrajet
    mode: str = Mode.VOITURE

    @property
    def nom(self) -> str:
        """Nom imprimé du fournisseur."""
        return f"estimation à vol d'oiseau, {_NOMS[Mode(self.mode)]}"

    @property
    def estime(self) -> bool:
        """Vrai : le temps est une convention."""
        return True

    @property
    def remarques(self) -> tuple[str, ...]:
        """Rien ne manque à une estimation."""
        return ()

    def limite_de_bande(self, limite: float) -> float:
        """Renvoie la limite qui donne tous les couples dont la borne basse est sous ``limite``.

        Les bornes d'une mesure demandent ces couples, que leur temps central écarterait.
        """
        p = self.parametres
        bandes = [*p.vitesses.values(), p.vitesse_sans_densite, p.vitesse_longue]
        rapport = max(bande.haut / bande.central for bande in bandes)
        plus_vite = max(bande.central for bande in bandes)
        # Une route longue plus lente que la route locale rendrait le temps convexe.
        ralenti = max(1.0, plus_vite / p.vitesse_longue.central)
        return limite * rapport * ralenti * p.detour.central / p.detour.bas

    def couples(
        self,
        departs: pl.DataFrame,
        arrivees: pl.DataFrame,
        *,
        limite: float,
        masque: Masque | None = None,
    ) -> Couples:
        """Renvoie les couples dont le temps central ne dépasse pas ``limite`` minutes.

        Parameters
        ----------
        departs, arrivees
            ``latitude``, ``longitude`` (degrés). Si on les a : ``densite_niveau`` ; ``code`` de
            commune des deux côtés et ``superficie_km2`` au départ, pour que le trajet à
            l'intérieur d'une commune ait une longueur. Un point manquant n'est d'aucun couple.
        limite
            Minutes, comprises.
        masque
            Couples permis ; par défaut, tous.
        """
        recherche = _Recherche.depuis(self.parametres, departs, arrivees, limite, masque)
        blocs = list(recherche.blocs())

        def colonne(rang: int, type_: type) -> npt.NDArray[Any]:
            if not blocs:
                return np.empty(0, dtype=type_)
            assemblee = np.concatenate([bloc[rang] for bloc in blocs])
            for bloc in blocs:
                bloc[rang] = np.empty(0, dtype=type_)
            return assemblee

        return Couples(
            n_departs=departs.height,
            n_arrivees=arrivees.height,
            depart=colonne(0, np.int32),
            arrivee=colonne(1, np.int32),
            temps=colonne(2, float),
            bas=colonne(3, float),
            haut=colonne(4, float),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Points:
    """Points d'un côté, prêts à chercher."""

    latitudes: Reels
    longitudes: Reels
    sphere: Reels
    lenteurs: dict[str, Reels]
    groupes: list[tuple[int | None, Entiers]]
    """Niveau de densité → rangs des points connus, croissants."""

    @classmethod
    def depuis(cls, table: pl.DataFrame, parametres: ParametresTrajet) -> _Points:
        latitudes, longitudes = _reels(table, "latitude"), _reels(table, "longitude")
        phi, lam = np.radians(latitudes), np.radians(longitudes)
        niveaux: list[int | None] = (
            table["densite_niveau"].to_list()
            if "densite_niveau" in table.columns
            else [None] * table.height
        )
        connus = np.flatnonzero(points_connus(table))
        cles = np.array([-1 if niveau is None else niveau for niveau in niveaux])[connus]
        return cls(
            latitudes=latitudes,
            longitudes=longitudes,
            sphere=np.column_stack(
                (np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi))
            ),
            lenteurs=lenteurs(parametres, niveaux),
            groupes=[
                (None if cle < 0 else int(cle), connus[cles == cle].astype(np.int32))
                for cle in np.unique(cles)
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Recherche:
    parametres: ParametresTrajet
    departs: _Points
    arrivees: _Points
    communes: tuple[Entiers, Entiers]
    internes: Reels
    limite: float
    masque: Masque | None

    @classmethod
    def depuis(
        cls,
        parametres: ParametresTrajet,
        departs: pl.DataFrame,
        arrivees: pl.DataFrame,
        limite: float,
        masque: Masque | None,
    ) -> _Recherche:
        internes = np.zeros(departs.height)
        if "superficie_km2" in departs.columns:
            internes = distance_interne_km(np.nan_to_num(_reels(departs, "superficie_km2")))
        return cls(
            parametres=parametres,
            departs=_Points.depuis(departs, parametres),
            arrivees=_Points.depuis(arrivees, parametres),
            communes=_communes(departs, arrivees),
            internes=internes,
            limite=limite,
            masque=masque,
        )

    def blocs(self) -> Iterator[list[npt.NDArray[Any]]]:
        """Colonnes des couples, bloc de départs par bloc, triées par départ puis par arrivée."""
        from scipy.spatial import cKDTree

        arbres = [
            (niveau, rangs, cKDTree(self.arrivees.sphere[rangs]))
            for niveau, rangs in self.arrivees.groupes
        ]
        nombre = len(self.departs.latitudes)
        taille = max(1, _CANDIDATS // max(1, len(self.arrivees.latitudes)))
        for debut in range(0, nombre, taille):
            trouves = []
            for niveau, tous in self.departs.groupes:
                a, b = np.searchsorted(tous, (debut, debut + taille))
                rangs = tous[a:b]
                if len(rangs):
                    arbre = cKDTree(self.departs.sphere[rangs])
                    for vers, arrivees, autre in arbres:
                        proches = arbre.sparse_distance_matrix(
                            autre, self._corde(niveau, vers), output_type="ndarray"
                        )
                        trouves.append((rangs[proches["i"]], arrivees[proches["j"]]))
            if trouves:
                departs, autres = (np.concatenate(cote) for cote in zip(*trouves, strict=True))
                ordre = np.argsort(departs.astype(np.int64) * len(self.arrivees.latitudes) + autres)
                yield self._bloc(departs[ordre], autres[ordre])

    def _corde(self, niveau: int | None, vers: int | None) -> float:
        """Corde, sur la sphère unité, qui contient tous les couples à portée de deux niveaux."""
        lenteur = float(lenteurs(self.parametres, [niveau, vers])["central"].mean())
        angle = rayon_km(self.parametres, self.limite, lenteur=lenteur) / RAYON_TERRE_KM
        # Une marge couvre les arrondis ; la limite elle-même est vérifiée sur le temps.
        return float(2 * np.sin(min(angle * (1 + 1e-9) + 1e-9, np.pi) / 2))

    def _bloc(self, depart: Entiers, arrivee: Entiers) -> list[npt.NDArray[Any]]:
        if self.masque is not None:
            permis = self.masque(depart, arrivee)
            depart, arrivee = depart[permis], arrivee[permis]
        distances = distances_de_couples_km(
            self.departs.latitudes[depart],
            self.departs.longitudes[depart],
            vers_latitudes=self.arrivees.latitudes[arrivee],
            vers_longitudes=self.arrivees.longitudes[arrivee],
        )
        meme = np.flatnonzero(self.communes[0][depart] == self.communes[1][arrivee])
        distances[meme] = np.maximum(distances[meme], self.internes[depart[meme]])
        temps = temps_de_couples(
            distances,
            self.parametres,
            lenteurs_depart=self.departs.lenteurs,
            lenteurs_arrivee=self.arrivees.lenteurs,
            depart=depart,
            arrivee=arrivee,
        )
        dedans = temps.central <= self.limite
        return [
            colonne[dedans] for colonne in (depart, arrivee, temps.central, temps.bas, temps.haut)
        ]


def _reels(table: pl.DataFrame, colonne: str) -> Reels:
    return table[colonne].cast(pl.Float64).to_numpy()


def _communes(departs: pl.DataFrame, arrivees: pl.DataFrame) -> tuple[Entiers, Entiers]:
    """Un numéro par commune ; jamais le même des deux côtés quand le code manque."""
    if "code" not in departs.columns or "code" not in arrivees.columns:
        absents = (np.full(departs.height, -1), np.full(arrivees.height, -2))
        return absents[0].astype(np.int32), absents[1].astype(np.int32)
    codes = pl.concat([departs["code"].cast(pl.String), arrivees["code"].cast(pl.String)])
    numeros = codes.rank("dense").cast(pl.Int32)
    return (
        numeros[: departs.height].fill_null(-1).to_numpy(),
        numeros[departs.height :].fill_null(-2).to_numpy(),
    )
