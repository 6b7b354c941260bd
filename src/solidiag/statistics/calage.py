"""Calage sur marges : des poids aussi proches que possible des poids de départ, aux totaux connus.

Les répondants d'une enquête ne ressemblent pas à la population. Quand on connaît des totaux de
celle-ci (femmes et hommes, tranches d'âge, revenu total), le calage trouve des poids qui les
rendent, en s'écartant le moins possible des poids de départ. Il corrige ce que les marges disent,
rien d'autre : il ne rend pas représentative une enquête qui ne l'est pas (voir `sondages.portee`).

References
----------
Deville J.-C. et Särndal C.-E. (1992), *Calibration estimators in survey sampling*, Journal of the
American Statistical Association, 87, p. 376-382. Deville J.-C., Särndal C.-E. et Sautory O. (1993),
*Generalized raking procedures in survey sampling*, même revue, 88, p. 1013-1020.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from solidiag.errors import CalageRefuse
from solidiag.statistics.calage_contraintes import Contraintes, Faute, preparer
from solidiag.statistics.calage_methodes import Bornes, Methode, distance_de

Tableau = npt.NDArray[np.float64]

TOLERANCE = 1e-9
"""Écart relatif à une marge sous lequel elle est tenue."""

TOLERANCE_DES_MARGES = 1e-6
"""Écart relatif entre les sommes de deux variables au-delà duquel leurs marges se contredisent."""

ITERATIONS = 100
"""Nombre de pas de Newton au-delà duquel la recherche est abandonnée."""

DEMI_PAS = 60
"""Nombre de fois où un pas de Newton peut être coupé en deux."""

AU_BORD = 1e-6
"""Distance à une borne sous laquelle un rapport de poids est dit à la borne."""

POIDS_NUL = 1e-6
"""Rapport sous lequel le raking a effacé un répondant."""

SANS_SOLUTION = (
    "aucun jeu de poids positifs ne tient toutes les marges à la fois : deux d'entre elles sont "
    "incompatibles chez les répondants. Regroupez des modalités ou retirez une variable"
)
"""Ce qui est dit quand les marges se contredisent chez les répondants."""

CRETE = 1e-9
"""Part de la diagonale ajoutée à un système presque singulier, pour avancer quand même."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MargeCalee:
    """Une contrainte du calage, avant et après.

    Parameters
    ----------
    variable, modalite
        Ce qui est tenu ; ``modalite`` est vide pour le total d'une variable numérique.
    repondants
        Répondants de la modalité (ou de valeur non nulle).
    voulu, avant, apres
        Total à tenir, total des poids de départ, total des poids calés.
    redondante
        Les autres contraintes l'entraînent : elle est tenue sans avoir servi.
    """

    variable: str
    modalite: str
    repondants: int
    voulu: float
    avant: float
    apres: float
    redondante: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Repartition:
    """Répartition des rapports du poids calé au poids de départ."""

    minimum: float
    premier_quartile: float
    mediane: float
    troisieme_quartile: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calage:
    """Des poids calés, et ce qu'il a fallu pour les obtenir.

    Parameters
    ----------
    poids, depart
        Poids calés et poids de départ, un par répondant, dans l'ordre reçu.
    rapports
        Poids calé divisé par le poids de départ.
    methode, bornes
        Ce qui a été demandé.
    iterations
        Pas de Newton.
    ecart_max
        Plus grand écart relatif à une marge, toutes contraintes comprises.
    marges
        Contraintes, dans l'ordre reçu.
    redondantes
        Contraintes que les autres entraînent (colinéaires), hors celle que chaque variable à
        modalités a de trop par construction.
    ramenees
        Par variable dont la somme différait, dans la tolérance, de celle de la première : le
        facteur qui l'y a ramenée.
    colonnes
        Contraintes, une colonne chacune (indicatrice, ou valeur rapportée à la plus grande).
    """

    poids: Tableau
    depart: Tableau
    rapports: Tableau
    methode: Methode
    bornes: Bornes | None
    iterations: int
    ecart_max: float
    marges: tuple[MargeCalee, ...]
    redondantes: tuple[str, ...]
    ramenees: Mapping[str, float]
    colonnes: Tableau = field(repr=False)

    def residus(self, y: npt.ArrayLike) -> Tableau:
        """Renvoie ce que les contraintes n'expliquent pas de ``y`` : le calage a pris le reste.

        La variance d'une moyenne calée est celle de ces résidus, avec les poids calés :
        ``variance_linearisee(calage.residus(y), calage.poids, plan=plan)``.

        Parameters
        ----------
        y
            Valeur de chaque répondant, dans l'ordre du calage, sans manquant.

        Raises
        ------
        ValueError
            Si une valeur manque, ou si leur nombre n'est pas celui des répondants.

        References
        ----------
        Deville J.-C. et Särndal C.-E. (1992), Journal of the American Statistical Association, 87,
        p. 376-382.
        """
        valeurs = np.asarray(y, dtype=np.float64)
        if valeurs.shape != self.poids.shape or not np.all(np.isfinite(valeurs)):
            raise ValueError("résidus : attendu une valeur par répondant, sans manquant")
        racine = np.sqrt(self.depart)
        x = self.colonnes * racine[:, None]
        return np.asarray(
            valeurs - self.colonnes @ np.linalg.lstsq(x, valeurs * racine, rcond=None)[0]
        )

    @property
    def repartition(self) -> Repartition:
        """Quartiles et extrêmes des rapports de poids."""
        quantiles = np.quantile(self.rapports, (0.0, 0.25, 0.5, 0.75, 1.0))
        bas, premier, milieu, troisieme, haut = (float(q) for q in quantiles)
        return Repartition(
            minimum=bas,
            premier_quartile=premier,
            mediane=milieu,
            troisieme_quartile=troisieme,
            maximum=haut,
        )

    @property
    def negatifs(self) -> int:
        """Nombre de poids négatifs ou nuls ; seule la méthode linéaire peut en donner."""
        return int(np.count_nonzero(self.poids <= 0))

    @property
    def aux_bornes(self) -> int:
        """Nombre de rapports de poids à une borne (0 sans bornes)."""
        if self.bornes is None:
            return 0
        bas = np.abs(self.rapports - self.bornes.bas) < AU_BORD
        return int(np.count_nonzero(bas | (np.abs(self.rapports - self.bornes.haut) < AU_BORD)))


