"""Horaires : d'un texte de source ou d'OpenStreetMap à une semaine d'ouverture, ou à rien.

Un texte que l'on ne sait pas lire, ou vide, ne donne aucune semaine : l'ouverture est inconnue,
ce qui n'est pas une fermeture. Dans un texte lu, un jour que la source ne cite pas n'est pas ouvert
d'après elle. Une plage « 00:00 - 00:00 » d'un texte français n'est pas une journée entière mais
une case du formulaire laissée telle quelle (trente lignes de la liste France services de 2024) ;
une plage qui finit avant de commencer, hors de la nuit, est une faute de saisie. Un jour répété y
ajoute ses plages, sauf si elles chevauchent les premières, qu'elles remplacent alors.
Les jours fériés (``PH``, ``SH``) et les commentaires entre guillemets sont ignorés.

References
----------
OpenStreetMap, *Key:opening_hours*, spécification : seul un sous-ensemble est lu (jours, plages de
jours, heures, ``off``, ``24/7``, règles séparées par un point-virgule). Une règle de mois, de
semaine ou de date rend le texte illisible : elle vaudrait une partie de l'année seulement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

SAMEDI = 5
"""Rang du samedi (lundi : 0)."""

_JOUR = 24 * 60
_NUIT = 14 * 60
"""Durée au-delà de laquelle une plage qui passe minuit n'est pas une nuit."""
_ANGLAIS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_FRANCAIS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_FERIES = frozenset({"ph", "sh"})
_PLAGE = re.compile(
    r"(\d{1,2})\s*[:hH]\s*(\d{2})?\s*(?:-|–|à|a)\s*(\d{1,2})\s*[:hH]\s*(\d{2})?\s*\+?"
)
_FERME = re.compile(r"\b(?:off|closed|ferm[ée]e?s?)\b", re.IGNORECASE)
_SEPARATEURS = re.compile(r"[\s,;/&.|]|\bet\b|\bde\b|\bdu\b|\bau\b", re.IGNORECASE)

Plage = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Semaine:
    """Ouverture d'un service, jour par jour.

    Parameters
    ----------
    jours
        Sept suites de plages ``(début, fin)``, en minutes depuis minuit, triées et disjointes ; le
        lundi d'abord. Une suite vide : aucune ouverture ce jour-là, d'après la source.
    """

    jours: tuple[tuple[Plage, ...], ...]

    def __post_init__(self) -> None:
        """Vérifie la forme."""
        if len(self.jours) != len(_FRANCAIS):
            raise ValueError("une semaine a sept jours")

    @property
    def heures(self) -> float:
        """Heures d'ouverture dans la semaine."""
        return sum(fin - debut for jour in self.jours for debut, fin in jour) / 60

    @property
    def samedi(self) -> bool:
        """Dit si le service ouvre le samedi."""
        return bool(self.jours[SAMEDI])

    def apres(self, minute: int) -> bool:
        """Dit si le service est encore ouvert après cette minute, un jour au moins."""
        return any(fin > minute for jour in self.jours for _, fin in jour)


@cache
def lire_horaires(texte: str | None) -> Semaine | None:
    """Renvoie la semaine d'un texte d'horaires français ou OpenStreetMap, ou rien.

    Examples
    --------
    >>> semaine = lire_horaires("Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00")
    >>> semaine.heures, semaine.samedi, semaine.apres(18 * 60)
    (33.0, True, False)
    >>> lire_horaires("jeudi 13:30 - 18:00 ; lundi 09:00 - 13:00").heures
    8.5
    >>> lire_horaires("sur rendez-vous") is None
    True
    """
    if texte is None or not texte.strip():
        return None
    net = re.sub(r'"[^"]*"', "", texte).strip().rstrip(";").strip()
    if net == "24/7":
        return Semaine(jours=((((0, _JOUR),)),) * 7)
    lus = _lire(net, _ANGLAIS, plein=False)
    if lus is None:
        lus = _lire(net, _FRANCAIS, plein=True)
    return lus


