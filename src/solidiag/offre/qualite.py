"""Qualité et fraîcheur de l'inventaire : par service, et par territoire et domaine.

Un champ qui manque est nommé. Ce que l'inventaire ne sait pas (horaires, places) est « non
renseigné », et non absent du service.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import polars as pl

from solidiag.offre.comparaison import PRECIS
from solidiag.offre.eligibilite import MOBILES

ENSEMBLE = "ensemble"
"""Valeur de ``domaine`` pour tous les services d'un territoire, quel que soit leur domaine."""

SANS_SOURCE = "aucune source ne recense d'offre propre de ce domaine : non mesuré"
LIEU_INCONNU = "aucun lieu connu des sources, ce qui n'est pas une absence prouvée"

CHAMPS: dict[str, str] = {
    "lieu": "situé à la rue",
    "categorie": "nature du service",
    "publics": "publics",
    "date": "date de l'information",
    "horaires": "horaires",
    "capacite": "capacité",
    "lien": "lien vers le service",
    "siret": "numéro Siret",
}
"""Champs attendus d'un service, et leur nom en clair."""

FICHES: dict[str, pl.DataType] = {
    "id": pl.String(),
    "groupe": pl.String(),
    "source": pl.String(),
    "completude": pl.Float64(),
    "manquants": pl.List(pl.String()),
    "date_source": pl.String(),
    "age_mois": pl.Int32(),
    "attendu_mois": pl.Int32(),
    "ancien": pl.Boolean(),
}
"""Qualité d'une ligne de service.

``completude`` : part (0 à 1) des champs de `CHAMPS` renseignés ; ``manquants`` les nomme en clair.
``age_mois`` : âge à la date du rapport, vide si la date est inconnue. ``ancien`` : plus vieux que
le délai attendu de sa source (``attendu_mois``) ; vide si la date est inconnue.
"""

QUALITE: dict[str, pl.DataType] = {
    "territoire": pl.String(),
    "domaine": pl.String(),
    "statut": pl.String(),
    "services": pl.UInt32(),
    "sans_date": pl.UInt32(),
    "date_mediane": pl.String(),
    "date_la_plus_ancienne": pl.String(),
    "part_anciens": pl.Float64(),
    "part_situes_a_la_rue": pl.Float64(),
    "part_avec_horaires": pl.Float64(),
    "part_avec_capacite": pl.Float64(),
    "part_confirmes": pl.Float64(),
    "completude_moyenne": pl.Float64(),
    "motif": pl.String(),
}
"""Qualité de l'inventaire, une ligne par territoire et domaine.

Un service compte une fois, quel que soit le nombre de lignes qui le décrivent ; il est dit situé,
avec horaires ou avec capacité si l'une d'elles l'est, et sa date est la plus récente. Les parts
vont de 0 à 1. ``part_confirmes`` : services décrits par deux sources au moins. ``statut`` : ``A``,
ou ``L`` (non documenté) avec son ``motif`` : ``services`` est alors vide, jamais nul.
"""


