"""Lecture d'un extrait d'OpenStreetMap : ``.osm.pbf`` ou GeoPackage, reconnu à ses octets.

Formes lues :

- PBF (vu : écrit et relu par libosmium, y compris les fichiers d'essai de ce projet) ;
- GeoPackage, couche ``lines`` de GDAL : colonne ``highway`` et le reste dans ``other_tags``, ou
  une colonne par étiquette (vu : les champs que GDAL tire d'un PBF) ;
- GeoPackage « free » de Geofabrik, couche ``gis_osm_roads_free`` (décrit par son producteur, non
  vu) : ni accès réservé, ni rond-point, ni bac n'y sont dits.

Un GeoPackage n'a plus les identifiants des points : deux voies s'y touchent si elles ont un point
de mêmes coordonnées, au dix-millionième de degré.
"""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from solidiag.errors import FichierRefuse
from solidiag.geography.troncons import Reseau, Voies, decouper
from solidiag.sources.osm_etiquettes import Lecteur, Voie, etiquettes_geofabrik, lire_hstore

POINTS_MAXIMUM = 40_000_000
"""Points de voies lus au plus : une région de France en a de 5 à 20 millions."""

_LOT = 100_000
_ENTETE_PBF = b"\n\tOSMHeader"
_ENTETE_SQLITE = b"SQLite format 3\x00"
_APPLICATION = slice(68, 72)
_REDONNER = "téléchargez-le à nouveau, en entier"
_COLONNES_D_ETIQUETTES = (
    *("highway", "route", "maxspeed", "oneway", "junction", "access", "vehicle", "motor_vehicle"),
    *("motorcar", "bicycle", "foot", "motorroad", "area", "oneway:bicycle", "cycleway"),
)

Progres = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extrait:
    """Un réseau lu, et ce que la lecture a laissé de côté.

    Parameters
    ----------
    forme
        Forme du fichier, en clair.
    voies
        Nombre de voies retenues.
    """

    reseau: Reseau
    forme: str
    voies: int
    remarques: tuple[str, ...]


def est_un_extrait(chemin: Path) -> bool:
    """Dit si un fichier est un PBF d'OpenStreetMap ou un GeoPackage, d'après ses octets."""
    try:
        with chemin.open("rb") as flux:
            debut = flux.read(100)
    except OSError:
        return False
    return _est_un_pbf(debut) or _est_un_geopackage(debut)


def _est_un_pbf(debut: bytes) -> bool:
    return debut[4 : 4 + len(_ENTETE_PBF)] == _ENTETE_PBF


def _est_un_geopackage(debut: bytes) -> bool:
    return debut.startswith(_ENTETE_SQLITE) and debut[_APPLICATION][:2] == b"GP"


def lire_extrait(
    chemin: Path, *, conventions: Mapping[str, Any], progres: Progres | None = None
) -> Extrait:
    """Renvoie le réseau routier d'un extrait.

    Parameters
    ----------
    conventions
        Contenu de la déclaration ``routes``.
    progres
        Reçoit une phrase à chaque étape.

    Raises
    ------
    FichierRefuse
        Fichier absent, tronqué, d'une autre nature, sans aucune voie, ou trop grand.
    """
    dire = progres or (lambda _: None)
    nom = chemin.name
    try:
        with chemin.open("rb") as flux:
            debut = flux.read(100)
    except OSError as erreur:
        raise FichierRefuse(
            nom, "il ne s'ouvre pas", "vérifiez le chemin et vos droits"
        ) from erreur
    lecteur = Lecteur(conventions=conventions)
    if _est_un_pbf(debut):
        forme = "OpenStreetMap PBF"
        voies, remarques = _lire_pbf(chemin, lecteur, dire)
    elif _est_un_geopackage(debut):
        forme = "GeoPackage"
        voies, remarques = _lire_geopackage(chemin, lecteur, dire)
    else:
        raise FichierRefuse(nom, _autre_nature(debut), "donnez un extrait .osm.pbf ou .gpkg")
    dire("Découpage aux carrefours")
    reseau = decouper(voies, pas_m=float(conventions["pas_d_accrochage_m"]))
    if not len(reseau.de):
        raise FichierRefuse(
            nom, "aucune voie n'y est praticable", "donnez l'extrait d'une zone habitée"
        )
    return Extrait(
        reseau=reseau,
        forme=forme,
        voies=len(voies.classe),
        remarques=(*remarques, *_remarques_de_lecture(lecteur)),
    )


