"""Mesures d'accès : cas comptés à la main et données refusées."""

from __future__ import annotations

import math

import numpy as np
import pytest

from solidiag.geography.accessibilite import (
    Encadrement,
    acces_flottant,
    acces_type_apl,
    besoin_par_age,
    encadrer_acces,
    nombre_a_portee,
    plus_proche,
)
from solidiag.geography.couples import Couples
from solidiag.geography.decroissances import Decroissance

TRENTE = Decroissance.binaire(30)


def couples(
    *lignes: tuple[int, int, float, float, float], departs: int = 3, arrivees: int = 3
) -> Couples:
    table = np.array(sorted(lignes), dtype=float).reshape(-1, 5)
    return Couples(
        n_departs=departs,
        n_arrivees=arrivees,
        depart=table[:, 0].astype(np.int32),
        arrivee=table[:, 1].astype(np.int32),
        temps=table[:, 2],
        bas=table[:, 3],
        haut=table[:, 4],
    )


# Départ 0 : arrivées 0 (10 min) et 1 (20 min) ; départ 1 : arrivée 1 (20 min) ; départ 2 : rien.
TROIS = couples((0, 0, 10, 8, 15), (0, 1, 20, 9, 31), (1, 1, 20, 16, 30))


def test_nearest_with_its_band() -> None:
    proche = plus_proche(TROIS)
    assert proche.arrivee.tolist() == [0, 1, -1]
    assert proche.temps[:2].tolist() == [10, 20]
    assert proche.bas[:2].tolist() == [8, 16]
    assert proche.haut[:2].tolist() == [15, 30]
    assert np.isnan([proche.temps[2], proche.bas[2], proche.haut[2]]).all()


def test_equal_times_give_the_first_arrival() -> None:
    egaux = couples((0, 0, 9, 9, 9), (0, 1, 5, 5, 5), (0, 2, 5, 5, 5))
    assert plus_proche(egaux).arrivee[0] == 1


def test_services_and_supply_within_reach() -> None:
    nombre = nombre_a_portee(TROIS, None, 20)
    assert nombre.central.tolist() == [2, 1, 0]
    assert nombre.bas.tolist() == [1, 0, 0]
    assert nombre.haut.tolist() == [2, 1, 0]
    places = Encadrement(
        central=np.array([4.0, 6, 9]), bas=np.array([3.0, 6, 9]), haut=np.array([4.0, 8, 9])
    )
    offre = nombre_a_portee(TROIS, places, 20)
    assert (offre.bas[0], offre.central[0], offre.haut[0]) == (3, 10, 12)


def test_two_steps_by_hand() -> None:
    # Arrivée 0 : 6 places pour 10 personnes ; arrivée 1 : 8 pour 10 + 30 ; arrivée 2 : personne.
    acces = acces_flottant(TROIS, population=[10, 30, 5], offre=[6, 8, 7], decroissance=TRENTE)
    assert acces.par_depart.tolist() == pytest.approx([0.8, 0.2, 0])
    assert acces.par_arrivee[:2].tolist() == pytest.approx([0.6, 0.2])
    assert math.isnan(acces.par_arrivee[2])
    assert acces.demande.tolist() == [10, 40, 0]
    assert acces.non_atteinte == 7


def test_a_service_reached_by_empty_places_only_is_not_reached() -> None:
    acces = acces_flottant(TROIS, population=[0, 30, 5], offre=[6, 8, 7], decroissance=TRENTE)
    assert acces.par_depart.tolist() == pytest.approx([8 / 30, 8 / 30, 0])
    assert acces.non_atteinte == 13


def test_need_counts_as_persons() -> None:
    sans = acces_flottant(TROIS, population=[20, 15, 5], offre=[6, 8, 7], decroissance=TRENTE)
    avec = acces_flottant(
        TROIS, population=[10, 30, 5], besoin=[2, 0.5, 1], offre=[6, 8, 7], decroissance=TRENTE
    )
    assert avec.par_depart.tolist() == sans.par_depart.tolist()


def test_three_steps_by_hand() -> None:
    # Départ 0 choisit à parts égales, départ 1 n'a qu'un choix : 10 × 1/2, puis 10 × 1/2 + 30.
    acces = acces_flottant(
        TROIS, population=[10, 30, 5], offre=[6, 7, 7], decroissance=TRENTE, selection=True
    )
    assert acces.par_arrivee[:2].tolist() == pytest.approx([6 / 5, 7 / 35])
    assert acces.par_depart.tolist() == pytest.approx([0.5 * (6 / 5 + 0.2), 0.2, 0])


