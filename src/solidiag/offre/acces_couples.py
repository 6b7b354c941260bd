"""Couples point-lieu d'un département : calculés une fois, filtrés par domaine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from solidiag.geography.accessibilite import Encadrement, PlusProche, plus_proche
from solidiag.geography.couples import Couples, Entiers, Itineraires
from solidiag.offre.acces_groupes import Booleens, Reels

_COUPLES_LOINTAINS = 2_000_000
"""Au-delà, les lieux ne sont cherchés qu'à la limite utile : le plus proche y suffit presque."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Terrain:
    """Points, lieux et couples d'un département.

    Parameters
    ----------
    points
        Schéma `POINTS` ; les ``n_ici`` premiers sont ceux du département et de ses
        intercommunalités, les suivants ceux des voisins, qui partagent l'offre.
    lieux
        Schéma `LIEUX`, tous domaines.
    couples
        Couples à portée ; jusqu'au plafond pour les points d'ici.
    bord
        Couples des communes d'ici vers les communes voisines, dont ``departements`` donne le
        département ; ``communes`` est le rang de la commune de chaque point d'ici.
    """

    points: pl.DataFrame
    lieux: pl.DataFrame
    n_ici: int
    couples: Couples
    bord: Couples
    communes: Entiers
    departements: tuple[str, ...]
    zones: dict[str, frozenset[str]] = field(default_factory=dict)
    _limites: dict[frozenset[str], PlusProche] = field(default_factory=dict)

    @classmethod
    def depuis(
        cls,
        points: pl.DataFrame,
        lieux: pl.DataFrame,
        communes: pl.DataFrame,
        *,
        itineraires: Itineraires,
        n_ici: int,
        limite: float,
        plafond: float,
    ) -> Terrain:
        """Renvoie le terrain, ses couples calculés par le fournisseur.

        Parameters
        ----------
        communes
            ``code, departement, epci, ici, latitude, longitude`` et ce que demande le fournisseur.
        limite
            Minutes utiles aux mesures ; élargies à la bande du fournisseur.
        plafond
            Minutes jusqu'où l'on cherche le lieu le plus proche d'un point d'ici.
        """
        elargir = getattr(itineraires, "limite_de_bande", float)
        utile = float(elargir(limite))
        ici, autour = points.head(n_ici), points.slice(n_ici)
        loin = max(utile, plafond) if n_ici * lieux.height <= _COUPLES_LOINTAINS else utile
        siennes = communes.filter("ici").sort("code")
        rangs = {code: rang for rang, code in enumerate(siennes["code"])}
        voisines = communes.filter(~pl.col("ici") & pl.col("latitude").is_not_null()).sort("code")
        return cls(
            points=points,
            lieux=lieux,
            n_ici=n_ici,
            couples=_empiler(
                itineraires.couples(ici, lieux, limite=loin),
                itineraires.couples(autour, lieux, limite=utile),
            ),
            bord=itineraires.couples(siennes, voisines, limite=plafond),
            communes=np.array([rangs[code] for code in ici["code"]], dtype=np.int32),
            departements=tuple(voisines["departement"]),
            zones=_zones(communes),
        )

    def vers_non_couvertes(self, couverts: frozenset[str]) -> PlusProche:
        """Renvoie le temps de chaque point d'ici à la commune voisine qu'aucune source ne couvre.

        C'est celui de sa commune : la limite est une convention, à quelques kilomètres près.

        Parameters
        ----------
        couverts
            Départements couverts. Sans commune découverte à portée, le temps est infini.
        """
        if couverts not in self._limites:
            decouvertes = np.array([d not in couverts for d in self.departements], dtype=bool)
            trouve = plus_proche(garder(self.bord, decouvertes[self.bord.arrivee]))
            self._limites[couverts] = PlusProche(
                arrivee=trouve.arrivee[self.communes],
                temps=infini(trouve.temps)[self.communes],
                bas=infini(trouve.bas)[self.communes],
                haut=infini(trouve.haut)[self.communes],
            )
        return self._limites[couverts]

    def couples_vers(self, retenus: pl.DataFrame) -> Couples:
        """Renvoie les couples vers ces seuls lieux, numérotés dans leur ordre.

        Un lieu réservé à une zone n'est à portée que d'elle ; un service à domicile y est à 0
        minute.

        Parameters
        ----------
        retenus
            Lignes de ``lieux``.
        """
        rangs = {nom: rang for rang, nom in enumerate(retenus["id"])}
        nouveaux = np.array(
            [
                rangs.get(nom, -1) if genre != "domicile" else -1
                for nom, genre in self.lieux.select("id", "genre").iter_rows()
            ],
            dtype=np.int32,
        )
        ancien = np.full(self.lieux.height, -1, dtype=np.int64)
        vus: set[int] = set()
        for rang, nouveau in enumerate(nouveaux):
            # Un service de plusieurs catégories n'est rejoint qu'une fois.
            if nouveau >= 0 and nouveau not in vus:
                vus.add(int(nouveau))
                ancien[rang] = nouveau
        arrivee = ancien[self.couples.arrivee]
        gardes = arrivee >= 0
        codes = self.points["code"].to_list()
        ajouts: list[tuple[int, int]] = []
        for rang, (genre, zone) in enumerate(retenus.select("genre", "zone").iter_rows()):
            if not zone:
                continue
            communes = frozenset().union(*(self.zones.get(code, frozenset()) for code in zone))
            partout = "france" in {str(code).lower() for code in zone}
            dedans = np.array([partout or code in communes for code in codes], dtype=bool)
            if genre == "domicile":
                ajouts += [(int(depart), rang) for depart in np.flatnonzero(dedans)]
            elif not partout:
                gardes &= (arrivee != rang) | dedans[self.couples.depart]
        return _assembler(
            self.couples, gardes, arrivee.astype(np.int32), ajouts, n_arrivees=retenus.height
        )


