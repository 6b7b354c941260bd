"""Accès à l'offre : capacité et temps de trajet estimé, par commune, EPCI et département.

Le nombre de lieux et leur taux se comptent dans `solidiag.offre.mesures` ; ici on mesure ce qu'ils
offrent et ce qu'il faut de temps pour y aller. Un temps est toujours une estimation, avec sa
bande. Les services au-delà de la limite du département comptent ; quand une source s'arrête à
cette limite, le temps d'une commune proche est « au plus » : un service plus proche peut exister
là où rien n'est documenté. Aucun trajet ne passe par la mer entre deux départements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from solidiag.catalogue.indicateur import MesureOffre
from solidiag.catalogue.source import Couverture
from solidiag.geography.distances import Reels
from solidiag.model.observation import (
    OBSERVATIONS,
    ConfStatus,
    ObsStatus,
    Precision,
    mettre_au_schema,
)
from solidiag.model.origin import Derivation, Origin
from solidiag.model.territoire import Niveau
from solidiag.offre.cadre import Cadre
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.mesures import categories_de
from solidiag.offre.trajets import Trajets

VERSION = "1"
SEUILS_MIN = (20, 30)
METHODE = "estimation de trajet"

DETAIL: dict[str, pl.DataType] = {
    "code": pl.String(),
    "population": pl.Float64(),
    "temps": pl.Float64(),
    "temps_bas": pl.Float64(),
    "temps_haut": pl.Float64(),
    "service": pl.String(),
    "au_plus": pl.Boolean(),
}
"""Temps au service le plus proche, une ligne par commune ; ``service`` est son identifiant."""

_SANS_INTERVALLE = "somme de capacités publiées : aucune marge n'est calculable"
_SANS_CAPACITE = "aucune capacité recensée ; la liste n'est pas exhaustive"
_NON_COUVERT = "aucune source embarquée ne couvre ce territoire"
_SANS_SERVICE = "aucun lieu connu n'est accessible par la route"
_SANS_POINT = "commune sans point ou sans habitant"
_TROP_LOIN = "lieu trop éloigné : au-delà du plafond déclaré, un temps estimé n'est pas publié"
_AU_PLUS = "au plus : au-delà de la limite couverte, l'offre n'est pas documentée"


@dataclass(frozen=True, kw_only=True, eq=False)
class Acces:
    """Résultat d'une mesure.

    Parameters
    ----------
    observations
        Au schéma `OBSERVATIONS`.
    origines
        Une origine par indicateur, par identifiant.
    detail
        Temps par commune (schéma `DETAIL`) ; vide si aucun service n'est connu à portée.
    """

    observations: pl.DataFrame
    origines: dict[str, Origin]
    detail: pl.DataFrame


def mesurer_acces(
    mesure: MesureOffre,
    inventaire: Inventaire,
    *,
    cadre: Cadre,
    trajets: Trajets,
    couvertures: Mapping[str, Mapping[str, Couverture]],
    origines: Mapping[str, Sequence[Origin]],
    plafond: float,
) -> Acces:
    """Renvoie la capacité et le temps d'accès d'une mesure de services.

    Indicateurs : ``offre.<mesure>.temps`` (minutes ; à l'EPCI et au département, médiane
    pondérée par la population), ``offre.<mesure>.part_plus_20`` et ``.part_plus_30`` (part des
    habitants au-delà, en %), et ``offre.<mesure>.capacite`` quand les sources en donnent une.

    Parameters
    ----------
    mesure
        Mesure de services ; ``selection`` dit ses catégories.
    trajets
        Fournisseur de temps de trajet.
    couvertures
        Catégorie → source → territoires couverts (`mesures.couvertures_par_categorie`).
    origines
        Source → provenances des fichiers lus.
    plafond
        Minutes au-delà desquelles un temps n'est pas publié ; la commune reste comptée parmi celles
        qui dépassent vingt et trente minutes.

    Raises
    ------
    ValueError
        Si la mesure ne choisit pas de catégories de services.
    """
    return _Mesure(
        mesure=mesure,
        categories=categories_de(mesure),
        inventaire=inventaire,
        cadre=cadre,
        couvertures=couvertures,
        origines=origines,
        plafond=plafond,
    ).calculer(trajets)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Mesure:
    mesure: MesureOffre
    categories: tuple[str, ...]
    inventaire: Inventaire
    cadre: Cadre
    couvertures: Mapping[str, Mapping[str, Couverture]]
    origines: Mapping[str, Sequence[Origin]]
    plafond: float

    def calculer(self, trajets: Trajets) -> Acces:
        voulus = pl.col("categorie").is_in(self.categories)
        locaux = self.inventaire.services.filter(voulus)
        offre = pl.concat([locaux, self.inventaire.alentour.filter(voulus)])
        communes = self._communes()
        territoires = self._territoires(communes)
        detail = self._detail(offre, communes, trajets)
        tables = self._temps(detail, offre, communes, territoires)
        if not locaux["capacite"].is_null().all():
            tables.append(self._capacites(locaux, communes, territoires))
        return Acces(
            observations=pl.concat([table for table, _ in tables]),
            origines={origine.id: origine for _, origine in tables},
            detail=detail,
        )

    def _couvre(self, departement: str) -> bool:
        return all(
            any(
                couverture.couvre(departement)
                for couverture in self.couvertures.get(categorie, {}).values()
            )
            for categorie in self.categories
        )

    def _communes(self) -> pl.DataFrame:
        """Communes du département, de ses EPCI (``ici``) et des départements limitrophes."""
        departement = self.inventaire.departement
        table = self.cadre.communes
        epci = table.filter(pl.col("departement") == departement)["epci"].drop_nulls().unique()
        ici = (pl.col("departement") == departement) | pl.col("epci").is_in(epci.implode())
        couverts = [code for code in table["departement"].unique() if self._couvre(code)]
        return table.with_columns(
            ici=ici.fill_null(value=False), couverte=pl.col("departement").is_in(couverts)
        ).filter(pl.col("ici") | pl.col("departement").is_in(list(self.inventaire.limitrophes)))

    def _territoires(self, communes: pl.DataFrame) -> pl.DataFrame:
        """``territoire, code`` : communes de chaque commune, EPCI et du département."""
        departement = self.inventaire.departement
        ici = communes.filter("ici")
        dedans = ici.filter(pl.col("departement") == departement)
        epci = dedans["epci"].drop_nulls().unique()
        return pl.concat(
            [
                dedans.select(
                    territoire=pl.lit(f"{Niveau.COMMUNE}-") + pl.col("code"), code="code"
                ),
                ici.filter(pl.col("epci").is_in(epci.implode())).select(
                    territoire=pl.lit(f"{Niveau.EPCI}-") + pl.col("epci"), code="code"
                ),
                dedans.select(
                    territoire=pl.lit(f"{Niveau.DEPARTEMENT}-{departement}"), code="code"
                ),
            ]
        )

    def _capacites(
        self, locaux: pl.DataFrame, communes: pl.DataFrame, territoires: pl.DataFrame
    ) -> tuple[pl.DataFrame, Derivation]:
        """Somme des capacités ; un service compte une fois, d'après sa ligne la plus récente."""
        par_service = (
            locaux.sort(["date_source", "id"], descending=[True, False])
            .group_by("groupe", maintain_order=True)
            .agg(
                pl.col("code_insee").drop_nulls().first(),
                pl.col("capacite").drop_nulls().first(),
            )
            .drop_nulls("capacite")
        )
        dites = par_service.group_by("code_insee").agg(
            pl.col("capacite").sum().alias("n"), pl.len().alias("services")
        )
        table = (
            territoires.join(communes.select("code", "couverte"), on="code")
            .join(dites, left_on="code", right_on="code_insee", how="left")
            .group_by("territoire", maintain_order=True)
            .agg(
                pl.col("n").sum(),
                pl.col("services").sum(),
                pl.col("couverte").sum().cast(pl.Int32).alias("n_publies"),
                pl.len().cast(pl.Int32).alias("n_total"),
            )
        )
        sans_source = pl.col("n_publies") == 0
        vide = (pl.col("services") == 0) & (not self.mesure.zero_interpretable)
        partielle = pl.format(
            "source limitée à {} communes sur {}", pl.col("n_publies"), pl.col("n_total")
        )
        table = table.with_columns(
            pl.when(~(sans_source | vide)).then(pl.col("n")).alias("value"),
            pl.when(sans_source | vide)
            .then(pl.lit(ObsStatus.NON_FOURNI.value))
            .otherwise(pl.lit(ObsStatus.NORMAL.value))
            .alias("status"),
            pl.when(sans_source)
            .then(pl.lit(_NON_COUVERT))
            .when(vide)
            .then(pl.lit(_SANS_CAPACITE))
            .when(pl.col("n_publies") < pl.col("n_total"))
            .then(partielle)
            .otherwise(pl.lit(_SANS_INTERVALLE))
            .alias("motif"),
        ).drop("n", "services")
        unites = sorted(set(locaux["capacite_unite"].drop_nulls()))
        return self._habiller(table, locaux, suffixe="capacite", unite=" et ".join(unites))

    def _detail(
        self, offre: pl.DataFrame, communes: pl.DataFrame, trajets: Trajets
    ) -> pl.DataFrame:
        """Temps de chaque commune du territoire au service le plus proche (schéma `DETAIL`)."""
        departs = communes.filter("ici").sort("code")
        arrivees = (
            _lieux(offre)
            .join(
                self.cadre.communes.select(
                    "code", "densite_niveau", superficie_km2=pl.col("superficie_km2")
                ),
                left_on="code_insee",
                right_on="code",
                how="left",
            )
            .rename({"code_insee": "code"})
            .filter(pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null())
        )
        if arrivees.is_empty():
            return pl.DataFrame(schema=DETAIL)
        temps = trajets(departs, arrivees)
        vides = np.isnan(temps.central)
        choix = np.where(vides, np.inf, temps.central).argmin(axis=1)
        central, bas, haut = (_minimum(t) for t in (temps.central, temps.bas, temps.haut))
        au_plus = np.zeros(len(central), dtype=bool)
        ailleurs = communes.filter(~pl.col("couverte") & pl.col("latitude").is_not_null())
        if not ailleurs.is_empty():
            limite = trajets(departs, ailleurs)
            proche = _minimum(limite.central)
            au_plus = proche < central
            bas = np.where(au_plus, np.fmin(bas, _minimum(limite.bas)), bas)
        return (
            departs.select("code", pl.col("population").cast(pl.Float64))
            .with_columns(
                temps=pl.Series(central, nan_to_null=True).round(1),
                temps_bas=pl.Series(bas, nan_to_null=True).round(1),
                temps_haut=pl.Series(haut, nan_to_null=True).round(1),
                service=arrivees["id"].gather(choix),
                au_plus=pl.Series(au_plus, dtype=pl.Boolean),
            )
            .with_columns(
                pl.when(pl.col("temps").is_not_null()).then(pl.col("service")).alias("service")
            )
            .select(*DETAIL)
        )

    def _temps(
        self,
        detail: pl.DataFrame,
        offre: pl.DataFrame,
        communes: pl.DataFrame,
        territoires: pl.DataFrame,
    ) -> list[tuple[pl.DataFrame, Derivation]]:
        jointes = territoires.join(communes.select("code", "couverte"), on="code").join(
            detail, on="code", how="left"
        )
        est_commune = pl.col("territoire").str.starts_with(f"{Niveau.COMMUNE}-")
        vide = _SANS_SERVICE if detail.is_empty() else _SANS_POINT
        communales = jointes.filter(est_commune)
        tables = {"temps": [_temps_des_communes(communales, plafond=self.plafond, vide=vide)]}
        ensembles = list(jointes.filter(~est_commune).group_by("territoire", maintain_order=True))
        medianes = _en_lignes(ensembles, _medianes, vide=vide)
        tables["temps"].append(_plafonner(medianes, self.plafond))
        for seuil in SEUILS_MIN:
            parts = _en_lignes(ensembles, partial(_parts, seuil=seuil), vide=vide)
            tables[f"part_plus_{seuil}"] = [parts]
        return [
            self._habiller(
                pl.concat(lues),
                offre,
                suffixe=suffixe,
                unite="minutes" if suffixe == "temps" else "percent",
            )
            for suffixe, lues in tables.items()
        ]

    def _habiller(
        self, table: pl.DataFrame, services: pl.DataFrame, *, suffixe: str, unite: str
    ) -> tuple[pl.DataFrame, Derivation]:
        """Renvoie la table au schéma `OBSERVATIONS`, avec son origine."""
        sources = sorted(set(services["source"].drop_nulls()))
        origine = Derivation(
            operation=f"offre.{suffixe}",
            version=VERSION,
            parameters=(
                ("categories", " ".join(self.categories)),
                ("cog", str(self.cadre.cog)),
                ("departement", self.inventaire.departement),
                ("mesure", self.mesure.id),
            ),
            inputs=tuple(o for source in sources for o in self.origines.get(source, ())),
        )
        table = table.with_columns(
            indicateur=pl.lit(f"offre.{self.mesure.id}.{suffixe}"),
            cog=pl.lit(self.cadre.cog, dtype=pl.Int32),
            periode=pl.lit(_periode(services)),
            unite=pl.lit(unite),
            precision=pl.when(pl.col("value").is_not_null()).then(pl.lit(Precision.EXACTE.value)),
            confidentiality=pl.lit(ConfStatus.LIBRE.value),
            origin=pl.lit(origine.id),
        )
        return mettre_au_schema(table, OBSERVATIONS), origine


