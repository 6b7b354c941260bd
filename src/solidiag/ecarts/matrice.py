"""Matrice des écarts : pour chaque domaine et intercommunalité, besoin et offre comparés."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from solidiag.catalogue.indicateur import Croisement, Indicateur, MesureOffre
from solidiag.ecarts.positions import Mesure, Position, mesurer, situer
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import ECARTS

CLASSES = ("tension", "vigilance", "couvert", "a_redeployer", "presence_seulement", "non_mesure")
"""Classes d'une case, de la plus pressante à la moins connue."""

CONFIANCES = ("forte", "moyenne", "faible", "aucune")
"""Degrés de confiance d'une case."""

_CLASSE: dict[tuple[int, int], str] = {
    (1, -1): "tension",
    (1, 0): "vigilance",
    (1, 1): "couvert",
    (0, -1): "vigilance",
    (0, 0): "couvert",
    (0, 1): "couvert",
    (-1, -1): "couvert",
    (-1, 0): "couvert",
    (-1, 1): "a_redeployer",
}
"""Classe selon la place du besoin (plus ou moins fragile) et celle de l'offre."""

_PLACE = {1: "nettement au-dessus", 0: "proche", -1: "nettement au-dessous"}

_ECHELLES = {"DEP": "du département", "REG": "de la région", "FR": "de la France"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Regles:
    """Règles de classement, lues dans ``declarations/parametres/ecarts.yaml``."""

    marge_besoin: float
    marge_offre: float
    marges_sans_intervalle: float
    references: tuple[str, ...]
    demi_pas: Mapping[str, float]
    annees_entre: int
    age_maximal: int
    faiblesses_forte: int
    faiblesses_moyenne: int

    @classmethod
    def lire(cls, parametres: Mapping[str, Any]) -> Regles:
        """Renvoie les règles d'un fichier de paramètres."""
        return cls(
            marge_besoin=float(parametres["marges"]["besoin"]),
            marge_offre=float(parametres["marges"]["offre"]),
            marges_sans_intervalle=float(parametres["marges_sans_intervalle"]),
            references=tuple(parametres["references"]),
            demi_pas={str(u): float(p) for u, p in parametres["demi_pas"].items()},
            annees_entre=int(parametres["annees_entre_besoin_et_offre"]),
            age_maximal=int(parametres["age_maximal"]),
            faiblesses_forte=int(parametres["faiblesses"]["forte"]),
            faiblesses_moyenne=int(parametres["faiblesses"]["moyenne"]),
        )


class Lecteur:
    """Observations rangées par indicateur, période et territoire.

    Parameters
    ----------
    observations
        Table au schéma `OBSERVATIONS`.
    references
        Identifiants des territoires de comparaison, du plus proche au plus large.
    """

    def __init__(
        self,
        observations: pl.DataFrame,
        references: Sequence[str],
        *,
        demi_pas: Mapping[str, float],
    ) -> None:
        self._references = tuple(references)
        self._mesures: dict[str, dict[str, dict[str, Mesure]]] = {}
        for ligne in observations.iter_rows(named=True):
            periodes = self._mesures.setdefault(str(ligne["indicateur"]), {})
            periodes.setdefault(str(ligne["periode"]), {})[str(ligne["territoire"])] = mesurer(
                ligne, demi_pas
            )

    def periode(self, indicateur: str, territoires: Sequence[str], *, comparee: bool = True) -> str:
        """Renvoie la période la plus récente où un territoire se lit, et une référence aussi.

        Une seule période pour tous les territoires : les cases d'une ligne se comparent.
        """
        periodes = self._mesures.get(indicateur, {})
        for periode in sorted(periodes, reverse=True):
            mesures = periodes[periode]
            vus = any((m := mesures.get(t)) is not None and m.lisible for t in territoires)
            if vus and (not comparee or self.reference(indicateur, periode) is not None):
                return periode
        return ""

    def reference(self, indicateur: str, periode: str) -> tuple[str, Mesure] | None:
        """Renvoie la première référence qui se lit à cette période."""
        mesures = self._mesures.get(indicateur, {}).get(periode, {})
        for territoire in self._references:
            mesure = mesures.get(territoire)
            if mesure is not None and mesure.lisible:
                return territoire, mesure
        return None

    def mesure(self, indicateur: str, territoire: str, periode: str) -> Mesure:
        """Renvoie la mesure d'un territoire ; non documentée s'il n'y a pas de ligne.

        Sans période commune, la plus récente, pour que son absence soit dite.
        """
        periodes = self._mesures.get(indicateur, {})
        choisie = periode or max(periodes, default="")
        mesures = periodes.get(choisie, {})
        return mesures.get(territoire, Mesure(valeur=None, absence="non documenté"))


def references_de(
    regles: Regles, *, departement: str, region: str, seul: bool = False
) -> tuple[str, ...]:
    """Renvoie les identifiants des territoires de comparaison, dans l'ordre des règles.

    ``seul`` : une seule intercommunalité couvre le département, ou le déborde ; les comparer serait
    comparer un territoire à lui-même ou à l'une de ses parties.
    """
    noms = {"DEP": f"DEP-{departement}", "REG": f"REG-{region}" if region else "", "FR": "FR-FR"}
    return tuple(
        noms[niveau]
        for niveau in regles.references
        if noms[niveau] and not (seul and niveau == "DEP")
    )


def croiser(
    croisements: Mapping[str, Croisement],
    observations: pl.DataFrame,
    *,
    epci: Sequence[str],
    departement: str,
    region: str = "",
    indicateurs: Mapping[str, Indicateur],
    mesures: Mapping[str, MesureOffre],
    parametres: Mapping[str, Any],
    annee: int,
) -> pl.DataFrame:
    """Renvoie la matrice domaine × intercommunalité, une ligne par case.

    Parameters
    ----------
    croisements
        Par domaine, dans l'ordre de la grille.
    observations
        Besoin et offre, au schéma `OBSERVATIONS`.
    epci
        Identifiants des intercommunalités (« EPCI-… »), même hors observations.
    departement, region
        Codes (« 40 », « 75 »).
    parametres
        Contenu de ``declarations/parametres/ecarts.yaml``.
    annee
        Année du diagnostic, pour l'âge des données.

    Returns
    -------
    polars.DataFrame
        Au schéma `ECARTS` : chaque paire (domaine, intercommunalité) revient.
    """
    regles = Regles.lire(parametres)
    utiles = {
        i for c in croisements.values() for i in (c.besoin, c.appui, c.offre, c.offre_secours) if i
    }
    lecteur = Lecteur(
        observations.filter(pl.col("indicateur").is_in(list(utiles))),
        references_de(regles, departement=departement, region=region, seul=len(set(epci)) == 1),
        demi_pas=regles.demi_pas,
    )
    lignes: list[dict[str, Any]] = []
    for croisement in croisements.values():
        case = _Case(
            croisement=croisement,
            lecteur=lecteur,
            regles=regles,
            indicateurs=indicateurs,
            mesures=mesures,
            annee=annee,
            epci=tuple(epci),
        )
        lignes.extend(case.lignes())
    return mettre_au_schema(pl.DataFrame(lignes, schema=ECARTS), ECARTS)


@dataclass(frozen=True, kw_only=True)
class _Case:
    """Un croisement, prêt à être lu pour chaque intercommunalité."""

    croisement: Croisement
    lecteur: Lecteur
    regles: Regles
    indicateurs: Mapping[str, Indicateur]
    mesures: Mapping[str, MesureOffre]
    annee: int
    epci: tuple[str, ...]

    @cached_property
    def offre(self) -> str:
        """Mesure d'offre lue : celle de secours si l'autre ne se lit nulle part ici."""
        comparee = self.croisement.portee == "volume"
        for mesure in (self.croisement.offre, self.croisement.offre_secours):
            if mesure and self.lecteur.periode(mesure, self.epci, comparee=comparee):
                return mesure
        return self.croisement.offre

    def lignes(self) -> Iterator[dict[str, Any]]:
        """Parcourt les cases du domaine."""
        faire = {"volume": self._volume, "presence": self._presence, "aucune": self._aucune}
        for territoire in self.epci:
            yield self._ligne(territoire) | faire[self.croisement.portee](territoire)

    def _ligne(self, territoire: str) -> dict[str, Any]:
        croisement = self.croisement
        return {
            "domaine": croisement.domaine,
            "territoire": territoire,
            "classe": "non_mesure",
            "confiance": "aucune",
            "besoin": croisement.besoin,
            "offre": self.offre,
            "besoin_valeur": None,
            "besoin_reference": None,
            "offre_valeur": None,
            "offre_reference": None,
            "motif": "",
            "detenteur": croisement.detenteur,
        }

    def _lire(self, indicateur: str, territoire: str) -> tuple[Mesure, tuple[str, Mesure] | None]:
        if not indicateur:
            return Mesure(valeur=None, absence="non documenté"), None
        periode = self.lecteur.periode(indicateur, self.epci)
        mesure = self.lecteur.mesure(indicateur, territoire, periode)
        return mesure, self.lecteur.reference(indicateur, periode) if periode else None

    def _aucune(self, territoire: str) -> dict[str, Any]:
        besoin, reference = self._lire(self.croisement.besoin, territoire)
        valeurs = _valeurs("besoin", besoin, reference)
        if self.croisement.motif:
            motif = self.croisement.motif
        elif self.croisement.etat_offre == "aucune":
            motif = "Aucun fichier ouvert ne décrit d'offre propre à ce domaine."
        elif self.croisement.etat_offre == "indirecte":
            motif = "Les fichiers ouverts n'éclairent l'offre de ce domaine qu'indirectement."
        else:
            motif = "Besoin et offre ne se lisent pas tous deux dans chaque intercommunalité."
        return valeurs | {"motif": motif}

    def _presence(self, territoire: str) -> dict[str, Any]:
        besoin, reference = self._lire(self.croisement.besoin, territoire)
        periode = self.lecteur.periode(self.offre, self.epci, comparee=False)
        offre = self.lecteur.mesure(self.offre, territoire, periode)
        valeurs = _valeurs("besoin", besoin, reference) | _valeurs("offre", offre, None)
        if not offre.lisible or offre.valeur is None:
            motif = f"Offre {offre.absence}\u00a0: aucun lieu connu n'est pas une absence prouvée."
            return valeurs | {"motif": motif}
        lieu = "Au moins un lieu inscrit" if offre.valeur > 0 else "Aucun lieu inscrit à la liste"
        if besoin.lisible and reference is not None:
            position = self._place_besoin(besoin, reference[1])
            suite = f"besoin {_phrase_place(position)} {_echelle(reference[0])}"
        else:
            suite = f"besoin {besoin.absence or 'sans référence'}"
        motif = f"{lieu}, {suite}\u00a0: une présence ne dit ni des places ni des horaires."
        return valeurs | {"classe": "presence_seulement", "confiance": "faible", "motif": motif}

    def _volume(self, territoire: str) -> dict[str, Any]:
        besoin, ref_besoin = self._lire(self.croisement.besoin, territoire)
        offre, ref_offre = self._lire(self.offre, territoire)
        valeurs = _valeurs("besoin", besoin, ref_besoin) | _valeurs("offre", offre, ref_offre)
        for nom, mesure in (("Besoin", besoin), ("Offre", offre)):
            if not mesure.lisible:
                return valeurs | {"motif": f"{nom} {mesure.absence} dans ce territoire."}
        if ref_besoin is None or ref_offre is None:
            nom = "Besoin" if ref_besoin is None else "Offre"
            return valeurs | {"motif": f"{nom} sans valeur de référence à la même période."}
        place_besoin = self._place_besoin(besoin, ref_besoin[1])
        place_offre = self._place_offre(offre, ref_offre[1])
        classe = _CLASSE[place_besoin.sens, place_offre.sens]
        faiblesses = list(
            self._faiblesses(
                territoire,
                besoin,
                offre,
                places=(place_besoin, place_offre),
                references=(ref_besoin[1], ref_offre[1]),
            )
        )
        motif = (
            f"Besoin {_phrase_place(place_besoin)} {_echelle(ref_besoin[0])}, "
            f"offre {_phrase_place(place_offre)} {_echelle(ref_offre[0])}."
        )
        if faiblesses:
            motif += f" Réserves\u00a0: {', '.join(faiblesses)}."
        return valeurs | {
            "classe": classe,
            "confiance": self._confiance(len(faiblesses)),
            "motif": motif,
        }

    def _place_besoin(self, besoin: Mesure, reference: Mesure) -> Position:
        """Place du besoin : 1 est toujours le plus fragile."""
        declaration = self.indicateurs.get(self.croisement.besoin)
        inverse = declaration is not None and declaration.sens == "plus_bas_est_plus_fragile"
        return _orienter(situer(besoin, reference, marge=self.regles.marge_besoin), inverse=inverse)

    def _place_offre(self, offre: Mesure, reference: Mesure) -> Position:
        """Place de l'offre : 1 est toujours l'offre la plus forte."""
        inverse = self.croisement.sens_offre == "moins_est_mieux"
        return _orienter(situer(offre, reference, marge=self.regles.marge_offre), inverse=inverse)

    def _faiblesses(
        self,
        territoire: str,
        besoin: Mesure,
        offre: Mesure,
        *,
        places: tuple[Position, Position],
        references: tuple[Mesure, Mesure],
    ) -> Iterator[str]:
        annees = (_annee(besoin.periode), _annee(offre.periode))
        if abs(annees[0] - annees[1]) > self.regles.annees_entre:
            yield "besoin et offre de dates éloignées"
        if self.annee - min(annees) > self.regles.age_maximal:
            yield "données anciennes"
        declaration = self.indicateurs.get(self.croisement.besoin)
        if declaration is not None and declaration.correspondance != "exacte":
            yield "besoin de définition approchante"
        if besoin.approchee or offre.approchee:
            yield "valeur estimée ou tronquée"
        if not (besoin.encadree and offre.encadree):
            yield "incertitude inconnue"
        marges = (self.regles.marge_besoin, self.regles.marge_offre)
        compares = zip((besoin, offre), references, places, marges, strict=True)
        if any(self._fragile(m, r, place=p, marge=marge) for m, r, p, marge in compares):
            yield "écart modeste pour une incertitude inconnue"
        if not all(place.etablie for place in places):
            yield "écart qui ne sort pas de l'incertitude"
        if self.croisement.etat_offre == "partielle":
            yield "une partie du domaine seulement"
        if self.offre != self.croisement.offre:
            yield "offre rapportée à une population plus large"
        mesure = self.mesures.get(self.offre)
        if mesure is not None and mesure.origine == "services":
            yield "lieux comptés sans leurs horaires ni leurs places"
        appui, reference = self._lire(self.croisement.appui, territoire)
        if not appui.lisible or reference is None:
            yield "un seul indicateur de besoin lisible"
        elif self._sens_appui(appui, reference[1]) * places[0].sens < 0:
            yield "un second indicateur de besoin dit le contraire"

    def _fragile(self, mesure: Mesure, reference: Mesure, *, place: Position, marge: float) -> bool:
        """Dit si un écart qui classe dépasse de peu la marge, sans incertitude connue."""
        if mesure.encadree or not place.sens or mesure.valeur is None or reference.valeur is None:
            return False
        limite = self.regles.marges_sans_intervalle * marge * abs(reference.valeur)
        return abs(mesure.valeur - reference.valeur) < limite

    def _sens_appui(self, appui: Mesure, reference: Mesure) -> int:
        declaration = self.indicateurs.get(self.croisement.appui)
        inverse = declaration is not None and declaration.sens == "plus_bas_est_plus_fragile"
        place = situer(appui, reference, marge=self.regles.marge_besoin)
        return _orienter(place, inverse=inverse).sens

    def _confiance(self, faiblesses: int) -> str:
        if faiblesses <= self.regles.faiblesses_forte:
            return "forte"
        return "moyenne" if faiblesses <= self.regles.faiblesses_moyenne else "faible"


def _orienter(position: Position, *, inverse: bool) -> Position:
    sens = -position.sens if inverse else position.sens
    return Position(sens=sens, etablie=position.etablie)


def _valeurs(nom: str, mesure: Mesure, reference: tuple[str, Mesure] | None) -> dict[str, Any]:
    """Renvoie la valeur et sa référence, quand elles se lisent."""
    return {
        f"{nom}_valeur": mesure.valeur if mesure.lisible else None,
        f"{nom}_reference": reference[1].valeur if reference is not None else None,
    }


def _phrase_place(position: Position) -> str:
    return f"{_PLACE[position.sens]} du niveau"


def _echelle(territoire: str) -> str:
    return _ECHELLES[territoire.partition("-")[0]]


def _annee(periode: str) -> int:
    """Renvoie la dernière année d'une période (« 2021 », « 2024-T4 », « 2021-2023 »)."""
    annees = [int(m) for m in periode.replace("-", " ").split() if m.isdigit() and len(m) == 4]
    return max(annees, default=0)
