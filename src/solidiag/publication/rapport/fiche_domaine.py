"""Fiche d'un domaine, en deux pages : besoin, offre, accès, coordination, écart, à demander."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from solidiag.catalogue.grille import Domaine
from solidiag.publication.document import (
    Bloc,
    Document,
    Figure,
    Ligne,
    Liste,
    Mention,
    Paragraphe,
    Texte,
    Titre,
)
from solidiag.publication.francais import de, majuscule
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.demandes import a_demander, acces_qui_approche
from solidiag.publication.rapport.domaines import constat_d_ecart, deplier
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.offre_domaine import formes_acces, manque_d_offre, tableau_acces
from solidiag.publication.rapport.offre_faits import (
    NIVEAUX_D_OFFRE,
    AccesLu,
    avertir,
    confiances,
    dates_de,
    lire_acces,
    lire_coordination,
    mention_de,
    niveau_d_offre,
    nombre_coordination,
    nombre_qualite,
    qualite_de,
)
from solidiag.publication.rapport.offre_services import liste_des_services
from solidiag.publication.rapport.phrases import commenter, joindre
from solidiag.publication.rapport.tableaux import tableau_indicateurs
from solidiag.publication.typographie import soigner_document

_INDICATEURS = 5
_ACTEURS_CITES = 6
_QUESTIONS = 3
_DEMANDES = 3
_LARGEUR_CARTE_CM = 10.0


def construire_fiche_domaine(
    matiere: Matiere, domaine: Domaine, cartes: Cartotheque | None = None
) -> Document:
    """Renvoie la fiche d'un domaine.

    Parameters
    ----------
    cartes
        Cartothèque à réemployer pour son fond de carte ; à défaut, une neuve.
    """
    cartes = Cartotheque(matiere) if cartes is None else cartes.renouveler()
    axe = next(a for a in matiere.grille.axes if a.id == domaine.axe)
    return soigner_document(
        Document(
            titre=domaine.libelle,
            sous_titre=domaine.question,
            territoire=f"Axe {axe.numero} · {majuscule(matiere.departement.nom)}",
            date=matiere.date.isoformat(),
            mention=mention_de(matiere),
            blocs=tuple(_blocs(matiere, domaine, cartes)),
            genre="fiche",
        )
    )


def _titre(domaine: Domaine, nom: str, texte: str) -> Titre:
    return Titre(niveau=1, id=f"{domaine.id}-{nom}", contenu=(Texte(texte),))


def _blocs(matiere: Matiere, domaine: Domaine, cartes: Cartotheque) -> Iterator[Bloc]:
    yield from avertir(matiere)
    acces = lire_acces(matiere, domaine.id)
    yield _titre(domaine, "besoin", "Le besoin")
    yield from _besoin(matiere, domaine, cartes)
    yield _titre(domaine, "offre", "L'offre et son accès")
    yield from _offre(matiere, domaine, acces, cartes)
    yield _titre(domaine, "coordination", "La coordination")
    yield from _coordination(matiere, domaine)
    yield _titre(domaine, "ecart", "L'écart et sa confiance")
    yield from _ecart(matiere, domaine, cartes)
    yield _titre(domaine, "demander", "À demander")
    yield from _demander(matiere, domaine, acces)


def _besoin(matiere: Matiere, domaine: Domaine, cartes: Cartotheque) -> Iterator[Bloc]:
    indicateurs = [matiere.indicateurs[i] for i in matiere.lectures_de(domaine)][:_INDICATEURS]
    if not indicateurs:
        yield Paragraphe(
            contenu=(
                Texte("Aucun indicateur de ce domaine ne se lit dans les fichiers ouverts : le "),
                Texte("besoin est non documenté."),
            )
        )
        return
    if domaine.contexte_seulement:
        yield Paragraphe(
            contenu=(Texte("Aucun indicateur ne mesure ce besoin lui-même : voici son contexte."),)
        )
    texte = joindre(
        commenter(matiere, matiere.departement.id, indicateurs[:1], cartes.plume, autres=False)
    )
    if texte is not None:
        yield Paragraphe(style="brouillon", contenu=texte)
    yield tableau_indicateurs(
        matiere,
        indicateurs,
        identifiant=f"tab-{domaine.id}-besoin",
        legende="Éléments de contexte" if domaine.contexte_seulement else "Indicateurs de besoin",
    )


def _offre(
    matiere: Matiere, domaine: Domaine, acces: AccesLu | None, cartes: Cartotheque
) -> Iterator[Bloc]:
    qualite = qualite_de(matiere, domaine.id)
    niveau = NIVEAUX_D_OFFRE[niveau_d_offre(matiere, domaine)]
    contenu: list[Ligne] = [Texte(f"Ce que l'on connaît de l'offre : {niveau}.")]
    if qualite is not None:
        contenu += [
            Texte(" Services recensés : "),
            nombre_qualite(matiere, qualite, "services"),
            Texte(" ; dates des informations : "),
            *dates_de(qualite),
            Texte("."),
        ]
    yield Paragraphe(contenu=tuple(contenu))
    yield from liste_des_services(matiere, domaine)
    if acces is None or not acces.mesure:
        return
    phrase = cartes.plume.ecrire(*formes_acces(matiere, acces))
    if phrase is not None:
        yield Paragraphe(style="brouillon", contenu=phrase)
    yield tableau_acces(matiere, acces, identifiant=f"tab-{domaine.id}-acces")
    figure = cartes.carte_temps(acces.mesures.get("temps"))
    if figure is not None:
        yield _petite(figure)


def _petite(figure: Figure) -> Figure:
    return replace(figure, largeur_cm=_LARGEUR_CARTE_CM, tableau="")


def _coordination(matiere: Matiere, domaine: Domaine) -> Iterator[Bloc]:
    lue = lire_coordination(matiere, domaine.id)
    if lue is None:
        yield Paragraphe(contenu=(Texte("La coordination n'est pas documentée."),))
        return
    contenu: list[Ligne] = []
    if lue.prevus:
        contenu += [Texte("Pilote prévu : "), Mention(" ; ".join(lue.prevus), "nom"), Texte(". ")]
    if lue.constates:
        cites = lue.nommes[:_ACTEURS_CITES]
        noms = " ; ".join(cites) + ("…" if len(lue.nommes) > len(cites) else "")
        contenu += [
            Texte("Acteurs constatés : "),
            nombre_coordination(matiere, lue.constates, f"acteurs:{domaine.id}"),
            *((Texte(" ("), Mention(noms, "nom"), Texte(")")) if noms else ()),
            Texte(". ") if noms else Texte(", que la source ne nomme pas. "),
        ]
    elif lue.presents:
        contenu += [
            Texte("Des lieux y accueillent, dans "),
            nombre_coordination(matiere, lue.presents, f"presents:{domaine.id}"),
            Texte(" intercommunalités, sans que la source nomme leur gestionnaire. ")
            if lue.presents > 1
            else Texte(" intercommunalité, sans que la source nomme leur gestionnaire. "),
        ]
    else:
        contenu.append(Texte("Aucun acteur n'est connu d'après les sources réunies. "))
    if lue.dispositifs:
        contenu += [
            Texte("Dispositifs connus : "),
            Mention(" ; ".join(lue.dispositifs), "nom"),
            Texte("."),
        ]
    else:
        contenu.append(Texte("Aucun dispositif connu ne le porte : à demander."))
    yield Paragraphe(contenu=tuple(contenu))
    if lue.france_travail:
        yield Paragraphe(
            contenu=(
                Texte("Acteurs liés à France Travail, lien constaté : "),
                nombre_coordination(matiere, lue.france_travail, f"liens_ft:{domaine.id}"),
                Texte("."),
            )
        )
    else:
        yield Paragraphe(
            contenu=(Texte("Aucun lien constaté avec France Travail dans les sources réunies."),)
        )


def _ecart(matiere: Matiere, domaine: Domaine, cartes: Cartotheque) -> Iterator[Bloc]:
    croisement = matiere.croisements.get(domaine.id)
    contenu = list(joindre(list(constat_d_ecart(matiere, domaine, croisement, cartes.plume))) or ())
    if contenu:
        yield Paragraphe(style="brouillon", contenu=tuple(contenu))
    confiance = confiances(matiere).get(domaine.id, "aucune")
    dite = {"aucune": "aucune, la comparaison ne se fait pas"}.get(confiance, confiance)
    reserve: tuple[Ligne, ...] = ()
    if croisement is not None and croisement.reserve:
        reserve = (Texte(" "), Mention(croisement.reserve, "definition"))
    yield Paragraphe(contenu=(Texte(f"Confiance de la comparaison : {dite}."), *reserve))


def _demander(matiere: Matiere, domaine: Domaine, acces: AccesLu | None) -> Iterator[Bloc]:
    elements: list[tuple[Ligne, ...]] = []
    for indicateur in a_demander(matiere, domaine)[:_DEMANDES]:
        demande = indicateur.demande
        if demande is not None:
            approche = acces_qui_approche(matiere, indicateur.id)
            elements.append(
                (
                    Mention(f"Besoin – {indicateur.libelle} : {demande.fichier}", "definition"),
                    Mention(f" ({demande.producteur})", "nom"),
                    Texte(" ; une estimation existe déjà : voir l'accès" if approche else ""),
                )
            )
    elements += [
        (Texte("France Travail – "), Mention(majuscule(deplier(question)), "definition"))
        for question in domaine.questions_france_travail[:_QUESTIONS]
    ]
    if elements:
        yield Liste(elements=tuple(elements))
    yield from manque_d_offre(acces)
    yield Paragraphe(
        style="source",
        contenu=(Texte(f"Sources et méthode : voir le diagnostic {de(matiere.departement)}."),),
    )
