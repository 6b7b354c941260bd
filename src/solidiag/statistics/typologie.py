"""Typologie : analyse en composantes principales, classification de Ward, consolidation, stabilité.

Tout est déterminé par les données et par le générateur donné : le signe des axes est fixé, les
coordonnées sont arrondies avant d'être comparées, une égalité se tranche par le rang de la ligne.
Les lignes sont les territoires, les colonnes les indicateurs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Reels: TypeAlias = npt.NDArray[np.float64]
Entiers: TypeAlias = npt.NDArray[np.int64]

_DECIMALES = 8
"""Arrondi des coordonnées : ôte le bruit du dernier bit, qui dépend du nombre de fils."""
_PASSES = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Acp:
    """Analyse en composantes principales normée.

    Parameters
    ----------
    valeurs_propres
        Variance de chaque axe, décroissante ; leur somme est le nombre de variables.
    vecteurs
        Une colonne par axe, de norme un ; le plus grand coefficient de chacune est positif.
    coordonnees
        Une ligne par territoire, une colonne par axe.
    """

    valeurs_propres: Reels
    vecteurs: Reels
    coordonnees: Reels

    def axes_pour(self, part: float) -> int:
        """Renvoie le nombre d'axes qui portent au moins cette part de l'inertie (0 à 1)."""
        cumul = np.cumsum(self.valeurs_propres) / self.valeurs_propres.sum()
        return int(np.searchsorted(np.round(cumul, _DECIMALES), part) + 1)

    def part_d_inertie(self, axes: int) -> float:
        """Renvoie la part de l'inertie que portent les premiers axes (0 à 1)."""
        return float(self.valeurs_propres[:axes].sum() / self.valeurs_propres.sum())


def centrer_reduire(x: npt.ArrayLike) -> Reels:
    """Renvoie les colonnes centrées et réduites (écart-type de population).

    Une colonne constante devient nulle.

    Raises
    ------
    ValueError
        S'il manque une valeur.
    """
    table = np.asarray(x, dtype=np.float64)
    if not np.isfinite(table).all():
        raise ValueError("il manque une valeur : aucune n'est imputée")
    ecarts = table - table.mean(axis=0)
    types = table.std(axis=0)
    constantes = types <= 1e-12 * np.maximum(1.0, np.abs(table).max(axis=0))
    return np.asarray(np.where(constantes, 0.0, ecarts / np.where(constantes, 1.0, types)))


def acp(x: npt.ArrayLike) -> Acp:
    """Renvoie l'analyse en composantes principales normée d'une table.

    Les valeurs propres sont celles de la matrice des corrélations, comme dans FactoMineR ;
    scikit-learn, qui divise par n - 1, en donne n / (n - 1) fois la valeur.

    Parameters
    ----------
    x
        n territoires × p indicateurs, sans valeur manquante.

    Raises
    ------
    ValueError
        S'il manque une valeur, ou s'il y a moins de deux lignes.

    References
    ----------
    L. Lebart, A. Morineau et M. Piron (1995), *Statistique exploratoire multidimensionnelle*.
    """
    z = centrer_reduire(x)
    if z.ndim != 2 or len(z) < 2:
        raise ValueError("il faut au moins deux territoires")
    correlations = np.einsum("ij,ik->jk", z, z) / len(z)
    valeurs, vecteurs = np.linalg.eigh(correlations)
    valeurs, vecteurs = valeurs[::-1], vecteurs[:, ::-1]
    forts = np.argmax(np.round(np.abs(vecteurs), _DECIMALES), axis=0)
    signes = np.sign(vecteurs[forts, np.arange(vecteurs.shape[1])])
    vecteurs = vecteurs * np.where(signes == 0, 1.0, signes)
    return Acp(
        valeurs_propres=np.round(np.maximum(valeurs, 0.0), _DECIMALES),
        vecteurs=np.round(vecteurs, _DECIMALES),
        coordonnees=np.round(np.einsum("ij,jk->ik", z, vecteurs), _DECIMALES) + 0.0,
    )


