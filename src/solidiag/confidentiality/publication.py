"""La seule porte vers une table publiée : rien d'interdit ne la passe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from solidiag.errors import PublicationInterdite
from solidiag.model.coordination import TABLES_COORDINATION
from solidiag.model.observation import AVEC_VALEUR, OBSERVATIONS, ConfStatus, ObsStatus, Precision
from solidiag.model.service import ECARTS, PRIORITES, SERVICES

if TYPE_CHECKING:
    from solidiag.confidentiality.partenaires import ControlePartenaires

CLES: dict[str, tuple[str, ...]] = {
    "observations": ("indicateur", "territoire", "periode"),
    "ecarts": ("domaine", "territoire"),
    "priorites": ("domaine",),
    "services": ("source", "id"),
    **{f"coordination_{nom}": ("rang",) for nom in TABLES_COORDINATION},
}
"""Colonnes dont l'ensemble n'apparaît qu'une fois, pour les tables connues."""

_SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "observations": OBSERVATIONS,
    "ecarts": ECARTS,
    "priorites": PRIORITES,
    "services": SERVICES,
    **{
        f"coordination_{nom}": {"rang": pl.UInt32(), **schema}
        for nom, schema in TABLES_COORDINATION.items()
    },
}

_CHIFFRES = ("value", "lower", "upper", "numerateur", "denominateur")
"""Colonnes d'où une valeur cachée pourrait se lire ou se recalculer."""

_COURRIEL = r"[\w.+-]+@[\w-]+\.\w+"
_TELEPHONE = r"(?:^|\D)0[1-9](?:[ .]?\d{2}){4}(?:\D|$)"

_TEXTES_LIBRES = frozenset({"nom", "adresse", "horaires", "motif", "motif_groupe"})
"""Colonnes où un numéro de téléphone pourrait se glisser (un code n'en est pas un)."""

_SCEAU = object()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedTable:
    """Table que l'on peut montrer ; seule `publier` (ou `rouvrir`) en fabrique.

    Parameters
    ----------
    nom
        Nom de la table.
    digest
        Empreinte SHA-256 du nom, du schéma et du contenu.
    """

    nom: str
    digest: str
    _contenu: pl.DataFrame = field(repr=False)
    sceau: InitVar[object]

    def __post_init__(self, sceau: object) -> None:
        """Refuse toute table qui n'est pas passée par `publier`."""
        if sceau is not _SCEAU:
            raise PublicationInterdite(self.nom, "elle n'est pas passée par le contrôle du secret")

    @property
    def frame(self) -> pl.DataFrame:
        """Copie de la table : la modifier ne change pas ce qui est publié."""
        return self._contenu.clone()

    def intacte(self) -> bool:
        """Dit si le contenu est encore celui de l'empreinte."""
        return empreinte(self._contenu, self.nom) == self.digest

    def __len__(self) -> int:
        """Nombre de lignes."""
        return self._contenu.height


def empreinte(frame: pl.DataFrame, nom: str) -> str:
    """Renvoie l'empreinte du nom, du schéma et du contenu d'une table."""
    schema = json.dumps([nom, *((c, str(t)) for c, t in frame.schema.items())], ensure_ascii=False)
    condense = hashlib.sha256(schema.encode())
    condense.update(frame.write_ndjson().encode())
    return condense.hexdigest()


