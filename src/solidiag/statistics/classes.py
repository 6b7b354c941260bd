"""Découpage d'une série en classes pour une carte : quantiles, Jenks, bornes arrondies.

Une classe va de sa borne basse comprise à sa borne haute exclue ; la dernière comprend les deux.
Les valeurs sont d'abord arrondies comme elles s'impriment : un territoire est toujours dans la
classe où son lecteur l'attend.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from math import ceil, floor, isfinite, log10
from typing import Literal

import numpy as np
import numpy.typing as npt

Methode = Literal["jenks", "quantiles", "distinctes", "reference"]

NOMBRE_DE_CLASSES = 5
PART_MINIMALE = 0.04
"""Part des territoires qu'une classe de Jenks doit réunir ; sinon, quantiles."""
PART_DEPLACEE = 0.06
"""Part des territoires que l'arrondi des bornes peut changer de classe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Classes d'une carte.

    Parameters
    ----------
    bornes
        Bornes croissantes, une de plus que de classes ; vide si aucune valeur.
    decimales
        Décimales imprimées : les valeurs sont arrondies ainsi avant d'être classées.
    methode
        ``jenks``, ``quantiles``, ``distinctes`` (une classe par valeur) ou ``reference``
        (autour d'une valeur).
    zero_a_part
        Vrai si la première classe ne réunit que les zéros.
    """

    bornes: tuple[float, ...]
    decimales: int
    methode: Methode
    zero_a_part: bool = False

    def __post_init__(self) -> None:
        if len(self.bornes) == 1:
            raise ValueError("une classe a deux bornes")
        if any(b < a for a, b in pairwise(self.bornes)):
            raise ValueError(f"bornes décroissantes : {self.bornes}")

    @property
    def nombre(self) -> int:
        """Nombre de classes."""
        return max(len(self.bornes) - 1, 0)

    def rang(self, valeur: float) -> int:
        """Renvoie le rang de la classe d'une valeur, à partir de 0.

        Une valeur hors des bornes va dans la première ou la dernière classe.
        """
        if not self.nombre:
            raise ValueError("aucune classe")
        return bisect_right(self.bornes[1:-1], arrondir(valeur, self.decimales))

    def effectifs(self, valeurs: Iterable[float]) -> tuple[int, ...]:
        """Renvoie le nombre de valeurs de chaque classe."""
        comptes = [0] * self.nombre
        for valeur in valeurs:
            comptes[self.rang(valeur)] += 1
        return tuple(comptes)

    def intervalle(self, rang: int) -> tuple[float, float]:
        """Renvoie la plus petite et la plus grande valeur imprimable d'une classe.

        Examples
        --------
        >>> Classes(bornes=(5, 10, 15), decimales=0, methode="quantiles").intervalle(0)
        (5.0, 9.0)
        """
        bas, haut = self.bornes[rang], self.bornes[rang + 1]
        if self.methode == "distinctes" or (self.zero_a_part and rang == 0):
            return float(bas), float(bas)
        if rang < self.nombre - 1:
            haut = max(bas, haut - 10.0**-self.decimales)
        return float(bas), arrondir(haut, self.decimales)


def arrondir(valeur: float, decimales: int) -> float:
    """Renvoie la valeur arrondie au plus proche, les demis vers le haut en valeur absolue.

    Examples
    --------
    >>> arrondir(2.5, 0), arrondir(0.125, 2), arrondir(1234.0, -2)
    (3.0, 0.13, 1200.0)
    """
    pas = Decimal(1).scaleb(-decimales)
    return float(Decimal(str(valeur)).quantize(pas, rounding=ROUND_HALF_UP)) + 0.0


def quantiles(valeurs: npt.ArrayLike, nombre: int) -> tuple[float, ...]:
    """Renvoie les bornes hautes de classes d'effectifs égaux.

    Parameters
    ----------
    nombre
        Nombre de classes voulu ; il y en a moins si des valeurs égales confondent des bornes.

    References
    ----------
    Hyndman et Fan (1996), *Sample Quantiles in Statistical Packages*, définition 7.

    Examples
    --------
    >>> quantiles([1, 2, 3, 4], 2)
    (2.5, 4.0)
    """
    serie = _serie(valeurs)
    probabilites = np.arange(1, nombre + 1) / nombre
    return tuple(float(b) for b in np.unique(np.quantile(serie, probabilites)))


