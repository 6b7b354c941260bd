"""Phrases tirées des chiffres : toujours avec leur comparateur, toujours un brouillon."""

from __future__ import annotations

from collections.abc import Sequence

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.model.territoire import Niveau, Territoire
from solidiag.publication.document import Cle, Ligne, Mention, Nombre, Texte
from solidiag.publication.francais import dans, formater
from solidiag.publication.matiere import Matiere, Observe


def majuscule(texte: str) -> str:
    """Renvoie le texte avec sa première lettre en capitale."""
    return texte[:1].upper() + texte[1:]


def sujet(indicateur: Indicateur | MesureOffre) -> str:
    """Renvoie le sujet de phrase d'un indicateur, avec son article."""
    declare = getattr(indicateur, "sujet", "")
    return declare or f"l'indicateur « {indicateur.libelle_court} »"


def millesime(periode: str) -> Mention:
    """Renvoie une période telle qu'elle s'écrit."""
    return Mention(periode, "millesime")


def nom_comparateur(territoire: Territoire) -> str:
    """Renvoie le lieu d'une comparaison (« en France », « en Nouvelle-Aquitaine »)."""
    return "en France" if territoire.niveau is Niveau.FRANCE else dans(territoire)


def comparateurs(matiere: Matiere, indicateur: str, periode: str) -> list[Observe]:
    """Renvoie les observations lisibles de la France et de la région, à la même période."""
    trouvees = []
    for identifiant in ("FR-FR", matiere.region.id):
        observe = matiere.derniere(indicateur, identifiant, periode)
        if observe is not None and observe.lisible:
            trouvees.append(observe)
    return trouvees


def phrase_departement(matiere: Matiere, indicateur: Indicateur) -> tuple[Ligne, ...] | None:
    """Renvoie « Dans les Landes, le taux... est de ..., contre ... en France. », ou rien."""
    observe = matiere.derniere(indicateur.id, matiere.departement.id)
    if observe is None or not observe.lisible:
        return None
    contenu: list[Ligne] = [
        Texte(f"{majuscule(dans(matiere.departement))}, {sujet(indicateur)} est de "),
        matiere.imprimer(observe),
        Texte(" ("),
        millesime(observe.periode),
        Texte(")"),
    ]
    references = comparateurs(matiere, indicateur.id, observe.periode)
    for rang, reference in enumerate(references):
        contenu.append(Texte(", contre " if rang == 0 else " et "))
        contenu.append(matiere.imprimer(reference))
        lieu = nom_comparateur(matiere.territoire(reference.territoire))
        contenu.append(Texte(f" {lieu}"))
    contenu.append(Texte("."))
    return tuple(contenu)


def lisibles(matiere: Matiere, indicateur: str, ids: Sequence[str]) -> list[Observe]:
    """Renvoie les observations lisibles de ces territoires, à leur période commune."""
    periode = matiere.periode_de_reference(indicateur, ids)
    trouvees = []
    for identifiant in ids:
        observe = matiere.derniere(indicateur, identifiant, periode) if periode else None
        if observe is not None and observe.lisible and observe.value is not None:
            trouvees.append(observe)
    return trouvees


def etendue(observes: Sequence[Observe]) -> tuple[Observe, Observe] | None:
    """Renvoie la plus basse et la plus haute observation, si elles diffèrent."""
    valeurs = [o for o in observes if o.value is not None]
    if len(valeurs) < 2:
        return None
    bas = min(valeurs, key=lambda o: (o.value or 0.0, o.territoire))
    haut = max(valeurs, key=lambda o: (o.value or 0.0, o.territoire))
    return None if bas.value == haut.value else (bas, haut)


def phrase_epci(matiere: Matiere, indicateur: Indicateur | MesureOffre) -> tuple[Ligne, ...] | None:
    """Renvoie l'étendue entre intercommunalités, ou rien."""
    observes = lisibles(matiere, indicateur.id, matiere.epci)
    bornes = etendue(observes)
    if bornes is None:
        return None
    bas, haut = bornes
    return (
        Texte(f"Selon l'intercommunalité, {sujet(indicateur)} va de "),
        matiere.imprimer(bas),
        Texte(" à "),
        matiere.imprimer(haut),
        Texte(" ("),
        *part_lue(matiere, indicateur.id, len(observes), len(matiere.epci), "intercommunalités"),
        Texte(")."),
    )


def part_lue(
    matiere: Matiere, indicateur: str, lus: int, total: int, mot: str
) -> tuple[Ligne, ...]:
    """Renvoie « x communes diffusées sur y »."""
    cle = Cle(indicateur=indicateur, territoire=matiere.departement.id, champ=f"lus_{mot}")
    cle_total = Cle(indicateur=mot, territoire=matiere.departement.id, table="comptes")
    return (
        Nombre(formater(lus, "nombre", decimales=0), cle),
        Texte(f" {mot} sur "),
        Nombre(formater(total, "nombre", decimales=0), cle_total),
    )


def message_carte(
    matiere: Matiere, indicateur: Indicateur | MesureOffre, observes: Sequence[Observe], mot: str
) -> tuple[Ligne, ...]:
    """Renvoie le titre-message d'une carte : l'étendue, ou ce que l'on ne peut pas lire."""
    bornes = etendue(observes)
    if bornes is None:
        if not observes:
            return (Texte(f"{majuscule(sujet(indicateur))} n'est publié pour aucun territoire"),)
        return (
            Texte(f"{majuscule(sujet(indicateur))} est le même partout où il est publié : "),
            matiere.imprimer(observes[0]),
        )
    bas, haut = bornes
    return (
        Texte(f"{majuscule(sujet(indicateur))} va de "),
        matiere.imprimer(bas),
        Texte(" à "),
        matiere.imprimer(haut),
        Texte(f" selon {mot}"),
    )
