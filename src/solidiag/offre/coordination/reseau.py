"""Réseau des acteurs : place de chacun, seuls ponts, et disposition pour la figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from solidiag.model.coordination import CONSTATEES, RESEAU
from solidiag.offre.coordination.registre import en_table

if TYPE_CHECKING:
    import networkx as nx

HORS_RESEAU = ("meme_dispositif", "label")
"""Liens qui ne disent pas que deux acteurs travaillent ensemble."""

LIENS_DE_TRAVAIL = ("orientation", "convention", "instance", "pilotage")
"""Liens qui disent un travail commun ; un lieu partagé ou un financement ne le dit pas."""

MINIMUM_DE_LIENS = 10
"""Couples d'acteurs reliés par le travail à partir desquels chemins et ponts se calculent : en deçà
le dessin dépend d'une ligne de plus ou de moins."""

_ITERATIONS = 60
_MARGE = 0.12


def graphe(liens: pl.DataFrame) -> nx.Graph[str]:
    """Renvoie le graphe non orienté des liens constatés, un sommet par acteur lié.

    Plusieurs liens entre deux acteurs font une arête ; un lien d'un acteur avec lui-même n'en fait
    pas. Un lien prévu par un texte, ou le seul partage d'un financement, n'y est pas.
    """
    import networkx as nx

    reseau: nx.Graph[str] = nx.Graph()
    retenus = liens.filter(
        pl.col("provenance").is_in(list(CONSTATEES)),
        ~pl.col("type").is_in(list(HORS_RESEAU)),
        pl.col("acteur_a") != pl.col("acteur_b"),
    )
    paires = sorted(
        {tuple(sorted(paire)) for paire in retenus.select("acteur_a", "acteur_b").rows()}
    )
    reseau.add_nodes_from(sorted({acteur for paire in paires for acteur in paire}))
    reseau.add_edges_from(paires)
    return reseau


def mesurer_reseau(liens: pl.DataFrame, domaines: Mapping[str, int]) -> pl.DataFrame:
    """Renvoie la place de chaque acteur dans le réseau, au schéma `RESEAU`.

    ``liens`` compte les acteurs différents auxquels il est relié. ``intermediarite`` : part des
    plus courts chemins entre les autres acteurs qui passent par lui, de 0 à 1
    (L. C. Freeman, « A set of measures of centrality based on betweenness », Sociometry 40, 1977,
    p. 35-41). ``seul_pont`` : point d'articulation (J. Hopcroft et R. Tarjan, « Algorithm 447 »,
    Communications of the ACM 16, 1973) ; ``separes`` nomme ceux qui, sans lui, ne seraient plus
    reliés à la plus grande partie restante.

    Parameters
    ----------
    domaines
        Acteur → nombre de domaines où un rôle est constaté.
    """
    import networkx as nx

    reseau = graphe(liens)
    centralite = nx.betweenness_centrality(reseau, normalized=True) if len(reseau) else {}
    ponts = set(nx.articulation_points(reseau))
    provenances = _provenances(liens)
    lignes = [
        {
            "acteur": acteur,
            "liens": reseau.degree[acteur],
            "domaines": domaines.get(acteur, 0),
            "intermediarite": round(centralite[acteur], 12),
            "seul_pont": acteur in ponts,
            "separes": _separes(reseau, acteur) if acteur in ponts else [],
            "provenance": " ; ".join(sorted(provenances.get(acteur, set()))),
        }
        for acteur in reseau
    ]
    table = en_table(lignes, RESEAU)
    return table.sort(["intermediarite", "liens", "acteur"], descending=[True, True, False])


def liens_de_travail(liens: pl.DataFrame) -> pl.DataFrame:
    """Renvoie les liens qu'un fichier ou un classeur dit, et qui disent un travail commun."""
    return liens.filter(
        pl.col("provenance").is_in(["public", "gabarit"]),
        pl.col("type").is_in(list(LIENS_DE_TRAVAIL)),
        pl.col("acteur_a") != pl.col("acteur_b"),
    )


def liens_des_solidarites(liens: pl.DataFrame, domaines: Mapping[str, int]) -> pl.DataFrame:
    """Renvoie les liens entre acteurs dont un rôle se constate dans un domaine de la grille.

    Restent aussi le financeur (``acteur_a``) d'un tel acteur, et tout lien qu'une personne a écrit.
    """
    roles = [acteur for acteur, nombre in domaines.items() if nombre]
    a, b = pl.col("acteur_a").is_in(roles), pl.col("acteur_b").is_in(roles)
    return liens.filter(
        (pl.col("provenance") == "gabarit") | (a & b) | ((pl.col("type") == "cofinancement") & b)
    )


