"""Du code d'un département à la matière d'une publication : besoins, offre, écarts, ordre."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import polars as pl

from solidiag import __version__
from solidiag.besoins import formules, termes
from solidiag.besoins.lissages import CLES_LISSAGES, lisser_cartes
from solidiag.besoins.types import calculer_types
from solidiag.besoins.types_modele import TypesDeTerritoires
from solidiag.catalogue.indicateur import Indicateur
from solidiag.confidentiality.publication import publier
from solidiag.ecarts.matrice import croiser
from solidiag.geography.contours import Fond, fond
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import AVEC_VALEUR
from solidiag.model.origin import Origin
from solidiag.model.territoire import Niveau
from solidiag.pipeline.acces_domaines import calculer_acces_du_diagnostic
from solidiag.pipeline.comparaisons import chercher_semblables, comparer_diagnostic
from solidiag.pipeline.coordination import calculer_coordination, charger_declarations
from solidiag.pipeline.offre import Offre, calculer_offre
from solidiag.pipeline.partenaires import publier_observations
from solidiag.pipeline.personnes import compter_personnes
from solidiag.pipeline.qualite_offre import calculer_qualite
from solidiag.pipeline.suivi import Suivi, etape
from solidiag.pipeline.tables import tables_alignees
from solidiag.priorites.criteres import evaluer_criteres, par_presence
from solidiag.priorites.ordre import ordonner
from solidiag.publication.matiere import Matiere
from solidiag.sources import territoires as sources_territoires
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

NIVEAUX_LOCAUX = (Niveau.EPCI, Niveau.ARRONDISSEMENT, Niveau.BASSIN_DE_VIE, Niveau.ZONE_EMPLOI)
"""Niveaux infradépartementaux calculés, entiers même quand ils débordent du département."""

_CHIFFRES_SIGNIFICATIFS = (14, 12)
"""Le premier arrondi ôte le bruit de calcul d'une valeur qui tombe juste entre deux."""


def charger_referentiel(depot: Depot) -> Referentiel:
    """Renvoie le référentiel des territoires embarqué."""
    return sources_territoires.charger_referentiel(depot.octets)


def territoires_du_diagnostic(referentiel: Referentiel, departement: str) -> list[str]:
    """Renvoie les identifiants des territoires du diagnostic, comparateurs compris."""
    communes = referentiel.communes_du_departement(departement)
    municipaux = referentiel.arrondissements_municipaux.filter(pl.col("commune").is_in(communes))
    ids = [f"COM-{code}" for code in communes]
    ids += [f"ARM-{code}" for code in municipaux["code"]]
    for niveau in NIVEAUX_LOCAUX:
        codes = referentiel.territoires_du_departement(departement, niveau)
        ids += [c if c.startswith(f"{niveau.value}-") else f"{niveau.value}-{c}" for c in codes]
    region = referentiel.region_du_departement(departement)
    return [*ids, f"DEP-{departement}", f"REG-{region}", "FR-FR"]


def cadre_de_calcul(referentiel: Referentiel) -> termes.Referentiel:
    """Renvoie ce que les formules demandent au référentiel."""
    niveaux = (*NIVEAUX_LOCAUX, Niveau.DEPARTEMENT, Niveau.REGION, Niveau.FRANCE)
    return termes.Referentiel(
        communes=referentiel.communes.select("code", "departement", "population"),
        appartenance=pl.concat(
            referentiel.appartenance(niveau).select("commune", "territoire") for niveau in niveaux
        ),
        arrondissements_municipaux=referentiel.arrondissements_municipaux.select("code", "commune"),
    )


def calculer_indicateurs(
    indicateurs: Iterable[Indicateur],
    depot: Depot,
    referentiel: Referentiel,
    *,
    territoires: list[str],
    cache: Cache,
) -> tuple[pl.DataFrame, dict[str, Origin]]:
    """Renvoie les observations des indicateurs pour ces territoires, et leurs provenances."""
    declares = list(indicateurs)
    requises = formules.variables_requises(declares)
    tables = tables_alignees(
        depot,
        requises,
        referentiel.passages,
        cog=referentiel.cog,
        sommables=formules.variables_sommables(declares),
        cache=cache,
    )
    return formules.calculer(
        declares,
        tables,
        cadre_de_calcul(referentiel),
        territoires=territoires,
        cog=referentiel.cog,
        retrievals={reference: depot.retrieval(reference) for reference in requises},
        couvertures={reference: depot.couverture(reference) for reference in requises},
    )