_LIGNE: dict[str, pl.DataType] = {
    nom: OBSERVATIONS[nom]
    for nom in (
        "territoire", "value", "lower", "upper", "status", "method", "motif", "n_publies",
        "n_total",
    )
}  # fmt: skip


def _temps_des_communes(jointes: pl.DataFrame, *, plafond: float, vide: str) -> pl.DataFrame:
    """Temps de chaque commune, ou pourquoi il n'y en a pas (schéma `_LIGNE`)."""
    connu = pl.col("couverte") & pl.col("temps").is_not_null()
    lignes = jointes.select(
        "territoire",
        pl.when(connu).then(pl.col("temps")).alias("value"),
        pl.when(connu).then(pl.col("temps_bas")).alias("lower"),
        pl.when(connu).then(pl.col("temps_haut")).alias("upper"),
        pl.when(connu)
        .then(pl.lit(ObsStatus.ESTIME.value))
        .otherwise(pl.lit(ObsStatus.NON_FOURNI.value))
        .alias("status"),
        pl.when(connu).then(pl.lit(METHODE)).alias("method"),
        pl.when(~pl.col("couverte"))
        .then(pl.lit(_NON_COUVERT))
        .when(pl.col("temps").is_null())
        .then(pl.lit(vide))
        .when(pl.col("au_plus"))
        .then(pl.lit(_AU_PLUS))
        .alias("motif"),
        connu.cast(pl.Int32).alias("n_publies"),
        pl.lit(1, dtype=pl.Int32).alias("n_total"),
    )
    return _plafonner(lignes, plafond)


