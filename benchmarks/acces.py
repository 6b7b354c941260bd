"""Accès aux services : contre le paquet access sur les mêmes points, et sur la France entière.

Les services sont de synthèse (tirage fixé), près de communes tirées selon leur population ; les
communes, leurs points et leurs populations sont ceux du référentiel embarqué.

Lancé seul, calcule la France : 35 000 communes, 100 000 services.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from solidiag.geography.accessibilite import acces_flottant, nombre_a_portee, plus_proche
from solidiag.geography.couples import Couples
from solidiag.geography.decroissances import Decroissance
from solidiag.geography.distances import ParametresTrajet
from solidiag.geography.estimation import ItinerairesEstimes
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.storage.depot import Depot

SERVICES = 100_000
GRAINE = 20_261_124
LIMITE_MIN = 30
PALIERS = {10: 1.0, 20: 0.68, 30: 0.22}
REGION = "75"
SERVICES_REGION = 5_000
RANGER = "mettre la table en ordre"
_ECART_DEGRES = 0.02
_REPETITIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Communes habitées et services de synthèse."""

    communes: pl.DataFrame
    services: pl.DataFrame
    offre: np.ndarray
    itineraires: ItinerairesEstimes

    @property
    def population(self) -> np.ndarray:
        """Habitants de chaque commune."""
        return self.communes["population"].cast(pl.Float64).to_numpy()


def tirer(nombre: int, region: str | None = None) -> Points:
    """Renvoie les communes (de la région, ou toutes) et des services tirés près d'elles."""
    depot = Depot()
    communes = charger_referentiel(depot).communes.with_columns(pl.col("population").fill_null(0))
    if region:
        communes = communes.filter(
            (pl.col("region") == region)
            & (pl.col("population") > 0)
            & pl.col("latitude").is_not_null()
        )
    rng = np.random.default_rng(GRAINE)
    poids = communes["population"].to_numpy() * communes["latitude"].is_not_null().to_numpy()
    rangs = rng.choice(communes.height, nombre, p=poids / poids.sum())
    services = communes[rangs].with_columns(
        pl.col("latitude") + rng.normal(0, _ECART_DEGRES, nombre),
        pl.col("longitude") + rng.normal(0, _ECART_DEGRES, nombre),
    )
    parametres = ParametresTrajet.depuis(depot.parametres("temps_de_trajet"))
    return Points(
        communes=communes,
        services=services,
        offre=rng.integers(1, 60, nombre).astype(float),
        itineraires=ItinerairesEstimes(parametres=parametres),
    )


