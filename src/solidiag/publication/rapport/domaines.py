"""Chapitres des quatre axes : un domaine, une question, un besoin, une offre, un écart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.grille import Axe, Domaine
from solidiag.catalogue.indicateur import Croisement
from solidiag.ecarts.synthese import resumer
from solidiag.publication.document import (
    Bloc,
    Encadre,
    Ligne,
    Liste,
    Mention,
    Paragraphe,
    Texte,
    Titre,
)
from solidiag.publication.francais import dans, majuscule
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.demandes import section_a_documenter
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.gabarits import Plume
from solidiag.publication.rapport.offre_domaine import section_offre
from solidiag.publication.rapport.phrases import (
    commenter,
    est_effectif,
    joindre,
    titre_indicateur,
)
from solidiag.publication.rapport.reperes import tableau_cases, tableau_comparaisons
from solidiag.publication.rapport.silences import (
    formes_besoin_muet,
    formes_confiance,
    formes_contexte,
    formes_ecart_muet,
)
from solidiag.publication.rapport.tableaux import (
    nombre_de,
    tableau_indicateurs,
    tableau_matrice,
)

_CARTES_PAR_DOMAINE = 2
_INDICATEURS_DITS = 4
_LECTURE_DES_VERDICTS = "lecture des verdicts"

PORTEES: dict[str, str] = {
    "volume": "Besoin et offre sont mesurés en volume.",
    "presence": "L'offre n'est connue que par sa présence : elle ne dit pas un volume.",
    "aucune": "Les fichiers ouverts ne permettent pas de comparer besoin et offre.",
}


def chapitre_axe(matiere: Matiere, axe: Axe, cartes: Cartotheque) -> Iterator[Bloc]:
    """Renvoie le chapitre d'un axe."""
    yield Titre(
        niveau=1,
        id=axe.id,
        surtitre=f"Axe {axe.numero}",
        contenu=(Texte(axe.libelle_consultation),),
    )
    yield Paragraphe(
        style="chapeau",
        contenu=(
            Texte("Dans le Pacte des solidarités, cet axe s'intitule « "),
            Mention(axe.libelle_pacte, "nom"),
            Texte(" ». Chaque domaine répond aux mêmes questions : quel besoin, quelle offre, "),
            Texte("quel écart, et avec quelle confiance."),
        ),
    )
    matrice = tableau_matrice(matiere, axe.id, identifiant=f"matrice-{axe.id}")
    if matrice is not None:
        yield matrice
    non_mesures = [d for d in matiere.domaines(axe.id) if not _mesure(matiere, d)]
    if non_mesures:
        yield Paragraphe(
            style="note",
            contenu=(
                Texte("Non mesurés dans toutes les intercommunalités : "),
                Mention(" ; ".join(d.libelle for d in non_mesures), "nom"),
                Texte(". Ce silence des fichiers n'est pas une absence de besoin."),
            ),
        )
    for domaine in matiere.domaines(axe.id):
        yield from section_domaine(matiere, domaine, cartes)


def _mesure(matiere: Matiere, domaine: Domaine) -> bool:
    return any(classe != "non_mesure" for classe in classes_de(matiere, domaine).elements())


def classes_de(matiere: Matiere, domaine: Domaine) -> Counter[str]:
    """Compte les intercommunalités de chaque classe pour un domaine."""
    table = matiere.ecarts.frame
    return Counter(
        ligne["classe"]
        for ligne in table.iter_rows(named=True)
        if ligne["domaine"] == domaine.id and ligne["territoire"] in matiere.epci
    )


def titre_domaine(matiere: Matiere, domaine: Domaine, cartes: Cartotheque) -> tuple[Ligne, ...]:
    """Renvoie le titre-message d'un domaine : un fait chiffré qui lui est propre, si possible.

    Les taux passent avant les effectifs, et ce qui n'a pas encore fait un titre avant le reste.
    """
    indicateurs = [matiere.indicateurs[i] for i in matiere.lectures_de(domaine)]
    for indicateur in sorted(
        indicateurs, key=lambda i: (cartes.deja_en_titre(i.id), est_effectif(i))
    ):
        contenu = titre_indicateur(matiere, indicateur)
        if contenu is None:
            continue
        if domaine.contexte_seulement and cartes.deja_en_titre(indicateur.id):
            break
        cartes.mettre_en_titre(indicateur.id)
        return _avec_reserve(matiere, domaine, contenu)
    if domaine.contexte_seulement:
        return (Texte("Le besoin n'est pas mesuré : seuls des éléments de contexte se lisent"),)
    return (Texte("Ce domaine n'est pas documenté par les fichiers ouverts du département"),)


