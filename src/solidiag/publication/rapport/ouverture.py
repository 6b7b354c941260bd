"""Premiers chapitres : résumé, mandat et méthode, portrait social."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from solidiag.model.territoire import Niveau
from solidiag.publication.document import (
    Bloc,
    Encadre,
    Ligne,
    Liste,
    Mention,
    Paragraphe,
    SautDePage,
    Texte,
    Titre,
)
from solidiag.publication.francais import dans, de
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.cloture import premiers_domaines
from solidiag.publication.rapport.coordination_tables import coordination_saisie
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.graphes import bande_epci, evolution_departement, halteres_epci
from solidiag.publication.rapport.noms import nommer_epci
from solidiag.publication.rapport.phrases import (
    commenter,
    etendue,
    joindre,
    lisibles,
    majuscule,
    nommer,
    paragraphe_indicateur,
    titre_indicateur,
)
from solidiag.publication.rapport.reperes import section_semblables
from solidiag.publication.rapport.tableaux import (
    nombre_de,
    tableau_indicateurs,
    tableau_territoires,
)

_SOCLE_COMMENTE = (
    "ctx_pop",
    "ctx_med_nv",
    "ctx_tx_pauvrete",
    "ctx_d1",
    "ctx_minima",
    "pauv_moins30",
    "pauv_monoparentales",
    "rsa_pop",
    "defm_abc",
    "tx_chomage",
)
_SOCLE_PAR_PARAGRAPHE = 3
_SOCLE_EPCI = (
    "ctx_pop",
    "ctx_med_nv",
    "ctx_tx_pauvrete",
    "pauv_monoparentales",
    "rsa_pop",
    "defm_abc",
)


def titre_portrait(matiere: Matiere, defaut: str) -> tuple[Ligne, ...]:
    """Renvoie le fait principal : la pauvreté du département et son comparateur."""
    indicateur = matiere.indicateurs.get("ctx_tx_pauvrete")
    titre = titre_indicateur(matiere, indicateur) if indicateur else None
    return titre or (Texte(defaut),)


def chapitre_resume(matiere: Matiere, cartes: Cartotheque) -> Iterator[Bloc]:
    """Renvoie le résumé opérationnel."""
    yield Titre(
        niveau=1,
        id="resume",
        surtitre="Résumé opérationnel",
        contenu=titre_portrait(matiere, "Ce que disent les fichiers publics, et ce qu'ils taisent"),
    )
    yield Paragraphe(
        style="chapeau",
        contenu=(
            Texte("Ce document est un brouillon calculé à partir de fichiers publics. "),
            Texte("Chaque chiffre se remonte jusqu'à la ligne du fichier d'où il vient ; "),
            Texte("chaque phrase reste à valider par une personne."),
        ),
    )
    phrases = []
    for identifiant in ("ctx_med_nv", "ctx_tx_pauvrete", "rsa_pop", "defm_abc", "tx_chomage"):
        indicateur = matiere.indicateurs.get(identifiant)
        if indicateur is None:
            continue
        phrase = paragraphe_indicateur(matiere, indicateur, cartes.plume)
        if phrase is not None:
            phrases.append(phrase)
    if phrases:
        yield Titre(niveau=2, id="resume-besoins", contenu=(Texte("Les besoins"),))
        yield Liste(elements=tuple(phrases))
    yield Titre(niveau=2, id="resume-ecarts", contenu=(Texte("Les écarts entre besoin et offre"),))
    yield from _resume_ecarts(matiere)
    yield from premiers_domaines(matiere)
    yield Titre(niveau=2, id="resume-inconnu", contenu=(Texte("Ce que l'on ne sait pas"),))
    yield from _resume_inconnu(matiere)
    figure = cartes.carte_par_id("ctx_tx_pauvrete")
    if figure is not None:
        yield figure


def _resume_ecarts(matiere: Matiere) -> Iterator[Bloc]:
    elements: list[tuple[Ligne, ...]] = []
    table = matiere.ecarts.frame
    for axe in matiere.grille.axes:
        for domaine in matiere.domaines(axe.id):
            tendus = [
                ligne["territoire"]
                for ligne in table.iter_rows(named=True)
                if ligne["domaine"] == domaine.id and ligne["classe"] == "tension"
            ]
            if tendus:
                elements.append(
                    (
                        Mention(f"{domaine.libelle} (axe {axe.numero}) : ", "numero"),
                        Texte("besoin nettement plus élevé et offre nettement plus faible qu'au "),
                        Texte("département, pour "),
                        Mention(nommer_epci(map(matiere.territoire, tendus)), "nom"),
                        Texte("."),
                    )
                )
    if elements:
        yield Liste(elements=tuple(elements))
        return
    yield Paragraphe(
        contenu=(
            Texte(
                "Aucune intercommunalité ne cumule, dans les domaines mesurés, un besoin "
                "nettement plus élevé et une offre nettement plus faible. C'est un constat sur "
                "ce qui est mesuré, pas sur tout ce qui est vécu."
            ),
        )
    )


def _resume_inconnu(matiere: Matiere) -> Iterator[Bloc]:
    portees = Counter(c.portee for c in matiere.croisements.values())
    yield Liste(
        elements=(
            (
                matiere.compte("indicateurs documentés ici"),
                Texte(" indicateurs de besoin se lisent pour ce département, sur les "),
                nombre_de(matiere, len(matiere.grille.indicateurs), "indicateurs de la grille"),
                Texte(" que cherche la grille ; les autres sont à demander à leurs producteurs, "),
                Texte("nommés domaine par domaine."),
            ),
            *_sources_muettes(matiere),
            (
                Texte("Besoin et offre se comparent en volume dans "),
                nombre_de(matiere, portees["volume"], "domaines en volume"),
                Texte(" domaines, par la seule présence de l'offre dans "),
                nombre_de(matiere, portees["presence"], "domaines en présence"),
                Texte(", et ne se comparent pas dans "),
                nombre_de(matiere, portees["aucune"], "domaines sans comparaison"),
                Texte("."),
            ),
            (
                Texte("Aucun entretien, aucun questionnaire et aucun rapport d'exécution n'est "),
                Texte("encore joint : ce brouillon ne dit rien de la qualité de "),
                Texte("l'accompagnement ; de la coordination, il dit "),
                Texte(
                    "ce que des fichiers publics et le classeur rempli déclarent, non ce qu'elle "
                    if coordination_saisie(matiere)
                    else "les dispositifs et les lieux que des fichiers publics donnent, non ce "
                ),
                Texte(
                    "vaut." if coordination_saisie(matiere) else "que les acteurs font ensemble."
                ),
            ),
        )
    )


def _sources_muettes(matiere: Matiere) -> Iterator[tuple[Ligne, ...]]:
    if matiere.comptes["sources qui ne couvrent pas ce département"]:
        yield (
            Texte("Des sources embarquées, "),
            matiere.compte("sources qui ne couvrent pas ce département"),
            Texte(" sur "),
            matiere.compte("sources"),
            Texte(" ne couvrent pas ce département : leurs services et leurs chiffres y sont "),
            Texte("« non documentés », ce qui n'est pas une absence."),
        )


def chapitre_mandat(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie le mandat et la méthode."""
    lieu = de(matiere.departement)
    yield Titre(
        niveau=1,
        id="methode",
        surtitre="Mandat et méthode",
        contenu=(Texte("Des fichiers publics, une même carte, et les silences gardés"),),
    )
    yield Paragraphe(
        contenu=(
            Texte(f"Le diagnostic porte sur le territoire {lieu}, avec "),
            *_composition(matiere),
            Texte("Tout est ramené au code officiel géographique du "),
            Mention("1er janvier 2026", "date"),
            Texte("."),
        )
    )
    yield Titre(niveau=2, id="methode-lire", contenu=(Texte("Comment lire les chiffres"),))
    yield Liste(
        elements=(
            (
                Texte(
                    "« Secret » : le producteur connaît la valeur et la protège. « Non publié » : "
                ),
                Texte("elle n'est pas diffusée à cette échelle. « Non documenté » : la source ne "),
                Texte("couvre pas ce territoire. « Sans objet » : la question ne se pose pas. "),
                Texte("Zéro est une mesure ; aucune de ces absences n'est un zéro."),
            ),
            (
                Texte("Un taux arrondi par le producteur s'écrit comme il l'a publié. « ≤ "),
                Mention("5 %", "parametre"),
                Texte(" » signale un plancher du producteur : la valeur est au plus celle-là."),
            ),
            (
                Texte("Une médiane ou un taux ne s'additionne pas : la valeur d'une "),
                Texte(
                    "intercommunalité est celle du producteur, ou une somme d'effectifs divisée "
                ),
                Texte("par une somme d'effectifs, jamais une moyenne de communes."),
            ),
            (
                Texte("L'intervalle est la marge d'incertitude. Quand il manque, la page de "),
                Texte("l'indicateur dit pourquoi."),
            ),
            (
                Texte("Une phrase en italique, marquée « brouillon calculé », a été écrite par "),
                Texte("une règle à partir des chiffres. Elle attend une validation."),
            ),
        )
    )
    yield Titre(niveau=2, id="methode-comparer", contenu=(Texte("À quoi l'on compare"),))
    yield Paragraphe(
        contenu=(
            Texte("Chaque indicateur est mis en regard de la région "),
            Mention(f"({matiere.region.nom})", "nom"),
            Texte(" et de la France lorsque le producteur, ou une somme d'effectifs, donne leur "),
            Texte(
                "valeur ; sinon la case dit « non publié » ou « non documenté ». Les communes ne "
            ),
            Texte("sont jamais classées entre elles."),
        )
    )
    yield Titre(niveau=2, id="methode-limites", contenu=(Texte("Limites de ce brouillon"),))
    yield Liste(
        elements=(
            (
                Texte(
                    "Les fichiers sont de dates différentes : chaque chiffre porte la sienne, et "
                ),
                Texte("le chapitre des sources signale celles qui ont plus de "),
                Mention("24 mois", "parametre"),
                Texte("."),
            ),
            (
                Texte("Les temps de trajet sont des estimations à vol d'oiseau corrigées d'un "),
                Texte(
                    "détour et d'une vitesse selon la densité, données avec une fourchette ; ce "
                ),
                Texte("ne sont pas des itinéraires."),
            ),
            (
                Texte("Une offre présente n'est pas une offre accessible : horaires, capacité et "),
                Texte("saturation manquent presque partout."),
            ),
        )
    )
    yield from section_semblables(matiere)


