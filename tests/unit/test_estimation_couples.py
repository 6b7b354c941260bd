"""Couples à portée de l'estimation : les mêmes temps que la matrice, pour les seuls à portée."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solidiag.geography import estimation
from solidiag.geography.accessibilite import Decroissance, acces_flottant
from solidiag.geography.couples import Couples, Itineraires
from solidiag.geography.distances import Bande, ParametresTrajet
from solidiag.geography.estimation import ItinerairesEstimes, points_connus
from solidiag.offre.trajets import TrajetEstime
from solidiag.storage.depot import Depot

DECLARATION = Depot().parametres("temps_de_trajet")
VOITURE = ParametresTrajet.depuis(DECLARATION)
SCHEMA = {
    "code": pl.String(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "densite_niveau": pl.Int64(),
    "superficie_km2": pl.Float64(),
}


def points(graine: int, nombre: int, *, codes: int, manquants: bool = True) -> pl.DataFrame:
    rng = np.random.default_rng(graine)

    def peut_manquer(valeurs: list[Any]) -> list[Any]:
        return [None if manquants and rng.random() < 0.1 else v for v in valeurs]

    return pl.DataFrame(
        {
            "code": [f"{rang:05d}" for rang in rng.permutation(codes)[:nombre]],
            "latitude": peut_manquer(rng.uniform(43.4, 44.5, nombre).tolist()),
            "longitude": rng.uniform(-1.5, 0.2, nombre).tolist(),
            "densite_niveau": peut_manquer(rng.integers(1, 8, nombre).tolist()),
            "superficie_km2": peut_manquer(rng.uniform(0, 900, nombre).tolist()),
        },
        schema=SCHEMA,
    )


def comparer(
    trouves: Couples, departs: pl.DataFrame, arrivees: pl.DataFrame, *, limite: float
) -> None:
    """Mêmes couples et mêmes temps, trois bornes, que l'estimation en matrice."""
    matrice = TrajetEstime(parametres=VOITURE)(departs, arrivees)
    connus = points_connus(departs)[:, None] & points_connus(arrivees)[None, :]
    attendus = np.nonzero(connus & (matrice.central <= limite))
    np.testing.assert_array_equal(trouves.depart, attendus[0])
    np.testing.assert_array_equal(trouves.arrivee, attendus[1])
    for colonne, temps in (("temps", "central"), ("bas", "bas"), ("haut", "haut")):
        np.testing.assert_allclose(
            getattr(trouves, colonne), getattr(matrice, temps)[attendus], rtol=1e-12
        )


@given(st.integers(0, 2**32 - 1), st.sampled_from((3.0, 20.0, 45.0, 400.0)))
def test_same_times_as_the_matrix(graine: int, limite: float) -> None:
    # Quinze codes pour dix départs et dix arrivées : des communes sont des deux côtés.
    departs = points(graine, 10, codes=15)
    arrivees = points(graine + 1, 10, codes=15)
    trouves = ItinerairesEstimes(parametres=VOITURE).couples(departs, arrivees, limite=limite)
    comparer(trouves, departs, arrivees, limite=limite)


def test_small_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimation, "_CANDIDATS", 90)
    departs, arrivees = points(3, 40, codes=60), points(4, 30, codes=60)
    trouves = ItinerairesEstimes(parametres=VOITURE).couples(departs, arrivees, limite=40)
    comparer(trouves, departs, arrivees, limite=40)


def test_a_service_in_the_commune_is_not_at_zero_minute() -> None:
    ici = points(1, 1, codes=1, manquants=False).with_columns(
        pl.lit(100.0).alias("superficie_km2"), pl.lit(7).alias("densite_niveau")
    )
    couples = ItinerairesEstimes(parametres=VOITURE).couples(ici, ici, limite=30)
    # Cinq kilomètres (√100 / 2) × 1,3 à 55 km/h.
    assert couples.temps.tolist() == pytest.approx([5 * 1.3 / 55 * 60])
    ailleurs = ici.with_columns(code=pl.lit(None, dtype=pl.String))
    assert ItinerairesEstimes(parametres=VOITURE).couples(ailleurs, ailleurs, limite=30).temps == 0


def test_latitude_and_longitude_are_enough() -> None:
    seuls = points(5, 20, codes=20).select("latitude", "longitude")
    couples = ItinerairesEstimes(parametres=VOITURE).couples(seuls, seuls, limite=30)
    connus = points_connus(seuls)
    assert set(couples.depart) == set(np.flatnonzero(connus))
    assert (couples.temps[couples.depart == couples.arrivee] == 0).all()


def test_nothing_within_reach_and_no_point() -> None:
    fournisseur = ItinerairesEstimes(parametres=VOITURE)
    un = pl.DataFrame({"latitude": [44.0], "longitude": [-0.5]})
    loin = pl.DataFrame({"latitude": [-21.1], "longitude": [55.5]})
    for departs, arrivees in ((un, loin), (un, un.clear()), (un.clear(), un)):
        couples = fournisseur.couples(departs, arrivees, limite=30)
        assert (couples.n_departs, couples.n_arrivees) == (departs.height, arrivees.height)
        assert len(couples.temps) == len(couples.depart) == 0


