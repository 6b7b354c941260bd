"""Commande ``solidiag reglages`` : ce qu'une personne du métier peut régler."""

from __future__ import annotations

import argparse


def declarer(commande: argparse.ArgumentParser, commun: argparse.ArgumentParser) -> None:
    """Ajoute les actions de la commande."""
    actions = commande.add_subparsers(
        dest="action", metavar="ACTION", help="à défaut, la liste des fichiers réglables"
    )
    for nom, aide in (
        ("copier", "Copier un fichier de réglages pour le modifier dans un éditeur de texte."),
        ("retirer", "Remettre le fichier livré ; le réglage est gardé à part."),
    ):
        action = actions.add_parser(nom, help=aide, description=aide, parents=[commun])
        action.add_argument(
            "nom", metavar="NOM", help="par exemple temps_de_trajet ou services/categories"
        )
    aide = "Contrôler les réglages : toutes les fautes sont dites."
    actions.add_parser("verifier", help=aide, description=aide, parents=[commun])


def executer(lus: argparse.Namespace) -> int:
    """Exécute l'action demandée ; sans action, liste les fichiers réglables."""
    from rich.console import Console
    from rich.markup import escape

    from solidiag.pipeline import reglages
    from solidiag.storage.depot import Depot

    depot, console = Depot(), Console(highlight=False, soft_wrap=True)
    if lus.action == "copier":
        console.print(f"À modifier : {escape(str(reglages.copier(depot, lus.nom)))}")
        console.print("Puis : solidiag reglages verifier, et relancez solidiag diagnostic.")
        return 0
    if lus.action == "retirer":
        rangee = reglages.retirer(depot, lus.nom)
        console.print(f"Le fichier livré est de nouveau lu. Réglage gardé : {escape(str(rangee))}")
        return 0
    if lus.action == "verifier":
        nombre = reglages.verifier_reglages(depot)
        console.print(f"{nombre} réglage{'s' if nombre > 1 else ''} sans faute.")
        for phrase in reglages.effets_des_categories(depot):
            console.print(f"[yellow]À savoir :[/] {escape(phrase)}")
    else:
        for reglage in reglages.reglages(depot):
            titre = f" : {reglage.titre}" if reglage.titre else ""
            console.print(f"[bold]{reglage.nom}[/]{escape(titre)}")
            for difference in reglage.differences:
                avant, apres = difference.livre or "absent", difference.regle or "absent"
                console.print(escape(f"    {difference.cle} : {avant} → {apres}"))
    for phrase in reglages.avertissements(depot):
        console.print(f"[yellow]Attention :[/] {escape(phrase)}")
    return 0