def _plafonner(lignes: pl.DataFrame, plafond: float) -> pl.DataFrame:
    """Remplace par son motif un temps au-delà du plafond (schéma `_LIGNE`)."""
    loin = (pl.col("value") > plafond).fill_null(value=False)
    return lignes.with_columns(
        *(
            pl.when(~loin).then(pl.col(nom)).alias(nom)
            for nom in ("value", "lower", "upper", "method")
        ),
        pl.when(loin)
        .then(pl.lit(ObsStatus.NON_FOURNI.value))
        .otherwise(pl.col("status"))
        .alias("status"),
        pl.when(loin).then(pl.lit(_TROP_LOIN)).otherwise(pl.col("motif")).alias("motif"),
    )


def _en_lignes(
    ensembles: Sequence[tuple[tuple[object, ...], pl.DataFrame]],
    calcul: Callable[[pl.DataFrame], dict[str, float | None]],
    *,
    vide: str,
) -> pl.DataFrame:
    """Applique un calcul pondéré à chaque territoire (schéma `_LIGNE`)."""
    lignes: list[dict[str, object]] = []
    for (territoire, *_), groupe in ensembles:
        connus = groupe.filter(
            pl.col("temps").is_not_null() & (pl.col("population").fill_null(0) > 0)
        )
        ligne: dict[str, object] = {
            "territoire": territoire,
            "n_publies": connus.height,
            "n_total": groupe.height,
            "status": ObsStatus.NON_FOURNI.value,
        }
        if not groupe["couverte"].any():
            ligne["motif"] = _NON_COUVERT
        elif connus.is_empty():
            ligne["motif"] = vide
        else:
            ligne |= {
                "status": ObsStatus.ESTIME.value,
                "method": METHODE,
                "motif": _AU_PLUS if connus["au_plus"].any() else None,
                **calcul(connus),
            }
        lignes.append(ligne)
    return pl.DataFrame(lignes, schema=_LIGNE)


