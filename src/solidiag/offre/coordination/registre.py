"""Registres de la coordination : lignes publiques et lignes d'un classeur, réunies sans perte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import polars as pl

from solidiag.catalogue.dispositif import Coordination
from solidiag.model.coordination import ACTEURS, ACTIONS, DISPOSITIFS, LIENS, PARCOURS
from solidiag.model.observation import mettre_au_schema
from solidiag.offre.noms import simplifier

SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "acteurs": ACTEURS,
    "dispositifs": DISPOSITIFS,
    "actions": ACTIONS,
    "liens": LIENS,
    "parcours": PARCOURS,
}
"""Registres que des fichiers publics et un classeur peuvent remplir."""

_REFERENCES: dict[str, tuple[str, ...]] = {
    "acteurs": ("id",),
    "dispositifs": ("pilote", "financeurs"),
    "actions": ("acteur", "partenaires"),
    "liens": ("acteur_a", "acteur_b"),
    "parcours": ("acteur",),
}
"""Colonnes qui désignent un acteur."""

_COMPARES: dict[str, tuple[str, ...]] = {
    "acteurs": ("type",),
    "dispositifs": ("debut", "fin", "budget", "pilote"),
}
"""Champs d'une ligne de classeur confrontés à ceux de la ligne publique qui dit la même chose."""

Situer = Callable[[str], Sequence[str]]
"""Territoire quelconque → territoires de la matrice où il compte, le plus fin d'abord."""

_COORDONNEES = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<!\d)(?:(?:\+|00)(?:33|262|508|59[046]|68[79])[\s.-]?(?:\(0\)[\s.-]?)?|0)"
    r"[1-9](?:[\s./-]?\d{2}){4}(?!\d)"
)
_SANS_SUJET = re.compile(
    r"^(?:(?:essai|exemple) fictif )?"
    r"(?:(?:l )?(?:agence|antenne|site|direction|equipe)(?: locale| departementale)?"
    r"(?: (?:du|des|de l|de la|de|d))? )?"
)
"""Ce qui précède le nom d'une institution sans en changer : « agence France Travail de Dax »."""

_ACTION_SOCIALE = (
    ("centre communal d action sociale", "ccas"),
    ("centre intercommunal d action sociale", "cias"),
)
DECRIT_AUSSI = "décrit aussi dans le classeur"
"""Remarque d'une ligne publique qu'une ligne du classeur décrit aussi."""

RETIREE = "[coordonnée retirée]"
"""Ce qui remplace une adresse électronique ou un numéro de téléphone écrit dans un classeur."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Registres:
    """Les cinq registres, aux schémas de `solidiag.model.coordination`."""

    acteurs: pl.DataFrame
    dispositifs: pl.DataFrame
    actions: pl.DataFrame
    liens: pl.DataFrame
    parcours: pl.DataFrame

    @classmethod
    def depuis(cls, tables: Mapping[str, pl.DataFrame]) -> Registres:
        """Renvoie les registres d'une correspondance nom → table ; ce qui manque est vide.

        Raises
        ------
        ValueError
            Si une table n'est pas un registre ou porte une colonne hors de son schéma.
        """
        inconnues = sorted(set(tables) - set(SCHEMAS))
        if inconnues:
            msg = f"registres inconnus : {inconnues}"
            raise ValueError(msg)
        return cls(
            **{
                nom: mettre_au_schema(tables.get(nom, pl.DataFrame(schema=schema)), schema)
                for nom, schema in SCHEMAS.items()
            }
        )

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Registres par nom."""
        return {champ.name: getattr(self, champ.name) for champ in fields(self)}


