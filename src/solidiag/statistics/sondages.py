"""Ce qu'une enquête permet de dire : parts, moyennes, effet de plan, intervalles.

Un intervalle de confiance dit l'incertitude d'un tirage au hasard. Quand les répondants sont venus
d'eux-mêmes, ou ont été interrogés à un guichet, personne ne sait qui manque : les résultats valent
pour les répondants, et il n'y a pas d'intervalle (voir `portee`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtri, stdtrit

from solidiag.statistics.intervalles import wilson
from solidiag.statistics.plan_de_sondage import Plan, variance_linearisee

Tableau = npt.NDArray[np.float64]

SEUIL_REPONDANTS = 11
"""Plus petit nombre de répondants dont un résultat se publie."""


TROP_PEU_DE_GRAPPES = "trop peu de grappes par strate : la variance ne s'estime pas"
"""Motif d'un intervalle absent."""


class Recrutement(StrEnum):
    """Manière dont les répondants sont arrivés à l'enquête."""

    ALEATOIRE = "aléatoire"
    GUICHET = "guichet"
    VOLONTAIRE = "volontaire"


class MethodeIntervalle(StrEnum):
    """Intervalle d'une proportion estimée par sondage."""

    WILSON = "wilson"
    LOGIT = "logit"
    KORN_GRAUBARD = "korn_graubard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portee:
    """Ce qu'une enquête permet de dire.

    Parameters
    ----------
    representatif
        Les résultats valent pour la population visée, avec leur intervalle.
    intervalle
        Un intervalle de confiance a un sens.
    mention
        Ce que porte chaque tableau ; vide si rien n'est à dire.
    phrase
        Ce que le rapport dit de la portée.
    """

    representatif: bool
    intervalle: bool
    mention: str
    phrase: str


_PORTEES: dict[Recrutement, Portee] = {
    Recrutement.ALEATOIRE: Portee(
        representatif=True,
        intervalle=True,
        mention="",
        phrase=(
            "Les personnes interrogées ont été tirées au sort : les résultats valent pour la "
            "population visée, dans la limite des intervalles donnés et de la non-réponse."
        ),
    ),
    Recrutement.GUICHET: Portee(
        representatif=False,
        intervalle=False,
        mention="non représentatif : personnes rencontrées à l'accueil",
        phrase=(
            "Les personnes ont été interrogées là où elles étaient reçues : les résultats "
            "décrivent ces répondants. Ils ne disent rien de celles et ceux qui ne viennent "
            "pas, et ne portent pas d'intervalle de confiance."
        ),
    ),
    Recrutement.VOLONTAIRE: Portee(
        representatif=False,
        intervalle=False,
        mention="non représentatif : réponses volontaires",
        phrase=(
            "Les personnes ont répondu d'elles-mêmes : les résultats décrivent ces répondants. Ils "
            "ne s'étendent pas à la population et ne portent pas d'intervalle de confiance."
        ),
    ),
}

_CALE = (
    " Les poids ont été calés sur des marges connues : la structure des répondants est corrigée "
    "pour ces variables seulement, sans rendre l'enquête représentative."
)


