"""Statistique annuelle des établissements de santé (SAE, Drees) : bordereaux ID, PSY et PERINAT.

Le bordereau ID dit les établissements ; quand l'archive de la Drees est donnée entière, PSY et
PERINAT, qui sont à côté, y ajoutent la psychiatrie et les maternités, par numéro Finess.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.sources.contenants import extraire
from solidiag.sources.grilles import LIGNE, lire_grille
from solidiag.sources.offre.lignes import Contexte, joindre, nombre

LECTEUR = "sae"

PSYCHIATRIE, MATERNITE, ANTENNE = "psychiatrie", "maternite", "antenne-sante"

_COLONNES = ["an", "fi", "rs", "cat", "COMINSEE", "NOMCOM", "NUMVOI", "TYPVOI", "NOMVOI", "CPO"]
_ANTENNE = re.compile(r"\bant(enne)?\b", re.IGNORECASE)
_TOUTES_DISCIPLINES = "TOT"


def lire_sae(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les établissements, et leurs services de psychiatrie et de maternité s'ils sont lus.

    Raises
    ------
    FormatInattendu
        Colonne absente, ou code qui n'en est pas un.
    DeclarationInvalide
        Options fautives.

    Notes
    -----
    Le point manque : la commune seule situe. Une capacité vide n'est pas zéro ; la psychiatrie
    compte l'hospitalisation complète et de jour, toutes disciplines.
    """
    contexte = Contexte.de(source, fichier)
    grille = lire_grille(
        octets, source, fichier, options=contexte.options.forme, colonnes=_COLONNES
    )
    psychiatrie = _psychiatrie(_bordereau(contexte, octets, "PSY"))
    maternites = _maternites(_bordereau(contexte, octets, "PERINAT"))
    return contexte.services(
        ligne
        for etablissement in grille.iter_rows(named=True)
        for ligne in _lignes(etablissement, contexte, psychiatrie, maternites)
    )


def _lignes(
    etablissement: Mapping[str, Any],
    contexte: Contexte,
    psychiatrie: Mapping[str, float | None],
    maternites: Mapping[str, float | None],
) -> Iterator[dict[str, Any]]:
    finess = str(etablissement["fi"]).strip().zfill(9)
    commune = str(etablissement["COMINSEE"]).strip()
    base = {
        "id": finess,
        "nom": etablissement["rs"],
        "code_insee": commune.zfill(5) if commune else None,
        "code_postal": str(etablissement["CPO"]).strip(),
        "commune": etablissement["NOMCOM"],
        "adresse": joindre([etablissement[c] for c in ("NUMVOI", "TYPVOI", "NOMVOI")]),
        "date_source": str(etablissement["an"]).strip()[:4],
        "identifiants": [f"finess:{finess}"],
        "ligne": etablissement[LIGNE],
    }
    regle = contexte.options.correspondance.codes.get(str(etablissement["cat"]).strip())
    if regle is not None and regle.categorie:
        antenne = bool(_ANTENNE.search(str(etablissement["rs"])))
        yield {**base, "categorie": ANTENNE if antenne else regle.categorie}
    for categorie, capacites, unite in (
        (PSYCHIATRIE, psychiatrie, "lits et places"),
        (MATERNITE, maternites, "lits"),
    ):
        if finess in capacites:
            yield {
                **base,
                "id": f"{finess}#{categorie}",
                "categorie": categorie,
                "capacite": capacites[finess],
                "capacite_unite": unite,
            }


def _bordereau(contexte: Contexte, octets: bytes, nom: str) -> list[dict[str, str]]:
    """Renvoie les lignes d'un autre bordereau de la même archive ; aucune s'il n'y est pas."""
    if not contexte.options.membre:
        return []
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        noms = [n for n in archive.namelist() if re.search(rf"(?i)(^|/){nom}_\d{{4}}r?\.csv$", n)]
    if not noms:
        return []
    dedans = extraire(octets, noms[0], contexte.fichier.fichier)
    texte = dedans.decode("utf-8-sig", errors="replace")
    separateur = ";" if ";" in texte.split("\n", 1)[0] else ","
    try:
        return list(csv.DictReader(io.StringIO(texte), delimiter=separateur, restval=""))
    except csv.Error as erreur:
        raise contexte.faute(f"un bordereau {nom} en CSV", "des lignes illisibles") from erreur


def _psychiatrie(lignes: list[dict[str, str]]) -> dict[str, float | None]:
    """Renvoie la capacité de psychiatrie de chaque établissement : total, ou somme."""
    totaux: dict[str, float | None] = {}
    sommes: dict[str, float | None] = {}
    for ligne in lignes:
        finess = ligne.get("FI", "").strip().zfill(9)
        places = _somme(nombre(ligne.get(c)) for c in ("CAP_HTP", "CAP_HDJ"))
        if ligne.get("DIS", "").strip() == _TOUTES_DISCIPLINES:
            totaux[finess] = places
        else:
            sommes[finess] = _somme((sommes.get(finess), places))
    return {**sommes, **totaux}


def _maternites(lignes: list[dict[str, str]]) -> dict[str, float | None]:
    """Renvoie les lits d'obstétrique des établissements où l'on a accouché."""
    return {
        ligne.get("FI", "").strip().zfill(9): nombre(ligne.get("LIT_OBS"))
        for ligne in lignes
        if (nombre(ligne.get("SEJACC")) or 0) > 0
    }


def _somme(valeurs: Any) -> float | None:
    connues = [valeur for valeur in valeurs if valeur is not None]
    return sum(connues) if connues else None