def _composition(matiere: Matiere) -> Iterator[Ligne]:
    """Parcourt « ses 327 communes et les 18 intercommunalités qui le touchent… »."""
    une = matiere.comptes["communes"] == 1
    yield Texte("sa seule commune" if une else "ses ")
    if not une:
        yield matiere.compte("communes")
        yield Texte(" communes")
    if matiere.comptes["intercommunalités"] == 1:
        yield Texte(" et la seule intercommunalité qui le touche, entière même quand elle déborde ")
    else:
        yield Texte(" et les ")
        yield matiere.compte("intercommunalités")
        yield Texte(" intercommunalités qui le touchent, entières même quand elles débordent ")
    yield Texte("sur un département voisin. ")


def chapitre_portrait(matiere: Matiere, cartes: Cartotheque) -> Iterator[Bloc]:
    """Renvoie le portrait social : le socle de contexte."""
    socle = [
        matiere.indicateurs[i] for i in matiere.grille.socle_contexte if i in matiere.indicateurs
    ]
    yield Titre(
        niveau=1,
        id="portrait",
        surtitre="Portrait social",
        contenu=_titre_etendue(matiere),
    )
    commentes = [i for i in socle if i.id in _SOCLE_COMMENTE]
    for debut in range(0, len(commentes), _SOCLE_PAR_PARAGRAPHE):
        lot = commentes[debut : debut + _SOCLE_PAR_PARAGRAPHE]
        texte = joindre(commenter(matiere, matiere.departement.id, lot, cartes.plume))
        if texte is not None:
            yield Paragraphe(style="brouillon", contenu=texte)
    for indicateur in socle:
        cartes.dire(indicateur.id)
    yield tableau_indicateurs(
        matiere, socle, identifiant="tab-socle", legende="Le socle de contexte"
    )
    yield SautDePage()
    yield Titre(niveau=2, id="portrait-epci", contenu=(Texte("Les intercommunalités"),))
    yield tableau_territoires(
        matiere,
        [i for i in _SOCLE_EPCI if i in matiere.indicateurs],
        matiere.epci,
        identifiant="tab-epci",
        legende=f"Les intercommunalités {de(matiere.departement)}",
        premiere="Intercommunalité",
    )
    for graphe in (
        bande_epci(matiere, "ctx_tx_pauvrete"),
        halteres_epci(matiere, "ctx_med_nv"),
        evolution_departement(matiere, "ctx_med_nv"),
    ):
        if graphe is not None:
            yield graphe
    for indicateur in socle:
        figure = cartes.carte(indicateur)
        if figure is not None:
            yield figure
    yield from _arrondissements_municipaux(matiere)


