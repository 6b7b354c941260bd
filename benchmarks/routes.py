"""Temps de trajet sur un réseau routier fictif de 200 000 tronçons, comparé à networkx.

Deux réseaux, tirés au sort avec une graine fixe sur l'étendue d'un département :

- l'un a la forme d'un extrait d'OpenStreetMap : carrefours, tracés à plusieurs points, impasses ;
- l'autre n'a que des carrefours, une grille : le cas difficile, que la réduction aide peu.

Chacun est interrogé par 1 000 départs et 1 000 arrivées, à moins de trente minutes en voiture.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl
from mesurer import Mesure, francais

from solidiag.geography.reseau_routier import ItinerairesRoutiers, ReseauRoutier
from solidiag.geography.troncons import Reseau, longueurs_m
from solidiag.storage.depot import Depot

TRONCONS = 200_000
POINTS = 1_000
LIMITE = 30.0
DEPARTS_NETWORKX = 20
REPETITIONS = 3
_CLASSES = ("primary", "tertiary", "unclassified", "residential")
_SUD, _OUEST, _HAUT, _LARGE = 43.5, -1.2, 0.9, 1.2


@dataclass(frozen=True, kw_only=True)
class Comparaison:
    """Durées sur un réseau, de notre côté et de celui de networkx (mêmes temps des deux côtés)."""

    troncons: int
    couples: int
    solidiag_s: float
    preparation_s: float
    networkx_s: float
    scipy_s: float
    ecart_minutes: float

    @property
    def rapport(self) -> float:
        """Durée de networkx, étendue à tous les départs, sur la nôtre."""
        return self.networkx_s / self.solidiag_s


def grille(cote: int, hasard: np.random.Generator) -> tuple[Any, Any, Any, Any]:
    rangs = np.arange(cote * cote).reshape(cote, cote)
    de = np.concatenate((rangs[:-1].ravel(), rangs[:, :-1].ravel()))
    vers = np.concatenate((rangs[1:].ravel(), rangs[:, 1:].ravel()))
    gardes = hasard.random(len(de)) < 0.85
    y = np.repeat(np.arange(cote), cote) + hasard.uniform(-0.3, 0.3, cote**2)
    x = np.tile(np.arange(cote), cote) + hasard.uniform(-0.3, 0.3, cote**2)
    return _SUD + y * _HAUT / cote, _OUEST + x * _LARGE / cote, de[gardes], vers[gardes]


def reseau(*, points_de_trace: bool) -> Reseau:
    """Réseau fictif ; avec des points de tracé, quatre tronçons par rue et une impasse sur cinq."""
    hasard = np.random.default_rng(40)
    par_rue = 4 if points_de_trace else 1
    impasses = 0.2 if points_de_trace else 0.0
    cote = int((TRONCONS / par_rue / (1.7 + impasses)) ** 0.5)
    latitude, longitude, de, vers = grille(cote, hasard)
    if impasses:
        bouts = np.flatnonzero(hasard.random(len(latitude)) < impasses)
        nouveaux = np.arange(len(bouts)) + len(latitude)
        pas = 0.3 * _HAUT / cote
        latitude = np.concatenate((latitude, latitude[bouts] + pas))
        longitude = np.concatenate((longitude, longitude[bouts] + pas))
        de, vers = np.concatenate((de, bouts)), np.concatenate((vers, nouveaux))
    classe = hasard.choice(len(_CLASSES), len(de), p=(0.1, 0.25, 0.35, 0.3)).astype(np.uint8)
    if par_rue > 1:
        parts = np.arange(1, par_rue) / par_rue
        n = len(latitude)
        latitude, longitude = (
            np.concatenate(
                (lieu, (lieu[de, None] + (lieu[vers] - lieu[de])[:, None] * parts).ravel())
            )
            for lieu in (latitude, longitude)
        )
        milieux = n + np.arange(len(de) * (par_rue - 1)).reshape(len(de), -1)
        chaine = np.column_stack((de, milieux, vers))
        de, vers = chaine[:, :-1].ravel(), chaine[:, 1:].ravel()
        classe = np.repeat(classe, par_rue)
    droit = longueurs_m(
        latitude[de], longitude[de], vers_latitude=latitude[vers], vers_longitude=longitude[vers]
    )
    return Reseau(
        latitude=latitude,
        longitude=longitude,
        de=de.astype(np.int32),
        vers=vers.astype(np.int32),
        longueur_m=droit * hasard.uniform(1, 1.3, len(de)),
        classe=classe,
        limite_km_h=np.full(len(de), np.nan),
        sens=np.where(hasard.random(len(de)) < 0.05, 1 + 4 + 48, 63).astype(np.uint8),
        classes=_CLASSES,
    )


def lieux(graine: int) -> pl.DataFrame:
    hasard = np.random.default_rng(graine)
    return pl.DataFrame(
        {
            "latitude": hasard.uniform(_SUD, _SUD + _HAUT, POINTS),
            "longitude": hasard.uniform(_OUEST, _OUEST + _LARGE, POINTS),
        }
    )


def par_networkx(
    itineraires: ItinerairesRoutiers, departs: pl.DataFrame, arrivees: pl.DataFrame
) -> tuple[float, dict[tuple[int, int], float]]:
    """Ce qu'un utilisateur écrirait : un Dijkstra borné par départ. Durée étendue à tous."""
    import networkx

    arcs = itineraires.graphe
    graphe = networkx.DiGraph()
    graphe.add_weighted_edges_from(
        zip(arcs.de.tolist(), arcs.vers.tolist(), arcs.minutes.tolist(), strict=True)
    )
    un, deux = itineraires.accrocher(departs), itineraires.accrocher(arrivees)
    temps: dict[tuple[int, int], float] = {}
    debut = time.perf_counter()
    for rang in range(DEPARTS_NETWORKX):
        chemins = networkx.single_source_dijkstra_path_length(
            graphe, int(un.noeud[rang]), cutoff=LIMITE, weight="weight"
        )
        for cible, noeud in enumerate(deux.noeud.tolist()):
            if noeud in chemins:
                total = chemins[noeud] + un.minutes[rang] + deux.minutes[cible]
                if total <= LIMITE:
                    temps[rang, cible] = float(total)
    duree = time.perf_counter() - debut
    return duree * POINTS / DEPARTS_NETWORKX, temps


