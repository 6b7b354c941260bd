"""Carreaux de 200 mètres de l'Insee (Filosofi) : des points de population plus fins que la commune.

Le fichier ``carreaux_200m_met.csv`` (et ses pareils d'outre-mer) a une ligne par carreau habité :
``idcar_200m`` (« CRS3035RES200mN2029800E4252400 » : projection, taille, coin sud-ouest en mètres),
``lcog_geo`` (codes de commune de cinq caractères, mis bout à bout quand le carreau en touche
plusieurs), ``ind`` (habitants des ménages), ``i_est_200`` (1 : valeurs imputées par l'Insee).

Format **décrit** : ces noms ont été lus dans plusieurs programmes publics qui ouvrent ce fichier,
d'avant 2021 avec une majuscule (``Idcar_200m``) ; le fichier n'a pas été ouvert ici.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection

import polars as pl

from solidiag.errors import FormatInattendu

FORMAT = "décrit"
SOURCE = "insee.carreaux"

CARREAUX: dict[str, pl.DataType] = {
    "code": pl.String(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "population": pl.Float64(),
    "superficie_km2": pl.Float64(),
    "impute": pl.Boolean(),
}
"""Points de population (les colonnes de `solidiag.offre.points.FINS`)."""

_COLONNES = ("idcar_200m", "lcog_geo", "ind", "i_est_200")
_IDENTIFIANT = r"^CRS(\d+)RES(\d+)mN(-?\d+)E(-?\d+)$"
_CODE = 5


def lire_carreaux(
    octets: bytes, *, communes: Collection[str] | None, fichier: str = "carreaux_200m_met.csv"
) -> pl.DataFrame:
    """Renvoie les carreaux de ces communes (schéma `CARREAUX`), au centre de chacun.

    Un carreau à cheval se partage également entre ses communes : le fichier ne dit pas combien de
    personnes vivent de chaque côté.

    Parameters
    ----------
    octets
        Le CSV, ou l'archive ZIP qui le contient.
    communes
        Codes gardés, dans le découpage du fichier ; rien : tous.
    fichier
        Nom, pour dire une faute.

    Raises
    ------
    FormatInattendu
        Si une colonne manque, ou si un identifiant de carreau n'a pas la forme attendue.
    """
    table = _ouvrir(octets, fichier)
    eclates = (
        table.with_columns(
            pl.col("lcog_geo").str.extract_all(f".{{{_CODE}}}").alias("code"),
        )
        .with_columns(pl.col("ind") / pl.col("code").list.len())
        .explode("code", empty_as_null=False, keep_nulls=False)
    )
    if communes is not None:
        eclates = eclates.filter(pl.col("code").is_in(sorted(communes)))
    lus = eclates.with_columns(
        pl.col("idcar_200m").str.extract_groups(_IDENTIFIANT).alias("morceaux")
    ).unnest("morceaux")
    fautifs = lus.filter(pl.col("1").is_null())
    if not fautifs.is_empty():
        raise FormatInattendu(
            SOURCE,
            fichier,
            trouve=f"identifiant « {fautifs['idcar_200m'][0]} »",
            attendu="« CRS3035RES200mN2029800E4252400 »",
        )
    lots = [
        _situer(lot, projection=int(projection), cote=int(cote))
        for (projection, cote), lot in lus.group_by("1", "2", maintain_order=True)
    ]
    if not lots:
        return pl.DataFrame(schema=CARREAUX)
    return pl.concat(lots).sort("code", "latitude", "longitude")


def _situer(lot: pl.DataFrame, *, projection: int, cote: int) -> pl.DataFrame:
    """Centre de chaque carreau d'une même projection."""
    from pyproj import Transformer

    vers = Transformer.from_crs(f"EPSG:{projection}", "EPSG:4326", always_xy=True)
    est = lot["4"].cast(pl.Float64).to_numpy() + cote / 2
    nord = lot["3"].cast(pl.Float64).to_numpy() + cote / 2
    longitudes, latitudes = vers.transform(est, nord)
    return lot.select(
        "code",
        latitude=pl.Series(latitudes, dtype=pl.Float64),
        longitude=pl.Series(longitudes, dtype=pl.Float64),
        population=pl.col("ind"),
        superficie_km2=pl.lit((cote / 1000) ** 2),
        impute=pl.col("i_est_200") == 1,
    )


def _ouvrir(octets: bytes, fichier: str) -> pl.DataFrame:
    if octets[:2] == b"PK":
        octets, fichier = _membre(octets, fichier)
    try:
        lignes = octets[:4096].split(b"\n", 1)[0].decode("utf-8-sig")
    except UnicodeDecodeError:
        lignes = ""
    separateur = ";" if lignes.count(";") > lignes.count(",") else ","
    entete = [nom.strip().strip('"') for nom in lignes.split(separateur)]
    noms = {nom.lower(): nom for nom in entete}
    absentes = [nom for nom in _COLONNES if nom not in noms]
    if absentes:
        raise FormatInattendu(
            SOURCE, fichier, trouve=", ".join(entete[:8]), attendu=", ".join(absentes)
        )
    try:
        table = pl.read_csv(
            io.BytesIO(octets),
            separator=separateur,
            columns=[noms[nom] for nom in _COLONNES],
            schema_overrides={
                noms["idcar_200m"]: pl.String,
                noms["lcog_geo"]: pl.String,
                noms["ind"]: pl.Float64,
                noms["i_est_200"]: pl.Int64,
            },
        )
    except pl.exceptions.PolarsError as erreur:
        raise FormatInattendu(
            SOURCE, fichier, trouve=str(erreur).splitlines()[0], attendu="des nombres"
        ) from erreur
    return table.rename({noms[nom]: nom for nom in _COLONNES})


def _membre(octets: bytes, fichier: str) -> tuple[bytes, str]:
    """Le CSV des carreaux d'une archive ; le plus gros s'il y en a plusieurs."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            csv = [i for i in archive.infolist() if re.search(r"200m.*\.csv$", i.filename)]
            if csv:
                choisi = max(csv, key=lambda info: info.file_size)
                return archive.read(choisi), choisi.filename
    except zipfile.BadZipFile:
        pass
    raise FormatInattendu(
        SOURCE, fichier, trouve="une archive", attendu="carreaux_200m_met.csv dedans"
    )
