"""Gabarits : déclarations saines, et vraies lignes de fichiers reconnues, lues, rapportées."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import date
from functools import partial
from pathlib import Path

import httpx
import polars as pl
import pytest

from solidiag.catalogue.gabarit import Gabarit, remplacer
from solidiag.catalogue.nomenclature import Nomenclature
from solidiag.errors import FichierRefuse
from solidiag.model.territoire import Niveau
from solidiag.pipeline.actualisation import mettre_a_jour
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import territoires_connus
from solidiag.sources.controle import Partie
from solidiag.sources.options import Options
from solidiag.sources.reconnaissance import reconnaitre
from solidiag.sources.registre import LECTEURS, lire
from solidiag.sources.reparations import Connus
from solidiag.sources.reseau import recuperer
from solidiag.storage.ajouts import Ajout, Ajouts
from solidiag.storage.depot import Depot

ECHANTILLONS = Path(__file__).with_name("echantillons")
ORIGINES = json.loads((ECHANTILLONS / "origines.json").read_text(encoding="utf-8"))
DEPOT = Depot.embarque()
GABARITS = {nom: g for nom, g in DEPOT.gabarits.items() if g.lecteur in LECTEURS}
"""Gabarits de tables de chiffres ; ceux de listes de services ont leurs propres essais."""


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(DEPOT))


def reconnu(octets: bytes, nom: str, connus: Connus, *, millesime: str = "") -> Partie:
    """Renvoie la seule partie reconnue d'un fichier."""
    trouve = reconnaitre(octets, nom, GABARITS.values(), connus=connus, millesime=millesime)
    (partie,) = trouve.parties
    return partie


def valeurs(partie: Partie, octets: bytes, **cles: str) -> list[float | None]:
    """Renvoie les valeurs lues des cellules d'un ajout, par variable, code et niveau."""
    table = lire(octets, partie.source, partie.fichier, variables={cles["variable"]})
    for colonne, valeur in cles.items():
        table = table.filter(pl.col(colonne) == valeur)
    return table["valeur"].to_list()


@pytest.mark.parametrize("gabarit", GABARITS.values(), ids=lambda g: g.id)
def test_un_gabarit_est_sain(gabarit: Gabarit) -> None:
    options = Options.model_validate(remplacer(gabarit.options, millesime="2022"))
    signature = gabarit.signature
    expressions = (
        *(*signature.colonnes, *signature.absentes, *signature.feuilles),
        *(*signature.valeurs, *signature.valeurs.values(), *options.noms.values()),
    )
    for expression in expressions:
        re.compile(f"^(?:{expression})$")
    for expression in (
        *(gabarit.millesime.colonnes, gabarit.millesime.nom, gabarit.millesime.feuille),
        *(options.forme_code, options.extrait, options.extrait_niveau),
    ):
        re.compile(expression)
    assert gabarit.lecteur in LECTEURS
    assert gabarit.niveau == "mixte" or gabarit.niveau in {n.value for n in Niveau}
    lectures = gabarit.millesime
    assert lectures.colonnes or lectures.colonne or lectures.feuille or lectures.nom
    assert not gabarit.page or gabarit.page.startswith("https://")
    assert all(t.adresse.startswith("https://") for t in gabarit.telechargements)
    assert len(gabarit.verification) > 20


@pytest.mark.parametrize("gabarit", GABARITS.values(), ids=lambda g: g.id)
def test_ce_qu_un_gabarit_remplit_existe_et_se_lit_dans_ses_colonnes(gabarit: Gabarit) -> None:
    declares = {f"{s.id}/{f.id}" for s in DEPOT.sources.values() for f in s.fichiers}
    indicateurs = [r.indicateur for r in gabarit.remplit]
    assert len(indicateurs) == len(set(indicateurs))
    for remplissage in gabarit.remplit:
        assert remplissage.indicateur in DEPOT.catalogue
        for lecture in remplissage.pour("ajout.essai/fichier", "2022"):
            assert "{" not in lecture.model_dump_json().replace('{"', "").replace(":{", "")
            termes = [t for t in (lecture.valeur, lecture.numerateur, lecture.denominateur) if t]
            assert termes
            assert any(t.fichier == "ajout.essai/fichier" for t in termes)
            assert {t.fichier for t in termes} <= declares | {"ajout.essai/fichier"}
            assert (lecture.formule == "ratio") == (lecture.denominateur is not None)
            assert (lecture.formule == "moyenne_ponderee") == (lecture.poids is not None)


