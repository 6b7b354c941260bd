"""Modèle de document : ce que l'on publie, avant tout format.

Un document est un arbre de blocs. Un chiffre tiré des données est un `Nombre`, qui porte sa clé ;
une suite de chiffres qui n'en est pas un (date, millésime, code, seuil d'une définition) est une
`Mention`, qui dit sa nature. Un `Texte` qui contient un chiffre est donc un orphelin, et
`solidiag verifier` le trouve. Les rendus (DOCX, ODT, PDF, HTML) parcourent le même arbre.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cle:
    """Adresse d'un chiffre dans les tables publiées.

    ``table`` : ``observations``, ``ecarts``, ``priorites``, ``services``, ``comptes``, ``types``,
    ``personnes``, ``lissages``, ``changements``, ``coordination``, ``qualite_offre``.
    """

    indicateur: str
    territoire: str = ""
    periode: str = ""
    champ: str = "value"
    table: str = "observations"


@dataclass(frozen=True, slots=True)
class Texte:
    """Texte sans chiffre."""

    texte: str


@dataclass(frozen=True, slots=True)
class Nombre:
    """Un chiffre tiré des données, tel qu'il s'imprime (« 11,7 % »)."""

    texte: str
    cle: Cle


NatureMention = Literal[
    "date", "millesime", "code", "numero", "parametre", "nom", "reference", "definition"
]


@dataclass(frozen=True, slots=True)
class Mention:
    """Texte dont les chiffres ne sont pas des résultats : la liste déclarée des exceptions."""

    texte: str
    nature: NatureMention


@dataclass(frozen=True, slots=True)
class Fort:
    """Passage mis en évidence."""

    contenu: tuple[Ligne, ...]


@dataclass(frozen=True, slots=True)
class Lien:
    """Lien ; ``cible`` est une adresse ou ``#identifiant`` d'un bloc du document."""

    contenu: tuple[Ligne, ...]
    cible: str


@dataclass(frozen=True, slots=True)
class Absence:
    """Marque d'absence : secret, non publié, non documenté, sans objet (statuts Q, O, L, M)."""

    statut: str


Ligne = Texte | Nombre | Mention | Fort | Lien | Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class Titre:
    """Titre de niveau 1 (chapitre) à 4 ; ``id`` unique dans le document."""

    niveau: int
    contenu: tuple[Ligne, ...]
    id: str
    surtitre: str = ""


StyleParagraphe = Literal["normal", "chapeau", "source", "brouillon", "note", "lecture", "cle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraphe:
    """Paragraphe. ``brouillon`` : phrase calculée, à valider par une personne."""

    contenu: tuple[Ligne, ...]
    style: StyleParagraphe = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Liste:
    """Liste à puces, ou numérotée."""

    elements: tuple[tuple[Ligne, ...], ...]
    ordonnee: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Colonne:
    """Colonne de tableau : entête, alignement, et largeur relative (0 = selon le contenu)."""

    entete: str
    alignement: Literal["gauche", "droite", "centre"] = "gauche"
    largeur: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cellule:
    """Cellule ; ``classe`` sert au rendu (``reference``, ``tension``, ``non_mesure``...)."""

    contenu: tuple[Ligne, ...] = ()
    classe: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tableau:
    """Tableau : jamais une image. La première colonne est l'en-tête de ligne.

    ``references`` : lignes de comparaison (France, région...), montrées dans une bande à part.
    """

    id: str
    legende: tuple[Ligne, ...]
    colonnes: tuple[Colonne, ...]
    lignes: tuple[tuple[Cellule, ...], ...]
    references: tuple[tuple[Cellule, ...], ...] = ()
    notes: tuple[tuple[Ligne, ...], ...] = ()
    source: tuple[Ligne, ...] = ()
    paysage: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Carte ou graphique en SVG, avec son texte de remplacement et sa table.

    ``svg`` : texte SVG autonome (police du paquet, texte en ``<text>``). ``alt`` dit ce que
    l'image montre. ``tableau`` : identifiant du `Tableau` qui porte les mêmes valeurs (il peut
    être dans le document, en annexe ou, pour le site, sous la carte). ``donnees`` : nom du
    fichier de données ouvertes. ``carte`` : description pour le site interactif, ou rien.
    """

    id: str
    legende: tuple[Ligne, ...]
    sous_titre: tuple[Ligne, ...] = ()
    svg: str
    alt: str
    source: tuple[Ligne, ...] = ()
    tableau: str = ""
    donnees: str = ""
    genre: Literal["carte", "graphique"] = "carte"
    theme: Literal["besoin", "offre", "ecart"] = "besoin"
    axe: str = ""
    largeur_cm: float = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Encadre:
    """Encadré titré : message, avertissement, « ce que l'on ne sait pas »."""

    titre: str
    blocs: tuple[Bloc, ...]
    genre: Literal["message", "avertissement", "inconnu", "methode"] = "message"


