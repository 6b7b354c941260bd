"""Assemblage des tables de territoires en tables du référentiel, toutes sur le même COG."""

from __future__ import annotations

import polars as pl

from solidiag.geography.passages import ARRONDISSEMENT, DELEGUEE, PARTAGEE, Passages
from solidiag.geography.tables import TablesTerritoires
from solidiag.model.territoire import Niveau

COG_DES_FICHIERS: dict[str, int] = {
    "appartenance": 2024,
    "points": 2024,
    "densite": 2025,
    "frr": 2025,
    "pvd": 2021,
    "acv": 2024,
    "qpv": 2025,
    "industrie": 2025,
}
"""Découpage communal des tables qui ne sont pas au COG du référentiel."""

MILLESIMES: dict[str, str] = {
    "frr": "2025",
    "pvd": "2021",
    "acv": "2024",
    "qpv": "2024",
    "industrie": "2026",
}

LIBELLES_ZONAGES: dict[str, str] = {
    "frr": "France ruralités revitalisation",
    "pvd": "Petites villes de demain",
    "acv": "Action cœur de ville",
    "qpv": "Quartier prioritaire de la politique de la ville",
    "industrie": "Territoires d'industrie",
}

NIVEAUX_DE_DENSITE: dict[str, int] = {
    "Grands centres urbains": 1,
    "Centres urbains intermédiaires": 2,
    "Petites villes": 3,
    "Ceintures urbaines": 4,
    "Bourgs ruraux": 5,
    "Rural à habitat dispersé": 6,
    "Rural à habitat très dispersé": 7,
}
"""Niveau de la grille communale de densité de l'Insee, du plus dense au moins dense."""

COLONNES_DE_NIVEAU: dict[Niveau, str] = {
    Niveau.COMMUNE: "code",
    Niveau.EPCI: "epci",
    Niveau.ARRONDISSEMENT: "arrondissement",
    Niveau.BASSIN_DE_VIE: "bassin_de_vie",
    Niveau.ZONE_EMPLOI: "zone_emploi",
    Niveau.DEPARTEMENT: "departement",
    Niveau.REGION: "region",
}
"""Colonne de la table des communes qui porte le code d'un niveau."""


def passages(tables: TablesTerritoires) -> Passages:
    """Renvoie les passages entre COG tirés des événements."""
    exercice = ["COM", ""]
    infra = tables.communes.filter(pl.col("COM") != pl.col("COMPARENT"))
    return Passages(
        cog=tables.cog,
        communes=frozenset(tables.communes.filter(pl.col("TYPECOM") == "COM")["COM"]),
        mouvements=tables.mouvements.filter(
            pl.col("TYPECOM_AV").is_in(exercice) & pl.col("TYPECOM_AP").is_in(exercice)
        )
        .select(
            pl.col("MOD").ne("41").cast(pl.Int8).alias("ordre"),
            date="DATE_EFF",
            avant="COM_AV",
            apres="COM_AP",
        )
        .unique(),
        deleguees=dict(
            infra.filter(pl.col("TYPECOM").is_in(["COMD", "COMA"]))["COM", "COMPARENT"].iter_rows()
        ),
        arrondissements=dict(
            infra.filter(pl.col("TYPECOM") == "ARM")["COM", "COMPARENT"].iter_rows()
        ),
    )


def reporter(table: pl.DataFrame, table_de_passage: pl.DataFrame) -> pl.DataFrame:
    """Renvoie un attribut de commune porté au COG d'arrivée.

    Une commune d'arrivée prend la ligne de l'ancienne commune de même code, à défaut de la
    première de celles dont elle vient (ordre des codes).

    Parameters
    ----------
    table
        Une ligne par ``code`` de l'ancien COG.
    table_de_passage
        Table `PASSAGES`.
    """
    return (
        table_de_passage.filter(~pl.col("relation").is_in([DELEGUEE, ARRONDISSEMENT]))
        .join(table, left_on="ancien", right_on="code", how="inner")
        .with_columns(autre=pl.col("ancien") != pl.col("nouveau"))
        .sort("nouveau", "autre", "ancien")
        .unique("nouveau", keep="first", maintain_order=True)
        .drop("ancien", "relation", "autre")
        .rename({"nouveau": "code"})
    )


