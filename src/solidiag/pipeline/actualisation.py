"""Récupérer chez leurs producteurs les fichiers dont on connaît l'adresse, et les ajouter."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from solidiag.catalogue.gabarit import Gabarit, Telechargement
from solidiag.errors import FichierRefuse, RecuperationImpossible, SolidiagError
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import Resultat, ajouter, examiner, territoires_connus
from solidiag.sources.controle import nom_de_source
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.reparations import Connus
from solidiag.storage.ajouts import dossier_des_donnees
from solidiag.storage.depot import Depot


class Recuperateur(Protocol):
    """Récupère un fichier chez son producteur."""

    def __call__(
        self, telechargement: Telechargement, *, millesime: str, departement: str, vers: Path
    ) -> Recuperation:
        """Renvoie le fichier, entier, dans le dossier ``vers``."""


@dataclass(frozen=True, kw_only=True)
class Actualisation:
    """Ce que la récupération d'un fichier a donné ; ``echec`` dit pourquoi rien n'a changé.

    ``remarques`` : ce que la récupération a eu d'anormal (pages manquantes, total qui change).
    """

    gabarit: str
    titre: str
    resultats: tuple[Resultat, ...] = ()
    echec: str = ""
    remarques: tuple[str, ...] = ()


def mettre_a_jour(
    noms: Sequence[str],
    *,
    depot: Depot,
    departement: str,
    jour: date,
    recuperer: Recuperateur | None = None,
) -> Iterator[Actualisation]:
    """Récupère chez les producteurs les fichiers des gabarits, et les ajoute.

    Parameters
    ----------
    noms
        Gabarits ou sources à actualiser ; tous ceux que l'on sait récupérer si la liste est vide.
    departement
        Département demandé aux producteurs qui servent leurs fichiers par département.
    recuperer
        Ce qui récupère ; `solidiag.sources.reseau.recuperer` à défaut.

    Yields
    ------
    Actualisation
        Une par gabarit : ce qui a été ajouté, ou pourquoi rien n'a changé. Sans réseau, on s'arrête
        au premier.

    Raises
    ------
    FichierRefuse
        Si un nom n'est ni un gabarit, ni une source ajoutée.
    """
    choisis = _gabarits_nommes(noms, depot)
    if recuperer is None:
        from solidiag.sources.reseau import recuperer as recuperer_par_le_reseau

        recuperer = recuperer_par_le_reseau
    connus = territoires_connus(charger_referentiel(depot))
    for rang, gabarit in enumerate(choisis):
        try:
            resultats, remarques = _actualiser(
                gabarit,
                depot=depot,
                connus=connus,
                departement=departement,
                jour=jour,
                recuperer=recuperer,
            )
        except SolidiagError as erreur:
            if isinstance(erreur, RecuperationImpossible) and erreur.cause == "reseau":
                yield _sans_reseau(gabarit, erreur, restants=len(choisis) - rang - 1)
                return
            yield Actualisation(gabarit=gabarit.id, titre=gabarit.titre, echec=str(erreur))
        else:
            yield Actualisation(
                gabarit=gabarit.id, titre=gabarit.titre, resultats=resultats, remarques=remarques
            )


def _sans_reseau(
    gabarit: Gabarit, erreur: RecuperationImpossible, *, restants: int
) -> Actualisation:
    """Renvoie la seule faute à dire sans réseau : les autres fichiers échoueraient de même."""
    suite = f" Les {restants} autres fichiers n'ont pas été demandés." if restants > 1 else ""
    suite = suite or (" L'autre fichier n'a pas été demandé." if restants else "")
    return Actualisation(gabarit=gabarit.id, titre=gabarit.titre, echec=f"{erreur}{suite}")


def _gabarits_nommes(noms: Sequence[str], depot: Depot) -> list[Gabarit]:
    recuperables = {g.id: g for g in depot.gabarits.values() if g.telechargements}
    if not noms:
        return list(recuperables.values())
    choisis: dict[str, Gabarit] = {}
    for nom in noms:
        siens = {
            identifiant: gabarit
            for identifiant, gabarit in recuperables.items()
            if nom == identifiant
            or identifiant.startswith(f"{nom}.")
            or nom.startswith(nom_de_source(identifiant, ""))
        }
        if not siens:
            proches = difflib.get_close_matches(nom, recuperables, n=3, cutoff=0.5)
            liste = ", ".join(proches or list(recuperables)[:5]) or "aucun pour l'instant"
            raise FichierRefuse(
                nom, "aucun producteur connu ne le donne", f"fichiers récupérables : {liste}"
            )
        choisis |= siens
    return list(choisis.values())


def _actualiser(
    gabarit: Gabarit,
    *,
    depot: Depot,
    connus: Connus,
    departement: str,
    jour: date,
    recuperer: Recuperateur,
) -> tuple[tuple[Resultat, ...], tuple[str, ...]]:
    """Récupère le millésime le plus récent qui soit publié, et l'ajoute.

    Le fichier arrive dans ``en-attente/`` : une récupération coupée reprend où elle en était.
    """
    attente = (depot.ajouts.racine if depot.ajouts else dossier_des_donnees()) / "en-attente"
    premiere: RecuperationImpossible | None = None
    for telechargement in gabarit.telechargements:
        if "{departement}" in telechargement.adresse and not departement:
            continue
        for millesime in _millesimes_essayes(gabarit, telechargement.adresse, jour):
            dossier = attente / gabarit.id / millesime
            try:
                recu = recuperer(
                    telechargement, millesime=millesime, departement=departement, vers=dossier
                )
            except RecuperationImpossible as erreur:
                premiere = premiere or erreur
                if erreur.cause == "introuvable":
                    continue
                break
            lu = examiner(recu.chemin, depot=depot, connus=connus)
            comment = " ; ".join([f"récupéré à l'adresse {recu.adresse}", *recu.remarques])
            resultats = ajouter(lu, depot=depot, jour=jour, obtenu=comment)
            shutil.rmtree(dossier, ignore_errors=True)
            return resultats, recu.remarques
    raise premiere or FichierRefuse(
        gabarit.titre, "aucune adresse n'a servi", "donnez --departement, ou le fichier lui-même"
    )


def _millesimes_essayes(gabarit: Gabarit, adresse: str, jour: date) -> list[str]:
    """Du plus récent possible au plus ancien raisonnable ; un seul si l'adresse n'en dépend pas."""
    if gabarit.millesime.fixe:
        return [gabarit.millesime.fixe]
    if "{aaaa}" not in adresse and "{aa}" not in adresse:
        return [str(jour.year)]
    return [str(annee) for annee in range(jour.year, jour.year - 6, -1)]
