"""Ce qui est à portée d'une commune ou d'un point, et le bilan de l'offre d'un département."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from datetime import date

import polars as pl

from solidiag.catalogue.grille import Demande, Domaine
from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.errors import ChoixInconnu, TerritoireInconnu
from solidiag.geography.couples import Itineraires
from solidiag.geography.lieux import Doute, Lieux
from solidiag.geography.recherche import simplifier
from solidiag.geography.referentiel import Referentiel
from solidiag.model.territoire import Territoire
from solidiag.offre.alentour import Alentour, Filtre, chercher
from solidiag.offre.cadre import Cadre, grand_cercle_km
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.manques import manques_d_offre
from solidiag.offre.reglages_acces import lire_reglages_acces
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.inventaire_sources import AGE_SIGNALE_MOIS
from solidiag.pipeline.offre import charger_cadre, inventorier
from solidiag.pipeline.qualite_offre import calculer_qualite
from solidiag.pipeline.trajets import fournisseur_de_trajets
from solidiag.sources.classeurs.lexique import dans_la_liste
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

MINUTES = 30.0
_ELOIGNEMENT_KM = 30.0


@dataclass(frozen=True, kw_only=True)
class Question:
    """Ce qu'une personne demande.

    Parameters
    ----------
    lieu
        Nom ou code de la commune de départ ; vide si un point est donné.
    point
        Latitude et longitude, en degrés.
    domaines, publics
        Identifiants ou libellés.
    """

    lieu: str = ""
    point: tuple[float, float] | None = None
    domaines: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    minutes: float = MINUTES
    samedi: bool = False
    soir: bool = False
    mode: str = "voiture"


@dataclass(frozen=True, kw_only=True, eq=False)
class Reponse:
    """Ce que l'on répond.

    Parameters
    ----------
    depart
        Commune de départ, ou celle du point.
    fournisseur
        Nom imprimé du fournisseur de temps de trajet ; ``estime`` s'il est une convention.
    demandes
        Domaine demandé → ce qui manque, et qui le détient.
    categories, libelles, titres, zones
        Libellé des catégories qui disent de quel service il s'agit, et des domaines ; titre des
        sources ; nom des territoires que des services desservent.
    """

    departement: Territoire
    depart: Territoire
    point: tuple[float, float] | None
    question: Question
    filtre: Filtre
    alentour: Alentour
    fournisseur: str
    estime: bool
    remarques: tuple[str, ...]
    domaines: tuple[Domaine, ...]
    demandes: dict[str, tuple[Demande, ...]]
    categories: dict[str, str]
    libelles: dict[str, str]
    titres: dict[str, str]
    zones: dict[str, str]
    jour: date


@dataclass(frozen=True, kw_only=True)
class LigneDomaine:
    """Un domaine dans le bilan d'un département.

    Parameters
    ----------
    services
        Services distincts dont c'est une offre propre, dans le département : ceux du rapport.
    communes
        Communes du département qui en ont un.
    date
        Date médiane de l'information, celle du rapport ; vide si aucun n'est daté.
    etat
        Ce que les sources en disent (`solidiag.offre.manques.MANQUES`).
    """

    domaine: Domaine
    services: int
    communes: int
    date: str
    etat: str
    demandes: tuple[Demande, ...]


@dataclass(frozen=True, kw_only=True)
class LigneSource:
    """Une source dans le bilan d'un département."""

    id: str
    titre: str
    lignes: int
    date: str
    ancienne: bool


