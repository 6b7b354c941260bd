"""Ce que tout gabarit supporte : formes de texte, fautes, fichiers voisins, déchets.

Chaque essai part d'un petit tableau tiré de la signature du gabarit. Un fichier abîmé est lu juste,
ou refusé d'une phrase qui dit que faire ; jamais autre chose.

Fautes essayées, et où (« tous » : chacun des gabarits) :

======================================== ======= ==================================================
faute                                    essayée par
======================================== ======= ==================================================
séparateur, décimale, fin de ligne       tous    a_file_in_another_form
marque d'ordre, Windows-1252, UTF-16     tous    a_file_in_another_form
en-tête descendu, notes sous le tableau  tous    a_file_in_another_form
espaces de milliers                      tous    thousands_spaces
zéros de tête perdus                     tous    codes_that_lost_their_leading_zero
codes changés en nombres par un tableur  tous    codes_changed_by_a_spreadsheet
colonne absente, colonne en double       tous    a_missing_column, a_doubled_column
archive, archive tronquée                tous    an_archive_is_read, a_truncated_archive
archive piégée                           tous    a_zip_bomb
lignes de déchets (2 000, un million)    tous    rubbish, a_million_rows (épreuve)
fichier d'un voisin                      tous    a_file_is_never_taken_for_its_neighbour
vide, PDF, page web, octets, gzip        un      unit/test_importation
archive dans l'archive, mot de passe     un      unit/test_importation
membre qui sort de l'archive             un      unit/test_importation
découpage communal d'une autre année     un      contract/test_decoupage
======================================== ======= ==================================================
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tests.contract.exemples_de_gabarits import (
    GABARITS,
    MILLESIME,
    Exemple,
    en_classeur,
    en_json,
    engendrer,
    est_json,
    exemple_de,
)

from solidiag.catalogue.gabarit import Gabarit
from solidiag.errors import FichierRefuse
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import territoires_connus
from solidiag.sources.controle import Partie, variables_de
from solidiag.sources.reconnaissance import reconnaitre
from solidiag.sources.registre import lire
from solidiag.sources.reparations import Connus
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(Depot.embarque()))


@pytest.fixture(params=sorted(GABARITS))
def gabarit(request: pytest.FixtureRequest) -> Gabarit:
    return GABARITS[request.param]


def lire_partie(octets: bytes, gabarit: Gabarit, connus: Connus, *, nom: str = "f.csv") -> Partie:
    """Reconnaît avec ce seul gabarit ; donne le millésime s'il n'est pas dans le fichier."""
    try:
        lu = reconnaitre(octets, nom, [gabarit], connus=connus)
    except FichierRefuse as erreur:
        if "--millesime" not in str(erreur):
            raise
        lu = reconnaitre(octets, nom, [gabarit], connus=connus, millesime=MILLESIME)
    (partie,) = lu.parties
    return partie


def contenu(partie: Partie, octets: bytes) -> list[tuple[Any, ...]]:
    """Renvoie ce qu'on lit d'un ajout : territoires, et valeurs s'il remplit un indicateur."""
    variables = variables_de(partie.source.id, partie.remplit)
    if not variables:
        return [partie.niveaux, (partie.territoires, partie.connus)]
    table = lire(octets, partie.source, partie.fichier, variables=variables)
    return sorted(
        table.select("niveau", "code", "variable", pl.col("valeur").round(6), "statut").rows()
    )


def refus(octets: bytes, gabarit: Gabarit, connus: Connus, *, nom: str = "f.csv") -> str:
    """Renvoie la phrase d'un refus, et vérifie qu'elle dit que faire."""
    with pytest.raises(FichierRefuse) as faute:
        lire_partie(octets, gabarit, connus, nom=nom)
    phrase = str(faute.value)
    assert re.fullmatch(r"« .+ » n'est pas ajouté : .+ ; .+\.", phrase, re.DOTALL), phrase
    assert "Traceback" not in phrase
    assert "\n" not in phrase
    return phrase


def modele(gabarit: Gabarit) -> tuple[Exemple, bytes]:
    exemple = exemple_de(gabarit)
    return exemple, en_json(exemple) if est_json(exemple) else exemple.texte().encode()


