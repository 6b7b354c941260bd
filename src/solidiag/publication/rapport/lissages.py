"""Ce qu'une carte de taux lissés dit d'elle-même, et son tableau des deux taux."""

from __future__ import annotations

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.publication.document import Cellule, Colonne, Figure, Ligne, Mention, Tableau, Texte
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.expressions import majuscule

TAUX_LISSE = "taux lissé (bayésien empirique, vers la moyenne du département)"
"""Nom d'un taux lissé, dans une légende ou un sous-titre."""

EXPLICATION = (
    "Plus la base d'une commune est petite, plus son taux est ramené vers celui du département : "
    "sans cela, le hasard des petits effectifs ferait les teintes extrêmes."
)

RENVOI = "Les deux taux de chaque commune sont dans le fichier lissages.csv."


def mention_lissee() -> tuple[Ligne, ...]:
    """Renvoie la fin du sous-titre d'une carte de taux lissés."""
    return (Texte(f" {majuscule(TAUX_LISSE)}. {EXPLICATION} {RENVOI}"),)


def tableau_lisse(
    matiere: Matiere, figure: Figure, declaration: Indicateur | MesureOffre, *, periode: str
) -> Tableau:
    """Renvoie le tableau des communes : taux observé, puis taux lissé, ou leur absence."""
    lisses = matiere.lisses(declaration.id, periode)
    return Tableau(
        id=figure.tableau,
        legende=(Mention(f"{declaration.libelle}, {periode}", "nom"),),
        colonnes=(
            Colonne(entete="Territoire", largeur=3),
            Colonne(entete="Taux observé", alignement="droite", largeur=1.5),
            Colonne(entete="Taux lissé", alignement="droite", largeur=1.5),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(matiere.nom(t), "nom"),)),
                Cellule(contenu=(matiere.imprimer(matiere.derniere(declaration.id, t, periode)),)),
                Cellule(contenu=(matiere.imprimer(lisses.get(t), table="lissages"),)),
            )
            for t in matiere.communes
        ),
        notes=((Texte(f"{majuscule(TAUX_LISSE)}. {EXPLICATION}"),),),
        source=figure.source,
    )
