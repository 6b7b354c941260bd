"""Nombres d'un texte : ce qui est le même, ce qui ne l'est pas, ce qui est orphelin."""

from __future__ import annotations

import pytest

from solidiag.publication.document import (
    Absence,
    Cellule,
    Cle,
    Colonne,
    Document,
    Encadre,
    Figure,
    Fort,
    Mention,
    Nombre,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.verification.attendus import (
    jetons_attendus,
    jetons_de_figure,
    textes_sans_cle,
)
from solidiag.publication.verification.jetons import en_chiffres, jetons_de_contenu, jetons_de_texte

CLE = Cle(indicateur="ctx_tx_pauvrete", territoire="COM-40192", periode="2021")


def valeurs(texte: str) -> list[str]:
    return [jeton.valeur for jeton in jetons_de_texte(texte)]


@pytest.mark.parametrize("espace", ["\u00a0", "\u202f", "\u2009"])
def test_every_thousands_space_gives_the_same_token(espace: str) -> None:
    assert valeurs(f"433{espace}570") == ["433570"]


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("11,7\u00a0%", ["11,7%"]),
        ("11,7 €", ["11,7€"]),
        ("−1,5", ["-1,5"]),
        ("-1,5", ["-1,5"]),
        ("15-64 ans", ["15", "64"]),
        ("10–12", ["10", "12"]),
        ("≤\u00a05\u00a0%", ["≤5%"]),
        ("≤ 5", ["≤5"]),
        ("en 2021\u00a0: 22\u202f840\u00a0€", ["2021", "22840€"]),
        ("2021 570", ["2021", "570"]),
        ("ordinary space 12 345", ["12", "345"]),
        ("2021\u00a0570", ["2021", "570"]),
        ("24/11/2026", ["24", "11", "2026"]),
        ("2A004", ["2", "004"]),
        ("aucun chiffre", []),
    ],
)
def test_numbers_of_a_text(texte: str, attendu: list[str]) -> None:
    assert valeurs(texte) == attendu


def test_the_unit_is_part_of_the_number() -> None:
    assert valeurs("11,7 %") != valeurs("11,7 €")


def test_a_number_written_as_plain_text_is_an_orphan() -> None:
    (jeton,) = jetons_de_contenu((Texte("Il y a 12 communes"),))
    assert jeton.nature == "orphelin"


def test_a_number_half_written_as_plain_text_is_an_orphan() -> None:
    contenu = (Nombre("1", CLE), Texte("2 communes"))
    (jeton,) = jetons_de_contenu(contenu)
    assert (jeton.valeur, jeton.nature) == ("12", "orphelin")


def test_a_number_keeps_its_key_inside_emphasis() -> None:
    (jeton,) = jetons_de_contenu((Fort((Nombre("16\u00a0%", CLE),)), Texte(" des habitants")))
    assert jeton.cle == CLE


def test_a_unit_in_the_next_text_does_not_make_an_orphan() -> None:
    (jeton,) = jetons_de_contenu((Nombre("16", CLE), Texte("\u00a0% des habitants")))
    assert (jeton.valeur, jeton.nature, jeton.cle) == ("16%", "donnee", CLE)


def test_an_absence_has_no_number() -> None:
    assert jetons_de_contenu((Absence("Q"),)) == []


def test_digits_ignore_spaces_and_the_limit_between_two_labels() -> None:
    suites = [
        [j.valeur for texte in textes for j in en_chiffres(jetons_de_texte(texte))]
        for textes in (["2\u202f000", "10"], ["2 000", "10"], ["200010"])
    ]
    assert suites[0] == suites[1] == suites[2] == list("200010")


def petit_document(*, alt: str = "Carte du taux : 16 %") -> Document:
    figure = Figure(
        id="fig",
        legende=(Texte("Le taux"),),
        svg='<svg viewBox="0 0 1 1"><text>16\u00a0% <tspan>et plus</tspan></text></svg>',
        alt=alt,
    )
    tableau = Tableau(
        id="tab",
        legende=(Texte("Le taux"),),
        colonnes=(Colonne(entete="Commune"), Colonne(entete="Taux (2021)")),
        lignes=(
            (
                Cellule(contenu=(Texte("Mont-de-Marsan"),)),
                Cellule(contenu=(Nombre("16\u00a0%", CLE),)),
            ),
        ),
    )
    return Document(
        titre="Diagnostic",
        sous_titre="Essai",
        territoire="Essai",
        date="2026-11-24",
        blocs=(
            Titre(niveau=1, id="un", surtitre="Axe 1", contenu=(Texte("Chapitre"),)),
            Paragraphe(contenu=(Texte("En "), Mention("2021", "millesime"))),
            figure,
            Encadre(titre="À noter", blocs=(tableau,)),
        ),
    )


def test_tokens_of_a_document_come_in_reading_order_with_caption_numbers() -> None:
    jetons = jetons_attendus(petit_document())
    page_de_garde, corps = ["2026", "11", "24"], ["1", "2021", "1", "1", "2021"]
    assert [j.valeur for j in jetons] == [*page_de_garde, *corps, "16%"]
    assert jetons[-1].cle == CLE
    assert "Mont-de-Marsan" in jetons[-1].lieu
    assert "tableau" in jetons[-1].lieu


def test_numbers_drawn_in_a_figure_are_tokens() -> None:
    figure = petit_document().blocs[2]
    assert isinstance(figure, Figure)
    assert [j.valeur for j in jetons_de_figure(figure)] == ["16%"]


def test_a_number_of_an_alternative_text_must_be_in_the_figure() -> None:
    assert textes_sans_cle(petit_document()) == []
    assert textes_sans_cle(petit_document(alt="Carte du taux : 17 %")) == [("fig", "17 %")]
