"""Des observations aux comparaisons et aux tendances d'un diagnostic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from solidiag.besoins.confrontation import (
    COMPARAISONS,
    Demande,
    ajuster_ensemble,
    conclure,
    confronter,
)
from solidiag.besoins.evolutions import TENDANCES, conclure_tendances, suivre
from solidiag.besoins.regles import Regles
from solidiag.besoins.semblables import SEMBLABLES, Reglage, chercher, mesures_du_referentiel
from solidiag.catalogue.indicateur import Indicateur
from solidiag.confidentiality.publication import PublishedTable, publier
from solidiag.geography.referentiel import Referentiel
from solidiag.model.origin import Origin
from solidiag.model.territoire import Niveau
from solidiag.storage.depot import Depot

Calculer = Callable[[Iterable[Indicateur], list[str]], pl.DataFrame]
"""Renvoie les observations de ces indicateurs pour ces territoires."""

PART_MINIMALE_CONTENUE = 0.5
"""Part des habitants d'un territoire sous laquelle une référence ne le contient pas assez."""

_NOMS_DES_REFERENCES = {
    "REG": "la région",
    "DEP": "le département",
    "ZE": "la zone d'emploi",
    "EPCI": "l'intercommunalité",
}


@dataclass(frozen=True, kw_only=True)
class Comparees:
    """Comparaisons et tendances publiées d'un diagnostic."""

    comparaisons: PublishedTable
    tendances: PublishedTable
    semblables: PublishedTable


def reglage_des_semblables(depot: Depot) -> Reglage:
    """Renvoie les paramètres de la ressemblance."""
    return Reglage.lire(depot.parametres("semblables"))


def chercher_semblables(
    depot: Depot, referentiel: Referentiel, calculer: Calculer, *, pour: Sequence[str]
) -> pl.DataFrame:
    """Renvoie les territoires semblables des départements et intercommunalités demandés.

    Parameters
    ----------
    calculer
        Calcul des trois indicateurs de ressemblance, pour tous les territoires d'un niveau.
    pour
        Identifiants ``DEP-`` et ``EPCI-`` ; les autres niveaux n'ont pas de semblables.

    Returns
    -------
    polars.DataFrame
        Table au schéma `SEMBLABLES`, avec une colonne par variable de ressemblance.
    """
    reglage = reglage_des_semblables(depot)
    declares = [depot.indicateurs[i] for i in reglage.indicateurs if i in depot.indicateurs]
    rendues = []
    for niveau in (Niveau.DEPARTEMENT, Niveau.EPCI):
        voulus = [t for t in pour if t.startswith(f"{niveau.value}-")]
        if not voulus:
            continue
        appartenance = referentiel.appartenance(niveau).select("commune", "territoire")
        tous = sorted(appartenance["territoire"].unique())
        variables = mesures_du_referentiel(
            referentiel.communes.select("code", "population", "superficie_km2", "densite_niveau"),
            appartenance,
        )
        observees = calculer(declares, tous)
        for variable in reglage.variables:
            if variable.calcul:
                variables = variables.rename({variable.calcul: variable.id})
                continue
            valeurs = _a_la_periode_la_mieux_lue(observees, variable.indicateur, variable.id)
            variables = variables.join(valeurs, on="territoire", how="left")
        trouves = chercher(variables, reglage, niveau=niveau.value, pour=voulus)
        rendues.append(trouves)
    return pl.concat(rendues) if rendues else pl.DataFrame(schema=SEMBLABLES)


def _a_la_periode_la_mieux_lue(observees: pl.DataFrame, indicateur: str, nom: str) -> pl.DataFrame:
    """Renvoie les valeurs d'une seule période : la plus récente des mieux lues."""
    lues = observees.filter(
        pl.col("indicateur") == indicateur,
        pl.col("value").is_not_null(),
        pl.col("precision").fill_null("exact") != "floor",
    )
    effectifs = lues.group_by("periode").len().sort("len", "periode", descending=True)
    periode = effectifs["periode"][0] if effectifs.height else ""
    return lues.filter(pl.col("periode") == periode).select(
        "territoire", pl.col("value").alias(nom)
    )


def demandes_de(
    referentiel: Referentiel,
    territoires: Sequence[str],
    semblables: pl.DataFrame,
    *,
    departement: str = "",
) -> list[Demande]:
    """Renvoie les comparaisons à faire pour des territoires de tout niveau.

    Un département est comparé à la France, à sa région et à ses semblables ; une intercommunalité
    à son département, à sa zone d'emploi et à ses semblables ; une commune à son département et à
    son intercommunalité. Une référence faite du seul territoire est laissée. Une référence qui
    contient moins de la moitié de ses habitants, ou qui en est une partie, n'est pas comparée.

    Parameters
    ----------
    departement
        Département de référence des intercommunalités qui en touchent plusieurs.
    """
    groupes: dict[str, tuple[str, ...]] = {
        str(cle[0]): tuple(groupe["semblable"])
        for cle, groupe in semblables.sort("ordre").group_by("territoire", maintain_order=True)
    }
    demandes: list[Demande] = []
    for identifiant in territoires:
        niveau = identifiant.partition("-")[0]
        communes = referentiel.communes.filter(
            pl.col("code").is_in(referentiel.communes_de(identifiant))
        )
        siennes = set(communes["code"])
        for reference, cible in _references(niveau, communes, departement):
            entieres = set(referentiel.communes_de(cible))
            if entieres == siennes:
                continue
            demandes.append(
                Demande(
                    territoire=identifiant,
                    reference=reference,
                    cibles=(cible,),
                    inclus=niveau != "ARM" and siennes <= entieres,
                    motif=contenu_en_partie(communes, entieres, reference),
                )
            )
        if niveau in ("DEP", "EPCI"):
            demandes.append(
                Demande(
                    territoire=identifiant,
                    reference="SEMBLABLES",
                    cibles=groupes.get(identifiant, ()),
                )
            )
    return demandes


