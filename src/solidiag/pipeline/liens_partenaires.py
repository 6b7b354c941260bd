"""Tables de partenaires liées : l'une est la somme d'autres, ou une partie d'une autre.

Deux tables protégées chacune de son côté se trahissent l'une l'autre : l'ensemble moins les hommes
rend les femmes. Le lien se déclare ; tant qu'il ne l'est pas, la seconde table est refusée.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from solidiag.catalogue.table_personnelle import TablePersonnelle
from solidiag.confidentiality.partenaires import Ligne, controler
from solidiag.confidentiality.secret import Regles
from solidiag.errors import FichierRefuse, PublicationInterdite
from solidiag.storage.ajouts import Ajout, AjoutGarde
from solidiag.storage.declarations import lire_yaml

EFFECTIFS = "effectifs.csv"
"""Fichier, à part, des effectifs d'avant le secret : ce qu'un ajout suivant ne doit pas rendre."""

CLES = ("indicateur", "periode", "territoire")

Sommes = dict[str, tuple[str, ...]]
"""Par indicateur, ceux dont il est la somme."""

_AUTRES = "autres parties"
"""Partie jamais montrée d'une somme dont les parties déclarées ne font pas le total."""


@dataclass(frozen=True, kw_only=True)
class Precedent:
    """Ce que l'ajout précédent d'un indicateur, le même ou un autre lié, a montré et caché.

    Parameters
    ----------
    montre
        Ses observations, telles qu'elles se publient.
    effectifs
        Ses effectifs d'avant le secret, s'il les a gardés (voir `lire_effectifs`).
    """

    garde: AjoutGarde
    montre: pl.DataFrame
    effectifs: pl.DataFrame | None


def lire_effectifs(a_part: Path) -> pl.DataFrame | None:
    """Renvoie les effectifs d'avant le secret qu'un ajout a gardés, s'il les a encore."""
    chemin = a_part / EFFECTIFS
    if not chemin.is_file():
        return None
    return pl.read_csv(
        chemin,
        separator=";",
        schema={
            **dict.fromkeys((*CLES, "status"), pl.String),
            **dict.fromkeys(("compte", "denominateur"), pl.Float64),
        },
    )


def indicateur_de_l_ajout(ajout: Ajout) -> str:
    """Renvoie l'identifiant de l'indicateur que la table ajoutée d'une personne remplit."""
    return next(iter(ajout.remplit), "")


def sommes_des_ajouts(ajouts: Iterable[Ajout]) -> Sommes:
    """Renvoie les sommes que déclarent les tables de partenaires ajoutées."""
    return _sommes(
        (indicateur_de_l_ajout(ajout), ajout.source.somme_de, ajout.source.partie_de)
        for ajout in ajouts
        if ajout.source.seuil_secret
    )


def _sommes(liens: Iterable[tuple[str, Sequence[str], str]]) -> Sommes:
    sommes: dict[str, dict[str, None]] = {}
    for nom, parties, total in liens:
        for partie in parties:
            sommes.setdefault(nom, {})[partie] = None
        if total:
            sommes.setdefault(total, {})[nom] = None
    return {total: tuple(parties) for total, parties in sommes.items()}


