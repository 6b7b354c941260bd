"""Export de l'inventaire au schéma data·inclusion v1 : structures et services, JSON et CSV.

Un service réuni compte une fois, les services fermés n'y sont pas. Ce qui ne peut pas être valide
est compté et listé avec sa raison. Les lignes d'une licence à partage à l'identique ne sont jamais
mêlées aux autres : chaque licence a son dossier.
"""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from solidiag.offre.comparaison import PRECIS
from solidiag.offre.doublons import provenances, un_par_service
from solidiag.publication.matiere import Matiere

LICENCE_OUVERTE = "etalab-2.0"
"""Licence des fichiers posés à la racine de l'export ; une autre a son dossier."""

VERSION_DU_SCHEMA = "data·inclusion v1"

CHAMPS_STRUCTURE = (
    "source", "id", "nom", "date_maj", "description", "lien_source", "siret", "commune",
    "code_postal", "code_insee", "adresse", "longitude", "latitude", "horaires_accueil",
    "reseaux_porteurs",
)  # fmt: skip
CHAMPS_SERVICE = (
    "source", "structure_id", "id", "nom", "description", "lien_source", "date_maj", "type",
    "thematiques", "frais", "publics", "commune", "code_postal", "code_insee", "adresse",
    "longitude", "latitude", "modes_accueil", "zone_eligibilite", "modes_mobilisation",
    "mobilisable_par", "horaires_accueil",
)  # fmt: skip

_VOCABULAIRES = {
    "thematiques": "thematiques",
    "publics": "publics",
    "frais": "frais",
    "modes_accueil": "modes_accueil",
    "modes_mobilisation": "modes_mobilisation",
    "mobilisable_par": "personnes_mobilisatrices",
    "type": "types",
}
_LIEN = re.compile(r"https?://[^\s/]+\.[^\s]+")
_ZONE = re.compile(r"france|99[0-5]\d\d|[0-9][0-9AB]\d{0,3}|\d{9}")
_NOM_MAX = 150


@dataclass(frozen=True, kw_only=True)
class Refus:
    """Un service que le schéma ne peut pas recevoir, et pourquoi."""

    id: str
    nom: str
    raison: str


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Structures et services d'une même licence."""

    structures: tuple[Mapping[str, Any], ...]
    services: tuple[Mapping[str, Any], ...]
    provenances: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Export:
    """L'export d'un inventaire.

    Parameters
    ----------
    lots
        Licence → structures et services.
    refus
        Services qui n'y sont pas, avec leur raison.
    abreges
        Nombre de noms ramenés à 150 caractères.
    """

    lots: Mapping[str, Lot]
    refus: tuple[Refus, ...]
    abreges: int


def exporter(
    services: pl.DataFrame,
    *,
    libelles: Mapping[str, str],
    reseaux: Mapping[str, str],
    vocabulaire: Mapping[str, Sequence[str]],
    licences: Mapping[str, str],
) -> Export:
    """Renvoie l'inventaire au schéma data·inclusion v1, par licence.

    Parameters
    ----------
    services
        Services ouverts, doublons réunis (schéma `SERVICES`).
    libelles, reseaux
        Libellé et réseau porteur de chaque catégorie.
    vocabulaire
        Mots du schéma, par champ ; un mot inconnu est laissé de côté.
    licences
        Licence de chaque source.
    """
    groupes = {ligne["groupe"]: ligne for ligne in provenances(services).iter_rows(named=True)}
    structures: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    rendus: dict[str, list[dict[str, Any]]] = defaultdict(list)
    origines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    refus: list[Refus] = []
    abreges = 0
    for ligne in un_par_service(services).iter_rows(named=True):
        origine = groupes[ligne["groupe"]]
        licence, raison = _licence(origine["sources"], licences)
        raison = raison or _impossible(ligne)
        if raison:
            refus.append(Refus(id=ligne["id"], nom=ligne["nom"] or "", raison=raison))
            continue
        abreges += len(ligne["nom"].strip()) > _NOM_MAX
        service, structure = _convertir(
            ligne, libelles=libelles, reseaux=reseaux, vocabulaire=vocabulaire
        )
        deja = structures[licence].get(structure["id"])
        structures[licence][structure["id"]] = _fondre(deja, structure) if deja else structure
        rendus[licence].append(service)
        origines[licence] += [
            {"service_id": service["id"], "source": s, "id_source": i, "date_source": d}
            for s, i, d in zip(origine["sources"], origine["ids"], origine["dates"], strict=True)
        ]
    return Export(
        lots={
            licence: Lot(
                structures=tuple(structures[licence][i] for i in sorted(structures[licence])),
                services=tuple(sorted(rendus[licence], key=lambda service: str(service["id"]))),
                provenances=_table_provenances(origines[licence], licence),
            )
            for licence in sorted(rendus)
        },
        refus=tuple(refus),
        abreges=abreges,
    )


