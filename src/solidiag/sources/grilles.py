"""Octets d'un fichier → grille de textes, avec le vrai numéro de chaque ligne.

Rien n'est interprété ici : une cellule est le texte du fichier, vide si elle est vide.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import FormatInattendu
from solidiag.sources.contenants import controler_parquet, extraire, genre_de
from solidiag.sources.options import Options

LIGNE = "__ligne__"
"""Colonne ajoutée : numéro de ligne dans le fichier, en-tête compris."""

_TRANCHE = 1 << 24
"""Octets contrôlés à la fois."""


def lire_grille(
    octets: bytes,
    source: Source,
    fichier: Fichier,
    *,
    options: Options,
    colonnes: list[str] | None = None,
) -> pl.DataFrame:
    """Renvoie les colonnes demandées, en texte, et le numéro de ligne.

    Parameters
    ----------
    colonnes
        Colonnes à lire ; toutes si ``None``.

    Raises
    ------
    FormatInattendu
        Fichier tronqué, encodage, séparateur ou colonnes qui ne sont pas ceux déclarés.
    """
    if options.noms:
        return _sous_leur_nom(octets, source, fichier, options=options, colonnes=colonnes)
    octets, nom = _sortir(octets, fichier, options=options)
    if nom.endswith(".parquet"):
        grille = _parquet(octets, source, fichier, colonnes=colonnes)
    elif nom.endswith((".xlsx", ".xls", ".ods")):
        grille = _classeur(octets, source, fichier, options=options, colonnes=colonnes)
    elif nom.endswith(".json"):
        grille = _json(octets, source, fichier, colonnes=colonnes)
    else:
        contenu = _decompresser(octets, source, fichier)
        grille = _texte(contenu, source, fichier, options=options, colonnes=colonnes)
    if grille.is_empty():
        raise _faute(source, fichier, "au moins une ligne de données", "un fichier vide")
    return grille


def entete(octets: bytes, source: Source, fichier: Fichier, *, options: Options) -> list[str]:
    """Renvoie les noms de colonnes du fichier, dans l'ordre, ou ceux que donne ``noms``."""
    if options.noms:
        donnes = _noms_donnes(octets, source, fichier, options=options)
        presentes = entete(octets, source, fichier, options=_sans_noms(options))
        return [donnes.get(colonne, colonne) for colonne in presentes]
    octets, nom = _sortir(octets, fichier, options=options)
    if nom.endswith(".parquet"):
        try:
            return list(pl.read_parquet_schema(io.BytesIO(octets)))
        except Exception as erreur:
            raise _faute(source, fichier, "un fichier Parquet", "des octets illisibles") from erreur
    if nom.endswith((".xlsx", ".xls", ".ods")):
        grille = _classeur(octets, source, fichier, options=options, colonnes=None)
        return [colonne for colonne in grille.columns if colonne != LIGNE]
    if nom.endswith(".json"):
        grille = _json(octets, source, fichier, colonnes=None)
        return [colonne for colonne in grille.columns if colonne != LIGNE]
    texte = _decoder(_decompresser(octets, source, fichier), source, fichier, options=options)
    return _entete_texte(texte, options)


def _sans_noms(options: Options) -> Options:
    return options.model_copy(update={"noms": {}})


def _noms_donnes(
    octets: bytes, source: Source, fichier: Fichier, *, options: Options
) -> dict[str, str]:
    """Renvoie, pour chaque colonne du fichier qui suit une expression, le nom qu'on lui donne."""
    presentes = entete(octets, source, fichier, options=_sans_noms(options))
    donnes: dict[str, str] = {}
    for donne, expression in options.noms.items():
        suivent = [c for c in presentes if re.fullmatch(expression, c.strip()) and c not in donnes]
        if suivent:
            donnes[suivent[0]] = donne
    return donnes