def test_age_weights_by_hand() -> None:
    # Jeunes (1) et âgés (3), France moitié-moitié : moyenne 2, besoins 1/2, 3/2 et 1 (vide).
    besoins = besoin_par_age([[10, 0], [0, 20], [0, 0]], [1, 3], reference=[5, 5])
    assert besoins.tolist() == [0.5, 1.5, 1]
    acces = acces_type_apl(
        TROIS,
        effectifs=[[10, 0], [0, 20], [0, 0]],
        poids_age=[1, 3],
        offre=[6, 7, 0],
        decroissance=TRENTE,
        pour=1_000,
        reference=[5, 5],
    )
    assert acces.par_depart.tolist() == pytest.approx([1_000 * (6 / 5 + 7 / 35), 200, 0])


def test_no_couple_at_all() -> None:
    rien = couples(departs=2, arrivees=1)
    assert plus_proche(rien).arrivee.tolist() == [-1, -1]
    assert nombre_a_portee(rien, None, 20).haut.tolist() == [0, 0]
    for selection in (False, True):
        acces = acces_flottant(
            rien, population=[1, 2], offre=[4], decroissance=TRENTE, selection=selection
        )
        assert acces.par_depart.tolist() == [0, 0]
        assert acces.non_atteinte == 4
    exacts = Encadrement.sans_marge([1, 2])
    bornes = encadrer_acces(
        rien, population=exacts, offre=Encadrement.sans_marge([4]), decroissance=TRENTE
    )
    assert bornes.haut.tolist() == [0, 0]


def test_no_service_and_nobody() -> None:
    vide = couples(departs=0, arrivees=0)
    acces = acces_flottant(vide, population=[], offre=[], decroissance=TRENTE)
    assert acces.par_depart.tolist() == []
    assert acces.non_atteinte == 0


@pytest.mark.parametrize("valeur", [math.nan, -1.0, math.inf])
def test_an_unknown_value_is_never_a_zero(valeur: float) -> None:
    with pytest.raises(ValueError, match=r"population : 1 valeurs.*rang 1"):
        acces_flottant(TROIS, population=[1, valeur, 1], offre=[1, 1, 1], decroissance=TRENTE)
    with pytest.raises(ValueError, match=r"offre : 1 valeurs.*rang 2"):
        nombre_a_portee(TROIS, [1, 1, valeur], 20)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"offre : \(2,\) valeurs pour 3 points"):
        acces_flottant(TROIS, population=[1, 1, 1], offre=[1, 1], decroissance=TRENTE)
    with pytest.raises(ValueError, match="une table"):
        besoin_par_age([1, 2], [1])
    with pytest.raises(ValueError, match="besoin moyen nul"):
        besoin_par_age([[1, 2]], [0, 0])
    with pytest.raises(ValueError, match="désordre en 1 points"):
        Encadrement(central=np.array([1.0]), bas=np.array([2.0]), haut=np.array([3.0]))


def test_bounds_by_hand() -> None:
    # Départ 0, borne haute : ses trajets au plus court (8 et 9 min), celui du départ 1 au plus
    # long (30 min, encore à portée) : 6/10 + 8/40. Borne basse : 15 et 31 min (hors de portée).
    bornes = encadrer_acces(
        TROIS,
        population=Encadrement.sans_marge([10, 30, 5]),
        offre=Encadrement.sans_marge([6, 8, 7]),
        decroissance=TRENTE,
    )
    assert bornes.bas.tolist() == pytest.approx([0.6, 8 / 40, 0])
    # Départ 1, borne haute : le départ 0 n'atteint plus l'arrivée 1.
    assert bornes.haut.tolist() == pytest.approx([0.8, 8 / 30, 0])


def test_a_reach_that_may_have_no_demand_has_no_upper_bound() -> None:
    un = couples((0, 0, 10, 10, 10), departs=1, arrivees=1)
    gens = Encadrement(central=np.array([5.0]), bas=np.array([0.0]), haut=np.array([9.0]))
    bornes = encadrer_acces(
        un, population=gens, offre=Encadrement.sans_marge([3]), decroissance=TRENTE
    )
    assert (bornes.bas[0], bornes.central[0], bornes.haut[0]) == (0, 0.6, math.inf)
    personne = encadrer_acces(
        un,
        population=Encadrement.sans_marge([0]),
        offre=Encadrement.sans_marge([3]),
        decroissance=TRENTE,
    )
    assert personne.haut.tolist() == [0]
