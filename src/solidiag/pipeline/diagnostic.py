"""Produire un diagnostic : calculer, rendre chaque format, remplacer la sortie d'un coup."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

from solidiag import __version__
from solidiag.pipeline.calculs import charger_referentiel, preparer
from solidiag.pipeline.etat import (
    DOSSIER,
    changements_depuis,
    ecrire_etat,
    est_une_date,
    lire_changements,
    lire_etat,
)
from solidiag.pipeline.reglages import verifier_reglages
from solidiag.pipeline.rendus import RENDUS, images_de
from solidiag.pipeline.suivi import Bilan, Manque, Muet, Suivi, etape
from solidiag.pipeline.synthese_offre import nom_synthese, rendre_docx
from solidiag.publication.document import Document
from solidiag.publication.francais import de
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.construire import construire_rapport
from solidiag.publication.rapport.synthese_offre import construire_synthese_offre
from solidiag.storage.cache import Cache, dossier_de_cache
from solidiag.storage.depot import Depot, empreinte
from solidiag.storage.sorties import MANIFESTE, lire_manifeste, remplacer, verifier_place


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
    verifier_reglages(depot)
    cle = _cle(depot, departement.code)
    deja = _formats_a_jour(dossier, cle)
    a_faire = [nom for nom in formats if nom not in deja]
    if not a_faire:
        return _bilan_reutilise(dossier, de(departement), time.monotonic() - depart)
    retires = [nom for nom in _formats_presents(dossier) if nom not in (*deja, *a_faire)]
    with remplacer(dossier) as travail:
        matiere = preparer(
            departement.code,
            depot=depot,
            cache=cache,
            suivi=suivi,
            jour=_jour(dossier, jour) if deja else jour or date.today(),  # noqa: DTZ011
            referentiel=referentiel,
        )
        matiere = comparer_au_precedent(matiere, depot, dossier, cle=cle)
        _reprendre(dossier, travail, deja)
        ecrire_etat(matiere, depot, travail)
        _rendre(matiere, travail, a_faire, cache=cache, suivi=suivi)
        fichiers = _inventaire(travail)
        bilan = _bilan(matiere, dossier, fichiers, retires=retires)
        manifeste = {
            "solidiag": __version__,
            "departement": departement.code,
            "date": matiere.date.isoformat(),
            "formats": [nom for nom in RENDUS if nom in (*deja, *a_faire)],
            "cle": cle,
            "fichiers": fichiers,
            "comptes": bilan.comptes,
            "manques": [[m.domaine, m.quoi, m.detenteur] for m in bilan.manques],
        }
        texte_manifeste = json.dumps(manifeste, ensure_ascii=False, indent=1)
        (travail / MANIFESTE).write_text(texte_manifeste + "\n", encoding="utf-8")
    return replace(bilan, duree_s=time.monotonic() - depart)


def comparer_au_precedent(matiere: Matiere, depot: Depot, dossier: Path, *, cle: str) -> Matiere:
    """Renvoie la matière avec ce qui a changé depuis le résultat que ce dossier porte."""
    manifeste = lire_manifeste(dossier)
    if manifeste is None or manifeste.get("departement") != matiere.departement.code:
        return matiere
    if manifeste["cle"] == cle:
        return replace(matiere, changements=lire_changements(dossier))
    precedent = lire_etat(dossier)
    if precedent is None or not est_une_date(manifeste.get("date")):
        return matiere
    changes = changements_depuis(precedent, matiere, depot, depuis=str(manifeste["date"]))
    return replace(matiere, changements=changes)


def _cle(depot: Depot, code: str) -> str:
    return hashlib.sha256(json.dumps([depot.empreinte, code]).encode()).hexdigest()


def _formats_presents(dossier: Path) -> list[str]:
    manifeste = lire_manifeste(dossier)
    return list(manifeste["formats"]) if manifeste else []


def _formats_a_jour(dossier: Path, cle: str) -> list[str]:
    """Renvoie les formats du dossier qui viennent des mêmes données et sont entiers."""
    manifeste = lire_manifeste(dossier)
    if manifeste is None or manifeste["cle"] != cle:
        return []
    intacts = all(
        (dossier / nom).is_file() and empreinte((dossier / nom).read_bytes()) == connu["sha256"]
        for nom, connu in manifeste["fichiers"].items()
    )
    return list(manifeste["formats"]) if intacts else []


def _jour(dossier: Path, jour: date | None) -> date:
    """Renvoie la date du résultat que l'on complète : un dossier n'en porte qu'une."""
    manifeste = lire_manifeste(dossier) or {}
    return jour or date.fromisoformat(manifeste["date"])


def _reprendre(dossier: Path, travail: Path, formats: Sequence[str]) -> None:
    """Recopie les fichiers des formats déjà à jour."""
    if not formats:
        return
    for nom in (lire_manifeste(dossier) or {"fichiers": {}})["fichiers"]:
        cible = travail / nom
        cible.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(dossier / nom, cible)


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
    """Rend le DOCX et l'ODT, après leurs images ; avec le DOCX, la synthèse de l'offre."""
    images = images_de(document, cache) if formats else {}
    for nom in formats:
        RENDUS[nom](matiere, document, images, travail)
    if "docx" in formats:
        synthese = construire_synthese_offre(matiere)
        (travail / nom_synthese(matiere)).write_bytes(rendre_docx(synthese, cache))


def _inventaire(travail: Path) -> dict[str, dict[str, object]]:
    return {
        chemin.relative_to(travail).as_posix(): {
            "sha256": empreinte(chemin.read_bytes()),
            "taille": chemin.stat().st_size,
        }
        for chemin in sorted(travail.rglob("*"))
        if chemin.is_file()
    }


def _bilan(
    matiere: Matiere,
    dossier: Path,
    fichiers: dict[str, dict[str, object]],
    *,
    retires: Sequence[str],
) -> Bilan:
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
        retires=tuple(retires),
    )


def _principaux(tailles: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Réunit les pages du site : on ouvre un rapport, un site, un classeur."""
    dits: dict[str, int] = {}
    for nom, taille in tailles.items():
        if nom.startswith(f"{DOSSIER}/"):
            continue
        affiche = "site/index.html (ouvrir d'un double-clic)" if nom.startswith("site/") else nom
        dits[affiche] = dits.get(affiche, 0) + taille
    return tuple(dits.items())


def _bilan_reutilise(dossier: Path, territoire: str, duree_s: float) -> Bilan:
    manifeste = lire_manifeste(dossier) or {}
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
