"""Phrases des types de territoires : pourquoi ce nombre, et ce qui distingue chaque type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from solidiag.besoins.types_modele import Marque, TypeDecrit, TypesDeTerritoires, Typologie
from solidiag.publication.document import Ligne, Mention, Texte
from solidiag.publication.francais import article, enumerer
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.phrases import majuscule, sujet
from solidiag.publication.rapport.types_tableaux import nombre_de_type, part_de_type

MOTS: Final = {
    "COM": ("commune", "communes", "la commune"),
    "EPCI": ("intercommunalité", "intercommunalités", "l'intercommunalité"),
}


def de_plusieurs(niveau: str) -> str:
    """Renvoie « de communes », « d'intercommunalités »."""
    return "de communes" if niveau == "COM" else "d'intercommunalités"


def types_de(niveau: str) -> str:
    """Renvoie « types de communes », « types d'intercommunalités »."""
    return f"types {de_plusieurs(niveau)}"


_MARQUES_DITES: Final = 4


def initiale_basse(nom: str) -> str:
    """Renvoie le nom sans la majuscule du début, sauf celle d'un sigle."""
    return nom[:1].lower() + nom[1:] if nom[1:2].islower() else nom


def argument(
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
        if haute.texte == silhouette.texte:
            raisons.append(
                (Texte("aucune silhouette moyenne n'est nettement plus haute ("), haute, Texte(")"))
            )
        else:
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
        contenu.append(Texte(" La silhouette reste basse : les types se touchent"))
        if typologie.frontieres:
            plusieurs = typologie.frontieres > 1
            contenu += [
                Texte(", et "),
                nombre_de_type(matiere, typologie.frontieres, f"{niveau}:frontieres"),
                Texte(
                    f" {pluriel} ressemblent en moyenne plus à un autre type qu'au leur"
                    if plusieurs
                    else f" {MOTS[niveau][0]} ressemble en moyenne plus à un autre type qu'au sien"
                ),
            ]
        contenu.append(Texte(". Ce sont des repères sur un dégradé, pas des groupes séparés."))
    return tuple(m for m in contenu if not isinstance(m, Texte) or m.texte)


def description(
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
