"""Ce que montrent les commandes ``solidiag sources`` : examen, ajout, contrôle."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from solidiag.catalogue.gabarit import Gabarit
    from solidiag.pipeline.actualisation import Actualisation
    from solidiag.pipeline.importation import Controle, Resultat
    from solidiag.sources.controle import Partie
    from solidiag.sources.reconnaissance import Reconnaissance
    from solidiag.storage.depot import Depot

_NIVEAUX = {
    "COM": "communes",
    "ARM": "arrondissements municipaux",
    "EPCI": "intercommunalités",
    "ARR": "arrondissements",
    "BV": "bassins de vie",
    "ZE": "zones d'emploi",
    "DEP": "départements",
    "REG": "régions",
    "FR": "France",
    "QPV": "quartiers prioritaires",
    "IRIS": "Iris",
}
_DEPARTEMENTS_MONTRES = 8
_NON_LUS_MONTRES = 3


def _console() -> Console:
    return Console(highlight=False, markup=False, soft_wrap=True)


def _nombre(n: int) -> str:
    return f"{n:,}".replace(",", "\u202f")


def avertir(texte: str) -> None:
    """Écrit une phrase sur la sortie des erreurs."""
    sys.stderr.write(f"{texte}\n")


def afficher_fautes(fautes: Sequence[str]) -> None:
    """Montre les ajouts ignorés, et pourquoi."""
    for faute in fautes:
        avertir(faute)


def afficher_examen(
    examen: Reconnaissance, depot: Depot, *, nouveaux: Mapping[str, str] | None = None
) -> None:
    """Montre ce qu'un fichier contient, ce qu'il remplira et ce qui surprend.

    Parameters
    ----------
    nouveaux
        Titre des indicateurs que l'ajout crée, par identifiant.
    """
    libelles = {nom: i.libelle for nom, i in depot.catalogue.items()} | dict(nouveaux or {})
    console = _console()
    console.print(f"{examen.nom}")
    for partie in examen.parties:
        for retrait, texte in _lignes(partie, libelles):
            console.print("  " * retrait + texte)
    for texte in examen.non_lus[:_NON_LUS_MONTRES]:
        console.print(f"  Non lu : {texte}")
    reste = len(examen.non_lus) - _NON_LUS_MONTRES
    if reste > 0:
        console.print(f"  … et {reste} autres tableaux non lus")


def _lignes(partie: Partie, libelles: Mapping[str, str]) -> list[tuple[int, str]]:
    gabarit = partie.gabarit
    niveaux = ", ".join(_NIVEAUX.get(n, n) for n in partie.niveaux)
    lignes = [(1, f"Reconnu : {gabarit.titre} ({gabarit.producteur})")]
    if partie.place:
        lignes.append((2, f"tableau : {partie.place}"))
    lignes.append((2, f"millésime {partie.fichier.millesime} ; {niveaux} ; {_etendue(partie)}"))
    lignes.append(
        (2, f"{_nombre(partie.lignes)} lignes, {_nombre(partie.territoires)} territoires")
    )
    if partie.forme:
        lignes.append((2, "forme : " + ", ".join(partie.forme)))
    lignes.append((2, f"licence {gabarit.licence.id} ; forme connue par : {gabarit.format}"))
    if partie.remplit:
        lignes.append((1, "Remplira :"))
        for nom in partie.remplit:
            libelle = libelles.get(nom, "(indicateur inconnu, non rempli)")
            lignes.append((2, f"{nom} – {libelle}"))
    if partie.remarques:
        lignes.append((1, "À vérifier :"))
        lignes += [(2, remarque) for remarque in partie.remarques]
    return lignes


def _etendue(partie: Partie) -> str:
    codes = partie.departements
    if not codes:
        return "France"
    if len(codes) > _DEPARTEMENTS_MONTRES:
        return f"{len(codes)} départements"
    return f"département{'s' if len(codes) > 1 else ''} {', '.join(codes)}"


def afficher_resultats(resultats: Iterable[Resultat]) -> None:
    """Montre ce qui a été ajouté."""
    console = _console()
    for resultat in resultats:
        if resultat.deja:
            console.print(f"Déjà ajouté, rien n'a changé : {resultat.source}")
        elif resultat.remplace:
            console.print(f"Ajouté : {resultat.source} (le précédent est gardé dans « anciens »)")
        else:
            console.print(f"Ajouté : {resultat.source}")


def afficher_actualisation(actualisation: Actualisation) -> None:
    """Montre ce qu'une récupération a donné."""
    if actualisation.echec:
        avertir(f"{actualisation.titre} : {actualisation.echec} Rien n'a changé.")
        return
    _console().print(actualisation.titre)
    afficher_resultats(actualisation.resultats)
    for remarque in actualisation.remarques:
        avertir(f"À savoir : {remarque}.")


def afficher_controle(controle: Controle) -> None:
    """Montre le résultat du contrôle des empreintes."""
    _console().print(
        f"Fichiers contrôlés : {_nombre(controle.embarques)} embarqués, "
        f"{_nombre(controle.ajoutes)} ajouté{'s' * (controle.ajoutes > 1)} ; "
        f"{len(controle.fautes) or 'aucune'} faute{'s' * (len(controle.fautes) > 1)}."
    )
    afficher_fautes(controle.fautes)


def afficher_gabarits(gabarits: Iterable[Gabarit]) -> None:
    """Montre les fichiers officiels que l'on sait reconnaître."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for entete in ("Gabarit", "Fichier", "Producteur", "Forme", "Indicateurs"):
        table.add_column(entete, overflow="fold")
    for gabarit in sorted(gabarits, key=lambda g: g.id):
        table.add_row(
            gabarit.id,
            gabarit.titre,
            gabarit.producteur,
            gabarit.format,
            str(len(gabarit.remplit)),
        )
    Console(highlight=False, soft_wrap=False).print(table)
