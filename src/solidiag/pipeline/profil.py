"""La fiche d'un territoire : choisir, calculer, rendre."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from solidiag import __version__
from solidiag.besoins import formules
from solidiag.besoins.regles import Regles
from solidiag.besoins.territoires_propres import (
    est_agregeable,
    expliquer,
    ouvrir,
    periodes_agregees,
)
from solidiag.catalogue.indicateur import Indicateur
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import TerritoirePropre
from solidiag.model.observation import AVEC_VALEUR
from solidiag.model.origin import Origin
from solidiag.model.territoire import LIBELLES_NIVEAUX, Niveau
from solidiag.pipeline.calculs import cadre_de_calcul, charger_referentiel, stabiliser
from solidiag.pipeline.partenaires import publier_observations
from solidiag.pipeline.profil_comparaisons import comparer_fiches
from solidiag.pipeline.profil_identite import decrire, departement_principal
from solidiag.pipeline.profil_services import ServicesDuProfil, compter_services, sources_de
from solidiag.pipeline.profil_territoires import Sujet, resoudre
from solidiag.pipeline.tables import tables_alignees
from solidiag.publication.document import Document
from solidiag.publication.francais import enumerer
from solidiag.publication.profil.construire import construire_profil
from solidiag.publication.profil.matiere import TU, Fiche, MatiereProfil, annee
from solidiag.storage.cache import Cache, dossier_de_cache
from solidiag.storage.depot import Depot
from solidiag.storage.sorties import MANIFESTE, remplacer, verifier_place

Demandeur = Callable[[Referentiel, Depot], Sujet]
"""Donne le territoire d'une fiche, une fois le référentiel chargé."""

_PAR_ARRONDISSEMENT = (
    "donné par arrondissement municipal seulement : ces parts ne s'additionnent pas"
)
_PETIT = f"{TU} sous {{}} habitants : la valeur reposerait sur quelques cas"


@dataclass(frozen=True, kw_only=True)
class Profil:
    """Fiche produite.

    Parameters
    ----------
    document
        La fiche, prête pour tout format.
    matiere
        Ce dont elle est faite.
    fichiers
        Fichiers écrits.
    """

    document: Document
    matiere: MatiereProfil
    fichiers: tuple[Path, ...] = ()
    duree_s: float = 0.0


def par_code(texte: str) -> Demandeur:
    """Renvoie de quoi résoudre un code ou un nom, référentiel chargé."""
    return lambda referentiel, depot: resoudre(texte, referentiel, depot.octets)


def profiler(
    demandeurs: Sequence[Demandeur],
    *,
    vers: Path | None = None,
    formats: Sequence[str] = ("texte",),
    depot: Depot | None = None,
    cache: Cache | None = None,
    jour: date | None = None,
) -> Profil:
    """Renvoie la fiche d'un ou deux territoires, et l'écrit dans les formats demandés.

    Parameters
    ----------
    demandeurs
        Un ou deux territoires (`par_code`, liste de communes, dessin).
    vers
        Dossier de sortie ; ``sorties/profil-CODE`` par défaut, si un format s'écrit.
    formats
        Parmi ``texte`` (rien n'est écrit), ``docx``, ``pdf``, ``html``.

    Raises
    ------
    TerritoireInconnu, ListeDeCommunesInvalide, DessinInvalide
        Si un territoire ne peut pas être compris.
    SortieImpossible
        Si la sortie ne peut pas être écrite ; le résultat précédent est intact.
    """
    depart = time.monotonic()
    depot = depot or Depot()
    cache = cache or Cache(dossier_de_cache())
    referentiel = charger_referentiel(depot)
    sujets = [demandeur(referentiel, depot) for demandeur in demandeurs]
    matiere = preparer(
        sujets,
        depot=depot,
        referentiel=referentiel,
        cache=cache,
        jour=jour or date.today(),  # noqa: DTZ011
    )
    profil = Profil(document=construire_profil(matiere), matiere=matiere)
    ecrits = [nom for nom in formats if nom != "texte"]
    if ecrits:
        nom = nom_de_fichier(sujets)
        dossier = vers or Path("sorties") / nom
        profil = replace(profil, fichiers=ecrire(profil, dossier, nom=nom, formats=ecrits))
    return replace(profil, duree_s=time.monotonic() - depart)


