"""Le graphe réduit donne les mêmes temps ; un temps obéit à la géométrie."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.geography.conventions_routes import MODES, ConventionsRoutes
from solidiag.geography.distances import distances_km
from solidiag.geography.elimination import arcs, eliminer
from solidiag.geography.reseau_routier import ReseauRoutier
from solidiag.geography.troncons import Reseau, longueurs_m
from solidiag.storage.depot import Depot

CONVENTIONS: dict[str, Any] = Depot.embarque().parametres("routes")
CLASSES = ("motorway", "primary", "residential", "track")


def dijkstra_naif(n: int, liens: list[tuple[int, int, float]], source: int) -> list[float]:
    """Temps depuis un point, par relâchements répétés : lent, et sans rien de commun."""
    temps = [float("inf")] * n
    temps[source] = 0.0
    for _ in range(n):
        for de, vers, minutes in liens:
            temps[vers] = min(temps[vers], temps[de] + minutes)
    return temps


LIENS = st.integers(2, 14).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(
            st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(1, 20).map(float)),
            max_size=45,
        ),
        st.lists(st.booleans(), min_size=n, max_size=n),
        st.integers(1, 8),
    )
)


@given(LIENS)
def test_a_reduced_graph_gives_the_same_times(
    donnee: tuple[int, list[tuple[int, int, float]], list[bool], int],
) -> None:
    n, liens, garder, voisins = donnee
    graphe = arcs(n, *([lien[i] for lien in liens] for i in range(3)))
    reduit = eliminer(graphe, np.array(garder), voisins=voisins)
    restes = list(
        zip(reduit.de.tolist(), reduit.vers.tolist(), reduit.minutes.tolist(), strict=True)
    )
    for source in np.flatnonzero(garder):
        attendu = dijkstra_naif(n, liens, int(source))
        trouve = dijkstra_naif(n, restes, int(source))
        for cible in np.flatnonzero(garder):
            assert trouve[cible] == pytest.approx(attendu[cible])


@given(LIENS, st.integers(1, 40))
def test_a_limit_loses_no_time_within_it(
    donnee: tuple[int, list[tuple[int, int, float]], list[bool], int], limite: int
) -> None:
    n, liens, garder, voisins = donnee
    graphe = arcs(n, *([lien[i] for lien in liens] for i in range(3)))
    reduit = eliminer(graphe, np.array(garder), limite=limite, voisins=voisins)
    restes = list(
        zip(reduit.de.tolist(), reduit.vers.tolist(), reduit.minutes.tolist(), strict=True)
    )
    for source in np.flatnonzero(garder):
        attendu = dijkstra_naif(n, liens, int(source))
        trouve = dijkstra_naif(n, restes, int(source))
        for cible in np.flatnonzero(garder):
            if attendu[cible] <= limite:
                assert trouve[cible] == pytest.approx(attendu[cible])
            else:
                assert trouve[cible] > limite


def reseau(graine: int, cote: int, *, sens_uniques: float) -> Reseau:
    """Réseau fictif : une grille aux points déplacés, classes et sens tirés au sort."""
    hasard = np.random.default_rng(graine)
    rangs = np.arange(cote * cote).reshape(cote, cote)
    de = np.concatenate((rangs[:-1].ravel(), rangs[:, :-1].ravel()))
    vers = np.concatenate((rangs[1:].ravel(), rangs[:, 1:].ravel()))
    gardes = hasard.random(len(de)) < 0.85
    de, vers = de[gardes].astype(np.int32), vers[gardes].astype(np.int32)
    latitude = 43.9 + (np.repeat(np.arange(cote), cote) + hasard.uniform(-0.3, 0.3, cote**2)) * 0.01
    longitude = -0.9 + (np.tile(np.arange(cote), cote) + hasard.uniform(-0.3, 0.3, cote**2)) * 0.012
    droit = longueurs_m(
        latitude[de], longitude[de], vers_latitude=latitude[vers], vers_longitude=longitude[vers]
    )
    unique = hasard.random(len(de)) < sens_uniques
    return Reseau(
        latitude=latitude,
        longitude=longitude,
        de=de,
        vers=vers,
        longueur_m=droit * hasard.uniform(1, 1.4, len(de)),
        classe=hasard.integers(0, len(CLASSES), len(de)).astype(np.uint8),
        limite_km_h=np.where(hasard.random(len(de)) < 0.3, 50.0, np.nan),
        sens=np.where(unique, 1 + 4 + 48, 63).astype(np.uint8),
        classes=CLASSES,
    )


def lieux(graine: int, nombre: int) -> pl.DataFrame:
    hasard = np.random.default_rng(graine)
    return pl.DataFrame(
        {
            "latitude": hasard.uniform(43.9, 44.0, nombre),
            "longitude": hasard.uniform(-0.9, -0.78, nombre),
        }
    )


def dense(reseau_: Reseau, un: pl.DataFrame, deux: pl.DataFrame, mode: str) -> np.ndarray[Any, Any]:
    fournisseur = ReseauRoutier(reseau_, nom="essai", conventions=CONVENTIONS).itineraires(mode)
    trouves = fournisseur.couples(un, deux, limite=1000)
    matrice = np.full((trouves.n_departs, trouves.n_arrivees), np.inf)
    matrice[trouves.depart, trouves.arrivee] = trouves.temps
    return matrice


@given(st.integers(0, 10_000), st.sampled_from(MODES))
@settings(max_examples=15)
def test_no_time_is_shorter_than_the_straight_line_at_the_highest_speed(
    graine: int, mode: str
) -> None:
    conventions = ConventionsRoutes.depuis(CONVENTIONS, mode=mode)
    un, deux = lieux(graine, 12), lieux(graine + 1, 9)
    temps = dense(reseau(graine, 9, sens_uniques=0.2), un, deux, mode)
    droit = distances_km(
        un["latitude"].to_numpy(),
        un["longitude"].to_numpy(),
        vers_latitudes=deux["latitude"].to_numpy(),
        vers_longitudes=deux["longitude"].to_numpy(),
    )
    rapide = max(max(conventions.vitesses.values()), conventions.acces_km_h)
    assert np.isfinite(temps).any()
    assert (temps >= droit / rapide * 60 - 1e-9).all()


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_going_through_a_third_place_is_never_faster(graine: int) -> None:
    tous = lieux(graine, 14)
    temps = dense(reseau(graine, 9, sens_uniques=0.3), tous, tous, "voiture")
    for milieu in range(len(tous)):
        par = temps[:, [milieu]] + temps[[milieu], :]
        assert (temps <= par + 1e-9).all()


@given(st.integers(0, 10_000))
@settings(max_examples=10)
def test_times_are_symmetrical_when_the_graph_is(graine: int) -> None:
    tous = lieux(graine, 10)
    temps = dense(reseau(graine, 8, sens_uniques=0.0), tous, tous, "voiture")
    assert np.allclose(temps, temps.T, rtol=1e-9)
    avec = dense(reseau(graine, 8, sens_uniques=0.9), tous, tous, "pied")
    assert np.allclose(avec, avec.T, rtol=1e-9)


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=15)
def test_the_fewer_side_is_searched_with_the_same_times(graine: int, n: int, m: int) -> None:
    """Quand les arrivées sont moins nombreuses, le graphe est parcouru à l'envers."""
    carte = reseau(graine, 8, sens_uniques=0.5)
    un, deux = lieux(graine, n), lieux(graine + 1, m)
    entiers = dense(carte, un, deux, "voiture")
    for rang in range(m):
        seul = dense(carte, un, deux[rang], "voiture")
        assert np.allclose(seul[:, 0], entiers[:, rang], rtol=1e-9)


