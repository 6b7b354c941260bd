"""De ce qu'une personne a écrit au territoire d'une fiche : code, ancien code, canton, zonage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from solidiag.errors import FichierIllisible, ListeDeCommunesInvalide, TerritoireInconnu
from solidiag.geography.assemblage import LIBELLES_ZONAGES, MILLESIMES
from solidiag.geography.dessins import PART_ENTIERE, PART_NEGLIGEE, depuis_dessin
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import Report, TerritoirePropre, depuis_codes
from solidiag.model.territoire import Niveau, Territoire
from solidiag.publication.francais import de, enumerer
from solidiag.sources.territoires import Octets, charger_cantons, charger_contours
from solidiag.sources.territoires_utilisateur import lire_geojson, lire_liste

RURAL = "rural"
ZONAGES: dict[str, str] = {
    "frr": "frr",
    "pvd": "pvd",
    "acv": "acv",
    "ti": "industrie",
    "industrie": "industrie",
    "qpv": "qpv",
    RURAL: RURAL,
}
"""Ce que l'on écrit avant le tiret → zonage du référentiel."""

_NOMS = {
    "frr": "Communes en France ruralités revitalisation",
    "pvd": "Petites villes de demain",
    "acv": "Villes d'Action cœur de ville",
    "industrie": "Territoires d'industrie",
    "qpv": "Communes qui ont un quartier prioritaire",
    RURAL: "Communes rurales",
}
_PRECISIONS = {
    "qpv": (
        "Ce sont des communes entières : la fiche ne décrit pas les seuls habitants des quartiers "
        "prioritaires."
    ),
    RURAL: "Rural au sens de la grille communale de densité de l'Insee (bourgs ruraux et au-delà).",
    "pvd": "Liste initiale du programme : des communes ont pu y entrer ou en sortir depuis.",
}
_NIVEAU_RURAL = 5
_ZONAGE = re.compile(r"^([A-Za-z]+)-(.+)$")
_FRANCE = re.compile(r"^FR$", re.IGNORECASE)
_ANCIEN = re.compile(r"^(\d{4,5}|2[AB]\d{3})$")