def test_a_mask_forbids_a_crossing() -> None:
    departs, arrivees = points(7, 12, codes=20), points(8, 12, codes=20)
    fournisseur = ItinerairesEstimes(parametres=VOITURE)
    tous = fournisseur.couples(departs, arrivees, limite=60)
    permis = fournisseur.couples(
        departs, arrivees, limite=60, masque=lambda depart, arrivee: depart % 2 == arrivee % 2
    )
    gardes = tous.depart % 2 == tous.arrivee % 2
    assert gardes.any()
    assert not gardes.all()
    np.testing.assert_array_equal(permis.arrivee, tous.arrivee[gardes])
    np.testing.assert_array_equal(permis.temps, tous.temps[gardes])


def test_the_limit_of_the_band_misses_no_couple() -> None:
    fournisseur = ItinerairesEstimes(parametres=VOITURE)
    departs, arrivees = points(9, 60, codes=90), points(10, 60, codes=90)
    tout = fournisseur.couples(departs, arrivees, limite=1e4)
    large = fournisseur.limite_de_bande(30)
    assert (tout.bas[tout.temps > large] > 30).all()
    assert ((tout.temps > 30) & (tout.bas <= 30)).any()


def test_the_limit_of_the_band_holds_when_the_long_road_is_slow() -> None:
    """20 km sans détour à 60 km/h, 20 minutes ; 30 km avec, dont 10 à 10 km/h, 80 minutes."""
    parametres = ParametresTrajet(
        detour=Bande(central=1.5, bas=1, haut=1.5),
        vitesses={},
        vitesse_sans_densite=Bande(central=60, bas=60, haut=60),
        plafond_minutes=180,
        portee_locale_km=20,
        vitesse_longue=Bande(central=10, bas=10, haut=10),
    )
    fournisseur = ItinerairesEstimes(parametres=parametres)
    ici = pl.DataFrame({"latitude": [44.0], "longitude": [-0.5]})
    la = pl.DataFrame({"latitude": [44.0 + 20 / 111.19508], "longitude": [-0.5]})
    couple = fournisseur.couples(ici, la, limite=fournisseur.limite_de_bande(30))
    assert couple.bas.tolist() == pytest.approx([20], rel=1e-5)
    assert couple.temps.tolist() == pytest.approx([80], rel=1e-5)


def test_on_foot_is_slower_than_by_bicycle_than_by_car() -> None:
    departs, arrivees = points(11, 30, codes=40), points(12, 30, codes=40)
    temps = []
    for mode in ("voiture", "velo", "pied"):
        fournisseur: Itineraires = ItinerairesEstimes(
            parametres=ParametresTrajet.depuis(DECLARATION, mode=mode), mode=mode
        )
        assert fournisseur.estime
        assert (fournisseur.mode, fournisseur.remarques) == (mode, ())
        couples = fournisseur.couples(departs, arrivees, limite=5_000)
        assert (couples.bas <= couples.temps).all()
        assert (couples.temps <= couples.haut).all()
        temps.append(couples.temps)
    assert (temps[0] < temps[1]).all()
    assert (temps[1] < temps[2]).all()
    assert ItinerairesEstimes(parametres=VOITURE).nom == "estimation à vol d'oiseau, en voiture"


def test_an_unknown_or_faulty_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="train"):
        ParametresTrajet.depuis(DECLARATION, mode="train")
    lent = {"vitesse_km_h": {"central": 5, "bas": 6, "haut": 7}, "plafond_minutes": 60}
    with pytest.raises(ValueError, match="désordre"):
        ParametresTrajet.depuis({**DECLARATION, "modes": {"pied": lent}})


def test_moving_a_border_changes_no_access() -> None:
    """Points sans superficie (carreaux) : ni le code de commune ni l'EPCI n'entrent dans l'accès.

    Entre points de communes, le code sert : le trajet interne dépend de la superficie. Un code
    changé des deux côtés n'y change rien non plus.
    """
    departs = points(13, 40, codes=60, manquants=False)
    arrivees = points(14, 30, codes=60, manquants=False)
    rng = np.random.default_rng(15)
    gens, places = rng.uniform(1, 900, 40), rng.uniform(1, 30, 30)

    def acces(departs: pl.DataFrame, arrivees: pl.DataFrame) -> list[float]:
        couples = ItinerairesEstimes(parametres=VOITURE).couples(departs, arrivees, limite=30)
        decroissance = Decroissance.gaussienne(30, echelle=12)
        return acces_flottant(
            couples, population=gens, offre=places, decroissance=decroissance
        ).par_depart.tolist()

    carreaux = departs.drop("superficie_km2")
    autres = pl.Series(rng.permutation(carreaux["code"].to_list()))
    assert acces(carreaux.with_columns(code=autres), arrivees) == acces(carreaux, arrivees)
    epci = departs.with_columns(epci=autres)
    assert acces(epci, arrivees) == acces(departs, arrivees)
    renomme = pl.col("code").str.reverse()
    assert acces(departs, arrivees) == acces(
        departs.with_columns(renomme), arrivees.with_columns(renomme)
    )
    assert not any(math.isnan(valeur) for valeur in acces(departs, arrivees))
