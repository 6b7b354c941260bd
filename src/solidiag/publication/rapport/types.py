"""Chapitre des types de territoires : communes, intercommunalités, et ce qui les décrit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from solidiag.besoins.types_modele import Marque, Refus, TypeDecrit, TypesDeTerritoires, Typologie
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
from solidiag.publication.francais import article, dans, de, enumerer
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.phrases import majuscule, sujet
from solidiag.publication.rapport.tableaux import source_de
from solidiag.publication.rapport.types_indice import section_indice, section_inegalites
from solidiag.publication.rapport.types_tableaux import (
    nombre_de_type,
    part_de_type,
    tableau_choix,
    tableau_composition,
    tableau_profils,
)

MOTS: Final = {
    "COM": ("commune", "communes", "la commune"),
    "EPCI": ("intercommunalité", "intercommunalités", "l'intercommunalité"),
}
_MARQUES_DITES: Final = 4
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
            Texte(f" pas assez de {pluriel} : "),
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
            Texte(f" trop peu de {pluriel} ont tous les indicateurs : "),
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
    return Paragraphe(contenu=(Absence("L"), Texte(" –"), *suite))


def _section(
    matiere: Matiere, types: TypesDeTerritoires, typologie: Typologie, cartes: Cartotheque
) -> Iterator[Bloc]:
    yield Paragraphe(contenu=_lecture(matiere, typologie))
    yield Paragraphe(style="brouillon", contenu=_argument(matiere, types, typologie))
    for rang, decrit in enumerate(typologie.types):
        yield Paragraphe(
            style="brouillon", contenu=_description(matiere, types, typologie, decrit, rang)
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
            enumerer([nom[:1].lower() + nom[1:] if _commun(nom) else nom for nom in noms]),
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
        ecartes = [matiere.indicateurs[i].libelle_court for i in lus.ecartes]
        contenu += [
            Texte(" Trop peu lus ici, ces indicateurs sont laissés de côté : "),
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


def _commun(nom: str) -> bool:
    """Dit si la majuscule du nom n'est que celle du début."""
    return nom[1:2].islower() and not nom.startswith(("RSA", "HLM"))


def _argument(
    matiere: Matiere, types: TypesDeTerritoires, typologie: Typologie
) -> tuple[Ligne, ...]:
    """Dit pourquoi ce nombre de types."""
    retenue = typologie.retenue
    if retenue is None:
        return ()
    niveau, essayees = typologie.niveau, typologie.partitions
    _, pluriel, _ = MOTS[niveau]
    fragile = types.parametres["stabilite"]["fragile"]
    essayes = enumerer([str(p.nombre) for p in essayees], liaison="ou")
    stables = [p for p in essayees if min(p.stabilites) >= fragile]
    saut = min(essayees, key=lambda p: p.quotient)
    nette = max(essayees, key=lambda p: p.silhouette)
    contenu: list[Ligne] = [
        Texte("Des partages en "),
        Mention(essayes, "parametre"),
        Texte(" types ont été comparés ; celui en "),
        nombre_de_type(matiere, retenue.nombre, f"{niveau}:nombre"),
        Texte(" est retenu."),
    ]
    raisons: list[tuple[Ligne, ...]] = []
    if saut is retenue or saut.nombre == retenue.nombre:
        raisons.append((Texte("son saut d'inertie est le plus net"),))
    silhouette = nombre_de_type(matiere, retenue.silhouette, f"{niveau}:silhouette", decimales=2)
    if nette.nombre == retenue.nombre:
        raisons.append((Texte("sa silhouette moyenne est la plus haute ("), silhouette, Texte(")")))
    else:
        haute = nombre_de_type(
            matiere, nette.silhouette, f"{niveau}:silhouette:{nette.nombre}", decimales=2
        )
        raisons.append(
            (
                Texte("sa silhouette moyenne ("),
                silhouette,
                Texte(") se compare à la plus haute ("),
                haute,
                Texte(")"),
            )
        )
    if min(retenue.stabilites) >= fragile:
        seul = len(stables) == 1
        raisons.append(
            (
                Texte(
                    "c'est le seul dont tous les types se retrouvent assez bien quand les "
                    if seul
                    else "tous ses types se retrouvent assez bien quand les "
                ),
                Texte(f"{pluriel} sont tirées de nouveau au sort"),
            )
        )
    contenu.append(Texte(" Raisons : "))
    for rang, raison in enumerate(raisons):
        contenu += [Texte(" ; " if rang else ""), *raison]
    contenu += [
        Texte(" ; son plus petit type réunit "),
        nombre_de_type(matiere, retenue.effectif_minimal, f"{niveau}:plus_petit"),
        Texte(f" {pluriel}."),
    ]
    if retenue.silhouette < types.parametres["silhouette_nette"]:
        contenu += [
            Texte(" La silhouette reste basse : les types se touchent, et "),
            nombre_de_type(matiere, typologie.frontieres, f"{niveau}:frontieres"),
            Texte(
                f" {pluriel} ressemblent en moyenne plus à un autre type qu'au leur. Ce sont des "
                "repères sur un dégradé, pas des groupes séparés."
                if typologie.frontieres > 1
                else f" {MOTS[niveau][0]} ressemble plus à un autre type qu'au sien. Ce sont des "
                "repères sur un dégradé, pas des groupes séparés."
            ),
        ]
    return tuple(m for m in contenu if not isinstance(m, Texte) or m.texte)


