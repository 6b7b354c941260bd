"""Situer à l'adresse les services qui ne le sont qu'à leur commune, si la personne le demande."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from solidiag.offre.geocodage import AdresseCherchee, Geocodeur, PointTrouve, a_geocoder, retenir
from solidiag.pipeline.alentour import Base
from solidiag.storage.ajouts import dossier_des_donnees
from solidiag.storage.depot import Depot
from solidiag.storage.geocodages import Geocodages

PARAMETRES = "geocodage"


@dataclass(frozen=True, kw_only=True)
class AGeocoder:
    """Ce qui serait envoyé, et à qui.

    Parameters
    ----------
    connues
        Adresses dont la réponse est déjà gardée.
    serveur
        Nom du serveur à qui les adresses seraient envoyées.
    """

    adresses: tuple[AdresseCherchee, ...]
    connues: int
    fournisseur: str
    serveur: str


@dataclass(frozen=True, kw_only=True)
class Geocodage:
    """Ce qu'un géocodage a donné.

    Parameters
    ----------
    precisions
        Précision → adresses retenues.
    refus
        Raison → adresses refusées.
    sans_reponse
        Adresses dont le service n'a rien dit ; elles seront redemandées.
    """

    precisions: Mapping[str, int]
    refus: Mapping[str, int]
    sans_reponse: int


def lire_geocodages(depot: Depot) -> tuple[PointTrouve, ...]:
    """Renvoie les adresses déjà géocodées.

    Raises
    ------
    DeclarationInvalide
        Si le fichier qui les garde ne se lit pas.
    """
    return depot.geocodages.lire() if depot.geocodages is not None else ()


def preparer_geocodage(base: Base) -> AGeocoder:
    """Renvoie ce qui serait envoyé ; rien ne l'est."""
    parametres = base.depot.parametres(PARAMETRES)
    connues = [point.cle for point in lire_geocodages(base.depot)]
    return AGeocoder(
        adresses=tuple(a_geocoder(base.inventaire.services, deja=connues)),
        connues=len(connues),
        fournisseur=str(parametres["fournisseur"]),
        serveur=urlsplit(str(parametres["adresse"])).hostname or "",
    )


def geocoder(
    base: Base,
    demande: AGeocoder,
    *,
    jour: date,
    geocodeur: Geocodeur | None = None,
) -> Geocodage:
    """Envoie les adresses, garde les réponses, et renvoie ce qu'elles valent.

    Les réponses d'un envoi sont gardées avant le suivant : un arrêt ne perd que l'envoi en cours.

    Parameters
    ----------
    geocodeur
        Fournisseur ; celui de ``parametres/geocodage.yaml`` par défaut.

    Raises
    ------
    RecuperationImpossible
        Si le service ne répond pas ; ce qui a été reçu avant est gardé.
    SortieImpossible
        Si les réponses ne s'écrivent pas.
    """
    parametres = base.depot.parametres(PARAMETRES)
    lot = int(parametres["lot"])
    if geocodeur is None:
        from solidiag.sources.geocodage import GeocodeurBan

        geocodeur = GeocodeurBan(
            str(parametres["adresse"]),
            nom=str(parametres["fournisseur"]),
            lot=lot,
        )
    magasin = _magasin(base.depot)
    precisions: Counter[str] = Counter()
    refus: Counter[str] = Counter()
    sans_reponse = 0
    for debut in range(0, len(demande.adresses), lot):
        envoi = demande.adresses[debut : debut + lot]
        points = _points(base, envoi, geocodeur, parametres)
        sans_reponse += len(envoi) - len(points)
        precisions.update(p.precision for p in points if not p.refus)
        refus.update(p.refus.partition(" (")[0] for p in points if p.refus)
        magasin.ajouter(points, fournisseur=geocodeur.nom, jour=jour.isoformat())
    base.depot.__dict__.pop("empreinte", None)
    return Geocodage(precisions=precisions, refus=refus, sans_reponse=sans_reponse)


def _points(
    base: Base,
    adresses: Sequence[AdresseCherchee],
    geocodeur: Geocodeur,
    parametres: Mapping[str, Any],
) -> list[PointTrouve]:
    reponses = geocodeur.geocoder(adresses)
    return [
        retenir(
            adresse,
            reponse,
            actuel=base.cadre.actuel,
            score_minimal=float(parametres["score_minimal"]),
            precisions=parametres["precisions"],
        )
        for adresse, reponse in zip(adresses, reponses, strict=True)
        if reponse is not None
    ]


def _magasin(depot: Depot) -> Geocodages:
    if depot.geocodages is None:
        depot.geocodages = Geocodages(dossier_des_donnees())
    return depot.geocodages
