"""Tableaux des types de territoires : profils, composition, choix du nombre, liste."""

from __future__ import annotations

from typing import Any, Final

from solidiag.besoins.types_modele import TypesDeTerritoires, Typologie
from solidiag.publication.document import (
    Absence,
    Cellule,
    Cle,
    Colonne,
    Ligne,
    Mention,
    Nombre,
    Tableau,
    Texte,
    texte_brut,
)
from solidiag.publication.francais import formater
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.tableaux import source_de

_PLURIELS: Final = {"COM": "communes", "EPCI": "intercommunalités"}
_PREMIERES: Final = {"COM": "Commune", "EPCI": "Intercommunalité"}


def nombre_de_type(matiere: Matiere, valeur: float, nom: str, *, decimales: int = 0) -> Nombre:
    """Renvoie un chiffre de la typologie, avec sa clé."""
    return Nombre(
        formater(valeur, "ratio", decimales=decimales),
        Cle(indicateur=nom, territoire=matiere.departement.id, table="types"),
    )


def part_de_type(matiere: Matiere, part: float, nom: str) -> Nombre:
    """Renvoie une part (0 à 1) en pourcentage, avec sa clé."""
    return Nombre(
        formater(100 * part, "percent", decimales=0),
        Cle(indicateur=nom, territoire=matiere.departement.id, champ="part", table="types"),
    )


def _degre(profil: dict[str, Any], types: TypesDeTerritoires) -> str:
    """Renvoie le mot d'un écart : rien s'il n'est pas marqué."""
    test, ecart = profil["valeur_test"], profil["ecart"]
    if test is None or ecart is None or abs(test) < types.parametres["valeur_test"]:
        return ""
    mot = "au-dessus" if ecart > 0 else "au-dessous"
    return f"nettement {mot}" if abs(ecart) >= types.parametres["ecart_net"] else f"un peu {mot}"


def tableau_profils(matiere: Matiere, types: TypesDeTerritoires, typologie: Typologie) -> Tableau:
    """Renvoie les types en colonnes et les indicateurs en lignes : médiane et écart dit."""
    niveau = typologie.niveau
    pluriel = _PLURIELS[niveau]
    profils: dict[tuple[str, str], dict[str, Any]] = {
        (p["indicateur"], p["type"]): p
        for p in types.profils.frame.filter(niveau=niveau).iter_rows(named=True)
    }
    periodes = {**typologie.lus.actifs, **typologie.lus.illustratifs}
    rangees = [_rangee_effectifs(matiere, typologie), _rangee_parts(matiere, typologie)]
    for indicateur, periode in periodes.items():
        declaration = matiere.indicateurs[indicateur]
        suite = "" if indicateur in typologie.lus.actifs else " *"
        decimales = matiere.decimales(indicateur, periode, niveau)
        ensemble = profils[indicateur, typologie.types[0].lettre]
        cellules = [
            Cellule(contenu=(Mention(f"{declaration.libelle_court} ({periode}){suite}", "nom"),)),
            Cellule(
                contenu=_mediane(
                    ensemble["mediane_ensemble"],
                    declaration.unite,
                    decimales,
                    Cle(
                        indicateur=indicateur,
                        periode=periode,
                        champ=f"mediane:{niveau}",
                        table="types",
                    ),
                )
            ),
        ]
        for decrit in typologie.types:
            profil = profils[indicateur, decrit.lettre]
            degre = _degre(profil, types)
            valeur = _mediane(
                profil["mediane"],
                declaration.unite,
                decimales,
                Cle(
                    indicateur=indicateur,
                    periode=periode,
                    champ=f"mediane:{niveau}:{decrit.lettre}",
                    table="types",
                ),
            )
            memes = texte_brut(valeur) == texte_brut(cellules[1].contenu)
            dit: tuple[Ligne, ...] = (Texte(f" – {degre}"),) if degre and not memes else ()
            cellules.append(Cellule(contenu=(*valeur, *dit)))
        rangees.append(tuple(cellules))
    return Tableau(
        id=f"tab-types-{niveau.lower()}",
        legende=(
            Texte(f"Ce qui distingue chaque type : médiane des {pluriel} et écart à l'ensemble"),
        ),
        colonnes=(
            Colonne(entete="Indicateur", largeur=3.2),
            Colonne(entete="Ensemble", alignement="droite", largeur=1.3),
            *(
                Colonne(entete=f"Type {t.lettre}", alignement="droite", largeur=2)
                for t in typologie.types
            ),
        ),
        lignes=tuple(rangees),
        notes=(
            (
                Texte(
                    f"La moitié des {pluriel} du type sont au-dessus de la médiane : ce n'est pas "
                    "le taux du groupe. * Indicateur qui n'a pas servi à former les types."
                ),
            ),
        ),
        source=source_de(matiere, list(periodes)),
        paysage=len(typologie.types) > 4,
    )


