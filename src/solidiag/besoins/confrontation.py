"""Table des comparaisons : chaque territoire contre le reste de sa référence, tests ajustés."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import polars as pl

from solidiag.besoins.comparaison import Verdict, lire
from solidiag.besoins.regles import Regles
from solidiag.catalogue.indicateur import Indicateur
from solidiag.model.observation import AVEC_VALEUR, Precision
from solidiag.statistics.tests import Essai, ajuster, deux_proportions, deux_taux, reste

COMPARAISONS: dict[str, pl.DataType] = {
    "indicateur": pl.String(),
    "territoire": pl.String(),
    "periode": pl.String(),
    "reference": pl.String(),
    "reference_territoire": pl.String(),
    "unite": pl.String(),
    "valeur": pl.Float64(),
    "reference_valeur": pl.Float64(),
    "reference_bas": pl.Float64(),
    "reference_haut": pl.Float64(),
    "reference_lus": pl.Int32(),
    "ecart": pl.Float64(),
    "ecart_relatif": pl.Float64(),
    "contre": pl.String(),
    "methode": pl.String(),
    "p_valeur": pl.Float64(),
    "p_ajustee": pl.Float64(),
    "verdict": pl.String(),
    "nette": pl.Boolean(),
    "lecture": pl.String(),
    "motif": pl.String(),
}
"""Une ligne par (indicateur, territoire, référence), à la période la plus récente du territoire.

``reference`` : ``FR``, ``REG``, ``DEP``, ``ZE``, ``EPCI`` ou ``SEMBLABLES``. ``contre`` : ce à quoi
on compare (``reste`` de la référence, ``ensemble`` quand on ne peut pas l'en retirer, ``somme`` ou
``mediane`` des territoires semblables, avec leur étendue). ``methode`` : test, ``bornes``,
``etendue``, ``sans_intervalle`` ou ``petite_commune``. ``verdict`` : `Verdict`.
``nette`` : la différence dépasse l'incertitude et le seuil de proximité.
"""


REFERENCE_IDENTIQUE = "la référence est le territoire lui-même"
RESTE_IMPOSSIBLE = "les effectifs publiés de la référence ne comprennent pas ceux du territoire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demande:
    """Une comparaison à faire.

    Parameters
    ----------
    reference
        Genre de la référence (``FR``, ``SEMBLABLES``...).
    cibles
        Identifiants de la référence ; plusieurs pour les territoires semblables.
    inclus
        La référence comprend tout le territoire, que l'on en retire.
    motif
        Raison pour laquelle la comparaison n'a pas lieu ; vide si elle a lieu.
    """

    territoire: str
    reference: str
    cibles: tuple[str, ...]
    inclus: bool = False
    motif: str = ""


class _Index:
    """Observations lisibles par (indicateur, territoire), la plus récente d'abord."""

    def __init__(self, observations: pl.DataFrame) -> None:
        self._lignes: dict[tuple[str, str], list[dict[str, Any]]] = {}
        lisibles = observations.filter(
            pl.col("status").is_in(list(AVEC_VALEUR)), pl.col("value").is_not_null()
        ).sort("periode", descending=True)
        for ligne in lisibles.iter_rows(named=True):
            self._lignes.setdefault((ligne["indicateur"], ligne["territoire"]), []).append(ligne)

    def derniere(self, indicateur: str, territoire: str) -> dict[str, Any] | None:
        lignes = self._lignes.get((indicateur, territoire))
        return lignes[0] if lignes else None

    def a(self, indicateur: str, territoire: str, periode: str) -> dict[str, Any] | None:
        for ligne in self._lignes.get((indicateur, territoire), ()):
            if ligne["periode"] == periode:
                return ligne
        return None