def _autre_nature(debut: bytes) -> str:
    if not debut:
        return "il est vide"
    if debut.startswith(b"PK"):
        return "c'est une archive ZIP, à déplier d'abord"
    if debut.startswith((b"BZh", b"\x1f\x8b")):
        return "il est compressé (bz2 ou gzip), et n'est lu que déplié"
    if debut.lstrip().startswith((b"<?xml", b"<osm")):
        return "c'est de l'OpenStreetMap en XML, dont la forme PBF est seule lue"
    return "ce n'est ni un extrait PBF d'OpenStreetMap, ni un GeoPackage"


def _remarques_de_lecture(lecteur: Lecteur) -> tuple[str, ...]:
    inconnues = lecteur.limites_inconnues
    if not inconnues:
        return ()
    exemples = ", ".join(f"« {texte} »" for texte, _ in inconnues.most_common(3))
    return (
        f"Vitesses limites non comprises : {sum(inconnues.values())} (dont {exemples}) ; la "
        "vitesse de la classe de voie y sert seule.",
    )


class _Accumulation:
    """Voies retenues, l'une après l'autre."""

    def __init__(self, nom: str) -> None:
        self.nom = nom
        self.points = array("q")
        self.tailles = array("q")
        self.classe = array("B")
        self.limite = array("d")
        self.sens = array("B")

    def ajouter(self, voie: Voie, points: list[int]) -> None:
        self.points.extend(points)
        self.tailles.append(len(points))
        self.classe.append(voie.classe)
        self.limite.append(voie.limite_km_h)
        self.sens.append(voie.sens)
        if len(self.points) > POINTS_MAXIMUM:
            raise FichierRefuse(
                self.nom,
                f"il a plus de {POINTS_MAXIMUM // 1_000_000} millions de points de voies",
                "donnez l'extrait d'une région ou d'un département",
            )

    def voies(
        self,
        *,
        identifiants: npt.NDArray[np.int64],
        latitude: npt.NDArray[np.float64],
        longitude: npt.NDArray[np.float64],
        classes: tuple[str, ...],
    ) -> tuple[Voies, int]:
        """Renvoie les voies, sans les points que l'extrait n'a pas, et le nombre de ceux-ci.

        Une voie est coupée là où un point lui manque : rien n'y est tracé tout droit.
        """
        points = np.frombuffer(self.points, dtype=np.int64)
        tailles = np.frombuffer(self.tailles, dtype=np.int64)
        rangs = np.minimum(np.searchsorted(identifiants, points), max(len(identifiants) - 1, 0))
        connus = identifiants[rangs] == points if len(identifiants) else np.zeros(len(points), bool)
        voie = np.repeat(np.arange(len(tailles)), tailles)
        suite = np.cumsum(~connus)
        rangs, voie, suite = rangs[connus], voie[connus], suite[connus]
        neuf = np.ones(len(voie), dtype=bool)
        neuf[1:] = (voie[1:] != voie[:-1]) | (suite[1:] != suite[:-1])
        debuts = np.flatnonzero(neuf)
        sienne = voie[debuts]
        return (
            Voies(
                latitude=latitude,
                longitude=longitude,
                points=rangs.astype(np.int64),
                debuts=np.append(debuts, len(voie)).astype(np.int64),
                classe=np.frombuffer(self.classe, dtype=np.uint8)[sienne],
                limite_km_h=np.frombuffer(self.limite, dtype=float)[sienne],
                sens=np.frombuffer(self.sens, dtype=np.uint8)[sienne],
                classes=classes,
            ),
            int((~connus).sum()),
        )


