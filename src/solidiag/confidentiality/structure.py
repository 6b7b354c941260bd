"""Structure d'une table : ses cases, et les sommes qui les lient.

Une somme (« le total est la somme des parties ») est ce qui permet de retrouver une case cachée par
différence. On les écrit toutes : territoires emboîtés, zonages qui se croisent, modalités et total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import sparse

Cellule = tuple[str, ...]
"""Une case : une modalité par dimension, par exemple ``("COM-40192", "femmes")``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """Une somme : ``total`` vaut la somme de ``parties``."""

    total: Cellule
    parties: tuple[Cellule, ...]

    def __post_init__(self) -> None:
        """Refuse une somme vide, répétée ou qui se contient elle-même."""
        if not self.parties:
            raise ValueError(f"somme sans partie : {self.total}")
        if self.total in self.parties or len(set(self.parties)) != len(self.parties):
            raise ValueError(f"somme qui compte deux fois la même case : {self.total}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """Un axe de la table : ses modalités, et les sommes entre elles.

    Parameters
    ----------
    modalites
        Toutes les modalités, totaux compris.
    sommes
        Couples ``(total, parties)``.
    """

    modalites: tuple[str, ...]
    sommes: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Les sommes qui lient les cases d'une table, ou de plusieurs."""

    equations: tuple[Equation, ...]

    @property
    def cellules(self) -> tuple[Cellule, ...]:
        """Cases nommées par une somme au moins, sans répétition, dans l'ordre de lecture."""
        vues: dict[Cellule, None] = {}
        for equation in self.equations:
            vues[equation.total] = None
            vues.update(dict.fromkeys(equation.parties))
        return tuple(vues)

    def avec(self, autre: Structure) -> Structure:
        """Renvoie la structure augmentée des sommes d'une autre."""
        return Structure(equations=tuple(dict.fromkeys(self.equations + autre.equations)))

    def matrice(self, cellules: Sequence[Cellule]) -> sparse.csr_matrix:
        """Renvoie la matrice ``A`` telle que ``A @ x = 0`` pour toute table ``x`` cohérente.

        Parameters
        ----------
        cellules
            Ordre des colonnes ; doit contenir toutes les cases de la structure.
        """
        rang = {cellule: i for i, cellule in enumerate(cellules)}
        lignes: list[int] = []
        colonnes: list[int] = []
        signes: list[float] = []
        for numero, equation in enumerate(self.equations):
            lignes += [numero] * (1 + len(equation.parties))
            colonnes += [rang[equation.total], *(rang[partie] for partie in equation.parties)]
            signes += [-1.0, *([1.0] * len(equation.parties))]
        forme = (len(self.equations), len(cellules))
        return sparse.csr_matrix((np.asarray(signes), (lignes, colonnes)), shape=forme)


def niveau_de(territoire: str) -> str:
    """Renvoie le niveau d'un identifiant de territoire (``COM-40192`` : ``COM``)."""
    return territoire.partition("-")[0]


def ancetres(parents: Mapping[str, Sequence[str]], territoire: str) -> tuple[str, ...]:
    """Renvoie les territoires qui contiennent celui-ci, directement ou non.

    Raises
    ------
    ValueError
        Si un territoire se contient lui-même.

    Examples
    --------
    >>> ancetres({"COM-1": ["EPCI-9"], "EPCI-9": ["DEP-4"]}, "COM-1")
    ('EPCI-9', 'DEP-4')
    """
    vus: dict[str, None] = {}
    attente = list(parents.get(territoire, ()))
    while attente:
        zone = attente.pop(0)
        if zone == territoire:
            raise ValueError(f"le territoire {territoire} se contient lui-même")
        if zone not in vus:
            vus[zone] = None
            attente += list(parents.get(zone, ()))
    return tuple(vus)


def territoires_emboites(
    parents: Mapping[str, Sequence[str]],
    *,
    presents: Iterable[str] | None = None,
    niveau: Callable[[str], str] = niveau_de,
) -> Dimension:
    """Renvoie l'axe des territoires : chaque zone est la somme de ses parties, niveau par niveau.

    Une zone dont on connaît des communes et des EPCI donne deux sommes. Plusieurs zonages qui ne
    s'emboîtent pas (EPCI et cantons) tiennent dans la même table : chaque commune a un parent dans
    chacun.

    Parameters
    ----------
    parents
        Par territoire, ceux qui le contiennent (directs ou non).
    presents
        Territoires de la table ; les autres ne donnent pas de somme. Tous par défaut.
    niveau
        Niveau d'un identifiant.

    Examples
    --------
    >>> axe = territoires_emboites({"COM-1": ["EPCI-9"], "COM-2": ["EPCI-9"], "EPCI-9": ["DEP-4"]})
    >>> axe.sommes
    (('EPCI-9', ('COM-1', 'COM-2')), ('DEP-4', ('COM-1', 'COM-2')), ('DEP-4', ('EPCI-9',)))
    """
    tous = dict.fromkeys(parents)
    for zones in parents.values():
        tous.update(dict.fromkeys(zones))
    gardes = tuple(tous) if presents is None else tuple(dict.fromkeys(presents))
    dans = set(gardes)
    parties: dict[tuple[str, str], list[str]] = {}
    for territoire in gardes:
        for zone in ancetres(parents, territoire):
            if zone in dans:
                parties.setdefault((zone, niveau(territoire)), []).append(territoire)
    return Dimension(
        modalites=gardes,
        sommes=tuple((zone, tuple(enfants)) for (zone, _), enfants in parties.items()),
    )


def intersections(appartenances: Mapping[str, Sequence[str]]) -> Dimension:
    """Renvoie l'axe de zonages qui se croisent, chaque zone somme de ses morceaux communs.

    Les morceaux (« EPCI A et canton 3 ») sont les groupes de communes qui sont dans les mêmes
    zones. Ils ne sont pas diffusés, mais se retrouvent par différence entre zonages.

    Parameters
    ----------
    appartenances
        Par commune, toutes les zones diffusées qui la contiennent.

    Examples
    --------
    >>> axe = intersections({"a": ["E1", "K1"], "b": ["E1", "K2"], "c": ["E1", "K2"]})
    >>> axe.sommes
    (('E1', ('E1∩K1', 'E1∩K2')), ('K1', ('E1∩K1',)), ('K2', ('E1∩K2',)))
    """
    morceaux: dict[tuple[str, ...], None] = {}
    for zones in appartenances.values():
        morceaux[tuple(sorted(set(zones)))] = None
    noms = {zones: "∩".join(zones) if len(zones) > 1 else f"{zones[0]}∖" for zones in morceaux}
    par_zone: dict[str, list[str]] = {}
    for zones, nom in noms.items():
        for zone in zones:
            par_zone.setdefault(zone, []).append(nom)
    return Dimension(
        modalites=(*par_zone, *noms.values()),
        sommes=tuple((zone, tuple(parts)) for zone, parts in par_zone.items()),
    )


def modalites_et_total(total: str, modalites: Sequence[str]) -> Dimension:
    """Renvoie l'axe d'une variable : ses modalités, et leur total."""
    return Dimension(modalites=(total, *modalites), sommes=((total, tuple(modalites)),))


def croiser(*dimensions: Dimension) -> Structure:
    """Renvoie la structure de la table croisée : toutes les sommes, dans chaque dimension.

    Examples
    --------
    >>> sexe = modalites_et_total("ensemble", ["femmes", "hommes"])
    >>> len(croiser(sexe, sexe).equations)
    6
    """
    equations: list[Equation] = []
    for axe, dimension in enumerate(dimensions):
        autres = [d.modalites for i, d in enumerate(dimensions) if i != axe]
        for reste in product(*autres):
            avant, apres = reste[:axe], reste[axe:]
            equations += [
                Equation(
                    total=(*avant, total, *apres),
                    parties=tuple((*avant, partie, *apres) for partie in parties),
                )
                for total, parties in dimension.sommes
            ]
    return Structure(equations=tuple(equations))
