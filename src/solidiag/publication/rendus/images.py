"""Images des figures : taille d'un SVG, conversion en PNG par lots."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import tempfile
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path

import typst
from PIL import Image

from solidiag.errors import RenduImpossible
from solidiag.publication.document import Document, Figure, parcourir

RESOLUTION_PPP = 220
COULEURS = 128

_RACINE = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_VUE = re.compile(r"""\bviewBox\s*=\s*["']([^"']+)["']""")
_LARGEUR = re.compile(r"""\bwidth\s*=\s*["']([0-9.]+)(?:px|pt|mm|cm)?["']""")
_HAUTEUR = re.compile(r"""\bheight\s*=\s*["']([0-9.]+)(?:px|pt|mm|cm)?["']""")


@lru_cache(maxsize=1)
def polices() -> typst.Fonts:
    """Renvoie les polices embarquées, et elles seules."""
    dossier = Path(str(resources.files("solidiag"))) / "donnees" / "polices"
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[dossier]
    )


def figures(document: Document) -> list[Figure]:
    """Renvoie les figures d'un document, dans l'ordre de lecture."""
    return [bloc for bloc in parcourir(document.blocs) if isinstance(bloc, Figure)]


def rapport_svg(svg: str) -> float:
    """Renvoie la hauteur divisée par la largeur d'un SVG.

    Raises
    ------
    RenduImpossible
        Si le SVG ne dit pas sa taille.

    Examples
    --------
    >>> rapport_svg('<svg viewBox="0 0 200 100"></svg>')
    0.5
    """
    racine = _RACINE.search(svg)
    entete = racine.group(0) if racine else ""
    vue = _VUE.search(entete)
    if vue:
        _, _, largeur, hauteur = (float(v) for v in vue.group(1).replace(",", " ").split())
    else:
        cotes = [_LARGEUR.search(entete), _HAUTEUR.search(entete)]
        largeur, hauteur = (float(c.group(1)) if c else 0.0 for c in cotes)
    if largeur <= 0 or hauteur <= 0:
        raise RenduImpossible("image", "un SVG n'a ni viewBox, ni largeur et hauteur")
    return hauteur / largeur


def taille_png(octets: bytes) -> tuple[int, int]:
    """Renvoie la largeur et la hauteur d'un PNG, en points d'image."""
    largeur, hauteur = struct.unpack(">II", octets[16:24])
    return int(largeur), int(hauteur)


def empreinte_svg(svg: str, largeur_cm: float, resolution: int = RESOLUTION_PPP) -> str:
    """Renvoie l'empreinte dont dépend le PNG d'un SVG."""
    condense = hashlib.sha256(f"{largeur_cm:.3f} {resolution} {COULEURS}\n".encode())
    condense.update(svg.encode())
    return condense.hexdigest()


def convertir(
    a_convertir: Sequence[Figure],
    *,
    cache: MutableMapping[str, bytes] | None = None,
    resolution: int = RESOLUTION_PPP,
) -> dict[str, bytes]:
    """Renvoie les PNG des figures, par identifiant de figure.

    Parameters
    ----------
    cache
        PNG déjà faits, par empreinte (`empreinte_svg`) ; complété ici.
    resolution
        Points par pouce, à la largeur d'impression de la figure.
    """
    connues: MutableMapping[str, bytes] = {} if cache is None else cache
    cles = {f.id: empreinte_svg(f.svg, f.largeur_cm, resolution) for f in a_convertir}
    manquants = {cles[f.id]: f for f in a_convertir if cles[f.id] not in connues}
    if manquants:
        connues.update(zip(manquants, _compiler(list(manquants.values()), resolution), strict=True))
    return {identifiant: connues[cle] for identifiant, cle in cles.items()}


def _compiler(a_faire: Sequence[Figure], resolution: int) -> list[bytes]:
    pages = ["#set page(margin: 0pt)"]
    with tempfile.TemporaryDirectory(prefix="solidiag-") as dossier:
        for rang, figure in enumerate(a_faire):
            (Path(dossier) / f"{rang}.svg").write_text(figure.svg, encoding="utf-8")
            hauteur = figure.largeur_cm * rapport_svg(figure.svg)
            pages.append(
                f"#page(width: {figure.largeur_cm:.3f}cm, height: {hauteur:.3f}cm)"
                f'[#image("{rang}.svg", width: 100%, height: 100%)]'
            )
        compilateur = typst.Compiler("\n".join(pages).encode(), root=dossier, font_paths=polices())
        try:
            produit = compilateur.compile(format="png", ppi=resolution)
        except typst.TypstError as erreur:
            raise RenduImpossible("image", erreur.message) from erreur
    if produit is None:
        raise RenduImpossible("image", "Typst n'a rendu aucune page")
    return [_alleger(octets) for octets in (produit if isinstance(produit, list) else [produit])]


def _alleger(octets: bytes) -> bytes:
    """Renvoie le PNG réduit à sa palette : une carte en aplats y tient, trois fois plus légère."""
    with Image.open(io.BytesIO(octets)) as image:
        palette = image.convert("RGB").quantize(
            colors=COULEURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
    tampon = io.BytesIO()
    palette.save(tampon, "PNG", dpi=(RESOLUTION_PPP, RESOLUTION_PPP))
    return tampon.getvalue()