def _lire_pbf(chemin: Path, lecteur: Lecteur, dire: Progres) -> tuple[Voies, tuple[str, ...]]:
    """Lit les voies, puis les seuls points qu'elles citent : la mémoire ne dépend que d'eux."""
    import osmium

    lues = _Accumulation(chemin.name)
    fichier = osmium.io.File(str(chemin), "pbf")
    cites = osmium.IdTracker()
    try:
        dire("Lecture des voies")
        filtre = osmium.filter.KeyFilter("highway", "route")
        voie: Any
        for voie in osmium.FileProcessor(fichier, osmium.osm.WAY).with_filter(filtre):
            retenue = lecteur.lire(dict(voie.tags))
            if retenue is not None:
                lues.ajouter(retenue, [point.ref for point in voie.nodes])
                cites.add_references(voie)
        dire(f"Lecture des points de {len(lues.classe)} voies")
        identifiants, latitudes, longitudes = array("q"), array("d"), array("d")
        if len(lues.classe):
            noeuds = osmium.FileProcessor(fichier, osmium.osm.NODE)
            noeud: Any
            for noeud in noeuds.with_filter(cites.id_filter()):
                if noeud.location.valid():
                    identifiants.append(noeud.id)
                    latitudes.append(noeud.lat)
                    longitudes.append(noeud.lon)
    except (RuntimeError, ValueError) as erreur:
        raise FichierRefuse(
            chemin.name, f"l'extrait est tronqué ou abîmé ({erreur})", _REDONNER
        ) from erreur
    ids = np.frombuffer(identifiants, dtype=np.int64)
    ordre = np.argsort(ids, kind="stable")
    voies, manquants = lues.voies(
        identifiants=ids[ordre],
        latitude=np.frombuffer(latitudes, dtype=float)[ordre],
        longitude=np.frombuffer(longitudes, dtype=float)[ordre],
        classes=lecteur.classes,
    )
    if not manquants:
        return voies, ()
    return voies, (
        f"Points de voies absents de l'extrait : {manquants} ; les voies y sont coupées.",
    )


