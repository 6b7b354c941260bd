"""Services de tous les fichiers déclarés ou ajoutés : lus une fois, les plus récents pris."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from solidiag.catalogue.service import lire_categories
from solidiag.catalogue.source import Couverture, Fichier, Source
from solidiag.catalogue.thematiques import Mots, TableThematiques, lire_thematiques
from solidiag.model.origin import Origin
from solidiag.model.service import SERVICES
from solidiag.offre.cadre import Cadre
from solidiag.offre.inventaire import Inventaire, retenir
from solidiag.offre.mesures import couvertures_par_categorie
from solidiag.offre.remplacements import (
    Remplacement,
    ecarter_les_remplaces,
    porter_les_capacites,
)
from solidiag.offre.structures import rattacher
from solidiag.sources import data_inclusion
from solidiag.sources.classeurs.offre import LECTEUR_OFFRE
from solidiag.sources.controle import Partie
from solidiag.sources.registre_services import (
    LECTEURS_SERVICES,
    REPERTOIRES,
    est_un_fichier_de_services,
    lire_offre,
)
from solidiag.storage.ajouts import PREFIXE
from solidiag.storage.cache import Cache, dossier_de_cache
from solidiag.storage.depot import Depot

TAILLE_GARDEE = 1 << 20
"""Octets d'un fichier ajouté au-dessus desquels sa lecture est gardée dans le cache."""


@dataclass(frozen=True, kw_only=True)
class ServicesLus:
    """Services de toutes les sources.

    Parameters
    ----------
    services
        Table au schéma `SERVICES`, codes des fichiers.
    origines, couvertures
        Par source.
    """

    services: pl.DataFrame
    origines: dict[str, list[Origin]]
    couvertures: dict[str, Couverture]


def lire_tous_les_services(
    depot: Depot,
    cadre: Cadre,
    *,
    departement: str,
    limitrophes: Sequence[str],
    cache: Cache | None = None,
) -> ServicesLus:
    """Renvoie les services utiles à un département.

    Deux extraits d'une même liste ajoutés l'un après l'autre, et qui couvrent tous deux le
    département, ne comptent pas ensemble : le plus récent est pris. Un service que deux extraits
    donnent sous le même identifiant n'est gardé qu'une fois.

    Parameters
    ----------
    cadre, limitrophes
        Ce qui dit, d'un gros fichier, quelles lignes servent à ce département.
    cache
        Où garder la lecture des gros fichiers ajoutés ; le cache de la personne à défaut.
    """
    garde = cache or Cache(dossier_de_cache())
    tables: list[pl.DataFrame] = []
    origines: defaultdict[str, list[Origin]] = defaultdict(list)
    couvertures: dict[str, Couverture] = {}
    remplacements: list[Remplacement] = []
    a_rattacher = False
    for source, fichier in _fichiers(depot, departement):
        if _est_gros(depot, fichier):
            reduire = _Reduction(cadre=cadre, departement=departement, limitrophes=limitrophes)
            tables.append(_lire_gros(depot, source, fichier, garde, reduire))
        else:
            tables.append(lire_offre(depot.octets(fichier.fichier), source, fichier))
        a_rattacher |= fichier.lecteur == data_inclusion.LECTEUR
        origines[source.id].append(depot.retrieval(f"{source.id}/{fichier.id}"))
        couvertures[source.id] = fichier.couverture or source.couverture
        remplacements += _remplacements(depot, source, fichier)
    services = porter_les_capacites(ecarter_les_remplaces(pl.concat(tables), remplacements))
    if a_rattacher:
        services = rattacher(_sans_repetition(services))
    return ServicesLus(services=services, origines=dict(origines), couvertures=couvertures)


def garder_la_lecture(
    depot: Depot, partie: Partie, octets: bytes, *, cache: Cache | None = None
) -> None:
    """Lit d'avance un gros extrait qu'on vient d'ajouter, pour que le diagnostic n'attende pas."""
    fichier = partie.fichier
    if fichier.lecteur == data_inclusion.LECTEUR and len(octets) >= TAILLE_GARDEE:
        cle = _cle(depot, partie.source, fichier, hashlib.sha256(octets).hexdigest())
        garde = cache or Cache(dossier_de_cache())
        garde.garder(cle, lire_offre(octets, partie.source, fichier))


def dire_services(partie: Partie, depot: Depot) -> Partie:
    """Renvoie la partie examinée, mots inconnus et ajout plus récent dits en remarque."""
    if partie.fichier.lecteur not in LECTEURS_SERVICES:
        return partie
    vocabulaire = depot.declaration("services/vocabulaire.yaml")
    dites = list(partie.remarques)
    for nom, mots in partie.mots.items():
        inconnus = sorted(mots - set(vocabulaire[nom]))
        if inconnus:
            reste = f" et {len(inconnus) - 3} autres" if len(inconnus) > 3 else ""
            liste = ", ".join(f"« {mot[:60]} »" for mot in inconnus[:3])
            dites.append(
                f"Mots hors du vocabulaire de data·inclusion v1 ({nom}) : {liste}{reste}. Ils sont "
                "gardés tels quels, et ne disent aucun domaine."
            )
    deja = depot.sources.get(partie.source.id)
    if deja is not None and deja.fichiers[0].millesime > partie.fichier.millesime:
        dites.append(
            f"L'extrait déjà ajouté est plus récent ({deja.fichiers[0].millesime}) : celui-ci le "
            "remplacerait ; il resterait gardé dans « anciens »."
        )
    return replace(partie, remarques=tuple(dites))