def exporter_matiere(matiere: Matiere) -> Export:
    """Renvoie l'export de l'inventaire d'un diagnostic."""
    return exporter(
        matiere.services.frame,
        libelles=matiere.categories,
        reseaux=matiere.reseaux_des_categories,
        vocabulaire=matiere.vocabulaire_services,
        licences={source.id: source.licence.id for source in matiere.sources.values()},
    )


def ecrire_data_inclusion(matiere: Matiere, dossier: Path) -> list[Path]:
    """Écrit l'export dans un dossier ; renvoie les fichiers écrits.

    Voir `ecrire_export`.
    """
    return ecrire_export(exporter_matiere(matiere), dossier, territoire=matiere.departement.nom)


def ecrire_export(export: Export, dossier: Path, *, territoire: str) -> list[Path]:
    """Écrit un export dans un dossier ; renvoie les fichiers écrits.

    À la racine, les fichiers sous Licence Ouverte ; ceux d'une autre licence sont dans un dossier
    à son nom.
    """
    ecrits = []
    for nom, octets in fichiers_de(export, territoire=territoire).items():
        chemin = dossier / nom
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.write_bytes(octets)
        ecrits.append(chemin)
    return ecrits


def fichiers_de(export: Export, *, territoire: str) -> dict[str, bytes]:
    """Renvoie les octets de chaque fichier d'un export, par chemin dans son dossier."""
    fichiers: dict[str, bytes] = {}
    for licence, lot in export.lots.items():
        ici = "" if licence == LICENCE_OUVERTE else f"{licence}/"
        for nom, lignes, champs in (
            ("structures", lot.structures, CHAMPS_STRUCTURE),
            ("services", lot.services, CHAMPS_SERVICE),
        ):
            texte = json.dumps(list(lignes), ensure_ascii=False, indent=1)
            fichiers[f"{ici}{nom}.json"] = (texte + "\n").encode()
            fichiers[f"{ici}{nom}.csv"] = _csv(_en_table(lignes, champs))
        fichiers[f"{ici}provenances.csv"] = _csv(lot.provenances)
    refus = pl.DataFrame(
        [(r.id, r.nom, r.raison) for r in export.refus],
        schema={"id": pl.String, "nom": pl.String, "raison": pl.String},
        orient="row",
    )
    fichiers["non_exportes.csv"] = _csv(refus)
    fichiers["LISEZ-MOI.txt"] = _lisez_moi(export, territoire).encode()
    return fichiers