def nom_de_fichier(sujets: Sequence[Sujet]) -> str:
    """Renvoie le nom d'une fiche, sans extension : ``profil-40088-40192``."""
    codes = (
        s.territoire.code
        if s.territoire.niveau in (Niveau.COMMUNE, Niveau.DEPARTEMENT, Niveau.EPCI)
        else s.id
        for s in sujets
    )
    return "profil-" + "-".join(re.sub(r"[^A-Za-z0-9]+", "-", code) for code in codes)


def preparer(
    sujets: Sequence[Sujet],
    *,
    depot: Depot,
    referentiel: Referentiel,
    cache: Cache,
    jour: date,
) -> MatiereProfil:
    """Renvoie la matière de la fiche, entièrement calculée et passée par le contrôle du secret."""
    parametres = depot.parametres("profil")
    fiches = [decrire(sujet, referentiel) for sujet in sujets]
    indicateurs = [
        _recents(depot.indicateurs[choix["id"]], int(parametres["recul_maximal_ans"]))
        for choix in parametres["indicateurs"]
        if choix["id"] in depot.indicateurs
    ]
    ids = list(dict.fromkeys(i for f in fiches for i in (f.id, *(t.id for t in f.comparateurs))))
    propres = [sujet.propre for sujet in sujets if sujet.propre is not None]
    observations, origines = calculer(
        indicateurs, depot, referentiel, territoires=ids, propres=propres, cache=cache
    )
    observations = _taire_petits(
        _dire_arrondissements(observations, referentiel),
        {s.id: _population(s, referentiel) for s in sujets},
        seuil=int(parametres["population_minimale"]),
        sauf=frozenset(parametres["montres_toujours"]),
    )
    mesures = [depot.mesures[m] for m in parametres["services"] if m in depot.mesures]
    fiches, services = _services(sujets, fiches, depot, referentiel, mesures=mesures, cache=cache)
    montrees = [s.observations for s in services]
    publiee = publier_observations(
        stabiliser(pl.concat([observations, *montrees])), depot=depot, referentiel=referentiel
    )
    departements = {departement_principal(s, referentiel) for s in sujets}
    matiere = MatiereProfil(
        fiches=tuple(fiches),
        date=jour,
        version=__version__,
        observations=publiee,
        indicateurs=indicateurs,
        mesures=mesures,
        plus_proches={
            (mesure, territoire): commune
            for s in services
            for mesure, territoire, commune in s.plus_proches.iter_rows()
        },
        sources=depot.sources,
        origines=origines,
        sources_services=_sources_des_services(publiee.frame, mesures, depot, departements, fiches),
        demandes=_demandes(depot, parametres["a_demander"]),
        niveaux={i.id: _niveaux(i) for i in indicateurs},
        producteurs={i.id: _producteurs(i, depot, parametres["detenteurs"]) for i in indicateurs},
        secrets=_secrets(indicateurs, parametres["secret"]),
        explications=parametres["explications"],
        recul_ans=int(parametres["recul_maximal_ans"]),
    )
    comparaisons = comparer_fiches(
        matiere.montrees(),
        sujets,
        matiere.fiches,
        indicateurs=indicateurs,
        regles=Regles.lire(depot.parametres("comparaisons")),
        referentiel=referentiel,
        origines=origines,
    )
    return replace(matiere, comparaisons=comparaisons)


def calculer(
    indicateurs: Sequence[Indicateur],
    depot: Depot,
    referentiel: Referentiel,
    *,
    territoires: Sequence[str],
    propres: Sequence[TerritoirePropre],
    cache: Cache,
) -> tuple[pl.DataFrame, dict[str, Origin]]:
    """Renvoie les observations de territoires, propres compris, et leurs provenances."""
    ouverts = [ouvrir(i) for i in indicateurs] if propres else list(indicateurs)
    requises = formules.variables_requises(ouverts)
    tables = tables_alignees(
        depot,
        requises,
        referentiel.passages,
        cog=referentiel.cog,
        sommables=formules.variables_sommables(ouverts),
        cache=cache,
    )
    cadre = cadre_de_calcul(referentiel)
    cadre = replace(
        cadre,
        appartenance=pl.concat(
            [cadre.appartenance_pesee(), *(propre.appartenance() for propre in propres)]
        ),
    )
    observations, origines = formules.calculer(
        ouverts,
        tables,
        cadre,
        territoires=territoires,
        cog=referentiel.cog,
        retrievals={reference: depot.retrieval(reference) for reference in requises},
        couvertures={reference: depot.couverture(reference) for reference in requises},
    )
    if propres:
        observations = expliquer(
            observations,
            agregeables={i.id for i in indicateurs if est_agregeable(i)},
            periodes={couple for i in indicateurs for couple in periodes_agregees(i)},
        )
    return observations, origines


