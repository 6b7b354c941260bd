"""La grille de référence : axes, domaines, ce qu'on y cherche et qui le détient."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Axe(_Gele):
    """Axe du Pacte des solidarités."""

    id: str
    numero: int
    libelle_pacte: str
    libelle_consultation: str
    titre_court: str


class Dispositif(_Gele):
    """Dispositif existant rattaché à un domaine."""

    nom: str
    financeur: str = ""
    texte: str = ""
    confiance: str = ""


class Demande(_Gele):
    """Fichier à demander pour documenter un domaine, et qui le détient."""

    detenteur: str
    fichier: str


class Domaine(_Gele):
    """Domaine d'action d'un axe."""

    id: str
    axe: str
    libelle: str
    question: str
    pilote: str = ""
    acteurs: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    dispositifs: tuple[Dispositif, ...] = ()
    indicateurs_besoin: tuple[str, ...] = ()
    indicateurs_complementaires: tuple[str, ...] = ()
    """Indicateurs hors grille montrés avec le besoin, sans compter dans l'ordre des domaines."""
    contexte_seulement: bool = False
    """Vrai si les indicateurs embarqués n'éclairent le domaine que de loin."""
    offre: dict[str, Any] = Field(default_factory=dict)
    actions_types: tuple[str, ...] = ()
    documents_a_collecter: tuple[str, ...] = ()
    guide_entretien: tuple[str, ...] = ()
    questions_france_travail: tuple[str, ...] = ()
    reperes: tuple[dict[str, str], ...] = ()
    a_demander_besoin: tuple[Demande, ...] = ()
    a_demander_offre: tuple[Demande, ...] = ()


class Grille(_Gele):
    """Les quatre axes, les domaines, le socle de contexte et les indicateurs cherchés.

    ``indicateurs`` : identifiants des indicateurs de la grille ; leurs déclarations sont au
    catalogue (`solidiag.catalogue.indicateur`).
    """

    axes: tuple[Axe, ...]
    domaines: tuple[Domaine, ...]
    socle_contexte: tuple[str, ...]
    indicateurs: tuple[str, ...]
    regles_secret: dict[str, str] = Field(default_factory=dict)

    def domaine(self, identifiant: str) -> Domaine:
        """Renvoie le domaine de cet identifiant (``KeyError`` sinon)."""
        return next(d for d in self.domaines if d.id == identifiant)

    def domaines_de(self, axe: str) -> tuple[Domaine, ...]:
        """Renvoie les domaines d'un axe, dans l'ordre de la grille."""
        return tuple(domaine for domaine in self.domaines if domaine.axe == axe)
