"""data·inclusion v1 : cinq formats, mauvaises entrées, rattachement, inventaire des Landes."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from data_inclusion.schema import v1
from tests.exemples_data_inclusion import (
    Extrait,
    en_csv,
    en_geojson,
    en_json,
    en_parquet,
    en_xlsx,
    en_zip,
    extrait,
)

from solidiag.catalogue.service import lire_categories
from solidiag.catalogue.source import Fichier, Licence, Source
from solidiag.errors import FichierRefuse, FormatInattendu
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.mesures import mesurables
from solidiag.offre.structures import STRUCTURE_ABSENTE, rattacher
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import ajouter, examiner, territoires_connus
from solidiag.pipeline.offre import inventorier
from solidiag.pipeline.services_lus import couvertures_des_listes
from solidiag.sources.controle import Partie
from solidiag.sources.data_inclusion import LECTEUR, lire_data_inclusion
from solidiag.sources.reparations import Connus
from solidiag.storage.depot import Depot

DEPOT = Depot.embarque()
JOUR = date(2026, 11, 24)
PETIT = extrait(120)


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(DEPOT))


def lire(octets: bytes) -> pl.DataFrame:
    """Renvoie ce que le lecteur tire d'un fichier."""
    fichier = Fichier(
        id="f", fichier="extrait", millesime="2025", cog=2025, niveau="COM", lecteur=LECTEUR
    )
    licence = Licence(id="x")
    source = Source(
        id="essai", titre="x", producteur="x", licence=licence, champ="x", fichiers=(fichier,)
    )
    return lire_data_inclusion(octets, source, fichier)


def voir(octets: bytes, tmp_path: Path, connus: Connus, nom: str = "extrait.csv") -> Partie:
    """Renvoie la seule partie reconnue d'un fichier."""
    chemin = tmp_path / nom
    chemin.write_bytes(octets)
    (partie,) = examiner(chemin, depot=DEPOT, connus=connus).parties
    return partie


def service(**change: Any) -> dict[str, Any]:
    """Renvoie un service d'exemple, champs changés."""
    return {**PETIT.services[0], "id": "dora--1", "source": "dora", **change}


def formats(e: Extrait) -> dict[str, bytes]:
    """Les mêmes services et structures dans chaque format."""
    services, structures = list(e.services), list(e.structures)
    deux = {"services": services, "structures": structures}
    return {
        "csv": en_zip({"services.csv": en_csv(services), "structures.csv": en_csv(structures)}),
        "csv-python": en_zip(
            {
                "a/services.csv": en_csv(services, listes="python", separateur=";"),
                "a/structures.csv": en_csv(structures, listes="texte"),
            }
        ),
        "json": en_json(deux),
        "json-structures-dabord": en_json({"structures": structures, "services": services}),
        "xlsx": en_xlsx({"Services": services, "Structures": structures}),
        "geojson": en_zip({"s.geojson": en_geojson(services), "t.geojson": en_geojson(structures)}),
        "parquet": en_zip({"s.parquet": en_parquet(services), "t.parquet": en_parquet(structures)}),
    }


def test_the_fictitious_extract_is_valid_for_the_official_package() -> None:
    e = extrait()
    assert len(e.services) == 5000
    for enregistrement in e.services:
        v1.Service(**enregistrement)
    for enregistrement in e.structures:
        v1.Structure(**enregistrement)
    assert all(s["nom"].startswith("EXEMPLE FICTIF") for s in (*e.services, *e.structures))
    vues = {t for s in e.services for t in s["thematiques"]}
    assert vues == {t.value for t in v1.Thematique}
    assert len(e.doublons) == 300


def test_the_declared_vocabulary_is_the_official_one() -> None:
    declare = DEPOT.declaration("services/vocabulaire.yaml")
    officiels = {
        "thematiques": v1.Thematique, "publics": v1.Public, "reseaux": v1.ReseauPorteur,
        "types": v1.TypeService, "frais": v1.Frais, "modes_accueil": v1.ModeAccueil,
        "modes_mobilisation": v1.ModeMobilisation,
        "personnes_mobilisatrices": v1.PersonneMobilisatrice,
    }  # fmt: skip
    assert {nom: set(mots) for nom, mots in declare.items()} == {
        nom: {mot.value for mot in enumeration} for nom, enumeration in officiels.items()
    }


FORMATS = formats(PETIT)