def reseau_des_solidarites(liens: pl.DataFrame, domaines: Mapping[str, int]) -> pl.DataFrame:
    """Renvoie la place de chaque acteur des solidarités, au schéma `RESEAU`.

    ``liens`` compte tous les liens constatés. Les chemins et les ponts se mesurent sur les seuls
    liens de travail, et s'ils relient au moins `MINIMUM_DE_LIENS` couples d'acteurs ; sinon, et
    pour un acteur qui n'en a pas, ``intermediarite`` et ``seul_pont`` sont vides.
    """
    retenus = liens_des_solidarites(liens, domaines)
    mesures = ["intermediarite", "seul_pont", "separes"]
    places = mesurer_reseau(retenus, domaines)
    travail = liens_de_travail(retenus)
    if graphe(travail).number_of_edges() < MINIMUM_DE_LIENS:
        travail = travail.clear()
    table = places.drop(mesures).join(
        mesurer_reseau(travail, domaines).select("acteur", *mesures), on="acteur", how="left"
    )
    return table.select(places.columns).sort(
        ["intermediarite", "liens", "acteur"], descending=[True, True, False], nulls_last=True
    )


def composantes(liens: pl.DataFrame) -> list[list[str]]:
    """Renvoie les ensembles d'acteurs reliés entre eux, le plus grand d'abord."""
    import networkx as nx

    groupes = [sorted(groupe) for groupe in nx.connected_components(graphe(liens))]
    return sorted(groupes, key=lambda groupe: (-len(groupe), groupe))


def disposition(liens: pl.DataFrame) -> dict[str, tuple[float, float]]:
    """Renvoie la place de chaque acteur dans le carré [0, 1]², pour dessiner le réseau.

    Chaque ensemble relié est disposé à part par des forces de ressort (T. Fruchterman et
    E. Reingold, 1991), à partir d'un cercle où les acteurs sont dans l'ordre de leur identifiant :
    aucun tirage, le même réseau donne le même dessin. Les ensembles sont rangés du plus grand au
    plus petit, sur une surface proportionnelle à leur nombre d'acteurs.
    """
    import networkx as nx

    reseau = graphe(liens)
    boites = [
        (math.sqrt(len(groupe)), _placer(nx.subgraph(reseau, groupe), groupe))
        for groupe in composantes(liens)
    ]
    largeur = max(
        [math.sqrt(sum(c * c for c, _ in boites)) * 1.15, *(c for c, _ in boites)], default=1
    )
    places: dict[str, tuple[float, float]] = {}
    x = y = etage = 0.0
    for cote, points in boites:
        if x and x + cote > largeur:
            x, y, etage = 0.0, y + etage, 0.0
        for acteur, (px, py) in points.items():
            places[acteur] = (x + px * cote, y + py * cote)
        x, etage = x + cote, max(etage, cote)
    taille = max(largeur, y + etage)
    return {a: (round(px / taille, 4), round(py / taille, 4)) for a, (px, py) in places.items()}


def _placer(reseau: nx.Graph[str], groupe: list[str]) -> dict[str, tuple[float, float]]:
    """Place les acteurs d'un ensemble relié dans le carré unité, marge comprise."""
    import networkx as nx

    angle = 2 * math.pi / len(groupe)
    depart = {a: (math.cos(i * angle), math.sin(i * angle)) for i, a in enumerate(groupe)}
    libre = nx.spring_layout(reseau, pos=depart, iterations=_ITERATIONS, seed=0, method="force")
    xs = [float(point[0]) for point in libre.values()]
    ys = [float(point[1]) for point in libre.values()]
    etendue = max(max(xs) - min(xs), max(ys) - min(ys)) or 1.0
    milieu = ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
    echelle = (1 - 2 * _MARGE) / etendue
    return {
        acteur: (
            0.5 + (float(point[0]) - milieu[0]) * echelle,
            0.5 + (float(point[1]) - milieu[1]) * echelle,
        )
        for acteur, point in libre.items()
    }


def _separes(reseau: nx.Graph[str], acteur: str) -> list[str]:
    """Acteurs que l'absence de celui-ci couperait de la plus grande partie restante."""
    import networkx as nx

    ensemble = nx.node_connected_component(reseau, acteur) - {acteur}
    parties = [sorted(p) for p in nx.connected_components(nx.subgraph(reseau, ensemble))]
    principale = min(parties, key=lambda partie: (-len(partie), partie))
    return sorted(a for partie in parties if partie is not principale for a in partie)


def _provenances(liens: pl.DataFrame) -> dict[str, set[str]]:
    dites: dict[str, set[str]] = {}
    retenus = liens.filter(~pl.col("type").is_in(list(HORS_RESEAU)))
    for a, b, provenance in retenus.select("acteur_a", "acteur_b", "provenance").iter_rows():
        if provenance in CONSTATEES:
            dites.setdefault(a, set()).add(provenance)
            dites.setdefault(b, set()).add(provenance)
    return dites
