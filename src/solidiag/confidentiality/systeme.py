"""Bornes d'un système de sommes : ce qu'un attaquant muni d'un solveur peut déduire.

Les cases connues sont des constantes, les autres des variables entre deux bornes. Les valeurs
extrêmes d'une case sont celles de deux programmes linéaires.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

from solidiag.confidentiality.secret import Masque, Vecteur

Indices = npt.NDArray[np.intp]

PRECISION = 1e-6
"""Écart sous lequel deux nombres du solveur sont égaux, en unités de la table."""


class SystemeIncoherent(ValueError):
    """Aucune table ne respecte à la fois les sommes et les valeurs connues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Systeme:
    """Sommes ``matrice @ x = 0`` avec ``bas ≤ x ≤ haut``.

    Parameters
    ----------
    matrice
        Forme (sommes, cases).
    bas, haut
        Bornes de chaque case ; égales quand la case est connue, ``haut`` peut être infini.
    """

    matrice: sparse.csr_matrix
    bas: Vecteur
    haut: Vecteur


@dataclass(slots=True, kw_only=True)
class Etendues:
    """Plus petite et plus grande valeurs atteintes par chaque case, dans des tables cohérentes.

    Chacune de ces tables est la preuve qu'un attaquant ne peut pas écarter les valeurs qu'elle
    porte.
    """

    bas: Vecteur
    haut: Vecteur

    def noter(self, table: Vecteur) -> None:
        """Retient une table cohérente."""
        np.minimum(self.bas, table, out=self.bas)
        np.maximum(self.haut, table, out=self.haut)


def etendues_vides(taille: int) -> Etendues:
    """Renvoie des étendues où rien n'a encore été atteint."""
    return Etendues(bas=np.full(taille, np.inf), haut=np.full(taille, -np.inf))


def resserrer(systeme: Systeme, *, tours: int = 20) -> Systeme:
    """Renvoie le système avec des bornes plus étroites, déduites somme par somme.

    Raises
    ------
    SystemeIncoherent
        Si une somme ne peut pas être juste.
    """
    a = systeme.matrice.tocoo()
    lignes, colonnes, signes = a.row, a.col, a.data
    bas, haut = systeme.bas.copy(), systeme.haut.copy()
    nombre = systeme.matrice.shape[0]
    for _ in range(tours):
        petit = np.where(signes > 0, bas[colonnes], -haut[colonnes])
        grand = np.where(signes > 0, haut[colonnes], -bas[colonnes])
        infinis = ~np.isfinite(grand)
        infinis_bas = ~np.isfinite(petit)
        s_petit = np.bincount(lignes, np.where(infinis_bas, 0.0, petit), nombre)
        s_grand = np.bincount(lignes, np.where(infinis, 0.0, grand), nombre)
        n_grand = np.bincount(lignes, infinis, nombre)
        n_petit = np.bincount(lignes, infinis_bas, nombre)
        if ((n_petit == 0) & (s_petit > PRECISION)).any() or (
            (n_grand == 0) & (s_grand < -PRECISION)
        ).any():
            raise SystemeIncoherent("les sommes ne tombent pas juste")
        # Le terme vaut l'opposé de la somme des autres.
        reste_petit = s_petit[lignes] - np.where(infinis_bas, 0.0, petit)
        reste_grand = s_grand[lignes] - np.where(infinis, 0.0, grand)
        libre_petit = n_petit[lignes] - infinis_bas > 0
        libre_grand = n_grand[lignes] - infinis > 0
        terme_haut = np.where(libre_petit, np.inf, -reste_petit)
        terme_bas = np.where(libre_grand, -np.inf, -reste_grand)
        nouveau_haut = np.where(signes > 0, terme_haut, -terme_bas)
        nouveau_bas = np.where(signes > 0, terme_bas, -terme_haut)
        haut_suivant, bas_suivant = haut.copy(), bas.copy()
        np.minimum.at(haut_suivant, colonnes, nouveau_haut)
        np.maximum.at(bas_suivant, colonnes, nouveau_bas)
        change = (haut_suivant < haut - PRECISION).any() or (bas_suivant > bas + PRECISION).any()
        if (bas_suivant > haut_suivant + PRECISION).any():
            raise SystemeIncoherent("une case n'a plus de valeur possible")
        haut, bas = haut_suivant, np.minimum(bas_suivant, haut_suivant)
        if not change:
            break
    return Systeme(matrice=systeme.matrice, bas=bas, haut=haut)


