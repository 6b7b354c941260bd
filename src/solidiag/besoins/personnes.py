"""Personnes concernées par domaine, et par axe sans compter deux fois les mêmes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from solidiag.catalogue.personnes import Compte, PersonnesDomaine
from solidiag.model.observation import AVEC_VALEUR, MARQUES, Precision, mettre_au_schema
from solidiag.model.personnes import PERSONNES

NIVEAUX = ("COM", "EPCI", "DEP")
"""Niveaux comptés, du plus fin au plus large."""

SANS_BASE = "la population à laquelle rapporter le taux n'est pas connue ici"
SANS_MARGE = "marge non publiée : pas d'intervalle"
SOMME_PARTIELLE = "somme des seules communes diffusées : un minimum"
AUCUN_DOMAINE = "aucun domaine de cet axe n'est compté ici dans cette unité"
RECOUVREMENT = (
    "De l'un au moins à la somme. Le minimum suppose que les plus petits groupes sont compris dans "
    "le plus grand, commune par commune ; le maximum, que personne n'est dans deux groupes."
)
"""Hypothèse d'une ligne d'axe."""

_ECHELLES = {"percent": 100.0, "pour_1000": 1e3, "pour_10000": 1e4, "pour_100000": 1e5}
_PERSONNE = pl.lit(None, dtype=pl.Float64)


def compter(
    declarations: Sequence[PersonnesDomaine],
    observations: pl.DataFrame,
    *,
    territoires: Sequence[str],
    axes: Mapping[str, str],
    appartenance: pl.DataFrame,
) -> pl.DataFrame:
    """Renvoie le nombre de personnes concernées, par domaine puis par axe.

    Parameters
    ----------
    declarations
        Une par domaine.
    observations
        Au schéma `OBSERVATIONS`, bases de population comprises.
    territoires
        Identifiants demandés ; seuls ceux de `NIVEAUX` sont comptés. Un domaine qui n'a aucun
        compte n'est dit qu'à partir de l'intercommunalité.
    axes
        Axe de chaque domaine.
    appartenance
        ``commune`` (code), ``territoire`` (identifiant) : toutes les communes de chaque territoire
        demandé, hors du département comprises.

    Returns
    -------
    polars.DataFrame
        Au schéma `PERSONNES` : chaque (domaine, territoire) demandé revient, avec son statut.
    """
    cibles = pl.DataFrame({"territoire": list(dict.fromkeys(territoires))}).with_columns(
        pl.col("territoire").str.extract(r"^([A-Z]+)-").alias("niveau")
    )
    cibles = cibles.filter(pl.col("niveau").is_in(NIVEAUX))
    domaines = [_domaine(d, observations, cibles) for d in declarations]
    vide = pl.DataFrame(schema=PERSONNES)
    par_domaine = pl.concat([vide, *(mettre_au_schema(t, PERSONNES) for t in domaines)])
    cumules = par_axe(
        par_domaine, declarations, cibles=cibles, axes=axes, appartenance=appartenance
    )
    return pl.concat([par_domaine, cumules])


def _domaine(
    declaration: PersonnesDomaine, observations: pl.DataFrame, cibles: pl.DataFrame
) -> pl.DataFrame:
    compte = declaration.compte
    if compte is None:
        absente = cibles.filter(pl.col("niveau") != "COM").select(
            "territoire",
            pl.lit("L").alias("status"),
            pl.lit(declaration.absence).alias("motif"),
        )
        return _signer(absente, declaration)
    lues = _lire(observations, compte.indicateur, compte.periode, cibles)
    comptees = (
        _par_taux(lues, compte, observations, cibles) if compte.base else _effectif(lues, compte)
    )
    facteur = declaration.conversion.facteur if declaration.conversion else 1.0
    lisible = pl.col("status").is_in(list(AVEC_VALEUR)) & pl.col("value").is_not_null()
    bornee = lisible & pl.col("lower").is_not_null() & pl.col("upper").is_not_null()
    marque = pl.col("status").replace_strict(MARQUES, default="non documenté")
    return _signer(
        comptees.with_columns(
            pl.when(lisible)
            .then(pl.col("status"))
            .otherwise(
                pl.when(pl.col("status").is_in(list(AVEC_VALEUR)))
                .then(pl.lit("L"))
                .otherwise(pl.col("status").fill_null("L"))
            )
            .alias("status"),
            pl.when(lisible).then(pl.col("value") * facteur).alias("value"),
            *(pl.when(bornee).then(pl.col(nom) * facteur).alias(nom) for nom in ("lower", "upper")),
            pl.when(bornee).then(pl.col("method")).alias("method"),
            pl.when(lisible).then(pl.col("precision")).alias("precision"),
            pl.when(lisible & ~bornee)
            .then(pl.coalesce(pl.lit(compte.motif or None), "motif", pl.lit(SANS_MARGE)))
            .when(lisible & (pl.col("precision") == Precision.ARRONDIE_BAS.value))
            .then(pl.lit(SOMME_PARTIELLE))
            .when(lisible)
            .then(None)
            .otherwise(pl.coalesce("motif", marque))
            .alias("motif"),
        ),
        declaration,
    )


def _signer(table: pl.DataFrame, declaration: PersonnesDomaine) -> pl.DataFrame:
    """Complète une table de domaine de ce que la déclaration en dit."""
    compte = declaration.compte
    noms = [compte.indicateur, compte.base, compte.majorant] if compte else []
    colonnes = table.drop("niveau", strict=False)
    return colonnes.with_columns(
        pl.lit("domaine").alias("genre"),
        pl.lit(declaration.domaine).alias("domaine"),
        pl.lit(declaration.unite_finale).alias("unite"),
        pl.lit(declaration.hypothese or None, dtype=pl.String).alias("hypothese"),
        pl.lit(" ".join(nom for nom in noms if nom) or None, dtype=pl.String).alias("indicateurs"),
    )


def _lire(
    observations: pl.DataFrame, indicateur: str, periode: str, cibles: pl.DataFrame
) -> pl.DataFrame:
    """Lit un indicateur à une seule période : celle dite, sinon la plus récente qui se lise."""
    siennes = observations.filter(pl.col("indicateur") == indicateur)
    locales = siennes.filter(
        pl.col("status").is_in(list(AVEC_VALEUR))
        & pl.col("territoire").is_in(cibles["territoire"].to_list())
    )
    if not periode:
        periodes = (locales if locales.height else siennes)["periode"]
        periode = str(periodes.max()) if len(periodes) else ""
    return cibles.join(
        siennes.filter(pl.col("periode") == periode).drop("indicateur"),
        on="territoire",
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("periode").fill_null(periode))


def _effectif(lues: pl.DataFrame, compte: Compte) -> pl.DataFrame:
    """Effectif lu dans l'indicateur : numérateur, valeur, ou ce qui reste du dénominateur."""
    numerateur = pl.col("numerateur") * compte.facteur
    valeur = {
        "numerateur": numerateur,
        "complement": pl.col("denominateur") - numerateur,
        "valeur": pl.col("value") * compte.facteur,
    }[compte.forme]
    echelle = pl.col("unite").replace_strict(_ECHELLES, default=None, return_dtype=pl.Float64)
    # Un produit de deux fichiers est une estimation, même quand chacun est une mesure.
    statut = pl.col("status").replace("A", "E") if compte.facteur != 1 else pl.col("status")
    par_tete = {
        "numerateur": pl.col("denominateur") / echelle * compte.facteur,
        "complement": _PERSONNE,
        "valeur": pl.lit(compte.facteur),
    }[compte.forme]
    pas = pl.col("niveau").replace_strict(
        compte.pas_arrondi or {"": 0.0}, default=None, return_dtype=pl.Float64
    )
    demi = pas / 2 * compte.facteur
    if compte.arrondi_cumule:
        demi = demi * pl.col("n_publies").fill_null(1).clip(lower_bound=1)
    return lues.select(
        "territoire",
        "periode",
        valeur.alias("value"),
        pl.coalesce(pl.col("lower") * par_tete, (valeur - demi).clip(lower_bound=0)).alias("lower"),
        pl.coalesce(pl.col("upper") * par_tete, valeur + demi).alias("upper"),
        pl.when(pl.col("lower").is_not_null() & par_tete.is_not_null())
        .then(pl.col("method"))
        .when(pas.is_not_null())
        .then(pl.lit("arrondi"))
        .alias("method"),
        "motif",
        statut,
        "precision",
        "origin",
    )


