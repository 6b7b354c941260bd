"""Réglage d'un serveur d'itinéraires, écrit par la personne."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

Genre = Literal["osrm", "valhalla", "ign"]

ADRESSE_IGN = "https://data.geopf.fr/navigation"
"""Service d'itinéraire de la Géoplateforme (documentation de l'IGN, non essayé d'ici)."""

PROFILS: dict[str, dict[str, str]] = {
    "osrm": {"voiture": "driving", "velo": "bike", "pied": "foot"},
    "valhalla": {"voiture": "auto", "velo": "bicycle", "pied": "pedestrian"},
    "ign": {"voiture": "car", "pied": "pedestrian"},
}
"""Noms d'usage des profils, par genre de serveur ; le réglage peut les changer."""

_PAR_REQUETE = {"osrm": 100, "valhalla": 50, "ign": 2}


class Reglage(BaseModel):
    """Serveur d'itinéraires à interroger.

    Parameters
    ----------
    type
        ``osrm``, ``valhalla`` ou ``ign``.
    adresse
        Adresse de base (``http://127.0.0.1:5000``) ; celle de la Géoplateforme par défaut.
    profils
        Nom du profil par mode, s'il n'est pas celui d'usage.
    delai_s
        Secondes avant de renoncer à une réponse.
    essais
        Tentatives d'une même requête.
    par_requete
        Points d'une requête, départs et arrivées ensemble ; 0 : celui d'usage.
    couples_maximum
        Couples au-delà desquels on refuse un serveur qui les calcule un à un.
    distance_au_reseau_m
        Distance au-delà de laquelle un point ramené au réseau n'a aucun temps.
    secours
        ``estimation`` : si le serveur ne répond pas du tout, les temps sont estimés, et c'est dit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Genre = "osrm"
    adresse: str = ""
    profils: dict[str, str] = Field(default_factory=dict)
    delai_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    essais: Annotated[int, Field(ge=1, le=10)] = 3
    par_requete: Annotated[int, Field(ge=0, le=10_000)] = 0
    couples_maximum: Annotated[int, Field(ge=1)] = 2000
    distance_au_reseau_m: Annotated[float, Field(gt=0)] = 2000.0
    secours: Literal["estimation", "aucun"] = "aucun"

    @model_validator(mode="after")
    def _adresse_sure(self) -> Reglage:
        """Refuse une adresse où les points voyageraient sans chiffrement hors du réseau local."""
        if not self.adresse:
            if self.type != "ign":
                msg = "il manque l'adresse du serveur"
                raise ValueError(msg)
            return self
        try:
            parties = urlsplit(self.adresse)
            _ = parties.port
        except ValueError as erreur:
            msg = "l'adresse du serveur ou son port est mal écrit"
            raise ValueError(msg) from erreur
        # L'adresse peut porter un mot de passe : elle n'est pas redite.
        dite = f"{parties.scheme}://{parties.netloc.rpartition('@')[2]}"
        if parties.scheme not in ("http", "https") or not parties.hostname:
            msg = f"l'adresse « {dite} » n'est pas en http:// ou https://"
            raise ValueError(msg)
        if parties.scheme == "http" and not est_local(parties.hostname):
            msg = f"l'adresse « {dite} » n'est pas locale : elle doit être en https://"
            raise ValueError(msg)
        return self

    @property
    def base(self) -> str:
        """Adresse de base, sans « / » final."""
        return (self.adresse or ADRESSE_IGN).rstrip("/")

    @property
    def points_par_requete(self) -> int:
        """Points d'une requête."""
        return self.par_requete or _PAR_REQUETE[self.type]

    def profil(self, mode: str) -> str:
        """Renvoie le nom du profil d'un mode, vide si le serveur n'en a pas."""
        return self.profils.get(mode) or PROFILS[self.type].get(mode, "")


def depuis_texte(texte: str) -> dict[str, str]:
    """Renvoie le réglage écrit dans ``SOLIDIAG_ITINERAIRES``.

    Examples
    --------
    >>> depuis_texte("http://127.0.0.1:5000")
    {'type': 'osrm', 'adresse': 'http://127.0.0.1:5000'}
    >>> depuis_texte("valhalla+http://127.0.0.1:8002")
    {'type': 'valhalla', 'adresse': 'http://127.0.0.1:8002'}
    >>> depuis_texte("ign")
    {'type': 'ign', 'adresse': ''}
    """
    genre, plus, adresse = texte.strip().partition("+")
    if plus and "://" not in genre:
        return {"type": genre, "adresse": adresse}
    if "://" not in texte:
        return {"type": texte.strip(), "adresse": ""}
    return {"type": "osrm", "adresse": texte.strip()}


def est_local(hote: str) -> bool:
    """Dit si un hôte est cette machine ou le réseau de l'organisation.

    Examples
    --------
    >>> [est_local(h) for h in ("127.0.0.1", "10.2.3.4", "routage", "8.8.8.8", "exemple.fr")]
    [True, True, True, False, False]
    """
    try:
        adresse = ipaddress.ip_address(hote)
    except ValueError:
        return "." not in hote
    return adresse.is_loopback or adresse.is_private
