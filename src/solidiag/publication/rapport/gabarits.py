"""Gabarits de phrases : une phrase dont nombres et noms sont masqués, et combien de fois elle sert.

Un gabarit ne sert pas plus de `MAXIMUM` fois dans un rapport : un texte qui répète la même phrase
n'est pas lu. Sont comptées les phrases des paragraphes, pas les cellules, les légendes, les titres,
les listes de ce qui manque ni les sources.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from solidiag.model.territoire import Territoire
from solidiag.publication.document import Bloc, Document, Ligne, Paragraphe, parcourir, texte_brut
from solidiag.publication.francais import article, dans, de, nom_court, nom_long
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.noms import nom_sans_nature

MAXIMUM = 5
"""Nombre de fois qu'un gabarit peut servir dans un rapport."""

STYLES_COMPTES = frozenset({"normal", "brouillon", "chapeau"})
"""Styles de paragraphes dont les phrases sont comptées."""

_FIN = re.compile(r"(?<=[.!?])\s+(?=[«A-ZÀÂÇÉÈÊÎÔÛŒ\d#])")
_NOMBRE = re.compile(
    r"[−-]?\d+(?:[ .,]\d+)*(?: ?(?:%|€/m²|€|er|e|minutes?|jours?|consultations?)(?!\w))?"
    r"(?:-T\d)?(?: pour (?:#|\d[\d ]*)(?: enfants| ménages| habitants)?)?"
)
_ACCORDS = tuple(
    (re.compile(rf"\b(?:{formes})\b"), simple)
    for formes, simple in (
        ("élevée|élevés|élevées", "élevé"),
        ("basse|basses", "bas"),
        ("long|longs|longue|longues", "élevé"),
        ("court|courts|courte|courtes", "bas"),
        ("proches", "proche"),
        ("comparent", "compare"),
        ("portent", "porte"),
        ("restent", "reste"),
        ("distinguent", "distingue"),
        ("écartent", "écarte"),
        ("tiennent", "tient"),
        ("lisent", "lit"),
        ("sont", "est"),
        ("diffèrent", "diffère"),
        ("ont", "a"),
        ("intercommunalités", "intercommunalité"),
    )
)
_ENUMERATION = re.compile(
    r"X(?: \(#\))?(?:,? (?:et |ainsi que )?X(?: \(#\))?)*,? (?:et|ainsi que) X(?: \(#\))?"
)
_NATURES = re.compile(
    r"\b(?:la communauté|les communautés) (?:de communes|d'agglomération|urbaines?) (?=X)"
)
_TRIMESTRE = re.compile(r"# trimestre #")


def normaliser(texte: str) -> str:
    """Renvoie le texte avec une seule apostrophe et une seule espace.

    Examples
    --------
    >>> normaliser("l’emploi\u00a0: 3\u202f000")
    "l'emploi : 3 000"
    """
    return " ".join(texte.replace("’", "'").split())


def phrases_de(texte: str) -> list[str]:
    """Renvoie les phrases d'un texte.

    Examples
    --------
    >>> phrases_de("Un taux de 3,5 %. Un autre, plus bas.")
    ['Un taux de 3,5 %.', 'Un autre, plus bas.']
    """
    return [p for p in _FIN.split(normaliser(texte)) if p]


def _plier(gabarit: str) -> str:
    """Renvoie le gabarit au masculin singulier, une énumération de noms valant un seul nom.

    Sans cela, « X est plus élevée » et « X et X sont plus élevés » passeraient pour deux phrases.
    """
    for accorde, simple in _ACCORDS:
        gabarit = accorde.sub(simple, gabarit)
    return _ENUMERATION.sub("X", _NATURES.sub("", gabarit))


