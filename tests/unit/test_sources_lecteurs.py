import gzip

import polars as pl
import pytest

from solidiag.catalogue.source import Fichier, Licence, Source
from solidiag.errors import DeclarationInvalide, FormatInattendu, MarqueInconnue
from solidiag.model.observation import TABLE_SOURCE
from solidiag.sources.registre import LECTEURS, lire, lire_cellules

TEXTE = "CODGEO;A;B\n01001;1,5;s\n2A004;0;12\n75101;3;nd\n"


def declarer(lecteur="colonnes", nom="t.csv", niveau="COM", marques=None, **options):
    fichier = Fichier(
        id="f", fichier=nom, millesime="2021", cog=2024, niveau=niveau, lecteur=lecteur,
        options={"decimale": ",", **options},
    )  # fmt: skip
    source = Source(
        id="essai", titre="t", producteur="p", licence=Licence(id="l"), champ="c",
        marques={"s": "Q", "nd": "O"} if marques is None else marques, fichiers=(fichier,),
    )  # fmt: skip
    return source, fichier


def lire_texte(texte, **options):
    variables = options.pop("variables", None)
    octets = texte if isinstance(texte, bytes) else texte.encode()
    return lire(octets, *declarer(**options), variables=variables)


def cellule(table, code, variable):
    return table.filter((pl.col("code") == code) & (pl.col("variable") == variable)).row(
        0, named=True
    )


def test_the_table_has_the_declared_schema():
    assert dict(lire_texte(TEXTE).schema) == TABLE_SOURCE


def test_a_measured_zero_is_a_value_and_a_mark_is_a_status():
    table = lire_texte(TEXTE)
    assert cellule(table, "2A004", "A")["valeur"] == 0
    assert cellule(table, "2A004", "A")["statut"] == "A"
    assert cellule(table, "01001", "B") | {"valeur": None, "statut": "Q"} == cellule(
        table, "01001", "B"
    )
    assert cellule(table, "75101", "B")["statut"] == "O"


def test_the_line_is_the_true_line_of_the_file():
    table = lire_texte(TEXTE)
    assert cellule(table, "01001", "A")["ligne"] == 2
    assert cellule(table, "75101", "A")["ligne"] == 4


def test_the_line_survives_skipped_lines_and_line_breaks_inside_cells():
    texte = 'titre\nsous-titre\nCODGEO;A;B\n01001;1;"s"\n"2A004";2;" \n5"\n75101;3;4\n'
    table = lire_texte(texte, sauter=2)
    assert cellule(table, "01001", "A")["ligne"] == 4
    assert cellule(table, "75101", "A")["ligne"] == 7


def test_a_municipal_arrondissement_is_not_a_commune():
    assert cellule(lire_texte(TEXTE), "75101", "A")["niveau"] == "ARM"
    assert cellule(lire_texte(TEXTE), "2A004", "A")["niveau"] == "COM"


def test_an_unknown_mark_stops_the_read_and_is_named():
    with pytest.raises(MarqueInconnue, match="« n/c »") as faute:
        lire_texte("CODGEO;A\n01001;n/c\n")
    assert faute.value.colonne == "A"


def test_an_empty_cell_is_a_mark_to_declare():
    with pytest.raises(MarqueInconnue, match=r"\(vide\)"):
        lire_texte("CODGEO;A\n01001;\n")
    table = lire_texte("CODGEO;A\n01001;\n", marques={"": "O"})
    assert table["statut"].to_list() == ["O"]


@pytest.mark.parametrize("texte", ["nan", "inf", "-inf", "NaN"])
def test_not_a_number_is_not_a_value(texte):
    with pytest.raises(MarqueInconnue):
        lire_texte(f"CODGEO;A\n01001;{texte}\n")


def test_a_missing_column_says_what_was_expected_and_found():
    with pytest.raises(FormatInattendu, match="« TP6021 »") as faute:
        lire_texte(TEXTE, variables={"TP6021"})
    assert "« CODGEO »" in str(faute.value)


def test_a_wrong_separator_is_suspected():
    with pytest.raises(FormatInattendu, match="séparateur"):
        lire_texte(TEXTE.replace(";", ","), variables={"A"})