def _description(
    matiere: Matiere,
    types: TypesDeTerritoires,
    typologie: Typologie,
    decrit: TypeDecrit,
    rang: int,
) -> tuple[Ligne, ...]:
    """Décrit un type : taille, indicateurs marqués, exemple, stabilité."""
    niveau = typologie.niveau
    singulier, pluriel, nom = MOTS[niveau]
    cle = f"{niveau}:{decrit.lettre}"
    effectif = len(decrit.territoires)
    parangon = matiere.territoire(decrit.parangon)
    modele = matiere.nom(decrit.parangon) if niveau == "COM" else article(parangon)
    exemples = (
        (Texte(" Au plus près du centre de ce type : "), Mention(modele, "nom"), Texte(".")),
        (
            Texte(f" {majuscule(nom)} la plus proche de son centre : "),
            Mention(modele, "nom"),
            Texte("."),
        ),
        (Texte(" Exemple le plus représentatif : "), Mention(modele, "nom"), Texte(".")),
    )
    return (
        Texte(f"Type {decrit.lettre} – "),
        nombre_de_type(matiere, effectif, cle),
        Texte(f" {pluriel if effectif > 1 else singulier}, "),
        part_de_type(matiere, decrit.part_population, f"{cle}:part"),
        Texte(" des habitants. "),
        *_marques(matiere, decrit.marques, pluriel, rang),
        *exemples[rang % len(exemples)],
        *_stabilite(matiere, types, decrit, cle),
    )


def _marques(
    matiere: Matiere, marques: Sequence[Marque], pluriel: str, rang: int
) -> tuple[Ligne, ...]:
    actives = [m for m in marques if m.actif]
    nettes = [m for m in actives if m.net]
    dites, degre = (nettes, "nettement ") if nettes else (actives, "un peu ")
    if not dites:
        return (Texte("Aucun indicateur ne le distingue : ses valeurs sont celles de l'ensemble."),)
    hauts = [m for m in dites if m.ecart > 0][:_MARQUES_DITES]
    bas = [m for m in dites if m.ecart < 0][:_MARQUES_DITES]
    debuts = (
        f"{majuscule(pluriel)} où ",
        f"Ce sont des {pluriel} où ",
        f"On y trouve des {pluriel} où ",
    )
    contenu: list[Ligne] = [Texte(debuts[rang % len(debuts)])]
    if hauts:
        contenu += _groupe(matiere, hauts, f"{degre}au-dessus de l'ensemble")
    if bas:
        contenu += [Texte(", et où " if hauts else "")]
        contenu += _groupe(
            matiere, bas, f"{degre}au-dessous" if hauts else f"{degre}au-dessous de l'ensemble"
        )
    contenu.append(Texte("."))
    autres = [m for m in marques if not m.actif and m.net][:_MARQUES_DITES]
    if autres:
        contenu += _illustrations(matiere, autres)
    return tuple(m for m in contenu if not isinstance(m, Texte) or m.texte)


def _groupe(matiere: Matiere, marques: Sequence[Marque], fin: str) -> list[Ligne]:
    noms = [sujet(matiere.indicateurs[m.indicateur]) for m in marques]
    verbe = "sont" if len(noms) > 1 else "est"
    return [Mention(enumerer(noms), "definition"), Texte(f" {verbe} {fin}")]


def _illustrations(matiere: Matiere, marques: Sequence[Marque]) -> list[Ligne]:
    """Dit les indicateurs nets qui n'ont pas servi à former le type."""
    contenu: list[Ligne] = [Texte(" Sans avoir servi à le former : ")]
    for rang, (haut, mot) in enumerate(((True, "au-dessus"), (False, "au-dessous"))):
        noms = [sujet(matiere.indicateurs[m.indicateur]) for m in marques if (m.ecart > 0) is haut]
        if noms:
            deja = len(contenu) > 1
            contenu += [
                Texte(" ; " if deja and rang else ""),
                Mention(enumerer(noms), "definition"),
                Texte(f", {mot}"),
            ]
    contenu.append(Texte("."))
    return contenu


def _stabilite(
    matiere: Matiere, types: TypesDeTerritoires, decrit: TypeDecrit, cle: str
) -> tuple[Ligne, ...]:
    reperes = types.parametres["stabilite"]
    if decrit.stabilite >= reperes["stable"]:
        avis = "le type se retrouve bien"
    elif decrit.stabilite >= reperes["fragile"]:
        avis = "le type se retrouve, mais ses limites bougent"
    else:
        avis = "le type est fragile, à ne pas retenir seul"
    return (
        Texte(" Stabilité : "),
        nombre_de_type(matiere, decrit.stabilite, f"{cle}:stabilite", decimales=2),
        Texte(f" ({avis})."),
    )


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
                f"Types de {pluriel}, découpage de {matiere.referentiel.cog}. "
                "Les couleurs et les motifs ne disent aucun ordre.",
                "nom",
            ),
        ),
        svg=carte_categories(
            cartes.fond,
            categories,
            styles=dict(zip(lettres, STYLES_TYPES, strict=False)),
            libelles={t.lettre: _libelle(matiere, t) for t in typologie.types},
            legende=f"Types de {pluriel}",
            prefixe=identifiant,
            statuts=statuts,
            niveau=niveau,
        ),
        alt=(
            f"Carte des types de {pluriel} {dans(matiere.departement)} : "
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
        nom = nom[:1].lower() + nom[1:] if _commun(nom) else nom
        dits.append(f"{nom}, {'au-dessus' if marque.ecart > 0 else 'au-dessous'}")
    return f"{decrit.lettre}\u00a0: {' ; '.join(dits)}"


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
                    Texte("autre. Méthode et choix : docs/methode/types.md."),
                )
            ),
        ),
    )


def _entier(valeur: float) -> str:
    return f"{valeur:.0f}"


def _pourcent(part: float) -> str:
    return f"{100 * part:.0f}\u00a0%"
