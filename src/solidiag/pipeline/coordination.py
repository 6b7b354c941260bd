"""La coordination d'un département : registres, matrice, réseau et constats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from solidiag.catalogue.dispositif import (
    Coordination,
    TypeDispositif,
    lire_coordination_declaree,
    lire_dispositifs,
)
from solidiag.catalogue.service import CategorieService
from solidiag.confidentiality.publication import PublishedTable, publier
from solidiag.geography.referentiel import Referentiel
from solidiag.model.coordination import CONSTATEES, TABLES_COORDINATION
from solidiag.model.observation import mettre_au_schema
from solidiag.offre.coordination import constats as regles
from solidiag.offre.coordination import dispositifs as publics
from solidiag.offre.coordination import france_travail, matrice, reseau
from solidiag.offre.coordination.acteurs import acteurs_prevus, attribuer, registre_des_acteurs
from solidiag.offre.coordination.contrats_fournis import dispositifs_des_listes
from solidiag.offre.coordination.registre import (
    Registres,
    Situer,
    completer_acteurs,
    reunir_registres,
)
from solidiag.pipeline.zonages import zonages_fournis
from solidiag.sources.classeurs.coordination import LECTEUR_COORDINATION, lire_coordination
from solidiag.sources.classeurs.offre import LECTEUR_OFFRE
from solidiag.sources.programmes import communes_du_programme
from solidiag.storage.depot import Depot

_PROGRAMMES = ("offre.programmes_anct", "Villages d'avenir", "villages_avenir")
"""Source partielle, nom du programme dans le fichier, clé de zonage."""


class OffreConnue(Protocol):
    """Ce que la coordination lit de l'offre d'un département (`solidiag.pipeline.offre.Offre`)."""

    @property
    def services(self) -> pl.DataFrame:
        """Inventaire au schéma `SERVICES`."""

    @property
    def comparees(self) -> pl.DataFrame:
        """Paires de services comparées, même lieu compris."""

    @property
    def observations(self) -> pl.DataFrame:
        """Mesures d'offre au schéma `OBSERVATIONS`."""

    @property
    def categories(self) -> Mapping[str, CategorieService]:
        """Déclaration de chaque catégorie de service."""


@dataclass(frozen=True, kw_only=True)
class Declarations:
    """Types de dispositifs et institutions déclarés."""

    types: Mapping[str, TypeDispositif]
    coordination: Coordination


def charger_declarations(depot: Depot) -> Declarations:
    """Renvoie les dispositifs et institutions déclarés, contrôlés entre eux.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes d'un fichier.
    """
    coordination = lire_coordination_declaree(
        depot.declaration("coordination/acteurs.yaml"),
        categories=depot.declaration("services/categories.yaml"),
    )
    types = lire_dispositifs(
        depot.dispositifs,
        domaines=[domaine.id for domaine in depot.grille.domaines],
        institutions=coordination.par_id,
    )
    return Declarations(types=types, coordination=coordination)


def lire_classeurs(depot: Depot, departement: str) -> dict[str, pl.DataFrame]:
    """Renvoie les registres des classeurs de coordination importés pour un département.

    Raises
    ------
    DeclarationInvalide, FormatInattendu
        Si un fichier n'est plus celui de l'import.
    """
    lots: dict[str, list[pl.DataFrame]] = {}
    for source in depot.sources.values():
        for fichier in source.fichiers:
            couverture = fichier.couverture or source.couverture
            if fichier.lecteur == LECTEUR_COORDINATION and couverture.couvre(departement):
                tables = lire_coordination(depot.octets(fichier.fichier), source, fichier)
                for nom, table in tables.items():
                    lots.setdefault(nom, []).append(table)
    return {nom: pl.concat(tables) for nom, tables in lots.items()}


