"""Ce que l'on peut dire d'un chiffre de territoire propre : de quelles communes il est fait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solidiag.besoins.territoires_propres import est_agregeable
from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.profil_territoires import Sujet
from solidiag.publication.francais import nombre


@dataclass(frozen=True, kw_only=True)
class Explication:
    """La chaîne d'un chiffre, en lignes à imprimer : (retrait, texte)."""

    titre: str
    contenu: tuple[tuple[int, str], ...]

    def lignes(self) -> Iterator[tuple[int, str]]:
        """Parcourt les lignes à imprimer."""
        yield 0, self.titre
        yield from self.contenu


def expliquer_composition(
    declaration: Indicateur | MesureOffre, sujet: Sujet, referentiel: Referentiel
) -> Explication:
    """Renvoie les communes d'un territoire propre et leur part, sans chaîne jusqu'aux fichiers."""
    contenu = [(1, _mode(declaration)), *((1, remarque) for remarque in sujet.remarques)]
    premiere = min(sujet.parts)
    contenu += [
        (
            1,
            "La chaîne jusqu'aux fichiers se demande commune par commune, par exemple : "
            f"solidiag expliquer {declaration.id} {premiere}",
        ),
        (1, f"Communes : {nombre(len(sujet.parts))}, avec la part de chacune qui y est"),
    ]
    for code, part in sorted(sujet.parts.items()):
        commune = referentiel.nom(f"COM-{code}")
        contenu.append((2, f"{code} {commune} : {_part(part)}"))
    titre = f"{declaration.libelle} – {sujet.territoire.nom} ({sujet.id})"
    return Explication(titre=titre, contenu=tuple(contenu))


def _mode(declaration: Indicateur | MesureOffre) -> str:
    if isinstance(declaration, Indicateur) and not est_agregeable(declaration):
        return (
            "Territoire propre : cet indicateur n'y a pas de valeur, car une médiane, un taux "
            "arrondi ou une part sans ses effectifs ne se refait pas à partir des communes."
        )
    return (
        "Territoire propre : aucun fichier ne porte ce chiffre. Il est calculé pour l'occasion, "
        "avec les effectifs de ces communes, chacune pour sa part."
    )


def _part(part: float) -> str:
    return "entière" if part == 1 else f"{nombre(100 * part, decimales=1)} %"
