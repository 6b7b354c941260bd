"""Accès par aires flottantes : ce qui vaut quels que soient les points et la décroissance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solidiag.geography.accessibilite import (
    Encadrement,
    acces_flottant,
    encadrer_acces,
    nombre_a_portee,
    plus_proche,
)
from solidiag.geography.couples import Couples, Reels
from solidiag.geography.decroissances import Decroissance

DECROISSANCES = (
    Decroissance.binaire(30),
    Decroissance.par_paliers([(10, 1), (20, 0.68), (30, 0.22)]),
    Decroissance.gaussienne(30, echelle=12),
    Decroissance.exponentielle(30, echelle=10),
    Decroissance.puissance(30, exposant=1.5, plancher=2),
    Decroissance.logistique(30, centre=15, echelle=3),
)


@dataclass(frozen=True, kw_only=True)
class Cas:
    couples: Couples
    population: Reels
    offre: Reels
    decroissance: Decroissance
    selection: bool

    def acces(self, **autres: object) -> Reels:
        arguments = {
            "population": self.population,
            "offre": self.offre,
            "decroissance": self.decroissance,
            "selection": self.selection,
            **autres,
        }
        couples = arguments.pop("couples", self.couples)
        return acces_flottant(couples, **arguments).par_depart


def former(depart: Reels, arrivee: Reels, bandes: Reels, taille: tuple[int, int]) -> Couples:
    ordre = np.lexsort((arrivee, depart))
    return Couples(
        n_departs=taille[0],
        n_arrivees=taille[1],
        depart=depart[ordre].astype(np.int32),
        arrivee=arrivee[ordre].astype(np.int32),
        bas=bandes[0][ordre],
        temps=bandes[1][ordre],
        haut=bandes[2][ordre],
    )


@st.composite
def cas(tirer: st.DrawFn, selection: bool | None = None) -> Cas:
    rng = np.random.default_rng(tirer(st.integers(0, 2**32 - 1)))
    n, m = tirer(st.integers(1, 7)), tirer(st.integers(1, 7))
    lies = np.flatnonzero(rng.random(n * m) < tirer(st.sampled_from((0.0, 0.4, 1.0))))
    bandes = np.sort(rng.uniform(0, 45, (3, len(lies))), axis=0)
    if tirer(st.booleans()):
        bandes = np.round(bandes / 10) * 10
    return Cas(
        couples=former(lies // m, lies % m, bandes, (n, m)),
        population=rng.uniform(0, 900, n) * (rng.random(n) < 0.8),
        offre=rng.uniform(0, 40, m) * (rng.random(m) < 0.8),
        decroissance=tirer(st.sampled_from(DECROISSANCES)),
        selection=tirer(st.booleans()) if selection is None else selection,
    )


@given(cas())
def test_persons_times_access_is_the_reached_supply(un: Cas) -> None:
    acces = acces_flottant(
        un.couples,
        population=un.population,
        offre=un.offre,
        decroissance=un.decroissance,
        selection=un.selection,
    )
    atteinte = un.offre.sum() - acces.non_atteinte
    assert un.population @ acces.par_depart == pytest.approx(atteinte, rel=1e-9, abs=1e-9)
    assert acces.non_atteinte == pytest.approx(un.offre[np.isnan(acces.par_arrivee)].sum())


@given(cas())
def test_access_does_not_depend_on_the_order_of_points(un: Cas) -> None:
    rng = np.random.default_rng(1)
    c = un.couples
    departs, arrivees = rng.permutation(c.n_departs), rng.permutation(c.n_arrivees)
    population, offre = np.empty_like(un.population), np.empty_like(un.offre)
    population[departs], offre[arrivees] = un.population, un.offre
    melanges = former(
        departs[c.depart],
        arrivees[c.arrivee],
        np.array([c.bas, c.temps, c.haut]),
        (c.n_departs, c.n_arrivees),
    )
    trouve = un.acces(couples=melanges, population=population, offre=offre)
    np.testing.assert_allclose(trouve[departs], un.acces(), rtol=1e-9, atol=1e-12)


@given(cas(), st.integers(0, 6), st.floats(0, 1))
def test_splitting_a_place_in_two_changes_no_access(un: Cas, rang: int, part: float) -> None:
    """Une limite tracée au milieu d'un lieu ne change l'accès de personne."""
    c = un.couples
    coupe = rang % c.n_departs
    sien = c.depart == coupe
    deux = former(
        np.concatenate([c.depart, np.full(sien.sum(), c.n_departs)]),
        np.concatenate([c.arrivee, c.arrivee[sien]]),
        np.array([np.concatenate([t, t[sien]]) for t in (c.bas, c.temps, c.haut)]),
        (c.n_departs + 1, c.n_arrivees),
    )
    gens = np.append(un.population, (1 - part) * un.population[coupe])
    gens[coupe] *= part
    trouve, avant = un.acces(couples=deux, population=gens), un.acces()
    np.testing.assert_allclose(trouve, np.append(avant, avant[coupe]), rtol=1e-9, atol=1e-12)


@given(cas(), st.sampled_from((0.25, 3.0)))
def test_scaling_laws(un: Cas, facteur: float) -> None:
    avant = un.acces()
    np.testing.assert_allclose(un.acces(offre=facteur * un.offre), facteur * avant, rtol=1e-9)
    np.testing.assert_allclose(
        un.acces(population=facteur * un.population), avant / facteur, rtol=1e-9
    )
    np.testing.assert_allclose(
        un.acces(besoin=np.full(len(un.population), facteur)), avant / facteur, rtol=1e-9
    )


@given(cas(), st.integers(0, 6))
def test_more_supply_never_lowers_an_access(un: Cas, rang: int) -> None:
    plus = un.offre.copy()
    plus[rang % len(plus)] += 5
    assert (un.acces(offre=plus) >= un.acces() - 1e-12).all()


@given(cas())
def test_nearest_is_the_smallest_and_a_new_service_never_moves_it_away(un: Cas) -> None:
    c = un.couples
    proche = plus_proche(c)
    for depart in range(c.n_departs):
        siens = c.depart == depart
        if not siens.any():
            assert proche.arrivee[depart] == -1
            continue
        assert proche.temps[depart] == c.temps[siens].min()
        premier = c.arrivee[siens & (c.temps == proche.temps[depart])].min()
        assert proche.arrivee[depart] == premier
    moins = c.arrivee > 0
    sans = plus_proche(
        former(
            c.depart[moins],
            c.arrivee[moins],
            np.array([c.bas, c.temps, c.haut])[:, moins],
            (c.n_departs, c.n_arrivees),
        )
    )
    assert (np.nan_to_num(proche.temps, nan=99) <= np.nan_to_num(sans.temps, nan=99)).all()


def elargir(valeurs: Reels, marge: Reels) -> Encadrement:
    return Encadrement(central=valeurs, bas=valeurs * (1 - marge), haut=valeurs * (1 + marge))


@given(cas(), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1))
def test_bounds_contain_the_value_and_only_widen(
    un: Cas, marge: float, plus: float, temps: float
) -> None:
    c = un.couples
    serres = former(
        c.depart,
        c.arrivee,
        np.array([c.temps + temps * (borne - c.temps) for borne in (c.bas, c.temps, c.haut)]),
        (c.n_departs, c.n_arrivees),
    )

    def borner(couples: Couples, largeur: float) -> Encadrement:
        return encadrer_acces(
            couples,
            population=elargir(un.population, np.full(c.n_departs, largeur)),
            offre=elargir(un.offre, np.full(c.n_arrivees, largeur)),
            decroissance=un.decroissance,
            selection=un.selection,
        )

    etroit, large = borner(serres, marge), borner(c, marge + plus)
    np.testing.assert_array_equal(etroit.central, un.acces())
    assert (etroit.bas <= etroit.central).all()
    assert (etroit.central <= etroit.haut).all()
    finis = np.isfinite(large.haut)
    assert (large.bas <= etroit.bas * (1 + 1e-9)).all()
    assert (large.haut[finis] >= etroit.haut[finis] * (1 - 1e-9)).all()


@given(cas(), st.integers(0, 2**32 - 1))
def test_no_scenario_within_the_inputs_escapes_the_bounds(un: Cas, graine: int) -> None:
    """Temps, demande et offre tirés dans leurs bandes : l'accès reste entre ses bornes."""
    rng = np.random.default_rng(graine)
    c = un.couples
    gens = elargir(un.population, np.full(c.n_departs, 0.3))
    offre = elargir(un.offre, np.full(c.n_arrivees, 0.3))
    bornes = encadrer_acces(
        c,
        population=gens,
        offre=offre,
        decroissance=un.decroissance,
        selection=un.selection,
    )
    for _ in range(5):
        # Aux bornes une fois sur deux : c'est là que les pires cas se trouvent.
        au_bord = rng.random(len(c.temps)) < 0.5
        temps = np.where(
            au_bord,
            np.where(rng.random(len(c.temps)) < 0.5, c.bas, c.haut),
            rng.uniform(c.bas, c.haut),
        )
        trouve = un.acces(
            couples=former(c.depart, c.arrivee, np.array([temps] * 3), (c.n_departs, c.n_arrivees)),
            population=rng.uniform(gens.bas, gens.haut),
            offre=rng.uniform(offre.bas, offre.haut),
        )
        assert (trouve >= bornes.bas * (1 - 1e-9)).all()
        assert (trouve <= bornes.haut * (1 + 1e-9)).all()


