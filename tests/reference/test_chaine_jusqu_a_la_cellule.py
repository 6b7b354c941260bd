"""De chaque chiffre publié à la cellule du fichier, relue sans aucun lecteur de Solidiag.

Les fichiers sont rouverts avec `csv`, `gzip`, `openpyxl` et `polars` : seules les déclarations
(séparateur, lignes à sauter, colonne du code) sont communes. Trois indicateurs par source, tirés
toujours les mêmes ; quelques territoires dans `make test`, tous les landais dans `make epreuve`.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pytest

from solidiag.besoins.formules import origine, termes_de
from solidiag.besoins.tracer import Cellule, Chaine, lectures_possibles, tracer
from solidiag.catalogue.indicateur import Indicateur, Lecture
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import AVEC_VALEUR
from solidiag.pipeline.calculs import cadre_de_calcul, calculer_indicateurs, charger_referentiel
from solidiag.pipeline.explication import expliquer
from solidiag.sources.registre import lire
from solidiag.storage.cache import Cache, dossier_de_cache
from solidiag.storage.depot import Depot

DEPOT = Depot()
GRAINE = 2026
PAR_SOURCE = 3
TERRITOIRES_PAR_INDICATEUR = 4


pytestmark = pytest.mark.xdist_group("chaine")


def tirer(elements: list[Any], nombre: int, *, sel: str) -> list[Any]:
    """Renvoie un tirage sans remise, toujours le même pour le même sel."""
    rng = np.random.default_rng([GRAINE, zlib.crc32(sel.encode())])
    rangs = rng.permutation(len(elements))[:nombre]
    return [elements[rang] for rang in sorted(rangs)]


def indicateurs_par_source() -> dict[str, list[str]]:
    """Renvoie, par source de besoins, au plus trois indicateurs qui la lisent."""
    lus: dict[str, set[str]] = {}
    for indicateur in DEPOT.indicateurs.values():
        for lecture in indicateur.lectures:
            for terme in termes_de(lecture):
                lus.setdefault(terme.fichier.partition("/")[0], set()).add(indicateur.id)
    return {
        source: tirer(sorted(ids), PAR_SOURCE, sel=source) for source, ids in sorted(lus.items())
    }


CHOISIS = indicateurs_par_source()
COUPLES = [(source, identifiant) for source, ids in CHOISIS.items() for identifiant in ids]


@dataclass(frozen=True)
class Brut:
    """Un fichier rouvert : son en-tête, et chaque ligne par son numéro."""

    entete: list[str]
    lignes: dict[int, list[str]]
    options: dict[str, Any]
    lecteur: str


@cache
def rouvrir(reference: str) -> Brut:
    _, fichier = DEPOT.fichier(reference)
    chemin = DEPOT.donnees / fichier.fichier
    options = dict(fichier.options)
    saut = int(options.get("sauter", 0))
    if chemin.suffix == ".parquet":
        table = pl.read_parquet(chemin)
        lignes = {rang: [str(c) for c in ligne] for rang, ligne in enumerate(table.rows(), 2)}
        return Brut(table.columns, lignes, options, fichier.lecteur)
    if chemin.suffix == ".xlsx":
        classeur = openpyxl.load_workbook(chemin, read_only=True, data_only=True)
        feuille = classeur[options["feuille"]] if options.get("feuille") else classeur.worksheets[0]
        rangees = feuille.iter_rows(values_only=True)
        lignes = {n: ["" if c is None else str(c) for c in r] for n, r in enumerate(rangees, 1)}
    else:
        octets = chemin.read_bytes()
        if chemin.suffix == ".gz":
            octets = gzip.decompress(octets)
        encodage = options.get("encodage", "utf-8")
        texte = octets.decode("utf-8-sig" if encodage == "utf-8" else encodage)
        lecteur = csv.reader(io.StringIO(texte), delimiter=options.get("separateur", ";"))
        lignes, debut = {}, 1
        for champs in lecteur:
            lignes[debut] = champs
            debut = lecteur.line_num + 1
    entete = [nom.strip() for nom in lignes[saut + 1]]
    return Brut(entete, lignes, options, fichier.lecteur)


def meme_code(brut: Brut, *, ecrit: str, attendu: str) -> bool:
    """Dit si le code écrit est celui du territoire, zéros de tête perdus compris."""
    declare = brut.options.get("codes", {}).get(ecrit, "").partition("-")[2]
    if declare:
        return declare == attendu
    nu = attendu.lstrip("0")
    return nu in (re.sub(r"^[DR]?0*", "", ecrit), ecrit[: len(attendu)].lstrip("0"))


def texte_brut(brut: Brut, cellule: Cellule) -> str:
    """Renvoie le texte de la cellule, trouvé par son seul numéro de ligne et son seul en-tête."""
    ligne = brut.lignes[cellule.ligne]

    def colonne(nom: str) -> str:
        rang = brut.entete.index(nom)
        return ligne[rang] if rang < len(ligne) else ""

    code = colonne(brut.options.get("colonne_code", "CODGEO")).strip()
    assert meme_code(brut, ecrit=code, attendu=cellule.code)
    if brut.options.get("colonne_periode"):
        assert colonne(brut.options["colonne_periode"]).startswith(cellule.periode)
    if brut.lecteur == "pivot":
        cles = [colonne(cle).strip() for cle in brut.options["cles"]]
        assert "|".join(cles) == cellule.colonne
        return colonne(brut.options["colonne_valeur"])
    if brut.lecteur == "periodes_en_colonnes":
        return colonne(cellule.periode)
    return colonne(cellule.colonne)


def nombre(brut: Brut, texte: str) -> float | None:
    """Renvoie le nombre écrit dans la cellule, ou rien si c'est une marque ou un vide."""
    net = re.sub(r"[\s\u202f\u00a0]", "", texte).replace(",", ".")
    try:
        valeur = float(net)
    except ValueError:
        return None
    return None if valeur == 0 and brut.options.get("zero") == "indetermine" else valeur


