"""Synthèse de l'offre, qui se lit seule : messages, trente domaines, cartes, ce qui manque."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from solidiag.catalogue.grille import Domaine
from solidiag.publication.document import (
    Bloc,
    Cellule,
    Colonne,
    Document,
    Figure,
    Ligne,
    Liste,
    Mention,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import dans, de, majuscule
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.figures import Cartotheque
from solidiag.publication.rapport.offre_faits import (
    NIVEAUX_D_OFFRE,
    AccesLu,
    CoordinationLue,
    annees_de,
    avertir,
    confiances,
    dates_en_clair,
    lire_acces,
    lire_coordination,
    mention_de,
    niveau_d_offre,
    nombre_coordination,
    nombre_qualite,
    qualite_de,
    trop_incertain,
    valeur_bornee,
)
from solidiag.publication.rapport.tableaux import nombre_de
from solidiag.publication.typographie import soigner_document

_CARTES = 3
_LARGEUR_CARTE_CM = 12.0
_HAUTEUR_CARTE_CM = 8.5
_DOMAINES_CITES = 3

_MESSAGES_DE_NIVEAU = {
    "volume": "des places ou un volume sont connus",
    "lieux": "des lieux sont connus, sans volume",
    "indirecte": "l'offre n'est mesurée qu'indirectement",
    "inconnue": "l'offre n'est pas documentée",
}


def construire_synthese_offre(matiere: Matiere) -> Document:
    """Renvoie la synthèse de l'offre d'un département, prête pour tout format."""
    return soigner_document(
        Document(
            titre="Synthèse de l'offre",
            sous_titre=f"Niveau, accès, fraîcheur et coordination {de(matiere.departement)}",
            territoire=matiere.departement.nom,
            date=matiere.date.isoformat(),
            mention=mention_de(matiere),
            couverture=(
                (
                    Texte("Version de travail produite le "),
                    Mention(matiere.date.strftime("%d/%m/%Y"), "date"),
                    Texte("."),
                ),
                (Mention(f"Solidiag {matiere.version}, licence MIT.", "numero"),),
                (
                    Texte("Document tiré du diagnostic territorial des solidarités : chaque "),
                    Texte("chiffre y a la même source."),
                ),
            ),
            blocs=tuple(_blocs(matiere)),
        )
    )


def _blocs(matiere: Matiere) -> Iterator[Bloc]:
    cartes = [_petite(figure) for figure in _figures(matiere)]
    yield from _messages(matiere)
    yield from cartes[:1]
    yield from _domaines(matiere)
    yield from _cartes(cartes[1:])
    yield from _coordination(matiere)
    yield from _manques(matiere)
    yield from _methode(matiere)


def _petite(figure: Figure) -> Figure:
    """Renvoie la carte assez petite pour tenir sous les messages, même d'un pays étroit et haut."""
    from solidiag.publication.rendus.images import rapport_svg

    largeur = min(_LARGEUR_CARTE_CM, _HAUTEUR_CARTE_CM / rapport_svg(figure.svg))
    return replace(figure, largeur_cm=round(largeur, 1))


def _messages(matiere: Matiere) -> Iterator[Bloc]:
    yield Titre(
        niveau=1,
        id="messages",
        surtitre="L'essentiel",
        contenu=(
            Texte(f"{majuscule(dans(matiere.departement))}, "),
            matiere.compte("services distincts"),
            Texte(" services connus ne disent qu'une partie de l'offre"),
        ),
    )
    yield from avertir(matiere)
    messages = [
        *_messages_de_niveau(matiere),
        *_messages_de_fraicheur(matiere),
        *_messages_d_acces(matiere),
        *_messages_de_coordination(matiere),
    ]
    yield Liste(elements=tuple(messages))


def _messages_de_niveau(matiere: Matiere) -> Iterator[tuple[Ligne, ...]]:
    domaines = matiere.grille.domaines
    comptes = Counter(niveau_d_offre(matiere, d) for d in domaines)
    contenu: list[Ligne] = [
        Texte("Sur "),
        nombre_de(matiere, len(domaines), "domaines"),
        Texte(" domaines : "),
    ]
    presents = [n for n in _MESSAGES_DE_NIVEAU if comptes[n]]
    for rang, niveau in enumerate(presents):
        if rang:
            contenu.append(Texte(" ; "))
        contenu += [
            Texte(f"{_MESSAGES_DE_NIVEAU[niveau]} dans "),
            nombre_de(matiere, comptes[niveau], f"domaines:{niveau}"),
        ]
    yield (*contenu, Texte(". Ce silence des sources n'est pas une absence d'offre."))


