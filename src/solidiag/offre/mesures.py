"""Mesures d'offre : une observation par mesure et territoire, à partir des tables et des services.

Une mesure de table se calcule comme un indicateur de besoin (`en_indicateur`) ; une mesure de
services compte des lieux (`compter`). Zéro n'est une mesure que si la liste couvre le territoire
et se dit complète ; sinon l'absence d'un lieu n'est pas documentée.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import polars as pl

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.catalogue.source import Couverture, Source
from solidiag.model.observation import OBSERVATIONS, ConfStatus, mettre_au_schema, table_vide
from solidiag.model.origin import Derivation, Origin

VERSION = "1"
"""Version du comptage ; elle change quand un résultat peut changer."""

MULTIPLES: dict[str, float] = {"pour_1000": 1e3, "pour_10000": 1e4, "pour_100000": 1e5}
"""Facteur d'un taux, selon son unité."""

SANS_INTERVALLE = "dénombrement de lieux\u00a0: pas d'échantillon, donc pas d'intervalle"
LIEU_INCONNU = "aucun lieu connu des sources, ce qui n'est pas une absence prouvée"
HORS_CHAMP = "territoire hors du champ de la source"
HORS_INVENTAIRE = "territoire qui déborde de l'inventaire du département"
SANS_POPULATION = "population rapportée non documentée"


def en_indicateur(mesure: MesureOffre) -> Indicateur:
    """Renvoie la mesure de table sous la forme d'un indicateur, pour les mêmes formules.

    Raises
    ------
    ValueError
        Si la mesure ne vient pas d'une table, ou si son unité n'est pas celle d'un indicateur.
    """
    if mesure.origine != "table" or not mesure.lectures:
        raise ValueError(f"la mesure « {mesure.id} » ne se lit pas dans une table")
    unites = get_args(Indicateur.model_fields["unite"].annotation)
    if mesure.unite not in unites:
        raise ValueError(f"la mesure « {mesure.id} » a une unité inconnue : « {mesure.unite} »")
    return Indicateur(
        id=mesure.id,
        libelle=mesure.libelle,
        libelle_court=mesure.libelle_court,
        definition=mesure.libelle,
        unite=cast("Any", mesure.unite),
        sens="contexte",
        correspondance="hors_grille",
        incertitude="inconnue",
        motif="répertoire ou modèle du producteur\u00a0: pas d'intervalle publié",
        lecture=mesure.lecture or "{valeur}",
        lectures=mesure.lectures,
    )


def categories_de(mesure: MesureOffre) -> tuple[str, ...]:
    """Renvoie les catégories de services qu'une mesure compte.

    Raises
    ------
    ValueError
        Si la mesure ne dit aucune catégorie, ou porte un filtre inconnu.
    """
    inconnus = sorted(set(mesure.selection) - {"categories"})
    categories = tuple(mesure.selection.get("categories", ()))
    if mesure.origine != "services" or not categories or inconnus:
        raise ValueError(f"la mesure « {mesure.id} » ne choisit pas de catégories de services")
    return categories


def couvertures_par_categorie(sources: Iterable[Source]) -> dict[str, dict[str, Couverture]]:
    """Renvoie, par catégorie, les sources de services qui la portent et ce qu'elles couvrent."""
    couvertures: dict[str, dict[str, Couverture]] = {}
    for source in sources:
        for fichier in source.fichiers:
            options = fichier.options
            dites = [*options.get("vues", ())]
            if "code" in options:
                dites += options["correspondance"]["codes"].values()
            for dite in dites:
                categorie = dite.get("categorie")
                if categorie:
                    couverture = fichier.couverture or source.couverture
                    couvertures.setdefault(str(categorie), {})[source.id] = couverture
    return couvertures


