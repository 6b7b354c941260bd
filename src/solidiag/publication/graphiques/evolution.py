"""Évolution : une ligne par territoire, ses millésimes, ses intervalles, ses ruptures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.ecriture import (
    ajuster,
    cercle,
    document_svg,
    largeur_texte,
    ligne,
    texte_svg,
)
from solidiag.publication.charte import ACCENT, BLANC, ENCRE, ENCRE_DOUCE, SEQUENTIEL
from solidiag.publication.graphiques.axe import (
    CORPS,
    CORPS_NOTE,
    LARGEUR,
    Axe,
    chemin_ferme,
    ecarter,
)

_HAUT: Final = 26.0
_HAUTEUR: Final = 170.0
_COMPARAISONS: Final = (
    (ENCRE, ""),
    (ENCRE_DOUCE, "5 2.5"),
    (SEQUENTIEL[3], "1.5 2.5"),
    (ENCRE, "7 2 1.5 2"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEvolution:
    """Valeur d'un millésime.

    Parameters
    ----------
    periode
        ``AAAA`` ou ``AAAA-MM``.
    valeur
        Rien si elle manque : la ligne s'interrompt.
    texte
        Valeur telle qu'elle s'imprime, écrite au premier et au dernier point.
    rupture
        Vrai si la valeur se compare mal à la précédente : la ligne s'interrompt.
    """

    periode: str
    valeur: float | None
    texte: str = ""
    intervalle: tuple[float, float] | None = None
    rupture: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SerieEvolution:
    """Suite d'un territoire ; ``principale`` : celui du lecteur, en couleur."""

    id: str
    nom: str
    points: tuple[PointEvolution, ...]
    principale: bool = False


