"""Commande ``offre`` : ce qui est à portée d'un lieu, le bilan d'un département, les doublons."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solidiag.pipeline.alentour import Base

FORMATS_D_OFFRE = ("texte", "csv", "json")
MODES = ("voiture", "velo", "pied")
VERDICTS = ("meme", "different")
_PRECISIONS = {"point": "situées au numéro", "rue": "situées à la voie ou au lieu-dit"}
_MINUTES_MAXIMALES = 120.0
_LATITUDE = 90.0
_LONGITUDE = 180.0


def _formats(texte: str) -> tuple[str, ...]:
    voulus = tuple(dict.fromkeys(nom.strip() for nom in texte.split(",") if nom.strip()))
    inconnus = [nom for nom in voulus if nom not in FORMATS_D_OFFRE]
    if inconnus or not voulus:
        raise argparse.ArgumentTypeError(
            f"format inconnu : {', '.join(inconnus) or '(aucun)'} ; "
            f"choix : {', '.join(FORMATS_D_OFFRE)}"
        )
    return voulus


def _minutes(texte: str) -> float:
    try:
        valeur = float(texte.replace(",", "."))
    except ValueError:
        valeur = 0.0
    if not 0 < valeur <= _MINUTES_MAXIMALES:
        raise argparse.ArgumentTypeError(
            f"« {texte} » : un nombre de minutes attendu, {_MINUTES_MAXIMALES:g} au plus"
        )
    return valeur


def _point(texte: str) -> tuple[float, float]:
    try:
        latitude, longitude = (float(morceau) for morceau in texte.split(","))
    except ValueError:
        latitude = longitude = float("nan")
    if not (abs(latitude) <= _LATITUDE and abs(longitude) <= _LONGITUDE):
        raise argparse.ArgumentTypeError(
            f"« {texte} » : latitude, virgule, longitude en degrés, par exemple 43.71,-1.05"
        )
    return latitude, longitude


def declarer(offre: argparse.ArgumentParser) -> None:
    """Ajoute les arguments de la commande."""
    offre.add_argument(
        "code", metavar="CODE", help="code ou nom du département : 40, 2A, 974, Gironde"
    )
    ou = offre.add_mutually_exclusive_group()
    ou.add_argument(
        "--autour",
        metavar="COMMUNE",
        default="",
        help="ce qui est à portée d'une commune : nom ou code",
    )
    ou.add_argument(
        "--point",
        metavar="LAT,LON",
        type=_point,
        help="ce qui est à portée d'une adresse : --point=43.71,-1.05",
    )
    ou.add_argument(
        "--doublons", action="store_true", help="lister les lignes réunies, et pourquoi"
    )
    ou.add_argument(
        "--trancher",
        nargs=3,
        metavar=("ID_A", "ID_B", "VERDICT"),
        help="dire que deux lignes sont le même service (meme) ou non (different)",
    )
    ou.add_argument(
        "--annuler", nargs=2, metavar=("ID_A", "ID_B"), help="annuler ce qui a été tranché"
    )
    ou.add_argument(
        "--geocoder",
        action="store_true",
        help="situer à l'adresse les services connus à la commune : envoie leurs adresses à un "
        "service public, après accord",
    )
    offre.add_argument(
        "--oui", action="store_true", help="avec --geocoder : envoyer sans demander d'accord"
    )
    offre.add_argument(
        "--domaine",
        metavar="DOMAINE",
        action="append",
        default=[],
        help="domaine d'action, par identifiant ou libellé ; se répète",
    )
    offre.add_argument(
        "--public", metavar="PUBLIC", action="append", default=[], help="public ; se répète"
    )
    offre.add_argument(
        "--minutes",
        metavar="MINUTES",
        type=_minutes,
        default=30.0,
        help="temps de trajet, au plus (défaut : 30)",
    )
    offre.add_argument("--samedi", action="store_true", help="ouvert le samedi")
    offre.add_argument("--soir", action="store_true", help="ouvert le soir, après 18 heures")
    offre.add_argument(
        "--mode",
        metavar="MODE",
        choices=MODES,
        default="voiture",
        help="voiture, velo ou pied (défaut : voiture)",
    )
    offre.add_argument(
        "--formats",
        metavar="LISTE",
        type=_formats,
        default=("texte",),
        help="texte (au terminal), csv, json, séparés par des virgules (défaut : texte)",
    )
    offre.add_argument(
        "--vers",
        metavar="DOSSIER",
        type=Path,
        help="dossier des fichiers (défaut : sorties/offre-CODE-COMMUNE)",
    )
    offre.add_argument(
        "--motif", metavar="TEXTE", default="", help="avec --trancher : ce que vous avez vérifié"
    )
    offre.add_argument(
        "--auteur",
        metavar="FONCTION",
        default="",
        help="avec --trancher : votre fonction, et non votre nom",
    )


def executer(lus: argparse.Namespace) -> int:
    """Exécute la commande ; renvoie le code de sortie."""
    if lus.trancher and (lus.trancher[2] not in VERDICTS or not (lus.motif and lus.auteur)):
        sys.stderr.write(
            "Donnez un verdict (meme ou different), --motif et --auteur (une fonction). "
            "Voir « solidiag offre --help ».\n"
        )
        return 2
    if lus.annuler:
        return _annuler(lus)
    from solidiag.pipeline.alentour import Base
    from solidiag.storage.cache import Cache, dossier_de_cache

    base = Base.charger(lus.code, cache=Cache(dossier_de_cache()))
    if lus.geocoder:
        return _geocoder(base, lus)
    if lus.doublons:
        return _doublons(base)
    if lus.trancher:
        return _trancher(base, lus)
    if lus.autour or lus.point:
        return _autour(base, lus)
    return _resumer(base)


def _autour(base: Base, lus: argparse.Namespace) -> int:
    from solidiag.cli.affichage_offre import afficher_reponse
    from solidiag.pipeline.alentour import Question, repondre
    from solidiag.pipeline.alentour_fichiers import ecrire_reponse

    reponse = repondre(
        base,
        Question(
            lieu=lus.autour,
            point=lus.point,
            domaines=tuple(lus.domaine),
            publics=tuple(lus.public),
            minutes=lus.minutes,
            samedi=lus.samedi,
            soir=lus.soir,
            mode=lus.mode,
        ),
        jour=date.today(),  # noqa: DTZ011
    )
    ecrits = [nom for nom in lus.formats if nom != "texte"] or (["csv", "json"] if lus.vers else [])
    if "texte" in lus.formats:
        afficher_reponse(reponse)
    if ecrits:
        for fichier in ecrire_reponse(reponse, vers=lus.vers, formats=ecrits):
            sys.stdout.write(f"Écrit : {fichier}\n")
    return 0


def _resumer(base: Base) -> int:
    from solidiag.cli.affichage_offre import afficher_bilan_offre
    from solidiag.pipeline.alentour import resumer

    afficher_bilan_offre(resumer(base, jour=date.today()))  # noqa: DTZ011
    return 0


def _doublons(base: Base) -> int:
    from solidiag.cli.affichage_offre import afficher_doublons
    from solidiag.pipeline.doublons import paires_montrees

    paires, reunies, distincts = paires_montrees(base)
    afficher_doublons(paires, reunies=reunies, distincts=distincts)
    return 0


def _trancher(base: Base, lus: argparse.Namespace) -> int:
    from solidiag.pipeline.arbitrages import trancher
    from solidiag.pipeline.doublons import identifiants

    id_a, id_b, verdict = lus.trancher
    rendu = trancher(
        base.depot,
        id_a,
        id_b,
        verdict,
        motif=lus.motif,
        auteur=lus.auteur,
        jour=date.today(),  # noqa: DTZ011
        connus=identifiants(base),
    )
    sys.stdout.write(f"{rendu.arbitrage.dit[:1].upper()}{rendu.arbitrage.dit[1:]}.\n")
    for suite in rendu.suites:
        sys.stdout.write(f"  {suite}\n")
    sys.stdout.write("L'inventaire en tiendra compte dès le prochain calcul.\n")
    return 0


def _geocoder(base: Base, lus: argparse.Namespace) -> int:
    from solidiag.pipeline.geocodage import geocoder, preparer_geocodage

    demande = preparer_geocodage(base)
    nombre = len(demande.adresses)
    s = "s" if nombre > 1 else ""
    if not nombre:
        sys.stdout.write(
            f"Aucune adresse à envoyer : {demande.connues} sont déjà connues. Un service sans "
            "adresse reste situé à sa commune.\n"
        )
        return 0
    sys.stdout.write(
        f"{nombre} adresse{s} de service{s} à chercher ({demande.connues} déjà connues).\n"
        f"Ce qui serait envoyé à {demande.serveur} ({demande.fournisseur}) : l'adresse et le nom "
        "de la commune, ligne par ligne, et rien d'autre.\n"
    )
    if not _d_accord(oui=lus.oui):
        return 1
    fait = geocoder(base, demande, jour=date.today())  # noqa: DTZ011
    for precision, combien in sorted(fait.precisions.items()):
        sys.stdout.write(f"  {_PRECISIONS.get(precision, precision)} : {combien}\n")
    for refus, combien in sorted(fait.refus.items()):
        sys.stdout.write(f"  refusées, {refus} : {combien}\n")
    if fait.sans_reponse:
        sys.stdout.write(f"  sans réponse : {fait.sans_reponse} (elles seront redemandées)\n")
    sys.stdout.write(
        "Réponses gardées dans geocodage/adresses.csv de votre dossier de données ; l'inventaire "
        "les emploie dès le prochain calcul.\n"
    )
    return 0


def _d_accord(*, oui: bool) -> bool:
    """Demande l'accord d'envoyer ; sans terminal ni ``--oui``, rien n'est envoyé."""
    if oui:
        return True
    if not sys.stdin.isatty():
        sys.stdout.write("Rien n'est envoyé : relancez avec --oui pour donner votre accord.\n")
        return False
    from solidiag.cli.sources import interroger

    if interroger("Envoyer ? [o/N] ").lower() in ("o", "oui"):
        return True
    sys.stdout.write("Rien n'est envoyé.\n")
    return False


def _annuler(lus: argparse.Namespace) -> int:
    from solidiag.pipeline.arbitrages import annuler
    from solidiag.storage.depot import Depot

    id_a, id_b = lus.annuler
    retire = annuler(Depot(), id_a, id_b, jour=date.today())  # noqa: DTZ011
    sys.stdout.write(f"Annulé ({retire.dit}). Il est gardé dans decisions/doublons_annules.csv\n")
    return 0
