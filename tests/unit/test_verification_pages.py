"""Site : chaque nombre d'une page tient à sa clé, et la page à celle que l'on recalcule."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from solidiag.publication.document import Cle
from solidiag.publication.site.donnees_js import ecrire_script
from solidiag.publication.site.lignes_html import ecrire_cle
from solidiag.publication.verification import pages
from solidiag.publication.verification.comparaison import Ecart
from solidiag.publication.verification.pages import jetons_de_page

DAX = Cle(indicateur="ctx_tx_pauvrete", territoire="COM-40088", periode="2021")
MONT = Cle(indicateur="ctx_tx_pauvrete", territoire="COM-40192", periode="2021")
IMPRIMES = {DAX: {"20\u00a0%"}, MONT: {"16\u00a0%"}}

PAGE = f"""<html lang="fr"><body>
<h1 id="t">Le taux en <span data-nature="millesime">2021</span></h1>
<p>À Dax : <span class="n" data-cle="{ecrire_cle(DAX)}">20\u00a0%</span>, à Mont-de-Marsan
<strong><span class="n" data-cle="{ecrire_cle(MONT)}">16\u00a0%</span></strong>.</p>
<svg role="img" aria-label="Taux de 16 % à 20 %"><text>20\u00a0%</text></svg>
<script>var x = 12;</script></body></html>"""


def imprimes(cle: Cle) -> Collection[str]:
    return IMPRIMES.get(cle, set())


def verifier_page(octets: bytes, attendue: bytes) -> list[Ecart]:
    releve = pages.verifier_site(octets, attendue, imprimes=imprimes, fichier="p.html")
    return list(releve.ecarts)


def verifier_script(octets: bytes, attendu: bytes) -> list[Ecart]:
    releve = pages.verifier_site(octets, attendu, imprimes=imprimes, fichier="d.js")
    return list(releve.ecarts)


def verifier(page: str) -> list[Ecart]:
    return verifier_page(page.encode(), PAGE.encode())


def test_the_written_page_is_conform() -> None:
    assert verifier(PAGE) == []


def test_tokens_of_a_page_know_their_key_and_nature() -> None:
    jetons = jetons_de_page(PAGE.encode())
    assert [(j.valeur, j.nature) for j in jetons] == [
        ("2021", "millesime"),
        ("20%", "donnee"),
        ("16%", "donnee"),
        ("16%", "attribut"),
        ("20%", "attribut"),
        ("20%", "dessin"),
    ]
    assert jetons[2].cle == MONT


def test_a_changed_digit_is_found_once_with_its_key() -> None:
    (ecart,) = verifier(PAGE.replace(">16\u00a0%<", ">17\u00a0%<"))
    assert (ecart.attendu, ecart.trouve) == ("16\u00a0%", "17\u00a0%")
    assert "40192" in ecart.phrase()


@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        (">2021<", ">2022<"),
        ('aria-label="Taux de 16', 'aria-label="Taux de 15'),
        ("<text>20", "<text>21"),
        ("À Dax", "À Dax (3)"),
        ("À Dax :", "À Dax, hier :"),
    ],
)
def test_any_other_change_of_the_page_is_found(avant: str, apres: str) -> None:
    assert verifier(PAGE.replace(avant, apres))


def test_a_value_and_its_key_exchanged_together_are_found() -> None:
    un, autre = f'"{ecrire_cle(DAX)}">20', f'"{ecrire_cle(MONT)}">16'
    page = PAGE.replace(un, "@").replace(autre, un).replace("@", autre)
    assert page != PAGE
    assert len(verifier(page)) == 2


def test_a_key_that_does_not_give_this_number_is_a_difference_even_in_the_expected_page() -> None:
    fausse = PAGE.replace(">16\u00a0%<", ">17\u00a0%<")
    ecarts = verifier_page(fausse.encode(), fausse.encode())
    assert [(e.genre, e.trouve) for e in ecarts] == [("difference", "17\u00a0%")]


def test_a_number_without_key_is_an_orphan_even_in_the_expected_page() -> None:
    page = PAGE.replace("À Dax", "À Dax (3)")
    ecarts = verifier_page(page.encode(), page.encode())
    assert [(e.genre, e.attendu) for e in ecarts] == [("orphelin", "3")]


def test_an_unreadable_page_is_said() -> None:
    ecarts = verifier_page(b"\xff\xfe", PAGE.encode())
    assert ecarts[0].genre == "fichier"


def donnees(valeur: float, texte: str) -> bytes:
    return ecrire_script(
        "SOLIDIAG",
        {
            "territoires": [["COM-40192", "Mont-de-Marsan", []]],
            "tables": [
                {
                    "indicateur": "ctx_tx_pauvrete",
                    "periode": "2021",
                    "table": "observations",
                    "lignes": [[0, texte, valeur, "A", 1, "", -1]],
                }
            ],
        },
    )


def test_site_data_are_compared_value_by_value() -> None:
    attendu = donnees(16.0, "16 %")
    assert verifier_script(attendu, attendu) == []
    (ecart,) = verifier_script(donnees(16.0, "17 %"), attendu)
    assert (ecart.attendu, ecart.trouve, ecart.cle) == ("16 %", "17 %", MONT)
    (ecart,) = verifier_script(donnees(17.0, "16 %"), attendu)
    assert ecart.trouve == "17.0"


def test_an_added_row_of_site_data_is_found() -> None:
    attendu = donnees(16.0, "16 %")
    ajout = attendu.replace(b",-1]]", b',-1],[0,"5 %",5.0,"A",0,"",-1]]')
    assert ajout != attendu
    (ecart,) = verifier_script(ajout, attendu)
    assert "5 %" in ecart.trouve


def test_a_changed_script_is_said() -> None:
    assert verifier_script(b"alert(1);", b"alert(2);")[0].genre == "fichier"
    assert verifier_script(b"alert(1);", donnees(1, "1"))[0].genre == "fichier"
