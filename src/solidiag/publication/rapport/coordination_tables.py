"""Tables de la coordination : comment les chapitres y puisent, et leurs mots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import polars as pl

from solidiag.model.coordination import CONSTATEES, TABLES_COORDINATION
from solidiag.offre.coordination.reseau import LIENS_DE_TRAVAIL
from solidiag.publication.document import Cle, Ligne, Mention, Nombre, Texte
from solidiag.publication.francais import formater
from solidiag.publication.matiere import Matiere

CONFIANCES = {"etabli": "déclaré", "a_verifier": "à vérifier", "inconnu": "inconnu"}

"""Ce qui est établi dans un constat l'est d'après le classeur : une personne l'a déclaré."""

PROVENANCES: dict[str, str] = {
    "public": "fichier public",
    "gabarit": "d'après le classeur rempli",
    "deduit": "déduit de l'inventaire",
    "texte": "prévu par un texte",
}


class Coordination:
    """Tables de coordination d'une matière, et comment y puiser."""

    def __init__(self, matiere: Matiere) -> None:
        self.matiere = matiere

    def lignes(self, nom: str) -> list[dict[str, Any]]:
        """Renvoie les lignes d'une table, ou aucune si elle n'est pas calculée."""
        table = self.matiere.coordination.get(nom)
        return [] if table is None else list(table.frame.iter_rows(named=True))

    def table(self, nom: str) -> pl.DataFrame:
        """Renvoie une table, vide à son schéma si elle n'est pas calculée."""
        table = self.matiere.coordination.get(nom)
        return pl.DataFrame(schema=TABLES_COORDINATION[nom]) if table is None else table.frame

    @cached_property
    def noms(self) -> dict[str, str]:
        """Nom de chaque acteur, par identifiant ; celui d'un classeur seulement à défaut."""
        lignes = sorted(self.lignes("acteurs"), key=lambda li: li["provenance"] != "gabarit")
        return {ligne["id"]: ligne["nom"] for ligne in lignes}

    @cached_property
    def dispositifs(self) -> dict[str, str]:
        """Nom de chaque dispositif, par identifiant."""
        return {ligne["id"]: ligne["nom"] for ligne in self.lignes("dispositifs")}

    @cached_property
    def domaines(self) -> dict[str, str]:
        """Libellé de chaque domaine de la grille."""
        return {d.id: d.libelle for d in self.matiere.grille.domaines}

    @cached_property
    def liens_declares(self) -> list[dict[str, Any]]:
        """Orientations, conventions, instances et pilotages écrits dans un classeur."""
        return [
            ligne
            for ligne in self.lignes("liens")
            if ligne["provenance"] == "gabarit" and ligne["type"] in LIENS_DE_TRAVAIL
        ]

    def constats(self, genre: str) -> list[dict[str, Any]]:
        """Renvoie les constats d'un genre."""
        return [ligne for ligne in self.lignes("constats") if ligne["genre"] == genre]

    def nombre(self, valeur: float, objet: str, *, territoire: str = "") -> Nombre:
        """Renvoie un nombre compté dans ces tables, avec sa clé."""
        cle = Cle(
            indicateur=objet,
            territoire=territoire or self.matiere.departement.id,
            table="coordination",
        )
        return Nombre(formater(valeur, "nombre", decimales=0), cle)

    def d_ou(self, ligne: Mapping[str, Any]) -> Mention:
        """Renvoie d'où une ligne se sait ; celle d'un classeur dit de quand il est."""
        dite = PROVENANCES.get(ligne["provenance"], ligne["provenance"])
        if ligne["provenance"] == "gabarit":
            date = ligne["date_source"] or ""
            dite += f" ({'/'.join(reversed(date.split('-'))) if date else 'non daté'})"
        return Mention(dite, "date")

    def euros(self, valeur: float | None, objet: str) -> tuple[Ligne, ...]:
        """Renvoie un montant en euros, ou « non dit »."""
        if valeur is None:
            return (Texte("non dit"),)
        return (self.nombre(valeur, objet), Texte("\u00a0€"))

    def compte(self, valeur: int, singulier: str, pluriel: str, *, objet: str) -> Iterator[Ligne]:
        """Renvoie un nombre et ce qu'il compte, accordés ; le pluriel commence à deux."""
        yield self.nombre(valeur, objet)
        yield Texte(f" {pluriel if valeur >= 2 else singulier}")


def acteurs_constates(matiere: Matiere) -> dict[str, set[str]]:
    """Renvoie, par domaine, les acteurs dont un rôle se constate dans le département.

    La même règle sert au chapitre, à la synthèse et aux fiches : un rôle que seul un texte prévoit
    ne compte pas. Un domaine absent n'a aucun acteur constaté : c'est inconnu, jamais zéro. Les
    noms sont dans la table ``acteurs``.
    """
    constates: dict[str, set[str]] = defaultdict(set)
    for ligne in Coordination(matiere).lignes("roles"):
        if ligne["provenance"] in CONSTATEES:
            constates[ligne["domaine"]].add(ligne["acteur"])
    return dict(constates)


def coordination_saisie(matiere: Matiere) -> bool:
    """Dit si un classeur de coordination a été lu : une action, un lien ou une étape déclarés."""
    tables = Coordination(matiere)
    return any(
        ligne["provenance"] == "gabarit"
        for nom in ("dispositifs", "actions", "liens", "parcours")
        for ligne in tables.lignes(nom)
    )


def majuscule(texte: str) -> str:
    """Renvoie le texte, sa première lettre en capitale."""
    return texte[:1].upper() + texte[1:]