def _lire(texte: str, noms: tuple[str, ...], *, plein: bool) -> Semaine | None:
    """Lit un texte dans une langue ; ``plein`` : les jours y sont écrits en toutes lettres."""
    mot = r"(?:" + "|".join((*noms, *(() if plein else tuple(_FERIES)))) + r")"
    jour = re.compile(rf"\b{mot}\b\.?", re.IGNORECASE)
    if not jour.search(texte):
        return None
    suite = re.compile(
        rf"{mot}\b\.?(?:\s*(?:-|–|,|\bau\b|\bà\b|\bet\b|/)?\s*(?:le\s+)?{mot}\b\.?)*", re.IGNORECASE
    )
    reperes = list(suite.finditer(texte))
    if not _vide(texte[: reperes[0].start()]):
        return None
    semaine: list[tuple[Plage, ...]] = [()] * 7
    for rang, repere in enumerate(reperes):
        fin = reperes[rang + 1].start() if rang + 1 < len(reperes) else len(texte)
        plages = _plages(texte[repere.end() : fin], sans_duree=plein)
        jours = _jours(repere.group().lower(), noms)
        if plages is None or jours is None:
            return None
        for numero in jours:
            semaine[numero] = _suite(semaine[numero], plages) if plein else plages
    return Semaine(jours=tuple(semaine)) if any(semaine) else None


def _jours(texte: str, noms: tuple[str, ...]) -> list[int] | None:
    """Rangs des jours d'une liste ou d'une plage ; les fériés n'y comptent pas."""
    mots = re.findall(r"[a-z]+|[-–,/]", texte)
    rangs: list[int] = []
    plage = False
    for mot in mots:
        if mot in noms:
            rang = noms.index(mot)
            if plage and rangs:
                debut = rangs[-1]
                rangs += [n % 7 for n in range(debut + 1, rang + (7 if rang < debut else 0) + 1)]
            else:
                rangs.append(rang)
            plage = False
        elif mot in ("-", "–", "au", "a"):
            plage = True
        elif mot in _FERIES or mot in (",", "/", "et", "le"):
            plage = False
        else:
            return None
    return rangs


def _plages(texte: str, *, sans_duree: bool) -> tuple[Plage, ...] | None:
    """Plages d'heures d'un jour ; vide s'il est fermé, rien si le texte ne se lit pas.

    ``sans_duree`` : une plage de minuit à minuit ne dit rien.
    """
    if _FERME.search(texte):
        return () if _vide(_FERME.sub("", texte)) else None
    plages: list[Plage] = []
    lues = 0
    for heures in _PLAGE.finditer(texte):
        debut = int(heures[1]) * 60 + int(heures[2] or 0)
        fin = int(heures[3]) * 60 + int(heures[4] or 0)
        lues += 1
        if sans_duree and debut == fin:
            continue
        if fin <= debut:
            fin += _JOUR
            if sans_duree and fin - debut > _NUIT:
                return None
        if not 0 <= debut < _JOUR or fin - debut > _JOUR:
            return None
        plages.append((debut, fin))
    reste = _PLAGE.sub("", texte)
    if not lues or not _vide(reste):
        return None
    return _reunir(plages)


def _suite(deja: tuple[Plage, ...], plages: tuple[Plage, ...]) -> tuple[Plage, ...]:
    """Plages d'un jour cité de nouveau : ajoutées, ou à la place de celles qu'elles croisent."""
    if not plages or any(d < fin and debut < f for debut, fin in deja for d, f in plages):
        return plages
    return _reunir([*deja, *plages])


def _reunir(plages: list[Plage]) -> tuple[Plage, ...]:
    reunies: list[Plage] = []
    for debut, fin in sorted(plages):
        if reunies and debut <= reunies[-1][1]:
            reunies[-1] = (reunies[-1][0], max(fin, reunies[-1][1]))
        else:
            reunies.append((debut, fin))
    return tuple(reunies)


def _vide(texte: str) -> bool:
    return not _SEPARATEURS.sub("", texte.replace(":", " "))
