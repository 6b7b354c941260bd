"""Mesures d'accès aux services, sur les seuls couples à portée.

Interface stable :

- ``plus_proche(couples)`` : service le plus proche de chaque départ, son temps et sa bande ;
- ``nombre_a_portee(couples, poids_offre, seuil)`` : services, ou capacité, à ``seuil`` minutes ;
- ``acces_flottant(couples, population=, offre=, decroissance=, selection=False, besoin=None)`` :
  2SFCA, E2SFCA (décroissance par paliers) ou 3SFCA (``selection=True``), par départ et par
  arrivée ;
- ``besoin_par_age`` et ``acces_type_apl`` : la même mesure, la demande pondérée par l'âge ;
- ``encadrer_acces`` : bornes de la mesure, du temps, de la demande et de l'offre.

Tout est calculé sur les listes de couples : jamais de matrice départs × arrivées. Un départ sans
couple n'a rien à portée (0) ; un départ **sans point** est inconnu : à l'appelant de l'écarter
(`solidiag.geography.estimation.points_connus`), la forme creuse ne les distingue pas.

Une valeur inconnue (``nan``) de population ou d'offre est refusée : l'appelant dit ce qu'il en
fait, plutôt que de la voir comptée pour zéro.

References
----------
Luo, W. et Wang, F. (2003), *Environment and Planning B*, 30(6) : 2SFCA.
Luo, W. et Qi, Y. (2009), *Health & Place*, 15(4) : E2SFCA, poids par paliers.
Wan, N., Zou, B. et Sternberg, T. (2012), *International Journal of Geographical Information
Science*, 26(6) : 3SFCA, probabilités de choix.
Barlet, M., Coldefy, M., Collin, C. et Lucas-Gabrielli, V. (2012), DREES, *Études et Résultats*,
n° 795, et document de travail, série *Études et Recherche*, n° 124 : accessibilité potentielle
localisée (APL).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solidiag.geography.couples import Couples, Entiers, Reels
from solidiag.geography.decroissances import Decroissance

__all__ = (
    "AccesFlottant",
    "Decroissance",
    "Encadrement",
    "PlusProche",
    "acces_flottant",
    "acces_type_apl",
    "besoin_par_age",
    "encadrer_acces",
    "nombre_a_portee",
    "plus_proche",
)

_DEMANDE_MINIMALE = 1e-200
"""En deçà, une demande est tenue pour nulle : son inverse déborderait."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlusProche:
    """Service le plus proche de chaque départ.

    Parameters
    ----------
    arrivee
        Rang de l'arrivée, le plus petit en cas d'égalité ; -1 si aucune n'est à portée.
    temps
        Minutes, ``nan`` si aucune n'est à portée.
    bas, haut
        Bornes du temps au plus proche, quel qu'il soit : le minimum des bornes de tous les couples
        donnés. Un autre service peut être le plus proche quand les temps sont à leur borne.
    """

    arrivee: Entiers
    temps: Reels
    bas: Reels
    haut: Reels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encadrement:
    """Valeurs et bornes, ``bas <= central <= haut`` ; ``haut`` peut être infini (non borné)."""

    central: Reels
    bas: Reels
    haut: Reels

    def __post_init__(self) -> None:
        """Vérifie les formes et l'ordre des bornes."""
        if not self.central.shape == self.bas.shape == self.haut.shape:
            msg = f"formes {self.central.shape}, {self.bas.shape}, {self.haut.shape}"
            raise ValueError(msg)
        desordre = (self.bas > self.central) | (self.central > self.haut)
        if desordre.any():
            rang = int(np.flatnonzero(desordre)[0])
            msg = f"bornes dans le désordre en {int(desordre.sum())} points, d'abord au rang {rang}"
            raise ValueError(msg)

    @classmethod
    def sans_marge(cls, valeurs: npt.ArrayLike) -> Encadrement:
        """Renvoie des valeurs tenues pour exactes."""
        exactes = np.asarray(valeurs, dtype=float)
        return cls(central=exactes, bas=exactes, haut=exactes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccesFlottant:
    """Accès par aires flottantes.

    Parameters
    ----------
    par_depart
        Offre par unité de demande à la portée de chaque départ ; 0 si rien n'est à portée.
    par_arrivee
        Offre de chaque arrivée par unité de demande qui l'atteint ; ``nan`` si rien ne l'atteint.
    demande
        Demande pondérée qui atteint chaque arrivée.
    non_atteinte
        Offre totale des arrivées qu'aucune demande n'atteint : elle n'entre dans aucun accès.
    """

    par_depart: Reels
    par_arrivee: Reels
    demande: Reels
    non_atteinte: float


def plus_proche(couples: Couples) -> PlusProche:
    """Renvoie le service le plus proche de chaque départ, son temps et sa bande.

    Les bornes ne sont exactes que si la liste contient tout couple dont la borne basse est sous le
    plus petit temps : demander les couples un peu au-delà du temps utile (voir
    `solidiag.geography.estimation.ItinerairesEstimes.limite_de_bande`).
    """
    temps = _minimum(couples, couples.temps)
    minimal = np.flatnonzero(couples.temps == temps[couples.depart])[::-1]
    arrivee = np.full(couples.n_departs, -1, dtype=np.int32)
    # À rebours : la dernière écriture, donc la plus petite arrivée, l'emporte.
    arrivee[couples.depart[minimal]] = couples.arrivee[minimal]
    return PlusProche(
        arrivee=arrivee,
        temps=temps,
        bas=_minimum(couples, couples.bas),
        haut=_minimum(couples, couples.haut),
    )


def nombre_a_portee(
    couples: Couples, poids_offre: Encadrement | npt.ArrayLike | None, seuil: float
) -> Encadrement:
    """Renvoie, par départ, l'offre à ``seuil`` minutes au plus.

    Parameters
    ----------
    poids_offre
        Offre de chaque arrivée (places, équivalents temps plein...), ou rien pour compter les
        arrivées ; un `Encadrement` porte ses bornes dans le résultat.
    seuil
        Minutes, comprises. La borne haute du nombre demande tous les couples dont la borne basse
        du temps est sous le seuil.

    Raises
    ------
    ValueError
        Offre inconnue, négative ou d'une autre longueur que les arrivées.
    """
    offre = _offre(couples, np.ones(couples.n_arrivees) if poids_offre is None else poids_offre)

    def somme(temps: Reels, valeurs: Reels) -> Reels:
        return _par_depart(couples, np.where(temps <= seuil, valeurs[couples.arrivee], 0.0))

    return Encadrement(
        central=somme(couples.temps, offre.central),
        bas=somme(couples.haut, offre.bas),
        haut=somme(couples.bas, offre.haut),
    )


def acces_flottant(
    couples: Couples,
    *,
    population: npt.ArrayLike,
    offre: npt.ArrayLike,
    decroissance: Decroissance,
    selection: bool | Decroissance = False,
    besoin: npt.ArrayLike | None = None,
) -> AccesFlottant:
    """Renvoie l'accès par aires flottantes (2SFCA, E2SFCA, 3SFCA).

    Premier temps : l'offre de chaque arrivée est divisée par la demande qui l'atteint, chaque
    départ comptant selon son éloignement. Second temps : chaque départ additionne ces rapports,
    avec les mêmes poids. La somme des demandes × accès est l'offre atteinte : rien n'est compté
    deux fois.

    Parameters
    ----------
    population
        Personnes concernées de chaque départ.
    offre
        Offre de chaque arrivée, dans l'unité que l'on veut lire.
    decroissance
        Poids selon le temps ; la même aux deux temps.
    selection
        3SFCA : le poids d'un couple est multiplié par la probabilité que le départ choisisse
        cette arrivée, son poids rapporté à la somme des poids du départ. Une décroissance donnée
        ici sert à ces seules probabilités : on peut ainsi compter parmi les choix des services
        hors de portée, comme le fait le paquet ``access`` (toute sa table de coûts).
    besoin
        Besoin d'une personne de chaque départ, relatif à une personne moyenne (1 par défaut) : la
        demande est population × besoin, et l'accès se lit par unité de besoin moyen.

    Raises
    ------
    ValueError
        Valeurs inconnues, négatives ou d'une autre longueur que les points.

    Notes
    -----
    Un lieu sans habitant lit l'accès des services que d'autres atteignent. Un service que
    n'atteignent que des lieux sans demande n'entre dans aucun accès et compte dans
    ``non_atteinte``.

    Examples
    --------
    Dix personnes à cinq minutes d'un service de deux places : 0,2 place par personne.

    >>> un = np.zeros(1, dtype=np.int32)
    >>> t = np.array([5.0])
    >>> c = Couples(n_departs=1, n_arrivees=1, depart=un, arrivee=un, temps=t, bas=t, haut=t)
    >>> acces_flottant(
    ...     c, population=[10], offre=[2], decroissance=Decroissance.binaire(30)
    ... ).par_depart.tolist()
    [0.2]
    """
    personnes = _valeurs(population, couples.n_departs, "population")
    capacites = _valeurs(offre, couples.n_arrivees, "offre")
    if besoin is not None:
        personnes = personnes * _valeurs(besoin, couples.n_departs, "besoin")
    poids = decroissance.poids(couples.temps)
    if selection:
        attraits = poids if selection is True else selection.poids(couples.temps)
        poids = poids * _choix(couples, attraits, attraits)
    demande = _par_arrivee(couples, poids * personnes[couples.depart])
    atteinte = demande > _DEMANDE_MINIMALE
    rapports = np.zeros(couples.n_arrivees)
    np.divide(capacites, demande, out=rapports, where=atteinte)
    return AccesFlottant(
        par_depart=_par_depart(couples, poids * rapports[couples.arrivee]),
        par_arrivee=np.where(atteinte, rapports, np.nan),
        demande=demande,
        non_atteinte=float(capacites[~atteinte].sum()),
    )


def besoin_par_age(
    effectifs: npt.ArrayLike, poids: npt.ArrayLike, *, reference: npt.ArrayLike | None = None
) -> Reels:
    """Renvoie le besoin d'une personne de chaque départ, relatif à une personne moyenne.

    Parameters
    ----------
    effectifs
        Personnes par départ (lignes) et par classe d'âge (colonnes).
    poids
        Recours ou besoin moyen d'une personne de chaque classe, dans une unité quelconque.
    reference
        Effectifs par classe de la population où le besoin moyen vaut 1 (la France, en général) ;
        par défaut, l'ensemble des départs.

    Raises
    ------
    ValueError
        Valeurs inconnues, négatives ou de formes qui ne s'accordent pas ; besoin moyen nul.

    Examples
    --------
    Un départ jeune, un départ âgé ; une personne âgée a trois fois le recours d'une jeune.

    >>> besoin_par_age([[100, 0], [0, 100]], [1, 3]).tolist()
    [0.5, 1.5]
    """
    table = np.asarray(effectifs, dtype=float)
    if table.ndim != 2:
        msg = f"effectifs par âge : une table de départs par classes attendue, reçu {table.shape}"
        raise ValueError(msg)
    recours = _valeurs(poids, table.shape[1], "poids par âge")
    _valeurs(table.ravel(), table.size, "effectifs par âge")
    gens = (
        table.sum(axis=0)
        if reference is None
        else _valeurs(reference, len(recours), "population de référence")
    )
    if not gens @ recours > 0:
        msg = "besoin moyen nul : ni effectif ni poids dans la population de référence"
        raise ValueError(msg)
    moyen = (gens @ recours) / gens.sum()
    totaux = table.sum(axis=1)
    besoins = np.ones(len(totaux))
    np.divide(table @ recours, totaux * moyen, out=besoins, where=totaux > 0)
    return besoins


def acces_type_apl(
    couples: Couples,
    *,
    effectifs: npt.ArrayLike,
    poids_age: npt.ArrayLike,
    offre: npt.ArrayLike,
    decroissance: Decroissance,
    pour: float = 100_000,
    reference: npt.ArrayLike | None = None,
) -> AccesFlottant:
    """Renvoie un accès du type de l'APL : E2SFCA, la demande pondérée par l'âge.

    Ce n'est pas l'APL publiée par la DREES. L'APL se construit ainsi, mais avec l'activité réelle
    des professionnels, tirée de l'assurance maladie, des âges et des temps de trajet de la
    DREES ; ses paramètres ont changé depuis 2012. Ici l'offre, les poids par âge et la
    décroissance sont ceux que l'on donne.

    Parameters
    ----------
    effectifs, poids_age, reference
        Voir `besoin_par_age`.
    offre
        Offre de chaque arrivée.
    pour
        Nombre de personnes (standardisées) auquel le résultat est rapporté : 1 000 ou 100 000.

    Raises
    ------
    ValueError
        Voir `besoin_par_age` et `acces_flottant`.

    References
    ----------
    Barlet, Coldefy, Collin et Lucas-Gabrielli (2012), DREES, *Études et Résultats*, n° 795.
    """
    mesure = acces_flottant(
        couples,
        population=np.asarray(effectifs, dtype=float).sum(axis=-1),
        offre=offre,
        decroissance=decroissance,
        besoin=besoin_par_age(effectifs, poids_age, reference=reference),
    )
    return AccesFlottant(
        par_depart=mesure.par_depart * pour,
        par_arrivee=mesure.par_arrivee * pour,
        demande=mesure.demande,
        non_atteinte=mesure.non_atteinte,
    )


def encadrer_acces(
    couples: Couples,
    *,
    population: Encadrement,
    offre: Encadrement,
    decroissance: Decroissance,
    selection: bool | Decroissance = False,
) -> Encadrement:
    """Renvoie l'accès par départ, avec les bornes que permettent temps, demande et offre.

    Un trajet plus court rapproche le service, mais aussi les autres personnes qui s'y rendent :
    la mesure ne varie pas dans un seul sens, et la calculer avec tous les temps bas puis tous les
    temps hauts ne l'encadre pas. Elle est en revanche monotone en chaque terme, pris un à un :
    l'accès d'un départ croît avec ses propres poids et avec l'offre, décroît avec la demande et
    avec les poids des autres. Les bornes s'écrivent donc départ par départ, sans tirage : pour la
    haute, ses trajets au plus court, ceux des autres au plus long, offre haute, demande basse.

    Parameters
    ----------
    couples
        Tous les couples dont la borne **basse** est sous la portée de la décroissance ; il en
        manque, et la borne haute est trop basse.
    population
        Demande de chaque départ (population × besoin).
    offre
        Offre de chaque arrivée.

    Notes
    -----
    Sans sélection, les bornes sont atteintes, chaque trajet variant librement dans sa bande : ce
    sont les pires cas, plus larges que ce que donnerait une erreur commune à tous les trajets.
    Avec sélection (3SFCA), les poids d'un départ sont liés entre eux et les bornes, prises poids
    par poids, sont plus larges que nécessaire. La borne haute est infinie si la demande qui
    atteint un service peut être nulle ou non.

    Raises
    ------
    ValueError
        Valeurs inconnues, négatives ou d'une autre longueur que les points.
    """
    demande, capacite = _demande(couples, population), _offre(couples, offre)
    central = acces_flottant(
        couples,
        population=demande.central,
        offre=capacite.central,
        decroissance=decroissance,
        selection=selection,
    ).par_depart
    courts, longs = decroissance.poids(couples.bas), decroissance.poids(couples.haut)
    if selection:
        proches, loin = courts, longs
        if selection is not True:
            proches, loin = selection.poids(couples.bas), selection.poids(couples.haut)
        courts = courts * _choix(couples, proches, loin)
        longs = longs * _choix(couples, loin, proches)
    petite, grande = demande.bas[couples.depart], demande.haut[couples.depart]
    basse = _par_arrivee(couples, longs * petite)
    haute = _par_arrivee(couples, courts * grande)
    # Les autres, puis soi : la demande de chaque couple garde le poids propre du départ.
    plancher = np.maximum(basse[couples.arrivee] - longs * petite, 0) + courts * petite
    sommet = np.maximum(haute[couples.arrivee] - courts * grande, 0) + longs * grande
    sure = (longs > 0) & (basse[couples.arrivee] > _DEMANDE_MINIMALE)
    bas = np.zeros_like(longs)
    np.divide(longs * capacite.bas[couples.arrivee], sommet, out=bas, where=sure)
    au_mieux = courts * capacite.haut[couples.arrivee]
    possible = (au_mieux > 0) & (haute[couples.arrivee] > _DEMANDE_MINIMALE)
    haut = np.where(possible, np.inf, 0.0)
    np.divide(au_mieux, plancher, out=haut, where=plancher > _DEMANDE_MINIMALE)
    # Aux arrondis près, une borne égale à la valeur ne passe pas de l'autre côté.
    return Encadrement(
        central=central,
        bas=np.minimum(_par_depart(couples, bas), central),
        haut=np.maximum(_par_depart(couples, haut), central),
    )


def _choix(couples: Couples, propres: Reels, autres: Reels) -> Reels:
    """Probabilité de choisir chaque arrivée, les autres du départ ayant les poids ``autres``."""
    sommes = _par_depart(couples, autres)[couples.depart] - autres + propres
    probabilites = np.zeros_like(propres)
    np.divide(propres, np.maximum(sommes, propres), out=probabilites, where=propres > 0)
    return probabilites


def _minimum(couples: Couples, valeurs: Reels) -> Reels:
    """Minimum par départ, ``nan`` sans couple ; les couples sont triés par départ."""
    minimum = np.full(couples.n_departs, np.nan)
    if len(valeurs):
        debuts = np.flatnonzero(np.diff(couples.depart, prepend=-1))
        minimum[couples.depart[debuts]] = np.minimum.reduceat(valeurs, debuts)
    return minimum


def _par_depart(couples: Couples, valeurs: Reels) -> Reels:
    sommes = np.bincount(couples.depart, weights=valeurs, minlength=couples.n_departs)
    return np.asarray(sommes, dtype=float)


def _par_arrivee(couples: Couples, valeurs: Reels) -> Reels:
    sommes = np.bincount(couples.arrivee, weights=valeurs, minlength=couples.n_arrivees)
    return np.asarray(sommes, dtype=float)


def _valeurs(valeurs: npt.ArrayLike, longueur: int, nom: str) -> Reels:
    table = np.asarray(valeurs, dtype=float)
    if table.shape != (longueur,):
        msg = f"{nom} : {table.shape} valeurs pour {longueur} points"
        raise ValueError(msg)
    fautes = ~(np.isfinite(table) & (table >= 0))
    if fautes.any():
        rang = int(np.flatnonzero(fautes)[0])
        msg = (
            f"{nom} : {int(fautes.sum())} valeurs inconnues ou négatives, d'abord {table[rang]} au "
            f"rang {rang} ; écarter ces points ou dire ce qu'on leur suppose"
        )
        raise ValueError(msg)
    return table


def _encadrement(valeurs: Encadrement | npt.ArrayLike, longueur: int, nom: str) -> Encadrement:
    donnees = valeurs if isinstance(valeurs, Encadrement) else Encadrement.sans_marge(valeurs)
    return Encadrement(
        central=_valeurs(donnees.central, longueur, nom),
        bas=_valeurs(donnees.bas, longueur, nom),
        haut=_valeurs(donnees.haut, longueur, nom),
    )


def _offre(couples: Couples, offre: Encadrement | npt.ArrayLike) -> Encadrement:
    return _encadrement(offre, couples.n_arrivees, "offre")


def _demande(couples: Couples, population: Encadrement | npt.ArrayLike) -> Encadrement:
    return _encadrement(population, couples.n_departs, "population")
