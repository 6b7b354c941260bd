"""Ordre provisoire des domaines : somme pondérée de critères, et ce que les poids y changent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import PRIORITES

_MOTIFS: dict[str, str] = {
    "classe": "Brouillon calculé\u00a0: les poids sont une hypothèse, l'ordre reste à décider.",
    "presence": (
        "Non classé\u00a0: l'offre n'est connue que par sa présence, qui ne dit pas un volume."
    ),
    "approche": (
        "Non classé\u00a0: le besoin n'y est qu'approché par des éléments de contexte, aucun "
        "indicateur propre au domaine n'est ouvert."
    ),
    "non_classe": "Non classé, à documenter\u00a0: une famille de critères n'a aucune donnée.",
}
_APRES = {"classe": 0, "presence": 1, "approche": 2, "non_classe": 3}

Tableau = npt.NDArray[np.float64]
Rangs = npt.NDArray[np.int64]


def somme_ponderee(valeurs: Tableau, poids: Tableau) -> Tableau:
    """Renvoie la moyenne pondérée de chaque ligne, sur ses seules colonnes connues.

    Parameters
    ----------
    valeurs
        Lignes × critères ; ``nan`` pour un critère non documenté.
    poids
        Un poids positif par critère ; ils n'ont pas à faire 1.

    Returns
    -------
    numpy.ndarray
        ``nan`` si aucun critère de poids non nul n'est connu.

    References
    ----------
    Méthode de la somme pondérée (*weighted sum model*) : Fishburn, P. C. (1967), *Additive
    utilities with incomplete product sets*, Operations Research 15(3).

    Examples
    --------
    >>> somme_ponderee(np.array([[1.0, 0.0], [np.nan, 0.5]]), np.array([3.0, 1.0])).tolist()
    [0.75, 0.5]
    """
    connus = ~np.isnan(valeurs)
    appliques = np.where(connus, poids, 0.0)
    sommes = appliques.sum(axis=1)
    produits = np.where(connus, valeurs, 0.0) * appliques
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sommes > 0, produits.sum(axis=1) / sommes, np.nan)


def ranger(scores: Tableau) -> Rangs:
    """Renvoie le rang de chaque score, 1 pour le plus haut ; les égaux partagent le meilleur rang.

    Examples
    --------
    >>> ranger(np.array([0.2, 0.9, 0.2])).tolist()
    [2, 1, 2]
    """
    arrondis = np.round(scores, 12)
    meilleurs = (arrondis[None, :] > arrondis[:, None]).sum(axis=1)
    return np.asarray(1 + meilleurs, dtype=np.int64)


def regrouper(valeurs: Tableau, familles: Sequence[str]) -> tuple[Tableau, list[str]]:
    """Renvoie la moyenne des critères connus de chaque famille, et le nom des familles.

    Une famille ne pèse pas plus parce que plus de ses critères sont documentés.
    """
    noms = list(dict.fromkeys(familles))
    colonnes = []
    for nom in noms:
        choisis = valeurs[:, [i for i, famille in enumerate(familles) if famille == nom]]
        connus = ~np.isnan(choisis)
        nombre = connus.sum(axis=1)
        somme = np.where(connus, choisis, 0.0).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            colonnes.append(np.where(nombre > 0, somme / nombre, np.nan))
    return np.column_stack(colonnes), noms


def tirer_rangs(
    valeurs: Tableau, familles: Sequence[str], *, tirages: int, rng: np.random.Generator
) -> Rangs:
    """Renvoie les rangs de chaque ligne pour des poids tirés au hasard (tirages × lignes).

    Le poids de chaque famille, puis celui de chaque critère dans sa famille, est tiré selon une loi
    de Dirichlet de paramètre 1 : toutes les pondérations sont également probables.
    """
    noms = list(dict.fromkeys(familles))
    entre = rng.dirichlet(np.ones(len(noms)), size=tirages)
    dedans = {nom: rng.dirichlet(np.ones(list(familles).count(nom)), size=tirages) for nom in noms}
    rangs = np.empty((tirages, valeurs.shape[0]), dtype=np.int64)
    colonnes = {nom: [i for i, f in enumerate(familles) if f == nom] for nom in noms}
    for tirage in range(tirages):
        scores = np.column_stack(
            [somme_ponderee(valeurs[:, colonnes[nom]], dedans[nom][tirage]) for nom in noms]
        )
        rangs[tirage] = ranger(somme_ponderee(scores, entre[tirage]))
    return rangs


def ordonner(
    criteres: pl.DataFrame,
    *,
    presences: Collection[str],
    parametres: Mapping[str, Any],
    rng: np.random.Generator,
    approches: Collection[str] = (),
) -> pl.DataFrame:
    """Renvoie les domaines en ordre provisoire, avec l'étendue de leurs rangs.

    Un domaine dont une famille n'a aucun critère documenté n'a ni score ni rang : il est « à
    documenter », jamais dernier. Un domaine connu par sa seule présence n'en a pas non plus, et le
    dit à part ; de même un domaine dont le besoin n'est qu'approché par du contexte.

    Parameters
    ----------
    criteres
        Au schéma `solidiag.priorites.criteres.CRITERES`.
    presences
        Domaines dont l'offre n'est connue que par sa présence (`criteres.par_presence`).
    parametres
        Contenu de ``declarations/parametres/priorites.yaml``.
    rng
        Générateur de nombres au hasard, de graine fixée par l'appelant.
    approches
        Domaines sans indicateur de besoin propre (`Domaine.contexte_seulement`).

    Returns
    -------
    polars.DataFrame
        Au schéma `PRIORITES` : les domaines en ordre d'abord, puis ceux connus par leur seule
        présence, puis les non classés, dans l'ordre des critères reçus.
    """
    noms = list(dict.fromkeys(criteres["critere"]))
    familles = [str(criteres.filter(pl.col("critere") == nom)["famille"][0]) for nom in noms]
    domaines = list(dict.fromkeys(criteres["domaine"]))
    valeurs = np.full((len(domaines), len(noms)), np.nan)
    for ligne in criteres.iter_rows(named=True):
        if ligne["valeur"] is not None:
            rangee, colonne = domaines.index(ligne["domaine"]), noms.index(ligne["critere"])
            valeurs[rangee, colonne] = ligne["valeur"]
    par_famille, noms_familles = regrouper(valeurs, familles)
    requises = [noms_familles.index(f) for f in parametres["familles_requises"]]
    manquants = np.isnan(par_famille[:, requises]).sum(axis=1)
    en_volume = np.array([domaine not in presences for domaine in domaines], dtype=np.bool_)
    propres = np.array([domaine not in approches for domaine in domaines], dtype=np.bool_)
    complets = manquants == 0
    classes = np.asarray(complets & en_volume & propres, dtype=np.bool_)
    statuts = [
        _statut(complet=bool(complets[i]), volume=bool(en_volume[i]), propre=bool(propres[i]))
        for i in range(len(domaines))
    ]
    lignes = [
        {
            "domaine": domaine,
            "criteres_documentes": int((~np.isnan(valeurs[i])).sum()),
            "criteres_total": len(noms),
            "statut": statuts[i],
            "motif": _MOTIFS[statuts[i]],
        }
        for i, domaine in enumerate(domaines)
    ]
    table = pl.DataFrame(lignes).sort(
        pl.col("statut").replace_strict(_APRES, return_dtype=pl.Int32), maintain_order=True
    )
    if classes.any():
        table = table.join(
            _classer(
                [d for d, c in zip(domaines, classes, strict=True) if c],
                valeurs[classes],
                familles,
                parametres=parametres,
                rng=rng,
            ),
            on="domaine",
            how="left",
            maintain_order="left",
        ).sort("rang", nulls_last=True, maintain_order=True)
    return mettre_au_schema(table, PRIORITES)


def _statut(*, complet: bool, volume: bool, propre: bool) -> str:
    if not volume:
        return "presence"
    if not complet:
        return "non_classe"
    return "classe" if propre else "approche"


def _classer(
    domaines: list[str],
    valeurs: Tableau,
    familles: Sequence[str],
    *,
    parametres: Mapping[str, Any],
    rng: np.random.Generator,
) -> pl.DataFrame:
    par_famille, noms = regrouper(valeurs, familles)
    scores = somme_ponderee(par_famille, np.full(len(noms), 1 / len(noms)))
    rangs = tirer_rangs(valeurs, familles, tirages=int(parametres["tirages"]), rng=rng)
    central = ranger(scores)
    bas = np.minimum(rangs.min(axis=0), central)
    haut = np.maximum(rangs.max(axis=0), central)
    p05 = np.percentile(rangs, 5, axis=0, method="lower").astype(np.int64)
    p95 = np.percentile(rangs, 95, axis=0, method="higher").astype(np.int64)
    return pl.DataFrame(
        {
            "domaine": domaines,
            "score": scores,
            "rang": central,
            "rang_min": bas,
            "rang_max": haut,
            "rang_p05": p05,
            "rang_p95": p95,
            "robustesse": [
                _robustesse(int(fin - debut), len(domaines), parametres["robustesse"])
                for debut, fin in zip(p05, p95, strict=True)
            ],
        }
    )


def _robustesse(etendue: int, nombre: int, seuils: Mapping[str, float]) -> str:
    """Renvoie la classe d'un rang selon l'étendue des rangs de neuf tirages sur dix."""
    part = etendue / max(nombre - 1, 1)
    if part <= float(seuils["robuste"]):
        return "robuste"
    return "discutable" if part <= float(seuils["discutable"]) else "sensible"
