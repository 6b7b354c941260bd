"""Réseaux routiers qu'une personne a importés, compacts, chacun avec son verrou.

Un réseau est un dossier ``reseaux/<nom>/`` du dossier de données de la personne :

- ``reseau.npz`` : points et tronçons, tirés de l'extrait (base de données dérivée, ODbL) ;
- ``verrou.json`` : fichier d'origine (nom, empreinte, taille), date, licence, empreinte du réseau.

L'extrait lui-même n'est pas gardé : il est gros, et se télécharge à nouveau. Un réseau remplacé ou
retiré est rangé dans ``anciens/``.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from solidiag.errors import FichierAbsent, FichierAltere, SortieImpossible
from solidiag.geography.troncons import Reseau
from solidiag.storage.exclusivite import exclusivite
from solidiag.storage.sorties import raison_de

MENTION_ODBL = (
    "Contient des informations d'OpenStreetMap, © les contributeurs d'OpenStreetMap, mises à "
    "disposition sous la licence Open Database License (ODbL) 1.0."
)
"""Mention que la licence demande auprès de tout résultat tiré d'OpenStreetMap."""

PREFIXE = "reseau."
"""Début du nom d'un réseau importé."""

VARIABLE_SERVEUR = "SOLIDIAG_ITINERAIRES"
"""Adresse d'un serveur : ``http://127.0.0.1:5000`` (OSRM), ``valhalla+http://…`` ou ``ign``."""

FICHIER_SERVEUR = "itineraires.yaml"
"""Réglage du serveur d'itinéraires, dans le dossier de données de la personne."""

_NOM = re.compile(r"reseau\.[a-z0-9][a-z0-9-]{0,80}")
_ZIP_ABIME = (zipfile.BadZipFile, zlib.error)
_COLONNES = ("latitude", "longitude", "de", "vers", "longueur_m", "classe", "limite_km_h", "sens")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReseauGarde:
    """Un réseau importé et son verrou."""

    nom: str
    reseau: Reseau
    verrou: dict[str, Any]


def nom_de_reseau(fichier: str) -> str:
    """Renvoie le nom d'un réseau, tiré de celui de l'extrait sans sa date ni ses extensions.

    Examples
    --------
    >>> nom_de_reseau("Landes-latest.osm.pbf")
    'reseau.landes'
    >>> nom_de_reseau("aquitaine-261101.osm.pbf"), nom_de_reseau("!!.gpkg")
    ('reseau.aquitaine', 'reseau.osm')
    >>> nom_de_reseau("La Réunion.osm.pbf")
    'reseau.la-reunion'
    """
    sans_accents = unicodedata.normalize("NFKD", fichier.lower())
    base = re.sub(r"[\u0300-\u036f]", "", sans_accents).split(".")[0]
    base = re.sub(r"[^a-z0-9]+", "-", base).strip("-")
    base = re.sub(r"-(latest|\d{6,8})$", "", base)[:80].strip("-")
    return PREFIXE + (base or "osm")


def empreinte_des_trajets(racine: Path) -> str:
    """Renvoie l'empreinte de ce qui décide des trajets : réseaux importés, serveur réglé.

    Vide s'il n'y a ni l'un ni l'autre.
    """
    try:
        reglage = (racine / FICHIER_SERVEUR).read_bytes()
    except OSError:
        reglage = b""
    parties = (
        Reseaux(racine).empreinte().encode(),
        reglage,
        os.environ.get(VARIABLE_SERVEUR, "").encode(),
    )
    return hashlib.sha256(b"\n".join(parties)).hexdigest() if any(parties) else ""


