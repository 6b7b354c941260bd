"""Ce qui a changé depuis le résultat précédent : réglages, fichiers, mesures, classes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.publication.document import (
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
    texte_brut,
)
from solidiag.publication.francais import formater
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.tableaux import CLASSES

_LIGNES_MONTREES = 25
_FICHIER = "changements.csv"


def section_changements(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie ce qui a changé depuis le résultat précédent, ou rien s'il n'y en a pas."""
    if matiere.changements is None or not len(matiere.changements):
        return
    lots: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for ligne in matiere.changements.frame.iter_rows(named=True):
        lots[ligne["genre"]].append(ligne)
    depuis = next(iter(lots.values()))[0]["depuis"]
    yield Titre(
        niveau=2,
        id="changements",
        contenu=(
            Texte("Ce qui a changé depuis le résultat du "),
            Mention(date.fromisoformat(depuis).strftime("%d/%m/%Y"), "date"),
        ),
    )
    yield Paragraphe(contenu=tuple(_resume(matiere, lots)))
    if lots["reglage"]:
        yield _tableau_reglages(lots["reglage"])
    if lots["fichier"]:
        yield _tableau_fichiers(matiere, lots["fichier"])
    if lots["valeur"]:
        yield _tableau_valeurs(matiere, lots["valeur"])
    if lots["classe"]:
        yield _tableau_classes(matiere, lots["classe"])