def _par_taux(
    lues: pl.DataFrame, compte: Compte, observations: pl.DataFrame, cibles: pl.DataFrame
) -> pl.DataFrame:
    """Effectif estimé : un taux publié, fois la population à laquelle il se rapporte."""
    bases = _lire(observations, compte.base, compte.base_periode, cibles).select(
        "territoire",
        pl.col(compte.base_champ).alias("base"),
        (pl.col("precision") == Precision.ARRONDIE_BAS.value).fill_null(value=False).alias("part"),
        pl.col("origin").alias("origine_base"),
    )
    if compte.majorant:
        plafonds = _lire(observations, compte.majorant, "", cibles).select(
            "territoire", pl.col("value").alias("plafond")
        )
    else:
        plafonds = bases.select("territoire", _PERSONNE.alias("plafond"))
    jointes = lues.join(bases, on="territoire", how="left", maintain_order="left").join(
        plafonds, on="territoire", how="left", maintain_order="left"
    )
    echelle = pl.col("unite").replace_strict(_ECHELLES, default=None, return_dtype=pl.Float64)
    haute = (
        pl.when(~pl.col("part"))
        .then(pl.col("base"))
        .when(pl.col("plafond") >= pl.col("base"))
        .then(pl.col("plafond"))
    )
    connu = pl.col("value").is_not_null()
    return jointes.select(
        "territoire",
        "periode",
        (pl.col("value") / echelle * pl.col("base")).alias("value"),
        (pl.col("lower").clip(lower_bound=0) / echelle * pl.col("base")).alias("lower"),
        (pl.col("upper") / echelle * haute).alias("upper"),
        "method",
        pl.when(connu & pl.col("base").is_null())
        .then(pl.lit(SANS_BASE))
        .otherwise(pl.col("motif"))
        .alias("motif"),
        pl.when(connu & pl.col("base").is_not_null())
        .then(pl.lit("E"))
        .when(connu)
        .then(pl.lit("L"))
        .otherwise(pl.col("status"))
        .alias("status"),
        pl.when(pl.col("precision") == Precision.PLANCHER.value)
        .then(pl.col("precision"))
        .when(pl.col("part"))
        .then(pl.lit(Precision.ARRONDIE_BAS.value))
        .otherwise(pl.col("precision"))
        .alias("precision"),
        pl.concat_str("origin", "origine_base", separator=" ", ignore_nulls=True).alias("origin"),
    )


