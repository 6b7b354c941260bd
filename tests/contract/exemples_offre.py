"""Échantillons des connecteurs d'offre, dans la vraie forme de chaque fichier.

Lignes réelles : France services (ANCT, liste d'août 2024 et fichier de 2021), ESAT (DGCS et
Finess, 2025), Finess (extraction du 12 mai 2026), SAE 2023 (Drees), lieux de conseillers numériques
(ANCT, juin 2022), BPE 2019 par commune et type (Insee), sous Licence Ouverte 2.0 ; courriels et
téléphones y sont vidés. Tout le reste est un EXEMPLE FICTIF, et le dit dans ses noms.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any


def _texte(nom: str) -> str:
    chemin = Path(__file__).with_name("echantillons_offre") / nom
    return chemin.read_text(encoding="utf-8")


FRANCE_SERVICES = _texte("liste-fs-20240801.csv")

ESAT = _texte("esat_2025.csv")

SAE_ID = _texte("ID_2023r.csv")

SAE_PSY = _texte("PSY_2023r.csv")

SAE_PERINAT = _texte("PERINAT_2023r.csv")

MEDNUM: list[dict[str, Any]] = [
    {
        "id": "62ab190b8255a806e299c8bf", "nom": "Maison Landaise de la Solidarité",
        "commune": "Amou", "code_postal": "40330", "adresse": "296 avenue de l'Océan",
        "latitude": 43.591764, "longitude": -0.751181,
        "horaires": "Mo-Th 08:30-12:30,13:30-17:30; Fr 08:30-12:30,13:30-16:30",
        "source": "conseiller-numerique", "date_maj": "2022-06-16",
        "services": "Prendre en main un smartphone ou une tablette, Prendre en main un ordinateur",
        "conditions_access": "Gratuit", "labels_nationaux": "CNFS, France Services",
        "pivot": "22400001800016",
    },
    {
        "id": "62ab19158255a806e299c8c2",
        "nom": "COMMUNAUTE DE COMMUNES DES COTEAUX ET VALLEES DES LUYS",
        "commune": "AMOU", "code_postal": "40330", "adresse": "19 PL DE LA TECOUERE",
        "latitude": 43.591985, "longitude": -0.746696,
        "horaires": "Tu-Fr 09:30-12:30,13:30-18:30; Sa 09:30-12:30",
        "source": "conseiller-numerique", "date_maj": "2022-06-16",
        "services": "Utiliser le numérique au quotidien", "conditions_access": "Gratuit",
        "labels_nationaux": "CNFS", "pivot": "24400088100049",
    },
]  # fmt: skip

MEDNUM_CSV = _texte("lieux_fictifs.csv")

FINESS_REELLES = _texte("etalab-cs1100502-stock-20260512-0339.csv")

FINESS = _texte("etalab-cs1100507-fictif.csv")

FINESS_EQUIPEMENTS = _texte("etalab-cs1100505-fictif.csv")

_JOURS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _semaine(**ouverts: list[tuple[int, int]]) -> dict[str, Any]:
    return {
        jour: {
            "open": jour in ouverts,
            "timeslot": [{"start": d, "end": f} for d, f in ouverts.get(jour, [])],
        }
        for jour in _JOURS
    }


def _service(code: str, numero: str, **change: Any) -> dict[str, Any]:
    return {
        "category": code,
        "serviceObjectId": numero,
        "description": "Appelez le 05 00 00 00 00 &#233;videmment",
        "close": {"actif": False, "dateDebut": None, "dateFin": None},
        "saturated": {"status": "LOW", "precision": None},
        "differentHours": False,
        "differentModalities": False,
        "differentPublics": False,
        **change,
    }


def lieu_soliguide(numero: int, **change: Any) -> dict[str, Any]:
    """Renvoie un lieu fictif dans la forme de l'API."""
    return {
        "lieu_id": numero,
        "name": f"EXEMPLE FICTIF lieu {numero}",
        "status": "ONLINE",
        "visibility": "ALL",
        "placeType": "LIEU",
        "description": "Lieu d'essai",
        "seo_url": f"exemple-fictif-{numero}",
        "updatedAt": "2026-05-04T09:19:57.898Z",
        "entity": {"mail": "essai@exemple.invalid", "phones": [{"phoneNumber": "0500000000"}]},
        "newhours": {"description": "", **_semaine(monday=[(900, 1200)], tuesday=[(900, 1200)])},
        "modalities": {
            "inconditionnel": True,
            "price": {"checked": False, "precisions": "Gratuit"},
        },
        "publics": {"accueil": 0, "age": {"min": 0, "max": 99}, "gender": ["men", "women"]},
        "position": {
            "address": "1 rue Fictive, 40100 Dax",
            "postalCode": "40100",
            "cityCode": "40088",
            "city": "Dax",
            "location": {"type": "Point", "coordinates": [-1.05, 43.71]},
        },
        "services_all": [_service("food_distribution", f"s{numero}")],
        **change,
    }


