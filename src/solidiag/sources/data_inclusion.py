"""Extrait data·inclusion v1 (services et structures) → table au schéma `SERVICES`.

Chaque service garde les mots du schéma data·inclusion, même ceux que Solidiag ne connaît pas : ils
ne portent alors aucun domaine, et l'ajout le dit. Ni téléphone, ni courriel, ni nom de personne
n'est lu. Rien n'est situé ici ; `solidiag.offre` met les lignes sur le code officiel géographique.
"""

from __future__ import annotations

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.offre.structures import (
    CATEGORIE_SERVICE,
    CATEGORIE_STRUCTURE,
    PREFIXE_SERVICE,
    PREFIXE_STRUCTURE,
    noter,
    rattacher,
)
from solidiag.sources.data_inclusion_tables import lire_tables
from solidiag.sources.grilles import LIGNE

LECTEUR = "data_inclusion"
"""Nom du lecteur dans les déclarations de fichiers."""

DESCRIPTION_MAXIMALE = 1000
"""Signes gardés d'une description."""

PAYS_FRANCE = "99100"
"""Code de pays que data·inclusion admet pour « france »."""

REPETE = "identifiant répété dans le fichier : la version la plus récente est gardée"
SANS_NOM = "service sans nom dans le fichier"
DATE_ILLISIBLE = "date de mise à jour illisible ou absente"
CODE_ILLISIBLE = "code de commune illisible, ignoré"

_SIRET = r"^\d{14}$"
_CODE_COMMUNE = r"^(\d{2}|2[AB])\d{3}$"
_CODE_POSTAL = r"^\d{5}$"
_ELEMENT = r"""[^,;|\[\]{}"'\n\r]+"""
_VIDES = ["", "None", "null", "nan", "NaN", "[]"]


