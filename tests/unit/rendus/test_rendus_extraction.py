"""Ce que l'on relit dans les octets est ce que le document dit, dans l'ordre."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import pytest

from solidiag.publication.document import Document, Figure, texte_brut
from solidiag.publication.rendus import docx, odt, pdf
from solidiag.publication.rendus.extraction import textes_docx, textes_odt, textes_pdf
from solidiag.publication.rendus.images import convertir, figures
from solidiag.publication.verification.attendus import unites


def normaliser(texte: str) -> str:
    return re.sub(r"\s+", " ", texte).strip()


@pytest.fixture(scope="session")
def images(exemple: Document) -> dict[str, bytes]:
    return convertir(figures(exemple))


@pytest.fixture(scope="session")
def octets(exemple: Document, images: dict[str, bytes]) -> dict[str, bytes]:
    return {
        "pdf": pdf.composer(exemple),
        "docx": docx.composer(exemple, images=images),
        "odt": odt.composer(exemple, images=images),
    }


def attendus(document: Document) -> list[str]:
    textes = [normaliser(texte_brut(unite.contenu)) for unite in unites(document)]
    return [texte for texte in textes if texte]


def sans_date(textes: list[str], document: Document) -> list[str]:
    return [texte for texte in textes if document.date not in texte]


@pytest.mark.parametrize(("format_", "lire"), [("docx", textes_docx), ("odt", textes_odt)])
def test_chaque_texte_est_relu_a_sa_place(exemple, octets, format_, lire):
    lus = [normaliser(t.texte) for t in lire(octets[format_])]
    assert sans_date(lus, exemple) == sans_date(attendus(exemple), exemple)
    assert f"{exemple.auteur} · {exemple.date}" in lus


def test_le_pdf_se_relit_par_son_arbre_sans_sommaire_ni_pied_de_page(exemple, octets):
    entetes = {c.entete for b in exemple.blocs if hasattr(b, "colonnes") for c in b.colonnes}
    lus = [normaliser(t.texte) for t in textes_pdf(octets["pdf"]) if not t.figure]
    voulus = [texte for texte in attendus(exemple) if texte not in entetes]
    supplement = {"Sommaire", exemple.auteur}
    propres = [t for t in lus if t not in entetes | supplement]
    assert sans_date(propres, exemple) == sans_date(voulus, exemple)
    assert not any(exemple.titre in t and exemple.mention in t for t in lus)


def test_le_texte_des_cartes_se_relit_dans_le_pdf(octets):
    dessines = [t.texte for t in textes_pdf(octets["pdf"]) if t.figure]
    assert "5,0 à 10,0" in dessines
    assert "secret (3 communes)" in dessines
    assert "Bénesse-lès-Dax" in dessines


def test_les_milliers_du_pdf_gardent_leur_espace_fine(octets):
    lus = [t.texte for t in textes_pdf(octets["pdf"])]
    assert "65\u202f925\u202f961" in lus


def test_un_chiffre_change_dans_le_docx_se_voit(octets):
    entree = io.BytesIO(octets["docx"])
    sortie = io.BytesIO()
    with zipfile.ZipFile(entree) as lu, zipfile.ZipFile(sortie, "w") as ecrit:
        for nom in lu.namelist():
            contenu = lu.read(nom)
            if nom == "word/document.xml":
                contenu = contenu.replace("11,7\u00a0%".encode(), "11,8\u00a0%".encode())
            ecrit.writestr(nom, contenu)
    assert textes_docx(octets["docx"]) != textes_docx(sortie.getvalue())


@pytest.mark.parametrize("lire", [textes_docx, textes_odt, textes_pdf])
def test_un_fichier_qui_n_en_est_pas_un_est_refuse(lire):
    with pytest.raises(ValueError, match="illisible"):
        lire(b"ceci n'est pas un document")


@pytest.mark.parametrize(
    "texte",
    [
        "#strong[x] $a$ `b` \\ \" ' < > & @ * _ ~ // /* */ = + - 1. ]] [[ {} ()",
        "deux  espaces   trois",
        "œuvre, Œdipe, ÿ, €, ≤\u00a05\u00a0%, −1,5, 1\u202f234\u202f567, « ok », l’été…",
    ],
)
def test_un_texte_piege_traverse_les_trois_formats(exemple, texte):
    document = replace(exemple, couverture=(), blocs=(), sous_titre=texte)
    for composer, lire in ((docx.composer, textes_docx), (odt.composer, textes_odt)):
        lus = [normaliser(t.texte) for t in lire(composer(document, images={}))]
        assert normaliser(texte) in lus
    lus = [normaliser(t.texte) for t in textes_pdf(pdf.composer(document))]
    assert normaliser(texte) in lus


def test_les_etiquettes_voisines_d_une_carte_ne_se_collent_pas(exemple, nouvelle_figure):
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100" '
        'font-family="Solidiag Sans">'
        '<text x="10" y="20" font-size="12">12,5</text><text x="60" y="20" font-size="12">730'
        '</text><text x="10" y="36" font-size="12">3 communes</text></svg>'
    )
    figure: Figure = nouvelle_figure("essai", svg=svg)
    lus = textes_pdf(pdf.composer(replace(exemple, blocs=(figure,))))
    assert [t.texte for t in lus if t.figure] == ["12,5", "730", "3 communes"]
