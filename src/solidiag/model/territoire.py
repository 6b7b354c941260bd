"""Territoires : niveaux, codes, noms tels qu'on les écrit dans une phrase."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Niveau(StrEnum):
    """Niveau d'un territoire ; la valeur sert de préfixe aux identifiants."""

    COMMUNE = "COM"
    ARRONDISSEMENT_MUNICIPAL = "ARM"
    EPCI = "EPCI"
    ARRONDISSEMENT = "ARR"
    BASSIN_DE_VIE = "BV"
    ZONE_EMPLOI = "ZE"
    DEPARTEMENT = "DEP"
    REGION = "REG"
    FRANCE = "FR"
    QPV = "QPV"
    IRIS = "IRIS"
    LIBRE = "LIB"


LIBELLES_NIVEAUX: dict[Niveau, tuple[str, str]] = {
    Niveau.COMMUNE: ("commune", "communes"),
    Niveau.ARRONDISSEMENT_MUNICIPAL: ("arrondissement municipal", "arrondissements municipaux"),
    Niveau.EPCI: ("intercommunalité", "intercommunalités"),
    Niveau.ARRONDISSEMENT: ("arrondissement", "arrondissements"),
    Niveau.BASSIN_DE_VIE: ("bassin de vie", "bassins de vie"),
    Niveau.ZONE_EMPLOI: ("zone d'emploi", "zones d'emploi"),
    Niveau.DEPARTEMENT: ("département", "départements"),
    Niveau.REGION: ("région", "régions"),
    Niveau.FRANCE: ("France", "France"),
    Niveau.QPV: ("quartier prioritaire", "quartiers prioritaires"),
    Niveau.IRIS: ("Iris", "Iris"),
    Niveau.LIBRE: ("territoire propre", "territoires propres"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Territoire:
    """Un territoire du code officiel géographique.

    Parameters
    ----------
    niveau, code
        Niveau et code officiel (texte, zéros de tête gardés).
    nom
        Nom officiel (« Landes », « CA Mont de Marsan Agglomération »).
    tnccenr
        Type de nom en clair du COG (0 à 8), qui donne l'article.
    """

    niveau: Niveau
    code: str
    nom: str
    tncc: int = 0

    @property
    def id(self) -> str:
        """Identifiant unique : ``DEP-40``, ``COM-40192``, ``FR-FR``."""
        return f"{self.niveau.value}-{self.code}"
