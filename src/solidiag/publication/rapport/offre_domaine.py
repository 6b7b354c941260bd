"""L'offre d'un domaine : ce que l'on connaît, l'accès de son public, et ce qui manque."""

from __future__ import annotations

from collections.abc import Iterator

from solidiag.catalogue.grille import Domaine
from solidiag.catalogue.indicateur import MesureOffre
from solidiag.publication.document import (
    Bloc,
    Cellule,
    Colonne,
    Figure,
    Ligne,
    Mention,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import UNITES, enumerer, majuscule
from solidiag.publication.matiere import Matiere, Observe
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.offre_faits import (
    GENRES,
    SILENCES,
    AccesLu,
    intervalle,
    lire_acces,
    trop_incertain,
    valeur_bornee,
)
from solidiag.publication.rapport.offre_services import liste_des_services
from solidiag.publication.rapport.phrases import etendue, lisibles
from solidiag.publication.rapport.silences import formes_offre_muette
from solidiag.publication.rapport.tableaux import nombre_de, source_de, tableau_mesures

_CARTES_PAR_DOMAINE = 2
_ASSEZ_DE_SERVICES = 5
"""Services qui disent leur état, en deçà desquels une part de saturés ne s'imprime pas."""
_LECTURE_DE_L_ACCES = "lecture de l'accès"


def section_offre(matiere: Matiere, domaine: Domaine, cartes: Cartotheque) -> Iterator[Bloc]:
    """Renvoie la partie « L'offre » d'un domaine."""
    mesures = matiere.mesures_de(domaine)
    acces = lire_acces(matiere, domaine.id)
    ajoutes = list(liste_des_services(matiere, domaine))
    yield Titre(niveau=3, id=f"{domaine.id}-offre", contenu=(Texte("L'offre"),))
    if not mesures and not (acces and acces.mesure) and not ajoutes:
        croisement = matiere.croisements.get(domaine.id)
        texte = cartes.plume.ecrire(
            *formes_offre_muette(croisement.detenteur if croisement else "")
        )
        if texte is not None:
            yield Paragraphe(contenu=texte)
    if acces is not None and acces.mesure:
        phrase = cartes.plume.ecrire(*formes_acces(matiere, acces))
        if phrase is not None:
            yield Paragraphe(style="brouillon", contenu=phrase)
    if mesures:
        yield tableau_mesures(matiere, mesures, identifiant=f"tab-{domaine.id}-offre")
    if acces is not None and acces.mesure:
        yield tableau_acces(
            matiere,
            acces,
            identifiant=f"tab-{domaine.id}-acces",
            lecture=not cartes.deja_dit(_LECTURE_DE_L_ACCES),
        )
        cartes.dire(_LECTURE_DE_L_ACCES)
    yield from ajoutes
    yield from manque_d_offre(acces)
    yield from cartes_d_offre(matiere, domaine, acces, cartes)


def formes_acces(matiere: Matiere, acces: AccesLu) -> tuple[tuple[Ligne, ...], ...]:
    """Renvoie les phrases qui disent le temps et la part du public hors de portée, ou rien.

    Chacune nomme ce que l'on compte, et l'année des lieux.
    """
    temps, hors = acces.lire(matiere, "temps"), acces.lire(matiere, "part_hors")
    if temps is None or not temps.lisible or trop_incertain(temps):
        return ()
    public = Mention(acces.public, "nom")
    lieux = acces.comptes
    duree = _bornee(matiere, temps)
    if hors is None or not hors.lisible or trop_incertain(hors):
        return (
            (
                Texte("Pour la moitié du public ("), public, Texte("), le lieu connu le plus "),
                Texte("proche ("), *lieux, Texte(") est à "), *duree, Texte(" ou moins."),
            ),
            (
                Texte("Le lieu connu le plus proche ("), *lieux, Texte(") est à "), *duree,
                Texte(" ou moins pour la moitié du public ("), public, Texte(")."),
            ),
        )  # fmt: skip
    part = valeur_bornee(matiere, hors)
    seuil = Mention(f"{acces.seuil} minutes", "parametre")
    voiture = "en voiture" in str(acces.resume["reserve"])
    return (
        (
            Texte("La moitié du public ("), public, Texte(") est à "), *duree, Texte(" ou moins "),
            Texte("du lieu connu le plus proche ("), *lieux, Texte(") ; part à plus de "), seuil,
            Texte(" : "), *part, Texte("."),
        ),
        (
            Texte("Lieux comptés : "), *lieux, Texte(". Part du public ("), public,
            Texte(") à plus de "), seuil, Texte(" du plus proche : "), *part,
            Texte(". La moitié en est à "), *duree, Texte(" ou moins."),
        ),
        (
            Texte("Le lieu connu le plus proche ("), *lieux, Texte(") est à "), *duree,
            Texte(" ou moins pour la moitié du public ("), public, Texte(") ; au-delà de "),
            seuil, Texte(" : "), *part, Texte(" de ce public."),
        ),
        (
            Texte("Sans aucun des lieux connus ("), *lieux, Texte(") à "), seuil,
            Texte(" ou moins : "), *part, Texte(" du public ("), public,
            Texte("). La moitié de ce public a un lieu à "), *duree, Texte(" ou moins."),
        ),
        (
            Texte("En voiture, la moitié du public (" if voiture else "La moitié du public ("),
            public, Texte(") rejoint un lieu connu ("), *lieux, Texte(") en "), *duree,
            Texte(" ou moins ; il faut plus de "), seuil, Texte(" à une part de ce public : "),
            *part, Texte("."),
        ),
    )  # fmt: skip


def _bornee(matiere: Matiere, observe: Observe) -> tuple[Ligne, ...]:
    return (matiere.imprimer(observe), *intervalle(observe))


def tableau_acces(
    matiere: Matiere, acces: AccesLu, *, identifiant: str, lecture: bool = False
) -> Tableau:
    """Renvoie l'accès d'un domaine : une ligne par mesure documentée, ses silences en note.

    Parameters
    ----------
    lecture
        Dire comment se lisent l'intervalle et l'année des lieux : une fois par rapport suffit.
    """
    rangees = []
    for genre, libelle in GENRES.items():
        declaration = acces.mesures.get(genre)
        observe = acces.lire(matiere, genre)
        if declaration is None or observe is None or not observe.lisible:
            continue
        titre = libelle.format(seuil=acces.seuil, unite=UNITES[declaration.unite])
        rangees.append(
            (
                Cellule(contenu=(Mention(titre, "definition"),)),
                Cellule(contenu=_valeur(matiere, genre, observe)),
                Cellule(contenu=_etendue(matiere, declaration.id, genre)),
            )
        )
    return Tableau(
        id=identifiant,
        legende=(
            Texte("Accès du public ("),
            Mention(acces.public, "nom"),
            Texte(") : "),
            *acces.comptes,
        ),
        colonnes=(
            Colonne(entete="Mesure", largeur=4),
            Colonne(entete=matiere.departement.nom, alignement="droite", largeur=3),
            Colonne(entete="Étendue des intercommunalités", alignement="droite", largeur=2.2),
        ),
        lignes=tuple(rangees),
        notes=tuple(_notes(matiere, acces, lecture=lecture)),
        source=source_de(matiere, [m.id for m in acces.mesures.values()][:1]),
    )


def _valeur(matiere: Matiere, genre: str, observe: Observe) -> tuple[Ligne, ...]:
    """Renvoie la valeur ; sous `_ASSEZ_DE_SERVICES` qui disent leur état, leur compte et non %."""
    if not (genre == "satures" and _trop_peu(observe)):
        return valeur_bornee(matiere, observe)
    dits, tous = observe.n_publies or 0, observe.n_total or 0
    satures = round((observe.value or 0.0) * dits / 100)
    cle = observe.indicateur
    contenu: list[Ligne] = [
        nombre_de(matiere, satures, f"satures:{cle}"),
        Texte(" sur "),
        nombre_de(matiere, dits, f"dits:{cle}"),
    ]
    if tous > dits:
        muets = tous - dits
        contenu += [
            Texte(" ; "),
            nombre_de(matiere, muets, f"muets:{cle}"),
            Texte(" ne disent rien" if muets > 1 else " ne dit rien"),
        ]
    return tuple(contenu)


def _trop_peu(observe: Observe) -> bool:
    return (observe.n_publies or 0) < _ASSEZ_DE_SERVICES


def _etendue(matiere: Matiere, mesure: str, genre: str) -> tuple[Ligne, ...]:
    observes = [o for o in lisibles(matiere, mesure, matiere.epci) if not trop_incertain(o)]
    if genre == "satures":
        observes = [o for o in observes if not _trop_peu(o)]
    bornes = etendue(observes)
    if bornes is None:
        return (Texte("–"),)
    return (matiere.imprimer(bornes[0]), Texte(" à "), matiere.imprimer(bornes[1]))


def _notes(matiere: Matiere, acces: AccesLu, *, lecture: bool) -> Iterator[tuple[Ligne, ...]]:
    if lecture:
        yield (
            Texte("Entre crochets, la fourchette qui vient de l'incertitude des trajets, du "),
            Texte("besoin et de la capacité. Tout se lit d'après les lieux connus : d'autres "),
            Texte("lieux peuvent exister, certains ont pu fermer. Une fourchette trop large "),
            Texte("s'écrit seule ; « trop incertain » : elle couvre presque tout."),
        )
    reserve = str(acces.resume["reserve"]).removeprefix(f"Public : {acces.resume['public']}. ")
    yield (Mention(reserve, "definition"),)
    ouverts = _ouvertures(matiere, acces)
    if ouverts:
        yield ouverts
    muets = silences(matiere, acces)
    if muets:
        yield (Texte(f"Non documenté : {enumerer(muets)}."),)


def _ouvertures(matiere: Matiere, acces: AccesLu) -> tuple[Ligne, ...]:
    """Renvoie « Connus pour ouvrir le samedi : 1 service sur 3. », ou rien."""
    contenu: list[Ligne] = []
    for genre in ("samedi", "soir"):
        connus = int(acces.resume.get(genre) or 0)
        observe = acces.lire(matiere, genre)
        if not connus or (observe is not None and observe.lisible):
            continue
        contenu += [
            Texte(f"{' ' if contenu else ''}Connus pour ouvrir le {genre} : "),
            nombre_de(matiere, connus, f"{genre}:{acces.domaine}"),
            Texte(" services sur " if connus > 1 else " service sur "),
            nombre_de(matiere, int(acces.resume["lieux"]), f"lieux:{acces.domaine}"),
            Texte("."),
        ]
    return tuple(contenu)


def silences(matiere: Matiere, acces: AccesLu) -> list[str]:
    """Renvoie ce que les sources ne disent pas de l'accès d'un domaine."""
    muets = []
    for genre, nom in SILENCES.items():
        observe = acces.lire(matiere, genre)
        if (observe is None or not observe.lisible) and not acces.resume.get(genre):
            muets.append(nom)
    return muets


def manque_d_offre(acces: AccesLu | None) -> Iterator[Bloc]:
    """Renvoie ce qui manque pour connaître l'offre d'un domaine, et qui le détient."""
    if acces is None:
        return
    contenu: list[Ligne] = []
    if acces.resume["etat"] == "non_mesure":
        contenu += [
            Texte("L'accès n'est pas mesuré : "),
            Mention(str(acces.resume["raison"]), "definition"),
            Texte(". "),
        ]
    elif not acces.mesure:
        contenu += [
            Texte("Aucun lieu de ce domaine n'est connu des sources, ce qui ne prouve pas qu'il "),
            Texte("n'y en a pas : l'accès est non documenté. "),
        ]
    elif not acces.en_avant:
        contenu += [Mention(f"{majuscule(str(acces.resume['raison']))}. ", "definition")]
    if acces.resume.get("liste_partielle"):
        contenu += [
            Texte("Connus par un annuaire ou une saisie, sans liste complète : "),
            Mention(str(acces.resume["liste_partielle"]), "nom"),
            Texte(". "),
        ]
    if acces.resume["sans_source"]:
        contenu += [
            Texte("Non compté, aucune liste ni saisie ici : "),
            Mention(str(acces.resume["sans_source"]), "nom"),
            Texte(". "),
        ]
    if acces.resume["manque"]:
        contenu += [
            Texte("À demander pour connaître l'offre : "),
            Mention(str(acces.resume["manque"]), "definition"),
        ]
        if acces.resume["detenteur"]:
            contenu += [
                Texte(" (qui les détient : "),
                Mention(str(acces.resume["detenteur"]), "nom"),
                Texte(")"),
            ]
        contenu.append(Texte("."))
    if contenu:
        yield Paragraphe(style="note", contenu=tuple(contenu))


def _categories(mesure: MesureOffre | None) -> frozenset[str]:
    return frozenset(mesure.selection.get("categories", ())) if mesure else frozenset()


def cartes_d_offre(
    matiere: Matiere, domaine: Domaine, acces: AccesLu | None, cartes: Cartotheque
) -> Iterator[Figure]:
    """Parcourt les cartes d'un domaine : lieux ou volumes, temps, capacité à portée.

    Les lieux dont l'accès est mesuré passent avant les autres.
    """
    comptees = _categories(acces.mesures.get("temps")) if acces else frozenset()
    mesures = sorted(matiere.mesures_de(domaine), key=lambda m: not (_categories(m) & comptees))
    temps = cartes.carte_temps(acces.mesures.get("temps")) if acces else None
    place = _CARTES_PAR_DOMAINE - (temps is not None)
    for mesure in mesures:
        if not place:
            break
        figure = cartes.carte_offre(mesure)
        if figure is not None:
            place -= 1
            yield figure
    if temps is not None:
        yield temps
    if acces is not None and "capacite" in acces.mesures:
        capacite = cartes.carte_capacite(acces.mesures["capacite"])
        if capacite is not None:
            yield capacite
