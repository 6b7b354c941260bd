"""Parties fixes d'un ODT : styles, pages, polices, métadonnées, manifeste."""

from __future__ import annotations

from collections.abc import Sequence

from solidiag.publication import charte
from solidiag.publication.document import Document
from solidiag.publication.rendus.paquet import echapper, octets_polices
from solidiag.publication.rendus.plan import LARGEUR_PAYSAGE_CM, LARGEUR_PORTRAIT_CM
from solidiag.publication.rendus.styles import (
    CORPS_PT,
    MARGE_CM,
    MARGE_HAUTE_CM,
    PAGE_CM,
    STYLES,
    StyleTexte,
)

ENTETE = '<?xml version="1.0" encoding="UTF-8"?>\n'
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
ESPACES = " ".join(
    [
        *(
            f'xmlns:{prefixe}="{_OASIS}:{nom}:1.0"'
            for prefixe, nom in (
                ("office", "office"),
                ("style", "style"),
                ("text", "text"),
                ("table", "table"),
                ("draw", "drawing"),
                ("fo", "xsl-fo-compatible"),
                ("svg", "svg-compatible"),
                ("meta", "meta"),
                ("number", "datastyle"),
            )
        ),
        'xmlns:xlink="http://www.w3.org/1999/xlink"',
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
    ]
)
_NOMS_ODF = {
    "Body Text": "Text body",
    "heading 1": "Heading 1",
    "heading 2": "Heading 2",
    "heading 3": "Heading 3",
    "heading 4": "Heading 4",
    "toc 1": "Contents 1",
    "toc 2": "Contents 2",
    "TOC Heading": "Contents Heading",
    "caption": "Caption",
    "footer": "Footer",
}
_ALIGNEMENTS = {"gauche": "start", "droite": "end", "centre": "center"}
TRAITS_ENCADRE = {
    "message": f"3pt solid {charte.ACCENT}",
    "avertissement": f"3pt solid {charte.ENCRE}",
    "inconnu": f"2pt dashed {charte.ENCRE_DOUCE}",
    "methode": f"1pt solid {charte.ENCRE_DOUCE}",
}


def alignement(nom: str) -> str:
    """Renvoie l'alignement ODF d'une colonne."""
    return _ALIGNEMENTS[nom]


def _langue(document: Document) -> str:
    langue, _, pays = document.langue.partition("-")
    return f'fo:language="{langue}" fo:country="{pays or "FR"}"'


def polices_xml(*, incorporees: bool) -> str:
    """Renvoie les déclarations de police ; le contenu les nomme, les styles les incorporent."""
    sources = ""
    if incorporees:
        faces = "".join(
            f'<svg:font-face-uri xlink:href="Fonts/{nom}.ttf" xlink:type="simple" '
            'loext:font-style="{style}" loext:font-weight="{graisse}">'.format(
                style=posture, graisse="bold" if graisse >= 700 else "normal"
            )
            + '<svg:font-face-format svg:string="truetype"/></svg:font-face-uri>'
            for (graisse, posture), nom in charte.FICHIERS_POLICES.items()
        )
        sources = f"<svg:font-face-src>{faces}</svg:font-face-src>"
    return (
        f'<office:font-face-decls><style:font-face style:name="{charte.POLICE}" '
        f'svg:font-family="&apos;{charte.POLICE}&apos;" style:font-family-generic="swiss" '
        f'style:font-pitch="variable">{sources}</style:font-face></office:font-face-decls>'
    )


