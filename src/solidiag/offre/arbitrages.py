"""Arbitrages : une personne dit que deux lignes sont le même service, ou deux services.

Un arbitrage l'emporte sur la comparaison des lignes. Deux arbitrages « même service » qui ont une
ligne en commun réunissent les trois lignes : un arbitrage « différents » qui les sépare est donc
une contradiction, refusée en nommant les arbitrages en cause.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from solidiag.errors import ArbitrageImpossible

VERDICTS = ("meme", "different")
"""Valeurs de ``verdict``, telles qu'elles s'écrivent dans le fichier."""

_DITS = {"meme": "le même service", "different": "deux services différents"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arbitrage:
    """Décision d'une personne sur deux lignes de l'inventaire.

    Parameters
    ----------
    id_a, id_b
        Identifiants des deux lignes (``source:identifiant``), dans n'importe quel ordre.
    verdict
        ``meme`` ou ``different``.
    motif
        Ce que la personne a vérifié, en clair.
    auteur
        Sa fonction (« chargée de mission, DDETSPP »), et non son nom.
    jour
        Date de la décision, AAAA-MM-JJ.

    Raises
    ------
    ArbitrageImpossible
        Si un champ manque, si les deux lignes n'en font qu'une, si le verdict ou la date est
        inconnu, si l'auteur est une adresse électronique.
    """

    id_a: str
    id_b: str
    verdict: Literal["meme", "different"]
    motif: str
    auteur: str
    jour: str

    def __post_init__(self) -> None:
        for champ in ("id_a", "id_b", "motif", "auteur", "jour"):
            if not getattr(self, champ).strip():
                raise ArbitrageImpossible(
                    f"le champ « {champ} » est vide",
                    conseil="Donnez les deux identifiants, le motif, votre fonction et la date.",
                )
        if self.id_a == self.id_b:
            raise ArbitrageImpossible(
                f"« {self.id_a} » est comparée à elle-même",
                conseil="Donnez les identifiants de deux lignes.",
            )
        if self.verdict not in VERDICTS:
            raise ArbitrageImpossible(
                f"le verdict « {self.verdict} » est inconnu",
                conseil=f"Attendu : {' ou '.join(VERDICTS)}.",
            )
        if "@" in self.auteur or re.search(r"(\d[ .]?){9,}", self.auteur):
            raise ArbitrageImpossible(
                "l'auteur ressemble à une adresse électronique ou à un téléphone",
                conseil="Donnez une fonction, par exemple « chargée de mission, DDETSPP ».",
            )
        try:
            # « 20260501 » et « 2026-W18-5 » sont des dates ISO, et non celles que l'on imprime.
            lisible = date.fromisoformat(self.jour).isoformat() == self.jour
        except ValueError:
            lisible = False
        if not lisible:
            raise ArbitrageImpossible(
                f"la date « {self.jour} » ne se lit pas", conseil="Attendu : AAAA-MM-JJ."
            )

    @property
    def paire(self) -> tuple[str, str]:
        """Les deux identifiants, dans l'ordre."""
        return min(self.id_a, self.id_b), max(self.id_a, self.id_b)

    @property
    def dit(self) -> str:
        """Qui a tranché, quand et pourquoi."""
        annee, mois, quantieme = self.jour.split("-")
        return f"tranché par {self.auteur} le {quantieme}/{mois}/{annee} : {self.motif}"

    @property
    def nom(self) -> str:
        """L'arbitrage, tel qu'un message d'erreur le nomme."""
        annee, mois, quantieme = self.jour.split("-")
        return (
            f"« {self.id_a} » et « {self.id_b} » sont {_DITS[self.verdict]} "
            f"({self.auteur}, {quantieme}/{mois}/{annee})"
        )