def cah(coordonnees: Reels) -> Reels:
    """Renvoie l'arbre de la classification ascendante hiérarchique, critère de Ward.

    Returns
    -------
    ndarray
        n - 1 fusions : les deux groupes, la hauteur (racine du double de l'inertie perdue), la
        taille ; c'est la forme de ``scipy.cluster.hierarchy.linkage``.

    References
    ----------
    J. H. Ward (1963), *Hierarchical Grouping to Optimize an Objective Function*, JASA 58.
    """
    from scipy.cluster.hierarchy import linkage

    return np.asarray(linkage(coordonnees, method="ward"), dtype=np.float64)


def couper(arbre: Reels, nombre: int) -> Entiers:
    """Renvoie la classe de chaque territoire (0, 1...) dans la partition en ``nombre`` classes.

    Les classes sont numérotées dans l'ordre de leur premier territoire.
    """
    n = len(arbre) + 1
    if not 1 <= nombre <= n:
        raise ValueError(f"de 1 à {n} classes, {nombre} demandées")
    groupes: dict[int, list[int]] = {i: [i] for i in range(n)}
    for rang, fusion in enumerate(arbre[: n - nombre]):
        groupes[n + rang] = groupes.pop(int(fusion[0])) + groupes.pop(int(fusion[1]))
    classes = np.empty(n, dtype=np.int64)
    for numero, membres in enumerate(sorted(groupes.values(), key=min)):
        classes[membres] = numero
    return classes


def inerties_internes(arbre: Reels) -> Reels:
    """Renvoie l'inertie à l'intérieur des classes, de 1 à n classes (rang 0 : une classe).

    L'inertie est divisée par le nombre de territoires.
    """
    n = len(arbre) + 1
    pertes = arbre[:, 2] ** 2 / (2.0 * n)
    return np.concatenate([np.cumsum(pertes)[::-1], [0.0]])


def _distances(coordonnees: Reels, centres: Reels) -> Reels:
    """Renvoie le carré des distances, n territoires × k centres."""
    ecarts = coordonnees[:, None, :] - centres[None, :, :]
    return np.asarray(np.einsum("ijk,ijk->ij", ecarts, ecarts))


def centres_de(coordonnees: Reels, classes: Entiers) -> Reels:
    """Renvoie le centre de chaque classe, une ligne par classe."""
    effectifs = np.bincount(classes)
    sommes = np.column_stack([np.bincount(classes, weights=axe) for axe in coordonnees.T])
    return np.asarray(sommes / effectifs[:, None])


def consolider(coordonnees: Reels, classes: Entiers) -> Entiers:
    """Renvoie la partition consolidée : chacun rejoint le centre le plus proche, jusqu'au repos.

    C'est l'algorithme des k-moyennes parti des centres de la partition donnée. Une égalité va à
    la classe de plus petit numéro ; si une classe se vidait, la dernière partition est gardée.

    References
    ----------
    S. Lloyd (1982), *Least squares quantization in PCM*.
    F. Husson, J. Josse et J. Pagès (2010), *Principal component methods, hierarchical clustering,
    partitional clustering*.
    """
    nombre = int(classes.max()) + 1
    for _ in range(_PASSES):
        carres = np.round(_distances(coordonnees, centres_de(coordonnees, classes)), _DECIMALES)
        suivantes = np.argmin(carres, axis=1).astype(np.int64)
        if len(np.unique(suivantes)) < nombre or np.array_equal(suivantes, classes):
            break
        classes = suivantes
    return classes


