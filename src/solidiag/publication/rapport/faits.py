"""Faits chiffrés d'un territoire, et les phrases qu'une règle en tire, à tout niveau.

Un fait réunit un indicateur, sa valeur, ses comparaisons et sa tendance. Les phrases groupent les
faits de même verdict ; leur forme change avec ce qu'elles ont à dire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from solidiag.catalogue.indicateur import Indicateur
from solidiag.publication.document import Cle, Ligne, Nombre, Texte
from solidiag.publication.francais import dans, formater
from solidiag.publication.matiere import Matiere, Observe
from solidiag.publication.rapport.accords import Accord, accord_de, que
from solidiag.publication.rapport.expressions import nommer, sujet, unite_dite

Contenu = tuple[Ligne, ...]

REFERENCES: dict[str, tuple[str, ...]] = {
    "DEP": ("FR", "REG", "SEMBLABLES"),
    "EPCI": ("DEP", "ZE", "SEMBLABLES"),
    "COM": ("DEP", "EPCI"),
    "ARM": ("DEP",),
}
"""Références d'un territoire, la première d'abord."""

TOUT_OU_RIEN = frozenset({"desert_alim", "temps_eq", "eloignement_eq"})
"""Parts qui valent 0 ou 100 % dans une commune : elles ne s'y comparent pas à un département."""

FAITS_PAR_PHRASE = 2
"""Nombre d'indicateurs réunis dans une phrase qui en donne les valeurs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fait:
    """Un indicateur dans un territoire, avec ce que l'on peut en dire.

    Parameters
    ----------
    valeur
        Valeur telle qu'elle s'imprime.
    comparaisons
        Lignes de `COMPARAISONS`, par référence.
    reference_valeurs
        Valeur imprimée de chaque référence.
    tendance
        Ligne de `TENDANCES`, ou rien.
    """

    indicateur: Indicateur
    observe: Observe
    valeur: Ligne
    comparaisons: Mapping[str, Mapping[str, Any]]
    reference_valeurs: Mapping[str, Ligne] = field(default_factory=dict)
    tendance: Mapping[str, Any] | None = None

    @property
    def effectif(self) -> bool:
        """Dit si c'est un dénombrement, qui ne se compare pas."""
        return self.indicateur.unite == "nombre"

    @property
    def accord(self) -> Accord:
        """Accord du sujet."""
        return accord_de(sujet(self.indicateur))

    def verdict(self, reference: str) -> str:
        """Renvoie le verdict face à une référence, ``non_comparable`` s'il n'y en a pas."""
        ligne = self.comparaisons.get(reference)
        return str(ligne["verdict"]) if ligne else "non_comparable"

    def cle(self, reference: str) -> tuple[str, str, bool, str]:
        """Renvoie ce qui réunit des faits dans une phrase : référence, verdict, netteté, sens."""
        ligne = self.comparaisons.get(reference)
        if ligne is None or ligne["verdict"] == "non_comparable":
            return ("", "non_comparable", False, "neutre")
        verdict = str(ligne["verdict"])
        if verdict == "non_concluant" and ligne.get("methode") == "etendue":
            verdict = "dans_l_etendue"
        if verdict == "non_concluant" and ligne.get("methode") == "petite_commune":
            verdict = "trop_peu"
        return (reference, verdict, bool(ligne["nette"]), str(ligne["lecture"]))

    def principale(self, references: Sequence[str]) -> str:
        """Renvoie la première référence comparable, ou rien."""
        return next((r for r in references if self.verdict(r) != "non_comparable"), "")

    def avec_valeur(self, *, initiale: bool = False) -> Contenu:
        """Renvoie « le taux de pauvreté (11,7 %) »."""
        return (
            nommer(self.indicateur, initiale=initiale),
            Texte(" ("),
            self.valeur,
            *unite_dite(self.indicateur),
            Texte(")"),
        )


