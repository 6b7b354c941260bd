"""Commande ``fiches`` : une fiche par domaine, ou la synthèse de l'offre."""

from __future__ import annotations

import argparse
from pathlib import Path

FORMATS = ("docx", "pdf", "html")


def _formats(texte: str) -> tuple[str, ...]:
    voulus = tuple(dict.fromkeys(nom.strip() for nom in texte.split(",") if nom.strip()))
    inconnus = [nom for nom in voulus if nom not in FORMATS]
    if inconnus or not voulus:
        raise argparse.ArgumentTypeError(
            f"format inconnu : {', '.join(inconnus) or '(aucun)'} ; choix : {', '.join(FORMATS)}"
        )
    return voulus


def declarer(commande: argparse.ArgumentParser) -> None:
    """Ajoute les arguments de la commande."""
    commande.add_argument(
        "code", metavar="CODE", help="code ou nom du département : 40, 2A, 974, Gironde"
    )
    commande.add_argument(
        "domaines",
        metavar="DOMAINE",
        nargs="*",
        help="domaine, par identifiant (aide-alimentaire) ou par libellé (défaut : les trente)",
    )
    commande.add_argument(
        "--synthese",
        action="store_true",
        help="écrire la synthèse de l'offre ; seule, si aucun domaine n'est nommé",
    )
    commande.add_argument(
        "--formats",
        metavar="LISTE",
        type=_formats,
        default=("docx", "pdf"),
        help="formats voulus, séparés par des virgules : docx, pdf, html (défaut : docx,pdf)",
    )
    commande.add_argument(
        "--vers",
        metavar="DOSSIER",
        type=Path,
        help="dossier de sortie (défaut : sorties/fiches-CODE, ou sorties/synthese-offre-CODE)",
    )


def executer(lus: argparse.Namespace) -> int:
    """Écrit les documents demandés ; renvoie le code de sortie."""
    from rich.console import Console

    from solidiag.cli.affichage import Suivi
    from solidiag.pipeline.synthese_offre import produire_fiches

    with Suivi() as suivi:
        fiches = produire_fiches(
            lus.code,
            domaines=lus.domaines,
            synthese=lus.synthese,
            formats=lus.formats,
            vers=lus.vers,
            suivi=suivi,
        )
    console = Console(highlight=False)
    for fichier in fiches.fichiers:
        console.print(f"Écrit : {fichier}", markup=False, soft_wrap=True)
    return 0
