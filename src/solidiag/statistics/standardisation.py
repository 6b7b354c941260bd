"""Taux rapportés à une population, taux standardisés et rapports d'observés à attendus.

`taux_direct` et `rapport_standardise` attendent des tables par âge : aucune source embarquée n'en
publie par commune, et le diagnostic ne les appelle pas encore.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from solidiag.statistics.intervalles import Tableau, byar, poisson, poisson_exact

EFFECTIF_MINIMAL = 10
"""Nombre d'événements sous lequel un taux standardisé direct n'est pas calculé."""

TROP_PEU = "trop peu d'événements : taux standardisé non calculé"
EFFECTIF_MANQUANT = "effectif manquant dans une classe"
SANS_POPULATION = "une classe n'a pas de population"
SANS_ATTENDU = "aucun événement attendu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardise:
    """Taux ou rapport, ses bornes, et pourquoi il manque.

    Parameters
    ----------
    valeur, bas, haut
        Un élément par territoire ; ``nan`` où le calcul est refusé.
    effectif
        Nombre total d'événements ; ``nan`` s'il manque.
    motif
        Raison du refus, vide s'il n'y en a pas.
    niveau, methode
        Niveau de confiance et nom de la méthode des bornes.
    """

    valeur: Tableau
    bas: Tableau
    haut: Tableau
    effectif: Tableau
    motif: npt.NDArray[np.str_]
    niveau: float
    methode: str


def taux(
    effectif: npt.ArrayLike,
    population: npt.ArrayLike,
    *,
    facteur: float = 1.0,
    niveau: float = 0.95,
) -> tuple[Tableau, Tableau, Tableau]:
    """Renvoie un taux et ses bornes : exactes sous dix événements, de Byar à partir de dix.

    Parameters
    ----------
    effectif
        Événements ; ``nan`` s'il manque.
    population
        Population, ou années vécues. ``nan`` où elle n'est pas positive.
    facteur
        1 000 pour un taux pour 1 000.

    Examples
    --------
    >>> valeur, bas, haut = taux([65.0], [100.0], facteur=100)
    >>> float(valeur[0]), round(float(bas[0]), 4), round(float(haut[0]), 4)
    (65.0, 50.1632, 82.8491)
    """
    n = np.asarray(population, dtype=np.float64)
    x = np.asarray(effectif, dtype=np.float64)
    x = np.where(x >= 0, x, np.nan)
    echelle = facteur / np.where(n > 0, n, np.nan)
    bas, haut = poisson(x, niveau=niveau)
    return x * echelle, bas * echelle, haut * echelle


def taux_direct(
    effectifs: npt.ArrayLike,
    populations: npt.ArrayLike,
    reference: npt.ArrayLike,
    *,
    facteur: float = 100_000.0,
    niveau: float = 0.95,
    loi: Literal["byar", "exacte"] = "byar",
    effectif_minimal: float = EFFECTIF_MINIMAL,
) -> Standardise:
    """Renvoie le taux standardisé direct, avec l'intervalle de Dobson.

    Un effectif manquant n'est pas un zéro : il empêche le calcul. Sous dix événements, le taux
    n'est pas calculé, comme le fait l'agence de santé publique anglaise.

    Parameters
    ----------
    effectifs, populations
        Événements et population par classe (d'âge...) sur le dernier axe.
    reference
        Population de référence, une valeur par classe ; seules ses proportions comptent.
    facteur
        100 000 pour un taux pour 100 000.
    loi
        Bornes du nombre total d'événements : ``byar``, ou ``exacte`` (khi-deux).
    effectif_minimal
        Nombre total d'événements sous lequel le taux n'est pas calculé ; jamais moins de 1.

    Raises
    ------
    ValueError
        Si la population de référence est négative ou nulle en tout, ou n'a pas une valeur par
        classe.

    References
    ----------
    Dobson A. J., Kuulasmaa K., Eberle E. et Scherer J. (1991), *Confidence intervals for weighted
    sums of Poisson parameters*, Statistics in Medicine, 10, 457-462.

    Examples
    --------
    Naissances de rang cinq et plus, Michigan (Fay et Feuer, 1997) :

    >>> cas = [0, 8, 63, 112, 262, 295]
    >>> naissances = [327, 30666, 123419, 149919, 104088, 34392]
    >>> standard = [319933, 931318, 786511, 488235, 237863, 61313]
    >>> t = taux_direct(cas, naissances, standard, loi="exacte")
    >>> round(float(t.valeur), 5), round(float(t.bas), 5), round(float(t.haut), 5)
    (75.52901, 67.63284, 83.86703)
    """
    x, n = _par_classe(effectifs, populations)
    w = np.asarray(reference, dtype=np.float64)
    if w.shape != x.shape[-1:] or not np.all(w >= 0) or not w.sum() > 0:
        raise ValueError("la population de référence : une valeur positive ou nulle par classe")
    poids = w / w.sum()
    total = x.sum(axis=-1)
    motif = _motif(x, np.where(poids > 0, n, 1.0))
    motif = np.where((motif == "") & (total < max(effectif_minimal, 1)), TROP_PEU, motif)
    connu = motif == ""
    coefficients = poids / np.where(n > 0, n, np.nan)
    coefficients = np.where(poids > 0, coefficients, 0.0)
    valeur = np.where(connu, (coefficients * x).sum(axis=-1), np.nan)
    variance = (coefficients**2 * x).sum(axis=-1)
    sur = np.where(connu, total, np.nan)
    bornes = byar if loi == "byar" else poisson_exact
    bas, haut = bornes(sur, niveau=niveau)
    ecart = np.sqrt(variance / sur)
    return Standardise(
        valeur=valeur * facteur,
        bas=(valeur + ecart * (bas - sur)) * facteur,
        haut=(valeur + ecart * (haut - sur)) * facteur,
        effectif=total,
        motif=motif,
        niveau=niveau,
        methode="dobson",
    )


def rapport_standardise(
    observes: npt.ArrayLike,
    populations: npt.ArrayLike,
    taux_reference: npt.ArrayLike,
    *,
    facteur: float = 1.0,
    niveau: float = 0.95,
) -> Standardise:
    """Renvoie le rapport des événements observés aux attendus (standardisation indirecte).

    Les bornes du nombre observé sont exactes sous dix événements, de Byar à partir de dix ;
    l'attendu est tenu pour certain. Le rapport se calcule même sous dix événements : c'est alors
    l'intervalle qui dit sa fragilité.

    Parameters
    ----------
    observes, populations
        Événements et population par classe sur le dernier axe.
    taux_reference
        Taux de la population de référence, un par classe, par personne.
    facteur
        100 pour un indice de base 100.

    Raises
    ------
    ValueError
        Si les taux de référence ne sont pas positifs ou nuls, un par classe.

    References
    ----------
    Breslow N. E. et Day N. E. (1987), *Statistical methods in cancer research*, vol. II, p. 69.

    Examples
    --------
    >>> r = rapport_standardise([40, 25], [1000, 2000], [0.03, 0.01], facteur=100)
    >>> float(r.valeur), round(float(r.bas), 4), round(float(r.haut), 4)
    (130.0, 100.3264, 165.6983)
    """
    x, n = _par_classe(observes, populations)
    t = np.asarray(taux_reference, dtype=np.float64)
    if t.shape != x.shape[-1:] or not np.all(t >= 0):
        raise ValueError("taux de référence : une valeur positive ou nulle par classe")
    total = x.sum(axis=-1)
    attendu = (n * t).sum(axis=-1)
    motif = _motif(x, np.where(n == 0, 1.0, n))
    motif = np.where((motif == "") & ~(attendu > 0), SANS_ATTENDU, motif)
    sur = np.where(motif == "", total, np.nan)
    echelle = facteur / np.where(attendu > 0, attendu, np.nan)
    bas, haut = poisson(sur, niveau=niveau)
    return Standardise(
        valeur=sur * echelle,
        bas=bas * echelle,
        haut=haut * echelle,
        effectif=total,
        motif=motif,
        niveau=niveau,
        methode="byar",
    )


def _par_classe(effectifs: npt.ArrayLike, populations: npt.ArrayLike) -> tuple[Tableau, Tableau]:
    x, n = np.broadcast_arrays(
        np.asarray(effectifs, dtype=np.float64), np.asarray(populations, dtype=np.float64)
    )
    if x.ndim == 0:
        raise ValueError("les classes sont sur le dernier axe : un nombre seul n'en a pas")
    return np.where(x >= 0, x, np.nan), n


def _motif(x: Tableau, n: Tableau) -> npt.NDArray[np.str_]:
    """Raison du refus, par territoire : un effectif manque, ou une classe n'a personne."""
    sans_effectif = np.isnan(x).any(axis=-1)
    sans_population = ~(n > 0).all(axis=-1)
    return np.select(
        [sans_effectif, sans_population], [EFFECTIF_MANQUANT, SANS_POPULATION], default=""
    ).astype("U64")
