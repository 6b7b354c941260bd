"""Coordonnées en mètres : chaque territoire dans sa projection, un point hors d'elle est écarté."""

from __future__ import annotations

import math

import numpy as np
import pytest

from solidiag.sources.offre.projections import PAR_NOM, en_degres, projection_de


def degres(x: float, y: float, epsg: int) -> tuple[float, float]:
    latitude, longitude = en_degres(np.array([x]), np.array([y]), np.array([epsg]))
    return float(latitude[0]), float(longitude[0])


def lambert93_inverse(x: float, y: float) -> tuple[float, float]:
    """Renvoie latitude et longitude par les formules de la note NTG 71 de l'IGN (GRS 80)."""
    a, f = 6378137.0, 1 / 298.257222101
    e = math.sqrt(2 * f - f * f)
    phi0, phi1, phi2 = (math.radians(v) for v in (46.5, 44.0, 49.0))

    def m(phi: float) -> float:
        return math.cos(phi) / math.sqrt(1 - (e * math.sin(phi)) ** 2)

    def isometrique(phi: float) -> float:
        s = e * math.sin(phi)
        return math.log(math.tan(math.pi / 4 + phi / 2) * ((1 - s) / (1 + s)) ** (e / 2))

    n = (math.log(m(phi1)) - math.log(m(phi2))) / (isometrique(phi2) - isometrique(phi1))
    c = a * m(phi1) / n * math.exp(n * isometrique(phi1))
    y0 = 6600000 + c * math.exp(-n * isometrique(phi0))
    r = math.hypot(x - 700000, y - y0)
    gamma = math.atan((x - 700000) / (y0 - y))
    iso = -math.log(r / c) / n
    phi = 2 * math.atan(math.exp(iso)) - math.pi / 2
    for _ in range(12):
        s = e * math.sin(phi)
        phi = 2 * math.atan(((1 + s) / (1 - s)) ** (e / 2) * math.exp(iso)) - math.pi / 2
    return math.degrees(phi), 3 + math.degrees(gamma / n)


def test_the_origin_of_lambert_93_is_that_of_its_definition() -> None:
    assert degres(700000, 6600000, 2154) == pytest.approx((46.5, 3.0), abs=1e-9)


@pytest.mark.parametrize(
    ("x", "y"), [(419000, 6316000), (870215.7, 6571590.5), (1240000, 6100000), (150000, 6850000)]
)
def test_lambert_93_agrees_with_the_published_formulas(x: float, y: float) -> None:
    assert degres(x, y, 2154) == pytest.approx(lambert93_inverse(x, y), abs=1e-7)


def test_the_central_meridian_of_the_antilles_is_63_west() -> None:
    latitude, longitude = degres(500000, 1_990_000, PAR_NOM["UTM_N20"])
    assert longitude == pytest.approx(-63.0, abs=1e-9)
    assert 17.9 < latitude < 18.1


@pytest.mark.parametrize(
    ("code", "epsg"),
    [("40192", 2154), ("2A004", 2154), ("97105", 5490), ("97209", 5490), ("97302", 2972),
     ("97411", 2975), ("97502", 4467), ("97608", 4471), ("974", 2975)],
)  # fmt: skip
def test_each_territory_has_its_legal_projection(code: str, epsg: int) -> None:
    assert projection_de(code) == epsg


@pytest.mark.parametrize(
    ("x", "y", "epsg"),
    [(0, 0, 2154), (6316000, 419000, 2154), (419000, 6316000, 2975), (math.nan, 1, 2154),
     (419000, 6316000, 0)],
)  # fmt: skip
def test_a_point_outside_its_projection_is_no_point(x: float, y: float, epsg: int) -> None:
    assert all(math.isnan(v) for v in degres(x, y, epsg))
