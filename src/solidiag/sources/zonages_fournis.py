"""Listes de communes ou d'intercommunalités d'un contrat (CRTE, contrat local de santé, PAT).

Deux sortes de fichiers : ceux de l'ANCT, reconnus à leur gabarit (`OFFICIELS`), et la table d'une
personne, dont l'import a écrit les colonnes dans la déclaration.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import DeclarationInvalide
from solidiag.sources.grilles import LIGNE, entete, lire_grille
from solidiag.sources.options import options_de

LECTEUR_ZONAGE = "zonage_fourni"
"""Nom du lecteur dans la déclaration de la table d'une personne."""

OFFICIELS: dict[str, dict[str, str]] = {
    "anct.crte": {"zonage": "crte", "territoire": "siren_groupement"},
    "anct.crte.communes": {"zonage": "crte", "territoire": "insee_com"},
}
"""Gabarit de l'ANCT → type de dispositif et colonne du territoire."""

_COLONNES_OFFICIELLES = {"nom": "lib_crte", "identifiant": "id_crte", "debut": "date_signature"}

LIGNES_DE_ZONAGE: dict[str, pl.DataType] = {
    "territoire": pl.String(),
    "valeur": pl.String(),
    "debut": pl.String(),
    "ligne": pl.UInt32(),
}
"""Une ligne par territoire et contrat. ``territoire`` : le texte du fichier ; ``valeur`` : le nom
du contrat, suivi de son identifiant si deux contrats ont le même nom."""


class OptionsZonage(BaseModel):
    """Options du fichier d'un zonage fourni.

    Parameters
    ----------
    zonage
        Type de dispositif (``declarations/dispositifs``).
    territoire, nom
        Colonnes du code ou du nom du territoire, et du nom du contrat.
    identifiant, debut
        Colonnes de l'identifiant du contrat et de sa date de signature, vides s'il n'y en a pas.
    lecture
        Forme du fichier (`solidiag.sources.options.Options`).
    ecartees
        Lignes fautives, écartées à l'import parce que la personne l'a voulu.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zonage: str
    territoire: str
    nom: str
    identifiant: str = ""
    debut: str = ""
    lecture: dict[str, Any] = {}
    ecartees: tuple[int, ...] = ()


def options_de_zonage(source: Source, fichier: Fichier) -> OptionsZonage | None:
    """Renvoie comment lire un fichier qui donne un zonage ; rien pour un autre fichier.

    Raises
    ------
    DeclarationInvalide
        Si les options ne sont plus celles de l'import.
    """
    if fichier.lecteur == LECTEUR_ZONAGE:
        try:
            return OptionsZonage.model_validate(fichier.options)
        except ValidationError as erreur:
            fautes = [".".join(str(partie) for partie in f["loc"]) for f in erreur.errors()]
            raise DeclarationInvalide(f"{source.id}/{fichier.id}", fautes) from erreur
    officiel = OFFICIELS.get(source.id.removeprefix("ajout.").rpartition(".")[0])
    if officiel is None or not source.id.startswith("ajout."):
        return None
    return OptionsZonage.model_validate(
        {**officiel, **_COLONNES_OFFICIELLES, "lecture": fichier.options}
    )


def lire_zonage(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les territoires et les contrats d'un fichier (`LIGNES_DE_ZONAGE`), ligne à ligne.

    Les contrats d'une même commune, séparés par « ; », font une ligne chacun. Une cellule vide
    reste vide : c'est à l'import de la dire.

    Raises
    ------
    ValueError
        Si le fichier ne donne pas de zonage.
    DeclarationInvalide, FormatInattendu
        Si le fichier ou sa déclaration n'est plus celui de l'import.
    """
    voulu = options_de_zonage(source, fichier)
    if voulu is None:
        msg = f"« {source.id} » ne donne pas de zonage"
        raise ValueError(msg)
    de_lecture = fichier.model_copy(update={"options": voulu.lecture})
    options = options_de(source, de_lecture)
    presentes = [nom.strip() for nom in entete(octets, source, de_lecture, options=options)]
    debut = voulu.debut if voulu.debut in presentes else ""
    colonnes = [voulu.territoire, voulu.nom, *filter(None, (voulu.identifiant, debut))]
    grille = lire_grille(
        octets, source, de_lecture, options=options, colonnes=list(dict.fromkeys(colonnes))
    ).with_columns(pl.col(pl.String).fill_null("").str.strip_chars())
    lus = [
        (
            ligne[voulu.territoire].removesuffix(".0"),
            ligne[voulu.nom],
            ligne[voulu.identifiant] if voulu.identifiant else "",
            date_lue(ligne[debut]) if debut else "",
            ligne[LIGNE],
        )
        for ligne in grille.iter_rows(named=True)
        if any(ligne[colonne] for colonne in colonnes) and ligne[LIGNE] not in voulu.ecartees
    ]
    noms = _noms(lus)
    doubles = {nom for nom, nombre in Counter(noms.values()).items() if nombre > 1}
    return pl.DataFrame(
        [
            {
                "territoire": territoire,
                "valeur": f"{nom} ({cle})" if cle and nom in doubles else nom,
                "debut": date,
                "ligne": rang,
            }
            for territoire, nom_lu, cle_lue, date, rang in lus
            for cle, nom in _contrats(cle_lue, nom_lu, noms)
        ],
        schema=LIGNES_DE_ZONAGE,
    )


def _noms(lus: list[tuple[str, str, str, str, int]]) -> dict[str, str]:
    """Renvoie identifiant → nom, d'après les lignes d'un seul contrat."""
    return {
        cle: _net(nom) for _, nom, cle, _, _ in lus if cle and ";" not in cle and nom.strip(" ;")
    }


def _contrats(cle: str, nom: str, noms: dict[str, str]) -> Iterator[tuple[str, str]]:
    cles = [partie.strip() for partie in cle.split(";") if partie.strip()]
    if len(cles) <= 1:
        yield cle, _net(nom)
        return
    dits = [partie.strip() for partie in nom.split(";")]
    for rang, une in enumerate(cles):
        a_son_rang = dits[rang] if len(dits) == len(cles) else ""
        yield une, noms.get(une) or _net(a_son_rang) or une


def _net(nom: str) -> str:
    return re.sub(r"\s+", " ", nom).strip()


def date_lue(texte: str) -> str:
    """Renvoie une date en AAAA-MM-JJ ou AAAA, vide si elle ne se lit pas.

    Examples
    --------
    >>> date_lue("15/07/2021"), date_lue("2021-07-15 00:00:00"), date_lue("2021"), date_lue("été")
    ('2021-07-15', '2021-07-15', '2021', '')
    """
    if trouve := re.match(r"(\d{4})-(\d{2})-(\d{2})(?!\d)", texte):
        return "-".join(trouve.groups())
    if trouve := re.match(r"(\d{2})[/-](\d{2})[/-](\d{4})(?!\d)", texte):
        return "-".join(reversed(trouve.groups()))
    return texte if re.fullmatch(r"(19|20)\d{2}", texte) else ""
