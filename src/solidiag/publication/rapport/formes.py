"""Formes de phrases : ce que l'on peut écrire d'un groupe de faits, plusieurs façons de le dire.

Chaque fonction renvoie des phrases de même sens ; `Plume` choisit celle qui a le moins servi.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from solidiag.publication.document import Ligne, Mention, Texte, texte_brut
from solidiag.publication.rapport.accords import Accord, accord_commun
from solidiag.publication.rapport.expressions import (
    a_la_date,
    entre_dates,
    majuscule,
    millesime,
    nommer,
    unite_dite,
)
from solidiag.publication.rapport.faits import Contenu, Fait, Repere, enumerer_lignes
from solidiag.publication.rapport.tendances import reserve_de


def formes_situation(
    faits: Sequence[Fait], reference: str, *, lieu: str, dit: Repere
) -> tuple[Contenu, ...]:
    """Renvoie les phrases qui situent des faits de même verdict face à une référence."""
    accord = accord_commun([f.accord for f in faits])
    noms = enumerer_lignes([f.avec_valeur() for f in faits])
    initiaux = enumerer_lignes([f.avec_valeur(initiale=not r) for r, f in enumerate(faits)])
    seul = faits[0] if len(faits) == 1 else None
    if not reference:
        return tuple(_sans_reference(faits, lieu, accord, noms=noms, initiaux=initiaux))
    _, verdict, nette, lecture = faits[0].cle(reference)
    if verdict in ("plus_haut", "plus_bas"):
        tourner = _nettes if nette else _sans_marge
        cadre = _Cadre(
            reference=reference, verdict=verdict, lecture=lecture, lieu=lieu, dit=dit, noms=noms,
            initiaux=initiaux, accord=accord, seul=seul,
        )  # fmt: skip
        return tuple(tourner(cadre))
    periode = faits[0].observe.periode
    if verdict == "proche":
        formes = [
            (*initiaux, Texte(f" {accord.est} {accord.proche} du niveau {dit.de}.")),
            (
                Texte(f"{majuscule(lieu)}, "),
                *noms,
                Texte(f" {accord.conjuguer('se tient', 'se tiennent')} près du niveau {dit.de}."),
            ),
            (*initiaux, Texte(f" {accord.conjuguer('ne s’écarte', 'ne s’écartent')} guère "),
             Texte(f"de ce que l'on observe {dit.dans}.")),
        ]  # fmt: skip
        if seul:
            formes.insert(
                0,
                (
                    *a_la_date(periode, initiale=True), Texte(", "), nommer(seul.indicateur),
                    *_meme_ordre(seul, reference, lieu=lieu, dit=dit),
                ),
            )  # fmt: skip
        return tuple(formes)
    if verdict == "trop_peu":
        return (
            (
                *initiaux, Texte(f" ne {accord.conjuguer('se compare', 'se comparent')} pas : "),
                Texte("trop peu d'habitants pour en juger."),
            ),
            (
                Texte("Quelques personnes de plus ou de moins changeraient "), *noms,
                Texte(" : l'écart ne se juge pas."),
            ),
            (
                *initiaux, Texte(f" {accord.conjuguer('porte', 'portent')} sur trop peu de "),
                Texte("personnes pour dire un écart."),
            ),
        )  # fmt: skip
    if verdict == "dans_l_etendue":
        reste = accord.conjuguer("reste", "restent")
        return (
            (*initiaux, Texte(f" {reste} dans l'étendue des valeurs {dit.de}.")),
            (
                Texte(f"{majuscule(dit.dans)}, on trouve des valeurs plus hautes et plus basses "),
                Texte("pour "), *noms, Texte("."),
            ),
            (
                Texte(f"{majuscule(lieu)}, "), *noms,
                Texte(f" {reste} entre la plus basse et la plus haute valeur {dit.de}."),
            ),
        )  # fmt: skip
    return (
        (
            Texte("Pour "), *noms, Texte(f", l'écart avec {dit.nom} reste dans la marge "),
            Texte("d'incertitude : on ne peut pas conclure."),
        ),
        (
            *initiaux, Texte(f" ne {accord.conjuguer('se distingue', 'se distinguent')} pas de "),
            Texte(f"façon sûre du niveau {dit.de}."),
        ),
        (
            Texte("Rien ne permet de dire que "), *noms,
            Texte(f" {accord.conjuguer('diffère', 'diffèrent')} du niveau {dit.de}."),
        ),
    )  # fmt: skip


def _meme_ordre(fait: Fait, reference: str, *, lieu: str, dit: Repere) -> Contenu:
    """Renvoie « est du même ordre à Dax et au département : 3,5 et 3,6 »."""
    ici, la_bas = fait.valeur, fait.reference_valeurs[reference]
    if texte_brut((ici,)) == texte_brut((la_bas,)):
        debut = Texte(f" est {fait.accord.meme} {lieu} et {dit.dans} : ")
        return (debut, ici, *unite_dite(fait.indicateur), Texte("."))
    return (
        Texte(f" est du même ordre {lieu} et {dit.dans} : "), ici, Texte(" et "), la_bas,
        *unite_dite(fait.indicateur), Texte("."),
    )  # fmt: skip


def adjectif_de(verdict: str, accord: Accord) -> str:
    """Renvoie « plus élevé » ou « plus bas », accordé ; une durée est « plus longue »."""
    if accord.duree:
        haut = verdict == "plus_haut"
        return f"plus {accord.adjectif('long', 'longue') if haut else accord.adjectif('court')}"
    if verdict == "plus_haut":
        return f"plus {accord.adjectif('élevé')}"
    return f"plus {accord.adjectif('bas', 'basse')}"


_FRAGILITES: dict[str, tuple[str, str]] = {
    "plus_fragile": ("c'est un signe de fragilité", "signe d'une situation plus fragile"),
    "moins_fragile": ("c'est un signe de moindre fragilité", "signe d'une situation moins fragile"),
    "neutre": ("", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cadre:
    """Ce qu'une phrase d'écart a besoin de savoir."""

    reference: str
    verdict: str
    lecture: str
    lieu: str
    dit: Repere
    noms: Contenu
    initiaux: Contenu
    accord: Accord
    seul: Fait | None

    @property
    def adjectif(self) -> str:
        return adjectif_de(self.verdict, self.accord)

    @property
    def proposition(self) -> str:
        texte = _FRAGILITES[self.lecture][0]
        return f" : {texte}" if texte else ""

    @property
    def apposition(self) -> str:
        texte = _FRAGILITES[self.lecture][1]
        return f", {texte}" if texte else ""


_QUANTITES = {"plus_haut": "plus", "plus_bas": "moins"}


def _nettes(cadre: _Cadre) -> Iterator[Contenu]:
    """Phrases d'un écart net."""
    seul, dit, lieu, adjectif = cadre.seul, cadre.dit, cadre.lieu, cadre.adjectif
    if seul is None:
        yield (
            *cadre.initiaux, Texte(f" {cadre.accord.est} {adjectif} {dit.que}, de façon nette"),
            Texte(f"{cadre.proposition}."),
        )  # fmt: skip
        yield (
            Texte(f"{majuscule(lieu)}, "), *cadre.noms, Texte(f" {cadre.accord.est}, de façon "),
            Texte(f"nette, {adjectif} {dit.que}{cadre.apposition}."),
        )  # fmt: skip
        yield (
            Texte(f"L'écart avec {dit.nom} est net pour "), *cadre.noms,
            Texte(f", {adjectif} {lieu}{cadre.apposition}."),
        )  # fmt: skip
        return
    valeur = (seul.valeur, *unite_dite(seul.indicateur))
    contre = seul.reference_valeurs[cadre.reference]
    nom, periode = nommer(seul.indicateur), seul.observe.periode
    yield (
        *a_la_date(periode, initiale=True), Texte(", "), nom,
        Texte(f" est {adjectif} {lieu} {dit.que}, de façon nette ("), *valeur,
        Texte(" contre "), contre, Texte(f"){cadre.proposition}."),
    )  # fmt: skip
    yield (
        nommer(seul.indicateur, initiale=True), Texte(" est de "), *valeur, Texte(" "),
        *a_la_date(periode),
        Texte(f" ; c'est, de façon nette, {_QUANTITES[cadre.verdict]} {dit.que} ("),
        contre, Texte(f"){cadre.apposition}."),
    )  # fmt: skip
    yield (
        Texte("Avec "), *valeur, Texte(f" {lieu} contre "), contre, Texte(f" {dit.dans}, "), nom,
        Texte(f" est {adjectif}, de façon nette{cadre.apposition}."),
    )  # fmt: skip


