"""Ce que portent les fichiers rendus : accessibilité, structure, reproductibilité."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pypdfium2
import pytest

from solidiag.errors import RenduImpossible
from solidiag.publication import charte
from solidiag.publication.document import Document, Encadre, Paragraphe, Titre, lignes
from solidiag.publication.rendus import docx, odt, pdf
from solidiag.publication.rendus.images import (
    convertir,
    empreinte_svg,
    figures,
    polices,
    taille_png,
)

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


@pytest.fixture(scope="session")
def images(exemple: Document) -> dict[str, bytes]:
    return convertir(figures(exemple))


@pytest.fixture(scope="session")
def archive_docx(exemple, images) -> dict[str, bytes]:
    return ouvrir(docx.composer(exemple, images=images))


@pytest.fixture(scope="session")
def archive_odt(exemple, images) -> dict[str, bytes]:
    return ouvrir(odt.composer(exemple, images=images))


def ouvrir(octets: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        return {nom: archive.read(nom) for nom in archive.namelist()}


def arbre(octets: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(octets)  # noqa: S314


def test_deux_rendus_donnent_les_memes_octets(exemple, images):
    assert pdf.composer(exemple) == pdf.composer(exemple)
    assert docx.composer(exemple, images=images) == docx.composer(exemple, images=images)
    assert odt.composer(exemple, images=images) == odt.composer(exemple, images=images)


def test_toutes_les_parties_xml_sont_bien_formees(archive_docx, archive_odt):
    for archive in (archive_docx, archive_odt):
        for nom, octets in archive.items():
            if nom.endswith((".xml", ".rels")):
                arbre(octets)


def test_le_docx_declare_chaque_relation_et_chaque_type(archive_docx):
    corps = archive_docx["word/document.xml"].decode()
    relations = arbre(archive_docx["word/_rels/document.xml.rels"])
    declarees = {r.get("Id"): r for r in relations}
    for nom in ("r:id", "r:embed"):
        for morceau in corps.split(f'{nom}="')[1:]:
            assert morceau.partition('"')[0] in declarees
    for relation in relations:
        if relation.get("TargetMode") != "External":
            assert f"word/{relation.get('Target')}" in archive_docx


def test_les_styles_nommes_existent(archive_docx, archive_odt):
    styles = arbre(archive_docx["word/styles.xml"])
    connus = {s.get(f"{W}styleId") for s in styles.iter(f"{W}style")}
    corps = arbre(archive_docx["word/document.xml"])
    for balise in ("pStyle", "rStyle", "tblStyle"):
        assert {e.get(f"{W}val") for e in corps.iter(f"{W}{balise}")} <= connus
    ns = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}name"
    contenu = arbre(archive_odt["content.xml"])
    feuille = arbre(archive_odt["styles.xml"])
    nommes = {e.get(ns) for racine in (contenu, feuille) for e in racine.iter() if e.get(ns)}
    for attribut in (f"{TEXT}style-name", f"{TABLE}style-name"):
        assert {e.get(attribut) for e in contenu.iter() if e.get(attribut)} <= nommes


def test_les_liens_internes_visent_un_signet(archive_docx):
    corps = arbre(archive_docx["word/document.xml"])
    signets = [e.get(f"{W}name") for e in corps.iter(f"{W}bookmarkStart")]
    assert len(signets) == len(set(signets))
    vises = {e.get(f"{W}anchor") for e in corps.iter(f"{W}hyperlink") if e.get(f"{W}anchor")}
    assert vises
    assert vises <= set(signets)


def test_l_entete_de_tableau_se_repete(archive_docx, archive_odt, exemple):
    tableaux = 2
    assert archive_docx["word/document.xml"].count(b"<w:tblHeader/>") == tableaux
    assert archive_odt["content.xml"].count(b"<table:table-header-rows>") == tableaux


def test_les_images_ont_leur_texte_de_remplacement(archive_docx, archive_odt, exemple):
    alt = figures(exemple)[0].alt
    assert f'descr="{alt}"'.encode() in archive_docx["word/document.xml"]
    assert f"<svg:desc>{alt}</svg:desc>".encode() in archive_odt["content.xml"]


def test_le_tableau_large_est_en_paysage_et_le_reste_en_portrait(
    archive_docx, archive_odt, exemple
):
    corps = archive_docx["word/document.xml"].decode()
    assert corps.count('w:orient="landscape"') == 1
    assert corps.count("<w:sectPr>") == 3
    assert b'style:master-page-name="Paysage"' in archive_odt["content.xml"]
    tailles = [page.get_size() for page in pypdfium2.PdfDocument(pdf.composer(exemple))]
    assert sum(largeur > hauteur for largeur, hauteur in tailles) == 1


def test_la_couverture_reste_en_portrait_quand_le_document_commence_en_paysage(
    exemple, nouveau_tableau
):
    large = replace(nouveau_tableau(2), paysage=True)
    document = replace(exemple, blocs=(large,))
    corps = arbre(ouvrir(docx.composer(document, images={}))["word/document.xml"])
    sens = [taille.get(f"{W}orient", "portrait") for taille in corps.iter(f"{W}pgSz")]
    assert sens == ["portrait", "landscape"]
    tailles = [page.get_size() for page in pypdfium2.PdfDocument(pdf.composer(document))]
    assert [largeur > hauteur for largeur, hauteur in tailles] == [False, True]


def test_les_polices_sont_incorporees_et_seules(archive_docx, archive_odt):
    assert set(polices().families()) == {charte.POLICE}
    assert sum(nom.startswith("word/fonts/") for nom in archive_docx) == 4
    assert sum(nom.startswith("Fonts/") for nom in archive_odt) == 4


def test_le_pdf_est_balise_et_titre(exemple):
    document = pypdfium2.PdfDocument(pdf.composer(exemple))
    assert document.is_tagged()
    assert document.get_metadata_value("Title") == exemple.titre
    plan = [signet.get_title() for signet in document.get_toc()]
    assert "Cinq minutes pour comprendre où sont les besoins" in plan


def test_une_figure_sans_texte_de_remplacement_est_refusee(exemple, nouvelle_figure):
    muette = replace(nouvelle_figure("muette"), alt=" ")
    with pytest.raises(RenduImpossible, match="muette"):
        pdf.composer(replace(exemple, blocs=(muette,)))


def test_un_svg_casse_est_dit_en_une_phrase(exemple, nouvelle_figure):
    figure = nouvelle_figure("x", svg='<svg viewBox="0 0 10 10"><g>')
    with pytest.raises(RenduImpossible):
        pdf.composer(replace(exemple, blocs=(figure,)))
    with pytest.raises(RenduImpossible):
        convertir([figure])


def test_une_image_absente_est_dite(exemple):
    for composer in (docx.composer, odt.composer):
        with pytest.raises(RenduImpossible, match="carte-un"):
            composer(exemple, images={})


def test_deux_blocs_de_meme_identifiant_sont_refuses(exemple):
    titre = Titre(niveau=1, id="double", contenu=lignes("Un"))
    with pytest.raises(RenduImpossible, match="double"):
        pdf.composer(replace(exemple, blocs=(titre, titre)))


def test_un_tableau_dans_un_encadre_et_en_fin_de_document_se_rend(exemple, nouveau_tableau):
    tableau = replace(nouveau_tableau(3), source=(), notes=())
    encadre = Encadre(titre="Avec un tableau", blocs=(tableau,), genre="methode")
    dernier = replace(tableau, id="dernier", paysage=True)
    document = replace(exemple, blocs=(encadre, Paragraphe(contenu=lignes("Suite.")), dernier))
    assert pdf.composer(document).startswith(b"%PDF")
    corps = ouvrir(docx.composer(document, images={}))["word/document.xml"]
    assert b"</w:tbl></w:tc>" not in corps
    assert b"</w:tbl><w:sectPr>" not in corps
    arbre(corps)
    arbre(ouvrir(odt.composer(document, images={}))["content.xml"])


def test_les_images_ont_la_resolution_demandee_et_passent_par_le_cache(exemple):
    figure = figures(exemple)[0]
    cache: dict[str, bytes] = {}
    produit = convertir([figure, replace(figure, id="copie")], cache=cache)
    largeur, hauteur = taille_png(produit["copie"])
    assert largeur == pytest.approx(figure.largeur_cm / 2.54 * 220, abs=2)
    assert hauteur == pytest.approx(largeur / 2, abs=2)
    assert list(cache) == [empreinte_svg(figure.svg, figure.largeur_cm)]
    cache[next(iter(cache))] = b"deja fait"
    assert convertir([figure], cache=cache) == {figure.id: b"deja fait"}
