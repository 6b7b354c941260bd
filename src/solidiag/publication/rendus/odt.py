"""Rendu ODT, écrit directement : mêmes styles et mêmes choix que le DOCX, mêmes octets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_never

from solidiag.errors import RenduImpossible
from solidiag.publication import charte
from solidiag.publication.document import (
    LIBELLES_ABSENCE,
    Absence,
    Bloc,
    Cellule,
    Document,
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
    texte_brut,
)
from solidiag.publication.rendus import odt_parties as parties
from solidiag.publication.rendus.images import taille_png
from solidiag.publication.rendus.paquet import archiver, echapper
from solidiag.publication.rendus.plan import (
    LARGEUR_PAYSAGE_CM,
    LARGEUR_PORTRAIT_CM,
    Plan,
    blocs_encadre,
    couleur_surtitre,
    dimensions,
    est_debut_de_page,
    gabarit,
    nom_legende,
    preparer,
)
from solidiag.publication.rendus.styles import PAR_ID, PARAGRAPHES, RETRAIT_DROIT_CM

_MIMETYPE = b"application/vnd.oasis.opendocument.text"
_RETRAIT_ENCADRE_CM = 1.2


def rendre_odt(document: Document, chemin: Path, *, images: Mapping[str, bytes]) -> None:
    """Écrit le document en ODT.

    Parameters
    ----------
    images
        PNG de chaque figure, par identifiant (`images.convertir`).
    """
    chemin.write_bytes(composer(document, images=images))


def composer(document: Document, *, images: Mapping[str, bytes]) -> bytes:
    """Renvoie les octets de l'ODT d'un document ; les mêmes pour le même document."""
    redaction = _Redaction(preparer(document), images)
    entrees = [
        ("content.xml", redaction.contenu_xml()),
        ("styles.xml", parties.styles_xml(document)),
        ("meta.xml", parties.meta_xml(document)),
        *redaction.medias.items(),
        *parties.fichiers_polices(),
    ]
    manifeste = parties.manifeste_xml([nom for nom, _ in entrees])
    return archiver(
        [("mimetype", _MIMETYPE), *entrees, ("META-INF/manifest.xml", manifeste)],
        sans_compression=("mimetype",),
    )


def _texte(texte: str) -> str:
    """Renvoie un texte ; ODF réduit les espaces répétées, ``text:s`` les garde."""
    sur = echapper(texte)
    while "  " in sur:
        avant, _, apres = sur.partition("  ")
        suite = apres.lstrip(" ")
        nombre = len(apres) - len(suite) + 1
        sur = f'{avant} <text:s text:c="{nombre}"/>{suite}'
    return sur


def _passage(texte: str, style: str) -> str:
    return f'<text:span text:style-name="{style}">{_texte(texte)}</text:span>'


def _paragraphe(style: str, corps: str) -> str:
    return f'<text:p text:style-name="{style}">{corps}</text:p>'


class _Redaction:
    def __init__(self, plan: Plan, images: Mapping[str, bytes]) -> None:
        self.plan, self.images = plan, images
        self.medias: dict[str, bytes] = {}
        self.automatiques: dict[str, str] = {}
        self._en_attente = ""

    def contenu_xml(self) -> bytes:
        corps = [*self._couverture(), *self._sommaire()]
        saut = bool(corps)
        for rang, page in enumerate(self.plan.pages):
            for indice, bloc in enumerate(page.blocs):
                if isinstance(bloc, SautDePage):
                    saut = True
                    continue
                if indice == 0 and (rang > 0 or page.paysage):
                    maitre = "Paysage" if page.paysage else "Corps"
                    self._en_attente = f'style:master-page-name="{maitre}"'
                elif saut or est_debut_de_page(bloc):
                    self._en_attente = "saut"
                saut = False
                corps += self._bloc(bloc, paysage=page.paysage)
        sequences = "".join(
            f'<text:sequence-decl text:display-outline-level="0" text:name="{nom}"/>'
            for nom in ("Carte", "Graphique", "Tableau")
        )
        return (
            f'{parties.ENTETE}<office:document-content {parties.ESPACES} office:version="1.3">'
            f"{parties.polices_xml(incorporees=False)}<office:automatic-styles>"
            f"{''.join(self.automatiques.values())}</office:automatic-styles><office:body>"
            f"<office:text><text:sequence-decls>{sequences}</text:sequence-decls>"
            f"{''.join(corps)}</office:text></office:body></office:document-content>"
        ).encode()

    def _automatique(self, nom: str, definition: str) -> str:
        """Déclare un style automatique et renvoie son nom."""
        self.automatiques.setdefault(nom, definition)
        return nom

    def _style(self, style: str) -> str:
        """Renvoie le style d'un paragraphe, avec le saut ou l'orientation qui l'attend."""
        attente, self._en_attente = self._en_attente, ""
        if not attente:
            return style
        if attente == "saut":
            return self._automatique(
                f"{style}_saut",
                f'<style:style style:name="{style}_saut" style:family="paragraph" '
                f'style:parent-style-name="{style}"><style:paragraph-properties '
                'fo:break-before="page"/></style:style>',
            )
        nom = f"{style}_{attente.split(chr(34))[1].lower()}"
        return self._automatique(
            nom,
            f'<style:style style:name="{nom}" style:family="paragraph" '
            f'style:parent-style-name="{style}" {attente}/>',
        )

    def _couverture(self) -> list[str]:
        document = self.plan.document
        lignes = [
            ("CouvertureTerritoire", _texte(document.territoire)),
            ("Titre", _texte(document.titre)),
            ("SousTitre", _texte(document.sous_titre)),
            *(("Couverture", self._contenu(ligne)) for ligne in document.couverture),
        ]
        if document.mention:
            lignes.append(("CouvertureMention", _texte(document.mention)))
        fin = " · ".join(t for t in (document.auteur, document.date) if t)
        lignes.append(("Couverture", _texte(fin)))
        self._en_attente = 'style:master-page-name="Standard"'
        sortie = [_paragraphe(self._style(style), corps) for style, corps in lignes]
        self._en_attente = 'style:master-page-name="Corps"'
        return sortie

    def _sommaire(self) -> list[str]:
        titres = self.plan.sommaire
        if not titres:
            return []
        entete = _paragraphe(self._style("TitreSommaire"), "Sommaire")
        entrees = "".join(
            _paragraphe(
                f"Sommaire{titre.niveau}",
                f'<text:a xlink:type="simple" xlink:href="#{self._signet(titre.id)}" '
                f'text:style-name="LienSommaire" text:visited-style-name="LienSommaire">'
                f"{self._entree(titre)}</text:a>",
            )
            for titre in titres
        )
        niveaux = "".join(
            f'<text:table-of-content-entry-template text:outline-level="{niveau}" '
            f'text:style-name="Sommaire{niveau}"><text:index-entry-link-start/>'
            '<text:index-entry-text/><text:index-entry-tab-stop style:type="right"/>'
            "<text:index-entry-page-number/><text:index-entry-link-end/>"
            "</text:table-of-content-entry-template>"
            for niveau in (1, 2)
        )
        return [
            '<text:table-of-content text:name="Sommaire" text:protected="false">'
            '<text:table-of-content-source text:outline-level="2">'
            '<text:index-title-template text:style-name="TitreSommaire">Sommaire'
            f"</text:index-title-template>{niveaux}</text:table-of-content-source>"
            f'<text:index-body><text:index-title text:name="TitreDuSommaire">{entete}'
            f"</text:index-title>{entrees}</text:index-body></text:table-of-content>"
        ]

    def _entree(self, titre: Titre) -> str:
        if not titre.surtitre:
            return self._contenu(titre.contenu)
        surtitre = _passage(titre.surtitre, self._couleur(titre.surtitre))
        return f"{surtitre} · {self._contenu(titre.contenu)}"

    def _couleur(self, surtitre: str) -> str:
        couleur = couleur_surtitre(surtitre)
        nom = f"Surtitre_{couleur.removeprefix('#')}"
        return self._automatique(
            nom,
            f'<style:style style:name="{nom}" style:family="text"><style:text-properties '
            f'fo:font-weight="bold" fo:color="{couleur}"/></style:style>',
        )

    def _signet(self, identifiant: str) -> str:
        return echapper(f"b-{identifiant}")

    def _cible(self, identifiant: str) -> str:
        return f'<text:bookmark text:name="{self._signet(identifiant)}"/>'

    def _contenu(self, lignes: Sequence[Ligne]) -> str:
        morceaux: list[str] = []
        for ligne in lignes:
            match ligne:
                case Fort(contenu=contenu):
                    morceaux.append(
                        f'<text:span text:style-name="Fort">{self._contenu(contenu)}</text:span>'
                    )
                case Lien(contenu=contenu, cible=cible):
                    morceaux.append(self._lien(contenu, cible))
                case Absence(statut=statut):
                    morceaux.append(_passage(LIBELLES_ABSENCE[statut], "Absence"))
                case _:
                    morceaux.append(_texte(ligne.texte))
        return "".join(morceaux)

    def _lien(self, contenu: Sequence[Ligne], cible: str) -> str:
        interne = self.plan.lien_interne(cible)
        if interne is None and cible.startswith("#"):
            return self._contenu(contenu)
        adresse = f"#{self._signet(interne)}" if interne is not None else echapper(cible)
        return (
            f'<text:a xlink:type="simple" xlink:href="{adresse}" text:style-name="Lien" '
            f'text:visited-style-name="Lien">{self._contenu(contenu)}</text:a>'
        )

    def _bloc(self, bloc: Bloc, *, paysage: bool = False, encadre: bool = False) -> list[str]:
        match bloc:
            case Titre():
                return self._titre(bloc)
            case Paragraphe():
                style = PARAGRAPHES[bloc.style]
                if encadre and bloc.style == "normal":
                    style = "EncadreTexte"
                return [_paragraphe(self._style(style), self._contenu(bloc.contenu))]
            case Liste():
                return self._liste(bloc, encadre=encadre)
            case Tableau():
                largeur = LARGEUR_PAYSAGE_CM if paysage else LARGEUR_PORTRAIT_CM
                return self._tableau(bloc, largeur - (_RETRAIT_ENCADRE_CM if encadre else 0))
            case Figure():
                return self._figure(bloc, paysage=paysage)
            case Encadre():
                return self._encadre(bloc)
            case SautDePage():
                return []
            case _:
                assert_never(bloc)

    def _titre(self, titre: Titre) -> list[str]:
        lignes: list[str] = []
        style = f"Titre{titre.niveau}"
        if titre.surtitre:
            surtitre = "SurtitreChapitre" if titre.niveau == 1 else "Surtitre"
            corps = _passage(titre.surtitre, self._couleur(titre.surtitre))
            lignes.append(_paragraphe(self._style(surtitre), corps))
            style = self._automatique(
                f"{style}_suite",
                f'<style:style style:name="{style}_suite" style:family="paragraph" '
                f'style:parent-style-name="{style}"><style:paragraph-properties '
                f'fo:margin-top="0pt" fo:margin-bottom="{PAR_ID[style].apres}pt"/></style:style>',
            )
        lignes.append(
            f'<text:h text:style-name="{self._style(style)}" '
            f'text:outline-level="{titre.niveau}">{self._cible(titre.id)}'
            f"{self._contenu(titre.contenu)}</text:h>"
        )
        return lignes

    def _liste(self, liste: Liste, *, encadre: bool) -> list[str]:
        style = "ListeNumerotee" if liste.ordonnee else "Liste"
        style = "EncadreTexte" if encadre else self._retrait_liste(style)
        elements = "".join(
            f"<text:list-item>{_paragraphe(self._style(style), self._contenu(element))}"
            "</text:list-item>"
            for element in liste.elements
        )
        nom = "Numeros" if liste.ordonnee else "Puces"
        return [f'<text:list text:style-name="{nom}">{elements}</text:list>']

    def _retrait_liste(self, style: str) -> str:
        """Renvoie le style d'une liste avec ses retraits, que la liste elle-même effacerait."""
        return self._automatique(
            f"{style}_texte",
            f'<style:style style:name="{style}_texte" style:family="paragraph" '
            f'style:parent-style-name="{style}"><style:paragraph-properties '
            'fo:margin-left="0.6cm" fo:text-indent="-0.5cm" '
            f'fo:margin-right="{RETRAIT_DROIT_CM}cm"/></style:style>',
        )

    def _legende(self, bloc: Figure | Tableau) -> str:
        nom, numero = nom_legende(bloc), self.plan.numeros[bloc.id]
        champ = (
            f'<text:sequence text:ref-name="ref{nom}{numero}" text:name="{nom}" '
            f'text:formula="ooow:{nom}+1" style:num-format="1">{numero}</text:sequence>'
        )
        corps = (
            f'{self._cible(bloc.id)}<text:span text:style-name="NumeroLegende">{nom}\u00a0'
            f"{champ}.</text:span>\u2002{self._contenu(bloc.legende)}"
        )
        return _paragraphe(self._style("Legende"), corps)

    def _figure(self, figure: Figure, *, paysage: bool) -> list[str]:
        octets = self.images.get(figure.id)
        if octets is None:
            raise RenduImpossible("ODT", f"l'image de la figure « {figure.id} » manque")
        largeur_px, hauteur_px = taille_png(octets)
        largeur, hauteur = dimensions(figure, rapport=hauteur_px / largeur_px, paysage=paysage)
        nom = f"Pictures/{hashlib.sha256(octets).hexdigest()[:20]}.png"
        self.medias[nom] = octets
        intitule = f"{nom_legende(figure)} {self.plan.numeros[figure.id]}"
        cadre = (
            f'<draw:frame draw:name="{echapper(intitule)}" text:anchor-type="as-char" '
            f'svg:width="{largeur:.3f}cm" svg:height="{hauteur:.3f}cm">'
            f'<draw:image xlink:href="{nom}" xlink:type="simple" xlink:show="embed" '
            f'xlink:actuate="onLoad"/><svg:title>{echapper(intitule)}</svg:title>'
            f"<svg:desc>{echapper(figure.alt)}</svg:desc></draw:frame>"
        )
        lignes = [self._legende(figure)]
        if figure.sous_titre:
            lignes.append(_paragraphe("SousTitreFigure", self._contenu(figure.sous_titre)))
        lignes.append(_paragraphe("Illustration", cadre))
        lignes.append(_paragraphe("Source", self._contenu(figure.source)))
        return lignes

    def _tableau(self, tableau: Tableau, largeur_cm: float) -> list[str]:
        mise = gabarit(tableau, largeur_cm)
        legende = self._legende(tableau)
        styles = [
            {
                role: self._style_cellule(role, colonne.alignement, mise.corps_pt)
                for role in ("Cellule", "CelluleEntete")
            }
            for colonne in tableau.colonnes
        ]
        colonnes = "".join(
            f'<table:table-column table:style-name="{self._colonne(points)}"/>'
            for points in mise.largeurs_pt
        )
        entete = "".join(
            f'<table:table-cell table:style-name="{self._cellule_style(bord="entete")}" '
            f'office:value-type="string">'
            f"{_paragraphe(style['CelluleEntete'], _texte(colonne.entete))}</table:table-cell>"
            for colonne, style in zip(tableau.colonnes, styles, strict=True)
        )
        noms = [style["Cellule"] for style in styles]
        rangees: list[str] = []
        for rang, rangee in enumerate(tableau.references):
            bord = "reference" if rang == len(tableau.references) - 1 else "fin"
            rangees.append(self._rangee(rangee, noms, bord=bord, fond=charte.FOND))
        for rang, rangee in enumerate(tableau.lignes):
            bord = "dernier" if rang == len(tableau.lignes) - 1 else "fin"
            rangees.append(self._rangee(rangee, noms, bord=bord))
        largeur = self._largeur(sum(mise.largeurs_pt) / 72 * 2.54)
        rangee_style = self._automatique(
            "Rangee",
            '<style:style style:name="Rangee" style:family="table-row">'
            '<style:table-row-properties fo:keep-together="always"/></style:style>',
        )
        corps = "".join(
            f'<table:table-row table:style-name="{rangee_style}">{rangee}</table:table-row>'
            for rangee in rangees
        )
        sortie = [
            legende,
            f'<table:table table:name="{echapper(tableau.id)}" table:style-name="{largeur}">'
            f"<table:title>{echapper(texte_brut(tableau.legende))}</table:title>{colonnes}"
            f'<table:table-header-rows><table:table-row table:style-name="{rangee_style}">'
            f"{entete}</table:table-row></table:table-header-rows>{corps}</table:table>",
        ]
        sortie += [_paragraphe("NoteTableau", self._contenu(note)) for note in tableau.notes]
        if tableau.source:
            sortie.append(_paragraphe(self._source_tableau(), self._contenu(tableau.source)))
        elif not tableau.notes:
            sortie.append(_paragraphe("ApresTableau", ""))
        return sortie

    def _source_tableau(self) -> str:
        return self._automatique(
            "SourceTableau",
            '<style:style style:name="SourceTableau" style:family="paragraph" '
            'style:parent-style-name="Source"><style:paragraph-properties '
            f'fo:margin-top="3pt" fo:margin-bottom="{PAR_ID["Source"].apres}pt"/></style:style>',
        )

    def _rangee(
        self, rangee: Sequence[Cellule], styles: Sequence[str], *, bord: str, fond: str = ""
    ) -> str:
        cellules: list[str] = []
        for cellule, style in zip(rangee, styles, strict=True):
            teinte = charte.CELLULES.get(cellule.classe)
            nom = self._cellule_style(bord=bord, fond=teinte.fond if teinte else fond)
            cellules.append(
                f'<table:table-cell table:style-name="{nom}" office:value-type="string">'
                f"{_paragraphe(style, self._contenu(cellule.contenu))}</table:table-cell>"
            )
        return "".join(cellules)

    def _style_cellule(self, role: str, alignement: str, corps_pt: float) -> str:
        nom = f"{role}_{alignement}_{round(corps_pt * 10)}"
        return self._automatique(
            nom,
            f'<style:style style:name="{nom}" style:family="paragraph" '
            f'style:parent-style-name="{role}"><style:paragraph-properties '
            f'fo:text-align="{parties.alignement(alignement)}"/>'
            f'<style:text-properties fo:font-size="{corps_pt}pt"/></style:style>',
        )

    def _cellule_style(self, *, bord: str, fond: str = "") -> str:
        bas = {
            "entete": f"0.75pt solid {charte.ENCRE}",
            "reference": f"0.75pt solid {charte.ENCRE_DOUCE}",
            "dernier": f"0.75pt solid {charte.ENCRE}",
            "fin": f"0.5pt solid {charte.FILET}",
        }[bord]
        haut = f"1pt solid {charte.ENCRE}" if bord == "entete" else "none"
        vertical = "bottom" if bord == "entete" else "top"
        nom = f"Case_{bord}_{fond.removeprefix('#') or 'sans'}"
        teinte = f' fo:background-color="{fond}"' if fond else ""
        return self._automatique(
            nom,
            f'<style:style style:name="{nom}" style:family="table-cell">'
            f'<style:table-cell-properties fo:border-top="{haut}" fo:border-bottom="{bas}" '
            'fo:border-left="none" fo:border-right="none" fo:padding-left="0.17cm" '
            'fo:padding-right="0.17cm" fo:padding-top="0cm" fo:padding-bottom="0cm" '
            f'style:vertical-align="{vertical}"{teinte}/></style:style>',
        )

    def _colonne(self, points: float) -> str:
        nom = f"Colonne_{round(points * 100)}"
        return self._automatique(
            nom,
            f'<style:style style:name="{nom}" style:family="table-column">'
            f'<style:table-column-properties style:column-width="{points:.2f}pt"/></style:style>',
        )

    def _largeur(self, largeur_cm: float) -> str:
        nom = f"Table_{round(largeur_cm * 1000)}"
        return self._automatique(
            nom,
            f'<style:style style:name="{nom}" style:family="table"><style:table-properties '
            f'style:width="{largeur_cm:.3f}cm" table:align="left" '
            'style:may-break-between-rows="true"/></style:style>',
        )

    def _encadre(self, encadre: Encadre) -> list[str]:
        avant = _paragraphe(self._style("ApresTableau"), "")
        corps = [_paragraphe("EncadreTitre", _texte(encadre.titre))]
        for bloc in blocs_encadre(encadre):
            corps += self._bloc(bloc, encadre=True)
        largeur = self._largeur(LARGEUR_PORTRAIT_CM)
        nom = f"Encadre_{encadre.genre}"
        self._automatique(
            nom,
            f'<style:style style:name="{nom}" style:family="table-cell">'
            f'<style:table-cell-properties fo:background-color="{charte.FOND}" '
            f'fo:border-left="{parties.TRAITS_ENCADRE[encadre.genre]}" fo:border-right="none" '
            'fo:border-top="none" fo:border-bottom="none" fo:padding-left="0.4cm" '
            'fo:padding-right="0.4cm" fo:padding-top="0.2cm" fo:padding-bottom="0.15cm"/>'
            "</style:style>",
        )
        colonne = self._colonne(LARGEUR_PORTRAIT_CM / 2.54 * 72)
        return [
            avant,
            f'<table:table table:style-name="{largeur}">'
            f"<table:title>{echapper('Encadré : ' + encadre.titre)}</table:title>"
            f'<table:table-column table:style-name="{colonne}"/><table:table-row>'
            f'<table:table-cell table:style-name="{nom}" office:value-type="string">'
            f"{''.join(corps)}</table:table-cell></table:table-row></table:table>",
            _paragraphe("ApresTableau", ""),
        ]
