"""Phrases tirées des chiffres : toujours avec leur comparateur, toujours un brouillon."""

from __future__ import annotations

from collections.abc import Sequence

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.model.territoire import Niveau, Territoire
from solidiag.publication.document import Cle, Ligne, Mention, Nombre, Texte
from solidiag.publication.francais import dans, formater
from solidiag.publication.matiere import Matiere, Observe
from solidiag.publication.rapport.expressions import (
    majuscule,
    millesime,
    nommer,
    sujet,
    unite_dite,
)
from solidiag.publication.rapport.faits import REFERENCES, Fait, grouper, rassembler, repere
from solidiag.publication.rapport.formes import (
    adjectif_de,
    formes_autres,
    formes_situation,
    formes_tendance,
)
from solidiag.publication.rapport.gabarits import Plume, masque_de
from solidiag.publication.rapport.noms import nommer_epci

__all__ = [
    "commenter",
    "comparateurs",
    "est_effectif",
    "etendue",
    "formes_epci",
    "joindre",
    "lisibles",
    "majuscule",
    "message_carte",
    "millesime",
    "nom_comparateur",
    "nommer",
    "paragraphe_indicateur",
    "part_lue",
    "phrase_epci",
    "sujet",
    "titre_indicateur",
    "unite_dite",
]


def nom_comparateur(territoire: Territoire) -> str:
    """Renvoie le lieu d'une comparaison (« en France », « en Nouvelle-Aquitaine »)."""
    return "en France" if territoire.niveau is Niveau.FRANCE else dans(territoire)


def comparateurs(matiere: Matiere, indicateur: str, periode: str) -> list[Observe]:
    """Renvoie les observations lisibles de la France et de la région, à la même période."""
    trouvees = []
    for identifiant in ("FR-FR", matiere.region.id):
        observe = matiere.derniere(indicateur, identifiant, periode)
        if observe is not None and observe.lisible:
            trouvees.append(observe)
    return trouvees


def est_effectif(indicateur: Indicateur | MesureOffre) -> bool:
    """Dit si l'indicateur est un dénombrement, qui ne se compare pas à celui de la France."""
    return indicateur.unite == "nombre"


def titre_indicateur(matiere: Matiere, indicateur: Indicateur) -> tuple[Ligne, ...] | None:
    """Renvoie un titre-message : la valeur du département, son verdict et sa référence."""
    faits = rassembler(matiere, matiere.departement.id, [indicateur])
    if not faits:
        return None
    fait = faits[0]
    valeur = (matiere.imprimer(fait.observe), *unite_dite(indicateur))
    debut: tuple[Ligne, ...] = (
        Texte(f"{majuscule(dans(matiere.departement))}, "),
        nommer(indicateur),
    )
    reference = fait.principale(REFERENCES["DEP"])
    if not reference:
        return (*debut, Texte(" est de "), *valeur)
    dit = repere(matiere, reference)
    contre = fait.reference_valeurs[reference]
    _, verdict, nette, _ = fait.cle(reference)
    if verdict in ("plus_haut", "plus_bas"):
        net = ", de façon nette" if nette else ""
        adjectif = adjectif_de(verdict, fait.accord)
        suite = Texte(f") est {adjectif} {dit.que}{net} (")
        return (*debut, Texte(" ("), *valeur, suite, contre, Texte(")"))
    if verdict == "proche":
        suite = Texte(f") est {fait.accord.proche} du niveau {dit.de} (")
        return (*debut, Texte(" ("), *valeur, suite, contre, Texte(")"))
    return (*debut, Texte(" est de "), *valeur, Texte(", contre "), contre, Texte(f" {dit.dans}"))


def lisibles(matiere: Matiere, indicateur: str, ids: Sequence[str]) -> list[Observe]:
    """Renvoie les observations lisibles de ces territoires, à leur période commune."""
    periode = matiere.periode_de_reference(indicateur, ids)
    trouvees = []
    for identifiant in ids:
        observe = matiere.derniere(indicateur, identifiant, periode) if periode else None
        if observe is not None and observe.lisible and observe.value is not None:
            trouvees.append(observe)
    return trouvees


def etendue(observes: Sequence[Observe]) -> tuple[Observe, Observe] | None:
    """Renvoie la plus basse et la plus haute observation, si elles diffèrent."""
    valeurs = [o for o in observes if o.value is not None]
    if len(valeurs) < 2:
        return None
    bas = min(valeurs, key=lambda o: (o.value or 0.0, o.territoire))
    haut = max(valeurs, key=lambda o: (o.value or 0.0, o.territoire))
    return None if bas.value == haut.value else (bas, haut)


def paragraphe_indicateur(
    matiere: Matiere, indicateur: Indicateur, plume: Plume | None = None
) -> tuple[Ligne, ...] | None:
    """Renvoie le commentaire d'un indicateur : sa place, puis celle des intercommunalités.

    Parameters
    ----------
    plume
        Plume du rapport, qui se souvient des phrases déjà écrites ; à défaut, une plume neuve.
    """
    plume = plume or Plume(masque_de(matiere))
    return joindre(
        commenter(matiere, matiere.departement.id, [indicateur], plume, autres=False, rappel=True)
    )


