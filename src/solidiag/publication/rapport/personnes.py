"""Personnes concernées : un tableau par domaine, un par intercommunalité, un par axe."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from solidiag.catalogue.personnes import PersonnesDomaine
from solidiag.publication.document import (
    Absence,
    Bloc,
    Cellule,
    Cle,
    Colonne,
    Ligne,
    Mention,
    Nombre,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import de, enumerer, formater
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.expressions import majuscule, millesime

CHIFFRES_GARDES = 3
"""Chiffres significatifs d'un nombre estimé."""

_COMPTES_PAR_TABLEAU = 6
"""Nombre de comptes qu'un tableau d'intercommunalités montre sans se tourner."""

_INTRODUCTION = (
    "Chaque domaine compte ce que les fichiers permettent de compter, dans son unité : personnes, "
    "foyers, ménages et enfants ne s'additionnent pas. Un domaine sans compte défendable reste "
    "« non documenté », avec la raison ; ce n'est jamais « pas de besoin »."
)
_NOTE_ESTIMATION = (
    "Un nombre estimé est arrondi à trois chiffres, ses bornes vers l'extérieur. « Fourchette » : "
    "intervalle à 95 %, ou arrondi du producteur ; à défaut, la raison de son absence."
)
_NOTE_AXES = (
    "Au moins : dans chaque commune, le domaine le plus nombreux, puis la somme des communes ; les "
    "plus petits groupes sont supposés compris dans le plus grand. Au plus : la somme des bornes "
    "hautes, si personne n'est dans deux groupes. Un domaine non documenté n'y est pas."
)

_ARRONDIS: dict[str, Callable[[float], int]] = {
    "value": round,
    "lower": math.floor,
    "upper": math.ceil,
}

Rangee = Mapping[str, Any]


def section_personnes(matiere: Matiere) -> Iterator[Bloc]:
    """Parcourt la section « personnes concernées », vide si elles n'ont pas été comptées."""
    if matiere.personnes is None:
        return
    lignes = {
        (ligne["domaine"], ligne["unite"], ligne["territoire"]): ligne
        for ligne in matiere.personnes.frame.iter_rows(named=True)
    }
    declarations = [
        d
        for axe in matiere.grille.axes
        for domaine in matiere.domaines(axe.id)
        if (d := matiere.comptes_de_personnes.get(domaine.id)) is not None
    ]
    yield Titre(
        niveau=2,
        id="portrait-personnes",
        contenu=(Texte("Combien de personnes sont concernées"),),
    )
    yield Paragraphe(contenu=(Texte(_INTRODUCTION),))
    yield _tableau_domaines(matiere, declarations, lignes)
    for tableau in (
        _tableau_sans_compte(matiere, declarations),
        _tableau_axes(matiere, lignes),
    ):
        if tableau is not None:
            yield tableau
    yield from _tableaux_epci(matiere, declarations, lignes)


def pas_affiche(valeur: float) -> float:
    """Renvoie le pas auquel un nombre estimé s'arrondit : trois chiffres, jamais sous l'unité.

    Examples
    --------
    >>> pas_affiche(48571.0), pas_affiche(544.9), pas_affiche(0.0)
    (100.0, 1.0, 1.0)
    """
    if valeur < 1:
        return 1.0
    return float(max(1.0, 10.0 ** (math.floor(math.log10(valeur)) + 1 - CHIFFRES_GARDES)))


def _estime(ligne: Rangee) -> bool:
    return ligne["status"] == "E" or ligne["method"] in ("wilson", "byar")


def _nombre(ligne: Rangee, champ: str = "value") -> Nombre:
    """Renvoie une valeur ou une borne telle qu'elle s'imprime, avec son adresse."""
    valeur = float(ligne[champ])
    if _estime(ligne):
        pas = pas_affiche(float(ligne["value"]))
        valeur = pas * _ARRONDIS[champ](valeur / pas)
    precision = ligne["precision"] if champ == "value" and ligne["genre"] == "domaine" else None
    cle = Cle(
        indicateur=f"{ligne['domaine']}/{ligne['unite']}",
        territoire=ligne["territoire"],
        periode=ligne["periode"] or "",
        champ=champ,
        table="personnes",
    )
    return Nombre(formater(valeur, "nombre", decimales=0, precision=precision or "exact"), cle)


def _valeur(ligne: Rangee | None) -> Ligne:
    if ligne is None or ligne["value"] is None:
        return Absence(ligne["status"] if ligne else "L")
    return _nombre(ligne)


