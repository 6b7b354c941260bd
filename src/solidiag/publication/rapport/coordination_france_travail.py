"""La coordination avec France Travail : agences, liens et parcours d'accompagnement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from solidiag.offre.coordination.france_travail import etat_des_etapes
from solidiag.publication.document import (
    Bloc,
    Cellule,
    Colonne,
    Encadre,
    Ligne,
    Mention,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.rapport.coordination_tables import Coordination, majuscule

ETAPES: dict[str, str] = {
    "orientation": "orientation",
    "diagnostic": "diagnostic",
    "referent": "référent",
    "suivi": "suivi",
}
"""Étapes du parcours avec France Travail, dans l'ordre."""

ETATS: dict[str, str] = {"etabli": "déclaré", "absent": "absent", "inconnu": "inconnu"}
MARQUES: dict[str, str] = {"etabli": "oui", "absent": "non", "inconnu": "?"}
"""Écriture courte des états, pour des colonnes étroites ; une note les dit en entier."""


def section_france_travail(tables: Coordination) -> Iterator[Bloc]:
    """Renvoie la section de France Travail, ou rien si elle n'est pas calculée."""
    lignes = {ligne["territoire"]: ligne for ligne in tables.lignes("france_travail")}
    if not lignes:
        return
    yield Titre(niveau=2, id="coordination-france-travail", contenu=(Texte("Avec France Travail"),))
    # La règle du calcul : une absence écrite l'emporte, et le premier maillon s'y accorde.
    parcours = etat_des_etapes(tables.table("parcours"))
    decrits = any(etat != "inconnu" for etapes in parcours.values() for etat in etapes.values())
    colonnes = [
        Colonne(entete="Territoire", largeur=2.6),
        Colonne(entete="Agences inscrites", alignement="droite", largeur=1.3),
        Colonne(entete="Liens trouvés", alignement="droite", largeur=1.2),
    ]
    if decrits:
        colonnes += [
            Colonne(entete=majuscule(e), alignement="centre", largeur=1.5) for e in ETAPES.values()
        ]
        colonnes.append(Colonne(entete="Premier maillon à établir", largeur=1.9))
    departement = tables.matiere.departement.id
    territoires = [
        t
        for t in (departement, *tables.matiere.epci)
        if t in lignes
        and (decrits or t == departement or lignes[t]["agences"] or lignes[t]["liens"])
    ]
    yield Tableau(
        id="tab-france-travail",
        legende=(Texte("Agences, liens et parcours d'accompagnement"),),
        colonnes=tuple(colonnes),
        lignes=tuple(
            _territoire_ft(tables, t, lignes[t], parcours.get(t, {}), decrits=decrits)
            for t in territoires
        ),
        notes=(
            *_dates(lignes.values()),
            *(((Texte(_SANS_AGENCE),),) if len(territoires) < len(lignes) else ()),
            *(_legende(tables) if decrits else ((Texte(_PARCOURS_INCONNU),),)),
        ),
    )
    yield Encadre(
        titre="Ce qu'il faut demander pour décrire le parcours",
        genre="methode",
        blocs=(
            Paragraphe(
                contenu=(
                    Texte("Par territoire : qui oriente et en combien de jours ; qui fait le "),
                    Texte(
                        "diagnostic, et s'il est partagé ; qui est le référent ; qui suit, et à "
                    ),
                    Texte("quel rythme. Le classeur de coordination a une ligne par étape. Les "),
                    Texte("questions propres à chaque domaine sont dans son chapitre."),
                )
            ),
        ),
    )


def _dates(lignes: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Ligne, ...]]:
    """Renvoie la date de la liste des agences, si elle est connue."""
    date = max((ligne["date_source"] or "" for ligne in lignes), default="")
    if date:
        dite = Mention("/".join(reversed(date.split("-"))), "date")
        yield (Texte("Agences : la source la plus récente est datée de "), dite, Texte("."))


def _legende(tables: Coordination) -> tuple[tuple[Ligne, ...], ...]:
    """Renvoie la note des marques, et d'où les étapes se savent."""
    dites = [ligne for ligne in tables.lignes("parcours") if ligne["provenance"] == "gabarit"]
    origines = sorted({tables.d_ou(ligne).texte for ligne in dites})
    return (
        (
            Texte(
                "Étapes du parcours : « oui » déclarée établie, « non » déclarée absente, « ? » "
            ),
            Texte("inconnue"),
            *((Texte(", "), Mention(", ".join(origines), "date")) if origines else ()),
            Texte("."),
        ),
    )


_SANS_AGENCE = (
    "Les intercommunalités absentes du tableau n'ont ni agence inscrite ni lien trouvé ; les "
    "permanences et les points d'accueil ne sont pas dans ces sources."
)
_PARCOURS_INCONNU = (
    "Orientation, diagnostic, référent, suivi : les quatre étapes du parcours sont inconnues dans "
    "tous les territoires, faute de source réunie."
)


def _territoire_ft(
    tables: Coordination,
    territoire: str,
    ligne: Mapping[str, Any],
    etapes: Mapping[str, str],
    *,
    decrits: bool,
) -> tuple[Cellule, ...]:
    cellules = [
        Cellule(contenu=(Mention(tables.matiere.nom(territoire), "nom"),)),
        Cellule(contenu=(tables.nombre(ligne["agences"], "agences", territoire=territoire),)),
        Cellule(contenu=(tables.nombre(ligne["liens"], "liens_ft", territoire=territoire),)),
    ]
    if decrits:
        etats = [etapes.get(etape, "inconnu") for etape in ETAPES]
        cellules += [Cellule(contenu=(Texte(MARQUES.get(etat, etat)),)) for etat in etats]
        maillon = ligne["maillon"]
        etat = ETATS.get(ligne["maillon_etat"], ligne["maillon_etat"])
        dit = f"{ETAPES.get(maillon, maillon)} ({etat})" if maillon else "aucun"
        cellules.append(Cellule(contenu=(Texte(dit),)))
    return tuple(cellules)
