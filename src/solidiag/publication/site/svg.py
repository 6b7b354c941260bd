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
_DIMENSIONS = re.compile(r"viewBox=[\"']\s*[-\d.]+[ ,]+[-\d.]+[ ,]+([\d.]+)[ ,]+([\d.]+)")


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


def rapport(svg: str) -> float | None:
    """Renvoie la largeur d'un SVG divisée par sa hauteur, d'après ``viewBox``.

    Examples
    --------
    >>> rapport('<svg viewBox="0 0 400 200"></svg>')
    2.0
    """
    trouve = _DIMENSIONS.search(svg)
    if trouve is None or float(trouve.group(2)) == 0:
        return None
    return float(trouve.group(1)) / float(trouve.group(2))


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
