"""Texte de remplacement d'une carte : ce qu'elle montre, chiffres à part du texte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.assemblage import NOMS_NIVEAUX, absences, formes
from solidiag.publication.cartes.fond_svg import FondSvg
from solidiag.publication.cartes.legende import libelle_classe
from solidiag.publication.charte import ABSENCES
from solidiag.publication.document import Cle, Ligne, Mention, Nombre, Texte, texte_brut
from solidiag.publication.francais import enumerer, nombre
from solidiag.statistics.classes import Classes

_ZONES: Final = 3
_PART_NETTE: Final = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class AltCarte:
    """Texte de remplacement en morceaux : les chiffres portent leur clé."""

    contenu: tuple[Ligne, ...]

    @property
    def texte(self) -> str:
        """Texte d'un seul tenant, pour l'attribut ``alt``."""
        return texte_brut(self.contenu)


def alt_carte(
    fond: FondSvg,
    valeurs: Mapping[str, float | None],
    *,
    classes: Classes,
    sujet: str,
    indicateur: str,
    periode: str,
    noms: Mapping[str, str],
    statuts: Mapping[str, str] | None = None,
    niveau: str = "COM",
    unite: str = "",
    plancher: bool = False,
) -> AltCarte:
    """Renvoie ce que montre une carte de taux : zones hautes et basses, effectifs, absences.

    Les zones sont des intercommunalités, nommées par ordre alphabétique : aucune commune n'est
    classée.

    Parameters
    ----------
    sujet
        Ce que l'on cartographie, au singulier : « le taux de pauvreté ».
    noms
        Nom à écrire de chaque intercommunalité.
    """
    traces = formes(fond, niveau)
    rangs = {nom: classes.rang(v) for nom in traces if (v := valeurs.get(nom)) is not None}
    territoires = NOMS_NIVEAUX[niveau]
    contenu: list[Ligne] = [Texte(f"Carte\u00a0: {sujet}, par {territoires[:-1]}. ")]
    if classes.nombre > 1:
        contenu += _zones(fond, rangs, classes=classes, noms=noms, niveau=niveau)
    cle = Cle(indicateur=indicateur, periode=periode, champ="effectif_classe")
    for rang in range(classes.nombre):
        compte = sum(1 for r in rangs.values() if r == rang)
        libelle = libelle_classe(classes, rang, unite=unite, plancher=plancher)
        debut = f"{territoires.capitalize()} par classe\u00a0: " if rang == 0 else ""
        fin = ". " if rang == classes.nombre - 1 else "\u00a0; "
        contenu += [
            Texte(debut),
            Nombre(nombre(compte), cle),
            Texte(" dans la classe «\u00a0"),
            Mention(libelle, "definition"),
            Texte("\u00a0»"),
            Texte(fin),
        ]
    contenu += _absences(absences(traces, valeurs, statuts or {}), cle)
    return AltCarte(contenu=tuple(m for m in contenu if not isinstance(m, Texte) or m.texte))


def _zones(
    fond: FondSvg,
    rangs: Mapping[str, int],
    *,
    classes: Classes,
    noms: Mapping[str, str],
    niveau: str,
) -> list[Ligne]:
    moyens: dict[str, list[int]] = {}
    for nom, rang in rangs.items():
        epci = nom if niveau == "EPCI" else fond.epci_de.get(nom)
        if epci is not None:
            moyens.setdefault(epci, []).append(rang)
    scores = {epci: sum(r) / len(r) for epci, r in moyens.items()}
    if len(scores) < 3:
        return []
    ecart = max(scores.values()) - min(scores.values())
    if ecart < _PART_NETTE * (classes.nombre - 1):
        return [Texte("Aucune intercommunalité ne se distingue nettement. ")]
    ordre = sorted(scores, key=lambda epci: (scores[epci], epci))
    garde = max(1, min(_ZONES, len(ordre) // 3))
    return [
        Texte("Les valeurs les plus fortes se trouvent surtout dans "),
        _liste(ordre[-garde:], noms),
        Texte("\u00a0; les plus faibles dans "),
        _liste(ordre[:garde], noms),
        Texte(". "),
    ]


def _liste(epci: Sequence[str], noms: Mapping[str, str]) -> Mention:
    return Mention(enumerer(sorted(noms.get(cle, cle) for cle in epci)), "nom")


def _absences(absents: Mapping[str, Sequence[str]], cle: Cle) -> list[Ligne]:
    contenu: list[Ligne] = []
    for rang, (statut, noms) in enumerate(absents.items()):
        contenu += [
            Texte("Sans valeur\u00a0: " if rang == 0 else "\u00a0; "),
            Nombre(nombre(len(noms)), cle),
            Texte(f" en «\u00a0{ABSENCES[statut].libelle}\u00a0»"),
        ]
    if contenu:
        contenu.append(Texte("."))
    return contenu