def silhouettes(coordonnees: Reels, classes: Entiers) -> Reels:
    """Renvoie la silhouette de chaque territoire, de -1 à 1 ; zéro s'il est seul dans sa classe.

    References
    ----------
    P. J. Rousseeuw (1987), *Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis*, J. Comput. Appl. Math. 20.
    """
    n, nombre = len(classes), int(classes.max()) + 1
    if nombre < 2:
        raise ValueError("il faut au moins deux classes")
    distances = np.sqrt(_distances(coordonnees, coordonnees))
    effectifs = np.bincount(classes)
    sommes = np.column_stack([distances[:, classes == c].sum(axis=1) for c in range(nombre)])
    lignes = np.arange(n)
    propres = effectifs[classes]
    interieure = sommes[lignes, classes] / np.maximum(propres - 1, 1)
    moyennes = sommes / effectifs
    moyennes[lignes, classes] = np.inf
    voisine = moyennes.min(axis=1)
    plus_grande = np.maximum(interieure, voisine)
    brutes = np.where(plus_grande > 0, (voisine - interieure) / np.maximum(plus_grande, 1e-300), 0)
    return np.asarray(np.where(propres > 1, brutes, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partition:
    """Une partition possible, et ce qui permet d'en juger.

    Parameters
    ----------
    quotient
        Inertie interne rapportée à celle de la partition d'une classe de moins, dans l'arbre :
        plus elle est basse, plus la dernière coupure a séparé.
    silhouette
        Silhouette moyenne, après consolidation.
    stabilites
        Ressemblance moyenne de Jaccard de chaque classe, une fois calculée.
    """

    nombre: int
    classes: Entiers
    quotient: float
    silhouette: float
    stabilites: tuple[float, ...] = ()

    @property
    def effectif_minimal(self) -> int:
        """Taille de la plus petite classe."""
        return int(np.bincount(self.classes).min())


def partitions(coordonnees: Reels, nombres: Sequence[int]) -> dict[int, Partition]:
    """Renvoie la partition consolidée pour chaque nombre de classes demandé."""
    arbre = cah(coordonnees)
    inerties = inerties_internes(arbre)
    possibles = {}
    for nombre in nombres:
        classes = consolider(coordonnees, couper(arbre, nombre))
        avant = float(inerties[nombre - 2])
        possibles[nombre] = Partition(
            nombre=nombre,
            classes=classes,
            quotient=float(inerties[nombre - 1]) / avant if avant > 0 else 1.0,
            silhouette=float(silhouettes(coordonnees, classes).mean()),
        )
    return possibles


def stabilite(
    x: npt.ArrayLike,
    classes_par_nombre: Mapping[int, Entiers],
    *,
    axes: int,
    tirages: int,
    rng: np.random.Generator,
) -> dict[int, tuple[float, ...]]:
    """Renvoie la stabilité de chaque classe de chaque partition, par rééchantillonnage.

    À chaque tirage avec remise, toute la chaîne est refaite (centrage, ACP, Ward, consolidation) ;
    chaque classe est comparée à celle qui lui ressemble le plus, sur les territoires tirés.
    Zéro : jamais retrouvée ; un : toujours la même. Sous 0,6 une classe n'est pas fiable, à partir
    de 0,75 elle est stable (repères de l'auteur).

    Parameters
    ----------
    x
        n territoires × p indicateurs.
    classes_par_nombre
        Partition à juger, par nombre de classes.
    axes
        Nombre d'axes gardés.

    References
    ----------
    C. Hennig (2007), *Cluster-wise assessment of cluster stability*, Comput. Stat. Data Anal. 52.
    """
    table = np.asarray(x, dtype=np.float64)
    n = len(table)
    sommes = {k: np.zeros(k) for k in classes_par_nombre}
    comptes = {k: np.zeros(k) for k in classes_par_nombre}
    for _ in range(tirages):
        tires = np.sort(rng.integers(0, n, n))
        uniques, premiers = np.unique(tires, return_index=True)
        coordonnees = acp(table[tires]).coordonnees[:, :axes]
        arbre = cah(coordonnees)
        for nombre, reference in classes_par_nombre.items():
            nouvelles = consolider(coordonnees, couper(arbre, nombre))[premiers]
            jaccard = _ressemblances(reference[uniques], nouvelles, nombre)
            presentes = ~np.isnan(jaccard)
            sommes[nombre][presentes] += jaccard[presentes]
            comptes[nombre][presentes] += 1
    return {
        k: tuple(float(v) for v in sommes[k] / np.maximum(comptes[k], 1))
        for k in classes_par_nombre
    }


def _ressemblances(reference: Entiers, nouvelles: Entiers, nombre: int) -> Reels:
    croisees = np.zeros((nombre, nombre))
    np.add.at(croisees, (reference, nouvelles), 1.0)
    unions = croisees.sum(axis=1)[:, None] + croisees.sum(axis=0)[None, :] - croisees
    jaccard = (croisees / np.maximum(unions, 1.0)).max(axis=1)
    return np.asarray(np.where(croisees.sum(axis=1) > 0, jaccard, np.nan))


def choisir(
    possibles: Sequence[Partition], *, effectif_minimal: int, stabilite_minimale: float
) -> Partition | None:
    """Renvoie la partition retenue, ou rien si aucune n'a des classes assez grandes.

    Parmi les partitions dont chaque classe réunit ``effectif_minimal`` territoires, celles dont
    toutes les classes atteignent ``stabilite_minimale`` passent d'abord, s'il y en a. Entre elles,
    on additionne le rang au saut d'inertie et le rang à la silhouette moyenne ; à égalité, la
    meilleure silhouette, puis le plus petit nombre de classes.
    """
    assez = [p for p in possibles if p.effectif_minimal >= effectif_minimal]
    stables = [p for p in assez if p.stabilites and min(p.stabilites) >= stabilite_minimale]
    candidates = stables or assez
    if not candidates:
        return None
    sauts = sorted(candidates, key=lambda p: (round(p.quotient, _DECIMALES), p.nombre))
    nettes = sorted(candidates, key=lambda p: (-round(p.silhouette, _DECIMALES), p.nombre))
    return min(
        candidates,
        key=lambda p: (sauts.index(p) + nettes.index(p), nettes.index(p), p.nombre),
    )


def valeurs_tests(x: npt.ArrayLike, classes: Entiers) -> Reels:
    """Renvoie la valeur-test de chaque indicateur dans chaque classe (k classes × p indicateurs).

    Écart de la moyenne de la classe à celle de l'ensemble, rapporté à l'écart-type qu'il aurait
    si la classe était tirée au hasard sans remise. Sur les indicateurs qui ont servi à faire les
    classes, c'est une échelle pour décrire, pas un test.
    Une valeur manquante (``nan``) est écartée de son indicateur.

    References
    ----------
    A. Morineau (1984), *Note sur la caractérisation statistique d'une classe et les valeurs-tests*,
    Bulletin technique du CESIA 2.
    """
    table = np.asarray(x, dtype=np.float64)
    nombre = int(classes.max()) + 1
    sortie = np.full((nombre, table.shape[1]), np.nan)
    for j, colonne in enumerate(table.T):
        connus = np.isfinite(colonne)
        valeurs, groupes = colonne[connus], classes[connus]
        n, variance = len(valeurs), float(valeurs.var()) if len(valeurs) else 0.0
        for c in range(nombre):
            membres = valeurs[groupes == c]
            m = len(membres)
            if m == 0 or m == n or variance <= 0:
                continue
            attendu = np.sqrt(variance / m * (n - m) / (n - 1))
            sortie[c, j] = (membres.mean() - valeurs.mean()) / attendu
    return sortie


def parangons(coordonnees: Reels, classes: Entiers) -> tuple[int, ...]:
    """Renvoie, par classe, le rang du territoire le plus proche du centre (ou le premier)."""
    carres = np.round(_distances(coordonnees, centres_de(coordonnees, classes)), _DECIMALES)
    return tuple(
        int(min(np.flatnonzero(classes == c), key=lambda i, c=c: (carres[i, c], i)))  # type: ignore[misc]
        for c in range(int(classes.max()) + 1)
    )


def eloignements(coordonnees: Reels, classes: Entiers) -> tuple[Reels, Entiers]:
    """Renvoie la distance de chacun à son centre, et la classe voisine la plus proche."""
    carres = _distances(coordonnees, centres_de(coordonnees, classes))
    lignes = np.arange(len(classes))
    propres = np.sqrt(carres[lignes, classes])
    autres = np.round(carres, _DECIMALES)
    autres[lignes, classes] = np.inf
    return propres, np.argmin(autres, axis=1).astype(np.int64)