def _avec_reserve(
    matiere: Matiere, domaine: Domaine, contenu: tuple[Ligne, ...]
) -> tuple[Ligne, ...]:
    """Renvoie le titre-message ; un domaine sans indicateur propre dit d'abord qu'il n'en a pas."""
    if not domaine.contexte_seulement:
        return contenu
    croisement = matiere.croisements.get(domaine.id)
    approche = croisement is not None and croisement.portee == "volume"
    debut = "Besoin seulement approché : " if approche else "Besoin non mesuré ; pour contexte, "
    return (Texte(f"{debut}{dans(matiere.departement)}, "), *contenu[1:])


def section_domaine(matiere: Matiere, domaine: Domaine, cartes: Cartotheque) -> Iterator[Bloc]:
    """Renvoie la section d'un domaine."""
    yield Titre(
        niveau=2,
        id=domaine.id,
        surtitre=domaine.libelle,
        contenu=titre_domaine(matiere, domaine, cartes),
    )
    yield Paragraphe(style="cle", contenu=(Mention(domaine.question, "definition"),))
    yield from _besoin(matiere, domaine, cartes)
    yield from section_offre(matiere, domaine, cartes)
    yield from _ecart(matiere, domaine, cartes)
    figure = cartes.carte_ecart(domaine.id, domaine.libelle)
    if figure is not None:
        yield figure
    yield from _a_documenter(matiere, domaine)


def _besoin(matiere: Matiere, domaine: Domaine, cartes: Cartotheque) -> Iterator[Bloc]:
    indicateurs = [matiere.indicateurs[i] for i in matiere.lectures_de(domaine)]
    yield Titre(niveau=3, id=f"{domaine.id}-besoin", contenu=(Texte("Le besoin"),))
    if not indicateurs:
        muet = cartes.plume.ecrire(*formes_besoin_muet())
        if muet is not None:
            yield Paragraphe(contenu=muet)
        return
    if domaine.contexte_seulement:
        reserve = cartes.plume.ecrire(*formes_contexte())
        if reserve is not None:
            yield Paragraphe(contenu=reserve)
    a_dire = [i for i in indicateurs if not cartes.deja_dit(i.id)][:_INDICATEURS_DITS]
    texte = joindre(commenter(matiere, matiere.departement.id, a_dire, cartes.plume))
    if texte is not None:
        yield Paragraphe(style="brouillon", contenu=texte)
    for indicateur in indicateurs:
        cartes.dire(indicateur.id)
    yield tableau_indicateurs(
        matiere,
        indicateurs,
        identifiant=f"tab-{domaine.id}-besoin",
        legende=(
            f"Éléments de contexte, sans indicateur propre au domaine : {domaine.libelle}"
            if domaine.contexte_seulement
            else f"Indicateurs de besoin : {domaine.libelle}"
        ),
    )
    comparaisons = tableau_comparaisons(
        matiere,
        indicateurs,
        identifiant=f"tab-{domaine.id}-comparaisons",
        lecture=not cartes.deja_dit(_LECTURE_DES_VERDICTS),
    )
    if comparaisons is not None:
        cartes.dire(_LECTURE_DES_VERDICTS)
        yield comparaisons
    tracees = 0
    for indicateur in indicateurs:
        if tracees == _CARTES_PAR_DOMAINE:
            break
        figure = cartes.carte(indicateur)
        if figure is not None:
            tracees += 1
            yield figure


def _ecart(matiere: Matiere, domaine: Domaine, cartes: Cartotheque) -> Iterator[Bloc]:
    croisement = matiere.croisements.get(domaine.id)
    yield Titre(niveau=3, id=f"{domaine.id}-ecart", contenu=(Texte("L'écart et sa confiance"),))
    contenu = list(joindre(list(constat_d_ecart(matiere, domaine, croisement, cartes.plume))) or ())
    if croisement and croisement.reserve:
        contenu.append(Mention(f"{' ' if contenu else ''}{croisement.reserve}", "definition"))
    if contenu:
        yield Paragraphe(style="brouillon", contenu=tuple(contenu))
    cases = [
        case
        for case in matiere.ecarts.frame.iter_rows(named=True)
        if case["domaine"] == domaine.id and case["besoin"] and case["offre"]
    ]
    if croisement and croisement.portee == "volume" and cases:
        yield Paragraphe(contenu=_compares(matiere, cases[0]))
    for classe in ("tension", "a_redeployer"):
        retenues = sorted(
            (case for case in cases if case["classe"] == classe),
            key=lambda case: matiere.nom(case["territoire"]),
        )
        if retenues:
            yield tableau_cases(
                matiere, retenues, identifiant=f"tab-{domaine.id}-{classe}", classe=classe
            )


