"""Classeurs à remplir : vierges conformes, relus ligne à ligne, toutes les fautes à la fois."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pytest
from tests.contract.exemples_de_classeurs import (
    DEPOT,
    JOUR,
    JUSTE,
    REFERENTIEL,
    Remplir,
    examiner,
    fautes_de,
    remplir,
    vierges,
)

from solidiag.catalogue.classeur import MENTION_EXEMPLE
from solidiag.errors import ClasseurFautif, FichierRefuse
from solidiag.model.service import SERVICES
from solidiag.pipeline.classeurs import (
    ajouter_classeur,
    classeurs_declares,
    ecrire_vierge,
    est_un_classeur,
    listes_du_depot,
)
from solidiag.sources.classeurs.lexique import dans_la_liste
from solidiag.sources.classeurs.offre import services_de
from solidiag.sources.registre_services import lire_offre
from solidiag.storage.depot import Depot

__all__ = ["remplir", "vierges"]


@pytest.mark.parametrize("nom", ["offre", "coordination"])
def test_the_blank_workbook_is_accessible_and_has_its_lists(
    vierges: dict[str, Path], nom: str
) -> None:
    livre = openpyxl.load_workbook(vierges[nom])
    classeur = classeurs_declares(DEPOT)[nom]
    assert livre.sheetnames[0] == "Mode d'emploi"
    assert livre.sheetnames[-2:] == ["Listes", "solidiag"]
    assert livre["solidiag"].sheet_state == "hidden"
    for page in livre.worksheets:
        assert not page.merged_cells.ranges, page.title
    for feuille in classeur.feuilles:
        page = livre[feuille.titre]
        assert page.freeze_panes == "B2"
        assert [c.value for c in page[1]] == [c.entete for c in feuille.colonnes]
        assert str(page["A2"].value).startswith(MENTION_EXEMPLE)
        regles = {
            str(regle.sqref).split(":")[0]: regle for regle in page.data_validations.dataValidation
        }
        assert len(regles) == len(feuille.colonnes)
        for place, colonne in enumerate(feuille.colonnes, start=1):
            regle = regles[f"{openpyxl.utils.get_column_letter(place)}2"]
            assert regle.promptTitle
            assert colonne.aide.startswith(str(regle.prompt).removesuffix("…"))
            if colonne.genre in ("liste", "commune", "territoire", "reference"):
                assert regle.type == "list", colonne.titre
            if colonne.genre == "liste":
                assert "Choisissez une valeur de la liste" in regle.error


def test_the_lists_hold_the_communes_and_epci_of_the_departement() -> None:
    listes = listes_du_depot(DEPOT, REFERENTIEL, departement="40")
    assert listes["communes"]["40088"] == "Dax (40088)"
    assert len(listes["communes"]) == len(REFERENTIEL.communes_du_departement("40"))
    assert {f"EPCI-{c}" for c in REFERENTIEL.epci_du_departement("40")} <= set(
        listes["territoires"]
    )
    assert set(listes["publics"]) == set(DEPOT.declaration("services/vocabulaire.yaml")["publics"])
    assert len(listes["domaines"]) == 30


def test_the_same_arguments_give_the_same_bytes(vierges: dict[str, Path], tmp_path: Path) -> None:
    autre = ecrire_vierge(
        "offre",
        departement="40",
        vers=tmp_path / "autre.xlsx",
        depot=DEPOT,
        referentiel=REFERENTIEL,
        jour=JOUR,
    )
    assert autre.read_bytes() == vierges["offre"].read_bytes()
    with pytest.raises(FichierRefuse, match="il existe déjà"):
        ecrire_vierge(
            "offre", departement="40", vers=autre, depot=DEPOT, referentiel=REFERENTIEL, jour=JOUR
        )


def test_the_example_row_alone_is_an_empty_workbook(vierges: dict[str, Path]) -> None:
    for chemin in vierges.values():
        assert est_un_classeur(chemin, DEPOT)
        with pytest.raises(FichierRefuse, match="aucune ligne n'y est remplie"):
            examiner(chemin)


def test_a_right_row_becomes_a_service(remplir: Remplir) -> None:
    examen = examiner(remplir("offre", {"Offre": [(3, JUSTE)]}))
    (service,) = services_de(examen.lu, source=examen.source.id).to_dicts()
    assert list(service) == list(SERVICES)
    assert service["code_insee"] == "40246"
    assert service["domaines"] == ["aide-alimentaire", "isolement-seniors-precaires"]
    assert service["publics"] == ["familles", "seniors"]
    assert service["capacite"] == 1200.5
    assert service["capacite_unite"] == "colis distribués par mois"
    assert service["etp"] == 1.5
    assert service["saturation"] == "sature"
    assert service["aller_vers"] == "permanence"
    assert service["zone_eligibilite"] == ["40", "40088"]
    assert service["financeurs"] == ["Institution A", "Institution B"]
    assert service["date_source"] == "2025-09-01"
    assert service["siret"] == "12345678901237"
    assert service["ligne"] == 3
    assert service["categorie"] == "service-saisi"
    assert service["fermeture"] is None
    assert service["id"].startswith("ajout.offre-saisie.40:")


def test_every_fault_is_said_at_once_with_its_row_and_column(remplir: Remplir) -> None:
    fausse = {
        "Nom du service": "Faux (exemple fictif)",
        "Catégorie": "France servicess",
        "Commune": "Daxx",
        "Capacité": "douze",
        "Latitude": 91,
        "Fermé": "peut-être",
        "Date de l'information": "31/02/2025",
    }
    incomplete = {"Commune": "40088", "Latitude": 43.7, "Capacité": 3, "Siret": "12"}
    futur = JUSTE | {"Nom du service": "Futur", "Date de l'information": "12/2027"}
    fautes = fautes_de(
        remplir("offre", {"Offre": [(3, JUSTE), (12, fausse), (13, incomplete), (15, futur)]})
    )
    assert (
        "Offre, ligne 12, colonne « Commune » : « Daxx » n'est pas une commune ; vouliez-vous dire "
        "« Dax » (40088) ?"
    ) in fautes
    assert (
        "Offre, ligne 12, colonne « Catégorie » : « France servicess » n'est pas dans la liste ; "
        "vouliez-vous dire « France services » ?"
    ) in fautes
    debuts = {faute.split(" : ")[0] for faute in fautes}
    assert debuts == {
        *(
            f"Offre, ligne 12, colonne « {titre} »"
            for titre in (
                "Catégorie",
                "Commune",
                "Latitude",
                "Capacité",
                "Date de l'information",
                "Fermé",
            )
        ),
        *(
            f"Offre, ligne 13, colonne « {titre} »"
            for titre in (
                "Nom du service",
                "Longitude",
                "Unité de la capacité",
                "Date de l'information",
                "Siret",
            )
        ),
        "Offre, ligne 13",
        "Offre, ligne 15, colonne « Date de l'information »",
    }


def test_right_rows_alone_enter_only_if_the_person_says_so(
    remplir: Remplir, tmp_path: Path
) -> None:
    chemin = remplir("offre", {"Offre": [(3, JUSTE), (4, JUSTE | {"Commune": "Nulle-Part"})]})
    with pytest.raises(ClasseurFautif, match="1 ligne fautive"):
        examiner(chemin)
    depot = Depot(ajouts=tmp_path / "donnees")
    examen = examiner(chemin, malgre=True, depot=depot)
    assert examen.fautives == 1
    resultat = ajouter_classeur(examen, depot=depot, jour=JOUR)
    assert not resultat.deja
    relu = Depot(ajouts=tmp_path / "donnees")
    assert relu.fautes == ()
    source, fichier = relu.fichier(f"{resultat.source}/fichier")
    services = lire_offre(relu.octets(fichier.fichier), source, fichier)
    assert services.equals(services_de(examen.lu, source=source.id))
    assert services["ligne"].to_list() == [3]
    assert source.couverture.departements == ("40",)
    assert ajouter_classeur(examen, depot=relu, jour=JOUR).deja


def test_a_second_import_replaces_the_first_which_is_kept(remplir: Remplir, tmp_path: Path) -> None:
    racine = tmp_path / "donnees"
    premier = examiner(remplir("offre", {"Offre": [(3, JUSTE)]}), depot=Depot(ajouts=racine))
    ajouter_classeur(premier, depot=Depot(ajouts=racine), jour=JOUR)
    corrige = {"Offre": [(3, JUSTE), (4, JUSTE | {"Nom du service": "Autre", "Commune": "Dax"})]}
    second = examiner(remplir("offre", corrige), depot=Depot(ajouts=racine))
    assert second.remplace
    assert ajouter_classeur(second, depot=Depot(ajouts=racine), jour=JOUR).remplace
    assert [d.name for d in (racine / "anciens").iterdir()] == ["ajout.offre-saisie.40.1"]
    depot = Depot(ajouts=racine)
    source, fichier = depot.fichier("ajout.offre-saisie.40/fichier")
    services = lire_offre(depot.octets(fichier.fichier), source, fichier)
    avant = services_de(premier.lu, source=source.id)["id"][0]
    assert services.height == 2
    assert avant in services["id"].to_list()


def test_what_a_spreadsheet_does_to_a_file_is_tolerated(remplir: Remplir) -> None:
    chemin = remplir("offre", {"Offre": [(3, JUSTE)]})
    livre = openpyxl.load_workbook(chemin)
    page = livre["Offre"]
    rangees = [[c.value for c in ligne] for ligne in page.iter_rows(min_row=1, max_row=3)]
    nouvelle = livre.create_sheet("OFFRE bis")
    del livre["Offre"]
    nouvelle.title = "offre"
    ordre = list(reversed(range(len(rangees[0]))))
    nouvelle.append(["Tableau de l'offre"])
    nouvelle.append([*(str(rangees[0][n]).upper() for n in ordre), "Ma colonne", None])
    nouvelle.append([*(rangees[2][n] for n in ordre), "pour moi", "  "])
    date = ordre.index([str(t) for t in rangees[0]].index("Date de l'information *")) + 1
    nouvelle.cell(3, date, 45901).number_format = "General"
    livre.save(chemin)
    examen = examiner(chemin)
    (service,) = services_de(examen.lu, source="s").to_dicts()
    assert service["ligne"] == 3
    assert service["date_source"] == "2025-09-01"
    assert service["code_insee"] == "40246"
    assert examen.remarques == ("Offre : colonne inconnue, non lue : « Ma colonne ».",)


def test_a_workbook_without_its_mark_is_known_by_its_columns(remplir: Remplir) -> None:
    chemin = remplir("offre", {"Offre": [(3, JUSTE)]})
    livre = openpyxl.load_workbook(chemin)
    del livre["solidiag"]
    livre.save(chemin)
    assert est_un_classeur(chemin, DEPOT)
    examen = examiner(chemin)
    assert examen.source.id == "ajout.offre-saisie.france"
    assert "marque" in examen.remarques[0]


def test_a_newer_workbook_and_a_missing_column_are_refused(remplir: Remplir) -> None:
    chemin = remplir("offre", {"Offre": [(3, JUSTE)]})
    livre = openpyxl.load_workbook(chemin)
    livre["solidiag"]["B2"] = 99
    livre.save(chemin)
    assert est_un_classeur(chemin, DEPOT)
    with pytest.raises(FichierRefuse, match="mettez Solidiag à jour"):
        examiner(chemin)
    livre["solidiag"]["B2"] = 1
    livre["Offre"]["F1"] = "Ville"
    livre.save(chemin)
    with pytest.raises(FichierRefuse, match="n'a pas de colonne « Commune »"):
        examiner(chemin)


def test_rows_that_repeat_and_example_without_its_mention_are_faults(remplir: Remplir) -> None:
    livre = remplir("offre", {"Offre": [(3, JUSTE), (4, JUSTE), (2, {"Nom du service": "Vrai"})]})
    fautes = fautes_de(livre)
    assert "Offre, ligne 4 : dit la même chose que la ligne 3" in fautes
    assert any(f.startswith("Offre, ligne 2 : c'est la ligne d'exemple") for f in fautes)


def test_personal_data_is_pointed_at(remplir: Remplir) -> None:
    examen = examiner(
        remplir("offre", {"Offre": [(3, JUSTE | {"Remarque": "voir prenom.nom@exemple.fr"})]})
    )
    assert "ligne 3, « Remarque »" in examen.remarques[-1]


@pytest.mark.parametrize(
    ("case", "dit"),
    [
        ({"Remarque": "voir Mme Exemple"}, "nom de personne possible (ligne 3, « Remarque »)"),
        ({"Nom du service": "Consultation du Dr Fictif"}, "nom de personne possible"),
        ({"Adresse": "1 rue du Docteur Exemple"}, ""),
        ({"Siret": "12345678901234"}, "la clé est fausse (ligne 3, « Siret »)"),
        ({"Siret": "356 000 000 49837"}, ""),
        ({"Jours et horaires": "9h-12h"}, "horaires gardés tels quels, mais non compris"),
        ({"Jours et horaires": "lundi 9h-12h"}, ""),
    ],
)
def test_what_surprises_is_said_and_refuses_nothing(
    remplir: Remplir, case: dict[str, str], dit: str
) -> None:
    examen = examiner(remplir("offre", {"Offre": [(3, JUSTE | case)]}))
    assert examen.lu.bonnes == 1
    assert (dit in " ".join(examen.remarques)) if dit else examen.remarques == ()


def test_personal_data_is_pointed_at_in_a_refused_workbook_too(remplir: Remplir) -> None:
    chemin = remplir(
        "offre", {"Offre": [(3, JUSTE | {"Remarque": "06 00 00 00 00", "Commune": ""})]}
    )
    with pytest.raises(ClasseurFautif, match="À vérifier aussi : Offre : une adresse") as faute:
        examiner(chemin)
    assert len(faute.value.fautes) == 1


def test_commas_between_values_are_told_apart_from_labels_with_commas(remplir: Remplir) -> None:
    dit = "séparez plusieurs valeurs par « ; »"
    virgule = {"Domaines": "Mobilité solidaire, Aide et précarité alimentaires"}
    assert dit in " ".join(fautes_de(remplir("offre", {"Offre": [(3, JUSTE | virgule)]})))
    inconnu = {"Domaines": "Pacte locale, autre"}
    fautes = " ".join(fautes_de(remplir("offre", {"Offre": [(3, JUSTE | inconnu)]})))
    assert dit not in fautes
    assert "vouliez-vous dire" not in fautes


def test_every_example_of_a_list_is_in_the_list() -> None:
    listes = listes_du_depot(DEPOT, REFERENTIEL, departement="40")
    for classeur in classeurs_declares(DEPOT).values():
        valeurs = {**listes, **classeur.listes}
        for feuille in classeur.feuilles:
            for colonne in feuille.colonnes:
                if colonne.liste and colonne.exemple:
                    assert isinstance(dans_la_liste(valeurs[colonne.liste], colonne.exemple), str)


def test_the_examination_names_the_domains_and_the_communes(remplir: Remplir) -> None:
    examen = examiner(remplir("offre", {"Offre": [(3, JUSTE)]}))
    assert examen.communes == ("Sabres",)
    assert len(examen.domaines) == 2


def test_another_workbook_and_a_broken_file_are_not_ours(tmp_path: Path) -> None:
    livre = openpyxl.Workbook()
    livre.active.append(["code", "valeur"])
    livre.save(tmp_path / "offre.xlsx")
    assert not est_un_classeur(tmp_path / "offre.xlsx", DEPOT)
    with pytest.raises(FichierRefuse, match="n'est pas un classeur de Solidiag"):
        examiner(tmp_path / "offre.xlsx")
    (tmp_path / "abime.xlsx").write_bytes((tmp_path / "offre.xlsx").read_bytes()[:300])
    assert not est_un_classeur(tmp_path / "abime.xlsx", DEPOT)
    (tmp_path / "vide.xlsx").write_bytes(b"")
    assert not est_un_classeur(tmp_path / "vide.xlsx", DEPOT)


def test_an_ods_file_reads_like_an_xlsx(remplir: Remplir, tmp_path: Path) -> None:
    livre = openpyxl.load_workbook(remplir("offre", {"Offre": [(3, JUSTE)]}))
    lignes = [
        ["" if c is None else str(c) for c in ligne]
        for ligne in livre["Offre"].iter_rows(max_row=3, values_only=True)
    ]
    chemin = tmp_path / "offre.ods"
    chemin.write_bytes(
        _ods({"Offre": lignes, "solidiag": [["classeur", "offre"], ["version", "1"]]})
    )
    assert est_un_classeur(chemin, DEPOT)
    examen = examiner(chemin)
    (service,) = services_de(examen.lu, source="s").to_dicts()
    assert (service["code_insee"], service["date_source"]) == ("40246", "2025-09-01")
    assert examen.source.fichiers[0].fichier.endswith(".ods")


def _ods(feuilles: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    tables = "".join(
        f'<table:table table:name="{escape(nom)}">'
        + "".join(
            "<table:table-row>"
            + "".join(
                '<table:table-cell office:value-type="string">'
                f"<text:p>{escape(texte)}</text:p></table:table-cell>"
                for texte in ligne
            )
            + "</table:table-row>"
            for ligne in lignes
        )
        + "</table:table>"
        for nom, lignes in feuilles.items()
    )
    espaces = " ".join(
        f'xmlns:{nom}="urn:oasis:names:tc:opendocument:xmlns:{nom}:1.0"'
        for nom in ("office", "table", "text")
    )
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest='
            '"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {espaces}>'
            f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    return tampon.getvalue()
