"""Un réglage des catégories est suivi par les mesures et les croisements, sans contradiction."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from solidiag.catalogue.service import lire_categories
from solidiag.catalogue.suivi_categories import suivre
from solidiag.cli.application import executer
from solidiag.ecarts.matrice import croiser
from solidiag.ecarts.synthese import resumer
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.model.service import ECARTS
from solidiag.pipeline.calculs import preparer
from solidiag.pipeline.suivi import Muet
from solidiag.publication.document import Titre
from solidiag.publication.rapport.construire import construire_rapport
from solidiag.publication.rapport.offre_faits import niveau_d_offre
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

GARE = "gare: {nature: indirecte, domaines: [], domaines_indirects: [mobilite-solidaire]}\n"


@pytest.fixture
def donnees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    dossier = tmp_path / "à moi"
    monkeypatch.setenv("SOLIDIAG_DONNEES", str(dossier))
    return dossier


def regler(donnees: Path, texte: str, nom: str = "services/categories") -> Depot:
    chemin = donnees / "reglages" / f"{nom}.yaml"
    chemin.parent.mkdir(parents=True, exist_ok=True)
    chemin.write_text(texte, encoding="utf-8")
    return Depot()


def test_les_declarations_livrees_sont_rendues_telles_quelles() -> None:
    depot = Depot.embarque()
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    suite = suivre(
        depot.mesures_declarees,
        depot.croisements_declares,
        livrees=categories,
        reglees=categories,
    )
    assert suite.mesures == depot.mesures_declarees == depot.mesures
    assert suite.croisements == depot.croisements_declares == depot.croisements
    assert suite.effets == ()


def test_un_reglage_qui_ne_touche_pas_aux_domaines_ne_change_rien(donnees: Path) -> None:
    depot = regler(donnees, "gare: {libelle: Gare ou halte}\ncidff: {partout: true}\n")
    assert depot.mesures == depot.mesures_declarees
    assert depot.croisements == depot.croisements_declares


def test_une_gare_qui_eclaire_seulement_n_est_plus_comparee(donnees: Path) -> None:
    depot = regler(donnees, GARE)
    livre = Depot.embarque()
    gares, croisement = depot.mesures["of_gares"], depot.croisements["mobilite-solidaire"]
    assert (gares.nature, gares.carte) == ("indirecte", "non")
    assert gares.domaines == ("mobilite-solidaire",)
    assert (croisement.portee, croisement.offre) == ("aucune", "")
    assert croisement.etat_offre == "indirecte"
    assert croisement.motif.startswith("Réglage de cette installation : « Gares de voyageurs »")
    assert {n for n, m in depot.mesures.items() if m != livre.mesures[n]} == {"of_gares"}
    assert {d for d, c in depot.croisements.items() if c != livre.croisements[d]} == {
        "mobilite-solidaire"
    }


def test_une_gare_d_aucun_domaine_n_est_plus_mesuree(donnees: Path) -> None:
    depot = regler(donnees, "gare: {nature: indirecte, domaines: [], domaines_indirects: []}\n")
    assert "of_gares" not in depot.mesures
    assert depot.croisements["mobilite-solidaire"].etat_offre == "aucune"
    assert depot.croisements["mobilite-solidaire"].portee == "aucune"


def test_une_mesure_de_plusieurs_domaines_ne_perd_que_celui_qui_est_ote(donnees: Path) -> None:
    depot = regler(
        donnees,
        "france-services:\n"
        "  domaines: [premier-accueil-domiciliation-aller-vers, inclusion-numerique]\n"
        "  domaines_indirects: [acces-aux-droits-non-recours]\n",
    )
    mesure = depot.mesures["of_france_services"]
    assert mesure.nature == "presence"
    assert mesure.domaines == ("premier-accueil-domiciliation-aller-vers", "inclusion-numerique")
    assert depot.croisements["acces-aux-droits-non-recours"].portee == "aucune"
    # Les points-justice restent une offre propre : l'offre n'est pas dite absente.
    assert depot.croisements["acces-aux-droits-non-recours"].etat_offre == "partielle"
    assert depot.croisements["inclusion-numerique"].portee == "volume"


def test_la_mesure_de_secours_remplace_celle_que_le_reglage_ote(donnees: Path) -> None:
    domaine = "premier-accueil-domiciliation-aller-vers"
    depot = regler(
        donnees, "- {id: of_premier_accueil, selection: {categories: [mdph]}}\n", "mesures/services"
    )
    depot = regler(
        donnees,
        "mdph: {nature: indirecte, domaines: [], domaines_indirects: []}\n",
    )
    assert depot.croisements[domaine].offre == "of_premier_accueil"
    depot = regler(
        donnees,
        "- {id: of_premier_accueil, selection: {categories: [maison-des-solidarites]}}\n",
        "mesures/services",
    )
    depot = regler(donnees, "maison-des-solidarites: {domaines: [accompagnement-rsa]}\n")
    assert "of_premier_accueil" not in depot.mesures
    assert depot.croisements[domaine].offre == "of_france_services"
    assert depot.croisements[domaine].offre_secours == ""
    assert depot.croisements[domaine].portee == "presence"


def test_une_mesure_qui_tient_par_ses_autres_categories_est_dite(donnees: Path) -> None:
    depot = regler(donnees, "maison-des-solidarites: {domaines: [accompagnement-rsa]}\n")
    assert depot.mesures == depot.mesures_declarees
    assert depot.croisements == depot.croisements_declares
    (effet,) = depot.suite.effets
    assert "of_premier_accueil" in effet
    assert "compte encore maison-des-solidarites" in effet


def test_verifier_dit_les_mesures_et_les_comparaisons_touchees(
    donnees: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    regler(donnees, GARE)
    assert executer(["reglages", "verifier"]) == 0
    dit = capsys.readouterr().out
    assert "1 réglage sans faute" in dit
    assert "la mesure of_gares (« Gares de voyageurs ») n'est plus qu'une mesure indirecte" in dit
    assert "la comparaison du besoin et de l'offre de mobilite-solidaire ne se fait plus" in dit
    regler(donnees, "gare: {remarque: Le fer.}\n")
    assert executer(["reglages", "verifier"]) == 0
    assert "À savoir" not in capsys.readouterr().out


def test_la_matrice_ne_dit_plus_de_lieu_inscrit(donnees: Path) -> None:
    def cases(depot: Depot) -> list[dict[str, object]]:
        gares = {
            "indicateur": "of_gares", "territoire": "EPCI-1", "periode": "2024", "unite": "nombre",
            "value": 8.0, "status": "A", "precision": "exact", "motif": "", "origin": "o",
        }  # fmt: skip
        return croiser(
            {"mobilite-solidaire": depot.croisements["mobilite-solidaire"]},
            mettre_au_schema(pl.DataFrame([gares]), OBSERVATIONS),
            epci=["EPCI-1"],
            departement="90",
            indicateurs=depot.indicateurs,
            mesures=depot.mesures,
            parametres=depot.parametres("ecarts"),
            annee=2026,
        ).to_dicts()

    assert cases(Depot())[0]["classe"] == "presence_seulement"
    depot = regler(donnees, GARE)
    (case,) = cases(depot)
    assert (case["classe"], case["offre"], case["offre_valeur"]) == ("non_mesure", "", None)
    assert "Réglage de cette installation" in str(case["motif"])
    resume = resumer(mettre_au_schema(pl.DataFrame([case]), ECARTS), depot.croisements)
    dit = "".join(str(m) for m in resume["mobilite-solidaire"].phrase)
    assert "Réglage de cette installation" in dit
    assert "lieu inscrit" not in dit


@pytest.mark.epreuve
def test_le_rapport_d_un_domaine_regle_ne_se_contredit_pas(
    donnees: Path, cache_a_part: Path
) -> None:
    depot = regler(donnees, GARE)
    matiere = preparer(
        "40", depot=depot, cache=Cache(cache_a_part), suivi=Muet(), jour=date(2026, 11, 24)
    )
    domaine = matiere.grille.domaine("mobilite-solidaire")
    assert niveau_d_offre(matiere, domaine) == "indirecte"
    blocs = construire_rapport(matiere).blocs
    debut = next(r for r, b in enumerate(blocs) if getattr(b, "id", "") == domaine.id)
    fin = next(
        r
        for r, b in enumerate(blocs[debut + 1 :], start=debut + 1)
        if isinstance(b, Titre) and b.niveau <= 2
    )
    dit = repr(blocs[debut:fin])
    assert "mesure indirecte" in dit
    assert "Réglage de cette installation" in dit
    for contradiction in ("présence seulement", "lieu inscrit", "points-of_gares"):
        assert contradiction not in dit
