"""Parties fixes d'un DOCX : styles, listes, réglages, polices, pieds de page, relations."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from solidiag.publication import charte
from solidiag.publication.document import Document
from solidiag.publication.rendus.paquet import echapper, octets_polices
from solidiag.publication.rendus.plan import (
    LARGEUR_FICHE_CM,
    LARGEUR_PAYSAGE_CM,
    LARGEUR_PORTRAIT_CM,
)
from solidiag.publication.rendus.styles import (
    CORPS_PT,
    MARGE_CM,
    MARGE_FICHE_CM,
    MARGE_HAUTE_CM,
    MARGE_HAUTE_FICHE_CM,
    PAGE_CM,
    STYLES,
    StyleTexte,
    de_fiche,
)

ENTETE = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_WML = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def twips(centimetres: float) -> int:
    """Renvoie des vingtièmes de point."""
    return round(centimetres / 2.54 * 1440)


def hexa(couleur: str) -> str:
    """Renvoie une couleur sans ``#``."""
    return couleur.removeprefix("#").upper()


def _demi_points(points: float) -> int:
    return round(points * 2)


_LIGNE_DE_FICHE = 1.14
"""Hauteur de ligne d'une fiche, en corps ; exacte, car celle de la police est plus grande."""

_STYLE_D_IMAGE = "Illustration"
"""Style d'un paragraphe qui porte une image : une hauteur exacte la couperait."""


def _style(style: StyleTexte, *, exacte: bool) -> str:
    ligne, regle = style.interligne, "atLeast"
    if exacte and style.id != _STYLE_D_IMAGE:
        ligne, regle = style.corps * _LIGNE_DE_FICHE, "exact"
    suivant = "Texte" if style.titre else style.id
    morceaux = [f'<w:style w:type="paragraph" w:styleId="{style.id}"']
    if style.nom[0].isupper() and style.nom not in (
        "Body Text",
        "List Bullet",
        "List Number",
        "Title",
        "Subtitle",
        "TOC Heading",
    ):
        morceaux.append(' w:customStyle="1"')
    morceaux.append(f'><w:name w:val="{echapper(style.nom)}"/><w:basedOn w:val="Normal"/>')
    morceaux.append(f'<w:next w:val="{suivant}"/><w:uiPriority w:val="9"/><w:qFormat/><w:pPr>')
    if style.lie_au_suivant:
        morceaux.append("<w:keepNext/><w:keepLines/>")
    if style.filet:
        couleur = hexa(charte.ENCRE_DOUCE)
        morceaux.append(
            f'<w:pBdr><w:left w:val="dotted" w:sz="8" w:space="7" w:color="{couleur}"/></w:pBdr>'
        )
    morceaux.append(
        f'<w:spacing w:before="{round(style.avant * 20)}" w:after="{round(style.apres * 20)}" '
        f'w:line="{round(ligne * 20)}" w:lineRule="{regle}"/>'
    )
    if style.gauche_cm or style.droite_cm:
        morceaux.append(
            f'<w:ind w:left="{twips(style.gauche_cm)}" w:right="{twips(style.droite_cm)}"/>'
        )
    if style.titre:
        morceaux.append(f'<w:outlineLvl w:val="{style.titre - 1}"/>')
    morceaux.append("</w:pPr><w:rPr>")
    if style.gras:
        morceaux.append("<w:b/><w:bCs/>")
    if style.italique:
        morceaux.append("<w:i/><w:iCs/>")
    morceaux.append(f'<w:color w:val="{hexa(style.couleur)}"/>')
    if style.corps != CORPS_PT:
        taille = _demi_points(style.corps)
        morceaux.append(f'<w:sz w:val="{taille}"/><w:szCs w:val="{taille}"/>')
    morceaux.append("</w:rPr></w:style>")
    return "".join(morceaux)


