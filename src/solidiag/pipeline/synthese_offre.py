"""Fiches par domaine et synthèse de l'offre : calculer une fois, rendre chacune à part."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from solidiag import __version__
from solidiag.errors import ChoixInconnu
from solidiag.pipeline.calculs import charger_referentiel, preparer
from solidiag.pipeline.suivi import Muet, Suivi, etape
from solidiag.publication.document import Document
from solidiag.publication.francais import de
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.fiche_domaine import construire_fiche_domaine
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.synthese_offre import construire_synthese_offre
from solidiag.publication.rendus.images import convertir, figures
from solidiag.sources.classeurs.lexique import dans_la_liste
from solidiag.storage.cache import Cache, CacheOctets, dossier_de_cache
from solidiag.storage.depot import Depot, empreinte
from solidiag.storage.sorties import MANIFESTE, remplacer, verifier_place

FORMATS = ("docx", "pdf", "html")
"""Formats d'une fiche ou de la synthèse."""


@dataclass(frozen=True, kw_only=True)
class Fiches:
    """Ce qui a été écrit.

    Parameters
    ----------
    territoire
        Département, avec son article (« des Landes »).
    documents
        Documents, par nom de fichier sans extension.
    fichiers
        Fichiers écrits.
    """

    territoire: str
    documents: dict[str, Document]
    fichiers: tuple[Path, ...]
    duree_s: float = 0.0


def produire_fiches(
    code: str,
    *,
    domaines: Sequence[str] = (),
    synthese: bool = False,
    formats: Sequence[str] = ("docx", "pdf"),
    vers: Path | None = None,
    suivi: Suivi | None = None,
    depot: Depot | None = None,
    cache: Cache | None = None,
    jour: date | None = None,
) -> Fiches:
    """Écrit les fiches de domaines d'un département, ou la synthèse de son offre.

    Parameters
    ----------
    domaines
        Identifiants ou libellés de la grille ; vide : tous, ou aucun si ``synthese``.
    synthese
        Écrire la synthèse de l'offre.
    formats
        Parmi `FORMATS`.
    vers
        Dossier de sortie ; ``sorties/fiches-CODE`` par défaut, ``sorties/synthese-offre-CODE``
        pour la synthèse seule.

    Raises
    ------
    ChoixInconnu
        Si un domaine n'est pas dans la grille.
    TerritoireInconnu
        Si le département n'existe pas.
    SortieImpossible
        Si la sortie ne peut pas être écrite ; le résultat précédent est intact.
    """
    depart = time.monotonic()
    suivi, depot = suivi or Muet(), depot or Depot()
    cache = cache or Cache(dossier_de_cache())
    referentiel = charger_referentiel(depot)
    departement = referentiel.resoudre_departement(code)
    libelles = {domaine.id: domaine.libelle for domaine in depot.grille.domaines}
    connus = list(libelles)
    domaines = tuple(dict.fromkeys(choisir_domaine(texte, libelles) for texte in domaines))
    seule = synthese and not domaines
    nom = f"{'synthese-offre' if seule else 'fiches'}-{departement}"
    dossier = vers or Path("sorties") / nom
    verifier_place(dossier)
    matiere = preparer(
        departement,
        depot=depot,
        cache=cache,
        suivi=suivi,
        jour=jour or date.today(),  # noqa: DTZ011
        referentiel=referentiel,
    )
    with etape(suivi, "Composition") as en_cours:
        voulus = [] if seule else list(domaines) or connus
        documents = documents_de(matiere, voulus, synthese=synthese)
        en_cours.detail = f"{len(documents)} documents"
    with etape(suivi, f"Rendus ({', '.join(formats)})"):
        fichiers = _ecrire(matiere, documents, dossier, formats=formats, cache=cache)
    return Fiches(
        territoire=de(matiere.departement),
        documents=documents,
        fichiers=fichiers,
        duree_s=time.monotonic() - depart,
    )


def choisir_domaine(texte: str, libelles: Mapping[str, str]) -> str:
    """Renvoie l'identifiant d'un domaine, dit par son identifiant ou par son libellé.

    Raises
    ------
    ChoixInconnu
        Avec les identifiants qui lui ressemblent.
    """
    trouve = dans_la_liste(libelles, texte)
    if isinstance(trouve, str):
        return trouve
    connus = list(libelles)
    proches = get_close_matches(texte, connus, n=3, cutoff=0.4) or connus
    raise ChoixInconnu("domaine", texte, proches=proches)


def documents_de(
    matiere: Matiere, domaines: Sequence[str], *, synthese: bool = False
) -> dict[str, Document]:
    """Renvoie les documents voulus, par nom de fichier sans extension."""
    code = matiere.departement.code
    documents: dict[str, Document] = {}
    if synthese:
        documents[f"synthese-offre-{code}"] = construire_synthese_offre(matiere)
    cartes = Cartotheque(matiere)
    for domaine in domaines:
        documents[f"fiche-{code}-{domaine}"] = construire_fiche_domaine(
            matiere, matiere.grille.domaine(domaine), cartes
        )
    return documents


def _ecrire(
    matiere: Matiere,
    documents: dict[str, Document],
    dossier: Path,
    *,
    formats: Sequence[str],
    cache: Cache,
) -> tuple[Path, ...]:
    """Écrit les documents dans un dossier remplacé d'un coup ; renvoie les fichiers."""
    rendus: dict[str, Callable[[Document, Cache], bytes]] = {
        "docx": rendre_docx,
        "pdf": _pdf,
        "html": _html,
    }
    with remplacer(dossier) as travail:
        fichiers: dict[str, dict[str, object]] = {}
        for nom, document in documents.items():
            for genre in formats:
                octets = rendus[genre](document, cache)
                (travail / f"{nom}.{genre}").write_bytes(octets)
                fichiers[f"{nom}.{genre}"] = {"sha256": empreinte(octets), "taille": len(octets)}
        manifeste = {
            "solidiag": __version__,
            "departement": matiere.departement.code,
            "documents": list(documents),
            "date": matiere.date.isoformat(),
            "formats": list(formats),
            "cle": matiere.observations.digest,
            "fichiers": fichiers,
        }
        texte = json.dumps(manifeste, ensure_ascii=False, indent=1)
        (travail / MANIFESTE).write_text(texte + "\n", encoding="utf-8")
    return tuple(dossier / fichier for fichier in fichiers)


def nom_synthese(matiere: Matiere) -> str:
    """Renvoie le chemin de la synthèse de l'offre dans le dossier d'un diagnostic."""
    return f"rapport/synthese-offre-{matiere.departement.code}.docx"


def rendre_docx(document: Document, cache: Cache) -> bytes:
    """Renvoie un document Word, ses cartes converties."""
    from solidiag.publication.rendus.docx import composer

    return composer(document, images=convertir(figures(document), cache=CacheOctets(cache)))


def _pdf(document: Document, cache: Cache) -> bytes:
    from solidiag.publication.rendus.pdf import composer

    del cache
    return composer(document)


def _html(document: Document, cache: Cache) -> bytes:
    from solidiag.publication.profil.html import composer

    del cache
    return composer(document)
