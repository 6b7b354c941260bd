"""Tables d'un fichier data·inclusion v1, quel que soit son contenant : services et structures.

Un fichier porte l'une, l'autre ou les deux : deux fichiers d'une archive, deux feuilles d'un
classeur, deux listes d'un JSON, ou des structures emboîtées dans les services. Chaque table sort
en texte, une colonne par champ du schéma ; une liste y est un texte dont les éléments sont séparés
par ``|``. Les champs de contact (téléphone, courriel, nom d'une personne) ne sont pas lus.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import FormatInattendu
from solidiag.sources.contenants import Contenu, ouvrir
from solidiag.sources.formes import LIGNES_DE_TETE, encodage_de, tetes
from solidiag.sources.grilles import LIGNE, lire_grille
from solidiag.sources.options import Options

CHAMPS_SERVICES = (
    "source", "structure_id", "id", "nom", "description", "lien_source", "date_maj", "type",
    "thematiques", "frais", "publics", "commune", "code_postal", "code_insee", "adresse",
    "complement_adresse", "longitude", "latitude", "modes_accueil", "zone_eligibilite",
    "lien_mobilisation", "modes_mobilisation", "mobilisable_par", "volume_horaire_hebdomadaire",
    "nombre_semaines", "horaires_accueil", "score_qualite",
)  # fmt: skip
"""Champs lus d'un service ; les autres ne servent pas, ou désignent une personne."""

CHAMPS_STRUCTURES = (
    "source", "id", "nom", "date_maj", "description", "lien_source", "siret", "commune",
    "code_postal", "code_insee", "adresse", "complement_adresse", "longitude", "latitude",
    "horaires_accueil", "reseaux_porteurs",
)  # fmt: skip
"""Champs lus d'une structure."""

_PREFIXES = ("", "properties.", "service.")
"""Ce qui précède un champ : rien, les propriétés d'un GeoJSON, un résultat de recherche."""