def _zonages(depot: Depot, referentiel: Referentiel, departement: str) -> pl.DataFrame:
    """Zonages du référentiel dans le département, et programmes connus pour lui seul."""
    communes = referentiel.communes_du_departement(departement)
    ici = referentiel.zonages.filter(pl.col("commune").is_in(communes))
    nom_source, programme, cle = _PROGRAMMES
    source = depot.sources.get(nom_source)
    lots = [ici]
    for fichier in source.fichiers if source else ():
        if source and (fichier.couverture or source.couverture).couvre(departement):
            octets = depot.octets(fichier.fichier)
            codes = communes_du_programme(octets, source, fichier, programme=programme)
            retenus = [code for code in codes if code in set(communes)]
            lots.append(
                pl.DataFrame({"commune": retenus}, schema={"commune": pl.String()}).with_columns(
                    zonage=pl.lit(cle),
                    millesime=pl.lit(fichier.millesime),
                    valeur=pl.lit("commune retenue"),
                )
            )
    return pl.concat([lot.select(ici.columns) for lot in lots])


def calculer_coordination(
    depot: Depot,
    referentiel: Referentiel,
    offre: OffreConnue,
    *,
    departement: str,
    jour: date,
    gabarit: Mapping[str, pl.DataFrame] | None = None,
) -> dict[str, PublishedTable]:
    """Renvoie les tables de coordination d'un département, publiées.

    Parameters
    ----------
    offre
        Offre calculée : inventaire, paires comparées, temps d'accès.
    departement
        Code du département.
    jour
        Date à laquelle une échéance est passée ou proche.
    gabarit
        Registres lus d'un classeur rempli, par nom ; à défaut, ceux des classeurs importés. Sans
        classeur, seuls les fichiers publics parlent.

    Returns
    -------
    ``acteurs, dispositifs, actions, liens, parcours, roles, constats, reseau, france_travail,
    liens_france_travail`` → table de `solidiag.model.coordination`, précédée de ``rang``.
    """
    declarees = charger_declarations(depot)
    ici = f"DEP-{departement}"
    communes = referentiel.communes.select("code", "nom", "departement", "epci")
    locaux = [f"EPCI-{code}" for code in referentiel.epci_du_departement(departement)]
    territoires = {
        code: f"EPCI-{epci}"
        for code, epci in communes.filter(pl.col("epci").is_not_null())
        .select("code", "epci")
        .iter_rows()
        if f"EPCI-{epci}" in locaux
    }
    du_departement = set(communes.filter(pl.col("departement") == departement)["code"])
    situer = matrice.situer_dans(
        territoires, departement=ici, locaux=locaux, dehors=set(territoires) - du_departement
    )
    services = offre.services
    acteurs = attribuer(
        services,
        declarees.coordination,
        offre.categories,
        dict(referentiel.intercommunalites.select("code", "nom").iter_rows()),
        departement=departement,
        saisies=frozenset(
            source.id
            for source in depot.sources.values()
            if any(fichier.lecteur == LECTEUR_OFFRE for fichier in source.fichiers)
        ),
    )
    constates = registre_des_acteurs(
        services,
        acteurs,
        categories=offre.categories,
        territoires=territoires,
        departement=ici,
    )
    attendus, roles_prevus = acteurs_prevus(depot.grille, declarees.coordination, departement=ici)
    listes = dispositifs_des_listes(
        zonages_fournis(depot, referentiel, departement=departement),
        declarees.types,
        epci=dict(referentiel.communes.filter(pl.col("epci") != "").select("code", "epci").rows()),
        departement=departement,
    )
    public = Registres.depuis(
        {
            "acteurs": pl.concat([constates, attendus]),
            "dispositifs": publics.rattacher_contrats(
                pl.concat(
                    [
                        publics.dispositifs_des_zonages(
                            _zonages(depot, referentiel, departement),
                            declarees.types,
                            communes=dict(communes.select("code", "nom").iter_rows()),
                            territoires=territoires,
                            nommer=referentiel.nom,
                            departement=departement,
                        ),
                        publics.dispositifs_des_services(
                            services, declarees.types, territoires=territoires, departement=ici
                        ),
                        listes.filter(pl.col("provenance") == "public"),
                    ]
                ),
                services,
                territoires=territoires,
            ),
            "liens": pl.concat(
                [
                    publics.liens_de_lieu(
                        services, offre.comparees, acteurs, territoires=territoires
                    ),
                    publics.liens_de_cofinancement(services, acteurs),
                    publics.liens_de_label(
                        services,
                        acteurs,
                        declarees.coordination,
                        territoires=territoires,
                        departement=departement,
                    ),
                ]
            ),
        }
    )
    if gabarit is None:
        gabarit = lire_classeurs(depot, departement)
    propres = listes.filter(pl.col("provenance") == "gabarit")
    if not propres.is_empty():
        saisis = gabarit.get("dispositifs", pl.DataFrame(schema=propres.schema))
        gabarit = {**gabarit, "dispositifs": pl.concat([saisis, propres])}
    registres = completer_acteurs(
        reunir_registres(public, gabarit, declarees.coordination, situer=situer),
        declarees.coordination,
    )
    return {
        nom: publier(
            _stable(mettre_au_schema(table, TABLES_COORDINATION[nom])).with_row_index("rang"),
            f"coordination_{nom}",
        )
        for nom, table in _tables(
            registres,
            offre,
            roles=matrice.matrice(
                [
                    *matrice.roles_des_services(services, acteurs, situer=situer, departement=ici),
                    *matrice.roles_des_registres(registres, situer=situer),
                ],
                roles_prevus,
                departement=ici,
            ),
            domaines=[domaine.id for domaine in depot.grille.domaines],
            territoires=[*locaux, ici],
            situer=situer,
            types=declarees.types,
            departement=ici,
            jour=jour,
        ).items()
    }