def communes(tables: TablesTerritoires, suivi: Passages) -> pl.DataFrame:
    """Renvoie les communes du COG, une ligne chacune, avec leurs rattachements."""
    base = tables.communes.filter(pl.col("TYPECOM") == "COM").select(
        code="COM",
        nom="LIBELLE",
        tncc=pl.col("TNCC").cast(pl.Int32),
        departement="DEP",
        region="REG",
        arrondissement=_vide("ARR"),
    )
    zones = reporter(
        tables.appartenance.filter(pl.col("CODGEO") != "").select(
            code="CODGEO", bassin_de_vie=_vide("BV2022"), zone_emploi=_vide("ZE2020")
        ),
        suivi.entre(COG_DES_FICHIERS["appartenance"], tables.cog),
    )
    densite = reporter(
        tables.densite.select(
            code="insee_com",
            densite=_vide("niveau_densite"),
            densite_niveau=pl.col("niveau_densite").replace_strict(
                NIVEAUX_DE_DENSITE, default=None, return_dtype=pl.Int8
            ),
        ),
        suivi.entre(COG_DES_FICHIERS["densite"], tables.cog),
    )
    population = _populations(tables, "COM")
    epci = tables.epci.select(code="COM", epci="EPCI").unique("code", maintain_order=True)
    table = base
    for autre in (epci, zones, population, _situation(tables, suivi), densite):
        table = table.join(autre, on="code", how="left")
    return table.sort("code")


def arrondissements_municipaux(tables: TablesTerritoires) -> pl.DataFrame:
    """Renvoie les arrondissements de Paris, Lyon et Marseille, avec leur commune."""
    base = tables.communes.filter(pl.col("TYPECOM") == "ARM").select(
        code="COM",
        nom="LIBELLE",
        tncc=pl.col("TNCC").cast(pl.Int32),
        commune="COMPARENT",
    )
    points = _points(tables).filter(pl.col("type") == "ARM").drop("type")
    return (
        base.join(_populations(tables, "ARM"), on="code", how="left")
        .join(points, on="code", how="left")
        .sort("code")
    )


def territoires(
    tables: TablesTerritoires, table_communes: pl.DataFrame, municipaux: pl.DataFrame
) -> pl.DataFrame:
    """Renvoie les territoires de tous les niveaux : ``id, niveau, code, nom, tncc, population``."""
    noms = {
        Niveau.ARRONDISSEMENT: _noms(tables.arrondissements, "ARR"),
        Niveau.DEPARTEMENT: _noms(tables.departements, "DEP"),
        Niveau.REGION: _noms(tables.regions, "REG"),
        Niveau.EPCI: tables.epci.select(code="EPCI", nom="LIBELLE", tncc=pl.lit(0)).unique("code"),
        Niveau.BASSIN_DE_VIE: _libelles(tables, "BV2022"),
        Niveau.ZONE_EMPLOI: _libelles(tables, "ZE2020"),
        Niveau.COMMUNE: table_communes.select("code", "nom", "tncc"),
    }
    morceaux = []
    for niveau, colonne in COLONNES_DE_NIVEAU.items():
        sommes = (
            table_communes.filter(pl.col(colonne).is_not_null())
            .group_by(pl.col(colonne).alias("code"))
            .agg(population=pl.col("population").sum())
        )
        morceaux.append(
            noms[niveau]
            .join(sommes, on="code", how="inner")
            .with_columns(niveau=pl.lit(niveau.value))
        )
    morceaux.append(
        municipaux.select("code", "nom", "tncc", "population").with_columns(
            niveau=pl.lit(Niveau.ARRONDISSEMENT_MUNICIPAL.value)
        )
    )
    morceaux.append(
        table_communes.select(
            code=pl.lit("FR"),
            nom=pl.lit("France"),
            tncc=pl.lit(3),
            population=pl.col("population").sum(),
            niveau=pl.lit(Niveau.FRANCE.value),
        ).head(1)
    )
    colonnes = ["niveau", "code", "nom", pl.col("tncc").cast(pl.Int32), "population"]
    return (
        pl.concat([morceau.select(colonnes) for morceau in morceaux])
        .with_columns(id=pl.col("niveau") + "-" + pl.col("code"))
        .select("id", "niveau", "code", "nom", "tncc", "population")
        .sort("niveau", "code")
    )