def _recents(indicateur: Indicateur, recul: int) -> Indicateur:
    """Renvoie l'indicateur sans les lectures trop anciennes pour une fiche."""
    derniere = max(annee(lecture.periode) for lecture in indicateur.lectures)
    gardees = tuple(x for x in indicateur.lectures if annee(x.periode) >= derniere - recul)
    return indicateur.model_copy(update={"lectures": gardees})


def _population(sujet: Sujet, referentiel: Referentiel) -> float:
    if sujet.propre is not None:
        return sujet.propre.population(referentiel.populations)
    return float(referentiel.populations.get(sujet.id) or 0)


def _taire_petits(
    observations: pl.DataFrame,
    populations: dict[str, float],
    *,
    seuil: int,
    sauf: frozenset[str],
) -> pl.DataFrame:
    """Tait les parts d'un territoire trop peu peuplé pour qu'elles veuillent dire quelque chose."""
    petits = [i for i, population in populations.items() if population < seuil]
    tue = (
        pl.col("territoire").is_in(petits)
        & ~pl.col("indicateur").is_in(sorted(sauf))
        & pl.col("status").is_in(list(AVEC_VALEUR))
    )
    chiffres = ("value", "lower", "upper", "level", "method", "numerateur", "denominateur")
    return observations.with_columns(
        pl.when(tue).then(pl.lit("O")).otherwise(pl.col("status")).alias("status"),
        pl.when(tue).then(pl.lit(_PETIT.format(seuil))).otherwise(pl.col("motif")).alias("motif"),
        *(pl.when(tue).then(None).otherwise(pl.col(c)).alias(c) for c in (*chiffres, "precision")),
    )


def _services(
    sujets: Sequence[Sujet],
    fiches: Sequence[Fiche],
    depot: Depot,
    referentiel: Referentiel,
    *,
    mesures: Sequence[Any],
    cache: Cache,
) -> tuple[list[Fiche], list[ServicesDuProfil]]:
    """Compte les services, un département à la fois ; au-delà, dit pourquoi ils ne le sont pas."""
    par_departement: dict[str, list[Sujet]] = {}
    dites = []
    for sujet, fiche in zip(sujets, fiches, strict=True):
        raison = ""
        if sujet.territoire.niveau in (Niveau.REGION, Niveau.FRANCE):
            raison = "Les services sont inventoriés par département : voir la fiche de chacun."
        elif sujet.territoire.niveau is Niveau.ARRONDISSEMENT_MUNICIPAL:
            raison = "Les services ne sont comptés qu'à la commune : voir sa fiche."
        elif _deborde(sujet, referentiel):
            raison = (
                "Le territoire s'étend sur plusieurs départements, et les services sont "
                "inventoriés un département à la fois : ils ne sont pas comptés ici."
            )
        else:
            departement = departement_principal(sujet, referentiel)
            par_departement.setdefault(departement, []).append(sujet)
        dites.append(replace(fiche, sans_services=raison))
    comptes = []
    for departement, voulus in par_departement.items():
        uniques = {sujet.id: sujet for sujet in voulus}
        comptes.append(
            compter_services(
                depot,
                referentiel,
                departement=departement,
                territoires=list(uniques),
                propres=[s.propre for s in uniques.values() if s.propre is not None],
                mesures=mesures,
                cache=cache,
            )
        )
    return dites, comptes


def _deborde(sujet: Sujet, referentiel: Referentiel) -> bool:
    """Dit si une commune du territoire n'est pas dans l'inventaire de son département."""
    communes = referentiel.communes
    dedans = communes.filter(pl.col("departement") == departement_principal(sujet, referentiel))
    epci = dedans["epci"].drop_nulls().unique()
    voisines = communes.filter(pl.col("epci").is_in(epci.implode()))
    return not set(sujet.parts) <= {*dedans["code"], *voisines["code"]}


