"""Le site hors ligne d'un diagnostic."""

from __future__ import annotations

from pathlib import Path

from solidiag.publication.document import Document
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.annexes import annexes
from solidiag.publication.rapport.figures import fonds_de_site
from solidiag.publication.site.rendre import rendre_site
from solidiag.publication.tables_site import tables_du_site, territoires_du_site


def rendre(matiere: Matiere, document: Document, dossier: Path) -> None:
    """Écrit le site dans un dossier."""
    dossier.mkdir(exist_ok=True)
    rendre_site(
        document,
        dossier,
        donnees=tables_du_site(matiere),
        territoires=territoires_du_site(matiere),
        fonds=fonds_de_site(matiere),
        annexes=annexes(matiere, document),
        dossier_donnees="../donnees/",
    )
