"""Classeur de la coordination rempli à la main → tables de `solidiag.model.coordination`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.model.coordination import ACTEURS, ACTIONS, DISPOSITIFS, LIENS, PARCOURS
from solidiag.model.observation import mettre_au_schema, table_vide
from solidiag.sources.classeurs.declaration import relire
from solidiag.sources.classeurs.lecture import ClasseurLu, identifiant

LECTEUR_COORDINATION = "coordination_saisie"
"""Nom du lecteur dans les déclarations de fichiers."""

TABLES: dict[str, dict[str, pl.DataType]] = {
    "acteurs": ACTEURS,
    "dispositifs": DISPOSITIFS,
    "actions": ACTIONS,
    "liens": LIENS,
    "parcours": PARCOURS,
}
"""Feuille → schéma de la table qu'elle donne."""

PROVENANCE = "gabarit"
_AVEC_IDENTIFIANT = ("acteurs", "dispositifs", "actions")


def lire_coordination(octets: bytes, source: Source, fichier: Fichier) -> dict[str, pl.DataFrame]:
    """Renvoie les tables d'un classeur de coordination importé.

    Returns
    -------
    dict
        ``acteurs``, ``dispositifs``, ``actions``, ``liens``, ``parcours``, chacune à son schéma
        (vide si la feuille l'est). ``provenance`` vaut ``gabarit``. Les renvois (pilote, acteur…)
        sont des identifiants de la même lecture.

    Raises
    ------
    DeclarationInvalide, FormatInattendu
        Si le fichier ou sa déclaration n'est plus celui de l'import.
    """
    lu = relire(octets, source, fichier)
    return tables_de(lu, source=source.id, fichier=fichier.id)


def tables_de(lu: ClasseurLu, *, source: str, fichier: str = "fichier") -> dict[str, pl.DataFrame]:
    """Renvoie les tables des lignes sans faute."""
    return {
        nom: _table(lu, nom, schema, origine=f"{source}/{fichier}")
        for nom, schema in TABLES.items()
    }


def _table(
    lu: ClasseurLu, nom: str, schema: Mapping[str, pl.DataType], *, origine: str
) -> pl.DataFrame:
    lignes: list[dict[str, Any]] = []
    for ligne in lu.lignes.get(nom, ()):
        valeurs = {champ: v for champ, v in ligne.valeurs.items() if champ in schema}
        if nom in _AVEC_IDENTIFIANT:
            valeurs["id"] = identifiant(ligne.valeurs)
        if nom == "dispositifs":
            valeurs["hors_champ"] = bool(valeurs.get("hors_champ"))
        valeurs["source"] = valeurs.get("source") or origine.partition("/")[0]
        valeurs |= {"provenance": PROVENANCE, "origin": origine, "ligne": ligne.rang}
        lignes.append(valeurs)
    if not lignes:
        return table_vide(dict(schema))
    return mettre_au_schema(pl.DataFrame(lignes, schema_overrides=dict(schema)), dict(schema))


def controler_dispositif(valeurs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parcourt les fautes d'un dispositif : dates à l'envers, domaine et hors champ à la fois."""
    yield from controler_dates(valeurs)
    if valeurs.get("hors_champ") and valeurs.get("domaines"):
        yield "hors_champ", "des domaines sont écrits : effacez-les, ou dites « non »"


def controler_dates(valeurs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parcourt les fautes d'une période : une fin avant son début."""
    debut, fin = valeurs.get("debut"), valeurs.get("fin")
    if debut and fin and fin < debut[: len(fin)]:
        yield "fin", f"la fin ({fin}) est avant le début ({debut})"


def controler_lien(valeurs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parcourt les fautes d'un lien : un acteur relié à lui-même."""
    if valeurs.get("acteur_a") and valeurs.get("acteur_a") == valeurs.get("acteur_b"):
        yield "acteur_b", "l'acteur est relié à lui-même"
