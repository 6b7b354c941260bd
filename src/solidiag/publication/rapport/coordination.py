"""Chapitre de la coordination : dispositifs, rôles, réseau, échéances, France Travail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from solidiag.publication.document import (
    Bloc,
    Cellule,
    Cle,
    Colonne,
    Encadre,
    Figure,
    Ligne,
    Mention,
    Nombre,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import dans, formater
from solidiag.publication.graphiques.reseau import Sommet, dessiner_reseau
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.domaines import deplier

_ACTEURS_MONTRES = 10
_SOMMETS_MONTRES = 24
_NOMS_MONTRES = 3

ETAPES: dict[str, str] = {
    "orientation": "orientation",
    "diagnostic": "diagnostic",
    "referent": "référent",
    "suivi": "suivi",
}
"""Étapes du parcours avec France Travail, dans l'ordre."""

ETATS: dict[str, str] = {"etabli": "établi", "absent": "absent", "inconnu": "inconnu"}

_PROVENANCES: dict[str, str] = {
    "public": "fichier public",
    "gabarit": "classeur rempli",
    "deduit": "déduit de l'inventaire",
    "texte": "prévu par un texte",
}


class Coordination:
    """Tables de coordination d'une matière, et comment y puiser."""

    def __init__(self, matiere: Matiere) -> None:
        self.matiere = matiere

    def lignes(self, nom: str) -> list[dict[str, Any]]:
        """Renvoie les lignes d'une table, ou aucune si elle n'est pas calculée."""
        table = self.matiere.coordination.get(nom)
        return [] if table is None else list(table.frame.iter_rows(named=True))

    @cached_property
    def noms(self) -> dict[str, str]:
        """Nom de chaque acteur, par identifiant."""
        return {ligne["id"]: ligne["nom"] for ligne in self.lignes("acteurs")}

    @cached_property
    def dispositifs(self) -> dict[str, str]:
        """Nom de chaque dispositif, par identifiant."""
        return {ligne["id"]: ligne["nom"] for ligne in self.lignes("dispositifs")}

    @cached_property
    def domaines(self) -> dict[str, str]:
        """Libellé de chaque domaine de la grille."""
        return {d.id: d.libelle for d in self.matiere.grille.domaines}

    def constats(self, genre: str) -> list[dict[str, Any]]:
        """Renvoie les constats d'un genre."""
        return [ligne for ligne in self.lignes("constats") if ligne["genre"] == genre]

    def nombre(self, valeur: float, objet: str, *, territoire: str = "") -> Nombre:
        """Renvoie un nombre compté dans ces tables, avec sa clé."""
        cle = Cle(
            indicateur=objet,
            territoire=territoire or self.matiere.departement.id,
            table="coordination",
        )
        return Nombre(formater(valeur, "nombre", decimales=0), cle)


def chapitre_coordination(matiere: Matiere) -> Iterator[Bloc]:
    """Renvoie le chapitre de la coordination, ou rien si elle n'est pas calculée."""
    if not matiere.coordination:
        return
    tables = Coordination(matiere)
    yield Titre(
        niveau=1, id="coordination", surtitre="Coordination", contenu=tuple(_message(tables))
    )
    yield Paragraphe(
        style="chapeau",
        contenu=(
            Texte("Trois provenances sont tenues à part : ce qu'un fichier public constate, ce "),
            Texte("qu'une personne a écrit dans le classeur de coordination, et ce qu'un texte "),
            Texte("prévoit sans que rien ici ne le constate. « Inconnu » veut dire qu'aucune "),
            Texte("source réunie ne le dit, jamais que rien n'existe."),
        ),
    )
    yield from _articulation(tables)
    yield from _roles(tables)
    yield from _chevauchements(tables)
    yield from _echeances(tables)
    yield from _reseau(tables)
    yield from _france_travail(tables)


