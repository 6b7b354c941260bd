"""Repères du rapport : tableau des comparaisons d'un domaine, et « Avec qui comparer »."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from solidiag.catalogue.indicateur import Indicateur
from solidiag.publication.document import (
    Absence,
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
)
from solidiag.publication.francais import article, de, formater
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.expressions import majuscule
from solidiag.publication.rapport.faits import imprimer_reference
from solidiag.publication.rapport.tableaux import CLASSES, nombre_de, source_de
from solidiag.publication.rapport.tendances import tendance_dite

_VERDICTS: dict[str, str] = {
    "plus_haut": "plus élevé",
    "plus_bas": "plus bas",
    "proche": "proche",
    "non_concluant": "non concluant",
    "non_comparable": "non comparable",
}

_LECTURES: dict[str, str] = {"plus_fragile": "plus fragile", "moins_fragile": "moins fragile"}

_SOURCE = "Source : calculs Solidiag, docs/methode/comparaisons.md."


def verdict_dit(ligne: Mapping[str, Any]) -> str:
    """Renvoie le verdict d'une comparaison tel qu'il s'écrit dans une cellule.

    Un écart dont la marge n'est pas connue ne dit rien de la fragilité.
    """
    dit = _VERDICTS[ligne["verdict"]]
    if ligne["verdict"] == "non_concluant" and ligne["methode"] == "etendue":
        return "dans l'étendue"
    if ligne["methode"] == "etendue" and ligne["verdict"] in ("plus_haut", "plus_bas"):
        return f"{dit}, hors de leur étendue"
    if not ligne["nette"]:
        return dit
    dit += ", de façon nette"
    lecture = _LECTURES.get(ligne["lecture"], "")
    return f"{dit} ({lecture})" if lecture else dit


def tableau_comparaisons(
    matiere: Matiere, indicateurs: Sequence[Indicateur], *, identifiant: str, lecture: bool = True
) -> Tableau | None:
    """Renvoie le tableau des verdicts : France, région, semblables, intercommunalités, tendance.

    « – » dit l'absence d'une valeur de référence à la même période.

    Parameters
    ----------
    lecture
        Dire comment se lisent les verdicts : une fois par rapport suffit.
    """
    compares = [
        i
        for i in indicateurs
        if any(
            (ligne := matiere.comparaison(i.id, matiere.departement.id, r)) is not None
            and ligne["verdict"] != "non_comparable"
            for r in ("FR", "REG", "SEMBLABLES")
        )
        or _locales(matiere, i.id)
    ]
    if not compares:
        return None
    return Tableau(
        id=identifiant,
        legende=(
            Mention(
                f"Ce que disent les comparaisons {de(matiere.departement)} (brouillon calculé)",
                "nom",
            ),
        ),
        colonnes=(
            Colonne(entete="Indicateur", largeur=2.4),
            Colonne(entete="Face à la France", largeur=1.9),
            Colonne(entete="Face à la région", largeur=1.9),
            Colonne(entete="Face aux territoires semblables", largeur=2.1),
            Colonne(entete="Leur valeur", alignement="droite", largeur=2.2),
            Colonne(entete="Intercommunalités face au département", largeur=2.3),
            Colonne(entete="Tendance", largeur=1.7),
        ),
        lignes=tuple(_rangee(matiere, indicateur) for indicateur in compares),
        notes=_notes(matiere, compares, lecture=lecture),
        source=source_de(matiere, [i.id for i in compares]),
    )


_SANS_REFERENCE = "pas de valeur de référence à la même période"

_NOTE_VERDICTS = (
    "De façon nette : l'écart dépasse la marge d'incertitude connue, les tests du rapport étant "
    "ajustés ensemble ; sans cette mention, la marge est inconnue et l'écart ne dit rien de la "
    "fragilité. Leur valeur : somme ou médiane des territoires semblables, et entre crochets la "
    "plus basse et la plus haute. Un tiret : aucune valeur de référence à la même période."
)


def _notes(
    matiere: Matiere, compares: Sequence[Indicateur], *, lecture: bool
) -> tuple[tuple[Ligne, ...], ...]:
    """Renvoie comment lire le tableau, puis pourquoi tel indicateur ne se compare pas."""
    notes: list[tuple[Ligne, ...]] = [(Texte(_NOTE_VERDICTS),)] if lecture else []
    motifs: dict[str, dict[str, None]] = {}
    for indicateur in compares:
        for reference in ("FR", "REG", "SEMBLABLES"):
            ligne = matiere.comparaison(indicateur.id, matiere.departement.id, reference)
            if ligne is None or ligne["verdict"] != "non_comparable":
                continue
            if ligne["motif"] != _SANS_REFERENCE:
                motifs.setdefault(str(ligne["motif"]), {})[indicateur.libelle_court] = None
    for motif, noms in motifs.items():
        notes.append((Mention(f"{', '.join(noms)}, non comparable : {motif}.", "definition"),))
    return tuple(notes)


def _rangee(matiere: Matiere, indicateur: Indicateur) -> tuple[Cellule, ...]:
    cellules = [Cellule(contenu=(Mention(indicateur.libelle_court, "nom"),))]
    for reference in ("FR", "REG", "SEMBLABLES"):
        ligne = matiere.comparaison(indicateur.id, matiere.departement.id, reference)
        cellules.append(Cellule(contenu=_verdict(ligne)))
    cellules.append(Cellule(contenu=_valeur_des_semblables(matiere, ligne)))
    cellules.append(Cellule(contenu=_epci(matiere, indicateur.id)))
    cellules.append(Cellule(contenu=_tendance(matiere, indicateur.id)))
    return tuple(cellules)


def _verdict(ligne: Mapping[str, Any] | None) -> tuple[Ligne, ...]:
    if ligne is None:
        return (Absence("M"),)
    if ligne["verdict"] == "non_comparable":
        return (Texte("–" if ligne["motif"] == _SANS_REFERENCE else "non comparable"),)
    return (Texte(verdict_dit(ligne)),)


def _valeur_des_semblables(matiere: Matiere, ligne: Mapping[str, Any] | None) -> tuple[Ligne, ...]:
    """Renvoie la somme (ou la médiane) des territoires semblables, et leurs deux extrêmes."""
    if ligne is None or ligne["verdict"] == "non_comparable":
        return (Texte("–"),)
    dite = "somme" if ligne["contre"] == "somme" else "médiane"
    bas, haut = (_borne(matiere, ligne, nom) for nom in ("reference_bas", "reference_haut"))
    return (
        Texte(f"{dite} "),
        imprimer_reference(matiere, ligne),
        Texte(" ["),
        bas,
        Texte(" à "),
        haut,
        Texte("]"),
    )


def _borne(matiere: Matiere, ligne: Mapping[str, Any], champ: str) -> Nombre:
    niveau = str(ligne["territoire"]).partition("-")[0]
    texte = formater(
        ligne[champ],
        ligne["unite"],
        decimales=matiere.decimales(ligne["indicateur"], ligne["periode"], niveau),
    )
    cle = Cle(
        indicateur=ligne["indicateur"],
        territoire=ligne["territoire"],
        periode=ligne["periode"],
        champ=f"{ligne['reference']}.{champ}",
        table="comparaisons",
    )
    return Nombre(texte, cle)


def _locales(matiere: Matiere, indicateur: str) -> Counter[str]:
    """Compte les intercommunalités par verdict face au département."""
    return Counter(
        str(ligne["verdict"])
        for epci in matiere.epci
        if (ligne := matiere.comparaison(indicateur, epci, "DEP")) is not None
        and ligne["verdict"] != "non_comparable"
    )


def _epci(matiere: Matiere, indicateur: str) -> tuple[Ligne, ...]:
    comptes = _locales(matiere, indicateur)
    if not comptes:
        return (Absence("O"),)
    rendu: list[Ligne] = []
    for verdict, un, plusieurs in (
        ("plus_haut", "plus élevée", "plus élevées"),
        ("plus_bas", "plus basse", "plus basses"),
        ("proche", "proche", "proches"),
        ("non_concluant", "non concluante", "non concluantes"),
    ):
        if comptes[verdict]:
            rendu += [
                *((Texte(", "),) if rendu else ()),
                nombre_de(matiere, comptes[verdict], f"{verdict}:{indicateur}"),
                Texte(f" {un if comptes[verdict] == 1 else plusieurs}"),
            ]
    return tuple(rendu)


def _tendance(matiere: Matiere, indicateur: str) -> tuple[Ligne, ...]:
    tendance = matiere.tendance(indicateur, matiere.departement.id)
    if tendance is None:
        return (Texte("une seule date"),)
    dite = tendance_dite(tendance)
    annees = f"{tendance['debut'][:4]}-{tendance['fin'][:4]}"
    rendu: tuple[Ligne, ...] = (Texte(f"{dite}, "), Mention(annees, "millesime"))
    if tendance["rupture"]:
        rendu = (*rendu, Mention(f" (rupture : {tendance['rupture']})", "millesime"))
    return rendu


def tableau_cases(
    matiere: Matiere,
    cases: Sequence[Mapping[str, Any]],
    *,
    identifiant: str,
    classe: str,
) -> Tableau:
    """Renvoie les intercommunalités d'une classe, avec les deux valeurs qui la fondent."""
    return Tableau(
        id=identifiant,
        legende=(Mention(f"{majuscule(CLASSES[classe])} : les intercommunalités", "nom"),),
        colonnes=(
            Colonne(entete="Intercommunalité", largeur=2.4),
            Colonne(entete="Besoin", alignement="droite", largeur=1.2),
            Colonne(entete="Offre", alignement="droite", largeur=1.2),
            Colonne(entete="Ce qui fonde la classe, et ses réserves", largeur=5),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(matiere.nom(case["territoire"]), "nom"),)),
                *(
                    Cellule(
                        contenu=(matiere.imprimer(matiere.derniere(case[nom], case["territoire"])),)
                    )
                    for nom in ("besoin", "offre")
                ),
                Cellule(contenu=(Mention(str(case["motif"]), "definition"),)),
            )
            for case in cases
        ),
        source=source_de(matiere, [cases[0]["besoin"], cases[0]["offre"]]),
    )


