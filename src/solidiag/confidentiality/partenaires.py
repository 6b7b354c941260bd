"""Tables de partenaires : le secret posé sur des lignes d'observations, puis contrôlé."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import InitVar, dataclass

import polars as pl

from solidiag.confidentiality.attaque import attaquer, retrouvees
from solidiag.confidentiality.protection import TableBrute, TableProtegee, proteger
from solidiag.confidentiality.secret import Marque, Regles, sous_le_seuil
from solidiag.confidentiality.structure import (
    Cellule,
    Dimension,
    Equation,
    Structure,
    croiser,
    territoires_emboites,
)
from solidiag.confidentiality.systeme import SystemeIncoherent
from solidiag.errors import PublicationInterdite
from solidiag.model.observation import AVEC_VALEUR, ConfStatus, ObsStatus

CHIFFRES = ("value", "lower", "upper", "level", "numerateur", "denominateur")

MOTIFS: dict[Marque, str] = {
    Marque.PRIMAIRE: "secret : moins de {seuil} personnes",
    Marque.SECONDAIRE: "secret : cette valeur permettrait d'en déduire une autre, secrète",
}

MOTIF_CONFONDU = "secret"

_SCEAU = object()

_CLES = ("indicateur", "periode", "territoire")

Ligne = tuple[str, str, str]
"""Indicateur, période, territoire."""


def proteger_observations(
    observations: pl.DataFrame,
    *,
    parents: Mapping[str, Sequence[str]],
    regles: Regles,
    modalites: Mapping[str, Sequence[str]] | None = None,
    deja_publie: Sequence[pl.DataFrame] = (),
    deja_cachees: Collection[Ligne] = frozenset(),
    tolerer_deja_connues: bool = False,
    rendre: int = 40,
) -> pl.DataFrame:
    """Renvoie les observations d'un partenaire, secret primaire et secondaire posés.

    Une ligne cachée perd tous ses chiffres, prend le statut Q, et dit pourquoi : C (secret par
    elle-même) ou D (cachée pour en protéger une autre). L'ordre des lignes est gardé.

    Parameters
    ----------
    observations
        Lignes au schéma `OBSERVATIONS`. Avec un dénominateur, c'est un taux, jugé sur son
        numérateur, son dénominateur et leur différence ; sinon ``value`` est un effectif.
    parents
        Par identifiant de territoire (``COM-40192``), les territoires qui le contiennent et dont
        la valeur est la somme de celles de leurs communes (``EPCI-…``, ``DEP-40``) ; plusieurs
        zonages peuvent se croiser.
    regles
        Règles de secret.
    modalites
        Par indicateur de total, les indicateurs dont il est la somme.
    deja_publie
        Publications précédentes, au même schéma : ce qu'elles montrent est connu de l'attaquant.
    deja_cachees
        Lignes (indicateur, période, territoire) qu'une publication précédente a cachées et dont la
        valeur n'a pas changé : elles restent cachées.
    tolerer_deja_connues, rendre
        Voir `proteger`.

    Raises
    ------
    DejaMontre
        Si une case secrète a déjà été montrée, ou se retrouve avec ce qui l'a été.
    PublicationInterdite
        Si un taux n'a pas son numérateur, ou si une somme ne tombe pas juste.
    """
    _verifier(observations)
    cachees: dict[Cellule, tuple[ConfStatus, str]] = {}
    for groupe in _groupes(observations, modalites or {}):
        for periode in observations["periode"].unique().sort().to_list():
            lignes = observations.filter(
                pl.col("indicateur").is_in(groupe) & (pl.col("periode") == periode)
            )
            if lignes.is_empty():
                continue
            protegee = proteger(
                _table(
                    lignes, regles, frozenset((c, i) for i, p, c in deja_cachees if p == periode)
                ),
                _structure(lignes, parents, groupe, modalites or {}, deja_publie),
                regles,
                deja_publie=_memoire(deja_publie, groupe, periode),
                tolerer_deja_connues=tolerer_deja_connues,
                rendre=rendre,
            )
            cachees |= _cachees(protegee, periode)
    return _cacher(observations, cachees)


def _verifier(observations: pl.DataFrame) -> None:
    chiffree = pl.col("status").is_in(list(AVEC_VALEUR))
    sans = observations.filter(
        chiffree & pl.col("denominateur").is_not_null() & pl.col("numerateur").is_null()
    )
    sans_effectif = observations.filter(
        chiffree & (pl.col("unite") == "percent") & pl.col("denominateur").is_null()
    )
    for fautives in (sans, sans_effectif):
        if fautives.height:
            raise PublicationInterdite(
                str(fautives["indicateur"][0]),
                f"le taux de {fautives['territoire'][0]} n'a pas son numérateur et son "
                "dénominateur : le secret ne se juge pas sans effectif. Ajoutez ces deux colonnes",
            )


def _groupes(observations: pl.DataFrame, modalites: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Renvoie les indicateurs à protéger ensemble : ceux qu'une somme relie."""
    groupes = [{nom} for nom in observations["indicateur"].unique().sort().to_list()]
    for total, parties in modalites.items():
        lies = {total, *parties}
        joints = [g for g in groupes if g & lies]
        groupes = [g for g in groupes if not g & lies]
        if joints:
            groupes.append(set().union(*joints))
    return [sorted(groupe) for groupe in groupes]