def _paragraphe(style: StyleTexte) -> str:
    nom = _NOMS_ODF.get(style.nom, style.nom)
    niveau = f' style:default-outline-level="{style.titre}"' if style.titre else ""
    attributs = [
        f'fo:margin-top="{style.avant}pt" fo:margin-bottom="{style.apres}pt"',
        f'style:line-height-at-least="{style.interligne:.2f}pt" fo:orphans="2" fo:widows="2"',
    ]
    if style.gauche_cm:
        attributs.append(f'fo:margin-left="{style.gauche_cm}cm"')
    if style.droite_cm:
        attributs.append(f'fo:margin-right="{style.droite_cm}cm"')
    if style.lie_au_suivant:
        attributs.append('fo:keep-with-next="always" fo:keep-together="always"')
    if style.filet:
        attributs.append(
            f'fo:border-left="1pt dotted {charte.ENCRE_DOUCE}" fo:border-right="none" '
            'fo:border-top="none" fo:border-bottom="none" fo:padding-left="0.25cm"'
        )
    texte = f'fo:font-size="{style.corps}pt" fo:color="{style.couleur}"'
    texte += ' fo:font-weight="bold"' if style.gras else ' fo:font-weight="normal"'
    texte += ' fo:font-style="italic"' if style.italique else ""
    onglets = ""
    if style.id == "PiedDePage":
        attributs.append(f'fo:border-top="0.5pt solid {charte.FILET}" fo:padding-top="0.1cm"')
        onglets = (
            '<style:tab-stops><style:tab-stop style:type="right" '
            f'style:position="{LARGEUR_PORTRAIT_CM}cm"/></style:tab-stops>'
        )
    suivant = "Texte" if style.titre else style.id
    return (
        f'<style:style style:name="{style.id}" style:display-name="{echapper(nom)}" '
        f'style:family="paragraph" style:parent-style-name="Standard" '
        f'style:next-style-name="{suivant}"{niveau}>'
        f"<style:paragraph-properties {' '.join(attributs)}>{onglets}</style:paragraph-properties>"
        f"<style:text-properties {texte}/></style:style>"
    )


def _liste(nom: str, niveau: str) -> str:
    return (
        f'<text:list-style style:name="{nom}">{niveau}'
        '<style:list-level-properties text:list-level-position-and-space-mode="label-alignment">'
        '<style:list-level-label-alignment text:label-followed-by="listtab" '
        'text:list-tab-stop-position="0.6cm" fo:text-indent="-0.5cm" fo:margin-left="0.6cm"/>'
        "</style:list-level-properties>"
    )


def _caracteres() -> str:
    styles = (
        ("NumeroLegende", "Numéro de légende", f'fo:font-weight="bold" fo:color="{charte.ACCENT}"'),
        (
            "Absence",
            "Marque d'absence",
            f'fo:font-style="italic" fo:font-weight="normal" fo:color="{charte.ENCRE_DOUCE}"',
        ),
        ("Lien", "Internet link", f'fo:color="{charte.ACCENT}"'),
        ("LienSommaire", "Index Link", f'fo:color="{charte.ENCRE}"'),
        ("Fort", "Strong Emphasis", 'fo:font-weight="bold"'),
        ("Puce", "Bullet Symbols", f'fo:color="{charte.ACCENT}"'),
    )
    return "".join(
        f'<style:style style:name="{identifiant}" style:display-name="{nom}" '
        f'style:family="text"><style:text-properties {proprietes}/></style:style>'
        for identifiant, nom, proprietes in styles
    )


def _page(nom: str, *, paysage: bool) -> str:
    largeur, hauteur = PAGE_CM[::-1] if paysage else PAGE_CM
    orientation = "landscape" if paysage else "portrait"
    return (
        f'<style:page-layout style:name="{nom}"><style:page-layout-properties '
        f'fo:page-width="{largeur}cm" fo:page-height="{hauteur}cm" '
        f'style:print-orientation="{orientation}" fo:margin-top="{MARGE_HAUTE_CM}cm" '
        f'fo:margin-bottom="1.2cm" fo:margin-left="{MARGE_CM}cm" fo:margin-right="{MARGE_CM}cm"/>'
        '<style:footer-style><style:header-footer-properties fo:min-height="1cm" '
        'fo:margin-top="0.4cm"/></style:footer-style></style:page-layout>'
    )


