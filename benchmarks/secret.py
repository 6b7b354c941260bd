"""Temps et part cachée d'une table fictive de 327 communes × 6 modalités, avec ses totaux.

Données fictives : tirages de Poisson, populations log-normales.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from solidiag.confidentiality.protection import TableBrute, proteger
from solidiag.confidentiality.secret import Marque, Regles
from solidiag.confidentiality.structure import (
    Cellule,
    Structure,
    croiser,
    modalites_et_total,
    territoires_emboites,
)

PARTS = (0.10, 0.06, 0.04, 0.03, 0.02, 0.01)


def table_fictive(
    communes: int, epci: int, cantons: int, graine: int
) -> tuple[Structure, dict[Cellule, float]]:
    rng = np.random.default_rng(graine)
    population = np.exp(rng.normal(6.3, 1.2, communes))
    parents: dict[str, list[str]] = {}
    for i in range(communes):
        parents[f"COM-{i:03d}"] = [f"EPCI-{i % epci}", "DEP-1"]
        if cantons:
            parents[f"COM-{i:03d}"].append(f"CAN-{rng.integers(cantons)}")
    modalites = [f"m{k}" for k in range(len(PARTS))]
    structure = croiser(territoires_emboites(parents), modalites_et_total("T", modalites))
    valeurs = dict.fromkeys(structure.cellules, 0.0)
    for i, (commune, zones) in enumerate(parents.items()):
        for modalite, part in zip(modalites, PARTS, strict=True):
            n = float(rng.poisson(population[i] * part))
            for territoire in (commune, *zones):
                valeurs[territoire, modalite] += n
                valeurs[territoire, "T"] += n
    return structure, valeurs


def main() -> None:
    lecteur = argparse.ArgumentParser(description=__doc__)
    lecteur.add_argument("--rendre", type=int, default=40)
    options = lecteur.parse_args()
    for graine, cantons in ((0, 0), (1, 0), (0, 15)):
        structure, valeurs = table_fictive(327, 18, cantons, graine)
        debut, processeur = time.perf_counter(), time.process_time()
        table = TableBrute(nom="table fictive", valeurs=valeurs)
        protegee = proteger(table, structure, Regles(), rendre=options.rendre)
        nombre = protegee.compter()
        print(
            f"{len(valeurs)} cases, {cantons} cantons : {nombre[Marque.PRIMAIRE]} primaires, "
            f"{nombre[Marque.SECONDAIRE]} secondaires "
            f"({100 * nombre[Marque.SECONDAIRE] / len(valeurs):.1f} %), "
            f"{time.perf_counter() - debut:.1f} s ({time.process_time() - processeur:.1f} s de "
            "processeur)"
        )


if __name__ == "__main__":
    main()