def _valeur(ligne: Mapping[str, object]) -> float | None:
    """Renvoie l'effectif d'une ligne : son numérateur si c'est un taux, sinon sa valeur."""
    brute = ligne["numerateur"] if ligne["denominateur"] is not None else ligne["value"]
    return float(brute) if isinstance(brute, int | float) else None


def _cellule(ligne: Mapping[str, object]) -> Cellule:
    return (str(ligne["territoire"]), str(ligne["indicateur"]))


def _table(
    lignes: pl.DataFrame, regles: Regles, deja_cachees: frozenset[Cellule] = frozenset()
) -> TableBrute:
    valeurs: dict[Cellule, float] = {}
    plafonds: dict[Cellule, float] = {}
    secretes: set[Cellule] = set()
    for ligne in lignes.iter_rows(named=True):
        cellule, valeur = _cellule(ligne), _valeur(ligne)
        if cellule in valeurs:
            raise PublicationInterdite(
                str(ligne["indicateur"]), f"le territoire {ligne['territoire']} est en double"
            )
        if ligne["status"] == ObsStatus.SECRET.value:
            secretes.add(cellule)
        elif ligne["status"] in AVEC_VALEUR and valeur is not None:
            valeurs[cellule] = valeur
            if ligne["denominateur"] is not None:
                plafonds[cellule] = float(ligne["denominateur"])
    proportion = all(valeurs[c] <= plafond for c, plafond in plafonds.items())
    petits = (c for c, plafond in plafonds.items() if sous_le_seuil(plafond, regles))
    return TableBrute(
        nom=str(lignes["indicateur"][0]),
        valeurs=valeurs,
        plafonds=plafonds if plafonds and proportion else None,
        secretes_ailleurs=frozenset(secretes),
        forcees=frozenset() if proportion else frozenset(petits),
        deja_cachees=deja_cachees,
    )


def _structure(
    lignes: pl.DataFrame,
    parents: Mapping[str, Sequence[str]],
    groupe: Sequence[str],
    modalites: Mapping[str, Sequence[str]],
    deja_publie: Sequence[pl.DataFrame],
) -> Structure:
    presents = dict.fromkeys(lignes["territoire"].to_list())
    for precedente in deja_publie:
        du_groupe = precedente.filter(pl.col("indicateur").is_in(groupe))
        presents.update(dict.fromkeys(du_groupe["territoire"].to_list()))
    sommes = tuple((t, tuple(parts)) for t, parts in modalites.items() if t in groupe)
    return croiser(
        territoires_emboites(parents, presents=presents),
        Dimension(modalites=tuple(groupe), sommes=sommes),
    )


def _memoire(
    deja_publie: Sequence[pl.DataFrame], groupe: Sequence[str], periode: str
) -> dict[Cellule, float]:
    memoire: dict[Cellule, float] = {}
    for precedente in deja_publie:
        montrees = precedente.filter(
            pl.col("indicateur").is_in(groupe)
            & (pl.col("periode") == periode)
            & pl.col("status").is_in(list(AVEC_VALEUR))
        )
        for ligne in montrees.iter_rows(named=True):
            valeur = _valeur(ligne)
            if valeur is not None:
                memoire[_cellule(ligne)] = valeur
    return memoire


