"""Tableaux du rapport : chaque cellule est une observation, ou sa marque d'absence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.publication.document import (
    Absence,
    Cellule,
    Cle,
    Colonne,
    Ligne,
    Mention,
    Nombre,
    Tableau,
    Texte,
)
from solidiag.publication.francais import de, formater, majuscule
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.phrases import etendue, lisibles, millesime

LECTURE_DES_CLASSES: tuple[tuple[str, str], ...] = (
    ("tension", "besoin nettement plus élevé et offre nettement plus faible qu'au département"),
    ("vigilance", "l'un des deux seulement, l'autre étant proche du département"),
    ("pas d'écart relevé (classe « couvert »)", "ce qui est mesuré ne montre pas d'écart"),
    (
        "offre plus haute, besoin plus bas (classe « à redéployer »)",
        "à examiner avant toute conclusion : ce n'est pas une recommandation",
    ),
    ("présence seulement", "des lieux sont connus, sans places ni horaires"),
    ("aucun lieu inscrit", "une liste tenue pour complète n'y inscrit aucun lieu"),
    ("non mesuré", "les fichiers ouverts ne permettent pas de comparer"),
)
"""Sens de chaque classe, dans l'ordre de `CLASSES` ; une matrice dit celles qu'elle montre."""

CLASSES: dict[str, str] = {
    "tension": "tension",
    "vigilance": "vigilance",
    "couvert": "pas d'écart relevé",
    "a_redeployer": "offre plus haute, besoin plus bas",
    "presence_seulement": "présence seulement",
    "aucun_lieu": "aucun lieu inscrit",
    "non_mesure": "non mesuré",
}

NATURES: dict[str, str] = {
    "volume": "volume",
    "presence": "présence seulement",
    "indirecte": "mesure indirecte",
}


def classe_affichee(case: Mapping[str, Any]) -> str:
    """Renvoie la classe à montrer : une présence sans aucun lieu inscrit se dit telle."""
    if case["classe"] == "presence_seulement" and case["offre_valeur"] == 0:
        return "aucun_lieu"
    return str(case["classe"])


_INDICATEURS_EN_PORTRAIT = 6
"""Nombre de colonnes de valeurs au-delà duquel un tableau de territoires se tourne."""


def _texte(texte: str) -> tuple[Ligne, ...]:
    return (Mention(texte, "nom"),)


def source_de(
    matiere: Matiere, identifiants: Sequence[str], *, periode: str = ""
) -> tuple[Ligne, ...]:
    """Renvoie la ligne de source d'une table ou d'une carte : producteurs et jeux.

    ``periode`` ne garde que les fichiers lus pour elle.
    """
    titres: dict[str, None] = {}
    for identifiant in identifiants:
        for reference in fichiers_de(matiere, identifiant, periode=periode):
            source = matiere.sources.get(reference.partition("/")[0])
            if source is not None:
                titres[f"{source.producteur}, {source.titre}"] = None
    texte = " ; ".join(titres) if titres else "voir le chapitre des sources"
    return (Mention(f"Source : {texte}. Calculs Solidiag.", "reference"),)


def fichiers_de(matiere: Matiere, identifiant: str, *, periode: str = "") -> tuple[str, ...]:
    """Renvoie les références de fichiers dont dépend un indicateur ou une mesure."""
    declaration = matiere.indicateurs.get(identifiant) or matiere.mesures.get(identifiant)
    if declaration is None:
        return ()
    references: dict[str, None] = {}
    for lecture in declaration.lectures:
        if periode and lecture.periode != periode:
            continue
        termes = (lecture.valeur, lecture.numerateur, lecture.denominateur, lecture.poids)
        for terme in termes:
            if terme is not None:
                references[terme.fichier] = None
    if isinstance(declaration, MesureOffre) and declaration.origine == "services":
        categories = list(declaration.selection.get("categories", ()))
        siens = pl.col("categorie").is_in(categories)
        if not categories and declaration.id.startswith("acces."):
            siens = pl.col("domaines").list.contains(declaration.domaines[0])
        services = matiere.services.frame.filter(siens)
        references |= dict.fromkeys(services["origin"].drop_nulls().unique().sort().to_list())
    return tuple(references)


def _etendue_epci(matiere: Matiere, identifiant: str, periode: str) -> tuple[Ligne, ...]:
    """Renvoie l'étendue des EPCI, avec son année si ce n'est pas celle de la ligne."""
    observes = lisibles(matiere, identifiant, matiere.epci)
    bornes = etendue(observes)
    if bornes is None:
        return (Absence("O"),)
    suite: tuple[Ligne, ...] = ()
    if observes[0].periode != periode:
        suite = (Texte(" ("), millesime(observes[0].periode), Texte(")"))
    if len(observes) < len(matiere.epci):
        lues = nombre_de(matiere, len(observes), f"lues:{identifiant}")
        suite = (*suite, Texte(" – "), lues, Texte(" sur "), matiere.compte("intercommunalités"))
    return (matiere.imprimer(bornes[0]), Texte(" à "), matiere.imprimer(bornes[1]), *suite)


def tableau_indicateurs(
    matiere: Matiere, indicateurs: Sequence[Indicateur], *, identifiant: str, legende: str
) -> Tableau:
    """Renvoie un tableau d'indicateurs : département, région, France, étendue des EPCI."""
    rangees = []
    for indicateur in indicateurs:
        observe = matiere.derniere(indicateur.id, matiere.departement.id)
        periode = (
            observe.periode
            if observe and observe.lisible
            else matiere.periode_de_reference(indicateur.id, matiere.epci)
        ) or (observe.periode if observe else "")
        cellules = [Cellule(contenu=_texte(indicateur.libelle))]
        cellules.append(Cellule(contenu=(millesime(periode),)))
        for territoire in (matiere.departement.id, matiere.region.id, "FR-FR"):
            valeur = matiere.derniere(indicateur.id, territoire, periode)
            cellules.append(Cellule(contenu=(matiere.imprimer(valeur),)))
        cellules.append(Cellule(contenu=_etendue_epci(matiere, indicateur.id, periode)))
        rangees.append(tuple(cellules))
    return Tableau(
        id=identifiant,
        legende=_texte(legende),
        colonnes=(
            Colonne(entete="Indicateur", largeur=5),
            Colonne(entete="Année", largeur=1.2),
            Colonne(entete=matiere.departement.nom, alignement="droite", largeur=1.8),
            Colonne(entete=matiere.region.nom, alignement="droite", largeur=1.8),
            Colonne(entete="France", alignement="droite", largeur=1.5),
            Colonne(entete="Étendue des intercommunalités", alignement="droite", largeur=2.6),
        ),
        lignes=tuple(rangees),
        notes=_notes_differences(indicateurs),
        source=source_de(matiere, [i.id for i in indicateurs]),
    )


