"""Déclarations de l'offre : tout ce qu'elles nomment existe, rien de personnel n'est embarqué."""

from __future__ import annotations

import gzip
import re

import polars as pl
import pytest

from solidiag.catalogue.correspondance import lire_correspondance
from solidiag.catalogue.service import lire_categories
from solidiag.sources.services import lire_services
from solidiag.sources.services_options import options_services
from solidiag.storage.depot import Depot

DEPOT = Depot()
FICHIERS = [
    (source, fichier)
    for source in DEPOT.sources.values()
    for fichier in source.fichiers
    if source.id.startswith("offre.")
]
CATEGORIES = lire_categories(DEPOT.declaration("services/categories.yaml"))
SANS_FICHIER_EMBARQUE = {
    *("service-saisi", "non-classe"),
    *("service-data-inclusion", "lieu-data-inclusion", "structure-data-inclusion"),
}
"""Catégories des lignes qu'une personne ajoute : la ligne dit ses domaines, ou n'en a aucun."""

SAISIES = {"point-conseil-budget"}
"""Catégories qu'aucune liste publique ne dit : une personne les saisit."""

TABLES = {
    nom: lire_correspondance(nom, DEPOT.declaration(f"services/{nom}.yaml"))
    for nom in ("annuaire", "bpe", "finess", "mednum", "sae", "siae", "soliguide")
}
"""Tables des codes d'un producteur : leurs catégories n'ont de lignes qu'une fois importées."""

EMBARQUEES = {
    vue.categorie
    for source, fichier in FICHIERS
    if fichier.lecteur == "services"
    for vue in options_services(source, fichier).vues
}


def test_categories_use_the_grid_and_the_public_vocabulary() -> None:
    domaines = {domaine.id for domaine in DEPOT.grille.domaines}
    vocabulaire = DEPOT.declaration("services/vocabulaire.yaml")
    populations = DEPOT.declaration("services/populations.yaml")
    for nom, categorie in CATEGORIES.items():
        assert set(categorie.domaines) | set(categorie.domaines_indirects) <= domaines, nom
        assert set(categorie.thematiques) <= set(vocabulaire["thematiques"]), nom
        assert set(categorie.publics) <= set(vocabulaire["publics"]), nom
        assert categorie.reseau in {"", *vocabulaire["reseaux"]}, nom
        assert categorie.population in populations, nom
        if nom not in SANS_FICHIER_EMBARQUE:
            assert categorie.thematiques, nom
            assert categorie.publics, nom


@pytest.mark.parametrize(
    "domaine",
    [
        "travailleurs-pauvres", "aide-alimentaire", "surendettement-microcredit-pcb",
        "gens-du-voyage-bidonvilles", "eau-tarification-sociale", "alimentation-durable",
        "precarite-energetique-renovation", "reussite-scolaire-alimentation", "logement-jeunes",
        "maintien-logement-expulsions", "formation-adultes-competences-base", "levee-freins",
        "emploi-vert-ressourceries-ess",
    ],
)  # fmt: skip
def test_a_domain_without_its_own_offer_is_covered_by_no_embedded_category(domaine: str) -> None:
    assert not [nom for nom in EMBARQUEES if domaine in CATEGORIES[nom].domaines]


def test_every_view_names_a_declared_category_and_every_category_is_read() -> None:
    tables = {r.categorie for table in TABLES.values() for r in table.codes.values()} - {""}
    assert EMBARQUEES | tables | SANS_FICHIER_EMBARQUE | SAISIES == set(CATEGORIES)


@pytest.mark.parametrize("nom", TABLES)
def test_a_table_of_codes_says_its_origin_and_keeps_to_the_public_vocabulary(nom: str) -> None:
    table, vocabulaire = TABLES[nom], DEPOT.declaration("services/vocabulaire.yaml")
    assert len(table.origine) > 40
    for code, regle in table.codes.items():
        assert set(regle.thematiques) <= set(vocabulaire["thematiques"]), code
        assert set(regle.reseaux) <= set(vocabulaire["reseaux"]), code
        assert regle.categorie or regle.libelle or nom == "soliguide", code
    publics = {public for lus in table.publics.values() for public in lus}
    assert publics <= set(vocabulaire["publics"])


@pytest.mark.parametrize(("source", "fichier"), FICHIERS, ids=lambda objet: objet.id)
def test_no_embedded_file_holds_an_address_or_a_phone_number(source, fichier) -> None:
    octets = DEPOT.octets(fichier.fichier)
    texte = (gzip.decompress(octets) if fichier.fichier.endswith(".gz") else octets).decode()
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", texte)
    assert not re.search(r"(?<!\w)0[1-9]([ .-]?\d{2}){4}(?!\w)", texte)


@pytest.mark.parametrize(("source", "fichier"), FICHIERS, ids=lambda objet: objet.id)
def test_every_source_says_its_licence_its_limits_and_its_copy(source, fichier) -> None:
    assert source.licence.id
    assert source.limites
    assert fichier.copie == "retravaillee"
    assert fichier.copie_note


def test_rows_without_a_raw_file_say_so() -> None:
    _, fichier = DEPOT.fichier("offre.siae/siae_2020_40")
    assert "aucun fichier brut" in fichier.copie_note


@pytest.mark.parametrize(
    ("reference", "lignes"),
    [
        ("offre.france_services/structures_2024", 2845),
        ("offre.lieux_conseillers_numeriques/lieux_2022", 2733),
        ("offre.structures_conseillers_numeriques_2021/structures", 1445),
        ("offre.esat/esat_2025", 1504),
        ("offre.siae/siae_2020_40", 32),
        ("offre.laposte/points_2020_40", 164),
        ("offre.personnes_agees/etablissements_2020_40", 69),
        ("offre.ehpad_prix/prix_2022_40", 47),
        ("offre.annuaire_administration/annuaire_2019_40", 385),
    ],
)
def test_embedded_files_have_all_their_rows(reference: str, lignes: int) -> None:
    source, fichier = DEPOT.fichier(reference)
    table = lire_services(DEPOT.octets(fichier.fichier), source, fichier)
    assert table.height == lignes
    assert table["date_source"].null_count() == 0
    assert table.filter(pl.col("origin") != reference).is_empty()
