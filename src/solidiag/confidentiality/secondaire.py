"""Secret secondaire : les cases à cacher en plus, pour que rien ne se retrouve par différence.

On part des cases secrètes par elles-mêmes. Pour chacune, et dans chaque sens, on cherche la table
voisine la moins coûteuse où elle s'écarte assez de sa valeur : les cases qui bougent dans cette
table sont à cacher. Puis on rend celles dont la protection peut se passer.

References
----------
Fischetti M. et Salazar J.-J. (2001), *Solving the cell suppression problem on tabular data with
linear constraints*, Management Science, 47(7) ; Robertson D. A. (1994), heuristique par programmes
linéaires successifs (CONFID, Statistique Canada).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from solidiag.confidentiality.secret import Masque, Vecteur
from solidiag.confidentiality.systeme import (
    PRECISION,
    Etendues,
    Indices,
    Systeme,
    atteindre,
    resserrer,
)

RECOMPENSES = tuple(2.0**k for k in range(-2, 9) for _ in range(2))
"""Gain par unité d'écart d'une cible dans les recherches communes, en poids médians.

Croissant : d'abord les protections qui ne coûtent presque rien, qui en offrent souvent d'autres.
"""

PEU = 3
"""Nombre de cibles à partir duquel une recherche commune vaut la peine."""

MESURER_TOUTES_LES = 10
"""Cibles traitées une par une entre deux mesures de ce qui est déjà protégé."""

COUT_DEJA_CACHEE = 1e-3
"""Coût d'un écart dans une case déjà cachée : presque rien, pour ne pas bouger sans raison."""

PAQUET = 16
"""Cases secondaires que l'on essaie de montrer à nouveau ensemble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probleme:
    """Une table à protéger, sous forme de vecteurs d'une même longueur.

    Parameters
    ----------
    matrice
        Sommes : ``matrice @ valeurs = 0``.
    valeurs
        Vraies valeurs.
    bas, haut
        Ce que l'attaquant sait d'une case si elle est cachée.
    exige_bas, exige_haut
        Valeurs qu'il ne doit pas pouvoir écarter ; ``nan`` si la case n'est pas à protéger.
    cachees
        Cases cachées d'emblée.
    cachables
        Cases que l'on peut cacher en plus (ni déjà connues, ni nulles).
    poids
        Information perdue quand on cache la case.
    """

    matrice: sparse.csr_matrix
    valeurs: Vecteur
    bas: Vecteur
    haut: Vecteur
    exige_bas: Vecteur
    exige_haut: Vecteur
    cachees: Masque
    cachables: Masque
    poids: Vecteur

    def vu(self, cachees: Masque) -> Systeme:
        """Renvoie ce que sait l'attaquant quand ces cases sont cachées."""
        return Systeme(
            matrice=self.matrice,
            bas=np.where(cachees, self.bas, self.valeurs),
            haut=np.where(cachees, self.haut, self.valeurs),
        )

    @property
    def cibles(self) -> Indices:
        """Rangs des cases à protéger."""
        return np.flatnonzero(~np.isnan(self.exige_bas))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressions:
    """Le choix des cases à cacher, et ce qu'il garantit.

    Parameters
    ----------
    cachees
        Toutes les cases cachées.
    possible_bas, possible_haut
        Exigence ramenée à ce qui peut être atteint en cachant tout ; ``nan`` hors des cibles.
    programmes
        Nombre de programmes linéaires de la recherche.
    """

    cachees: Masque
    possible_bas: Vecteur
    possible_haut: Vecteur
    programmes: int


def choisir(probleme: Probleme, *, rendre: int = 200) -> Suppressions:
    """Renvoie les cases à cacher pour que chaque cible soit protégée.

    Parameters
    ----------
    rendre
        Nombre de cases secondaires que l'on essaie de montrer à nouveau, des plus lourdes aux plus
        légères.

    Raises
    ------
    SystemeIncoherent
        Si les sommes de la table ne tombent pas juste.
    """
    recherche = _Recherche(probleme)
    recherche.borner()
    recherche.couvrir()
    recherche.rendre(rendre)
    return Suppressions(
        cachees=recherche.cachees,
        possible_bas=recherche.veut_bas,
        possible_haut=recherche.veut_haut,
        programmes=recherche.programmes,
    )


