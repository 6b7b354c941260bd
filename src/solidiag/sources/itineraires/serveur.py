"""Fournisseur de temps de trajet qui interroge un serveur, par lots, sans rien inventer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from solidiag.errors import RecuperationImpossible
from solidiag.geography.couples import Couples
from solidiag.geography.distances import distances_km
from solidiag.geography.reseau_routier import allonger_internes, couples_tries, sphere
from solidiag.sources.itineraires.appels import Appels, SansTrajet, TropGrand
from solidiag.sources.itineraires.moteurs import (
    MOTEURS,
    VITESSE_MAXIMALE_KM_H,
    ReponseIncoherente,
    verifier_les_temps,
)
from solidiag.sources.itineraires.reglage import Reglage
from solidiag.sources.protocoles.horloge import Horloge, HorlogeDuSysteme
from solidiag.sources.protocoles.session import sans_parametres

if TYPE_CHECKING:
    import httpx

Reels = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

_NOMS = {"osrm": "OSRM", "valhalla": "Valhalla", "ign": "Géoplateforme de l'IGN"}
_ECHECS_DE_SUITE = 3
_RAYON_KM = 6371.0088


class ItinerairesServeur:
    """Temps de trajet d'un serveur OSRM, Valhalla ou IGN (voir `Itineraires`).

    Parameters
    ----------
    interne_km_h
        Vitesse du trajet à l'intérieur de la commune du service.
    transport
        Ce qui porte les requêtes ; le réseau si ``None``.
    horloge
        Ce qui dit l'heure et attend ; l'horloge du système si ``None``.
    """

    estime = False

    def __init__(
        self,
        reglage: Reglage,
        *,
        mode: str = "voiture",
        interne_km_h: float,
        transport: httpx.BaseTransport | None = None,
        horloge: Horloge | None = None,
    ) -> None:
        if not reglage.profil(mode):
            msg = f"le serveur {reglage.type} n'a pas de profil pour le mode {mode}"
            raise ValueError(msg)
        self._reglage, self._mode, self._interne = reglage, mode, interne_km_h
        self._transport, self._horloge = transport, horloge or HorlogeDuSysteme()
        self._bilan = _Bilan()

    @property
    def nom(self) -> str:
        """Nom imprimé du fournisseur."""
        return f"serveur d'itinéraires {_NOMS[self._reglage.type]}"

    @property
    def mode(self) -> str:
        """``voiture``, ``velo`` ou ``pied``."""
        return self._mode

    @property
    def remarques(self) -> tuple[str, ...]:
        """Ce qui a manqué, tous calculs réunis."""
        return self._bilan.remarques()

    def couples(self, departs: pl.DataFrame, arrivees: pl.DataFrame, *, limite: float) -> Couples:
        """Renvoie les couples à portée (voir `Itineraires`).

        Un couple sans réponse n'a aucun temps. Seuls sont demandés les couples que la ligne droite
        à pleine vitesse laisse à portée.

        Raises
        ------
        RecuperationImpossible
            Si le serveur n'a répondu à aucune requête, ou s'il y a trop de couples à lui demander.
        """
        partis, arrives = _points(departs), _points(arrivees)
        rayon = limite / 60 * VITESSE_MAXIMALE_KM_H[self._mode]
        rayon += 2 * self._reglage.distance_au_reseau_m / 1000
        lots = list(_lots(partis, arrives, cote=self._cote, rayon_km=rayon))
        demandes = sum(len(un) * len(deux) for un, deux in lots)
        self._refuser_trop(demandes)
        collecte = _Collecte()
        with Appels(self._reglage, horloge=self._horloge, transport=self._transport) as appels:
            for un, deux in lots:
                if collecte.de_suite >= _ECHECS_DE_SUITE:
                    collecte.sautes += len(un) * len(deux)
                    continue
                self._demander(appels, collecte, partis, arrives, lot=(un, deux))
        if collecte.erreur is not None and not collecte.reponses:
            raise collecte.erreur
        self._bilan = self._bilan.plus(collecte, demandes)
        couples, temps = collecte.couples()
        temps = allonger_internes(
            departs, arrivees, couples=couples, temps=temps, vitesse_km_h=self._interne
        )
        return couples_tries(
            len(departs), len(arrivees), couples=couples, temps=temps, limite=limite
        )

    @property
    def _cote(self) -> int:
        return max(1, self._reglage.points_par_requete // 2)

    def _refuser_trop(self, demandes: int) -> None:
        if self._reglage.type == "ign" and demandes > self._reglage.couples_maximum:
            raise RecuperationImpossible(
                sans_parametres(self._reglage.base),
                cause="taille",
                raison=f"ce serveur calcule un couple par requête, et il y en a {demandes} "
                f"(au plus {self._reglage.couples_maximum})",
                conseil="Importez un réseau routier, ou réglez un serveur OSRM ou Valhalla",
            )

    def _demander(
        self,
        appels: Appels,
        collecte: _Collecte,
        partis: Reels,
        arrives: Reels,
        *,
        lot: tuple[Longs, Longs],
    ) -> None:
        """Demande un lot ; le coupe en deux si le serveur le trouve trop grand."""
        un, deux = lot
        moteur = MOTEURS[self._reglage.type]
        droit = distances_km(
            partis[un, 0],
            partis[un, 1],
            vers_latitudes=arrives[deux, 0],
            vers_longitudes=arrives[deux, 1],
        )
        try:
            minutes = moteur(appels, self._reglage, self._mode, partis[un], arrives[deux])
            verifier_les_temps(
                minutes,
                droit_km=droit,
                mode=self._mode,
                accroche_m=self._reglage.distance_au_reseau_m,
            )
        except (TropGrand, SansTrajet) as refus:
            # Un lot trop grand, ou dont un seul point est hors réseau : ses moitiés répondront.
            if len(un) * len(deux) > 1:
                for moitie in _moities(un, deux):
                    self._demander(appels, collecte, partis, arrives, lot=moitie)
            elif isinstance(refus, SansTrajet):
                collecte.ranger(un, deux, np.full((1, 1), np.nan))
            else:
                collecte.refuser(1, self._incoherent())
        except ReponseIncoherente:
            collecte.refuser(len(un) * len(deux), self._incoherent())
        except RecuperationImpossible as erreur:
            collecte.refuser(len(un) * len(deux), erreur)
        else:
            collecte.ranger(un, deux, minutes)

    def _incoherent(self) -> RecuperationImpossible:
        return RecuperationImpossible(
            sans_parametres(self._reglage.base),
            cause="reponse",
            raison="serveur d'itinéraires : sa réponse n'a pas la forme ou les temps attendus",
            conseil="Vérifiez le type et le profil du réglage « itineraires »",
        )


class _Collecte:
    """Réponses reçues, refus, et ce qu'il faut en dire."""

    def __init__(self) -> None:
        self._lots: list[tuple[Longs, Longs, Reels]] = []
        self.reponses = self.sans_trajet = self.refuses = self.sautes = self.de_suite = 0
        self.erreur: RecuperationImpossible | None = None

    def ranger(self, un: Longs, deux: Longs, minutes: Reels) -> None:
        self.de_suite = 0
        self.reponses += 1
        self.sans_trajet += int(np.isnan(minutes).sum())
        i, j = np.nonzero(np.isfinite(minutes))
        self._lots.append((un[i], deux[j], minutes[i, j]))

    def refuser(self, nombre: int, erreur: RecuperationImpossible) -> None:
        self.refuses += nombre
        self.de_suite += 1
        self.erreur = erreur

    def couples(self) -> tuple[tuple[Longs, Longs], Reels]:
        vide = np.zeros(0, dtype=np.int64)
        lots = self._lots or [(vide, vide, np.zeros(0))]
        un, deux, temps = (np.concatenate([lot[c] for lot in lots]) for c in range(3))
        return (un.astype(np.int64), deux.astype(np.int64)), temps


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bilan:
    """Couples demandés, sans réponse et sans trajet, depuis que le fournisseur sert."""

    demandes: int = 0
    manque: int = 0
    sans_trajet: int = 0
    cause: str = ""

    def plus(self, collecte: _Collecte, demandes: int) -> _Bilan:
        """Ajoute un calcul."""
        return _Bilan(
            demandes=self.demandes + demandes,
            manque=self.manque + collecte.refuses + collecte.sautes,
            sans_trajet=self.sans_trajet + collecte.sans_trajet,
            cause=collecte.erreur.raison if collecte.erreur else self.cause,
        )

    def remarques(self) -> tuple[str, ...]:
        dites = []
        if self.manque:
            dites.append(
                f"Réponses incomplètes du serveur d'itinéraires : {self.manque} couples sur "
                f"{self.demandes} n'ont aucun temps. Dernière cause : {self.cause}."
            )
        if self.sans_trajet:
            dites.append(
                f"Le serveur d'itinéraires ne trouve aucun trajet pour {self.sans_trajet} couples "
                f"sur {self.demandes}."
            )
        return tuple(dites)


