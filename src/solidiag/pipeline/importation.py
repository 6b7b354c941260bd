"""Ajouter un fichier officiel donné par une personne, le retirer, contrôler ce qui est là."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from solidiag.catalogue.correspondance import degarnir_source
from solidiag.catalogue.source import Source
from solidiag.errors import DonneesError, FichierRefuse
from solidiag.geography.referentiel import Referentiel
from solidiag.model.territoire import Niveau
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.reseaux import controler_reseaux, reseaux_de
from solidiag.pipeline.services_lus import dire_services, garder_la_lecture
from solidiag.pipeline.zonages import dire_zonage
from solidiag.sources.controle import Partie
from solidiag.sources.reconnaissance import Reconnaissance, reconnaitre
from solidiag.sources.reparations import Connus
from solidiag.storage.ajouts import PREFIXE, Ajout, Ajouts, dossier_des_donnees
from solidiag.storage.depot import Depot
from solidiag.storage.sorties import raison_de

TAILLE_LUE = 1 << 30
"""Octets d'un fichier reçu au-delà desquels on ne l'ouvre pas."""


@dataclass(frozen=True, kw_only=True)
class Resultat:
    """Ce qu'un ajout a fait.

    Parameters
    ----------
    deja
        Le même fichier était déjà là : rien n'a changé.
    remplace
        Un ajout de même nom et d'autres octets a été rangé dans ``anciens/``.
    """

    source: str
    deja: bool = False
    remplace: bool = False


@dataclass(frozen=True, kw_only=True)
class Controle:
    """Fichiers contrôlés, et une phrase par faute."""

    embarques: int
    ajoutes: int
    fautes: tuple[str, ...]


def territoires_connus(referentiel: Referentiel) -> Connus:
    """Renvoie les vrais codes, anciens compris, et les départements d'aujourd'hui."""
    passages = referentiel.passages
    communes = set(referentiel.communes["code"])
    anciennes = set(passages.mouvements["avant"]) | set(passages.mouvements["apres"])
    codes: dict[str, frozenset[str]] = {
        "COM": frozenset(
            communes | anciennes | set(passages.deleguees) | set(referentiel.outre_mer["code"])
        )
        - {""},
        "ARM": frozenset(referentiel.arrondissements_municipaux["code"]),
    }
    actuels: dict[str, dict[str, str]] = {
        "COM": dict(referentiel.communes.select("code", "departement").iter_rows())
    }
    for niveau in (
        *(Niveau.EPCI, Niveau.ARRONDISSEMENT, Niveau.BASSIN_DE_VIE),
        *(Niveau.ZONE_EMPLOI, Niveau.DEPARTEMENT, Niveau.REGION, Niveau.FRANCE),
    ):
        siens = referentiel.territoires.filter(pl.col("niveau") == niveau.value)["code"]
        codes[niveau.value] = frozenset(siens)
    epci = (
        referentiel.communes.filter(pl.col("epci") != "")
        .group_by("epci")
        .agg(pl.col("departement").unique())
    )
    actuels["EPCI"] = {
        code: departements[0] if len(departements) == 1 else ""
        for code, departements in epci.iter_rows()
    }
    return Connus(
        codes=codes,
        actuels=actuels,
        cog=referentiel.cog,
        communes_au=functools.cache(passages.communes_au),
    )


def lire_fichier(chemin: Path) -> bytes:
    """Renvoie les octets d'un fichier donné.

    Raises
    ------
    FichierRefuse
        S'il n'existe pas, ne s'ouvre pas, ou est trop gros.
    """
    try:
        if chemin.is_dir():
            raise FichierRefuse(chemin.name, "c'est un dossier", "donnez les fichiers un à un")
        if chemin.stat().st_size > TAILLE_LUE:
            raise FichierRefuse(
                chemin.name,
                f"il dépasse {TAILLE_LUE >> 20} Mio",
                "donnez un fichier réduit aux territoires ou aux colonnes utiles",
            )
        return chemin.read_bytes()
    except FileNotFoundError as erreur:
        raise FichierRefuse(str(chemin), "il n'existe pas", "vérifiez le chemin") from erreur
    except OSError as erreur:
        raise FichierRefuse(
            str(chemin), f"il ne s'ouvre pas ({raison_de(erreur)})", "vérifiez vos droits"
        ) from erreur


def examiner(
    chemin: Path,
    *,
    depot: Depot,
    connus: Connus | None = None,
    millesime: str = "",
    gabarit: str = "",
) -> Reconnaissance:
    """Renvoie ce qu'un fichier contient, sans rien ajouter.

    Raises
    ------
    FichierRefuse
        Si le fichier n'est pas reconnu ou pas lisible.
    """
    octets = lire_fichier(chemin)
    connus = connus or territoires_connus(charger_referentiel(depot))
    examen = reconnaitre(
        octets,
        chemin.name,
        depot.gabarits.values(),
        connus=connus,
        millesime=millesime,
        seul=gabarit,
    )
    parties = tuple(
        dire_zonage(dire_services(_dire_plus_ancien(partie, depot), depot), octets, connus)
        for partie in examen.parties
    )
    return replace(examen, parties=parties)


def _dire_plus_ancien(partie: Partie, depot: Depot) -> Partie:
    """Dit qu'un millésime embarqué, plus récent, restera celui que l'on montre."""
    recents = [
        max(lecture.periode for lecture in declare.lectures)
        for nom in partie.remplit
        if (declare := depot.declares.get(nom)) is not None and declare.lectures
    ]
    millesime = partie.fichier.millesime
    if not recents or len(recents) < len(partie.remplit) or min(recents)[:4] <= millesime[:4]:
        return partie
    remarque = (
        f"Le millésime {min(recents)} est déjà embarqué : celui-ci, de {millesime}, plus ancien, "
        "ne servira qu'aux séries."
    )
    return replace(partie, remarques=(*partie.remarques, remarque))


def ajouter(
    reconnaissance: Reconnaissance, *, depot: Depot, jour: date, obtenu: str = ""
) -> tuple[Resultat, ...]:
    """Ajoute ce qu'un fichier contient au dossier de données de la personne.

    Parameters
    ----------
    jour
        Date écrite dans le verrou.
    obtenu
        Comment le fichier a été obtenu ; à défaut, donné sous son nom.

    Raises
    ------
    SortieImpossible
        Si le dossier ne s'écrit pas ; les ajouts déjà là sont intacts.
    """
    comment = obtenu or f"fichier donné sous le nom « {reconnaissance.nom} »"
    resultats = []
    for partie in reconnaissance.parties:
        resultats.append(
            _ranger(partie, reconnaissance.octets, depot=depot, jour=jour, comment=comment)
        )
        garder_la_lecture(depot, partie, reconnaissance.octets)
    return tuple(resultats)


def _ranger(partie: Partie, octets: bytes, *, depot: Depot, jour: date, comment: str) -> Resultat:
    source = degarnir_source(partie.source)
    inconnus = [nom for nom in partie.remplit if nom not in depot.catalogue]
    remplit = {nom: lot for nom, lot in partie.remplit.items() if nom not in inconnus}
    chemin = partie.fichier.fichier
    ajouts = depot.ajouts or Ajouts(dossier_des_donnees())
    connu = next((ajout for ajout in ajouts.lus if ajout.source.id == source.id), None)
    meme = connu is not None and connu.source == source and dict(connu.remplit) == remplit
    if meme and ajouts.octets(chemin) == octets:
        return Resultat(source=source.id, deja=True)
    avant = ajouts.noms()
    ajouts.ajouter(
        Ajout(
            source=source,
            verrous={chemin: verrou(octets, chemin, jour=jour, comment=comment)},
            remplit=remplit,
        ),
        {chemin.removeprefix(f"{PREFIXE}{source.id}/"): octets},
    )
    return Resultat(source=source.id, remplace=source.id in avant)


def verrou(
    octets: bytes, chemin: str, *, jour: date, comment: str, copie: str = "producteur"
) -> dict[str, Any]:
    """Renvoie le verrou d'un fichier : empreinte, taille, date, façon dont il a été obtenu."""
    return {
        "chemin": chemin,
        "sha256": hashlib.sha256(octets).hexdigest(),
        "taille": len(octets),
        "obtenu_le": jour.isoformat(),
        "obtenu": comment,
        "copie": copie,
    }


