"""Accès : temps au plus proche, « au plus » à la limite, parts d'habitants, capacités."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from solidiag.catalogue.indicateur import MesureOffre
from solidiag.catalogue.source import Couverture
from solidiag.geography.distances import Temps
from solidiag.model.observation import OBSERVATIONS
from solidiag.model.origin import Retrieval
from solidiag.model.service import SERVICES
from solidiag.offre.acces import Acces, mediane_ponderee, mesurer_acces
from solidiag.offre.cadre import Cadre
from solidiag.offre.doublons import PAIRES
from solidiag.offre.inventaire import Inventaire

COMMUNES = pl.DataFrame(
    [
        ("01001", "A", "01", "E1", 1000.0, 0.0, 0.0),
        ("01002", "B", "01", "E1", 3000.0, 0.0, 25.0),
        ("01003", "C", "01", "E2", 500.0, 0.0, 60.0),
        ("02001", "D", "02", "E2", 500.0, 0.0, 70.0),
    ],
    schema=["code", "nom", "departement", "epci", "population", "latitude", "longitude"],
    orient="row",
).with_columns(superficie_km2=pl.lit(4.0), densite_niveau=pl.lit(5))
CADRE = Cadre(
    cog=2026,
    communes=COMMUNES,
    anciens={},
    codes_postaux=pl.DataFrame(schema={"code_postal": pl.String(), "code": pl.String()}),
)
MESURE = MesureOffre(
    id="ehpad", libelle="x", libelle_court="x", domaines=("x",), nature="presence",
    origine="services", selection={"categories": ["ehpad"]},
)  # fmt: skip
ORIGINE = Retrieval(
    source="s", fichier="f", millesime="2020", licence="l", url="u", retrieved_at="2026-01-01",
    sha256="0" * 64, size=1,
)  # fmt: skip


def trajets(departs: pl.DataFrame, arrivees: pl.DataFrame) -> Temps:
    """Un degré de longitude vaut une minute ; bande de plus ou moins un dixième."""
    de, vers = (table["longitude"].cast(pl.Float64).to_numpy() for table in (departs, arrivees))
    central = np.abs(de[:, None] - vers[None, :])
    return Temps(central=central, bas=central * 0.9, haut=central * 1.1)


def _service(identifiant: str, code: str, longitude: float, **champs: object) -> dict[str, object]:
    return {
        "id": identifiant, "groupe": identifiant, "source": "s", "categorie": "ehpad",
        "code_insee": code, "latitude": 0.0, "longitude": longitude, "date_source": "2020-10",
        "precision_geo": "point", **champs,
    }  # fmt: skip


def _mesurer(
    locaux: list[dict[str, object]],
    alentour: list[dict[str, object]] | None = None,
    *,
    couverture: Couverture | None = None,
    mesure: MesureOffre = MESURE,
    plafond: float = 180,
) -> Acces:
    inventaire = Inventaire(
        departement="01",
        limitrophes=("02",),
        services=pl.DataFrame(locaux, schema=SERVICES),
        alentour=pl.DataFrame(alentour or [], schema=SERVICES),
        ecartes=pl.DataFrame(schema=SERVICES),
        paires=pl.DataFrame(schema=PAIRES),
    )
    return mesurer_acces(
        mesure,
        inventaire,
        cadre=CADRE,
        trajets=trajets,
        couvertures={"ehpad": {"s": couverture or Couverture()}},
        origines={"s": [ORIGINE]},
        plafond=plafond,
    )


def _valeur(acces: Acces, indicateur: str, territoire: str) -> dict[str, object]:
    return acces.observations.filter(
        (pl.col("indicateur") == f"offre.ehpad.{indicateur}") & (pl.col("territoire") == territoire)
    ).row(0, named=True)


def test_the_nearest_service_gives_a_time_with_its_band() -> None:
    acces = _mesurer([_service("a", "01001", 1.0), _service("b", "01003", 60.0)])
    ligne = _valeur(acces, "temps", "COM-01002")
    assert (ligne["value"], ligne["lower"], ligne["upper"]) == (24.0, 21.6, 26.4)
    assert (ligne["status"], ligne["method"], ligne["unite"]) == (
        "E", "estimation de trajet", "minutes",
    )  # fmt: skip
    assert acces.detail.filter(pl.col("code") == "01002")["service"].to_list() == ["a"]


def test_a_service_across_the_border_counts() -> None:
    acces = _mesurer([_service("a", "01001", 0.0)], [_service("d", "02001", 70.0)])
    assert _valeur(acces, "temps", "COM-01003")["value"] == 10.0
    assert _valeur(acces, "temps", "COM-01003")["motif"] is None


def test_near_an_uncovered_border_a_time_is_at_most_and_its_band_goes_down() -> None:
    acces = _mesurer([_service("a", "01001", 0.0)], couverture=Couverture(departements=("01",)))
    proche, loin = (_valeur(acces, "temps", f"COM-0100{rang}") for rang in (3, 2))
    assert str(proche["motif"]).startswith("au plus")
    assert (proche["value"], proche["lower"]) == (60.0, 9.0)
    assert loin["motif"] is None
    assert acces.detail.filter("au_plus")["code"].to_list() == ["01003", "02001"]


def test_an_epci_weighs_its_residents() -> None:
    acces = _mesurer([_service("a", "01001", 0.0)])
    assert _valeur(acces, "temps", "EPCI-E1")["value"] == 25.0
    part = _valeur(acces, "part_plus_20", "EPCI-E1")
    assert (part["value"], part["lower"], part["upper"]) == (75.0, 75.0, 75.0)
    trente = _valeur(acces, "part_plus_30", "EPCI-E1")
    assert trente["value"] == 0.0


def test_an_epci_across_departments_counts_all_its_communes() -> None:
    acces = _mesurer([_service("a", "01003", 60.0)])
    assert _valeur(acces, "part_plus_20", "EPCI-E2")["n_total"] == 2
    assert "COM-02001" not in acces.observations["territoire"].to_list()


def test_without_a_source_here_nothing_is_zero() -> None:
    acces = _mesurer([], couverture=Couverture(departements=("75",)))
    assert acces.observations["value"].null_count() == acces.observations.height
    assert set(acces.observations["status"]) == {"L"}
    assert "aucune source" in str(_valeur(acces, "temps", "DEP-01")["motif"])


def test_without_a_service_the_time_is_absent_with_a_reason() -> None:
    ligne = _valeur(_mesurer([]), "temps", "DEP-01")
    assert (ligne["value"], ligne["status"]) == (None, "L")
    assert ligne["motif"] == "aucun lieu connu n'est accessible par la route"


def test_a_time_above_the_ceiling_is_not_published_but_still_counts_as_far() -> None:
    acces = _mesurer([_service("a", "01001", 0.0)], plafond=24)
    loin, proche = (_valeur(acces, "temps", f"COM-0100{rang}") for rang in (2, 1))
    assert (loin["value"], loin["lower"], loin["upper"]) == (None, None, None)
    assert (loin["status"], loin["method"]) == ("L", None)
    assert "plafond" in str(loin["motif"])
    assert proche["value"] == 0.0
    mediane = _valeur(acces, "temps", "EPCI-E1")
    assert (mediane["value"], mediane["status"]) == (None, "L")
    assert _valeur(acces, "part_plus_20", "EPCI-E1")["value"] == 75.0


def test_our_own_estimate_is_not_said_rounded_by_a_producer() -> None:
    acces = _mesurer([_service("a", "01001", 0.0)])
    assert set(acces.observations["precision"].drop_nulls()) == {"exact"}
    assert set(acces.observations["status"]) == {"E"}


def test_a_capacity_counts_once_per_service_and_never_makes_a_zero() -> None:
    locaux = [
        _service("a", "01001", 0.0, capacite=80.0, capacite_unite="places"),
        _service("a2", "01001", 0.0, capacite=90.0, capacite_unite="places", date_source="2022")
        | {"groupe": "a"},
    ]
    acces = _mesurer(locaux)
    assert _valeur(acces, "capacite", "EPCI-E1")["value"] == 90.0
    assert _valeur(acces, "capacite", "EPCI-E1")["unite"] == "places"
    vide = _valeur(acces, "capacite", "COM-01002")
    assert (vide["value"], vide["status"]) == (None, "L")
    complete = _mesurer(locaux, mesure=MESURE.model_copy(update={"zero_interpretable": True}))
    assert _valeur(complete, "capacite", "COM-01002")["value"] == 0.0


def test_a_group_whose_kept_row_is_elsewhere_still_has_a_place() -> None:
    acces = _mesurer([_service("a", "01001", 0.0) | {"groupe": "x"}])
    assert _valeur(acces, "temps", "COM-01001")["value"] == 0.0


def test_the_rows_follow_the_schema_and_name_their_origin() -> None:
    acces = _mesurer([_service("a", "01001", 0.0, capacite=1.0, capacite_unite="places")])
    assert dict(acces.observations.schema) == OBSERVATIONS
    assert set(acces.observations["origin"]) == set(acces.origines)
    assert all(origine.retrievals == (ORIGINE,) for origine in acces.origines.values())
    assert set(acces.observations["periode"]) == {"2020"}


def test_a_measure_without_categories_is_refused() -> None:
    with pytest.raises(ValueError, match="catégories"):
        _mesurer([], mesure=MESURE.model_copy(update={"selection": {}}))


def test_the_weighted_median_ignores_missing_and_weightless_values() -> None:
    valeurs = np.array([1.0, np.nan, 9.0, 4.0])
    assert mediane_ponderee(valeurs, np.array([1.0, 50.0, 0.0, 3.0])) == 4.0
    assert mediane_ponderee(np.array([np.nan]), np.array([1.0])) is None


def test_the_estimated_provider_never_gives_zero_at_home() -> None:
    from solidiag.geography.distances import Bande, ParametresTrajet
    from solidiag.offre.trajets import TrajetEstime

    bande = Bande(central=50, bas=40, haut=60)
    estime = TrajetEstime(
        parametres=ParametresTrajet(
            detour=Bande(central=1.3, bas=1.1, haut=1.5),
            vitesses={},
            vitesse_sans_densite=bande,
            plafond_minutes=180,
            portee_locale_km=20,
            vitesse_longue=bande,
        )
    )
    temps = estime(COMMUNES.head(2), COMMUNES.head(1))
    assert temps.central[0, 0] > 0
    assert temps.bas[0, 0] < temps.central[0, 0] < temps.haut[0, 0]
