"""Vues des blocs : ce que les gabarits écrivent, tout texte déjà échappé."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from solidiag.publication.document import (
    Cellule,
    Figure,
    Fort,
    Lien,
    Ligne,
    Nombre,
    Tableau,
    texte_brut,
)
from solidiag.publication.site.lignes_html import (
    Resolution,
    ecrire_absence,
    ecrire_lignes,
    ecrire_mention,
)
from solidiag.publication.site.modele import SiteLigne, SiteTable, SiteTerritoire
from solidiag.publication.site.svg import detacher_legende, integrer

_DATA_T = re.compile(r'\bdata-t="([^"]+)"')
_MINIMUM_TRIABLE = 4
_BORNES = ("lower", "upper")


@dataclass(frozen=True, slots=True)
class VueCellule:
    """Cellule écrite."""

    html: Markup
    classe: str = ""
    alignement: str = "gauche"


@dataclass(frozen=True, slots=True)
class VueRangee:
    """Rangée de tableau, et le territoire dont elle parle s'il n'y en a qu'un."""

    cellules: tuple[VueCellule, ...]
    territoire: str = ""


@dataclass(frozen=True, slots=True)
class VueEntete:
    """En-tête de colonne."""

    html: Markup
    alignement: str = "gauche"


@dataclass(frozen=True, slots=True, kw_only=True)
class VueTableau:
    """Tableau écrit.

    ``bandes`` : en-têtes groupés (texte, nombre de colonnes, axe). ``corps`` et
    ``corps_references`` : rangées déjà écrites, à la place de ``lignes`` et ``references``.
    """

    id: str
    legende: Markup
    entetes: tuple[VueEntete, ...]
    lignes: tuple[VueRangee, ...]
    references: tuple[VueRangee, ...] = ()
    notes: tuple[Markup, ...] = ()
    source: Markup | None = None
    bandes: tuple[tuple[str, int, int], ...] = ()
    classe: str = ""
    table: str = ""
    triable: bool = False
    corps: Markup | None = None
    corps_references: Markup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VueFigure:
    """Figure écrite : image, légende, et où lire ses valeurs."""

    id: str
    genre: str
    legende: Markup
    sous_titre: Markup
    source: Markup
    svg: str
    alt: str
    legende_svg: str = ""
    tableau: VueTableau | None = None
    lien_tableau: str = ""
    id_tableau: str = ""
    donnees: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Atelier:
    """De quoi écrire les blocs d'une page.

    ``ici`` : identifiants des tableaux que la page montre déjà. ``annexes`` : tableaux de figures
    qui ne sont pas dans le document.
    """

    resoudre: Resolution
    noms: Mapping[str, str]
    tables: Mapping[str, SiteTable]
    annexes: Mapping[str, Tableau]
    ici: Collection[str] = ()
    dossier_donnees: str = ""
    ids_par_nom: Mapping[str, list[str]] = field(default_factory=dict)

    def lignes(self, contenu: Sequence[Ligne]) -> Markup:
        """Renvoie un contenu en ligne écrit."""
        return ecrire_lignes(contenu, self.resoudre)

    def tableau(
        self, tableau: Tableau, *, identifiant: str = "", cibles: Collection[str] = ()
    ) -> VueTableau:
        """Renvoie la vue d'un tableau du document."""
        alignements = [colonne.alignement for colonne in tableau.colonnes]

        def rangee(cellules: Sequence[Cellule]) -> VueRangee:
            vues = tuple(
                VueCellule(self.lignes(cellule.contenu), cellule.classe, alignement)
                for cellule, alignement in zip(cellules, alignements, strict=True)
            )
            return VueRangee(vues, self._territoire(cellules, cibles))

        return VueTableau(
            id=identifiant or tableau.id,
            legende=self.lignes(tableau.legende),
            entetes=tuple(
                VueEntete(ecrire_mention(colonne.entete, "millesime"), colonne.alignement)
                for colonne in tableau.colonnes
            ),
            references=tuple(rangee(r) for r in tableau.references),
            lignes=tuple(rangee(r) for r in tableau.lignes),
            notes=tuple(self.lignes(note) for note in tableau.notes),
            source=self.lignes(tableau.source),
            triable=len(tableau.lignes) >= _MINIMUM_TRIABLE,
        )

    def _territoire(self, cellules: Sequence[Cellule], cibles: Collection[str]) -> str:
        trouves = {t for cellule in cellules for t in _territoires(cellule.contenu)}
        if len(trouves) == 1:
            return trouves.pop()
        nom = texte_brut(cellules[0].contenu) if cellules else ""
        homonymes = [t for t in self.ids_par_nom.get(nom, ()) if not cibles or t in cibles]
        return homonymes[0] if len(homonymes) == 1 else ""

    def table(self, table: SiteTable, *, identifiant: str, niveaux: Sequence[str]) -> VueTableau:
        """Renvoie la vue d'une table d'indicateur, pour certains niveaux."""
        dites = table.raisons_communes
        intervalles = any(ligne.intervalle for ligne in table.lignes)
        entetes = [
            VueEntete(Markup("Territoire")),
            VueEntete(
                Markup("{} ({})").format(
                    ecrire_mention(table.unite, "definition"),
                    ecrire_mention(table.millesime, "millesime"),
                ),
            ),
        ]
        if intervalles:
            entetes.append(VueEntete(Markup("Intervalle")))
        retenues = [x for niveau in niveaux for x in table.de_niveau(niveau)]
        lissee = any(x.lisse for x in retenues)
        lisses = "|".join(("lissages", table.indicateur, table.periode)) if lissee else ""
        if lisses:
            entetes.append(VueEntete(Markup("Taux lissé")))
        autres = [x for niveau in ("DEP", "REG", "FR") for x in table.de_niveau(niveau)]
        return VueTableau(
            id=identifiant,
            legende=ecrire_mention(table.libelle, "definition"),
            entetes=tuple(entetes),
            lignes=(),
            corps=self._rangees(retenues, dites=dites, intervalles=intervalles, lisses=lisses),
            references=(),
            corps_references=self._rangees(
                [x for x in autres if x not in retenues],
                dites=dites,
                intervalles=intervalles,
                lisses=lisses,
            ),
            notes=(
                *(
                    Markup("{} : {}").format(ecrire_absence(s), ecrire_mention(r, "definition"))
                    for s, r in dites.items()
                ),
                *((escape(table.lissage),) if lisses else ()),
            ),
            source=ecrire_mention(table.source, "reference"),
            classe="valeurs-table",
            table="|".join((table.table, table.indicateur, table.periode)),
            triable=len(retenues) >= _MINIMUM_TRIABLE,
        )

    def _rangees(
        self,
        lignes: Sequence[SiteLigne],
        *,
        dites: Collection[str],
        intervalles: bool,
        lisses: str = "",
    ) -> Markup:
        """Renvoie les rangées d'une table d'indicateur, écrites d'un trait.

        Un site en porte des dizaines de milliers : le gabarit y passerait plusieurs secondes.
        ``lisses`` : table et période où se lisent les taux lissés, s'il y en a une colonne.
        """
        ecrites = []
        for ligne in lignes:
            nom = _nom(self.noms.get(ligne.territoire, ligne.territoire))
            suite = f"<td>{_intervalle(ligne)}</td>" if intervalles else ""
            suite += _lisse(ligne, lisses) if lisses else ""
            ecrites.append(
                f'<tr data-t="{escape(ligne.territoire)}"><th scope="row">{nom}</th>'
                f"{_valeur(ligne, dites=dites)}{suite}</tr>\n"
            )
        return Markup("".join(ecrites))  # noqa: S704

    def figure(self, figure: Figure) -> VueFigure:
        """Renvoie la vue d'une figure et, s'il n'est pas déjà sur la page, de son tableau."""
        cibles = set(_DATA_T.findall(figure.svg))
        interne: VueTableau | None = None
        lien = ""
        id_tableau = f"{figure.id}-tableau"
        if figure.tableau in self.ici:
            lien, id_tableau = f"#{figure.tableau}", figure.tableau
        elif figure.tableau in self.annexes:
            annexe = self.annexes[figure.tableau]
            interne = self.tableau(annexe, identifiant=id_tableau, cibles=cibles)
        elif figure.tableau in self.tables:
            table = self.tables[figure.tableau]
            vus = [n for n in table.niveaux() if any(c.startswith(f"{n}-") for c in cibles)]
            interne = self.table(table, identifiant=id_tableau, niveaux=vus or ["COM"])
        image = integrer(figure.svg, prefixe=figure.id, alt=figure.alt)
        dessin, legende = detacher_legende(image)
        return VueFigure(
            id=figure.id,
            genre=figure.genre,
            legende=self.lignes(figure.legende),
            sous_titre=self.lignes(figure.sous_titre),
            source=self.lignes(figure.source),
            svg=dessin,
            alt=figure.alt,
            legende_svg=legende,
            tableau=interne,
            lien_tableau=lien,
            id_tableau=id_tableau if interne or lien else "",
            donnees=f"{self.dossier_donnees}{figure.donnees}" if self._servi(figure) else "",
        )

    def _servi(self, figure: Figure) -> bool:
        return bool(figure.donnees and self.dossier_donnees)