def _mediane(
    valeur: float | None, unite: str, decimales: int | None, cle: Cle
) -> tuple[Ligne, ...]:
    if valeur is None:
        return (Absence("O"),)
    return (Nombre(formater(valeur, unite, decimales=decimales), cle),)


def _rangee_effectifs(matiere: Matiere, typologie: Typologie) -> tuple[Cellule, ...]:
    niveau = typologie.niveau
    return (
        Cellule(
            contenu=(
                Texte("Nombre de communes" if niveau == "COM" else "Nombre d'intercommunalités"),
            )
        ),
        Cellule(contenu=(nombre_de_type(matiere, typologie.n_complets, f"{niveau}:complets"),)),
        *(
            Cellule(contenu=(nombre_de_type(matiere, len(t.territoires), f"{niveau}:{t.lettre}"),))
            for t in typologie.types
        ),
    )


def _rangee_parts(matiere: Matiere, typologie: Typologie) -> tuple[Cellule, ...]:
    niveau = typologie.niveau
    return (
        Cellule(contenu=(Texte("Part des habitants"),)),
        Cellule(contenu=(part_de_type(matiere, 1.0, f"{niveau}:ensemble"),)),
        *(
            Cellule(
                contenu=(part_de_type(matiere, t.part_population, f"{niveau}:{t.lettre}:part"),)
            )
            for t in typologie.types
        ),
    )


def tableau_composition(matiere: Matiere, typologie: Typologie) -> Tableau:
    """Renvoie, par intercommunalité, la part des habitants dans chaque type de communes."""
    epci_de = dict(matiere.referentiel.communes.select("code", "epci").iter_rows())
    type_de = {t: d.lettre for d in typologie.types for t in d.territoires}
    lettres = [d.lettre for d in typologie.types]
    populations: dict[str, dict[str, int]] = {e: {} for e in matiere.epci}
    for commune in matiere.communes:
        epci = f"EPCI-{epci_de.get(commune.partition('-')[2])}"
        if epci in populations:
            lettre = type_de.get(commune, "")
            habitants = int(matiere.referentiel.populations.get(commune) or 0)
            populations[epci][lettre] = populations[epci].get(lettre, 0) + habitants
    rangees = []
    for epci in matiere.epci:
        total = sum(populations[epci].values())
        cellules = [Cellule(contenu=(Mention(matiere.nom(epci), "nom"),))]
        for lettre in (*lettres, ""):
            part = populations[epci].get(lettre, 0) / total if total else 0.0
            nombre = part_de_type(matiere, part, f"composition:{epci}:{lettre or 'sans'}")
            cellules.append(Cellule(contenu=(nombre,)))
        rangees.append(tuple(cellules))
    return Tableau(
        id="tab-types-composition",
        legende=(Texte("Les habitants de chaque intercommunalité, selon le type de leur commune"),),
        colonnes=(
            Colonne(entete="Intercommunalité", largeur=3.4),
            *(Colonne(entete=f"Type {x}", alignement="droite", largeur=1) for x in lettres),
            Colonne(entete="Sans type", alignement="droite", largeur=1),
        ),
        lignes=tuple(rangees),
        notes=((Texte("Communes du département seulement, population municipale."),),),
        source=(
            Mention(
                "Source : Insee, populations municipales, et les sources des types de communes. "
                "Calculs Solidiag.",
                "reference",
            ),
        ),
    )


