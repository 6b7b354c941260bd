"""La table d'une personne devient un indicateur ; celle d'un partenaire est protégée avant.

Les octets reçus d'un partenaire sont gardés dans le dossier de l'ajout, hors de ce que le dépôt
sait lire : rien de ce qui publie n'y a accès. Ce qui se lit est la table protégée.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from pydantic import ValidationError

from solidiag.catalogue.indicateur import Indicateur, Lecture, Terme
from solidiag.catalogue.source import Fichier
from solidiag.catalogue.table_personnelle import MODELE, TablePersonnelle
from solidiag.confidentiality.partenaires import proteger_observations
from solidiag.confidentiality.secret import Regles
from solidiag.errors import DeclarationInvalide, FichierRefuse
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.calculs import calculer_indicateurs, charger_referentiel
from solidiag.pipeline.importation import Resultat, lire_fichier, verrou
from solidiag.pipeline.partenaires import parents_des_communes
from solidiag.sources.contenants import ouvrir
from solidiag.sources.controle import Partie
from solidiag.sources.formes import Tete, entete_probable, separateur_probable
from solidiag.sources.reconnaissance import Reconnaissance, reconnaitre
from solidiag.sources.reparations import Connus
from solidiag.sources.vues import Vue, vues_de
from solidiag.storage.ajouts import PREFIXE, Ajout, Ajouts, dossier_des_donnees
from solidiag.storage.cache import Cache
from solidiag.storage.declarations import lire_yaml, valider
from solidiag.storage.depot import Depot
from solidiag.storage.sorties import raison_de

_NIVEAUX_PROTEGES = ("COM", "EPCI", "DEP")
"""Niveaux montrés d'une table de partenaire : moins il y en a, moins il y a à recouper."""

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
    _indicateur(table)
    return reconnaitre(lire_fichier(chemin), chemin.name, [table.gabarit()], connus=connus)


def _indicateur(table: TablePersonnelle) -> Indicateur:
    try:
        return table.indicateur()
    except ValidationError as erreur:
        fautes = [f"{'.'.join(map(str, f['loc']))} : {f['msg']}" for f in erreur.errors()]
        raise DeclarationInvalide(table.id, fautes) from erreur


def ajouter_table(
    examen: Reconnaissance, table: TablePersonnelle, *, depot: Depot, jour: date
) -> Resultat:
    """Ajoute l'indicateur d'une table ; celle d'un partenaire est protégée avant d'être lisible.

    Raises
    ------
    SortieImpossible
        Si le dossier de données ne s'écrit pas ; les ajouts déjà là sont intacts.
    """
    (partie,) = examen.parties[:1]
    ajouts = _ajouts(depot)
    remplace = partie.source.id in ajouts.noms()
    comment = f"fichier donné sous le nom « {examen.nom} »"
    if table.partenaire:
        ajout, fichiers = _protege(examen, partie, table, depot=depot, jour=jour)
    else:
        ajout, fichiers = _brut(partie, examen.octets, table, jour=jour, comment=comment)
    ajouts.ajouter(ajout, fichiers)
    return Resultat(source=partie.source.id, remplace=remplace)


def _ajouts(depot: Depot) -> Ajouts:
    return depot.ajouts or Ajouts(dossier_des_donnees())


def _brut(
    partie: Partie, octets: bytes, table: TablePersonnelle, *, jour: date, comment: str
) -> tuple[Ajout, dict[str, bytes]]:
    chemin = partie.fichier.fichier
    ajout = Ajout(
        source=partie.source,
        verrous={chemin: verrou(octets, chemin, jour=jour, comment=comment)},
        remplit=partie.remplit,
        indicateur=_indicateur(table),
    )
    return ajout, {chemin.removeprefix(f"{PREFIXE}{partie.source.id}/"): octets}