def services_a_portee(couples: Couples, services: pl.Series, *, seuil: float) -> Encadrement:
    """Renvoie, par point, le nombre de services distincts à ``seuil`` minutes au plus.

    Parameters
    ----------
    services
        Service de chaque arrivée : les arrêts d'une même tournée n'en font qu'un.
    """
    numeros = services.rank("dense").to_numpy().astype(np.int64)
    total = int(numeros.max(initial=0)) + 1
    cles = couples.depart.astype(np.int64) * total + numeros[couples.arrivee]

    doubles = services.n_unique() < len(services)

    def compter(temps: Reels) -> Reels:
        dedans = cles[temps <= seuil]
        distincts = (np.unique(dedans) if doubles else dedans) // total
        return np.bincount(distincts, minlength=couples.n_departs).astype(float)

    return Encadrement(
        central=compter(couples.temps), bas=compter(couples.haut), haut=compter(couples.bas)
    )


def ouverts_a_portee(couples: Couples, ouverts: pl.Series, *, seuil: float) -> Encadrement:
    """Renvoie, par point, 100 si un lieu connu pour ouvrir est à portée, 0 sinon.

    La borne basse tient au trajet le plus long, la haute au plus court. Un lieu aux horaires
    inconnus n'y est jamais : la mesure est « au moins ».

    Parameters
    ----------
    ouverts
        Vrai, faux ou inconnu, par arrivée.
    """
    oui = ouverts.fill_null(value=False).to_numpy()[couples.arrivee]

    def un(designes: Booleens) -> Reels:
        vus = np.bincount(couples.depart[designes], minlength=couples.n_departs)
        return np.where(vus > 0, 100.0, 0.0)

    return Encadrement(
        central=un(oui & (couples.temps <= seuil)),
        bas=un(oui & (couples.haut <= seuil)),
        haut=un(oui & (couples.bas <= seuil)),
    )


def tete(valeurs: Encadrement, n: int) -> Encadrement:
    """Renvoie les ``n`` premières valeurs."""
    return Encadrement(central=valeurs.central[:n], bas=valeurs.bas[:n], haut=valeurs.haut[:n])


def fois(valeurs: Encadrement, facteur: float) -> Encadrement:
    """Renvoie les valeurs multipliées."""
    return Encadrement(
        central=valeurs.central * facteur, bas=valeurs.bas * facteur, haut=valeurs.haut * facteur
    )


def _empiler(ici: Couples, autour: Couples) -> Couples:
    return Couples(
        n_departs=ici.n_departs + autour.n_departs,
        n_arrivees=ici.n_arrivees,
        depart=np.concatenate([ici.depart, autour.depart + np.int32(ici.n_departs)]),
        arrivee=np.concatenate([ici.arrivee, autour.arrivee]),
        temps=np.concatenate([ici.temps, autour.temps]),
        bas=np.concatenate([ici.bas, autour.bas]),
        haut=np.concatenate([ici.haut, autour.haut]),
    )


def garder(couples: Couples, gardes: Booleens) -> Couples:
    """Renvoie les seuls couples désignés."""
    return Couples(
        n_departs=couples.n_departs,
        n_arrivees=couples.n_arrivees,
        depart=couples.depart[gardes],
        arrivee=couples.arrivee[gardes],
        temps=couples.temps[gardes],
        bas=couples.bas[gardes],
        haut=couples.haut[gardes],
    )


def _assembler(
    couples: Couples,
    gardes: Booleens,
    arrivee: Entiers,
    ajouts: list[tuple[int, int]],
    *,
    n_arrivees: int,
) -> Couples:
    """Couples gardés et ajoutés (à 0 minute), triés par départ."""
    if not ajouts:
        return replace(garder(couples, gardes), n_arrivees=n_arrivees, arrivee=arrivee[gardes])
    plus = np.array(ajouts, dtype=np.int32).reshape(-1, 2)
    depart = np.concatenate([couples.depart[gardes], plus[:, 0]])
    vers = np.concatenate([arrivee[gardes], plus[:, 1]])
    ordre = np.lexsort((vers, depart))
    zeros = np.zeros(len(plus))
    return Couples(
        n_departs=couples.n_departs,
        n_arrivees=n_arrivees,
        depart=depart[ordre],
        arrivee=vers[ordre],
        temps=np.concatenate([couples.temps[gardes], zeros])[ordre],
        bas=np.concatenate([couples.bas[gardes], zeros])[ordre],
        haut=np.concatenate([couples.haut[gardes], zeros])[ordre],
    )


def infini(temps: Reels) -> Reels:
    """Renvoie les temps, infinis là où rien n'est à portée."""
    return np.where(np.isnan(temps), np.inf, temps)


def _zones(communes: pl.DataFrame) -> dict[str, frozenset[str]]:
    """Code de commune, d'EPCI ou de département → communes."""
    zones: dict[str, set[str]] = {}
    for code, departement, epci in communes.select("code", "departement", "epci").iter_rows():
        for zone in (code, departement, epci):
            if zone:
                zones.setdefault(zone, set()).add(code)
    return {zone: frozenset(codes) for zone, codes in zones.items()}
