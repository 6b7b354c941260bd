"""Carte d'effectifs : un cercle par territoire, d'aire proportionnelle, sur une seule échelle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10, sqrt
from typing import Final

from solidiag.publication.cartes.assemblage import (
    NOMS_NIVEAUX,
    absences,
    contours_sans_objet,
    couche_absences,
    definitions_absences,
    dessiner,
    formes,
    groupe,
    largeur_legende,
    legende_absences,
    legende_fond,
)
from solidiag.publication.cartes.ecriture import cercle, texte_svg
from solidiag.publication.cartes.fond_svg import FondSvg
from solidiag.publication.cartes.legende import CORPS, Legende, pastille
from solidiag.publication.charte import BLANC, CERCLE, ENCRE_DOUCE
from solidiag.publication.francais import nombre

RAYON_MAX: Final = 26.0
_RAYON_MIN_VISIBLE: Final = 0.9
_FOND: Final = "#fbfaf8"


@dataclass(frozen=True, slots=True, kw_only=True)
class EchelleCercles:
    """Échelle des cercles, la même pour toutes les cartes d'un rapport.

    Parameters
    ----------
    maximum
        Effectif dont le cercle a le rayon ``rayon_max``.
    rayon_max
        Rayon en unités de dessin.
    """

    maximum: float
    rayon_max: float = RAYON_MAX

    def __post_init__(self) -> None:
        if self.maximum <= 0 or self.rayon_max <= 0:
            raise ValueError("une échelle de cercles a un maximum et un rayon positifs")

    def rayon(self, effectif: float) -> float:
        """Renvoie le rayon d'un effectif : l'aire lui est proportionnelle.

        Examples
        --------
        >>> EchelleCercles(maximum=400, rayon_max=20).rayon(100)
        10.0
        """
        return self.rayon_max * sqrt(max(effectif, 0.0) / self.maximum)

    def legende(self, plus_grand: float) -> tuple[float, ...]:
        """Renvoie trois effectifs ronds à montrer, du plus grand au plus petit.

        Examples
        --------
        >>> EchelleCercles(maximum=1000).legende(870)
        (800.0, 200.0, 50.0)
        """
        premier = _rond_dessous(min(plus_grand, self.maximum))
        choisis: list[float] = []
        for part in (1.0, 0.25, 0.0625):
            effectif = _rond_dessous(premier * part)
            if effectif >= 1 and effectif not in choisis:
                choisis.append(effectif)
        return tuple(choisis)


def echelle_commune(
    series: Iterable[Iterable[float | None]], *, rayon_max: float = RAYON_MAX
) -> EchelleCercles:
    """Renvoie l'échelle qui convient à toutes les séries d'un rapport.

    Examples
    --------
    >>> echelle_commune([[1, None], [12, 3]]).maximum
    12
    """
    valeurs = [v for serie in series for v in serie if v is not None]
    return EchelleCercles(maximum=max([*valeurs, 1]), rayon_max=rayon_max)


def _rond_dessous(valeur: float) -> float:
    if valeur < 1:
        return 0.0
    puissance = 10.0 ** floor(log10(valeur))
    return float(max(f for f in (1, 2, 3, 4, 5, 6, 8) if f * puissance <= valeur) * puissance)


def carte_cercles(
    fond: FondSvg,
    valeurs: Mapping[str, float | None],
    *,
    echelle: EchelleCercles,
    legende: str,
    prefixe: str,
    statuts: Mapping[str, str] | None = None,
    niveau: str = "COM",
    reperes: Sequence[tuple[str, str]] = (),
    titre: str = "",
    description: str = "",
) -> str:
    """Renvoie une carte d'effectifs, en SVG.

    Zéro est une mesure : le territoire reste clair, sans cercle, et la légende en donne le nombre.
    Les autres arguments sont ceux de `carte_choroplethe`.

    Parameters
    ----------
    echelle
        Échelle du rapport, voir `echelle_commune`.
    """
    traces = formes(fond, niveau)
    absents = absences(traces, valeurs, statuts or {})
    connus = {nom: v for nom in traces if (v := valeurs.get(nom)) is not None}
    couches = [
        couche_absences(absents, traces, prefixe),
        groupe("valeur", _FOND, connus, traces),
    ]
    dessus = [contours_sans_objet(absents, traces), _cercles(fond, connus, echelle)]
    boite = Legende(largeur_legende(fond))
    boite.titre(legende)
    presents = {nom: v for nom, v in connus.items() if v > 0}
    if presents:
        _legende_cercles(boite, echelle, max(presents.values()))
    boite.entete_effectifs(NOMS_NIVEAUX[niveau])
    if presents:
        boite.entree(_signe_cercle, "avec un cercle", effectif=len(presents))
    if len(connus) > len(presents):
        boite.entree(
            pastille(f'fill="{_FOND}" stroke="{ENCRE_DOUCE}" stroke-width=".5"'),
            "zéro",
            effectif=len(connus) - len(presents),
        )
    legende_absences(boite, absents, prefixe)
    if reperes:
        boite.reperes(reperes)
    legende_fond(boite, fond, niveau=niveau)
    boite.note("Aire proportionnelle, même échelle dans tout le document")
    return dessiner(
        fond,
        couches,
        legende=boite,
        prefixe=prefixe,
        dessus=dessus,
        definitions=definitions_absences(absents, prefixe),
        niveau=niveau,
        titre=titre,
        description=description,
    )


def _cercles(fond: FondSvg, connus: Mapping[str, float], echelle: EchelleCercles) -> str:
    """Renvoie les cercles, les plus grands d'abord pour que les petits restent visibles."""
    morceaux = [
        f'<g fill="{CERCLE}" fill-opacity=".7" stroke="{BLANC}" stroke-width=".8">',
    ]
    for nom, effectif in sorted(connus.items(), key=lambda paire: (-paire[1], paire[0])):
        if effectif > 0 and nom in fond.centres:
            rayon = max(echelle.rayon(effectif), _RAYON_MIN_VISIBLE)
            morceaux.append(
                cercle(*fond.centres[nom], rayon, attributs=f'class="cercle" data-t="{nom}"')
            )
    return "".join([*morceaux, "</g>"])