def portee(recrutement: Recrutement, *, cale: bool = False) -> Portee:
    """Renvoie ce que le mode de recrutement permet de dire.

    Parameters
    ----------
    cale
        Les poids ont été calés sur des marges.

    References
    ----------
    AAPOR (association américaine de recherche sur l'opinion), *When respondents select
    themselves* : aucune erreur d'échantillonnage ne se calcule sur des volontaires. Baker R. et al.
    (2013), *Summary report of the AAPOR task force on non-probability sampling*, Journal of Survey
    Statistics and Methodology, 1.

    Examples
    --------
    >>> portee(Recrutement.GUICHET).intervalle
    False
    """
    base = _PORTEES[recrutement]
    if not cale or base.representatif:
        return base
    return Portee(
        representatif=False, intervalle=False, mention=base.mention, phrase=base.phrase + _CALE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimation:
    """Une part ou une moyenne estimée, ou la raison de ne pas la publier.

    Parameters
    ----------
    valeur
        Part (0 à 1) ou moyenne ; ``None`` si elle ne se publie pas.
    lower, upper, niveau, methode
        Intervalle, ou ``None``.
    motif
        Pourquoi la valeur ou son intervalle manquent ; vide si rien ne manque.
    repondants
        Nombre de réponses ; à ne pas publier quand la valeur ne l'est pas.
    sans_reponse
        Nombre de personnes interrogées qui n'ont pas répondu à la question.
    effet_de_plan
        Rapport de la variance à celle d'un tirage simple de même taille.
    taille_effective
        Taille d'un tirage simple aussi précis.
    """

    valeur: float | None
    lower: float | None
    upper: float | None
    niveau: float | None
    methode: str | None
    motif: str
    repondants: int
    sans_reponse: int
    effet_de_plan: float | None
    taille_effective: float | None


def effet_de_plan(poids: npt.ArrayLike) -> float:
    """Renvoie l'effet de plan des poids inégaux, de Kish : ``n Σw² / (Σw)²``, au moins 1.

    Il ne voit pas le lien des poids avec la réponse : un calage sur des variables liées à celle-ci
    gagne une précision qu'il ne compte pas.

    Parameters
    ----------
    poids
        Poids strictement positifs.

    Raises
    ------
    ValueError
        Si un poids manque ou n'est pas positif.

    References
    ----------
    Kish L. (1965), *Survey Sampling*, Wiley ; Kish L. (1992), *Weighting for unequal Pi*, Journal
    of Official Statistics, 8, p. 183-200.

    Examples
    --------
    >>> effet_de_plan([1, 1, 1, 3])
    1.3333333333333333
    """
    w = _poids(poids)
    return float(w.size * np.sum(w**2) / np.sum(w) ** 2)


def taille_effective(poids: npt.ArrayLike) -> float:
    """Renvoie la taille d'un tirage simple aussi précis : ``(Σw)² / Σw²``.

    Examples
    --------
    >>> taille_effective([1, 1, 1, 3])
    3.0
    """
    w = _poids(poids)
    return float(np.sum(w) ** 2 / np.sum(w**2))


def _poids(poids: npt.ArrayLike) -> Tableau:
    w = np.asarray(poids, dtype=np.float64)
    if w.ndim != 1 or w.size == 0:
        raise ValueError("poids : attendu une liste non vide de nombres")
    if not np.all(np.isfinite(w) & (w > 0)):
        raise ValueError("poids : attendu des nombres positifs, un poids manque ou n'en est pas un")
    return w


def estimer_part(
    reponses: Sequence[bool | None],
    poids: npt.ArrayLike | None = None,
    *,
    recrutement: Recrutement,
    plan: Plan | None = None,
    dans: Sequence[bool] | None = None,
    niveau: float = 0.95,
    methode: MethodeIntervalle = MethodeIntervalle.WILSON,
    seuil: int = SEUIL_REPONDANTS,
) -> Estimation:
    """Renvoie la part pondérée de réponses positives, avec l'intervalle qui a un sens.

    Parameters
    ----------
    reponses
        Vrai, faux, ou ``None`` sans réponse (jamais compté comme non).
    poids
        Poids strictement positifs ; 1 pour tous par défaut.
    plan
        Strates, grappes et taux de sondage : la variance est alors linéarisée. Sans plan, elle
        vient de l'effet de plan des poids (Kish).
    dans
        Sous-population visée ; toutes les personnes par défaut.
    methode
        Wilson ou Clopper-Pearson (Korn et Graubard) sur la taille effective, ou logit.
    seuil
        Plus petit nombre de réponses dont le résultat se publie.

    Returns
    -------
    Estimation
        ``valeur`` est ``None`` sous le seuil. Les petits effectifs de chaque réponse relèvent du
        secret (`confidentiality`), qui juge le numérateur, le dénominateur et leur différence.

    Raises
    ------
    ValueError
        Si les longueurs diffèrent, ou si un poids n'est pas positif.

    References
    ----------
    Korn E. L. et Graubard B. I. (1998), *Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data*, Survey Methodology, 24. Franco C. et al.
    (2019), Journal of Survey Statistics and Methodology (PMC6690503), qui recommande Wilson sur la
    taille effective parmi sept intervalles.
    """
    y = np.array([np.nan if r is None else float(bool(r)) for r in reponses])
    return _estimer(y, poids, recrutement, plan, dans, niveau, seuil, part=methode)


def estimer_moyenne(
    valeurs: Sequence[float | None] | Tableau,
    poids: npt.ArrayLike | None = None,
    *,
    recrutement: Recrutement,
    plan: Plan | None = None,
    dans: Sequence[bool] | None = None,
    niveau: float = 0.95,
    seuil: int = SEUIL_REPONDANTS,
) -> Estimation:
    """Renvoie la moyenne pondérée, avec un intervalle de Student s'il a un sens.

    Parameters
    ----------
    valeurs
        Valeur de chaque personne ; ``None`` ou ``nan`` sans réponse.
    poids, recrutement, plan, dans, niveau, seuil
        Voir `estimer_part`.
    """
    y = np.array([np.nan if v is None else float(v) for v in valeurs])
    return _estimer(y, poids, recrutement, plan, dans, niveau, seuil, part=None)


def _estimer(
    y: Tableau,
    poids: npt.ArrayLike | None,
    recrutement: Recrutement,
    plan: Plan | None,
    dans: Sequence[bool] | None,
    niveau: float,
    seuil: int,
    *,
    part: MethodeIntervalle | None,
) -> Estimation:
    if not 0 < niveau < 1:
        raise ValueError(f"niveau de confiance hors de ]0, 1[ : {niveau}")
    w = np.ones(y.size) if poids is None else np.asarray(poids, dtype=np.float64)
    visee = np.ones(y.size, dtype=np.bool_) if dans is None else np.asarray(dans, dtype=np.bool_)
    for nom, n in (("poids", w.size), ("sous-population", visee.size)):
        if n != y.size:
            raise ValueError(f"{nom} : {n} valeurs pour {y.size} réponses")
    if y.size:
        _poids(w)
    retenues = visee & np.isfinite(y)
    n = int(np.count_nonzero(retenues))
    sans = int(np.count_nonzero(visee)) - n
    if n < seuil:
        return _vide(f"moins de {seuil} réponses", n, sans)
    valeur = float(np.average(y[retenues], weights=w[retenues]))
    if not portee(recrutement).intervalle:
        return _sans_intervalle(valeur, portee(recrutement).mention, n, sans)
    dispersion = float(np.average((y[retenues] - valeur) ** 2, weights=w[retenues]))
    deff, liberte = effet_de_plan(w[retenues]), n - 1
    if plan is not None:
        lineaire = variance_linearisee(y, w, plan=plan, dans=retenues)
        if lineaire is None:
            return _sans_intervalle(valeur, TROP_PEU_DE_GRAPPES, n, sans)
        liberte = lineaire.degres_de_liberte
        if dispersion > 0 and lineaire.variance > 0:
            deff = lineaire.variance * (n - 1) / dispersion
    effective = min(n / deff, float(n))
    variance = dispersion / (n - 1) * deff
    lower, upper, methode = _bornes(valeur, variance, effective, n, liberte, niveau, part)
    return Estimation(
        valeur=valeur,
        lower=lower,
        upper=upper,
        niveau=niveau,
        methode=methode,
        motif="",
        repondants=n,
        sans_reponse=sans,
        effet_de_plan=deff,
        taille_effective=effective,
    )


def _bornes(
    valeur: float,
    variance: float,
    effective: float,
    n: int,
    liberte: int,
    niveau: float,
    part: MethodeIntervalle | None,
) -> tuple[float, float, str]:
    student = float(stdtrit(liberte, 0.5 + niveau / 2))
    erreur = float(np.sqrt(variance))
    if part is None:
        return valeur - student * erreur, valeur + student * erreur, "student"
    if part is MethodeIntervalle.WILSON:
        if liberte < n - 1:
            effective *= float(ndtri(0.5 + niveau / 2)) ** 2 / student**2
        bas, haut = wilson([valeur * effective], [effective], niveau=niveau)
        return float(bas[0]), float(haut[0]), f"{part} sur la taille effective"
    if part is MethodeIntervalle.LOGIT and 0 < valeur < 1:
        centre = float(np.log(valeur / (1 - valeur)))
        rayon = student * erreur / (valeur * (1 - valeur))
        bornes = 1 / (1 + np.exp(-np.array([centre - rayon, centre + rayon])))
        return float(bornes[0]), float(bornes[1]), str(part)
    ajustee = effective * float(stdtrit(n - 1, 0.5 + niveau / 2)) ** 2 / student**2
    ajustee = min(ajustee, float(n))
    return *clopper_pearson(valeur * ajustee, ajustee, niveau=niveau), "korn_graubard"


def clopper_pearson(x: float, n: float, *, niveau: float = 0.95) -> tuple[float, float]:
    """Renvoie l'intervalle exact d'une proportion, pour des nombres non entiers au besoin.

    References
    ----------
    Clopper C. J. et Pearson E. S. (1934), *The use of confidence or fiducial limits illustrated in
    the case of the binomial*, Biometrika, 26, p. 404-413.

    Examples
    --------
    >>> tuple(round(b, 6) for b in clopper_pearson(0, 10))
    (0.0, 0.308497)
    """
    alpha = 1 - niveau
    bas = 0.0 if x <= 0 else float(betaincinv(x, n - x + 1, alpha / 2))
    haut = 1.0 if x >= n else float(betaincinv(x + 1, n - x, 1 - alpha / 2))
    return bas, haut


def _vide(motif: str, n: int, sans: int) -> Estimation:
    return Estimation(
        valeur=None,
        lower=None,
        upper=None,
        niveau=None,
        methode=None,
        motif=motif,
        repondants=n,
        sans_reponse=sans,
        effet_de_plan=None,
        taille_effective=None,
    )


def _sans_intervalle(valeur: float, motif: str, n: int, sans: int) -> Estimation:
    return Estimation(
        valeur=valeur,
        lower=None,
        upper=None,
        niveau=None,
        methode=None,
        motif=motif,
        repondants=n,
        sans_reponse=sans,
        effet_de_plan=None,
        taille_effective=None,
    )
