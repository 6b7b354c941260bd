"""Identité d'un territoire : à quoi il appartient, ses zonages, à qui le comparer."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from solidiag.geography.assemblage import LIBELLES_ZONAGES, NIVEAUX_DE_DENSITE
from solidiag.geography.referentiel import Referentiel
from solidiag.model.territoire import LIBELLES_NIVEAUX, Niveau, Territoire
from solidiag.pipeline.profil_territoires import Sujet
from solidiag.publication.francais import compter, majuscule, nom_long, nombre
from solidiag.publication.profil.matiere import Fiche

_PARENTS = (Niveau.EPCI, Niveau.DEPARTEMENT, Niveau.REGION, Niveau.FRANCE)
_PART_COMMUNE = 0.5
_DEUX_NIVEAUX = (Niveau.COMMUNE, Niveau.ARRONDISSEMENT_MUNICIPAL)


def _communes(sujet: Sujet, referentiel: Referentiel) -> pl.DataFrame:
    return referentiel.communes.filter(pl.col("code").is_in(list(sujet.parts)))


def departement_principal(sujet: Sujet, referentiel: Referentiel) -> str:
    """Renvoie le département où vit la plus grande part des habitants du territoire."""
    sommes = (
        _communes(sujet, referentiel)
        .group_by("departement")
        .agg(pl.col("population").sum())
        .sort("population", "departement", descending=[True, False])
    )
    return str(sommes["departement"][0])


def decrire(sujet: Sujet, referentiel: Referentiel) -> Fiche:
    """Renvoie l'identité d'un territoire, avant ses chiffres."""
    comparateurs = tuple(_comparateurs(sujet, referentiel))
    remarques = list(sujet.remarques)
    departements = _communes(sujet, referentiel)["departement"].n_unique()
    if departements > 1 and any(t.niveau is Niveau.DEPARTEMENT for t in comparateurs):
        remarques.append(
            f"Le territoire s'étend sur {departements} départements ; il est comparé à celui où "
            "vivent le plus d'habitants."
        )
    return Fiche(
        territoire=sujet.territoire,
        nature=_nature(sujet),
        communes=len(sujet.parts),
        appartenances=tuple(_appartenances(sujet, referentiel, comparateurs)),
        zonages=tuple(_zonages(sujet, referentiel)),
        comparateurs=comparateurs,
        remarques=tuple(remarques),
        commande=_commande(sujet),
    )


def _commande(sujet: Sujet) -> str:
    """Renvoie le territoire tel qu'on l'écrit dans une commande."""
    donnes = {"liste": "--communes LISTE", "dessin": "--geojson FICHIER"}
    if sujet.propre is not None:
        return donnes.get(sujet.propre.genre, sujet.propre.code)
    courts = (*_DEUX_NIVEAUX, Niveau.EPCI, Niveau.DEPARTEMENT)
    return sujet.territoire.code if sujet.territoire.niveau in courts else sujet.id


def _nature(sujet: Sujet) -> str:
    territoire = sujet.territoire
    genres = {
        "liste": "Liste de communes",
        "dessin": "Territoire dessiné",
        "zonage": "Zonage",
        "canton": "Canton",
    }
    if sujet.propre is not None:
        nom = genres[sujet.propre.genre]
    else:
        nom = majuscule(LIBELLES_NIVEAUX[territoire.niveau][0])
    communes = compter(len(sujet.parts), "commune")
    suite = "" if territoire.niveau in _DEUX_NIVEAUX else f", {communes}"
    code = "" if territoire.niveau in (Niveau.FRANCE, Niveau.LIBRE) else f" {territoire.code}"
    return f"{nom}{code}{suite}"


def _comparateurs(sujet: Sujet, referentiel: Referentiel) -> Iterator[Territoire]:
    """Renvoie les territoires plus larges ; jamais deux qui ont les mêmes communes."""
    vus = {frozenset(sujet.parts)} if not _partiel(sujet) else set()
    if sujet.territoire.niveau is Niveau.ARRONDISSEMENT_MUNICIPAL:
        mere = referentiel.territoire(f"COM-{next(iter(sujet.parts))}")
        vus.add(frozenset(sujet.parts))
        yield mere
    for niveau in _PARENTS:
        parent = _parent(sujet, referentiel, niveau)
        if parent is None:
            continue
        communes = frozenset(referentiel.communes_de(parent.id))
        if communes in vus:
            continue
        vus.add(communes)
        yield parent


def _partiel(sujet: Sujet) -> bool:
    return any(part < 1 for part in sujet.parts.values())


def _parent(sujet: Sujet, referentiel: Referentiel, niveau: Niveau) -> Territoire | None:
    """Renvoie le territoire de ce niveau où vivent la plupart des habitants du sujet.

    Une intercommunalité n'est un parent que si elle contient tout le territoire.
    """
    if sujet.territoire.niveau is Niveau.FRANCE or sujet.territoire.niveau is niveau:
        return None
    if niveau is Niveau.FRANCE:
        return referentiel.territoire("FR-FR")
    liens = referentiel.appartenance(niveau).filter(pl.col("commune").is_in(list(sujet.parts)))
    if liens.is_empty():
        return None
    populations = (
        liens.join(referentiel.communes, left_on="commune", right_on="code")
        .group_by("territoire")
        .agg(pl.col("population").sum(), pl.len().alias("communes"))
        .sort("population", "territoire", descending=[True, False])
    )
    if niveau is Niveau.EPCI and populations["communes"][0] < len(sujet.parts):
        return None
    total = float(populations["population"].sum())
    if niveau is Niveau.DEPARTEMENT and populations["population"][0] < _PART_COMMUNE * total:
        return None
    return referentiel.territoire(str(populations["territoire"][0]))


def _appartenances(
    sujet: Sujet, referentiel: Referentiel, comparateurs: tuple[Territoire, ...]
) -> Iterator[tuple[str, str]]:
    for territoire in comparateurs:
        if territoire.niveau is not Niveau.FRANCE:
            yield LIBELLES_NIVEAUX[territoire.niveau][0], majuscule(nom_long(territoire))
    if sujet.territoire.niveau is Niveau.COMMUNE:
        for niveau in (Niveau.BASSIN_DE_VIE, Niveau.ZONE_EMPLOI):
            liens = referentiel.appartenance(niveau).filter(
                pl.col("commune") == sujet.territoire.code
            )
            for identifiant in liens["territoire"]:
                libelle = LIBELLES_NIVEAUX[niveau][0]
                yield libelle, f"{libelle} : {referentiel.nom(identifiant)}"


def _zonages(sujet: Sujet, referentiel: Referentiel) -> Iterator[tuple[str, str, str]]:
    """Renvoie les zonages du territoire ; au-delà d'une commune, combien y sont.

    Ceux d'un arrondissement municipal ne sont pas connus : la liste est celle de sa commune.
    """
    if sujet.territoire.niveau is Niveau.ARRONDISSEMENT_MUNICIPAL:
        return
    table = referentiel.zonages.filter(pl.col("commune").is_in(list(sujet.parts)))
    commune = sujet.territoire.niveau in _DEUX_NIVEAUX
    for zonage, libelle in LIBELLES_ZONAGES.items():
        lignes = table.filter(pl.col("zonage") == zonage)
        if lignes.is_empty():
            continue
        millesime = str(lignes["millesime"][0])
        if commune:
            valeur = str(lignes["valeur"][0])
            detail = "" if valeur == "commune retenue" else valeur
        else:
            dedans = compter(lignes["commune"].n_unique(), "commune")
            detail = f"{dedans} sur {nombre(len(sujet.parts))}"
        yield libelle, _court(detail), millesime
    if commune:
        densite = _communes(sujet, referentiel)["densite"][0]
        if densite in NIVEAUX_DE_DENSITE:
            yield "Densité", str(densite), "2025"


def _court(texte: str, limite: int = 110) -> str:
    if len(texte) <= limite:
        return texte
    noms = texte.split(", ")
    gardes: list[str] = []
    while noms and sum(len(nom) + 2 for nom in (*gardes, noms[0])) <= limite:
        gardes.append(noms.pop(0))
    return f"{', '.join(gardes)} et {len(noms)} autres" if gardes else texte[:limite]