def _sans_marge(cadre: _Cadre) -> Iterator[Contenu]:
    """Phrases d'un écart dont l'incertitude n'est pas connue."""
    seul, dit, lieu, adjectif = cadre.seul, cadre.dit, cadre.lieu, cadre.adjectif
    if seul is None:
        yield (
            *cadre.initiaux, Texte(f" {cadre.accord.est} {adjectif} {dit.que}, sans que leur "),
            Texte("marge d'incertitude soit connue."),
        )  # fmt: skip
        yield (
            Texte(f"{majuscule(lieu)}, "), *cadre.noms,
            Texte(f" {cadre.accord.est} {adjectif} {dit.que}, sans marge connue."),
        )  # fmt: skip
        yield (
            Texte("Faute d'intervalle, on note seulement que "), *cadre.noms,
            Texte(f" {cadre.accord.est} {adjectif} {dit.que}."),
        )  # fmt: skip
        return
    valeur = (seul.valeur, *unite_dite(seul.indicateur))
    contre = seul.reference_valeurs[cadre.reference]
    place = "au-dessus" if cadre.verdict == "plus_haut" else "au-dessous"
    yield (
        nommer(seul.indicateur, initiale=True), Texte(f" est {adjectif} {lieu} ("), *valeur,
        Texte(f") {dit.que} ("), contre, Texte("), mais la marge d'incertitude n'est pas connue."),
    )  # fmt: skip
    yield (
        *a_la_date(seul.observe.periode, initiale=True), Texte(", "), nommer(seul.indicateur),
        Texte(f" se situe {lieu} {place} du niveau {dit.de} : "), *valeur, Texte(" contre "),
        contre, Texte(", sans marge connue."),
    )  # fmt: skip
    yield (
        Texte("Sans marge connue, "), nommer(seul.indicateur), Texte(f" paraît {adjectif} "),
        Texte(f"{dit.que} : "), *valeur, Texte(f" {lieu}, "), contre, Texte(f" {dit.dans}."),
    )  # fmt: skip