def _avec_unite(ligne: Rangee | None, unite: str) -> tuple[Ligne, ...]:
    valeur = _valeur(ligne)
    return (valeur, Texte(f" {unite}")) if isinstance(valeur, Nombre) else (valeur,)


def _fourchette(ligne: Rangee | None) -> tuple[Ligne, ...]:
    """Renvoie les bornes, ou pourquoi elles (ou le nombre) manquent."""
    if ligne is None:
        return ()
    if ligne["lower"] is None:
        return (Mention(ligne["motif"] or "", "definition"),)
    return (_nombre(ligne, "lower"), Texte(" à "), _nombre(ligne, "upper"))


def _sources(matiere: Matiere, lignes: Sequence[Rangee | None]) -> tuple[Ligne, ...]:
    titres: dict[str, None] = {}
    for ligne in lignes:
        for identifiant in (ligne["origin"] or "").split() if ligne else ():
            origine = matiere.origines.get(identifiant)
            for retrieval in origine.retrievals if origine else ():
                source = matiere.sources.get(retrieval.source)
                if source is not None:
                    titres[f"{source.producteur}, {source.titre}"] = None
    texte = " ; ".join(titres) if titres else "voir le chapitre des sources"
    return (Mention(f"Source : {texte}. Calculs Solidiag.", "reference"),)


def _tableau_domaines(
    matiere: Matiere,
    declarations: Sequence[PersonnesDomaine],
    lignes: Mapping[tuple[str, str, str], Rangee],
) -> Tableau:
    lieu = matiere.departement.id
    rangees = []
    vues = []
    for d in declarations:
        if d.compte is None:
            continue
        ligne = lignes.get((d.domaine, d.unite_finale, lieu))
        vues.append(ligne)
        public = " (tout le public)" if d.portee == "public" else ""
        objet = (Mention(f"{d.qui}{public}. {d.hypothese}", "definition"),)
        rangees.append(
            (
                Cellule(contenu=(Mention(matiere.grille.domaine(d.domaine).libelle, "nom"),)),
                Cellule(contenu=objet),
                Cellule(contenu=_annee(ligne)),
                Cellule(contenu=_avec_unite(ligne, d.unite_finale)),
                Cellule(contenu=_fourchette(ligne)),
            )
        )
    return Tableau(
        id="tab-personnes",
        legende=(Texte(f"Personnes concernées par domaine, {matiere.departement.nom}"),),
        colonnes=(
            Colonne(entete="Domaine", largeur=2.7),
            Colonne(entete="Ce qui est compté, et l'hypothèse", largeur=6),
            Colonne(entete="Année", largeur=1.5),
            Colonne(entete="Nombre", alignement="droite", largeur=2),
            Colonne(entete="Fourchette", alignement="droite", largeur=2.4),
        ),
        lignes=tuple(rangees),
        notes=((Mention(_NOTE_ESTIMATION, "definition"),),),
        source=_sources(matiere, vues),
    )


def _tableau_sans_compte(
    matiere: Matiere, declarations: Sequence[PersonnesDomaine]
) -> Tableau | None:
    """Renvoie les domaines sans compte défendable, avec la raison et qui le détient, ou rien."""
    muets = [d for d in declarations if d.compte is None]
    if not muets:
        return None
    return Tableau(
        id="tab-personnes-sans-compte",
        legende=(Texte("Domaines où le nombre de personnes est non documenté, et pourquoi"),),
        colonnes=(
            Colonne(entete="Domaine", largeur=3.2),
            Colonne(entete="Pourquoi", largeur=5.4),
            Colonne(entete="À demander à", largeur=3.2),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(matiere.grille.domaine(d.domaine).libelle, "nom"),)),
                Cellule(contenu=(Mention(d.absence, "definition"),)),
                Cellule(contenu=(Mention(majuscule(d.detenteur), "nom"),)),
            )
            for d in muets
        ),
    )


def _lue(ligne: Rangee | None) -> bool:
    return ligne is not None and ligne["value"] is not None


def _annee(ligne: Rangee | None) -> tuple[Ligne, ...]:
    return (
        (millesime(ligne["periode"]),) if ligne is not None and ligne["value"] is not None else ()
    )