def composantes(systeme: Systeme) -> list[Indices]:
    """Renvoie les groupes de cases inconnues liées entre elles par des sommes."""
    libres = np.flatnonzero(systeme.haut - systeme.bas > PRECISION)
    if libres.size == 0:
        return []
    restreinte = abs(systeme.matrice[:, libres])
    liens = restreinte.T @ restreinte
    nombre, groupe = connected_components(liens, directed=False)
    ordre = np.argsort(groupe, kind="stable")
    coupes = np.cumsum(np.bincount(groupe, minlength=nombre))[:-1]
    return [libres[part] for part in np.split(ordre, coupes)]


def _arrondir(x: Vecteur) -> Vecteur:
    entier = np.round(x)
    return np.where(np.abs(x - entier) < PRECISION, entier, x)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bloc:
    """Une composante : ses variables, ses sommes, et ce que les cases connues y laissent."""

    variables: Indices
    a: sparse.csr_matrix
    b: Vecteur
    bas: Vecteur
    haut: Vecteur
    entiers: bool

    def resoudre(
        self, cout: Vecteur, *, bas: Vecteur | None = None, haut: Vecteur | None = None
    ) -> Vecteur:
        """Renvoie la table qui minimise le coût, au besoin entre d'autres bornes."""
        bornes = (self.bas if bas is None else bas, self.haut if haut is None else haut)
        if self.entiers:
            resultat = milp(
                cout,
                constraints=LinearConstraint(self.a, self.b, self.b),
                bounds=Bounds(*bornes),
                integrality=np.ones(cout.size),
            )
        else:
            resultat = linprog(
                cout,
                A_eq=self.a if self.a.shape[0] else None,
                b_eq=self.b if self.a.shape[0] else None,
                bounds=np.column_stack(bornes),
                method="highs",
            )
        if resultat.status == 2:
            raise SystemeIncoherent("aucune table ne respecte toutes les sommes")
        if resultat.x is None:
            raise SystemeIncoherent(f"le solveur n'a pas conclu ({resultat.message})")
        return _arrondir(np.asarray(resultat.x, dtype=np.float64))


def _bloc(systeme: Systeme, variables: Indices, *, entiers: bool) -> _Bloc:
    colonnes = systeme.matrice[:, variables]
    lignes = np.flatnonzero(np.diff(colonnes.indptr))
    connues = systeme.bas.copy()
    connues[variables] = 0.0
    return _Bloc(
        variables=variables,
        a=colonnes[lignes],
        b=-(systeme.matrice[lignes] @ connues),
        bas=systeme.bas[variables],
        haut=systeme.haut[variables],
        entiers=entiers,
    )


def bornes_exactes(
    systeme: Systeme, cibles: Iterable[int], *, entiers: bool = False
) -> tuple[Vecteur, Vecteur]:
    """Renvoie la plus petite et la plus grande valeurs possibles de chaque cible.

    Parameters
    ----------
    systeme
        Ce que sait l'attaquant.
    cibles
        Rangs des cases visées.
    entiers
        Chercher parmi les tables d'entiers seulement (plus fort, beaucoup plus lent).

    Returns
    -------
    tuple
        Deux vecteurs de la longueur du système ; ``nan`` hors des cibles.

    Raises
    ------
    SystemeIncoherent
        Si ce que sait l'attaquant se contredit.
    """
    visees = np.fromiter(cibles, dtype=np.intp)
    etendues = atteindre(systeme, visees, entiers=entiers)
    bas = np.full(systeme.bas.size, np.nan)
    haut = np.full(systeme.bas.size, np.nan)
    bas[visees] = etendues.bas[visees]
    haut[visees] = etendues.haut[visees]
    return bas, haut