def confronter(
    observations: pl.DataFrame,
    demandes: Iterable[Demande],
    *,
    indicateurs: Mapping[str, Indicateur],
    regles: Regles,
    sources: Mapping[str, Collection[str]],
    choisis: Collection[str] = (),
    populations: Mapping[str, int] | None = None,
) -> pl.DataFrame:
    """Renvoie la table des comparaisons, tests non encore ajustés.

    Un effectif n'est pas comparé : celui d'un département n'a pas à ressembler à celui de la
    France. Deux valeurs ne se comparent qu'à la même période et de la même source.

    Parameters
    ----------
    observations
        Table au schéma `OBSERVATIONS`, avec les territoires et toutes leurs références.
    sources
        Par identifiant de provenance, les sources dont elle dépend.
    choisis
        Indicateurs qui ont servi à choisir les territoires semblables.
    populations
        Habitants de chaque territoire : une part sans marge connue ne conclut pas dans une petite
        commune.
    """
    habitants = populations or {}
    index = _Index(observations)
    lignes = []
    for demande in demandes:
        for indicateur in indicateurs.values():
            if indicateur.unite == "nombre":
                continue
            mesure = index.derniere(indicateur.id, demande.territoire)
            if mesure is None:
                continue
            ligne = _comparer(
                mesure,
                demande,
                index=index,
                indicateur=indicateur,
                regles=regles,
                sources=sources,
                choisis=choisis,
            )
            petite = demande.territoire.startswith(("COM-", "ARM-", "LIB-")) and (
                habitants.get(demande.territoire, regles.population_sans_marge)
                < regles.population_sans_marge
            )
            if petite and indicateur.unite == "percent" and ligne["methode"] == "sans_intervalle":
                ligne["methode"] = "petite_commune"
            lignes.append(ligne)
    return pl.DataFrame(lignes, schema=COMPARAISONS)


def _comparer(
    mesure: dict[str, Any],
    demande: Demande,
    *,
    index: _Index,
    indicateur: Indicateur,
    regles: Regles,
    sources: Mapping[str, Collection[str]],
    choisis: Collection[str],
) -> dict[str, Any]:
    ligne: dict[str, Any] = dict.fromkeys(COMPARAISONS)
    ligne |= {
        "indicateur": indicateur.id,
        "territoire": demande.territoire,
        "periode": mesure["periode"],
        "reference": demande.reference,
        "reference_territoire": demande.cibles[0] if len(demande.cibles) == 1 else "",
        "unite": indicateur.unite,
        "valeur": mesure["value"],
        "verdict": Verdict.NON_COMPARABLE.value,
        "nette": False,
        "lecture": "neutre",
        "motif": "",
    }
    if demande.motif:
        return ligne | {"motif": demande.motif}
    semblables = demande.reference == "SEMBLABLES"
    if semblables and not demande.cibles:
        return ligne | {"motif": "pas de territoire semblable calculé"}
    if semblables and indicateur.id in choisis:
        return ligne | {"motif": "il sert à choisir les territoires semblables"}
    if mesure["precision"] == Precision.PLANCHER:
        return ligne | {"motif": "la valeur est un plancher du producteur"}
    trouvees = [
        trouvee
        for cible in demande.cibles
        if (trouvee := index.a(indicateur.id, cible, mesure["periode"])) is not None
    ]
    memes = [
        t
        for t in trouvees
        if regles.meme_source(
            indicateur.id, sources.get(mesure["origin"], ()), sources.get(t["origin"], ())
        )
    ]
    minimum = regles.semblables_minimum if semblables else 1
    if len(memes) < minimum:
        if len(trouvees) >= minimum:
            return ligne | {"motif": "la référence vient d'une autre source"}
        return ligne | {"motif": "pas de valeur de référence à la même période"}
    if semblables:
        return ligne | _contre_le_groupe(mesure, memes, indicateur, regles)
    return ligne | _contre_la_reference(mesure, memes[0], demande, indicateur, regles)