def test_une_forme_supposee_le_dit_et_ne_remplit_presque_rien() -> None:
    supposes = {g.id: g for g in GABARITS.values() if g.format == "supposé"}
    assert supposes
    for gabarit in supposes.values():
        assert re.search(r"non (vu|lu)|pas (été )?vue?|[Aa]ucun", gabarit.verification)
    assert {g.id for g in supposes.values() if g.remplit} == {"sne.communes"}


def test_la_liste_des_producteurs_demandes_est_couverte() -> None:
    familles = {
        *("insee.filosofi1.communes", "insee.filosofi.long", "insee.melodi.filosofi"),
        *("insee.filosofi.iris_disponible", "insee.rp.dossier_complet", "insee.rp.base_population"),
        *("insee.rp.base_emploi", "insee.rp.base_logement", "insee.rp.base_diplomes"),
        *("insee.rp.base_familles", "cnaf.prestations.communes"),
        *("cnaf.prestations.epci", "cnaf.prestations.departements", "drees.apl.medecins"),
        *("drees.aide_sociale.enfants_accueillis", "dares.defm.communes", "depp.ips.ecoles"),
        *("depp.ips.colleges", "depp.ips.lycees", "insee.qpv.revenus", "insee.qpv.insertion"),
        *("insee.qpv.demographie", "sdes.rpls.communes", "dhup.lovac.communes", "sne.communes"),
        *("onpe.geodip.communes", "insee.cog.communes", "insee.appartenance", "etat.frr"),
        *("anct.qpv.liste", "anct.crte", "ign.admin_express.communes", "ign.contours_iris"),
        "anct.qpv.geojson",
    }
    assert familles <= set(GABARITS)


def test_chaque_echantillon_a_son_origine_et_son_empreinte() -> None:
    presents = {p.name for p in ECHANTILLONS.iterdir()} - {"origines.json"}
    assert presents == set(ORIGINES)
    for nom, origine in ORIGINES.items():
        octets = (ECHANTILLONS / nom).read_bytes()
        assert hashlib.sha256(octets).hexdigest() == origine["sha256"], nom
        assert origine["licence"] == "etalab-2.0"
        assert origine["producteur"]
        assert len(octets) < 20_000


@pytest.mark.parametrize(
    ("nom", "gabarit", "millesime", "remplit"),
    [
        ("filosofi_iris_disponible_2019.csv", "insee.filosofi.iris_disponible", "2019", 0),
        ("filosofi_iris_declare_2021.csv", "insee.filosofi.iris_declare", "2021", 0),
        (
            "filosofi_disponible_departements_2019.csv",
            "insee.filosofi1.disponible_departements",
            "2019",
            5,
        ),
        ("filosofi_disponible_epci_2019.csv", "insee.filosofi1.disponible_epci", "2019", 5),
        ("filosofi_epci_2016.csv", "insee.filosofi1.epci", "2016", 10),
        ("REVN_2022.csv", "insee.qpv.revenus", "2022", 5),
        ("IPRO_2022.csv", "insee.qpv.insertion", "2022", 0),
        ("DEMO_2022.csv", "insee.qpv.demographie", "2022", 0),
        ("data_CAF_2020_IRIS.csv", "cnaf.allocataires.iris", "2020", 0),
        ("caf_iris_2021_insee.csv", "cnaf.allocataires.iris", "2021", 0),
        ("ips_ecoles.csv", "depp.ips.ecoles", "2022-2023", 1),
        ("ips_colleges.csv", "depp.ips.colleges", "2022-2023", 1),
        ("ips_lycees.csv", "depp.ips.lycees", "2022-2023", 0),
        ("rpls_commune_2024.csv", "sdes.rpls.communes", "2024", 1),
        ("boursiers_dep_2020.csv", "depp.boursiers.departements", "2020", 0),
        ("v_commune_2026.csv", "insee.cog.communes", "2026", 0),
        ("v_mvt_commune_2026.csv", "insee.cog.mouvements", "2026", 0),
        ("liste-communes-FRR.csv", "etat.frr", "2025", 0),
        ("reference_IRIS_geo2023.csv", "insee.iris.reference", "2023", 0),
        ("dares_defm_communes.csv", "dares.defm.communes", "2015-T4", 1),
        ("centroide_qpv.geojson", "anct.qpv.geojson", "2024", 0),
    ],
)
def test_de_vraies_lignes_sont_reconnues(
    nom: str, gabarit: str, millesime: str, remplit: int, connus: Connus
) -> None:
    partie = reconnu((ECHANTILLONS / nom).read_bytes(), nom, connus)
    assert (partie.gabarit.id, partie.fichier.millesime) == (gabarit, millesime)
    assert len(partie.remplit) == remplit
    assert GABARITS[gabarit].format == "fichier vu" or gabarit == "sdes.rpls.communes"


