"""Produire un diagnostic : calculer, rendre chaque format, remplacer la sortie d'un coup."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from solidiag import __version__
from solidiag.pipeline.calculs import charger_referentiel, preparer
from solidiag.pipeline.rendus import RENDUS, images_de
from solidiag.pipeline.suivi import Bilan, Manque, Muet, Suivi, etape
from solidiag.publication.document import Document
from solidiag.publication.francais import de
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.construire import construire_rapport
from solidiag.storage.cache import Cache, dossier_de_cache
from solidiag.storage.depot import Depot, empreinte
from solidiag.storage.sorties import remplacer, verifier_place

MANIFESTE = "manifeste.json"


def produire(
    texte: str,
    *,
    vers: Path | None = None,
    formats: Sequence[str] = tuple(RENDUS),
    suivi: Suivi | None = None,
    depot: Depot | None = None,
    cache: Cache | None = None,
    jour: date | None = None,
) -> Bilan:
    """Produit le diagnostic d'un département et renvoie son bilan.

    Parameters
    ----------
    texte
        Code ou nom du département.
    vers
        Dossier de sortie ; ``sorties/diagnostic-CODE`` par défaut.
    formats
        Parmi ``docx``, ``odt``, ``pdf``, ``site``, ``donnees``.
    jour
        Date écrite dans les documents ; aujourd'hui par défaut.

    Raises
    ------
    TerritoireInconnu
        Si le département n'existe pas.
    SortieImpossible
        Si la sortie ne peut pas être écrite ; le résultat précédent est intact.
    DonneesError
        Si un fichier embarqué manque ou a été modifié.
    """
    depart = time.monotonic()
    suivi = suivi or Muet()
    depot = depot or Depot()
    cache = cache or Cache(dossier_de_cache())
    referentiel = charger_referentiel(depot)
    departement = referentiel.territoire(f"DEP-{referentiel.resoudre_departement(texte)}")
    dossier = vers or Path("sorties") / f"diagnostic-{departement.code}"
    verifier_place(dossier)
    with etape(suivi, "Contrôle des fichiers embarqués") as en_cours:
        en_cours.detail = f"{depot.controler()} fichiers conformes à leur verrou"
    cle = _cle(depot, departement.code, formats)
    if _a_jour(dossier, cle):
        return _bilan_reutilise(dossier, de(departement), time.monotonic() - depart)
    with remplacer(dossier) as travail:
        matiere = preparer(
            departement.code,
            depot=depot,
            cache=cache,
            suivi=suivi,
            jour=jour or date.today(),  # noqa: DTZ011
            referentiel=referentiel,
        )
        _rendre(matiere, travail, formats, cache=cache, suivi=suivi)
        fichiers = _inventaire(travail)
        bilan = _bilan(matiere, dossier, fichiers)
        manifeste = {
            "solidiag": __version__,
            "departement": departement.code,
            "date": matiere.date.isoformat(),
            "formats": list(formats),
            "cle": cle,
            "fichiers": fichiers,
            "comptes": bilan.comptes,
            "manques": [[m.domaine, m.quoi, m.detenteur] for m in bilan.manques],
        }
        texte_manifeste = json.dumps(manifeste, ensure_ascii=False, indent=1)
        (travail / MANIFESTE).write_text(texte_manifeste + "\n", encoding="utf-8")
    return Bilan(
        dossier=dossier,
        territoire=bilan.territoire,
        fichiers=bilan.fichiers,
        reutilise=False,
        duree_s=time.monotonic() - depart,
        comptes=bilan.comptes,
        manques=bilan.manques,
    )


def _cle(depot: Depot, code: str, formats: Sequence[str]) -> str:
    contenu = json.dumps([depot.empreinte, code, sorted(formats)])
    return hashlib.sha256(contenu.encode()).hexdigest()


def _a_jour(dossier: Path, cle: str) -> bool:
    """Dit si le dossier porte déjà ce résultat, entier."""
    manifeste = _lire_manifeste(dossier)
    if manifeste is None or manifeste.get("cle") != cle:
        return False
    fichiers = manifeste.get("fichiers", {})
    return all(
        (dossier / nom).is_file() and empreinte((dossier / nom).read_bytes()) == connu["sha256"]
        for nom, connu in fichiers.items()
    )


def _lire_manifeste(dossier: Path) -> dict[str, Any] | None:
    try:
        lu = json.loads((dossier / MANIFESTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return lu if isinstance(lu, dict) else None


def _rendre(
    matiere: Matiere, travail: Path, formats: Sequence[str], *, cache: Cache, suivi: Suivi
) -> None:
    with etape(suivi, "Composition du rapport") as en_cours:
        document = construire_rapport(matiere)
        en_cours.detail = f"{len(document.blocs)} blocs"
    bureautiques = [nom for nom in formats if nom in ("docx", "odt")]
    autres = [nom for nom in formats if nom not in bureautiques]
    with etape(suivi, f"Rendus ({', '.join(formats)})"), ThreadPoolExecutor(2) as executeur:
        futurs = [
            executeur.submit(_rendre_bureautiques, bureautiques, matiere, document, travail, cache)
        ]
        futurs += [executeur.submit(RENDUS[nom], matiere, document, {}, travail) for nom in autres]
        for futur in futurs:
            futur.result()


def _rendre_bureautiques(
    formats: Sequence[str], matiere: Matiere, document: Document, travail: Path, cache: Cache
) -> None:
    """Rend le DOCX et l'ODT, après leurs images."""
    images = images_de(document, cache) if formats else {}
    for nom in formats:
        RENDUS[nom](matiere, document, images, travail)


