"""La table d'une personne devient un indicateur ; celle d'un partenaire est protégée avant.

Les octets reçus d'un partenaire sont gardés dans le dossier de l'ajout, hors de ce que le dépôt
sait lire : rien de ce qui publie n'y a accès. Ce qui se lit est la table protégée.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from solidiag.catalogue.table_personnelle import MODELE, TablePersonnelle
from solidiag.errors import FichierRefuse
from solidiag.pipeline.importation import Resultat, lire_fichier
from solidiag.pipeline.protection_partenaires import ajout_brut, ajout_protege, indicateur_de
from solidiag.sources.contenants import ouvrir
from solidiag.sources.formes import Tete, entete_probable, separateur_probable
from solidiag.sources.reconnaissance import Reconnaissance, reconnaitre
from solidiag.sources.reparations import Connus
from solidiag.sources.vues import Vue, vues_de
from solidiag.storage.ajouts import Ajouts, dossier_des_donnees
from solidiag.storage.declarations import lire_yaml, valider
from solidiag.storage.depot import Depot
from solidiag.storage.sorties import raison_de

_NIVEAUX_DEVINES = ("COM", "EPCI", "DEP", "ZE", "BV")


@dataclass(frozen=True, kw_only=True)
class Apercu:
    """Ce que l'on devine d'une table : ses colonnes, celle du code, son niveau."""

    nom: str
    feuille: str
    colonnes: tuple[str, ...]
    code: str
    niveau: str
    exemples: tuple[str, ...]


def apercevoir(chemin: Path, *, connus: Connus) -> Apercu:
    """Renvoie les colonnes d'une table, et celle qui ressemble le plus à un code de territoire.

    Raises
    ------
    FichierRefuse
        Si le fichier ne s'ouvre pas, ou n'a pas de tableau.
    """
    contenus = ouvrir(lire_fichier(chemin), chemin.name)
    facons = [f for contenu in contenus for f in vues_de(contenu, chemin.name)]
    if not facons:
        raise FichierRefuse(chemin.name, "il n'a pas de tableau", "donnez un tableau")
    apercus = [_apercu(chemin.name, _vue_probable(f), connus) for f in facons]
    return max(apercus, key=lambda a: (bool(a.code), len(a.colonnes)))


def _vue_probable(facons: Sequence[Vue]) -> Vue:
    tetes = [Tete(separateur=vue.separateur, lignes=vue.lignes) for vue in facons]
    return facons[tetes.index(separateur_probable(tetes))]


def _apercu(nom: str, vue: Vue, connus: Connus) -> Apercu:
    rang = entete_probable(vue.lignes)
    colonnes = tuple(c.strip() for c in vue.lignes[rang]) if vue.lignes else ()
    lignes = vue.lignes[rang + 1 :]
    notes: list[tuple[float, str, str]] = []
    for place, colonne in enumerate(colonnes):
        valeurs = [ligne[place].strip() for ligne in lignes if len(ligne) > place]
        valeurs = [v for v in valeurs if v]
        for niveau in _NIVEAUX_DEVINES if valeurs else ():
            vrais = sum(
                connus.connait(niveau, v) or connus.connait(niveau, f"0{v}") for v in valeurs
            )
            notes.append((vrais / len(valeurs), niveau, colonne))
    meilleure = max(notes, key=lambda n: n[0], default=(0.0, "", ""))
    _, niveau, code = meilleure if meilleure[0] >= 0.5 else (0.0, "COM", "")
    exemples = tuple(lignes[0][: len(colonnes)]) if lignes else ()
    return Apercu(
        nom=nom,
        feuille=vue.feuille,
        colonnes=tuple(c for c in colonnes if c),
        code=code,
        niveau=niveau,
        exemples=exemples,
    )


def ecrire_modele(chemin: Path, vers: Path, *, connus: Connus, jour: date) -> None:
    """Écrit une déclaration à remplir pour une table.

    Raises
    ------
    FichierRefuse
        Si la table ne s'ouvre pas, ou si ``vers`` existe ou ne s'écrit pas.
    """
    apercu = apercevoir(chemin, connus=connus)
    autres = [c for c in apercu.colonnes if c != apercu.code]
    texte = MODELE.format(
        fichier=chemin.name,
        declaration=vers.name,
        colonnes=", ".join(apercu.colonnes).replace("\n", " "),
        id="ma_table",
        annee=jour.year - 1,
        niveau=apercu.niveau,
        code=_yaml_texte(apercu.code),
        valeur=_yaml_texte(autres[-1] if autres else ""),
    )
    try:
        with vers.open("x", encoding="utf-8") as flux:
            flux.write(texte)
    except FileExistsError as erreur:
        raise FichierRefuse(
            str(vers), "il existe déjà", "choisissez un autre nom pour le modèle"
        ) from erreur
    except OSError as erreur:
        raise FichierRefuse(
            str(vers), f"il ne s'écrit pas ({raison_de(erreur)})", "choisissez un autre dossier"
        ) from erreur


def _yaml_texte(texte: str) -> str:
    return "'" + texte.replace("'", "''").replace("\n", " ") + "'"


def lire_declaration(chemin: Path) -> TablePersonnelle:
    """Renvoie la déclaration d'une table.

    Raises
    ------
    DeclarationInvalide
        Avec toutes ses fautes.
    """
    return valider(TablePersonnelle, lire_yaml(chemin), nom=chemin.name)


def examiner_table(
    chemin: Path, table: TablePersonnelle, *, depot: Depot, connus: Connus
) -> Reconnaissance:
    """Renvoie la table lue et contrôlée selon sa déclaration, sans rien ajouter.

    Raises
    ------
    FichierRefuse
        Si la table ne se lit pas, si l'identifiant est celui d'un indicateur du catalogue, ou si
        le domaine n'existe pas.
    DeclarationInvalide
        Si l'indicateur déclaré a une faute (unité inconnue).
    """
    propres = {a.indicateur.id for a in _ajouts(depot).lus if a.indicateur is not None}
    if table.id in depot.catalogue and table.id not in propres:
        raise FichierRefuse(
            chemin.name,
            f"« {table.id} » est déjà un indicateur du catalogue",
            "choisissez un autre « id »",
        )
    domaines = {domaine.id for domaine in depot.grille.domaines}
    if table.domaine and table.domaine not in domaines:
        proches = difflib.get_close_matches(table.domaine, domaines, n=3, cutoff=0.3)
        raise FichierRefuse(
            chemin.name,
            f"« {table.domaine} » n'est pas un domaine de la grille",
            "choisissez par exemple " + ", ".join(proches or sorted(domaines)[:3]),
        )
    indicateur_de(table)
    return reconnaitre(lire_fichier(chemin), chemin.name, [table.gabarit()], connus=connus)


def ajouter_table(
    examen: Reconnaissance, table: TablePersonnelle, *, depot: Depot, jour: date
) -> Resultat:
    """Ajoute l'indicateur d'une table ; celle d'un partenaire est protégée avant d'être lisible.

    Raises
    ------
    FichierRefuse
        Pour un partenaire : si un effectif n'est pas entier, ou si un chiffre aujourd'hui secret a
        déjà été montré par un ajout précédent.
    PublicationInterdite
        Pour un partenaire : si le secret ne peut pas être posé.
    SortieImpossible
        Si le dossier de données ne s'écrit pas ; les ajouts déjà là sont intacts.
    """
    (partie,) = examen.parties[:1]
    ajouts = _ajouts(depot)
    remplace = partie.source.id in ajouts.noms()
    comment = f"fichier donné sous le nom « {examen.nom} »"
    if table.partenaire:
        ajout, fichiers = ajout_protege(examen, partie, table, depot=depot, jour=jour)
    else:
        ajout, fichiers = ajout_brut(partie, examen.octets, table, jour=jour, comment=comment)
    ajouts.ajouter(ajout, fichiers)
    return Resultat(source=partie.source.id, remplace=remplace)


def _ajouts(depot: Depot) -> Ajouts:
    return depot.ajouts or Ajouts(dossier_des_donnees())
