"""Rendu DOCX, écrit directement.

Styles réels, légendes numérotées par champs, signets, en-têtes de tableau répétés, sections en
paysage, texte de remplacement des images, polices incorporées. Mêmes entrées, mêmes octets.
"""

from __future__ import annotations

import hashlib
import re
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
    Colonne,
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
from solidiag.publication.rendus import docx_parties as parties
from solidiag.publication.rendus.docx_parties import R, W, hexa, twips
from solidiag.publication.rendus.images import taille_png
from solidiag.publication.rendus.paquet import archiver, echapper
from solidiag.publication.rendus.plan import (
    LARGEUR_PAYSAGE_CM,
    Plan,
    blocs_encadre,
    couleur_surtitre,
    dimensions,
    gabarit,
    nom_legende,
    preparer,
)
from solidiag.publication.rendus.styles import PARAGRAPHES

_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_PIC = "http://schemas.openxmlformats.org/drawingml/2006/picture"
_JC = {"gauche": "left", "droite": "right", "centre": "center"}
_RETRAIT_ENCADRE_CM = 1.2


def rendre_docx(document: Document, chemin: Path, *, images: Mapping[str, bytes]) -> None:
    """Écrit le document en DOCX.

    Parameters
    ----------
    images
        PNG de chaque figure, par identifiant (`images.convertir`).
    """
    chemin.write_bytes(composer(document, images=images))


def composer(document: Document, *, images: Mapping[str, bytes]) -> bytes:
    """Renvoie les octets du DOCX d'un document ; les mêmes pour le même document."""
    redaction = _Redaction(preparer(document), images)
    corps = redaction.document()
    coeur, application = parties.proprietes_xml(document)
    table_polices, relations_polices, fichiers_polices = parties.polices()
    relations = [
        ("rIdStyles", "styles", "styles.xml"),
        ("rIdListes", "numbering", "numbering.xml"),
        ("rIdReglages", "settings", "settings.xml"),
        ("rIdPolices", "fontTable", "fontTable.xml"),
        ("rIdPied", "footer", "footer1.xml"),
        ("rIdPiedPaysage", "footer", "footer2.xml"),
        *redaction.relations.values(),
    ]
    return archiver(
        [
            ("[Content_Types].xml", parties.types_xml()),
            ("_rels/.rels", parties.racine_rels_xml()),
            ("docProps/core.xml", coeur),
            ("docProps/app.xml", application),
            ("word/document.xml", corps.encode()),
            ("word/_rels/document.xml.rels", parties.relations_xml(relations)),
            ("word/styles.xml", parties.styles_xml(fiche=document.genre == "fiche")),
            ("word/numbering.xml", parties.numbering_xml(redaction.listes_numerotees)),
            ("word/settings.xml", parties.settings_xml()),
            ("word/fontTable.xml", table_polices),
            ("word/_rels/fontTable.xml.rels", relations_polices),
            ("word/footer1.xml", parties.pied_xml(document, paysage=False)),
            ("word/footer2.xml", parties.pied_xml(document, paysage=True)),
            *redaction.medias.items(),
            *fichiers_polices,
        ]
    )


def signet(identifiant: str) -> str:
    """Renvoie un nom de signet que Word accepte (lettres, chiffres, 40 signes au plus).

    Examples
    --------
    >>> signet("axe-1")
    'b_axe_1'
    """
    nom = "b_" + re.sub(r"\W", "_", identifiant, flags=re.ASCII)
    if len(nom) > 40:
        nom = nom[:31] + "_" + hashlib.sha256(identifiant.encode()).hexdigest()[:8]
    return nom


def _passage(texte: str, *, style: str = "", gras: bool = False, propre: str = "") -> str:
    proprietes = (f'<w:rStyle w:val="{style}"/>' if style else "") + ("<w:b/>" if gras else "")
    proprietes += propre
    enveloppe = f"<w:rPr>{proprietes}</w:rPr>" if proprietes else ""
    return f'<w:r>{enveloppe}<w:t xml:space="preserve">{echapper(texte)}</w:t></w:r>'


def _champ(instruction: str, resultat: str, *, style: str) -> str:
    propre = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>'
    return (
        f'<w:r>{propre}<w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r>{propre}<w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
        f'<w:r>{propre}<w:fldChar w:fldCharType="separate"/></w:r>'
        f"<w:r>{propre}<w:t>{resultat}</w:t></w:r>"
        f'<w:r>{propre}<w:fldChar w:fldCharType="end"/></w:r>'
    )


