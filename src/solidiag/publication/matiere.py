"""La matière d'une publication : tables publiées, déclarations, noms, et comment y puiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from solidiag.besoins.types_modele import TypesDeTerritoires
from solidiag.catalogue.dispositif import TypeDispositif
from solidiag.catalogue.grille import Domaine, Grille
from solidiag.catalogue.indicateur import Croisement, Indicateur, MesureOffre
from solidiag.catalogue.personnes import PersonnesDomaine
from solidiag.catalogue.source import Source
from solidiag.confidentiality.publication import PublishedTable
from solidiag.geography.contours import Fond
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import AVEC_VALEUR
from solidiag.model.origin import Origin
from solidiag.model.territoire import Territoire
from solidiag.publication.document import Absence, Cle, Ligne, Nombre
from solidiag.publication.francais import formater


class Observe(NamedTuple):
    """Une observation telle que le rapport la lit."""

    indicateur: str
    territoire: str
    periode: str
    unite: str
    value: float | None
    lower: float | None
    upper: float | None
    method: str | None
    motif: str | None
    status: str
    precision: str | None
    numerateur: float | None
    n_publies: int | None
    n_total: int | None
    origin: str | None

    @property
    def lisible(self) -> bool:
        """Dit s'il y a une valeur à montrer."""
        return self.status in AVEC_VALEUR and self.value is not None

    @property
    def niveau(self) -> str:
        """Niveau du territoire (``COM``, ``EPCI``...)."""
        return self.territoire.partition("-")[0]


