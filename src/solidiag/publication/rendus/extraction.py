"""Texte d'un DOCX, d'un ODT ou d'un PDF, lu dans les octets finaux et dans l'ordre de lecture.

Un texte par paragraphe, légende ou cellule. Ne sont pas rendus : le sommaire, les pieds de page et
les numéros de page, les puces et les numéros de liste, les textes de remplacement. Sont rendus :
les numéros de légende (« Carte 3. », champs ``SEQ`` ou ``text:sequence``), les en-têtes de tableau
(une fois en DOCX et en ODT, une fois par page en PDF) et, en PDF seulement, le texte dessiné dans
les figures (``figure`` vrai) : dans un DOCX et un ODT, une figure est une image.
"""

from __future__ import annotations

import ctypes
import io
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

import pypdfium2
import pypdfium2.raw as pdfium

_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"})
_MUETS = re.compile("[\u00ad\u200b\u2060\ufeff\ufffe\uffff\x00\x02]")
_BLANCS = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class TexteImprime:
    """Un texte d'un fichier publié.

    Parameters
    ----------
    texte
        Texte d'un paragraphe, d'une légende, d'une cellule ou d'une étiquette de figure ; espaces
        insécables gardées, autres blancs réduits à une espace.
    page
        Page du PDF, à partir de 1 ; 0 en DOCX et en ODT.
    figure
        Vrai pour un texte dessiné dans une figure.
    """

    texte: str
    page: int = 0
    figure: bool = False


def nettoyer(texte: str) -> str:
    r"""Renvoie un texte sans césure conditionnelle, sans ligature, aux blancs réduits.

    Examples
    --------
    >>> nettoyer("  con\u00adﬁance\n 1\u202f234 ")
    'confiance 1\u202f234'
    """
    propre = _MUETS.sub("", texte).translate(_LIGATURES)
    return _BLANCS.sub(" ", propre).strip(" ")


def textes_docx(octets: bytes) -> list[TexteImprime]:
    """Renvoie les textes d'un DOCX.

    Raises
    ------
    ValueError
        Si les octets ne sont pas ceux d'un DOCX.
    """
    return _lire_xml(octets, "word/document.xml", _LecteurDocx())


def textes_odt(octets: bytes) -> list[TexteImprime]:
    """Renvoie les textes d'un ODT.

    Raises
    ------
    ValueError
        Si les octets ne sont pas ceux d'un ODT.
    """
    return _lire_xml(octets, "content.xml", _LecteurOdt())


class _Lecteur(ABC):
    """Suit un XML et garde le texte de chaque paragraphe."""

    paragraphes: frozenset[str]
    ignores: frozenset[str]

    def __init__(self) -> None:
        self.textes: list[TexteImprime] = []
        self._piles: list[list[str]] = []
        self._ignore = 0

    def ouvrir(self, nom: str, _attributs: dict[str, str]) -> None:
        if self._ignore or nom in self.ignores:
            self._ignore += 1
        elif nom in self.paragraphes:
            self._piles.append([])
        else:
            self.signe(nom)

    def fermer(self, nom: str) -> None:
        if self._ignore:
            self._ignore -= 1
        elif nom in self.paragraphes and self._piles:
            texte = nettoyer("".join(self._piles.pop()))
            if texte:
                self.textes.append(TexteImprime(texte))

    def lire(self, texte: str) -> None:
        if self._piles and not self._ignore:
            self._piles[-1].append(texte)

    @abstractmethod
    def signe(self, nom: str) -> None: ...


class _LecteurDocx(_Lecteur):
    paragraphes = frozenset({"w:p"})
    ignores = frozenset({"w:sdt", "w:instrText", "w:pPr", "w:rPr", "w:drawing"})

    def signe(self, nom: str) -> None:
        if nom in {"w:tab", "w:br", "w:cr"}:
            self.lire(" ")
        elif nom == "w:noBreakHyphen":
            self.lire("-")


class _LecteurOdt(_Lecteur):
    paragraphes = frozenset({"text:p", "text:h"})
    ignores = frozenset(
        {
            "text:table-of-content",
            "svg:title",
            "svg:desc",
            "table:title",
            "table:desc",
            "office:automatic-styles",
            "office:font-face-decls",
        }
    )

    def signe(self, nom: str) -> None:
        if nom in {"text:s", "text:tab", "text:line-break"}:
            self.lire(" ")


def _lire_xml(octets: bytes, partie: str, lecteur: _Lecteur) -> list[TexteImprime]:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            xml = archive.read(partie)
        analyse = expat.ParserCreate()
        analyse.StartElementHandler = lecteur.ouvrir
        analyse.EndElementHandler = lecteur.fermer
        analyse.CharacterDataHandler = lecteur.lire
        analyse.buffer_text = True
        analyse.Parse(xml, True)
    except (zipfile.BadZipFile, KeyError, expat.ExpatError, OSError) as erreur:
        raise ValueError(f"{partie} illisible : {erreur}") from erreur
    return lecteur.textes


def textes_pdf(octets: bytes) -> list[TexteImprime]:
    """Renvoie les textes d'un PDF balisé, d'après son arbre de structure.

    Raises
    ------
    ValueError
        Si les octets ne sont pas ceux d'un PDF balisé.
    """
    try:
        document = pypdfium2.PdfDocument(octets)
    except pypdfium2.PdfiumError as erreur:
        raise ValueError(f"PDF illisible : {erreur}") from erreur
    textes: list[TexteImprime] = []
    try:
        for rang in range(len(document)):
            textes += _Page(document[rang], rang + 1).textes()
    finally:
        document.close()
    if not textes:
        raise ValueError("PDF sans texte balisé")
    return textes


