"""Assemblage du rapport, chapitre par chapitre."""

from __future__ import annotations

from collections.abc import Iterator

from solidiag.publication.document import Bloc, Document, Mention, Texte
from solidiag.publication.francais import de
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.changements import section_changements, section_reglages
from solidiag.publication.rapport.cloture import (
    chapitre_glossaire,
    chapitre_manques,
    chapitre_priorites,
    chapitre_sources,
)
from solidiag.publication.rapport.coordination import chapitre_coordination
from solidiag.publication.rapport.domaines import chapitre_axe
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.offre import chapitre_offre
from solidiag.publication.rapport.offre_faits import mention_de
from solidiag.publication.rapport.ouverture import (
    chapitre_mandat,
    chapitre_portrait,
    chapitre_resume,
)
from solidiag.publication.rapport.personnes import section_personnes
from solidiag.publication.rapport.types import chapitre_types
from solidiag.publication.typographie import soigner_document


def construire_rapport(matiere: Matiere) -> Document:
    """Renvoie le rapport de diagnostic d'un département."""
    jour = matiere.date.strftime("%d/%m/%Y")
    return soigner_document(
        Document(
            titre="Diagnostic territorial des solidarités",
            sous_titre=(
                f"Besoins, offre, écarts et premier ordre des domaines {de(matiere.departement)}"
            ),
            territoire=matiere.departement.nom,
            date=matiere.date.isoformat(),
            mention=mention_de(matiere),
            couverture=(
                (Texte("Version de travail produite le "), Mention(jour, "date"), Texte(".")),
                (Mention(f"Solidiag {matiere.version}, licence MIT.", "numero"),),
                (
                    Texte("Secret statistique : les valeurs que les producteurs protègent sont "),
                    Texte("marquées « secret » et ne peuvent pas être déduites de ce document."),
                ),
            ),
            blocs=tuple(_chapitres(matiere)),
        )
    )


def _chapitres(matiere: Matiere) -> Iterator[Bloc]:
    cartes = Cartotheque(matiere)
    yield from chapitre_resume(matiere, cartes)
    yield from chapitre_mandat(matiere)
    yield from section_reglages(matiere)
    yield from section_changements(matiere)
    yield from chapitre_portrait(matiere, cartes)
    yield from section_personnes(matiere)
    yield from chapitre_types(matiere, cartes)
    for axe in matiere.grille.axes:
        yield from chapitre_axe(matiere, axe, cartes)
    yield from chapitre_offre(matiere, cartes)
    yield from chapitre_coordination(matiere)
    yield from chapitre_priorites(matiere)
    yield from chapitre_manques(matiere)
    yield from chapitre_sources(matiere)
    yield from chapitre_glossaire(matiere)
