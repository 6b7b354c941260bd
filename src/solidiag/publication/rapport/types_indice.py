"""Indice composite de fragilité, regroupements de communes voisines, inégalités."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from solidiag.besoins.types_modele import IndiceComposite, Regroupements, TypesDeTerritoires
from solidiag.publication.cartes import STYLES_REGROUPEMENTS, carte_categories
from solidiag.publication.document import (
    Bloc,
    Figure,
    Ligne,
    Mention,
    Paragraphe,
    Texte,
    Titre,
    texte_brut,
)
from solidiag.publication.francais import dans, enumerer
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.phrases import etendue, lisibles, majuscule, millesime, sujet
from solidiag.publication.rapport.tableaux import source_de
from solidiag.publication.rapport.types_tableaux import nombre_de_type

LIBELLES_REGROUPEMENTS: Final[dict[str, str]] = {
    "haut": "indice haut, comme les voisines",
    "bas": "indice bas, comme les voisines",
    "haut_isole": "indice haut, voisines à l'indice bas",
    "bas_isole": "indice bas, voisines à l'indice haut",
    "aucun": "pas de regroupement net",
}
_PHRASES: Final[dict[str, tuple[str, str]]] = {
    "haut": (
        "a un indice haut, comme ses voisines",
        "ont un indice haut, comme leurs voisines",
    ),
    "bas": (
        "a un indice bas, comme ses voisines",
        "ont un indice bas, comme leurs voisines",
    ),
    "haut_isole": (
        "a un indice haut au milieu de voisines à l'indice bas",
        "ont un indice haut au milieu de voisines à l'indice bas",
    ),
    "bas_isole": (
        "a un indice bas au milieu de voisines à l'indice haut",
        "ont un indice bas au milieu de voisines à l'indice haut",
    ),
}
_PRESQUE_PAREIL: Final = 0.9
_ENCORE_PROCHE: Final = 0.7
_INEGALITES: Final = ("ctx_interdecile", "ctx_d1")


def section_indice(
    matiere: Matiere, types: TypesDeTerritoires, cartes: Cartotheque
) -> Iterator[Bloc]:
    """Renvoie l'indice composite, sa sensibilité, et les regroupements."""
    indice = types.indice
    if indice is None:
        return
    yield Titre(
        niveau=2,
        id="types-indice",
        contenu=(Texte("Un indice composite de fragilité, et ce qu'il vaut"),),
    )
    yield Paragraphe(contenu=_definition(matiere, indice))
    yield Paragraphe(style="brouillon", contenu=_sensibilite(matiere, indice))
    if types.regroupements is None:
        return
    yield Paragraphe(style="brouillon", contenu=_regroupements(matiere, types, types.regroupements))
    figure = _carte(matiere, types, types.regroupements, indice, cartes)
    if figure is not None:
        yield figure


def _definition(matiere: Matiere, indice: IndiceComposite) -> tuple[Ligne, ...]:
    noms = [sujet(matiere.indicateurs[i]) for i in indice.indicateurs]
    return (
        Texte("L'indice réunit, à poids égaux et chacun tourné dans le sens que dit la grille, "),
        Mention(enumerer(noms), "definition"),
        Texte(
            ". C'est un indice propre à ce rapport : il n'est pas l'indice de désavantage social "
            "des épidémiologistes (FDep), qui a d'autres variables et d'autres poids. Il ne mesure "
            "pas la pauvreté des personnes, et il ne se compare pas d'un département à l'autre."
        ),
    )


