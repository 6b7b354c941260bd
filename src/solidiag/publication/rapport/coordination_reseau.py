"""Le réseau des liens constatés entre acteurs : figure et tableau."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from solidiag.model.coordination import CONSTATEES
from solidiag.offre.coordination.reseau import HORS_RESEAU, LIENS_DE_TRAVAIL, MINIMUM_DE_LIENS
from solidiag.publication.document import (
    Bloc,
    Cellule,
    Cle,
    Colonne,
    Figure,
    Ligne,
    Mention,
    Nombre,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import formater
from solidiag.publication.graphiques.reseau import Sommet, dessiner_reseau
from solidiag.publication.rapport.coordination_tables import Coordination

_ACTEURS_MONTRES = 10
_SOMMETS_MONTRES = 24
_NOMS_MONTRES = 3


def section_reseau(tables: Coordination) -> Iterator[Bloc]:
    """Renvoie la section du réseau, ou rien si aucun lien n'est constaté.

    Sans assez de liens de travail (`solidiag.offre.coordination.reseau`), la table du réseau tait
    chemins et ponts : la section ne parle que de lieux partagés et de cofinancements.
    """
    lignes = tables.lignes("reseau")
    if not lignes:
        return
    mesures = [ligne for ligne in lignes if ligne["intermediarite"] is not None]
    titre = "Lieux partagés et cofinancements"
    if mesures:
        titre = "Le réseau des liens"
    elif tables.liens_declares:
        titre = "Liens déclarés, lieux partagés et cofinancements"
    yield Titre(niveau=2, id="coordination-reseau", contenu=(Texte(titre),))
    yield Paragraphe(contenu=tuple(_presenter(tables, lignes, mesures)))
    tableau = "tab-reseau"
    figure = _figure(tables, mesures or lignes, tableau=tableau, travail=bool(mesures))
    if figure is not None:
        yield figure
    colonnes = [
        Colonne(entete="Acteur", largeur=3),
        Colonne(entete="Acteurs liés", alignement="droite", largeur=1),
        Colonne(entete="Domaines", alignement="droite", largeur=1),
    ]
    if mesures:
        colonnes += [
            Colonne(
                entete="Part des chemins qui passent par lui", alignement="droite", largeur=1.3
            ),
            Colonne(entete="Sans lui, ne seraient plus reliés", largeur=3),
        ]
    yield Tableau(
        id=tableau,
        legende=(
            Texte(
                "Les acteurs les plus reliés"
                if mesures
                else "Acteurs qui ont un lien déclaré, un lieu ou un financement partagé"
                if tables.liens_declares
                else "Acteurs qui partagent un lieu ou un financement"
            ),
        ),
        colonnes=tuple(colonnes),
        lignes=tuple(_acteur(tables, ligne) for ligne in (mesures or lignes)[:_ACTEURS_MONTRES]),
        notes=(
            (
                Texte("Tous les acteurs sont dans "),
                Mention("coordination_reseau.csv", "reference"),
                Texte(", tous les liens dans "),
                Mention("coordination_liens.csv", "reference"),
                Texte("."),
            ),
        ),
    )


def _presenter(
    tables: Coordination, lignes: Sequence[Mapping[str, Any]], mesures: Sequence[Mapping[str, Any]]
) -> Iterator[Ligne]:
    if not mesures:
        yield from tables.compte(len(lignes), "acteur a", "acteurs ont", objet="acteurs_relies")
        yield Texte(" avec un autre ")
        yield Texte("un lien déclaré, " if tables.liens_declares else "")
        yield Texte("un lieu ou un financement partagé, parmi ceux dont un rôle se constate dans ")
        yield Texte("un domaine de la grille et leurs financeurs. Se partager une adresse n'est ")
        yield Texte("pas travailler ensemble : ")
        yield Texte("qui est central, ou seul à relier d'autres, ne se lit pas ici. Il y faut ")
        yield Texte("des orientations, des conventions et des instances écrites dans le classeur ")
        yield Texte("de coordination, entre au moins ")
        yield Mention(str(MINIMUM_DE_LIENS), "parametre")
        yield Texte(" couples d'acteurs.")
        return
    yield Texte("Chemins et ponts se lisent sur les seules orientations, conventions, instances ")
    yield Texte("et pilotages constatés, non sur les lieux partagés. ")
    yield from tables.compte(len(mesures), "acteur en a", "acteurs en ont", objet="acteurs_relies")
    yield Texte(" au moins un ; ")
    yield from _ponts(tables, sum(bool(ligne["seul_pont"]) for ligne in mesures))
    yield Texte("D'autres liens, que rien ici ne dit, peuvent exister.")


def _ponts(tables: Coordination, nombre: int) -> Iterator[Ligne]:
    if not nombre:
        yield Texte("aucun n'est, d'après ces liens, le seul pont entre d'autres. ")
        return
    yield from tables.compte(nombre, "est", "sont", objet="ponts")
    yield Texte(", d'après ces seuls liens, le seul pont entre des acteurs qui, sans ")
    yield Texte(
        "eux, ne seraient plus reliés. " if nombre >= 2 else "lui, ne seraient plus reliés. "
    )


def _acteur(tables: Coordination, ligne: Mapping[str, Any]) -> tuple[Cellule, ...]:
    acteur = ligne["acteur"]
    cellules = (
        Cellule(contenu=(Mention(tables.noms.get(acteur, acteur), "nom"),)),
        Cellule(contenu=(tables.nombre(ligne["liens"], f"liens:{acteur}"),)),
        Cellule(
            contenu=(tables.nombre(ligne["domaines"], f"domaines:{acteur}"),)
            if ligne["domaines"]
            else (Texte("inconnu"),)
        ),
    )
    if ligne["intermediarite"] is None:
        return cellules
    part = Nombre(
        formater(ligne["intermediarite"] * 100, "percent", decimales=1),
        Cle(indicateur=f"intermediarite:{acteur}", table="coordination"),
    )
    return (
        *cellules,
        Cellule(contenu=(part,)),
        Cellule(contenu=tuple(_separes(tables, ligne))),
    )


def _separes(tables: Coordination, ligne: Mapping[str, Any]) -> Iterator[Ligne]:
    separes = [tables.noms.get(a, a) for a in ligne["separes"]]
    if not separes:
        yield Texte("—")
        return
    yield Mention(" ; ".join(separes[:_NOMS_MONTRES]), "nom")
    reste = len(separes) - _NOMS_MONTRES
    if reste > 0:
        yield Texte(" et ")
        yield tables.nombre(reste, f"separes:{ligne['acteur']}")
        yield Texte(" autres" if reste > 1 else " autre")


def _figure(
    tables: Coordination, lignes: Sequence[Mapping[str, Any]], *, tableau: str, travail: bool
) -> Figure | None:
    retenus = [ligne["acteur"] for ligne in lignes[:_SOMMETS_MONTRES]]
    aretes = {
        tuple(sorted((lien["acteur_a"], lien["acteur_b"])))
        for lien in tables.lignes("liens")
        if lien["provenance"] in CONSTATEES
        and lien["type"] not in HORS_RESEAU
        and (not travail or (lien["type"] in LIENS_DE_TRAVAIL and lien["provenance"] != "deduit"))
        and lien["acteur_a"] in retenus
        and lien["acteur_b"] in retenus
        and lien["acteur_a"] != lien["acteur_b"]
    }
    relies = {acteur for arete in aretes for acteur in arete}
    sommets = [
        Sommet(
            id=ligne["acteur"],
            nom=tables.noms.get(ligne["acteur"], ligne["acteur"]),
            liens=ligne["liens"],
            pont=bool(ligne["seul_pont"]),
        )
        for ligne in lignes
        if ligne["acteur"] in relies and ligne["acteur"] in retenus
    ]
    if len(sommets) < 3:
        return None
    svg = dessiner_reseau(sommets, sorted((a, b) for a, b in aretes))
    ponts = [s.nom for s in sommets if s.pont]
    if travail:
        legende = "Les liens de travail entre les acteurs les plus reliés"
        trait = "Un arc par lien constaté. "
    else:
        legende = "Lieux partagés et cofinancements entre acteurs"
        trait = "Un arc par lieu ou financement partagé, qui ne dit pas un travail commun. "
        if tables.liens_declares:
            legende = "Liens déclarés, lieux partagés et cofinancements entre acteurs"
            trait = "Un arc par lien, lieu ou financement ; seul un lien déclaré dit un travail. "
    return Figure(
        id="reseau-acteurs",
        genre="graphique",
        legende=(Texte(legende),),
        sous_titre=(
            Texte(trait),
            *(
                (Texte("Un carré : le seul pont vers d'autres acteurs, d'après ces liens. "),)
                if ponts
                else ()
            ),
            Texte("L'ordre des noms suit les liens et ne classe pas."),
        ),
        svg=svg,
        alt=(
            f"{legende}. "
            + (f"Seuls ponts : {', '.join(ponts)}. " if ponts else "")
            + "Le tableau qui suit donne les liens de chacun."
        ),
        tableau=tableau,
        donnees="coordination_liens.csv",
    )
