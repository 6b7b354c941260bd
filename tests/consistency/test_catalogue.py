"""Le catalogue des indicateurs est entier : chacun se définit, se lit, s'agrège et se demande."""

import re

import pytest

from solidiag.catalogue.indicateur import ACCES, AGREGATIONS, VERIFICATIONS, Indicateur
from solidiag.publication.francais import UNITES, formater
from solidiag.storage.depot import Depot

GRILLE = [
    "ctx_pop",
    "ctx_tx_pauvrete",
    "ctx_med_nv",
    "ctx_d1",
    "ctx_interdecile",
    "ctx_part_presta",
    "ctx_minima",
    "pauv_moins30",
    "pauv_75p",
    "pauv_locataires",
    "pauv_proprietaires",
    "pauv_monoparentales",
    "pop_0_2",
    "naissances",
    "couv_accueil_je",
    "part_bas_rev_0_5",
    "am_56p",
    "fam_mono",
    "fam_3enf",
    "meres_jeunes",
    "pmi_med",
    "bilans_ms",
    "ase_tx_mesures",
    "ase_accueil",
    "ase_majeurs",
    "ip_taux",
    "ase_sans_solution",
    "ips_ecoles",
    "ips_colleges",
    "brevet_va",
    "cantine_1e",
    "pdej",
    "boursiers",
    "neet_1524",
    "chom_jeunes",
    "jeunes_nodip",
    "cej_entrees",
    "ml_couverture",
    "scol_1517",
    "decrocheurs",
    "of_pris_en_charge",
    "apprentis",
    "fjt_places",
    "loc_jeunes",
    "res_sec",
    "loyer_m2",
    "rsa_pop",
    "rsa_anc",
    "rsa_orientation",
    "rsa_cer",
    "rsa_delai",
    "defm_abc",
    "deld",
    "de_brsa",
    "tx_chomage",
    "iae_postes",
    "iae_sorties",
    "iae_brsa",
    "ft_acces_30",
    "acc_global",
    "freins_mob",
    "actifs_hors_com",
    "femmes_inactives_mono",
    "creche_avip",
    "nodip_adultes",
    "illettrisme_est",
    "jdc_lecture",
    "immigres",
    "bpf_stagiaires",
    "ppa_part",
    "precaires_emploi",
    "temps_partiel_f",
    "saisonnalite",
    "nr_rsa_est",
    "c2s",
    "prem_accueil_30",
    "domiciliation",
    "asll_dem",
    "ifn",
    "fibre",
    "fs_acces_20",
    "cnfs",
    "aa_points",
    "aa_inscrits",
    "aa_acces",
    "siao_115",
    "heb_places",
    "sne_tension",
    "hlm_part",
    "hlm_stock",
    "suroccup",
    "impayes",
    "expulsions",
    "fsl",
    "al_effort",
    "apl_mg",
    "apl_autres",
    "sans_mt",
    "ald",
    "mort_prem",
    "pass_fa",
    "renoncement",
    "psychiatres",
    "cmp_delai",
    "suicide",
    "addict",
    "surendet",
    "microcredit",
    "pcb",
    "interdits",
    "aires_gdv",
    "gdv_sedent",
    "bidonvilles",
    "vif_taux",
    "vif_places",
    "pspros",
    "p75_seules",
    "aspa",
    "carsat_frag",
    "prec_energ",
    "prec_carb",
    "dpe_fg",
    "log_av1970",
    "cheque_energie",
    "vuln_mob",
    "temps_eq",
    "tc_offre",
    "egalim",
    "mmpt",
    "circuits",
    "desert_alim",
    "ress_acces",
    "ess_emploi",
    "metiers_verts",
    "prix_eau",
    "eau_soc",
    "eau_tarif",
    "eau_impayes",
]
"""Copie de la liste de la grille de référence, dans son ordre : aucun indicateur ne se perd."""

DEPOT = Depot()
CATALOGUE = sorted(DEPOT.catalogue.values(), key=lambda i: i.id)
PAR_ID = pytest.mark.parametrize("indicateur", CATALOGUE, ids=lambda i: i.id)
JARGON = r"\b(BRSA|ABC|DE|FVV|SDAHGV|CFP|ODPE|CRIP|NEET|CEJ|DNB|JDC|SMR|EPCI|FT|ML|CD|N-\d)\b"


def test_the_catalogue_holds_exactly_the_indicators_of_the_grid_and_those_said_beyond_it():
    assert len(set(GRILLE)) == len(GRILLE) == 138
    de_la_grille = {i.id for i in CATALOGUE if i.correspondance != "hors_grille"}
    assert de_la_grille == set(GRILLE) == set(DEPOT.grille.indicateurs)


def test_one_file_per_indicator_named_after_it():
    dossier = DEPOT.declarations / "indicateurs"
    assert {chemin.stem for chemin in dossier.glob("*.yaml")} == {i.id for i in CATALOGUE}
    assert not (DEPOT.declarations / "grille" / "indicateurs").exists()


