"""Accord entre codeurs : pourcentage, kappa de Cohen simple ou pondéré, alpha de Krippendorff.

Deux personnes codent les mêmes passages. Leur pourcentage d'accord flatte les thèmes rares ou très
fréquents ; kappa et alpha en retirent ce que le hasard donnerait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Tableau = npt.NDArray[np.float64]


class Ponderation(StrEnum):
    """Crédit donné à un désaccord selon la distance des modalités, prises dans l'ordre."""

    AUCUNE = "aucune"
    LINEAIRE = "linéaire"
    QUADRATIQUE = "quadratique"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableDeCodage:
    """Table croisée de deux codeurs.

    Parameters
    ----------
    modalites
        Modalités, dans l'ordre des lignes et des colonnes.
    effectifs
        Passages codés ``i`` par le premier (ligne) et ``j`` par le second (colonne).
    incomplets
        Passages qu'un des deux, au moins, n'a pas codés ; ils ne comptent pas.
    """

    modalites: tuple[str, ...]
    effectifs: Tableau
    incomplets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kappa:
    """Accord de deux codeurs corrigé du hasard.

    Parameters
    ----------
    valeur
        De -1 à 1, 0 pour l'accord du hasard ; ``None`` s'il n'est pas défini.
    erreur_type, lower, upper, niveau
        Erreur type asymptotique et intervalle, ramené dans [-1, 1].
    accord_observe, accord_attendu
        Parts, de 0 à 1 (pondérées si le kappa l'est).
    passages
        Passages codés par les deux.
    motif
        Pourquoi la valeur manque.
    """

    valeur: float | None
    erreur_type: float | None
    lower: float | None
    upper: float | None
    niveau: float
    accord_observe: float
    accord_attendu: float
    passages: int
    motif: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Accord de plusieurs codeurs, codages manquants admis.

    Parameters
    ----------
    valeur
        1 pour un accord parfait, 0 pour celui du hasard ; ``None`` s'il n'est pas défini.
    unites, codages
        Unités codées au moins deux fois, et leurs codages : les seules qui comptent.
    ecartees
        Unités codées une fois ou jamais.
    motif
        Pourquoi la valeur manque.
    """

    valeur: float | None
    unites: int
    codages: int
    ecartees: int
    motif: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccordDeModalite:
    """Accord sur une modalité contre toutes les autres.

    Parameters
    ----------
    premier, second, communs
        Passages que chacun y met, et qu'ils y mettent tous deux.
    accord_specifique
        ``2 × communs / (premier + second)`` ; ``None`` si personne ne l'emploie.
    kappa
        Kappa de la modalité contre le reste.
    """

    modalite: str
    premier: int
    second: int
    communs: int
    accord_specifique: float | None
    kappa: Kappa


def croiser_codages(
    premier: Sequence[str | None],
    second: Sequence[str | None],
    *,
    modalites: Sequence[str] | None = None,
) -> TableDeCodage:
    """Renvoie la table croisée de deux codeurs, sur les passages que les deux ont codés.

    Parameters
    ----------
    premier, second
        Modalité de chaque passage, dans le même ordre ; ``None`` s'il n'est pas codé.
    modalites
        Modalités dans leur ordre (il compte pour un kappa pondéré) ; triées par défaut.

    Raises
    ------
    ValueError
        Si les longueurs diffèrent, ou si un codage n'est pas dans les modalités.

    Examples
    --------
    >>> table = croiser_codages(["a", "b", None], ["a", "a", "b"])
    >>> table.effectifs.tolist(), table.incomplets
    ([[1.0, 0.0], [1.0, 0.0]], 1)
    """
    if len(premier) != len(second):
        raise ValueError(f"codages : {len(premier)} passages d'un côté, {len(second)} de l'autre")
    employees = {c for c in (*premier, *second) if c is not None}
    ordre = tuple(sorted(employees)) if modalites is None else tuple(modalites)
    inconnues = sorted(employees - set(ordre))
    if inconnues:
        raise ValueError(f"codages hors de la liste des modalités : {', '.join(inconnues[:5])}")
    rangs = {modalite: rang for rang, modalite in enumerate(ordre)}
    effectifs = np.zeros((len(ordre), len(ordre)))
    incomplets = 0
    for a, b in zip(premier, second, strict=True):
        if a is None or b is None:
            incomplets += 1
        else:
            effectifs[rangs[a], rangs[b]] += 1
    return TableDeCodage(modalites=ordre, effectifs=effectifs, incomplets=incomplets)


def _table(effectifs: npt.ArrayLike) -> Tableau:
    table = np.asarray(effectifs, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"table de codage : attendu un carré, trouvé {table.shape}")
    if not np.all(np.isfinite(table) & (table >= 0)):
        raise ValueError("table de codage : attendu des effectifs positifs ou nuls")
    if table.sum() == 0:
        raise ValueError("table de codage : aucun passage codé par les deux")
    return table


def pourcentage_d_accord(effectifs: npt.ArrayLike) -> float:
    """Renvoie la part (0 à 1) des passages codés de la même façon.

    Raises
    ------
    ValueError
        Si la table n'est pas carrée, ou si elle est vide.

    Examples
    --------
    >>> pourcentage_d_accord([[20, 5], [10, 15]])
    0.7
    """
    table = _table(effectifs)
    return float(np.trace(table) / table.sum())


def poids_d_accord(modalites: int, ponderation: Ponderation) -> Tableau:
    """Renvoie le crédit de chaque couple de modalités : 1 en cas d'accord, 0 au plus loin.

    Examples
    --------
    >>> poids_d_accord(3, Ponderation.LINEAIRE).tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    """
    if ponderation is Ponderation.AUCUNE or modalites < 2:
        return np.eye(modalites)
    rangs = np.arange(modalites)
    ecart = np.abs(rangs[:, None] - rangs[None, :]) / (modalites - 1)
    return np.asarray(1 - (ecart if ponderation is Ponderation.LINEAIRE else ecart**2))


def kappa(
    effectifs: npt.ArrayLike,
    *,
    poids: npt.ArrayLike | Ponderation = Ponderation.AUCUNE,
    niveau: float = 0.95,
) -> Kappa:
    """Renvoie le kappa de Cohen, simple ou pondéré, et son intervalle.

    Parameters
    ----------
    effectifs
        Table croisée des deux codeurs (voir `croiser_codages`).
    poids
        Crédit de chaque couple de modalités, de 0 à 1, 1 sur la diagonale ; ou une pondération
        par l'ordre des modalités.
    niveau
        Niveau de confiance, entre 0 et 1 exclus.

    Returns
    -------
    Kappa
        Sans valeur quand l'accord du hasard est total (une seule modalité employée).

    Raises
    ------
    ValueError
        Si la table est vide ou n'est pas carrée, ou si un poids est hors de [0, 1].

    References
    ----------
    Cohen J. (1960), *A coefficient of agreement for nominal scales*, Educational and Psychological
    Measurement, 20, p. 37-46 ; Cohen J. (1968), *Weighted kappa*, Psychological Bulletin, 70,
    p. 213-220 ; Fleiss J. L., Cohen J. et Everitt B. S. (1969), *Large sample standard errors of
    kappa and weighted kappa*, Psychological Bulletin, 72, p. 323-327.

    Examples
    --------
    >>> round(kappa([[20, 5], [10, 15]]).valeur, 6)
    0.4
    """
    if not 0 < niveau < 1:
        raise ValueError(f"niveau de confiance hors de ]0, 1[ : {niveau}")
    table = _table(effectifs)
    w = (
        poids_d_accord(table.shape[0], poids)
        if isinstance(poids, Ponderation)
        else np.asarray(poids, dtype=np.float64)
    )
    if w.shape != table.shape or not np.all((w >= 0) & (w <= 1)) or not np.all(np.diag(w) == 1):
        raise ValueError("poids d'accord : attendu un carré de [0, 1], 1 sur la diagonale")
    n = float(table.sum())
    p = table / n
    lignes, colonnes = p.sum(axis=1), p.sum(axis=0)
    observe = float(np.sum(w * p))
    attendu = float(lignes @ w @ colonnes)
    if 1 - attendu < 1e-12:
        return Kappa(
            valeur=None,
            erreur_type=None,
            lower=None,
            upper=None,
            niveau=niveau,
            accord_observe=observe,
            accord_attendu=attendu,
            passages=round(n),
            motif="une seule modalité employée : le hasard donnerait le même accord",
        )
    valeur = (observe - attendu) / (1 - attendu)
    des_lignes, des_colonnes = w @ colonnes, w.T @ lignes
    termes = w - (des_lignes[:, None] + des_colonnes[None, :]) * (1 - valeur)
    centre = valeur - attendu * (1 - valeur)
    variance = (float(np.sum(p * termes**2)) - centre**2) / (n * (1 - attendu) ** 2)
    erreur = float(np.sqrt(max(variance, 0.0)))
    rayon = float(ndtri(0.5 + niveau / 2)) * erreur
    return Kappa(
        valeur=valeur,
        erreur_type=erreur,
        lower=max(valeur - rayon, -1.0),
        upper=min(valeur + rayon, 1.0),
        niveau=niveau,
        accord_observe=observe,
        accord_attendu=attendu,
        passages=round(n),
        motif="",
    )


def accord_par_modalite(
    table: TableDeCodage, *, niveau: float = 0.95
) -> tuple[AccordDeModalite, ...]:
    """Renvoie l'accord sur chaque modalité contre les autres : où la grille de codage est floue.

    Examples
    --------
    >>> table = croiser_codages(["a", "a", "b", "c"], ["a", "b", "b", "c"])
    >>> [(m.modalite, m.communs, m.accord_specifique) for m in accord_par_modalite(table)][2]
    ('c', 1, 1.0)
    """
    effectifs = _table(table.effectifs)
    n = float(effectifs.sum())
    sorties = []
    for rang, modalite in enumerate(table.modalites):
        commun = float(effectifs[rang, rang])
        premier, second = float(effectifs[rang].sum()), float(effectifs[:, rang].sum())
        seuls = [[commun, premier - commun], [second - commun, n - premier - second + commun]]
        emplois = premier + second
        sorties.append(
            AccordDeModalite(
                modalite=modalite,
                premier=round(premier),
                second=round(second),
                communs=round(commun),
                accord_specifique=2 * commun / emplois if emplois else None,
                kappa=kappa(seuls, niveau=niveau),
            )
        )
    return tuple(sorties)


def alpha_nominal(codages: Sequence[Sequence[str | None]]) -> Alpha:
    """Renvoie l'alpha de Krippendorff de modalités sans ordre, codages manquants admis.

    ``α = 1 - (n - 1) Σ_u désaccords_u / (m_u - 1) / Σ_{c ≠ k} n_c n_k``, sur les unités codées au
    moins deux fois.

    Parameters
    ----------
    codages
        Une suite par codeur, une valeur par unité ; ``None`` si le codeur ne l'a pas codée.

    Raises
    ------
    ValueError
        Si les suites n'ont pas la même longueur.

    References
    ----------
    Hayes A. F. et Krippendorff K. (2007), *Answering the call for a standard reliability measure
    for coding data*, Communication Methods and Measures, 1, p. 77-89.

    Examples
    --------
    >>> alpha_nominal([["a", "b", "b"], ["a", "b", None]]).valeur
    1.0
    """
    longueurs = {len(c) for c in codages}
    if len(longueurs) > 1:
        raise ValueError(f"codages de longueurs différentes : {sorted(longueurs)}")
    total: Counter[str] = Counter()
    desaccords, unites, ecartees = 0.0, 0, 0
    for unite in zip(*codages, strict=True):
        comptes = Counter(c for c in unite if c is not None)
        m = comptes.total()
        if m < 2:
            ecartees += 1
            continue
        unites += 1
        total += comptes
        desaccords += (m**2 - sum(c**2 for c in comptes.values())) / (m - 1)
    n = total.total()
    attendus = n**2 - sum(c**2 for c in total.values())
    if attendus == 0:
        motif = (
            "aucune unité codée deux fois"
            if n == 0
            else "une seule modalité employée : le hasard donnerait le même accord"
        )
        return Alpha(valeur=None, unites=unites, codages=n, ecartees=ecartees, motif=motif)
    return Alpha(
        valeur=1 - (n - 1) * desaccords / attendus,
        unites=unites,
        codages=n,
        ecartees=ecartees,
        motif="",
    )