def _stable(table: pl.DataFrame) -> pl.DataFrame:
    """Renvoie la table à douze chiffres significatifs : deux calculs donnent les mêmes octets."""
    decimaux = [nom for nom, genre in table.schema.items() if genre == pl.Float64]
    return table.with_columns(pl.col(decimaux).round_sig_figs(14).round_sig_figs(12))


def _tables(
    registres: Registres,
    offre: OffreConnue,
    *,
    roles: pl.DataFrame,
    domaines: list[str],
    territoires: list[str],
    situer: Situer,
    types: Mapping[str, TypeDispositif],
    departement: str,
    jour: date,
) -> dict[str, pl.DataFrame]:
    """Tables calculées à partir des registres réunis."""
    parcours = france_travail.parcours_complet(registres.parcours, territoires)
    par_acteur = (
        roles.filter(pl.col("provenance").is_in(list(CONSTATEES)))
        .group_by("acteur")
        .agg(pl.col("domaine").n_unique())
    )
    prevus = {d: [t.id for t in types.values() if d in t.domaines] for d in domaines}
    constats = regles.table_des_constats(
        regles.chevauchements(registres.actions, situer=situer, departement=departement),
        regles.trous(roles, domaines, territoires),
        regles.orphelins(
            registres.dispositifs,
            registres.actions,
            domaines,
            departement=departement,
            prevus=prevus,
        ),
        regles.echeances(
            registres.dispositifs,
            registres.actions,
            jour=jour,
            situer=situer,
            departement=departement,
        ),
        france_travail.constats_du_parcours(parcours, territoires),
    )
    return {
        **registres.tables,
        "parcours": parcours,
        "roles": roles,
        "constats": constats,
        "reseau": reseau.reseau_des_solidarites(registres.liens, dict(par_acteur.iter_rows())),
        "liens_france_travail": france_travail.liens_par_domaine(registres.liens, roles),
        "france_travail": france_travail.presence(
            offre.services,
            offre.observations,
            registres.liens,
            parcours,
            territoires=territoires,
            situer=situer,
            departement=departement,
        ),
    }