def _titre_etendue(matiere: Matiere) -> tuple[Ligne, ...]:
    indicateur = matiere.indicateurs.get("ctx_med_nv")
    bornes = etendue(lisibles(matiere, "ctx_med_nv", matiere.epci)) if indicateur else None
    if indicateur is None or bornes is None:
        return (Texte(f"{majuscule(dans(matiere.departement))}, ce que disent les revenus"),)
    return (
        nommer(indicateur, initiale=True),
        Texte(" va de "),
        matiere.imprimer(bornes[0]),
        Texte(" à "),
        matiere.imprimer(bornes[1]),
        Texte(" selon l'intercommunalité"),
    )


def _arrondissements_municipaux(matiere: Matiere) -> Iterator[Bloc]:
    ids = [
        identifiant
        for identifiant in matiere.referentiel.territoires.filter(
            niveau=Niveau.ARRONDISSEMENT_MUNICIPAL.value
        )["id"]
        if identifiant[4:6] == matiere.departement.code
    ]
    if not ids:
        return
    yield tableau_territoires(
        matiere,
        [i for i in _SOCLE_EPCI if i in matiere.indicateurs],
        sorted(ids),
        identifiant="tab-arrondissements",
        legende="Les arrondissements municipaux",
        premiere="Arrondissement",
    )
    yield Encadre(
        titre="Arrondissements municipaux sans contour",
        genre="avertissement",
        blocs=(
            Paragraphe(
                contenu=(
                    Texte("Les contours embarqués ne décrivent que la commune entière : les "),
                    Texte("arrondissements municipaux sont dans les tableaux, pas sur les cartes."),
                )
            ),
        ),
    )
