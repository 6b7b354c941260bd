"""Ce que l'on sait de l'offre d'un domaine : lieux, accès, dates, acteurs, et ce qui manque."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from solidiag.catalogue.grille import Domaine
from solidiag.catalogue.indicateur import MesureOffre
from solidiag.ecarts.synthese import resumer
from solidiag.offre.acces_mesures import PREFIXE, suffixe_de_base
from solidiag.offre.qualite import ENSEMBLE
from solidiag.publication.document import (
    Absence,
    Bloc,
    Cle,
    Encadre,
    Ligne,
    Mention,
    Nombre,
    Paragraphe,
    Texte,
)
from solidiag.publication.francais import formater
from solidiag.publication.matiere import Matiere, Observe

GENRES: dict[str, str] = {
    "temps": "Temps de trajet jusqu'au lieu le plus proche, pour la moitié du public",
    "dans": "Lieux à {seuil} minutes ou moins, en moyenne",
    "part_hors": "Public à plus de {seuil} minutes de tout lieu",
    "flottant": "Lieux à portée, rapportés au public qui s'y rend ({unite})",
    "capacite": "Capacité à portée pour 1 000 personnes concernées",
    "samedi": "Public qui a, à {seuil} minutes, un lieu connu pour ouvrir le samedi",
    "soir": "Public qui a, à {seuil} minutes, un lieu connu pour ouvrir le soir",
    "satures": "Services saturés, parmi ceux qui disent leur état",
    "delai": "Attente médiane avant un premier rendez-vous",
}
"""Mesures d'accès d'un domaine, dans l'ordre où elles se lisent."""

SILENCES: dict[str, str] = {
    "samedi": "l'ouverture le samedi",
    "soir": "l'ouverture le soir",
    "capacite": "la capacité à portée",
    "satures": "la saturation",
    "delai": "l'attente",
}
"""Nom de ce qui est « non documenté » quand une mesure n'a pas de valeur."""

NIVEAUX_D_OFFRE: dict[str, str] = {
    "volume": "places ou volume connus",
    "lieux": "lieux connus, sans volume",
    "indirecte": "mesure indirecte seulement",
    "inconnue": "non documentée",
}
"""Ce que les sources disent de l'offre d'un domaine, du plus au moins précis."""

AMPLEUR_MAXIMALE = 60.0
"""Points d'écart au-delà desquels une part ne s'imprime que par ses bornes."""

AMPLEUR_VIDE = 90.0
"""Points d'écart au-delà desquels une part peut valoir presque tout."""

RAPPORT_MAXIMAL = 4.0
"""Rapport des bornes au-delà duquel un temps estimé ne s'imprime que par elles."""

_PART_INFIME = 0.05
"""Part, en points, qui s'imprimerait 0,0 % et se lirait « tout le monde »."""

_FICTIF = "(?i)exemple fictif"
_SANS_NOM = "non nommé"
"""Ce que porte le nom d'un acteur que la source ne nomme pas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccesLu:
    """Accès d'un domaine.

    Parameters
    ----------
    resume
        Ligne de la table ``acces_domaines`` (schéma `solidiag.offre.acces_mesures.RESUMES`).
    mesures
        Genre (`GENRES`) → déclaration de la mesure.
    public
        Public qui pèse, en clair.
    """

    domaine: str
    resume: Mapping[str, Any]
    mesures: Mapping[str, MesureOffre]
    public: str

    @property
    def mesure(self) -> bool:
        """Dit si des lieux sont connus, et donc l'accès mesuré."""
        return bool(self.resume["etat"] == "mesure" and self.mesures)

    @property
    def seuil(self) -> int:
        """Seuil du domaine, en minutes."""
        return int(self.resume["seuil_min"])

    @property
    def en_avant(self) -> bool:
        """Dit si le domaine peut servir d'exemple en tête d'un document."""
        return bool(self.resume.get("mis_en_avant", True))

    @property
    def comptes(self) -> tuple[Ligne, ...]:
        """Ce que l'on rejoint, et de quand : « gares de voyageurs, d'après des lieux de 2019 »."""
        lieux = str(self.resume.get("lieux_comptes") or "lieux connus")
        return (Mention(lieux, "nom"), Texte(", "), *self.annees_dites)

    @property
    def annees_dites(self) -> tuple[Ligne, ...]:
        """Renvoie « d'après des lieux de 2019 », ou « d'après des lieux sans date »."""
        annees = self.resume.get("annees")
        if not annees:
            return (Texte("d'après des lieux sans date"),)
        return (Texte("d'après des lieux de "), Mention(str(annees), "millesime"))

    def lire(self, matiere: Matiere, genre: str, territoire: str = "") -> Observe | None:
        """Renvoie l'observation d'un genre dans un territoire (le département par défaut)."""
        declaration = self.mesures.get(genre)
        if declaration is None:
            return None
        return matiere.derniere(declaration.id, territoire or matiere.departement.id)


