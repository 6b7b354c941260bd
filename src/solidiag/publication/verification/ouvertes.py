"""Vérification du dossier des données ouvertes, fichier par fichier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import polars as pl

from solidiag.model.observation import MARQUES
from solidiag.publication.data_inclusion import exporter_matiere, fichiers_de
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
EXPORT = "data_inclusion"
"""Dossier de l'export data·inclusion, comparé octet par octet."""


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
        parquet = [f"{nom}.parquet" for nom in TABLES_PARQUET]
        return [*csv, *parquet, CLASSEUR, *self.exportes]

    @cached_property
    def exportes(self) -> dict[str, bytes]:
        """Octets attendus de l'export data·inclusion, par chemin."""
        if not self.matiere.vocabulaire_services:
            return {}
        export = exporter_matiere(self.matiere)
        fichiers = fichiers_de(export, territoire=self.matiere.departement.nom)
        return {f"{EXPORT}/{nom}": octets for nom, octets in fichiers.items()}

    def verifier(self, nom: str, octets: bytes, *, fichier: str) -> Releve:
        """Compare un fichier à la table recalculée."""
        if nom == CLASSEUR:
            return self._classeur(octets, fichier=fichier)
        if nom in self.exportes:
            return _comparer_octets(octets, self.exportes[nom], fichier=fichier)
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


def _comparer_octets(octets: bytes, attendus: bytes, *, fichier: str) -> Releve:
    """Compare un fichier à ses octets recalculés ; l'écart dit la première ligne qui diffère."""
    trouvees, voulues = octets.splitlines(), attendus.splitlines()
    if octets == attendus:
        return Releve(fichier=fichier, lus=len(re.findall(rb"\d+(?:\.\d+)?", octets)))
    rang = next(
        (
            rang
            for rang, (trouvee, voulue) in enumerate(zip(trouvees, voulues, strict=False), start=1)
            if trouvee != voulue
        ),
        min(len(trouvees), len(voulues)) + 1,
    )
    ecart = Ecart(
        genre="difference",
        fichier=fichier,
        lieu=f"ligne {rang}",
        attendu=_ligne(voulues, rang),
        trouve=_ligne(trouvees, rang),
    )
    return Releve(fichier=fichier, ecarts=(ecart,))


def _ligne(lignes: list[bytes], rang: int) -> str:
    return lignes[rang - 1].decode(errors="replace")[:120] if rang <= len(lignes) else ""
