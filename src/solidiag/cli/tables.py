"""Faire de la table d'une personne un indicateur : par une déclaration, ou pas à pas."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from solidiag.catalogue.table_personnelle import TablePersonnelle
    from solidiag.pipeline.tables_personnelles import Apercu


def importer_table(lus: argparse.Namespace) -> int:
    """Ajoute une table, écrit son modèle de déclaration, ou pose les questions."""
    from solidiag.cli.affichage_sources import afficher_examen, afficher_resultats
    from solidiag.cli.sources import confirmer
    from solidiag.errors import FichierRefuse, SolidiagError
    from solidiag.pipeline.calculs import charger_referentiel
    from solidiag.pipeline.importation import territoires_connus
    from solidiag.pipeline.tables_personnelles import (
        ajouter_table,
        apercevoir,
        ecrire_modele,
        examiner_table,
        lire_declaration,
        modele_de,
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
        indicateur = modele_de(lus.remplit, depot)
        ecrire_modele(chemin, lus.modele, connus=connus, jour=jour, remplit=indicateur)
        sys.stdout.write(f"Modèle écrit dans {lus.modele} : remplissez-le, puis --declaration.\n")
        return 0
    a_l_ecran = not lus.declaration and sys.stdin.isatty()
    if lus.declaration:
        table = lire_declaration(lus.declaration, depot=depot)
    elif a_l_ecran:
        propres = {
            a.indicateur.id for a in (depot.ajouts.lus if depot.ajouts else ()) if a.indicateur
        }
        table = _questionner(
            apercevoir(chemin, connus=connus),
            annee=jour.year - 1,
            pris=frozenset(depot.catalogue) - propres,
            domaines=tuple(d.id for d in depot.grille.domaines),
        )
    else:
        raise FichierRefuse(
            chemin.name,
            "les questions demandent un terminal",
            "écrivez une déclaration avec --modele, puis donnez-la avec --declaration",
        )
    try:
        examen = examiner_table(chemin, table, depot=depot, connus=connus)
        afficher_examen(examen, depot, nouveaux={table.id: table.titre})
        if not confirmer(oui=lus.oui):
            return 1
        resultat = ajouter_table(examen, table, depot=depot, jour=jour)
    except SolidiagError:
        if a_l_ecran:
            _rendre(table)
        raise
    afficher_resultats([resultat])
    sys.stdout.write(f"Voir un chiffre : solidiag expliquer {table.id} CODE\n")
    return 0


def _rendre(table: TablePersonnelle) -> None:
    """Rend ses réponses à la personne, pour qu'elle n'ait pas à les donner deux fois."""
    import yaml

    contenu = table.model_dump(mode="json", exclude_defaults=True)
    sys.stdout.write(
        "Vos réponses, à corriger dans un fichier YAML et à donner avec --declaration :\n\n"
        + yaml.safe_dump(contenu, allow_unicode=True, sort_keys=False)
        + "\n"
    )


_NATURES = {
    "valeur": "un chiffre déjà calculé, pris tel quel",
    "effectif": "un nombre, qui s'additionne d'une commune à l'autre",
    "rapport": "un nombre sur un autre (numérateur et dénominateur)",
}
_SENS = ("plus_haut_est_plus_fragile", "plus_bas_est_plus_fragile", "contexte")
_NIVEAUX = ("COM", "EPCI", "ARR", "BV", "ZE", "DEP", "REG")


def _questionner(
    apercu: Apercu, *, annee: int, pris: frozenset[str], domaines: Sequence[str]
) -> TablePersonnelle:
    """Pose les questions ; chaque réponse est vérifiée aussitôt, aucune n'est perdue à la fin."""
    from solidiag.catalogue.indicateur import Indicateur
    from solidiag.catalogue.table_personnelle import TablePersonnelle
    from solidiag.storage.declarations import valider

    unites = get_args(Indicateur.model_fields["unite"].annotation)

    def identifiant(reponse: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]{2,40}", reponse):
            return "De 3 à 41 signes, a-z, 0-9 et _, et d'abord une lettre."
        return f"« {reponse} » est déjà un indicateur du catalogue." if reponse in pris else ""

    def domaine_connu(reponse: str) -> str:
        if reponse == "aucun" or reponse in domaines:
            return ""
        proches = difflib.get_close_matches(reponse, domaines, n=3, cutoff=0.3) or domaines[:3]
        return f"Ce n'est pas un domaine de la grille ; par exemple : {', '.join(proches)}."

    colonnes = apercu.colonnes
    sys.stdout.write(
        f"Colonnes de {apercu.nom} : {', '.join(colonnes)}\n"
        "Entrée garde la réponse entre crochets ; Ctrl-C arrête sans rien ajouter.\n"
    )
    reponses: dict[str, Any] = {"feuille": apercu.feuille}
    reponses["id"] = _demander("Identifiant (a-z, 0-9, _)", "ma_table", faute=identifiant)
    reponses["titre"] = _demander("Titre, tel qu'il s'imprime", faute=_au_moins(3))
    reponses["producteur"] = _demander("Producteur", faute=_au_moins(2))
    partenaire = _demander("Données d'un partenaire, non publiques ?", "non", ("oui", "non"))
    prive = partenaire == "oui"
    defaut = "convention" if prive else "etalab-2.0"
    reponses["licence"] = _demander("Licence", defaut, faute=_au_moins(2))
    reponses["periode"] = _demander("Période (AAAA)", str(annee), faute=_annee)
    reponses["cog"] = _demander(
        "Année du découpage communal (AAAA)", reponses["periode"], faute=_annee
    )
    reponses["colonne_code"] = _demander("Colonne du code", apercu.code, colonnes)
    reponses["niveau"] = _demander("Niveau", apercu.niveau, _NIVEAUX)
    natures = [n for n in _NATURES if not (prive and n == "valeur")]
    for nature in natures:
        sys.stdout.write(f"  {nature} : {_NATURES[nature]}\n")
    nature = _demander("Nature", natures[0], natures)
    reponses["nature"] = nature
    if nature == "rapport":
        reponses["numerateur"] = _demander("Colonne du numérateur", "", colonnes)
        reponses["denominateur"] = _demander("Colonne du dénominateur", "", colonnes)
        facteur = _demander("Facteur (100 pour un pourcentage)", "100", faute=_nombre_positif)
        reponses["facteur"] = facteur.replace(",", ".")
    else:
        reponses["valeur"] = _demander("Colonne de la valeur", "", colonnes)
    unite = "nombre" if nature == "effectif" else "percent"
    reponses["unite"] = _demander("Unité", unite, unites)
    reponses["sens"] = _demander("Sens", "contexte", _SENS)
    domaine = _demander(
        "Domaine de la grille où le montrer, ou « aucun »", "aucun", faute=domaine_connu
    )
    reponses["domaine"] = "" if domaine == "aucun" else domaine
    if prive:
        reponses["partenaire"] = True
        reponses["droit_d_usage"] = {
            "texte": _demander("Droit d'usage (convention, objet, durée)", faute=_au_moins(3)),
            "accorde_par": _demander("Accordé par", faute=_au_moins(2)),
            "date": _demander("Le (AAAA-MM-JJ)", faute=_jour),
        }
        reponses["seuil"] = _demander("Plus petit effectif montré", "11", faute=_seuil)
    return valider(TablePersonnelle, reponses, nom="réponses")