def _sensibilite(matiere: Matiere, indice: IndiceComposite) -> tuple[Ligne, ...]:
    """Dit ce qui bouge quand l'indice est construit autrement."""
    retraits = {i: c for i, c in indice.correlations.items() if i != "poids_acp"}
    plus_fort = min(retraits, key=lambda i: (retraits[i], i))

    def rho(nom: str) -> Ligne:
        valeur = indice.correlations[nom]
        return nombre_de_type(matiere, valeur, f"indice:correlation:{nom}", decimales=2)

    return (
        Texte("Construit avec les poids du premier axe de l'analyse, l'indice range les communes "),
        Texte(f"{_ressemblance(indice.correlations['poids_acp'])} (corrélation des rangs : "),
        rho("poids_acp"),
        Texte(") ; l'indicateur dont le retrait change le plus les rangs est "),
        Mention(sujet(matiere.indicateurs[plus_fort]), "definition"),
        Texte(" ("),
        rho(plus_fort),
        Texte("). D'une construction à l'autre, la moitié des communes se déplacent d'au moins "),
        nombre_de_type(matiere, indice.etendue_mediane, "indice:etendue"),
        Texte(" rangs sur "),
        nombre_de_type(matiere, indice.n, "indice:communes"),
        Texte(", et l'une d'elles de "),
        nombre_de_type(matiere, indice.etendue_maximale, "indice:etendue_maximale"),
        Texte(" : aucun rang n'est donc publié. Des "),
        nombre_de_type(matiere, indice.dernier, "indice:dernier"),
        Texte(" communes du cinquième où l'indice est le plus haut, "),
        nombre_de_type(matiere, indice.toujours_dernier, "indice:toujours_dernier"),
        Texte(" y restent dans toutes les constructions."),
    )


def _ressemblance(correlation: float) -> str:
    """Renvoie le mot d'une corrélation de rangs."""
    if correlation >= _PRESQUE_PAREIL:
        return "à peu près de même"
    return "assez différemment" if correlation >= _ENCORE_PROCHE else "tout autrement"


def _regroupements(
    matiere: Matiere, types: TypesDeTerritoires, resume: Regroupements
) -> tuple[Ligne, ...]:
    globale = resume.globale
    niveau = types.parametres["fausses_decouvertes"]
    nette = globale.p <= niveau and globale.indice > globale.esperance
    contenu: list[Ligne] = [
        Texte(
            "Les communes voisines se ressemblent plus que le hasard ne le ferait (indice de "
            "Moran : "
            if nette
            else "Rien ne montre que les communes voisines se ressemblent (indice de Moran : "
        ),
        nombre_de_type(matiere, globale.indice, "moran:global", decimales=2),
        Texte("). "),
    ]
    dits = {nom: len(membres) for nom, membres in resume.communes.items() if membres}
    if not dits:
        contenu.append(
            Texte(
                "Aucune ne se distingue pour autant, avec ses voisines ou d'elles, une fois "
                "maîtrisé le risque de fausses découvertes."
            )
        )
        return tuple(contenu)
    contenu.append(Texte("Une fois maîtrisé le risque de fausses découvertes ("))
    contenu += [Mention(f"{100 * niveau:.0f}\u00a0%", "parametre"), Texte("), ")]
    for rang, (nom, effectif) in enumerate(dits.items()):
        dernier = rang == len(dits) - 1
        contenu += [
            Texte("" if not rang else " et " if dernier else ", "),
            nombre_de_type(matiere, effectif, f"moran:{nom}"),
            Texte(("" if rang else " communes" if effectif > 1 else " commune") + " "),
            Texte(_PHRASES[nom][effectif > 1]),
        ]
    contenu += [
        Texte(" ; les "),
        nombre_de_type(matiere, resume.non_distinguees, "moran:aucun"),
        Texte(" autres ne se distinguent pas, ce qui n'est pas une preuve de ressemblance."),
    ]
    return tuple(m for m in contenu if not isinstance(m, Texte) or m.texte)