def _sans_reference(
    faits: Sequence[Fait], lieu: str, accord: Accord, *, noms: Contenu, initiaux: Contenu
) -> Iterator[Contenu]:
    seul = faits[0] if len(faits) == 1 else None
    periode = faits[0].observe.periode
    if all(f.effectif for f in faits):
        valeurs = enumerer_lignes(
            [
                (nommer(f.indicateur), Texte(" est de "), f.valeur, *unite_dite(f.indicateur))
                for f in faits
            ]
        )
        yield (*a_la_date(periode, initiale=True), Texte(", "), *valeurs, Texte(f" {lieu}."))
        yield (
            Texte(f"{majuscule(lieu)}, "),
            *valeurs,
            Texte(" ("),
            millesime(periode),
            Texte(")."),
        )
        return
    if seul:
        yield (
            nommer(seul.indicateur, initiale=True), Texte(" est de "), seul.valeur,
            *unite_dite(seul.indicateur), Texte(f" {lieu} "), *a_la_date(periode),
            Texte(" ; aucune valeur de même source et de même date ne permet de "),
            Texte(f"{'la' if seul.accord.feminin else 'le'} situer."),
        )  # fmt: skip
        yield (
            *a_la_date(periode, initiale=True), Texte(", "), nommer(seul.indicateur),
            Texte(" est de "), seul.valeur, *unite_dite(seul.indicateur),
            Texte(f" {lieu}, sans référence comparable."),
        )  # fmt: skip
    yield (
        *initiaux, Texte(f" {accord.conjuguer('se lit', 'se lisent')} sans référence de même "),
        Texte("source et de même date."),
    )  # fmt: skip
    yield (
        Texte("Aucune référence comparable ne situe "), *noms, Texte("."),
    )  # fmt: skip