def mesurables(
    services: pl.DataFrame, couvertures: Mapping[str, Mapping[str, Couverture]]
) -> pl.DataFrame:
    """Renvoie les services que les nombres et les temps comptent.

    Ce sont ceux d'une source qui donne la liste d'une catégorie. Un annuaire que chacun remplit
    (data·inclusion) montre des lieux sans en être la liste : il n'en change pas le nombre.

    Parameters
    ----------
    couvertures
        Catégorie → source → territoires couverts (`couvertures_par_categorie`).
    """
    couples = pl.DataFrame(
        [(categorie, source) for categorie, par in couvertures.items() for source in par],
        schema={"categorie": pl.String, "source": pl.String},
        orient="row",
    )
    return services.join(couples, on=["categorie", "source"], how="semi", maintain_order="left")


@dataclass(frozen=True, kw_only=True, eq=False)
class Territoires:
    """Ce que le comptage demande aux territoires.

    Parameters
    ----------
    appartenance
        ``commune`` (code), ``territoire`` (identifiant) : chaque commune dans chacun de ses
        territoires, elle-même comprise.
    departements
        Commune → département.
    inventoriees
        Communes dont tous les services connus sont dans l'inventaire : un territoire qui en déborde
        (région, France, bassin de vie à cheval) n'est pas compté.
    demandes
        Identifiants demandés ; chacun revient pour chaque mesure.
    """

    appartenance: pl.DataFrame
    departements: Mapping[str, str]
    inventoriees: frozenset[str]
    demandes: tuple[str, ...]


def compter(
    mesures: Sequence[MesureOffre],
    services: pl.DataFrame,
    territoires: Territoires,
    *,
    couvertures: Mapping[str, Mapping[str, Couverture]],
    populations: Mapping[str, Mapping[str, float]],
    origines: Mapping[str, Sequence[Origin]],
    cog: int,
) -> tuple[pl.DataFrame, dict[str, Origin]]:
    """Renvoie les observations des mesures de services, et leurs provenances.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`, doublons réunis (``groupe``). Un service dont ``fermeture``
        est remplie, ou sans commune, n'est pas compté.
    couvertures
        Catégorie → source → territoires couverts (`couvertures_par_categorie`).
    populations
        Clé de population → identifiant de territoire → effectif, pour les taux.
    origines
        Source → provenances des fichiers lus.
    cog
        Année du découpage communal.

    Returns
    -------
    tuple
        Table au schéma `OBSERVATIONS`, et provenances par identifiant.
    """
    lots: list[pl.DataFrame] = []
    trouvees: dict[str, Origin] = {}
    ouverts = services.filter(
        pl.col("fermeture").fill_null("") == "", pl.col("code_insee").is_not_null()
    ).with_columns(pl.coalesce("groupe", "id").alias("service"))
    departements = _departements(territoires)
    debordent = _debordent(territoires)
    for mesure in mesures:
        categories = categories_de(mesure)
        retenus = ouverts.filter(pl.col("categorie").is_in(categories))
        origine = _origine(mesure, categories, couvertures=couvertures, origines=origines)
        trouvees[origine.id] = origine
        nombres = _nombres(retenus, territoires)
        population = populations.get(mesure.public, {})
        lignes = [
            _ligne(
                mesure,
                territoire,
                nombre=nombres.get(territoire, 0),
                dehors=HORS_INVENTAIRE
                if territoire in debordent
                else _hors_champ(categories, departements.get(territoire, set()), couvertures),
                population=population.get(territoire),
            )
            for territoire in dict.fromkeys(territoires.demandes)
        ]
        lots.append(
            pl.DataFrame(lignes, schema=_LIGNE).with_columns(
                pl.lit(_periode(retenus)).alias("periode"), pl.lit(origine.id).alias("origin")
            )
        )
    if not lots:
        return table_vide(OBSERVATIONS), trouvees
    observations = pl.concat(lots).with_columns(
        pl.lit(cog).alias("cog"), pl.lit(ConfStatus.LIBRE.value).alias("confidentiality")
    )
    return mettre_au_schema(observations, OBSERVATIONS), trouvees


