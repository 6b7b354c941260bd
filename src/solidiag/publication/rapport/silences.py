"""Ce que les fichiers ne disent pas d'un domaine : selon ce qui manque, et non toujours pareil."""

from __future__ import annotations

from collections.abc import Iterator

from solidiag.catalogue.grille import Domaine
from solidiag.catalogue.indicateur import Croisement
from solidiag.publication.document import Ligne, Mention, Texte
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.offre_faits import lire_acces
from solidiag.publication.rapport.phrases import lisibles

Contenu = tuple[Ligne, ...]


def formes_besoin_muet() -> tuple[Contenu, ...]:
    """Renvoie les phrases d'un domaine sans aucun indicateur de besoin."""
    return (
        (
            Texte(
                "Aucun indicateur de ce domaine ne se lit dans les fichiers ouverts : le besoin "
            ),
            Texte("existe peut-être, il n'est pas mesuré ici."),
        ),
        (
            Texte("Le besoin n'est pas documenté : ce silence des fichiers ouverts ne dit pas "),
            Texte("qu'il est absent."),
        ),
        (Texte("Rien, dans les fichiers ouverts, ne mesure le besoin de ce domaine."),),
    )


def formes_contexte() -> tuple[Contenu, ...]:
    """Renvoie les phrases d'un domaine dont aucun indicateur ne mesure le besoin lui-même."""
    return (
        (
            Texte("Aucun indicateur ne mesure ce besoin lui-même : ce qui suit en donne le "),
            Texte("contexte."),
        ),
        (Texte("Ce besoin ne se lit qu'à travers son contexte, sans mesure propre."),),
    )


def formes_offre_muette(detenteur: str) -> tuple[Contenu, ...]:
    """Renvoie les phrases d'un domaine dont aucune offre n'est décrite."""
    if not detenteur:
        return (
            (Texte("Les fichiers ouverts ne décrivent aucune offre propre à ce domaine."),),
            (Texte("L'offre de ce domaine n'est pas documentée par les fichiers ouverts."),),
        )
    nom = Mention(detenteur, "nom")
    return (
        (
            Texte("Les fichiers ouverts ne décrivent aucune offre propre à ce domaine ; à "),
            Texte("demander à : "), nom, Texte("."),
        ),
        (Texte("L'offre n'est pas documentée. Qui la connaît : "), nom, Texte(".")),
        (Texte("Pour décrire l'offre, il faut s'adresser à : "), nom, Texte(".")),
        (
            Texte("Aucune liste ouverte ne recense l'offre de ce domaine, que détiennent : "), nom,
            Texte("."),
        ),
    )  # fmt: skip


def formes_ecart_muet(
    matiere: Matiere, domaine: Domaine, croisement: Croisement | None
) -> tuple[Contenu, ...]:
    """Renvoie les phrases d'un écart qui ne se calcule pas, selon ce qui manque.

    Le besoin peut se lire dans les intercommunalités, au seul département, ou nulle part ; l'offre
    peut être décrite en partie, indirectement, ou pas du tout.
    """
    besoin = _echelle_du_besoin(matiere, domaine)
    offre: str = croisement.etat_offre if croisement else "aucune"
    acces = lire_acces(matiere, domaine.id)
    if offre == "aucune" and acces is not None and acces.mesure:
        offre = "partielle"
    if croisement is not None and croisement.motif:
        offre = "reglage"
    return tuple(_formes(besoin, offre))


def _echelle_du_besoin(matiere: Matiere, domaine: Domaine) -> str:
    if domaine.contexte_seulement:
        return "contexte"
    ids = matiere.lectures_de(domaine)
    if any(lisibles(matiere, i, matiere.epci) for i in ids):
        return "epci"
    return "departement" if any(lisibles(matiere, i, [matiere.departement.id]) for i in ids) else ""


_BESOINS: dict[str, tuple[str, str]] = {
    "epci": (
        "le besoin se lit dans les intercommunalités",
        "Le besoin se lit dans les intercommunalités",
    ),
    "departement": (
        "le besoin ne se lit qu'au département",
        "Le besoin ne se lit qu'à l'échelle du département",
    ),
    "contexte": (
        "seuls des éléments de contexte se lisent du côté du besoin",
        "Du côté du besoin, seul un contexte se lit",
    ),
    "": (
        "le besoin ne se lit à aucune échelle",
        "Le besoin n'est lu à aucune échelle",
    ),
}

_OFFRES: dict[str, tuple[str, str]] = {
    "aucune": (
        "l'offre n'est décrite par aucun fichier ouvert",
        "aucun fichier ouvert ne décrit l'offre",
    ),
    "partielle": (
        "l'offre n'est décrite qu'en partie",
        "les sources réunies ne décrivent qu'une partie de l'offre",
    ),
    "indirecte": (
        "l'offre ne se mesure qu'indirectement",
        "les fichiers ouverts n'approchent l'offre qu'indirectement",
    ),
    "bonne": (
        "l'offre est décrite à une autre échelle",
        "les fichiers ouverts décrivent l'offre à une autre échelle",
    ),
    "reglage": (
        "un réglage de cette installation ôte l'offre de la comparaison",
        "un réglage de cette installation ôte l'offre de la comparaison",
    ),
}


def _formes(besoin: str, offre: str) -> Iterator[Contenu]:
    un, autre = _BESOINS[besoin], _OFFRES[offre]
    oppose = "mais" if besoin == "epci" else "et"
    yield (Texte(f"{un[1]}, {oppose} {autre[1]} : l'écart ne se calcule pas."),)
    yield (Texte(f"L'écart n'est pas mesuré, car {un[0]} {oppose} {autre[0]}."),)
    yield (Texte(f"On ne peut pas comparer besoin et offre : {un[0]}, {oppose} {autre[0]}."),)
    yield (Texte(f"Ni tension ni équilibre ne peuvent être dits : {un[0]}, {oppose} {autre[1]}."),)


def formes_confiance(confiance: str) -> tuple[Contenu, ...]:
    """Renvoie les phrases qui disent la confiance la plus basse d'un domaine."""
    return (
        (Texte(f"La confiance la plus basse de ces cases est {confiance}."),),
        (Texte(f"Cette lecture se prend avec une confiance {confiance}, la plus basse relevée."),),
        (Texte(f"Au moins une de ces cases n'a qu'une confiance {confiance}."),)
        if confiance != "forte"
        else (Texte("Toutes ces cases ont une confiance forte."),),
    )
