"""SVG dans une page : identifiants propres à chaque figure, tracés communs écrits une fois."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup, escape

_PROLOGUE = re.compile(r"^\s*(?:<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|\s)*", re.DOTALL)
_RACINE = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_ATTRIBUT_RACINE = re.compile(
    r"\s(?:width|height|role|class|style|focusable|aria-[a-z]+|lang|xml:lang)="
    r"(?:\"[^\"]*\"|'[^']*')"
)
_ID = re.compile(r"(?<=\s)id=(['\"])([^'\"]+)\1")
_REFERENCE = re.compile(r"url\((['\"]?)#([^'\")]+)\1\)")
_HREF = re.compile(r"((?:xlink:)?href)=(['\"])#([^'\"]+)\2")
_TITRE_RACINE = re.compile(r"(<svg\b[^>]*>)\s*(?:<(title|desc)\b[^>]*>.*?</\2>\s*)+", re.DOTALL)
_TRACE = re.compile(r"<path\b([^>]*?)\sd=\"([^\"]{80,})\"([^>]*?)/>", re.DOTALL)
_VUE_CARTE = re.compile(r'\sdata-vue="([^"]+)"')
_VUE = re.compile(r'\sviewBox="([^"]+)"')
_LEGENDE = re.compile(r'<g class="legende">.*</g>(?=\s*</svg>\s*$)', re.DOTALL)
_ORDONNEE = re.compile(r'\s(?:y|cy)="([\d.]+)"(?:[^>]*?\s(?:height|r)="([\d.]+)")?')
_MARGE_LEGENDE = 6.0


def integrer(svg: str, *, prefixe: str, alt: str, classe: str = "dessin") -> str:
    """Renvoie un SVG prêt à être placé dans une page HTML.

    Les identifiants internes reçoivent ``prefixe`` (deux figures d'une page ne se gênent pas),
    la taille fixe est retirée (la feuille de style décide), l'image a un nom accessible.
    """
    corps = _PROLOGUE.sub("", svg, count=1)
    corps = _TITRE_RACINE.sub(r"\1", corps, count=1)
    corps = _ID.sub(rf"id=\1{prefixe}-\2\1", corps)
    corps = _REFERENCE.sub(rf"url(#{prefixe}-\2)", corps)
    corps = _HREF.sub(rf"\1=\2#{prefixe}-\3\2", corps)
    racine = _RACINE.search(corps)
    if racine is None:
        msg = f"la figure « {prefixe} » n'est pas un SVG"
        raise ValueError(msg)
    ouverture = _ATTRIBUT_RACINE.sub("", racine.group(0))
    attributs = f'<svg class="{classe}" role="img" aria-label="{escape(alt)}" focusable="false"'
    ouverture = ouverture.replace("<svg", attributs, 1)
    return f"{ouverture}{corps[racine.end() :].rstrip()}"


def detacher_legende(svg: str) -> tuple[str, str]:
    """Renvoie la carte et sa légende en deux SVG, ou le SVG entier et rien.

    Une carte qui dit son cadre (``data-vue``) et finit par ``<g class="legende">`` se coupe : sur
    un écran étroit la légende passe dessous, et les deux gardent un texte lisible.
    """
    racine = _RACINE.search(svg)
    legende = _LEGENDE.search(svg)
    cadre = _VUE_CARTE.search(racine.group(0)) if racine else None
    entier = _VUE.search(racine.group(0)) if racine else None
    if racine is None or legende is None or cadre is None or entier is None:
        return svg, ""
    ouverture = racine.group(0)
    seule = _VUE.sub(f' viewBox="{cadre.group(1)}"', ouverture)
    carte = f"{seule}{svg[racine.end() : legende.start()]}</svg>"
    vue = _vue_de_legende(legende.group(0), carte=cadre.group(1), entier=entier.group(1))
    habits = _ATTRIBUT_RACINE.sub("", _VUE_CARTE.sub("", _VUE.sub("", ouverture)))
    entete = f'<svg class="dessin-legende" viewBox="{vue}" aria-hidden="true" focusable="false"'
    return carte, f"{habits.replace('<svg', entete, 1)}{legende.group(0)}</svg>"


def _vue_de_legende(legende: str, *, carte: str, entier: str) -> str:
    """Renvoie le cadre de la légende : à droite de la carte, ou dessous."""
    _, _, largeur, hauteur = (float(x) for x in carte.split())
    _, _, totale, haute = (float(x) for x in entier.split())
    bas = max((float(y) + float(h or 0) for y, h in _ORDONNEE.findall(legende)), default=haute)
    if totale > largeur:
        return f"{largeur:g} 0 {totale - largeur:g} {min(bas + _MARGE_LEGENDE, haute):g}"
    return f"0 {hauteur:g} {totale:g} {haute - hauteur:g}"


def partager_traces(figures: Sequence[str]) -> tuple[Markup, list[Markup]]:
    """Renvoie la réserve des tracés répétés et les figures qui y renvoient.

    Les cartes d'une page dessinent les mêmes communes : chaque tracé vu deux fois est écrit une
    seule fois, dans un SVG sans taille, et rappelé par ``<use>``.
    """
    comptes = Counter(trace.group(2) for svg in figures for trace in _TRACE.finditer(svg))
    noms = {
        d: f"trace-{rang}"
        for rang, d in enumerate((d for d, n in comptes.items() if n > 1), start=1)
    }
    if not noms:
        return Markup(""), [Markup(svg) for svg in figures]  # noqa: S704

    def rappeler(trace: re.Match[str]) -> str:
        nom = noms.get(trace.group(2))
        if nom is None:
            return trace.group(0)
        return f'<use href="#{nom}"{trace.group(1)}{trace.group(3)}/>'

    reserve = "".join(f'<path id="{nom}" d="{d}"/>' for d, nom in noms.items())
    entete = '<svg class="reserve" aria-hidden="true" focusable="false"><defs>'
    return (
        Markup(f"{entete}{reserve}</defs></svg>"),  # noqa: S704
        [Markup(_TRACE.sub(rappeler, svg)) for svg in figures],  # noqa: S704
    )
