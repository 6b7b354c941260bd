"""Données ouvertes : CSV pour un Excel français, classeur, Parquet, dictionnaire."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
import xlsxwriter

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.model.observation import MARQUES
from solidiag.publication.data_inclusion import ecrire_data_inclusion
from solidiag.publication.donnees_coordination import tables_coordination
from solidiag.publication.donnees_offre import tables_offre
from solidiag.publication.francais import UNITES
from solidiag.publication.matiere import Matiere, Observe

_STATUTS = {"A": "mesure", "B": "rupture de série", "E": "estimation", "P": "provisoire", **MARQUES}
_PRECISIONS = {
    "exact": "exacte",
    "rounded": "arrondie par le producteur",
    "rounded_down": "arrondie par défaut",
    "floor": "plancher du producteur (au plus cette valeur)",
}

TABLES_PARQUET = ("observations", "services")
"""Tables écrites aussi en Parquet."""


def ecrire_donnees(matiere: Matiere, dossier: Path) -> list[Path]:
    """Écrit les données ouvertes dans un dossier ; renvoie les fichiers écrits.

    Les CSV ont un point-virgule, une virgule décimale et une marque d'ordre des octets : ils
    s'ouvrent d'un double-clic dans un Excel français.
    """
    dossier.mkdir(parents=True, exist_ok=True)
    tables = tables_ouvertes(matiere)
    ecrits = []
    for nom, table in tables.items():
        chemin = dossier / f"{nom}.csv"
        chemin.write_bytes(octets_csv(table))
        ecrits.append(chemin)
    for nom in TABLES_PARQUET:
        chemin = dossier / f"{nom}.parquet"
        tables[nom].write_parquet(chemin, compression="zstd", statistics=False)
        ecrits.append(chemin)
    classeur = dossier / "donnees.xlsx"
    classeur.write_bytes(octets_xlsx(matiere, tables))
    ecrits.append(classeur)
    if matiere.vocabulaire_services:
        ecrits += ecrire_data_inclusion(matiere, dossier / "data_inclusion")
    return ecrits


def tables_ouvertes(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie les tables des données ouvertes, par nom de fichier sans suffixe."""
    return {
        "observations": observations_ouvertes(matiere),
        "services": services_ouverts(matiere),
        "services_reunis": _paires(matiere),
        "matrice": _matrice(matiere),
        "ordre": matiere.priorites.frame,
        **_types(matiere),
        **_personnes(matiere),
        **_comparaisons(matiere),
        **_lissages(matiere),
        **_changements(matiere),
        **tables_offre(matiere),
        **_acces(matiere),
        **tables_coordination(matiere),
        "dictionnaire": dictionnaire(matiere),
        "sources": _sources(matiere),
    }


