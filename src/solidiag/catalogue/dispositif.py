"""Types de dispositifs et institutions : ce qu'une personne du métier déclare pour coordonner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from solidiag.catalogue.fautes import dire_faute
from solidiag.errors import DeclarationInvalide

Confiance = Literal["lu", "connaissance", "a_verifier"]
"""``lu`` dans un document consulté, ``connaissance`` non relue, ou ``a_verifier``."""

TypeActeur = Literal[
    "etat", "operateur", "departement", "bloc_communal", "region", "caisse", "sante",
    "association", "entreprise", "autre",
]  # fmt: skip


_OUTRE_MER = 3
"""Longueur du code d'un département d'outre-mer."""


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Periode(_Gele):
    """Début et fin qu'un texte ou une source donne ; vides s'ils ne sont pas connus."""

    debut: str = Field(default="", pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$")
    fin: str = Field(default="", pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$")
    d_apres: str = ""
    """Texte ou source qui le dit ; exigé dès qu'une date est donnée."""


class TypeDispositif(_Gele):
    """Un type de contrat, de plan, de label ou de zonage.

    Parameters
    ----------
    pilote, signataires
        Ce que les textes ou l'usage prévoient, en clair.
    institutions
        Identifiants des institutions pilotes (`Institution`).
    financeurs
        Identifiants des institutions qui financent d'ordinaire.
    texte, confiance
        Texte cité, et d'où nous le tenons.
    duree
        Durée habituelle, en clair.
    periode, periode_outre_mer, periodes_departement
        Dates communes à tous les dispositifs du type, quand un texte les fixe ; celles de
        l'outre-mer, ou d'un département, si elles diffèrent.
    domaines
        Domaines de la grille que le type touche d'ordinaire.
    hors_champ
        Vrai si le type sert au contexte et ne porte aucun domaine de la grille.
    donnees
        ``territoires`` : un fichier embarqué dit où il s'applique ; ``partiel`` : pour certains
        départements, ou des postes sans territoire ; ``aucune``.
    zonage
        Clé de `solidiag.geography.referentiel.Referentiel.zonages` qui donne les territoires.
    categories
        Catégories de services de l'inventaire qui en sont les lieux ou les postes.
    liste_chez
        Qui détient la liste ou le document.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    nom: str
    sigle: str = ""
    famille: Literal["contrat", "plan", "convention", "label", "zonage", "poste", "instance"]
    description: str
    pilote: str
    signataires: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    financeurs: tuple[str, ...] = ()
    texte: str
    confiance: Confiance
    duree: str = ""
    periode: Periode = Periode()
    periode_outre_mer: Periode | None = None
    periodes_departement: dict[str, Periode] = {}
    niveaux: tuple[Literal["COM", "EPCI", "DEP", "REG", "QPV", "LIBRE"], ...]
    domaines: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    hors_champ: bool = False
    donnees: Literal["territoires", "partiel", "aucune"] = "aucune"
    zonage: str = ""
    categories: tuple[str, ...] = ()
    liste_chez: str
    remarque: str = ""

    def periode_de(self, departement: str) -> Periode:
        """Renvoie les dates qui valent dans un département (code)."""
        if departement in self.periodes_departement:
            return self.periodes_departement[departement]
        if len(departement) == _OUTRE_MER and self.periode_outre_mer is not None:
            return self.periode_outre_mer
        return self.periode

    @property
    def titre(self) -> str:
        """Nom suivi du sigle."""
        return f"{self.nom} ({self.sigle})" if self.sigle else self.nom


class Institution(_Gele):
    """Une institution que la grille, les textes ou l'inventaire nomment.

    Parameters
    ----------
    motifs
        Expressions cherchées dans un nom simplifié (minuscules, sans accents ni ponctuation).
    siren
        Débuts de numéro Siren qui la désignent (``22`` : un département).
    locale
        Vrai si elle a un exemplaire par territoire (communes, CCAS, associations...) : le nom seul
        ne désigne pas une personne morale.
    departementale
        Vrai si chaque département a la sienne (préfecture, Caf, conseil départemental...) : celle
        d'une commune voisine n'est pas celle d'ici.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    nom: str
    type: TypeActeur
    motifs: tuple[str, ...] = ()
    siren: tuple[str, ...] = ()
    locale: bool = False
    departementale: bool = False

    @field_validator("motifs")
    @classmethod
    def _compilables(cls, motifs: tuple[str, ...]) -> tuple[str, ...]:
        for motif in motifs:
            try:
                re.compile(motif)
            except re.error as erreur:
                msg = f"« {motif} » n'est pas une expression lisible"
                raise ValueError(msg) from erreur
        return motifs

    @cached_property
    def _motif(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{'|'.join(self.motifs) or '(?!)'})\b")

    def nommee_par(self, texte_simplifie: str, *, au_moins: int = 1) -> bool:
        """Dit si un texte simplifié la nomme, par ``au_moins`` tant de lettres."""
        return any(
            len(trouve.group()) >= au_moins for trouve in self._motif.finditer(texte_simplifie)
        )

    def commence(self, texte_simplifie: str) -> bool:
        """Dit si le texte commence par elle : « Caf des Landes », et non « amis de la Caf »."""
        return self._motif.match(re.sub(r"^(la|le|l|les) ", "", texte_simplifie)) is not None