def _message(tables: Coordination) -> Iterator[Ligne]:
    constates = tables.lignes("dispositifs")
    relies = tables.lignes("reseau")
    yield Texte(f"{_majuscule(dans(tables.matiere.departement))}, ")
    yield tables.nombre(len(constates), "dispositifs")
    yield Texte(" dispositifs et ")
    yield tables.nombre(len(relies), "acteurs_relies")
    yield Texte(" acteurs reliés se lisent dans les sources réunies ; ")
    connus = [ligne for ligne in tables.lignes("parcours") if ligne["etat"] != "inconnu"]
    if connus:
        yield Texte("le parcours avec France Travail y est en partie décrit")
    else:
        yield Texte("le parcours avec France Travail reste à décrire")


def _articulation(tables: Coordination) -> Iterator[Bloc]:
    yield Titre(
        niveau=2,
        id="coordination-dispositifs",
        contenu=(Texte("L'articulation des dispositifs"),),
    )
    lignes = tables.lignes("dispositifs")
    champ = [ligne for ligne in lignes if not ligne["hors_champ"]]
    hors = [ligne for ligne in lignes if ligne["hors_champ"]]
    if champ:
        yield Tableau(
            id="tab-dispositifs",
            legende=(Texte("Dispositifs qui portent un domaine de la grille"),),
            colonnes=(
                Colonne(entete="Dispositif", largeur=4),
                Colonne(entete="Période", largeur=1.1),
                Colonne(entete="Où", largeur=1.8),
                Colonne(entete="D'où on le sait", largeur=1.2),
            ),
            lignes=tuple(_dispositif(tables, ligne) for ligne in champ),
        )
    if hors:
        yield Paragraphe(
            contenu=(
                Texte("Zonages et programmes de contexte, hors du champ des domaines : "),
                *_enumerer(tuple(_periode_entre_parentheses(ligne)) for ligne in hors),
                Texte("."),
            )
        )


def _a_demander(tables: Coordination) -> dict[str, str]:
    """Renvoie, par domaine sans dispositif connu, ceux que les textes prévoient."""
    types = tables.matiere.types_de_dispositifs
    dits = {}
    for constat in tables.constats("orphelin"):
        noms = [types[t].sigle or types[t].nom for t in constat["dispositifs"] if t in types]
        dits[constat["domaine"]] = " ; ".join(noms) or "aucun à notre connaissance"
    return dits


def _par_domaine(tables: Coordination) -> dict[str, list[str]]:
    """Renvoie le nom des dispositifs connus de chaque domaine ; un contrat par type suffit."""
    types = tables.matiere.types_de_dispositifs
    connus: dict[str, list[str]] = defaultdict(list)
    for ligne in tables.lignes("dispositifs"):
        type_ = types.get(ligne["type"])
        nom = type_.nom if type_ else ligne["nom"]
        for domaine in ligne["domaines"]:
            if not ligne["hors_champ"] and nom not in connus[domaine]:
                connus[domaine].append(nom)
    return connus


def _dispositif(tables: Coordination, ligne: Mapping[str, Any]) -> tuple[Cellule, ...]:
    return (
        Cellule(contenu=(Mention(ligne["nom"], "nom"),)),
        Cellule(contenu=(Mention(_periode(ligne), "date"),)),
        Cellule(contenu=tuple(_ou(tables, ligne))),
        Cellule(contenu=(Texte(_PROVENANCES.get(ligne["provenance"], ligne["provenance"])),)),
    )


def _periode(ligne: Mapping[str, Any]) -> str:
    debut, fin = ligne["debut"], ligne["fin"]
    if debut and fin:
        return f"{_annee(debut)}-{_annee(fin)}"
    if debut:
        return f"depuis {_annee(debut)}"
    return f"jusqu'en {_annee(fin)}" if fin else "dates non connues"


def _annee(texte: str) -> str:
    return texte[:4]


def _periode_entre_parentheses(ligne: Mapping[str, Any]) -> Iterator[Ligne]:
    yield Mention(f"{ligne['nom']} ({_periode(ligne)})", "nom")


