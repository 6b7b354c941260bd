"""Du document aux pages : une page par chapitre, une adresse par bloc."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from solidiag.errors import RenduImpossible
from solidiag.publication.document import (
    Bloc,
    Document,
    Figure,
    SautDePage,
    Tableau,
    Titre,
    parcourir,
    texte_brut,
)

PAGES_PROPRES = ("index", "chiffres", "mon-territoire", "sources-et-methode", "plan-du-site")
SURTITRES_GENERIQUES = frozenset({"Annexe", "Annexes"})
_AXE = re.compile(r"^Axe[ \u00a0\u202f]([1-4])\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapitre:
    """Un chapitre du document et sa page."""

    nom: str
    titre: Titre
    blocs: tuple[Bloc, ...]

    @property
    def fichier(self) -> str:
        """Nom du fichier de la page."""
        return f"{self.nom}.html"

    @property
    def axe(self) -> int:
        """Numéro de l'axe dont parle le chapitre, ou 0."""
        return axe_de(self.titre.surtitre)

    @property
    def sections(self) -> tuple[Titre, ...]:
        """Titres de niveau 2."""
        return tuple(b for b in self.blocs if isinstance(b, Titre) and b.niveau == 2)

    @property
    def etiquette(self) -> str:
        """Nom du chapitre dans le menu : son sujet, plus court que son constat."""
        if self.axe:
            return f"{self.titre.surtitre} : {texte_brut(self.titre.contenu)}"
        if self.titre.surtitre in SURTITRES_GENERIQUES:
            return texte_brut(self.titre.contenu)
        return self.titre.surtitre or texte_brut(self.titre.contenu)


def axe_de(surtitre: str) -> int:
    """Renvoie le numéro d'axe que nomme un surtitre, ou 0.

    Examples
    --------
    >>> axe_de("Axe 2"), axe_de("Sources")
    (2, 0)
    """
    trouve = _AXE.match(surtitre)
    return int(trouve.group(1)) if trouve else 0


def nom_de_fichier(texte: str) -> str:
    """Renvoie un nom de fichier sûr : minuscules, chiffres et tirets.

    Examples
    --------
    >>> nom_de_fichier("Résumé / été")
    'resume-ete'
    """
    sans_accent = unicodedata.normalize("NFKD", texte.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", sans_accent).strip("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSite:
    """Chapitres du document, et où se trouve chaque bloc."""

    document: Document
    ouverture: tuple[Bloc, ...]
    chapitres: tuple[Chapitre, ...]
    places: dict[str, str]

    def resolution(self, page: str) -> Callable[[str], str | None]:
        """Renvoie la fonction qui donne l'adresse d'un lien interne depuis une page."""

        def resoudre(cible: str) -> str | None:
            identifiant = cible.removeprefix("#")
            place = self.places.get(identifiant)
            if place is None or not cible.startswith("#"):
                return None
            return f"#{identifiant}" if place == page else f"{place}#{identifiant}"

        return resoudre

    def tableau(self, identifiant: str) -> Tableau | None:
        """Renvoie le tableau du document qui porte cet identifiant."""
        for bloc in parcourir(self.document.blocs):
            if isinstance(bloc, Tableau) and bloc.id == identifiant:
                return bloc
        return None


def planifier(document: Document) -> PlanSite:
    """Répartit un document en pages.

    Raises
    ------
    RenduImpossible
        Si deux blocs ont le même identifiant, si une figure n'a pas de texte de remplacement ou
        si une ligne de tableau n'a pas le bon nombre de cellules.
    """
    verifier(document)
    ouverture: list[Bloc] = []
    suites: list[tuple[Titre, list[Bloc]]] = []
    niveau = 0
    for bloc in document.blocs:
        if isinstance(bloc, SautDePage):
            continue
        if isinstance(bloc, Titre):
            niveau = min(bloc.niveau, niveau + 1)
            if niveau == 1:
                suites.append((bloc, []))
                continue
            bloc = replace(bloc, niveau=niveau)
        (suites[-1][1] if suites else ouverture).append(bloc)
    chapitres: list[Chapitre] = []
    pris = set(PAGES_PROPRES)
    for titre, blocs in suites:
        nom = nom_de_fichier(titre.id) or "chapitre"
        while nom in pris:
            nom = f"chapitre-{nom}"
        pris.add(nom)
        chapitres.append(Chapitre(nom=nom, titre=titre, blocs=tuple(blocs)))
    places = {}
    for chapitre in chapitres:
        for bloc in (chapitre.titre, *parcourir(chapitre.blocs)):
            if isinstance(bloc, Titre | Figure | Tableau):
                places[bloc.id] = chapitre.fichier
    return PlanSite(
        document=document, ouverture=tuple(ouverture), chapitres=tuple(chapitres), places=places
    )


def verifier(document: Document) -> None:
    """Refuse un document que le site ne pourrait pas montrer à tous."""
    vus: set[str] = set()
    for bloc in parcourir(document.blocs):
        if not isinstance(bloc, Titre | Figure | Tableau):
            continue
        if bloc.id in vus:
            raise RenduImpossible("site", f"l'identifiant « {bloc.id} » sert deux fois")
        vus.add(bloc.id)
        if isinstance(bloc, Figure) and not bloc.alt.strip():
            raise RenduImpossible("site", f"la figure « {bloc.id} » n'a pas de texte alternatif")
        if isinstance(bloc, Tableau):
            attendu = len(bloc.colonnes)
            for rangee in (*bloc.references, *bloc.lignes):
                if len(rangee) != attendu:
                    raison = f"tableau « {bloc.id} » : {len(rangee)} cellules pour {attendu}"
                    raise RenduImpossible("site", f"{raison} colonnes")


def figures_de(blocs: tuple[Bloc, ...]) -> list[Figure]:
    """Renvoie les figures d'une suite de blocs, dans l'ordre."""
    return [bloc for bloc in parcourir(blocs) if isinstance(bloc, Figure)]
