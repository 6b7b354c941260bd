"""Lire 61 colonnes d'un fichier national de 1 900 colonnes, à côté de polars nu.

Le fichier est fictif : il a la forme du dossier complet de l'Insee (une ligne par commune, des
colonnes ``P22_…``), ses nombres sont tirés au sort. Solidiag part d'octets déjà en mémoire, que le
dépôt a lus pour contrôler leur empreinte ; polars est chronométré deux fois, depuis le fichier
(ce que l'on écrit d'ordinaire) et depuis les mêmes octets.
"""

from __future__ import annotations

import gc
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from solidiag.catalogue.source import Fichier, Licence, Source
from solidiag.sources.registre import lire

COLONNES = 1_900
LUES = 61
COMMUNES = 34_900
_REPETITIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparaison:
    """Durées (s) des lectures, et ce qu'elles ont lu."""

    solidiag_s: float
    polars_s: float
    polars_memoire_s: float
    cellules: int
    taille_mo: float


def ecrire(chemin: Path) -> list[str]:
    """Écrit le fichier fictif ; renvoie les colonnes à lire."""
    hasard = np.random.default_rng(40)
    noms = [f"P22_V{rang:04d}" for rang in range(COLONNES - 1)]
    codes = [f"{rang:05d}" for rang in range(COMMUNES)]
    premier = True
    with chemin.open("wb") as fichier:
        for debut in range(0, COMMUNES, 5_000):
            tranche = codes[debut : debut + 5_000]
            valeurs = hasard.gamma(0.8, 220.0, size=(len(tranche), len(noms))).round(3)
            table = pl.DataFrame(valeurs, schema=noms, orient="row")
            table.insert_column(0, pl.Series("CODGEO", tranche))
            table.write_csv(fichier, separator=";", include_header=premier)
            premier = False
    pas = len(noms) // LUES
    return noms[::pas][:LUES]


def comparer() -> Comparaison:
    """Renvoie les durées, chacune la meilleure de cinq, dans le même processus."""
    with tempfile.TemporaryDirectory(prefix="solidiag-bench-") as temporaire:
        chemin = Path(temporaire) / "dossier_complet.csv"
        colonnes = ecrire(chemin)
        fichier = Fichier(id="f", fichier="f.csv", millesime="2022", cog=2025, niveau="COM")
        source = Source(
            id="fictif.recensement",
            titre="Fichier fictif",
            producteur="personne",
            licence=Licence(id="fictif"),
            champ="fictif",
            fichiers=(fichier,),
        )
        octets = chemin.read_bytes()
        notres, du_fichier, de_memoire = [], [], []
        for _ in range(_REPETITIONS):
            for origine, durees in ((chemin, du_fichier), (octets, de_memoire)):
                gc.collect()
                depart = time.perf_counter()
                nue = (
                    pl.scan_csv(origine, separator=";", schema_overrides={"CODGEO": pl.String})
                    .select("CODGEO", *colonnes)
                    .collect()
                )
                durees.append(time.perf_counter() - depart)
                somme_nue = float(nue.select(pl.sum_horizontal(pl.sum(colonnes))).item())
                del nue
            gc.collect()
            depart = time.perf_counter()
            lue = lire(octets, source, fichier, variables=set(colonnes))
            notres.append(time.perf_counter() - depart)
            if abs(float(lue["valeur"].sum()) - somme_nue) > 1e-6 * somme_nue:
                raise SystemExit("les lectures ne donnent pas les mêmes valeurs")
            cellules = lue.height
            del lue
        return Comparaison(
            solidiag_s=min(notres),
            polars_s=min(du_fichier),
            polars_memoire_s=min(de_memoire),
            cellules=cellules,
            taille_mo=chemin.stat().st_size / 1e6,
        )