def _ou(tables: Coordination, ligne: Mapping[str, Any]) -> Iterator[Ligne]:
    niveaux = Counter(t.partition("-")[0] for t in ligne["territoires"])
    if not niveaux or set(niveaux) == {"DEP"}:
        yield Texte("département, sans plus de détail" if niveaux else "non précisé")
        return
    noms = {"COM": ("commune", "communes"), "EPCI": ("intercommunalité", "intercommunalités")}
    for rang, (niveau, nombre) in enumerate(sorted(niveaux.items())):
        if rang:
            yield Texte(", ")
        yield tables.nombre(nombre, f"dispositif:{ligne['id']}:{niveau}")
        un, plusieurs = noms.get(niveau, ("territoire", "territoires"))
        yield Texte(f" {plusieurs if nombre > 1 else un}")


def _roles(tables: Coordination) -> Iterator[Bloc]:
    roles = tables.lignes("roles")
    if not roles:
        return
    locaux = set(tables.matiere.epci)
    constates: dict[str, set[str]] = defaultdict(set)
    presents: dict[str, set[str]] = defaultdict(set)
    for ligne in roles:
        domaine, acteur = ligne["domaine"], ligne["acteur"]
        if ligne["provenance"] == "texte":
            continue
        constates[domaine].add(acteur)
        if ligne["territoire"] in locaux:
            presents[domaine].add(ligne["territoire"])
    yield Titre(niveau=2, id="coordination-roles", contenu=(Texte("Qui fait quoi, et où"),))
    yield Paragraphe(
        contenu=(
            Texte("Un acteur est constaté dans un territoire quand un service, un poste ou un "),
            Texte("financement y est inscrit à son nom. Le pilote est celui que les textes ou la "),
            Texte("grille prévoient. La matrice entière, acteur par acteur et intercommunalité "),
            Texte("par intercommunalité, est dans le fichier "),
            Mention("coordination_roles.csv", "reference"),
            Texte("."),
        )
    )
    connus, a_demander = _par_domaine(tables), _a_demander(tables)
    yield Tableau(
        id="tab-roles",
        legende=(Texte("Par domaine : pilote, acteurs constatés, dispositifs"),),
        colonnes=(
            Colonne(entete="Domaine", largeur=2.5),
            Colonne(entete="Pilote prévu", largeur=2.3),
            Colonne(entete="Acteurs constatés", alignement="droite", largeur=1.2),
            Colonne(entete="Intercommunalités où un acteur se lit", largeur=1.4),
            Colonne(entete="Dispositifs connus", largeur=2),
            Colonne(entete="Prévus, à demander", largeur=2),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(d.libelle, "nom"),)),
                Cellule(contenu=(Mention(deplier(d.pilote) or "non précisé", "nom"),)),
                Cellule(contenu=_compte_ou_inconnu(tables, constates[d.id], f"acteurs:{d.id}")),
                Cellule(contenu=_presents(tables, presents[d.id], len(locaux), d.id)),
                Cellule(contenu=(Mention(" ; ".join(connus[d.id]) or "inconnus", "nom"),)),
                Cellule(contenu=(Mention(a_demander.get(d.id, "—"), "nom"),)),
            )
            for d in tables.matiere.grille.domaines
        ),
        notes=_sigles(tables),
    )


def _sigles(tables: Coordination) -> tuple[tuple[Ligne, ...], ...]:
    """Renvoie le développement des sigles de la colonne « à demander », en une note."""
    types = tables.matiere.types_de_dispositifs
    cites = {t for constat in tables.constats("orphelin") for t in constat["dispositifs"]}
    dits = sorted((types[t].sigle, types[t].nom) for t in cites if t in types and types[t].sigle)
    if not dits:
        return ()
    texte = " ; ".join(f"{sigle} : {nom[:1].lower()}{nom[1:]}" for sigle, nom in dits)
    return ((Mention(f"{texte}.", "nom"),),)