def tableau_choix(matiere: Matiere, typologie: Typologie) -> Tableau:
    """Renvoie les partages essayés et ce qui les départage."""
    niveau = typologie.niveau
    retenu = typologie.retenue.nombre if typologie.retenue else 0
    rangees = []
    for p in typologie.partitions:
        base = f"{niveau}:partage:{p.nombre}"
        rangees.append(
            (
                Cellule(contenu=(Mention(f"{p.nombre} types", "parametre"),)),
                Cellule(
                    contenu=(nombre_de_type(matiere, p.quotient, f"{base}:quotient", decimales=2),)
                ),
                Cellule(
                    contenu=(
                        nombre_de_type(matiere, p.silhouette, f"{base}:silhouette", decimales=2),
                    )
                ),
                Cellule(
                    contenu=(
                        nombre_de_type(
                            matiere, min(p.stabilites), f"{base}:stabilite", decimales=2
                        ),
                    )
                ),
                Cellule(contenu=(nombre_de_type(matiere, p.effectif_minimal, f"{base}:effectif"),)),
                Cellule(contenu=(Texte("retenu" if p.nombre == retenu else "écarté"),)),
            )
        )
    return Tableau(
        id=f"tab-types-choix-{niveau.lower()}",
        legende=(Texte("Les partages comparés"),),
        colonnes=(
            Colonne(entete="Partage", largeur=1.2),
            Colonne(
                entete="Inertie interne, rapportée au partage précédent",
                alignement="droite",
                largeur=2.2,
            ),
            Colonne(entete="Silhouette moyenne", alignement="droite", largeur=1.4),
            Colonne(entete="Stabilité du type le moins stable", alignement="droite", largeur=1.8),
            Colonne(entete="Plus petit type", alignement="droite", largeur=1.2),
            Colonne(entete="Suite", largeur=1),
        ),
        lignes=tuple(rangees),
        notes=(
            (
                Texte(
                    "Inertie interne : plus elle est basse, plus le dernier partage a séparé. "
                    "Silhouette : d'un contraire (moins un) à des types bien séparés (un)."
                ),
            ),
        ),
        source=(Mention("Source : calculs Solidiag.", "reference"),),
    )


def tableau_des_territoires(matiere: Matiere, niveau: str, identifiant: str) -> Tableau:
    """Renvoie la liste des territoires d'un niveau avec leur type, par nom."""
    types = matiere.types
    lignes = types.table.frame.filter(niveau=niveau) if types is not None else None
    connus = (
        {x["territoire"]: x for x in lignes.iter_rows(named=True)} if lignes is not None else {}
    )
    ids = matiere.communes if niveau == "COM" else matiere.epci
    return Tableau(
        id=identifiant,
        legende=(Texte(f"Le type de chaque territoire ({_PLURIELS[niveau]})"),),
        colonnes=(
            Colonne(entete=_PREMIERES[niveau], largeur=3),
            Colonne(entete="Type", largeur=1),
            Colonne(entete="Type voisin", largeur=1),
            Colonne(entete="Ce qui manque", largeur=3),
        ),
        lignes=tuple(_rangee_territoire(matiere, t, connus.get(t)) for t in ids),
        source=(Mention("Source : calculs Solidiag.", "reference"),),
    )


def _rangee_territoire(
    matiere: Matiere, territoire: str, ligne: dict[str, Any] | None
) -> tuple[Cellule, ...]:
    nom = Cellule(contenu=(Mention(matiere.nom(territoire), "nom"),))
    if ligne is None or ligne["type"] is None:
        statut, motif = (ligne["statut"], ligne["motif"] or "") if ligne else ("L", "")
        return (
            nom,
            Cellule(contenu=(Absence(statut),)),
            Cellule(),
            Cellule(contenu=(Mention(motif, "definition"),)),
        )
    return (
        nom,
        Cellule(contenu=(Texte(ligne["type"]),)),
        Cellule(contenu=(Texte(ligne["type_voisin"]),)),
        Cellule(),
    )


def tableau_des_regroupements(matiere: Matiere, identifiant: str, noms: dict[str, str]) -> Tableau:
    """Renvoie les communes de chaque regroupement de voisines."""
    regroupements = matiere.types.regroupements if matiere.types is not None else None
    communes = regroupements.communes if regroupements is not None else {}
    rangees = [
        (
            Cellule(contenu=(Mention(matiere.nom(t), "nom"),)),
            Cellule(contenu=(Texte(noms[regroupement]),)),
        )
        for regroupement, membres in communes.items()
        for t in sorted(membres, key=matiere.nom)
    ]
    return Tableau(
        id=identifiant,
        legende=(Texte("Les communes qui se distinguent avec leurs voisines, ou d'elles"),),
        colonnes=(
            Colonne(entete="Commune", largeur=2),
            Colonne(entete="Indice composite, le sien et celui des voisines", largeur=4),
        ),
        lignes=tuple(rangees),
        source=(Mention("Source : calculs Solidiag.", "reference"),),
    )
