"""Doublons d'un inventaire : lignes qui décrivent le même service, réunies avec leur raison."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

import polars as pl

from solidiag.catalogue.service import CategorieService
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.arbitrages import Arbitrage, verifier
from solidiag.offre.blocs import candidates
from solidiag.offre.comparaison import (
    PRECIS,
    Comparateur,
    Decision,
    Fiche,
    Seuils,
    autre_site,
)
from solidiag.offre.noms import lire_adresse, simplifier
from solidiag.offre.structures import liste_d_origine

PAIRES: dict[str, pl.DataType] = {
    "id_a": pl.String(),
    "id_b": pl.String(),
    "verdict": pl.String(),
    "note": pl.Float64(),
    "motif": pl.String(),
    "reunies": pl.Boolean(),
    "arbitrage": pl.String(),
}
"""Paires comparées.

``verdict`` : ``meme``, ``meme_lieu``, ou ``different`` par arbitrage. ``reunies`` : elles sont dans
le même groupe. ``arbitrage`` : qui a tranché, quand et pourquoi, si une personne l'a fait.
"""

_CHAMPS = (
    "id", "source", "categorie", "nom", "adresse", "commune", "code_insee", "siret", "latitude",
    "longitude", "precision_geo", "identifiants", "thematiques",
)  # fmt: skip


def reunir(
    services: pl.DataFrame,
    categories: Mapping[str, CategorieService],
    *,
    seuils: Seuils | None = None,
    arbitrages: Iterable[Arbitrage] = (),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Renvoie les services avec ``groupe`` et ``motif_groupe``, et les paires (`PAIRES`).

    Toutes les lignes restent : celles d'un même service portent le même ``groupe``, qui est
    l'identifiant de la mieux située et la plus complète. Deux lignes d'une même liste n'entrent
    dans un même groupe que si l'une répète l'autre. L'ordre des lignes ne change pas le résultat.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`, déjà située.
    categories
        Catégories déclarées ; une ligne d'une catégorie absente n'est comparée à rien.
    arbitrages
        Décisions d'une personne ; elles l'emportent sur la comparaison, même entre deux communes
        ou deux lignes d'une liste. Celles d'une ligne absente sont sans effet.

    Raises
    ------
    ArbitrageImpossible
        Si deux arbitrages se contredisent.
    """
    rendus = verifier(arbitrages)
    lignes = services.filter(pl.col("categorie").is_in(list(categories))).sort("id")
    comparateur = Comparateur(
        categories=categories,
        seuils=seuils or Seuils(),
        sirets_partages=sirets_partages(lignes),
    )
    fiches = {
        ligne["id"]: comparateur.fiche(**ligne)
        for ligne in lignes.with_columns(liste_d_origine()).select(_CHAMPS).iter_rows(named=True)
    }
    decisions: dict[tuple[str, str], Decision] = {}
    for a, b in candidates(list(fiches.values()), comparateur.comparables):
        decision = comparateur.comparer(a, b)
        if decision.verdict != "different":
            decisions[a.id, b.id] = decision
    tranches = {rendu.paire: rendu for rendu in rendus if fiches.keys() >= {rendu.id_a, rendu.id_b}}
    for paire, rendu in tranches.items():
        note = 1.0 if rendu.verdict == "meme" else 0.0
        decisions[paire] = Decision(verdict=rendu.verdict, note=note, motif=rendu.dit)
    groupes = _grouper(fiches, decisions, tranches)
    return _annoter(services, groupes, decisions), _paires(groupes, decisions, tranches)


def provenances(services: pl.DataFrame) -> pl.DataFrame:
    """Renvoie ``groupe, sources, ids, dates, n_sources`` : toutes les lignes d'un même service.

    Les trois listes sont dans le même ordre : celui des sources, puis des identifiants.
    """
    return (
        services.sort("source", "id")
        .group_by("groupe", maintain_order=True)
        .agg(
            pl.col("source").alias("sources"),
            pl.col("id").alias("ids"),
            pl.col("date_source").alias("dates"),
            pl.col("source").n_unique().alias("n_sources"),
        )
        .sort("groupe", nulls_last=True)
    )


def un_par_service(services: pl.DataFrame) -> pl.DataFrame:
    """Renvoie une ligne par service : celle qui est gardée, complétée par les autres du groupe.

    Un champ vide de la ligne gardée est pris à la ligne la plus récente du groupe qui le porte.
    """
    completes = [
        nom
        for nom in SERVICES
        if nom not in {"id", "source", "categorie", "groupe", "motif_groupe", "origin", "ligne"}
        and SERVICES[nom] != pl.List(pl.String())
    ]
    ordre = services.with_columns(
        (pl.col("id") == pl.col("groupe")).alias("__gardee__"),
    ).sort(["__gardee__", "date_source", "id"], descending=[True, True, False], nulls_last=True)
    table = ordre.group_by("groupe", maintain_order=True).agg(
        *(pl.col(nom).first() for nom in SERVICES if nom not in {*completes, "groupe"}),
        *(pl.col(nom).drop_nulls().first() for nom in completes),
    )
    return mettre_au_schema(table.sort("id"), SERVICES)


