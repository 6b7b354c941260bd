"""Ce qu'une personne a ajouté : fichiers, tels que reçus, et ce qu'ils documentent.

Un ajout est un dossier ``ajouts/<source>/`` du dossier de données de la personne :

- ``octets/<sha256>.<ext>`` : les octets reçus, jamais modifiés ;
- ``source.yaml`` : la déclaration, écrite par le programme ;
- ``verrou.json`` : empreinte, taille, date, façon dont le fichier a été obtenu ;
- ``remplit.yaml`` : lectures ajoutées, par indicateur ;
- ``indicateur.yaml`` : l'indicateur tiré de la table d'une personne, s'il y en a un.

Le dossier est préparé à côté puis renommé d'un coup. Un ajout remplacé ou retiré est rangé dans
``anciens/`` : rien n'est perdu.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from solidiag.catalogue.indicateur import Indicateur, Lecture
from solidiag.catalogue.source import Source
from solidiag.errors import DeclarationInvalide, FichierAbsent, SortieImpossible
from solidiag.storage.declarations import lire_yaml, valider
from solidiag.storage.exclusivite import exclusivite
from solidiag.storage.sorties import raison_de

PREFIXE = "ajouts/"
"""Début du chemin d'un fichier ajouté, là où un fichier embarqué commence par son domaine."""

_NOM = re.compile(r"[a-z0-9][a-z0-9._-]{0,100}")
_BINAIRE = getattr(os, "O_BINARY", 0)
_REMPLIT = TypeAdapter(dict[str, tuple[Lecture, ...]])


