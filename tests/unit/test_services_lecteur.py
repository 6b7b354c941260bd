"""Lecteur de services : ce que la déclaration dit est lu, ce qui n'y ressemble pas arrête tout."""

from __future__ import annotations

import gzip

import pytest

from solidiag.catalogue.source import Fichier, Licence, Source
from solidiag.errors import DeclarationInvalide, FormatInattendu
from solidiag.model.service import SERVICES
from solidiag.sources.services import lire_codes_postaux, lire_services

ENTETE = "num,nom,insee,cp,ville,rue,lat,lon,places,tag,an"
LIGNE = "a1,PMI de Dax,40088,40100,Dax,5 rue Labadie,43.70,-1.05,12,pmi,2020"
OPTIONS = {
    "id": ["num"],
    "nom": "nom",
    "code_insee": "insee",
    "code_postal": "cp",
    "commune": "ville",
    "adresse": ["rue"],
    "latitude": "lat",
    "longitude": "lon",
    "date": "2020-06",
    "capacite": ["places"],
    "capacite_unite": "places",
    "vues": [{"categorie": "pmi"}],
}


def _source(options: dict[str, object], fichier: str = "offre/x.csv") -> tuple[Source, Fichier]:
    declare = Fichier(
        id="f", fichier=fichier, millesime="2020", cog=2020, niveau="COM", lecteur="services",
        options=options,
    )  # fmt: skip
    source = Source(
        id="offre.x", titre="x", producteur="x", licence=Licence(id="x"), champ="x",
        fichiers=(declare,),
    )  # fmt: skip
    return source, declare


def _lire(*lignes: str, entete: str = ENTETE, **options: object):
    texte = "\n".join([entete, *lignes]) + "\n"
    return lire_services(texte.encode(), *_source(OPTIONS | options))


def test_a_row_becomes_a_service_with_its_line_and_date() -> None:
    table = _lire(LIGNE)
    assert dict(table.schema) == SERVICES
    service = table.row(0, named=True)
    assert service["id"] == "offre.x:a1"
    assert (service["ligne"], service["date_source"], service["origin"]) == (
        2,
        "2020-06",
        "offre.x/f",
    )
    assert (service["capacite"], service["capacite_unite"]) == (12.0, "places")
    assert service["precision_geo"] == "point"


def test_an_empty_capacity_is_not_zero() -> None:
    table = _lire(LIGNE.replace(",12,", ",,"), LIGNE.replace("a1", "a2").replace(",12,", ",0,"))
    assert table["capacite"].to_list() == [None, 0.0]
    assert table["capacite_unite"].to_list() == [None, "places"]


def test_a_declared_unknown_zero_capacity_is_empty() -> None:
    table = _lire(LIGNE.replace(",12,", ",0,"), capacite_zero_inconnue=True)
    assert table["capacite"].to_list() == [None]


def test_a_missing_or_null_point_has_unknown_precision() -> None:
    table = _lire(
        LIGNE.replace("43.70,-1.05", ","), LIGNE.replace("a1", "a2").replace("43.70,-1.05", "0,0")
    )
    assert table["precision_geo"].to_list() == ["inconnue", "inconnue"]
    assert table["latitude"].null_count() == 2


def test_a_name_that_is_a_siret_becomes_the_siret() -> None:
    service = _lire(LIGNE.replace("PMI de Dax", "24400054300011")).row(0, named=True)
    assert service["siret"] == "24400054300011"
    assert "24400054300011" in service["nom"]


def test_one_row_can_hold_two_services() -> None:
    table = _lire(
        LIGNE,
        LIGNE.replace("a1", "a2").replace("pmi,", "mairie,"),
        vues=[
            {"categorie": "pmi", "filtre": {"tag": ["pmi"]}},
            {"categorie": "clic", "suffixe": "#clic", "motif": {"nom": "pmi de"}},
        ],
    )
    assert table["id"].to_list() == ["offre.x:a1", "offre.x:a1#clic", "offre.x:a2#clic"]


def test_a_count_makes_as_many_services() -> None:
    table = _lire(LIGNE, nombre="places", capacite=[])
    assert table.height == 12
    assert table["id"].n_unique() == 12


def test_only_the_last_year_is_read_and_rows_are_counted() -> None:
    lignes = [LIGNE, LIGNE.replace("a1", "a2"), LIGNE.replace("a1", "a3").replace("2020", "2019")]
    table = _lire(*lignes, dernier="an", regrouper=["nom"], capacite=[], capacite_unite="postes")
    assert table["capacite"].to_list() == [2.0]


def test_a_declared_correction_is_applied_and_must_find_its_value() -> None:
    correction = {"colonne": "cp", "lu": "401000", "corrige": "40100", "motif": "zéro en trop"}
    table = _lire(LIGNE.replace("40100", "401000"), corrections=[correction])
    assert table["code_postal"].to_list() == ["40100"]
    with pytest.raises(FormatInattendu, match="correction à retirer"):
        _lire(LIGNE, corrections=[correction])


@pytest.mark.parametrize(
    ("ligne", "attendu"),
    [
        (LIGNE.replace("43.70", "quarante"), "des nombres dans « lat »"),
        (LIGNE.replace(",12,", ",douze,"), "des nombres dans « places »"),
        (LIGNE.replace("40088", "4088"), "des codes de cinq caractères dans « insee »"),
        (LIGNE.replace("40100", "4010"), "des codes de cinq caractères dans « cp »"),
    ],
)
def test_a_cell_of_another_kind_stops_the_read(ligne: str, attendu: str) -> None:
    with pytest.raises(FormatInattendu, match=attendu):
        _lire(ligne)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(FormatInattendu, match="« insee »"):
        _lire(LIGNE, entete=ENTETE.replace("insee", "code"))


def test_a_repeated_identifier_stops_the_read() -> None:
    with pytest.raises(FormatInattendu, match="répété"):
        _lire(LIGNE, LIGNE)


def test_a_bad_date_stops_the_read() -> None:
    with pytest.raises(FormatInattendu, match="AAAA-MM-JJ"):
        _lire(LIGNE.replace("pmi,2020", "pmi,mai 2020"), date_colonne="an")


def test_a_truncated_or_foreign_file_is_refused() -> None:
    texte = f"{ENTETE}\n{LIGNE}\n".encode()
    compresse = gzip.compress(texte)
    source, fichier = _source(OPTIONS, "offre/x.csv.gz")
    with pytest.raises(FormatInattendu):
        lire_services(compresse[:-10], source, fichier)
    with pytest.raises(FormatInattendu):
        lire_services(b"\xff\xfe\x00", *_source(OPTIONS))
    with pytest.raises(FormatInattendu):
        lire_services(b"", *_source(OPTIONS))


def test_unknown_options_are_all_reported() -> None:
    with pytest.raises(DeclarationInvalide) as faute:
        _lire(LIGNE, couleur="bleu", vues=[])
    assert len(faute.value.fautes) == 2


def test_postal_codes_are_checked() -> None:
    table = lire_codes_postaux(b"code_postal,code\n40100,40088\n40100,40088\n", *_source({}))
    assert table.rows() == [("40100", "40088")]
    with pytest.raises(FormatInattendu, match="4010"):
        lire_codes_postaux(b"code_postal,code\n4010,40088\n", *_source({}))