_BLOCS = frozenset(
    {
        "P",
        "H",
        "H1",
        "H2",
        "H3",
        "H4",
        "H5",
        "H6",
        "Title",
        "TH",
        "TD",
        "Caption",
        "LBody",
        "LI",
        "Note",
        "BlockQuote",
        "Div",
        "Sect",
        "Part",
        "Table",
        "THead",
        "TBody",
        "TFoot",
        "TR",
        "L",
        "Figure",
        "Document",
        "Aside",
        "Art",
    }
)
_TUS = frozenset({"TOC", "Lbl", "Artifact"})


@dataclass(slots=True)
class _Morceau:
    texte: str
    gauche: float
    bas: float
    droite: float
    haut: float


class _Page:
    """Page d'un PDF : ses objets de texte par repère de contenu, et son arbre."""

    def __init__(self, page: pypdfium2.PdfPage, numero: int) -> None:
        self.page, self.numero = page, numero
        self.morceaux = self._lire_objets()
        self.sortie: list[TexteImprime] = []
        self._tampon: list[_Morceau] = []

    def textes(self) -> list[TexteImprime]:
        arbre = pdfium.FPDF_StructTree_GetForPage(self.page)
        if arbre:
            try:
                for rang in range(pdfium.FPDF_StructTree_CountChildren(arbre)):
                    enfant = pdfium.FPDF_StructTree_GetChildAtIndex(arbre, rang)
                    if enfant:
                        self._element(enfant, figure=False)
            finally:
                pdfium.FPDF_StructTree_Close(arbre)
        return self.sortie

    def _lire_objets(self) -> dict[int, list[_Morceau]]:
        par_repere: dict[int, list[_Morceau]] = {}
        texte_page = self.page.get_textpage()
        for objet in _objets(self.page.raw):
            repere = pdfium.FPDFPageObj_GetMarkedContentID(objet)
            if repere < 0:
                continue
            longueur = pdfium.FPDFTextObj_GetText(objet, texte_page, None, 0)
            if longueur <= 2:
                continue
            tampon = (ctypes.c_ushort * (longueur // 2))()
            pdfium.FPDFTextObj_GetText(objet, texte_page, tampon, longueur)
            texte = bytes(tampon).decode("utf-16-le", "replace").rstrip("\0")
            bornes = [ctypes.c_float() for _ in range(4)]
            pdfium.FPDFPageObj_GetBounds(objet, *bornes)
            cotes = (borne.value for borne in bornes)
            par_repere.setdefault(repere, []).append(_Morceau(texte, *cotes))
        texte_page.close()
        return par_repere

    def _element(self, element: Any, *, figure: bool) -> None:
        genre = _chaine(pdfium.FPDF_StructElement_GetType, element)
        if genre in _TUS:
            return
        figure = figure or genre == "Figure"
        bloc = genre in _BLOCS
        if bloc:
            self._vider(figure=figure)
        for rang in range(pdfium.FPDF_StructElement_CountChildren(element)):
            enfant = pdfium.FPDF_StructElement_GetChildAtIndex(element, rang)
            if enfant:
                self._element(enfant, figure=figure)
                continue
            repere = pdfium.FPDF_StructElement_GetChildMarkedContentID(element, rang)
            self._tampon += self.morceaux.get(repere, [])
        if bloc:
            self._vider(figure=figure)

    def _vider(self, *, figure: bool) -> None:
        morceaux, self._tampon = self._tampon, []
        for texte in _etiquettes(morceaux) if figure else [_paragraphe(morceaux)]:
            propre = nettoyer(texte)
            if propre:
                self.sortie.append(TexteImprime(propre, self.numero, figure))


def _objets(page: Any) -> Iterator[Any]:
    """Parcourt les objets de texte d'une page."""
    for rang in range(pdfium.FPDFPage_CountObjects(page)):
        objet = pdfium.FPDFPage_GetObject(page, rang)
        if pdfium.FPDFPageObj_GetType(objet) == pdfium.FPDF_PAGEOBJ_TEXT:
            yield objet


def _chaine(fonction: Any, element: Any) -> str:
    longueur = fonction(element, None, 0)
    if longueur <= 2:
        return ""
    tampon = ctypes.create_string_buffer(longueur)
    fonction(element, tampon, longueur)
    return tampon.raw[:longueur].decode("utf-16-le").rstrip("\0")


def _paragraphe(morceaux: list[_Morceau]) -> str:
    """Joint les morceaux d'un paragraphe ; une fin de ligne vaut une espace."""
    texte = ""
    precedent: _Morceau | None = None
    for morceau in morceaux:
        if precedent is not None and morceau.gauche < precedent.gauche and texte[-1:] != "-":
            texte += " "
        texte += morceau.texte
        precedent = morceau
    return texte


def _etiquettes(morceaux: list[_Morceau]) -> Iterator[str]:
    """Sépare les textes d'une figure, dont chaque signe est un objet."""
    texte = ""
    precedent: _Morceau | None = None
    for morceau in morceaux:
        if precedent is not None and _loin(precedent, morceau):
            yield texte
            texte = ""
        texte += morceau.texte
        precedent = morceau
    yield texte


def _loin(avant: _Morceau, apres: _Morceau) -> bool:
    hauteur = max(avant.haut - avant.bas, apres.haut - apres.bas, 2.0)
    autre_ligne = apres.bas > avant.haut + hauteur or apres.haut < avant.bas - hauteur / 2
    ecart = apres.gauche - avant.droite
    return autre_ligne or ecart > 1.2 * hauteur or ecart < -1.2 * hauteur
