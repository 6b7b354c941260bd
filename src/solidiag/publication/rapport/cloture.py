"""Derniers chapitres : ordre provisoire, ce qui manque, sources, glossaire."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from solidiag.publication.document import (
    Bloc,
    Cellule,
    Cle,
    Colonne,
    Encadre,
    Ligne,
    Liste,
    Mention,
    Nombre,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import formater
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.graphes import graphe_rangs
from solidiag.publication.rapport.tableaux import PORTEES_COURTES

_SANS_RANG: dict[str, str] = {
    "presence": "Connus par leur seule présence, non classés",
    "approche": "Besoin seulement approché, non classés",
    "non_classe": "Non classés, à documenter",
}
"""Domaines sans rang : trois listes que rien ne mêle, selon leur statut."""


LICENCES: dict[str, str] = {
    "etalab-2.0": "Licence Ouverte 2.0",
    "lov2": "Licence Ouverte 2.0",
    "odbl-1.0": "ODbL 1.0",
    "ODbL-1.0": "ODbL 1.0",
}
"""Nom courant de chaque licence."""


def _nom(texte: str) -> tuple[Ligne, ...]:
    return (Mention(texte, "nom"),)


def chapitre_priorites(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie l'ordre provisoire des domaines."""
    yield Titre(
        niveau=1,
        id="priorites",
        surtitre="Premier ordre des domaines",
        contenu=(Texte("Un ordre provisoire, à discuter, qui dit ce qui le fait bouger"),),
    )
    yield Encadre(
        titre="Brouillon calculé",
        genre="avertissement",
        blocs=(
            Paragraphe(
                contenu=(
                    Texte(
                        "Cet ordre sort d'un score transparent sur les seuls critères mesurés, à "
                    ),
                    Texte("poids égaux par famille : c'est une hypothèse annoncée, pas un choix. "),
                    Texte("L'étendue des rangs montre ce que d'autres poids donneraient. Seuls "),
                    Texte("les domaines mesurés en volume sont classés ; les autres ne sont pas "),
                    Texte("derniers : ils ne sont pas classés. La décision appartient au comité."),
                )
            ),
        ),
    )
    table = matiere.priorites.frame
    libelles = {d.id: d for d in matiere.grille.domaines}
    axes = {a.id: a.numero for a in matiere.grille.axes}
    rangees = []
    for ligne in table.sort("rang", nulls_last=True).iter_rows(named=True):
        domaine = libelles[ligne["domaine"]]
        if ligne["rang"] is None:
            continue

        def nombre(champ: str, ligne: dict[str, object] = ligne) -> Nombre:
            valeur = ligne[champ]
            decimales = 2 if champ == "score" else 0
            return Nombre(
                formater(float(str(valeur)), "nombre", decimales=decimales),
                Cle(indicateur=str(ligne["domaine"]), champ=champ, table="priorites"),
            )

        rangees.append(
            (
                Cellule(contenu=_nom(domaine.libelle)),
                Cellule(contenu=(Mention(f"axe {axes[domaine.axe]}", "numero"),)),
                Cellule(contenu=(nombre("rang"),)),
                Cellule(contenu=(nombre("rang_min"), Texte(" à "), nombre("rang_max"))),
                Cellule(
                    contenu=(
                        nombre("criteres_documentes"),
                        Texte(" sur "),
                        nombre("criteres_total"),
                    )
                ),
                Cellule(contenu=(Texte(ligne["robustesse"] or ""),)),
            )
        )
    if rangees:
        yield Tableau(
            id="tab-priorites",
            legende=_nom("Domaines mesurés en volume, dans l'ordre du score à poids égaux"),
            colonnes=(
                Colonne(entete="Domaine", largeur=3.4),
                Colonne(entete="Axe", largeur=1),
                Colonne(entete="Rang", alignement="droite", largeur=0.8),
                Colonne(entete="Étendue des rangs", alignement="droite", largeur=1.4),
                Colonne(entete="Critères mesurés", alignement="droite", largeur=1.4),
                Colonne(entete="Robustesse", largeur=1.4),
            ),
            lignes=tuple(rangees),
            notes=(
                (
                    Texte("Critères : niveau du besoin face à la France, part de la population "),
                    Texte(
                        "là où le besoin est nettement plus élevé, part en tension. Le rang est "
                    ),
                    Texte(
                        "dit robuste, discutable ou sensible selon l'étendue de neuf tirages de "
                    ),
                    Texte("poids sur dix ; ce mot ne dit rien de la confiance dans les données."),
                ),
            ),
            source=(Mention("Source : calculs Solidiag, règles dans docs/methode.", "reference"),),
        )
        figure = graphe_rangs(matiere)
        if figure is not None:
            yield figure
    for statut, debut in _SANS_RANG.items():
        noms = [
            libelles[domaine].libelle
            for domaine, vu in table.select("domaine", "statut").iter_rows()
            if vu == statut
        ]
        if noms:
            yield Paragraphe(
                style="note",
                contenu=(Texte(f"{debut} : "), Mention(" ; ".join(noms), "nom"), Texte(".")),
            )


PREMIERS_DITS = 3
"""Nombre de domaines que le résumé reprend de l'ordre provisoire."""


