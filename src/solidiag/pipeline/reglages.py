"""Réglages d'une personne du métier : les voir, les copier, les vérifier, les retirer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solidiag.catalogue.correspondance import lire_correspondance
from solidiag.catalogue.service import lire_categories
from solidiag.errors import DeclarationInvalide
from solidiag.geography.distances import ParametresTrajet
from solidiag.offre.reglages_acces import lire_reglages_acces
from solidiag.pipeline.coordination import charger_declarations
from solidiag.pipeline.reseaux import conventions_routes
from solidiag.pipeline.services_lus import charger_thematiques
from solidiag.storage.declarations import lire_yaml
from solidiag.storage.depot import Depot
from solidiag.storage.reglages import Difference, Reglages, fautes_de_forme, fusionner


@dataclass(frozen=True, slots=True, kw_only=True)
class Reglage:
    """Un fichier réglable.

    Parameters
    ----------
    nom
        Chemin sous ``declarations/``, sans suffixe.
    titre
        Première ligne de commentaire du fichier livré.
    copie
        Copie de la personne, si elle en a une.
    differences
        Valeurs réglées autrement.
    perime
        Vrai si le fichier livré a changé depuis la copie.
    """

    nom: str
    titre: str
    copie: Path | None = None
    differences: tuple[Difference, ...] = ()
    perime: bool = False


def _lire_temps(depot: Depot) -> object:
    return ParametresTrajet.depuis(depot.parametres("temps_de_trajet"))


def _lire_categories(depot: Depot) -> object:
    return lire_categories(depot.declaration("services/categories.yaml"))


def _lire_acces(depot: Depot) -> object:
    return lire_reglages_acces(
        depot.parametres("acces"),
        domaines=[domaine.id for domaine in depot.grille.domaines],
        categories=lire_categories(depot.declaration("services/categories.yaml")),
    )


_LECTURES: dict[str, Callable[[Depot], object]] = {
    "parametres/acces": _lire_acces,
    "parametres/routes": conventions_routes,
    "parametres/temps_de_trajet": _lire_temps,
    "services/categories": _lire_categories,
    "services/thematiques": charger_thematiques,
}
"""Lecture typée d'un fichier réglable : elle dit les fautes que la forme ne montre pas."""

_TYPEES = ("parametres/acces",)
"""Fichiers dont la lecture typée suffit : une forme peut en remplacer une autre."""

_FORME_LIBRE = ("services/", "dispositifs/", "croisements/", "mesures/")
"""Débuts de noms dont les clés appartiennent à la personne : on n'y compare pas les clés."""


def reglages(depot: Depot) -> list[Reglage]:
    """Renvoie chaque fichier réglable, avec ce que la personne y a changé."""
    propres = _reglages(depot)
    differences = propres.differences()
    perimes = set(propres.perimes)
    copies = {propres.nom(livre): copie for livre, copie in propres.remplaces.items()}
    return [
        Reglage(
            nom=nom,
            titre=_titre(depot.declarations / f"{nom}.yaml"),
            copie=copies.get(nom),
            differences=tuple(d for d in differences if d.fichier == nom),
            perime=nom in perimes,
        )
        for nom in propres.noms
    ]


def copier(depot: Depot, nom: str) -> Path:
    """Renvoie la copie à modifier d'un fichier réglable."""
    return _reglages(depot).copier(nom)


def retirer(depot: Depot, nom: str) -> Path:
    """Remet le fichier livré ; renvoie où le réglage est rangé."""
    return _reglages(depot).retirer(nom)


def avertissements(depot: Depot) -> list[str]:
    """Renvoie ce que la personne doit savoir de ses réglages, une phrase chacun."""
    propres = _reglages(depot)
    dits = [
        f"« {nom} » ne remplace aucun fichier réglable : il est ignoré. Vérifiez son nom."
        for nom in propres.inconnus
    ]
    dits += [
        f"« {nom} » a été livré autrement depuis votre copie : comparez-les, puis retirez la "
        f"vôtre (solidiag reglages retirer {nom}) ou gardez-la."
        for nom in propres.perimes
    ]
    return dits


def effets_des_categories(depot: Depot) -> list[str]:
    """Renvoie ce que le réglage des catégories de services change aux mesures, une phrase chacun.

    Raises
    ------
    DeclarationInvalide
        Si le réglage des catégories est fautif.
    """
    debut = "votre réglage de services/categories.yaml est suivi : "
    return [debut + effet for effet in depot.suite.effets]


def verifier_reglages(depot: Depot) -> int:
    """Contrôle chaque réglage ; renvoie leur nombre.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes du premier réglage fautif.
    """
    if depot.reglages is None:
        return 0
    for livre, copie in sorted(depot.reglages.remplaces.items()):
        nom = depot.reglages.nom(livre)
        fautes = _fautes(depot, nom, depot.reglages.ecrit(livre), lire_yaml(livre))
        if fautes:
            raise DeclarationInvalide(f"{nom}.yaml (votre réglage : {copie})", fautes)
    return len(depot.reglages.remplaces)


def _fautes(depot: Depot, nom: str, ecrit: Any, origine: Any) -> Sequence[str]:
    if ecrit is None:
        return ()
    if not isinstance(ecrit, type(origine)):
        attendu = "table {clé: valeur}" if isinstance(origine, dict) else "liste"
        return [f"(racine) : une {attendu} est attendue"]
    contenu = fusionner(origine, ecrit)
    if not nom.startswith(_FORME_LIBRE) and nom not in _TYPEES:
        fautes = fautes_de_forme(origine, ecrit)
        if fautes:
            return fautes
    try:
        if nom in _LECTURES:
            _LECTURES[nom](depot)
        elif nom.startswith("services/") and "codes" in contenu:
            lire_correspondance(nom.removeprefix("services/"), contenu)
        elif nom.startswith("dispositifs/"):
            charger_declarations(depot)
        elif nom.startswith("mesures/"):
            _ = depot.mesures_declarees
        elif nom.startswith("croisements/"):
            _ = depot.croisements_declares
    except DeclarationInvalide as erreur:
        return erreur.fautes
    except KeyError as erreur:
        return [f"{erreur.args[0]} : manque"]
    except (TypeError, ValueError) as erreur:
        return [str(erreur)]
    return ()


def _reglages(depot: Depot) -> Reglages:
    if depot.reglages is None:
        raise DeclarationInvalide("reglages", ["cette installation n'a pas de dossier de données"])
    return depot.reglages


def _titre(livre: Path) -> str:
    premiere = livre.read_text(encoding="utf-8").partition("\n")[0]
    return premiere.lstrip("# ").strip() if premiere.startswith("#") else ""
