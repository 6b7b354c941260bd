"""France Travail : présence, liens trouvés, parcours d'accompagnement et maillon manquant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from solidiag.model.coordination import (
    CONSTATEES,
    FRANCE_TRAVAIL,
    LIENS_FRANCE_TRAVAIL,
    PARCOURS,
)
from solidiag.offre.coordination.registre import en_table

ID = "france-travail"
"""Identifiant de l'institution et de la catégorie de ses agences."""

ETAPES = ("orientation", "diagnostic", "referent", "suivi")
"""Étapes du parcours, dans l'ordre."""

TEMPS = "offre.of_agences_emploi.temps"
"""Mesure du temps estimé jusqu'à l'agence la plus proche."""

_RANG = {"absent": 0, "etabli": 1, "inconnu": 2}
"""Ce qu'une personne a écrit prime ; deux dires contraires laissent voir l'absence."""


def parcours_complet(parcours: pl.DataFrame, territoires: Sequence[str]) -> pl.DataFrame:
    """Renvoie le parcours avec une ligne au moins par territoire et étape, au schéma `PARCOURS`.

    Une étape que personne n'a renseignée est ``inconnu``, de provenance ``deduit``. Une ligne dont
    l'étape n'est pas du parcours reste, en fin de table.
    """
    dites = set(parcours.select("territoire", "etape").iter_rows())
    vides = [
        {
            "territoire": territoire,
            "etape": etape,
            "etat": "inconnu",
            "precision": "aucune source réunie ne le dit",
            "provenance": "deduit",
        }
        for territoire in territoires
        for etape in ETAPES
        if (territoire, etape) not in dites
    ]
    rang = {etape: i for i, etape in enumerate(ETAPES)}
    return (
        pl.concat([parcours, en_table(vides, PARCOURS)])
        .with_columns(
            pl.col("etape")
            .replace_strict(rang, default=len(ETAPES), return_dtype=pl.Int64)
            .alias("_r")
        )
        .sort("territoire", "_r", "domaine", nulls_last=False, maintain_order=True)
        .drop("_r")
    )


def etat_des_etapes(parcours: pl.DataFrame) -> dict[str, dict[str, str]]:
    """Renvoie l'état de chaque étape par territoire : ``etabli``, ``absent`` ou ``inconnu``.

    Si plusieurs lignes parlent de la même étape (un domaine chacune, ou deux personnes), une
    absence écrite l'emporte : c'est ce qu'il faut aller voir.
    """
    etats: dict[str, dict[str, str]] = defaultdict(lambda: dict.fromkeys(ETAPES, "inconnu"))
    for territoire, etape, etat in parcours.select("territoire", "etape", "etat").iter_rows():
        if territoire is None or etape not in ETAPES or etat not in _RANG:
            continue
        actuel = etats[territoire][etape]
        etats[territoire][etape] = min(actuel, etat, key=lambda x: _RANG[x])
    return dict(etats)


def maillon_manquant(etapes: Mapping[str, str]) -> tuple[str, str] | None:
    """Renvoie la première étape qui n'est pas établie et son état, ou rien.

    Examples
    --------
    >>> maillon_manquant({"orientation": "etabli", "diagnostic": "absent"})
    ('diagnostic', 'absent')
    """
    for etape in ETAPES:
        etat = etapes.get(etape, "inconnu")
        if etat != "etabli":
            return etape, etat
    return None


def constats_du_parcours(
    parcours: pl.DataFrame, territoires: Sequence[str]
) -> list[dict[str, Any]]:
    """Renvoie un constat ``maillon_manquant`` par territoire dont le parcours n'est pas établi."""
    etats = etat_des_etapes(parcours)
    lignes = []
    for territoire in territoires:
        manque = maillon_manquant(etats.get(territoire, {}))
        if manque is None:
            continue
        etape, etat = manque
        lignes.append(
            {
                "genre": "maillon_manquant",
                "domaine": None,
                "territoire": territoire,
                "acteurs": [ID],
                "dispositifs": [],
                "objet": etape,
                "date": None,
                "confiance": "etabli" if etat == "absent" else "inconnu",
            }
        )
    return lignes


