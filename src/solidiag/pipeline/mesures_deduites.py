"""Mesures qu'aucune déclaration ne nomme : accès par domaine, temps déduits d'une mesure d'offre.

Un diagnostic les calcule et les imprime ; ici, sans rien calculer, leur identifiant et les noms
sous lesquels un lecteur les voit : la ligne d'un tableau du rapport, le libellé du dictionnaire.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solidiag.catalogue.acces import DomaineAcces
from solidiag.catalogue.service import lire_categories
from solidiag.geography.recherche import simplifier
from solidiag.offre.acces_mesures import LIBELLES, PREFIXE, suffixe_de_base
from solidiag.offre.reglages_acces import lire_reglages_acces
from solidiag.pipeline.offre import SUFFIXES, deduire
from solidiag.publication.francais import UNITES
from solidiag.publication.rapport.offre_faits import GENRES
from solidiag.storage.depot import Depot

_UNITES_DU_TAUX = ("pour_1000", "pour_10000", "pour_100000")


@dataclass(frozen=True, kw_only=True)
class MesureDeduite:
    """Une mesure déduite.

    Parameters
    ----------
    id
        ``acces.<domaine>.<mesure>`` ou ``offre.<mesure>.<suffixe>``.
    libelle
        Libellé entier, celui du dictionnaire.
    noms
        Noms imprimés, simplifiés : ligne d'un tableau du rapport, libellé, nom court.
    """

    id: str
    libelle: str
    noms: frozenset[str]


def mesures_deduites(depot: Depot) -> tuple[MesureDeduite, ...]:
    """Renvoie les mesures qu'un diagnostic peut déduire, qu'il les documente ici ou non."""
    reglages = lire_reglages_acces(
        depot.parametres("acces"),
        domaines=[domaine.id for domaine in depot.grille.domaines],
        categories=lire_categories(depot.declaration("services/categories.yaml")),
    )
    libelles = {domaine.id: domaine.libelle for domaine in depot.grille.domaines}
    trouvees = [
        mesure
        for nom, reglage in reglages.domaines.items()
        for mesure in _acces(nom, libelles[nom], reglage, soir=reglages.soir)
    ]
    for mesure in depot.mesures.values():
        if mesure.origine != "services":
            continue
        for suffixe in SUFFIXES:
            deduite = deduire(mesure, f"offre.{mesure.id}.{suffixe}")
            noms = map(simplifier, (deduite.libelle, deduite.libelle_court))
            trouvees.append(
                MesureDeduite(id=deduite.id, libelle=deduite.libelle, noms=frozenset(noms))
            )
    return tuple(trouvees)


def nommees(depot: Depot, texte: str) -> list[str]:
    """Renvoie les identifiants des mesures déduites qui portent ce nom, dans l'ordre."""
    cherche = simplifier(texte)
    return [mesure.id for mesure in mesures_deduites(depot) if cherche in mesure.noms]


def _acces(
    domaine: str, libelle: str, reglage: DomaineAcces, *, soir: int
) -> Iterator[MesureDeduite]:
    if not reglage.mesurer:
        return
    seuil = reglage.seuil.minutes
    trous = {"domaine": libelle, "seuil": seuil, "soir": soir, "capacite": reglage.unite_capacite}
    suffixes = ["temps", f"dans_{seuil}", f"part_hors_{seuil}", reglage.methode]
    suffixes += ["par_age"] if reglage.besoin_par_age else []
    suffixes += ["capacite"] if reglage.unite_capacite else []
    for suffixe in (*suffixes, "samedi", "soir", "satures", "delai"):
        genre = suffixe_de_base(suffixe)
        titre, court = (modele.format(**trous) for modele in LIBELLES[genre][:2])
        # Le tableau d'un domaine ne redit pas le domaine.
        noms = {titre, court, titre.removesuffix(f" – {libelle}"), *_lignes(genre, seuil)}
        yield MesureDeduite(
            id=f"{PREFIXE}{domaine}.{suffixe}",
            libelle=titre,
            noms=frozenset(simplifier(nom) for nom in noms),
        )


def _lignes(genre: str, seuil: int) -> set[str]:
    """Noms de la ligne d'un tableau du rapport, selon l'unité du taux, et sans elle."""
    modele = GENRES.get(genre)
    if modele is None:
        return set()
    unites = [UNITES[unite] for unite in _UNITES_DU_TAUX]
    lignes = {modele.format(seuil=seuil, unite=unite) for unite in unites}
    return lignes | {modele.replace(" ({unite})", "").format(seuil=seuil)}
