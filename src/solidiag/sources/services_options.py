"""Options d'un lecteur de services : quelles colonnes du fichier font quel champ."""

from __future__ import annotations

import json
from functools import cache

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from solidiag.catalogue.correspondance import Correspondance
from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import DeclarationInvalide
from solidiag.sources.options import Options


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Vue(_Gele):
    """Services d'une catégorie tirés des lignes d'un fichier.

    Une ligne peut servir plusieurs vues (un lieu qui abrite deux services).

    Parameters
    ----------
    categorie
        Identifiant de catégorie (``declarations/services/categories.yaml``).
    suffixe
        Ajouté à l'identifiant quand une ligne sert plusieurs vues.
    filtre
        Colonne vers valeurs gardées.
    motif, sauf_motif
        Colonne vers expression régulière que la cellule (sans casse) contient, ou ne contient pas.
    nom
        Nom donné au service quand le fichier n'en porte pas.
    capacite, capacite_unite
        Colonnes qui s'additionnent, et leur unité ; à défaut celles du fichier.
    """

    categorie: str
    suffixe: str = ""
    filtre: dict[str, tuple[str, ...]] = {}
    motif: dict[str, str] = {}
    sauf_motif: dict[str, str] = {}
    nom: str = ""
    capacite: tuple[str, ...] = ()
    capacite_unite: str = ""
    remarque: str = ""


class Correction(_Gele):
    """Correction d'une faute de frappe du producteur ; sans la valeur attendue, rien n'est changé.

    Parameters
    ----------
    colonne, lu, corrige
        Cellule fautive, exactement telle que lue, et texte à y mettre.
    motif
        Pourquoi.
    """

    colonne: str
    lu: str
    corrige: str
    motif: str


