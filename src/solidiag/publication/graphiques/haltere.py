"""Haltères : deux dates par territoire, sur le même axe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.ecriture import (
    Ancre,
    ajuster,
    cercle,
    document_svg,
    largeur_texte,
    ligne,
    texte_svg,
)
from solidiag.publication.charte import ABSENCES, ACCENT, BLANC, ENCRE, ENCRE_DOUCE, FOND
from solidiag.publication.graphiques.axe import CORPS, CORPS_NOTE, LARGEUR, Axe

_RANGEE: Final = 24.0
_NOMS: Final = 130.0
_RAYON: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesure:
    """Une valeur à une date ; ``statut`` dit pourquoi elle manque."""

    valeur: float | None = None
    texte: str = ""
    intervalle: tuple[float, float] | None = None
    statut: str = "L"


@dataclass(frozen=True, slots=True, kw_only=True)
class LigneHaltere:
    """Un territoire à deux dates ; ``rupture`` : les deux ne se comparent pas tout à fait."""

    id: str
    nom: str
    avant: Mesure
    apres: Mesure
    rupture: bool = False
    reference: bool = False


def haltere(
    lignes: Sequence[LigneHaltere],
    *,
    dates: tuple[str, str],
    titre_axe: str,
    prefixe: str,
    unite: str = "",
    note_rupture: str = "Trait interrompu\u00a0: rupture de série, les deux dates se comparent mal",
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie un graphique en haltères.

    Parameters
    ----------
    dates
        La première (cercle creux) et la seconde (cercle plein), telles qu'elles s'impriment.
    note_rupture
        Ce que dit une interruption du trait.

    Raises
    ------
    ValueError
        Si aucune valeur n'est connue.
    """
    mesures = [m for rangee in lignes for m in (rangee.avant, rangee.apres)]
    connues = [m.valeur for m in mesures if m.valeur is not None]
    connues += [borne for m in mesures if m.intervalle for borne in m.intervalle]
    marge = max([largeur_texte(m.texte, CORPS_NOTE) for m in mesures if m.texte], default=20)
    axe = Axe.pour(
        connues, debut=_NOMS + 14 + marge, fin=LARGEUR - 12 - marge, unite=unite, parts=4
    )
    haut = 24.0
    bas = haut + len(lignes) * _RANGEE
    corps = [_bandes(lignes, haut), axe.horizontal(haut, bas), _cle(dates)]
    for rang, rangee in enumerate(lignes):
        corps.append(_rangee(rangee, haut + (rang + 0.5) * _RANGEE, axe))
    milieu = (axe.debut + axe.fin) / 2
    corps.append(
        texte_svg(titre_axe, milieu, bas + 25, corps=CORPS, ancre="middle", couleur=ENCRE_DOUCE)
    )
    hauteur = bas + 30
    notes = []
    if any(m.intervalle for m in mesures):
        notes.append("Barre fine\u00a0: l'intervalle est la marge d'incertitude")
    if any(rangee.rupture for rangee in lignes):
        notes.append(note_rupture)
    for note in notes:
        hauteur += 12
        corps.append(texte_svg(note, 0, hauteur - 2, corps=CORPS_NOTE, couleur=ENCRE_DOUCE))
    return document_svg(
        corps,
        largeur=LARGEUR,
        hauteur=hauteur + 2,
        titre=titre,
        description=description,
        prefixe=prefixe,
    )


def _cle(dates: tuple[str, str]) -> str:
    x = _NOMS + 14
    suite = x + 16 + largeur_texte(dates[0], CORPS) + 18
    return "".join(
        [
            _point(x + 4, 9, plein=False),
            texte_svg(dates[0], x + 13, 12.6, corps=CORPS),
            _point(suite, 9, plein=True),
            texte_svg(dates[1], suite + 9, 12.6, corps=CORPS),
        ]
    )


