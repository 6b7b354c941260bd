"""Tableaux d'exemple tirés de la signature des gabarits : rien n'y est un vrai chiffre."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import openpyxl

from solidiag.catalogue.gabarit import Gabarit, remplacer
from solidiag.catalogue.indicateur import Lecture
from solidiag.sources.options import Options
from solidiag.sources.registre import LECTEURS
from solidiag.storage.depot import Depot

GABARITS = {
    nom: gabarit
    for nom, gabarit in Depot.embarque().gabarits.items()
    if gabarit.lecteur in LECTEURS
}
"""Gabarits de tables de chiffres ; ceux de listes de services ont leurs propres essais."""

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


def est_json(exemple: Exemple) -> bool:
    return any("." in nom and nom.startswith("dimensions") for nom in exemple.entete)
