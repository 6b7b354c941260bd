"""Qui fait quoi où : rôle de chaque acteur, par domaine et territoire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from solidiag.model.coordination import ROLES
from solidiag.offre.coordination.acteurs import Acteur
from solidiag.offre.coordination.registre import Registres, Situer, en_table

ROLES_CONNUS = ("pilote", "finance", "met_en_oeuvre", "accueille", "partenaire")


def situer_dans(
    territoires: Mapping[str, str],
    *,
    departement: str,
    locaux: Sequence[str],
    dehors: Collection[str] = (),
) -> Situer:
    """Renvoie de quoi ramener un territoire à ceux de la matrice.

    Une commune compte dans son intercommunalité et dans le département ; le département ne compte
    qu'au département : un rôle départemental ne dit pas qu'il s'exerce partout. Un territoire
    inconnu compte au département.

    Parameters
    ----------
    territoires
        Code de commune → territoire local.
    locaux
        Territoires locaux de la matrice.
    dehors
        Codes des communes d'un autre département : elles ne comptent que dans leur
        intercommunalité.
    """
    connus, autres = frozenset(locaux), frozenset(dehors)

    def situer(territoire: str) -> Sequence[str]:
        local, code = territoire, ""
        if territoire.startswith("COM-"):
            code = territoire.removeprefix("COM-")
            local = territoires.get(code, departement)
        if local not in connus:
            return () if code in autres else (departement,)
        return (local,) if code in autres else (local, departement)

    return situer


def roles_des_services(
    services: pl.DataFrame, acteurs: Mapping[str, Acteur], *, situer: Situer, departement: str
) -> list[dict[str, Any]]:
    """Renvoie les rôles ``accueille`` : un acteur rend un service du domaine dans le territoire.

    ``nombre`` compte les services distincts, doublons réunis.
    """
    groupes: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    origines: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for ligne in services.iter_rows(named=True):
        acteur = acteurs.get(ligne["id"])
        if acteur is None:
            continue
        lieu = f"COM-{ligne['code_insee']}" if ligne["code_insee"] else departement
        for domaine in ligne["domaines"] or ():
            for territoire in situer(lieu):
                cle = (domaine, territoire, acteur.id)
                groupes[cle].add(ligne["groupe"] or ligne["id"])
                origines[cle].add(ligne["origin"] or "")
    return [
        {
            "domaine": domaine,
            "territoire": territoire,
            "acteur": acteur_id,
            "role": "accueille",
            "nombre": len(membres),
            "provenance": "public",
            "origin": " ; ".join(sorted(origines[domaine, territoire, acteur_id])),
        }
        for (domaine, territoire, acteur_id), membres in sorted(groupes.items())
    ]


def roles_des_registres(registres: Registres, *, situer: Situer) -> list[dict[str, Any]]:
    """Renvoie les rôles que disent les dispositifs, les actions et les acteurs d'un classeur."""
    comptes: dict[tuple[str, str, str, str, str], int] = defaultdict(int)
    origines: dict[tuple[str, str, str, str, str], set[str]] = defaultdict(set)

    def dire(
        acteur: str | None, role: str, domaines: Iterable[str | None], ligne: Mapping[str, Any]
    ) -> None:
        if not acteur:
            return
        lieux = {t for lieu in ligne["territoires"] or () for t in situer(lieu)}
        for domaine in domaines:
            if not domaine or domaine == "hors-champ":
                continue
            for territoire in lieux:
                cle = (domaine, territoire, acteur, role, str(ligne["provenance"]))
                comptes[cle] += 1
                origines[cle].add(ligne["origin"] or ligne["source"] or "")

    for dispositif in registres.dispositifs.iter_rows(named=True):
        dire(dispositif["pilote"], "pilote", dispositif["domaines"] or (), dispositif)
        for financeur in dispositif["financeurs"] or ():
            dire(financeur, "finance", dispositif["domaines"] or (), dispositif)
    for action in registres.actions.iter_rows(named=True):
        dire(action["acteur"], "met_en_oeuvre", (action["domaine"],), action)
        for partenaire in action["partenaires"] or ():
            dire(partenaire, "partenaire", (action["domaine"],), action)
    for acteur in registres.acteurs.filter(pl.col("provenance") == "gabarit").iter_rows(named=True):
        role = acteur["role"] if acteur["role"] in ROLES_CONNUS else "partenaire"
        dire(acteur["id"], role, acteur["competences"] or (), acteur)
    return [
        {
            "domaine": domaine,
            "territoire": territoire,
            "acteur": acteur,
            "role": role,
            "nombre": nombre,
            "provenance": provenance,
            "origin": " ; ".join(sorted(o for o in origines[cle] if o)) or None,
        }
        for cle, nombre in sorted(comptes.items())
        for domaine, territoire, acteur, role, provenance in [cle]
    ]


def matrice(
    constates: Iterable[Mapping[str, Any]],
    prevus: Iterable[Mapping[str, Any]],
    *,
    departement: str,
) -> pl.DataFrame:
    """Renvoie la matrice au schéma `ROLES`, rôles constatés et prévus tenus à part.

    Parameters
    ----------
    constates
        Lignes au schéma, de provenance ``public``, ``deduit`` ou ``gabarit``.
    prevus
        Lignes ``domaine, acteur, role`` de la grille : ils valent au département.
    """
    lignes = list(constates)
    lignes += [
        {
            **ligne,
            "territoire": departement,
            "nombre": 1,
            "provenance": "texte",
            "origin": "grille",
        }
        for ligne in prevus
    ]
    table = en_table(lignes, ROLES)
    return table.sort("domaine", "territoire", "provenance", "role", "acteur")