def phrase_epci(matiere: Matiere, indicateur: Indicateur | MesureOffre) -> tuple[Ligne, ...] | None:
    """Renvoie l'étendue entre intercommunalités, ou rien."""
    observes = lisibles(matiere, indicateur.id, matiere.epci)
    bornes = etendue(observes)
    if bornes is None:
        return None
    bas, haut = (matiere.imprimer(borne) for borne in bornes)
    debut = (Texte("Les intercommunalités se situent entre "), bas, Texte(" et "), haut)
    if len(observes) == len(matiere.epci):
        return (*debut, Texte("."))
    lues = part_lue(matiere, indicateur.id, len(observes), len(matiere.epci), "intercommunalités")
    return (*debut, Texte(" ("), *lues, Texte(")."))


def joindre(phrases: Sequence[tuple[Ligne, ...]]) -> tuple[Ligne, ...] | None:
    """Renvoie des phrases à la suite dans un paragraphe, ou rien."""
    rendu: list[Ligne] = []
    for rang, phrase in enumerate(phrases):
        if rang:
            rendu.append(Texte(" "))
        rendu += phrase
    return tuple(rendu) or None


def commenter(
    matiere: Matiere,
    territoire: str,
    indicateurs: Sequence[Indicateur],
    plume: Plume,
    *,
    autres: bool = True,
    membres: bool = True,
    rappel: bool = False,
) -> list[tuple[Ligne, ...]]:
    """Renvoie les phrases d'un territoire de tout niveau : place, autres références, tendance.

    Parameters
    ----------
    territoire
        Département, intercommunalité, commune ou arrondissement municipal.
    autres
        Dire aussi la place parmi les territoires semblables (ou l'autre référence du niveau).
    membres
        Pour un département, dire aussi ses intercommunalités.
    rappel
        Un seul indicateur : après la première phrase, un pronom le rappelle.
    """
    niveau = territoire.partition("-")[0]
    lieu = _LIEUX.get(niveau) or dans(matiere.territoire(territoire))
    references = REFERENCES.get(niveau, ("DEP",))
    faits = rassembler(matiere, territoire, indicateurs)
    phrases: list[tuple[Ligne, ...] | None] = []
    for reference, groupe in grouper(faits, references):
        dit = repere(matiere, reference)
        phrases.append(plume.ecrire(*formes_situation(groupe, reference, lieu=lieu, dit=dit)))
    if autres and "SEMBLABLES" in references:
        compares = [
            f
            for f in faits
            if f.verdict("SEMBLABLES") in _DITS and f.principale(references) != "SEMBLABLES"
        ]
        for debut in range(0, len(compares), _PAR_PHRASE):
            formes = formes_autres(
                compares[debut : debut + _PAR_PHRASE],
                "SEMBLABLES",
                dit=repere(matiere, "SEMBLABLES"),
            )
            phrases.append(plume.ecrire(*formes) if formes else None)
    if membres and niveau == "DEP":
        phrases += [
            plume.ecrire(*formes)
            for fait in faits[:_INDICATEURS_LOCALISES]
            if (formes := formes_epci(matiere, fait, rappel=rappel))
        ]
    phrases += [
        plume.ecrire(*formes)
        for fait in faits
        if (formes := formes_tendance(fait, lieu=lieu, rappel=rappel))
    ]
    return [phrase for phrase in phrases if phrase is not None]


_DITS = frozenset({"plus_haut", "plus_bas", "proche", "non_concluant"})
_PAR_PHRASE = 5
_INDICATEURS_LOCALISES = 2
_LIEUX = {"EPCI": "dans l'intercommunalité"}
"""Lieu dit après le titre, où le nom entier se répéterait à chaque phrase."""

_NOMS_DITS = 4