def _paragraphe(style: str, corps: str, *, avant: str = "", apres: str = "") -> str:
    """Renvoie un paragraphe ; ``avant`` et ``apres`` encadrent ce que l'on ajoute au style."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{avant}{apres}</w:pPr>{corps}</w:p>'


class _Redaction:
    def __init__(self, plan: Plan, images: Mapping[str, bytes]) -> None:
        self.plan, self.images = plan, images
        self.relations: dict[str, tuple[str, str, str]] = {}
        self.medias: dict[str, bytes] = {}
        self.listes_numerotees = 0
        self._signets = 0
        self._dessins = 0

    def document(self) -> str:
        corps: list[str] = [*self._couverture(), *self._sommaire()]
        saut = bool(corps) and not self.plan.fiche
        pages = self.plan.pages
        ouverte = bool(pages) and not pages[0].paysage
        if pages and not ouverte:
            _clore(corps, parties.section(paysage=False, couverture=True))
        for rang, page in enumerate(pages):
            for indice, bloc in enumerate(page.blocs):
                premier = indice == 0 and (rang > 0 or not ouverte)
                if isinstance(bloc, SautDePage):
                    saut = True
                    continue
                nouvelle = (saut or self.plan.debute_page(bloc)) and not premier
                corps += self._bloc(bloc, paysage=page.paysage, saut=nouvelle)
                saut = False
            if rang < len(pages) - 1:
                couverture = rang == 0 and ouverte
                _clore(corps, parties.section(paysage=page.paysage, couverture=couverture))
        derniere = bool(pages) and pages[-1].paysage
        fin = parties.section(
            paysage=derniere,
            couverture=len(pages) <= 1 and not derniere,
            fiche=self.plan.fiche,
        )
        return (
            f'{parties.ENTETE}<w:document xmlns:w="{W}" xmlns:r="{R}" xmlns:wp="{_WP}" '
            f'xmlns:a="{_A}" xmlns:pic="{_PIC}"><w:body>{"".join(corps)}{fin}</w:body>'
            "</w:document>"
        )

    def _couverture(self) -> list[str]:
        document = self.plan.document
        lignes = [
            _paragraphe("CouvertureTerritoire", _passage(document.territoire)),
            _paragraphe("Titre", _passage(document.titre)),
            _paragraphe("SousTitre", _passage(document.sous_titre)),
            *(_paragraphe("Couverture", self._contenu(ligne)) for ligne in document.couverture),
        ]
        if document.mention:
            lignes.append(_paragraphe("CouvertureMention", _passage(document.mention)))
        fin = " · ".join(t for t in (document.auteur, document.date) if t)
        return [*lignes, _paragraphe("Couverture", _passage(fin))]

    def _sommaire(self) -> list[str]:
        titres = self.plan.sommaire
        if not titres:
            return []
        debut = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">'
            ' TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        entrees: list[str] = []
        for rang, titre in enumerate(titres):
            corps = self._entree(titre)
            lien = f'<w:hyperlink w:anchor="{signet(titre.id)}" w:history="1">{corps}</w:hyperlink>'
            fin = '<w:r><w:fldChar w:fldCharType="end"/></w:r>' if rang == len(titres) - 1 else ""
            entrees.append(
                _paragraphe(f"Sommaire{titre.niveau}", (debut if rang == 0 else "") + lien + fin)
            )
        entete = _paragraphe("TitreSommaire", _passage("Sommaire"), avant="<w:pageBreakBefore/>")
        return [
            '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
            f"<w:docPartUnique/></w:docPartObj></w:sdtPr><w:sdtContent>{entete}"
            f"{''.join(entrees)}</w:sdtContent></w:sdt>"
        ]

    def _entree(self, titre: Titre) -> str:
        if not titre.surtitre:
            return self._contenu(titre.contenu)
        couleur = f'<w:color w:val="{hexa(couleur_surtitre(titre.surtitre))}"/>'
        return (
            _passage(titre.surtitre, gras=True, propre=couleur)
            + _passage(" · ")
            + self._contenu(titre.contenu)
        )

    def _contenu(self, lignes: Sequence[Ligne], *, gras: bool = False, propre: str = "") -> str:
        morceaux: list[str] = []
        for ligne in lignes:
            match ligne:
                case Fort(contenu=contenu):
                    morceaux.append(self._contenu(contenu, gras=True, propre=propre))
                case Lien(contenu=contenu, cible=cible):
                    morceaux.append(self._lien(contenu, cible, gras=gras, propre=propre))
                case Absence(statut=statut):
                    libelle = LIBELLES_ABSENCE[statut]
                    morceaux.append(_passage(libelle, style="Absence", propre=propre))
                case _:
                    morceaux.append(_passage(ligne.texte, gras=gras, propre=propre))
        return "".join(morceaux)

    def _lien(self, contenu: Sequence[Ligne], cible: str, *, gras: bool, propre: str) -> str:
        interne = self.plan.lien_interne(cible)
        if interne is None and cible.startswith("#"):
            return self._contenu(contenu, gras=gras, propre=propre)
        couleur = f'<w:color w:val="{hexa(charte.ACCENT)}"/>'
        corps = self._contenu(contenu, gras=gras, propre=couleur + propre)
        if interne is not None:
            return f'<w:hyperlink w:anchor="{signet(interne)}" w:history="1">{corps}</w:hyperlink>'
        relation = self._relation("hyperlink", cible)
        return f'<w:hyperlink r:id="{relation}" w:history="1">{corps}</w:hyperlink>'

    def _relation(self, genre: str, cible: str) -> str:
        if cible not in self.relations:
            self.relations[cible] = (f"rId{len(self.relations) + 1}", genre, cible)
        return self.relations[cible][0]

    def _cible(self, identifiant: str, corps: str) -> str:
        self._signets += 1
        numero = self._signets
        return (
            f'<w:bookmarkStart w:id="{numero}" w:name="{signet(identifiant)}"/>{corps}'
            f'<w:bookmarkEnd w:id="{numero}"/>'
        )

    def _bloc(
        self, bloc: Bloc, *, paysage: bool = False, saut: bool = False, encadre: bool = False
    ) -> list[str]:
        avant = "<w:pageBreakBefore/>" if saut else ""
        match bloc:
            case Titre():
                return self._titre(bloc, avant)
            case Paragraphe():
                style = PARAGRAPHES[bloc.style]
                if encadre and bloc.style == "normal":
                    style = "EncadreTexte"
                return [_paragraphe(style, self._contenu(bloc.contenu), avant=avant)]
            case Liste():
                return self._liste(bloc, avant, encadre=encadre)
            case Tableau():
                largeur = LARGEUR_PAYSAGE_CM if paysage else self.plan.largeur_cm
                if encadre:
                    largeur -= _RETRAIT_ENCADRE_CM
                return self._tableau(bloc, largeur, avant)
            case Figure():
                return self._figure(bloc, paysage=paysage, avant=avant)
            case Encadre():
                return self._encadre(bloc, avant)
            case SautDePage():
                return []
            case _:
                assert_never(bloc)

    def _titre(self, titre: Titre, avant: str) -> list[str]:
        lignes: list[str] = []
        if titre.surtitre:
            style = "SurtitreChapitre" if titre.niveau == 1 else "Surtitre"
            couleur = f'<w:color w:val="{hexa(couleur_surtitre(titre.surtitre))}"/>'
            corps = _passage(titre.surtitre, propre=couleur)
            lignes.append(_paragraphe(style, corps, avant=avant))
            avant = ""
        apres = '<w:spacing w:before="0"/>' if titre.surtitre else ""
        corps = self._cible(titre.id, self._contenu(titre.contenu))
        lignes.append(_paragraphe(f"Titre{titre.niveau}", corps, avant=avant, apres=apres))
        return lignes

    def _liste(self, liste: Liste, avant: str, *, encadre: bool) -> list[str]:
        numero = 1
        if liste.ordonnee:
            self.listes_numerotees += 1
            numero = 1 + self.listes_numerotees
        style = "ListeNumerotee" if liste.ordonnee else "Liste"
        style = "EncadreTexte" if encadre else style
        puce = f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{numero}"/></w:numPr>'
        retrait = '<w:ind w:left="340" w:hanging="280"/>'
        return [
            _paragraphe(
                style,
                self._contenu(element),
                avant=(avant if rang == 0 else "") + puce,
                apres=retrait,
            )
            for rang, element in enumerate(liste.elements)
        ]

    def _legende(self, bloc: Figure | Tableau, avant: str) -> str:
        nom = nom_legende(bloc)
        numero = (
            _passage(f"{nom}\u00a0", style="NumeroLegende")
            + _champ(
                f"SEQ {nom} \\* ARABIC", str(self.plan.numeros[bloc.id]), style="NumeroLegende"
            )
            + _passage(".", style="NumeroLegende")
        )
        corps = self._cible(bloc.id, numero) + _passage("\u2002") + self._contenu(bloc.legende)
        return _paragraphe("Legende", corps, avant=avant)

    def _figure(self, figure: Figure, *, paysage: bool, avant: str) -> list[str]:
        octets = self.images.get(figure.id)
        if octets is None:
            raise RenduImpossible("DOCX", f"l'image de la figure « {figure.id} » manque")
        lignes = [self._legende(figure, avant)]
        if figure.sous_titre:
            lignes.append(_paragraphe("SousTitreFigure", self._contenu(figure.sous_titre)))
        lignes.append(_paragraphe("Illustration", self._dessin(figure, octets, paysage=paysage)))
        lignes.append(_paragraphe("Source", self._contenu(figure.source)))
        return lignes

    def _dessin(self, figure: Figure, octets: bytes, *, paysage: bool) -> str:
        largeur_px, hauteur_px = taille_png(octets)
        largeur, hauteur = dimensions(figure, rapport=hauteur_px / largeur_px, paysage=paysage)
        taille = f'cx="{round(largeur * 360000)}" cy="{round(hauteur * 360000)}"'
        nom = f"word/media/{hashlib.sha256(octets).hexdigest()[:20]}.png"
        self.medias[nom] = octets
        relation = self._relation("image", nom.removeprefix("word/"))
        self._dessins += 1
        numero = self._dessins
        intitule = echapper(f"{nom_legende(figure)} {self.plan.numeros[figure.id]}")
        descriptif = f'id="{numero}" name="{intitule}" descr="{echapper(figure.alt)}"'
        return (
            f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
            f"<wp:extent {taille}/><wp:docPr {descriptif}/><wp:cNvGraphicFramePr>"
            '<a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
            f'<a:graphic><a:graphicData uri="{_PIC}"><pic:pic><pic:nvPicPr>'
            f"<pic:cNvPr {descriptif}/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>"
            f'<a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
            f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {taille}/></a:xfrm>'
            '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>'
            "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )

    def _tableau(self, tableau: Tableau, largeur_cm: float, avant: str) -> list[str]:
        mise = gabarit(tableau, largeur_cm, self.plan.corps_tableau_pt)
        largeurs = [round(points * 20) for points in mise.largeurs_pt]
        taille = ""
        if mise.corps_pt != 9.0:
            demi = round(mise.corps_pt * 2)
            taille = f'<w:sz w:val="{demi}"/><w:szCs w:val="{demi}"/>'
        rangees = [self._entete(tableau.colonnes, largeurs, taille)]
        for rang, rangee in enumerate(tableau.references):
            derniere = rang == len(tableau.references) - 1
            rangees.append(
                self._rangee(tableau, rangee, largeurs, taille, fond=charte.FOND, trait=derniere)
            )
        rangees += [self._rangee(tableau, rangee, largeurs, taille) for rangee in tableau.lignes]
        grille = "".join(f'<w:gridCol w:w="{largeur}"/>' for largeur in largeurs)
        titre = echapper(texte_brut(tableau.legende))
        sortie = [
            self._legende(tableau, avant),
            '<w:tbl><w:tblPr><w:tblStyle w:val="TableauSolidiag"/>'
            f'<w:tblW w:w="{sum(largeurs)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
            '<w:tblLook w:val="04A0" w:firstRow="1" w:lastRow="0" w:firstColumn="1" '
            f'w:lastColumn="0" w:noHBand="0" w:noVBand="1"/><w:tblCaption w:val="{titre}"/>'
            f"</w:tblPr><w:tblGrid>{grille}</w:tblGrid>{''.join(rangees)}</w:tbl>",
        ]
        sortie += [_paragraphe("NoteTableau", self._contenu(note)) for note in tableau.notes]
        if tableau.source:
            espace = '<w:spacing w:before="60"/>'
            sortie.append(_paragraphe("Source", self._contenu(tableau.source), apres=espace))
        elif not tableau.notes:
            sortie.append(_paragraphe("ApresTableau", ""))
        return sortie

    def _entete(self, colonnes: Sequence[Colonne], largeurs: Sequence[int], taille: str) -> str:
        bord = (
            f'<w:tcBorders><w:bottom w:val="single" w:sz="6" w:space="0" '
            f'w:color="{hexa(charte.ENCRE)}"/></w:tcBorders>'
        )
        cellules = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{largeur}" w:type="dxa"/>{bord}'
            '<w:vAlign w:val="bottom"/></w:tcPr>'
            + _paragraphe(
                "CelluleEntete",
                _passage(colonne.entete, propre=taille),
                apres=f'<w:jc w:val="{_JC[colonne.alignement]}"/>',
            )
            + "</w:tc>"
            for colonne, largeur in zip(colonnes, largeurs, strict=True)
        )
        return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cellules}</w:tr>"

    def _rangee(
        self,
        tableau: Tableau,
        rangee: Sequence[Cellule],
        largeurs: Sequence[int],
        taille: str,
        *,
        fond: str = "",
        trait: bool = False,
    ) -> str:
        cellules: list[str] = []
        for cellule, colonne, largeur in zip(rangee, tableau.colonnes, largeurs, strict=True):
            teinte = charte.CELLULES.get(cellule.classe)
            couleur = teinte.fond if teinte else fond
            proprietes = f'<w:tcW w:w="{largeur}" w:type="dxa"/>'
            if trait:
                proprietes += (
                    f'<w:tcBorders><w:bottom w:val="single" w:sz="6" w:space="0" '
                    f'w:color="{hexa(charte.ENCRE_DOUCE)}"/></w:tcBorders>'
                )
            if couleur:
                proprietes += f'<w:shd w:val="clear" w:color="auto" w:fill="{hexa(couleur)}"/>'
            corps = _paragraphe(
                "Cellule",
                self._contenu(cellule.contenu, propre=taille),
                apres=f'<w:jc w:val="{_JC[colonne.alignement]}"/>',
            )
            cellules.append(f"<w:tc><w:tcPr>{proprietes}</w:tcPr>{corps}</w:tc>")
        return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(cellules)}</w:tr>"

    def _encadre(self, encadre: Encadre, avant: str) -> list[str]:
        traits = {
            "message": ("single", 24, charte.ACCENT),
            "avertissement": ("single", 24, charte.ENCRE),
            "inconnu": ("dashed", 16, charte.ENCRE_DOUCE),
            "methode": ("single", 8, charte.ENCRE_DOUCE),
        }
        genre, epaisseur, couleur = traits[encadre.genre]
        corps = [_paragraphe("EncadreTitre", _passage(encadre.titre))]
        for bloc in blocs_encadre(encadre):
            corps += self._bloc(bloc, encadre=True)
        if not corps[-1].endswith("</w:p>"):
            corps.append(_paragraphe("ApresTableau", ""))
        largeur = twips(self.plan.largeur_cm)
        return [
            _paragraphe("ApresTableau", "", avant=avant),
            f'<w:tbl><w:tblPr><w:tblW w:w="{largeur}" w:type="dxa"/><w:tblBorders>'
            f'<w:left w:val="{genre}" w:sz="{epaisseur}" w:space="0" w:color="{hexa(couleur)}"/>'
            '</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>'
            '<w:top w:w="120" w:type="dxa"/><w:left w:w="220" w:type="dxa"/>'
            '<w:bottom w:w="100" w:type="dxa"/><w:right w:w="220" w:type="dxa"/></w:tblCellMar>'
            '<w:tblLook w:val="0000" w:firstRow="0" w:lastRow="0" w:firstColumn="0" '
            'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
            f'<w:tblCaption w:val="{echapper("Encadré : " + encadre.titre)}"/></w:tblPr>'
            f'<w:tblGrid><w:gridCol w:w="{largeur}"/></w:tblGrid><w:tr><w:tc><w:tcPr>'
            f'<w:tcW w:w="{largeur}" w:type="dxa"/>'
            f'<w:shd w:val="clear" w:color="auto" w:fill="{hexa(charte.FOND)}"/></w:tcPr>'
            f"{''.join(corps)}</w:tc></w:tr></w:tbl>",
            _paragraphe("ApresTableau", ""),
        ]


def _clore(corps: list[str], section: str) -> None:
    """Ferme une section dans le dernier paragraphe, ou dans un paragraphe ajouté."""
    dernier = corps[-1] if corps else ""
    if dernier.startswith("<w:p><w:pPr>") and "<w:sectPr>" not in dernier:
        corps[-1] = dernier.replace("</w:pPr>", f"{section}</w:pPr>", 1)
    else:
        corps.append(_paragraphe("ApresTableau", "", apres=section))
