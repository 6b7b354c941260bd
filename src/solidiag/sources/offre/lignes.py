"""Ce que partagent les lecteurs d'annuaires : ouvrir le fichier, ranger les lignes au schéma."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from solidiag.catalogue.correspondance import Correspondance
from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import DeclarationInvalide, FormatInattendu
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.sources.contenants import degzipper, extraire
from solidiag.sources.options import Options

_CODE_COMMUNE = re.compile(r"(\d{2}|2[AB])\d{3}")
_CODE_POSTAL = re.compile(r"\d{5}")
_SIRET = re.compile(r"\d{14}")
_COURRIEL = re.compile(r"[^\s@]{1,64}@[^\s@]+\.[^\s@]+")
_INDICATIF = r"(?:\+\d{2,3}|00(?:33|262|269|59[046]))[\s.]?(?:\(0\)|0)?[\s.]?"
_TELEPHONE = re.compile(
    rf"(?<!\d)(?:(?:{_INDICATIF}|0)[1-9](?:[\s.]?\d{{2}}){{4}}"
    rf"|(?:{_INDICATIF}|0)[1-9](?P<trait>[-/])\d{{2}}(?:(?P=trait)\d{{2}}){{3}})(?!\d)"
)
_PEUT_ETRE = r"@|\d(?:[\s./()-]*\d){8}"
"""Ce qu'un texte a forcément s'il porte un courriel ou un téléphone."""

_FORMULE = r"^[\s=+@-]*[=+@-]\s*(\w[^\s(|]*[(|].*)$"
"""Texte qu'un tableur lirait comme une formule : un signe, un mot, puis « ( » ou « | »."""

_TEXTES = (
    *("nom", "structure", "adresse", "commune", "description", "horaires", "horaires_osm"),
    *("fermeture", "remarque", "pilote"),
)


class OptionsAnnuaire(BaseModel):
    """Options d'un lecteur d'annuaire.

    Parameters
    ----------
    separateur, encodage, sauter, membre, feuille
        Forme du fichier, telle que reconnue.
    correspondance
        Table des codes du producteur.
    remplace
        Sources embarquées dont ce fichier, s'il est plus récent, prend la suite là où il couvre.
    date
        Date du fichier quand ses lignes n'en portent pas ; à défaut, son millésime.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    separateur: str = ";"
    encodage: str = "utf-8"
    sauter: int = 0
    membre: str = ""
    feuille: str = ""
    correspondance: Correspondance
    remplace: tuple[str, ...] = ()
    date: str = ""

    @property
    def forme(self) -> Options:
        """Options de lecture d'une grille."""
        return Options(
            separateur=self.separateur,
            encodage=self.encodage,
            sauter=self.sauter,
            membre=self.membre,
            feuille=self.feuille,
        )


