"""Noms et adresses comparables : sans accents, sans mots communs, voie et numéro séparés."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

_MOTS_VIDES = frozenset([
    "a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "par",
    "pour", "s", "sous", "sur", "un", "une", "lieu", "dit", "numero",
])  # fmt: skip
_ABREGES = {
    "st": "saint",
    "ste": "sainte",
    "sts": "saints",
    "av": "avenue",
    "ave": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "boul": "boulevard",
    "r": "rue",
    "rte": "route",
    "pl": "place",
    "plag": "plage",
    "che": "chemin",
    "chem": "chemin",
    "all": "allee",
    "allees": "allee",
    "imp": "impasse",
    "impas": "impasse",
    "crs": "cours",
    "sq": "square",
    "res": "residence",
    "lot": "lotissement",
    "qua": "quartier",
    "gal": "general",
    "mal": "marechal",
    "dr": "docteur",
    "doct": "docteur",
}
_VOIES = (
    "avenue", "boulevard", "rue", "route", "place", "chemin", "allee", "impasse", "cours",
    "square", "quai", "quartier", "passage", "esplanade", "promenade", "voie", "sentier",
    "faubourg", "ruelle", "voyette", "sente", "dreve", "rond", "venelle", "montee", "cour",
    "hameau", "domaine", "zone", "zac", "lotissement", "residence",
)  # fmt: skip
_VOIE = re.compile(rf"(?:\b(\d{{1,5}})(?: (bis|ter|quater|[a-f]))? )?\b({'|'.join(_VOIES)})\b(.*)")
_GRAND_PLACE = re.compile(r"\b(?:place )?grande? place\b")
"""« 20 Grand'Place » : la voie est une place, « grand » en est le nom."""
_BOITE = re.compile(r"\b(bp|cs|tsa) ?\d+\b|\bcedex( \d+)?\b|\b\d+(e|er|eme) etage\b")


@lru_cache(maxsize=100_000)
def simplifier(texte: str) -> str:
    """Renvoie le texte en minuscules sans accents ni ponctuation, abréviations développées.

    Examples
    --------
    >>> simplifier("ST-VINCENT-DE-PAUL, 4 Av. du Gal Leclerc")
    'saint vincent de paul 4 avenue du general leclerc'
    """
    texte = texte.lower().replace("œ", "oe").replace("æ", "ae")
    sans = "".join(
        lettre
        for lettre in unicodedata.normalize("NFD", texte)
        if not unicodedata.combining(lettre)
    )
    mots = re.sub(r"[^a-z0-9]+", " ", sans).split()
    return " ".join(_ABREGES.get(mot, mot) for mot in mots)


@lru_cache(maxsize=50_000)
def cle_commune(nom: str) -> str:
    """Renvoie le nom de commune comparable : sans « Cedex », article initial ni arrondissement.

    Examples
    --------
    >>> cle_commune("Mont-de-Marsan Cedex"), cle_commune("MARSEILLE 11"), cle_commune("Le Mans")
    ('mont de marsan', 'marseille', 'mans')
    """
    cle = re.sub(r"\bcedex( \d+)?\b", " ", simplifier(nom))
    cle = re.sub(r"\b\d+(e|er|eme)?( arrondissement)?\b|\barrondissement\b", " ", cle)
    mots = cle.split()
    if len(mots) > 1 and mots[0] in {"l", "la", "le", "les"}:
        mots = mots[1:]
    return " ".join(mots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adresse:
    """Numéro, type de voie et mots du nom de voie ; champs vides si l'adresse ne les dit pas."""

    numero: str
    voie: str
    mots: tuple[str, ...]

    @property
    def connue(self) -> bool:
        """Vrai si l'on connaît au moins le nom de la voie."""
        return bool(self.mots)

    @property
    def cle(self) -> tuple[str, ...]:
        """Clé d'égalité stricte : numéro et nom de voie ; vide sans numéro."""
        return (self.numero, *self.mots) if self.numero and self.mots else ()


@lru_cache(maxsize=50_000)
def lire_adresse(texte: str) -> Adresse:
    """Renvoie l'adresse lue dans un texte libre (le nom du bâtiment peut la précéder).

    Examples
    --------
    >>> lire_adresse("Saint-Louis - 4 rue René-Méricam")
    Adresse(numero='4', voie='rue', mots=('rene', 'mericam'))
    >>> lire_adresse("20 Grand'Place") == lire_adresse("20 PL GRAND PLACE")
    True
    >>> lire_adresse("Le Bourg - Boulangerie").connue
    False
    """
    trouve = _VOIE.search(_GRAND_PLACE.sub("place grand", _BOITE.sub(" ", simplifier(texte))))
    if trouve is None:
        return Adresse(numero="", voie="", mots=())
    numero, complement, voie, reste = trouve.groups()
    mots = tuple(mot for mot in reste.split() if mot not in _MOTS_VIDES)
    chiffres = (numero or "").lstrip("0")
    return Adresse(
        numero=f"{chiffres}{complement or ''}" if chiffres else "", voie=voie, mots=mots[:6]
    )


def mots_propres(nom: str, *, communs: Collection[str], commune: str) -> tuple[str, ...]:
    """Renvoie les mots du nom qui identifient le service ; vide si le nom est générique.

    Parameters
    ----------
    communs
        Mots de la catégorie, déjà simplifiés.
    commune
        Nom de la commune, qui n'identifie pas un service ; seul le nom entier est ôté.

    Examples
    --------
    >>> mots_propres("EHPAD de Saint-Sever", communs={"ehpad"}, commune="Saint-Sever")
    ()
    >>> mots_propres("EHPAD du Marsan", communs={"ehpad"}, commune="Mont-de-Marsan")
    ('marsan',)
    """
    if re.fullmatch(r".*\b\d{14}\b", nom):
        return ()
    texte = f" {simplifier(nom)} "
    ville = simplifier(commune)
    if ville:
        texte = texte.replace(f" {ville} ", " ")
    return tuple(mot for mot in texte.split() if mot not in communs and mot not in _MOTS_VIDES)
