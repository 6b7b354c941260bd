"""Importer la liste des territoires d'un contrat : la montrer, demander, l'ajouter."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solidiag.geography.referentiel import Referentiel
    from solidiag.pipeline.zonages_import import ExamenZonage
    from solidiag.storage.depot import Depot

_CONTRATS_MONTRES = 8


def importer(
    chemin: Path, lus: argparse.Namespace, *, depot: Depot, referentiel: Referentiel
) -> int:
    """Ajoute une liste ; renvoie le code de sortie.

    Des lignes écartées parce que fautives font un code de sortie 1 : tout n'est pas entré.
    """
    from solidiag.cli.affichage_sources import afficher_resultats
    from solidiag.cli.sources import confirmer
    from solidiag.pipeline.zonages_import import ajouter_zonage, examiner_zonage

    jour = date.today()  # noqa: DTZ011
    examen = examiner_zonage(
        chemin,
        depot=depot,
        referentiel=referentiel,
        zonage=lus.zonage,
        jour=jour,
        colonne_nom=lus.colonne_nom,
        colonne_territoire=lus.colonne_territoire,
        millesime=lus.millesime,
        malgre_les_fautes=lus.malgre_les_lignes_fautives,
    )
    _montrer(examen)
    if not confirmer(oui=lus.oui):
        return 1
    afficher_resultats([ajouter_zonage(examen, depot=depot, jour=jour)])
    return 1 if examen.ecartees else 0


def _montrer(examen: ExamenZonage) -> None:
    s = "s" if len(examen.contrats) > 1 else ""
    options = examen.source.fichiers[0].options
    lignes = [
        examen.nom,
        f"  Zonage : {examen.genre.titre}",
        f"    territoires : colonne « {options['territoire']} » ; "
        f"nom : colonne « {options['nom']} »",
        f"    {examen.lignes} ligne{'s' * (examen.lignes > 1)}, {len(examen.contrats)} contrat{s}, "
        f"{examen.communes} commune{'s' * (examen.communes > 1)}",
        *(f"    - {contrat}" for contrat in examen.contrats[:_CONTRATS_MONTRES]),
    ]
    reste = len(examen.contrats) - _CONTRATS_MONTRES
    if reste > 0:
        lignes.append(f"    … et {reste} autre{'s' * (reste > 1)}")
    if examen.remplace:
        lignes.append("    remplace la précédente, qui sera gardée dans « anciens »")
    if examen.ecartees:
        lignes.append("  Écartées :")
        lignes += [f"    {faute}" for faute in examen.ecartees]
    if examen.remarques:
        lignes.append("  À vérifier :")
        lignes += [f"    {remarque}" for remarque in examen.remarques]
    sys.stdout.write("\n".join(lignes) + "\n")
