"""Taux lissés dans le site : la carte les montre, le tableau donne les deux, rien de caché."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from solidiag.publication.document import Cle, Document
from solidiag.publication.site import (
    SiteLigne,
    SiteTable,
    SiteTerritoire,
    donnees_site,
    textes_html,
)

Ecrire = Callable[..., list[Path]]

OBSERVES = [2.0, 10.0, 20.0, 30.0, 50.0]
LISSES = [9.0, 10.0, 11.0, 12.0, 13.0]
LISSAGE = "Taux lissé (bayésien empirique, vers la moyenne du département). Parce que."


@pytest.fixture
def site(ecrire_site: Ecrire, tmp_path: Path) -> Path:
    rangees = [
        SiteLigne(
            territoire=f"COM-{i}",
            texte=f"{x:.0f}\u00a0%",
            valeur=x,
            lisse=f"{y:.0f}\u00a0%",
            valeur_lissee=y,
        )
        for i, (x, y) in enumerate(zip(OBSERVES, LISSES, strict=True))
    ]
    table = SiteTable(
        id="i",
        indicateur="i",
        periode="2021",
        libelle="Un taux",
        unite="%",
        definition="Une définition",
        source="Une source",
        millesime="2021",
        lignes=(
            *rangees,
            SiteLigne(territoire="COM-5", statut="Q"),
            SiteLigne(territoire="DEP-1", texte="10\u00a0%", valeur=10.0),
        ),
        lissage=LISSAGE,
    )
    ecrire_site(
        tmp_path,
        document=Document(titre="Titre", sous_titre="Sous-titre", territoire="Lieu", blocs=()),
        donnees={"i": table},
        territoires=[
            SiteTerritoire(id=ligne.territoire, nom=f"Lieu {chr(65 + rang)}")
            for rang, ligne in enumerate(table.lignes)
        ],
    )
    return tmp_path


def test_the_map_is_coloured_by_the_smoothed_rates(site: Path) -> None:
    table = donnees_site((site / "assets" / "donnees.js").read_bytes())["tables"][0]
    assert table["classes"]["COM"] == [f"{y:.0f}\u00a0%" for y in LISSES]
    assert table["classes"]["DEP"] == ["10\u00a0%"]
    assert table["lissage"] == LISSAGE
    premiere = table["lignes"][0]
    assert premiere[1:5] == ["2\u00a0%", 2.0, "A", 0]
    assert premiere[7:] == ["9\u00a0%", 9.0]


def test_a_secret_commune_has_no_smoothed_rate(site: Path) -> None:
    table = donnees_site((site / "assets" / "donnees.js").read_bytes())["tables"][0]
    secrete = table["lignes"][5]
    assert secrete[1:5] == ["", None, "Q", -1]
    assert len(secrete) == 7
    with pytest.raises(ValueError, match="taux lissé sans taux observé"):
        SiteLigne(territoire="COM-1", statut="Q", lisse="3\u00a0%", valeur_lissee=3.0)


def test_the_table_gives_both_rates_each_with_its_key(site: Path) -> None:
    textes = textes_html((site / "chiffres" / "i.html").read_bytes())
    lus = {t.cle: t.texte for t in textes if t.cle is not None}
    for table, texte in (("observations", "2\u00a0%"), ("lissages", "9\u00a0%")):
        assert lus[Cle(indicateur="i", territoire="COM-0", periode="2021", table=table)] == texte
    ecrits = [t.texte for t in textes]
    assert "Taux lissé" in ecrits
    assert LISSAGE in ecrits
    assert not any(c.table == "lissages" and c.territoire in ("COM-5", "DEP-1") for c in lus)