def zonages(tables: TablesTerritoires, suivi: Passages) -> pl.DataFrame:
    """Renvoie les appartenances aux zonages d'action : ``commune, zonage, valeur, millesime``.

    Une commune fusionnée entre dans le zonage d'une de ses parties ; quand une commune a été
    partagée, seule celle qui garde le code y reste.
    """
    classement = "Classement FRR et FRR+ au 10 juillet 2025"
    industrie = (
        tables.industrie.with_columns(epci=pl.col("SIRENS").str.split(", "))
        .explode("epci")
        .join(tables.epci.select(code="COM", epci="EPCI"), on="epci", how="inner")
        .select("code", valeur=pl.col("LIBELLE"))
    )
    listes = {
        "frr": tables.frr.filter(pl.col(classement) != "Non classée").select(
            code="Code_insee", valeur=classement
        ),
        "pvd": tables.pvd.select(code="insee_com", valeur=pl.lit("commune retenue")),
        "acv": tables.acv.select(code="insee_com", valeur=pl.lit("commune retenue")),
        "qpv": tables.qpv.select(code="COM", valeur="LIBELLES_QPV"),
    }
    morceaux = [industrie.with_columns(zonage=pl.lit("industrie"), millesime=pl.lit("2026"))]
    for zonage, table in listes.items():
        table_de_passage = suivi.entre(COG_DES_FICHIERS[zonage], tables.cog).filter(
            (pl.col("relation") != PARTAGEE) | (pl.col("ancien") == pl.col("nouveau"))
        )
        morceaux.append(
            table.join(table_de_passage, left_on="code", right_on="ancien", how="inner")
            .select("valeur", code="nouveau")
            .with_columns(zonage=pl.lit(zonage), millesime=pl.lit(MILLESIMES[zonage]))
        )
    return (
        pl.concat([morceau.select("code", "zonage", "valeur", "millesime") for morceau in morceaux])
        .rename({"code": "commune"})
        .group_by("commune", "zonage", "millesime")
        .agg(valeur=pl.col("valeur").unique().sort().str.join(", "))
        .select("commune", "zonage", "valeur", "millesime")
        .sort("commune", "zonage")
    )


def intercommunalites(table_communes: pl.DataFrame, tables: TablesTerritoires) -> pl.DataFrame:
    """Renvoie les EPCI : ``code, nom, nature, population, communes, departements``."""
    noms = tables.epci.select(code="EPCI", nom="LIBELLE", nature="NATURE").unique("code")
    effectifs = (
        table_communes.filter(pl.col("epci").is_not_null())
        .group_by(pl.col("epci").alias("code"))
        .agg(
            population=pl.col("population").sum(),
            communes=pl.len(),
            departements=pl.col("departement").unique().sort(),
        )
    )
    return noms.join(effectifs, on="code", how="inner").sort("code")


