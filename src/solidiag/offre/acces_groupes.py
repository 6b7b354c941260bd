"""Du point au territoire : moyennes, parts et médianes pondérées par le public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from solidiag.geography.accessibilite import Encadrement
from solidiag.geography.assemblage import LIBELLES_ZONAGES
from solidiag.model.observation import OBSERVATIONS, ObsStatus
from solidiag.model.territoire import Niveau
from solidiag.offre.acces import mediane_ponderee

Reels = npt.NDArray[np.float64]
Rangs = npt.NDArray[np.int64]
Booleens = npt.NDArray[np.bool_]

LIGNES: dict[str, pl.DataType] = {
    nom: OBSERVATIONS[nom]
    for nom in (
        "territoire", "value", "lower", "upper", "status", "method", "motif", "n_publies",
        "n_total",
    )
}  # fmt: skip
"""Une mesure, une ligne par territoire."""

NON_COUVERT = "aucune source embarquée ne couvre ce territoire"
SANS_POINT = "commune sans point ou sans habitant"
TROP_LOIN = "au-delà du temps publié : la moitié du public n'a aucun lieu connu à portée"

_REUNIS = frozenset({"frr", "pvd", "acv", "qpv"})
"""Zonages qui réunissent toutes leurs communes ; des autres, chaque valeur est un territoire."""

_NOMS_DE_ZONAGES = {
    "qpv": "Communes qui ont un quartier prioritaire",
    "frr": "Communes en France ruralités revitalisation",
    "pvd": "Communes Petites villes de demain",
    "acv": "Communes Action cœur de ville",
    "industrie": "Territoire d'industrie",
    "crte": "Contrat pour la réussite de la transition écologique",
}


@dataclass(frozen=True, kw_only=True)
class Zone:
    """Communes d'un zonage dans le département.

    Parameters
    ----------
    zonage, valeur
        Clé du zonage et, s'il en distingue, territoire.
    libelle
        Nom imprimé.
    communes
        Codes des communes du département.
    """

    zonage: str
    valeur: str
    libelle: str
    communes: tuple[str, ...]

    @property
    def id(self) -> str:
        """Identifiant dans les calculs ; ce n'est pas un territoire du référentiel."""
        return f"ZON-{self.zonage}-{self.valeur}"


