"""La chaîne d'un chiffre : sa formule, ses termes, et chaque cellule des fichiers d'origine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from solidiag.besoins.formules import termes_de
from solidiag.besoins.termes import Referentiel
from solidiag.catalogue.indicateur import Indicateur, Lecture, Terme
from solidiag.errors import IndicateurInconnu
from solidiag.model.observation import MARQUES
from solidiag.model.origin import Retrieval

PHRASES = {
    "publie": "valeur publiée par le producteur, reprise telle quelle",
    "ratio": "somme des numérateurs rapportée à la somme des dénominateurs",
    "moyenne_ponderee": "somme des valeurs × poids, rapportée à la somme des poids",
    "somme": "somme d'effectifs",
    "amplitude": "écart du mois le plus haut au plus bas, rapporté à la moyenne annuelle",
}
"""Ce que fait chaque formule, en mots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cellule:
    """Une cellule d'un fichier d'origine.

    Parameters
    ----------
    fichier
        Chemin du fichier embarqué.
    ligne, colonne
        Numéro de ligne, en-tête compris, et nom de la colonne (ou de la clé).
    code, code_courant
        Code écrit dans le fichier, et code du territoire d'aujourd'hui qui l'a reçu.
    statut_cog
        Comment la ligne est arrivée dans le découpage actuel.
    """

    fichier: str
    ligne: int
    colonne: str
    code: str
    code_courant: str
    periode: str
    valeur: float | None
    statut: str
    statut_cog: str

    @property
    def texte(self) -> str:
        """La valeur lue, ou la marque de son absence."""
        if self.valeur is None:
            return MARQUES.get(self.statut, self.statut)
        return f"{self.valeur:.12g}".replace(".", ",")


@dataclass(frozen=True, slots=True, kw_only=True)
class TermeTrace:
    """Un terme de la formule : le fichier où il se lit, et ses cellules."""

    role: str
    expression: str
    retrieval: Retrieval
    cellules: tuple[Cellule, ...]
    total_cellules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chaine:
    """Tout ce qui mène à un chiffre."""

    indicateur: str
    libelle: str
    territoire: str
    periode: str
    formule: str
    explication: str
    facteur: float
    remarque: str
    termes: tuple[TermeTrace, ...]


def lectures_possibles(
    indicateur: Indicateur, territoire: str, periode: str = ""
) -> tuple[Lecture, ...]:
    """Renvoie les lectures qui servent ce territoire, la période la plus récente par défaut.

    Raises
    ------
    IndicateurInconnu
        Si l'indicateur n'a pas cette période.
    """
    periodes = list(dict.fromkeys(lecture.periode for lecture in indicateur.lectures))
    if periode and periode not in periodes:
        raise IndicateurInconnu(f"{indicateur.id} en {periode}", proches=periodes)
    niveau = territoire.partition("-")[0]
    servies = [lecture for lecture in indicateur.lectures if niveau in lecture.niveaux]
    voulue = periode or (servies[0].periode if servies else "")
    return tuple(lecture for lecture in servies if lecture.periode == voulue)


def tracer(
    indicateur: Indicateur,
    lecture: Lecture,
    territoire: str,
    *,
    brutes: Mapping[str, pl.DataFrame],
    passages: Mapping[str, pl.DataFrame],
    referentiel: Referentiel,
    retrievals: Mapping[str, Retrieval],
    limite: int = 20,
) -> Chaine:
    """Renvoie la chaîne d'un indicateur dans un territoire.

    Parameters
    ----------
    indicateur, lecture
        Déclaration, et la lecture qui donne la valeur (voir `lectures_possibles`).
    territoire
        Identifiant du territoire.
    brutes
        Par ``source/fichier``, table au schéma `TABLE_SOURCE`, codes du fichier.
    passages
        Par ``source/fichier``, passage du COG du fichier au COG courant : ``ancien``,
        ``nouveau``, ``relation``.
    referentiel
        Communes et appartenances.
    retrievals
        Provenance de chaque fichier.
    limite
        Nombre de cellules détaillées par terme ; ``total_cellules`` dit combien il y en a.
    """
    roles = {
        id(lecture.valeur): "valeur",
        id(lecture.numerateur): "numérateur",
        id(lecture.denominateur): "dénominateur",
        id(lecture.poids): "poids",
    }
    termes = []
    for terme in termes_de(lecture):
        cellules = _cellules(
            terme,
            lecture,
            territoire,
            brute=brutes[terme.fichier],
            passage=passages.get(terme.fichier),
            referentiel=referentiel,
            chemin=retrievals[terme.fichier].fichier,
        )
        termes.append(
            TermeTrace(
                role=roles[id(terme)],
                expression=_expression(terme),
                retrieval=retrievals[terme.fichier],
                cellules=tuple(cellules[:limite]),
                total_cellules=len(cellules),
            )
        )
    return Chaine(
        indicateur=indicateur.id,
        libelle=indicateur.libelle,
        territoire=territoire,
        periode=lecture.periode,
        formule=lecture.formule,
        explication=PHRASES[lecture.formule],
        facteur=lecture.facteur,
        remarque=lecture.remarque,
        termes=tuple(termes),
    )


