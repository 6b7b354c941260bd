"""Doublons mesurés sur 148 paires réelles étiquetées à la main.

Le fichier ``donnees/paires_offre_landes.csv`` (un seul annotateur) donne pour chaque paire le nom,
l'adresse, la distance, l'étiquette et sa raison. Les lignes embarquées sont relues dans leur
source, qui ajoute Siret, commune et point. Les paires de chaque famille et étiquette sont triées
par identifiant : une sur deux règle les seuils, l'autre mesure.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import polars as pl

from solidiag.catalogue.service import lire_categories
from solidiag.model.service import SERVICES
from solidiag.offre.cadre import Cadre
from solidiag.offre.comparaison import Comparateur, Fiche, Seuils
from solidiag.offre.doublons import sirets_partages
from solidiag.offre.situer import situer
from solidiag.sources.services import lire_codes_postaux, lire_services
from solidiag.sources.territoires import charger_referentiel
from solidiag.statistics.intervalles import wilson
from solidiag.storage.depot import Depot

ICI = Path(__file__).parent
DOCUMENT = ICI.parents[1] / "docs/methode/doublons.md"

SOURCES = {
    "anct-france-services": "offre.france_services",
    "anct-mednum-cnfs": "offre.lieux_conseillers_numeriques",
    "dila-annuaire-2019": "offre.annuaire_administration",
    "asp-siae-lemarche": "offre.siae",
    "finess-esat": "offre.esat",
    "conseillers_numeriques_structures_2022": "offre.structures_conseillers_numeriques_2022",
    "etablissements_personnes_agees_cnsa_2020": "offre.personnes_agees",
    "ehpad_prix_cnsa_2022-12-31": "offre.ehpad_prix",
    "laposte_points_contact_2020": "offre.laposte",
    "programmes_anct_2024": "offre.programmes_anct",
}
HORS_INVENTAIRE = {
    "les-emplois-fixtures": "france-travail",
    "france_services_2021": "france-services",
    "programmes_anct_2024": "france-services",
    "laposte_points_contact_2016": "point-postal",
    "politique_ville_adultes_relais_fonjep": "adulte-relais",
}
"""Lignes étiquetées qui ne sont pas embarquées : leur catégorie, et les champs de la paire."""

FAMILLES = {
    "Établissements pour personnes âgées": {"personnes_agees", "ehpad_prix"},
    "Points postaux": {"laposte", "laposte_points_contact_2016"},
    "Structures d'insertion": {"siae"},
    "France services et leurs suites": {
        "france_services", "france_services_2021", "programmes_anct_2024", "annuaire:msap",
    },
    "Numérique et politique de la ville": {
        "lieux_conseillers_numeriques", "structures_conseillers_numeriques_2022",
        "politique_ville_adultes_relais_fonjep", "programmes_anct", "siae",
    },
}  # fmt: skip
AUTRES = "Guichets voisins ou partagés"


@dataclass(frozen=True)
class Paire:
    a: Fiche
    b: Fiche
    famille: str
    etiquette: str
    distance_m: float | None
    moitie: str


@cache
def _depot() -> Depot:
    return Depot()


@cache
def _cadre() -> Cadre:
    depot = _depot()
    source, fichier = depot.fichier("offre.codes_postaux/codes_2026")
    codes = lire_codes_postaux(depot.octets(fichier.fichier), source, fichier)
    return Cadre.depuis(charger_referentiel(depot.octets), codes)


@cache
def _lignes() -> dict[str, dict[str, object]]:
    depot = _depot()
    tables = [
        lire_services(depot.octets(fichier.fichier), source, fichier)
        for source in depot.sources.values()
        for fichier in source.fichiers
        if fichier.lecteur == "services" and source.id in SOURCES.values()
    ]
    table = pl.concat(tables).filter(
        pl.col("code_insee").str.starts_with("40").fill_null(value=False)
        | pl.col("code_postal").str.starts_with("40").fill_null(value=False)
    )
    return {ligne["id"]: ligne for ligne in situer(table, _cadre()).iter_rows(named=True)}


def _comparateur(note: float = Seuils().note) -> Comparateur:
    categories = lire_categories(_depot().declaration("services/categories.yaml"))
    table = pl.DataFrame(list(_lignes().values()), schema=SERVICES)
    return Comparateur(
        categories=categories,
        seuils=replace(Seuils(), note=note),
        sirets_partages=sirets_partages(table),
    )


@cache
def _postes() -> dict[str, dict[str, str]]:
    octets = _depot().octets("offre/adultes_relais_fonjep_2020_2023_40.csv")
    return {x["id_poste"]: x for x in csv.DictReader(octets.decode().splitlines())}


def _fiche(comparateur: Comparateur, brut: dict[str, str], cote: str) -> tuple[Fiche, str]:
    origine = brut[f"source_{cote}"].split("/", 1)[1]
    identifiant = brut[f"id_{cote}"]
    nom, adresse = brut[f"nom_{cote}"], brut[f"adresse_{cote}"]
    local = nom if origine.startswith("ehpad_prix") else identifiant
    if not origine.startswith("asp-siae"):
        local = local.split("--", 1)[-1]
    ligne = _lignes().get(f"{SOURCES.get(origine, '')}:{local}")
    if ligne is not None:
        champs = (
            "id", "source", "categorie", "nom", "adresse", "commune", "code_insee", "siret",
            "latitude", "longitude", "precision_geo",
        )  # fmt: skip
        famille = str(ligne["source"]).removeprefix("offre.")
        if famille == "annuaire_administration":
            famille = f"annuaire:{ligne['categorie']}"
        return comparateur.fiche(**{champ: ligne[champ] for champ in champs}), famille
    categorie, siret = HORS_INVENTAIRE[origine], None
    if origine.startswith("politique_ville"):
        poste = _postes()[identifiant]
        categorie = poste["type"]
        siret = poste["code_tiers"] if poste["code_tiers"].isdigit() else None
    trouve = re.search(r"\b(\d{5}) (.+)$", adresse)
    commune = trouve.group(2) if trouve else None
    place = situer(
        pl.DataFrame(
            [{"code_postal": trouve.group(1) if trouve else None, "commune": commune}],
            schema=SERVICES,
        ),
        _cadre(),
    ).row(0, named=True)
    fiche = comparateur.fiche(
        id=f"{origine}:{local.removeprefix('fs-')}",
        source=origine,
        categorie=categorie,
        nom=nom,
        adresse=adresse,
        commune=place["commune"],
        code_insee=place["code_insee"],
        siret=siret,
        precision_geo="commune",
    )
    return fiche, origine


def _famille(sources: set[str]) -> str:
    return next((nom for nom, membres in FAMILLES.items() if sources <= membres), AUTRES)


@cache
def _paires() -> tuple[Paire, ...]:
    comparateur = _comparateur()
    lues = []
    with (ICI / "donnees/paires_offre_landes.csv").open(encoding="utf-8", newline="") as flux:
        for brut in csv.DictReader(flux, delimiter=";"):
            a, source_a = _fiche(comparateur, brut, "a")
            b, source_b = _fiche(comparateur, brut, "b")
            distance = float(brut["distance_m"]) if brut["distance_m"] else None
            precis = a.latitude is not None and b.latitude is not None
            lues.append((
                _famille({source_a, source_b}), brut["etiquette"], brut["id_a"], brut["id_b"],
                a, b, distance if precis else None,
            ))  # fmt: skip
    lues.sort(key=lambda lue: lue[:4])
    rangs: dict[tuple[str, str], int] = defaultdict(int)
    paires = []
    for famille, etiquette, _, _, a, b, distance in lues:
        moitie = "réglage" if rangs[famille, etiquette] % 2 == 0 else "mesure"
        rangs[famille, etiquette] += 1
        paires.append(
            Paire(
                a=a, b=b, famille=famille, etiquette=etiquette, distance_m=distance, moitie=moitie
            )
        )
    return tuple(paires)


@dataclass(frozen=True)
class Compte:
    vrais: int
    faux: int
    manques: int


def compter(paires: Iterable[Paire], *, note: float = Seuils().note) -> Compte:
    comparateur = _comparateur(note)
    vrais = faux = manques = 0
    for paire in paires:
        joint = (
            comparateur.comparer(paire.a, paire.b, distance_m=paire.distance_m).verdict == "meme"
        )
        meme = paire.etiquette == "meme"
        vrais += joint and meme
        faux += joint and not meme
        manques += meme and not joint
    return Compte(vrais=vrais, faux=faux, manques=manques)


def _dire(compte: int, total: int) -> str:
    if not total:
        return "sans objet"
    bas, haut = wilson(float(compte), float(total))
    return f"{100 * compte / total:.0f}\u00a0% [{100 * float(bas):.0f} ; {100 * float(haut):.0f}]"


def tableau() -> Iterator[str]:
    mesure = [paire for paire in _paires() if paire.moitie == "mesure"]
    for famille in [*FAMILLES, AUTRES]:
        yield _rangee(famille, [paire for paire in mesure if paire.famille == famille])
    yield _rangee("**Ensemble**", mesure)


def _rangee(nom: str, paires: list[Paire]) -> str:
    compte = compter(paires)
    positifs = compte.vrais + compte.manques
    return (
        f"| {nom} | {len(paires)} | {positifs} | {compte.vrais} | {compte.faux} | "
        f"{compte.manques} | {_dire(compte.vrais, compte.vrais + compte.faux)} | "
        f"{_dire(compte.vrais, positifs)} |"
    )


def test_all_labelled_pairs_are_read() -> None:
    assert len(_paires()) == 148
    etiquettes = [paire.etiquette for paire in _paires()]
    assert set(etiquettes) == {"meme", "different", "meme_lieu_services_distincts"}


def test_the_measured_half_keeps_its_precision_and_recall() -> None:
    compte = compter(paire for paire in _paires() if paire.moitie == "mesure")
    assert compte.vrais + compte.manques >= 25
    assert compte.faux == 0
    assert compte.manques <= 1


def test_the_threshold_is_the_best_of_the_tuning_half() -> None:
    reglage = [paire for paire in _paires() if paire.moitie == "réglage"]
    fautes = {
        note: (compte.faux + compte.manques, compte.faux)
        for note in (0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80)
        for compte in [compter(reglage, note=note)]
    }
    assert fautes[Seuils().note] == min(fautes.values())
    assert fautes[Seuils().note] < fautes[0.80]


def test_services_sharing_a_place_are_never_joined() -> None:
    comparateur = _comparateur()
    joints = [
        paire
        for paire in _paires()
        if paire.etiquette == "meme_lieu_services_distincts"
        and comparateur.comparer(paire.a, paire.b, distance_m=paire.distance_m).verdict == "meme"
    ]
    assert not joints


def test_every_decision_says_why() -> None:
    comparateur = _comparateur()
    for paire in _paires():
        assert comparateur.comparer(paire.a, paire.b, distance_m=paire.distance_m).motif


def test_the_order_of_the_pair_does_not_matter() -> None:
    comparateur = _comparateur()
    for paire in _paires():
        aller = comparateur.comparer(paire.a, paire.b, distance_m=paire.distance_m)
        retour = comparateur.comparer(paire.b, paire.a, distance_m=paire.distance_m)
        assert (aller.verdict, aller.note) == (retour.verdict, retour.note)


def test_the_method_page_shows_the_measured_table() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for rangee in tableau():
        assert rangee in document
