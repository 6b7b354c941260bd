"""Carte d'un domaine de la matrice : la classe de chaque intercommunalité, motif et couleur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.assemblage import (
    NOMS_NIVEAUX,
    dessiner,
    groupe,
    largeur_legende,
    legende_fond,
)
from solidiag.publication.cartes.choroplethe import hors_du_departement
from solidiag.publication.cartes.ecriture import motif, motif_absence
from solidiag.publication.cartes.fond_svg import FondSvg
from solidiag.publication.cartes.legende import Legende, pastille
from solidiag.publication.charte import BLANC, DIVERGENT, ENCRE_DOUCE


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleClasse:
    """Couleur et motif d'une classe ; le motif suffit à la reconnaître sans couleur."""

    libelle: str
    fond: str
    dessin: str = ""
    pas: float = 6.0
    transformation: str = ""


_OBLIQUE: Final = ' patternTransform="rotate(45)"'

STYLES: Final[dict[str, StyleClasse]] = {
    "tension": StyleClasse(
        libelle="tension\u00a0: besoin fort, offre faible",
        fond=DIVERGENT[4],
    ),
    "vigilance": StyleClasse(
        libelle="vigilance",
        fond=DIVERGENT[3],
        dessin=f'<path d="M0 0V6" stroke="{DIVERGENT[4]}" stroke-width="2.4"/>',
        transformation=_OBLIQUE,
    ),
    "couvert": StyleClasse(libelle="pas d'écart relevé", fond=DIVERGENT[1]),
    "a_redeployer": StyleClasse(
        libelle="offre plus haute, besoin plus bas",
        fond=DIVERGENT[1],
        dessin=f'<path d="M0 0H6" stroke="{DIVERGENT[0]}" stroke-width="3.4"/>',
    ),
    "presence_seulement": StyleClasse(
        libelle="présence seulement",
        fond=BLANC,
        dessin=(
            f'<circle cx="4" cy="4" r="2" fill="none" stroke="{ENCRE_DOUCE}" stroke-width=".9"/>'
        ),
        pas=8.0,
    ),
    "aucun_lieu": StyleClasse(
        libelle="aucun lieu inscrit à la liste",
        fond=BLANC,
        dessin=f'<path d="M2 2L6 6M6 2L2 6" stroke="{ENCRE_DOUCE}" stroke-width=".9"/>',
        pas=8.0,
    ),
    "non_mesure": StyleClasse(libelle="non mesuré", fond=BLANC),
}
"""Style par classe de la matrice, dans l'ordre de la légende."""


def carte_classes(
    fond: FondSvg,
    classes: Mapping[str, str],
    *,
    legende: str,
    prefixe: str,
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie la carte d'un domaine de la matrice, en SVG.

    Parameters
    ----------
    classes
        Classe par intercommunalité ; une intercommunalité absente est « non mesurée ».

    Raises
    ------
    ValueError
        Si une classe n'est pas dans `STYLES`.
    """
    inconnues = {*classes.values()} - {*STYLES}
    if inconnues:
        raise ValueError(f"classes inconnues : {sorted(inconnues)}")
    lues = {nom: classes.get(nom, "non_mesure") for nom in fond.epci}
    presentes = [classe for classe in STYLES if classe in lues.values()]
    remplissages = {classe: _remplissage(classe, prefixe) for classe in presentes}
    couches = [
        groupe(classe, remplissages[classe], [n for n, c in lues.items() if c == classe], fond.epci)
        for classe in presentes
    ]
    couches.append(hors_du_departement(fond, {n: remplissages[c] for n, c in lues.items()}))
    boite = Legende(largeur_legende(fond))
    boite.titre(legende)
    boite.entete_effectifs(NOMS_NIVEAUX["EPCI"])
    for classe in presentes:
        signe = pastille(f'fill="{remplissages[classe]}" stroke="{ENCRE_DOUCE}" stroke-width=".7"')
        compte = sum(1 for c in lues.values() if c == classe)
        boite.entree(signe, STYLES[classe].libelle, effectif=compte)
    legende_fond(boite, fond, niveau="EPCI")
    return dessiner(
        fond,
        couches,
        legende=boite,
        prefixe=prefixe,
        definitions=[t for c in presentes if (t := _motif(c, prefixe))],
        niveau="EPCI",
        titre=titre,
        description=description,
    )


def _remplissage(classe: str, prefixe: str) -> str:
    style = STYLES[classe]
    if style.dessin or classe == "non_mesure":
        return f"url(#{prefixe}-{classe})"
    return style.fond


def _motif(classe: str, prefixe: str) -> str:
    style = STYLES[classe]
    if classe == "non_mesure":
        return motif_absence("L", f"{prefixe}-{classe}")
    if not style.dessin:
        return ""
    return motif(
        f"{prefixe}-{classe}",
        style.dessin,
        fond=style.fond,
        pas=style.pas,
        transformation=style.transformation,
    )
