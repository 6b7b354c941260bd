"""Remonter d'un chiffre publié aux cellules des fichiers d'où il vient."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from solidiag.besoins.formules import termes_de
from solidiag.besoins.tracer import Chaine, TermeTrace, lectures_possibles, tracer
from solidiag.catalogue.indicateur import ACCES, Indicateur, Lecture, MesureOffre, Terme
from solidiag.catalogue.service import lire_categories
from solidiag.errors import IndicateurAmbigu, IndicateurInconnu, TerritoireInconnu
from solidiag.geography.recherche import simplifier
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import AVEC_VALEUR, MARQUES
from solidiag.model.origin import Retrieval
from solidiag.model.territoire import Territoire
from solidiag.offre.acces_mesures import PREFIXE
from solidiag.offre.doublons import un_par_service
from solidiag.offre.mesures import categories_de, en_indicateur, mesurables
from solidiag.pipeline.calculs import (
    cadre_de_calcul,
    calculer_indicateurs,
    charger_referentiel,
)
from solidiag.pipeline.explication_acces import expliquer_acces
from solidiag.pipeline.explication_propre import Explication, expliquer_composition
from solidiag.pipeline.inventaire_indicateurs import semblables
from solidiag.pipeline.mesures_deduites import nommees
from solidiag.pipeline.offre import inventorier
from solidiag.pipeline.profil_territoires import Sujet, resoudre
from solidiag.pipeline.services_lus import couvertures_des_listes
from solidiag.publication.francais import de, formater
from solidiag.publication.matiere import bornes_imprimees
from solidiag.sources.registre import lire, lire_cellules
from solidiag.storage.cache import Cache, dossier_de_cache
from solidiag.storage.depot import Depot

_SERVICES_MONTRES = 40
_PROPRE = "LIB-"

Demandeur = Callable[[Referentiel, Depot], Sujet]
"""Donne un territoire, une fois le référentiel chargé."""


def expliquer(
    identifiant: str,
    code: str,
    *,
    periode: str = "",
    depot: Depot | None = None,
    cache: Cache | None = None,
    demandeur: Demandeur | None = None,
) -> Explication:
    """Renvoie la chaîne d'un indicateur ou d'une mesure d'offre dans un territoire.

    Parameters
    ----------
    identifiant
        Indicateur de besoin, mesure d'offre, mesure d'accès (``offre.<mesure>.temps``,
        ``acces.<domaine>.temps``), ou nom tel qu'une fiche ou un tableau l'imprime.
    code
        Code ou identifiant du territoire, ancien code compris. D'un territoire propre (canton,
        zonage), seules ses communes et leur part sont rendues.
    demandeur
        À la place du code : de quoi lire un territoire propre (liste de communes, dessin).

    Raises
    ------
    IndicateurInconnu, TerritoireInconnu
        Si l'un ou l'autre n'existe pas, avec des noms proches.
    IndicateurAmbigu
        Si plusieurs mesures portent ce nom : la même ligne, dans plusieurs domaines.
    """
    depot = depot or Depot()
    cache = cache or Cache(dossier_de_cache())
    referentiel = charger_referentiel(depot)
    identifiant = _par_libelle(depot, identifiant, code=code)
    if identifiant.startswith(PREFIXE):
        lieu = _resoudre(code, referentiel, depot).territoire
        acces, sources = expliquer_acces(
            identifiant, lieu, depot=depot, referentiel=referentiel, cache=cache
        )
        return replace(acces, contenu=(*acces.contenu, *_fichiers_de(depot, sources)))
    declaration, suffixe = _declaration(depot, identifiant)
    sujet = demandeur(referentiel, depot) if demandeur else _resoudre(code, referentiel, depot)
    if sujet.propre is not None:
        return expliquer_composition(declaration, sujet, referentiel)
    territoire = sujet.territoire
    if isinstance(declaration, MesureOffre):
        return _expliquer_services(depot, referentiel, declaration, territoire, suffixe=suffixe)
    return _expliquer_table(
        depot, referentiel, declaration, territoire, periode=periode, cache=cache
    )


def _declaration(depot: Depot, identifiant: str) -> tuple[Indicateur | MesureOffre, str]:
    if identifiant in depot.catalogue:
        return depot.catalogue[identifiant], ""
    nom, suffixe = identifiant, ""
    if identifiant.startswith("offre."):
        nom, _, suffixe = identifiant.removeprefix("offre.").rpartition(".")
    mesure = depot.mesures.get(nom)
    if mesure is None:
        connus = [*depot.catalogue, *depot.mesures]
        proches = (
            difflib.get_close_matches(identifiant, connus, n=5, cutoff=0.8)
            or semblables(identifiant, depot=depot)
            or difflib.get_close_matches(identifiant, connus, n=5, cutoff=0.6)
        )
        raise IndicateurInconnu(identifiant, proches=proches)
    return (en_indicateur(mesure) if mesure.origine == "table" else mesure), suffixe


def _resoudre(code: str, referentiel: Referentiel, depot: Depot) -> Sujet:
    propre = code.strip().upper().startswith(_PROPRE)
    try:
        return resoudre(code.strip()[len(_PROPRE) :] if propre else code, referentiel, depot.octets)
    except TerritoireInconnu as erreur:
        if not propre:
            raise
        raise TerritoireInconnu(
            code.strip(),
            cog=referentiel.cog,
            motif=(
                "est un territoire propre, dont la composition n'est gardée nulle part : redonnez "
                "--communes LISTE ou --geojson FICHIER à la place du code"
            ),
        ) from erreur


def _par_libelle(depot: Depot, texte: str, *, code: str) -> str:
    """Renvoie l'identifiant d'un nom imprimé, court d'abord, entier ensuite ; sinon le texte.

    Raises
    ------
    IndicateurAmbigu
        Si plusieurs mesures portent ce nom.
    """
    declares: list[Indicateur | MesureOffre] = [*depot.catalogue.values(), *depot.mesures.values()]
    cherche = simplifier(texte)
    if any(texte == d.id for d in declares) or texte.startswith((PREFIXE, "offre.")):
        return texte
    courts = [d.id for d in declares if simplifier(d.libelle_court) == cherche]
    entiers = [d.id for d in declares if simplifier(d.libelle) == cherche]
    trouves = courts or entiers or nommees(depot, texte)
    if len(trouves) > 1:
        raise IndicateurAmbigu(texte, code=code, candidats=trouves)
    return trouves[0] if trouves else texte


def _expliquer_table(
    depot: Depot,
    referentiel: Referentiel,
    indicateur: Indicateur,
    territoire: Territoire,
    *,
    periode: str,
    cache: Cache,
) -> Explication:
    titre = f"{indicateur.libelle} – {territoire.nom} ({territoire.id})"
    if not indicateur.lectures:
        return Explication(titre=titre, contenu=tuple(_a_demander(indicateur)))
    possibles = lectures_possibles(indicateur, territoire.id, periode)
    if not possibles:
        niveaux = sorted({n for lecture in indicateur.lectures for n in lecture.niveaux})
        texte = f"Non documenté à ce niveau ; niveaux lus : {', '.join(niveaux)}."
        return Explication(titre=titre, contenu=((1, texte),))
    retenue: tuple[Lecture, dict[str, object]] | None = None
    for lecture in possibles:
        seul = indicateur.model_copy(update={"lectures": (lecture,)})
        observations, _ = calculer_indicateurs(
            [seul], depot, referentiel, territoires=[territoire.id], cache=cache
        )
        ligne = observations.row(0, named=True)
        if retenue is None or ligne["status"] in AVEC_VALEUR:
            retenue = lecture, ligne
        if ligne["status"] in AVEC_VALEUR:
            break
    if retenue is None:
        return Explication(titre=titre, contenu=())
    lecture, ligne = retenue
    contenu = [(1, f"Définition : {indicateur.definition}"), *_valeur(indicateur, lecture, ligne)]
    chaine = _tracer(depot, referentiel, indicateur, lecture, territoire)
    contenu += [(1, f"Calcul : {chaine.explication}")]
    for declare, terme in zip(termes_de(lecture), chaine.termes, strict=True):
        contenu += _terme(depot, declare, terme)
    return Explication(titre=titre, contenu=tuple(contenu))


def _a_demander(indicateur: Indicateur) -> Iterator[tuple[int, str]]:
    """Parcourt ce qu'il faut fournir pour documenter un indicateur qu'aucun fichier ne porte."""
    yield 1, f"Définition : {indicateur.definition}"
    yield 1, "Non documenté : aucun fichier embarqué ni ajouté ne porte cet indicateur."
    demande = indicateur.demande
    if demande is None:
        return
    yield 1, f"Fichier à fournir : {demande.fichier} ({demande.millesime})"
    yield 2, f"{demande.producteur}, {demande.jeu_de_donnees} ; {ACCES[demande.acces]}"
    yield 2, f"variables : {demande.variables}"
    if demande.adresse:
        yield 2, demande.adresse
    yield 1, "Une fois obtenu : solidiag sources importer FICHIER"
    yield 1, "S'il n'est pas reconnu, ou si la table est la vôtre :"
    nom = indicateur.id
    yield 2, f"solidiag sources importer TABLE --modele {nom}.yaml --remplit {nom}"
    yield 2, f"puis solidiag sources importer TABLE --declaration {nom}.yaml"


def _valeur(
    indicateur: Indicateur, lecture: Lecture, ligne: dict[str, object]
) -> list[tuple[int, str]]:
    statut = str(ligne["status"])
    valeur = ligne["value"]
    if statut not in AVEC_VALEUR or not isinstance(valeur, float):
        motif = f" : {ligne['motif']}" if ligne["motif"] else ""
        return [(1, f"Valeur ({lecture.periode}) : {MARQUES[statut]}{motif}")]
    imprimee = formater(
        valeur,
        indicateur.unite,
        decimales=lecture.decimales,
        precision=str(ligne["precision"] or "exact"),
    )
    lignes = [(1, f"Valeur ({lecture.periode}) : {imprimee}")]
    if isinstance(ligne["lower"], float) and isinstance(ligne["upper"], float):
        bornes = bornes_imprimees(
            ligne["lower"], ligne["upper"], indicateur.unite, decimales=lecture.decimales
        )
        lignes.append((1, f"Intervalle : {' à '.join(bornes)} ({ligne['method']})"))
    elif ligne["motif"]:
        lignes.append((1, f"Pas d'intervalle : {ligne['motif']}"))
    if ligne["n_publies"] is not None and ligne["n_total"] is not None:
        lignes.append((1, f"Communes lues : {ligne['n_publies']} sur {ligne['n_total']}"))
    return lignes


def _tracer(
    depot: Depot,
    referentiel: Referentiel,
    indicateur: Indicateur,
    lecture: Lecture,
    territoire: Territoire,
) -> Chaine:
    brutes: dict[str, pl.DataFrame] = {}
    passages: dict[str, pl.DataFrame] = {}
    retrievals: dict[str, Retrieval] = {}
    for terme in termes_de(lecture):
        source, fichier = depot.fichier(terme.fichier)
        variables = {*terme.variables, *terme.moins}
        lue = lire(depot.octets(fichier.fichier), source, fichier, variables=variables)
        connue = brutes.get(terme.fichier)
        brutes[terme.fichier] = lue if connue is None else pl.concat([connue, lue]).unique()
        passages[terme.fichier] = referentiel.passages.entre(fichier.cog, referentiel.cog)
        retrievals[terme.fichier] = depot.retrieval(terme.fichier)
    return tracer(
        indicateur,
        lecture,
        territoire.id,
        brutes=brutes,
        passages=passages,
        referentiel=cadre_de_calcul(referentiel),
        retrievals=retrievals,
    )


def _terme(depot: Depot, declare: Terme, terme: TermeTrace) -> list[tuple[int, str]]:
    source, fichier = depot.fichier(declare.fichier)
    bruts = lire_cellules(
        depot.octets(fichier.fichier),
        source,
        fichier,
        variables={*declare.variables, *declare.moins},
        lignes=[cellule.ligne for cellule in terme.cellules],
    )
    textes = {
        (ligne["ligne"], ligne["variable"], ligne["periode"]): ligne["brut"]
        for ligne in bruts.iter_rows(named=True)
    }
    lignes = [(1, f"{terme.role.capitalize()} : {terme.expression}")]
    lignes += fiche_fichier(terme.retrieval, producteur=source.producteur, titre=source.titre)
    if source.seuil_secret:
        lignes += [(2, limite) for limite in source.limites[-1:]]
    for cellule in terme.cellules:
        texte = textes.get((cellule.ligne, cellule.colonne, cellule.periode))
        ancien = f" (devenu {cellule.code_courant})" if cellule.code != cellule.code_courant else ""
        lu = f"« {texte} »" if texte is not None else "cellule vide"
        place = f"ligne {cellule.ligne}, colonne {cellule.colonne}, code {cellule.code}"
        lignes.append((3, f"{place}{ancien} : {lu}"))
    reste = terme.total_cellules - len(terme.cellules)
    if reste > 0:
        lignes.append((3, f"… et {reste} autres cellules"))
    return lignes


def fiche_fichier(retrieval: Retrieval, *, producteur: str, titre: str) -> list[tuple[int, str]]:
    """Renvoie les lignes qui décrivent un fichier : producteur, licence, empreinte, copie."""
    lignes = [
        (2, f"{producteur}, {titre}, millésime {retrieval.millesime}"),
        (2, f"fichier {retrieval.fichier} ({retrieval.size} octets, sha256 {retrieval.sha256})"),
        (2, f"licence {retrieval.licence} ; obtenu le {retrieval.retrieved_at} ; {retrieval.url}"),
    ]
    if retrieval.copie == "retravaillee":
        lignes.append(
            (2, f"copie retravaillée : {retrieval.copie_note} La chaîne s'arrête à cette copie.")
        )
    return lignes


def _expliquer_services(
    depot: Depot,
    referentiel: Referentiel,
    mesure: MesureOffre,
    territoire: Territoire,
    *,
    suffixe: str,
) -> Explication:
    communes = set(referentiel.communes_de(territoire.id))
    departements = sorted(
        referentiel.communes.filter(pl.col("code").is_in(communes))["departement"].unique()
    )
    titre = f"{mesure.libelle} – {territoire.nom} ({territoire.id})"
    if len(departements) != 1 and not territoire.id.startswith("EPCI-"):
        texte = (
            "L'inventaire se fait département par département : demandez un territoire d'un seul."
        )
        return Explication(titre=titre, contenu=((1, texte),))
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    inventaire, origines = inventorier(
        depot, referentiel, departement=departements[0], categories=categories
    )
    comptes = mesurables(inventaire.services, couvertures_des_listes(depot, inventaire))
    retenus = un_par_service(
        comptes.filter(
            pl.col("categorie").is_in(categories_de(mesure)), pl.col("code_insee").is_in(communes)
        )
    )
    contenu: list[tuple[int, str]] = [(1, f"Services comptés : {retenus.height}")]
    if suffixe:
        contenu.append(
            (
                1,
                "Mesure d'accès : temps estimé (vol d'oiseau, détour, vitesse selon la densité) de "
                f"chaque commune {de(territoire)} au service le plus proche, voisins compris ; "
                "conventions dans declarations/parametres/temps_de_trajet.yaml.",
            )
        )
    contenu += _services(retenus)
    for source_id in sorted(set(retenus["source"])):
        source = depot.sources[source_id]
        for origine in origines.get(source_id, []):
            for retrieval in origine.retrievals:
                contenu += fiche_fichier(
                    retrieval, producteur=source.producteur, titre=source.titre
                )
    return Explication(titre=titre, contenu=tuple(contenu))


def _fichiers_de(depot: Depot, sources: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Parcourt les fichiers de services de ces sources."""
    for nom in sources:
        source = depot.sources[nom]
        for fichier in source.fichiers:
            yield from fiche_fichier(
                depot.retrieval(f"{nom}/{fichier.id}"),
                producteur=source.producteur,
                titre=source.titre,
            )


def _services(retenus: pl.DataFrame) -> Sequence[tuple[int, str]]:
    lignes = [
        (
            2,
            f"{service['nom']}, {service['commune'] or service['code_insee']} "
            f"({service['origin']}, ligne {service['ligne']}, {service['date_source']})",
        )
        for service in retenus.head(_SERVICES_MONTRES).iter_rows(named=True)
    ]
    reste = retenus.height - len(lignes)
    if reste > 0:
        lignes.append((2, f"… et {reste} autres services"))
    return lignes
