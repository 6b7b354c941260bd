"""Capacité rapportée au public, saturation et attente : seulement ce que les sources disent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from solidiag.geography.accessibilite import Encadrement, acces_flottant
from solidiag.geography.couples import Couples
from solidiag.geography.decroissances import Decroissance
from solidiag.model.observation import ObsStatus
from solidiag.offre.acces_couples import garder
from solidiag.offre.acces_groupes import LIGNES, Reels
from solidiag.offre.points import Public

POUR = 1000.0
SATURES = frozenset({"sature", "liste_attente"})

_SANS_SATURATION = "saturation non documentée : aucune source ne la dit ici"
_SANS_DELAI = "attente non documentée : aucune source ne la dit ici"


def flottant(
    couples: Couples,
    *,
    public: Public,
    offre: Encadrement,
    decroissance: Decroissance,
    selection: bool = False,
) -> Encadrement:
    """Renvoie l'offre à portée par personne concernée, en chaque point.

    L'incertitude d'un trajet vient de conventions communes à tous les trajets (détour, vitesses).
    Les bornes sont donc celles de trois cas : tous les trajets courts, centraux ou longs, chacun
    avec l'offre basse et le public haut, puis l'inverse. Elles ne sont pas le pire cas, où chaque
    trajet se tromperait à sa guise (`solidiag.geography.accessibilite.encadrer_acces`).
    """
    gens = public.effectifs
    bas_haut = (gens * min(1.0, public.bas), gens * max(1.0, public.haut))
    dedans = couples.bas <= decroissance.portee

    def mesurer(temps: Reels, personnes: Reels, capacites: Reels) -> Reels:
        cas = replace(couples, temps=temps) if temps is not couples.temps else couples
        return acces_flottant(
            garder(cas, dedans),
            population=personnes,
            offre=capacites,
            decroissance=decroissance,
            selection=selection,
        ).par_depart

    central = mesurer(couples.temps, gens, offre.central)
    borne = offre.bas is not offre.central or public.bas != 1.0 or public.haut != 1.0
    bas, haut = central, central
    for temps in (couples.bas, couples.temps, couples.haut):
        if temps is couples.temps and not borne:
            continue
        bas = np.minimum(bas, mesurer(temps, bas_haut[1], offre.bas))
        haut = np.maximum(haut, mesurer(temps, bas_haut[0], offre.haut))
    return Encadrement(central=central, bas=bas, haut=haut)


def capacite_a_portee(
    couples: Couples, lieux: pl.DataFrame, *, public: Public, decroissance: Decroissance
) -> tuple[Encadrement, str]:
    """Renvoie la capacité à portée pour 1 000 personnes concernées, par point, et sa réserve.

    L'intervalle réunit celui du public, la bande des trajets et l'écart entre les sources qui
    décrivent le même service. Un lieu sans capacité connue n'y est pas : la valeur est un minimum.

    Parameters
    ----------
    lieux
        Schéma `LIEUX`, dans l'ordre des arrivées.
    """
    central, bas, haut = (
        lieux[nom].fill_null(0.0).to_numpy()
        for nom in ("capacite", "capacite_bas", "capacite_haut")
    )
    acces = flottant(
        couples,
        public=public,
        offre=Encadrement(
            central=central, bas=np.minimum(bas, central), haut=np.maximum(haut, central)
        ),
        decroissance=decroissance,
    )
    connues = int(lieux["capacite"].is_not_null().sum())
    motif = f"au moins : capacité connue pour {connues} lieux sur {lieux.height}, voisins compris"
    return (
        Encadrement(central=acces.central * POUR, bas=acces.bas * POUR, haut=acces.haut * POUR),
        motif,
    )


def part_saturee(lieux: pl.DataFrame, appartenance: pl.DataFrame) -> pl.DataFrame:
    """Renvoie la part des services saturés, parmi ceux dont l'état est dit (schéma `LIGNES`).

    Parameters
    ----------
    lieux
        Schéma `LIEUX`.
    appartenance
        ``territoire, code``.
    """
    dits = lieux.filter(pl.col("saturation").fill_null("") != "")
    dits = dits.sort("service", "id").unique("service", keep="first", maintain_order=True)
    table = _par_territoire(dits, lieux, appartenance).with_columns(
        value=(100 * pl.col("saturation").is_in(list(SATURES)).cast(pl.Float64))
    )
    return _resumer(table, pl.col("value").mean().round(1), sans=_SANS_SATURATION)


def delai_median(lieux: pl.DataFrame, appartenance: pl.DataFrame) -> pl.DataFrame:
    """Renvoie l'attente médiane des services qui la disent, en jours (schéma `LIGNES`)."""
    dits = lieux.filter(pl.col("delai_jours").is_not_null())
    dits = dits.sort("service", "id").unique("service", keep="first", maintain_order=True)
    table = _par_territoire(dits, lieux, appartenance).with_columns(value=pl.col("delai_jours"))
    return _resumer(table, pl.col("value").median().round(1), sans=_SANS_DELAI)


def _par_territoire(
    dits: pl.DataFrame, tous: pl.DataFrame, appartenance: pl.DataFrame
) -> pl.DataFrame:
    """Services de chaque territoire ; une ligne vide pour celui qui n'en a aucun."""
    nombres = (
        appartenance.join(tous.select("code", "service").unique(), on="code", how="left")
        .group_by("territoire", maintain_order=True)
        .agg(pl.col("service").n_unique().alias("tous") - pl.col("service").is_null().any())
    )
    lignes = appartenance.join(dits, on="code", how="inner")
    return nombres.join(
        lignes.select("territoire", "saturation", "delai_jours"),
        on="territoire",
        how="left",
        maintain_order="left",
    )


def _resumer(table: pl.DataFrame, valeur: pl.Expr, *, sans: str) -> pl.DataFrame:
    resumes = table.group_by("territoire", maintain_order=True).agg(
        valeur.alias("value"),
        pl.col("value").count().cast(pl.Int32).alias("n_publies"),
        pl.col("tous").first().cast(pl.Int32).alias("n_total"),
    )
    connu = pl.col("n_publies") > 0
    resumes = resumes.with_columns(
        pl.when(connu)
        .then(pl.lit(ObsStatus.NORMAL.value))
        .otherwise(pl.lit(ObsStatus.NON_FOURNI.value))
        .alias("status"),
        pl.when(connu)
        .then(pl.format("dit par {} services sur {}", "n_publies", "n_total"))
        .otherwise(pl.lit(sans))
        .alias("motif"),
        pl.lit(None, dtype=pl.String).alias("method"),
        pl.lit(None, dtype=pl.Float64).alias("lower"),
        pl.lit(None, dtype=pl.Float64).alias("upper"),
    )
    dits = resumes.filter(connu)
    # Sans rien nulle part, la seule ligne du département le dit.
    gardes = (
        resumes
        if not dits.is_empty()
        else resumes.filter(pl.col("territoire").str.starts_with("DEP-"))
    )
    return gardes.select(*LIGNES)