def zones_du_departement(
    zonages: pl.DataFrame, communes: Iterable[str], *, libelles: Mapping[str, str] | None = None
) -> tuple[Zone, ...]:
    """Renvoie les zones dont une commune au moins est parmi celles données.

    Parameters
    ----------
    zonages
        ``commune, zonage, valeur`` ; un zonage fourni en plus (``crte``) s'y ajoute.
    communes
        Communes du département.
    libelles
        Nom d'un zonage fourni, par clé.
    """
    noms = {**LIBELLES_ZONAGES, **(libelles or {}), **_NOMS_DE_ZONAGES}
    siens = zonages.filter(pl.col("commune").is_in(sorted(communes))).with_columns(
        pl.when(pl.col("zonage").is_in(list(_REUNIS)))
        .then(pl.lit(""))
        .otherwise(pl.col("valeur"))
        .alias("valeur")
    )
    zones = []
    for (zonage, valeur), groupe in siens.group_by("zonage", "valeur"):
        nom = noms.get(str(zonage), str(zonage))
        zones.append(
            Zone(
                zonage=str(zonage),
                valeur=str(valeur),
                libelle=f"{nom} : {valeur}" if valeur else nom,
                communes=tuple(sorted(groupe["commune"].unique())),
            )
        )
    return tuple(sorted(zones, key=lambda zone: (zone.zonage, zone.valeur)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """Points de chaque territoire, mis bout à bout.

    Parameters
    ----------
    noms
        Territoires.
    niveaux
        Début de l'identifiant de chacun (``COM``, ``EPCI``, ``DEP``, ``ZON``).
    communes
        Codes des communes de chacun.
    tous, debuts
        Rangs des points, territoire après territoire, et où commence chacun ; tous en ont un au
        moins.
    """

    noms: tuple[str, ...]
    niveaux: tuple[str, ...]
    communes: tuple[tuple[str, ...], ...]
    tous: Rangs
    debuts: Rangs

    @classmethod
    def depuis(cls, points: pl.DataFrame, membres: pl.DataFrame) -> Index:
        """Renvoie l'index ; un territoire sans aucun point n'y est pas.

        Parameters
        ----------
        points
            Schéma `POINTS`.
        membres
            ``territoire, code``.
        """
        par_commune = points.with_row_index("rang").select("code", pl.col("rang").cast(pl.Int64))
        table = (
            membres.join(
                par_commune.group_by("code").agg("rang"), on="code", how="inner",
                maintain_order="left",
            )
            .group_by("territoire", maintain_order=True)
            .agg("code", pl.col("rang").list.explode(keep_nulls=False, empty_as_null=False))
        )  # fmt: skip
        noms = tuple(table["territoire"])
        tailles = table["rang"].list.len().cast(pl.Int64).to_numpy()
        return cls(
            noms=noms,
            niveaux=tuple(nom.partition("-")[0] for nom in noms),
            communes=tuple(tuple(codes) for codes in table["code"].to_list()),
            tous=table["rang"].explode().to_numpy() if noms else np.empty(0, dtype=np.int64),
            debuts=np.cumsum(tailles) - tailles,
        )

    def somme(self, valeurs: Reels) -> Reels:
        """Renvoie la somme des valeurs des points de chaque territoire."""
        if not self.noms:
            return np.empty(0)
        return np.add.reduceat(valeurs[self.tous], self.debuts)

    def rangs(self, numero: int) -> Rangs:
        """Renvoie les rangs des points d'un territoire."""
        fin = self.debuts[numero + 1] if numero + 1 < len(self.noms) else len(self.tous)
        return self.tous[self.debuts[numero] : fin]


@dataclass(frozen=True, kw_only=True, eq=False)
class Groupes:
    """Territoires dont on résume les points.

    Parameters
    ----------
    points
        Points (schéma `POINTS`), dans l'ordre des valeurs à résumer.
    index
        Points de chaque territoire.
    couvertes
        Codes des communes qu'une source couvre.
    """

    points: pl.DataFrame
    index: Index
    couvertes: frozenset[str]

    @cached_property
    def habitants(self) -> Reels:
        """Habitants de chaque point."""
        return self.points["population"].fill_null(0.0).to_numpy()

    @cached_property
    def _couverts(self) -> Booleens:
        return np.array(
            [not self.couvertes.isdisjoint(codes) for codes in self.index.communes], dtype=bool
        )

    def moyennes(
        self,
        valeurs: Encadrement,
        *,
        poids: Reels,
        connus: Booleens,
        niveaux: Iterable[str],
        methode: str,
        motifs: Mapping[str, str] | None = None,
        decimales: int = 2,
    ) -> pl.DataFrame:
        """Renvoie la moyenne pondérée de chaque territoire (schéma `LIGNES`).

        Parameters
        ----------
        valeurs
            Valeur de chaque point, et ses bornes ; une borne infinie ôte l'intervalle.
        poids
            Public de chaque point ; un territoire sans public prend ses habitants.
        connus
            Points dont la valeur est connue.
        niveaux
            Débuts d'identifiants gardés (``COM``, ``EPCI``, ``DEP``, ``ZON``).
        motifs
            Territoire → ce qu'il faut savoir de la valeur.
        """
        lus = np.where(connus, poids, 0.0), np.where(connus, self.habitants, 0.0)
        masses = [self.index.somme(retenus) for retenus in lus]
        resumes = []
        for colonne in (valeurs.central, valeurs.bas, valeurs.haut):
            resume = np.full(len(self.index.noms), np.nan)
            # Les habitants d'abord : le public, s'il y en a, prend leur place.
            for retenus, masse in reversed(list(zip(lus, masses, strict=True))):
                produits = self.index.somme(np.where(retenus > 0, colonne * retenus, 0.0))
                np.divide(produits, masse, out=resume, where=masse > 0)
            resumes.append(resume)
        return self._lignes(
            (resumes[0], resumes[1], resumes[2]),
            connus=connus,
            niveaux=niveaux,
            methode=methode,
            motifs=motifs or {},
            decimales=decimales,
        )

    def medianes(
        self,
        valeurs: tuple[Reels, Reels, Reels],
        *,
        poids: Reels,
        connus: Booleens,
        niveaux: Iterable[str],
        methode: str,
        motifs: Mapping[str, str] | None = None,
        plafond: float = np.inf,
    ) -> pl.DataFrame:
        """Renvoie la médiane pondérée de chaque territoire (schéma `LIGNES`).

        Parameters
        ----------
        valeurs
            Valeur centrale, basse et haute de chaque point ; une valeur infinie est « au-delà ».
        plafond
            Valeur au-delà de laquelle la médiane n'est pas publiée.
        """
        lus = np.where(connus, poids, 0.0), np.where(connus, self.habitants, 0.0)
        resumes = [np.full(len(self.index.noms), np.nan) for _ in valeurs]
        for numero in range(len(self.index.noms)):
            tous = self.index.rangs(numero)
            retenus = lus[0] if (lus[0][tous] > 0).any() else lus[1]
            rangs = tous[retenus[tous] > 0]
            for resume, colonne in zip(resumes, valeurs, strict=True):
                if len(rangs) == 1:
                    resume[numero] = colonne[rangs[0]]
                elif len(rangs):
                    mediane = mediane_ponderee(colonne[rangs], retenus[rangs])
                    resume[numero] = np.inf if mediane is None else mediane
        loin = resumes[0] > plafond
        central = np.where(loin, np.inf, resumes[0])
        return self._lignes(
            (central, resumes[1], resumes[2]),
            connus=connus,
            niveaux=niveaux,
            methode=methode,
            motifs=motifs or {},
            decimales=1,
        )

    def concernes(self, points: Booleens, motif: str) -> dict[str, str]:
        """Renvoie le motif de chaque territoire dont un point habité est désigné."""
        designes = (points & (self.habitants > 0)).astype(float)
        nombres = self.index.somme(designes)
        return {nom: motif for nom, n in zip(self.index.noms, nombres, strict=True) if n > 0}

    def _lignes(
        self,
        resumes: tuple[Reels, Reels, Reels],
        *,
        connus: Booleens,
        niveaux: Iterable[str],
        methode: str,
        motifs: Mapping[str, str],
        decimales: int,
    ) -> pl.DataFrame:
        voulus = set(niveaux)
        couverts = self._couverts
        codes = set(self.points.filter(pl.Series(connus))["code"])
        lignes: list[dict[str, object]] = []
        for numero, nom in enumerate(self.index.noms):
            if self.index.niveaux[numero] not in voulus:
                continue
            communes = self.index.communes[numero]
            valeur, bas, haut = (round(float(r[numero]), decimales) for r in resumes)
            ligne: dict[str, object] = {
                "territoire": nom,
                "n_publies": sum(code in codes for code in communes),
                "n_total": len(communes),
                "status": ObsStatus.NON_FOURNI.value,
            }
            if not couverts[numero]:
                ligne["motif"] = NON_COUVERT
            elif np.isnan(valeur):
                ligne["motif"] = SANS_POINT
            elif np.isinf(valeur):
                ligne["motif"] = TROP_LOIN
            else:
                ligne |= {
                    "status": ObsStatus.ESTIME.value,
                    "method": methode,
                    "value": valeur,
                    "motif": motifs.get(nom),
                }
                if np.isfinite(bas) and np.isfinite(haut):
                    ligne |= {"lower": min(bas, valeur), "upper": max(haut, valeur)}
            lignes.append(ligne)
        return pl.DataFrame(lignes, schema=LIGNES)


def sans_valeur(lignes: pl.DataFrame, motif: str) -> pl.DataFrame:
    """Renvoie la seule ligne du département, sans valeur, avec son motif (schéma `LIGNES`)."""
    return lignes.filter(pl.col("territoire").str.starts_with("DEP-")).with_columns(
        *(pl.lit(None, dtype=pl.Float64).alias(nom) for nom in ("value", "lower", "upper")),
        pl.lit(None, dtype=pl.String).alias("method"),
        pl.lit(ObsStatus.NON_FOURNI.value).alias("status"),
        pl.lit(motif).alias("motif"),
    )


def appartenance(
    communes: pl.DataFrame, *, departement: str, zones: Iterable[Zone]
) -> pl.DataFrame:
    """Renvoie ``territoire, code`` des communes, intercommunalités, département et zones.

    Parameters
    ----------
    communes
        ``code, departement, epci``.
    """
    dedans = communes.filter(pl.col("departement") == departement)
    epci = dedans["epci"].drop_nulls().unique()
    return pl.concat(
        [
            dedans.select(territoire=pl.lit(f"{Niveau.COMMUNE}-") + pl.col("code"), code="code"),
            communes.filter(pl.col("epci").is_in(epci.implode())).select(
                territoire=pl.lit(f"{Niveau.EPCI}-") + pl.col("epci"), code="code"
            ),
            dedans.select(territoire=pl.lit(f"{Niveau.DEPARTEMENT}-{departement}"), code="code"),
            *(
                pl.DataFrame({"code": zone.communes}, schema={"code": pl.String}).select(
                    territoire=pl.lit(zone.id), code="code"
                )
                for zone in zones
            ),
        ]
    )
