"""Charte graphique : police, encre, accent, couleurs d'axe, échelles de valeurs, marques d'absence.

Une encre, un accent, quatre couleurs d'axe qui ne disent que « axe n » (jamais une valeur). Les
échelles de valeurs sont d'une seule teinte (celle de l'accent) et leur clarté décroît pas à pas :
elles se lisent en niveaux de gris et sans distinguer le rouge du vert. L'absence a ses signes à
elle, les mêmes dans les cartes, les tableaux et le site.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

POLICE: Final = "Solidiag Sans"
"""Famille de caractères embarquée (``donnees/polices``), à nommer dans les SVG et les styles."""

FICHIERS_POLICES: Final[dict[tuple[int, str], str]] = {
    (400, "normal"): "SolidiagSans-Regular",
    (400, "italic"): "SolidiagSans-Italic",
    (700, "normal"): "SolidiagSans-Bold",
    (700, "italic"): "SolidiagSans-BoldItalic",
}
"""Fichiers par graisse et posture, sans extension (``.ttf``, ``.woff2``).

Deux graisses : 400, et 700 pour tout ce qui est gras (le dessin est celui d'un demi-gras).
"""

ENCRE: Final = "#1b2733"
"""Texte courant."""
ENCRE_DOUCE: Final = "#52606d"
"""Texte secondaire : sources, notes, marques d'absence (contraste de 4,5 au moins)."""
ACCENT: Final = "#1d4f7c"
"""Liens, filets, surtitres, valeur que l'on montre."""
FILET: Final = "#b6c0ca"
"""Filets fins des tableaux et des cadres."""
FOND: Final = "#f2f5f8"
"""Fond des encadrés et de la bande de référence."""
BLANC: Final = "#ffffff"
"""Papier."""

AXES: Final[tuple[str, str, str, str]] = ("#b34700", "#00735a", "#6a3fa0", "#ad2f68")
"""Couleurs des axes 1 à 4, réservées à dire « axe n »."""

SEQUENTIEL: Final[tuple[str, str, str, str, str]] = (
    "#e4edf6",
    "#b4cce3",
    "#7fa5cb",
    "#4578a8",
    "#173f66",
)
"""Cinq classes, de la plus faible à la plus forte valeur."""

DIVERGENT: Final[tuple[str, str, str, str, str]] = (
    "#1d4f7c",
    "#8fb3d3",
    "#f3f1ec",
    "#dcae78",
    "#8a4f0f",
)
"""Cinq classes autour d'une valeur de référence : dessous, proche, dessus."""

CERCLE: Final = ACCENT
"""Cercles proportionnels (dénombrements), à 70 % d'opacité, liseré blanc."""
CARTE_VOISINS: Final = "#eef0f2"
"""Territoires voisins, en retrait."""
CARTE_LIMITE: Final = "#9aa5b1"
"""Limites de communes."""
CARTE_EPCI: Final = "#3a4754"
"""Limites d'intercommunalités."""
CARTE_EAU: Final = "#f7fafc"
"""Mer et fond de carte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigneAbsence:
    """Signe d'une absence : libellé, motif et couleurs.

    ``hachures`` : traits à 45 degrés, pas de 4, épaisseur de 1. ``points`` : points de rayon 0,7,
    pas de 4. ``aplat`` : fond uni. ``contour`` : fond blanc et trait tireté.
    """

    libelle: str
    motif: Literal["hachures", "aplat", "points", "contour"]
    fond: str
    trait: str


ABSENCES: Final[dict[str, SigneAbsence]] = {
    "Q": SigneAbsence(libelle="secret", motif="hachures", fond=BLANC, trait="#6b7783"),
    "O": SigneAbsence(libelle="non publié", motif="aplat", fond="#d5d8db", trait="#d5d8db"),
    "L": SigneAbsence(libelle="non documenté", motif="points", fond=BLANC, trait="#6b7783"),
    "M": SigneAbsence(libelle="sans objet", motif="contour", fond=BLANC, trait="#6b7783"),
}
"""Signes par statut ; « 0 » n'en est pas un, c'est une valeur."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeinteCellule:
    """Fond d'une cellule de matrice ; le texte de la cellule dit toujours la même chose."""

    fond: str
    encre: str = ENCRE


CELLULES: Final[dict[str, TeinteCellule]] = {
    "tension": TeinteCellule(fond="#eec394"),
    "vigilance": TeinteCellule(fond="#f8e8d3"),
    "presence_seulement": TeinteCellule(fond="#eef0f2"),
    "aucun_lieu": TeinteCellule(fond=BLANC),
    "couvert": TeinteCellule(fond="#d3e1ef"),
    "a_redeployer": TeinteCellule(fond="#e4edf6"),
    "presence": TeinteCellule(fond="#eef0f2"),
    "non_mesure": TeinteCellule(fond=BLANC, encre=ENCRE_DOUCE),
    "reference": TeinteCellule(fond=FOND),
    "total": TeinteCellule(fond=FOND),
}
"""Fonds par ``Cellule.classe`` ; une classe absente d'ici n'a pas de fond."""


def luminance(couleur: str) -> float:
    """Renvoie la luminance relative (WCAG 2) d'une couleur ``#rrvvbb``, entre 0 et 1.

    Examples
    --------
    >>> luminance("#ffffff"), luminance("#000000")
    (1.0, 0.0)
    """
    canaux = [int(couleur[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    lineaires = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in canaux]
    rouge, vert, bleu = lineaires
    return 0.2126 * rouge + 0.7152 * vert + 0.0722 * bleu


def contraste(premiere: str, seconde: str) -> float:
    """Renvoie le rapport de contraste WCAG 2 de deux couleurs, de 1 à 21.

    Examples
    --------
    >>> round(contraste("#000000", "#ffffff"), 1)
    21.0
    """
    claire, sombre = sorted((luminance(premiere), luminance(seconde)), reverse=True)
    return (claire + 0.05) / (sombre + 0.05)