def qualifier(
    services: pl.DataFrame, *, jour: date, attendus: Mapping[str, int], defaut: int
) -> pl.DataFrame:
    """Renvoie la qualité de chaque ligne (schéma `FICHES`), dans l'ordre des lignes.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`.
    jour
        Date du rapport.
    attendus, defaut
        Délai, en mois, au-delà duquel une ligne est ancienne : par source, et à défaut.
    """
    presents = {
        "lieu": pl.col("precision_geo").is_in(list(PRECIS)),
        "categorie": pl.col("categorie").is_not_null(),
        "publics": pl.col("publics").list.len() > 0,
        "date": pl.col("date_source").is_not_null(),
        "horaires": _ecrit("horaires") | _ecrit("horaires_osm"),
        "capacite": pl.any_horizontal(
            pl.col(nom).is_not_null() for nom in ("capacite", "etp", "heures_hebdo")
        ),
        "lien": _ecrit("lien"),
        "siret": _ecrit("siret"),
    }
    marques = services.with_columns(
        presents[nom].fill_null(value=False).alias(f"__{nom}__") for nom in CHAMPS
    )
    nombre = pl.sum_horizontal(pl.col(f"__{nom}__").cast(pl.Int32) for nom in CHAMPS)
    manquants = pl.concat_list(
        pl.when(pl.col(f"__{nom}__")).then(None).otherwise(pl.lit(clair))
        for nom, clair in CHAMPS.items()
    ).list.drop_nulls()
    attendu = pl.col("source").replace_strict(dict(attendus), default=defaut, return_dtype=pl.Int32)
    table = marques.with_columns(
        completude=nombre / len(CHAMPS),
        manquants=manquants,
        age_mois=(_mois_de(jour) - _mois("date_source")).clip(lower_bound=0).cast(pl.Int32),
        attendu_mois=attendu,
    ).with_columns(ancien=pl.col("age_mois") > pl.col("attendu_mois"))
    return table.select(pl.col(nom).cast(genre) for nom, genre in FICHES.items())


def qualite_par_territoire(
    services: pl.DataFrame,
    fiches: pl.DataFrame,
    *,
    communes: Mapping[str, Collection[str]],
    territoires_entiers: Collection[str],
    domaines: Sequence[str],
) -> pl.DataFrame:
    """Renvoie la qualité par territoire et domaine (schéma `QUALITE`).

    Parameters
    ----------
    services
        Services ouverts, doublons réunis (schéma `SERVICES`).
    fiches
        Leur qualité (`qualifier`), dans le même ordre.
    communes
        Identifiant de territoire → codes de ses communes.
    territoires_entiers
        Territoires qui comptent aussi les services sans commune connue et ceux qui viennent
        d'ailleurs (le département). Une intercommunalité compte un service basé ailleurs si sa
        zone la nomme.
    domaines
        Tous les domaines de la grille : chacun a sa ligne par territoire, mesuré ou non.
    """
    lignes = services.select(
        "groupe",
        "source",
        "code_insee",
        "domaines",
        "zone_eligibilite",
        venu=pl.col("code_insee").is_not_null()
        & ~pl.col("code_insee").is_in(list({c for codes in communes.values() for c in codes}))
        & pl.col("aller_vers").is_in(list(MOBILES)).fill_null(value=False),
        situe=pl.col("precision_geo").is_in(list(PRECIS)).fill_null(value=False),
        horaires=(_ecrit("horaires") | _ecrit("horaires_osm")).fill_null(value=False),
        capacite=pl.col("capacite").is_not_null(),
        mois=_mois("date_source"),
    ).with_columns(fiches["ancien"], fiches["completude"])
    rendus = [
        _un_territoire(
            lignes.filter(
                pl.col("code_insee").is_in(list(codes)).fill_null(value=False)
                | (
                    (pl.col("code_insee").is_null() | pl.col("venu"))
                    & pl.lit(territoire in territoires_entiers)
                )
                | (pl.col("venu") & _nomme(territoire, codes))
            ),
            territoire,
        )
        for territoire, codes in sorted(communes.items())
    ]
    mesures = pl.concat(rendus) if rendus else pl.DataFrame(schema=QUALITE)
    connus = set(lignes.explode("domaines")["domaines"].drop_nulls())
    attendues = pl.DataFrame(
        [
            {
                "territoire": territoire,
                "domaine": domaine,
                "motif": LIEU_INCONNU if domaine in {*connus, ENSEMBLE} else SANS_SOURCE,
            }
            for territoire in sorted(communes)
            for domaine in (ENSEMBLE, *domaines)
        ],
        schema={"territoire": pl.String(), "domaine": pl.String(), "motif": pl.String()},
    )
    table = attendues.join(
        mesures.drop("motif"), on=["territoire", "domaine"], how="left", maintain_order="left"
    ).with_columns(
        statut=pl.when(pl.col("services").is_null()).then(pl.lit("L")).otherwise(pl.lit("A")),
        motif=pl.when(pl.col("services").is_null()).then(pl.col("motif")),
    )
    return table.select(pl.col(nom).cast(genre) for nom, genre in QUALITE.items())


