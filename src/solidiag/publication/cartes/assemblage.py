"""Assemblage d'une carte : couches du fond, données, noms, échelle, légende."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from solidiag.publication.cartes.ecriture import (
    cercle,
    document_svg,
    ligne,
    motif_absence,
    nombre_svg,
    rectangle,
    texte_svg,
)
from solidiag.publication.cartes.etiquettes import Etiquette
from solidiag.publication.cartes.fond_svg import BarreEchelle, FondSvg
from solidiag.publication.cartes.legende import Legende, pastille_absence, trait_epci
from solidiag.publication.charte import (
    ABSENCES,
    BLANC,
    CARTE_EAU,
    CARTE_EPCI,
    CARTE_LIMITE,
    CARTE_VOISINS,
    ENCRE,
)
from solidiag.publication.francais import nombre

LARGEUR_A_COTE: Final = 440.0
"""Largeur d'une carte dont la légende est à droite."""
ECART: Final = 14.0
_LARGE: Final = 340.0
"""Au-delà de cette largeur de carte, la légende passe dessous."""

NOMS_NIVEAUX: Final = {"COM": "communes", "EPCI": "intercommunalités"}
ORDRE_ABSENCES: Final = ("Q", "O", "L", "M")


def largeur_legende(fond: FondSvg) -> float:
    """Renvoie la largeur d'une colonne de légende."""
    if fond.largeur > _LARGE:
        return (fond.largeur - 20) / 2
    return LARGEUR_A_COTE - fond.largeur - ECART


def formes(fond: FondSvg, niveau: str) -> Mapping[str, str]:
    """Renvoie les tracés des territoires d'un niveau (``COM`` ou ``EPCI``)."""
    if niveau not in NOMS_NIVEAUX:
        raise ValueError(f"niveau sans contour : {niveau}")
    return fond.communes if niveau == "COM" else fond.epci


def absences(
    territoires: Iterable[str],
    valeurs: Mapping[str, float | None],
    statuts: Mapping[str, str],
) -> dict[str, list[str]]:
    """Renvoie les territoires sans valeur, par statut (non documenté si l'on ne sait rien)."""
    trouvees: dict[str, list[str]] = {}
    for nom in territoires:
        if valeurs.get(nom) is None:
            statut = statuts.get(nom, "L")
            trouvees.setdefault(statut if statut in ABSENCES else "L", []).append(nom)
    return {statut: trouvees[statut] for statut in ORDRE_ABSENCES if statut in trouvees}


def remplissage_absence(statut: str, prefixe: str) -> str:
    """Renvoie la valeur de ``fill`` d'une absence."""
    signe = ABSENCES[statut]
    if signe.motif != "contour":
        return f"url(#{prefixe}-absence-{statut.lower()})"
    return signe.fond


def definitions_absences(statuts: Iterable[str], prefixe: str) -> list[str]:
    """Renvoie les motifs des absences présentes."""
    motifs = [motif_absence(s, f"{prefixe}-absence-{s.lower()}") for s in statuts]
    return [texte for texte in motifs if texte]


def groupe(
    classe: str, remplissage: str, territoires: Iterable[str], traces: Mapping[str, str]
) -> str:
    """Renvoie les tracés d'une classe, chacun avec son territoire."""
    corps = "".join(
        f'<path class="{classe}" data-t="{nom}" d="{traces[nom]}"/>' for nom in territoires
    )
    return f'<g fill="{remplissage}">{corps}</g>' if corps else ""


def couche_absences(
    absents: Mapping[str, Sequence[str]], traces: Mapping[str, str], prefixe: str
) -> str:
    """Renvoie les territoires sans valeur, avec leur signe."""
    return "".join(
        groupe(f"absence-{statut.lower()}", remplissage_absence(statut, prefixe), noms, traces)
        for statut, noms in absents.items()
    )


def contours_sans_objet(absents: Mapping[str, Sequence[str]], traces: Mapping[str, str]) -> str:
    """Renvoie le trait tireté des territoires sans objet."""
    if not absents.get("M"):
        return ""
    d = "".join(traces[nom] for nom in absents["M"])
    return (
        f'<path d="{d}" fill="none" stroke="{ABSENCES["M"].trait}" stroke-width=".8"'
        ' stroke-dasharray="2 1.6"/>'
    )


def legende_absences(legende: Legende, absents: Mapping[str, Sequence[str]], prefixe: str) -> None:
    """Ajoute à la légende les marques d'absence présentes sur la carte."""
    if absents:
        legende.espace(4)
    for statut, noms in absents.items():
        signe = pastille_absence(statut, remplissage_absence(statut, prefixe))
        legende.entree(signe, ABSENCES[statut].libelle, effectif=len(noms))


