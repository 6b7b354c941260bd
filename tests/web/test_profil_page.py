"""La fiche en HTML dans un navigateur : accessibilité, écran étroit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from solidiag.pipeline.profil import par_code, profiler

pytestmark = pytest.mark.xdist_group("profil")

REGLES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    ecrites = []
    for codes in (("40030",), ("40088", "40192")):
        profil = profiler(
            [par_code(code) for code in codes],
            vers=tmp_path_factory.mktemp("fiche") / "sortie",
            formats=("html",),
            jour=date(2026, 11, 24),
        )
        ecrites += profil.fichiers
    return tuple(ecrites)


@pytest.mark.parametrize("largeur", [390, 1280])
def test_the_sheet_is_accessible_and_fits_the_screen(
    largeur: int, page: Page, pages: tuple[Path, ...]
) -> None:
    page.set_viewport_size({"width": largeur, "height": 844})
    for fichier in pages:
        page.goto(fichier.as_uri())
        resultat = Axe().run(page, options={"runOnly": REGLES, "preload": False})
        assert [v["id"] for v in resultat.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= largeur
