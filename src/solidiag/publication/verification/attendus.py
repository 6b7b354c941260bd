"""Nombres attendus d'un document : ce que chaque format doit porter, dans l'ordre de lecture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from solidiag.publication.document import (
    Bloc,
    Document,
    Encadre,
    Figure,
    Ligne,
    Liste,
    Mention,
    Paragraphe,
    SautDePage,
    Tableau,
    Texte,
    Titre,
    texte_brut,
)
from solidiag.publication.rendus.plan import Plan, nom_legende, preparer
from solidiag.publication.verification.jetons import (
    DONNEE,
    Jeton,
    contient_un_chiffre,
    jetons_de_contenu,
    jetons_de_texte,
)

_TEXTE_SVG = re.compile(r"<text\b[^>]*>(.*?)</text>", re.DOTALL)
_BALISE = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Unite:
    """Un texte d'un document : paragraphe, cellule, légende ; et sa place."""

    lieu: str
    contenu: tuple[Ligne, ...]

    @property
    def jetons(self) -> list[Jeton]:
        """Nombres de l'unité, dans l'ordre."""
        return jetons_de_contenu(self.contenu, lieu=self.lieu)


class _Lecture:
    """Parcourt un document en se souvenant du chapitre."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chapitre = "page de garde"

    def unites(self) -> Iterator[Unite]:
        yield from self.couverture()
        for bloc in self.plan.document.blocs:
            yield from self.bloc(bloc)

    def couverture(self) -> Iterator[Unite]:
        document = self.plan.document
        for texte in (document.territoire, document.titre, document.sous_titre):
            yield Unite("page de garde", (Mention(texte, "nom"),))
        for ligne in document.couverture:
            yield Unite("page de garde", ligne)
        yield Unite("page de garde", (Texte(document.mention),))
        yield Unite("page de garde", (Texte(document.auteur), Mention(document.date, "date")))

    def bloc(self, bloc: Bloc) -> Iterator[Unite]:
        match bloc:
            case Titre():
                if bloc.niveau <= 2:
                    self.chapitre = f"chapitre « {texte_brut(bloc.contenu)} »"
                if bloc.surtitre:
                    yield Unite(f"surtitre du {self.chapitre}", (Mention(bloc.surtitre, "numero"),))
                yield Unite(f"titre, {self.chapitre}", bloc.contenu)
            case Paragraphe():
                yield Unite(
                    f"{self.chapitre}, paragraphe « {_extrait(bloc.contenu)} »", bloc.contenu
                )
            case Liste():
                for element in bloc.elements:
                    yield Unite(f"{self.chapitre}, liste « {_extrait(element)} »", element)
            case Tableau():
                yield from self.tableau(bloc)
            case Figure():
                yield from self.figure(bloc)
            case Encadre():
                yield Unite(f"{self.chapitre}, encadré « {bloc.titre} »", (Texte(bloc.titre),))
                for dedans in bloc.blocs:
                    yield from self.bloc(dedans)
            case SautDePage():
                return

    def _legende(self, bloc: Tableau | Figure, lieu: str) -> Unite:
        numero = f"{nom_legende(bloc)}\u00a0{self.plan.numeros[bloc.id]}. "
        return Unite(lieu, (Mention(numero, "numero"), *bloc.legende))

    def tableau(self, tableau: Tableau) -> Iterator[Unite]:
        lieu = f"{self.chapitre}, tableau « {_extrait(tableau.legende)} »"
        yield self._legende(tableau, lieu)
        yield from unites_de_tableau(tableau, lieu=lieu)
        for note in tableau.notes:
            yield Unite(f"{lieu}, note", note)
        yield Unite(f"{lieu}, source", tableau.source)

    def figure(self, figure: Figure) -> Iterator[Unite]:
        lieu = f"{self.chapitre}, figure « {_extrait(figure.legende)} »"
        yield self._legende(figure, lieu)
        yield Unite(f"{lieu}, sous-titre", figure.sous_titre)
        yield Unite(f"{lieu}, source", figure.source)


def unites_de_tableau(tableau: Tableau, *, lieu: str) -> Iterator[Unite]:
    """Parcourt les cellules d'un tableau : en-têtes, références, lignes."""
    for colonne in tableau.colonnes:
        yield Unite(f"{lieu}, en-tête", (Mention(colonne.entete, "millesime"),))
    for rangee in (*tableau.references, *tableau.lignes):
        nom = texte_brut(rangee[0].contenu) if rangee else ""
        for colonne, cellule in zip(tableau.colonnes, rangee, strict=True):
            yield Unite(f"{lieu}, ligne « {nom} », colonne « {colonne.entete} »", cellule.contenu)


