"""Ouverture prudente de ce qu'une personne donne : archive, classeur, texte, Parquet, JSON.

Le genre se lit dans les premiers octets, jamais dans le nom. Une archive n'est dépliée qu'en
mémoire, après contrôle de ce qu'elle annonce ; rien n'est écrit sur le disque.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import polars as pl

from solidiag.errors import FichierRefuse

Genre = Literal["texte", "classeur", "parquet", "json"]

TAILLE_MAXIMALE = 1 << 30
"""Octets d'un contenu déplié : le plus gros fichier de l'Insee lu ici en fait 350 millions."""

RAPPORT_MAXIMAL = 200
"""Taille dépliée sur taille reçue : un tableau de chiffres se réduit au plus de 20 à 50 fois."""

TAILLE_SANS_RAPPORT = 64 << 20
"""Octets dépliés en dessous desquels le rapport n'est pas regardé."""

MEMBRES_MAXIMUM = 2000

LIGNES_MAXIMALES = 20_000_000
"""Lignes d'un Parquet : le plus long fichier lu ici en a moins d'un million."""

CASES_MAXIMALES = 400_000_000
"""Lignes fois colonnes d'un Parquet : une case constante n'y coûte presque aucun octet."""

EXTENSIONS: dict[Genre, tuple[str, ...]] = {
    "texte": (".csv", ".txt", ".tsv"),
    "classeur": (".xlsx", ".xls", ".ods"),
    "parquet": (".parquet",),
    "json": (".json",),
}

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP = b"\x1f\x8b"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PARQUET = b"PAR1"
_IGNORES = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_REDONNER = "demandez-le ou téléchargez-le à nouveau"
_BLOC = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Contenu:
    """Un fichier lisible, sorti de son contenant.

    Parameters
    ----------
    membre
        Nom dans l'archive, vide hors d'une archive.
    extension
        Celle du fichier reçu, telle que ses octets la disent (``.zip``, ``.csv.gz``, ``.xls``…).
    octets
        Octets dépliés.
    """

    genre: Genre
    membre: str
    extension: str
    octets: bytes


def ouvrir(octets: bytes, nom: str) -> tuple[Contenu, ...]:
    """Renvoie les fichiers lisibles d'un fichier donné : lui-même, ou ceux de l'archive.

    Raises
    ------
    FichierRefuse
        Fichier vide, tronqué, chiffré, trop gros une fois déplié, archive dans une archive, nom de
        membre qui sort de l'archive, ou genre que l'on ne lit pas.
    """
    if not octets:
        raise FichierRefuse(nom, "il est vide", _REDONNER)
    if octets.startswith(_GZIP):
        return (_gzip(octets, nom),)
    if octets.startswith(_ZIP) and classeur_de(octets, nom) is None:
        return tuple(_archive(octets, nom))
    genre, extension = genre_de(octets, nom)
    return (Contenu(genre=genre, membre="", extension=extension, octets=octets),)


def extraire(octets: bytes, membre: str, nom: str) -> bytes:
    """Renvoie les octets d'un membre d'une archive.

    Raises
    ------
    FichierRefuse
        Si l'archive ne s'ouvre pas, ou n'a pas ce membre.
    """
    with _zip(octets, nom) as archive:
        for info in _membres(archive, nom, taille=len(octets)):
            if info.filename == membre:
                return _lire(archive, info, nom)
    raise FichierRefuse(nom, f"l'archive n'a pas de membre « {membre} »", _REDONNER)


def degzipper(octets: bytes, nom: str) -> bytes:
    """Renvoie les octets dépliés d'un fichier gzip, dans les limites de taille.

    Raises
    ------
    FichierRefuse
        Si le fichier est tronqué, abîmé, ou trop gros une fois déplié.
    """
    morceaux: list[bytes] = []
    total = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(octets)) as flux:
            while morceau := flux.read(_BLOC):
                total += len(morceau)
                morceaux.append(morceau)
                _controler_taille(nom, total, recue=len(octets))
    except (OSError, EOFError, zlib.error) as erreur:
        raise FichierRefuse(nom, "le fichier gzip est tronqué ou abîmé", _REDONNER) from erreur
    return b"".join(morceaux)


