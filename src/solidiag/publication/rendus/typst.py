r"""Source Typst d'un document.

Tout texte passe par une chaîne de caractères Typst (``#"..."``), où seuls ``\`` et ``"`` ont un
sens : rien de ce que porte un document ne peut être lu comme une commande.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from solidiag.publication import charte
from solidiag.publication.document import (
    LIBELLES_ABSENCE,
    Absence,
    Bloc,
    Cellule,
    Encadre,
    Figure,
    Fort,
    Lien,
    Ligne,
    Liste,
    Paragraphe,
    SautDePage,
    Tableau,
    Titre,
)
from solidiag.publication.rendus.plan import (
    LARGEUR_PAYSAGE_CM,
    LARGEUR_TEXTE_CM,
    Plan,
    blocs_encadre,
    couleur_surtitre,
    dimensions,
    gabarit,
    nom_legende,
)

_RETRAIT_ENCADRE_CM = 2.7
_ALIGNEMENTS = {"gauche": "left", "droite": "right", "centre": "center"}


def chaine(texte: str) -> str:
    r"""Renvoie une chaîne Typst.

    Examples
    --------
    >>> print(chaine(r'Le "60 %" \ #ici'))
    "Le \"60 %\" \\ #ici"
    """
    propre = texte.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + " ".join(propre.split("\n")) + '"'


def source(plan: Plan, fichiers: Mapping[str, str], rapports: Mapping[str, float]) -> str:
    """Renvoie la source Typst d'un document.

    Parameters
    ----------
    fichiers
        Nom du fichier SVG de chaque figure, par identifiant.
    rapports
        Hauteur divisée par largeur de chaque figure, par identifiant.
    """
    return "\n".join(_Redaction(plan, fichiers, rapports).document())


class _Redaction:
    def __init__(
        self, plan: Plan, fichiers: Mapping[str, str], rapports: Mapping[str, float]
    ) -> None:
        self.plan, self.fichiers, self.rapports = plan, fichiers, rapports

    def document(self) -> Iterator[str]:
        document = self.plan.document
        pied = " · ".join(t for t in (document.titre, document.mention) if t)
        champs = {
            "titre": document.titre,
            "sous-titre": document.sous_titre,
            "territoire": document.territoire,
            "langue": document.langue.partition("-")[0],
            "date": document.date,
            "auteur": document.auteur,
            "mention": document.mention,
            "pied": pied,
            "police": charte.POLICE,
        }
        couleurs = {
            "encre": charte.ENCRE,
            "encre-douce": charte.ENCRE_DOUCE,
            "accent": charte.ACCENT,
            "filet": charte.FILET,
            "fond": charte.FOND,
        }
        yield '#import "rapport.typ": *'
        yield "#let c = ("
        yield from (f"  {nom}: {chaine(valeur)}," for nom, valeur in champs.items())
        yield from (f"  {nom}: rgb({chaine(valeur)})," for nom, valeur in couleurs.items())
        yield f"  surtitres: {self._surtitres()},"
        yield f"  fiche: {str(self.plan.fiche).lower()},"
        yield ")"
        yield "#show: corps => rapport(c, corps)"
        lignes = "".join(f"{self.contenu(ligne)}, " for ligne in document.couverture)
        yield f"#{'entete-de-fiche' if self.plan.fiche else 'couverture'}(c, ({lignes}))"
        if self.plan.sommaire:
            yield "#pagebreak(weak: true)"
            yield "#outline(depth: 2, indent: 0pt, title: [Sommaire])"
            yield "#pagebreak(weak: true)"
        for page in self.plan.pages:
            corps = [self.bloc(bloc, paysage=page.paysage) for bloc in page.blocs]
            if page.paysage:
                yield "#page(flipped: true)["
                yield from corps
                yield "]"
            else:
                yield from corps

    def _surtitres(self) -> str:
        paires = [
            f"{chaine(t.id)}: ({chaine(t.surtitre)}, rgb({chaine(couleur_surtitre(t.surtitre))}))"
            for t in self.plan.sommaire
            if t.surtitre
        ]
        return f"({', '.join(paires)},)" if paires else "(:)"

    def contenu(self, lignes: Sequence[Ligne]) -> str:
        return "[" + "".join(self._ligne(ligne) for ligne in lignes) + "]"

    def _ligne(self, ligne: Ligne) -> str:
        match ligne:
            case Fort(contenu=contenu):
                return f"#strong{self.contenu(contenu)};"
            case Lien(contenu=contenu, cible=cible):
                return self._lien(contenu, cible)
            case Absence(statut=statut):
                return f"#absence(c, {chaine(LIBELLES_ABSENCE[statut])});"
            case _:
                return f"#{chaine(ligne.texte)};"

    def _lien(self, contenu: Sequence[Ligne], cible: str) -> str:
        interne = self.plan.lien_interne(cible)
        if interne is not None:
            return f"#link(label({chaine(interne)})){self.contenu(contenu)};"
        if cible.startswith("#"):
            return self.contenu(contenu)[1:-1]
        return f"#link({chaine(cible)}){self.contenu(contenu)};"

    def bloc(self, bloc: Bloc, *, paysage: bool = False, encadre: bool = False) -> str:
        mesure = "100%" if encadre or self.plan.fiche else f"{LARGEUR_TEXTE_CM}cm"
        match bloc:
            case Titre():
                couleur = couleur_surtitre(bloc.surtitre)
                return (
                    f"#titre(c, {bloc.niveau}, {self.contenu(bloc.contenu)}, {chaine(bloc.id)}, "
                    f"surtitre: {chaine(bloc.surtitre)}, couleur: rgb({chaine(couleur)}))"
                )
            case Paragraphe():
                return f"#para(c, {chaine(bloc.style)}, {mesure}, {self.contenu(bloc.contenu)})"
            case Liste():
                elements = ", ".join(self.contenu(element) for element in bloc.elements)
                genre = "enum" if bloc.ordonnee else "list"
                return f"#block(width: {mesure}, {genre}({elements}))"
            case Tableau():
                largeur = LARGEUR_PAYSAGE_CM if paysage else self.plan.largeur_cm
                return self._tableau(bloc, largeur - (_RETRAIT_ENCADRE_CM if encadre else 0))
            case Figure():
                return self._figure(bloc, paysage=paysage)
            case Encadre():
                corps = "\n".join(self.bloc(b, encadre=True) for b in blocs_encadre(bloc))
                return f"#encadre(c, {chaine(bloc.genre)}, {chaine(bloc.titre)})[\n{corps}\n]"
            case SautDePage():
                return "#pagebreak(weak: true)"
            case _:
                assert_never(bloc)

    def _numero(self, bloc: Figure | Tableau) -> str:
        return chaine(f"{nom_legende(bloc)}\u00a0{self.plan.numeros[bloc.id]}")

    def _source(self, lignes: Sequence[Ligne]) -> str:
        return self.contenu(lignes) if lignes else "none"

    def _figure(self, figure: Figure, *, paysage: bool) -> str:
        largeur, hauteur = dimensions(figure, rapport=self.rapports[figure.id], paysage=paysage)
        image = (
            f"image({chaine(self.fichiers[figure.id])}, alt: {chaine(figure.alt)}, "
            f"width: {largeur:.3f}cm, height: {hauteur:.3f}cm)"
        )
        return (
            f"#illustration(c, {self._numero(figure)}, {self.contenu(figure.legende)}, {image}, "
            f"{chaine(figure.id)}, sous-titre: {self._source(figure.sous_titre)}, "
            f"source: {self._source(figure.source)})"
        )

    def _tableau(self, tableau: Tableau, largeur_cm: float) -> str:
        mise = gabarit(tableau, largeur_cm, self.plan.corps_tableau_pt)
        largeurs = "".join(f"{largeur:.2f}pt, " for largeur in mise.largeurs_pt)
        alignements = "".join(f"{_ALIGNEMENTS[col.alignement]}, " for col in tableau.colonnes)
        entetes = "".join(f"{chaine(col.entete)}, " for col in tableau.colonnes)
        notes = "".join(f"{self.contenu(note)}, " for note in tableau.notes)
        return (
            f"#tableau(c, {self._numero(tableau)}, {self.contenu(tableau.legende)}, "
            f"{mise.corps_pt}pt, {str(mise.serre).lower()}, ({largeurs}), "
            f"({alignements}), ({entetes}),\n"
            f"({self._rangees(tableau.references, fond=charte.FOND)}),\n"
            f"({self._rangees(tableau.lignes)}),\n"
            f"notes: ({notes}), source: {self._source(tableau.source)}) "
            f"#label({chaine(tableau.id)})"
        )

    def _rangees(self, rangees: Sequence[Sequence[Cellule]], *, fond: str = "") -> str:
        filet = f"table.hline(stroke: 0.35pt + rgb({chaine(charte.FILET)})),\n"
        return filet.join(
            "".join(f"{self._cellule(cellule, fond)}, " for cellule in rangee) + "\n"
            for rangee in rangees
        )

    def _cellule(self, cellule: Cellule, fond: str) -> str:
        teinte = charte.CELLULES.get(cellule.classe)
        couleur = teinte.fond if teinte else fond
        corps = self.contenu(cellule.contenu)
        if not couleur or couleur == charte.BLANC:
            return corps
        return f"table.cell(fill: rgb({chaine(couleur)}), {corps})"
