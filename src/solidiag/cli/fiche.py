"""Commande ``profil`` : arguments, et la fiche dans le terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from solidiag.pipeline.profil import Demandeur, Profil
    from solidiag.publication.document import Bloc, Tableau

FORMATS_DE_FICHE = ("texte", "docx", "pdf", "html")
_TERRITOIRES_MAXIMUM = 2
_PREMIERE_COLONNE = 24
"""Largeur (signes) laissée au nom d'un indicateur, même dans un terminal étroit."""


def _formats(texte: str) -> tuple[str, ...]:
    voulus = tuple(dict.fromkeys(nom.strip() for nom in texte.split(",") if nom.strip()))
    inconnus = [nom for nom in voulus if nom not in FORMATS_DE_FICHE]
    if inconnus or not voulus:
        raise argparse.ArgumentTypeError(
            f"format inconnu : {', '.join(inconnus) or '(aucun)'} ; "
            f"choix : {', '.join(FORMATS_DE_FICHE)}"
        )
    return voulus


def declarer(profil: argparse.ArgumentParser) -> None:
    """Ajoute les arguments de la commande."""
    profil.add_argument(
        "codes",
        metavar="CODE",
        nargs="*",
        help=(
            "un territoire, ou deux côte à côte : 40088, Dax, 244000675, 40, REG-75, BV-40088, "
            "ZE-7505, CAN-4001 (canton), PVD-40, FRR-40, ACV-40, TI-40, QPV-40, RURAL-40 "
            "(communes d'un zonage)"
        ),
    )
    declarer_territoire_propre(profil)
    profil.add_argument("--nom", metavar="NOM", default="", help="nom du territoire propre")
    profil.add_argument(
        "--vers",
        metavar="DOSSIER",
        type=Path,
        help="dossier de sortie (défaut : sorties/profil-CODE) ; sans --formats, tous s'écrivent",
    )
    profil.add_argument(
        "--formats",
        metavar="LISTE",
        type=_formats,
        help="formats voulus, séparés par des virgules : texte (au terminal), docx, pdf, html "
        "(défaut : texte)",
    )


def declarer_territoire_propre(commande: argparse.ArgumentParser) -> None:
    """Ajoute de quoi donner un territoire propre : une liste de communes ou un dessin."""
    commande.add_argument(
        "--communes",
        metavar="LISTE",
        type=Path,
        help="territoire propre : fichier CSV, TXT ou XLSX de codes de communes",
    )
    commande.add_argument(
        "--geojson", metavar="FICHIER", type=Path, help="territoire propre : dessin GeoJSON"
    )


def executer_profil(lus: argparse.Namespace) -> int:
    """Produit la fiche demandée ; renvoie le code de sortie."""
    import sys

    from solidiag.pipeline.profil import profiler

    demandeurs = _demandeurs(lus)
    if not 1 <= len(demandeurs) <= _TERRITOIRES_MAXIMUM:
        sys.stderr.write(
            "Donnez un ou deux territoires : un code, --communes ou --geojson. "
            "Voir « solidiag profil --help ».\n"
        )
        return 2
    formats = lus.formats or (FORMATS_DE_FICHE if lus.vers else ("texte",))
    profil = profiler(demandeurs, vers=lus.vers, formats=formats)
    afficher_profil(profil, texte="texte" in formats)
    return 0


def _demandeurs(lus: argparse.Namespace) -> list[Demandeur]:
    from solidiag.pipeline.profil import par_code

    return [par_code(code) for code in lus.codes] + demandeurs_propres(lus, nom=lus.nom)


def demandeurs_propres(lus: argparse.Namespace, *, nom: str = "") -> list[Demandeur]:
    """Renvoie de quoi lire les territoires propres donnés à une commande."""
    from solidiag.pipeline.profil_territoires import de_dessin, de_liste

    demandeurs: list[Demandeur] = []
    if lus.communes is not None:
        demandeurs.append(lambda ref, _depot: de_liste(lus.communes, ref, nom=nom))
    if lus.geojson is not None:
        demandeurs.append(lambda ref, depot: de_dessin(lus.geojson, ref, depot.octets, nom=nom))
    return demandeurs


def afficher_profil(profil: Profil, *, texte: bool = True) -> None:
    """Montre la fiche dans le terminal, puis les fichiers écrits."""
    from rich.console import Console

    console = Console(highlight=False)
    if texte:
        _montrer(profil, console)
    for fichier in profil.fichiers:
        console.print(f"Écrit : {fichier}", markup=False, soft_wrap=True)


def _montrer(profil: Profil, console: Console) -> None:
    from rich.text import Text

    from solidiag.publication.document import texte_brut

    document = profil.document
    console.print(Text(document.territoire, style="dim"))
    console.print(Text(document.titre, style="bold"))
    if document.sous_titre:
        console.print(Text(document.sous_titre))
    for ligne in document.couverture:
        console.print(Text(texte_brut(ligne)))
    console.print(Text(f"{document.mention} · {document.date}", style="italic"))
    for bloc in document.blocs:
        _montrer_bloc(bloc, console)


def _montrer_bloc(bloc: Bloc, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from solidiag.publication.document import Liste, Paragraphe, Tableau, Titre, texte_brut

    match bloc:
        case Titre():
            console.print()
            console.print(Text(texte_brut(bloc.contenu), style="bold"))
        case Paragraphe():
            style = "dim" if bloc.style in ("note", "source") else ""
            console.print(Text(texte_brut(bloc.contenu), style=style))
        case Liste():
            for element in bloc.elements:
                console.print(Padding(Text(f"• {texte_brut(element)}"), (0, 0, 0, 2)))
        case Tableau():
            _montrer_tableau(bloc, console)
        case _:
            return


def _montrer_tableau(tableau: Tableau, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    from solidiag.publication.document import texte_brut

    table = Table(box=None, pad_edge=False, header_style="bold")
    for rang, colonne in enumerate(tableau.colonnes):
        table.add_column(
            colonne.entete,
            justify="right" if colonne.alignement == "droite" else "left",
            overflow="fold",
            min_width=_PREMIERE_COLONNE if rang == 0 else 8,
        )
    for rangee in (*tableau.references, *tableau.lignes):
        table.add_row(*(Text(texte_brut(cellule.contenu)) for cellule in rangee))
    console.print(table)
    for note in tableau.notes:
        console.print(Text(texte_brut(note), style="dim"))
