"""La table d'une personne : ce qu'elle remplit, ce qui est dit avant l'ajout, son modèle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from solidiag.errors import DeclarationInvalide, FichierRefuse, IndicateurInconnu, TerritoireInconnu
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.explication import expliquer
from solidiag.pipeline.importation import territoires_connus
from solidiag.pipeline.inventaire_indicateurs import chercher
from solidiag.pipeline.inventaire_sources import inventorier
from solidiag.pipeline.tables_personnelles import (
    ajouter_table,
    ecrire_modele,
    examiner_table,
    lire_declaration,
    modele_de,
)
from solidiag.sources.reparations import Connus
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

JOUR = date(2026, 11, 24)
RAPPORT: dict[str, object] = {
    "id": "aa_inscrits",
    "producteur": "Essai",
    "licence": "convention",
    "periode": "2025",
    "niveau": "COM",
    "colonne_code": "code",
    "nature": "rapport",
    "numerateur": "inscrits",
    "denominateur": "habitants",
}
EFFECTIF: dict[str, object] = {
    **RAPPORT,
    "id": "aide_locale",
    "titre": "Bénéficiaires d'une aide",
    "nature": "effectif",
    "valeur": "inscrits",
    "numerateur": "",
    "denominateur": "",
    "unite": "nombre",
    "sens": "contexte",
}
DROIT = {"texte": "Convention d'essai", "accorde_par": "Essai", "date": "2025-01-01"}


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(Depot.embarque()))


def landes(connus: Connus) -> list[str]:
    return sorted(c for c, d in connus.actuels["COM"].items() if d == "40")


def table(codes: list[str], *, inscrits: Callable[[int], str] = lambda rang: str(20 + rang)) -> str:
    lignes = [f"{code};{inscrits(rang)};{1000}" for rang, code in enumerate(codes)]
    return "code;inscrits;habitants\n" + "\n".join(lignes) + "\n"


class Essai:
    """Une table et sa déclaration, examinées puis ajoutées."""

    def __init__(self, dossier: Path, texte: str, declaration: dict[str, object]) -> None:
        self.table, self.yaml = dossier / "t.csv", dossier / "t.yaml"
        self.table.write_text(texte, encoding="utf-8")
        self.yaml.write_text(yaml.safe_dump(declaration), encoding="utf-8")
        self.donnees = dossier / "donnees"

    @property
    def depot(self) -> Depot:
        return Depot(ajouts=self.donnees)

    def remarques(self, connus: Connus) -> str:
        depot = self.depot
        declaree = lire_declaration(self.yaml, depot=depot)
        examen = examiner_table(self.table, declaree, depot=depot, connus=connus)
        return " ".join(examen.parties[0].remarques)

    def ajouter(self, connus: Connus) -> Depot:
        depot = self.depot
        declaree = lire_declaration(self.yaml, depot=depot)
        examen = examiner_table(self.table, declaree, depot=depot, connus=connus)
        ajouter_table(examen, declaree, depot=depot, jour=JOUR)
        return self.depot


def lu(depot: Depot, identifiant: str, code: str) -> str:
    contenu = expliquer(identifiant, code, depot=depot, cache=Cache(None)).contenu
    return "\n".join(texte for _, texte in contenu)


def test_a_table_fills_an_indicator_to_ask_for(tmp_path: Path, connus: Connus) -> None:
    assert "aa_inscrits" not in Depot.embarque().indicateurs
    demande = lu(Depot.embarque(), "aa_inscrits", "40")
    assert "--modele aa_inscrits.yaml --remplit aa_inscrits" in demande
    codes = landes(connus)
    essai = Essai(tmp_path, table(codes, inscrits=lambda _: "30"), RAPPORT)
    depot = essai.ajouter(connus)
    assert "Valeur (2025) : 3,0" in lu(depot, "aa_inscrits", "40")
    assert "colonne inscrits, code 40192" in lu(depot, "aa_inscrits", "40192")
    rempli, embarque = depot.catalogue["aa_inscrits"], depot.declares["aa_inscrits"]
    assert rempli.lectures
    assert rempli.model_copy(update={"lectures": ()}) == embarque
    assert depot.grille.indicateurs == Depot.embarque().grille.indicateurs


def test_a_filled_indicator_says_its_difference(tmp_path: Path, connus: Connus) -> None:
    declaration = {**RAPPORT, "id": "", "remplit": "aa_inscrits", "difference": "une association"}
    depot = Essai(tmp_path, table(landes(connus)), declaration).ajouter(connus)
    rempli = depot.catalogue["aa_inscrits"]
    assert (rempli.correspondance, rempli.difference) == ("proche", "une association")


def test_partner_data_fills_an_indicator_once_protected(tmp_path: Path, connus: Connus) -> None:
    essai = Essai(
        tmp_path,
        table(landes(connus), inscrits=lambda rang: str(rang % 40)),
        {**RAPPORT, "partenaire": True, "droit_d_usage": DROIT},
    )
    depot = essai.ajouter(connus)
    assert depot.catalogue["aa_inscrits"].libelle == depot.declares["aa_inscrits"].libelle
    assert "Valeur (2025) : secret" in lu(depot, "aa_inscrits", landes(connus)[3])
    assert "Valeur (2025) : 1" in lu(depot, "aa_inscrits", "40")


@pytest.mark.parametrize(
    ("changes", "attendu"),
    [
        ({"nature": "effectif", "valeur": "inscrits"}, "donnez un rapport"),
        ({"unite": "nombre"}, "celle du catalogue « percent »"),
        ({"facteur": 1000}, "facteur"),
        ({"sens": "contexte"}, "sens"),
        ({"id": "ctx_tx_pauvrete"}, "déjà un indicateur du catalogue"),
    ],
)
def test_a_table_that_cannot_fill_is_refused(
    tmp_path: Path, connus: Connus, changes: dict[str, object], attendu: str
) -> None:
    complet = {"titre": "x y z", "unite": "percent", "sens": "plus_haut_est_plus_fragile"}
    essai = Essai(tmp_path, table(landes(connus)), {**complet, **RAPPORT, **changes})
    with pytest.raises(FichierRefuse, match=attendu):
        essai.ajouter(connus)
    assert not essai.donnees.exists()


def test_only_a_catalogue_indicator_can_be_filled(tmp_path: Path) -> None:
    essai = Essai(tmp_path, table(["40192"]), {**RAPPORT, "id": "", "remplit": "aa_inscrit"})
    with pytest.raises(DeclarationInvalide, match="aa_inscrits"):
        lire_declaration(essai.yaml, depot=essai.depot)


def test_the_model_of_counts_is_a_count(tmp_path: Path, connus: Connus) -> None:
    essai = Essai(tmp_path, "code;nom;aides\n40192;Mont;1 204\n40088;Dax;s\n40001;A;7\n", {})
    vers = tmp_path / "m.yaml"
    ecrire_modele(essai.table, vers, connus=connus, jour=JOUR)
    modele = yaml.safe_load(vers.read_text(encoding="utf-8"))
    assert (modele["nature"], modele["unite"], modele["valeur"]) == ("effectif", "nombre", "aides")
    assert modele["decimales"] == 0


def test_the_model_of_decimals_is_a_value(tmp_path: Path, connus: Connus) -> None:
    essai = Essai(tmp_path, "code;taux\n40192;12,5\n40088;7\n", {})
    vers = tmp_path / "m.yaml"
    ecrire_modele(essai.table, vers, connus=connus, jour=JOUR)
    modele = yaml.safe_load(vers.read_text(encoding="utf-8"))
    assert (modele["nature"], modele["unite"]) == ("valeur", "percent")


def test_the_model_of_an_indicator_to_fill_comes_from_the_catalogue(
    tmp_path: Path, connus: Connus
) -> None:
    essai = Essai(tmp_path, table(landes(connus)), {})
    vers = tmp_path / "t.yaml"
    vers.unlink()
    ecrire_modele(
        essai.table, vers, connus=connus, jour=JOUR, remplit=modele_de("aa_inscrits", essai.depot)
    )
    texte = vers.read_text(encoding="utf-8")
    modele = yaml.safe_load(texte)
    assert (modele["id"], modele["nature"]) == ("aa_inscrits", "rapport")
    assert (modele["numerateur"], modele["denominateur"]) == ("inscrits", "habitants")
    vers.write_text(
        texte.replace("producteur: ''", "producteur: Essai").replace(
            "licence: ''", "licence: convention"
        ),
        encoding="utf-8",
    )
    assert "Valeur (2025)" in lu(essai.ajouter(connus), "aa_inscrits", "40")
    with pytest.raises(FichierRefuse, match="documentent"):
        modele_de("ctx_tx_pauvrete", essai.depot)


def test_percents_over_a_hundred_are_said(tmp_path: Path, connus: Connus) -> None:
    declaration = {**EFFECTIF, "nature": "valeur", "unite": "percent"}
    essai = Essai(tmp_path, table(landes(connus), inscrits=lambda r: str(98 + r)), declaration)
    assert "« nature: effectif »" in essai.remarques(connus)
    essai = Essai(tmp_path, table(landes(connus), inscrits=lambda _: "98"), declaration)
    assert "effectif" not in essai.remarques(connus)


def test_small_counts_of_a_public_table_are_said(tmp_path: Path, connus: Connus) -> None:
    codes = landes(connus)
    essai = Essai(tmp_path, table(codes, inscrits=lambda r: str(r if r < 13 else 50)), EFFECTIF)
    assert "10 communes comptent moins de 11" in essai.remarques(connus)
    assert "partenaire: true" in essai.remarques(connus)
    essai = Essai(tmp_path, table(codes, inscrits=lambda _: "11"), EFFECTIF)
    assert "partenaire" not in essai.remarques(connus)


def test_an_open_licence_is_refused_for_partner_data(tmp_path: Path) -> None:
    ouverte = {**EFFECTIF, "licence": "etalab-2.0", "partenaire": True, "droit_d_usage": DROIT}
    essai = Essai(tmp_path, table(["40192"]), ouverte)
    with pytest.raises(DeclarationInvalide, match="licence ouverte"):
        lire_declaration(essai.yaml, depot=essai.depot)


def test_a_complete_list_counts_zero_where_it_is_silent(tmp_path: Path, connus: Connus) -> None:
    codes = landes(connus)[::3]
    depot = Essai(tmp_path, table(codes, inscrits=lambda _: "20"), EFFECTIF).ajouter(connus)
    assert "Valeur (2025) : non" in lu(depot, "aide_locale", "40")
    complete = {**EFFECTIF, "liste_complete": True}
    depot = Essai(tmp_path, table(codes, inscrits=lambda _: "20"), complete).ajouter(connus)
    assert f"Valeur (2025) : {20 * len(codes):_}".replace("_", "\u202f") in lu(
        depot, "aide_locale", "40"
    )
    assert "colonne inscrits" in lu(depot, "aide_locale", codes[0])


def test_a_partner_secret_is_said_ours_with_its_right_of_use(
    tmp_path: Path, connus: Connus
) -> None:
    codes = landes(connus)[:-1]
    essai = Essai(
        tmp_path,
        table(codes, inscrits=lambda rang: str(rang % 40)),
        {**RAPPORT, "partenaire": True, "droit_d_usage": DROIT},
    )
    depot = essai.ajouter(connus)
    secret = lu(depot, "aa_inscrits", codes[3])
    assert "secret appliqué à l'ajout, seuil de 11" in secret
    assert "Convention d'essai (accordé par Essai le 2025-01-01)" in secret
    absent = lu(depot, "aa_inscrits", landes(connus)[-1])
    assert "absent de la table du partenaire" in absent
    assert "du producteur" not in secret + absent
    (fiche,) = (f for f in inventorier(depot, jour=JOUR) if f.ajoutee)
    assert (fiche.id, fiche.copie) == ("ajout.table.aa_inscrits.2025", "protégée")


def test_indicators_are_found_by_words_with_their_state(tmp_path: Path, connus: Connus) -> None:
    (fiche,) = chercher(["inscrites", "ALIMENTAIRE"], depot=Depot.embarque())
    assert (fiche.id, fiche.etat) == ("aa_inscrits", "à demander")
    assert "DDETSPP" in fiche.detenteur
    depot = Essai(tmp_path, table(landes(connus)), RAPPORT).ajouter(connus)
    (rempli,) = chercher(["aa_inscrits"], depot=depot)
    assert (rempli.etat, rempli.detenteur) == ("valeur", "Essai")
    assert chercher(["pommes"], depot=depot) == []
    assert len(chercher(depot=depot)) == len(depot.catalogue)


def test_an_unknown_indicator_offers_those_with_its_words() -> None:
    with pytest.raises(IndicateurInconnu, match="aa_inscrits"):
        expliquer("inscrits à l'alimentation aidée", "40", depot=Depot.embarque())


def test_empty_fields_are_said_in_french(tmp_path: Path) -> None:
    essai = Essai(tmp_path, table(["40192"]), {**EFFECTIF, "producteur": None, "titre": ""})
    with pytest.raises(DeclarationInvalide) as info:
        lire_declaration(essai.yaml, depot=essai.depot)
    assert set(info.value.fautes) == {"titre : à remplir", "producteur : à remplir"}
    essai = Essai(tmp_path, table(["40192"]), {**EFFECTIF, "periode": 2025, "niveau": "commune"})
    with pytest.raises(DeclarationInvalide, match="entre guillemets") as info:
        lire_declaration(essai.yaml, depot=essai.depot)
    assert "Input" not in str(info.value)


def test_an_ambiguous_name_gives_the_departement_of_each() -> None:
    with pytest.raises(TerritoireInconnu, match="Nom ambigu") as info:
        charger_referentiel(Depot.embarque()).resoudre("Saint-Martin")
    assert all(", " in proche for proche in info.value.proches)
