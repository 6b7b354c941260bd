"""Horaires structurés des producteurs → texte français et notation d'OpenStreetMap.

La notation n'est donnée que si tout l'horaire s'y écrit : un commentaire du producteur (« 2e et 4e
samedis ») reste dans le texte, et la notation est alors absente plutôt que fausse.

References
----------
Notation : https://wiki.openstreetmap.org/wiki/Key:opening_hours
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_OSM = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

Plage = tuple[str, str]
"""Début et fin, ``HH:MM``."""


def heure(texte: str) -> str | None:
    """Renvoie une heure sous la forme ``HH:MM``, ou rien si ce n'en est pas une.

    Examples
    --------
    >>> heure("09:00:00"), heure("930"), heure("9h30"), heure("14 h"), heure("25:00")
    ('09:00', '09:30', '09:30', '14:00', None)
    """
    net = texte.strip().lower().replace(" ", "")
    trouve = re.fullmatch(r"(\d{1,2})(?:[:h](\d{2})?(?::\d{2})?)", net) or re.fullmatch(
        r"(\d{1,2})(\d{2})", net
    )
    if trouve is None:
        return None
    heures, minutes = int(trouve[1]), int(trouve[2] or 0)
    if heures > 24 or minutes > 59 or (heures == 24 and minutes):
        return None
    return f"{heures:02d}:{minutes:02d}"


A_VERIFIER = "une plage d'ouverture du fichier n'a pas de sens"
"""Ce qui est dit d'un horaire dont une plage finit avant de commencer."""


def plage(debut: str, fin: str) -> Plage | None:
    """Renvoie une plage, minuit valant 24 h en fin ; rien si elle finit avant de commencer.

    Examples
    --------
    >>> plage("2000", "0000"), plage("14:00:00", "12:00:00")
    (('20:00', '24:00'), None)
    """
    ouvre, clot = heure(debut), heure(fin)
    if clot == "00:00":
        clot = "24:00"
    return (ouvre, clot) if ouvre and clot and ouvre < clot else None


def en_texte(semaine: Mapping[int, Sequence[Plage]]) -> str | None:
    """Renvoie l'horaire en français, jours d'ouverture seuls ; rien si la semaine est vide.

    Parameters
    ----------
    semaine
        Rang du jour (lundi : 0) → plages d'ouverture.

    Examples
    --------
    >>> en_texte({0: [("09:00", "12:00"), ("14:00", "17:00")], 5: [("09:00", "12:00")]})
    'lundi 9h-12h, 14h-17h ; samedi 9h-12h'
    """
    jours = [
        f"{JOURS[rang]} " + ", ".join(f"{_court(d)}-{_court(f)}" for d, f in semaine[rang])
        for rang in sorted(semaine)
        if semaine[rang]
    ]
    return " ; ".join(jours) or None


def en_osm(semaine: Mapping[int, Sequence[Plage]]) -> str | None:
    """Renvoie l'horaire dans la notation d'OpenStreetMap ; rien si la semaine est vide.

    Examples
    --------
    >>> en_osm({0: [("09:00", "12:00")], 1: [("09:00", "12:00")], 4: [("14:00", "17:00")]})
    'Mo-Tu 09:00-12:00; Fr 14:00-17:00'
    """
    groupes: list[tuple[int, int, str]] = []
    for rang in sorted(semaine):
        plages = ",".join(f"{debut}-{fin}" for debut, fin in semaine[rang])
        if not plages:
            continue
        if groupes and groupes[-1][1] == rang - 1 and groupes[-1][2] == plages:
            groupes[-1] = (groupes[-1][0], rang, plages)
        else:
            groupes.append((rang, rang, plages))
    return "; ".join(f"{_suite(debut, fin)} {plages}" for debut, fin, plages in groupes) or None


def jours_entre(debut: str, fin: str) -> list[int]:
    """Renvoie les rangs des jours de ``debut`` à ``fin`` compris ; liste vide si un nom manque.

    Examples
    --------
    >>> jours_entre("Lundi", "Mercredi"), jours_entre("Samedi", ""), jours_entre("Fête", "")
    ([0, 1, 2], [5], [])
    """
    premier, dernier = debut.strip().lower(), (fin or debut).strip().lower()
    if premier not in JOURS or dernier not in JOURS:
        return []
    rang, arret = JOURS.index(premier), JOURS.index(dernier)
    if arret < rang:
        return [*range(rang, 7), *range(arret + 1)]
    return list(range(rang, arret + 1))


_PLAGE = re.compile(
    r"(\d{1,2}\s*(?:[:hH]\s*\d{0,2}))\s*(?:-|–|à|a)\s*(\d{1,2}\s*(?:[:hH]\s*\d{0,2}))"
)


def plages_de(texte: str) -> list[Plage] | None:
    """Renvoie les plages d'une cellule ; rien si elle dit autre chose que des heures.

    Examples
    --------
    >>> plages_de("09:00 - 12:00 / 13:30 - 17:00")
    [('09:00', '12:00'), ('13:30', '17:00')]
    >>> plages_de("Fermé"), plages_de("-"), plages_de("sur rendez-vous")
    ([], [], None)
    """
    net = texte.strip()
    if net in ("", "-", "–") or net.lower() in ("fermé", "ferme", "fermée"):
        return []
    plages: list[Plage] = []
    for debut, fin in _PLAGE.findall(net):
        ouvre, clot = heure(debut), heure(fin)
        if ouvre is None or clot is None or clot <= ouvre:
            return None
        plages.append((ouvre, clot))
    reste = re.sub(r"[\s/,;&.-]|et|puis", "", _PLAGE.sub("", net))
    return plages if plages and not reste else None


def osm_des_cellules(cellules: Sequence[str]) -> str | None:
    """Renvoie la notation d'une semaine dont chaque jour est une cellule, du lundi au dimanche.

    Examples
    --------
    >>> osm_des_cellules(["9h00-12h00", "9h00 - 12h00", "", "-", "sur rendez-vous"]) is None
    True
    >>> osm_des_cellules(["9h00-12h00", "9h00 - 12h00", "", "-"])
    'Mo-Tu 09:00-12:00'
    """
    semaine: dict[int, list[Plage]] = {}
    for rang, cellule in enumerate(cellules[:7]):
        plages = plages_de(cellule)
        if plages is None:
            return None
        semaine[rang] = plages
    return en_osm(semaine)


def _court(horaire: str) -> str:
    heures, minutes = horaire.split(":")
    return f"{int(heures)}h{minutes if minutes != '00' else ''}"


def _suite(debut: int, fin: int) -> str:
    return _OSM[debut] if debut == fin else f"{_OSM[debut]}-{_OSM[fin]}"
