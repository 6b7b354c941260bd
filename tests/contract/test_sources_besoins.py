"""Chaque fichier de besoins embarqué se lit comme sa source le déclare."""

import polars as pl
import pytest

from solidiag.besoins.formules import variables_requises
from solidiag.errors import MarqueInconnue
from solidiag.model.observation import AVEC_VALEUR, TABLE_SOURCE
from solidiag.sources.registre import lire, lire_cellules
from solidiag.storage.depot import Depot

DEPOT = Depot()
STATLOC = "insee.statistiques_locales/mobilite_2021"
REQUISES = variables_requises(list(DEPOT.indicateurs.values()))


def lire_reference(reference, *variables):
    source, fichier = DEPOT.fichier(reference)
    octets = DEPOT.octets(fichier.fichier)
    return lire(octets, source, fichier, variables=set(variables) or REQUISES[reference])


@pytest.mark.parametrize("reference", sorted(REQUISES))
def test_each_file_reads_with_its_declared_marks(reference):
    table = lire_reference(reference)
    assert dict(table.schema) == TABLE_SOURCE
    assert set(table["variable"].unique()) == REQUISES[reference]
    avec = table.filter(pl.col("statut").is_in(list(AVEC_VALEUR)))
    assert avec["valeur"].null_count() == 0
    assert not avec.is_empty()
    assert table.filter(~pl.col("statut").is_in(list(AVEC_VALEUR)))["valeur"].n_unique() <= 1
    communes = table.filter(pl.col("niveau").is_in(["COM", "ARM"]))
    assert communes.filter(~pl.col("code").str.contains(r"^(\d{5}|2[AB]\d{3})$")).is_empty()
    assert table.filter(
        (pl.col("niveau") == "DEP") & ~pl.col("code").str.contains(r"^(\d{2,3}|2[AB])$")
    ).is_empty()


@pytest.mark.parametrize(
    ("reference", "variable", "niveau", "code", "valeur", "statut"),
    [
        ("insee.filosofi/com_2021", "TP6021", "COM", "40192", 16, "A"),
        ("insee.filosofi/com_2021", "TP6021", "COM", "01001", None, "Q"),
        ("insee.filosofi/com_2021", "TP6021", "COM", "2A004", 16, "A"),
        ("insee.filosofi/com_2021", "TP6021", "COM", "97411", 33, "A"),
        ("insee.filosofi/com_2021", "TP6021", "COM", "75056", 16, "A"),
        ("insee.filosofi/com_2021", "TP6021", "ARM", "69123", None, None),
        ("insee.filosofi/com_2021", "TP6021", "ARM", "13201", 38, "A"),
        ("insee.filosofi/com_2021", "TP60AGE621", "ARM", "75101", None, "Q"),
        ("insee.filosofi/dep_outre_mer_2021", "Taux de pauvreté-Ensemble (%)", "DEP", "974", 36.1,
         "A"),
        ("tiers.observatoire/epci", "rev_txpauv_21", "FR", "FR", 14.9, "A"),
        (STATLOC, "Part des ménages ayant au moins 1 voiture 2021", "COM", "97617", None, "O"),
        (STATLOC, "Part des actifs occ 15 ans ou plus voiture pour travailler 2021", "COM", "04107",
         None, "M"),
        ("insee.chomage_localise/publie_2025_03", "taux_chomage", "DEP", "971", None, "O"),
        ("drees.oarsa/part_orientes", "part_orientes", "DEP", "03", None, "O"),
        ("drees.oarsa/delai_orientation", "delai_orientation", "DEP", "01", None, "M"),
        ("drees.minima_sociaux/departements", "MinV", "DEP", "2A", None, None),
        ("cnaf.compilation/allocataires_2023", "p_rsa", "COM", "13055", None, "O"),
        ("cnaf.compilation/allocataires_2023", "p_rsa", "ARM", "13201", 4000, None),
        ("cnam.cartosante/bassins_de_vie", "Part des bénéf. en ALD dans la pop 2024", "BV", "01004",
         None, "Q"),
    ],
)  # fmt: skip
def test_known_cells_have_their_value_or_their_status(
    reference, variable, niveau, code, valeur, statut
):
    lignes = lire_reference(reference, variable).filter(
        (pl.col("niveau") == niveau) & (pl.col("code") == code)
    )
    if code == "69123":
        assert lignes.is_empty()
        return
    assert not lignes.is_empty()
    if statut is not None:
        ligne = lignes.row(0, named=True)
        assert (ligne["valeur"], ligne["statut"]) == (valeur, statut)


def test_thousands_of_the_caf_file_are_read_and_not_taken_for_a_secret():
    source, fichier = DEPOT.fichier("cnaf.allocataires_iris/iris_2017")
    octets = DEPOT.octets(fichier.fichier)
    table = lire(octets, source, fichier, variables={"A"})
    dax = table.filter((pl.col("code") == "40088") & (pl.col("valeur") >= 1000))
    assert dax["valeur"].max() == 1108
    brut = lire_cellules(octets, source, fichier, variables={"A"}, lignes=dax["ligne"].to_list())
    assert "1\u202f108" in brut["brut"].to_list()


CELLULE = ["niveau", "code", "variable", "periode"]


@pytest.mark.parametrize("reference", sorted(REQUISES))
def test_only_a_file_that_declares_it_has_several_rows_per_territory(reference):
    declare = DEPOT.fichier(reference)[1].options.get("lignes", "une") == "plusieurs"
    assert lire_reference(reference).select(CELLULE).is_duplicated().any() == declare


def test_repeated_rows_of_the_embedded_files_count_once():
    jeunes = lire_reference("drees.population_jeune/departements", "pop.0.20")
    reunion = jeunes.filter(pl.col("periode") == "2017", pl.col("code") == "974")
    assert reunion["valeur"].to_list() == [263130]
    minima = lire_reference("drees.minima_sociaux/departements", "MinV")
    agenais = minima.filter(pl.col("periode") == "2016", pl.col("code") == "47")
    assert agenais.select("valeur", "statut").rows() == [(3690, "A")]


def test_a_mark_no_longer_declared_stops_the_read():
    source, fichier = DEPOT.fichier("insee.filosofi/com_2021")
    octets = DEPOT.octets(fichier.fichier)
    with pytest.raises(MarqueInconnue, match="« s »"):
        lire(octets, source.model_copy(update={"marques": {"nd": "O"}}), fichier,
             variables={"TP6021"})  # fmt: skip


def test_a_compiled_zero_is_never_a_measure():
    compilees = [r for r in REQUISES if DEPOT.fichier(r)[1].options.get("zero") == "indetermine"]
    assert len(compilees) >= 10
    for reference in compilees:
        table = lire_reference(reference)
        assert table.filter(pl.col("valeur") == 0).is_empty(), reference


def test_reworked_copies_say_how():
    for reference in REQUISES:
        fichier = DEPOT.fichier(reference)[1]
        assert fichier.copie == "producteur" or len(fichier.copie_note) > 20, reference
