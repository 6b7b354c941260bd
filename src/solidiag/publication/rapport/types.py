"""Chapitre des types de territoires : communes, intercommunalités, et ce qui les décrit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from solidiag.besoins.types_modele import Refus, TypeDecrit, TypesDeTerritoires, Typologie
from solidiag.publication.cartes import STYLES_TYPES, carte_categories
from solidiag.publication.document import (
    Absence,
    Bloc,
    Encadre,
    Figure,
    Ligne,
    Mention,
    Paragraphe,
    Texte,
    Titre,
    texte_brut,
)
from solidiag.publication.francais import dans, de, enumerer
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.phrases import majuscule, sujet
from solidiag.publication.rapport.tableaux import source_de
from solidiag.publication.rapport.types_indice import section_indice, section_inegalites
from solidiag.publication.rapport.types_phrases import (
    MOTS,
    argument,
    de_plusieurs,
    description,
    initiale_basse,
    types_de,
)
from solidiag.publication.rapport.types_tableaux import (
    nombre_de_type,
    part_de_type,
    tableau_choix,
    tableau_composition,
    tableau_profils,
)

_MARQUES_DE_LEGENDE: Final = 2


def chapitre_types(matiere: Matiere, cartes: Cartotheque) -> Iterator[Bloc]:
    """Renvoie le chapitre des types de territoires, ou rien s'ils n'ont pas été calculés."""
    types = matiere.types
    if types is None:
        return
    yield Titre(
        niveau=1,
        id="types",
        surtitre="Types de territoires",
        contenu=_titre(matiere, types),
    )
    yield Paragraphe(
        style="chapeau",
        contenu=(
            Texte("Deux territoires au même taux de pauvreté peuvent appeler des réponses "),
            Texte("différentes. Un type réunit des territoires qui se ressemblent sur plusieurs "),
            Texte("indicateurs à la fois ; il ne classe personne, et ses lettres ne disent aucun "),
            Texte("ordre."),
        ),
    )
    for niveau, titre in (
        ("COM", "Les types de communes"),
        ("EPCI", "Les types d'intercommunalités"),
    ):
        yield Titre(niveau=2, id=f"types-{niveau.lower()}", contenu=(Texte(titre),))
        typologie = types.typologies[niveau]
        if typologie.refus is not None:
            yield _refus(matiere, typologie, typologie.refus)
        else:
            yield from _section(matiere, types, typologie, cartes)
    yield from section_indice(matiere, types, cartes)
    yield from section_inegalites(matiere)
    if any(t.possible for t in types.typologies.values()):
        yield _lire(types)


def _titre(matiere: Matiere, types: TypesDeTerritoires) -> tuple[Ligne, ...]:
    """Dit le fait principal : combien de types, et le plus répandu."""
    for niveau in ("COM", "EPCI"):
        typologie = types.typologies[niveau]
        if not typologie.possible:
            continue
        premier = typologie.types[0]
        _, pluriel, _ = MOTS[niveau]
        return (
            Texte(f"Les {pluriel} {de(matiere.departement)} se rangent en "),
            nombre_de_type(matiere, len(typologie.types), f"{niveau}:nombre"),
            Texte(" types ; le plus répandu réunit "),
            nombre_de_type(matiere, len(premier.territoires), f"{niveau}:{premier.lettre}"),
            Texte(f" {pluriel} et "),
            part_de_type(matiere, premier.part_population, f"{niveau}:{premier.lettre}:part"),
            Texte(" de leurs habitants"),
        )
    return (Texte(f"Aucun type de territoires ne peut être établi {dans(matiere.departement)}"),)


def _refus(matiere: Matiere, typologie: Typologie, refus: Refus) -> Paragraphe:
    """Dit pourquoi il n'y a pas de types, et ce qui manque."""
    _, pluriel, _ = MOTS[typologie.niveau]
    cle = f"{typologie.niveau}:refus"
    seuil = Mention(_entier(refus.seuil), "parametre")
    if refus.motif == "effectif":
        suite: tuple[Ligne, ...] = (
            Texte(f" pas assez {de_plusieurs(typologie.niveau)} : "),
            nombre_de_type(matiere, refus.valeur, cle),
            Texte(", quand il en faut au moins "),
            seuil,
            Texte(" pour que des types se distinguent du hasard."),
        )
        if not typologie.lus.actifs:
            suite = (
                *suite,
                Texte(" Par ailleurs, aucun des indicateurs des types n'y est documenté."),
            )
    elif refus.motif == "requis":
        nom = sujet(matiere.indicateurs[refus.indicateur])
        suite = (
            Texte(" un indicateur indispensable manque : "),
            Mention(nom, "definition"),
            Texte(" se lit dans "),
            part_de_type(matiere, refus.valeur, cle),
            Texte(f" des {pluriel}, quand il en faudrait au moins "),
            Mention(_pourcent(refus.seuil), "parametre"),
            Texte("."),
        )
    elif refus.motif == "indicateurs":
        suite = (
            Texte(" trop peu d'indicateurs se lisent : "),
            nombre_de_type(matiere, refus.valeur, cle),
            Texte(", quand il en faut au moins "),
            seuil,
            Texte(". Les fichiers embarqués ne couvrent pas ce département pour les autres."),
        )
    elif refus.motif == "complets":
        suite = (
            Texte(f" trop peu {de_plusieurs(typologie.niveau)} ont tous les indicateurs : "),
            nombre_de_type(matiere, refus.valeur, cle),
            Texte(", quand il en faut au moins "),
            seuil,
            Texte(". Rien n'est imputé."),
        )
    else:
        suite = (
            Texte(" aucun partage ne donne des classes d'au moins "),
            seuil,
            Texte(f" {pluriel}."),
        )
    lus = refus.motif == "effectif" and typologie.lus.actifs
    return Paragraphe(contenu=(Absence("M" if lus else "L"), Texte(" –"), *suite))


