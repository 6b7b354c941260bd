"""Contenu en ligne d'un bloc, en HTML : chaque chiffre porte sa clé, chaque mention sa nature."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from solidiag.publication.document import (
    LIBELLES_ABSENCE,
    Absence,
    Cle,
    Fort,
    Lien,
    Ligne,
    Mention,
    Nombre,
    Texte,
)

Resolution = Callable[[str], str | None]
"""Adresse d'un lien dans la page courante, ou rien si sa cible n'est pas dans le site."""

_CHAMPS_DE_CLE = ("table", "indicateur", "territoire", "periode", "champ")
_EXTERNE = re.compile(r"^(https?|mailto):")


def ecrire_cle(cle: Cle) -> str:
    """Renvoie la clé d'un chiffre en une chaîne, pour l'attribut ``data-cle``."""
    return "|".join(getattr(cle, champ) for champ in _CHAMPS_DE_CLE)


def composer_cle(table: str, territoire: str, champ: str) -> str:
    """Renvoie la clé d'une cellule, d'après ``data-table``, ``data-t`` et ``data-champ``.

    Examples
    --------
    >>> composer_cle("observations|ctx_pop|2023", "DEP-40", "value")
    'observations|ctx_pop|DEP-40|2023|value'
    """
    nom, indicateur, periode = table.split("|")
    return "|".join((nom, indicateur, territoire, periode, champ))


def lire_cle(texte: str) -> Cle:
    """Renvoie la clé écrite par `ecrire_cle`.

    Examples
    --------
    >>> cle = Cle(indicateur="ctx_pop", territoire="DEP-40", periode="2023")
    >>> lire_cle(ecrire_cle(cle)) == cle
    True
    """
    morceaux = texte.split("|")
    return Cle(**dict(zip(_CHAMPS_DE_CLE, morceaux, strict=True)))


def ecrire_absence(statut: str) -> Markup:
    """Renvoie une marque d'absence : un mot, et son signe."""
    libelle = LIBELLES_ABSENCE[statut]
    return Markup('<span class="absence absence-{}">{}</span>').format(statut, libelle)


def ecrire_nombre(texte: str, cle: Cle) -> Markup:
    """Renvoie un chiffre tiré des données."""
    return Markup('<span class="n" data-cle="{}">{}</span>').format(ecrire_cle(cle), texte)


def ecrire_mention(texte: str, nature: str) -> Markup:
    """Renvoie un texte dont les chiffres ne sont pas des résultats."""
    return Markup('<span data-nature="{}">{}</span>').format(nature, texte)


def ecrire_lignes(contenu: Sequence[Ligne], resoudre: Resolution) -> Markup:
    """Renvoie un contenu en ligne en HTML échappé.

    ``resoudre`` donne l'adresse d'un lien interne ; un lien sans cible devient du texte.
    """
    return Markup("").join(_ecrire(ligne, resoudre) for ligne in contenu)


def _ecrire(ligne: Ligne, resoudre: Resolution) -> Markup:
    match ligne:
        case Texte(texte=texte):
            return escape(texte)
        case Nombre(texte=texte, cle=cle):
            return ecrire_nombre(texte, cle)
        case Mention(texte=texte, nature=nature):
            return ecrire_mention(texte, nature)
        case Fort(contenu=contenu):
            return Markup("<strong>{}</strong>").format(ecrire_lignes(contenu, resoudre))
        case Lien(contenu=contenu, cible=cible):
            texte_du_lien = ecrire_lignes(contenu, resoudre)
            adresse = cible if _EXTERNE.match(cible) else resoudre(cible)
            if adresse is None:
                return texte_du_lien
            return Markup('<a href="{}">{}</a>').format(adresse, texte_du_lien)
        case Absence(statut=statut):
            return ecrire_absence(statut)