def dossier_des_donnees() -> Path:
    """Renvoie le dossier de données de la personne (``SOLIDIAG_DONNEES``, sinon le sien)."""
    declare = os.environ.get("SOLIDIAG_DONNEES")
    if declare:
        return Path(declare)
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("APPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "solidiag"


@dataclass(frozen=True, kw_only=True)
class Ajout:
    """Une source ajoutée, et ce qu'elle documente.

    Parameters
    ----------
    verrous
        Verrous par chemin de fichier (``ajouts/<source>/octets/…``).
    remplit
        Lectures à placer devant celles de l'indicateur.
    indicateur
        Indicateur que cet ajout déclare, s'il y en a un.
    """

    source: Source
    verrous: Mapping[str, dict[str, Any]]
    remplit: Mapping[str, tuple[Lecture, ...]] = field(default_factory=dict)
    indicateur: Indicateur | None = None


class Ajouts:
    """Les ajouts d'une personne.

    Parameters
    ----------
    racine
        Dossier de données de la personne ; il peut ne pas exister.
    """

    def __init__(self, racine: Path) -> None:
        self.racine = racine
        self.dossier = racine / "ajouts"

    @cached_property
    def _lecture(self) -> tuple[tuple[Ajout, ...], tuple[str, ...]]:
        lus: list[Ajout] = []
        fautes: list[str] = []
        for nom, chemin in self._dossiers():
            try:
                lus.append(_lire(nom, chemin))
            except (DeclarationInvalide, FichierAbsent) as erreur:
                fautes.append(
                    f"L'ajout « {nom} » est ignoré : {erreur} Importez à nouveau le fichier, ou "
                    f"retirez l'ajout avec « solidiag sources retirer {nom} »."
                )
        return tuple(lus), tuple(fautes)

    @property
    def lus(self) -> tuple[Ajout, ...]:
        """Ajouts entiers, par nom de source."""
        return self._lecture[0]

    @property
    def fautes(self) -> tuple[str, ...]:
        """Une phrase par ajout ignoré : lequel, pourquoi, que faire."""
        return self._lecture[1]

    def noms(self) -> list[str]:
        """Renvoie les noms des ajouts présents, entiers ou non."""
        return [nom for nom, _ in self._dossiers()]

    def octets(self, chemin: str) -> bytes:
        """Renvoie les octets d'un fichier ajouté, sans contrôle.

        Raises
        ------
        FichierAbsent
            S'il manque.
        """
        nom, _, reste = chemin.removeprefix(PREFIXE).partition("/")
        dossier = dict(self._dossiers()).get(nom)
        if dossier is None:
            raise FichierAbsent(chemin)
        try:
            return (dossier / reste).read_bytes()
        except OSError as erreur:
            raise FichierAbsent(chemin) from erreur

    def gardes(self, indicateur: str = "") -> Iterator[AjoutGarde]:
        """Parcourt les tables, présentes puis passées, qui remplissent un indicateur ; tous sinon.

        Un ajout passé qui ne se lit plus est sauté.
        """
        anciens = sorted((self.racine / "anciens").glob("*.*"))
        passes = [(dossier.name.rpartition(".")[0], dossier) for dossier in anciens]
        for nom, dossier in (*self._dossiers(), *passes):
            try:
                ajout = _lire(nom, dossier)
                debut = f"{PREFIXE}{nom}/"
                relatifs = [chemin.removeprefix(debut) for chemin in ajout.verrous]
                fichiers = {relatif: (dossier / relatif).read_bytes() for relatif in relatifs}
            except (DeclarationInvalide, FichierAbsent, OSError):
                continue
            if nom.startswith("ajout.table.") and (not indicateur or indicateur in ajout.remplit):
                yield AjoutGarde(
                    ajout=ajout,
                    fichiers=fichiers,
                    a_part=dossier / "recu",
                    present=dossier.parent == self.dossier,
                )

    def empreinte(self) -> str:
        """Renvoie l'empreinte des déclarations ajoutées, vide s'il n'y en a pas."""
        condense = hashlib.sha256()
        vide = True
        for nom, dossier in self._dossiers():
            for chemin in sorted((*dossier.glob("*.yaml"), *dossier.glob("*.json"))):
                vide = False
                condense.update(f"{nom}/{chemin.name}\n".encode())
                condense.update(chemin.read_bytes())
        return "" if vide else condense.hexdigest()

    def ajouter(self, ajout: Ajout, fichiers: Mapping[str, bytes]) -> Path:
        """Range un ajout d'un coup ; celui qu'il remplace part dans ``anciens/``.

        Parameters
        ----------
        fichiers
            Octets par chemin dans le dossier de l'ajout (``octets/<sha256>.csv``).

        Raises
        ------
        SortieImpossible
            Si le dossier ne s'écrit pas, ou si un autre ajout est en cours ; rien n'a changé.
        """
        nom = ajout.source.id
        if not _NOM.fullmatch(nom):
            raise DeclarationInvalide(nom, ["le nom d'une source n'a que a-z, 0-9, « . » et « - »"])
        travail = self.dossier / f".en-cours-{nom}"
        with self._ecriture():
            travail.mkdir(parents=True)
            for relatif, octets in fichiers.items():
                _ecrire(travail / relatif, octets)
            _ecrire(travail / "source.yaml", _yaml(ajout.source.model_dump(mode="json")))
            verrou = {"source": nom, "fichiers": dict(ajout.verrous)}
            texte = json.dumps(verrou, ensure_ascii=False, indent=1) + "\n"
            _ecrire(travail / "verrou.json", texte.encode())
            remplit = {
                indicateur: [
                    lecture.model_dump(mode="json", exclude_defaults=True) for lecture in lectures
                ]
                for indicateur, lectures in ajout.remplit.items()
            }
            _ecrire(travail / "remplit.yaml", _yaml(remplit))
            if ajout.indicateur is not None:
                contenu = ajout.indicateur.model_dump(mode="json", exclude_defaults=True)
                _ecrire(travail / "indicateur.yaml", _yaml(contenu))
            _lire(nom, travail)
            cible = self.dossier / nom
            if cible.exists():
                cible.rename(self.dossier / f".precedent-{nom}")
            travail.rename(cible)
            self._ranger()
        self.__dict__.pop("_lecture", None)
        return cible

    def retirer(self, nom: str) -> Path:
        """Range un ajout dans ``anciens/`` ; renvoie où il est.

        Raises
        ------
        FichierAbsent
            S'il n'y a pas d'ajout de ce nom.
        """
        if nom not in self.noms():
            raise FichierAbsent(f"{PREFIXE}{nom}")
        with self._ecriture():
            (self.dossier / nom).rename(self.dossier / f".precedent-{nom}")
            (chemin,) = self._ranger()
        self.__dict__.pop("_lecture", None)
        return chemin

    def detruire(self, nom: str) -> list[Path]:
        """Efface pour de bon les octets reçus d'un ajout, présent et passés ; renvoie les dossiers.

        De la table d'un partenaire restent la table protégée et son droit d'usage, dans
        ``anciens/`` : ce qu'elle a montré. D'un autre ajout, rien ne reste.

        Raises
        ------
        FichierAbsent
            S'il n'y a, ni n'y a eu, d'ajout de ce nom.
        """
        if nom in self.noms():
            self.retirer(nom)
        vides = [dossier for dossier in self.passes(nom) if self._a_detruire(dossier).exists()]
        if not vides and not self.passes(nom):
            raise FichierAbsent(f"{PREFIXE}{nom}")
        with self._ecriture():
            for dossier in vides:
                shutil.rmtree(self._a_detruire(dossier))
        return vides

    def passes(self, nom: str) -> list[Path]:
        """Renvoie les dossiers des ajouts de ce nom qui ont été remplacés ou retirés."""
        return [
            dossier
            for dossier in sorted((self.racine / "anciens").glob(f"{nom}.*"))
            if dossier.name.removeprefix(f"{nom}.").isdigit()
        ]

    @staticmethod
    def _a_detruire(dossier: Path) -> Path:
        partenaire = (dossier / "droit.yaml").exists()
        return dossier / "recu" if partenaire else dossier

    @contextmanager
    def _ecriture(self) -> Iterator[None]:
        try:
            self.racine.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.dossier.mkdir(exist_ok=True, mode=0o700)
            with exclusivite(self.dossier):
                self._reprendre()
                try:
                    yield
                finally:
                    for reste in self.dossier.glob(".en-cours-*"):
                        shutil.rmtree(reste, ignore_errors=True)
        except OSError as erreur:
            raise SortieImpossible(str(self.dossier), raison_de(erreur)) from erreur

    def _reprendre(self) -> None:
        """Efface ce qu'un ajout tué a laissé, et remet en place ce qu'il allait remplacer."""
        for reste in self.dossier.glob(".en-cours-*"):
            shutil.rmtree(reste)
        for precedent in self.dossier.glob(".precedent-*"):
            place = self.dossier / precedent.name.removeprefix(".precedent-")
            if not place.exists():
                precedent.rename(place)
        self._ranger()

    def _ranger(self) -> Sequence[Path]:
        """Range les ajouts remplacés ou retirés."""
        anciens = self.racine / "anciens"
        ranges = []
        for precedent in sorted(self.dossier.glob(".precedent-*")):
            anciens.mkdir(exist_ok=True, mode=0o700)
            nom = precedent.name.removeprefix(".precedent-")
            rang = 1
            while (anciens / f"{nom}.{rang}").exists():
                rang += 1
            ranges.append(precedent.rename(anciens / f"{nom}.{rang}"))
        return ranges

    def _dossiers(self) -> list[tuple[str, Path]]:
        """Dossiers des ajouts ; celui qu'un remplacement tué a mis de côté compte encore."""
        if not self.dossier.is_dir():
            return []
        trouves: dict[str, Path] = {}
        for chemin in sorted(self.dossier.iterdir()):
            if not chemin.is_dir():
                continue
            nom = chemin.name.removeprefix(".precedent-")
            if _NOM.fullmatch(nom) and (chemin.name == nom or not (self.dossier / nom).exists()):
                trouves[nom] = chemin
        return sorted(trouves.items())


class AjoutEnMemoire(Ajouts):
    """Un seul ajout, qui n'est sur aucun disque.

    Parameters
    ----------
    fichiers
        Octets par chemin dans le dossier de l'ajout, comme `Ajouts.ajouter`.
    """

    def __init__(self, ajout: Ajout, fichiers: Mapping[str, bytes]) -> None:
        super().__init__(Path(os.devnull))
        self._ajout, self._fichiers = ajout, dict(fichiers)

    @cached_property
    def _lecture(self) -> tuple[tuple[Ajout, ...], tuple[str, ...]]:
        return (self._ajout,), ()

    def octets(self, chemin: str) -> bytes:
        """Renvoie les octets d'un fichier de l'ajout."""
        relatif = chemin.removeprefix(f"{PREFIXE}{self._ajout.source.id}/")
        if relatif not in self._fichiers:
            raise FichierAbsent(chemin)
        return self._fichiers[relatif]


@dataclass(frozen=True, kw_only=True)
class AjoutGarde:
    """Un ajout présent ou passé, ses octets, et ce qu'il garde à part de ce qui se publie.

    Parameters
    ----------
    fichiers
        Octets par chemin dans le dossier de l'ajout.
    a_part
        Le dossier des octets reçus d'un partenaire ; il peut ne pas exister.
    present
        Il n'a pas été retiré ni remplacé.
    """

    ajout: Ajout
    fichiers: Mapping[str, bytes]
    a_part: Path
    present: bool


def _lire(nom: str, dossier: Path) -> Ajout:
    source = valider(Source, lire_yaml(dossier / "source.yaml"), nom=f"{nom}/source.yaml")
    if source.id != nom:
        raise DeclarationInvalide(f"{nom}/source.yaml", [f"la source s'y nomme « {source.id} »"])
    verrous = _verrous(nom, dossier)
    for fichier in source.fichiers:
        if fichier.fichier not in verrous:
            raise FichierAbsent(fichier.fichier)
    try:
        remplit = _REMPLIT.validate_python(lire_yaml(dossier / "remplit.yaml") or {})
    except ValidationError as erreur:
        raise DeclarationInvalide(f"{nom}/remplit.yaml", ["lectures illisibles"]) from erreur
    indicateur = None
    if (dossier / "indicateur.yaml").is_file():
        lu = lire_yaml(dossier / "indicateur.yaml")
        indicateur = valider(Indicateur, lu, nom=f"{nom}/indicateur.yaml")
    return Ajout(source=source, verrous=verrous, remplit=remplit, indicateur=indicateur)


def _verrous(nom: str, dossier: Path) -> dict[str, dict[str, Any]]:
    """Renvoie les verrous d'un ajout, dont chaque fichier est là avec sa taille."""
    try:
        contenu = json.loads((dossier / "verrou.json").read_text(encoding="utf-8"))
        verrous: dict[str, dict[str, Any]] = dict(contenu["fichiers"])
        for chemin, verrou in verrous.items():
            relatif = chemin.removeprefix(f"{PREFIXE}{nom}/")
            if relatif == chemin or ".." in Path(relatif).parts:
                raise DeclarationInvalide(f"{nom}/verrou.json", [f"chemin « {chemin} » étranger"])
            taille = (dossier / relatif).stat().st_size
            if taille != int(verrou["taille"]) or not re.fullmatch(
                r"[0-9a-f]{64}", verrou["sha256"]
            ):
                raise DeclarationInvalide(
                    f"{nom}/verrou.json", [f"« {relatif} » n'a pas la taille de son verrou"]
                )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as erreur:
        raise DeclarationInvalide(
            f"{nom}/verrou.json", ["verrou illisible ou fichier absent"]
        ) from erreur
    return verrous


def _ecrire(chemin: Path, octets: bytes) -> None:
    chemin.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descripteur = os.open(chemin, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINAIRE, 0o600)
    with os.fdopen(descripteur, "wb") as flux:
        flux.write(octets)
        flux.flush()
        os.fsync(flux.fileno())


def _yaml(contenu: Any) -> bytes:
    texte: str = yaml.safe_dump(contenu, allow_unicode=True, sort_keys=False, width=100)
    return texte.encode()