def _messages_de_fraicheur(matiere: Matiere) -> Iterator[tuple[Ligne, ...]]:
    ensemble = qualite_de(matiere)
    if ensemble is None:
        return
    contenu: list[Ligne] = list(dates_en_clair(matiere, ensemble))
    if ensemble["part_anciens"] is not None:
        contenu += [
            Texte(" ; "),
            nombre_qualite(matiere, ensemble, "part_anciens", part=True),
            Texte(" dépassent le délai de mise à jour attendu de leur source"),
        ]
    yield (*contenu, Texte("."))
    yield (
        Texte("Horaires connus pour "),
        nombre_qualite(matiere, ensemble, "part_avec_horaires", part=True),
        Texte(" des services, capacité pour "),
        nombre_qualite(matiere, ensemble, "part_avec_capacite", part=True),
        Texte(" : le reste de l'inventaire ne dit rien de l'ouverture ni des places."),
    )


def _messages_d_acces(matiere: Matiere) -> Iterator[tuple[Ligne, ...]]:
    lus = [(acces, part) for _, acces, part in _eloignes(matiere)][:_DOMAINES_CITES]
    libelles = {d.id: d.libelle for d in matiere.grille.domaines}
    for acces, _ in lus:
        temps = acces.lire(matiere, "temps")
        yield (
            Mention(libelles[acces.domaine], "nom"),
            Texte(" : "),
            *valeur_bornee(matiere, acces.lire(matiere, "part_hors")),
            Texte(" du public ("),
            Mention(acces.public, "nom"),
            Texte(") à plus de "),
            Mention(f"{acces.seuil} minutes", "parametre"),
            Texte(" du lieu le plus proche ("),
            *acces.comptes,
            Texte(") ; temps médian de ce public : "),
            *valeur_bornee(matiere, temps),
            Texte("."),
        )


def _eloignes(matiere: Matiere) -> list[tuple[str, AccesLu, float]]:
    """Domaines mesurés (axe, accès, part du public au-delà du seuil), du plus au moins éloigné."""
    trouves = []
    for domaine in matiere.grille.domaines:
        acces = lire_acces(matiere, domaine.id)
        if acces is None or not acces.mesure or not acces.en_avant:
            continue
        hors = acces.lire(matiere, "part_hors")
        if hors is None or not hors.lisible or hors.value is None or trop_incertain(hors):
            continue
        trouves.append((domaine.axe, acces, float(hors.value)))
    return sorted(trouves, key=lambda t: (-t[2], t[1].domaine))


def _messages_de_coordination(matiere: Matiere) -> Iterator[tuple[Ligne, ...]]:
    if "reseau" not in matiere.coordination:
        return
    relies = matiere.coordination["reseau"].frame.height
    dispositifs = matiere.coordination["dispositifs"].frame.height
    yield (
        nombre_coordination(matiere, dispositifs, "dispositifs"),
        Texte(" dispositifs et "),
        nombre_coordination(matiere, relies, "acteurs_relies"),
        Texte(" acteurs reliés se lisent dans les sources réunies ; un lieu partagé n'est pas "),
        Texte("encore un travail commun."),
    )
    parcours = matiere.coordination.get("parcours")
    if parcours is not None and set(parcours.frame["etat"]) <= {"inconnu"}:
        yield (
            Texte(
                "Le parcours avec France Travail (orientation, diagnostic, référent, suivi) est "
            ),
            Texte("inconnu dans tous les territoires : c'est la première chose à demander."),
        )


