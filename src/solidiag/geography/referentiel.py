"""Le référentiel : communes, territoires, rattachements, tous au même COG."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from solidiag.errors import TerritoireInconnu
from solidiag.geography import assemblage
from solidiag.geography.assemblage import COLONNES_DE_NIVEAU
from solidiag.geography.passages import Passages
from solidiag.geography.recherche import Recherche
from solidiag.geography.tables import TablesTerritoires
from solidiag.model.territoire import Niveau, Territoire


@dataclass(frozen=True, kw_only=True, eq=False)
class Referentiel:
    """Territoires de France à un code officiel géographique donné.

    Parameters
    ----------
    cog
        Année du code officiel géographique.
    communes
        Une ligne par commune des 101 départements : ``code, nom, tncc, departement, region,
        arrondissement, epci, bassin_de_vie, zone_emploi, population, latitude, longitude,
        superficie_km2, densite, densite_niveau``. Vide = sans objet ou inconnu.
    arrondissements_municipaux
        ``code, nom, tncc, commune, population, latitude, longitude, superficie_km2``.
    territoires
        ``id, niveau, code, nom, tncc, population`` pour tous les niveaux.
    intercommunalites
        ``code, nom, nature, population, communes, departements``.
    zonages
        ``commune, zonage, valeur, millesime`` ; clés de `assemblage.LIBELLES_ZONAGES`.
    departements_limitrophes
        ``departement, limitrophe``.
    outre_mer
        Communes des collectivités d'outre-mer, hors diagnostic : ``code, nom, collectivite,
        nom_collectivite``.
    epci_modifies
        Codes des EPCI dont le périmètre a changé depuis 2024 : une ligne d'un fichier plus ancien y
        parle d'un autre territoire.
    passages
        Passages entre COG.
    """

    cog: int
    communes: pl.DataFrame
    arrondissements_municipaux: pl.DataFrame
    territoires: pl.DataFrame
    intercommunalites: pl.DataFrame
    zonages: pl.DataFrame
    departements_limitrophes: pl.DataFrame
    outre_mer: pl.DataFrame
    epci_modifies: frozenset[str]
    passages: Passages

    @classmethod
    def construire(cls, tables: TablesTerritoires) -> Referentiel:
        """Renvoie le référentiel assemblé à partir des tables de territoires."""
        suivi = assemblage.passages(tables)
        communes = assemblage.communes(tables, suivi)
        municipaux = assemblage.arrondissements_municipaux(tables)
        return cls(
            cog=tables.cog,
            communes=communes,
            arrondissements_municipaux=municipaux,
            territoires=assemblage.territoires(tables, communes, municipaux),
            intercommunalites=assemblage.intercommunalites(communes, tables),
            zonages=assemblage.zonages(tables, suivi),
            departements_limitrophes=tables.limitrophes.select(
                departement="DEP", limitrophe="LIMITROPHE"
            ),
            outre_mer=tables.outre_mer.select(
                code="COM", nom="LIBELLE", collectivite="COMER", nom_collectivite="LIBELLE_COMER"
            ),
            epci_modifies=assemblage.epci_modifies(tables, communes, suivi),
            passages=suivi,
        )

    @cached_property
    def _par_id(self) -> dict[str, tuple[str, str, str, int]]:
        return {
            ligne[0]: ligne[1:]
            for ligne in self.territoires.select("id", "niveau", "code", "nom", "tncc").iter_rows()
        }

    @cached_property
    def populations(self) -> dict[str, int]:
        """Population municipale par identifiant de territoire."""
        return dict(self.territoires.select("id", "population").iter_rows())

    @cached_property
    def departements(self) -> tuple[str, ...]:
        """Codes des départements, triés."""
        return tuple(sorted(self.communes["departement"].unique()))

    @cached_property
    def _recherche(self) -> Recherche:
        return Recherche(self.cog, self.territoires, self.outre_mer)

    def territoire(self, identifiant: str) -> Territoire:
        """Renvoie le territoire d'un identifiant (``DEP-40``).

        Raises
        ------
        TerritoireInconnu
            Si l'identifiant n'est pas au référentiel.
        """
        ligne = self._par_id.get(identifiant)
        if ligne is None:
            raise TerritoireInconnu(identifiant, cog=self.cog)
        niveau, code, nom, tncc = ligne
        return Territoire(niveau=Niveau(niveau), code=code, nom=nom, tncc=tncc)

    def nom(self, identifiant: str) -> str:
        """Renvoie le nom d'un territoire."""
        return self.territoire(identifiant).nom

    def appartenance(self, niveau: Niveau | str) -> pl.DataFrame:
        """Renvoie ``commune, territoire`` : l'identifiant du territoire de chaque commune.

        Une commune sans territoire à ce niveau (île sans intercommunalité, Mayotte sans
        arrondissement) n'y est pas.

        Raises
        ------
        ValueError
            Si le niveau n'est pas composé de communes entières.
        """
        niveau = Niveau(niveau)
        if niveau is Niveau.FRANCE:
            return self.communes.select(commune="code", territoire=pl.lit("FR-FR"))
        colonne = COLONNES_DE_NIVEAU.get(niveau)
        if colonne is None:
            msg = f"le niveau {niveau.value} n'est pas composé de communes entières"
            raise ValueError(msg)
        return self.communes.filter(pl.col(colonne).is_not_null()).select(
            commune="code", territoire=pl.lit(f"{niveau.value}-") + pl.col(colonne)
        )

    def communes_de(self, identifiant: str) -> list[str]:
        """Renvoie les codes des communes d'un territoire, triés.

        Un arrondissement municipal renvoie la commune dont il fait partie.
        """
        territoire = self.territoire(identifiant)
        if territoire.niveau is Niveau.ARRONDISSEMENT_MUNICIPAL:
            return self.arrondissements_municipaux.filter(pl.col("code") == territoire.code)[
                "commune"
            ].to_list()
        if territoire.niveau is Niveau.FRANCE:
            return self.communes["code"].to_list()
        return self._communes_du_code(COLONNES_DE_NIVEAU[territoire.niveau], territoire.code)

    def communes_du_departement(self, departement: str) -> list[str]:
        """Renvoie les codes des communes d'un département, triés."""
        return self._communes_du_code("departement", self._departement(departement))

    def epci_du_departement(self, departement: str) -> list[str]:
        """Renvoie les codes des EPCI qui ont au moins une commune dans le département."""
        code = self._departement(departement)
        epci = self.communes.filter((pl.col("departement") == code) & pl.col("epci").is_not_null())[
            "epci"
        ]
        return sorted(epci.unique())

    def territoires_du_departement(self, departement: str, niveau: Niveau | str) -> list[str]:
        """Renvoie les identifiants des territoires d'un niveau qui touchent le département."""
        communes = self.communes_du_departement(departement)
        niveau = Niveau(niveau)
        if niveau is Niveau.ARRONDISSEMENT_MUNICIPAL:
            codes = self.arrondissements_municipaux.filter(pl.col("commune").is_in(communes))
            return [f"ARM-{code}" for code in codes["code"]]
        table = self.appartenance(niveau).filter(pl.col("commune").is_in(communes))
        return sorted(table["territoire"].unique())

    def region_du_departement(self, departement: str) -> str:
        """Renvoie le code de la région d'un département."""
        code = self._departement(departement)
        return str(self.communes.filter(pl.col("departement") == code)["region"][0])

    def limitrophes(self, departement: str) -> list[str]:
        """Renvoie les codes des départements limitrophes, triés ; aucun outre-mer."""
        code = self._departement(departement)
        table = self.departements_limitrophes.filter(pl.col("departement") == code)
        return sorted(table["limitrophe"])

    def resoudre_departement(self, texte: str) -> str:
        """Renvoie le code du département qu'une personne a écrit (code ou nom).

        Raises
        ------
        TerritoireInconnu
            Avec des codes et des noms proches.
        """
        return self._recherche.departement(texte)

    def resoudre(self, texte: str) -> Territoire:
        """Renvoie le territoire d'un code, d'un identifiant ou d'un nom.

        Deux caractères, ou trois en 97, font un département ; neuf chiffres, un EPCI ; cinq
        caractères, une commune ou un arrondissement municipal.

        Raises
        ------
        TerritoireInconnu
            Avec des codes et des noms proches.
        """
        return self.territoire(self._recherche.identifiant(texte))

    def _departement(self, code: str) -> str:
        if f"DEP-{code}" not in self._par_id:
            return self.resoudre_departement(code)
        return code

    def _communes_du_code(self, colonne: str, code: str) -> list[str]:
        return sorted(self.communes.filter(pl.col(colonne) == code)["code"])