def _section(
    matiere: Matiere, types: TypesDeTerritoires, typologie: Typologie, cartes: Cartotheque
) -> Iterator[Bloc]:
    yield Paragraphe(contenu=_lecture(matiere, typologie))
    yield Paragraphe(style="brouillon", contenu=argument(matiere, types, typologie))
    for rang, decrit in enumerate(typologie.types):
        yield Paragraphe(
            style="brouillon", contenu=description(matiere, types, typologie, decrit, rang)
        )
    figure = _carte(matiere, types, typologie, cartes)
    if figure is not None:
        yield figure
    yield tableau_profils(matiere, types, typologie)
    if typologie.niveau == "COM" and len(matiere.epci) > 1:
        yield tableau_composition(matiere, typologie)
    yield tableau_choix(matiere, typologie)


def _lecture(matiere: Matiere, typologie: Typologie) -> tuple[Ligne, ...]:
    """Dit sur quoi reposent les types, et qui n'en a pas."""
    niveau, lus = typologie.niveau, typologie.lus
    _, pluriel, _ = MOTS[niveau]
    noms = [matiere.indicateurs[i].libelle_court for i in lus.actifs]
    sans = typologie.n_total - typologie.n_complets
    contenu: list[Ligne] = [
        Texte("Indicateurs réunis : "),
        Mention(
            enumerer([initiale_basse(nom) for nom in noms]),
            "definition",
        ),
        Texte(". Ils se lisent tous dans "),
        nombre_de_type(matiere, typologie.n_complets, f"{niveau}:complets"),
        Texte(f" {pluriel} sur "),
        nombre_de_type(matiere, typologie.n_total, f"{niveau}:total"),
    ]
    if sans:
        contenu += [
            Texte(" ; "),
            nombre_de_type(matiere, sans, f"{niveau}:sans_type"),
            Texte(" n'ont pas de type" if sans > 1 else " n'a pas de type"),
            Texte(", faute d'une valeur au moins : rien n'est imputé"),
        ]
    contenu.append(Texte("."))
    if lus.ecartes:
        ecartes = [initiale_basse(matiere.indicateurs[i].libelle_court) for i in lus.ecartes]
        contenu += [
            Texte(" Laissé de côté, parce que trop peu lu ici : ")
            if len(ecartes) == 1
            else Texte(" Laissés de côté, parce que trop peu lus ici : "),
            Mention(enumerer(ecartes), "definition"),
            Texte("."),
        ]
    if lus.lisses:
        contenu.append(
            Texte(
                " Une part calculée sur peu de personnes ou de ménages est d'abord rapprochée de "
                "celle de l'ensemble, pour que le hasard des petits nombres ne fasse pas un type."
            )
        )
    return tuple(contenu)


