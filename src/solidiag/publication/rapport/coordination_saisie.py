"""Ce qu'une personne a écrit de la coordination : actions, orientations et liens de travail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from solidiag.publication.document import (
    Bloc,
    Cellule,
    Colonne,
    Ligne,
    Mention,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.rapport.coordination_tables import Coordination

_LIGNES_MONTREES = 20
_MODES = {
    "formulaire": "formulaire ou fiche de liaison",
    "telephone": "téléphone",
    "logiciel": "logiciel partagé",
    "rendez_vous": "rendez-vous à trois",
}


def section_actions(tables: Coordination) -> Iterator[Bloc]:
    """Renvoie les actions décrites, ou rien si aucune ne l'est."""
    lignes = tables.lignes("actions")
    if not lignes:
        return
    yield Titre(niveau=2, id="coordination-actions", contenu=(Texte("Les actions déclarées"),))
    yield Tableau(
        id="tab-actions",
        legende=(Texte("Actions que le classeur de coordination décrit"),),
        colonnes=(
            Colonne(entete="Action et dispositif", largeur=3),
            Colonne(entete="Domaine", largeur=1.8),
            Colonne(entete="Acteur", largeur=1.9),
            Colonne(entete="Public et territoire", largeur=2.2),
            Colonne(entete="Période", largeur=1.2),
            Colonne(entete="Budget", alignement="droite", largeur=1.2),
            Colonne(entete="D'où on le sait", largeur=1.7),
        ),
        lignes=tuple(_action(tables, ligne) for ligne in lignes[:_LIGNES_MONTREES]),
        notes=_reste(tables, len(lignes), "coordination_actions.csv", "actions_non_montrees"),
    )


def section_orientations(tables: Coordination) -> Iterator[Bloc]:
    """Renvoie les orientations, conventions et instances déclarées, ou rien s'il n'y en a pas."""
    lignes = tables.liens_declares
    if not lignes:
        return
    yield Titre(
        niveau=2,
        id="coordination-orientations",
        contenu=(Texte("Qui oriente vers qui, et qui travaille avec qui"),),
    )
    yield Tableau(
        id="tab-orientations",
        legende=(Texte("Orientations, conventions, instances et pilotages déclarés"),),
        colonnes=(
            Colonne(entete="De", largeur=2.4),
            Colonne(entete="Vers ou avec", largeur=2.4),
            Colonne(entete="Lien", largeur=1.4),
            Colonne(entete="Comment", largeur=1.4),
            Colonne(entete="Domaine", largeur=2),
            Colonne(entete="D'où on le sait", largeur=1.7),
        ),
        lignes=tuple(
            (
                _nom(tables.noms.get(ligne["acteur_a"], ligne["acteur_a"])),
                _nom(tables.noms.get(ligne["acteur_b"], ligne["acteur_b"])),
                _nom(ligne["type"]),
                _nom(_MODES.get(ligne["mode"] or "", ligne["mode"] or "non dit")),
                _nom(tables.domaines.get(ligne["domaine"] or "", "non précisé")),
                Cellule(contenu=(tables.d_ou(ligne),)),
            )
            for ligne in lignes[:_LIGNES_MONTREES]
        ),
        notes=_reste(tables, len(lignes), "coordination_liens.csv", "liens_non_montres"),
    )


def _action(tables: Coordination, ligne: Mapping[str, Any]) -> tuple[Cellule, ...]:
    cle = ligne["dispositif"] or ""
    dispositif = tables.dispositifs.get(cle, cle)
    nom = f"{ligne['nom']} ({dispositif})" if dispositif else ligne["nom"]
    domaine = "hors champ" if ligne["domaine"] == "hors-champ" else ""
    publics = ", ".join(ligne["publics"] or ()) or "public non dit"
    lieux = ", ".join(tables.matiere.nom(t) for t in ligne["territoires"] or ())
    bornes = [(b or "")[:4] for b in (ligne["debut"], ligne["fin"])]
    periode = "-".join(borne or "…" for borne in bornes) if any(bornes) else "non dite"
    return (
        _nom(nom),
        _nom(domaine or tables.domaines.get(ligne["domaine"] or "", "non précisé")),
        _nom(tables.noms.get(ligne["acteur"] or "", ligne["acteur"] or "non dit")),
        _nom(f"{publics} ; {lieux or 'territoire non dit'}"),
        Cellule(contenu=(Mention(periode, "date"),)),
        Cellule(contenu=tables.euros(ligne["budget"], f"budget:action:{ligne['id']}")),
        Cellule(contenu=(tables.d_ou(ligne),)),
    )


def _nom(texte: str) -> Cellule:
    return Cellule(contenu=(Mention(texte, "nom"),))


def _reste(
    tables: Coordination, nombre: int, fichier: str, objet: str
) -> tuple[tuple[Ligne, ...], ...]:
    """Renvoie la note qui dit combien de lignes ne sont que dans le fichier."""
    declare: tuple[Ligne, ...] = (
        Texte("Déclaré par qui a rempli le classeur ; rien d'autre ne le constate."),
    )
    if nombre <= _LIGNES_MONTREES:
        return (declare,)
    reste = tables.compte(
        nombre - _LIGNES_MONTREES, "autre ligne est", "autres lignes sont", objet=objet
    )
    return (declare, (*reste, Texte(" dans "), Mention(fichier, "reference"), Texte(".")))
