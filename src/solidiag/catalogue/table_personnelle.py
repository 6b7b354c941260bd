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


_LICENCES_OUVERTES = ("etalab", "licence ouverte", "odbl", "cc-by", "cc by", "cc0", "lov2", "lo-ol")


def licence_ouverte(licence: str) -> bool:
    """Dit si une licence permet à tous de réemployer les données.

    Examples
    --------
    >>> licence_ouverte("etalab-2.0"), licence_ouverte("convention CAF 2025")
    (True, False)
    """
    return licence.strip().lower().startswith(_LICENCES_OUVERTES)


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
    ``remplit`` (ou ``id``) : indicateur du catalogue encore à demander, que la table documente ; sa
    définition, son unité et son sens restent ceux du catalogue, et ``difference`` dit en quoi la
    table s'en écarte. ``liste_complete`` : une commune absente de la table, ou vide, compte
    zéro dans les sommes.
    ``domaine`` : domaine de la grille où le rapport montre l'indicateur, en complément.
    ``partenaire`` : données non publiques, auxquelles le secret est appliqué à l'ajout.
    ``somme_de``, ``partie_de`` : autres tables de partenaires dont celle-ci est la somme, ou dont
    elle est une partie ; leur secret se pose ensemble. ``independante`` : aucune table du même
    producteur et de la même période n'est une partie de celle-ci, ni elle d'une autre.
    ``tolerer_deja_connues`` : ajouter quand même une table dont un chiffre secret a déjà été montré
    par un ajout précédent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{2,40}$")
    remplit: str = ""
    difference: str = ""
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
    liste_complete: bool = False
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
    somme_de: tuple[str, ...] = ()
    partie_de: str = ""
    independante: bool = False

    @model_validator(mode="before")
    @classmethod
    def _nommer(cls, contenu: Any) -> Any:
        if isinstance(contenu, dict) and contenu.get("remplit") and not contenu.get("id"):
            return {**contenu, "id": contenu["remplit"]}
        return contenu

    @model_validator(mode="after")
    def _coherente(self) -> TablePersonnelle:
        fautes = []
        if self.nature == "rapport" and not (self.numerateur and self.denominateur):
            fautes.append("un rapport demande « numerateur » et « denominateur »")
        if self.nature != "rapport" and not self.valeur:
            fautes.append(f"la nature « {self.nature} » demande la colonne « valeur »")
        if self.remplit and self.remplit != self.id:
            fautes.append("« remplit » et « id » nomment deux indicateurs : gardez « remplit »")
        if self.liste_complete and self.partenaire:
            fautes.append(
                "« liste_complete » ne va pas avec des données de partenaire : des zéros connus "
                "aideraient à retrouver ce qui est caché ; écrivez les zéros dans la table"
            )
        if self.liste_complete and (self.niveau != "COM" or self.nature == "valeur"):
            fautes.append(
                "« liste_complete » demande une table de communes, d'un effectif ou d'un rapport"
            )
        if self.partenaire and licence_ouverte(self.licence):
            fautes.append(
                f"« {self.licence} » est une licence ouverte : des données de partenaire n'en ont "
                "pas ; nommez la convention, ou écrivez « partenaire: false » si elles sont "
                "publiques"
            )
        if self.id in (*self.somme_de, self.partie_de):
            fautes.append("une table n'est ni la somme ni une partie d'elle-même")
        if (self.somme_de or self.partie_de or self.independante) and not self.partenaire:
            fautes.append(
                "« somme_de », « partie_de » et « independante » demandent « partenaire: true »"
            )
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
            absente = {"absente": "nulle"} if self.liste_complete else {}
            return {"fichier": "{fichier}", "variables": [colonne]} | absente

        commune = self.niveau == "COM"
        lecture: dict[str, Any] = {
            "niveaux": list(NIVEAUX_AGREGES) if commune else [self.niveau],
            "periode": self.periode,
            "decimales": self.decimales,
            "motifs": {"L": "territoire absent de la table ajoutée"},
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
                "difference": self.difference,
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
id: {id}                # a-z, 0-9 et _ ; sert à « solidiag expliquer ». Celui d'un indicateur à
                        # demander le remplit (liste : solidiag indicateurs)
titre: {titre}               # tel qu'il s'imprime
difference: ''          # en quoi la table s'écarte de la définition de l'indicateur rempli
producteur: ''
licence: ''             # etalab-2.0 si les données sont ouvertes, ou ce que dit le producteur
periode: '{annee}'            # AAAA
cog: {annee}                 # année du découpage communal de la table
niveau: {niveau}             # COM, EPCI, ARR, BV, ZE, DEP ou REG
colonne_code: {code}
# Une nature parmi : valeur (un taux ou un indice, tel quel), effectif (des personnes, des
# logements, qui s'additionnent), rapport (numérateur / dénominateur)
{nature}
liste_complete: false   # true : une commune absente de la table compte 0 (effectif ou rapport)
unite: {unite}          # percent, nombre, euro, indice, pour_1000, ratio…
decimales: {decimales}
sens: {sens}          # plus_haut_est_plus_fragile, plus_bas_est_plus_fragile ou contexte
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
# Autre table du même partenaire et de la même période : dites le lien, sinon elle est refusée
# partie_de: ''         # identifiant de l'ensemble dont cette table est une partie
# somme_de: []          # identifiants des tables dont celle-ci est la somme
# independante: false   # true : aucune n'est une partie de l'autre
"""