def styles_xml(*, fiche: bool = False) -> bytes:
    """Renvoie ``word/styles.xml`` ; une fiche a les mêmes styles, plus serrés."""
    styles = tuple(map(de_fiche, STYLES)) if fiche else STYLES
    police, taille = charte.POLICE, _demi_points(CORPS_PT)
    polices = "".join(f' w:{nom}="{police}"' for nom in ("ascii", "hAnsi", "eastAsia", "cs"))
    encre, filet = hexa(charte.ENCRE), hexa(charte.FILET)
    caracteres = (
        ("NumeroLegende", "Numéro de légende", f'<w:b/><w:color w:val="{hexa(charte.ACCENT)}"/>'),
        (
            "Absence",
            "Marque d'absence",
            f'<w:i/><w:iCs/><w:color w:val="{hexa(charte.ENCRE_DOUCE)}"/>',
        ),
        ("Hyperlink", "Hyperlink", f'<w:color w:val="{hexa(charte.ACCENT)}"/>'),
        ("Strong", "Strong", "<w:b/><w:bCs/>"),
    )
    return (
        f'{ENTETE}<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr>'
        f'<w:rFonts{polices}/><w:color w:val="{encre}"/>'
        f'<w:sz w:val="{taille}"/><w:szCs w:val="{taille}"/>'
        '<w:lang w:val="fr-FR" w:eastAsia="fr-FR" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr><w:spacing w:after="0"/></w:pPr></w:pPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        "<w:qFormat/></w:style>"
        '<w:style w:type="character" w:default="1" w:styleId="Policepardefaut">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/>'
        "</w:style>"
        '<w:style w:type="table" w:default="1" w:styleId="TableauNormal">'
        '<w:name w:val="Normal Table"/><w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr>'
        '<w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/>'
        '<w:left w:w="100" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/>'
        '<w:right w:w="100" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
        + "".join(_style(style, exacte=fiche) for style in styles)
        + "".join(
            f'<w:style w:type="character" w:styleId="{identifiant}"><w:name w:val="{nom}"/>'
            f'<w:uiPriority w:val="20"/><w:qFormat/><w:rPr>{proprietes}</w:rPr></w:style>'
            for identifiant, nom, proprietes in caracteres
        )
        + '<w:style w:type="table" w:customStyle="1" w:styleId="TableauSolidiag">'
        '<w:name w:val="Tableau Solidiag"/><w:basedOn w:val="TableauNormal"/><w:qFormat/><w:tblPr>'
        f'<w:tblBorders><w:top w:val="single" w:sz="8" w:space="0" w:color="{encre}"/>'
        f'<w:bottom w:val="single" w:sz="6" w:space="0" w:color="{encre}"/>'
        f'<w:insideH w:val="single" w:sz="4" w:space="0" w:color="{filet}"/></w:tblBorders>'
        "</w:tblPr></w:style></w:styles>"
    ).encode()


def numbering_xml(listes_numerotees: int) -> bytes:
    """Renvoie ``word/numbering.xml`` : puces (1), puis une numérotation par liste (2, 3...)."""

    def niveau(genre: str, texte: str, proprietes: str = "") -> str:
        return (
            f'<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="{genre}"/>'
            f'<w:lvlText w:val="{texte}"/><w:lvlJc w:val="left"/>'
            f'<w:pPr><w:ind w:left="340" w:hanging="280"/></w:pPr>{proprietes}</w:lvl>'
        )

    puce = f'<w:rPr><w:color w:val="{hexa(charte.ACCENT)}"/></w:rPr>'
    nums = "".join(
        f'<w:num w:numId="{rang}"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
        for rang in range(2, 2 + listes_numerotees)
    )
    return (
        f'{ENTETE}<w:numbering xmlns:w="{W}">'
        '<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="hybridMultilevel"/>'
        f"{niveau('bullet', '•', puce)}</w:abstractNum>"
        '<w:abstractNum w:abstractNumId="1"><w:multiLevelType w:val="hybridMultilevel"/>'
        f"{niveau('decimal', '%1.')}</w:abstractNum>"
        f'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>{nums}</w:numbering>'
    ).encode()