_LIGNE: dict[str, pl.DataType] = {
    nom: OBSERVATIONS[nom]
    for nom in (
        "indicateur", "territoire", "unite", "value", "status", "precision", "motif",
        "numerateur", "denominateur",
    )
}  # fmt: skip


def _ligne(
    mesure: MesureOffre,
    territoire: str,
    *,
    nombre: int,
    dehors: str,
    population: float | None,
) -> dict[str, Any]:
    ligne: dict[str, Any] = {
        "indicateur": mesure.id,
        "territoire": territoire,
        "unite": mesure.unite,
        "status": "L",
    }
    if dehors:
        return ligne | {"motif": dehors}
    if nombre == 0 and not mesure.zero_interpretable:
        return ligne | {"motif": LIEU_INCONNU}
    connue = ligne | {"status": "A", "precision": "exact", "motif": SANS_INTERVALLE}
    multiple = MULTIPLES.get(mesure.unite)
    if multiple is None:
        return connue | {"value": float(nombre)}
    if not population:
        return ligne | {"motif": SANS_POPULATION}
    return connue | {
        "value": nombre / population * multiple,
        "numerateur": float(nombre),
        "denominateur": float(population),
    }


def _nombres(retenus: pl.DataFrame, territoires: Territoires) -> dict[str, int]:
    """Nombre de services distincts par territoire ; un groupe compte une fois."""
    places = retenus.select("service", pl.col("code_insee").alias("commune")).unique()
    comptes = (
        territoires.appartenance.join(places, on="commune", how="inner")
        .group_by("territoire")
        .agg(pl.col("service").n_unique().alias("nombre"))
    )
    return dict(comptes.iter_rows())


def _departements(territoires: Territoires) -> dict[str, set[str]]:
    trouves: dict[str, set[str]] = {}
    for commune, territoire in territoires.appartenance.select("commune", "territoire").iter_rows():
        departement = territoires.departements.get(commune)
        if departement is not None:
            trouves.setdefault(territoire, set()).add(departement)
    return trouves


def _debordent(territoires: Territoires) -> set[str]:
    """Territoires dont une commune n'est pas dans l'inventaire."""
    dehors = territoires.appartenance.filter(
        ~pl.col("commune").is_in(list(territoires.inventoriees))
    )
    return set(dehors["territoire"])


def _hors_champ(
    categories: Sequence[str],
    departements: set[str],
    couvertures: Mapping[str, Mapping[str, Couverture]],
) -> str:
    """Renvoie le motif si, dans un département, une catégorie n'a aucune source qui le couvre."""
    couvert = bool(departements) and all(
        any(couverture.couvre(departement) for couverture in couvertures.get(nom, {}).values())
        for nom in categories
        for departement in departements
    )
    return "" if couvert else HORS_CHAMP


def _periode(retenus: pl.DataFrame) -> str:
    """Année la plus ancienne des listes lues : celle d'où date l'ensemble."""
    recentes = retenus.group_by("source").agg(pl.col("date_source").max())["date_source"]
    annees = [str(date)[:4] for date in recentes.drop_nulls()]
    return min(annees, default="")


def _origine(
    mesure: MesureOffre,
    categories: Sequence[str],
    *,
    couvertures: Mapping[str, Mapping[str, Couverture]],
    origines: Mapping[str, Sequence[Origin]],
) -> Derivation:
    sources = sorted({source for nom in categories for source in couvertures.get(nom, {})})
    parametres = [("categories", " ".join(categories)), ("mesure", mesure.id)]
    if mesure.unite in MULTIPLES:
        parametres.append(("population", mesure.public))
    return Derivation(
        operation="offre.compter",
        version=VERSION,
        parameters=tuple(sorted(parametres)),
        inputs=tuple(origine for source in sources for origine in origines.get(source, ())),
    )