def _nom(nom: str) -> str:
    """Renvoie le nom d'un territoire, marqué comme nom s'il porte un chiffre."""
    return ecrire_mention(nom, "nom") if any(c.isdigit() for c in nom) else escape(nom)


def _valeur(ligne: SiteLigne, *, dites: Collection[str]) -> str:
    if ligne.lisible:
        return f'<td data-champ="value">{escape(ligne.texte)}</td>'
    marque = str(ecrire_absence(ligne.statut))
    if ligne.motif and ligne.statut not in dites:
        marque += f'<span class="motif">{ecrire_mention(ligne.motif, "definition")}</span>'
    return f"<td>{marque}</td>"


def _intervalle(ligne: SiteLigne) -> str:
    """Renvoie l'intervalle écrit, chaque borne avec sa partie de clé."""
    bornes = ligne.intervalle.split(" à ")
    if len(bornes) != len(_BORNES):
        return escape(ligne.intervalle)
    return " à ".join(
        f'<span data-champ="{champ}">{escape(texte)}</span>'
        for texte, champ in zip(bornes, _BORNES, strict=True)
    )


def _lisse(ligne: SiteLigne, table: str) -> str:
    """Renvoie la cellule du taux lissé, vide là où il n'y en a pas."""
    if not ligne.lisse:
        return "<td></td>"
    return f'<td data-table="{escape(table)}" data-champ="value">{escape(ligne.lisse)}</td>'


def ranger_par_nom(territoires: Sequence[SiteTerritoire]) -> dict[str, list[str]]:
    """Renvoie les identifiants de chaque nom (un nom peut servir à plusieurs territoires)."""
    index: dict[str, list[str]] = defaultdict(list)
    for territoire in territoires:
        index[territoire.nom].append(territoire.id)
    return dict(index)


def _territoires(contenu: Sequence[Ligne]) -> set[str]:
    trouves: set[str] = set()
    for ligne in contenu:
        if isinstance(ligne, Nombre) and ligne.cle.territoire:
            trouves.add(ligne.cle.territoire)
        elif isinstance(ligne, Fort | Lien):
            trouves |= _territoires(ligne.contenu)
    return trouves
