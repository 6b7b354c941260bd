"""Écriture de SVG : nombres courts, tracés, textes mesurés dans la police embarquée, motifs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from solidiag.publication.charte import ABSENCES, BLANC, ENCRE, POLICE

Ancre = Literal["start", "middle", "end"]

_AVANCES: Final[dict[int, str]] = {
    180: "\u202f",
    200: " \u00a0",
    246: "iîï|j",
    251: "',.:;’·l",
    263: "IÎÏ",
    291: "!f",
    303: "()[]{}",
    311: "-",
    335: "t°",
    348: "r/\\",
    419: "s*",
    426: '?z"«»',
    446: "x²",
    456: "cç",
    467: "vyÿ",
    479: "YŸJ–",
    490: "LFk",
    496: "eèéêë#$+0123456789<=>^~€≤≥−×_",
    504: "agàâä",
    514: "XV",
    529: "EÈÉÊËS",
    538: "TZ",
    543: "`oôöAhuÀÂÄùûü",
    551: "nb",
    558: "dpqPR",
    573: "CÇK",
    588: "B",
    612: "&DG",
    648: "UÙÛÜNH",
    664: "OQÔÖ",
    722: "wM",
    786: "Wæ",
    829: "mÆ%",
    844: "œ@Œ",
    948: "…—",
    1194: "‰",
}
"""Avances de la police embarquée, en millièmes du corps."""

_AVANCE: Final = {lettre: avance for avance, lettres in _AVANCES.items() for lettre in lettres}
CORPS_MIN: Final = 7.5
"""Plus petit corps d'un texte de figure."""

_GRAS: Final = 1.045


def nombre_svg(valeur: float) -> str:
    """Renvoie un nombre au dixième, écrit au plus court.

    Examples
    --------
    >>> nombre_svg(12.04), nombre_svg(-0.02), nombre_svg(3.57)
    ('12', '0', '3.6')
    """
    texte = f"{valeur:.1f}"
    if texte.endswith(".0"):
        texte = texte[:-2]
    return "0" if texte == "-0" else texte


def largeur_texte(texte: str, corps: float, *, gras: bool = False) -> float:
    """Renvoie la largeur d'un texte dans la police embarquée.

    Examples
    --------
    >>> round(largeur_texte("Dax", 10), 1)
    15.6
    """
    avance = sum(_AVANCE.get(lettre, 560) for lettre in texte) / 1000
    return avance * corps * (_GRAS if gras else 1.0)


def couper(texte: str, largeur: float, *, corps: float, gras: bool = False) -> list[str]:
    """Renvoie le texte en lignes qui tiennent dans une largeur (un mot trop long dépasse).

    Examples
    --------
    >>> couper("taux de pauvreté", 45, corps=10)
    ['taux de', 'pauvreté']
    """
    lignes: list[str] = []
    for mot in texte.split(" "):
        essai = f"{lignes[-1]} {mot}" if lignes else mot
        if lignes and largeur_texte(essai, corps, gras=gras) <= largeur:
            lignes[-1] = essai
        else:
            lignes.append(mot)
    return lignes


def ajuster(
    texte: str, largeur: float, *, corps: float, lignes: int = 1, gras: bool = False
) -> tuple[list[str], float]:
    """Renvoie le texte en un nombre limité de lignes, et le corps réduit qu'il faut pour cela.

    Un texte trop long même au plus petit corps est coupé par des points de suspension.

    Examples
    --------
    >>> ajuster("Maremne Adour Côte Sud", 100, corps=10)
    (['Maremne Adour Côte Sud'], 9.0)
    """
    taille = corps
    while True:
        coupes = couper(texte, largeur, corps=taille, gras=gras)
        long = max(largeur_texte(ligne_, taille, gras=gras) for ligne_ in coupes)
        if len(coupes) <= lignes and long <= largeur:
            return coupes, taille
        if taille - 0.5 < CORPS_MIN:
            break
        taille -= 0.5
    gardees = coupes[:lignes]
    while len(gardees[-1]) > 1 and largeur_texte(gardees[-1] + "…", taille, gras=gras) > largeur:
        gardees[-1] = gardees[-1][:-1].rstrip()
    return [*gardees[:-1], gardees[-1] + "…"], taille


def texte_svg(
    contenu: str,
    x: float,
    y: float,
    *,
    corps: float,
    ancre: Ancre = "start",
    gras: bool = False,
    italique: bool = False,
    couleur: str = ENCRE,
    halo: str = "",
) -> str:
    """Renvoie un élément ``<text>`` ; ``halo`` est la couleur du liseré qui le détache."""
    attributs = [f'x="{nombre_svg(x)}" y="{nombre_svg(y)}" font-size="{nombre_svg(corps)}"']
    if ancre != "start":
        attributs.append(f'text-anchor="{ancre}"')
    if gras:
        attributs.append('font-weight="700"')
    if italique:
        attributs.append('font-style="italic"')
    if couleur != ENCRE:
        attributs.append(f'fill="{couleur}"')
    if halo:
        attributs.append(
            f'stroke="{halo}" stroke-width="{nombre_svg(corps * 0.23)}"'
            ' stroke-linejoin="round" paint-order="stroke"'
        )
    return f"<text {' '.join(attributs)}>{escape(contenu, quote=False)}</text>"