def classeur_de(octets: bytes, nom: str) -> str | None:
    """Renvoie ``.xlsx`` ou ``.ods`` si cette archive est un classeur, sinon rien.

    Raises
    ------
    FichierRefuse
        Si l'archive est tronquée, ou si le classeur déplié est trop gros.
    """
    with _zip(octets, nom) as archive:
        noms = set(archive.namelist())
        extension = None
        if any(n.startswith("word/") for n in noms):
            raise FichierRefuse(
                nom,
                "c'est un document Word, pas un tableau",
                "copiez son tableau dans un classeur ou un CSV, et donnez-le",
            )
        if "[Content_Types].xml" in noms and any(n.startswith("xl/") for n in noms):
            extension = ".xlsx"
        elif "content.xml" in noms and "mimetype" in noms:
            extension = ".ods"
        if extension:
            total = sum(info.file_size for info in archive.infolist())
            _controler_taille(nom, total, recue=len(octets))
        return extension


def genre_de(octets: bytes, nom: str) -> tuple[Genre, str]:
    """Renvoie le genre d'un fichier et son extension, d'après ses premiers octets.

    Raises
    ------
    FichierRefuse
        Si ce n'est pas un tableau que l'on lit, ou s'il est tronqué.
    """
    if octets.startswith(_ZIP):
        extension = classeur_de(octets, nom)
        if extension:
            return "classeur", extension
    if octets.startswith(_OLE):
        return "classeur", ".xls"
    if octets.startswith(_PARQUET):
        if not octets.endswith(_PARQUET):
            raise FichierRefuse(nom, "le fichier Parquet est tronqué", _REDONNER)
        controler_parquet(octets, nom)
        return "parquet", ".parquet"
    if octets.startswith(b"%PDF"):
        raise FichierRefuse(
            nom, "c'est un PDF", "donnez le tableau lui-même, en CSV ou en classeur"
        )
    if octets.lstrip()[:1] in (b"<",):
        raise FichierRefuse(
            nom,
            "c'est une page web",
            "téléchargez le fichier lui-même, pas la page qui le présente",
        )
    if b"\0" in octets[:4096] and not octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        moitie = octets[:4096].count(b"\0") / len(octets[:4096])
        if not 0.3 < moitie < 0.7:
            raise FichierRefuse(
                nom,
                "ce n'est ni un tableau en texte, ni un classeur, ni une archive",
                "donnez un fichier CSV, XLSX, XLS, ODS, Parquet, JSON ou ZIP",
            )
    if octets.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "json", ".json"
    return "texte", ".csv"


def controler_parquet(octets: bytes, nom: str) -> None:
    """Refuse un Parquet trop grand, d'après son pied : aucune valeur n'est lue.

    Raises
    ------
    FichierRefuse
        Si le pied est abîmé, ou s'il annonce trop de lignes ou de cases.
    """
    try:
        largeur = len(pl.read_parquet_schema(io.BytesIO(octets)))
        hauteur = pl.scan_parquet(io.BytesIO(octets)).select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as erreur:
        raise FichierRefuse(nom, "le fichier Parquet est abîmé", _REDONNER) from erreur
    if hauteur > LIGNES_MAXIMALES or hauteur * largeur > CASES_MAXIMALES:
        raise FichierRefuse(
            nom,
            f"il annonce {hauteur} lignes et {largeur} colonnes, plus que l'on n'en lit "
            f"({LIGNES_MAXIMALES} lignes, {CASES_MAXIMALES} cases)",
            "donnez un fichier réduit aux territoires ou aux colonnes utiles",
        )


def _gzip(octets: bytes, nom: str) -> Contenu:
    deplie = degzipper(octets, nom)
    if not deplie:
        raise FichierRefuse(nom, "il est vide", _REDONNER)
    if deplie.startswith((_GZIP, *_ZIP)) and (
        deplie.startswith(_GZIP) or classeur_de(deplie, nom) is None
    ):
        raise _archive_dans_archive(nom)
    genre, extension = genre_de(deplie, nom)
    if genre != "texte":
        raise FichierRefuse(
            nom, "un classeur est compressé en gzip", "dépliez-le et donnez le classeur"
        )
    return Contenu(genre=genre, membre="", extension=f"{extension}.gz", octets=deplie)