def formes_epci(
    matiere: Matiere, fait: Fait, *, rappel: bool = False
) -> tuple[tuple[Ligne, ...], ...]:
    """Renvoie les phrases qui disent où l'indicateur s'écarte du département, sans classement.

    Les intercommunalités sont nommées dans l'ordre alphabétique, et seulement si elles sont peu
    nombreuses ; c'est le côté le plus fragile que l'on nomme, s'il y en a un.
    """
    identifiant = fait.indicateur.id
    lignes = {
        epci: ligne
        for epci in matiere.epci
        if (ligne := matiere.comparaison(identifiant, epci, "DEP")) is not None
        and ligne["verdict"] in _DITS
    }
    if len(lignes) < 2:
        return ()
    nom, initial = nommer(fait.indicateur), nommer(fait.indicateur, initiale=True)
    hauts = [e for e, ligne in lignes.items() if ligne["verdict"] == "plus_haut"]
    bas = [e for e, ligne in lignes.items() if ligne["verdict"] == "plus_bas"]
    total = _compte(matiere, len(lignes), f"comparees:{identifiant}")
    if not hauts and not bas:
        return (
            (Texte("Aucune intercommunalité ne s'écarte du département pour "), nom, Texte(".")),
            (initial, Texte(" est du même ordre dans toutes les intercommunalités comparées.")),
            (Texte("Entre intercommunalités, rien ne distingue "), nom, Texte(".")),
        )
    fragile = fait.indicateur.sens != "plus_bas_est_plus_fragile"
    verdict, cotes = ("plus_haut", hauts) if fragile else ("plus_bas", bas)
    if not cotes:
        verdict, cotes = ("plus_bas", bas) if fragile else ("plus_haut", hauts)
    nettes = [e for e in cotes if lignes[e]["nette"]]
    cotes = nettes or cotes
    net, virgule = (", de façon nette", ",") if nettes else ("", "")
    adjectif = adjectif_de(verdict, fait.accord)
    place = "au-dessus" if verdict == "plus_haut" else "au-dessous"
    compte = _compte(matiere, len(cotes), f"{verdict}:{identifiant}")
    mot = "intercommunalité" if len(cotes) == 1 else "intercommunalités"
    noms: tuple[Ligne, ...] = ()
    if len(cotes) <= _NOMS_DITS:
        noms = (Texte(" : "), Mention(nommer_epci(map(matiere.territoire, cotes)), "nom"))
    if rappel:
        pronom = fait.accord.pronom
        return (
            (
                Texte("Dans "), compte, Texte(f" {mot} sur "), total, Texte(f", {pronom} est "),
                Texte(f"{adjectif} qu'au département{net}"), *noms, Texte("."),
            ),
            (
                Texte(f"{majuscule(pronom)} est {adjectif} qu'au département{net}{virgule} dans "),
                compte, Texte(f" {mot} sur "), total, *noms, Texte("."),
            ),
            (
                Texte("À l'intérieur du département, "), compte, Texte(f" {mot} sur "), total,
                Texte(f" {'est' if len(cotes) == 1 else 'sont'} {place} de cette valeur{net}"),
                *noms, Texte("."),
            ),
        )  # fmt: skip
    return (
        (
            initial, Texte(f" est {adjectif} qu'au département{net}{virgule} dans "), compte,
            Texte(f" {mot} sur "), total, Texte(" comparées"), *noms, Texte("."),
        ),
        (
            Texte("Sur "), total, Texte(" intercommunalités comparées, "), compte,
            Texte(f" {'est' if len(cotes) == 1 else 'sont'} {place} du département"),
            Texte(f"{net}{virgule} pour "), nom, *noms, Texte("."),
        ),
        (
            Texte("Dans "), compte, Texte(f" {mot}, "), nom,
            Texte(f" est {adjectif} que pour le département entier{net}"), *noms, Texte("."),
        ),
        (
            Texte("À l'intérieur du département, "), nom, Texte(f" passe {place} de la valeur "),
            Texte("d'ensemble dans "), compte, Texte(f" {mot}{net}"), *noms, Texte("."),
        ),
    )  # fmt: skip


def _compte(matiere: Matiere, valeur: int, nom: str) -> Nombre:
    return Nombre(
        formater(valeur, "nombre", decimales=0),
        Cle(indicateur=nom, territoire=matiere.departement.id, table="comptes"),
    )


def part_lue(
    matiere: Matiere, indicateur: str, lus: int, total: int, mot: str, *, dit: str = ""
) -> tuple[Ligne, ...]:
    """Renvoie « x communes diffusées sur y »."""
    cle = Cle(indicateur=indicateur, territoire=matiere.departement.id, champ=f"lus_{mot}")
    cle_total = Cle(indicateur=mot, territoire=matiere.departement.id, table="comptes")
    return (
        Nombre(formater(lus, "nombre", decimales=0), cle),
        Texte(f" {dit or mot} sur "),
        Nombre(formater(total, "nombre", decimales=0), cle_total),
    )


def message_carte(
    matiere: Matiere, indicateur: Indicateur | MesureOffre, observes: Sequence[Observe], mot: str
) -> tuple[Ligne, ...]:
    """Renvoie le titre-message d'une carte : l'étendue, ou ce que l'on ne peut pas lire."""
    nom = nommer(indicateur, initiale=True)
    bornes = etendue(observes)
    if bornes is None:
        if not observes:
            return (nom, Texte(" n'est publié pour aucun territoire"))
        return (
            nom,
            Texte(" est le même partout où il est publié : "),
            matiere.imprimer(observes[0]),
        )
    bas, haut = bornes
    if isinstance(indicateur, MesureOffre):
        nom, verbe = Mention(majuscule(indicateur.libelle_court), "definition"), " : de "
    else:
        verbe = " va de "
    return (
        nom,
        Texte(verbe),
        matiere.imprimer(bas),
        Texte(" à "),
        matiere.imprimer(haut),
        Texte(f" selon {mot}"),
    )
