"""Dossier de sortie remplacé d'un coup : à tout moment, le résultat précédent est entier."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from solidiag.errors import SortieImpossible
from solidiag.storage.exclusivite import exclusivite

MANIFESTE = "manifeste.json"
"""Ce qui a été produit, à partir de quoi, avec l'empreinte de chaque fichier."""

A_CONSERVER = "a-conserver"
"""Dossier où sont rangés les fichiers produits puis modifiés par une personne."""

_RAISONS = {
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "le quota de disque est atteint",
    errno.EACCES: "le droit d'écrire manque",
    errno.EPERM: "le droit d'écrire manque",
    errno.EROFS: "le disque est en lecture seule",
    errno.ENAMETOOLONG: "le nom est trop long",
    errno.EIO: "le disque est en défaut",
    errno.EFBIG: "un fichier serait trop gros pour ce disque",
    errno.EMFILE: "trop de fichiers sont ouverts",
}


def raison_de(erreur: OSError) -> str:
    """Renvoie la raison d'une erreur d'écriture, en français."""
    return _RAISONS.get(erreur.errno or 0, f"erreur du système ({erreur.strerror})")


@contextmanager
def remplacer(dossier: Path) -> Iterator[Path]:
    """Donne un dossier de travail vide qui remplacera ``dossier`` si tout va bien.

    Le dossier de travail est voisin du dossier final (même disque). Une interruption laisse le
    résultat précédent ; les restes d'une exécution tuée sont retirés à la suivante.

    Raises
    ------
    SortieImpossible
        Si le chemin est un fichier, si une autre exécution y écrit, ou si l'écriture échoue.
    """
    dossier = verifier_place(dossier)
    travail = dossier.with_name(f".{dossier.name}.en-cours")
    ancien = dossier.with_name(f".{dossier.name}.precedent")
    try:
        dossier.parent.mkdir(parents=True, exist_ok=True)
        with exclusivite(dossier):
            _reprendre(dossier, travail=travail, ancien=ancien)
            try:
                travail.mkdir()
                yield travail
                conserver(dossier, travail)
                _echanger(dossier, travail=travail, ancien=ancien)
            except BaseException:
                shutil.rmtree(travail, ignore_errors=True)
                raise
    except OSError as erreur:
        raise SortieImpossible(str(dossier), raison_de(erreur)) from erreur


def verifier_place(dossier: Path) -> Path:
    """Renvoie le chemin complet d'une sortie, ou la refuse tout de suite.

    Raises
    ------
    SortieImpossible
        Si le chemin ou l'un de ses parents est un fichier, ou n'est pas un de nos dossiers.
    """
    try:
        complet = dossier.resolve()
        for chemin in (complet, *complet.parents):
            if chemin.exists() and not chemin.is_dir():
                raise SortieImpossible(str(dossier), f"« {chemin} » est un fichier, pas un dossier")
        etranger = complet.is_dir() and any(complet.iterdir()) and lire_manifeste(complet) is None
    except (OSError, RuntimeError) as erreur:
        raison = raison_de(erreur) if isinstance(erreur, OSError) else "le chemin tourne en rond"
        raise SortieImpossible(str(dossier), raison) from erreur
    if etranger or not complet.name:
        raise SortieImpossible(
            str(dossier),
            "ce dossier contient déjà d'autres fichiers, que Solidiag ne veut pas effacer ; "
            "choisissez un dossier vide ou nouveau avec --vers",
        )
    return complet


def lire_manifeste(dossier: Path) -> dict[str, Any] | None:
    """Renvoie le manifeste d'un diagnostic produit par Solidiag, ou rien."""
    try:
        lu = json.loads((dossier / MANIFESTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(lu, dict) or not {"solidiag", "cle", "fichiers", "formats"} <= set(lu):
        return None
    connus = lu["fichiers"]
    if not isinstance(connus, dict) or not all(
        isinstance(connu, dict) and "sha256" in connu for connu in connus.values()
    ):
        return None
    return lu


def conserver(ancien: Path, nouveau: Path) -> list[str]:
    """Recopie dans le nouveau résultat ce qu'une personne a mis ou changé dans l'ancien.

    Un fichier que le manifeste ne connaît pas garde sa place ; un fichier produit puis modifié
    (un rapport corrigé dans Word) est rangé dans ``a-conserver/``.

    Returns
    -------
    list of str
        Chemins reportés, dans le nouveau dossier.
    """
    manifeste = lire_manifeste(ancien)
    if manifeste is None:
        return []
    reportes = []
    for chemin in sorted(ancien.rglob("*")):
        relatif = chemin.relative_to(ancien).as_posix()
        if not chemin.is_file() or relatif == MANIFESTE:
            continue
        connu = manifeste["fichiers"].get(relatif)
        if connu is None:
            cible = nouveau / relatif
            if cible.exists():
                cible = nouveau / A_CONSERVER / relatif
        elif hashlib.sha256(chemin.read_bytes()).hexdigest() != connu["sha256"]:
            cible = nouveau / A_CONSERVER / relatif
        else:
            continue
        cible.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(chemin, cible)
        reportes.append(cible.relative_to(nouveau).as_posix())
    return reportes


def _reprendre(dossier: Path, *, travail: Path, ancien: Path) -> None:
    if ancien.exists() and not dossier.exists():
        ancien.rename(dossier)
    for reste in (travail, ancien):
        if reste.exists():
            shutil.rmtree(reste)


def _echanger(dossier: Path, *, travail: Path, ancien: Path) -> None:
    if not dossier.exists():
        travail.rename(dossier)
        return
    if not _echange_atomique(travail, dossier):
        dossier.rename(ancien)
        try:
            travail.rename(dossier)
        except OSError:
            ancien.rename(dossier)
            raise
    shutil.rmtree(ancien, ignore_errors=True)
    shutil.rmtree(travail, ignore_errors=True)


def _echange_atomique(un: Path, autre: Path) -> bool:
    """Échange deux dossiers en un seul appel (Linux) ; ``False`` si le système ne sait pas."""
    renameat2 = (
        getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        if os.name == "posix"
        else None
    )
    if renameat2 is None:
        return False
    cwd, echange = -100, 2
    retour = renameat2(cwd, os.fsencode(un), cwd, os.fsencode(autre), echange)
    return bool(retour == 0)
