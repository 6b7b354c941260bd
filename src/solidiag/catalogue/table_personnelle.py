"""Déclaration de la table d'une personne, qui devient un indicateur."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from solidiag.catalogue.gabarit import Gabarit, LectureMillesime, Remplissage, Signature
from solidiag.catalogue.indicateur import Indicateur
from solidiag.catalogue.source import Licence

NIVEAUX_AGREGES = ("COM", "EPCI", "ARR", "BV", "ZE", "DEP", "REG", "FR")
"""Niveaux où une somme ou un rapport d'effectifs communaux se calcule."""


class DroitDUsage(BaseModel):
    """Droit d'employer les données d'un partenaire : ce qu'il permet, qui l'a donné, quand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    texte: str = Field(min_length=3)
    accorde_par: str = Field(min_length=2)
    date: date


class TablePersonnelle(BaseModel):
    """Ce qu'une personne dit de sa table.

    Une valeur publiée telle quelle (``valeur``), un effectif (``valeur`` et ``nature:
    effectif``, qui s'additionne), ou un rapport (``numerateur``, ``denominateur``, ``facteur``).
    ``periode`` : ``AAAA``. ``cog`` : découpage communal de la table, celui de l'année à défaut.
    ``domaine`` : domaine de la grille où le rapport montre l'indicateur, en complément.
    ``partenaire`` : données non publiques, auxquelles le secret est appliqué à l'ajout.
    ``tolerer_deja_connues`` : ajouter quand même une table dont un chiffre secret a déjà été montré
    par un ajout précédent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{2,40}$")
    titre: str = Field(min_length=3)
    titre_court: str = ""
    definition: str = ""
    producteur: str = Field(min_length=2)
    licence: str = Field(min_length=2)
    licence_url: str = ""
    page: str = ""
    champ: str = ""
    periode: str = Field(pattern=r"^(19|20)\d{2}$")
    cog: int | None = None
    niveau: Literal["COM", "EPCI", "ARR", "BV", "ZE", "DEP", "REG"]
    colonne_code: str
    feuille: str = ""
    valeur: str = ""
    numerateur: str = ""
    denominateur: str = ""
    facteur: float = 100.0
    nature: Literal["valeur", "effectif", "rapport"]
    unite: str
    decimales: int = Field(default=1, ge=0, le=4)
    sens: Literal["plus_haut_est_plus_fragile", "plus_bas_est_plus_fragile", "contexte"]
    domaine: str = ""
    sujet: str = ""
    lecture: str = ""
    marques: dict[str, str] = {}
    limites: tuple[str, ...] = ()
    partenaire: bool = False
    droit_d_usage: DroitDUsage | None = None
    seuil: int = Field(default=11, ge=3)
    tolerer_deja_connues: bool = False

    @model_validator(mode="after")
    def _coherente(self) -> TablePersonnelle:
        fautes = []
        if self.nature == "rapport" and not (self.numerateur and self.denominateur):
            fautes.append("un rapport demande « numerateur » et « denominateur »")
        if self.nature != "rapport" and not self.valeur:
            fautes.append(f"la nature « {self.nature} » demande la colonne « valeur »")
        if self.partenaire and self.droit_d_usage is None:
            fautes.append("des données de partenaire demandent « droit_d_usage »")
        if self.partenaire and self.nature == "valeur":
            fautes.append(
                "le secret d'une valeur sans effectif ne se juge pas : donnez un effectif ou un "
                "rapport avec son numérateur et son dénominateur"
            )
        if fautes:
            raise ValueError(" ; ".join(fautes))
        return self

    def gabarit(self) -> Gabarit:
        """Renvoie le gabarit de cette table : elle se lit alors comme un fichier officiel."""
        colonnes = [self.colonne_code, *self.colonnes_de_valeur]
        options: dict[str, Any] = {"colonne_code": self.colonne_code}
        annee = int(self.periode)
        return Gabarit(
            id=f"table.{self.id}",
            titre=self.titre,
            producteur=self.producteur,
            licence=Licence(id=self.licence, url=self.licence_url),
            page=self.page,
            champ=self.champ or "celui de la table donnée",
            format="fichier vu",
            verification="Table déclarée par la personne qui l'a ajoutée.",
            signature=Signature(
                colonnes=tuple(re.escape(nom) for nom in dict.fromkeys(colonnes)),
                feuilles=(re.escape(self.feuille),) if self.feuille else (),
            ),
            millesime=LectureMillesime(fixe=self.periode),
            niveau=self.niveau,
            options=options,
            marques={"": "L", **self.marques},
            cog_decalage=(self.cog or annee) - annee,
            limites=self.limites,
            remplit=(Remplissage(indicateur=self.id, lectures=(self._lecture(),)),),
        )

    @property
    def colonnes_de_valeur(self) -> tuple[str, ...]:
        """Colonnes de la table que l'indicateur lit."""
        if self.nature == "rapport":
            return self.numerateur, self.denominateur
        return (self.valeur,)

    def _lecture(self) -> dict[str, Any]:
        def terme(colonne: str) -> dict[str, Any]:
            return {"fichier": "{fichier}", "variables": [colonne]}

        commune = self.niveau == "COM"
        lecture: dict[str, Any] = {
            "niveaux": list(NIVEAUX_AGREGES) if commune else [self.niveau],
            "periode": self.periode,
            "decimales": self.decimales,
        }
        if self.nature == "rapport":
            return lecture | {
                "formule": "ratio",
                "numerateur": terme(self.numerateur),
                "denominateur": terme(self.denominateur),
                "facteur": self.facteur,
            }
        if self.nature == "effectif":
            return lecture | {"formule": "somme", "valeur": terme(self.valeur)}
        niveaux = ["COM", "ARM"] if commune else [self.niveau]
        return lecture | {"niveaux": niveaux, "formule": "publie", "valeur": terme(self.valeur)}

    def indicateur(self) -> Indicateur:
        """Renvoie l'indicateur, sans ses lectures."""
        court = self.titre_court or self.titre
        minuscule = self.titre[0].lower() + self.titre[1:]
        return Indicateur.model_validate(
            {
                "id": self.id,
                "libelle": self.titre,
                "libelle_court": court,
                "definition": self.definition or f"{self.titre}.",
                "numerateur": self.numerateur,
                "denominateur": self.denominateur,
                "unite": self.unite,
                "sens": self.sens,
                "correspondance": "hors_grille",
                "champ": self.champ,
                "incertitude": "inconnue",
                "motif": "incertitude non déclarée par la personne qui a ajouté la table",
                "lecture": self.lecture or f"{self.titre} : {{valeur}} {{territoire_dans}}.",
                "limites": list(self.limites),
                "sujet": self.sujet or f"l'indicateur « {minuscule} »",
                "carte": "effectif" if self.nature == "effectif" else "taux",
                "niveau_carte": "COM" if self.niveau == "COM" else "EPCI",
                "parametres": {"domaine": self.domaine} if self.domaine else {},
            }
        )


MODELE = """\
# Déclaration d'une table : remplissez ce qui suit « : », puis
#   solidiag sources importer {fichier} --declaration {declaration}
# Colonnes trouvées : {colonnes}
id: {id}                # a-z, 0-9 et _ ; sert à « solidiag expliquer »
titre: ''               # tel qu'il s'imprime
producteur: ''
licence: ''             # etalab-2.0, ou ce que dit le producteur
periode: '{annee}'            # AAAA
cog: {annee}                 # année du découpage communal de la table
niveau: {niveau}             # COM, EPCI, ARR, BV, ZE, DEP ou REG
colonne_code: {code}
# Une nature parmi : valeur (telle quelle), effectif (s'additionne), rapport (num / dén)
nature: valeur
valeur: {valeur}
# nature: rapport
# numerateur: ''
# denominateur: ''
# facteur: 100
unite: percent          # percent, nombre, euro, indice, pour_1000, ratio…
decimales: 1
sens: contexte          # plus_haut_est_plus_fragile, plus_bas_est_plus_fragile ou contexte
domaine: ''             # domaine où le montrer (nom d'un fichier de declarations/grille/domaines)
marques: {{}}             # textes qui ne sont pas des nombres : {{s: Q, nd: O}}
limites: []
# Données d'un partenaire, non publiques : le secret est appliqué à l'ajout
partenaire: false
# droit_d_usage:
#   texte: ''           # convention, objet, durée
#   accorde_par: ''
#   date: AAAA-MM-JJ
# seuil: 11             # plus petit effectif montré
# tolerer_deja_connues: false  # true : ajouter même si un chiffre secret a déjà été montré
"""