def _au_moins(signes: int) -> Callable[[str], str]:
    return lambda reponse: "" if len(reponse) >= signes else f"Au moins {signes} signes."


def _annee(reponse: str) -> str:
    return "" if re.fullmatch(r"(19|20)\d{2}", reponse) else "Une année, par exemple 2024."


def _seuil(reponse: str) -> str:
    return "" if reponse.isdigit() and int(reponse) >= 3 else "Un nombre entier, 3 au moins."


def _nombre_positif(reponse: str) -> str:
    juste = re.fullmatch(r"\d+([.,]\d+)?", reponse) and float(reponse.replace(",", "."))
    return "" if juste else "Un nombre positif, par exemple 100."


def _jour(reponse: str) -> str:
    try:
        date.fromisoformat(reponse)
    except ValueError:
        return "Une date, par exemple 2025-01-31."
    return ""


def _demander(
    question: str,
    defaut: str = "",
    choix: Sequence[str] = (),
    *,
    faute: Callable[[str], str] | None = None,
) -> str:
    """Pose une question jusqu'à une réponse admise ; vide vaut le défaut."""
    admis = f" ({', '.join(choix)})" if 0 < len(choix) <= 7 else ""
    rappel = f" [{defaut}]" if defaut else ""
    from solidiag.cli.sources import interroger

    while True:
        reponse = interroger(f"{question}{admis}{rappel} : ") or defaut
        if not reponse:
            dite = "Il faut une réponse."
        elif choix and reponse not in choix:
            dite = f"Réponses possibles : {', '.join(choix)}."
        else:
            dite = faute(reponse) if faute else ""
        if not dite:
            return reponse
        sys.stdout.write(f"{dite}\n")
