"""Prépare `src/solidiag/donnees/besoins/` depuis un dossier de fichiers publics bruts.

Usage : ``python outils/preparer_besoins.py DOSSIER_BRUT``, où DOSSIER_BRUT contient ``besoins/`` et
``communes_compilees/``.  Les fichiers des producteurs sont copiés tels quels ; les autres sont
réduits aux colonnes lues, et leur source les déclare « copie retravaillée ».
"""

from __future__ import annotations

import gzip
import io
import shutil
import sys
from pathlib import Path

import polars as pl

from solidiag.pipeline.calculs import charger_referentiel
from solidiag.storage.depot import Depot

CIBLE = Path(__file__).resolve().parent.parent / "src" / "solidiag" / "donnees" / "besoins"

COPIES = {
    "filosofi": [
        "filosofi/cc_filosofi_2021_COM.csv.gz",
        "complement/filosofi_2021_DEP.csv",
        "complement/filosofi_2021_REG.csv",
        "filosofi/FILO2019_DISP_COM.csv.gz",
        "filosofi/filosofi_com_2016.csv.gz",
        "filosofi/filosofi_epci_2016.csv.gz",
        *(f"filosofi/FILO{an}_DISP_EPCI.csv.gz" for an in (2016, 2017, 2018, 2019)),
        *(f"filosofi/FILO{an}_DISP_DEP.csv.gz" for an in (2014, 2015, 2016, 2017, 2018, 2019)),
    ],
    "insee": [
        "insee_statloc_2021_territoires_ville_quartiers.csv.gz",
        "suroccupation_commune_2020.csv.gz",
        "eloignement_equipements_commune.csv.gz",
        "eloignement_equipements_dep.csv.gz",
        "neet_communes_2018.csv.gz",
        "neet_epci_2018.csv.gz",
        "neet_dpt_2018.csv.gz",
        "complement/rp_scolarisation_15_17_commune_2007_2012_2017.csv.gz",
        "complement/insee_chomage_localise_dep_trimestriel_publie_2025-03.csv",
        "complement/insee_determinants_sociaux_bassin_vie_2021_2024.csv",
        "complement/ars_sirse_commune_2016_2019.csv.gz",
    ],
    "tiers": [
        "epci_rp2022_lovac_filosofi.csv.gz",
        "dep_rp2022_lovac_filosofi.csv.gz",
        "communes_3000hab_lovac_loyers_filosofi.csv.gz",
    ],
    "sante": [
        "complement/apl_medecins_generalistes_commune_2022_2023.csv.gz",
        "complement/apl_infirmieres_commune_2022_2023.csv.gz",
        "complement/cartosante_bassin_vie_2023_2024.csv",
        "complement/ameli_professionnels_effectif_densite_dep_2024.csv",
        "complement/cepidc_mortalite_toutes_causes_dep_2010_2023.csv",
    ],
    "drees": [
        "complement/drees_oarsa_2015_2018.xlsx",
        "complement/drees_minima_sociaux_dep_1995_2019.csv.gz",
        "complement/drees_aide_sociale_beneficiaires_dep_1997_2022.csv.gz",
        "complement/drees_aide_sociale_personnel_dep_2014_2020.csv.gz",
    ],
    "dares": ["complement/dares_defm_dep_categorie_mensuel_1996_2016.csv.gz"],
    "depp": [
        "ips_ecoles_2022.csv.gz",
        "ips_colleges_2022.csv.gz",
        "complement/depp_boursiers_lyceens_collegiens_dep.csv.gz",
    ],
    "sdes": ["complement/rpls_commune_2024_occupation.csv.gz"],
    "caf": [
        "caf_iris/data_CAF_2016_IRIS.csv.gz",
        "caf_iris/data_CAF_2017_IRIS.csv.gz",
        "caf_iris/caf_iris_2021_insee.csv.gz",
    ],
}

NATIONALES = {
    "all": ["p_rsa", "f_ppa", "all_qf400", "f_ndur"],
    "odf": [
        *("rg_pop", "rg_0_15", "cssnp_pop", "cssp_pop", "trait_16", "ald_pop"),
        *("gen_16", "dent_16", "csg_55", "ret_55"),
    ],
    "defm_an": [*(f"defm{an}" for an in range(2009, 2024)), "defm_50"],
    "aah": ["aah_2016", "aah_2021"],
    "filo": ["d121", "tp60_30", "tp60_75", "tp60_mono"],
}
LOCALES = {
    "tcg": ["tcg"],
    "et_civil": [f"naiss{an:02d}" for an in range(8, 24)],
    "empl_5": [f"p16_actocc15p_ilt{rang}" for rang in range(1, 6)],
    "empl_10": [f"p11_actocc15p_ilt{rang}" for rang in range(1, 6)],
    "dpe": ["f_dpe", "g_dpe", "tot_dpe"],
    "saneau": ["nb_prelevements", "nb_prel_conformes"],
    "log_5": ["p16_rp", "p16_rp_lochlmv"],
    "log_10": ["p11_rp", "p11_rp_lochlmv"],
}
TOTAUX = {
    "empl_5": {
        "hors_commune": [f"p16_actocc15p_ilt{rang}" for rang in range(2, 6)],
        "actifs_occupes": [f"p16_actocc15p_ilt{rang}" for rang in range(1, 6)],
    },
    "empl_10": {
        "hors_commune": [f"p11_actocc15p_ilt{rang}" for rang in range(2, 6)],
        "actifs_occupes": [f"p11_actocc15p_ilt{rang}" for rang in range(1, 6)],
    },
    "dpe": {"fg_dpe": ["f_dpe", "g_dpe"]},
}
"""Sommes de composantes : seul un total nul y reste indéterminé, non chaque composante."""


