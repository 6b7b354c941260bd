"""Mesures et croisements qui suivent les catégories de services que la personne a réglées.

Une mesure de services compte des catégories ; chacune est l'offre propre de domaines, ou les
éclaire seulement. Si un réglage ôte un domaine à une catégorie, ou n'en fait plus une offre propre,
la mesure qui ne compte plus rien de propre au domaine ne peut pas rester celle de son offre : la
page se contredirait. Seules les mesures d'une catégorie réglée changent ; sans réglage, tout est
rendu tel quel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solidiag.catalogue.indicateur import Croisement, MesureOffre
from solidiag.catalogue.service import CategorieService

REGLAGE = "Réglage de cette installation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Mesures et croisements en vigueur.

    Parameters
    ----------
    mesures
        Par identifiant ; celle qui n'a plus de domaine n'y est plus.
    croisements
        Par domaine.
    effets
        Ce que le réglage des catégories a changé, une phrase par mesure ou croisement.
    """

    mesures: Mapping[str, MesureOffre]
    croisements: Mapping[str, Croisement]
    effets: tuple[str, ...] = ()


def suivre(
    mesures: Mapping[str, MesureOffre],
    croisements: Mapping[str, Croisement],
    *,
    livrees: Mapping[str, CategorieService],
    reglees: Mapping[str, CategorieService],
) -> Suite:
    """Renvoie les mesures et les croisements que laissent les catégories réglées.

    Parameters
    ----------
    mesures, croisements
        Tels que déclarés, par identifiant et par domaine.
    livrees, reglees
        Catégories livrées, et catégories en vigueur.
    """
    noms = {*livrees, *reglees}
    changees = {n for n in noms if _liens(reglees.get(n)) != _liens(livrees.get(n))}
    gardees: dict[str, MesureOffre] = {}
    perdus: dict[str, list[MesureOffre]] = {}
    effets: list[str] = []
    for nom, mesure in mesures.items():
        suivie: MesureOffre | None = mesure
        categories = mesure.selection.get("categories", ())
        if changees & set(categories):
            suivie = _suivie(mesure, categories, livrees=livrees, reglees=reglees)
        if suivie is not None:
            gardees[nom] = suivie
        if suivie == mesure:
            effets += _encore_comptees(mesure, categories, livrees=livrees, reglees=reglees)
            continue
        for domaine in mesure.domaines:
            if mesure.nature != "indirecte" and not _propre(suivie, domaine):
                perdus.setdefault(domaine, []).append(mesure)
        effets.append(_effet_de_mesure(mesure, suivie))
    suivis = {
        domaine: _croisement(croisement, gardees, perdus[domaine]) if domaine in perdus
        else croisement
        for domaine, croisement in croisements.items()
    }  # fmt: skip
    effets += [
        _effet_de_croisement(croisement, suivis[domaine])
        for domaine, croisement in croisements.items()
        if (suivis[domaine].portee, suivis[domaine].offre) != (croisement.portee, croisement.offre)
    ]
    return Suite(mesures=gardees, croisements=suivis, effets=tuple(effets))


def _liens(categorie: CategorieService | None) -> tuple[object, ...] | None:
    if categorie is None:
        return None
    return categorie.nature, set(categorie.domaines), set(categorie.domaines_indirects)


def _suivie(
    mesure: MesureOffre,
    categories: Sequence[str],
    *,
    livrees: Mapping[str, CategorieService],
    reglees: Mapping[str, CategorieService],
) -> MesureOffre | None:
    """Mesure en vigueur, ou rien si aucun de ses domaines ne reste.

    Une mesure n'a qu'une nature : d'une mesure encore propre à un domaine, celui que le réglage ne
    fait plus qu'éclairer est ôté. Ce que la déclaration livrée tient sans ses catégories demeure.
    """
    avant_propres, avant = _domaines(categories, livrees)
    propres, tous = _domaines(categories, reglees)
    restants = [d for d in mesure.domaines if d in tous or d not in avant]
    if mesure.nature == "indirecte":
        return _restreinte(mesure, restants)
    encore = [d for d in restants if d in propres]
    if encore:
        dechus = avant_propres - propres
        return _restreinte(mesure, [d for d in restants if d not in dechus])
    if not avant_propres & set(mesure.domaines):
        return _restreinte(mesure, restants)
    return _restreinte(mesure, restants, nature="indirecte", carte="non")