def evolution(
    series: Sequence[SerieEvolution],
    *,
    titre_axe: str,
    prefixe: str,
    unite: str = "",
    note_rupture: str = "Ligne interrompue\u00a0: rupture de série",
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie un graphique d'évolution.

    Raises
    ------
    ValueError
        Si aucune valeur n'est connue.
    """
    points = [p for serie in series for p in serie.points]
    valeurs = [p.valeur for p in points if p.valeur is not None]
    valeurs += [borne for p in points if p.intervalle for borne in p.intervalle]
    axe_y = Axe.pour(valeurs, debut=_HAUT + _HAUTEUR, fin=_HAUT, unite=unite)
    gauche = axe_y.largeur_libelles + 8
    droite = LARGEUR - _marge_noms(series)
    periodes = sorted({p.periode for p in points})
    temps = [_annee(p) for p in periodes]
    debut, fin = gauche + 12, droite - 8
    etendue = (temps[-1] - temps[0]) or 1.0

    def x_de(periode: str) -> float:
        if len(periodes) == 1:
            return (debut + fin) / 2
        return debut + (_annee(periode) - temps[0]) / etendue * (fin - debut)

    bas = _HAUT + _HAUTEUR
    corps = [
        texte_svg(titre_axe, 0, 11, corps=CORPS, couleur=ENCRE_DOUCE),
        axe_y.vertical(gauche, droite),
        _periodes(periodes, [x_de(p) for p in periodes], bas),
    ]
    fins: list[tuple[SerieEvolution, float, float, str, str]] = []
    autres = 0
    for serie in sorted(series, key=lambda s: s.principale):
        couleur, tirets = ACCENT, ""
        if not serie.principale:
            couleur, tirets = _COMPARAISONS[autres % len(_COMPARAISONS)]
            autres += 1
        places = [(p, x_de(p.periode)) for p in serie.points]
        corps.append(_serie(serie, places, axe_y, couleur=couleur, tirets=tirets))
        dernier = next((p for p, _ in reversed(places) if p.valeur is not None), None)
        if dernier is not None and dernier.valeur is not None:
            x, y = x_de(dernier.periode), axe_y.place(dernier.valeur)
            fins.append((serie, x, y, couleur, dernier.texte))
    corps.append(_noms(fins, droite))
    hauteur = bas + 18
    notes = []
    if any(p.intervalle for p in points):
        notes.append("Bande claire\u00a0: l'intervalle est la marge d'incertitude")
    if any(p.rupture for p in points):
        notes.append(note_rupture)
    for note in notes:
        hauteur += 12
        corps.append(texte_svg(note, 0, hauteur - 1, corps=CORPS_NOTE, couleur=ENCRE_DOUCE))
    return document_svg(
        corps,
        largeur=LARGEUR,
        hauteur=hauteur + 3,
        titre=titre,
        description=description,
        prefixe=prefixe,
    )


def _annee(periode: str) -> float:
    annee, _, mois = periode.partition("-")
    return int(annee) + ((int(mois[:2]) - 1) / 12 if mois[:2].isdigit() else 0.0)


def _marge_noms(series: Sequence[SerieEvolution]) -> float:
    textes = [*(s.nom for s in series), *(p.texte for s in series for p in s.points)]
    return min(max(largeur_texte(t, CORPS, gras=True) for t in textes) + 12, 130.0)


def _periodes(periodes: Sequence[str], places: Sequence[float], bas: float) -> str:
    """Écrit les périodes ; celles qui se toucheraient sont tues, sauf la dernière."""
    morceaux, occupe = [], float("inf")
    for periode, x in reversed(list(zip(periodes, places, strict=True))):
        demi = largeur_texte(periode, CORPS_NOTE) / 2
        morceaux.append(ligne(x, bas, x, bas + 3, couleur=ENCRE_DOUCE, epaisseur=0.7))
        if x + demi + 3 < occupe:
            morceaux.append(
                texte_svg(
                    periode,
                    x,
                    bas + 13,
                    corps=CORPS_NOTE,
                    ancre="middle",
                    couleur=ENCRE_DOUCE,
                )
            )
            occupe = x - demi
    return "".join(morceaux)


def _troncons(
    places: Sequence[tuple[PointEvolution, float]],
) -> list[list[tuple[PointEvolution, float]]]:
    """Coupe une suite à chaque valeur absente et à chaque rupture."""
    troncons: list[list[tuple[PointEvolution, float]]] = [[]]
    for point, x in places:
        if point.valeur is None or point.rupture:
            troncons.append([])
        if point.valeur is not None:
            troncons[-1].append((point, x))
    return [troncon for troncon in troncons if troncon]


def _serie(
    serie: SerieEvolution,
    places: Sequence[tuple[PointEvolution, float]],
    axe: Axe,
    *,
    couleur: str,
    tirets: str,
) -> str:
    morceaux = []
    for troncon in _troncons(places):
        bandes = [(x, p.intervalle) for p, x in troncon if p.intervalle is not None]
        if len(bandes) > 1:
            contour = [(x, axe.place(b[1])) for x, b in bandes]
            contour += [(x, axe.place(b[0])) for x, b in reversed(bandes)]
            morceaux.append(chemin_ferme(contour, attributs=f'fill="{couleur}" fill-opacity=".14"'))
        elif bandes:
            x, (a, b) = bandes[0]
            morceaux.append(ligne(x, axe.place(a), x, axe.place(b), couleur=couleur, epaisseur=1))
        trait = [(x, axe.place(p.valeur)) for p, x in troncon if p.valeur is not None]
        d = "L".join(f"{x:.1f} {y:.1f}" for x, y in trait)
        suite = f' stroke-dasharray="{tirets}"' if tirets else ""
        epaisseur = 2.2 if serie.principale else 1.4
        if len(trait) > 1:
            morceaux.append(
                f'<path d="M{d}" fill="none" stroke="{couleur}" stroke-width="{epaisseur}"'
                f' stroke-linejoin="round"{suite}/>'
            )
        rayon = 3.2 if serie.principale else 2.2
        morceaux += [
            cercle(x, y, rayon, attributs=f'fill="{couleur}" stroke="{BLANC}" stroke-width=".8"')
            for x, y in trait
        ]
    return f'<g class="serie" data-t="{serie.id}">{"".join(morceaux)}</g>'


def _noms(fins: Sequence[tuple[SerieEvolution, float, float, str, str]], droite: float) -> str:
    """Écrit le nom et la dernière valeur au bout de chaque ligne."""
    poses = ecarter([y for _, _, y, _, _ in fins], 24.0)
    morceaux = []
    for (serie, x, y, couleur, texte), pose in zip(fins, poses, strict=True):
        gauche = droite + 6
        if abs(pose - y) > 3:
            morceaux.append(
                f'<path d="M{x + 4:.1f} {y:.1f}L{gauche - 2:.1f} {pose:.1f}" fill="none"'
                f' stroke="{couleur}" stroke-width=".5"/>'
            )
        (nom, *_), taille = ajuster(serie.nom, LARGEUR - gauche, corps=CORPS, gras=serie.principale)
        for rang, ecrit in enumerate([nom, texte] if texte else [nom]):
            morceaux.append(
                texte_svg(
                    ecrit,
                    gauche,
                    pose + 1 + rang * 11,
                    corps=taille if rang == 0 else CORPS_NOTE,
                    gras=serie.principale,
                    couleur=couleur,
                )
            )
    return "".join(morceaux)
