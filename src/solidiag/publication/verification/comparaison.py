"""Comparaison des nombres attendus et des nombres trouvés dans un fichier."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from solidiag.publication.document import Cle
from solidiag.publication.verification.jetons import Jeton

_SEUIL_DECALAGE = 40

Genre = Literal["difference", "absent", "en_trop", "orphelin", "fichier"]

_TABLES_EXPLIQUEES = frozenset({"observations", "comparaisons", "tendances"})
"""Tables dont une clé nomme l'indicateur et le territoire d'une observation."""

_DITS: dict[Genre, str] = {
    "difference": "Différence",
    "absent": "Différence",
    "en_trop": "Orphelin",
    "orphelin": "Orphelin",
    "fichier": "Fichier",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecart:
    """Ce qui n'est pas conforme : un nombre, ou un fichier.

    Parameters
    ----------
    genre
        ``difference`` (une autre valeur), ``absent`` (le nombre attendu n'est pas là),
        ``en_trop`` (le nombre trouvé n'est attendu nulle part), ``orphelin`` (attendu, mais
        écrit sans clé), ``fichier`` (fichier manquant, inconnu ou modifié).
    fichier, lieu
        Chemin dans le dossier, et place dans le fichier.
    attendu, trouve
        Ce que le recalcul donne, et ce que le fichier porte.
    cle
        Clé du chiffre attendu.
    """

    genre: Genre
    fichier: str
    lieu: str = ""
    attendu: str = ""
    trouve: str = ""
    cle: Cle | None = None

    def phrase(self) -> str:
        """Renvoie l'écart en une ligne de français, avec la commande qui explique le chiffre."""
        ou = f"{self.fichier}, {self.lieu}" if self.lieu else self.fichier
        return f"{_DITS[self.genre]} — {ou} : {self._quoi()}{self._cle()}."

    def _quoi(self) -> str:
        match self.genre:
            case "difference":
                return f"attendu « {self.attendu} », trouvé « {self.trouve} »"
            case "absent":
                return f"attendu « {self.attendu} », absent du fichier"
            case "en_trop":
                return f"« {self.trouve} » ne vient d'aucun calcul"
            case "orphelin":
                return f"« {self.attendu} » est écrit sans clé ni nature déclarée"
            case _:
                return self.trouve

    def _cle(self) -> str:
        if self.cle is None:
            return ""
        suite = commande_expliquer(self.cle)
        return f" ; clé {adresse(self.cle)}" + (f" ; {suite}" if suite else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Releve:
    """Ce que la lecture d'un fichier a donné.

    Parameters
    ----------
    lus
        Nombre de nombres lus dans le fichier.
    """

    fichier: str
    lus: int = 0
    ecarts: tuple[Ecart, ...] = ()


def illisible(fichier: str, erreur: object) -> Releve:
    """Renvoie le relevé d'un fichier qu'on ne peut pas lire."""
    ecart = Ecart(genre="fichier", fichier=fichier, trouve=f"fichier illisible ({erreur})")
    return Releve(fichier=fichier, ecarts=(ecart,))


def adresse(cle: Cle) -> str:
    """Renvoie une clé telle qu'elle se lit : table, indicateur, territoire, période, champ."""
    champ = "" if cle.champ == "value" else cle.champ
    morceaux = (cle.table, cle.indicateur, cle.territoire, cle.periode, champ)
    return " / ".join(morceau for morceau in morceaux if morceau)


def commande_expliquer(cle: Cle) -> str:
    """Renvoie la commande qui remonte de ce chiffre au fichier, ou rien s'il n'en vient pas.

    Une comparaison et une tendance remontent à l'observation du territoire dont elles parlent.

    Examples
    --------
    >>> cle = Cle(indicateur="ctx_tx_pauvrete", territoire="COM-40192", periode="2021")
    >>> commande_expliquer(cle)
    'solidiag expliquer ctx_tx_pauvrete 40192 --periode 2021'
    """
    if cle.table not in _TABLES_EXPLIQUEES or not cle.territoire:
        return ""
    niveau, _, code = cle.territoire.partition("-")
    if niveau in {"REG", "ARR", "ZE", "BV"}:
        code = cle.territoire
    periode = f" --periode {cle.periode}" if cle.periode and cle.table != "tendances" else ""
    return f"solidiag expliquer {cle.indicateur} {code}{periode}"


def orphelins(attendus: Iterable[Jeton], *, fichier: str) -> list[Ecart]:
    """Renvoie les nombres attendus écrits sans clé ni nature déclarée."""
    return [
        Ecart(genre="orphelin", fichier=fichier, lieu=jeton.lieu, attendu=jeton.brut)
        for jeton in attendus
        if jeton.nature == "orphelin"
    ]


def comparer_suites(
    attendus: Sequence[Jeton], trouves: Sequence[Jeton], *, fichier: str
) -> list[Ecart]:
    """Compare deux suites dans l'ordre de lecture.

    Un nombre changé est une différence ; un nombre retiré, une absence ; un nombre ajouté, un
    orphelin.
    """
    voulus = [jeton.valeur for jeton in attendus]
    vus = [jeton.valeur for jeton in trouves]
    if voulus == vus:
        return []
    if len(voulus) == len(vus):
        rangs = [rang for rang, (a, b) in enumerate(zip(voulus, vus, strict=True)) if a != b]
        if len(rangs) <= _SEUIL_DECALAGE:
            return [_ecart(attendus[rang], trouves[rang], fichier=fichier) for rang in rangs]
    return _aligner(attendus, trouves, fichier=fichier)


def _aligner(attendus: Sequence[Jeton], trouves: Sequence[Jeton], *, fichier: str) -> list[Ecart]:
    debut = 0
    court = min(len(attendus), len(trouves))
    while debut < court and attendus[debut].valeur == trouves[debut].valeur:
        debut += 1
    fin = 0
    while fin < court - debut and attendus[-1 - fin].valeur == trouves[-1 - fin].valeur:
        fin += 1
    a = attendus[debut : len(attendus) - fin]
    b = trouves[debut : len(trouves) - fin]
    rapprochement = difflib.SequenceMatcher(
        None, [j.valeur for j in a], [j.valeur for j in b], autojunk=len(a) > 2000
    )
    ecarts: list[Ecart] = []
    for genre, i1, i2, j1, j2 in rapprochement.get_opcodes():
        if genre != "equal":
            ecarts.extend(
                _ecart(voulu, vu, fichier=fichier) for voulu, vu in zip_longest(a[i1:i2], b[j1:j2])
            )
    return ecarts


def _ecart(voulu: Jeton | None, vu: Jeton | None, *, fichier: str) -> Ecart:
    if voulu is None:
        trouve = vu or Jeton(valeur="")
        return Ecart(genre="en_trop", fichier=fichier, lieu=trouve.lieu, trouve=trouve.brut)
    return Ecart(
        genre="absent" if vu is None else "difference",
        fichier=fichier,
        lieu=voulu.lieu or (vu.lieu if vu else ""),
        attendu=voulu.brut,
        trouve=vu.brut if vu else "",
        cle=voulu.cle,
    )


def comparer_ensembles(
    attendus: Sequence[Jeton],
    trouves: Sequence[Jeton],
    *,
    fichier: str,
    repetables: frozenset[str] = frozenset(),
) -> list[Ecart]:
    """Compare deux ensembles de nombres, sans égard à l'ordre ; chacun compte autant de fois.

    Parameters
    ----------
    repetables
        Nombres qu'une mise en page peut répéter (en-têtes de tableau repris à chaque page).
    """
    voulus = Counter(jeton.valeur for jeton in attendus)
    vus = Counter(jeton.valeur for jeton in trouves)
    if voulus == vus:
        return []
    porteurs: dict[str, list[Jeton]] = defaultdict(list)
    for jeton in attendus:
        porteurs[jeton.valeur].append(jeton)
    lieux: dict[str, list[Jeton]] = defaultdict(list)
    for jeton in trouves:
        lieux[jeton.valeur].append(jeton)
    ecarts: list[Ecart] = []
    for valeur, nombre in (voulus - vus).items():
        candidats = porteurs[valeur]
        ou = "" if len(candidats) == nombre else f"l'un de {len(candidats)} endroits, dont "
        ecarts.extend(
            Ecart(
                genre="absent",
                fichier=fichier,
                lieu=f"{ou}{jeton.lieu}",
                attendu=jeton.brut,
                cle=jeton.cle,
            )
            for jeton in candidats[:nombre]
        )
    for valeur, nombre in (vus - voulus).items():
        if valeur not in repetables:
            ecarts.extend(
                Ecart(genre="en_trop", fichier=fichier, lieu=jeton.lieu, trouve=jeton.brut)
                for jeton in lieux[valeur][-nombre:]
            )
    return ecarts