def calibrer(
    poids: Sequence[float | None] | Tableau,
    *,
    categories: Mapping[str, Sequence[str | None]] | None = None,
    marges: Mapping[str, Mapping[str, float]] | None = None,
    numeriques: Mapping[str, Sequence[float | None] | Tableau] | None = None,
    totaux: Mapping[str, float] | None = None,
    methode: Methode = Methode.RAKING,
    bornes: Bornes | None = None,
    tolerance: float = TOLERANCE,
    tolerance_des_marges: float = TOLERANCE_DES_MARGES,
    iterations: int = ITERATIONS,
) -> Calage:
    """Renvoie les poids calés sur les marges.

    Parameters
    ----------
    poids
        Poids de départ, un par répondant, strictement positifs (1 pour tous sans plan de sondage).
    categories
        Par variable à modalités, la modalité de chaque répondant.
    marges
        Par variable à modalités, l'effectif de la population dans chaque modalité.
    numeriques
        Par variable numérique, la valeur de chaque répondant.
    totaux
        Par variable numérique, son total dans la population.
    methode
        Distance entre les poids ; voir `Methode`.
    bornes
        Plus petit et plus grand rapports de poids admis : exigées par les méthodes bornées,
        refusées par les autres.
    tolerance
        Écart relatif à une marge sous lequel elle est tenue.
    tolerance_des_marges
        Écart relatif admis entre les sommes de deux variables (arrondis) ; la seconde est alors
        ramenée à la première, et le résultat le dit. Au-delà, le calage est refusé.
    iterations
        Plus grand nombre de pas de Newton.

    Returns
    -------
    Calage
        Poids, rapports, contraintes avant et après.

    Raises
    ------
    CalageRefuse
        Toutes les fautes des données à la fois ; ou l'absence de solution, avec ce qu'il faudrait
        aux bornes pour qu'il y en ait une.

    Notes
    -----
    Les rapports sont ``F(x'λ)``, ``F`` étant l'inverse de la dérivée de la distance ; ``λ``
    minimise une fonction convexe, par la méthode de Newton, chaque pas étant raccourci s'il le
    faut.

    Examples
    --------
    >>> cale = calibrer(
    ...     [1, 1, 1, 1],
    ...     categories={"sexe": ["f", "f", "f", "h"]},
    ...     marges={"sexe": {"f": 60, "h": 40}},
    ... )
    >>> cale.poids.round(6).tolist()
    [20.0, 20.0, 20.0, 40.0]
    """
    _verifier_methode(methode, bornes)
    contraintes = preparer(
        poids,
        categories=categories or {},
        marges=marges or {},
        numeriques=numeriques or {},
        totaux=totaux or {},
        tolerance=tolerance_des_marges,
    )
    _verifier_signes(contraintes, methode)
    # Un pas démesuré donne l'infini : il est refusé et raccourci, sans avertissement.
    with np.errstate(over="ignore", invalid="ignore"):
        rapports, pas, converge = _newton(contraintes, methode, bornes, tolerance, iterations)
    if not converge:
        raise _sans_solution(contraintes, methode, bornes, pas)
    if methode is Methode.RAKING and rapports.min() < POIDS_NUL:
        raise _repondants_annules(contraintes, rapports)
    cales = contraintes.poids * rapports
    apres = contraintes.colonnes.T @ cales
    return Calage(
        poids=cales,
        depart=contraintes.poids,
        rapports=rapports,
        methode=methode,
        bornes=bornes,
        iterations=pas,
        ecart_max=float(np.max(np.abs(apres - contraintes.voulus) / contraintes.echelles)),
        marges=_bilan(contraintes, apres),
        redondantes=contraintes.redondantes,
        ramenees=contraintes.ramenees,
        colonnes=contraintes.colonnes / contraintes.normes,
    )