def _inventaire(travail: Path) -> dict[str, dict[str, object]]:
    return {
        chemin.relative_to(travail).as_posix(): {
            "sha256": empreinte(chemin.read_bytes()),
            "taille": chemin.stat().st_size,
        }
        for chemin in sorted(travail.rglob("*"))
        if chemin.is_file()
    }


def _bilan(matiere: Matiere, dossier: Path, fichiers: dict[str, dict[str, object]]) -> Bilan:
    libelles = {d.id: d.libelle for d in matiere.grille.domaines}
    manques = tuple(
        Manque(domaine=libelles[c.domaine], quoi=c.manque, detenteur=c.detenteur)
        for d in matiere.grille.domaines
        if (c := matiere.croisements.get(d.id)) is not None and c.portee == "aucune"
    )
    return Bilan(
        dossier=dossier,
        territoire=de(matiere.departement),
        fichiers=_principaux({nom: int(str(f["taille"])) for nom, f in fichiers.items()}),
        reutilise=False,
        duree_s=0.0,
        comptes={nom: int(valeur) for nom, valeur in matiere.comptes.items()},
        manques=manques,
    )


def _principaux(tailles: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Réunit les pages du site : on ouvre un rapport, un site, un classeur."""
    dits: dict[str, int] = {}
    for nom, taille in tailles.items():
        affiche = "site/index.html (ouvrir d'un double-clic)" if nom.startswith("site/") else nom
        dits[affiche] = dits.get(affiche, 0) + taille
    return tuple(dits.items())


def _bilan_reutilise(dossier: Path, territoire: str, duree_s: float) -> Bilan:
    manifeste = _lire_manifeste(dossier) or {}
    return Bilan(
        dossier=dossier,
        territoire=territoire,
        fichiers=_principaux(
            {nom: int(connu["taille"]) for nom, connu in manifeste["fichiers"].items()}
        ),
        reutilise=True,
        duree_s=duree_s,
        comptes=dict(manifeste["comptes"]),
        manques=tuple(
            Manque(domaine=domaine, quoi=quoi, detenteur=detenteur)
            for domaine, quoi, detenteur in manifeste["manques"]
        ),
    )
