"""Calcul des indicateurs : une observation par indicateur, période et territoire demandé."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from solidiag.besoins.incertitude import ajouter_intervalles
from solidiag.besoins.operations import FORMULES, RESULTAT, Demande
from solidiag.besoins.termes import Referentiel, Tables
from solidiag.catalogue.indicateur import Indicateur, Lecture, Terme
from solidiag.catalogue.source import Couverture
from solidiag.model.observation import (
    AVEC_VALEUR,
    OBSERVATIONS,
    ConfStatus,
    mettre_au_schema,
    table_vide,
)
from solidiag.model.origin import Derivation, Origin, Retrieval
from solidiag.model.territoire import LIBELLES_NIVEAUX, Niveau

VERSION = "1"
"""Version des formules ; elle change quand un résultat peut changer."""


def termes_de(lecture: Lecture) -> tuple[Terme, ...]:
    """Renvoie les termes d'une lecture, dans l'ordre où on les dit."""
    possibles = (lecture.valeur, lecture.numerateur, lecture.denominateur, lecture.poids)
    return tuple(terme for terme in possibles if terme is not None)


def variables_requises(indicateurs: Sequence[Indicateur]) -> dict[str, set[str]]:
    """Renvoie, par ``source/fichier``, les variables que ces indicateurs lisent."""
    requises: dict[str, set[str]] = {}
    for indicateur in indicateurs:
        for lecture in indicateur.lectures:
            for terme in termes_de(lecture):
                requises.setdefault(terme.fichier, set()).update(terme.variables, terme.moins)
    return requises


def variables_sommables(indicateurs: Sequence[Indicateur]) -> dict[str, frozenset[str]]:
    """Renvoie, par ``source/fichier``, ce qui s'additionne quand des communes fusionnent.

    Un effectif s'additionne ; une valeur publiée ou une part ne s'additionnent pas.
    """
    sommables: dict[str, set[str]] = {}
    autres: dict[str, set[str]] = {}
    for indicateur in indicateurs:
        for lecture in indicateur.lectures:
            for terme in termes_de(lecture):
                additif = lecture.formule in ("somme", "ratio") or terme is lecture.poids
                cible = sommables if additif else autres
                cible.setdefault(terme.fichier, set()).update(terme.variables, terme.moins)
    return {
        fichier: frozenset(variables - autres.get(fichier, set()))
        for fichier, variables in sommables.items()
    }


def calculer(
    indicateurs: Sequence[Indicateur],
    tables: Mapping[str, pl.DataFrame],
    referentiel: Referentiel,
    *,
    territoires: Sequence[str],
    cog: int,
    retrievals: Mapping[str, Retrieval],
    couvertures: Mapping[str, Couverture],
) -> tuple[pl.DataFrame, dict[str, Origin]]:
    """Renvoie les observations des territoires demandés, et leurs provenances.

    Parameters
    ----------
    indicateurs
        Déclarations à calculer.
    tables, retrievals, couvertures
        Par ``source/fichier`` : table au schéma `TABLE_ALIGNEE`, provenance, territoires couverts.
    referentiel
        Communes du COG courant et leurs appartenances.
    territoires
        Identifiants demandés ; chacun revient pour chaque (indicateur, période).
    cog
        Année du découpage des tables alignées.

    Returns
    -------
    tuple
        Table au schéma `OBSERVATIONS`, et provenances par identifiant.
    """
    demandes = _cibles(territoires)
    decoupees = Tables(tables)
    appartenance = _appartenance(referentiel, demandes)
    effectifs = appartenance.group_by("territoire").agg(
        pl.len().cast(pl.Int32).alias("n_total"),
        pl.col("population").sum().alias("population_totale"),
    )
    origines: dict[str, Origin] = {}
    lots: list[pl.DataFrame] = []
    for indicateur in indicateurs:
        for periode in dict.fromkeys(lecture.periode for lecture in indicateur.lectures):
            resultats: list[pl.DataFrame] = []
            for rang, lecture in enumerate(indicateur.lectures):
                if lecture.periode != periode:
                    continue
                cibles = demandes.filter(pl.col("niveau").is_in(lecture.niveaux))
                if cibles.is_empty():
                    continue
                demande = Demande(
                    lecture=lecture,
                    tables=decoupees,
                    referentiel=referentiel,
                    appartenance=appartenance,
                    effectifs=effectifs,
                    cibles=cibles,
                )
                resultat = FORMULES[lecture.formule](demande)
                resultat = _taire_petites(resultat, indicateur, demande=demande)
                resultat = _sans_objet(resultat, indicateur)
                resultat = _expliquer_absences(resultat, lecture, couvertures, demande=demande)
                provenance = origine(indicateur, lecture, retrievals)
                origines[provenance.id] = provenance
                resultats.append(
                    ajouter_intervalles(resultat, indicateur, lecture).with_columns(
                        pl.lit(provenance.id).alias("origin"), pl.lit(rang).alias("rang")
                    )
                )
            lots.append(_reunir(resultats, indicateur, periode, demandes=demandes))
    if not lots:
        return table_vide(OBSERVATIONS), origines
    lisible = pl.col("status").is_in(list(AVEC_VALEUR))
    observations = pl.concat(lots).with_columns(
        pl.lit(cog).alias("cog"),
        *(pl.when(lisible).then(pl.col(c)).alias(c) for c in ("numerateur", "denominateur")),
        pl.when(pl.col("status") == "Q")
        .then(pl.lit(ConfStatus.CONFIDENTIELLE.value))
        .otherwise(pl.lit(ConfStatus.LIBRE.value))
        .alias("confidentiality"),
    )
    return mettre_au_schema(observations, OBSERVATIONS), origines


def _cibles(territoires: Sequence[str]) -> pl.DataFrame:
    uniques = list(dict.fromkeys(territoires))
    return pl.DataFrame({"territoire": uniques}, schema={"territoire": pl.String}).with_columns(
        pl.col("territoire").str.extract(r"^([A-Z]+)-").alias("niveau"),
        pl.col("territoire").str.extract(r"^[A-Z]+-(.+)$").alias("code"),
    )


def _appartenance(referentiel: Referentiel, demandes: pl.DataFrame) -> pl.DataFrame:
    """Communes de chaque territoire demandé, avec leur département et leur population."""
    communes = referentiel.communes.select(
        pl.col("code").alias("commune"), "departement", pl.col("population").cast(pl.Float64)
    )
    elles = communes.select("commune").with_columns(
        pl.concat_str(pl.lit("COM-"), "commune").alias("territoire")
    )
    liens = pl.concat(
        [referentiel.appartenance_pesee(), elles.with_columns(pl.lit(1.0).alias("part"))]
    ).unique()
    return (
        liens.filter(pl.col("territoire").is_in(demandes["territoire"].to_list()))
        .join(communes, on="commune", how="inner")
        .with_columns(pl.col("population") * pl.col("part"))
    )


def _reunir(
    resultats: list[pl.DataFrame], indicateur: Indicateur, periode: str, *, demandes: pl.DataFrame
) -> pl.DataFrame:
    """Garde par territoire la première lecture qui donne une valeur, à défaut la première."""
    base = demandes.select("territoire", "niveau")
    colonnes = {
        **RESULTAT,
        "lower": pl.Float64(),
        "upper": pl.Float64(),
        "level": pl.Float64(),
        "method": pl.String(),
        "origin": pl.String(),
        "rang": pl.Int32(),
    }
    tous = pl.concat(mettre_au_schema(r, colonnes) for r in resultats) if resultats else None
    if tous is None:
        tous = pl.DataFrame(schema=colonnes)
    choisis = (
        tous.sort(pl.col("value").is_null(), "rang").unique("territoire", keep="first").drop("rang")
    )
    noms = {niveau.value: LIBELLES_NIVEAUX[niveau][0] for niveau in Niveau}
    sans_lecture = pl.concat_str(
        pl.lit("aucun fichier embarqué ne porte cet indicateur au niveau « "),
        pl.col("niveau").replace_strict(noms, default=pl.col("niveau")),
        pl.lit(" »"),
    )
    return (
        base.join(choisis, on="territoire", how="left", maintain_order="left")
        .with_columns(
            pl.col("status").fill_null("L"),
            pl.when(pl.col("status").is_null())
            .then(sans_lecture)
            .otherwise(pl.col("motif"))
            .alias("motif"),
            pl.lit(indicateur.id).alias("indicateur"),
            pl.lit(periode).alias("periode"),
            pl.lit(indicateur.unite).alias("unite"),
            pl.when(pl.col("value").is_null())
            .then(None)
            .otherwise(pl.col("precision"))
            .alias("precision"),
        )
        .drop("niveau")
    )


def _taire_petites(
    resultat: pl.DataFrame, indicateur: Indicateur, *, demande: Demande
) -> pl.DataFrame:
    """Ne montre pas une commune sous ``parametres.population_minimale`` habitants."""
    seuil = indicateur.parametres.get("population_minimale")
    if not seuil:
        return resultat
    petites = demande.effectifs.filter(
        pl.col("territoire").str.starts_with("COM-") & (pl.col("population_totale") < seuil)
    )["territoire"].to_list()
    tue = pl.col("territoire").is_in(petites) & pl.col("value").is_not_null()
    motif = f"non montré sous {seuil} habitants"
    return resultat.with_columns(
        pl.when(tue).then(pl.lit("O")).otherwise(pl.col("status")).alias("status"),
        pl.when(tue).then(pl.lit(motif)).otherwise(pl.col("motif")).alias("motif"),
        *(
            pl.when(tue).then(None).otherwise(pl.col(nom)).alias(nom)
            for nom in ("value", "numerateur", "denominateur")
        ),
    )


def _sans_objet(resultat: pl.DataFrame, indicateur: Indicateur) -> pl.DataFrame:
    """Dit « sans objet » une commune que ne cite pas un fichier exhaustif.

    ``parametres.sans_objet`` est le motif : pas d'école, pas de logement social...
    """
    motif = indicateur.parametres.get("sans_objet")
    if not motif:
        return resultat
    absente = (
        pl.col("territoire").str.starts_with("COM-")
        & pl.col("value").is_null()
        & (pl.col("status") == "L")
    )
    return resultat.with_columns(
        pl.when(absente).then(pl.lit("M")).otherwise(pl.col("status")).alias("status"),
        pl.when(absente).then(pl.lit(str(motif))).otherwise(pl.col("motif")).alias("motif"),
    )


def _expliquer_absences(
    resultat: pl.DataFrame,
    lecture: Lecture,
    couvertures: Mapping[str, Couverture],
    *,
    demande: Demande,
) -> pl.DataFrame:
    """Dit, pour chaque absence sans motif, si le territoire est hors du champ de la source."""
    departements = demande.appartenance.select("territoire", "departement").unique()
    hors: set[str] = set()
    for terme in termes_de(lecture):
        couverture = couvertures.get(terme.fichier, Couverture())
        hors.update(
            d for d in departements["departement"].unique().to_list() if not couverture.couvre(d)
        )
    dehors = (
        departements.group_by("territoire")
        .agg(
            pl.col("departement").is_in(list(hors)).all().alias("hors_champ"),
            pl.col("departement").is_in(list(hors)).any().alias("en_partie"),
        )
        .filter(pl.col("en_partie"))
    )
    sans = pl.col("value").is_null()
    exterieur = sans & pl.col("hors_champ").fill_null(value=False)
    partiel = sans & (pl.col("status") == "L") & pl.col("en_partie").fill_null(value=False)
    motifs = {
        "Q": "secret statistique du producteur",
        "O": "valeur non publiée par le producteur",
        "L": "territoire absent du fichier du producteur",
        "M": "sans objet dans ce territoire",
    } | lecture.motifs
    return (
        resultat.join(dehors, on="territoire", how="left", maintain_order="left")
        .with_columns(
            pl.when(exterieur).then(pl.lit("L")).otherwise(pl.col("status")).alias("status"),
            pl.when(exterieur)
            .then(pl.lit("territoire hors du champ de la source"))
            .when(partiel)
            .then(
                pl.concat_str(
                    pl.lit("territoire en partie hors du champ de la source"),
                    "motif",
                    separator="\u00a0; ",
                    ignore_nulls=True,
                )
            )
            .when(sans & pl.col("motif").is_null())
            .then(pl.col("status").replace_strict(motifs, default=None, return_dtype=pl.String))
            .otherwise(pl.col("motif"))
            .alias("motif"),
        )
        .drop("hors_champ", "en_partie")
    )


def _texte(terme: Terme) -> str:
    corps = " + ".join(terme.variables)
    if terme.moins:
        corps += " − " + " − ".join(terme.moins)
    periode = f" [{terme.periode}]" if terme.periode else ""
    return f"{terme.fichier} : {corps}{periode}"


def origine(
    indicateur: Indicateur, lecture: Lecture, retrievals: Mapping[str, Retrieval]
) -> Derivation:
    """Renvoie la provenance d'une lecture : sa formule, ses termes et leurs fichiers."""
    noms = ("valeur", "numerateur", "denominateur", "poids")
    parametres = [
        (nom, _texte(terme)) for nom in noms if (terme := getattr(lecture, nom)) is not None
    ]
    parametres.append(("indicateur", indicateur.id))
    parametres.append(("periode", lecture.periode))
    parametres.append(("niveaux", " ".join(lecture.niveaux)))
    if lecture.facteur != 1:
        parametres.append(("facteur", f"{lecture.facteur:g}"))
    fichiers = dict.fromkeys(terme.fichier for terme in termes_de(lecture))
    return Derivation(
        operation=f"besoins.{lecture.formule}",
        version=VERSION,
        parameters=tuple(sorted(parametres)),
        inputs=tuple(retrievals[fichier] for fichier in fichiers),
    )
