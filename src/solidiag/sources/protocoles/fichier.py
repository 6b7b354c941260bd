"""Fichier à une adresse : reprise, taille, version, écriture d'un coup.

Le fichier arrive dans ``<nom>.partiel`` ; ``<nom>.partiel.json`` dit de quelle adresse et de
quelle version il vient. Une reprise demande la suite à condition que la version n'ait pas changé
(``If-Range``) ; sinon tout recommence.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.protocoles.session import (
    ARefaire,
    Session,
    sans_parametres,
    tronque,
    trop_gros,
)

if TYPE_CHECKING:
    import httpx

TAILLE_MAXIMALE = 1 << 30
"""Octets d'un fichier récupéré."""

_BLOC = 1 << 20
_PLAGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_PLAGE_REFUSEE = re.compile(r"bytes \*/(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Ce que le serveur dit d'un fichier : de quoi reconnaître qu'il n'a pas changé.

    ``etag`` fort, sinon ``modifie`` (date de modification), sinon rien : pas de reprise possible.
    """

    adresse: str
    etag: str = ""
    modifie: str = ""
    total: int = -1

    @property
    def reprise(self) -> str:
        """Valeur de ``If-Range``, vide si rien ne permet de reprendre."""
        return self.etag or self.modifie


def recuperer(session: Session, adresse: str, vers: Path) -> Recuperation:
    """Renvoie le fichier d'une adresse, dans le dossier ``vers``."""
    return telecharger(session, adresse, vers)


def telecharger(
    session: Session, adresse: str, vers: Path, *, nom: str = "", limite: int = TAILLE_MAXIMALE
) -> Recuperation:
    """Renvoie le fichier d'une adresse, entier, repris s'il avait été interrompu.

    Parameters
    ----------
    nom
        Nom du fichier ; celui de l'adresse s'il est vide.

    Raises
    ------
    RecuperationImpossible
        Voir `solidiag.sources.reseau.recuperer`.
    """
    nom = nom or nom_de(adresse)
    partiel, note = vers / f"{nom}.partiel", vers / f"{nom}.partiel.json"
    with ecriture(adresse):
        vers.mkdir(parents=True, exist_ok=True)
    essai = 0
    while True:
        avant = _taille(partiel)
        try:
            finale, obtenu_le = _un_essai(session, adresse, partiel, note, limite=limite)
            break
        except ARefaire as echec:
            essai = 1 if _taille(partiel) > avant else essai + 1
            session.patienter(echec, essai)
    with ecriture(adresse):
        empreinte, taille = empreinte_de(partiel)
        chemin = vers / nom
        partiel.replace(chemin)
        note.unlink(missing_ok=True)
    return Recuperation(
        chemin=chemin,
        sha256=empreinte,
        taille=taille,
        adresse=sans_parametres(finale),
        obtenu_le=obtenu_le,
    )


def _un_essai(
    session: Session, adresse: str, partiel: Path, note: Path, *, limite: int
) -> tuple[str, datetime]:
    version = _version_notee(note, adresse)
    deja = _taille(partiel) if version.reprise else 0
    entetes = {"Accept-Encoding": "identity"}
    if deja:
        entetes |= {"Range": f"bytes={deja}-", "If-Range": version.reprise}
    with session.ouvrir(adresse, entetes=entetes) as reponse:
        if reponse.status_code == 416:
            refusee = _PLAGE_REFUSEE.fullmatch(reponse.headers.get("content-range", ""))
            if refusee and deja == int(refusee[1]) and _meme_version(reponse, version):
                return str(reponse.url), session.date(reponse)
            _oublier(adresse, partiel, note)
            raise ARefaire(tronque(adresse, recus=deja, attendus=max(version.total, 0)), apres=0.0)
        debut, total = _place(reponse, adresse)
        if debut and (debut != deja or not _meme_version(reponse, version)):
            _oublier(adresse, partiel, note)
            raise ARefaire(tronque(adresse, recus=deja, attendus=max(total, 0)), apres=0.0)
        if total > limite:
            raise trop_gros(adresse, limite)
        with ecriture(adresse):
            _noter(note, _version_de(reponse, adresse, total=total))
            recus = _copier(reponse, partiel, adresse, debut=debut, limite=limite)
        if total >= 0 and recus != total:
            if recus > total:
                _oublier(adresse, partiel, note)
            raise ARefaire(tronque(adresse, recus=recus, attendus=total))
        return str(reponse.url), session.date(reponse)


def _place(reponse: httpx.Response, adresse: str) -> tuple[int, int]:
    """Renvoie le rang du premier octet de la réponse et la taille entière (-1 inconnue)."""
    if reponse.status_code == 206:
        plage = _PLAGE.fullmatch(reponse.headers.get("content-range", ""))
        if plage is None:
            raise RecuperationImpossible(
                sans_parametres(adresse),
                cause="reponse",
                raison="le serveur donne une partie du fichier sans dire laquelle",
                conseil="Récupérez le fichier vous-même et importez-le",
            )
        return int(plage[1]), -1 if plage[3] == "*" else int(plage[3])
    longueur = reponse.headers.get("content-length", "")
    code = reponse.headers.get("content-encoding", "identity")
    return 0, int(longueur) if longueur.isdigit() and code == "identity" else -1


def _copier(
    reponse: httpx.Response, partiel: Path, adresse: str, *, debut: int, limite: int
) -> int:
    """Écrit le corps à la suite des octets gardés ; renvoie la taille atteinte."""
    recus = debut
    with partiel.open("ab" if debut else "wb") as flux:
        try:
            for morceau in reponse.iter_bytes():
                recus += len(morceau)
                if recus > limite:
                    raise trop_gros(adresse, limite)
                flux.write(morceau)
        finally:
            flux.flush()
            os.fsync(flux.fileno())
    return recus


def _version_de(reponse: httpx.Response, adresse: str, *, total: int) -> Version:
    etag = reponse.headers.get("etag", "")
    code = reponse.headers.get("content-encoding", "identity")
    if code != "identity":
        return Version(adresse=adresse, total=total)
    return Version(
        adresse=adresse,
        etag="" if etag.startswith("W/") else etag,
        modifie=reponse.headers.get("last-modified", ""),
        total=total,
    )


def _meme_version(reponse: httpx.Response, version: Version) -> bool:
    """Dit si rien ne montre que le fichier a changé depuis les octets gardés."""
    nouvelle = _version_de(reponse, version.adresse, total=version.total)
    if nouvelle.etag and version.etag:
        return nouvelle.etag == version.etag
    if nouvelle.modifie and version.modifie:
        return nouvelle.modifie == version.modifie
    return True


def _version_notee(note: Path, adresse: str) -> Version:
    """Renvoie la version des octets gardés, vide s'ils viennent d'ailleurs."""
    try:
        version = Version(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Version(adresse=adresse)
    return version if version.adresse == adresse else Version(adresse=adresse)


def _noter(note: Path, version: Version) -> None:
    provisoire = note.with_suffix(".json.en-cours")
    provisoire.write_text(json.dumps(asdict(version)), encoding="utf-8")
    provisoire.replace(note)


def _oublier(adresse: str, partiel: Path, note: Path) -> None:
    with ecriture(adresse):
        note.unlink(missing_ok=True)
        partiel.unlink(missing_ok=True)


def _taille(chemin: Path) -> int:
    with suppress(OSError):
        return chemin.stat().st_size
    return 0


def empreinte_de(chemin: Path) -> tuple[str, int]:
    """Renvoie l'empreinte SHA-256 et la taille d'un fichier, lu par blocs."""
    condense, taille = hashlib.sha256(), 0
    with chemin.open("rb") as flux:
        while bloc := flux.read(_BLOC):
            condense.update(bloc)
            taille += len(bloc)
    return condense.hexdigest(), taille


def nom_de(adresse: str) -> str:
    """Renvoie un nom de fichier sûr tiré d'une adresse.

    Examples
    --------
    >>> nom_de("https://www.insee.fr/fr/statistiques/fichier/5359146/dossier_complet.zip")
    'dossier_complet.zip'
    >>> nom_de("https://exemple.fr/a/..%2F..%2Fetc?x=1")
    '.._.._etc'
    """
    dernier = unquote(urlsplit(adresse).path.rstrip("/").rpartition("/")[2])
    net = re.sub(r"[^A-Za-z0-9._-]+", "_", dernier).strip("_")[:120]
    return net if net.strip(".") else "fichier"


@contextmanager
def ecriture(adresse: str) -> Iterator[None]:
    """Dit en français ce que le disque refuse."""
    try:
        yield
    except OSError as erreur:
        raise RecuperationImpossible(
            sans_parametres(adresse),
            cause="disque",
            raison=f"il ne s'écrit pas sur le disque ({erreur.strerror or erreur})",
            conseil="Faites de la place ou choisissez un autre dossier",
        ) from erreur
