"""Pages de documentation tirées des déclarations : ``python -m solidiag.pipeline.documentation``.

Une page par indicateur, par source et par mesure d'offre, un index de chaque, le glossaire. Un
essai compare ces pages à celles du dépôt : elles ne peuvent pas vieillir.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from solidiag.catalogue.indicateur import (
    ACCES,
    AGREGATIONS,
    VERIFICATIONS,
    Indicateur,
    Lecture,
    MesureOffre,
)
from solidiag.catalogue.source import Source
from solidiag.pipeline.documentation_acces import page_acces
from solidiag.pipeline.documentation_connecteurs import page_connecteurs
from solidiag.publication.francais import UNITES
from solidiag.storage.depot import Depot

_ENTETE = "<!-- Page tirée des déclarations par `make docs` : ne pas la modifier à la main. -->\n"

_FORMULES = {
    "publie": "valeur publiée, jamais agrégée",
    "ratio": "somme des numérateurs divisée par la somme des dénominateurs",
    "moyenne_ponderee": "somme des produits valeur × poids, divisée par la somme des poids",
    "somme": "somme d'effectifs",
    "amplitude": "écart entre le plus haut et le plus bas, rapporté à la moyenne",
}

_SENS = {
    "plus_haut_est_plus_fragile": "une valeur plus élevée dit une fragilité plus forte",
    "plus_bas_est_plus_fragile": "une valeur plus basse dit une fragilité plus forte",
    "contexte": "non orienté",
}

_METHODES = {
    "producteur": "intervalle du producteur",
    "wilson": "intervalle de Wilson sur la proportion",
    "byar": "intervalle de Byar sur le nombre d'événements",
    "arrondi": "intervalle d'arrondi du producteur",
}

_CORRESPONDANCES = {
    "exacte": "définition de la grille",
    "proche": "définition proche de celle de la grille",
    "hors_grille": "proposé en plus de la grille",
}


def pages(depot: Depot) -> dict[str, str]:
    """Renvoie le contenu de chaque page, par chemin sous ``docs/``."""
    contenu = {"glossaire.md": _glossaire(depot)}
    for indicateur in depot.catalogue.values():
        contenu[f"indicateurs/{indicateur.id}.md"] = _page_indicateur(depot, indicateur)
    for mesure in depot.mesures.values():
        contenu[f"mesures/{mesure.id}.md"] = _page_mesure(depot, mesure)
    for source in depot.sources.values():
        contenu[f"sources/{source.id}.md"] = _page_source(depot, source)
    contenu["methode/acces_domaines.md"] = page_acces(depot, _ENTETE)
    contenu["connecteurs.md"] = page_connecteurs(depot, _ENTETE)
    contenu["indicateurs/index.md"] = _index_indicateurs(depot)
    contenu["mesures/index.md"] = _index(
        "Mesures d'offre", ((m.id, m.libelle) for m in depot.mesures.values())
    )
    contenu["sources/index.md"] = _index(
        "Sources", ((s.id, f"{s.titre} ({s.producteur})") for s in depot.sources.values())
    )
    return contenu


def _index(titre: str, elements: Iterable[tuple[str, str]]) -> str:
    lignes = [_ENTETE, f"# {titre}\n"]
    lignes += [f"- [{libelle}]({nom}.md) — `{nom}`" for nom, libelle in sorted(elements)]
    return "\n".join(lignes) + "\n"


def _index_indicateurs(depot: Depot) -> str:
    """Renvoie l'index du catalogue : documentés, à demander, hors grille."""
    groupes: dict[str, list[Indicateur]] = {
        "Indicateurs de la grille que les fichiers embarqués documentent": [],
        "Indicateurs de la grille à demander à leur producteur": [],
        "Indicateurs proposés en plus de la grille": [],
    }
    documentes, demandes, hors = groupes.values()
    for indicateur in depot.catalogue.values():
        if indicateur.correspondance == "hors_grille":
            hors.append(indicateur)
        else:
            (documentes if indicateur.lectures else demandes).append(indicateur)
    lignes = [_ENTETE, "# Indicateurs de besoin\n"]
    for titre, groupe in groupes.items():
        lignes.append(f"## {titre} ({len(groupe)})\n")
        lignes += [
            f"- [{i.libelle}]({i.id}.md) — `{i.id}`"
            for i in sorted(groupe, key=lambda i: (i.libelle, i.id))
        ]
        lignes.append("")
    return "\n".join(lignes).rstrip() + "\n"