def verifier(arbitrages: Iterable[Arbitrage]) -> tuple[Arbitrage, ...]:
    """Renvoie les arbitrages par paire, une fois chacun, s'ils tiennent ensemble.

    Raises
    ------
    ArbitrageImpossible
        Si deux arbitrages se contredisent, directement ou par une chaîne de « même service ».
    """
    gardes: dict[tuple[str, str], Arbitrage] = {}
    for arbitrage in arbitrages:
        deja = gardes.setdefault(arbitrage.paire, arbitrage)
        if deja.verdict != arbitrage.verdict:
            raise ArbitrageImpossible(
                f"{deja.nom}, mais {arbitrage.nom}", conseil="Annulez d'abord l'un des deux."
            )
    voisins = _voisins(gardes.values())
    for arbitrage in gardes.values():
        if arbitrage.verdict == "different":
            chaine = _chaine(voisins, *arbitrage.paire)
            if chaine:
                liens = " ; ".join(lien.nom for lien in chaine)
                raise ArbitrageImpossible(
                    f"{arbitrage.nom}, mais par suite de {liens}, ce sont le même",
                    conseil="Annulez d'abord l'un de ces arbitrages.",
                )
    return tuple(gardes[paire] for paire in sorted(gardes))


def suites(arbitrages: Sequence[Arbitrage], nouveau: Arbitrage) -> tuple[str, ...]:
    """Renvoie ce qu'un arbitrage entraîne par ceux déjà rendus, une phrase par suite.

    Réunir deux lignes réunit aussi celles qui leur sont déjà tenues pour identiques, et les sépare
    de celles qui leur sont déjà tenues pour différentes.
    """
    tous = verifier([*arbitrages, nouveau])
    voisins = _voisins(tous)
    phrases: list[str] = []
    if nouveau.verdict == "meme":
        avant = _voisins(arbitrages)
        a, b = _relies(avant, nouveau.id_a), _relies(avant, nouveau.id_b)
        if not (a & b):
            phrases += [
                f"Par suite, « {x} » et « {y} » sont aussi le même service."
                for x in sorted(a)
                for y in sorted(b)
                if {x, y} != {nouveau.id_a, nouveau.id_b}
            ]
    groupe = _relies(voisins, nouveau.id_a) | _relies(voisins, nouveau.id_b)
    for autre in tous:
        if autre.verdict == "different" and autre.paire != nouveau.paire:
            dedans = [x for x in autre.paire if x in groupe]
            if dedans and nouveau.verdict == "meme":
                phrases.append(f"Reste séparé de ce service : {autre.nom}.")
    return tuple(phrases)


def _voisins(arbitrages: Iterable[Arbitrage]) -> Mapping[str, Mapping[str, Arbitrage]]:
    voisins: dict[str, dict[str, Arbitrage]] = defaultdict(dict)
    for arbitrage in arbitrages:
        if arbitrage.verdict == "meme":
            a, b = arbitrage.paire
            voisins[a][b] = voisins[b][a] = arbitrage
    return voisins


def _relies(voisins: Mapping[str, Mapping[str, Arbitrage]], depart: str) -> set[str]:
    vus, file = {depart}, deque([depart])
    while file:
        for autre in voisins.get(file.popleft(), {}):
            if autre not in vus:
                vus.add(autre)
                file.append(autre)
    return vus


def _chaine(
    voisins: Mapping[str, Mapping[str, Arbitrage]], depart: str, arrivee: str
) -> list[Arbitrage]:
    """Renvoie la plus courte chaîne de « même service » entre deux lignes ; vide sans chaîne."""
    venu: dict[str, tuple[str, Arbitrage]] = {}
    file = deque([depart])
    while file:
        ici = file.popleft()
        if ici == arrivee:
            break
        for autre, lien in sorted(voisins.get(ici, {}).items()):
            if autre not in venu and autre != depart:
                venu[autre] = (ici, lien)
                file.append(autre)
    chaine: list[Arbitrage] = []
    while arrivee in venu:
        arrivee, lien = venu[arrivee]
        chaine.append(lien)
    return chaine[::-1]
