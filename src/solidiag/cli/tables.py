"""Faire de la table d'une personne un indicateur : par une déclaration, ou pas à pas."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from solidiag.catalogue.table_personnelle import TablePersonnelle
    from solidiag.pipeline.tables_personnelles import Apercu


def importer_table(lus: argparse.Namespace) -> int:
    """Ajoute une table, écrit son modèle de déclaration, ou pose les questions."""
    from solidiag.cli.affichage_sources import afficher_examen, afficher_resultats
    from solidiag.cli.sources import confirmer
    from solidiag.errors import FichierRefuse
    from solidiag.pipeline.calculs import charger_referentiel
    from solidiag.pipeline.importation import territoires_connus
    from solidiag.pipeline.tables_personnelles import (
        ajouter_table,
        apercevoir,
        ecrire_modele,
        examiner_table,
        lire_declaration,
    )
    from solidiag.storage.depot import Depot

    chemin = lus.fichiers[0]
    if len(lus.fichiers) > 1:
        raise FichierRefuse(
            lus.fichiers[1].name, "une table se déclare seule", "donnez les tables une à une"
        )
    depot = Depot()
    connus = territoires_connus(charger_referentiel(depot))
    jour = date.today()  # noqa: DTZ011
    if lus.modele:
        ecrire_modele(chemin, lus.modele, connus=connus, jour=jour)
        sys.stdout.write(f"Modèle écrit dans {lus.modele} : remplissez-le, puis --declaration.\n")
        return 0
    if lus.declaration:
        table = lire_declaration(lus.declaration)
    elif sys.stdin.isatty():
        table = _questionner(apercevoir(chemin, connus=connus), annee=jour.year - 1)
    else:
        raise FichierRefuse(
            chemin.name,
            "les questions demandent un terminal",
            "écrivez une déclaration avec --modele, puis donnez-la avec --declaration",
        )
    examen = examiner_table(chemin, table, depot=depot, connus=connus)
    afficher_examen(examen, depot, nouveaux={table.id: table.titre})
    if not confirmer(oui=lus.oui):
        return 1
    afficher_resultats([ajouter_table(examen, table, depot=depot, jour=jour)])
    sys.stdout.write(f"Voir un chiffre : solidiag expliquer {table.id} CODE\n")
    return 0


def _questionner(apercu: Apercu, *, annee: int) -> TablePersonnelle:
    from solidiag.catalogue.table_personnelle import TablePersonnelle
    from solidiag.storage.declarations import valider

    sys.stdout.write(f"Colonnes de {apercu.nom} : {', '.join(apercu.colonnes)}\n")
    reponses: dict[str, Any] = {"feuille": apercu.feuille}
    reponses["id"] = _demander("Identifiant (a-z, 0-9, _)", "ma_table")
    reponses["titre"] = _demander("Titre")
    reponses["producteur"] = _demander("Producteur")
    reponses["licence"] = _demander("Licence", "etalab-2.0")
    reponses["periode"] = _demander("Période (AAAA)", str(annee))
    reponses["colonne_code"] = _demander("Colonne du code", apercu.code, apercu.colonnes)
    niveaux = ("COM", "EPCI", "ARR", "BV", "ZE", "DEP", "REG")
    reponses["niveau"] = _demander("Niveau", apercu.niveau, niveaux)
    nature = _demander("Nature", "valeur", ("valeur", "effectif", "rapport"))
    reponses["nature"] = nature
    if nature == "rapport":
        reponses["numerateur"] = _demander("Colonne du numérateur", "", apercu.colonnes)
        reponses["denominateur"] = _demander("Colonne du dénominateur", "", apercu.colonnes)
        reponses["facteur"] = _demander("Facteur", "100")
    else:
        reponses["valeur"] = _demander("Colonne de la valeur", "", apercu.colonnes)
    reponses["unite"] = _demander("Unité", "nombre" if nature == "effectif" else "percent")
    sens = ("plus_haut_est_plus_fragile", "plus_bas_est_plus_fragile", "contexte")
    reponses["sens"] = _demander("Sens", "contexte", sens)
    domaine = _demander("Domaine de la grille où le montrer, ou « aucun »", "aucun")
    reponses["domaine"] = "" if domaine == "aucun" else domaine
    if _demander("Données d'un partenaire, non publiques ?", "non", ("oui", "non")) == "oui":
        reponses["partenaire"] = True
        reponses["droit_d_usage"] = {
            "texte": _demander("Droit d'usage (convention, objet, durée)"),
            "accorde_par": _demander("Accordé par"),
            "date": _demander("Le (AAAA-MM-JJ)"),
        }
    return valider(TablePersonnelle, reponses, nom="réponses")


def _demander(question: str, defaut: str = "", choix: Sequence[str] = ()) -> str:
    """Pose une question jusqu'à une réponse admise ; vide vaut le défaut."""
    admis = f" ({', '.join(choix)})" if 0 < len(choix) <= 7 else ""
    rappel = f" [{defaut}]" if defaut else ""
    while True:
        reponse = input(f"{question}{admis}{rappel} : ").strip() or defaut
        if reponse and (not choix or reponse in choix):
            return reponse
        sys.stdout.write("Réponse attendue" + (f" : {', '.join(choix)}\n" if choix else ".\n"))
