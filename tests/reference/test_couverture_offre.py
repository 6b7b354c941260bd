"""Chacune des 146 mesures d'offre relevées dans les Landes est rendue, demandée ou écartée.

``donnees/couverture_offre_landes.csv`` reprend, ligne par ligne, le relevé de la couverture de
l'offre (libellé, filtre, lignes et communes pourvues, millésime) et dit ce que Solidiag en fait :

- ``inventaire`` : catégories et source de l'inventaire qui le rendent, avec leurs nombres de lignes
  et de communes ;
- ``mesure`` : mesure d'offre calculée, avec sa valeur au département ;
- ``demande`` : aucun fichier ; le domaine dit quoi demander et à qui ;
- ``non_rendu`` : pourquoi ce n'est pas une offre du domaine.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from tests.inventaires import depot_embarque, inventaire_embarque, referentiel_embarque

from solidiag.model.observation import AVEC_VALEUR
from solidiag.offre.manques import manques_d_offre
from solidiag.offre.mesures import en_indicateur
from solidiag.pipeline.calculs import calculer_indicateurs
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.cache import Cache

SUR_LE_NUMERATEUR = {"of_pharmacies", "of_places_personnes_agees"}


@cache
def _lignes() -> tuple[dict[str, str], ...]:
    chemin = Path(__file__).parent / "donnees/couverture_offre_landes.csv"
    with chemin.open(encoding="utf-8", newline="") as flux:
        return tuple(csv.DictReader(flux, delimiter="|"))


def _rendues(rendu: str) -> list[dict[str, str]]:
    return [ligne for ligne in _lignes() if ligne["rendu"] == rendu]


@cache
def _inventaire() -> pl.DataFrame:
    """Lignes des Landes, ouvertes et écartées."""
    inventaire = inventaire_embarque("40")
    ici = list(referentiel_embarque().communes_du_departement("40"))
    return pl.concat([inventaire.services, inventaire.ecartes]).filter(
        pl.col("code_insee").is_in(ici) | pl.col("code_insee").is_null()
    )


@cache
def _departement() -> dict[str, dict[str, object]]:
    depot = depot_embarque()
    table, _ = calculer_indicateurs(
        [en_indicateur(m) for m in depot.mesures.values() if m.origine == "table"],
        depot,
        charger_referentiel(depot.octets),
        territoires=["DEP-40"],
        cache=Cache(None),
    )
    return {
        ligne["indicateur"]: ligne
        for ligne in table.filter(pl.col("status").is_in(list(AVEC_VALEUR))).iter_rows(named=True)
    }


def _trouvees(ligne: dict[str, str]) -> pl.DataFrame:
    table = _inventaire()
    if ligne["par"]:
        table = table.filter(pl.col("categorie").is_in(ligne["par"].split("+")))
    champ, _, mot = ligne["source"].partition("=")
    if mot:
        return table.filter(pl.col(champ).str.to_uppercase().str.contains(mot))
    return table.filter(pl.col("source") == champ) if champ else table


def test_the_146_lines_are_all_there() -> None:
    assert len(_lignes()) == 146
    assert {ligne["rendu"] for ligne in _lignes()} == {
        "inventaire", "mesure", "demande", "non_rendu",
    }  # fmt: skip
    grille = {domaine.id for domaine in depot_embarque().grille.domaines}
    assert {ligne["domaine"] for ligne in _lignes()} <= grille


@pytest.mark.parametrize(
    "ligne", _rendues("inventaire"), ids=lambda x: f"{x['domaine']} {x['mesure']}"
)
def test_the_inventory_gives_the_same_count(ligne: dict[str, str]) -> None:
    trouvees = _trouvees(ligne)
    comptes = f"{trouvees.height};{trouvees['code_insee'].drop_nulls().n_unique()}"
    assert comptes == ligne["attendu"]
    assert trouvees.height > 0
    if comptes != f"{ligne['lignes_40']};{ligne['communes_40']}":
        assert ligne["raison"], "un écart avec le relevé se dit"


@pytest.mark.parametrize("ligne", _rendues("mesure"), ids=lambda x: f"{x['domaine']} {x['par']}")
def test_the_measure_has_the_value_of_the_file(ligne: dict[str, str]) -> None:
    mesure = depot_embarque().mesures[ligne["par"]]
    observation = _departement()[mesure.id]
    champ = "numerateur" if mesure.id in SUR_LE_NUMERATEUR else "value"
    assert observation[champ] == pytest.approx(float(ligne["attendu"]), abs=0.05)
    if ligne["domaine"] not in mesure.domaines:
        assert ligne["raison"], "une mesure lue à un autre domaine se dit"


def test_what_no_file_gives_is_asked_to_someone() -> None:
    depot = depot_embarque()
    manques = manques_d_offre(depot.grille, depot.mesures, _inventaire())
    demandes = dict(
        manques.filter(pl.col("a_qui").is_not_null())
        .group_by("domaine")
        .agg(pl.col("quoi").len())
        .iter_rows()
    )
    sans = [ligne["mesure"] for ligne in _rendues("demande") if ligne["domaine"] not in demandes]
    assert len(_rendues("demande")) == 19
    assert not sans


def test_what_is_left_out_says_why() -> None:
    assert all(len(ligne["raison"]) > 20 for ligne in _rendues("non_rendu"))
    lues = {ligne["par"] for ligne in _rendues("mesure")}
    assert lues <= set(depot_embarque().mesures)


def test_a_domain_no_line_renders_is_not_measured_and_never_zero() -> None:
    depot = depot_embarque()
    manques = manques_d_offre(depot.grille, depot.mesures, _inventaire())
    rendus = {ligne["domaine"] for ligne in _lignes() if ligne["rendu"] in {"inventaire", "mesure"}}
    muets = {domaine.id for domaine in depot.grille.domaines} - rendus
    assert muets
    etats = dict(manques.select("domaine", "etat").iter_rows())
    assert {etats[domaine] for domaine in muets} == {"non mesuré"}
    services = manques.filter(pl.col("domaine").is_in(list(muets)))["services"]
    assert services.null_count() == len(services)