@dataclass(frozen=True, kw_only=True)
class Contexte:
    """Le fichier lu : de quoi dire ses fautes et signer ses lignes."""

    source: Source
    fichier: Fichier
    options: OptionsAnnuaire

    @classmethod
    def de(cls, source: Source, fichier: Fichier) -> Contexte:
        """Renvoie le contexte d'un fichier déclaré.

        Raises
        ------
        DeclarationInvalide
            Avec toutes les fautes des options.
        """
        try:
            options = OptionsAnnuaire.model_validate(fichier.options)
        except ValidationError as erreur:
            fautes = [
                f"options.{'.'.join(str(partie) for partie in faute['loc'])} : {faute['msg']}"
                for faute in erreur.errors()
            ]
            raise DeclarationInvalide(f"{source.id}/{fichier.id}", fautes) from erreur
        return cls(source=source, fichier=fichier, options=options)

    @property
    def date(self) -> str:
        """Date donnée aux lignes qui n'en portent pas."""
        return self.options.date or self.fichier.millesime

    @property
    def annee(self) -> int:
        """Année du fichier : celle de la nomenclature de ses codes."""
        return int(self.fichier.millesime[:4])

    def faute(self, attendu: str, trouve: str) -> FormatInattendu:
        """Renvoie l'erreur d'un fichier qui n'a pas la forme attendue."""
        return FormatInattendu(self.source.id, self.fichier.fichier, attendu=attendu, trouve=trouve)

    def octets(self, octets: bytes) -> bytes:
        """Renvoie les octets du tableau, sorti de son archive s'il y est."""
        if self.options.membre:
            return extraire(octets, self.options.membre, self.fichier.fichier)
        if octets.startswith(b"\x1f\x8b"):
            return degzipper(octets, self.fichier.fichier)
        return octets

    def texte(self, octets: bytes) -> str:
        """Renvoie le texte du fichier.

        Raises
        ------
        FormatInattendu
            Si l'encodage n'est pas celui déclaré.
        """
        try:
            return self.octets(octets).decode(self.options.encodage).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError) as erreur:
            raise self.faute(
                f"un texte encodé en {self.options.encodage}", "un autre encodage"
            ) from erreur

    def json(self, octets: bytes, cles: Iterable[str] = ()) -> list[dict[str, Any]]:
        """Renvoie les objets d'un JSON : une liste, ou celle que porte une de ces clés.

        Raises
        ------
        FormatInattendu
            Si le JSON est abîmé, ou n'a pas de liste d'objets.
        """
        try:
            lu: Any = json.loads(self.octets(octets))
        except (ValueError, RecursionError) as erreur:
            raise self.faute("un JSON entier", "des octets illisibles") from erreur
        if isinstance(lu, dict):
            lu = next((lu[cle] for cle in cles if isinstance(lu.get(cle), list)), [lu])
        objets = [objet for objet in lu if isinstance(objet, dict)] if isinstance(lu, list) else []
        if not objets:
            raise self.faute("une liste d'objets", "un JSON sans liste d'objets")
        return objets

    def services(self, lignes: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
        """Renvoie les lignes au schéma `SERVICES`.

        Chaque ligne porte au moins ``id`` (propre au fichier) et ``ligne``. Un point hors du globe
        ou à l'origine est écarté ; un Siret ou un code postal qui n'en est pas un aussi.

        Raises
        ------
        FormatInattendu
            Identifiant répété, ou code de commune qui n'en est pas un.
        """
        rangees = [self._ranger(ligne) for ligne in lignes]
        if not rangees:
            return pl.DataFrame(schema=SERVICES)
        table = mettre_au_schema(
            pl.DataFrame(rangees, schema_overrides=SERVICES, infer_schema_length=None), SERVICES
        )
        doubles = table.filter(table["id"].is_duplicated())
        if not doubles.is_empty():
            raise self.faute("des identifiants distincts", f"« {doubles['id'][0]} » répété")
        return table

    def _ranger(self, ligne: Mapping[str, Any]) -> dict[str, Any]:
        rangee = {cle: _net(cle, valeur) for cle, valeur in ligne.items()}
        code = rangee.get("code_insee")
        if code and not _CODE_COMMUNE.fullmatch(code):
            raise self.faute(
                "des codes de commune de cinq caractères",
                f"« {code} » à la ligne {rangee.get('ligne')}",
            )
        for champ, motif in (("code_postal", _CODE_POSTAL), ("siret", _SIRET)):
            valeur = rangee.get(champ)
            if valeur and not motif.fullmatch(valeur):
                rangee[champ] = None
        latitude, longitude = rangee.get("latitude"), rangee.get("longitude")
        situe = _point(latitude, longitude)
        rangee["latitude"], rangee["longitude"] = (latitude, longitude) if situe else (None, None)
        rangee["precision_geo"] = rangee.get("precision_geo", "point") if situe else "inconnue"
        rangee["id"] = f"{self.source.id}:{rangee['id']}"
        rangee["source"] = self.source.id
        rangee["origin"] = f"{self.source.id}/{self.fichier.id}"
        rangee["date_source"] = rangee.get("date_source") or self.date
        if rangee.get("capacite") is None:
            rangee["capacite_unite"] = None
        return rangee


def nombre(valeur: Any) -> float | None:
    """Renvoie un nombre fini, ou rien.

    Examples
    --------
    >>> nombre("12,5"), nombre(""), nombre("x"), nombre(3)
    (12.5, None, None, 3.0)
    """
    try:
        lu = float(str(valeur).strip().replace(",", "."))
    except ValueError:
        return None
    return lu if math.isfinite(lu) else None


def sans_contact(texte: str) -> str:
    """Renvoie un texte libre sans adresse électronique ni numéro de téléphone, d'une seule ligne.

    Examples
    --------
    >>> sans_contact("Appelez le 05 58 00 00 00 ou ecrire@exemple.fr, le matin")
    'Appelez le … ou … le matin'
    >>> sans_contact("+33 (0)5 58 00 00 00, Siret 00512345678901, le 01/02/2023 10 h")
    '…, Siret 00512345678901, le 01/02/2023 10 h'
    """
    net = " ".join(texte.split())
    return _TELEPHONE.sub("…", _COURRIEL.sub("…", net))


def sans_contacts(services: pl.DataFrame) -> pl.DataFrame:
    """Renvoie les services sans courriel, téléphone ni formule de tableur dans leurs textes.

    Un lien qui porte un courriel est ôté : un morceau n'en mènerait nulle part. Un texte qui
    commence comme une formule (« =HYPERLINK( », « @SUM( ») perd ses signes de tête : ouvert dans un
    tableur, le CSV publié l'exécuterait.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`.
    """
    return services.with_columns(
        *(
            pl.when(pl.col(nom).str.contains(_PEUT_ETRE))
            .then(pl.col(nom).map_elements(sans_contact, return_dtype=pl.String))
            .otherwise(pl.col(nom))
            .str.replace(_FORMULE, "$1")
            .alias(nom)
            for nom in _TEXTES
        ),
        pl.when(~pl.col("lien").str.contains("@")).then(pl.col("lien")).alias("lien"),
    )


def joindre(parties: Iterable[Any], separateur: str = " ") -> str | None:
    """Renvoie les parties non vides jointes, ou rien."""
    textes = (str(partie).strip() for partie in parties if partie)
    return separateur.join(texte for texte in textes if texte) or None


def jour_de(valeur: Any) -> str | None:
    """Renvoie une date AAAA-MM-JJ, ou rien.

    Examples
    --------
    >>> jour_de("2022-06-23T09:19:57.898Z"), jour_de("09/08/2023 13:30:19"), jour_de("hier")
    ('2022-06-23', '2023-08-09', None)
    >>> jour_de("2026-02-30") is None
    True
    """
    texte = str(valeur or "")
    dite = ""
    if trouve := re.match(r"((?:19|20)\d{2})-(\d{2})-(\d{2})", texte):
        dite = trouve[0]
    elif trouve := re.match(r"(\d{2})/(\d{2})/((?:19|20)\d{2})", texte):
        dite = f"{trouve[3]}-{trouve[2]}-{trouve[1]}"
    try:
        return date.fromisoformat(dite).isoformat()
    except ValueError:
        return None


def liste_de(valeur: Any) -> list[str]:
    """Renvoie les éléments d'une cellule qui porte une liste.

    Examples
    --------
    >>> liste_de("a|b"), liste_de("['a', 'b']"), liste_de("Gratuit, Payant"), liste_de(None)
    (['a', 'b'], ['a', 'b'], ['Gratuit', 'Payant'], [])
    """
    if isinstance(valeur, list | tuple):
        return [str(element) for element in valeur if str(element or "").strip()]
    texte = str(valeur or "").strip()
    if texte.startswith("["):
        return [trouve[1] for trouve in re.findall(r"(['\"])(.*?)\1", texte)]
    separateur = "|" if "|" in texte else ";" if ";" in texte else ","
    return [element.strip() for element in texte.split(separateur) if element.strip()]


def objet(valeur: Any) -> Mapping[str, Any]:
    """Renvoie un objet JSON, vide si la valeur n'en est pas un."""
    return valeur if isinstance(valeur, dict) else {}


def elements(valeur: Any) -> list[Any]:
    """Renvoie les éléments d'une liste JSON, aucun si la valeur n'en est pas une."""
    return valeur if isinstance(valeur, list) else []


def _net(champ: str, valeur: Any) -> Any:
    """Renvoie la valeur d'un champ ; un nombre écrit là où l'on attend un texte en devient un."""
    if SERVICES.get(champ) == pl.String() and not isinstance(valeur, str | None):
        ecrit = isinstance(valeur, int | float) and not isinstance(valeur, bool)
        valeur = f"{valeur:.0f}" if ecrit and math.isfinite(valeur) else None
        if champ in ("code_insee", "code_postal") and valeur:
            valeur = valeur.zfill(5)
    if isinstance(valeur, str):
        return " ".join(valeur.split()) or None
    return valeur


def _point(latitude: Any, longitude: Any) -> bool:
    if latitude is None or longitude is None:
        return False
    dedans = -90 <= latitude <= 90 and -180 <= longitude <= 180
    return dedans and not (latitude == 0 and longitude == 0)