def lire_data_inclusion(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les services et les structures d'un extrait, une ligne chacun.

    Returns
    -------
    polars.DataFrame
        Au schéma `SERVICES`. L'identifiant d'un service est ``data-inclusion:source--id``, celui
        d'une structure ``data-inclusion-structure:source--id`` ; un service garde dans
        ``identifiants`` la référence de sa structure, même si elle n'est pas dans le fichier.

    Raises
    ------
    FormatInattendu
        Si aucune table n'a la forme de data·inclusion v1.
    FichierRefuse
        Si le contenant est tronqué ou piégé.
    """
    tables = lire_tables(octets, source, fichier)
    origine = f"{source.id}/{fichier.id}"
    table = pl.concat(
        [
            _services(tables.services, source.id, origine),
            _structures(tables.structures, source.id, origine),
        ]
    )
    return rattacher(_sans_repetition(table), dire_absentes=False)


def _services(table: pl.DataFrame, source: str, origine: str) -> pl.DataFrame:
    zone = (
        _liste("zone_eligibilite")
        .list.eval(_code_de_zone(pl.element()))
        .list.eval(pl.element().filter(pl.element() != ""))
        .list.unique(maintain_order=True)
    )
    modes = _liste("modes_accueil")
    a_distance = modes.list.contains("a-distance") & ~modes.list.contains("en-presentiel")
    heures = _nombre("volume_horaire_hebdomadaire")
    semaines = _nombre("nombre_semaines")
    score = _nombre("score_qualite")
    nom = _une_ligne("nom")
    lu = table.select(
        (pl.lit(PREFIXE_SERVICE) + _identifiant("id")).alias("id"),
        pl.lit(source).alias("source"),
        pl.coalesce(nom, pl.lit("Service sans nom")).alias("nom"),
        pl.lit(CATEGORIE_SERVICE).alias("categorie"),
        _liste("thematiques").alias("thematiques"),
        _liste("publics").alias("publics"),
        *_lieu(),
        _date().alias("date_source"),
        pl.col("horaires_accueil").alias("horaires_osm"),
        _description().alias("description"),
        pl.col("type").alias("type_service"),
        pl.col("frais"),
        modes.alias("modes_accueil"),
        _liste("modes_mobilisation").alias("modes_mobilisation"),
        _liste("mobilisable_par").alias("mobilisable_par"),
        _non_vide(zone).alias("zone_eligibilite"),
        pl.when(a_distance).then(pl.lit("distance")).alias("aller_vers"),
        pl.coalesce("lien_source", "lien_mobilisation").alias("lien"),
        pl.when(pl.col("structure_id").is_not_null())
        .then(pl.concat_list(pl.lit(PREFIXE_STRUCTURE) + _identifiant("structure_id")))
        .alias("identifiants"),
        noter(
            pl.when(nom.is_null()).then(pl.lit(SANS_NOM)),
            *_fautes(),
            pl.when(heures > 0).then(
                pl.format("{} h par semaine pour la personne", _sans_zero(heures))
            ),
            pl.when(semaines > 0).then(pl.format("{} semaines", _sans_zero(semaines))),
            pl.format("score de qualité data·inclusion {}", score.round(2)),
        ).alias("remarque"),
        pl.lit(origine).alias("origin"),
        pl.col(LIGNE).alias("ligne"),
    )
    return mettre_au_schema(lu, SERVICES)


def _structures(table: pl.DataFrame, source: str, origine: str) -> pl.DataFrame:
    nom = _une_ligne("nom")
    siret = pl.col("siret").str.replace_all(r"\s|\.0$", "")
    lu = table.select(
        (pl.lit(PREFIXE_STRUCTURE) + _identifiant("id")).alias("id"),
        pl.lit(source).alias("source"),
        pl.coalesce(nom, pl.lit("Structure sans nom")).alias("nom"),
        pl.lit(CATEGORIE_STRUCTURE).alias("categorie"),
        pl.when(siret.str.contains(_SIRET)).then(siret).alias("siret"),
        *_lieu(),
        _date().alias("date_source"),
        pl.col("horaires_accueil").alias("horaires_osm"),
        nom.alias("structure"),
        _description().alias("description"),
        _liste("reseaux_porteurs").alias("reseaux"),
        pl.col("lien_source").alias("lien"),
        noter(*_fautes()).alias("remarque"),
        pl.lit(origine).alias("origin"),
        pl.col(LIGNE).alias("ligne"),
    )
    return mettre_au_schema(lu, SERVICES)


def _sans_repetition(table: pl.DataFrame) -> pl.DataFrame:
    """Garde, de chaque identifiant, la ligne la plus récente, et dit la répétition."""
    if not table["id"].is_duplicated().any():
        return table
    return (
        table.with_columns(
            pl.when(pl.col("id").is_duplicated())
            .then(noter(pl.col("remarque"), pl.lit(REPETE)))
            .otherwise("remarque")
            .alias("remarque")
        )
        .sort("date_source", descending=True, nulls_last=True, maintain_order=True)
        .unique("id", keep="first", maintain_order=True)
        .sort("ligne", "id")
    )


def _identifiant(colonne: str) -> pl.Expr:
    """Renvoie l'identifiant précédé de sa source, comme dans data·inclusion v1, sans espace."""
    brut = pl.col(colonne).str.replace_all(r"\s+", "_")
    debut = pl.col("source") + "--"
    complet = brut.str.starts_with(debut).fill_null(value=True)
    return pl.when(complet).then(brut).otherwise(debut + brut)


def _une_ligne(colonne: str) -> pl.Expr:
    texte = pl.col(colonne).str.replace_all(r"[\x00-\x1f\x7f\s]+", " ").str.strip_chars()
    return pl.when(texte != "").then(texte)


def _description() -> pl.Expr:
    texte = _une_ligne("description")
    coupe = texte.str.slice(0, DESCRIPTION_MAXIMALE - 1) + "…"
    return pl.when(texte.str.len_chars() > DESCRIPTION_MAXIMALE).then(coupe).otherwise(texte)


def _liste(colonne: str) -> pl.Expr:
    """Mots d'une cellule : liste JSON, liste à la Python, ou texte séparé par , ; ou |."""
    elements = (
        pl.col(colonne)
        .str.extract_all(_ELEMENT)
        .list.eval(pl.element().str.strip_chars())
        .list.eval(pl.element().filter(~pl.element().is_in(_VIDES)))
        .list.unique(maintain_order=True)
    )
    return _non_vide(elements)


def _non_vide(liste: pl.Expr) -> pl.Expr:
    return pl.when(liste.list.len() > 0).then(liste)


def _code_de_zone(code: pl.Expr) -> pl.Expr:
    """Code de commune, d'EPCI ou de département, zéros de tête remis, ou « france »."""
    net = code.str.replace(r"\.0$", "").str.to_lowercase()
    net = pl.when(net.str.contains(r"^2[ab](\d{3})?$")).then(net.str.to_uppercase()).otherwise(net)
    return (
        pl.when(net == PAYS_FRANCE)
        .then(pl.lit("france"))
        .when(net.str.contains(r"^\d$"))
        .then(net.str.zfill(2))
        .when(net.str.contains(r"^\d{4}$"))
        .then(net.str.zfill(5))
        .otherwise(net)
    )


def _code(colonne: str, motif: str) -> pl.Expr:
    net = pl.col(colonne).str.replace(r"\.0$", "").str.to_uppercase()
    net = pl.when(net.str.contains(r"^\d{4}$")).then(net.str.zfill(5)).otherwise(net)
    return pl.when(net.str.contains(motif)).then(net)


def _nombre(colonne: str) -> pl.Expr:
    lu = pl.col(colonne).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return pl.when(lu.is_finite()).then(lu)


def _sans_zero(nombre: pl.Expr) -> pl.Expr:
    return nombre.cast(pl.String).str.replace(r"\.0$", "").str.replace(".", ",", literal=True)


def _lieu() -> list[pl.Expr]:
    """Commune, codes, adresse et point ; le point (0, 0) et les points hors du globe n'en sont."""
    latitude, longitude = _nombre("latitude"), _nombre("longitude")
    valable = (
        latitude.is_between(-90, 90)
        & longitude.is_between(-180, 180)
        & ~((latitude == 0) & (longitude == 0))
    ).fill_null(value=False)
    adresse = _une_ligne("adresse")
    complement = _une_ligne("complement_adresse")
    precise = pl.when(adresse.is_not_null()).then(pl.lit("point")).otherwise(pl.lit("commune"))
    return [
        _une_ligne("commune").alias("commune"),
        _code("code_insee", _CODE_COMMUNE).alias("code_insee"),
        _code("code_postal", _CODE_POSTAL).alias("code_postal"),
        pl.when(adresse.is_not_null())
        .then(pl.concat_str([adresse, complement], separator=", ", ignore_nulls=True))
        .alias("adresse"),
        pl.when(valable).then(latitude).alias("latitude"),
        pl.when(valable).then(longitude).alias("longitude"),
        pl.when(valable).then(precise).otherwise(pl.lit("inconnue")).alias("precision_geo"),
    ]


def _date() -> pl.Expr:
    texte = pl.col("date_maj")
    jour = texte.str.extract(r"^(\d{4}-\d{2}-\d{2})")
    instant = texte.str.extract(r"^(\d{12,13})$").cast(pl.Int64, strict=False)
    francais = texte.str.replace(r"^(\d{2})/(\d{2})/(\d{4}).*$", "$3-$2-$1")
    return pl.coalesce(
        jour,
        pl.from_epoch(instant, time_unit="ms").dt.strftime("%Y-%m-%d"),
        pl.when(francais.str.contains(r"^\d{4}-\d{2}-\d{2}$")).then(francais),
    )


def _fautes() -> list[pl.Expr]:
    """Remarques sur ce qui n'a pas pu être lu d'une ligne."""
    code_lu = _code("code_insee", _CODE_COMMUNE)
    return [
        pl.when(_date().is_null()).then(pl.lit(DATE_ILLISIBLE)),
        pl.when(pl.col("code_insee").is_not_null() & code_lu.is_null()).then(
            pl.lit(CODE_ILLISIBLE)
        ),
    ]