def _sous_leur_nom(
    octets: bytes,
    source: Source,
    fichier: Fichier,
    *,
    options: Options,
    colonnes: list[str] | None,
) -> pl.DataFrame:
    """Lit la grille en donnant leur nom aux colonnes qui en changent d'une année à l'autre."""
    donnes = _noms_donnes(octets, source, fichier, options=options)
    dans_le_fichier = {donne: colonne for colonne, donne in donnes.items()}
    demandees = None if colonnes is None else [dans_le_fichier.get(c, c) for c in colonnes]
    grille = lire_grille(octets, source, fichier, options=_sans_noms(options), colonnes=demandees)
    return grille.rename({c: donne for c, donne in donnes.items() if c in grille.columns})


def _sortir(octets: bytes, fichier: Fichier, *, options: Options) -> tuple[bytes, str]:
    """Renvoie les octets du tableau, sorti de son archive s'il y est, et son nom en minuscules."""
    if not options.membre:
        return octets, fichier.fichier.lower()
    contenu = extraire(octets, options.membre, fichier.fichier)
    return contenu, genre_de(contenu, options.membre)[1]


def _faute(source: Source, fichier: Fichier, attendu: str, trouve: str) -> FormatInattendu:
    return FormatInattendu(source.id, fichier.fichier, attendu=attendu, trouve=trouve)


def _decompresser(octets: bytes, source: Source, fichier: Fichier) -> bytes:
    if not fichier.fichier.endswith(".gz"):
        return octets
    try:
        if not octets:
            raise EOFError
        return gzip.decompress(octets)
    except (OSError, EOFError, zlib.error) as erreur:
        raise _faute(
            source, fichier, "un fichier gzip entier", "un fichier tronqué ou illisible"
        ) from erreur


def _decoder(contenu: bytes, source: Source, fichier: Fichier, *, options: Options) -> bytes:
    """Renvoie le texte en UTF-8, sans marque d'ordre des octets ni lignes à sauter."""
    try:
        if options.encodage == "utf-8":
            texte = contenu.removeprefix(b"\xef\xbb\xbf")
            _verifier_utf8(texte)
        else:
            texte = contenu.decode(options.encodage).removeprefix("\ufeff").encode()
        if b"\r" in texte[:_TRANCHE] and b"\n" not in texte:
            texte = texte.replace(b"\r", b"\n")
    except (UnicodeDecodeError, LookupError) as erreur:
        raise _faute(
            source,
            fichier,
            f"un texte encodé en {options.encodage}",
            "un autre encodage (souvent cp1252, à déclarer dans « encodage »)",
        ) from erreur
    return texte


def _verifier_utf8(texte: bytes) -> None:
    """Lève ``UnicodeDecodeError`` si le texte n'est pas de l'UTF-8, sans en garder une copie."""
    if texte.isascii():
        return
    decodeur = codecs.getincrementaldecoder("utf-8")()
    vue = memoryview(texte)
    for debut in range(0, len(vue), _TRANCHE):
        decodeur.decode(vue[debut : debut + _TRANCHE])
    decodeur.decode(b"", final=True)


def _entete_texte(texte: bytes, options: Options) -> list[str]:
    debut = 0
    for _ in range(options.sauter):
        debut = texte.find(b"\n", debut) + 1
        if debut == 0:
            return []
    fin = texte.find(b"\n", debut)
    premiere = texte[debut : len(texte) if fin < 0 else fin].decode().rstrip("\r")
    return next(csv.reader([premiere], delimiter=options.separateur), [])


def _colonnes_presentes(
    source: Source, fichier: Fichier, *, attendues: list[str] | None, presentes: list[str]
) -> list[str]:
    if attendues is None:
        return presentes
    manquantes = [colonne for colonne in attendues if colonne not in presentes]
    if manquantes:
        trouve = ", ".join(f"« {colonne} »" for colonne in presentes[:5])
        reste = len(presentes) - 5
        suite = f" et {reste} autres colonnes" if reste > 0 else ""
        indice = " (le séparateur est-il le bon ?)" if len(presentes) == 1 else ""
        attendu = ", ".join(f"« {colonne} »" for colonne in manquantes[:5])
        raise _faute(
            source,
            fichier,
            f"les colonnes {attendu}" if len(manquantes) > 1 else f"la colonne {attendu}",
            f"{trouve or 'aucun en-tête'}{suite}{indice}",
        )
    return list(dict.fromkeys(attendues))


