"""Plan d'un document : ce que les rendus paginés (PDF, DOCX, ODT) ont en commun.

Numéros des légendes, cibles des liens, sommaire, niveaux de titre sans saut, suites de blocs en
paysage, largeurs des colonnes : tout ce qui doit être pareil d'un format à l'autre.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from solidiag.errors import RenduImpossible
from solidiag.publication.charte import ACCENT, AXES
from solidiag.publication.document import (
    Bloc,
    Document,
    Encadre,
    Figure,
    SautDePage,
    Tableau,
    Titre,
    parcourir,
    texte_brut,
)

LARGEUR_PORTRAIT_CM = 16.0
LARGEUR_PAYSAGE_CM = 24.7
LARGEUR_TEXTE_CM = 13.2
HAUTEUR_FIGURE_CM = 19.0
LARGEUR_FICHE_CM = 17.8
CORPS_TABLEAU_PT = (9.0, 8.5, 8.0, 7.5, 7.0)
CORPS_FICHE_PT = (7.5, 7.0)
NIVEAU_SOMMAIRE = 2
MARGE_CELLULE_PT = 10.0
PART_MINIMALE = 1e-6
"""Part souhaitée la plus petite (cadratins) : une part presque nulle reste une colonne."""

_AXE = re.compile(r"^Axe[ \u00a0]([1-4])\b")


@dataclass(frozen=True, slots=True)
class Page:
    """Suite de blocs d'une même orientation."""

    paysage: bool
    blocs: tuple[Bloc, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Document préparé pour un rendu paginé."""

    document: Document
    pages: tuple[Page, ...]
    sommaire: tuple[Titre, ...]
    numeros: dict[str, int]
    cibles: frozenset[str]

    @property
    def fiche(self) -> bool:
        """Dit si le document est une fiche, sans page de garde ni sommaire."""
        return self.document.genre == "fiche"

    @property
    def largeur_cm(self) -> float:
        """Largeur utile d'une page en portrait."""
        return LARGEUR_FICHE_CM if self.fiche else LARGEUR_PORTRAIT_CM

    @property
    def corps_tableau_pt(self) -> tuple[float, ...]:
        """Corps permis dans un tableau, du plus grand au plus petit."""
        return CORPS_FICHE_PT if self.fiche else CORPS_TABLEAU_PT

    def debute_page(self, bloc: Bloc) -> bool:
        """Dit si un bloc commence toujours une page : un chapitre, sauf dans une fiche."""
        return not self.fiche and est_debut_de_page(bloc)

    def lien_interne(self, cible: str) -> str | None:
        """Renvoie l'identifiant visé par un lien interne, ou ``None`` s'il n'est pas ici.

        Une table de carte peut n'être que dans le site ou dans une annexe : le lien devient alors
        du texte.
        """
        identifiant = cible.removeprefix("#")
        return identifiant if cible.startswith("#") and identifiant in self.cibles else None


def preparer(document: Document) -> Plan:
    """Renvoie le plan d'un document.

    Raises
    ------
    RenduImpossible
        Si deux blocs ont le même identifiant, ou si une ligne de tableau n'a pas le bon nombre
        de cellules.
    """
    fiche = document.genre == "fiche"
    blocs = tuple(_sans_saut_de_niveau(document.blocs if fiche else _tourner(document.blocs)))
    numeros: dict[str, int] = {}
    comptes: dict[str, int] = {}
    cibles: set[str] = set()
    for bloc in parcourir(blocs):
        if not isinstance(bloc, Titre | Figure | Tableau):
            continue
        if bloc.id in cibles:
            raise RenduImpossible("document", f"l'identifiant « {bloc.id} » sert deux fois")
        cibles.add(bloc.id)
        if isinstance(bloc, Tableau):
            _verifier(bloc)
        if not isinstance(bloc, Titre):
            nom = nom_legende(bloc)
            comptes[nom] = comptes.get(nom, 0) + 1
            numeros[bloc.id] = comptes[nom]
    titres = (b for b in blocs if isinstance(b, Titre) and b.niveau <= NIVEAU_SOMMAIRE)
    return Plan(
        document=replace(document, blocs=blocs),
        pages=tuple(_pages(blocs)),
        sommaire=() if fiche else tuple(titres),
        numeros=numeros,
        cibles=frozenset(cibles),
    )


def nom_legende(bloc: Figure | Tableau) -> str:
    """Renvoie le nom qui précède le numéro : « Carte », « Graphique » ou « Tableau »."""
    if isinstance(bloc, Tableau):
        return "Tableau"
    return "Carte" if bloc.genre == "carte" else "Graphique"


def couleur_surtitre(surtitre: str) -> str:
    """Renvoie la couleur d'un surtitre : celle de l'axe s'il nomme un axe, sinon l'accent.

    Examples
    --------
    >>> couleur_surtitre("Axe 2") == AXES[1], couleur_surtitre("Sources") == ACCENT
    (True, True)
    """
    trouve = _AXE.match(surtitre)
    return AXES[int(trouve.group(1)) - 1] if trouve else ACCENT


def _verifier(tableau: Tableau) -> None:
    attendu = len(tableau.colonnes)
    for rangee in (*tableau.references, *tableau.lignes):
        if len(rangee) != attendu:
            raise RenduImpossible(
                "document",
                f"tableau « {tableau.id} » : {len(rangee)} cellules pour {attendu} colonnes",
            )


def _tourner(blocs: Sequence[Bloc]) -> Iterator[Bloc]:
    """Met en paysage les tableaux dont les mots ne tiennent pas dans la hauteur de la page."""
    for bloc in blocs:
        if isinstance(bloc, Tableau) and not bloc.paysage:
            _verifier(bloc)
            serre = gabarit(bloc, LARGEUR_PORTRAIT_CM).serre
            yield replace(bloc, paysage=True) if serre else bloc
        else:
            yield bloc


def _sans_saut_de_niveau(blocs: Iterable[Bloc]) -> Iterator[Bloc]:
    """Abaisse les titres qui sautent un niveau (l'accessibilité du PDF l'exige)."""
    precedent = 0
    for bloc in blocs:
        if isinstance(bloc, Titre):
            precedent = min(bloc.niveau, precedent + 1)
            yield bloc if bloc.niveau == precedent else replace(bloc, niveau=precedent)
        else:
            yield bloc


def _pages(blocs: Sequence[Bloc]) -> Iterator[Page]:
    suite: list[Bloc] = []
    paysage = False
    for bloc in blocs:
        if isinstance(bloc, SautDePage) and not suite:
            continue
        couche = isinstance(bloc, Tableau) and bloc.paysage
        if couche != paysage:
            titres = _titres_finaux(suite) if couche else []
            suite = suite[: len(suite) - len(titres)]
            if suite:
                yield Page(paysage, tuple(_sans_saut_final(suite)))
            suite, paysage = titres, couche
            if isinstance(bloc, SautDePage):
                continue
        suite.append(bloc)
    if suite:
        yield Page(paysage, tuple(_sans_saut_final(suite)))


def _titres_finaux(suite: Sequence[Bloc]) -> list[Bloc]:
    """Renvoie les titres qui précèdent juste un tableau en paysage : ils le suivent."""
    titres: list[Bloc] = []
    for bloc in reversed(suite):
        if not isinstance(bloc, Titre):
            break
        titres.insert(0, bloc)
    return titres


def _sans_saut_final(suite: list[Bloc]) -> list[Bloc]:
    while len(suite) > 1 and isinstance(suite[-1], SautDePage):
        suite = suite[:-1]
    return suite


def est_debut_de_page(bloc: Bloc) -> bool:
    """Dit si un bloc commence toujours une page (chapitre)."""
    return isinstance(bloc, Titre) and bloc.niveau == 1


def blocs_encadre(encadre: Encadre) -> tuple[Bloc, ...]:
    """Renvoie les blocs d'un encadré, sauts de page ôtés."""
    return tuple(bloc for bloc in encadre.blocs if not isinstance(bloc, SautDePage))


_ETROITES = frozenset("iljtfrI.,;:'’!|()[] \u00a0\u202f-")
_LARGES = frozenset("mwMWŒœ%@—…")


def chasse(texte: str) -> float:
    """Renvoie la largeur approchée d'un texte, en cadratins (un peu au-dessus de la vraie)."""
    largeur = 0.0
    for signe in texte:
        if signe in _ETROITES:
            largeur += 0.30
        elif signe in _LARGES:
            largeur += 0.84
        elif signe.isupper():
            largeur += 0.62
        else:
            largeur += 0.52
    return largeur


def _mots(texte: str) -> list[str]:
    return texte.replace("-", "- ").replace("/", "/ ").split(" ")


@dataclass(frozen=True, slots=True)
class Gabarit:
    """Corps du texte d'un tableau (points) et largeurs de ses colonnes (points).

    ``serre`` : même au plus petit corps, des mots devront être coupés.
    """

    corps_pt: float
    largeurs_pt: tuple[float, ...]
    serre: bool = False


def gabarit(
    tableau: Tableau, largeur_cm: float, tailles: Sequence[float] = CORPS_TABLEAU_PT
) -> Gabarit:
    """Renvoie le corps et les largeurs d'un tableau, tels que le mot le plus long tienne.

    Les largeurs déclarées sont des parts ; une colonne sans largeur reçoit la sienne selon son
    contenu, et un tableau sans aucune largeur déclarée ne s'étale pas plus que ce contenu ne
    demande. Le corps descend dans ``tailles`` (points) quand les mots ne tiennent pas.
    """
    total = largeur_cm / 2.54 * 72
    mots, souhaits = _besoins(tableau)
    for corps in tailles:
        minimum = [mot * corps + MARGE_CELLULE_PT for mot in mots]
        if sum(minimum) <= total or corps == tailles[-1]:
            break
    if sum(minimum) > total:
        facteur = total / sum(minimum)
        return Gabarit(corps, tuple(m * facteur for m in minimum), serre=True)
    if not any(colonne.largeur for colonne in tableau.colonnes):
        aise = 1.35 * sum(souhaits) * corps + MARGE_CELLULE_PT * len(souhaits)
        total = min(total, max(aise, sum(minimum), total / 2))
    return Gabarit(corps, tuple(_repartir(total, souhaits, minimum)))


def _besoins(tableau: Tableau) -> tuple[list[float], list[float]]:
    """Renvoie, par colonne, la largeur du mot le plus long et la part souhaitée (cadratins)."""
    mots: list[float] = []
    pleins: list[float] = []
    for rang, colonne in enumerate(tableau.colonnes):
        cellules = [
            texte_brut(rangee[rang].contenu) for rangee in (*tableau.references, *tableau.lignes)
        ]
        mot = max(
            [chasse(m) * 1.08 for m in _mots(colonne.entete)]
            + [chasse(m) for cellule in cellules for m in _mots(cellule)]
        )
        longueurs = sorted(chasse(cellule) for cellule in cellules) or [0.0]
        haut = longueurs[int(0.9 * (len(longueurs) - 1))]
        mots.append(mot)
        pleins.append(max(1.0, mot, chasse(colonne.entete) * 0.5, min(haut, 34.0)))
    declarees = [c.largeur for c in tableau.colonnes]
    total = sum(d for d in declarees if d > 0)
    place = sum(p for d, p in zip(declarees, pleins, strict=True) if d > 0)
    souhaits = [
        max(d / total * place, PART_MINIMALE) if d > 0 else p
        for d, p in zip(declarees, pleins, strict=True)
    ]
    return mots, souhaits


def _repartir(total: float, souhaits: list[float], minimum: list[float]) -> list[float]:
    """Partage ``total`` selon les souhaits, sans descendre sous le minimum de chacun."""
    fixes: dict[int, float] = {}
    while True:
        libres = [i for i in range(len(souhaits)) if i not in fixes]
        reste = total - sum(fixes.values())
        somme = sum(souhaits[i] for i in libres)
        parts = {i: reste * souhaits[i] / somme for i in libres}
        courtes = [i for i in libres if parts[i] < minimum[i] - 1e-6]
        if not courtes:
            parts.update(fixes)
            return [parts[i] for i in range(len(souhaits))]
        fixes.update({i: minimum[i] for i in courtes})


def dimensions(figure: Figure, *, rapport: float, paysage: bool = False) -> tuple[float, float]:
    """Renvoie la largeur et la hauteur (cm) d'une figure dont ``rapport`` est hauteur/largeur."""
    limite = LARGEUR_PAYSAGE_CM if paysage else LARGEUR_PORTRAIT_CM
    largeur = min(figure.largeur_cm, limite)
    hauteur = largeur * rapport
    if hauteur > HAUTEUR_FIGURE_CM:
        largeur, hauteur = HAUTEUR_FIGURE_CM / rapport, HAUTEUR_FIGURE_CM
    return largeur, hauteur