def _bandes(lignes: Sequence[LigneHaltere], haut: float) -> str:
    return "".join(
        f'<rect x="0" y="{haut + rang * _RANGEE:.1f}" width="{LARGEUR:g}" height="{_RANGEE:g}"'
        f' fill="{FOND}"/>'
        for rang, rangee in enumerate(lignes)
        if rangee.reference
    )


def _rangee(rangee: LigneHaltere, y: float, axe: Axe) -> str:
    noms, taille = ajuster(
        rangee.nom, _NOMS, corps=CORPS_NOTE + 0.5, lignes=2, gras=rangee.reference
    )
    depart = y + 3.4 - (len(noms) - 1) * 5.2
    morceaux = [
        texte_svg(nom, 0, depart + 10.4 * i, corps=taille, gras=rangee.reference)
        for i, nom in enumerate(noms)
    ]
    avant, apres = rangee.avant, rangee.apres
    if avant.valeur is not None and apres.valeur is not None:
        x1, x2 = axe.place(avant.valeur), axe.place(apres.valeur)
        if not rangee.rupture:
            morceaux.append(ligne(x1, y, x2, y, couleur=ACCENT, epaisseur=1.8))
        elif abs(x2 - x1) > 4 * _RAYON:
            sens = 1 if x2 > x1 else -1
            milieu, trou = (x1 + x2) / 2, 4.0 * sens
            for a, b in ((x1, milieu - trou), (milieu + trou, x2)):
                morceaux.append(ligne(a, y, b, y, couleur=ENCRE_DOUCE, epaisseur=1.2, tirets="2 2"))
    for mesure, plein, dy in ((avant, False, -1.0), (apres, True, 1.0)):
        if mesure.valeur is None:
            continue
        if mesure.intervalle is not None:
            a, b = (axe.place(v) for v in mesure.intervalle)
            morceaux.append(ligne(a, y + 7 * dy, b, y + 7 * dy, couleur=ENCRE_DOUCE, epaisseur=1))
        morceaux.append(_point(axe.place(mesure.valeur), y, plein=plein))
    morceaux += _textes(avant, apres, y, axe)
    return f'<g class="rangee" data-t="{rangee.id}">{"".join(morceaux)}</g>'


def _textes(avant: Mesure, apres: Mesure, y: float, axe: Axe) -> list[str]:
    """Écrit chaque valeur du côté extérieur de l'haltère ; une absence, à la place de sa valeur."""
    gauche_est_avant = (avant.valeur if avant.valeur is not None else float("-inf")) <= (
        apres.valeur if apres.valeur is not None else float("inf")
    )
    morceaux = []
    for mesure, est_avant in ((avant, True), (apres, False)):
        a_gauche = est_avant == gauche_est_avant
        ancre: Ancre = "end" if a_gauche else "start"
        sens = -1 if a_gauche else 1
        if mesure.valeur is None:
            autre = apres if est_avant else avant
            place = axe.place(autre.valeur) if autre.valeur is not None else axe.debut
            texte = ABSENCES[mesure.statut].libelle
            morceaux.append(
                texte_svg(
                    texte,
                    place + sens * (_RAYON + 5),
                    y + 3.2,
                    corps=CORPS_NOTE,
                    ancre=ancre,
                    italique=True,
                    couleur=ENCRE_DOUCE,
                )
            )
            continue
        x = axe.place(mesure.valeur) + sens * (_RAYON + 4)
        morceaux.append(
            texte_svg(
                mesure.texte,
                x,
                y + 3.2,
                corps=CORPS_NOTE,
                ancre=ancre,
                couleur=ENCRE_DOUCE if est_avant else ENCRE,
            )
        )
    return morceaux


def _point(x: float, y: float, *, plein: bool) -> str:
    remplissage = ACCENT if plein else BLANC
    return cercle(
        x, y, _RAYON, attributs=f'fill="{remplissage}" stroke="{ACCENT}" stroke-width="1.6"'
    )