def _moities(un: Longs, deux: Longs) -> tuple[tuple[Longs, Longs], tuple[Longs, Longs]]:
    """Coupe un lot en deux, du plus long de ses côtés."""
    if len(un) >= len(deux):
        return (un[: len(un) // 2], deux), (un[len(un) // 2 :], deux)
    return (un, deux[: len(deux) // 2]), (un, deux[len(deux) // 2 :])


def _points(table: pl.DataFrame) -> Reels:
    return np.column_stack(
        [
            table[colonne].cast(pl.Float64).fill_null(np.nan).to_numpy()
            for colonne in ("latitude", "longitude")
        ]
    )


def _lots(
    partis: Reels, arrives: Reels, *, cote: int, rayon_km: float
) -> Iterator[tuple[Longs, Longs]]:
    """Parcourt les lots de départs voisins et des arrivées qu'ils peuvent atteindre."""
    from scipy.spatial import cKDTree

    un = np.flatnonzero(np.isfinite(partis).all(axis=1))
    deux = np.flatnonzero(np.isfinite(arrives).all(axis=1))
    if not len(un) or not len(deux):
        return
    case = max(0.05, rayon_km / 111.2)
    un = un[np.lexsort((partis[un, 1], np.floor(partis[un, 0] / case)))]
    arbre = cKDTree(sphere(arrives[deux, 0], arrives[deux, 1]))
    corde = 2 * np.sin(min(rayon_km / _RAYON_KM, np.pi) / 2)
    for debut in range(0, len(un), cote):
        groupe = un[debut : debut + cote]
        voisins = arbre.query_ball_point(sphere(partis[groupe, 0], partis[groupe, 1]), corde)
        cibles = deux[np.unique(np.concatenate([np.asarray(v, dtype=np.int64) for v in voisins]))]
        for place in range(0, len(cibles), cote):
            yield groupe, cibles[place : place + cote]
