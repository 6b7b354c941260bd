"""Page des seuils, décroissances, lieux et normes de l'accès à chaque domaine."""

from __future__ import annotations

from collections.abc import Iterator

from solidiag.catalogue.acces import CONFIANCES, NATURES, DomaineAcces
from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.offre.acces_mesures import AUCUNE_NORME
from solidiag.offre.reglages_acces import lire_reglages_acces
from solidiag.storage.depot import Depot

_MODES = {"voiture": "en voiture", "velo": "à vélo", "pied": "à pied"}
_METHODES = {"2sfca": "2SFCA", "e2sfca": "E2SFCA", "3sfca": "3SFCA"}


def page_acces(depot: Depot, entete: str) -> str:
    """Renvoie la page ``methode/acces_domaines.md``."""
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    reglages = lire_reglages_acces(
        depot.parametres("acces"),
        domaines=[domaine.id for domaine in depot.grille.domaines],
        categories=categories,
    )
    lignes = [
        entete,
        "# Accès par domaine : seuils, décroissances, normes\n",
        "Réglages de `declarations/parametres/acces.yaml`, qu'une personne du métier modifie ; la",
        "méthode est dans [acces.md](acces.md).\n",
        "## D'où vient un seuil\n",
        *(f"- {nom} : {sens}." for nom, sens in NATURES.items()),
        "",
        "## Seuils et normes\n",
        "| Domaine | À portée | D'où vient le seuil | Décroissance | Capacité attendue |",
        "| --- | --- | --- | --- | --- |",
        *(
            _ligne(domaine.libelle, reglages.domaines[domaine.id])
            for domaine in depot.grille.domaines
        ),
        "",
        "## Décroissances\n",
    ]
    for nom, decroissance in reglages.decroissances.items():
        lignes += [
            f"- `{nom}` : {decroissance.libelle}. {decroissance.reference}. Pourquoi : "
            f"{decroissance.pourquoi}."
        ]
    lignes += ["", "## Ce que l'on compte, et ce qui manque\n"]
    for domaine in depot.grille.domaines:
        lignes += _domaine(domaine.id, domaine.libelle, reglages.domaines[domaine.id], categories)
    return "\n".join(lignes).rstrip() + "\n"


def _ligne(libelle: str, reglage: DomaineAcces) -> str:
    seuil = reglage.seuil
    source = ", ".join(filter(None, (seuil.nature, seuil.reference, CONFIANCES[seuil.confiance])))
    norme = reglage.norme
    attendue = (
        f"{norme.enonce} ({norme.reference} ; {CONFIANCES[norme.confiance]})"
        if norme
        else AUCUNE_NORME
    )
    cases = (
        libelle, f"{seuil.minutes} minutes {_MODES[reglage.mode]}", source,
        f"`{reglage.decroissance}`, {_METHODES[reglage.methode]}", attendue,
    )  # fmt: skip
    return f"| {' | '.join(cases)} |"


def _domaine(
    nom: str,
    libelle: str,
    reglage: DomaineAcces,
    categories: dict[str, CategorieService],
) -> Iterator[str]:
    comptees = reglage.categories or tuple(
        categorie for categorie, c in categories.items() if nom in c.domaines and c.recense
    )
    yield f"### {libelle}\n"
    yield f"Pourquoi ce seuil : {reglage.pourquoi}.\n"
    lieux = ", ".join(categories[c].libelle_pluriel for c in comptees)
    yield f"Lieux comptés, s'ils sont connus : {lieux or 'aucune catégorie déclarée'}.\n"
    if reglage.unite_capacite:
        yield f"Capacité comparable : {reglage.unite_capacite}.\n"
    if not reglage.mesurer:
        yield f"Accès non mesuré : {reglage.raison}.\n"
    elif not reglage.mis_en_avant:
        yield f"Jamais pris comme exemple en tête d'un document : {reglage.raison}.\n"
    if reglage.estime:
        noms = ", ".join(f"`{nom}`" for nom in reglage.estime)
        yield f"Indicateurs que cet accès approche : {noms}.\n"
    yield f"Il manque : {reglage.manque} ({reglage.detenteur}).\n"
