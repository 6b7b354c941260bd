"""Chapitre « L'offre du département » : ce que l'on connaît, de quand, et ce qui est réuni."""

from __future__ import annotations

from collections.abc import Iterator

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
from solidiag.publication.francais import de, formater
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.offre_faits import (
    NIVEAUX_D_OFFRE,
    annees_de,
    avertir,
    lire_acces,
    niveau_d_offre,
    nombre_qualite,
    qualite_de,
    valeur_bornee,
)
from solidiag.publication.rapport.tableaux import nombre_de


def chapitre_offre(matiere: Matiere, cartes: Cartotheque) -> Iterator[Bloc]:
    """Renvoie la synthèse de l'offre : niveaux, dates, qualité, lignes réunies, cartes."""
    yield Titre(
        niveau=1,
        id="offre",
        surtitre="Synthèse de l'offre",
        contenu=(
            matiere.compte("services distincts"),
            Texte(" services distincts recensés, à des dates qui diffèrent"),
        ),
    )
    yield from avertir(matiere)
    yield Paragraphe(
        contenu=(
            Texte("L'inventaire réunit "),
            matiere.compte("lignes de services"),
            Texte(" lignes de sources publiques en "),
            matiere.compte("services distincts"),
            Texte(" services distincts. Il ne contient que ce que ces sources décrivent : un "),
            Texte("service absent de la liste existe peut-être. Chaque ligne garde sa date."),
        )
    )
    yield tableau_offre(matiere, identifiant="tab-offre-domaines")
    yield from _qualite(matiere)
    if not matiere.services.frame.is_empty():
        yield _tableau_categories(matiere)
    yield from cartes.cartes_de_points()
    yield from _reunies_et_fermees(matiere)


def tableau_offre(matiere: Matiere, *, identifiant: str) -> Tableau:
    """Renvoie un domaine par ligne : offre connue, services, dates, temps, public éloigné."""
    rangees = []
    for domaine in matiere.grille.domaines:
        qualite = qualite_de(matiere, domaine.id)
        acces = lire_acces(matiere, domaine.id)
        niveau = niveau_d_offre(matiere, domaine)
        services: Ligne = nombre_qualite(matiere, qualite, "services") if qualite else Absence("L")
        temps = acces.lire(matiere, "temps") if acces else None
        hors = acces.lire(matiere, "part_hors") if acces else None
        seuil: tuple[Ligne, ...] = ()
        if acces is not None and acces.mesure:
            seuil = (Texte(" ("), Mention(f"{acces.seuil} min", "parametre"), Texte(")"))
        rangees.append(
            (
                Cellule(contenu=(Mention(domaine.libelle, "nom"),)),
                Cellule(contenu=(Texte(NIVEAUX_D_OFFRE[niveau]),), classe=niveau),
                Cellule(contenu=(services,)),
                Cellule(contenu=annees_de(acces, qualite)),
                Cellule(contenu=valeur_bornee(matiere, temps)),
                Cellule(contenu=(*valeur_bornee(matiere, hors), *seuil)),
            )
        )
    return Tableau(
        id=identifiant,
        legende=(Texte("Ce que l'on connaît de l'offre, domaine par domaine"),),
        colonnes=(
            Colonne(entete="Domaine", largeur=3.2),
            Colonne(entete="Offre connue", largeur=2),
            Colonne(entete="Services", alignement="droite", largeur=1.2),
            Colonne(entete="Lieux de", largeur=1.2),
            Colonne(entete="Temps jusqu'au plus proche", alignement="droite", largeur=2.2),
            Colonne(entete="Public au-delà du seuil", alignement="droite", largeur=2.4),
        ),
        lignes=tuple(rangees),
        notes=(
            (
                Texte("Temps : celui de la moitié du public, jusqu'au lieu connu le plus proche. "),
                Texte(
                    "Seuil du domaine entre parenthèses. « Lieux de » : année des listes lues ; "
                ),
                Texte("d'autres lieux peuvent exister, certains ont pu fermer. « Non documenté » "),
                Texte("ne veut pas dire sans offre."),
            ),
        ),
        source=(Mention("Sources : voir le chapitre des sources. Calculs Solidiag.", "reference"),),
    )


