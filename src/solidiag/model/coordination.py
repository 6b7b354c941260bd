"""Coordination : acteurs, dispositifs, actions et liens, avec d'où chaque ligne vient."""

from __future__ import annotations

import polars as pl

_PROVENANCE: dict[str, pl.DataType] = {
    "provenance": pl.String(),
    "date_source": pl.String(),
    "source": pl.String(),
    "origin": pl.String(),
    "ligne": pl.UInt32(),
    "remarque": pl.String(),
}
"""``provenance`` : ``public`` (fichier d'un producteur), ``gabarit`` (classeur rempli par une
personne), ``deduit`` (calculé de l'inventaire, par exemple deux services au même lieu), ``texte``
(prévu par un texte, un label ou la grille : un rôle attendu, que rien ne constate). Ce qu'aucune
ligne ne dit est inconnu, jamais absent."""

CONSTATEES = ("public", "deduit", "gabarit")
"""Provenances qui constatent ; ``texte`` prévoit seulement."""

ACTEURS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "nom": pl.String(),
    "type": pl.String(),
    "competences": pl.List(pl.String()),
    "territoires": pl.List(pl.String()),
    "role": pl.String(),
    **_PROVENANCE,
}
"""Une institution, une association, un réseau. ``type`` : ``etat``, ``operateur``, ``departement``,
``bloc_communal``, ``region``, ``caisse``, ``sante``, ``association``, ``entreprise``, ``autre``.
``territoires`` : identifiants (``EPCI-…``, ``DEP-40``)."""

DISPOSITIFS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "type": pl.String(),
    "nom": pl.String(),
    "debut": pl.String(),
    "fin": pl.String(),
    "territoires": pl.List(pl.String()),
    "publics": pl.List(pl.String()),
    "budget": pl.Float64(),
    "budget_annee": pl.String(),
    "pilote": pl.String(),
    "financeurs": pl.List(pl.String()),
    "domaines": pl.List(pl.String()),
    "hors_champ": pl.Boolean(),
    **_PROVENANCE,
}
"""Un contrat, un plan, un zonage. ``type`` : clé de ``declarations/dispositifs``. ``pilote`` et
``financeurs`` : identifiants d'acteurs. ``budget`` en euros. Dates AAAA, AAAA-MM ou AAAA-MM-JJ."""

ACTIONS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "dispositif": pl.String(),
    "nom": pl.String(),
    "domaine": pl.String(),
    "but": pl.String(),
    "publics": pl.List(pl.String()),
    "territoires": pl.List(pl.String()),
    "acteur": pl.String(),
    "partenaires": pl.List(pl.String()),
    "debut": pl.String(),
    "fin": pl.String(),
    "budget": pl.Float64(),
    **_PROVENANCE,
}
"""Une action d'un dispositif. ``domaine`` : identifiant de la grille, ou ``hors-champ``."""

LIENS: dict[str, pl.DataType] = {
    "acteur_a": pl.String(),
    "acteur_b": pl.String(),
    "type": pl.String(),
    "domaine": pl.String(),
    "territoire": pl.String(),
    "objet": pl.String(),
    "mode": pl.String(),
    **_PROVENANCE,
}
"""Un lien entre deux acteurs. ``type`` : ``orientation`` (de a vers b), ``lieu_partage``,
``cofinancement``, ``convention``, ``pilotage``, ``instance``, ``meme_dispositif`` (deux acteurs
financés par le même contrat, sans échange connu) ou ``label`` (présence prévue). ``mode`` : comment
l'orientation se fait (``formulaire``, ``telephone``, ``logiciel``, ``permanence``...).
``domaine``, ``territoire`` vides : non précisés."""

PARCOURS: dict[str, pl.DataType] = {
    "territoire": pl.String(),
    "domaine": pl.String(),
    "etape": pl.String(),
    "etat": pl.String(),
    "acteur": pl.String(),
    "precision": pl.String(),
    **_PROVENANCE,
}
"""Parcours avec France Travail. ``etape`` : ``orientation``, ``diagnostic``, ``referent``,
``suivi``. ``etat`` : ``etabli``, ``absent`` (quelqu'un l'a écrit), ``inconnu``."""

