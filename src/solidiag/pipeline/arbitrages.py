"""Trancher une paire de services, ou annuler ce qui a été tranché."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from solidiag.errors import ArbitrageImpossible
from solidiag.offre.arbitrages import Arbitrage, suites
from solidiag.storage.ajouts import dossier_des_donnees
from solidiag.storage.arbitrages import Arbitrages
from solidiag.storage.depot import Depot


@dataclass(frozen=True, kw_only=True)
class Tranche:
    """Un arbitrage rendu, et ce qu'il entraîne par ceux déjà rendus (une phrase par suite)."""

    arbitrage: Arbitrage
    suites: tuple[str, ...]


def lire_decisions(depot: Depot) -> tuple[Arbitrage, ...]:
    """Renvoie les arbitrages en vigueur, par paire.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes du fichier.
    ArbitrageImpossible
        Si deux arbitrages se contredisent.
    """
    return depot.arbitrages.lire() if depot.arbitrages is not None else ()


def trancher(
    depot: Depot,
    id_a: str,
    id_b: str,
    verdict: Literal["meme", "different"],
    *,
    motif: str,
    auteur: str,
    jour: date,
    connus: Collection[str] | None = None,
) -> Tranche:
    """Garde un arbitrage, et renvoie ce qu'il entraîne.

    Parameters
    ----------
    id_a, id_b
        Identifiants de deux lignes de l'inventaire (colonne ``id`` de services.csv).
    auteur
        Une fonction, et non un nom.
    connus
        Identifiants de l'inventaire ; s'ils sont donnés, les deux lignes doivent y être.

    Raises
    ------
    ArbitrageImpossible
        Si un champ manque, si une ligne est inconnue, si la paire est déjà tranchée ou si
        l'arbitrage en contredit un autre ; rien n'est alors écrit.
    SortieImpossible
        Si le fichier ne peut pas être écrit.
    """
    arbitrage = Arbitrage(
        id_a=id_a, id_b=id_b, verdict=verdict, motif=motif, auteur=auteur, jour=jour.isoformat()
    )
    for identifiant in arbitrage.paire if connus is not None else ():
        if identifiant not in (connus or ()):
            proches = difflib.get_close_matches(identifiant, sorted(connus or ()), n=3)
            suite = f" Vouliez-vous dire {', '.join(proches)} ?" if proches else ""
            raise ArbitrageImpossible(
                f"« {identifiant} » n'est pas une ligne de l'inventaire",
                conseil=f"Les identifiants sont dans la colonne « id » de services.csv.{suite}",
            )
    magasin = _magasin(depot)
    entraine = suites(magasin.lire(), arbitrage)
    magasin.ajouter(arbitrage)
    depot.__dict__.pop("empreinte", None)
    return Tranche(arbitrage=arbitrage, suites=entraine)


def annuler(depot: Depot, id_a: str, id_b: str, *, jour: date) -> Arbitrage:
    """Renvoie l'arbitrage annulé ; il est gardé avec la date de son annulation.

    Raises
    ------
    ArbitrageImpossible
        Si cette paire n'est pas tranchée.
    """
    retire = _magasin(depot).annuler(id_a, id_b, jour=jour.isoformat())
    depot.__dict__.pop("empreinte", None)
    return retire


def _magasin(depot: Depot) -> Arbitrages:
    if depot.arbitrages is None:
        depot.arbitrages = Arbitrages(dossier_des_donnees())
    return depot.arbitrages