def _tableau_axes(
    matiere: Matiere, lignes: Mapping[tuple[str, str, str], Rangee]
) -> Tableau | None:
    """Renvoie les axes où deux domaines au moins se comptent dans la même unité, ou rien."""
    rangees = []
    vues = []
    for axe in matiere.grille.axes:
        for (domaine, unite, territoire), ligne in lignes.items():
            plusieurs = (ligne["n_domaines"] or 0) > 1
            if domaine != axe.id or territoire != matiere.departement.id or not plusieurs:
                continue
            vues.append(ligne)
            comptes = [
                d.titre_court[:1].lower() + d.titre_court[1:]
                for d in matiere.comptes_de_personnes.values()
                if d.portee == "difficulte"
                and d.unite_finale == unite
                and matiere.grille.domaine(d.domaine).axe == axe.id
                and _lue(lignes.get((d.domaine, unite, territoire)))
            ]
            rangees.append(
                (
                    Cellule(contenu=(Mention(f"Axe {axe.numero} – {axe.titre_court}", "nom"),)),
                    Cellule(contenu=(Mention(majuscule(enumerer(comptes)), "definition"),)),
                    Cellule(contenu=(Texte(unite),)),
                    Cellule(contenu=(_nombre(ligne),)),
                    Cellule(contenu=(_nombre(ligne, "upper"),)),
                )
            )
    if not rangees:
        return None
    return Tableau(
        id="tab-personnes-axes",
        legende=(
            Texte(
                "Personnes concernées par axe, sans compter deux fois les mêmes, "
                f"{matiere.departement.nom}"
            ),
        ),
        colonnes=(
            Colonne(entete="Axe", largeur=3),
            Colonne(entete="Groupes réunis", largeur=5),
            Colonne(entete="Unité", largeur=1.5),
            Colonne(entete="Au moins", alignement="droite", largeur=1.7),
            Colonne(entete="Au plus", alignement="droite", largeur=1.7),
        ),
        lignes=tuple(rangees),
        notes=((Texte(_NOTE_AXES),),),
        source=_sources(matiere, vues),
    )


def _tableaux_epci(
    matiere: Matiere,
    declarations: Sequence[PersonnesDomaine],
    lignes: Mapping[tuple[str, str, str], Rangee],
) -> Iterator[Tableau]:
    """Parcourt les comptes de chaque intercommunalité, un compte de deux domaines une fois.

    Un compte qu'aucune intercommunalité n'a n'y est pas. Les comptes se partagent entre assez de
    tableaux pour que chacun tienne sur une page en portrait.
    """
    retenus: dict[str, PersonnesDomaine] = {}
    for d in declarations:
        if d.compte is not None and any(
            _lue(lignes.get((d.domaine, d.unite_finale, t))) for t in matiere.epci
        ):
            retenus.setdefault(d.compte.model_dump_json(), d)
    comptes = list(retenus.values())
    parts = math.ceil(len(comptes) / _COMPTES_PAR_TABLEAU)
    for rang in range(parts):
        debut, fin = (len(comptes) * r // parts for r in (rang, rang + 1))
        yield _tableau_epci(matiere, comptes[debut:fin], lignes, rang=rang, parts=parts)


def _tableau_epci(
    matiere: Matiere,
    comptes: Sequence[PersonnesDomaine],
    lignes: Mapping[tuple[str, str, str], Rangee],
    *,
    rang: int,
    parts: int,
) -> Tableau:

    def rangee(territoire: str) -> tuple[Cellule, ...]:
        return (
            Cellule(contenu=(Mention(matiere.nom(territoire), "nom"),)),
            *(
                Cellule(contenu=(_valeur(lignes.get((d.domaine, d.unite_finale, territoire))),))
                for d in comptes
            ),
        )

    vues = [lignes.get((d.domaine, d.unite_finale, t)) for d in comptes for t in matiere.epci]
    return Tableau(
        id="tab-personnes-epci" if not rang else f"tab-personnes-epci-{rang + 1}",
        legende=(
            Texte(f"Personnes concernées par intercommunalité {de(matiere.departement)}"),
            Texte("" if not rang else " (suite)"),
        ),
        colonnes=(
            Colonne(entete="Intercommunalité", largeur=3),
            *(
                Colonne(
                    entete=f"{d.titre_court} ({d.unite_finale})", alignement="droite", largeur=1.5
                )
                for d in comptes
            ),
        ),
        lignes=tuple(rangee(territoire) for territoire in matiere.epci),
        references=(rangee(matiere.departement.id),),
        notes=()
        if rang < parts - 1
        else (
            (
                Texte(
                    "Une intercommunalité qui déborde du département est comptée en entier. « ≥ "
                ),
                Texte("» : somme des seules communes diffusées, un minimum."),
            ),
        ),
        source=_sources(matiere, vues),
    )