def section_semblables(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie la page « Avec qui comparer » : les territoires semblables et leur distance."""
    if matiere.semblables is None:
        return
    yield Titre(niveau=2, id="avec-qui-comparer", contenu=(Texte("Avec qui comparer"),))
    yield Paragraphe(
        contenu=(
            Texte(
                "Des territoires sont dits semblables quand leur population, leur densité, leur "
            ),
            Texte("part rurale, leur part d'habitants âgés, de résidences secondaires et de "),
            Texte("demandeurs d'emploi se ressemblent. Plus la distance est petite, plus la "),
            Texte("ressemblance est forte ; elle ne dit rien de la pauvreté, que l'on compare "),
            Texte("ensuite. Ce n'est pas un classement."),
        )
    )
    table = matiere.semblables.frame
    siens = table.filter(pl.col("territoire") == matiere.departement.id).sort("ordre")
    if siens.is_empty():
        yield Paragraphe(
            style="note",
            contenu=(
                Texte("Pas de territoire semblable calculé pour "),
                Mention(article(matiere.departement), "nom"),
                Texte(" : trop de variables y manquent, ou aucun département n'est assez proche."),
            ),
        )
    else:
        yield Tableau(
            id="tab-semblables",
            legende=(
                Mention(f"Départements les plus proches {de(matiere.departement)}", "nom"),
            ),
            colonnes=(
                Colonne(entete="Département", largeur=3),
                Colonne(entete="Distance", alignement="droite", largeur=1.2),
                Colonne(entete="Variables communes", alignement="droite", largeur=1.5),
            ),
            lignes=tuple(_semblable(matiere, ligne) for ligne in siens.iter_rows(named=True)),
            source=(Mention(_SOURCE, "reference"),),
        )  # fmt: skip
    lignes = []
    for epci in matiere.epci:
        proches = table.filter(pl.col("territoire") == epci).sort("ordre")
        if proches.is_empty():
            contenu: tuple[Ligne, ...] = (Texte("pas de territoire semblable calculé"),)
            distance: tuple[Ligne, ...] = (Absence("M"),)
        else:
            noms = " ; ".join(matiere.nom(identifiant) for identifiant in proches["semblable"])
            contenu = (Mention(noms, "nom"),)
            derniere = proches.row(proches.height - 1, named=True)
            distance = (_distance(derniere),)
        lignes.append(
            (
                Cellule(contenu=(Mention(matiere.nom(epci), "nom"),)),
                Cellule(contenu=contenu),
                Cellule(contenu=distance),
            )
        )
    if lignes:
        yield Tableau(
            id="tab-semblables-epci",
            legende=(Texte("Les intercommunalités et leurs territoires semblables"),),
            colonnes=(
                Colonne(entete="Intercommunalité", largeur=2.2),
                Colonne(entete="Territoires semblables, du plus au moins proche", largeur=6),
                Colonne(entete="Distance du dernier", alignement="droite", largeur=1.2),
            ),
            lignes=tuple(lignes),
            source=(Mention(_SOURCE, "reference"),),
        )


def _semblable(matiere: Matiere, ligne: Mapping[str, Any]) -> tuple[Cellule, ...]:
    cle = Cle(
        indicateur=str(ligne["semblable"]),
        territoire=str(ligne["territoire"]),
        champ="variables",
        table="semblables",
    )
    return (
        Cellule(contenu=(Mention(matiere.nom(ligne["semblable"]), "nom"),)),
        Cellule(contenu=(_distance(ligne),)),
        Cellule(contenu=(Nombre(formater(ligne["variables"], "nombre", decimales=0), cle),)),
    )


def _distance(ligne: Mapping[str, Any]) -> Nombre:
    cle = Cle(
        indicateur=str(ligne["semblable"]),
        territoire=str(ligne["territoire"]),
        champ="distance",
        table="semblables",
    )
    return Nombre(formater(ligne["distance"], "ratio", decimales=2), cle)
