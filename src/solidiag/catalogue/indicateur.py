"""Déclaration d'un indicateur : définition, d'où il se lit, et sinon ce qu'il faut demander."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

AGREGATIONS: dict[str, str] = {
    "somme": "somme des effectifs des communes",
    "ratio": "somme des numérateurs rapportée à la somme des dénominateurs",
    "moyenne_ponderee": "moyenne des communes pondérée par leur dénominateur",
    "recalcul": "recalculé sur le territoire entier à partir de ses éléments",
    "non_agregeable": "non agrégeable : seules les valeurs publiées sont montrées",
}
"""Règles d'agrégation d'un territoire à un autre, en mots."""

EUROS = ("euro", "euro_m2", "euro_m3")
"""Unités en euros, tels que l'année les publie : courants, sans correction de l'inflation."""

ESTIMATION_DE_SONDAGE = "estimation de sondage"
"""Début du motif d'une part du recensement : ni intervalle, ni test (methode/intervalles.md)."""

ACCES: dict[str, str] = {
    "ouvert": "données ouvertes",
    "conventionné": "sur convention",
    "local": "à recueillir sur place",
}
"""Comment s'obtient un fichier à demander."""

VERIFICATIONS: dict[str, str] = {
    "fichier_lu": "vérifié : le fichier a été ouvert et ses colonnes lues",
    "documente": "vérifié en partie : nom de jeu ou de variable lu dans une documentation",
    "non_verifie": "non vérifié : à confirmer auprès du producteur",
}
"""Ce qui a été contrôlé du jeu de données, des variables et des codes."""


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Terme(_Gele):
    """Un terme de formule : des variables d'un fichier, additionnées.

    ``fichier`` : ``source/fichier`` (identifiants déclarés). ``variables`` s'additionnent ;
    ``moins`` se retranchent. ``periode`` choisit une période quand le fichier en porte plusieurs.
    ``echelle`` : ``auto`` prend la ligne publiée du territoire si le fichier a son niveau, et la
    somme de ses communes sinon ; ``communes`` additionne toujours ; ``lignes`` additionne les
    seules lignes du fichier (Iris) où numérateur et dénominateur sont connus. ``absente`` :
    ``nulle`` compte pour zéro, dans une somme, une commune que le fichier ne cite pas (fichier
    exhaustif : parc social, équipements).
    """

    fichier: str
    variables: tuple[str, ...]
    moins: tuple[str, ...] = ()
    periode: str = ""
    echelle: Literal["auto", "communes", "lignes"] = "auto"
    absente: Literal["inconnue", "nulle"] = "inconnue"


class Lecture(_Gele):
    """Comment l'indicateur se lit ou se calcule, pour certains niveaux.

    ``formule`` nomme une opération du registre fermé de `solidiag.besoins` :

    - ``publie`` : la valeur publiée (``valeur``) ; jamais agrégée ;
    - ``ratio`` : Σ ``numerateur`` / Σ ``denominateur`` × ``facteur``, sommes de communes ;
    - ``moyenne_ponderee`` : Σ ``valeur`` × ``poids`` / Σ ``poids``, sommes de communes ;
    - ``somme`` : Σ ``valeur``.

    Les sommes de communes s'entendent sur le territoire ; ``n_publies`` compte les communes lues.
    """

    niveaux: tuple[str, ...]
    formule: Literal["publie", "ratio", "moyenne_ponderee", "somme", "amplitude"]
    valeur: Terme | None = None
    numerateur: Terme | None = None
    denominateur: Terme | None = None
    poids: Terme | None = None
    facteur: float = 1.0
    complement: float | None = None
    """Pour ``publie`` : la valeur lue est retranchée de ce nombre (100 − part)."""
    periode: str
    pas_arrondi: float | None = None
    """Pas d'arrondi du producteur pour cette lecture, s'il n'est pas celui de l'indicateur."""
    decimales: int = 1
    part_minimale: float = 0.95
    """Part de la population des communes lues sous laquelle une somme n'est pas montrée."""
    remarque: str = ""
    motifs: dict[str, str] = Field(default_factory=dict)
    """Par statut d'absence (Q, O, L, M), ce que l'on en dit quand la table n'est pas publiée."""


class FichierDemande(_Gele):
    """Fichier qui documenterait un indicateur, et qui le détient.

    ``fichier`` décrit ce qui est attendu en toutes lettres ; ``variables`` donne les noms de
    colonnes ou de codes ; ``adresse`` reste vide si elle n'est pas connue avec certitude.
    """

    producteur: str
    jeu_de_donnees: str
    fichier: str
    variables: str
    millesime: str
    acces: Literal["ouvert", "conventionné", "local"]
    adresse: str = ""


