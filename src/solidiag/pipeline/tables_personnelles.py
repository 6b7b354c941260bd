"""La table d'une personne devient un indicateur ; celle d'un partenaire est protégée avant.

Les octets reçus d'un partenaire sont gardés dans le dossier de l'ajout, hors de ce que le dépôt
sait lire : rien de ce qui publie n'y a accès. Ce qui se lit est la table protégée.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from solidiag.catalogue.indicateur import Indicateur
from solidiag.catalogue.table_personnelle import MODELE, TablePersonnelle
from solidiag.errors import FichierRefuse
from solidiag.pipeline.importation import Resultat, lire_fichier
from solidiag.pipeline.protection_partenaires import ajout_brut, ajout_protege, indicateur_de
from solidiag.pipeline.remplissage import (
    FACTEURS,
    a_remplir,
    completer,
    controler_remplissage,
)
from solidiag.sources.contenants import ouvrir
from solidiag.sources.formes import Tete, entete_probable, separateur_probable
from solidiag.sources.reconnaissance import Reconnaissance, reconnaitre
from solidiag.sources.registre import lire
from solidiag.sources.reparations import Connus
from solidiag.sources.vues import Vue, vues_de
from solidiag.storage.ajouts import Ajouts, dossier_des_donnees
from solidiag.storage.declarations import lire_yaml, valider
from solidiag.storage.depot import Depot
from solidiag.storage.sorties import raison_de

CENT = 100.0
_LIEUX = {"COM": "commune", "EPCI": "intercommunalité", "DEP": "département", "REG": "région"}
_NIVEAUX_DEVINES = ("COM", "EPCI", "DEP", "ZE", "BV")


@dataclass(frozen=True, kw_only=True)
class Apercu:
    """Ce que l'on devine d'une table : ses colonnes, celle du code, son niveau.

    ``entieres`` : colonnes, hors celle du code, qui ne portent que des nombres entiers.
    """

    nom: str
    feuille: str
    colonnes: tuple[str, ...]
    code: str
    niveau: str
    exemples: tuple[str, ...]
    entieres: tuple[str, ...] = ()


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
        entieres=tuple(
            colonne
            for place, colonne in enumerate(colonnes)
            if colonne and colonne != code and _entiere(lignes, place)
        ),
    )


def _entiere(lignes: Sequence[Sequence[str]], place: int) -> bool:
    """Dit si une colonne compte : des entiers, quelques marques de texte mises à part."""
    valeurs = [ligne[place].strip() for ligne in lignes if len(ligne) > place]
    nombres = [v for v in valeurs if re.fullmatch(r"-?[\d\s.,]+", v)]
    entiers = [v for v in nombres if re.fullmatch(r"\d{1,3}(\s\d{3})+|\d+([.,]0+)?", v)]
    return bool(nombres) and entiers == nombres


def ecrire_modele(
    chemin: Path,
    vers: Path,
    *,
    connus: Connus,
    jour: date,
    remplit: Indicateur | None = None,
) -> None:
    """Écrit une déclaration à remplir pour une table.

    Parameters
    ----------
    remplit
        Indicateur du catalogue que la table documentera : titre, unité et sens en viennent.

    Raises
    ------
    FichierRefuse
        Si la table ne s'ouvre pas, ou si ``vers`` existe ou ne s'écrit pas.
    """
    apercu = apercevoir(chemin, connus=connus)
    nature, unite, decimales = _nature_devinee(apercu, remplit)
    texte = MODELE.format(
        fichier=chemin.name,
        declaration=vers.name,
        colonnes=", ".join(apercu.colonnes).replace("\n", " "),
        id=remplit.id if remplit else "ma_table",
        titre=_yaml_texte(remplit.libelle if remplit else ""),
        annee=jour.year - 1,
        niveau=apercu.niveau,
        code=_yaml_texte(apercu.code),
        nature=nature,
        unite=unite,
        decimales=decimales,
        sens=remplit.sens if remplit else "contexte",
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


def _nature_devinee(apercu: Apercu, remplit: Indicateur | None) -> tuple[str, str, int]:
    """Renvoie les lignes de nature du modèle, l'unité et les décimales : entiers, donc effectif."""
    autres = [c for c in apercu.colonnes if c != apercu.code]
    valeur = autres[-1] if autres else ""
    compte = valeur in apercu.entieres
    unite = remplit.unite if remplit else ("nombre" if compte else "percent")
    facteur = f"{FACTEURS.get(unite, 100.0):g}"
    if remplit is not None and unite in FACTEURS and compte:
        premiere = next((c for c in apercu.entieres if c != valeur), "")
        numerateur, denominateur = (premiere, valeur) if premiere else (valeur, "")
        lignes = [
            "nature: rapport",
            f"numerateur: {_yaml_texte(numerateur)}",
            f"denominateur: {_yaml_texte(denominateur)}",
            f"facteur: {facteur}",
        ]
        return "\n".join(lignes), unite, 1
    nature = "effectif" if compte and unite == "nombre" else "valeur"
    lignes = [
        f"nature: {nature}",
        f"valeur: {_yaml_texte(valeur)}",
        "# nature: rapport",
        "# numerateur: ''",
        "# denominateur: ''",
        f"# facteur: {facteur}",
    ]
    return "\n".join(lignes), unite, 0 if nature == "effectif" else 1