def deposer(
    source: Source, octets: bytes, *, comment: str, remplace: bool, depot: Depot, jour: date
) -> Resultat:
    """Ajoute une source d'un seul fichier ; la précédente de même nom va dans ``anciens/``.

    Raises
    ------
    SortieImpossible
        Si le dossier de données ne s'écrit pas ; les ajouts déjà là sont intacts.
    """
    ajouts = depot.ajouts or Ajouts(dossier_des_donnees())
    (fichier,) = source.fichiers
    connu = next((ajout for ajout in ajouts.lus if ajout.source.id == source.id), None)
    if connu is not None and connu.source == source:
        return Resultat(source=source.id, deja=True)
    chemin = fichier.fichier
    ajouts.ajouter(
        Ajout(source=source, verrous={chemin: verrou(octets, chemin, jour=jour, comment=comment)}),
        {chemin.removeprefix(f"{PREFIXE}{source.id}/"): octets},
    )
    return Resultat(source=source.id, remplace=remplace)


def retirer(nom: str, *, depot: Depot) -> Path:
    """Retire un ajout ; renvoie le dossier où il est gardé.

    Raises
    ------
    FichierRefuse
        S'il n'y a pas d'ajout de ce nom.
    """
    ajouts = depot.ajouts or Ajouts(dossier_des_donnees())
    if nom not in ajouts.noms():
        noms = ", ".join(ajouts.noms()) or "aucun"
        raise FichierRefuse(nom, "ce n'est pas un ajout", f"ajouts présents : {noms}")
    return ajouts.retirer(nom)


def detruire(nom: str, *, depot: Depot) -> int:
    """Efface pour de bon les octets reçus d'un ajout, même déjà retiré ; renvoie combien de fois.

    Raises
    ------
    FichierRefuse
        S'il n'y a, ni n'y a eu, d'ajout de ce nom.
    """
    ajouts = depot.ajouts or Ajouts(dossier_des_donnees())
    if nom not in ajouts.noms() and not ajouts.passes(nom):
        raise FichierRefuse(
            nom, "aucun ajout n'a ce nom", "donnez le nom dit par « solidiag sources »"
        )
    return len(ajouts.detruire(nom))


def controler_fichiers(depot: Depot) -> Controle:
    """Contrôle l'empreinte de chaque fichier, embarqué ou ajouté ; toutes les fautes sont dites."""
    fautes = list(depot.fautes)
    comptes = {True: 0, False: 0}
    for chemin in depot.verrous:
        comptes[chemin.startswith(PREFIXE)] += 1
        try:
            depot.octets(chemin)
        except DonneesError as erreur:
            fautes.append(str(erreur))
    comptes[True] += len(reseaux_de(depot).noms())
    fautes += controler_reseaux(depot)
    return Controle(embarques=comptes[False], ajoutes=comptes[True], fautes=tuple(fautes))