def _verifier_methode(methode: Methode, bornes: Bornes | None) -> None:
    if methode.bornee and bornes is None:
        raise ValueError(f"la méthode « {methode} » demande des bornes")
    if not methode.bornee and bornes is not None:
        raise ValueError(f"la méthode « {methode} » ne tient pas de bornes : n'en donnez pas")


def _verifier_signes(c: Contraintes, methode: Methode) -> None:
    """Refuse une marge nulle dont des répondants existent, si les poids doivent être positifs."""
    if methode is Methode.LINEAIRE:
        return
    fautes = [
        Faute(
            code="marge_nulle",
            texte=f"marge « {nom} » : 0 dans la population, mais {int(c.repondants[rang])} "
            "répondant(s). Retirez ces répondants ou corrigez la marge",
        )
        for rang, nom in enumerate(c.noms)
        if c.modalites[rang] and c.voulus[rang] == 0
    ]
    if fautes:
        raise CalageRefuse([f.texte for f in fautes], codes=[f.code for f in fautes])


def _newton(
    c: Contraintes, methode: Methode, bornes: Bornes | None, tolerance: float, iterations: int
) -> tuple[Tableau, int, bool]:
    """Renvoie les rapports, le nombre de pas, et si les marges sont tenues."""
    f = distance_de(methode, bornes)
    x = c.colonnes[:, c.gardees] / c.normes[c.gardees]
    voulus = c.voulus[c.gardees] / c.normes[c.gardees]
    multiplicateurs = np.zeros(x.shape[1])

    def gradient(rapports: Tableau) -> Tableau:
        return np.asarray(x.T @ (c.poids * rapports) - voulus)

    def tenues(rapports: Tableau) -> bool:
        ecarts = np.abs(c.colonnes.T @ (c.poids * rapports) - c.voulus) / c.echelles
        return bool(np.all(np.isfinite(ecarts)) and np.max(ecarts) <= tolerance)

    u = x @ multiplicateurs
    rapports = f.rapports(u)
    valeur = float(c.poids @ f.duale(u) - voulus @ multiplicateurs)
    for pas in range(iterations + 1):
        if tenues(rapports):
            return rapports, pas, True
        if pas == iterations:
            break
        g = gradient(rapports)
        direction = -_resoudre(x.T @ ((c.poids * f.pentes(u))[:, None] * x), g)
        attendu = float(g @ direction)
        taille = 1.0
        for _ in range(DEMI_PAS):
            essai = multiplicateurs + taille * direction
            u_essai = x @ essai
            valeur_essai = float(c.poids @ f.duale(u_essai) - voulus @ essai)
            if np.isfinite(valeur_essai) and (
                valeur_essai <= valeur + 1e-4 * taille * attendu
                or _norme(gradient(f.rapports(u_essai))) < 0.5 * _norme(g)
            ):
                break
            taille /= 2
        else:
            return rapports, pas, False
        multiplicateurs, u, valeur = essai, u_essai, valeur_essai
        rapports = f.rapports(u)
    return rapports, iterations, False


def _norme(vecteur: Tableau) -> float:
    return float(np.max(np.abs(vecteur)))


def _resoudre(hessien: Tableau, g: Tableau) -> Tableau:
    """Renvoie le pas de Newton, même quand le système est presque singulier."""
    trace = float(np.trace(hessien)) or 1.0
    try:
        pas = np.linalg.solve(hessien, g)
        if np.all(np.isfinite(pas)) and np.allclose(hessien @ pas, g, rtol=1e-6, atol=1e-12):
            return np.asarray(pas)
    except np.linalg.LinAlgError:
        pass
    crete = hessien + CRETE * trace * np.eye(g.size)
    return np.asarray(np.linalg.solve(crete, g))