class Verification(_Gele):
    """Ce qui a été contrôlé de la déclaration, et comment."""

    etat: Literal["fichier_lu", "documente", "non_verifie"]
    comment: str


class Indicateur(_Gele):
    """Indicateur de besoin : calculé s'il a une lecture, à demander à un producteur sinon.

    ``correspondance`` : ``exacte`` (définition de la grille), ``proche`` (``difference`` dit en
    quoi), ``hors_grille`` (proposé en plus). ``secret`` : clé des règles de la grille
    (``regles_secret``). ``mesure`` : mesure d'offre qui porte déjà l'information (temps d'accès,
    lieux), pour un indicateur sans lecture propre.
    """

    id: str
    libelle: str
    libelle_court: str
    definition: str
    numerateur: str = ""
    denominateur: str = ""
    unite: Literal[
        "percent",
        "euro",
        "ratio",
        "nombre",
        "indice",
        "pour_1000",
        "pour_10000",
        "pour_100000",
        "jours",
        "apl",
        "euro_m2",
        "euro_m3",
        "places_pour_100",
        "minutes",
        "lieux",
    ]
    sens: Literal["plus_haut_est_plus_fragile", "plus_bas_est_plus_fragile", "contexte"]
    correspondance: Literal["exacte", "proche", "hors_grille"] = "exacte"
    difference: str = ""
    champ: str = ""
    niveau_le_plus_fin: str = ""
    agregation: Literal["", "somme", "ratio", "moyenne_ponderee", "recalcul", "non_agregeable"] = ""
    secret: str = ""
    incertitude: Literal["inconnue", "producteur", "wilson", "byar", "arrondi"] = "inconnue"
    motif: str = ""
    lecture: str
    limites: tuple[str, ...] = ()
    lectures: tuple[Lecture, ...] = ()
    mesure: str = ""
    demande: FichierDemande | None = None
    """Fichier à demander ; obligatoire sans lecture, utile aussi pour un millésime plus récent."""
    verification: Verification | None = None
    carte: Literal["taux", "effectif", "non"] = "taux"
    niveau_carte: str = "COM"
    sujet: str = ""
    """Sujet d'une phrase, avec son article : « le taux de pauvreté »."""
    parametres: dict[str, Any] = Field(default_factory=dict)


class MesureOffre(_Gele):
    """Mesure d'offre d'un ou plusieurs domaines.

    ``nature`` : ``volume`` (places, logements, APL...), ``presence`` (un lieu, pas un volume),
    ``indirecte`` (ne mesure pas l'offre propre au domaine).
    """

    id: str
    libelle: str
    libelle_court: str
    domaines: tuple[str, ...]
    nature: Literal["volume", "presence", "indirecte"]
    origine: Literal["services", "table"]
    unite: str = "nombre"
    selection: dict[str, Any] = Field(default_factory=dict)
    """Pour ``services`` : filtres (``source``, ``categories``...)."""
    lectures: tuple[Lecture, ...] = ()
    """Pour ``table`` : comme un indicateur de besoin."""
    zero_interpretable: bool = False
    public: str = ""
    """Population rapportée : clé de ``declarations/services/populations.yaml``, ou vide."""
    lecture: str = ""
    reserve: str = ""
    carte: Literal["taux", "effectif", "points", "non"] = "non"


class Croisement(_Gele):
    """Besoin et offre comparés pour un domaine, ou pourquoi on ne peut pas."""

    domaine: str
    portee: Literal["volume", "presence", "aucune"]
    besoin: str = ""
    appui: str = ""
    """Second indicateur de besoin : son accord renforce la confiance, il ne classe pas."""
    offre: str = ""
    offre_secours: str = ""
    """Mesure lue là où ``offre`` ne l'est dans aucune intercommunalité du département."""
    etat_offre: Literal["bonne", "partielle", "indirecte", "aucune"] = "aucune"
    """Ce que les fichiers embarqués disent de l'offre propre au domaine.

    En volume, ``partielle`` : une partie du domaine seulement est comparée, et c'est une faiblesse.
    """
    sens_offre: Literal["plus_est_mieux", "moins_est_mieux"] = "plus_est_mieux"
    reserve: str = ""
    motif: str = ""
    """Pourquoi la comparaison ne se fait pas, quand un réglage l'a ôtée."""
    detenteur: str = ""
    manque: str = ""
