"""Lecture d'un classeur rempli : chaque cellule vérifiée, toutes les fautes dites à la fois."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from solidiag.catalogue.classeur import MENTION_EXEMPLE, MULTIPLES, Classeur, Colonne, Feuille
from solidiag.errors import FichierRefuse
from solidiag.geography.lieux import Doute
from solidiag.geography.recherche import simplifier
from solidiag.sources.classeurs import cellules
from solidiag.sources.classeurs.feuilles import (
    Contenant,
    Lignes,
    en_trop,
    manquantes,
    repetees,
    trouver_entete,
)
from solidiag.sources.classeurs.lexique import Lexique
from solidiag.sources.classeurs.vigilance import vigilances

_EXEMPLE = simplifier("EXEMPLE FICTIF")
_COLONNES_DITES = 5
_RESSEMBLANCE = 0.65
"""Ressemblance sans laquelle un nom n'est pas proposé à la place d'un autre."""

_TRAITS_DE_L_EXEMPLE = 3
"""Cases de la ligne d'exemple, toutes égales, à quoi on la reconnaît sans sa mention."""


@dataclass(frozen=True, kw_only=True)
class Faute:
    """Une cellule, ou une ligne, que l'on ne peut pas lire.

    Parameters
    ----------
    ligne
        Numéro de la ligne dans le tableur.
    colonne
        Titre de la colonne ; vide si la faute est celle de la ligne.
    message
        Ce qui ne va pas, et que faire.
    """

    feuille: str
    ligne: int
    colonne: str
    message: str

    def __str__(self) -> str:
        """Renvoie la faute telle qu'on la montre."""
        ou = f", colonne « {self.colonne} »" if self.colonne else ""
        return f"{self.feuille}, ligne {self.ligne}{ou} : {self.message}"


@dataclass(frozen=True, kw_only=True)
class LigneLue:
    """Une ligne comprise.

    Parameters
    ----------
    rang
        Numéro de la ligne dans le tableur.
    valeurs
        Champ → texte, nombre, vrai ou faux, liste de textes ; rien si la case est vide.
    """

    rang: int
    valeurs: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ClasseurLu:
    """Un classeur rempli.

    Parameters
    ----------
    lignes
        Feuille → lignes sans faute.
    fautes
        Toutes les fautes, dans l'ordre des feuilles et des lignes.
    remarques
        Ce qui surprend sans rien arrêter.
    """

    classeur: Classeur
    lignes: Mapping[str, tuple[LigneLue, ...]]
    fautes: tuple[Faute, ...] = ()
    remarques: tuple[str, ...] = ()

    @property
    def bonnes(self) -> int:
        """Nombre de lignes sans faute."""
        return sum(len(lues) for lues in self.lignes.values())

    @property
    def fautives(self) -> dict[str, list[int]]:
        """Feuille (identifiant) → lignes fautives."""
        titres = {feuille.titre: feuille.id for feuille in self.classeur.feuilles}
        rangs: dict[str, set[int]] = defaultdict(set)
        for faute in self.fautes:
            rangs[titres[faute.feuille]].add(faute.ligne)
        return {feuille: sorted(lignes) for feuille, lignes in sorted(rangs.items())}


Controle = Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]
"""Règle d'une feuille sur une ligne comprise : champs en faute, et ce qui ne va pas."""


@dataclass
class _Lue:
    """Ligne en cours de lecture."""

    rang: int
    textes: dict[str, str]
    valeurs: dict[str, Any] = field(default_factory=dict)
    fautes: list[tuple[str, str]] = field(default_factory=list)