class Masque:
    """Masque les noms donnés et les nombres d'un texte.

    Parameters
    ----------
    noms
        Noms de territoires et d'indicateurs, sous toutes leurs formes.
    """

    def __init__(self, noms: Iterable[str]) -> None:
        formes = {normaliser(nom) for nom in noms if nom and len(nom) > 1}
        formes |= {forme[:1].upper() + forme[1:] for forme in formes}
        triees = sorted(formes, key=lambda forme: (-len(forme), forme))
        motif = "|".join(re.escape(forme) for forme in triees)
        self._noms = re.compile(rf"(?<![\w'])(?:{motif})(?!\w)") if triees else None

    def gabarit(self, phrase: str) -> str:
        """Renvoie le gabarit d'une phrase : « # » pour un nombre, « X » pour un nom.

        Examples
        --------
        >>> Masque(["le taux", "Dax"]).gabarit("À Dax, le taux est de 16 %.")
        'À X, X est de #.'
        """
        texte = normaliser(phrase)
        if self._noms is not None:
            texte = self._noms.sub("X", texte)
        return _plier(_TRIMESTRE.sub("#", _NOMBRE.sub("#", texte)))


def formes_du_nom(territoire: Territoire) -> set[str]:
    """Renvoie les écritures d'un territoire dans une phrase."""
    ecrits = {territoire.nom, territoire.nom.replace("Coeur", "Cœur")}
    for ecrire in (nom_long, nom_court, nom_sans_nature, article, de, dans):
        ecrits.add(ecrire(territoire))
    return ecrits


def masque_de(matiere: Matiere) -> Masque:
    """Renvoie le masque d'un rapport : ses territoires, ses indicateurs, ses domaines."""
    noms: set[str] = set()
    lieux = [matiere.departement, matiere.region]
    lieux += [matiere.territoire(epci) for epci in matiere.epci]
    for lieu in lieux:
        noms |= formes_du_nom(lieu)
    noms |= {matiere.nom(commune) for commune in matiere.communes}
    for indicateur in matiere.indicateurs.values():
        noms |= {indicateur.libelle, indicateur.libelle_court, indicateur.sujet}
    for mesure in matiere.mesures.values():
        noms |= {mesure.libelle, mesure.libelle_court}
    for domaine in matiere.grille.domaines:
        noms.add(domaine.libelle)
    noms |= {c.qui[:1].lower() + c.qui[1:] for c in matiere.comptes_de_personnes.values()}
    noms |= {c.detenteur for c in matiere.croisements.values() if c.detenteur}
    return Masque(noms)


class Plume:
    """Choisit, parmi des phrases qui disent la même chose, celle qui a le moins servi."""

    def __init__(self, masque: Masque) -> None:
        self._masque = masque
        self._servis: Counter[str] = Counter()

    def ecrire(self, *formes: tuple[Ligne, ...]) -> tuple[Ligne, ...] | None:
        """Renvoie la forme la moins usée, ou rien si toutes ont déjà servi `MAXIMUM` fois."""
        gabarits = [self._gabarits(forme) for forme in formes]
        usures = [max((self._servis[g] for g in gs), default=0) for gs in gabarits]
        if not usures or min(usures) >= MAXIMUM:
            return None
        rang = usures.index(min(usures))
        self._servis.update(gabarits[rang])
        return formes[rang]

    def _gabarits(self, forme: Sequence[Ligne]) -> list[str]:
        return [self._masque.gabarit(p) for p in phrases_de(texte_brut(forme))]


def paragraphes_comptes(blocs: Sequence[Bloc]) -> Iterator[Paragraphe]:
    """Parcourt les paragraphes dont les phrases sont comptées, encadrés compris."""
    for bloc in parcourir(blocs):
        if isinstance(bloc, Paragraphe) and bloc.style in STYLES_COMPTES:
            yield bloc


def compter_gabarits(document: Document, masque: Masque) -> Counter[str]:
    """Renvoie combien de fois chaque gabarit de phrase sert dans un document."""
    return Counter(
        masque.gabarit(phrase)
        for paragraphe in paragraphes_comptes(document.blocs)
        for phrase in phrases_de(texte_brut(paragraphe.contenu))
    )
