"""Réseaux routiers : importer un extrait d'OpenStreetMap, le lister, le retirer."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solidiag.geography.referentiel import Referentiel
    from solidiag.pipeline.reseaux import ExamenReseau
    from solidiag.storage.depot import Depot


def est_un_extrait(chemin: Path) -> bool:
    """Dit si un fichier donné est un extrait d'OpenStreetMap, d'après ses octets."""
    from solidiag.sources.osm import est_un_extrait as reconnu

    return reconnu(chemin)


def importer(
    chemin: Path, lus: argparse.Namespace, *, depot: Depot, referentiel: Referentiel
) -> int:
    """Ajoute le réseau d'un extrait ; renvoie le code de sortie."""
    from solidiag.cli.sources import confirmer
    from solidiag.pipeline.reseaux import ajouter_reseau, examiner_reseau

    examen = examiner_reseau(chemin, depot=depot, referentiel=referentiel, progres=_dire)
    _montrer(examen)
    if not confirmer(oui=lus.oui):
        return 1
    jour = date.today()  # noqa: DTZ011
    sys.stdout.write(f"{ajouter_reseau(examen, depot=depot, jour=jour)}\n")
    return 0


def lister(depot: Depot) -> None:
    """Montre les réseaux importés, s'il y en a."""
    from solidiag.pipeline.reseaux import lister_reseaux

    for phrase in lister_reseaux(depot):
        sys.stdout.write(f"{phrase}\n")


def retirer(lus: argparse.Namespace, depot: Depot) -> bool:
    """Retire un réseau, si c'en est un ; renvoie ``False`` si ce n'en est pas un."""
    from solidiag.pipeline.reseaux import est_un_reseau, reseaux_de, retirer_reseau

    if not est_un_reseau(lus.nom, depot):
        return False
    if lus.detruire:
        nombre = reseaux_de(depot).detruire(lus.nom)
        s = "s" if nombre > 1 else ""
        sys.stdout.write(f"Réseau routier effacé ({nombre} version{s} de « {lus.nom} »).\n")
        return True
    sys.stdout.write(
        f"Réseau routier retiré ; il est gardé dans {retirer_reseau(lus.nom, depot=depot)}\n"
        f"Pour l'effacer : solidiag sources retirer {lus.nom} --detruire\n"
    )
    return True


def _dire(etape: str) -> None:
    sys.stderr.write(f"{etape}…\n")


def _montrer(examen: ExamenReseau) -> None:
    extrait = examen.extrait
    couverts = ", ".join(examen.departements)
    lignes = [
        examen.fichier,
        f"  Reconnu : réseau routier d'OpenStreetMap ({extrait.forme}), licence ODbL 1.0",
        f"    {_nombre(extrait.voies)} voies praticables ; {_nombre(len(extrait.reseau.latitude))} "
        f"points, {_nombre(len(extrait.reseau.de))} tronçons gardés",
        f"    départements couverts : {couverts}"
        if couverts
        else "    aucun département n'est couvert : ce réseau ne servira pas",
        "  L'extrait n'est pas gardé ; seul le réseau compact l'est.",
    ]
    if extrait.remarques:
        lignes.append("  À vérifier :")
        lignes += [f"    {remarque}" for remarque in extrait.remarques]
    sys.stdout.write("\n".join(lignes) + "\n")


def _nombre(n: int) -> str:
    return f"{n:,}".replace(",", "\u202f")
