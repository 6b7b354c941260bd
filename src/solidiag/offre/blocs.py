"""Paires de lignes à comparer : toutes celles d'une petite commune, les voisines d'une grande.

Comparer chaque ligne à toutes les autres coûte le carré de leur nombre. Dans une commune de plus de
`ENTIERE` lignes, deux lignes ne sont comparées que si elles ont en commun un début de mot de leur
nom propre, leur voie, ou une maille d'environ 300 m ; le reste ne peut pas atteindre la note
minimale, ou seulement par des noms sans aucun début de mot commun et sans adresse ni point proches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product

from solidiag.offre.comparaison import Fiche

ENTIERE = 120
"""Nombre de lignes d'une commune jusqu'auquel on les compare toutes deux à deux."""

BANAL = 250
"""Un début de mot porté par plus de lignes d'une commune n'en rapproche aucune."""

_MAILLE_DEGRES = 0.003
_DEBUT = 4


def candidates(
    fiches: Sequence[Fiche], comparables: Callable[[str, str], bool]
) -> Iterator[tuple[Fiche, Fiche]]:
    """Parcourt les paires à comparer, une fois chacune, l'identifiant le plus petit d'abord.

    Parameters
    ----------
    fiches
        Lignes, triées par identifiant.
    comparables
        Dit si deux catégories peuvent décrire le même service ; les autres paires ne sont
        parcourues que si elles peuvent être au même lieu.
    """
    vues: set[tuple[str, str]] = set()
    for a, b in _voisines(fiches):
        if (a.id, b.id) in vues:
            continue
        vues.add((a.id, b.id))
        if comparables(a.categorie, b.categorie) or meme_lieu_possible(a, b):
            yield a, b


def meme_lieu_possible(a: Fiche, b: Fiche) -> bool:
    """Dit si deux lignes peuvent être au même lieu : même adresse écrite, ou points voisins."""
    ici, la = a.adresse, b.adresse
    if ici.numero and ici.mots and ici.numero == la.numero and ici.mots == la.mots:
        return True
    if a.latitude is None or b.latitude is None or a.longitude is None or b.longitude is None:
        return False
    return (
        abs(a.latitude - b.latitude) <= _MAILLE_DEGRES
        and abs(a.longitude - b.longitude) <= _MAILLE_DEGRES
    )


def _voisines(fiches: Sequence[Fiche]) -> Iterator[tuple[Fiche, Fiche]]:
    communes: dict[str, list[Fiche]] = defaultdict(list)
    autres: dict[tuple[str, str], list[Fiche]] = defaultdict(list)
    for fiche in fiches:
        if fiche.siret:
            autres["siret", fiche.siret].append(fiche)
        if len(fiche.numero) >= 9:
            autres["numero", fiche.numero].append(fiche)
        for identifiant in fiche.identifiants:
            autres["identifiant", identifiant].append(fiche)
        if not fiche.code_insee:
            for mot in fiche.mots:
                autres["mot", mot].append(fiche)
        elif fiche.mots or fiche.adresse.connue or fiche.latitude is not None:
            communes[fiche.code_insee].append(fiche)
    for bloc in autres.values():
        yield from combinations(bloc, 2)
    for bloc in communes.values():
        if len(bloc) <= ENTIERE:
            yield from combinations(bloc, 2)
        else:
            yield from _dans_une_grande_commune(bloc)


def _dans_une_grande_commune(bloc: Sequence[Fiche]) -> Iterator[tuple[Fiche, Fiche]]:
    cles: dict[tuple[str, ...], list[Fiche]] = defaultdict(list)
    mailles: dict[tuple[int, int], list[Fiche]] = defaultdict(list)
    for fiche in bloc:
        for debut in sorted({mot[:_DEBUT] for mot in fiche.mots}):
            cles["nom", fiche.categorie, debut].append(fiche)
        for debut in sorted({mot[:_DEBUT] for mot in fiche.adresse.mots}):
            cles["voie", fiche.adresse.numero, debut].append(fiche)
        if fiche.latitude is not None and fiche.longitude is not None:
            maille = (
                int(fiche.latitude // _MAILLE_DEGRES),
                int(fiche.longitude // _MAILLE_DEGRES),
            )
            mailles[maille].append(fiche)
    yield from _par_cles(cles)
    for (y, x), ici in mailles.items():
        yield from combinations(ici, 2)
        for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1)):
            for a, b in product(ici, mailles.get((y + dy, x + dx), ())):
                yield (a, b) if a.id < b.id else (b, a)
    yield from _entre_categories(cles)


def _par_cles(cles: dict[tuple[str, ...], list[Fiche]]) -> Iterator[tuple[Fiche, Fiche]]:
    for (genre, *_), membres in cles.items():
        if genre == "voie" or len(membres) <= BANAL:
            yield from combinations(membres, 2)


def _entre_categories(
    cles: dict[tuple[str, ...], list[Fiche]],
) -> Iterator[tuple[Fiche, Fiche]]:
    """Paires de même début de mot et de catégories différentes."""
    debuts: dict[str, list[list[Fiche]]] = defaultdict(list)
    for cle, membres in cles.items():
        if cle[0] == "nom" and len(membres) <= BANAL:
            debuts[cle[2]].append(membres)
    for listes in debuts.values():
        if sum(map(len, listes)) > BANAL:
            continue
        for gauche, droite in combinations(listes, 2):
            for a, b in product(gauche, droite):
                yield (a, b) if a.id < b.id else (b, a)
