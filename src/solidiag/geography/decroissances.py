"""Décroissance : ce que vaut un service à mesure qu'il s'éloigne, de 1 (sur place) à 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Reels = npt.NDArray[np.float64]


class Forme(StrEnum):
    """Formes de décroissance."""

    BINAIRE = "binaire"
    PALIERS = "paliers"
    GAUSSIENNE = "gaussienne"
    EXPONENTIELLE = "exponentielle"
    PUISSANCE = "puissance"
    LOGISTIQUE = "logistique"


_PARAMETRES: dict[Forme, tuple[str, ...]] = {
    Forme.BINAIRE: ("portee",),
    Forme.PALIERS: ("paliers",),
    Forme.GAUSSIENNE: ("portee", "echelle"),
    Forme.EXPONENTIELLE: ("portee", "echelle"),
    Forme.PUISSANCE: ("portee", "exposant", "plancher"),
    Forme.LOGISTIQUE: ("portee", "centre", "echelle"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decroissance:
    """Poids d'un service selon le temps de trajet : jamais croissant, nul au-delà de ``portee``.

    Se construit par une fonction qui porte le nom de sa forme, ou d'une déclaration (`depuis`).

    Parameters
    ----------
    forme
        Forme de la courbe.
    portee
        Minutes au-delà desquelles le poids est nul ; la borne est comprise.
    paliers
        Couples (minutes, poids), bornes croissantes et comprises : le poids vaut jusque-là.
    echelle
        Minutes : écart type de la gaussienne, temps où l'exponentielle vaut 1/e, raideur de la
        logistique.
    exposant, plancher
        Puissance : (plancher / temps) ^ exposant, et 1 en deçà de ``plancher`` minutes.
    centre
        Minutes où la logistique, avant d'être ramenée à 1 en zéro, vaut un demi.
    """

    forme: Forme
    portee: float
    paliers: tuple[tuple[float, float], ...] = ()
    echelle: float | None = None
    exposant: float | None = None
    plancher: float | None = None
    centre: float | None = None

    def __post_init__(self) -> None:
        """Vérifie que la courbe décroît et que ses paramètres sont positifs."""
        nombres = {"portee": self.portee}
        for nom in _PARAMETRES[self.forme]:
            valeur = getattr(self, nom)
            if valeur is None or valeur == ():
                msg = f"décroissance {self.forme} : « {nom} » manque"
                raise ValueError(msg)
            if nom != "paliers":
                nombres[nom] = valeur
        for nom, nombre in nombres.items():
            if not 0 < nombre < np.inf:
                msg = f"décroissance {self.forme} : « {nom} » doit être positif, reçu {nombre}"
                raise ValueError(msg)
        bornes = [borne for borne, _ in self.paliers]
        poids = [1.0, *(p for _, p in self.paliers)]
        montent = all(a < b for a, b in pairwise([0.0, *bornes]))
        descendent = all(a >= b >= 0 for a, b in pairwise(poids))
        if not (montent and descendent):
            msg = (
                "décroissance paliers : minutes croissantes et positives, poids entre 1 et 0 qui "
                f"ne remontent pas ; reçu {self.paliers}"
            )
            raise ValueError(msg)

    @classmethod
    def binaire(cls, portee: float) -> Decroissance:
        """Renvoie le tout ou rien : 1 jusqu'à ``portee`` minutes (Luo et Wang 2003)."""
        return cls(forme=Forme.BINAIRE, portee=portee)

    @classmethod
    def par_paliers(cls, paliers: Sequence[tuple[float, float]]) -> Decroissance:
        """Renvoie une décroissance par paliers (Luo et Qi 2009).

        Examples
        --------
        >>> d = Decroissance.par_paliers([(10, 1), (20, 0.68), (30, 0.22)])
        >>> d.poids(np.array([0.0, 10.0, 10.1, 30.0, 30.1])).tolist()
        [1.0, 1.0, 0.68, 0.22, 0.0]
        """
        rangs = tuple((float(borne), float(poids)) for borne, poids in paliers)
        return cls(forme=Forme.PALIERS, portee=rangs[-1][0] if rangs else 0.0, paliers=rangs)

    @classmethod
    def gaussienne(cls, portee: float, *, echelle: float) -> Decroissance:
        """Renvoie exp(-temps² / (2 echelle²)), coupée à ``portee``."""
        return cls(forme=Forme.GAUSSIENNE, portee=portee, echelle=echelle)

    @classmethod
    def exponentielle(cls, portee: float, *, echelle: float) -> Decroissance:
        """Renvoie exp(-temps / echelle), coupée à ``portee``."""
        return cls(forme=Forme.EXPONENTIELLE, portee=portee, echelle=echelle)

    @classmethod
    def puissance(cls, portee: float, *, exposant: float, plancher: float) -> Decroissance:
        """Renvoie (plancher / temps) ^ exposant, 1 sous ``plancher``, coupée à ``portee``."""
        return cls(forme=Forme.PUISSANCE, portee=portee, exposant=exposant, plancher=plancher)

    @classmethod
    def logistique(cls, portee: float, *, centre: float, echelle: float) -> Decroissance:
        """Renvoie 1 / (1 + exp((temps - centre) / echelle)), ramenée à 1 en zéro, coupée."""
        return cls(forme=Forme.LOGISTIQUE, portee=portee, centre=centre, echelle=echelle)

    @classmethod
    def depuis(cls, contenu: Mapping[str, Any]) -> Decroissance:
        """Renvoie la décroissance d'une déclaration.

        Parameters
        ----------
        contenu
            ``forme`` et ses paramètres ; ``paliers`` est une table minutes → poids.

        Raises
        ------
        ValueError
            Forme inconnue, paramètre absent, en trop, ou hors de ses bornes.

        Examples
        --------
        >>> Decroissance.depuis({"forme": "paliers", "paliers": {10: 1, 20: 0.5}}).portee
        20.0
        """
        formes = [forme.value for forme in Forme]
        if contenu.get("forme") not in formes:
            attendues = ", ".join(formes)
            msg = f"forme de décroissance « {contenu.get('forme')} » ; attendu : {attendues}"
            raise ValueError(msg)
        forme = Forme(contenu["forme"])
        donnes, attendus = set(contenu) - {"forme"}, set(_PARAMETRES[forme])
        if donnes != attendus:
            msg = (
                f"décroissance {forme} : paramètres {', '.join(sorted(donnes)) or 'absents'} ; "
                f"attendu : {', '.join(sorted(attendus))}"
            )
            raise ValueError(msg)
        if forme is Forme.PALIERS:
            return cls.par_paliers(sorted(dict(contenu["paliers"]).items()))
        lus = {nom: float(contenu[nom]) for nom in attendus}
        return cls(
            forme=forme,
            portee=lus["portee"],
            echelle=lus.get("echelle"),
            exposant=lus.get("exposant"),
            plancher=lus.get("plancher"),
            centre=lus.get("centre"),
        )

    def poids(self, temps: npt.ArrayLike) -> Reels:
        """Renvoie le poids de chaque temps, entre 0 et 1 ; ``nan`` donne 0.

        Parameters
        ----------
        temps
            Minutes, positives ou nulles.
        """
        minutes = np.asarray(temps, dtype=float)
        if self.forme is Forme.PALIERS:
            etages = np.zeros(minutes.shape)
            for borne, valeur in reversed(self.paliers):
                etages[minutes <= borne] = valeur
            return etages
        dedans = minutes <= self.portee
        if self.forme is Forme.BINAIRE:
            return dedans.astype(float)
        poids = np.zeros(minutes.shape)
        poids[dedans] = self._courbe(minutes[dedans])
        return poids

    def _courbe(self, minutes: Reels) -> Reels:
        echelle, centre = self.echelle or 1.0, self.centre or 0.0
        if self.forme is Forme.GAUSSIENNE:
            return np.asarray(np.exp(-(minutes**2) / (2 * echelle**2)), dtype=float)
        if self.forme is Forme.EXPONENTIELLE:
            return np.asarray(np.exp(-minutes / echelle), dtype=float)
        if self.forme is Forme.PUISSANCE:
            plancher, exposant = self.plancher or 1.0, self.exposant or 1.0
            return np.asarray((plancher / np.maximum(minutes, plancher)) ** exposant, dtype=float)
        # log(1 + exp(x)) ne déborde pas, là où exp(x) le ferait.
        en_zero = np.logaddexp(0, -centre / echelle)
        return np.asarray(np.exp(en_zero - np.logaddexp(0, (minutes - centre) / echelle)))
