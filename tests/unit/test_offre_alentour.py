"""Ce qui est à portée : filtres, horaires, frontières, services qui viennent, fermés, âges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from solidiag.catalogue.service import CategorieService
from solidiag.geography.couples import Couples
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.alentour import ALENTOUR, Alentour, Filtre, chercher
from solidiag.offre.cadre import Cadre
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.reglages_acces import lire_reglages_acces
from solidiag.storage.depot import Depot

DEPOT = Depot()
REGLAGES = lire_reglages_acces(
    DEPOT.declaration("parametres/acces.yaml"),
    domaines=tuple(d.id for d in DEPOT.grille.domaines),
    categories=tuple(DEPOT.declaration("services/categories.yaml")),
)
CATEGORIES = {
    "epicerie": CategorieService(
        libelle="Épicerie", libelle_pluriel="épiceries", nature="presence", domaines=("a",)
    ),
    "guichet": CategorieService(
        libelle="Guichet",
        libelle_pluriel="guichets",
        nature="indirecte",
        domaines_indirects=("a",),
    ),
}
CADRE = Cadre(
    cog=2026,
    communes=pl.DataFrame(
        [
            ("40001", "Ici", "40", "E1", 100, 44.0, -1.0, 10.0, 5),
            ("40002", "Là", "40", "E1", 100, 44.1, -1.0, 10.0, 5),
            ("33001", "En face", "33", "E2", 100, 44.2, -1.0, 10.0, 5),
        ],
        schema=[
            *("code", "nom", "departement", "epci", "population", "latitude", "longitude"),
            *("superficie_km2", "densite_niveau"),
        ],
        orient="row",
    ),
    anciens={},
    codes_postaux=pl.DataFrame(schema={"code_postal": pl.String, "code": pl.String}),
)


@dataclass(frozen=True)
class UneMinuteParCentieme:
    """Cent minutes par degré de latitude, deux de moins et cinq de plus aux bornes."""

    nom: str = "factice"
    mode: str = "voiture"
    estime: bool = True
    remarques: tuple[str, ...] = ()

    def couples(self, departs: pl.DataFrame, arrivees: pl.DataFrame, *, limite: float) -> Couples:
        ecarts = (arrivees["latitude"] - departs["latitude"][0]).abs().to_numpy() * 100
        rangs = np.flatnonzero(ecarts <= limite + 1e-9).astype(np.int32)
        temps = ecarts[rangs]
        return Couples(
            n_departs=1,
            n_arrivees=arrivees.height,
            depart=np.zeros(len(rangs), dtype=np.int32),
            arrivee=rangs,
            temps=temps,
            bas=np.maximum(temps - 2, 0),
            haut=temps + 5,
        )


def service(nom: str, latitude: float | None = 44.0, **champs: Any) -> dict[str, Any]:
    return {
        "id": f"s:{nom}",
        "source": "s",
        "nom": nom,
        "categorie": "epicerie",
        "domaines": ["a"],
        "code_insee": "40001",
        "commune": "Ici",
        "latitude": latitude,
        "longitude": -1.0,
        "precision_geo": "point",
        "date_source": "2025-06-01",
        "groupe": f"s:{nom}",
    } | champs


def table(*lignes: dict[str, Any]) -> pl.DataFrame:
    if not lignes:
        return pl.DataFrame(schema=SERVICES)
    return mettre_au_schema(pl.DataFrame(list(lignes), schema_overrides=SERVICES), SERVICES)


def autour(
    *services: dict[str, Any],
    alentour: tuple[dict[str, Any], ...] = (),
    ecartes: tuple[dict[str, Any], ...] = (),
    a_distance: tuple[dict[str, Any], ...] = (),
    **filtre: Any,
) -> Alentour:
    return chercher(
        Inventaire(
            departement="40",
            limitrophes=("33",),
            services=table(*services),
            alentour=table(*alentour),
            ecartes=table(*ecartes),
            paires=pl.DataFrame(),
            a_distance=table(*a_distance),
        ),
        Filtre(**({"minutes": 30.0} | filtre)),
        depart=CADRE.communes.head(1),
        cadre=CADRE,
        itineraires=UneMinuteParCentieme(),
        reglages=REGLAGES,
        categories=CATEGORIES,
        jour=date(2026, 11, 24),
    )


def noms(resultat: pl.DataFrame) -> list[str]:
    return resultat["nom"].to_list()


def test_services_come_from_the_nearest_to_the_farthest_across_the_border() -> None:
    trouve = autour(
        service("loin", 44.25),
        service("trop", 44.31),
        service("près", 44.05),
        alentour=(service("en face", 44.2, code_insee="33001", commune="En face"),),
    )
    assert noms(trouve.a_portee) == ["près", "en face", "loin"]
    assert trouve.a_portee.schema == pl.Schema(ALENTOUR)
    ligne = trouve.a_portee.row(0, named=True)
    assert ligne["minutes"] == pytest.approx(5)
    assert (ligne["minutes_bas"], ligne["minutes_haut"]) == pytest.approx((3, 10))


def test_a_domain_keeps_its_own_offer_and_tells_the_indirect_apart() -> None:
    trouve = autour(
        service("propre"),
        service("indirect", categorie="guichet", domaines=[]),
        service("autre", domaines=["b"], categorie="epicerie"),
        domaines=("a",),
    )
    assert dict(trouve.a_portee.select("nom", "portee").iter_rows()) == {
        "propre": "propre",
        "indirect": "indirecte",
    }


def test_a_public_keeps_those_who_do_not_say() -> None:
    trouve = autour(
        service("jeunes", publics=["jeunes"]),
        service("seniors", publics=["seniors"]),
        service("tous", publics=["tous-publics"]),
        service("muet"),
        publics=("seniors",),
    )
    assert noms(trouve.a_portee) == ["muet", "seniors", "tous"]


def test_saturday_and_evening_need_known_hours() -> None:
    lignes = (
        service("samedi", horaires="samedi 09:00 - 12:00"),
        service("soir", horaires="mardi 17:00 - 20:00"),
        service("semaine", horaires="lundi 09:00 - 12:00"),
        service("inconnu"),
    )
    samedi = autour(*lignes, samedi=True)
    assert noms(samedi.a_portee) == ["samedi"]
    assert samedi.comptes["horaires_inconnus"] == 1
    assert noms(autour(*lignes, soir=True).a_portee) == ["soir"]
    assert autour(*lignes).comptes["horaires_inconnus"] == 0


def test_those_who_come_are_apart_and_without_a_time() -> None:
    trouve = autour(
        service("bus", aller_vers="itinerant"),
        service("chez vous", aller_vers="domicile", zone_eligibilite=["40"]),
        alentour=(
            service("bus d'en face", aller_vers="itinerant", code_insee="33001"),
            service("leur équipe", aller_vers="itinerant", code_insee="33001")
            | {"zone_eligibilite": ["40"]},
        ),
        a_distance=(service("téléphone", None, aller_vers="distance", code_insee=None),),
    )
    assert trouve.a_portee.is_empty()
    assert sorted(noms(trouve.viennent)) == ["bus", "chez vous", "leur équipe", "téléphone"]
    assert trouve.viennent["minutes"].null_count() == 4
    assert trouve.comptes["itinerants_ailleurs"] == 1


def test_closed_reserved_and_unlocated_are_counted() -> None:
    trouve = autour(
        service("réservé", zone_eligibilite=["33"]),
        service("sans lieu", None),
        service("ici"),
        ecartes=(
            service("fermé", fermeture="liquidation"),
            service("fermé loin", 45.0, fermeture="x"),
        ),
    )
    assert noms(trouve.a_portee) == ["ici"]
    assert trouve.fermes.select("nom", "fermeture").rows() == [("fermé", "liquidation")]
    assert trouve.comptes["hors_zone"] == 1
    assert trouve.comptes["sans_lieu"] == 1


def test_one_line_per_service_with_all_its_sources() -> None:
    trouve = autour(
        service("un", capacite=None, groupe="s:un"),
        service("un bis", source="t", id="t:1", groupe="s:un", capacite=20.0)
        | {"capacite_unite": "places"},
    )
    (ligne,) = trouve.a_portee.to_dicts()
    assert ligne["id"] == "s:un"
    assert ligne["sources"] == ["s", "t"]
    assert ligne["capacite"] == 20


@pytest.mark.parametrize(
    ("jour", "mois", "ancien"),
    [
        ("2026-11-01", 0, False),
        ("2024-11", 24, False),
        ("2024-10-31", 25, True),
        ("2024", 23, False),
        ("2023", 35, True),
        (None, None, None),
    ],
)
def test_the_age_of_an_information_is_said(
    jour: str | None, mois: int | None, ancien: bool | None
) -> None:
    (ligne,) = autour(service("un", date_source=jour)).a_portee.to_dicts()
    assert (ligne["age_mois"], ligne["ancien"]) == (mois, ancien)
