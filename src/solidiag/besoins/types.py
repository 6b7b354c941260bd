"""Types de territoires : des observations à une typologie décrite, un indice, des regroupements.

Voir ``docs/methode/types.md``. Rien n'est imputé : un territoire à qui il manque un indicateur n'a
pas de type, et la marque de son absence est gardée.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from solidiag.besoins.types_lecture import Lus, lire_indicateurs
from solidiag.besoins.types_modele import (
    LETTRES,
    PROFILS,
    TYPES,
    IndiceComposite,
    Marque,
    Refus,
    Regroupements,
    TypeDecrit,
    TypesDeTerritoires,
    Typologie,
)
from solidiag.catalogue.indicateur import Indicateur
from solidiag.confidentiality.publication import publier
from solidiag.geography.contours import Surface
from solidiag.geography.voisinage import voisins_contigus
from solidiag.statistics.autocorrelation import (
    moran_global,
    moran_local,
    permutations_suffisantes,
)
from solidiag.statistics.indices import sensibilite
from solidiag.statistics.tests import ajuster
from solidiag.statistics.typologie import (
    Entiers,
    Partition,
    Reels,
    acp,
    choisir,
    eloignements,
    parangons,
    partitions,
    silhouettes,
    stabilite,
    valeurs_tests,
)

_MINIMUM_MORAN = 30
"""Communes avec un voisin sous lesquelles aucun regroupement n'est cherché."""

_QUADRANTS = {
    "haut_haut": "haut",
    "bas_bas": "bas",
    "haut_bas": "haut_isole",
    "bas_haut": "bas_isole",
}


def calculer_types(
    observations: pl.DataFrame,
    *,
    territoires: Mapping[str, Sequence[str]],
    indicateurs: Mapping[str, Indicateur],
    populations: Mapping[str, int],
    surfaces: Mapping[str, Surface],
    parametres: Mapping[str, Any],
    rng: np.random.Generator,
) -> TypesDeTerritoires:
    """Renvoie les types de communes et d'intercommunalités, l'indice et les regroupements.

    Parameters
    ----------
    observations
        Table `OBSERVATIONS`.
    territoires
        Identifiants par niveau (``COM``, ``EPCI``) ; leur ordre ne change rien.
    populations
        Population par identifiant.
    surfaces
        Surface projetée des communes, par identifiant.
    parametres
        ``declarations/parametres/types.yaml``.
    """
    niveaux: Mapping[str, Mapping[str, Any]] = parametres["niveaux"]
    *par_niveau, espace = rng.spawn(len(niveaux) + 1)
    typologies: dict[str, Typologie] = {}
    lignes, profils = [], []
    indice: IndiceComposite | None = None
    regroupements: Regroupements | None = None
    for (niveau, reglages), generateur in zip(niveaux.items(), par_niveau, strict=True):
        ids = sorted(territoires.get(niveau, ()))
        lus = lire_indicateurs(
            observations, ids, reglages, indicateurs=indicateurs, bornage=parametres["bornage"]
        )
        calcul = _Calcul(
            niveau=niveau,
            ids=tuple(ids),
            lus=lus,
            reglages=reglages,
            parametres=parametres,
            populations=populations,
        )
        typologie, table, profil = calcul.typologie(generateur)
        if typologie.possible and reglages["indice"]:
            table, indice = _indice(table, lus, reglages["indice"], indicateurs)
            table, regroupements = _regrouper(table, lus, surfaces, parametres, espace)
        typologies[niveau] = typologie
        lignes.append(_au_schema(table, TYPES))
        profils.append(_au_schema(profil, PROFILS))
    return TypesDeTerritoires(
        table=publier(pl.concat(lignes), "types", cles=("niveau", "territoire")),
        profils=publier(pl.concat(profils), "profils", cles=("niveau", "type", "indicateur")),
        typologies=typologies,
        indice=indice,
        regroupements=regroupements,
        parametres=parametres,
    )


