"""Constats de coordination : chevauchements, trous, domaines orphelins, échéances."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any, Literal

import polars as pl

from solidiag.model.coordination import CONSTATEES, CONSTATS_COORDINATION
from solidiag.offre.coordination.registre import Situer, en_table
from solidiag.offre.noms import simplifier

PROCHE_MOIS = 12
"""Une fin à moins de douze mois est proche : le temps de préparer la suite."""

Situation = Literal["passee", "proche", "a_venir", "inconnue"]

_TOUS = "tous publics"
_MOTS_VIDES = frozenset([
    "a", "au", "aux", "avec", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "par",
    "pour", "un", "une",
])  # fmt: skip


def situer_echeance(fin: str | None, jour: date) -> Situation:
    """Dit si une fin (AAAA, AAAA-MM ou AAAA-MM-JJ) est passée, proche ou à venir.

    Une année nue finit le 31 décembre, un mois à son dernier jour. Une date qui n'a pas cette forme
    est inconnue.

    Examples
    --------
    >>> situer_echeance("2026", date(2026, 11, 24)), situer_echeance("2026-10", date(2026, 11, 24))
    ('proche', 'passee')
    >>> situer_echeance("2030", date(2026, 11, 24)), situer_echeance(None, date(2026, 11, 24))
    ('a_venir', 'inconnue')
    """
    dernier = _jour(fin, fin=True)
    if dernier is None:
        return "inconnue"
    if dernier < jour:
        return "passee"
    mois = (dernier.year - jour.year) * 12 + dernier.month - jour.month
    if mois < PROCHE_MOIS or (mois == PROCHE_MOIS and dernier.day <= jour.day):
        return "proche"
    return "a_venir"


def echeances(
    dispositifs: pl.DataFrame,
    actions: pl.DataFrame,
    *,
    jour: date,
    situer: Situer,
    departement: str,
) -> list[dict[str, Any]]:
    """Renvoie le calendrier des fins connues, de la plus ancienne à la plus lointaine.

    ``objet`` : « fin passée », « fin proche » ou « fin à venir », suivi du nom. Un dispositif sans
    date de fin n'y est pas : sa fin est inconnue. ``territoire`` est le sien s'il n'en a qu'un,
    ou celui de la matrice où ils sont tous, sinon le département.
    """
    dits = {"passee": "fin passée", "proche": "fin proche", "a_venir": "fin à venir"}
    lignes = []
    for genre, table in (("dispositif", dispositifs), ("action", actions)):
        for ligne in table.filter(pl.col("fin").is_not_null()).iter_rows(named=True):
            situation = situer_echeance(ligne["fin"], jour)
            if situation == "inconnue":
                continue
            lieux = list(ligne["territoires"] or ())
            locaux = {next(iter(situer(lieu)), departement) for lieu in lieux}
            commun = locaux.pop() if len(locaux) == 1 else departement
            nomme = ligne["id"] if genre == "dispositif" else ligne["dispositif"]
            porteur = ligne["pilote"] if genre == "dispositif" else ligne["acteur"]
            lignes.append(
                {
                    "genre": "echeance",
                    "domaine": None if genre == "dispositif" else ligne["domaine"],
                    "territoire": lieux[0] if len(lieux) == 1 else commun,
                    "acteurs": [porteur] if porteur else [],
                    "dispositifs": [nomme] if nomme else [],
                    "objet": f"{dits[situation]} : {ligne['nom']}",
                    "date": ligne["fin"],
                    "confiance": "etabli" if ligne["provenance"] == "gabarit" else "a_verifier",
                }
            )
    return sorted(lignes, key=lambda ligne: _rang_de_fin(str(ligne["date"]), str(ligne["objet"])))


def _rang_de_fin(fin: str, objet: str) -> tuple[str, str, str]:
    """Range une fin à son dernier jour : une année nue après ses mois."""
    return str(_jour(fin, fin=True)), fin, objet


def chevauchements(
    actions: pl.DataFrame, *, situer: Situer, departement: str
) -> list[dict[str, Any]]:
    """Renvoie les paires d'actions de même domaine, même but, même public et même territoire.

    Le but est comparé sans accents, sans mots vides, dans n'importe quel ordre. ``etabli`` si les
    publics, les territoires et les périodes sont dits et se recoupent ; ``a_verifier`` si l'un
    d'eux n'est pas dit. Deux actions du même acteur dans le même dispositif n'en font pas.
    """
    lots: dict[tuple[str, frozenset[str]], list[dict[str, Any]]] = defaultdict(list)
    for action in actions.sort("id", nulls_last=True).iter_rows(named=True):
        but = _mots(action["but"])
        if action["domaine"] and action["domaine"] != "hors-champ" and but:
            lots[action["domaine"], but].append(action)
    lignes = []
    for (domaine, _), lot in sorted(lots.items(), key=lambda paire: paire[0][0]):
        for a, b in combinations(lot, 2):
            if (a["acteur"], a["dispositif"]) == (b["acteur"], b["dispositif"]):
                continue
            lieux = _lieux_communs(a, b, situer=situer, departement=departement)
            publics = _recoupe(_simples(a["publics"]), _simples(b["publics"]))
            periodes = _periodes(a, b)
            if lieux is None or publics is False or periodes is False:
                continue
            sur = bool(lieux) and publics is True and periodes is True
            lignes.append(
                {
                    "genre": "chevauchement",
                    "domaine": domaine,
                    "territoire": next(iter(lieux), None),
                    "acteurs": sorted({x for x in (a["acteur"], b["acteur"]) if x}),
                    "dispositifs": sorted({x for x in (a["dispositif"], b["dispositif"]) if x}),
                    "objet": f"{a['nom']} / {b['nom']} : {a['but']}",
                    "date": None,
                    "confiance": "etabli" if sur else "a_verifier",
                }
            )
    return lignes


def trous(
    roles: pl.DataFrame, domaines: Sequence[str], territoires: Sequence[str]
) -> list[dict[str, Any]]:
    """Renvoie les couples domaine × territoire où aucun acteur n'est constaté.

    Inconnu d'après les sources réunies, et non absent : ``confiance`` vaut toujours ``inconnu``.
    """
    constates = set(
        roles.filter(pl.col("provenance").is_in(list(CONSTATEES)))
        .select("domaine", "territoire")
        .iter_rows()
    )
    return [
        {
            "genre": "trou",
            "domaine": domaine,
            "territoire": territoire,
            "acteurs": [],
            "dispositifs": [],
            "objet": "aucun acteur connu d'après les sources réunies",
            "date": None,
            "confiance": "inconnu",
        }
        for domaine in domaines
        for territoire in territoires
        if (domaine, territoire) not in constates
    ]


def orphelins(
    dispositifs: pl.DataFrame,
    actions: pl.DataFrame,
    domaines: Sequence[str],
    *,
    departement: str,
    prevus: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """Renvoie les domaines qu'aucun dispositif ni aucune action connus ne portent.

    ``dispositifs`` cite les types que les textes prévoient pour le domaine : la question à poser.

    Parameters
    ----------
    prevus
        Domaine → identifiants des types de dispositifs qui le touchent d'ordinaire.
    """
    portes = {d for lot in dispositifs["domaines"].drop_nulls().to_list() for d in lot}
    portes |= set(actions["domaine"].drop_nulls())
    return [
        {
            "genre": "orphelin",
            "domaine": domaine,
            "territoire": departement,
            "acteurs": [],
            "dispositifs": list(prevus.get(domaine, ())),
            "objet": "aucun dispositif connu d'après les sources réunies",
            "date": None,
            "confiance": "inconnu",
        }
        for domaine in domaines
        if domaine not in portes
    ]


def table_des_constats(*lots: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Renvoie les constats réunis, au schéma `CONSTATS_COORDINATION`."""
    return en_table((ligne for lot in lots for ligne in lot), CONSTATS_COORDINATION)


