"""Les commandes de ``solidiag`` ; chacune n'importe ce qu'il lui faut qu'à l'exécution."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from solidiag import __version__
from solidiag.cli.fiche import declarer as declarer_profil
from solidiag.cli.fiche import declarer_territoire_propre, demandeurs_propres, executer_profil
from solidiag.cli.fiches import declarer as declarer_fiches
from solidiag.cli.offre import declarer as declarer_offre
from solidiag.cli.reglages import declarer as declarer_reglages
from solidiag.cli.sources import declarer

FORMATS = ("docx", "odt", "pdf", "site", "donnees")


def _formats(texte: str) -> tuple[str, ...]:
    voulus = tuple(dict.fromkeys(nom.strip() for nom in texte.split(",") if nom.strip()))
    inconnus = [nom for nom in voulus if nom not in FORMATS]
    if inconnus or not voulus:
        raise argparse.ArgumentTypeError(
            f"format inconnu : {', '.join(inconnus) or '(aucun)'} ; choix : {', '.join(FORMATS)}"
        )
    return voulus


def analyseur() -> argparse.ArgumentParser:
    """Renvoie l'analyseur des arguments, avec l'aide de chaque commande."""
    commun = argparse.ArgumentParser(add_help=False)
    commun.add_argument(
        "--debug", action="store_true", help="montrer la trace technique en cas d'erreur"
    )
    racine = argparse.ArgumentParser(
        prog="solidiag",
        description=(
            "Diagnostic territorial des solidarités : du fichier public au rapport cité, "
            "pour tout département français."
        ),
        epilog=(
            "Codes de sortie : 0 tout va bien ; 1 une faute est trouvée ; "
            "2 la commande est mal écrite."
        ),
    )
    racine.add_argument(
        "--version", action="version", version=f"solidiag {__version__}", help="afficher la version"
    )
    commandes = racine.add_subparsers(dest="commande", metavar="COMMANDE", required=True)

    def commande(nom: str, aide: str) -> argparse.ArgumentParser:
        return commandes.add_parser(nom, help=aide, description=aide, parents=[commun])

    diagnostic = commande(
        "diagnostic", "Produire le diagnostic d'un département : rapport, site, données ouvertes."
    )
    diagnostic.add_argument(
        "code", metavar="CODE", help="code ou nom du département : 40, 2A, 974, Gironde"
    )
    diagnostic.add_argument(
        "--vers",
        metavar="DOSSIER",
        type=Path,
        help="dossier de sortie (défaut : sorties/diagnostic-CODE)",
    )
    diagnostic.add_argument(
        "--formats",
        metavar="LISTE",
        type=_formats,
        default=FORMATS,
        help=f"formats voulus, séparés par des virgules (défaut : {','.join(FORMATS)})",
    )

    expliquer = commande(
        "expliquer", "Remonter d'un chiffre publié à la ligne et à la colonne du fichier."
    )
    expliquer.add_argument(
        "indicateur", metavar="INDICATEUR", help="identifiant, par exemple ctx_tx_pauvrete"
    )
    expliquer.add_argument(
        "code", metavar="CODE", nargs="?", help="code du territoire : 40192, 40, REG-75, PVD-40, FR"
    )
    expliquer.add_argument(
        "--periode", metavar="PERIODE", default="", help="période (défaut : la plus récente)"
    )
    declarer_territoire_propre(expliquer)

    indicateurs = commande(
        "indicateurs", "Lister les indicateurs : identifiant, valeur ou à demander, détenteur."
    )
    indicateurs.add_argument(
        "mots", metavar="MOT", nargs="*", help="mots du libellé ou de l'identifiant"
    )

    declarer_profil(
        commande(
            "profil",
            "Faire la fiche d'un territoire en une page : chiffres, services, ce qui manque.",
        )
    )

    declarer_fiches(
        commande(
            "fiches",
            "Faire une fiche de deux pages par domaine, ou la synthèse de l'offre (--synthese).",
        )
    )

    declarer_offre(
        commande(
            "offre",
            "Montrer l'offre d'un département, ou ce qui est à portée d'une commune.",
        )
    )

    verifier = commande(
        "verifier",
        "Recalculer, sans cache, chaque chiffre imprimé et le comparer aux fichiers du dossier.",
    )
    verifier.add_argument(
        "dossier", metavar="DOSSIER", type=Path, help="dossier d'un diagnostic produit"
    )

    declarer(
        commande(
            "sources",
            "Lister les sources (millésime, âge, territoires) ; ajouter un fichier, actualiser.",
        ),
        commun,
    )
    declarer_reglages(
        commande(
            "reglages",
            "Lister ce qu'une personne du métier peut régler (vitesses, seuils, domaines).",
        ),
        commun,
    )
    return racine


def executer(arguments: Sequence[str] | None = None) -> int:
    """Exécute une commande ; renvoie son code de sortie."""
    lus = analyseur().parse_args(arguments)
    return {
        "diagnostic": _diagnostic,
        "expliquer": _expliquer,
        "indicateurs": _indicateurs,
        "profil": executer_profil,
        "fiches": _fiches,
        "offre": _offre,
        "verifier": _verifier,
        "sources": _sources,
        "reglages": _reglages,
    }[lus.commande](lus)


def _diagnostic(lus: argparse.Namespace) -> int:
    from solidiag.cli.affichage import Suivi, afficher_bilan
    from solidiag.pipeline.diagnostic import produire

    with Suivi() as suivi:
        bilan = produire(lus.code, vers=lus.vers, formats=lus.formats, suivi=suivi)
    afficher_bilan(bilan)
    return 0


def _expliquer(lus: argparse.Namespace) -> int:
    import sys

    from solidiag.cli.affichage import afficher_explication
    from solidiag.pipeline.explication import expliquer

    propres = demandeurs_propres(lus)
    if bool(lus.code) + len(propres) != 1:
        sys.stderr.write(
            "Erreur : donnez un territoire, et un seul : un code, --communes ou --geojson. "
            "Voir « solidiag expliquer --help ».\n"
        )
        return 2
    afficher_explication(
        expliquer(
            lus.indicateur,
            lus.code or "",
            periode=lus.periode,
            demandeur=propres[0] if propres else None,
        )
    )
    return 0


def _indicateurs(lus: argparse.Namespace) -> int:
    from solidiag.cli.affichage import afficher_indicateurs
    from solidiag.pipeline.inventaire_indicateurs import chercher

    fiches = chercher(lus.mots)
    afficher_indicateurs(fiches)
    return 0 if fiches else 1


def _fiches(lus: argparse.Namespace) -> int:
    from solidiag.cli.fiches import executer as executer_fiches

    return executer_fiches(lus)


def _offre(lus: argparse.Namespace) -> int:
    from solidiag.cli.offre import executer as executer_offre

    return executer_offre(lus)


def _verifier(lus: argparse.Namespace) -> int:
    from solidiag.cli.affichage import Suivi, afficher_verification
    from solidiag.pipeline.verification import verifier

    with Suivi() as suivi:
        constat = verifier(lus.dossier, suivi=suivi)
    afficher_verification(constat)
    return 0 if constat.conforme else 1


def _reglages(lus: argparse.Namespace) -> int:
    from solidiag.cli.reglages import executer as executer_reglages

    return executer_reglages(lus)


def _sources(lus: argparse.Namespace) -> int:
    from solidiag.cli.sources import executer as executer_sources

    return executer_sources(lus)