def _au_schema(table: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    colonnes = [
        pl.col(nom).cast(genre) if nom in table.columns else pl.lit(None, dtype=genre).alias(nom)
        for nom, genre in schema.items()
    ]
    return table.select(colonnes).with_columns(pl.col(pl.Float64).round(6))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Calcul:
    """Typologie d'un niveau."""

    niveau: str
    ids: tuple[str, ...]
    lus: Lus
    reglages: Mapping[str, Any]
    parametres: Mapping[str, Any]
    populations: Mapping[str, int]

    def typologie(self, rng: np.random.Generator) -> tuple[Typologie, pl.DataFrame, pl.DataFrame]:
        """Renvoie la typologie, sa table et ses profils."""
        refus = self._refus()
        if refus is not None:
            return self._sans_types(refus)
        composantes = acp(self.lus.valeurs)
        axes = composantes.axes_pour(self.parametres["part_d_inertie"])
        coordonnees = composantes.coordonnees[:, :axes]
        jugees = self._juger(coordonnees, rng)
        retenue = choisir(
            jugees,
            effectif_minimal=self._taille_minimale(),
            stabilite_minimale=self.parametres["stabilite"]["fragile"],
        )
        if retenue is None:
            return self._sans_types(Refus(motif="classes", valeur=0, seuil=self._taille_minimale()))
        retenue = _renumeroter(retenue, self.lus.complets)
        moyennes = silhouettes(coordonnees, retenue.classes)
        typologie = Typologie(
            niveau=self.niveau,
            n_total=len(self.ids),
            n_complets=len(self.lus.complets),
            lus=self.lus,
            axes=axes,
            part_inertie=composantes.part_d_inertie(axes),
            valeurs_propres=tuple(float(v) for v in composantes.valeurs_propres),
            partitions=tuple(jugees),
            retenue=retenue,
            frontieres=int((np.round(moyennes, 8) < 0).sum()),
            types=self._types(coordonnees, retenue),
        )
        return typologie, self._table(coordonnees, retenue, moyennes), self._profils(retenue)

    def _refus(self) -> Refus | None:
        n, lus, reglages = len(self.ids), self.lus, self.reglages
        if n < reglages["effectif_minimal"]:
            return Refus(motif="effectif", valeur=n, seuil=reglages["effectif_minimal"])
        for requis in reglages["requis"]:
            if requis not in lus.actifs:
                return Refus(
                    motif="requis",
                    valeur=lus.parts.get(requis, 0.0),
                    seuil=reglages["part_lue"],
                    indicateur=requis,
                )
        if len(lus.actifs) < reglages["indicateurs_minimal"]:
            return Refus(
                motif="indicateurs",
                valeur=len(lus.actifs),
                seuil=reglages["indicateurs_minimal"],
            )
        voulus = max(reglages["effectif_minimal"], reglages["part_complete"] * n)
        if len(lus.complets) < voulus:
            return Refus(motif="complets", valeur=len(lus.complets), seuil=float(np.ceil(voulus)))
        return None

    def _sans_types(self, refus: Refus) -> tuple[Typologie, pl.DataFrame, pl.DataFrame]:
        typologie = Typologie(
            niveau=self.niveau,
            n_total=len(self.ids),
            n_complets=len(self.lus.complets),
            lus=self.lus,
            refus=refus,
        )
        table = self._base().with_columns(
            pl.when(pl.col("statut") == "A").then(pl.lit("O")).otherwise("statut").alias("statut"),
            pl.col("motif").fill_null("pas de types à ce niveau"),
        )
        return typologie, table, pl.DataFrame(schema=PROFILS)

    def _base(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "niveau": [self.niveau] * len(self.ids),
                "territoire": list(self.ids),
                "statut": [self.lus.statuts[t] for t in self.ids],
                "motif": [self.lus.motifs[t] for t in self.ids],
            },
            schema={c: TYPES[c] for c in ("niveau", "territoire", "statut", "motif")},
        )

    def _taille_minimale(self) -> int:
        part = self.reglages["part_classe_minimale"] * len(self.lus.complets)
        return max(int(self.reglages["classe_minimale"]), int(np.ceil(part)))

    def _juger(self, coordonnees: Reels, rng: np.random.Generator) -> list[Partition]:
        plus_petit, plus_grand = self.reglages["nombre"]
        possibles = partitions(coordonnees, range(plus_petit, plus_grand + 1))
        stables = stabilite(
            self.lus.valeurs,
            {k: p.classes for k, p in possibles.items()},
            axes=coordonnees.shape[1],
            tirages=self.parametres["tirages"],
            rng=rng,
        )
        return [replace(p, stabilites=stables[k]) for k, p in possibles.items()]

    def _types(self, coordonnees: Reels, retenue: Partition) -> tuple[TypeDecrit, ...]:
        complets = self.lus.complets
        modeles = parangons(coordonnees, retenue.classes)
        habitants = np.array([int(self.populations.get(t) or 0) for t in complets])
        total = int(habitants.sum())
        decrits = []
        for c in range(retenue.nombre):
            membres = np.flatnonzero(retenue.classes == c)
            population = int(habitants[membres].sum())
            decrits.append(
                TypeDecrit(
                    lettre=LETTRES[c],
                    territoires=tuple(complets[i] for i in membres),
                    population=population,
                    part_population=population / total if total else 0.0,
                    stabilite=retenue.stabilites[c],
                    parangon=complets[modeles[c]],
                    marques=self._marques(retenue.classes, c),
                )
            )
        return tuple(decrits)

    def _mesures(self, classes: Entiers) -> tuple[Reels, Reels]:
        """Renvoie valeurs-tests et écarts réduits, actifs (tels que classés) puis illustratifs."""
        publiees = self.lus.publiees[:, len(self.lus.actifs) :]
        tout = np.column_stack([self.lus.valeurs, publiees])
        ecarts = np.full((int(classes.max()) + 1, tout.shape[1]), np.nan)
        for j, colonne in enumerate(tout.T):
            connus = np.isfinite(colonne)
            if connus.sum() < 2 or not colonne[connus].std() > 0:
                continue
            z = (colonne - colonne[connus].mean()) / colonne[connus].std()
            for c in range(len(ecarts)):
                membres = connus & (classes == c)
                ecarts[c, j] = z[membres].mean() if membres.any() else np.nan
        return valeurs_tests(tout, classes), ecarts

    def _noms(self) -> list[str]:
        return [*self.lus.actifs, *self.lus.illustratifs]

    def _marques(self, classes: Entiers, classe: int) -> tuple[Marque, ...]:
        tests, ecarts = self._mesures(classes)
        noms = self._noms()
        marquees = [
            j
            for j in range(len(noms))
            if np.isfinite(tests[classe, j])
            and abs(tests[classe, j]) >= self.parametres["valeur_test"]
        ]
        marquees.sort(key=lambda j: (-round(abs(float(ecarts[classe, j])), 6), noms[j]))
        return tuple(
            Marque(
                indicateur=noms[j],
                valeur_test=float(tests[classe, j]),
                ecart=float(ecarts[classe, j]),
                net=abs(float(ecarts[classe, j])) >= self.parametres["ecart_net"],
                actif=j < len(self.lus.actifs),
            )
            for j in marquees
        )

    def _table(self, coordonnees: Reels, retenue: Partition, moyennes: Reels) -> pl.DataFrame:
        distances, voisines = eloignements(coordonnees, retenue.classes)
        modeles = set(parangons(coordonnees, retenue.classes))
        types = pl.DataFrame(
            {
                "territoire": list(self.lus.complets),
                "type": [LETTRES[c] for c in retenue.classes],
                "type_voisin": [LETTRES[c] for c in voisines],
                "distance": distances,
                "silhouette": moyennes,
                "stabilite": [retenue.stabilites[c] for c in retenue.classes],
                "parangon": [i in modeles for i in range(len(self.lus.complets))],
            }
        )
        return self._base().join(types, on="territoire", how="left", maintain_order="left")

    def _profils(self, retenue: Partition) -> pl.DataFrame:
        tests, ecarts = self._mesures(retenue.classes)
        periodes = {**self.lus.actifs, **self.lus.illustratifs}
        lignes = []
        for j, nom in enumerate(self._noms()):
            colonne = self.lus.publiees[:, j]
            connus = np.isfinite(colonne)
            for c in range(retenue.nombre):
                membres = colonne[connus & (retenue.classes == c)]
                lignes.append(
                    {
                        "niveau": self.niveau,
                        "type": LETTRES[c],
                        "indicateur": nom,
                        "periode": periodes[nom],
                        "role": "actif" if j < len(self.lus.actifs) else "illustratif",
                        "territoires_lus": len(membres),
                        "mediane": float(np.median(membres)) if len(membres) else None,
                        "mediane_ensemble": float(np.median(colonne[connus])),
                        "valeur_test": _fini(tests[c, j]),
                        "ecart": _fini(ecarts[c, j]),
                    }
                )
        return pl.DataFrame(lignes, schema=PROFILS)


