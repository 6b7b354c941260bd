"""Un chiffre d'accès se retrouve par le nom de sa ligne, par son libellé, par un mot."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from solidiag.cli.application import executer
from solidiag.errors import IndicateurAmbigu, IndicateurInconnu
from solidiag.pipeline.explication import expliquer
from solidiag.pipeline.inventaire_indicateurs import chercher
from solidiag.pipeline.mesures_deduites import mesures_deduites, nommees
from solidiag.publication.rapport.offre_faits import GENRES
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot.embarque()


def test_la_ligne_d_un_tableau_demande_le_domaine_si_plusieurs_l_ont(depot: Depot) -> None:
    ligne = GENRES["part_hors"].format(seuil=45)
    with pytest.raises(IndicateurAmbigu) as erreur:
        expliquer(ligne, "40", depot=depot)
    assert "précisez le domaine" in str(erreur.value).lower()
    assert (
        "solidiag expliquer acces.femmes-violences-prostitution.part_hors_45 40"
        in str(erreur.value).splitlines()[-1]
    )
    assert all(c.endswith(".part_hors_45") for c in erreur.value.candidats)


@pytest.mark.parametrize("genre", sorted(GENRES))
def test_chaque_ligne_imprimee_mene_a_des_mesures(depot: Depot, genre: str) -> None:
    trouvees = nommees(depot, GENRES[genre].format(seuil=30, unite="pour 10\u202f000"))
    # Une capacité ne s'imprime que si le domaine a une unité déclarée.
    assert trouvees or genre == "capacite"
    assert len(set(trouvees)) == len(trouvees)


def test_un_libelle_entier_ne_designe_qu_une_mesure(depot: Depot) -> None:
    deduites = mesures_deduites(depot)
    assert len({m.id for m in deduites}) == len(deduites)
    libelles = [m.libelle for m in deduites if m.id.startswith("acces.")]
    assert len(set(libelles)) == len(libelles)
    assert nommees(depot, libelles[0]) == [deduites[0].id]


def test_un_mot_trouve_les_mesures_d_offre_et_d_acces(
    depot: Depot, capsys: pytest.CaptureFixture[str]
) -> None:
    trouvees = {fiche.id: fiche for fiche in chercher(["gares"], depot=depot)}
    assert trouvees["of_gares"].etat == "offre"
    assert trouvees["offre.of_gares.temps"].etat == "accès"
    assert any(f.id.startswith("acces.") for f in chercher(["45 minutes"], depot=depot))
    assert executer(["indicateurs", "gares"]) == 0
    assert "mesures d'offre ou d'accès" in " ".join(capsys.readouterr().out.split())
    assert len(chercher(depot=depot)) == len(depot.catalogue)


def test_un_nom_inconnu_reste_inconnu(depot: Depot) -> None:
    with pytest.raises(IndicateurInconnu):
        expliquer("Public à plus de 44 minutes de tout lieu", "40", depot=depot)


@pytest.mark.xdist_group("diagnostic")
def test_le_dictionnaire_et_la_recherche_ont_les_memes_mesures(
    diagnostic: Path, depot: Depot
) -> None:
    dictionnaire = pl.read_csv(diagnostic / "donnees" / "dictionnaire.csv", separator=";")
    derivees = dictionnaire.filter(pl.col("identifiant").str.contains(r"^(acces|offre)\."))
    assert derivees["identifiant"].str.starts_with("acces.").sum() > 50
    connues = {mesure.id: mesure.libelle for mesure in mesures_deduites(depot)}
    for identifiant, libelle in derivees.select("identifiant", "libelle").iter_rows():
        assert connues[identifiant] == libelle