def rassembler(
    matiere: Matiere,
    territoire: str,
    indicateurs: Iterable[Indicateur],
) -> list[Fait]:
    """Renvoie les faits lisibles d'un territoire, dans l'ordre des indicateurs.

    Un plancher (« ≤ 5 % ») est une borne et non une valeur : le tableau le montre, aucune phrase
    ne le commente.
    """
    references = REFERENCES.get(territoire.partition("-")[0], ("DEP",))
    communal = territoire.startswith(("COM-", "ARM-"))
    faits = []
    for indicateur in indicateurs:
        if communal and indicateur.id in TOUT_OU_RIEN:
            continue
        observe = matiere.derniere(indicateur.id, territoire)
        if observe is None or not observe.lisible or observe.precision == "floor":
            continue
        comparaisons = {
            r: ligne
            for r in references
            if (ligne := matiere.comparaison(indicateur.id, territoire, r)) is not None
            and ligne["periode"] == observe.periode
        }
        faits.append(
            Fait(
                indicateur=indicateur,
                observe=observe,
                valeur=matiere.imprimer(observe),
                comparaisons=comparaisons,
                reference_valeurs={
                    r: imprimer_reference(matiere, ligne) for r, ligne in comparaisons.items()
                },
                tendance=matiere.tendance(indicateur.id, territoire),
            )
        )
    return faits


def imprimer_reference(matiere: Matiere, ligne: Mapping[str, Any]) -> Ligne:
    """Renvoie la valeur d'une référence : son observation, ou la valeur d'un groupe."""
    cible = str(ligne["reference_territoire"])
    if cible:
        return matiere.imprimer(matiere.derniere(ligne["indicateur"], cible, ligne["periode"]))
    niveau = str(ligne["territoire"]).partition("-")[0]
    texte = formater(
        ligne["reference_valeur"],
        ligne["unite"],
        decimales=matiere.decimales(ligne["indicateur"], ligne["periode"], niveau),
        statut="L",
    )
    if ligne["reference_valeur"] is None:
        return Texte(texte)
    return Nombre(
        texte,
        Cle(
            indicateur=ligne["indicateur"],
            territoire=ligne["territoire"],
            periode=ligne["periode"],
            champ=f"{ligne['reference']}.reference_valeur",
            table="comparaisons",
        ),
    )


@dataclass(frozen=True, slots=True)
class Repere:
    """Comment se dit une référence : « qu'en France », « de la France », « la France »."""

    que: str
    de: str
    nom: str
    dans: str


def repere(matiere: Matiere, reference: str) -> Repere:
    """Renvoie les façons de dire une référence du rapport."""
    if reference == "FR":
        return Repere("qu'en France", "de la France", "la France", "en France")
    if reference == "REG":
        lieu = dans(matiere.region)
        return Repere(que(lieu), "de la région", "la région", lieu)
    if reference == "DEP":
        return Repere("qu'au département", "du département", "le département", "au département")
    if reference == "ZE":
        return Repere(
            "que dans sa zone d'emploi",
            "de sa zone d'emploi",
            "sa zone d'emploi",
            "dans sa zone d'emploi",
        )
    if reference == "EPCI":
        return Repere(
            "que dans son intercommunalité",
            "de son intercommunalité",
            "son intercommunalité",
            "dans son intercommunalité",
        )
    return Repere(
        "que dans les territoires semblables",
        "des territoires semblables",
        "les territoires semblables",
        "dans les territoires semblables",
    )


def enumerer_lignes(elements: Sequence[Contenu]) -> Contenu:
    """Renvoie « a, b et c », pour des contenus."""
    rendu: list[Ligne] = []
    for rang, element in enumerate(elements):
        if rang:
            rendu.append(Texte(" et " if rang == len(elements) - 1 else ", "))
        rendu += element
    return tuple(rendu)


def grouper(faits: Iterable[Fait], references: Sequence[str]) -> list[tuple[str, list[Fait]]]:
    """Réunit les faits qu'une même phrase peut dire, dans l'ordre où ils viennent.

    Returns
    -------
    list
        Paires (référence, faits) ; la référence est vide si rien ne se compare.
    """
    groupes: dict[tuple[Any, ...], list[Fait]] = {}
    for fait in faits:
        reference = fait.principale(references)
        cle = (*fait.cle(reference), fait.observe.periode if not reference else "")
        groupes.setdefault(cle, []).append(fait)
    return [
        (str(cle[0]), membres[debut : debut + FAITS_PAR_PHRASE])
        for cle, membres in groupes.items()
        for debut in range(0, len(membres), FAITS_PAR_PHRASE)
    ]