def settings_xml() -> bytes:
    """Renvoie ``word/settings.xml``."""
    return (
        f'{ENTETE}<w:settings xmlns:w="{W}"><w:zoom w:percent="100"/><w:embedTrueTypeFonts/>'
        '<w:defaultTabStop w:val="709"/><w:characterSpacingControl w:val="doNotCompress"/>'
        '<w:compat><w:compatSetting w:name="compatibilityMode" '
        'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        '<w:themeFontLang w:val="fr-FR"/><w:decimalSymbol w:val=","/>'
        '<w:listSeparator w:val=";"/></w:settings>'
    ).encode()


_FACES = {
    (400, "normal"): "embedRegular",
    (700, "normal"): "embedBold",
    (400, "italic"): "embedItalic",
    (700, "italic"): "embedBoldItalic",
}


def polices() -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Renvoie ``fontTable.xml``, ses relations, et les polices brouillées qu'il incorpore.

    References
    ----------
    ISO/IEC 29500-1, partie 17.8.1 : les 32 premiers octets sont combinés à la clé de la police.
    """
    faces, relations, fichiers = [], [], []
    octets = octets_polices()
    for rang, (face, balise) in enumerate(_FACES.items(), start=1):
        cle = uuid.uuid5(uuid.NAMESPACE_URL, f"solidiag:{charte.FICHIERS_POLICES[face]}")
        masque = cle.bytes[::-1] * 2
        debut = bytes(a ^ b for a, b in zip(octets[face][:32], masque, strict=True))
        fichiers.append((f"word/fonts/font{rang}.odttf", debut + octets[face][32:]))
        guid = str(cle).upper()
        faces.append(f'<w:{balise} r:id="rId{rang}" w:fontKey="{{{guid}}}"/>')
        relations.append((f"rId{rang}", "font", f"fonts/font{rang}.odttf"))
    table = (
        f'{ENTETE}<w:fonts xmlns:w="{W}" xmlns:r="{R}"><w:font w:name="{charte.POLICE}">'
        '<w:altName w:val="Source Sans 3"/><w:charset w:val="00"/><w:family w:val="swiss"/>'
        f'<w:pitch w:val="variable"/>{"".join(faces)}</w:font></w:fonts>'
    )
    return table.encode(), relations_xml(relations), fichiers


def pied_xml(document: Document, *, paysage: bool) -> bytes:
    """Renvoie un pied de page : titre, mention, numéro de page."""
    portrait = LARGEUR_FICHE_CM if document.genre == "fiche" else LARGEUR_PORTRAIT_CM
    droite = twips(LARGEUR_PAYSAGE_CM if paysage else portrait)
    texte = " · ".join(t for t in (document.titre, document.mention) if t)
    return (
        f'{ENTETE}<w:ftr xmlns:w="{W}"><w:p><w:pPr><w:pStyle w:val="PiedDePage"/><w:pBdr>'
        f'<w:top w:val="single" w:sz="4" w:space="4" w:color="{hexa(charte.FILET)}"/></w:pBdr>'
        f'<w:tabs><w:tab w:val="right" w:pos="{droite}"/></w:tabs></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{echapper(texte)}</w:t></w:r><w:r><w:tab/></w:r>'
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:rPr><w:b/></w:rPr>'
        '<w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:ftr>'
    ).encode()


def section(*, paysage: bool, couverture: bool, fiche: bool = False) -> str:
    """Renvoie les propriétés d'une section ; une fiche a un pied dès la première page."""
    largeur, hauteur = PAGE_CM[::-1] if paysage else PAGE_CM
    orientation = ' w:orient="landscape"' if paysage else ""
    marge, haut = twips(MARGE_CM), twips(MARGE_HAUTE_CM)
    distance = 567
    if fiche:
        marge, haut = twips(MARGE_FICHE_CM), twips(MARGE_HAUTE_FICHE_CM)
        distance, couverture = 340, False
    pied = "rIdPiedPaysage" if paysage else "rIdPied"
    return (
        f'<w:sectPr><w:footerReference w:type="default" r:id="{pied}"/>'
        f'<w:type w:val="nextPage"/><w:pgSz w:w="{twips(largeur)}" w:h="{twips(hauteur)}"'
        f'{orientation}/><w:pgMar w:top="{haut}" w:right="{marge}" w:bottom="{haut}" '
        f'w:left="{marge}" w:header="{distance}" w:footer="{distance}" w:gutter="0"/>'
        + ("<w:titlePg/>" if couverture else "")
        + "</w:sectPr>"
    )