def test_a_byte_order_mark_is_ignored():
    assert cellule(lire_texte(b"\xef\xbb\xbf" + TEXTE.encode()), "01001", "A")["valeur"] == 1.5


def test_cp1252_is_refused_then_read_when_declared():
    octets = "CODGEO;Libellé\n01001;1\n".encode("cp1252")
    with pytest.raises(FormatInattendu, match="encod"):
        lire_texte(octets)
    assert lire_texte(octets, encodage="cp1252")["variable"].to_list() == ["Libellé"]


def test_a_truncated_gzip_is_a_clear_error():
    octets = gzip.compress(TEXTE.encode() * 100)
    assert lire_texte(octets, nom="t.csv.gz", exclure=["CODGEO"], marques={
        "s": "Q", "nd": "O", "A": "O", "B": "O"}).height > 0  # fmt: skip
    for altere in (octets[:-9], octets[: len(octets) // 2], b"pas du gzip", b""):
        with pytest.raises(FormatInattendu, match="gzip"):
            lire_texte(altere, nom="t.csv.gz")


@pytest.mark.parametrize("octets", [b"", b"CODGEO;A;B\n", b"\n\n"])
def test_an_empty_file_is_a_clear_error(octets):
    with pytest.raises(FormatInattendu):
        lire_texte(octets, variables={"A"})


def test_a_ragged_line_is_a_clear_error():
    with pytest.raises(FormatInattendu, match="colonnes séparées"):
        lire_texte("CODGEO;A;B\n01001;1;2;3;4\n")


@pytest.mark.parametrize("nom", ["t.parquet", "t.xlsx"])
def test_bytes_of_another_kind_are_a_clear_error(nom):
    with pytest.raises(FormatInattendu, match="illisibles"):
        lire_texte(b"du texte", nom=nom)


def test_a_line_without_code_is_refused():
    with pytest.raises(FormatInattendu, match="ligne 3"):
        lire_texte("CODGEO;A\n01001;1\n;2\n")


def test_thousands_separators_are_removed_only_when_declared():
    texte = "CODGEO;A\n40088;1\u202f108\n"
    with pytest.raises(MarqueInconnue):
        lire_texte(texte)
    assert lire_texte(texte, milliers="\u202f")["valeur"].to_list() == [1108]


def test_prefixed_codes_give_levels_and_lost_zeros_back():
    texte = "id;A\nD1;1\nD40;2\nD2A;3\nR75;4\n200030435;5\n1004;6\n2A004;7\n"
    table = lire_texte(texte, colonne_code="id", format_code="prefixe")
    assert table.select("niveau", "code").rows() == [
        ("DEP", "01"), ("DEP", "40"), ("DEP", "2A"), ("REG", "75"), ("EPCI", "200030435"),
        ("COM", "01004"), ("COM", "2A004"),
    ]  # fmt: skip


def test_an_undetermined_zero_is_never_a_measure():
    table = lire_texte("id;A\n1004;0\n", colonne_code="id", format_code="prefixe",
                       zero="indetermine")  # fmt: skip
    assert table.select("valeur", "statut").rows() == [(None, "O")]


def test_rounding_and_floor_are_declared_by_variable():
    table = lire_texte("CODGEO;A;B\n01001;5;5\n01002;16;16\n", arrondis={"A": 1},
                       planchers={"A": 5})  # fmt: skip
    lues = {(r["code"], r["variable"]): r["precision"] for r in table.iter_rows(named=True)}
    assert lues == {
        ("01001", "A"): "floor", ("01002", "A"): "rounded",
        ("01001", "B"): "exact", ("01002", "B"): "exact",
    }  # fmt: skip


def test_a_long_file_pivots_its_keys_and_period():
    texte = "dep;cat;mois;n\n40;A;2015-01;10\n40;A;2015-02;12\n40;B;2015-01;3\n"
    table = lire_texte(texte, lecteur="pivot", niveau="DEP", colonne_code="dep", cles=["cat"],
                       colonne_valeur="n", colonne_periode="mois", variables={"A"})  # fmt: skip
    assert table.select("variable", "periode", "valeur", "ligne").rows() == [
        ("A", "2015-01", 10, 2), ("A", "2015-02", 12, 3),
    ]  # fmt: skip
    with pytest.raises(FormatInattendu, match="« Z »"):
        lire_texte(texte, lecteur="pivot", niveau="DEP", colonne_code="dep", cles=["cat"],
                   colonne_valeur="n", colonne_periode="mois", variables={"Z"})  # fmt: skip


def test_periods_in_columns_become_rows():
    texte = "lib;x;2024-T3;2024-T4\nLandes;1;6,4;6,5\nAutre;1;1;1\n"
    table = lire_texte(texte, lecteur="periodes_en_colonnes", niveau="DEP", colonne_code="lib",
                       codes={"Landes": "DEP-40"}, exclure=["Autre"], variable="taux")  # fmt: skip
    assert table.select("niveau", "code", "variable", "periode", "valeur").rows() == [
        ("DEP", "40", "taux", "2024-T3", 6.4), ("DEP", "40", "taux", "2024-T4", 6.5),
    ]  # fmt: skip


def test_the_raw_cell_is_given_back_as_written():
    source, fichier = declarer()
    brut = lire_cellules(TEXTE.encode(), source, fichier, variables={"A"}, lignes=[2])
    assert brut.select("code", "brut").rows() == [("01001", "1,5")]


def test_an_unknown_reader_or_option_is_a_declaration_fault():
    with pytest.raises(DeclarationInvalide, match="lecteur « magie » inconnu"):
        lire_texte(TEXTE, lecteur="magie")
    with pytest.raises(DeclarationInvalide, match=r"options\.separatur"):
        lire_texte(TEXTE, separatur=",")
    with pytest.raises(DeclarationInvalide, match="statut d'absence"):
        lire_texte(TEXTE, marques={"s": "A"})


def test_the_registry_is_closed():
    assert set(LECTEURS) == {"colonnes", "pivot", "periodes_en_colonnes"}


def cellules(table):
    return table.sort("ligne").select("code", "valeur", "statut", "ligne").rows()


def test_an_identical_repeat_collapses_to_its_first_line():
    table = lire_texte("CODGEO;A\n01001;7\n01002;4\n01001;7,0\n01001;7\n")
    assert cellules(table) == [("01001", 7.0, "A", 2), ("01002", 4.0, "A", 3)]


def test_an_empty_repeat_yields_to_the_filled_one_whatever_their_order():
    table = lire_texte("CODGEO;A;B\n01001;nd;5\n01001;7;s\n", marques={"nd": "O", "s": "Q"})
    assert cellule(table, "01001", "A")["ligne"] == 3
    assert cellule(table, "01001", "A")["valeur"] == 7
    assert (cellule(table, "01001", "B")["valeur"], cellule(table, "01001", "B")["ligne"]) == (5, 2)
    assert table.height == 2


@pytest.mark.parametrize("suite", ["01001;8", "01001;nd\n01001;8"])
def test_repeats_that_contradict_each_other_stop_the_read(suite):
    with pytest.raises(FormatInattendu, match="des lignes qui se contredisent") as prise:
        lire_texte(f"CODGEO;A\n01001;7\n01002;1\n{suite}\n")
    assert "COM-01001, « A » (2021)" in str(prise.value)
    assert "lignes: plusieurs" in str(prise.value)


def test_two_different_absences_of_one_cell_stop_the_read():
    with pytest.raises(FormatInattendu, match="se contredisent : 2 et 3"):
        lire_texte("CODGEO;A\n01001;s\n01001;nd\n01002;1\n")


def test_several_rows_are_kept_when_the_file_declares_them():
    table = lire_texte("CODGEO;A\n01001;7\n01001;8\n01001;8\n", lignes="plusieurs")
    assert table["valeur"].to_list() == [7, 8, 8]


def test_a_value_rebuilt_from_rounded_shares_is_rounded():
    table = lire_texte(TEXTE, recomposees=["A"])
    assert cellule(table, "01001", "A")["precision"] == "rounded"
    assert cellule(table, "2A004", "B")["precision"] == "exact"