def _carte(
    matiere: Matiere, types: TypesDeTerritoires, typologie: Typologie, cartes: Cartotheque
) -> Figure | None:
    if not cartes.fond.cartographiable:
        return None
    niveau = typologie.niveau
    _, pluriel, _ = MOTS[niveau]
    lignes = types.table.frame.filter(niveau=niveau)
    categories = dict(lignes.select("territoire", "type").iter_rows())
    statuts = dict(lignes.select("territoire", "statut").iter_rows())
    lettres = [t.lettre for t in typologie.types]
    morceaux: list[Ligne] = []
    for decrit in typologie.types:
        morceaux += [
            Texte(f"{', ' if morceaux else ''}type {decrit.lettre} ("),
            nombre_de_type(matiere, len(decrit.territoires), f"{niveau}:{decrit.lettre}"),
            Texte(")"),
        ]
    sans = typologie.n_total - typologie.n_complets
    if sans:
        morceaux += [
            Texte(", sans type ("),
            nombre_de_type(matiere, sans, f"{niveau}:sans_type"),
            Texte(")"),
        ]
    identifiant = f"carte-types-{niveau.lower()}"
    return Figure(
        id=identifiant,
        legende=(Texte(f"{majuscule(pluriel)} par type : "), *morceaux),
        sous_titre=(
            Mention(
                f"{majuscule(types_de(niveau))}, découpage de {matiere.referentiel.cog}. "
                "Les couleurs et les motifs ne disent aucun ordre.",
                "nom",
            ),
        ),
        svg=carte_categories(
            cartes.fond,
            categories,
            styles=dict(zip(lettres, STYLES_TYPES, strict=False)),
            libelles={t.lettre: _libelle(matiere, t) for t in typologie.types},
            legende=majuscule(types_de(niveau)),
            prefixe=identifiant,
            statuts=statuts,
            niveau=niveau,
        ),
        alt=(
            f"Carte des {types_de(niveau)} {dans(matiere.departement)} : "
            f"{texte_brut(morceaux)}. Le tableau des types dit ce qui distingue chacun."
        ),
        source=source_de(matiere, list(typologie.lus.actifs)),
        tableau=f"types:{niveau}",
        donnees="types.csv",
    )


def _libelle(matiere: Matiere, decrit: TypeDecrit) -> str:
    """Renvoie le libellé d'un type dans une légende : sa lettre et ses premières marques."""
    nettes = [m for m in decrit.marques if m.actif and m.net][:_MARQUES_DE_LEGENDE]
    if not nettes:
        return f"{decrit.lettre}\u00a0: proche de l'ensemble"
    dits = []
    for marque in nettes:
        nom = matiere.indicateurs[marque.indicateur].libelle_court
        nom = initiale_basse(nom)
        dits.append(f"{nom}, {'au-dessus' if marque.ecart > 0 else 'au-dessous'}")
    separateur = "\u00a0; "
    return f"{decrit.lettre}\u00a0: {separateur.join(dits)}"


def _lire(types: TypesDeTerritoires) -> Encadre:
    tirages = str(types.parametres["tirages"])
    return Encadre(
        titre="Lire les types",
        genre="methode",
        blocs=(
            Paragraphe(
                contenu=(
                    Texte("« Nettement » : l'écart à l'ensemble dépasse un demi-écart-type et "),
                    Texte("n'est pas celui d'un tirage au hasard. « Stabilité » : ressemblance "),
                    Texte("moyenne du type avec celui que l'on retrouve dans "),
                    Mention(tirages, "parametre"),
                    Texte(" tirages avec remise, de zéro (jamais le même) à un (toujours le "),
                    Texte("même). Une commune compte pour une, quelle que soit sa taille : la "),
                    Texte("part des habitants est donnée à côté. Les types sont propres à ce "),
                    Texte("département et à ces années ; ils ne se comparent pas à ceux d'un "),
                    Texte("autre."),
                )
            ),
        ),
    )


def _entier(valeur: float) -> str:
    return f"{valeur:.0f}"


def _pourcent(part: float) -> str:
    return f"{100 * part:.0f}\u00a0%"
