"""Chapitre de la coordination : dispositifs, rôles, réseau, échéances, France Travail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from solidiag.offre.coordination.dispositifs import CONTRAT_CITE
from solidiag.offre.coordination.registre import DECRIT_AUSSI
from solidiag.publication.document import (
    Bloc,
    Cellule,
    Colonne,
    Ligne,
    Mention,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import dans
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.coordination_france_travail import section_france_travail
from solidiag.publication.rapport.coordination_reseau import section_reseau
from solidiag.publication.rapport.coordination_saisie import section_actions, section_orientations
from solidiag.publication.rapport.coordination_tables import (
    CONFIANCES,
    Coordination,
    acteurs_constates,
    majuscule,
)
from solidiag.publication.rapport.domaines import deplier

__all__ = ["acteurs_constates", "chapitre_coordination"]


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
    yield from section_actions(tables)
    yield from section_orientations(tables)
    yield from _chevauchements(tables)
    yield from _echeances(tables)
    yield from section_reseau(tables)
    yield from section_france_travail(tables)


def _message(tables: Coordination) -> Iterator[Ligne]:
    portent = _qui_portent(tables)
    relies = tables.lignes("reseau")
    travail = bool(tables.liens_declares)
    yield Texte(f"{majuscule(dans(tables.matiere.departement))}, ")
    yield from tables.compte(
        len(portent),
        "dispositif porte un domaine de la grille",
        "dispositifs portent un domaine de la grille",
        objet="dispositifs",
    )
    yield Texte(" et ")
    yield from tables.compte(
        len(relies),
        "acteur a un lien constaté" if travail else "acteur partage un lieu ou un financement",
        "acteurs ont un lien constaté"
        if travail
        else "acteurs partagent un lieu ou un financement",
        objet="acteurs_relies",
    )
    yield Texte(", d'après les sources réunies ; ")
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
    champ = _qui_portent(tables)
    cites = [ligne for ligne in lignes if ligne["id"].startswith(CONTRAT_CITE)]
    hors = _par_type(tables, [ligne for ligne in lignes if ligne["hors_champ"]])
    sans_domaine = [
        ligne
        for ligne in lignes
        if not ligne["hors_champ"] and not ligne["domaines"] and ligne not in cites
    ]
    if champ:
        complets = any(ligne["pilote"] or ligne["budget"] is not None for ligne in champ)
        yield Tableau(
            id="tab-dispositifs",
            legende=(Texte("Dispositifs qui portent un domaine de la grille"),),
            colonnes=(
                Colonne(entete="Dispositif", largeur=4),
                Colonne(entete="Période", largeur=1.1),
                Colonne(entete="Où", largeur=1.8),
                *(
                    (
                        Colonne(entete="Pilote", largeur=1.8),
                        Colonne(entete="Budget", alignement="droite", largeur=1.2),
                    )
                    if complets
                    else ()
                ),
                Colonne(entete="D'où on le sait", largeur=1.6),
            ),
            lignes=tuple(_dispositif(tables, ligne, complet=complets) for ligne in champ),
            notes=(
                (
                    Texte("Un fichier public dit où un dispositif s'applique. Sa période est "),
                    Texte("alors celle d'un texte national, à vérifier pour ce qui est signé ici."),
                ),
            ),
        )
    for debut, suite in (
        (
            "Cités par leur code dans la source des postes, sans doute les mêmes que les contrats "
            "de ville du tableau, donc non comptés : ",
            cites,
        ),
        ("Dispositifs du classeur dont le domaine n'est pas dit, non comptés : ", sans_domaine),
    ):
        if suite:
            yield Paragraphe(
                contenu=(
                    Texte(debut),
                    *_enumerer((Mention(ligne["nom"], "nom"),) for ligne in suite),
                    Texte("."),
                )
            )
    if hors:
        yield Paragraphe(
            contenu=(
                Texte("Zonages et programmes de contexte, hors du champ des domaines : "),
                *_enumerer(tuple(_periode_entre_parentheses(ligne)) for ligne in hors),
                Texte("."),
            )
        )


def _qui_portent(tables: Coordination) -> list[dict[str, Any]]:
    """Renvoie les dispositifs qui portent un domaine : un contrat décrit deux fois n'en fait qu'un.

    La ligne du classeur est gardée ; sa remarque dit ce que la source publique dit d'autre.
    """
    return [
        ligne
        for ligne in tables.lignes("dispositifs")
        if ligne["domaines"]
        and not ligne["hors_champ"]
        and not ligne["id"].startswith(CONTRAT_CITE)
        and DECRIT_AUSSI not in (ligne["remarque"] or "")
    ]


def _par_type(tables: Coordination, lignes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Renvoie un zonage par type : deux classements d'une même loi n'en font qu'un."""
    types = tables.matiere.types_de_dispositifs
    retenus: dict[tuple[str, str], dict[str, Any]] = {}
    for ligne in lignes:
        cle = (ligne["type"], _periode(ligne)) if ligne["type"] in types else (ligne["id"], "")
        nom = types[ligne["type"]].nom if cle in retenus else ligne["nom"]
        retenus[cle] = {**ligne, "nom": nom}
    return list(retenus.values())


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
        for domaine in ligne["domaines"] or ():
            if not ligne["hors_champ"] and nom not in connus[domaine]:
                connus[domaine].append(nom)
    return connus