def _champs(paires: Mapping[str, str]) -> list[str]:
    return [f"**{nom}.** {valeur}\n" for nom, valeur in paires.items() if valeur]


def _page_indicateur(depot: Depot, indicateur: Indicateur) -> str:
    lignes = [_ENTETE, f"# {indicateur.libelle}\n", f"`{indicateur.id}`\n"]
    lignes += _champs(
        {
            "Définition": indicateur.definition,
            "Numérateur": indicateur.numerateur,
            "Dénominateur": indicateur.denominateur,
            "Champ": indicateur.champ,
            "Unité": UNITES.get(indicateur.unite, indicateur.unite),
            "Sens": _SENS[indicateur.sens],
            "Niveau le plus fin": indicateur.niveau_le_plus_fin,
            "Agrégation": AGREGATIONS.get(indicateur.agregation, ""),
            "Secret": _secret(depot, indicateur),
            "Incertitude": _incertitude(indicateur),
            "Lecture": indicateur.lecture,
            "Correspondance": _CORRESPONDANCES[indicateur.correspondance],
            "Différence avec la grille": indicateur.difference,
            "Domaines": _domaines(depot, indicateur),
            "Vérification": _verification(indicateur),
        }
    )
    lignes += _lectures(depot, indicateur.lectures)
    lignes += _demande(depot, indicateur)
    if indicateur.limites:
        lignes.append("## Limites\n")
        lignes += [f"- {limite}" for limite in indicateur.limites]
    return "\n".join(lignes).rstrip() + "\n"


def _secret(depot: Depot, indicateur: Indicateur) -> str:
    regle = depot.grille.regles_secret.get(indicateur.secret, "")
    return f"`{indicateur.secret}` {regle}" if regle else ""


def _domaines(depot: Depot, indicateur: Indicateur) -> str:
    noms = [
        domaine.libelle
        for domaine in depot.grille.domaines
        if indicateur.id in (*domaine.indicateurs_besoin, *domaine.indicateurs_complementaires)
    ]
    if indicateur.id in depot.grille.socle_contexte:
        noms.insert(0, "socle de contexte")
    return " ; ".join(noms)


def _verification(indicateur: Indicateur) -> str:
    if indicateur.verification is None:
        return ""
    return f"{VERIFICATIONS[indicateur.verification.etat]} ({indicateur.verification.comment})"


def _demande(depot: Depot, indicateur: Indicateur) -> list[str]:
    """Renvoie le fichier à demander : pour documenter l'indicateur, ou pour l'actualiser."""
    if indicateur.demande is None:
        return []
    demande = indicateur.demande
    titre = "Fichier à demander" if not indicateur.lectures else "Fichier qui l'actualiserait"
    lignes = [f"## {titre}\n"]
    mesure = depot.mesures.get(indicateur.mesure)
    lignes += _champs(
        {
            "Fichier": demande.fichier,
            "Producteur": demande.producteur,
            "Jeu de données": demande.jeu_de_donnees,
            "Variables": demande.variables,
            "Millésime": demande.millesime,
            "Accès": ACCES[demande.acces],
            "Adresse": demande.adresse,
            "À défaut": (
                f"mesure d'offre [{mesure.libelle}](../mesures/{mesure.id}.md)" if mesure else ""
            ),
        }
    )
    return lignes


def _incertitude(indicateur: Indicateur) -> str:
    if indicateur.incertitude == "inconnue":
        dite = "intervalle" in indicateur.motif
        return indicateur.motif if dite else f"pas d'intervalle : {indicateur.motif}"
    return " : ".join(filter(None, (_METHODES[indicateur.incertitude], indicateur.motif)))


