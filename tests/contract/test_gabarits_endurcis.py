"""Ce que tout gabarit supporte : formes de texte, fautes, fichiers voisins, déchets.

Chaque essai part d'un petit tableau tiré de la signature du gabarit. Un fichier abîmé est lu juste,
ou refusé d'une phrase qui dit que faire ; jamais autre chose.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import openpyxl
import polars as pl
import pytest

from solidiag.catalogue.gabarit import Gabarit, remplacer
from solidiag.catalogue.indicateur import Lecture
from solidiag.errors import FichierRefuse
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import territoires_connus
from solidiag.sources.controle import Partie, variables_de
from solidiag.sources.options import Options
from solidiag.sources.reconnaissance import reconnaitre
from solidiag.sources.registre import lire
from solidiag.sources.reparations import Connus
from solidiag.storage.depot import Depot

GABARITS = Depot.embarque().gabarits

MILLESIME = "2021"

CODES = {
    "COM": ["01004", "02691", "40192", "40088", "2A004"],
    "EPCI": ["244000808", "244000675", "200067205"],
    "DEP": ["01", "02", "40", "2A"],
    "REG": ["75", "84", "93"],
    "IRIS": ["010040101", "026910101", "401920101"],
    "QPV": ["QP040001", "QP040002", "QN00101M"],
    "BV": ["40192", "40088"],
    "ZE": ["7505", "7511"],
    "ARR": ["401", "402"],
    "FR": ["FR"],
}


@dataclass(frozen=True, kw_only=True)
class Exemple:
    """Un tableau d'exemple : en-tête, lignes, place de la colonne du code et des nombres."""

    entete: tuple[str, ...]
    lignes: tuple[tuple[str, ...], ...]
    code: int
    nombres: frozenset[int]
    variables: frozenset[str]

    def texte(self, separateur: str = ";", *, fin: str = "\n") -> str:
        """Renvoie le tableau en texte."""
        tampon = io.StringIO()
        ecrivain = csv.writer(tampon, delimiter=separateur, lineterminator=fin)
        ecrivain.writerow(self.entete)
        ecrivain.writerows(self.lignes)
        return tampon.getvalue()

    def avec(self, lignes: Iterable[Iterable[str]], entete: Iterable[str] | None = None) -> Exemple:
        """Renvoie le même exemple, d'autres lignes ou d'autres noms."""
        return Exemple(
            entete=self.entete if entete is None else tuple(entete),
            lignes=tuple(tuple(ligne) for ligne in lignes),
            code=self.code,
            nombres=self.nombres,
            variables=self.variables,
        )


def engendrer(motif: str) -> str:
    """Renvoie un texte qui suit une expression régulière simple."""
    if motif in _A_LA_MAIN:
        return _A_LA_MAIN[motif]
    texte = _suite(_parser.parse(motif)) or _suite(_parser.parse(motif), vides=1)
    assert re.fullmatch(motif, texte), (motif, texte)
    return texte


_A_LA_MAIN = {
    r"(?i:.*demandes?\b.*(cours|actives?|31/12).*)": "Demandes en cours",
    r"(?i:.*attributions?\b.*)": "Attributions de l'année",
}


def _suite(arbre: Any, *, vides: int = 0) -> str:
    return "".join(_morceau(genre, valeur, vides=vides) for genre, valeur in arbre)


def _morceau(genre: Any, valeur: Any, *, vides: int) -> str:
    if genre is _constants.LITERAL:
        return chr(valeur)
    if genre is _constants.NOT_LITERAL or genre is _constants.ANY:
        return "a"
    if genre is _constants.IN:
        return _dans(valeur)
    if genre in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
        minimum, maximum, contenu = valeur
        un = _suite(contenu, vides=vides)
        if un == "0" and minimum == maximum and minimum in (2, 4):
            return MILLESIME[-minimum:]
        return un * max(minimum, vides)
    if genre is _constants.SUBPATTERN:
        return _suite(valeur[3], vides=vides)
    if genre is _constants.BRANCH:
        return _suite(valeur[1][0], vides=vides)
    if genre in (_constants.AT, _constants.ASSERT_NOT, _constants.ASSERT):
        return ""
    raise NotImplementedError(genre)


def _dans(choix: Any) -> str:
    genre, valeur = choix[0]
    if genre is _constants.NEGATE:
        return "x"
    if genre is _constants.LITERAL:
        return chr(valeur)
    if genre is _constants.RANGE:
        return chr(valeur[0])
    if valeur is _constants.CATEGORY_DIGIT:
        return "0"
    if valeur is _constants.CATEGORY_SPACE:
        return " "
    return "a"


