"""Ce qui surprend dans un classeur rempli sans rien arrêter : personnes, Siret, horaires."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from solidiag.catalogue.classeur import Classeur, Colonne
from solidiag.offre.horaires import lire_horaires

Textes = tuple[int, Mapping[str, str]]
"""Rang d'une ligne dans le tableur, et ses cases remplies : champ → texte."""

_COORDONNEES = re.compile(r"[\w.+-]+@[\w-]+\.\w+|(?<!\d)0[1-9](?:[ .-]?\d{2}){4}(?!\d)")
_CIVILITE = re.compile(
    r"(?<!\w)(?:Mme|Mlle|Mr|M\.|Dr\.?|Madame|Mademoiselle|Monsieur|Docteur)\s+[A-ZÀ-ÖØ-Þ][\w'’-]+"
)
_SANS_NOM = frozenset({"adresse", "lien", "siret"})
"""Champs où une civilité n'est pas celle d'une personne rencontrée : le nom d'une rue."""

_MONTRES = 3
_SIRET = 14
_LA_POSTE = "356000000"


def vigilances(lues: Mapping[str, Iterable[Textes]], classeur: Classeur) -> Iterator[str]:
    """Parcourt ce qu'une personne doit vérifier, feuille par feuille ; rien n'est refusé.

    Parameters
    ----------
    lues
        Feuille → lignes, fautives comprises.
    """
    for feuille in classeur.feuilles:
        lignes = list(lues.get(feuille.id, ()))
        for concerne, dire in _REGLES:
            places = [
                f"ligne {rang}, « {colonne.titre} »"
                for rang, textes in lignes
                for colonne in feuille.colonnes
                if colonne.champ in textes and concerne(colonne, textes[colonne.champ])
            ]
            if places:
                yield dire.format(feuille=feuille.titre, places=_abreger(places))


def siret_juste(siret: str) -> bool:
    """Dit si la clé d'un Siret est juste ; ceux de La Poste ont la leur.

    Clé de Luhn ; pour les établissements de La Poste, la somme des chiffres est un multiple de 5.

    Examples
    --------
    >>> siret_juste("73282932000074"), siret_juste("73282932000075")
    (True, False)
    >>> siret_juste("35600000049837")
    True
    """
    chiffres = [int(c) for c in siret]
    doubles = [n * 2 if rang % 2 == 0 else n for rang, n in enumerate(chiffres)]
    luhn = sum(n - 9 if n > 9 else n for n in doubles) % 10 == 0
    return luhn or (siret.startswith(_LA_POSTE) and sum(chiffres) % 5 == 0)


def _coordonnees(colonne: Colonne, texte: str) -> bool:
    return colonne.champ != "siret" and _COORDONNEES.search(texte) is not None


def _personne(colonne: Colonne, texte: str) -> bool:
    return colonne.champ not in _SANS_NOM and _CIVILITE.search(texte) is not None


def _siret_faux(colonne: Colonne, texte: str) -> bool:
    siret = "".join(texte.split())
    forme = siret.isascii() and siret.isdigit() and len(siret) == _SIRET
    return colonne.champ == "siret" and forme and not siret_juste(siret)


def _horaires_non_lus(colonne: Colonne, texte: str) -> bool:
    return colonne.champ == "horaires" and lire_horaires(texte) is None


def _abreger(places: list[str]) -> str:
    return " ; ".join(places[:_MONTRES]) + ("…" if len(places) > _MONTRES else "")


_REGLES: tuple[tuple[Callable[[Colonne, str], bool], str], ...] = (
    (
        _coordonnees,
        "{feuille} : une adresse électronique ou un téléphone ({places}) ; ôtez-les si ce sont "
        "ceux d'une personne.",
    ),
    (
        _personne,
        "{feuille} : nom de personne possible ({places}) ; ôtez-le si c'est celui d'une personne "
        "d'aujourd'hui : il serait publié.",
    ),
    (
        _siret_faux,
        "{feuille} : Siret dont la clé est fausse ({places}) ; un chiffre est sans doute à "
        "corriger.",
    ),
    (
        _horaires_non_lus,
        "{feuille} : horaires gardés tels quels, mais non compris ({places}) ; écrivez le jour, "
        "puis les heures : lundi 9h-12h ; samedi 10h-12h.",
    ),
)
