"""Graphiques du rapport : bande, évolution, deux dates, rangs."""

from __future__ import annotations

from solidiag.catalogue.indicateur import Indicateur
from solidiag.publication.document import Cle, Figure, Ligne, Mention, Nombre, Texte, texte_brut
from solidiag.publication.francais import UNITES, dans, de, formater, nom_court
from solidiag.publication.graphiques import (
    LigneHaltere,
    LigneRang,
    Mesure,
    PointEvolution,
    Reference,
    SerieEvolution,
    bande,
    evolution,
    haltere,
    rangs,
)
from solidiag.publication.matiere import Matiere, Observe
from solidiag.publication.rapport.accords import accord_de
from solidiag.publication.rapport.phrases import etendue, lisibles, majuscule, sujet
from solidiag.publication.rapport.tableaux import nombre_de, source_de
from solidiag.publication.rapport.tendances import tendance_dite

_SYMBOLES = {"percent": "%", "euro": "€"}
_ANNEES_PLEINES = 4


def _axe(indicateur: Indicateur) -> str:
    unite = UNITES.get(indicateur.unite, indicateur.unite)
    return f"{majuscule(indicateur.libelle_court)}, en {unite}"


def _imprime(matiere: Matiere, observe: Observe) -> str:
    return texte_brut((matiere.imprimer(observe),))


def bande_epci(matiere: Matiere, identifiant: str) -> Figure | None:
    """Renvoie la bande des intercommunalités, avec les références en repères."""
    indicateur = matiere.indicateurs.get(identifiant)
    observes = lisibles(matiere, identifiant, matiere.epci)
    bornes = etendue(observes)
    if indicateur is None or bornes is None:
        return None
    periode = observes[0].periode
    references = []
    for territoire in (matiere.departement.id, matiere.region.id, "FR-FR"):
        observe = matiere.derniere(identifiant, territoire, periode)
        if observe is not None and observe.lisible and observe.value is not None:
            nom = matiere.nom(territoire)
            references.append(
                Reference(nom=nom, valeur=observe.value, texte=_imprime(matiere, observe))
            )
    departement = matiere.derniere(identifiant, matiere.departement.id, periode)
    au_dessus = 0
    legende: tuple[Ligne, ...] = (
        Texte(f"{majuscule(sujet(indicateur))} va de "),
        matiere.imprimer(bornes[0]),
        Texte(" à "),
        matiere.imprimer(bornes[1]),
        Texte(" selon l'intercommunalité"),
    )
    if departement is not None and departement.lisible and departement.value is not None:
        au_dessus = sum(1 for o in observes if o.value and o.value > departement.value)
        legende = (
            nombre_de(matiere, au_dessus, f"au_dessus:{identifiant}"),
            Texte(" intercommunalités sur "),
            nombre_de(matiere, len(observes), f"lues:{identifiant}"),
            Texte(" sont au-dessus de la valeur du département ("),
            matiere.imprimer(departement),
            Texte(")"),
        )
    return Figure(
        id=f"bande-{identifiant}",
        genre="graphique",
        legende=legende,
        sous_titre=(
            Mention(f"{indicateur.libelle}, {periode}. Un point par intercommunalité.", "nom"),
        ),
        svg=bande(
            [(o.territoire, o.value) for o in observes if o.value is not None],
            titre_axe=_axe(indicateur),
            prefixe=f"bande-{identifiant}",
            unite=_SYMBOLES.get(indicateur.unite, ""),
            references=references,
        ),
        alt=f"Graphique en bande : {texte_brut(legende)}.",
        source=source_de(matiere, [identifiant], periode=periode),
        tableau="tab-epci",
        donnees="observations.csv",
    )


def evolution_departement(matiere: Matiere, identifiant: str) -> Figure | None:
    """Renvoie l'évolution d'un indicateur au département et à la France, s'il y a trois dates."""
    indicateur = matiere.indicateurs.get(identifiant)
    if indicateur is None:
        return None
    annuelles = [
        o
        for o in matiere.serie(identifiant, matiere.departement.id)
        if o.lisible and o.value is not None and len(o.periode) == _ANNEES_PLEINES
    ]
    if len(annuelles) < 3:
        return None
    annuelles.sort(key=lambda o: o.periode)
    tendance = matiere.tendance(identifiant, matiere.departement.id)
    apres_rupture = tendance["debut"] if tendance and tendance["rupture"] else ""
    points = tuple(
        PointEvolution(
            periode=o.periode,
            valeur=o.value,
            texte=_imprime(matiere, o),
            rupture=o.status == "B" or o.periode == apres_rupture,
        )
        for o in annuelles
    )
    premiere, derniere = annuelles[0], annuelles[-1]
    legende: tuple[Ligne, ...] = (
        Texte(f"{majuscule(dans(matiere.departement))}, {sujet(indicateur)} est "),
        Texte(f"{accord_de(sujet(indicateur)).adjectif('passé')} de "),
        matiere.imprimer(premiere),
        Texte(" en "),
        Mention(premiere.periode, "millesime"),
        Texte(" à "),
        matiere.imprimer(derniere),
        Texte(" en "),
        Mention(derniere.periode, "millesime"),
        Texte(f" : {tendance_dite(tendance)}" if tendance else ""),
    )
    return Figure(
        id=f"evolution-{identifiant}",
        genre="graphique",
        legende=legende,
        sous_titre=(
            Mention(f"{indicateur.libelle} {de(matiere.departement)}, euros courants.", "nom")
            if indicateur.unite == "euro"
            else Mention(f"{indicateur.libelle} {de(matiere.departement)}.", "nom"),
        ),
        svg=evolution(
            [
                SerieEvolution(
                    id=matiere.departement.id,
                    nom=matiere.departement.nom,
                    points=points,
                    principale=True,
                )
            ],
            titre_axe=_axe(indicateur),
            prefixe=f"evolution-{identifiant}",
            unite=_SYMBOLES.get(indicateur.unite, ""),
        ),
        alt=f"Graphique d'évolution : {texte_brut(legende)}.",
        source=source_de(matiere, [identifiant]),
        tableau=f"serie:{identifiant}",
        donnees="observations.csv",
    )


