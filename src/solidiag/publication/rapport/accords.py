"""Accords du texte par règle : genre d'un sujet, adjectifs, « qu'en France »."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from solidiag.publication.francais import elider

_MASCULINS = frozenset(
    {"indice", "écart", "effectif", "accès", "emploi", "âge", "usage", "accueil"}
)
_FEMININS = frozenset({"amplitude", "offre", "aide", "espérance", "ancienneté"})
_DUREES = ("le délai", "la durée")
_FINALES_FEMININES = ("té", "tion", "sion", "ude", "ance", "ence", "ée", "ure", "ette")


@dataclass(frozen=True, slots=True)
class Accord:
    """Genre et nombre d'un sujet, pour accorder verbe et adjectif ; une durée est longue."""

    feminin: bool = False
    pluriel: bool = False
    duree: bool = field(default=False, repr=False)

    @property
    def est(self) -> str:
        """Verbe être."""
        return "sont" if self.pluriel else "est"

    def adjectif(self, masculin: str, feminin: str = "") -> str:
        """Renvoie l'adjectif accordé.

        Examples
        --------
        >>> Accord(feminin=True, pluriel=True).adjectif("élevé")
        'élevées'
        >>> Accord(feminin=True).adjectif("bas", "basse")
        'basse'
        """
        mot = (feminin or f"{masculin}e") if self.feminin else masculin
        if not self.pluriel or mot.endswith(("s", "x")):
            return mot
        return f"{mot}s"

    @property
    def proche(self) -> str:
        """L'adjectif « proche »."""
        return "proches" if self.pluriel else "proche"

    @property
    def meme(self) -> str:
        """« le même », accordé."""
        return "les mêmes" if self.pluriel else "la même" if self.feminin else "le même"

    @property
    def pronom(self) -> str:
        """Pronom sujet."""
        return (
            ("elles" if self.pluriel else "elle")
            if self.feminin
            else ("ils" if self.pluriel else "il")
        )

    def conjuguer(self, singulier: str, pluriel: str) -> str:
        """Renvoie le verbe au nombre du sujet."""
        return pluriel if self.pluriel else singulier


def accord_de(sujet: str) -> Accord:
    """Renvoie l'accord d'un sujet, d'après son article, ou sa finale après « l' ».

    Examples
    --------
    >>> accord_de("la part des immigrés"), accord_de("l'indice moyen").feminin
    (Accord(feminin=True, pluriel=False), False)
    >>> accord_de("l’accessibilité aux infirmiers").feminin
    True
    """
    texte = sujet.replace("’", "'")
    if texte.startswith("les "):
        nom = texte[4:].split(" ")[0]
        return Accord(feminin=_nom_feminin(nom.rstrip("s")), pluriel=True)
    if texte.startswith("l'"):
        return Accord(feminin=_nom_feminin(texte[2:].split(" ")[0]))
    return Accord(feminin=texte.startswith("la "), duree=texte.startswith(_DUREES))


def _nom_feminin(nom: str) -> bool:
    if nom in _MASCULINS:
        return False
    return nom in _FEMININS or nom.endswith(_FINALES_FEMININES)


def accord_commun(accords: Sequence[Accord]) -> Accord:
    """Renvoie l'accord de plusieurs sujets : le masculin dès qu'un seul l'est."""
    if len(accords) == 1:
        return accords[0]
    durees = all(a.duree for a in accords)
    return Accord(feminin=all(a.feminin for a in accords), pluriel=True, duree=durees)


def que(lieu: str) -> str:
    """Renvoie le lieu précédé de « que », élidé s'il le faut.

    Examples
    --------
    >>> que("en France"), que("dans le Grand Est")
    ("qu'en France", 'que dans le Grand Est')
    """
    return f"qu'{lieu}" if elider(lieu) or lieu.startswith(("à ", "en ")) else f"que {lieu}"