def sirets_partages(lignes: pl.DataFrame) -> set[str]:
    """Renvoie les numéros Siret portés par plusieurs lieux : ils n'en identifient aucun.

    Plusieurs lieux : deux communes, ou deux adresses (à défaut deux noms) dans une même liste. Le
    numéro d'une commune ou d'un Département est ainsi porté par toutes ses bibliothèques ou toutes
    ses maisons des solidarités.
    """
    communes: dict[str, set[str]] = defaultdict(set)
    lieux: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    colonnes = ("siret", "source", "code_insee", "adresse", "nom")
    for siret, source, commune, adresse, nom in lignes.select(colonnes).iter_rows():
        if siret:
            if commune:
                communes[siret].add(commune)
            lue = lire_adresse(adresse or "")
            lieu = (lue.numero, *lue.mots) if lue.connue else (simplifier(nom or ""),)
            lieux[siret, source or ""].add(lieu)
    plusieurs = {siret for siret, vues in communes.items() if len(vues) > 1}
    return plusieurs | {siret for (siret, _), vus in lieux.items() if len(vus) > 1}


def _grouper(
    fiches: Mapping[str, Fiche],
    decisions: Mapping[tuple[str, str], Decision],
    tranches: Mapping[tuple[str, str], Arbitrage],
) -> dict[str, set[str]]:
    """Réunit les paires tranchées, puis de la plus sûre à la moins sûre.

    Ni deux communes, ni deux lignes d'une liste, ni deux sites de même Siret, ni deux lignes qu'un
    arbitrage sépare ne sont réunis par une troisième.
    """
    groupe_de: dict[str, set[str]] = {identifiant: {identifiant} for identifiant in fiches}
    memes = {paire for paire, decision in decisions.items() if decision.verdict == "meme"}
    for a, b in sorted(
        memes,
        key=lambda p: (
            p not in tranches,
            -decisions[p].note,
            fiches[p[0]].categorie != fiches[p[1]].categorie,
            p,
        ),
    ):
        gauche, droite = groupe_de[a], groupe_de[b]
        if gauche is droite:
            continue
        if (a, b) not in tranches and any(
            _separees(x, y, tranches)
            or _incompatibles(fiches[x], fiches[y], memes=(min(x, y), max(x, y)) in memes)
            for x in gauche
            for y in droite
        ):
            continue
        gauche |= droite
        for membre in droite:
            groupe_de[membre] = gauche
    return groupe_de


def _separees(x: str, y: str, tranches: Mapping[tuple[str, str], Arbitrage]) -> bool:
    rendu = tranches.get((min(x, y), max(x, y)))
    return rendu is not None and rendu.verdict == "different"


def _incompatibles(a: Fiche, b: Fiche, *, memes: bool) -> bool:
    """Dit si deux lignes ne peuvent pas être dans un même groupe, même par une troisième."""
    communes = bool(a.code_insee and b.code_insee) and a.code_insee != b.code_insee
    liste = a.source == b.source and a.categorie == b.categorie
    return communes or (not memes and (liste or autre_site(a, b)))


def _annoter(
    services: pl.DataFrame,
    groupes: Mapping[str, set[str]],
    decisions: Mapping[tuple[str, str], Decision],
) -> pl.DataFrame:
    rang = {
        ligne["id"]: _rang(ligne)
        for ligne in services.select(
            "id", "precision_geo", "capacite", "adresse", "date_source"
        ).iter_rows(named=True)
    }
    tete: dict[str, str] = {}
    motif: dict[str, str | None] = {}
    for identifiant in services["id"]:
        membres = sorted(groupes.get(identifiant, {identifiant}))
        tete[identifiant] = min(membres, key=lambda membre: (rang[membre], membre))
        raisons = [
            decisions[paire].motif
            for paire in combinations(membres, 2)
            if identifiant in paire and paire in decisions and decisions[paire].verdict == "meme"
        ]
        motif[identifiant] = " | ".join(dict.fromkeys(raisons)) or None
    table = services.with_columns(
        pl.col("id").replace_strict(tete, return_dtype=pl.String).alias("groupe"),
        pl.col("id").replace_strict(motif, return_dtype=pl.String).alias("motif_groupe"),
    )
    return mettre_au_schema(table, SERVICES)


def _rang(ligne: Mapping[str, object]) -> tuple[int, int, int, tuple[int, ...]]:
    """Petit = gardée : point précis, puis capacité, adresse, et date la plus récente."""
    precise = 0 if ligne["precision_geo"] in PRECIS else 1
    capacite = 0 if ligne["capacite"] is not None else 1
    adresse = 0 if ligne["adresse"] else 1
    chiffres = tuple(-int(partie) for partie in str(ligne["date_source"] or "0").split("-"))
    return precise, capacite, adresse, chiffres


def _paires(
    groupes: Mapping[str, set[str]],
    decisions: Mapping[tuple[str, str], Decision],
    tranches: Mapping[tuple[str, str], Arbitrage],
) -> pl.DataFrame:
    lignes = []
    for (a, b), decision in sorted(decisions.items()):
        reunies = groupes[a] is groupes[b]
        motif = decision.motif
        if not reunies and decision.verdict == "meme":
            motif += f" ; {_empechement(groupes[a], groupes[b], tranches)}"
        rendu = tranches.get((a, b))
        lignes.append(
            (a, b, decision.verdict, decision.note, motif, reunies, rendu.dit if rendu else None)
        )
    return pl.DataFrame(lignes, schema=PAIRES, orient="row")


def _empechement(
    gauche: set[str],
    droite: set[str],
    tranches: Mapping[tuple[str, str], Arbitrage],
) -> str:
    """Dit pourquoi deux lignes semblables n'ont pas été réunies."""
    for x in sorted(gauche):
        for y in sorted(droite):
            if _separees(x, y, tranches):
                rendu = tranches[min(x, y), max(x, y)]
                return f"non réunies, un arbitrage sépare leurs services : {rendu.nom}"
    return (
        "non réunies : l'une est déjà réunie à une ligne d'une autre commune, d'un autre site ou "
        "de la même liste"
    )