@pytest.mark.parametrize("genre", FORMATS)
def test_each_format_says_the_same_services(genre: str, tmp_path: Path, connus: Connus) -> None:
    octets = FORMATS[genre]
    partie = voir(octets, tmp_path, connus, f"extrait.{genre}")
    assert partie.gabarit.id == "data_inclusion.services"
    assert partie.lignes == len(PETIT.services) + len(PETIT.structures)
    attendue = lire(FORMATS["json"]).drop("ligne", "origin", "source").sort("id")
    lue = lire(octets).drop("ligne", "origin", "source").sort("id")
    listes = [nom for nom, genre in lue.schema.items() if genre == pl.List(pl.String)]
    tri = [pl.col(nom).list.sort() for nom in listes]
    assert lue.with_columns(tri).equals(attendue.with_columns(tri))


def test_services_alone_and_structures_alone_join_at_the_inventory() -> None:
    seuls = lire(gzip.compress(en_csv(PETIT.services)))
    structures = lire(en_csv(PETIT.structures))
    assert seuls["structure"].null_count() == seuls.height
    ensemble = rattacher(pl.concat([seuls, structures])).sort("id")
    assert ensemble.drop("ligne", "origin").equals(
        rattacher(lire(FORMATS["json"])).sort("id").drop("ligne", "origin")
    )
    absents = ensemble.filter(
        pl.col("remarque").fill_null("").str.contains(STRUCTURE_ABSENTE, literal=True)
    )
    connues = {s["id"] for s in PETIT.structures}
    assert absents.height == sum(s["structure_id"] not in connues for s in PETIT.services)


def test_a_nested_answer_of_the_api_gives_its_structure() -> None:
    structure = PETIT.structures[0]
    imbrique = service(structure_id=structure["id"], structure=structure)
    lu = lire(en_json({"items": [imbrique], "total": 1, "page": 1, "size": 1, "pages": 1}))
    assert lu.filter(pl.col("id") == "data-inclusion:dora--1")["structure"][0] == structure["nom"]
    retourne = lire(en_json([{**structure, "services": [service()]}]))
    assert retourne.height == 2


@pytest.mark.parametrize(
    ("change", "champ", "attendu"),
    [
        ({"modes_accueil": ["a-distance"]}, "aller_vers", "distance"),
        ({"modes_accueil": ["a-distance", "en-presentiel"]}, "aller_vers", None),
        ({"zone_eligibilite": ["99100"]}, "zone_eligibilite", ["france"]),
        ({"zone_eligibilite": []}, "zone_eligibilite", None),
        ({"date_maj": "12/05/2024"}, "date_source", "2024-05-12"),
        ({"date_maj": 1715472000000}, "date_source", "2024-05-12"),
        ({"latitude": 0.0, "longitude": 0.0}, "latitude", None),
        ({"latitude": 0.0, "longitude": 0.0}, "precision_geo", "inconnue"),
        ({"code_insee": "Dax"}, "code_insee", None),
        ({"horaires_accueil": "Mo 09:00-12:00"}, "horaires_osm", "Mo 09:00-12:00"),
        ({"thematiques": ["un-mot--nouveau"]}, "thematiques", ["un-mot--nouveau"]),
        ({"id": "42"}, "id", "data-inclusion:dora--42"),
        ({"nom": "EXEMPLE FICTIF\n\tdeux   lignes\x07"}, "nom", "EXEMPLE FICTIF deux lignes"),
    ],
)
def test_a_field_is_read_as_the_schema_says(
    change: dict[str, Any], champ: str, attendu: object
) -> None:
    (lu,) = lire(en_json([service(**change)])).select(champ).rows()
    assert lu == (attendu,)


def test_the_quality_score_is_kept_and_contacts_are_not() -> None:
    octets = en_json([service(score_qualite=0.437, courriel="a@exemple.invalid", telephone="05")])
    (lu,) = lire(octets).iter_rows(named=True)
    assert "score de qualité data·inclusion 0.44" in lu["remarque"]
    assert "exemple.invalid" not in json.dumps({c: v for c, v in lu.items() if c != "lien"})


def test_a_repeated_service_is_kept_once_the_most_recent_one() -> None:
    lu = lire(en_json([service(date_maj="2020-01-01"), service(date_maj="2024-01-01")]))
    assert lu["date_source"].to_list() == ["2024-01-01"]
    assert "répété" in lu["remarque"][0]


def test_what_is_odd_is_said_and_does_not_stop(tmp_path: Path, connus: Connus) -> None:
    bizarres = [
        service(thematiques=["un-mot--nouveau"]),
        service(id="dora--2", nom=None, code_insee=None, code_postal=None, latitude=None),
        service(id="dora--3", code_insee="99999"),
        service(id="dora--4", date_maj=None),
        service(id="dora--5"),
    ]
    partie = voir(en_json(bizarres), tmp_path, connus, "extrait.json")
    dites = "\n".join(partie.remarques)
    for mot in ("un-mot--nouveau", "sans nom", "99999", "date de mise à jour", "pas de structures"):
        assert mot in dites