def premiers_domaines(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie, pour le résumé, les premiers domaines de l'ordre et ce que d'autres poids changent.

    Rien si aucun domaine n'est mesuré en volume.
    """
    table = matiere.priorites.frame.filter(pl.col("rang").is_not_null()).sort("rang", "domaine")
    if table.is_empty():
        return
    elements = []
    for ligne in table.head(PREMIERS_DITS).iter_rows(named=True):
        domaine = matiere.grille.domaine(ligne["domaine"])
        rang, bas, haut = (
            Nombre(
                formater(float(ligne[champ]), "nombre", decimales=0),
                Cle(indicateur=domaine.id, champ=champ, table="priorites"),
            )
            for champ in ("rang", "rang_min", "rang_max")
        )
        fixe = ligne["rang_min"] == ligne["rang_max"]
        elements.append(
            (
                Mention(domaine.libelle, "nom"),
                Texte(" : rang "),
                rang,
                *(
                    (Texte(" quels que soient les poids essayés."),)
                    if fixe
                    else (Texte(", de "), bas, Texte(" à "), haut, Texte(" selon les poids."))
                ),
            )
        )
    yield Titre(
        niveau=2,
        id="resume-ordre",
        contenu=(Texte("Les premiers domaines d'un ordre provisoire"),),
    )
    yield Paragraphe(
        contenu=(
            Texte("Seuls les domaines mesurés en volume sont classés, à poids égaux par famille "),
            Texte("de critères. C'est une hypothèse à discuter : la décision appartient au "),
            Texte("comité."),
        )
    )
    yield Liste(elements=tuple(elements))


def chapitre_manques(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie ce qui reste à documenter, par domaine, avec qui le détient."""
    yield Titre(
        niveau=1,
        id="manques",
        surtitre="Ce qui reste à documenter",
        contenu=(Texte("Les fichiers à demander, et à qui"),),
    )
    rangees = []
    for domaine in matiere.grille.domaines:
        croisement = matiere.croisements.get(domaine.id)
        rangees.append(
            (
                Cellule(contenu=_nom(domaine.libelle)),
                Cellule(
                    contenu=_nom(PORTEES_COURTES[croisement.portee if croisement else "aucune"])
                ),
                Cellule(contenu=(Mention(croisement.manque if croisement else "", "definition"),)),
                Cellule(contenu=_nom(croisement.detenteur if croisement else "")),
            )
        )
    yield Tableau(
        id="tab-manques",
        legende=_nom("Ce que l'on peut comparer aujourd'hui, et ce qui manque"),
        colonnes=(
            Colonne(entete="Domaine", largeur=2.6),
            Colonne(entete="Comparaison possible", largeur=1.6),
            Colonne(entete="Ce qui manque", largeur=4),
            Colonne(entete="Qui le détient", largeur=3),
        ),
        lignes=tuple(rangees),
    )


def chapitre_sources(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie les sources : millésimes, licence, âge, copie."""
    yield Titre(
        niveau=1,
        id="sources",
        surtitre="Sources",
        contenu=(Texte("D'où viennent les chiffres, et de quand ils datent"),),
    )
    rangees = []
    for source in sorted(matiere.sources.values(), key=lambda s: (s.producteur, s.titre)):
        millesimes = sorted({f.millesime for f in source.fichiers})
        etendue = millesimes[0] if len(millesimes) == 1 else f"{millesimes[0]} à {millesimes[-1]}"
        couvre = [f.couverture or source.couverture for f in source.fichiers]
        couvert = any(c.couvre(matiere.departement.code) for c in couvre)
        retravaillee = any(f.copie == "retravaillee" for f in source.fichiers)
        ancienne = matiere.est_ancienne(millesimes[-1])
        rangees.append(
            (
                Cellule(contenu=_nom(f"{source.titre} ({source.producteur})")),
                Cellule(contenu=(Mention(etendue, "millesime"),)),
                Cellule(contenu=_nom("plus de deux ans" if ancienne else "récente")),
                Cellule(contenu=_nom("oui" if couvert else "non : non documenté ici")),
                Cellule(contenu=_nom("copie retravaillée" if retravaillee else "du producteur")),
                Cellule(
                    contenu=(
                        Mention(LICENCES.get(source.licence.id, source.licence.id), "reference"),
                    )
                ),
            )
        )
    yield Tableau(
        id="tab-sources",
        legende=_nom("Sources embarquées"),
        colonnes=(
            Colonne(entete="Jeu de données", largeur=4.4),
            Colonne(entete="Millésimes", largeur=1.5),
            Colonne(entete="Âge", largeur=1.4),
            Colonne(entete="Couvre le département", largeur=1.8),
            Colonne(entete="Copie", largeur=1.6),
            Colonne(entete="Licence", largeur=1.5),
        ),
        lignes=tuple(rangees),
    )


def chapitre_glossaire(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie le glossaire des termes et sigles du rapport."""
    yield Titre(niveau=1, id="glossaire", surtitre="Annexe", contenu=(Texte("Glossaire"),))
    for terme, definition in matiere.glossaire:
        yield Paragraphe(
            contenu=(Mention(f"{terme} : ", "nom"), Mention(definition, "definition")),
            style="note",
        )