def styles_xml(document: Document) -> bytes:
    """Renvoie ``styles.xml``."""
    texte = echapper(" · ".join(t for t in (document.titre, document.mention) if t))
    numero = '<text:span text:style-name="Fort"><text:page-number text:select-page="current">1'
    numero += "</text:page-number></text:span>"

    def pied(style: str) -> str:
        return (
            f'<style:footer><text:p text:style-name="{style}">{texte}<text:tab/>{numero}</text:p>'
            "</style:footer>"
        )

    puce = (
        '<text:list-level-style-bullet text:level="1" text:style-name="Puce" text:bullet-char="•">'
    )
    chiffre = (
        '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix=".">'
    )
    return (
        f'{ENTETE}<office:document-styles {ESPACES} xmlns:loext="urn:org:documentfoundation:names:'
        f'experimental:office:xmlns:loext:1.0" office:version="1.3">'
        f"{polices_xml(incorporees=True)}<office:styles>"
        '<style:default-style style:family="paragraph"><style:paragraph-properties '
        'style:tab-stop-distance="1.25cm"/><style:text-properties '
        f'style:font-name="{charte.POLICE}" fo:font-size="{CORPS_PT}pt" {_langue(document)} '
        f'fo:color="{charte.ENCRE}" fo:hyphenate="false"/></style:default-style>'
        '<style:style style:name="Standard" style:family="paragraph" style:class="text"/>'
        + "".join(_paragraphe(style) for style in STYLES)
        + _caracteres()
        + f"{_liste('Puces', puce)}</text:list-level-style-bullet></text:list-style>"
        + f"{_liste('Numeros', chiffre)}</text:list-level-style-number></text:list-style>"
        + '<text:outline-style style:name="Outline">'
        + "".join(
            f'<text:outline-level-style text:level="{n}" style:num-format=""/>' for n in range(1, 5)
        )
        + "</text:outline-style></office:styles><office:automatic-styles>"
        + _page("PagePortrait", paysage=False)
        + _page("PagePaysage", paysage=True)
        + '<style:style style:name="PiedPaysage" style:family="paragraph" '
        'style:parent-style-name="PiedDePage"><style:paragraph-properties><style:tab-stops>'
        f'<style:tab-stop style:type="right" style:position="{LARGEUR_PAYSAGE_CM}cm"/>'
        "</style:tab-stops></style:paragraph-properties></style:style>"
        "</office:automatic-styles><office:master-styles>"
        '<style:master-page style:name="Standard" style:page-layout-name="PagePortrait" '
        'style:next-style-name="Corps"/>'
        '<style:master-page style:name="Corps" style:page-layout-name="PagePortrait">'
        f"{pied('PiedDePage')}</style:master-page>"
        '<style:master-page style:name="Paysage" style:page-layout-name="PagePaysage">'
        f"{pied('PiedPaysage')}</style:master-page></office:master-styles>"
        "</office:document-styles>"
    ).encode()


def meta_xml(document: Document) -> bytes:
    """Renvoie ``meta.xml``."""
    return (
        f'{ENTETE}<office:document-meta {ESPACES} office:version="1.3"><office:meta>'
        f"<meta:generator>Solidiag</meta:generator><dc:title>{echapper(document.titre)}</dc:title>"
        f"<dc:description>{echapper(document.mention)}</dc:description>"
        f"<dc:subject>{echapper(document.territoire)}</dc:subject>"
        f"<meta:initial-creator>{echapper(document.auteur)}</meta:initial-creator>"
        f"<dc:creator>{echapper(document.auteur)}</dc:creator>"
        f"<dc:language>{echapper(document.langue)}-FR</dc:language>"
        "</office:meta></office:document-meta>"
    ).encode()


def fichiers_polices() -> list[tuple[str, bytes]]:
    """Renvoie les polices à incorporer."""
    return [
        (f"Fonts/{charte.FICHIERS_POLICES[face]}.ttf", octets)
        for face, octets in octets_polices().items()
    ]


def manifeste_xml(noms: Sequence[str]) -> bytes:
    """Renvoie ``META-INF/manifest.xml``."""
    types = {".xml": "text/xml", ".png": "image/png", ".ttf": "application/x-font-ttf"}
    entrees = "".join(
        f'<manifest:file-entry manifest:full-path="{nom}" '
        f'manifest:media-type="{types["." + nom.rpartition(".")[2]]}"/>'
        for nom in noms
    )
    return (
        f'{ENTETE}<manifest:manifest xmlns:manifest="{_OASIS}:manifest:1.0" '
        'manifest:version="1.3"><manifest:file-entry manifest:full-path="/" '
        'manifest:version="1.3" manifest:media-type="application/vnd.oasis.opendocument.text"/>'
        f"{entrees}</manifest:manifest>"
    ).encode()