def liees_a(nom: str, sommes: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Renvoie les indicateurs qu'une somme relie à celui-ci, directement ou non.

    Examples
    --------
    >>> sorted(liees_a("hommes", {"ensemble": ("femmes", "hommes"), "autre": ("x",)}))
    ['ensemble', 'femmes']
    """
    trouves = {nom}
    while True:
        lies = [{t, *parties} for t, parties in sommes.items() if trouves & {t, *parties}]
        suite = trouves.union(*lies)
        if suite == trouves:
            return frozenset(trouves - {nom})
        trouves = suite


def sommes_avec(table: TablePersonnelle, gardes: Sequence[AjoutGarde]) -> Sommes:
    """Renvoie les sommes de la même période : celles des tables gardées, et celles de la table."""
    autres = [
        garde.ajout
        for garde in derniers(gardes, table.periode)
        if indicateur_de_l_ajout(garde.ajout) != table.id
    ]
    liens = [(indicateur_de_l_ajout(a), a.source.somme_de, a.source.partie_de) for a in autres]
    return _sommes([*liens, (table.id, table.somme_de, table.partie_de)])


def derniers(gardes: Sequence[AjoutGarde], periode: str) -> list[AjoutGarde]:
    """Renvoie, par nom, la table de partenaire présente, sinon la dernière retirée."""
    choisis: dict[str, AjoutGarde] = {}
    for garde in sorted(gardes, key=lambda g: g.present):
        source = garde.ajout.source
        if source.seuil_secret and source.fichiers[0].millesime == periode:
            choisis[source.id] = garde
    return list(choisis.values())


def controler_les_liens(
    table: TablePersonnelle,
    effectifs: pl.DataFrame,
    gardes: Sequence[AjoutGarde],
    sommes: Mapping[str, Sequence[str]],
    *,
    nom: str,
    recu: str,
) -> None:
    """Refuse une table qui, ajoutée à part, en trahirait une autre, présente ou passée.

    Parameters
    ----------
    effectifs
        Effectifs de la table, d'avant le secret.
    recu
        Empreinte des octets reçus.

    Raises
    ------
    FichierRefuse
        Si le seuil baisse, si la même table est là sous un autre nom, si une autre table du même
        producteur ou du même fichier n'est ni liée ni dite indépendante, ou si une table liée n'a
        pas la même nature et le même seuil, ou n'a plus ses effectifs.
    """
    lies = liees_a(table.id, sommes)
    for garde in gardes:
        source, autre = garde.ajout.source, indicateur_de_l_ajout(garde.ajout)
        if not source.seuil_secret:
            continue
        periode = source.fichiers[0].millesime
        if autre == table.id and periode == table.periode:
            if source.seuil_secret > table.seuil:
                raise FichierRefuse(
                    nom,
                    f"le seuil baisse de {source.seuil_secret} à {table.seuil} : « {table.id} » a "
                    "déjà été ajoutée avec le plus haut, et ce qu'il cachait se verrait",
                    f"écrivez « seuil: {source.seuil_secret} » dans la déclaration",
                )
            continue
        if autre == table.id:
            continue
        siens = lire_effectifs(garde.a_part)
        if siens is not None and _memes(siens, effectifs):
            raise FichierRefuse(
                nom,
                f"ces effectifs sont déjà ceux de « {autre} » ({periode})",
                f"gardez l'identifiant « {autre} » : deux protections d'une même table se "
                "trahissent",
            )
        if periode != table.periode:
            continue
        if autre in lies:
            _controler_liee(table, garde, siens, nom=nom)
        elif not table.independante:
            _refuser_si_proche(table, garde, nom=nom, recu=recu)


def _memes(avant: pl.DataFrame, apres: pl.DataFrame) -> bool:
    colonnes = ["territoire", "compte", "denominateur"]
    return avant.select(colonnes).equals(apres.select(colonnes))


def _controler_liee(
    table: TablePersonnelle, garde: AjoutGarde, siens: pl.DataFrame | None, *, nom: str
) -> None:
    autre = garde.ajout.source.id.removeprefix("ajout.table.")
    if siens is None:
        raise FichierRefuse(
            nom,
            f"les effectifs d'avant le secret de la table liée « {autre} » ne sont plus là",
            "ajoutez-la d'abord à nouveau : le secret de tables liées se pose sur elles toutes",
        )
    rapport = bool(siens["denominateur"].count())
    seuil = garde.ajout.source.seuil_secret
    if rapport != (table.nature == "rapport") or seuil != table.seuil:
        raise FichierRefuse(
            nom,
            f"la table liée « {autre} » est {'un rapport' if rapport else 'un effectif'} au seuil "
            f"de {seuil}",
            "donnez aux tables liées la même nature et le même seuil",
        )


def _refuser_si_proche(table: TablePersonnelle, garde: AjoutGarde, *, nom: str, recu: str) -> None:
    source = garde.ajout.source
    droit = garde.a_part.parent / "droit.yaml"
    usage = lire_yaml(droit) if droit.is_file() else {}
    meme_fichier = (usage.get("recu") or {}).get("sha256") == recu
    if not meme_fichier and _cle(source.producteur) != _cle(table.producteur):
        return
    autre = source.id.removeprefix("ajout.table.")
    raise FichierRefuse(
        nom,
        f"« {autre} » vient {'du même fichier' if meme_fichier else 'du même producteur'}, pour "
        "la même période : si l'une est une partie de l'autre (les femmes et l'ensemble), leur "
        "différence rendrait un effectif secret",
        "écrivez dans la déclaration « partie_de: » et l'identifiant de l'ensemble, ou "
        "« somme_de: [ ] » et ceux de ses parties ; si aucune n'est une partie de l'autre, "
        "écrivez « independante: true »",
    )


def _cle(producteur: str) -> str:
    return " ".join(producteur.casefold().split())


def en_observations(effectifs: pl.DataFrame) -> pl.DataFrame:
    """Renvoie des effectifs gardés sous la forme de lignes d'observations à protéger."""
    rapport = pl.col("denominateur").is_not_null()
    return effectifs.select(
        *CLES,
        "status",
        pl.col("compte").alias("value"),
        pl.when(rapport).then("compte").alias("numerateur"),
        "denominateur",
    )


def sommes_a_attaquer(lignes: pl.DataFrame, sommes: Mapping[str, Sequence[str]]) -> Sommes:
    """Renvoie les sommes telles qu'un attaquant les écrit devant ces lignes.

    Une somme reçoit une partie jamais montrée quand ce qui se voit dit que ses parties déclarées
    ne font pas le total ; sinon il les suppose complètes, ce qui est le plus qu'il puisse savoir.
    """
    effectif = pl.when(pl.col("denominateur").is_not_null()).then("numerateur").otherwise("value")
    vues = lignes.select(*CLES, effectif.alias("effectif")).drop_nulls("effectif")
    sorties: Sommes = {}
    for total, parties in sommes.items():
        detail = (
            vues.filter(pl.col("indicateur").is_in(list(parties)))
            .group_by("periode", "territoire")
            .agg(pl.col("effectif").sum().alias("somme"), pl.len().alias("nombre"))
            .filter(pl.col("nombre") == len(parties))
        )
        ecarts = vues.filter(pl.col("indicateur") == total).join(
            detail, on=["periode", "territoire"]
        )
        incomplete = ecarts.filter(pl.col("effectif") > pl.col("somme") + 1e-6).height > 0
        sorties[total] = (*parties, _AUTRES) if incomplete else tuple(parties)
    return sorties


def noms(tables: Sequence[Precedent]) -> set[str]:
    """Renvoie les indicateurs de ces tables."""
    return {indicateur_de_l_ajout(p.garde.ajout) for p in tables}


def lignes_brutes(liees: Sequence[Precedent]) -> list[pl.DataFrame]:
    """Renvoie les effectifs d'avant le secret de ces tables, en lignes à protéger."""
    return [en_observations(p.effectifs) for p in liees if p.effectifs is not None]


def lignes_cachees(tables: Sequence[Precedent]) -> frozenset[Ligne]:
    """Renvoie les lignes que ces tables cachent."""
    cles = (p.montre.filter(pl.col("status") == "Q").select(*CLES).iter_rows() for p in tables)
    return frozenset(cle for lot in cles for cle in lot)


def attaquer_ensemble(
    protegees: pl.DataFrame,
    liees: Sequence[Precedent],
    sommes: Sommes,
    *,
    parents: Mapping[str, Sequence[str]],
    regles: Regles,
    nom: str,
) -> None:
    """Attaque la table protégée et celles qui lui sont liées, telles qu'elles se publient.

    Raises
    ------
    FichierRefuse
        Si un effectif secret de l'une se retrouve avec les autres.
    """
    lignes = pl.concat([protegees, *(p.montre for p in liees)], how="diagonal_relaxed")
    try:
        controler(
            lignes, parents=parents, regles=regles, modalites=sommes_a_attaquer(lignes, sommes)
        )
    except PublicationInterdite as erreur:
        raise FichierRefuse(
            nom,
            f"avec les tables liées ({', '.join(sorted(noms(liees)))}), elle rendrait un effectif "
            f"secret : {erreur}",
            "vérifiez que les parties déclarées ne se recoupent pas ; sinon, ne montrez que "
            "l'ensemble",
        ) from erreur
