"""Données ouvertes : chaque cellule changée, ajoutée ou retirée est trouvée et nommée."""

from __future__ import annotations

import io

import polars as pl
import pytest
import xlsxwriter

from solidiag.publication.verification import tables
from solidiag.publication.verification.classeur import lire_classeur
from solidiag.publication.verification.comparaison import Ecart
from solidiag.publication.verification.tables import Feuilles

TABLE = pl.DataFrame(
    {
        "indicateur": ["ctx_tx_pauvrete"] * 3,
        "territoire": ["COM-40088", "COM-40192", "DEP-40"],
        "periode": ["2021"] * 3,
        "valeur": [20.0, None, 11.7],
        "communes_lues": pl.Series([1, None, 38], dtype=pl.Int32),
        "motif": ["", "secret ; « s »", "deux\nlignes"],
        "tags": [["a", "b"], [], None],
    }
)


def verifier_csv(octets: bytes, attendue: pl.DataFrame, *, fichier: str) -> list[Ecart]:
    return list(tables.verifier_csv(octets, attendue, fichier=fichier).ecarts)


def verifier_parquet(octets: bytes, attendue: pl.DataFrame, *, fichier: str) -> list[Ecart]:
    return list(tables.verifier_parquet(octets, attendue, fichier=fichier).ecarts)


def comparer_feuilles(trouvees: Feuilles, attendues: Feuilles, *, fichier: str) -> list[Ecart]:
    return list(tables.comparer_feuilles(trouvees, attendues, fichier=fichier).ecarts)


def csv(table: pl.DataFrame = TABLE) -> str:
    plate = table.with_columns(pl.col("tags").list.join(", "))
    return plate.write_csv(separator=";", decimal_comma=True, include_bom=True)


def parquet(table: pl.DataFrame) -> bytes:
    tampon = io.BytesIO()
    table.write_parquet(tampon)
    return tampon.getvalue()


def test_the_written_csv_is_conform() -> None:
    assert verifier_csv(csv().encode(), TABLE, fichier="f") == []
    assert tables.verifier_csv(csv().encode(), TABLE, fichier="f").lus == 4


def test_a_digit_changed_in_a_csv_is_found_with_its_key() -> None:
    (ecart,) = verifier_csv(csv().replace("11,7", "11,8").encode(), TABLE, fichier="o.csv")
    assert (ecart.attendu, ecart.trouve) == ("11,7", "11,8")
    assert "solidiag expliquer ctx_tx_pauvrete 40 --periode 2021" in ecart.phrase()


@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        ("20,0", ""),
        ("20,0", "secret"),
        ("COM-40088", "COM-40089"),
        ("2021;20,0", "2022;20,0"),
        (";38;", ";39;"),
        ("a, b", "a, c"),
        ("COM-40192;2021;;", "COM-40192;2021;0;"),
    ],
)
def test_any_changed_cell_is_found(avant: str, apres: str) -> None:
    texte = csv()
    assert texte.count(avant) == 1
    assert len(verifier_csv(texte.replace(avant, apres).encode(), TABLE, fichier="f")) == 1


def test_a_missing_and_an_added_row_are_named() -> None:
    lignes = TABLE.slice(1)
    ecarts = verifier_csv(csv(lignes).encode(), TABLE, fichier="f")
    assert [e.trouve for e in ecarts] == ["2 lignes au lieu de 3", "la ligne manque"]
    assert "COM-40088" in ecarts[1].lieu
    ecarts = verifier_csv(csv().encode(), lignes, fichier="f")
    assert ecarts[1].trouve == "la ligne est en trop"


def test_a_missing_and_an_added_column_are_said() -> None:
    trouvee = TABLE.rename({"valeur": "value"})
    dits = [e.trouve for e in verifier_csv(csv(trouvee).encode(), TABLE, fichier="f")]
    assert dits == ["la colonne « valeur » manque", "la colonne « value » est en trop"]


@pytest.mark.parametrize("octets", [b"", b"\xff\xfe\x00\x01", b'a;b\n"x;1\n'])
def test_an_unreadable_csv_is_said(octets: bytes) -> None:
    assert verifier_csv(octets, TABLE, fichier="f")[0].genre == "fichier"


def test_a_parquet_is_compared_cell_by_cell() -> None:
    assert verifier_parquet(parquet(TABLE), TABLE, fichier="f") == []
    change = TABLE.with_columns(pl.col("valeur").replace(11.7, 11.8))
    (ecart,) = verifier_parquet(parquet(change), TABLE, fichier="f")
    assert ecart.cle is not None
    assert ecart.cle.territoire == "DEP-40"
    zero = TABLE.with_columns(pl.col("valeur").fill_null(0.0))
    assert len(verifier_parquet(parquet(zero), TABLE, fichier="f")) == 1
    assert verifier_parquet(b"PAR1", TABLE, fichier="f")[0].genre == "fichier"


def classeur(valeur: float) -> bytes:
    tampon = io.BytesIO()
    livre = xlsxwriter.Workbook(tampon, {"in_memory": True})
    feuille = livre.add_worksheet("EPCI")
    feuille.write_string(0, 0, "Code")
    feuille.write_string(0, 28, "ctx_tx_pauvrete")
    feuille.write_string(1, 0, "244000808")
    feuille.write_number(1, 28, valeur)
    livre.close()
    return tampon.getvalue()


def test_a_workbook_is_read_cell_by_cell() -> None:
    feuilles = lire_classeur(classeur(11.7))
    assert list(feuilles) == ["EPCI"]
    assert feuilles["EPCI"][1][0] == "244000808"
    assert feuilles["EPCI"][1][28] == 11.7
    assert feuilles["EPCI"][1][5] is None


def test_a_changed_cell_of_a_workbook_is_found() -> None:
    attendues, trouvees = lire_classeur(classeur(11.7)), lire_classeur(classeur(11.8))
    assert comparer_feuilles(attendues, attendues, fichier="f") == []
    (ecart,) = comparer_feuilles(trouvees, attendues, fichier="f")
    assert "ctx_tx_pauvrete" in ecart.lieu
    assert (ecart.attendu, ecart.trouve) == ("11,7", "11,8")
    (manque,) = comparer_feuilles({}, attendues, fichier="f")
    assert manque.trouve == "la feuille « EPCI » manque"


@pytest.mark.parametrize("octets", [b"", b"PK\x03\x04", classeur(1)[:-40]])
def test_an_unreadable_workbook_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="classeur"):
        lire_classeur(octets)
