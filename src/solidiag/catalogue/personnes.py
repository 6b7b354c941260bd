"""Personnes concernées : d'où se tire leur nombre, par domaine, et sous quelle hypothèse."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

UniteCompte = Literal["personnes", "foyers", "ménages", "enfants", "élèves"]


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Conversion(_Gele):
    """Passage d'une unité à une autre (foyers → personnes), et qui l'établit."""

    facteur: float = Field(gt=0)
    unite: UniteCompte
    source: str = Field(min_length=1)


class Compte(_Gele):
    """D'où se tire l'effectif d'un domaine.

    ``forme`` :

    - ``numerateur`` : le numérateur de l'indicateur, fois ``facteur`` ;
    - ``valeur`` : sa valeur, si elle est déjà un nombre, fois ``facteur`` ;
    - ``complement`` : son dénominateur moins son numérateur fois ``facteur`` ;
    - ``taux`` : sa valeur, rapportée à cent, fois la ``base`` (``base_champ`` de cet indicateur).

    ``indicateur`` et ``base`` sont des indicateurs, ou des bases de ``declarations/bases``.
    ``majorant`` : indicateur dont la valeur ne peut être dépassée par la base, lu pour la borne
    haute là où la base est une somme partielle. ``pas_arrondi`` : par niveau, pas auquel le
    producteur arrondit l'effectif ; avec ``arrondi_cumule``, l'effectif est une somme de communes
    et les demi-pas s'additionnent. ``motif`` : pourquoi il n'y a pas d'intervalle, si ce n'est pas
    la raison que donne l'indicateur.
    """

    forme: Literal["numerateur", "valeur", "complement", "taux"]
    indicateur: str
    periode: str = ""
    facteur: float = 1.0
    base: str = ""
    base_champ: Literal["value", "denominateur"] = "value"
    base_periode: str = ""
    majorant: str = ""
    pas_arrondi: dict[str, float] = Field(default_factory=dict)
    arrondi_cumule: bool = False
    motif: str = ""

    @model_validator(mode="after")
    def _base_du_taux(self) -> Self:
        if (self.forme == "taux") != bool(self.base):
            raise ValueError("une base se donne avec la forme « taux », et avec elle seule")
        return self


class PersonnesDomaine(_Gele):
    """Ce que l'on compte pour un domaine, ou pourquoi on ne compte pas.

    ``portee`` : ``difficulte`` compte des personnes en difficulté ; ``public`` compte tout le
    public du domaine, et ne s'ajoute à rien.
    """

    domaine: str
    compte: Compte | None = None
    qui: str = ""
    titre_court: str = ""
    unite: UniteCompte = "personnes"
    portee: Literal["difficulte", "public"] = "difficulte"
    conversion: Conversion | None = None
    hypothese: str = ""
    absence: str = ""
    detenteur: str = ""

    @model_validator(mode="after")
    def _compte_ou_raison(self) -> Self:
        if self.compte is None and not self.absence:
            raise ValueError("sans compte, « absence » dit pourquoi")
        if self.compte is not None and (self.absence or not (self.hypothese and self.qui)):
            raise ValueError("un compte demande « qui » et « hypothese », et pas d'« absence »")
        return self

    @property
    def unite_finale(self) -> UniteCompte:
        """Unité après conversion."""
        return self.conversion.unite if self.conversion else self.unite
