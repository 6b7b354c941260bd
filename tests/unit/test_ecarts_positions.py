"""Une valeur ne se situe que si sa précision le permet."""

import pytest

from solidiag.ecarts.positions import Mesure, mesurer, situer

DEMI_PAS = {"percent": 0.5, "euro": 5.0}


def ligne(**changements: object) -> dict[str, object]:
    defauts: dict[str, object] = {
        "indicateur": "x",
        "territoire": "EPCI-1",
        "periode": "2021",
        "unite": "percent",
        "value": 12.0,
        "lower": None,
        "upper": None,
        "status": "A",
        "precision": "exact",
    }
    return defauts | changements


@pytest.mark.parametrize(
    ("statut", "mot"), [("Q", "secret"), ("O", "non publié"), ("L", "documenté"), ("M", "objet")]
)
def test_an_absence_keeps_its_own_reason(statut: str, mot: str) -> None:
    mesure = mesurer(ligne(status=statut, value=None), DEMI_PAS)
    assert not mesure.lisible
    assert mot in mesure.absence


def test_a_value_under_a_secret_status_is_not_read() -> None:
    assert mesurer(ligne(status="Q", value=3.0), DEMI_PAS).valeur is None


def test_a_floor_is_a_bound_and_not_a_value() -> None:
    mesure = mesurer(ligne(precision="floor", value=5.0), DEMI_PAS)
    assert not mesure.lisible
    assert "plancher" in mesure.absence


def test_zero_is_a_value() -> None:
    assert mesurer(ligne(value=0.0), DEMI_PAS).valeur == 0.0


@pytest.mark.parametrize(
    ("precision", "bornes"),
    [("exact", (12, 12)), ("rounded", (11.5, 12.5)), ("rounded_down", (12, 13))],
)
def test_rounding_gives_bounds(precision: str, bornes: tuple[float, float]) -> None:
    mesure = mesurer(ligne(precision=precision), DEMI_PAS)
    assert (mesure.minimum, mesure.maximum) == bornes


def test_a_given_interval_wins_over_the_rounding() -> None:
    mesure = mesurer(ligne(precision="rounded", lower=9.0, upper=15.0), DEMI_PAS)
    assert (mesure.minimum, mesure.maximum) == (9.0, 15.0)


@pytest.mark.parametrize(
    ("valeur", "sens"), [(11.0, 1), (10.99, 0), (10.0, 0), (9.01, 0), (9.0, -1), (0.0, -1)]
)
def test_the_margin_is_relative_and_included(valeur: float, sens: int) -> None:
    assert situer(Mesure(valeur=valeur), Mesure(valeur=10.0), marge=0.1).sens == sens


def test_two_rounded_rates_that_touch_are_not_different() -> None:
    a = mesurer(ligne(value=6.0, precision="rounded"), DEMI_PAS)
    b = mesurer(ligne(value=5.0, precision="rounded"), DEMI_PAS)
    position = situer(a, b, marge=0.1)
    assert position.sens == 0
    assert not position.etablie


def test_two_rounded_rates_that_do_not_touch_are_different() -> None:
    a = mesurer(ligne(value=7.0, precision="rounded"), DEMI_PAS)
    b = mesurer(ligne(value=5.0, precision="rounded"), DEMI_PAS)
    assert situer(a, b, marge=0.1).sens == 1


def test_a_value_above_a_zero_reference_is_above() -> None:
    assert situer(Mesure(valeur=1.0), Mesure(valeur=0.0), marge=0.1).sens == 1
    assert situer(Mesure(valeur=0.0), Mesure(valeur=0.0), marge=0.1).sens == 0


def test_a_measure_without_value_cannot_be_placed() -> None:
    with pytest.raises(ValueError, match="ne se situe pas"):
        situer(Mesure(valeur=None, absence="non publié"), Mesure(valeur=1.0), marge=0.1)
