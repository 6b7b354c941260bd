"""Classeurs vierges, remplis pour les essais."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from solidiag.errors import ClasseurFautif
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.classeurs import ExamenClasseur, ecrire_vierge, examiner_classeur
from solidiag.storage.depot import Depot

JOUR = dt.date(2026, 11, 24)
DEPOT = Depot()
REFERENTIEL = charger_referentiel(DEPOT)
Remplir = Callable[..., Path]

JUSTE = {
    "Nom du service": "Épicerie (exemple fictif)",
    "Structure": "Association (exemple fictif)",
    "Domaines": "aide et précarité alimentaires ; Isolement et pauvreté des personnes âgées",
    "Publics": "Familles; seniors",
    "Commune": "sabres",
    "Adresse": "1 place Exemple",
    "Capacité": "1 200,5",
    "Unité de la capacité": "colis distribués par mois",
    "Équivalents temps plein": 1.5,
    "Jours et horaires": "mardi 14:00-18:00 ; samedi 09:00-12:00",
    "Aller vers": "permanence chez un autre",
    "Zone d'intervention": "Landes ; 40088",
    "Saturation": "SATURÉ",
    "Financeurs": "Institution A ; Institution B",
    "Date de l'information": dt.datetime(2025, 9, 1),  # noqa: DTZ001
    "Siret": "123 456 789 01237",
}


@pytest.fixture(scope="module")
def vierges(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    dossier = tmp_path_factory.mktemp("classeurs")
    return {
        nom: ecrire_vierge(
            nom,
            departement="Landes",
            vers=dossier / f"{nom}.xlsx",
            depot=DEPOT,
            referentiel=REFERENTIEL,
            jour=JOUR,
        )
        for nom in ("offre", "coordination")
    }


@pytest.fixture
def remplir(vierges: dict[str, Path], tmp_path: Path) -> Remplir:
    """Remplit un classeur vierge : feuille → lignes (rang du tableur, colonne → valeur)."""

    def ecrire(nom: str, feuilles: Mapping[str, Sequence[tuple[int, Mapping[str, Any]]]]) -> Path:
        livre = openpyxl.load_workbook(vierges[nom])
        for titre, lignes in feuilles.items():
            page = livre[titre]
            places = {str(c.value).removesuffix(" *"): c.column for c in page[1]}
            for rang, valeurs in lignes:
                for colonne, valeur in valeurs.items():
                    page.cell(rang, places[colonne], valeur)
        chemin = tmp_path / "nom sans rapport.xlsx"
        livre.save(chemin)
        return chemin

    return ecrire


def examiner(chemin: Path, *, malgre: bool = False, depot: Depot | None = None) -> ExamenClasseur:
    return examiner_classeur(
        chemin,
        depot=depot or DEPOT,
        referentiel=REFERENTIEL,
        jour=JOUR,
        malgre_les_fautes=malgre,
    )


def fautes_de(chemin: Path) -> tuple[str, ...]:
    with pytest.raises(ClasseurFautif) as faute:
        examiner(chemin)
    return faute.value.fautes