def _extrait(contenu: Sequence[Ligne], limite: int = 60) -> str:
    texte = texte_brut(contenu)
    return texte if len(texte) <= limite else texte[:limite].rsplit(" ", 1)[0] + "…"


def unites(document: Document) -> list[Unite]:
    """Renvoie les textes d'un document dans l'ordre de lecture, sans le texte des images.

    Le sommaire répète des titres et n'y est pas.
    """
    return list(_Lecture(preparer(document)).unites())


def jetons_attendus(document: Document) -> list[Jeton]:
    """Renvoie les nombres d'un document dans l'ordre de lecture (DOCX, ODT)."""
    return [jeton for unite in unites(document) for jeton in unite.jetons]


def textes_svg(svg: str) -> list[str]:
    r"""Renvoie les textes d'un SVG.

    Examples
    --------
    >>> textes_svg('<svg><text x="1">10 à <tspan>20&#160;%</tspan></text><path d="M0 0"/></svg>')
    ['10 à 20\xa0%']
    """
    return [unescape(_BALISE.sub("", trouve)) for trouve in _TEXTE_SVG.findall(svg)]


def jetons_de_figure(figure: Figure, *, lieu: str = "") -> list[Jeton]:
    """Renvoie les nombres dessinés dans une figure : légende de carte, axes, étiquettes."""
    place = lieu or f"figure « {_extrait(figure.legende)} »"
    return [
        Jeton(valeur=jeton.valeur, lieu=place, nature=DONNEE, brut=jeton.brut)
        for texte in textes_svg(figure.svg)
        for jeton in jetons_de_texte(texte)
    ]


def entetes(document: Document) -> Iterator[str]:
    """Parcourt les en-têtes de colonnes, qu'une mise en page répète à chaque page."""
    for bloc in _blocs(document.blocs):
        if isinstance(bloc, Tableau):
            yield from (colonne.entete for colonne in bloc.colonnes)


def figures(document: Document) -> list[Figure]:
    """Renvoie les figures d'un document, dans l'ordre."""
    return [bloc for bloc in _blocs(document.blocs) if isinstance(bloc, Figure)]


def _blocs(blocs: Sequence[Bloc]) -> Iterator[Bloc]:
    for bloc in blocs:
        yield bloc
        if isinstance(bloc, Encadre):
            yield from _blocs(bloc.blocs)


def textes_sans_cle(document: Document) -> list[tuple[str, str]]:
    """Renvoie les textes de remplacement dont un nombre n'est ni dans la figure ni autour d'elle.

    Le texte de remplacement est une chaîne nue : chacun de ses nombres doit se retrouver dans la
    légende, le sous-titre, la source, le dessin ou le tableau de la figure. Les paires rendues
    sont (identifiant de la figure, nombre).
    """
    tableaux = {b.id: b for b in _blocs(document.blocs) if isinstance(b, Tableau)}
    fautes = []
    for figure in figures(document):
        if not contient_un_chiffre(figure.alt):
            continue
        connus = {j.valeur for j in jetons_de_figure(figure)}
        contenus = [figure.legende, figure.sous_titre, figure.source]
        tableau = tableaux.get(figure.tableau)
        if tableau is not None:
            contenus += [u.contenu for u in unites_de_tableau(tableau, lieu="")]
        for contenu in contenus:
            connus |= {jeton.valeur for jeton in jetons_de_contenu(contenu)}
        fautes += [
            (figure.id, jeton.brut)
            for jeton in jetons_de_texte(figure.alt)
            if jeton.valeur not in connus
        ]
    return fautes
