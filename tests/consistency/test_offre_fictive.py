"""Un extrait data·inclusion inventé de 5 000 services remplit le chapitre, sans changer de code."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.exemples_data_inclusion import en_csv, en_zip, extrait

from solidiag.pipeline.calculs import charger_referentiel, preparer
from solidiag.pipeline.importation import ajouter, examiner, territoires_connus
from solidiag.pipeline.suivi import Muet
from solidiag.pipeline.synthese_offre import documents_de
from solidiag.publication.document import Encadre, Tableau, parcourir, texte_brut
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.construire import construire_rapport
from solidiag.publication.verification.attendus import jetons_attendus
from solidiag.publication.verification.comparaison import orphelins
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

pytestmark = pytest.mark.epreuve

JOUR = date(2026, 11, 24)
VIDES = ("aide-alimentaire", "surendettement-microcredit-pcb", "logement-jeunes")
"""Domaines qu'aucun fichier embarqué ne décrit dans les Landes."""


@pytest.fixture(scope="module")
def matiere(tmp_path_factory: pytest.TempPathFactory, cache_a_part: Path) -> Matiere:
    donnees = tmp_path_factory.mktemp("donnees")
    chemin = donnees / "extrait.zip"
    invente = extrait(5000)
    chemin.write_bytes(
        en_zip(
            {
                "services.csv": en_csv(invente.services),
                "structures.csv": en_csv(invente.structures),
            }
        )
    )
    racine = Depot.embarque().racine
    depot = Depot(racine, ajouts=donnees)
    connus = territoires_connus(charger_referentiel(depot))
    ajouter(examiner(chemin, depot=depot, connus=connus), depot=depot, jour=JOUR)
    return preparer(
        "40",
        depot=Depot(racine, ajouts=donnees),
        cache=Cache(cache_a_part),
        suivi=Muet(),
        jour=JOUR,
    )


def test_the_whole_chapter_is_there_for_domains_that_were_empty(matiere: Matiere) -> None:
    rapport = construire_rapport(matiere)
    tables = {b.id: b for b in parcourir(rapport.blocs) if isinstance(b, Tableau)}
    for domaine in VIDES:
        acces = tables[f"tab-{domaine}-acces"]
        mesures = " ".join(texte_brut(ligne[0].contenu) for ligne in acces.lignes)
        assert "Temps de trajet jusqu" in mesures
        assert "le samedi" in mesures
        notes = " ".join(texte_brut(note) for note in acces.notes)
        assert "Non documenté" in notes
        assert "la saturation" in notes
    assert len(tables["tab-offre-domaines"].lignes) == len(matiere.grille.domaines)
    assert [e.phrase() for e in orphelins(jetons_attendus(rapport), fichier="rapport")] == []


def test_fictitious_is_written_on_every_page_of_every_document(matiere: Matiere) -> None:
    documents = documents_de(matiere, VIDES, synthese=True)
    documents["rapport"] = construire_rapport(matiere)
    for document in documents.values():
        assert document.mention.endswith("exemple fictif")
        encadres = [b for b in parcourir(document.blocs) if isinstance(b, Encadre)]
        assert any(b.titre == "Exemple fictif" for b in encadres)
