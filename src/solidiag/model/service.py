"""Service : une offre d'accompagnement, dans le modèle data·inclusion v1 complété."""

from __future__ import annotations

import polars as pl

SERVICES: dict[str, pl.DataType] = {
    "id": pl.String(),
    "source": pl.String(),
    "nom": pl.String(),
    "categorie": pl.String(),
    "thematiques": pl.List(pl.String()),
    "publics": pl.List(pl.String()),
    "domaines": pl.List(pl.String()),
    "siret": pl.String(),
    "commune": pl.String(),
    "code_insee": pl.String(),
    "code_postal": pl.String(),
    "adresse": pl.String(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "precision_geo": pl.String(),
    "date_source": pl.String(),
    "capacite": pl.Float64(),
    "capacite_unite": pl.String(),
    "saturation": pl.String(),
    "fermeture": pl.String(),
    "horaires": pl.String(),
    "horaires_osm": pl.String(),
    "structure": pl.String(),
    "description": pl.String(),
    "type_service": pl.String(),
    "frais": pl.String(),
    "modes_accueil": pl.List(pl.String()),
    "modes_mobilisation": pl.List(pl.String()),
    "mobilisable_par": pl.List(pl.String()),
    "reseaux": pl.List(pl.String()),
    "zone_eligibilite": pl.List(pl.String()),
    "aller_vers": pl.String(),
    "etp": pl.Float64(),
    "heures_hebdo": pl.Float64(),
    "delai_jours": pl.Float64(),
    "pilote": pl.String(),
    "financeurs": pl.List(pl.String()),
    "lien": pl.String(),
    "identifiants": pl.List(pl.String()),
    "date_fin": pl.String(),
    "origin": pl.String(),
    "ligne": pl.UInt32(),
    "groupe": pl.String(),
    "motif_groupe": pl.String(),
    "remarque": pl.String(),
}
"""Table des services, une ligne par ligne de source.

``code_insee`` est celui du COG courant. ``precision_geo`` : ``point``, ``rue``, ``commune``,
``douteuse`` (point hors de la commune dite), ``inconnue``. ``date_source`` : AAAA, AAAA-MM ou
AAAA-MM-JJ. ``groupe`` réunit les lignes qui décrivent le même service (identifiant de la ligne
gardée), ``motif_groupe`` dit pourquoi. ``remarque`` : ce que le lecteur doit savoir de la ligne
(bus, postes au siège, commune déduite du code postal...).

``horaires`` est le texte de la source ; ``horaires_osm`` le même au format OpenStreetMap, s'il y
est. ``structure`` : nom de l'organisme qui rend le service. ``type_service``, ``frais``,
``modes_accueil``, ``modes_mobilisation``, ``mobilisable_par``, ``reseaux`` : vocabulaires de
data·inclusion v1. ``zone_eligibilite`` : codes Insee de commune (5 caractères), d'EPCI (9), de
département (2 ou 3), pays (``france``) ; vide : partout. ``aller_vers`` : ``itinerant`` (bus,
tournée), ``permanence`` (lieu d'un autre, certains jours), ``domicile``, ``distance``, ou rien.
``capacite`` porte son unité (``places``, ``postes``, ``lits``...) ; ``etp`` et ``heures_hebdo``
s'y ajoutent. ``delai_jours`` : attente avant le premier rendez-vous. ``saturation`` : ``sature``,
``liste_attente``, ``disponible``, ou rien (inconnue). ``identifiants`` : ``finess:400000123``,
``siret:...``, ``soliguide:...``. ``date_fin`` : fin connue du service ou de son financement.
"""

ECARTS: dict[str, pl.DataType] = {
    "domaine": pl.String(),
    "territoire": pl.String(),
    "classe": pl.String(),
    "confiance": pl.String(),
    "besoin": pl.String(),
    "offre": pl.String(),
    "besoin_valeur": pl.Float64(),
    "besoin_reference": pl.Float64(),
    "offre_valeur": pl.Float64(),
    "offre_reference": pl.Float64(),
    "motif": pl.String(),
    "detenteur": pl.String(),
}
"""Matrice domaine × EPCI, une ligne par paire.

``classe`` : ``tension``, ``vigilance``, ``couvert``, ``a_redeployer``, ``presence_seulement``,
``non_mesure``. ``besoin`` et ``offre`` sont les identifiants des indicateurs comparés.
"""

PRIORITES: dict[str, pl.DataType] = {
    "domaine": pl.String(),
    "score": pl.Float64(),
    "rang": pl.Int32(),
    "rang_min": pl.Int32(),
    "rang_max": pl.Int32(),
    "rang_p05": pl.Int32(),
    "rang_p95": pl.Int32(),
    "robustesse": pl.String(),
    "statut": pl.String(),
    "criteres_documentes": pl.Int32(),
    "criteres_total": pl.Int32(),
    "motif": pl.String(),
}
"""Domaines mis en ordre par un score transparent, avec l'étendue des rangs.

``statut`` : ``classe`` ; ``presence`` (offre connue par sa seule présence), ``approche`` (besoin
qu'aucun indicateur propre ne mesure) ou ``non_classe`` (à documenter), tous trois sans score ni
rang. ``rang_p05`` et ``rang_p95`` : neuf tirages de poids sur dix ; ``rang_min`` et ``rang_max`` :
tous les tirages. ``robustesse`` : ``robuste``, ``discutable``, ``sensible``.
"""
