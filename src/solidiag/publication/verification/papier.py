"""Vérification du rapport : DOCX et ODT dans l'ordre de lecture, PDF par ensembles et dessins.

Chaque fichier est lu dans ses octets finals et comparé aux nombres du document recalculé ; puis
ses octets le sont à ceux du rendu recalculé, qui tient aussi les images, le sommaire et les pieds
de page.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence

from solidiag.publication.document import Document
from solidiag.publication.rendus import docx, odt, pdf
from solidiag.publication.rendus.extraction import (
    TexteImprime,
    textes_docx,
    textes_odt,
    textes_pdf,
)
from solidiag.publication.verification.attendus import (
    entetes,
    figures,
    jetons_attendus,
    jetons_de_figure,
)
from solidiag.publication.verification.comparaison import (
    Ecart,
    Releve,
    comparer_ensembles,
    comparer_suites,
    illisible,
)
from solidiag.publication.verification.jetons import Jeton, en_chiffres, jetons_de_texte

Images = Mapping[str, bytes]

_BALISE = re.compile(r"<[^>]*>|^[^<]*>|<[^>]*$")


def verifier_docx(octets: bytes, document: Document, *, images: Images, fichier: str) -> Releve:
    """Compare un DOCX au document recalculé."""
    attendu = docx.composer(document, images=images)
    return _archive(octets, document, attendu, lire=textes_docx, fichier=fichier)


def verifier_odt(octets: bytes, document: Document, *, images: Images, fichier: str) -> Releve:
    """Compare un ODT au document recalculé."""
    attendu = odt.composer(document, images=images)
    return _archive(octets, document, attendu, lire=textes_odt, fichier=fichier)


def _archive(
    octets: bytes,
    document: Document,
    attendu: bytes,
    *,
    lire: Callable[[bytes], list[TexteImprime]],
    fichier: str,
) -> Releve:
    try:
        textes = lire(octets)
        parties = _parties(octets)
    except (ValueError, zipfile.BadZipFile) as erreur:
        return illisible(fichier, erreur)
    trouves = jetons_lus(textes)
    ecarts = comparer_suites(jetons_attendus(document), trouves, fichier=fichier)
    voulues = _parties(attendu)
    autres = [
        Ecart(
            genre="fichier",
            fichier=fichier,
            lieu=f"partie {partie}",
            trouve=_en_quoi(parties.get(partie), voulues.get(partie)),
        )
        for partie in sorted({*parties, *voulues})
        if parties.get(partie) != voulues.get(partie)
    ]
    return Releve(fichier=fichier, lus=len(trouves), ecarts=tuple(ecarts or autres))


def _en_quoi(vue: bytes | None, voulue: bytes | None) -> str:
    """Dit en quoi une partie n'est pas celle du recalcul (sommaire, texte de remplacement...)."""
    if vue is None or voulue is None:
        return "elle manque" if vue is None else "elle est en trop"
    dit = "elle n'est pas celle du recalcul"
    try:
        textes = vue.decode(), voulue.decode()
    except UnicodeDecodeError:
        return dit
    debut = next((i for i, (a, b) in enumerate(zip(*textes, strict=False)) if a != b), 0)
    passage = " ".join(_BALISE.sub(" ", textes[0][max(0, debut - 300) : debut + 60]).split())
    return f"{dit}, près de « …{passage[-80:]}… »" if passage else dit


def _parties(octets: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        return {nom: archive.read(nom) for nom in archive.namelist()}


def verifier_pdf(octets: bytes, document: Document, *, fichier: str) -> Releve:
    """Compare un PDF au document recalculé."""
    try:
        textes = textes_pdf(octets)
    except ValueError as erreur:
        return illisible(fichier, erreur)
    repetables = frozenset(
        jeton.valeur for entete in entetes(document) for jeton in jetons_de_texte(entete)
    )
    ecrits = jetons_lus([texte for texte in textes if not texte.figure])
    traces = jetons_lus([texte for texte in textes if texte.figure])
    ecarts = comparer_ensembles(
        jetons_attendus(document),
        ecrits,
        fichier=fichier,
        repetables=repetables,
    )
    dessines = [jeton for figure in figures(document) for jeton in jetons_de_figure(figure)]
    ecarts += comparer_suites(en_chiffres(dessines), en_chiffres(traces), fichier=fichier)
    if not ecarts and octets != pdf.composer(document):
        ecarts.append(
            Ecart(genre="fichier", fichier=fichier, trouve="ce n'est pas le PDF du recalcul")
        )
    return Releve(fichier=fichier, lus=len(ecrits) + len(traces), ecarts=tuple(ecarts))


def jetons_lus(textes: Sequence[TexteImprime]) -> list[Jeton]:
    """Renvoie les nombres des textes d'un fichier, dans l'ordre."""
    return [
        jeton
        for texte in textes
        for jeton in jetons_de_texte(texte.texte, lieu=f"page {texte.page}" if texte.page else "")
    ]
