"""Mesures d'offre des Landes, relues fichier par fichier (relevé de la couverture de l'offre).

Places et taux : lignes de département publiées par la Cnaf. Logements sociaux : somme des
communes du répertoire RPLS 2024. Équipements : sommes de la BPE 2019.
"""

import pytest

from solidiag.offre.mesures import en_indicateur
from solidiag.pipeline.calculs import calculer_indicateurs, charger_referentiel
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

ATTENDUS = {
    "of_couverture_accueil": 64.5,
    "of_places_collectif": 1546,
    "of_places_individuel": 5052,
    "of_nombre_logements_sociaux": 15918,
    "of_aide_domicile": 50,
    "of_soins_domicile": 17,
    "of_lycees": 34,
    "of_apprentissage": 12,
    "of_residences_universitaires": 3,
    "of_formation_agricole": 5,
    "of_psychiatrie": 29,
    "of_hopital_urgences_centres": 24,
    "of_apl_medecins": 3.93,
    "of_apl_infirmiers": 158.2,
}
NUMERATEURS = {"of_pharmacies": 131, "of_places_personnes_agees": 4026}


@pytest.fixture(scope="module")
def departement() -> dict[str, dict[str, object]]:
    depot = Depot()
    referentiel = charger_referentiel(depot)
    table, _ = calculer_indicateurs(
        [en_indicateur(m) for m in depot.mesures.values() if m.origine == "table"],
        depot,
        referentiel,
        territoires=["DEP-40", "EPCI-244000824"],
        cache=Cache(None),
    )
    return {
        f"{ligne['indicateur']} {ligne['territoire']}": ligne
        for ligne in table.iter_rows(named=True)
    }


@pytest.mark.parametrize(("mesure", "attendu"), list(ATTENDUS.items()))
def test_the_department_value(
    departement: dict[str, dict[str, object]], mesure: str, attendu: float
) -> None:
    ligne = departement[f"{mesure} DEP-40"]
    assert ligne["value"] == pytest.approx(attendu, abs=0.05)
    assert ligne["status"] == "A"
    assert ligne["motif"]


@pytest.mark.parametrize(("mesure", "attendu"), list(NUMERATEURS.items()))
def test_the_numerator_of_a_rate(
    departement: dict[str, dict[str, object]], mesure: str, attendu: float
) -> None:
    assert departement[f"{mesure} DEP-40"]["numerateur"] == attendu


def test_an_undetermined_zero_is_not_a_measure(
    departement: dict[str, dict[str, object]],
) -> None:
    ligne = departement["of_places_collectif EPCI-244000824"]
    assert ligne["value"] is None
    assert ligne["status"] == "O"