def test_les_chiffres_lus_sont_ceux_du_fichier(connus: Connus) -> None:
    for nom, variable, code, attendue in (
        ("REVN_2022.csv", "TP60", "QP001001", 41.4),
        ("REVN_2022.csv", "DISP_Q2", "QP001001", 14180.0),
        ("rpls_commune_2024.csv", "nb_ls", "01004", 2109.0),
    ):
        octets = (ECHANTILLONS / nom).read_bytes()
        partie = reconnu(octets, nom, connus)
        assert valeurs(partie, octets, variable=variable, code=code) == [attendue], nom


# Les tables qui suivent ont le vrai en-tête du producteur et des chiffres fictifs.

LONG = """GEO;GEO_OBJECT;FILOSOFI_MEASURE;CONF_STATUS;OBS_STATUS;TIME_PERIOD;OBS_VALUE
40192;COM;PR_MD60;F;A;2023;16.0
40192;COM;MED_SL;F;A;2023;22030
40001;COM;PR_MD60;C;A;2023;
40001;COM;MED_SL;F;A;2023;21000
40002;COM;PR_MD60;F;O;2023;
40002;COM;MED_SL;C;A;2023;99999
40;DEP;PR_MD60;F;A;2023;11.7
244000808;EPCI;PR_MD60;F;A;2023;13.1
FM;FRANCE;PR_MD60;F;A;2023;14.5
001;AAV2020;PR_MD60;F;A;2023;14.5
"""


def _archive(**membres: str) -> bytes:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as archive:
        for nom, contenu in membres.items():
            archive.writestr(nom.replace("__", "."), contenu)
    return tampon.getvalue()


def test_filosofi_2_garde_secret_et_absence_a_part(connus: Connus) -> None:
    octets = _archive(
        DS_FILOSOFI_CC_2023_metadata__csv="COD_VAR;LIB_VAR\nGEO;Territoire\n",
        DS_FILOSOFI_CC_2023_data__csv=LONG,
    )
    partie = reconnu(octets, "FILOSOFI_CC_csv.zip", connus)
    assert (partie.gabarit.id, partie.fichier.millesime) == ("insee.filosofi.long", "2023")
    assert {"ctx_tx_pauvrete", "ctx_med_nv"} == set(partie.remplit)
    table = lire(octets, partie.source, partie.fichier)
    etats = {
        (ligne["code"], ligne["variable"]): (ligne["valeur"], ligne["statut"])
        for ligne in table.iter_rows(named=True)
    }
    assert etats["40192", "PR_MD60"] == (16.0, "A")
    assert etats["40001", "PR_MD60"] == (None, "Q")
    assert etats["40002", "PR_MD60"] == (None, "O")
    assert etats["40002", "MED_SL"] == (None, "Q"), "un chiffre marqué secret ne se lit pas"
    assert set(table["niveau"]) == {"COM", "DEP", "EPCI"}


def test_le_json_de_melodi_se_lit_comme_le_csv(connus: Connus) -> None:
    def observation(geo: str, mesure: str, valeur: float | None, conf: str) -> dict[str, object]:
        return {
            "dimensions": {"GEO": geo, "FILOSOFI_MEASURE": mesure, "TIME_PERIOD": "2023"},
            "measures": {"OBS_VALUE_NIVEAU": {} if valeur is None else {"value": valeur}},
            "attributes": {"CONF_STATUS": conf},
        }

    octets = json.dumps(
        {
            "observations": [
                observation("2025-COM-40192", "PR_MD60", 16.0, "F"),
                observation("2025-COM-40001", "PR_MD60", None, "C"),
                observation("DEP-40", "PR_MD60", 11.7, "F"),
                observation("2025-EPCI-244000808", "PR_MD60", 13.1, "F"),
                observation("2025-FRANCE-FM", "PR_MD60", 14.5, "F"),
            ],
            "paging": {"isLast": True},
        }
    ).encode()
    partie = reconnu(octets, "reponse.json", connus)
    assert partie.gabarit.id == "insee.melodi.filosofi"
    lues = {
        (niveau, code): valeur
        for niveau, code, valeur in lire(octets, partie.source, partie.fichier)
        .select("niveau", "code", "valeur")
        .iter_rows()
    }
    assert lues == {
        ("COM", "40192"): 16.0,
        ("COM", "40001"): None,
        ("DEP", "40"): 11.7,
        ("EPCI", "244000808"): 13.1,
    }