def confronter(chaine: Chaine, lecture: Lecture, ligne: dict[str, Any]) -> int:
    """Vérifie chaque cellule, puis la valeur publiée ; renvoie le nombre de cellules."""
    sommes: list[float] = []
    entieres = True
    vues = 0
    for declare, terme in zip(termes_de(lecture), chaine.termes, strict=True):
        brut = rouvrir(declare.fichier)
        assert terme.cellules, (chaine.indicateur, chaine.territoire, terme.expression)
        total = 0.0
        for cellule in terme.cellules:
            lu = nombre(brut, texte_brut(brut, cellule))
            assert (lu is None) == (cellule.valeur is None), cellule
            assert lu is None or lu == pytest.approx(cellule.valeur, rel=1e-12), cellule
            entieres &= lu is not None
            total += (lu or 0.0) * (-1 if cellule.colonne in declare.moins else 1)
            vues += 1
        sommes.append(total)
    if not entieres or lecture.formule not in ("publie", "ratio", "somme"):
        return vues
    if lecture.formule == "ratio":
        attendue = sommes[0] / sommes[1] * lecture.facteur
    else:
        attendue = sommes[0] if lecture.complement is None else lecture.complement - sommes[0]
    assert ligne["value"] == pytest.approx(attendue, rel=1e-9), (
        chaine.indicateur,
        chaine.territoire,
    )
    return vues


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(DEPOT)


@pytest.fixture(scope="module")
def observations(referentiel: Referentiel) -> pl.DataFrame:
    """Observations publiées des Landes, de leurs intercommunalités et de leurs communes."""
    territoires = ["DEP-40"]
    territoires += [f"EPCI-{code}" for code in referentiel.epci_du_departement("40")]
    territoires += [f"COM-{code}" for code in referentiel.communes_du_departement("40")]
    choisis = [DEPOT.indicateurs[i] for i in sorted({i for _, i in COUPLES})]
    table, _ = calculer_indicateurs(
        choisis, DEPOT, referentiel, territoires=territoires, cache=Cache(dossier_de_cache())
    )
    return table.filter(pl.col("status").is_in(list(AVEC_VALEUR)))


@cache
def _lue(reference: str, variables: frozenset[str]) -> pl.DataFrame:
    source, fichier = DEPOT.fichier(reference)
    return lire(DEPOT.octets(fichier.fichier), source, fichier, variables=set(variables))


@cache
def _autour(reference: str, variables: frozenset[str], communes: frozenset[str]) -> pl.DataFrame:
    communale = pl.col("niveau").is_in(["COM", "ARM"])
    return _lue(reference, variables).filter(~communale | pl.col("code").is_in(communes))