def par_scipy(itineraires: ItinerairesRoutiers, departs: pl.DataFrame) -> float:
    """Le même parcours sur le graphe entier, sans réduction, par lots de cent départs."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    arcs = itineraires.graphe
    matrice = csr_array((arcs.minutes, (arcs.de, arcs.vers)), shape=(arcs.n, arcs.n))
    noeuds = itineraires.accrocher(departs).noeud
    debut = time.perf_counter()
    for lot in np.array_split(noeuds, POINTS // 100):
        dijkstra(matrice, indices=lot, limit=LIMITE)
    return time.perf_counter() - debut


def comparer(*, points_de_trace: bool) -> Comparaison:
    """Mesure un réseau ; arrête tout si les deux côtés n'ont pas les mêmes temps."""
    carte = reseau(points_de_trace=points_de_trace)
    conventions = Depot.embarque().parametres("routes")
    departs, arrivees = lieux(1), lieux(2)
    debut = time.perf_counter()
    itineraires = ReseauRoutier(carte, nom="fictif", conventions=conventions).itineraires()
    itineraires.accrocher(departs)
    preparation = time.perf_counter() - debut
    durees = []
    for _ in range(REPETITIONS):
        debut = time.perf_counter()
        trouves = itineraires.couples(departs, arrivees, limite=LIMITE)
        durees.append(time.perf_counter() - debut)
    networkx_s, attendus = par_networkx(itineraires, departs, arrivees)
    premiers = trouves.depart < DEPARTS_NETWORKX
    nos = dict(
        zip(
            zip(trouves.depart[premiers].tolist(), trouves.arrivee[premiers].tolist(), strict=True),
            trouves.temps[premiers].tolist(),
            strict=True,
        )
    )
    if nos.keys() != attendus.keys():
        raise SystemExit("networkx ne trouve pas les mêmes couples")
    ecart = max(abs(nos[couple] - attendus[couple]) for couple in nos)
    if ecart > 1e-6:
        raise SystemExit(f"networkx ne trouve pas les mêmes temps : {ecart} minute d'écart")
    return Comparaison(
        troncons=len(carte.de),
        couples=len(trouves.temps),
        solidiag_s=min(durees),
        preparation_s=preparation,
        networkx_s=networkx_s,
        scipy_s=par_scipy(itineraires, departs),
        ecart_minutes=ecart,
    )


def mesures() -> list[Mesure]:
    """Renvoie les mesures des deux réseaux."""
    lignes = []
    for nom, trace in (
        ("forme d'un extrait OpenStreetMap", True),
        ("carrefours seuls, cas difficile", False),
    ):
        vu = comparer(points_de_trace=trace)
        note = (
            f"réseau fictif de {_milliers(vu.troncons)} tronçons, {_milliers(vu.couples)} "
            f"couples ; préparation du graphe une fois pour toutes : {francais(vu.preparation_s)} "
            f"s ; meilleure de {REPETITIONS}"
        )
        lignes.append(
            Mesure(
                nom=f"Réseau routier, 1 000 × 1 000 à trente minutes ({nom})",
                valeur=vu.solidiag_s,
                visee=2.0,
                unite="s",
                note=note,
            )
        )
        lignes.append(
            Mesure(
                nom=f"scipy sur le graphe entier, rapport à Solidiag ({nom})",
                valeur=vu.scipy_s / vu.solidiag_s,
                visee=None,
                unite="fois",
                note=f"{francais(vu.scipy_s)} s pour les seuls parcours, sans chercher les couples",
            )
        )
        lignes.append(
            Mesure(
                nom=f"networkx sur le même réseau, rapport à Solidiag ({nom})",
                valeur=vu.rapport,
                visee=None,
                unite="fois",
                note=f"networkx {version('networkx')} : {francais(vu.networkx_s)} s, étendues de "
                f"{DEPARTS_NETWORKX} départs à {_milliers(POINTS)} ; mêmes couples et mêmes temps "
                "sur ces départs, même processus",
            )
        )
    return lignes


def _milliers(n: int) -> str:
    return f"{n:,}".replace(",", "\u202f")


if __name__ == "__main__":
    for mesure in mesures():
        print(mesure.ligne())
