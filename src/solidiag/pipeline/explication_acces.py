"""Remonter d'un accès par domaine à ses lieux, à leurs temps et aux fichiers d'où ils viennent."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from solidiag.besoins.personnes import compter
from solidiag.catalogue.indicateur import Indicateur
from solidiag.catalogue.service import lire_categories
from solidiag.confidentiality.publication import publier
from solidiag.errors import IndicateurInconnu
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import AVEC_VALEUR, MARQUES
from solidiag.model.personnes import CLES_PERSONNES
from solidiag.model.territoire import Territoire
from solidiag.offre.acces_mesures import PREFIXE
from solidiag.offre.inventaire import Inventaire
from solidiag.pipeline.acces_domaines import AccesParDomaine, calculer_acces_par_domaine
from solidiag.pipeline.calculs import (
    cadre_de_calcul,
    calculer_indicateurs,
    stabiliser,
    territoires_du_diagnostic,
)
from solidiag.pipeline.explication_propre import Explication
from solidiag.pipeline.offre import charger_cadre, inventorier
from solidiag.pipeline.services_lus import couvertures_des_listes
from solidiag.publication.francais import formater
from solidiag.publication.matiere import bornes_imprimees
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

_LIEUX_MONTRES = 40


def expliquer_acces(
    identifiant: str,
    territoire: Territoire,
    *,
    depot: Depot,
    referentiel: Referentiel,
    cache: Cache,
) -> tuple[Explication, tuple[str, ...]]:
    """Renvoie la chaîne d'une mesure d'accès, et les sources de services lues.

    Parameters
    ----------
    identifiant
        ``acces.<domaine>.<mesure>``.

    Raises
    ------
    IndicateurInconnu
        Si le domaine ou la mesure n'existe pas, avec des noms proches.
    """
    domaine, _, _ = identifiant.removeprefix(PREFIXE).rpartition(".")
    domaines = [d.id for d in depot.grille.domaines]
    if domaine not in domaines:
        proches = difflib.get_close_matches(domaine, domaines, n=5, cutoff=0.5)
        raise IndicateurInconnu(identifiant, proches=[f"{PREFIXE}{p}.temps" for p in proches])
    codes = set(referentiel.communes_de(territoire.id))
    departements = sorted(
        referentiel.communes.filter(pl.col("code").is_in(codes))["departement"].unique()
    )
    if len(departements) != 1 and not territoire.id.startswith("EPCI-"):
        texte = "L'accès se mesure département par département : demandez un territoire d'un seul."
        return Explication(titre=identifiant, contenu=((1, texte),)), ()
    departement = departements[0]
    acces, inventaire = _calculer(depot, referentiel, domaine, departement=departement, cache=cache)
    connues = sorted(acces.mesures)
    if identifiant not in acces.mesures:
        if any(nom.startswith(f"{PREFIXE}{domaine}.") for nom in connues):
            raise IndicateurInconnu(
                identifiant, proches=[n for n in connues if n.startswith(f"{PREFIXE}{domaine}.")]
            )
        resume = acces.resumes.filter(pl.col("domaine") == domaine).row(0, named=True)
        return Explication(
            titre=f"{identifiant} – {territoire.nom} ({territoire.id})",
            contenu=(
                (1, f"Non documenté : {resume['reserve']}"),
                (1, f"Il faudrait : {resume['manque']}"),
                (2, f"détenteur : {resume['detenteur']}"),
            ),
        ), ()
    mesure = acces.mesures[identifiant]
    lignes = acces.observations.filter(
        (pl.col("indicateur") == identifiant) & (pl.col("territoire") == territoire.id)
    )
    contenu: list[tuple[int, str]] = []
    if lignes.is_empty():
        contenu.append((1, "Cette mesure ne se lit pas à ce niveau de territoire."))
    else:
        contenu += _valeur(lignes.row(0, named=True), mesure.unite)
        contenu += _calcul(acces, lignes["origin"][0], mesure.reserve)
    lieux = inventaire.services.filter(
        pl.col("domaines").list.contains(domaine)
        | pl.col("categorie").is_in(mesure.selection["categories"])
    ).filter(pl.col("id") == pl.coalesce("groupe", "id"))
    ici = lieux.filter(pl.col("code_insee").is_in(codes))
    contenu.append((1, f"Services connus dans le territoire : {ici.height}"))
    contenu += _services(ici)
    return Explication(
        titre=f"{mesure.libelle} – {territoire.nom} ({territoire.id})", contenu=tuple(contenu)
    ), tuple(sorted(set(lieux["source"])))


def _calculer(
    depot: Depot, referentiel: Referentiel, domaine: str, *, departement: str, cache: Cache
) -> tuple[AccesParDomaine, Inventaire]:
    """Accès du département, avec le public du seul domaine demandé."""
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    inventaire, provenances = inventorier(
        depot, referentiel, departement=departement, categories=categories
    )
    ids = territoires_du_diagnostic(referentiel, departement)
    declaration = depot.personnes[domaine]
    compte = declaration.compte
    noms = [compte.indicateur, compte.base, compte.majorant] if compte else []
    bases: dict[str, Indicateur] = {**depot.indicateurs, **depot.bases}
    observations, origines = calculer_indicateurs(
        [bases[nom] for nom in dict.fromkeys(noms) if nom in bases],
        depot,
        referentiel,
        territoires=ids,
        cache=cache,
    )
    personnes = publier(
        stabiliser(
            compter(
                [declaration],
                stabiliser(observations),
                territoires=ids,
                axes={d.id: d.axe for d in depot.grille.domaines},
                appartenance=cadre_de_calcul(referentiel).appartenance,
            )
        ),
        "personnes",
        cles=CLES_PERSONNES,
    )
    acces = calculer_acces_par_domaine(
        depot,
        referentiel,
        departement=departement,
        territoires=ids,
        inventaire=inventaire,
        cadre=charger_cadre(depot, referentiel),
        categories=categories,
        couvertures=couvertures_des_listes(depot, inventaire),
        personnes=personnes.frame,
        provenances=provenances,
        origines=origines,
        domaines=(domaine,),
    )
    return acces, inventaire


def _valeur(ligne: dict[str, object], unite: str) -> Iterator[tuple[int, str]]:
    valeur, statut = ligne["value"], str(ligne["status"])
    if statut not in AVEC_VALEUR or not isinstance(valeur, float):
        motif = f" : {ligne['motif']}" if ligne["motif"] else ""
        yield 1, f"Valeur ({ligne['periode']}) : {MARQUES[statut]}{motif}"
        return
    yield 1, f"Valeur ({ligne['periode']}) : {formater(valeur, unite)}"
    if isinstance(ligne["lower"], float) and isinstance(ligne["upper"], float):
        bornes = bornes_imprimees(ligne["lower"], ligne["upper"], unite, decimales=1)
        yield 1, f"Intervalle : {' à '.join(bornes)} ({ligne['method']})"
    if ligne["motif"]:
        yield 1, f"À savoir : {ligne['motif']}"


def _calcul(acces: AccesParDomaine, origine: str, reserve: str) -> Iterable[tuple[int, str]]:
    derivation = acces.origines[origine].to_dict()
    parametres = dict(derivation["parameters"])
    noms = {
        "categories": "catégories",
        "decroissance": "décroissance",
        "methode": "méthode",
        "points": "départ",
        "public": "public",
        "seuil_min": "seuil, en minutes",
        "trajets": "trajets",
    }
    yield 1, f"Calcul : {derivation['operation']}, version {derivation['version']}"
    for cle, nom in noms.items():
        yield 2, f"{nom} : {parametres[cle]}"
    yield 2, "réglages dans declarations/parametres/acces.yaml"
    yield 1, f"Réserves : {reserve}"


def _services(retenus: pl.DataFrame) -> Sequence[tuple[int, str]]:
    lignes = [
        (
            2,
            f"{service['nom']}, {service['commune'] or service['code_insee']} "
            f"({service['origin']}, ligne {service['ligne']}, {service['date_source']})",
        )
        for service in retenus.head(_LIEUX_MONTRES).iter_rows(named=True)
    ]
    reste = retenus.height - len(lignes)
    return [*lignes, (2, f"… et {reste} autres services")] if reste > 0 else lignes
