"""Adresses géocodées, gardées dans le dossier de données de la personne.

``geocodage/adresses.csv`` (UTF-8, point-virgule) porte une ligne par adresse, retenue ou refusée :
une adresse n'est demandée qu'une fois. Le fichier est écrit à côté puis renommé d'un coup.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable
from pathlib import Path

from solidiag.errors import DeclarationInvalide, SortieImpossible
from solidiag.offre.geocodage import Cle, PointTrouve
from solidiag.storage.exclusivite import exclusivite
from solidiag.storage.sorties import raison_de

COLONNES = (
    "adresse", "code_insee", "latitude", "longitude", "score", "precision", "code_trouve",
    "libelle", "refus", "fournisseur", "date",
)  # fmt: skip
_NOM = "geocodage/adresses.csv"


class Geocodages:
    """Les adresses géocodées d'une personne.

    Parameters
    ----------
    racine
        Dossier de données de la personne ; il peut ne pas exister.
    """

    def __init__(self, racine: Path) -> None:
        self.dossier = racine / "geocodage"
        self.fichier = self.dossier / "adresses.csv"

    def lire(self) -> tuple[PointTrouve, ...]:
        """Renvoie les adresses connues ; aucune si le fichier n'existe pas.

        Raises
        ------
        DeclarationInvalide
            Si le fichier n'a pas ses colonnes, ou si un nombre ne se lit pas.
        """
        return tuple(_point(rang, ligne) for rang, ligne in enumerate(self._lignes(), start=2))

    def ajouter(self, points: Iterable[PointTrouve], *, fournisseur: str, jour: str) -> None:
        """Garde des adresses ; une adresse déjà connue est remplacée.

        Raises
        ------
        SortieImpossible
            Si le fichier ne s'écrit pas ; le précédent est intact.
        """
        try:
            self.dossier.mkdir(parents=True, exist_ok=True, mode=0o700)
            with exclusivite(self.dossier):
                gardees: dict[Cle, dict[str, str]] = {}
                for rang, ligne in enumerate(self._lignes(), start=2):
                    gardees[_point(rang, ligne).cle] = ligne
                for point in points:
                    gardees[point.cle] = _ligne(point) | {"fournisseur": fournisseur, "date": jour}
                self._ecrire([gardees[cle] for cle in sorted(gardees)])
        except OSError as erreur:
            raise SortieImpossible(str(self.fichier), raison_de(erreur)) from erreur

    def empreinte(self) -> str:
        """Renvoie l'empreinte des adresses connues, vide s'il n'y en a pas."""
        try:
            return hashlib.sha256(self.fichier.read_bytes()).hexdigest()
        except OSError:
            return ""

    def _lignes(self) -> list[dict[str, str]]:
        if not self.fichier.is_file():
            return []
        try:
            texte = self.fichier.read_bytes().decode("utf-8-sig")
            lecteur = csv.DictReader(io.StringIO(texte, newline=""), delimiter=";", strict=True)
            lignes = list(lecteur)
        except (OSError, UnicodeDecodeError, csv.Error) as erreur:
            raise DeclarationInvalide(_NOM, ["fichier illisible ; attendu : un CSV UTF-8"]) from (
                erreur
            )
        if list(lecteur.fieldnames or ()) != list(COLONNES):
            raise DeclarationInvalide(_NOM, [f"colonnes attendues : {' ; '.join(COLONNES)}"])
        return lignes

    def _ecrire(self, lignes: Iterable[dict[str, str]]) -> None:
        tampon = io.StringIO(newline="")
        ecrivain = csv.DictWriter(tampon, COLONNES, delimiter=";", lineterminator="\r\n")
        ecrivain.writeheader()
        ecrivain.writerows(lignes)
        brouillon = self.fichier.with_name(".adresses.csv.en-cours")
        with brouillon.open("wb") as flux:
            flux.write(tampon.getvalue().encode("utf-8-sig"))
            flux.flush()
            os.fsync(flux.fileno())
        brouillon.replace(self.fichier)


def _point(rang: int, ligne: dict[str, str]) -> PointTrouve:
    try:
        latitude, longitude, score = (
            float(ligne[nom].replace(",", ".")) if ligne[nom] else None
            for nom in ("latitude", "longitude", "score")
        )
        return PointTrouve(
            adresse=ligne["adresse"],
            code_insee=ligne["code_insee"],
            latitude=latitude,
            longitude=longitude,
            score=score,
            precision=ligne["precision"],
            code_trouve=ligne["code_trouve"],
            libelle=ligne["libelle"],
            refus=ligne["refus"],
        )
    except (ValueError, AttributeError) as erreur:
        raise DeclarationInvalide(_NOM, [f"ligne {rang} : un nombre ne se lit pas"]) from erreur


def _ligne(point: PointTrouve) -> dict[str, str]:
    nombres = {"latitude": point.latitude, "longitude": point.longitude, "score": point.score}
    return {
        "adresse": point.adresse,
        "code_insee": point.code_insee,
        **{nom: "" if valeur is None else f"{valeur:.6f}" for nom, valeur in nombres.items()},
        "precision": point.precision,
        "code_trouve": point.code_trouve,
        "libelle": point.libelle,
        "refus": point.refus,
    }