def chemin(geometrie: BaseGeometry) -> str:
    """Renvoie le tracé d'une surface ou de lignes déjà en unités du dessin, au dixième.

    Examples
    --------
    >>> chemin(shapely.box(0, 0, 2, 1))
    'M2 0l0 1l-2 0l0-1z'
    """
    morceaux: list[str] = []
    for partie in shapely.get_parts(geometrie):
        if partie.geom_type == "Polygon":
            anneaux = [partie.exterior, *partie.interiors]
            morceaux += [_trait(shapely.get_coordinates(anneau), ferme=True) for anneau in anneaux]
        elif partie.geom_type in ("LineString", "LinearRing"):
            morceaux.append(_trait(shapely.get_coordinates(partie), ferme=False))
    return "".join(morceaux)


def _trait(points: np.ndarray, *, ferme: bool) -> str:
    dixiemes = np.rint(points * 10).astype(np.int64)
    garde = np.ones(len(dixiemes), dtype=bool)
    garde[1:] = np.any(dixiemes[1:] != dixiemes[:-1], axis=1)
    dixiemes = dixiemes[garde]
    if ferme and len(dixiemes) < 4:
        return ""
    if ferme:
        dixiemes = dixiemes[:-1]
    ecarts = np.diff(dixiemes, axis=0)
    suite = "".join(f"l{_dixieme(dx)}{_joint(dy)}" for dx, dy in ecarts.tolist())
    depart = f"M{_dixieme(int(dixiemes[0, 0]))}{_joint(int(dixiemes[0, 1]))}"
    return f"{depart}{suite}{'z' if ferme else ''}"


def _dixieme(entier: int) -> str:
    unites, reste = divmod(abs(entier), 10)
    signe = "-" if entier < 0 else ""
    if not reste:
        return f"{signe}{unites}"
    return f"{signe}{unites or ''}.{reste}"


def _joint(entier: int) -> str:
    texte = _dixieme(entier)
    return texte if texte[0] == "-" else f" {texte}"


def motif_absence(statut: str, identifiant: str) -> str:
    """Renvoie le ``<pattern>`` d'une marque d'absence, ou rien si elle n'a qu'un contour.

    L'aplat gris porte de fines rayures blanches : en niveaux de gris, une classe de la carte peut
    avoir la même clarté que lui.
    """
    signe = ABSENCES[statut]
    dessins = {
        "hachures": f'<path d="M0 0V4" stroke="{signe.trait}" stroke-width="2"/>',
        "aplat": f'<path d="M2 0V4" stroke="{BLANC}" stroke-width=".7"/>',
        "points": f'<circle cx="2" cy="2" r=".8" fill="{signe.trait}"/>',
    }
    dessin = dessins.get(signe.motif)
    if dessin is None:
        return ""
    tour = ' patternTransform="rotate(45)"' if signe.motif == "hachures" else ""
    return motif(identifiant, dessin, fond=signe.fond, transformation=tour)


def motif(
    identifiant: str, dessin: str, *, fond: str = BLANC, pas: float = 4, transformation: str = ""
) -> str:
    """Renvoie un ``<pattern>`` carré, de ce pas et de ce fond."""
    cote = nombre_svg(pas)
    return (
        f'<pattern id="{identifiant}" width="{cote}" height="{cote}"'
        f' patternUnits="userSpaceOnUse"{transformation}>'
        f'<rect width="{cote}" height="{cote}" fill="{fond}"/>{dessin}</pattern>'
    )


def rectangle(x: float, y: float, largeur: float, hauteur: float, *, attributs: str = "") -> str:
    """Renvoie un rectangle."""
    return (
        f'<rect x="{nombre_svg(x)}" y="{nombre_svg(y)}" width="{nombre_svg(largeur)}"'
        f' height="{nombre_svg(hauteur)}"{" " if attributs else ""}{attributs}/>'
    )


def cercle(x: float, y: float, rayon: float, *, attributs: str = "") -> str:
    """Renvoie un cercle."""
    return (
        f'<circle cx="{nombre_svg(x)}" cy="{nombre_svg(y)}" r="{rayon:.2f}"'
        f"{' ' if attributs else ''}{attributs}/>"
    )


def ligne(
    x1: float, y1: float, x2: float, y2: float, *, couleur: str, epaisseur: float, tirets: str = ""
) -> str:
    """Renvoie un segment."""
    suite = f' stroke-dasharray="{tirets}"' if tirets else ""
    return (
        f'<path d="M{nombre_svg(x1)} {nombre_svg(y1)}L{nombre_svg(x2)} {nombre_svg(y2)}"'
        f' stroke="{couleur}" stroke-width="{epaisseur:g}" fill="none"{suite}/>'
    )


def document_svg(
    corps: Iterable[str],
    *,
    largeur: float,
    hauteur: float,
    definitions: Sequence[str] = (),
    titre: str = "",
    description: str = "",
    prefixe: str = "",
    attributs: str = "",
) -> str:
    """Renvoie un SVG autonome ; ``titre`` et ``description`` lui donnent un nom accessible."""
    noms = "".join(
        f'<{balise} id="{prefixe}-{balise}">{escape(contenu, quote=False)}</{balise}>'
        for balise, contenu in (("title", titre), ("desc", description))
        if contenu
    )
    reperes = " ".join(
        f"{prefixe}-{balise}"
        for balise, contenu in (("title", titre), ("desc", description))
        if contenu
    )
    nomme = f' aria-labelledby="{reperes}"' if reperes else ""
    suite = f" {attributs}" if attributs else ""
    defs = f"<defs>{''.join(definitions)}</defs>" if definitions else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {nombre_svg(largeur)}'
        f' {nombre_svg(hauteur)}" width="{nombre_svg(largeur)}" height="{nombre_svg(hauteur)}"'
        f' role="img"{nomme} font-family="{POLICE}, sans-serif" fill="{ENCRE}"{suite}>'
        f"{noms}{defs}{''.join(corps)}</svg>"
    )