def legende_fond(legende: Legende, fond: FondSvg, *, niveau: str) -> None:
    """Ajoute à la légende les limites et ce que la carte ne montre pas."""
    legende.espace(4)
    if niveau == "COM" and len(fond.epci) > 1:
        legende.entree(trait_epci, "intercommunalité")
    if niveau == "EPCI" and fond.epci_hors:
        legende.note("Teinte pâle\u00a0: partie située dans un autre département")
    if fond.sans_contour:
        compte = len(fond.sans_contour)
        accord = "territoire sans contour, lu" if compte == 1 else "territoires sans contour, lus"
        legende.note(f"{nombre(compte)} {accord} dans le tableau")


def dessiner(
    fond: FondSvg,
    couches: Sequence[str],
    *,
    legende: Legende,
    prefixe: str,
    dessus: Sequence[str] = (),
    definitions: Sequence[str] = (),
    niveau: str = "COM",
    titre: str = "",
    description: str = "",
    noms: Sequence[Etiquette] | None = None,
) -> str:
    """Renvoie la carte entière.

    Parameters
    ----------
    couches
        Aplats, sous les limites.
    dessus
        Signes, sur les limites et sous les noms.
    noms
        Étiquettes à écrire au lieu de celles du fond.
    """
    dessous = fond.largeur > _LARGE
    cadre = f"{prefixe}-cadre"
    etiquettes = fond.noms_epci if niveau == "EPCI" and fond.noms_epci else fond.lieux
    etiquettes = etiquettes if noms is None else tuple(noms)
    carte = [
        f'<g clip-path="url(#{cadre})">',
        rectangle(0, 0, fond.largeur, fond.hauteur, attributs=f'fill="{CARTE_EAU}"'),
        f'<path d="{fond.voisins}" fill="{CARTE_VOISINS}" stroke="{BLANC}" stroke-width="1"/>',
        f'<g stroke="{CARTE_LIMITE}" stroke-width=".4" stroke-linejoin="round">',
        *couches,
        "</g>",
        f'<path class="limites" d="{fond.limites_epci}" fill="none" stroke="{BLANC}"'
        ' stroke-width="2" stroke-opacity=".75" stroke-linejoin="round"/>',
        f'<path class="limites" d="{fond.limites_epci}" fill="none" stroke="{CARTE_EPCI}"'
        ' stroke-width=".8" stroke-linejoin="round"/>',
        f'<path class="contour" d="{fond.contour}" fill="none" stroke="{CARTE_EPCI}"'
        ' stroke-width="1.4" stroke-linejoin="round"/>',
        *dessus,
        *ecrire_etiquettes(etiquettes),
        _barre(fond.barre),
        "</g>",
    ]
    if dessous:
        dessin, hauteur = legende.en_deux_colonnes(0, fond.hauteur + ECART, ecart=20)
        total = (fond.largeur, fond.hauteur + ECART + hauteur + 2)
    else:
        dessin = legende.en_colonne(fond.largeur + ECART, 2)
        total = (LARGEUR_A_COTE, max(fond.hauteur, legende.hauteur() + 6))
    clip = f'<clipPath id="{cadre}">{rectangle(0, 0, fond.largeur, fond.hauteur)}</clipPath>'
    vue = f"0 0 {nombre_svg(fond.largeur)} {nombre_svg(fond.hauteur)}"
    return document_svg(
        [*carte, f'<g class="legende">{dessin}</g>'],
        largeur=total[0],
        hauteur=total[1],
        definitions=[clip, *definitions],
        titre=titre,
        description=description,
        prefixe=prefixe,
        attributs=f'data-vue="{vue}"',
    )


def ecrire_etiquettes(etiquettes: Iterable[Etiquette]) -> list[str]:
    """Renvoie les noms placés et leurs points."""
    morceaux = ['<g class="noms" pointer-events="none">']
    for e in etiquettes:
        if e.point is not None:
            trait = f'fill="{ENCRE}" stroke="{BLANC}" stroke-width=".7"'
            morceaux.append(cercle(*e.point, 1.7, attributs=trait))
        morceaux += [
            texte_svg(
                texte,
                e.x,
                e.y + rang * e.corps * 1.05,
                corps=e.corps,
                ancre=e.ancre,
                halo=BLANC,
            )
            for rang, texte in enumerate(e.lignes)
        ]
    return [*morceaux, "</g>"]


def _barre(barre: BarreEchelle) -> str:
    x, y, longueur, km = barre
    traits = (
        ligne(x, y, x + longueur, y, couleur=ENCRE, epaisseur=1.2),
        ligne(x, y - 3, x, y, couleur=ENCRE, epaisseur=1.2),
        ligne(x + longueur, y - 3, x + longueur, y, couleur=ENCRE, epaisseur=1.2),
    )
    texte = texte_svg(
        f"{nombre(km)}\u00a0km",
        x + longueur / 2,
        y - 4,
        corps=9,
        ancre="middle",
        halo=BLANC,
    )
    return f'<g class="echelle">{"".join(traits)}{texte}</g>'