def _dossier(construction: tuple[str, str, str]) -> bytes:
    colonnes = [
        *("P22_POP", "P22_H65P", "P22_F65P", "C22_FAM", "C22_FAMMONO", "C22_NE24F3"),
        *("C22_NE24F4P", "P22_POP80P", "P22_POP80P_PSEUL", "P22_NSCOL15P"),
        *("P22_NSCOL15P_DIPLMIN", "P22_POP1517", "P22_SCOL1517", "P22_ACT1524"),
        *("P22_ACTOCC1524", "P22_HSAL15P", "P22_FSAL15P", "P22_FSAL15P_TP"),
        *("P22_HSAL15P_CDD", "P22_FSAL15P_CDD", "P22_HSAL15P_INTERIM", "P22_FSAL15P_INTERIM"),
        *("P22_HSAL15P_EMPAID", "P22_FSAL15P_EMPAID", "P22_ACTOCC15P", "P22_ACTOCC15P_ILT1"),
        *("P22_ACTOCC15P_VOITURE", "P22_RP", "P22_RP_VOIT1P", "P22_RP_LOCHLMV", "P22_LOG"),
        *("P22_RSECOCC", "C22_RP_HSTU1P", "C22_RP_HSTU1P_SUROCC", "P22_RP_ACHTOT"),
        *(f"P22_RP_{nom}" for nom in construction),
        "P16_POP",
    ]
    chiffres = [str(100 + rang) for rang in range(len(colonnes))]
    lignes = [["CODGEO", *colonnes], *([c, *chiffres] for c in ("40192", "40088", "2A004"))]
    return "\n".join(";".join(ligne) for ligne in lignes).encode()


@pytest.mark.parametrize(
    ("construction", "gabarit"),
    [
        (("ACH1919", "ACH1945", "ACH1970"), "insee.rp.dossier_complet"),
        (("ACH19", "ACH45", "ACH70"), "insee.rp.dossier_complet_2021"),
    ],
)
def test_le_dossier_complet_remplit_dix_sept_indicateurs(
    construction: tuple[str, str, str], gabarit: str, connus: Connus
) -> None:
    partie = reconnu(_dossier(construction), "dossier_complet.csv", connus)
    assert (partie.gabarit.id, partie.fichier.millesime) == (gabarit, "2022")
    assert len(partie.remplit) == 17
    (lecture,) = partie.remplit["log_av1970"]
    assert lecture.numerateur is not None
    assert lecture.numerateur.variables == tuple(f"P22_RP_{nom}" for nom in construction)


def test_la_cnaf_prend_decembre_de_la_derniere_annee_et_laisse_les_non_localises(
    connus: Connus,
) -> None:
    octets = (
        "dtreffre;numcomdo;nomcom;indfoy_rsa;indmtt_rsa;indfoy_ppa;indmtt_ppa\n"
        "2020-12;40192;MONT-DE-MARSAN;500;1000;900;1000\n"
        "2020-12;;;33605;1;15055;1\n"
        "2024-12;40192;MONT-DE-MARSAN;505;1000;905;1000\n"
        "2024-12;2A004;AJACCIO;700;1000;1500;1000\n"
        "2024-12;75101;PARIS;10;100;30;100\n"
        "2024-12;;;33605;1;15055;1\n"
    ).encode("utf-8-sig")
    partie = reconnu(octets, "s_ben_com_f.csv", connus)
    assert partie.gabarit.id == "cnaf.prestations.communes"
    assert partie.fichier.millesime.startswith("2024")
    assert set(partie.remplit) == {"ppa_part"}, "indnbp_rsa manque à cet extrait"
    assert valeurs(partie, octets, variable="indfoy_ppa", code="40192", periode="2024") == [905.0]
    assert valeurs(partie, octets, variable="indfoy_ppa", code="75101") == [30.0]


