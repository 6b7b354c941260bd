"""Carte de taux : chaque territoire prend la teinte de sa classe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from solidiag.publication.cartes.assemblage import (
    NOMS_NIVEAUX,
    absences,
    contours_sans_objet,
    couche_absences,
    definitions_absences,
    dessiner,
    formes,
    groupe,
    largeur_legende,
    legende_absences,
    legende_fond,
    remplissage_absence,
)
from solidiag.publication.cartes.ecriture import cercle
from solidiag.publication.cartes.fond_svg import FondSvg
from solidiag.publication.cartes.legende import Legende, explication, libelle_classe, pastille
from solidiag.publication.charte import CARTE_LIMITE, DIVERGENT, ENCRE, ENCRE_DOUCE, SEQUENTIEL
from solidiag.statistics.classes import Classes

_TEINTES: Final[dict[int, tuple[int, ...]]] = {
    0: (),
    1: (2,),
    2: (1, 3),
    3: (0, 2, 4),
    4: (0, 1, 3, 4),
    5: (0, 1, 2, 3, 4),
}


def teintes(classes: Classes) -> tuple[str, ...]:
    """Renvoie la couleur de chaque classe, de la plus faible à la plus forte.

    Raises
    ------
    ValueError
        S'il y a plus de cinq classes.
    """
    if classes.nombre not in _TEINTES:
        raise ValueError(f"cinq classes au plus, {classes.nombre} demandées")
    if classes.methode == "reference" and classes.nombre == len(DIVERGENT):
        return DIVERGENT
    return tuple(SEQUENTIEL[i] for i in _TEINTES[classes.nombre])


def carte_choroplethe(
    fond: FondSvg,
    valeurs: Mapping[str, float | None],
    *,
    classes: Classes,
    legende: str,
    prefixe: str,
    statuts: Mapping[str, str] | None = None,
    niveau: str = "COM",
    unite: str = "",
    libelles: Sequence[str] = (),
    plancher: bool = False,
    reperes: Sequence[tuple[str, str]] = (),
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie une carte de taux, en SVG.

    Parameters
    ----------
    valeurs
        Valeur par territoire ; ``None`` ou absent : une marque d'absence, d'après ``statuts``.
    classes
        Voir `solidiag.statistics.classes` ; les mêmes pour deux cartes que l'on compare.
    legende
        Ce que montre la carte, avec son unité : « Taux de pauvreté, en % ».
    prefixe
        Identifiant de la figure ; rend uniques les identifiants internes.
    statuts
        Statut des territoires sans valeur (``Q``, ``O``, ``L``, ``M``).
    niveau
        ``COM`` ou ``EPCI``.
    libelles
        Libellé de chaque classe, de la plus faible à la plus forte ; écrits d'après les bornes
        sinon.
    plancher
        Vrai si la plus petite valeur veut dire « au plus ».
    reperes
        Valeurs de comparaison écrites sous la légende : (« Landes », « 11,7 % »).
    """
    traces = formes(fond, niveau)
    absents = absences(traces, valeurs, statuts or {})
    couleurs = teintes(classes)
    rangs = {nom: classes.rang(v) for nom in traces if (v := valeurs.get(nom)) is not None}
    couches = [couche_absences(absents, traces, prefixe)]
    for rang, couleur in enumerate(couleurs):
        noms = [nom for nom, r in rangs.items() if r == rang]
        couches.append(groupe(f"c{rang}", couleur, noms, traces))
    remplissages = {nom: couleurs[rang] for nom, rang in rangs.items()}
    remplissages |= {
        nom: remplissage_absence(statut, prefixe)
        for statut, noms in absents.items()
        for nom in noms
    }
    if niveau == "EPCI":
        couches.append(hors_du_departement(fond, remplissages))
    boite = Legende(largeur_legende(fond))
    boite.titre(legende)
    boite.entete_effectifs(NOMS_NIVEAUX[niveau])
    for rang in reversed(range(classes.nombre)):
        libelle = (
            libelles[rang]
            if libelles
            else libelle_classe(classes, rang, unite=unite, plancher=plancher)
        )
        compte = sum(1 for r in rangs.values() if r == rang)
        signe = pastille(f'fill="{couleurs[rang]}" stroke="{ENCRE_DOUCE}" stroke-width=".5"')
        boite.entree(signe, libelle, effectif=compte)
    legende_absences(boite, absents, prefixe)
    if reperes:
        boite.reperes(reperes)
    legende_fond(boite, fond, niveau=niveau)
    grossies = fond.grossies if niveau == "COM" else {}
    if grossies:
        boite.entree(_signe_grossi, "petite commune peuplée, grossie")
    boite.note(explication(classes))
    dessus = [contours_sans_objet(absents, traces)]
    dessus += [
        cercle(
            *fond.centres[nom],
            rayon,
            attributs=(
                f'class="grossie" data-t="{nom}" fill="{remplissages[nom]}"'
                f' stroke="{ENCRE}" stroke-width=".9"'
            ),
        )
        for nom, rayon in grossies.items()
    ]
    return dessiner(
        fond,
        couches,
        legende=boite,
        prefixe=prefixe,
        dessus=dessus,
        definitions=definitions_absences(absents, prefixe),
        niveau=niveau,
        titre=titre,
        description=description,
    )


def hors_du_departement(fond: FondSvg, remplissages: Mapping[str, str]) -> str:
    """Renvoie, en teinte pâle, la partie des intercommunalités dans d'autres départements."""
    corps = "".join(
        f'<path d="{trace}" fill="{remplissages[nom]}"/>'
        for nom, trace in fond.epci_hors.items()
        if nom in remplissages
    )
    if not corps:
        return ""
    return f'<g class="hors" opacity=".45" stroke="{CARTE_LIMITE}" stroke-width=".4">{corps}</g>'


def _signe_grossi(x: float, y: float) -> str:
    return cercle(x + 10, y + 6, 4.2, attributs=f'fill="none" stroke="{ENCRE}" stroke-width=".9"')
