"""Lignes de source d'une fiche : producteur, titre, millésimes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from solidiag.model.territoire import Niveau
from solidiag.publication.document import Bloc, Ligne, Mention, Paragraphe, Texte
from solidiag.publication.profil.matiere import MatiereProfil


def blocs_des_sources(matiere: MatiereProfil) -> Iterator[Bloc]:
    """Renvoie les sources des chiffres montrés, et comment remonter à l'un d'eux."""
    contenu: list[Ligne] = [Texte("Sources : ")]
    par_producteur: dict[str, list[str]] = {}
    for source, millesimes in _citees(matiere).items():
        declaree = matiere.sources[source]
        titre = declaree.titre.partition(" (")[0].partition(", repérées")[0]
        annees = ", ".join(annee for annee in sorted(millesimes) if annee not in titre)
        suffixe = f" ({annees})" if annees else ""
        par_producteur.setdefault(_abreger(declaree.producteur), []).append(f"{titre}{suffixe}")
    for rang, (producteur, titres) in enumerate(par_producteur.items()):
        contenu.append(Texte(" ; " if rang else ""))
        contenu.append(Mention(f"{producteur} : {', '.join(titres)}", "reference"))
    contenu.append(Texte(". Licences et adresses : « solidiag sources ». "))
    contenu += _remonter(matiere)
    contenu.append(Mention(f"Solidiag {matiere.version}.", "numero"))
    yield Paragraphe(style="source", contenu=tuple(contenu))


def _remonter(matiere: MatiereProfil) -> Iterator[Ligne]:
    """Dit comment remonter d'un chiffre de la fiche à la ligne et à la colonne du fichier."""
    fiches = sorted(matiere.fiches, key=lambda f: f.territoire.niveau is Niveau.LIBRE)
    lues = (
        (fiche, indicateur)
        for fiche in fiches
        for indicateur in matiere.indicateurs
        if (o := matiere.observe(indicateur.id, fiche.id, matiere.periode(indicateur.id)))
        and o.lisible
    )
    fiche, indicateur = next(lues, (fiches[0], matiere.indicateurs[0]))
    propre = fiche.territoire.niveau is Niveau.LIBRE
    yield Texte("D'un chiffre à ses fichiers : « solidiag expliquer ")
    yield Mention(f'"{indicateur.libelle_court}" {fiche.commande}', "code")
    yield Texte(" », avec le nom de la ligne ou son identifiant (")
    yield Mention(indicateur.id, "code")
    yield Texte("). ")
    if propre:
        yield Texte(
            "Les chiffres de ce territoire sont calculés pour l'occasion : la commande donne ses "
            "communes et leur part, puis le fichier de chacune se demande avec son code. "
        )


_SIGLE = re.compile(r"^[^,;()]+ \(([A-Z]{3,})\)")


def _abreger(producteur: str) -> str:
    """Renvoie le producteur, son sigle à la place de son nom s'il est donné.

    Examples
    --------
    >>> _abreger("Agence de services et de paiement (ASP), d'après un marché")
    "ASP, d'après un marché"
    """
    return _SIGLE.sub(lambda trouve: trouve[1], producteur)


def _citees(matiere: MatiereProfil) -> dict[str, set[str]]:
    """Renvoie les sources des valeurs montrées, avec leurs millésimes."""
    citees: dict[str, set[str]] = {}
    for indicateur in matiere.indicateurs:
        periode = matiere.periode(indicateur.id)
        ids = {f.id for f in matiere.fiches} | {
            t.id for f in matiere.fiches for t in f.comparateurs
        }
        origines = matiere.table.filter(
            (pl.col("indicateur") == indicateur.id)
            & (pl.col("periode") == periode)
            & pl.col("territoire").is_in(sorted(ids))
            & pl.col("value").is_not_null()
        )["origin"]
        for identifiant in sorted(set(origines.drop_nulls())):
            origine = matiere.origines.get(identifiant)
            for retrieval in origine.retrievals if origine else ():
                citees.setdefault(retrieval.source, set()).add(str(retrieval.millesime)[:4])
    for source in matiere.sources_services:
        citees.setdefault(source, set()).update(
            fichier.millesime[:4] for fichier in matiere.sources[source].fichiers
        )
    return citees