def accentue(exemple: Exemple) -> Exemple:
    return replace(
        exemple.avec((*ligne, "Forêt-l'Évêque") for ligne in exemple.lignes),
        entete=(*exemple.entete, "Libellé ajouté"),
    )


def point_en_virgule(exemple: Exemple) -> Exemple:
    return exemple.avec(
        [c.replace("12.5", "12,5") if r in exemple.nombres else c for r, c in enumerate(ligne)]
        for ligne in exemple.lignes
    )


def milliers(exemple: Exemple, espace: str) -> Exemple:
    return exemple.avec(
        [f"1{espace}012.5" if r in exemple.nombres else c for r, c in enumerate(ligne)]
        for ligne in exemple.lignes
    )


FORMES = {
    "virgule": lambda e: e.texte(",").encode(),
    "tabulation": lambda e: e.texte("\t").encode(),
    "barre": lambda e: e.texte("|").encode(),
    "virgule décimale": lambda e: point_en_virgule(e).texte().encode(),
    "marque d'ordre": lambda e: b"\xef\xbb\xbf" + accentue(e).texte().encode(),
    "Windows": lambda e: accentue(e).texte().encode("cp1252"),
    "UTF-16": lambda e: accentue(e).texte().encode("utf-16"),
    "CRLF": lambda e: e.texte(fin="\r\n").encode(),
    "CR": lambda e: e.texte(fin="\r").encode(),
    "en-tête descendu": lambda e: ("Titre\n\nSource : essai\n\n" + e.texte()).encode(),
    "notes": lambda e: (e.texte() + "Source : essai" + ";" * (len(e.entete) - 1) + "\n").encode(),
}


@pytest.mark.parametrize("forme", FORMES)
def test_a_file_in_another_form_gives_the_same_values(
    gabarit: Gabarit, forme: str, connus: Connus
) -> None:
    exemple, octets = modele(gabarit)
    attendu = contenu(lire_partie(octets, gabarit, connus), octets)
    change = FORMES[forme](exemple)
    assert contenu(lire_partie(change, gabarit, connus), change) == attendu


@pytest.mark.parametrize("espace", ["\u202f", "\u00a0", " "])
def test_thousands_spaces_are_not_part_of_a_number(
    gabarit: Gabarit, espace: str, connus: Connus
) -> None:
    exemple, _ = modele(gabarit)
    change = milliers(exemple, espace).texte().encode()
    sans = milliers(exemple, "").texte().encode()
    attendu = contenu(lire_partie(sans, gabarit, connus), sans)
    assert contenu(lire_partie(change, gabarit, connus), change) == attendu


def test_codes_that_lost_their_leading_zero_are_repaired_and_said(
    gabarit: Gabarit, connus: Connus
) -> None:
    exemple, octets = modele(gabarit)
    partie = lire_partie(octets, gabarit, connus)
    perdus = exemple.avec(
        [c.lstrip("0") if r == exemple.code and c.isdigit() else c for r, c in enumerate(ligne)]
        for ligne in exemple.lignes
    )
    if perdus.lignes == exemple.lignes:
        bruts = [ligne[exemple.code] for ligne in exemple.lignes]
        assert not any(code.startswith("0") and code.isdigit() for code in bruts)
        return
    change = perdus.texte().encode()
    relue = lire_partie(change, gabarit, connus)
    assert contenu(relue, change) == contenu(partie, octets)
    assert any("zéro de tête" in remarque for remarque in relue.remarques)


def test_a_missing_column_is_named(gabarit: Gabarit, connus: Connus) -> None:
    exemple, _ = modele(gabarit)
    motif = gabarit.signature.colonnes[0]
    gardees = [r for r, nom in enumerate(exemple.entete) if not re.fullmatch(motif, nom)]
    reduit = exemple.avec(
        ([ligne[r] for r in gardees] for ligne in exemple.lignes),
        entete=[exemple.entete[r] for r in gardees],
    )
    phrase = refus(reduit.texte().encode(), gabarit, connus)
    assert "manque" in phrase or "forme d'aucun" in phrase


def test_a_doubled_column_is_refused(gabarit: Gabarit, connus: Connus) -> None:
    exemple, _ = modele(gabarit)
    double = exemple.avec(
        ((*ligne, ligne[exemple.code]) for ligne in exemple.lignes),
        entete=(*exemple.entete, exemple.entete[exemple.code]),
    )
    assert "y est 2 fois" in refus(double.texte().encode(), gabarit, connus)


