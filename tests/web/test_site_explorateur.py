"""Explorateur et « Mon territoire » : choisir, lire, filtrer, trier, télécharger."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def chiffres(site: Path, page: Page) -> Page:
    page.goto((site / "chiffres.html").as_uri())
    return page


@pytest.fixture
def fiche(site: Path, page: Page) -> Page:
    page.goto((site / "mon-territoire.html").as_uri() + "#COM-99006")
    return page


def noms(page: Page) -> list[str]:
    return page.locator("[data-valeurs-explorateur] tbody:last-child th").all_inner_texts()


def classe(page: Page, territoire: str) -> str | None:
    return page.locator(f"[data-fond=COM] [data-t='{territoire}']").get_attribute("class")


def test_the_map_takes_the_classes_and_the_marks_of_absence(chiffres: Page) -> None:
    assert classe(chiffres, "COM-99001") == "k-0"
    assert classe(chiffres, "COM-99006") == "q-Q"
    assert classe(chiffres, "COM-99008") == "q-O"
    legende = chiffres.locator("[data-legende] li").all_inner_texts()
    assert legende[0] == "de 0\u00a0% à 8\u00a0% · 6 communes"
    assert legende[-2:] == ["secret · 7 communes", "non publié · 3 communes"]


def test_a_secret_shape_is_hatched_and_no_colour_says_it_alone(chiffres: Page) -> None:
    forme = chiffres.locator("[data-fond=COM] [data-t='COM-99006']")
    assert "motif-Q" in forme.evaluate("e => getComputedStyle(e).fill")


def test_a_count_is_drawn_as_circles_and_never_filled(chiffres: Page) -> None:
    chiffres.locator("#indicateur").select_option("ctx_pop")
    assert classe(chiffres, "COM-99001") == "k-vide"
    assert classe(chiffres, "COM-99004") == "q-M"
    assert classe(chiffres, "COM-99005") == "q-L"
    rayons = chiffres.locator("[data-fond=COM] .cercle").evaluate_all(
        "cercles => cercles.map(c => Number(c.getAttribute('r')))"
    )
    assert len(rayons) == 40
    assert rayons == sorted(rayons, reverse=True)
    donnees = chiffres.evaluate(
        "SOLIDIAG.tables[1].lignes.map(l => l[2]).filter(v => v).sort((a, b) => b - a)"
    )
    assert (rayons[5] / rayons[0]) ** 2 == pytest.approx(donnees[5] / donnees[0], rel=1e-6)


def test_the_table_filters_by_name_and_by_epci(chiffres: Page) -> None:
    assert len(noms(chiffres)) == 42
    chiffres.locator("#filtre").fill("ETANG")
    assert len(noms(chiffres)) == 6
    expect(chiffres.locator("[data-etat]")).to_contain_text("sur 6")
    chiffres.locator("#filtre").fill("")
    chiffres.locator("#dans").select_option("EPCI-900000003")
    assert len(noms(chiffres)) == 9
    assert "loin" in (classe(chiffres, "COM-99001") or "")


def test_sorting_by_value_keeps_absences_last_both_ways(chiffres: Page) -> None:
    tri = chiffres.locator("[data-valeurs-explorateur] thead button").nth(1)
    tri.click()
    valeurs = chiffres.locator("[data-valeurs-explorateur] tbody:last-child td:nth-child(2)")
    assert valeurs.first.inner_text() == "0\u00a0%"
    assert "secret" in valeurs.last.inner_text() or "non publié" in valeurs.last.inner_text()
    tri.click()
    assert valeurs.first.inner_text() == "22\u00a0%"
    assert "secret" in valeurs.last.inner_text() or "non publié" in valeurs.last.inner_text()
    entete = chiffres.locator("[data-valeurs-explorateur] thead th").nth(1)
    expect(entete).to_have_attribute("aria-sort", "descending")


def test_pointing_at_a_territory_reads_its_name_and_value(chiffres: Page) -> None:
    chiffres.locator("[data-fond=COM] [data-t='COM-99006']").hover()
    lecture = chiffres.locator("[data-lecture]")
    expect(lecture).to_have_text("Aigues-sur-Rive : secret")


def test_a_scale_without_map_says_so_and_keeps_its_table(chiffres: Page) -> None:
    chiffres.locator("#echelle").select_option("EPCI")
    assert chiffres.locator("[data-sans-carte]").is_visible()
    assert len(noms(chiffres)) == 4


def test_the_download_is_a_csv_for_french_excel(chiffres: Page, tmp_path: Path) -> None:
    with chiffres.expect_download() as attente:
        chiffres.locator("[data-telecharger]").click()
    fichier = tmp_path / "table.csv"
    attente.value.save_as(fichier)
    octets = fichier.read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    lignes = octets.decode("utf-8-sig").split("\r\n")
    assert lignes[0].startswith("code;territoire;valeur;valeur imprimée;statut")
    assert lignes[1].startswith("99001;Aigues-des-Bois;5;≤\u00a05\u00a0%;A;")
    secret = next(ligne for ligne in lignes if ligne.startswith("99006;"))
    assert secret.startswith("99006;Aigues-sur-Rive;;secret;Q;;moins de cent")
    assert attente.value.suggested_filename == "ctx_tx_pauvrete-com.csv"


def test_the_address_names_the_indicator(site: Path, page: Page) -> None:
    page.goto((site / "chiffres.html").as_uri() + "#ctx_pop")
    expect(page.locator("[data-libelle]")).to_have_text("Population municipale (exemple fictif)")


def test_a_territory_page_puts_references_beside_and_explains_a_secret(fiche: Page) -> None:
    expect(fiche.locator("[data-nom]")).to_have_text("Aigues-sur-Rive")
    entetes = fiche.locator("[data-fiche] thead th").all_inner_texts()
    assert entetes[3:7] == [
        "CC du Plateau et des Étangs (exemple)",
        "Département d'exemple",
        "Région d'exemple",
        "France",
    ]  # fmt: skip
    ligne = fiche.locator("[data-fiche] tbody tr").first
    assert "secret" in ligne.locator("td").first.inner_text()
    assert "moins de cent ménages fiscaux" in ligne.locator("td").first.inner_text()
    expect(fiche.locator("[data-etat]")).to_contain_text("1 est protégée par le secret")


def test_a_missing_row_is_not_documented_and_never_zero(fiche: Page) -> None:
    fiche.locator("#territoire").select_option("COM-99005")
    population = fiche.locator("[data-fiche] tbody tr").nth(1)
    assert population.locator("td").first.inner_text().strip() == "non documenté"


def test_zero_is_shown_as_a_value(fiche: Page) -> None:
    fiche.locator("#territoire").select_option("COM-99002")
    ligne = fiche.locator("[data-fiche] tbody tr").first
    assert ligne.locator("td").first.inner_text().startswith("0\u00a0%")


def test_rows_without_value_can_be_set_aside(fiche: Page) -> None:
    assert fiche.locator("[data-fiche] tbody tr").count() == 2
    fiche.locator("#tout").uncheck()
    assert fiche.locator("[data-fiche] tbody tr").count() == 1


def test_changing_scale_offers_the_territories_of_that_scale(fiche: Page) -> None:
    fiche.locator("#niveau").select_option("EPCI")
    assert fiche.locator("#territoire option").count() == 4
    expect(fiche.locator("[data-nom]")).to_have_text("CA du Confluent (exemple)")


def test_the_search_finds_without_accents_and_says_when_nothing_fits(
    site: Path, page: Page
) -> None:
    page.goto((site / "chiffres" / "ctx_pop.html").as_uri())
    page.locator("#chercher").fill("chene foret")
    page.locator("#resultats a").first.click()
    page.wait_for_url("**/mon-territoire.html#COM-*")
    expect(page.locator("[data-nom]")).to_have_text("Chêneval-la-Forêt")
    page.locator("#chercher").fill("zzz")
    expect(page.locator("#resultats")).to_have_text("Aucun titre ne contient ces mots.")


def test_pointing_at_a_report_map_reads_its_table(site: Path, page: Page) -> None:
    page.goto((site / "axe1.html").as_uri())
    page.locator("#carte-axe1-d0 svg [data-t='COM-99001']").hover()
    lecture = page.locator("#carte-axe1-d0 [role=status]")
    expect(lecture).to_have_text("Aigues-des-Bois. % des habitants (2021) : ≤\u00a05\u00a0%")
    assert page.locator("#carte-axe1-d0 select").input_value() == "COM-99001"