def _domaines(matiere: Matiere) -> Iterator[Bloc]:
    yield Titre(
        niveau=1,
        id="domaines",
        surtitre="Domaine par domaine",
        contenu=(Texte("Ce que l'on connaît, et avec quelle confiance"),),
    )
    confiance = confiances(matiere)
    rangees = []
    for domaine in matiere.grille.domaines:
        acces = lire_acces(matiere, domaine.id)
        qualite = qualite_de(matiere, domaine.id)
        niveau = niveau_d_offre(matiere, domaine)
        services: tuple[Ligne, ...] = ()
        if qualite is not None:
            services = (
                Texte(" ("),
                nombre_qualite(matiere, qualite, "services"),
                Texte(")"),
            )
        rangees.append(
            (
                Cellule(contenu=(Mention(domaine.libelle, "nom"),)),
                Cellule(contenu=(Texte(NIVEAUX_D_OFFRE[niveau]), *services), classe=niveau),
                Cellule(contenu=_acces_court(matiere, acces)),
                Cellule(contenu=annees_de(acces, qualite)),
                Cellule(contenu=acteurs_courts(matiere, domaine.id)),
                Cellule(contenu=(Texte(confiance.get(domaine.id, "aucune")),)),
            )
        )
    yield Tableau(
        id="tab-synthese-domaines",
        legende=(Texte("Niveau d'offre, accès, fraîcheur, coordination et confiance"),),
        colonnes=(
            Colonne(entete="Domaine", largeur=3),
            Colonne(entete="Offre connue (services)", largeur=2),
            Colonne(entete="Temps jusqu'au plus proche", alignement="droite", largeur=2.6),
            Colonne(entete="Lieux de", largeur=1.2),
            Colonne(entete="Acteurs constatés", largeur=2),
            Colonne(entete="Confiance", largeur=1.3),
        ),
        lignes=tuple(rangees),
        notes=(
            (
                Texte(
                    "Temps : celui de la moitié du public du domaine, en estimation, d'après les "
                ),
                Texte(
                    "lieux connus, de l'année dite ; entre crochets sa fourchette. D'autres lieux "
                ),
                Texte("peuvent exister, certains ont pu fermer. Confiance : la plus basse de la "),
                Texte("comparaison du besoin et de l'offre ; « aucune » quand elle ne se fait "),
                Texte("pas. « Inconnu » et "),
                Texte("« non documenté » disent un silence des sources."),
            ),
        ),
        source=(Mention("Sources : celles du diagnostic. Calculs Solidiag.", "reference"),),
    )


def _acces_court(matiere: Matiere, acces: AccesLu | None) -> tuple[Ligne, ...]:
    return valeur_bornee(matiere, acces.lire(matiere, "temps") if acces else None)


def acteurs_courts(matiere: Matiere, domaine: str) -> tuple[Ligne, ...]:
    """Renvoie « 12 dans 9 intercommunalités », ou « inconnus »."""
    lue = lire_coordination(matiere, domaine)
    if lue is None or not lue.constates:
        return (Texte("inconnus"),)
    contenu: list[Ligne] = [nombre_coordination(matiere, lue.constates, f"acteurs:{domaine}")]
    if lue.presents:
        contenu += [
            Texte(", dans "),
            nombre_coordination(matiere, lue.presents, f"presents:{domaine}"),
            Texte(" intercommunalités" if lue.presents > 1 else " intercommunalité"),
        ]
    return tuple(contenu)


def _cartes(figures: Sequence[Figure]) -> Iterator[Bloc]:
    if not figures:
        return
    yield Titre(niveau=2, id="cartes", contenu=(Texte("Où les lieux connus sont loin"),))
    yield Paragraphe(
        contenu=(
            Texte("Ces cartes et celle de la première page montrent, un domaine par axe au plus, "),
            Texte(
                "là où la plus grande part du public est loin des lieux connus. Un lieu que les "
            ),
            Texte("sources ne décrivent pas n'y est pas ; un lieu fermé depuis peut y être."),
        )
    )
    yield from figures


def _figures(matiere: Matiere) -> Iterator[Figure]:
    cartes = Cartotheque(matiere)
    axes: set[str] = set()
    for axe, acces, _ in _eloignes(matiere):
        if len(axes) == _CARTES or axe in axes:
            continue
        figure = cartes.carte_temps(acces.mesures.get("temps"))
        if figure is not None:
            axes.add(axe)
            yield figure


def _coordination(matiere: Matiere) -> Iterator[Bloc]:
    lues = [
        (d, lue)
        for d in matiere.grille.domaines
        if (lue := lire_coordination(matiere, d.id)) is not None
    ]
    if not lues:
        return
    yield Titre(
        niveau=2,
        id="coordination",
        contenu=(Texte("Qui porte quoi, et avec France Travail"),),
    )
    portes = [(d, lue) for d, lue in lues if lue.dispositifs]
    yield Paragraphe(
        contenu=(
            nombre_coordination(matiere, len(portes), "domaines_portes"),
            Texte(" domaines sur "),
            nombre_de(matiere, len(lues), "domaines"),
            Texte(" sont portés par un dispositif que les sources réunies font connaître. Pour "),
            Texte("les autres, le dispositif existe peut-être : il est à demander."),
        )
    )
    if portes:
        yield _tableau_dispositifs(portes)
    yield from _france_travail(matiere, [lue for _, lue in lues])


def _tableau_dispositifs(portes: Sequence[tuple[Domaine, CoordinationLue]]) -> Tableau:
    return Tableau(
        id="tab-synthese-dispositifs",
        legende=(Texte("Domaines portés par un dispositif connu"),),
        colonnes=(Colonne(entete="Domaine", largeur=2), Colonne(entete="Dispositifs", largeur=3)),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(domaine.libelle, "nom"),)),
                Cellule(contenu=(Mention(" ; ".join(lue.dispositifs), "nom"),)),
            )
            for domaine, lue in portes
        ),
    )