def france() -> str:
    """Mesure le plus proche, le nombre à trente minutes et l'E2SFCA de toutes les communes."""
    points = tirer(SERVICES)
    couples = points.itineraires.couples(points.communes, points.services, limite=LIMITE_MIN)
    proche = plus_proche(couples)
    nombre = nombre_a_portee(couples, None, LIMITE_MIN)
    acces = acces_flottant(
        couples,
        population=points.population,
        offre=points.offre,
        decroissance=Decroissance.par_paliers(list(PALIERS.items())),
    )
    return (
        f"{couples.n_departs} communes, {couples.n_arrivees} services, {len(couples.temps)} "
        f"couples ; {int((proche.arrivee < 0).sum())} communes sans service à {LIMITE_MIN} min, "
        f"{int(nombre.central.max())} services au plus, "
        f"{acces.non_atteinte:.0f} d'offre non atteinte"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparaison:
    """Durées de Solidiag et du paquet access, sur la même table de temps."""

    couples: int
    durees: dict[str, tuple[float, float]]
    """Étape → secondes de Solidiag, secondes du paquet."""

    def secondes(self, *, table: bool) -> tuple[float, float]:
        """Secondes des trois mesures, la mise en ordre de la table comptée ou non."""
        retenues = [duree for nom, duree in self.durees.items() if table or nom != RANGER]
        ici, ailleurs = (sum(cote) for cote in zip(*retenues, strict=True))
        return ici, ailleurs


def ranger(table: pl.DataFrame, communes: pl.Series, services: pl.Series) -> Couples:
    """Renvoie les couples d'une table de temps que l'on reçoit : identifiants et minutes."""
    rangs = table.select(
        pl.col("commune").cast(pl.Enum(communes)).to_physical().cast(pl.Int32),
        pl.col("service").cast(pl.Enum(services)).to_physical().cast(pl.Int32),
    )
    depart, arrivee = (rangs[nom].to_numpy() for nom in ("commune", "service"))
    ordre = np.argsort(depart.astype(np.int64) * len(services) + arrivee)
    temps = table["minutes"].to_numpy()[ordre]
    return Couples(
        n_departs=len(communes),
        n_arrivees=len(services),
        depart=depart[ordre],
        arrivee=arrivee[ordre],
        temps=temps,
        bas=temps,
        haut=temps,
    )


def comparer() -> Comparaison:
    """Compare 2SFCA, E2SFCA et 3SFCA ; vérifie d'abord que les valeurs sont égales (1e-9).

    Chacun reçoit sa table de temps, dans sa forme habituelle (polars ici, pandas là), avec les
    mêmes identifiants en texte ; la ranger est compté. Aucun lieu n'est hors de portée dans la
    table, pour que les choix du 3SFCA soient les mêmes des deux côtés.
    """
    import pandas as pd
    from access import Access, weights

    points = tirer(SERVICES_REGION, REGION)
    trouves = points.itineraires.couples(points.communes, points.services, limite=LIMITE_MIN)
    communes = points.communes["code"]
    services = pl.Series("service", [f"S{rang:06d}" for rang in range(SERVICES_REGION)])
    table = pl.DataFrame(
        {
            "commune": communes.gather(trouves.depart),
            "service": services.gather(trouves.arrivee),
            "minutes": trouves.temps,
        }
    ).sample(fraction=1, shuffle=True, seed=GRAINE)
    pandas = pd.DataFrame({nom: table[nom].to_list() for nom in table.columns})
    demande = pd.DataFrame({"commune": communes.to_list(), "population": points.population})
    offre = pd.DataFrame({"service": services.to_list(), "places": points.offre})

    def du_paquet() -> Any:
        return Access(
            demand_df=demande,
            demand_index="commune",
            demand_value="population",
            supply_df=offre,
            supply_index="service",
            supply_value="places",
            cost_df=pandas,
            cost_origin="commune",
            cost_dest="service",
            cost_name="minutes",
        )

    couples, autre = ranger(table, communes, services), du_paquet()
    autre.log.setLevel(logging.WARNING)
    paliers = Decroissance.par_paliers(list(PALIERS.items()))
    fonction = weights.step_fn(PALIERS)
    limite = {"max_cost": LIMITE_MIN}

    def ici(decroissance: Decroissance, *, selection: bool = False) -> Callable[[], np.ndarray]:
        return lambda: (
            acces_flottant(
                couples,
                population=points.population,
                offre=points.offre,
                decroissance=decroissance,
                selection=selection,
            ).par_depart
        )

    mesures: dict[str, tuple[Callable[[], np.ndarray], Callable[[], Any]]] = {
        "2SFCA": (ici(Decroissance.binaire(LIMITE_MIN)), lambda: autre.two_stage_fca(**limite)),
        "E2SFCA": (
            ici(paliers),
            lambda: autre.enhanced_two_stage_fca(weight_fn=fonction, **limite),
        ),
        "3SFCA": (
            ici(paliers, selection=True),
            lambda: autre.three_stage_fca(weight_fn=fonction, **limite),
        ),
    }
    durees = {
        RANGER: (
            _meilleure(lambda: ranger(table, communes, services)),
            _meilleure(du_paquet),
        )
    }
    for nom, (nous, eux) in mesures.items():
        attendu = eux().iloc[:, 0].reindex(communes.to_list()).fillna(0).to_numpy()
        np.testing.assert_allclose(nous(), attendu, rtol=1e-9, err_msg=nom)
        durees[nom] = (_meilleure(nous), _meilleure(eux))
    return Comparaison(couples=len(trouves.temps), durees=durees)


def _meilleure(calcul: Callable[[], object]) -> float:
    durees = []
    for _ in range(_REPETITIONS):
        debut = time.perf_counter()
        calcul()
        durees.append(time.perf_counter() - debut)
    return min(durees)


if __name__ == "__main__":
    print(france())