def scenario(un: Cas, ici: Reels, la: Reels) -> Couples:
    """Couples ``ici`` au plus court, couples ``la`` au plus long."""
    c = un.couples
    temps = np.where(ici, c.bas, np.where(la, c.haut, c.temps))
    return former(c.depart, c.arrivee, np.array([temps] * 3), (c.n_departs, c.n_arrivees))


@given(cas(), st.integers(0, 6), st.integers(0, 6))
def test_bounds_of_a_single_supply_are_reached(un: Cas, rang: int, autre: int) -> None:
    """Un seul service offre : le pire et le meilleur cas d'un départ s'écrivent et se calculent."""
    c = un.couples
    depart, arrivee = rang % c.n_departs, autre % c.n_arrivees
    offre = np.where(np.arange(c.n_arrivees) == arrivee, 10.0, 0.0)
    bornes = encadrer_acces(
        c,
        population=Encadrement.sans_marge(un.population),
        offre=Encadrement.sans_marge(offre),
        decroissance=un.decroissance,
        selection=un.selection,
    )
    sien, vise = c.depart == depart, c.arrivee == arrivee
    facile = sien == vise
    mieux = un.acces(couples=scenario(un, facile, ~facile), offre=offre)[depart]
    pire = un.acces(couples=scenario(un, ~facile, facile), offre=offre)[depart]
    if np.isfinite(bornes.haut[depart]):
        assert mieux == pytest.approx(bornes.haut[depart], rel=1e-9)
    if un.population[depart] > 0:
        assert pire == pytest.approx(bornes.bas[depart], rel=1e-9)