@dataclass(frozen=True, kw_only=True)
class Matiere:
    """Tout ce dont un rapport a besoin, déjà calculé.

    Parameters
    ----------
    departement
        Territoire du diagnostic.
    comptes
        Dénombrements cités dans le texte (communes, intercommunalités, services...), par nom.
    paires
        Paires de services réunis, avec la raison (table du rapport).
    categories
        Libellé de chaque catégorie de service.
    reseaux_des_categories
        Réseau porteur (mot de data·inclusion) de chaque catégorie qui en a un.
    vocabulaire_services
        Mots du schéma data·inclusion, par champ.
    catalogue
        Tous les indicateurs déclarés, à demander compris ; ``indicateurs`` n'a que les documentés.
    age_max_mois
        Âge au-delà duquel une source est signalée.
    types
        Types de territoires, indice composite et regroupements.
    personnes, comptes_de_personnes
        Personnes concernées, et ce que l'on compte pour chaque domaine.
    lissages
        Taux lissés des communes, pour les indicateurs aux petits effectifs (voir
        `solidiag.besoins.lissages`).
    qualite_offre, qualite_services
        Qualité et fraîcheur de l'inventaire, par territoire et domaine, et par ligne de service
        (schémas de `solidiag.offre.qualite`).
    services_ecartes
        Services fermés, avec leur raison et leur date.
    arbitrages
        Paires de services qu'une personne a tranchées.
    coordination
        Tables de `solidiag.model.coordination` : ``acteurs``, ``dispositifs``, ``actions``,
        ``liens``, ``parcours``, ``roles``, ``constats``, ``reseau``, ``france_travail``,
        ``liens_france_travail`` ; ``rang`` est le numéro de la ligne.
    changements
        Ce qui a changé depuis le résultat précédent : réglages et valeurs.
    reglages
        Réglages de la personne : place, valeur livrée, valeur en vigueur.
    types_de_dispositifs
        Types de dispositifs déclarés, par identifiant.
    """

    departement: Territoire
    date: date
    version: str
    referentiel: Referentiel
    observations: PublishedTable
    ecarts: PublishedTable
    priorites: PublishedTable
    services: PublishedTable
    paires: Sequence[Mapping[str, Any]]
    comptes: Mapping[str, float]
    grille: Grille
    indicateurs: Mapping[str, Indicateur]
    mesures: Mapping[str, MesureOffre]
    croisements: Mapping[str, Croisement]
    sources: Mapping[str, Source]
    verrous: Mapping[str, Mapping[str, Any]]
    origines: Mapping[str, Origin]
    fond: Fond
    categories: Mapping[str, str] = field(default_factory=dict)
    reseaux_des_categories: Mapping[str, str] = field(default_factory=dict)
    vocabulaire_services: Mapping[str, Sequence[str]] = field(default_factory=dict)
    catalogue: Mapping[str, Indicateur] = field(default_factory=dict)
    glossaire: Sequence[tuple[str, str]] = ()
    age_max_mois: int = 24
    types: TypesDeTerritoires | None = None
    comparaisons: PublishedTable | None = None
    tendances: PublishedTable | None = None
    semblables: PublishedTable | None = None
    personnes: PublishedTable | None = None
    comptes_de_personnes: Mapping[str, PersonnesDomaine] = field(default_factory=dict)
    lissages: PublishedTable | None = None
    acces_zonages: PublishedTable | None = None
    acces_domaines: PublishedTable | None = None
    qualite_offre: PublishedTable | None = None
    qualite_services: PublishedTable | None = None
    services_ecartes: PublishedTable | None = None
    arbitrages: PublishedTable | None = None
    coordination: Mapping[str, PublishedTable] = field(default_factory=dict)
    changements: PublishedTable | None = None
    reglages: Sequence[tuple[str, str, str]] = ()
    types_de_dispositifs: Mapping[str, TypeDispositif] = field(default_factory=dict)

    @cached_property
    def _index(self) -> dict[tuple[str, str], list[Observe]]:
        index: dict[tuple[str, str], list[Observe]] = {}
        table = self.observations.frame.select(Observe._fields)
        for ligne in table.sort("periode", descending=True).iter_rows():
            observe = Observe(*ligne)
            index.setdefault((observe.indicateur, observe.territoire), []).append(observe)
        return index

    @cached_property
    def _comparaisons(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        if self.comparaisons is None:
            return {}
        return {
            (ligne["indicateur"], ligne["territoire"], ligne["reference"]): ligne
            for ligne in self.comparaisons.frame.iter_rows(named=True)
        }

    @cached_property
    def _tendances(self) -> dict[tuple[str, str], dict[str, Any]]:
        if self.tendances is None:
            return {}
        return {
            (ligne["indicateur"], ligne["territoire"]): ligne
            for ligne in self.tendances.frame.iter_rows(named=True)
        }

    @cached_property
    def _lissages(self) -> dict[tuple[str, str], dict[str, Observe]]:
        index: dict[tuple[str, str], dict[str, Observe]] = {}
        if self.lissages is None:
            return index
        for ligne in self.lissages.frame.iter_rows(named=True):
            lisse = Observe._make(ligne.get(champ) for champ in Observe._fields)
            index.setdefault((lisse.indicateur, lisse.periode), {})[lisse.territoire] = lisse
        return index

    def lisses(self, indicateur: str, periode: str) -> Mapping[str, Observe]:
        """Renvoie le taux lissé de chaque commune à cette période ; vide s'il n'y en a pas."""
        return self._lissages.get((indicateur, periode), {})

    def comparaison(
        self, indicateur: str, territoire: str, reference: str
    ) -> Mapping[str, Any] | None:
        """Renvoie une comparaison (``FR``, ``REG``, ``DEP``, ``ZE``, ``SEMBLABLES``), ou rien."""
        return self._comparaisons.get((indicateur, territoire, reference))

    def tendance(self, indicateur: str, territoire: str) -> Mapping[str, Any] | None:
        """Renvoie la tendance d'un indicateur dans un territoire, ou rien."""
        return self._tendances.get((indicateur, territoire))

    @cached_property
    def epci(self) -> tuple[str, ...]:
        """Identifiants des intercommunalités du département, par nom."""
        codes = self.referentiel.epci_du_departement(self.departement.code)
        ids = [code if code.startswith("EPCI-") else f"EPCI-{code}" for code in codes]
        return tuple(sorted(ids, key=self.nom))

    @cached_property
    def communes(self) -> tuple[str, ...]:
        """Identifiants des communes du département, par nom."""
        codes = self.referentiel.communes_du_departement(self.departement.code)
        ids = [code if code.startswith("COM-") else f"COM-{code}" for code in codes]
        return tuple(sorted(ids, key=self.nom))

    @cached_property
    def region(self) -> Territoire:
        """Région du département."""
        code = self.referentiel.region_du_departement(self.departement.code)
        return self.territoire(code if code.startswith("REG-") else f"REG-{code}")

    def territoire(self, identifiant: str) -> Territoire:
        """Renvoie le territoire de cet identifiant."""
        return self.referentiel.territoire(identifiant)

    def nom(self, identifiant: str) -> str:
        """Renvoie le nom d'un territoire."""
        return self.territoire(identifiant).nom.replace("Coeur", "Cœur")

    def serie(self, indicateur: str, territoire: str) -> list[Observe]:
        """Renvoie les observations d'un territoire, la plus récente d'abord."""
        return self._index.get((indicateur, territoire), [])

    def derniere(self, indicateur: str, territoire: str, periode: str = "") -> Observe | None:
        """Renvoie l'observation de cette période, ou la plus récente qui se lise.

        Si aucune ne se lit, la plus récente, avec son statut.
        """
        serie = self.serie(indicateur, territoire)
        if periode:
            return next((o for o in serie if o.periode == periode), None)
        return next((o for o in serie if o.lisible), serie[0] if serie else None)

    def periode_de_reference(self, indicateur: str, territoires: Sequence[str]) -> str:
        """Renvoie la période la plus récente où un territoire au moins se lit, ou ``""``."""
        periodes = {o.periode for t in territoires for o in self.serie(indicateur, t) if o.lisible}
        return max(periodes, default="")

    def decimales(self, indicateur: str, periode: str, niveau: str) -> int | None:
        """Renvoie le nombre de décimales déclaré pour cette lecture, ou rien."""
        declaration = self.indicateurs.get(indicateur) or self.mesures.get(indicateur)
        for lecture in declaration.lectures if declaration else ():
            if lecture.periode == periode and niveau in lecture.niveaux:
                return lecture.decimales
        return None

    def imprimer(self, observe: Observe | None, *, table: str = "observations") -> Ligne:
        """Renvoie l'observation telle qu'elle s'imprime : un nombre, ou sa marque d'absence.

        Parameters
        ----------
        table
            Table où se lit la valeur : ``observations``, ou ``lissages`` pour un taux lissé.
        """
        if observe is None:
            return Absence("L")
        if not observe.lisible or observe.value is None:
            return Absence(observe.status)
        texte = formater(
            observe.value,
            observe.unite,
            decimales=self.decimales(observe.indicateur, observe.periode, observe.niveau),
            precision=observe.precision or "exact",
        )
        cle = Cle(
            indicateur=observe.indicateur,
            territoire=observe.territoire,
            periode=observe.periode,
            table=table,
        )
        return Nombre(texte, cle)

    def bornes(self, observe: Observe) -> tuple[str, str] | None:
        """Renvoie les bornes de l'intervalle telles qu'elles s'impriment, ou rien."""
        if observe.lower is None or observe.upper is None:
            return None
        decimales = self.decimales(observe.indicateur, observe.periode, observe.niveau)
        return bornes_imprimees(
            observe.lower,
            observe.upper,
            observe.unite,
            decimales=1 if decimales is None else decimales,
        )

    def compte(self, nom: str) -> Nombre:
        """Renvoie un dénombrement, tel qu'il s'imprime."""
        return Nombre(
            formater(self.comptes[nom], "nombre", decimales=0),
            Cle(indicateur=nom, territoire=self.departement.id, table="comptes"),
        )

    def libelle_categorie(self, categorie: str) -> str:
        """Renvoie le libellé d'une catégorie de service."""
        return self.categories.get(categorie, categorie)

    def est_ancienne(self, millesime: str) -> bool:
        """Dit si un millésime (AAAA, AAAA-MM, AAAA-MM-JJ) dépasse l'âge signalé."""
        return age_en_mois(millesime, self.date) > self.age_max_mois

    def domaines(self, axe: str) -> tuple[Domaine, ...]:
        """Renvoie les domaines d'un axe."""
        return self.grille.domaines_de(axe)

    def lectures_de(self, domaine: Domaine) -> list[str]:
        """Renvoie les indicateurs de besoin du domaine que les fichiers documentent."""
        cites = (*domaine.indicateurs_besoin, *domaine.indicateurs_complementaires)
        return [i for i in cites if i in self.indicateurs]

    def mesures_de(self, domaine: Domaine) -> list[MesureOffre]:
        """Renvoie les mesures d'offre déclarées du domaine, les volumes d'abord.

        Les mesures d'accès qui s'en déduisent (``offre.<mesure>.temps``...) et celles d'un domaine
        (``acces.<domaine>.temps``...) n'en sont pas.
        """
        rang = {"volume": 0, "presence": 1, "indirecte": 2}
        retenues = [
            m
            for m in self.mesures.values()
            if domaine.id in m.domaines and not m.id.startswith(("offre.", "acces."))
        ]
        return sorted(retenues, key=lambda mesure: (rang[mesure.nature], mesure.id))


def bornes_imprimees(bas: float, haut: float, unite: str, *, decimales: int) -> tuple[str, str]:
    r"""Renvoie deux bornes imprimées, avec une décimale de plus que la valeur s'il le faut.

    Examples
    --------
    >>> bornes_imprimees(15.5, 16.5, "percent", decimales=0)
    ('15,5\xa0%', '16,5\xa0%')
    >>> bornes_imprimees(22835, 22845, "euro", decimales=0)
    ('22\u202f835\xa0€', '22\u202f845\xa0€')
    """
    tient = all(round(borne, decimales) == borne for borne in (bas, haut))
    precision = decimales if tient else decimales + 1
    return (
        formater(bas, unite, decimales=precision),
        formater(haut, unite, decimales=precision),
    )


def age_en_mois(millesime: str, jour: date) -> int:
    """Renvoie l'âge d'un millésime en mois ; une année nue compte jusqu'à sa fin.

    Examples
    --------
    >>> age_en_mois("2024-08", date(2026, 11, 1))
    27
    >>> age_en_mois("2021", date(2026, 11, 1))
    59
    """
    morceaux = millesime.split("-")
    annee = int(morceaux[0])
    mois = int(morceaux[1]) if len(morceaux) > 1 and len(morceaux[1]) == 2 else 12
    return (jour.year - annee) * 12 + jour.month - mois