def jenks(valeurs: npt.ArrayLike, nombre: int) -> tuple[float, ...]:
    """Renvoie les bornes hautes qui rendent les classes les plus homogènes.

    Programmation dynamique exacte sur les valeurs distinctes : la somme des carrés des écarts à la
    moyenne de chaque classe est la plus petite possible.

    Parameters
    ----------
    nombre
        Nombre de classes ; il y en a moins si les valeurs distinctes sont moins nombreuses.

    References
    ----------
    Fisher W. D. (1958), *On Grouping for Maximum Homogeneity*, JASA, 53.

    Examples
    --------
    >>> jenks([1, 2, 2, 10, 11, 30], 3)
    (2.0, 11.0, 30.0)
    """
    distinctes, poids = np.unique(_serie(valeurs), return_counts=True)
    nombre = min(nombre, len(distinctes))
    centrees = distinctes - distinctes.mean()
    cumul_poids = np.concatenate([[0.0], np.cumsum(poids)])
    cumul = np.concatenate([[0.0], np.cumsum(centrees * poids)])
    cumul_carres = np.concatenate([[0.0], np.cumsum(centrees**2 * poids)])

    def cout(debut: npt.NDArray[np.int_], fin: int) -> npt.NDArray[np.float64]:
        total = cumul[fin] - cumul[debut]
        effectif = cumul_poids[fin] - cumul_poids[debut]
        ecart = cumul_carres[fin] - cumul_carres[debut] - total**2 / effectif
        return np.asarray(np.maximum(ecart, 0.0), dtype=np.float64)

    taille = len(distinctes)
    meilleur = np.full((nombre + 1, taille + 1), np.inf)
    meilleur[0, 0] = 0.0
    coupe = np.zeros((nombre + 1, taille + 1), dtype=np.int64)
    for classe in range(1, nombre + 1):
        for fin in range(classe, taille + 1):
            debuts = np.arange(classe - 1, fin)
            couts = meilleur[classe - 1, debuts] + cout(debuts, fin)
            choix = int(np.argmin(couts))
            meilleur[classe, fin], coupe[classe, fin] = couts[choix], debuts[choix]
    bornes: list[float] = []
    fin = taille
    for classe in range(nombre, 0, -1):
        bornes.append(float(distinctes[fin - 1]))
        fin = int(coupe[classe, fin])
    return tuple(reversed(bornes))


def classer(
    valeurs: Iterable[float],
    nombre: int = NOMBRE_DE_CLASSES,
    *,
    decimales: int = 1,
    methode: Literal["auto", "jenks", "quantiles"] = "auto",
) -> Classes:
    """Renvoie les classes d'une série, aux bornes faciles à lire.

    ``auto`` prend Jenks, et les quantiles si Jenks isole quelques territoires extrêmes. Une série
    où beaucoup de territoires sont à zéro les met dans une classe à part. Quand il y a moins de
    valeurs distinctes que de classes, chaque valeur est une classe.

    Examples
    --------
    >>> classer([8, 9, 11, 12, 14, 17, 18, 21, 22, 25], decimales=0).bornes
    (8.0, 10.0, 15.0, 20.0, 25.0, 25.0)
    >>> classer([3.0, 3.0]).nombre
    1
    """
    serie = sorted(arrondir(v, decimales) for v in valeurs if isfinite(v))
    if not serie:
        return Classes(bornes=(), decimales=decimales, methode="distinctes")
    distinctes = sorted(set(serie))
    if len(distinctes) <= nombre:
        bornes = (*distinctes, distinctes[-1])
        return Classes(
            bornes=bornes,
            decimales=decimales,
            methode="distinctes",
            zero_a_part=distinctes[0] == 0 and len(distinctes) > 1,
        )
    zeros = serie.count(0.0)
    if serie[0] == 0 and zeros * nombre > len(serie):
        suite = classer(serie[zeros:], nombre - 1, decimales=decimales, methode=methode)
        return Classes(
            bornes=(0.0, *suite.bornes),
            decimales=decimales,
            methode=suite.methode,
            zero_a_part=True,
        )
    retenue: Methode = "quantiles" if methode == "quantiles" else "jenks"
    coupures = _coupures(serie, retenue, nombre)
    if methode == "auto" and not _equilibrees(serie, coupures):
        retenue = "quantiles"
        coupures = _coupures(serie, retenue, nombre)
    rondes = _arrondies(serie, coupures, decimales)
    return Classes(bornes=(serie[0], *rondes, serie[-1]), decimales=decimales, methode=retenue)


