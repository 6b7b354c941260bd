"""Situer une valeur par rapport à une référence, sans dire plus que leur précision ne permet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solidiag.model.observation import AVEC_VALEUR, Precision

ABSENCES: dict[str, str] = {
    "Q": "couvert par le secret statistique",
    "O": "non publié",
    "L": "non documenté",
    "M": "sans objet",
}
"""Pourquoi une valeur ne se lit pas, selon son statut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesure:
    """Une observation, avec ce que l'on sait de sa précision.

    Parameters
    ----------
    bas, haut
        Bornes entre lesquelles la vraie valeur se trouve, d'après l'intervalle ou l'arrondi.
    encadree
        Un intervalle ou un arrondi dit l'incertitude ; sinon elle est inconnue, et non nulle.
    absence
        Pourquoi la valeur ne se lit pas ; vide si elle se lit.
    """

    valeur: float | None
    bas: float | None = None
    haut: float | None = None
    periode: str = ""
    approchee: bool = False
    encadree: bool = False
    absence: str = ""

    @property
    def lisible(self) -> bool:
        """Dit si la valeur peut servir à classer."""
        return self.valeur is not None and not self.absence

    @property
    def minimum(self) -> float:
        """Borne basse, ou la valeur si aucune borne n'est connue."""
        return self._borne(self.bas)

    @property
    def maximum(self) -> float:
        """Borne haute, ou la valeur si aucune borne n'est connue."""
        return self._borne(self.haut)

    def _borne(self, borne: float | None) -> float:
        if self.valeur is None:
            raise ValueError("une mesure sans valeur n'a pas de bornes")
        return self.valeur if borne is None else borne


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Place d'une valeur : ``sens`` vaut 1 au-dessus, -1 au-dessous, 0 proche.

    ``etablie`` est faux quand l'écart dépasse la marge sans sortir de l'incertitude.
    """

    sens: int
    etablie: bool = True


def mesurer(ligne: Mapping[str, Any], demi_pas: Mapping[str, float]) -> Mesure:
    """Renvoie la mesure d'une ligne d'observations.

    Une valeur plancher n'est qu'une borne : elle ne se lit pas comme une valeur.

    Parameters
    ----------
    ligne
        Ligne au schéma `OBSERVATIONS`.
    demi_pas
        Demi-pas d'arrondi par unité, quand l'intervalle n'est pas donné.
    """
    statut = str(ligne["status"])
    valeur = ligne["value"]
    periode = str(ligne["periode"])
    if statut not in AVEC_VALEUR or valeur is None:
        return Mesure(valeur=None, periode=periode, absence=ABSENCES.get(statut, ABSENCES["L"]))
    precision = ligne["precision"]
    if precision == Precision.PLANCHER:
        absence = "connu seulement comme inférieur ou égal à un plancher"
        return Mesure(valeur=None, periode=periode, absence=absence)
    bas, haut = ligne["lower"], ligne["upper"]
    pas = demi_pas.get(str(ligne["unite"]), 0.0)
    arrondie = precision in {Precision.ARRONDIE, Precision.ARRONDIE_BAS} and pas > 0
    encadree = arrondie or (bas is not None and haut is not None)
    if bas is None or haut is None:
        if precision == Precision.ARRONDIE:
            bas, haut = valeur - pas, valeur + pas
        elif precision == Precision.ARRONDIE_BAS:
            bas, haut = valeur, valeur + 2 * pas
        else:
            bas, haut = valeur, valeur
    return Mesure(
        valeur=float(valeur),
        bas=float(bas),
        haut=float(haut),
        periode=periode,
        encadree=encadree,
        approchee=precision == Precision.ARRONDIE_BAS or statut in {"E", "P"},
    )


def situer(mesure: Mesure, reference: Mesure, *, marge: float) -> Position:
    """Renvoie la place d'une mesure par rapport à une référence.

    La différence compte si elle dépasse ``marge`` (part de la référence) et si les deux
    intervalles ne se touchent pas.

    Raises
    ------
    ValueError
        Si l'une des deux mesures ne se lit pas.

    Examples
    --------
    >>> haute, basse = Mesure(valeur=16, bas=15.5, haut=16.5), Mesure(valeur=12, bas=12, haut=12)
    >>> situer(haute, basse, marge=0.1).sens
    1
    >>> situer(haute, haute, marge=0.1).sens
    0
    """
    if mesure.valeur is None or reference.valeur is None:
        raise ValueError("une mesure sans valeur ne se situe pas")
    ecart = mesure.valeur - reference.valeur
    if ecart == 0 or abs(ecart) < marge * abs(reference.valeur):
        return Position(sens=0)
    if ecart > 0:
        separees = mesure.minimum > reference.maximum
    else:
        separees = mesure.maximum < reference.minimum
    if not separees:
        return Position(sens=0, etablie=False)
    return Position(sens=1 if ecart > 0 else -1)