SERVICES_CSV = en_csv(PETIT.services)
MAUVAIS: dict[str, tuple[Callable[[], bytes], str]] = {
    "vide": (lambda: b"", "vide"),
    "sans ligne": (lambda: SERVICES_CSV.splitlines()[0] + b"\n", "vide"),
    "autre fichier": (lambda: b"code;nom\n40192;Mont-de-Marsan\n", "forme"),
    "colonne absente": (lambda: SERVICES_CSV.replace(b"zone_eligibilite", b"zone"), "manque"),
    "schéma v0": (lambda: SERVICES_CSV.replace(b"zone_elig", b"zone_diffusion"), "manque"),
    "pas des communes": (
        lambda: en_csv([service(id=f"dora--{n}", code_insee=f"9999{n}") for n in range(9)]),
        "codes",
    ),
    "archive coupée": (lambda: en_zip({"s.csv": SERVICES_CSV})[:200], "tronquée"),
    "gzip coupé": (lambda: gzip.compress(SERVICES_CSV)[:-20], "tronqué"),
    "json coupé": (lambda: en_json(list(PETIT.services))[:-30], "JSON"),
    "parquet coupé": (lambda: en_parquet(PETIT.services)[:-4], "tronqué"),
    "classeur coupé": (lambda: en_xlsx({"S": PETIT.services})[:900], "tronqu"),
    "archive piégée": (lambda: _bombe(), "piégée"),
    "nom qui sort": (lambda: en_zip({"../../etc/services.csv": SERVICES_CSV}), "en sort"),
    "page web": (lambda: b"<html><body>data.inclusion</body></html>", "page web"),
    "colonne doublée": (
        lambda: SERVICES_CSV.replace(b"courriel", b"thematiques", 1), "thematiques",
    ),
}  # fmt: skip


def _bombe() -> bytes:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("services.csv", SERVICES_CSV + b" " * (66 << 20))
    return tampon.getvalue()


@pytest.mark.parametrize("cas", MAUVAIS)
def test_a_bad_input_is_refused_in_french_and_nothing_is_lost(
    cas: str, tmp_path: Path, connus: Connus
) -> None:
    depot = Depot(DEPOT.racine, ajouts=tmp_path / "donnees")
    depot.__dict__["gabarits"] = DEPOT.gabarits
    bon = tmp_path / "bon.csv"
    bon.write_bytes(SERVICES_CSV)
    (avant,) = ajouter(examiner(bon, depot=depot, connus=connus), depot=depot, jour=JOUR)
    fabrique, dit = MAUVAIS[cas]
    mauvais = tmp_path / "mauvais\u202e;$(x).csv"
    mauvais.write_bytes(fabrique())
    with pytest.raises(FichierRefuse) as erreur:
        examiner(mauvais, depot=depot, connus=connus)
    assert dit in str(erreur.value)
    relu = Depot(DEPOT.racine, ajouts=tmp_path / "donnees")
    assert avant.source in relu.sources
    assert not relu.fautes
    assert relu.octets(relu.sources[avant.source].fichiers[0].fichier) == SERVICES_CSV


def test_a_file_of_another_shape_stops_the_reader() -> None:
    with pytest.raises(FormatInattendu, match="structure_id"):
        lire(b"code;nom\n40192;Mont-de-Marsan\n")


