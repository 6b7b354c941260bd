"""Vérification des données ouvertes : chaque cellule d'un CSV, d'un Parquet, d'un classeur."""

from __future__ import annotations

import io
from collections.abc import Sequence

import polars as pl

from solidiag.publication.document import Cle
from solidiag.publication.verification.comparaison import Ecart, Releve, illisible

_CLES: tuple[tuple[str, ...], ...] = (
    ("indicateur", "territoire", "periode"),
    ("domaine", "territoire"),
    ("domaine",),
    ("identifiant",),
    ("id",),
)


def lire_csv(octets: bytes) -> pl.DataFrame:
    """Renvoie un CSV français, toutes les cellules en texte.

    Raises
    ------
    ValueError
        Si les octets ne sont pas un CSV à point-virgule en UTF-8.
    """
    try:
        return pl.read_csv(
            io.BytesIO(octets),
            separator=";",
            infer_schema=False,
            truncate_ragged_lines=False,
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as erreur:
        raise ValueError(str(erreur)) from erreur


def verifier_csv(octets: bytes, attendue: pl.DataFrame, *, fichier: str) -> Releve:
    """Compare chaque cellule d'un CSV à la table recalculée."""
    try:
        trouvee = lire_csv(octets)
    except ValueError as erreur:
        return illisible(fichier, erreur)
    return _comparer(trouvee, attendue, fichier=fichier, texte=True)


def verifier_parquet(octets: bytes, attendue: pl.DataFrame, *, fichier: str) -> Releve:
    """Compare chaque cellule d'un Parquet à la table recalculée."""
    try:
        trouvee = pl.read_parquet(io.BytesIO(octets))
    except pl.exceptions.PolarsError as erreur:
        return illisible(fichier, erreur)
    return _comparer(trouvee, attendue, fichier=fichier, texte=False)


def _comparer(
    trouvee: pl.DataFrame, attendue: pl.DataFrame, *, fichier: str, texte: bool
) -> Releve:
    ecarts = [
        Ecart(genre="fichier", fichier=fichier, trouve=f"la colonne « {nom} » {dit}")
        for noms, dit in (
            ([n for n in attendue.columns if n not in trouvee.columns], "manque"),
            ([n for n in trouvee.columns if n not in attendue.columns], "est en trop"),
        )
        for nom in noms
    ]
    if trouvee.height != attendue.height:
        ecarts += _lignes(trouvee, attendue, fichier=fichier)
        return Releve(fichier=fichier, ecarts=tuple(ecarts))
    lus = 0
    for nom in attendue.columns:
        if nom in trouvee.columns:
            ecarts += _colonne(trouvee[nom], attendue, nom, fichier=fichier, texte=texte)
            if attendue[nom].dtype.is_numeric():
                lus += trouvee.height - trouvee[nom].null_count()
    return Releve(fichier=fichier, lus=lus, ecarts=tuple(ecarts))


def _lignes(trouvee: pl.DataFrame, attendue: pl.DataFrame, *, fichier: str) -> list[Ecart]:
    """Nomme les lignes en trop et les lignes absentes d'une table qui n'a plus sa hauteur."""
    trouve = f"{trouvee.height} lignes au lieu de {attendue.height}"
    ecarts = [Ecart(genre="fichier", fichier=fichier, trouve=trouve)]
    cle = _cle(attendue)
    if not cle or not set(cle) <= set(trouvee.columns):
        return ecarts
    a, b = (t.select(pl.col(c).cast(pl.String) for c in cle) for t in (attendue, trouvee))
    for reste, dit in (
        (a.join(b, on=cle, how="anti"), "la ligne manque"),
        (b.join(a, on=cle, how="anti"), "la ligne est en trop"),
    ):
        ecarts += [
            Ecart(genre="fichier", fichier=fichier, lieu=_lieu(ligne), trouve=dit)
            for ligne in reste.iter_rows(named=True)
        ]
    return ecarts


def _colonne(
    trouvee: pl.Series, attendue: pl.DataFrame, nom: str, *, fichier: str, texte: bool
) -> list[Ecart]:
    voulue = attendue[nom]
    if isinstance(voulue.dtype, pl.List) and texte:
        voulue = voulue.list.join(", ")
    if texte:
        differe = _differe_en_texte(trouvee, voulue)
    elif trouvee.dtype != voulue.dtype:
        return [Ecart(genre="fichier", fichier=fichier, trouve=f"type de « {nom} » changé")]
    else:
        differe = trouvee.ne_missing(voulue)
    rangs = differe.arg_true().to_list()
    cle = _cle(attendue)
    ecarts = []
    for rang in rangs:
        ligne = attendue.row(rang, named=True)
        lieu = _lieu({c: ligne[c] for c in cle}) if cle else f"ligne {rang + 2}"
        ecarts.append(
            Ecart(
                genre="difference",
                fichier=fichier,
                lieu=f"{lieu}, colonne « {nom} »",
                attendu=_dire(voulue[rang]),
                trouve=_dire(trouvee[rang]),
                cle=_adresse(ligne, nom),
            )
        )
    return ecarts


def _differe_en_texte(trouvee: pl.Series, voulue: pl.Series) -> pl.Series:
    vide = trouvee.fill_null("") == ""
    if voulue.dtype.is_numeric():
        nombre = trouvee.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        egal = (nombre == voulue.cast(pl.Float64)).fill_null(value=False)
        return ~(egal | (vide & voulue.is_null()))
    return trouvee.fill_null("") != voulue.cast(pl.String).fill_null("")


def _cle(table: pl.DataFrame) -> list[str]:
    for cle in _CLES:
        if set(cle) <= set(table.columns):
            return list(cle)
    return []


def _lieu(ligne: dict[str, object]) -> str:
    return "ligne " + " / ".join(str(valeur) for valeur in ligne.values())


def _adresse(ligne: dict[str, object], colonne: str) -> Cle | None:
    if not {"indicateur", "territoire", "periode"} <= set(ligne):
        return None
    return Cle(
        indicateur=str(ligne["indicateur"]),
        territoire=str(ligne["territoire"]),
        periode=str(ligne["periode"]),
        champ="value" if colonne == "valeur" else colonne,
    )


def _dire(valeur: object) -> str:
    if isinstance(valeur, pl.Series):
        return ", ".join(map(str, valeur.to_list()))
    if valeur is None or valeur == "":
        return "(vide)"
    if isinstance(valeur, float):
        return repr(valeur).replace(".", ",")
    return str(valeur)


Feuilles = dict[str, list[list[object]]]
"""Cellules d'un classeur, par feuille : textes, nombres, ou rien."""


def comparer_feuilles(trouvees: Feuilles, attendues: Feuilles, *, fichier: str) -> Releve:
    """Compare chaque cellule de chaque feuille."""
    ecarts = [
        Ecart(genre="fichier", fichier=fichier, trouve=f"la feuille « {nom} » {dit}")
        for noms, dit in (
            (attendues.keys() - trouvees.keys(), "manque"),
            (trouvees.keys() - attendues.keys(), "est en trop"),
        )
        for nom in sorted(noms)
    ]
    for nom, attendue in attendues.items():
        if nom in trouvees:
            ecarts += _feuille(trouvees[nom], attendue, nom, fichier=fichier)
    cellules = (c for feuille in trouvees.values() for rangee in feuille for c in rangee)
    lus = sum(isinstance(cellule, float) for cellule in cellules)
    return Releve(fichier=fichier, lus=lus, ecarts=tuple(ecarts))


def _feuille(
    trouvee: Sequence[Sequence[object]],
    attendue: Sequence[Sequence[object]],
    nom: str,
    *,
    fichier: str,
) -> list[Ecart]:
    ecarts = []
    hauteur = max(len(trouvee), len(attendue))
    for rang in range(hauteur):
        a = attendue[rang] if rang < len(attendue) else ()
        b = trouvee[rang] if rang < len(trouvee) else ()
        if list(a) == list(b):
            continue
        for colonne in range(max(len(a), len(b))):
            voulu = a[colonne] if colonne < len(a) else None
            vu = b[colonne] if colonne < len(b) else None
            if voulu != vu:
                entete = attendue[0][colonne] if colonne < len(attendue[0]) else colonne + 1
                lieu = f"feuille « {nom} », ligne {rang + 1}, colonne « {entete} »"
                ecarts.append(
                    Ecart(
                        genre="difference",
                        fichier=fichier,
                        lieu=lieu,
                        attendu=_dire(voulu),
                        trouve=_dire(vu),
                    )
                )
    return ecarts