def epci_modifies(
    tables: TablesTerritoires, table_communes: pl.DataFrame, suivi: Passages
) -> frozenset[str]:
    """Renvoie les EPCI dont les communes ne sont plus celles de la table d'appartenance de 2024.

    Une fusion entre communes du même EPCI n'est pas un changement de périmètre.
    """
    avant = (
        suivi.entre(COG_DES_FICHIERS["appartenance"], tables.cog)
        .filter(~pl.col("relation").is_in([DELEGUEE, ARRONDISSEMENT]))
        .join(
            tables.appartenance.select(ancien="CODGEO", epci=_vide("EPCI")),
            on="ancien",
            how="inner",
        )
        .select(code="nouveau", epci="epci")
        .drop_nulls()
        .unique()
    )
    apres = table_communes.select("code", "epci").drop_nulls()
    ecarts = pl.concat(
        [
            avant.join(apres, on=["code", "epci"], how="anti"),
            apres.join(avant, on=["code", "epci"], how="anti"),
        ]
    )
    return frozenset(ecarts["epci"]) & frozenset(apres["epci"])


def _vide(colonne: str) -> pl.Expr:
    return pl.when(~pl.col(colonne).is_in(["", "ZZZZ", "ZZZZZZZZZ"])).then(pl.col(colonne))


def _noms(table: pl.DataFrame, colonne: str) -> pl.DataFrame:
    return table.select(code=colonne, nom="LIBELLE", tncc=pl.col("TNCC").cast(pl.Int32))


def _libelles(tables: TablesTerritoires, niveau: str) -> pl.DataFrame:
    return tables.libelles.filter(pl.col("NIVGEO") == niveau).select(
        code="CODGEO", nom="LIBGEO", tncc=pl.lit(0)
    )


def _populations(tables: TablesTerritoires, type_commune: str) -> pl.DataFrame:
    return tables.populations.filter(pl.col("TYPECOM") == type_commune).select(
        code="COM", population=pl.col("PMUN").cast(pl.Int64)
    )


def _points(tables: TablesTerritoires) -> pl.DataFrame:
    return tables.points.select(
        code="COM",
        type="TYPECOM",
        latitude=pl.col("LATITUDE").cast(pl.Float64, strict=False),
        longitude=pl.col("LONGITUDE").cast(pl.Float64, strict=False),
        superficie_km2=pl.col("SUPERFICIE_KM2").cast(pl.Float64, strict=False),
    )


def _situation(tables: TablesTerritoires, suivi: Passages) -> pl.DataFrame:
    """Renvoie point et superficie de chaque commune.

    Le point est celui de l'ancienne commune de même code, à défaut d'une de celles dont elle
    vient, à défaut de sa commune déléguée, à défaut de la moyenne de ses arrondissements. La
    superficie d'une commune fusionnée est la somme de ses parties ; celle d'une commune partagée
    n'est pas connue.
    """
    points = _points(tables)
    exercice = points.filter(pl.col("type") == "COM").drop("type")
    table_de_passage = suivi.entre(COG_DES_FICHIERS["points"], tables.cog)
    place = reporter(
        exercice.filter(pl.col("latitude").is_not_null()).drop("superficie_km2"), table_de_passage
    )
    superficies = (
        table_de_passage.filter(~pl.col("relation").is_in([DELEGUEE, ARRONDISSEMENT]))
        .join(exercice, left_on="ancien", right_on="code", how="left")
        .group_by(pl.col("nouveau").alias("code"))
        .agg(
            superficie_km2=pl.when(
                pl.col("superficie_km2").is_not_null().all()
                & (pl.col("relation") != PARTAGEE).all()
            ).then(pl.col("superficie_km2").sum())
        )
    )
    municipaux = (
        arrondissements_municipaux(tables)
        .group_by(pl.col("commune").alias("code"))
        .agg(
            pl.col("latitude").dot("population") / pl.col("population").sum(),
            pl.col("longitude").dot("population") / pl.col("population").sum(),
            pl.col("superficie_km2").sum(),
        )
    )
    return (
        superficies.join(place, on="code", how="full", coalesce=True)
        .join(municipaux, on="code", how="left", suffix="_arm")
        .select(
            "code",
            *(
                pl.coalesce(colonne, f"{colonne}_arm")
                for colonne in ("latitude", "longitude", "superficie_km2")
            ),
        )
    )
