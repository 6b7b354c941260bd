"""Importer des carreaux ou des Iris de population, et les donner au calcul de l'accès."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from solidiag.errors import ClasseurFautif, FichierRefuse, FormatInattendu
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import reporter
from solidiag.model.origin import Retrieval
from solidiag.offre.cadre import Cadre
from solidiag.offre.points import Nature, regrouper
from solidiag.sources.carreaux import SOURCE, lire_carreaux
from solidiag.sources.iris import SOURCE as SOURCE_IRIS
from solidiag.sources.iris import est_un_tableau_d_iris, lire_iris
from solidiag.storage.ajouts import dossier_des_donnees
from solidiag.storage.depot import Depot
from solidiag.storage.points import NOM, PointsFournis

POINTS_MAXIMUM = 8_000
"""Points d'un département au-delà desquels les carreaux sont réunis par kilomètre."""

_TETE = 4096
_KM_PAR_DEGRE = 111.2
_LOIN_KM = 50.0
"""Distance d'un Iris au point de sa commune au-delà de laquelle il est mal placé."""


@dataclass(frozen=True, kw_only=True)
class PointsDuDepartement:
    """Points fins d'un département, et ce qu'il faut en dire.

    Parameters
    ----------
    points
        Schéma `FINS`, communes du COG courant.
    reunis
        Vrai si les carreaux sont réunis par kilomètre.
    part_imputee
        Part des habitants dans un carreau aux valeurs imputées par l'Insee.
    origine
        Fichier importé.
    nature
        Carreaux ou Iris.
    """

    points: pl.DataFrame
    reunis: bool
    part_imputee: float
    origine: Retrieval
    nature: Nature = Nature.CARREAU


def points_de(depot: Depot) -> PointsFournis:
    """Renvoie les points fins du dossier de données de la personne."""
    return PointsFournis(depot.ajouts.racine if depot.ajouts is not None else dossier_des_donnees())


def est_un_carroyage(chemin: Path) -> bool:
    """Dit si un fichier est celui des carreaux de 200 mètres, d'après ses octets ou son nom."""
    try:
        with chemin.open("rb") as flux:
            tete = flux.read(_TETE)
    except OSError:
        return False
    if tete[:2] == b"PK":
        return re.search(r"carreaux_200m.*\.zip$", chemin.name, re.IGNORECASE) is not None
    return b"idcar_200m" in tete.split(b"\n", 1)[0].lower()


def est_un_fichier_d_iris(chemin: Path) -> bool:
    """Dit si un fichier est un tableau d'Iris avec un point et des habitants, à ses colonnes."""
    try:
        with chemin.open("rb") as flux:
            tete = flux.read(_TETE)
    except OSError:
        return False
    return est_un_tableau_d_iris(tete.decode("utf-8-sig", errors="replace").split("\n", 1)[0])


def importer_iris(chemin: Path, *, depot: Depot, referentiel: Referentiel, jour: date) -> str:
    """Garde les points d'un tableau d'Iris ; renvoie ce qui a été fait, en une phrase.

    Raises
    ------
    FichierRefuse
        Si le fichier ne s'ouvre pas, n'a pas la forme attendue, ou n'a aucun Iris.
    ClasseurFautif
        Avec toutes les lignes fautives, les communes inconnues et les points loin de leur commune.
    """
    try:
        octets = chemin.read_bytes()
        points = lire_iris(octets, fichier=chemin.name)
    except OSError as erreur:
        raise FichierRefuse(chemin.name, "il ne s'ouvre pas", "vérifiez le chemin") from erreur
    except FormatInattendu as erreur:
        raise FichierRefuse(
            chemin.name,
            f"il y manque {erreur.attendu} (trouvé : {erreur.trouve})",
            "donnez un CSV à quatre colonnes : code_iris, latitude, longitude, population",
        ) from erreur
    if points.is_empty():
        raise FichierRefuse(chemin.name, "aucun Iris n'y est", "donnez un tableau rempli")
    if fautes := _mal_places(points, referentiel):
        raise ClasseurFautif(chemin.name, fautes, bonnes=0, fautives=len(fautes))
    fournis = points_de(depot)
    remplace = " Ils remplacent les points importés avant." if fournis.presents else ""
    fournis.ecrire(
        points,
        {
            "nom": chemin.name,
            "sha256": hashlib.sha256(octets).hexdigest(),
            "taille": len(octets),
            "obtenu_le": jour.isoformat(),
            "source": SOURCE_IRIS,
        },
    )
    return (
        f"Iris importés : {points.height} points dans {points['code'].n_unique()} communes. "
        f"L'accès par domaine s'y calcule.{remplace}"
    )


def _mal_places(points: pl.DataFrame, referentiel: Referentiel) -> list[str]:
    """Dit les communes inconnues, et les points à plus de cinquante kilomètres de la leur."""
    connues = reporter(points["code"].unique().sort(), referentiel)
    fautes = [
        f"« {code} » n'est celui d'aucune commune, actuelle ou ancienne"
        for code, report in connues.items()
        if report is None
    ]
    joints = points.join(
        referentiel.communes.select("code", nord="latitude", est="longitude"), on="code"
    ).with_columns(
        loin=(
            ((pl.col("latitude") - pl.col("nord")) * _KM_PAR_DEGRE).pow(2)
            + (
                (pl.col("longitude") - pl.col("est"))
                * _KM_PAR_DEGRE
                * pl.col("nord").radians().cos()
            ).pow(2)
        ).sqrt()
    )
    fautes += [
        f"un Iris de {code} est à {km:.0f} km de sa commune (latitude et longitude inversées ?)"
        for code, km in joints.filter(pl.col("loin") > _LOIN_KM).select("code", "loin").iter_rows()
    ]
    return fautes


