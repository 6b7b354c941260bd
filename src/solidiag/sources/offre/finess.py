"""Finess : établissements (extraction Etalab à colonnes placées) et leurs capacités.

Deux fichiers du producteur, sans en-tête : ``cs1100502`` ou ``cs1100507`` (établissements, le
second avec leurs coordonnées) et ``cs1100505`` (équipements sociaux et médico-sociaux, avec des
capacités).
Leur première ligne, ``finess;etalab;<n>;AAAA-MM-JJ``, porte la date de l'extraction.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.sources.offre.lignes import Contexte, joindre, nombre
from solidiag.sources.offre.projections import PAR_NOM, en_degres, projection_de

LECTEUR_ETABLISSEMENTS = "finess"
LECTEUR_EQUIPEMENTS = "finess_equipements"

_CHAMPS = 31
"""Champs qu'une ligne d'établissement a au moins (32 avec le numéro UAI)."""

_CHAMPS_EQUIPEMENT = 28
_PREMIERE = re.compile(r"finess;etalab;\d+;(\d{4}-\d{2}-\d{2})")
_DISCRETES = frozenset({"462"})
"""Lieux de vie et d'accueil : l'adresse est souvent un domicile, seule la commune est gardée."""


def lire_finess(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les établissements des catégories retenues, une ligne par établissement.

    Returns
    -------
    polars.DataFrame
        Au schéma `SERVICES`, point compris quand le fichier porte les coordonnées.

    Raises
    ------
    FormatInattendu
        Première ligne, nombre de champs ou codes qui ne sont pas ceux d'une extraction Etalab.
    DeclarationInvalide
        Options fautives.

    References
    ----------
    Rang et nom des champs : description « etalab_cs1100502 » du producteur, telle que la citent les
    codes publics qui lisent ce fichier, et quinze lignes de l'extraction du 12 mai 2026.
    """
    contexte = Contexte.de(source, fichier)
    retenus = contexte.options.correspondance.retenus(contexte.annee)
    extraction = ""
    lignes: list[dict[str, Any]] = []
    points: dict[str, Sequence[str]] = {}
    for numero, champs in _champs(contexte, octets):
        if numero == 1:
            extraction = champs[3]
        elif champs[0] == "structureet":
            if len(champs) < _CHAMPS:
                raise contexte.faute(
                    f"au moins {_CHAMPS} champs par établissement",
                    f"{len(champs)} champs à la ligne {numero}",
                )
            regle = retenus.get(champs[18])
            if regle is not None:
                ligne = _etablissement(champs, numero=numero, extraction=extraction)
                lignes.append(
                    {
                        **ligne,
                        "categorie": regle.categorie,
                        "thematiques": list(regle.thematiques),
                        "remarque": joindre([regle.remarque, ligne["remarque"]], " ; "),
                    }
                )
        elif champs[0] == "geolocalisation" and len(champs) > 4:
            points[champs[1]] = champs
    if not lignes and not points:
        raise contexte.faute("des lignes « structureet »", "aucune")
    _situer(lignes, points)
    return contexte.services(lignes)