def _nomme(territoire: str, codes: Collection[str]) -> pl.Expr:
    """Dit si la zone d'un service nomme ce territoire ou une de ses communes."""
    siens = pl.lit([territoire.partition("-")[2], *codes], dtype=pl.List(pl.String))
    communs = pl.col("zone_eligibilite").list.set_intersection(siens)
    return (communs.list.len() > 0).fill_null(value=False)


def _un_territoire(lignes: pl.DataFrame, territoire: str) -> pl.DataFrame:
    """Qualité d'un territoire : ensemble, puis chaque domaine qui y a un service."""
    lignes = lignes.drop("zone_eligibilite", "venu")
    par_domaine = lignes.explode("domaines").rename({"domaines": "domaine"})
    toutes = pl.concat(
        [
            lignes.drop("domaines").with_columns(domaine=pl.lit(ENSEMBLE)),
            par_domaine.select(*lignes.drop("domaines").columns, "domaine").filter(
                pl.col("domaine").is_not_null()
            ),
        ]
    )
    par_service = toutes.group_by("domaine", "groupe").agg(
        pl.col("situe").any(),
        pl.col("horaires").any(),
        pl.col("capacite").any(),
        pl.col("mois").max(),
        pl.col("completude").max(),
        pl.col("ancien").drop_nulls().all().alias("ancien"),
        (pl.col("source").n_unique() > 1).alias("confirme"),
    )
    date_connue = pl.col("mois").is_not_null()
    return (
        par_service.group_by("domaine")
        .agg(
            pl.len().alias("services"),
            (~date_connue).sum().alias("sans_date"),
            pl.col("mois").quantile(0.5, "lower").alias("date_mediane"),
            pl.col("mois").min().alias("date_la_plus_ancienne"),
            pl.col("ancien").filter(date_connue).mean().alias("part_anciens"),
            pl.col("situe").mean().alias("part_situes_a_la_rue"),
            pl.col("horaires").mean().alias("part_avec_horaires"),
            pl.col("capacite").mean().alias("part_avec_capacite"),
            pl.col("confirme").mean().alias("part_confirmes"),
            pl.col("completude").mean().alias("completude_moyenne"),
        )
        .with_columns(
            territoire=pl.lit(territoire),
            statut=pl.lit("A"),
            motif=pl.lit(None, dtype=pl.String),
            date_mediane=_en_date("date_mediane"),
            date_la_plus_ancienne=_en_date("date_la_plus_ancienne"),
        )
        .select(pl.col(nom).cast(genre) for nom, genre in QUALITE.items())
    )


def _ecrit(colonne: str) -> pl.Expr:
    return pl.col(colonne).is_not_null() & (pl.col(colonne) != "")


def _mois(colonne: str) -> pl.Expr:
    """Nombre de mois depuis l'an 0 ; une année nue compte jusqu'à sa fin."""
    annee = pl.col(colonne).str.slice(0, 4).cast(pl.Int32, strict=False)
    mois = pl.col(colonne).str.slice(5, 2).cast(pl.Int32, strict=False).fill_null(12)
    return annee * 12 + mois - 1


def _mois_de(jour: date) -> int:
    return jour.year * 12 + jour.month - 1


def _en_date(colonne: str) -> pl.Expr:
    """Mois compté depuis l'an 0, en AAAA-MM."""
    mois = pl.col(colonne).cast(pl.Int64)
    return pl.when(mois.is_not_null()).then(
        pl.format(
            "{}-{}",
            (mois // 12).cast(pl.String).str.zfill(4),
            (mois % 12 + 1).cast(pl.String).str.zfill(2),
        )
    )