def main(brut: Path) -> None:
    """Écrit tous les fichiers embarqués du dossier des besoins."""
    besoins, compilees = brut / "besoins", brut / "communes_compilees"
    for dossier, chemins in COPIES.items():
        for chemin in chemins:
            copie = CIBLE / dossier / Path(chemin).name
            copie.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(besoins / chemin, copie)
    for nom, colonnes in NATIONALES.items():
        table = pl.read_parquet(compilees / "terribot_national" / f"{nom}.parquet")
        ecrire(table.select("id", *colonnes), CIBLE / "compilees" / f"{nom}.csv.gz")
    for nom, colonnes in LOCALES.items():
        table = pl.read_csv(compilees / "terribot_dep40" / f"{nom}.csv", infer_schema=False)
        totaux = {
            total: pl.sum_horizontal(pl.col(termes).cast(pl.Float64)).round(3)
            for total, termes in TOTAUX.get(nom, {}).items()
        }
        table = table.with_columns(**totaux)
        ecrire(table.select("id", *colonnes, *totaux), CIBLE / "compilees" / f"{nom}_dep40.csv.gz")
    sociale = pl.read_csv(
        besoins / "complement" / "drees_aide_sociale_tout_dep_1989_2021.csv.gz", infer_schema=False
    ).filter(pl.col("TypeTerritoire") == "Département")
    ecrire(
        sociale.select("Code.departement", "Annee", "pop.0.20"),
        CIBLE / "drees" / "population_0_19_dep.csv.gz",
    )
    ecrire(jeunes_majeurs(besoins), CIBLE / "drees" / "ase_jeunes_majeurs_2020.csv.gz")
    ecrire(commerces(besoins), CIBLE / "insee" / "commerces_alimentaires_2019.csv.gz")
    ecrire(recensement(besoins), CIBLE / "tiers" / "rp2022_communes.csv.gz")


def jeunes_majeurs(besoins: Path) -> pl.DataFrame:
    """Renvoie, par département, les jeunes majeurs accueillis et ceux aidés à domicile fin 2020."""
    classeur = besoins / "complement" / "drees_beneficiaires_aide_sociale_2020.xlsx"
    feuilles = {"Tab3-ase": (5, "accueils_jeunes_majeurs"), "Tab10-ase": (4, "aed_jeunes_majeurs")}
    tables = []
    for feuille, (colonne, nom) in feuilles.items():
        brute = pl.read_excel(classeur, sheet_name=feuille, has_header=False, infer_schema_length=0)
        tables.append(
            brute.select(
                pl.col(brute.columns[1]).alias("departement"),
                pl.col(brute.columns[colonne]).alias(nom),
            ).filter(pl.col("departement").str.contains(r"^(\d{2,3}|2[AB])$"))
        )
    return tables[0].join(tables[1], on="departement", how="left").sort("departement")


def commerces(besoins: Path) -> pl.DataFrame:
    """Renvoie, par commune actuelle, sa population et celle qui n'a pas de commerce alimentaire.

    Hypermarché, supermarché, supérette ou épicerie de la base permanente des équipements de 2019
    (B101, B102, B201, B202), ramenés aux communes d'aujourd'hui : une commune nouvelle est pourvue
    si l'une de ses communes d'alors l'était.
    """
    referentiel = charger_referentiel(Depot())
    equipements = pl.read_parquet(besoins / "bpe_2019_commune_typequ.parquet").filter(
        pl.col("TYPEQU").is_in(["B101", "B102", "B201", "B202"]), pl.col("NB_EQUIP") > 0
    )
    passages = referentiel.passages.entre(2019, referentiel.cog).filter(
        ~pl.col("relation").is_in(["deleguee"])
    )
    suivis = equipements.join(passages, left_on="DEPCOM", right_on="ancien", how="left")
    municipaux = referentiel.arrondissements_municipaux
    suivis = suivis.join(municipaux, left_on="nouveau", right_on="code", how="left")
    pourvues = suivis.select(pl.coalesce("commune", "nouveau", "DEPCOM")).to_series().unique()
    population = pl.col("population")
    return (
        referentiel.communes.select("code", population)
        .with_columns(
            pl.when(pl.col("code").is_in(pourvues.to_list()))
            .then(0)
            .otherwise(population)
            .alias("population_sans_commerce")
        )
        .sort("code")
    )


