"""Ce qui manque à une fiche : secret, non publié, non documenté, et qui le détient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from solidiag.catalogue.indicateur import Indicateur
from solidiag.publication.document import Bloc, Fort, Ligne, Liste, Mention, Paragraphe, Texte
from solidiag.publication.francais import enumerer, nom_court
from solidiag.publication.matiere import Observe
from solidiag.publication.profil.matiere import SANS_LECTURE, TU, Fiche, MatiereProfil

_TITRES = {"Q": "Secret", "O": "Non publié", "L": "Non documenté", "M": "Sans objet"}
_TU = "Non montré"
_REDITS = frozenset(
    {
        "secret statistique du producteur",
        "valeur non publiée par le producteur",
        "territoire absent du fichier du producteur",
        "sans objet dans ce territoire",
    }
)
"""Motifs qui ne disent rien de plus que le statut."""


def blocs_des_manques(matiere: MatiereProfil) -> Iterator[Bloc]:
    """Renvoie ce qui manque, groupé par raison, puis ce qui se demande et à qui."""
    elements = [
        element
        for fiche in matiere.fiches
        for statut in _TITRES
        for element in _de_statut(matiere, fiche, statut)
    ]
    if not elements:
        yield Paragraphe(contenu=(Texte("Toutes les valeurs de cette fiche sont publiées."),))
    else:
        yield Liste(elements=tuple(elements))
    if matiere.demandes:
        contenu: list[Ligne] = [Fort((Texte("À demander"),)), Texte(" : ")]
        for rang, (_, fichier, detenteur) in enumerate(matiere.demandes):
            contenu.append(Texte(" ; " if rang else ""))
            contenu.append(Mention(f"{fichier} ({detenteur})", "definition"))
        yield Paragraphe(contenu=(*contenu, Texte(".")))


def _de_statut(matiere: MatiereProfil, fiche: Fiche, statut: str) -> Iterator[tuple[Ligne, ...]]:
    groupes: dict[str, list[tuple[Indicateur, Observe]]] = {}
    for indicateur in matiere.indicateurs:
        periode = matiere.periode(indicateur.id)
        observe = matiere.observe(indicateur.id, fiche.id, periode)
        if observe is None or observe.lisible or observe.status != statut:
            continue
        groupes.setdefault(_motif(observe), []).append((indicateur, observe))
    for motif, membres in groupes.items():
        titre = _TU if motif.startswith(TU) else _TITRES[statut]
        contenu: list[Ligne] = [Fort((Texte(titre),))]
        if len(matiere.fiches) > 1:
            contenu += [Texte(", "), Mention(nom_court(fiche.territoire), "nom")]
        contenu.append(Texte(" : "))
        noms = enumerer(f"{i.libelle_court} ({o.periode})" for i, o in membres)
        contenu += [Mention(noms, "definition"), Texte(". ")]
        contenu.append(Mention(_explication(matiere, statut, motif, membres), "definition"))
        yield tuple(contenu)


def _motif(observe: Observe) -> str:
    motif = observe.motif or ""
    if motif in _REDITS:
        return ""
    return SANS_LECTURE if motif.startswith(SANS_LECTURE) else motif


def _explication(
    matiere: MatiereProfil, statut: str, motif: str, membres: list[tuple[Indicateur, Observe]]
) -> str:
    ids = [indicateur.id for indicateur, _ in membres]
    if motif == SANS_LECTURE:
        niveaux = list(dict.fromkeys(matiere.niveaux.get(i, "") for i in ids))
        producteurs = list(dict.fromkeys(matiere.producteurs.get(i, "") for i in ids))
        lieux = " ; ".join(n for n in niveaux if n)
        phrase = "Aucun fichier lu ne les donne à ce niveau"
        phrase += f" ; lu pour : {lieux}" if lieux else ""
        detenteurs = _detenteurs(producteurs)
        return f"{phrase}. À demander à : {detenteurs}." if detenteurs else f"{phrase}."
    phrases = []
    if motif:
        phrases.append(f"{motif[:1].upper()}{motif[1:]}.")
    else:
        phrases.append(matiere.explications.get(statut, ""))
    if statut == "Q":
        phrases += dict.fromkeys(matiere.secrets[i] for i in ids if i in matiere.secrets)
    if statut == "L" or "non agrégeable" in motif:
        detenteurs = _detenteurs(matiere.producteurs.get(i, "") for i in ids)
        if detenteurs:
            phrases.append(f"À demander à : {detenteurs}.")
    return " ".join(phrase for phrase in phrases if phrase)


def _detenteurs(producteurs: Iterable[str]) -> str:
    """Renvoie les producteurs cités une fois chacun."""
    noms = [nom.strip() for texte in producteurs for nom in texte.split(",") if nom.strip()]
    return enumerer(dict.fromkeys(noms))