def presence(
    services: pl.DataFrame,
    observations: pl.DataFrame,
    liens: pl.DataFrame,
    parcours: pl.DataFrame,
    *,
    territoires: Sequence[str],
    situer: Callable[[str], Sequence[str]],
    departement: str,
) -> pl.DataFrame:
    """Renvoie la place de France Travail dans chaque territoire, au schéma `FRANCE_TRAVAIL`.

    Parameters
    ----------
    services
        Inventaire au schéma `SERVICES` ; les agences sont la catégorie ``france-travail``.
    observations
        Mesures d'offre au schéma `OBSERVATIONS`, où se lit le temps jusqu'à la plus proche.
    situer
        Ramène un territoire à ceux de la matrice (`solidiag.offre.coordination.matrice`).
    """
    agences = services.filter(pl.col("categorie") == ID)
    temps = {
        ligne["territoire"]: ligne
        for ligne in observations.filter(pl.col("indicateur") == TEMPS)
        .sort("periode")
        .iter_rows(named=True)
    }
    lieux: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for ligne in agences.iter_rows(named=True):
        lieu = f"COM-{ligne['code_insee']}" if ligne["code_insee"] else departement
        for territoire in situer(lieu):
            lieux[territoire]["agences"].add(ligne["groupe"] or ligne["id"])
            lieux[territoire]["communes"].add(ligne["commune"] or ligne["code_insee"] or "")
    siens = liens.filter(
        pl.col("provenance").is_in(list(CONSTATEES)),
        (pl.col("acteur_a") == ID) | (pl.col("acteur_b") == ID),
    )
    relies: dict[str, list[str]] = defaultdict(list)
    for lieu, genre in siens.select("territoire", "type").iter_rows():
        for territoire in situer(lieu or departement):
            relies[territoire].append(genre)
    etats = etat_des_etapes(parcours)
    lignes = []
    for territoire in territoires:
        mesure = temps.get(territoire, {})
        manque = maillon_manquant(etats.get(territoire, {}))
        lignes.append(
            {
                "territoire": territoire,
                "agences": len(lieux[territoire]["agences"]),
                "communes": sorted(lieux[territoire]["communes"]),
                "date_source": max(agences["date_source"].drop_nulls(), default=None),
                "temps": mesure.get("value"),
                "temps_bas": mesure.get("lower"),
                "temps_haut": mesure.get("upper"),
                "temps_statut": mesure.get("status", "L"),
                "liens": len(relies[territoire]),
                "lieux_partages": relies[territoire].count("lieu_partage"),
                "maillon": manque[0] if manque else None,
                "maillon_etat": manque[1] if manque else None,
            }
        )
    return en_table(lignes, FRANCE_TRAVAIL)


def liens_par_domaine(liens: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """Renvoie les liens de France Travail par domaine, au schéma `LIENS_FRANCE_TRAVAIL`.

    Un lien qui ne dit pas son domaine vaut pour ceux où l'autre acteur a un rôle constaté ; si cet
    acteur n'en a aucun, le lien n'est d'aucun domaine et n'y est pas.

    Parameters
    ----------
    liens
        Registre des liens, prévus compris.
    roles
        Matrice au schéma `ROLES`.
    """
    domaines: dict[str, set[str]] = defaultdict(set)
    constates = roles.filter(pl.col("provenance").is_in(list(CONSTATEES)))
    for acteur, domaine in constates.select("acteur", "domaine").iter_rows():
        domaines[acteur].add(domaine)
    lignes: list[dict[str, Any]] = []
    siens = liens.filter((pl.col("acteur_a") == ID) | (pl.col("acteur_b") == ID))
    for lien in siens.iter_rows(named=True):
        autre = lien["acteur_b"] if lien["acteur_a"] == ID else lien["acteur_a"]
        dits = [lien["domaine"]] if lien["domaine"] else sorted(domaines[autre])
        lignes += [
            {
                "domaine": domaine,
                "acteur": autre,
                "domaine_dit": bool(lien["domaine"]),
                **{c: lien[c] for c in ("type", "mode", "territoire", "provenance", "origin")},
            }
            for domaine in dits
        ]
    table = en_table(lignes, LIENS_FRANCE_TRAVAIL)
    return table.sort("domaine", "provenance", "acteur", "type", "territoire", nulls_last=True)