def classer_autour(valeurs: Iterable[float], reference: float, *, decimales: int = 1) -> Classes:
    """Renvoie cinq classes autour d'une valeur de référence, symétriques.

    La classe du milieu réunit les valeurs proches : les deux cinquièmes des écarts les plus
    petits ; les classes extrêmes, le cinquième des écarts les plus grands.

    Examples
    --------
    >>> classer_autour([2, 6, 9, 10, 11, 13, 15, 19], 10, decimales=0).bornes
    (2.0, 4.0, 7.0, 13.0, 16.0, 19.0)
    """
    serie = sorted(arrondir(v, decimales) for v in valeurs if isfinite(v))
    if not serie:
        return Classes(bornes=(), decimales=decimales, methode="reference")
    reference = arrondir(reference, decimales)
    ecarts = np.abs(np.asarray(serie) - reference)
    proche, loin = (float(q) for q in np.quantile(ecarts, [0.4, 0.8]))
    pas = 10.0**-decimales
    proche = max(_rond(proche, decimales), pas)
    loin = max(_rond(loin, decimales), 2 * proche)
    coupures = [arrondir(reference + e, decimales) for e in (-loin, -proche, proche, loin)]
    bas, haut = min(serie[0], coupures[0]), max(serie[-1], coupures[-1])
    return Classes(bornes=(bas, *coupures, haut), decimales=decimales, methode="reference")


def _serie(valeurs: npt.ArrayLike) -> npt.NDArray[np.float64]:
    serie = np.asarray(valeurs, dtype=np.float64).ravel()
    if not serie.size or not np.isfinite(serie).all():
        raise ValueError("il faut au moins une valeur, et toutes finies")
    return np.sort(serie)


def _coupures(serie: Sequence[float], methode: Methode, nombre: int) -> list[float]:
    """Renvoie les bornes basses des classes 2 à n, prises parmi les valeurs de la série."""
    hautes = (jenks if methode == "jenks" else quantiles)(serie, nombre)
    coupures = []
    for haute in hautes[:-1]:
        suivant = bisect_right(serie, haute)
        if suivant < len(serie) and serie[suivant] not in coupures:
            coupures.append(serie[suivant])
    return coupures


def _equilibrees(serie: Sequence[float], coupures: Sequence[float]) -> bool:
    comptes = _comptes(serie, coupures)
    return min(comptes) >= max(1.0, PART_MINIMALE * len(serie))


def _comptes(serie: Sequence[float], coupures: Sequence[float]) -> list[int]:
    rangs = [0] * (len(coupures) + 1)
    for valeur in serie:
        rangs[bisect_right(coupures, valeur)] += 1
    return rangs


def _arrondies(
    serie: Sequence[float], coupures: Sequence[float], decimales: int
) -> tuple[float, ...]:
    """Renvoie les coupures arrondies au pas le plus gros qui garde les classes."""
    etendue = serie[-1] - serie[0]
    for pas in _pas_decroissants(etendue, decimales):
        candidates = tuple(arrondir(round(c / pas) * pas, max(decimales, 0)) for c in coupures)
        croissantes = all(a < b for a, b in pairwise(candidates))
        if not croissantes or candidates[0] <= serie[0] or candidates[-1] > serie[-1]:
            continue
        if min(_comptes(serie, candidates)) == 0:
            continue
        deplacees = sum(bisect_right(coupures, v) != bisect_right(candidates, v) for v in serie)
        if deplacees <= PART_DEPLACEE * len(serie):
            return candidates
    return tuple(coupures)


def _pas_decroissants(etendue: float, decimales: int) -> Iterable[float]:
    dernier = 10.0**-decimales
    puissance = floor(log10(etendue)) if etendue > 0 else -decimales
    while True:
        for facteur in (5.0, 2.0, 1.0):
            pas = facteur * 10.0**puissance
            if pas <= etendue / 2 and pas >= dernier * 0.999:
                yield pas
        puissance -= 1
        if 5.0 * 10.0**puissance < dernier:
            return


def _rond(valeur: float, decimales: int) -> float:
    """Renvoie la valeur arrondie à 1, 2, 3, 4, 5, 6, 8 ou 10 fois une puissance de dix."""
    if valeur <= 0:
        return 0.0
    puissance = 10.0 ** floor(log10(valeur))
    facteur = min((1, 2, 3, 4, 5, 6, 8, 10), key=lambda f: abs(valeur / puissance - f))
    return arrondir(facteur * puissance, decimales)


def graduations(minimum: float, maximum: float, parts: int = 4) -> tuple[float, ...]:
    """Renvoie des graduations rondes qui encadrent un intervalle.

    Examples
    --------
    >>> graduations(21600, 22840)
    (21500.0, 22000.0, 22500.0, 23000.0)
    """
    etendue = maximum - minimum
    if etendue <= 1e-9 * max(1.0, abs(maximum)):
        etendue = max(abs(maximum), 1.0)
    brut = etendue / parts
    puissance = 10.0 ** floor(log10(brut))
    pas = next(f * puissance for f in (1.0, 2.0, 5.0, 10.0) if f * puissance >= brut * 0.999)
    premier, dernier = floor(minimum / pas + 1e-9), ceil(maximum / pas - 1e-9)
    if dernier == premier:
        dernier += 1
    decimales = max(0, -floor(log10(pas)))
    return tuple(round(i * pas, decimales) + 0.0 for i in range(premier, dernier + 1))
