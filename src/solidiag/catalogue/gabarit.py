"""Gabarit d'un fichier officiel : à quoi on le reconnaît, comment il se lit, ce qu'il remplit.

Un gabarit n'est pas une source : il décrit la forme qu'un producteur donne à ses fichiers, pour
tous les millésimes qu'elle couvre. Un fichier reconnu devient, avec son verrou, le fichier d'une
source ajoutée au dépôt de la personne.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from solidiag.catalogue.indicateur import Lecture
from solidiag.catalogue.source import Couverture, Licence


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Signature(_Gele):
    """Ce à quoi un fichier se reconnaît : sa forme, jamais son nom.

    ``colonnes`` : expressions régulières ; chacune doit être une colonne entière de l'en-tête.
    ``absentes`` : expressions qui ne doivent être aucune colonne (distinguent un fichier voisin).
    ``feuilles`` : dans un classeur, expressions dont l'une nomme la feuille lue.
    ``membre`` : dans une archive, expression qui nomme le fichier lu.
    ``valeurs`` : colonne vers expression que ses premières valeurs non vides suivent toutes.
    ``sans_entete`` : le fichier n'a pas d'en-tête ; ``premiere_ligne`` est alors une expression
    du début de ses trois premières lignes, jointes par un retour à la ligne.
    """

    colonnes: tuple[str, ...] = ()
    absentes: tuple[str, ...] = ()
    feuilles: tuple[str, ...] = ()
    membre: str = ""
    valeurs: dict[str, str] = {}
    sans_entete: bool = False
    premiere_ligne: str = ""


class LectureMillesime(_Gele):
    r"""Où se lit le millésime : le premier qui répond.

    ``colonnes`` : expression à un groupe, sur les noms de colonnes (``TP60(\d{2})`` donne 2021
    si le groupe est ``21``). ``colonne`` : colonne dont la valeur la plus grande est le millésime.
    ``nom`` : expression à un groupe sur le nom du fichier ou de l'archive, en dernier recours, et
    c'est dit. ``feuille`` : expression à un groupe sur le nom de la feuille. ``fixe`` : le gabarit
    n'a qu'un millésime. ``premiere_ligne`` : expression à un groupe sur la première ligne d'un
    fichier sans en-tête.
    """

    colonnes: str = ""
    premiere_ligne: str = ""
    colonne: str = ""
    feuille: str = ""
    nom: str = ""
    fixe: str = ""


def remplacer(valeur: Any, *, millesime: str, fichier: str = "") -> Any:
    """Renvoie la valeur où ``{fichier}``, ``{aaaa}`` et ``{aa}`` sont remplacés, clés comprises."""
    annee = millesime[:4]
    if isinstance(valeur, str):
        reperes = {"{fichier}": fichier, "{aaaa}": annee, "{aa}": annee[2:]}
        for repere, texte in reperes.items():
            valeur = valeur.replace(repere, texte)
        return valeur
    if isinstance(valeur, dict):
        return {
            remplacer(cle, millesime=millesime, fichier=fichier): remplacer(
                contenu, millesime=millesime, fichier=fichier
            )
            for cle, contenu in valeur.items()
        }
    if isinstance(valeur, list | tuple):
        return [remplacer(element, millesime=millesime, fichier=fichier) for element in valeur]
    return valeur


class Remplissage(_Gele):
    """Indicateur qu'un fichier de ce gabarit documente.

    Dans les ``lectures``, ``{fichier}`` est le fichier importé, ``{aaaa}`` et ``{aa}`` son
    millésime sur quatre et deux chiffres (termes et périodes).
    """

    indicateur: str
    correspondance: Literal["exacte", "proche"] = "exacte"
    difference: str = ""
    lectures: tuple[dict[str, Any], ...]

    def pour(self, fichier: str, millesime: str) -> tuple[Lecture, ...]:
        """Renvoie les lectures d'un fichier importé, repères remplacés."""
        return tuple(
            Lecture.model_validate(remplacer(lecture, millesime=millesime, fichier=fichier))
            for lecture in self.lectures
        )


class Telechargement(_Gele):
    """Où le producteur donne ce fichier.

    ``protocole`` : ``fichier`` (une adresse), ``melodi`` (API Melodi de l'Insee),
    ``opendatasoft`` (export d'un jeu), ``datagouv`` (ressource de data.gouv.fr),
    ``data_inclusion`` (API de data·inclusion, avec le jeton de la personne), ``soliguide`` (API de
    Soliguide, de même), ``pages`` (API dont chaque page nomme la suivante).
    ``adresse`` : où {aaaa} et {departement} sont remplacés. ``vu`` : vrai si l'adresse a été lue
    dans une documentation du producteur ou un code public, faux si elle est supposée.
    ``ressource`` : pour ``datagouv``, expression du titre ou de l'adresse de la ressource prise.
    """

    protocole: Literal[
        "fichier", "melodi", "opendatasoft", "datagouv", "data_inclusion", "soliguide", "pages"
    ] = "fichier"
    adresse: str
    vu: bool = False
    ressource: str = ""
    remarque: str = ""


class Gabarit(_Gele):
    """Forme d'un fichier officiel.

    ``format`` dit d'où l'on tient la forme : ``fichier vu`` (un vrai fichier a été lu en entier),
    ``en-tête vu`` (la vraie ligne d'en-tête), ``décrit`` (une documentation du producteur),
    ``supposé``. Les deux derniers se montrent comme tels partout.
    ``lecteur`` et ``options`` sont ceux d'un `solidiag.catalogue.source.Fichier` ; le séparateur,
    l'encodage et la décimale se reconnaissent et n'ont pas à être donnés. ``{aaaa}`` et ``{aa}``
    y valent comme dans les lectures (``arrondis: {TP60{aa}: 1}``).
    ``niveau`` : valeur de `Niveau`, ``mixte`` si le lecteur le tire du fichier.
    ``cog_decalage`` : année du découpage communal moins millésime.
    ``lu_avec`` : gabarit dont le lecteur lit aussi ce tableau, quand les deux sont dans un même
    fichier (structures et services de data·inclusion).
    """

    id: str
    titre: str
    producteur: str
    licence: Licence
    page: str = ""
    champ: str
    format: Literal["fichier vu", "en-tête vu", "décrit", "supposé"]
    verification: str
    """Comment la forme a été vérifiée, ou ce qui ne l'a pas été."""
    signature: Signature
    millesime: LectureMillesime
    niveau: str
    lecteur: str = "colonnes"
    options: dict[str, Any] = Field(default_factory=dict)
    marques: dict[str, str] = Field(default_factory=dict)
    cog_decalage: int = 0
    couverture: Couverture = Couverture()
    limites: tuple[str, ...] = ()
    remplit: tuple[Remplissage, ...] = ()
    telechargements: tuple[Telechargement, ...] = ()
    lu_avec: str = ""
