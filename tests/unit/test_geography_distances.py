"""Distances et temps de trajet estimés."""

from __future__ import annotations

import math

import numpy as np
import pytest

from solidiag.geography.distances import (
    Bande,
    ParametresTrajet,
    distance_interne_km,
    distances_km,
    temps_estimes,
)
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def parametres() -> ParametresTrajet:
    return ParametresTrajet.depuis(Depot().parametres("temps_de_trajet"))


def test_a_quarter_of_meridian() -> None:
    quart = distances_km([0.0], [0.0], vers_latitudes=[90.0], vers_longitudes=[0.0])
    assert quart[0, 0] == pytest.approx(6371.0088 * math.pi / 2)


def test_an_unknown_point_gives_no_distance() -> None:
    distances = distances_km([43.0], [0.0], vers_latitudes=[math.nan], vers_longitudes=[0.0])
    assert math.isnan(distances[0, 0])


def test_the_declared_parameters_are_complete(parametres: ParametresTrajet) -> None:
    assert set(parametres.vitesses) == set(range(1, 8))
    assert parametres.detour.bas >= 1


def test_time_is_within_its_band_and_slower_in_town(parametres: ParametresTrajet) -> None:
    temps = temps_estimes(np.array([[10.0, 10.0]]), parametres, densites=[7], vers_densites=[7, 1])
    assert (temps.bas < temps.central).all()
    assert (temps.central < temps.haut).all()
    assert temps.central[0, 1] > temps.central[0, 0]
    attendu = 10 * parametres.detour.central / parametres.vitesses[7].central * 60
    assert temps.central[0, 0] == pytest.approx(attendu)


def test_unknown_density_has_its_own_speed(parametres: ParametresTrajet) -> None:
    temps = temps_estimes(np.array([[9.0]]), parametres, densites=[None], vers_densites=[None])
    vitesse = parametres.vitesse_sans_densite.central
    assert temps.central[0, 0] == pytest.approx(9 * parametres.detour.central / vitesse * 60)


def test_shapes_must_agree(parametres: ParametresTrajet) -> None:
    with pytest.raises(ValueError, match="matrice"):
        temps_estimes(np.zeros((2, 2)), parametres, densites=[1], vers_densites=[1, 2])


@pytest.mark.parametrize("bornes", [(1.0, 2.0, 3.0), (1.0, 0.0, 3.0), (4.0, 1.0, 3.0)])
def test_a_band_out_of_order_is_refused(bornes: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="désordre"):
        Bande(central=bornes[0], bas=bornes[1], haut=bornes[2])


def test_inside_a_commune() -> None:
    assert distance_interne_km([4.0, 0.0]).tolist() == [1.0, 0.0]


def test_beyond_the_local_range_the_road_is_faster() -> None:
    bande = Bande(central=40, bas=40, haut=40)
    parametres = ParametresTrajet(
        detour=Bande(central=1, bas=1, haut=1),
        vitesses={},
        vitesse_sans_densite=bande,
        plafond_minutes=180,
        portee_locale_km=20,
        vitesse_longue=Bande(central=80, bas=80, haut=80),
    )
    temps = temps_estimes(
        np.array([[10.0, 60.0]]), parametres, densites=[None], vers_densites=[None, None]
    )
    assert temps.central.tolist() == [[15.0, 30.0 + 30.0]]