def preparer(
    code: str,
    *,
    depot: Depot,
    cache: Cache,
    suivi: Suivi,
    jour: date,
    referentiel: Referentiel | None = None,
) -> Matiere:
    """Renvoie la matière du diagnostic d'un département, entièrement calculée.

    Parameters
    ----------
    code
        Code ou nom du département.
    cache
        `Cache(None)` recalcule tout, comme le fait `solidiag verifier`.
    jour
        Date écrite dans les documents.
    """
    if referentiel is None:
        referentiel = charger_referentiel(depot)
    departement = referentiel.resoudre_departement(code)
    ids = territoires_du_diagnostic(referentiel, departement)
    region = referentiel.region_du_departement(departement)
    compares = [f"DEP-{departement}", *(t for t in ids if t.startswith("EPCI-"))]
    with etape(suivi, "Besoins") as en_cours:
        semblables = chercher_semblables(
            depot,
            referentiel,
            lambda indicateurs, voulus: calculer_indicateurs(
                indicateurs, depot, referentiel, territoires=voulus, cache=cache
            )[0],
            pour=compares,
        )
        calcules = list(dict.fromkeys([*ids, *semblables["semblable"]]))
        tous, origines = calculer_indicateurs(
            depot.indicateurs.values(), depot, referentiel, territoires=calcules, cache=cache
        )
        besoins = tous.filter(pl.col("territoire").is_in(ids))
        en_cours.detail = f"{len(depot.indicateurs)} indicateurs, {len(calcules)} territoires"
    with etape(suivi, "Comparaisons et tendances") as en_cours:
        comparees = comparer_diagnostic(
            stabiliser(tous),
            stabiliser(semblables),
            depot=depot,
            referentiel=referentiel,
            departement=departement,
            territoires=compares,
            origines=origines,
        )
        en_cours.detail = f"{len(comparees.comparaisons)} comparaisons"
    with etape(suivi, "Offre") as en_cours:
        offre = calculer_offre(
            depot,
            referentiel,
            departement=departement,
            territoires=ids,
            besoins=besoins,
            calculer_tables=lambda indicateurs: calculer_indicateurs(
                indicateurs, depot, referentiel, territoires=ids, cache=cache
            ),
        )
        origines.update(offre.origines)
        en_cours.detail = f"{offre.services.height} lignes de services"
        qualite = calculer_qualite(
            depot, referentiel, offre.services, offre.ecartes, departement=departement, jour=jour
        )
    with etape(suivi, "Coordination") as en_cours:
        coordination = calculer_coordination(
            depot, referentiel, offre, departement=departement, jour=jour
        )
        en_cours.detail = (
            f"{len(coordination['acteurs'])} acteurs, {len(coordination['liens'])} liens"
        )
    with etape(suivi, "Écarts et premier ordre"):
        observations = stabiliser(pl.concat([besoins, offre.observations]))
        epci = [t for t in ids if t.startswith("EPCI-")]
        mesures = {**depot.mesures, **offre.mesures}
        ecarts = croiser(
            depot.croisements,
            observations,
            epci=epci,
            departement=departement,
            region=region,
            indicateurs=depot.indicateurs,
            mesures=mesures,
            parametres=depot.parametres("ecarts"),
            annee=jour.year,
        )
        parametres = depot.parametres("priorites")
        criteres = evaluer_criteres(
            depot.grille,
            ecarts,
            observations,
            populations=_populations(referentiel, departement),
            departement=departement,
            region=region,
            indicateurs=depot.indicateurs,
            parametres=parametres,
            demi_pas=depot.parametres("ecarts")["demi_pas"],
        )
        priorites = ordonner(
            criteres,
            presences=par_presence(ecarts),
            approches=[d.id for d in depot.grille.domaines if d.contexte_seulement],
            parametres=parametres,
            rng=np.random.default_rng(int(parametres["graine"])),
        )
    with etape(suivi, "Personnes concernées") as en_cours:
        personnes, bases = compter_personnes(
            depot,
            observations,
            territoires=ids,
            appartenance=cadre_de_calcul(referentiel).appartenance,
            calculer=lambda indicateurs: calculer_indicateurs(
                indicateurs, depot, referentiel, territoires=ids, cache=cache
            ),
            stabiliser=stabiliser,
        )
        origines.update(bases)
        en_cours.detail = f"{len(depot.personnes)} domaines"
    with etape(suivi, "Accès par domaine") as en_cours:
        acces = calculer_acces_du_diagnostic(
            depot,
            referentiel,
            offre,
            departement=departement,
            territoires=ids,
            personnes=personnes.frame,
            besoins=besoins,
            origines=origines,
        )
        observations = pl.concat([observations, stabiliser(acces.observations)])
        mesures.update(acces.mesures)
        origines.update(acces.origines)
        en_cours.detail = f"{acces.observations['indicateur'].n_unique()} mesures"
    with etape(suivi, "Fond de carte"):
        contours = sources_territoires.charger_contours(depot.octets)
        carte = fond(referentiel, contours, departement)
    with etape(suivi, "Types de territoires"):
        types = _types(depot, referentiel, observations, carte, epci=epci)
    publiees = publier_observations(observations, depot=depot, referentiel=referentiel)
    lissages = lisser_cartes(
        publiees.frame,
        communes=[f"COM-{c}" for c in referentiel.communes_du_departement(departement)],
        departement=f"DEP-{departement}",
        indicateurs=depot.indicateurs,
        parametres=depot.parametres("lissages"),
    )
    return Matiere(
        departement=referentiel.territoire(f"DEP-{departement}"),
        date=jour,
        version=__version__,
        referentiel=referentiel,
        observations=publiees,
        ecarts=publier(ecarts, "ecarts"),
        priorites=publier(priorites, "priorites"),
        services=publier(offre.services, "services"),
        comparaisons=comparees.comparaisons,
        tendances=comparees.tendances,
        semblables=comparees.semblables,
        paires=offre.paires,
        comptes=_comptes(referentiel, departement, depot, offre, besoins=besoins),
        grille=depot.grille,
        indicateurs=depot.indicateurs,
        mesures=mesures,
        croisements=depot.croisements,
        sources=depot.sources,
        verrous=depot.verrous,
        origines=origines,
        fond=carte,
        categories={nom: c.libelle for nom, c in offre.categories.items()},
        reseaux_des_categories={nom: c.reseau for nom, c in offre.categories.items() if c.reseau},
        vocabulaire_services=depot.declaration("services/vocabulaire.yaml"),
        catalogue=depot.catalogue,
        glossaire=tuple((t, d) for t, d in depot.declaration("glossaire.yaml")),
        types=types,
        personnes=personnes,
        comptes_de_personnes=depot.personnes,
        lissages=publier(stabiliser(lissages), "lissages", cles=CLES_LISSAGES),
        acces_zonages=publier(
            stabiliser(acces.zonages), "acces_zonages", cles=("indicateur", "zonage", "valeur")
        ),
        acces_domaines=publier(acces.resumes, "acces_domaines", cles=("domaine",)),
        reglages=depot.regles(),
        types_de_dispositifs=charger_declarations(depot).types,
        coordination=coordination,
        qualite_offre=qualite.territoires,
        qualite_services=qualite.services,
        services_ecartes=qualite.ecartes,
        arbitrages=publier(
            offre.comparees.filter(pl.col("arbitrage").is_not_null()),
            "arbitrages",
            cles=("id_a", "id_b"),
        ),
    )