def par_axe(
    domaines: pl.DataFrame,
    declarations: Sequence[PersonnesDomaine],
    *,
    cibles: pl.DataFrame,
    axes: Mapping[str, str],
    appartenance: pl.DataFrame,
) -> pl.DataFrame:
    """Renvoie, par axe et par unité, de l'un au moins à la somme, sans double compte.

    ``value`` est le plus petit nombre de personnes distinctes : dans chaque commune, le domaine le
    plus nombreux, puis la somme des communes ; ou le domaine le plus nombreux du territoire si
    c'est davantage ; jamais plus que la somme. ``lower`` en est la borne basse, ``upper`` la somme
    des bornes hautes des domaines. Un domaine absent n'entre ni dans l'un ni dans l'autre, et
    ``motif`` le dit.
    """
    retenus = [d for d in declarations if d.compte is not None and d.portee == "difficulte"]
    groupes: dict[tuple[str, str], list[str]] = {}
    for declaration in retenus:
        axe = axes.get(declaration.domaine)
        if axe is not None:
            groupes.setdefault((axe, declaration.unite_finale), []).append(declaration.domaine)
    lots = [pl.DataFrame(schema=PERSONNES)]
    for (axe, unite), noms in groupes.items():
        siens = domaines.filter(pl.col("domaine").is_in(noms))
        lots.append(_cumuler(siens, axe, unite, noms, cibles=cibles, appartenance=appartenance))
    return pl.concat(lots)


