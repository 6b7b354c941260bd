"""Structures d'insertion par l'activité économique : API « siaes » des emplois de l'inclusion.

Téléphones et courriels sont laissés. Le fichier dit les recrutements ouverts, jamais les postes
conventionnés : aucune capacité n'en est tirée.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.sources.offre.lignes import Contexte, elements, joindre, jour_de, nombre, sans_contact

LECTEUR = "siae"


def lire_siae(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les structures, une ligne par Siret et par type.

    Raises
    ------
    FormatInattendu
        JSON abîmé, ou structure sans Siret ni type.
    DeclarationInvalide
        Options fautives.

    Notes
    -----
    ``bloque_candidatures`` : la structure ne prend plus de candidature, ce que l'on note saturé.
    """
    contexte = Contexte.de(source, fichier)
    structures = contexte.json(octets, cles=("results",))
    return contexte.services(_lignes(structures, contexte))


def _lignes(structures: list[dict[str, Any]], contexte: Contexte) -> Iterator[dict[str, Any]]:
    table = contexte.options.correspondance
    vues: set[str] = set()
    for rang, structure in enumerate(structures):
        siret, genre = str(structure.get("siret") or ""), str(structure.get("type") or "")
        if not siret or not genre:
            raise contexte.faute(
                "des structures qui ont « siret » et « type »", f"une sans, au rang {rang + 1}"
            )
        regle = table.codes.get(genre)
        cle = f"{siret}-{genre}"
        # Deux conventions d'un même type au même Siret sont deux fiches de la même structure.
        if cle in vues or (regle is not None and not regle.categorie):
            continue
        vues.add(cle)
        inconnu = "" if regle else f"type « {genre} » qui n'est pas dans la table"
        libelle = regle.libelle if regle else genre
        yield {
            "id": cle,
            "nom": structure.get("enseigne") or structure.get("raison_sociale"),
            "structure": structure.get("raison_sociale"),
            "categorie": regle.categorie if regle else "non-classe",
            "siret": siret,
            "adresse": joindre(
                [structure.get("addresse_ligne_1"), structure.get("addresse_ligne_2")]
            ),
            "code_postal": structure.get("code_postal"),
            "commune": structure.get("ville"),
            "date_source": jour_de(structure.get("mis_a_jour_le")),
            "description": sans_contact(str(structure.get("description") or "")) or None,
            "saturation": "sature" if structure.get("bloque_candidatures") is True else None,
            "identifiants": [f"siret:{siret}"],
            "ligne": rang + 2,
            "remarque": joindre([libelle, inconnu, _postes(structure)], " ; "),
        }


def _postes(structure: Mapping[str, Any]) -> str:
    ouverts = [
        nombre(poste.get("nombre_postes_ouverts")) or 1
        for poste in elements(structure.get("postes"))
        if isinstance(poste, dict) and str(poste.get("recrutement_ouvert")).lower() == "true"
    ]
    total = int(sum(ouverts))
    return (
        f"{total} poste{'s' * (total > 1)} ouvert{'s' * (total > 1)} au recrutement"
        if total
        else ""
    )