def _lire_geopackage(
    chemin: Path, lecteur: Lecteur, dire: Progres
) -> tuple[Voies, tuple[str, ...]]:
    """Lit les lignes par lots ; les points sont reconnus à leurs coordonnées."""
    lues = _Accumulation(chemin.name)
    dites: dict[str, None] = {}
    for numero, (remarques, retenues) in enumerate(_lots(chemin, lecteur), start=1):
        dire(f"Lecture des voies, lot {numero}")
        dites |= dict.fromkeys(remarques)
        for voie, points in retenues:
            lues.ajouter(voie, points)
    cles = np.unique(np.frombuffer(lues.points, dtype=np.int64))
    voies, _ = lues.voies(
        identifiants=cles,
        latitude=(cles // 3_600_000_001) / 1e7 - 90,
        longitude=(cles % 3_600_000_001) / 1e7 - 180,
        classes=lecteur.classes,
    )
    return voies, tuple(dites)


def _cles(coordonnees: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Un entier par point (longitude, latitude), au dix-millionième de degré."""
    longitude = np.round((coordonnees[:, 0] + 180) * 1e7).astype(np.int64)
    latitude = np.round((coordonnees[:, 1] + 90) * 1e7).astype(np.int64)
    return latitude * 3_600_000_001 + longitude


Lot = tuple[tuple[str, ...], list[tuple[Voie, list[int]]]]


def _lots(chemin: Path, lecteur: Lecteur) -> Iterator[Lot]:
    import shapely
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError
    from pyogrio.raw import read

    try:
        # GDAL avertit d'une extension inattendue : nous reconnaissons le fichier à ses octets.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            couche, colonnes, ou, remarques = _couche(chemin)
        saut = 0
        while True:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                meta, _, geometries, champs = read(
                    str(chemin),
                    layer=couche,
                    columns=list(colonnes),
                    where=ou,
                    skip_features=saut,
                    max_features=_LOT,
                    force_2d=True,
                )
            if meta["crs"] not in ("EPSG:4326", "OGC:CRS84", None):
                raise FichierRefuse(
                    chemin.name,
                    f"ses coordonnées sont en {meta['crs']}",
                    "donnez-le en longitudes et latitudes (EPSG:4326)",
                )
            noms = list(meta["fields"])
            lignes = shapely.from_wkb(geometries)
            _refuser_hors_du_globe(chemin.name, shapely.get_coordinates(lignes))
            retenues = []
            for rang, ligne in enumerate(lignes):
                valeurs = {n: champ[rang] for n, champ in zip(noms, champs, strict=True)}
                voie = lecteur.lire(_etiquettes(valeurs))
                if voie is None:
                    continue
                retenues += [
                    (voie, _cles(shapely.get_coordinates(partie)).tolist())
                    for partie in shapely.get_parts(ligne)
                    if partie.geom_type == "LineString" and not partie.is_empty
                ]
            yield remarques, retenues
            if len(geometries) < _LOT:
                return
            saut += _LOT
    except (DataSourceError, DataLayerError, FeatureError, shapely.errors.GEOSException) as erreur:
        raise FichierRefuse(
            chemin.name, f"le GeoPackage est tronqué ou abîmé ({erreur})", _REDONNER
        ) from erreur


def _refuser_hors_du_globe(nom: str, coordonnees: npt.NDArray[np.float64]) -> None:
    """Refuse des degrés impossibles : des mètres dont le système n'est pas dit, le plus souvent.

    Raises
    ------
    FichierRefuse
        Si une coordonnée est inconnue ou hors de ±180 et ±90 degrés.
    """
    if len(coordonnees) and not (np.abs(coordonnees) <= (180, 90)).all():
        raise FichierRefuse(
            nom,
            "ses coordonnées ne sont pas des degrés",
            "donnez-le en longitudes et latitudes (EPSG:4326)",
        )


def _couche(chemin: Path) -> tuple[str, tuple[str, ...], str, tuple[str, ...]]:
    """Renvoie la couche des voies, ses colonnes utiles, le filtre et ce que la forme ne dit pas."""
    from pyogrio import list_layers, read_info

    noms = [str(nom) for nom in list_layers(str(chemin))[:, 0]]
    for nom in noms:
        champs = {str(champ) for champ in read_info(str(chemin), layer=nom)["fields"]}
        if "fclass" in champs and "oneway" in champs:
            return (
                nom,
                tuple(sorted(champs & {"fclass", "oneway", "maxspeed"})),
                "fclass IS NOT NULL",
                (
                    "GeoPackage « free » de Geofabrik : les accès réservés et les bacs n'y sont "
                    "pas dits (forme décrite, non vue).",
                ),
            )
        if "highway" in champs and nom != "points":
            ou = "highway IS NOT NULL"
            if "other_tags" in champs:
                ou += ' OR other_tags LIKE \'%"route"=>"ferry"%\''
            elif "route" in champs:
                ou += " OR route = 'ferry'"
            utiles = champs & {*_COLONNES_D_ETIQUETTES, "other_tags"}
            return nom, tuple(sorted(utiles)), ou, ()
    raise FichierRefuse(
        chemin.name,
        "aucune couche n'a de colonne « highway » ni « fclass »",
        "donnez un GeoPackage de voies tiré d'OpenStreetMap",
    )


def _etiquettes(valeurs: Mapping[str, Any]) -> dict[str, str]:
    if "fclass" in valeurs:
        sens = str(valeurs.get("oneway") or "B")
        return etiquettes_geofabrik(str(valeurs["fclass"]), sens, valeurs.get("maxspeed"))
    lues = lire_hstore(valeurs.get("other_tags"))
    autres = {c: str(v) for c, v in valeurs.items() if c != "other_tags" and _dit(v)}
    return {**lues, **autres}


def _dit(valeur: Any) -> bool:
    """Dit si une case porte une étiquette : ni vide, ni absente (``nan`` compris)."""
    return valeur is not None and str(valeur) not in ("", "nan", "None")
