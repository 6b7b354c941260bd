"""Fiche en une page HTML autonome, sans script ni réseau ; du téléphone à l'imprimante."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import assert_never

from markupsafe import Markup, escape

from solidiag.publication import charte
from solidiag.publication.document import (
    Bloc,
    Cellule,
    Document,
    Encadre,
    Figure,
    Ligne,
    Liste,
    Paragraphe,
    SautDePage,
    Tableau,
    Titre,
)
from solidiag.publication.site.lignes_html import ecrire_lignes
from solidiag.publication.site.svg import integrer

_POLICES = ((400, "normal"), (700, "normal"))


def composer(document: Document) -> bytes:
    """Renvoie les octets de la page ; les mêmes pour le même document."""
    corps = Markup("\n").join(Markup(ligne) for ligne in _corps(document))  # noqa: S704
    page = Markup(
        '<!DOCTYPE html>\n<html lang="{}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light">\n<link rel="icon" href="data:,">\n'
        '<title data-nature="nom">{}</title>\n<style>{}</style>\n</head>\n<body>\n{}\n</body>\n'
        "</html>\n"
    ).format(
        document.langue.partition("-")[0],
        document.titre,
        Markup(_style()),  # noqa: S704
        corps,
    )
    return str(page).encode()


def _style() -> str:
    dossier = resources.files("solidiag") / "donnees" / "polices"
    regles = []
    for graisse, posture in _POLICES:
        octets = (dossier / f"{charte.FICHIERS_POLICES[graisse, posture]}.woff2").read_bytes()
        code = base64.b64encode(octets).decode("ascii")
        regles.append(
            f'@font-face{{font-family:"{charte.POLICE}";font-weight:{graisse};font-display:swap;'
            f'src:url(data:font/woff2;base64,{code}) format("woff2")}}'
        )
    variables = (
        f':root{{--police:"{charte.POLICE}";--encre:{charte.ENCRE};--douce:{charte.ENCRE_DOUCE};'
        f"--accent:{charte.ACCENT};--filet:{charte.FILET};--bande:{charte.FOND};"
        f"--papier:{charte.BLANC}}}"
    )
    feuille = resources.files("solidiag.publication.profil") / "statique" / "fiche.css"
    return "\n".join((*regles, variables, feuille.read_text(encoding="utf-8")))


def _corps(document: Document) -> Iterator[Markup]:
    yield Markup("<header>")
    yield Markup('<p class="nature" data-nature="nom">{}</p>').format(document.territoire)
    yield Markup('<h1 data-nature="nom">{}</h1>').format(document.titre)
    if document.sous_titre:
        yield Markup('<p class="sous-titre" data-nature="nom">{}</p>').format(document.sous_titre)
    for ligne in document.couverture:
        yield Markup("<p>{}</p>").format(_lignes(ligne))
    yield Markup(
        '<p class="mention"><strong>{}</strong> · {} · <span data-nature="date">{}</span></p>'
    ).format(document.mention, document.auteur, document.date)
    yield Markup("</header>\n<main>")
    for bloc in document.blocs:
        yield from _bloc(bloc)
    yield Markup("</main>")


def _lignes(contenu: Sequence[Ligne]) -> Markup:
    return ecrire_lignes(contenu, lambda cible: cible)


def _bloc(bloc: Bloc) -> Iterator[Markup]:
    match bloc:
        case Titre():
            niveau = min(bloc.niveau + 1, 6)
            yield Markup('<h{} id="{}">{}</h{}>').format(
                niveau, bloc.id, _lignes(bloc.contenu), niveau
            )
        case Paragraphe():
            yield Markup('<p class="{}">{}</p>').format(bloc.style, _lignes(bloc.contenu))
        case Liste():
            balise = "ol" if bloc.ordonnee else "ul"
            yield Markup("<{}>").format(balise)
            for element in bloc.elements:
                yield Markup("<li>{}</li>").format(_lignes(element))
            yield Markup("</{}>").format(balise)
        case Tableau():
            yield from _tableau(bloc)
        case Encadre():
            yield Markup("<section><h2>{}</h2>").format(bloc.titre)
            for dedans in bloc.blocs:
                yield from _bloc(dedans)
            yield Markup("</section>")
        case Figure():
            yield from _figure(bloc)
        case SautDePage():
            return
        case _:
            assert_never(bloc)


def _figure(figure: Figure) -> Iterator[Markup]:
    dessin = integrer(figure.svg, prefixe=figure.id, alt=figure.alt)
    yield Markup('<figure id="{}">\n<figcaption>{}</figcaption>').format(
        figure.id, _lignes(figure.legende)
    )
    if figure.sous_titre:
        yield Markup('<p class="note">{}</p>').format(_lignes(figure.sous_titre))
    yield Markup(dessin)  # noqa: S704
    if figure.source:
        yield Markup('<p class="note">{}</p>').format(_lignes(figure.source))
    yield Markup("</figure>")


def _tableau(tableau: Tableau) -> Iterator[Markup]:
    legende = f"{tableau.id}-legende"
    yield Markup('<div class="defile" role="region" aria-labelledby="{}" tabindex="0">').format(
        legende
    )
    yield Markup('<table id="{}">\n<caption id="{}">{}</caption>\n<thead>\n<tr>').format(
        tableau.id, legende, _lignes(tableau.legende)
    )
    for colonne in tableau.colonnes:
        yield Markup('<th scope="col" class="{}" data-nature="nom">{}</th>').format(
            colonne.alignement, colonne.entete
        )
    yield Markup("</tr>\n</thead>\n<tbody>")
    for rangee in (*tableau.references, *tableau.lignes):
        yield _rangee(tableau, rangee)
    yield Markup("</tbody>\n</table>\n</div>")
    for note in tableau.notes:
        yield Markup('<p class="note">{}</p>').format(_lignes(note))


def _rangee(tableau: Tableau, rangee: Sequence[Cellule]) -> Markup:
    cellules = [
        Markup('<th scope="row">{}</th>').format(_lignes(cellule.contenu))
        if rang == 0
        else Markup('<td class="{}">{}</td>').format(
            colonne.alignement, _lignes(cellule.contenu) or escape("–")
        )
        for rang, (cellule, colonne) in enumerate(zip(rangee, tableau.colonnes, strict=True))
    ]
    return Markup("<tr>{}</tr>").format(Markup("").join(cellules))