def _sources_des_services(
    observations: pl.DataFrame,
    mesures: Sequence[Any],
    depot: Depot,
    departements: Iterable[str],
    fiches: Sequence[Fiche],
) -> tuple[str, ...]:
    ids = [fiche.id for fiche in fiches]
    lisibles = set(
        observations.filter(
            pl.col("territoire").is_in(ids) & pl.col("status").is_in(list(AVEC_VALEUR))
        )["indicateur"]
    )
    citees = [
        source
        for mesure in mesures
        if {mesure.id, f"offre.{mesure.id}.temps"} & lisibles
        for departement in sorted(departements)
        for source in sources_de(mesure, depot, departement)
    ]
    return tuple(dict.fromkeys(citees))


def _demandes(depot: Depot, domaines: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    retenues = []
    for identifiant in domaines:
        domaine = depot.grille.domaine(identifiant)
        demandes = (*domaine.a_demander_besoin, *domaine.a_demander_offre)
        retenues += [(domaine.libelle, d.fichier, d.detenteur) for d in demandes[:1]]
    return tuple(retenues)


def _niveaux(indicateur: Indicateur) -> str:
    lus = {niveau for lecture in indicateur.lectures for niveau in lecture.niveaux}
    noms = [LIBELLES_NIVEAUX[n][0] for n in Niveau if n.value in lus and n is not Niveau.LIBRE]
    return enumerer(noms)


def _producteurs(indicateur: Indicateur, depot: Depot, detenteurs: dict[str, str]) -> str:
    """Renvoie qui détient le fichier à demander, à défaut qui a produit ceux qui sont lus."""
    if indicateur.id in detenteurs:
        return detenteurs[indicateur.id]
    if indicateur.demande is not None and indicateur.demande.producteur:
        return indicateur.demande.producteur
    references = dict.fromkeys(
        terme.fichier for lecture in indicateur.lectures for terme in formules.termes_de(lecture)
    )
    return ", ".join(dict.fromkeys(depot.fichier(r)[0].producteur for r in references))


def _dire_arrondissements(observations: pl.DataFrame, referentiel: Referentiel) -> pl.DataFrame:
    """Dit d'une commune à arrondissements que sa valeur n'est donnée que par arrondissement."""
    villes = [f"COM-{c}" for c in referentiel.arrondissements_municipaux["commune"].unique()]
    confondue = pl.col("territoire").is_in(villes) & pl.col("motif").str.starts_with(
        "commune fusionnée ou séparée"
    ).fill_null(value=False)
    return observations.with_columns(
        pl.when(confondue).then(pl.lit(_PAR_ARRONDISSEMENT)).otherwise("motif").alias("motif")
    )


def _secrets(indicateurs: Sequence[Indicateur], dits: dict[str, str]) -> dict[str, str]:
    return {
        indicateur.id: phrase
        for indicateur in indicateurs
        for source, phrase in dits.items()
        if any(
            terme.fichier.partition("/")[0] == source
            for lecture in indicateur.lectures
            for terme in formules.termes_de(lecture)
        )
    }


def ecrire(profil: Profil, dossier: Path, *, nom: str, formats: Sequence[str]) -> tuple[Path, ...]:
    """Écrit la fiche dans un dossier remplacé d'un coup ; renvoie les fichiers."""
    rendus: dict[str, Callable[[Document], bytes]] = {
        "docx": _docx,
        "pdf": _pdf,
        "html": _html,
    }
    verifier_place(dossier)
    with remplacer(dossier) as travail:
        fichiers: dict[str, dict[str, Any]] = {}
        for genre in formats:
            octets = rendus[genre](profil.document)
            (travail / f"{nom}.{genre}").write_bytes(octets)
            condense = hashlib.sha256(octets).hexdigest()
            fichiers[f"{nom}.{genre}"] = {"sha256": condense, "taille": len(octets)}
        manifeste = {
            "solidiag": __version__,
            "profil": [fiche.id for fiche in profil.matiere.fiches],
            "date": profil.matiere.date.isoformat(),
            "formats": list(formats),
            "cle": profil.matiere.observations.digest,
            "fichiers": fichiers,
        }
        texte = json.dumps(manifeste, ensure_ascii=False, indent=1)
        (travail / MANIFESTE).write_text(texte + "\n", encoding="utf-8")
    return tuple(dossier / fichier for fichier in fichiers)


def _html(document: Document) -> bytes:
    from solidiag.publication.profil.html import composer

    return composer(document)


def _docx(document: Document) -> bytes:
    from solidiag.publication.rendus.docx import composer

    return composer(document, images={})


def _pdf(document: Document) -> bytes:
    from solidiag.publication.rendus.pdf import composer

    return composer(document)