def _types(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie le type de chaque territoire et le profil de chaque type, s'ils sont calculés.

    Le cinquième de l'indice y est, avec ses extrêmes ; l'indice et les rangs n'y sont pas, pour ne
    pas classer les communes.
    """
    if matiere.types is None:
        return {}
    noms = matiere.referentiel.territoires.select(
        pl.col("id").alias("territoire"), pl.col("nom").alias("nom_territoire")
    )
    table = matiere.types.table.frame.join(
        noms, on="territoire", how="left", maintain_order="left"
    ).with_columns(
        pl.col("statut").replace_strict(_STATUTS, default=None).alias("statut_en_clair"),
        pl.when("parangon").then(pl.lit("oui")).alias("parangon"),
    )
    devant = ("niveau", "territoire", "nom_territoire")
    return {
        "types": table.select(*devant, pl.exclude(*devant, "indice")),
        "types_profils": matiere.types.profils.frame,
    }


def _personnes(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie les personnes concernées par domaine et par axe, si elles sont comptées."""
    if matiere.personnes is None:
        return {}
    noms = matiere.referentiel.territoires.select(
        pl.col("id").alias("territoire"), pl.col("nom").alias("nom_territoire")
    )
    table = matiere.personnes.frame.join(
        noms, on="territoire", how="left", maintain_order="left"
    ).with_columns(
        pl.col("status").replace_strict(_STATUTS, default=None).alias("statut_en_clair"),
        pl.col("precision").replace_strict(_PRECISIONS, default=None),
    )
    return {
        "personnes": table.select(
            "genre",
            "domaine",
            "territoire",
            "nom_territoire",
            "unite",
            "periode",
            pl.col("value").alias("valeur"),
            pl.col("lower").alias("borne_basse"),
            pl.col("upper").alias("borne_haute"),
            pl.col("method").alias("methode"),
            pl.col("status").alias("statut"),
            "statut_en_clair",
            "precision",
            "motif",
            "hypothese",
            pl.col("n_domaines").alias("domaines_lus"),
            "indicateurs",
            pl.col("origin").alias("origine"),
        )
    }


def _comparaisons(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie les comparaisons, les tendances et les territoires semblables, s'ils y sont."""
    noms = matiere.referentiel.territoires.select(
        pl.col("id").alias("territoire"), pl.col("nom").alias("nom_territoire")
    )
    rendues = {}
    for nom, publiee in (
        ("comparaisons", matiere.comparaisons),
        ("tendances", matiere.tendances),
        ("semblables", matiere.semblables),
    ):
        if publiee is None:
            continue
        table = publiee.frame.join(noms, on="territoire", how="left", maintain_order="left")
        if "nette" in table.columns:
            table = table.with_columns(
                pl.when("nette").then(pl.lit("oui")).otherwise(pl.lit("non")).alias("nette")
            )
        if "semblable" in table.columns:
            table = table.join(
                noms.rename({"territoire": "semblable", "nom_territoire": "nom_semblable"}),
                on="semblable",
                how="left",
                maintain_order="left",
            )
        rendues[nom] = table
    return rendues


def _changements(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie ce qui a changé depuis le résultat précédent, s'il y en a un."""
    if matiere.changements is None or not len(matiere.changements):
        return {}
    return {"changements": matiere.changements.frame}


def _acces(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie l'accès à chaque domaine et celui des zonages, s'ils sont calculés."""
    tables = {"acces_domaines": matiere.acces_domaines, "acces_zonages": matiere.acces_zonages}
    return {nom: table.frame for nom, table in tables.items() if table is not None}


def _lissages(matiere: Matiere) -> dict[str, pl.DataFrame]:
    """Renvoie le taux observé et le taux lissé de chaque commune, si une carte en montre."""
    if matiere.lissages is None or not len(matiere.lissages):
        return {}
    noms = matiere.referentiel.territoires.select(
        pl.col("id").alias("territoire"), pl.col("nom").alias("nom_territoire")
    )
    table = matiere.lissages.frame.join(noms, on="territoire", how="left", maintain_order="left")
    return {
        "lissages": table.select(
            "indicateur",
            "territoire",
            "nom_territoire",
            "periode",
            "unite",
            pl.col("brut").alias("taux_observe"),
            pl.col("value").alias("taux_lisse"),
            pl.col("poids").alias("part_de_l_observe"),
            pl.col("moyenne").alias("taux_du_departement"),
            "numerateur",
            "denominateur",
            pl.col("attendus").alias("evenements_attendus"),
            pl.col("status").alias("statut"),
            pl.col("status").replace_strict(_STATUTS, default=None).alias("statut_en_clair"),
            "motif",
            pl.col("origin").alias("origine"),
        )
    }


def octets_csv(table: pl.DataFrame) -> bytes:
    """Renvoie une table en CSV français (BOM UTF-8, ``;``, virgule décimale)."""
    listes = [nom for nom, genre in table.schema.items() if isinstance(genre, pl.List)]
    plate = table.with_columns(pl.col(nom).list.join(", ") for nom in listes)
    tampon = io.BytesIO()
    plate.write_csv(tampon, separator=";", decimal_comma=True, include_bom=True)
    return tampon.getvalue()


def observations_ouvertes(matiere: Matiere) -> pl.DataFrame:
    """Renvoie les observations avec noms de territoires, statuts et précisions en clair."""
    noms = matiere.referentiel.territoires.select(
        pl.col("id").alias("territoire"), pl.col("nom").alias("nom_territoire")
    )
    return (
        matiere.observations.frame.join(noms, on="territoire", how="left")
        .with_columns(
            pl.col("status").replace_strict(_STATUTS, default=None).alias("statut_en_clair"),
            pl.col("precision").replace_strict(_PRECISIONS, default=None).alias("precision"),
        )
        .rename(
            {
                "value": "valeur",
                "lower": "borne_basse",
                "upper": "borne_haute",
                "level": "niveau_de_confiance",
                "method": "methode",
                "status": "statut",
                "confidentiality": "confidentialite",
                "origin": "origine",
                "n_publies": "communes_lues",
                "n_total": "communes_du_territoire",
            }
        )
        .select(
            "indicateur",
            "territoire",
            "nom_territoire",
            "cog",
            "periode",
            "valeur",
            "unite",
            "statut",
            "statut_en_clair",
            "precision",
            "borne_basse",
            "borne_haute",
            "niveau_de_confiance",
            "methode",
            "numerateur",
            "denominateur",
            "communes_lues",
            "communes_du_territoire",
            "motif",
            "confidentialite",
            "origine",
        )
        .sort("indicateur", "territoire", "periode")
    )


def services_ouverts(matiere: Matiere) -> pl.DataFrame:
    """Renvoie les services recensés, une ligne par ligne de source, chacune avec sa licence."""
    licences = {source.id: source.licence.id for source in matiere.sources.values()}
    licence = pl.col("source").replace_strict(licences, default=None, return_dtype=pl.String)
    return matiere.services.frame.sort("categorie", "code_insee", "nom", "id").with_columns(
        licence=licence
    )


def _matrice(matiere: Matiere) -> pl.DataFrame:
    noms = matiere.referentiel.territoires.select(
        pl.col("id").alias("territoire"), pl.col("nom").alias("nom_territoire")
    )
    table = matiere.ecarts.frame.join(noms, on="territoire", how="left", maintain_order="left")
    return table.select(
        "domaine",
        "territoire",
        "nom_territoire",
        pl.exclude("domaine", "territoire", "nom_territoire"),
    )


def _paires(matiere: Matiere) -> pl.DataFrame:
    if not matiere.paires:
        return pl.DataFrame(schema={"id_a": pl.String, "id_b": pl.String, "motif": pl.String})
    return pl.DataFrame([dict(paire) for paire in matiere.paires], infer_schema_length=None)


def dictionnaire(matiere: Matiere) -> pl.DataFrame:
    """Renvoie le dictionnaire : une ligne par indicateur ou mesure."""
    lignes = [
        {
            "identifiant": i.id,
            "genre": "besoin",
            "libelle": i.libelle,
            "definition": i.definition,
            "numerateur": i.numerateur,
            "denominateur": i.denominateur,
            "champ": i.champ,
            "unite": i.unite,
            "sens": i.sens,
            "correspondance": i.correspondance,
            "difference": i.difference,
            "incertitude": i.incertitude,
            "motif": i.motif,
            "limites": " ".join(i.limites),
        }
        for i in sorted(matiere.indicateurs.values(), key=lambda i: i.id)
    ] + [
        {
            "identifiant": m.id,
            "genre": "offre",
            "libelle": m.libelle,
            "definition": m.lecture,
            "numerateur": "",
            "denominateur": m.public,
            "champ": "",
            "unite": m.unite,
            "sens": m.nature,
            "correspondance": "",
            "difference": "",
            "incertitude": "",
            "motif": "",
            "limites": m.reserve,
        }
        for m in sorted(matiere.mesures.values(), key=lambda m: m.id)
    ]
    return pl.DataFrame(lignes)


def _sources(matiere: Matiere) -> pl.DataFrame:
    lignes = []
    for source in sorted(matiere.sources.values(), key=lambda s: s.id):
        for fichier in source.fichiers:
            verrou = matiere.verrous.get(fichier.fichier, {})
            lignes.append(
                {
                    "source": source.id,
                    "titre": source.titre,
                    "producteur": source.producteur,
                    "licence": source.licence.id,
                    "fichier": fichier.fichier,
                    "millesime": fichier.millesime,
                    "cog": fichier.cog,
                    "copie": fichier.copie,
                    "comment": fichier.copie_note,
                    "page": source.page,
                    "empreinte_sha256": str(verrou.get("sha256", "")),
                    "obtenu_le": str(verrou.get("obtenu_le", "")),
                }
            )
    return pl.DataFrame(lignes)


def octets_xlsx(matiere: Matiere, tables: dict[str, pl.DataFrame]) -> bytes:
    """Renvoie le classeur : une feuille lisible par niveau, le dictionnaire, les sources."""
    tampon = io.BytesIO()
    classeur = xlsxwriter.Workbook(tampon, {"in_memory": True, "strings_to_urls": False})
    classeur.set_properties(
        {
            "title": f"Données du diagnostic : {matiere.departement.nom}",
            "author": "Solidiag",
            "created": datetime(matiere.date.year, matiere.date.month, matiere.date.day),  # noqa: DTZ001
        }
    )
    gras = classeur.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    absent = classeur.add_format({"italic": True, "font_color": "#52606d", "align": "right"})
    lisez = classeur.add_worksheet("Lisez-moi")
    lisez.set_column(0, 0, 100)
    for rang, ligne in enumerate(_lisez_moi(matiere)):
        lisez.write_string(rang, 0, ligne)
    for nom, territoires in (("EPCI", matiere.epci), ("Communes", matiere.communes)):
        feuille = classeur.add_worksheet(nom)
        _feuille_large(matiere, feuille, territoires, gras=gras, absent=absent)
    for nom, cle in (
        ("Services", "services"),
        ("Matrice", "matrice"),
        ("Ordre", "ordre"),
        ("Types", "types"),
        ("Profils des types", "types_profils"),
        ("Personnes", "personnes"),
        ("Dictionnaire", "dictionnaire"),
        ("Sources", "sources"),
    ):
        if cle not in tables:
            continue
        _feuille_table(classeur.add_worksheet(nom), tables[cle], gras=gras)
    classeur.close()
    return tampon.getvalue()


def _lisez_moi(matiere: Matiere) -> list[str]:
    return [
        f"Diagnostic territorial des solidarités : {matiere.departement.nom}",
        "Brouillon calculé par Solidiag à partir de fichiers publics ; à valider par une personne.",
        "« secret », « non publié », « non documenté », « sans objet » : ce n'est pas un zéro.",
        "« ≤ 5 » : plancher du producteur. Les taux arrondis le sont par le producteur.",
        "EPCI, Communes : valeur la plus récente de chaque indicateur ; en ligne 2 la période, "
        "en ligne 3 l'identifiant du dictionnaire.",
        "Types, Profils des types : type de chaque territoire et ce qui distingue chaque type.",
        "Personnes : personnes concernées par domaine, et par axe de l'un au moins à la somme.",
        "Dictionnaire : définition, champ, unité et limites de chaque colonne.",
        "Sources : millésime, licence, empreinte de chaque fichier.",
        "Services : chaque ligne porte la licence de sa source. Une ligne sous ODbL se republie "
        "sous la même licence : ôtez-les avant de republier les autres sous Licence Ouverte, ou "
        "prenez le dossier data_inclusion, où chaque licence est à part.",
        "Toutes les périodes, avec intervalles et statuts : observations.csv et .parquet.",
    ]


def _feuille_large(
    matiere: Matiere,
    feuille: xlsxwriter.worksheet.Worksheet,
    territoires: Sequence[str],
    *,
    gras: object,
    absent: object,
) -> None:
    ids = [*sorted(matiere.indicateurs), *sorted(matiere.mesures)]
    periodes = {i: matiere.periode_de_reference(i, territoires) for i in ids}
    retenus = [i for i in ids if periodes[i]]
    entetes = ["Code", "Territoire", *retenus]
    declarations: dict[str, Indicateur | MesureOffre] = {**matiere.indicateurs, **matiere.mesures}
    for colonne, entete in enumerate(entetes):
        declaration = declarations.get(entete)
        libelle = f"{declaration.libelle} ({UNITES[declaration.unite]})" if declaration else entete
        feuille.write_string(0, colonne, libelle, gras)
        if colonne > 1:
            feuille.write_string(1, colonne, periodes.get(entete, ""))
            feuille.write_string(2, colonne, entete)
    feuille.set_column(1, 1, 36)
    feuille.set_column(2, len(entetes), 18)
    feuille.freeze_panes(3, 2)
    for rang, territoire in enumerate(territoires, start=3):
        feuille.write_string(rang, 0, territoire.partition("-")[2])
        feuille.write_string(rang, 1, matiere.nom(territoire))
        for colonne, identifiant in enumerate(retenus, start=2):
            observe = matiere.derniere(identifiant, territoire, periodes[identifiant])
            _ecrire_observe(feuille, rang, colonne, observe, absent=absent)


def _ecrire_observe(
    feuille: xlsxwriter.worksheet.Worksheet,
    rang: int,
    colonne: int,
    observe: Observe | None,
    *,
    absent: object,
) -> None:
    if observe is None or observe.value is None:
        marque = MARQUES.get(observe.status, "non documenté") if observe else "non documenté"
        feuille.write_string(rang, colonne, marque, absent)
    elif observe.precision == "floor":
        feuille.write_string(rang, colonne, f"≤ {observe.value:g}".replace(".", ","), absent)
    else:
        feuille.write_number(rang, colonne, round(observe.value, 4))


def _feuille_table(
    feuille: xlsxwriter.worksheet.Worksheet, table: pl.DataFrame, *, gras: object
) -> None:
    for colonne, nom in enumerate(table.columns):
        feuille.write_string(0, colonne, nom, gras)
    feuille.set_column(0, max(len(table.columns) - 1, 0), 22)
    feuille.freeze_panes(1, 0)
    for rang, ligne in enumerate(table.iter_rows(), start=1):
        for colonne, valeur in enumerate(ligne):
            if valeur is None:
                continue
            if isinstance(valeur, int | float) and not isinstance(valeur, bool):
                feuille.write_number(rang, colonne, valeur)
            elif isinstance(valeur, list):
                feuille.write_string(rang, colonne, ", ".join(valeur))
            else:
                feuille.write_string(rang, colonne, str(valeur))