def _restreinte(
    mesure: MesureOffre, domaines: Sequence[str], **changes: object
) -> MesureOffre | None:
    if not domaines:
        return None
    return mesure.model_copy(update={"domaines": tuple(domaines), **changes})


def _domaines(
    categories: Sequence[str], declarees: Mapping[str, CategorieService]
) -> tuple[set[str], set[str]]:
    """Domaines dont ces catégories sont l'offre propre, et tous ceux qu'elles touchent."""
    connues = [declarees[nom] for nom in categories if nom in declarees]
    propres = {domaine for c in connues for domaine in c.domaines}
    return propres, propres | {domaine for c in connues for domaine in c.domaines_indirects}


def _propre(mesure: MesureOffre | None, domaine: str) -> bool:
    return mesure is not None and mesure.nature != "indirecte" and domaine in mesure.domaines


def _croisement(
    croisement: Croisement, mesures: Mapping[str, MesureOffre], perdues: Sequence[MesureOffre]
) -> Croisement:
    """Croisement d'un domaine dont une mesure n'est plus l'offre propre."""
    domaine = croisement.domaine
    siennes = [m for m in mesures.values() if domaine in m.domaines]
    change: dict[str, str] = {}
    if not siennes:
        change["etat_offre"] = "aucune"
    elif all(m.nature == "indirecte" for m in siennes):
        change["etat_offre"] = "indirecte"
    if croisement.offre:
        tiennent = [
            offre
            for offre in (croisement.offre, croisement.offre_secours)
            if offre and _propre(mesures.get(offre), domaine)
        ]
        if not tiennent:
            noms = ", ".join(f"« {m.libelle} »" for m in perdues)
            motif = f"{REGLAGE} : {noms}, ce n'est plus une offre propre à ce domaine."
            change |= {"portee": "aucune", "offre": "", "offre_secours": ""}
            change |= {"motif": motif, "reserve": motif}
        elif tiennent[0] != croisement.offre:
            change |= {"offre": tiennent[0], "offre_secours": ""}
        elif croisement.offre_secours not in tiennent:
            change["offre_secours"] = ""
    return croisement.model_copy(update=change)


def _encore_comptees(
    mesure: MesureOffre,
    categories: Sequence[str],
    *,
    livrees: Mapping[str, CategorieService],
    reglees: Mapping[str, CategorieService],
) -> list[str]:
    """Phrase d'une mesure qui tient par ses autres catégories, et compte encore celle qui part."""
    siens = set(mesure.domaines)
    parties = [
        nom
        for nom in categories
        if siens & (_domaines([nom], livrees)[0] - _domaines([nom], reglees)[0])
    ]
    if mesure.nature == "indirecte" or not parties:
        return []
    return [
        f"la mesure {mesure.id} (« {mesure.libelle} ») compte encore {', '.join(parties)} : pour "
        "ne plus le compter, réglez sa sélection dans mesures/services.yaml."
    ]


def _effet_de_mesure(avant: MesureOffre, apres: MesureOffre | None) -> str:
    debut = f"la mesure {avant.id} (« {avant.libelle} »)"
    if apres is None:
        return f"{debut} n'a plus de domaine : elle n'est plus calculée."
    otes = [d for d in avant.domaines if d not in apres.domaines]
    suites = [f"n'est plus montrée dans {', '.join(otes)}"] if otes else []
    if apres.nature != avant.nature:
        suites.append(f"n'est plus qu'une mesure indirecte de {', '.join(apres.domaines)}")
    return f"{debut} {' et '.join(suites)}."


def _effet_de_croisement(avant: Croisement, apres: Croisement) -> str:
    if apres.portee == avant.portee:
        return f"la comparaison de {avant.domaine} se fait avec {apres.offre}, non {avant.offre}."
    return f"la comparaison du besoin et de l'offre de {avant.domaine} ne se fait plus."