class ActeurDeCategorie(_Gele):
    """Qui rend un service d'une catégorie de l'inventaire.

    Parameters
    ----------
    institution
        Institution qui le rend toujours, d'après sa nature ; vide : l'organisme que la ligne nomme.
    type
        Type de l'organisme nommé par la ligne.
    lieu
        Vrai si la ligne nomme un lieu, et non l'organisme qui y rend le service.
    ignoree
        Vrai si la catégorie n'est pas un acteur des solidarités.
    """

    institution: str = ""
    type: TypeActeur = "autre"
    lieu: bool = False
    ignoree: bool = False
    remarque: str = ""


class PartenairesLabel(_Gele):
    """Institutions qu'un label prévoit dans chaque lieu, et le texte qui le dit.

    ``porteuses`` : celles qui portent elles-mêmes des lieux, et que le nom du lieu dit alors.
    """

    institutions: tuple[str, ...]
    porteuses: tuple[str, ...] = ()
    texte: str
    confiance: Confiance


class Coordination(_Gele):
    """Institutions, acteurs des catégories, et partenaires prévus par un label.

    ``sources_sans_nom`` : sources qui comptent des équipements sans nommer qui les tient.
    """

    institutions: tuple[Institution, ...]
    sources_sans_nom: tuple[str, ...] = ()
    categories: dict[str, ActeurDeCategorie]
    label_france_services: PartenairesLabel

    @cached_property
    def par_id(self) -> dict[str, Institution]:
        """Institutions par identifiant."""
        return {institution.id: institution for institution in self.institutions}

    def nommees(self, texte_simplifie: str) -> tuple[Institution, ...]:
        """Renvoie les institutions qu'un texte simplifié nomme, dans l'ordre déclaré."""
        return tuple(i for i in self.institutions if i.nommee_par(texte_simplifie))

    def acteur_de(self, categorie: str) -> ActeurDeCategorie:
        """Renvoie qui rend les services d'une catégorie ; par défaut, l'organisme de la ligne."""
        return self.categories.get(categorie, ActeurDeCategorie())

    def du_siren(self, siren: str) -> Institution | None:
        """Renvoie l'institution qu'un numéro Siren désigne, ou rien."""
        return next(
            (i for i in self.institutions if any(siren.startswith(debut) for debut in i.siren)),
            None,
        )


def lire_dispositifs(
    declares: Iterable[TypeDispositif],
    *,
    domaines: Iterable[str],
    institutions: Iterable[str],
) -> dict[str, TypeDispositif]:
    """Renvoie les types de dispositifs par identifiant.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes : identifiant répété, domaine ou institution inconnus, date sans le
        texte qui la donne, territoires annoncés sans le fichier qui les dit.
    """
    connus, pilotes = set(domaines), set(institutions)
    lus: dict[str, TypeDispositif] = {}
    fautes: list[str] = []
    for d in declares:
        if d.id in lus:
            fautes.append(f"{d.id} : identifiant écrit deux fois")
        lus[d.id] = d
        fautes += [f"{d.id} : domaine « {x} » inconnu" for x in d.domaines if x not in connus]
        nommees = (*d.institutions, *d.financeurs)
        fautes += [f"{d.id} : institution « {x} » inconnue" for x in nommees if x not in pilotes]
        for periode in (d.periode, d.periode_outre_mer, *d.periodes_departement.values()):
            if periode and (periode.debut or periode.fin) and not periode.d_apres:
                fautes.append(f"{d.id} : une date sans le texte ou la source qui la donne")
        if d.hors_champ == bool(d.domaines):
            fautes.append(f"{d.id} : « hors_champ » exclut les domaines, et l'un des deux est dû")
        if d.donnees == "territoires" and not (d.zonage or d.categories):
            fautes.append(f"{d.id} : « territoires » demande un zonage ou une catégorie")
    if fautes:
        raise DeclarationInvalide("dispositifs", fautes)
    return lus


def lire_coordination_declaree(
    contenu: Mapping[str, Any], *, categories: Iterable[str]
) -> Coordination:
    """Renvoie les institutions et acteurs déclarés (``coordination/acteurs.yaml``).

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes : champ inconnu, institution citée et non déclarée, catégorie de
        services inconnue.
    """
    try:
        lue = Coordination.model_validate(contenu)
    except ValidationError as erreur:
        raise DeclarationInvalide(
            "coordination/acteurs.yaml",
            [
                f"{'.'.join(str(partie) for partie in faute['loc'])} : {dire_faute(faute)}"
                for faute in erreur.errors()
            ],
        ) from erreur
    noms = [institution.id for institution in lue.institutions]
    repetees = sorted({nom for nom in noms if noms.count(nom) > 1})
    fautes = [f"institution « {x} » écrite deux fois" for x in repetees]
    citees = [
        *(acteur.institution for acteur in lue.categories.values() if acteur.institution),
        *lue.label_france_services.institutions,
        *lue.label_france_services.porteuses,
    ]
    fautes += [f"institution « {x} » citée et non déclarée" for x in citees if x not in noms]
    inconnues = sorted(set(lue.categories) - set(categories))
    fautes += [f"catégorie de services « {x} » inconnue" for x in inconnues]
    if fautes:
        raise DeclarationInvalide("coordination/acteurs.yaml", fautes)
    return lue