class _Recherche:
    """L'état de la recherche : cases cachées, exigences, valeurs déjà atteintes."""

    def __init__(self, probleme: Probleme) -> None:
        self.p = probleme
        self.cachees = probleme.cachees.copy()
        self.cibles = probleme.cibles
        self.veut_bas = probleme.exige_bas.copy()
        self.veut_haut = probleme.exige_haut.copy()
        self.programmes = 0

    def borner(self) -> None:
        """Ramène l'exigence à ce qui s'atteint en cachant toutes les cases que l'on peut."""
        tout = self.cachees | self.p.cachables
        etendues = atteindre(
            self.p.vu(tout), self.cibles, exige_bas=self.veut_bas, exige_haut=self.veut_haut
        )
        c = self.cibles
        self.veut_bas[c] = np.maximum(self.veut_bas[c], etendues.bas[c])
        self.veut_haut[c] = np.minimum(self.veut_haut[c], etendues.haut[c])

    def _manque(self, etendues: Etendues) -> tuple[Masque, Masque]:
        haut = etendues.haut < self.veut_haut - PRECISION
        bas = etendues.bas > self.veut_bas + PRECISION
        return haut, bas

    def couvrir(self) -> None:
        """Cache des cases jusqu'à ce que chaque cible soit protégée."""
        vues = self._mesurer(complet=False)
        unite = float(np.median(self.p.poids[self.p.cachables])) if self.p.cachables.any() else 1.0
        for tour, gain in enumerate(RECOMPENSES):
            cibles, sens, ecarts = self._en_attente(vues, tour)
            if cibles.size <= PEU:
                break
            avant = int(self.cachees.sum())
            self._cacher(vues, self._ecarter(cibles, sens, ecarts, recompense=gain * unite))
            # Cacher de nouvelles cases en protège souvent d'autres : une mesure le dit.
            if int(self.cachees.sum()) > avant:
                vues = self._cumuler(vues, self._mesurer(complet=False))
        while True:
            cibles, sens, ecarts = self._en_attente(vues, 0)
            if cibles.size == 0:
                return
            une = np.array([np.argmax(ecarts)])
            self._cacher(vues, self._ecarter(cibles[une], sens[une], ecarts[une]))
            if cibles.size % MESURER_TOUTES_LES == 0:
                vues = self._cumuler(vues, self._mesurer(complet=False))

    def _cacher(self, vues: Etendues, table: Vecteur) -> None:
        self.cachees |= np.abs(table - self.p.valeurs) > PRECISION
        vues.noter(table)

    @staticmethod
    def _cumuler(avant: Etendues, apres: Etendues) -> Etendues:
        """Ce qui a été atteint le reste : on ne fait que cacher davantage."""
        return Etendues(
            bas=np.minimum(avant.bas, apres.bas), haut=np.maximum(avant.haut, apres.haut)
        )

    def _mesurer(self, *, complet: bool, cachees: Masque | None = None) -> Etendues:
        etendues = atteindre(
            self.p.vu(self.cachees if cachees is None else cachees),
            self.cibles,
            exige_bas=self.veut_bas,
            exige_haut=self.veut_haut,
            complet=complet,
        )
        etendues.noter(self.p.valeurs)
        return etendues

    def _en_attente(self, vues: Etendues, tour: int) -> tuple[Indices, Vecteur, Vecteur]:
        """Renvoie les cibles non protégées, le sens où les écarter, et de combien.

        Quand les deux sens manquent, une cible sur deux monte et l'autre descend : leurs écarts se
        compensent, et peu de cases en plus suffisent.
        """
        haut, bas = self._manque(vues)
        cibles = np.flatnonzero(haut | bas)
        pair = (np.arange(cibles.size) + tour) % 2 == 0
        monte = np.where(haut[cibles] & bas[cibles], pair, haut[cibles])
        ecarts = np.where(
            monte,
            self.veut_haut[cibles] - self.p.valeurs[cibles],
            self.p.valeurs[cibles] - self.veut_bas[cibles],
        )
        return cibles, np.where(monte, 1.0, -1.0), ecarts

    def _ecarter(
        self,
        cibles: Indices,
        sens: Vecteur,
        ecarts: Vecteur,
        *,
        recompense: float | None = None,
    ) -> Vecteur:
        """Renvoie la table voisine la moins coûteuse où les cibles s'écartent de leur valeur.

        Sans ``recompense``, l'écart est exigé ; sinon chaque unité d'écart rapporte d'autant, et
        il peut n'être atteint qu'en partie.
        """
        p = self.p
        libres = np.flatnonzero(self.cachees | p.cachables)
        valeurs = p.valeurs[libres]
        cout = np.where(self.cachees[libres], COUT_DEJA_CACHEE, p.poids[libres])
        couts = np.concatenate([cout, cout])
        bas = np.zeros(2 * libres.size)
        haut = np.concatenate(
            [
                np.maximum(p.haut[libres] - valeurs, 0.0),
                np.maximum(valeurs - p.bas[libres], 0.0),
            ]
        )
        rangs = np.searchsorted(libres, cibles)
        place = np.where(sens > 0, rangs, rangs + libres.size)
        contraire = np.where(sens > 0, rangs + libres.size, rangs)
        haut[place] = ecarts
        haut[contraire] = 0.0
        if recompense is None:
            bas[place] = ecarts
        else:
            couts[place] = -recompense
        a = p.matrice[:, libres]
        self.programmes += 1
        resultat = linprog(
            couts,
            A_eq=sparse.hstack([a, -a], format="csr"),
            b_eq=np.zeros(a.shape[0]),
            bounds=np.column_stack([bas, haut]),
            method="highs",
        )
        if resultat.x is None:
            raise RuntimeError(f"secret secondaire : le solveur a échoué ({resultat.message})")
        mouvement = resultat.x[: libres.size] - resultat.x[libres.size :]
        table = p.valeurs.copy()
        table[libres] += np.where(np.abs(mouvement) > PRECISION, mouvement, 0.0)
        return table

    def tient(self, cachees: Masque) -> bool:
        """Dit si chaque cible reste protégée avec ces seules cases cachées."""
        vu = self.p.vu(cachees)
        serre = resserrer(vu)
        c = self.cibles
        if (serre.haut[c] < self.veut_haut[c] - PRECISION).any() or (
            serre.bas[c] > self.veut_bas[c] + PRECISION
        ).any():
            return False
        etendues = atteindre(
            vu, c, exige_bas=self.veut_bas, exige_haut=self.veut_haut, arreter=True
        )
        self.programmes += 1
        haut, bas = self._manque(etendues)
        return not (haut[c] | bas[c]).any()

    def rendre(self, essais: int) -> None:
        """Montre à nouveau les cases secondaires inutiles, les plus lourdes d'abord.

        On essaie des paquets, coupés en deux quand ils ne peuvent pas être rendus entiers.
        """
        secondaires = np.flatnonzero(self.cachees & ~self.p.cachees)
        ordre = secondaires[np.argsort(-self.p.poids[secondaires], kind="stable")]
        paquets = [ordre[i : i + PAQUET] for i in range(0, ordre.size, PAQUET)]
        while paquets and essais > 0:
            paquet = paquets.pop(0)
            essai = self.cachees.copy()
            essai[paquet] = False
            essais -= 1
            if self.tient(essai):
                self.cachees = essai
            elif paquet.size > 1:
                paquets[:0] = [paquet[: paquet.size // 2], paquet[paquet.size // 2 :]]
        self._montrer_les_deduites()

    def _montrer_les_deduites(self) -> None:
        """Montre toute case secondaire seule cachée dans une somme : chacun la calcule déjà.

        La montrer n'apprend rien à l'attaquant, et la taire ne protège rien (une intercommunalité
        d'une seule commune, dont l'une des deux lignes est montrée).
        """
        presentes = (self.p.matrice != 0).astype(np.int64)
        secondaires = ~self.p.cachees
        while True:
            seules = presentes @ self.cachees.astype(np.int64) == 1
            vues = np.asarray(presentes.T @ seules.astype(np.int64)).ravel() > 0
            deduites = self.cachees & secondaires & vues
            if not deduites.any():
                return
            self.cachees = self.cachees & ~deduites