def _contre_la_reference(
    mesure: dict[str, Any],
    reference: dict[str, Any],
    demande: Demande,
    indicateur: Indicateur,
    regles: Regles,
) -> dict[str, Any]:
    rendu: dict[str, Any] = {
        "reference_valeur": reference["value"],
        "reference_bas": reference["lower"],
        "reference_haut": reference["upper"],
        "reference_lus": 1,
        "contre": "ensemble",
        **_ecarts(mesure["value"], reference["value"]),
    }
    genre = regles.essai(indicateur)
    effectifs = _effectifs(mesure), _effectifs(reference)
    if genre and effectifs[0] and effectifs[1]:
        autre = effectifs[1]
        if demande.inclus:
            retire = reste(*effectifs[0], *effectifs[1])
            if retire is None:
                memes = effectifs[0] == effectifs[1]
                return {"motif": REFERENCE_IDENTIQUE if memes else RESTE_IMPOSSIBLE}
            autre, rendu["contre"] = retire, "reste"
        essai = _tester(
            genre, effectifs[0], autre, regles.part_independante.get(indicateur.id, 1.0)
        )
        if essai is not None:
            return rendu | {"methode": essai.methode, "p_valeur": essai.p_valeur}
    return rendu | _bornes(mesure, reference)


def _contre_le_groupe(
    mesure: dict[str, Any],
    groupe: Sequence[dict[str, Any]],
    indicateur: Indicateur,
    regles: Regles,
) -> dict[str, Any]:
    """Compare à la somme recomposée du groupe, à défaut à sa médiane et à son étendue."""
    valeurs = sorted(float(g["value"]) for g in groupe)
    rendu: dict[str, Any] = {
        "reference_bas": valeurs[0],
        "reference_haut": valeurs[-1],
        "reference_lus": len(valeurs),
    }
    effectifs = [_effectifs(g) for g in groupe]
    sommables = [e for e in effectifs if e is not None]
    if len(sommables) == len(groupe):
        x, n = (sum(paire[rang] for paire in sommables) for rang in (0, 1))
        facteur = _facteur(groupe)
        if facteur is not None and n > 0:
            valeur = facteur * x / n
            rendu |= {"contre": "somme", "reference_valeur": valeur}
            rendu |= _ecarts(mesure["value"], valeur)
            propres = _effectifs(mesure)
            genre = regles.essai(indicateur)
            essai = (
                _tester(genre, propres, (x, n), regles.part_independante.get(indicateur.id, 1.0))
                if genre and propres
                else None
            )
            if essai is not None:
                return rendu | {"methode": essai.methode, "p_valeur": essai.p_valeur}
            return rendu | {"methode": "etendue"}
    milieu = median(valeurs)
    rendu |= {"contre": "mediane", "reference_valeur": milieu, "methode": "etendue"}
    return rendu | _ecarts(mesure["value"], milieu)


def _ecarts(valeur: float, reference: float) -> dict[str, float | None]:
    ecart = valeur - reference
    return {"ecart": ecart, "ecart_relatif": ecart / abs(reference) if reference else None}


def _effectifs(ligne: dict[str, Any]) -> tuple[float, float] | None:
    x, n = ligne["numerateur"], ligne["denominateur"]
    return None if x is None or n is None or n <= 0 else (float(x), float(n))


def _facteur(groupe: Sequence[dict[str, Any]]) -> float | None:
    for ligne in groupe:
        if ligne["numerateur"]:
            return float(ligne["value"] * ligne["denominateur"] / ligne["numerateur"])
    return None


def _tester(
    genre: str, un: tuple[float, float], autre: tuple[float, float], part: float
) -> Essai | None:
    (x, n), (y, m) = ((a * part, b * part) for a, b in (un, autre))
    if genre == "taux":
        return deux_taux(x, n, y, m)
    if x > n or y > m:
        return None
    return deux_proportions(x, n, y, m)


