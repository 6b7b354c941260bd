"""Rendu PDF : accessible (PDF/UA-1, contrôlé à la compilation), toujours le même."""

from __future__ import annotations

import tempfile
from importlib import resources
from pathlib import Path

import typst

from solidiag.errors import RenduImpossible
from solidiag.publication.document import Document
from solidiag.publication.rendus.images import figures, polices, rapport_svg
from solidiag.publication.rendus.plan import preparer
from solidiag.publication.rendus.typst import source


def rendre_pdf(document: Document, chemin: Path) -> None:
    """Écrit le document en PDF/UA-1.

    Raises
    ------
    RenduImpossible
        Si Typst refuse le document (figure sans texte de remplacement, SVG illisible...).
    """
    chemin.write_bytes(composer(document))


def composer(document: Document) -> bytes:
    """Renvoie les octets du PDF/UA-1 d'un document."""
    modele = resources.files("solidiag") / "donnees" / "modeles" / "rapport.typ"
    toutes = figures(document)
    for figure in toutes:
        if not figure.alt.strip():
            raise RenduImpossible("PDF", f"la figure « {figure.id} » n'a pas de texte alternatif")
    fichiers = {figure.id: f"figure-{rang}.svg" for rang, figure in enumerate(toutes)}
    rapports = {figure.id: rapport_svg(figure.svg) for figure in toutes}
    texte = source(preparer(document), fichiers, rapports)
    with tempfile.TemporaryDirectory(prefix="solidiag-") as dossier:
        racine = Path(dossier)
        (racine / "rapport.typ").write_bytes(modele.read_bytes())
        for figure in toutes:
            (racine / fichiers[figure.id]).write_text(figure.svg, encoding="utf-8")
        compilateur = typst.Compiler(texte.encode(), root=dossier, font_paths=polices())
        try:
            produit = compilateur.compile(format="pdf", pdf_standards=["ua-1"], timestamp=0)
        except typst.TypstError as erreur:
            detail = f"{erreur.message} {erreur.diagnostic}".strip()
            raise RenduImpossible("PDF", detail) from erreur
    if not isinstance(produit, bytes):
        raise RenduImpossible("PDF", "Typst n'a pas rendu un fichier")
    return produit