class OptionsServices(_Gele):
    """Options du lecteur ``services``.

    Parameters
    ----------
    separateur, encodage, sauter, membre, feuille, noms, lignes_inegales
        Forme du fichier, comme pour `solidiag.sources.options.Options`.
    id
        Colonnes jointes par un tiret, qui distinguent les lignes.
    nom, siret, commune, code_insee, code_postal, latitude, longitude, fermeture
        Colonnes du fichier ; vides si le fichier ne les a pas.
    adresse
        Colonnes jointes par une espace.
    nom_retirer
        Expression régulière ôtée du nom.
    date, date_colonne
        Date de la source (AAAA, AAAA-MM ou AAAA-MM-JJ), ou colonne qui la porte.
    horaires
        Colonne vers libellé du jour.
    precision, precision_colonne, precisions
        Précision du point, ou colonne et correspondance de ses valeurs.
    corrections
        Fautes de frappe du producteur ; une correction sans objet arrête la lecture.
    vides
        Textes qui veulent dire « vide ».
    capacite_zero_inconnue
        Vrai : une capacité de 0 y veut dire « non renseignée ».
    nombre
        Colonne d'un nombre d'équipements : autant de services à la commune.
    dernier, regrouper
        Colonne dont on garde la plus grande valeur, puis colonnes qui font un service ; le nombre
        de lignes devient la capacité.
    remarques
        Textes où ``{colonne}`` est remplacé ; omis si une des colonnes est vide.
    vues
        Ce que l'on tire de chaque ligne.
    code, correspondance
        Colonne du code du producteur, et table qui en fait des catégories ; en plus des ``vues``.
    garder
        Colonne vers valeurs gardées, pour toutes les vues.
    tolerer
        Colonnes de codes de commune où un code mal formé se lit comme vide : la commune est alors
        retrouvée par le code postal et le nom.
    completer
        Colonne vers largeur où remettre les zéros de tête perdus.
    numeroter
        Vrai : les colonnes ``id`` ne distinguent pas les lignes, un rang s'y ajoute.
    x, y, projection
        Coordonnées en mètres, et colonne du code de commune ou de département qui dit leur
        projection ; elles ne servent que là où latitude et longitude manquent.
    identifiants
        Préfixe (``finess``) vers colonne.
    remplace
        Sources embarquées dont ce fichier, s'il est plus récent, prend la suite là où il couvre.
    fermeture_motif
        Expression que la cellule de ``fermeture`` doit contenir (sans casse) pour dire une
        fermeture, quand cette colonne est un commentaire libre.
    """

    separateur: str = ","
    encodage: str = "utf-8"
    sauter: int = 0
    membre: str = ""
    feuille: str = ""
    noms: dict[str, str] = {}
    lignes_inegales: bool = False
    id: tuple[str, ...] = Field(min_length=1)
    nom: str = ""
    nom_retirer: str = ""
    siret: str = ""
    commune: str = ""
    code_insee: str = ""
    code_postal: str = ""
    adresse: tuple[str, ...] = ()
    latitude: str = ""
    longitude: str = ""
    fermeture: str = ""
    date: str = ""
    date_colonne: str = ""
    horaires: dict[str, str] = {}
    precision: str = "point"
    precision_colonne: str = ""
    precisions: dict[str, str] = {}
    capacite: tuple[str, ...] = ()
    capacite_unite: str = ""
    capacite_zero_inconnue: bool = False
    corrections: tuple[Correction, ...] = ()
    vides: tuple[str, ...] = ()
    nombre: str = ""
    dernier: str = ""
    regrouper: tuple[str, ...] = ()
    remarques: tuple[str, ...] = ()
    code: str = ""
    correspondance: Correspondance | None = Field(default=None, validate_default=True)
    vues: tuple[Vue, ...] = Field(default=(), validate_default=True)
    garder: dict[str, tuple[str, ...]] = {}
    tolerer: tuple[str, ...] = ()
    completer: dict[str, int] = {}
    numeroter: bool = False
    x: str = ""
    y: str = ""
    projection: str = ""
    identifiants: dict[str, str] = {}
    fermeture_motif: str = ""
    remplace: tuple[str, ...] = ()

    @field_validator("correspondance")
    @classmethod
    def _avec_son_code(
        cls, table: Correspondance | None, infos: ValidationInfo
    ) -> Correspondance | None:
        if (table is not None) != bool(infos.data.get("code")):
            raise ValueError("« code » et « correspondance » vont ensemble")
        return table

    @field_validator("vues")
    @classmethod
    def _au_moins_une(cls, vues: tuple[Vue, ...], infos: ValidationInfo) -> tuple[Vue, ...]:
        if not vues and infos.data.get("correspondance") is None:
            raise ValueError("au moins une vue, ou une correspondance")
        return vues

    def toutes_les_vues(self, annee: int) -> tuple[Vue, ...]:
        """Renvoie les vues écrites, et une par code que la table retient pour ce millésime."""
        if self.correspondance is None:
            return self.vues
        return self.vues + tuple(
            Vue(
                categorie=regle.categorie,
                filtre={self.code: (code,)},
                nom=regle.nom or regle.libelle,
                capacite_unite=regle.unite,
                remarque=regle.remarque,
            )
            for code, regle in self.correspondance.retenus(annee).items()
        )

    @property
    def forme(self) -> Options:
        """Options de lecture de la grille."""
        return Options(
            separateur=self.separateur,
            encodage=self.encodage,
            sauter=self.sauter,
            membre=self.membre,
            feuille=self.feuille,
            noms=self.noms,
            lignes_inegales=self.lignes_inegales,
        )


@cache
def _valider(nom: str, contenu: str) -> OptionsServices:
    try:
        return OptionsServices.model_validate_json(contenu)
    except ValidationError as erreur:
        fautes = [
            f"options.{'.'.join(str(partie) for partie in faute['loc'])} : {faute['msg']}"
            for faute in erreur.errors()
        ]
        raise DeclarationInvalide(nom, fautes) from erreur


def options_services(source: Source, fichier: Fichier) -> OptionsServices:
    """Renvoie les options validées d'un fichier de services.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes des options.
    """
    contenu = json.dumps(fichier.options, ensure_ascii=False, sort_keys=True)
    return _valider(f"{source.id}/{fichier.id}", contenu)
