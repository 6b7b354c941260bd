"""Ce que chaque serveur d'itinéraires attend et rend : un lot de départs, un lot d'arrivées.

Formes : OSRM, service ``table`` v1 (documentation du projet) ; Valhalla, ``sources_to_targets``
(documentation du projet) ; IGN, ``itineraire`` de la Géoplateforme (documentation de l'IGN et
réponses décrites par des tiers). Aucun de ces serveurs n'a pu être interrogé d'ici : les essais
parlent à un serveur local qui suit ces documents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt

from solidiag.geography.distances import distances_km
from solidiag.sources.itineraires.appels import Appels, SansTrajet
from solidiag.sources.itineraires.reglage import Reglage

Reels = npt.NDArray[np.float64]

VITESSE_MAXIMALE_KM_H = {"voiture": 130.0, "velo": 45.0, "pied": 10.0}
"""Vitesse moyenne qu'aucun trajet ne dépasse : au-delà, la réponse est incohérente."""

_MARGE_MIN = 1.0


class ReponseIncoherente(Exception):
    """Réponse dont la forme ou les temps ne sont pas ceux attendus."""


Moteur = Callable[[Appels, Reglage, str, Reels, Reels], Reels]
"""Renvoie les minutes (départs en lignes, arrivées en colonnes), ``nan`` sans trajet.

Les points sont des lignes ``latitude, longitude`` en degrés.
"""


def demander_osrm(
    appels: Appels, reglage: Reglage, mode: str, departs: Reels, arrivees: Reels
) -> Reels:
    """Demande un tableau à OSRM ; un point ramené trop loin n'a aucun temps."""
    tous = np.vstack((departs, arrivees))
    points = ";".join(f"{longitude:.6f},{latitude:.6f}" for latitude, longitude in tous)
    premiers = ";".join(str(i) for i in range(len(departs)))
    seconds = ";".join(str(len(departs) + j) for j in range(len(arrivees)))
    lu = appels.obtenir(
        f"table/v1/{reglage.profil(mode)}/{points}"
        f"?sources={premiers}&destinations={seconds}&annotations=duration"
    )
    if lu.get("code") != "Ok":
        raise ReponseIncoherente
    minutes = _matrice(lu.get("durations"), (len(departs), len(arrivees))) / 60
    for nom, axe in (("sources", 0), ("destinations", 1)):
        loin = _loin(lu.get(nom), minutes.shape[axe], reglage.distance_au_reseau_m)
        minutes[loin if axe == 0 else (slice(None), loin)] = np.nan
    return minutes


def demander_valhalla(
    appels: Appels, reglage: Reglage, mode: str, departs: Reels, arrivees: Reels
) -> Reels:
    """Demande une matrice à Valhalla."""

    def lieux(points: Reels) -> list[dict[str, float]]:
        return [{"lat": round(a, 6), "lon": round(o, 6)} for a, o in points.tolist()]

    lu = appels.obtenir(
        "sources_to_targets",
        corps={
            "sources": lieux(departs),
            "targets": lieux(arrivees),
            "costing": reglage.profil(mode),
        },
    )
    lignes = lu.get("sources_to_targets")
    if isinstance(lignes, dict):  # forme courte des versions récentes
        return _matrice(lignes.get("durations"), (len(departs), len(arrivees))) / 60
    if not isinstance(lignes, list) or not all(isinstance(ligne, list) for ligne in lignes):
        raise ReponseIncoherente
    temps = [
        [case.get("time") if isinstance(case, dict) else None for case in ligne] for ligne in lignes
    ]
    return _matrice(temps, (len(departs), len(arrivees))) / 60


