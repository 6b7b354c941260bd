"""Réglages d'une personne du métier : fondus, contrôlés, dits, retirés."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from solidiag.cli.application import executer
from solidiag.errors import DeclarationInvalide
from solidiag.pipeline.reglages import avertissements, verifier_reglages
from solidiag.storage.depot import Depot
from solidiag.storage.reglages import comparer, fautes_de_forme, fusionner


@pytest.fixture
def donnees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    dossier = tmp_path / "à moi"
    monkeypatch.setenv("SOLIDIAG_DONNEES", str(dossier))
    return dossier


def regler(donnees: Path, nom: str, texte: str) -> Path:
    chemin = donnees / "reglages" / f"{nom}.yaml"
    chemin.parent.mkdir(parents=True, exist_ok=True)
    chemin.write_text(texte, encoding="utf-8")
    return chemin


def test_un_reglage_partiel_l_emporte_et_le_reste_est_celui_livre(donnees: Path) -> None:
    regler(donnees, "parametres/temps_de_trajet", "vitesses_km_h: {5: {central: 60}}\n")
    lus, livres = Depot().parametres("temps_de_trajet"), Depot.embarque().parametres
    assert lus["vitesses_km_h"][5] == {"central": 60, "bas": 40, "haut": 65}
    assert lus["vitesses_km_h"][4] == livres("temps_de_trajet")["vitesses_km_h"][4]
    assert Depot().regles() == (("parametres/temps_de_trajet:vitesses_km_h.5.central", "50", "60"),)


def test_un_reglage_change_l_empreinte_du_resultat(donnees: Path) -> None:
    avant = Depot().empreinte
    copie = regler(donnees, "parametres/temps_de_trajet", "detour: {central: 1.35}\n")
    apres = Depot().empreinte
    copie.write_text("detour: {central: 1.4}\n", encoding="utf-8")
    assert len({avant, apres, Depot().empreinte}) == 3
    copie.unlink()
    assert Depot().empreinte == avant


def test_une_mesure_se_regle_par_son_identifiant(donnees: Path) -> None:
    regler(
        donnees,
        "mesures/services",
        "- {id: of_france_services, libelle: Espaces labellisés}\n",
    )
    mesures, livrees = Depot().mesures, Depot.embarque().mesures
    assert mesures["of_france_services"].libelle == "Espaces labellisés"
    assert mesures["of_france_services"].domaines == livrees["of_france_services"].domaines
    assert set(mesures) == set(livrees)


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("vitesses_km_h: {5: {central: vite}}", "vitesses_km_h.5.central : un nombre est attendu"),
        ("vitesse_km_h: {5: {central: 60}}", "vitesse_km_h : clé inconnue"),
        ("vitesses_km_h: {5: {central: 600}}", "bornes dans le désordre"),
        ("- une liste", "une table {clé: valeur} est attendue"),
        ("detour: {central: 1.3\n", "ligne"),
        ("plafond_minutes: .nan", "un nombre est attendu"),
        ("portee_locale_km: .inf", "un nombre est attendu"),
        ("plafond_minutes: -5", "plafond_minutes (-5) doit être positif"),
    ],
)
def test_un_reglage_fautif_est_dit_en_francais(donnees: Path, texte: str, attendu: str) -> None:
    regler(donnees, "parametres/temps_de_trajet", texte)
    with pytest.raises(DeclarationInvalide) as erreur:
        verifier_reglages(Depot())
    assert attendu in str(erreur.value)
    assert "temps_de_trajet" in str(erreur.value)


@pytest.mark.parametrize("texte", ["", "# detour: {central: 1.4}\n"])
def test_un_reglage_vide_ne_regle_rien(donnees: Path, texte: str) -> None:
    regler(donnees, "parametres/temps_de_trajet", texte)
    regler(donnees, "mesures/services", texte)
    depot, livre = Depot(), Depot.embarque()
    assert verifier_reglages(depot) == 2
    assert depot.parametres("temps_de_trajet") == livre.parametres("temps_de_trajet")
    assert depot.mesures == livre.mesures
    assert depot.regles() == ()


def test_un_identifiant_qui_n_est_pas_un_mot_est_une_faute(donnees: Path) -> None:
    regler(donnees, "mesures/services", "- {id: [a], libelle: b}\n")
    with pytest.raises(DeclarationInvalide):
        verifier_reglages(Depot())


@pytest.mark.parametrize(
    ("nom", "texte", "dit"),
    [
        ("services/categories", "mdph: 3", "mdph. : champs attendus"),
        ("services/categories", "neuve: {libelle: 3}", "neuve.libelle : texte attendu, trouvé 3"),
        ("services/thematiques", "zzz: 1", "zzz : champ inconnu"),
        ("parametres/acces", "- 1", "une table {clé: valeur} est attendue"),
        ("mesures/services", "a: 1", "une liste est attendue"),
        ("parametres/acces", "a: [", "écriture fautive"),
    ],
)
def test_la_faute_dit_en_francais_ou_est_le_reglage(
    donnees: Path, nom: str, texte: str, dit: str
) -> None:
    copie = regler(donnees, nom, texte)
    with pytest.raises(DeclarationInvalide) as erreur:
        verifier_reglages(Depot())
    assert dit in str(erreur.value)
    assert str(copie) in str(erreur.value)
    assert not {"Input", "should", "required", "cannot"} & set(str(erreur.value).split())


def test_une_categorie_qui_ment_sur_sa_nature_est_refusee(donnees: Path) -> None:
    regler(donnees, "services/categories", "mdph: {nature: presence}\n")
    with pytest.raises(DeclarationInvalide, match="« presence » demande des domaines"):
        verifier_reglages(Depot())


def test_un_nom_mal_ecrit_et_un_fichier_livre_change_sont_dits(
    donnees: Path, tmp_path: Path
) -> None:
    regler(donnees, "parametres/vitese", "a: 1\n")
    racine = tmp_path / "installation"
    shutil.copytree(Depot().declarations, racine / "declarations")
    depot = Depot(racine, ajouts=donnees)
    assert depot.reglages is not None
    depot.reglages.copier("ecarts")
    livre = racine / "declarations" / "parametres" / "ecarts.yaml"
    livre.write_text(livre.read_text(encoding="utf-8") + "# revu\n", encoding="utf-8")
    phrases = avertissements(Depot(racine, ajouts=donnees))
    assert any("« parametres/vitese.yaml » ne remplace aucun fichier" in p for p in phrases)
    assert any("« parametres/ecarts » a été livré autrement" in p for p in phrases)


def test_copier_puis_retirer_ne_perd_rien(
    donnees: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert executer(["reglages", "copier", "temps_de_trajet"]) == 0
    copie = donnees / "reglages" / "parametres" / "temps_de_trajet.yaml"
    assert yaml.safe_load(copie.read_text(encoding="utf-8"))["detour"]["central"] == 1.3
    copie.write_text("detour: {central: 1.4}\n", encoding="utf-8")
    assert executer(["reglages", "copier", "temps_de_trajet"]) == 0
    assert copie.read_text(encoding="utf-8") == "detour: {central: 1.4}\n"
    assert executer(["reglages", "verifier"]) == 0
    assert executer(["reglages"]) == 0
    assert "detour.central : 1,3 → 1,4" in capsys.readouterr().out
    assert executer(["reglages", "retirer", "temps_de_trajet"]) == 0
    assert not copie.exists()
    gardes = list((donnees / "anciens" / "reglages").iterdir())
    assert [g.read_text(encoding="utf-8") for g in gardes] == ["detour: {central: 1.4}\n"]


def test_un_fichier_qu_on_ne_regle_pas_est_refuse(
    donnees: Path,
) -> None:
    with pytest.raises(DeclarationInvalide, match="ce n'est pas un fichier réglable"):
        executer(["reglages", "copier", "../../etc/passwd"])
    assert not donnees.exists()


FEUILLES = st.one_of(st.integers(), st.text(max_size=4), st.booleans())
TABLES = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), FEUILLES, max_size=3),
    lambda t: st.dictionaries(st.sampled_from("abcd"), t | FEUILLES, max_size=3),
    max_leaves=8,
)


@given(TABLES, TABLES)
def test_fondre_deux_fois_est_fondre_une_fois(livre: object, regle: object) -> None:
    fondu = fusionner(livre, regle)
    assert fusionner(fondu, regle) == fondu
    assert fusionner(livre, {}) == livre
    assert list(comparer(fondu, fondu)) == []


@given(TABLES)
def test_le_fichier_livre_a_toujours_sa_propre_forme(livre: object) -> None:
    assert fautes_de_forme(livre, livre) == []