def lire_acces(matiere: Matiere, domaine: str) -> AccesLu | None:
    """Renvoie l'accès d'un domaine, ou rien s'il n'a pas été calculé."""
    if matiere.acces_domaines is None:
        return None
    lignes = matiere.acces_domaines.frame.filter(pl.col("domaine") == domaine).to_dicts()
    if not lignes:
        return None
    debut = f"{PREFIXE}{domaine}."
    return AccesLu(
        domaine=domaine,
        resume=lignes[0],
        mesures={
            suffixe_de_base(identifiant.removeprefix(debut)): mesure
            for identifiant, mesure in matiere.mesures.items()
            if identifiant.startswith(debut)
        },
        public=_public(matiere, lignes[0]),
    )


def _public(matiere: Matiere, resume: Mapping[str, Any]) -> str:
    """Renvoie le public en clair : « personnes couvertes par le RSA, enfants compris »."""
    compte = matiere.comptes_de_personnes.get(str(resume["domaine"]))
    if not resume["public_compte"] or compte is None or not compte.qui:
        return str(resume["public"])
    return compte.qui[:1].lower() + compte.qui[1:]


def trop_incertain(observe: Observe) -> bool:
    """Dit si l'intervalle d'une mesure est trop large pour que sa valeur s'imprime seule."""
    if observe.lower is None or observe.upper is None:
        return False
    if observe.unite == "percent":
        return observe.upper - observe.lower > AMPLEUR_MAXIMALE
    if observe.unite == "minutes":
        return observe.upper > RAPPORT_MAXIMAL * max(observe.lower, 1.0)
    return False


def valeur_bornee(matiere: Matiere, observe: Observe | None) -> tuple[Ligne, ...]:
    """Renvoie « 8 minutes [5 à 12] », « moins de 0,1 % [0,0 à 7,4] », ou la marque d'absence.

    Rien n'y est dit « au plus » : une liste ancienne peut aussi garder un lieu fermé depuis.
    """
    if observe is None or not observe.lisible or observe.value is None:
        return (matiere.imprimer(observe),)
    if _ne_dit_rien(observe):
        return (Texte("trop incertain"),)
    if trop_incertain(observe):
        bornes = _bornes(observe)
        unite = {"percent": " %", "minutes": " minutes"}[observe.unite]
        return (Texte("de "), bornes[0], Texte(" à "), bornes[1], Texte(unite))
    if observe.unite == "percent" and observe.value < _PART_INFIME:
        return (Mention("moins de 0,1 %", "parametre"), *intervalle(observe))
    return (matiere.imprimer(observe), *intervalle(observe))


def intervalle(observe: Observe) -> tuple[Ligne, ...]:
    """Renvoie l'intervalle entre crochets, ou rien."""
    if observe.lower is None or observe.upper is None or observe.lower == observe.upper:
        return ()
    bornes = _bornes(observe)
    return (Texte("\u00a0["), bornes[0], Texte("\u00a0à\u00a0"), bornes[1], Texte("]"))


def _bornes(observe: Observe) -> list[Nombre]:
    decimales = 0 if observe.unite in ("minutes", "jours") else 1
    bornes = []
    for champ, borne in (("bas", observe.lower), ("haut", observe.upper)):
        cle = Cle(
            indicateur=observe.indicateur,
            territoire=observe.territoire,
            periode=observe.periode,
            champ=champ,
        )
        if borne is not None:
            bornes.append(Nombre(formater(borne, "nombre", decimales=decimales), cle))
    return bornes