@dataclass(frozen=True, kw_only=True)
class Sujet:
    """Territoire d'une fiche.

    Parameters
    ----------
    territoire
        Tel que les phrases le nomment.
    parts
        Commune → part de la commune qui y est.
    propre
        Sa composition, si ce n'est pas un territoire du référentiel.
    remarques
        Ce qu'il faut dire de son code ou de sa composition.
    """

    territoire: Territoire
    parts: dict[str, float]
    propre: TerritoirePropre | None = None
    remarques: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Identifiant du territoire."""
        return self.territoire.id


def resoudre(texte: str, referentiel: Referentiel, octets: Octets) -> Sujet:
    """Renvoie le territoire d'un code, d'un nom, d'un ancien code, d'un canton ou d'un zonage.

    ``CAN-4001`` : canton ; ``PVD-40``, ``FRR-244000675``... : communes d'un zonage dans un
    territoire.

    Raises
    ------
    TerritoireInconnu
        Avec des codes et des noms proches.
    """
    trouve = _ZONAGE.match(texte.strip())
    prefixe = trouve[1].lower() if trouve else ""
    if trouve and prefixe == "can":
        return _canton(trouve[2].strip(), referentiel, octets)
    if trouve and prefixe in ZONAGES and not _est_un_nom(texte, referentiel):
        return _zonage(ZONAGES[prefixe], trouve[2].strip(), referentiel)
    try:
        territoire = referentiel.resoudre(_FRANCE.sub("FR-FR", texte.strip()))
    except TerritoireInconnu as erreur:
        ancien = _ancienne_commune(texte, referentiel)
        if ancien is None:
            raise erreur
        return ancien
    return _du_referentiel(territoire, referentiel)


def _est_un_nom(texte: str, referentiel: Referentiel) -> bool:
    try:
        referentiel.resoudre(texte)
    except TerritoireInconnu:
        return False
    return True


def _du_referentiel(
    territoire: Territoire, referentiel: Referentiel, remarques: Sequence[str] = ()
) -> Sujet:
    communes = referentiel.communes_de(territoire.id)
    part = 1.0
    if territoire.niveau is Niveau.ARRONDISSEMENT_MUNICIPAL:
        mere = referentiel.populations[f"COM-{communes[0]}"]
        part = referentiel.populations[territoire.id] / mere
    return Sujet(
        territoire=territoire, parts=dict.fromkeys(communes, part), remarques=tuple(remarques)
    )


def _ancienne_commune(texte: str, referentiel: Referentiel) -> Sujet | None:
    code = texte.strip().upper().removeprefix("COM-")
    if not _ANCIEN.match(code):
        return None
    try:
        propre = depuis_codes([code], referentiel)
    except ListeDeCommunesInvalide:
        return None
    if not propre.reports:
        return None
    report = propre.reports[0]
    if len(report.communes) == 1:
        territoire = referentiel.territoire(f"COM-{report.communes[0]}")
        return _du_referentiel(territoire, referentiel, [dire_report(report, referentiel)])
    noms = [f"{commune} ({referentiel.nom(f'COM-{commune}')})" for commune in report.communes]
    raise TerritoireInconnu(
        texte.strip(),
        cog=referentiel.cog,
        proches=noms,
        motif=f"est le code d'une commune partagée depuis entre {len(noms)} communes",
    )


def dire_report(report: Report, referentiel: Referentiel) -> str:
    """Renvoie la phrase qui dit ce qu'un code est devenu."""
    noms = enumerer(f"{referentiel.nom(f'COM-{c}')} ({c})" for c in report.communes)
    suites = {
        "unchanged": f"est devenu {noms}",
        "merged": f"est celui d'une commune réunie dans {noms}",
        "split": f"est celui d'une commune partagée entre {noms} : toutes sont prises",
        "deleguee": f"est celui d'une commune déléguée ou associée de {noms}",
        "arm": f"est celui d'un arrondissement de {noms}, pris pour sa part de population",
        "zero": f"est lu {noms} : le zéro de tête manquait",
    }
    phrase = f"Le code {report.donne} {suites[report.statut]}"
    if report.statut in ("merged", "deleguee"):
        phrase += " ; la fiche porte sur la commune actuelle entière"
    if report.autres:
        phrase += f", qui réunit aussi {enumerer(report.autres)}"
    return phrase + "."


def _canton(code: str, referentiel: Referentiel, octets: Octets) -> Sujet:
    cantons = charger_cantons(octets)
    lignes = cantons.filter(pl.col("canton") == code.upper())
    if lignes.is_empty():
        debut = cantons.filter(pl.col("canton").str.starts_with(code[:2].upper()))
        proches = [
            f"CAN-{canton} ({nom})"
            for canton, nom in debut.select("canton", "nom").unique(maintain_order=True).iter_rows()
        ]
        raise TerritoireInconnu(
            f"CAN-{code}", cog=referentiel.cog, proches=proches, motif="n'est pas un canton de 2024"
        )
    nom = str(lignes["nom"][0])
    precisions = ["Communes du canton ou ville, au découpage de 2024."]
    if re.search(r"-\d+$", nom):
        precisions.append(
            "Le quartier de la ville qui appartient à ce canton n'y est pas : la ville est à part."
        )
    propre = depuis_codes(
        lignes["commune"].to_list(),
        referentiel,
        nom=f"Canton {_de(nom)}",
        genre="canton",
        code=f"CAN-{code.upper()}",
        precisions=precisions,
    )
    return _du_propre(propre, referentiel)


def _de(nom: str) -> str:
    return de(Territoire(niveau=Niveau.LIBRE, code="", nom=nom))


