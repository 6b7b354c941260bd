"""Textes par règle à relire : ``python -m solidiag.pipeline.relecture docs/relecture [JOUR]``.

Une page par territoire : toutes les phrases qu'une règle tire des chiffres, pour un département,
une intercommunalité ou une commune. On les lit, on corrige la règle, on recommence.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from solidiag.pipeline.calculs import charger_referentiel, preparer
from solidiag.pipeline.comparaisons import comparer_diagnostic
from solidiag.pipeline.suivi import Muet
from solidiag.publication.document import Encadre, Liste, Paragraphe, Titre, parcourir, texte_brut
from solidiag.publication.francais import avec_niveau, majuscule, nom_long, typographier
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.construire import construire_rapport
from solidiag.publication.rapport.gabarits import (
    STYLES_COMPTES,
    Plume,
    compter_gabarits,
    masque_de,
)
from solidiag.publication.rapport.phrases import commenter, joindre
from solidiag.storage.cache import Cache, dossier_de_cache
from solidiag.storage.depot import Depot

TERRITOIRES: Mapping[str, Sequence[str]] = {
    "40": ("EPCI-244000808", "EPCI-244000675", "COM-40192", "COM-40046"),
    "33": ("EPCI-243300316", "COM-33063"),
    "2A": ("EPCI-242010056", "COM-2A004", "COM-2A158"),
    "75": ("EPCI-200054781",),
    "974": ("EPCI-249740119", "COM-97411"),
    "59": ("EPCI-200093201", "COM-59350"),
}
"""Territoires relus : six départements, et ce qu'ils ont de plus différent."""

_PAR_PARAGRAPHE = 4


def ecrire(dossier: Path, *, jour: date, depot: Depot | None = None) -> list[Path]:
    """Écrit les pages et renvoie leurs chemins.

    Parameters
    ----------
    jour
        Date écrite en tête de chaque page.
    """
    depot = depot or Depot.embarque()
    referentiel = charger_referentiel(depot)
    dossier.mkdir(parents=True, exist_ok=True)
    ecrits = []
    for departement, autres in TERRITOIRES.items():
        matiere = preparer(
            departement,
            depot=depot,
            cache=Cache(dossier_de_cache()),
            suivi=Muet(),
            jour=jour,
            referentiel=referentiel,
        )
        textes = {matiere.departement.id: page_du_departement(matiere)}
        for identifiant in autres:
            textes[identifiant] = page_du_territoire(matiere, identifiant, depot=depot)
        for identifiant, texte in textes.items():
            chemin = dossier / f"{identifiant}.md"
            chemin.write_text(texte, encoding="utf-8")
            ecrits.append(chemin)
    return ecrits


def _entete(matiere: Matiere, identifiant: str) -> list[str]:
    territoire = matiere.territoire(identifiant)
    lignes = [
        f"# {majuscule(nom_long(territoire))}\n",
        f"Texte par règle, produit le {matiere.date.strftime('%d/%m/%Y')} pour "
        f"{avec_niveau(territoire)}.\n"
        "Brouillon : des phrases calculées, relues pour leur français, qu'aucune personne n'a "
        "validées quant au fond.\n",
    ]
    return [ligne.replace("'", "’") for ligne in lignes]


def page_du_departement(matiere: Matiere) -> str:
    """Renvoie tous les paragraphes calculés du rapport d'un département, titres compris."""
    document = construire_rapport(matiere)
    lignes = _entete(matiere, matiere.departement.id)
    for bloc in parcourir(document.blocs):
        if isinstance(bloc, Titre):
            surtitre = f"{bloc.surtitre} – " if bloc.surtitre else ""
            lignes.append(f"{'#' * (bloc.niveau + 1)} {surtitre}{texte_brut(bloc.contenu)}\n")
        elif isinstance(bloc, Paragraphe) and bloc.style in STYLES_COMPTES:
            lignes.append(f"{texte_brut(bloc.contenu)}\n")
        elif isinstance(bloc, Encadre):
            lignes.append(f"*{bloc.titre}*\n")
        elif isinstance(bloc, Liste):
            lignes.append("\n".join(f"- {texte_brut(e)}" for e in bloc.elements) + "\n")
    plus_frequent = compter_gabarits(document, masque_de(matiere)).most_common(1)
    lignes += [f"<!-- gabarit le plus fréquent : {n} fois -->" for _, n in plus_frequent]
    return "\n".join(lignes).rstrip() + "\n"


def page_du_territoire(matiere: Matiere, identifiant: str, *, depot: Depot) -> str:
    """Renvoie les phrases d'une intercommunalité ou d'une commune, domaine par domaine."""
    lue = comparer_un(matiere, identifiant, depot=depot)
    plume = Plume(masque_de(lue))
    lignes = _entete(lue, identifiant)
    for titre, texte in _par_domaine(lue, identifiant, plume):
        lignes += [f"## {titre}\n", f"{texte}\n"]
    return "\n".join(lignes).rstrip() + "\n"


def comparer_un(matiere: Matiere, identifiant: str, *, depot: Depot) -> Matiere:
    """Renvoie la matière avec les comparaisons et tendances d'un territoire de plus.

    Une intercommunalité du département les a déjà ; une commune est comparée seule, ses tests
    ajustés entre eux.
    """
    if identifiant in (matiere.departement.id, *matiere.epci) or matiere.semblables is None:
        return matiere
    comparees = comparer_diagnostic(
        matiere.observations.frame,
        matiere.semblables.frame,
        depot=depot,
        referentiel=matiere.referentiel,
        departement="",
        territoires=[identifiant],
        origines=matiere.origines,
    )
    return replace(matiere, comparaisons=comparees.comparaisons, tendances=comparees.tendances)


def _par_domaine(matiere: Matiere, identifiant: str, plume: Plume) -> Iterator[tuple[str, str]]:
    dits: set[str] = set()
    socle = [i for i in matiere.grille.socle_contexte if i in matiere.indicateurs]
    lots = [("Contexte", socle)]
    lots += [(d.libelle, matiere.lectures_de(d)) for d in matiere.grille.domaines]
    for titre, ids in lots:
        nouveaux = [matiere.indicateurs[i] for i in ids if i not in dits]
        dits.update(ids)
        paragraphes = []
        for debut in range(0, len(nouveaux), _PAR_PARAGRAPHE):
            lot = nouveaux[debut : debut + _PAR_PARAGRAPHE]
            contenu = joindre(commenter(matiere, identifiant, lot, plume))
            if contenu is not None:
                paragraphes.append(typographier(texte_brut(contenu)).replace("'", "’"))
        if paragraphes:
            yield typographier(titre).replace("'", "’"), "\n\n".join(paragraphes)


if __name__ == "__main__":
    sortie = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/relecture")
    jour_dit = date.fromisoformat(sys.argv[2]) if len(sys.argv) > 2 else date.today()  # noqa: DTZ011
    ecrire(sortie, jour=jour_dit)