def _france_travail(matiere: Matiere, lues: list[CoordinationLue]) -> Iterator[Bloc]:
    table = matiere.coordination.get("france_travail")
    if table is None:
        return
    ligne = next(
        (x for x in table.frame.iter_rows(named=True)
         if x["territoire"] == matiere.departement.id), None,
    )  # fmt: skip
    if ligne is None:
        return
    yield Titre(niveau=3, id="france-travail", contenu=(Texte("Avec France Travail"),))
    lies = sum(1 for lue in lues if lue.france_travail)
    contenu: list[Ligne] = [
        nombre_coordination(matiere, ligne["agences"], "agences"),
        Texte(" agences sont inscrites dans le fichier lu"),
    ]
    if ligne["date_source"]:
        contenu += [Texte(" ("), Mention(str(ligne["date_source"])[:4], "millesime"), Texte(")")]
    if lies:
        contenu += [
            Texte(" ; un lien constaté avec un autre acteur se lit dans "),
            nombre_coordination(matiere, lies, "domaines_lies_ft"),
            Texte(" domaines" if lies > 1 else " domaine"),
            Texte(", le plus souvent un lieu partagé. "),
        ]
    else:
        contenu.append(
            Texte(" ; aucun lien avec un autre acteur n'est encore constaté dans ces sources. ")
        )
    if ligne["maillon"] and ligne["maillon_etat"] == "inconnu":
        contenu.append(
            Texte(
                "Qui oriente, qui fait le diagnostic, qui est le référent et qui suit : rien ne "
            ),
        )
        contenu.append(Texte("le dit encore dans les sources réunies."))
    yield Paragraphe(contenu=tuple(contenu))


def _manques(matiere: Matiere) -> Iterator[Bloc]:
    if matiere.acces_domaines is None:
        return
    yield Titre(
        niveau=1,
        id="manques",
        surtitre="Ce qui manque",
        contenu=(Texte("Ce qu'il faut demander, et à qui"),),
    )
    libelles = {d.id: d.libelle for d in matiere.grille.domaines}
    yield Tableau(
        id="tab-synthese-manques",
        legende=(Texte("Ce qui ferait connaître l'offre de chaque domaine"),),
        colonnes=(
            Colonne(entete="Domaine", largeur=2.4),
            Colonne(entete="À demander", largeur=4.2),
            Colonne(entete="À qui", largeur=2.4),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(libelles[ligne["domaine"]], "nom"),)),
                Cellule(contenu=(Mention(majuscule(ligne["manque"]), "definition"),)),
                Cellule(contenu=(Mention(ligne["detenteur"], "nom"),)),
            )
            for ligne in matiere.acces_domaines.frame.iter_rows(named=True)
            if ligne["manque"]
        ),
    )


def _methode(matiere: Matiere) -> Iterator[Bloc]:
    yield Titre(niveau=2, id="methode", contenu=(Texte("Comment ces chiffres sont faits"),))
    yield Paragraphe(
        contenu=(
            Texte("Les lignes des annuaires publics sont réunies quand elles décrivent le même "),
            Texte("service ("),
            nombre_de(matiere, len(matiere.paires), "paires réunies"),
            Texte(" paires réunies, chacune avec sa raison) ; les services fermés sont ôtés. "),
            Texte("L'accès d'un domaine part de chaque commune et va aux lieux connus, voisins "),
            Texte("compris, pesé par le public du domaine quand il est compté. "),
            *_trajets(matiere),
        )
    )
    yield Paragraphe(
        contenu=(
            Texte(
                "La fourchette entre crochets réunit l'incertitude des trajets, du besoin et de "
            ),
            Texte("la capacité. Les seuils sont des conventions, sauf quand une norme publiée "),
            Texte(
                "est citée. Méthode, réglages et données ouvertes : voir le diagnostic, chapitre "
            ),
            Texte("de l'offre, et la documentation de Solidiag."),
        )
    )


def _trajets(matiere: Matiere) -> tuple[Ligne, ...]:
    if matiere.acces_domaines is None:
        return ()
    estimes = any("vol d'oiseau" in str(r) for r in matiere.acces_domaines.frame["reserve"])
    if not estimes:
        return ()
    return (
        Texte("Les temps sont estimés à vol d'oiseau, corrigés d'un détour et d'une vitesse "),
        Texte("selon la densité : ils ne remplacent pas un itinéraire."),
    )
