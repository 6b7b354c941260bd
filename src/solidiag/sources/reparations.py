"""Réparations d'un tableau ajouté : codes, nombres, lignes trop longues.

Le fichier n'est jamais changé : une réparation est une option de lecture, et elle est dite.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import DonneesError, FichierRefuse, FormatInattendu
from solidiag.sources.contenants import ouvrir
from solidiag.sources.formes import Codes, decimale_de, examiner_codes, milliers_de
from solidiag.sources.grilles import entete as entete_de
from solidiag.sources.grilles import lire_grille
from solidiag.sources.options import Options, options_de
from solidiag.sources.registre import LECTEURS

FORME_DE_CODE = r"^[0-9A-Za-z_-]{1,14}$"

_ESPACES = {"\u202f": "fine insécable", "\u00a0": "insécable", "\u2009": "fine", " ": "simple"}


@dataclass(frozen=True, kw_only=True)
class Connus:
    """Les vrais territoires.

    Parameters
    ----------
    codes
        Par niveau, codes de tous les millésimes.
    actuels
        Par niveau, codes d'aujourd'hui vers leur département (vide s'ils en débordent).
    cog
        Année du découpage courant.
    communes_au
        Communes de l'année d'un découpage, si on les connaît.
    """

    codes: Mapping[str, frozenset[str]]
    actuels: Mapping[str, Mapping[str, str]]
    cog: int
    communes_au: Callable[[int], frozenset[str]] | None = field(
        default=None, repr=False, compare=False
    )

    def connait(self, niveau: str, code: str) -> bool:
        """Dit si ce code existe ; un Iris se juge à sa commune, un niveau sans liste à sa forme."""
        if niveau == "IRIS":
            return code[:5] in self.codes["COM"] or code[:5] in self.codes["ARM"]
        if niveau in ("COM", "ARM"):
            return code in self.codes["COM"] or code in self.codes["ARM"]
        if niveau == "QPV":
            return re.fullmatch(r"Q[PN][0-9A-Z]{5,7}", code) is not None
        if niveau not in self.codes:
            return bool(re.fullmatch(FORME_DE_CODE, code))
        return code in self.codes[niveau]

    def plausible(self, niveau: str, code: str) -> bool:
        """Dit si ce code existe ou a pu exister : les intercommunalités dissoutes sont oubliées."""
        if niveau == "EPCI":
            return re.fullmatch(r"2\d{8}", code) is not None
        return self.connait(niveau, code)

    def departement(self, niveau: str, code: str) -> str:
        """Renvoie le département d'un territoire, ou rien."""
        if niveau in ("COM", "ARM", "IRIS"):
            return code[:3] if code.startswith("97") else code[:2]
        return code if niveau == "DEP" else self.actuels.get(niveau, {}).get(code, "")


@dataclass(frozen=True, kw_only=True)
class Essai:
    """Un fichier et la déclaration avec laquelle on essaie de le lire."""

    octets: bytes
    nom: str
    source: Source

    @property
    def fichier(self) -> Fichier:
        """Le fichier de l'essai."""
        return self.source.fichiers[0]

    @property
    def options(self) -> Options:
        """Ses options de lecture, validées."""
        return options_de(self.source, self.fichier)

    def avec(self, **changes: Any) -> Essai:
        """Renvoie le même essai, options changées."""
        fichier = self.fichier.model_copy(update={"options": {**self.fichier.options, **changes}})
        return replace(self, source=self.source.model_copy(update={"fichiers": (fichier,)}))


def reparer_codes(essai: Essai, connus: Connus, *, motif: str = "") -> tuple[Essai, list[str]]:
    """Renvoie l'essai dont les codes se lisent, et ce qui a été réparé ou ignoré.

    Raises
    ------
    FichierRefuse
        Si un tableur a changé les codes en nombres à exposant : ils ne se retrouvent pas.
    """
    options = essai.options
    colonne = options.colonne_code
    essai, bruts = _lire_colonne(
        essai,
        lambda e: lire_grille(e.octets, e.source, e.fichier, options=e.options, colonnes=[colonne])[
            colonne
        ],
    )
    niveaux = (
        ("COM", "ARM", "DEP", "REG") if essai.fichier.niveau == "mixte" else (essai.fichier.niveau,)
    )
    if "IRIS" in niveaux or options.extrait:
        niveaux = (*niveaux, "COM", "ARM")
    codes = frozenset().union(*(connus.codes.get(niveau, frozenset()) for niveau in niveaux))
    vus = examiner_codes(
        bruts,
        codes,
        tels_quels={*options.codes, *options.exclure, *_exacts(motif)},
        lisible=options.extrait or FORME_DE_CODE,
    )
    if vus.tableur:
        raise FichierRefuse(
            essai.nom,
            f"un tableur y a changé les codes en nombres (« {vus.tableur} »)",
            "reprenez le fichier du producteur, ou enregistrez la colonne des codes en texte",
        )
    return _codes_repares(essai, vus, colonne)


def _exacts(motif: str) -> set[str]:
    """Alternatives littérales d'une expression : des codes admis tels quels."""
    return {m for m in motif.split("|") if re.fullmatch(r"[\w .'-]+", m)} if motif else set()


def _codes_repares(essai: Essai, vus: Codes, colonne: str) -> tuple[Essai, list[str]]:
    dites = []
    if vus.flottants:
        essai = essai.avec(codes_nets=True)
        dites.append(f"Des codes de « {colonne} » finissaient par « .0 » : ôté à la lecture.")
    if vus.largeur:
        deja = essai.options.largeur >= vus.largeur
        if not deja:
            essai = essai.avec(zeros=vus.largeur)
        s = "s" if vus.courts > 1 else ""
        dites.append(
            f"{vus.courts} code{s} sans {'leur' if s else 'son'} zéro de tête (« {vus.exemple} » "
            f"pour « 0{vus.exemple} ») : remis à la lecture."
        )
    if vus.sans_code:
        if not essai.options.forme_code:
            lisible = essai.options.extrait or FORME_DE_CODE
            essai = essai.avec(forme_code=lisible)
        s = "s" if vus.sans_code > 1 else ""
        exemple = f" (« {vus.texte[:40]} »)" if vus.texte else ""
        dites.append(f"{vus.sans_code} ligne{s} sans code de territoire{exemple} : ignorée{s}.")
    return essai, dites


def reparer_nombres(essai: Essai, variables: set[str]) -> tuple[Essai, list[str]]:
    """Renvoie l'essai dont les nombres se lisent, et la forme de ces nombres."""
    if not variables:
        return essai, []
    lecteur = LECTEURS[essai.fichier.lecteur]

    def bruts(e: Essai) -> pl.Series:
        colonne = lecteur(e.octets, e.source, e.fichier, options=e.options, variables=presentes)
        return colonne["brut"].unique()

    presentes: set[str] | None = variables
    if essai.fichier.lecteur == "colonnes":
        entete = entete_de(essai.octets, essai.source, essai.fichier, options=essai.options)
        presentes = variables & set(entete)
        if not presentes:
            return essai, []
    try:
        valeurs = bruts(essai)
    except DonneesError:
        presentes = None
        try:
            valeurs = bruts(essai)
        except DonneesError:
            return essai, []
    decimale, melees = decimale_de(valeurs)
    milliers = milliers_de(valeurs)
    essai = essai.avec(decimale=decimale)
    forme = ["virgule décimale" if decimale == "," else "point décimal"]
    if milliers:
        essai = essai.avec(milliers="".join(dict.fromkeys(essai.options.milliers + milliers)))
        noms = ", ".join(_ESPACES[espace] for espace in milliers)
        forme.append(f"espace de milliers {noms}")
    if melees:
        forme.append("points et virgules mêlés dans les nombres")
    return essai, forme


def _lire_colonne(essai: Essai, lecture: Callable[[Essai], pl.Series]) -> tuple[Essai, pl.Series]:
    """Lit une colonne ; si des lignes dépassent de l'en-tête par des cases vides, les admet."""
    try:
        return essai, lecture(essai)
    except FormatInattendu as erreur:
        if not _debords_vides(essai):
            raise FichierRefuse(
                essai.nom,
                f"le tableau ne se lit pas (attendu {erreur.attendu} ; trouvé {erreur.trouve})",
                "reprenez le fichier du producteur",
            ) from erreur
    admis = essai.avec(lignes_inegales=True)
    return admis, lecture(admis)


def _debords_vides(essai: Essai) -> bool:
    """Dit si le texte a des lignes plus longues que l'en-tête, aux seules cases vides."""
    if essai.fichier.fichier.endswith((".xlsx", ".xls", ".ods", ".parquet")):
        return False
    vue = _texte_de(essai)
    if vue is None:
        return False
    options = essai.options
    lecteur = csv.reader(io.StringIO(vue), delimiter=options.separateur)
    largeur = 0
    debords = False
    try:
        for rang, ligne in enumerate(lecteur):
            if rang < options.sauter:
                continue
            if rang == options.sauter:
                largeur = len(ligne)
            elif len(ligne) > largeur:
                debords = True
                if any(cellule.strip() for cellule in ligne[largeur:]):
                    return False
    except csv.Error:
        return False
    return debords


def _texte_de(essai: Essai) -> str | None:
    for contenu in ouvrir(essai.octets, essai.nom):
        if contenu.membre == essai.options.membre and contenu.genre == "texte":
            return contenu.octets.decode(essai.options.encodage, errors="replace").removeprefix(
                "\ufeff"
            )
    return None
