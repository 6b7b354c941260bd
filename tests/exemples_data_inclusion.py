"""Extrait data·inclusion v1 inventé, pour les essais : rien n'y est un vrai service.

Chaque service et chaque structure se nomme « EXEMPLE FICTIF … ». Les communes, leurs codes et
leurs points sont réels ; adresses, organismes, horaires et numéros Siret sont inventés.
"""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from solidiag.pipeline.calculs import charger_referentiel
from solidiag.storage.depot import Depot

GRAINE = 40
DEPARTEMENTS = {"40": 0.5, "33": 0.2, "64": 0.15, "47": 0.08, "32": 0.07}
"""Part des services de chaque département : les Landes et leurs voisins."""

SOURCES = {
    "dora": 0.4, "soliguide": 0.18, "mediation-numerique": 0.12, "france-travail": 0.08,
    "mission-locale": 0.06, "mes-aides": 0.06, "monenfant": 0.05, "emplois-de-linclusion": 0.05,
}  # fmt: skip

PREMIER_JOUR, DERNIER_JOUR = date(2016, 1, 4), date(2025, 6, 27)
PART_DE_DOUBLONS = 0.06

_RESEAUX = (
    "ccas-cias", "mission-locale", "france-service", "cidff", "points-justice", "restos-du-coeur",
    "secours-populaire", "croix-rouge", "siao", "residences-fjt", "csapa", "mobin", "wimoov",
    "ressourceries", "aci", "ei", "plie", "france-travail", "points-conseil-budget", "creches-avip",
    "espaces-publics-numeriques", "departements", "maisons-des-solidarites", "emmaus",
)  # fmt: skip
_PUBLICS = (
    "actifs", "beneficiaires-des-minimas-sociaux", "demandeurs-emploi", "etudiants", "familles",
    "femmes", "jeunes", "personnes-en-situation-de-handicap", "personnes-en-situation-durgence",
    "personnes-exilees", "residents-qpv-frr", "seniors",
)  # fmt: skip
_TYPES = ("accompagnement", "aide-financiere", "aide-materielle", "atelier", "formation")
_HORAIRES = (
    "Mo-Fr 09:00-12:00,14:00-17:00",
    "Mo,We 14:00-18:00",
    "Tu-Sa 09:30-12:30",
    "Mo-Fr 08:30-12:30; Sa 09:00-12:00",
    "Th 17:00-20:00",
    "PH off; Mo-Fr 10:00-16:00",
)
_VOIES = ("rue des Bruyères", "avenue du Moulin", "place du Marché", "impasse des Tuiliers")
_MOTS = (
    "Passerelle", "Relais", "Trait d'union", "Tremplin", "Escale", "Boussole", "Marmite", "Atelier",
    "Étincelle", "Rivage", "Genêt", "Sillon", "Fanal", "Gué", "Estacade", "Lisière",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Extrait:
    """Un extrait inventé.

    Parameters
    ----------
    services, structures
        Enregistrements du schéma v1.
    doublons
        Paires d'identifiants de services qui décrivent le même service chez deux producteurs.
    """

    services: tuple[dict[str, Any], ...]
    structures: tuple[dict[str, Any], ...]
    doublons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class _Commune:
    code: str
    nom: str
    departement: str
    epci: str
    latitude: float
    longitude: float
    poids: float


def extrait(nombre: int = 5000, *, graine: int = GRAINE) -> Extrait:
    """Renvoie un extrait de ``nombre`` services, le même pour une même graine.

    On y trouve toutes les thématiques, des services répétés par deux producteurs, des zones
    d'éligibilité de toutes sortes, des fiches anciennes, des services à distance, sans point, ou
    dont le lieu n'est pas dit.
    """
    return _extrait(nombre, graine)


@cache
def _extrait(nombre: int, graine: int) -> Extrait:
    alea = random.Random(graine)  # noqa: S311
    communes = _communes()
    thematiques = Depot.embarque().declaration("services/vocabulaire.yaml")["thematiques"]
    repetes = round(nombre * PART_DE_DOUBLONS)
    structures = [_structure(alea, communes, rang) for rang in range(max(3, nombre // 4))]
    services = []
    for rang in range(nombre - repetes):
        structure, commune = alea.choice(structures) if rang % 7 else structures[rang % 3]
        services.append(_service(alea, structure, commune, rang, thematiques))
    doublons = []
    doublables = [s for s in services if s["adresse"] and s["modes_accueil"] != ["a-distance"]]
    for rang, original in enumerate(alea.sample(doublables, repetes)):
        copie = _repeter(alea, original, rang)
        services.append(copie)
        doublons.append((original["id"], copie["id"]))
    alea.shuffle(services)
    return Extrait(
        services=tuple(services),
        structures=tuple(s for s, _ in structures),
        doublons=tuple(doublons),
    )


@cache
def _communes() -> dict[str, list[_Commune]]:
    depot = Depot.embarque()
    lues = charger_referentiel(depot).communes.filter(
        pl.col("departement").is_in(list(DEPARTEMENTS)), pl.col("latitude").is_not_null()
    )
    par: dict[str, list[_Commune]] = {}
    colonnes = ("code", "nom", "departement", "epci", "latitude", "longitude", "population")
    for code, nom, departement, epci, lat, lon, population in lues.select(colonnes).iter_rows():
        par.setdefault(departement, []).append(
            _Commune(
                code=code, nom=nom, departement=departement, epci=epci or "", latitude=lat,
                longitude=lon, poids=float(population or 50) ** 0.8,
            )
        )  # fmt: skip
    return par


def _structure(
    alea: random.Random, communes: Mapping[str, list[_Commune]], rang: int
) -> tuple[dict[str, Any], _Commune]:
    departement = _tirer(alea, DEPARTEMENTS)
    commune = alea.choices(communes[departement], weights=[c.poids for c in communes[departement]])[
        0
    ]
    source = _tirer(alea, SOURCES)
    lieu = _lieu(alea, commune)
    structure = {
        "source": source,
        "id": f"{source}--structure-{rang:05d}",
        "nom": f"EXEMPLE FICTIF Association {alea.choice(_MOTS)} {rang}",
        "date_maj": _jour(alea),
        "description": "Exemple fictif : cette structure n'existe pas, elle sert à des essais.",
        "lien_source": None,
        "siret": f"{900000000 + rang:09d}{rang % 90 + 10:05d}" if rang % 5 else None,
        **lieu,
        "horaires_accueil": alea.choice(_HORAIRES) if rang % 3 == 0 else None,
        "accessibilite_lieu": None,
        "reseaux_porteurs": [_RESEAUX[rang // 2 % len(_RESEAUX)]] if rang % 2 == 0 else None,
    }
    return structure, commune


def _service(
    alea: random.Random,
    structure: Mapping[str, Any],
    commune: _Commune,
    rang: int,
    thematiques: Sequence[str],
) -> dict[str, Any]:
    principale = thematiques[rang % len(thematiques)]
    autres = alea.sample(list(thematiques), alea.choice((0, 0, 1, 2)))
    libelle = principale.split("--")[1].replace("-", " ")
    mode = alea.choices(("ici", "mixte", "distance"), weights=(0.75, 0.15, 0.1))[0]
    lieu = _lieu(alea, commune)
    if rang % 20 == 0:
        lieu |= {"latitude": None, "longitude": None}
    if mode == "distance" or rang % 33 == 0:
        lieu = dict.fromkeys(lieu)
    publics = alea.sample(_PUBLICS, alea.choice((1, 1, 2, 3)))
    identifiant = f"{structure['source']}--service-{rang:05d}"
    return {
        "source": structure["source"],
        "structure_id": structure["id"] if rang % 50 else f"{structure['source']}--absente-{rang}",
        "id": identifiant,
        "nom": f"EXEMPLE FICTIF {alea.choice(_MOTS)} {rang} : {libelle}"[:140].rstrip(". "),
        "description": f"Exemple fictif, service inventé pour des essais : {libelle}.",
        "lien_source": f"https://exemple.invalid/services/{rang}" if rang % 2 else None,
        "date_maj": _jour(alea),
        "type": alea.choice((*_TYPES, None)),
        "thematiques": sorted({principale, *autres}),
        "frais": alea.choice(("gratuit", "gratuit", "payant", None)),
        "frais_precisions": None,
        "publics": ["tous-publics"] if rang % 4 == 0 else sorted(publics),
        "publics_precisions": None,
        "conditions_acces": None,
        **lieu,
        "telephone": None,
        "courriel": None,
        "modes_accueil": {
            "ici": ["en-presentiel"],
            "mixte": ["a-distance", "en-presentiel"],
            "distance": ["a-distance"],
        }[mode],
        "zone_eligibilite": _zone(alea, commune, mode),
        "contact_nom_prenom": None,
        "lien_mobilisation": None,
        "modes_mobilisation": alea.choice((["se-presenter"], ["envoyer-un-courriel"], None)),
        "mobilisable_par": alea.choice((["usagers"], ["professionnels", "usagers"], None)),
        "mobilisation_precisions": None,
        "volume_horaire_hebdomadaire": float(alea.choice((2, 7, 20))) if rang % 25 == 0 else None,
        "nombre_semaines": 12 if rang % 25 == 0 else None,
        "horaires_accueil": alea.choice(_HORAIRES) if rang % 5 < 3 else None,
    }


def _repeter(alea: random.Random, original: Mapping[str, Any], rang: int) -> dict[str, Any]:
    """Renvoie le même service, tel qu'un autre producteur l'écrit."""
    source = alea.choice([s for s in SOURCES if s != original["source"]])
    nom = str(original["nom"])
    copie = {
        **original,
        "source": source,
        "id": f"{source}--copie-{rang:05d}",
        "structure_id": f"{source}--copie-structure-{rang:05d}",
        "nom": nom.upper() if rang % 2 else nom,
        "date_maj": _jour(alea),
        "adresse": str(original["adresse"]).upper() if rang % 3 else original["adresse"],
    }
    if copie["latitude"] is not None:
        copie["latitude"] = round(copie["latitude"] + alea.uniform(-1, 1) * 1e-4, 6)
    return copie


def _zone(alea: random.Random, commune: _Commune, mode: str) -> list[str] | None:
    choix = alea.random()
    if mode == "distance":
        return ["france"] if choix < 0.5 else None if choix < 0.6 else [commune.departement]
    for seuil, zone in (
        (0.35, [commune.departement]),
        (0.55, [commune.epci or commune.departement]),
        (0.65, [commune.code]),
        (0.75, ["france"]),
        (0.78, ["2A", "2B"]),
    ):
        if choix < seuil:
            return zone
    return None


def _lieu(alea: random.Random, commune: _Commune) -> dict[str, Any]:
    return {
        "commune": commune.nom,
        "code_postal": None,
        "code_insee": commune.code,
        "adresse": f"{alea.randint(1, 180)} {alea.choice(_VOIES)}",
        "complement_adresse": None,
        "longitude": round(commune.longitude + alea.uniform(-1, 1) * 0.01, 6),
        "latitude": round(commune.latitude + alea.uniform(-1, 1) * 0.008, 6),
    }


def _jour(alea: random.Random) -> str:
    jours = (DERNIER_JOUR - PREMIER_JOUR).days
    anciennete = int(jours * alea.random() ** 3)
    return (DERNIER_JOUR - timedelta(days=anciennete)).isoformat()


def _tirer(alea: random.Random, poids: Mapping[str, float]) -> str:
    return alea.choices(list(poids), weights=list(poids.values()))[0]


# ------------------------------------------------------------------ écriture


def en_csv(
    lignes: Iterable[Mapping[str, Any]], *, listes: str = "json", separateur: str = ","
) -> bytes:
    """Renvoie un CSV ; ``listes`` : ``json``, ``python`` ou ``texte`` (séparées d'une virgule)."""
    lus = list(lignes)
    tampon = io.StringIO()
    ecrivain = csv.DictWriter(
        tampon, fieldnames=list(lus[0]), delimiter=separateur, lineterminator="\n"
    )
    ecrivain.writeheader()
    for ligne in lus:
        ecrivain.writerow({champ: _cellule(v, listes) for champ, v in ligne.items()})
    return tampon.getvalue().encode()


def _cellule(valeur: Any, listes: str) -> Any:
    if not isinstance(valeur, list):
        return valeur
    if listes == "json":
        return json.dumps(valeur, ensure_ascii=False)
    return str(valeur) if listes == "python" else ", ".join(valeur)


def en_json(contenu: Any) -> bytes:
    """Renvoie un JSON : une liste, ou un objet de listes."""
    return json.dumps(contenu, ensure_ascii=False).encode()


def en_geojson(lignes: Iterable[Mapping[str, Any]]) -> bytes:
    """Renvoie un GeoJSON ; un enregistrement sans point y a une géométrie nulle."""
    entites = []
    for ligne in lignes:
        point = ligne["latitude"] is not None
        coordonnees = [ligne["longitude"], ligne["latitude"]]
        entites.append(
            {
                "type": "Feature",
                "properties": dict(ligne),
                "geometry": {"type": "Point", "coordinates": coordonnees} if point else None,
            }
        )
    return en_json({"type": "FeatureCollection", "features": entites})


def en_parquet(lignes: Iterable[Mapping[str, Any]]) -> bytes:
    """Renvoie un Parquet dont les listes sont de vraies listes."""
    tampon = io.BytesIO()
    pl.DataFrame(list(lignes), infer_schema_length=None).write_parquet(tampon)
    return tampon.getvalue()


def en_xlsx(
    feuilles: Mapping[str, Iterable[Mapping[str, Any]]], *, listes: str = "python"
) -> bytes:
    """Renvoie un classeur, une feuille par liste, avec la colonne de rang que pandas écrit."""
    import xlsxwriter

    tampon = io.BytesIO()
    with xlsxwriter.Workbook(tampon, {"in_memory": True, "strings_to_urls": False}) as classeur:
        for nom, lignes in feuilles.items():
            feuille = classeur.add_worksheet(nom)
            lus = list(lignes)
            feuille.write_row(0, 1, list(lus[0]))
            for rang, ligne in enumerate(lus, start=1):
                cellules = [_cellule(valeur, listes) for valeur in ligne.values()]
                feuille.write_row(rang, 0, [rang - 1, *cellules])
    return tampon.getvalue()


def en_zip(fichiers: Mapping[str, bytes]) -> bytes:
    """Renvoie une archive de fichiers."""
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as archive:
        for nom, octets in fichiers.items():
            archive.writestr(nom, octets)
    return tampon.getvalue()
