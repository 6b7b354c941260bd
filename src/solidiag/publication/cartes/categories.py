"""Carte de catégories sans ordre : types de territoires, regroupements de voisins."""

from __future__ import annotations

from collections.abc import Mapping
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
from solidiag.publication.cartes.choroplethe import hors_du_departement
from solidiag.publication.cartes.ecarts import StyleClasse
from solidiag.publication.cartes.ecriture import cercle, motif
from solidiag.publication.cartes.fond_svg import FondSvg
from solidiag.publication.cartes.legende import Legende, pastille
from solidiag.publication.charte import BLANC, DIVERGENT, ENCRE, ENCRE_DOUCE

_OLIVE: Final = "#4f6b2f"
_PRUNE: Final = "#5a3a66"

STYLES_TYPES: Final[tuple[StyleClasse, ...]] = (
    StyleClasse(libelle="", fond="#f1e6d0"),
    StyleClasse(libelle="", fond="#7fa5cb"),
    StyleClasse(libelle="", fond=_PRUNE),
    StyleClasse(
        libelle="",
        fond="#e3ecd6",
        dessin=f'<path d="M3 0V6" stroke="{_OLIVE}" stroke-width="2"/>',
    ),
    StyleClasse(
        libelle="",
        fond="#fbf3f8",
        dessin=f'<path d="M1 1L5 5M5 1L1 5" stroke="{_PRUNE}" stroke-width="1.1"/>',
    ),
    StyleClasse(
        libelle="",
        fond="#c9dbec",
        dessin=f'<path d="M0 3H6" stroke="{DIVERGENT[0]}" stroke-width="2.2"/>',
    ),
)
"""Un style par type : trois aplats de clartés éloignées, puis trois motifs de sens différents.

Ils ne disent aucun ordre ; chacun se reconnaît en niveaux de gris.
"""

STYLES_REGROUPEMENTS: Final[dict[str, StyleClasse]] = {
    "haut": StyleClasse(libelle="", fond=DIVERGENT[4]),
    "bas": StyleClasse(libelle="", fond=DIVERGENT[1]),
    "haut_isole": StyleClasse(
        libelle="",
        fond="#f8e8d3",
        dessin=f'<path d="M3 0V6" stroke="{DIVERGENT[4]}" stroke-width="2.2"/>',
    ),
    "bas_isole": StyleClasse(
        libelle="",
        fond=BLANC,
        dessin=f'<path d="M0 3H6" stroke="{DIVERGENT[0]}" stroke-width="2.2"/>',
    ),
    "aucun": StyleClasse(libelle="", fond=DIVERGENT[2]),
}
"""Regroupements d'après l'indice composite et celui des communes voisines."""


def carte_categories(
    fond: FondSvg,
    categories: Mapping[str, str | None],
    *,
    styles: Mapping[str, StyleClasse],
    libelles: Mapping[str, str],
    legende: str,
    prefixe: str,
    statuts: Mapping[str, str] | None = None,
    niveau: str = "COM",
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie une carte de catégories, en SVG.

    Parameters
    ----------
    categories
        Catégorie par territoire ; ``None`` ou absent : une marque d'absence, d'après ``statuts``.
    styles, libelles
        Style et libellé de chaque catégorie, dans l'ordre de la légende.
    statuts
        Statut des territoires sans catégorie (``Q``, ``O``, ``L``, ``M``).
    niveau
        ``COM`` ou ``EPCI``.

    Raises
    ------
    ValueError
        Si une catégorie n'a pas de style.
    """
    traces = formes(fond, niveau)
    rangees = {nom: c for nom in traces if (c := categories.get(nom)) is not None}
    inconnues = {*rangees.values()} - {*styles}
    if inconnues:
        raise ValueError(f"catégories sans style : {sorted(inconnues)}")
    rangs: dict[str, float | None] = dict.fromkeys(rangees, 1.0)
    absents = absences(traces, rangs, statuts or {})
    presentes = [c for c in styles if c in rangees.values()]
    aplats = {c: _remplissage(styles[c], f"{prefixe}-{c}") for c in presentes}
    couches = [couche_absences(absents, traces, prefixe)]
    couches += [
        groupe(f"c-{c}", aplats[c], [n for n, lue in rangees.items() if lue == c], traces)
        for c in presentes
    ]
    remplissages = {nom: aplats[c] for nom, c in rangees.items()}
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
    for c in presentes:
        signe = pastille(f'fill="{aplats[c]}" stroke="{ENCRE_DOUCE}" stroke-width=".7"')
        compte = sum(1 for lue in rangees.values() if lue == c)
        boite.entree(signe, libelles[c], effectif=compte)
    legende_absences(boite, absents, prefixe)
    legende_fond(boite, fond, niveau=niveau)
    dessus = [contours_sans_objet(absents, traces)]
    if niveau == "COM":
        dessus += [
            cercle(
                *fond.centres[nom],
                rayon,
                attributs=(
                    f'class="grossie" data-t="{nom}" fill="{remplissages[nom]}"'
                    f' stroke="{ENCRE}" stroke-width=".9"'
                ),
            )
            for nom, rayon in fond.grossies.items()
        ]
    definitions = [
        motif(f"{prefixe}-{c}", styles[c].dessin, fond=styles[c].fond, pas=styles[c].pas)
        for c in presentes
        if styles[c].dessin
    ]
    return dessiner(
        fond,
        couches,
        legende=boite,
        prefixe=prefixe,
        dessus=dessus,
        definitions=[*definitions_absences(absents, prefixe), *definitions],
        niveau=niveau,
        titre=titre,
        description=description,
    )


def _remplissage(style: StyleClasse, identifiant: str) -> str:
    return f"url(#{identifiant})" if style.dessin else style.fond