def test_only_indicators_with_a_reading_are_computed():
    assert set(DEPOT.indicateurs) == {i.id for i in CATALOGUE if i.lectures}
    assert 50 < len(DEPOT.indicateurs) < len(CATALOGUE)


@PAR_ID
def test_each_indicator_is_declared_in_full(indicateur: Indicateur):
    for champ in (
        "libelle", "libelle_court", "definition", "numerateur", "denominateur", "champ",
        "niveau_le_plus_fin", "sujet", "lecture",
    ):  # fmt: skip
        assert getattr(indicateur, champ).strip(), champ
    assert indicateur.agregation in AGREGATIONS
    assert indicateur.secret in DEPOT.grille.regles_secret
    assert indicateur.unite in UNITES
    assert indicateur.limites
    assert all(len(limite) > 10 for limite in indicateur.limites)
    if indicateur.incertitude in ("inconnue", "producteur") or not indicateur.lectures:
        assert len(indicateur.motif) > 10
    assert indicateur.verification is not None
    assert indicateur.verification.etat in VERIFICATIONS
    assert len(indicateur.verification.comment) > 10


@PAR_ID
def test_an_indicator_without_a_reading_says_what_to_ask_and_from_whom(indicateur: Indicateur):
    if not indicateur.lectures:
        assert indicateur.demande is not None
        assert indicateur.verification is not None
    if indicateur.demande is not None:
        demande = indicateur.demande
        assert all(
            (demande.producteur, demande.jeu_de_donnees, demande.fichier, demande.variables,
             demande.millesime)
        )  # fmt: skip
        assert demande.acces in ACCES
        assert not demande.adresse or demande.adresse.startswith("https://")


@PAR_ID
def test_a_median_a_share_or_an_index_is_never_summed(indicateur: Indicateur):
    if indicateur.agregation == "somme":
        assert indicateur.unite == "nombre"
    for lecture in indicateur.lectures:
        niveaux = set(lecture.niveaux) - {"COM", "ARM"}
        if lecture.formule in ("ratio", "somme", "moyenne_ponderee") and niveaux:
            assert indicateur.agregation != "non_agregeable", lecture.formule


@PAR_ID
def test_the_reading_sentence_fills_with_a_value_and_a_place(indicateur: Indicateur):
    phrase = indicateur.lecture.format(
        valeur=formater(12.0, indicateur.unite), territoire_dans="dans le Territoire"
    )
    assert not re.search(r"[{}]", phrase)
    assert phrase.endswith(".")
    assert (
        indicateur.lecture.count("{valeur}") == indicateur.lecture.count("{territoire_dans}") == 1
    )
    assert re.match(r"^(le|la|les|l’|l')", indicateur.sujet)


@PAR_ID
def test_every_text_is_publishable_french(indicateur: Indicateur):
    textes = [
        indicateur.libelle, indicateur.libelle_court, indicateur.definition, indicateur.numerateur,
        indicateur.denominateur, indicateur.champ, indicateur.niveau_le_plus_fin, indicateur.motif,
        indicateur.lecture, indicateur.sujet, indicateur.difference, *indicateur.limites,
    ]  # fmt: skip
    if indicateur.demande is not None:
        textes += [
            indicateur.demande.fichier, indicateur.demande.producteur, indicateur.demande.millesime,
        ]  # fmt: skip
    for texte in (t.replace("{territoire_dans}", "ici") for t in textes):
        assert not re.search(r" [:;?!%€»]|« ", texte), texte
        assert not re.search(r"[<>≥≤_]|\s{2}|\s$", texte), texte
        assert not re.search(r"\b(les pauvres|assistés|cas sociaux|SDF)\b", texte, re.IGNORECASE)
    for texte in (indicateur.libelle, indicateur.definition, *indicateur.limites):
        assert not re.search(JARGON, texte), texte


def test_no_text_names_the_default_territory_or_a_body_of_it():
    for chemin in (DEPOT.declarations / "indicateurs").glob("*.yaml"):
        texte = chemin.read_text(encoding="utf-8")
        assert not re.search(r"\bLandes\b|Mont-de-Marsan|\bDax\b|Sydec|Aquitaine", texte), chemin


def test_an_offer_measure_that_stands_in_is_declared():
    nommees = {i.mesure for i in CATALOGUE if i.mesure}
    assert nommees
    assert nommees <= set(DEPOT.mesures)


def test_what_could_not_be_checked_is_said():
    etats = {i.verification.etat for i in CATALOGUE if i.verification}
    assert etats == set(VERIFICATIONS)
    for indicateur in CATALOGUE:
        assert indicateur.verification is not None
        if indicateur.lectures:
            assert indicateur.verification.etat == "fichier_lu"