def _texte(
    contenu: bytes,
    source: Source,
    fichier: Fichier,
    *,
    options: Options,
    colonnes: list[str] | None,
) -> pl.DataFrame:
    texte = _decoder(contenu, source, fichier, options=options)
    presentes = _entete_texte(texte, options)
    gardees = _colonnes_presentes(source, fichier, attendues=colonnes, presentes=presentes)
    if not gardees:
        raise _faute(source, fichier, "un en-tête", "un fichier vide")
    if len(set(presentes)) != len(presentes):
        doublons = sorted({c for c in presentes if presentes.count(c) > 1} & set(gardees))
        if doublons:
            raise _faute(source, fichier, "des colonnes distinctes", f"« {doublons[0]} » répétée")
    try:
        grille = pl.read_csv(
            texte,
            separator=options.separateur,
            skip_lines=options.sauter,
            columns=gardees,
            infer_schema=False,
            truncate_ragged_lines=options.lignes_inegales,
        )
    except pl.exceptions.PolarsError as erreur:
        raise _faute(
            source,
            fichier,
            f"{len(presentes)} colonnes séparées par « {options.separateur} »",
            f"une ligne d'une autre forme ({str(erreur).splitlines()[0][:120]})",
        ) from erreur
    premiere = options.sauter + 2
    if _une_ligne_par_rangee(texte, options, hauteur=grille.height, largeur=len(presentes)):
        lignes = pl.int_range(
            premiere, premiere + grille.height, dtype=pl.UInt32, eager=True
        ).alias(LIGNE)
    else:
        lignes = _lignes_lentes(texte, options, hauteur=grille.height)
    vides = [colonne.name for colonne in grille if colonne.null_count()]
    return grille.select(gardees).with_columns(pl.col(vides).fill_null(""), lignes)


def _une_ligne_par_rangee(texte: bytes, options: Options, *, hauteur: int, largeur: int) -> bool:
    """Dit si chaque rangée lue est une ligne du fichier, dans l'ordre.

    Sans guillemet, aucune cellule ne contient de retour à la ligne, et polars rend une ligne vide
    d'un fichier de plusieurs colonnes comme une rangée vide.
    """
    if largeur > 1 and b'"' not in texte:
        return True
    sauts = texte.count(b"\n") + (not texte.endswith(b"\n"))
    return sauts == hauteur + options.sauter + 1


def _lignes_lentes(texte: bytes, options: Options, *, hauteur: int) -> pl.Series:
    """Numéros de ligne quand une cellule contient un retour à la ligne ou qu'une ligne est vide."""
    lecteur = csv.reader(io.StringIO(texte.decode()), delimiter=options.separateur)
    debut = 1
    numeros: list[int] = []
    for champs in lecteur:
        if champs and debut > options.sauter + 1:
            numeros.append(debut)
        debut = lecteur.line_num + 1
    if len(numeros) < hauteur:
        numeros.extend(range(debut, debut + hauteur - len(numeros)))
    return pl.Series(LIGNE, numeros[:hauteur], dtype=pl.UInt32)


def _parquet(
    octets: bytes, source: Source, fichier: Fichier, *, colonnes: list[str] | None
) -> pl.DataFrame:
    try:
        presentes = list(pl.read_parquet_schema(io.BytesIO(octets)))
        controler_parquet(octets, fichier.fichier)
        gardees = _colonnes_presentes(source, fichier, attendues=colonnes, presentes=presentes)
        grille = pl.read_parquet(io.BytesIO(octets), columns=gardees)
    except (pl.exceptions.PolarsError, OSError) as erreur:
        raise _faute(
            source, fichier, "un fichier Parquet entier", "des octets illisibles"
        ) from erreur
    return grille.with_columns(
        pl.col(gardees).cast(pl.String).fill_null(""),
        pl.int_range(2, grille.height + 2, dtype=pl.UInt32).alias(LIGNE),
    )