def lire_classeur(
    contenant: Contenant,
    classeur: Classeur,
    lexique: Lexique,
    *,
    jour: date | None = None,
    controles: Mapping[str, Controle] | None = None,
    ecartees: Mapping[str, Collection[int]] | None = None,
) -> ClasseurLu:
    """Renvoie les lignes d'un classeur rempli et toutes leurs fautes.

    Une ligne vide et une ligne d'exemple ne sont pas lues. Une ligne fautive n'est pas dans le
    résultat ; une ligne qui renvoie à une ligne fautive l'est aussi.

    Parameters
    ----------
    jour
        Jour de la lecture : une date de l'information ne peut pas être après ; sans lui, elle n'est
        pas vérifiée.
    controles
        Feuille → règle sur une ligne entière.
    ecartees
        Feuille → lignes que l'on ne lit pas (fautives lors de l'import).

    Raises
    ------
    FichierRefuse
        Feuille ou colonne obligatoire absente, colonne répétée, classeur sans ligne.
    """
    controles, ecartees = controles or {}, ecartees or {}
    lues: dict[str, list[_Lue]] = {}
    remarques: list[str] = []
    for feuille in classeur.feuilles:
        lignes = contenant.lignes(feuille.titre)
        if lignes is None:
            _refuser_sans_feuille(contenant, feuille)
            continue
        rang, places = _entete(contenant, lignes, feuille)
        remarques += _remarques_d_entete(lignes[rang] if lignes else (), places, feuille)
        lues[feuille.id] = list(
            _lignes(lignes, rang, places, feuille, sans=set(ecartees.get(feuille.id, ())))
        )
        for lue in lues[feuille.id]:
            _comprendre(lue, feuille, lexique, jour=jour)
    for feuille in classeur.feuilles:
        _renvoyer(lues, feuille, classeur)
        for lue in lues.get(feuille.id, ()) if feuille.id in controles else ():
            deja = {champ for champ, _ in lue.fautes}
            dites = controles[feuille.id](lue.valeurs)
            lue.fautes += [(champ, message) for champ, message in dites if champ not in deja]
        _refuser_doubles(lues.get(feuille.id, []), feuille)
    _propager(lues, classeur)
    if not any(lues.values()):
        raise FichierRefuse(
            contenant.nom,
            "aucune ligne n'y est remplie (la ligne d'exemple ne compte pas)",
            "remplissez une ligne au moins",
        )
    fautes = tuple(
        Faute(
            feuille=feuille.titre,
            ligne=lue.rang,
            colonne=feuille.colonne(champ).titre if champ else "",
            message=message,
        )
        for feuille in classeur.feuilles
        for lue in lues.get(feuille.id, ())
        for champ, message in lue.fautes
    )
    return ClasseurLu(
        classeur=classeur,
        lignes={
            nom: tuple(
                LigneLue(rang=lue.rang, valeurs=lue.valeurs) for lue in lot if not lue.fautes
            )
            for nom, lot in lues.items()
        },
        fautes=fautes,
        remarques=(
            *remarques,
            *vigilances(
                {nom: [(lue.rang, lue.textes) for lue in lot] for nom, lot in lues.items()},
                classeur,
            ),
        ),
    )


def _refuser_sans_feuille(contenant: Contenant, feuille: Feuille) -> None:
    if feuille.requise:
        noms = ", ".join(f"« {titre} »" for titre in list(contenant.titres.values())[:5])
        raise FichierRefuse(
            contenant.nom,
            f"il n'a pas de feuille « {feuille.titre} » (il a {noms})",
            "redonnez son nom à la feuille",
        )


def _entete(contenant: Contenant, lignes: Lignes, feuille: Feuille) -> tuple[int, dict[str, int]]:
    rang, places = trouver_entete(lignes, feuille)
    absentes = manquantes(feuille, places)
    remplie = any(cellule.strip() for ligne in lignes for cellule in ligne)
    if absentes and (remplie or feuille.requise):
        raise FichierRefuse(
            contenant.nom,
            f"la feuille « {feuille.titre} » n'a pas de colonne "
            + ", ".join(f"« {titre} »" for titre in absentes[:_COLONNES_DITES]),
            "gardez la ligne de titres du classeur vierge",
        )
    doubles = repetees(lignes[rang], feuille) if lignes else []
    if doubles:
        raise FichierRefuse(
            contenant.nom,
            f"la feuille « {feuille.titre} » a deux colonnes « {doubles[0]} »",
            "n'en gardez qu'une",
        )
    return rang, places


def _remarques_d_entete(
    entete: tuple[str, ...], places: Mapping[str, int], feuille: Feuille
) -> Iterator[str]:
    inconnues = en_trop(entete, feuille)
    if inconnues:
        noms = ", ".join(f"« {nom} »" for nom in inconnues[:_COLONNES_DITES])
        s = "s" if len(inconnues) > 1 else ""
        yield f"{feuille.titre} : colonne{s} inconnue{s}, non lue{s} : {noms}."
    absentes = [c.titre for c in feuille.colonnes if c.champ not in places]
    if absentes and places:
        noms = ", ".join(f"« {nom} »" for nom in absentes[:_COLONNES_DITES])
        s = "s" if len(absentes) > 1 else ""
        yield f"{feuille.titre} : colonne{s} absente{s}, tenue{s} pour vide{s} : {noms}."


