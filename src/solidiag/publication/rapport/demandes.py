"""Ce qui reste à documenter dans un domaine : indicateur, fichier à fournir, qui le détient."""

from __future__ import annotations

from collections.abc import Iterator

from solidiag.catalogue.grille import Domaine
from solidiag.catalogue.indicateur import ACCES, Indicateur
from solidiag.publication.document import (
    Bloc,
    Cellule,
    Colonne,
    Ligne,
    Mention,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.matiere import Matiere

COMMANDE = "solidiag sources importer FICHIER"
"""Commande qui ajoute un fichier obtenu."""

_MODE_D_EMPLOI: tuple[Ligne, ...] = (
    Texte("Un fichier obtenu s'ajoute au diagnostic par la commande « "),
    Mention(COMMANDE, "reference"),
    Texte(" » : un fichier officiel connu est reconnu à sa forme, une table d'une autre forme "),
    Texte(
        "s'ajoute avec une courte description, et les chiffres se recalculent. Ce qui n'est pas "
    ),
    Texte("en données ouvertes se demande par écrit, avec la règle de secret convenue."),
)


def documente(matiere: Matiere, identifiant: str) -> bool:
    """Dit si un indicateur a une valeur lisible dans un territoire au moins du département."""
    if identifiant not in matiere.indicateurs:
        return False
    territoires = (matiere.departement.id, *matiere.epci, *matiere.communes)
    return any(o.lisible for t in territoires for o in matiere.serie(identifiant, t))


def a_demander(matiere: Matiere, domaine: Domaine) -> tuple[Indicateur, ...]:
    """Renvoie les indicateurs du domaine sans valeur ici, et dont on sait quel fichier manque."""
    return tuple(
        matiere.catalogue[i]
        for i in domaine.indicateurs_besoin
        if i in matiere.catalogue
        and matiere.catalogue[i].demande is not None
        and not documente(matiere, i)
    )


def section_a_documenter(matiere: Matiere, domaine: Domaine) -> Iterator[Bloc]:
    """Renvoie ce qui reste à documenter : une table des fichiers à fournir, ou rien."""
    manquants = a_demander(matiere, domaine)
    croisement = matiere.croisements.get(domaine.id)
    manque = croisement.manque if croisement else ""
    if not manquants and not manque:
        return
    yield Titre(
        niveau=3,
        id=f"{domaine.id}-a-documenter",
        contenu=(Texte("Ce qui reste à documenter"),),
    )
    if manque:
        yield Paragraphe(contenu=(Mention(manque, "definition"),))
    if manquants:
        yield tableau_demandes(matiere, manquants, domaine)
    if manquants and _premier_du_rapport(matiere, domaine):
        yield Paragraphe(style="note", contenu=_MODE_D_EMPLOI)


def _premier_du_rapport(matiere: Matiere, domaine: Domaine) -> bool:
    """Dit si le domaine est le premier du rapport à demander un fichier : là se dit la commande."""
    rang = [axe.id for axe in matiere.grille.axes].index(domaine.axe)
    for axe in matiere.grille.axes[: rang + 1]:
        for autre in matiere.domaines(axe.id):
            if a_demander(matiere, autre):
                return autre.id == domaine.id
    return False


def tableau_demandes(
    matiere: Matiere, indicateurs: tuple[Indicateur, ...], domaine: Domaine
) -> Tableau:
    """Renvoie la table des fichiers à fournir : indicateur, fichier, producteur, accès."""
    return Tableau(
        id=f"tab-{domaine.id}-a-documenter",
        legende=(Mention(f"Non documenté, fichier à fournir : {domaine.libelle}", "nom"),),
        colonnes=(
            Colonne(entete="Indicateur", largeur=3.4),
            Colonne(entete="Fichier à fournir", largeur=4.4),
            Colonne(entete="Qui le détient", largeur=3),
            Colonne(entete="Accès", largeur=1.6),
        ),
        lignes=tuple(_rangee(matiere, i) for i in indicateurs),
    )


def _rangee(matiere: Matiere, indicateur: Indicateur) -> tuple[Cellule, ...]:
    demande = indicateur.demande
    if demande is None:
        raise ValueError(f"l'indicateur « {indicateur.id} » ne dit pas quel fichier demander")
    fichier: list[Ligne] = [Mention(f"{demande.fichier} ({demande.millesime})", "definition")]
    mesure = matiere.mesures.get(indicateur.mesure)
    if mesure is not None:
        fichier.append(Mention(f". À défaut, voir l'offre : {mesure.libelle_court}", "nom"))
    approche = acces_qui_approche(matiere, indicateur.id)
    if approche:
        fichier.append(
            Mention(f". Une estimation existe déjà : voir l'accès, {approche}", "nom"),
        )
    return (
        Cellule(contenu=(Mention(indicateur.libelle, "nom"),)),
        Cellule(contenu=tuple(fichier)),
        Cellule(contenu=(Mention(demande.producteur, "nom"),)),
        Cellule(contenu=(Mention(ACCES[demande.acces], "definition"),)),
    )


def acces_qui_approche(matiere: Matiere, indicateur: str) -> str:
    """Renvoie le domaine dont l'accès mesuré approche un indicateur, ou rien."""
    if matiere.acces_domaines is None:
        return ""
    for ligne in matiere.acces_domaines.frame.iter_rows(named=True):
        if ligne["etat"] == "mesure" and indicateur in str(ligne["estime"] or "").split():
            return matiere.grille.domaine(ligne["domaine"]).libelle
    return ""