def _json(
    octets: bytes, source: Source, fichier: Fichier, *, colonnes: list[str] | None
) -> pl.DataFrame:
    """Première liste d'objets d'un JSON ; les clés emboîtées sont jointes par un point.

    Une clé qu'un objet n'a pas est une cellule vide ; ``ligne`` est le rang de l'objet plus un.
    """
    try:
        objets = premiers_objets(json.loads(octets))
    except (ValueError, RecursionError) as erreur:
        raise _faute(source, fichier, "un JSON entier", "des octets illisibles") from erreur
    if not objets:
        raise _faute(source, fichier, "une liste d'objets", "un JSON sans liste d'objets")
    plats = [aplatir(objet) for objet in objets]
    presentes = list(dict.fromkeys(cle for plat in plats for cle in plat))
    gardees = _colonnes_presentes(source, fichier, attendues=colonnes, presentes=presentes)
    return pl.DataFrame(
        {cle: [plat.get(cle, "") for plat in plats] for cle in gardees},
        schema=dict.fromkeys(gardees, pl.String),
    ).with_columns(pl.int_range(2, len(plats) + 2, dtype=pl.UInt32).alias(LIGNE))


def premiers_objets(contenu: Any) -> list[dict[str, Any]]:
    """Renvoie la première liste d'objets d'un JSON : lui-même, ou une de ses valeurs."""
    if isinstance(contenu, dict):
        contenu = next((v for v in contenu.values() if isinstance(v, list) and v), [])
    if not isinstance(contenu, list):
        return []
    return [objet for objet in contenu if isinstance(objet, dict)]


def aplatir(objet: dict[str, Any], prefixe: str = "") -> dict[str, str]:
    """Renvoie les valeurs d'un objet en texte, clés emboîtées jointes par un point.

    Examples
    --------
    >>> aplatir({"dimensions": {"GEO": "2025-COM-40192"}, "valeur": None})
    {'dimensions.GEO': '2025-COM-40192', 'valeur': ''}
    """
    plat: dict[str, str] = {}
    for cle, valeur in objet.items():
        if isinstance(valeur, dict):
            plat |= aplatir(valeur, f"{prefixe}{cle}.")
        else:
            plat[f"{prefixe}{cle}"] = "" if valeur is None else str(valeur)
    return plat


def _classeur(
    octets: bytes,
    source: Source,
    fichier: Fichier,
    *,
    options: Options,
    colonnes: list[str] | None,
) -> pl.DataFrame:
    import fastexcel

    try:
        classeur = fastexcel.read_excel(octets)
        feuille = options.feuille or classeur.sheet_names[0]
        if feuille not in classeur.sheet_names:
            noms = ", ".join(f"« {nom} »" for nom in classeur.sheet_names[:5])
            raise _faute(source, fichier, f"la feuille « {feuille} »", noms)
        brut = classeur.load_sheet(
            feuille, header_row=None, skip_rows=options.sauter, dtypes="string"
        ).to_polars()
    except fastexcel.FastExcelError as erreur:
        raise _faute(source, fichier, "un classeur", "des octets illisibles") from erreur
    if brut.is_empty():
        raise _faute(source, fichier, "un en-tête", "une feuille vide")
    presentes = [str(nom or "").strip() for nom in brut.row(0)]
    brut.columns = [f"{rang}" for rang in range(brut.width)]
    gardees = _colonnes_presentes(source, fichier, attendues=colonnes, presentes=presentes)
    if colonnes is None:
        gardees = [nom for nom in dict.fromkeys(presentes) if nom]
    debut = options.sauter + 2
    return brut.slice(1).select(
        *(pl.col(f"{presentes.index(nom)}").fill_null("").alias(nom) for nom in gardees),
        pl.int_range(debut, debut + pl.len(), dtype=pl.UInt32).alias(LIGNE),
    )
