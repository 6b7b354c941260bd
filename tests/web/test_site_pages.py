"""Le site d'exemple dans un navigateur : accessibilité, clavier, écran étroit, sans JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

PAGES = (
    "index.html", "resume.html", "portrait.html", "axe1.html", "axe2.html", "axe3.html",
    "axe4.html", "priorites.html", "methode.html", "sources.html", "chiffres.html",
    "mon-territoire.html", "sources-et-methode.html", "plan-du-site.html",
    "chiffres/ctx_tx_pauvrete.html", "chiffres/ctx_pop.html",
)  # fmt: skip
REGLES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def adresse(site: Path, nom: str) -> str:
    fichier, _, ancre = nom.partition("#")
    return (site / fichier).as_uri() + (f"#{ancre}" if ancre else "")


def violations(page: Page) -> list[str]:
    resultat = Axe().run(page, options={"runOnly": REGLES, "preload": False})
    return [
        f"{v['id']} : {v['help']} : {[n['target'] for n in v['nodes'][:3]]}"
        for v in resultat.response["violations"]
    ]


def test_the_list_of_tested_pages_is_the_whole_site(site: Path) -> None:
    ecrites = {str(p.relative_to(site)) for p in site.rglob("*.html")}
    assert ecrites == set(PAGES)


@pytest.mark.parametrize("nom", PAGES)
def test_a_page_has_no_accessibility_violation(site: Path, page: Page, nom: str) -> None:
    page.goto(adresse(site, nom))
    assert violations(page) == []


@pytest.mark.parametrize("nom", ["index.html", "axe1.html", "chiffres.html", "mon-territoire.html"])
def test_a_narrow_page_has_no_accessibility_violation(site: Path, page: Page, nom: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(adresse(site, nom))
    page.get_by_role("button", name="Sommaire").click()
    page.evaluate("document.querySelectorAll('details').forEach(function (d) { d.open = true; })")
    assert violations(page) == []


@pytest.mark.parametrize("nom", PAGES)
def test_a_page_reflows_at_360_px(site: Path, page: Page, nom: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(adresse(site, nom))
    page.evaluate("document.querySelectorAll('details').forEach(function (d) { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_violation_would_be_seen(site: Path, page: Page) -> None:
    page.goto(adresse(site, "index.html"))
    page.evaluate("document.querySelector('.image svg').removeAttribute('aria-label')")
    assert any(v.startswith("svg-img-alt") for v in violations(page))


def test_a_page_opens_from_a_file_address_and_asks_for_nothing_else(site: Path, page: Page) -> None:
    demandes: list[str] = []
    page.on("request", lambda demande: demandes.append(demande.url))
    for nom in PAGES:
        page.goto(adresse(site, nom))
    assert demandes
    assert [u for u in demandes if not u.startswith((site.as_uri(), "data:"))] == []
    assert page.evaluate("document.fonts.check('16px \"Solidiag Sans\"')")


def test_the_journey_is_possible_with_the_keyboard_alone(site: Path, page: Page) -> None:
    page.goto(adresse(site, "index.html"))
    page.keyboard.press("Tab")
    expect(page.locator(".evitement")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.locator("#chercher").focus()
    page.keyboard.type("petite enf")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/axe1.html#axe1-d0")
    lecteur = page.locator("#carte-axe1-d0 select")
    lecteur.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    lecture = page.locator("#carte-axe1-d0 [role=status]")
    expect(lecture).to_contain_text("% des habitants")
    assert page.locator("#carte-axe1-d0 .surligne").count() == 1
    page.locator("#carte-axe1-d0 summary").focus()
    page.keyboard.press("Enter")
    tri = page.locator("#carte-axe1-d0-tableau thead button").first
    tri.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    entete = page.locator("#carte-axe1-d0-tableau thead th").first
    expect(entete).to_have_attribute("aria-sort", "descending")


def test_focus_is_visible(site: Path, page: Page) -> None:
    page.goto(adresse(site, "chiffres.html"))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"


def test_every_value_reads_without_javascript(site: Path, navigateur: Browser) -> None:
    contexte = navigateur.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    page = contexte.new_page()
    page.goto(adresse(site, "mon-territoire.html"))
    page.get_by_role("link", name="Taux de pauvreté (exemple fictif)").click()
    expect(page.locator("h1")).to_have_text("Taux de pauvreté (exemple fictif)")
    assert page.locator("tr[data-t='COM-99001']").inner_text().split("\t")[1] == "≤\u00a05\u00a0%"
    assert "secret" in page.locator("tr[data-t='COM-99006']").inner_text()
    page.goto(adresse(site, "chiffres.html"))
    assert not page.locator("[data-explorateur]").is_visible()
    assert page.locator(".menu").get_by_role("link", name="Mon territoire").is_visible()
    page.goto(adresse(site, "axe1.html"))
    page.locator("#carte-axe1-d0 summary").click()
    assert page.locator("#carte-axe1-d0-tableau tr[data-t='COM-99001']").is_visible()
    contexte.close()
