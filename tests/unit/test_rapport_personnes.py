"""La section des personnes concernées, sur le petit département des essais."""

import polars as pl
import pytest

from solidiag.publication.rapport.personnes import pas_affiche


@pytest.mark.parametrize(
    ("valeur", "pas"), [(0.4, 1), (9, 1), (999, 1), (1000, 10), (99_999, 100), (100_000, 1000)]
)
def test_an_estimate_keeps_three_digits_and_never_less_than_a_person(valeur, pas):
    assert pas_affiche(valeur) == pas


def test_open_data_say_missing_persons_without_a_number(diagnostic):
    table = pl.read_csv(diagnostic / "donnees" / "personnes.csv", separator=";", decimal_comma=True)
    vides = table.filter(pl.col("valeur").is_null())
    assert vides.height > 0
    assert set(vides["statut"]) <= {"L", "O", "Q", "M"}
    assert vides["motif"].null_count() == 0
    assert (
        table.select(pl.struct("domaine", "territoire", "unite").is_duplicated().sum()).item() == 0
    )


def test_the_report_shows_the_four_tables(diagnostic):
    page = (diagnostic / "site").rglob("*.html")
    textes = [chemin.read_text(encoding="utf-8") for chemin in page]
    assert any("Combien de personnes sont concernées" in texte for texte in textes)
    assert any("sans compter deux fois les mêmes" in texte for texte in textes)
    assert any("le nombre de personnes est non documenté" in texte for texte in textes)
    assert any("Personnes concernées par intercommunalité" in texte for texte in textes)
