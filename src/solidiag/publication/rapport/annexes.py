"""Tableaux des figures que le rapport ne porte pas, montrés par le site sous chaque carte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from solidiag.catalogue.indicateur import MesureOffre
from solidiag.model.territoire import Niveau
from solidiag.publication.document import (
    Cellule,
    Colonne,
    Document,
    Figure,
    Mention,
    Tableau,
    Texte,
    parcourir,
)
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.lissages import tableau_lisse
from solidiag.publication.rapport.phrases import majuscule
from solidiag.publication.rapport.tableaux import CLASSES, classe_affichee
from solidiag.publication.rapport.types_indice import LIBELLES_REGROUPEMENTS
from solidiag.publication.rapport.types_tableaux import (
    tableau_des_regroupements,
    tableau_des_territoires,
)
from solidiag.publication.typographie import soigner_tableau


def annexes(matiere: Matiere, document: Document) -> dict[str, Tableau]:
    """Renvoie le tableau de chaque figure qui en nomme un hors du document."""
    presents = {b.id for b in parcourir(document.blocs) if isinstance(b, Tableau)}
    tableaux = {}
    for bloc in parcourir(document.blocs):
        if isinstance(bloc, Figure) and bloc.tableau and bloc.tableau not in presents:
            tableaux[bloc.tableau] = soigner_tableau(_annexe(matiere, bloc))
    return tableaux


def _annexe(matiere: Matiere, figure: Figure) -> Tableau:
    genre, _, reste = figure.tableau.partition(":")
    if genre == "table":
        identifiant, niveau, periode = reste.rsplit(":", 2)
        return _annexe_valeurs(matiere, figure, identifiant, niveau=niveau, periode=periode)
    if genre in ("serie", "deux-dates"):
        return _annexe_dates(matiere, figure, genre, reste)
    if genre == "types":
        return tableau_des_territoires(matiere, reste, figure.tableau)
    if genre == "regroupements":
        return tableau_des_regroupements(matiere, figure.tableau, LIBELLES_REGROUPEMENTS)
    if genre == "services":
        return _annexe_services(matiere, figure, matiere.mesures[reste])
    return _annexe_ecarts(matiere, figure, reste)


def _annexe_valeurs(
    matiere: Matiere, figure: Figure, identifiant: str, *, niveau: str, periode: str
) -> Tableau:
    ids = matiere.communes if niveau == Niveau.COMMUNE.value else matiere.epci
    declaration = matiere.indicateurs.get(identifiant) or matiere.mesures[identifiant]
    if niveau == Niveau.COMMUNE.value and matiere.lisses(identifiant, periode):
        return tableau_lisse(matiere, figure, declaration, periode=periode)
    lignes = tuple(
        (
            Cellule(contenu=(Mention(matiere.nom(t), "nom"),)),
            Cellule(contenu=(matiere.imprimer(matiere.derniere(identifiant, t, periode)),)),
        )
        for t in ids
    )
    return Tableau(
        id=figure.tableau,
        legende=(Mention(f"{declaration.libelle}, {periode}", "nom"),),
        colonnes=(
            Colonne(entete="Territoire", largeur=3),
            Colonne(entete=majuscule(declaration.libelle_court), alignement="droite", largeur=2),
        ),
        lignes=lignes,
        source=figure.source,
    )


def _annexe_dates(matiere: Matiere, figure: Figure, genre: str, reste: str) -> Tableau:
    identifiant, *periodes = reste.split(":")
    ids: tuple[str, ...] = (matiere.departement.id,)
    if genre == "deux-dates":
        ids = (*ids, *matiere.epci)
    else:
        serie = matiere.serie(identifiant, matiere.departement.id)
        periodes = sorted(o.periode for o in serie if o.lisible)
    return Tableau(
        id=figure.tableau,
        legende=(Mention(matiere.indicateurs[identifiant].libelle, "nom"),),
        colonnes=(
            Colonne(entete="Territoire", largeur=3),
            *(Colonne(entete=periode, alignement="droite") for periode in periodes),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(matiere.nom(t), "nom"),)),
                *(
                    Cellule(contenu=(matiere.imprimer(matiere.derniere(identifiant, t, periode)),))
                    for periode in periodes
                ),
            )
            for t in ids
        ),
        source=figure.source,
    )


def _annexe_services(matiere: Matiere, figure: Figure, mesure: MesureOffre) -> Tableau:
    categories: Sequence[str] = mesure.selection.get("categories", ())
    services = (
        matiere.services.frame.filter(pl.col("categorie").is_in(categories))
        .unique("groupe", keep="first", maintain_order=True)
        .sort("code_insee", "nom", nulls_last=True)
    )
    lignes = tuple(
        (
            Cellule(contenu=(Mention(s["nom"] or "", "nom"),)),
            Cellule(contenu=(Mention(_commune(matiere, s), "nom"),)),
            Cellule(contenu=(Mention(s["adresse"] or "", "nom"),)),
            Cellule(contenu=(Mention(s["date_source"] or "", "date"),)),
        )
        for s in services.iter_rows(named=True)
    )
    return Tableau(
        id=figure.tableau,
        legende=(Mention(mesure.libelle, "nom"),),
        colonnes=(
            Colonne(entete="Service", largeur=3),
            Colonne(entete="Commune", largeur=2),
            Colonne(entete="Adresse", largeur=3),
            Colonne(entete="Date de la source", largeur=1.5),
        ),
        lignes=lignes,
        source=figure.source,
    )


def _commune(matiere: Matiere, service: Mapping[str, object]) -> str:
    code = service["code_insee"]
    return matiere.nom(f"COM-{code}") if code else str(service["commune"] or "")


def _annexe_ecarts(matiere: Matiere, figure: Figure, domaine: str) -> Tableau:
    table = matiere.ecarts.frame.filter(domaine=domaine)
    lignes = tuple(
        (
            Cellule(contenu=(Mention(matiere.nom(ligne["territoire"]), "nom"),)),
            Cellule(
                contenu=(Texte(CLASSES[classe_affichee(ligne)]),), classe=classe_affichee(ligne)
            ),
            Cellule(contenu=(Texte(ligne["confiance"]),)),
            Cellule(contenu=(Mention(ligne["motif"] or "", "definition"),)),
        )
        for ligne in sorted(
            table.iter_rows(named=True), key=lambda ligne: matiere.nom(ligne["territoire"])
        )
    )
    return Tableau(
        id=figure.tableau,
        legende=figure.sous_titre,
        colonnes=(
            Colonne(entete="Intercommunalité", largeur=2.5),
            Colonne(entete="Classe", largeur=1.3),
            Colonne(entete="Confiance", largeur=1.2),
            Colonne(entete="Motif", largeur=5),
        ),
        lignes=lignes,
        source=figure.source,
    )
