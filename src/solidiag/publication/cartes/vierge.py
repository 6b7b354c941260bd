"""Fond de carte sans valeur, pour une carte que le lecteur compose."""

from __future__ import annotations

from solidiag.publication.cartes.assemblage import formes
from solidiag.publication.cartes.ecriture import cercle, document_svg
from solidiag.publication.cartes.fond_svg import FondSvg
from solidiag.publication.charte import BLANC, CARTE_EPCI, CARTE_LIMITE, CARTE_VOISINS, ENCRE


def carte_vierge(fond: FondSvg, *, prefixe: str, niveau: str = "COM") -> str:
    """Renvoie le fond seul : chaque territoire porte ``data-t``, sans légende ni valeur.

    La couleur d'un territoire se donne par la classe de son tracé.
    """
    traces = formes(fond, niveau)
    territoires = "".join(f'<path data-t="{nom}" d="{d}"/>' for nom, d in traces.items())
    grossies = "".join(
        cercle(*fond.centres[nom], rayon, attributs=f'data-t="{nom}" stroke="{ENCRE}"')
        for nom, rayon in (fond.grossies.items() if niveau == "COM" else ())
    )
    corps = [
        f'<path d="{fond.voisins}" fill="{CARTE_VOISINS}" stroke="{BLANC}"/>',
        f'<g fill="{BLANC}" stroke="{CARTE_LIMITE}" stroke-width=".4">{territoires}</g>',
        f'<path d="{fond.limites_epci}" fill="none" stroke="{CARTE_EPCI}" stroke-width=".8"'
        ' pointer-events="none"/>',
        f'<path d="{fond.contour}" fill="none" stroke="{CARTE_EPCI}" stroke-width="1.4"'
        ' pointer-events="none"/>',
        f'<g fill="{BLANC}" stroke-width=".9">{grossies}</g>',
    ]
    return document_svg(corps, largeur=fond.largeur, hauteur=fond.hauteur, prefixe=prefixe)