def _types(
    depot: Depot,
    referentiel: Referentiel,
    observations: pl.DataFrame,
    carte: Fond,
    *,
    epci: list[str],
) -> TypesDeTerritoires:
    parametres = depot.parametres("types")
    communes = referentiel.communes_du_departement(carte.departement)
    return calculer_types(
        observations,
        territoires={"COM": [f"COM-{code}" for code in communes], "EPCI": epci},
        indicateurs=depot.indicateurs,
        populations=referentiel.populations,
        surfaces={f"COM-{code}": surface for code, surface in carte.communes.items()},
        parametres=parametres,
        rng=np.random.default_rng(int(parametres["graine"])),
    )


def stabiliser(observations: pl.DataFrame) -> pl.DataFrame:
    """Renvoie les observations à douze chiffres significatifs.

    Une somme faite par plusieurs fils d'exécution n'a pas toujours le même dernier bit : sans cet
    arrondi, deux calculs des mêmes fichiers ne donneraient pas les mêmes octets.
    """
    decimaux = [nom for nom, genre in observations.schema.items() if genre == pl.Float64]
    arrondi = pl.col(decimaux)
    for chiffres in _CHIFFRES_SIGNIFICATIFS:
        arrondi = arrondi.round_sig_figs(chiffres)
    return observations.with_columns(arrondi)


def _populations(referentiel: Referentiel, departement: str) -> Mapping[str, float]:
    """Renvoie la population de chaque intercommunalité dans le département."""
    communes = referentiel.communes.filter(pl.col("departement") == departement)
    sommes = communes.group_by("epci").agg(pl.col("population").sum())
    return {f"EPCI-{epci}": float(p or 0) for epci, p in sommes.iter_rows() if epci}


def _comptes(
    referentiel: Referentiel,
    departement: str,
    depot: Depot,
    offre: Offre,
    *,
    besoins: pl.DataFrame,
) -> dict[str, float]:
    services = offre.services
    locaux = besoins.filter(
        pl.col("status").is_in(list(AVEC_VALEUR)),
        ~pl.col("territoire").str.starts_with("REG-"),
        pl.col("territoire") != "FR-FR",
    )
    muettes = [
        source
        for source in depot.sources.values()
        if not any((f.couverture or source.couverture).couvre(departement) for f in source.fichiers)
    ]
    return {
        "communes": len(referentiel.communes_du_departement(departement)),
        "intercommunalités": len(referentiel.epci_du_departement(departement)),
        "indicateurs documentés ici": locaux["indicateur"].n_unique(),
        "lignes de services": services.height,
        "services distincts": services["groupe"].n_unique() if services.height else 0,
        "sources": len(depot.sources),
        "sources qui ne couvrent pas ce département": len(muettes),
    }