def _archive(octets: bytes, nom: str) -> Iterator[Contenu]:
    with _zip(octets, nom) as archive:
        infos = _membres(archive, nom, taille=len(octets))
        for info in infos:
            entete = _lire(archive, info, nom, limite=8)
            if entete.startswith(_GZIP) or info.filename.lower().endswith((".zip", ".7z", ".rar")):
                raise _archive_dans_archive(nom)
        for info in infos:
            suffixe = PurePosixPath(info.filename).suffix.lower()
            if not info.file_size or suffixe in (".pdf", ".doc", ".docx", ".html", ".htm", ".xml"):
                continue
            contenu = _lire(archive, info, nom)
            if contenu.startswith(_ZIP) and classeur_de(contenu, nom) is None:
                raise _archive_dans_archive(nom)
            try:
                genre, _ = genre_de(contenu, info.filename)
            except FichierRefuse:
                continue
            yield Contenu(genre=genre, membre=info.filename, extension=".zip", octets=contenu)


def _zip(octets: bytes, nom: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(octets))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as erreur:
        raise FichierRefuse(nom, "l'archive est tronquée ou abîmée", _REDONNER) from erreur


def _membres(archive: zipfile.ZipFile, nom: str, *, taille: int) -> list[zipfile.ZipInfo]:
    """Renvoie les fichiers d'une archive, contrôlés avant qu'un seul octet soit déplié."""
    infos = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.startswith(_IGNORES[0])
        and PurePosixPath(info.filename).name not in _IGNORES[1:]
    ]
    if not infos:
        raise FichierRefuse(nom, "l'archive est vide", _REDONNER)
    if len(infos) > MEMBRES_MAXIMUM:
        raise FichierRefuse(
            nom,
            f"l'archive porte {len(infos)} fichiers",
            f"donnez une archive de {MEMBRES_MAXIMUM} fichiers au plus",
        )
    _controler_taille(nom, sum(info.file_size for info in infos), recue=taille)
    vus: set[str] = set()
    for info in infos:
        _controler_nom(info.filename, nom)
        if info.filename in vus:
            raise FichierRefuse(nom, f"l'archive porte deux fois « {info.filename} »", _REDONNER)
        vus.add(info.filename)
        if info.flag_bits & 0x1:
            raise FichierRefuse(
                nom, "l'archive est protégée par un mot de passe", "ouvrez-la et donnez son contenu"
            )
    return infos


def _controler_nom(membre: str, nom: str) -> None:
    chemin = membre.replace("\\", "/")
    deux_points = ":" in chemin.split("/", 1)[0]
    if chemin.startswith("/") or deux_points or "\0" in chemin or ".." in chemin.split("/"):
        raise FichierRefuse(
            nom,
            f"l'archive porte un nom de fichier qui en sort (« {membre} »)",
            "n'employez pas cette archive et demandez-en une autre au producteur",
        )


def _controler_taille(nom: str, depliee: int, *, recue: int) -> None:
    if depliee > TAILLE_MAXIMALE:
        raise FichierRefuse(
            nom,
            f"son contenu déplié dépasse {TAILLE_MAXIMALE >> 20} Mio",
            "donnez un fichier réduit aux territoires ou aux colonnes utiles",
        )
    if depliee > TAILLE_SANS_RAPPORT and depliee > RAPPORT_MAXIMAL * max(recue, 1):
        raise FichierRefuse(
            nom,
            f"son contenu déplié ferait plus de {RAPPORT_MAXIMAL} fois sa taille, "
            "comme une archive piégée",
            "dépliez-le vous-même si vous êtes sûr de son origine, puis donnez le tableau",
        )


def _lire(archive: zipfile.ZipFile, info: zipfile.ZipInfo, nom: str, *, limite: int = -1) -> bytes:
    try:
        with archive.open(info) as flux:
            return flux.read(limite)
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError),
        *(NotImplementedError, RuntimeError),
    ) as erreur:
        raise FichierRefuse(
            nom, f"« {info.filename} » est abîmé dans l'archive", _REDONNER
        ) from erreur


def _archive_dans_archive(nom: str) -> FichierRefuse:
    return FichierRefuse(
        nom, "l'archive en contient une autre", "ouvrez-la et donnez les tableaux qu'elle contient"
    )
