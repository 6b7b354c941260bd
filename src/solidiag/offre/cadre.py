"""Cadre territorial d'un inventaire : communes, codes postaux, anciens codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from solidiag.geography.distances import RAYON_TERRE_KM
from solidiag.geography.referentiel import Referentiel
from solidiag.model.territoire import Niveau
from solidiag.offre.noms import cle_commune

_COG_LE_PLUS_ANCIEN = 2016
_NIVEAUX_DE_ZONE = (Niveau.COMMUNE.value, Niveau.EPCI.value, Niveau.DEPARTEMENT.value)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cadre:
    """Communes du COG courant, et de quoi y ramener les lignes d'un fichier.

    Parameters
    ----------
    cog
        Année du code officiel géographique.
    communes
        ``code, nom, departement, epci, population, latitude, longitude, superficie_km2,
        densite_niveau`` ; colonnes en plus permises.
    anciens
        Ancien code, code de commune déléguée ou d'arrondissement municipal → commune du COG.
    codes_postaux
        ``code_postal, code``.
    noms_de_zones
        Code d'intercommunalité, de département ou de commune → nom ; vide, une zone se dit par son
        code.
    """

    cog: int
    communes: pl.DataFrame
    anciens: Mapping[str, str] = field(repr=False)
    codes_postaux: pl.DataFrame
    noms_de_zones: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def depuis(cls, referentiel: Referentiel, codes_postaux: pl.DataFrame) -> Cadre:
        """Renvoie le cadre tiré du référentiel des territoires.

        Un ancien code partagé entre plusieurs communes n'y est pas : il ne dit pas laquelle.
        """
        passages = referentiel.passages.entre(_COG_LE_PLUS_ANCIEN, referentiel.cog)
        sures = passages.filter(pl.col("relation") != "split").unique("ancien", keep="none")
        return cls(
            cog=referentiel.cog,
            communes=referentiel.communes,
            anciens=dict(sures.select("ancien", "nouveau").iter_rows()),
            codes_postaux=codes_postaux,
            noms_de_zones=dict(
                referentiel.territoires.filter(pl.col("niveau").is_in(_NIVEAUX_DE_ZONE))
                .select("code", "nom")
                .iter_rows()
            ),
        )

    @cached_property
    def fiches(self) -> dict[str, tuple[str, str, float | None, float | None, float | None]]:
        """Code → (nom, département, latitude, longitude, superficie en km²)."""
        colonnes = ("code", "nom", "departement", "latitude", "longitude", "superficie_km2")
        return {ligne[0]: ligne[1:] for ligne in self.communes.select(colonnes).iter_rows()}

    @cached_property
    def _noms(self) -> dict[str, dict[str, list[str]]]:
        """Département → nom comparable → codes, rempli au premier besoin."""
        return {}

    def de_ce_nom(self, departement: str, cle: str) -> list[str]:
        """Renvoie les communes d'un département dont le nom comparable est celui-ci."""
        if departement not in self._noms:
            index: dict[str, list[str]] = defaultdict(list)
            siennes = self.communes.filter(pl.col("departement") == departement)
            for code, nom in siennes.select("code", "nom").iter_rows():
                index[cle_commune(nom)].append(code)
            self._noms[departement] = dict(index)
        return self._noms[departement].get(cle, [])

    @cached_property
    def par_code_postal(self) -> dict[str, list[str]]:
        """Code postal → communes du COG, sans double."""
        index: dict[str, list[str]] = defaultdict(list)
        for code_postal, code in self.codes_postaux.iter_rows():
            actuel = self.actuel(code)
            if actuel and actuel not in index[code_postal]:
                index[code_postal].append(actuel)
        return dict(index)

    def actuel(self, code: str | None) -> str | None:
        """Renvoie le code du COG courant d'un code de commune, ou rien."""
        if code is None:
            return None
        return code if code in self.fiches else self.anciens.get(code)

    def ecart_km(self, code: str, latitude: float, longitude: float) -> float | None:
        """Renvoie la distance du point à celui de la commune, ou rien si elle n'en a pas."""
        _, _, lat, lon, _ = self.fiches[code]
        if lat is None or lon is None:
            return None
        return grand_cercle_km(lat, lon, latitude, longitude)

    def rayon_km(self, code: str) -> float:
        """Renvoie la distance au-delà de laquelle un point n'est plus crédible dans la commune.

        Deux fois et demie le rayon du disque de même superficie, plus un kilomètre ; quinze
        kilomètres quand la superficie manque.
        """
        superficie = self.fiches[code][4]
        if not superficie:
            return 15.0
        return 1.0 + 2.5 * float(np.sqrt(superficie / np.pi))


def grand_cercle_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Renvoie la distance à vol d'oiseau entre deux points, en kilomètres.

    Examples
    --------
    >>> round(grand_cercle_km(48.8566, 2.3522, 45.7640, 4.8357))
    391
    """
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    demi_lat, demi_lon = (phi_b - phi_a) / 2, np.radians(lon_b - lon_a) / 2
    corde = np.sin(demi_lat) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin(demi_lon) ** 2
    return float(2 * RAYON_TERRE_KM * np.arcsin(np.sqrt(min(1.0, corde))))
