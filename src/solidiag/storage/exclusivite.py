"""Une seule exécution à la fois par dossier de sortie.

Le verrou est celui du système : il tombe avec le processus qui le tient, même tué, si bien qu'un
fichier de verrou resté sur le disque ne bloque jamais personne.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solidiag.errors import SortieImpossible

if sys.platform == "win32":
    import msvcrt

    def _saisir(descripteur: int) -> None:
        os.lseek(descripteur, 0, os.SEEK_SET)
        msvcrt.locking(descripteur, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _saisir(descripteur: int) -> None:
        fcntl.flock(descripteur, fcntl.LOCK_EX | fcntl.LOCK_NB)


_OCCUPE = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})


def fichier_de_verrou(dossier: Path) -> Path:
    """Renvoie le fichier qui dit que ce dossier est en cours d'écriture."""
    return dossier.with_name(f".{dossier.name}.verrou")


@contextmanager
def exclusivite(dossier: Path) -> Iterator[None]:
    """Réserve un dossier de sortie à ce processus.

    Raises
    ------
    SortieImpossible
        Si une autre exécution écrit déjà dans ce dossier.
    OSError
        Si le fichier de verrou ne peut pas être créé.
    """
    chemin = fichier_de_verrou(dossier)
    descripteur = _ouvrir(chemin, dossier)
    try:
        os.ftruncate(descripteur, 0)
        os.write(descripteur, f"{os.getpid()}\n".encode())
        yield
    finally:
        if sys.platform != "win32":
            chemin.unlink(missing_ok=True)
        os.close(descripteur)


def _ouvrir(chemin: Path, dossier: Path) -> int:
    """Ouvre et saisit le verrou ; recommence si un autre vient de l'effacer en le rendant."""
    while True:
        descripteur = os.open(chemin, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _saisir(descripteur)
            if os.path.samestat(os.fstat(descripteur), chemin.stat()):
                return descripteur
        except FileNotFoundError:
            pass
        except OSError as erreur:
            occupant = _occupant(chemin)
            os.close(descripteur)
            if erreur.errno not in _OCCUPE:
                raise
            raise SortieImpossible(
                str(dossier),
                f"une autre exécution de Solidiag{occupant} y écrit déjà ; attendez qu'elle "
                "finisse, ou choisissez un autre dossier avec --vers",
            ) from erreur
        os.close(descripteur)


def _occupant(chemin: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return f" (processus {int(chemin.read_text(encoding='ascii'))})"
    return ""