def chaines(
    indicateur: Indicateur, lignes: list[dict[str, Any]], referentiel: Referentiel
) -> Iterator[tuple[Chaine, Lecture, dict[str, Any]]]:
    """Parcourt la chaîne de chaque observation, par la lecture qui l'a donnée."""
    fichiers = {t.fichier for lecture in indicateur.lectures for t in termes_de(lecture)}
    retrievals = {fichier: DEPOT.retrieval(fichier) for fichier in fichiers}
    cadre = cadre_de_calcul(referentiel)
    communes = {c for ligne in lignes for c in referentiel.communes_de(ligne["territoire"])}
    passages = {
        fichier: referentiel.passages.entre(DEPOT.fichier(fichier)[1].cog, referentiel.cog).filter(
            pl.col("nouveau").is_in(communes)
        )
        for fichier in fichiers
    }
    for ligne in lignes:
        lecture = next(
            essai
            for essai in lectures_possibles(indicateur, ligne["territoire"], ligne["periode"])
            if origine(indicateur, essai, retrievals).id == ligne["origin"]
        )
        brutes: dict[str, pl.DataFrame] = {}
        for terme in termes_de(lecture):
            variables = frozenset({*terme.variables, *terme.moins})
            connue = brutes.get(terme.fichier)
            # Les communes d'ailleurs ne peuvent pas entrer dans ces chaînes : les écarter va vite.
            ici = {*communes, *passages[terme.fichier]["ancien"]}
            lue = _autour(terme.fichier, variables, frozenset(ici))
            brutes[terme.fichier] = lue if connue is None else pl.concat([connue, lue]).unique()
        chaine = tracer(
            indicateur, lecture, ligne["territoire"], brutes=brutes, passages=passages,
            referentiel=cadre, retrievals=retrievals, limite=10_000,
        )  # fmt: skip
        yield chaine, lecture, ligne


def lignes_de(observations: pl.DataFrame, indicateur: str) -> list[dict[str, Any]]:
    table = observations.filter(pl.col("indicateur") == indicateur)
    return table.sort("territoire", "periode").to_dicts()


@pytest.mark.parametrize(("source", "identifiant"), COUPLES)
def test_a_sample_of_published_figures_comes_from_the_very_cells(
    observations: pl.DataFrame, referentiel: Referentiel, source: str, identifiant: str
) -> None:
    lignes = lignes_de(observations, identifiant)
    assert lignes, "aucune valeur dans les Landes"
    retenues = tirer(lignes, TERRITOIRES_PAR_INDICATEUR, sel=f"{source}:{identifiant}")
    indicateur = DEPOT.indicateurs[identifiant]
    vues = sum(
        confronter(chaine, lecture, ligne)
        for chaine, lecture, ligne in chaines(indicateur, retenues, referentiel)
    )
    assert vues >= len(retenues)


@pytest.mark.epreuve
@pytest.mark.parametrize("identifiant", sorted({i for _, i in COUPLES}))
def test_every_published_figure_comes_from_the_very_cells(
    observations: pl.DataFrame, referentiel: Referentiel, identifiant: str
) -> None:
    lignes = lignes_de(observations, identifiant)
    indicateur = DEPOT.indicateurs[identifiant]
    for chaine, lecture, ligne in chaines(indicateur, lignes, referentiel):
        assert confronter(chaine, lecture, ligne) > 0


_PLACE = re.compile(r"^ligne (\d+), colonne (.+), code (\S+?)(?: \(devenu \S+\))? : (.+)$")


@pytest.mark.parametrize(
    ("identifiant", "code"),
    [
        ("ctx_tx_pauvrete", "40192"), ("rsa_orientation", "40"), ("psychiatres", "40"),
        ("mort_tous_ages", "40"), ("boursiers", "2A"), ("freins_mob", "40088"),
        ("eau_conformite", "40192"), ("tx_chomage", "40"),
    ],
)  # fmt: skip
def test_the_printed_chain_gives_file_line_column_and_text(identifiant: str, code: str) -> None:
    contenu = [texte for _, texte in expliquer(identifiant, code).contenu]
    fichiers = [t.split()[1] for t in contenu if t.startswith("fichier ")]
    references = {
        DEPOT.fichier(t.fichier)[1].fichier: t.fichier
        for lecture in DEPOT.indicateurs[identifiant].lectures
        for t in termes_de(lecture)
    }
    vues = 0
    chemin = ""
    for texte in contenu:
        if texte.startswith("fichier "):
            chemin = texte.split()[1]
        trouve = _PLACE.match(texte)
        if trouve is None:
            continue
        numero, colonne, code_lu, imprime = trouve.groups()
        brut = rouvrir(references[chemin])
        ligne = brut.lignes[int(numero)]
        attendu = "cellule vide" if imprime == "cellule vide" else imprime[2:-2]
        assert (attendu in ligne) or (attendu == "cellule vide" and "" in ligne), texte
        assert any(meme_code(brut, ecrit=champ.strip(), attendu=code_lu) for champ in ligne), texte
        assert colonne in brut.entete or brut.lecteur != "colonnes", texte
        vues += 1
    assert fichiers
    assert vues


def test_an_indicator_that_no_file_documents_explains_what_to_provide() -> None:
    contenu = " ".join(texte for _, texte in expliquer("surendet", "40").contenu)
    assert "Non documenté" in contenu
    assert "Banque de France" in contenu
    assert "solidiag sources importer" in contenu
