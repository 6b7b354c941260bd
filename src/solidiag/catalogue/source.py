"""Déclaration d'une source : une personne l'écrit ; le verrou est écrit par le programme."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Licence(_Gele):
    """Licence du producteur."""

    id: str
    url: str = ""


class Couverture(_Gele):
    """Territoires que la source couvre ; hors d'eux, « non documenté ».

    ``departements`` vide = toute la France ; ``sauf`` retire des départements.
    """

    departements: tuple[str, ...] = ()
    sauf: tuple[str, ...] = ()

    def couvre(self, departement: str) -> bool:
        """Dit si la source couvre ce département."""
        if self.departements and departement not in self.departements:
            return False
        return departement not in self.sauf


class Fichier(_Gele):
    """Un fichier embarqué d'une source.

    ``lecteur`` nomme un lecteur du registre de `solidiag.sources` ; ``options`` lui sont passées.
    ``niveau`` : valeur de `Niveau`, ou ``mixte`` si le lecteur le tire du code.
    ``cog`` : année du découpage communal du fichier. ``marques`` s'ajoutent à celles de la source.
    """

    id: str
    fichier: str
    millesime: str
    cog: int
    niveau: str
    lecteur: str = "colonnes"
    options: dict[str, Any] = Field(default_factory=dict)
    url: str = ""
    copie: Literal["producteur", "retravaillee"] = "producteur"
    copie_note: str = ""
    couverture: Couverture | None = None
    remarque: str = ""


class Source(_Gele):
    """Jeu de données d'un producteur.

    ``seuil_secret`` : pour la table d'un partenaire, seuil du secret qui lui a été appliqué à
    l'ajout, et que toute publication contrôle ; 0 pour un fichier public.
    ``somme_de``, ``partie_de`` : pour la table d'un partenaire, les indicateurs dont le sien est la
    somme, et celui dont il est une partie.
    """

    id: str
    titre: str
    producteur: str
    licence: Licence
    page: str = ""
    champ: str
    format: Literal["fichier vu", "en-tête vu", "décrit", "supposé"] = "fichier vu"
    couverture: Couverture = Couverture()
    marques: dict[str, str] = Field(default_factory=dict)
    limites: tuple[str, ...] = ()
    fichiers: tuple[Fichier, ...] = Field(min_length=1)
    seuil_secret: int = 0
    somme_de: tuple[str, ...] = ()
    partie_de: str = ""
