"""Déclaration d'un indicateur calculé : définition, et d'où il se lit à chaque niveau."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


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


class Indicateur(_Gele):
    """Indicateur de besoin calculé à partir des fichiers embarqués.

    ``correspondance`` : ``exacte`` (définition de la grille), ``proche`` (``difference`` dit en
    quoi), ``hors_grille`` (proposé en plus).
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
        "places_pour_100",
        "minutes",
    ]
    sens: Literal["plus_haut_est_plus_fragile", "plus_bas_est_plus_fragile", "contexte"]
    correspondance: Literal["exacte", "proche", "hors_grille"] = "exacte"
    difference: str = ""
    champ: str = ""
    incertitude: Literal["inconnue", "producteur", "wilson", "byar", "arrondi"] = "inconnue"
    motif: str = ""
    lecture: str
    limites: tuple[str, ...] = ()
    lectures: tuple[Lecture, ...] = Field(min_length=1)
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
    detenteur: str = ""
    manque: str = ""