def _notes_differences(indicateurs: Sequence[Indicateur]) -> tuple[tuple[Ligne, ...], ...]:
    return tuple(
        (
            Mention(
                f"{i.libelle} : définition proche de celle de la grille ({i.difference}).",
                "definition",
            ),
        )
        for i in indicateurs
        if i.correspondance == "proche" and i.difference
    )


def tableau_territoires(
    matiere: Matiere,
    identifiants: Sequence[str],
    territoires: Sequence[str],
    *,
    identifiant: str,
    legende: str,
    premiere: str,
) -> Tableau:
    """Renvoie un tableau territoires × indicateurs, les références dans une bande à part."""
    declarations = [
        d for i in identifiants if (d := matiere.indicateurs.get(i) or matiere.mesures.get(i))
    ]
    periodes = {
        d.id: matiere.periode_de_reference(d.id, (*territoires, matiere.departement.id))
        for d in declarations
    }

    def rangee(territoire: str) -> tuple[Cellule, ...]:
        cellules = [Cellule(contenu=_texte(matiere.nom(territoire)))]
        for d in declarations:
            observe = matiere.derniere(d.id, territoire, periodes[d.id])
            cellules.append(Cellule(contenu=(matiere.imprimer(observe),)))
        return tuple(cellules)

    references = (matiere.departement.id, matiere.region.id, "FR-FR")
    return Tableau(
        id=identifiant,
        legende=_texte(legende),
        colonnes=(
            Colonne(entete=premiere, largeur=3),
            *(
                Colonne(
                    entete=f"{d.libelle_court} ({periodes[d.id] or 'non documenté'})",
                    alignement="droite",
                    largeur=1.6,
                )
                for d in declarations
            ),
        ),
        lignes=tuple(rangee(territoire) for territoire in territoires),
        references=tuple(rangee(territoire) for territoire in references),
        source=source_de(matiere, [d.id for d in declarations]),
        paysage=len(declarations) > _INDICATEURS_EN_PORTRAIT,
    )


