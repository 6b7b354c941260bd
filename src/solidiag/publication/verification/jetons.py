"""Jetons : les nombres d'un texte, sous une forme qui ne dépend pas du format de fichier.

Le même nombre écrit avec une espace fine ou une espace insécable est le même jeton ; « 11,7 % » et
« 11,8 % », ou « 11,7 % » et « 11,7 € », non. Un jeton attendu sait d'où il vient : sa clé, sa
nature et sa place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from solidiag.publication.document import (
    LIBELLES_ABSENCE,
    Absence,
    Cle,
    Fort,
    Lien,
    Ligne,
    Mention,
    Nombre,
)

ORPHELIN = "orphelin"
"""Nature d'un nombre écrit sans clé ni nature déclarée."""

DONNEE = "donnee"
"""Nature d'un nombre tiré des données."""

_ESPACES = "\u00a0\u202f\u2009"
_JETON = re.compile(
    rf"(?P<borne>≤[ {_ESPACES}]?)?"
    r"(?P<signe>(?<![\w)\]])[-−–])?"
    rf"(?P<corps>(?<!\d)\d{{1,3}}(?:[{_ESPACES}]\d{{3}})+(?!\d)|\d+)"
    r"(?P<decimales>,\d+)?"
    rf"(?:[ {_ESPACES}]?(?P<unite>[%‰€]))?"
)
_CHIFFRE = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jeton:
    """Un nombre d'un texte.

    Parameters
    ----------
    valeur
        Forme normale : ``433570``, ``-1,5``, ``≤5%``.
    lieu
        Où il est, en français (« tableau « … », ligne « … » »).
    nature
        ``donnee``, la nature d'une `Mention`, ou ``orphelin``.
    cle
        Clé du chiffre, s'il vient des données.
    brut
        Le nombre tel qu'il est écrit.
    """

    valeur: str
    lieu: str = ""
    nature: str = ORPHELIN
    cle: Cle | None = None
    brut: str = ""


def contient_un_chiffre(texte: str) -> bool:
    """Dit si un texte porte au moins un chiffre."""
    return _CHIFFRE.search(texte) is not None


def normaliser(trouve: re.Match[str]) -> str:
    """Renvoie la forme normale d'un nombre reconnu."""
    corps = re.sub(rf"[{_ESPACES}]", "", trouve["corps"])
    borne = "≤" if trouve["borne"] else ""
    signe = "-" if trouve["signe"] else ""
    return f"{borne}{signe}{corps}{trouve['decimales'] or ''}{trouve['unite'] or ''}"


def jetons_de_texte(texte: str, *, lieu: str = "") -> list[Jeton]:
    r"""Renvoie les nombres d'un texte, dans l'ordre.

    Examples
    --------
    >>> [j.valeur for j in jetons_de_texte("Axe 2 : 433\u202f570 habitants, −1,5 %, ≤\u00a05 %")]
    ['2', '433570', '-1,5%', '≤5%']
    >>> [j.valeur for j in jetons_de_texte("du 24/11/2026, 15-64 ans")]
    ['24', '11', '2026', '15', '64']
    """
    return [
        Jeton(valeur=normaliser(trouve), lieu=lieu, brut=trouve.group(0).strip())
        for trouve in _JETON.finditer(texte)
    ]


def en_chiffres(jetons: Iterable[Jeton]) -> list[Jeton]:
    r"""Renvoie les chiffres de chaque jeton, un à un.

    Le dessin d'une figure, dans un PDF, ne garde ni l'espace fine ni la limite entre deux
    étiquettes voisines : « 2 000 » puis « 10 » y vaut « 200010 ». La suite des chiffres reste.

    Examples
    --------
    >>> [j.valeur for j in en_chiffres(jetons_de_texte("1\u202f570 habitants, 11,7\u00a0%"))]
    ['1', '5', '7', '0', '1', '1', '7']
    """
    return [
        replace(jeton, valeur=chiffre)
        for jeton in jetons
        for chiffre in _CHIFFRE.findall(jeton.valeur)
    ]


@dataclass(frozen=True, slots=True)
class Morceau:
    """Passage d'un texte, avec ce que l'on sait de ses chiffres."""

    texte: str
    nature: str = ORPHELIN
    cle: Cle | None = None


def morceaux(contenu: Iterable[Ligne]) -> Iterator[Morceau]:
    """Parcourt les passages d'un contenu, mises en évidence et liens ouverts."""
    for ligne in contenu:
        match ligne:
            case Nombre(texte=texte, cle=cle):
                yield Morceau(texte, DONNEE, cle)
            case Mention(texte=texte, nature=nature):
                yield Morceau(texte, nature)
            case Fort(contenu=dedans) | Lien(contenu=dedans):
                yield from morceaux(dedans)
            case Absence(statut=statut):
                yield Morceau(LIBELLES_ABSENCE[statut], DONNEE)
            case _:
                yield Morceau(ligne.texte)


def jetons_de_contenu(contenu: Sequence[Ligne], *, lieu: str = "") -> list[Jeton]:
    """Renvoie les nombres attendus d'un contenu, chacun avec sa clé ou sa nature.

    Un nombre dont un chiffre au moins est écrit dans un `Texte` est un orphelin.

    Examples
    --------
    >>> from solidiag.publication.document import Texte
    >>> cle = Cle(indicateur="ctx_tx_pauvrete", territoire="DEP-40", periode="2021")
    >>> contenu = (Texte("En "), Mention("2021", "millesime"), Texte(" : "), Nombre("11,7 %", cle))
    >>> [(j.valeur, j.nature) for j in jetons_de_contenu(contenu)]
    [('2021', 'millesime'), ('11,7%', 'donnee')]
    """
    return jetons_de_morceaux(list(morceaux(contenu)), lieu=lieu)


def jetons_de_morceaux(suite: Sequence[Morceau], *, lieu: str = "") -> list[Jeton]:
    """Renvoie les nombres d'un texte fait de passages qui se suivent."""
    texte = "".join(morceau.texte for morceau in suite)
    if not contient_un_chiffre(texte):
        return []
    porteurs = [morceau for morceau in suite for _ in morceau.texte]
    jetons = []
    for trouve in _JETON.finditer(texte):
        touches = [
            porteurs[rang]
            for rang in range(trouve.start(), trouve.end())
            if texte[rang].isdecimal()
        ]
        nature, cle = _origine(touches)
        jetons.append(
            Jeton(
                valeur=normaliser(trouve),
                lieu=lieu,
                nature=nature,
                cle=cle,
                brut=trouve.group(0).strip(),
            )
        )
    return jetons


def _origine(touches: Sequence[Morceau]) -> tuple[str, Cle | None]:
    if any(morceau.nature == ORPHELIN for morceau in touches):
        return ORPHELIN, None
    for morceau in touches:
        if morceau.cle is not None:
            return DONNEE, morceau.cle
    return touches[0].nature, None