def _ne_dit_rien(observe: Observe) -> bool:
    """Dit si l'intervalle d'une part couvre presque tout ce qu'elle peut valoir."""
    if observe.lower is None or observe.upper is None:
        return False
    return observe.unite == "percent" and observe.upper - observe.lower > AMPLEUR_VIDE


def niveau_d_offre(matiere: Matiere, domaine: Domaine) -> str:
    """Renvoie ce que les sources disent de l'offre : clé de `NIVEAUX_D_OFFRE`."""
    lues = [m for m in matiere.mesures_de(domaine) if _lisible(matiere, m.id)]
    acces = lire_acces(matiere, domaine.id)
    capacite = acces.lire(matiere, "capacite") if acces else None
    if any(m.nature == "volume" for m in lues) or (capacite is not None and capacite.lisible):
        return "volume"
    if any(m.nature == "presence" for m in lues) or (acces is not None and acces.mesure):
        return "lieux"
    return "indirecte" if lues else "inconnue"


def _lisible(matiere: Matiere, mesure: str) -> bool:
    observe = matiere.derniere(mesure, matiere.departement.id)
    if observe is not None and observe.lisible:
        return True
    return any(o.lisible for e in matiere.epci for o in matiere.serie(mesure, e))


def qualite_de(matiere: Matiere, domaine: str = ENSEMBLE) -> Mapping[str, Any] | None:
    """Renvoie la qualité de l'inventaire d'un domaine au département, ou rien."""
    if matiere.qualite_offre is None:
        return None
    lignes = matiere.qualite_offre.frame.filter(
        pl.col("territoire") == matiere.departement.id, pl.col("domaine") == domaine
    ).to_dicts()
    return lignes[0] if lignes and lignes[0]["statut"] == "A" else None


def nombre_qualite(
    matiere: Matiere, ligne: Mapping[str, Any], champ: str, *, part: bool = False
) -> Ligne:
    """Renvoie un nombre de la table de qualité (une part s'imprime en pourcentage)."""
    valeur = ligne[champ]
    if valeur is None:
        return Absence("L")
    cle = Cle(
        indicateur=str(ligne["domaine"]),
        territoire=matiere.departement.id,
        champ=champ,
        table="qualite_offre",
    )
    if part:
        return Nombre(formater(100 * float(valeur), "percent", decimales=0), cle)
    return Nombre(formater(float(valeur), "nombre", decimales=0), cle)


def dates_de(ligne: Mapping[str, Any] | None) -> tuple[Ligne, ...]:
    """Renvoie l'étendue des dates d'un domaine : la plus ancienne, et la médiane si elle diffère.

    Une information sans date se dit telle.
    """
    if ligne is None:
        return (Absence("L"),)
    ancienne, mediane = ligne["date_la_plus_ancienne"], ligne["date_mediane"]
    if not ancienne:
        return (Texte("sans date"),)
    annees = dict.fromkeys(str(d)[:4] for d in (ancienne, mediane) if d)
    return (Mention(" à ".join(annees), "millesime"),)


def annees_de(acces: AccesLu | None, qualite: Mapping[str, Any] | None) -> tuple[Ligne, ...]:
    """Renvoie l'année des lieux dont l'accès est mesuré ; à défaut, celles des services."""
    if acces is not None and acces.mesure and acces.resume.get("annees"):
        return (Mention(str(acces.resume["annees"]), "millesime"),)
    return dates_de(qualite)


def dates_en_clair(matiere: Matiere, ligne: Mapping[str, Any]) -> tuple[Ligne, ...]:
    """Renvoie « La moitié des informations date de 2020 ou avant, la plus récente de 2025 »."""
    mediane = ligne["date_mediane"]
    if not mediane:
        return (Texte("Les informations ne portent pas de date"),)
    recente = matiere.services.frame["date_source"].drop_nulls().max()
    contenu: list[Ligne] = [
        Texte("La moitié des informations date de "),
        Mention(str(mediane)[:4], "millesime"),
        Texte(" ou avant"),
    ]
    if recente:
        contenu += [Texte(", la plus récente de "), Mention(str(recente)[:4], "millesime")]
    return tuple(contenu)