def tableau_mesures(
    matiere: Matiere, mesures: Sequence[MesureOffre], *, identifiant: str
) -> Tableau:
    """Renvoie un tableau de mesures d'offre : nature, année, département, étendue, réserve.

    Le temps de trajet n'y est pas : il se lit une fois par domaine, pour son public.
    """
    rangees = []
    for mesure in mesures:
        observe = matiere.derniere(mesure.id, matiere.departement.id)
        periode = (observe.periode if observe else "") or matiere.periode_de_reference(
            mesure.id, matiere.epci
        )
        rangees.append(
            (
                Cellule(contenu=_texte(mesure.libelle)),
                Cellule(contenu=_texte(NATURES[mesure.nature]), classe=mesure.nature),
                Cellule(contenu=(millesime(periode),)),
                Cellule(contenu=(matiere.imprimer(observe),)),
                Cellule(contenu=_etendue_epci(matiere, mesure.id, periode)),
            )
        )
    return Tableau(
        id=identifiant,
        legende=_texte("Ce que les fichiers disent de l'offre"),
        colonnes=(
            Colonne(entete="Mesure", largeur=3.4),
            Colonne(entete="Nature", largeur=1.6),
            Colonne(entete="Année", largeur=1.2),
            Colonne(entete=matiere.departement.nom, alignement="droite", largeur=1.5),
            Colonne(entete="Étendue des intercommunalités", alignement="droite", largeur=2),
        ),
        lignes=tuple(rangees),
        notes=_reserves(mesures),
        source=source_de(matiere, [m.id for m in mesures]),
    )


def _reserves(mesures: Sequence[MesureOffre]) -> tuple[tuple[Ligne, ...], ...]:
    """Renvoie chaque réserve une fois, avec les mesures qu'elle touche."""
    par_reserve: dict[str, list[str]] = {}
    for mesure in mesures:
        if mesure.reserve:
            par_reserve.setdefault(mesure.reserve, []).append(mesure.libelle_court)
    return tuple(
        (Mention(f"{', '.join(noms)} : {reserve}", "definition"),)
        for reserve, noms in par_reserve.items()
    )


def tableau_matrice(matiere: Matiere, axe: str, *, identifiant: str) -> Tableau | None:
    """Renvoie la matrice d'un axe : intercommunalités × domaines mesurés, ou rien."""
    classes = {
        (ligne["domaine"], ligne["territoire"]): ligne
        for ligne in matiere.ecarts.frame.iter_rows(named=True)
    }
    domaines = [
        d
        for d in matiere.domaines(axe)
        if any(
            classes.get((d.id, epci), {}).get("classe", "non_mesure") != "non_mesure"
            for epci in matiere.epci
        )
    ]
    if not domaines:
        return None
    rangees = []
    vues: set[str] = set()
    listes: dict[str, str] = {}
    for epci in matiere.epci:
        cellules = [Cellule(contenu=_texte(matiere.nom(epci)))]
        for domaine in domaines:
            ligne = classes.get((domaine.id, epci))
            classe = classe_affichee(ligne) if ligne else "non_mesure"
            vues.add(classe)
            if classe == "aucun_lieu" and ligne:
                listes[domaine.libelle] = matiere.periode_de_reference(ligne["offre"], matiere.epci)
            cellules.append(Cellule(contenu=(Texte(CLASSES[classe]),), classe=classe))
        rangees.append(tuple(cellules))
    return Tableau(
        id=identifiant,
        legende=_texte(
            f"Besoin et offre comparés dans les intercommunalités {de(matiere.departement)} "
            "(brouillon calculé)"
        ),
        colonnes=(
            Colonne(entete="Intercommunalité", largeur=3),
            *(Colonne(entete=d.libelle, alignement="centre", largeur=1.7) for d in domaines),
        ),
        lignes=tuple(rangees),
        paysage=len(domaines) > 6,
        notes=tuple(
            (Mention(f"{majuscule(nom)} : {sens}.", "definition"),)
            for classe, (nom, sens) in zip(CLASSES, LECTURE_DES_CLASSES, strict=True)
            if classe in vues
        )
        + _dates_des_listes(listes),
        source=(Mention("Source : croisement calculé par Solidiag.", "reference"),),
    )


def _dates_des_listes(listes: Mapping[str, str]) -> tuple[tuple[Ligne, ...], ...]:
    """Renvoie l'année des listes où « aucun lieu inscrit » se lit : un lieu peut avoir ouvert."""
    dites = " ; ".join(f"{nom} ({annee})" for nom, annee in listes.items() if annee)
    if not dites:
        return ()
    return (
        (
            Texte("Date des listes où aucun lieu n'est inscrit : "),
            Mention(dites, "nom"),
            Texte(". Un lieu a pu ouvrir depuis."),
        ),
    )


def nombre_de(matiere: Matiere, valeur: float, nom: str) -> Nombre:
    """Renvoie un dénombrement cité hors des observations (EPCI d'une classe, services...)."""
    return Nombre(
        formater(valeur, "nombre", decimales=0),
        Cle(indicateur=nom, territoire=matiere.departement.id, table="comptes"),
    )


PORTEES_COURTES: dict[str, str] = {
    "volume": "en volume",
    "presence": "présence seulement",
    "aucune": "aucune",
}