def _dispositif(
    tables: Coordination, ligne: Mapping[str, Any], *, complet: bool
) -> tuple[Cellule, ...]:
    pilote = tables.noms.get(ligne["pilote"] or "", ligne["pilote"] or "non dit")
    divergences = [m for m in (ligne["remarque"] or "").split(" ; ") if "la source publique" in m]
    dite = f"{ligne['nom']} ({' ; '.join(divergences)})" if divergences else ligne["nom"]
    return (
        Cellule(contenu=(Mention(dite, "nom"),)),
        Cellule(contenu=(Mention(_periode(ligne), "date"),)),
        Cellule(contenu=tuple(_ou(tables, ligne))),
        *(
            (
                Cellule(contenu=(Mention(pilote, "nom"),)),
                Cellule(contenu=tables.euros(ligne["budget"], f"budget:dispositif:{ligne['id']}")),
            )
            if complet
            else ()
        ),
        Cellule(contenu=(tables.d_ou(ligne),)),
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


def _jour(texte: str) -> str:
    """Renvoie une date AAAA, AAAA-MM ou AAAA-MM-JJ dans l'ordre français."""
    return "/".join(reversed(texte.split("-")))


def _periode_entre_parentheses(ligne: Mapping[str, Any]) -> Iterator[Ligne]:
    yield Mention(f"{ligne['nom']} ({_periode(ligne)})", "nom")


def _ou(tables: Coordination, ligne: Mapping[str, Any]) -> Iterator[Ligne]:
    niveaux = Counter(t.partition("-")[0] for t in ligne["territoires"] or ())
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
    constates = acteurs_constates(tables.matiere)
    presents: dict[str, set[str]] = defaultdict(set)
    for ligne in roles:
        if ligne["provenance"] != "texte" and ligne["territoire"] in locaux:
            presents[ligne["domaine"]].add(ligne["territoire"])
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
                Cellule(
                    contenu=_compte_ou_inconnu(
                        tables, constates.get(d.id, set()), f"acteurs:{d.id}"
                    )
                ),
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
                Texte(
                    "Parmi les actions décrites, aucune paire n'a le même but écrit pour un même "
                ),
                Texte("public et un même territoire."),
            )
        )
    else:
        yield Tableau(
            id="tab-chevauchements",
            legende=(
                Texte("Actions de même but, dont le public et le territoire se recoupent ou ne "),
                Texte("sont pas dits"),
            ),
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
                    Cellule(contenu=(Texte(CONFIANCES.get(c["confiance"], c["confiance"])),)),
                )
                for c in constats
            ),
        )
    # Un domaine sans acteur au département n'est pas un trou de plus que ses intercommunalités.
    locaux = set(tables.matiere.epci)
    trous = [constat for constat in tables.constats("trou") if constat["territoire"] in locaux]
    if trous:
        yield Paragraphe(
            contenu=(
                Texte("Dans "),
                *tables.compte(len(trous), "couple", "couples", objet="trous"),
                Texte(" d'un domaine et d'une intercommunalité, aucun acteur n'est connu "),
                Texte("d'après les sources réunies. Ce sont des questions à poser, non des "),
                Texte("absences constatées."),
            )
        )


def _territoire(tables: Coordination, identifiant: str | None) -> str:
    if not identifiant:
        return "non précisé"
    return tables.matiere.nom(identifiant)


def _echeances(tables: Coordination) -> Iterator[Bloc]:
    constats = tables.constats("echeance")
    if not constats:
        return
    yield Titre(niveau=2, id="coordination-echeances", contenu=(Texte("Le calendrier des fins"),))
    yield Tableau(
        id="tab-echeances",
        legende=(Texte("Fins connues, de la plus ancienne à la plus lointaine"),),
        colonnes=(
            Colonne(entete="Fin", largeur=1),
            Colonne(entete="Dispositif ou action", largeur=4),
            Colonne(entete="Confiance", largeur=1.2),
        ),
        lignes=tuple(
            (
                Cellule(contenu=(Mention(_jour(c["date"] or ""), "date"),)),
                Cellule(contenu=(Mention(majuscule(c["objet"]), "nom"),)),
                Cellule(contenu=(Texte(CONFIANCES.get(c["confiance"], c["confiance"])),)),
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


def _enumerer(morceaux: Iterable[tuple[Ligne, ...]]) -> Iterator[Ligne]:
    for rang, morceau in enumerate(morceaux):
        if rang:
            yield Texte(" ; ")
        yield from morceau
