"""Prépare les fichiers embarqués de la pièce « territoires ».

Usage : ``python outils/preparer_territoires.py DOSSIER_BRUT [DOSSIER_SORTIE]``

``DOSSIER_BRUT`` range les fichiers tels qu'ils ont été obtenus (``cog/``, ``zonages/``,
``communes_points/``, ``contours/``). Deux sortes de sorties :

- ``COPIES`` : mêmes octets que le fichier obtenu, seulement compressés (gzip, sans date) ;
- les autres : colonnes choisies d'un fichier plus gros, dites « retravaillées » dans la
  déclaration de leur source.

Deux exécutions donnent les mêmes octets : les lignes sont triées et la compression est sans date.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

COPIES = {
    "cog/src_communes.csv": "cog/communes_2026.csv.gz",
    "cog/src_mouvements-communes.csv": "cog/mouvements_communes_2026.csv.gz",
    "cog/src_arrondissements.csv": "cog/arrondissements_2026.csv.gz",
    "cog/src_departements.csv": "cog/departements_2026.csv.gz",
    "cog/src_regions.csv": "cog/regions_2026.csv.gz",
    "zonages/cogugaison/table_supracom_2024.csv": "cogugaison/table_supracom_2024.csv.gz",
    "zonages/cogugaison/libelles_supracom_2024.csv": "cogugaison/libelles_supracom_2024.csv.gz",
    "licences/COGugaison-LICENSE.note": "cogugaison/LICENCE-ODbL.md",
    "zonages/anct_superposeur/densite.csv": "zonages/densite_2025.csv.gz",
    "zonages/frr/liste-communes-FRR-juillet2025.csv": "zonages/frr_2025.csv.gz",
    "zonages/anct/pvd_2021-01.csv": "zonages/pvd_2021.csv.gz",
    "zonages/anct/acv_2024-04.csv": "zonages/acv_2024.csv.gz",
    "contours/fr/communes-fr-cog2026-lowres.topojson": "contours/communes_2026.topojson.gz",
}


def _ecrire(chemin: Path, octets: bytes) -> None:
    chemin.parent.mkdir(parents=True, exist_ok=True)
    if chemin.suffix == ".gz":
        octets = gzip.compress(octets, compresslevel=9, mtime=0)
    chemin.write_bytes(octets)


def _csv(chemin: Path, colonnes: Sequence[str], lignes: Iterable[Sequence[object]]) -> None:
    texte = io.StringIO()
    stylo = csv.writer(texte, lineterminator="\n")
    stylo.writerow(colonnes)
    stylo.writerows(sorted(lignes, key=lambda ligne: tuple(str(valeur) for valeur in ligne)))
    _ecrire(chemin, texte.getvalue().encode())


def _json(chemin: Path) -> list[dict[str, object]]:
    contenu: list[dict[str, object]] = json.loads(chemin.read_text(encoding="utf-8"))
    return contenu


def populations(brut: Path, sortie: Path) -> None:
    """Écrit la population municipale 2023 des communes et arrondissements municipaux."""
    communes = _json(brut / "cog/communes.json")
    types = {"commune-actuelle": "COM", "arrondissement-municipal": "ARM"}
    gardes = [c for c in communes if c["type"] in types and c["zone"] != "com"]
    _csv(
        sortie / "populations_2023.csv.gz",
        ("TYPECOM", "COM", "PMUN"),
        ((types[str(c["type"])], c["code"], c["population"]) for c in gardes),
    )
    collectivites = {d["code"]: d["nom"] for d in _json(brut / "cog/departements.json")}
    _csv(
        sortie / "outre_mer_2026.csv.gz",
        ("COM", "LIBELLE", "COMER", "LIBELLE_COMER"),
        (
            (c["code"], c["nom"], c["departement"], collectivites[c["departement"]])
            for c in communes
            if c["zone"] == "com"
        ),
    )


def intercommunalites(brut: Path, sortie: Path) -> None:
    """Écrit la composition des intercommunalités à fiscalité propre."""
    _csv(
        sortie / "epci_2026.csv.gz",
        ("COM", "EPCI", "NATURE", "LIBELLE"),
        (
            (membre["code"], epci["code"], epci["type"], epci["nom"])
            for epci in _json(brut / "cog/epci.json")
            for membre in epci["membres"]  # type: ignore[attr-defined]
        ),
    )


def points(brut: Path, sortie: Path) -> None:
    """Écrit le point et la superficie de chaque code de commune (doublons postaux retirés)."""
    with (brut / "communes_points/datasfun_communes_2024.csv").open(encoding="utf-8-sig") as flux:
        lignes = {
            (r["insee_com"], r["commune_type"], r["lat"], r["lng"], r["superficie_km2"])
            for r in csv.DictReader(flux)
            if r["insee_com"]
        }
    colonnes = ("COM", "TYPECOM", "LATITUDE", "LONGITUDE", "SUPERFICIE_KM2")
    _csv(sortie / "points_2024.csv.gz", colonnes, lignes)


def zonages(brut: Path, sortie: Path) -> None:
    """Écrit les listes tirées des propriétés de fichiers géographiques (géométrie retirée)."""
    anct = brut / "contours/anct2026"
    quartiers = []
    for objet in json.loads((anct / "centroide-4326_qpv.geojson").read_bytes())["features"]:
        p = objet["properties"]
        quartiers.append((p["insee_com"], p["code_qp"], p["lib_qp"]))
    _csv(sortie / "zonages/qpv_2024.csv.gz", ("COM", "CODES_QPV", "LIBELLES_QPV"), quartiers)
    colonnes = ("ID_TI", "LIBELLE", "GROUPEMENTS", "SIRENS")
    industrie = []
    for objet in json.loads((anct / "polygone-4326_ti.geojson").read_bytes())["features"]:
        p = objet["properties"]
        industrie.append((p["id_ti"], p["lib_ti"], p["lib_groupement"], p["siren_groupement"]))
    _csv(sortie / "zonages/territoires_industrie_2026.csv.gz", colonnes, industrie)


def voisinage(brut: Path, sortie: Path) -> None:
    """Écrit les paires de départements dont deux communes partagent une ligne de contour."""
    chemin = brut / "contours/fr/communes-fr-cog2026-lowres.topojson"
    objets = json.loads(chemin.read_bytes())["objects"]
    departements: dict[int, set[str]] = {}

    def parcourir(arcs: object, code: str) -> None:
        if isinstance(arcs, int):
            departements.setdefault(arcs if arcs >= 0 else ~arcs, set()).add(code)
        elif isinstance(arcs, list):
            for element in arcs:
                parcourir(element, code)

    for objet in objets.values():
        for geometrie in objet["geometries"]:
            commune = geometrie["properties"]["code"]
            parcourir(geometrie["arcs"], commune[:3] if commune[:2] == "97" else commune[:2])
    paires = {
        (gauche, droite)
        for codes in departements.values()
        for gauche in codes
        for droite in codes
        if gauche != droite
    }
    _csv(sortie / "departements_limitrophes.csv.gz", ("DEP", "LIMITROPHE"), paires)


def main(arguments: list[str]) -> int:
    """Écrit tous les fichiers et leur taille."""
    brut = Path(arguments[0])
    defaut = Path(__file__).parents[1] / "src/solidiag/donnees/territoires"
    sortie = Path(arguments[1]) if len(arguments) > 1 else defaut
    for origine, cible in COPIES.items():
        _ecrire(sortie / cible, (brut / origine).read_bytes())
    for etape in (populations, intercommunalites, points, zonages, voisinage):
        etape(brut, sortie)
    total = 0
    for chemin in sorted(sortie.rglob("*")):
        if chemin.is_file():
            total += chemin.stat().st_size
            sys.stdout.write(f"{chemin.stat().st_size:>9} {chemin.relative_to(sortie)}\n")
    sys.stdout.write(f"{total:>9} en tout\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