@pytest.mark.parametrize("encodage", ["utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_recognised(encodage: str) -> None:
    texte = en_csv([service(nom="EXEMPLE FICTIF Forêt")], separateur=";").decode()
    assert lire(texte.encode(encodage))["nom"].to_list() == ["EXEMPLE FICTIF Forêt"]


def test_a_newer_extract_takes_the_place_of_the_former(tmp_path: Path, connus: Connus) -> None:
    depot = Depot(DEPOT.racine, ajouts=tmp_path / "donnees")
    chemin = tmp_path / "extrait.csv"
    ids = []
    for annee in ("2025", "2023"):
        lignes = [service(id=f"dora--{n}", date_maj=f"{annee}-02-01") for n in range(6)]
        chemin.write_bytes(en_csv(lignes))
        examen = examiner(chemin, depot=depot, connus=connus)
        ids.append(ajouter(examen, depot=depot, jour=JOUR)[0].source)
        depot = Depot(DEPOT.racine, ajouts=tmp_path / "donnees")
    assert ids[0] == ids[1]
    assert any("plus récent (2025-02-01)" in r for r in examen.parties[0].remarques)
    assert len(list((tmp_path / "donnees" / "anciens").iterdir())) == 1


# ------------------------------------------------------------------ inventaire des Landes


@pytest.fixture(scope="module")
def landes(tmp_path_factory: pytest.TempPathFactory, connus: Connus) -> dict[str, Inventaire]:
    """Inventaire des Landes sans l'extrait, puis avec."""
    donnees = tmp_path_factory.mktemp("donnees")
    chemin = donnees / "extrait.zip"
    e = extrait()
    contenu = {"services.csv": en_csv(e.services), "structures.csv": en_csv(e.structures)}
    chemin.write_bytes(en_zip(contenu))
    inventaires = {}
    for nom in ("sans", "avec"):
        depot = Depot(DEPOT.racine, ajouts=donnees)
        if nom == "avec":
            ajouter(examiner(chemin, depot=depot, connus=connus), depot=depot, jour=JOUR)
            depot = Depot(DEPOT.racine, ajouts=donnees)
        inventaires[nom], _ = inventorier(
            depot,
            charger_referentiel(depot),
            departement="40",
            categories=lire_categories(depot.declaration("services/categories.yaml")),
        )
    return inventaires


def _domaines(inventaire: Inventaire) -> set[str]:
    return set(inventaire.services["domaines"].explode().drop_nulls())


def test_importing_it_fills_domains_that_were_empty(landes: dict[str, Inventaire]) -> None:
    nouveaux = _domaines(landes["avec"]) - _domaines(landes["sans"])
    assert {
        "aide-alimentaire", "surendettement-microcredit-pcb", "maintien-logement-expulsions",
        "formation-adultes-competences-base", "levee-freins", "logement-jeunes",
        "mobilite-solidaire", "emploi-vert-ressourceries-ess",
    } <= nouveaux | _domaines(landes["sans"])  # fmt: skip
    assert len(nouveaux) >= 6
    jamais = set(DEPOT.declaration("services/thematiques.yaml")["sans_thematique"])
    assert not jamais & nouveaux


def test_services_at_a_distance_are_kept_apart(landes: dict[str, Inventaire]) -> None:
    inventaire = landes["avec"]
    assert landes["sans"].a_distance.is_empty()
    assert inventaire.a_distance.height > 100
    for lieux in (inventaire.services, inventaire.alentour):
        assert lieux.filter(pl.col("aller_vers") == "distance").is_empty()
    zones = inventaire.a_distance["zone_eligibilite"].explode().drop_nulls().unique()
    assert not {"33", "64", "47", "32"} & set(zones)
    ensemble = pl.concat([inventaire.services, inventaire.alentour, inventaire.a_distance])
    assert not ensemble["id"].is_duplicated().any()


def test_a_service_here_for_others_says_so(landes: dict[str, Inventaire]) -> None:
    corses = landes["avec"].services.filter(
        pl.col("zone_eligibilite").list.contains("2A").fill_null(value=False)
    )
    assert corses.height
    assert corses["remarque"].str.contains("réservé aux habitants d'autres territoires").all()
    autour = landes["avec"].alentour
    assert autour.filter(
        pl.col("zone_eligibilite").list.contains("2A").fill_null(value=False)
    ).is_empty()


def test_repeated_services_are_joined_and_embedded_rows_stay(
    landes: dict[str, Inventaire],
) -> None:
    services = landes["avec"].services
    groupes = dict(services.select("id", "groupe").iter_rows())
    ici = [
        (a, b)
        for a, b in ((f"data-inclusion:{x}", f"data-inclusion:{y}") for x, y in extrait().doublons)
        if a in groupes and b in groupes
    ]
    assert len(ici) > 100
    assert sum(groupes[a] == groupes[b] for a, b in ici) >= 0.95 * len(ici)
    avant = landes["sans"].services
    assert set(avant["id"]) <= set(services["id"])
    propres = {cas: avant.filter(pl.col("id") == cas)["domaines"][0] for cas in avant["id"][:50]}
    for cas, domaines in propres.items():
        assert list(services.filter(pl.col("id") == cas)["domaines"][0]) == list(domaines)


def test_a_service_without_a_point_is_at_its_commune(landes: dict[str, Inventaire]) -> None:
    siens = landes["avec"].services.filter(pl.col("id").str.starts_with("data-inclusion:"))
    assert set(siens["precision_geo"].unique()) <= {"point", "commune", "douteuse"}
    assert siens.filter(pl.col("precision_geo") == "commune").height > 20
    assert siens["code_insee"].null_count() == 0


def test_the_extract_changes_no_number_of_places(landes: dict[str, Inventaire]) -> None:
    comptes = {}
    for nom, inventaire in landes.items():
        lieux = mesurables(inventaire.services, couvertures_des_listes(DEPOT, inventaire))
        comptes[nom] = (
            lieux.group_by("categorie").agg(pl.col("groupe").n_unique()).sort("categorie")
        )
    assert comptes["sans"].height > 10
    assert comptes["avec"].equals(comptes["sans"])