def contenu_en_partie(communes: pl.DataFrame, entieres: set[str], reference: str) -> str:
    """Renvoie la raison de ne pas comparer un territoire à une référence qui ne le contient pas.

    Plus de la moitié des habitants dedans : la comparaison a lieu, sans retrait ; les habitants
    communs rapprochent les deux valeurs, et le test en est plus prudent.
    """
    siennes = set(communes["code"])
    if siennes <= entieres:
        return ""
    dedans = float(communes.filter(pl.col("code").is_in(entieres))["population"].sum())
    total = float(communes["population"].sum())
    if dedans >= PART_MINIMALE_CONTENUE * total and not entieres <= siennes:
        return ""
    return f"{_NOMS_DES_REFERENCES[reference]} n'en contient qu'une partie"


def _references(niveau: str, communes: pl.DataFrame, departement: str) -> list[tuple[str, str]]:
    """Renvoie (genre, identifiant) des références d'un territoire, d'après ses communes."""
    voulues = {
        "DEP": ("FR", "REG"),
        "EPCI": ("DEP", "ZE"),
        "COM": ("EPCI", "DEP"),
        "ARM": ("DEP",),
    }.get(niveau, ("DEP",))
    colonnes = {"REG": "region", "DEP": "departement", "ZE": "zone_emploi", "EPCI": "epci"}
    rendues = []
    for genre in voulues:
        if genre == "FR":
            rendues.append(("FR", "FR-FR"))
            continue
        if genre == "DEP" and departement:
            rendues.append(("DEP", f"DEP-{departement}"))
            continue
        poids = (
            communes.filter(pl.col(colonnes[genre]).is_not_null())
            .group_by(colonnes[genre])
            .agg(pl.col("population").sum())
            .sort("population", colonnes[genre], descending=[True, False])
        )
        if poids.height:
            rendues.append((genre, f"{genre}-{poids[colonnes[genre]][0]}"))
    return rendues


def sources_des_origines(origines: Mapping[str, Origin]) -> dict[str, frozenset[str]]:
    """Renvoie, par identifiant de provenance, les sources dont elle dépend."""
    return {
        identifiant: frozenset(retrieval.source for retrieval in origine.retrievals)
        for identifiant, origine in origines.items()
    }


def comparer_diagnostic(
    observations: pl.DataFrame,
    semblables: pl.DataFrame,
    *,
    depot: Depot,
    referentiel: Referentiel,
    departement: str,
    territoires: Sequence[str],
    origines: Mapping[str, Origin],
) -> Comparees:
    """Renvoie comparaisons et tendances publiées, leurs tests ajustés ensemble.

    Parameters
    ----------
    observations
        Observations de besoin des territoires, de leurs références et de leurs semblables.
    territoires
        Territoires à comparer : le département et ses intercommunalités.
    """
    regles = Regles.lire(depot.parametres("comparaisons"))
    sources = sources_des_origines(origines)
    demandes = demandes_de(referentiel, territoires, semblables, departement=departement)
    comparaisons = confronter(
        observations,
        demandes,
        indicateurs=depot.indicateurs,
        regles=regles,
        sources=sources,
        choisis=reglage_des_semblables(depot).indicateurs,
        populations=referentiel.populations,
    )
    tendances = suivre(
        observations,
        territoires,
        indicateurs=depot.indicateurs,
        regles=regles,
        sources=sources,
    )
    comparaisons, tendances = ajuster_ensemble(comparaisons, tendances)
    return publier_comparees(
        conclure(comparaisons, observations, indicateurs=depot.indicateurs, regles=regles),
        conclure_tendances(tendances, indicateurs=depot.indicateurs, regles=regles),
        semblables,
    )


def publier_comparees(
    comparaisons: pl.DataFrame, tendances: pl.DataFrame, semblables: pl.DataFrame
) -> Comparees:
    """Renvoie les trois tables, passées par la porte du secret."""
    return Comparees(
        comparaisons=publier(
            _arrondir(comparaisons.select(COMPARAISONS.keys())),
            "comparaisons",
            cles=("indicateur", "territoire", "reference"),
        ),
        tendances=publier(
            _arrondir(tendances.select(TENDANCES.keys())),
            "tendances",
            cles=("indicateur", "territoire"),
        ),
        semblables=publier(semblables, "semblables", cles=("territoire", "semblable")),
    )


def _arrondir(table: pl.DataFrame) -> pl.DataFrame:
    """Ôte le bruit de calcul des différences : douze chiffres significatifs."""
    decimaux = pl.col(pl.Float64)
    return table.with_columns(decimaux.round_sig_figs(12))
