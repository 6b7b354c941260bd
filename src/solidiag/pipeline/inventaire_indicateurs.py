"""Les indicateurs du catalogue : identifiant, état, qui les détient ; recherche par mots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solidiag.besoins.formules import termes_de
from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.geography.recherche import simplifier
from solidiag.pipeline.mesures_deduites import mesures_deduites
from solidiag.storage.depot import Depot

_RADICAL = 6
"""Lettres comparées : « alimentation » et « alimentaire » se retrouvent."""


@dataclass(frozen=True, kw_only=True)
class FicheIndicateur:
    """Un indicateur, tel que ``solidiag indicateurs`` le montre.

    ``etat`` : « valeur » si un fichier, embarqué ou ajouté, le documente ; « à demander » sinon ;
    « offre » ou « accès » pour une mesure, dont le département dit si elle a une valeur.
    """

    id: str
    libelle: str
    etat: str
    detenteur: str


def chercher(mots: Sequence[str] = (), *, depot: Depot | None = None) -> list[FicheIndicateur]:
    """Renvoie les indicateurs dont l'identifiant ou le libellé porte tous ces mots.

    Accents et casse ne comptent pas ; sans mot, tout le catalogue des indicateurs de besoin. Les
    mesures d'offre et d'accès (``offre.…``, ``acces.…``) se cherchent par un mot au moins.
    """
    depot = depot or Depot()
    voulus = [simplifier(mot) for mot in mots]
    fiches = [
        FicheIndicateur(
            id=indicateur.id,
            libelle=indicateur.libelle,
            etat="valeur" if indicateur.lectures else "à demander",
            detenteur=_detenteur(indicateur, depot),
        )
        for indicateur in depot.catalogue.values()
        if all(mot in texte_cherche(indicateur) for mot in voulus)
    ]
    return fiches + (_mesures(voulus, depot) if voulus else [])


def _mesures(voulus: Sequence[str], depot: Depot) -> list[FicheIndicateur]:
    """Mesures d'offre déclarées, puis déduites, qui portent tous les mots."""
    textes = {m.id: (m.libelle, texte_cherche(m)) for m in depot.mesures.values()} | {
        m.id: (m.libelle, " ".join((simplifier(m.id), *sorted(m.noms))))
        for m in mesures_deduites(depot)
    }
    return [
        FicheIndicateur(
            id=nom,
            libelle=libelle,
            etat="accès" if nom.startswith(("acces.", "offre.")) else "offre",
            detenteur="",
        )
        for nom, (libelle, texte) in textes.items()
        if all(mot in texte for mot in voulus)
    ]


def texte_cherche(indicateur: Indicateur | MesureOffre) -> str:
    """Renvoie le texte, simplifié, où un mot se cherche."""
    return simplifier(f"{indicateur.libelle} {indicateur.libelle_court} {indicateur.id}")


def semblables(texte: str, *, depot: Depot, maximum: int = 5) -> list[str]:
    """Renvoie les identifiants dont le libellé partage le plus de mots avec un texte."""
    mots = {mot[:_RADICAL] for mot in simplifier(texte).split() if len(mot) > 3}
    notes = [
        (sum(mot in texte_cherche(i) for mot in mots), -rang, i.id)
        for rang, i in enumerate(depot.catalogue.values())
    ]
    return [nom for note, _, nom in sorted(notes, reverse=True) if note][:maximum]


def _detenteur(indicateur: Indicateur, depot: Depot) -> str:
    if not indicateur.lectures:
        return indicateur.demande.producteur if indicateur.demande else ""
    termes = [terme for lecture in indicateur.lectures for terme in termes_de(lecture)]
    return ", ".join(dict.fromkeys(depot.fichier(t.fichier)[0].producteur for t in termes))
