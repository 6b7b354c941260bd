"""Les pages tirées des déclarations sont celles du dépôt."""

from pathlib import Path

import pytest

from solidiag.pipeline.documentation import pages
from solidiag.storage.depot import Depot

DOCS = Path(__file__).parents[2] / "docs"


def test_each_generated_page_is_up_to_date() -> None:
    perimees = [
        nom
        for nom, texte in pages(Depot()).items()
        if not (DOCS / nom).is_file() or (DOCS / nom).read_text(encoding="utf-8") != texte
    ]
    assert perimees == [], "lancer make docs"


@pytest.mark.parametrize("dossier", ["indicateurs", "mesures", "sources"])
def test_no_page_outlives_its_declaration(dossier: str) -> None:
    attendues = {nom for nom in pages(Depot()) if nom.startswith(f"{dossier}/")}
    presentes = {f"{dossier}/{c.name}" for c in (DOCS / dossier).glob("*.md")}
    assert presentes == attendues