def _legende_cercles(boite: Legende, echelle: EchelleCercles, plus_grand: float) -> None:
    effectifs = echelle.legende(plus_grand)
    rayons = [echelle.rayon(e) for e in effectifs]
    if not rayons:
        return
    hauteur = max(2 * rayons[0], 13.0 * len(rayons)) + 10

    def dessin(x: float, y: float) -> str:
        bas = y + hauteur - 5
        milieu = x + rayons[0] + 1
        droite = x + 2 * rayons[0] + 14
        morceaux = []
        plancher = bas + 13.0
        for effectif, rayon in reversed(list(zip(effectifs, rayons, strict=True))):
            trait = f'fill="{CERCLE}" fill-opacity=".16" stroke="{CERCLE}" stroke-width=".9"'
            morceaux.append(cercle(milieu, bas - rayon, rayon, attributs=trait))
            sommet = bas - 2 * rayon
            ty = min(sommet, plancher - 13.0)
            plancher = ty
            morceaux.append(
                f'<path d="M{milieu:.1f} {sommet:.1f}L{droite - 8:.1f} {ty:.1f}H{droite - 2:.1f}"'
                f' fill="none" stroke="{ENCRE_DOUCE}" stroke-width=".6"/>'
            )
            morceaux.append(texte_svg(nombre(effectif), droite, ty + 3.6, corps=CORPS))
        return "".join(morceaux)

    boite.dessin(hauteur, dessin)


def _signe_cercle(x: float, y: float) -> str:
    trait = f'fill="{CERCLE}" fill-opacity=".7" stroke="{BLANC}" stroke-width=".8"'
    return cercle(x + 10, y + 6, 5, attributs=trait)