def exemple_de(gabarit: Gabarit) -> Exemple:
    """Renvoie un tableau qui a la forme du gabarit, sur des territoires réels."""
    options = Options.model_validate(remplacer(gabarit.options, millesime=MILLESIME))
    variables = _variables(gabarit)
    colonnes = dict.fromkeys(engendrer(m) for m in gabarit.signature.colonnes)
    noms = {donne: engendrer(motif) for donne, motif in options.noms.items()}
    voulues = [options.colonne_code, options.colonne_niveau, options.colonne_periode]
    voulues += [*options.cles, options.colonne_valeur, *options.filtre, *options.colonnes_statut]
    if gabarit.lecteur == "colonnes":
        voulues += sorted(variables)
    for nom in voulues:
        reel = noms.get(nom, nom)
        if reel and reel not in colonnes and not _deja(reel, colonnes):
            colonnes[reel] = None
    if gabarit.millesime.colonne and not _deja(gabarit.millesime.colonne, colonnes):
        colonnes[gabarit.millesime.colonne] = None
    if gabarit.lecteur == "periodes_en_colonnes":
        colonnes[MILLESIME] = None
    entete = tuple(colonnes)
    lignes = []
    for niveau, brut in _codes(gabarit, options):
        for variable in sorted(variables) if gabarit.lecteur == "pivot" and variables else [""]:
            ligne = dict.fromkeys(entete, "12.5")
            ligne |= _valeurs_imposees(gabarit, entete)
            ligne |= dict.fromkeys(options.colonnes_statut, "")
            periode = noms.get(options.colonne_periode, options.colonne_periode)
            if ligne.get(periode) == "12.5":
                ligne[periode] = MILLESIME
            for colonne, gardees in options.filtre.items():
                ligne[colonne] = gardees[0]
            if options.colonne_niveau and options.colonne_niveau != options.colonne_code:
                ligne[options.colonne_niveau] = niveau
            for cle, valeur in zip(
                options.cles, variable.split("|") if variable else (), strict=False
            ):
                ligne[cle] = valeur
            ligne[noms.get(options.colonne_code, options.colonne_code)] = brut
            lignes.append(tuple(ligne[c] for c in entete))
    nombres = {
        rang for rang in range(len(entete)) if all(ligne[rang] == "12.5" for ligne in lignes)
    }
    code = entete.index(noms.get(options.colonne_code, options.colonne_code))
    return Exemple(
        entete=entete,
        lignes=tuple(lignes),
        code=code,
        nombres=frozenset(nombres),
        variables=frozenset(variables),
    )


def _deja(nom: str, colonnes: Iterable[str]) -> bool:
    return any(re.fullmatch(nom, c) or nom == c for c in colonnes) if nom else True


def _variables(gabarit: Gabarit) -> set[str]:
    lectures: list[Lecture] = [
        x for r in gabarit.remplit for x in r.pour("ajout/fichier", MILLESIME)
    ]
    termes = [t for x in lectures for t in (x.valeur, x.numerateur, x.denominateur, x.poids) if t]
    return {v for t in termes if t.fichier == "ajout/fichier" for v in (*t.variables, *t.moins)}


def _codes(gabarit: Gabarit, options: Options) -> list[tuple[str, str]]:
    """Renvoie (texte du niveau, texte du code) des lignes d'exemple."""
    if gabarit.niveau != "mixte":
        niveau, texte = gabarit.niveau, ""
    elif options.niveaux:
        niveau, texte = next(
            (lu, cle) for cle, lu in options.niveaux.items() if lu in ("COM", "DEP")
        )
    else:
        niveau, texte = "COM", ""
    trouves = []
    for code in CODES[niveau]:
        candidats = [
            code,
            f"{code}0101",
            f"2025-{texte or niveau}-{code}",
            f"0{code}",
            f"D{code}",
            f"{code}-Nom",
        ]
        valeurs = gabarit.signature.valeurs.get(options.colonne_code, "")
        for brut in candidats:
            extrait = re.search(options.extrait, brut) if options.extrait else None
            lu = extrait.group(1) if extrait else (None if options.extrait else brut)
            admis = (lu or "").zfill(options.largeur) == code if options.largeur else lu == code
            if options.extrait_niveau and not re.search(options.extrait_niveau, brut):
                continue
            if admis and (not valeurs or re.fullmatch(valeurs, brut)):
                trouves.append((texte, brut))
                break
    return trouves


def _valeurs_imposees(gabarit: Gabarit, entete: tuple[str, ...]) -> dict[str, str]:
    imposees = {}
    for colonne, motif in gabarit.signature.valeurs.items():
        for nom in entete:
            if nom == colonne or re.fullmatch(colonne, nom):
                imposees[nom] = engendrer(motif)
    millesime = gabarit.millesime.colonne
    for nom in entete:
        if millesime and (nom == millesime or re.fullmatch(millesime, nom)) and nom not in imposees:
            imposees[nom] = MILLESIME
    return imposees


def en_json(exemple: Exemple) -> bytes:
    """Renvoie le tableau en JSON, noms à points emboîtés."""
    objets = []
    for ligne in exemple.lignes:
        objet: dict[str, Any] = {}
        for nom, valeur in zip(exemple.entete, ligne, strict=True):
            place = objet
            *chemin, dernier = nom.split(".")
            for cle in chemin:
                place = place.setdefault(cle, {})
            place[dernier] = valeur
        objets.append(objet)
    return json.dumps({"observations": objets}).encode()


def en_classeur(exemple: Exemple, feuille: str, *, avant: int = 0) -> bytes:
    """Renvoie le tableau dans une feuille, après des lignes de titre ; codes en texte."""
    classeur = openpyxl.Workbook()
    page = classeur.active
    page.title = feuille
    for rang in range(avant):
        page.append([f"Titre {rang}"])
    page.append(list(exemple.entete))
    for ligne in exemple.lignes:
        page.append(list(ligne))
    tampon = io.BytesIO()
    classeur.save(tampon)
    return tampon.getvalue()


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(Depot.embarque()))


@pytest.fixture(params=sorted(GABARITS))
def gabarit(request: pytest.FixtureRequest) -> Gabarit:
    return GABARITS[request.param]


def est_json(exemple: Exemple) -> bool:
    return any("." in nom and nom.startswith("dimensions") for nom in exemple.entete)


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