def _lignes(
    lignes: Lignes,
    entete: int,
    places: Mapping[str, int],
    feuille: Feuille,
    *,
    sans: Collection[int],
) -> Iterator[_Lue]:
    for rang, ligne in enumerate(lignes[entete + 1 :], start=entete + 2):
        if rang in sans or simplifier(next(filter(str.strip, ligne), "")).startswith(_EXEMPLE):
            continue
        textes = {
            champ: cellules.nettoyer(ligne[place])
            for champ, place in places.items()
            if place < len(ligne)
        }
        textes = {champ: texte for champ, texte in textes.items() if texte}
        if not textes:
            continue
        lue = _Lue(rang=rang, textes=textes)
        if _est_l_exemple(textes, feuille):
            lue.fautes.append(
                ("", f"c'est la ligne d'exemple sans sa mention « {MENTION_EXEMPLE} » ; effacez-la")
            )
        yield lue


def _est_l_exemple(textes: Mapping[str, str], feuille: Feuille) -> bool:
    exemple = {c.champ: simplifier(c.exemple) for c in feuille.colonnes[1:] if c.exemple}
    communs = [champ for champ in exemple if champ in textes]
    if len(communs) < _TRAITS_DE_L_EXEMPLE or not any("exemple" in exemple[c] for c in communs):
        return False
    return all(simplifier(textes[c]) == exemple[c] for c in communs)


def _comprendre(lue: _Lue, feuille: Feuille, lexique: Lexique, *, jour: date | None) -> None:
    for colonne in feuille.colonnes:
        texte = lue.textes.get(colonne.champ, "")
        if not texte:
            lue.valeurs[colonne.champ] = None
            if colonne.requise:
                lue.fautes.append((colonne.champ, "la case est vide, et elle est obligatoire"))
            continue
        valeurs: list[Any] = []
        for element in cellules.morceaux(texte) if colonne.genre in MULTIPLES else [texte]:
            valeur = _valeur(colonne, element, lexique, jour=jour)
            if isinstance(valeur, Doute):
                phrase = valeur.phrase
                if colonne.genre in MULTIPLES and _virgules(colonne, element, lexique, jour=jour):
                    phrase += " ; séparez plusieurs valeurs par « ; », et non par une virgule"
                lue.fautes.append((colonne.champ, f"« {element} » {phrase}"))
            elif valeur not in valeurs:
                valeurs.append(valeur)
        unique = valeurs[0] if valeurs else None
        lue.valeurs[colonne.champ] = valeurs if colonne.genre in MULTIPLES else unique
    for groupe in feuille.au_moins_une:
        if not any(lue.textes.get(champ) for champ in groupe):
            titres = " ou ".join(f"« {feuille.colonne(champ).titre} »" for champ in groupe)
            lue.fautes.append(("", f"remplissez {titres}"))


def _virgules(colonne: Colonne, texte: str, lexique: Lexique, *, jour: date | None) -> bool:
    """Dit si une case incomprise réunit par des virgules des valeurs dont une se comprend."""
    parties = [partie.strip() for partie in texte.split(",") if partie.strip()]
    return len(parties) > 1 and any(
        not isinstance(_valeur(colonne, partie, lexique, jour=jour), Doute) for partie in parties
    )


def _valeur(colonne: Colonne, texte: str, lexique: Lexique, *, jour: date | None) -> Any:
    if colonne.genre in ("liste", "plusieurs"):
        return lexique.valeur(colonne.liste, texte)
    if colonne.genre == "commune":
        return lexique.commune(texte)
    if colonne.genre in ("territoire", "territoires"):
        return lexique.territoire(texte)
    if colonne.genre == "nombre":
        return _nombre(colonne, texte)
    if colonne.genre == "date":
        return _date(colonne, texte, jour=jour)
    if colonne.genre == "oui_non":
        lu = cellules.oui_non(texte)
        return Doute(motif="n'est ni « oui » ni « non »") if lu is None else lu
    return texte


def _nombre(colonne: Colonne, texte: str) -> float | Doute:
    lu = cellules.nombre(texte)
    if lu is None:
        return Doute(motif="n'est pas un nombre (par exemple 12 ou 1,5, sans unité)")
    if colonne.mini is not None and lu < colonne.mini:
        return Doute(motif=f"est trop petit : au moins {_court(colonne.mini)}")
    if colonne.maxi is not None and lu > colonne.maxi:
        return Doute(motif=f"est trop grand : au plus {_court(colonne.maxi)}")
    return lu


