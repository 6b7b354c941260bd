"""Ce que les étiquettes d'une voie d'OpenStreetMap disent à un calcul de trajet.

Le sens des étiquettes est celui du wiki d'OpenStreetMap (pages « Key:highway », « Key:maxspeed »,
« Key:oneway », « Key:access ») ; les valeurs admises sont dans la déclaration ``routes``.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from solidiag.geography.troncons import SENS

MILE_KM = 1.609344
"""Kilomètres d'un mille terrestre international."""

_NOMBRE = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?", re.IGNORECASE)
_OUI = frozenset({"yes", "true", "1"})
_HSTORE = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Voie:
    """Ce qui est retenu d'une voie : rang de classe, limite (``nan`` : inconnue), bits de sens."""

    classe: int
    limite_km_h: float
    sens: int


@dataclass(slots=True, kw_only=True, eq=False)
class Lecteur:
    """Lit les étiquettes selon la déclaration ``routes``, et compte ce qu'il ne comprend pas.

    Parameters
    ----------
    conventions
        Contenu de la déclaration ``routes``.
    """

    conventions: Mapping[str, Any]
    classes: tuple[str, ...] = ()
    limites_inconnues: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Range les classes de voie qu'un mode au moins emprunte."""
        vitesses = self.conventions["vitesses_km_h"]
        self.classes = tuple(sorted({str(c) for mode in vitesses.values() for c in mode}))

    def lire(self, etiquettes: Mapping[str, str]) -> Voie | None:
        """Renvoie ce qui est retenu d'une voie, rien si aucun mode ne l'emprunte."""
        classe = etiquettes.get("highway", "")
        if etiquettes.get("route") == "ferry":
            classe = "ferry"
        if classe not in self.classes or etiquettes.get("area") == "yes":
            return None
        sens = self._sens(etiquettes, classe)
        if not sens:
            return None
        return Voie(
            classe=self.classes.index(classe),
            limite_km_h=self.limite(etiquettes.get("maxspeed", "")),
            sens=sens,
        )

    def limite(self, texte: str) -> float:
        """Renvoie une vitesse limite en km/h, ``nan`` si elle est absente ou inconnue.

        Une valeur qui n'est pas comprise est comptée, jamais devinée.
        """
        lecture = self.conventions["lecture"]
        valeurs = []
        for partie in filter(None, (p.strip() for p in texte.split(";"))):
            if partie in lecture["sans_limite"]:
                continue
            nommee = lecture["limites_nommees_km_h"].get(partie)
            trouve = _NOMBRE.fullmatch(partie)
            if nommee is not None:
                valeurs.append(float(nommee))
            elif trouve and float(trouve[1]) > 0:
                mille = (trouve[2] or "").lower() == "mph"
                valeurs.append(float(trouve[1]) * (MILE_KM if mille else 1))
            else:
                self.limites_inconnues[partie] += 1
        return min(valeurs, default=math.nan)

    def _sens(self, etiquettes: Mapping[str, str], classe: str) -> int:
        aller, retour = _sens_unique(etiquettes, classe)
        sens = 0
        for mode, (en_avant, en_arriere) in SENS.items():
            if classe not in self.conventions["vitesses_km_h"][mode] or not self._ouvert(
                etiquettes, mode
            ):
                continue
            libre = mode == "pied" or (mode == "velo" and _contresens(etiquettes))
            sens |= en_avant * (aller or libre) | en_arriere * (retour or libre)
        return sens

    def _ouvert(self, etiquettes: Mapping[str, str], mode: str) -> bool:
        if mode != "voiture" and etiquettes.get("motorroad") == "yes":
            return False
        lecture = self.conventions["lecture"]
        for cle in lecture["etiquettes_d_acces"][mode]:
            if cle in etiquettes:
                return etiquettes[cle] not in lecture["acces_refuses"]
        return True


def _sens_unique(etiquettes: Mapping[str, str], classe: str) -> tuple[bool, bool]:
    """Dit si l'on peut suivre la voie dans le sens du tracé, et dans l'autre."""
    dit = etiquettes.get("oneway", "")
    if dit in ("-1", "reverse"):
        return False, True
    rond_point = etiquettes.get("junction") in ("roundabout", "circular")
    if dit in _OUI or (dit != "no" and (rond_point or classe == "motorway")):
        return True, False
    return True, True


def _contresens(etiquettes: Mapping[str, str]) -> bool:
    """Dit si un vélo peut prendre un sens unique à contresens."""
    if etiquettes.get("oneway:bicycle") == "no":
        return True
    cotes = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
    return any(etiquettes.get(cote, "").startswith("opposite") for cote in cotes)


def lire_hstore(texte: str | None) -> dict[str, str]:
    r"""Renvoie les étiquettes du champ ``other_tags`` que GDAL écrit.

    Examples
    --------
    >>> lire_hstore('"oneway"=>"yes","name:fr"=>"rue dite \\"basse\\""')
    {'oneway': 'yes', 'name:fr': 'rue dite "basse"'}
    """
    return {
        re.sub(r"\\(.)", r"\1", cle): re.sub(r"\\(.)", r"\1", valeur)
        for cle, valeur in _HSTORE.findall(texte or "")
    }


def etiquettes_geofabrik(fclass: str, oneway: str, maxspeed: Any) -> dict[str, str]:
    """Renvoie les étiquettes d'une ligne de ``gis_osm_roads_free`` (forme décrite, non vue).

    ``oneway`` y vaut F, T (contre le tracé) ou B (les deux sens), ``maxspeed`` 0 si inconnue.

    Examples
    --------
    >>> etiquettes_geofabrik("track_grade2", "B", 0)
    {'highway': 'track', 'oneway': 'no'}
    """
    classe = "track" if fclass.startswith("track") else fclass
    lues = {"highway": classe, "oneway": {"F": "yes", "T": "-1"}.get(oneway, "no")}
    texte = str(maxspeed or "")
    # « walk », « 30 mph » : `Lecteur.limite` comprend ou compte.
    with contextlib.suppress(ValueError):
        texte = f"{float(texte):g}" if float(texte) > 0 else ""
    if texte:
        lues["maxspeed"] = texte
    return lues
