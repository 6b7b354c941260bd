"""Ce que les mots de data·inclusion disent des domaines de la grille : une personne le déclare."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solidiag.catalogue.fautes import dire_faute
from solidiag.errors import DeclarationInvalide

_FAMILLE = "--*"
"""Fin d'un motif qui vaut pour toute une famille de thématiques."""


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Thematique(_Gele):
    """Domaines d'une thématique.

    Parameters
    ----------
    domaines
        Domaines dont un service de cette thématique est une offre propre.
    indirects
        Domaines qu'elle éclaire seulement : le service n'y est pas compté.
    doute
        Question que la personne du métier doit trancher.
    """

    domaines: tuple[str, ...] = ()
    indirects: tuple[str, ...] = ()
    doute: str = ""


class Condition(_Gele):
    """Mots qu'un service doit porter : un au moins de chaque liste donnée."""

    thematiques: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    reseaux: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def listes(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Parcourt les listes remplies : nom du champ, mots."""
        for champ in ("thematiques", "publics", "reseaux", "types"):
            mots: tuple[str, ...] = getattr(self, champ)
            if mots:
                yield champ, mots


class Regle(_Gele):
    """Domaines qu'une thématique seule ne dit pas."""

    si: Condition
    domaines: tuple[str, ...] = Field(min_length=1)
    motif: str = Field(min_length=3)


class Reseau(_Gele):
    """Ce que dit un réseau porteur : catégorie du lieu, et domaines à défaut de thématique."""

    categorie: str = ""
    domaines: tuple[str, ...] = ()
    remarque: str = ""


class TableThematiques(_Gele):
    """Table entière.

    Parameters
    ----------
    sans_thematique
        Domaine que rien de data·inclusion ne mesure, et qui le mesurerait.
    """

    thematiques: dict[str, Thematique]
    regles: tuple[Regle, ...] = ()
    reseaux: dict[str, Reseau] = {}
    sans_thematique: dict[str, str] = {}

    def domaines_mesures(self) -> frozenset[str]:
        """Domaines dont un service de data·inclusion peut être une offre propre."""
        lots: list[Iterable[str]] = [t.domaines for t in self.thematiques.values()]
        lots += [regle.domaines for regle in self.regles]
        return frozenset(domaine for lot in lots for domaine in lot)


@dataclass(frozen=True, kw_only=True)
class Mots:
    """Mots admis dans la table.

    Parameters
    ----------
    vocabulaire
        Champ → mots du schéma data·inclusion (``services/vocabulaire.yaml``).
    domaines, categories
        Identifiants de la grille, et catégories déclarées.
    """

    vocabulaire: Mapping[str, Collection[str]]
    domaines: Collection[str]
    categories: Collection[str]


def deplier(motif: str, mots: Collection[str]) -> tuple[str, ...]:
    """Renvoie les mots d'un motif : lui-même, ou toute sa famille s'il finit par « --* ».

    Examples
    --------
    >>> deplier("mobilite--*", ["mobilite--a", "sante--b"])
    ('mobilite--a',)
    """
    if not motif.endswith(_FAMILLE):
        return (motif,)
    return tuple(sorted(mot for mot in mots if mot.startswith(motif[:-1])))


def lire_thematiques(contenu: Any, mots: Mots) -> TableThematiques:
    """Renvoie la table déclarée, motifs dépliés.

    Raises
    ------
    DeclarationInvalide
        Avec toutes les fautes : champ inconnu, mot hors vocabulaire, thématique oubliée, domaine
        inconnu, domaine dont rien ne dit s'il est mesuré.
    """
    nom = "services/thematiques.yaml"
    try:
        table = TableThematiques.model_validate(contenu)
    except ValidationError as erreur:
        raise DeclarationInvalide(
            nom,
            [
                f"{'.'.join(map(str, faute['loc'])) or '(racine)'} : {dire_faute(faute)}"
                for faute in erreur.errors()
            ],
        ) from erreur
    thematiques = mots.vocabulaire["thematiques"]
    regles = tuple(
        regle.model_copy(
            update={
                "si": regle.si.model_copy(
                    update={
                        "thematiques": tuple(
                            mot
                            for motif in regle.si.thematiques
                            for mot in deplier(motif, thematiques)
                        )
                    }
                )
            }
        )
        for regle in table.regles
    )
    fautes = [*_fautes_de_mots(table, mots), *_fautes_de_domaines(table, mots)]
    if fautes:
        raise DeclarationInvalide(nom, fautes)
    return table.model_copy(update={"regles": regles})


def _fautes_de_mots(table: TableThematiques, mots: Mots) -> Iterator[str]:
    vocabulaire = mots.vocabulaire
    connues = set(vocabulaire["thematiques"])
    for thematique in sorted(set(table.thematiques) - connues):
        yield f"thematiques.{thematique} : hors du vocabulaire"
    for thematique in sorted(connues - set(table.thematiques)):
        yield f"thematiques : « {thematique} » manque"
    for rang, regle in enumerate(table.regles, start=1):
        listes = dict(regle.si.listes())
        if not listes:
            yield f"regles.{rang} : « si » ne demande rien"
        for champ, voulus in listes.items():
            for mot in voulus:
                vide = not deplier(mot, connues) if champ == "thematiques" else False
                inconnu = not mot.endswith(_FAMILLE) and mot not in vocabulaire[champ]
                if vide or inconnu:
                    yield f"regles.{rang}.si.{champ} : « {mot} » hors du vocabulaire"
    for nom, reseau in table.reseaux.items():
        if nom not in vocabulaire["reseaux"]:
            yield f"reseaux.{nom} : hors du vocabulaire"
        if reseau.categorie and reseau.categorie not in mots.categories:
            yield f"reseaux.{nom} : catégorie « {reseau.categorie} » non déclarée"


def _fautes_de_domaines(table: TableThematiques, mots: Mots) -> Iterator[str]:
    cites: list[tuple[str, Iterable[str]]] = []
    for nom, thematique in table.thematiques.items():
        cites.append((f"thematiques.{nom}", (*thematique.domaines, *thematique.indirects)))
        deux_fois = set(thematique.domaines) & set(thematique.indirects)
        if deux_fois:
            yield f"thematiques.{nom} : domaine propre et indirect à la fois, {sorted(deux_fois)}"
    cites += [(f"regles.{rang}", r.domaines) for rang, r in enumerate(table.regles, start=1)]
    cites += [(f"reseaux.{nom}", reseau.domaines) for nom, reseau in table.reseaux.items()]
    cites.append(("sans_thematique", table.sans_thematique))
    for place, domaines in cites:
        for domaine in domaines:
            if domaine not in mots.domaines:
                yield f"{place} : domaine « {domaine} » absent de la grille"
    mesures = table.domaines_mesures()
    for domaine in sorted(set(mots.domaines)):
        if domaine in mesures and domaine in table.sans_thematique:
            yield f"sans_thematique.{domaine} : une thématique ou une règle le mesure pourtant"
        if domaine not in mesures and domaine not in table.sans_thematique:
            yield f"« {domaine} » : ni thématique, ni règle, ni « sans_thematique » n'en parle"