def _date(colonne: Colonne, texte: str, *, jour: date | None) -> str | Doute:
    lu = cellules.jour(texte)
    if lu is None:
        return Doute(motif="n'est pas une date (JJ/MM/AAAA, MM/AAAA ou AAAA)")
    if colonne.passee and jour is not None and lu > jour.isoformat()[: len(lu)]:
        return Doute(motif="est dans l'avenir")
    return lu


def _court(valeur: float) -> str:
    return f"{valeur:g}".replace(".", ",")


def _renvoyer(lues: Mapping[str, list[_Lue]], feuille: Feuille, classeur: Classeur) -> None:
    """Remplace les renvois d'une feuille à une autre par l'identifiant de la ligne désignée."""
    for colonne in feuille.colonnes:
        if not colonne.feuille:
            continue
        designees = lues.get(colonne.feuille, [])
        titre = classeur.feuille(colonne.feuille).titre
        index = _index(designees)
        for lue in lues.get(feuille.id, ()):
            valeur = lue.valeurs[colonne.champ]
            if valeur is None:
                continue
            trouves: list[str] = []
            for texte in valeur if isinstance(valeur, list) else [valeur]:
                cible = index.get(simplifier(texte))
                if cible is None:
                    lue.fautes.append((colonne.champ, _sans_cible(texte, designees, titre)))
                else:
                    trouves.append(cible)
            unique = trouves[0] if trouves else None
            lue.valeurs[colonne.champ] = trouves if isinstance(valeur, list) else unique


def identifiant(valeurs: Mapping[str, Any]) -> str:
    """Renvoie l'identifiant d'une ligne : le sien, sinon tiré de son nom."""
    donne = valeurs.get("id") or valeurs.get("nom") or ""
    return simplifier(str(donne)).replace(" ", "-")


def _index(lues: Iterable[_Lue]) -> dict[str, str]:
    index: dict[str, str] = {}
    for lue in lues:
        for champ in ("id", "nom"):
            texte = simplifier(lue.textes.get(champ, ""))
            if texte:
                index.setdefault(texte, identifiant(lue.valeurs))
    return index


def _sans_cible(texte: str, designees: Iterable[_Lue], titre: str) -> str:
    noms = [lue.textes["nom"] for lue in designees if "nom" in lue.textes]
    cles = {simplifier(nom): nom for nom in noms}
    proches = difflib.get_close_matches(simplifier(texte), list(cles), n=2, cutoff=_RESSEMBLANCE)
    doute = Doute(
        motif=f"n'est pas dans la feuille « {titre} »",
        proches=tuple(f"« {cles[nom]} »" for nom in proches),
    )
    return f"« {texte} » {doute.phrase}"


def _refuser_doubles(lues: list[_Lue], feuille: Feuille) -> None:
    """Dit les lignes qui répètent une autre : même clé, ou même identifiant."""
    vus: dict[tuple[str, ...], int] = {}
    for lue in lues:
        cles = [("cle", *(_texte(lue.valeurs.get(champ)) for champ in feuille.cle))]
        propre = lue.textes.get("identifiant") or lue.textes.get("id")
        cles += [("id", simplifier(propre))] if propre else []
        for cle in cles:
            if not any(cle[1:]):
                continue
            if cle in vus:
                quoi = "le même identifiant que" if cle[0] == "id" else "la même chose que"
                lue.fautes.append(("", f"dit {quoi} la ligne {vus[cle]}"))
            vus.setdefault(cle, lue.rang)


def _texte(valeur: Any) -> str:
    return simplifier(str(valeur)) if valeur is not None else ""


def _propager(lues: Mapping[str, list[_Lue]], classeur: Classeur) -> None:
    """Met en faute les lignes qui renvoient à une ligne fautive, de proche en proche."""
    change = True
    while change:
        change = False
        fautives = {
            nom: {identifiant(lue.valeurs): lue.rang for lue in lot if lue.fautes}
            for nom, lot in lues.items()
        }
        for feuille in classeur.feuilles:
            for colonne in (c for c in feuille.colonnes if c.feuille):
                titre = classeur.feuille(colonne.feuille).titre
                for lue in lues.get(feuille.id, ()):
                    if lue.fautes:
                        continue
                    for cible in _liste(lue.valeurs[colonne.champ]):
                        rang = fautives.get(colonne.feuille, {}).get(cible)
                        if rang is not None and not lue.fautes:
                            message = f"renvoie à la ligne {rang} de « {titre} », qui est fautive"
                            lue.fautes.append((colonne.champ, message))
                            change = True


def _liste(valeur: Any) -> list[str]:
    if valeur is None:
        return []
    return valeur if isinstance(valeur, list) else [valeur]