def test_les_types_de_rsa_d_une_commune_s_additionnent(connus: Connus) -> None:
    octets = (
        b"dtreffre;numcomdo;nomcom;rsa_type;indfoy_rsa;indnbp_rsa\n"
        b"202412;40192;X;RSA non major\xc3\xa9;400;600\n"
        b"202412;40192;X;RSA major\xc3\xa9;50;160\n"
        b"202412;40088;X;RSA non major\xc3\xa9;300;500\n"
    )
    partie = reconnu(octets, "rsa.csv", connus, millesime="2024")
    assert partie.gabarit.id == "cnaf.rsa.communes"
    assert valeurs(partie, octets, variable="indnbp_rsa", code="40192") == [600.0, 160.0]


def test_lovac_en_latin_1_garde_le_secret(connus: Connus) -> None:
    octets = (
        "CODGEO_26;LIBGEO_26;pp_vacant_26;pp_vacant_plus_2ans_26;ff_pp_total_25\n"
        "40192;Mont-de-Marsan;1 500;300;18000\n"
        "01004;Ambérieu-en-Bugey;628;200;5949\n"
        "40001;Aire-sur-l'Adour;s;s;3200\n"
    ).encode("latin-1")
    partie = reconnu(octets, "lovac.csv", connus)
    assert (partie.gabarit.id, partie.fichier.millesime) == ("dhup.lovac.communes", "2026")
    table = lire(octets, partie.source, partie.fichier, variables={"pp_vacant_26"})
    assert dict(table.select("code", "valeur").iter_rows()) == {
        "40192": 1500.0,
        "01004": 628.0,
        "40001": None,
    }
    assert table.filter(pl.col("code") == "40001")["statut"].to_list() == ["Q"]


def test_une_table_du_sne_supposee_previent(connus: Connus) -> None:
    octets = (
        "Code INSEE;Commune;Demandes en cours au 31/12;Attributions de l'année\n"
        "40192;Mont-de-Marsan;1200;300\n"
        "40088;Dax;900;150\n"
    ).encode()
    partie = reconnu(octets, "sne_2024.csv", connus)
    assert partie.gabarit.id == "sne.communes"
    assert set(partie.remplit) == {"sne_tension"}
    assert any("supposé" in remarque for remarque in partie.remarques)
    assert valeurs(partie, octets, variable="demandes", code="40088") == [900.0]


def test_un_classeur_de_la_drees_prend_le_millesime_de_sa_feuille(connus: Connus) -> None:
    import openpyxl

    livre = openpyxl.Workbook()
    livre.active.title = "Lisez-moi"
    for annee in (2022, 2023):
        feuille = livre.create_sheet(f"APL {annee}")
        for rang in range(8):
            feuille.append([f"Note {rang}"] if rang % 2 == 0 else [])
        feuille.append(
            [
                *("Code commune INSEE", "Commune", "APL aux médecins généralistes"),
                "APL aux médecins généralistes de 65 ans et moins ",
                f"Population standardisée {annee - 2} pour la médecine générale",
                f"Population totale {annee - 2}",
            ]
        )
        feuille.append([None, None, "consultations", "consultations", "habitants", "habitants"])
        feuille.append(["40192", "Mont-de-Marsan", annee / 1000, 4.2, 31000, 30000])
        feuille.append(["2A004", "Ajaccio", 3.1, 2.9, 70000, 71000])
        feuille.append(["75101", "Paris 1er", 4.1, 3.9, 15000, 16000])
    tampon = io.BytesIO()
    livre.save(tampon)
    trouve = reconnaitre(tampon.getvalue(), "apl.xlsx", GABARITS.values(), connus=connus)
    assert [(p.gabarit.id, p.fichier.millesime) for p in trouve.parties] == [
        ("drees.apl.medecins", "2022"),
        ("drees.apl.medecins", "2023"),
    ]
    recente = trouve.parties[1]
    assert set(recente.remplit) == {"apl_mg"}
    assert valeurs(recente, tampon.getvalue(), variable="apl_mg", code="40192") == [2.023]


def test_une_table_etrangere_n_est_prise_pour_rien(connus: Connus) -> None:
    octets = b"commune;couleur\n40192;rouge\n40088;bleu\n"
    with pytest.raises(FichierRefuse):
        reconnaitre(octets, "x.csv", GABARITS.values(), connus=connus)