def _fini(valeur: float) -> float | None:
    return float(valeur) if np.isfinite(valeur) else None


def _renumeroter(partition: Partition, ids: Sequence[str]) -> Partition:
    """Renvoie la partition numérotée de la plus grande classe à la plus petite."""
    effectifs = np.bincount(partition.classes)
    premiers = {
        int(c): int(np.flatnonzero(partition.classes == c)[0]) for c in range(len(effectifs))
    }
    ordre = sorted(premiers, key=lambda c: (-effectifs[c], ids[premiers[c]]))
    nouveaux = np.empty(len(ordre), dtype=np.int64)
    nouveaux[ordre] = np.arange(len(ordre))
    return replace(
        partition,
        classes=nouveaux[partition.classes],
        stabilites=tuple(partition.stabilites[c] for c in ordre),
    )


def _indice(
    table: pl.DataFrame,
    lus: Lus,
    voulus: Sequence[str],
    indicateurs: Mapping[str, Indicateur],
) -> tuple[pl.DataFrame, IndiceComposite]:
    noms = [i for i in lus.actifs if i in voulus and indicateurs[i].sens != "contexte"]
    signes = [-1.0 if indicateurs[i].sens == "plus_bas_est_plus_fragile" else 1.0 for i in noms]
    rangs_colonnes = [list(lus.actifs).index(i) for i in noms]
    resultat = sensibilite(lus.valeurs[:, rangs_colonnes] * np.array(signes), noms)
    etendues = resultat.rang_maximal - resultat.rang_minimal
    colonnes = pl.DataFrame(
        {
            "territoire": list(lus.complets),
            "indice": resultat.indice,
            "cinquieme": resultat.cinquieme,
            "cinquieme_minimal": resultat.cinquieme_minimal,
            "cinquieme_maximal": resultat.cinquieme_maximal,
        }
    )
    decrit = IndiceComposite(
        indicateurs=tuple(noms),
        correlations=resultat.correlations,
        n=len(lus.complets),
        memes_cinquiemes=int((resultat.cinquieme_minimal == resultat.cinquieme_maximal).sum()),
        toujours_dernier=int((resultat.cinquieme_minimal == 5).sum()),
        dernier=int((resultat.cinquieme == 5).sum()),
        etendue_mediane=float(np.median(etendues)),
        etendue_maximale=float(etendues.max()),
    )
    return table.join(colonnes, on="territoire", how="left", maintain_order="left"), decrit