def importer_carreaux(chemin: Path, *, depot: Depot, jour: date) -> str:
    """Garde les carreaux d'un fichier ; renvoie ce qui a été fait, en une phrase.

    Raises
    ------
    FichierRefuse
        Si le fichier ne s'ouvre pas, n'a pas la forme attendue, ou n'a aucun carreau.
    """
    try:
        octets = chemin.read_bytes()
        points = lire_carreaux(octets, communes=None, fichier=chemin.name)
    except OSError as erreur:
        raise FichierRefuse(chemin.name, "il ne s'ouvre pas", "vérifiez le chemin") from erreur
    except FormatInattendu as erreur:
        raise FichierRefuse(
            chemin.name,
            f"attendu {erreur.attendu}, trouvé {erreur.trouve}",
            "prenez le fichier des carreaux de 200 mètres de l'Insee, en CSV ou en ZIP",
        ) from erreur
    if points.is_empty():
        raise FichierRefuse(chemin.name, "aucun carreau n'y est", "prenez le fichier entier")
    points_de(depot).ecrire(
        points,
        {
            "nom": chemin.name,
            "sha256": hashlib.sha256(octets).hexdigest(),
            "taille": len(octets),
            "obtenu_le": jour.isoformat(),
        },
    )
    communes = points["code"].n_unique()
    return (
        f"Carreaux importés : {points.height} points dans {communes} communes. L'accès par domaine "
        "s'y calcule (format décrit : vérifiez un résultat)."
    )


def decrire_carreaux(depot: Depot) -> list[str]:
    """Renvoie une phrase si des carreaux ou des Iris sont importés, aucune sinon."""
    fournis = points_de(depot)
    if not fournis.presents:
        return []
    verrou = fournis.verrou()
    source = verrou.get("source", SOURCE)
    return [
        f"{source} : {'Iris' if source == SOURCE_IRIS else 'carreaux de population'}, "
        f"{verrou['nom']}, importés le {verrou['obtenu_le']}"
    ]


def retirer_carreaux(nom: str, depot: Depot) -> bool:
    """Retire les points importés, si c'est eux que l'on nomme ; dit si c'est fait."""
    fournis = points_de(depot)
    if nom not in (SOURCE, SOURCE_IRIS) or not fournis.presents:
        return False
    if fournis.verrou().get("source", SOURCE) != nom:
        return False
    fournis.retirer()
    return True


def points_du_departement(
    depot: Depot, cadre: Cadre, *, departement: str
) -> PointsDuDepartement | None:
    """Renvoie les points fins du département et de ses intercommunalités, s'ils sont importés.

    Raises
    ------
    FichierAbsent, FichierAltere
        Si la table gardée manque ou a changé.
    """
    fournis = points_de(depot)
    if depot.ajouts is None or not fournis.presents:
        return None
    communes = cadre.communes
    epci = communes.filter(pl.col("departement") == departement)["epci"].drop_nulls().unique()
    ici = communes.filter(
        (pl.col("departement") == departement) | pl.col("epci").is_in(epci.implode())
    )["code"]
    tous = fournis.lire().with_columns(pl.col("code").replace(dict(cadre.anciens)))
    siens = tous.filter(pl.col("code").is_in(ici.implode()))
    if siens.is_empty():
        return None
    reunis = siens.height > POINTS_MAXIMUM
    gens = float(siens["population"].sum())
    imputes = float(siens.filter("impute")["population"].sum())
    verrou = fournis.verrou()
    iris = verrou.get("source", SOURCE) == SOURCE_IRIS
    if iris:
        siens = _surfaces(siens, communes)
    return PointsDuDepartement(
        points=regrouper(siens) if reunis else siens,
        reunis=reunis,
        part_imputee=imputes / gens if gens else 0.0,
        origine=Retrieval(
            source=SOURCE_IRIS if iris else SOURCE,
            fichier=NOM,
            millesime="",
            licence="saisie-locale" if iris else "etalab-2.0",
            url="",
            retrieved_at=str(verrou.get("obtenu_le", "")),
            sha256=str(verrou.get("sha256", "")),
            size=int(verrou.get("taille", 0)),
            copie="retravaillee",
            copie_note=f"Fichier {verrou.get('nom', '')}, réduit aux points et aux habitants.",
        ),
        nature=Nature.IRIS if iris else Nature.CARREAU,
    )


def _surfaces(points: pl.DataFrame, communes: pl.DataFrame) -> pl.DataFrame:
    """Donne à chaque Iris une part égale de la superficie de sa commune, faute de la sienne."""
    surfaces = communes.select("code", surface=pl.col("superficie_km2").cast(pl.Float64))
    return (
        points.join(surfaces, on="code", how="left", maintain_order="left")
        .with_columns(superficie_km2=pl.col("surface") / pl.len().over("code"))
        .select(points.columns)
    )
