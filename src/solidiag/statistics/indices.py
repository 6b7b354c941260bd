"""Indice composite : moyenne pondérée d'indicateurs réduits, et sa sensibilité."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solidiag.statistics.typologie import Reels, acp, centrer_reduire

_DECIMALES = 8


def rangs(valeurs: npt.ArrayLike) -> Reels:
    """Renvoie le rang de chaque valeur, de 1 à n ; les égales partagent le rang moyen.

    Examples
    --------
    >>> rangs([10.0, 30.0, 10.0]).tolist()
    [1.5, 3.0, 1.5]
    """
    arrondies = np.round(np.asarray(valeurs, dtype=np.float64), _DECIMALES)
    _, inverses, comptes = np.unique(arrondies, return_inverse=True, return_counts=True)
    derniers = np.cumsum(comptes)
    return np.asarray((derniers - (comptes - 1) / 2.0)[inverses], dtype=np.float64)


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Renvoie la corrélation des rangs de deux séries, de -1 à 1.

    Examples
    --------
    >>> round(spearman([1, 2, 3, 4], [10, 20, 40, 30]), 2)
    0.8
    """
    ra, rb = rangs(a), rangs(b)
    ra, rb = ra - ra.mean(), rb - rb.mean()
    denominateur = float(np.sqrt((ra * ra).sum() * (rb * rb).sum()))
    return float((ra * rb).sum()) / denominateur if denominateur > 0 else 0.0


def poids_acp(z: npt.ArrayLike) -> Reels:
    """Renvoie les poids tirés du premier axe : coefficients positifs, de somme un.

    Un indicateur qui va à l'inverse des autres sur ce premier axe reçoit un poids nul.
    """
    vecteur = acp(z).vecteurs[:, 0]
    vecteur = vecteur if vecteur.sum() >= 0 else -vecteur
    positifs = np.maximum(vecteur, 0.0)
    return np.asarray(positifs / positifs.sum())


def composite(z: npt.ArrayLike, poids: npt.ArrayLike | None = None) -> Reels:
    """Renvoie l'indice : moyenne pondérée des colonnes réduites, ramenée à 100 ± 10.

    Parameters
    ----------
    z
        n territoires × p indicateurs, chacun tourné vers la fragilité (plus haut, plus fragile).
    poids
        Poids positifs des colonnes ; égaux par défaut.
    """
    reduits = centrer_reduire(z)
    p = reduits.shape[1]
    w = np.full(p, 1.0 / p) if poids is None else np.asarray(poids, dtype=np.float64)
    if len(w) != p or (w < 0).any() or w.sum() <= 0:
        raise ValueError("un poids positif par indicateur")
    brut = np.einsum("ij,j->i", reduits, w / w.sum())
    return np.round(100.0 + 10.0 * centrer_reduire(brut[:, None])[:, 0], _DECIMALES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensibilite:
    """Ce que deviennent les rangs quand l'indice est construit autrement.

    Parameters
    ----------
    indice
        Indice de référence, à poids égaux.
    correlations
        Corrélation des rangs de chaque variante avec la référence.
    rang_minimal, rang_maximal
        Rangs extrêmes de chaque territoire, référence comprise.
    cinquieme, cinquieme_minimal, cinquieme_maximal
        Cinquième (1 : les moins fragiles, 5 : les plus fragiles), et ses extrêmes.
    """

    indice: Reels
    correlations: Mapping[str, float]
    rang_minimal: Reels
    rang_maximal: Reels
    cinquieme: npt.NDArray[np.int64]
    cinquieme_minimal: npt.NDArray[np.int64]
    cinquieme_maximal: npt.NDArray[np.int64]


def cinquiemes(valeurs: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Renvoie le cinquième de chaque territoire, de 1 à 5, d'après son rang.

    Examples
    --------
    >>> cinquiemes([5.0, 1.0, 2.0, 3.0, 4.0]).tolist()
    [5, 1, 2, 3, 4]
    """
    r = rangs(valeurs)
    return np.clip(np.ceil(r * 5.0 / len(r)).astype(np.int64), 1, 5)


def sensibilite(z: npt.ArrayLike, noms: Sequence[str]) -> Sensibilite:
    """Renvoie la sensibilité de l'indice : poids du premier axe, puis chaque indicateur retiré.

    Parameters
    ----------
    z
        Voir `composite` ; au moins deux colonnes.
    noms
        Nom de chaque colonne ; une variante « sans » par nom, plus ``poids_acp``.
    """
    table = np.asarray(z, dtype=np.float64)
    reference = composite(table)
    variantes = {"poids_acp": composite(table, poids_acp(table))}
    for j, nom in enumerate(noms):
        variantes[nom] = composite(np.delete(table, j, axis=1))
    toutes = np.array([reference, *variantes.values()])
    les_rangs = np.array([rangs(v) for v in toutes])
    les_cinquiemes = np.array([cinquiemes(v) for v in toutes])
    return Sensibilite(
        indice=reference,
        correlations={nom: spearman(reference, v) for nom, v in variantes.items()},
        rang_minimal=les_rangs.min(axis=0),
        rang_maximal=les_rangs.max(axis=0),
        cinquieme=les_cinquiemes[0],
        cinquieme_minimal=les_cinquiemes.min(axis=0),
        cinquieme_maximal=les_cinquiemes.max(axis=0),
    )
