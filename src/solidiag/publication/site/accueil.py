"""Page d'accueil : ce que voit une personne qui a cinq minutes, tiré du document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from solidiag.publication.document import (
    Bloc,
    Figure,
    Liste,
    Paragraphe,
    Tableau,
    parcourir,
    texte_brut,
)
from solidiag.publication.site.plan import Chapitre, PlanSite, figures_de

PREMIERS = 3


@dataclass(frozen=True, slots=True)
class CarteAxe:
    """Un axe sur l'accueil : son chapitre et sa carte."""

    chapitre: Chapitre
    carte: Figure | None


@dataclass(frozen=True, slots=True)
class Matrice:
    """Matrice des écarts ; ``bandes`` : (axe, nombre de colonnes)."""

    tableau: Tableau
    bandes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accueil:
    """Contenu de l'accueil, tout repris du document."""

    resume: Chapitre | None
    bref: tuple[Bloc, ...]
    axes: tuple[CarteAxe, ...]
    matrice: Matrice | None
    ordre: Chapitre | None
    premiers: Tableau | None


def composer_accueil(plan: PlanSite) -> Accueil:
    """Renvoie le contenu de la page d'accueil.

    Le résumé est le premier chapitre ; une carte par axe, la première de son chapitre ; la matrice
    réunit les tableaux ``matrice-...`` ; l'ordre est celui du chapitre ``priorites``.
    """
    resume = plan.chapitres[0] if plan.chapitres else None
    ordre = next((c for c in plan.chapitres if c.titre.id == "priorites"), None)
    premiers = None
    if ordre is not None:
        complet = next((b for b in ordre.blocs if isinstance(b, Tableau)), None)
        if complet is not None:
            premiers = replace(
                complet, id=f"{complet.id}-premiers", lignes=complet.lignes[:PREMIERS]
            )
    return Accueil(
        resume=resume,
        bref=_bref(resume) if resume else (),
        axes=tuple(CarteAxe(c, _premiere_carte(c)) for c in plan.chapitres if c.axe),
        matrice=_matrice(plan),
        ordre=ordre,
        premiers=premiers,
    )


def _bref(chapitre: Chapitre) -> tuple[Bloc, ...]:
    chapeau = next(
        (b for b in chapitre.blocs if isinstance(b, Paragraphe) and b.style == "chapeau"), None
    )
    liste = next((b for b in chapitre.blocs if isinstance(b, Liste)), None)
    return tuple(bloc for bloc in (chapeau, liste) if bloc is not None)


def _premiere_carte(chapitre: Chapitre) -> Figure | None:
    """Renvoie la carte d'écart de l'axe s'il y en a une, sinon sa première carte."""
    cartes = [f for f in figures_de(chapitre.blocs) if f.genre == "carte"]
    return min(cartes, key=lambda f: f.theme != "ecart", default=None)


def _matrice(plan: PlanSite) -> Matrice | None:
    entiere = plan.tableau("matrice")
    if entiere is not None:
        return Matrice(entiere, ())
    morceaux: list[tuple[int, Tableau]] = []
    for chapitre in plan.chapitres:
        morceaux += [
            (chapitre.axe, bloc)
            for bloc in parcourir(chapitre.blocs)
            if isinstance(bloc, Tableau) and bloc.id.startswith("matrice-")
        ]
    return _reunir(morceaux) if morceaux else None


def _reunir(morceaux: Sequence[tuple[int, Tableau]]) -> Matrice:
    """Met côte à côte des tableaux qui ont les mêmes en-têtes de ligne."""
    _, premier = morceaux[0]
    noms = [texte_brut(rangee[0].contenu) for rangee in premier.lignes]
    lignes = [list(rangee[:1]) for rangee in premier.lignes]
    colonnes = list(premier.colonnes[:1])
    bandes: list[tuple[int, int]] = []
    for axe, tableau in morceaux:
        if [texte_brut(rangee[0].contenu) for rangee in tableau.lignes] != noms:
            continue
        colonnes += tableau.colonnes[1:]
        bandes.append((axe, len(tableau.colonnes) - 1))
        for ligne, rangee in zip(lignes, tableau.lignes, strict=True):
            ligne += rangee[1:]
    reuni = replace(
        premier,
        id="matrice-ensemble",
        colonnes=tuple(colonnes),
        lignes=tuple(tuple(ligne) for ligne in lignes),
        references=(),
    )
    return Matrice(reuni, tuple(bandes))
