"""Morceaux de phrases : le nom d'un indicateur, son unité, sa période."""

from __future__ import annotations

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.publication.document import Ligne, Mention, Texte
from solidiag.publication.francais import UNITES, ordinal

_DENOMBRES = {"ctx_pop": "habitants"}
"""Ce que compte un dénombrement dont le sujet ne le dit pas."""


def majuscule(texte: str) -> str:
    """Renvoie le texte avec sa première lettre en capitale."""
    return texte[:1].upper() + texte[1:]


def sujet(indicateur: Indicateur | MesureOffre) -> str:
    """Renvoie le sujet de phrase d'un indicateur, avec son article."""
    declare = getattr(indicateur, "sujet", "")
    return declare or f"l'indicateur « {indicateur.libelle_court} »"


def nommer(indicateur: Indicateur | MesureOffre, *, initiale: bool = False) -> Mention:
    """Renvoie le sujet de phrase ; ses chiffres (« 15-64 ans ») sont ceux de sa définition."""
    texte = sujet(indicateur)
    return Mention(majuscule(texte) if initiale else texte, "definition")


def unite_dite(indicateur: Indicateur | MesureOffre) -> tuple[Ligne, ...]:
    """Renvoie l'unité à dire après un nombre nu (« pour 1 000 »), ou rien."""
    if indicateur.id in _DENOMBRES:
        return (Texte(f" {_DENOMBRES[indicateur.id]}"),)
    unite = UNITES.get(indicateur.unite, "")
    if unite.startswith("pour ") and " pour " not in sujet(indicateur):
        return (Mention(f" {unite}", "parametre"),)
    if indicateur.unite == "euro_m2":
        return (Texte(" par m²"),)
    if indicateur.unite == "places_pour_100":
        return (Mention(f" {unite}", "parametre"),)
    return ()


def a_la_date(periode: str, *, initiale: bool = False) -> tuple[Ligne, ...]:
    """Renvoie « en 2023 », « au 4e trimestre 2024 », « sur 2021-2023 »."""
    mot = "au" if "-T" in periode else "sur" if "-" in periode else "en"
    return (Texte(f"{majuscule(mot) if initiale else mot} "), millesime(periode))


def entre_dates(debut: str, fin: str) -> tuple[Ligne, ...]:
    """Renvoie « entre 2014 et 2021 », « entre le 4e trimestre 2009 et le 4e trimestre 2024 »."""
    le = "le " if "-T" in debut else ""
    return (Texte(f"entre {le}"), millesime(debut), Texte(f" et {le}"), millesime(fin))


def millesime(periode: str) -> Mention:
    """Renvoie une période telle qu'elle s'écrit (« 4e trimestre 2024 »)."""
    annee, _, trimestre = periode.partition("-T")
    if trimestre:
        return Mention(f"{ordinal(int(trimestre))} trimestre {annee}", "millesime")
    return Mention(periode, "millesime")
