"""Ce qui est à portée d'un lieu, en fichiers CSV et JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from solidiag import __version__
from solidiag.geography.recherche import simplifier
from solidiag.pipeline.alentour import Reponse
from solidiag.storage.sorties import MANIFESTE, remplacer, verifier_place

_LISTES = " ; "


def ecrire_reponse(
    reponse: Reponse, *, vers: Path | None, formats: Sequence[str]
) -> tuple[Path, ...]:
    """Écrit une réponse dans un dossier remplacé d'un coup ; renvoie les fichiers.

    Parameters
    ----------
    formats
        Parmi ``csv`` et ``json``.

    Raises
    ------
    SortieImpossible
        Si le dossier contient autre chose, ou ne s'écrit pas.
    """
    nom = _nom(reponse)
    dossier = vers or Path("sorties") / nom
    rendus: dict[str, Callable[[Reponse], bytes]] = {"csv": en_csv, "json": en_json}
    verifier_place(dossier)
    with remplacer(dossier) as travail:
        fichiers: dict[str, dict[str, Any]] = {}
        for genre in formats:
            octets = rendus[genre](reponse)
            (travail / f"{nom}.{genre}").write_bytes(octets)
            condense = hashlib.sha256(octets).hexdigest()
            fichiers[f"{nom}.{genre}"] = {"sha256": condense, "taille": len(octets)}
        manifeste = {
            "solidiag": __version__,
            "offre": reponse.depart.id,
            "date": reponse.jour.isoformat(),
            "formats": list(formats),
            "fichiers": fichiers,
        }
        texte = json.dumps(manifeste, ensure_ascii=False, indent=1)
        (travail / MANIFESTE).write_text(texte + "\n", encoding="utf-8")
    return tuple(dossier / fichier for fichier in fichiers)


def _nom(reponse: Reponse) -> str:
    lieu = re.sub(r"\W+", "-", simplifier(reponse.depart.nom))
    return f"offre-{reponse.departement.code}-{lieu}"


def en_csv(reponse: Reponse) -> bytes:
    """Renvoie les services à portée puis ceux qui viennent, en CSV (UTF-8, point-virgule)."""
    table = pl.concat([reponse.alentour.a_portee, reponse.alentour.viennent])
    plate = table.with_columns(
        pl.col(nom).list.join(_LISTES) for nom, genre in table.schema.items() if genre == pl.List
    ).with_columns(pl.col(pl.Float64).round(1))
    return plate.write_csv(separator=";", include_bom=True).encode()


def en_json(reponse: Reponse) -> bytes:
    """Renvoie la question, ce qui est à portée, ce qui vient, ce qui est écarté et à demander."""
    question, alentour = reponse.question, reponse.alentour
    contenu = {
        "date": reponse.jour.isoformat(),
        "departement": reponse.departement.code,
        "depart": {
            "commune": reponse.depart.code,
            "nom": reponse.depart.nom,
            "point": list(reponse.point) if reponse.point else None,
        },
        "question": {
            "domaines": list(reponse.filtre.domaines),
            "publics": list(reponse.filtre.publics),
            "minutes": question.minutes,
            "mode": question.mode,
            "samedi": question.samedi,
            "soir": question.soir,
        },
        "trajets": {"fournisseur": reponse.fournisseur, "estimes": reponse.estime},
        "a_portee": _lignes(alentour.a_portee),
        "viennent_ou_a_distance": _lignes(alentour.viennent),
        "fermes": _lignes(alentour.fermes),
        "ecartes": dict(alentour.comptes),
        "a_demander": {
            domaine: [demande.model_dump() for demande in demandes]
            for domaine, demandes in reponse.demandes.items()
        },
    }
    return (json.dumps(contenu, ensure_ascii=False, indent=1) + "\n").encode()


def _lignes(table: pl.DataFrame) -> list[dict[str, Any]]:
    return table.with_columns(pl.col(pl.Float64).round(1)).to_dicts()
