"""Lire et aligner les fichiers communaux, par Solidiag et par pandas écrit simplement.

Le même travail des deux côtés : lire les colonnes voulues d'un CSV compressé, changer chaque marque
en statut, mettre en lignes, amener les communes au code officiel géographique courant, additionner
les effectifs des communes fusionnées. Les deux résultats sont comparés avant d'être chronométrés.
"""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import polars as pl

from solidiag.besoins.formules import variables_requises, variables_sommables
from solidiag.catalogue.source import Fichier, Source
from solidiag.geography.alignement import aligner
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.sources.registre import lire
from solidiag.storage.depot import Depot

_OPTIONS_SIMPLES = frozenset({"separateur", "decimale", "colonne_code", "marques"})
_REPETITIONS = 3


@dataclass(frozen=True, slots=True)
class Travail:
    """Un fichier communal à lire et à aligner."""

    source: Source
    fichier: Fichier
    octets: bytes
    variables: list[str]
    sommables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparaison:
    """Durées, et ce qui a été lu."""

    fichiers: int
    valeurs: int
    solidiag_s: float
    pandas_s: float

    @property
    def rapport(self) -> float:
        """Durée de Solidiag divisée par celle de pandas."""
        return self.solidiag_s / self.pandas_s


def travaux(depot: Depot) -> list[Travail]:
    """Renvoie les fichiers communaux dont la lecture est simple des deux côtés."""
    indicateurs = list(depot.indicateurs.values())
    sommables = variables_sommables(indicateurs)
    choisis = []
    for reference, variables in sorted(variables_requises(indicateurs).items()):
        source, fichier = depot.fichier(reference)
        simple = set(fichier.options) <= _OPTIONS_SIMPLES and fichier.fichier.endswith(".csv.gz")
        if fichier.lecteur == "colonnes" and fichier.niveau == "COM" and simple:
            choisis.append(
                Travail(
                    source,
                    fichier,
                    depot.octets(fichier.fichier),
                    sorted(variables),
                    frozenset(sommables.get(reference, set())),
                )
            )
    return choisis


def par_solidiag(travail: Travail, referentiel: Referentiel) -> pl.DataFrame:
    brute = lire(travail.octets, travail.source, travail.fichier, variables=set(travail.variables))
    return aligner(
        brute,
        referentiel.passages,
        cog_fichier=travail.fichier.cog,
        cog=referentiel.cog,
        sommables=travail.sommables,
    )


def par_pandas(travail: Travail, passages: pd.DataFrame) -> pd.DataFrame:
    options: dict[str, Any] = travail.fichier.options
    code = options.get("colonne_code", "CODGEO")
    texte = pd.read_csv(
        io.BytesIO(gzip.decompress(travail.octets)),
        sep=options.get("separateur", ";"),
        usecols=[code, *travail.variables],
        dtype=str,
        keep_default_na=False,
    )
    longue = texte.rename(columns={code: "code"}).melt("code", var_name="variable")
    marques = {**travail.source.marques, **options.get("marques", {})}
    longue["statut"] = longue["value"].map(marques).fillna("A")
    nombre = longue["value"].where(longue["statut"] == "A")
    if options.get("decimale") == ",":
        nombre = nombre.str.replace(",", ".", regex=False)
    longue["valeur"] = pd.to_numeric(nombre)
    jointe = longue.merge(passages, left_on="code", right_on="ancien")
    simples = jointe[jointe["relation"] == "unchanged"]
    fusions = jointe[jointe["relation"] == "merged"]
    fusions = fusions[fusions["variable"].isin(travail.sommables)]
    groupes = fusions.groupby(["nouveau", "variable"])
    sommes = groupes["valeur"].sum().to_frame()
    connues = groupes["valeur"].count() == groupes["attendus"].max()
    sommes = sommes[connues].reset_index()
    return pd.concat([simples[["nouveau", "variable", "valeur", "statut"]], sommes])


def comparer() -> Comparaison:
    """Chronomètre les deux, dans le même processus ; la meilleure de trois exécutions."""
    depot = Depot()
    referentiel = charger_referentiel(depot)
    choisis = travaux(depot)
    passages: dict[int, pd.DataFrame] = {}
    for travail in choisis:
        cog = travail.fichier.cog
        if cog not in passages:
            table = referentiel.passages.entre(cog, referentiel.cog)
            colonnes = {nom: table[nom].to_list() for nom in table.columns}
            passages[cog] = pd.DataFrame(colonnes)
            attendus = passages[cog].groupby(["nouveau", "relation"])["ancien"].transform("size")
            passages[cog]["attendus"] = attendus
    valeurs = sum(_memes_valeurs(t, referentiel, passages[t.fichier.cog]) for t in choisis)
    return Comparaison(
        len(choisis),
        valeurs,
        _duree(lambda: [par_solidiag(t, referentiel) for t in choisis]),
        _duree(lambda: [par_pandas(t, passages[t.fichier.cog]) for t in choisis]),
    )


def _memes_valeurs(travail: Travail, referentiel: Referentiel, passages: pd.DataFrame) -> int:
    """Renvoie le nombre de valeurs communes, après avoir vérifié qu'elles sont égales."""
    nous = par_solidiag(travail, referentiel).filter(pl.col("valeur").is_not_null())
    eux = par_pandas(travail, passages).dropna(subset=["valeur"])
    a = {(c, v): x for c, v, x in nous.select("code", "variable", "valeur").iter_rows()}
    b = {(c, v): x for c, v, x in eux[["nouveau", "variable", "valeur"]].itertuples(index=False)}
    communes = a.keys() & b.keys()
    if len(communes) < 0.99 * max(len(a), len(b)):
        msg = f"{travail.fichier.fichier} : {len(a)} valeurs, {len(b)} avec pandas"
        raise ValueError(msg)
    ecarts = [cle for cle in communes if abs(a[cle] - b[cle]) > 1e-6 * max(1.0, abs(a[cle]))]
    if ecarts:
        msg = f"{travail.fichier.fichier} : {len(ecarts)} valeurs différentes, dont {ecarts[0]}"
        raise ValueError(msg)
    return len(communes)


def _duree(travail: Callable[[], object]) -> float:
    durees = []
    for _ in range(_REPETITIONS):
        debut = time.perf_counter()
        travail()
        durees.append(time.perf_counter() - debut)
    return min(durees)
