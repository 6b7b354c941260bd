"""Réglages d'une personne : ce qu'elle écrit l'emporte sur les fichiers de déclaration livrés.

Un réglage est un fichier YAML de ``reglages/`` dans le dossier de données de la personne, au même
chemin que celui de ``declarations/`` (``parametres/temps_de_trajet.yaml``). Ce qui y est écrit
l'emporte ; ce qui n'y est pas reste celui du fichier livré, une nouvelle version de Solidiag
comprise ; une clé laissée vide est ôtée. ``reglages/origines.json`` garde l'empreinte du fichier
livré au moment de la copie : si une nouvelle version de Solidiag l'a changé, c'est dit.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from solidiag.errors import DeclarationInvalide, SortieImpossible
from solidiag.storage.declarations import lire_yaml
from solidiag.storage.sorties import raison_de

AJUSTABLES = ("parametres", "services", "dispositifs", "croisements", "mesures")
"""Dossiers de ``declarations/`` qu'une personne du métier peut régler."""

_ORIGINES = "origines.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Une valeur réglée autrement que dans le fichier livré.

    Parameters
    ----------
    fichier
        Chemin sous ``declarations/``, sans suffixe (``parametres/temps_de_trajet``).
    cle
        Place de la valeur (``vitesses_km_h.5.central``).
    livre, regle
        Les deux valeurs, en texte ; vide : la clé n'y est pas.
    """

    fichier: str
    cle: str
    livre: str
    regle: str


class Reglages:
    """Réglages d'une personne.

    Parameters
    ----------
    racine
        Dossier de données de la personne ; il peut ne pas exister.
    declarations
        Dossier des déclarations livrées.
    """

    def __init__(self, racine: Path, declarations: Path) -> None:
        self.dossier = racine / "reglages"
        self.declarations = declarations

    @property
    def noms(self) -> list[str]:
        """Fichiers qu'on peut régler, sans suffixe (``parametres/temps_de_trajet``)."""
        return noms_reglables(self.declarations)

    @cached_property
    def remplaces(self) -> dict[Path, Path]:
        """Fichier livré vers la copie de la personne, pour chaque réglage présent."""
        return {
            self.declarations / f"{nom}.yaml": copie
            for nom in self.noms
            if (copie := self.dossier / f"{nom}.yaml").is_file()
        }

    @property
    def inconnus(self) -> list[str]:
        """Fichiers de ``reglages/`` qui ne remplacent rien : un nom mal écrit, le plus souvent."""
        if not self.dossier.is_dir():
            return []
        connus = set(self.remplaces.values())
        return sorted(
            chemin.relative_to(self.dossier).as_posix()
            for chemin in self.dossier.rglob("*.y*ml")
            if chemin not in connus
        )

    @cached_property
    def perimes(self) -> list[str]:
        """Réglages dont le fichier livré a changé depuis la copie."""
        origines = self._origines()
        return [
            self.nom(livre)
            for livre in self.remplaces
            if (connue := origines.get(self.nom(livre))) and connue != _empreinte(livre)
        ]

    def lire(self, livre: Path) -> Any:
        """Renvoie le contenu d'un fichier livré, le réglage de la personne par-dessus.

        Un réglage vide, ou dont toutes les lignes sont en commentaire, ne règle rien.

        Raises
        ------
        DeclarationInvalide
            Si l'un des deux n'est pas du YAML.
        """
        copie = self.remplaces.get(livre)
        contenu = lire_yaml(livre)
        ecrit = None if copie is None else self.ecrit(livre)
        return contenu if ecrit is None else fusionner(contenu, ecrit)

    def ecrit(self, livre: Path) -> Any:
        """Renvoie ce que la personne a écrit pour un fichier livré qu'elle règle.

        Raises
        ------
        DeclarationInvalide
            Si ce n'est pas du YAML ; le chemin du réglage est dit.
        """
        copie = self.remplaces[livre]
        try:
            return lire_yaml(copie)
        except DeclarationInvalide as erreur:
            nom = f"{self.nom(livre)}.yaml (votre réglage : {copie})"
            raise DeclarationInvalide(nom, erreur.fautes) from erreur

    def nom(self, livre: Path) -> str:
        """Renvoie le nom d'un réglage d'après le fichier livré."""
        return livre.relative_to(self.declarations).with_suffix("").as_posix()

    def differences(self) -> list[Difference]:
        """Renvoie chaque valeur réglée autrement, par fichier puis par clé.

        Raises
        ------
        DeclarationInvalide
            Si un réglage n'est pas du YAML.
        """
        return [
            Difference(fichier=self.nom(livre), cle=cle, livre=avant, regle=apres)
            for livre in sorted(self.remplaces)
            for cle, avant, apres in comparer(lire_yaml(livre), self.lire(livre))
        ]

    def empreinte(self) -> str:
        """Renvoie l'empreinte des réglages, vide s'il n'y en a pas."""
        if not self.remplaces:
            return ""
        condense = hashlib.sha256()
        for livre, copie in sorted(self.remplaces.items()):
            condense.update(f"{self.nom(livre)} {_empreinte(copie)}\n".encode())
        return condense.hexdigest()

    def copier(self, nom: str) -> Path:
        """Renvoie le chemin d'un réglage, copié du fichier livré s'il n'était pas encore là.

        Raises
        ------
        DeclarationInvalide
            Si ce fichier n'est pas réglable.
        SortieImpossible
            Si la copie ne peut pas être écrite.
        """
        livre = self._livre(nom)
        copie = self.dossier / f"{self.nom(livre)}.yaml"
        if copie.exists():
            return copie
        origines = {**self._origines(), self.nom(livre): _empreinte(livre)}
        try:
            copie.parent.mkdir(parents=True, exist_ok=True)
            _ecrire(copie, livre.read_bytes())
            _ecrire(self.dossier / _ORIGINES, json.dumps(origines, indent=1).encode())
        except OSError as erreur:
            raise SortieImpossible(str(copie), raison_de(erreur)) from erreur
        self.__dict__.pop("remplaces", None)
        return copie

    def retirer(self, nom: str) -> Path:
        """Range un réglage dans ``reglages/anciens`` et renvoie sa nouvelle place.

        Raises
        ------
        DeclarationInvalide
            Si ce réglage n'existe pas.
        SortieImpossible
            S'il ne peut pas être déplacé.
        """
        livre = self._livre(nom)
        copie = self.remplaces.get(livre)
        if copie is None:
            raise DeclarationInvalide(self.nom(livre), ["ce fichier n'est pas réglé : rien à ôter"])
        rangs = range(1, 10_000)
        anciens = self.dossier.parent / "anciens" / "reglages"
        cible = next(
            place
            for rang in rangs
            if not (place := anciens / f"{self.nom(livre).replace('/', '-')}.{rang}.yaml").exists()
        )
        try:
            cible.parent.mkdir(parents=True, exist_ok=True)
            copie.replace(cible)
        except OSError as erreur:
            raise SortieImpossible(str(cible), raison_de(erreur)) from erreur
        self.__dict__.pop("remplaces", None)
        return cible

    def _livre(self, nom: str) -> Path:
        """Renvoie le fichier livré d'un nom, dossier et suffixe facultatifs."""
        voulu = nom.removesuffix(".yaml").removesuffix(".yml")
        trouves = [n for n in self.noms if n == voulu] or [
            n for n in self.noms if n.rpartition("/")[2] == voulu
        ]
        if len(trouves) != 1:
            proches = [n for n in self.noms if voulu.rpartition("/")[2][:4] in n] or self.noms
            raise DeclarationInvalide(
                nom,
                [
                    "ce n'est pas un fichier réglable"
                    if not trouves
                    else f"plusieurs fichiers ont ce nom : {', '.join(trouves)}",
                    f"choix : {', '.join(proches)}",
                ],
            )
        return self.declarations / f"{trouves[0]}.yaml"

    def _origines(self) -> dict[str, str]:
        try:
            lues = json.loads((self.dossier / _ORIGINES).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(k): str(v) for k, v in lues.items()} if isinstance(lues, dict) else {}