def _bornes(mesure: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    connues = any(ligne[b] is not None for ligne in (mesure, reference) for b in ("lower", "upper"))
    return {"methode": "bornes" if connues else "sans_intervalle"}


def ajuster_ensemble(*tables: pl.DataFrame) -> list[pl.DataFrame]:
    """Renvoie les tables avec ``p_ajustee``, ajustée sur tous les tests de toutes les tables."""
    toutes = [t["p_valeur"].fill_null(float("nan")).to_numpy() for t in tables]
    ajustees = ajuster([p for morceau in toutes for p in morceau.tolist()])
    rendues, debut = [], 0
    for table in tables:
        morceau = pl.Series("p_ajustee", ajustees[debut : debut + table.height]).fill_nan(None)
        rendues.append(table.with_columns(morceau))
        debut += table.height
    return rendues


def conclure(
    comparaisons: pl.DataFrame,
    observations: pl.DataFrame,
    *,
    indicateurs: Mapping[str, Indicateur],
    regles: Regles,
) -> pl.DataFrame:
    """Renvoie les comparaisons ajustées avec leur verdict et leur lecture.

    Un écart sous le seuil de proximité est « proche », fût-il significatif. Au-delà : net si le
    test ajusté le dit, ou si les bornes d'une source exhaustive sont disjointes ; non concluant si
    l'incertitude connue le recouvre ; sinon « plus élevé » ou « plus bas », sans plus. Hors de
    l'étendue des territoires semblables, jamais net : sur six territoires, le hasard y met une
    valeur deux fois sur sept.
    """
    index = _Index(observations)
    lignes = []
    for ligne in comparaisons.iter_rows(named=True):
        if ligne["reference_valeur"] is not None:
            mesure = index.a(ligne["indicateur"], ligne["territoire"], ligne["periode"])
            verdict, nette = _trancher(ligne, mesure or {}, regles)
            sens = indicateurs[ligne["indicateur"]].sens
            ligne |= {
                "verdict": verdict.value,
                "nette": nette,
                "lecture": lire(verdict, sens).value,
            }
        lignes.append(ligne)
    return pl.DataFrame(lignes, schema=COMPARAISONS)


def _trancher(
    ligne: dict[str, Any], mesure: Mapping[str, Any], regles: Regles
) -> tuple[Verdict, bool]:
    ecart, relatif = ligne["ecart"], ligne["ecart_relatif"]
    if ecart == 0 or (relatif is not None and abs(relatif) < regles.seuil(ligne["unite"])):
        return Verdict.PROCHE, False
    if abs(ecart) < regles.minimums.get(ligne["unite"], 0.0):
        return Verdict.PROCHE, False
    sens = Verdict.PLUS_HAUT if ecart > 0 else Verdict.PLUS_BAS
    if ligne["p_ajustee"] is not None:
        if ligne["p_ajustee"] <= regles.alpha:
            return sens, True
        return Verdict.NON_CONCLUANT, False
    if ligne["methode"] == "petite_commune":
        return Verdict.NON_CONCLUANT, False
    if ligne["methode"] == "sans_intervalle":
        return sens, False
    separees = _separees(ligne, mesure)
    if not separees:
        return Verdict.NON_CONCLUANT, False
    if ligne["methode"] == "etendue":
        return sens, False
    exhaustive = ligne["indicateur"] in regles.arrondi_seul
    return sens, exhaustive or mesure.get("method") not in (None, "arrondi")


def _separees(ligne: dict[str, Any], mesure: Mapping[str, Any]) -> bool:
    """Dit si les bornes (intervalle, arrondi ou étendue du groupe) ne se touchent pas."""
    valeur, reference = ligne["valeur"], ligne["reference_valeur"]
    bas = mesure.get("lower")
    haut = mesure.get("upper")
    autre_bas, autre_haut = ligne["reference_bas"], ligne["reference_haut"]
    plancher = (valeur if bas is None else bas) > (reference if autre_haut is None else autre_haut)
    plafond = (valeur if haut is None else haut) < (reference if autre_bas is None else autre_bas)
    return bool(plancher or plafond)
