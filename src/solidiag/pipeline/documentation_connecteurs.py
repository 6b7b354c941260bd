"""Page des fichiers officiels que l'on sait reconnaître, tirée des gabarits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from solidiag.catalogue.gabarit import Gabarit, Telechargement
from solidiag.sources.offre.finess import LECTEUR_EQUIPEMENTS
from solidiag.sources.registre_services import LECTEURS_SERVICES
from solidiag.sources.zonages_fournis import OFFICIELS
from solidiag.storage.depot import Depot

_FORMES = {
    "fichier vu": "un vrai fichier a été lu en entier",
    "en-tête vu": "la vraie ligne d'en-tête a été lue",
    "décrit": "une documentation, ou un code public qui lit le fichier ; à vérifier sur le vôtre",
    "supposé": "rien n'a été vu ; à vérifier sur votre fichier, non tenu pour fait",
}
"""Ce que chaque forme veut dire, de la plus sûre à la moins sûre."""

_PROTOCOLES = {
    "fichier": "adresse",
    "melodi": "Melodi",
    "opendatasoft": "export Opendatasoft",
    "datagouv": "data.gouv.fr",
    "data_inclusion": "API data·inclusion (jeton)",
    "soliguide": "API Soliguide (jeton)",
    "pages": "API, page par page",
}


def page_connecteurs(depot: Depot, entete: str) -> str:
    """Renvoie la page des connecteurs : par producteur, puis par indicateur à demander."""
    gabarits = sorted(depot.gabarits.values(), key=lambda g: (g.producteur, g.titre, g.id))
    lignes = [
        entete,
        "# Fichiers officiels reconnus\n",
        f"{len(gabarits)} formes de fichiers sont déclarées. `solidiag sources importer` les "
        "reconnaît à leurs colonnes, jamais à leur nom.\n",
        "| Forme | Ce qui a été vu | Nombre |",
        "|---|---|---:|",
    ]
    lignes += [
        f"| {forme} | {sens} | {sum(g.format == forme for g in gabarits)} |"
        for forme, sens in _FORMES.items()
    ]
    lignes.append("")
    for producteur, siens in _par_producteur(gabarits).items():
        lignes += [
            f"## {producteur}\n",
            "| Fichier | Forme | Ce qu'il remplit | Récupération |",
            "|---|---|---|---|",
        ]
        lignes += [_ligne(depot, gabarit) for gabarit in siens]
        lignes.append("")
    lignes += ["## Comment chaque forme a été vérifiée\n"]
    lignes += [
        f"- `{g.id}` ({g.format}) : {' '.join(g.verification.split()).rstrip('.')}."
        for g in gabarits
    ]
    lignes.append("")
    lignes += _par_indicateur(depot, gabarits)
    return "\n".join(lignes).rstrip() + "\n"


def _par_producteur(gabarits: Iterable[Gabarit]) -> dict[str, list[Gabarit]]:
    groupes: defaultdict[str, list[Gabarit]] = defaultdict(list)
    for gabarit in gabarits:
        groupes[gabarit.producteur].append(gabarit)
    return dict(groupes)


def _ligne(depot: Depot, gabarit: Gabarit) -> str:
    titre = f"[{gabarit.titre}]({gabarit.page})" if gabarit.page else gabarit.titre
    forme = gabarit.format if gabarit.format.endswith("vu") else f"**{gabarit.format}**"
    remplit = ", ".join(
        f"[{depot.catalogue[r.indicateur].libelle_court}](indicateurs/{r.indicateur}.md)"
        for r in gabarit.remplit
    )
    if gabarit.lecteur in LECTEURS_SERVICES:
        remplit = _services(gabarit)
    if gabarit.id in OFFICIELS:
        remplit = "contrats : zones de l'accès, registre des dispositifs"
    return (
        f"| {titre}<br>`{gabarit.id}` | {forme} | {remplit or 'rien encore'} "
        f"| {_recuperation(gabarit.telechargements)} |"
    )


def _services(gabarit: Gabarit) -> str:
    """Renvoie ce qu'une liste de services apporte à l'inventaire, et la table de ses codes."""
    table = gabarit.options.get("correspondance")
    if gabarit.lecteur == LECTEUR_EQUIPEMENTS:
        return "capacités des établissements de l'inventaire"
    if not table:
        return "services de l'inventaire"
    categories = {regle.get("categorie") for regle in table["codes"].values()} - {"", None}
    nombre = f"{len(categories)} catégorie{'s' * (len(categories) > 1)}"
    return f"services de l'inventaire : {nombre}, table `services/{table['table']}.yaml`"


def _recuperation(telechargements: tuple[Telechargement, ...]) -> str:
    if not telechargements:
        return "à la main"
    moyens = [
        _PROTOCOLES[t.protocole] + ("" if t.vu else " (adresse supposée)") for t in telechargements
    ]
    return ", ".join(dict.fromkeys(moyens))


def _par_indicateur(depot: Depot, gabarits: Iterable[Gabarit]) -> list[str]:
    """Renvoie, pour chaque indicateur sans donnée exacte, les fichiers qui le rempliraient."""
    fichiers: defaultdict[str, list[str]] = defaultdict(list)
    for gabarit in gabarits:
        for remplissage in gabarit.remplit:
            fichiers[remplissage.indicateur].append(f"`{gabarit.id}`")
    lignes = [
        "## Ce qu'un fichier importé documente et que rien d’embarqué ne documente\n",
        "| Indicateur | Fichiers |",
        "|---|---|",
    ]
    lignes += [
        f"| [{indicateur.libelle}](indicateurs/{indicateur.id}.md) "
        f"| {', '.join(fichiers[indicateur.id])} |"
        for indicateur in depot.catalogue.values()
        if indicateur.id in fichiers and indicateur.correspondance != "hors_grille"
        if not indicateur.lectures or indicateur.correspondance == "proche"
    ]
    return [*lignes, ""]