def halteres_epci(matiere: Matiere, identifiant: str) -> Figure | None:
    """Renvoie les intercommunalités à deux dates, s'il y en a deux qui se lisent."""
    indicateur = matiere.indicateurs.get(identifiant)
    periodes = sorted(
        {o.periode for epci in matiere.epci for o in matiere.serie(identifiant, epci) if o.lisible}
    )
    if indicateur is None or len(periodes) < 2:
        return None
    avant, apres = periodes[-2], periodes[-1]
    ids = [matiere.departement.id, *matiere.epci]
    lignes = tuple(
        LigneHaltere(
            id=t,
            nom=nom_court(matiere.territoire(t)),
            avant=_mesure(matiere, identifiant, t, avant),
            apres=_mesure(matiere, identifiant, t, apres),
            reference=t == matiere.departement.id,
        )
        for t in ids
    )
    paires = [
        (ligne.avant.valeur, ligne.apres.valeur)
        for ligne in lignes[1:]
        if ligne.avant.valeur is not None and ligne.apres.valeur is not None
    ]
    if not paires:
        return None
    hausses = sum(1 for un, autre in paires if autre > un)
    legende: tuple[Ligne, ...] = (
        Texte(f"{majuscule(sujet(indicateur))} est plus élevé en "),
        Mention(apres, "millesime"),
        Texte(" qu'en "),
        Mention(avant, "millesime"),
        Texte(" dans "),
        nombre_de(matiere, hausses, f"hausses:{identifiant}"),
        Texte(" intercommunalités sur "),
        nombre_de(matiere, len(paires), f"deux_dates:{identifiant}"),
    )
    return Figure(
        id=f"haltere-{identifiant}",
        genre="graphique",
        legende=legende,
        sous_titre=(
            Mention(
                f"{indicateur.libelle}, {avant} et {apres}, valeurs publiées, sans test.", "nom"
            ),
        ),
        svg=haltere(
            lignes,
            dates=(avant, apres),
            titre_axe=_axe(indicateur),
            prefixe=f"haltere-{identifiant}",
            unite=_SYMBOLES.get(indicateur.unite, ""),
        ),
        alt=f"Graphique à deux dates : {texte_brut(legende)}.",
        source=source_de(matiere, [identifiant]),
        tableau=f"deux-dates:{identifiant}:{avant}:{apres}",
        donnees="observations.csv",
    )


def _mesure(matiere: Matiere, identifiant: str, territoire: str, periode: str) -> Mesure:
    observe = matiere.derniere(identifiant, territoire, periode)
    if observe is None or not observe.lisible:
        return Mesure(statut=observe.status if observe else "L")
    return Mesure(valeur=observe.value, texte=_imprime(matiere, observe), statut=observe.status)


def graphe_rangs(matiere: Matiere) -> Figure | None:
    """Renvoie le rang des domaines classés et son étendue."""
    axes = {a.id: a.numero for a in matiere.grille.axes}
    domaines = {d.id: d for d in matiere.grille.domaines}
    lignes = [
        LigneRang(
            id=ligne["domaine"],
            nom=domaines[ligne["domaine"]].libelle,
            axe=axes[domaines[ligne["domaine"]].axe],
            rang=ligne["rang"],
            etendue=(ligne["rang_min"], ligne["rang_max"]),
            centrale=(ligne["rang_p05"], ligne["rang_p95"]),
        )
        for ligne in matiere.priorites.frame.sort("rang", nulls_last=True).iter_rows(named=True)
        if ligne["rang"] is not None
    ]
    if not lignes:
        return None
    larges = sum(1 for r in lignes if r.etendue and r.etendue[0] != r.etendue[1])
    legende: tuple[Ligne, ...] = (
        Texte("D'autres poids déplaceraient "),
        Nombre(
            formater(larges, "nombre", decimales=0),
            Cle(indicateur="domaines au rang variable", table="comptes"),
        ),
        Texte(" domaines sur "),
        Nombre(
            formater(len(lignes), "nombre", decimales=0),
            Cle(indicateur="domaines classés", table="comptes"),
        ),
    )
    return Figure(
        id="graphe-rangs",
        genre="graphique",
        legende=legende,
        sous_titre=(
            Texte("Rang à poids égaux, et étendue des rangs quand les poids changent au hasard."),
        ),
        svg=rangs(
            lignes,
            prefixe="graphe-rangs",
            axes={a.numero: a.titre_court for a in matiere.grille.axes},
        ),
        alt=f"Graphique des rangs : {texte_brut(legende)}.",
        source=(Mention("Source : calculs Solidiag.", "reference"),),
        tableau="tab-priorites",
        donnees="ordre.csv",
        theme="ecart",
    )
