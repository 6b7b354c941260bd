"""Points de population plus fins que la commune, gardés dans le dossier de données de la personne.

``points/carreaux.parquet`` (schéma `solidiag.offre.points.FINS`) et ``points/verrou.json`` :
fichier d'origine (nom, empreinte, taille), date, empreinte de la table. L'un et l'autre sont écrits
à côté puis renommés d'un coup, la table d'abord.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import polars as pl

from solidiag.errors import FichierAbsent, FichierAltere, SortieImpossible
from solidiag.storage.exclusivite import exclusivite
from solidiag.storage.sorties import raison_de

NOM = "points/carreaux.parquet"


class PointsFournis:
    """Les points fins d'une personne.

    Parameters
    ----------
    racine
        Dossier de données de la personne ; il peut ne pas exister.
    """

    def __init__(self, racine: Path) -> None:
        self.dossier = racine / "points"
        self.fichier = self.dossier / "carreaux.parquet"
        self._verrou = self.dossier / "verrou.json"

    @property
    def presents(self) -> bool:
        """Dit si des points ont été importés."""
        return self._verrou.is_file()

    def verrou(self) -> dict[str, Any]:
        """Renvoie le verrou : ``nom``, ``sha256``, ``taille``, ``obtenu_le``, ``table``.

        Raises
        ------
        FichierAbsent
            S'il manque ou ne se lit pas.
        """
        try:
            return dict(json.loads(self._verrou.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as erreur:
            raise FichierAbsent("points/verrou.json") from erreur

    def lire(self) -> pl.DataFrame:
        """Renvoie les points, après contrôle de leur empreinte.

        Raises
        ------
        FichierAbsent, FichierAltere
            Si la table manque, ou n'est plus celle du verrou.
        """
        attendu = str(self.verrou().get("table", ""))
        try:
            octets = self.fichier.read_bytes()
        except OSError as erreur:
            raise FichierAbsent(NOM) from erreur
        trouve = hashlib.sha256(octets).hexdigest()
        if trouve != attendu:
            raise FichierAltere(NOM, attendu=attendu, trouve=trouve)
        return pl.read_parquet(io.BytesIO(octets))

    def ecrire(self, points: pl.DataFrame, verrou: dict[str, Any]) -> None:
        """Garde des points, à la place des précédents.

        Raises
        ------
        SortieImpossible
            Si le dossier ne s'écrit pas.
        """
        tampon = io.BytesIO()
        points.write_parquet(tampon, compression="zstd", statistics=False)
        octets = tampon.getvalue()
        complet = {**verrou, "table": hashlib.sha256(octets).hexdigest()}
        texte = json.dumps(complet, ensure_ascii=False, indent=1, sort_keys=True)
        try:
            self.dossier.mkdir(parents=True, exist_ok=True, mode=0o700)
            with exclusivite(self.dossier):
                for chemin, contenu in ((self.fichier, octets), (self._verrou, texte.encode())):
                    brouillon = chemin.with_name(f".{chemin.name}.en-cours")
                    with brouillon.open("wb") as flux:
                        flux.write(contenu)
                        flux.flush()
                        os.fsync(flux.fileno())
                    brouillon.replace(chemin)
        except OSError as erreur:
            raise SortieImpossible(str(self.dossier), raison_de(erreur)) from erreur

    def retirer(self) -> None:
        """Retire les points : le verrou d'abord, pour qu'ils ne soient jamais à moitié là."""
        with exclusivite(self.dossier):
            self._verrou.unlink(missing_ok=True)
            self.fichier.unlink(missing_ok=True)

    def empreinte(self) -> str:
        """Renvoie l'empreinte des points, vide s'il n'y en a pas."""
        try:
            return hashlib.sha256(self._verrou.read_bytes()).hexdigest()
        except OSError:
            return ""