@dataclass(frozen=True, kw_only=True)
class BilanOffre:
    """L'offre connue d'un département.

    Parameters
    ----------
    services, lignes
        Services distincts, et lignes des sources qui les décrivent.
    fermes, a_distance
        Services fermés écartés ; services à distance, sans lieu.
    """

    departement: Territoire
    services: int
    lignes: int
    fermes: int
    a_distance: int
    domaines: tuple[LigneDomaine, ...]
    sources: tuple[LigneSource, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Base:
    """Inventaire d'un département, et de quoi l'interroger."""

    depot: Depot
    referentiel: Referentiel
    departement: str
    cadre: Cadre
    categories: dict[str, CategorieService]
    inventaire: Inventaire = field(repr=False)

    @classmethod
    def charger(cls, code: str, *, depot: Depot | None = None, cache: Cache | None = None) -> Base:
        """Renvoie l'inventaire d'un département, relu du cache s'il n'a pas changé.

        Raises
        ------
        TerritoireInconnu
            Si ce n'est pas un département.
        """
        depot = depot or Depot()
        referentiel = charger_referentiel(depot)
        departement = referentiel.resoudre_departement(code)
        categories = lire_categories(depot.declaration("services/categories.yaml"))
        cache = cache or Cache(None)
        inventaire = _du_cache(cache, depot, referentiel, departement)
        if inventaire is None:
            inventaire, _ = inventorier(
                depot, referentiel, departement=departement, categories=categories
            )
            for nom, table in _tables(inventaire).items():
                cache.garder(_cle(depot, departement, nom), table)
        return cls(
            depot=depot,
            referentiel=referentiel,
            departement=departement,
            cadre=charger_cadre(depot, referentiel),
            categories=categories,
            inventaire=inventaire,
        )

    @property
    def territoire(self) -> Territoire:
        """Le département."""
        return self.referentiel.territoire(f"DEP-{self.departement}")


def _tables(inventaire: Inventaire) -> dict[str, pl.DataFrame]:
    valeurs = {f.name: getattr(inventaire, f.name) for f in fields(inventaire)}
    return {nom: v for nom, v in valeurs.items() if isinstance(v, pl.DataFrame)}


def _cle(depot: Depot, departement: str, nom: str) -> str:
    texte = json.dumps(["inventaire", depot.empreinte, departement, nom])
    return hashlib.sha256(texte.encode()).hexdigest()


def _du_cache(
    cache: Cache, depot: Depot, referentiel: Referentiel, departement: str
) -> Inventaire | None:
    noms = [f.name for f in fields(Inventaire) if f.name not in ("departement", "limitrophes")]
    lues = {nom: cache.lire(_cle(depot, departement, nom)) for nom in noms}
    entieres = {nom: table for nom, table in lues.items() if table is not None}
    if len(entieres) < len(noms):
        return None
    return Inventaire(
        departement=departement,
        limitrophes=tuple(referentiel.limitrophes(departement)),
        **entieres,
    )


def repondre(
    base: Base,
    question: Question,
    *,
    jour: date,
    itineraires: Itineraires | None = None,
) -> Reponse:
    """Renvoie ce qui est à portée.

    Parameters
    ----------
    itineraires
        Fournisseur de temps de trajet ; celui du département par défaut.

    Raises
    ------
    TerritoireInconnu
        Commune inconnue ou ambiguë, point loin de tout, lieu d'un autre département, domaine ou
        public inconnu.
    """
    depot = base.depot
    libelles = {d.id: d.libelle for d in depot.grille.domaines}
    publics = dict(depot.declaration("services/publics.yaml"))
    filtre = Filtre(
        minutes=question.minutes,
        domaines=tuple(_choisir(texte, libelles, "domaine") for texte in question.domaines),
        publics=tuple(_choisir(texte, publics, "public") for texte in question.publics),
        samedi=question.samedi,
        soir=question.soir,
        age_ancien=AGE_SIGNALE_MOIS,
    )
    commune = _commune_de_depart(base, question)
    communes = base.cadre.communes.filter(pl.col("departement") == base.departement)
    fournisseur = itineraires or fournisseur_de_trajets(
        depot, mode=question.mode, communes=communes
    )
    alentour = chercher(
        base.inventaire,
        filtre,
        depart=_depart(base.cadre, commune, question.point),
        cadre=base.cadre,
        itineraires=fournisseur,
        reglages=lire_reglages_acces(
            depot.declaration("parametres/acces.yaml"),
            domaines=tuple(libelles),
            categories=tuple(base.categories),
        ),
        categories=base.categories,
        jour=jour,
    )
    domaines = tuple(depot.grille.domaine(d) for d in filtre.domaines)
    return Reponse(
        departement=base.territoire,
        depart=base.referentiel.territoire(f"COM-{commune}"),
        point=question.point,
        question=question,
        filtre=filtre,
        alentour=alentour,
        fournisseur=fournisseur.nom,
        estime=fournisseur.estime,
        remarques=fournisseur.remarques,
        domaines=domaines,
        demandes={domaine.id: domaine.a_demander_offre for domaine in domaines},
        categories={nom: c.libelle for nom, c in base.categories.items() if not c.generique},
        libelles=libelles,
        titres={s.id: s.titre for s in depot.sources.values()},
        zones={
            code: base.cadre.noms_de_zones.get(code, code)
            for code in alentour.viennent["zone_eligibilite"].explode().drop_nulls().unique()
        },
        jour=jour,
    )


def _choisir(texte: str, valeurs: dict[str, str], quoi: str) -> str:
    """Renvoie la valeur d'un libellé, d'un identifiant, ou de mots que lui seul contient.

    Raises
    ------
    ChoixInconnu
        Avec les valeurs qui contiennent ces mots, ou qui lui ressemblent.
    """
    trouve = dans_la_liste(valeurs, texte)
    if isinstance(trouve, str):
        return trouve
    mots = simplifier(texte).split()
    portent = [
        v
        for v, libelle in valeurs.items()
        if mots and set(mots) <= set(simplifier(f"{v} {libelle}").split())
    ]
    if len(portent) == 1:
        return portent[0]
    proches = portent or [v for v in valeurs if f"« {valeurs[v]} »" in trouve.proches]
    raise ChoixInconnu(quoi, texte, proches=proches or list(valeurs))


def _commune_de_depart(base: Base, question: Question) -> str:
    if question.point is not None:
        return _commune_du_point(base, question.point)
    trouve = Lieux(base.referentiel, departement=base.departement).commune(question.lieu)
    if isinstance(trouve, Doute):
        raise TerritoireInconnu(
            question.lieu,
            cog=base.referentiel.cog,
            motif=trouve.motif,
            proches=[texte.replace("« ", "").replace(" »", "") for texte in trouve.proches],
        )
    return _dans_le_departement(base, trouve, question.lieu)


def _dans_le_departement(base: Base, commune: str, texte: str) -> str:
    nom, departement, *_ = base.cadre.fiches[commune]
    if departement != base.departement:
        raise TerritoireInconnu(
            texte,
            cog=base.referentiel.cog,
            motif=(
                f"est dans le département {departement} ({nom}, {commune}), et l'offre demandée "
                f"est celle du département {base.departement}. Lancez : solidiag offre "
                f"{departement} --autour {commune}"
            ),
        )
    return commune


def _commune_du_point(base: Base, point: tuple[float, float]) -> str:
    latitude, longitude = point
    ecarts = [
        (grand_cercle_km(lat, lon, latitude, longitude), code)
        for code, (_, _, lat, lon, _) in base.cadre.fiches.items()
        if lat is not None
        and lon is not None
        and abs(lat - latitude) < 1
        and abs(lon - longitude) < 1
    ]
    distance, code = min(ecarts, default=(_ELOIGNEMENT_KM + 1, ""))
    texte = f"{latitude:g},{longitude:g}"
    if distance > _ELOIGNEMENT_KM:
        raise TerritoireInconnu(
            texte,
            cog=base.referentiel.cog,
            motif="n'est près d'aucune commune (attendu : latitude, puis longitude, en degrés)",
        )
    return _dans_le_departement(base, code, texte)


def _depart(cadre: Cadre, commune: str, point: tuple[float, float] | None) -> pl.DataFrame:
    """Renvoie le point de départ ; d'un point donné, le trajet dans la commune est le sien."""
    ligne = cadre.communes.filter(pl.col("code") == commune).select(
        "code", "latitude", "longitude", "densite_niveau", "superficie_km2"
    )
    if point is None:
        return ligne
    return ligne.with_columns(
        latitude=pl.lit(point[0]), longitude=pl.lit(point[1]), superficie_km2=pl.lit(0.0)
    )


def resumer(base: Base, *, jour: date) -> BilanOffre:
    """Renvoie l'offre connue d'un département : par domaine, par source, et ce qui manque."""
    services = base.inventaire.services.with_columns(service=pl.coalesce("groupe", "id"))
    ici = services.filter(
        pl.col("code_insee").is_in(base.referentiel.communes_du_departement(base.departement))
    )
    communes = dict(
        ici.explode("domaines")
        .group_by("domaines")
        .agg(pl.col("code_insee").n_unique())
        .iter_rows()
    )
    qualite = calculer_qualite(
        base.depot,
        base.referentiel,
        base.inventaire.services,
        base.inventaire.ecartes,
        departement=base.departement,
        jour=jour,
    ).territoires.frame.filter(pl.col("territoire") == base.territoire.id)
    connus = {ligne["domaine"]: ligne for ligne in qualite.iter_rows(named=True)}
    manques = manques_d_offre(base.depot.grille, base.depot.mesures, base.inventaire.services)
    etats = dict(manques.select("domaine", "etat").iter_rows())
    return BilanOffre(
        departement=base.territoire,
        services=services["service"].n_unique(),
        lignes=services.height,
        fermes=base.inventaire.ecartes.height,
        a_distance=base.inventaire.a_distance["groupe"].n_unique(),
        domaines=tuple(
            LigneDomaine(
                domaine=domaine,
                services=connus[domaine.id]["services"] or 0,
                communes=communes.get(domaine.id, 0),
                date=connus[domaine.id]["date_mediane"] or "",
                etat=etats[domaine.id],
                demandes=domaine.a_demander_offre,
            )
            for domaine in base.depot.grille.domaines
        ),
        sources=tuple(_lignes_sources(base, services, jour=jour)),
    )


def _lignes_sources(base: Base, services: pl.DataFrame, *, jour: date) -> list[LigneSource]:
    table = services.group_by("source").agg(pl.len(), pl.col("date_source").max())
    limite = f"{jour.year - AGE_SIGNALE_MOIS // 12}-{jour.month:02}"
    lignes = [
        LigneSource(
            id=source,
            titre=base.depot.sources[source].titre if source in base.depot.sources else source,
            lignes=nombre,
            date=str(date_source or ""),
            ancienne=f"{date_source or ''}-12"[:7] < limite,
        )
        for source, nombre, date_source in table.iter_rows()
    ]
    return sorted(lignes, key=lambda ligne: (-ligne.lignes, ligne.titre))
