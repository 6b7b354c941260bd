"""Octets du site : ce qui est écrit, ce que l'on en relit, et ce qui ne doit jamais y être."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from solidiag.errors import RenduImpossible
from solidiag.publication.document import (
    Cle,
    Document,
    Figure,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
    lignes,
)
from solidiag.publication.site import (
    SiteLigne,
    SiteTable,
    SiteTerritoire,
    donnees_site,
    textes_html,
)
from solidiag.publication.site.classes import classer
from solidiag.publication.site.svg import detacher_legende, integrer, partager_traces

Ecrire = Callable[..., list[Path]]


def document(*blocs: object) -> Document:
    return Document(titre="Titre", sous_titre="Sous-titre", territoire="Lieu", blocs=blocs)  # type: ignore[arg-type]


def chapitre(identifiant: str = "un") -> Titre:
    return Titre(niveau=1, id=identifiant, contenu=lignes("Un chapitre"))


def test_two_renderings_give_the_same_bytes(ecrire_site: Ecrire, tmp_path: Path) -> None:
    premiers = ecrire_site(tmp_path / "a")
    seconds = ecrire_site(tmp_path / "b")
    assert [p.read_bytes() for p in premiers] == [p.read_bytes() for p in seconds]
    assert premiers == sorted(premiers)


def test_everything_written_is_returned_and_stays_in_the_folder(
    ecrire_site: Ecrire, tmp_path: Path
) -> None:
    ecrits = ecrire_site(tmp_path / "site")
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == set(ecrits)


def test_every_number_shown_has_a_key_or_a_declared_nature(site: Path) -> None:
    orphelins = [
        (page.name, texte.texte)
        for page in site.rglob("*.html")
        for texte in textes_html(page.read_bytes())
        if re.search(r"\d", texte.texte)
        and not (texte.cle or texte.nature or texte.svg or texte.attribut)
    ]
    assert orphelins == []


def test_a_key_read_back_is_the_key_of_the_number(site: Path) -> None:
    textes = textes_html((site / "chiffres" / "ctx_tx_pauvrete.html").read_bytes())
    par_cle = {t.cle: t.texte for t in textes if t.cle}
    cle = Cle(indicateur="ctx_tx_pauvrete", territoire="COM-99003", periode="2021")
    assert par_cle[cle] == "16\u00a0%"
    assert par_cle[replace(cle, champ="lower")] == "15\u00a0%"
    assert replace(cle, territoire="COM-99006") not in par_cle
    titre = next(t for t in textes_html((site / "axe1.html").read_bytes()) if t.cle)
    assert titre.cle is not None
    assert titre.cle.indicateur == "ctx_tx_pauvrete"


def test_a_changed_digit_changes_the_texts_read(site: Path) -> None:
    octets = (site / "chiffres" / "ctx_tx_pauvrete.html").read_bytes()
    change = octets.replace("16\u00a0%".encode(), "17\u00a0%".encode(), 1)
    assert textes_html(change) != textes_html(octets)


def test_texts_of_images_and_attributes_are_set_apart(site: Path) -> None:
    textes = textes_html((site / "axe1.html").read_bytes())
    assert next(t.texte for t in textes if t.svg and not t.attribut) == "Légende d'exemple"
    assert any(t.attribut == "aria-label" and t.svg for t in textes)


def test_data_read_back_from_the_script_are_the_tables(site: Path) -> None:
    donnees = donnees_site((site / "assets" / "donnees.js").read_bytes())
    table = donnees["tables"][0]
    ligne = next(x for x in table["lignes"] if donnees["territoires"][x[0]][0] == "COM-99001")
    assert ligne[1:4] == ["≤\u00a05\u00a0%", 5.0, "A"]
    assert donnees_site((site / "assets" / "plan.js").read_bytes())["entrees"]


def test_an_unreadable_data_script_is_refused() -> None:
    with pytest.raises(ValueError, match="n'est pas un fichier de données"):
        donnees_site(b"alert(1);")


def test_no_secret_row_carries_a_value(site: Path) -> None:
    donnees = donnees_site((site / "assets" / "donnees.js").read_bytes())
    absentes = [x for t in donnees["tables"] for x in t["lignes"] if x[3] in "QOLM"]
    assert len(absentes) == 11
    assert all(x[1] == "" and x[2] is None and x[4] == -1 for x in absentes)


@pytest.mark.parametrize(
    ("statut", "valeur", "texte"), [("Q", 3.0, ""), ("Q", None, "3 %"), ("A", None, "3 %")]
)
def test_a_row_cannot_be_absent_and_carry_a_value(
    statut: str, valeur: float | None, texte: str
) -> None:
    with pytest.raises(ValueError, match="ne va pas avec la valeur"):
        SiteLigne(territoire="COM-1", statut=statut, valeur=valeur, texte=texte)


def test_hostile_text_is_escaped_everywhere(ecrire_site: Ecrire, tmp_path: Path) -> None:
    mechant = '</script><img src=x onerror="alert(1)">\u2028'
    table = SiteTable(
        id="i", indicateur="i", periode="2021", libelle=mechant, unite=mechant,
        definition=mechant, source=mechant, millesime="2021", groupe=mechant,
        lignes=(SiteLigne(territoire="COM-1", texte="1", valeur=1.0, motif=mechant),),
    )  # fmt: skip
    ecrits = ecrire_site(
        tmp_path,
        document=replace(document(chapitre(), Paragraphe(contenu=lignes(mechant))), titre=mechant),
        donnees={"i": table},
        territoires=(SiteTerritoire(id="COM-1", nom=mechant),),
    )
    for fichier in ecrits:
        contenu = fichier.read_text(encoding="utf-8")
        assert "<img src=x" not in contenu
        if fichier.suffix == ".js":
            assert "\u2028" not in contenu


def test_a_link_goes_to_the_page_that_holds_its_target(site: Path) -> None:
    portrait = (site / "portrait.html").read_text(encoding="utf-8")
    assert '<a href="axe1.html#axe1">' in portrait
    assert "nulle part" in portrait
    assert "#absent" not in portrait


def test_every_internal_link_has_a_target(site: Path) -> None:
    pages = {p: p.read_text(encoding="utf-8") for p in site.rglob("*.html")}
    for page, html in pages.items():
        for href in re.findall(r'href="([^"#]*\.html)?(?:#([^"]*))?"', html):
            cible = (page.parent / href[0]).resolve() if href[0] else page.resolve()
            assert cible in pages, (page.name, href)
            if href[1] and cible.name not in {"chiffres.html", "mon-territoire.html"}:
                assert f'id="{href[1]}"' in pages[cible], (page.name, href)


def test_identifiers_are_unique_on_every_page(site: Path) -> None:
    for page in site.rglob("*.html"):
        ids = re.findall(r'\sid="([^"]+)"', page.read_text(encoding="utf-8"))
        assert len(ids) == len(set(ids)), page.name


def test_headings_never_skip_a_level(site: Path) -> None:
    for page in site.rglob("*.html"):
        niveaux = [int(n) for n in re.findall(r"<h([1-6])", page.read_text(encoding="utf-8"))]
        assert niveaux.count(1) == 1, page.name
        sauts = [(a, b) for a, b in pairwise(niveaux) if b > a + 1]
        assert sauts == [], page.name


@pytest.mark.parametrize(
    ("blocs", "motif"),
    [
        ((chapitre(), chapitre()), "sert deux fois"),
        ((chapitre(), Figure(id="f", legende=(), svg="<svg/>", alt=" ")), "texte alternatif"),
        (
            (chapitre(), Tableau(id="t", legende=(), colonnes=(), lignes=((Texte("a"),),))),  # type: ignore[arg-type]
            "cellules pour 0",
        ),
    ],
)
def test_a_document_that_cannot_be_read_by_all_is_refused(
    ecrire_site: Ecrire, tmp_path: Path, blocs: tuple[object, ...], motif: str
) -> None:
    with pytest.raises(RenduImpossible, match=motif):
        ecrire_site(tmp_path, document=document(*blocs))


def test_a_chapter_cannot_take_the_place_of_a_page_of_the_site(
    ecrire_site: Ecrire, tmp_path: Path
) -> None:
    ecrire_site(tmp_path, document=document(chapitre("index"), chapitre("Été à l'Île")))
    assert (tmp_path / "chapitre-index.html").exists()
    assert (tmp_path / "ete-a-l-ile.html").exists()


def test_a_site_without_tables_or_chapters_still_opens(ecrire_site: Ecrire, tmp_path: Path) -> None:
    ecrire_site(tmp_path, document=document(), donnees={}, territoires=(), fonds=())
    assert "Aucun indicateur" in (tmp_path / "chiffres.html").read_text(encoding="utf-8")


def test_inline_images_keep_their_identifiers_apart() -> None:
    svg = (
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" viewBox="0 0 9 9" '
        'role="img" aria-labelledby="p-title"><title id="p-title">T</title><defs>'
        '<pattern id="m"/></defs><path data-t="COM-1" fill="url(#m)" d="M0 0"/></svg>'
    )
    ecrit = integrer(svg, prefixe="f1", alt='dit « 3 < 4 » et "plus"')
    assert 'id="f1-m"' in ecrit
    assert "url(#f1-m)" in ecrit
    assert "<title" not in ecrit
    assert 'width="9"' not in ecrit.split(">")[0]
    assert 'data-t="COM-1"' in ecrit
    assert "3 &lt; 4" in ecrit


def test_a_shape_drawn_twice_is_written_once() -> None:
    d = "M0 0" + "l1 1" * 30
    svgs = [f'<svg><path data-t="COM-1" d="{d}" fill="{c}"/></svg>' for c in ("#fff", "#000")]
    reserve, ecrits = partager_traces(svgs)
    assert str(reserve).count(d) == 1
    assert [d in e for e in ecrits] == [False, False]
    assert 'data-t="COM-1"' in ecrits[1]
    assert 'fill="#000"' in ecrits[1]


def test_a_legend_beside_its_map_becomes_an_image_of_its_own() -> None:
    svg = (
        '<svg viewBox="0 0 440 250" data-vue="0 0 296 250"><g><path data-t="COM-1"/></g>'
        '<g class="legende"><rect y="20" height="11"/><text x="310" y="40">5 à 9</text></g></svg>'
    )
    carte, legende = detacher_legende(integrer(svg, prefixe="f", alt="Carte"))
    assert ' viewBox="0 0 296 250"' in carte
    assert "5 à 9" not in carte
    assert ' viewBox="296 0 144 46"' in legende
    assert "5 à 9" in legende
    sans = '<svg viewBox="0 0 9 9"><g class="legende"></g></svg>'
    assert detacher_legende(sans) == (sans, "")


def test_equal_values_share_a_class_and_labels_use_printed_values() -> None:
    rangees = [
        SiteLigne(territoire=f"COM-{i}", texte=f"{v},0 %", valeur=float(v))
        for i, v in enumerate([1, 1, 1, 1, 2, 3, 4, 5, 6, 7])
    ] + [SiteLigne(territoire="COM-99", statut="Q")]
    classement = classer(rangees)
    assert classement.rangs[:4] == (0, 0, 0, 0)
    assert classement.rangs[-1] == -1
    assert classement.libelles[0] == "1,0 %"
    assert classement.libelles[-1] == "de 6,0 % à 7,0 %"