def modele_de(remplit: str, depot: Depot) -> Indicateur | None:
    """Renvoie l'indicateur du catalogue qu'un modèle doit remplir, s'il y en a un.

    Raises
    ------
    FichierRefuse
        S'il n'existe pas, ou s'il est déjà documenté.
    """
    return a_remplir(remplit, depot) if remplit else None


def _yaml_texte(texte: str) -> str:
    return "'" + texte.replace("'", "''").replace("\n", " ") + "'"


def lire_declaration(chemin: Path, *, depot: Depot) -> TablePersonnelle:
    """Renvoie la déclaration d'une table, complétée par l'indicateur qu'elle remplit.

    Raises
    ------
    DeclarationInvalide
        Avec toutes ses fautes.
    """
    contenu = completer(lire_yaml(chemin), depot, nom=chemin.name)
    return valider(TablePersonnelle, contenu, nom=chemin.name)


def examiner_table(
    chemin: Path, table: TablePersonnelle, *, depot: Depot, connus: Connus
) -> Reconnaissance:
    """Renvoie la table lue et contrôlée selon sa déclaration, sans rien ajouter.

    Raises
    ------
    FichierRefuse
        Si la table ne se lit pas, si elle ne peut pas remplir l'indicateur du catalogue dont elle
        porte l'identifiant, ou si le domaine n'existe pas.
    DeclarationInvalide
        Si l'indicateur déclaré a une faute (unité inconnue).
    """
    controler_remplissage(table, depot, nom=chemin.name)
    domaines = {domaine.id for domaine in depot.grille.domaines}
    if table.domaine and table.domaine not in domaines:
        proches = difflib.get_close_matches(table.domaine, domaines, n=3, cutoff=0.3)
        raise FichierRefuse(
            chemin.name,
            f"« {table.domaine} » n'est pas un domaine de la grille",
            "choisissez par exemple " + ", ".join(proches or sorted(domaines)[:3]),
        )
    indicateur_de(table)
    examen = reconnaitre(lire_fichier(chemin), chemin.name, [table.gabarit()], connus=connus)
    return _avec_remarques(examen, table)


def _avec_remarques(examen: Reconnaissance, table: TablePersonnelle) -> Reconnaissance:
    """Ajoute ce que les valeurs de la table ont d'inattendu pour sa déclaration."""
    partie, *autres = examen.parties
    variables = set(table.colonnes_de_valeur)
    lue = lire(examen.octets, partie.source, partie.fichier, variables=variables)
    remarques = (*partie.remarques, *remarques_de_valeurs(lue, table))
    return replace(examen, parties=(replace(partie, remarques=remarques), *autres))


def remarques_de_valeurs(lue: pl.DataFrame, table: TablePersonnelle) -> Iterator[str]:
    """Dit les parts de plus de 100, et les petits effectifs qui se montreraient tels quels."""
    principale = table.colonnes_de_valeur[0]
    lues = lue.filter(pl.col("variable") == principale, pl.col("valeur").is_not_null())
    if table.nature == "valeur" and table.unite == "percent":
        trop = lues.filter(pl.col("valeur") > CENT)
        if trop.height:
            yield (
                f"« {principale} » est déclarée en pourcentage, et {trop.height} de ses "
                f"{lues.height} valeurs dépassent 100 (la première : {_court(trop['valeur'][0])}, "
                f"code {trop['code'][0]}) : si ce sont des effectifs, écrivez « nature: effectif » "
                "et « unite: nombre »."
            )
    if table.partenaire or table.nature == "valeur":
        return
    petits = lues.filter(pl.col("valeur").is_between(1, table.seuil - 1))["code"].n_unique()
    if petits:
        s = "s" if petits > 1 else ""
        lieu = _LIEUX.get(table.niveau, "territoire")
        yield (
            f"{petits} {lieu}{s} compte{'nt' if s else ''} moins de {table.seuil} dans "
            f"« {principale} » : si ce sont des personnes et que ces données ne sont pas "
            "publiques, écrivez « partenaire: true »."
        )


def _court(valeur: float) -> str:
    return f"{valeur:g}".replace(".", ",")


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