def atteindre(
    systeme: Systeme,
    cibles: Iterable[int],
    *,
    exige_bas: Vecteur | None = None,
    exige_haut: Vecteur | None = None,
    entiers: bool = False,
    complet: bool = True,
    arreter: bool = False,
) -> Etendues:
    """Renvoie les valeurs extrêmes des cibles, ou la preuve que l'exigence est atteinte.

    Une case s'arrête dès qu'elle a atteint ``exige_bas`` et ``exige_haut`` ; sans exigence, on va
    jusqu'aux extrêmes. Une même table sert de preuve pour beaucoup de cases : on en cherche
    d'abord pour toutes ensemble, puis une par une pour celles qui restent.

    Parameters
    ----------
    complet
        Chercher aussi une par une ; sinon s'en tenir aux recherches communes (ce qui manque n'est
        alors pas prouvé impossible).
    arreter
        S'arrêter à la première case qui ne peut pas atteindre son exigence.

    Raises
    ------
    SystemeIncoherent
        Si aucune table ne respecte les sommes et les bornes.
    """
    serre = resserrer(systeme)
    taille = serre.bas.size
    vues = etendues_vides(taille)
    fixes = serre.haut - serre.bas <= PRECISION
    vues.bas[fixes] = serre.bas[fixes]
    vues.haut[fixes] = serre.haut[fixes]
    visee = np.zeros(taille, dtype=np.bool_)
    visee[np.fromiter(cibles, dtype=np.intp)] = True
    veut_bas = serre.bas if exige_bas is None else np.maximum(exige_bas, serre.bas)
    veut_haut = serre.haut if exige_haut is None else np.minimum(exige_haut, serre.haut)
    for variables in composantes(serre):
        if not visee[variables].any():
            continue
        bloc = _bloc(serre, variables, entiers=entiers)
        locales = _atteindre_bloc(
            bloc, visee[variables], veut_bas[variables], veut_haut[variables], complet, arreter
        )
        vues.bas[variables] = locales.bas
        vues.haut[variables] = locales.haut
        if arreter and _manquent(
            locales, visee[variables], veut_bas[variables], veut_haut[variables]
        ):
            break
    return vues


def _manquent(vues: Etendues, visee: Masque, veut_bas: Vecteur, veut_haut: Vecteur) -> bool:
    manque = (vues.haut < veut_haut - PRECISION) | (vues.bas > veut_bas + PRECISION)
    return bool((visee & manque).any())


def _atteindre_bloc(
    bloc: _Bloc,
    visee: Masque,
    veut_bas: Vecteur,
    veut_haut: Vecteur,
    complet: bool,
    arreter: bool,
) -> Etendues:
    vues = etendues_vides(visee.size)
    for sens in (1.0, -1.0):
        conclues = np.zeros(visee.size, dtype=np.bool_)
        while True:
            manque = (
                vues.haut < veut_haut - PRECISION if sens > 0 else vues.bas > veut_bas + PRECISION
            )
            attente = np.flatnonzero(visee & manque & ~conclues)
            if attente.size == 0:
                break
            avant = attente.size
            if avant > 1:
                _chercher(bloc, vues, attente, sens, veut_bas, veut_haut)
                reste = (
                    vues.haut[attente] < veut_haut[attente] - PRECISION
                    if sens > 0
                    else vues.bas[attente] > veut_bas[attente] + PRECISION
                )
                if reste.sum() <= 0.7 * avant:
                    continue
                attente = attente[reste]
            if not complet:
                break
            seule = int(attente[0])
            _extremer(bloc, vues, seule, sens)
            conclues[seule] = True
            if arreter and (
                vues.haut[seule] < veut_haut[seule] - PRECISION
                if sens > 0
                else vues.bas[seule] > veut_bas[seule] + PRECISION
            ):
                return vues
    return vues


def _chercher(
    bloc: _Bloc,
    vues: Etendues,
    attente: Indices,
    sens: float,
    veut_bas: Vecteur,
    veut_haut: Vecteur,
) -> None:
    """Cherche une table où toutes les cases en attente vont le plus loin possible ensemble."""
    cout = np.zeros(bloc.bas.size)
    bas, haut = bloc.bas.copy(), bloc.haut.copy()
    if sens > 0:
        attente = attente[np.isfinite(veut_haut[attente])]
        haut[attente] = veut_haut[attente]
    else:
        bas[attente] = veut_bas[attente]
    cout[attente] = -sens
    if attente.size:
        vues.noter(bloc.resoudre(cout, bas=bas, haut=haut))


def _extremer(bloc: _Bloc, vues: Etendues, seule: int, sens: float) -> None:
    """Cherche la valeur extrême d'une seule case."""
    if sens > 0 and not np.isfinite(bloc.haut[seule]):
        cout = np.zeros(bloc.bas.size)
        cout[seule] = -1.0
        borne = bloc.haut.copy()
        loin = 1e9 + 1e3 * float(np.abs(bloc.b).sum() + bloc.bas.sum())
        borne[seule] = loin
        table = bloc.resoudre(cout, haut=borne)
        if table[seule] >= loin - 1:
            vues.haut[seule] = np.inf
            return
        vues.noter(table)
        return
    cout = np.zeros(bloc.bas.size)
    cout[seule] = -sens
    vues.noter(bloc.resoudre(cout))