def _regrouper(
    table: pl.DataFrame,
    lus: Lus,
    surfaces: Mapping[str, Surface],
    parametres: Mapping[str, Any],
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, Regroupements | None]:
    valeurs = dict(table.select("territoire", "indice").iter_rows())
    voisins = voisins_contigus(surfaces, lus.complets)
    pourvus = [i for i, siens in enumerate(voisins) if siens]
    serie = [valeurs[t] for t in lus.complets]
    if len(pourvus) < _MINIMUM_MORAN or len(set(serie)) < 2:
        return table, None
    hasard_global, hasard_local = rng.spawn(2)
    globale = moran_global(serie, voisins, permutations=999, rng=hasard_global)
    permutations = max(
        parametres["permutations"],
        permutations_suffisantes(len(pourvus), parametres["fausses_decouvertes"]),
    )
    locale = moran_local(serie, voisins, permutations=permutations, rng=hasard_local)
    ajustees = np.full(len(serie), np.nan)
    ajustees[pourvus] = ajuster(locale.p[pourvus])
    noms = [
        _QUADRANTS[locale.quadrants[i]]
        if voisins[i] and ajustees[i] <= parametres["fausses_decouvertes"]
        else None
        for i in range(len(serie))
    ]
    colonnes = pl.DataFrame(
        {
            "territoire": list(lus.complets),
            "moran": [locale.indices[i] if voisins[i] else None for i in range(len(serie))],
            "moran_p_ajustee": [_fini(p) for p in ajustees],
            "regroupement": noms,
        },
        schema_overrides={"regroupement": pl.String()},
    )
    resume = Regroupements(
        globale=globale,
        communes={
            nom: tuple(t for t, n in zip(lus.complets, noms, strict=True) if n == nom)
            for nom in _QUADRANTS.values()
        },
        non_distinguees=sum(1 for i in pourvus if noms[i] is None),
        sans_voisin=len(serie) - len(pourvus),
    )
    return table.join(colonnes, on="territoire", how="left", maintain_order="left"), resume