def _zonage(zonage: str, ou: str, referentiel: Referentiel) -> Sujet:
    lieu = referentiel.resoudre(ou)
    communes = set(referentiel.communes_de(lieu.id))
    if zonage == RURAL:
        table = referentiel.communes.filter(pl.col("densite_niveau") >= _NIVEAU_RURAL)
        membres = communes & set(table["code"])
        millesime = "2025"
    else:
        table = referentiel.zonages.filter(pl.col("zonage") == zonage)
        membres = communes & set(table["commune"])
        millesime = MILLESIMES[zonage]
    libelle = _NOMS[zonage]
    if not membres:
        raise TerritoireInconnu(
            f"{zonage.upper()}-{lieu.code}",
            cog=referentiel.cog,
            motif=f"ne compte aucune commune ({LIBELLES_ZONAGES.get(zonage, libelle)}, "
            f"liste de {millesime})",
        )
    precisions = [
        f"{len(membres)} commune{'s' if len(membres) > 1 else ''} sur {len(communes)} "
        f"(liste de {millesime})."
    ]
    if zonage in _PRECISIONS:
        precisions.append(_PRECISIONS[zonage])
    propre = depuis_codes(
        sorted(membres),
        referentiel,
        nom=f"{libelle} {de(lieu)}",
        genre="zonage",
        code=f"{zonage.upper()}-{lieu.code}",
        precisions=precisions,
    )
    return _du_propre(propre, referentiel)


def _du_propre(propre: TerritoirePropre, referentiel: Referentiel) -> Sujet:
    remarques = [*propre.precisions]
    dits = [dire_report(report, referentiel) for report in propre.reports]
    remarques += dits[:_REPORTS_DITS]
    if len(dits) > _REPORTS_DITS:
        remarques.append(f"{len(dits) - _REPORTS_DITS} autres codes ont été reportés de même.")
    if propre.doubles:
        remarques.append(f"{len(propre.doubles)} codes écrits plusieurs fois comptent une fois.")
    if propre.coupees:
        remarques.append(_dire_coupees(propre))
    return Sujet(
        territoire=propre.territoire,
        parts=dict(propre.parts),
        propre=propre,
        remarques=tuple(remarques),
    )


_REPORTS_DITS = 3


def _dire_coupees(propre: TerritoirePropre) -> str:
    nombre = len(propre.coupees)
    communes = "commune coupée" if nombre == 1 else "communes coupées"
    if set(propre.coupees) <= propre.par_population:
        return f"{nombre} {communes}, prise pour la population de ses arrondissements."
    haut, bas = round(PART_ENTIERE * 100), round(PART_NEGLIGEE * 100)
    return (
        f"{nombre} {communes} par le dessin : chacune compte pour sa part de surface, qui tient "
        f"lieu de part de population. C'est une convention, et les chiffres sont des estimations. "
        f"Au-delà de {haut} % de sa surface une commune est entière, sous {bas} % elle est omise. "
        "Ses services sont comptés en entier."
    )


def de_liste(chemin: Path, referentiel: Referentiel, *, nom: str = "") -> Sujet:
    """Renvoie le territoire d'un fichier de codes de communes.

    Raises
    ------
    ListeDeCommunesInvalide
        Si le fichier manque ou n'est pas une liste de communes.
    """
    codes = lire_liste(_octets(chemin), chemin.name)
    return _du_propre(depuis_codes(codes, referentiel, nom=nom), referentiel)


def de_dessin(chemin: Path, referentiel: Referentiel, octets: Octets, *, nom: str = "") -> Sujet:
    """Renvoie le territoire d'un dessin GeoJSON.

    Raises
    ------
    DessinInvalide
        Si le dessin ne peut pas être lu ou ne couvre aucune commune.
    """
    contenu = lire_geojson(_octets(chemin), chemin.name)
    contours = charger_contours(octets)
    return _du_propre(depuis_dessin(contenu, contours, referentiel, nom=nom), referentiel)


def _octets(chemin: Path) -> bytes:
    try:
        return chemin.read_bytes()
    except OSError as erreur:
        raise FichierIllisible(str(chemin)) from erreur