ROLES: dict[str, pl.DataType] = {
    "domaine": pl.String(),
    "territoire": pl.String(),
    "acteur": pl.String(),
    "role": pl.String(),
    "nombre": pl.Int64(),
    "provenance": pl.String(),
    "origin": pl.String(),
}
"""Qui fait quoi où. ``role`` : ``pilote``, ``finance``, ``met_en_oeuvre``, ``accueille`` (un
service de l'inventaire), ``partenaire``. ``nombre`` : lignes qui le disent."""

CONSTATS_COORDINATION: dict[str, pl.DataType] = {
    "genre": pl.String(),
    "domaine": pl.String(),
    "territoire": pl.String(),
    "acteurs": pl.List(pl.String()),
    "dispositifs": pl.List(pl.String()),
    "objet": pl.String(),
    "date": pl.String(),
    "confiance": pl.String(),
}
"""``genre`` : ``chevauchement`` (même public, même territoire, même but), ``trou`` (domaine sans
acteur connu dans un territoire), ``orphelin`` (domaine qu'aucun dispositif connu ne porte),
``echeance`` (fin proche ou passée, ``date``), ``maillon_manquant`` (parcours France Travail).
``confiance`` : ``etabli``, ``a_verifier``, ``inconnu``."""

RESEAU: dict[str, pl.DataType] = {
    "acteur": pl.String(),
    "liens": pl.Int64(),
    "domaines": pl.Int64(),
    "intermediarite": pl.Float64(),
    "seul_pont": pl.Boolean(),
    "separes": pl.List(pl.String()),
    "provenance": pl.String(),
}
"""Place de chaque acteur dans le réseau des liens constatés (voir `CONSTATEES`), hors
``meme_dispositif``. ``seul_pont`` : sans lui, des acteurs ne
seraient plus reliés (``separes`` les nomme). ``intermediarite`` de 0 à 1 (Freeman, 1977). Les deux
sont vides si les liens de travail sont trop peu (voir `solidiag.offre.coordination.reseau`)."""

FRANCE_TRAVAIL: dict[str, pl.DataType] = {
    "territoire": pl.String(),
    "agences": pl.Int64(),
    "communes": pl.List(pl.String()),
    "date_source": pl.String(),
    "temps": pl.Float64(),
    "temps_bas": pl.Float64(),
    "temps_haut": pl.Float64(),
    "temps_statut": pl.String(),
    "liens": pl.Int64(),
    "lieux_partages": pl.Int64(),
    "maillon": pl.String(),
    "maillon_etat": pl.String(),
}
"""France Travail dans un territoire : agences du fichier, temps estimé jusqu'à la plus proche
(minutes ; ``temps_statut`` dit pourquoi il manque), liens constatés, et premier maillon du parcours
qui n'est pas établi (vide s'ils le sont tous), avec son état (``absent`` ou ``inconnu``)."""

LIENS_FRANCE_TRAVAIL: dict[str, pl.DataType] = {
    "domaine": pl.String(),
    "acteur": pl.String(),
    "type": pl.String(),
    "mode": pl.String(),
    "territoire": pl.String(),
    "domaine_dit": pl.Boolean(),
    "provenance": pl.String(),
    "origin": pl.String(),
}
"""Liens de France Travail par domaine. ``domaine_dit`` : la ligne du lien dit le domaine ; sinon
c'est un domaine où l'autre acteur a un rôle constaté. ``provenance`` ``texte`` : lien prévu par un
label, que rien ne constate."""

TABLES_COORDINATION: dict[str, dict[str, pl.DataType]] = {
    "acteurs": ACTEURS,
    "dispositifs": DISPOSITIFS,
    "actions": ACTIONS,
    "liens": LIENS,
    "parcours": PARCOURS,
    "roles": ROLES,
    "constats": CONSTATS_COORDINATION,
    "reseau": RESEAU,
    "france_travail": FRANCE_TRAVAIL,
    "liens_france_travail": LIENS_FRANCE_TRAVAIL,
}
"""Tables publiées, par nom. Publiée, chacune porte en tête ``rang``, le numéro de sa ligne."""
