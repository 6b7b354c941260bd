"""Vérification du dossier des données ouvertes, fichier par fichier."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import polars as pl

from solidiag.model.observation import MARQUES
from solidiag.publication.document import Cle
from solidiag.publication.donnees import TABLES_PARQUET, octets_xlsx, tables_ouvertes
from solidiag.publication.matiere import Matiere
from solidiag.publication.verification.classeur import lire_classeur
from solidiag.publication.verification.comparaison import Ecart, Releve, illisible
from solidiag.publication.verification.tables import (
    Feuilles,
    comparer_feuilles,
    verifier_csv,
    verifier_parquet,
)

CLASSEUR = "donnees.xlsx"


class DonneesOuvertes:
    """Tables recalculées, et la lecture de chaque fichier qui doit les porter."""

    def __init__(self, matiere: Matiere) -> None:
        self.matiere = matiere

    @cached_property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Tables attendues, par nom de fichier sans suffixe."""
        return tables_ouvertes(self.matiere)

    def noms(self) -> list[str]:
        """Renvoie les fichiers attendus."""
        csv = [f"{nom}.csv" for nom in self.tables]
        return [*csv, *(f"{nom}.parquet" for nom in TABLES_PARQUET), CLASSEUR]

    def verifier(self, nom: str, octets: bytes, *, fichier: str) -> Releve:
        """Compare un fichier à la table recalculée."""
        if nom == CLASSEUR:
            return self._classeur(octets, fichier=fichier)
        table, _, suffixe = nom.rpartition(".")
        lecture = verifier_csv if suffixe == "csv" else verifier_parquet
        return lecture(octets, self.tables[table], fichier=fichier)

    def _classeur(self, octets: bytes, *, fichier: str) -> Releve:
        try:
            trouvees = lire_classeur(octets)
        except ValueError as erreur:
            return illisible(fichier, erreur)
        attendues = lire_classeur(octets_xlsx(self.matiere, self.tables))
        releve = comparer_feuilles(trouvees, attendues, fichier=fichier)
        if releve.ecarts:
            return releve
        ecarts = tuple(self._observations_fausses(trouvees, fichier=fichier))
        return Releve(fichier=fichier, lus=releve.lus, ecarts=ecarts)

    def _observations_fausses(self, feuilles: Feuilles, *, fichier: str) -> Iterator[Ecart]:
        """Relit les feuilles larges cellule par cellule, sans le code qui les écrit."""
        for nom, niveau in (("EPCI", "EPCI"), ("Communes", "COM")):
            _libelles, periodes, entetes, *rangees = feuilles[nom]
            for rangee in rangees:
                for colonne, valeur in enumerate(rangee[2:], start=2):
                    cle = Cle(
                        indicateur=str(entetes[colonne]),
                        territoire=f"{niveau}-{rangee[0]}",
                        periode=str(periodes[colonne]),
                    )
                    voulu = self._attendu(cle)
                    if valeur != voulu:
                        yield Ecart(
                            genre="difference",
                            fichier=fichier,
                            lieu=f"feuille « {nom} », ligne « {rangee[1]} »",
                            attendu=str(voulu),
                            trouve=str(valeur),
                            cle=cle,
                        )

    def _attendu(self, cle: Cle) -> object:
        observe = self.matiere.derniere(cle.indicateur, cle.territoire, cle.periode)
        if observe is None or observe.value is None:
            return MARQUES.get(observe.status if observe else "L", MARQUES["L"])
        if observe.precision == "floor":
            return f"≤ {observe.value:g}".replace(".", ",")
        return round(float(observe.value), 4)