_SEPARATEUR = "|"


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Tables brutes d'un fichier, chacune avec la colonne `LIGNE`, vides si elles n'y sont pas."""

    services: pl.DataFrame
    structures: pl.DataFrame


def lire_tables(octets: bytes, source: Source, fichier: Fichier) -> Tables:
    """Renvoie les services et les structures d'un fichier.

    Raises
    ------
    FichierRefuse
        Fichier tronqué, piégé ou d'un genre que l'on ne lit pas.
    FormatInattendu
        Aucune table de services ni de structures.
    """
    services: list[pl.DataFrame] = []
    structures: list[pl.DataFrame] = []
    for contenu in ouvrir(octets, fichier.fichier):
        for table in _tables_du_contenu(contenu, source, fichier):
            if _a(table, "structure_id") and _a(table, "thematiques"):
                services.append(_aux_champs(table, CHAMPS_SERVICES))
            elif _a(table, "reseaux_porteurs") or _a(table, "siret"):
                structures.append(_aux_champs(table, CHAMPS_STRUCTURES))
    if not services and not structures:
        raise FormatInattendu(
            source.id,
            fichier.fichier,
            attendu="une table de services (« structure_id », « thematiques ») ou de structures "
            "(« siret », « reseaux_porteurs »)",
            trouve="ni l'une ni l'autre",
        )
    return Tables(
        services=_reunir(services, CHAMPS_SERVICES),
        structures=_reunir(structures, CHAMPS_STRUCTURES),
    )


def _a(table: pl.DataFrame, champ: str) -> bool:
    return any(f"{prefixe}{champ}" in table.columns for prefixe in _PREFIXES)


def _aux_champs(table: pl.DataFrame, champs: Sequence[str]) -> pl.DataFrame:
    """Renvoie la table aux champs du schéma, un champ absent étant vide."""
    expressions = []
    for champ in champs:
        nom = next((p + champ for p in _PREFIXES if p + champ in table.columns), None)
        valeur = pl.col(nom).str.strip_chars() if nom else pl.lit("")
        expressions.append(pl.when(valeur != "").then(valeur).alias(champ))
    table = table.select(*expressions, pl.col(LIGNE))
    return table.filter(pl.col("id").is_not_null())


def _reunir(tables: Sequence[pl.DataFrame], champs: Sequence[str]) -> pl.DataFrame:
    if tables:
        return pl.concat(tables)
    return pl.DataFrame(schema={**dict.fromkeys(champs, pl.String()), LIGNE: pl.UInt32()})


def _tables_du_contenu(
    contenu: Contenu, source: Source, fichier: Fichier
) -> Iterator[pl.DataFrame]:
    if contenu.genre == "texte":
        yield from _texte(contenu, source, fichier)
    elif contenu.genre == "classeur":
        yield from _classeur(contenu, source, fichier)
    elif contenu.genre == "parquet":
        yield _parquet(contenu, source, fichier)
    else:
        yield from _json(contenu, source, fichier)


def _rang_d_entete(lignes: Sequence[Sequence[str]]) -> int | None:
    """Renvoie le rang de la ligne qui nomme les champs, parmi les premières."""
    for rang, ligne in enumerate(lignes[:LIGNES_DE_TETE]):
        noms = {cellule.strip() for cellule in ligne}
        if {"id", "nom"} <= noms and noms & {"structure_id", "siret", "reseaux_porteurs"}:
            return rang
    return None


def _texte(contenu: Contenu, source: Source, fichier: Fichier) -> Iterator[pl.DataFrame]:
    encodage = encodage_de(contenu.octets)
    for tete in tetes(contenu.octets, encodage):
        rang = _rang_d_entete(tete.lignes)
        if rang is None:
            continue
        noms = [nom.strip() for nom in tete.lignes[rang]]
        voulues = [nom for nom in noms if nom in {*CHAMPS_SERVICES, *CHAMPS_STRUCTURES}]
        doubles = sorted({nom for nom in voulues if noms.count(nom) > 1})
        if doubles:
            raise FormatInattendu(
                source.id,
                fichier.fichier,
                attendu="des colonnes distinctes",
                trouve=f"« {doubles[0]} » répétée",
            )
        options = Options(separateur=tete.separateur, encodage=encodage, sauter=rang)
        deplie = fichier.model_copy(update={"fichier": "table.csv"})
        yield lire_grille(contenu.octets, source, deplie, options=options, colonnes=voulues)
        return


def _classeur(contenu: Contenu, source: Source, fichier: Fichier) -> Iterator[pl.DataFrame]:
    import fastexcel

    try:
        classeur = fastexcel.read_excel(contenu.octets)
        for feuille in classeur.sheet_names:
            brut = classeur.load_sheet(feuille, header_row=None, dtypes="string").to_polars()
            tete = [[str(c or "") for c in ligne] for ligne in brut.head(LIGNES_DE_TETE).rows()]
            rang = _rang_d_entete(tete)
            if rang is None:
                continue
            noms = [nom.strip() for nom in tete[rang]]
            ignore = noms.index("__ignore__") if "__ignore__" in noms else None
            brut.columns = [f"{r}" for r in range(brut.width)]
            brut = brut.with_columns(
                pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias(LIGNE)
            ).slice(rang + 1)
            if ignore is not None:
                marque = pl.col(f"{ignore}").str.to_lowercase().is_in(["true", "vrai", "1"])
                decrit = pl.col(f"{noms.index('id')}").str.contains(r"\s")
                brut = brut.filter(~(marque & decrit).fill_null(value=False))
            gardees = [n for n in dict.fromkeys(noms) if n]
            yield brut.select(
                *(pl.col(f"{noms.index(nom)}").fill_null("").alias(nom) for nom in gardees),
                pl.col(LIGNE),
            )
    except fastexcel.FastExcelError as erreur:
        raise FormatInattendu(
            source.id, fichier.fichier, attendu="un classeur entier", trouve="des octets illisibles"
        ) from erreur


def _parquet(contenu: Contenu, source: Source, fichier: Fichier) -> pl.DataFrame:
    try:
        presentes = list(pl.read_parquet_schema(io.BytesIO(contenu.octets)))
        lus = [
            nom for nom in presentes if nom.split(".")[-1] in {*CHAMPS_SERVICES, *CHAMPS_STRUCTURES}
        ]
        table = pl.read_parquet(io.BytesIO(contenu.octets), columns=lus)
    except (pl.exceptions.PolarsError, OSError) as erreur:
        raise FormatInattendu(
            source.id, fichier.fichier, attendu="un Parquet entier", trouve="des octets illisibles"
        ) from erreur
    return table.select(
        *(_en_texte(table, nom) for nom in table.columns),
        pl.int_range(2, table.height + 2, dtype=pl.UInt32).alias(LIGNE),
    )


def _en_texte(table: pl.DataFrame, nom: str) -> pl.Expr:
    colonne = pl.col(nom)
    if isinstance(table.schema[nom], pl.List | pl.Array):
        colonne = colonne.cast(pl.List(pl.String)).list.join(_SEPARATEUR, ignore_nulls=True)
    return colonne.cast(pl.String, strict=False).fill_null("").alias(nom)


def _json(contenu: Contenu, source: Source, fichier: Fichier) -> Iterator[pl.DataFrame]:
    try:
        lu: Any = json.loads(contenu.octets)
    except (ValueError, RecursionError) as erreur:
        raise FormatInattendu(
            source.id, fichier.fichier, attendu="un JSON entier", trouve="des octets illisibles"
        ) from erreur
    services: list[tuple[int, Mapping[str, Any]]] = []
    structures: list[tuple[int, Mapping[str, Any]]] = []
    for liste in _listes(lu):
        for rang, objet in enumerate(liste, start=2):
            _trier(objet, rang, services, structures)
    if services:
        yield _objets(services, CHAMPS_SERVICES)
    if structures:
        yield _objets(structures, CHAMPS_STRUCTURES)


def _listes(lu: Any) -> Iterator[list[Any]]:
    """Renvoie les listes d'objets d'un JSON : lui-même, ou chacune de ses valeurs."""
    if isinstance(lu, list):
        yield lu
    elif isinstance(lu, dict):
        yield from (v for v in lu.values() if isinstance(v, list) and v and isinstance(v[0], dict))


def _trier(
    objet: Any,
    rang: int,
    services: list[tuple[int, Mapping[str, Any]]],
    structures: list[tuple[int, Mapping[str, Any]]],
) -> None:
    """Range un objet parmi les services ou les structures, avec ceux qu'il porte en lui."""
    if not isinstance(objet, dict):
        return
    if isinstance(objet.get("properties"), dict):
        objet = {**_point(objet.get("geometry")), **objet["properties"]}
    if isinstance(objet.get("service"), dict):
        objet = objet["service"]
    if "structure_id" in objet or "thematiques" in objet:
        services.append((rang, objet))
        if isinstance(objet.get("structure"), dict):
            structures.append((rang, objet["structure"]))
        return
    if "siret" in objet or "reseaux_porteurs" in objet:
        structures.append((rang, objet))
        emboites = objet.get("services")
        if isinstance(emboites, list):
            siens = (s for s in emboites if isinstance(s, dict))
            services.extend((rang, {"structure_id": objet.get("id"), **s}) for s in siens)


def _point(geometrie: Any) -> dict[str, Any]:
    """Renvoie le point d'un objet GeoJSON, que ses propriétés peuvent contredire."""
    coordonnees = geometrie.get("coordinates") if isinstance(geometrie, dict) else None
    if isinstance(coordonnees, list) and len(coordonnees) >= 2:
        return {"longitude": coordonnees[0], "latitude": coordonnees[1]}
    return {}


def _objets(objets: Iterable[tuple[int, Mapping[str, Any]]], champs: Sequence[str]) -> pl.DataFrame:
    lus = list(objets)
    return pl.DataFrame(
        {
            **{champ: [_dire(objet.get(champ)) for _, objet in lus] for champ in champs},
            LIGNE: [rang for rang, _ in lus],
        },
        schema={**dict.fromkeys(champs, pl.String()), LIGNE: pl.UInt32()},
    )


def _dire(valeur: Any) -> str:
    if valeur is None:
        return ""
    if isinstance(valeur, str):
        return valeur
    if isinstance(valeur, list):
        return _SEPARATEUR.join(str(element) for element in valeur if element is not None)
    return str(valeur)