def charger_thematiques(depot: Depot) -> TableThematiques:
    """Renvoie la table des thématiques que la personne du métier règle.

    Raises
    ------
    DeclarationInvalide
        Avec toutes ses fautes.
    """
    return lire_thematiques(
        depot.declaration("services/thematiques.yaml"),
        Mots(
            vocabulaire=depot.declaration("services/vocabulaire.yaml"),
            domaines=[domaine.id for domaine in depot.grille.domaines],
            categories=lire_categories(depot.declaration("services/categories.yaml")),
        ),
    )


def couvertures_des_listes(
    depot: Depot, inventaire: Inventaire
) -> dict[str, dict[str, Couverture]]:
    """Renvoie, par catégorie, les sources qui en donnent la liste et ce qu'elles couvrent.

    Celles qui le déclarent (``vues``), et les répertoires officiels ajoutés, pour les catégories
    qu'on y trouve. Un annuaire que chacun remplit (data·inclusion, Soliguide, lieux de médiation
    numérique) ou un classeur rempli à la main n'est la liste de rien.
    """
    couvertures = couvertures_par_categorie(depot.sources.values())
    listes = {
        source.id: fichier.couverture or source.couverture
        for source in depot.sources.values()
        for fichier in source.fichiers
        if fichier.lecteur in REPERTOIRES
    }
    trouvees = pl.concat([inventaire.services, inventaire.alentour, inventaire.ecartes])
    for categorie, source in trouvees.select("categorie", "source").unique().sort(pl.all()).rows():
        if source in listes:
            couvertures.setdefault(categorie, {}).setdefault(source, listes[source])
    return couvertures


def _fichiers(depot: Depot, departement: str) -> Iterator[tuple[Source, Fichier]]:
    """Fichiers de services, sans les extraits ajoutés qu'un plus récent remplace ici.

    Deux classeurs remplis à la main ne sont pas deux dates d'une même liste : ils comptent tous.
    """
    familles: defaultdict[str, list[tuple[Source, Fichier]]] = defaultdict(list)
    for source in depot.sources.values():
        for fichier in source.fichiers:
            if not est_un_fichier_de_services(fichier):
                continue
            if fichier.fichier.startswith(PREFIXE) and fichier.lecteur != LECTEUR_OFFRE:
                familles[source.id.rpartition(".")[0]].append((source, fichier))
            else:
                yield source, fichier
    for famille in familles.values():
        couvrent = [
            (source, fichier)
            for source, fichier in famille
            if (fichier.couverture or source.couverture).couvre(departement)
        ]
        recent = max(couvrent, key=lambda couple: couple[1].millesime, default=None)
        yield from (c for c in famille if c not in couvrent or c == recent)


def _remplacements(depot: Depot, source: Source, fichier: Fichier) -> Iterator[Remplacement]:
    """Renvoie les listes embarquées, plus anciennes, dont ce fichier prend la suite."""
    for ancienne in fichier.options.get("remplace", ()):
        embarquee = depot.sources.get(ancienne)
        if embarquee and max(f.millesime for f in embarquee.fichiers) <= fichier.millesime:
            yield Remplacement(
                ancienne=ancienne,
                nouvelle=source.id,
                couverture=fichier.couverture or source.couverture,
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Reduction:
    cadre: Cadre
    departement: str
    limitrophes: Sequence[str]

    def appliquer(self, services: pl.DataFrame) -> pl.DataFrame:
        """Renvoie les lignes utiles au département."""
        return retenir(
            services, self.cadre, departement=self.departement, limitrophes=self.limitrophes
        )


def _est_gros(depot: Depot, fichier: Fichier) -> bool:
    ajoute = fichier.fichier.startswith(PREFIXE)
    return ajoute and int(depot.verrous[fichier.fichier]["taille"]) >= TAILLE_GARDEE


def _lire_gros(
    depot: Depot, source: Source, fichier: Fichier, cache: Cache, reduction: _Reduction
) -> pl.DataFrame:
    """Renvoie les lignes utiles d'un gros fichier : gardées par département, puis en entier.

    L'empreinte du fichier est contrôlée à chaque lecture, même gardée.
    """
    octets = depot.octets(fichier.fichier)
    cle = _cle(depot, source, fichier, depot.verrous[fichier.fichier]["sha256"])
    voisins = "-".join(reduction.limitrophes)
    etendue = f"{reduction.cadre.cog}-{reduction.departement}-{voisins}"
    reduite = _gardee(cache, f"{cle}-{etendue}")
    if reduite is not None:
        return reduite
    entiere = _gardee(cache, cle)
    if entiere is None:
        entiere = lire_offre(octets, source, fichier)
        cache.garder(cle, entiere)
    reduite = reduction.appliquer(entiere)
    cache.garder(f"{cle}-{etendue}", reduite)
    return reduite


def _gardee(cache: Cache, cle: str) -> pl.DataFrame | None:
    table = cache.lire(cle)
    return table if table is not None and table.schema == pl.Schema(SERVICES) else None


def _cle(depot: Depot, source: Source, fichier: Fichier, sha256: str) -> str:
    """Clé de ce dont dépend une lecture : octets, déclaration, code qui lit."""
    dit = json.dumps([source.id, fichier.model_dump(mode="json")], sort_keys=True)
    condense = hashlib.sha256(f"{depot.empreinte_de_lecture} {sha256} {dit}".encode())
    return f"services-{condense.hexdigest()}"


def _sans_repetition(services: pl.DataFrame) -> pl.DataFrame:
    """Garde la ligne la plus récente de chaque identifiant."""
    if not services["id"].is_duplicated().any():
        return services
    return services.sort(
        "date_source", descending=True, nulls_last=True, maintain_order=True
    ).unique("id", keep="first", maintain_order=True)