def _sans_solution(
    c: Contraintes, methode: Methode, bornes: Bornes | None, pas: int
) -> CalageRefuse:
    """Renvoie l'erreur qui dit pourquoi le calage n'aboutit pas."""
    if not _possible(c, 0.0, np.inf):
        code, texte = "sans_solution", SANS_SOLUTION
    elif bornes is not None and not _possible(c, bornes.bas, bornes.haut):
        code, texte = "bornes_impossibles", _conseil(c, bornes)
    elif methode is Methode.RAKING and not _possible(c, POIDS_NUL, np.inf):
        code, texte = "sans_solution", SANS_SOLUTION
    else:
        code, texte = (
            "non_converge",
            f"les marges ne sont pas tenues après {pas} pas (méthode « {methode} »). Permettez-en "
            "davantage, élargissez les bornes ou regroupez des modalités",
        )
    return CalageRefuse([texte], codes=[code])


def _repondants_annules(c: Contraintes, rapports: Tableau) -> CalageRefuse:
    """Renvoie l'erreur d'un raking qui ne tient les marges qu'en effaçant des répondants."""
    if not _possible(c, POIDS_NUL, np.inf):
        return CalageRefuse([SANS_SOLUTION], codes=["sans_solution"])
    texte = (
        f"le raking ne tient les marges qu'en annulant {int(np.sum(rapports < POIDS_NUL))} "
        f"répondant(s) et en multipliant un poids par {_fr(float(rapports.max()))}. Prenez une "
        "méthode à bornes, ou regroupez des modalités"
    )
    return CalageRefuse([texte], codes=["repondants_annules"])


def _possible(c: Contraintes, bas: float, haut: float) -> bool:
    """Dit s'il existe des rapports entre ces bornes qui tiennent les marges."""
    return _programme(c, bas, haut, np.zeros(c.poids.size)) is not None


def _programme(c: Contraintes, bas: float, haut: float, couts: Tableau) -> Tableau | None:
    from scipy.optimize import linprog

    x = c.colonnes[:, c.gardees] / c.normes[c.gardees]
    voulus = c.voulus[c.gardees] / c.normes[c.gardees]
    echelle = max(_norme(voulus), 1.0)
    resultat = linprog(
        couts,
        A_eq=(x * c.poids[:, None]).T / echelle,
        b_eq=voulus / echelle,
        bounds=[(bas, None if np.isinf(haut) else haut)] * c.poids.size,
        method="highs",
    )
    return None if resultat.x is None else np.asarray(resultat.x, dtype=np.float64)


def _conseil(c: Contraintes, bornes: Bornes) -> str:
    """Dit jusqu'où il faudrait ouvrir les bornes."""
    debut = f"aucune solution avec des rapports entre {_fr(bornes.bas)} et {_fr(bornes.haut)}"
    voies = []
    if (haut := _borne_suffisante(c, bas=bornes.bas)) is not None:
        voies.append(f"au moins {_fr(np.ceil(haut * 100) / 100)} en haut")
    if (bas := _borne_suffisante(c, haut=bornes.haut)) is not None:
        voies.append(f"au plus {_fr(np.floor(bas * 100) / 100)} en bas")
    if not voies:
        return f"{debut}. Ouvrez les deux bornes à la fois, ou regroupez des modalités"
    return f"{debut} : il faudrait {' ou '.join(voies)} (davantage pour la méthode logit)"


def _borne_suffisante(
    c: Contraintes, *, bas: float | None = None, haut: float | None = None
) -> float | None:
    """Renvoie la plus petite borne haute (ou la plus grande basse) qui admet une solution."""
    from scipy.optimize import linprog

    x = c.colonnes[:, c.gardees] / c.normes[c.gardees]
    voulus = c.voulus[c.gardees] / c.normes[c.gardees]
    echelle = max(_norme(voulus), 1.0)
    n = c.poids.size
    egalites = np.hstack([(x * c.poids[:, None]).T / echelle, np.zeros((x.shape[1], 1))])
    signe = 1.0 if haut is None else -1.0
    inegalites = np.hstack([signe * np.eye(n), np.full((n, 1), -signe)])
    resultat = linprog(
        np.concatenate([np.zeros(n), [signe]]),
        A_eq=egalites,
        b_eq=voulus / echelle,
        A_ub=inegalites,
        b_ub=np.zeros(n),
        bounds=[(0.0 if bas is None else bas, haut)] * n + [(0.0, None)],
        method="highs",
    )
    return None if resultat.x is None else float(resultat.x[-1])


def _fr(valeur: float) -> str:
    return f"{valeur:.4g}".replace(".", ",")


def _bilan(c: Contraintes, apres: Tableau) -> tuple[MargeCalee, ...]:
    avant = c.colonnes.T @ c.poids
    gardees = set(c.gardees.tolist())
    return tuple(
        MargeCalee(
            variable=c.variables[rang],
            modalite=c.modalites[rang],
            repondants=int(c.repondants[rang]),
            voulu=float(c.voulus[rang]),
            avant=float(avant[rang]),
            apres=float(apres[rang]),
            redondante=rang not in gardees,
        )
        for rang in range(len(c.noms))
    )