def publier(
    frame: pl.DataFrame,
    nom: str,
    *,
    cles: Sequence[str] | None = None,
    planchers: Mapping[str, float] | None = None,
    partenaires: Collection[str] = (),
    controle: ControlePartenaires | None = None,
) -> PublishedTable:
    """Renvoie la table publiée, après contrôle du secret.

    Parameters
    ----------
    nom
        ``observations``, ``ecarts``, ``priorites`` ou ``services`` (schéma exigé), ou un autre nom
        avec ses ``cles``.
    cles
        Colonnes qui identifient une ligne.
    planchers
        Par indicateur, plancher du producteur : une valeur qui ne le dépasse pas doit dire qu'elle
        est un plancher.
    partenaires
        Indicateurs tirés de la table d'un partenaire (table ``observations``).
    controle
        Résultat de `partenaires.controler` sur ces mêmes lignes.

    Raises
    ------
    PublicationInterdite
        Si les lignes d'un partenaire n'ont pas été contrôlées, si une ligne montre ou laisse
        recalculer ce que son statut interdit, si une clé se répète,
        si un plancher se donne pour une valeur exacte, ou si un texte porte une coordonnée
        personnelle.
    """
    identifiants = tuple(cles) if cles is not None else CLES.get(nom, ())
    _controler_forme(frame, nom, identifiants)
    _controler_nombres(frame, nom)
    _controler_statuts(frame, nom)
    _controler_confidentialite(frame, nom)
    _controler_planchers(frame, nom, planchers or {})
    _controler_ecarts(frame, nom)
    _controler_textes(frame, nom)
    _controler_partenaires(frame, nom, partenaires, controle)
    copie = frame.clone()
    return PublishedTable(nom=nom, digest=empreinte(copie, nom), _contenu=copie, sceau=_SCEAU)


def rouvrir(
    frame: pl.DataFrame, nom: str, *, digest: str, cles: Sequence[str] | None = None
) -> PublishedTable:
    """Renvoie une table publiée relue d'un fichier, si elle est celle de l'empreinte.

    Raises
    ------
    PublicationInterdite
        Si le contenu a changé, ou s'il ne passe pas le contrôle du secret.
    """
    table = publier(frame, nom, cles=cles)
    if table.digest != digest:
        raise PublicationInterdite(nom, "son contenu n'est plus celui qui a été contrôlé")
    return table


def _refuser_si(fautives: pl.DataFrame, nom: str, raison: str) -> None:
    if fautives.is_empty():
        return
    cles = [c for c in CLES.get(nom, ()) if c in fautives.columns] or fautives.columns[:2]
    premiere = " / ".join(str(fautives[c][0]) for c in cles)
    reste = f" et {fautives.height - 1} autres lignes" if fautives.height > 1 else ""
    raise PublicationInterdite(nom, f"{raison} (« {premiere} »{reste})")


def _controler_forme(frame: pl.DataFrame, nom: str, cles: tuple[str, ...]) -> None:
    schema = _SCHEMAS.get(nom)
    if schema is not None and list(frame.schema.items()) != list(schema.items()):
        ecart = (
            sorted(set(schema) ^ set(frame.columns))
            or [c for c, genre in schema.items() if frame.schema[c] != genre]
            or ["ordre des colonnes"]
        )
        raise PublicationInterdite(nom, f"son schéma n'est pas celui déclaré ({ecart[0]})")
    if not cles:
        raise PublicationInterdite(nom, "aucune clé n'est donnée pour cette table")
    absentes = [c for c in cles if c not in frame.columns]
    if absentes:
        raise PublicationInterdite(nom, f"la colonne clé « {absentes[0]} » manque")
    vides = frame.filter(pl.any_horizontal(pl.col(c).is_null() for c in cles))
    _refuser_si(vides, nom, "une ligne n'a pas de clé")
    _refuser_si(frame.filter(pl.struct(cles).is_duplicated()), nom, "une clé se répète")


def _controler_nombres(frame: pl.DataFrame, nom: str) -> None:
    for colonne, genre in frame.schema.items():
        if genre.is_float():
            bizarres = frame.filter(pl.col(colonne).is_nan() | pl.col(colonne).is_infinite())
            _refuser_si(bizarres, nom, f"« {colonne} » n'est pas un nombre")


