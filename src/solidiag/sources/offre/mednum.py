"""Lieux de médiation numérique (schéma national, cartographie et Coop) : CSV, classeur ou JSON.

Le schéma a changé de noms de colonnes (``labels_nationaux`` est devenu
``dispositif_programmes_nationaux``, ``conditions_acces`` ``frais_a_charge``) : les deux se lisent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.sources.grilles import LIGNE, lire_grille
from solidiag.sources.offre.lignes import Contexte, joindre, jour_de, liste_de, nombre, sans_contact

LECTEUR = "mediation_numerique"

SANS_DISPOSITIF = "*"
"""Code de la table pour un lieu qui ne porte aucun dispositif connu."""

_EQUIVALENTES = {
    "dispositifs": ("dispositif_programmes_nationaux", "labels_nationaux"),
    "frais": ("frais_a_charge", "conditions_acces", "conditions_access"),
    "publics": ("publics_specifiquement_adresses", "publics_accueillis"),
    "structure": ("structure_parente", "pivot"),
}


def lire_mediation_numerique(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les lieux, une ligne par lieu.

    La catégorie est celle du premier dispositif du lieu que la table connaît, dans l'ordre de la
    table ; un lieu France services a sa propre liste, et n'est ici qu'un lieu de médiation.

    Raises
    ------
    FormatInattendu
        Colonne absente, coordonnée ou code qui n'en est pas un.
    DeclarationInvalide
        Options fautives.
    """
    contexte = Contexte.de(source, fichier)
    grille = lire_grille(octets, source, fichier, options=contexte.options.forme, colonnes=None)
    manquantes = [c for c in ("id", "nom", "commune", "date_maj") if c not in grille.columns]
    if manquantes:
        raise contexte.faute(f"la colonne « {manquantes[0]} »", ", ".join(grille.columns[:5]))
    return contexte.services(_lieu(lieu, contexte) for lieu in grille.iter_rows(named=True))


def _lieu(lieu: Mapping[str, Any], contexte: Contexte) -> dict[str, Any]:
    table = contexte.options.correspondance
    dispositifs = liste_de(_valeur(lieu, "dispositifs"))
    code = next((connu for connu in table.codes if connu in dispositifs), SANS_DISPOSITIF)
    regle = table.codes.get(code) or table.codes[SANS_DISPOSITIF]
    horaires = str(lieu.get("horaires") or "")
    pivot = str(lieu.get("pivot") or "")
    frais = [table.frais[f] for f in liste_de(_valeur(lieu, "frais")) if f in table.frais]
    itinerant = "itin" in str(lieu.get("itinerance") or "").lower()
    services = liste_de(lieu.get("services"))
    publics = [p for lu in liste_de(_valeur(lieu, "publics")) for p in table.publics.get(lu, ())]
    return {
        "id": lieu["id"],
        "nom": lieu["nom"],
        "categorie": regle.categorie,
        "thematiques": list(regle.thematiques),
        "publics": sorted(set(publics)),
        "siret": pivot,
        "code_insee": lieu.get("code_insee"),
        "code_postal": str(lieu.get("code_postal") or ""),
        "commune": lieu["commune"],
        "adresse": joindre([lieu.get("adresse"), lieu.get("complement_adresse")]),
        "latitude": nombre(lieu.get("latitude")),
        "longitude": nombre(lieu.get("longitude")),
        "date_source": jour_de(lieu.get("date_maj")),
        "horaires": horaires,
        "horaires_osm": horaires,
        "structure": lieu.get("structure_parente"),
        "description": sans_contact(" ; ".join(services)) or None,
        "frais": frais[0] if frais else None,
        "reseaux": list(regle.reseaux),
        "aller_vers": "itinerant" if itinerant else None,
        "identifiants": [f"mediation-numerique:{lieu['id']}"],
        "ligne": lieu[LIGNE],
        "remarque": f"dispositifs : {', '.join(dispositifs)}" if dispositifs else None,
    }


def _valeur(lieu: Mapping[str, Any], champ: str) -> Any:
    return next((lieu[nom] for nom in _EQUIVALENTES[champ] if lieu.get(nom)), "")
