"""Prépare les fichiers embarqués de la pièce « offre » (services).

Usage : ``python outils/preparer_offre.py DOSSIER_BRUT [DOSSIER_SORTIE]``

``DOSSIER_BRUT`` range les fichiers tels qu'ils ont été obtenus (``offre/``, ``besoins/``,
``territoires/``). Aucune sortie ne porte d'adresse électronique ni de numéro de téléphone : les
colonnes de contact et les commentaires libres, où il s'en trouve, sont retirés. Le reste garde
l'ordre et le texte du fichier obtenu. Deux exécutions donnent les mêmes octets.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

COURRIEL_OU_TELEPHONE = re.compile(r"[\w.+-]+@[\w-]+\.\w+|(?<!\w)0[1-9]([ .-]?\d{2}){4}(?!\w)")
FERMETURE = re.compile(
    r"^(espace|structure|site)( est)? ferm[ée]e?s? (suite|temporair|d[ée]finit)", re.I
)

EQUIPEMENTS = ("A122", "D113", "D502", "D701", "D702", "D703", "D705")
"""Types de la BPE 2019 lus comme des services, à la précision de la commune."""

SANS_COURRIEL = {
    "offre/complement/ehpad_prix_cnsa_2022-12-31_dep40.csv": (
        "ehpad_prix_2022_40.csv",
        [
            "nom", "code_insee_point_in_polygon", "commune", "lat", "lon",
            "prix_mensuel_chambre_simple_eur", "tarif_gir_1_2_mensuel_eur",
            "tarif_gir_3_4_mensuel_eur", "tarif_gir_5_6_mensuel_eur",
        ],
    ),
    "offre/complement/etablissements_personnes_agees_cnsa_2020_dep40.csv": (
        "personnes_agees_2020_40.csv",
        [
            "noFinesset", "title", "updatedAt", "capacity", "legal_status", "IsEHPAD", "IsEHPA",
            "IsESLD", "IsRA", "IsHAB_AIDE_SOC", "code_insee_pip", "coordinates.street",
            "coordinates.postcode", "coordinates.city", "coordinates.latitude",
            "coordinates.longitude",
        ],
    ),
    "offre/complement/laposte_points_contact_2020_dep40.csv": (
        "laposte/points_contact_2020_40.csv",
        [
            "Identifiant_du_site", "Libellé_du_site", "Caractéristique_du_site", "Adresse",
            "Complément_d_adresse", "Lieu_dit", "Code_postal", "Localité", "Code_INSEE",
            "Latitude", "Longitude", "Précision_du_géocodage",
        ],
    ),
    "offre/complement/gares_voyageurs_sncf_dep40.csv": (
        "gares_2025_40.csv",
        ["uic", "nom", "code_insee", "lat", "lon", "voyageurs_2023"],
    ),
    "offre/complement/conseillers_numeriques_structures_2022_dep40.csv": (
        "conseillers_numeriques_structures_2022_40.csv",
        [
            "Siret", "nom", "Nb de conseillers attribués", "Nb de conseillers recrutés",
            "Code postal", "Code commune Insee",
        ],
    ),
    "offre/complement/programmes_anct_2024_dep40.csv": (
        "programmes_anct_2024_40.csv",
        ["programme", "id_territoire", "nom", "codes_communes", "lon", "lat"],
    ),
    "offre/complement/politique_ville_adultes_relais_fonjep_2020_2023_dep40.csv": (
        "adultes_relais_fonjep_2020_2023_40.csv",
        ["type", "annee", "id_poste", "code_tiers", "raison_sociale", "code_cv"],
    ),
}  # fmt: skip
"""Fichier obtenu → (fichier embarqué, colonnes gardées), lignes et ordre inchangés."""


def _ecrire(chemin: Path, octets: bytes) -> None:
    chemin.parent.mkdir(parents=True, exist_ok=True)
    if chemin.suffix == ".gz":
        octets = gzip.compress(octets, compresslevel=9, mtime=0)
    chemin.write_bytes(octets)


def _csv(chemin: Path, colonnes: Sequence[str], lignes: Iterable[Sequence[object]]) -> None:
    texte = io.StringIO()
    stylo = csv.writer(texte, lineterminator="\n")
    stylo.writerow(colonnes)
    for ligne in lignes:
        cellules = [" ".join(str("" if v is None else v).split()) for v in ligne]
        fautive = next((c for c in cellules if COURRIEL_OU_TELEPHONE.search(c)), None)
        if fautive is not None:
            msg = f"{chemin.name} : contact resté dans « {fautive} »"
            raise SystemExit(msg)
        stylo.writerow(cellules)
    _ecrire(chemin, texte.getvalue().encode())


def _lire(chemin: Path) -> list[dict[str, str]]:
    with chemin.open(encoding="utf-8-sig", newline="") as flux:
        return list(csv.DictReader(flux))


def _sans_contact(texte: str) -> str:
    return COURRIEL_OU_TELEPHONE.sub("", texte).strip()


def preparer_france_services(brut: Path, sortie: Path) -> None:
    """Écrit les structures France services, sans contact ni commentaire libre."""
    jours = ["h_lundi", "h_mardi", "h_mercredi", "h_jeudi", "h_vendredi", "h_samedi"]
    gardees = [
        "id_fs", "lib_fs", "adresse", "insee_com", "code_postal", "lib_com", "latitude",
        "longitude", *jours, "type_fs", "format_fs", "labellisation_fs",
    ]  # fmt: skip
    lignes = []
    for ligne in _lire(brut / "offre/france_services/liste-fs-20240801.csv"):
        commentaire = " ".join(ligne["commentaire"].split())
        fermeture = commentaire if FERMETURE.match(commentaire) else ""
        lignes.append([*(_sans_contact(ligne[nom]) for nom in gardees), fermeture])
    _csv(sortie / "france_services_2024.csv.gz", [*gardees, "fermeture"], lignes)


def preparer_lieux_cnfs(brut: Path, sortie: Path) -> None:
    """Écrit les lieux de permanence des conseillers numériques (JSON → CSV)."""
    gardees = [
        "id", "nom", "commune", "code_postal", "adresse", "latitude", "longitude", "date_maj",
        "labels_nationaux", "pivot",
    ]  # fmt: skip
    lieux = json.loads((brut / "offre/mednum/lieux_cnfs_2022-06.json").read_text("utf-8"))
    lignes = [[_sans_contact(str(lieu.get(nom) or "")) for nom in gardees] for lieu in lieux]
    _csv(sortie / "lieux_conseillers_numeriques_2022.csv.gz", gardees, lignes)


def preparer_structures_cnfs(brut: Path, sortie: Path) -> None:
    """Écrit les structures accueillant des conseillers numériques (mai 2021, toute la France)."""
    structures = json.loads((brut / "offre/conum/cnfs_2022.json").read_text("utf-8"))
    lignes = [
        [
            s["id"], s.get("siret"), s.get("raison_sociale"), s.get("nb_cnfs"),
            s.get("date_de_validation_en_comité_de_sélection"), s.get("insee_com"),
            s.get("code_postal_bis") or str(s.get("code_postal") or "").zfill(5),
            s.get("commune_insee"), str(s.get("adresse") or "").split("\n")[0],
            s.get("latitude"), s.get("longitude"),
        ]
        for s in structures
    ]  # fmt: skip
    _csv(
        sortie / "structures_conseillers_numeriques_2021.csv.gz",
        [
            "id", "siret", "raison_sociale", "nb_cnfs", "date_validation", "insee_com",
            "code_postal", "commune", "adresse", "latitude", "longitude",
        ],
        lignes,
    )  # fmt: skip


def preparer_esat(brut: Path, sortie: Path) -> None:
    """Écrit les ESAT : zéros de tête remis aux codes, contacts retirés."""
    lignes = [
        [
            e["ET-N°FINESS"].zfill(9), e["ET-Raison sociale"], e["ET-Adresse"],
            e["ET-Code Postal"].zfill(5), e["ET-Type"],
            e["ET-SIRET"].zfill(14) if e["ET-SIRET"] else "",
            e["ET-Commune Code"].zfill(5), e["ET-Commune Libellé"],
            e["Capacité autorisée agrégée"],
        ]
        for e in _lire(brut / "offre/esat/seed_esat__liste_officielle.csv")
    ]  # fmt: skip
    colonnes = [
        "finess", "raison_sociale", "adresse", "code_postal", "type", "siret", "code_commune",
        "commune", "capacite",
    ]  # fmt: skip
    _csv(sortie / "esat_2025.csv.gz", colonnes, lignes)


def preparer_annuaire(brut: Path, sortie: Path) -> None:
    """Écrit l'annuaire de l'administration : adresse séparée, téléphone et courriel retirés."""
    lignes = []
    for ligne in _lire(brut / "offre/annuaire_2019/annuaire_administration_2019_dep40.csv"):
        adresse = ligne["notes"].split("|")[0].removeprefix("Adresse :").strip()
        rue, code_postal, commune = [*adresse.rsplit(",", 2), "", ""][:3]
        code = re.search(r"-(\d[\dAB]\d{3})-\d+$", ligne["id"])
        lignes.append(
            [
                ligne["id"], ligne["tag"], ligne["name"], rue.strip(),
                code_postal.strip().zfill(5) if code_postal.strip() else "",
                commune.strip(), code.group(1) if code else "",
            ]
        )  # fmt: skip
    colonnes = ["id", "tag", "nom", "adresse", "code_postal", "commune", "code_de_l_identifiant"]
    _csv(sortie / "annuaire_administration_2019_40.csv", colonnes, lignes)


def preparer_sae(brut: Path, sortie: Path) -> None:
    """Écrit les établissements de santé, avec lits et places de psychiatrie et de maternité."""
    psy = {
        ligne["FI"]: ligne
        for ligne in _lire(brut / "offre/sae/sae2023_psy_dep40.csv")
        if ligne["DIS"] == "TOT"
    }
    naissances = {
        ligne["FI"]: ligne for ligne in _lire(brut / "offre/sae/sae2023_perinat_dep40.csv")
    }
    de_psy = ["CAP_HTP", "CAP_HDJ", "CAP_HDN", "NB_CMP_SEUL", "NB_CATTP"]
    de_naissances = ["LIT_OBS", "SEJACC"]
    lignes = []
    for entite in _lire(brut / "offre/sae/sae2023_id_dep40.csv"):
        fi = entite["fi"]
        accouchements = int(naissances.get(fi, {}).get("SEJACC") or 0)
        lignes.append(
            [
                fi, entite["rs"], entite["cat"], entite["COMINSEE"], entite["NOMCOM"],
                entite["NUMVOI"], entite["TYPVOI"], entite["NOMVOI"], entite["CPO"],
                "1" if fi in psy else "0",
                *(psy.get(fi, {}).get(nom, "") for nom in de_psy),
                "1" if accouchements > 0 else "0",
                *(naissances.get(fi, {}).get(nom, "") for nom in de_naissances),
            ]
        )  # fmt: skip
    colonnes = [
        "fi", "rs", "cat", "COMINSEE", "NOMCOM", "NUMVOI", "TYPVOI", "NOMVOI", "CPO", "psychiatrie",
        *de_psy, "accouchements", *de_naissances,
    ]  # fmt: skip
    _csv(sortie / "sae_2023_40.csv", colonnes, lignes)


def preparer_siae(brut: Path, sortie: Path) -> None:
    """Écrit les structures d'insertion, tirées d'une réunion de fichiers (pas de fichier brut)."""
    gardees = [
        "id", "nom", "categorie", "siret", "adresse", "code_postal", "commune", "latitude",
        "longitude", "date_maj",
    ]  # fmt: skip
    lignes = [
        [ligne[nom] for nom in gardees]
        for ligne in _lire(brut / "offre/landes_offre_reelle.csv")
        if ligne["source"] == "asp-siae-lemarche"
    ]
    _csv(sortie / "siae_2020_40.csv", gardees, lignes)


def preparer_equipements(brut: Path, sortie: Path) -> None:
    """Écrit les équipements de la BPE 2019 lus comme des services."""
    table = (
        pl.read_parquet(brut / "besoins/bpe_2019_commune_typequ.parquet")
        .filter(pl.col("TYPEQU").is_in(EQUIPEMENTS))
        .sort("TYPEQU", "DEPCOM")
        .select("TYPEQU", "DEPCOM", "NB_EQUIP")
    )
    _csv(sortie / "bpe_2019_services.csv.gz", table.columns, table.iter_rows())


def preparer_codes_postaux(brut: Path, sortie: Path) -> None:
    """Écrit les codes postaux des communes du code officiel géographique 2026."""
    communes = json.loads((brut / "territoires/cog/communes.json").read_text("utf-8"))
    codes: dict[str, set[str]] = defaultdict(set)
    for commune in communes:
        if commune["type"] in {"commune-actuelle", "arrondissement-municipal"}:
            for code_postal in commune.get("codesPostaux", ()):
                codes[code_postal].add(commune["code"])
    lignes = [(cp, code) for cp, lies in sorted(codes.items()) for code in sorted(lies)]
    _csv(sortie / "codes_postaux_2026.csv.gz", ["code_postal", "code"], lignes)


def preparer_selections(brut: Path, sortie: Path) -> None:
    """Écrit les fichiers dont on ne garde que des colonnes."""
    for origine, (nom, gardees) in SANS_COURRIEL.items():
        lignes = [[ligne[c] for c in gardees] for ligne in _lire(brut / origine)]
        _csv(sortie / nom, gardees, lignes)


def main(arguments: list[str]) -> int:
    """Prépare tous les fichiers ; renvoie le code de sortie."""
    if not arguments:
        sys.stderr.write(f"{(__doc__ or '').strip()}\n")
        return 2
    brut = Path(arguments[0])
    ici = Path(__file__).resolve().parent.parent / "src/solidiag/donnees/offre"
    sortie = Path(arguments[1]) if len(arguments) > 1 else ici
    for preparer in (
        preparer_france_services,
        preparer_lieux_cnfs,
        preparer_structures_cnfs,
        preparer_esat,
        preparer_annuaire,
        preparer_sae,
        preparer_siae,
        preparer_equipements,
        preparer_codes_postaux,
        preparer_selections,
    ):
        preparer(brut, sortie)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
