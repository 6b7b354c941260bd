"""Typographie d'un document entier : espaces insécables et apostrophes, en un seul endroit."""

from __future__ import annotations

import re
from dataclasses import replace

from solidiag.publication.document import (
    Absence,
    Bloc,
    Cellule,
    Document,
    Encadre,
    Figure,
    Fort,
    Lien,
    Ligne,
    Liste,
    Mention,
    Nombre,
    Paragraphe,
    SautDePage,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import typographier

_TEXTE_SVG = re.compile(r">[^<]*'[^<]*<")


def soigner(texte: str) -> str:
    r"""Renvoie le texte avec ses espaces insécables et ses apostrophes typographiques.

    Examples
    --------
    >>> soigner("L'offre : 3")
    'L’offre\xa0: 3'
    """
    return typographier(texte).replace("'", "’")


def soigner_document(document: Document) -> Document:
    """Renvoie le document dont tous les textes sont soignés ; les nombres ne changent pas."""
    return replace(
        document,
        titre=soigner(document.titre),
        sous_titre=soigner(document.sous_titre),
        mention=soigner(document.mention),
        couverture=tuple(_contenu(ligne) for ligne in document.couverture),
        blocs=tuple(_bloc(bloc) for bloc in document.blocs),
    )


def _contenu(contenu: tuple[Ligne, ...]) -> tuple[Ligne, ...]:
    return tuple(_ligne(ligne) for ligne in contenu)


def _ligne(ligne: Ligne) -> Ligne:
    match ligne:
        case Texte() | Mention():
            return replace(ligne, texte=soigner(ligne.texte))
        case Fort() | Lien():
            return replace(ligne, contenu=_contenu(ligne.contenu))
        case Nombre() | Absence():
            return ligne


def _bloc(bloc: Bloc) -> Bloc:
    match bloc:
        case Titre():
            return replace(bloc, contenu=_contenu(bloc.contenu), surtitre=soigner(bloc.surtitre))
        case Paragraphe():
            return replace(bloc, contenu=_contenu(bloc.contenu))
        case Liste():
            return replace(bloc, elements=tuple(_contenu(e) for e in bloc.elements))
        case Tableau():
            return _tableau(bloc)
        case Figure():
            return replace(
                bloc,
                legende=_contenu(bloc.legende),
                sous_titre=_contenu(bloc.sous_titre),
                source=_contenu(bloc.source),
                alt=soigner(bloc.alt),
                svg=_TEXTE_SVG.sub(lambda m: m[0].replace("'", "’"), bloc.svg),
            )
        case Encadre():
            return replace(
                bloc, titre=soigner(bloc.titre), blocs=tuple(_bloc(b) for b in bloc.blocs)
            )
        case SautDePage():
            return bloc


def _tableau(tableau: Tableau) -> Tableau:
    def rangees(lignes: tuple[tuple[Cellule, ...], ...]) -> tuple[tuple[Cellule, ...], ...]:
        return tuple(
            tuple(replace(cellule, contenu=_contenu(cellule.contenu)) for cellule in ligne)
            for ligne in lignes
        )

    return replace(
        tableau,
        legende=_contenu(tableau.legende),
        colonnes=tuple(replace(c, entete=soigner(c.entete)) for c in tableau.colonnes),
        lignes=rangees(tableau.lignes),
        references=rangees(tableau.references),
        notes=tuple(_contenu(note) for note in tableau.notes),
        source=_contenu(tableau.source),
    )


def soigner_tableau(tableau: Tableau) -> Tableau:
    """Renvoie un tableau dont tous les textes sont soignés."""
    return _tableau(tableau)