def _controler_statuts(frame: pl.DataFrame, nom: str) -> None:
    if "status" not in frame.columns:
        return
    connus = [statut.value for statut in ObsStatus]
    inconnus = frame.filter(~pl.col("status").is_in(connus).fill_null(value=False))
    _refuser_si(inconnus, nom, "statut inconnu")
    presentes = [c for c in _CHIFFRES if c in frame.columns]
    avec = pl.col("status").is_in(list(AVEC_VALEUR))
    chiffree = pl.any_horizontal(pl.col(c).is_not_null() for c in presentes)
    _refuser_si(frame.filter(~avec & chiffree), nom, "un chiffre là où le statut dit qu'il manque")
    if "value" in frame.columns:
        _refuser_si(frame.filter(avec & pl.col("value").is_null()), nom, "statut sans sa valeur")
    if {"lower", "upper", "value"} <= set(frame.columns):
        hors = (pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value"))
        _refuser_si(frame.filter(hors.fill_null(value=False)), nom, "valeur hors de son intervalle")


def _controler_confidentialite(frame: pl.DataFrame, nom: str) -> None:
    if "confidentiality" not in frame.columns:
        return
    presentes = [c for c in _CHIFFRES if c in frame.columns]
    libre = (pl.col("confidentiality") == ConfStatus.LIBRE.value).fill_null(value=False)
    chiffree = pl.any_horizontal(pl.col(c).is_not_null() for c in presentes)
    _refuser_si(frame.filter(~libre & chiffree), nom, "un chiffre confidentiel")


def _controler_planchers(frame: pl.DataFrame, nom: str, planchers: Mapping[str, float]) -> None:
    if not {"precision", "value"} <= set(frame.columns):
        return
    plancher = (pl.col("precision") == Precision.PLANCHER.value).fill_null(value=False)
    if {"lower", "upper"} <= set(frame.columns):
        bornee = pl.col("lower").is_not_null() & (pl.col("lower") >= pl.col("value"))
        faute = bornee.fill_null(value=False)
        _refuser_si(frame.filter(plancher & faute), nom, "un plancher donné pour une valeur exacte")
    for indicateur, seuil in planchers.items():
        dessous = (pl.col("indicateur") == indicateur) & (pl.col("value") <= seuil) & ~plancher
        _refuser_si(frame.filter(dessous), nom, "une valeur sous le plancher donnée pour exacte")


def _controler_ecarts(frame: pl.DataFrame, nom: str) -> None:
    if nom != "ecarts":
        return
    muette = pl.col("classe") == "non_mesure"
    sans = pl.col("confiance") == "aucune"
    _refuser_si(frame.filter(muette != sans), nom, "classe et confiance se contredisent")
    volume = pl.col("classe").is_in(["tension", "vigilance", "couvert", "a_redeployer"])
    manque = pl.any_horizontal(
        pl.col(c).is_null()
        for c in ("besoin_valeur", "besoin_reference", "offre_valeur", "offre_reference")
    )
    _refuser_si(frame.filter(volume & manque), nom, "une classe sans les valeurs qui la fondent")


def _controler_partenaires(
    frame: pl.DataFrame,
    nom: str,
    partenaires: Collection[str],
    controle: ControlePartenaires | None,
) -> None:
    if not partenaires:
        return
    if controle is None or not controle.couvre(frame, partenaires):
        raise PublicationInterdite(
            nom,
            "elle porte une table de partenaire "
            f"(« {sorted(partenaires)[0]} ») dont les lignes n'ont pas passé le contrôle du secret",
        )


def _controler_textes(frame: pl.DataFrame, nom: str) -> None:
    for colonne, genre in frame.schema.items():
        if genre != pl.String:
            continue
        motif = f"{_COURRIEL}|{_TELEPHONE}" if colonne in _TEXTES_LIBRES else _COURRIEL
        vues = frame.filter(pl.col(colonne).str.contains(motif).fill_null(value=False))
        _refuser_si(vues, nom, f"« {colonne} » porte une coordonnée personnelle")