def noms_reglables(declarations: Path) -> list[str]:
    """Renvoie les fichiers qu'on peut régler, sans suffixe (``parametres/temps_de_trajet``)."""
    return [
        chemin.relative_to(declarations).with_suffix("").as_posix()
        for dossier in AJUSTABLES
        for chemin in sorted((declarations / dossier).rglob("*.yaml"))
    ]


def valeurs(contenus: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Parcourt chaque valeur de fichiers de déclaration : fichier, place, texte.

    Parameters
    ----------
    contenus
        Nom de fichier vers son contenu.
    """
    for nom, contenu in contenus.items():
        for cle, texte in dict(_feuilles(contenu)).items():
            yield nom, cle, texte


def comparer(livre: Any, regle: Any) -> Iterator[tuple[str, str, str]]:
    """Parcourt les valeurs qui diffèrent entre deux contenus : clé, valeur livrée, valeur réglée.

    Examples
    --------
    >>> list(comparer({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "d": 4}))
    [('a.b', '1', '3'), ('c', '2', ''), ('d', '', '4')]
    """
    avant, apres = dict(_feuilles(livre)), dict(_feuilles(regle))
    for cle in dict.fromkeys((*avant, *apres)):
        if avant.get(cle) != apres.get(cle):
            yield cle, avant.get(cle, ""), apres.get(cle, "")


def fusionner(livre: Any, regle: Any) -> Any:
    """Renvoie le contenu livré où ce que le réglage écrit l'emporte.

    Deux tables se fondent clé par clé, deux listes de déclarations par leur ``id`` ou leur
    ``domaine`` ; toute autre liste est remplacée en entier. Une clé laissée vide est ôtée.

    Examples
    --------
    >>> fusionner({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 5}, "d": None})
    {'a': {'b': 5, 'c': 2}}
    """
    if isinstance(livre, Mapping) and isinstance(regle, Mapping):
        fondus = {
            cle: fusionner(valeur, regle[cle]) if cle in regle else valeur
            for cle, valeur in livre.items()
            if not (cle in regle and regle[cle] is None and valeur is not None)
        }
        ajoutees = {c: v for c, v in regle.items() if c not in livre and v is not None}
        return {**fondus, **ajoutees}
    cle = _cle_commune(livre, regle)
    if cle:
        regles = {element[cle]: element for element in regle}
        connus = {element[cle] for element in livre}
        return [
            *(fusionner(e, regles[e[cle]]) if e[cle] in regles else e for e in livre),
            *(element for element in regle if element[cle] not in connus),
        ]
    return regle


def _cle_commune(livre: Any, regle: Any) -> str:
    """Clé qui nomme chaque élément de deux listes de déclarations, ou rien."""
    if not (isinstance(livre, list) and isinstance(regle, list) and livre):
        return ""
    for cle in ("id", "domaine"):
        if all(isinstance(e, Mapping) and isinstance(e.get(cle), str) for e in (*livre, *regle)):
            return cle
    return ""


def fautes_de_forme(livre: Any, regle: Any, *, place: str = "") -> list[str]:
    """Renvoie ce qui, dans un réglage, n'a pas la forme du fichier livré, en français.

    Une clé doit être connue, et un nombre rester un nombre. Une clé peut manquer, et une liste
    changer de longueur.
    """
    ici = place or "(racine)"
    if isinstance(livre, Mapping):
        if not isinstance(regle, Mapping):
            return [f"{ici} : une table {{clé: valeur}} est attendue"]
        fautes = []
        for cle, valeur in livre.items():
            suite = f"{place}.{cle}" if place else str(cle)
            if cle in regle:
                fautes += fautes_de_forme(valeur, regle[cle], place=suite)
        en_trop = [str(cle) for cle in regle if cle not in livre]
        fautes += [f"{place}.{cle}".lstrip(".") + " : clé inconnue" for cle in en_trop]
        return fautes
    if isinstance(livre, bool):
        return [] if isinstance(regle, bool) else [f"{ici} : true ou false attendu"]
    if isinstance(livre, int | float):
        juste = (
            isinstance(regle, int | float) and not isinstance(regle, bool) and abs(regle) < math.inf
        )
        trouve = f"trouvé « {_texte(regle)} »"
        return [] if juste else [f"{ici} : un nombre est attendu (point décimal), {trouve}"]
    if isinstance(livre, str):
        return [] if isinstance(regle, str) else [f"{ici} : un texte est attendu"]
    if isinstance(livre, list) and not isinstance(regle, list):
        return [f"{ici} : une liste est attendue"]
    return []


def _feuilles(contenu: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(contenu, Mapping):
        for cle, valeur in contenu.items():
            yield from _feuilles(valeur, f"{place}.{cle}" if place else str(cle))
    elif isinstance(contenu, list) and any(isinstance(x, Mapping) for x in contenu):
        for rang, element in enumerate(contenu):
            nom = _nom_d_element(element, rang)
            yield from _feuilles(element, f"{place}[{nom}]")
    else:
        yield place, _texte(contenu)


def _nom_d_element(element: Any, rang: int) -> str:
    if isinstance(element, Mapping):
        for cle in ("id", "domaine", "nom"):
            if cle in element:
                return str(element[cle])
    return str(rang + 1)


def _texte(contenu: Any) -> str:
    if contenu is None:
        return "vide"
    if isinstance(contenu, bool):
        return "oui" if contenu else "non"
    if isinstance(contenu, float):
        return f"{contenu:g}".replace(".", ",")
    if isinstance(contenu, Sequence) and not isinstance(contenu, str):
        return ", ".join(_texte(element) for element in contenu) or "liste vide"
    if isinstance(contenu, Mapping):
        return "{" + ", ".join(f"{cle}: {_texte(v)}" for cle, v in contenu.items()) + "}"
    return str(contenu)


def _empreinte(chemin: Path) -> str:
    return hashlib.sha256(chemin.read_bytes()).hexdigest()


def _ecrire(chemin: Path, octets: bytes) -> None:
    """Écrit un fichier d'un coup : il est entier ou n'est pas."""
    provisoire = chemin.with_name(f".{chemin.name}.en-cours")
    provisoire.write_bytes(octets)
    os.replace(provisoire, chemin)  # noqa: PTH105