def relations_xml(relations: Sequence[tuple[str, str, str]]) -> bytes:
    """Renvoie un fichier de relations ; une cible qui est une adresse est externe."""
    lignes = []
    for identifiant, genre, cible in relations:
        externe = ' TargetMode="External"' if genre == "hyperlink" else ""
        lignes.append(
            f'<Relationship Id="{identifiant}" Type="{R}/{genre}" '
            f'Target="{echapper(cible)}"{externe}/>'
        )
    return f'{ENTETE}<Relationships xmlns="{_RELATIONS}">{"".join(lignes)}</Relationships>'.encode()


def racine_rels_xml() -> bytes:
    """Renvoie ``_rels/.rels``."""
    paquet = "http://schemas.openxmlformats.org/package/2006/relationships/metadata"
    return (
        f'{ENTETE}<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{R}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="rId2" Type="{paquet}/core-properties" Target="docProps/core.xml"/>'
        f'<Relationship Id="rId3" Type="{R}/extended-properties" Target="docProps/app.xml"/>'
        "</Relationships>"
    ).encode()


def types_xml() -> bytes:
    """Renvoie ``[Content_Types].xml``."""
    parties = {
        "/word/document.xml": f"{_WML}.document.main+xml",
        "/word/styles.xml": f"{_WML}.styles+xml",
        "/word/numbering.xml": f"{_WML}.numbering+xml",
        "/word/settings.xml": f"{_WML}.settings+xml",
        "/word/fontTable.xml": f"{_WML}.fontTable+xml",
        "/word/footer1.xml": f"{_WML}.footer+xml",
        "/word/footer2.xml": f"{_WML}.footer+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "/docProps/app.xml": (
            "application/vnd.openxmlformats-officedocument.extended-properties+xml"
        ),
    }
    defauts = {
        "rels": "application/vnd.openxmlformats-package.relationships+xml",
        "xml": "application/xml",
        "png": "image/png",
        "odttf": "application/vnd.openxmlformats-officedocument.obfuscatedFont",
    }
    return (
        f'{ENTETE}<Types xmlns="{_TYPES}">'
        + "".join(f'<Default Extension="{e}" ContentType="{t}"/>' for e, t in defauts.items())
        + "".join(f'<Override PartName="{p}" ContentType="{t}"/>' for p, t in parties.items())
        + "</Types>"
    ).encode()


def proprietes_xml(document: Document) -> tuple[bytes, bytes]:
    """Renvoie ``docProps/core.xml`` et ``docProps/app.xml``."""
    coeur = (
        f"{ENTETE}<cp:coreProperties "
        'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{echapper(document.titre)}</dc:title>"
        f"<dc:subject>{echapper(document.territoire)}</dc:subject>"
        f"<dc:creator>{echapper(document.auteur)}</dc:creator>"
        f"<dc:description>{echapper(document.mention)}</dc:description>"
        f"<dc:language>{langue(document)}</dc:language></cp:coreProperties>"
    )
    application = (
        f"{ENTETE}<Properties "
        'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
        "<Application>Solidiag</Application></Properties>"
    )
    return coeur.encode(), application.encode()


def langue(document: Document) -> str:
    """Renvoie la langue complète du document (``fr`` : ``fr-FR``)."""
    return document.langue if "-" in document.langue else f"{document.langue}-FR"
