"""Contraintes d'un calage : lues, contrôlées, sans celles que les autres entraînent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt

from solidiag.errors import CalageRefuse

Tableau = npt.NDArray[np.float64]
Rangs = npt.NDArray[np.intp]

COLINEAIRE = 1e-9
"""Part d'une contrainte, hors de ce que les autres en disent, sous laquelle elle est redondante."""

PETIT_TOTAL = 1e-6
"""Part de la somme des valeurs absolues sous laquelle un total n'est pas pris pour échelle."""

LIGNES_CITEES = 5
"""Nombre de lignes citées par une faute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faute:
    """Une raison de refuser un calage.

    Parameters
    ----------
    code
        Sa nature : ``echantillon_vide``, ``poids_manquant``, ``poids_non_positif``, ``longueur``,
        ``sans_contrainte``, ``marge_sans_variable``, ``variable_sans_marge``, ``valeur_manquante``,
        ``marge_invalide``, ``modalite_absente_des_marges``, ``modalite_sans_repondant``,
        ``sommes_differentes``, ``contraintes_incompatibles``, ``marge_nulle``, ``sans_solution``,
        ``bornes_impossibles``, ``repondants_annules`` ou ``non_converge``.
    texte
        Ce qui ne va pas, où, et ce qu'il faut faire.
    """

    code: str
    texte: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contraintes:
    """Système ``colonnes' (poids × rapports) = voulus``.

    Parameters
    ----------
    poids
        Poids de départ.
    colonnes
        Une ligne par répondant, une colonne par contrainte (indicatrice ou valeur).
    voulus
        Total de chaque contrainte.
    variables, modalites, repondants
        Ce que dit chaque contrainte, et le nombre de répondants qui la portent.
    gardees
        Rangs des contraintes indépendantes.
    normes
        Plus grande valeur absolue de chaque colonne.
    echelles
        Ce à quoi l'écart de chaque contrainte est rapporté.
    redondantes
        Contraintes entraînées par les autres, hors la dernière modalité des variables suivantes.
    ramenees
        Par variable, le facteur qui a ramené sa somme à celle de la première.
    """

    poids: Tableau
    colonnes: Tableau
    voulus: Tableau
    variables: tuple[str, ...]
    modalites: tuple[str, ...]
    repondants: Tableau
    gardees: Rangs
    normes: Tableau
    echelles: Tableau
    redondantes: tuple[str, ...]
    ramenees: Mapping[str, float]

    @property
    def noms(self) -> tuple[str, ...]:
        """Nom lisible de chaque contrainte."""
        return tuple(
            _nom(variable, modalite)
            for variable, modalite in zip(self.variables, self.modalites, strict=True)
        )


def _nom(variable: str, modalite: str) -> str:
    return f"{variable} = {modalite}" if modalite else f"total de {variable}"


def preparer(
    poids: Sequence[float | None] | Tableau,
    *,
    categories: Mapping[str, Sequence[str | None]],
    marges: Mapping[str, Mapping[str, float]],
    numeriques: Mapping[str, Sequence[float | None] | Tableau],
    totaux: Mapping[str, float],
    tolerance: float,
) -> Contraintes:
    """Renvoie les contraintes d'un calage, contrôlées ; voir `calage.calibrer`.

    Raises
    ------
    CalageRefuse
        Toutes les fautes des poids, des variables et des marges à la fois.
    """
    d = _nombres(poids)
    fautes = [
        *_fautes_des_poids(d),
        *_fautes_de_noms(categories, marges, "marge"),
        *_fautes_de_noms(numeriques, totaux, "total"),
    ]
    if not categories and not numeriques and not fautes:
        fautes.append(_faute("sans_contrainte", "aucune variable de calage. Donnez une marge"))
    for variable, valeurs in categories.items():
        if variable in marges:
            fautes += _fautes_de_modalites(variable, valeurs, marges[variable], d.size)
    for variable, brutes in numeriques.items():
        if variable in totaux:
            fautes += _fautes_de_nombres(variable, brutes, totaux[variable], d.size)
    if not fautes:
        fautes += _fautes_de_sommes(marges, tolerance)
    _refuser(fautes)
    return _construire(d, categories, marges, numeriques, totaux)


def _faute(code: str, texte: str) -> Faute:
    return Faute(code=code, texte=texte)


def _refuser(fautes: Sequence[Faute]) -> None:
    if fautes:
        raise CalageRefuse([f.texte for f in fautes], codes=[f.code for f in fautes])


def _nombres(valeurs: Sequence[float | None] | Tableau) -> Tableau:
    return np.array([np.nan if v is None else float(v) for v in valeurs], dtype=np.float64)


def _lignes(fautives: npt.NDArray[np.bool_]) -> str:
    """Cite les premières lignes fautives, comptées à partir de 1."""
    rangs = np.flatnonzero(fautives) + 1
    reste = rangs.size - LIGNES_CITEES
    citees = ", ".join(str(r) for r in rangs[:LIGNES_CITEES])
    mot = "ligne" if rangs.size == 1 else "lignes"
    return f"{mot} {citees}" + (f" et {reste} de plus" if reste > 0 else "")


def _fautes_des_poids(d: Tableau) -> list[Faute]:
    if d.size == 0:
        return [_faute("echantillon_vide", "aucun répondant. Vérifiez le filtre des réponses")]
    fautes = []
    manquants = ~np.isfinite(d)
    if manquants.any():
        fautes.append(
            _faute(
                "poids_manquant",
                f"poids de départ absent ({_lignes(manquants)}). Donnez un poids à chaque "
                "répondant, 1 pour tous sans plan de sondage",
            )
        )
    negatifs = np.isfinite(d) & (d <= 0)
    if negatifs.any():
        fautes.append(
            _faute(
                "poids_non_positif",
                f"poids de départ nul ou négatif ({_lignes(negatifs)}). Attendu : un nombre "
                "positif ; retirez les répondants hors champ avant le calage",
            )
        )
    return fautes


def _fautes_de_noms(
    variables: Mapping[str, object], cibles: Mapping[str, object], mot: str
) -> list[Faute]:
    sans = [v for v in variables if v not in cibles]
    orphelines = [v for v in cibles if v not in variables]
    return [
        *(
            _faute("variable_sans_marge", f"variable « {v} » sans {mot}. Donnez-en, ou retirez-la")
            for v in sans
        ),
        *(
            _faute("marge_sans_variable", f"{mot} « {v} » sans variable chez les répondants")
            for v in orphelines
        ),
    ]


def _absente(valeur: str | None) -> bool:
    return valeur is None or not str(valeur).strip() or valeur != valeur


def _fautes_de_modalites(
    variable: str, valeurs: Sequence[str | None], marge: Mapping[str, float], n: int
) -> list[Faute]:
    if len(valeurs) != n:
        return [_longueur(variable, len(valeurs), n)]
    fautes = []
    manquantes = np.array([_absente(v) for v in valeurs], dtype=np.bool_)
    if manquantes.any():
        fautes.append(
            _faute(
                "valeur_manquante",
                f"variable « {variable} » sans réponse ({_lignes(manquantes)}). Imputez, ou faites "
                "de la non-réponse une modalité qui a sa marge",
            )
        )
    vues = {str(v) for v in valeurs if not _absente(v)}
    fautes += [
        _faute(
            "modalite_absente_des_marges",
            f"modalité « {m} » de « {variable} » chez les répondants, absente des marges. "
            "Ajoutez sa marge ou regroupez-la",
        )
        for m in sorted(vues - set(marge))
    ]
    for modalite, effectif in marge.items():
        if not isfinite(effectif) or effectif < 0:
            fautes.append(
                _faute(
                    "marge_invalide",
                    f"marge « {variable} = {modalite} » : trouvé {effectif}, attendu un effectif "
                    "positif ou nul",
                )
            )
        elif effectif > 0 and modalite not in vues:
            fautes.append(
                _faute(
                    "modalite_sans_repondant",
                    f"modalité « {modalite} » de « {variable} » sans répondant pour une marge de "
                    f"{effectif:g}. Regroupez-la avec une voisine",
                )
            )
    return fautes


def _fautes_de_nombres(
    variable: str, brutes: Sequence[float | None] | Tableau, total: float, n: int
) -> list[Faute]:
    if len(brutes) != n:
        return [_longueur(variable, len(brutes), n)]
    fautes = []
    manquantes = ~np.isfinite(_nombres(brutes))
    if manquantes.any():
        fautes.append(
            _faute(
                "valeur_manquante",
                f"variable « {variable} » sans valeur ({_lignes(manquantes)}). Imputez-la ou "
                "retirez cette variable du calage",
            )
        )
    if not isfinite(total):
        fautes.append(_faute("marge_invalide", f"total de « {variable} » : trouvé {total}"))
    return fautes


def _longueur(variable: str, trouve: int, attendu: int) -> Faute:
    return _faute(
        "longueur", f"variable « {variable} » : {trouve} valeurs pour {attendu} répondants"
    )


def _fautes_de_sommes(marges: Mapping[str, Mapping[str, float]], tolerance: float) -> list[Faute]:
    sommes = {variable: float(sum(marge.values())) for variable, marge in marges.items()}
    if not sommes:
        return []
    vides = [
        _faute("marge_invalide", f"les marges de « {variable} » sont toutes nulles")
        for variable, somme in sommes.items()
        if somme == 0
    ]
    if vides:
        return vides
    premiere = next(iter(sommes))
    reference = sommes[premiere]
    return [
        _faute(
            "sommes_differentes",
            f"les marges de « {variable} » font {somme:.10g}, celles de « {premiere} » "
            f"{reference:.10g}. Prenez-les dans la même source et le même champ",
        )
        for variable, somme in sommes.items()
        if abs(somme - reference) > tolerance * reference
    ]


def _construire(
    d: Tableau,
    categories: Mapping[str, Sequence[str | None]],
    marges: Mapping[str, Mapping[str, float]],
    numeriques: Mapping[str, Sequence[float | None] | Tableau],
    totaux: Mapping[str, float],
) -> Contraintes:
    colonnes: list[Tableau] = []
    voulus: list[float] = []
    variables: list[str] = []
    modalites: list[str] = []
    de_trop: set[int] = set()
    ramenees: dict[str, float] = {}
    reference = float(sum(next(iter(marges.values())).values())) if marges else 0.0
    for numero, (variable, valeurs) in enumerate(categories.items()):
        facteur = reference / float(sum(marges[variable].values()))
        if abs(facteur - 1) > np.finfo(np.float64).eps * len(d):
            ramenees[variable] = facteur
        vues = np.array([str(v) for v in valeurs])
        for modalite, effectif in marges[variable].items():
            porteurs = (vues == modalite).astype(np.float64)
            if effectif == 0 and not porteurs.any():
                continue
            colonnes.append(porteurs)
            voulus.append(float(effectif) * facteur)
            variables.append(variable)
            modalites.append(modalite)
        if numero > 0:
            de_trop.add(len(colonnes) - 1)
    for variable, brutes in numeriques.items():
        colonnes.append(_nombres(brutes))
        voulus.append(float(totaux[variable]))
        variables.append(variable)
        modalites.append("")
    x = np.column_stack(colonnes)
    t = np.array(voulus)
    gardees, redondantes = _independantes(x, t, d, variables, modalites, de_trop)
    absolues = np.abs(x)
    normes = np.max(absolues, axis=0)
    return Contraintes(
        poids=d,
        colonnes=x,
        voulus=t,
        variables=tuple(variables),
        modalites=tuple(modalites),
        repondants=np.count_nonzero(x, axis=0).astype(np.float64),
        gardees=gardees,
        normes=np.where(normes > 0, normes, 1.0),
        echelles=np.maximum(np.maximum(np.abs(t), PETIT_TOTAL * (d @ absolues)), 1e-300),
        redondantes=redondantes,
        ramenees=ramenees,
    )


def _independantes(
    x: Tableau,
    t: Tableau,
    d: Tableau,
    variables: Sequence[str],
    modalites: Sequence[str],
    de_trop: set[int],
) -> tuple[Rangs, tuple[str, ...]]:
    """Renvoie les contraintes indépendantes, et le nom de celles que les autres entraînent.

    Raises
    ------
    CalageRefuse
        Si une contrainte entraînée par les autres demande un total qui les contredit.
    """
    base: list[Tableau] = []
    gardees: list[int] = []
    redondantes: list[str] = []
    fautes: list[Faute] = []
    racine = np.sqrt(d)
    for rang in range(x.shape[1]):
        colonne = x[:, rang] * racine
        reste = colonne.copy()
        for _ in range(2):
            for axe in base:
                reste -= (axe @ reste) * axe
        norme = float(np.linalg.norm(reste))
        if norme > COLINEAIRE * max(float(np.linalg.norm(colonne)), 1e-300):
            base.append(reste / norme)
            gardees.append(rang)
            continue
        nom = _nom(variables[rang], modalites[rang])
        coefficients = np.linalg.lstsq(x[:, gardees] * racine[:, None], colonne, rcond=None)[0]
        attendu = float(coefficients @ t[gardees])
        echelle = max(abs(float(t[rang])), float(np.abs(coefficients) @ np.abs(t[gardees])))
        if abs(attendu - t[rang]) > PETIT_TOTAL * echelle:
            if rang in de_trop and fautes:
                continue  # Reste d'une faute déjà dite sur une autre modalité de la variable.
            fautes.append(
                _faute(
                    "contraintes_incompatibles",
                    f"« {nom} » vaut {t[rang]:.10g}, mais les autres marges l'obligent à valoir "
                    f"{attendu:.10g} chez les répondants. Retirez-la ou corrigez-la",
                )
            )
        elif rang not in de_trop:
            redondantes.append(nom)
    _refuser(fautes)
    return np.array(gardees, dtype=np.intp), tuple(redondantes)
