"""Une liste de services se reconnaît, se contrôle, s'ajoute et entre dans l'inventaire."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from solidiag.catalogue.gabarit import Gabarit
from solidiag.catalogue.service import lire_categories
from solidiag.errors import FichierRefuse
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import ajouter, territoires_connus
from solidiag.pipeline.offre import inventorier
from solidiag.sources.reconnaissance import Reconnaissance, reconnaitre
from solidiag.sources.registre_services import LECTEURS_SERVICES
from solidiag.sources.reparations import Connus
from solidiag.sources.services_options import OptionsServices
from solidiag.storage.depot import Depot

DEPOT = Depot.embarque()
SERVICES_DECLARES = {n: g for n, g in DEPOT.gabarits.items() if g.lecteur in LECTEURS_SERVICES}

ESSAI = Gabarit.model_validate(
    {
        "id": "essai.lieux",
        "titre": "EXEMPLE FICTIF de liste de lieux",
        "producteur": "Essai",
        "licence": {"id": "etalab-2.0"},
        "champ": "exemple fictif",
        "format": "supposé",
        "verification": "Exemple fictif : aucun vrai fichier n'a été lu.",
        "signature": {
            "colonnes": ["num", "nom_lieu", "insee"],
            "valeurs": {"insee": "[0-9AB]{5}"},
        },
        "millesime": {"nom": r"(20\d{2})"},
        "niveau": "COM",
        "lecteur": "services",
        "options": {
            "id": ["num"],
            "nom": "nom_lieu",
            "code_insee": "insee",
            "vues": [{"categorie": "france-services"}],
        },
    }
)

LIGNES = [
    ("num", "nom_lieu", "insee"),
    ("1", "EXEMPLE FICTIF relais de Mont-de-Marsan", "40192"),
    ("2", "EXEMPLE FICTIF relais de Dax", "40088"),
    ("3", "EXEMPLE FICTIF relais de Sabres", "40246"),
]
TEXTE = "\n".join(",".join(ligne) for ligne in LIGNES) + "\n"


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(DEPOT))


def lire(octets: bytes, connus: Connus, nom: str = "lieux_2026.csv") -> Reconnaissance:
    gabarits = [*DEPOT.gabarits.values(), ESSAI]
    return reconnaitre(octets, nom, gabarits, connus=connus)


def contenants() -> dict[str, bytes]:
    """Le même tableau dans chaque contenant, des lignes de titre avant l'en-tête."""
    archive, classeur = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zip_:
        zip_.writestr("lisez-moi.txt", "Notice\nsans tableau\n")
        zip_.writestr("donnees/lieux.csv", TEXTE.replace(",", ";"))
    livre = openpyxl.Workbook()
    livre.active.title = "Notice"
    livre.active.append(["Notice"])
    feuille = livre.create_sheet("Lieux")
    for ligne in [("Liste des lieux",), *LIGNES]:
        feuille.append(ligne)
    livre.save(classeur)
    parquet = io.BytesIO()
    pl.read_csv(TEXTE.encode(), infer_schema=False).write_parquet(parquet)
    return {
        "csv": TEXTE.encode(),
        "cp1252": ("Relevé\n" + TEXTE).encode("cp1252"),
        "gz": gzip.compress(TEXTE.encode()),
        "zip": archive.getvalue(),
        "xlsx": classeur.getvalue(),
        "parquet": parquet.getvalue(),
    }


@pytest.mark.parametrize("genre", contenants())
def test_a_list_of_services_is_read_from_each_container(genre: str, connus: Connus) -> None:
    lu = lire(contenants()[genre], connus, f"lieux_2026.{genre}")
    (partie,) = lu.parties
    assert partie.source.id == "ajout.essai.lieux.40"
    assert (partie.lignes, partie.connus, partie.departements) == (3, 3, ("40",))
    assert partie.remplit == {}
    assert partie.source.couverture.departements == ("40",)
    assert any("supposé" in remarque for remarque in partie.remarques)


def test_an_imported_list_enters_the_inventory(connus: Connus, tmp_path: Path) -> None:
    depot = Depot(DEPOT.racine, ajouts=tmp_path)
    (resultat,) = ajouter(lire(TEXTE.encode(), connus), depot=depot, jour=date(2026, 11, 24))
    assert not resultat.deja
    relu = Depot(DEPOT.racine, ajouts=tmp_path)
    categories = lire_categories(relu.declaration("services/categories.yaml"))
    inventaire, origines = inventorier(
        relu, charger_referentiel(relu), departement="40", categories=categories
    )
    ajoutes = inventaire.services.filter(pl.col("source") == resultat.source)
    assert ajoutes["nom"].str.starts_with("EXEMPLE FICTIF").all()
    assert ajoutes.height == 3
    assert ajoutes["precision_geo"].to_list() == ["commune"] * 3
    assert origines[resultat.source][0].sha256


@pytest.mark.parametrize(
    ("octets", "dit"),
    [
        (TEXTE.replace("40192", "99999").replace("40088", "99998").encode(), "codes"),
        (TEXTE.replace("\n2,", "\n1,").encode(), "identifiants distincts"),
        (TEXTE.splitlines()[0].encode() + b"\n", "vide"),
        (gzip.compress(TEXTE.encode())[:-9], "tronqué"),
        (contenants()["zip"][:120], "tronquée"),
        (contenants()["parquet"][:-4], "tronqué"),
        (b"%PDF-1.7 liste", "PDF"),
    ],
)
def test_a_bad_list_is_refused_in_french(octets: bytes, dit: str, connus: Connus) -> None:
    with pytest.raises(FichierRefuse) as erreur:
        lire(octets, connus)
    assert dit in str(erreur.value)


@pytest.mark.parametrize("gabarit", SERVICES_DECLARES.values(), ids=lambda g: g.id)
def test_a_declared_list_of_services_is_sound(gabarit: Gabarit) -> None:
    assert not gabarit.remplit
    assert len(gabarit.verification) > 20
    assert gabarit.limites
    assert all(t.adresse.startswith("https://") for t in gabarit.telechargements)
    if gabarit.lecteur == "services":
        options = OptionsServices.model_validate(gabarit.options)
        categories = lire_categories(DEPOT.declaration("services/categories.yaml"))
        assert {vue.categorie for vue in options.vues} <= set(categories)