def _qualite(matiere: Matiere) -> Iterator[Bloc]:
    ensemble = qualite_de(matiere)
    if ensemble is None:
        return
    yield Titre(niveau=2, id="offre-qualite", contenu=(Texte("Ce que valent ces informations"),))
    contenu: list[Ligne] = []
    if ensemble["part_anciens"] is not None:
        contenu += [
            nombre_qualite(matiere, ensemble, "part_anciens", part=True),
            Texte(" des services datés le sont d'avant le délai de mise à jour attendu de leur "),
            Texte("source. "),
        ]
    contenu += [
        Texte("Parmi tous les services, "),
        nombre_qualite(matiere, ensemble, "part_situes_a_la_rue", part=True),
        Texte(" sont situés à la rue, "),
        nombre_qualite(matiere, ensemble, "part_avec_horaires", part=True),
        Texte(" ont des horaires connus, "),
        nombre_qualite(matiere, ensemble, "part_avec_capacite", part=True),
        Texte(" une capacité connue, et "),
        nombre_qualite(matiere, ensemble, "part_confirmes", part=True),
        Texte(" sont décrits par deux sources au moins. Le détail par domaine et par "),
        Texte("intercommunalité est dans le fichier "),
        Mention("qualite_offre.csv", "reference"),
        Texte(", et service par service dans "),
        Mention("qualite_services.csv", "reference"),
        Texte("."),
    ]
    yield Paragraphe(contenu=tuple(contenu))


def _reunies_et_fermees(matiere: Matiere) -> Iterator[Bloc]:
    fermes = 0 if matiere.services_ecartes is None else matiere.services_ecartes.frame.height
    if not matiere.paires and not fermes:
        return
    yield Titre(
        niveau=2, id="offre-doublons", contenu=(Texte("Lignes réunies et services fermés"),)
    )
    if matiere.paires:
        yield Paragraphe(
            contenu=(
                nombre_de(matiere, len(matiere.paires), "paires réunies"),
                Texte(
                    " paires de lignes décrivent le même service et ont été réunies ; la raison "
                ),
                Texte("est donnée pour chacune dans les données ouvertes. La proximité seule ne "),
                Texte("suffit jamais : deux services à la même adresse restent deux."),
            )
        )
    if fermes:
        yield Paragraphe(
            contenu=(
                nombre_de(matiere, fermes, "services fermés"),
                Texte(
                    " services que leur source dit fermés ne sont comptés nulle part"
                    if fermes > 1
                    else " service que sa source dit fermé n'est compté nulle part"
                ),
                Texte(" ; leur liste, avec la raison et la date, est dans le fichier "),
                Mention("services_ecartes.csv", "reference"),
                Texte("."),
            )
        )


def _tableau_categories(matiere: Matiere) -> Tableau:
    services = matiere.services.frame
    distincts = services.unique("groupe", keep="first", maintain_order=True)
    rangees = []
    for (categorie,), groupe in sorted(
        distincts.group_by(["categorie"], maintain_order=True), key=lambda paire: str(paire[0][0])
    ):
        dates = sorted({str(d)[:4] for d in groupe["date_source"] if d})
        periode = dates[0] if len(dates) == 1 else f"{dates[0]} à {dates[-1]}" if dates else ""
        communes = groupe["code_insee"].drop_nulls().n_unique()
        rangees.append(
            (
                Cellule(contenu=(Mention(matiere.libelle_categorie(str(categorie)), "nom"),)),
                Cellule(contenu=(_compte(groupe.height, f"services:{categorie}"),)),
                Cellule(contenu=(_compte(communes, f"communes:{categorie}"),)),
                Cellule(contenu=(Mention(periode, "millesime"),)),
            )
        )
    return Tableau(
        id="tab-categories",
        legende=(Mention(f"Services recensés sur le territoire {de(matiere.departement)}", "nom"),),
        colonnes=(
            Colonne(entete="Catégorie", largeur=4),
            Colonne(entete="Services", alignement="droite", largeur=1.4),
            Colonne(entete="Communes dotées", alignement="droite", largeur=1.6),
            Colonne(entete="Date des sources", largeur=2),
        ),
        lignes=tuple(rangees),
        source=(Mention("Sources : voir le chapitre des sources.", "reference"),),
    )


def _compte(valeur: int, nom: str) -> Nombre:
    return Nombre(formater(valeur, "nombre", decimales=0), Cle(indicateur=nom, table="comptes"))