SOLIGUIDE = {
    "nbResults": 6,
    "places": [
        lieu_soliguide(
            1,
            services_all=[
                _service("food_distribution", "a"),
                _service("domiciliation", "b", saturated={"status": "HIGH", "precision": "file"}),
                _service("allergology", "c"),
                _service("un_code_inconnu", "d"),
                _service(
                    "social_grocery_stores",
                    "e",
                    close={"actif": True, "dateDebut": "2026-03-01T00:00:00.000Z", "dateFin": None},
                ),
                _service(
                    "clothing",
                    "f",
                    close={"actif": True, "dateDebut": "2026-07-01", "dateFin": "2026-08-31"},
                    differentHours=True,
                    hours={"description": "1er samedi", **_semaine(saturday=[(1000, 1130)])},
                ),
            ],
        ),
        lieu_soliguide(2, status="OFFLINE"),
        lieu_soliguide(3, visibility="PRO"),
        lieu_soliguide(4, status="PERMANENTLY_CLOSED"),
        lieu_soliguide(
            5,
            placeType="PARCOURS_MOBILE",
            parcours=[
                {"position": {"postalCode": "40630", "city": "Sabres", "cityCode": "40246",
                              "location": {"coordinates": [-0.73, 44.15]}}},
                {"position": {"postalCode": "40110", "city": "Morcenx", "cityCode": "40110",
                              "location": {"coordinates": [-0.91, 44.03]}}},
            ],
        ),
        lieu_soliguide(
            6,
            publics={"accueil": 1, "gender": ["women"], "familialle": ["pregnant"],
                     "administrative": ["asylum"], "age": {"min": 0, "max": 25}},
        ),
    ],
}  # fmt: skip

_PLAGES = [
    {"nom_jour_debut": "Lundi", "nom_jour_fin": "Jeudi", "valeur_heure_debut_1": "09:00:00",
     "valeur_heure_fin_1": "12:00:00", "valeur_heure_debut_2": "14:00:00",
     "valeur_heure_fin_2": "17:00:00", "commentaire": ""},
]  # fmt: skip


def fiche_dila(numero: int, pivots: list[str], *, texte: bool, **change: Any) -> dict[str, Any]:
    """Renvoie une fiche fictive, ses listes en JSON dans du texte ou telles quelles."""
    fiche: dict[str, Any] = {
        "id": f"fiche-{numero}",
        "nom": f"EXEMPLE FICTIF guichet {numero}",
        "siret": "",
        "pivot": [{"type_service_local": p, "code_insee_commune": ["40088"]} for p in pivots],
        "adresse": [
            {"type_adresse": "Adresse postale", "numero_voie": "BP 1", "code_postal": "40999",
             "nom_commune": "Dax Cedex", "longitude": "", "latitude": ""},
            {"type_adresse": "Adresse", "complement1": "", "numero_voie": "3 rue Fictive",
             "code_postal": "40100", "nom_commune": "Dax", "longitude": "-1.05",
             "latitude": "43.71"},
        ],
        "plage_ouverture": _PLAGES,
        "affectation_personne": [{"personne": "EXEMPLE FICTIF nom de personne"}],
        "telephone": [{"valeur": "05 00 00 00 00"}],
        "code_insee_commune": "40088",
        "date_modification": "09/08/2023 13:30:19",
        "url_service_public": "https://lannuaire.service-public.fr/exemple-fictif",
        **change,
    }  # fmt: skip
    if texte:
        for champ in ("pivot", "adresse", "plage_ouverture", "affectation_personne", "telephone"):
            fiche[champ] = json.dumps(fiche[champ], ensure_ascii=False) if fiche[champ] else ""
    return fiche


def fiches_dila(*, texte: bool) -> list[dict[str, Any]]:
    """Renvoie trois fiches : une mission locale, deux types dans une, un type qu'on ne lit pas."""
    nuancee = [{**_PLAGES[0], "commentaire": "sauf le 1er lundi du mois, tél. 05 00 00 00 00"}]
    return [
        fiche_dila(1, ["mission_locale"], texte=texte),
        fiche_dila(2, ["ccas", "centre_social"], texte=texte, plage_ouverture=nuancee),
        fiche_dila(3, ["tribunal_de_commerce"], texte=texte),
    ]


