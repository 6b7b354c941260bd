"""Classeur de l'offre rempli à la main → table au schéma `SERVICES`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.geography.lieux import code_de_zone
from solidiag.geography.recherche import simplifier
from solidiag.model.observation import mettre_au_schema, table_vide
from solidiag.model.service import SERVICES
from solidiag.sources.classeurs.declaration import relire
from solidiag.sources.classeurs.lecture import ClasseurLu, LigneLue

LECTEUR_OFFRE = "offre_saisie"
"""Nom du lecteur dans les déclarations de fichiers."""

FEUILLE = "services"
SANS_CATEGORIE = "service-saisi"
"""Catégorie d'une ligne qui ne dit que ses domaines."""

_SIRET = 14


def controler_service(valeurs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parcourt les fautes d'une ligne : ce que deux cases disent ensemble, et que l'une taît."""
    if valeurs.get("capacite") is not None and valeurs.get("capacite_unite") is None:
        yield "capacite_unite", "dites l'unité de la capacité (places, postes…)"
    if (valeurs.get("latitude") is None) != (valeurs.get("longitude") is None):
        champ = "latitude" if valeurs.get("latitude") is None else "longitude"
        yield champ, "la latitude et la longitude vont ensemble : il en manque une"
    if valeurs.get("raison_fermeture") and not valeurs.get("ferme"):
        yield "ferme", "une raison de fermeture est écrite : dites « oui », ou effacez-la"
    siret = "".join(str(valeurs.get("siret") or "").split())
    if siret and not (siret.isdigit() and len(siret) == _SIRET):
        yield "siret", f"« {siret} » n'est pas un Siret : 14 chiffres attendus"


def lire_offre_saisie(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les services d'un classeur importé.

    Returns
    -------
    polars.DataFrame
        Au schéma `SERVICES`. ``ligne`` est celle du tableur ; une ligne sans catégorie porte
        ``service-saisi`` et les domaines qu'elle dit.

    Raises
    ------
    DeclarationInvalide, FormatInattendu
        Si le fichier ou sa déclaration n'est plus celui de l'import.
    """
    return services_de(relire(octets, source, fichier), source=source.id, fichier=fichier.id)


def services_de(lu: ClasseurLu, *, source: str, fichier: str = "fichier") -> pl.DataFrame:
    """Renvoie les services des lignes sans faute, au schéma `SERVICES`."""
    unites = lu.classeur.listes.get("unites", {})
    lignes = [
        _service(ligne, source=source, fichier=fichier, unites=unites)
        for ligne in lu.lignes.get(FEUILLE, ())
    ]
    if not lignes:
        return table_vide(SERVICES)
    return mettre_au_schema(pl.DataFrame(lignes, schema_overrides=SERVICES), SERVICES)


def _service(
    ligne: LigneLue, *, source: str, fichier: str, unites: Mapping[str, str]
) -> dict[str, Any]:
    lu = ligne.valeurs
    siret = "".join(str(lu.get("siret") or "").split()) or None
    point = lu.get("latitude") is not None
    fermeture = None
    if lu.get("ferme"):
        fermeture = lu.get("raison_fermeture") or "fermé, d'après le classeur"
    unite = lu.get("capacite_unite")
    return {
        "id": f"{source}:{_identifiant(lu)}",
        "source": source,
        "nom": lu["nom"],
        "categorie": lu.get("categorie") or SANS_CATEGORIE,
        "publics": lu.get("publics"),
        "domaines": lu.get("domaines"),
        "siret": siret,
        "code_insee": lu["commune"],
        "adresse": lu.get("adresse"),
        "latitude": lu.get("latitude"),
        "longitude": lu.get("longitude"),
        "precision_geo": "point" if point else "inconnue",
        "date_source": lu["date_source"],
        "capacite": lu.get("capacite"),
        "capacite_unite": unites.get(unite, unite) if unite else None,
        "saturation": lu.get("saturation"),
        "fermeture": fermeture,
        "horaires": lu.get("horaires"),
        "structure": lu.get("structure"),
        "zone_eligibilite": _zones(lu.get("zone_eligibilite")),
        "aller_vers": lu.get("aller_vers"),
        "modes_accueil": ["a-distance"] if lu.get("aller_vers") == "distance" else None,
        "etp": lu.get("etp"),
        "heures_hebdo": lu.get("heures_hebdo"),
        "delai_jours": lu.get("delai_jours"),
        "pilote": lu.get("pilote"),
        "financeurs": lu.get("financeurs"),
        "lien": lu.get("lien"),
        "identifiants": [f"siret:{siret}"] if siret else None,
        "origin": f"{source}/{fichier}",
        "ligne": ligne.rang,
        "remarque": lu.get("remarque"),
    }


def _zones(territoires: list[str] | None) -> list[str] | None:
    return [code_de_zone(t) for t in territoires] if territoires else None


def _identifiant(lu: Mapping[str, Any]) -> str:
    """Renvoie un identifiant qui ne dépend pas de la place de la ligne dans le tableur."""
    if lu.get("identifiant"):
        return simplifier(str(lu["identifiant"])).replace(" ", "-")
    champs = ("nom", "structure", "commune", "adresse", "categorie")
    texte = "|".join(simplifier(str(lu.get(champ) or "")) for champ in champs)
    return hashlib.sha256(texte.encode()).hexdigest()[:12]