def _protege(
    examen: Reconnaissance, partie: Partie, table: TablePersonnelle, *, depot: Depot, jour: date
) -> tuple[Ajout, dict[str, bytes]]:
    """Renvoie l'ajout d'une table de partenaire : secret posé, octets reçus mis à l'écart."""
    referentiel = charger_referentiel(depot)
    observations = _observations(examen, partie, table, referentiel, jour=jour)
    parents = parents_des_communes(observations["territoire"].to_list(), referentiel)
    protegees = proteger_observations(
        observations, parents=parents, regles=Regles(seuil=table.seuil)
    )
    octets = _en_csv(protegees)
    nom = partie.source.id
    chemin = f"{PREFIXE}{nom}/octets/{hashlib.sha256(octets).hexdigest()}.csv"
    droit = table.droit_d_usage
    texte_droit = (
        f"Données d'un partenaire : {droit.texte} (accordé par {droit.accorde_par} le "
        f"{droit.date.isoformat()}) ; secret appliqué à l'ajout, seuil de {table.seuil}."
        if droit
        else ""
    )
    fichier = Fichier(
        id="fichier",
        fichier=chemin,
        millesime=table.periode,
        cog=referentiel.cog,
        niveau="mixte",
        options={
            "colonne_code": "code",
            "colonne_niveau": "niveau",
            "niveaux": {niveau: niveau for niveau in (*_NIVEAUX_PROTEGES, table.niveau)},
        },
        copie="retravaillee",
        copie_note=f"Table protégée à l'ajout (seuil de {table.seuil}) ; les octets reçus restent "
        "chez la personne qui l'a ajoutée.",
        remarque="Table d'un partenaire, protégée.",
    )
    source = partie.source.model_copy(
        update={
            "fichiers": (fichier,),
            "seuil_secret": table.seuil,
            "marques": {m: m for m in ("Q", "O", "L", "M")},
            "limites": (*partie.source.limites, texte_droit),
        }
    )
    niveaux = _NIVEAUX_PROTEGES if table.niveau == "COM" else (table.niveau,)
    lecture = _lecture_protegee(table, f"{nom}/fichier", niveaux)
    recu = hashlib.sha256(examen.octets).hexdigest()
    usage = {
        "droit_d_usage": droit.model_dump(mode="json") if droit else {},
        "recu": {"nom": examen.nom, "sha256": recu, "taille": len(examen.octets)},
        "seuil": table.seuil,
    }
    ajout = Ajout(
        source=source,
        verrous={
            chemin: verrou(
                octets,
                chemin,
                jour=jour,
                comment=f"protégé à partir du fichier reçu {recu[:12]}…",
                copie="retravaillee",
            )
        },
        remplit={table.id: (lecture,)},
        indicateur=_indicateur(table),
    )
    return ajout, {
        chemin.removeprefix(f"{PREFIXE}{nom}/"): octets,
        f"recu/{recu}": examen.octets,
        "droit.yaml": yaml.safe_dump(usage, allow_unicode=True, sort_keys=False).encode(),
    }


def _observations(
    examen: Reconnaissance,
    partie: Partie,
    table: TablePersonnelle,
    referentiel: Referentiel,
    *,
    jour: date,
) -> pl.DataFrame:
    """Renvoie l'indicateur calculé sur un dépôt passager, effacé aussitôt."""
    territoires = _territoires(partie, referentiel)
    with tempfile.TemporaryDirectory(prefix="solidiag-") as passager:
        depot = Depot(ajouts=Path(passager))
        ajout, fichiers = _brut(partie, examen.octets, table, jour=jour, comment="passager")
        if depot.ajouts is not None:
            depot.ajouts.ajouter(ajout, fichiers)
        observations, _ = calculer_indicateurs(
            [depot.catalogue[table.id]],
            depot,
            referentiel,
            territoires=territoires,
            cache=Cache(None),
        )
    return observations.filter(pl.col("periode") == table.periode)


def _territoires(partie: Partie, referentiel: Referentiel) -> list[str]:
    if partie.fichier.niveau != "COM":
        niveau = partie.fichier.niveau
        return referentiel.territoires.filter(pl.col("niveau") == niveau)["id"].to_list()
    communes = referentiel.communes
    if partie.departements:
        communes = communes.filter(pl.col("departement").is_in(list(partie.departements)))
    epci = [f"EPCI-{code}" for code in communes["epci"].unique().sort() if code]
    departements = [f"DEP-{code}" for code in communes["departement"].unique().sort()]
    return [*(f"COM-{code}" for code in communes["code"]), *epci, *departements]


def _lecture_protegee(table: TablePersonnelle, fichier: str, niveaux: tuple[str, ...]) -> Lecture:
    """Renvoie la lecture d'une table protégée : chaque niveau a sa ligne, rien ne s'additionne.

    Un rapport garde ses effectifs : le contrôle du secret se fait sur eux.
    """

    def terme(variable: str) -> Terme:
        return Terme(fichier=fichier, variables=(variable,))

    commun: dict[str, Any] = {
        "niveaux": niveaux,
        "periode": table.periode,
        "decimales": table.decimales,
        "remarque": f"Secret appliqué à l'ajout, seuil de {table.seuil}.",
    }
    if table.nature == "rapport":
        return Lecture(
            formule="ratio",
            numerateur=terme("numerateur"),
            denominateur=terme("denominateur"),
            facteur=table.facteur,
            **commun,
        )
    return Lecture(formule="publie", valeur=terme("valeur"), **commun)


def _en_csv(protegees: pl.DataFrame) -> bytes:
    """Renvoie la table protégée : niveau, code, puis l'effectif ou les deux termes du rapport.

    Une ligne cachée porte la marque de son absence à la place de chaque nombre.
    """
    rapport = protegees["denominateur"].null_count() < protegees.height
    colonnes = ("numerateur", "denominateur") if rapport else ("value",)
    tampon = io.BytesIO()
    protegees.select(
        pl.col("territoire").str.extract(r"^([A-Z]+)-").alias("niveau"),
        pl.col("territoire").str.extract(r"^[A-Z]+-(.+)$").alias("code"),
        *(
            pl.when(pl.col("value").is_not_null())
            .then(pl.col(colonne).round(10).cast(pl.String))
            .otherwise(pl.col("status"))
            .alias("valeur" if colonne == "value" else colonne)
            for colonne in colonnes
        ),
    ).write_csv(tampon, separator=";")
    return tampon.getvalue()