SIAE = {
    "count": 3,
    "next": None,
    "results": [
        {
            "siret": "99999999900011", "type": "ACI", "raison_sociale": "EXEMPLE FICTIF CHANTIER",
            "enseigne": "EXEMPLE FICTIF chantier", "telephone": "0500000000",
            "courriel": "essai@exemple.invalid", "site_web": "", "description": "",
            "bloque_candidatures": True, "addresse_ligne_1": "1 rue Fictive",
            "addresse_ligne_2": "", "code_postal": "40100", "ville": "Dax", "departement": "40",
            "cree_le": "2020-01-01T10:00:00Z", "mis_a_jour_le": "2026-05-04T10:00:00.123Z",
            "postes": [{"recrutement_ouvert": "True", "nombre_postes_ouverts": 2},
                       {"recrutement_ouvert": "False", "nombre_postes_ouverts": 5}],
        },
        {
            "siret": "99999999900011", "type": "ACI", "raison_sociale": "EXEMPLE FICTIF CHANTIER",
            "enseigne": "", "bloque_candidatures": False, "addresse_ligne_1": "", "code_postal":
            "40100", "ville": "Dax", "departement": "40", "mis_a_jour_le": "2026-05-04T10:00:00Z",
            "postes": [],
        },
        {
            "siret": "99999999900029", "type": "GEIQ", "raison_sociale": "EXEMPLE FICTIF GEIQ",
            "enseigne": "", "bloque_candidatures": False, "addresse_ligne_1": "2 rue Fictive",
            "code_postal": "40000", "ville": "Mont-de-Marsan", "departement": "40",
            "mis_a_jour_le": "2026-04-04T10:00:00Z", "postes": [],
        },
    ],
}  # fmt: skip

BPE_DETAIL = _texte("BPE24_fictif.csv")

BPE_XY = _texte("bpe19_ensemble_xy_fictif.csv")

BPE_ENSEMBLE = _texte("bpe_ensemble_2019.csv")

BPE_LONG = _texte("DS_BPE_2024_fictif.csv")

GEOJSON = {
    "type": "FeatureCollection",
    "name": "france_services",
    "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
    "features": [
        {
            "type": "Feature",
            "properties": {
                "MATRICULE": 246, "DEPARTEMENT": "40",
                "lib_france_services": "Pays d'Orthe et Arrigans",
                "ADRESSE": "156 route de Mahoumic", "insee_com": "40224", "code_postal": "40300",
                "lib_com": "PEYREHORADE", "LATITUDE": 43.55478, "LONGITUDE": -1.12258,
                "h_lundi": "9:00 - 12:30 / 13:30 - 17:00", "h_mardi": "9:00 - 12:30",
                "h_mercredi": "-", "h_jeudi": "-", "h_vendredi": "9:00 - 12:30", "h_samedi": "-",
                "FORMAT_FS": "Espace labellisé",
            },
            "geometry": {"type": "Point", "coordinates": [-1.12258, 43.55478]},
        }
    ],
}  # fmt: skip


def archive(**membres: str) -> bytes:
    """Renvoie une archive de fichiers texte, ``__`` tenant lieu de point dans les noms."""
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as sortie:
        for nom, texte in membres.items():
            sortie.writestr(nom.replace("__", "."), texte)
    return tampon.getvalue()


def en_csv(fiches: list[dict[str, Any]], separateur: str = ";") -> bytes:
    """Renvoie des fiches plates en CSV."""
    tampon = io.StringIO()
    ecrivain = csv.DictWriter(tampon, list(fiches[0]), delimiter=separateur)
    ecrivain.writeheader()
    ecrivain.writerows(fiches)
    return tampon.getvalue().encode()


def _json(contenu: Any) -> bytes:
    return json.dumps(contenu, ensure_ascii=False).encode()


ECHANTILLONS: dict[str, tuple[str, bytes]] = {
    "soliguide.lieux": ("soliguide.json", _json(SOLIGUIDE)),
    "finess.etablissements": ("etalab-cs1100507-stock.csv", FINESS.encode()),
    "finess.equipements": ("etalab-cs1100505-stock.csv", FINESS_EQUIPEMENTS.encode()),
    "dila.annuaire": ("annuaire.csv", en_csv(fiches_dila(texte=True))),
    "mednum.lieux": ("lieux.csv", MEDNUM_CSV.encode()),
    "emplois.siae": ("siaes.json", _json(SIAE)),
    "france_services.liste": ("liste-fs-20240801.csv", FRANCE_SERVICES.encode()),
    "france_services.geojson": ("france_services_2021-04.geojson", _json(GEOJSON)),
    "dgcs.esat": ("esat_2025.csv", ESAT.encode()),
    "drees.sae.id": ("ID_2023r.csv", SAE_ID.encode()),
    "insee.bpe.detail": ("BPE24.csv", BPE_DETAIL.encode()),
    "insee.bpe.ensemble": ("bpe_ensemble_2019.csv", BPE_ENSEMBLE.encode()),
    "insee.bpe.long": ("DS_BPE_2024_data.csv", BPE_LONG.encode()),
    "insee.bpe.ensemble_xy": ("bpe19_ensemble_xy.csv", BPE_XY.encode()),
}
"""Gabarit vers nom et octets d'un échantillon dans sa vraie forme."""
