"""Bornes de classes : valeurs de mapclassify sur le jeu « calemp »."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from solidiag.statistics.classes import jenks, quantiles

REFERENCE = json.loads(
    (Path(__file__).parent / "donnees" / "classes_calemp.json").read_text(encoding="utf-8")
)
VALEURS = np.asarray(REFERENCE["valeurs"])


def effectifs(bornes: tuple[float, ...]) -> list[int]:
    """Classes fermées à droite, comme dans mapclassify."""
    rangs = np.searchsorted(bornes, VALEURS, side="left")
    return np.bincount(rangs, minlength=len(bornes)).tolist()


@pytest.mark.parametrize("nombre", [4, 5, 7])
def test_quantiles_are_those_of_mapclassify(nombre: int) -> None:
    attendu = REFERENCE["attendus"][f"quantiles_{nombre}"]
    bornes = quantiles(VALEURS, nombre)
    assert bornes == pytest.approx(attendu["bins"], rel=1e-12)
    assert effectifs(bornes) == attendu["counts"]


@pytest.mark.parametrize("nombre", [4, 5, 7])
def test_jenks_breaks_are_those_of_fisher_jenks(nombre: int) -> None:
    attendu = REFERENCE["attendus"][f"fisher_jenks_{nombre}"]
    bornes = jenks(VALEURS, nombre)
    assert bornes == pytest.approx(attendu["bins"], rel=1e-12)
    assert effectifs(bornes) == attendu["counts"]


@pytest.mark.parametrize("nombre", [4, 5, 7])
def test_jenks_classes_have_the_published_absolute_deviation(nombre: int) -> None:
    bornes = jenks(VALEURS, nombre)
    rangs = np.searchsorted(bornes, VALEURS, side="left")
    groupes = [VALEURS[rangs == rang] for rang in range(nombre)]
    adcm = sum(float(np.abs(groupe - np.median(groupe)).sum()) for groupe in groupes)
    assert adcm == pytest.approx(REFERENCE["attendus"][f"fisher_jenks_{nombre}"]["adcm"])
