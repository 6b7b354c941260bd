"""Réglages de l'accès par domaine : seuil, décroissance, lieux comptés, public, capacité."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

NATURES: dict[str, str] = {
    "norme publiée": "fixé par un texte ou un engagement publié",
    "repère publié": "lu dans une méthode publiée, sans valeur de norme",
    "convention": "choisi par Solidiag, faute de norme publiée",
}
"""D'où vient un seuil ou un paramètre, en mots."""

CONFIANCES: dict[str, str] = {
    "lu": "texte lu",
    "connaissance": "connu, texte non rouvert",
    "a_verifier": "à vérifier auprès de la source",
    "sans objet": "",
}
"""Ce qui a été contrôlé de la référence."""


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seuil(_Gele):
    """Minutes au-delà desquelles un lieu n'est plus tenu pour à portée.

    Parameters
    ----------
    minutes
        Bornes comprises.
    nature, reference, confiance
        D'où vient le seuil ; une norme et un repère citent leur référence.
    """

    minutes: int = Field(ge=1, le=90)
    nature: Literal["norme publiée", "repère publié", "convention"]
    reference: str = ""
    confiance: Literal["lu", "connaissance", "a_verifier", "sans objet"] = "sans objet"

    @model_validator(mode="after")
    def _reference_citee(self) -> Seuil:
        if self.nature != "convention" and (not self.reference or self.confiance == "sans objet"):
            raise ValueError(f"« {self.nature} » demande une référence et sa confiance")
        return self


class Norme(_Gele):
    """Capacité ou équipement qu'un texte publié demande."""

    enonce: str = Field(min_length=1)
    reference: str = Field(min_length=1)
    confiance: Literal["lu", "connaissance", "a_verifier"]


class ReglageDecroissance(_Gele):
    """Décroissance nommée : la courbe, sa référence et pourquoi on la retient.

    ``courbe`` est une déclaration de `solidiag.geography.decroissances.Decroissance`.
    """

    libelle: str = Field(min_length=1)
    courbe: dict[str, Any]
    reference: str = Field(min_length=1)
    pourquoi: str = Field(min_length=1)


class BesoinParAge(_Gele):
    """Besoin d'une personne selon son âge, relatif à une personne moyenne.

    Parameters
    ----------
    tranches
        Indicateur d'effectif (personnes d'une tranche d'âge, par commune) → poids.
    autres
        Poids des habitants qui ne sont dans aucune tranche.
    reference
        D'où viennent les poids.
    """

    tranches: dict[str, float] = Field(min_length=1)
    autres: float = Field(ge=0)
    reference: str = Field(min_length=1)


class DomaineAcces(_Gele):
    """Réglage d'un domaine.

    Parameters
    ----------
    mode
        Mode de déplacement du public.
    seuil
        Minutes à portée.
    decroissance
        Nom d'une décroissance déclarée.
    methode
        ``2sfca``, ``e2sfca`` ou ``3sfca`` : lieux ou places rapportés au public qui peut y aller.
    pourquoi
        Pourquoi ce seuil et cette décroissance.
    categories
        Catégories de services comptées ; vide : celles dont le domaine est l'offre propre.
    public
        ``personnes`` : la population concernée déclarée pour le domaine, si elle est comptée, et
        à défaut les habitants ; ``habitants`` : toujours les habitants.
    besoin_par_age
        Poids par âge, s'ils sont publiés.
    unite_capacite
        Unité des capacités comparables du domaine (``places``, ``lits``, ``postes``...) ; vide :
        aucune n'est comparable, on compte des lieux.
    norme
        Capacité attendue ; rien : aucune norme publiée.
    mesurer, mis_en_avant, raison
        ``mesurer: false`` : le temps d'accès n'a pas de sens pour ce public. ``mis_en_avant:
        false`` : les lieux comptés n'approchent que de loin le domaine, qui n'est donc jamais pris
        comme exemple en tête d'un document. Dans les deux cas, la raison est imprimée.
    estime
        Indicateurs de besoin que l'accès du domaine approche : le rapport y renvoie.
    manque, detenteur
        Ce qu'il faudrait pour mesurer mieux, et qui le détient.
    """

    mode: Literal["voiture", "velo", "pied"] = "voiture"
    seuil: Seuil
    decroissance: str
    methode: Literal["2sfca", "e2sfca", "3sfca"] = "e2sfca"
    pourquoi: str = Field(min_length=1)
    categories: tuple[str, ...] = ()
    public: Literal["personnes", "habitants"] = "personnes"
    besoin_par_age: BesoinParAge | None = None
    unite_capacite: str = ""
    norme: Norme | None = None
    mesurer: bool = True
    raison: str = ""
    mis_en_avant: bool = True
    estime: tuple[str, ...] = ()
    manque: str = Field(min_length=1)
    detenteur: str = Field(min_length=1)

    @model_validator(mode="after")
    def _raison_dite(self) -> DomaineAcces:
        if not (self.mesurer and self.mis_en_avant) and not self.raison:
            raise ValueError("un domaine non mesuré, ou pas mis en avant, dit sa raison")
        return self


class Permanence(_Gele):
    """Ce que pèse une permanence : ses heures rapportées à celles d'un accueil de référence."""

    heures_reference: float = Field(gt=0)
    reference: str = Field(min_length=1)
    confiance: Literal["lu", "connaissance", "a_verifier"]


class ReglagesAcces(_Gele):
    """Réglages de l'accès, tous domaines.

    Parameters
    ----------
    signes_itinerants
        Mots de la remarque d'une ligne qui disent un service itinérant, quand la source ne le dit
        pas autrement.
    soir
        Heure après laquelle une ouverture est dite « le soir ».
    permanence
        Poids d'une permanence.
    part_connue
        Part des habitants d'un département dont le public doit être compté, directement ou par
        intercommunalité, pour qu'il pèse les mesures.
    decroissances, domaines
        Par nom.
    """

    titre: str
    statut: str
    signes_itinerants: tuple[str, ...] = ()
    soir: int = Field(ge=12, le=23)
    permanence: Permanence
    part_connue: float = Field(gt=0, le=1)
    decroissances: dict[str, ReglageDecroissance] = Field(min_length=1)
    domaines: dict[str, DomaineAcces]

    def fautes(self, *, domaines: set[str], categories: set[str]) -> list[str]:
        """Renvoie les renvois qui ne mènent nulle part, et les domaines oubliés.

        Parameters
        ----------
        domaines, categories
            Domaines de la grille et catégories de services déclarées.
        """
        fautes = [f"domaines : « {nom} » manque" for nom in sorted(domaines - set(self.domaines))]
        for nom, domaine in self.domaines.items():
            if nom not in domaines:
                fautes.append(f"domaines.{nom} : ce domaine n'est pas dans la grille")
            if domaine.decroissance not in self.decroissances:
                connues = ", ".join(sorted(self.decroissances))
                fautes.append(
                    f"domaines.{nom}.decroissance : « {domaine.decroissance} » n'est pas déclarée ;"
                    f" déclarées : {connues}"
                )
            fautes += [
                f"domaines.{nom}.categories : « {categorie} » n'est pas une catégorie de services"
                for categorie in domaine.categories
                if categorie not in categories
            ]
        return fautes
