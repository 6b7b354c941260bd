"""Doublons d'un inventaire : lignes qui décrivent le même service, réunies avec leur raison."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import polars as pl

from solidiag.catalogue.service import CategorieService
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.comparaison import PRECIS, Comparateur, Decision, Fiche, Seuils

PAIRES: dict[str, pl.DataType] = {
    "id_a": pl.String(),
    "id_b": pl.String(),
    "verdict": pl.String(),
    "note": pl.Float64(),
    "motif": pl.String(),
    "reunies": pl.Boolean(),
}
"""Paires comparées : ``verdict`` (``meme`` ou ``meme_lieu``), et si elles ont été réunies."""

_CHAMPS = (
    "id", "source", "categorie", "nom", "adresse", "commune", "code_insee", "siret", "latitude",
    "longitude", "precision_geo",
)  # fmt: skip
_PROCHE_DEGRES = 0.003


def reunir(
    services: pl.DataFrame,
    categories: Mapping[str, CategorieService],
    *,
    seuils: Seuils | None = None,
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
    """
    lignes = services.filter(pl.col("categorie").is_in(list(categories))).sort("id")
    comparateur = Comparateur(
        categories=categories,
        seuils=seuils or Seuils(),
        sirets_partages=_sirets_partages(lignes),
    )
    fiches = {
        ligne["id"]: comparateur.fiche(**ligne)
        for ligne in lignes.select(_CHAMPS).iter_rows(named=True)
    }
    decisions: dict[tuple[str, str], Decision] = {}
    for a, b in _candidates(list(fiches.values()), comparateur):
        decision = comparateur.comparer(a, b)
        if decision.verdict != "different":
            decisions[a.id, b.id] = decision
    groupes = _grouper(fiches, decisions)
    return _annoter(services, groupes, decisions), _paires(groupes, decisions)


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


def _sirets_partages(lignes: pl.DataFrame) -> set[str]:
    """Numéros Siret portés par des lieux de plusieurs communes."""
    portes = lignes.filter(pl.col("siret").is_not_null())
    communes = portes.group_by("siret").agg(pl.col("code_insee").drop_nulls().n_unique().alias("n"))
    return set(communes.filter(pl.col("n") > 1)["siret"])


def _candidates(fiches: Sequence[Fiche], comparateur: Comparateur) -> Iterator[tuple[Fiche, Fiche]]:
    """Paires de même commune, de même Siret, de même identifiant, ou de même nom sans commune."""
    vues: set[tuple[str, str]] = set()
    blocs: dict[tuple[str, ...], list[Fiche]] = defaultdict(list)
    for fiche in fiches:
        if fiche.siret:
            blocs["siret", fiche.siret].append(fiche)
        if len(fiche.numero) >= 9:
            blocs["numero", fiche.numero].append(fiche)
        if not fiche.code_insee:
            for mot in fiche.mots:
                blocs["mot", mot].append(fiche)
        elif fiche.mots or fiche.adresse.connue or fiche.latitude is not None:
            blocs["commune", fiche.code_insee].append(fiche)
    for bloc in blocs.values():
        for a, b in combinations(bloc, 2):
            if (a.id, b.id) in vues:
                continue
            vues.add((a.id, b.id))
            if comparateur.comparables(a.categorie, b.categorie) or _meme_lieu_possible(a, b):
                yield a, b


def _meme_lieu_possible(a: Fiche, b: Fiche) -> bool:
    if a.adresse.cle and a.adresse.cle == b.adresse.cle:
        return True
    if a.latitude is None or b.latitude is None or a.longitude is None or b.longitude is None:
        return False
    ecart = max(abs(a.latitude - b.latitude), abs(a.longitude - b.longitude))
    return ecart <= _PROCHE_DEGRES


def _grouper(
    fiches: Mapping[str, Fiche], decisions: Mapping[tuple[str, str], Decision]
) -> dict[str, set[str]]:
    """Réunit les paires de la plus sûre à la moins sûre, sans réunir deux communes ni une liste."""
    groupe_de: dict[str, set[str]] = {identifiant: {identifiant} for identifiant in fiches}
    memes = {paire for paire, decision in decisions.items() if decision.verdict == "meme"}
    for a, b in sorted(memes, key=lambda paire: (-decisions[paire].note, paire)):
        gauche, droite = groupe_de[a], groupe_de[b]
        if gauche is droite:
            continue
        if any(
            _incompatibles(fiches[x], fiches[y], memes=(min(x, y), max(x, y)) in memes)
            for x in gauche
            for y in droite
        ):
            continue
        gauche |= droite
        for membre in droite:
            groupe_de[membre] = gauche
    return groupe_de


def _incompatibles(a: Fiche, b: Fiche, *, memes: bool) -> bool:
    """Dit si deux lignes ne peuvent pas être dans un même groupe, même par une troisième."""
    communes = bool(a.code_insee and b.code_insee) and a.code_insee != b.code_insee
    liste = a.source == b.source and a.categorie == b.categorie
    return communes or (liste and not memes)


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
    groupes: Mapping[str, set[str]], decisions: Mapping[tuple[str, str], Decision]
) -> pl.DataFrame:
    lignes = [
        (a, b, decision.verdict, decision.note, decision.motif, groupes[a] is groupes[b])
        for (a, b), decision in sorted(decisions.items())
    ]
    return pl.DataFrame(lignes, schema=PAIRES, orient="row")