def test_the_pairs_within_the_limit_are_those_of_the_whole() -> None:
    carte = reseau(3, 12, sens_uniques=0.3)
    fournisseur = ReseauRoutier(carte, nom="x", conventions=CONVENTIONS).itineraires()
    un, deux = lieux(1, 40), lieux(2, 25)
    entiers = dense(carte, un, deux, "voiture")
    trouves = fournisseur.couples(un, deux, limite=8)
    attendus = np.argwhere(entiers <= 8)
    assert 0 < len(attendus) < entiers.size
    assert np.array_equal(np.column_stack((trouves.depart, trouves.arrivee)), attendus)
    assert np.allclose(trouves.temps, entiers[tuple(attendus.T)])
    assert (trouves.bas < trouves.temps).all()
    assert (trouves.haut > trouves.temps).all()


def test_a_missing_point_is_in_no_pair_and_is_not_said_far() -> None:
    fournisseur = ReseauRoutier(
        reseau(3, 8, sens_uniques=0.0), nom="x", conventions=CONVENTIONS
    ).itineraires()
    un = pl.DataFrame({"latitude": [43.95, None], "longitude": [-0.85, None]})
    trouves = fournisseur.couples(un, un, limite=60)
    assert set(trouves.depart.tolist()) == {0}
    assert trouves.n_departs == 2
    assert not fournisseur.remarques


def test_the_far_points_of_all_the_calculations_are_counted_once() -> None:
    fournisseur = ReseauRoutier(
        reseau(3, 8, sens_uniques=0.0), nom="x", conventions=CONVENTIONS
    ).itineraires()
    loin = pl.DataFrame({"latitude": [10.0, 11.0, 43.95], "longitude": [0.0, 0.0, -0.85]})
    for rang in (0, 1, 1, 2):
        fournisseur.couples(loin[rang], lieux(1, 2).head(0), limite=60)
    assert [remarque.split(" loin")[0] for remarque in fournisseur.remarques] == [
        "2 points de départ"
    ]


def test_living_in_the_commune_of_the_service_is_not_zero_minute() -> None:
    fournisseur = ReseauRoutier(
        reseau(3, 8, sens_uniques=0.0), nom="x", conventions=CONVENTIONS
    ).itineraires()
    ici = {"latitude": [43.95], "longitude": [-0.85], "code": ["40088"]}
    un = pl.DataFrame({**ici, "superficie_km2": [25.0]})
    trouves = fournisseur.couples(un, pl.DataFrame(ici), limite=60)
    # √25 / 2 = 2,5 km à 30 km/h = 5 minutes
    assert trouves.temps[0] == pytest.approx(5.0)
    ailleurs = fournisseur.couples(un, pl.DataFrame({**ici, "code": ["40192"]}), limite=60)
    assert ailleurs.temps[0] < 5.0


@pytest.mark.parametrize(
    ("chemin", "valeur"),
    [
        (("part_de_la_limite", "voiture"), 1.5),
        (("vitesses_km_h", "voiture", "primary"), 0),
        (("acces", "distance_maximale_m"), 0),
        (("bande", "voiture", "bas"), 1.2),
    ],
)
def test_a_convention_out_of_its_bounds_is_refused(chemin: tuple[str, ...], valeur: float) -> None:
    import copy

    contenu = copy.deepcopy(CONVENTIONS)
    place = contenu
    for cle in chemin[:-1]:
        place = place[cle]
    place[chemin[-1]] = valeur
    with pytest.raises(ValueError, match=r"."):
        ConventionsRoutes.depuis(contenu, mode="voiture")