def _expression(terme: Terme) -> str:
    corps = " + ".join(terme.variables)
    return corps + "".join(f" − {variable}" for variable in terme.moins)


def _cellules(
    terme: Terme,
    lecture: Lecture,
    territoire: str,
    *,
    brute: pl.DataFrame,
    passage: pl.DataFrame | None,
    referentiel: Referentiel,
    chemin: str,
) -> Sequence[Cellule]:
    niveau, _, code = territoire.partition("-")
    lues = brute.filter(pl.col("variable").is_in([*terme.variables, *terme.moins]))
    periodes = lues["periode"].unique().to_list()
    if lecture.formule == "amplitude":
        lues = lues.filter(pl.col("periode").str.starts_with(f"{lecture.periode}-"))
    elif terme.periode or len(periodes) > 1:
        lues = lues.filter(pl.col("periode") == (terme.periode or lecture.periode))
    propre = lecture.formule in ("publie", "amplitude") or (
        lecture.formule != "moyenne_ponderee"
        and terme.echelle == "auto"
        and niveau != "COM"
        and niveau in set(lues["niveau"].unique())
    )
    if propre and niveau not in ("COM", "ARM"):
        lues = lues.filter((pl.col("niveau") == niveau) & (pl.col("code") == code)).with_columns(
            nouveau=pl.col("code"), relation=pl.lit("unchanged")
        )
    else:
        lues = _communales(lues, niveau, code, passage=passage, referentiel=referentiel)
    return [
        Cellule(
            fichier=chemin,
            ligne=ligne["ligne"],
            colonne=ligne["variable"],
            code=ligne["code"],
            code_courant=ligne["nouveau"],
            periode=ligne["periode"],
            valeur=ligne["valeur"],
            statut=ligne["statut"],
            statut_cog=ligne["relation"],
        )
        for ligne in lues.sort("ligne", "variable").iter_rows(named=True)
    ]


def _communales(
    lues: pl.DataFrame,
    niveau: str,
    code: str,
    *,
    passage: pl.DataFrame | None,
    referentiel: Referentiel,
) -> pl.DataFrame:
    """Cellules des communes et arrondissements municipaux du territoire, ancien code compris."""
    if niveau in ("COM", "ARM"):
        communes = [code]
    else:
        appartenance = referentiel.appartenance
        communes = appartenance.filter(pl.col("territoire") == f"{niveau}-{code}")[
            "commune"
        ].to_list()
    municipaux = referentiel.arrondissements_municipaux
    meres = municipaux.filter(pl.col("commune").is_in(communes))["code"].to_list()
    communales = lues.filter(pl.col("niveau").is_in(["COM", "ARM"]))
    if passage is None:
        directes = communales.with_columns(nouveau=pl.col("code"), relation=pl.lit("unchanged"))
    else:
        liens = passage.select(pl.col("ancien").alias("code"), "nouveau", "relation").filter(
            ~pl.col("relation").is_in(["arm", "deleguee"])
        )
        directes = communales.join(liens, on="code", how="left").with_columns(
            pl.col("nouveau").fill_null(pl.col("code")),
            pl.col("relation").fill_null("unchanged"),
        )
    return directes.filter(pl.col("nouveau").is_in([*communes, *meres]))
