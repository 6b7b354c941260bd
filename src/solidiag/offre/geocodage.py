"""Géocodage : de l'adresse d'un service à un point, accepté seulement s'il est dans sa commune."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.noms import simplifier

Cle = tuple[str, str]
"""Adresse simplifiée, code de commune."""

SANS_POINT = ("commune", "douteuse")
"""Précisions d'un service situé au point de sa commune, faute du sien."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdresseCherchee:
    """Une adresse à géocoder : c'est tout ce qui est envoyé.

    Parameters
    ----------
    adresse
        Numéro et voie.
    commune, code_insee
        Nom et code de la commune ; le code reste ici, il sert à contrôler la réponse.
    """

    adresse: str
    commune: str
    code_insee: str

    @property
    def cle(self) -> Cle:
        """Ce qui distingue deux adresses."""
        return cle_adresse(self.adresse, self.code_insee)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReponseAdresse:
    """Ce qu'un fournisseur répond.

    Parameters
    ----------
    score
        Entre 0 et 1.
    genre
        Mot du fournisseur : ``housenumber``, ``street``, ``locality``, ``municipality``.
    """

    latitude: float
    longitude: float
    score: float
    genre: str
    code_insee: str
    libelle: str


class Geocodeur(Protocol):
    """Fournisseur de géocodage."""

    @property
    def nom(self) -> str:
        """Nom imprimé du fournisseur."""
        ...

    def geocoder(self, adresses: Sequence[AdresseCherchee]) -> Sequence[ReponseAdresse | None]:
        """Renvoie une réponse par adresse, dans l'ordre ; rien là où le service se tait."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTrouve:
    """Une adresse géocodée, retenue ou refusée, telle qu'on la garde.

    Parameters
    ----------
    precision
        ``point``, ``rue``, ``commune``, ou vide.
    refus
        Pourquoi la réponse n'est pas employée ; vide si elle l'est.
    """

    adresse: str
    code_insee: str
    latitude: float | None
    longitude: float | None
    score: float | None
    precision: str
    code_trouve: str
    libelle: str
    refus: str

    @property
    def cle(self) -> Cle:
        """Ce qui distingue deux adresses."""
        return cle_adresse(self.adresse, self.code_insee)


def cle_adresse(adresse: str, code_insee: str) -> Cle:
    """Renvoie la clé d'une adresse.

    Examples
    --------
    >>> cle_adresse("4, Av. du Gal Leclerc", "40088")
    ('4 avenue du general leclerc', '40088')
    """
    return simplifier(adresse), code_insee


def a_geocoder(services: pl.DataFrame, *, deja: Iterable[Cle] = ()) -> list[AdresseCherchee]:
    """Renvoie les adresses des services situés au seul point de leur commune, sans double.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`, située.
    deja
        Adresses dont la réponse est connue.
    """
    connues = set(deja)
    sans_point = services.filter(
        pl.col("precision_geo").is_in(list(SANS_POINT)),
        pl.col("adresse").is_not_null(),
        pl.col("code_insee").is_not_null(),
    ).sort("code_insee", "adresse", "id")
    trouvees: dict[Cle, AdresseCherchee] = {}
    colonnes = ("adresse", "commune", "code_insee")
    for adresse, commune, code in sans_point.select(colonnes).iter_rows():
        cherchee = AdresseCherchee(adresse=adresse, commune=commune or "", code_insee=code)
        if cherchee.cle[0] and cherchee.cle not in connues:
            trouvees.setdefault(cherchee.cle, cherchee)
    return list(trouvees.values())


def retenir(
    cherchee: AdresseCherchee,
    reponse: ReponseAdresse,
    *,
    actuel: Callable[[str], str | None],
    score_minimal: float,
    precisions: Mapping[str, str],
) -> PointTrouve:
    """Renvoie le point d'une adresse, ou pourquoi il est refusé.

    Parameters
    ----------
    actuel
        Code de commune, d'arrondissement municipal ou ancien code → commune du COG courant.
    precisions
        Nature de la réponse → précision.
    """
    precision = precisions.get(reponse.genre, "")
    commune = actuel(reponse.code_insee)
    if not precision:
        refus = f"nature de réponse inconnue : « {reponse.genre} »"
    elif commune != cherchee.code_insee:
        refus = f"répond dans une autre commune ({reponse.code_insee or 'inconnue'})"
    elif reponse.score < score_minimal:
        dit = f"{reponse.score:.2f}".replace(".", ",")
        refus = f"score {dit}, trop faible"
    elif precision == "commune":
        refus = "ne connaît que la commune"
    else:
        refus = ""
    return PointTrouve(
        adresse=cherchee.adresse,
        code_insee=cherchee.code_insee,
        latitude=reponse.latitude,
        longitude=reponse.longitude,
        score=reponse.score,
        precision=precision,
        code_trouve=reponse.code_insee,
        libelle=reponse.libelle,
        refus=refus,
    )


def appliquer(services: pl.DataFrame, points: Iterable[PointTrouve]) -> pl.DataFrame:
    """Renvoie les services, ceux qui n'avaient que le point de leur commune ayant le leur.

    Une remarque dit le score. Un point que la source donne n'est jamais remplacé.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`, située.
    """
    retenus = {p.cle: p for p in points if not p.refus and p.latitude is not None}
    if not retenus:
        return services
    lignes = []
    colonnes = ("adresse", "code_insee", "precision_geo", "latitude", "longitude", "remarque")
    for adresse, code, precision, latitude, longitude, remarque in services.select(
        colonnes
    ).iter_rows():
        point = retenus.get(cle_adresse(adresse, code)) if adresse and code else None
        if point is None or precision not in SANS_POINT:
            lignes.append((precision, latitude, longitude, remarque))
            continue
        score = f"{point.score or 0:.2f}".replace(".", ",")
        note = f"point trouvé par l'adresse (score {score})"
        notes = " ; ".join(texte for texte in (remarque, note) if texte)
        lignes.append((point.precision, point.latitude, point.longitude, notes))
    places = pl.DataFrame(
        lignes,
        schema={nom: SERVICES[nom] for nom in colonnes[2:]},
        orient="row",
    )
    return mettre_au_schema(services.with_columns(places), SERVICES)