def _cachees(protegee: TableProtegee, periode: str) -> dict[Cellule, tuple[ConfStatus, str]]:
    sorties: dict[Cellule, tuple[ConfStatus, str]] = {}
    for (territoire, indicateur), marque in protegee.marques.items():
        if marque is Marque.MONTREE:
            continue
        cle = (indicateur, periode, territoire)
        if protegee.marques_confondues:
            sorties[cle] = (ConfStatus.CONFIDENTIELLE, MOTIF_CONFONDU)
        else:
            statut = (
                ConfStatus.CONFIDENTIELLE if marque is Marque.PRIMAIRE else ConfStatus.SECONDAIRE
            )
            sorties[cle] = (statut, MOTIFS[marque].format(seuil=protegee.regles.seuil))
    return sorties


def _cacher(
    observations: pl.DataFrame, cachees: Mapping[Cellule, tuple[ConfStatus, str]]
) -> pl.DataFrame:
    marques = pl.DataFrame(
        [(*cle, statut.value, motif) for cle, (statut, motif) in cachees.items()],
        schema=dict.fromkeys((*_CLES, "_statut", "_motif"), pl.String),
        orient="row",
    )
    jointe = observations.join(marques, on=list(_CLES), how="left", maintain_order="left")
    cachee = pl.col("_statut").is_not_null()
    return jointe.with_columns(
        *(pl.when(~cachee).then(pl.col(c)).alias(c) for c in CHIFFRES),
        pl.when(cachee).then(pl.lit("Q")).otherwise(pl.col("status")).alias("status"),
        pl.coalesce("_statut", "confidentiality").alias("confidentiality"),
        pl.coalesce("_motif", "motif").alias("motif"),
    ).select(observations.columns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlePartenaires:
    """Preuve que les lignes d'un partenaire ont résisté à l'attaque ; `controler` seul en fait.

    Parameters
    ----------
    indicateurs
        Indicateurs contrôlés.
    digest
        Empreinte de leurs lignes.
    """

    indicateurs: frozenset[str]
    digest: str
    sceau: InitVar[object]

    def __post_init__(self, sceau: object) -> None:
        """Refuse un contrôle qui n'a pas été fait."""
        if sceau is not _SCEAU:
            raise PublicationInterdite("partenaires", "le contrôle du secret n'a pas été fait")

    def couvre(self, observations: pl.DataFrame, indicateurs: Collection[str]) -> bool:
        """Dit si ces indicateurs sont ceux du contrôle, et leurs lignes celles qu'il a vues."""
        return (
            frozenset(indicateurs) <= self.indicateurs
            and _empreinte(observations, self.indicateurs) == self.digest
        )


def _empreinte(observations: pl.DataFrame, indicateurs: Collection[str]) -> str:
    colonnes = [*_CLES, *CHIFFRES, "status", "confidentiality"]
    lignes = observations.filter(pl.col("indicateur").is_in(list(indicateurs)))
    triees = lignes.select(colonnes).sort(list(_CLES))
    return hashlib.sha256(triees.write_ndjson().encode()).hexdigest()


def controler(
    observations: pl.DataFrame,
    *,
    parents: Mapping[str, Sequence[str]],
    regles: Regles | Mapping[tuple[str, str], Regles],
    modalites: Mapping[str, Sequence[str]] | None = None,
    deja_publie: Sequence[pl.DataFrame] = (),
) -> ControlePartenaires:
    """Attaque des lignes protégées, sans autre connaissance que ce qu'elles montrent.

    À faire sur les lignes telles qu'elles vont être publiées, même relues d'un fichier.

    Parameters
    ----------
    regles
        Les mêmes pour toutes les lignes, ou par (indicateur, période) ; une ligne sans règle n'est
        pas celle d'un partenaire.

    Raises
    ------
    PublicationInterdite
        Si une ligne secrète se retrouve, ou si une valeur sous le seuil est montrée.
    """
    indicateurs = observations["indicateur"].unique().sort().to_list()
    for groupe in _groupes(observations, modalites or {}):
        for periode in observations["periode"].unique().sort().to_list():
            lignes = observations.filter(
                pl.col("indicateur").is_in(groupe) & (pl.col("periode") == periode)
            )
            siennes = _regles_de(regles, groupe, periode)
            if lignes.is_empty() or siennes is None:
                continue
            structure = _structure(lignes, parents, groupe, modalites or {}, deja_publie)
            _attaquer_lignes(lignes, structure, siennes, _memoire(deja_publie, groupe, periode))
    return ControlePartenaires(
        indicateurs=frozenset(indicateurs),
        digest=_empreinte(observations, indicateurs),
        sceau=_SCEAU,
    )


def _regles_de(
    regles: Regles | Mapping[tuple[str, str], Regles], groupe: Sequence[str], periode: str
) -> Regles | None:
    """Renvoie les règles d'indicateurs liés : les plus strictes, ou rien s'ils n'en ont pas."""
    if isinstance(regles, Regles):
        return regles
    siennes = [r for nom in groupe if (r := regles.get((nom, periode))) is not None]
    return max(siennes, key=lambda r: r.seuil, default=None)


def _attaquer_lignes(
    lignes: pl.DataFrame, structure: Structure, regles: Regles, memoire: Mapping[Cellule, float]
) -> None:
    table = _table(lignes, regles)
    nom = table.nom
    for cellule, valeur in table.valeurs.items():
        plafond = (table.plafonds or {}).get(cellule, float("inf"))
        if sous_le_seuil([valeur, plafond, plafond - valeur], regles).any():
            raise PublicationInterdite(
                nom, f"« {cellule[0]} » montre moins de {regles.seuil} personnes"
            )
    connues = {**memoire, **table.valeurs}
    confidentielles = {
        _cellule(ligne): ligne["confidentiality"]
        for ligne in lignes.filter(pl.col("status") == "Q").iter_rows(named=True)
    }
    equations = tuple(Equation(total=e.total, parties=e.parties) for e in structure.equations)
    public = Structure(equations=_avec_restes(equations, connues, confidentielles))
    montrees = {c: v for c, v in connues.items() if c in public.cellules}
    haut = float("inf") if table.plafonds is not None else regles.seuil - 1.0
    plancher = 0.0 if regles.zero_confidentiel else 1.0
    fortes = {
        c: (plancher, haut) if conf == ConfStatus.CONFIDENTIELLE.value else (plancher, float("inf"))
        for c, conf in confidentielles.items()
    }
    faibles = dict.fromkeys(confidentielles, (0.0, float("inf")))
    visees = [c for c in confidentielles if c in public.cellules]
    for bornes in (fortes, faibles):
        try:
            deductions = attaquer(public, montrees, a_priori=bornes, cibles=visees)
        except SystemeIncoherent:
            continue
        trouvees = retrouvees(deductions, regles)
        if trouvees:
            premiere = trouvees[0]
            raise PublicationInterdite(
                nom,
                f"« {premiere.cellule[0]} » se retrouve par différence (entre {premiere.bas:g} et "
                f"{premiere.haut:g}), et {len(trouvees) - 1} autre(s). Protégez la table entière, "
                "tous niveaux ensemble",
            )
        return
    raise PublicationInterdite(nom, "ses lignes et les publications précédentes se contredisent")


def _avec_restes(
    equations: Sequence[Equation], connues: Mapping[Cellule, float], cachees: Collection[Cellule]
) -> tuple[Equation, ...]:
    """Ajoute un reste inconnu à chaque somme dont une partie n'est pas dans la publication."""
    sorties = []
    for numero, equation in enumerate(equations):
        if equation.total not in connues and equation.total not in cachees:
            continue
        presentes = tuple(p for p in equation.parties if p in connues or p in cachees)
        somme = sum(connues.get(p, 0.0) for p in presentes)
        complete = len(presentes) == len(equation.parties)
        cachee = any(p in cachees for p in (*presentes, equation.total))
        if not complete or (not cachee and somme < connues[equation.total]):
            presentes = (*presentes, ("reste", str(numero)))
        sorties.append(Equation(total=equation.total, parties=presentes))
    return tuple(sorties)
