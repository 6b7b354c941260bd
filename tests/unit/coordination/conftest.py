"""EXEMPLE FICTIF : un classeur de coordination rempli, inventé de bout en bout, pour les essais."""

from __future__ import annotations

import polars as pl
import pytest

from solidiag.model.coordination import ACTEURS, ACTIONS, DISPOSITIFS, LIENS, PARCOURS
from solidiag.offre.coordination.registre import Registres, en_table

MARSAN, DAX, LANDES = "EPCI-244000808", "EPCI-244000675", "DEP-40"
FICTIF = "EXEMPLE FICTIF"

_ORIGINE = {
    "provenance": "gabarit",
    "source": "classeur-fictif",
    "origin": "classeur-fictif/fichier",
    "date_source": "2026-10",
}


def _acteur(cle: str, nom: str, genre: str, *domaines: str, role: str = "partenaire") -> dict:
    return {
        "id": cle,
        "nom": f"{nom} ({FICTIF})",
        "type": genre,
        "competences": list(domaines),
        "territoires": [MARSAN],
        "role": role,
        **_ORIGINE,
    }


def _action(cle: str, dispositif: str, acteur: str, but: str, **champs: object) -> dict:
    return {
        "id": cle,
        "dispositif": dispositif,
        "nom": f"{cle} ({FICTIF})",
        "domaine": "mobilite-solidaire",
        "but": but,
        "publics": ["jeunes"],
        "territoires": [MARSAN],
        "acteur": acteur,
        "partenaires": [],
        "debut": "2025-01-01",
        "fin": "2027-12-31",
        **_ORIGINE,
        **champs,
    }


def _lien(a: str, b: str, genre: str = "orientation") -> dict:
    return {"acteur_a": a, "acteur_b": b, "type": genre, "territoire": MARSAN, **_ORIGINE}


def _etape(territoire: str, etape: str, etat: str, acteur: str = "france-travail") -> dict:
    return {
        "territoire": territoire,
        "etape": etape,
        "etat": etat,
        "acteur": acteur,
        "precision": FICTIF,
        **_ORIGINE,
    }


@pytest.fixture
def gabarit() -> dict[str, pl.DataFrame]:
    """Registres d'un classeur rempli (EXEMPLE FICTIF)."""
    acteurs = [
        _acteur("caf-ici", "Caf des Landes", "caisse", "petite-enfance"),
        _acteur("passerelle", "Association Passerelle", "association", "mobilite-solidaire"),
        _acteur("garage", "Garage solidaire des Pins", "association", "mobilite-solidaire"),
        _acteur("epicerie", "Épicerie sociale du Lac", "association", "aide-alimentaire"),
    ]
    dispositifs = [
        {
            "id": "ctg-marsan",
            "type": "convention-territoriale-globale",
            "nom": f"CTG ({FICTIF})",
            "debut": "2022",
            "fin": "2026-12-31",
            "territoires": [MARSAN],
            "pilote": "caf-ici",
            "financeurs": ["caf-ici"],
            "domaines": ["petite-enfance"],
            "hors_champ": False,
            **_ORIGINE,
        },
        {
            "id": "contrat-de-ville-ca-mont-de-marsan-agglomeration",
            "type": "contrat-de-ville",
            "nom": f"Contrat de ville ({FICTIF})",
            "fin": "2027",
            "territoires": [MARSAN],
            "domaines": ["reussite-scolaire-alimentation"],
            "hors_champ": False,
            **_ORIGINE,
        },
        {
            "id": "pdi",
            "type": "programme-departemental-d-insertion",
            "nom": f"PDI ({FICTIF})",
            "debut": "2021",
            "fin": "2025-12-31",
            "territoires": [LANDES],
            "domaines": ["accompagnement-rsa", "mobilite-solidaire"],
            "hors_champ": False,
            **_ORIGINE,
        },
    ]
    actions = [
        _action("scooters", "ctg-marsan", "passerelle", "Prêter un véhicule pour aller travailler"),
        _action(
            "voitures", "pdi", "garage", "pour aller travailler, prêter un véhicule",
            territoires=[LANDES], publics=["Jeunes", "allocataires du RSA"],
        ),
        _action("velos", "pdi", "passerelle", "Prêter un véhicule pour travailler", publics=[]),
        _action(
            "colis", "pdi", "epicerie", "distribuer des colis", domaine="aide-alimentaire",
            partenaires=["passerelle"], fin=None,
        ),
        _action(
            "paniers", "ctg-marsan", "passerelle", "distribuer des colis",
            domaine="aide-alimentaire", publics=[], fin=None,
        ),
        _action(
            "repas", "ctg-marsan", "garage", "distribuer des colis",
            domaine="aide-alimentaire", territoires=[DAX], fin="2026-11-01",
        ),
    ]  # fmt: skip
    liens = [
        _lien("france-travail", "passerelle"),
        _lien("passerelle", "garage"),
        _lien("passerelle", "epicerie", "convention"),
        _lien("caf-ici", "france-travail"),
    ]
    etapes = ("orientation", "diagnostic", "referent", "suivi")
    parcours = [_etape(DAX, etape, "etabli") for etape in etapes]
    parcours += [
        _etape(MARSAN, "orientation", "etabli"),
        _etape(MARSAN, "diagnostic", "etabli"),
        _etape(MARSAN, "referent", "absent"),
    ]
    return {
        "acteurs": en_table(acteurs, ACTEURS),
        "dispositifs": en_table(dispositifs, DISPOSITIFS),
        "actions": en_table(actions, ACTIONS),
        "liens": en_table(liens, LIENS),
        "parcours": en_table(parcours, PARCOURS),
    }


@pytest.fixture
def public() -> Registres:
    """Trois lignes publiques, inventées elles aussi."""
    origine = {"provenance": "public", "source": "source-fictive", "origin": "source-fictive/a"}
    return Registres.depuis(
        {
            "acteurs": en_table(
                [
                    {
                        "id": "caf",
                        "nom": "Caisse d'allocations familiales",
                        "type": "caisse",
                        **origine,
                    },
                    {
                        "id": "siren-999999999",
                        "nom": f"Garage solidaire des pins ({FICTIF})",
                        "type": "autre",
                        **origine,
                    },
                ],
                ACTEURS,
            ),
            "dispositifs": en_table(
                [
                    {
                        "id": "contrat-de-ville-ca-mont-de-marsan-agglomeration",
                        "type": "contrat-de-ville",
                        "nom": f"Contrat de ville ({FICTIF})",
                        "fin": "2030",
                        "territoires": ["COM-40192"],
                        **origine,
                    }
                ],
                DISPOSITIFS,
            ),
        }
    )