def lire_equipements_finess(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie la capacité sociale et médico-sociale installée de chaque établissement.

    Returns
    -------
    polars.DataFrame
        Au schéma `SERVICES`, sans lieu ni nom propre : `solidiag.offre.capacites` porte ces
        capacités sur les établissements de même numéro Finess.

    Raises
    ------
    FormatInattendu
        Lignes trop courtes, ou fichier sans équipement.

    Notes
    -----
    La capacité est la somme des capacités installées (à défaut autorisées) des équipements dont ni
    l'installation ni l'autorisation n'est supprimée ; leur détail par discipline est dit en
    remarque. Un équipement sans capacité n'ajoute rien : son établissement est « non documenté »,
    et non à zéro.
    """
    contexte = Contexte.de(source, fichier)
    places: defaultdict[str, Counter[str]] = defaultdict(Counter)
    premiere: dict[str, int] = {}
    extraction = ""
    for numero, champs in _champs(contexte, octets):
        if numero == 1:
            extraction = champs[3]
        if champs[0] != "equipementsocial":
            continue
        if len(champs) < _CHAMPS_EQUIPEMENT:
            raise contexte.faute(
                f"{_CHAMPS_EQUIPEMENT} champs par équipement",
                f"{len(champs)} champs à la ligne {numero}",
            )
        if "O" in (champs[15].strip().upper(), champs[24].strip().upper()):
            continue
        installee = nombre(champs[9])
        capacite = nombre(champs[18]) if installee is None else installee
        if capacite is None:
            continue
        premiere.setdefault(champs[1], numero)
        places[champs[1]][champs[3].strip()] += int(capacite)
    if not places:
        raise contexte.faute("des lignes « equipementsocial » avec une capacité", "aucune")
    return contexte.services(
        {
            "id": finess,
            "nom": f"Capacités de l'établissement Finess {finess}",
            "identifiants": [f"finess:{finess}"],
            "capacite": float(sum(detail.values())),
            "capacite_unite": "places",
            "date_source": extraction,
            "ligne": premiere[finess],
            "remarque": "places installées : "
            + ", ".join(f"{nom} {n}" for nom, n in detail.most_common(4)),
        }
        for finess, detail in places.items()
    )


def _champs(contexte: Contexte, octets: bytes) -> Iterator[tuple[int, list[str]]]:
    """Parcourt les lignes du fichier, numérotées, découpées en champs.

    Raises
    ------
    FormatInattendu
        Si la première ligne n'est pas celle d'une extraction Etalab.
    """
    textes = contexte.texte(octets).splitlines()
    if not textes or not _PREMIERE.match(textes[0]):
        raise contexte.faute(
            "« finess;etalab;… » sur la première ligne",
            f"« {textes[0][:40] if textes else ''} »",
        )
    for numero, texte in enumerate(textes, start=1):
        try:
            champs = next(csv.reader([texte], delimiter=";"), [])
        except csv.Error as erreur:
            raise contexte.faute(
                "des champs séparés par « ; »", f"la ligne {numero}, qui ne se découpe pas"
            ) from erreur
        if champs:
            yield numero, champs


def _etablissement(champs: Sequence[str], *, numero: int, extraction: str) -> dict[str, Any]:
    code_postal = re.match(r"(\d{5})\s+(.*)", champs[15].strip())
    maj = champs[30].strip()
    discrete = champs[18] in _DISCRETES
    voie = joindre([champs[7], champs[10], champs[8], champs[9]])
    return {
        "id": champs[1],
        "nom": champs[4].strip() or champs[3].strip(),
        "siret": champs[22].strip(),
        "code_insee": _code_insee(champs[13].strip(), champs[12].strip()),
        "code_postal": code_postal[1] if code_postal else None,
        "commune": code_postal[2] if code_postal else champs[15],
        "adresse": None if discrete else joindre([voie, champs[11]]),
        "date_source": extraction,
        "identifiants": [f"finess:{champs[1]}", f"finess-ej:{champs[2]}"],
        "ligne": numero,
        "remarque": joindre(
            [
                champs[19],
                f"fiche Finess mise à jour le {maj}" if maj else "",
                "adresse non gardée" if discrete else "",
            ],
            " ; ",
        ),
    }


def _code_insee(departement: str, commune: str) -> str | None:
    """Renvoie le code de commune : département et numéro, ou 97 et numéro outre-mer.

    Examples
    --------
    >>> _code_insee("40", "192"), _code_insee("9D", "411"), _code_insee("2A", "004")
    ('40192', '97411', '2A004')
    """
    if not departement or not commune:
        return None
    if re.fullmatch(r"9[A-Z]", departement):
        return ("98" if departement == "9J" else "97") + commune.zfill(3)
    return departement.zfill(2) + commune.zfill(3)


def _situer(lignes: list[dict[str, Any]], points: dict[str, Sequence[str]]) -> None:
    """Ajoute aux lignes leur point, dans la projection que dit la source, sinon la légale."""
    situees = [
        ligne
        for ligne in lignes
        if ligne["id"] in points and "adresse non gardée" not in (ligne["remarque"] or "")
    ]
    if not situees:
        return
    bruts = [points[ligne["id"]] for ligne in situees]
    x, y = (
        np.array([v if (v := nombre(brut[rang])) is not None else np.nan for brut in bruts])
        for rang in (2, 3)
    )
    epsg = np.array(
        [
            next(
                (code for nom, code in PAR_NOM.items() if nom in brut[4].upper()),
                projection_de(str(ligne["code_insee"] or "")),
            )
            for brut, ligne in zip(bruts, situees, strict=True)
        ]
    )
    latitude, longitude = en_degres(x, y, epsg)
    for rang, ligne in enumerate(situees):
        if np.isfinite(latitude[rang]):
            ligne["latitude"], ligne["longitude"] = float(latitude[rang]), float(longitude[rang])
            ligne["precision_geo"] = _precision(bruts[rang][4])


def _precision(origine: str) -> str:
    """Renvoie la précision d'un point d'après ce que la source dit de son calcul.

    Le premier champ de ``sourcecoordet`` est la qualité du rapprochement : 1 au numéro, 2 à la
    voie, et au-delà à la commune.
    """
    qualite = origine.split(",")[0].strip()
    return {"1": "point", "2": "rue"}.get(qualite, "commune")