def _page_mesure(depot: Depot, mesure: MesureOffre) -> str:
    lignes = [_ENTETE, f"# {mesure.libelle}\n", f"`{mesure.id}`\n"]
    lignes += _champs(
        {
            "Nature": mesure.nature.replace("presence", "présence seulement"),
            "Domaines": ", ".join(mesure.domaines),
            "Unité": mesure.unite,
            "Lecture": mesure.lecture,
            "Réserve": mesure.reserve,
        }
    )
    if mesure.selection:
        choix = ", ".join(f"{nom} = {valeur}" for nom, valeur in mesure.selection.items())
        lignes.append(f"**Sélection dans l'inventaire.** {choix}\n")
    lignes += _lectures(depot, mesure.lectures)
    return "\n".join(lignes).rstrip() + "\n"


def _lectures(depot: Depot, lectures: Iterable[Lecture]) -> list[str]:
    lectures = tuple(lectures)
    if not lectures:
        return []
    lignes = [
        "## D'où il se lit\n",
        "| Période | Niveaux | Calcul | Fichier | Variables |",
        "|---|---|---|---|---|",
    ]
    for lecture in lectures:
        termes = [
            t
            for t in (lecture.valeur, lecture.numerateur, lecture.denominateur, lecture.poids)
            if t is not None
        ]
        fichiers = ", ".join(
            f"[{depot.fichier(f)[0].titre}](../sources/{f.partition('/')[0]}.md)"
            for f in dict.fromkeys(t.fichier for t in termes)
        )
        variables = ", ".join(f"`{v}`" for t in termes for v in (*t.variables, *t.moins))
        lignes.append(
            f"| {lecture.periode} | {', '.join(lecture.niveaux)} | {_FORMULES[lecture.formule]} "
            f"| {fichiers} | {variables} |"
        )
    return [*lignes, ""]


def _page_source(depot: Depot, source: Source) -> str:
    lignes = [_ENTETE, f"# {source.titre}\n", f"`{source.id}`\n"]
    lignes += _champs(
        {
            "Producteur": source.producteur,
            "Licence": f"{source.licence.id} {source.licence.url}".strip(),
            "Page du producteur": source.page,
            "Champ": source.champ,
            "Format": source.format,
            "Marques": ", ".join(f"`{m or '(vide)'}` → {s}" for m, s in source.marques.items()),
        }
    )
    lignes += [
        "## Fichiers\n",
        "| Fichier | Millésime | COG | Copie | Empreinte |",
        "|---|---|---|---|---|",
    ]
    for fichier in source.fichiers:
        verrou = depot.verrous.get(fichier.fichier, {})
        copie = "du producteur" if fichier.copie == "producteur" else "retravaillée"
        empreinte = str(verrou.get("sha256", ""))[:12]
        cellules = (f"`{fichier.fichier}`", fichier.millesime, str(fichier.cog), copie)
        lignes.append(f"| {' | '.join(cellules)} | `{empreinte}` |")
    notes = [f"- `{f.id}` : {f.copie_note}" for f in source.fichiers if f.copie_note]
    if notes:
        lignes += ["", "## Comment la copie a été faite\n", *notes]
    if source.limites:
        lignes += ["", "## Limites\n", *(f"- {limite}" for limite in source.limites)]
    return "\n".join(lignes).rstrip() + "\n"


def _glossaire(depot: Depot) -> str:
    termes = depot.declaration("glossaire.yaml")
    lignes = [_ENTETE, "# Glossaire\n"]
    lignes += [f"- **{terme}** : {definition}" for terme, definition in termes]
    return "\n".join(lignes) + "\n"


def ecrire(dossier: Path, depot: Depot | None = None) -> None:
    """Écrit les pages, et retire celles qui ne correspondent plus à rien."""
    contenu = pages(depot or Depot.embarque())
    for nom in ("indicateurs", "mesures", "sources"):
        for chemin in (dossier / nom).glob("*.md"):
            if chemin.relative_to(dossier).as_posix() not in contenu:
                chemin.unlink()
    for chemin_relatif, texte in contenu.items():
        chemin = dossier / chemin_relatif
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.write_text(texte, encoding="utf-8")


if __name__ == "__main__":
    ecrire(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
