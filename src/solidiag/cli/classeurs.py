"""Classeurs remplis à la main : en écrire un vierge, en importer un rempli."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solidiag.geography.referentiel import Referentiel
    from solidiag.pipeline.classeurs import ExamenClasseur
    from solidiag.storage.depot import Depot

NOMS = ("offre", "coordination")
_MONTRES = 8


def declarer(classeur: argparse.ArgumentParser) -> None:
    """Ajoute les arguments de ``solidiag sources classeur``."""
    classeur.add_argument(
        "nom",
        metavar="NOM",
        choices=NOMS,
        help="offre (une ligne par service) ou coordination (acteurs, dispositifs, liens…)",
    )
    classeur.add_argument(
        "--departement",
        metavar="CODE",
        required=True,
        help="département dont les communes font les listes déroulantes",
    )
    classeur.add_argument(
        "--vers", metavar="FICHIER", type=Path, help="fichier à écrire (défaut : NOM-CODE.xlsx)"
    )
    classeur.add_argument(
        "--organisme",
        metavar="NOM",
        default="",
        help="qui le remplira : deux organismes ont ainsi chacun leur classeur",
    )


def ecrire(lus: argparse.Namespace) -> int:
    """Écrit un classeur vierge ; renvoie le code de sortie."""
    from solidiag.pipeline.calculs import charger_referentiel
    from solidiag.pipeline.classeurs import ecrire_vierge
    from solidiag.storage.depot import Depot

    depot = Depot()
    chemin = ecrire_vierge(
        lus.nom,
        departement=lus.departement,
        vers=lus.vers,
        depot=depot,
        referentiel=charger_referentiel(depot),
        jour=date.today(),  # noqa: DTZ011
        organisme=lus.organisme.strip(),
    )
    sys.stdout.write(
        f"Classeur écrit : {chemin}\nQuand il est rempli : solidiag sources importer {chemin}\n"
    )
    return 0


def importer(
    chemin: Path, lus: argparse.Namespace, *, depot: Depot, referentiel: Referentiel
) -> int:
    """Ajoute un classeur rempli ; renvoie le code de sortie.

    Des lignes fautives, écartées parce que la personne l'a demandé, sont dites et n'en font pas
    une erreur : des lignes sont entrées.
    """
    from solidiag.cli.affichage_sources import afficher_resultats
    from solidiag.cli.sources import confirmer
    from solidiag.pipeline.classeurs import ajouter_classeur, examiner_classeur

    jour = date.today()  # noqa: DTZ011
    examen = examiner_classeur(
        chemin,
        depot=depot,
        referentiel=referentiel,
        jour=jour,
        malgre_les_fautes=lus.malgre_les_lignes_fautives,
    )
    _montrer(examen)
    if not confirmer(oui=lus.oui):
        return 1
    afficher_resultats([ajouter_classeur(examen, depot=depot, jour=jour)])
    if examen.fautives:
        s = "s" if examen.fautives > 1 else ""
        bonnes = examen.lu.bonnes
        sys.stdout.write(
            f"{bonnes} ligne{'s' * (bonnes > 1)} ajoutée{'s' * (bonnes > 1)} ; {examen.fautives} "
            f"fautive{s}, mise{s} de côté.\n"
        )
    return 0


def _montrer(examen: ExamenClasseur) -> None:
    lu = examen.lu
    lignes = [examen.nom, f"  Reconnu : {examen.source.titre}"]
    for feuille in lu.classeur.feuilles:
        nombre = len(lu.lignes.get(feuille.id, ()))
        if nombre:
            lignes.append(f"    {feuille.titre} : {nombre} ligne{'s' * (nombre > 1)}")
    for quoi, noms in (("Domaines", examen.domaines), ("Communes", examen.communes)):
        if noms:
            suite = f" ; et {len(noms) - _MONTRES} autres" if len(noms) > _MONTRES else ""
            lignes.append(f"    {quoi} ({len(noms)}) : {' ; '.join(noms[:_MONTRES])}{suite}")
    if examen.remplace:
        lignes.append("    remplace le précédent, qui sera gardé dans « anciens »")
    if lu.fautes:
        s = "s" if examen.fautives > 1 else ""
        lignes.append(f"  Écartées, {examen.fautives} ligne{s} fautive{s} :")
        lignes += [f"    {faute}" for faute in lu.fautes]
    if examen.remarques:
        lignes.append("  À vérifier :")
        lignes += [f"    {remarque}" for remarque in examen.remarques]
    sys.stdout.write("\n".join(lignes) + "\n")
