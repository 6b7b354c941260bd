"""Importer un extrait d'OpenStreetMap, lister, contrôler et retirer les réseaux importés."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from solidiag.errors import DeclarationInvalide, DonneesError, FichierRefuse
from solidiag.geography.conventions_routes import conventions_par_mode
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.reseau_routier import ReseauRoutier
from solidiag.sources.osm import Extrait, Progres, lire_extrait
from solidiag.storage.ajouts import dossier_des_donnees
from solidiag.storage.depot import Depot
from solidiag.storage.reseaux import MENTION_ODBL, PREFIXE, Reseaux, nom_de_reseau

PART_COUVERTE = 0.95
"""Part des communes d'un département que le réseau doit desservir pour servir de fournisseur."""

_BLOC = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExamenReseau:
    """Ce qu'un extrait contient, avant de l'ajouter.

    Parameters
    ----------
    nom
        Nom que le réseau aura.
    sha256, taille
        Empreinte et taille (octets) de l'extrait.
    departements
        Départements dont presque toutes les communes sont desservies en voiture.
    """

    fichier: str
    nom: str
    extrait: Extrait
    sha256: str
    taille: int
    departements: tuple[str, ...]
    deja: bool


def reseaux_de(depot: Depot) -> Reseaux:
    """Renvoie les réseaux du dossier de données de la personne."""
    return Reseaux(depot.ajouts.racine if depot.ajouts is not None else dossier_des_donnees())


def conventions_routes(depot: Depot) -> Mapping[str, Any]:
    """Renvoie la déclaration ``routes``, contrôlée pour chaque mode.

    Raises
    ------
    DeclarationInvalide
        S'il y manque une clé, ou si une valeur est hors de ses limites.
    """
    contenu = depot.parametres("routes")
    try:
        conventions_par_mode(contenu)
    except (KeyError, TypeError, ValueError) as erreur:
        raise DeclarationInvalide("routes.yaml", [str(erreur)]) from erreur
    return contenu


def examiner_reseau(
    chemin: Path, *, depot: Depot, referentiel: Referentiel, progres: Progres | None = None
) -> ExamenReseau:
    """Renvoie le réseau qu'un extrait donne, sans rien ajouter.

    Raises
    ------
    FichierRefuse
        Si l'extrait est tronqué, d'une autre nature, vide ou trop grand.
    """
    conventions = conventions_routes(depot)
    extrait = lire_extrait(chemin, conventions=conventions, progres=progres)
    condense = hashlib.sha256()
    with chemin.open("rb") as flux:
        while bloc := flux.read(_BLOC):
            condense.update(bloc)
    nom = nom_de_reseau(chemin.name)
    reseaux = reseaux_de(depot)
    deja = False
    if nom in reseaux.noms():
        try:
            deja = reseaux.verrou(nom)["origine"]["sha256"] == condense.hexdigest()
        except (DonneesError, LookupError, TypeError):
            deja = False
    routier = ReseauRoutier(extrait.reseau, nom=nom, conventions=conventions)
    return ExamenReseau(
        fichier=chemin.name,
        nom=nom,
        extrait=extrait,
        sha256=condense.hexdigest(),
        taille=chemin.stat().st_size,
        departements=departements_couverts(routier, referentiel),
        deja=deja,
    )


def departements_couverts(routier: ReseauRoutier, referentiel: Referentiel) -> tuple[str, ...]:
    """Renvoie les départements dont le réseau dessert en voiture presque toutes les communes."""
    accroches = routier.itineraires("voiture").accrocher(referentiel.communes)
    parts = (
        referentiel.communes.select("departement", "latitude")
        .with_columns(pl.Series("pres", accroches.noeud >= 0))
        .filter(pl.col("latitude").is_not_null())
        .group_by("departement")
        .agg(pl.col("pres").mean())
        .filter(pl.col("pres") >= PART_COUVERTE)
    )
    return tuple(sorted(parts["departement"]))


def ajouter_reseau(examen: ExamenReseau, *, depot: Depot, jour: date) -> str:
    """Ajoute un réseau au dossier de données de la personne ; renvoie ce qui a été fait.

    Raises
    ------
    SortieImpossible
        Si le dossier ne s'écrit pas ; le réseau déjà là est intact.
    """
    if examen.deja:
        return f"Déjà ajouté, rien n'a changé : {examen.nom}"
    reseaux = reseaux_de(depot)
    remplace = examen.nom in reseaux.noms()
    reseaux.ajouter(
        examen.nom,
        examen.extrait.reseau,
        {
            "origine": {
                "fichier": examen.fichier,
                "sha256": examen.sha256,
                "taille": examen.taille,
                "forme": examen.extrait.forme,
            },
            "obtenu_le": jour.isoformat(),
            "obtenu": f"fichier donné sous le nom « {examen.fichier} »",
            "copie": "retravaillée par Solidiag : seules les voies praticables, coupées aux "
            "carrefours, sans leur nom",
            "licence": "ODbL-1.0",
            "mention": MENTION_ODBL,
            "departements": list(examen.departements),
            "remarques": list(examen.extrait.remarques),
        },
    )
    suite = " (le précédent est gardé dans « anciens »)" if remplace else ""
    return f"Ajouté : {examen.nom}{suite}"


def est_un_reseau(nom: str, depot: Depot) -> bool:
    """Dit si un nom est celui d'un réseau, présent ou déjà retiré."""
    reseaux = reseaux_de(depot)
    return nom in reseaux.noms() or (
        nom.startswith(PREFIXE) and any((reseaux.racine / "anciens").glob(f"{nom}.*"))
    )


def retirer_reseau(nom: str, *, depot: Depot) -> Path:
    """Retire un réseau ; renvoie le dossier où il est gardé.

    Raises
    ------
    FichierRefuse
        S'il n'y a pas de réseau de ce nom.
    """
    reseaux = reseaux_de(depot)
    if nom not in reseaux.noms():
        presents = ", ".join(reseaux.noms()) or "aucun"
        raise FichierRefuse(nom, "ce n'est pas un réseau importé", f"réseaux présents : {presents}")
    return reseaux.retirer(nom)


def lister_reseaux(depot: Depot) -> tuple[str, ...]:
    """Renvoie une phrase par réseau importé, en faute ou non."""
    reseaux = reseaux_de(depot)
    phrases = []
    for nom in reseaux.noms():
        try:
            verrou = reseaux.verrou(nom)
            couverts = ", ".join(verrou.get("departements", ())) or "aucun département entier"
            phrases.append(
                f"Réseau routier {nom} : {verrou['origine']['fichier']}, importé le "
                f"{verrou.get('obtenu_le', 'à une date inconnue')} ; {couverts} ; ODbL."
            )
        except (DonneesError, LookupError, TypeError) as erreur:
            phrases.append(f"Réseau routier {nom} : {erreur}")
    return tuple(phrases)


def controler_reseaux(depot: Depot) -> tuple[str, ...]:
    """Contrôle l'empreinte de chaque réseau ; renvoie une phrase par faute."""
    reseaux = reseaux_de(depot)
    fautes = []
    for nom in reseaux.noms():
        try:
            reseaux.lire(nom)
        except DonneesError as erreur:
            fautes.append(f"{erreur} Importez à nouveau l'extrait.")
    return tuple(fautes)