def _cumuler(
    siens: pl.DataFrame,
    axe: str,
    unite: str,
    noms: Sequence[str],
    *,
    cibles: pl.DataFrame,
    appartenance: pl.DataFrame,
) -> pl.DataFrame:
    plancher = pl.col("precision") == Precision.PLANCHER.value
    sur = pl.when(plancher).then(pl.col("lower").fill_null(0.0)).otherwise(pl.col("value"))
    lus = siens.filter(pl.col("value").is_not_null())
    reunis = lus.group_by("territoire").agg(
        sur.max().alias("propre"),
        pl.coalesce("lower", sur).max().alias("propre_bas"),
        pl.coalesce("upper", "value").sum().alias("somme"),
        pl.len().cast(pl.Int32).alias("n_domaines"),
        pl.col("indicateurs").unique().sort().str.join(" ").alias("indicateurs"),
        pl.col("origin").drop_nulls().unique().sort().str.join(" ").alias("origin"),
        pl.col("periode").unique().sort().str.join(" ").alias("periode"),
    )
    table = cibles.join(reunis, on="territoire", how="left", maintain_order="left")
    table = _remonter(table, appartenance).with_columns(
        pl.min_horizontal("minimum", "somme"), pl.min_horizontal("minimum_bas", "somme")
    )
    lu = pl.col("n_domaines") > 0
    incomplet = pl.col("n_domaines") < len(noms)
    return mettre_au_schema(
        table.select(
            pl.lit("axe").alias("genre"),
            pl.lit(axe).alias("domaine"),
            "territoire",
            pl.lit(unite).alias("unite"),
            "periode",
            pl.when(lu).then(pl.col("minimum")).alias("value"),
            pl.when(lu).then(pl.min_horizontal("minimum", "minimum_bas")).alias("lower"),
            pl.when(lu).then(pl.col("somme")).alias("upper"),
            pl.when(lu).then(pl.lit("recouvrement")).alias("method"),
            pl.when(lu & incomplet)
            .then(
                pl.concat_str(
                    pl.col("n_domaines").cast(pl.String),
                    pl.when(pl.col("n_domaines") == 1)
                    .then(pl.lit(" domaine lu"))
                    .otherwise(pl.lit(" domaines lus")),
                    pl.lit(f" sur {len(noms)} : la somme est incomplète"),
                )
            )
            .when(lu)
            .then(None)
            .otherwise(pl.lit(AUCUN_DOMAINE))
            .alias("motif"),
            pl.lit(RECOUVREMENT).alias("hypothese"),
            pl.when(lu).then(pl.lit("E")).otherwise(pl.lit("L")).alias("status"),
            pl.when(lu).then(pl.lit(Precision.ARRONDIE.value)).alias("precision"),
            pl.col("n_domaines").fill_null(0),
            "indicateurs",
            "origin",
        ),
        PERSONNES,
    )


def _remonter(table: pl.DataFrame, appartenance: pl.DataFrame) -> pl.DataFrame:
    """Ajoute ``minimum`` et ``minimum_bas`` : le plus grand du territoire et de ses parties.

    Les parties d'une intercommunalité sont ses communes. Celles du département sont les
    intercommunalités qu'il contient en entier, et ses autres communes.
    """
    valeurs: dict[str, tuple[float, float]] = {}
    liens = appartenance.filter(pl.col("territoire").is_in(table["territoire"].to_list()))
    communes = {
        str(territoire): {f"COM-{code}" for code in codes}
        for territoire, codes in liens.group_by("territoire").agg("commune").iter_rows()
    }
    lignes = {ligne["territoire"]: ligne for ligne in table.iter_rows(named=True)}
    minimums: dict[str, tuple[float | None, float | None]] = {}
    for niveau in NIVEAUX:
        for territoire, ligne in lignes.items():
            if ligne["niveau"] != niveau:
                continue
            parties = _parties(territoire, niveau, communes)
            connues = [valeurs[p] for p in sorted(parties) if p in valeurs]
            candidats = [(sum(v for v, _ in connues), sum(b for _, b in connues))] * bool(connues)
            if ligne["propre"] is not None:
                candidats.append((ligne["propre"], ligne["propre_bas"]))
            if candidats:
                valeurs[territoire] = (
                    max(v for v, _ in candidats),
                    max(b for _, b in candidats),
                )
            minimums[territoire] = valeurs.get(territoire, (None, None))
    ordre = table["territoire"].to_list()
    return table.with_columns(
        pl.Series("minimum", [minimums[t][0] for t in ordre], dtype=pl.Float64),
        pl.Series("minimum_bas", [minimums[t][1] for t in ordre], dtype=pl.Float64),
    )


def _parties(territoire: str, niveau: str, communes: Mapping[str, set[str]]) -> set[str]:
    """Renvoie des parties disjointes d'un territoire, les plus grandes d'abord."""
    siennes = communes.get(territoire, set())
    if niveau == "COM":
        return set()
    if niveau == "EPCI":
        return siennes
    entiers = {
        autre: parties
        for autre, parties in communes.items()
        if autre.startswith("EPCI-") and parties and parties <= siennes
    }
    couvertes: set[str] = set().union(*entiers.values())
    return {*entiers, *(siennes - couvertes)}