def _convertir(
    ligne: Mapping[str, Any],
    *,
    libelles: Mapping[str, str],
    reseaux: Mapping[str, str],
    vocabulaire: Mapping[str, Sequence[str]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    source = _slug(ligne["source"])
    local = ligne["id"].partition(":")[2] or ligne["id"]
    siret = ligne["siret"] if re.fullmatch(r"\d{14}", ligne["siret"] or "") else None
    structure_id = f"{source}--structure-{siret or local}"
    precis = ligne["precision_geo"] in PRECIS
    lieu = {
        "commune": ligne["commune"],
        "code_postal": ligne["code_postal"] if _code(ligne["code_postal"], r"\d{5}") else None,
        "code_insee": ligne["code_insee"] if _code(ligne["code_insee"], r"\w{5}") else None,
        "adresse": ligne["adresse"],
        "longitude": ligne["longitude"] if precis else None,
        "latitude": ligne["latitude"] if precis else None,
    }
    lien = ligne["lien"] if _LIEN.fullmatch(ligne["lien"] or "") else None
    mots = {
        champ: _connus(ligne["type_service" if champ == "type" else champ], vocabulaire[liste])
        for champ, liste in _VOCABULAIRES.items()
    }
    if mots["publics"] and "tous-publics" in mots["publics"]:
        mots["publics"] = ["tous-publics"]
    zone = [code for code in ligne["zone_eligibilite"] or () if _ZONE.fullmatch(code)]
    jour = _jour(ligne["date_source"])
    service = {
        "source": source,
        "structure_id": structure_id,
        "id": f"{source}--{local}",
        "nom": _nom(ligne["nom"]),
        "description": _description(ligne, libelles.get(ligne["categorie"] or "", "Service")),
        "lien_source": lien,
        "date_maj": jour,
        **lieu,
        **mots,
        "zone_eligibilite": zone or None,
        "horaires_accueil": ligne["horaires_osm"],
    }
    porteurs = list(ligne["reseaux"] or ())
    reseau = reseaux.get(ligne["categorie"] or "", "")
    structure = {
        "source": source,
        "id": structure_id,
        "nom": _nom(ligne["structure"] or ligne["nom"]),
        "date_maj": jour,
        "description": None,
        "lien_source": None,
        "siret": siret,
        **lieu,
        "horaires_accueil": None,
        "reseaux_porteurs": _connus([*porteurs, reseau], vocabulaire["reseaux"]),
    }
    return (
        {champ: service.get(champ) for champ in CHAMPS_SERVICE},
        {champ: structure[champ] for champ in CHAMPS_STRUCTURE},
    )


def _fondre(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """Structure de deux services de même Siret : leur lieu n'est gardé que s'il est le même."""
    lieu = ("commune", "code_postal", "code_insee", "adresse", "longitude", "latitude")
    meme_lieu = all(a[champ] == b[champ] for champ in lieu)
    reseaux = sorted({*(a["reseaux_porteurs"] or ()), *(b["reseaux_porteurs"] or ())})
    return {
        **a,
        **({} if meme_lieu else dict.fromkeys(lieu)),
        "date_maj": max(a["date_maj"], b["date_maj"]),
        "reseaux_porteurs": reseaux or None,
    }


def _licence(sources: Sequence[str], licences: Mapping[str, str]) -> tuple[str, str]:
    """Licence d'un service décrit par plusieurs sources, ou pourquoi il n'en a pas."""
    sans = sorted({source for source in sources if not licences.get(source)})
    if sans:
        return "", f"licence inconnue ({sans[0]})"
    autres = sorted({licences[source] for source in sources} - {LICENCE_OUVERTE})
    if len(autres) > 1:
        return "", f"licences à ne pas mêler ({', '.join(autres)})"
    return (autres[0] if autres else LICENCE_OUVERTE), ""


def _impossible(ligne: Mapping[str, Any]) -> str:
    if len((ligne["nom"] or "").strip()) < 3:
        return "nom absent ou de moins de trois caractères"
    if not ligne["date_source"]:
        return "date de l'information inconnue"
    try:
        jour = _jour(ligne["date_source"])
    except ValueError:
        return "date de l'information qui n'existe pas"
    if jour < "2000-01-01":
        return "date de l'information antérieure à 2000"
    return ""


def _jour(texte: str) -> str:
    """Premier jour de la période dite : une information n'est jamais rajeunie."""
    annee, mois, quantieme = (*texte.split("-"), "01", "01")[:3]
    return date(int(annee), int(mois), int(quantieme)).isoformat()


def _nom(texte: str) -> str:
    propre = " ".join(texte.split()).rstrip(".").strip()
    return propre if len(propre) <= _NOM_MAX else f"{propre[: _NOM_MAX - 1].rstrip()}…"


def _description(ligne: Mapping[str, Any], libelle: str) -> str:
    if ligne["description"] and len(ligne["description"].strip()) >= 5:
        return str(ligne["description"]).strip()[:10_000]
    lieu = f", {ligne['commune']}" if ligne["commune"] else ""
    suite = f" {ligne['remarque']}." if ligne["remarque"] else ""
    return f"{libelle}{lieu}.{suite}"


def _connus(valeur: object, mots: Sequence[str]) -> Any:
    if isinstance(valeur, str):
        return valeur if valeur in mots else None
    if not isinstance(valeur, Sequence):
        return None
    return sorted({mot for mot in valeur if mot in mots}) or None


def _slug(source: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", source.removeprefix("offre.").lower()).strip("-")


def _code(valeur: object, motif: str) -> bool:
    return isinstance(valeur, str) and re.fullmatch(motif, valeur) is not None


def _table_provenances(lignes: Sequence[Mapping[str, Any]], licence: str) -> pl.DataFrame:
    schema = {
        "service_id": pl.String(),
        "source": pl.String(),
        "id_source": pl.String(),
        "date_source": pl.String(),
    }
    return pl.DataFrame(lignes, schema=schema).with_columns(licence=pl.lit(licence))


def _en_table(lignes: Sequence[Mapping[str, Any]], champs: Sequence[str]) -> pl.DataFrame:
    """Table à plat : les listes y sont séparées par une barre verticale."""
    return pl.DataFrame(
        [
            {
                champ: "|".join(valeur) if isinstance(valeur := ligne[champ], list) else valeur
                for champ in champs
            }
            for ligne in lignes
        ],
        infer_schema_length=None,
    ).select(champs)


def _csv(table: pl.DataFrame) -> bytes:
    """CSV à virgules et point décimal, comme les fichiers de data·inclusion."""
    tampon = io.BytesIO()
    table.write_csv(tampon)
    return tampon.getvalue()


def _lisez_moi(export: Export, territoire: str) -> str:
    lignes = [
        f"Inventaire de l'offre au schéma {VERSION_DU_SCHEMA} : {territoire}",
        "",
        "Services réunis par Solidiag d'après des listes publiques ; les services fermés n'y sont "
        "pas. Ce ne sont pas les fichiers de data·inclusion.",
        "source : liste dont vient la ligne gardée ; provenances.csv donne toutes celles du "
        "service, avec leur date.",
        "date_maj : premier jour de la période dite par la source (2023 donne 2023-01-01).",
        "description : composée de la nature du service et de sa commune quand la source n'en "
        "donne pas.",
        "latitude, longitude : seulement quand le lieu est connu à la rue.",
        "",
    ]
    for licence, lot in export.lots.items():
        ou = "à la racine" if licence == LICENCE_OUVERTE else f"dossier {licence}"
        lignes.append(
            f"Licence {licence} ({ou}) : {len(lot.structures)} structures, "
            f"{len(lot.services)} services."
        )
    raisons: dict[str, int] = defaultdict(int)
    for refus in export.refus:
        raisons[refus.raison] += 1
    lignes += [
        "Une licence à partage à l'identique s'impose à ce qui en est tiré : ne mêlez pas les "
        "dossiers.",
        "",
        f"Services non exportés : {len(export.refus)} (non_exportes.csv).",
        *(f"- {raison} : {nombre}" for raison, nombre in sorted(raisons.items())),
        f"Noms ramenés à {_NOM_MAX} caractères : {export.abreges}.",
        "",
    ]
    return "\n".join(lignes)