def _compares(matiere: Matiere, case: Mapping[str, Any]) -> tuple[Ligne, ...]:
    """Dit les deux indicateurs qui fondent les classes, avec leur valeur au département."""
    contenu: list[Ligne] = [Texte("Les deux mesures comparées : pour le besoin, ")]
    for nom, suite in (("besoin", " ; pour l'offre, "), ("offre", ".")):
        declaration = matiere.indicateurs.get(case[nom]) or matiere.mesures.get(case[nom])
        observe = matiere.derniere(case[nom], matiere.departement.id)
        libelle = declaration.libelle if declaration else case[nom]
        contenu += [
            Mention(f"« {libelle} » (", "definition"),
            matiere.imprimer(observe),
            Texte(" au département"),
            Mention(f", {observe.periode})" if observe else ")", "millesime"),
            Texte(suite),
        ]
    return tuple(contenu)


def constat_d_ecart(
    matiere: Matiere, domaine: Domaine, croisement: Croisement | None, plume: Plume
) -> Iterator[tuple[Ligne, ...]]:
    """Renvoie ce que la matrice dit du domaine : des phrases prudentes, et leur confiance."""
    synthese = None
    if croisement is not None:
        locales = pl.col("territoire").is_in(list(matiere.epci))
        ecarts = matiere.ecarts.frame.filter(locales)
        synthese = resumer(ecarts, {domaine.id: croisement})[domaine.id]
    if croisement is None or synthese is None or synthese.confiance == "aucune":
        muette = plume.ecrire(*formes_ecart_muet(matiere, domaine, croisement))
        if muette is not None:
            yield muette
        return
    if croisement.portee == "volume":
        yield (Texte(PORTEES["volume"]),)
    yield tuple(
        Texte(morceau)
        if isinstance(morceau, str)
        else nombre_de(matiere, morceau.nombre, f"{domaine.id}:{morceau.classe}")
        for morceau in synthese.phrase
    )
    confiance = plume.ecrire(*formes_confiance(synthese.confiance))
    if confiance is not None:
        yield confiance


SIGLES: tuple[tuple[str, str], ...] = (
    (r"\bBRSA\b", "bénéficiaires du RSA"),
    (r"\bun DE\b", "un demandeur d'emploi"),
    (r"\bDE\b", "demandeurs d'emploi"),
    (r"\bFT\b", "France Travail"),
    (r"\bCEJ\b", "contrat d'engagement jeune"),
    (r"\bIAE\b", "insertion par l'activité économique"),
    (r"\bSIAE\b", "structures d'insertion par l'activité économique"),
    (r"\bCD\b", "Département"),
    (r"\bML\b", "mission locale"),
    (r"\bVIF\b", "violences intrafamiliales"),
    (r"\bSIAO\b", "service intégré d'accueil et d'orientation"),
    (r"\bPMSMP\b", "immersion en entreprise"),
    (r"\bFLE\b", "français langue étrangère"),
    (r"\bPCB\b", "un point conseil budget"),
    (r"\bTNS\b", "des travailleurs indépendants"),
    (r"\bPPA\b", "prime d'activité"),
    (r"\bC2S\b", "complémentaire santé solidaire"),
    (r"\bAL\b", "aides au logement"),
    (r"\bdes SI\b", "des systèmes d'information"),
    (r"\bRDV\b", "rendez-vous"),
    (r"\bCMP\b", "centre médico-psychologique"),
)
"""Sigles de la grille, dépliés pour qui ne les connaît pas."""


def deplier(texte: str) -> str:
    """Renvoie le texte avec ses sigles dépliés.

    Examples
    --------
    >>> deplier("Combien de BRSA ?")
    'Combien de bénéficiaires du RSA ?'
    """
    for motif, clair in SIGLES:
        texte = re.sub(motif, clair, texte)
    return texte


def _a_documenter(matiere: Matiere, domaine: Domaine) -> Iterator[Bloc]:
    yield from section_a_documenter(matiere, domaine)
    if domaine.questions_france_travail:
        yield Encadre(
            titre="À établir avec France Travail",
            genre="methode",
            blocs=(
                Liste(
                    elements=tuple(
                        (Mention(majuscule(deplier(question)), "definition"),)
                        for question in domaine.questions_france_travail
                    )
                ),
            ),
        )
