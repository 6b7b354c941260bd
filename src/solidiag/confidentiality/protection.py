"""Protection d'une table : du secret primaire à la table que l'on peut publier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from solidiag.confidentiality.attaque import Deduction, attaquer
from solidiag.confidentiality.secondaire import Probleme, Suppressions, choisir
from solidiag.confidentiality.secret import Marque, Masque, Regles, Vecteur, domine, sous_le_seuil
from solidiag.confidentiality.structure import Cellule, Equation, Structure
from solidiag.confidentiality.systeme import PRECISION, Systeme, SystemeIncoherent, atteindre
from solidiag.errors import DejaMontre, PublicationInterdite


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBrute:
    """Table d'un partenaire, avant protection : elle ne sort pas.

    Parameters
    ----------
    nom
        Nom de la table, pour les messages.
    valeurs
        Par case, sa valeur (positive ou nulle). Une case absente n'est pas connue.
    effectifs
        Pour un montant : par case, le nombre de contributeurs. Sans lui, les valeurs sont des
        effectifs.
    contributions
        Par case, ses plus gros contributeurs (règles de dominance).
    plafonds
        Pour un taux : par case, le dénominateur, que l'attaquant est supposé connaître ; la valeur
        est alors le numérateur.
    jamais_publiees
        Cases connues de nous que la table ne montre pas (morceaux communs à deux zonages) : elles
        ne doivent pas se retrouver non plus.
    secretes_ailleurs
        Cases sans valeur que leur producteur a cachées : la différence ne doit pas les rendre.
    forcees
        Cases à cacher pour une raison que la valeur ne dit pas (dénominateur trop petit).
    deja_cachees
        Cases qu'une publication précédente a cachées et dont la valeur n'a pas changé : les montrer
        aujourd'hui rendrait le secret d'hier. Elles restent cachées, et protégées.
    """

    nom: str
    valeurs: Mapping[Cellule, float]
    effectifs: Mapping[Cellule, float] | None = None
    contributions: Mapping[Cellule, Sequence[float]] = field(default_factory=dict)
    plafonds: Mapping[Cellule, float] | None = None
    jamais_publiees: frozenset[Cellule] = frozenset()
    secretes_ailleurs: frozenset[Cellule] = frozenset()
    forcees: frozenset[Cellule] = frozenset()
    deja_cachees: frozenset[Cellule] = frozenset()

    def __post_init__(self) -> None:
        """Refuse une valeur négative ou qui n'est pas un nombre."""
        for cellule, valeur in self.valeurs.items():
            if not 0 <= valeur < np.inf:
                raise PublicationInterdite(
                    self.nom,
                    f"la case « {' / '.join(cellule)} » vaut {valeur} ; attendu un nombre positif "
                    "ou nul. Corrigez la table avant de la protéger",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProtegee:
    """Table protégée et contrôlée.

    Parameters
    ----------
    valeurs
        Par case montrée, sa valeur ; les cases cachées n'y sont pas.
    marques
        Par case, ce qu'il en advient.
    structure
        Sommes de la table, restes et publications précédentes compris.
    a_priori
        Par case cachée, ce que les règles publiques en disent à elles seules.
    connues
        Tout ce que l'attaquant a vu : cette table et les précédentes.
    deja_connues
        Cases secrètes qu'une publication précédente a montrées ou laisse retrouver : les cacher
        aujourd'hui ne les protège pas.
    marques_confondues
        Secrets primaires et secondaires portent la même marque, parce que les distinguer
        permettrait de retrouver une case.
    programmes
        Nombre de programmes linéaires de la recherche.
    """

    nom: str
    regles: Regles
    valeurs: Mapping[Cellule, float]
    marques: Mapping[Cellule, Marque]
    structure: Structure
    a_priori: Mapping[Cellule, tuple[float, float]]
    connues: Mapping[Cellule, float]
    deja_connues: tuple[Cellule, ...]
    marques_confondues: bool
    programmes: int

    def attaquer(self, *, entiers: bool = False) -> tuple[Deduction, ...]:
        """Renvoie ce qui se déduit de chaque case cachée de la table publiée."""
        cibles = [c for c in self.structure.cellules if c not in self.connues]
        return attaquer(
            self.structure, self.connues, a_priori=self.a_priori, cibles=cibles, entiers=entiers
        )

    def compter(self) -> dict[Marque, int]:
        """Renvoie le nombre de cases de chaque marque."""
        toutes = list(self.marques.values())
        return {marque: toutes.count(marque) for marque in Marque}


def proteger(
    table: TableBrute,
    structure: Structure,
    regles: Regles,
    *,
    deja_publie: Mapping[Cellule, float] | None = None,
    poids: Mapping[Cellule, float] | None = None,
    tolerer_deja_connues: bool = False,
    rendre: int = 40,
) -> TableProtegee:
    """Renvoie la table protégée, ou refuse s'il n'est pas possible de la protéger.

    Parameters
    ----------
    structure
        Sommes entre les cases. Une somme dont le total n'est pas dans la table est laissée de
        côté ; une somme incomplète reçoit un reste, que l'attaquant ne doit pas retrouver.
    deja_publie
        Cases montrées par les publications précédentes (mêmes périodes) : l'attaquant les a
        gardées. Elles ne peuvent plus servir à en cacher d'autres.
    poids
        Information perdue quand une case est cachée ; ``log(1 + valeur)`` par défaut.
    tolerer_deja_connues
        Accepter qu'une case secrète ait déjà été rendue publique (elle est cachée, et signalée).
    rendre
        Essais pour montrer à nouveau des cases secondaires inutiles : plus il y en a, moins on
        cache, et plus c'est long.

    Raises
    ------
    DejaMontre
        Si une case secrète est déjà connue.
    PublicationInterdite
        Si une somme ne tombe pas juste.
    """
    complete = _completer(table, structure, deja_publie or {}, regles)
    try:
        protegee = _proteger(table, complete, regles, poids or {}, rendre, confondues=False)
        if protegee is None:
            protegee = _proteger(table, complete, regles, poids or {}, rendre, confondues=True)
    except SystemeIncoherent as erreur:
        raise PublicationInterdite(table.nom, f"{erreur}. Vérifiez les totaux") from erreur
    if protegee is None:
        raise PublicationInterdite(table.nom, "le secret n'a pas pu être posé")
    if protegee.deja_connues and not tolerer_deja_connues:
        raise DejaMontre(table.nom, protegee.deja_connues)
    return protegee


@dataclass(frozen=True, slots=True, kw_only=True)
class _Complete:
    """La table et ce qui l'entoure : restes des sommes, publications précédentes."""

    cellules: tuple[Cellule, ...]
    valeurs: Vecteur
    structure: Structure
    invisibles: Masque
    secretes: Masque
    connues: Masque
    gardees: Masque


def _completer(
    table: TableBrute, structure: Structure, deja_publie: Mapping[Cellule, float], regles: Regles
) -> _Complete:
    valeurs = dict(table.valeurs)
    for cellule, valeur in deja_publie.items():
        valeurs.setdefault(cellule, valeur)
    restes: dict[Cellule, bool] = {}
    equations: list[Equation] = []
    for equation in structure.equations:
        if equation.total not in valeurs:
            continue
        presentes = tuple(p for p in equation.parties if p in valeurs)
        reste = valeurs[equation.total] - sum(valeurs[p] for p in presentes)
        tolerance = max(PRECISION, 1e-9 * valeurs[equation.total])
        if reste < -tolerance:
            raise PublicationInterdite(
                table.nom,
                f"« {' / '.join(equation.total)} » vaut {valeurs[equation.total]:g}, moins que la "
                f"somme de ses parties ({valeurs[equation.total] - reste:g}). Vérifiez les totaux",
            )
        if reste > tolerance:
            absentes = [p for p in equation.parties if p not in valeurs]
            nom = (*equation.total, f"reste {len(restes) + 1}")
            restes[nom] = any(p in table.secretes_ailleurs for p in absentes)
            valeurs[nom] = reste
            presentes = (*presentes, nom)
        if presentes:
            equations.append(Equation(total=equation.total, parties=presentes))
    cellules = tuple(valeurs)
    x = np.fromiter(valeurs.values(), dtype=np.float64)
    caches = frozenset(restes) | table.jamais_publiees
    secretes = _primaires(table, cellules, x, regles) | np.array(
        [restes.get(c, False) for c in cellules], dtype=np.bool_
    )
    connues = np.array([c in deja_publie for c in cellules], dtype=np.bool_)
    deja_cachees = np.array([c in table.deja_cachees for c in cellules], dtype=np.bool_)
    return _Complete(
        cellules=cellules,
        valeurs=x,
        structure=Structure(equations=tuple(equations)),
        invisibles=np.array([c in caches for c in cellules], dtype=np.bool_),
        secretes=secretes,
        connues=connues,
        gardees=deja_cachees & ~secretes & ~connues & (x > 0),
    )


def _primaires(
    table: TableBrute, cellules: Sequence[Cellule], x: Vecteur, regles: Regles
) -> Masque:
    """Dit quelles cases sont secrètes par elles-mêmes."""
    if table.effectifs is None:
        secretes = sous_le_seuil(x, regles)
    else:
        secretes = sous_le_seuil([table.effectifs.get(c, np.nan) for c in cellules], regles)
    if table.plafonds is not None:
        plafonds = np.array([table.plafonds.get(c, np.nan) for c in cellules])
        secretes |= sous_le_seuil(plafonds, regles) | sous_le_seuil(plafonds - x, regles)
    for rang, cellule in enumerate(cellules):
        secretes[rang] |= cellule in table.forcees
        if cellule in table.contributions:
            secretes[rang] |= domine(table.contributions[cellule], float(x[rang]), regles)
    return secretes


def _bornes(
    table: TableBrute, complete: _Complete, regles: Regles, *, confondues: bool
) -> tuple[Vecteur, Vecteur]:
    """Renvoie ce que les règles disent d'une case cachée, à elles seules."""
    x, secretes = complete.valeurs, complete.secretes
    infini = np.full(x.size, np.inf)
    if table.effectifs is not None or table.contributions:
        return np.zeros(x.size), infini
    plancher = 0.0 if regles.zero_confidentiel else 1.0
    if table.plafonds is not None:
        plafonds = np.array([table.plafonds.get(c, np.inf) for c in complete.cellules])
        petit = plafonds < regles.seuil
        bas = np.where(petit, 0.0, np.where(secretes | confondues, plancher, float(regles.seuil)))
        marge = np.where(secretes | confondues, plancher, float(regles.seuil))
        haut = np.where(petit, plafonds, plafonds - marge)
    elif confondues:
        bas, haut = np.full(x.size, plancher), infini
    else:
        bas = np.where(secretes, plancher, float(regles.seuil))
        haut = np.where(secretes, regles.seuil - 1.0, np.inf)
    libres = complete.invisibles | np.array([c in table.forcees for c in complete.cellules])
    bas, haut = np.where(libres, 0.0, bas), np.where(libres, np.inf, haut)
    # Un effectif non entier (estimé) peut tomber entre deux bornes.
    return np.minimum(bas, x), np.maximum(haut, x)


def _proteger(
    table: TableBrute,
    complete: _Complete,
    regles: Regles,
    poids: Mapping[Cellule, float],
    rendre: int,
    *,
    confondues: bool,
) -> TableProtegee | None:
    """Renvoie la table protégée ; rien s'il faut confondre les marques pour y arriver."""
    x = complete.valeurs
    bas, haut = _bornes(table, complete, regles, confondues=confondues)
    montant = table.effectifs is not None or bool(table.contributions)
    largeur = regles.etendue_relative * x if montant else np.full(x.size, regles.demi_largeur)
    cibles = (complete.secretes & ~complete.connues) | complete.gardees
    cachees = (complete.secretes | complete.invisibles) & ~complete.connues | complete.gardees
    exige_bas = np.where(cibles, np.maximum(bas, x - largeur), np.nan)
    exige_haut = np.where(cibles, np.minimum(haut, x + largeur), np.nan)
    perdu = np.array(
        [poids.get(c, float(np.log1p(v))) for c, v in zip(complete.cellules, x, strict=True)]
    )
    probleme = Probleme(
        matrice=complete.structure.matrice(complete.cellules),
        valeurs=x,
        bas=bas,
        haut=haut,
        exige_bas=exige_bas,
        exige_haut=exige_haut,
        cachees=cachees,
        cachables=~cachees & ~complete.secretes & ~complete.connues & (x > 0),
        poids=perdu,
    )
    choix = choisir(probleme, rendre=rendre)
    pas = 0.0 if montant else 1.0
    assez = np.minimum(regles.valeurs_possibles - pas, exige_haut - exige_bas)
    if montant:
        assez = np.minimum(PRECISION * 10, exige_haut - exige_bas)
    etroites = cibles & (choix.possible_haut - choix.possible_bas < assez - PRECISION)
    if etroites.any() and not confondues and not montant:
        return None
    _controler(table, complete, probleme, choix)
    rangs = np.flatnonzero((complete.secretes & complete.connues) | etroites)
    return _ranger(table, complete, regles, probleme, choix, rangs, confondues=confondues)


def _controler(
    table: TableBrute, complete: _Complete, probleme: Probleme, choix: Suppressions
) -> None:
    """Attaque la table choisie avec les seules données publiées, avant de la rendre.

    Raises
    ------
    PublicationInterdite
        Si une case est moins protégée qu'elle ne doit l'être.
    """
    public = np.where(choix.cachees, np.nan, complete.valeurs)
    etendues = atteindre(
        Systeme(
            matrice=probleme.matrice,
            bas=np.where(np.isnan(public), probleme.bas, public),
            haut=np.where(np.isnan(public), probleme.haut, public),
        ),
        probleme.cibles,
        exige_bas=choix.possible_bas,
        exige_haut=choix.possible_haut,
    )
    c = probleme.cibles
    faibles = c[
        (etendues.haut[c] < choix.possible_haut[c] - 10 * PRECISION)
        | (etendues.bas[c] > choix.possible_bas[c] + 10 * PRECISION)
    ]
    if faibles.size:
        raise PublicationInterdite(
            table.nom,
            f"le contrôle du secret retrouve {faibles.size} case(s), dont "
            f"« {' / '.join(complete.cellules[faibles[0]])} »",
        )


def _ranger(
    table: TableBrute,
    complete: _Complete,
    regles: Regles,
    probleme: Probleme,
    choix: Suppressions,
    deja: np.typing.NDArray[np.intp],
    *,
    confondues: bool,
) -> TableProtegee:
    marques: dict[Cellule, Marque] = {}
    a_priori: dict[Cellule, tuple[float, float]] = {}
    connues: dict[Cellule, float] = {}
    for rang, cellule in enumerate(complete.cellules):
        if choix.cachees[rang]:
            a_priori[cellule] = (float(probleme.bas[rang]), float(probleme.haut[rang]))
        else:
            connues[cellule] = float(complete.valeurs[rang])
        if complete.invisibles[rang] or cellule not in table.valeurs:
            continue
        if complete.secretes[rang]:
            marques[cellule] = Marque.PRIMAIRE
        else:
            marques[cellule] = Marque.SECONDAIRE if choix.cachees[rang] else Marque.MONTREE
    return TableProtegee(
        nom=table.nom,
        regles=regles,
        valeurs={c: connues[c] for c, marque in marques.items() if marque is Marque.MONTREE},
        marques=marques,
        structure=complete.structure,
        a_priori=a_priori,
        connues=connues,
        deja_connues=tuple(complete.cellules[r] for r in deja),
        marques_confondues=confondues,
        programmes=choix.programmes,
    )