def _carte(
    matiere: Matiere,
    types: TypesDeTerritoires,
    resume: Regroupements,
    indice: IndiceComposite,
    cartes: Cartotheque,
) -> Figure | None:
    if not cartes.fond.cartographiable or not any(resume.communes.values()):
        return None
    lignes = types.table.frame.filter(niveau="COM")
    categories = {
        x["territoire"]: (x["regroupement"] or "aucun") if x["moran"] is not None else None
        for x in lignes.iter_rows(named=True)
    }
    statuts = {
        x["territoire"]: "M" if x["statut"] == "A" else x["statut"]
        for x in lignes.iter_rows(named=True)
    }
    morceaux: list[Ligne] = []
    for nom, membres in resume.communes.items():
        if membres:
            morceaux += [
                Texte(f"{', ' if morceaux else ''}{LIBELLES_REGROUPEMENTS[nom]} ("),
                nombre_de_type(matiere, len(membres), f"moran:{nom}"),
                Texte(")"),
            ]
    identifiant = "carte-regroupements"
    return Figure(
        id=identifiant,
        legende=(Texte("Communes qui se distinguent avec leurs voisines : "), *morceaux),
        sous_titre=(
            Mention(
                "Indice composite de fragilité de chaque commune et de celles qu'elle touche, "
                f"découpage de {matiere.referentiel.cog}.",
                "nom",
            ),
        ),
        svg=carte_categories(
            cartes.fond,
            categories,
            styles=STYLES_REGROUPEMENTS,
            libelles=LIBELLES_REGROUPEMENTS,
            legende="Indice composite et voisinage",
            prefixe=identifiant,
            statuts=statuts,
        ),
        alt=(
            f"Carte des regroupements de communes voisines {dans(matiere.departement)} : "
            f"{texte_brut(morceaux)}. Les autres communes ne se distinguent pas."
        ),
        source=source_de(matiere, list(indice.indicateurs)),
        tableau="regroupements:COM",
        donnees="types.csv",
    )


def section_inegalites(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie les inégalités et le bas de la distribution des niveaux de vie."""
    phrases = [p for i in _INEGALITES if (p := _inegalite(matiere, i))]
    yield Titre(
        niveau=2,
        id="types-inegalites",
        contenu=(Texte("Inégalités et bas de la distribution des revenus"),),
    )
    for phrase in phrases:
        yield Paragraphe(style="brouillon", contenu=phrase)
    if not phrases:
        yield Paragraphe(
            contenu=(
                Texte("Le rapport interdécile et le premier décile de niveau de vie ne sont pas "),
                Texte("documentés ici : les fichiers localisés sociaux et fiscaux de l'Insee "),
                Texte("embarqués ne couvrent pas ce département."),
            )
        )
    yield Paragraphe(
        contenu=(
            Texte(
                "L'intensité de la pauvreté (écart entre le seuil et le niveau de vie médian des "
            ),
            Texte("personnes qui vivent dessous) n'est dans aucun fichier embarqué : elle est "),
            Texte("« non documentée », à demander à l'Insee."),
        )
    )


def _inegalite(matiere: Matiere, identifiant: str) -> tuple[Ligne, ...]:
    """Dit la valeur du département, son comparateur, et l'étendue des intercommunalités."""
    indicateur = matiere.indicateurs.get(identifiant)
    observe = matiere.derniere(identifiant, matiere.departement.id)
    if indicateur is None or observe is None or not observe.lisible:
        return ()
    contenu: list[Ligne] = [
        Texte(f"{majuscule(sujet(indicateur))} du département : "),
        matiere.imprimer(observe),
        Texte(" ("),
        millesime(observe.periode),
    ]
    france = matiere.derniere(identifiant, "FR-FR", observe.periode)
    if france is not None and france.lisible:
        contenu += [Texte(" ; en France : "), matiere.imprimer(france)]
    contenu.append(Texte(")."))
    bornes = etendue(lisibles(matiere, identifiant, matiere.epci))
    if bornes is not None:
        contenu += [
            Texte(" Les intercommunalités vont de "),
            matiere.imprimer(bornes[0]),
            Texte(" à "),
            matiere.imprimer(bornes[1]),
        ]
        if bornes[0].periode != observe.periode:
            contenu += [Texte(" ("), millesime(bornes[0].periode), Texte(")")]
        contenu.append(Texte("."))
    return tuple(contenu)