@given(cas(selection=False), st.integers(0, 6))
def test_without_selection_all_the_bounds_are_reached(un: Cas, rang: int) -> None:
    c = un.couples
    depart = rang % c.n_departs
    bornes = encadrer_acces(
        c,
        population=Encadrement.sans_marge(un.population),
        offre=Encadrement.sans_marge(un.offre),
        decroissance=un.decroissance,
    )
    sien = c.depart == depart
    if np.isfinite(bornes.haut[depart]):
        mieux = un.acces(couples=scenario(un, sien, ~sien))[depart]
        assert mieux == pytest.approx(bornes.haut[depart], rel=1e-9)
    if un.population[depart] > 0:
        pire = un.acces(couples=scenario(un, ~sien, sien))[depart]
        assert pire == pytest.approx(bornes.bas[depart], rel=1e-9)


@given(cas(), st.floats(0, 45), st.floats(0, 10))
def test_a_longer_reach_never_counts_fewer_services(un: Cas, seuil: float, plus: float) -> None:
    avant = nombre_a_portee(un.couples, un.offre, seuil)
    apres = nombre_a_portee(un.couples, un.offre, seuil + plus)
    for borne in ("bas", "central", "haut"):
        assert (getattr(avant, borne) <= getattr(apres, borne)).all()
