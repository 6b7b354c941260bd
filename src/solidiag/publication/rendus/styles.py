"""Styles de paragraphe des formats bureautiques : une seule liste, traduite en DOCX et en ODT."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from solidiag.publication.charte import ACCENT, ENCRE, ENCRE_DOUCE
from solidiag.publication.rendus.plan import LARGEUR_PORTRAIT_CM, LARGEUR_TEXTE_CM

CORPS_PT: Final = 10.5
LIGNE_PT: Final = 14.7
RETRAIT_DROIT_CM: Final = LARGEUR_PORTRAIT_CM - LARGEUR_TEXTE_CM
MARGE_CM: Final = 2.5
MARGE_HAUTE_CM: Final = 2.3
MARGE_FICHE_CM: Final = 1.6
MARGE_HAUTE_FICHE_CM: Final = 1.0
PAGE_CM: Final = (21.0, 29.7)
_TITRES_DE_FICHE: Final = {
    "Titre": 17.0,
    "CouvertureTerritoire": 9.5,
    "SousTitre": 10.0,
    "Titre1": 11.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleTexte:
    """Style de paragraphe ; mesures en points, retraits en centimètres.

    ``id`` : identifiant dans les fichiers. ``nom`` : nom que montre le traitement de texte (en
    DOCX, le nom anglais des styles que Word connaît, qu'il traduit). ``titre`` : niveau de plan.
    """

    id: str
    nom: str
    corps: float = CORPS_PT
    ligne: float = 0.0
    gras: bool = False
    italique: bool = False
    couleur: str = ENCRE
    avant: float = 0.0
    apres: float = 6.0
    gauche_cm: float = 0.0
    droite_cm: float = 0.0
    lie_au_suivant: bool = False
    filet: bool = False
    titre: int = 0

    @property
    def interligne(self) -> float:
        """Hauteur de ligne minimale, en points."""
        return self.ligne or self.corps * LIGNE_PT / CORPS_PT


STYLES: Final[tuple[StyleTexte, ...]] = (
    StyleTexte(id="Texte", nom="Body Text", apres=7, droite_cm=RETRAIT_DROIT_CM),
    StyleTexte(
        id="Chapeau",
        nom="Chapeau",
        corps=12.5,
        couleur=ENCRE_DOUCE,
        apres=9,
        droite_cm=RETRAIT_DROIT_CM,
    ),
    StyleTexte(
        id="MessageCle",
        nom="Message clé",
        corps=11.5,
        gras=True,
        couleur=ACCENT,
        apres=7,
        droite_cm=RETRAIT_DROIT_CM,
        lie_au_suivant=True,
    ),
    StyleTexte(
        id="BrouillonCalcule",
        nom="Brouillon calculé",
        apres=7,
        gauche_cm=0.35,
        droite_cm=RETRAIT_DROIT_CM,
        filet=True,
    ),
    StyleTexte(
        id="Note",
        nom="Note",
        corps=9,
        ligne=11.6,
        couleur=ENCRE_DOUCE,
        droite_cm=RETRAIT_DROIT_CM,
    ),
    StyleTexte(
        id="Lecture", nom="Lecture", corps=9, ligne=11.6, italique=True, droite_cm=RETRAIT_DROIT_CM
    ),
    StyleTexte(id="Source", nom="Source", corps=8, ligne=10.2, couleur=ENCRE_DOUCE, apres=14),
    StyleTexte(
        id="NoteTableau",
        nom="Note de tableau",
        corps=8,
        ligne=10.2,
        couleur=ENCRE_DOUCE,
        avant=3,
        apres=0,
    ),
    StyleTexte(id="Liste", nom="List Bullet", apres=4, droite_cm=RETRAIT_DROIT_CM),
    StyleTexte(id="ListeNumerotee", nom="List Number", apres=4, droite_cm=RETRAIT_DROIT_CM),
    StyleTexte(id="EncadreTexte", nom="Encadré", apres=4),
    StyleTexte(id="EncadreTitre", nom="Titre d'encadré", gras=True, apres=4, lie_au_suivant=True),
    StyleTexte(
        id="Legende", nom="caption", gras=True, avant=14, apres=4, ligne=13.5, lie_au_suivant=True
    ),
    StyleTexte(
        id="SousTitreFigure",
        nom="Sous-titre de figure",
        corps=9,
        ligne=11.6,
        couleur=ENCRE_DOUCE,
        lie_au_suivant=True,
    ),
    StyleTexte(id="Illustration", nom="Illustration", ligne=10, apres=4, lie_au_suivant=True),
    StyleTexte(id="Cellule", nom="Cellule", corps=9, ligne=10.8, avant=2, apres=2),
    StyleTexte(
        id="CelluleEntete",
        nom="En-tête de tableau",
        corps=9,
        ligne=10.8,
        gras=True,
        avant=2,
        apres=2,
        lie_au_suivant=True,
    ),
    StyleTexte(id="ApresTableau", nom="Après tableau", corps=2, ligne=4, apres=6),
    StyleTexte(
        id="SurtitreChapitre",
        nom="Surtitre de chapitre",
        corps=11,
        gras=True,
        couleur=ACCENT,
        apres=2,
        lie_au_suivant=True,
    ),
    StyleTexte(
        id="Surtitre",
        nom="Surtitre",
        corps=9,
        ligne=11,
        gras=True,
        couleur=ACCENT,
        avant=20,
        apres=1,
        lie_au_suivant=True,
    ),
    StyleTexte(
        id="Titre1",
        nom="heading 1",
        corps=22,
        ligne=25,
        gras=True,
        apres=12,
        lie_au_suivant=True,
        titre=1,
        droite_cm=1,
    ),
    StyleTexte(
        id="Titre2",
        nom="heading 2",
        corps=14.5,
        ligne=18,
        gras=True,
        avant=18,
        apres=7,
        lie_au_suivant=True,
        titre=2,
        droite_cm=2,
    ),
    StyleTexte(
        id="Titre3",
        nom="heading 3",
        corps=11.5,
        ligne=15,
        gras=True,
        avant=14,
        apres=5,
        lie_au_suivant=True,
        titre=3,
        droite_cm=2,
    ),
    StyleTexte(
        id="Titre4",
        nom="heading 4",
        gras=True,
        couleur=ENCRE_DOUCE,
        avant=11,
        apres=4,
        lie_au_suivant=True,
        titre=4,
        droite_cm=2,
    ),
    StyleTexte(
        id="CouvertureTerritoire",
        nom="Territoire",
        corps=13,
        gras=True,
        couleur=ACCENT,
        avant=120,
        apres=8,
    ),
    StyleTexte(id="Titre", nom="Title", corps=31, ligne=36, gras=True, apres=16, droite_cm=1),
    StyleTexte(
        id="SousTitre", nom="Subtitle", corps=15, couleur=ENCRE_DOUCE, apres=30, droite_cm=2
    ),
    StyleTexte(id="Couverture", nom="Couverture", apres=4, droite_cm=RETRAIT_DROIT_CM),
    StyleTexte(
        id="CouvertureMention", nom="Mention", corps=9.5, couleur=ENCRE_DOUCE, avant=60, apres=4
    ),
    StyleTexte(id="TitreSommaire", nom="TOC Heading", corps=22, ligne=25, gras=True, apres=12),
    StyleTexte(id="Sommaire1", nom="toc 1", gras=True, avant=7, apres=2, ligne=13.5, droite_cm=1.5),
    StyleTexte(
        id="Sommaire2", nom="toc 2", corps=9.5, ligne=12.5, apres=2, gauche_cm=0.5, droite_cm=1.5
    ),
    StyleTexte(id="PiedDePage", nom="footer", corps=8, ligne=10, couleur=ENCRE_DOUCE, apres=0),
)


def de_fiche(style: StyleTexte) -> StyleTexte:
    """Renvoie le style d'une fiche d'une page : corps réduit, blancs serrés, toute la largeur.

    Examples
    --------
    >>> de_fiche(STYLES[0]).corps
    7.5
    """
    corps = _TITRES_DE_FICHE.get(style.id, max(7.0, round(style.corps * 1.45) / 2))
    return replace(
        style,
        corps=corps,
        ligne=corps * 1.08,
        avant=5.0 if style.id == "Titre1" else min(3.0, style.avant * 0.15),
        apres=0.0 if style.id.startswith("Cellule") else min(2.5, style.apres * 0.15),
        droite_cm=0.0,
    )


PAR_ID: Final = {style.id: style for style in STYLES}

PARAGRAPHES: Final = {
    "normal": "Texte",
    "chapeau": "Chapeau",
    "source": "Source",
    "brouillon": "BrouillonCalcule",
    "note": "Note",
    "lecture": "Lecture",
    "cle": "MessageCle",
}
"""Style par ``Paragraphe.style``."""