@dataclass(frozen=True, slots=True)
class SautDePage:
    """Nouvelle page (sans effet dans le site)."""


Bloc = Titre | Paragraphe | Liste | Tableau | Figure | Encadre | SautDePage


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Document complet.

    ``couverture`` : lignes de la page de garde après le titre. ``mention`` est imprimée en pied
    de page (« brouillon calculé... »). ``genre`` : une ``fiche`` tient en une page ou deux, sans
    page de garde ni sommaire.
    """

    titre: str
    sous_titre: str
    territoire: str
    langue: str = "fr"
    date: str = ""
    auteur: str = "Solidiag"
    mention: str = ""
    couverture: tuple[tuple[Ligne, ...], ...] = ()
    blocs: tuple[Bloc, ...] = field(default_factory=tuple)
    genre: Literal["rapport", "fiche"] = "rapport"


def lignes(*morceaux: str | Ligne) -> tuple[Ligne, ...]:
    """Renvoie un contenu en ligne : les chaînes deviennent des `Texte`."""
    return tuple(Texte(morceau) if isinstance(morceau, str) else morceau for morceau in morceaux)


def texte_brut(contenu: Sequence[Ligne]) -> str:
    """Renvoie le texte imprimé d'un contenu, sans mise en forme."""
    morceaux: list[str] = []
    for ligne in contenu:
        if isinstance(ligne, Fort | Lien):
            morceaux.append(texte_brut(ligne.contenu))
        elif isinstance(ligne, Absence):
            morceaux.append(LIBELLES_ABSENCE[ligne.statut])
        else:
            morceaux.append(ligne.texte)
    return "".join(morceaux)


LIBELLES_ABSENCE: dict[str, str] = {
    "Q": "secret",
    "O": "non publié",
    "L": "non documenté",
    "M": "sans objet",
}


def parcourir(blocs: Sequence[Bloc]) -> Iterator[Bloc]:
    """Parcourt tous les blocs dans l'ordre de lecture, encadrés compris."""
    for bloc in blocs:
        yield bloc
        if isinstance(bloc, Encadre):
            yield from parcourir(bloc.blocs)


def contenus(bloc: Bloc) -> Iterator[tuple[Ligne, ...]]:
    """Parcourt les contenus en ligne d'un bloc, dans l'ordre de lecture (encadré : son titre)."""
    match bloc:
        case Titre(contenu=contenu) | Paragraphe(contenu=contenu):
            if isinstance(bloc, Titre) and bloc.surtitre:
                yield (Mention(bloc.surtitre, "numero"),)
            yield contenu
        case Liste(elements=elements):
            yield from elements
        case Tableau():
            yield bloc.legende
            yield tuple(Mention(colonne.entete, "millesime") for colonne in bloc.colonnes)
            for rangee in (*bloc.references, *bloc.lignes):
                for cellule in rangee:
                    yield cellule.contenu
            yield from bloc.notes
            yield bloc.source
        case Figure():
            yield bloc.legende
            yield bloc.sous_titre
            yield bloc.source
        case Encadre(titre=titre):
            yield (Texte(titre),)
        case SautDePage():
            return
