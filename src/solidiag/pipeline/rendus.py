"""Chaque format de publication, sous une même signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from solidiag.publication.document import Document
from solidiag.publication.donnees import ecrire_donnees
from solidiag.publication.matiere import Matiere
from solidiag.publication.rendus.docx import rendre_docx
from solidiag.publication.rendus.images import convertir, figures
from solidiag.publication.rendus.odt import rendre_odt
from solidiag.publication.rendus.pdf import rendre_pdf
from solidiag.storage.cache import Cache, CacheOctets

Images = Mapping[str, bytes]
Rendu = Callable[[Matiere, Document, Images, Path], None]


def images_de(document: Document, cache: Cache) -> dict[str, bytes]:
    """Renvoie les PNG des figures, pour les formats qui n'acceptent pas le SVG."""
    return convertir(figures(document), cache=CacheOctets(cache))


def _chemin(matiere: Matiere, travail: Path, suffixe: str) -> Path:
    dossier = travail / "rapport"
    dossier.mkdir(exist_ok=True)
    return dossier / f"diagnostic-{matiere.departement.code}.{suffixe}"


def _docx(matiere: Matiere, document: Document, images: Images, travail: Path) -> None:
    rendre_docx(document, _chemin(matiere, travail, "docx"), images=images)


def _odt(matiere: Matiere, document: Document, images: Images, travail: Path) -> None:
    rendre_odt(document, _chemin(matiere, travail, "odt"), images=images)


def _pdf(matiere: Matiere, document: Document, images: Images, travail: Path) -> None:
    del images
    rendre_pdf(document, _chemin(matiere, travail, "pdf"))


def _site(matiere: Matiere, document: Document, images: Images, travail: Path) -> None:
    from solidiag.pipeline.site import rendre

    del images
    rendre(matiere, document, travail / "site")


def _donnees(matiere: Matiere, document: Document, images: Images, travail: Path) -> None:
    del document, images
    ecrire_donnees(matiere, travail / "donnees")


RENDUS: dict[str, Rendu] = {
    "docx": _docx,
    "odt": _odt,
    "pdf": _pdf,
    "site": _site,
    "donnees": _donnees,
}
"""Formats que `solidiag diagnostic --formats` accepte."""
