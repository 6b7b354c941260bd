"""Phrases tirées des chiffres : toujours avec leur comparateur, toujours un brouillon."""

from __future__ import annotations

from collections.abc import Sequence

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.model.territoire import Niveau, Territoire
from solidiag.publication.document import Cle, Ligne, Mention, Nombre, Texte
from solidiag.publication.francais import UNITES, dans, formater, ordinal
from solidiag.publication.matiere import Matiere, Observe


def majuscule(texte: str) -> str:
    """Renvoie le texte avec sa première lettre en capitale."""
    return texte[:1].upper() + texte[1:]


def sujet(indicateur: Indicateur | MesureOffre) -> str:
    """Renvoie le sujet de phrase d'un indicateur, avec son article."""
    declare = getattr(indicateur, "sujet", "")
    return declare or f"l'indicateur « {indicateur.libelle_court} »"


def nommer(indicateur: Indicateur | MesureOffre, *, initiale: bool = False) -> Mention:
    """Renvoie le sujet de phrase ; ses chiffres (« 15-64 ans ») sont ceux de sa définition."""
    texte = sujet(indicateur)
    return Mention(majuscule(texte) if initiale else texte, "definition")


def unite_dite(indicateur: Indicateur | MesureOffre) -> tuple[Ligne, ...]:
    """Renvoie l'unité à dire après un nombre nu (« pour 1 000 »), ou rien."""
    unite = UNITES.get(indicateur.unite, "")
    if unite.startswith("pour ") and " pour " not in sujet(indicateur):
        return (Mention(f" {unite}", "parametre"),)
    if indicateur.unite == "places_pour_100":
        return (Mention(f" {unite}", "parametre"),)
    return ()


def millesime(periode: str) -> Mention:
    """Renvoie une période telle qu'elle s'écrit (« 4e trimestre 2024 »)."""
    annee, _, trimestre = periode.partition("-T")
    if trimestre:
        return Mention(f"{ordinal(int(trimestre))} trimestre {annee}", "millesime")
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


def est_effectif(indicateur: Indicateur | MesureOffre) -> bool:
    """Dit si l'indicateur est un dénombrement, qui ne se compare pas à celui de la France."""
    return indicateur.unite == "nombre"


def phrase_departement(matiere: Matiere, indicateur: Indicateur) -> tuple[Ligne, ...] | None:
    """Renvoie la valeur du département et ses comparateurs, ou rien.

    L'ordre des mots tourne d'un indicateur à l'autre ; un effectif n'est pas comparé.
    """
    observe = matiere.derniere(indicateur.id, matiere.departement.id)
    if observe is None or not observe.lisible:
        return None
    valeur = (
        matiere.imprimer(observe),
        *unite_dite(indicateur),
        Texte(" ("),
        millesime(observe.periode),
        Texte(")"),
    )
    references: list[Ligne] = []
    observees = (
        [] if est_effectif(indicateur) else comparateurs(matiere, indicateur.id, observe.periode)
    )
    for rang, reference in enumerate(observees):
        lieu = nom_comparateur(matiere.territoire(reference.territoire))
        references.append(Texte(" et " if rang else ""))
        references += [matiere.imprimer(reference), Texte(f" {lieu}")]
    lieu = dans(matiere.departement)
    nom, sujet_initial = nommer(indicateur), nommer(indicateur, initiale=True)
    formes: tuple[tuple[Ligne, ...], ...] = (
        (Texte(f"{majuscule(lieu)}, "), nom, Texte(" est de "), *valeur),
        (sujet_initial, Texte(" est de "), *valeur, Texte(f" {lieu}")),
        (sujet_initial, Texte(" s'établit à "), *valeur, Texte(f" {lieu}")),
    )
    contenu = formes[sum(indicateur.id.encode()) % len(formes)]
    if references:
        return (*contenu, Texte(", contre "), *references, Texte("."))
    return (*contenu, Texte("."))


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
    bas, haut = (matiere.imprimer(borne) for borne in bornes)
    debuts: tuple[tuple[Ligne, ...], ...] = (
        (Texte("D'une intercommunalité à l'autre, les valeurs vont de "), bas, Texte(" à "), haut),
        (Texte("Entre intercommunalités, l'écart va de "), bas, Texte(" à "), haut),
        (Texte("Les intercommunalités se situent entre "), bas, Texte(" et "), haut),
    )
    debut = debuts[sum(indicateur.id.encode()) % len(debuts)]
    if len(observes) == len(matiere.epci):
        return (*debut, Texte("."))
    lues = part_lue(matiere, indicateur.id, len(observes), len(matiere.epci), "intercommunalités")
    return (*debut, Texte(" ("), *lues, Texte(")."))


def paragraphe_indicateur(matiere: Matiere, indicateur: Indicateur) -> tuple[Ligne, ...] | None:
    """Renvoie le commentaire d'un indicateur : sa valeur, ses comparateurs, son étendue."""
    phrases = [
        phrase
        for phrase in (phrase_departement(matiere, indicateur), phrase_epci(matiere, indicateur))
        if phrase is not None
    ]
    if not phrases:
        return None
    if len(phrases) == 1:
        return phrases[0]
    return (*phrases[0], Texte(" "), *phrases[1])


def part_lue(
    matiere: Matiere, indicateur: str, lus: int, total: int, mot: str, *, dit: str = ""
) -> tuple[Ligne, ...]:
    """Renvoie « x communes diffusées sur y »."""
    cle = Cle(indicateur=indicateur, territoire=matiere.departement.id, champ=f"lus_{mot}")
    cle_total = Cle(indicateur=mot, territoire=matiere.departement.id, table="comptes")
    return (
        Nombre(formater(lus, "nombre", decimales=0), cle),
        Texte(f" {dit or mot} sur "),
        Nombre(formater(total, "nombre", decimales=0), cle_total),
    )


def message_carte(
    matiere: Matiere, indicateur: Indicateur | MesureOffre, observes: Sequence[Observe], mot: str
) -> tuple[Ligne, ...]:
    """Renvoie le titre-message d'une carte : l'étendue, ou ce que l'on ne peut pas lire."""
    nom = nommer(indicateur, initiale=True)
    bornes = etendue(observes)
    if bornes is None:
        if not observes:
            return (nom, Texte(" n'est publié pour aucun territoire"))
        return (
            nom,
            Texte(" est le même partout où il est publié : "),
            matiere.imprimer(observes[0]),
        )
    bas, haut = bornes
    if isinstance(indicateur, MesureOffre):
        nom, verbe = Mention(majuscule(indicateur.libelle_court), "definition"), " : de "
    else:
        verbe = " va de "
    return (
        nom,
        Texte(verbe),
        matiere.imprimer(bas),
        Texte(" à "),
        matiere.imprimer(haut),
        Texte(f" selon {mot}"),
    )