def recensement(besoins: Path) -> pl.DataFrame:
    """Renvoie, par commune, parts et effectifs du recensement tirés des Iris.

    Les effectifs sont Σ part × population (ou ménages, ou diagnostics) des Iris : exacts quand la
    part porte sur ce dénominateur.  Les parts sans dénominateur ne sont gardées que pour les
    communes d'un seul Iris, et pour celles de plus de 5 000 habitants lues dans le fichier des
    communes.
    """
    iris = pl.read_parquet(besoins / "iris_france_rp2022_filosofi_dpe.parquet")
    part = pl.col
    pop, pop16, pop11, men = (
        part("P22_POP"),
        part("P16_POP"),
        part("P11_POP"),
        part("men_tot_stock_22"),
    )
    effectifs = {
        "pop_22": pop,
        "pop_16": pop16,
        "pop_11": pop11,
        "pop_0_64_22": pop * (1 - part("dmv_65p_pct_22") / 100),
        "pop_15_64_22": pop
        * (part("dm_1524_pct_22") + part("dm_2554_pct_22") + part("dm_5564_pct_22"))
        / 100,
        "pop_80p_22": pop * part("dm_80p_pct_22") / 100,
        "immigres_22": pop * part("dm_imm_pct_22") / 100,
        "immigres_16": pop16 * part("dm_imm_pct_16") / 100,
        "immigres_11": pop11 * part("dm_imm_pct_11") / 100,
        "pop_65p_22": pop * part("dmv_65p_pct_22") / 100,
        "pop_75p_22": pop * part("dmv_75p_pct_22") / 100,
        "menages_22": men,
        "menages_mono_22": men * part("men_mono_pct_22") / 100,
        "menages_seuls_22": men * part("men_seul_pct_22") / 100,
        "menages_hlm_22": men * part("log_lochlm_pct_22") / 100,
        "dpe_24": part("logd_dpe_total_24"),
        "dpe_fg_24": part("logd_dpe_total_24") * part("logd_dpe_fg_pct_24") / 100,
    }
    poids = dict.fromkeys(effectifs, pop)
    poids |= {"pop_16": pop16, "immigres_16": pop16, "pop_11": pop11, "immigres_11": pop11}
    poids |= {nom: men for nom in effectifs if nom.startswith("menages")}
    poids |= {nom: part("logd_dpe_total_24") for nom in ("dpe_24", "dpe_fg_24")}
    parts = [
        "log_ressec_pct_22",
        "log_ressec_pct_16",
        "log_ressec_pct_11",
        "dmv_80p_seul_pct_22",
        "dsp_dipl_infbac_pct_22",
        "soc_txchom_1524_22",
        "soc_txchom_1524_16",
        "soc_txchom_1524_11",
    ]
    parts = [nom for nom in parts if nom in iris.columns]
    communes = iris.group_by("COM").agg(
        *(
            pl.when(_connu(expr, poids[nom]).is_null().any())
            .then(None)
            .otherwise(_connu(expr, poids[nom]).sum())
            .round(3)
            .alias(nom)
            for nom, expr in effectifs.items()
        ),
        *(pl.when(pl.len() == 1).then(part(nom).first()).alias(nom) for nom in parts),
    )
    grandes = pl.read_csv(
        besoins / "communes_5000hab_rp2022.csv.gz", separator=";", infer_schema=False
    )
    communs = [nom for nom in parts if nom in grandes.columns]
    grandes = grandes.select(
        part("code").alias("COM"),
        *(part(nom).cast(pl.Float64).alias(f"{nom}_c") for nom in communs),
    )
    return (
        communes.join(grandes, on="COM", how="left")
        .with_columns(pl.coalesce(nom, f"{nom}_c").alias(nom) for nom in communs)
        .drop(f"{nom}_c" for nom in communs)
        .sort("COM")
    )


def _connu(expr: pl.Expr, poids: pl.Expr) -> pl.Expr:
    """Un Iris sans habitant compte pour zéro, même si sa part n'est pas donnée."""
    return pl.when(poids == 0).then(0.0).otherwise(expr)


def ecrire(table: pl.DataFrame, chemin: Path) -> None:
    """Écrit une table en CSV compressé, octets reproductibles."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    texte = io.BytesIO()
    table.write_csv(texte, separator=";")
    chemin.write_bytes(gzip.compress(texte.getvalue(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
