"""Un chiffre changé dans les octets d'un DOCX, d'un ODT ou d'un PDF est trouvé."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable

import pytest

from solidiag.publication.document import Document
from solidiag.publication.rendus import docx, odt, pdf
from solidiag.publication.rendus.images import convertir, figures
from solidiag.publication.verification.comparaison import Ecart
from solidiag.publication.verification.papier import verifier_docx, verifier_odt, verifier_pdf

Images = dict[str, bytes]


@pytest.fixture(scope="module")
def images(exemple: Document) -> Images:
    return convertir(figures(exemple), resolution=60)


@pytest.fixture(scope="module")
def fichiers(exemple: Document, images: Images) -> dict[str, bytes]:
    return {
        "docx": docx.composer(exemple, images=images),
        "odt": odt.composer(exemple, images=images),
        "pdf": pdf.composer(exemple),
    }


@pytest.fixture
def verifier(exemple: Document, images: Images) -> Callable[[str, bytes], list[Ecart]]:
    def lancer(format_: str, octets: bytes) -> list[Ecart]:
        if format_ == "pdf":
            return list(verifier_pdf(octets, exemple, fichier="r.pdf").ecarts)
        lecteur = verifier_docx if format_ == "docx" else verifier_odt
        return list(lecteur(octets, exemple, images=images, fichier=f"r.{format_}").ecarts)

    return lancer


def changer(octets: bytes, partie: str, avant: bytes, apres: bytes) -> bytes:
    """Renvoie l'archive où une partie a été changée, une fois."""
    sortie = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(octets)) as lue, zipfile.ZipFile(sortie, "w") as ecrite:
        for nom in lue.namelist():
            contenu = lue.read(nom)
            if nom == partie:
                assert avant in contenu
                contenu = contenu.replace(avant, apres, 1)
            ecrite.writestr(nom, contenu)
    return sortie.getvalue()


@pytest.mark.parametrize("format_", ["docx", "odt", "pdf"])
def test_the_written_file_is_conform(verifier, fichiers, format_: str) -> None:
    assert verifier(format_, fichiers[format_]) == []


@pytest.mark.parametrize(
    ("format_", "partie"), [("docx", "word/document.xml"), ("odt", "content.xml")]
)
def test_one_digit_changed_in_the_text_is_found_with_its_place(
    verifier, fichiers, format_: str, partie: str
) -> None:
    octets = changer(fichiers[format_], partie, "11,7\u00a0%".encode(), "11,8\u00a0%".encode())
    (ecart,) = verifier(format_, octets)
    assert (ecart.genre, ecart.attendu, ecart.trouve) == (
        "difference",
        "11,7\u00a0%",
        "11,8\u00a0%",
    )
    assert "Cinq minutes" in ecart.lieu
    assert ecart.cle is not None


@pytest.mark.parametrize(
    ("format_", "partie"), [("docx", "word/document.xml"), ("odt", "content.xml")]
)
def test_a_changed_word_image_or_alternative_text_is_found(
    verifier, fichiers, format_: str, partie: str
) -> None:
    (ecart,) = verifier(
        format_, changer(fichiers[format_], partie, b"bas revenus", b"hauts revenus")
    )
    assert (ecart.genre, ecart.lieu) == ("fichier", f"partie {partie}")
    assert "hauts revenus" in ecart.trouve
    assert verifier(format_, changer(fichiers[format_], partie, b"moins de dix", b"moins de 9"))
    with zipfile.ZipFile(io.BytesIO(fichiers[format_])) as archive:
        image = next(nom for nom in archive.namelist() if nom.endswith(".png"))
    (ecart,) = verifier(format_, changer(fichiers[format_], image, b"IEND", b"IENE"))
    assert ecart.lieu == f"partie {image}"


_SIGNE = rb"(?:\\[0-7]{3}|\\[^0-7]|[^\\()])"
_GLYPHE = re.compile(_SIGNE + _SIGNE, re.DOTALL)
_TEXTE = re.compile(rb"\[((?:\(" + _SIGNE + rb"+\)-?[\d.]*)+)\]TJ", re.DOTALL)


def flux(octets: bytes) -> list[tuple[int, int, bytes]]:
    """Renvoie les flux compressés d'un PDF qui portent du texte : début, fin, contenu."""
    trouves = []
    for entree in re.finditer(rb"(?<!end)stream\r?\n", octets):
        fin = octets.index(b"endstream", entree.end())
        try:
            contenu = zlib.decompress(octets[entree.end() : fin])
        except zlib.error:
            continue
        if b"]TJ" in contenu:
            trouves.append((entree.end(), fin, contenu))
    return trouves


def milliers(contenu: bytes) -> list[tuple[int, bytes]]:
    """Renvoie la place et le premier signe des textes comme « 1 107 ».

    Les codes des signes sont propres au fichier : ce sont les textes de cinq signes dont le
    deuxième, l'espace fine, se répète le plus.
    """
    par_espace: dict[bytes, list[tuple[int, bytes]]] = {}
    for texte in _TEXTE.finditer(contenu):
        glyphes = _GLYPHE.findall(re.sub(rb"\)-?[\d.]*\(?", b"", texte.group(1)))
        if len(glyphes) == 5:
            place = texte.start(1) + 1
            par_espace.setdefault(glyphes[1], []).append((place, glyphes[0]))
    return max(par_espace.values(), key=len, default=[])


def test_one_digit_changed_in_a_pdf_is_found(verifier, fichiers) -> None:
    """Échange un chiffre d'une cellule contre un autre, dans le flux de la page."""
    original = fichiers["pdf"]
    debut, fin, contenu = max(flux(original), key=lambda lu: len(milliers(lu[2])))
    (place, signe), *suite = milliers(contenu)
    faux = next(autre for _, autre in suite if autre != signe)
    change = contenu[:place] + faux + contenu[place + len(signe) :]
    octets = original[:debut] + zlib.compress(change, 9) + original[fin - 1 :]
    absent, en_trop = verifier("pdf", octets)
    assert (absent.genre, en_trop.genre) == ("absent", "en_trop")
    assert absent.attendu[1:] == en_trop.trouve[1:]
    assert absent.attendu[0] != en_trop.trouve[0]


@pytest.mark.parametrize("format_", ["docx", "odt", "pdf"])
def test_a_number_of_another_document_is_found(verifier, exemple, images, format_: str) -> None:
    from dataclasses import replace

    from solidiag.publication.document import Cle, Nombre, Paragraphe

    ajout = Paragraphe(contenu=(Nombre("98\u202f765", Cle(indicateur="faux")),))
    autre = replace(exemple, blocs=(*exemple.blocs[:4], ajout, *exemple.blocs[4:]))
    octets = {
        "docx": lambda: docx.composer(autre, images=images),
        "odt": lambda: odt.composer(autre, images=images),
        "pdf": lambda: pdf.composer(autre),
    }[format_]()
    (ecart,) = verifier(format_, octets)
    assert (ecart.genre, ecart.trouve) == ("en_trop", "98\u202f765")


@pytest.mark.parametrize("format_", ["docx", "odt", "pdf"])
def test_a_truncated_file_is_said(verifier, fichiers, format_: str) -> None:
    (ecart,) = verifier(format_, fichiers[format_][:1000])
    assert ecart.genre == "fichier"
    assert "illisible" in ecart.trouve
