"""Listes de contrats fournies : lues, situées, gardées, mesurées ; contrats tous fictifs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from tests.unit.test_cli import Lancer, lancer

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.errors import ClasseurFautif, FichierAltere, FichierRefuse
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import OBSERVATIONS
from solidiag.model.service import SERVICES
from solidiag.offre.acces_groupes import zones_du_departement
from solidiag.offre.coordination.contrats_fournis import dispositifs_des_listes
from solidiag.offre.doublons import PAIRES
from solidiag.pipeline import zonages_acces
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.coordination import calculer_coordination
from solidiag.pipeline.importation import ajouter, examiner, territoires_connus
from solidiag.pipeline.zonages import type_de_zonage, zonages_fournis
from solidiag.pipeline.zonages_acces import zones_fournies
from solidiag.pipeline.zonages_import import ExamenZonage, ajouter_zonage, examiner_zonage
from solidiag.storage.depot import Depot

__all__ = ["lancer"]

JOUR = date(2026, 11, 24)
DAX, MARSAN = "244000675", "244000808"
CRTE = """\
insee_reg,lib_reg,id_crte,lib_crte,type_grp_crte,{siren},lib_groupement,nature_juridique
75,Nouvelle-Aquitaine,crte-75-40-1,CRTE fictif des pins,mono,244000675,Dax,CA
75,Nouvelle-Aquitaine,crte-75-40-2,CRTE fictif du fleuve,pluri,244000808,Marsan,CA
75,Nouvelle-Aquitaine,crte-75-40-2,CRTE fictif du fleuve,pluri,214001927,Mont-de-Marsan,COM
75,Nouvelle-Aquitaine,crte-75-40-2,CRTE fictif du fleuve,pluri,999999999,Inconnue,CC
75,Nouvelle-Aquitaine,crte-75-40-2,CRTE fictif du fleuve,pluri,888888888,Inconnue,CC
84,Auvergne-Rhône-Alpes,crte-84-01-1,CRTE fictif d'ailleurs,mono,200029999,Ain,CC
"""


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot.embarque())


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(ajouts=tmp_path / "donnees")


def relu(depot: Depot) -> Depot:
    assert depot.ajouts is not None
    return Depot(ajouts=depot.ajouts.racine)


def ecrit(dossier: Path, texte: str, nom: str = "liste.csv", encodage: str = "utf-8") -> Path:
    chemin = dossier / nom
    chemin.write_bytes(texte.encode(encodage))
    return chemin


def examine(
    chemin: Path, depot: Depot, referentiel: Referentiel, zonage: str = "cls", **options: str | bool
) -> ExamenZonage:
    return examiner_zonage(
        chemin, depot=depot, referentiel=referentiel, zonage=zonage, jour=JOUR, **options
    )  # type: ignore[arg-type]


def communes(table: pl.DataFrame, valeur: str) -> set[str]:
    return set(table.filter(pl.col("valeur") == valeur)["commune"])


def importe_crte(dossier: Path, depot: Depot, referentiel: Referentiel, texte: str) -> list[str]:
    chemin = ecrit(dossier, texte, "liste-crte-grpt2025-20250717.csv")
    examen = examiner(chemin, depot=depot, connus=territoires_connus(referentiel))
    ajouter(examen, depot=depot, jour=JOUR)
    return list(examen.parties[0].remarques)


@pytest.mark.parametrize("siren", ["siren_groupement", "siren_epci"])
def test_la_liste_de_l_anct_donne_ses_contrats_et_dit_tous_les_codes_non_situes(
    tmp_path: Path, depot: Depot, referentiel: Referentiel, siren: str
) -> None:
    dites = importe_crte(tmp_path, depot, referentiel, CRTE.format(siren=siren))
    (non_situes,) = [d for d in dites if "non situés" in d]
    assert non_situes.startswith("3 territoires non situés, dont 1 Siren de commune")
    assert all(f"« {code} »" in non_situes for code in ("214001927", "999999999", "888888888"))
    assert not any("aucun indicateur" in dite for dite in dites)
    table = zonages_fournis(relu(depot), referentiel, departement="40")
    assert set(table["valeur"]) == {"CRTE fictif des pins", "CRTE fictif du fleuve"}
    assert communes(table, "CRTE fictif des pins") == set(referentiel.communes_de(f"EPCI-{DAX}"))
    assert set(table["provenance"]) == {"public"}
    assert zonages_fournis(relu(depot), referentiel, departement="75").is_empty()


def test_la_liste_des_communes_separe_les_contrats_d_une_commune(
    tmp_path: Path, depot: Depot, referentiel: Referentiel
) -> None:
    texte = (
        "insee_com,lib_com,id_crte,lib_crte\n40088,Dax,crte-1,Contrat fictif A\n"
        "40192,Mont-de-Marsan,crte-2,Contrat fictif B\n"
        "40312,Tercis-les-Bains,crte-1 ; crte-2,Contrat fictif A ; Contrat fictif B\n"
    )
    chemin = ecrit(tmp_path, texte, "liste-crte-com2025.csv")
    examen = examiner(chemin, depot=depot, connus=territoires_connus(referentiel))
    assert examen.parties[0].gabarit.id == "anct.crte.communes"
    ajouter(examen, depot=depot, jour=JOUR)
    table = zonages_fournis(relu(depot), referentiel, departement="40")
    assert communes(table, "Contrat fictif A") == {"40088", "40312"}
    assert communes(table, "Contrat fictif B") == {"40192", "40312"}


def test_une_table_melee_de_codes_anciens_d_epci_et_de_noms(
    tmp_path: Path, depot: Depot, referentiel: Referentiel
) -> None:
    texte = (
        "Liste fictive\n\nCode;Nom du contrat;Date de signature\n1004;CLS fictif A;15/03/2023\n"
        f"{DAX};CLS fictif B;\n01091;CLS fictif A;2023-03-15\nMont-de-Marsan;CLS fictif été;\n"
    )
    chemin = ecrit(tmp_path, texte, encodage="cp1252")
    examen = examine(chemin, depot, referentiel, millesime="2025")
    assert examen.contrats == ("CLS fictif A", "CLS fictif B", "CLS fictif été")
    (dite,) = examen.remarques
    assert "01091 → 01033" in dite
    assert "1004 → 01004" in dite
    ajouter_zonage(examen, depot=depot, jour=JOUR)
    ain = zonages_fournis(relu(depot), referentiel, departement="01")
    assert communes(ain, "CLS fictif A") == {"01004", "01033"}
    assert set(ain["debut"]) == {"2023-03-15"}
    landes = zonages_fournis(relu(depot), referentiel, departement="40")
    assert communes(landes, "CLS fictif B") == set(referentiel.communes_de(f"EPCI-{DAX}"))
    assert communes(landes, "CLS fictif été") == {"40192"}
    assert set(landes["provenance"]) == {"gabarit"}


def test_un_classeur_xlsx_et_ses_colonnes_nommees(
    tmp_path: Path, depot: Depot, referentiel: Referentiel
) -> None:
    classeur = openpyxl.Workbook()
    feuille = classeur.active
    assert feuille is not None
    for ligne in (["Périmètre", "Intitulé du PAT"], [40088, "PAT fictif"], [40192, "PAT fictif"]):
        feuille.append(ligne)
    chemin = tmp_path / "pat.xlsx"
    classeur.save(chemin)
    with pytest.raises(FichierRefuse, match="« Périmètre », « Intitulé du PAT »"):
        examine(chemin, depot, referentiel, "pat")
    examen = examine(
        chemin, depot, referentiel, "PAT",
        colonne_nom="Intitulé du PAT", colonne_territoire="périmètre",
    )  # fmt: skip
    ajouter_zonage(examen, depot=depot, jour=JOUR)
    table = zonages_fournis(relu(depot), referentiel, departement="40")
    assert communes(table, "PAT fictif") == {"40088", "40192"}


FAUTIF = """\
code_insee;contrat
40088;CLS fictif
99999;CLS fictif
214001927;CLS fictif
;CLS fictif
40192;
40312;Voir jean@exemple.fr
"""


def test_toutes_les_fautes_sont_dites_a_la_fois(
    tmp_path: Path, depot: Depot, referentiel: Referentiel
) -> None:
    chemin = ecrit(tmp_path, FAUTIF)
    with pytest.raises(ClasseurFautif) as refus:
        examine(chemin, depot, referentiel)
    assert [faute.split(",")[0] for faute in refus.value.fautes] == [
        f"ligne {rang}" for rang in (3, 4, 5, 6, 7)
    ]
    assert "Siren d'une commune" in refus.value.fautes[1]
    examen = examine(chemin, depot, referentiel, malgre_les_fautes=True)
    assert (examen.lignes, examen.communes, len(examen.ecartees)) == (1, 1, 5)
    ajouter_zonage(examen, depot=depot, jour=JOUR)
    table = zonages_fournis(relu(depot), referentiel, departement="40")
    assert table.select("commune", "valeur").rows() == [("40088", "CLS fictif")]


@pytest.mark.parametrize(
    ("texte", "zonage", "raison"),
    [
        ("", "cls", "vide"),
        ("code_insee;contrat\n", "cls", "vide|aucune ligne"),
        ("a;b\n1;2\n", "cls", "des territoires .* ni du nom du contrat"),
        ("code_insee;autre\n40088;x\n", "cls", "la colonne du nom du contrat ;"),
        ("code_insee;contrat\n40088;x\n", "bidule", "n'est pas un type de dispositif"),
        ("code_insee;contrat\n40088;x\n", "pvd", "déjà donné"),
    ],
)
def test_un_fichier_qui_ne_va_pas_est_refuse_en_francais(
    tmp_path: Path, depot: Depot, referentiel: Referentiel, texte: str, zonage: str, raison: str
) -> None:
    with pytest.raises(FichierRefuse, match=raison):
        examine(ecrit(tmp_path, texte), depot, referentiel, zonage)


def test_un_nouvel_import_garde_l_ancien_et_change_la_cle_du_resultat(
    tmp_path: Path, depot: Depot, referentiel: Referentiel
) -> None:
    avant = depot.empreinte
    chemin = ecrit(tmp_path, "code_insee;contrat\n40088;CLS fictif\n")
    assert not ajouter_zonage(examine(chemin, depot, referentiel), depot=depot, jour=JOUR).remplace
    premier = relu(depot)
    assert premier.empreinte != avant
    assert ajouter_zonage(examine(chemin, premier, referentiel), depot=premier, jour=JOUR).deja
    chemin.write_text("code_insee;contrat\n40192;CLS fictif\n", encoding="utf-8")
    assert ajouter_zonage(examine(chemin, premier, referentiel), depot=premier, jour=JOUR).remplace
    second = relu(depot)
    assert second.empreinte != premier.empreinte
    assert second.ajouts is not None
    nom = "ajout.zonage.contrat-local-de-sante.40"
    (ancien,) = second.ajouts.passes(nom)
    assert "40088" in next(ancien.glob("octets/*.csv")).read_text(encoding="utf-8")
    table = zonages_fournis(second, referentiel, departement="40")
    assert table["commune"].to_list() == ["40192"]
    (garde,) = (second.ajouts.dossier / nom).glob("octets/*.csv")
    garde.write_text("code_insee;contrat\n40088;CLS fictif\n", encoding="utf-8")
    with pytest.raises(FichierAltere):
        zonages_fournis(relu(depot), referentiel, departement="40")


def test_la_liste_d_une_personne_l_emporte_dans_son_departement(
    tmp_path: Path, depot: Depot, referentiel: Referentiel
) -> None:
    importe_crte(tmp_path, depot, referentiel, CRTE.format(siren="siren_epci"))
    chemin = ecrit(tmp_path, "code_insee;contrat\n40088;CRTE fictif corrigé\n")
    ajouter_zonage(examine(chemin, depot, referentiel, "crte"), depot=depot, jour=JOUR)
    lu = relu(depot)
    assert set(zonages_fournis(lu, referentiel, departement="40")["valeur"]) == {
        "CRTE fictif corrigé"
    }
    assert set(zonages_fournis(lu, referentiel, departement="01")["valeur"]) == {
        "CRTE fictif d'ailleurs"
    }


class SansOffre:
    """Un inventaire vide."""

    def __init__(self, categories: dict[str, CategorieService]) -> None:
        self.categories = categories
        self.services = pl.DataFrame(schema=SERVICES)
        self.comparees = pl.DataFrame(schema=PAIRES)
        self.observations = pl.DataFrame(schema=OBSERVATIONS)


def test_les_contrats_entrent_au_registre_avec_leur_provenance(
    tmp_path: Path, depot: Depot, referentiel: Referentiel
) -> None:
    importe_crte(tmp_path, depot, referentiel, CRTE.format(siren="siren_epci"))
    chemin = ecrit(
        tmp_path,
        f"siren_epci;contrat;date_signature\n{MARSAN};CLS fictif;2024\n40088;CLS fictif;\n",
    )
    ajouter_zonage(examine(chemin, depot, referentiel), depot=depot, jour=JOUR)
    lu = relu(depot)
    offre = SansOffre(lire_categories(lu.declaration("services/categories.yaml")))
    tables = calculer_coordination(lu, referentiel, offre, departement="40", jour=JOUR)
    registre = tables["dispositifs"].frame
    crte = registre.filter(pl.col("type") == "crte")
    assert set(crte["provenance"]) == {"public"}
    assert sorted(crte["territoires"].explode()) == [f"EPCI-{DAX}", f"EPCI-{MARSAN}"]
    cls = registre.filter(pl.col("type") == "contrat-local-de-sante").row(0, named=True)
    assert (cls["provenance"], cls["debut"], cls["ligne"]) == ("gabarit", "2024", 2)
    assert cls["territoires"] == [f"EPCI-{MARSAN}", "COM-40088"]
    assert cls["nom"].endswith(": CLS fictif")


def test_le_nom_d_un_contrat_qui_dit_son_type_n_est_pas_repete(referentiel: Referentiel) -> None:
    types = {genre.id: genre for genre in Depot.embarque().dispositifs}
    fournis = pl.DataFrame(
        {
            "commune": ["40088"], "zonage": ["crte"], "valeur": ["CRTE fictif"], "debut": [None],
            "millesime": ["2025"], "provenance": ["gabarit"], "source": ["s"], "origin": ["s/f"],
            "ligne": [2],
        },
        schema_overrides={"debut": pl.String, "ligne": pl.UInt32},
    )  # fmt: skip
    table = dispositifs_des_listes(
        fournis, types, epci={"40088": DAX, "40312": DAX}, departement="40"
    )
    assert table["nom"].to_list() == ["CRTE fictif"]
    assert table["territoires"].to_list() == [["COM-40088"]]
    genre = type_de_zonage("cls", types)
    assert genre == types["contrat-local-de-sante"]
    assert type_de_zonage("", types) is None


def test_le_classeur_donne_ses_zones_sans_repeter_une_liste(
    tmp_path: Path, depot: Depot, referentiel: Referentiel, monkeypatch: pytest.MonkeyPatch
) -> None:
    importe_crte(tmp_path, depot, referentiel, CRTE.format(siren="siren_epci"))
    saisis = pl.DataFrame(
        {
            "type": ["crte", "crte", "convention-territoriale-globale", "pdalhpd", "autre"],
            "nom": ["Le même", "CRTE fictif saisi", "CTG fictive", "Plan", "Autre"],
            "territoires": [
                [f"EPCI-{DAX}"], [f"EPCI-{DAX}", "COM-40192"], ["COM-40088"], ["DEP-40"],
                ["COM-40088"],
            ],
        }
    )  # fmt: skip
    monkeypatch.setattr(zonages_acces, "lire_classeurs", lambda *_: {"dispositifs": saisis})
    table = zones_fournies(relu(depot), referentiel, departement="40")
    assert set(table["valeur"]) == {
        "CRTE fictif des pins", "CRTE fictif du fleuve", "CRTE fictif saisi", "CTG fictive",
    }  # fmt: skip
    zones = zones_du_departement(
        table, referentiel.communes_du_departement("40"), libelles={"crte": "…", "ctg": "…"}
    )
    saisie = next(zone for zone in zones if zone.valeur == "CRTE fictif saisi")
    attendu = "Contrat pour la réussite de la transition écologique : CRTE fictif saisi"
    assert saisie.libelle == attendu
    assert set(saisie.communes) == {*referentiel.communes_de(f"EPCI-{DAX}"), "40192"}


def test_la_commande_montre_demande_et_dit_les_ecarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lancer: Lancer
) -> None:
    monkeypatch.setenv("SOLIDIAG_DONNEES", str(tmp_path / "donnees"))
    commande = ("sources", "importer", str(ecrit(tmp_path, FAUTIF)), "--zonage", "cls", "--oui")
    refus = lancer(*commande)
    assert refus.code == 1
    assert "5 lignes fautives" in refus.erreur
    assert "Traceback" not in refus.erreur
    admis = lancer(*commande, "--malgre-les-lignes-fautives")
    assert admis.code == 1
    assert "Zonage : Contrat local de santé (CLS santé)" in admis.sortie
    assert "1 ligne, 1 contrat, 1 commune\n" in admis.sortie
    assert "Ajouté : ajout.zonage.contrat-local-de-sante.40" in admis.sortie
