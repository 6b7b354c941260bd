"""Sens des mots d'un classeur : valeurs des listes fermées, communes, territoires.

À l'import, le lexique vient des déclarations et du référentiel. Ce qu'il a compris est ensuite
écrit dans la déclaration de l'ajout : le classeur se relit à l'identique, sans le référentiel.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from solidiag.geography.lieux import Doute
from solidiag.geography.recherche import simplifier

Chercher = Callable[[str], str | Doute]

_PROPOSES = 3
_RESSEMBLANCE = 0.7
"""Ressemblance sans laquelle une valeur n'est pas proposée."""


class Lexique(Protocol):
    """Ce que la lecture demande pour comprendre une cellule."""

    def valeur(self, liste: str, texte: str) -> str | Doute:
        """Renvoie la valeur stable d'un libellé de liste, ou le doute."""
        ...

    def commune(self, texte: str) -> str | Doute:
        """Renvoie le code d'une commune, ou le doute."""
        ...

    def territoire(self, texte: str) -> str | Doute:
        """Renvoie l'identifiant d'un territoire, ou le doute."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class LexiqueVivant:
    """Lexique de l'import.

    Parameters
    ----------
    listes
        Liste → valeur stable → libellé.
    chercher_commune, chercher_territoire
        Recherche dans le référentiel.
    compris
        Ce qui a été compris jusqu'ici : genre → texte lu → valeur.
    """

    listes: Mapping[str, Mapping[str, str]]
    chercher_commune: Chercher
    chercher_territoire: Chercher
    compris: dict[str, dict[str, str]] = field(default_factory=dict)

    def valeur(self, liste: str, texte: str) -> str | Doute:
        """Renvoie la valeur stable d'un libellé de liste, accents et casse libres."""
        return self._garder(liste, texte, lambda t: dans_la_liste(self.listes[liste], t))

    def commune(self, texte: str) -> str | Doute:
        """Renvoie le code d'une commune."""
        return self._garder("communes", texte, self.chercher_commune)

    def territoire(self, texte: str) -> str | Doute:
        """Renvoie l'identifiant d'un territoire."""
        return self._garder("territoires", texte, self.chercher_territoire)

    def _garder(self, genre: str, texte: str, chercher: Chercher) -> str | Doute:
        trouve = chercher(texte)
        if isinstance(trouve, str):
            self.compris.setdefault(genre, {})[texte] = trouve
        return trouve


@dataclass(frozen=True, kw_only=True, eq=False)
class LexiqueFige:
    """Lexique de la relecture : ce que l'import a compris, et rien d'autre."""

    compris: Mapping[str, Mapping[str, str]]

    def valeur(self, liste: str, texte: str) -> str | Doute:
        """Renvoie ce que l'import a compris."""
        return self.compris.get(liste, {}).get(texte) or Doute(motif="n'était pas compris")

    def commune(self, texte: str) -> str | Doute:
        """Renvoie ce que l'import a compris."""
        return self.valeur("communes", texte)

    def territoire(self, texte: str) -> str | Doute:
        """Renvoie ce que l'import a compris."""
        return self.valeur("territoires", texte)


def dans_la_liste(valeurs: Mapping[str, str], texte: str) -> str | Doute:
    """Renvoie la valeur dont le libellé, ou la valeur même, est ce texte.

    Parameters
    ----------
    valeurs
        Valeur stable → libellé.

    Examples
    --------
    >>> dans_la_liste({"sature": "saturé"}, "SATURE")
    'sature'
    >>> dans_la_liste({"sature": "saturé"}, "satturé").phrase
    "n'est pas dans la liste ; vouliez-vous dire « saturé » ?"
    """
    cherche = simplifier(texte)
    for valeur, libelle in valeurs.items():
        if cherche in (simplifier(valeur), simplifier(libelle)):
            return valeur
    cles = {simplifier(libelle): libelle for libelle in valeurs.values()}
    noms = difflib.get_close_matches(cherche, list(cles), n=_PROPOSES, cutoff=_RESSEMBLANCE)
    proches = [cles[nom] for nom in noms]
    if not proches and len(valeurs) <= 2 * _PROPOSES:
        proches = list(valeurs.values())
    return Doute(
        motif="n'est pas dans la liste", proches=tuple(f"« {libelle} »" for libelle in proches)
    )