def en_table(lignes: Iterable[Mapping[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Renvoie des lignes au schéma ; une clé absente est vide.

    Raises
    ------
    ValueError
        Si une ligne porte une clé hors du schéma.
    """
    completes = []
    for ligne in lignes:
        en_trop = sorted(set(ligne) - set(schema))
        if en_trop:
            msg = f"champs hors du schéma : {en_trop}"
            raise ValueError(msg)
        completes.append({nom: ligne.get(nom) for nom in schema})
    return pl.DataFrame(completes, schema=schema, orient="row")


def identifiant(nom: str) -> str:
    """Renvoie un identifiant tiré d'un nom.

    Examples
    --------
    >>> identifiant("Ligue de l'enseignement (Landes)")
    'ligue-de-l-enseignement-landes'
    """
    return simplifier(nom).replace(" ", "-")


def reunir_registres(
    public: Registres,
    gabarit: Mapping[str, pl.DataFrame],
    coordination: Coordination | None = None,
    *,
    situer: Situer | None = None,
) -> Registres:
    """Renvoie les registres publics complétés par ceux d'un classeur.

    Aucune ligne n'est retirée ni changée de provenance. Un acteur du classeur qui porte le nom d'un
    acteur public, ou qui nomme une institution connue, prend son identifiant : leurs liens se
    rejoignent. Un dispositif du classeur en décrit un public s'il a le même identifiant, ou le même
    type et un territoire commun. Quand les deux se contredisent (une date, un budget, un pilote),
    les deux restent et chacun le dit dans sa ``remarque``. Réunir deux fois le même classeur ne
    change rien.

    Parameters
    ----------
    gabarit
        Registres lus d'un classeur rempli, par nom ; ceux qui manquent sont vides.
    coordination
        Institutions déclarées, pour les reconnaître à leur nom.
    situer
        Ramène un territoire à ceux de la matrice ; sans lui, seuls les mêmes territoires se
        recoupent.
    """
    ajoute = Registres.depuis({nom: t for nom, t in gabarit.items() if nom in SCHEMAS})
    remplace = _rapprocher(public.acteurs, ajoute.acteurs, coordination)
    if coordination is not None:
        acteurs = _dire_les_doutes(ajoute.acteurs, remplace, coordination)
        ajoute = replace(ajoute, acteurs=acteurs)
    reunis: dict[str, pl.DataFrame] = {}
    for nom, table in ajoute.tables.items():
        propre = _sans_coordonnees(_renommer(table, _REFERENCES[nom], remplace))
        ensemble = pl.concat([getattr(public, nom), propre])
        if nom in _COMPARES:
            ensemble = _confronter(ensemble, _COMPARES[nom], situer or (lambda lieu: (lieu,)))
        reunis[nom] = ensemble.unique(maintain_order=True)
    return Registres(**reunis)


def completer_acteurs(registres: Registres, coordination: Coordination) -> Registres:
    """Renvoie les registres, chaque acteur cité ayant une ligne.

    Une institution citée prend son nom ; un autre acteur garde son identifiant pour nom. Sa
    ``remarque`` dit qu'aucune ligne ne le décrit.
    """
    connus = set(registres.acteurs["id"])
    cites: dict[str, str] = {}
    for nom, colonnes in _REFERENCES.items():
        table = registres.tables[nom]
        for colonne in colonnes if nom != "acteurs" else ():
            champ = pl.col(colonne).alias("acteur")
            lignes = table.select(champ, "provenance")
            if isinstance(table.schema[colonne], pl.List):
                lignes = lignes.explode("acteur")
            for acteur, provenance in lignes.drop_nulls("acteur").iter_rows():
                if acteur and acteur not in connus:
                    cites[acteur] = min(cites.get(acteur, provenance), provenance)
    ajoutes = [
        {
            "id": acteur,
            "nom": institution.nom if institution else acteur,
            "type": institution.type if institution else "autre",
            "competences": [],
            "territoires": [],
            "provenance": provenance,
            "remarque": "cité par une ligne, sans description",
        }
        for acteur, provenance in sorted(cites.items())
        for institution in [coordination.par_id.get(acteur)]
    ]
    if not ajoutes:
        return registres
    return replace(registres, acteurs=pl.concat([registres.acteurs, en_table(ajoutes, ACTEURS)]))


def _rapprocher(
    publics: pl.DataFrame, ajoutes: pl.DataFrame, coordination: Coordination | None
) -> dict[str, str]:
    """Renvoie identifiant du classeur → identifiant public, à nom ou institution identique."""
    par_nom = {
        _cle_de_nom(nom): cle
        for cle, nom, provenance in publics.select("id", "nom", "provenance").iter_rows()
        if nom and provenance != "gabarit"
    }
    remplace: dict[str, str] = {}
    for cle, nom in ajoutes.select("id", "nom").iter_rows():
        simple = simplifier(nom or "")
        if _cle_de_nom(simple) in par_nom:
            remplace[cle] = par_nom[_cle_de_nom(simple)]
        elif coordination is not None:
            for sujet in (simple, _SANS_SUJET.sub("", simple)):
                nommees = [i for i in coordination.nommees(sujet) if not i.locale]
                if len(nommees) == 1 and nommees[0].commence(sujet):
                    remplace[cle] = nommees[0].id
                    break
    return remplace


def _cle_de_nom(nom: str) -> str:
    """Renvoie de quoi reconnaître un nom : « CCAS de Dax » et « Centre communal… Dax » en ont une.

    Examples
    --------
    >>> _cle_de_nom("CCAS de Dax") == _cle_de_nom("Centre communal d'action sociale (Dax)")
    True
    """
    simple = _SANS_SUJET.sub("", simplifier(nom))
    for developpe, sigle in _ACTION_SOCIALE:
        simple = simple.replace(developpe, sigle)
    if not simple.startswith(("ccas", "cias")):
        return simple
    return " ".join(mot for mot in simple.split() if mot not in ("d", "de", "du", "des", "la", "l"))


def _dire_les_doutes(
    acteurs: pl.DataFrame, remplace: Mapping[str, str], coordination: Coordination
) -> pl.DataFrame:
    """Dit, dans la remarque, l'institution qu'un nom cite sans qu'on puisse l'y réunir."""
    lignes = acteurs.to_dicts()
    for ligne in lignes:
        if ligne["id"] in remplace or coordination.par_id.get(ligne["id"]) is not None:
            continue
        for institution in coordination.nommees(simplifier(ligne["nom"] or "")):
            if not institution.locale:
                _noter(ligne, f"le nom cite « {institution.nom} », sans certitude : non réunis")
    return pl.DataFrame(lignes, schema=acteurs.schema, orient="row")


def _renommer(
    table: pl.DataFrame, colonnes: Sequence[str], remplace: Mapping[str, str]
) -> pl.DataFrame:
    if not remplace:
        return table
    return table.with_columns(
        pl.col(nom).list.eval(pl.element().replace(remplace))
        if isinstance(table.schema[nom], pl.List)
        else pl.col(nom).replace(remplace)
        for nom in colonnes
    )


def _sans_coordonnees(table: pl.DataFrame) -> pl.DataFrame:
    """Retire des textes les adresses électroniques et les téléphones, qui ne se publient pas."""
    return table.with_columns(
        pl.Series(nom, [_retirer(valeur) for valeur in table[nom].to_list()], dtype=genre)
        for nom, genre in table.schema.items()
        if genre in (pl.String, pl.List(pl.String))
    )


def _retirer(valeur: Any) -> Any:
    if isinstance(valeur, str):
        return _COORDONNEES.sub(RETIREE, valeur)
    return None if valeur is None else [_retirer(element) for element in valeur]


def _confronter(table: pl.DataFrame, champs: Sequence[str], situer: Situer) -> pl.DataFrame:
    """Dit, des deux côtés, ce qu'une ligne du classeur complète ou contredit."""
    lignes = table.to_dicts()
    publiques = [ligne for ligne in lignes if ligne["provenance"] in ("public", "deduit")]
    for ligne in lignes:
        if ligne["provenance"] != "gabarit":
            continue
        for autre in publiques:
            if not _meme_chose(ligne, autre, situer):
                continue
            for champ in champs:
                ici, la = ligne[champ], autre[champ]
                if ici in (None, "") or la in (None, "") or ici == la:
                    continue
                _noter(ligne, f"{champ} : la source publique dit « {la} »")
                _noter(autre, f"{champ} : le classeur dit « {ici} »")
            _noter(autre, DECRIT_AUSSI)
    return pl.DataFrame(lignes, schema=table.schema, orient="row")


def _meme_chose(ligne: Mapping[str, Any], autre: Mapping[str, Any], situer: Situer) -> bool:
    """Dit si deux lignes portent le même identifiant, ou sont un même type au même endroit.

    Seul le territoire le plus fin compte : deux contrats d'un département ne sont pas le même.
    """
    if ligne["id"] == autre["id"]:
        return True
    if "debut" not in ligne or ligne["type"] in (None, "", "autre"):
        return False
    if ligne["type"] != autre["type"]:
        return False
    lieux = [
        {next(iter(situer(lieu)), lieu) for lieu in dispositif["territoires"] or ()}
        for dispositif in (ligne, autre)
    ]
    return bool(lieux[0] & lieux[1])


def _noter(ligne: dict[str, Any], phrase: str) -> None:
    deja = ligne["remarque"] or ""
    if phrase not in deja.split(" ; "):
        ligne["remarque"] = f"{deja} ; {phrase}" if deja else phrase