def confiances(matiere: Matiere) -> dict[str, str]:
    """Renvoie, par domaine, la confiance de la comparaison du besoin et de l'offre."""
    locales = matiere.ecarts.frame.filter(pl.col("territoire").is_in(list(matiere.epci)))
    return {d: s.confiance for d, s in resumer(locales, matiere.croisements).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinationLue:
    """Coordination d'un domaine.

    Parameters
    ----------
    constates
        Nombre d'acteurs qu'une source y constate : celui du chapitre de la coordination.
    nommes
        Noms de ceux que la source nomme.
    prevus
        Noms des pilotes que les textes ou la grille prévoient.
    presents
        Nombre d'intercommunalités où un acteur se lit.
    dispositifs
        Noms des dispositifs connus qui le portent.
    france_travail
        Nombre d'acteurs liés à France Travail dans ce domaine, liens prévus par un texte exclus.
    """

    constates: int
    nommes: tuple[str, ...]
    prevus: tuple[str, ...]
    presents: int
    dispositifs: tuple[str, ...]
    france_travail: int


def lire_coordination(matiere: Matiere, domaine: str) -> CoordinationLue | None:
    """Renvoie la coordination d'un domaine, ou rien si elle n'a pas été calculée."""
    if "roles" not in matiere.coordination:
        return None
    from solidiag.publication.rapport.coordination import acteurs_constates

    noms = dict(matiere.coordination["acteurs"].frame.select("id", "nom").iter_rows())
    acteurs = acteurs_constates(matiere).get(domaine, set())
    roles = matiere.coordination["roles"].frame.filter(pl.col("domaine") == domaine)
    vus = roles.filter(pl.col("provenance") != "texte")
    prevus = roles.filter(pl.col("provenance") == "texte", pl.col("role") == "pilote")
    locaux = vus.filter(pl.col("territoire").is_in(list(matiere.epci)))
    dispositifs = matiere.coordination["dispositifs"].frame.filter(
        pl.col("domaines").list.contains(domaine), ~pl.col("hors_champ").fill_null(value=False)
    )
    liens = matiere.coordination.get("liens_france_travail")
    lies = 0
    if liens is not None:
        table = liens.frame.filter(pl.col("domaine") == domaine, pl.col("provenance") != "texte")
        lies = table["acteur"].n_unique()
    return CoordinationLue(
        constates=len(acteurs),
        nommes=tuple(sorted({n for a in acteurs if _SANS_NOM not in (n := noms.get(a, a))})),
        prevus=tuple(dict.fromkeys(noms.get(a, a) for a in prevus["acteur"])),
        presents=locaux["territoire"].n_unique(),
        dispositifs=tuple(dict.fromkeys(dispositifs["nom"])),
        france_travail=lies,
    )


def nombre_coordination(matiere: Matiere, valeur: int, objet: str) -> Nombre:
    """Renvoie un nombre compté dans les tables de coordination."""
    cle = Cle(indicateur=objet, territoire=matiere.departement.id, table="coordination")
    return Nombre(formater(valeur, "nombre", decimales=0), cle)


def est_fictif(matiere: Matiere) -> bool:
    """Dit si l'inventaire contient des services marqués « exemple fictif »."""
    services = matiere.services.frame
    if services.is_empty():
        return False
    return bool(services["nom"].str.contains(_FICTIF).fill_null(value=False).any())


MENTION = "Brouillon calculé à partir de fichiers publics, à valider"
AVIS_FICTIF = "exemple fictif"


def mention_de(matiere: Matiere) -> str:
    """Renvoie la mention de chaque pied de page ; elle dit un inventaire qui porte des fictions."""
    return f"{MENTION} – {AVIS_FICTIF}" if est_fictif(matiere) else MENTION


def avertir(matiere: Matiere) -> tuple[Bloc, ...]:
    """Renvoie l'avertissement d'un inventaire qui contient des exemples fictifs, ou rien."""
    if not est_fictif(matiere):
        return ()
    return (
        Encadre(
            titre="Exemple fictif",
            genre="avertissement",
            blocs=(
                Paragraphe(
                    contenu=(
                        Texte("Des services marqués « exemple fictif » sont dans l'inventaire : "),
                        Texte("les chiffres d'offre et d'accès de ce document n'ont aucune "),
                        Texte("valeur et ne se citent pas."),
                    )
                ),
            ),
        ),
    )