def _presents(
    tables: Coordination, presents: set[str], total: int, domaine: str
) -> tuple[Ligne, ...]:
    if not presents:
        return (Texte("inconnu partout"),)
    return (
        tables.nombre(len(presents), f"presents:{domaine}"),
        Texte(" sur "),
        tables.nombre(total, f"territoires:{domaine}"),
    )


def _compte_ou_inconnu(tables: Coordination, acteurs: set[str], objet: str) -> tuple[Ligne, ...]:
    if not acteurs:
        return (Texte("inconnu"),)
    return (tables.nombre(len(acteurs), objet),)


def _noms(tables: Coordination, acteurs: Sequence[str]) -> str:
    return ", ".join(tables.noms.get(acteur, acteur) for acteur in acteurs)


def _chevauchements(tables: Coordination) -> Iterator[Bloc]:
    constats = tables.constats("chevauchement")
    yield Titre(
        niveau=2, id="coordination-chevauchements", contenu=(Texte("Chevauchements et trous"),)
    )
    if not tables.lignes("actions"):
        yield Paragraphe(
            contenu=(
                Texte("Aucune action n'est décrite dans les sources réunies : un chevauchement "),
                Texte("(même public, même territoire, même but) ne peut pas se lire. Le classeur "),
                Texte("de coordination ("),
                Mention("solidiag sources classeur coordination", "reference"),
                Texte(") sert à les réunir."),
            )
        )
    elif not constats:
        yield Paragraphe(
            contenu=(
                Texte("Parmi les actions décrites, aucune paire ne vise le même public, le même "),
                Texte("territoire et le même but."),
            )
        )
    else:
        yield Tableau(
            id="tab-chevauchements",
            legende=(Texte("Actions de même public, de même territoire et de même but"),),
            colonnes=(
                Colonne(entete="Actions", largeur=3),
                Colonne(entete="Domaine", largeur=2),
                Colonne(entete="Territoire", largeur=1.5),
                Colonne(entete="Acteurs", largeur=2),
                Colonne(entete="Confiance", largeur=1),
            ),
            lignes=tuple(
                (
                    Cellule(contenu=(Mention(c["objet"], "nom"),)),
                    Cellule(contenu=(Mention(tables.domaines.get(c["domaine"], "—"), "nom"),)),
                    Cellule(contenu=(Mention(_territoire(tables, c["territoire"]), "nom"),)),
                    Cellule(contenu=(Mention(_noms(tables, c["acteurs"]), "nom"),)),
                    Cellule(contenu=(Texte(_CONFIANCES.get(c["confiance"], c["confiance"])),)),
                )
                for c in constats
            ),
        )
    trous = tables.constats("trou")
    if trous:
        yield Paragraphe(
            contenu=(
                Texte("Dans "),
                tables.nombre(len(trous), "trous"),
                Texte(" couples d'un domaine et d'une intercommunalité, aucun acteur n'est connu "),
                Texte("d'après les sources réunies. Ce sont des questions à poser, non des "),
                Texte("absences constatées."),
            )
        )


_CONFIANCES = {"etabli": "établi", "a_verifier": "à vérifier", "inconnu": "inconnu"}


def _territoire(tables: Coordination, identifiant: str | None) -> str:
    if not identifiant:
        return "non précisé"
    return tables.matiere.nom(identifiant)


