"""Réunion des doublons : qui est réuni, qui ne l'est jamais, et ce qu'on garde."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.errors import DeclarationInvalide
from solidiag.model.service import SERVICES
from solidiag.offre.doublons import reunir, un_par_service
from solidiag.storage.depot import Depot


@cache
def _categories() -> dict[str, CategorieService]:
    return lire_categories(Depot().declaration("services/categories.yaml"))


def _services(*lignes: dict[str, object]) -> pl.DataFrame:
    defaut = {
        "source": "liste",
        "code_insee": "40088",
        "commune": "Dax",
        "precision_geo": "point",
        "date_source": "2020",
        "latitude": 43.71,
        "longitude": -1.05,
    }
    return pl.DataFrame([defaut | ligne for ligne in lignes], schema=SERVICES)


def _groupes(*lignes: dict[str, object]) -> list[int]:
    table, _ = reunir(_services(*lignes), _categories())
    rangs: dict[str, int] = {}
    return [rangs.setdefault(groupe, len(rangs)) for groupe in table["groupe"]]


def test_four_employers_at_one_address_stay_four() -> None:
    adresse = "7 Rue des Prairies"
    noms = [
        "ASSOC DEFIS BAC",
        "DEFIS BACPI",
        "DAX EMPLOI INSERTION",
        "DAX EMPLOI INSERTION SERVICES",
    ]
    lignes = [
        {
            "id": f"s:{rang}",
            "nom": nom,
            "categorie": "siae",
            "adresse": adresse,
            "siret": f"{rang}" * 14,
        }
        for rang, nom in enumerate(noms)
    ]
    assert _groupes(*lignes) == [0, 1, 2, 3]


def test_one_name_in_two_communes_is_two_services() -> None:
    nom = {"nom": "Maison Landaise de la Solidarité", "categorie": "maison-des-solidarites"}
    assert _groupes(
        {"id": "a:1", **nom},
        {"id": "b:2", "source": "autre", "code_insee": "40192", "commune": "Mont-de-Marsan", **nom},
    ) == [0, 1]


def test_a_post_office_and_the_france_services_inside_stay_distinct() -> None:
    adresse = "144 avenue Frédéric-Bastiat"
    table, paires = reunir(
        _services(
            {"id": "a:1", "nom": "DAX BP", "categorie": "point-postal", "adresse": adresse},
            {
                "id": "b:2", "source": "fs", "nom": "France services La Poste de Dax",
                "categorie": "france-services", "adresse": adresse,
            },
        ),
        _categories(),
    )  # fmt: skip
    assert table["groupe"].n_unique() == 2
    assert paires.row(0, named=True)["verdict"] == "meme_lieu"


def test_a_msap_become_france_services_is_one_service_with_its_reason() -> None:
    table, _ = reunir(
        _services(
            {
                "id": "m:1", "source": "annuaire", "nom": "Maison de services au public - Dax",
                "categorie": "msap", "adresse": "Saint-Louis - 4 rue René-Méricam",
                "precision_geo": "commune", "date_source": "2019",
            },
            {
                "id": "f:1", "source": "fs", "nom": "France services de Dax",
                "categorie": "france-services", "adresse": "4 Rue René Méricam",
            },
        ),
        _categories(),
    )  # fmt: skip
    assert table["groupe"].to_list() == ["f:1", "f:1"]
    assert "même adresse" in table["motif_groupe"][0]


def test_a_repeated_row_is_joined_and_two_rows_of_a_list_are_not() -> None:
    ligne = {
        "nom": "France Travail - DT",
        "categorie": "france-travail",
        "adresse": "3 place Planté",
    }
    assert _groupes({"id": "f:1", **ligne}, {"id": "f:2", **ligne}) == [0, 0]
    autre = {**ligne, "nom": "France Travail - APE Sud"}
    assert _groupes({"id": "f:1", **ligne}, {"id": "f:2", **autre}) == [0, 1]


def test_distance_alone_never_joins() -> None:
    assert _groupes(
        {"id": "a:1", "nom": "EHPAD Alex Lizal", "categorie": "ehpad"},
        {"id": "b:1", "source": "prix", "nom": "EHPAD Les Albizzias", "categorie": "ehpad"},
    ) == [0, 1]


def test_two_rows_of_one_list_never_meet_through_a_third() -> None:
    commun = {"nom": "EHPAD Lesbazeilles", "categorie": "ehpad"}
    assert _groupes(
        {"id": "a:400010278", **commun, "nom": "EHPAD Rives du Midou site Lesbazeilles"},
        {"id": "a:400780938", **commun, "latitude": 43.72},
        {"id": "b:x", "source": "prix", **commun},
    ) == [0, 1, 1]


def test_a_shared_siret_proves_nothing() -> None:
    siret = "22400001800016"
    lieu = {"siret": siret, "categorie": "conseiller-numerique", "source": "lieux"}
    assert _groupes(
        {"id": "l:1", "nom": "Maison Landaise de la Solidarité", **lieu},
        {"id": "l:2", "nom": "Maison Landaise de la Solidarité", "code_insee": "40001", **lieu},
        {
            "id": "s:1", "source": "structures", "nom": "DEPARTEMENT", "siret": siret,
            "categorie": "structure-conseiller-numerique", "precision_geo": "commune",
        },
    ) == [0, 1, 2]  # fmt: skip


def test_the_order_of_rows_does_not_matter() -> None:
    lignes = [
        {"id": "a:1", "nom": "EHPAD Le Conte", "categorie": "ehpad", "capacite": 89.0},
        {"id": "b:1", "source": "prix", "nom": "EHPAD LE CONTE", "categorie": "ehpad"},
        {"id": "c:1", "source": "x", "nom": "EHPAD Saubagnac", "categorie": "ehpad"},
    ]
    droit, _ = reunir(_services(*lignes), _categories())
    envers, _ = reunir(_services(*reversed(lignes)), _categories())
    assert droit.sort("id").equals(envers.sort("id"))


def test_one_row_per_service_keeps_the_capacity_and_every_source_stays() -> None:
    table, _ = reunir(
        _services(
            {"id": "a:1", "nom": "EHPAD Le Conte", "categorie": "ehpad", "capacite": 89.0},
            {
                "id": "b:1", "source": "prix", "nom": "EHPAD LE CONTE", "categorie": "ehpad",
                "date_source": "2022", "remarque": "1 736 € par mois",
            },
        ),
        _categories(),
    )  # fmt: skip
    assert table.height == 2
    service = un_par_service(table).row(0, named=True)
    assert (service["id"], service["capacite"]) == ("a:1", 89.0)
    assert service["remarque"] == "1 736 € par mois"


def test_faults_of_the_categories_are_all_reported() -> None:
    base = {"libelle": "a", "libelle_pluriel": "a"}
    with pytest.raises(DeclarationInvalide) as faute:
        lire_categories(
            {
                "a": {**base, "nature": "presence"},
                "b": {**base, "nature": "indirecte", "compatibles": ["a", "z"]},
                "c": {**base, "nature": "volume"},
                "d": {**base, "nature": "indirecte", "remplacee_par": "z"},
            }
        )
    assert len(faute.value.fautes) == 5


def test_a_name_alone_never_joins_a_row_without_commune_to_one_that_has_it() -> None:
    nom = {"nom": "CULTURES SOLID ERE"}
    groupes = _groupes(
        {"id": "a:1", "source": "lieux", "categorie": "conseiller-numerique", **nom},
        {
            "id": "b:1", "source": "structures", "categorie": "structure-conseiller-numerique",
            "code_insee": "40192", "commune": "Mont-de-Marsan", **nom,
        },
        {
            "id": "c:1", "source": "ville", "categorie": "adulte-relais", "code_insee": None,
            "commune": None, **nom,
        },
    )  # fmt: skip
    assert groupes == [0, 1, 2]


def test_a_row_repeated_on_a_grand_place_is_one_service() -> None:
    """Deux points d'une même mairie, écrits à la même adresse : « 20 Grand'Place »."""
    ligne = {"nom": "CCAS de Cassel", "categorie": "conseiller-numerique"}
    ailleurs = {"latitude": 43.716, "adresse": "20 GRAND'PLACE"}
    repetee = [
        {"id": "s:1", "adresse": "20 Grand-Place", **ligne},
        {"id": "s:2", **ligne, **ailleurs},
    ]
    assert _groupes(*repetee) == [0, 0]
    voisine = [repetee[0], repetee[1] | {"adresse": "21 GRAND'PLACE"}]
    assert _groupes(*voisine) == [0, 1]