def demander_ign(
    appels: Appels, reglage: Reglage, mode: str, departs: Reels, arrivees: Reels
) -> Reels:
    """Demande des itinéraires à la Géoplateforme, un couple par requête."""
    minutes = np.full((len(departs), len(arrivees)), np.nan)
    for i, depart in enumerate(departs.tolist()):
        for j, arrivee in enumerate(arrivees.tolist()):
            question = urlencode(
                {
                    "resource": "bdtopo-osrm",
                    "profile": reglage.profil(mode),
                    "optimization": "fastest",
                    "start": f"{depart[1]:.6f},{depart[0]:.6f}",
                    "end": f"{arrivee[1]:.6f},{arrivee[0]:.6f}",
                    "getSteps": "false",
                    "getBbox": "false",
                    "timeUnit": "second",
                }
            )
            try:
                lu = appels.obtenir(f"itineraire?{question}")
            except SansTrajet:
                continue
            duree = lu.get("duration")
            if isinstance(duree, bool) or not isinstance(duree, int | float):
                raise ReponseIncoherente
            par = {"second": 60.0, "minute": 1.0, "hour": 1 / 60}.get(
                str(lu.get("timeUnit", "second"))
            )
            if par is None:
                raise ReponseIncoherente
            if _accroche_loin(lu.get("start"), depart, reglage) or _accroche_loin(
                lu.get("end"), arrivee, reglage
            ):
                continue
            try:
                minutes[i, j] = duree / par
            except OverflowError as erreur:
                raise ReponseIncoherente from erreur
    return minutes


MOTEURS: dict[str, Moteur] = {
    "osrm": demander_osrm,
    "valhalla": demander_valhalla,
    "ign": demander_ign,
}


def verifier_les_temps(minutes: Reels, *, droit_km: Reels, mode: str, accroche_m: float) -> None:
    """Refuse des temps négatifs, infinis ou plus courts que la ligne droite à pleine vitesse.

    Raises
    ------
    ReponseIncoherente
        Au premier temps impossible : une unité mal comprise fausserait tout.
    """
    connus = np.isfinite(minutes)
    au_moins = np.maximum(droit_km - 2 * accroche_m / 1000, 0) / VITESSE_MAXIMALE_KM_H[mode] * 60
    if np.isinf(minutes).any() or (minutes[connus] < au_moins[connus] - _MARGE_MIN).any():
        raise ReponseIncoherente
    if (minutes[connus] < 0).any():
        raise ReponseIncoherente


def _matrice(lignes: Any, forme: tuple[int, int]) -> Reels:
    """Lit une matrice JSON de nombres et de ``null`` (sans trajet)."""
    if (
        not isinstance(lignes, list)
        or len(lignes) != forme[0]
        or not all(isinstance(ligne, list) and len(ligne) == forme[1] for ligne in lignes)
        or not all(
            case is None or (isinstance(case, int | float) and not isinstance(case, bool))
            for ligne in lignes
            for case in ligne
        )
    ):
        raise ReponseIncoherente
    try:
        return np.array(
            [[np.nan if case is None else float(case) for case in ligne] for ligne in lignes]
        ).reshape(forme)
    except OverflowError as erreur:
        raise ReponseIncoherente from erreur


def _loin(points: Any, nombre: int, seuil_m: float) -> npt.NDArray[np.bool_]:
    """Points ramenés au réseau de trop loin, si le serveur le dit (``distance``, en mètres)."""
    if not isinstance(points, list) or len(points) != nombre:
        return np.zeros(nombre, dtype=bool)
    distances = [point.get("distance") if isinstance(point, dict) else None for point in points]
    return np.array([isinstance(d, int | float) and d > seuil_m for d in distances], dtype=bool)


def _accroche_loin(lieu: Any, demande: list[float], reglage: Reglage) -> bool:
    """Dit si la réponse part d'un lieu (« longitude,latitude ») loin de celui demandé."""
    try:
        longitude, latitude = (float(x) for x in str(lieu).split(","))
    except ValueError:
        return False
    ecart = distances_km(
        [demande[0]], [demande[1]], vers_latitudes=[latitude], vers_longitudes=[longitude]
    )
    return bool(ecart[0, 0] * 1000 > reglage.distance_au_reseau_m)
