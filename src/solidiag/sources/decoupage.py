"""Découpage communal d'un fichier, reconnu à ses codes plutôt que déduit de son millésime."""

from __future__ import annotations

from collections.abc import Callable, Collection

PREMIER_COG = 2008
"""Plus ancien code officiel géographique essayé."""

_PART_ABSENTE = 0.05
"""Part des communes des départements couverts qu'une liste complète peut ne pas citer."""


def reconnaitre_cog(
    codes: Collection[str],
    *,
    declare: int,
    dernier: int,
    communes_au: Callable[[int], frozenset[str]],
) -> int:
    """Renvoie l'année du code officiel géographique (COG) dont ces communes sont.

    Une liste complète a les communes de son année, ni plus ni moins ; d'une liste partielle, on ne
    sait que les codes qui n'existaient pas encore ou plus. À égalité, l'année la plus proche de
    celle déclarée est gardée, si bien qu'un fichier qui ne dit rien ne change rien.

    Parameters
    ----------
    codes
        Codes lus ; ceux d'aucune année (arrondissements, étranger) ne comptent pas.
    declare
        Année que le millésime fait attendre.
    dernier
        Année du COG le plus récent.
    communes_au
        Communes d'une année.

    Examples
    --------
    >>> annees = {2019: frozenset({"01001", "01002"}), 2020: frozenset({"01001"})}
    >>> reconnaitre_cog(
    ...     ["01001", "01002"],
    ...     declare=2020,
    ...     dernier=2020,
    ...     communes_au=lambda annee: annees[max(annee, 2019)],
    ... )
    2019
    """
    annees = {annee: communes_au(annee) for annee in range(PREMIER_COG, dernier + 1)}
    lus = set(codes) & frozenset().union(*annees.values())
    couverts = {_departement(code) for code in lus}
    hors = {annee: len(lus - communes) for annee, communes in annees.items()}
    absentes = {
        annee: sum(_departement(code) in couverts for code in communes - lus)
        for annee, communes in annees.items()
    }
    ecarts = {annee: hors[annee] + absentes[annee] for annee in annees}
    if not lus or hors.get(declare) == 0 == absentes.get(declare):
        return declare
    if min(absentes.values()) <= _PART_ABSENTE * len(lus):
        meilleures = [annee for annee in annees if ecarts[annee] == min(ecarts.values())]
    else:
        meilleures = [annee for annee in annees if hors[annee] == 0]
    return min(meilleures, key=lambda annee: abs(annee - declare), default=declare)


def _departement(code: str) -> str:
    return code[:3] if code.startswith("97") else code[:2]
