"""Conventions d'un temps de parcours sur un réseau routier : vitesses, accès, bande."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MODES = ("voiture", "velo", "pied")
"""Modes de déplacement connus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionsRoutes:
    """Conventions d'un mode de déplacement.

    Parameters
    ----------
    mode
        ``voiture``, ``velo`` ou ``pied``.
    vitesses
        Vitesse en km/h par classe de voie ; une classe absente est fermée à ce mode.
    part_de_la_limite
        Part de la vitesse limite que l'on tient (0 à 1).
    bacs
        Vrai si les bacs sont empruntés.
    acces_m, acces_km_h
        Distance la plus longue entre un point et le réseau, et vitesse à laquelle on la parcourt.
    interne_km_h
        Vitesse du trajet à l'intérieur de la commune du service.
    bas, haut
        Bornes d'un temps, en multiple du temps central.
    part_composante
        Part des points du réseau sous laquelle une partie isolée est écartée (0 à 1).
    """

    mode: str
    vitesses: Mapping[str, float]
    part_de_la_limite: float
    bacs: bool
    acces_m: float
    acces_km_h: float
    interne_km_h: float
    bas: float
    haut: float
    part_composante: float

    def __post_init__(self) -> None:
        """Vérifie que les vitesses sont positives et les bornes dans l'ordre."""
        fautes = [f"vitesse de « {c} » : {v}" for c, v in self.vitesses.items() if not v > 0]
        if self.mode not in MODES:
            fautes.append(f"mode inconnu : {self.mode}")
        if not 0 < self.part_de_la_limite <= 1:
            fautes.append(f"part de la limite hors de ]0, 1] : {self.part_de_la_limite}")
        if not (self.acces_m > 0 and self.acces_km_h > 0 and self.interne_km_h > 0):
            fautes.append("distance ou vitesse d'accès nulle")
        if not 0 < self.bas <= 1 <= self.haut:
            fautes.append(f"bornes dans le désordre : {self.bas}, {self.haut}")
        if fautes:
            raise ValueError(" ; ".join(fautes))

    @classmethod
    def depuis(cls, contenu: Mapping[str, Any], *, mode: str) -> ConventionsRoutes:
        """Renvoie les conventions d'un mode, tirées de la déclaration ``routes``.

        Raises
        ------
        KeyError
            S'il manque une clé.
        ValueError
            Si une vitesse, une part ou une borne est hors de ses limites.
        """
        acces = contenu["acces"]
        bande = contenu["bande"][mode]
        return cls(
            mode=mode,
            vitesses={str(c): float(v) for c, v in contenu["vitesses_km_h"][mode].items()},
            part_de_la_limite=float(contenu["part_de_la_limite"][mode]),
            bacs=bool(contenu["bacs"]["empruntes"]),
            acces_m=float(acces["distance_maximale_m"]),
            acces_km_h=float(acces["vitesse_km_h"][mode]),
            interne_km_h=float(contenu["trajet_interne_vitesse_km_h"][mode]),
            bas=float(bande["bas"]),
            haut=float(bande["haut"]),
            part_composante=float(contenu["part_composante_minimale"]),
        )


def conventions_par_mode(contenu: Mapping[str, Any]) -> dict[str, ConventionsRoutes]:
    """Renvoie les conventions de chaque mode, tirées de la déclaration ``routes``.

    Raises
    ------
    KeyError, ValueError
        Voir `ConventionsRoutes.depuis`.
    """
    return {mode: ConventionsRoutes.depuis(contenu, mode=mode) for mode in MODES}
