"""Passages d'un code officiel géographique à un autre, d'après les événements de l'Insee.

Le COG d'une année est la situation au 1er janvier : un événement daté du 1er janvier en fait
partie. On suit, date par date, les morceaux des communes de départ ; une commune fusionnée puis
rétablie retrouve son morceau.

References
----------
Insee, *Code officiel géographique*, fichier des événements sur les communes (champs ``MOD``,
``DATE_EFF``, ``TYPECOM_AV``, ``COM_AV``, ``TYPECOM_AP``, ``COM_AP``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

INCHANGEE = "unchanged"
FUSIONNEE = "merged"
PARTAGEE = "split"
ABSENTE = "absent"
DELEGUEE = "deleguee"
ARRONDISSEMENT = "arm"

_MOMENT = ("date", "ordre")

PASSAGES: dict[str, pl.DataType] = {
    "ancien": pl.String(),
    "nouveau": pl.String(),
    "relation": pl.String(),
}
"""Une ligne par (commune de départ, commune d'arrivée), et les codes infra-communaux connus.

``relation`` : ``unchanged`` (une commune, une commune, même si le code change), ``merged``
(plusieurs communes entières en font une), ``split`` (une part inconnue de l'ancienne commune),
``deleguee`` et ``arm`` (partie d'une commune d'arrivée).
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Passages:
    """Passages entre COG, calculés à la demande et gardés.

    Parameters
    ----------
    cog
        Année du COG d'arrivée le plus récent.
    communes
        Codes des communes de ce COG.
    mouvements
        Événements : ``date`` (AAAA-MM-JJ), ``ordre`` (rang dans la date : un changement de
        département précède la fusion du même jour), ``avant``, ``apres`` (codes de communes de
        plein exercice, vides quand la commune naît ou disparaît).
    deleguees
        Code de commune déléguée ou associée → commune de rattachement du COG.
    arrondissements
        Code d'arrondissement municipal → commune.
    """

    cog: int
    communes: frozenset[str]
    mouvements: pl.DataFrame
    deleguees: Mapping[str, str]
    arrondissements: Mapping[str, str]
    _gardes: dict[tuple[int, int], pl.DataFrame] = field(default_factory=dict, repr=False)

    def entre(self, cog_fichier: int, cog: int) -> pl.DataFrame:
        """Renvoie la table `PASSAGES` de toutes les communes de ``cog_fichier``.

        Raises
        ------
        ValueError
            Si ``cog_fichier`` est postérieur à ``cog``, ou ``cog`` à celui du référentiel.
        """
        if not cog_fichier <= cog <= self.cog:
            msg = f"passage de {cog_fichier} à {cog} impossible (référentiel : {self.cog})"
            raise ValueError(msg)
        cle = (cog_fichier, cog)
        if cle not in self._gardes:
            self._gardes[cle] = self._calculer(cog_fichier, cog)
        return self._gardes[cle]

    def communes_au(self, cog: int) -> frozenset[str]:
        """Renvoie les codes des communes d'un COG passé, en remontant les événements."""
        codes = set(self.communes)
        for avant, apres in reversed(self._par_date(cog, self.cog)):
            codes -= apres
            codes |= avant
        return frozenset(codes)

    def _evenements(self, debut: int, fin: int) -> pl.DataFrame:
        return self.mouvements.filter(
            (pl.col("date") > f"{debut}-01-01") & (pl.col("date") <= f"{fin}-01-01")
        ).sort("date", "ordre", "avant", "apres")

    def _par_date(self, debut: int, fin: int) -> list[tuple[set[str], set[str]]]:
        return [
            (set(groupe["avant"].to_list()) - {""}, set(groupe["apres"].to_list()) - {""})
            for _, groupe in self._evenements(debut, fin).group_by(*_MOMENT, maintain_order=True)
        ]

    def _calculer(self, debut: int, fin: int) -> pl.DataFrame:
        depart = self.communes_au(debut)
        morceaux: dict[str, set[str]] = {}
        partages: set[str] = set()
        touches: set[str] = set()
        for _, groupe in self._evenements(debut, fin).group_by(*_MOMENT, maintain_order=True):
            paires = list(zip(groupe["avant"], groupe["apres"], strict=True))
            touches |= {code for paire in paires for code in paire}
            etats: dict[str, set[str]] = {}
            for avant, apres in _composantes(paires):
                for code in avant:
                    morceaux.setdefault(code, {code} if code in depart else set())
                etats.update(_appliquer(avant, apres, morceaux, partages))
            for avant, _ in paires:
                morceaux.pop(avant, None)
            morceaux.update(etats)
        intactes = sorted(depart - touches)
        identite = pl.DataFrame(
            {"ancien": intactes, "nouveau": intactes}, schema_overrides=PASSAGES
        )
        arrivee = set(morceaux) | set(intactes)
        suivies = pl.DataFrame(
            sorted(_relations(morceaux, partages)) + self._rattachements(depart | arrivee, arrivee),
            schema=PASSAGES,
            orient="row",
        )
        return pl.concat(
            [identite.with_columns(relation=pl.lit(INCHANGEE)), suivies], how="vertical"
        ).sort("ancien", "nouveau")

    def _rattachements(
        self, communes: Collection[str], arrivee: Collection[str]
    ) -> list[tuple[str, str, str]]:
        return [
            (code, commune, relation)
            for relation, rattachements in (
                (DELEGUEE, self.deleguees),
                (ARRONDISSEMENT, self.arrondissements),
            )
            for code, commune in rattachements.items()
            if code not in communes and commune in arrivee
        ]


def _relations(
    morceaux: Mapping[str, set[str]], partages: set[str]
) -> Iterator[tuple[str, str, str]]:
    for nouveau, anciens in morceaux.items():
        for ancien in anciens:
            if ancien in partages:
                yield ancien, nouveau, PARTAGEE
            else:
                yield ancien, nouveau, INCHANGEE if len(anciens) == 1 else FUSIONNEE


def _composantes(paires: Iterable[tuple[str, str]]) -> list[tuple[set[str], set[str]]]:
    """Renvoie les groupes (communes d'avant, communes d'après) liés par des événements."""
    voisins: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for avant, apres in paires:
        gauche, droite = ("avant", avant), ("apres", apres)
        voisins[gauche] |= {droite} if apres else set()
        voisins[droite] |= {gauche} if avant else set()
    vus: set[tuple[str, str]] = {("avant", ""), ("apres", "")}
    groupes = []
    for depart in voisins:
        if depart in vus:
            continue
        pile, groupe = [depart], set()
        while pile:
            noeud = pile.pop()
            if noeud in vus:
                continue
            vus.add(noeud)
            groupe.add(noeud)
            pile.extend(voisins[noeud])
        groupes.append(
            ({code for cote, code in groupe if cote == "avant"},
             {code for cote, code in groupe if cote == "apres"})
        )  # fmt: skip
    return groupes


def _appliquer(
    avant: set[str], apres: set[str], morceaux: Mapping[str, set[str]], partages: set[str]
) -> dict[str, set[str]]:
    """Répartit entre les communes d'après les morceaux des communes d'avant."""
    reste: set[str] = set()
    for code in avant:
        reste |= morceaux.get(code, set())
    if len(apres) == 1:
        return {next(iter(apres)): reste}
    etats: dict[str, set[str]] = {}
    for code in apres - avant:
        if code in reste and code not in partages:
            etats[code] = {code}
    reste -= set(etats)
    suite = apres - set(etats)
    if len(suite) == 1 or not reste:
        etats.update({code: set(reste) for code in suite})
    else:
        partages |= reste
        etats.update({code: set(reste) for code in suite})
    return etats
