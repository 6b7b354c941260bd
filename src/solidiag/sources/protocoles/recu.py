"""Un fichier récupéré, et ce que l'on sait de sa récupération."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Recuperation:
    """Fichier récupéré en entier.

    Parameters
    ----------
    chemin
        Où il est.
    sha256, taille
        Empreinte et octets du fichier.
    adresse
        Adresse d'où il vient, redirections suivies, sans paramètre secret.
    obtenu_le
        Date et heure que dit le serveur, sinon celles de l'horloge.
    assemble
        Vrai si le fichier est fait de plusieurs réponses (pages d'une API) : il n'est alors pas,
        octet pour octet, un fichier du producteur.
    remarques
        Ce que la récupération a eu d'anormal, et qui reste à savoir.
    """

    chemin: Path
    sha256: str
    taille: int
    adresse: str
    obtenu_le: datetime
    assemble: bool = False
    remarques: tuple[str, ...] = ()