def _lieux(services: pl.DataFrame) -> pl.DataFrame:
    """Un point par service : celui de la ligne gardée, ou d'une autre ligne du groupe."""
    return (
        services.with_columns(autre=pl.col("id") != pl.col("groupe"))
        .sort("autre", "id")
        .group_by("groupe", maintain_order=True)
        .agg(pl.col("id", "code_insee", "latitude", "longitude").drop_nulls().first())
        .select("id", "code_insee", "latitude", "longitude")
    )


def _periode(services: pl.DataFrame) -> str:
    """Année la plus ancienne des listes lues : celle d'où date l'ensemble."""
    recentes = services.group_by("source").agg(pl.col("date_source").max())["date_source"]
    return min((str(date)[:4] for date in recentes.drop_nulls()), default="")


def _minimum(temps: Reels) -> Reels:
    """Minimum par ligne, ``nan`` quand toute la ligne manque."""
    if temps.shape[1] == 0:
        return np.full(temps.shape[0], np.nan)
    minimum = np.where(np.isnan(temps), np.inf, temps).min(axis=1)
    return np.where(np.isinf(minimum), np.nan, minimum)


def _medianes(connus: pl.DataFrame) -> dict[str, float | None]:
    poids = connus["population"].to_numpy()
    return {
        cle: mediane_ponderee(connus[colonne].to_numpy(), poids)
        for cle, colonne in (("value", "temps"), ("lower", "temps_bas"), ("upper", "temps_haut"))
    }


def _parts(connus: pl.DataFrame, *, seuil: int) -> dict[str, float | None]:
    poids = connus["population"].to_numpy()

    def part(colonne: str) -> float:
        au_dela = poids[connus[colonne].to_numpy() > seuil].sum()
        return round(100 * float(au_dela) / float(poids.sum()), 1)

    return {"value": part("temps"), "lower": part("temps_bas"), "upper": part("temps_haut")}


def mediane_ponderee(valeurs: Reels, poids: Reels) -> float | None:
    """Renvoie la plus petite valeur sous laquelle se trouve au moins la moitié du poids.

    Une valeur manquante (``nan``) ou de poids nul n'est pas comptée.

    Examples
    --------
    >>> mediane_ponderee(np.array([10.0, 5.0, 40.0]), np.array([1.0, 1.0, 3.0]))
    40.0
    """
    comptees = ~np.isnan(valeurs) & (poids > 0)
    if not comptees.any():
        return None
    ordre = np.argsort(valeurs[comptees], kind="stable")
    cumul = np.cumsum(poids[comptees][ordre])
    rang = int(np.searchsorted(cumul, cumul[-1] / 2))
    return float(valeurs[comptees][ordre][rang])