def _echeances(tables: Coordination) -> Iterator[Bloc]:
    constats = sorted(tables.constats("echeance"), key=lambda c: (c["date"] or "", c["objet"]))
    if not constats:
        return
    yield Titre(niveau=2, id="coordination-echeances", contenu=(Texte("Le calendrier des fins"),))
    yield Tableau(
        id="tab-echeances",
        legende=(Texte("Fins connues, de la plus proche à la plus lointaine"),),
        colonnes=(
            Colonne(entete="Fin", largeur=1),
            Colonne(entete="Dispositif ou action", largeur=4),
            Colonne(entete="Confiance", largeur=1.2),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(c["date"] or "", "date"),)),
                Cellule(contenu=(Mention(_majuscule(c["objet"]), "nom"),)),
                Cellule(contenu=(Texte(_CONFIANCES.get(c["confiance"], c["confiance"])),)),
            )
            for c in constats
        ),
        notes=(
            (
                Texte("Une année lue dans un texte national ne dit pas la fin du contrat signé "),
                Texte(
                    "ici : elle est à vérifier auprès du pilote. Un dispositif sans date connue "
                ),
                Texte("n'est pas dans ce tableau."),
            ),
        ),
    )


def _majuscule(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


def _reseau(tables: Coordination) -> Iterator[Bloc]:
    lignes = tables.lignes("reseau")
    if not lignes:
        return
    ponts = [ligne for ligne in lignes if ligne["seul_pont"]]
    yield Titre(niveau=2, id="coordination-reseau", contenu=(Texte("Le réseau des liens"),))
    yield Paragraphe(
        contenu=(
            Texte(
                "Un lien est un lieu partagé, un cofinancement, une orientation, une convention "
            ),
            Texte("ou un pilotage que l'on constate. "),
            tables.nombre(len(lignes), "acteurs_relies"),
            Texte(" acteurs en ont au moins un ; "),
            tables.nombre(len(ponts), "ponts"),
            Texte(" sont le seul pont entre des acteurs qui, sans eux, ne seraient plus reliés. "),
            Texte("Ces liens viennent surtout des adresses : se partager un lieu n'est pas "),
            Texte("encore travailler ensemble."),
        )
    )
    montres = lignes[:_ACTEURS_MONTRES]
    tableau = "tab-reseau"
    figure = _figure(tables, lignes, tableau=tableau)
    if figure is not None:
        yield figure
    yield Tableau(
        id=tableau,
        legende=(Texte("Les acteurs les plus reliés"),),
        colonnes=(
            Colonne(entete="Acteur", largeur=3),
            Colonne(entete="Acteurs liés", alignement="droite", largeur=1),
            Colonne(entete="Domaines", alignement="droite", largeur=1),
            Colonne(
                entete="Part des chemins qui passent par lui", alignement="droite", largeur=1.3
            ),
            Colonne(entete="Sans lui, ne seraient plus reliés", largeur=3),
        ),
        lignes=tuple(_acteur(tables, ligne) for ligne in montres),
        notes=(
            (
                Texte("La part des chemins est l'intermédiarité de Freeman ("),
                Mention("1977", "date"),
                Texte("). Tous les acteurs sont dans "),
                Mention("coordination_reseau.csv", "reference"),
                Texte("."),
            ),
        ),
    )


def _acteur(tables: Coordination, ligne: Mapping[str, Any]) -> tuple[Cellule, ...]:
    acteur = ligne["acteur"]
    part = Nombre(
        formater(ligne["intermediarite"] * 100, "percent", decimales=1),
        Cle(indicateur=f"intermediarite:{acteur}", table="coordination"),
    )
    return (
        Cellule(contenu=(Mention(tables.noms.get(acteur, acteur), "nom"),)),
        Cellule(contenu=(tables.nombre(ligne["liens"], f"liens:{acteur}"),)),
        Cellule(contenu=(tables.nombre(ligne["domaines"], f"domaines:{acteur}"),)),
        Cellule(contenu=(part,)),
        Cellule(contenu=tuple(_separes(tables, ligne))),
    )


def _separes(tables: Coordination, ligne: Mapping[str, Any]) -> Iterator[Ligne]:
    separes = [tables.noms.get(a, a) for a in ligne["separes"]]
    if not separes:
        yield Texte("—")
        return
    yield Mention(" ; ".join(separes[:_NOMS_MONTRES]), "nom")
    reste = len(separes) - _NOMS_MONTRES
    if reste > 0:
        yield Texte(" et ")
        yield tables.nombre(reste, f"separes:{ligne['acteur']}")
        yield Texte(" autres" if reste > 1 else " autre")


def _figure(
    tables: Coordination, lignes: Sequence[Mapping[str, Any]], *, tableau: str
) -> Figure | None:
    retenus = [ligne["acteur"] for ligne in lignes[:_SOMMETS_MONTRES]]
    aretes = {
        tuple(sorted((lien["acteur_a"], lien["acteur_b"])))
        for lien in tables.lignes("liens")
        if lien["provenance"] != "texte"
        and lien["type"] != "meme_dispositif"
        and lien["acteur_a"] in retenus
        and lien["acteur_b"] in retenus
        and lien["acteur_a"] != lien["acteur_b"]
    }
    relies = {acteur for arete in aretes for acteur in arete}
    sommets = [
        Sommet(
            id=ligne["acteur"],
            nom=tables.noms.get(ligne["acteur"], ligne["acteur"]),
            liens=ligne["liens"],
            pont=bool(ligne["seul_pont"]),
        )
        for ligne in lignes
        if ligne["acteur"] in relies and ligne["acteur"] in retenus
    ]
    if len(sommets) < 3:
        return None
    svg = dessiner_reseau(sommets, sorted((a, b) for a, b in aretes))
    ponts = [s.nom for s in sommets if s.pont]
    return Figure(
        id="reseau-acteurs",
        genre="graphique",
        legende=(Texte("Les liens constatés entre les acteurs les plus reliés"),),
        sous_titre=(
            Texte("Un arc par lien constaté. Un carré : le seul pont vers d'autres acteurs. "),
            Texte("L'ordre des noms suit les liens et ne classe pas."),
        ),
        svg=svg,
        alt=(
            "Réseau des acteurs les plus reliés. "
            + (f"Seuls ponts : {', '.join(ponts)}. " if ponts else "")
            + "Le tableau qui suit donne les liens de chacun."
        ),
        tableau=tableau,
        donnees="coordination_liens.csv",
    )


def _france_travail(tables: Coordination) -> Iterator[Bloc]:
    lignes = {ligne["territoire"]: ligne for ligne in tables.lignes("france_travail")}
    if not lignes:
        return
    yield Titre(niveau=2, id="coordination-france-travail", contenu=(Texte("Avec France Travail"),))
    parcours: dict[str, dict[str, str]] = defaultdict(dict)
    for ligne in tables.lignes("parcours"):
        parcours[ligne["territoire"]].setdefault(ligne["etape"], ligne["etat"])
    decrits = any(etat != "inconnu" for etapes in parcours.values() for etat in etapes.values())
    colonnes = [
        Colonne(entete="Territoire", largeur=2.6),
        Colonne(entete="Agences inscrites", alignement="droite", largeur=1),
        Colonne(entete="Liens trouvés dans les sources", alignement="droite", largeur=1.2),
    ]
    if decrits:
        colonnes += [Colonne(entete=_majuscule(e), largeur=1) for e in ETAPES.values()]
        colonnes.append(Colonne(entete="Premier maillon manquant", largeur=1.5))
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
            _territoire_ft(tables, t, lignes[t], parcours[t], decrits=decrits) for t in territoires
        ),
        notes=() if decrits else ((Texte(_SANS_AGENCE),), (Texte(_PARCOURS_INCONNU),)),
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
        cellules += [Cellule(contenu=(Texte(ETATS.get(etat, etat)),)) for etat in etats]
        maillon = ligne["maillon"]
        dit = ETAPES.get(maillon, maillon) if maillon else "aucun"
        cellules.append(Cellule(contenu=(Texte(str(dit)),)))
    return tuple(cellules)


def _enumerer(morceaux: Iterable[tuple[Ligne, ...]]) -> Iterator[Ligne]:
    for rang, morceau in enumerate(morceaux):
        if rang:
            yield Texte(" ; ")
        yield from morceau
