"""Texte de remplacement d'une carte : ce qu'elle montre, chiffres à part du texte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solidiag.publication.cartes.assemblage import NOMS_NIVEAUX, absences, formes
from solidiag.publication.cartes.ecarts import STYLES
from solidiag.publication.cartes.fond_svg import FondSvg
from solidiag.publication.cartes.legende import libelle_classe
from solidiag.publication.cartes.points import PointCarte
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


def alt_cercles(
    fond: FondSvg,
    valeurs: Mapping[str, float | None],
    *,
    sujet: str,
    indicateur: str,
    periode: str,
    noms: Mapping[str, str],
    statuts: Mapping[str, str] | None = None,
    niveau: str = "COM",
) -> AltCarte:
    """Renvoie ce que montre une carte d'effectifs : où sont les cercles, les zéros, les absences.

    Les arguments sont ceux de `alt_carte`.
    """
    traces = formes(fond, niveau)
    connus = {nom: v for nom in traces if (v := valeurs.get(nom)) is not None}
    sommes: dict[str, float] = {}
    for nom, effectif in connus.items():
        epci = nom if niveau == "EPCI" else fond.epci_de.get(nom)
        if epci is not None:
            sommes[epci] = sommes.get(epci, 0.0) + effectif
    territoires = NOMS_NIVEAUX[niveau]
    contenu: list[Ligne] = [Texte(f"Carte en cercles\u00a0: {sujet}, par {territoires[:-1]}. ")]
    ordre = sorted(sommes, key=lambda epci: (-sommes[epci], epci))
    if len(ordre) >= 3 and sommes[ordre[0]] > 0:
        garde = [e for e in ordre[: max(1, min(_ZONES, len(ordre) // 3))] if sommes[e] > 0]
        contenu += [
            Texte("Les effectifs les plus importants sont dans "),
            _liste(garde, noms),
            Texte(". "),
        ]
    presents = sum(1 for v in connus.values() if v > 0)
    cle = Cle(indicateur=indicateur, periode=periode, champ="effectif_classe")
    contenu += [
        Texte(f"{territoires.capitalize()} avec un cercle\u00a0: "),
        Nombre(nombre(presents), cle),
    ]
    if len(connus) > presents:
        contenu += [Texte("\u00a0; à zéro\u00a0: "), Nombre(nombre(len(connus) - presents), cle)]
    contenu.append(Texte(". "))
    contenu += _absences(absences(traces, valeurs, statuts or {}), cle)
    return AltCarte(contenu=tuple(contenu))


def alt_points(
    fond: FondSvg,
    points: Sequence[PointCarte],
    *,
    categories: Mapping[str, str],
    sujet: str,
    noms: Mapping[str, str],
) -> AltCarte:
    """Renvoie ce que montre une carte de services : effectif par catégorie, zones sans aucun lieu.

    Parameters
    ----------
    noms
        Nom à écrire de chaque intercommunalité.
    """
    places = [(p, *fond.placer(p.longitude, p.latitude)) for p in points]
    visibles = [(p, x, y) for p, x, y in places if fond.contient(x, y)]
    contenu: list[Ligne] = [Texte(f"Carte de points\u00a0: {sujet}. ")]
    for rang, (categorie, libelle) in enumerate(categories.items()):
        compte = sum(1 for p, _, _ in visibles if p.categorie == categorie)
        cle = Cle(indicateur=categorie, champ="effectif", table="services")
        contenu += [
            Texte("\u00a0; " if rang else ""),
            Mention(libelle, "nom"),
            Texte("\u00a0: "),
            Nombre(nombre(compte), cle),
        ]
    contenu.append(Texte(". "))
    pourvues = {e for _, x, y in visibles if (e := fond.epci_au(x, y))}
    vides = [epci for epci in fond.epci if epci not in pourvues]
    if vides and len(vides) <= 2 * _ZONES and visibles:
        contenu += [Texte("Aucun lieu n'est connu dans "), _liste(vides, noms), Texte(".")]
    return AltCarte(contenu=tuple(m for m in contenu if not isinstance(m, Texte) or m.texte))


def alt_classes(
    fond: FondSvg, classes: Mapping[str, str], *, domaine: str, noms: Mapping[str, str]
) -> AltCarte:
    """Renvoie ce que montre la carte d'un domaine : les intercommunalités de chaque classe."""
    contenu: list[Ligne] = [Texte(f"Carte des écarts\u00a0: {domaine}, par intercommunalité.")]
    lues = {epci: classes.get(epci, "non_mesure") for epci in fond.epci}
    for classe, style in STYLES.items():
        membres = [epci for epci, lue in lues.items() if lue == classe]
        if membres:
            libelle = style.libelle.partition("\u00a0:")[0]
            contenu += [
                Texte(f" {libelle.capitalize()}\u00a0: "),
                _liste(membres, noms),
                Texte("."),
            ]
    return AltCarte(contenu=tuple(contenu))


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