def test_codes_changed_by_a_spreadsheet_are_refused(gabarit: Gabarit, connus: Connus) -> None:
    exemple, _ = modele(gabarit)
    abime = exemple.avec(
        ["1,001E+04" if r == exemple.code else c for r, c in enumerate(ligne)]
        for ligne in exemple.lignes
    )
    refus(abime.texte().encode(), gabarit, connus)


def archive(gabarit: Gabarit, octets: bytes) -> bytes:
    """Range l'exemple dans une archive, sous un nom que le gabarit attend."""
    base = engendrer(gabarit.signature.membre) if gabarit.signature.membre else "donnees.csv"
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as sortie:
        sortie.writestr("notice.txt", "Lisez-moi")
        sortie.writestr(f"dossier/{base}", octets)
    return tampon.getvalue()


def test_an_archive_is_read_like_its_member(gabarit: Gabarit, connus: Connus) -> None:
    _, octets = modele(gabarit)
    attendu = contenu(lire_partie(octets, gabarit, connus), octets)
    zippe = archive(gabarit, octets)
    assert contenu(lire_partie(zippe, gabarit, connus, nom="f.zip"), zippe) == attendu


@pytest.mark.parametrize("part", [0.5, 0.97])
def test_a_truncated_archive_is_refused(gabarit: Gabarit, part: float, connus: Connus) -> None:
    zippe = archive(gabarit, modele(gabarit)[1])
    assert "tronquée" in refus(zippe[: int(part * len(zippe))], gabarit, connus)


@pytest.fixture(scope="module")
def bombe() -> bytes:
    tampon = io.BytesIO()
    with (
        zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as sortie,
        sortie.open("donnees.csv", "w", force_zip64=True) as membre,
    ):
        for _ in range(100):
            membre.write(b"0" * (1 << 20))
    return tampon.getvalue()


def test_a_zip_bomb_is_refused(gabarit: Gabarit, bombe: bytes, connus: Connus) -> None:
    assert "piégée" in refus(bombe, gabarit, connus)


def dechets(exemple: Exemple, lignes: int) -> bytes:
    """Renvoie le bon en-tête, suivi de lignes sans aucun sens."""
    mots = ("zz9", "?", "abc", "-", "12h", "#REF!")
    modeles = [
        ";".join(mots[(7 * rang + 3 * place) % 6] for place, _ in enumerate(exemple.entete))
        for rang in range(97)
    ]
    corps = "\n".join(modeles[i % 97] for i in range(lignes))
    return f"{';'.join(exemple.entete)}\n{corps}\n".encode()


def test_rubbish_under_the_right_header_is_refused(gabarit: Gabarit, connus: Connus) -> None:
    refus(dechets(exemple_de(gabarit), 2_000), gabarit, connus)


@pytest.mark.parametrize("identifiant", ["insee.filosofi1.communes", "insee.filosofi.long"])
def test_a_hundred_thousand_rows_of_rubbish_are_refused(identifiant: str, connus: Connus) -> None:
    choisi = GABARITS[identifiant]
    refus(dechets(exemple_de(choisi), 100_000), choisi, connus)


@pytest.mark.epreuve
def test_a_million_rows_of_rubbish_are_refused(gabarit: Gabarit, connus: Connus) -> None:
    refus(dechets(exemple_de(gabarit), 1_000_000), gabarit, connus)


def test_a_file_is_never_taken_for_its_neighbour(gabarit: Gabarit, connus: Connus) -> None:
    exemple, octets = modele(gabarit)
    if gabarit.signature.feuilles:
        octets = en_classeur(exemple, engendrer(gabarit.signature.feuilles[0]), avant=3)
    assert gabarit.id in reconnus(octets, connus)


def reconnus(octets: bytes, connus: Connus) -> list[str]:
    """Renvoie le gabarit reconnu, ou ceux entre lesquels le refus demande de choisir."""
    try:
        lu = reconnaitre(octets, "f", GABARITS.values(), connus=connus, millesime=MILLESIME)
    except FichierRefuse as erreur:
        return re.findall(r"--gabarit ([a-z0-9._]+[a-z0-9])", str(erreur))
    (partie,) = lu.parties
    return [partie.gabarit.id]
