"""Le réseau des liens constatés entre acteurs : figure et tableau."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from solidiag.model.coordination import CONSTATEES
from solidiag.offre.coordination.reseau import HORS_RESEAU
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
    """Renvoie la section du réseau, ou rien si aucun lien n'est constaté."""
    lignes = tables.lignes("reseau")
    if not lignes:
        return
    ponts = [ligne for ligne in lignes if ligne["seul_pont"]]
    yield Titre(niveau=2, id="coordination-reseau", contenu=(Texte("Le réseau des liens"),))
    yield Paragraphe(
        contenu=(
            Texte(
                "Un lien est un lieu partagé, un cofinancement, une orientation, une convention "
            ),
            Texte("ou un pilotage que l'on constate. "),
            *tables.compte(len(lignes), "acteur en a", "acteurs en ont", objet="acteurs_relies"),
            Texte(" au moins un ; "),
            *_ponts(tables, len(ponts)),
            Texte("Ces liens viennent surtout des adresses et des noms de lieux : se partager un "),
            Texte("lieu n'est pas encore travailler ensemble, et d'autres liens, que rien ici ne "),
            Texte("dit, peuvent exister."),
        )
    )
    montres = lignes[:_ACTEURS_MONTRES]
    tableau = "tab-reseau"
    figure = _figure(tables, lignes, tableau=tableau)
    if figure is not None:
        yield figure
    yield Tableau(
        id=tableau,
        legende=(Texte("Les acteurs les plus reliés"),),
        colonnes=(
            Colonne(entete="Acteur", largeur=3),
            Colonne(entete="Acteurs liés", alignement="droite", largeur=1),
            Colonne(entete="Domaines", alignement="droite", largeur=1),
            Colonne(
                entete="Part des chemins qui passent par lui", alignement="droite", largeur=1.3
            ),
            Colonne(entete="Sans lui, ne seraient plus reliés", largeur=3),
        ),
        lignes=tuple(_acteur(tables, ligne) for ligne in montres),
        notes=(
            (
                Texte("La part des chemins est l'intermédiarité de Freeman ("),
                Mention("1977", "date"),
                Texte("). Tous les acteurs sont dans "),
                Mention("coordination_reseau.csv", "reference"),
                Texte("."),
            ),
        ),
    )


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
    part = Nombre(
        formater(ligne["intermediarite"] * 100, "percent", decimales=1),
        Cle(indicateur=f"intermediarite:{acteur}", table="coordination"),
    )
    return (
        Cellule(contenu=(Mention(tables.noms.get(acteur, acteur), "nom"),)),
        Cellule(contenu=(tables.nombre(ligne["liens"], f"liens:{acteur}"),)),
        Cellule(contenu=(tables.nombre(ligne["domaines"], f"domaines:{acteur}"),)),
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
    tables: Coordination, lignes: Sequence[Mapping[str, Any]], *, tableau: str
) -> Figure | None:
    retenus = [ligne["acteur"] for ligne in lignes[:_SOMMETS_MONTRES]]
    aretes = {
        tuple(sorted((lien["acteur_a"], lien["acteur_b"])))
        for lien in tables.lignes("liens")
        if lien["provenance"] in CONSTATEES
        and lien["type"] not in HORS_RESEAU
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
    return Figure(
        id="reseau-acteurs",
        genre="graphique",
        legende=(Texte("Les liens constatés entre les acteurs les plus reliés"),),
        sous_titre=(
            Texte(
                "Un arc par lien constaté. Un carré : le seul pont vers d'autres acteurs, d'après "
            ),
            Texte("ces liens. "),
            Texte("L'ordre des noms suit les liens et ne classe pas."),
        ),
        svg=svg,
        alt=(
            "Réseau des acteurs les plus reliés. "
            + (f"Seuls ponts : {', '.join(ponts)}. " if ponts else "")
            + "Le tableau qui suit donne les liens de chacun."
        ),
        tableau=tableau,
        donnees="coordination_liens.csv",
    )
