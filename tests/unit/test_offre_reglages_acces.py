"""Réglages de l'accès par domaine : livrés valides, toutes les fautes dites en français."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from solidiag.catalogue.service import lire_categories
from solidiag.errors import DeclarationInvalide
from solidiag.offre.reglages_acces import courbes, lire_reglages_acces
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot.embarque()


@pytest.fixture
def contenu(depot: Depot) -> dict[str, Any]:
    return deepcopy(depot.parametres("acces"))


def _lire(depot: Depot, contenu: dict[str, Any]) -> Any:
    return lire_reglages_acces(
        contenu,
        domaines=[domaine.id for domaine in depot.grille.domaines],
        categories=lire_categories(depot.declaration("services/categories.yaml")),
    )


def test_les_trente_domaines_ont_leurs_reglages(depot: Depot, contenu: dict[str, Any]) -> None:
    reglages = _lire(depot, contenu)
    assert list(reglages.domaines) == [domaine.id for domaine in depot.grille.domaines]
    trouvees = courbes(reglages)
    for nom, domaine in reglages.domaines.items():
        # Au-delà du seuil, rien n'est à portée : la courbe s'y arrête aussi.
        assert trouvees[domaine.decroissance].portee >= domaine.seuil.minutes, nom


def test_une_norme_cite_sa_reference(depot: Depot, contenu: dict[str, Any]) -> None:
    for domaine in _lire(depot, contenu).domaines.values():
        assert (domaine.seuil.nature == "convention") == (not domaine.seuil.reference)
        if domaine.norme:
            assert domaine.norme.reference


def test_toutes_les_fautes_sont_dites_a_la_fois(depot: Depot, contenu: dict[str, Any]) -> None:
    domaines = contenu["domaines"]
    domaines["petite-enfance"]["seuil"] = {"minutes": 0, "nature": "norme publiée"}
    domaines["aide-alimentaire"]["mode"] = "avion"
    del domaines["parentalite-pmi"]["pourquoi"]
    contenu["decroissances"]["paliers_30"]["courbe"] = {"forme": "paliers", "paliers": {10: 2}}
    with pytest.raises(DeclarationInvalide) as leve:
        _lire(depot, contenu)
    texte = str(leve.value)
    assert "parametres/acces.yaml" in texte
    assert "domaines.petite-enfance.seuil.minutes : 0 est trop petit : au moins 1" in texte
    assert "domaines.aide-alimentaire.mode : « avion » n'est pas admis ; choix : 'voiture'" in texte
    assert "domaines.parentalite-pmi.pourquoi : à remplir" in texte
    assert "decroissances.paliers_30.courbe : décroissance paliers" in texte
    assert len(leve.value.fautes) == 4


def test_un_renvoi_sans_but_est_refuse(depot: Depot, contenu: dict[str, Any]) -> None:
    domaines = contenu["domaines"]
    domaines["petite-enfance"]["categories"] = ["creches"]
    domaines["aide-alimentaire"]["decroissance"] = "paliers_31"
    domaines["inconnu"] = domaines.pop("levee-freins")
    with pytest.raises(DeclarationInvalide) as leve:
        _lire(depot, contenu)
    assert leve.value.fautes == (
        "domaines : « levee-freins » manque",
        "domaines.petite-enfance.categories : « creches » n'est pas une catégorie de services",
        "domaines.aide-alimentaire.decroissance : « paliers_31 » n'est pas déclarée ; "
        "déclarées : paliers_15, paliers_20, paliers_30, paliers_45, paliers_60",
        "domaines.inconnu : ce domaine n'est pas dans la grille",
    )


def test_une_norme_sans_reference_est_refusee(depot: Depot, contenu: dict[str, Any]) -> None:
    contenu["domaines"]["petite-enfance"]["seuil"] = {"minutes": 20, "nature": "norme publiée"}
    with pytest.raises(DeclarationInvalide, match="demande une référence et sa confiance"):
        _lire(depot, contenu)