def test_un_code_d_equipement_absent_d_un_millesime_est_non_documente() -> None:
    bpe = Nomenclature.model_validate(DEPOT.parametres("equipements"))
    assert bpe.presence("A127", "2018") == "non documenté"
    assert bpe.presence("A127", "2019") == "documenté"
    assert bpe.presence("D405", "2019") == "non documenté"
    assert bpe.presence("A128", "2019") == "non documenté"
    assert bpe.presence("A128", "2024") == "documenté"
    assert bpe.presence("A127", "2024") == "inconnu"
    assert bpe.presence("A127", "2011") == "inconnu"
    assert (len(bpe.editions["2018"].codes), len(bpe.editions["2019"].codes)) == (186, 187)
    assert len(bpe.communs("2018", "2019")) == 185
    assert bpe.communs("2018", "2011") == frozenset()


def test_le_recensement_importe_remplace_une_definition_approchee_par_celle_de_la_grille(
    connus: Connus, tmp_path: Path
) -> None:
    octets = _dossier(("ACH1919", "ACH1945", "ACH1970"))
    partie = reconnu(octets, "dossier_complet.csv", connus)
    ajouts = Ajouts(tmp_path)
    chemin = partie.fichier.fichier
    relatif = chemin.removeprefix(f"ajouts/{partie.source.id}/")
    verrou = {"sha256": hashlib.sha256(octets).hexdigest(), "taille": len(octets)}
    ajout = Ajout(source=partie.source, verrous={chemin: verrou}, remplit=partie.remplit)
    ajouts.ajouter(ajout, {relatif: octets})
    depot = Depot.embarque()
    depot.ajouts = ajouts
    for nom in ("fam_mono", "fam_3enf", "nodip_adultes"):
        avant, apres = DEPOT.catalogue[nom], depot.catalogue[nom]
        assert (avant.correspondance, apres.correspondance) == ("proche", "exacte")
        assert apres.difference == ""
        assert apres.libelle != avant.libelle
        fichiers = {t.fichier for x in apres.lectures for t in (x.numerateur,) if t}
        assert fichiers == {f"{partie.source.id}/fichier"}, "aucune lecture approchée ne reste"
    assert len(depot.catalogue["hlm_part"].lectures) > 1, "même définition : l'ancien reste"


@pytest.mark.parametrize("nom", ["fam_mono", "fam_3enf", "nodip_adultes", "pop_0_2"])
def test_une_definition_exacte_attend_un_fichier(nom: str) -> None:
    brut = DEPOT.declaration(f"definitions_exactes/{nom}.yaml")
    assert brut["correspondance"] == "exacte"
    assert "difference" not in brut
    assert "lectures" not in brut
    assert DEPOT.catalogue[nom].correspondance == "proche"
    assert nom in {r.indicateur for g in GABARITS.values() for r in g.remplit}


def test_la_recuperation_d_un_gabarit_va_jusqu_a_l_ajout(tmp_path: Path) -> None:
    demandees: list[str] = []

    def repondre(requete: httpx.Request) -> httpx.Response:
        demandees.append(str(requete.url))
        corps = (
            "annee;numepci;nomepci;txcouv_epci;txcouv_eaje_epci\n"
            "2022;244000808;CA MONT DE MARSAN;70.1;20.5\n"
            "2023;244000808;CA MONT DE MARSAN;71.2;21.5\n"
            "2023;244000675;CA DU GRAND DAX;68.4;19.5\n"
        )
        return httpx.Response(200, content=corps.encode("utf-8-sig"))

    depot = Depot.embarque()
    depot.ajouts = Ajouts(tmp_path)
    faites = list(
        mettre_a_jour(
            ["cnaf.accueil_jeune_enfant.epci"],
            depot=depot,
            departement="40",
            jour=date(2026, 11, 24),
            recuperer=partial(recuperer, transport=httpx.MockTransport(repondre)),
        )
    )
    assert [(a.gabarit, a.echec) for a in faites] == [("cnaf.accueil_jeune_enfant.epci", "")]
    assert "txcouv_pe_epci/exports/csv?delimiter=%3B" in demandees[0]
    relu = Depot.embarque()
    relu.ajouts = Ajouts(tmp_path)
    lectures = relu.catalogue["couv_accueil_je"].lectures
    assert lectures[0].periode == "2023"
    assert lectures[0].valeur is not None
    assert lectures[0].valeur.fichier.startswith("ajout.cnaf.accueil_jeune_enfant.epci")
    assert not list((tmp_path / "en-attente").rglob("*.partiel"))
