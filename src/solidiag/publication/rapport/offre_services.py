"""Services d'un domaine qu'un annuaire ou une saisie fait connaître : une courte liste."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.grille import Domaine
from solidiag.offre.horaires import lire_horaires
from solidiag.publication.document import (
    Absence,
    Bloc,
    Cellule,
    Cle,
    Colonne,
    Ligne,
    Mention,
    Nombre,
    Tableau,
    Texte,
)
from solidiag.publication.francais import formater
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.tableaux import nombre_de

MONTRES = 8
"""Services listés dans la section d'un domaine ; les autres sont dans ``services.csv``."""
_AJOUTEES = "ajout."
"""Début de l'identifiant des sources que la personne a ajoutées : annuaire, classeur, liste."""
_JOURS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def services_ajoutes(matiere: Matiere, domaine: str) -> pl.DataFrame:
    """Renvoie les services distincts d'un domaine qui viennent d'une source ajoutée."""
    services = matiere.services.frame
    if services.is_empty():
        return services
    return (
        services.filter(
            pl.col("source").str.starts_with(_AJOUTEES),
            pl.col("domaines").list.contains(domaine).fill_null(value=False),
        )
        .unique("groupe", keep="first", maintain_order=True)
        .sort("commune", "nom", nulls_last=True)
    )


def liste_des_services(matiere: Matiere, domaine: Domaine) -> Iterator[Bloc]:
    """Renvoie la liste des services ajoutés d'un domaine, ou rien s'il n'y en a pas."""
    services = services_ajoutes(matiere, domaine.id)
    if services.is_empty():
        return
    reste = services.height - MONTRES
    suite: tuple[Ligne, ...] = ()
    if reste > 0:
        suite = (
            Texte("Et "),
            nombre_de(matiere, reste, f"autres_services:{domaine.id}"),
            Texte(" autres" if reste > 1 else " autre"),
            Texte(" dans "),
            Mention("services.csv", "reference"),
            Texte(". "),
        )
    yield Tableau(
        id=f"tab-{domaine.id}-services",
        legende=(Texte("Services connus par un annuaire ou une saisie"),),
        colonnes=(
            Colonne(entete="Service", largeur=3.4),
            Colonne(entete="Commune", largeur=2),
            Colonne(entete="Jours", largeur=2),
            Colonne(entete="Capacité", alignement="droite", largeur=1.4),
            Colonne(entete="Date", largeur=1.2),
        ),
        lignes=tuple(_rangee(s) for s in services.head(MONTRES).iter_rows(named=True)),
        notes=((*suite, Texte("Par ordre de commune. Cette liste n'est pas complète.")),),
    )


def _rangee(service: Mapping[str, Any]) -> tuple[Cellule, ...]:
    capacite: tuple[Ligne, ...] = (Absence("L"),)
    if service["capacite"] is not None:
        cle = Cle(indicateur=str(service["id"]), champ="capacite", table="services")
        capacite = (
            Nombre(formater(float(service["capacite"]), "nombre", decimales=0), cle),
            Mention(f" {service['capacite_unite'] or ''}".rstrip(), "nom"),
        )
    date = str(service["date_source"] or "")[:7]
    return (
        Cellule(contenu=(Mention(str(service["nom"]), "nom"),)),
        Cellule(contenu=(_ou_silence(service["commune"]),)),
        Cellule(contenu=(_ou_silence(_jours(service)),)),
        Cellule(contenu=capacite),
        Cellule(contenu=(Mention(date, "date"),) if date else (Texte("sans date"),)),
    )


def _ou_silence(texte: str | None) -> Ligne:
    return Mention(texte, "nom") if texte else Absence("L")


def _jours(service: Mapping[str, Any]) -> str:
    """Renvoie les jours d'ouverture connus, ou rien."""
    semaine = lire_horaires(service["horaires"]) or lire_horaires(service["horaires_osm"])
    if semaine is None:
        return ""
    return ", ".join(nom for nom, plages in zip(_JOURS, semaine.jours, strict=True) if plages)