def _jour(texte: str | None, *, fin: bool) -> date | None:
    """Jour d'une date AAAA, AAAA-MM ou AAAA-MM-JJ : le dernier de la période, ou le premier."""
    try:
        nombres = [int(partie) for partie in (texte or "").split("-")]
        annee = nombres[0]
        mois = nombres[1] if len(nombres) > 1 else (12 if fin else 1)
        dernier = calendar.monthrange(annee, mois)[1]
        return date(annee, mois, nombres[2] if len(nombres) > 2 else (dernier if fin else 1))
    except ValueError:
        return None


def _mots(but: str | None) -> frozenset[str]:
    return frozenset(mot for mot in simplifier(but or "").split() if mot not in _MOTS_VIDES)


def _simples(publics: Sequence[str] | None) -> frozenset[str]:
    return frozenset(simplifier(public) for public in publics or () if public)


def _recoupe(a: frozenset[str], b: frozenset[str]) -> bool | None:
    """Vrai si deux ensembles dits se recoupent, faux sinon, rien si l'un n'est pas dit."""
    if not a or not b:
        return None
    return _TOUS in a or _TOUS in b or bool(a & b)


def _lieux_communs(
    a: Mapping[str, Any], b: Mapping[str, Any], *, situer: Situer, departement: str
) -> list[str] | None:
    """Territoires communs ; liste vide si l'un n'en dit pas ; rien s'ils ne se recoupent pas.

    Une action départementale recoupe toutes les autres.
    """
    dits = [list(action["territoires"] or ()) for action in (a, b)]
    if not all(dits):
        return []
    locaux = [{t for lieu in lieux for t in situer(lieu)} - {departement} for lieux in dits]
    partout = [any(tuple(situer(lieu)) == (departement,) for lieu in lieux) for lieux in dits]
    communs = locaux[0] & locaux[1]
    if partout[0]:
        communs |= locaux[1]
    if partout[1]:
        communs |= locaux[0]
    if all(partout):
        communs.add(departement)
    return sorted(communs) or None


def _periodes(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool | None:
    debuts = [_jour(action["debut"], fin=False) for action in (a, b)]
    fins = [_jour(action["fin"], fin=True) for action in (a, b)]
    for fin, debut in ((fins[0], debuts[1]), (fins[1], debuts[0])):
        if fin is not None and debut is not None and fin < debut:
            return False
    return None if None in (*debuts, *fins) else True
