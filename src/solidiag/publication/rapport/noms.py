"""Noms d'intercommunalités dans une phrase : développés, réunis par nature, sans classement."""

from __future__ import annotations

from collections.abc import Iterable

from solidiag.model.territoire import Territoire
from solidiag.publication.francais import article, enumerer, nom_long

NATURES: tuple[tuple[str, str], ...] = (
    ("communauté urbaine ", "les communautés urbaines "),
    ("communauté d'agglomération ", "les communautés d'agglomération "),
    ("communauté de communes ", "les communautés de communes "),
)
"""Début du nom long d'une intercommunalité, et son pluriel."""


def nom_sans_nature(territoire: Territoire) -> str:
    """Renvoie le nom long sans sa nature : « du Seignanx », « Mont de Marsan Agglomération »."""
    nom = nom_long(territoire)
    for debut, _ in NATURES:
        nom = nom.removeprefix(debut)
    return nom


def nommer_epci(territoires: Iterable[Territoire]) -> str:
    """Renvoie « la communauté d'agglomération du Grand Dax et les communautés de communes … ».

    Les noms viennent par nature, puis dans l'ordre alphabétique : ce n'est pas un classement.
    """
    restants = sorted(territoires, key=lambda t: (nom_sans_nature(t), t.id))
    groupes: list[str] = []
    plusieurs = False
    for debut, pluriel in NATURES:
        siens = [t for t in restants if nom_long(t).startswith(debut)]
        restants = [t for t in restants if t not in siens]
        if len(siens) == 1:
            groupes.append(article(siens[0]))
        elif siens:
            plusieurs = True
            groupes.append(pluriel + enumerer(nom_sans_nature(t) for t in siens))
    groupes = [article(t) for t in restants] + groupes
    if plusieurs and len(groupes) > 1:
        return f"{', '.join(groupes[:-1])} ainsi que {groupes[-1]}"
    return enumerer(groupes)
