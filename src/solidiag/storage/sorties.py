"""Dossier de sortie remplacé d'un coup : à tout moment, le résultat précédent est entier."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solidiag.errors import SortieImpossible

_RAISONS = {
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "le quota de disque est atteint",
    errno.EACCES: "le droit d'écrire manque",
    errno.EPERM: "le droit d'écrire manque",
    errno.EROFS: "le disque est en lecture seule",
    errno.ENAMETOOLONG: "le nom est trop long",
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
        Si le chemin est un fichier, ou si l'écriture échoue.
    """
    dossier = dossier.absolute()
    travail = dossier.with_name(f".{dossier.name}.en-cours")
    ancien = dossier.with_name(f".{dossier.name}.precedent")
    verifier_place(dossier)
    try:
        dossier.parent.mkdir(parents=True, exist_ok=True)
        _reprendre(dossier, travail=travail, ancien=ancien)
        travail.mkdir()
        yield travail
        _echanger(dossier, travail=travail, ancien=ancien)
    except OSError as erreur:
        shutil.rmtree(travail, ignore_errors=True)
        raise SortieImpossible(str(dossier), raison_de(erreur)) from erreur
    except BaseException:
        shutil.rmtree(travail, ignore_errors=True)
        raise


def verifier_place(dossier: Path) -> None:
    """Refuse tout de suite une sortie qui ne pourra pas être écrite.

    Raises
    ------
    SortieImpossible
        Si le chemin ou l'un de ses parents est un fichier, ou n'est pas un de nos dossiers.
    """
    for chemin in (dossier, *dossier.parents):
        if chemin.exists() and not chemin.is_dir():
            raise SortieImpossible(str(dossier), f"« {chemin} » est un fichier, pas un dossier")
    if dossier.is_dir() and any(dossier.iterdir()) and not (dossier / "manifeste.json").exists():
        raise SortieImpossible(
            str(dossier),
            "ce dossier contient déjà d'autres fichiers, que Solidiag ne veut pas effacer ; "
            "choisissez un dossier vide ou nouveau avec --vers",
        )


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
        travail.rename(dossier)
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
