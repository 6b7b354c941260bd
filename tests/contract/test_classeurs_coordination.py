"""Classeur de la coordination : renvois d'une feuille à l'autre, fautes comprises."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from tests.contract.exemples_de_classeurs import (
    JOUR,
    Remplir,
    examiner,
    fautes_de,
    remplir,
    vierges,
)

from solidiag.model.coordination import ACTEURS, ACTIONS, DISPOSITIFS, LIENS, PARCOURS
from solidiag.pipeline.classeurs import ajouter_classeur
from solidiag.sources.classeurs.coordination import lire_coordination
from solidiag.storage.depot import Depot

__all__ = ["remplir", "vierges"]

ACTEUR = {"Type": "association", "Date de l'information": "2025"}


def test_coordination_sheets_refer_to_each_other(remplir: Remplir, tmp_path: Path) -> None:
    chemin = remplir(
        "coordination",
        {
            "Acteurs": [
                (
                    3,
                    ACTEUR
                    | {"Nom": "Association Alpha (exemple fictif)", "Votre identifiant": "alpha"},
                ),
                (
                    4,
                    ACTEUR
                    | {"Nom": "Opérateur Bêta (exemple fictif)", "Type": "opérateur de l'État"},
                ),
            ],
            "Dispositifs": [
                (
                    3,
                    {
                        "Nom": "Convention Gamma (exemple fictif)",
                        "Type": "Convention territoriale globale (CTG)",
                        "Début": "2024",
                        "Fin": "31/12/2028",
                        "Territoires": "Dax ; Landes (40)",
                        "Budget (euros)": "120 000",
                        "Pilote": "ALPHA",
                        "Financeurs": "alpha ; Opérateur bêta (exemple fictif)",
                        "Date de l'information": "05/2025",
                    },
                )
            ],
            "Actions": [
                (
                    3,
                    {
                        "Nom": "Atelier (exemple fictif)",
                        "Dispositif": "Convention Gamma (exemple fictif)",
                        "Domaine": "hors champ",
                        "Acteur": "alpha",
                        "Date de l'information": "2025",
                    },
                )
            ],
            "Liens": [
                (
                    3,
                    {
                        "Objet": "Orientation (exemple fictif)",
                        "De l'acteur": "alpha",
                        "Vers l'acteur": "Opérateur Bêta (exemple fictif)",
                        "Type": "orientation",
                        "Mode": "logiciel partagé",
                        "Date de l'information": "2025",
                    },
                )
            ],
            "Parcours France Travail": [
                (
                    3,
                    {
                        "Précision": "Fiche (exemple fictif)",
                        "Territoire": "Dax",
                        "Étape": "référent",
                        "État": "inconnu",
                        "Date de l'information": "2025",
                    },
                )
            ],
        },
    )
    depot = Depot(ajouts=tmp_path / "donnees")
    resultat = ajouter_classeur(examiner(chemin, depot=depot), depot=depot, jour=JOUR)
    relu = Depot(ajouts=tmp_path / "donnees")
    source, fichier = relu.fichier(f"{resultat.source}/fichier")
    tables = lire_coordination(relu.octets(fichier.fichier), source, fichier)
    schemas = (ACTEURS, DISPOSITIFS, ACTIONS, LIENS, PARCOURS)
    assert [t.schema for t in tables.values()] == [pl.Schema(s) for s in schemas]
    (dispositif,) = tables["dispositifs"].to_dicts()
    assert dispositif["pilote"] == "alpha"
    assert dispositif["financeurs"] == ["alpha", "operateur-beta-exemple-fictif"]
    assert dispositif["territoires"] == ["COM-40088", "DEP-40"]
    assert (dispositif["debut"], dispositif["fin"]) == ("2024", "2028-12-31")
    assert dispositif["type"] == "convention-territoriale-globale"
    assert dispositif["budget"] == 120_000
    assert set(tables["acteurs"]["id"]) == {"alpha", "operateur-beta-exemple-fictif"}
    assert tables["actions"]["dispositif"][0] == dispositif["id"]
    assert tables["actions"]["domaine"][0] == "hors-champ"
    assert tables["liens"]["acteur_b"][0] == "operateur-beta-exemple-fictif"
    assert tables["liens"]["mode"][0] == "logiciel"
    assert tables["parcours"]["etape"][0] == "referent"
    for table in tables.values():
        assert set(table["provenance"]) == {"gabarit"}


def test_a_reference_to_nothing_or_to_a_wrong_row_is_a_fault(remplir: Remplir) -> None:
    lien = {"Type": "orientation", "Date de l'information": "2025"}
    fautes = fautes_de(
        remplir(
            "coordination",
            {
                "Acteurs": [
                    (3, ACTEUR | {"Nom": "Alpha"}),
                    (4, {"Nom": "Bêta", "Type": "club", "Date de l'information": "2025"}),
                ],
                "Liens": [
                    (3, lien | {"Objet": "a", "De l'acteur": "Alfa", "Vers l'acteur": "Alpha"}),
                    (4, lien | {"Objet": "b", "De l'acteur": "Alpha", "Vers l'acteur": "Bêta"}),
                    (5, lien | {"Objet": "c", "De l'acteur": "Alpha", "Vers l'acteur": "alpha"}),
                ],
            },
        )
    )
    assert (
        "Liens, ligne 3, colonne « De l'acteur » : « Alfa » n'est pas dans la feuille "
        "« Acteurs » ; vouliez-vous dire « Alpha » ?"
    ) in fautes
    assert (
        "Liens, ligne 4, colonne « Vers l'acteur » : renvoie à la ligne 4 de « Acteurs », qui est "
        "fautive"
    ) in fautes
    assert "Liens, ligne 5, colonne « Vers l'acteur » : l'acteur est relié à lui-même" in fautes
    assert len(fautes) == 4