def formes_autres(faits: Sequence[Fait], reference: str, *, dit: Repere) -> tuple[Contenu, ...]:
    """Renvoie les phrases qui disent, sans nombre, où sont des faits face à une autre référence."""
    propositions: list[Contenu] = []
    groupes: dict[tuple[str, bool], list[Fait]] = {}
    for fait in faits:
        _, verdict, nette, _ = fait.cle(reference)
        if verdict != "non_comparable":
            groupes.setdefault((verdict, nette), []).append(fait)
    for (verdict, nette), membres in groupes.items():
        accord = accord_commun([f.accord for f in membres])
        noms = enumerer_lignes([(nommer(f.indicateur),) for f in membres])
        if verdict in ("plus_haut", "plus_bas"):
            net = ", de façon nette" if nette else ""
            propositions.append(
                (*noms, Texte(f" {accord.est} {adjectif_de(verdict, accord)}{net}"))
            )
        elif verdict == "proche":
            differe = accord.conjuguer("diffère", "diffèrent")
            propositions.append((*noms, Texte(f" {differe} peu")))
        elif verdict == "dans_l_etendue":
            reste = accord.conjuguer("reste", "restent")
            propositions.append((*noms, Texte(f" {reste} dans l'étendue de leurs valeurs")))
        else:
            propositions.append((Texte("on ne peut pas conclure pour "), *noms))
    if not propositions:
        return ()
    corps = _relier(propositions)
    return (
        (Texte(f"Par rapport {_a(dit.nom)}, "), *corps, Texte(".")),
        (Texte(f"Au regard {dit.de}, "), *corps, Texte(".")),
        (Texte(f"Face {_a(dit.nom)}, "), *corps, Texte(".")),
    )


def _a(nom: str) -> str:
    if nom.startswith("les "):
        return f"aux {nom[4:]}"
    return f"au {nom[3:]}" if nom.startswith("le ") else f"à {nom}"


def _relier(propositions: Sequence[Contenu]) -> Contenu:
    rendu: list[Ligne] = []
    for rang, proposition in enumerate(propositions):
        if rang:
            rendu.append(Texte(" ; "))
        rendu += proposition
    return tuple(rendu)


def formes_tendance(fait: Fait, *, lieu: str, rappel: bool = False) -> tuple[Contenu, ...]:
    """Renvoie les phrases d'une tendance testée sur cinq points au moins, ou rien.

    Parameters
    ----------
    rappel
        Le sujet vient d'être nommé : un pronom suffit.
    """
    tendance = fait.tendance
    if tendance is None or tendance["verdict"] in ("serie_courte", "non_teste"):
        return ()
    bornes = entre_dates(tendance["debut"], tendance["fin"])
    nom, initial = nommer(fait.indicateur), nommer(fait.indicateur, initiale=True)
    reserve = reserve_de(fait.indicateur.unite)
    if tendance["verdict"] == "sans_tendance":
        if rappel:
            return (
                (Texte("Aucune tendance n'est établie "), *bornes, Texte(".")),
                (*majuscule_de(bornes), Texte(", aucune tendance n'est établie.")),
            )
        return (
            (initial, Texte(" est sans tendance établie "), *bornes, Texte(".")),
            (Texte("Aucune tendance n'est établie "), *bornes, Texte(" pour "), nom, Texte(".")),
        )
    sens = "hausse" if tendance["verdict"] == "hausse" else "baisse"
    if rappel:
        pronom = majuscule(fait.accord.pronom)
        return (
            (Texte(f"{pronom} est en {sens}{reserve}, de façon nette, "), *bornes, Texte(".")),
            (*majuscule_de(bornes), Texte(f", la tendance est nettement à la {sens}{reserve}.")),
        )
    return (
        (initial, Texte(f" est en {sens}{reserve}, de façon nette, "), *bornes, Texte(".")),
        (
            Texte(f"{majuscule(lieu)}, "), nom, Texte(f" est en {sens}, de façon nette{reserve} "),
            Texte(": la tendance se lit "), *bornes, Texte("."),
        ),
        (
            *majuscule_de(bornes), Texte(", "), nom,
            Texte(f" a suivi une tendance nette à la {sens}{reserve}."),
        ),
    )  # fmt: skip


def majuscule_de(contenu: Contenu) -> Contenu:
    """Renvoie le contenu avec une capitale à son premier mot."""
    premier = contenu[0]
    if isinstance(premier, Texte):
        return (Texte(majuscule(premier.texte)), *contenu[1:])
    if isinstance(premier, Mention):
        return (Mention(majuscule(premier.texte), premier.nature), *contenu[1:])
    return contenu