class Reseaux:
    """Réseaux routiers du dossier de données d'une personne.

    Parameters
    ----------
    racine
        Dossier de données de la personne ; il peut ne pas exister.
    """

    def __init__(self, racine: Path) -> None:
        self.racine = racine
        self.dossier = racine / "reseaux"

    def noms(self) -> list[str]:
        """Renvoie les noms des réseaux présents, entiers ou non."""
        if not self.dossier.is_dir():
            return []
        return sorted(
            chemin.name
            for chemin in self.dossier.iterdir()
            if chemin.is_dir() and _NOM.fullmatch(chemin.name)
        )

    def verrou(self, nom: str) -> dict[str, Any]:
        """Renvoie le verrou d'un réseau.

        Raises
        ------
        FichierAbsent
            S'il manque ou ne se lit pas.
        """
        chemin = f"reseaux/{nom}/verrou.json"
        try:
            lu = json.loads((self.dossier / nom / "verrou.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as erreur:
            raise FichierAbsent(chemin) from erreur
        if not isinstance(lu, dict) or not {"sha256", "taille", "obtenu_le"} <= set(lu):
            raise FichierAbsent(chemin)
        origine = lu.get("origine")
        if not (isinstance(lu.get("classes"), list) and isinstance(origine, dict)):
            raise FichierAbsent(chemin)
        if not {"fichier", "sha256"} <= set(origine):
            raise FichierAbsent(chemin)
        return lu

    def lire(self, nom: str) -> ReseauGarde:
        """Renvoie un réseau, son empreinte contrôlée.

        Raises
        ------
        FichierAbsent
            S'il manque.
        FichierAltere
            Si ses octets ne sont pas ceux du verrou.
        """
        verrou = self.verrou(nom)
        chemin = f"reseaux/{nom}/reseau.npz"
        try:
            octets = (self.dossier / nom / "reseau.npz").read_bytes()
        except OSError as erreur:
            raise FichierAbsent(chemin) from erreur
        trouve = hashlib.sha256(octets).hexdigest()
        if trouve != verrou["sha256"]:
            raise FichierAltere(chemin, attendu=str(verrou["sha256"]), trouve=trouve)
        try:
            with np.load(io.BytesIO(octets), allow_pickle=False) as lu:
                colonnes: dict[str, Any] = {nom_: lu[nom_] for nom_ in _COLONNES}
            reseau = Reseau(classes=tuple(map(str, verrou["classes"])), **colonnes)
        except (ValueError, LookupError, TypeError, EOFError, *_ZIP_ABIME) as erreur:
            raise FichierAltere(chemin, attendu=trouve, trouve="format illisible") from erreur
        return ReseauGarde(nom=nom, reseau=reseau, verrou=verrou)

    def empreinte(self) -> str:
        """Renvoie l'empreinte des réseaux présents, vide s'il n'y en a pas."""
        noms = self.noms()
        if not noms:
            return ""
        condense = hashlib.sha256()
        for nom in noms:
            condense.update(nom.encode())
            try:
                condense.update((self.dossier / nom / "verrou.json").read_bytes())
            except OSError:
                condense.update(b"?")
        return condense.hexdigest()

    def ajouter(self, nom: str, reseau: Reseau, verrou: dict[str, Any]) -> dict[str, Any]:
        """Range un réseau d'un coup ; celui qu'il remplace part dans ``anciens/``.

        Parameters
        ----------
        verrou
            ``origine`` et ce que l'on en sait ; l'empreinte du réseau y est ajoutée.

        Returns
        -------
        dict
            Le verrou écrit.

        Raises
        ------
        SortieImpossible
            Si le dossier ne s'écrit pas, ou si une autre écriture est en cours ; rien n'a changé.
        """
        flux = io.BytesIO()
        np.savez_compressed(flux, **{colonne: getattr(reseau, colonne) for colonne in _COLONNES})
        octets = flux.getvalue()
        complet = {
            **verrou,
            "sha256": hashlib.sha256(octets).hexdigest(),
            "taille": len(octets),
            "classes": list(reseau.classes),
        }
        with self._ecriture():
            travail = self.dossier / f".en-cours-{nom}"
            travail.mkdir()
            (travail / "reseau.npz").write_bytes(octets)
            texte = json.dumps(complet, ensure_ascii=False, indent=1) + "\n"
            (travail / "verrou.json").write_text(texte, encoding="utf-8")
            if (self.dossier / nom).exists():
                self._ranger(nom)
            travail.rename(self.dossier / nom)
        return complet

    def retirer(self, nom: str) -> Path:
        """Range un réseau dans ``anciens/`` ; renvoie où il est.

        Raises
        ------
        FichierAbsent
            S'il n'y a pas de réseau de ce nom.
        """
        if nom not in self.noms():
            raise FichierAbsent(f"reseaux/{nom}")
        with self._ecriture():
            return self._ranger(nom)

    def detruire(self, nom: str) -> int:
        """Efface pour de bon un réseau et ses anciens ; renvoie combien."""
        if nom in self.noms():
            self.retirer(nom)
        with self._ecriture():
            passes = [
                chemin
                for chemin in (self.racine / "anciens").glob(f"{nom}.*")
                if chemin.name.removeprefix(f"{nom}.").isdigit()
            ]
            for chemin in passes:
                shutil.rmtree(chemin)
        return len(passes)

    def _ranger(self, nom: str) -> Path:
        anciens = self.racine / "anciens"
        anciens.mkdir(exist_ok=True, mode=0o700)
        rang = 1
        while (anciens / f"{nom}.{rang}").exists():
            rang += 1
        return (self.dossier / nom).rename(anciens / f"{nom}.{rang}")

    @contextmanager
    def _ecriture(self) -> Iterator[None]:
        try:
            self.racine.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.dossier.mkdir(exist_ok=True, mode=0o700)
            with exclusivite(self.dossier):
                try:
                    for reste in self.dossier.glob(".en-cours-*"):
                        shutil.rmtree(reste)
                    yield
                finally:
                    for reste in self.dossier.glob(".en-cours-*"):
                        shutil.rmtree(reste, ignore_errors=True)
        except OSError as erreur:
            raise SortieImpossible(str(self.dossier), raison_de(erreur)) from erreur