def section_reglages(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie les réglages en vigueur qui ne sont pas ceux livrés, ou rien."""
    if not matiere.reglages:
        return
    yield Titre(niveau=2, id="reglages", contenu=(Texte("Réglages propres à cette installation"),))
    yield Paragraphe(
        contenu=(
            Texte("Ces conventions ont été fixées par la personne qui a produit ce document ; "),
            Texte("tous ses chiffres en tiennent compte."),
        )
    )
    lignes = [{"cle": c, "avant": a, "apres": b} for c, a, b in matiere.reglages]
    yield _tableau_reglages(
        lignes,
        identifiant="tab-reglages",
        legende="Réglages qui ne sont pas ceux livrés avec Solidiag",
        entetes=("Réglage", "Livré", "En vigueur"),
        toutes=True,
    )


def _resume(matiere: Matiere, lots: Mapping[str, list[dict[str, Any]]]) -> Iterator[Ligne]:
    comptes = (
        ("reglage", "un réglage", "réglages"),
        ("fichier", "un fichier", "fichiers"),
        ("valeur", "une valeur du département ou d'une intercommunalité", _PLURIEL_VALEURS),
        ("classe", "une case de la matrice des écarts", "cases de la matrice des écarts"),
    )
    dits: list[tuple[Ligne, ...]] = []
    for genre, un, plusieurs in comptes:
        nombre = len(lots.get(genre, ()))
        if nombre == 1:
            dits.append((Texte(un),))
        elif nombre:
            cle = Cle(indicateur=genre, territoire=matiere.departement.id, table="changements")
            compte = Nombre(formater(nombre, "nombre", decimales=0), cle)
            dits.append((compte, Texte(f" {plusieurs}")))
    yield Texte(
        "Depuis ce résultat, " if dits else "Depuis ce résultat, seul le programme a changé"
    )
    for rang, dit in enumerate(dits):
        if rang:
            yield Texte(" et " if rang == len(dits) - 1 else ", ")
        yield from dit
    if dits:
        seul = len(dits) == 1 and len(lots[next(g for g, *_ in comptes if lots.get(g))]) == 1
        yield Texte(" a changé" if seul else " ont changé")
    if lots.get("version"):
        ligne = lots["version"][0]
        yield Texte(" ; la version du programme est passée de ")
        yield Mention(str(ligne["avant"]), "numero")
        yield Texte(" à ")
        yield Mention(str(ligne["apres"]), "numero")
    yield Texte(". Le détail est dans le fichier ")
    yield Mention(_FICHIER, "reference")
    yield Texte(" des données ouvertes.")


_PLURIEL_VALEURS = "valeurs du département et de ses intercommunalités"


def _tableau_reglages(
    lignes: list[dict[str, Any]],
    *,
    identifiant: str = "tab-changements-reglages",
    legende: str = "Réglages modifiés par une personne du métier, ou par la mise à jour",
    entetes: tuple[str, str, str] = ("Réglage", "Avant", "Après"),
    toutes: bool = False,
) -> Tableau:
    return Tableau(
        id=identifiant,
        legende=(Texte(legende),),
        colonnes=tuple(
            Colonne(entete=entete, largeur=largeur)
            for entete, largeur in zip(entetes, (3, 2, 2), strict=True)
        ),
        lignes=tuple(
            tuple(
                Cellule(contenu=(Mention(texte, "definition"),))
                for texte in (
                    _place(ligne["cle"]),
                    ligne["avant"] or "absent",
                    ligne["apres"] or "absent",
                )
            )
            for ligne in lignes[: None if toutes else _LIGNES_MONTREES]
        ),
        notes=() if toutes else _reste(lignes),
    )


def _place(cle: str) -> str:
    fichier, _, place = cle.partition(":")
    return f"{place.replace('.', ' › ')} ({fichier}.yaml)"


def _tableau_fichiers(matiere: Matiere, lignes: list[dict[str, Any]]) -> Tableau:
    return Tableau(
        id="tab-changements-fichiers",
        legende=(Texte("Fichiers ajoutés, retirés ou remplacés"),),
        colonnes=(
            Colonne(entete="Fichier", largeur=3),
            Colonne(entete="Millésime avant", largeur=1.5),
            Colonne(entete="Millésime après", largeur=1.5),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(_titre_de_source(matiere, ligne["cle"]), "nom"),)),
                Cellule(contenu=_millesime(ligne["avant"])),
                Cellule(contenu=_millesime(ligne["apres"])),
            )
            for ligne in lignes[:_LIGNES_MONTREES]
        ),
        notes=_reste(lignes),
    )


def _titre_de_source(matiere: Matiere, cle: str) -> str:
    source = matiere.sources.get(cle.partition("/")[0])
    return f"{source.titre} ({cle})" if source else cle


def _millesime(texte: str | None) -> tuple[Ligne, ...]:
    return (Mention(json.loads(texte)[0], "millesime"),) if texte else (Texte("n'y était pas"),)


def _tableau_valeurs(matiere: Matiere, lignes: list[dict[str, Any]]) -> Tableau:
    """Renvoie une ligne par mesure : sa valeur au département, et où elle a changé."""
    par_mesure: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for ligne in lignes:
        par_mesure[ligne["cle"]].append(ligne)
    connues = [i for i in par_mesure if _declaration(matiere, i)]
    departement = matiere.departement.id
    ordre = sorted(
        connues,
        key=lambda i: (not _visible(par_mesure[i], departement), -len(par_mesure[i]), i),
    )
    rangees = []
    for identifiant in ordre[:_LIGNES_MONTREES]:
        siennes = par_mesure[identifiant]
        locale = next((x for x in siennes if x["territoire"] == departement), None)
        epci = sum(x["territoire"] != departement for x in siennes)
        declaration = _declaration(matiere, identifiant)
        libelle = declaration.libelle if declaration else identifiant
        rangees.append(
            (
                Cellule(contenu=(Mention(libelle, "nom"),)),
                Cellule(contenu=_cote(locale, "avant")),
                Cellule(contenu=_apres(locale)),
                Cellule(
                    contenu=(
                        Nombre(
                            formater(epci, "nombre", decimales=0),
                            Cle(indicateur=identifiant, champ="epci", table="changements"),
                        ),
                    )
                ),
            )
        )
    return Tableau(
        id="tab-changements-valeurs",
        legende=(Texte("Mesures qui ont changé"),),
        colonnes=(
            Colonne(entete="Mesure", largeur=3.5),
            Colonne(entete="Département avant", alignement="droite", largeur=1.3),
            Colonne(entete="Département après", alignement="droite", largeur=1.3),
            Colonne(entete="Intercommunalités changées", alignement="droite", largeur=1.4),
        ),
        lignes=tuple(rangees),
        notes=_reste(connues),
    )


def _declaration(matiere: Matiere, identifiant: str) -> Indicateur | MesureOffre | None:
    return (
        matiere.indicateurs.get(identifiant)
        or matiere.mesures.get(identifiant)
        or matiere.catalogue.get(identifiant)
    )


def _cote(ligne: Mapping[str, Any] | None, cote: str) -> tuple[Ligne, ...]:
    if ligne is None:
        return (Texte("inchangé"),)
    valeur = ligne[f"valeur_{cote}"]
    if valeur is None:
        return (Texte(ligne[cote] or "sans valeur"),)
    cle = Cle(
        indicateur=ligne["cle"], territoire=ligne["territoire"], champ=cote, table="changements"
    )
    return (Nombre(formater(valeur, ligne["unite"]), cle),)


def _apres(ligne: Mapping[str, Any] | None) -> tuple[Ligne, ...]:
    """Renvoie la valeur d'après ; un changement que l'arrondi cache est dit tel."""
    apres = _cote(ligne, "apres")
    if ligne is not None and texte_brut(apres) == texte_brut(_cote(ligne, "avant")):
        return (Texte("même arrondi"),)
    return apres


def _visible(lignes: Sequence[Mapping[str, Any]], departement: str) -> bool:
    """Dit si la valeur imprimée du département n'est plus la même."""
    locale = next((x for x in lignes if x["territoire"] == departement), None)
    return locale is not None and _apres(locale) != (Texte("même arrondi"),)


def _tableau_classes(matiere: Matiere, lignes: list[dict[str, Any]]) -> Tableau:
    libelles = {d.id: d.libelle for d in matiere.grille.domaines}
    return Tableau(
        id="tab-changements-classes",
        legende=(Texte("Cases de la matrice des écarts qui ont changé"),),
        colonnes=(
            Colonne(entete="Domaine", largeur=2.5),
            Colonne(entete="Intercommunalité", largeur=2),
            Colonne(entete="Avant", largeur=1.5),
            Colonne(entete="Après", largeur=1.5),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(libelles.get(ligne["cle"], ligne["cle"]), "nom"),)),
                Cellule(contenu=(Mention(matiere.nom(ligne["territoire"]), "nom"),)),
                Cellule(contenu=(Texte(_classe(ligne["avant"])),), classe=ligne["avant"] or ""),
                Cellule(contenu=(Texte(_classe(ligne["apres"])),), classe=ligne["apres"] or ""),
            )
            for ligne in lignes[:_LIGNES_MONTREES]
        ),
        notes=_reste(lignes),
    )


def _classe(classe: str | None) -> str:
    return CLASSES.get(classe or "", "n'y était pas")


def _reste(lignes: list[Any]) -> tuple[tuple[Ligne, ...], ...]:
    if len(lignes) <= _LIGNES_MONTREES:
        return ()
    return (
        (
            Texte("Les autres lignes sont dans le fichier "),
            Mention(_FICHIER, "reference"),
            Texte("."),
        ),
    )
