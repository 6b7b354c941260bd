"""Règles des comparaisons et des tendances, telles que les paramètres les déclarent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from solidiag.catalogue.indicateur import ESTIMATION_DE_SONDAGE, Indicateur


@dataclass(frozen=True, slots=True, kw_only=True)
class Rupture:
    """Rupture de série : rien ne se compare de part et d'autre."""

    indicateurs: frozenset[str]
    avant: str
    apres: str
    motif: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Famille:
    """Fichiers qui portent un même tableau, pour certains indicateurs."""

    indicateurs: frozenset[str]
    sources: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regles:
    """Règles de ``declarations/parametres/comparaisons.yaml``.

    Parameters
    ----------
    alpha
        Part moyenne de fausses découvertes admise.
    seuils
        Écart relatif sous lequel deux valeurs sont proches, par unité, et ``defaut``.
    minimums
        Écart absolu sous lequel deux valeurs sont proches, par unité.
    population_sans_marge
        Habitants sous lesquels une part sans marge connue ne conclut pas dans une commune.
    proportions, taux
        Indicateurs dont les effectifs se testent bien qu'ils ne portent pas d'intervalle.
    part_independante
        Part supposée de tirages indépendants parmi les personnes comptées, par indicateur : elle
        réduit les effectifs du test (inverse de l'effet de plan).
    arrondi_seul
        Indicateurs exhaustifs : un écart au-delà de l'arrondi y est net.
    semblables_minimum
        Nombre de territoires semblables lus qu'il faut pour une référence.
    """

    alpha: float
    seuils: Mapping[str, float]
    minimums: Mapping[str, float]
    population_sans_marge: int
    proportions: frozenset[str]
    taux: frozenset[str]
    part_independante: Mapping[str, float]
    arrondi_seul: frozenset[str]
    familles: tuple[Famille, ...]
    ruptures: tuple[Rupture, ...]
    semblables_minimum: int

    @classmethod
    def lire(cls, parametres: Mapping[str, Any]) -> Regles:
        """Renvoie les règles d'un fichier de paramètres déjà lu."""
        return cls(
            alpha=float(parametres["part_de_fausses_decouvertes"]),
            seuils={str(u): float(s) for u, s in parametres["seuils_proches"].items()},
            minimums={str(u): float(s) for u, s in parametres["ecarts_minimums"].items()},
            population_sans_marge=int(parametres["population_minimale_sans_marge"]),
            proportions=frozenset(parametres["proportions"]),
            taux=frozenset(parametres["taux"]),
            part_independante={
                str(i): float(p) for i, p in parametres["part_independante"].items()
            },
            arrondi_seul=frozenset(parametres["arrondi_seul"]),
            familles=tuple(
                Famille(
                    indicateurs=frozenset(f["indicateurs"]),
                    sources=frozenset(f["sources"]),
                )
                for f in parametres["familles"]
            ),
            ruptures=tuple(
                Rupture(
                    indicateurs=frozenset(r["indicateurs"]),
                    avant=str(r["avant"]),
                    apres=str(r["apres"]),
                    motif=str(r["motif"]),
                )
                for r in parametres["ruptures"]
            ),
            semblables_minimum=int(parametres["semblables_minimum"]),
        )

    def seuil(self, unite: str) -> float:
        """Renvoie l'écart relatif sous lequel deux valeurs de cette unité sont proches."""
        return self.seuils.get(unite, self.seuils["defaut"])

    def essai(self, indicateur: Indicateur) -> str:
        """Renvoie le test que permettent les effectifs : ``proportions``, ``taux`` ou rien.

        Une estimation de sondage dont la précision n'est pas publiée ne se teste pas.
        """
        if indicateur.motif.startswith(ESTIMATION_DE_SONDAGE):
            return ""
        if indicateur.id in self.proportions or indicateur.incertitude == "wilson":
            return "proportions"
        if indicateur.id in self.taux or (
            indicateur.incertitude == "byar" and indicateur.unite != "nombre"
        ):
            return "taux"
        return ""

    def meme_source(self, indicateur: str, une: Collection[str], autre: Collection[str]) -> bool:
        """Dit si deux valeurs viennent de la même source, ou de copies d'un même tableau."""
        if set(une) == set(autre):
            return True
        ensemble = set(une) | set(autre)
        return any(indicateur in f.indicateurs and ensemble <= f.sources for f in self.familles)

    def ruptures_de(self, indicateur: str) -> list[tuple[str, str]]:
        """Renvoie les ruptures d'un indicateur, dans l'ordre du temps."""
        retenues = [r for r in self.ruptures if indicateur in r.indicateurs]
        return sorted((r.avant, r.apres) for r in retenues)
