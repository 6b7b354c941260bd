"""Les commandes ``solidiag sources`` : lister, ajouter, actualiser, contrôler, retirer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from solidiag.cli.classeurs import declarer as declarer_classeur


def declarer(sources: argparse.ArgumentParser, commun: argparse.ArgumentParser) -> None:
    """Ajoute les sous-commandes de ``solidiag sources`` à son analyseur."""
    actions = sources.add_subparsers(
        dest="action", metavar="ACTION", help="ce qu'il faut faire (défaut : lister)"
    )

    def action(nom: str, aide: str) -> argparse.ArgumentParser:
        return actions.add_parser(nom, help=aide, description=aide, parents=[commun])

    importer = action(
        "importer",
        "Ajouter un fichier : un fichier officiel, reconnu à sa forme, ou votre propre table.",
    )
    importer.add_argument(
        "fichiers",
        metavar="FICHIER",
        nargs="+",
        type=Path,
        help="CSV, XLSX, XLS, ODS, Parquet, ZIP…",
    )
    importer.add_argument(
        "--oui", action="store_true", help="ajouter sans demander de confirmation"
    )
    importer.add_argument(
        "--millesime", metavar="AAAA", default="", help="millésime, s'il n'est pas dans le fichier"
    )
    importer.add_argument(
        "--gabarit", metavar="NOM", default="", help="gabarit à employer, si plusieurs conviennent"
    )
    importer.add_argument(
        "--indicateur", action="store_true", help="faire de votre table un indicateur, pas à pas"
    )
    importer.add_argument(
        "--declaration",
        metavar="YAML",
        type=Path,
        help="faire de votre table un indicateur, d'après cette déclaration",
    )
    importer.add_argument(
        "--modele",
        metavar="YAML",
        type=Path,
        help="écrire une déclaration à remplir pour cette table, sans rien ajouter",
    )
    importer.add_argument(
        "--remplit",
        metavar="ID",
        default="",
        help="avec --modele : indicateur à demander que la table documente (titre, unité, sens)",
    )
    importer.add_argument(
        "--malgre-les-lignes-fautives",
        action="store_true",
        help="classeur ou liste remplis à la main : ajouter les lignes justes, et dire les autres",
    )
    importer.add_argument(
        "--zonage",
        metavar="TYPE",
        default="",
        help="liste des communes ou intercommunalités d'un contrat : crte, cls, pat, ctg, opah…",
    )
    importer.add_argument(
        "--colonne-nom",
        metavar="COLONNE",
        default="",
        help="avec --zonage : colonne du nom du contrat",
    )
    importer.add_argument(
        "--colonne-territoire",
        metavar="COLONNE",
        default="",
        help="avec --zonage : colonne du code (ou du nom) de la commune ou de l'intercommunalité",
    )
    declarer_classeur(
        action("classeur", "Écrire un classeur à remplir à la main : offre ou coordination.")
    )
    maj = action("maj", "Récupérer chez les producteurs les millésimes récents, et les ajouter.")
    maj.add_argument(
        "noms", metavar="SOURCE", nargs="*", help="sources ou gabarits (défaut : tous)"
    )
    maj.add_argument(
        "--departement",
        metavar="CODE",
        default="",
        help="département, pour les producteurs qui servent par département",
    )
    action("verifier", "Contrôler l'empreinte de chaque fichier embarqué ou ajouté.")
    retirer = action("retirer", "Retirer un fichier ajouté ; il est gardé dans « anciens ».")
    retirer.add_argument("nom", metavar="SOURCE", help="nom de la source ajoutée")
    retirer.add_argument(
        "--detruire",
        action="store_true",
        help="effacer pour de bon les octets reçus, de cet ajout et des précédents de même nom",
    )
    action("gabarits", "Lister les fichiers officiels que l'on sait reconnaître.")


def executer(lus: argparse.Namespace) -> int:
    """Exécute une action de ``solidiag sources`` ; renvoie son code de sortie."""
    actions: dict[str | None, Callable[[argparse.Namespace], int]] = {
        None: _lister,
        "importer": _importer,
        "classeur": _classeur,
        "maj": _maj,
        "verifier": _verifier,
        "retirer": _retirer,
        "gabarits": _gabarits,
    }
    return actions[lus.action](lus)


def _lister(lus: argparse.Namespace) -> int:
    from solidiag.cli.affichage import afficher_sources
    from solidiag.cli.affichage_sources import afficher_fautes
    from solidiag.cli.reseaux import lister as afficher_reseaux
    from solidiag.pipeline.inventaire_sources import inventorier
    from solidiag.pipeline.points import decrire_carreaux
    from solidiag.storage.depot import Depot

    del lus
    depot = Depot()
    afficher_sources(inventorier(depot))
    afficher_reseaux(depot)
    sys.stdout.write("".join(f"{phrase}\n" for phrase in decrire_carreaux(depot)))
    afficher_fautes(depot.fautes)
    return 1 if depot.fautes else 0


def _importer(lus: argparse.Namespace) -> int:
    if lus.indicateur or lus.declaration or lus.modele:
        from solidiag.cli.tables import importer_table

        return importer_table(lus)
    from solidiag.cli.affichage_sources import afficher_examen, afficher_resultats, avertir
    from solidiag.cli.classeurs import importer as importer_classeur
    from solidiag.cli.reseaux import est_un_extrait
    from solidiag.cli.reseaux import importer as importer_reseau
    from solidiag.cli.zonages import importer as importer_zonage
    from solidiag.errors import SolidiagError
    from solidiag.pipeline.calculs import charger_referentiel
    from solidiag.pipeline.classeurs import est_un_classeur
    from solidiag.pipeline.importation import ajouter, examiner, territoires_connus
    from solidiag.pipeline.points import (
        est_un_carroyage,
        est_un_fichier_d_iris,
        importer_carreaux,
        importer_iris,
    )
    from solidiag.storage.depot import Depot

    depot = Depot()
    referentiel = charger_referentiel(depot)
    connus = territoires_connus(referentiel)
    code = 0
    for chemin in lus.fichiers:
        try:
            if lus.zonage:
                code |= importer_zonage(chemin, lus, depot=depot, referentiel=referentiel)
                continue
            if est_un_extrait(chemin):
                code |= importer_reseau(chemin, lus, depot=depot, referentiel=referentiel)
                continue
            if est_un_carroyage(chemin):
                phrase = importer_carreaux(chemin, depot=depot, jour=date.today())  # noqa: DTZ011
                sys.stdout.write(f"{phrase}\n")
                continue
            if est_un_fichier_d_iris(chemin):
                phrase = importer_iris(
                    chemin,
                    depot=depot,
                    referentiel=referentiel,
                    jour=date.today(),  # noqa: DTZ011
                )
                sys.stdout.write(f"{phrase}\n")
                continue
            if est_un_classeur(chemin, depot):
                code |= importer_classeur(chemin, lus, depot=depot, referentiel=referentiel)
                continue
            examen = examiner(
                chemin, depot=depot, connus=connus, millesime=lus.millesime, gabarit=lus.gabarit
            )
            afficher_examen(examen, depot)
            if not confirmer(oui=lus.oui):
                code = 1
                continue
            afficher_resultats(ajouter(examen, depot=depot, jour=date.today()))  # noqa: DTZ011
        except SolidiagError as erreur:
            if lus.debug:
                raise
            avertir(str(erreur))
            code = 1
    return code


def _classeur(lus: argparse.Namespace) -> int:
    from solidiag.cli.classeurs import ecrire

    return ecrire(lus)


def interroger(question: str) -> str:
    """Pose une question dans le terminal, que Ctrl-C interrompt.

    La bibliothèque de tables remplace le traitement de l'interruption par un autre, qui relance la
    lecture : sans le remettre, Ctrl-C resterait sans effet jusqu'à « Entrée ».
    """
    import signal

    signal.signal(signal.SIGINT, signal.default_int_handler)
    return input(question).strip()


def confirmer(*, oui: bool) -> bool:
    """Demande s'il faut ajouter ; sans terminal ni ``--oui``, n'ajoute rien et le dit."""
    if oui:
        return True
    if not sys.stdin.isatty():
        sys.stdout.write("Rien n'est ajouté : relancez avec --oui pour confirmer.\n")
        return False
    reponse = interroger("Ajouter ? [o/N] ").lower()
    if reponse in ("o", "oui"):
        return True
    sys.stdout.write("Rien n'est ajouté.\n")
    return False


def _maj(lus: argparse.Namespace) -> int:
    from solidiag.cli.affichage_sources import afficher_actualisation
    from solidiag.pipeline.actualisation import mettre_a_jour
    from solidiag.storage.depot import Depot

    echecs = 0
    actualisations = mettre_a_jour(
        lus.noms,
        depot=Depot(),
        departement=lus.departement,
        jour=date.today(),  # noqa: DTZ011
    )
    for actualisation in actualisations:
        afficher_actualisation(actualisation)
        echecs += bool(actualisation.echec)
    return 1 if echecs else 0


def _verifier(lus: argparse.Namespace) -> int:
    from solidiag.cli.affichage_sources import afficher_controle
    from solidiag.pipeline.importation import controler_fichiers
    from solidiag.storage.depot import Depot

    del lus
    controle = controler_fichiers(Depot())
    afficher_controle(controle)
    return 1 if controle.fautes else 0


def _retirer(lus: argparse.Namespace) -> int:
    from solidiag.cli.reseaux import retirer as retirer_reseau
    from solidiag.pipeline.importation import detruire, retirer
    from solidiag.pipeline.points import retirer_carreaux
    from solidiag.storage.depot import Depot

    if retirer_reseau(lus, Depot()):
        return 0
    if retirer_carreaux(lus.nom, Depot()):
        sys.stdout.write("Points retirés : l'accès repart du point de chaque commune.\n")
        return 0
    if lus.detruire:
        nombre = detruire(lus.nom, depot=Depot())
        s = "s" if nombre > 1 else ""
        sys.stdout.write(
            f"Octets reçus effacés ({nombre} version{s} de « {lus.nom} »). Vos sauvegardes et "
            "l'original que vous avez donné ne le sont pas.\n"
        )
        return 0
    dossier = retirer(lus.nom, depot=Depot())
    sys.stdout.write(
        f"Ajout retiré ; il est gardé, octets reçus compris, dans {dossier}\n"
        f"Pour les effacer : solidiag sources retirer {lus.nom} --detruire\n"
    )
    return 0


def _gabarits(lus: argparse.Namespace) -> int:
    from solidiag.cli.affichage_sources import afficher_gabarits
    from solidiag.storage.depot import Depot

    del lus
    afficher_gabarits(Depot().gabarits.values())
    return 0
